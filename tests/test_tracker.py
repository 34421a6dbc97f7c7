"""What a host sees of a Tracker, promise by promise."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.memory import MemoryStorage
from orderflow.model.events import StageEntered, StageObserved, Stream
from orderflow.model.order import Erased

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
SHOP = of.Actor.system("shop")

FLOW = """
flow: sales
currency: CNY
fields:
  order.region: {type: choice, of: [east, north]}
  customer.phone: {personal: true}
calendar: {timezone: Asia/Shanghai, hours: {mon-fri: ["09:00-12:00", "13:30-18:00"]}}
lifecycle:
  initial: placed
  stages:
    placed: {title: {en: Placed, zh: 下单}, owner: {role: sales}}
    review: {title: {en: Review, zh: 审核}, owner: {role: finance}}
    shipping: {title: {zh: 发货}, owner: zhao}
    completed: {category: done}
    cancelled: {category: cancelled}
  transitions:
    - {trigger: submit, source: placed, dest: review, requires: [order.region]}
    - trigger: approve
      source: review
      dest: shipping
      guard: "order.total < 50000 and order.region == 'east'"
      roles: [finance]
    - {trigger: finish, source: shipping, dest: completed}
    - {trigger: cancel, source: [placed, review], dest: cancelled}
sla:
  review: {start: "stage == 'review'", target: 8h, warn: [50%]}
