"""Mergeable numbers by key: sums, durations that are kept, and the intervals of shares."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.keys import Keys
from orderflow.metrics.summary import FIGURES, SECOND

if TYPE_CHECKING:
    import polars as pl

Z = 1.959963984540054  # the two-sided 95% point of the normal distribution
QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95}


@frozen(kw_only=True, eq=False)
class Sums:
    """Numbers that add up, by key: a frame of key columns (values, not codes) and numbers. Without keys one row."""

    keys: tuple[str, ...]
    frame: pl.DataFrame

    @classmethod
    def from_rows(cls, rows: pl.DataFrame, keys: Keys, *more: str, **numbers: pl.Expr) -> Sums:
        """Group coded rows by the keys and by `more` (codes of what `keys.texts` has, or values); make the numbers."""
        grouped = rows.group_by([*keys.names, *more]).agg(**numbers)
        names = (*keys.names, *(name for name in more if name not in keys.names))
        return cls(keys=names, frame=keys.named(grouped, *more)).merge(None)

    def merge(self, other: Sums | None) -> Sums:
        """The sums of both."""
        import polars as pl

        frames = [self.frame] if other is None else [self.frame, other.frame]
        both = pl.concat(frames, how="vertical_relaxed")
        return Sums(keys=self.keys, frame=both.group_by(self.keys).agg(pl.exclude(self.keys).sum()))

    def sorted(self, *by: str, descending: Sequence[str] = ()) -> pl.DataFrame:
        """The rows by these columns, then by key; a missing key comes last."""
        order = [*by, *(key for key in self.keys if key not in by)]
        flags = [name in descending for name in order]
        return self.frame.sort(order, descending=flags, nulls_last=True) if order else self.frame


@frozen(kw_only=True, eq=False)
class Rows:
    """Rows by key, each kept: what can be counted only when everything is there. Key columns hold values, not codes."""

    keys: tuple[str, ...]
    frame: pl.DataFrame

    @classmethod
    def from_rows(cls, rows: pl.DataFrame, keys: Keys, *more: str, values: Sequence[str]) -> Rows:
        """The coded rows with these values, by the keys and by `more`."""
        names = (*keys.names, *(name for name in more if name not in keys.names))
        return cls(keys=names, frame=keys.named(rows.select(*names, *values), *more).select(*names, *values))

    def merge(self, other: Rows) -> Rows:
        """The rows of both."""
        import polars as pl

        return Rows(keys=self.keys, frame=pl.concat([self.frame, other.frame], how="vertical_relaxed"))


@frozen(kw_only=True, eq=False)
class Spread:
    """Durations by key, each kept, so that every figure stays exact after a merge.

    - `groups`: `group` and the key columns (values, not codes); `values`: `group`, `micros`.
    """

    keys: tuple[str, ...]
    groups: pl.DataFrame
    values: pl.DataFrame

    @classmethod
    def from_rows(cls, rows: pl.DataFrame, keys: Keys, *more: str) -> Spread:
        """From coded rows with `micros`, by the keys and by `more`."""
        import polars as pl

        names = (*keys.names, *(name for name in more if name not in keys.names))
        if not names:
            return cls(
                keys=names, groups=_one_group(), values=rows.select(pl.lit(0, pl.UInt32).alias("group"), "micros")
            )
        groups = rows.select(names).unique(maintain_order=True).with_row_index("group")
        values = rows.join(groups, on=list(names), how="left", nulls_equal=True).select("group", "micros")
        return cls(keys=names, groups=keys.named(groups, *more).select("group", *names), values=values)

    def merge(self, other: Spread) -> Spread:
        """The durations of both; groups of the same key become one."""
        return self._grouped(self.keys, self, other)

    def relabelled(self, groups: pl.DataFrame) -> Spread:
        """The same durations under other keys: `groups` has the same `group` codes."""
        changed = Spread(keys=self.keys, groups=groups, values=self.values)
        return self._grouped(self.keys, changed)

    def figures(self) -> pl.DataFrame:
        """One row per key: `n` and the figures in seconds (type 7 quantiles). Without keys one row, also of nothing."""
        import polars as pl

        micros = pl.col("micros")
        figures = self.values.group_by("group").agg(
            micros.len().cast(pl.Int64).alias("n"),
            *(micros.quantile(q, "linear").alias(name) for name, q in QUANTILES.items()),
            micros.min().cast(pl.Float64).alias("min"),
            micros.max().cast(pl.Float64).alias("max"),
            micros.cast(pl.Int128).sum().cast(pl.Float64).alias("sum"),
        )
        figures = figures.with_columns(mean=pl.col("sum") / pl.col("n"))
        figures = figures.select("group", "n", *(in_seconds(pl.col(name)).alias(name) for name in FIGURES))
        found = self.groups.join(figures, on="group", how="inner").drop("group")
        if not self.keys and not found.height:
            return pl.DataFrame({"n": [0], **{name: [None] for name in FIGURES}}, schema=found.schema)
        return found

    def medians(self) -> pl.DataFrame:
        """The median by key in the unit of the values, as `median`: for shares, which are no durations."""
        import polars as pl

        found = self.values.group_by("group").agg(pl.col("micros").median().alias("median"))
        return self.groups.join(found, on="group", how="left").drop("group")

    def median_interval(self) -> pl.DataFrame:
        """By key `times` (how many), `median`, and its 95% interval `median_low`, `median_high`, in seconds.

        The values of rank n/2 - 0.98 √n and 1 + n/2 + 0.98 √n, rounded (Campbell, Gardner, BMJ 296, 1988); missing if
        there is no such rank, that is below 6 values.
        """
        import polars as pl

        n, micros = pl.len().cast(pl.Float64), pl.col("micros").sort()
        low = (n / 2 - Z / 2 * n.sqrt()).round().cast(pl.Int64) - 1
        high = (n / 2 + Z / 2 * n.sqrt()).round().cast(pl.Int64)
        there = low >= 0
        found = self.values.group_by("group").agg(
            times=pl.len().cast(pl.Int64),
            median=in_seconds(pl.col("micros").median()),
            median_low=pl.when(there).then(in_seconds(micros.get(pl.when(there).then(low).otherwise(0)))),
            median_high=pl.when(there).then(in_seconds(micros.get(pl.when(there).then(high).otherwise(0)))),
        )
        return self.groups.join(found, on="group", how="inner").drop("group")

    @staticmethod
    def _grouped(keys: tuple[str, ...], *parts: Spread) -> Spread:
        import polars as pl

        named = pl.concat([part.groups.select(keys) for part in parts], how="vertical_relaxed")
        if not keys:
            values = pl.concat([part.values for part in parts]).with_columns(pl.lit(0, dtype=pl.UInt32).alias("group"))
            return Spread(keys=keys, groups=_one_group(), values=values)
        groups = named.unique(maintain_order=True).with_row_index("group")
        moved = []
        for part in parts:
            codes = part.groups.with_columns(pl.col(key).cast(named.schema[key]) for key in keys).join(
                groups, on=list(keys), how="left", nulls_equal=True, suffix="_new"
            )
            moves = codes.select("group", "group_new")
            moved.append(part.values.join(moves, on="group", how="left").select(group="group_new", micros="micros"))
        return Spread(keys=keys, groups=groups, values=pl.concat(moved))


@frozen(kw_only=True, eq=False)
class Tally:
    """What is counted and what is timed by the same keys: the summary of figures that need both."""

    counts: Sums
    times: Spread

    def merge(self, other: Tally) -> Tally:
        """The counts and the durations of both."""
        return Tally(counts=self.counts.merge(other.counts), times=self.times.merge(other.times))


def _one_group() -> pl.DataFrame:
    """The one group of what is not grouped."""
    import polars as pl

    return pl.DataFrame({"group": [0]}, schema={"group": pl.UInt32})


def beside(left: pl.DataFrame, right: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Two frames of figures by the same keys side by side; every row of the left stays, in its order."""
    import polars as pl

    if not keys:
        return pl.concat([left, right if right.height else right.clear(1)], how="horizontal")
    same = right.with_columns(pl.col(name).cast(left.schema[name]) for name in keys)
    return left.join(same, on=list(keys), how="left", nulls_equal=True, maintain_order="left")


