"""Mergeable numbers by key: sums, rows that are kept, and both with durations; tables of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.keys import Keys
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import in_seconds, ranked

if TYPE_CHECKING:
    import polars as pl


@frozen(kw_only=True, eq=False)
class Sums:
    """Numbers that add up, by key: a frame of key columns (values, not codes) and numbers. Without keys one row.

    Numbers are Int64; Int128 where 64 bits could overflow, as sums of durations of a large history do.
    """

    keys: tuple[str, ...]
    frame: pl.DataFrame

    @classmethod
    def from_rows(cls, rows: pl.DataFrame, keys: Keys, *more: str, **numbers: pl.Expr) -> Sums:
        """Group coded rows by the keys and by `more` (codes of what `keys.texts` has, or values); make the numbers."""
        import polars as pl

        made = _by(rows, keys.and_more(*more), numbers)
        made = made.with_columns(pl.col(name).cast(pl.Int64) for name in numbers if made.schema[name] != pl.Int128)
        return cls(keys=keys.and_more(*more), frame=keys.named(made, *more))

    def merge(self, other: Sums) -> Sums:
        """The sums of both."""
        import polars as pl

        return Sums(keys=self.keys, frame=pl.concat([self.frame, other.frame], how="vertical_relaxed")).added()

    def added(self) -> Sums:
        """The same with the rows of one key added up: for a frame whose keys were changed."""
        import polars as pl

        numbers = {name: pl.col(name).sum() for name in self.frame.columns if name not in self.keys}
        return Sums(keys=self.keys, frame=_by(self.frame, self.keys, numbers))

    def sorted(self) -> pl.DataFrame:
        """The rows by key; a missing key comes last."""
        return self.frame.sort(self.keys, nulls_last=True) if self.keys else self.frame

    def ranked(self, number: str) -> pl.DataFrame:
        """The rows by a number descending, then by key; a missing key comes last."""
        return ranked(self.frame, number, self.keys)


@frozen(kw_only=True, eq=False)
class Rows:
    """Rows by key, each kept: what can be counted only when everything is there. Key columns hold values, not codes."""

    keys: tuple[str, ...]
    frame: pl.DataFrame

    @classmethod
    def from_rows(cls, rows: pl.DataFrame, keys: Keys, *more: str, values: Sequence[str]) -> Rows:
        """The coded rows with these values, by the keys and by `more`."""
        return cls(keys=keys.and_more(*more), frame=keys.named(rows.select(*keys.and_more(*more), *values), *more))

    def merge(self, other: Rows) -> Rows:
        """The rows of both."""
        import polars as pl

        return Rows(keys=self.keys, frame=pl.concat([self.frame, other.frame], how="vertical_relaxed"))


@frozen(kw_only=True, eq=False)
class Tally:
    """What is counted and what is timed by the same keys: the summary of figures that need both."""

    counts: Sums
    times: Samples

    def merge(self, other: Tally) -> Tally:
        """The counts and the durations of both."""
        return Tally(counts=self.counts.merge(other.counts), times=self.times.merge(other.times))


def beside(left: pl.DataFrame, right: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Two frames of figures by the same keys side by side; every row of the left stays, in its order."""
    import polars as pl

    if not keys:
        return pl.concat([left, right if right.height else right.clear(1)], how="horizontal")
    same = right.with_columns(pl.col(name).cast(left.schema[name]) for name in keys)
    return left.join(same, on=list(keys), how="left", nulls_equal=True, maintain_order="left")


def filled(sums: Sums, every: pl.Series, name: str) -> pl.DataFrame:
    """The rows with each of `every` value of the key `name` for each of the other keys, 0 where nothing was."""
    import polars as pl

    groups = [key for key in sums.keys if key != name]
    wanted = every.alias(name).to_frame()
    if groups:
        wanted = sums.frame.select(groups).unique().join(wanted, how="cross")
    full = wanted.join(sums.frame, on=list(sums.keys), how="left", nulls_equal=True)
    numbers = pl.exclude(sums.keys).fill_null(0)
    return full.select(*sums.keys, numbers).sort(*groups, name, nulls_last=True)


def passages(rows: pl.DataFrame, keys: Keys, *more: str) -> Sums:
    """How often what the rows are happened (`count`), in how many `orders`, and its `micros` altogether (`total`)."""
    import polars as pl

    total = pl.col("micros").cast(pl.Int128).sum()
    return Sums.from_rows(rows, keys, *more, count=pl.len(), orders=pl.col("order").n_unique(), total=total)


def timed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `passages` with the total and the `mean` in seconds."""
    import polars as pl

    mean = pl.col("total").cast(pl.Float64) / pl.col("count")
    return rows.with_columns(total=in_seconds(pl.col("total")), mean=in_seconds(mean))


def first_of_each(rows: pl.DataFrame, groups: Sequence[str], top: int | None) -> pl.DataFrame:
    """The first `top` rows of each group, or of all where there are no groups; every row where `top` is None."""
    if top is None:
        return rows
    return rows.group_by(groups, maintain_order=True).head(top) if groups else rows.head(top)


def _by(rows: pl.DataFrame, keys: Sequence[str], numbers: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """The numbers by these keys; without keys of all rows, also when there are none."""
    return rows.lazy().group_by(keys).agg(**numbers).collect() if keys else rows.select(**numbers)
