"""The flow map: which stage follows which, how often, and after how long."""

from __future__ import annotations

from orderflow.metrics.groups import By, by_step
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Samples, Table, in_seconds, ranked
from orderflow.model.calendar import WorkCalendar
from orderflow.model.frozen import as_names

DURATIONS = ("mean", "median", "total")
OWN = ("source", "dest", "count", "order", "orders", *DURATIONS)
WITHIN = ("actor", "team", "track")


def flow_map(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """The directly-follows graph with times (van der Aalst, Process Mining, 2nd ed., 2016, ch. 6 and 9).

    - Columns `source`, `dest`, `count`, `mean`, `median`, `total`: one row per pair of stages that were
      consecutive events of an order, with the time between them; by count descending, then by names.
    - A stage that follows itself is a pair like any other. Ties in time keep the order of arrival.
    - `by`: attributes of the orders, or the `actor`, `team` or `track` of the first of the two events; one row per
      group and pair. With `by="actor"` also `orders`: how many different ones. `calendar`: open time instead of time.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Samples:
    grouped = by_step(shard.business(calendar), by, OWN, WITHIN)
    orders = grouped.rows["order"] if "actor" in as_names(by) else None  # by which people are few or many: by_person
    rows = grouped.rows.select(*grouped.keys, "source", "dest", "micros")
    stages = shard.names["stage"]
    keys = (*grouped.keys, "source", "dest")
    return Samples.of(rows, keys, {**grouped.names, "source": stages, "dest": stages}, orders)


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    figures = in_seconds(summary.figures())
    columns = [*summary.keys, "count", *(["orders"] if summary.orders is not None else []), *DURATIONS]
    rows = figures.rename({"n": "count", "sum": "total"}).select(columns)
    return Table(frame=ranked(rows, "count", summary.keys), durations=DURATIONS)
