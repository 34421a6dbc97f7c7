"""Cohorts: orders by when they came in, and what has become of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orderflow.metrics.choices import Period
from orderflow.metrics.deliveries import with_kept
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings, all_periods, on_clock, period_of
from orderflow.metrics.samples import Samples
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, Tally, beside, filled
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    import polars as pl

TIMES = ("median", "p90")
FIGURES = (
    *("cohort", "orders", "done", "cancelled", "open", "share", "low", "high", *TIMES),
    *("promised", "on_time", "on_time_low", "on_time_high"),
)


def cohorts(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    period: Period = "month",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
    delivered_stage: str | None = None,
) -> Table:
    """One row per cohort: the orders whose first event lies in the same day, week or month (cohort analysis: people or
    things that share a beginning, followed up: Glenn, Cohort Analysis, 2nd ed., 2005).

    - `cohort`: the first date of the period in `log.tz`, from the first to the last without gaps. `orders` = done +
      cancelled + open, by their last event (see `work_in_progress`).
    - `share` = done / orders, with its 95% interval `low`, `high` (Wilson 1927). `median`, `p90`: lead time (first to
      last event) of the orders that are done; young cohorts have only their quick orders in it (censored).
    - `promised`, `on_time` …: of orders with a promise and a delivery, the share that kept it (as in `on_time`);
      missing when the log has no promises, or nothing says what a delivery is.
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
    rows = orders_of(shard, calendar, Endings.of(shard, done_stages, cancelled_stages), delivered_stage)
    rows = keys.onto(rows.with_columns(cohort=period_of(pl.col("first_at"), shard.tz, period)))
    return tally(rows.with_columns(orders=pl.lit(value=True)), keys, "cohort", ("orders", "done", "cancelled", "open"))


def tally(rows: pl.DataFrame, keys: Keys, name: str, counted: Sequence[str]) -> Tally:
    """How many rows are each of what is counted, how many promises were kept, and how long what is done took."""
    import polars as pl

    numbers = {column: pl.col(column).sum() for column in counted}
    promised, kept = pl.col("kept").is_not_null().sum(), pl.col("kept").sum()
    counts = Sums.from_rows(rows, keys, name, **numbers, promised=promised, kept=kept)
    return Tally(counts=counts, times=Samples.from_rows(rows.filter("done"), keys, name))


def merge(a: Tally, b: Tally) -> Tally:
    return a.merge(b)


def result(summary: Tally, *, period: Period = "month") -> Table:
    rows = in_periods(summary, "cohort", period).with_columns(share("done", "orders"))
    return table_of(rows.select(*summary.counts.keys, *FIGURES[1:]), durations=TIMES)


def in_periods(summary: Tally, name: str, period: Period) -> pl.DataFrame:
    """One row for every period in the key `name`, without gaps: the counts, the times, and the shares on time."""
    counts, keys = summary.counts, summary.counts.keys
    rows = filled(counts, all_periods(counts.frame[name], period), name)
    rows = beside(rows, summary.times.figures().select(*keys, *TIMES), keys)
    return rows.with_columns(share("kept", "promised", name="on_time", low="on_time_low", high="on_time_high"))


def orders_of(log: EventLog, calendar: WorkCalendar | None, ends: Endings, delivered_stage: str | None) -> pl.DataFrame:
    """One row per order: what `Endings.outcomes` has, `micros` from the first to the last event on the clock, and
    `kept`: whether the promise was kept, missing when nobody knows."""

    rows = ends.outcomes(log)
    clock = on_clock(rows, calendar, "first_at", "last_at")
    rows = rows.with_columns(micros=clock["last_at"] - clock["first_at"])
    return with_kept(rows, log, delivered_stage)
