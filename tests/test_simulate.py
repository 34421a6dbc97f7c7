"""What the simulator promises: one seed, one course of events; believable people; any flow."""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve

import orderflow as of
from orderflow import simulate as simulator
from orderflow.adapters.codec import seal
from orderflow.adapters.memory import MemoryStorage
from orderflow.model.canonical import body_bytes
from orderflow.model.events import ClockMarked, NoteAdded, OwnerAssigned, StageEntered, StageObserved, Stream
from orderflow.simulate import (
    Delay,
    Length,
    Outcome,
    Rhythm,
    Scenario,
    SimulatedClock,
    Staff,
    Work,
    plain_scenario,
    sales_flow,
    sales_scenario,
    simulate,
)
from orderflow.simulate.people import draw_arrivals
from orderflow.simulate.sales import FLOW_FILE

START = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai


def without_personal(scenario: Scenario) -> Scenario:
    """The same with nothing personal: the salts of personal values are drawn by the Tracker, not by the seed."""
    fields = {name: evolve(item, personal=False) for name, item in scenario.flow.fields.items()}
    return evolve(scenario, flow=evolve(scenario.flow, fields=fields))


def histories(scenario: Scenario, storage: Any = "memory:", **options: Any) -> dict[str, list[of.model.events.Event]]:
    """Every order's events after a simulation, by id."""
    clock = SimulatedClock(START)
    with of.Tracker(scenario.flow, storage=storage, directory=scenario.directory, clock=clock) as tracker:
        simulate(tracker, clock, scenario, **{"orders": 40, "days": 14, **options})
        found: dict[str, list[Any]] = {}
        cursor, events = 0, None
        while events != ():
            events, cursor = tracker.changes(cursor)
            for event in events:
                if event.stream.kind == "order":
                    found.setdefault(event.stream.id, []).append(event)
        return found


def sealed(events: dict[str, list[Any]]) -> dict[str, bytes]:
    """The head hash of every history: equal for histories that are equal byte for byte."""
    heads = {}
    for order, history in events.items():
        head = bytes(32)
        for event in history:
            head = seal(head, event).hash
        heads[order] = head
    return heads


def test_one_seed_is_one_course_of_events_byte_for_byte() -> None:
    """The same seed gives the same bytes, in another storage too; another seed gives other ones."""
    scenario = without_personal(sales_scenario(40 / 14))
    first = sealed(histories(scenario, seed=5))
    assert len(first) == 40
    assert sealed(histories(scenario, seed=5)) == first
    assert sealed(histories(scenario, seed=6)) != first


def test_the_storage_does_not_matter(tmp_path: Path) -> None:
    """SQLite holds byte for byte what memory holds."""
    scenario = without_personal(sales_scenario(20 / 14))
    in_file = histories(scenario, f"sqlite:///{tmp_path / 'orders.db'}?synchronous=normal", orders=20)
    assert sealed(in_file) == sealed(histories(scenario, orders=20))


def test_personal_values_differ_in_their_salts_only() -> None:
    """With the flow that ships two runs of a seed differ in salted hashes of phone and address, in nothing else."""

    def told(events: dict[str, list[Any]]) -> list[Any]:
        return [
            (order, event.version, event.occurred_at, str(event.actor), event.reason, body_bytes(event))
            for order, history in events.items()
            for event in history
            if event.type != "order_placed"
        ]

    first, second = (histories(sales_scenario(), seed=3, orders=15, days=5) for _ in range(2))
    assert told(first) == told(second)
    placed = [[history[0].body.order for history in run.values()] for run in (first, second)]
    assert [order.lines for order in placed[0]] == [order.lines for order in placed[1]]
    assert placed[0] != placed[1]


