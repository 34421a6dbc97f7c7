"""Figures asked for in another way than usual, against naive definitions in plain Python, on small random logs."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.metrics import flow_efficiency, handover, scorecard, self_loops, workload
from orderflow.metrics.log import EventLog

HOUR = 3_600_000_000
NAMES = ("order", "stage", "at", "actor", "team", "started_at")
Row = tuple[str, str, int, str | None, str | None, int | None]
hours = st.integers(0, 9).map(lambda number: number * HOUR)
rows = st.lists(
    st.tuples(
        st.sampled_from(["SO-1", "订单-2", "3"]),
        st.sampled_from(["placed", "审核", "done"]),
        hours,
        st.sampled_from([None, "", "张三", "Ann"]),
        st.sampled_from([None, "sales", "仓库"]),
        st.one_of(st.none(), hours),
    ),
    max_size=20,
)
many = settings(max_examples=40, deadline=None)


def log_of(events: list[Row]) -> EventLog:
    columns = [list(column) for column in zip(*events, strict=True)] if events else [[] for _ in NAMES]
    return EventLog.from_columns(dict(zip(NAMES, columns, strict=True)))


def histories(events: list[Row]) -> list[list[Row]]:
    """The events of each order by time; ties keep the order of arrival."""
    found: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        found[event[0]].append(event)
    return [sorted(history, key=lambda event: event[2]) for history in found.values()]


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


@many
@given(rows)
def test_flow_efficiency_by_starts_is_the_time_between_start_and_event(events: list[Row]) -> None:
    """Counted from the event before where the work began earlier; the first event of an order has none before it."""
    lead, working = [], []
    for history in histories(events):
        lead.append(history[-1][2] - history[0][2])
        starts = [(event[5], before[2], event[2]) for before, event in pairwise(history) if event[5] is not None]
        working.append(sum(max(0, at - max(start, since)) for start, since, at in starts))
    shares = [work / all_ for work, all_ in zip(working, lead, strict=True) if all_]
    [found] = flow_efficiency(log_of(events)).to_dicts()
    assert found == {
        "orders": len(lead),
        "lead": near(sum(lead) / 1e6),
        "working": near(sum(working) / 1e6),
        "share": near(sum(working) / sum(lead)) if sum(lead) else None,
        "median": near(median(shares)) if shares else None,
    }


@many
@given(rows)
def test_handover_between_teams_is_between_two_different_known_teams(events: list[Row]) -> None:
    """A missing team takes part in no handover."""
    pairs = Counter(
        (before[4], after[4])
        for history in histories(events)
        for before, after in pairwise(history)
        if before[4] and after[4] and before[4] != after[4]
    )
    found = {(row["source"], row["dest"]): row["count"] for row in handover(log_of(events), between="team").to_dicts()}
    assert found == pairs


@many
@given(rows)
def test_a_scorecard_of_teams_tells_how_long_it_lay_with_them(events: list[Row]) -> None:
    """The median of the time from each of their events to the next one of the order."""
    stays: dict[str, list[float]] = defaultdict(list)
    orders: dict[str, set[str]] = defaultdict(set)
    for history in histories(events):
        for event in history:
            if event[4]:
                orders[event[4]].add(event[0])
        for event, after in pairwise(history):
            if event[4]:
                stays[event[4]].append((after[2] - event[2]) / 1e6)
    found = {row["team"]: row for row in scorecard(log_of(events), of="team", stay="after", minimum=1).to_dicts()}
    assert set(found) == set(orders)
    for team, row in found.items():
        assert (row["orders"], row["times"]) == (len(orders[team]), len(stays[team]))
        assert row["median"] == (near(median(stays[team])) if stays[team] else None)


@many
@given(rows)
def test_self_loops_and_workload_go_by_columns_of_events(events: list[Row]) -> None:
    """Self-loops by who repeated the stage (nobody is a group), workload by the stage that was entered."""
    loops: Counter[Any] = Counter()
    done: dict[Any, list[str]] = defaultdict(list)
    for history in histories(events):
        for before, after in pairwise(history):
            loops[after[3] or None, after[1]] += before[1] == after[1]
        for order, stage, _at, actor, *_ in history:
            if actor:
                done[stage, actor].append(order)
    found = {(row["actor"], row["stage"]): row["count"] for row in self_loops(log_of(events), by="actor").to_dicts()}
    assert found == {key: count for key, count in loops.items() if count}
    load = {(row["stage"], row["actor"]): row for row in workload(log_of(events), by="stage").to_dicts()}
    assert set(load) == set(done)
    assert all((row["events"], row["orders"]) == (len(done[key]), len(set(done[key]))) for key, row in load.items())
