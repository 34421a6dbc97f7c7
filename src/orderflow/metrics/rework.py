"""Rework: stages that an order enters again."""

from __future__ import annotations

from attrs import frozen

from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Counts
from orderflow.model.frozen import FrozenMap


@frozen(kw_only=True)
class Rework:
    """Orders with rework, the events that repeat a stage, and for each stage the orders that repeat it."""

    orders: int
    events: int
    by_stage: FrozenMap[int]


@frozen(kw_only=True, eq=False)
class ReworkSummary:
    orders: int
    events: int
    by_stage: Counts


def rework(log: EventLog) -> Rework:
    """How often orders enter a stage again, at once or later (repetitions and loops in Dumas, La Rosa,
    Mendling, Reijers, Fundamentals of Business Process Management, 2nd ed., 2018, ch. 7).

    - `orders`: orders in which at least one stage occurs twice or more; `events`: occurrences after the first.
    - `by_stage`: for each repeated stage the orders that repeat it, by orders descending, then by name.
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> ReworkSummary:
    import polars as pl

    visits = shard.events.lazy().group_by("order", "stage").agg(pl.len().alias("visits"))
    again = visits.filter(pl.col("visits") > 1).collect()
    return ReworkSummary(
        orders=again["order"].n_unique(),
        events=int(again["visits"].sum()) - again.height,
        by_stage=Counts.of(again.select("stage"), FrozenMap(stage=shard.names["stage"])),
    )


def merge(a: ReworkSummary, b: ReworkSummary) -> ReworkSummary:
    return ReworkSummary(orders=a.orders + b.orders, events=a.events + b.events, by_stage=a.by_stage.merge(b.by_stage))


def result(summary: ReworkSummary) -> Rework:
    return Rework(orders=summary.orders, events=summary.events, by_stage=summary.by_stage.mapping())
