"""Figures about the flow of orders against naive definitions in plain Python, on small logs made by Hypothesis."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.metrics import (
    ageing,
    cancellation,
    cohorts,
    conformance,
    conversion,
    flow_efficiency,
    periods,
    queues,
    self_loops,
    work_in_progress,
)
from orderflow.metrics.log import EventLog

HOUR = 3_600_000_000
START = int(datetime(2026, 3, 27, 20, tzinfo=UTC).timestamp()) * 1_000_000  # the clocks change in Berlin on the 29th
ZONE = ZoneInfo("Europe/Berlin")
CLOSED = {"done", "取消"}
Row = tuple[str, str, int, str | None]

rows = st.lists(
    st.tuples(
        st.sampled_from(["SO-1", "SO-2", "订单-3", "4"]),
        st.sampled_from(["placed", "审核", "a", "done", "取消"]),
        st.one_of(st.integers(0, 80), st.integers(0, 3)).map(lambda hours: START + hours * HOUR),
        st.sampled_from(["order", None, "shipment:1", "shipment:2"]),
    ),
    max_size=25,
)
period = st.sampled_from(["day", "week", "month"])
many = settings(max_examples=40, deadline=None)


def log_of(events: list[Row], **more: Any) -> EventLog:
    columns = [list(column) for column in zip(*events, strict=True)] if events else [[]] * 4
    names = ("order", "stage", "at", "track")
    options = {"tz": "Europe/Berlin", "done_stages": ["done"], "cancelled_stages": ["取消"], **more}
    return EventLog.from_columns(dict(zip(names, columns, strict=True)), **options)


def histories(events: list[Row]) -> list[list[Row]]:
    """The events of each order by time; ties keep the order of arrival."""
    found: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        found[event[0]].append(event)
    return [sorted(history, key=lambda event: event[2]) for history in found.values()]


def main(events: list[Row]) -> list[list[Row]]:
    """Likewise of the events that say where the order as a whole is."""
    return histories([event for event in events if event[3] in (None, "order")])


def strands(events: list[Row]) -> list[list[Row]]:
    """Likewise of each track of each order; no track is the order's own."""
    return histories([((event[0], event[3] or "order"), *event[1:]) for event in events])  # type: ignore[misc]  # a pair for an order


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


def first_of(at: int, name: str) -> date:
    """The first date of the period in Berlin."""
    day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZONE).date()
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[name]


def all_from(found: list[date], name: str) -> list[date]:
    """Every period from the first to the last."""
    if not found:
        return []
    days = (min(found) + timedelta(days=n) for n in range((max(found) - min(found)).days + 1))
    wanted = {"day": lambda day: True, "week": lambda day: day.weekday() == 0, "month": lambda day: day.day == 1}
    return [day for day in days if wanted[name](day)]


@many
@given(rows, period)
def test_work_in_progress_is_what_came_and_has_not_gone(events: list[Row], name: str) -> None:
    """Open at the end of a period: orders whose last event until then is in no done or cancelled stage."""
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    for history in main(events):
        closed = None
        for event in history:
            when, now = first_of(event[2], name), event[1] in CLOSED
            counts[when]["arrived"] += closed is None
            counts[when]["reopened"] += closed is True and not now
            counts[when]["finished"] += now and closed is not True
            closed = now
    active = [when for when, found in counts.items() if found.total()]
    expected = []
    for when in all_from(active, name):
        state = [[event for event in history if first_of(event[2], name) <= when] for history in main(events)]
        opened = sum(bool(past) and past[-1][1] not in CLOSED for past in state)
        row = {"period": when, **{key: counts[when][key] for key in ("arrived", "reopened", "finished")}}
        expected.append({**row, "open": opened})
    assert work_in_progress(log_of(events), period=name).to_dicts() == expected


@many
@given(rows, st.one_of(st.none(), st.integers(0, 80)))
def test_ageing_counts_open_orders_by_stage_and_age(events: list[Row], as_of: int | None) -> None:
    """From the first event to the last instant of the log, or to another one as the log stood then."""
    now = max((event[2] for event in events), default=START) if as_of is None else START + as_of * HOUR
    found: dict[Any, list[tuple[float, float]]] = defaultdict(list)
    for history in main([event for event in events if event[2] <= now]):
        if history[-1][1] not in CLOSED:
            age = (now - history[0][2]) / HOUR
            edge = next((n for n, top in enumerate((5, 24)) if age <= top), 2)
            found[history[-1][1], edge].append((age * 3600, (now - history[-1][2]) / 1e6))
    expected = [
        {
            "stage": stage,
            "over": (0.0, 5 * 3600.0, 24 * 3600.0)[edge],
            "up_to": (5 * 3600.0, 24 * 3600.0, None)[edge],
            "orders": len(ages),
            "oldest": near(max(age for age, _stay in ages)),
            "longest_in_stage": near(max(stay for _age, stay in ages)),
        }
        for (stage, edge), ages in sorted(found.items())
    ]
    instant = None if as_of is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now)
    classes = [timedelta(hours=5), timedelta(days=1)]
    assert ageing(log_of(events), as_of=instant, classes=classes).to_dicts() == expected