find: [order.region]
"""


class World:
    """A tracker, its clock, and what was sent."""

    def __init__(self, folder: Path, storage: str = "memory:", **more: Any) -> None:
        from orderflow.adapters.flowfile import read_flow_text

        self.now = MONDAY
        self.sent: list[of.Notification] = []
        people = [
            of.Person(id="li", roles=["sales"]),
            of.Person(id="wang", roles=["finance"]),
            of.Person(id="zhou", roles=["finance"]),
            of.Person(id="zhao", teams=["plant-1"]),
            of.Person(id="gone", roles=["sales"], active=False),
        ]
        self.tracker = of.Tracker(
            more.pop("flow", None) or read_flow_text(FLOW, file="sales.yaml"),
            storage=storage,
            directory=more.pop("directory", of.Directory(people)),
            clock=lambda: self.now,
            plugins=[of.Channels(of.CallableChannel("mail", self.sent.append))],
            **more,
        )

    def order(self, id: str = "SO-1", **more: Any) -> of.Order:
        more.setdefault("attributes", {"region": "east"})
        return of.Order(id, customer=of.Customer("ACME", {"phone": "+86 138"}), total=of.Money(100, "CNY"), **more)

    def place(self, id: str = "SO-1", **more: Any) -> of.Receipt:
        return self.tracker.place(self.order(id, **more), by=SHOP)

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.tracker.close()


def codes(refusal: pytest.ExceptionInfo[of.Refused]) -> list[str]:
    return [item.code for item in refusal.value.reasons]


# --- placing ----------------------------------------------------------------------------------------------------------


def test_a_placed_order_has_a_stage_an_owner_and_a_reason_for_it(world: World) -> None:
    """Placing enters the initial stage and picks the only active person of the role."""
    receipt = world.place()
    assert (receipt.stage, receipt.owner, receipt.version) == ("placed", "li", 3)
    assert [event.type for event in receipt.events] == ["order_placed", "stage_entered", "owner_assigned"]
    assert receipt.reasons[0].text() == "li has the fewest open orders (0) of 1 in sales"


def test_placing_the_same_order_again_repeats_the_receipt(world: World) -> None:
    """Same id and content: the Receipt as it was then, nothing written, even after the order moved on."""
    first = world.place()
    world.tracker.fire("SO-1", "submit", by="li")
    again = world.place()
    assert again.repeated
    assert (again.state, again.events) == (first.state, first.events)
    assert world.tracker.get("SO-1").stage == "review"


@pytest.mark.parametrize(
    "change", [{"attributes": {"region": "north"}}, {"source": "web"}, {"promised_at": date(2026, 4, 1)}]
)
def test_the_same_id_with_other_content_is_refused(world: World, change: dict[str, Any]) -> None:
    """Any difference in content is `KeyReused`, which is a `Refused`."""
    world.place()
    with pytest.raises(of.KeyReused) as caught:
        world.place(**change)
    assert codes(caught) == ["order_id_reused"]


def test_another_personal_value_is_other_content_too(world: World) -> None:
    """Personal values are no part of the digest, and are compared all the same."""
    world.place()
    other = of.Order(
        "SO-1",
        customer=of.Customer("ACME", {"phone": "139"}),
        total=of.Money(100, "CNY"),
        attributes={"region": "east"},
    )
    with pytest.raises(of.KeyReused):
        world.tracker.place(other, by=SHOP)


def test_attributes_are_held_against_the_flow(world: World) -> None:
    """A value outside its vocabulary or of another type refuses the order, with the place in the flow file."""
    with pytest.raises(of.Refused) as caught:
        world.place(attributes={"region": "eats"})
    assert "Did you mean 'east'?" in caught.value.reasons[0].text()
    assert str(caught.value.reasons[0].place).startswith("sales.yaml:5:")
    assert world.tracker.find().cards == ()


def test_a_promised_day_ends_with_the_day_in_the_calendars_zone(world: World) -> None:
    """A bare date is recorded as the last microsecond of that day in Shanghai."""
    world.place(promised_at=date(2026, 3, 5))
    assert world.tracker.get("SO-1").promised_at == datetime(2026, 3, 5, 15, 59, 59, 999999, tzinfo=UTC)


# --- firing -----------------------------------------------------------------------------------------------------------


def test_a_refusal_names_every_reason_and_its_place(world: World) -> None:
    """Role, guard and both terms of it: all at once, as data, in two languages, with the line of the flow file."""
    big = of.Order("SO-1", total=of.Money(60_000, "CNY"), attributes={"region": "north"})
    world.tracker.place(big, by=SHOP)
    world.tracker.fire("SO-1", "submit", by="li")
    with pytest.raises(of.Refused) as caught:
        world.tracker.fire("SO-1", "approve", by="li")
    assert codes(caught) == ["missing_role", "guard_false", "guard_false"]
    role, total, region = caught.value.reasons
    assert role.params["roles"] == ("finance",)
    assert total.params["term"] == "order.total < 50000"
    assert "60,000 CNY" in total.text()
    assert "north" in region.text("zh")
    assert all(item.place and item.place.file == "sales.yaml" and item.place.line for item in caught.value.reasons)
    assert caught.value.reasons == world.tracker.why_not("SO-1", "approve", by="li")


def test_unknown_names_come_with_a_suggestion(world: World) -> None:
    """A wrong trigger, stage, person or order says what there is."""
    world.place()
    with pytest.raises(of.Refused, match="Did you mean 'submit'"):
        world.tracker.fire("SO-1", "sumbit", by="li")
    with pytest.raises(of.Refused, match="not possible in stage 'placed'; possible there: submit, cancel"):
        world.tracker.fire("SO-1", "finish", by="li")
    with pytest.raises(of.Refused, match="Did you mean 'shipping'"):
        world.tracker.observe("SO-1", "shiping", source="wms")
    with pytest.raises(of.Refused, match="knows nobody with the id 'lii'"):
        world.tracker.fire("SO-1", "submit", by="lii")
    with pytest.raises(of.Refused, match="gone is not active"):
        world.tracker.assign("SO-1", "gone", by="li")
    for ask in (world.tracker.get, world.tracker.history):
        with pytest.raises(of.UnknownOrder):
            ask("SO-2")
    with pytest.raises(of.UnknownOrder):
        world.tracker.fire("SO-2", "submit", by="li")


def test_a_missing_field_refuses(world: World) -> None:
    """A transition that requires a field says which one is missing."""
    world.place(attributes={})
    with pytest.raises(of.Refused) as caught:
        world.tracker.fire("SO-1", "submit", by="li")
    assert codes(caught) == ["missing_field"]


def test_facts_come_at_their_time_but_not_from_the_future(world: World) -> None:
    """`at` may lie in the past, down to the last stage entry; not after now."""
    world.place()
    world.wait(hours=2)
    receipt = world.tracker.fire("SO-1", "submit", by="li", at=MONDAY + timedelta(hours=1))
    assert receipt.view.since == MONDAY + timedelta(hours=1)
    assert receipt.events[0].recorded_at == MONDAY + timedelta(hours=2)
    with pytest.raises(of.Refused) as caught:
        world.tracker.fire("SO-1", "cancel", by="li", at=world.now + timedelta(seconds=1))
    assert codes(caught) == ["at_in_future"]
    with pytest.raises(of.Refused) as caught:
        world.tracker.fire("SO-1", "cancel", by="li", at=MONDAY)
    assert codes(caught) == ["at_before_stage"]
    with pytest.raises(of.InvalidValue):
        world.tracker.fire("SO-1", "cancel", by="li", at=datetime(2026, 3, 2))  # noqa: DTZ001 - the point of the test


def test_a_key_makes_a_command_happen_once(world: World) -> None:
    """Same key, same command: the first Receipt again. Another command: `KeyReused`. Each order has its own keys."""
    world.place()
    world.place("SO-2")
    first = world.tracker.fire("SO-1", "submit", by="li", key="k")
    world.tracker.fire("SO-1", "cancel", by="li")
    again = world.tracker.fire("SO-1", "submit", by="li", key="k")
    assert again.repeated
    assert (again.state, again.events) == (first.state, first.events)
    with pytest.raises(of.KeyReused) as caught:
        world.tracker.fire("SO-1", "submit", by="wang", key="k")
    assert codes(caught) == ["key_reused"]
    assert not world.tracker.fire("SO-2", "submit", by="li", key="k").repeated


def test_expect_is_the_version_that_the_caller_saw(world: World) -> None:
    """With another version stored, nothing is written and the caller hears `Conflict`."""
    seen = world.place().version
    world.tracker.note("SO-1", "客户来电", by="li")
    with pytest.raises(of.Conflict) as caught:
        world.tracker.fire("SO-1", "submit", by="li", expect=seen)
    assert (caught.value.stream, caught.value.expected) == ("order:SO-1", seen)
    assert world.tracker.fire("SO-1", "submit", by="li", expect=seen + 1).stage == "review"


def test_a_repeated_key_is_answered_whatever_was_expected(world: World) -> None:
    """A client that repeats a keyed command with the version it first saw gets its Receipt, not a Conflict."""
    seen = world.place().version
    first = world.tracker.fire("SO-1", "submit", by="li", key="k", expect=seen)
    assert world.tracker.fire("SO-1", "submit", by="li", key="k", expect=seen).state == first.state


def test_a_lost_race_is_decided_again(world: World) -> None:
    """When somebody writes between reading and appending, the command is decided anew on what is stored then."""
    world.place()
    storage = world.tracker._road.storage
    assert isinstance(storage, MemoryStorage)
    append, other = storage.append, []

    def interrupted(commit: Any) -> None:
        if not other:
            other.append(True)
            world.tracker.note("SO-1", "in between", by="li")
        append(commit)

    storage.append = interrupted  # type: ignore[method-assign]  # a storage in which somebody else is faster once
    receipt = world.tracker.fire("SO-1", "submit", by="li")
    assert [event.type for event in world.tracker.history("SO-1")][3:5] == ["note_added", "stage_entered"]
    assert receipt.version == 7


def test_a_race_that_is_always_lost_is_a_conflict(world: World) -> None:
    """After four tries the caller hears `Conflict`, and nothing is written."""
    world.place()
    storage = world.tracker._road.storage
    tries = []

    def lost(commit: Any) -> None:
        tries.append(commit)
        raise of.Conflict("order:SO-1", 3)

    storage.append = lost  # type: ignore[method-assign]  # a storage in which somebody else is always faster
    with pytest.raises(of.Conflict):
        world.tracker.fire("SO-1", "submit", by="li")
    assert len(tries) == 4


@pytest.mark.parametrize("storage", ["memory:", "sqlite:///{}/orders.db?synchronous=normal"])
def test_many_threads_and_one_order(tmp_path: Path, storage: str) -> None:
    """Eight threads fire the same trigger: exactly one succeeds, the others are refused."""
    world = World(tmp_path, storage.format(tmp_path))
    with world.tracker as tracker:
        for number in range(5):
            id = f"SO-{number}"
            world.place(id)
            outcomes: list[str] = []

            def fire(id: str = id, outcomes: list[str] = outcomes) -> None:
                try:
                    outcomes.append(tracker.fire(id, "submit", by="li").stage)
                except of.Refused as refusal:
                    outcomes.append(refusal.reasons[0].code)

            threads = [threading.Thread(target=fire) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(outcomes) == ["not_from_this_stage"] * 7 + ["review"]


# --- observing --------------------------------------------------------------------------------------------------------


def test_what_another_system_says_is_a_fact(world: World) -> None:
    """An observed stage moves the order even against the flow, marked as an inconsistency, with its source."""
    world.place()
    receipt = world.tracker.observe("SO-1", "shipping", source="wms", source_seq=7)
    assert (receipt.stage, receipt.owner, receipt.view.inconsistent) == ("shipping", "zhao", True)
    entered = receipt.events[0]
    assert isinstance(entered.body, StageEntered)
    assert (entered.body.observed, entered.body.inconsistent, entered.source, entered.source_seq) == (
        True,
        True,
        "wms",
        7,
    )
    assert "流程中没有这一步" in receipt.view.timeline[-2].text("zh")
    assert not world.tracker.fire("SO-1", "finish", by="zhao").view.inconsistent


def test_what_the_flow_foresees_is_consistent(world: World) -> None:
    """An observed stage to which a transition with a true guard leads is no inconsistency."""
    world.place()
    assert not world.tracker.observe("SO-1", "review", source="erp").view.inconsistent
    assert not world.tracker.observe("SO-1", "shipping", source="erp").view.inconsistent


def test_old_and_repeated_facts_are_recorded_and_move_nothing(world: World) -> None:
    """A fact from before the last stage entry, and the stage that the order is in, leave the order where it is."""
    world.place()
    world.wait(hours=3)
    world.tracker.observe("SO-1", "shipping", source="wms")
    old = world.tracker.observe("SO-1", "review", source="erp", at=MONDAY + timedelta(hours=1))
    same = world.tracker.observe("SO-1", "shipping", source="erp")
    assert (old.stage, same.stage) == ("shipping", "shipping")
    for receipt in (old, same):
        assert isinstance(receipt.events[-1].body, StageObserved)
    assert world.tracker.history("SO-1")[-2].occurred_at == MONDAY + timedelta(hours=1)


# --- owners -----------------------------------------------------------------------------------------------------------


def test_spread_picks_the_least_loaded(world: World) -> None:
    """Of two people in finance, orders go to whoever has fewer; the loads differ by at most one."""
    for number in range(6):
        world.place(f"SO-{number}")
        world.tracker.fire(f"SO-{number}", "submit", by="li")
    owners = [world.tracker.get(f"SO-{number}").owner for number in range(6)]
    assert sorted(owners) == ["wang"] * 3 + ["zhou"] * 3  # type: ignore[type-var]  # all have owners


def test_assigning_is_an_event_with_its_reason(world: World) -> None:
    """A person, or nobody, becomes responsible by command; the reason says by whom."""
    world.place()
    receipt = world.tracker.assign("SO-1", "zhao", by="li", reason="knows the customer")
    assert (receipt.owner, receipt.events[-1].reason) == ("zhao", "knows the customer")
    assert receipt.view.owner_reason is not None
    assert receipt.view.owner_reason.text("zh") == "li 指派给 zhao"
    assert world.tracker.assign("SO-1", None, by="li").owner is None


def test_a_role_that_nobody_has_leaves_nobody_and_says_so(tmp_path: Path) -> None:
    """Without somebody to pick the order goes on; the owner is nobody, with the reason."""
    world = World(tmp_path, directory=of.Directory([of.Person(id="li")]))
    receipt = world.place()
    assert receipt.owner is None
    assert receipt.reasons[0].text() == "nobody active in sales"


def test_without_a_directory_every_person_id_is_taken(tmp_path: Path) -> None:
    """Nobody is unknown then, and nobody has a role."""
    world = World(tmp_path, directory=None)
    world.place()
    assert world.tracker.fire("SO-1", "submit", by="anybody").stage == "review"
    with pytest.raises(of.Refused) as caught:
        world.tracker.fire("SO-1", "approve", by="anybody")
    assert codes(caught) == ["missing_role"]
    assert world.tracker.fire("SO-1", "approve", by=SHOP).stage == "shipping"


def test_a_directory_that_fails_stops_no_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An exception in the host's directory is logged, and the owner is nobody."""

    class Broken(of.Directory):
        def with_role(self, role: str) -> tuple[of.Person, ...]:
            raise RuntimeError("ldap is down")

    world = World(tmp_path, directory=Broken())
    assert world.place().owner is None
    assert "ldap is down" in caplog.text


