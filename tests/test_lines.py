"""Lines and moves: partial shipments, over-delivery, short close, returns; ordered is the sum over all stages."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.quantities import LineState, Transfer
from orderflow.model.state import Blank, fold

SHOP = of.Actor.system("shop")
FLOW = """
flow: sales
lines:
  stages: {open: {title: {zh: 未发}}, reserved: {}, shipped: {}, delivered: {}, returned: {}, cancelled: {}}
  tolerance: 5%
  moves:
    reserve: {source: open, dest: reserved}
    ship: {source: [reserved, open], dest: shipped, over: true, title: {en: Ship, zh: 发货}}
    deliver: {source: shipped, dest: delivered}
    take_back: {source: delivered, dest: returned}
    exchange: {source: [returned, delivered], dest: open}
    short_close: {source: [open, reserved], dest: cancelled, roles: [boss]}
    late_ship: {source: open, dest: shipped, guard: "order.rush"}
fields: {order.rush: {type: boolean}}
lifecycle:
  initial: placed
  stages: {placed: {}, completed: {category: done}, cancelled: {category: cancelled}}
  transitions:
    - {trigger: complete, source: placed, dest: completed, guard: "lines('delivered') == lines('ordered')"}
    - {trigger: close, source: placed, dest: completed,
       guard: "lines('delivered') + lines('cancelled') == lines('ordered')"}
    - {trigger: cancel, source: placed, dest: cancelled, moves: short_close}
tracks:
  shipment:
    many: true
    carries_lines: true
    initial: packed
    stages: {packed: {}, on_road: {}, arrived: {category: done}, lost: {category: cancelled}}
    transitions:
      - {trigger: send, source: packed, dest: on_road, moves: ship}
      - {trigger: arrive, source: on_road, dest: arrived, moves: deliver}
      - {trigger: lose, source: [packed, on_road], dest: lost}
  back:
    many: true
    carries_lines: true
    loads: [delivered]
    initial: announced
    stages: {announced: {}, received: {category: done}}
    transitions: [{trigger: receive, source: announced, dest: received, moves: take_back}]
"""
PEOPLE = [of.Person(id="li"), of.Person(id="chen", roles=("boss",))]


def tracker(text: str = FLOW, **more: Any) -> of.Tracker:
    subject = of.Tracker(read_flow_text(text, file="f.yaml"), directory=PEOPLE, **more)
    subject.place(of.Order("SO-1", lines=[of.Line("1", "A-7", 100), of.Line("2", "B-2", "2.5")]), by=SHOP)
    return subject


def standing(subject: of.Tracker) -> dict[str, dict[str, Decimal]]:
    return {line: dict(found) for line, found in subject.get("SO-1").quantities.items()}


def test_a_track_that_has_ended_takes_no_quantity() -> None:
    """Not even a surplus within the tolerance comes onto a track that has ended, and would be lost there."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", lines={"1": 10}, by="li")
    subject.fire("SO-1", "lose", track="shipment:1", by="li")
    for attempt in (
        lambda: subject.move("SO-1", "ship", {"1": 1}, track="shipment:1", by="li"),
        lambda: subject.load("SO-1", "shipment:1", {"1": 1}, by="li"),
        lambda: subject.unload("SO-1", "shipment:1", {"1": 1}, by="li"),
    ):
        with pytest.raises(of.Refused) as caught:
            attempt()
        assert [reason.code for reason in caught.value.reasons] == ["track_ended"]
    assert standing(subject)["1"] == {"ordered": 100, "open": 100}


def test_quantity_begins_in_the_first_line_stage() -> None:
    """Placing puts all of a line into the first line stage."""
    assert standing(tracker()) == {
        "1": {"ordered": 100, "open": 100},
        "2": {"ordered": Decimal("2.5"), "open": Decimal("2.5")},
    }


def test_a_partial_shipment_carries_what_was_loaded() -> None:
    """A shipment moves what it carries with its own transitions, and lets go of it when it ends."""
    subject = tracker()
    view = subject.open_track("SO-1", "shipment", lines={"1": 60}, by="li").view
    assert view.tracks["shipment:1"].carries == {"1": 60}
    assert standing(subject)["1"] == {"ordered": 100, "open": 100}, "loading moves nothing yet"
    subject.fire("SO-1", "send", track="shipment:1", by="li")
    assert standing(subject)["1"] == {"ordered": 100, "open": 40, "shipped": 60}
    subject.fire("SO-1", "arrive", track="shipment:1", by="li")
    assert standing(subject)["1"] == {"ordered": 100, "open": 40, "delivered": 60}
    assert not subject.get("SO-1").tracks["shipment:1"].carries


