"""What figures are grouped by: attributes of orders and columns of events, kept as codes until the rows are few."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.groups import OF_EVENTS, By, attribute_codes
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import BY
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap, as_names
from orderflow.model.reasons import suggest

if TYPE_CHECKING:
    import polars as pl

STEPS = {"actor": "giver", "stage": "source"}  # what columns of events are called in a table of steps
Stages = str | Collection[str] | None
TEXTS, NUMBERS = ("track", "sla", "kind", "label", "line"), ("score", "ordered", "delivered")  # of further tables


@frozen(kw_only=True, eq=False)
class Keys:
    """What `by=` asks for, as columns of codes beside the rows of a calculator.

    - `names`: these columns, as they are asked for. `attributes`: those of them that are attributes, for each code of
      an order the code of its value; `table_of` says how they are called. `columns`: those that the rows have already.
    - `texts`: what the codes of these, and of stages, actors …, stand for; a missing code is a missing value.
    """

    names: tuple[str, ...]
    attributes: FrozenMap[pl.Series]
    columns: tuple[str, ...]
    texts: FrozenMap[pl.Series]

    @classmethod
    def of(cls, log: EventLog, by: By, *, columns: Collection[str] = ()) -> Keys:
        """The keys of a log; `columns`: what the rows have of `stage`, `actor`, `team`, `track`.

        Raises LogError: a name that is neither an attribute nor such a column (`log.unknown_attribute`,
        `log.not_of_orders`).
        """
        texts = {name: log.names[name] for name in OF_EVENTS if name in log.names}
        names, attributes = [], {}
        for name in dict.fromkeys(as_names(by)):
            own = name in columns and name in log.names
            names.append(name if own else BY + name)
            if not own:
                attributes[BY + name], texts[BY + name] = attribute_codes(log, name)
        there = tuple(name for name in names if name not in attributes)
        return cls(names=tuple(names), attributes=FrozenMap(attributes), columns=there, texts=FrozenMap(texts))

    def and_more(self, *more: str) -> tuple[str, ...]:
        """The columns of the keys and further ones, each once."""
        return tuple(dict.fromkeys((*self.names, *more)))

    def onto(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows, in their order, with a column of codes for each attribute."""
        return rows.with_columns(codes.gather(rows["order"]).alias(name) for name, codes in self.attributes.items())

    def onto_steps(self, log: EventLog) -> pl.DataFrame:
        """The steps of the log (`EventLog.steps`), each with the keys of the event that begins it."""
        import polars as pl

        there = {name: STEPS.get(name, name) for name in self.columns}
        rows = log.steps
        if further := [column for column in there.values() if column not in rows.columns]:
            rows = rows.hstack(log.at_steps(*further))
        return self.onto(rows.with_columns(pl.col(column).alias(name) for name, column in there.items()))

    def also(self, **columns: str) -> Keys:
        """The same keys, for rows with further columns of codes: `also(one="actor")`."""
        return evolve(self, texts=FrozenMap({**self.texts, **{name: self.texts[of] for name, of in columns.items()}}))

    def is_code(self, rows: pl.DataFrame, name: str) -> bool:
        """Whether a column of the rows has codes; else it has values."""
        return name in self.texts and rows.schema[name].is_integer()

    def named(self, frame: pl.DataFrame, *more: str) -> pl.DataFrame:
        """A frame with values for the codes of the keys and of `more`, these columns first."""
        first = self.and_more(*more)
        wide = frame.with_columns(decode(frame[name], self.texts[name]) for name in first if self.is_code(frame, name))
        return wide.select(*first, *(name for name in wide.columns if name not in first))


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


def need_stages(log: EventLog, *named: Stages, ends: Iterable[Stages] = ()) -> None:
    """Raise LogError (`log.unknown_stage`) for a stage that a caller names and that never occurs in the log.

    - `ends`: stages in which orders end. Perhaps none has been cancelled yet: of these only one is wrong that looks
      like a stage that does occur.
    - Asked by the public functions, first of all: a shard may lack a stage that the whole log has.
    - A log without events has no stage that is wrong. None names none, a lone text one.
    """
    if len(log):
        check_stages(log.stages, *named, ends=ends)


def check_stages(seen: Iterable[str], *named: Stages, ends: Iterable[Stages] = ()) -> None:
    """The same where it is known which stages occurred; where none did, none that is named is wrong."""
    known = sorted(seen)
    for stages, must in (*((item, True) for item in named), *((item, False) for item in ends)):
        for stage in (stage for stage in as_names(stages) if known and stage not in known):
            meant = suggest(stage, known)
            if must or meant is not None:
                raise LogError.of("log.unknown_stage", stage=stage, known=known[:20], suggestion=meant)


def stage_codes(log: EventLog, stages: Iterable[str]) -> list[int]:
    """The codes of these stages, those that occur."""
    wanted = set(stages)
    return [code for code, name in enumerate(log.stages) if name in wanted]
