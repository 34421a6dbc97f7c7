"""What figures by person promise: names as asked, and nobody shown below the minimum."""

from __future__ import annotations

from typing import Any

import pytest

import orderflow as of
from orderflow.metrics.figures import FURTHER
from orderflow.metrics.shards import in_shards
from orderflow.model.errors import LogError


def log() -> of.EventLog:
    """li in three orders, wang in two, zhao in one; teams of all."""
    rows = [
        *(("A", "in", "li", "sales"), ("A", "out", "wang", "plant")),
        *(("B", "in", "li", "sales"), ("B", "out", "wang", "plant")),
        *(("C", "in", "li", "sales"), ("C", "out", "zhao", "plant")),
    ]
    names = ("order", "stage", "actor", "team")
    columns: dict[str, list[Any]] = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    return of.EventLog.from_columns({**columns, "at": list(range(len(rows)))}, done_stages=["out"])


PEOPLE = {"li", "wang", "zhao"}


def texts(table: of.metrics.Table) -> set[str]:
    return {value for row in table.to_dicts() for value in row.values() if isinstance(value, str)}


@pytest.mark.parametrize("name", ["handover", "workload", "working_together", "ping_pong", "scorecard"])
@pytest.mark.parametrize("people", ["pseudonyms", "teams"])
def test_no_name_is_shown_that_was_not_to_be(name: str, people: str) -> None:
    """Neither with pseudonyms nor with teams does a figure by person hold a person's name."""
    table = getattr(of.metrics, name)(log(), people=people, minimum=1)
    assert not texts(table) & PEOPLE
    if name in ("workload", "handover"):
        assert len(table)


def test_rows_below_the_minimum_are_left_out() -> None:
    """The same number for all."""
    assert of.metrics.handover(log(), minimum=2).to_dicts() == [{"source": "li", "dest": "wang", "count": 2}]
    assert [row["actor"] for row in of.metrics.workload(log(), minimum=3)] == ["li"]
    by_actor = of.metrics.stage_time(log(), by="actor")
    assert of.metrics.by_person(by_actor, minimum=3).to_dicts()[0]["actor"] == "li"
    assert len(of.metrics.by_person(by_actor, minimum=4)) == 0


BUSY = {
    "order": ["A"] * 7 + ["B", "C"],
    "stage": ["pack", "check", "pack", "check", "pack", "check", "pack", "pack", "pack"],
    "actor": ["li", "wang", "li", "wang", "li", "wang", "li", "li", "li"],
    "at": list(range(9)),
}


@pytest.mark.parametrize("shards", [None, 1, 3])
def test_what_counts_is_orders(shards: int | None) -> None:
    """Three stays, or five handovers, of one order are one order: in functions, and in reports on shards too."""
    busy = of.EventLog.from_columns(BUSY)
    for figure in (of.metrics.stage_time, of.metrics.flow_map, of.metrics.self_loops):
        table = figure(busy, by="actor")
        assert table.to_polars()["orders"].max() in (1, None)
        assert len(of.metrics.by_person(table, minimum=2)) == 0
    assert [row["count"] for row in of.metrics.handover(busy, minimum=1)] == [3, 3]
    assert len(of.metrics.handover(busy, minimum=2)) == 0
    assert len(of.report(busy, shards=shards, minimum=2).handover) == 0
    twice = of.EventLog.from_columns({**BUSY, "order": ["A"] * 4 + ["B"] * 5})
    found = of.report(twice, shards=shards, minimum=2).handover
    assert found.to_dicts() == [
        {"source": "li", "dest": "wang", "count": 3},
        {"source": "wang", "dest": "li", "count": 2},
    ]


