"""Stage time: how long orders stay in each stage."""

from __future__ import annotations

from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import FIGURES, Samples, Table, in_seconds


def stage_time(log: EventLog) -> Table:
    """How long orders stay in each stage: from an event to the next event of the same order (sojourn time in
    van der Aalst, Process Mining, 2nd ed., 2016, ch. 9).

    - Columns `stage`, `n`, `mean`, `median`, `p90`, `p95`, `min`, `max`, `sum`; one row per stage that was
      left at least once, by n descending, then by name.
    - Every visit counts, so a stage that an order enters twice gives two values. The last event of an order
      gives none: nobody knows yet how long it lasts (censored).
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> Samples:
    return Samples.of(shard.steps.select("micros", stage="source"), ("stage",), shard.names["stage"])


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    figures = in_seconds(summary.figures())
    return Table(frame=figures.sort("n", "stage", descending=[True, False]), durations=FIGURES)
