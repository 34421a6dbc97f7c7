"""OTIF: how many orders were delivered on time and in full."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from orderflow.metrics.groups import By
from orderflow.metrics.in_full import completed
from orderflow.metrics.instants import local_days, micros
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Rows, Sums
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

FIGURES = ("n", "otif", "late", "short", "pending", "share", "low", "high", "by_day_share")


@frozen(kw_only=True, eq=False)
class OtifSummary:
    """Orders that are complete, counted; the promises of the others; and the instant of counting."""

    complete: Sums
    others: Rows
    at: int | None


def otif(log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, as_of: datetime | None = None) -> Table:
    """The share of orders that were delivered in full by their promise (on time in full: SCOR, Perfect Order
    Fulfillment RL.1.1 with its parts RL.2.1, in full, and RL.2.2, to the committed date).

    - From the table `lines` (see `in_full`) and the promises. `otif`: complete at or before the promise; `late`:
      complete, but after it; `short`: not complete, and the promise is past at `as_of`; `pending`: not complete, and
      the promise is still to come: not judged. `n` = otif + late + short. Deliveries without an instant are never in
      time.
    - `share` = otif / n, with its 95% interval `low`, `high` (Wilson 1927). `by_day_share`: when the day of completion
      in `log.tz` is compared with the day of the promise.
    - `as_of`: the last instant of the log (events and deliveries) unless given; later deliveries count all the same.
    - `by`: attributes of orders. Raises LogError: no lines, no promises.
    - A `calendar` changes nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar, as_of=as_of))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, as_of: datetime | None = None
) -> OtifSummary:
    import polars as pl

    keys = Keys.of(shard, by)
    found = completed(shard)
    if "promised_at" not in shard.orders.columns:
        raise LogError.of("log.no_promises")
    promised = shard.orders.select("order", pl.col("promised_at").cast(pl.Int64)).drop_nulls()
    rows = keys.onto(found.join(promised, on="order"))
    done, promise = pl.col("full_at"), pl.col("promised_at")
    in_time = (done <= promise).fill_null(value=False)
    by_day = (local_days(done, shard.tz) <= local_days(promise, shard.tz)).fill_null(value=False)
    complete = Sums.from_rows(
        rows,
        keys,
        otif=in_time.sum(),
        by_day=by_day.sum(),
        late=(pl.col("full") & ~in_time).sum(),
    )
    instants = pl.concat([shard.events["at"], shard.more["lines"]["at"].cast(pl.Int64)])
    last = pl.DataFrame({"at": instants}).select(pl.col("at").max()).item()
    return OtifSummary(
        complete=complete,
        others=Rows.from_rows(rows.filter(~pl.col("full")), keys, values=("promised_at",)),
        at=last if as_of is None else micros(as_of),
    )


def merge(a: OtifSummary, b: OtifSummary) -> OtifSummary:
    at = max((item.at for item in (a, b) if item.at is not None), default=None)
    return OtifSummary(complete=a.complete.merge(b.complete), others=a.others.merge(b.others), at=at)


def result(summary: OtifSummary) -> Table:
    import polars as pl

    # Without any instant nothing is past.
    past = (pl.col("promised_at") < pl.lit(summary.at, dtype=pl.Int64)).fill_null(value=False)
    others = summary.others.frame.with_columns(
        short=past.cast(pl.Int64), pending=(~past).cast(pl.Int64), otif=0, by_day=0, late=0
    ).drop("promised_at")
    keys = summary.complete.keys
    complete = summary.complete.frame.with_columns(short=0, pending=0)
    frames = [complete, others.select(complete.columns)]
    rows = Sums(keys=keys, frame=pl.concat(frames, how="vertical_relaxed")).added().sorted()
    rows = rows.with_columns(n=pl.col("otif") + pl.col("late") + pl.col("short"))
    rows = rows.with_columns(
        share("otif", "n"), by_day_share=pl.when(pl.col("n") > 0).then(pl.col("by_day") / pl.col("n"))
    )
    return table_of(rows.select(*keys, *FIGURES))
