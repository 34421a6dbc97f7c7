"""What is known of whole orders: attributes and promises, from the source itself and from a table of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orderflow.adapters.choosing import bad_times, missing, promise_column, repeated
from orderflow.adapters.columns import ORDER, guess
from orderflow.adapters.given import LISTED, Fault, Given
from orderflow.adapters.kinds import as_texts, attributes_of
from orderflow.adapters.longform import Way
from orderflow.metrics.codes import blank_to_missing
from orderflow.metrics.instants import Times, read_moments
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

RESERVED = ("order", "id", "promised_at")  # the log's own columns of its table of orders


def read_orders(
    given: Given, order_id: str, promised: str | None, way: Way
) -> tuple[pl.DataFrame, Given, list[Reason], int]:
    """The columns of a table of orders, the table without skipped rows, what was assumed, and how many promises had
    no offset.

    - Every column but the id becomes an attribute; one with a name of the log's own gets `cases.` before it.
    - `promised`: the column with the promise; else it is guessed. A bare date is the end of that day.
    - Raises LogError: rows without id, an order with two rows, promises that cannot be read; when such are to be
      skipped, an order keeps the rest of its row without the promise.
    """
    import polars as pl

    column, assumptions = promise_column(given, promised)
    faults = missing(given, ORDER, order_id) + repeated(given, order_id, way.errors)
    if column is not None and way.errors == "raise":
        faults += _promises(given, column, way)[1]
    kept = given.without(faults, way.errors)
    rest = [
        name for name in kept.columns if name not in (order_id, *(["promised_at"] if column == "promised_at" else []))
    ]
    found, changed = attributes_of(kept, {name: f"cases.{name}" if name in RESERVED else name for name in rest})
    orders = {"order": as_texts(kept, order_id), **found}
    assumptions += changed
    local = 0
    if column is not None:
        times, unread = _promises(kept, column, way)
        told = [item.problem(kept, shown=LISTED) for item in unread]
        if told:  # the order keeps its attributes
            assumptions.append(reason("log.promises_not_known", count=sum(item.params["count"] for item in told)))
        assumptions += [reason(item.code, item.place, **item.params) for item in told]
        orders["promised_at"] = times.micros
        assumptions += _about_promises(times, column, way.tz)
        local = times.local
    return pl.DataFrame(orders), kept, assumptions, local


def id_column(given: Given, order_column: str) -> str:
    """The column of a table of orders that holds the ids: named as in the events, or in a usual way."""
    own = order_column if order_column in given.columns else guess(ORDER.names, given.columns)
    if own is None:
        words: dict[str, Any] = {"expected": order_column, "columns": given.columns}
        raise LogError([problem("log.cases_without_order_id", given.at(given.head), **words)])
    return own


def together(tables: Sequence[pl.DataFrame]) -> Mapping[str, pl.Series] | None:
    """The columns of one table of orders, or of two: an attribute that both have gets `cases.` before it in the
    second; its promise counts where it has one."""
    import polars as pl

    if not tables:
        return None
    whole = tables[0]
    for other in tables[1:]:
        clashing = {name: f"cases.{name}" for name in other.columns if name != "order" and name in whole.columns}
        second = other.rename(clashing)
        whole = whole.join(second, on="order", how="full", coalesce=True, maintain_order="left_right")
        if "promised_at" in clashing:
            whole = whole.with_columns(pl.coalesce("cases.promised_at", "promised_at").alias("promised_at"))
            whole = whole.drop("cases.promised_at")
    return {name: whole[name] for name in whole.columns}


def about_orders(with_events: pl.Series, with_case: pl.Series, *, own: bool) -> list[Reason]:
    """How many orders of a table have no event, and, when it is a table beside the events, the reverse."""
    events, cases = with_events.unique(), with_case.unique()
    known = int(cases.is_in(events.implode()).sum())
    counts = {"log.orders_without_events": len(cases) - known}
    if not own:
        counts["log.orders_without_case"] = len(events) - known
    return [reason(code, count=count) for code, count in counts.items() if count]


def _promises(given: Given, column: str, way: Way) -> tuple[Times, list[Fault]]:
    import polars as pl

    values = given.frame[column]
    if values.dtype == pl.String:
        values = blank_to_missing(values)
    times = way.times(values, ends_day=True)
    form = way.form
    if form is not None and (times.micros.is_null() & values.is_not_null()).any():
        times, form = read_moments(values, way.tz, ends_day=True), None  # the pattern was meant for the events
    return times, bad_times(given, column, times, form, empty=False)


def _about_promises(times: Times, column: str, tz: str) -> list[Reason]:
    import polars as pl

    known = times.micros.drop_nulls()
    bare = int((times.bare & times.micros.is_not_null()).sum())
    if bare:
        return [reason("log.promises_are_days", count=bare, tz=tz)]
    local = pl.from_epoch(known, time_unit="us").dt.replace_time_zone("UTC").dt.convert_time_zone(tz).dt.time()
    if len(known) and (local.dt.hour() + local.dt.minute() + local.dt.second() == 0).all():
        return [reason("log.promises_at_midnight", count=len(known))]
    return []
