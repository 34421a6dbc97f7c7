"""SLA attainment: how many runs of each time promise were met in time, from the marks of their clocks."""

from __future__ import annotations

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_table
from orderflow.metrics.log import EventLog
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar
from orderflow.model.frozen import as_names

FIGURES = ("runs", "n", "in_time", "breached", "running", "cancelled", "reset", "share", "low", "high")


def sla_attainment(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """How many runs of each time promise kept it (service level achievement: ITIL 4, Service Level Management
    practice: the share of what was due that met its target).

    - From the table `marks`. A run begins with `started` or `reset`; marks are taken in the order of the table, by
      order, track and promise. Marks that were voided do not count.
    - Each run is one of: `breached` (also when it was met later), else `in_time` (met), else `cancelled`, else
      `reset` (begun anew), else `running` (paused too: nobody knows yet).
    - `n` = in_time + breached; `share` = in_time / n, with its 95% interval `low`, `high` (Wilson 1927).
    - One row per promise `sla`, by name. `by`: attributes of orders, or `track` (its kind: `shipment` for
      `shipment:1`).
    - Raises LogError (`log.no_table`) for a log without marks. A `calendar` changes nothing: durations are not compared
      again, as the clocks have counted by their own.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Sums:
    import polars as pl

    marks = need_table(shard, "marks", ("sla", "kind"))
    for name in ("track", "label"):
        if name not in marks.columns:
            marks = marks.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    if "voided" not in marks.columns:
        marks = marks.with_columns(pl.lit(value=False).alias("voided"))
    names = as_names(by)
    keys = Keys.of(shard, [name for name in names if name != "track"])
    clock = ["order", "track", "sla"]
    kind = pl.when(~pl.col("voided").fill_null(value=False)).then("kind")
    begins = kind.is_in(["started", "reset"]).fill_null(value=False)
    runs = (
        marks.lazy()
        .with_columns(run=begins.cast(pl.UInt32).cum_sum().over(clock), kind=kind)
        .group_by(*clock, "run")
        .agg(
            breached=(pl.col("kind") == "breached").any(),
            # a clock that had ended, and turns out to have been met earlier
            met=((pl.col("kind") == "met") | ((pl.col("kind") == "corrected") & (pl.col("label") == "met"))).any(),
            cancelled=(pl.col("kind") == "cancelled").any(),
        )
        .with_columns(
            track=pl.col("track").str.split(":").list.first(),
            later=pl.col("run") < pl.col("run").max().over(clock),
        )
        .collect()
    )
    of = {
        "breached": pl.col("breached"),
        "in_time": ~pl.col("breached") & pl.col("met"),
        "cancelled": ~pl.col("breached") & ~pl.col("met") & pl.col("cancelled"),
    }
    left = ~(pl.col("breached") | pl.col("met") | pl.col("cancelled"))
    of |= {"reset": left & pl.col("later"), "running": left & ~pl.col("later")}
    more = ("sla", "track") if "track" in names else ("sla",)
    numbers = {name: rows.sum() for name, rows in of.items()}
    return Sums.from_rows(keys.onto(runs), keys, *more, **numbers)


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    import polars as pl

    kinds = ("breached", "in_time", "cancelled", "reset", "running")
    rows = summary.sorted().with_columns(runs=pl.sum_horizontal(kinds), n=pl.col("in_time") + pl.col("breached"))
    return table_of(rows.with_columns(share("in_time", "n")).select(*summary.keys, *FIGURES))
