"""Mergeable numbers: counts, samples of durations, and the eight figures and tables that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

FIGURES = ("mean", "median", "p90", "p95", "min", "max", "sum")
QUANTILES = {"median": (1, 2), "p90": (9, 10), "p95": (19, 20)}
SECOND = 1e6  # microseconds


@frozen(kw_only=True)
class Durations:
    """Eight figures about n durations. The figures are timedeltas, rounded to microseconds; None when n is 0.

    - `median`, `p90` and `p95` interpolate linearly between the two nearest values: at position (n - 1) q of
      the sorted values, counted from 0 (type 7 in Hyndman and Fan, Sample Quantiles in Statistical Packages,
      The American Statistician 50(4), 1996; the default of numpy, R and Excel).
    - `mean` is the exact sum divided by n. `to_dict()` has seconds, unrounded.
    """

    n: int
    micros: FrozenMap[float]

    @property
    def mean(self) -> timedelta | None:
        return self._figure("mean")

    @property
    def median(self) -> timedelta | None:
        return self._figure("median")

    @property
    def p90(self) -> timedelta | None:
        return self._figure("p90")

    @property
    def p95(self) -> timedelta | None:
        return self._figure("p95")

    @property
    def min(self) -> timedelta | None:
        return self._figure("min")

    @property
    def max(self) -> timedelta | None:
        return self._figure("max")

    @property
    def sum(self) -> timedelta | None:
        return self._figure("sum")

    def to_dict(self) -> dict[str, float | int | None]:
        """`{n, mean, median, p90, p95, min, max, sum}` in seconds; null when n is 0."""
        return {"n": self.n, **{name: _seconds(self.micros.get(name)) for name in FIGURES}}

    def _figure(self, name: str) -> timedelta | None:
        value = self.micros.get(name)
        return None if value is None else timedelta(microseconds=value)


@frozen(kw_only=True, eq=False, repr=False)
class Table:
    """Rows of figures, in a stated order. Durations (`durations` names their columns) are seconds inside.

    - Iterating gives one dict a row, with timedeltas; `to_dicts()` and `to_polars()` have seconds as floats.
    """

    frame: pl.DataFrame
    durations: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.frame.iter_rows(named=True):
            yield {**row, **{name: timedelta(seconds=row[name]) for name in self.durations if row[name] is not None}}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.durations == other.durations and self.frame.equals(other.frame)

    __hash__ = None  # type: ignore[assignment]  # holds a frame

    def __repr__(self) -> str:
        return f"<Table: {len(self)} rows>\n{self.frame}"

    def to_polars(self) -> pl.DataFrame:
        """The rows as a polars frame; durations are seconds."""
        return self.frame

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as plain data for JSON; durations are seconds."""
        return self.frame.to_dicts()


@frozen(kw_only=True, eq=False)
class Counts:
    """How often each key occurred: a frame with the key's columns and `count`. Mergeable."""

    frame: pl.DataFrame

    @classmethod
    def of(cls, rows: pl.DataFrame, names: FrozenMap[pl.Series] | None = None) -> Counts:
        """Count equal rows; `names` gives for coded columns the texts that the codes stand for."""
        import polars as pl

        frame = rows.group_by(rows.columns).agg(pl.len().cast(pl.Int64).alias("count"))
        return cls(frame=frame.with_columns(decode(frame[column], texts) for column, texts in (names or {}).items()))

    def merge(self, other: Counts) -> Counts:
        """The counts of both."""
        import polars as pl

        both = pl.concat([self.frame, other.frame])
        return Counts(frame=both.group_by(self.keys).agg(pl.col("count").sum()))

    @property
    def keys(self) -> list[str]:
        """The names of the key's columns."""
        return [name for name in self.frame.columns if name != "count"]

    def table(self, top: int | None = None) -> Table:
        """The rows by count descending, then by key; only the first `top` when that is given."""
        rows = self.frame.sort("count", *self.keys, descending=[True] + [False] * len(self.keys))
        return Table(frame=rows if top is None else rows.head(top))

    def mapping(self) -> FrozenMap[int]:
        """The counts of a key with one column, by count descending, then by key."""
        rows = self.table().frame
        return FrozenMap(dict(zip(rows[self.keys[0]].to_list(), rows["count"].to_list(), strict=True)))


