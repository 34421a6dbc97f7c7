"""Amendments: a change of what was ordered is a command with its difference as event, a guard, and by whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.events import OrderAmended
from orderflow.model.state import Blank, fold

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SHOP = of.Actor.system("shop")
FLOW = """
flow: sales
currency: CNY
fields:
  order.region: {type: choice, of: [east, west]}
  order.note: {type: text}
  customer.phone: {type: text, personal: true}
  customer.level: {type: choice, of: [A, B], required: true}
  line.batch: {type: text}
calendar: {timezone: Asia/Shanghai, hours: {mon-sun: ["09:00-18:00"]}}
lifecycle:
  initial: placed
  stages: {placed: {}, shipping: {}, completed: {category: done}}
  transitions:
    - {trigger: ship, source: placed, dest: shipping, guard: "order.total < 1000"}
    - {trigger: complete, source: shipping, dest: completed}
sla: {delivery: {start: [placed, shipping], due: order.promised_at, warn: [-1h]}}
"""
RULES = """
amendments:
  address: {fields: [customer.phone, order.note], guard: "stage == 'placed'"}
  price: {fields: [line.price, order.total], roles: [sales_head]}
  quantity: {fields: [line.quantity, lines], guard: "stage == 'placed'", roles: [sales]}
  quantity_later: {fields: [line.quantity], roles: [sales_head]}
  promise: {fields: order.promised_at, approval: new_promise}
