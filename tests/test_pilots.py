"""A new version is tried on some new orders (先小范围试点): which ones, how it widens and ends, and what it shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.adapters.memory import MemoryStorage
from orderflow.metrics.pilots import quantile
from orderflow.model.pilots import Pilot, percent, to_share
from orderflow.rules.piloting import in_share

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SHOP = of.Actor.system("shop")
OLD = """
flow: sales
fields: {order.branch: {type: choice, of: [shanghai, beijing]}, customer.phone: {personal: true}}
lifecycle:
  initial: placed
  stages: {placed: {}, making: {}, done: {category: done}, void: {category: cancelled}}
  transitions:
    - {trigger: make, source: placed, dest: making}
    - {trigger: back, source: making, dest: placed}
    - {trigger: finish, source: making, dest: done}
    - {trigger: cancel, source: "*", dest: void}
sla: {all: {start: [placed, making], target: 5h}}
"""
NEW = OLD.replace("- {trigger: back", "- {trigger: finish, source: placed, dest: done}\n    - {trigger: back")


def flow(text: str = NEW) -> of.Flow:
    return read_flow_text(text, file="f.yaml")


class World:
    """A Tracker of the old version, with its clock; others share its storage."""

    def __init__(self, storage: Any = None) -> None:
        self.now = MONDAY
        self.storage = storage or MemoryStorage()
        self.tracker = self.opened()

    def opened(self, text: str = OLD) -> of.Tracker:
        return of.Tracker(flow(text), storage=self.storage, clock=lambda: self.now)

    def place(self, *ids: str, tracker: of.Tracker | None = None, **attributes: Any) -> list[str]:
        """Place orders; the ids of those that are in a pilot."""
        taken = []
        for id in ids:
            receipt = (tracker or self.tracker).place(of.Order(id, attributes=attributes), by=SHOP)
            if receipt.state.flow != of.fingerprint(flow(OLD)):
                taken.append(id)
        return taken


IDS = [f"SO-{number:03}" for number in range(200)]


def test_a_share_of_the_new_orders_gets_the_new_version() -> None:
    """They are pinned to it; the event says by which pilot, and the receipt why."""
    world = World()
    pilot = world.tracker.start_pilot(flow(), name="short-cut", share="30%", by="boss")
    assert (pilot.share, pilot.flow, pilot.running) == (Decimal("0.3"), "sales", True)
    taken = world.place(*IDS)
    assert 40 < len(taken) < 80
    first = world.tracker.history(taken[0])[0]
    assert (first.rule, first.flow) == ("pilot:short-cut", of.fingerprint(flow()))
    receipt = world.tracker.preview(of.Place(content=of.Order(new_in(pilot)), by=SHOP))
    assert [item.text() for item in receipt.reasons] == [
        "placed by the version of the pilot 'short-cut' (share 30%, condition –)"
    ]
    assert "按试点" in receipt.reasons[0].text("zh")
    assert "finish" in world.tracker.allowed(taken[0], by=SHOP)
    outside = next(id for id in IDS if id not in taken)
    assert world.tracker.history(outside)[0].rule is None
    assert "finish" not in world.tracker.allowed(outside, by=SHOP)


def new_in(pilot: of.Pilot) -> str:
    """An id that is in the pilot's share and not placed yet."""
    return next(f"X-{number}" for number in range(1_000) if in_share(pilot, f"X-{number}"))


def test_a_cohort_is_a_condition_on_the_order() -> None:
    """A branch is one such; unknown is out."""
    world = World()
    world.tracker.start_pilot(flow(), name="shanghai", when="order.branch == 'shanghai'", by="boss")
    assert world.place("a", "b", branch="shanghai") == ["a", "b"]
    assert world.place("c", branch="beijing") == []
    assert world.place("d") == []


def test_share_and_cohort_hold_together() -> None:
    """A share of those for whom the condition is true."""
    world = World()
    world.tracker.start_pilot(flow(), name="p", share=50, when="order.branch == 'shanghai'", by="boss")
    assert 30 < len(world.place(*IDS[:100], branch="shanghai")) < 70
    assert world.place(*IDS[100:], branch="beijing") == []


