"""Orders with several tracks: an order as a whole goes by its own track, and what follows what stays within a track."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orderflow as of
from orderflow.metrics import EventLog, in_shards
from orderflow.model.calendar import WorkCalendar

HOUR = 3_600_000_000
OFFICE = WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-sun": ["00:00-12:00"]}})
EVENTS: list[tuple[str, str, int, str, str]] = [
    ("A", "placed", 0, "order", "li"),
    ("A", "due", 0, "payment", "shop"),
    ("A", "done", 5, "payment", "bank"),  # a stage of the payment that is called as one of the order
    ("A", "packed", 6, "shipment:1", "wang"),
    ("A", "packed", 7, "shipment:2", "wang"),
    ("A", "shipped", 10, "order", "wang"),
    ("A", "done", 20, "order", "li"),
    ("A", "due", 100, "payment", "li"),
    ("A", "done", 200, "payment", "bank"),
    ("B", "placed", 1, "order", "li"),
    ("B", "done", 2, "payment", "bank"),
]


def log_of(rows: list[tuple[str, str, int, str, str]] = EVENTS, **more: Any) -> EventLog:
    order, stage, at, track, actor = (list(column) for column in zip(*rows, strict=True))
    columns = {"order": order, "stage": stage, "at": [n * HOUR for n in at], "track": track, "actor": actor}
    orders = {"order": ["A", "B"], "promised_at": [15 * HOUR, 15 * HOUR]}
    return EventLog.from_columns(columns, orders, done_stages={"done"}, **more)


def hours(table: of.metrics.Table, *names: str) -> dict[Any, float]:
    """The mean of each row in hours, by these columns."""
    return {tuple(row[name] for name in names): row["mean"] / timedelta(hours=1) for row in table}


def test_steps_go_from_stage_to_stage_of_one_track() -> None:
    """No step leads from the payment to the order; a stay ends with the next event of its own track."""
    assert hours(of.metrics.flow_map(log_of()), "source", "dest") == {
        ("due", "done"): 52.5,
        ("placed", "shipped"): 10,
        ("shipped", "done"): 10,
        ("done", "due"): 95,
    }
    assert hours(of.metrics.stage_time(log_of()), "stage") == {
        ("due",): 52.5,
        ("placed",): 10,
        ("shipped",): 10,
        ("done",): 95,
    }
    in_open_time = hours(of.metrics.stage_time(log_of(), by="track", calendar=OFFICE), "track", "stage")
    assert in_open_time["order", "placed"] == 10
    passed = {(row["source"], row["dest"]): row["count"] for row in of.metrics.handover(log_of())}
    assert passed == {("bank", "li"): 1, ("li", "bank"): 1, ("li", "wang"): 1, ("shop", "bank"): 1, ("wang", "li"): 1}


def test_an_order_begins_and_ends_with_its_own_track() -> None:
    """Lead time, variants, throughput, first and last stages, deliveries: whatever a payment does later."""
    log = log_of()
    assert [row["max"] for row in of.metrics.lead_time(log)] == [timedelta(hours=20)]
    assert [row["stages"] for row in of.metrics.variants(log)] == [["placed"], ["placed", "shipped", "done"]]
    assert [(row["period"], row["started"], row["finished"]) for row in of.metrics.throughput(log, period="day")] == [
        ("1970-01-01", 2, 1)
    ]
    seen = of.metrics.overview(log)
    assert (seen.orders, seen.events, dict(seen.end_stages)) == (2, 11, {"done": 1, "placed": 1})
    assert of.metrics.work_in_progress(log).to_dicts()[-1]["open"] == 1
    (kept,) = of.metrics.on_time(log)
    assert (kept["n"], kept["on_time"], kept["late_mean"]) == (1, 0, timedelta(hours=5))
    assert [row["on_time"] for row in of.metrics.on_time(log, delivered_stage="packed")] == [1]
    assert [(row["promised"], row["on_time"]) for row in of.metrics.cohorts(log)] == [(1, 0.0)]


def test_rework_is_within_a_track() -> None:
    """Two shipments that are packed repeat nothing; a payment that falls due again does."""
    (found,) = of.metrics.rework(log_of())
    assert (found["n"], found["orders"], found["events"], found["self_loops"]) == (2, 1, 2, 0)
    by_stage = {
        row["stage"]: (row["n"], row["orders"], row["events"]) for row in of.metrics.rework(log_of(), by="stage")
    }
    assert by_stage == {
        "due": (1, 1, 1),
        "done": (2, 1, 1),
        "placed": (2, 0, 0),
        "packed": (1, 0, 0),
        "shipped": (1, 0, 0),
    }


def test_events_without_a_track_are_of_the_order() -> None:
    """As where a log without tracks was joined with one that has them."""
    rows = [(order, stage, at, "" if track == "order" else track, actor) for order, stage, at, track, actor in EVENTS]
    assert of.report(log_of(rows)).to_dict() == of.report(log_of()).to_dict()


def test_shards_of_a_log_with_tracks_are_the_whole() -> None:
    """Also where one shard has no further tracks."""
    found = of.report(log_of(), shards=2, further="all")
    whole = of.report(log_of())
    assert found.to_dict() == whole.to_dict()
    assert found.further_to_dict() == whole.further_to_dict()
    assert sum(len(shard) for shard in in_shards(log_of(), 2)) == len(EVENTS)


def test_what_is_paid_is_not_done() -> None:
    """A stage that ends a payment, and is called as an open one of the order, ends no order."""
    one, other = of.Stage(), of.Stage(category="done")
    payment = of.Lifecycle(
        initial="due",
        stages={"due": one, "paid": other},
        transitions=[of.Transition(trigger="pay", source="due", dest="paid")],
    )
    order = of.Lifecycle(
        initial="placed",
        stages={"placed": one, "paid": one, "sent": other},
        transitions=[
            of.Transition(trigger="take", source="placed", dest="paid"),
            of.Transition(trigger="send", source="paid", dest="sent"),
        ],
    )
    with of.Tracker(of.Flow(name="shop", lifecycle=order, tracks={"payment": of.Track(lifecycle=payment)})) as tracker:
        tracker.place(of.Order("W-1", promised_at=datetime(2126, 1, 1, tzinfo=UTC)), by="li")
        tracker.fire("W-1", "pay", track="payment", by="li")
        tracker.fire("W-1", "take", by="li")
        log = tracker.log()
    assert log.done_stages == {"sent"}
    assert of.metrics.work_in_progress(log).to_dicts()[-1]["open"] == 1
    assert of.metrics.on_time(log).to_dicts()[0]["n"] == 0
