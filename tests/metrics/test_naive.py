"""Every calculator against a naive definition in plain Python, and the merge law, on small logs made by Hypothesis."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.metrics import (
    bottlenecks,
    flow_map,
    handover,
    lead_time,
    on_time,
    overview,
    rework,
    stage_time,
    throughput,
    variants,
)
from orderflow.metrics.instants import instant
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import report

YEAR = 365 * 86_400_000_000
STAGES = ("placed", "审核", "Zürich", "a", "b", "🚚", "B")
Row = tuple[str, str, int, str | None]

rows = st.lists(
    st.tuples(
        st.sampled_from(["SO-1", "SO-2", "订单-3", "4", "05", "SO-6"]),
        st.sampled_from(STAGES),
        st.one_of(st.integers(0, 3), st.integers(-YEAR, 50 * YEAR), st.integers(0, 400).map(lambda d: d * YEAR // 365)),
        st.sampled_from([None, "", " ", "张三", "bob", "Ann"]),
    ),
    max_size=30,
)
many = settings(max_examples=40, deadline=None)


def log_of(events: list[Row], **more: Any) -> EventLog:
    order, stage, at, actor = (list(column) for column in zip(*events, strict=True)) if events else ([], [], [], [])
    return EventLog.from_columns({"order": order, "stage": stage, "at": at, "actor": actor}, **more)


def histories(events: list[Row]) -> list[list[Row]]:
    """The events of each order by time; ties keep the order of arrival, because Python's sort is stable."""
    found: dict[str, list[Row]] = {}
    for event in events:
        found.setdefault(event[0], []).append(event)
    return [sorted(history, key=lambda event: event[2]) for history in found.values()]


def steps(events: list[Row]) -> list[tuple[Row, Row]]:
    return [pair for history in histories(events) for pair in pairwise(history)]


