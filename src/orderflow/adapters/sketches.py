"""Quantiles by sketches: the only door to `datasketches`. Only where somebody asked for them by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.metrics.figures import with_samples
from orderflow.metrics.samples import InOrder, Samples
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
        """The sketch of each group; shares, which are no durations, likewise."""
        import polars as pl

        micros = pl.col("micros")
        exact = micros if samples.values.schema["micros"].is_float() else micros.cast(pl.Int128)
        values = samples.values.group_by("group").agg(
            n=pl.len().cast(pl.Int64),
            sum=exact.sum(),
            min=micros.min(),
            max=micros.max(),
            sketch=micros.cast(pl.Float64),
        )
        sketches = (_sketch(each) for each in values["sketch"])
        return cls(groups=samples.groups, values=_with_sketches(values, sketches), orders=samples.orders)

    def in_order(self) -> InOrder:
        """As `Samples.in_order`, what stands at a place read from the sketches; the two ends are exact."""
        import polars as pl

        values = self.values.sort("group")
        n, low, high = values["n"], values["min"].cast(pl.Float64), values["max"].cast(pl.Float64)
        sketches = [_read(each) for each in values["sketch"]]

        def at(places: pl.Series) -> pl.Series:
            middles = (places + 0.5) / n
            found = [sketch.get_quantile(rank, True) for sketch, rank in zip(sketches, middles, strict=True)]
            return low.zip_with(places == 0, high.zip_with(places == n - 1, pl.Series(found, dtype=pl.Float64)))

        def quantile(part: int, of: int) -> pl.Series:
            return pl.Series([sketch.get_quantile(part / of) for sketch in sketches], dtype=pl.Float64)

        return InOrder(sizes=values.select("group", "n"), at=at, quantile=quantile)

    def _totals(self) -> pl.DataFrame:
        return self.values.select("group", "sum")

    @classmethod
    def _of_a_group(cls, values: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        amounts = [pl.col("n", "sum").sum(), pl.col("min").min(), pl.col("max").max(), pl.col("sketch")]
        merged = values.group_by("group").agg(*amounts)
        return _with_sketches(merged, (_merged(each) for each in merged["sketch"]))


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