# --- time -------------------------------------------------------------------------------------------------------------


def test_warning_and_breach_come_in_business_time_and_are_told(world: World) -> None:
    """8 business hours from Monday 09:00 with a lunch break end on Tuesday 09:30; half of them at 14:30."""
    world.place()
    receipt = world.tracker.fire("SO-1", "submit", by="li")
    assert receipt.due_at == datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
    world.wait(hours=5.5)
    assert world.tracker.sweep().events == 1
    world.wait(days=1)
    assert world.tracker.sweep().events == 1
    assert world.tracker.sweep().due == 0
    marks = [(entry.text(), entry.at) for entry in world.tracker.get("SO-1").timeline if entry.type == "clock_marked"]
    assert marks[1:] == [
        ("review: warning at 50%", datetime(2026, 3, 2, 6, 30, tzinfo=UTC)),
        ("review: breached", datetime(2026, 3, 3, 1, 30, tzinfo=UTC)),
    ]
    assert world.tracker.get("SO-1").late
    world.tracker.deliver()
    told = [(item.topic, item.to) for item in world.sent]
    owner = receipt.owner
    assert told == [("assigned", ("li",)), ("assigned", (owner,)), ("warned", (owner,)), ("breached", (owner,))]
    assert "已超时：应于 2026-03-03 09:30 Asia/Shanghai 前完成" in world.sent[-1].text("zh")


