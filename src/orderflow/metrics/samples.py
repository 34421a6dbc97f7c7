"""Durations by key, each kept: the summary of every figure that has a median."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderflow.metrics.codes import decode, encode_values
from orderflow.metrics.keys import Keys
from orderflow.metrics.shares import Z, quotient
from orderflow.metrics.summary import FIGURES, QUANTILES, Durations, Table, in_seconds, ranked, table_of
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

WORD = 63  # bits of a number that a key and a duration share when both are sorted at once


@frozen(kw_only=True, eq=False)
class InOrder:
    """The durations of each group in order: `sizes` (`group`, `n`), by group; for each group in these rows
    the value `at` a place, counted from 0, and the `quantile` part/of."""

    sizes: pl.DataFrame
    at: Callable[[pl.Series], pl.Series]
    quantile: Callable[[int, int], pl.Series]


@frozen(kw_only=True, eq=False)
class Samples:
    """Durations by key, each kept, so that every figure stays exact after a merge.

    - `groups`: `group` (a number) and the key columns (values, not codes); `values`: `group`, `micros` (Int64).
    - `orders`: how many orders a group's durations come from (`group`, `orders`), where that was counted.
    - Sums are made in 128 bits where 64 would overflow: at 292,000 years, which a large history reaches.
    - Shares (floats) may stand in the place of durations; of these there are `medians` only.
    """

    groups: pl.DataFrame
    values: pl.DataFrame
    orders: pl.DataFrame | None = None

    @classmethod
    def from_rows(cls, rows: pl.DataFrame, keys: Keys, *more: str, orders: bool = False) -> Samples:
        """From coded rows with `micros`, by the keys and by `more` (codes of what `keys.texts` has, or values).

        A missing key is a group of its own, whose name is missing. `orders`: those of the rows are counted.
        """
        rows, known = _coded(rows, keys, more)
        sizes = [len(texts) + 1 for texts in known.values()]  # the last code is that of a missing one
        number = _packed if prod(sizes).bit_length() <= WORD else _numbered
        groups, values = number(rows, known)
        return cls(groups=groups, values=values, orders=_counted(rows["order"], values) if orders else None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns that name a group."""
        return tuple(name for name in self.groups.columns if name != "group")

    def merge(self, other: Samples) -> Samples:
        """The durations of both; groups of the same key become one."""
        return self._together(self, other)

    def relabelled(self, groups: pl.DataFrame) -> Samples:
        """The same durations under other keys: `groups` has the same numbers; groups of the same key become one."""
        return self._together(evolve(self, groups=groups))

    def micros(self) -> pl.DataFrame:
        """One row per group: names, `n`, `orders` if counted, figures in microseconds, `sum` as a 128-bit integer.

        Without keys there is always one row: n is 0 and the figures are missing when there are no durations.
        """
        import polars as pl

        order = self.in_order()
        n = order.sizes["n"]
        figures = order.sizes.join(self._totals(), on="group", how="left", maintain_order="left").with_columns(
            quotient(pl.col("sum"), pl.col("n")).alias("mean"),
            order.at(n - n).alias("min"),
            order.at(n - 1).alias("max"),
            *(order.quantile(*part).alias(name) for name, part in QUANTILES.items()),
        )
        counted = ["n"]
        if self.orders is not None:
            figures, counted = figures.join(self.orders, on="group", how="left"), ["n", "orders"]
        named = self._named(figures).select(*self.keys, *counted, *FIGURES)
        return named if self.keys or named.height else named.clear(1).with_columns(n=pl.lit(0, dtype=pl.Int64))

    def figures(self) -> pl.DataFrame:
        """The same in seconds, as floats."""
        import polars as pl

        return self.micros().with_columns(in_seconds(pl.col(name)) for name in FIGURES)

    def table(self, figure: str = "n") -> Table:
        """The groups with their figures, by one of them descending, then by name."""
        return table_of(ranked(self.figures(), figure, self.keys), durations=FIGURES)

    def durations(self) -> Durations:
        """The figures over all durations, for samples that are not grouped."""
        row = next(self.micros().iter_rows(named=True))
        n = row.pop("n")
        return Durations(n=n, micros=FrozenMap({**row, "mean": row["sum"] / n} if n else {}))

    def medians(self) -> pl.DataFrame:
        """The median by key in the unit of the values, as `median`: for shares, which are no durations."""
        order = self.in_order()
        n = order.sizes["n"]
        middle = (order.at((n - 1) // 2) + order.at(n // 2)) / 2
        return self._named(order.sizes.with_columns(middle.alias("median"))).select(*self.keys, "median")

    def median_interval(self) -> pl.DataFrame:
        """By key `times` (how many), `median`, and its 95% interval `median_low`, `median_high`, in seconds; and
        from how many orders these are (`timed`), where that was counted.

        The values of rank n/2 - 0.98 √n and 1 + n/2 + 0.98 √n, rounded (Campbell, Gardner, BMJ 296, 1988); missing if
        there is no such rank, that is below 6 values.
        """
        import polars as pl

        order = self.in_order()
        n = order.sizes["n"]
        ranks = pl.DataFrame({"half": n / 2, "width": Z / 2 * n.sqrt()}).select(
            low=(pl.col("half") - pl.col("width")).round().cast(pl.Int64) - 1,
            high=(pl.col("half") + pl.col("width")).round().cast(pl.Int64),
        )
        some = ranks["low"] >= 0
        ends = {f"median_{end}": order.at(ranks[end].zip_with(some, n - n)) for end in ("low", "high")}
        found = order.sizes.select("group", times="n").with_columns(
            order.quantile(1, 2).alias("median"), *(place.alias(name) for name, place in ends.items())
        )
        found = found.with_columns(
            in_seconds(pl.col("median")), *(pl.when(some).then(in_seconds(pl.col(name))).alias(name) for name in ends)
        )
        if self.orders is not None:
            found = found.join(self.orders.select("group", timed="orders"), on="group", how="left")
        return self._named(found).drop("group")

    def in_order(self) -> InOrder:
        """The durations of each group in order."""
        import polars as pl

        sizes = self.values.lazy().group_by("group").agg(n=pl.len().cast(pl.Int64)).sort("group").collect()
        n, value = sizes["n"], _in_order(self.values)
        start = n.cum_sum() - n

        def at(place: pl.Series) -> pl.Series:
            return value(start + place)

        return InOrder(sizes=sizes, at=at, quantile=lambda part, of: _quantile(at, n - 1, part, of))

    def _totals(self) -> pl.DataFrame:
        """The exact sum of each group: `group`, `sum`."""
        import polars as pl

        low, high = _ends(self.values["micros"])
        fits = max(-low, high) * self.values.height < 2**63
        total = pl.col("micros").sum() if fits else pl.col("micros").cast(pl.Int128).sum()
        return self.values.lazy().group_by("group").agg(sum=total.cast(pl.Int128)).collect()

    def _named(self, figures: pl.DataFrame) -> pl.DataFrame:
        """Rows by group with the names of the groups."""
        return self.groups.join(figures, on="group", how="inner")

    @classmethod
    def _together(cls, *parts: Samples) -> Samples:
        """The durations of these, groups of the same key as one, numbered anew."""
        import polars as pl

        keys = parts[0].keys
        if keys:
            named = pl.concat([part.groups.select(keys) for part in parts], how="vertical_relaxed")
            groups = named.unique(maintain_order=True).with_row_index("group")
            values = pl.concat([_moved(part, part.values, groups) for part in parts])
        else:
            values = pl.concat([part.values.with_columns(pl.col("group").cast(pl.UInt32)) for part in parts])
            groups = values.select(pl.col("group").unique())
        counted = [_moved(part, part.orders, groups) for part in parts if part.orders is not None]
        orders = pl.concat(counted).group_by("group").agg(pl.col("orders").sum()) if counted else None
        return cls(groups=groups, values=cls._of_a_group(values), orders=orders)

    @classmethod
    def _of_a_group(cls, values: pl.DataFrame) -> pl.DataFrame:
        """The values of groups of which several may have become one."""
        return values


def _coded(rows: pl.DataFrame, keys: Keys, more: Sequence[str]) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """The rows with codes in each column of the key, and what these stand for."""
    known = {}
    for name in keys.and_more(*more):
        if keys.is_code(rows, name):
            known[name] = keys.texts[name]
        else:
            codes, known[name] = encode_values(rows[name])
            rows = rows.with_columns(codes.alias(name))
    return rows, known


def _packed(rows: pl.DataFrame, known: Mapping[str, pl.Series]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Groups and values, where the number of a group is made of the codes of its key."""
    import polars as pl

    sizes = {name: len(texts) + 1 for name, texts in known.items()}
    number: pl.Expr = pl.lit(0, dtype=pl.UInt64)
    for name, size in sizes.items():
        code = pl.col(name).fill_null(size - 1) if rows[name].null_count() else pl.col(name)
        number = number * size + code
    if prod(sizes.values()).bit_length() <= 32:
        number = number.cast(pl.UInt32)
    values = rows.select(group=number, micros="micros") if sizes else rows.select(number.alias("group"), "micros")
    groups = values.select(pl.col("group").unique().sort())
    codes, columns = groups["group"].cast(pl.UInt64), []
    for name, size in reversed(sizes.items()):
        columns.append(decode(codes % size, known[name].extend_constant(None, 1)).alias(name))
        codes = codes // size
    return groups.with_columns(reversed(columns)), values


def _numbered(rows: pl.DataFrame, known: Mapping[str, pl.Series]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same where one number cannot hold the codes of a key: groups are numbered as they come."""
    groups = rows.select(list(known)).unique(maintain_order=True).with_row_index("group")
    values = rows.join(groups, on=list(known), how="left", nulls_equal=True, maintain_order="left")
    named = (decode(groups[name], texts) for name, texts in known.items())
    return groups.select("group", *named), values.select("group", "micros")


def _in_order(values: pl.DataFrame) -> Callable[[pl.Series], pl.Series]:
    """What gives the durations at places of the list of all, sorted by group and then by length.

    Where both fit, group and duration are sorted as one number, which takes a third of the time of two columns.
    """
    import polars as pl

    if not values.height:
        return lambda places: places
    first, last = _ends(values["group"])
    if first == last:
        return values["micros"].sort().gather
    low, high = _ends(values["micros"])
    width = (high - low).bit_length()
    if values.schema["micros"].is_float() or width + last.bit_length() > WORD:
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


def _counted(orders: pl.Series, values: pl.DataFrame) -> pl.DataFrame:
    """How many of the orders, each that of one value, a group has."""
    return values.select("group", orders=orders).unique().group_by("group").len("orders").cast({"orders": int})


def _moved(samples: Samples, rows: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Rows of these samples with the numbers that `groups` gives to their groups."""
    keys = samples.keys
    named = samples.groups.cast({key: groups.schema[key] for key in keys})
    moves = named.join(groups, on=keys, how="left", suffix="_new", nulls_equal=True)
    moved = rows.join(moves.select("group", "group_new"), on="group", how="left")
    return moved.drop("group").rename({"group_new": "group"}).select(rows.columns)
