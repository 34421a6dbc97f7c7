"""Touches: how often people handle an order, and how many orders go through without one."""

from __future__ import annotations

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import machines, persons
from orderflow.metrics.shares import quotient, share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar

FIGURES = (
    *("orders", "events", "touches", "events_per_order", "touches_per_order"),
    *("touched", "no_touch", "unknown", "share", "low", "high"),
)


def touches(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """Events and touches per order, and the no-touch rate (touchless orders, as is said of order processing: those
    that go through without anybody's hand).

    - A touch is an event by a person: no `system:…`, `automation:…`, `customer:…`, `external:…`, and not a missing
      actor.
    - Each order with events is one of: `touched` (at least one touch), `no_touch` (every event by a system or an
      automation), `unknown` (no touch is known, but a missing actor, a customer or another system took part).
    - `share` = no_touch / (touched + no_touch), with its 95% interval `low`, `high` (Wilson 1927): what is unknown is
      not guessed. `events_per_order`, `touches_per_order`: means, missing without orders.
    - One row, or one per value of `by` (attributes of orders), by key.
    - A `calendar` changes nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Sums:
    import polars as pl

    keys = Keys.of(shard, by)
    person = pl.col("actor").is_in(persons(shard.names["actor"])).fill_null(value=False)
    machine = pl.col("actor").is_in(machines(shard.names["actor"])).fill_null(value=False)
    orders = (
        shard.events.lazy()
        .group_by("order")
        .agg(
            events=pl.len(),
            touches=person.sum(),
            no_touch=machine.all(),
        )
        .collect()
    )
    return Sums.from_rows(
        keys.onto(orders),
        keys,
        orders=pl.len(),
        events=pl.col("events").sum(),
        touches=pl.col("touches").sum(),
        touched=(pl.col("touches") > 0).sum(),
        no_touch=pl.col("no_touch").sum(),
    )


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    import polars as pl

    some = pl.when(pl.col("orders") > 0)
    rows = summary.sorted().with_columns(
        some.then(quotient(pl.col("events"), pl.col("orders"))).alias("events_per_order"),
        some.then(quotient(pl.col("touches"), pl.col("orders"))).alias("touches_per_order"),
        unknown=pl.col("orders") - pl.col("touched") - pl.col("no_touch"),
        known=pl.col("touched") + pl.col("no_touch"),
    )
    return table_of(rows.with_columns(share("no_touch", "known")).select(*summary.keys, *FIGURES))