def test_who_is_done_at_the_due_instant_is_in_time(world: World) -> None:
    """At the due instant itself nothing is breached; one microsecond later it is."""
    world.place()
    due = world.tracker.fire("SO-1", "submit", by="li").due_at
    assert due is not None
    world.now = due
    assert not world.tracker.get("SO-1").late
    world.tracker.fire("SO-1", "approve", by="wang")
    (clock,) = world.tracker.get("SO-1").clocks
    assert (clock.ended, clock.ended_at, clock.breached_at) == ("met", due, None)


def test_a_command_settles_first(world: World) -> None:
    """Without any sweep, the breach is recorded before the command's own event, at its own instant."""
    world.place()
    due = world.tracker.fire("SO-1", "submit", by="li").due_at
    world.wait(days=7)
    receipt = world.tracker.fire("SO-1", "approve", by="wang")
    assert [event.type for event in receipt.events[:3]] == ["clock_marked", "clock_marked", "stage_entered"]
    assert receipt.events[1].occurred_at == due
    (clock,) = receipt.view.clocks
    assert (clock.ended, clock.breached_at) == ("met", due)


def test_a_cancelled_order_has_no_clock_left(world: World) -> None:
    """Cancelling ends the clocks without meeting or breaching them."""
    world.place()
    world.tracker.fire("SO-1", "submit", by="li")
    world.tracker.fire("SO-1", "cancel", by="li")
    world.wait(days=30)
    assert world.tracker.sweep().due == 0
    assert world.tracker.get("SO-1").clocks[0].ended == "cancelled"
    assert not world.tracker.get("SO-1").late


