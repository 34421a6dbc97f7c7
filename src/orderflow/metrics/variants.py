"""Variants: the different ways through the stages, and how many orders went each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, first_of_each
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    import polars as pl

TOP = 20


@frozen(kw_only=True)
class Variants:
    """How many different ways there are (`count`), and the most frequent of them (`top`: `stages`, `count`)."""

    count: int
    top: Table


def variants(log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, top: int | None = TOP) -> Table:
    """The different sequences of stages (trace variants in van der Aalst, Process Mining, 2nd ed., 2016).

    - Columns `stages` (a list), `count`: by count descending, then by the names of the stages in order.
    - Two orders are of one variant when they entered the same stages in the same order; repetitions count.
    - Orders without events have no variant. Where events have tracks, those of the track `order` count.
    - `by`: attributes of the orders; one row per group and variant. `top`: how many rows, for each group; None for
      all. A `calendar` changes nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar), top=top)


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Sums:
    keys = Keys.of(shard, by)
    ways = ways_by(shard, keys).with_row_index("way")
    stages = ways.select("way", "stages").explode("stages")
    spelled = stages.with_columns(decode(stages["stages"], shard.names["stage"]))
    texts = spelled.group_by("way", maintain_order=True).agg("stages")["stages"]
    ways = ways.with_columns(texts).select(*keys.names, "stages", "count")
    return Sums(keys=keys.and_more("stages"), frame=keys.named(ways, "stages"))


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums, *, top: int | None = TOP) -> Table:
    return table_of(first_of_each(summary.ranked("count"), summary.keys[:-1], top))


def described(summary: Sums, *, top: int = TOP) -> Variants:
    """How many there are, and the most frequent."""
    return Variants(count=summary.frame.height, top=result(summary, top=top))


def ways_by(log: EventLog, keys: Keys) -> pl.DataFrame:
    """The different sequences of stages by the keys, in codes: `stages`, and `count`: how many orders went so."""
    import polars as pl

    if not keys.names:
        return log.main.ways
    orders = keys.onto(log.main.spans.select("order"))
    ways = log.main.events.lazy().group_by("order", maintain_order=True).agg(stages="stage").select("stages").collect()
    return orders.hstack(ways).group_by(*keys.names, "stages").agg(pl.len().cast(pl.Int64).alias("count"))