@frozen(kw_only=True, eq=False)
class Samples:
    """Durations by group, each kept, so that every figure stays exact after a merge.

    - `groups`: `group` (a code) and the texts that name the group; `values`: `group`, `micros` (Int64).
    - Sums are made in 128 bits: 64 would overflow at 292,000 years, which a large history reaches.
    """

    groups: pl.DataFrame
    values: pl.DataFrame

    @classmethod
    def of(cls, rows: pl.DataFrame, keys: Sequence[str], names: pl.Series) -> Samples:
        """From rows with coded key columns and `micros`; the codes of all keys stand for `names`."""
        import polars as pl

        size = max(len(names), 1)
        number: pl.Expr = pl.lit(0, dtype=pl.UInt64)
        for key in keys:
            number = number * size + pl.col(key)
        values = rows.select(group=number, micros="micros") if keys else rows.select(number.alias("group"), "micros")
        groups = values.select(pl.col("group").unique().sort())
        for place, key in enumerate(reversed(keys)):
            codes = groups["group"] // size**place % size
            groups = groups.with_columns(decode(codes, names).alias(key))
        return cls(groups=groups.select("group", *keys), values=values)

    def merge(self, other: Samples) -> Samples:
        """The durations of both; groups of the same name become one."""
        import polars as pl

        keys = [name for name in self.groups.columns if name != "group"]
        if not keys:
            return Samples(
                groups=pl.concat([self.groups, other.groups]).unique(), values=self.values.vstack(other.values)
            )
        named = pl.concat([self.groups.select(keys), other.groups.select(keys)]).unique(maintain_order=True)
        groups = named.with_row_index("group").with_columns(pl.col("group").cast(pl.UInt64))
        return Samples(groups=groups, values=pl.concat([_regroup(part, groups, keys) for part in (self, other)]))

    def figures(self) -> pl.DataFrame:
        """One row per group: the names, `n`, and the figures in microseconds, `sum` as a 128-bit integer."""
        import polars as pl

        figures = self.values.group_by("group").agg(
            pl.col("micros").sort().alias("sorted"),
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("micros").cast(pl.Int128).sum().alias("sum"),
        )
        values = pl.col("sorted").list
        figures = figures.with_columns(
            (pl.col("sum").cast(pl.Float64) / pl.col("n")).alias("mean"),
            values.first().alias("min"),
            values.last().alias("max"),
            *(_quantile(*share).alias(name) for name, share in QUANTILES.items()),
        )
        return self.groups.join(figures, on="group", how="inner").select(*self.groups.columns[1:], "n", *FIGURES)

    def durations(self) -> Durations:
        """The figures over all durations, for samples that are not grouped."""
        row = next(self.figures().iter_rows(named=True), None)
        if row is None:
            return Durations(n=0, micros=FrozenMap())
        n = row.pop("n")
        return Durations(n=n, micros=FrozenMap({**row, "mean": row["sum"] / n}))


def in_seconds(figures: pl.DataFrame) -> pl.DataFrame:
    """The same figures with microseconds turned into seconds, as Float64."""
    import polars as pl

    # A column divided by a lone number would be multiplied by its reciprocal, which is off by a bit: 3 / 10 > 0.3.
    second = pl.repeat(SECOND, figures.height, eager=True)
    names = [name for name in FIGURES if name in figures.columns]
    return figures.with_columns(figures[name].cast(pl.Float64) / second for name in names)


def _quantile(part: int, of: int) -> pl.Expr:
    """The quantile part/of of the list `sorted` with `n` values, in integers up to the last fraction."""
    import polars as pl

    values, end = pl.col("sorted").list, pl.col("n") - 1
    way = end * part
    below, above = values.get(way // of), values.get(pl.min_horizontal(way // of + 1, end))
    more = (above - below) * (way % of)
    return below + more // of + (more % of) / of


def _regroup(samples: Samples, groups: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    import polars as pl

    moves = samples.groups.join(groups, on=keys, how="left", suffix="_new").select("group", "group_new")
    moved = samples.values.join(moves, on="group", how="left")
    return moved.select(pl.col("group_new").alias("group"), "micros")


def _seconds(value: float | None) -> float | None:
    return None if value is None else value / SECOND
