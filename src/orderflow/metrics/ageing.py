"""Ageing: how old the open orders are, by the stage that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import frozen

from orderflow.metrics.groups import By
from orderflow.metrics.instants import MICROSECOND, micros
from orderflow.metrics.keys import Keys, Stages, need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings, as_of_events, on_clock
from orderflow.metrics.summary import Table, in_seconds, table_of
from orderflow.metrics.sums import Rows
from orderflow.model.calendar import WorkCalendar

CLASSES = tuple(timedelta(days=days) for days in (1, 3, 7, 14, 30, 90))
FIGURES = ("over", "up_to", "orders", "oldest", "longest_in_stage")


@frozen(kw_only=True, eq=False)
class AgeingSummary:
    """Since when each open order is there (`first_at`) and in its stage (`last_at`); `at`: the instant of counting.

    All three are positions on the clock: real or open microseconds.
    """

    rows: Rows
    at: int | None


def ageing(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    as_of: datetime | None = None,
    classes: Sequence[timedelta] = CLASSES,
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
) -> Table:
    """Open orders by stage and age (ageing of work in progress: Vacanti, Actionable Agile Metrics for Predictability,
    2015; in classes as in an ageing report of receivables).

    - Age: from the first event of an order to `as_of`, which is the last instant of the log unless given; events after
      `as_of` are left out. `calendar`: open time, also in the classes.
    - Classes are `over` < age <= `up_to`; the first has 0 itself, the last has no `up_to`. Only those with orders are
      there; `oldest` is the greatest age in them, `longest_in_stage` the longest time since the last event.
    - One row per stage and class, by stage, then by age. Which orders are open: as in `work_in_progress`.
    - `by`: attributes of orders; by key first.
    """
    need_stages(log, ends=(done_stages, cancelled_stages))
    found = summarise(log, by, calendar, as_of=as_of, done_stages=done_stages, cancelled_stages=cancelled_stages)
    return result(found, classes=classes)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    as_of: datetime | None = None,
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
) -> AgeingSummary:
    import polars as pl

    keys = Keys.of(shard, by)
    log = shard if as_of is None else as_of_events(shard, micros(as_of))
    rows = Endings.of(log, done_stages, cancelled_stages).outcomes(log).filter("open")
    rows = keys.onto(on_clock(rows, calendar, "first_at", "last_at"))
    at = pl.Series("at", [log.events["at"].max() if as_of is None else micros(as_of)], dtype=pl.Int64)
    return AgeingSummary(
        rows=Rows.from_rows(rows, keys, "stage", values=("first_at", "last_at")),
        at=on_clock(at.to_frame(), calendar, "at")["at"][0],
    )


def merge(a: AgeingSummary, b: AgeingSummary) -> AgeingSummary:
    at = max((item.at for item in (a, b) if item.at is not None), default=None)
    return AgeingSummary(rows=a.rows.merge(b.rows), at=at)


def result(summary: AgeingSummary, *, classes: Sequence[timedelta] = CLASSES) -> Table:
    import polars as pl

    keys, now = summary.rows.keys, pl.lit(summary.at, dtype=pl.Int64)
    rows = summary.rows.frame.with_columns(age=now - pl.col("first_at"), stay=now - pl.col("last_at"))
    edges = pl.Series([0, *sorted({edge // MICROSECOND for edge in classes} - {0})], dtype=pl.Int64)
    place = edges.search_sorted(rows["age"], side="left").cast(pl.Int64) - 1
    rows = rows.with_columns(place.clip(lower_bound=0).alias("class"))
    counted = rows.group_by(*keys, "class").agg(
        orders=pl.len().cast(pl.Int64),
        oldest=in_seconds(pl.col("age").max()),
        longest_in_stage=in_seconds(pl.col("stay").max()),
    )
    bounds = pl.DataFrame({"over": edges, "up_to": edges.shift(-1)}).with_row_index("class")
    bounds = bounds.select(pl.col("class").cast(pl.Int64), in_seconds(pl.col("over")), in_seconds(pl.col("up_to")))
    table = counted.join(bounds, on="class", how="left").sort(*keys, "class", nulls_last=True)
    return table_of(table.select(*keys, *FIGURES), durations=("over", "up_to", "oldest", "longest_in_stage"))