def test_other_trackers_see_it_at_their_next_order(tmp_path: Path) -> None:
    """Start, widening and end need no restart of any process: the flow's stream tells."""
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    with of.Tracker(flow(OLD), storage=url) as one, of.Tracker(flow(OLD), storage=url) as other:
        world = World(MemoryStorage())
        assert world.place("a", tracker=other) == []
        one.start_pilot(flow(), name="p", share=Decimal("1"), by="boss")
        assert world.place("b", tracker=other) == ["b"]
        one.end_pilot("p", by="boss")
        assert world.place("c", tracker=other) == []
        assert other.get("b").flow_version == of.fingerprint(flow())


def test_an_order_of_an_ended_pilot_stays_and_repeats() -> None:
    """Withdrawn means: no more orders. Those that it has stay on its version, until somebody migrates them."""
    world = World()
    world.tracker.start_pilot(flow(), name="p", share="100%", by="boss")
    world.place("a")
    ended = world.tracker.end_pilot("p", by="boss")
    assert (ended.running, ended.adopted) == (False, False)
    assert world.tracker.place(of.Order("a"), by=SHOP).repeated
    assert world.tracker.get("a").flow_version == of.fingerprint(flow())
    plan = world.tracker.plan_migration("sales")
    assert [(item.order, item.kind) for item in plan.orders] == [("a", "unchanged")]


def test_widening_keeps_all_that_were_in() -> None:
    """A greater share, or more orders by another condition; narrowing is refused."""
    world = World()
    world.tracker.start_pilot(flow(), name="p", share="10%", when="order.branch == 'shanghai'", by="boss")
    (before,) = world.tracker.pilots()
    after = world.tracker.widen_pilot("p", share="40%", by="boss")
    assert {id for id in IDS if in_share(before, id)} < {id for id in IDS if in_share(after, id)}
    wider = world.tracker.widen_pilot("p", when="order.branch == 'beijing'", by="boss")
    assert str(wider.when) == "order.branch == 'shanghai' or order.branch == 'beijing'"
    assert world.place(new_in(wider), branch="beijing")
    with pytest.raises(of.DefinitionError, match="characters"):
        world.tracker.widen_pilot("p", when=" or ".join(["order.branch == 'beijing'"] * 70), by="boss")
    with pytest.raises(of.Refused, match="40% and cannot become 30%"):
        world.tracker.widen_pilot("p", share=30, by="boss")
    world.tracker.start_pilot(flow(), name="all", share="10%", by="boss")
    with pytest.raises(of.Refused, match="no condition"):
        world.tracker.widen_pilot("all", when="order.branch == 'beijing'", by="boss")


@given(st.text(min_size=1, max_size=20), st.integers(1, 99), st.integers(1, 99))
def test_the_choice_is_stable_and_grows(order: str, one: int, other: int) -> None:
    """The same order is always in or always out of a share, and whoever is in a smaller one is in a greater one."""
    low, high = sorted((Decimal(one) / 100, Decimal(other) / 100))

    def chosen(share: Decimal | None) -> bool:
        pilot = Pilot(name="p", flow="sales", fingerprint="ab", share=share, started_at=MONDAY)
        return in_share(pilot, order)

    assert chosen(low) <= chosen(high) <= chosen(None) is True


def test_of_several_pilots_the_first_started_takes_an_order() -> None:
    """So two may run side by side, as long as each gets its own."""
    world = World()
    third = NEW.replace("target: 5h", "target: 4h")
    world.tracker.start_pilot(flow(), name="first", when="order.branch == 'shanghai'", by="boss")
    world.tracker.start_pilot(flow(third), name="second", share="100%", by="boss")
    world.place("a", branch="shanghai")
    world.place("b", branch="beijing")
    assert [world.tracker.history(id)[0].rule for id in "ab"] == ["pilot:first", "pilot:second"]
    assert [pilot.name for pilot in world.tracker.pilots("sales")] == ["first", "second"]
    assert world.tracker.pilots("other") == ()


