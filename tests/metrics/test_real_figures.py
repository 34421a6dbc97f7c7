"""The further figures for real order data equal an independent computation with csv and statistics.

The data stands in `../shared/data` (or `$ORDERFLOW_DATA`); without it these tests are skipped.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest
from attrs import frozen

from orderflow import metrics
from orderflow.adapters.tables import read_log
from orderflow.metrics.log import EventLog

DATA = Path(os.environ.get("ORDERFLOW_DATA", Path(__file__).parents[3] / "shared" / "data"))
SETS = {"olist_sample": "delivered", "northwind": "shipped"}
Event = tuple[datetime, str, str]


@frozen
class World:
    """A log as we read it, and the same from its file: the events of each order by time, its promise, the end stage."""

    log: EventLog
    past: dict[str, list[Event]]
    promised: dict[str, datetime]
    done: str

    @property
    def last(self) -> datetime:
        return max(history[-1][0] for history in self.past.values())

    def is_done(self, history: list[Event]) -> bool:
        return history[-1][1] == self.done


@pytest.fixture(scope="module", params=SETS)
def world(request: pytest.FixtureRequest) -> World:
    folder = DATA / request.param
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    found: dict[str, list[Event]] = defaultdict(list)
    with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["order_id"]].append((datetime.fromisoformat(row["at"]), row["stage"], row["actor"]))
    promised = {}
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if text := row["promised_at"]:
                at = datetime.fromisoformat(text).replace(tzinfo=UTC)
                promised[row["order_id"]] = at + timedelta(days=1, microseconds=-1) if len(text) == 10 else at
    done = SETS[request.param]
    log = read_log(folder / "events.csv", cases=folder / "cases.csv", promised="promised_at", done_stages=[done])
    past = {order: sorted(events, key=lambda event: event[0]) for order, events in found.items()}
    return World(log, past, promised, done)


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


def seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


def test_workload_is_right(world: World) -> None:
    """Events, different orders, and open orders whose last event is theirs."""
    events: Counter[str] = Counter()
    orders: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for history in world.past.values():
        events.update(actor for _at, _stage, actor in history if actor)
        orders.update({actor for _at, _stage, actor in history if actor})
        left[history[-1][2]] += not world.is_done(history)
    found = {
        row["actor"]: (row["events"], row["orders"], row["open"]) for row in metrics.workload(world.log).to_dicts()
    }
    assert found == {actor: (events[actor], orders[actor], left[actor]) for actor in events}


def test_working_together_is_right(world: World) -> None:
    """Orders of both, and their share of the orders of each."""
    pairs: Counter[tuple[str, str]] = Counter()
    alone: Counter[str] = Counter()
    for history in world.past.values():
        there = sorted({actor for _at, _stage, actor in history if actor})
        alone.update(there)
        pairs.update(combinations(there, 2))
    found = {(row["one"], row["other"]): row for row in metrics.working_together(world.log).to_dicts()}
    assert {pair: row["orders"] for pair, row in found.items()} == pairs
    for (one, other), row in found.items():
        assert row["share_of_one"] == near(pairs[one, other] / alone[one])
        assert row["share_of_other"] == near(pairs[one, other] / alone[other])


def test_first_response_and_touches_are_right(world: World) -> None:
    """Nobody in these files is written as a system, so that every actor is a person."""
    waits, unanswered, touches = [], 0, 0
    for history in world.past.values():
        start, _stage, first = history[0]
        answer = next((at for at, _stage, actor in history[1:] if actor and actor != first), None)
        unanswered += answer is None
        waits += [] if answer is None else [seconds(start, answer)]
        touches += sum(bool(actor) for _at, _stage, actor in history)
    [found] = metrics.first_response(world.log).to_dicts()
    assert (found["orders"], found["unanswered"], found["n"]) == (len(world.past), unanswered, len(waits))
    assert (found["median"], found["mean"], found["max"]) == (near(median(waits)), near(fmean(waits)), max(waits))
    [found] = metrics.touches(world.log).to_dicts()
    assert (found["touches"], found["no_touch"]) == (touches, 0)


def test_repetitions_are_right(world: World) -> None:
    """Self-loops of stages, and A, B, A between actors in turns."""
    loops: Counter[str] = Counter()
    returns: Counter[tuple[str, str]] = Counter()
    for history in world.past.values():
        loops.update(after[1] for before, after in pairwise(history) if before[1] == after[1])
        turns = [event[2] for n, event in enumerate(history) if not n or history[n - 1][2] != event[2]]
        returns.update((a, b) for a, b, c in zip(turns, turns[1:], turns[2:], strict=False) if a and b and a == c)
    assert {row["stage"]: row["count"] for row in metrics.self_loops(world.log).to_dicts()} == loops
    assert {(row["one"], row["other"]): row["count"] for row in metrics.ping_pong(world.log).to_dicts()} == returns


def test_conversion_and_conformance_are_right(world: World) -> None:
    """The share that was ever in a stage, and the steps beside the most frequent way."""
    ever: Counter[str] = Counter()
    ways: Counter[tuple[str, ...]] = Counter()
    for history in world.past.values():
        ever.update({stage for _at, stage, _actor in history})
        ways[tuple(stage for _at, stage, _actor in history)] += 1
    found = {row["stage"]: (row["orders"], row["share"]) for row in metrics.conversion(world.log).to_dicts()}
    assert found == {stage: (n, near(n / len(world.past))) for stage, n in ever.items()}
    allowed = set(pairwise(ways.most_common(1)[0][0]))
    breaks = Counter({(a, b): 0 for way in ways for a, b in pairwise(way) if (a, b) not in allowed})
    for way, n in ways.items():
        for step in pairwise(way):
            breaks[step] += n if step not in allowed else 0
    result = metrics.conformance(world.log, allowed)
    kept = sum(n for way, n in ways.items() if set(pairwise(way)) <= allowed)
    assert result.fit.to_dicts()[0]["fitting"] == kept
    assert {(row["source"], row["dest"]): row["count"] for row in result.breaks.to_dicts()} == +breaks


def test_open_orders_by_day_and_age_are_right(world: World) -> None:
    """At the end of each day: orders that began until then and had not ended; at the end of all, by stage."""
    changes: Counter[date] = Counter()
    stages: Counter[str] = Counter()
    ages = []
    for history in world.past.values():
        was = 0
        for at, stage, _actor in history:
            now = int(stage != world.done)
            changes[at.date()] += now - was
            was = now
        if was:
            stages[history[-1][1]] += 1
            ages.append(seconds(history[0][0], world.last))
    rows = metrics.work_in_progress(world.log).to_dicts()
    opened = 0
    for row in rows:
        opened += changes[row["period"]]
        assert row["open"] == opened
    assert rows[-1]["open"] == len(ages)
    found: Counter[str] = Counter()
    for row in metrics.ageing(world.log).to_dicts():
        found[row["stage"]] += row["orders"]
    assert found == stages
    assert max(row["oldest"] for row in metrics.ageing(world.log).to_dicts()) == near(max(ages))


def test_queues_end_with_the_visits_that_last(world: World) -> None:
    """By stage, beside the one in which orders end."""
    wanted = Counter(history[-1][1] for history in world.past.values() if not world.is_done(history))
    last: dict[str, int] = {}
    for row in metrics.queues(world.log, period="month").to_dicts():
        last[row["stage"]] = row["queue"]
    assert {stage: n for stage, n in last.items() if n} == wanted


def test_cohorts_and_periods_are_right(world: World) -> None:
    """Orders by the month in which they came, and by that in which they were done; median lead time, promises."""

    def figures(orders: list[str]) -> tuple[Any, ...]:
        done = [order for order in orders if world.is_done(world.past[order])]
        times = [seconds(world.past[order][0][0], world.past[order][-1][0]) for order in done]
        return len(done), near(median(times)) if times else None

    def kept(orders: list[str]) -> tuple[int, Any]:
        """With a promise and a delivery, which is the first event in the end stage."""
        judged = []
        for order in orders:
            there = next((at for at, stage, _actor in world.past[order] if stage == world.done), None)
            if order in world.promised and there is not None:
                judged.append(there <= world.promised[order])
        return len(judged), near(fmean(judged)) if judged else None

    came, went = defaultdict(list), defaultdict(list)
    for order, history in world.past.items():
        came[history[0][0].date().replace(day=1)].append(order)
        if world.is_done(history):
            went[history[-1][0].date().replace(day=1)].append(order)
    for row in metrics.cohorts(world.log).to_dicts():
        orders = came[row["cohort"]]
        assert (row["orders"], row["done"], row["median"]) == (len(orders), *figures(orders))
        assert (row["promised"], row["on_time"]) == kept(orders)
    for row in metrics.periods(world.log).to_dicts():
        orders = went[row["period"]]
        assert row["arrived"] == len(came[row["period"]])
        assert (row["done"], row["median"]) == figures(orders)
        assert (row["promised"], row["on_time"]) == kept(orders)


def test_scorecards_and_flow_efficiency_are_right(world: World) -> None:
    """Of everybody with at least five orders; and the time outside of the stage `placed`."""
    orders, times = defaultdict(set), defaultdict(list)
    lead = working = 0.0
    for order, history in world.past.items():
        lead += seconds(history[0][0], history[-1][0])
        working += sum(seconds(a[0], b[0]) for a, b in pairwise(history) if a[1] != "placed")
        for n, (at, _stage, actor) in enumerate(history):
            orders[actor].add(order)
            if n:
                times[actor].append(seconds(history[n - 1][0], at))
    rows = {row["actor"]: row for row in metrics.scorecard(world.log).to_dicts() if row["people"] == 1}
    assert set(rows) == {actor for actor, seen in orders.items() if actor and len(seen) >= 5}
    for actor, row in rows.items():
        assert (row["orders"], row["times"]) == (len(orders[actor]), len(times[actor]))
        assert row["median"] == (near(median(times[actor])) if len(times[actor]) >= 5 else None)
    [found] = metrics.flow_efficiency(world.log, waiting_stages="placed").to_dicts()
    assert (found["lead"], found["working"]) == (near(lead), near(working))
    assert found["share"] == near(working / lead)
