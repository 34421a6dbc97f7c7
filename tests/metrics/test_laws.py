"""Laws of every calculator on random logs: merging, groups, calendars, empty logs, single events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow import metrics
from orderflow.metrics.log import EventLog
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
START = 1_774_600_000_000_000  # in March 2026, before the clocks change in Berlin
ALLOWED = {"order": {(None, "placed"), ("placed", "审核"), ("审核", "done")}, "shipment": {("placed", "done")}}
OFFICE = WorkCalendar.from_dict({"timezone": "Europe/Berlin", "hours": {"mon-sun": ["09:00-17:00"]}})

# Each calculator with options that make it say something, and whether it groups, and takes a calendar.
CASES: dict[str, tuple[str, dict[str, Any], bool, bool]] = {
    "ageing": ("ageing", {"classes": [timedelta(hours=5)]}, True, True),
    "cancellation": ("cancellation", {}, True, False),
    "cohorts": ("cohorts", {"period": "day"}, True, True),
    "complaint_rate": ("complaint_rate", {}, True, False),
    "conformance": ("conformance", {"allowed": ALLOWED}, True, False),
    "conversion": ("conversion", {}, True, False),
    "conversion as a funnel": ("conversion", {"stages": ("placed", "审核", "done")}, True, False),
    "error_rate": ("error_rate", {"stages": "返工"}, True, False),
    "first_response": ("first_response", {}, True, True),
    "first_response by a team": ("first_response", {"of": "team"}, True, True),
    "flow_efficiency": ("flow_efficiency", {"waiting_stages": ["placed"]}, True, True),
    "flow_efficiency by starts": ("flow_efficiency", {}, True, True),
    "handover_of_teams": ("handover_of_teams", {}, True, True),
    "in_full": ("in_full", {}, True, False),
    "otif": ("otif", {}, True, False),
    "periods": ("periods", {"period": "week"}, True, True),
    "ping_pong": ("ping_pong", {}, True, True),
    "ping_pong of stages": ("ping_pong", {"of": "stage"}, True, True),
    "queues": ("queues", {"period": "day"}, True, False),
    "satisfaction": ("satisfaction", {}, True, False),
    "scorecard": ("scorecard", {}, True, True),
    "scorecard of teams": ("scorecard", {"of": "team", "stay": "after"}, True, True),
    "self_loops": ("self_loops", {}, True, True),
    "sla_attainment": ("sla_attainment", {}, True, False),
    "touches": ("touches", {}, True, False),
    "work_in_progress": ("work_in_progress", {"period": "day"}, True, False),
    "workload": ("workload", {}, True, False),
    "working_together": ("working_together", {}, True, False),
}
# What a group has also depends on the other groups here: the periods, the stages, the instant of counting.
WIDE = {"ageing", "cohorts", "conversion", "otif", "periods", "queues", "work_in_progress"}

orders = st.sampled_from(["SO-1", "SO-2", "订单-3", "4", "5"])
hours = st.integers(0, 90).map(lambda number: START + number * HOUR)
worlds = st.fixed_dictionaries(
    {
        "events": st.lists(
            st.tuples(
                orders,
                st.sampled_from(["placed", "审核", "返工", "done", "取消"]),
                hours,
                st.sampled_from([None, "Ann", "bob", "system:shop", "automation:x"]),
                st.sampled_from([None, "sales", "仓库"]),
                st.sampled_from([None, "order", "shipment:1", "shipment:2"]),
                st.one_of(st.none(), hours),
            ),
            max_size=25,
        ),
        "marks": st.lists(
            st.tuples(
                orders,
                st.sampled_from(["order", "shipment:1"]),
                st.sampled_from(["reply", "交付"]),
                st.sampled_from(["started", "met", "breached", "cancelled", "reset"]),
                st.booleans(),
            ),
            max_size=10,
        ),
        "feedback": st.lists(
            st.tuples(orders, hours, st.integers(1, 5), st.sampled_from(["csat", "nps", "complaint"])), max_size=8
        ),
        "lines": st.lists(
            st.tuples(orders, st.sampled_from("12"), st.just(2), st.sampled_from([0, 1, 2]), hours), max_size=8
        ),
        "regions": st.dictionaries(orders, st.sampled_from([None, "east", "华东"])),
        "promises": st.dictionaries(orders, hours),
    }
)
COLUMNS = {
    "events": ("order", "stage", "at", "actor", "team", "track", "started_at"),
    "marks": ("order", "track", "sla", "kind", "voided"),
    "feedback": ("order", "at", "score", "kind"),
    "lines": ("order", "line", "ordered", "delivered", "at"),
}
some = settings(max_examples=15, deadline=None)


def log_of(world: dict[str, Any], chosen: set[str] | None = None) -> EventLog:
    """The log of a world, or of some of its orders."""
    tables = {}
    for name, columns in COLUMNS.items():
        rows = [row for row in world[name] if chosen is None or row[0] in chosen]
        values = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in columns]
        tables[name] = dict(zip(columns, values, strict=True))
    known = sorted(everyone(world) if chosen is None else chosen)
    attributes = {
        "order": known,
        "region": [world["regions"].get(order) for order in known],
        "share": [order > "4" for order in known],  # an attribute that is called as a figure
        "promised_at": [world["promises"].get(order) for order in known],
    }
    events = tables.pop("events")
    ends = {"done_stages": ["done"], "cancelled_stages": ["取消"]}
    return EventLog.from_columns(events, attributes, tz="Europe/Berlin", **ends, **tables)


def everyone(world: dict[str, Any]) -> set[str]:
    return {row[0] for name in COLUMNS for row in world[name]} | set(world["regions"]) | set(world["promises"])


def module(name: str) -> Any:
    import sys

    return sys.modules[f"orderflow.metrics.{name}"]


def parted(name: str, options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of `summarise` and of `result`: those that only change how a summary is read go there too."""
    late = {key: value for key, value in options.items() if key in ("classes",)}
    both = {key: value for key, value in options.items() if key == "period"}
    return {key: value for key, value in options.items() if key not in late}, late | both


