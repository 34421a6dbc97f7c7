"""Integer codes for names: the one place where texts become codes and codes become texts again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderflow.model.errors import MissingExtraError

if TYPE_CHECKING:
    import polars as pl

FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, in days since 1970


def need_polars() -> None:
    """Refuse with the pip command when polars is missing; called by everything that makes a log."""
    try:
        import polars  # noqa: F401 - only asked whether it is there
    except ImportError as error:
        raise MissingExtraError("polars", "metrics") from error


def distinct(texts: pl.Series) -> pl.Series:
    """The texts that occur, once each, in the order of first occurrence; a missing one is left out."""
    return texts.drop_nulls().unique(maintain_order=True)


def encode(texts: pl.Series, names: pl.Series) -> pl.Series:
    """The position of each text in `names`, as UInt32; missing stays missing.

    - Every text must be among `names`, which has no repetition: polars raises otherwise.
    """
    import polars as pl

    return texts.cast(pl.Enum(names)).to_physical().cast(pl.UInt32)


def encode_values(values: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Codes for values of any kind (UInt32, missing stays missing), and the values by code as they come first."""
    import polars as pl

    known = values.drop_nulls().unique(maintain_order=True).alias("value")
    if isinstance(known.dtype, pl.String):
        return encode(values, known), known
    numbered = known.to_frame().with_row_index("code")
    found = values.alias("value").to_frame().join(numbered, on="value", how="left", maintain_order="left")
    return found["code"], known


def decode(codes: pl.Series, names: pl.Series) -> pl.Series:
    """The text at each position in `names`; missing stays missing. The result has the name of `codes`."""
    return names.gather(codes).alias(codes.name)


def as_text(values: pl.Series) -> pl.Series:
    """A column of any kind as texts; of a kind that polars has no texts for (durations, objects, bytes), by Python.

    Dates beyond the years that Python knows, which polars cannot write, are `out of range`.
    """
    import polars as pl

    kind = values.dtype
    if kind.is_nested() or kind in (pl.Object, pl.Duration, pl.Binary):
        found = [None if value is None else str(value) for value in values.to_list()]
        return pl.Series(values.name, found, dtype=pl.String)
    if kind in (pl.Date, pl.Datetime):
        known = within(values)
        return known.cast(pl.String).zip_with(known.is_not_null() | values.is_null(), pl.Series(["out of range"]))
    return values.cast(pl.String, strict=False)


def number_text(numbers: pl.Series) -> pl.Series:
    """A column of numbers as texts with all their digits, whole ones without decimals (`7`, not `7.0`), so that one
    number is one text, whatever kind it came in. NaN is missing."""
    import polars as pl

    if numbers.dtype.is_float():
        numbers = numbers.fill_nan(None)
        whole = numbers.zip_with(numbers == numbers.round(), pl.Series([None], dtype=numbers.dtype))
        texts = whole.cast(pl.Int128, strict=False).cast(pl.String)
        return texts.zip_with(texts.is_not_null(), numbers.cast(pl.String))
    return without_zeros(numbers.cast(pl.String)) if numbers.dtype.is_decimal() else numbers.cast(pl.String)


def without_zeros(texts: pl.Series) -> pl.Series:
    """The texts, those that are decimal numbers without zeros at their end: `7.50` is `7.5`, and `7.0` is `7`."""
    return texts.str.replace(r"^(-?\d+)(?:\.0+|(\.\d*[1-9])0*)$", "${1}${2}")


def within(moments: pl.Series) -> pl.Series:
    """A column of dates or datetimes without those beyond the years 1 to 9999: polars ends the program over them."""
    import polars as pl

    if moments.dtype == pl.Date:
        first, last = FIRST_DAY, LAST_DAY
    else:
        per_second = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[moments.dtype.time_unit]  # type: ignore[attr-defined]  # a Datetime
        first, last = FIRST_DAY * 86_400 * per_second, (LAST_DAY + 1) * 86_400 * per_second - 1
    inside = moments.to_physical().is_between(max(first, -(2**63)), min(last, 2**63 - 1)).fill_null(value=True)
    return moments if inside.all() else moments.zip_with(inside, pl.Series([None], dtype=moments.dtype))


def blank_to_missing(texts: pl.Series) -> pl.Series:
    """The same texts, where an empty one or one of spaces only is missing."""
    import polars as pl

    name = pl.col(texts.name)
    return texts.to_frame().select(pl.when(name.str.strip_chars() != "").then(name))[texts.name]
