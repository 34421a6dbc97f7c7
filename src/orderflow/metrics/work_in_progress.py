"""Work in progress: how many orders are open at the end of each day, week or month, and how many came and went."""

from __future__ import annotations

from orderflow.metrics.choices import Period
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings, all_periods, period_of
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, filled
from orderflow.model.calendar import WorkCalendar

FIGURES = ("arrived", "reopened", "finished", "open")


def work_in_progress(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    period: Period = "day",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
) -> Table:
    """Arrivals, finishes and open orders over time (work in process: Hopp, Spearman, Factory Physics, 3rd ed., 2008;
    its mean is what Little's law speaks of: Little, Operations Research 9, 1961).

    - One row per `period` (its first date: the day, the Monday, the first of the month, in `log.tz`) from the first to
      the last in which anything happened, without gaps. `open` = arrived + reopened - finished, of all rows so far: the
      orders open at the end of the period. What was open before the log begins is not known.
    - An order arrives with its first event, and is finished by an event in a done or cancelled stage. An event in
      another stage afterwards reopens it. Where events have tracks, those of the track `order` count.
    - `done_stages`, `cancelled_stages`: without them those of the log; LogError when there are no done stages.
    - `by`: attributes of orders; every key then has every period. By key, then by period.
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
    period: Period = "day",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
) -> Sums:
    import polars as pl

    keys = Keys.of(shard, by)
    ends = Endings.of(shard, done_stages, cancelled_stages)
    events = shard.main.events.select("order", "at", closed=ends.closed(shard))
    first = pl.col("order").ne_missing(pl.col("order").shift(1))
    before = pl.when(~first).then(pl.col("closed").shift(1))
    changes = events.with_columns(
        arrived=first,
        reopened=before & ~pl.col("closed"),
        finished=pl.col("closed") & ~before.fill_null(value=False),
    ).with_columns(pl.col("reopened").fill_null(value=False))
    changes = changes.filter(pl.any_horizontal("arrived", "reopened", "finished"))
    changes = keys.onto(changes.with_columns(period=period_of(pl.col("at"), shard.tz, period)))
    return Sums.from_rows(changes, keys, "period", **{name: pl.col(name).sum() for name in FIGURES[:3]})


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums, *, period: Period = "day") -> Table:
    import polars as pl

    rows = filled(summary, all_periods(summary.frame["period"], period), "period")
    change = pl.col("arrived") + pl.col("reopened") - pl.col("finished")
    groups = list(summary.keys[:-1])
    opened = change.cum_sum().over(groups) if groups else change.cum_sum()
    return table_of(rows.with_columns(open=opened).select(*summary.keys, *FIGURES))