def test_a_host_that_sweeps_seldom_has_the_same_histories() -> None:
    """Hourly and daily sweeps record the same facts in the same order; only when they were recorded differs."""

    def facts(every: timedelta) -> list[Any]:
        events = histories(without_personal(sales_scenario(2)), every=every, orders=30, days=14)
        return [
            (order, event.version, event.occurred_at, event.type, str(event.actor), body_bytes(event))
            for order in sorted(events)
            for event in events[order]
        ]

    assert facts(timedelta(hours=1)) == facts(timedelta(days=1))


def test_a_busy_order_book_has_everything_that_happens_in_life() -> None:
    """Rework, delays, refusals, cancellations, handovers, reports against the flow, deadlines missed and met."""
    scenario, clock = sales_scenario(150 / 30), SimulatedClock(START)
    sent: list[of.Notification] = []
    channels = of.Channels(*(of.CallableChannel(name, sent.append) for name in ("sms", "wecom", "email")))
    shares: list[float] = []
    with of.Tracker(scenario.flow, directory=scenario.directory, clock=clock, plugins=[channels]) as tracker:
        done = simulate(tracker, clock, scenario, orders=150, days=30, seed=1, progress=shares.append)
        board = {column.stage: column.count for column in tracker.board().columns}
        events = tracker.changes(limit=100_000)[0]
    assert clock() == START + timedelta(days=30) == done.end
    assert sum(board.values()) == 150 and board["completed"] > 30 and board["cancelled"] > 3 and board["production"] > 3
    assert min(done.commands[kind] for kind in ("place", "fire", "observe", "assign", "note")) > 5
    assert {"guard_false", "missing_field"} <= {item.reasons[0].code for item in done.refusals}
    assert done.total == sum(done.commands.values()) + len(done.refusals)
    bodies = Counter(type(event.body) for event in events)
    assert min(bodies[kind] for kind in (StageEntered, StageObserved, OwnerAssigned, NoteAdded, ClockMarked)) > 0
    entered = Counter((event.stream, event.body.stage) for event in events if isinstance(event.body, StageEntered))
    assert max(entered.values()) > 1
    assert {event.body.inconsistent for event in events if isinstance(event.body, StageEntered)} == {True, False}
    assert {"placed", "assigned", "warned", "breached", "inconsistent"} == {item.topic for item in sent}
    assert done.sent == len(sent) and done.settled > 20
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_people_act_in_office_hours_and_one_thing_at_a_time() -> None:
    """What a person does lies in the calendar's open time; what takes time never overlaps in one pair of hands."""
    flow = sales_flow()
    calendar = flow.calendar
    assert calendar is not None
    person = of.Person(id="solo", roles=["sales"])
    work = {"placed": Work(takes=Length("1h", 0), outcomes=[Outcome(trigger="submit")])}
    scenario = evolve(
        sales_scenario(), staff=[Staff(person=person, absence=0.1)], work=work, interruptions=(), more_people=()
    )
    events = histories(scenario, orders=25, days=10)
    done = sorted(
        event.occurred_at
        for history in events.values()
        for event in history
        if isinstance(event.body, StageEntered) and event.body.trigger == "submit"
    )
    assert len(done) > 15
    assert all(calendar.previous_open(at) == at for at in done)
    assert all(calendar.elapsed(a, b) >= timedelta(hours=1) for a, b in itertools.pairwise(done))


def test_a_delay_is_noted_by_the_owner_and_takes_its_time() -> None:
    """What holds up an order stands in a note, and the order goes on after it, once."""
    person = of.Person(id="solo", roles=["sales"])
    delay = Delay(chance=1.0, length=Length("30h", 0), note="waits for a drawing")
    work = {"placed": Work(takes=Length("10m", 0), outcomes=[Outcome(trigger="submit")], delays=[delay])}
    scenario = evolve(
        sales_scenario(), staff=[Staff(person=person, absence=0)], work=work, interruptions=(), more_people=()
    )
    for history in histories(scenario, orders=5, days=10).values():
        notes = [event for event in history if isinstance(event.body, NoteAdded)]
        submitted = [event for event in history if isinstance(event.body, StageEntered) and event.body.trigger]
        if submitted:
            assert [note.body.text for note in notes] == ["waits for a drawing"]
            assert submitted[0].occurred_at - notes[0].occurred_at >= timedelta(hours=30)


