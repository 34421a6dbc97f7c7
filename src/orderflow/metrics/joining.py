"""Joining a table to the orders of a log: what it says about each order becomes attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orderflow.metrics.codes import blank_to_missing
from orderflow.metrics.instants import column
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason, reason, suggest

if TYPE_CHECKING:
    import polars as pl

KEY = "\0key"
LOG = {"en": "The log", "zh": "日志"}
TABLE = {"en": "The table", "zh": "该表"}


def joined(orders: pl.DataFrame, table: Any, on: str | Mapping[str, str], tz: str) -> tuple[pl.DataFrame, list[Reason]]:
    """The orders of a log with the columns of the table, and how many of them have no row in it.

    The rest as `EventLog.join` promises.
    """
    import polars as pl

    frame = table if isinstance(table, pl.DataFrame) else pl.DataFrame(table)
    mine, theirs = _keys(orders, frame, on)
    other = frame.with_columns(_as_key(frame[theirs]).alias(KEY)).drop(theirs)
    other = other.filter(pl.col(KEY).is_not_null())
    if len(twice := other[KEY].filter(other[KEY].is_duplicated()).unique(maintain_order=True)):
        raise LogError.of("log.join_twice", count=len(twice), keys=twice.head(5).to_list())
    for name in other.columns:
        if name in orders.columns:
            raise LogError.of("log.join_clash", name=name)
    if "promised_at" in other.columns:
        other = other.with_columns(column(other["promised_at"], tz, ends_day=True).alias("promised_at"))
    keyed = orders.with_columns(_as_key(orders[mine]).alias(KEY))
    lacking = int((~keyed[KEY].is_in(other[KEY].implode()).fill_null(False)).sum())
    found = keyed.join(other, on=KEY, how="left", maintain_order="left").drop(KEY)
    return found, [reason("log.join_unmatched", count=lacking)] if lacking else []


def _keys(orders: pl.DataFrame, frame: pl.DataFrame, on: str | Mapping[str, str]) -> tuple[str, str]:
    """The column of the orders and that of the table which are compared."""
    mine, theirs = (on, on) if isinstance(on, str) else next(iter(on.items()), ("order", "order"))
    known = ["order" if name == "id" else name for name in orders.columns if name != "order"]
    for name, names, where in ((mine, known, LOG), (theirs, frame.columns, TABLE)):
        if name not in names:
            raise LogError.of("log.unknown_join", where=where, name=name, known=names, suggestion=suggest(name, names))
    return ("id" if mine == "order" else mine), theirs


def _as_key(series: pl.Series) -> pl.Series:
    """A column as what is compared: texts, so that a number 7 matches a text "7"."""
    import polars as pl

    return blank_to_missing(series.cast(pl.String))
