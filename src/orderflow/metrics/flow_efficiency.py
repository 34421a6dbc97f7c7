"""Flow efficiency: the share of an order's time in which somebody works on it."""

from __future__ import annotations

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_stages, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import next_in
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import Table, in_seconds, table_of
from orderflow.metrics.sums import Sums, Tally, beside
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names

FIGURES = ("orders", "lead", "working", "share", "median")


def flow_efficiency(
    log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, waiting_stages: Stages = None
) -> Table:
    """Working time divided by lead time (flow efficiency: Modig, Åhlström, This is Lean, 2012; cycle time
    efficiency: Dumas et al., Fundamentals of Business Process Management, 2nd ed., 2018).

    - Lead time: last minus first event of an order. Working time: without `waiting_stages`, the time from `started_at`
      to `at` of each event that has it; with them, the lead time without the stays in these stages (from an event there
      to the next event of the order).
    - `lead`, `working`: sums over the orders; `share` = working / lead, missing when lead is 0. `median`: of the shares
      of single orders, those with a lead time of 0 left out (type 7). `orders`: with events.
    - Work is not counted twice, and not outside of the lead time: what began before the event before it counts from
      that event on, and before the first event nothing counts.
    - One row, or one per value of `by` (attributes of orders). `calendar`: open time on both sides.
    - Raises LogError when events have no `started_at` and no waiting stages are named, or such a stage never occurs.
    """
    need_stages(log, waiting_stages)
    return result(summarise(log, by, calendar, waiting_stages=waiting_stages))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, waiting_stages: Stages = None
) -> Tally:
    import polars as pl

    keys = Keys.of(shard, by)
    if waiting_stages is None and "started_at" not in shard.events.columns:
        raise LogError.of("log.no_waiting_stages")
    events = shard.business(calendar).events
    if waiting_stages is not None:
        events = events.select("order", "stage", "at").with_columns(next_in(["order"], "at"))
        works = ~pl.col("stage").is_in(stage_codes(shard, as_names(waiting_stages)))
        work = pl.when(works).then(pl.col("next_at") - pl.col("at"))
    else:
        # Sorted by their end, so what begins before the end of the event before is counted from there.
        before = pl.when(pl.col("order") == pl.col("order").shift(1)).then(pl.col("at").shift(1)).otherwise("at")
        since = (pl.col("at") - pl.max_horizontal("started_at", before)).clip(lower_bound=0)
        work = pl.when(pl.col("started_at").is_not_null()).then(since)
    orders = (
        events.with_columns(work=work)
        .lazy()
        .group_by("order")
        .agg(lead=pl.col("at").max() - pl.col("at").min(), working=pl.col("work").sum())
        .collect()
    )
    rows = keys.onto(orders)
    large = {name: pl.col(name).cast(pl.Int128).sum() for name in ("lead", "working")}
    shares = rows.filter(pl.col("lead") > 0).with_columns(micros=pl.col("working") / pl.col("lead"))
    counts = Sums.from_rows(rows, keys, orders=pl.len(), **large)
    return Tally(counts=counts, times=Samples.from_rows(shares, keys))


def merge(a: Tally, b: Tally) -> Tally:
    return a.merge(b)


def result(summary: Tally) -> Table:
    import polars as pl

    keys = summary.counts.keys
    rows = beside(summary.counts.sorted(), summary.times.medians(), keys)
    rows = rows.with_columns(lead=in_seconds(pl.col("lead")), working=in_seconds(pl.col("working")))
    rows = rows.with_columns(share=pl.when(pl.col("lead") > 0).then(pl.col("working") / pl.col("lead")))
    return table_of(rows.select(*keys, *FIGURES), durations=("lead", "working"))
