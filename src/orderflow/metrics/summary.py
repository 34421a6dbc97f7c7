"""What is found: the eight figures about durations, tables of figures, and how their rows are sorted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.metrics.show import html_table
from orderflow.model.errors import MissingExtraError
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

FIGURES = ("mean", "median", "p90", "p95", "min", "max", "sum")
QUANTILES = {"median": (1, 2), "p90": (9, 10), "p95": (19, 20)}
BY = "by "  # before the name of an attribute by which rows are grouped
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


def in_seconds(micros: pl.Expr) -> pl.Expr:
    """Microseconds as seconds in floats, each the nearest."""
    import polars as pl

    # A column divided by a lone number would be multiplied by its reciprocal, which is off by a bit: 3 / 10 > 0.3.
    return micros.cast(pl.Float64) / (micros.cast(pl.Float64) * 0 + SECOND)


def table_of(frame: pl.DataFrame, durations: tuple[str, ...] = ()) -> Table:
    """Rows of figures as a Table: what they are grouped by is called there as in the log.

    - Inside, the column of an attribute is called `by region`, so that no other column can have its name. In the table
      it is `region`; `order.region` where the table has a column of that name already.
    """
    taken = [name for name in frame.columns if not name.startswith(BY)]
    plain = {name: name.removeprefix(BY) for name in frame.columns if name.startswith(BY)}
    called = {name: f"order.{title}" if title in taken else title for name, title in plain.items()}
    return Table(frame=frame.rename(called), durations=durations)


def ranked(frame: pl.DataFrame, figure: str, names: Sequence[str]) -> pl.DataFrame:
    """The rows by a figure descending, then by names; missing ones last."""
    return frame.sort(figure, *names, descending=[True, *(False for _ in names)], nulls_last=True)


def _need(*libraries: str) -> None:
    """Refuse with the pip command when a library that a conversion needs is missing."""
    for name in libraries:
        try:
            import_module(name)
        except ImportError as error:
            raise MissingExtraError(name) from error


def _seconds(value: float | None) -> float | None:
    return None if value is None else value / SECOND
