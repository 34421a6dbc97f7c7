"""Lead time: from the first event of an order to its last."""

from __future__ import annotations

from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Durations, Samples


def lead_time(log: EventLog) -> Durations:
    """How long orders take: last minus first event of each order (throughput time of a case in van der
    Aalst, Process Mining, 2nd ed., 2016, ch. 9).

    - One value per order that has events; an order with one event counts with 0.
    - Open orders count up to their last event so far: the figures are about what was seen.
    - No events: n is 0 and the figures are None.
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> Samples:
    spans = shard.spans.select(micros=shard.spans["last_at"] - shard.spans["first_at"])
    return Samples.of(spans, (), shard.names["stage"])


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Durations:
    return summary.durations()
