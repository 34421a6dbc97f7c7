"""From columns to tables of codes: how the parts of an EventLog are made, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.metrics.codes import blank_to_missing, distinct, encode
from orderflow.metrics.instants import column
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

Columns = Mapping[str, Any]


def frame_of(table: str, columns: Columns, required: tuple[str, ...]) -> pl.DataFrame:
    """The columns of a table whose `order` is a text that is not blank. Raises LogError for what is missing."""
    import polars as pl

    frame = _same_length(table, columns, required)
    frame = frame.with_columns(blank_to_missing(frame["order"].cast(pl.String)))
    require(frame, table, "order")
    return frame


def _same_length(table: str, columns: Columns, required: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    for name in required:
        if name not in columns:
            raise LogError.of("log.missing_column", table=table, column=name, columns=list(columns))
    if len(lengths := {name: len(values) for name, values in columns.items()}) and len(set(lengths.values())) > 1:
        raise LogError.of("log.unequal_columns", table=table, lengths=[f"{k} {v}" for k, v in lengths.items()])
    return pl.DataFrame([_series(table, name, values) for name, values in columns.items()])


def _series(table: str, name: str, values: Any) -> pl.Series:
    """A column of any values; numbers of several kinds are floats. Raises LogError for values of no one kind."""
    import polars as pl

    if isinstance(values, pl.Series):
        return values.alias(name)
    try:
        return pl.Series(name, values)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        listed = list(values)
        if all(value is None or isinstance(value, int | float | Decimal) for value in listed):
            return pl.Series(name, [None if value is None else float(value) for value in listed], dtype=pl.Float64)
        kinds = sorted({type(value).__name__ for value in listed if value is not None})
        raise LogError.of("log.mixed_column", table=table, column=name, kinds=kinds) from None


def require(frame: pl.DataFrame, table: str, name: str, places: pl.Series | None = None) -> None:
    """Raise LogError when a column misses values; `places`: from which row of the input each row came."""
    if frame[name].null_count():
        missing = frame[name].is_null().arg_true()
        rows = ((missing if places is None else places.gather(missing)).sort() + 1).to_list()
        raise LogError.of("log.missing_values", table=table, column=name, count=len(rows), rows=rows[:5])


@frozen(kw_only=True, eq=False)
class Coded:
    """Events in codes, sorted by order, time and arrival; the text of each order's code; the texts of the others."""

    events: pl.DataFrame
    ids: pl.Series
    names: FrozenMap[pl.Series]


def coded_events(events: Columns, tz: str) -> Coded:
    """The events as an EventLog holds them.

    - Orders are numbered as they come first. Grouping their rows gives the numbers and the sorted order in one pass,
      as most exports are by time; where an order's events are not, all rows are sorted once more.
    """
    import polars as pl

    given, named = _events_table(events, tz)
    rows = given.select("order").with_row_index("arrival")
    grouped = rows.group_by("order", maintain_order=True).agg("arrival")
    ids = grouped["order"].cast(pl.String)
    if blank_to_missing(ids).null_count():
        require(given.select(blank_to_missing(given["order"].cast(pl.String))), "events", "order")
    codes = pl.int_range(0, len(ids), dtype=pl.UInt32, eager=True)
    arrival = grouped["arrival"].explode()
    columns = [codes.repeat_by(grouped["arrival"].list.len()).explode().alias("order")]
    names = {}
    for name in named:
        coded, names[name] = _coded(given[name])
        columns.append(coded.gather(arrival))
    require(pl.DataFrame([columns[1 + named.index("stage")]]), "events", "stage", arrival)
    columns.insert(2, given["at"].gather(arrival))
    if "started_at" in given:
        columns.append(given["started_at"].gather(arrival))
    table = pl.DataFrame([*columns, arrival])
    back = (pl.col("at") < pl.col("at").shift(1)) & (pl.col("order") == pl.col("order").shift(1))
    if table.select(back.any()).item():
        table = table.sort("order", "at", maintain_order=True)
    sorted_events = table.with_columns(pl.col("order").set_sorted())
    return Coded(events=sorted_events, ids=ids, names=FrozenMap(names))


def _coded(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The codes of texts, and the text of each code; blank ones are missing."""
    names = distinct(texts)
    if blank_to_missing(names).null_count():
        texts = blank_to_missing(texts)
        names = distinct(texts)
    return encode(texts, names), names


def _events_table(events: Columns, tz: str) -> tuple[pl.DataFrame, list[str]]:
    """The events with texts and microseconds; the names of those that are texts: `stage`, `actor`, perhaps others."""
    import polars as pl

    named = ["stage", "actor", *(name for name in ("track", "team") if events.get(name) is not None)]
    wanted = ("order", "at", "started_at", *named)
    given = {name: events[name] for name in wanted if events.get(name) is not None}
    given |= {name: column(given[name], tz) for name in ("at", "started_at") if name in given}
    frame = _same_length("events", given, ("order", "stage", "at"))
    if "actor" not in given:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("actor"))
    require(frame, "events", "at")
    texts = [name for name in named if frame[name].dtype != pl.String]
    if not (frame["order"].dtype == pl.String or frame["order"].dtype.is_integer()):
        texts.append("order")
    return frame.with_columns(pl.col(texts).cast(pl.String)), named


def orders_table(orders: Columns, tz: str) -> pl.DataFrame:
    """The table of orders as it was given, with promises in microseconds."""
    given = dict(orders)
    if given.get("promised_at") is not None:
        given["promised_at"] = column(given["promised_at"], tz, ends_day=True)
    frame = frame_of("orders", given, ("order",))
    if len(twice := frame["order"].filter(frame["order"].is_duplicated())):
        raise LogError.of("log.order_twice", order=twice[0])
    if "id" in frame.columns:
        raise LogError.of("log.reserved_attribute", name="id")
    return frame


def further_table(name: str, given: Columns, tz: str) -> pl.DataFrame:
    """A further table as it was given, with the instants of its columns `at` and `*_at` in microseconds."""
    times = {key: column(values, tz) for key, values in given.items() if key == "at" or key.endswith("_at")}
    return frame_of(name, {**given, **times}, ("order",))


def union(*columns: pl.Series) -> pl.Series:
    """The ids of all orders, once each, as they come first."""
    import polars as pl

    return distinct(pl.concat([item.alias("order") for item in columns]))


def all_orders(ids: pl.Series, attributes: pl.DataFrame) -> pl.DataFrame:
    """One row per order by code: `order`, `id`, then the attributes, missing for orders that have none."""
    everyone = ids.alias("id").to_frame().with_row_index("order")
    return everyone.join(attributes, left_on="id", right_on="order", how="left", maintain_order="left")
