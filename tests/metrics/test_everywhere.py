"""Traps that every calculator meets, each held against all of them: nothing, one event, nobody, ties, names, clocks."""

from __future__ import annotations

import inspect
import sys
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

import pytest

from orderflow import metrics
from orderflow.metrics.log import EventLog
from orderflow.model.calendar import WorkCalendar

HOUR = 3_600_000_000
LATER = 4_000_000_000 * 1_000_000  # a promise in 2096
STAGES = ("a", "b", "c", "done", "lost")
ALLOWED = [(None, "a"), ("a", "b"), ("b", "c"), ("b", "done"), ("c", "done")]

# Each calculator with the options that it needs to say something; stages among them are those of STAGES.
CALCULATORS: dict[str, dict[str, Any]] = {
    "ageing": {"classes": [timedelta(hours=5)]},
    "bottlenecks": {"top": None},
    "cancellation": {},
    "cohorts": {"period": "week"},
    "complaint_rate": {},
    "conformance": {"allowed": ALLOWED},
    "conversion": {"stages": ["a", "b"]},
    "error_rate": {"stages": ["b"]},
    "first_response": {},
    "flow_efficiency": {"waiting_stages": ["a"]},
    "flow_map": {},
    "handover": {},
    "handover_of_teams": {},
    "in_full": {},
    "lead_time": {},
    "on_time": {},
    "otif": {},
    "overview": {},
    "periods": {"period": "week"},
    "ping_pong": {},
    "queues": {"period": "week"},
    "rework": {},
    "satisfaction": {},
    "scorecard": {"minimum": 1},
    "self_loops": {},
    "sla_attainment": {},
    "stage_time": {},
    "throughput": {"period": "week"},
    "touches": {},
    "variants": {"top": None},
    "work_in_progress": {"period": "week"},
    "working_together": {},
    "workload": {},
}
PEOPLE = {"first_response", "handover", "overview", "ping_pong", "scorecard", "touches", "working_together", "workload"}
CLOCKED = [name for name in CALCULATORS if "calendar" in inspect.signature(getattr(metrics, name)).parameters]
PERIODS = {"cohorts", "periods", "queues", "throughput", "work_in_progress"}
# (order, stage, actor, team) by arrival: rework at once and later, ping-pong, a reopened order, people and systems
ROWS = [
    *(("1", "a", "Ann", "x"), ("1", "b", "Bob", "y"), ("1", "a", "Ann", "x"), ("1", "b", "Bob", "y")),
    *(("1", "b", "Bob", "y"), ("1", "done", "system:shop", None)),
    *(("2", "a", "Bob", "y"), ("2", "done", "Ann", "x"), ("2", "b", "Cid", "x")),
    *(("3", "a", None, None), ("3", "lost", "Ann", "x")),
    ("4", "a", "automation:x", None),
    *(("5", "b", "Ann", "x"), ("5", "c", "Bob", "y"), ("5", "done", "Bob", "y")),
]
Row = tuple[str, str, str | None, str | None]


def log_of(
    rows: list[Row], at: list[int] | None = None, *, tz: str = "UTC", actors: bool = True, names: Any = None
) -> EventLog:
    """A log with all tables: `at` in microseconds, two hours apart unless given; `names` renames the stages."""
    at = [2 * HOUR * n for n in range(len(rows))] if at is None else at
    known = sorted({row[0] for row in rows})
    call = (names or {}).get
    events = {
        "order": [row[0] for row in rows],
        "stage": [call(row[1], row[1]) for row in rows],
        "at": at,
        "team": [row[3] for row in rows],
    }
    if actors:
        events["actor"] = [row[2] for row in rows]
    first = {order: min(time for row, time in zip(rows, at, strict=True) if row[0] == order) for order in known}
    return EventLog.from_columns(
        events,
        {"order": known, "promised_at": [LATER for _ in known], "region": [order > "2" for order in known]},
        tz=tz,
        done_stages=[call("done", "done")],
        cancelled_stages=[call("lost", "lost")],
        marks={
            "order": known * 2,
            "track": ["order"] * len(known) * 2,
            "sla": ["reply"] * len(known) * 2,
            "kind": ["started"] * len(known) + ["met"] * len(known),
        },
        feedback={
            "order": known,
            "at": [first[order] for order in known],
            "score": [5] * len(known),
            "kind": ["csat"] * len(known),
        },
        lines={
            "order": known,
            "line": ["1"] * len(known),
            "ordered": [2] * len(known),
            "delivered": [2] * len(known),
            "at": [first[order] for order in known],
        },
    )


