"""Kinds of values in columns: Python values of any mixture and texts that look like numbers, as one kind a column."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orderflow.adapters.given import Fault, Given, fault
from orderflow.metrics.codes import as_text, number_text
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

WHOLE = r"^-?(0|[1-9]\d{0,17})$"
# Longer whole ones are numbers of things, not numbers; and among decimals those that a float would change.
DECIMAL = r"^-?((0|[1-9]\d{0,14})|(0|[1-9]\d{0,15})\.\d+|[1-9]\d{16,}\.0+)$"
GROUPED = r"^-?(\d{1,3}(,\d{3})+(\.\d+)?|(\d{1,3}(\.\d{3})+|\d+)(,\d+)?|\d+(\.\d+)?)$"
LOOKED_AT = 50  # values of a column that are looked at to tell what they look like
LARGEST = 2**63 - 1
WIDEST = 2**127 - 1
EXACT = 2**53  # up to here a float holds every whole number
DIGITS = 38  # of the decimals of polars
NONE = type(None)
PLAIN = {str, int, float, bool, date, bytes, NONE}  # kinds that columns hold as they are


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
    """A column of one kind from Python values, each as exact as it came; None is missing.

    - Booleans, texts, dates, bytes, Decimals stay as they are, whole numbers too whatever their size; aware moments
      become UTC; naive ones stay local.
    - Whole and decimal numbers together are floats where these hold all of them, else texts.
    - Durations are seconds. Anything else, and a mixture of kinds, becomes text: lists and mappings as JSON.
    """
    import polars as pl

    found = list(values)
    if not {type(value) for value in found} <= PLAIN:
        found = [_plain(value) for value in found]
    kinds = {type(value) for value in found} - {NONE}
    simple = {str: pl.String, bool: pl.Boolean, date: pl.Date, bytes: pl.Binary}
    if len(kinds) == 1 and (kind := next(iter(kinds))) in simple:
        return pl.Series(found, dtype=simple[kind])
    if kinds <= {int, float, Decimal} and kinds:
        return _numbers(found, kinds)
    if kinds == {datetime}:
        aware = {value.tzinfo is not None for value in found if value is not None}
        if len(aware) == 1:
            return pl.Series(found, dtype=pl.Datetime("us", "UTC" if aware.pop() else None))
    return pl.Series([None if value is None else text(value) for value in found], dtype=pl.String)


def _numbers(found: Sequence[Any], kinds: set[type]) -> pl.Series:
    """Numbers as a column that holds each of them exactly; texts where no kind of polars does."""
    import polars as pl

    known = [value for value in found if value is not None]
    if kinds == {int}:
        if all(-LARGEST - 1 <= value <= LARGEST for value in known):
            return pl.Series(found, dtype=pl.Int64)
        if all(-WIDEST <= value <= WIDEST for value in known):
            return pl.Series(found, dtype=pl.Int128)
    elif Decimal not in kinds:
        if all(type(value) is float or -EXACT <= value <= EXACT for value in known):
            return pl.Series([None if value is None else float(value) for value in found], dtype=pl.Float64)
    elif float not in kinds and all(_fits(value) for value in known):
        parts = [Decimal(value).as_tuple() for value in known]
        scale = max(0, *(-int(part.exponent) for part in parts))
        if max(len(part.digits) + int(part.exponent) for part in parts) + scale <= DIGITS:
            return pl.Series(found, dtype=pl.Decimal(DIGITS, scale))
    elif float in kinds and all(type(value) is float or _as_float(value) is not None for value in known):
        return pl.Series([None if value is None else float(value) for value in found], dtype=pl.Float64)
    return pl.Series([None if value is None else _digits(value) for value in found], dtype=pl.String)


def _fits(value: int | Decimal) -> bool:
    return isinstance(value, int) or value.is_finite()


def _digits(value: float | Decimal) -> str:
    """A number as text, whole ones without decimals."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _as_float(value: int | Decimal) -> float | None:
    """The float that is written with the same digits; None when there is none."""
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if Decimal(repr(found)) == value else None


