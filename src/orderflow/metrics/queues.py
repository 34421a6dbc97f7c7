"""Queues: where orders arrive at a stage faster than they leave it, period by period."""

from __future__ import annotations

from orderflow.metrics.choices import Period
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_stages, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings, all_periods, next_in, period_of
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, filled
from orderflow.model.calendar import WorkCalendar

FIGURES = ("arrived", "left", "growth", "queue")


def queues(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    period: Period = "week",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
) -> Table:
    """Arrivals at and departures from each stage over time; a stage whose queue keeps growing is where the flow is
    held up (cumulative arrivals and departures: Newell, Applications of Queueing Theory, 2nd ed., 1982).

    - `arrived`: events in the stage; `left`: events in it that were followed by another event of the same order, and
      where events have tracks of the same track, in the period of that next event. A stage that follows itself is left
      and entered at once.
    - `growth` = arrived - left; `queue`: the sum of growth so far, so the visits that last at the end of the period.
    - One row per stage and period (its first date in `log.tz`), from the first period of the log to the last, by stage
      name, then by period. Stages in which orders end (done, cancelled; when they are known) are nobody's queue and
      have no rows.
    - `by`: attributes of orders, or `team` (that of the arriving event); by key first.
    - A `calendar` changes nothing: nothing is timed here.
    """
    need_stages(log, ends=(done_stages, cancelled_stages))
    found = summarise(log, by, calendar, period=period, done_stages=done_stages, cancelled_stages=cancelled_stages)
    return result(found, period=period)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    period: Period = "week",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
) -> Sums:
    import polars as pl

    keys = Keys.of(shard, by, columns=("team",))
    events = keys.onto(shard.in_strands.with_columns(next_in(shard.strand, "at")))
    closed: list[int] = []
    if done_stages is not None or shard.done_stages is not None:
        ends = Endings.of(shard, done_stages, cancelled_stages)
        closed = stage_codes(shard, ends.done | ends.cancelled)
    # Periods are those of all events, also of the stages that nobody leaves: these count nothing, and go at the end.
    arrived = events.with_columns(at="at", arrived=1, left=0)
    left = events.filter(pl.col("next_at").is_not_null()).with_columns(at="next_at", arrived=0, left=1)
    columns = [*keys.names, "stage", "at", "arrived", "left"]
    both = pl.concat([arrived.select(columns), left.select(columns)])
    both = both.with_columns(period=period_of(pl.col("at"), shard.tz, period), ends=pl.col("stage").is_in(closed))
    numbers = {name: pl.col(name).cast(pl.Int64).sum() for name in ("arrived", "left")}
    return Sums.from_rows(both, keys, "stage", "ends", "period", **numbers)


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums, *, period: Period = "week") -> Table:
    import polars as pl

    kept = Sums(keys=summary.keys, frame=summary.frame.filter(~pl.col("ends")))
    rows = filled(kept, all_periods(summary.frame["period"], period), "period")
    groups = [name for name in summary.keys if name not in ("period", "ends")]
    rows = rows.with_columns(growth=pl.col("arrived") - pl.col("left"))
    rows = rows.with_columns(queue=pl.col("growth").cum_sum().over(groups))
    return table_of(rows.select(*groups, "period", *FIGURES))
