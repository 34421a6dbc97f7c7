"""Joining logs: several batches of events as one log, parts of a log, and logs with the same columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from orderflow.metrics.assumptions import summed
from orderflow.metrics.codes import decode
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

EXACT_FLOATS = 2**53  # below this every whole number is a float
NOTHING: Mapping[str, Any] = {"order": [], "stage": [], "at": []}


def join(logs: Sequence[EventLog]) -> EventLog:
    """All events of all logs as one log: what the figures of batches that came in this order have to equal.

    - An order may be in several logs: its events come together, ties in time in the order of the logs.
    - An attribute has the last value that is not missing. A column of whole and broken numbers is of broken ones,
      any other mixture is text (1.0 as `1`). Further tables (`marks` …) are put one below the other.
    - The done and the cancelled stages are those of all logs, where any log knows some.
    - Raises LogError (`log.other_zone`) when the logs count days in different zones.
    """
    whole = shape_of(logs)
    logs = [conform(log, whole) for log in logs]
    tables = [in_texts(log) for log in logs]
    joined = {name: _below([each[name] for each in tables]).to_dict() for name in ("events", *whole.more)}
    return EventLog.from_columns(
        joined.pop("events"),
        _last_known(_below([each["orders"] for each in tables])).to_dict(),
        tz=whole.tz,
        done_stages=whole.done_stages,
        cancelled_stages=whole.cancelled_stages,
        assumptions=whole.assumptions,
        **joined,
    )


def shape_of(logs: Iterable[EventLog], tz: str = "UTC") -> EventLog:
    """A log without orders that has every column of these, wide enough for all; `tz` is for no logs at all."""
    whole: EventLog | None = None
    for log in logs:
        whole = without_rows(log) if whole is None else _widened(whole, log)
    return EventLog.from_columns(NOTHING, tz=tz) if whole is None else whole


def without_rows(log: EventLog) -> EventLog:
    """The log with its columns, zone, done stages and assumptions, but no orders, no events and no names."""
    empty = part(log, log.orders["order"].clear())
    return evolve(empty, names=FrozenMap({name: texts.clear() for name, texts in log.names.items()}))


def same_shape(a: EventLog, b: EventLog) -> bool:
    """Whether two logs have the same columns, zone and done stages: whether their summaries can be merged."""
    return (
        (a.tz, a.done_stages, a.cancelled_stages) == (b.tz, b.done_stages, b.cancelled_stages)
        and dict(a.events.schema) == dict(b.events.schema)
        and dict(a.orders.schema) == dict(b.orders.schema)
        and {name: dict(table.schema) for name, table in a.more.items()}
        == {name: dict(table.schema) for name, table in b.more.items()}
    )


def conform(log: EventLog, whole: EventLog) -> EventLog:
    """The log with the columns and types of `whole`, its zone and done stages; what it did not have is missing."""
    import polars as pl

    if same_shape(log, whole):
        return log
    added = {name: dtype for name, dtype in whole.events.schema.items() if name not in log.events.columns}
    texts = [name for name in added if name in whole.names]
    return evolve(
        log,
        events=log.events.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in added.items()),
        names=FrozenMap({**log.names, **{name: pl.Series(name, [], dtype=pl.String) for name in texts}}),
        orders=_with_schema(log.orders, whole.orders),
        more=FrozenMap({name: _with_schema(log.more.get(name), table) for name, table in whole.more.items()}),
        tz=whole.tz,
        done_stages=whole.done_stages,
        cancelled_stages=whole.cancelled_stages,
    )


def part(log: EventLog, orders: pl.Series) -> EventLog:
    """The orders with these codes, whole."""
    import polars as pl

    chosen = pl.col("order").is_in(orders.implode())
    return evolve(
        log,
        events=log.events.filter(chosen),
        orders=log.orders.filter(chosen),
        more=FrozenMap({name: table.filter(chosen) for name, table in log.more.items()}),
    )


def parts(log: EventLog, size: int) -> Iterator[EventLog]:
    """The log cut into parts of about `size` events, whole orders each."""
    import polars as pl

    counts = log.orders.select("order").join(
        log.events.group_by("order").agg(pl.len()), on="order", how="left", maintain_order="left"
    )
    place = (counts["len"].fill_null(0).cast(pl.Int64).cum_sum() - 1).clip(lower_bound=0) // size
    places = log.orders.select("order", place=place)
    events, orders = _pieces(log.events, places), _pieces(log.orders, places)
    more = {name: _pieces(table, places) for name, table in log.more.items()}
    for n, rows in orders.items():
        yield evolve(
            log,
            events=events.get(n, log.events.clear()).with_columns(pl.col("order").set_sorted()),
            orders=rows,
            more=FrozenMap({name: pieces.get(n, log.more[name].clear()) for name, pieces in more.items()}),
        )


def _pieces(rows: pl.DataFrame, places: pl.DataFrame) -> dict[tuple[object, ...], pl.DataFrame]:
    """The rows of a table by the place of their order, in one pass."""
    placed = rows.join(places, on="order", how="left", maintain_order="left")
    return placed.partition_by("place", as_dict=True, include_key=False, maintain_order=True)


def tight(log: EventLog) -> EventLog:
    """The log with the names that occur, and no others: a small part of a log is then small, and names nobody else."""
    events, names = log.events, dict(log.names)
    for name, texts in log.names.items():
        used = events[name].drop_nulls().unique().sort()
        if len(used) < len(texts):
            codes = used.to_frame().with_row_index("code")
            found = events.select(name).join(codes, on=name, how="left", maintain_order="left")["code"]
            events, names[name] = events.with_columns(found.alias(name)), texts.gather(used)
    return evolve(log, events=events, names=FrozenMap(names))


def _widened(whole: EventLog, log: EventLog) -> EventLog:
    import polars as pl

    if whole.tz != log.tz:
        raise LogError.of("log.other_zone", tz=log.tz, expected=whole.tz)
    added = {name: dtype for name, dtype in log.events.schema.items() if name not in whole.events.columns}
    names = FrozenMap({**whole.names, **{name: texts.clear() for name, texts in log.names.items()}})
    tables = {**whole.more, **log.more}
    return evolve(
        whole,
        events=whole.events.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in added.items()),
        names=names,
        orders=_wider(whole.orders, log.orders),
        more=FrozenMap({name: _wider(whole.more.get(name, table), table) for name, table in tables.items()}),
        done_stages=_all_of(whole.done_stages, log.done_stages),
        cancelled_stages=_all_of(whole.cancelled_stages, log.cancelled_stages),
        assumptions=summed((*whole.assumptions, *log.assumptions)),
    )


def _all_of(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    """The stages of both; None when neither knows any."""
    return a if b is None else b if a is None else a | b


def _wider(a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """No rows, the columns of both, each of a type that holds both."""
    import polars as pl

    schema = dict(a.schema)
    for name, dtype in b.schema.items():
        schema[name] = _common(name, schema.get(name, dtype), dtype)
    return pl.DataFrame(schema=schema)


def _common(name: str, a: pl.DataType, b: pl.DataType) -> pl.DataType:
    """The type that holds values of both: as a column of all of them would have it (see `histories`).

    Raises LogError (`log.cannot_mix`) where there is none: lists, records, bytes and durations have no one text.
    """
    import polars as pl

    if pl.Object in (a, b):
        raise LogError.of("log.cannot_keep", column=name, kind="object")
    if a == b or b == pl.Null:
        return a
    if a == pl.Null:
        return b
    if any(dtype.is_nested() or dtype in (pl.Binary, pl.Duration) for dtype in (a, b)):
        raise LogError.of("log.cannot_mix", column=name, kind=str(b), known=str(a))
    if a.is_integer() and b.is_integer():
        return pl.Int64()
    return pl.Float64() if a.is_numeric() and b.is_numeric() else pl.String()


def _with_schema(table: pl.DataFrame | None, wanted: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    if table is None:
        return wanted.clear()
    return table.select(
        (_as(pl.col(name), table.schema[name], dtype) if name in table.columns else pl.lit(None, dtype)).alias(name)
        for name, dtype in wanted.schema.items()
    )


def in_kinds(table: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """The table with texts where `wanted` has them: the same texts, whenever values become texts."""
    import polars as pl

    texts = [name for name in table.columns if wanted.schema.get(name) == pl.String]
    return table.with_columns(_as(pl.col(name), table.schema[name], wanted.schema[name]) for name in texts)


def _as(values: pl.Expr, dtype: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """The values in another type. As texts, floats that are whole have no decimals: 1.0 may have been 1 before."""
    import polars as pl

    if wanted != pl.String or not dtype.is_float():
        return values.cast(wanted)
    whole = (values == values.round()) & (values.abs() < EXACT_FLOATS)
    return pl.when(whole).then(values.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(values.cast(pl.String))


def in_texts(log: EventLog) -> dict[str, pl.DataFrame]:
    """The tables of a log by name (`events`, `orders` and further ones), with ids and texts in place of codes.

    Times stay numbers of microseconds. Rows stand as in the log, which is for each order by time and arrival.
    """
    texts = [decode(log.events[name], names) for name, names in log.names.items()]
    return {
        "events": _named(log, log.events.drop("arrival").with_columns(texts)),
        "orders": log.orders.drop("order").rename({"id": "order"}),
        **{name: _named(log, table) for name, table in log.more.items()},
    }


def _named(log: EventLog, table: pl.DataFrame) -> pl.DataFrame:
    """A table with the ids of the orders in place of their codes."""
    ids = log.orders.select("order", "id")
    found = table.join(ids, on="order", how="left", maintain_order="left")
    return found.with_columns(order="id").drop("id")


def _below(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    return pl.concat([table.select(tables[0].columns) for table in tables])


def _last_known(orders: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    if not orders["order"].is_duplicated().any():
        return orders
    return orders.group_by("order", maintain_order=True).agg(pl.all().drop_nulls().last())