def test_the_past_can_be_asked(world: World) -> None:
    """`as_of` shows what was known then; before the order there is `UnknownOrder`, and no future."""
    world.place()
    world.wait(hours=1)
    world.tracker.fire("SO-1", "submit", by="li")
    assert world.tracker.get("SO-1", as_of=MONDAY + timedelta(minutes=59)).stage == "placed"
    with pytest.raises(of.UnknownOrder):
        world.tracker.get("SO-1", as_of=MONDAY - timedelta(days=1))
    with pytest.raises(of.Refused):
        world.tracker.get("SO-1", as_of=world.now + timedelta(days=1))


# --- many orders ------------------------------------------------------------------------------------------------------


def test_the_board_has_a_column_for_each_stage(world: World) -> None:
    """Columns in the order of the flow, with counts, late counts and the most urgent cards."""
    for number in range(3):
        world.place(f"SO-{number}")
    world.tracker.fire("SO-1", "submit", by="li")
    world.tracker.fire("SO-2", "cancel", by="li")
    world.wait(days=3)
    board = world.tracker.board()
    assert [(column.stage, column.count, column.late) for column in board.columns] == [
        ("placed", 1, 0),
        ("review", 1, 1),
        ("shipping", 0, 0),
        ("completed", 0, 0),
        ("cancelled", 1, 0),
    ]
    (card,) = board.columns[1].cards
    assert (card.order, card.late, board.columns[1].titles["zh"]) == ("SO-1", True, "审核")
    assert world.tracker.board(cards=0).columns[0].cards == ()


