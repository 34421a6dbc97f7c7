"""Quantiles by sketches: the only door to `datasketches`. Only where somebody asked for them by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.metrics.figures import with_samples
from orderflow.metrics.summary import FIGURES, QUANTILES, Samples
from orderflow.model.errors import MissingExtraError
from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    import polars as pl

K = 4_000  # the size of a sketch: about 90 kB for a large group, and a rank error below 0.1 %


@frozen(kw_only=True, eq=False)
class Sketched(Samples):
    """Samples whose durations are not kept: for each group its number, sum, ends, and a sketch.

    - `values`: `group`, `n`, `sum`, `min`, `max`, which stay exact, and `sketch`: a KLL sketch (Karnin, Lang, Liberty,
      Optimal Quantile Approximation in Streams, FOCS 2016) in the bytes of Apache DataSketches.
    - A quantile is one of the durations, its rank off by at most `error()` of n with 99 % confidence; it is not
      interpolated. Sketches are randomised, so two runs may differ by as much. Up to 4,000 durations they are all kept.
    """

    @classmethod
    def of_samples(cls, samples: Samples) -> Sketched:
        """The sketch of each group."""
        import polars as pl

        micros = pl.col("micros")
        values = samples.values.group_by("group").agg(
            n=pl.len().cast(pl.Int64),
            sum=micros.cast(pl.Int128).sum(),
            min=micros.min(),
            max=micros.max(),
            sketch=micros.cast(pl.Float64),
        )
        return cls(groups=samples.groups, values=_with_sketches(values, (_sketch(each) for each in values["sketch"])))

    def merge(self, other: Samples) -> Sketched:
        """The durations of both; groups of the same name become one."""
        import polars as pl

        tables = [part.groups.join(part.values, on="group", how="inner") for part in (self, other)]
        both = pl.concat(tables, how="vertical_relaxed")
        if keys := self.keys:
            groups = both.select(keys).unique(maintain_order=True).with_row_index("group")
            both = both.drop("group").join(groups, on=keys, how="left", nulls_equal=True)
        else:
            groups = both.select(pl.col("group").unique())
        amounts = [pl.col("n", "sum").sum(), pl.col("min").min(), pl.col("max").max(), pl.col("sketch")]
        values = both.group_by("group").agg(*amounts)
        return Sketched(groups=groups, values=_with_sketches(values, (_merged(each) for each in values["sketch"])))

    def figures(self) -> pl.DataFrame:
        """As `Samples.figures`, the quantiles from the sketches."""
        import polars as pl

        shares = [part / of for part, of in QUANTILES.values()]
        found = [_read(each).get_quantiles(shares) for each in self.values["sketch"]]
        columns = zip(*found, strict=True) if found else [()] * len(shares)
        figures = self.values.with_columns(
            (pl.col("sum").cast(pl.Float64) / pl.col("n")).alias("mean"),
            *(pl.Series(name, column, dtype=pl.Float64) for name, column in zip(QUANTILES, columns, strict=True)),
        )
        named = self.groups.join(figures, on="group", how="inner").select(*self.keys, "n", *FIGURES)
        return named if self.keys or named.height else named.clear(1).with_columns(n=pl.lit(0, dtype=pl.Int64))


def sketched(summary: Any) -> Any:
    """The summary with sketches in the place of its durations. Raises MissingExtraError without `datasketches`."""
    _library()
    return with_samples(summary, Sketched.of_samples)


def error() -> float:
    """By what share of n the rank of a quantile may be off, with 99 % confidence."""
    found: float = _library().kll_doubles_sketch(K).normalized_rank_error(False)
    return found


def note() -> Reason:
    """What a report says about its quantiles: which sketch, and its error."""
    return reason("log.quantiles_sketched", sketch="KLL", k=K, error=f"{error():.2%}")


def _library() -> Any:
    try:
        import datasketches
    except ImportError as missing:
        raise MissingExtraError("datasketches", "sketch") from missing
    return datasketches


def _sketch(values: pl.Series) -> bytes:
    sketch = _library().kll_doubles_sketch(K)
    sketch.update(values.to_numpy(writable=True))  # which the library demands
    return bytes(sketch.serialize())


def _merged(parts: Iterable[bytes]) -> bytes:
    first, *others = (_read(part) for part in parts)
    for other in others:
        first.merge(other)
    return bytes(first.serialize())


def _read(data: bytes) -> Any:
    return _library().kll_doubles_sketch.deserialize(data)


def _with_sketches(values: pl.DataFrame, sketches: Iterable[bytes]) -> pl.DataFrame:
    import polars as pl

    return values.with_columns(pl.Series("sketch", list(sketches), dtype=pl.Binary))