def asked(name: str, log: EventLog, **more: Any) -> Any:
    return plain(getattr(metrics, name)(log, **{**CALCULATORS[name], **more}))


def summarised(name: str, log: EventLog, **more: Any) -> Any:
    """The summary with those of the options that belong to it."""
    rule = sys.modules[f"orderflow.metrics.{name}"].summarise
    takes = inspect.signature(rule).parameters
    return rule(log, **{key: value for key, value in {**CALCULATORS[name], **more}.items() if key in takes})


def read(name: str, summary: Any) -> Any:
    rule = sys.modules[f"orderflow.metrics.{name}"].result
    takes = inspect.signature(rule).parameters
    return plain(rule(summary, **{key: value for key, value in CALCULATORS[name].items() if key in takes}))


def plain(value: Any) -> Any:
    if hasattr(value, "to_dicts"):
        return value.to_dicts()
    if hasattr(value, "__attrs_attrs__"):
        return {item.name: plain(getattr(value, item.name)) for item in value.__attrs_attrs__}
    return dict(value) if hasattr(value, "items") else value


def values(found: Any) -> list[Any]:
    """Every value of a result, however deep."""
    if isinstance(found, dict):
        return [item for value in found.values() for item in values(value)]
    if isinstance(found, list):
        return [item for value in found for item in values(value)]
    return [found]


def check_sane(found: Any) -> None:
    """No NaN, nothing infinite, no negative number."""
    for value in values(found):
        if isinstance(value, int | float):
            assert not isnan(value)
            assert 0 <= value < float("inf")


def test_every_public_calculator_is_held_against_the_traps() -> None:
    """A new one that is not in the table here is found, and one that left is too."""
    parts = ("summarise", "merge", "result")
    modules = {name: sys.modules.get(f"orderflow.metrics.{name}") for name in metrics.__all__}
    public = [name for name, module in modules.items() if all(hasattr(module, part) for part in parts)]
    assert sorted([*CALCULATORS, "compare"]) == sorted(public)  # compare asks two logs at once: tests of its own


@pytest.mark.parametrize("name", CALCULATORS)
def test_no_events_give_zeros_and_nothing(name: str) -> None:
    """An empty log has an answer: no rows, or zeros and missing figures (beside the stages of a funnel)."""
    found = values(asked(name, log_of([])))
    assert all(value in (0, None) for value in found if value not in CALCULATORS[name].get("stages", ()))


@pytest.mark.parametrize("name", CALCULATORS)
@pytest.mark.parametrize("by", [None, "region"])
def test_an_empty_shard_changes_nothing(name: str, by: str | None) -> None:
    """On either side of a merge, by groups too."""
    more = {} if name == "overview" else {"by": by}
    merge = sys.modules[f"orderflow.metrics.{name}"].merge
    whole = read(name, summarised(name, log_of(ROWS), **more))
    empty, full = summarised(name, log_of([]), **more), summarised(name, log_of(ROWS), **more)
    assert read(name, merge(empty, full)) == whole
    assert read(name, merge(full, empty)) == whole


@pytest.mark.parametrize("name", CLOCKED)
def test_open_time_merges_too(name: str) -> None:
    """The result of merged shards is that of the whole, by groups and in office hours."""
    office = WorkCalendar.from_dict({"timezone": "Europe/Berlin", "hours": {"mon-sun": ["09:00-17:00"]}})
    at = dict(zip(range(len(ROWS)), (3 * HOUR * n for n in range(len(ROWS))), strict=True))
    merge = sys.modules[f"orderflow.metrics.{name}"].merge

    def part(chosen: set[str]) -> Any:
        kept = [n for n, row in enumerate(ROWS) if row[0] in chosen]
        log = log_of([ROWS[n] for n in kept], [at[n] for n in kept])
        return summarised(name, log, by="region", calendar=office)

    whole = read(name, part(set("12345")))
    assert read(name, merge(part(set("14")), part(set("235")))) == whole
    assert read(name, merge(merge(part({"5"}), part({"2"})), part(set("134")))) == whole