@many
@given(rows, st.sets(st.sampled_from(["placed", "审核", "a"])))
def test_flow_efficiency_is_the_time_outside_of_waiting_stages(events: list[Row], waiting: set[str]) -> None:
    """Sums of working and lead time, their share, and the median of the shares of single orders."""
    lead, working = [], []
    for history in histories(events):
        lead.append(history[-1][2] - history[0][2])
        working.append(sum(b[2] - a[2] for a, b in pairwise(history) if a[1] not in waiting))
    waiting &= {event[1] for event in events} if events else waiting
    shares = [work / all_ for work, all_ in zip(working, lead, strict=True) if all_]
    [found] = flow_efficiency(log_of(events), waiting_stages=waiting).to_dicts()
    assert found == {
        "orders": len(lead),
        "lead": near(sum(lead) / 1e6),
        "working": near(sum(working) / 1e6),
        "share": near(sum(working) / sum(lead)) if sum(lead) else None,
        "median": near(median(shares)) if shares else None,
    }


@many
@given(rows, period)
def test_queues_grow_by_what_arrives_and_does_not_leave(events: list[Row], name: str) -> None:
    """By stage and period; the queue at the end is the visits that last; done and cancelled stages have none."""
    arrived: Counter[Any] = Counter()
    left: Counter[Any] = Counter()
    for strand in strands(events):
        arrived.update((event[1], first_of(event[2], name)) for event in strand)
        left.update((a[1], first_of(b[2], name)) for a, b in pairwise(strand))
    every = all_from([first_of(event[2], name) for event in events], name)
    expected = []
    for stage in sorted({event[1] for event in events} - CLOSED):
        queue = 0
        for when in every:
            growth = arrived[stage, when] - left[stage, when]
            queue += growth
            row = {"stage": stage, "period": when, "arrived": arrived[stage, when], "left": left[stage, when]}
            expected.append({**row, "growth": growth, "queue": queue})
    assert queues(log_of(events), period=name).to_dicts() == expected


@many
@given(rows)
def test_cancellation_is_ending_in_a_cancelled_stage(events: list[Row]) -> None:
    """Of all orders; and by stage, of the orders that were there, those that left it for good by being cancelled."""
    past = main(events)
    [found] = cancellation(log_of(events)).to_dicts()
    ends = [history[-1][1] for history in past]
    assert (found["orders"], found["cancelled"]) == (len(past), ends.count("取消"))
    assert found["open"] == sum(stage not in CLOSED for stage in ends)
    assert found["share"] == (near(ends.count("取消") / len(past)) if past else None)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for history in past:
        alive = [event[1] for event in history if event[1] != "取消"]
        for stage in set(alive):
            counts[stage]["orders"] += 1
            counts[stage]["open"] += history[-1][1] == stage and stage not in CLOSED
            counts[stage]["cancelled"] += history[-1][1] == "取消" and alive[-1] == stage
    found_by = {row["stage"]: row for row in cancellation(log_of(events), by="stage").to_dicts()}
    assert list(found_by) == sorted(counts)
    for stage, expected in counts.items():
        assert {name: found_by[stage][name] for name in ("orders", "open", "cancelled")} == {
            name: expected[name] for name in ("orders", "open", "cancelled")
        }


@many
@given(rows, st.lists(st.sampled_from(["placed", "审核", "a", "done"]), min_size=1, max_size=4))
def test_a_funnel_asks_for_one_stage_after_the_other(events: list[Row], stages: list[str]) -> None:
    """Each stage is reached by the first event in it after that which reached the stage before."""
    stages = [stage for stage in stages if not events or stage in {event[1] for event in events}]
    counts = [0] * len(stages)
    for history in histories(events):
        left = iter([event[1] for event in history])
        for place, stage in enumerate(stages):
            if stage not in left:  # goes on behind the first event in the stage
                break
            counts[place] += 1
    found = conversion(log_of(events), stages=stages).to_dicts()
    assert [(row["stage"], row["orders"]) for row in found] == list(zip(stages, counts, strict=True))
    for place, row in enumerate(found):
        assert row["of"] == counts[0]
        assert row["share"] == (near(counts[place] / counts[0]) if counts[0] else None)
        assert row["of_previous"] == (near(counts[place] / counts[place - 1]) if place and counts[place - 1] else None)


@many
@given(rows)
def test_conversion_without_a_funnel_is_the_share_that_was_ever_in_a_stage(events: list[Row]) -> None:
    """By orders descending, then by name."""
    past = histories(events)
    reached = Counter(stage for history in past for stage in {event[1] for event in history})
    found = [(row["stage"], row["orders"], row["share"]) for row in conversion(log_of(events)).to_dicts()]
    assert found == [
        (stage, n, near(n / len(past))) for stage, n in sorted(reached.items(), key=lambda i: (-i[1], i[0]))
    ]