def test_where_the_version_is_current_there_is_nothing_to_try() -> None:
    """A Tracker that was opened with the pilot's version gives it to all, and marks none."""
    world = World()
    world.tracker.start_pilot(flow(), name="p", share="100%", by="boss")
    newer = world.opened(NEW)
    newer.place(of.Order("a"), by=SHOP)
    assert newer.history("a")[0].rule is None


def test_adoption_is_recorded() -> None:
    """Which version new orders get is what a Tracker is opened with; the pilot says that it went well."""
    world = World()
    world.tracker.start_pilot(flow(), name="p", share=10, by="boss")
    world.tracker.end_pilot("p", adopt=True, by="boss")
    assert [(pilot.adopted, pilot.ended_at) for pilot in world.opened().pilots()] == [(True, MONDAY)]


def test_an_order_that_does_not_fit_the_version_is_refused_by_it() -> None:
    """Who is in the pilot is held against its fields: that is a part of what is tried."""
    world = World()
    world.tracker.start_pilot(
        flow(NEW.replace("fields: {", "fields: {order.size: {type: number, required: true}, ")),
        name="p",
        share="100%",
        by="boss",
    )
    with pytest.raises(of.Refused, match=r"order\.size is required"):
        world.place("a")


def test_personal_values_are_those_of_the_version_that_is_tried() -> None:
    """What it declares personal is hidden from the first event on."""
    world = World()
    new = NEW.replace("type: choice, of: [shanghai, beijing]", "personal: true")
    world.tracker.start_pilot(flow(new), name="p", share="100%", by="boss")
    world.place("a", branch="shanghai")
    world.tracker.erase("a", by=SHOP)
    assert "branch" not in world.tracker.get("a").attributes


@pytest.mark.parametrize(
    ("share", "fraction"),
    [("10%", "0.1"), ("2.5 %", "0.025"), (Decimal("0.25"), "0.25"), (100, "1"), (1, "0.01"), ("100%", "1")],
)
def test_shares_are_exact(share: Any, fraction: str) -> None:
    """Percent as text or whole number, or a Decimal fraction."""
    assert to_share(share) == Decimal(fraction)
    assert to_share(percent(to_share(share))) == Decimal(fraction)


@pytest.mark.parametrize(
    "share", [0.1, "0.1", "10", "0%", "101%", 0, 101, -5, True, Decimal(0), Decimal("1.1"), Decimal("NaN"), [], "x%"]
)
def test_other_shares_are_refused(share: Any) -> None:
    """Floats are not exact, and a bare text could mean either."""
    with pytest.raises(of.InvalidValue):
        World().tracker.start_pilot(flow(), name="p", share=share, by="boss")


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("order.brnch == 'shanghai'", "condition_unknown_name"),
        ("order.branch == 'shangai'", "condition_vocabulary"),
        ("stage == 'placed'", "pilot_content_only"),
        ("actor.id == 'li'", "pilot_content_only"),
        ("track('order').stage == 'placed'", "pilot_content_only"),
        ("order.branch ==", None),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused(when: str, code: str | None) -> None:
    """It is held against the fields of the version, and reads the order's content only."""
    world = World()
    with pytest.raises(of.DefinitionError) as refused:
        world.tracker.start_pilot(flow(), name="p", when=when, by="boss")
    assert code is None or code in [item.code for item in refused.value.problems]
    assert world.tracker.pilots() == ()


def test_slips_are_refused() -> None:
    """No orders named, the current version, a name twice, an unknown or ended pilot, nothing to widen."""
    world = World()
    tracker = world.tracker
    with pytest.raises(of.Refused, match="share=, when="):
        tracker.start_pilot(flow(), name="p", by="boss")
    with pytest.raises(of.Refused, match="get anyway"):
        tracker.start_pilot(flow(OLD), name="p", share=10, by="boss")
    with pytest.raises(of.Refused, match="no flow 'repairs'"):
        tracker.start_pilot(flow(NEW.replace("flow: sales", "flow: repairs")), name="p", share=10, by="boss")
    tracker.start_pilot(flow(), name="north", share=10, by="boss")
    with pytest.raises(of.Refused, match="another name"):
        tracker.start_pilot(flow(), name="north", share=10, by="boss")
    with pytest.raises(of.Refused, match="Did you mean 'north'"):
        tracker.end_pilot("nroth", by="boss")
    with pytest.raises(of.Refused, match="share=, when="):
        tracker.widen_pilot("north", by="boss")
    with pytest.raises(of.InvalidValue):
        tracker.end_pilot("north", adopt="yes", by="boss")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(of.DefinitionError):
        tracker.start_pilot(flow(), name="x", when=3, by="boss")  # type: ignore[arg-type]  # the point of the test
    tracker.end_pilot("north", by="boss")
    with pytest.raises(of.Refused, match="ended at"):
        tracker.end_pilot("north", by="boss")


