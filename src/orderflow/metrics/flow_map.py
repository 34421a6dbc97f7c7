"""The flow map: which stage follows which, how often, and after how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import Table, ranked, table_of
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    import polars as pl

DURATIONS = ("mean", "median", "total")


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
    keys = Keys.of(shard, by, columns=("actor", "team", "track")).also(source="stage", dest="stage")
    rows = keys.onto_steps(shard.business(calendar))
    # By actor, orders say which people are few or many: see by_person.
    return Samples.from_rows(rows, keys, "source", "dest", orders="actor" in keys.names)


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    return table_of(steps_of(summary), durations=DURATIONS)


def steps_of(summary: Samples) -> pl.DataFrame:
    """The rows of the flow map."""
    columns = [*summary.keys, "count", *(["orders"] if summary.orders is not None else []), *DURATIONS]
    rows = summary.figures().rename({"n": "count", "sum": "total"}).select(columns)
    return ranked(rows, "count", summary.keys)
