"""Handover: who passes work to whom."""

from __future__ import annotations

from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Counts, Table
from orderflow.model.frozen import FrozenMap


def handover(log: EventLog) -> Table:
    """The handover-of-work network (van der Aalst, Reijers, Song, Discovering Social Networks from Event
    Logs, Computer Supported Cooperative Work 14, 2005).

    - Columns `source`, `dest`, `count`: consecutive events of an order by two different known actors; by count
      descending, then by names.
    - A missing actor takes part in no handover, and nobody is looked for behind it.
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> Counts:
    import polars as pl

    passed = shard.steps.filter(pl.col("giver") != pl.col("taker"))  # a missing actor compares as missing: left out
    actors = shard.names["actor"]
    return Counts.of(passed.select(source="giver", dest="taker"), FrozenMap(source=actors, dest=actors))


def merge(a: Counts, b: Counts) -> Counts:
    return a.merge(b)


def result(summary: Counts) -> Table:
    return summary.table()