def running(sums: Sums, every: pl.Series, name: str) -> pl.DataFrame:
    """The rows with each of `every` value of the key `name` for each of the other keys, 0 where nothing was."""
    import polars as pl

    groups = [key for key in sums.keys if key != name]
    wanted = every.alias(name).to_frame()
    if groups:
        wanted = sums.frame.select(groups).unique().join(wanted, how="cross")
    full = wanted.join(sums.frame, on=list(sums.keys), how="left", nulls_equal=True)
    numbers = pl.exclude(sums.keys).fill_null(0)
    return full.select(*sums.keys, numbers).sort(*groups, name, nulls_last=True)


def in_seconds(micros: pl.Expr) -> pl.Expr:
    """Microseconds as seconds in floats, each the nearest."""
    import polars as pl

    # A column divided by a lone number would be multiplied by its reciprocal, which is off by a bit: 3 / 10 > 0.3.
    return micros.cast(pl.Float64) / (micros.cast(pl.Float64) * 0 + SECOND)


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
    if not whole:
        return None
    p, scale = part / whole, 1 + Z * Z / whole
    middle = p + Z * Z / (2 * whole)
    width = Z * sqrt(p * (1 - p) / whole + Z * Z / (4 * whole * whole))
    return p, (middle - width) / scale if part else 0.0, (middle + width) / scale if part < whole else 1.0
