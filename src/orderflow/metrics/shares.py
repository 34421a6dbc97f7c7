"""Shares of a whole, each with its 95% interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

Z = 1.959963984540054  # the two-sided 95% point of the normal distribution


def quotient(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """part / whole, each the nearest float, whatever else is in the columns: so the merge of parts is the whole.

    A column that is one number throughout, polars takes for that number, and multiplies by its reciprocal, which is off
    by a bit: 3 / 10 > 0.3.
    """
    import polars as pl

    numbers = part.cast(pl.Float64)
    return numbers / (whole.cast(pl.Float64) + numbers * 0)


def share(part: str, whole: str, *, name: str = "share", low: str = "low", high: str = "high") -> list[pl.Expr]:
    """The share part/whole and its 95% interval by Wilson's score, as three columns; missing where the whole is 0.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22, 1927, pp. 209-212:
    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    """
    import polars as pl

    k, n = pl.col(part).cast(pl.Float64), pl.col(whole).cast(pl.Float64)
    p, some = quotient(k, n), pl.when(pl.col(whole) > 0)
    square = quotient(n * 0 + Z * Z, n)  # z²/n
    middle, width = p + square / 2, Z * (quotient(p * (1 - p), n) + quotient(square, 4 * n)).sqrt()
    scale = 1 + square
    return [
        some.then(p).alias(name),
        some.then(pl.when(k == 0).then(0.0).otherwise(quotient(middle - width, scale))).alias(low),
        some.then(pl.when(k == n).then(1.0).otherwise(quotient(middle + width, scale))).alias(high),
    ]


def wilson(part: int, whole: int) -> tuple[float, float, float] | None:
    """The same for two numbers: share, low, high; None when the whole is 0."""
    import polars as pl

    found = pl.DataFrame({"part": [part], "whole": [whole]}).select(share("part", "whole"))
    return found.row(0) if whole else None
