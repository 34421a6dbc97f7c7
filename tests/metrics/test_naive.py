"""Every calculator against a naive definition in plain Python, and the merge law, on small logs made by Hypothesis."""

from __future__ import annotations

import os
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
from orderflow.model.calendar import WorkCalendar

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
    assert lead_time(log_of(events)).to_dicts() == [near(figures(values))]
    assert report(log_of(events)).lead_time.to_dict() == near(figures(values))


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
    assert found.to_dicts() == [{"stages": list(way), "count": n} for way, n in expected[:3]]
    assert report(log_of(events)).variants.count == len(expected) == len(variants(log_of(events), top=None))


def naive_rework(past: list[list[Row]]) -> dict[str, Any]:
    visits = [Counter(event[1] for event in history) for history in past]
    orders = sum(any(n > 1 for n in seen.values()) for seen in visits)
    return {
        "n": len(past),
        "orders": orders,
        "share": orders / len(past) if past else None,
        "events": sum(n - 1 for seen in visits for n in seen.values()),
        "self_loops": sum(before[1] == after[1] for history in past for before, after in pairwise(history)),
    }


@many
@given(rows)
def test_rework_counts_occurrences_after_the_first(events: list[Row]) -> None:
    """Orders with a repeated stage, repetitions, those at once, and for each stage the orders that repeat it."""
    past = histories(events)
    wanted = naive_rework(past)
    assert rework(log_of(events)).to_dicts() == [wanted]
    found = report(log_of(events)).rework
    assert (found.orders, found.events, found.self_loops) == tuple(
        wanted[k] for k in ("orders", "events", "self_loops")
    )
    visits = [Counter(event[1] for event in history) for history in past]
    by_stage = Counter(stage for seen in visits for stage, n in seen.items() if n > 1)
    assert list(found.by_stage.items()) == ranked(by_stage)
    for row in rework(log_of(events), by="stage").to_dicts():
        stage = row["stage"]
        assert row["n"] == sum(stage in seen for seen in visits)
        assert row["orders"] == by_stage[stage]
        assert row["events"] == sum(seen[stage] - 1 for seen in visits if stage in seen)
        assert row["self_loops"] == sum(before[1] == after[1] == stage for before, after in steps(events))


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


def naive_periods(past: list[list[Row]], done: set[str] | None, name: Any) -> list[dict[str, Any]]:
    started = Counter(name(history[0][2]) for history in past)
    finished = Counter(name(history[-1][2]) for history in past if done is None or history[-1][1] in done)
    return [
        {"period": period, "started": started[period], "finished": finished[period]}
        for period in sorted(started | finished)
    ]


@many
@given(rows, st.sampled_from([None, {"a", "b"}, {"🚚"}, set()]), st.sampled_from(["UTC", "Etc/GMT-8"]))
def test_throughput_counts_days_weeks_and_months_of_the_zone(events: list[Row], done: set[str] | None, tz: str) -> None:
    """Started by first event; finished by last event of orders that ended in a done stage, or of all; ISO weeks."""

    def day(at: int) -> Any:
        return (instant(at) + timedelta(hours=8 if tz != "UTC" else 0)).date()  # type: ignore[operator]  # no None

    def week(at: int) -> str:
        year, number, _day = day(at).isocalendar()
        return f"{year:04}-W{number:02}"

    past, log = histories(events), log_of(events, done_stages=done, tz=tz)
    assert throughput(log).to_dicts() == naive_periods(past, done, lambda at: f"{day(at):%Y-%m}")
    assert throughput(log, period="week").to_dicts() == naive_periods(past, done, week)
    assert throughput(log, period="day").to_dicts() == naive_periods(past, done, lambda at: str(day(at)))
    months = report(log).throughput
    assert dict(months.started) == dict(sorted(Counter(f"{day(history[0][2]):%Y-%m}" for history in past).items()))