def test_find_pages_in_order_of_ids(world: World) -> None:
    """Pages follow one another without gap or repetition; filters narrow."""
    for number in range(7):
        world.place(f"SO-{number}", attributes={"region": "north" if number % 2 else "east"})
    page = world.tracker.find(stage="placed", limit=3)
    seen = [card.order for card in page]
    while page.after:
        page = world.tracker.find(stage="placed", limit=3, after=page.after)
        seen += [card.order for card in page]
    assert seen == [f"SO-{number}" for number in range(7)]
    assert [card.order for card in world.tracker.find(where={"order.region": "north"})] == ["SO-1", "SO-3", "SO-5"]
    assert len(world.tracker.find(owner="li")) == 7
    assert len(world.tracker.find(customer="ACME", late=True)) == 0
    assert len(world.tracker.find(category="open", scan=True)) == 7
    assert len(world.tracker.find(late=False, scan=True, limit=4)) == 4


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"category": "open"}, "find_needs_scan"),
        ({"late": False}, "find_needs_scan"),
        ({"stage": "reviw"}, "unknown_stage"),
        ({"flow": "sale"}, "unknown_flow"),
        ({"where": {"order.source": "web"}}, "not_searchable"),
        ({"limit": 0}, "bad_limit"),
    ],
)
def test_find_refuses_what_it_cannot_answer(world: World, ask: dict[str, Any], code: str) -> None:
    """A slip of the pen, or a question without an index, is refused instead of answered with nothing."""
    with pytest.raises(of.Refused) as caught:
        world.tracker.find(**ask)
    assert codes(caught) == [code]


def test_a_worklist_begins_with_the_most_urgent(world: World) -> None:
    """What has a deadline comes first, the earliest before the later."""
    for number in range(3):
        world.place(f"SO-{number}")
    world.tracker.fire("SO-2", "submit", by="li")
    world.tracker.assign("SO-2", "li", by="li")
    assert [card.order for card in world.tracker.worklist("li")] == ["SO-2", "SO-0", "SO-1"]


def test_changes_come_once_and_go_on(world: World) -> None:
    """A reader of the feed sees every event once, and goes on from its cursor."""
    world.place()
    events, cursor = world.tracker.changes()
    assert [event.type for event in events] == ["flow_registered", "order_placed", "stage_entered", "owner_assigned"]
    assert world.tracker.changes(cursor) == ((), cursor)
    world.tracker.note("SO-1", "x", by="li")
    assert [event.type for event in world.tracker.changes(cursor)[0]] == ["note_added"]


# --- flows and storage ------------------------------------------------------------------------------------------------


