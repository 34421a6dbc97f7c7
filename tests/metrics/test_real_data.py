"""The figures for real order data equal an independent computation with csv and statistics.

The data stands in `../shared/data` (or `$ORDERFLOW_DATA`); without it these tests are skipped.
"""

from __future__ import annotations

import csv
import os
import statistics
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orderflow import metrics
from orderflow.adapters.tables import read_log
from orderflow.metrics.report import report
from orderflow.model.calendar import WorkCalendar

DATA = Path(os.environ.get("ORDERFLOW_DATA", Path(__file__).parents[3] / "shared" / "data"))
SETS = {"olist_sample": "delivered", "northwind": "shipped"}
Event = tuple[datetime, str, str]


def histories(folder: Path) -> dict[str, list[Event]]:
    found = defaultdict(list)
    with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["order_id"]].append((datetime.fromisoformat(row["at"]), row["stage"], row["actor"]))
    return {order: sorted(events, key=lambda event: event[0]) for order, events in found.items()}


def promises(folder: Path) -> dict[str, tuple[datetime, datetime]]:
    """By order the promised instant, and its day."""
    found = {}
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["promised_at"]:
                day = datetime.fromisoformat(row["promised_at"]).replace(tzinfo=UTC)
                bare = len(row["promised_at"]) == 10
                found[row["order_id"]] = (day + timedelta(days=1, microseconds=-1) if bare else day, day)
    return found


