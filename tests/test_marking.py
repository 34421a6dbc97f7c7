"""What holding a history from elsewhere against a flow's time promises promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.errors import LogError, Refused

START = datetime(2026, 3, 2, 1, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
FLOW = """
flow: sales
fields:
  order.level: {type: choice, of: [A, B]}
  order.weight: {type: number}
  order.note: {type: text, required: true}
calendar: {timezone: Asia/Shanghai, hours: {mon-fri: ["09:00-12:00", "13:30-18:00"]}}
lifecycle:
  initial: placed
  stages:
    placed: {title: {zh: 下单}}
    review: {title: {zh: 审核}}
    asking: {title: {zh: 待客户答复}}
    shipped: {title: {zh: 发货}, category: done}
    void: {title: {zh: 取消}, category: cancelled}
  transitions:
    - {trigger: submit, source: placed, dest: review}
    - {trigger: ask, source: review, dest: asking}
    - {trigger: answer, source: asking, dest: review}
    - {trigger: ship, source: review, dest: shipped}
    - {trigger: reopen, source: shipped, dest: review}
    - {trigger: cancel, source: [placed, review, asking], dest: void}
tracks:
  payment:
    initial: open
    stages: {open: {}, paid: {category: done}}
    transitions: [{trigger: pay, source: open, dest: paid}]
sla:
  review: {start: review, target: 4h, pause: asking, stop: shipped, warn: [50%]}
  level: {start: placed, target: [{when: order.level == 'A', target: 2h}, {target: 8h}]}
  whole: {start: placed, stop: shipped, due: order.promised_at}
  paid: {start: "track('payment').stage == 'open'", target: 1d}
"""


def flow() -> of.Flow:
    return read_flow_text(FLOW)


def attainment(log: of.EventLog) -> list[dict[str, Any]]:
    return of.metrics.sla_attainment(log).to_dicts()


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["submit", "ask", "answer", "ship", "reopen", "cancel", "pay"]), st.integers(0, 2000)
        ),
        max_size=10,
    ),
    level=st.sampled_from(["A", "B", None]),
    promised=st.none() | st.integers(1, 5000),
    rest=st.integers(0, 4000),
)
def test_a_trackers_own_history_gets_the_marks_that_the_tracker_made(
    steps: list[tuple[str, int]], level: str | None, promised: int | None, rest: int
) -> None:
    """Same kinds of marks of the same promises at the same instants, in the same order: through pauses, working hours,
    a table of targets, a due date, reopening, and on a second track."""
    now = START
    with of.Tracker(flow(), storage="memory:", clock=lambda: now) as tracker:
        due = None if promised is None else START + timedelta(minutes=promised)
        attributes = {"note": "x"} if level is None else {"note": "x", "level": level}
        tracker.place(of.Order("SO-1", promised_at=due, attributes=attributes), by=of.Actor.system("shop"))
        for trigger, minutes in steps:
            now += timedelta(minutes=minutes)
            track = "payment" if trigger == "pay" else "order"
            if trigger in tracker.allowed("SO-1", by=of.Actor.system("shop"), track=track):
                tracker.fire("SO-1", trigger, by=of.Actor.system("shop"), track=track)
        now += timedelta(minutes=rest)
        tracker.sweep()
        tracker.handle(of.Settle(order="SO-1", by=of.Actor.system("shop")))
        own = tracker.log()
    found = of.mark(own.with_tables(marks=None), flow(), until=now)
    assert found.more["marks"].equals(own.more["marks"])
    assert (found.done_stages, found.cancelled_stages) == (own.done_stages, own.cancelled_stages)


def log(stages: list[tuple[str, str, float]], **orders: Any) -> of.EventLog:
    """A log of (order, stage, hours after START)."""
    columns = {"order": [o for o, _, _ in stages], "stage": [s for _, s, _ in stages]}
    at = [START + timedelta(hours=h) for _, _, h in stages]
    return of.EventLog.from_columns({**columns, "at": at}, orders or None, tz="Asia/Shanghai")


def test_a_foreign_log_in_the_words_of_its_people_is_marked() -> None:
    """Stages are found by their Chinese titles; four working hours are counted by the calendar: nine to twelve and half
    past one to half past two is in time, a minute later is not."""
    events = [("S-1", "下单", 0), ("S-1", "审核", 0), ("S-1", "发货", 5.5), ("S-2", "审核", 0), ("S-2", "发货", 5.6)]
    found = of.mark(log(events), flow())
    review = next(row for row in attainment(found) if row["sla"] == "review")
    assert (review["runs"], review["in_time"], review["breached"]) == (2, 1, 1)
    assert "发货" in (found.done_stages or ())
    assert "取消" not in (found.done_stages or ())


def test_an_order_begins_in_the_first_stage_of_its_log() -> None:
    """Nobody has seen it in the initial stage, so the promise about that stage has no run."""
    found = of.mark(log([("S-1", "review", 0), ("S-1", "shipped", 1)]), flow())
    assert [row["sla"] for row in attainment(found)] == ["paid", "review"]


def test_what_is_open_is_settled_to_the_end() -> None:
    """Until the last event of the log, or until what is asked: a clock that runs then may have been breached."""
    events = [("S-1", "review", 0), ("S-2", "review", 1), ("S-2", "shipped", 2)]
    early, late = of.mark(log(events), flow()), of.mark(log(events), flow(), until=START + timedelta(days=2))
    running = [next(row for row in attainment(item) if row["sla"] == "review") for item in (early, late)]
    assert [(row["running"], row["breached"]) for row in running] == [(1, 0), (0, 1)]


def test_what_the_flow_does_not_know_is_refused_or_passed_over() -> None:
    """With its names and numbers of events, and other tracks too; nothing is dropped in silence."""
    events = [("S-1", "review", 0), ("S-1", "packed", 1), ("S-1", "packed", 2), ("S-1", "shipped", 3)]
    with pytest.raises(LogError) as caught:
        of.mark(log(events), flow())
    assert caught.value.problems[0].code == "log.not_in_flow"
    assert "packed" in str(caught.value)
    found = of.mark(log(events), flow(), errors="skip")
    assert [(item.code, item.params["names"]) for item in found.assumptions] == [("log.not_marked", ["packed (2)"])]
    assert all(item.text(language) for item in found.assumptions for language in ("en", "zh"))
    with pytest.raises(LogError):
        of.mark(log(events), flow(), errors="ignore")  # type: ignore[arg-type]  # that is what is tried


def test_attributes_go_into_conditions_and_misfits_are_counted() -> None:
    """`level` chooses the target; a value that is no number, or no choice, is unknown, and told."""
    events = [
        (order, stage, hours) for order in ("S-1", "S-2", "S-3") for stage, hours in (("placed", 0), ("review", 3))
    ]
    orders = {"order": ["S-1", "S-2", "S-3"], "level": ["A", "B", "Z"], "weight": ["1.5", "heavy", None]}
    found = of.mark(log(events, **orders), flow())
    level = next(row for row in attainment(found) if row["sla"] == "level")
    assert (level["in_time"], level["breached"]) == (2, 1)
    assert found.assumptions[-1].params["names"] == ["order.level (1)", "order.weight (1)"]


def test_empty_logs_and_orders_without_events_have_no_marks() -> None:
    """The table is there, and the figure is empty rather than an error."""
    empty = of.EventLog.from_columns({"order": [], "stage": [], "at": []}, {"order": ["S-1"]})
    assert attainment(of.mark(empty, flow())) == []


def test_an_event_beyond_the_calendar_is_refused() -> None:
    """A deadline that no calendar reaches gives the calendar's reasons, instead of a clock without one."""
    far = of.EventLog.from_columns({"order": ["S"], "stage": ["review"], "at": [datetime(9999, 12, 31, tzinfo=UTC)]})
    with pytest.raises(Refused, match="9999"):
        of.mark(far, flow())