def test_what_one_shipment_carries_no_other_can_take() -> None:
    """A second shipment gets only what no track carries; a lost one gives its load back."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", lines={"1": 60}, by="li")
    with pytest.raises(of.Refused) as refused:
        subject.open_track("SO-1", "shipment", lines={"1": 41}, by="li")
    (why,) = refused.value.reasons
    assert (why.code, why.params["wanted"], why.params["there"]) == ("not_enough", 41, 40)
    assert "shipment:2" not in subject.get("SO-1").tracks, "a refused opening leaves no track"
    subject.fire("SO-1", "lose", track="shipment:1", by="li")
    assert subject.open_track("SO-1", "shipment", lines={"1": 100}, by="li").events[0].track == "shipment:2"


def test_loading_and_unloading() -> None:
    """What is on a track can come off it again; without lines, everything goes on or comes off."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", by="li")
    assert subject.load("SO-1", "shipment:1", by="li").view.tracks["shipment:1"].carries == {
        "1": 100,
        "2": Decimal("2.5"),
    }
    view = subject.unload("SO-1", "shipment:1", {"1": 30}, by="li").view
    assert view.tracks["shipment:1"].carries == {"1": 70, "2": Decimal("2.5")}
    assert not subject.unload("SO-1", "shipment:1", by="li").view.tracks["shipment:1"].carries
    with pytest.raises(of.Refused, match="carries nothing that 'ship' could move"):
        subject.fire("SO-1", "send", track="shipment:1", by="li")
    assert "send" not in subject.allowed("SO-1", by="li", track="shipment:1")


def test_sources_are_taken_in_their_order() -> None:
    """A move takes from its first source before the others."""
    subject = tracker()
    subject.move("SO-1", "reserve", {"1": 30}, by="li")
    subject.move("SO-1", "ship", {"1": 50}, by="li")
    assert standing(subject)["1"] == {"ordered": 100, "open": 50, "shipped": 50}


def test_over_delivery_within_the_tolerance_counts_as_ordered() -> None:
    """Five percent more may be shipped, in all; the surplus is ordered from then on, so the sum still holds."""
    subject = tracker()
    subject.move("SO-1", "ship", {"1": 103}, by="li")
    assert standing(subject)["1"] == {"ordered": 103, "shipped": 103}
    with pytest.raises(of.Refused) as refused:
        subject.move("SO-1", "ship", {"1": 3}, by="li")
    (why,) = refused.value.reasons
    assert (why.code, why.params["most"], why.place.line) == ("over_tolerance", 2, 5)
    assert why.text("zh") == "订单行 1：需要 3，现有 0；超量容差 5% 还剩 2"
    subject.move("SO-1", "ship", {"1": 2}, by="li")
    subject.move("SO-1", "deliver", by="li")
    assert standing(subject)["1"] == {"ordered": 105, "delivered": 105}
    assert [event.body.cause for event in subject.history("SO-1") if event.type == "quantity_moved"] == [
        "placed", "move", "over", "over", "move"
    ]  # fmt: skip


def test_what_was_delivered_over_counts_when_more_is_ordered() -> None:
    """105 of 100 were shipped; ordered up to 103 and 110, the surplus counts first, then the rest is open."""
    subject = tracker()
    subject.move("SO-1", "ship", {"1": 105}, by="li")
    subject.amend("SO-1", lines={"1": {"quantity": 103}}, by="li")
    assert standing(subject)["1"] == {"ordered": 105, "shipped": 105}
    subject.amend("SO-1", lines={"1": {"quantity": 110}}, by="li")
    assert standing(subject)["1"] == {"ordered": 110, "shipped": 105, "open": 5}


def test_there_is_no_surplus_on_a_shipment_while_more_could_be_loaded() -> None:
    """More than a shipment carries is taken from what is open, by loading it; only beyond that it is over-delivery."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", lines={"1": 60}, by="li")
    with pytest.raises(of.Refused) as refused:
        subject.move("SO-1", "ship", {"1": 62}, track="shipment:1", by="li")
    assert [why.code for why in refused.value.reasons] == ["not_enough"]
    subject.load("SO-1", "shipment:1", {"1": 40}, by="li")
    subject.move("SO-1", "ship", {"1": 102}, track="shipment:1", by="li")
    assert standing(subject)["1"] == {"ordered": 102, "shipped": 102}


def test_nothing_moves_on_a_track_that_has_ended() -> None:
    """A shipment that has arrived carries nothing, and a surplus is not put onto it either."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", lines={"1": 100}, by="li")
    subject.fire("SO-1", "send", track="shipment:1", by="li")
    subject.fire("SO-1", "arrive", track="shipment:1", by="li")
    with pytest.raises(of.Refused) as refused:
        subject.move("SO-1", "ship", {"1": 1}, track="shipment:1", by="li")
    assert [why.code for why in refused.value.reasons] == ["track_ended"]


