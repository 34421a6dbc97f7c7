"""Variants: the different ways through the stages, and how many orders went each."""

from __future__ import annotations

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.groups import By, Grouped, by_order
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Counts, Table
from orderflow.model.calendar import WorkCalendar

TOP = 20
OWN = ("stages", "count")


@frozen(kw_only=True)
class Variants:
    """How many different ways there are (`count`), and the most frequent of them (`top`: `stages`, `count`)."""

    count: int
    top: Table


def variants(log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, top: int | None = TOP) -> Table:
    """The different sequences of stages (trace variants in van der Aalst, Process Mining, 2nd ed., 2016).

    - Columns `stages` (a list), `count`: by count descending, then by the names of the stages in order.
    - Two orders are of one variant when they entered the same stages in the same order; repetitions count.
    - Orders without events have no variant.
    - `by`: attributes of the orders; one row per group and variant. `top`: how many rows, for each group; None for
      all. A `calendar` changes nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar), top=top)


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Counts:
    grouped = ways_by(shard, by, OWN)
    ways = grouped.rows.with_row_index("way")
    stages = ways.select("way", "stages").explode("stages")
    spelled = stages.with_columns(decode(stages["stages"], shard.names["stage"]))
    texts = spelled.group_by("way", maintain_order=True).agg("stages")["stages"]
    named = [decode(ways[key], grouped.names[key]) for key in grouped.keys]
    return Counts(frame=ways.select(*named, texts, "count"))


def merge(a: Counts, b: Counts) -> Counts:
    return a.merge(b)


def result(summary: Counts, *, top: int | None = TOP) -> Table:
    rows = summary.table().frame
    by = [key for key in summary.keys if key != "stages"]
    if top is not None:
        rows = rows.group_by(by, maintain_order=True).head(top) if by else rows.head(top)
    return Table(frame=rows.select(*by, *OWN))


def described(summary: Counts, *, top: int = TOP) -> Variants:
    """How many there are, and the most frequent."""
    return Variants(count=summary.frame.height, top=result(summary, top=top))


def ways_by(log: EventLog, by: By, own: tuple[str, ...]) -> Grouped:
    """The different sequences of stages in each group, in codes, with how many orders went so."""
    import polars as pl

    if not by:
        return Grouped(rows=log.ways, keys=(), names={})
    grouped = by_order(log, log.spans.select("order"), by, own)
    ways = log.events.lazy().group_by("order", maintain_order=True).agg(stages="stage").select("stages").collect()
    counted = grouped.rows.hstack(ways).group_by(*grouped.keys, "stages").agg(pl.len().cast(pl.Int64).alias("count"))
    return Grouped(rows=counted, keys=grouped.keys, names=grouped.names)
