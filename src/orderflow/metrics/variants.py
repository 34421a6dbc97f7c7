"""Variants: the different ways through the stages, and how many orders went each."""

from __future__ import annotations

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Counts, Table


@frozen(kw_only=True)
class Variants:
    """How many different ways there are (`count`), and the most frequent of them (`top`: `stages`, `count`)."""

    count: int
    top: Table


def variants(log: EventLog, *, top: int = 20) -> Variants:
    """The different sequences of stages (trace variants in van der Aalst, Process Mining, 2nd ed., 2016, ch. 5).

    - Two orders are of one variant when they entered the same stages in the same order; repetitions count.
    - `top` has the most frequent, by count descending, then by the names of their stages in order.
    - Orders without events have no variant.
    """
    return result(summarise(log), top=top)


def summarise(shard: EventLog) -> Counts:
    import polars as pl

    ways = shard.events.lazy().group_by("order").agg(pl.col("stage").alias("stages"))
    counted = ways.group_by("stages").agg(pl.len().cast(pl.Int64).alias("count")).with_row_index("way").collect()
    stages = counted.select("way", pl.col("stages")).explode("stages")
    named = stages.with_columns(decode(stages["stages"], shard.names["stage"]))
    spelled = named.group_by("way", maintain_order=True).agg("stages")
    return Counts(frame=spelled.hstack(counted.select("count")).drop("way"))


def merge(a: Counts, b: Counts) -> Counts:
    return a.merge(b)


def result(summary: Counts, *, top: int = 20) -> Variants:
    return Variants(count=summary.frame.height, top=summary.table(top))