def ranked(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def figures(values: list[int]) -> dict[str, float | int | None]:
    """The eight figures in seconds, with exact fractions up to the last step."""
    values = sorted(values)

    def quantile(q: Fraction) -> float:
        place = (len(values) - 1) * q
        low = place.numerator // place.denominator
        high = min(low + 1, len(values) - 1)
        return float((values[low] + (values[high] - values[low]) * (place - low)) / 1_000_000)

    if not values:
        return {"n": 0, **dict.fromkeys(("mean", "median", "p90", "p95", "min", "max", "sum"))}
    return {
        "n": len(values),
        "mean": float(Fraction(sum(values), len(values)) / 1_000_000),
        "median": quantile(Fraction(1, 2)),
        "p90": quantile(Fraction(9, 10)),
        "p95": quantile(Fraction(19, 20)),
        "min": values[0] / 1_000_000,
        "max": values[-1] / 1_000_000,
        "sum": sum(values) / 1_000_000,
    }


def near(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its floats up to rounding."""
    return {k: pytest.approx(v, rel=1e-14, abs=1e-9) if isinstance(v, float) else v for k, v in row.items()}


@many
@given(rows)
def test_overview_counts_what_is_there(events: list[Row]) -> None:
    """Orders, events, known actors, first and last instants, and stages at all, at the start and at the end."""
    found, past = overview(log_of(events)), histories(events)
    assert (found.orders, found.events) == (len(past), len(events))
    assert found.actors == len({event[3] for event in events if (event[3] or "").strip()})
    assert found.events_without_actor == sum(not (event[3] or "").strip() for event in events)
    assert found.first_event == instant(min((event[2] for event in events), default=None))
    assert found.last_event == instant(max((event[2] for event in events), default=None))
    assert list(found.stages.items()) == ranked(Counter(event[1] for event in events))
    assert list(found.start_stages.items()) == ranked(Counter(history[0][1] for history in past))
    assert list(found.end_stages.items()) == ranked(Counter(history[-1][1] for history in past))


@many
@given(rows)
def test_lead_time_is_last_minus_first(events: list[Row]) -> None:
    """One value per order, 0 for a lone event; quantiles interpolate linearly; no orders give nulls."""
    values = [history[-1][2] - history[0][2] for history in histories(events)]
    assert lead_time(log_of(events)).to_dict() == near(figures(values))


@many
@given(rows)
def test_stage_time_lasts_until_the_next_event(events: list[Row]) -> None:
    """Each visit of a stage counts, except the last event of an order."""
    found = {row.pop("stage"): row for row in stage_time(log_of(events)).to_dicts()}
    values: dict[str, list[int]] = {}
    for before, after in steps(events):
        values.setdefault(before[1], []).append(after[2] - before[2])
    assert list(found) == [name for name, _n in ranked(Counter({name: len(v) for name, v in values.items()}))]
    for stage, durations in values.items():
        assert found[stage] == near(figures(durations))


def naive_flow_map(events: list[Row]) -> list[dict[str, Any]]:
    values: dict[tuple[str, str], list[int]] = {}
    for before, after in steps(events):
        values.setdefault((before[1], after[1]), []).append(after[2] - before[2])
    rows = []
    for (source, dest), durations in values.items():
        n = figures(durations)
        rows.append({"source": source, "dest": dest, "count": n["n"]} | {k: n[k] for k in ("mean", "median")})
        rows[-1]["total"] = n["sum"]
    return sorted(rows, key=lambda row: (-row["count"], row["source"], row["dest"]))


@many
@given(rows)
def test_flow_map_has_every_pair_of_consecutive_stages(events: list[Row]) -> None:
    """All pairs with count, mean, median and total, by count descending, then by names."""
    found = flow_map(log_of(events)).to_dicts()
    for row, expected in zip(found, naive_flow_map(events), strict=True):
        assert list(row) == ["source", "dest", "count", "mean", "median", "total"]
        assert row == near(expected)


@many
@given(rows)
def test_variants_are_the_different_sequences(events: list[Row]) -> None:
    """Sequences of stages by count descending, then by names; the count is of all of them, the list is cut."""
    expected = ranked(Counter(tuple(event[1] for event in history) for history in histories(events)))
    found = variants(log_of(events), top=3)
    assert found.count == len(expected)
    assert found.top.to_dicts() == [{"stages": list(way), "count": n} for way, n in expected[:3]]


@many
@given(rows)
def test_rework_counts_occurrences_after_the_first(events: list[Row]) -> None:
    """Orders with a repeated stage, repetitions, and for each stage the orders that repeat it."""
    visits = [Counter(event[1] for event in history) for history in histories(events)]
    by_stage = Counter(stage for seen in visits for stage, n in seen.items() if n > 1)
    found = rework(log_of(events))
    assert found.orders == sum(any(n > 1 for n in seen.values()) for seen in visits)
    assert found.events == sum(n - 1 for seen in visits for n in seen.values())
    assert list(found.by_stage.items()) == ranked(by_stage)


@many
@given(rows)
def test_handover_is_between_two_different_known_actors(events: list[Row]) -> None:
    """A missing, empty or blank actor takes part in no handover."""
    pairs = Counter(
        (before[3], after[3])
        for before, after in steps(events)
        if (before[3] or "").strip() and (after[3] or "").strip() and before[3] != after[3]
    )
    expected = [{"source": source, "dest": dest, "count": n} for (source, dest), n in ranked(pairs)]
    assert handover(log_of(events)).to_dicts() == expected


@many
@given(rows, st.sampled_from([None, {"a", "b"}, {"🚚"}, set()]))
def test_throughput_counts_months_in_utc(events: list[Row], done: set[str] | None) -> None:
    """Started by first event; finished by last event of orders that ended in a done stage, or of all."""
    past = histories(events)
    started = Counter(f"{instant(history[0][2]):%Y-%m}" for history in past)
    ended = [history[-1] for history in past if done is None or history[-1][1] in done]
    found = throughput(log_of(events, done_stages=done))
    assert list(found.started.items()) == sorted(started.items())
    assert list(found.finished.items()) == sorted(Counter(f"{instant(event[2]):%Y-%m}" for event in ended).items())


@settings(max_examples=12, deadline=None)
@given(st.lists(rows, min_size=1, max_size=4))
def test_bottlenecks_are_the_top_of_the_flow_map(parts: list[list[Row]]) -> None:
    """Ten rows by total, and ten by mean among those with a count of at least 20."""
    events = [(f"{n}:{row[0]}", *row[1:]) for n, part in enumerate(parts * 20) for row in part]
    log = log_of(events)
    steps = flow_map(log).to_dicts()
    found = bottlenecks(log)
    by_total = sorted(steps, key=lambda row: (-row["total"], row["source"], row["dest"]))[:10]
    often = [row for row in steps if row["count"] >= 20]
    assert found.by_total.to_dicts() == by_total
    assert found.by_mean.to_dicts() == sorted(often, key=lambda row: (-row["mean"], row["source"], row["dest"]))[:10]


@many
@given(rows, st.dictionaries(st.sampled_from(["SO-1", "SO-2", "4", "none"]), st.integers(-YEAR, 50 * YEAR)))
def test_on_time_compares_the_first_delivery_with_the_promise(events: list[Row], promises: dict[str, int]) -> None:
    """At or before by instant, and by day in the log's zone (here UTC+8 all year), of orders with both."""
    orders = {"order": list(promises), "promised_at": list(promises.values())}
    found = on_time(log_of(events, orders=orders, tz="Etc/GMT-8", done_stages={"a"}))
    delivered: dict[str, int] = {}
    for order, stage, at, _actor in events:
        if stage == "a":
            delivered[order] = min(at, delivered.get(order, at))
    both = [(at, promises[order]) for order, at in delivered.items() if order in promises]
    kept = sum(at <= promise for at, promise in both)

    def day(at: int) -> object:
        return (instant(at) + timedelta(hours=8)).date()  # type: ignore[operator]  # at is an integer, so not None

    by_day = sum(day(at) <= day(promise) for at, promise in both)
    assert (found.n, found.on_time) == (len(both), kept)
    assert (found.rate, found.by_day_rate) == ((kept / len(both), by_day / len(both)) if both else (None, None))


def calculators() -> list[Any]:
    """The module of each calculator: `summarise`, `merge`, `result`."""
    import sys

    names = "bottlenecks flow_map handover lead_time on_time overview rework stage_time throughput variants"
    return [sys.modules[f"orderflow.metrics.{name}"] for name in names.split()]


def plain(value: Any) -> Any:
    """A result as plain data, so that two can be compared."""
    if hasattr(value, "to_dicts"):
        return value.to_dicts()
    if hasattr(value, "__attrs_attrs__"):
        return {field.name: plain(getattr(value, field.name)) for field in value.__attrs_attrs__}
    return list(value.items()) if hasattr(value, "items") else value


@pytest.mark.parametrize("calculator", calculators(), ids=lambda module: module.__name__.rpartition(".")[2])
@settings(max_examples=12, deadline=None)
@given(events=rows, promises=st.dictionaries(st.sampled_from(["SO-1", "4"]), st.integers(0, YEAR)))
def test_the_result_of_a_merge_is_the_result_of_the_whole(
    calculator: Any, events: list[Row], promises: dict[str, int]
) -> None:
    """For shards with no order in common; also when a shard is empty, and whichever shard comes first."""
    events, common = events * 3, {"done_stages": {"a", "b"}}

    def log(chosen: set[str]) -> EventLog:
        orders = {"order": list(promises), "promised_at": list(promises.values())}
        keep = [n for n, order in enumerate(orders["order"]) if order in chosen]
        orders = {name: [column[n] for n in keep] for name, column in orders.items()}
        return log_of([row for row in events if row[0] in chosen], orders=orders, **common)

    everyone = {row[0] for row in events} | set(promises)
    some = {order for order in everyone if order < "SO-2"}
    a, b = calculator.summarise(log(some)), calculator.summarise(log(everyone - some))
    whole = plain(calculator.result(calculator.summarise(log(everyone))))
    assert plain(calculator.result(calculator.merge(a, b))) == whole
    assert plain(calculator.result(calculator.merge(b, a))) == whole


@many
@given(rows)
def test_a_report_is_plain_data(events: list[Row]) -> None:
    """Every report, also of an empty log, becomes JSON, and the parts that are read twice are computed once."""
    import json

    found = report(log_of(events))
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["events"] == len(events)
    assert found.flow_map is found.flow_map
    assert found.to_dict() == found.to_dict()
