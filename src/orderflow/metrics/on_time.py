"""On time: how many orders were delivered by the promised instant, and by the promised day, and how early or late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import fields, frozen

from orderflow.metrics.deliveries import delivered_in, deliveries, need_deliveries
from orderflow.metrics.groups import By
from orderflow.metrics.instants import local_days
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import Durations, Table, table_of
from orderflow.metrics.sums import Sums, beside
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    pass

COUNTS = ("n", "on_time", "rate", "by_day", "by_day_rate")
EARLY = ("early_mean", "early_median")
LATE = ("late_mean", "late_median", "late_p90", "late_max")


@frozen(kw_only=True)
class OnTime:
    """Of `n` orders with a delivery and a promise `on_time` kept it; `rule` says in words what was compared.

    `rate` and `by_day_rate` are shares from 0 to 1, None when n is 0. `early`: promise minus delivery of the orders on
    time; `late`: delivery minus promise of the others.
    """

    n: int
    on_time: int
    rate: float | None
    by_day_rate: float | None
    early: Durations
    late: Durations
    rule: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data: `early` and `late` with seconds."""
        figures = {"early": self.early.to_dict(), "late": self.late.to_dict()}
        return {field.name: figures.get(field.name, getattr(self, field.name)) for field in fields(OnTime)}


@frozen(kw_only=True, eq=False)
class OnTimeSummary:
    """How many kept the promise; how long those were early that did, and how long the others were late."""

    counts: Sums
    early: Samples
    late: Samples
    rule: str


def on_time(
    log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, delivered_stage: str | None = None
) -> Table:
    """Deliveries at or before the promise (delivery to commit, SCOR RL.2.2, without the quantities).

    - A delivery is the first event in `delivered_stage`; without it, the first in any of `log.done_stages`
      (where events have tracks: of the track `order`).
    - `n`: orders with both; an order that was promised but not delivered yet does not count.
    - `on_time`, `rate`: by instant, at or before. `by_day`, `by_day_rate`: the day of the delivery is not after the
      day of the promise, days in `log.tz`.
    - `early_mean`, `early_median`: promise minus delivery of the orders on time. `late_mean`, `late_median`,
      `late_p90`, `late_max`: delivery minus promise of the others. With a `calendar` these are open time; what is on
      time is decided by instants and days all the same.
    - One row; with `by` (attributes of the orders) one for each group, by n descending, then by name.
    - Raises LogError: no promises in the log, no stage to look for, a stage that never occurs.
    """
    need_deliveries(log, delivered_stage)
    return result(summarise(log, by, calendar, delivered_stage=delivered_stage))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, delivered_stage: str | None = None
) -> OnTimeSummary:
    import polars as pl

    at, promise, late = pl.col("at"), pl.col("promised_at"), pl.col("micros") > 0
    both = deliveries(shard, delivered_stage).with_columns(
        micros=at - promise,
        by_day=local_days(at, shard.tz) <= local_days(promise, shard.tz),
    )
    keys = Keys.of(shard, by)
    rows = keys.onto(both.with_columns(late=late))
    counts = {"n": pl.len(), "on_time": (~pl.col("late")).sum(), "by_day": pl.col("by_day").sum()}
    if calendar is not None:
        open_time = deliveries(shard.business(calendar), delivered_stage)
        rows = rows.with_columns(micros=open_time["at"] - open_time["promised_at"])
    names = " or ".join(repr(name) for name in delivered_in(shard, delivered_stage))
    return OnTimeSummary(
        counts=Sums.from_rows(rows, keys, **counts),
        early=Samples.from_rows(rows.filter(~pl.col("late")).with_columns(-pl.col("micros")), keys),
        late=Samples.from_rows(rows.filter("late"), keys),
        rule=f"the first event in {names} is at or before the promise, among orders with both; "
        f"by_day_rate compares the days in {shard.tz}; a promise that is a bare date ends with its day",
    )


def merge(a: OnTimeSummary, b: OnTimeSummary) -> OnTimeSummary:
    return OnTimeSummary(
        counts=a.counts.merge(b.counts), early=a.early.merge(b.early), late=a.late.merge(b.late), rule=a.rule
    )


def result(summary: OnTimeSummary) -> Table:
    import polars as pl

    keys = summary.counts.keys
    rows = summary.counts.ranked("n").with_columns(
        pl.when(pl.col("n") > 0).then(pl.col(name) / pl.col("n")).alias(rate)
        for name, rate in (("on_time", "rate"), ("by_day", "by_day_rate"))
    )
    for samples, names in ((summary.early, EARLY), (summary.late, LATE)):
        columns = [pl.col(name.partition("_")[2]).alias(name) for name in names]
        rows = beside(rows, samples.figures().select(*keys, *columns), keys)
    return table_of(rows.select(*keys, *COUNTS, *EARLY, *LATE), durations=(*EARLY, *LATE))


def described(summary: OnTimeSummary) -> OnTime:
    """The same as one value, for a summary that is not grouped."""
    row = result(summary).frame.row(0, named=True)
    counted = {name: row[name] for name in ("n", "on_time", "rate", "by_day_rate")}
    return OnTime(**counted, early=summary.early.durations(), late=summary.late.durations(), rule=summary.rule)
