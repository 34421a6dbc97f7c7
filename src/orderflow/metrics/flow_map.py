"""The flow map: which stage follows which, how often, and after how long."""

from __future__ import annotations

from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Samples, Table, in_seconds

DURATIONS = ("mean", "median", "total")


def flow_map(log: EventLog) -> Table:
    """The directly-follows graph with times (van der Aalst, Process Mining, 2nd ed., 2016, ch. 6 and 9).

    - Columns `source`, `dest`, `count`, `mean`, `median`, `total`: one row per pair of stages that were
      consecutive events of an order, with the time between them; by count descending, then by names.
    - A stage that follows itself is a pair like any other. Ties in time keep the order of arrival.
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> Samples:
    return Samples.of(shard.steps.select("source", "dest", "micros"), ("source", "dest"), shard.names["stage"])


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    figures = in_seconds(summary.figures())
    rows = figures.select("source", "dest", "mean", "median", count="n", total="sum")
    ordered = rows.select("source", "dest", "count", *DURATIONS).sort(
        "count", "source", "dest", descending=[True, False, False]
    )
    return Table(frame=ordered, durations=DURATIONS)