def test_a_removed_line_leaves_nothing_behind() -> None:
    """What was delivered over and came back goes with its line."""
    subject = tracker()
    subject.move("SO-1", "ship", {"1": 105}, by="li")
    subject.move("SO-1", "deliver", by="li")
    subject.move("SO-1", "exchange", {"1": 105}, by="li")
    subject.amend("SO-1", remove=["1"], by="li")
    assert list(standing(subject)) == ["2"]


def test_only_moves_that_may_go_over() -> None:
    """A move without `over` takes what there is and no more."""
    subject = tracker()
    with pytest.raises(of.Refused, match=r"line 1: 101 is wanted, and 100 is there \(open; order\)"):
        subject.move("SO-1", "reserve", {"1": 101}, by="li")


def test_short_close_return_and_exchange() -> None:
    """What is not delivered can be closed by role; what came back is owed again when it is exchanged."""
    subject = tracker()
    subject.move("SO-1", "ship", {"1": 60, "2": "2.5"}, by="li")
    subject.move("SO-1", "deliver", by="li")
    with pytest.raises(of.Refused, match="needs one of the roles boss"):
        subject.move("SO-1", "short_close", by="li")
    subject.move("SO-1", "short_close", by="chen")
    assert subject.why_not("SO-1", "complete", by="li")[0].code == "guard_false"
    subject.open_track("SO-1", "back", lines={"1": 10}, by="li")
    subject.fire("SO-1", "receive", track="back:1", by="li")
    assert standing(subject)["1"] == {"ordered": 100, "delivered": 50, "cancelled": 40, "returned": 10}
    subject.move("SO-1", "exchange", {"1": 10}, by="li")
    subject.move("SO-1", "ship", by="li")
    subject.move("SO-1", "deliver", by="li")
    assert standing(subject)["1"] == {"ordered": 100, "delivered": 60, "cancelled": 40}
    assert subject.fire("SO-1", "close", by="li").stage == "completed"


def test_order_level_facts_derive_from_lines() -> None:
    """`lines('delivered') == lines('ordered')` holds when it does for every line."""
    subject = tracker()
    subject.move("SO-1", "ship", {"1": 100}, by="li")
    subject.move("SO-1", "deliver", by="li")
    (why,) = subject.why_not("SO-1", "complete", by="li")
    assert why.params["values"]["lines('delivered')"] == "{1: 100, 2: 0}"
    subject.move("SO-1", "ship", by="li")
    subject.move("SO-1", "deliver", by="li")
    assert subject.allowed("SO-1", by="li") == ("complete", "close", "cancel") or "complete" in subject.allowed(
        "SO-1", by="li"
    )
    assert subject.fire("SO-1", "complete", by="li").stage == "completed"


def test_a_transition_of_the_order_moves_what_no_track_carries() -> None:
    """Cancelling closes what is open; what a shipment carries stays with it. The move's own role is asked."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", lines={"1": 60}, by="li")
    with pytest.raises(of.Refused, match="boss"):
        subject.fire("SO-1", "cancel", by="li")
    subject.fire("SO-1", "cancel", by="chen")
    assert standing(subject)["1"] == {"ordered": 100, "open": 60, "cancelled": 40}


def test_an_observed_stage_moves_quantities_too() -> None:
    """What another system reports moves the carried lines where the flow foresees the step; not where it does not."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", lines={"1": 60}, by="li")
    subject.observe("SO-1", "on_road", source="wms", track="shipment:1")
    assert standing(subject)["1"] == {"ordered": 100, "open": 40, "shipped": 60}
    subject.open_track("SO-1", "shipment", lines={"1": 10}, by="li")
    assert subject.observe("SO-1", "arrived", source="wms", track="shipment:2").view.tracks["shipment:2"].inconsistent
    assert standing(subject)["1"] == {"ordered": 100, "open": 40, "shipped": 60}


