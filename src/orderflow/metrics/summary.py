"""Mergeable numbers: counts, totals, samples of durations, and the eight figures and tables that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.show import html_table
from orderflow.model.errors import MissingExtraError
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

FIGURES = ("mean", "median", "p90", "p95", "min", "max", "sum")
QUANTILES = {"median": (1, 2), "p90": (9, 10), "p95": (19, 20)}
SECOND = 1e6  # microseconds
WORD = 63  # bits of a number that a key and a duration share when both are sorted at once


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

    - Iterating gives one dict a row, with timedeltas; `to_dicts()` and the frames have seconds as floats.
    - `to_pandas()` and `to_arrow()` need these libraries; frames that read the Arrow PyCapsule interface need none.
    - A notebook shows the first rows, durations in words.
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

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; durations are seconds. Raises MissingExtraError without pandas or pyarrow."""
        _need("pandas", "pyarrow")
        return self.frame.to_pandas()

    def to_arrow(self) -> Any:
        """The rows as a pyarrow table; durations are seconds. Raises MissingExtraError without pyarrow."""
        _need("pyarrow")
        return self.frame.to_arrow()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)

    def _repr_html_(self) -> str:
        return html_table(self.frame.columns, self.frame.iter_rows(), self.frame.height, durations=self.durations)


@frozen(kw_only=True, eq=False)
class Counts:
    """How often each key occurred: a frame with the key's columns and `count`. Mergeable."""

    frame: pl.DataFrame

    @classmethod
    def of(cls, rows: pl.DataFrame | pl.LazyFrame, names: Mapping[str, pl.Series] | None = None) -> Counts:
        """Count equal rows; `names` gives for coded columns the values that the codes stand for."""
        import polars as pl

        each = rows.lazy()
        frame = each.group_by(each.collect_schema().names()).agg(pl.len().cast(pl.Int64).alias("count")).collect()
        return cls(frame=frame.with_columns(decode(frame[column], texts) for column, texts in (names or {}).items()))

    def merge(self, other: Counts) -> Counts:
        """The counts of both."""
        return Counts(frame=_added([self.frame, other.frame], self.keys))

    @property
    def keys(self) -> list[str]:
        """The names of the key's columns."""
        return [name for name in self.frame.columns if name != "count"]

    def table(self, top: int | None = None) -> Table:
        """The rows by count descending, then by key; only the first `top` when that is given."""
        rows = ranked(self.frame, "count", self.keys)
        return Table(frame=rows if top is None else rows.head(top))

    def mapping(self) -> FrozenMap[int]:
        """The counts of a key with one column, by count descending, then by key."""
        rows = self.table().frame
        return FrozenMap(dict(zip(rows[self.keys[0]].to_list(), rows["count"].to_list(), strict=True)))


@frozen(kw_only=True, eq=False)
class Totals:
    """Whole numbers by key, such as orders and late orders by region: all columns but `keys` add up. Mergeable.

    Without keys there is one row, also for an empty shard.
    """

    frame: pl.DataFrame
    keys: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, rows: pl.DataFrame, keys: Sequence[str], names: Mapping[str, pl.Series], amounts: Mapping[str, pl.Expr]
    ) -> Totals:
        """From rows with coded key columns: `amounts` says how each number is made of the rows of a group."""
        import polars as pl

        numbers = [expression.cast(pl.Int64).alias(name) for name, expression in amounts.items()]
        frame = rows.group_by(list(keys)).agg(*numbers) if keys else rows.select(*numbers)
        return cls(frame=frame.with_columns(decode(frame[key], names[key]) for key in keys), keys=tuple(keys))

    def merge(self, other: Totals) -> Totals:
        """The numbers of both."""
        return Totals(frame=_added([self.frame, other.frame], self.keys), keys=self.keys)


