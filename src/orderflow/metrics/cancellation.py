"""Cancellation: how many orders are called off, and from which stage."""

from __future__ import annotations

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_stages, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names

FIGURES = ("orders", "open", "cancelled", "share", "low", "high")


def cancellation(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    cancelled_stages: Stages = None,
    done_stages: Stages = None,
) -> Table:
    """The share of orders that were cancelled, whoever did it (marketplaces judge a seller by a narrower rate: that of
    Amazon Seller Central counts what the seller cancelled, not what the customer did).

    - `cancelled`: orders whose last event is in a cancelled stage, so one that was taken up again is not.
      `orders`: all with events; `open` of them are undecided and may still be cancelled (missing when nothing says
      which stages are done). `share` = cancelled / orders, with its 95% interval `low`, `high` (Wilson 1927).
    - `by`: attributes of orders, and `stage`: then `orders` are those that were ever in that stage, `cancelled` those
      whose last stage before they were cancelled it was, `open` those that are in it now.
    - One row, or one per key, by key. Where events have tracks, those of the track `order` count.
    - Raises LogError (`log.no_cancelled_stages`) when neither the caller nor the log says which stages these are.
    - A `calendar` changes nothing: nothing is timed here.
    """
    need_stages(log, ends=(done_stages, cancelled_stages))
    return result(summarise(log, by, calendar, cancelled_stages=cancelled_stages, done_stages=done_stages))


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    cancelled_stages: Stages = None,
    done_stages: Stages = None,
) -> Sums:
    import polars as pl

    if cancelled_stages is None and shard.cancelled_stages is None:
        raise LogError.of("log.no_cancelled_stages")
    knows_done = done_stages is not None or shard.done_stages is not None
    done = done_stages if knows_done else ()
    ends = Endings.of(shard, done, cancelled_stages)
    keys = Keys.of(shard, by, columns=("stage",))
    outcomes = ends.outcomes(shard).select("order", "cancelled", "open", last_stage="stage")
    rows = outcomes
    if "stage" in as_names(by):
        alive = shard.main.events.filter(~pl.col("stage").is_in(stage_codes(shard, ends.cancelled)))
        here = pl.col("order").ne_missing(pl.col("order").shift(-1))  # the last one of its order
        visits = alive.with_columns(here=here).group_by("order", "stage").agg(pl.col("here").any())
        rows = visits.join(outcomes, on="order").with_columns(
            cancelled=pl.col("cancelled") & pl.col("here"),
            open=pl.col("open") & (pl.col("last_stage") == pl.col("stage")),
        )
    numbers = {name: pl.col(name).sum() for name in ("cancelled", *(("open",) if knows_done else ()))}
    return Sums.from_rows(keys.onto(rows), keys, orders=pl.len(), **numbers)


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    import polars as pl

    rows = summary.sorted()
    if "open" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, dtype=pl.Int64).alias("open"))
    return table_of(rows.with_columns(share("cancelled", "orders")).select(*summary.keys, *FIGURES))
