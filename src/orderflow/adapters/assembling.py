"""From what was read of a source to an EventLog: its events, and what tables say about whole orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderflow.adapters.choosing import about_blanks
from orderflow.adapters.given import Given, left_out
from orderflow.adapters.longform import Read
from orderflow.adapters.options import Reading
from orderflow.adapters.orders import about_orders, read_orders, together
from orderflow.metrics.log import EventLog
from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    import polars as pl


@frozen(kw_only=True, eq=False)
class Orders:
    """A table of orders that was read.

    - `own`: it came with the events. `told`: what was assumed about it. `local`: how many promises had no offset.
    """

    table: pl.DataFrame
    own: bool
    told: tuple[Reason, ...] = ()
    local: int = 0


def orders_of(given: Given, ids: str, promised: str | None, asked: Reading, *, own: bool) -> Orders:
    """The orders of a table. Raises LogError as `read_orders`."""
    table, kept, assumptions, local = read_orders(given, ids, promised, asked.way)
    return Orders(table=table, own=own, told=(*given.assumptions, *assumptions, *left_out(kept)), local=local)


def assembled(read: Read, tables: Sequence[Orders], asked: Reading, told: Sequence[Reason]) -> EventLog:
    """The log; `told`: what was assumed before its events were read. Nothing is said twice."""
    assumptions = [*told, *read.assumptions, *left_out(read.given)]
    for orders in tables:
        assumptions += [*orders.told, *about_orders(read.events["order"], orders.table["order"], own=orders.own)]
    if asked.tz is None and read.local + sum(orders.local for orders in tables):
        assumptions.append(reason("log.assumed_zone"))
    log = EventLog.from_columns(
        read.events,
        together([orders.table for orders in tables]),
        tz=asked.way.tz,
        assumptions=assumptions,
        done_stages=asked.done_stages,
        cancelled_stages=asked.cancelled_stages,
    )
    return evolve(log, assumptions=(*log.assumptions, *about_blanks(log.orders["id"], log.names["stage"])))
