"""Shares of a whole, each with its 95% interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

Z = 1.959963984540054  # the two-sided 95% point of the normal distribution


def share(part: str, whole: str, *, name: str = "share", low: str = "low", high: str = "high") -> list[pl.Expr]:
    """The share part/whole and its 95% interval by Wilson's score, as three columns; missing where the whole is 0.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22, 1927, pp. 209-212:
    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    """
    import polars as pl

    k, n = pl.col(part).cast(pl.Float64), pl.col(whole).cast(pl.Float64)
    p, some = k / n, pl.when(pl.col(whole) > 0)
    middle, width = p + Z * Z / (2 * n), Z * (p * (1 - p) / n + Z * Z / (4 * n * n)).sqrt()
    scale = 1 + Z * Z / n
    return [
        some.then(p).alias(name),
        some.then(pl.when(k == 0).then(0.0).otherwise((middle - width) / scale)).alias(low),
        some.then(pl.when(k == n).then(1.0).otherwise((middle + width) / scale)).alias(high),
    ]


def wilson(part: int, whole: int) -> tuple[float, float, float] | None:
    """The same for two numbers: share, low, high; None when the whole is 0."""
    import polars as pl

    found = pl.DataFrame({"part": [part], "whole": [whole]}).select(share("part", "whole"))
    return found.row(0) if whole else None