def test_an_observed_step_asks_for_nobodys_role() -> None:
    """That another system shipped the goods is a fact, whoever may order the move here."""
    subject = tracker(FLOW.replace("over: true, title", "over: true, roles: [boss], title"))
    subject.open_track("SO-1", "shipment", lines={"1": 60}, by="li")
    with pytest.raises(of.Refused, match="boss"):
        subject.fire("SO-1", "send", track="shipment:1", by="li")
    subject.observe("SO-1", "on_road", source="wms", track="shipment:1")
    assert standing(subject)["1"] == {"ordered": 100, "open": 40, "shipped": 60}


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda t: t.move("SO-1", "shp", by="li"), "unknown_move"),
        (lambda t: t.move("SO-1", "ship", {"9": 1}, by="li"), "unknown_line"),
        (lambda t: t.move("SO-1", "ship", {"1": 0}, by="li"), "bad_quantity"),
        (lambda t: t.move("SO-1", "ship", {"1": -1}, by="li"), "bad_quantity"),
        (lambda t: t.move("SO-1", "ship", {"1": 0.5}, by="li"), "float_refused"),
        (lambda t: t.move("SO-1", "ship", {"1": "NaN"}, by="li"), "not_a_number"),
        (lambda t: t.move("SO-1", "ship", {"1": "1e999"}, by="li"), "not_a_number"),
        (lambda t: t.move("SO-1", "ship", {"1": Decimal("1." + "1" * 150)}, by="li"), "not_a_number"),
        (lambda t: t.move("SO-1", "ship", {}, by="li"), "bad_quantities"),
        (lambda t: t.move("SO-1", "ship", ["1"], by="li"), "bad_quantities"),
        (lambda t: t.move("SO-1", "deliver", by="li"), "nothing_to_move"),
        (lambda t: t.move("SO-1", "late_ship", by="li"), "guard_unknown"),
        (lambda t: t.move("SO-1", "ship", by="li", track="shipment:1"), "unknown_track"),
        (lambda t: t.load("SO-1", "order", by="li"), "track_carries_no_lines"),
        (lambda t: t.open_track("SO-1", "back", lines={"1": 1}, by="li"), "not_enough"),
        (lambda t: t.move("SO-1", "ship", by="nobody"), "unknown_person"),
    ],
)  # fmt: skip
def test_what_cannot_be_moved_is_refused_with_its_reason(call: Any, code: str) -> None:
    """Every bad move names its reason and leaves no trace."""
    subject = tracker()
    before = subject.history("SO-1")
    with pytest.raises(of.Refused) as refused:
        call(subject)
    assert [why.code for why in refused.value.reasons] == [code]
    assert all(why.text("zh") and why.text("en") for why in refused.value.reasons)
    assert subject.history("SO-1") == before


def test_a_flow_without_lines_refuses_moves() -> None:
    """A flow that does not follow quantities says so; `lines('ordered')` is what was ordered."""
    text = (
        FLOW[: FLOW.index("lines:")]
        + """
lifecycle:
  initial: a
  stages: {a: {}, b: {category: done}}
  transitions: [{trigger: go, source: a, dest: b, guard: "lines('ordered') > 102"}]
"""
    )
    subject = tracker(text)
    with pytest.raises(of.Refused, match="does not follow quantities"):
        subject.move("SO-1", "ship", by="li")
    assert subject.fire("SO-1", "go", by="li").stage == "b"


def test_the_timeline_tells_moves_in_words() -> None:
    """Each move is a line of the timeline, by the titles of the move and of its line stages."""
    subject = tracker()
    entry = subject.move("SO-1", "ship", {"1": 5}, by="li").view.timeline[-1]
    assert (entry.text("en"), entry.text("zh")) == ("Ship: 1: 5 (未发 → shipped)", "发货：1: 5 (未发 → shipped)")


def test_a_transfer_of_what_is_not_there_cannot_be_folded() -> None:
    """A line's state refuses to give what it has not, so damage is not read as a history."""
    with pytest.raises(ValueError, match="5 is not in open"):
        LineState().after(Transfer(line="1", quantity=Decimal(5), source="open", dest="shipped"))


MOVES = ["reserve", "ship", "deliver", "take_back", "exchange", "short_close"]
QUANTITY = st.decimals(min_value="0.001", max_value="130", places=3)
LINE = st.sampled_from("123")
ON = st.sampled_from(["order", "shipment:1", "shipment:2", "back:1"])
STEP = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(MOVES), LINE, QUANTITY, ON),
    st.tuples(st.just("open"), st.sampled_from(["shipment", "back"]), LINE, QUANTITY, st.none()),
    st.tuples(st.just("load"), st.booleans(), LINE, QUANTITY, ON),
    st.tuples(st.just("fire"), st.sampled_from(["send", "arrive", "lose", "receive"]), st.none(), st.none(), ON),
    st.tuples(st.just("amend"), st.sampled_from(["quantity", "remove", "add"]), LINE, QUANTITY, st.none()),
)


