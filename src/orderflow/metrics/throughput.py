"""Throughput: how many orders start and finish in each day, week or month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.choices import Period, need_choice
from orderflow.metrics.groups import By
from orderflow.metrics.instants import local_days
from orderflow.metrics.keys import Keys, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

FORMS: dict[str, str] = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}


@frozen(kw_only=True)
class Throughput:
    """Orders by month (`YYYY-MM`), earliest first; a month in which nothing happened is not there."""

    started: FrozenMap[int]
    finished: FrozenMap[int]


def throughput(
    log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, period: Period = "month"
) -> Table:
    """Orders started and finished in each period; days are those of the log's zone.

    - Columns `period`, `started`, `finished`, by period; one in which neither happened is not there. A `day` is
      `2026-03-02`, a `week` is that of ISO 8601 (`2026-W10`, from Monday), a `month` is `2026-03`.
    - `started`: the period of the first event. `finished`: that of the last event of orders that ended in a done
      stage; of all orders when the log knows no done stages (`log.done_stages` is None). Where events have tracks,
      those of the track `order` count.
    - `by`: attributes of the orders; one row per group and period, by group, then by period. A `calendar` changes
      nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar, period=period))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, period: Period = "month"
) -> Sums:
    import polars as pl

    need_choice("period", period, Period)
    keys = Keys.of(shard, by)
    spans = shard.main.spans
    ends = spans.select("order", "last_stage", at="last_at", started=pl.lit(0), finished=pl.lit(1))
    if shard.done_stages is not None:
        ends = ends.filter(pl.col("last_stage").is_in(stage_codes(shard, shard.done_stages)))
    starts = spans.select("order", at="first_at", started=pl.lit(1), finished=pl.lit(0))
    both = pl.concat([starts, ends.drop("last_stage")]).with_columns(day=local_days(pl.col("at"), shard.tz))
    numbers = {name: pl.col(name).cast(pl.Int64).sum() for name in ("started", "finished")}
    days = keys.onto(both).group_by(*keys.names, "day").agg(**numbers)
    days = days.with_columns(period=pl.col("day").dt.to_string(FORMS[period]))  # few: not each order is written so
    return Sums.from_rows(days, keys, "period", **numbers)


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    return table_of(summary.sorted())


def described(summary: Sums) -> Throughput:
    """The same as two mappings, for a summary that is not grouped."""
    rows = result(summary).frame
    return Throughput(started=_positive(rows, "started"), finished=_positive(rows, "finished"))


def _positive(rows: pl.DataFrame, name: str) -> FrozenMap[int]:
    there = rows.filter(rows[name] > 0)
    return FrozenMap(dict(zip(there["period"].to_list(), there[name].to_list(), strict=True)))