@frozen(kw_only=True, eq=False)
class Samples:
    """Durations by group, each kept, so that every figure stays exact after a merge.

    - `groups`: `group` (a number) and the values that name the group; `values`: `group`, `micros` (Int64).
    - `orders`: how many orders a group's durations come from (`group`, `orders`), where that was counted.
    - Sums are made in 128 bits where 64 would overflow: at 292,000 years, which a large history reaches.
    """

    groups: pl.DataFrame
    values: pl.DataFrame
    orders: pl.DataFrame | None = None

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        keys: Sequence[str],
        names: pl.Series | Mapping[str, pl.Series],
        orders: pl.Series | None = None,
    ) -> Samples:
        """From rows with coded key columns and `micros`; `names`: what the codes of all keys, or of each, stand for.

        A missing code is a group of its own, whose name is missing. `orders`: those of the rows, to be counted.
        """
        import polars as pl

        known = {key: names[key] if isinstance(names, Mapping) else names for key in keys}
        sizes = {key: len(known[key]) + 1 for key in keys}  # the last code is that of a missing one
        if prod(sizes.values()).bit_length() > WORD:
            return cls._of_many(rows, keys, known, orders)
        number: pl.Expr = pl.lit(0, dtype=pl.UInt64)
        for key, size in sizes.items():
            code = pl.col(key).fill_null(size - 1) if rows[key].null_count() else pl.col(key)
            number = number * size + code
        if prod(sizes.values()).bit_length() <= 32:
            number = number.cast(pl.UInt32)
        values = rows.select(group=number, micros="micros") if keys else rows.select(number.alias("group"), "micros")
        groups = values.select(pl.col("group").unique().sort())
        codes, columns = groups["group"].cast(pl.UInt64), []
        for key, size in reversed(sizes.items()):
            columns.append(decode(codes % size, known[key].extend_constant(None, 1)).alias(key))
            codes = codes // size
        return cls(groups=groups.with_columns(reversed(columns)), values=values, orders=_counted(orders, values))

    @classmethod
    def _of_many(
        cls, rows: pl.DataFrame, keys: Sequence[str], known: Mapping[str, pl.Series], orders: pl.Series | None
    ) -> Samples:
        """The same where one number cannot hold the codes of all keys: groups are numbered as they come."""
        groups = rows.select(keys).unique(maintain_order=True).with_row_index("group")
        values = rows.join(groups, on=list(keys), how="left", nulls_equal=True, maintain_order="left")
        values = values.select("group", "micros")
        named = groups.with_columns(decode(groups[key], known[key]) for key in keys)
        return cls(groups=named, values=values, orders=_counted(orders, values))

    @property
    def keys(self) -> list[str]:
        """The names of the columns that name a group."""
        return [name for name in self.groups.columns if name != "group"]

    def merge(self, other: Samples) -> Samples:
        """The durations of both; groups of the same name become one."""
        import polars as pl

        keys = self.keys
        named = pl.concat([self.groups.select(keys), other.groups.select(keys)], how="vertical_relaxed")
        if not keys:
            both = pl.concat([part.values.with_columns(pl.col("group").cast(pl.UInt32)) for part in (self, other)])
            return Samples(groups=both.select(pl.col("group").unique()), values=both)
        groups = named.unique(maintain_order=True).with_row_index("group")
        counted = [_moved(part, part.orders, groups) for part in (self, other) if part.orders is not None]
        return Samples(
            groups=groups,
            values=pl.concat([_moved(part, part.values, groups) for part in (self, other)]),
            orders=_added(counted, ["group"]) if counted else None,
        )

    def figures(self) -> pl.DataFrame:
        """One row per group: names, `n`, `orders` if counted, figures in microseconds, `sum` as a 128-bit integer.

        Without keys there is always one row: n is 0 and the figures are missing when there are no durations.
        """
        import polars as pl

        figures = self._amounts().sort("group")
        value = _in_order(self.values)
        n = figures["n"]
        start = n.cum_sum() - n

        def at(place: pl.Series) -> pl.Series:
            return value(start + place)

        found = [at(n - n).alias("min"), at(n - 1).alias("max")]
        found += [_quantile(at, n - 1, *share).alias(name) for name, share in QUANTILES.items()]
        mean = (pl.col("sum").cast(pl.Float64) / pl.col("n")).alias("mean")
        figures = figures.with_columns(mean, *found)
        counted = ["n"]
        if self.orders is not None:
            figures, counted = figures.join(self.orders, on="group", how="left"), ["n", "orders"]
        named = self.groups.join(figures, on="group", how="inner").select(*self.keys, *counted, *FIGURES)
        return named if self.keys or named.height else named.clear(1).with_columns(n=pl.lit(0, dtype=pl.Int64))

    def table(self) -> Table:
        """The groups with their eight figures in seconds, by n descending, then by name."""
        figures = in_seconds(self.figures())
        return Table(frame=ranked(figures, "n", self.keys), durations=FIGURES)

    def durations(self) -> Durations:
        """The figures over all durations, for samples that are not grouped."""
        row = next(self.figures().iter_rows(named=True))
        n = row.pop("n")
        return Durations(n=n, micros=FrozenMap({**row, "mean": row["sum"] / n} if n else {}))

    def _amounts(self) -> pl.DataFrame:
        """How many durations a group has, and their exact sum."""
        import polars as pl

        low, high = _ends(self.values["micros"])
        fits = max(-low, high) * self.values.height < 2**63
        total = pl.col("micros").sum() if fits else pl.col("micros").cast(pl.Int128).sum()
        amounts = self.values.lazy().group_by("group").agg(n=pl.len().cast(pl.Int64), sum=total.cast(pl.Int128))
        return amounts.collect()


