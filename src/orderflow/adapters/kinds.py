"""Kinds of values in columns: Python values of any mixture and texts that look like numbers, as one kind a column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orderflow.adapters.given import Given
from orderflow.model.errors import LogError
from orderflow.model.reasons import problem

if TYPE_CHECKING:
    import polars as pl

WHOLE = r"^-?(0|[1-9]\d{0,17})$"
DECIMAL = r"^-?((0|[1-9]\d{0,17})|(0|[1-9]\d*)\.\d+)$"  # longer whole ones are numbers of things, not numbers
LARGEST = 2**63 - 1
NONE = type(None)
PLAIN = {str, int, float, bool, date, NONE}  # kinds that columns hold as they are


def recognised(texts: pl.Series) -> pl.Series:
    """A column as Int64 or Float64 when all its texts are plainly numbers (no leading zeros), else as it is."""
    import polars as pl

    known = texts.drop_nulls()
    if len(known) and known.str.contains(WHOLE).all():
        return texts.cast(pl.Int64)
    if len(known) and known.str.contains(DECIMAL).all():
        return texts.cast(pl.Float64)
    return texts


def column(values: Iterable[Any]) -> pl.Series:
    """A column of one kind from Python values; None is missing.

    - Booleans, texts, dates stay as they are; aware moments become UTC; naive ones stay local.
    - Whole and decimal numbers together are floats, and so are whole ones beyond 64 bits, and Decimals.
    - Durations are seconds. Anything else, and a mixture of kinds, becomes text: lists and mappings as JSON.
    """
    import polars as pl

    found = list(values)
    if not {type(value) for value in found} <= PLAIN:
        found = [_plain(value) for value in found]
    kinds = {type(value) for value in found} - {NONE}
    if kinds == {str}:
        return pl.Series(found, dtype=pl.String)
    if kinds <= {int, float} and kinds:
        large = any(type(value) is int and not -LARGEST - 1 <= value <= LARGEST for value in found)
        if kinds == {int} and not large:
            return pl.Series(found, dtype=pl.Int64)
        return pl.Series([None if value is None else _float(value) for value in found], dtype=pl.Float64)
    if kinds == {bool}:
        return pl.Series(found, dtype=pl.Boolean)
    if kinds == {date}:
        return pl.Series(found, dtype=pl.Date)
    if kinds == {datetime}:
        aware = {value.tzinfo is not None for value in found if value is not None}
        if len(aware) == 1:
            return pl.Series(found, dtype=pl.Datetime("us", "UTC" if aware.pop() else None))
    return pl.Series([None if value is None else text(value) for value in found], dtype=pl.String)


def text(value: Any) -> str:
    """A single value as the text that stands for it in a column of texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def one_kind(series: pl.Series) -> pl.Series:
    """A column of a typed table as an attribute: as it is, unless it is of a kind that has parts, or is no value."""
    import polars as pl

    kind = series.dtype
    if isinstance(kind, pl.Categorical | pl.Enum):
        return series.cast(pl.String)
    if kind in (pl.Int128, pl.UInt128, pl.Object) or isinstance(kind, pl.Decimal | pl.Duration) or kind.is_nested():
        return column(series.to_list()).alias(series.name)
    if kind == pl.Binary:
        return column([None if v is None else v.decode(errors="replace") for v in series.to_list()]).alias(series.name)
    return series


def as_texts(given: Given, name: str) -> pl.Series:
    """A column as texts, for ids and names; whole numbers without decimals, also where a missing one made them floats.

    Raises LogError (`log.not_texts`) for a kind that is no name: lists, structures, bytes.
    """
    import polars as pl

    series = given.frame[name]
    if series.dtype == pl.String:
        return series
    if series.dtype.is_float() and (series.drop_nulls() == series.drop_nulls().round()).all():
        series = series.cast(pl.Int64, strict=False)
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
        raise LogError([problem("log.not_texts", given.at(None), column=name, kind=str(series.dtype))])
    return series.cast(pl.String)


def columns_of(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, pl.Series]:
    """The columns of a result that came row by row; a name that occurs again gets a number behind it."""
    parts = list(zip(*rows, strict=True)) or [()] * len(names)
    unique: dict[str, pl.Series] = {}
    for name, values in zip(names, parts, strict=True):
        unique[name if name not in unique else f"{name}_duplicated_{len(unique)}"] = column(values)
    return unique


def _plain(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo is not None else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="replace")
    return text(value)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