@settings(max_examples=12, deadline=None)
@given(st.lists(rows, min_size=1, max_size=4))
def test_bottlenecks_are_the_top_of_the_flow_map(parts: list[list[Row]]) -> None:
    """Ten rows by total, and ten by mean among those with a count of at least 20, each with its share of all time."""
    events = [(f"{n}:{row[0]}", *row[1:]) for n, part in enumerate(parts * 20) for row in part]
    log = log_of(events)
    steps = flow_map(log).to_dicts()
    whole = sum(row["total"] for row in steps)
    assert whole == pytest.approx(sum(row["sum"] or 0 for row in lead_time(log).to_dicts()))
    steps = [row | {"share": pytest.approx(row["total"] / whole) if whole else None} for row in steps]
    found = report(log).bottlenecks
    by_total = sorted(steps, key=lambda row: (-row["total"], row["source"], row["dest"]))[:10]
    assert bottlenecks(log).to_dicts() == by_total
    assert len(bottlenecks(log, top=None)) == len(steps)
    often = [row for row in steps if row["count"] >= 20]
    assert found.by_total.to_dicts() == by_total
    assert found.by_mean.to_dicts() == sorted(often, key=lambda row: (-row["mean"], row["source"], row["dest"]))[:10]


def naive_on_time(events: list[Row], promises: dict[str, int], position: Any = int) -> dict[str, Any]:
    """The row for deliveries in stage `a`, days at UTC+8; how early and late by `position`."""
    delivered: dict[str, int] = {}
    for order, stage, at, _actor in events:
        if stage == "a":
            delivered[order] = min(at, delivered.get(order, at))
    both = [(at, promises[order]) for order, at in delivered.items() if order in promises]
    n, kept = len(both), sum(at <= promise for at, promise in both)

    def day(at: int) -> object:
        return (instant(at) + timedelta(hours=8)).date()  # type: ignore[operator]  # at is an integer, so not None

    by_day = sum(day(at) <= day(promise) for at, promise in both)
    early = figures([position(promise) - position(at) for at, promise in both if at <= promise])
    late = figures([position(at) - position(promise) for at, promise in both if at > promise])
    return {
        "n": n,
        "on_time": kept,
        "rate": kept / n if n else None,
        "by_day": by_day,
        "by_day_rate": by_day / n if n else None,
        **{f"early_{name}": early[name] for name in ("mean", "median")},
        **{f"late_{name}": late[name] for name in ("mean", "median", "p90", "max")},
    }


promised = st.dictionaries(st.sampled_from(["SO-1", "SO-2", "4", "none"]), st.integers(-YEAR, 50 * YEAR))


@many
@given(rows, promised)
def test_on_time_compares_the_first_delivery_with_the_promise(events: list[Row], promises: dict[str, int]) -> None:
    """At or before by instant, and by day in the log's zone (here UTC+8 all year), of orders with both."""
    orders = {"order": list(promises), "promised_at": list(promises.values())}
    log = log_of(events, orders=orders, tz="Etc/GMT-8", done_stages={"a"})
    wanted = naive_on_time(events, promises)
    assert on_time(log).to_dicts() == [near(wanted)]
    found = report(log).on_time
    assert found is not None
    assert (found.n, found.on_time, found.rate) == (wanted["n"], wanted["on_time"], wanted["rate"])