"""
PEOPLE = [of.Person(id="li", roles=("sales",)), of.Person(id="chen", roles=("sales_head",))]
PRICE = of.Money("10", "CNY")


def tracker(rules: str = "", **more: Any) -> of.Tracker:
    flow = read_flow_text(FLOW + rules, file="f.yaml")
    subject = of.Tracker(flow, directory=PEOPLE, clock=lambda: NOW, **more)
    subject.place(order(), by=SHOP)
    return subject


def order(**more: Any) -> of.Order:
    more.setdefault("customer", of.Customer("C-1", {"phone": "+86 138", "level": "A"}))
    return of.Order(
        "SO-1",
        lines=[of.Line("1", "A-7", 5, price=PRICE), of.Line("2", "B-2", 1, price=PRICE)],
        promised_at=date(2026, 3, 20),
        attributes={"region": "east"},
        **more,
    )


def codes(refused: pytest.ExceptionInfo[of.Refused]) -> list[str]:
    return [why.code for why in refused.value.reasons]


def test_an_amendment_is_its_difference() -> None:
    """The event holds what changed, before and after; the View shows the new order."""
    subject = tracker()
    receipt = subject.amend(
        "SO-1", {"order.region": "west", "order.note": "call first", "customer.level": "A"}, by="li",
        lines={"1": {"quantity": 7, "batch": "x1"}}, add=[of.Line("3", "C-1", 2)], remove=["2"], reason="called",
    )  # fmt: skip
    body = receipt.events[0].body
    assert isinstance(body, OrderAmended)
    assert [(item.line, dict(item.before), dict(item.after)) for item in body.changes] == [
        (None, {"order.region": "east"}, {"order.region": "west", "order.note": "call first"}),
        ("1", {"line.quantity": Decimal(5)}, {"line.quantity": Decimal(7), "line.batch": "x1"}),
    ]
    assert [line.id for line in body.added] == ["3"] and [line.id for line in body.removed] == ["2"]
    view = receipt.view
    assert [(line.id, line.quantity) for line in view.lines] == [("1", 7), ("3", 2)]
    assert view.attributes == {"region": "west", "note": "call first"}
    assert view.timeline[-1].text("zh") == (
        "变更：order.region: east → west, order.note: – → call first, 1 line.quantity: 5 → 7, 1 line.batch: – → x1, "
        "+ 3 C-1 × 2, - 2 B-2 × 1"
    )
    events = subject.history("SO-1")
    assert fold(Blank(stream=events[0].stream), events) == subject._road.order("SO-1")


def test_what_is_the_same_already_is_no_event() -> None:
    """An amendment that changes nothing appends nothing."""
    subject = tracker()
    before = subject.history("SO-1")
    assert subject.amend("SO-1", {"order.region": "east"}, by="li", lines={"1": {"quantity": 5}}).events == ()
    assert subject.history("SO-1") == before


def test_a_new_promise_moves_its_clock() -> None:
    """A new promised day is an instant in the zone of the calendar, and its clock is due then; without it, it ends."""
    subject = tracker()
    receipt = subject.amend("SO-1", {"order.promised_at": date(2026, 3, 25)}, by="li")
    end = datetime(2026, 3, 25, 16, tzinfo=UTC) - timedelta(microseconds=1)
    assert (receipt.view.promised_at, receipt.due_at) == (end, end)
    view = subject.amend("SO-1", {"order.promised_at": None}, by="li").view
    assert (view.promised_at, view.due_at, view.clocks[0].ended) == (None, None, "cancelled")
    view = subject.amend("SO-1", {"order.promised_at": date(2026, 3, 26)}, by="li").view
    assert view.due_at == end + timedelta(days=1), "a promise given again is kept again"


def test_a_new_price_counts_in_conditions() -> None:
    """The total follows the lines, and guards see it."""
    subject = tracker()
    subject.amend("SO-1", by="li", lines={"1": {"price": of.Money("500", "CNY")}})
    (why,) = subject.why_not("SO-1", "ship", by="li")
    assert why.code == "guard_false" and why.params["values"] == {"order.total": "2,510 CNY"}
    subject.amend("SO-1", {"order.total": of.Money("900", "CNY")}, by="li")
    assert subject.fire("SO-1", "ship", by="li").stage == "shipping"


def test_personal_values_stay_out_of_the_history() -> None:
    """A new personal value is hidden like the first one, and both are erased together."""
    subject = tracker(storage="memory:")
    receipt = subject.amend("SO-1", {"customer.phone": "+86 139"}, by="li")
    view = receipt.view
    assert view.customer is not None and view.customer.attributes["phone"] == "+86 139"
    from orderflow.model.canonical import body_bytes

    assert b"+86 139" not in body_bytes(receipt.events[0]) and b"+86 138" not in body_bytes(receipt.events[0])
    subject.erase("SO-1", by="li")
    customer = subject.get("SO-1").customer
    assert customer is not None and "phone" not in customer.attributes
    assert "+86 138" not in repr(subject.history("SO-1")) and "+86 139" not in repr(subject.history("SO-1"))
    assert "+86 138" not in str(subject.get("SO-1")) and "+86 139" not in str(subject.get("SO-1"))


def test_the_same_amendment_with_the_same_key_repeats() -> None:
    """A key makes an amendment idempotent, personal values in it too; other content under it is refused."""
    subject = tracker()
    first = subject.amend("SO-1", {"order.note": "a"}, by="li", key="k")
    again = subject.amend("SO-1", {"order.note": "a"}, by="li", key="k")
    assert again.repeated and again.events == first.events
    with pytest.raises(of.KeyReused):
        subject.amend("SO-1", {"order.note": "b"}, by="li", key="k")


def test_rules_say_what_may_be_changed_when_and_by_whom() -> None:
    """Each path needs a rule that covers it and holds; every rule that does not says why."""
    subject = tracker(RULES)
    receipt = subject.amend("SO-1", {"customer.phone": "+86 139"}, by="li", lines={"1": {"quantity": 6}})
    assert receipt.events[0].rule == "amendment:address,amendment:quantity"
    with pytest.raises(of.Refused) as refused:
        subject.amend("SO-1", {"order.region": "west", "order.total": PRICE}, by="li")
    assert codes(refused) == ["amendment_not_foreseen", "missing_role"]
    assert refused.value.reasons[1].place is not None and refused.value.reasons[1].place.line == 21
    subject.fire("SO-1", "ship", by="li")
    with pytest.raises(of.Refused) as refused:
        subject.amend("SO-1", lines={"1": {"quantity": 7}}, by="li")
    assert codes(refused) == ["guard_false", "missing_role"]
    assert subject.amend("SO-1", lines={"1": {"quantity": 7}}, by="chen").events[0].rule == "amendment:quantity_later"


def test_an_amendment_that_needs_an_approval_waits_for_it() -> None:
    """Where the flow asks for an approval, the change is refused until there is one, and check says so beforehand."""
    subject = tracker(RULES)
    with pytest.raises(of.Refused) as refused:
        subject.amend("SO-1", {"order.promised_at": date(2026, 4, 1)}, by="chen")
    assert codes(refused) == ["approval_pending"]
    assert refused.value.reasons[0].text("zh") == "'promise' 等待审批 'new_promise'"
    assert [item.code for item in of.problems(read_flow_text(FLOW + RULES))] == ["approval_later"]


def test_without_rules_an_open_order_may_be_changed_and_an_ended_one_not() -> None:
    """A flow without `amendments:` lets open orders be changed; one with `amendments: {}` lets none."""
    subject = tracker()
    subject.amend("SO-1", lines={"1": {"quantity": 1}}, by="li")
    subject.fire("SO-1", "ship", by="li")
    subject.fire("SO-1", "complete", by="li")
    with pytest.raises(of.Refused, match="has ended in completed"):
        subject.amend("SO-1", {"order.note": "late"}, by="li")
    with pytest.raises(of.Refused, match="allows nobody to change"):
        tracker("amendments: {}\n").amend("SO-1", {"order.note": "x"}, by="li")


@pytest.mark.parametrize(
    ("changes", "more", "code"),
    [
        ({"order.regoin": "west"}, {}, "undeclared_field"),
        ({"order.region": "north"}, {}, "not_in_vocabulary"),
        ({"customer.level": None}, {}, "required_field"),
        ({"order.note": 5}, {}, "wrong_type"),
        ({"order.note": 1.5}, {}, "float_refused"),
        ({"order.id": "SO-2"}, {}, "not_amendable"),
        ({"customer.id": "C-2"}, {}, "not_amendable"),
        ({"region": "west"}, {}, "not_amendable"),
        ({"order.total": 5}, {}, "not_money"),
        ({"order.promised_at": "tomorrow"}, {}, "not_an_instant"),
        ({"order.promised_at": datetime(2026, 1, 1)}, {}, "naive_datetime"),  # noqa: DTZ001 - that is what is tried
        ({}, {"lines": {"9": {"quantity": 1}}}, "unknown_line"),
        ({}, {"lines": {"1": {"quantity": 0}}}, "bad_quantity"),
        ({}, {"lines": {"1": {"quantity": None}}}, "not_a_number"),
        ({}, {"lines": {"1": {"quantity": 1.5}}}, "float_refused"),
        ({}, {"lines": {"1": {"item": ""}}}, "bad_id"),
        ({}, {"lines": {"1": {"id": "2"}}}, "not_amendable"),
        ({}, {"lines": {"1": 5}}, "bad_changes"),
        ({"order.promised_at": date.max}, {}, "year_out_of_range"),
        ({}, {"remove": ["9"]}, "unknown_line"),
        ({}, {"remove": [9]}, "bad_id"),
        ({}, {"remove": ["1"], "lines": {"1": {"quantity": 2}}}, "line_changed_and_removed"),
        ({}, {"add": [of.Line("1", "X")]}, "duplicate_line"),
        ({}, {"add": [of.Line("4", "X"), of.Line("4", "X")]}, "duplicate_line"),
        ({}, {"add": "line"}, "bad_line"),
        ("order.note", {}, "bad_changes"),
    ],
)
def test_bad_amendments_are_refused_and_leave_no_trace(changes: Any, more: Any, code: str) -> None:
    """What the flow's fields do not take at placing, an amendment does not bring in either."""
    subject = tracker()
    before = subject.history("SO-1")
    with pytest.raises(of.Refused) as refused:
        subject.amend("SO-1", changes, by="li", **more)
    assert code in codes(refused)
    assert all(why.text("zh") for why in refused.value.reasons)
    assert subject.history("SO-1") == before


