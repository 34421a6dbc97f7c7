"""Self-loops: stages that are entered again straight away."""

from __future__ import annotations

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import next_in
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, passages, timed
from orderflow.model.calendar import WorkCalendar

FIGURES = ("stage", "count", "orders", "mean", "total")


def self_loops(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """How often a stage follows itself at once (short loops of length one: van der Aalst, Process Mining, 2nd ed.,
    2016, ch. 6; for repetitions with something in between see `rework`).

    - `count`: pairs of consecutive events of an order - and where events have tracks, of the same track - in the same
      stage; three in a row are two. `orders`: in how many orders; `mean`, `total`: the time between the two events, in
      open time with a `calendar`.
    - One row per stage that has any, by count descending, then by key. `by`: attributes of orders, or `actor`, `team`
      of the repeating event.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Sums:
    import polars as pl

    keys = Keys.of(shard, by, columns=("actor", "team"))
    log = shard.business(calendar)
    columns = ["stage", "at", *keys.columns]
    steps = log.in_strands.with_columns(next_in(log.strand, *columns))
    loops = steps.filter(pl.col("stage") == pl.col("next_stage")).with_columns(
        *(pl.col(f"next_{name}").alias(name) for name in keys.columns),
        micros=pl.col("next_at") - pl.col("at"),
    )
    return passages(keys.onto(loops), keys, "stage")


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    rows = timed(summary.ranked("count"))
    return table_of(rows.select(*summary.keys, *FIGURES[1:]), durations=("mean", "total"))
