"""Joining a table to the orders of a log: what it says about each order becomes attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orderflow.metrics.codes import as_text, blank_to_missing, number_text, without_zeros
from orderflow.metrics.instants import column, read_moments
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names
from orderflow.model.reasons import Reason, reason, shown, suggest

if TYPE_CHECKING:
    import polars as pl

On = str | Mapping[str, str] | Sequence[str]
KEY = "\0key"
ROWS = {"en": "row(s)", "zh": "条"}
LOG = {"en": "The log", "zh": "日志"}
TABLE = {"en": "The table", "zh": "该表"}


def joined(orders: pl.DataFrame, table: Any, on: On, tz: str) -> tuple[pl.DataFrame, list[Reason]]:
    """The orders of a log with the columns of the table; how many of them have no row in it, and how many of its rows
    belong to no order.

    The rest as `EventLog.join` promises.
    """
    frame = _frame(table)
    mine, theirs = _keys(orders, frame, on)
    told = list[Reason]()
    pairs = [_compared(orders[a], frame[b]) for a, b in zip(mine, theirs, strict=True)]
    keys = [f"{KEY}{n}" for n in range(len(pairs))]
    keyed = orders.with_columns(ours.alias(key) for (ours, _others), key in zip(pairs, keys, strict=True))
    given = frame.with_columns(others.alias(key) for (_ours, others), key in zip(pairs, keys, strict=True))
    other = given.drop(theirs).drop_nulls(keys)
    twice = other.filter(other.select(keys).is_duplicated()).unique(keys, maintain_order=True)
    if twice.height:
        first = [" / ".join(row) for row in twice.select(keys).head(5).rows()]
        raise LogError.of("log.join_twice", count=twice.height, keys=first)
    for name in other.columns:
        if name in orders.columns:
            raise LogError.of("log.join_clash", name=name)
    if "promised_at" in other.columns:
        moments, told = _promises(other["promised_at"], tz)
        other = other.with_columns(moments.alias("promised_at"))
    counts = {
        "log.join_unmatched": keyed.join(other, on=keys, how="anti").height,
        "log.join_rows_unused": other.join(keyed, on=keys, how="anti").height,
        "log.join_rows_without_key": frame.height - other.height,
    }
    found = keyed.join(other, on=keys, how="left", maintain_order="left").drop(keys)
    return found, [*told, *(reason(code, count=count) for code, count in counts.items() if count)]


def _frame(table: Any) -> pl.DataFrame:
    """The table as a frame. Raises LogError (`log.unreadable_frame`) for what is none."""
    import polars as pl

    try:
        if isinstance(table, pl.LazyFrame):
            return table.collect()
        return table if isinstance(table, pl.DataFrame) else pl.DataFrame(table)
    except (pl.exceptions.PolarsError, TypeError, ValueError, ImportError) as error:
        detail = (str(error).splitlines() or [""])[0][:200].rstrip(".")
        raise LogError.of("log.unreadable_frame", kind=type(table).__name__, detail=detail) from None


def _keys(orders: pl.DataFrame, frame: pl.DataFrame, on: On) -> tuple[list[str], list[str]]:
    """The columns of the orders and those of the table which are compared, pair by pair."""
    pairs = dict(on) if isinstance(on, Mapping) else {name: name for name in as_names(on)}
    if not pairs or not all(isinstance(name, str) for pair in pairs.items() for name in pair):
        raise LogError.of("log.unknown_join_on", value=shown(on))
    known = ["order" if name == "id" else name for name in orders.columns if name != "order"]
    for names, columns, where in ((pairs, known, LOG), (pairs.values(), frame.columns, TABLE)):
        for name in names:
            if name not in columns:
                words: dict[str, Any] = {"known": columns, "suggestion": suggest(name, columns)}
                raise LogError.of("log.unknown_join", where=where, name=name, **words)
    return ["id" if name == "order" else name for name in pairs], list(pairs.values())


def _compared(ours: pl.Series, others: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Two columns as the texts that are compared, so that a number 7 matches a text "7", and 7.0 does too."""
    import polars as pl

    found = [number_text(side) if side.dtype.is_numeric() else as_text(side) for side in (ours, others)]
    if any(side.dtype.is_float() or side.dtype.is_decimal() for side in (ours, others)):
        texts = [side.dtype == pl.String for side in (ours, others)]
        found = [without_zeros(side) if text else side for side, text in zip(found, texts, strict=True)]
    return blank_to_missing(found[0]), blank_to_missing(found[1])


def _promises(values: pl.Series, tz: str) -> tuple[pl.Series, list[Reason]]:
    """Promises as microseconds, texts and local times too, and how many are days. Raises LogError for what cannot be
    read."""
    import polars as pl

    local = isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is None
    if values.dtype != pl.String and not local:
        return column(values, tz, ends_day=True), []
    known = blank_to_missing(values) if values.dtype == pl.String else values
    times = read_moments(known, tz, ends_day=True)
    wrong = times.micros.is_null() & known.is_not_null()
    if wrong.any():
        rows, first = [n + 1 for n in wrong.arg_true().head(5)], [repr(value) for value in known.filter(wrong).head(5)]
        words: dict[str, Any] = {"column": values.name, "count": int(wrong.sum()), "lines": rows, "values": first}
        raise LogError.of("log.times_unreadable", unit=ROWS, **words)
    days = int((times.bare & times.micros.is_not_null()).sum())
    return times.micros, [reason("log.promises_are_days", count=days, tz=tz)] if days else []