# --- the report ---------------------------------------------------------------------------------------------------


def test_a_report_compares_the_pilot_with_the_rest() -> None:
    """Orders placed before it began count in neither group; every figure stands beside its number of orders."""
    world = World()
    world.place("before", branch="beijing")
    world.now += timedelta(hours=1)
    world.tracker.start_pilot(flow(), name="p", when="order.branch == 'shanghai'", by="boss")
    world.place("p1", "p2", "p3", branch="shanghai")
    world.place("r1", "r2", "r3", "r4", branch="beijing")
    world.now += timedelta(hours=2)
    world.tracker.fire("p1", "finish", by=SHOP)
    world.tracker.observe("p3", "making", source="wms")
    world.tracker.fire("r1", "make", by=SHOP)
    world.tracker.fire("r1", "back", by=SHOP)
    world.tracker.fire("r4", "cancel", by=SHOP)
    world.now += timedelta(hours=4)
    world.tracker.fire("p2", "finish", by=SHOP)
    world.tracker.observe("r2", "done", source="wms")
    world.tracker.sweep()
    report = world.tracker.pilot_report("p")
    assert report.inside == of.PilotGroup(
        orders=3,
        ended=2,
        open=1,
        median=timedelta(hours=4),
        p90=timedelta(hours=5, minutes=36),
        breached=2,
    )
    assert report.rest == of.PilotGroup(
        orders=4,
        ended=1,
        cancelled=1,
        open=2,
        median=timedelta(hours=6),
        p90=timedelta(hours=6),
        breached=3,
        rework=1,
        inconsistent=1,
    )
    rows = report.to_dicts()
    assert [(row["group"], row["orders"], row["breached_share"], row["median_seconds"]) for row in rows] == [
        ("pilot", 3, 2 / 3, 14_400.0),
        ("rest", 4, 0.75, 21_600.0),
    ]
    assert str(report).splitlines()[1] == (
        "pilot: 3 orders (2 ended, 0 cancelled, 1 open); lead time of 2 ended: median 4h, 90 % 5h36m; "
        "breached 2 of 3; rework 0 of 3; inconsistent 0 of 3"
    )
    assert "试点：3 个订单" in report.text("zh")


def test_a_report_of_nothing_says_so() -> None:
    """No orders yet: zeros, and no lead time."""
    world = World()
    world.tracker.start_pilot(flow(), name="p", share=10, by="boss")
    report = world.tracker.pilot_report("p")
    assert (report.inside, report.rest) == (of.PilotGroup(), of.PilotGroup())
    assert report.to_dicts()[0]["breached_share"] is None
    assert "median –" in str(report)


def test_a_report_ends_with_its_pilot() -> None:
    """Orders placed after the end are no part of the comparison."""
    world = World()
    world.tracker.start_pilot(flow(), name="p", share="100%", by="boss")
    world.place("a")
    world.now += timedelta(hours=1)
    world.tracker.end_pilot("p", by="boss")
    world.now += timedelta(hours=1)
    world.place("b")
    report = world.tracker.pilot_report("p")
    assert (report.inside.orders, report.rest.orders) == (1, 0)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=90)), min_size=1, max_size=30))
def test_quantiles_lie_between_their_neighbours(values: list[timedelta]) -> None:
    """The median and the 90th percentile, interpolated linearly; of one value, that value."""
    leads = sorted(values)
    median, high = quantile(leads, 1, 2), quantile(leads, 9, 10)
    assert median is not None and high is not None
    assert leads[0] <= median <= high <= leads[-1]
    if len(leads) % 2:
        assert median == leads[len(leads) // 2]
