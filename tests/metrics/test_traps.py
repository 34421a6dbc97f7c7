"""What goes wrong easily: ties, days of 23 hours, reopened orders, missing people, tracks, what a log lacks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import orderflow as of
from orderflow import metrics
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
NAMES = ("order", "stage", "at", "actor", "team", "track", "started_at")
FLOW = """
flow: sales
calendar: {timezone: Asia/Shanghai, hours: always}
lifecycle:
  initial: placed
  stages:
    placed: {owner: {team: sales}}
    审核: {owner: {team: finance}}
    done: {category: done}
    cancelled: {category: cancelled}
  transitions:
    - {trigger: submit, source: placed, dest: 审核}
    - {trigger: back, source: 审核, dest: placed}
    - {trigger: again, source: 审核, dest: "="}
    - {trigger: note, source: placed, dest: null}
    - {trigger: finish, source: 审核, dest: done}
    - {trigger: cancel, source: "*", dest: cancelled}
lines:
  stages: [open, delivered, cancelled]
  moves: {deliver: {source: open, dest: delivered}, drop: {source: open, dest: cancelled}}
sla: {review: {start: "stage == '审核'", target: 4h}}
"""


def log_of(*rows: tuple[Any, ...], **more: Any) -> of.EventLog:
    """A log of rows (order, stage, hour, actor, team, track, started)."""
    full = [(*row, *[None] * (7 - len(row))) for row in rows]
    columns = dict(zip(NAMES, (list(column) for column in zip(*full, strict=True)), strict=True))
    columns["at"] = [int(at * HOUR) if isinstance(at, int | float) else at for at in columns["at"]]
    columns["started_at"] = [None if at is None else int(at * HOUR) for at in columns["started_at"]]
    return of.EventLog.from_columns(columns, **{"done_stages": ["done"], "cancelled_stages": ["取消"], **more})


def tracker(tmp_path: Any) -> of.Tracker:
    file = tmp_path / "sales.yaml"
    file.write_text(FLOW, encoding="utf-8")
    start = datetime(2026, 1, 5, 1, tzinfo=UTC)
    return of.Tracker(of.load_flow(str(file)), clock=lambda: start + timedelta(hours=40))


def at(hour: int) -> datetime:
    return datetime(2026, 1, 5, 1, tzinfo=UTC) + timedelta(hours=hour)


def test_the_day_on_which_clocks_change_is_one_day() -> None:
    """2026-03-29 has 23 hours in Berlin: 23:30 of the 28th and 00:30 of the 30th in summer time are two days apart."""
    late, early = datetime(2026, 3, 28, 22, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    log = log_of(("1", "a", late), ("2", "a", early), tz="Europe/Berlin")
    rows = metrics.work_in_progress(log).to_dicts()
    assert [(row["period"], row["open"]) for row in rows] == [
        (date(2026, 3, 28), 1),
        (date(2026, 3, 29), 1),
        (date(2026, 3, 30), 2),
    ]


def test_a_reopened_order_is_open_again() -> None:
    """Finished on one day, reopened on the next, and open at the end; not cancelled any more either."""
    log = log_of(("1", "a", 0), ("1", "done", 1), ("1", "a", 25), ("2", "取消", 0), ("2", "a", 30))
    rows = metrics.work_in_progress(log).to_dicts()
    assert [(row["finished"], row["reopened"], row["open"]) for row in rows] == [(2, 0, 0), (0, 2, 2)]
    assert metrics.cancellation(log).to_dicts()[0]["cancelled"] == 0
    assert sum(row["orders"] for row in metrics.ageing(log)) == 2


def test_ties_in_time_keep_the_order_of_arrival() -> None:
    """Cancelled and taken up in the same instant is open; a funnel within one instant is passed in that order."""
    log = log_of(("1", "取消", 0), ("1", "a", 0), ("2", "a", 0), ("2", "取消", 0))
    assert metrics.cancellation(log).to_dicts()[0]["cancelled"] == 1
    assert [row["orders"] for row in metrics.conversion(log, stages=["a", "取消"])] == [2, 1]


def test_rows_that_come_late_in_the_file_are_not_late_in_time() -> None:
    """The stage that an order was cancelled from is the last by time, not by arrival."""
    log = log_of(("1", "b", 1), ("1", "a", 0), ("1", "取消", 2))
    assert [(row["stage"], row["cancelled"]) for row in metrics.cancellation(log, by="stage")] == [("a", 0), ("b", 1)]


def test_an_order_with_one_event_has_no_steps() -> None:
    """It fits every flow, waits for an answer, and has no share of working time."""
    log = log_of(("1", "a", 5, "Ann"))
    assert metrics.conformance(log, {("x", "y")}).fit.to_dicts()[0]["fitness"] is None
    assert metrics.first_response(log).to_dicts()[0]["unanswered"] == 1
    assert metrics.flow_efficiency(log, waiting_stages=["a"]).to_dicts()[0]["share"] is None


def test_a_missing_actor_is_nobody() -> None:
    """No workload, no partner, no turn of a ping-pong, and no order that certainly went without people."""
    log = log_of(("1", "a", 0, "Ann"), ("1", "b", 1, None), ("1", "c", 2, "Ann"), ("2", "a", 0, " "))
    assert [row["actor"] for row in metrics.workload(log)] == ["Ann"]
    assert len(metrics.working_together(log)) == len(metrics.ping_pong(log)) == 0
    assert metrics.touches(log).to_dicts()[0]["no_touch"] == 0
    assert metrics.touches(log).to_dicts()[0]["unknown"] == 1


def test_further_tracks_do_not_close_an_order_nor_break_its_steps() -> None:
    """A shipment that is done leaves the order open, and what happens between is no step of the order."""
    log = log_of(
        ("1", "a", 0, None, None, "order"),
        ("1", "done", 1, None, None, "shipment:1"),
        ("1", "b", 2, None, None, "order"),
    )
    assert metrics.work_in_progress(log).to_dicts()[-1]["open"] == 1
    assert len(metrics.conformance(log, {("a", "b")}).breaks) == 0


def test_work_is_counted_once_and_inside_of_the_lead_time() -> None:
    """Started before the order or before the step before was done: only the part in between counts."""
    log = log_of(
        ("1", "a", 10, None, None, None, 5), ("1", "b", 14, None, None, None, 9), ("1", "c", 20, None, None, None, 18)
    )
    [row] = metrics.flow_efficiency(log).to_dicts()
    assert (row["lead"], row["working"], row["share"]) == (10 * 3600, 6 * 3600, 0.6)


def test_open_time_is_by_the_calendar() -> None:
    """Asked on Friday at 16:00, answered on Monday at 10:00: two open hours with a week of 9 to 17."""
    office = of.WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}})
    friday, monday = datetime(2026, 1, 2, 16, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)
    log = log_of(("1", "a", friday, "Ann", "sales"), ("1", "b", monday, "bob", "仓库"))
    assert next(iter(metrics.first_response(log, calendar=office)))["sum"] == timedelta(hours=2)
    assert next(iter(metrics.handover_of_teams(log, calendar=office)))["max"] == timedelta(hours=2)
    assert list(metrics.scorecard(log, calendar=office, minimum=1))[-1]["median"] == timedelta(hours=2)


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        ("log.no_table", lambda log: metrics.sla_attainment(log)),
        ("log.no_table", lambda log: metrics.satisfaction(log)),
        ("log.no_table", lambda log: metrics.in_full(log)),
        ("log.nothing_to_count", lambda log: metrics.complaint_rate(log)),
        ("log.no_done_stages", lambda log: metrics.work_in_progress(log)),
        ("log.no_done_stages", lambda log: metrics.ageing(log)),
        ("log.no_cancelled_stages", lambda log: metrics.cancellation(log)),
        ("log.no_waiting_stages", lambda log: metrics.flow_efficiency(log)),
        ("log.unknown_stage", lambda log: metrics.flow_efficiency(log, waiting_stages=["aa"])),
        ("log.unknown_stage", lambda log: metrics.conversion(log, stages=["aa"])),
        ("log.no_teams", lambda log: metrics.handover_of_teams(log)),
        ("log.no_teams", lambda log: metrics.workload(log, of="team")),
        ("log.not_of_orders", lambda log: metrics.touches(log, by="stage")),
        ("log.unknown_choice", lambda log: metrics.queues(log, period="fortnight")),
        ("log.unknown_choice", lambda log: metrics.ping_pong(log, of="people")),
        ("log.unknown_choice", lambda log: metrics.scorecard(log, people="initials")),
        ("log.few_is_not_a_number", lambda log: metrics.scorecard(log, minimum=0)),
    ],
)
def test_what_a_log_lacks_is_told(code: str, ask: Callable[[of.EventLog], Any]) -> None:
    """Each with its code, and a text in both languages that names what is missing."""
    log = of.EventLog.from_columns({"order": ["1"], "stage": ["a"], "at": [0]})
    with pytest.raises(LogError) as caught:
        ask(log)
    [problem] = caught.value.problems
    assert problem.code == code
    assert problem.text("en") != problem.text("zh")


def test_the_steps_of_a_flow_are_its_transitions(tmp_path: Any) -> None:
    """Wildcards and reflexive ones resolved, internal ones left out; and a Tracker's own orders conform."""
    with tracker(tmp_path) as tracked:
        allowed = of.allowed_steps(of.load_flow(str(tmp_path / "sales.yaml")))
        stages = ("placed", "审核", "done", "cancelled")
        own = {(None, "placed"), ("placed", "审核"), ("审核", "placed"), ("审核", "审核"), ("审核", "done")}
        assert allowed["order"] == own | {(stage, "cancelled") for stage in stages}
        tracked.place(of.Order("1"), by="li", at=at(0))
        for hour, trigger in enumerate(("submit", "again", "back", "submit", "finish"), start=1):
            tracked.fire("1", trigger, by="wang", at=at(hour))
        found = metrics.conformance(tracked.log(), allowed)
        assert found.fit.to_dicts()[0]["share"] == 1.0
        assert len(metrics.conformance(tracked.log(), {"order": own - {("审核", "placed")}}).breaks) == 1