def test_orders_come_in_by_the_rhythm() -> None:
    """Weekends, nights, holidays and slow weeks bring fewer orders than working hours of busy weeks."""
    rhythm = Rhythm(weeks=(1.0, 3.0))
    scenario = evolve(sales_scenario(), rhythm=rhythm)
    at = [item + timedelta(hours=8) for item in draw_arrivals(scenario, Random(1), START, 4_000, 56)]
    assert at == sorted(at) and len(at) == 4_000
    by_day = Counter(item.weekday() for item in at)
    assert min(by_day[day] for day in range(5)) > 2 * max(by_day[5], by_day[6])
    assert sum(9 <= item.hour < 18 for item in at) > 3_000
    by_week = Counter((item - START).days // 7 % 2 for item in at)
    assert by_week[1] > 2 * by_week[0]
    assert sum(item.date().isoformat() == "2026-04-06" for item in at) < by_day[0] / 30  # Qingming, a Monday


def test_any_flow_can_be_simulated() -> None:
    """`plain_scenario` finds people, fields and ways for a flow that it has never seen, without a calendar too."""
    flow = of.Flow(
        name="repair",
        currency="CNY",
        fields={
            "order.kind": of.Field(type="choice", of=["pump", "motor"], required=True),
            "order.budget": of.Field(type="money", required=True),
            "line.batch": of.Field(type="text", required=True),
        },
        lifecycle=of.Lifecycle(
            initial="open",
            stages={
                "open": of.Stage(),
                "work": of.Stage(owner=of.OwnerRule(team="shop")),
                "check": of.Stage(owner=of.OwnerRule(person="boss")),
                "done": of.Stage(category="done"),
                "gone": of.Stage(category="cancelled"),
            },
            transitions=[
                of.Transition(trigger="start", source="open", dest="work", requires=["line.batch"]),
                of.Transition(trigger="pass", source="work", dest="check", roles=["smith"]),
                of.Transition(trigger="accept", source="check", dest="done", guard="order.budget >= 0"),
                of.Transition(trigger="again", source="check", dest="work"),
                of.Transition(trigger="look", source="*", dest=None),
                of.Transition(trigger="drop", source=["open", "work"], dest="gone"),
            ],
        ),
    )
    scenario, clock = plain_scenario(flow), SimulatedClock(START)
    assert {item.id for item in scenario.staff} == {"shop-1", "shop-2", "boss"}
    with of.Tracker(flow, directory=scenario.directory, clock=clock) as tracker:
        done = simulate(tracker, clock, scenario, orders=40, days=30)
        counts = {column.stage: column.count for column in tracker.board().columns}
    assert done.refusals == ()
    assert counts["done"] > 20 and sum(counts.values()) == 40


def test_a_scenario_that_does_not_fit_its_flow_says_everything_at_once() -> None:
    """Unknown stages and triggers are named, each with its place and what was perhaps meant."""
    work = {"plaecd": Work(outcomes=[Outcome(trigger="submti"), Outcome(stage="shiping", source="wms")])}
    with pytest.raises(of.DefinitionError) as caught:
        evolve(sales_scenario(), work=work)
    told = [(item.code, item.params["suggestion"]) for item in caught.value.problems]
    assert (
        told
        == [
            ("unknown_stage_in_flow", "placed"),
            ("unknown_trigger", "submit"),
            ("unknown_stage_in_flow", "shipping"),
            ("unknown_trigger", "cancel"),
        ][:3]
    )
    assert "work.plaecd" in str(caught.value)


def test_a_simulation_needs_new_orders() -> None:
    """A second run over the same storage is refused: its orders are there."""
    scenario, storage = sales_scenario(), MemoryStorage()
    for again in (False, True):
        clock = SimulatedClock(START)
        tracker = of.Tracker(scenario.flow, storage=storage, directory=scenario.directory, clock=clock)
        if again:
            with pytest.raises(of.OrderflowError, match="SO-00001"):
                simulate(tracker, clock, scenario, orders=3, days=2)
        else:
            simulate(tracker, clock, scenario, orders=3, days=2)


def test_no_orders_and_wrong_numbers() -> None:
    """A simulation without orders passes the time; less than none, or no day, is an error."""
    scenario, clock = sales_scenario(), SimulatedClock(START)
    with of.Tracker(scenario.flow, directory=scenario.directory, clock=clock) as tracker:
        done = simulate(tracker, clock, scenario, orders=0, days=1)
        assert done.total == 0 and done.sweeps == 24
        for orders, days in ((-1, 1), (1, 0)):
            with pytest.raises(ValueError, match=r"orders must be 0 or more and days 1 or more"):
                simulate(tracker, clock, scenario, orders=orders, days=days)


def test_the_clock_never_goes_back() -> None:
    """A simulated clock stands still, goes on when told, and refuses to go back or to start without a zone."""
    clock = SimulatedClock(START)
    assert clock() == clock() == START
    clock.advance_to(START + timedelta(hours=1))
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance_to(START)
    with pytest.raises(of.InvalidValue):
        SimulatedClock(datetime(2026, 1, 1))  # noqa: DTZ001 - a naive one is what is refused here


def test_a_length_varies_about_its_median() -> None:
    """Half of the draws are shorter; twice the speed takes half the time; never less than a second."""
    random, drawn = Random(1), Length("1h", 0.5)
    draws = sorted(drawn.draw(random) for _ in range(2_001))
    assert timedelta(minutes=55) < draws[1_000] < timedelta(minutes=65)
    assert Length("1h", 0).draw(random, speed=2) == timedelta(minutes=30)
    assert Length("1s", 0).draw(random, speed=50) == timedelta(seconds=1)


def test_the_flow_that_ships_is_without_problems() -> None:
    """The demo's flow file lies in the package, has no errors, no warnings, titles in both languages, no country."""
    flow = sales_flow()
    assert FLOW_FILE.is_relative_to(Path(of.__file__).parent) and FLOW_FILE.name == "sales-order.yaml"
    assert of.problems(flow) == ()
    titled = [flow, *flow.lifecycle.stages.values(), *flow.lifecycle.transitions, *flow.fields.values()]
    assert all({"en", "zh"} <= set(item.title) for item in titled)
    assert flow.calendar is not None and flow.calendar.known_until is None  # needs no extra
    assert "stage == 'placed'" in FLOW_FILE.read_text(encoding="utf-8")


def test_the_simulator_has_no_clock_and_no_chance_of_its_own() -> None:
    """No `now`, no `today`, no module-level random: time and chance come in as values."""
    for file in Path(simulator.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("now", "today", "utcnow", "token_bytes", "monotonic"), f"{file}:{node.lineno}"
            if isinstance(node, ast.Import):
                assert not {"random", "time", "secrets", "uuid", "os"} & {alias.name for alias in node.names}


def test_events_stand_in_streams_that_replay() -> None:
    """Every simulated history folds to the state that the Tracker shows."""
    scenario, clock, storage = sales_scenario(3), SimulatedClock(START), MemoryStorage()
    with of.Tracker(scenario.flow, storage=storage, directory=scenario.directory, clock=clock) as tracker:
        simulate(tracker, clock, scenario, orders=25, days=8, seed=9)
        fresh = of.Tracker(scenario.flow, storage=storage, directory=scenario.directory, clock=clock)
        for number in range(1, 26):
            id = f"SO-{number:05}"
            assert fresh.get(id) == tracker.get(id)
            assert [event.version for event in storage.load(Stream.order(id))] == [*range(1, fresh.get(id).version + 1)]