def text(value: Any) -> str:
    """A single value as the text that stands for it in a column of texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def one_kind(series: pl.Series) -> pl.Series:
    """A column of a typed table as an attribute: as it is, unless it is of a kind that has parts, or is no value.

    Decimals and very large whole numbers are numbers where these hold all of their digits, else texts; bytes are
    texts where all are UTF-8, else their hexadecimal digits; durations are seconds.
    """
    import polars as pl

    kind = series.dtype
    if isinstance(kind, pl.Categorical | pl.Enum):
        return series.cast(pl.String)
    if kind == pl.Binary:
        known = series.to_list()
        try:
            texts = [None if value is None else value.decode() for value in known]
        except UnicodeDecodeError:
            texts = [None if value is None else value.hex() for value in known]
        return pl.Series(series.name, texts, dtype=pl.String)
    if kind in (pl.Int128, pl.UInt128) or isinstance(kind, pl.Decimal):
        return _plain_numbers(series)
    if kind in (pl.Object, pl.Duration) or kind.is_nested():
        return one_kind(column(series.to_list()).alias(series.name))
    return series


def _plain_numbers(series: pl.Series) -> pl.Series:
    """Decimals or whole numbers of 128 bits as Int64 or Float64 where these hold all of their digits, else as texts."""
    import polars as pl

    known = series.drop_nulls()
    if (known == known.cast(pl.Int64, strict=False)).all() and not known.cast(pl.Int64, strict=False).has_nulls():
        return series.cast(pl.Int64)
    if not series.dtype.is_integer():
        floats = [None if value is None else _as_float(value) for value in series.to_list()]
        if floats.count(None) == series.null_count():
            return pl.Series(series.name, floats, dtype=pl.Float64)
    return series.cast(pl.String)


def attributes_of(given: Given, names: Mapping[str, str]) -> tuple[dict[str, pl.Series], list[Reason]]:
    """The columns of a table that become attributes of orders (column -> name), and whose kinds had to change."""
    import polars as pl

    found, changed = {}, {}
    for column_name, name in names.items():
        series = given.frame[column_name]
        found[name] = recognised(series) if given.texts else one_kind(series)
        if not given.texts and found[name].dtype != series.dtype and series.dtype not in (pl.Categorical, pl.Enum):
            changed[name] = str(found[name].dtype)
    told = [reason("log.kinds_read", table=given.title, changes=changed)] if changed else []
    if grouped := [name for name, series in found.items() if _looks_grouped(series)]:
        told.append(reason("log.numbers_with_commas", columns=grouped))
    return found, told


def _looks_grouped(series: pl.Series) -> bool:
    """Whether texts look like numbers with decimal commas, or with something between the thousands."""
    import polars as pl

    if series.dtype != pl.String:
        return False
    sample = series.drop_nulls().head(LOOKED_AT)
    return len(sample) > 0 and bool(sample.str.contains(GROUPED).all() and sample.str.contains(r"\d,\d").any())


def as_texts(given: Given, name: str) -> pl.Series:
    """A column as texts, for ids and names, each exactly; whole numbers without decimals, also where a missing one
    made them floats, or the database decimals.

    Raises LogError for a kind that is no name (`log.not_texts`): lists, structures, durations; and for bytes that are
    no text (`log.not_utf8`), with their rows.
    """
    import polars as pl

    series = given.frame[name]
    kind = series.dtype
    if kind == pl.String:
        return series
    if kind.is_nested() or kind in (pl.Object, pl.Duration):
        raise LogError([problem("log.not_texts", given.at(None), column=name, kind=str(kind))])
    if kind == pl.Binary:
        if wrong := not_utf8(given, name):
            raise LogError([item.problem(given) for item in wrong])
        return one_kind(series)
    if kind.is_numeric():
        return number_text(series)
    return as_text(series)


def not_utf8(given: Given, name: str) -> list[Fault]:
    """The rows whose bytes are no text."""
    import polars as pl

    wrong = [value is not None and not _is_utf8(value) for value in given.frame[name].to_list()]
    return fault("log.not_utf8", pl.Series(wrong, dtype=pl.Boolean), name, column=name)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def columns_of(names: Sequence[str], rows: Iterable[Any]) -> dict[str, pl.Series]:
    """The columns of a result that came row by row, also as mappings; a name that occurs again gets a number behind
    it."""
    found = [tuple(row[name] for name in names) if isinstance(row, Mapping) else row for row in rows]
    parts = list(zip(*found, strict=True)) or [()] * len(names)
    return {name: column(values) for name, values in zip(numbered(names), parts, strict=True)}


def numbered(names: Sequence[str]) -> list[str]:
    """The names of columns, those that occurred before with a number behind them: as polars does for CSV."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        found.append(name if name not in seen else f"{name}_duplicated_{seen[name] - 1}")
        seen[name] = seen.get(name, 0) + 1
    return found


def _plain(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo is not None else value
    if isinstance(value, Decimal):
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return text(value)