def test_undeclared_attributes_are_kept_aside_when_the_flow_says_so() -> None:
    """With `undeclared: keep` they are taken in, hidden in the history like personal values, and erased with them."""
    subject = of.Tracker(read_flow_text(FLOW + "undeclared: keep\n"), clock=lambda: NOW)
    customer = of.Customer("C-1", {"level": "A", "wechat": "wx-77"})
    placed = of.Order("SO-1", customer=customer, attributes={"colour": "green"})
    receipt = subject.place(placed, by=SHOP)
    assert receipt.view.attributes["colour"] == "green"
    from orderflow.model.canonical import body_bytes

    assert b"green" not in body_bytes(receipt.events[0]) and b"wx-77" not in body_bytes(receipt.events[0])
    assert subject.place(placed, by=SHOP).repeated
    with pytest.raises(of.KeyReused):
        subject.place(of.Order("SO-1", customer=customer, attributes={"colour": "red"}), by=SHOP)
    subject.amend("SO-1", {"order.colour": "blue"}, by="li")
    assert subject.get("SO-1").attributes["colour"] == "blue"
    subject.erase("SO-1", by="li")
    assert "colour" not in subject.get("SO-1").attributes
    with pytest.raises(of.DefinitionError, match=r"order\.colour"):
        read_flow_text(FLOW.replace("order.total < 1000", "order.colour == 'green'") + "undeclared: keep\n")