def test_an_edited_flow_leaves_running_orders_on_their_version(tmp_path: Path) -> None:
    """An order placed under the old text goes on under it, even where the new one has lost the stage."""
    from orderflow.adapters.flowfile import read_flow_text

    url = f"sqlite:///{tmp_path}/orders.db"
    first = World(tmp_path, url)
    first.place()
    first.tracker.fire("SO-1", "submit", by="li")
    first.tracker.close()
    text = FLOW.replace("    review: {title: {en: Review, zh: 审核}, owner: {role: finance}}\n", "").replace(
        "review", "shipping"
    )
    text = text.replace("      dest: shipping\n", "      dest: completed\n")
    second = World(tmp_path, url, flow=read_flow_text(text))
    with second.tracker as tracker:
        assert tracker.get("SO-1").title("zh") == "审核"
        assert tracker.fire("SO-1", "approve", by="wang").stage == "shipping"
        second.place("SO-2")
        assert tracker.fire("SO-2", "submit", by="li").stage == "shipping"
        assert tracker.get("SO-1").flow_version != tracker.get("SO-2").flow_version
        versions = tracker._road.storage.load(Stream.flow("sales"))
        assert [event.version for event in versions] == [1, 2]


def test_opening_again_registers_nothing_new(tmp_path: Path) -> None:
    """A known version is not recorded twice."""
    url = f"sqlite:///{tmp_path}/orders.db"
    for _ in range(3):
        with World(tmp_path, url).tracker as tracker:
            assert len(tracker._road.storage.load(Stream.flow("sales"))) == 1


def test_two_trackers_on_one_file_see_each_other(tmp_path: Path) -> None:
    """A state in one Tracker's cache is brought up to what another has written."""
    url = f"sqlite:///{tmp_path}/orders.db"
    one, two = World(tmp_path, url), World(tmp_path, url)
    with one.tracker, two.tracker:
        one.place()
        assert two.tracker.fire("SO-1", "submit", by="li").stage == "review"
        assert one.tracker.get("SO-1").stage == "review"
        with pytest.raises(of.Refused):
            one.tracker.fire("SO-1", "submit", by="li")


def test_personal_values_stand_beside_the_history(tmp_path: Path) -> None:
    """The file's events hold no phone number; views do, until it is erased, and then conditions see nothing."""
    world = World(tmp_path, f"sqlite:///{tmp_path}/orders.db")
    with world.tracker as tracker:
        world.tracker.place(of.Order("SO-1", customer=of.Customer("ACME", {"phone": "13800138000"})), by=SHOP)
        assert tracker.get("SO-1").customer == of.Customer("ACME", {"phone": "13800138000"})
        storage = tracker._road.storage
        assert storage.erase(Stream.order("SO-1")) == 1
    with World(tmp_path, f"sqlite:///{tmp_path}/orders.db").tracker as tracker:
        assert tracker.get("SO-1").customer == of.Customer("ACME")
        placed = tracker.history("SO-1")[0].body.order  # type: ignore[union-attr]  # the first event of an order
        assert isinstance(placed.customer.attributes["phone"], Erased)
    assert b"13800138000" not in (tmp_path / "orders.db").read_bytes()


def test_tenants_do_not_see_each_other(tmp_path: Path) -> None:
    """Two Trackers with different tenants on one file share nothing, not even ids."""
    url = f"sqlite:///{tmp_path}/orders.db"
    north, south = World(tmp_path, url, tenant="north"), World(tmp_path, url, tenant="south")
    with north.tracker, south.tracker:
        north.place()
        with pytest.raises(of.UnknownOrder):
            south.tracker.get("SO-1")
        south.place(source="other")
        assert len(north.tracker.find()) == len(south.tracker.find()) == 1