def do(subject: of.Tracker, step: tuple[Any, ...]) -> None:
    kind, what, line, quantity, track = step
    if kind == "move":
        subject.move("SO-1", what, {line: quantity}, by=SHOP, track=track)
    elif kind == "open":
        subject.open_track("SO-1", what, lines={line: quantity}, by=SHOP)
    elif kind == "load":
        (subject.unload if what else subject.load)("SO-1", track, {line: quantity}, by=SHOP)
    elif kind == "fire":
        subject.fire("SO-1", what, by=SHOP, track=track)
    elif what == "quantity":
        subject.amend("SO-1", lines={line: {"quantity": quantity}}, by=SHOP)
    elif what == "remove":
        subject.amend("SO-1", remove=[line], by=SHOP)
    else:
        subject.amend("SO-1", add=[of.Line(line, "N", quantity)], by=SHOP)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_ordered_is_the_sum_over_all_stages_whatever_happens(steps: list[tuple[Any, ...]]) -> None:
    """Under random commands nothing appears or vanishes: contract and accepted surplus are the sum of all stages."""
    subject = tracker()
    for step in steps:
        before = subject.history("SO-1")
        try:
            do(subject, step)
        except of.Refused:
            assert subject.history("SO-1") == before
        state = subject._road.order("SO-1")
        assert set(state.quantities) == {line.id for line in state.order.lines}
        for line in state.order.lines:
            found = state.quantities[line.id]
            assert found.ordered >= line.quantity
            amended = any(event.type == "order_amended" for event in before)
            assert found.ordered <= line.quantity * Decimal("1.05") or amended
            assert all(lot.quantity > 0 for lot in found.lots)
            shown = subject.get("SO-1").quantities[line.id]
            assert sum(value for stage, value in shown.items() if stage != "ordered") == shown["ordered"]
    events = subject.history("SO-1")
    assert fold(Blank(stream=events[0].stream), events) == subject._road.order("SO-1"), "replay equals live"


def test_concurrent_shipments_never_take_more_than_there_is(tmp_path: Path) -> None:
    """Eight threads ship from one order at once: what was taken is what is gone, and none is below zero."""
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    subject = tracker(storage=url)
    taken: list[int] = []

    def ship(number: int) -> None:
        with of.Tracker(read_flow_text(FLOW), directory=PEOPLE, storage=url) as own:
            for _ in range(5):
                try:
                    own.move("SO-1", "reserve", {"1": 3}, by=SHOP)
                    taken.append(3)
                except (of.Refused, of.Conflict):
                    continue

    threads = [threading.Thread(target=ship, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = subject.get("SO-1").quantities["1"]
    assert found.get("reserved", 0) == sum(taken) and found["ordered"] == 100
    assert found.get("open", Decimal(0)) == 100 - sum(taken) >= 0
    subject.close()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("dest: reserved}", "dest: reservd}", "unknown_line_stage"),
        ("source: shipped, dest: delivered", "source: shiped, dest: delivered", "unknown_line_stage"),
        ("moves: ship}", "moves: shp}", "unknown_move_in_flow"),
        ("tolerance: 5%", "tolerance: 5", "bad_percent"),
        ("tolerance: 5%", "tolerance: -5%", "bad_percent"),
        ("tolerance: 5%", "tolerance: 5000%", "bad_percent"),
        ("loads: [delivered]", "loads: [delivred]", "unknown_line_stage"),
        ("dest: reserved}", "dest: open}", "move_nowhere"),
        ("lines('ordered')\"}", "lines('orderd')\"}", "condition_unknown_argument"),
        ("stages: {open: {title: {zh: 未发}}, ", "stages: {ordered: {}, open: {}, ", "reserved_line_stage"),
        ("many: true\n    carries_lines: true\n    loads", "many: true\n    loads", "loads_without_carries"),
        ("source: open, dest: reserved", "source: [], dest: reserved", "no_source"),
    ],
)  # fmt: skip
def test_wrong_lines_in_a_flow_are_problems_with_a_place(old: str, new: str, code: str) -> None:
    """Each slip in `lines:`, and wherever moves are named, is found with its line."""
    assert old in FLOW
    with pytest.raises(of.DefinitionError) as wrong:
        read_flow_text(FLOW.replace(old, new), file="f.yaml")
    assert code in [item.code for item in wrong.value.problems]
    assert all(item.place.line for item in wrong.value.problems)