def test_a_log_of_a_tracker_has_what_the_figures_need(tmp_path: Any) -> None:
    """Marks, teams answerable for the stages, quantities of lines, cancelled stages."""
    with tracker(tmp_path) as tracked:
        lines = [of.Line("1", "A-7", 10), of.Line("2", "B-1", 5)]
        tracked.place(of.Order("1", lines=lines, promised_at=at(9)), by=of.Actor.system("shop"), at=at(0))
        tracked.fire("1", "submit", by="li", at=at(2))
        tracked.move("1", "deliver", {"1": 10, "2": 3}, by="wang", at=at(3))
        tracked.move("1", "drop", {"2": 2}, by="wang", at=at(4))
        tracked.fire("1", "finish", by="wang", at=at(5))
        tracked.place(of.Order("2"), by=of.Actor.system("shop"), at=at(0))
        tracked.fire("2", "submit", by="li", at=at(1))
        tracked.fire("2", "cancel", by="li", at=at(8))
        log = tracked.log()
    assert log.cancelled_stages == {"cancelled"}
    assert [log.names["team"][code] for code in log.events["team"][:2].to_list()] == ["sales", "finance"]
    [review] = metrics.sla_attainment(log).to_dicts()
    assert (review["runs"], review["in_time"], review["breached"]) == (2, 1, 1)
    [full] = metrics.in_full(log).to_dicts()
    assert (full["orders"], full["in_full"]) == (1, 1)
    assert metrics.otif(log).to_dicts()[0]["share"] == 1.0
    assert metrics.cancellation(log).to_dicts()[0]["cancelled"] == 1
    assert metrics.cancellation(log, by="stage").to_dicts()[-1]["stage"] == "审核"
    assert metrics.first_response(log).to_dicts()[0]["mean"] == 1.5 * 3600
    copy = tmp_path / "saved"
    log.save(copy)
    assert of.EventLog.load(copy).cancelled_stages == {"cancelled"}
