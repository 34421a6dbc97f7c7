"""Attributes of orders: a column of them by its name, which orders have given values, and tables cut by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orderflow.model.errors import LogError
from orderflow.model.reasons import suggest

if TYPE_CHECKING:
    import polars as pl


def attribute(orders: pl.DataFrame, name: str) -> pl.Series:
    """The attribute of that name, a value for each row of `orders`. Raises LogError (`log.unknown_attribute`)."""
    known = [column for column in orders.columns if column != "order"]
    if name not in known:
        raise LogError.of("log.unknown_attribute", name=name, known=known, suggestion=suggest(name, known))
    return orders[name]


def among(values: pl.Series, wanted: Sequence[Any]) -> pl.Series:
    """Whether each value of an attribute is one of those wanted; None is a missing one.

    Raises LogError (`log.other_kind`) for what cannot be compared with these values: a text with numbers.
    """
    import polars as pl

    try:
        return values.is_in(pl.Series(wanted).implode(), nulls_equal=True)
    except (pl.exceptions.PolarsError, TypeError):  # not all of the attribute's own type: one by one
        found = pl.repeat(False, len(values), eager=True)
        for one in wanted:
            found = found | _equal(values, one)
        return found


def _equal(values: pl.Series, one: Any) -> pl.Series:
    import polars as pl

    try:
        return values.alias("value").to_frame().select(pl.col("value").eq_missing(pl.lit(one))).to_series()
    except (pl.exceptions.PolarsError, TypeError):
        raise LogError.of("log.other_kind", name=values.name, value=repr(one), kind=str(values.dtype)) from None


def cut(rows: pl.DataFrame, place: pl.DataFrame, n: int) -> list[pl.DataFrame]:
    """The rows of a table in `n` pieces, in one pass: `place` says for each `order` in which."""
    import polars as pl

    placed = rows.join(place.select("order", "place"), on="order", how="left", maintain_order="left")
    pieces = placed.partition_by("place", as_dict=True, include_key=False, maintain_order=True)
    found = (pieces.get((k,), rows.clear()) for k in range(n))
    return [piece.with_columns(pl.col("order").set_sorted()) if "arrival" in rows.columns else piece for piece in found]
