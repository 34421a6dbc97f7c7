"""The laws of migration, over random pairs of flows and random histories: nobody is stuck, no clock is lost."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.memory import MemoryStorage
from orderflow.model.events import ClockMarked, FlowMigrated, Stream
from orderflow.model.migration import READY
from orderflow.model.state import Blank, OrderState, fold
from orderflow.rules.commit import index_row
from orderflow.rules.compile import compile_flow

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NAMES = ("new", "check", "make", "ship")
IDS = ("SO-1", "SO-2", "SO-3")
HOST = of.Actor.system("test")
CALENDARS = (
    None,
    of.WorkCalendar.from_dict({"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}}),
    of.WorkCalendar.from_dict({"timezone": "Asia/Shanghai", "hours": {"mon-sun": ["08:00-20:00"]}}),
)


LINES = (
    None,
    of.Lines(stages=["open", "sent"], moves={"send": of.LineMove(source="open", dest="sent")}),
    of.Lines(stages=["open", "made"], moves={"make": of.LineMove(source="open", dest="made")}),
)


@st.composite
def lifecycles(draw: st.DrawFn) -> of.Lifecycle:
    """A few stages, the last of them `done`; transitions between any of them."""
    names = [*draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)), "end"]
    categories = st.sampled_from(["open", "open", "waiting", "cancelled"])
    owners = st.sampled_from([None, "li", of.OwnerRule(role="sales")])
    stages = {
        name: of.Stage(category="done" if name == "end" else "open" if name == names[0] else draw(categories),
                       owner=draw(owners))
        for name in names
    }  # fmt: skip
    pairs = st.tuples(st.sampled_from(names), st.sampled_from([*names, None]), st.sampled_from(["go", "back", "jump"]))
    ways = draw(st.lists(pairs, max_size=4))
    ways += [(here, there, "go") for here, there in pairwise(names) if draw(st.integers(0, 7))]
    ways = ways or [(names[0], "end", "go")]
    chosen = {(source, trigger): dest for source, dest, trigger in reversed(ways)}  # a second one is never taken
    transitions = [
        of.Transition(trigger=trigger, source=source, dest=dest) for (source, trigger), dest in chosen.items()
    ]
    return of.Lifecycle(initial=names[0], stages=stages, transitions=transitions)


@st.composite
def promises(draw: st.DrawFn, stages: tuple[str, ...], track: str) -> of.SLA:
    stage = st.sampled_from(stages)
    target = st.sampled_from(["1h", "4h", "12h"])
    timed = {"due": "order.promised_at"} if draw(st.booleans()) and track == "order" else {"target": draw(target)}
    return of.SLA(
        track=track,
        start=draw(st.lists(stage, min_size=1, max_size=2, unique=True)),
        stop=draw(st.none() | stage),
        pause=draw(st.none() | stage),
        scope=draw(st.sampled_from(["track", "stage", "owner"])),
        time=draw(st.sampled_from(["wall", "business"])),
        carry=draw(st.sampled_from(["all", "used", "restart"])),
        warn=draw(st.sampled_from([[], ["50%"]])),
        escalate=draw(st.sampled_from([[], [of.Rung(after="1h", to=["owner"])]])),
        **timed,
    )


@st.composite
def flows(draw: st.DrawFn, kinds_of_tracks: tuple[tuple[str, bool], ...]) -> of.Flow:
    """A flow with these (name, many) tracks; another draw may be another version of it."""
    main = draw(lifecycles())
    tracks = {name: of.Track(lifecycle=draw(lifecycles()), many=many) for name, many in kinds_of_tracks}
    kinds = {"order": main, **{name: track.lifecycle for name, track in tracks.items()}}
    sla = {}
    for name in draw(st.lists(st.sampled_from(["s1", "s2", "s3", "s4"]), max_size=4, unique=True)):
        kind = draw(st.sampled_from(sorted(kinds)))
        sla[name] = draw(promises(tuple(kinds[kind].stages), kind))
    fields = draw(
        st.sampled_from([{}, {}, {"order.region": of.Field()}, {"order.size": of.Field(type="number", required=True)}])
    )
    return of.Flow(
        name="sales",
        calendar=draw(st.sampled_from(CALENDARS)),
        fields=fields,
        lifecycle=main,
        tracks=tracks,
        sla=sla,
        lines=draw(st.sampled_from(LINES)),
    )


def valid(flow: of.Flow) -> bool:
    return all(item.severity != "error" for item in of.problems(flow))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[of.Flow, of.Flow]:
    """Two versions of a flow that compile, mostly with the same kinds of tracks."""
    kinds = st.sampled_from([(), (("payment", False),), (("payment", False), ("parcel", True)), (("payment", True),)])
    first = draw(kinds)
    second = draw(kinds) if draw(st.integers(0, 3)) == 0 else first
    return draw(flows(first).filter(valid)), draw(flows(second).filter(valid))


VERSIONS = pairs()
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fire"] * 3 + ["open", "wait", "assign", "late", "observe", "move"]),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=8,
)
MAPPINGS = st.dictionaries(
    st.sampled_from([*NAMES, "payment/new", "payment/check", "parcel/new"]),
    st.sampled_from([*NAMES, "end", "nowhere"]),
    max_size=4,
)
CLOCKS = st.sampled_from(["keep", "restart", "rescale"])
DIRECTORY = of.Directory([of.Person(id="li"), of.Person(id="wang", roles=["sales"])])


class World:
    """A Tracker of the first version, its clock and its storage."""

    def __init__(self, flow: of.Flow, storage: Any = None) -> None:
        self.now = START
        self.storage = MemoryStorage() if storage is None else storage
        self.tracker = self.opened(flow)

    def opened(self, flow: of.Flow) -> of.Tracker:
        return of.Tracker(flow, storage=self.storage, directory=DIRECTORY, clock=lambda: self.now)

    def live(self, steps: list[tuple[str, int, int]]) -> None:
        """Place the orders and take the steps."""
        for number, id in enumerate(IDS):
            attributes = {"size": 3} if self.needs_size else {}
            promised = START + timedelta(hours=5) if number else None
            lines = [of.Line("1", "A-7", 5)] if number else []
            self.tracker.place(of.Order(id, attributes=attributes, promised_at=promised, lines=lines), by=HOST)
        for what, which, more in steps:
            order = IDS[which % len(IDS)]
            self.step(what, order, which, more)

    @property
    def needs_size(self) -> bool:
        return any("order.size" in program.flow.fields for program in self.tracker._road.current.values())

    def step(self, what: str, order: str, which: int, more: int) -> None:
        tracks = sorted(self.tracker.get(order).tracks)
        track = tracks[more % len(tracks)]
        if what == "wait":
            self.now += timedelta(hours=more % 9)
            return
        with contextlib.suppress(of.Refused):
            if what == "open":
                self.tracker.open_track(order, "parcel", by=HOST)
            elif what == "move":
                self.tracker.move(order, ("send", "make")[more % 2], {"1": which % 5 + 1}, by=HOST)
            elif what == "assign":
                self.tracker.assign(order, "wang", by=HOST, track=track)
            elif what == "observe":
                at = self.now - timedelta(hours=which % 6)
                self.tracker.observe(order, NAMES[more % len(NAMES)], source="wms", track=track, at=at)
            elif what == "late":
                allowed = (*self.tracker.allowed(order, by=HOST, track=track), "go")
                at = self.now - timedelta(hours=which % 6)
                self.tracker.fire(order, allowed[0], by=HOST, track=track, at=at)
            else:
                allowed = self.tracker.allowed(order, by=HOST, track=track)
                if allowed:
                    self.tracker.fire(order, allowed[more % len(allowed)], by=HOST, track=track)

    def state(self, order: str) -> OrderState:
        stream = Stream.order(order)
        state = fold(Blank(stream=stream), self.storage.load(stream))
        assert isinstance(state, OrderState)
        return state


def usable(mapping: Mapping[str, str], *versions: of.Flow) -> dict[str, str]:
    """The part of a mapping whose stages some version has; others are refused as slips."""
    known = {f"{kind}/{stage}" for flow in versions for kind, _, item in flow.lifecycles() for stage in item.stages}
    return {old: new for old, new in mapping.items() if (old if "/" in old else f"order/{old}") in known}


def can_go_on(flow: of.Flow, state: OrderState) -> bool:
    """Whether the order has ended, or some trigger leaves its stage."""
    table = compile_flow(flow).lifecycle("order").table
    here = state.main.stage
    ways = (way for (source, _), found in table.items() if source == here for way in found)
    return state.main.category in ("done", "cancelled") or any(way.dest not in (None, here) for way in ways)


def no_clock_is_lost(before: OrderState, after: OrderState) -> None:
    commit = after.timeline[before.version :]
    marked = {
        f"{event.track}/{mark.sla}"
        for event in commit
        if isinstance(event.body, ClockMarked)
        for mark in event.body.marks
    }
    for name, clock in before.clocks.items():
        if clock.active:
            assert after.clocks[name].active or name in marked, name


@settings(max_examples=250 if os.environ.get("ORDERFLOW_LONG") else 100)
@given(VERSIONS, STEPS, MAPPINGS, CLOCKS, st.booleans())
def test_migration_keeps_its_laws(
    versions: tuple[of.Flow, of.Flow], steps: list[Any], mapping: dict[str, str], clocks: Any, named: bool
) -> None:
    """Planning writes nothing; each order then goes as planned, is not stuck, loses no clock, and can go back."""
    old, new = versions
    world = World(old)
    world.live(steps)
    if of.fingerprint(old) == of.fingerprint(new):
        return
    size = len(world.storage.feed(0, 10_000).events)
    mapping = usable(mapping, old, new)
    plan = world.tracker.plan_migration(new, orders=IDS if named else None, mapping=mapping, clocks=clocks)
    assert len(world.storage.feed(0, 10_000).events) == size
    planned = {item.order: item for item in plan.orders}
    before = {id: world.state(id) for id in IDS}
    running = {id for id in IDS if before[id].main.category in ("open", "waiting")}
    assert set(planned) == (set(IDS) if named else running)

    done = world.tracker.migrate(plan, by=HOST)
    assert done.done == sum(item.kind in READY for item in plan.orders)
    assert {(item.order, item.kind, item.reasons) for item in done.left} == {
        (item.order, item.kind, item.reasons) for item in plan.orders if item.kind not in READY
    }
    target, went = compile_flow(new), []
    for id in IDS:
        after = world.state(id)
        if id not in planned or planned[id].kind not in READY:
            assert after == before[id]
            continue
        went.append(id)
        assert after.flow == target.fingerprint
        for track, here in after.tracks.items():
            stage = target.lifecycle(track).lifecycle.stages[here.stage]
            assert here.category == stage.category
        for track, was in before[id].tracks.items():
            moves = {name: there for name, _, there in planned[id].moves}
            assert after.tracks[track].stage == moves.get(track, was.stage)
            assert after.tracks[track].entered_at == was.entered_at
        assert {name for name, track in new.tracks.items() if not track.many} <= set(after.tracks)
        assert can_go_on(new, after)
        assert after.quantities == before[id].quantities or not before[id].quantities
        assert bool(after.quantities) == bool(new.lines and after.order.lines)
        no_clock_is_lost(before[id], after)
        if clocks == "keep":
            for name, clock in before[id].clocks.items():
                if clock.running and after.clocks[name].running:
                    assert (after.clocks[name].due_at, after.clocks[name].spent) == (clock.due_at, clock.spent)
    again = world.tracker.migrate(plan, by=HOST)
    assert (again.done, again.skipped) == (0, len(went))

    # A fresh Tracker of the new version, and one of the old, fold the same and go on.
    for flow in (new, old):
        other = world.opened(flow)
        for id in IDS:
            assert other.get(id) == world.tracker.get(id)
            for track in other.get(id).tracks:
                assert other.allowed(id, by=HOST, track=track) == world.tracker.allowed(id, by=HOST, track=track)
    for id in went:
        state = world.state(id)
        assert index_row(target, state) == world.storage.find(of_id(id))[0]

    back = world.tracker.revert_migration(plan, by=HOST) if went else None
    for id in went:
        reverted = world.state(id)
        assert reverted.flow == before[id].flow, back
        assert {name: track.stage for name, track in reverted.tracks.items()} == {
            name: track.stage for name, track in before[id].tracks.items()
        }
        no_clock_is_lost(world_before(reverted), reverted)
    world.now += timedelta(days=3)
    world.tracker.sweep()
    for id in IDS:
        world.tracker.get(id)


def of_id(order: str) -> Any:
    from orderflow.model.commit import Query

    return Query(after=order[:-1] + chr(ord(order[-1]) - 1), limit=1)


def world_before(after: OrderState) -> OrderState:
    """The state before the last migration of an order."""
    last = max(event.version for event in after.timeline if isinstance(event.body, FlowMigrated))
    state = fold(Blank(stream=after.stream), after.timeline[: last - 1])
    assert isinstance(state, OrderState)
    return state


@settings(max_examples=100)
@given(VERSIONS, STEPS, CLOCKS, STEPS)
def test_migrated_orders_live_on(
    versions: tuple[of.Flow, of.Flow], steps: list[Any], clocks: Any, more: list[Any]
) -> None:
    """After a migration every command, view and sweep works, and the history replays to the live state."""
    old, new = versions
    world = World(old)
    world.live(steps)
    plan = world.tracker.plan_migration(new, clocks=clocks)
    world.tracker.migrate(plan, by=HOST)
    world.tracker = world.opened(new)
    for what, which, other in more:
        world.step(what, IDS[which % len(IDS)], which, other)
        world.tracker.sweep()
    for id in IDS:
        assert world.tracker._road.order(id) == world.state(id)
        view = world.tracker.get(id)
        assert all(entry.text("en") and entry.text("zh") for entry in view.timeline)
        for at in {entry.recorded_at for entry in view.timeline}:
            world.tracker.get(id, as_of=at)
    with contextlib.suppress(of.Refused):  # where nothing had gone
        world.tracker.revert_migration(plan, by=HOST)
    for id in IDS:
        world.tracker.get(id)
    world.tracker.log()


@settings(max_examples=60)
@given(VERSIONS, VERSIONS, STEPS, CLOCKS)
def test_migrations_go_back_in_the_order_in_which_they_came(
    versions: tuple[of.Flow, of.Flow], more: tuple[of.Flow, of.Flow], steps: list[Any], clocks: Any
) -> None:
    """From version to version and all the way back, every order is again where it was."""
    world = World(versions[0])
    world.live(steps)
    before = {id: world.state(id) for id in IDS}
    plans = []
    for flow in (versions[1], *more):
        world.now += timedelta(hours=1)
        plan = world.tracker.plan_migration(flow, clocks=clocks)
        if plan.id not in plans and world.tracker.migrate(plan, by=HOST).done:
            plans.append(plan.id)
    for plan_id in reversed(plans):
        world.now += timedelta(hours=1)
        assert not world.tracker.revert_migration(plan_id, by=HOST).left
    for id in IDS:
        after = world.state(id)
        assert after.flow == before[id].flow
        assert {name: (track.stage, track.category) for name, track in after.tracks.items()} == {
            name: (track.stage, track.category) for name, track in before[id].tracks.items()
        }


@settings(max_examples=25)
@given(VERSIONS, STEPS)
def test_an_sqlite_file_is_all_that_is_needed(
    tmp_path_factory: pytest.TempPathFactory, versions: tuple[of.Flow, of.Flow], steps: list[Any]
) -> None:
    """A fresh Tracker reads migrated and other orders from the file alone, whatever version it was opened with."""
    old, new = versions
    path: Path = tmp_path_factory.mktemp("migration") / "orders.db"
    world = World(old, of.Tracker(old, storage=f"sqlite:///{path}")._road.storage)
    world.live(steps)
    world.tracker.migrate(world.tracker.plan_migration(new), by=HOST)
    views = [world.tracker.get(id) for id in IDS]
    world.storage.close()
    with of.Tracker(new, storage=f"sqlite:///{path}", directory=DIRECTORY, clock=lambda: world.now) as fresh:
        assert [fresh.get(id) for id in IDS] == views
