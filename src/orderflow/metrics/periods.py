"""Periods: what came, what was done and how well, day by day, week by week or month by month."""

from __future__ import annotations

from orderflow.metrics.choices import Period
from orderflow.metrics.cohorts import TIMES, in_periods, orders_of, tally
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings, period_of
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Tally
from orderflow.model.calendar import WorkCalendar

FIGURES = (
    *("period", "arrived", "done", "cancelled", *TIMES),
    *("promised", "on_time", "on_time_low", "on_time_high"),
)


def periods(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    period: Period = "month",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
    delivered_stage: str | None = None,
) -> Table:
    """One row per day, week or month: the same figures as `cohorts`, but counted when they happened (period, not
    cohort, in the sense of demography: Glenn, Cohort Analysis, 2nd ed., 2005).

    - `period`: its first date in `log.tz`, from the first to the last without gaps. `arrived`: orders by their first
      event; `done`, `cancelled`: orders that ended so, by their last event (one that was reopened and is open is in
      neither).
    - `median`, `p90`: lead time of the orders done in the period; `promised`, `on_time` …: of the orders done in the
      period with a promise and a delivery, the share that kept it; 95% by Wilson (1927). Missing as in `cohorts`.
    - `by`: attributes of orders; by key first. `calendar`: open time.
    """
    need_stages(log, delivered_stage, ends=(done_stages, cancelled_stages))
    found = summarise(
        log,
        by,
        calendar,
        period=period,
        done_stages=done_stages,
        cancelled_stages=cancelled_stages,
        delivered_stage=delivered_stage,
    )
    return result(found, period=period)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    period: Period = "month",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
    delivered_stage: str | None = None,
) -> Tally:
    import polars as pl

    keys = Keys.of(shard, by)
    orders = orders_of(shard, calendar, Endings.of(shard, done_stages, cancelled_stages), delivered_stage)
    orders = keys.onto(orders).with_columns(arrived=pl.lit(value=False))
    went = orders.filter(~pl.col("open")).with_columns(at="last_at", kept=pl.when("done").then("kept"))
    nothing = {name: pl.lit(value=None, dtype=pl.Boolean) for name in ("done", "cancelled", "kept")}
    came = orders.with_columns(**nothing, at="first_at").with_columns(arrived=pl.lit(value=True))
    rows = pl.concat([came.select(went.columns), went])
    rows = rows.with_columns(period=period_of(pl.col("at"), shard.tz, period))
    return tally(rows, keys, "period", ("arrived", "done", "cancelled"))


def merge(a: Tally, b: Tally) -> Tally:
    return a.merge(b)


def result(summary: Tally, *, period: Period = "month") -> Table:
    rows = in_periods(summary, "period", period)
    return table_of(rows.select(*summary.counts.keys, *FIGURES[1:]), durations=TIMES)