def test_progress_is_told_up_to_the_end() -> None:
    """Shares that grow to 1."""
    told: list[float] = []
    of.mark(log([(f"S-{n}", "review", n) for n in range(2500)]), flow(), progress=told.append)
    assert told == [0.4, 0.8, 1.0]


# --- tables beside a log ----------------------------------------------------------------------------------------------


def test_tables_come_beside_a_log() -> None:
    """By columns or as a frame; with instants read, orders by code, new orders without events; None takes one away."""
    base = log([("S-1", "review", 0)])
    frame = pl.DataFrame({"order": ["S-1", "S-9"], "at": [START, START], "score": [5, 1], "kind": ["csat", "csat"]})
    found = base.with_tables(feedback=frame)
    assert found.orders["id"].to_list() == ["S-1", "S-9"]
    assert of.metrics.satisfaction(found).to_dicts()[0]["n"] == 2
    assert of.metrics.lead_time(found).to_dicts() == of.metrics.lead_time(base).to_dicts()
    assert "feedback" not in found.with_tables(feedback=None).more
    assert (
        found.with_tables(feedback={"order": ["S-1"], "at": [0], "score": [3], "kind": ["csat"]})
        .more["feedback"]
        .height
        == 1
    )
    with pytest.raises(LogError):
        base.with_tables(lines={"line": ["1"]})


def test_tables_find_their_orders_after_others_were_left_out() -> None:
    """Codes of a part of a log keep their gaps, and an order that was left out comes back without its events."""
    part = log([("S-1", "review", 0), ("S-2", "review", 1), ("S-3", "review", 2)]).since(START + timedelta(minutes=90))
    found = part.with_tables(
        feedback={"order": ["S-3", "S-1"], "at": [0, 0], "score": [5, 1], "kind": ["csat", "csat"]}
    )
    ids = dict(zip(found.orders["order"], found.orders["id"], strict=True))
    assert [ids[code] for code in found.more["feedback"]["order"]] == ["S-3", "S-1"]
    assert len(found) == 1
    assert len(ids) == 2
