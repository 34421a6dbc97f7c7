"""What figures are grouped by: attributes of orders and columns of events, kept as codes until the rows are few."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.log import NAMED, EventLog
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap, as_names
from orderflow.model.reasons import suggest

if TYPE_CHECKING:
    import polars as pl

By = str | Sequence[str] | None
TEXTS, NUMBERS = ("track", "sla", "kind", "label", "line"), ("score", "ordered", "delivered")  # of further tables
KEY = "key"  # the code of a combination of attributes


@frozen(kw_only=True, eq=False)
class Keys:
    """The columns that `by=` asks for.

    - `names`: as asked, each once. `columns`: those of them that are columns of the rows, already coded there.
    - `orders`: `order` and `key`; `values`: `key` and the attributes that it stands for. Missing is a value.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    orders: pl.DataFrame
    values: pl.DataFrame
    texts: FrozenMap[pl.Series]

    @classmethod
    def of(cls, log: EventLog, by: By, *, columns: Iterable[str] = (), figures: Collection[str] = ()) -> Keys:
        """The keys of a log. `columns`: what the rows have of `stage`, `actor`, `team`, `track`, `figures`: names taken.

        Raises LogError: a name that is neither an attribute nor such a column, or that of a figure.
        """
        import polars as pl

        names = tuple(dict.fromkeys(as_names(by)))
        own = tuple(name for name in names if name in columns)
        attributes = [name for name in names if name not in own]
        _check(log, attributes, own, columns, figures)
        if attributes:
            values = log.orders.select(attributes).unique(maintain_order=True).with_row_index(KEY)
            orders = log.orders.join(values, on=attributes, how="left", nulls_equal=True).select("order", KEY)
        else:
            values = pl.DataFrame({KEY: [0]}, schema={KEY: pl.UInt32})
            orders = log.orders.select("order", pl.lit(0, dtype=pl.UInt32).alias(KEY))
        texts = FrozenMap({name: log.names[name] for name in NAMED if name in log.names})
        return cls(names=names, columns=own, orders=orders, values=values, texts=texts)

    @property
    def codes(self) -> tuple[str, ...]:
        """The columns to group coded rows by."""
        return (KEY, *self.columns)

    def onto(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows, in their order, with the code of their order's attributes as `key`."""
        import polars as pl

        if self.values.width == 1:
            return rows.with_columns(pl.lit(0, dtype=pl.UInt32).alias(KEY))
        return rows.join(self.orders, on="order", how="left", maintain_order="left")

    def named(self, frame: pl.DataFrame, **coded: str) -> pl.DataFrame:
        """A small frame with values for codes, the keys first. `coded`: further coded columns and what they hold."""
        held = {**{name: name for name in self.columns}, **coded}
        frame = frame.with_columns(decode(frame[name], self.texts[of]) for name, of in held.items())
        wide = frame.join(self.values, on=KEY, how="left", maintain_order="left").drop(KEY)
        return wide.select(*self.names, *(name for name in wide.columns if name not in self.names))


def _check(
    log: EventLog, attributes: list[str], own: Iterable[str], columns: Iterable[str], figures: Collection[str]
) -> None:
    known = [name for name in log.orders.columns if name != "order"]
    for name in attributes:
        if name not in known:
            known = [*known, *columns]
            raise LogError.of("log.unknown_attribute", name=name, known=known, suggestion=suggest(name, known))
        if name in figures:
            raise LogError.of("log.by_is_a_figure", name=name)
    for name in own:
        need_column(log, name)


def need_column(log: EventLog, name: str) -> None:
    """Raise LogError when the events do not have this column."""
    if name not in log.events.columns:
        raise LogError.of("log.missing_column", table="events", column=name, columns=log.events.columns)


def need_table(log: EventLog, name: str, columns: Iterable[str]) -> pl.DataFrame:
    """A further table of the log, its columns of the types that are meant: one without any value could have none.

    Raises LogError when it is not there, or lacks a column.
    """
    import polars as pl

    if name not in log.more:
        raise LogError.of("log.no_table", table=name, columns=["order", *columns], known=["events", "orders", *log.more])
    table = log.more[name]
    for column in columns:
        if column not in table.columns:
            raise LogError.of("log.missing_column", table=name, column=column, columns=table.columns)
    types = {**dict.fromkeys(TEXTS, pl.String), **dict.fromkeys(NUMBERS, pl.Float64), "at": pl.Int64, "voided": pl.Boolean}
    return table.with_columns(pl.col(column).cast(types[column]) for column in table.columns if column in types)


def need_stages(log: EventLog, stages: Iterable[str]) -> None:
    """Raise LogError for a stage that never occurs; a log without events has none that is wrong."""
    for stage in stages:
        if len(log) and stage not in log.stages:
            known = sorted(log.stages)
            raise LogError.of("log.unknown_stage", stage=stage, known=known[:20], suggestion=suggest(stage, known))


def need_choice(name: str, value: object, known: Sequence[str]) -> None:
    """Raise LogError for an option that is none of the known ones."""
    if value not in known:
        raise LogError.of("log.unknown_choice", name=name, value=value, known=known, suggestion=suggest(str(value), known))


def stage_codes(log: EventLog, stages: Iterable[str]) -> list[int]:
    """The codes of these stages, those that occur."""
    wanted = set(stages)
    return [code for code, name in enumerate(log.stages) if name in wanted]