@pytest.mark.parametrize("name", CALCULATORS)
def test_orders_with_one_event_take_no_time(name: str) -> None:
    """Three orders, each seen once: they are counted, and nothing passes between any two of their events."""
    rows: list[Row] = [("1", "a", "Ann", "x"), ("2", "b", "Bob", "y"), ("3", "done", "Ann", "x")]
    found = asked(name, log_of(rows))
    check_sane(found)
    steps = {"bottlenecks", "flow_map", "handover", "handover_of_teams", "ping_pong", "self_loops", "stage_time"}
    if name in {*steps, "working_together"}:
        assert found == []
    wanted = {
        "lead_time": {"n": 3, "max": 0.0, "sum": 0.0},
        "rework": {"n": 3, "orders": 0, "events": 0, "self_loops": 0},
        "first_response": {"orders": 3, "unanswered": 3, "n": 0, "mean": None},
        "flow_efficiency": {"orders": 3, "lead": 0.0, "share": None, "median": None},
        "on_time": {"n": 1, "on_time": 1},
        "touches": {"orders": 3, "events": 3, "touches": 3, "touched": 3},
        "cancellation": {"orders": 3, "open": 2, "cancelled": 0},
    }.get(name)
    if wanted is not None:
        [row] = found
        assert {key: row[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", CALCULATORS)
def test_without_actors_there_are_no_people(name: str) -> None:
    """Figures about people have none of them; all others are what they are with actors."""
    found = asked(name, log_of(ROWS, actors=False))
    check_sane(found)
    if name not in PEOPLE:
        assert found == asked(name, log_of(ROWS))
    elif name == "overview":
        assert (found["actors"], found["events_without_actor"]) == (0, len(ROWS))
    elif name == "touches":
        assert (found[0]["touches"], found[0]["unknown"], found[0]["share"]) == (0, 5, None)
    elif name == "first_response":
        assert (found[0]["unanswered"], found[0]["n"]) == (5, 0)
    else:
        assert found == []


@pytest.mark.parametrize("name", CALCULATORS)
def test_stages_may_have_any_name(name: str) -> None:
    """Chinese, an emoji, a letter of two code points, a comma: the same figures under other names of the same order."""
    others = {"a": 'a,"b"\n', "b": "e\u0301", "c": "审核", "done": "龍", "lost": "🎉"}
    assert list(others.values()) == sorted(others.values())
    options = CALCULATORS[name].copy()
    for key in ("stages", "waiting_stages"):
        if key in options:
            options[key] = [others[stage] for stage in options[key]]
    if "allowed" in options:
        options["allowed"] = [(others.get(source), others[dest]) for source, dest in ALLOWED]

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            texts = name == "overview"  # its mappings go from stages to counts
            return {others.get(key, key) if texts else key: renamed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [renamed(item) for item in value]
        return others.get(value, value) if isinstance(value, str) else value

    found = plain(getattr(metrics, name)(log_of(ROWS, names=others), **options))
    assert found == renamed(asked(name, log_of(ROWS)))


@pytest.mark.parametrize("name", CALCULATORS)
def test_events_at_one_instant_keep_the_order_of_arrival(name: str) -> None:
    """All at the same microsecond count as those a microsecond apart do; only durations differ."""

    def counts(found: Any) -> list[str]:
        rows = found["fit"] + found["breaks"] if name == "conformance" else found
        rows = [rows] if isinstance(rows, dict) else rows
        timed = float | datetime | None  # a share of no time is missing
        return sorted(repr({k: value for k, value in row.items() if not isinstance(value, timed)}) for row in rows)

    start = 1_000_000 * HOUR
    tied, apart = ([start + step * n for n in range(len(ROWS))] for step in (0, 1))
    found = asked(name, log_of(ROWS, tied))
    check_sane(found)
    assert counts(found) == counts(asked(name, log_of(ROWS, apart)))


@pytest.mark.parametrize("name", CALCULATORS)
@pytest.mark.parametrize("day", [(2026, 3, 28), (2026, 10, 24)])
def test_the_change_of_clocks_neither_makes_nor_takes_time(name: str, day: tuple[int, int, int]) -> None:
    """Across the day of 23 and that of 25 hours in Berlin: real time is that of UTC, and what is open around the clock
    there is open all the time."""
    start = int(datetime(*day, 12, tzinfo=UTC).timestamp()) * 1_000_000
    at = [start + 2 * HOUR * n for n in range(len(ROWS))]
    berlin, utc = log_of(ROWS, at, tz="Europe/Berlin"), log_of(ROWS, at)
    found = asked(name, berlin)
    check_sane(found)
    if name not in {*PERIODS, "on_time"}:
        assert found == asked(name, utc)
    if name in CLOCKED:
        around = WorkCalendar.from_dict({"timezone": "Europe/Berlin", "hours": {"mon-sun": ["00:00-24:00"]}})
        assert asked(name, berlin, calendar=around) == found