def test_a_flow_is_named_where_there_are_several(tmp_path: Path) -> None:
    """With one flow `flow=None` is fine; with two the order says which."""
    from orderflow.adapters.flowfile import read_flow_text

    both = [read_flow_text(FLOW), read_flow_text(FLOW.replace("flow: sales", "flow: repair"))]
    tracker = of.Tracker(both, clock=lambda: MONDAY)
    with pytest.raises(of.Refused) as caught:
        tracker.place(of.Order("SO-1"), by=SHOP)
    assert codes(caught) == ["flow_needed"]
    with pytest.raises(of.Refused, match="Did you mean 'repair'"):
        tracker.place(of.Order("SO-1", flow="repare"), by=SHOP)
    assert tracker.place(of.Order("SO-1", flow="repair"), by=SHOP).view.flow == "repair"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda flow: of.Tracker([]), of.DefinitionError),
        (lambda flow: of.Tracker([flow, flow]), of.DefinitionError),
        (lambda flow: of.Tracker("no-such-file.yaml"), of.DefinitionError),
        (lambda flow: of.Tracker(flow, storage="redis://x"), of.StorageError),
        (lambda flow: of.Tracker(flow, storage="sqlite:///"), of.StorageError),
        (lambda flow: of.Tracker(flow, storage="sqlite:///no/such/folder/x.db"), of.StorageError),
        (lambda flow: of.Tracker(flow, storage="sqlite:///x.db?sync=off"), of.StorageError),
        (lambda flow: of.Tracker(flow, storage=MemoryStorage("north"), tenant="south"), of.DefinitionError),
        (lambda flow: of.Tracker(flow, tenant=""), of.InvalidValue),
        (lambda flow: of.Tracker(flow, clock=lambda: datetime(2026, 1, 1)), of.InvalidValue),  # noqa: DTZ001 - the point
    ],
)
def test_a_wrong_set_up_is_told_at_once(make: Any, error: type[Exception]) -> None:
    """Flows, storage, tenant and clock are checked when the Tracker is made."""
    from orderflow.adapters.flowfile import read_flow_text

    with pytest.raises(error):
        make(read_flow_text(FLOW))


def test_erasing_reaches_every_open_tracker(tmp_path: Path) -> None:
    """What one Tracker erases, another with the order in its cache does not show any more; a replay says the same."""
    url = f"sqlite:///{tmp_path}/orders.db"
    one, two = World(tmp_path, url), World(tmp_path, url)
    with one.tracker, two.tracker:
        one.place()
        assert two.tracker.get("SO-1").customer == of.Customer("ACME", {"phone": "+86 138"})
        receipt = one.tracker.erase("SO-1", by="li", reason="asked for")
        assert receipt.view.timeline[-1].text() == "1 personal values erased"
        for tracker in (one.tracker, two.tracker):
            assert tracker.get("SO-1").customer == of.Customer("ACME")
            assert "+86 138" not in repr(tracker.history("SO-1"))
        assert one.tracker.erase("SO-1", by="li").events == ()
    with World(tmp_path, url).tracker as again:
        assert again._road.order("SO-1") == receipt.state


def test_the_command_to_erase_drops_values_too(tmp_path: Path) -> None:
    """`handle(Erase)` is as good as `erase`: no later event brings a value back, in another Tracker either."""
    url = f"sqlite:///{tmp_path}/orders.db"
    with World(tmp_path, url).tracker as one, World(tmp_path, url).tracker as two:
        one.place(of.Order("SO-1", customer=of.Customer("ACME", {"phone": "+86 138"})), by="li")
        one.handle(of.Erase(order="SO-1", by="li"))
        one.amend("SO-1", {"customer.phone": "139"}, by="li")
        for tracker in (one, two):
            assert tracker.get("SO-1").customer == of.Customer("ACME", {"phone": "139"})
            assert "+86 138" not in " ".join(entry.text() for entry in tracker.get("SO-1").timeline)


def test_a_plugin_cannot_invent_settings(tmp_path: Path) -> None:
    """A setting that does not exist is a slip of the pen, and refused with a suggestion."""

    class Slip:
        @of.hookimpl
        def orderflow_configure(self, settings: dict[str, Any]) -> None:
            settings["tennant"] = "north"

    with pytest.raises(of.DefinitionError, match="Did you mean 'tenant'"):
        of.Tracker(World(tmp_path).tracker._road.current["sales"].flow, plugins=[Slip()])


def test_a_channel_that_nobody_has_here_is_mentioned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is owed to all the same, since another process may send it; the log says so when the Tracker opens."""
    from orderflow.adapters.flowfile import read_flow_text

    flow = read_flow_text(FLOW + "notify: {assigned: {channels: [mial]}}\n")
    world = World(tmp_path, flow=flow)
    assert "the channel 'mial' is not registered here" in caplog.text
    assert [message.channels for message in world.place().messages] == [("mial",)]
