"""Siblings look alike: what holds of the options of one calculator holds of those of all."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import orderflow as of
from orderflow import metrics
from orderflow.metrics import EventLog, by_person, handover, scorecard, workload
from orderflow.metrics.figures import FURTHER, PARTS
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
OFFICE = WorkCalendar.from_dict({"timezone": "Europe/Berlin", "hours": {"mon-sun": ["09:00-17:00"]}})
ALLOWED = {"order": [(None, "a"), ("a", "b"), ("b", "done")]}
NEEDS: dict[str, dict[str, Any]] = {
    "conformance": {"allowed": ALLOWED},
    "error_rate": {"stages": ["b"]},
    "complaint_rate": {"stages": ["b"]},
    "flow_efficiency": {"waiting_stages": ["a"]},
}
OTHERS = {"overview", "compare"}  # of no groups; of two logs
CALCULATORS = sorted({*PARTS, *FURTHER} - OTHERS)
UNTIMED = (
    *("variants", "rework", "handover", "throughput", "touches", "workload", "working_together", "in_full", "otif"),
    *("queues", "work_in_progress", "cancellation", "conversion", "conformance", "error_rate", "complaint_rate"),
    *("satisfaction", "sla_attainment"),
)
WORDS = ("of", "between", "stay", "period", "rank", "people")
STAGES = ("stages", "waiting_stages", "done_stages", "cancelled_stages", "delivered_stage")


def options(name: str) -> list[str]:
    return list(inspect.signature(getattr(metrics, name)).parameters)


def small(events: bool = True) -> EventLog:
    """A log with all tables; with or without its events."""
    rows = [("1", "a", "Ann", "x"), ("1", "b", "Bob", "y"), ("1", "a", "Ann", "x"), ("1", "done", "Bob", "y")]
    rows += [("2", "a", "Bob", "y"), ("2", "b", "Ann", "x"), ("2", "lost", "Ann", "x"), ("3", "a", "Ann", "x")]
    rows = rows if events else []
    columns = dict(zip(("order", "stage", "actor", "team"), map(list, zip(*rows, strict=True)), strict=False)) or {
        name: [] for name in ("order", "stage", "actor", "team")
    }
    at = [7 * HOUR * n for n in range(len(rows))]
    return EventLog.from_columns(
        {**columns, "at": at, "started_at": [instant - HOUR for instant in at]},
        {"order": ["1", "2", "3"], "promised_at": [20 * HOUR] * 3, "region": ["n", "s", "n"]},
        done_stages=["done"],
        cancelled_stages=["lost"],
        marks={"order": ["1"], "track": ["order"], "sla": ["reply"], "kind": ["started"]},
        feedback={"order": ["1"], "at": [30 * HOUR], "score": [4], "kind": ["csat"]},
        lines={"order": ["1"], "line": ["1"], "ordered": [2], "delivered": [2], "at": [9 * HOUR]},
    )


def ask(name: str, log: EventLog, **given: Any) -> Any:
    return getattr(metrics, name)(log, **{**NEEDS.get(name, {}), **given})


def plain(found: Any) -> Any:
    return [found.fit.to_dicts(), found.breaks.to_dicts()] if hasattr(found, "fit") else found.to_dicts()


@pytest.mark.parametrize("name", CALCULATORS)
def test_every_calculator_takes_a_log_what_to_group_by_and_a_calendar(name: str) -> None:
    """`(log, by, calendar, *, options)`, and its summary is made the same way; conformance has the flow before `by`."""
    first = ["log", "allowed", "by", "calendar"] if name == "conformance" else ["log", "by", "calendar"]
    module = __import__(f"orderflow.metrics.{name}", fromlist=["summarise"])
    for function, start in ((getattr(metrics, name), first), (module.summarise, ["shard", *first[1:]])):
        parameters = list(inspect.signature(function).parameters.values())
        assert [each.name for each in parameters[: len(first)]] == start
        assert all(each.kind is each.KEYWORD_ONLY for each in parameters[len(first) :])


@pytest.mark.parametrize("name", UNTIMED)
def test_a_calendar_changes_nothing_where_nothing_is_timed(name: str) -> None:
    """The same rows with a calendar and without, and the docstring says so."""
    assert plain(ask(name, small(), calendar=OFFICE)) == plain(ask(name, small()))
    assert "`calendar` changes nothing" in " ".join((getattr(metrics, name).__doc__ or "").split())


@pytest.mark.parametrize(("name", "option"), [(n, o) for n in CALCULATORS for o in options(n) if o in WORDS])
def test_a_word_that_is_no_choice_is_told(name: str, option: str) -> None:
    """Never a KeyError or an error of the library beneath."""
    with pytest.raises(LogError) as caught:
        ask(name, small(), **{option: "nonsense"})
    assert caught.value.problems[0].code == "log.unknown_choice"
    assert caught.value.problems[0].params["name"] == option


NAMING = [(name, option) for name in (*CALCULATORS, "compare") for option in options(name) if option in STAGES]


@pytest.mark.parametrize(("name", "option"), NAMING)
def test_a_stage_that_never_occurs_is_told(name: str, option: str) -> None:
    """By every function that takes names of stages, with what may have been meant; a log without events has none."""
    both = {"after": small()} if name == "compare" else {}
    with pytest.raises(LogError) as caught:
        ask(name, small(), **both, **{option: "dome"})
    assert caught.value.problems[0].code == "log.unknown_stage"
    assert caught.value.problems[0].params["suggestion"] == "done"
    both = {"after": small(events=False)} if name == "compare" else {}
    ask(name, small(events=False), **both, **{option: "dome"})


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, o in NAMING if n != "compare" and o != "delivered_stage"])
def test_a_lone_text_is_one_stage(name: str, option: str) -> None:
    """Not its characters."""
    assert plain(ask(name, small(), **{option: "done"})) == plain(ask(name, small(), **{option: ["done"]}))


def test_an_end_that_has_not_come_yet_is_no_slip() -> None:
    """Nobody has cancelled so far: the answer is none of them, not an error; a misspelt end is one."""
    (found,) = metrics.cancellation(small(), cancelled_stages="取消")
    assert (found["cancelled"], found["share"]) == (0, 0)
    assert metrics.work_in_progress(small(), done_stages=["done", "archived"]) == metrics.work_in_progress(
        small(), done_stages=["done"]
    )
    totals = metrics.Running()
    totals.add(small())
    assert totals.result("cancellation", cancelled_stages="取消").to_dicts() == [found]


def test_a_part_of_a_log_knows_the_stages_of_the_whole() -> None:
    """Where no order that was chosen has been delivered yet, on time is of none; in shards too."""
    log = EventLog.from_columns(
        {"order": ["A", "A", "B", "C"], "stage": ["placed", "done", "placed", "placed"], "at": [0, 1, 0, 0]},
        {"order": ["A", "B", "C"], "region": ["e", "w", "w"], "promised_at": [9, 9, 9]},
    ).where(region="w")
    for found in (of.report(log, delivered_stage="done"), of.report(log, delivered_stage="done", shards=2)):
        assert found.on_time is not None
        assert found.on_time.n == 0


def test_a_person_who_is_called_others_is_a_person() -> None:
    """They are shown like everybody else, beside the others that are summed up, and have a pseudonym."""
    people = ["others"] * 6 + ["Ann"] * 2 + ["Bob"] * 3
    log = EventLog.from_columns(
        {
            "order": [str(n) for n in range(len(people)) for _ in range(2)],
            "stage": ["a", "b"] * len(people),
            "at": [n * HOUR for n in range(2 * len(people))],
            "actor": [actor for name in people for actor in (name, "Zoe")],
        }
    )
    named = scorecard(log, minimum=5).to_dicts()
    assert [(row["actor"], row["people"], row["orders"]) for row in named] == [
        ("Zoe", 1, 11),
        ("others", 1, 6),
        ("others", 2, 5),
    ]
    for table in (scorecard(log, minimum=5, people="pseudonyms"), by_person(scorecard(log), people="pseudonyms")):
        assert [row["actor"] for row in table.to_dicts()] == ["person 1", "person 2", "others"]
    assert "others" not in {row["actor"] for row in workload(log, people="pseudonyms").to_dicts()}
    assert "others" not in {row["source"] for row in handover(log, people="pseudonyms").to_dicts()}


def test_an_attribute_called_people_is_no_scorecard() -> None:
    """Rows by person and by that attribute are shown like others."""
    log = EventLog.from_columns(
        {"order": ["1", "1"], "stage": ["a", "b"], "at": [0, HOUR], "actor": ["Ann", "Bob"]},
        {"order": ["1"], "people": ["many"]},
    )
    found = by_person(metrics.stage_time(log, by=["actor", "people"]), people="pseudonyms", minimum=1).to_dicts()
    assert [(row["actor"], row["people"]) for row in found] == [("person 1", "many")]