def plain(value: Any) -> Any:
    if hasattr(value, "to_dicts"):
        return value.to_dicts()
    return {field.name: plain(getattr(value, field.name)) for field in value.__attrs_attrs__}


@pytest.mark.parametrize("case", CASES)
@some
@given(world=worlds, cut=orders, by=st.sampled_from([None, "region", ["region", "share"]]))
def test_the_result_of_a_merge_is_the_result_of_the_whole(case: str, world: Any, cut: str, by: Any) -> None:
    """For shards with no order in common, whichever comes first, also when one is empty, and by groups."""
    name, options, _by, _calendar = CASES[case]
    calculator, (first, last) = module(name), parted(name, options)
    some_orders = {order for order in everyone(world) if order < cut}
    a = calculator.summarise(log_of(world, some_orders), by=by, **first)
    b = calculator.summarise(log_of(world, everyone(world) - some_orders), by=by, **first)
    whole = plain(calculator.result(calculator.summarise(log_of(world), by=by, **first), **last))
    assert plain(calculator.result(calculator.merge(a, b), **last)) == whole
    assert plain(calculator.result(calculator.merge(b, a), **last)) == whole


@pytest.mark.parametrize("case", [case for case, (name, *_) in CASES.items() if name not in {*WIDE, "conformance"}])
@some
@given(world=worlds)
def test_a_group_is_the_log_of_its_orders(case: str, world: Any) -> None:
    """The rows of a group are those of the log cut to its orders, missing values being a group too."""
    name, options, _by, _calendar = CASES[case]
    log, calculator, (first, last) = log_of(world), module(name), parted(name, options)
    grouped = plain(calculator.result(calculator.summarise(log, by="region", **first), **last))
    for region in {row["region"] for row in grouped}:
        rows = [{key: row[key] for key in row if key != "region"} for row in grouped if row["region"] == region]
        alone = plain(calculator.result(calculator.summarise(log.where(region=region), **first), **last))
        assert rows == [pytest.approx(row) for row in alone]


@pytest.mark.parametrize("case", [case for case, (*_, calendar) in CASES.items() if calendar])
@some
@given(world=worlds)
def test_a_calendar_that_is_always_open_changes_nothing(case: str, world: Any) -> None:
    """Its running sum of open time is the time itself."""
    name, options, *_ = CASES[case]
    log, calculator = log_of(world), module(name)
    first, last = parted(name, options)
    usual = plain(calculator.result(calculator.summarise(log, **first), **last))
    always = calculator.result(calculator.summarise(log, calendar=WorkCalendar.always, **first), **last)
    assert plain(always) == usual


@pytest.mark.parametrize(
    ("case", "figure"),
    [
        ("first_response", "sum"),
        ("flow_efficiency", "lead"),
        ("handover_of_teams", "sum"),
        ("ping_pong", "total"),
        ("ping_pong of stages", "total"),
        ("self_loops", "total"),
    ],
)
@some
@given(world=worlds)
def test_open_time_is_never_more_than_time(case: str, figure: str, world: Any) -> None:
    """Summed up over all rows: with office hours at most what it is without."""
    name, options, *_ = CASES[case]
    log, calculator = log_of(world), module(name)
    totals = []
    for calendar in (None, OFFICE):
        rows = plain(calculator.result(calculator.summarise(log, calendar=calendar, **options)))
        totals.append(sum(row[figure] or 0 for row in rows))
    assert totals[1] <= totals[0]


def test_open_time_keeps_the_order_of_events() -> None:
    """Two events in one closed night are at one point of open time; the earlier stays the earlier, tracks or not."""
    events = [("1", "placed", 0), ("1", "placed", 9), ("1", "review", 8)]
    for tracks in ({}, {"track": ["order"] * 3}):
        log = EventLog.from_columns(
            {
                "order": [order for order, _, _ in events],
                "stage": [stage for _, stage, _ in events],
                "at": [START + hours * HOUR for _, _, hours in events],
                **tracks,
            }
        )
        assert len(metrics.self_loops(log, calendar=OFFICE)) == 0


@pytest.mark.parametrize("case", CASES)
def test_an_empty_log_has_answers(case: str) -> None:
    """No rows, or one row of zeros; never an error, and groups of nothing are none."""
    name, options, *_ = CASES[case]
    empty = log_of({"events": [], "marks": [], "feedback": [], "lines": [], "regions": {}, "promises": {}})
    found = plain(getattr(metrics, name)(empty, **options))
    rows = found["fit"] + found["breaks"] if isinstance(found, dict) else found
    assert all(value in (0, None) for row in rows for key, value in row.items() if key != "stage")
    grouped = plain(getattr(metrics, name)(empty, by="region", **options))
    assert grouped in ([], {"fit": [], "breaks": []})


@pytest.mark.parametrize("case", CASES)
def test_unknown_groups_are_refused(case: str) -> None:
    """An attribute that no order has is told with the nearest one that there is."""
    name, options, *_ = CASES[case]
    event = ("SO-1", "placed", START, "Ann", "sales", "order", None)
    world = {
        "events": [event, ("2", "返工", START, None, None, None, None), ("2", "done", START, None, None, None, None)]
    }
    world["events"].append(("2", "审核", START, None, None, None, None))
    log = log_of({**world, "marks": [], "feedback": [], "lines": [], "regions": {}, "promises": {}})
    with pytest.raises(LogError, match="Did you mean 'region'"):
        getattr(metrics, name)(log, by="regoin", **options)
