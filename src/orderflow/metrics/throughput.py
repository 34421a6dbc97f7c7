"""Throughput: how many orders start and finish in each day, week or month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.choices import Period, need_choice
from orderflow.metrics.codes import decode
from orderflow.metrics.groups import By, by_order
from orderflow.metrics.instants import local_days
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Table, Totals
from orderflow.model.calendar import WorkCalendar
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

FORMS: dict[str, str] = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
OWN = ("period", "started", "finished")


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
      stage; of all orders when the log knows no done stages (`log.done_stages` is None).
    - `by`: attributes of the orders; one row per group and period, by group, then by period. A `calendar` changes
      nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar, period=period))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, period: Period = "month"
) -> Totals:
    import polars as pl

    need_choice("period", period, Period)
    spans = shard.spans
    ends = spans.select("order", at="last_at", started=pl.lit(0), finished=pl.lit(1))
    if shard.done_stages is not None:
        done = decode(spans["last_stage"], shard.names["stage"]).is_in(list(shard.done_stages))
        ends = ends.filter(done)
    both = pl.concat([spans.select("order", at="first_at", started=pl.lit(1), finished=pl.lit(0)), ends])
    grouped = by_order(shard, both.with_columns(day=local_days(pl.col("at"), shard.tz)), by, OWN)
    days = grouped.rows.group_by(*grouped.keys, "day").agg(pl.col("started", "finished").sum())
    periods = days["day"].dt.to_string(FORMS[period])  # few: days, not orders, are written as text
    named = days.select(
        *(decode(days[key], grouped.names[key]) for key in grouped.keys),
        periods.alias("period"),
        pl.col("started", "finished").cast(pl.Int64),
    )
    keys = [*grouped.keys, "period"]
    return Totals(frame=named.group_by(keys).agg(pl.col("started", "finished").sum()), keys=tuple(keys))


def merge(a: Totals, b: Totals) -> Totals:
    return a.merge(b)


def result(summary: Totals) -> Table:
    return Table(frame=summary.frame.sort(summary.keys, nulls_last=True))


def described(summary: Totals) -> Throughput:
    """The same as two mappings, for a summary that is not grouped."""
    rows = result(summary).frame
    return Throughput(started=_positive(rows, "started"), finished=_positive(rows, "finished"))


def _positive(rows: pl.DataFrame, name: str) -> FrozenMap[int]:
    there = rows.filter(rows[name] > 0)
    return FrozenMap(dict(zip(there["period"].to_list(), there[name].to_list(), strict=True)))
