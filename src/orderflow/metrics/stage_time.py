"""Stage time: how long orders stay in each stage."""

from __future__ import annotations

from orderflow.metrics.groups import By, by_step
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import FIGURES, Samples, Table
from orderflow.model.calendar import WorkCalendar

WITHIN = ("actor", "team", "track")


def stage_time(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """How long orders stay in each stage: from an event to the next event of the same order (sojourn time in
    van der Aalst, Process Mining, 2nd ed., 2016, ch. 9).

    - Columns `stage`, `n`, `mean`, `median`, `p90`, `p95`, `min`, `max`, `sum`; one row per stage that was
      left at least once, by n descending, then by name.
    - Every visit counts, so a stage that an order enters twice gives two values. The last event of an order
      gives none: nobody knows yet how long it lasts (censored).
    - `by`: attributes of the orders, or the `actor`, `team` or `track` of the event that entered the stage; one row
      per group and stage. `calendar`: open time instead of time.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Samples:
    grouped = by_step(shard.business(calendar), by, ("stage", "n", *FIGURES), WITHIN)
    rows = grouped.rows.select(*grouped.keys, "micros", stage="source")
    return Samples.of(rows, (*grouped.keys, "stage"), {**grouped.names, "stage": shard.names["stage"]})


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    return summary.table()