def test_orders_of_shards_add_up() -> None:
    """The orders behind the figures of a person, in parts as in the whole; those of satisfaction too."""
    feedback = {"order": ["A", "A", "B"], "at": [1, 2, 9], "kind": ["csat"] * 3, "score": [5, 4, 1]}
    whole = of.EventLog.from_columns(BUSY, feedback=feedback, done_stages=["check"])
    table = of.metrics.satisfaction(whole, by="actor")
    assert [(row["actor"], row["n"], row["orders"]) for row in table] == [("li", 2, 2), ("wang", 1, 1)]
    running = of.metrics.Running()
    for shard in in_shards(whole, 3):
        running.add(shard)
    asked: list[tuple[str, dict[str, Any]]] = [
        *((name, {"by": "actor"}) for name in ("stage_time", "flow_map", "satisfaction")),
        ("handover", {"minimum": 2}),
        ("work_in_progress", {"period": "week"}),
    ]
    for name, options in asked:
        assert running.result(name, **options).to_dicts() == getattr(of.metrics, name)(whole, **options).to_dicts()


def test_any_figure_by_actor_can_be_shown_with_pseudonyms() -> None:
    """The rows stay, the names go; durations stay durations."""
    table = of.metrics.stage_time(log(), by="actor")
    shown = of.metrics.by_person(table, people="pseudonyms", minimum=1)
    assert [row["actor"] for row in shown] == ["person 1"]
    assert shown.durations == table.durations


def test_a_report_holds_one_rule_for_all_its_figures() -> None:
    """No part shows a name; teams take their place; a minimum counts everywhere."""
    for people in ("pseudonyms", "teams"):
        report = of.report(log(), people=people, minimum=1)
        found = str(report.to_dict()) + str(report.further_to_dict())
        assert not [name for name in PEOPLE if f"'{name}'" in found]
    assert len(of.report(log(), minimum=3).handover) == 0


def test_stages_are_no_people() -> None:
    """A flow map by actor keeps the names of its stages, and tables without an actor name nobody."""
    table = of.metrics.flow_map(log(), by="actor")
    [row] = of.metrics.by_person(table, people="pseudonyms", minimum=3)
    assert (row["actor"], row["source"], row["dest"]) == ("person 1", "in", "out")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda: of.metrics.by_person(of.metrics.flow_map(log())), "log.nobody_named"),
        (lambda: of.metrics.by_person(of.metrics.conformance(log(), []).breaks), "log.nobody_named"),
        (lambda: of.metrics.by_person(of.metrics.lead_time(log())), "log.nobody_named"),
        (lambda: of.metrics.by_person(of.metrics.handover(log()), people="teams"), "log.nobody_named"),
        (lambda: of.metrics.handover(log(), people="initials"), "log.unknown_choice"),
        (lambda: of.metrics.handover(log(), minimum=0), "log.few_is_not_a_number"),
        (lambda: of.report(log(), people="initials"), "log.unknown_choice"),
        (
            lambda: of.report(of.EventLog.from_columns({"order": ["A"], "stage": ["a"], "at": [0]}), people="teams"),
            "log.no_teams",
        ),
        (lambda: of.report(log(), shards=2).lead_time_by("region"), "log.groups_not_summed"),
    ],
)
def test_what_cannot_be_shown_is_refused(wrong: Any, code: str) -> None:
    """A table without people, teams where names are already in it, unknown ways, and parts that were not summed up."""
    with pytest.raises(LogError) as caught:
        wrong()
    assert caught.value.problems[0].code == code
    assert all(caught.value.problems[0].text(language) for language in ("en", "zh"))


def test_a_part_that_cannot_be_answered_is_none_with_a_reason() -> None:
    """And one that can is what the function gives."""
    report = of.report(log())
    assert report.work_in_progress == of.metrics.work_in_progress(log())
    assert report.sla_attainment is None
    assert report.left_out["sla_attainment"].code == "log.no_table"
    assert set(report.further) | set(report.left_out) == set(FURTHER)
    assert not set(report.further) & set(report.left_out)
    assert set(of.report(log(), shards=2).left_out) == set(FURTHER)


def test_what_is_no_person_keeps_its_name_beside_pseudonyms() -> None:
    """A shop or an automation is nobody's secret, and no person 2."""
    log = of.EventLog.from_columns(
        {
            "order": ["A", "A", "B", "B"],
            "stage": ["a", "b", "a", "b"],
            "at": [0, 1, 0, 1],
            "actor": ["system:shop", "li", "system:shop", "wang"],
        }
    )
    found = {row["actor"] for row in of.metrics.workload(log, done_stages="b", people="pseudonyms")}
    assert found == {"system:shop", "person 1", "person 2"}