def test_fields_that_must_be_there_before_a_stage_is_left() -> None:
    """A stage's `requires` holds for every way out of it but a cancellation; an amendment fills it in."""
    stages = "stages: {placed: {requires: [order.note]}, dropped: {category: cancelled}"
    text = FLOW.replace("stages: {placed: {}", stages)
    text = text.replace("  transitions:", "  transitions:\n    - {trigger: drop, source: placed, dest: dropped}")
    subject = of.Tracker(read_flow_text(text, file="f.yaml"), clock=lambda: NOW)
    subject.place(order(), by=SHOP)
    (why,) = subject.why_not("SO-1", "ship", by="li")
    assert (why.code, why.params["field"], str(why.place)) == (
        "missing_field",
        "order.note",
        "f.yaml:13:31 (lifecycle.stages.placed.requires)",
    )
    assert subject.allowed("SO-1", by="li") == ("drop",)
    subject.amend("SO-1", {"order.note": "x"}, by="li")
    assert subject.allowed("SO-1", by="li") == ("drop", "ship")


def test_the_same_key_with_another_personal_value_is_another_command() -> None:
    """No digest tells personal values apart, so they are compared: a changed phone number is not silently dropped."""
    subject = tracker()
    first = subject.amend("SO-1", {"customer.phone": "+86 139"}, lines={"1": {"quantity": 6}}, by="li", key="k")
    assert subject.amend("SO-1", {"customer.phone": "+86 139"}, lines={"1": {"quantity": 6}}, by="li", key="k").repeated
    with pytest.raises(of.KeyReused):
        subject.amend("SO-1", {"customer.phone": "137"}, lines={"1": {"quantity": 6}}, by="li", key="k")
    subject.amend("SO-1", {"customer.phone": "136"}, by="li")
    again = subject.amend("SO-1", {"customer.phone": "+86 139"}, lines={"1": {"quantity": 6}}, by="li", key="k")
    assert again.repeated and again.version == first.version


def test_an_amended_order_placed_again_repeats() -> None:
    """What was placed is compared with what was placed, not with what a later amendment made of a personal value."""
    subject = tracker()
    subject.amend("SO-1", {"customer.phone": "+86 139"}, by="li")
    assert subject.place(order(), by=SHOP).repeated
    with pytest.raises(of.KeyReused):
        subject.place(order(customer=of.Customer("C-1", {"phone": "+86 139", "level": "A"})), by=SHOP)


class Counted(str):
    """A text that counts how often it is compared, wherever Python itself compares it."""

    compared = 0
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


def test_lines_are_looked_up_not_searched() -> None:
    """Twice as many lines cost twice as much, in an amendment and in a move: no line is compared with every other."""

    def comparisons(count: int) -> int:
        text = FLOW + "lines: {stages: [open, sent], moves: {send: {source: open, dest: sent}}}\n"
        subject = of.Tracker(read_flow_text(text), clock=lambda: NOW)
        lines = [of.Line(str(number), "A", 5) for number in range(count)]
        subject.place(of.Order("SO-1", customer=of.Customer("C-1", {"level": "A"}), lines=lines), by=SHOP)
        ids, new = [Counted(number) for number in range(count)], [of.Line(Counted(f"n{n}"), "B") for n in range(count)]
        Counted.compared = 0
        subject.move("SO-1", "send", dict.fromkeys(ids, 1), by="li")
        subject.amend("SO-1", lines={id: {"quantity": 6} for id in ids}, add=new, by="li")
        subject.amend("SO-1", remove=[line.id for line in new], by="li")
        return Counted.compared

    assert comparisons(200) < 3 * comparisons(100)
