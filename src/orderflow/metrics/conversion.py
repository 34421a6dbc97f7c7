"""Conversion: how many orders get as far as each stage (转化率)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_stages, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, beside, filled
from orderflow.model.calendar import WorkCalendar
from orderflow.model.frozen import as_names

if TYPE_CHECKING:
    import polars as pl

FIGURES = ("stage", "orders", "of", "share", "low", "high", "of_previous")


@frozen(kw_only=True, eq=False)
class ConversionSummary:
    """Orders by step (0: all) for a funnel; orders by stage, and all of them, without one."""

    stages: tuple[str, ...] | None
    reached: Sums
    everyone: Sums


def conversion(
    log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, stages: str | Sequence[str] | None = None
) -> Table:
    """The share of orders that reach each stage (conversion rate; as a funnel: Bendle, Farris, Pfeifer,
    Reibstein, Marketing Metrics, 4th ed., 2020).

    - With `stages` a funnel: an order reaches the first stage with its first event there, and each further one with its
      first event there *after* (in the order of the log) that by which it reached the one before. `of`: orders that
      reached the first; `share` = orders / of with its 95% interval `low`, `high` (Wilson 1927); `of_previous`: the
      share of those that reached the stage before. In the order given.
    - Without: for each stage of the log the share of all orders that were ever in it; `of`: all orders with events;
      `of_previous` is missing. By orders descending, then by name.
    - `by`: attributes of orders; by key first, every stage for every key.
    - Open orders may still get there: cut the log with `since` and `until`, or see `cohorts`.
    - Raises LogError for a stage that never occurs.
    - A `calendar` changes nothing: nothing is timed here.
    """
    need_stages(log, stages)
    return result(summarise(log, by, calendar, stages=stages))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, stages: str | Sequence[str] | None = None
) -> ConversionSummary:
    import polars as pl

    keys = Keys.of(shard, by)
    orders = pl.len()
    everyone = Sums.from_rows(keys.onto(shard.spans.select("order")), keys, of=orders)
    if stages is None:
        reached = shard.events.lazy().select("order", "stage").unique().collect()
        return ConversionSummary(
            stages=None, reached=Sums.from_rows(keys.onto(reached), keys, "stage", orders=orders), everyone=everyone
        )
    funnel = as_names(stages)
    steps = pl.concat(_steps(shard, funnel))
    return ConversionSummary(
        stages=funnel, reached=Sums.from_rows(keys.onto(steps), keys, "step", orders=orders), everyone=everyone
    )


def merge(a: ConversionSummary, b: ConversionSummary) -> ConversionSummary:
    return ConversionSummary(stages=a.stages, reached=a.reached.merge(b.reached), everyone=a.everyone.merge(b.everyone))


def result(summary: ConversionSummary) -> Table:
    import polars as pl

    keys = summary.everyone.keys
    if summary.stages is None:
        names = summary.reached.frame["stage"].unique()
        rows = (
            beside(filled(summary.reached, names, "stage"), summary.everyone.frame, keys)
            if keys
            else (summary.reached.frame.join(summary.everyone.frame, how="cross"))
        )
        flags = [*(False for _ in keys), True, False]
        rows = rows.sort(*keys, "orders", "stage", descending=flags, nulls_last=True)
        rows = rows.with_columns(of_previous=pl.lit(None, dtype=pl.Float64))
        return table_of(rows.with_columns(share("orders", "of")).select(*keys, *FIGURES))
    every = pl.Series("step", range(len(summary.stages) + 1), dtype=pl.Int64)
    rows = filled(summary.reached, every, "step")
    if not keys and not rows.height:
        rows = every.to_frame().with_columns(orders=pl.lit(0, dtype=pl.Int64))
    before = pl.col("orders").shift(1)
    first = pl.col("orders").filter(pl.col("step") == 1).first()
    rows = rows.with_columns(
        of=first.over(keys) if keys else first,
        of_previous=pl.when((pl.col("step") > 1) & (before > 0)).then(pl.col("orders") / before),
        stage=pl.lit(pl.Series(["", *summary.stages], dtype=pl.String)).gather(pl.col("step")),
    )
    rows = rows.filter(pl.col("step") > 0).with_columns(share("orders", "of"))
    return table_of(rows.select(*keys, *FIGURES))


def _steps(log: EventLog, stages: Sequence[str]) -> list[pl.DataFrame]:
    """For each step of the funnel the orders that reach it: `order`, `step`; step 0 is all that have events."""
    import polars as pl

    rows = log.events.select("order", "stage").with_row_index("row")
    reached = log.spans.select("order", row=pl.lit(-1, dtype=pl.Int64))
    found = [reached.select("order", step=pl.lit(0, dtype=pl.Int64))]
    for step, name in enumerate(stages, start=1):
        there = rows.filter(pl.col("stage").is_in(stage_codes(log, [name])))
        there = there.select("order", next=pl.col("row").cast(pl.Int64))
        later = there.join(reached, on="order").filter(pl.col("next") > pl.col("row"))
        reached = later.group_by("order").agg(row=pl.col("next").min())
        found.append(reached.select("order", step=pl.lit(step, dtype=pl.Int64)))
    return found