OFFICE = WorkCalendar.from_dict(
    {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"], "sat": ["22:00-06:00"]}}
)
REGIONS = {"SO-1": "华东", "SO-2": "华南", "订单-3": "华东", "4": None}  # the others are not in the table of orders
calendars = st.sampled_from([None, OFFICE])


def regional(events: list[Row], **more: Any) -> EventLog:
    """A log with an attribute of the orders, `region`, that some lack."""
    return log_of(events, orders={"order": list(REGIONS), "region": list(REGIONS.values())}, **more)


def by_region(events: list[Row], calendar: WorkCalendar | None) -> dict[str | None, list[Row]]:
    """The events of the orders of each region, with open time in place of instants when there is a calendar."""
    found: dict[str | None, list[Row]] = {}
    for order, stage, at, actor in sorted(events, key=lambda event: event[2]):
        position = at if calendar is None else calendar.position(at)
        found.setdefault(REGIONS.get(order), []).append((order, stage, position, actor))
    return found


def of_group(rows: list[dict[str, Any]], **group: Any) -> list[dict[str, Any]]:
    """The rows of one group, without the columns that name it."""
    return [
        {name: value for name, value in row.items() if name not in group}
        for row in rows
        if all(row[name] == value for name, value in group.items())
    ]


@many
@given(rows, calendars)
def test_groups_of_orders_have_the_figures_of_their_own_orders(
    events: list[Row], calendar: WorkCalendar | None
) -> None:
    """By an attribute, each group has the naive figures of its orders; missing values are a group; with a calendar
    durations are open time, and counts stay the same."""
    log, parts = regional(events), by_region(events, calendar)
    leads = lead_time(log, by="region", calendar=calendar).to_dicts()
    again = rework(log, by=["region"], calendar=calendar).to_dicts()
    assert {row["region"] for row in leads} == set(parts) == {row["region"] for row in again}
    for region, part in parts.items():
        past = histories(part)
        assert of_group(leads, region=region) == [near(figures([past[-1][2] - past[0][2] for past in past]))]
        assert of_group(again, region=region) == [naive_rework(past)]
        ways = ranked(Counter(tuple(event[1] for event in history) for history in past))
        found = variants(log, by="region", calendar=calendar, top=2).to_dicts()
        assert of_group(found, region=region) == [{"stages": list(way), "count": n} for way, n in ways[:2]]
        steps = of_group(flow_map(log, by="region", calendar=calendar).to_dicts(), region=region)
        assert steps == [near(row) for row in naive_flow_map(part)]
        plain = histories([row for row in events if REGIONS.get(row[0]) == region])
        months = of_group(throughput(log, by="region", calendar=calendar).to_dicts(), region=region)
        assert months == naive_periods(plain, None, lambda at: f"{instant(at):%Y-%m}")


@many
@given(rows, calendars)
def test_groups_of_steps_may_be_by_who_did_the_first_event(events: list[Row], calendar: WorkCalendar | None) -> None:
    """By an actor (missing is a group too) alone and with an attribute; stages and pairs come after the groups."""
    log = regional(events)
    values: dict[tuple[Any, ...], list[int]] = {}
    orders: dict[tuple[Any, ...], set[str]] = {}
    for region, part in by_region(events, calendar).items():
        for before, after in steps(part):
            actor = before[3] if (before[3] or "").strip() else None
            values.setdefault((actor, region, before[1]), []).append(after[2] - before[2])
            orders.setdefault((actor, region, before[1]), set()).add(before[0])
    found = stage_time(log, by=["actor", "region"], calendar=calendar)
    assert found.to_polars().columns[:5] == ["actor", "region", "stage", "n", "orders"]
    assert len(found) == len(values)
    for (actor, region, stage), durations in values.items():
        counted = {"orders": len(orders[actor, region, stage])}
        [row] = of_group(found.to_dicts(), actor=actor, region=region, stage=stage)
        assert row == near(figures(durations)) | counted
    pairs = Counter((REGIONS.get(a[0]), a[3], b[3]) for a, b in steps(events) if a[3] != b[3] and shown(a) and shown(b))
    rows = handover(log, by="region", calendar=calendar).to_dicts()
    assert {(row["region"], row["source"], row["dest"]): row["count"] for row in rows} == dict(pairs)


def shown(event: Row) -> bool:
    return bool((event[3] or "").strip())


@many
@given(rows, promised, calendars)
def test_groups_of_deliveries_have_their_own_lateness(
    events: list[Row], promises: dict[str, int], calendar: WorkCalendar | None
) -> None:
    """On time by region; what is on time is decided by the clock, how late it is in open time when asked."""
    columns = {"order": list(promises), "promised_at": list(promises.values())}
    orders = columns | {"region": [REGIONS.get(order) for order in promises]}
    log = log_of(events, orders=orders, tz="Etc/GMT-8", done_stages={"a"})
    found = on_time(log, by="region", calendar=calendar).to_dicts()
    position = int if calendar is None else calendar.position
    for region in set(REGIONS.values()):
        part = [event for event in events if REGIONS.get(event[0]) == region and event[0] in promises]
        wanted = naive_on_time(part, promises, position)
        assert of_group(found, region=region) == ([near(wanted)] if wanted["n"] else [])


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
@pytest.mark.parametrize("by", [None, "region"])
@settings(max_examples=12, deadline=None)
@given(
    events=rows,
    promises=st.dictionaries(st.sampled_from(["SO-1", "4"]), st.integers(0, YEAR)),
    some=st.sets(st.sampled_from(["SO-1", "SO-2", "订单-3", "4", "05", "SO-6"])),
    calendar=calendars,
)
def test_the_result_of_a_merge_is_the_result_of_the_whole(
    calculator: Any,
    by: str | None,
    events: list[Row],
    promises: dict[str, int],
    some: set[str],
    calendar: WorkCalendar | None,
) -> None:
    """For shards with no order in common; also when a shard is empty, and whichever shard comes first."""
    events, common = events * 3, {"done_stages": {"a", "b"}}
    asked = {} if calculator.__name__.endswith("overview") else {"by": by, "calendar": calendar}

    def log(chosen: set[str]) -> EventLog:
        ids = [order for order in (promises | REGIONS) if order in chosen]
        orders = {
            "order": ids,
            "promised_at": [promises.get(order) for order in ids],
            "region": [REGIONS.get(order) for order in ids],
        }
        return log_of([row for row in events if row[0] in chosen], orders=orders, **common)

    everyone = {row[0] for row in events} | set(promises)
    a, b = calculator.summarise(log(some), **asked), calculator.summarise(log(everyone - some), **asked)
    whole = plain(calculator.result(calculator.summarise(log(everyone), **asked)))
    assert plain(calculator.result(calculator.merge(a, b))) == whole
    assert plain(calculator.result(calculator.merge(b, a))) == whole


@settings(max_examples=40 if os.environ.get("ORDERFLOW_LONG") else 15, deadline=None)
@given(rows)
def test_a_report_is_plain_data(events: list[Row]) -> None:
    """Every report, also of an empty log, becomes JSON, and the parts that are read twice are computed once."""
    import json

    found = report(log_of(events))
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["events"] == len(events)
    assert found.flow_map is found.flow_map
    assert found.to_dict() == found.to_dict()


@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from("xy"), st.integers(0, 60), st.none() | st.integers(-5, 20)),
        max_size=12,
    ),
    st.booleans(),
)
def test_waiting_and_working_are_before_and_after_the_start(
    rows: list[tuple[str, str, int, int | None]], open_time: bool
) -> None:
    """Working is from the start to the end of an event, waiting from the event before to the start, at least zero."""
    hour = 3_600_000_000
    columns = {
        "order": [row[0] for row in rows],
        "stage": [row[1] for row in rows],
        "at": [row[2] * hour for row in rows],
    }
    starts = [None if row[3] is None or row[3] < 0 else (row[2] - row[3]) * hour for row in rows]
    log = EventLog.from_columns({**columns, "started_at": starts})
    calendar = WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-sun": ["09:00-17:00"]}}) if open_time else None

    def between(one: int, other: int) -> int:
        """Whole hours from one to another, of office hours where they count."""
        return sum(1 for h in range(one, other) if calendar is None or 9 <= h % 24 < 17)

    working: dict[str, list[int]] = {}
    waiting: dict[str, list[int]] = {}
    for order in "AB":
        mine = sorted((row for row in rows if row[0] == order), key=lambda row: row[2])
        for n, (_, stage, end, length) in enumerate(mine):
            if length is not None and length >= 0:
                working.setdefault(stage, []).append(between(end - length, end))
                if n:
                    waiting.setdefault(stage, []).append(between(mine[n - 1][2], end - length))
    for of, expected in (("working", working), ("waiting", waiting)):
        found = {
            row["stage"]: (row["n"], row["sum"] / 3600) for row in stage_time(log, calendar=calendar, of=of).to_dicts()
        }
        assert found == {stage: (len(hours), sum(hours)) for stage, hours in expected.items()}