@many
@given(rows)
def test_self_loops_are_stages_that_follow_themselves(events: list[Row]) -> None:
    """Pairs of consecutive events of a track in the same stage."""
    times: dict[str, list[float]] = defaultdict(list)
    orders: dict[str, set[str]] = defaultdict(set)
    for strand in strands(events):
        for a, b in pairwise(strand):
            if a[1] == b[1]:
                times[a[1]].append((b[2] - a[2]) / 1e6)
                orders[a[1]].add(a[0][0])
    expected = [
        {"stage": s, "count": len(v), "orders": len(orders[s]), "mean": near(sum(v) / len(v)), "total": near(sum(v))}
        for s, v in times.items()
    ]
    assert self_loops(log_of(events)).to_dicts() == sorted(expected, key=lambda row: (-row["count"], row["stage"]))


ways = st.sets(
    st.tuples(st.sampled_from(["placed", "审核", "a", None]), st.sampled_from(["placed", "审核", "a", "done", "x"]))
)


@many
@given(rows, st.dictionaries(st.sampled_from(["order", "shipment", "return"]), ways))
def test_conformance_finds_the_steps_that_are_not_allowed(events: list[Row], allowed: dict[str, Any]) -> None:
    """Steps within a track against the pairs of its kind; beginnings only where some are named."""
    breaks: Counter[Any] = Counter()
    in_orders: dict[Any, set[str]] = defaultdict(set)
    steps, seen, wrong = 0, set(), set()
    for strand in strands(events):
        (order, track) = strand[0][0]
        kind = track.split(":")[0]
        if kind not in allowed:
            continue
        seen.add(order)
        begins = any(source is None for source, _dest in allowed[kind])
        stages = [None, *(event[1] for event in strand)]
        for pair in list(pairwise(stages))[0 if begins else 1 :]:
            steps += 1
            if pair not in allowed[kind]:
                breaks[kind, *pair] += 1
                in_orders[kind, *pair].add(order)
                wrong.add(order)
    found = conformance(log_of(events), allowed)
    [fit] = found.fit.to_dicts()
    assert (fit["steps"], fit["allowed"]) == (steps, steps - breaks.total())
    assert fit["fitness"] == (near(1 - breaks.total() / steps) if steps else None)
    assert (fit["orders"], fit["fitting"]) == (len(seen), len(seen - wrong))
    assert found.breaks.to_dicts() == [
        {"track": key[0], "source": key[1], "dest": key[2], "count": n, "orders": len(in_orders[key])}
        for key, n in sorted(breaks.items(), key=lambda i: (-i[1], i[0][0], i[0][1] is None, i[0][1] or "", i[0][2]))
    ]


@many
@given(rows, period, st.dictionaries(st.sampled_from(["SO-1", "SO-2", "4"]), st.integers(0, 80)))
def test_cohorts_and_periods_follow_orders_by_beginning_and_by_end(
    events: list[Row], name: str, promised: dict[str, int]
) -> None:
    """The same orders, counted when they came in, and when they came in and ended."""
    promises = {order: START + hours * HOUR for order, hours in promised.items()}
    log = log_of(events, orders={"order": list(promises), "promised_at": list(promises.values())})
    begun: dict[date, list[Any]] = defaultdict(list)
    ended: dict[date, list[Any]] = defaultdict(list)
    for history in main(events):
        order, outcome = history[0][0], history[-1][1] if history[-1][1] in CLOSED else "open"
        delivered = min((event[2] for event in history if event[1] == "done"), default=None)
        kept = None if delivered is None or order not in promises else delivered <= promises[order]
        item = (outcome, (history[-1][2] - history[0][2]) / 1e6, kept)
        begun[first_of(history[0][2], name)].append(item)
        if outcome != "open":
            ended[first_of(history[-1][2], name)].append(item)
    found = {row.pop("cohort"): row for row in cohorts(log, period=name).to_dicts()}
    assert list(found) == all_from(list(begun), name)
    for when, row in found.items():
        assert_counts(row, begun[when])
        assert row["orders"] == len(begun[when])
        assert row["open"] == sum(item[0] == "open" for item in begun[when])
    rows_by_period = {row.pop("period"): row for row in periods(log, period=name).to_dicts()}
    assert list(rows_by_period) == all_from([*begun, *ended], name)
    for when, row in rows_by_period.items():
        assert row["arrived"] == len(begun[when])
        assert_counts(row, [(o, t, k if o == "done" else None) for o, t, k in ended[when]])


def assert_counts(row: dict[str, Any], items: list[Any]) -> None:
    """What cohorts and periods have in common."""
    times = [time for outcome, time, _kept in items if outcome == "done"]
    kept = [kept for _outcome, _time, kept in items if kept is not None]
    assert (row["done"], row["cancelled"]) == (len(times), sum(item[0] == "取消" for item in items))
    assert row["median"] == (near(median(times)) if times else None)
    assert (row["promised"], row["on_time"]) == (len(kept), near(sum(kept) / len(kept)) if kept else None)
