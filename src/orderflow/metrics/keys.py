"""What figures are grouped by: attributes of orders and columns of events, kept as codes until the rows are few."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.groups import OF_EVENTS, By, attribute_codes
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap, as_names
from orderflow.model.reasons import suggest

if TYPE_CHECKING:
    import polars as pl

Stages = str | Collection[str] | None
TEXTS, NUMBERS = ("track", "sla", "kind", "label", "line"), ("score", "ordered", "delivered")  # of further tables


@frozen(kw_only=True, eq=False)
class Keys:
    """The columns that `by=` asks for, as they are called in the result.

    - `attributes`: column -> for each code of an order the code of its value. `columns`: column -> the column of the
      rows that it is, coded there already. `texts`: what the codes of these, and of stages, actors …, stand for.
    """

    names: tuple[str, ...]
    attributes: FrozenMap[pl.Series]
    columns: tuple[str, ...]
    texts: FrozenMap[pl.Series]

    @classmethod
    def of(cls, log: EventLog, by: By, *, columns: Collection[str] = (), figures: Collection[str] = ()) -> Keys:
        """The keys of a log.

        - `columns`: what the rows have of `stage`, `actor`, `team`, `track`. `figures`: the columns of the result
          itself; an attribute that is called so gets `order.` before its name, as in `groups`.
        - Raises LogError: a name that is neither an attribute nor such a column (`log.unknown_attribute`,
          `log.not_of_orders`).
        """
        texts = {name: log.names[name] for name in OF_EVENTS if name in log.names}
        names, attributes, own = [], {}, []
        for name in dict.fromkeys(as_names(by)):
            if name in columns and name in log.names:
                names.append(name)
                own.append(name)
                continue
            key = f"order.{name}" if name in figures else name
            attributes[key], texts[key] = attribute_codes(log, name)
            names.append(key)
        return cls(names=tuple(names), attributes=FrozenMap(attributes), columns=tuple(own), texts=FrozenMap(texts))

    def onto(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows, in their order, with a column of codes for each attribute."""
        found = {name: codes.gather(rows["order"]).alias(name) for name, codes in self.attributes.items()}
        return rows.with_columns(found.values())

    def also(self, **columns: str) -> Keys:
        """The same keys, for rows with further columns of codes: `also(one="actor")`."""
        return evolve(self, texts=FrozenMap({**self.texts, **{name: self.texts[of] for name, of in columns.items()}}))

    def named(self, frame: pl.DataFrame, *more: str) -> pl.DataFrame:
        """A small frame with values for the codes of the keys and of those of `more` that are codes, the keys first."""
        coded = [name for name in more if name in self.texts and frame[name].dtype.is_integer()]
        held = dict.fromkeys([*self.names, *coded])
        wide = frame.with_columns(decode(frame[name], self.texts[name]) for name in held)
        return wide.select(*self.names, *(name for name in wide.columns if name not in self.names))


def need_column(log: EventLog, name: str) -> None:
    """Raise LogError when the events do not have this column."""
    if name == "team" and name not in log.names:
        raise LogError.of("log.no_teams")
    if name not in log.events.columns:
        raise LogError.of("log.missing_column", table="events", column=name, columns=log.events.columns)


def need_table(log: EventLog, name: str, columns: Iterable[str]) -> pl.DataFrame:
    """A further table of the log, its columns of the types that are meant: one without any value could have none.

    Raises LogError when it is not there, or lacks a column.
    """
    import polars as pl

    if name not in log.more:
        raise LogError.of(
            "log.no_table", table=name, columns=["order", *columns], known=["events", "orders", *log.more]
        )
    table = log.more[name]
    for column in columns:
        if column not in table.columns:
            raise LogError.of("log.missing_column", table=name, column=column, columns=table.columns)
    types = {
        **dict.fromkeys(TEXTS, pl.String),
        **dict.fromkeys(NUMBERS, pl.Float64),
        "at": pl.Int64,
        "voided": pl.Boolean,
    }
    return table.with_columns(pl.col(column).cast(types[column]) for column in table.columns if column in types)


def need_stages(log: EventLog, *named: Stages) -> None:
    """Raise LogError (`log.unknown_stage`) for a stage that a caller names and that never occurs in the log.

    - Asked by the public functions, first of all: a shard may lack a stage that the whole log has.
    - A log without events has no stage that is wrong. None names none, a lone text one.
    """
    if len(log):
        check_stages(log.stages, *named)


def check_stages(seen: Iterable[str], *named: Stages) -> None:
    """The same where it is known which stages occurred."""
    known = sorted(seen)
    for stage in (stage for stages in named for stage in as_names(stages) if stage not in known):
        raise LogError.of("log.unknown_stage", stage=stage, known=known[:20], suggestion=suggest(stage, known))


def stage_codes(log: EventLog, stages: Iterable[str]) -> list[int]:
    """The codes of these stages, those that occur."""
    wanted = set(stages)
    return [code for code, name in enumerate(log.stages) if name in wanted]