def in_seconds(figures: pl.DataFrame) -> pl.DataFrame:
    """The same figures with microseconds turned into seconds, as Float64."""
    import polars as pl

    # A column divided by a lone number would be multiplied by its reciprocal, which is off by a bit: 3 / 10 > 0.3.
    second = pl.repeat(SECOND, figures.height, eager=True)
    names = [name for name in FIGURES if name in figures.columns]
    return figures.with_columns(figures[name].cast(pl.Float64) / second for name in names)


def ranked(frame: pl.DataFrame, figure: str, names: Sequence[str]) -> pl.DataFrame:
    """The rows by a figure descending, then by names; missing ones last."""
    return frame.sort(figure, *names, descending=[True, *(False for _ in names)], nulls_last=True)


def _added(frames: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """The rows of all frames, those with equal keys added up."""
    import polars as pl

    both = pl.concat(frames, how="vertical_relaxed")
    amounts = pl.all().exclude(list(keys)).sum() if keys else pl.all().sum()
    return both.group_by(list(keys)).agg(amounts) if keys else both.select(amounts)


def _in_order(values: pl.DataFrame) -> Callable[[pl.Series], pl.Series]:
    """What gives the durations at places of the list of all, sorted by group and then by length.

    Where both fit, group and duration are sorted as one number, which takes a third of the time of two columns.
    """
    import polars as pl

    if not values.height:
        return lambda places: places
    low, high = _ends(values["micros"])
    width = (high - low).bit_length()
    if width + _ends(values["group"])[1].bit_length() > WORD:
        column = values.sort("group", "micros")["micros"]
        return column.gather
    both = (pl.col("group").cast(pl.Int64) * 2**width + (pl.col("micros") - low)).alias("micros")
    column = values.select(both)["micros"].sort()
    return lambda places: column.gather(places) % 2**width + low


def _quantile(at: Callable[[pl.Series], pl.Series], end: pl.Series, part: int, of: int) -> pl.Series:
    """The quantile part/of of sorted values whose last place is `end`, in integers up to the last fraction."""
    way = end * part
    place, rest = way // of, way % of
    below = at(place)
    more = (at(place + (place < end).cast(end.dtype)) - below) * rest
    return below + more // of + (more % of) / of


def _ends(numbers: pl.Series) -> tuple[int, int]:
    """The least and the largest of whole numbers; zeros when there are none."""
    low, high = numbers.min(), numbers.max()
    return (low, high) if isinstance(low, int) and isinstance(high, int) else (0, 0)


def _counted(orders: pl.Series | None, values: pl.DataFrame) -> pl.DataFrame | None:
    """How many of the orders, each that of one value, a group has."""
    counts = None if orders is None else values.select("group", orders=orders).unique().group_by("group").len("orders")
    return None if counts is None else counts.cast({"orders": int})


def _moved(samples: Samples, rows: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Rows of these samples with the numbers that `groups` gives to their groups."""
    keys = samples.keys
    named = samples.groups.cast({key: groups.schema[key] for key in keys})
    moves = named.join(groups, on=keys, how="left", suffix="_new", nulls_equal=True)
    moved = rows.join(moves.select("group", "group_new"), on="group", how="left")
    return moved.drop("group").rename({"group_new": "group"}).select(rows.columns)


def _need(*libraries: str) -> None:
    """Refuse with the pip command when a library that a conversion needs is missing."""
    for name in libraries:
        try:
            import_module(name)
        except ImportError as error:
            raise MissingExtraError(name) from error


def _seconds(value: float | None) -> float | None:
    return None if value is None else value / SECOND