def figures(values: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else values * 19
    return {
        "n": len(values),
        "mean": statistics.fmean(values),
        "median": statistics.median(values),
        "p90": cuts[17],
        "p95": cuts[18],
        "min": min(values),
        "max": max(values),
        "sum": sum(values),
    }


def ranked(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def expected(folder: Path, delivered_stage: str) -> dict[str, Any]:
    """The whole report, from its definitions, in plain Python."""
    past = histories(folder)
    events = [event for history in past.values() for event in history]
    waits, pairs = defaultdict(list), defaultdict(list)
    handover: Counter[tuple[str, str]] = Counter()
    for history in past.values():
        for (at, stage, actor), (next_at, next_stage, next_actor) in pairwise(history):
            seconds = (next_at - at).total_seconds()
            waits[stage].append(seconds)
            pairs[stage, next_stage].append(seconds)
            if actor and next_actor and actor != next_actor:
                handover[actor, next_actor] += 1
    steps = [
        {
            "source": source,
            "dest": dest,
            "count": len(values),
            "mean": statistics.fmean(values),
            "median": statistics.median(values),
            "total": sum(values),
        }
        for (source, dest), values in pairs.items()
    ]

    time = sum(row["total"] for row in steps)
    shares = [row | {"share": row["total"] / time} for row in steps]

    def top(key: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(rows, key=lambda row: (-row[key], row["source"], row["dest"]))

    ways = ranked(Counter(tuple(event[1] for event in history) for history in past.values()))
    visits = [Counter(event[1] for event in history) for history in past.values()]
    iso = "%Y-%m-%dT%H:%M:%S.%fZ"
    delivered = {}
    for order, history in past.items():
        for at, stage, _actor in history:
            if stage == delivered_stage:
                delivered.setdefault(order, at)
    promised = promises(folder)
    both = [(at, *promised[order]) for order, at in delivered.items() if order in promised]
    kept = sum(at <= instant for at, instant, _day in both)
    return {
        "orders": len(past),
        "events": len(events),
        "actors": len({event[2] for event in events} - {""}),
        "events_without_actor": sum(not event[2] for event in events),
        "first_event": min(events)[0].strftime(iso),
        "last_event": max(events)[0].strftime(iso),
        "lead_time": figures([(history[-1][0] - history[0][0]).total_seconds() for history in past.values()]),
        "stages": dict(ranked(Counter(event[1] for event in events))),
        "start_stages": dict(ranked(Counter(history[0][1] for history in past.values()))),
        "end_stages": dict(ranked(Counter(history[-1][1] for history in past.values()))),
        "flow_map": top("count", steps),
        "variants": {"count": len(ways), "top": [{"stages": list(way), "count": n} for way, n in ways[:20]]},
        "rework": {
            "orders": sum(max(seen.values()) > 1 for seen in visits),
            "events": sum(n - 1 for seen in visits for n in seen.values()),
            "self_loops": sum(a[1] == b[1] for history in past.values() for a, b in pairwise(history)),
            "by_stage": dict(ranked(Counter(stage for seen in visits for stage, n in seen.items() if n > 1))),
        },
        "handover": [{"source": a, "dest": b, "count": n} for (a, b), n in ranked(handover)],
        "throughput": {
            "started": dict(sorted(Counter(f"{history[0][0]:%Y-%m}" for history in past.values()).items())),
            "finished": dict(sorted(Counter(f"{history[-1][0]:%Y-%m}" for history in past.values()).items())),
        },
        "stage_time": {stage: figures(values) for stage, values in waits.items()},
        "bottlenecks": {
            "by_total": top("total", shares)[:10],
            "by_mean": top("mean", [row for row in shares if row["count"] >= 20])[:10],
        },
        "on_time": {
            "n": len(both),
            "on_time": kept,
            "rate": kept / len(both),
            "by_day_rate": sum(at.date() <= day.date() for at, _instant, day in both) / len(both),
            "early": figures([(instant - at).total_seconds() for at, instant, _day in both if at <= instant]),
            "late": figures([(at - instant).total_seconds() for at, instant, _day in both if at > instant]),
        },
    }


def check(found: Any, wanted: Any, path: str = "report") -> None:
    """Equal in keys, order of lists and values; numbers up to rounding."""
    if isinstance(wanted, dict):
        assert set(found) == set(wanted), path
        for key in wanted:
            check(found[key], wanted[key], f"{path}.{key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), path
        for n, item in enumerate(wanted):
            check(found[n], item, f"{path}[{n}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-12), path
    else:
        assert found == wanted, path


@pytest.mark.parametrize("name", SETS)
def test_the_report_on_real_data_is_right(name: str) -> None:
    """Every figure, with exactly the keys that are promised."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    log = read_log(folder / "events.csv", cases=folder / "cases.csv", promised="promised_at")
    found = report(log, delivered_stage=SETS[name]).to_dict()
    assert found["on_time"].pop("rule")
    check(found, expected(folder, SETS[name]))


def opened(since: datetime, until: datetime) -> float:
    """Seconds from one instant to another that lie on Monday to Friday between 9 and 17 o'clock in UTC, day by day."""
    seconds, day = 0.0, since.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < until:
        if day.weekday() < 5:
            start, end = max(since, day + timedelta(hours=9)), min(until, day + timedelta(hours=17))
            seconds += max(0.0, (end - start).total_seconds())
        day += timedelta(days=1)
    return seconds


@pytest.mark.parametrize(("name", "by"), [("olist_sample", "status"), ("northwind", "country")])
def test_groups_and_open_time_on_real_data_are_right(name: str, by: str) -> None:
    """Lead time and stage time by an attribute of the orders in working hours, rework and variants by it."""
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        groups = {row["order_id"]: row[by] for row in csv.DictReader(file)}
    log = read_log(folder / "events.csv", cases=folder / "cases.csv", promised="promised_at")
    office = WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}})
    leads, waits, ways = defaultdict(list), defaultdict(list), defaultdict(Counter)
    for order, history in histories(folder).items():
        group = groups[order]
        leads[group].append(opened(history[0][0], history[-1][0]))
        ways[group][tuple(event[1] for event in history)] += 1
        for (at, stage, _actor), (next_at, _stage, _next) in pairwise(history):
            waits[group, stage].append(opened(at, next_at))
    found = {row.pop(by): row for row in metrics.lead_time(log, by=by, calendar=office).to_dicts()}
    check(found, {group: figures(values) for group, values in leads.items()})
    found = {(row.pop(by), row.pop("stage")): row for row in metrics.stage_time(log, by, office).to_dicts()}
    check(found, {key: figures(values) for key, values in waits.items()})
    for group, seen in ways.items():
        best = [row for row in metrics.variants(log, by=by, top=1).to_dicts() if row[by] == group]
        assert [(tuple(row["stages"]), row["count"]) for row in best] == ranked(seen)[:1]
    again = {row[by]: row["orders"] for row in metrics.rework(log, by=by).to_dicts()}
    repeats = {group: sum(n for way, n in seen.items() if len(set(way)) < len(way)) for group, seen in ways.items()}
    assert again == repeats
