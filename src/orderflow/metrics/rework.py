"""Rework: stages that an order enters again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.metrics.variants import ways_by
from orderflow.model.calendar import WorkCalendar
from orderflow.model.frozen import FrozenMap, as_names

if TYPE_CHECKING:
    import polars as pl

FIGURES = ("n", "orders", "share", "events", "self_loops")


@frozen(kw_only=True)
class Rework:
    """Orders with rework, the events that repeat a stage, and for each stage the orders that repeat it.

    `self_loops`: those of the events that repeat the stage before at once.
    """

    orders: int
    events: int
    self_loops: int
    by_stage: FrozenMap[int]


@frozen(kw_only=True, eq=False)
class ReworkSummary:
    """`whole`: of the orders of each group; `stages`: of each stage too. `asked`: whether `by` had the stage."""

    whole: Sums
    stages: Sums
    asked: bool = False


def rework(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """How often orders enter a stage again, at once or later (repetitions and loops in Dumas, La Rosa,
    Mendling, Reijers, Fundamentals of Business Process Management, 2nd ed., 2018).

    - Columns `n` (orders with events), `orders` (those in which at least one stage occurs twice or more), `share`
      (orders / n), `events` (occurrences after the first), `self_loops` (events whose stage is that of the event
      before). One row; with `by` (attributes of the orders) one for each group, by orders descending, then by name.
    - `by="stage"`, alone or among others: for each stage, n orders that entered it, those that repeat it, and how
      often.
    - Where events have tracks, what counts is a stage that the same track enters again.
    - A `calendar` changes nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> ReworkSummary:
    import polars as pl

    wanted = as_names(by)
    keys = Keys.of(shard, [name for name in wanted if name != "stage"])
    visits = _visits(shard, keys)
    count, again = pl.col("count"), pl.col("visits") > 1
    amounts = {
        "n": count.sum(),
        "orders": count.filter(again).sum(),
        "events": (count * pl.col("more")).sum(),
        "self_loops": (count * pl.col("loops")).sum(),
    }
    stages = Sums.from_rows(visits, keys, "stage", **amounts)
    once = visits.group_by("way", *keys.names, "count").agg(pl.col("visits").max(), pl.col("more", "loops").sum())
    return ReworkSummary(whole=Sums.from_rows(once, keys, **amounts), stages=stages, asked="stage" in wanted)


def merge(a: ReworkSummary, b: ReworkSummary) -> ReworkSummary:
    return ReworkSummary(whole=a.whole.merge(b.whole), stages=a.stages.merge(b.stages), asked=a.asked)


def result(summary: ReworkSummary) -> Table:
    import polars as pl

    found = summary.stages if summary.asked else summary.whole
    rows = found.ranked("orders").with_columns(share=pl.when(pl.col("n") > 0).then(pl.col("orders") / pl.col("n")))
    return table_of(rows.select(*found.keys, *FIGURES))


def described(summary: ReworkSummary) -> Rework:
    """The same as one value, for a summary that is not grouped."""
    import polars as pl

    amounts = summary.whole.frame.row(0, named=True)
    stages = summary.stages.ranked("orders").filter(pl.col("orders") > 0)
    by_stage = FrozenMap(dict(zip(stages["stage"].to_list(), stages["orders"].to_list(), strict=True)))
    return Rework(
        orders=amounts["orders"], events=amounts["events"], self_loops=amounts["self_loops"], by_stage=by_stage
    )


def _visits(log: EventLog, keys: Keys) -> pl.DataFrame:
    """For each way and stage how often it occurs there in one track at most (`visits`), how often again in all of them
    (`more`), and how often right after itself (`loops`).

    Thousands of orders go the same way: counting in the ways is counting in the orders.
    """
    import polars as pl

    tracked, stages = "track" in log.events.columns, len(log.stages)
    ways = (_ways_of_tracks(log, keys) if tracked else ways_by(log, keys)).with_row_index("way")
    entered = ways.lazy().explode("stages").rename({"stages": "stage"})
    same = (pl.col("stage") == pl.col("stage").shift(1)) & (pl.col("way") == pl.col("way").shift(1))
    looped = entered.with_columns(loop=same.fill_null(value=False))
    way = ["way", *keys.names, "count", "stage"]
    visited = looped.group_by(way).agg(visits=pl.len().cast(pl.Int64), loops=pl.col("loop").sum().cast(pl.Int64))
    visited = visited.with_columns(more=pl.col("visits") - 1)
    if tracked:
        of_stages = visited.with_columns((pl.col("stage") % stages).cast(pl.UInt32)).group_by(way)
        visited = of_stages.agg(pl.col("visits").max(), pl.col("more", "loops").sum())
    return visited.collect()


def _ways_of_tracks(log: EventLog, keys: Keys) -> pl.DataFrame:
    """As `ways_by`, the tracks of an order one after the other: numbers of a track and a stage for the stages."""
    import polars as pl

    strand = pl.col("strand").cast(pl.UInt64).fill_null(len(log.names["track"]))
    visits = log.in_strands.select("order", visit=strand * len(log.stages) + pl.col("stage"))
    each = keys.onto(visits.group_by("order", maintain_order=True).agg(stages="visit"))
    return each.group_by(*keys.names, "stages").agg(pl.len().cast(pl.Int64).alias("count"))
