"""Reading a source in parts: what the caller said, which columns are read, and the log of some of the rows.

The same for shards on one machine and for partitions on an engine, so that both read what `read_log` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderflow.adapters.assembling import Orders, assembled, orders_of
from orderflow.adapters.choosing import choose
from orderflow.adapters.columns import AT, ORDER, PROMISED, STAGE, STARTED, TABLES, Role, guess, plain
from orderflow.adapters.given import LINES, ROW, ROWS, Asked, Given
from orderflow.adapters.kinds import one_kind
from orderflow.adapters.longform import (
    COMPLETE,
    INSTANCE,
    LIFECYCLE,
    PREFIX,
    STARTS,
    Way,
    need_lifecycle,
    only_entries,
    read_long,
    unknown_attributes,
)
from orderflow.adapters.opening import open_source
from orderflow.adapters.options import Reading
from orderflow.adapters.orders import id_column
from orderflow.adapters.starts import START, with_starts
from orderflow.adapters.wide import read_wide, wide_stages
from orderflow.metrics.codes import number_text
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

SEED = 5  # of the hash by which orders are dealt out


@frozen(kw_only=True, eq=False)
class Columns:
    """Which columns of a source are read, and as what: decided once, the same for every part.

    - `entries`, `instance`: the columns with the life cycle of activities and its instances, if there are such.
    - `kept`: the kinds of entries that enter a stage, where starts are read too, to be paired with completions.
    - `stages`: stage -> column of its times, where there is one row per order.
    """

    roles: Mapping[Role, str | None]
    attributes: tuple[str, ...]
    promise: str | None
    entries: str | None
    instance: str | None
    guesses: tuple[Reason, ...] = ()
    unused: tuple[str, ...] = ()
    kept: tuple[str | None, ...] | None = None
    stages: Mapping[str, str] | None = None

    @property
    def assumptions(self) -> tuple[Reason, ...]:
        """What was guessed of the columns, and which are not used."""
        unused = [name for name in self.unused if self.kept is None or name != self.instance]
        return (
            *self.guesses,
            *([reason("log.unused_columns", columns=unused, table=TABLES["events"])] if unused else []),
        )

    @property
    def order_id(self) -> str:
        return self.roles[ORDER] or ORDER.parameter  # the first is always there: it is needed

    @property
    def needed(self) -> list[str]:
        """The columns that are read, once each."""
        paired = [] if self.kept is None else [self.entries, self.instance]
        chosen = [*self.roles.values(), *(self.stages or {}).values(), *self.attributes, self.promise, *paired]
        return list(dict.fromkeys(name for name in chosen if name is not None))


def columns_of(empty: pl.DataFrame, asked: Reading, file: str | None = None, *, lines: bool = False) -> Columns:
    """Which columns of a source are what, by their names; `empty` has the source's columns, its rows do not matter.
    `lines`: the file has lines, of which the first names the columns.

    Raises LogError for columns that are not there or not told apart.
    """
    given = rows_given(empty.with_row_index(ROW), file)
    given = evolve(given, unit=LINES, head=1) if lines else given
    if asked.stages is not None:
        return _wide_columns(given, asked)
    chosen, assumptions, problems = choose(given, asked.roles, needed=(ORDER, STAGE, AT))
    problems += unknown_attributes(given, asked.attributes, given.columns)
    if problems:
        if any(item.code == "log.column_not_guessed" and item.params["role"] != ORDER.title for item in problems):
            problems.append(problem("log.wide_in_parts", given.at(given.head)))
        raise LogError(problems)
    attributes: Sequence[str] | None = asked.attributes
    if attributes is None:
        attributes = [name for name in given.columns if name.startswith(PREFIX) and name not in chosen.values()]
    promise = asked.promised or guess(PROMISED.names, given.columns)
    entries = next((name for name in given.columns if plain(name) == plain(LIFECYCLE)), None)
    if entries is None:
        need_lifecycle(asked.lifecycle)
    columns = Columns(
        roles={role: chosen.get(role.parameter) for role in asked.roles},
        attributes=tuple(attributes),
        promise=promise if promise in given.columns else None,
        entries=entries,
        instance=next((name for name in given.columns if plain(name) == plain(INSTANCE)), None),
        guesses=tuple(assumptions),
    )
    return evolve(columns, unused=tuple(n for n in given.columns if n not in (*columns.needed, columns.entries)))


def _wide_columns(given: Given, asked: Reading) -> Columns:
    """The same for a table with one row per order, of which the caller named the columns with the times of stages."""
    stages = wide_stages(given, asked.stages, asked.order_id)
    wanted = {role: name for role, name in asked.roles.items() if role is ORDER or name is not None}
    chosen, assumptions, problems = choose(given, wanted, needed=(ORDER,))
    if problems:
        raise LogError(problems)
    taken = {*(stages or {}).values(), *chosen.values()}
    promise = asked.promised or guess(PROMISED.names, given.columns)
    return Columns(
        roles={role: chosen.get(role.parameter) for role in asked.roles},
        attributes=tuple(name for name in given.columns if name not in taken),
        promise=promise if promise in given.columns else None,
        entries=None,
        instance=None,
        guesses=tuple(assumptions),
        stages=FrozenMap(stages),
    )


def kept_entries(
    counts: Mapping[str | None, int], wanted: str | Sequence[str] | None
) -> tuple[list[str | None], list[Reason]]:
    """Which transitions of the life cycle of activities count, and what is left out: `only_entries` for a source of
    which only the values of that column and their counts are known."""
    import polars as pl

    kinds = pl.DataFrame({LIFECYCLE: list(counts)}, schema={LIFECYCLE: pl.String}).with_row_index(ROW)
    kept, told = only_entries(rows_given(kinds, None), wanted)
    lowered: dict[str, int] = {}
    for kind, count in counts.items():
        if kind is not None:
            lowered[_lower(kind)] = lowered.get(_lower(kind), 0) + count
    corrected = [
        reason(item.code, **{**item.params, "left_out": {kind: lowered[kind] for kind in item.params["left_out"]}})
        for item in told
    ]
    return kept.frame[LIFECYCLE].to_list(), corrected


def read_entries(
    columns: Columns, counts: Mapping[str | None, int], wanted: str | Sequence[str] | None
) -> tuple[Columns, list[str | None], list[Reason]]:
    """Which kinds of entries are read - those that enter a stage, and the starts that are paired with completions -
    and what is left out."""
    kept, told = kept_entries(counts, wanted)
    entering = {_lower(kind) for kind in kept if kind is not None}
    starts = [kind for kind in counts if kind is not None and _lower(kind) == START]
    if columns.roles[STARTED] is not None or not starts or START in entering or COMPLETE not in entering:
        return columns, kept, told
    return evolve(columns, kept=tuple(kept)), [*kept, *starts], told


def _lower(kind: str) -> str:
    """A transition as it is compared."""
    return kind.strip().lower()


def _entered(rows: Given, columns: Columns, way: Way) -> tuple[Given, list[Reason]]:
    """The rows that enter a stage, each with its start; the column of starts is there even if none was found."""
    import polars as pl

    if columns.kept is None or columns.entries is None:
        return rows, []
    kinds = pl.lit(pl.Series(columns.kept, dtype=pl.String)).implode()
    entering = rows.frame.filter(pl.col(columns.entries).cast(pl.String).is_in(kinds, nulls_equal=True))
    found, told = with_starts(rows, evolve(rows, frame=entering), columns.roles, way)
    if STARTS not in found.columns:
        unknown = pl.lit(None, dtype=rows.frame[columns.roles[AT] or ""].dtype).alias(STARTS)
        defaults = found.defaults.set(STARTED.parameter, STARTS)
        found = evolve(found, frame=found.frame.with_columns(unknown), defaults=defaults)
    return found, told


def rows_given(
    frame: pl.DataFrame, file: str | None, number: Callable[[int], int] = lambda position: position + 1
) -> Given:
    """Some rows of a source, whose column ROW has their positions in all of it, as a table that readers take.

    `number`: from a position to what a person counts by.
    """
    return Given(
        table="events",
        file=file,
        frame=frame,
        number=lambda positions: [number(position) for position in positions],
        unit=ROWS,
    )


def log_of_rows(rows: Given, columns: Columns, asked: Reading, cases: pl.DataFrame | None) -> EventLog:
    """The log of some rows of a source, all rows of each order. `cases`: what the table of orders says about them.

    Raises LogError for wrong rows, unless they are to be skipped.
    """
    promised = asked.promised if asked.promised == columns.promise else None
    rows, paired = _entered(rows, columns, asked.way)
    if columns.stages is not None:
        read = read_wide(rows, columns.stages, columns.roles, attributes=asked.attributes, told=True, way=asked.way)
    else:
        read = read_long(rows, None, columns.roles, attributes=asked.attributes, promised=promised, way=asked.way)
    tables = []
    if read.orders is not None:
        tables.append(orders_of(read.orders, read.orders_id, promised, asked, own=True))
    if cases is not None:
        tables.append(Orders(table=cases, own=False))
    return assembled(read, tables, asked, paired)


def read_cases(asked: Reading, columns: Columns) -> tuple[pl.DataFrame | None, list[Reason]]:
    """The table of orders, whole, and what was assumed about it. Raises LogError as `read_log`."""
    if asked.cases is None:
        if asked.promised is not None and columns.promise is None:
            raise LogError.of("log.promise_needs_cases")
        return None, []
    given = open_source(asked.cases, None, Asked(table="cases", encoding=asked.encoding, errors=asked.errors))[0]
    elsewhere = asked.promised == columns.promise and asked.promised not in given.columns
    promised = None if elsewhere else asked.promised
    found = orders_of(given, id_column(given, columns.order_id), promised, asked, own=False)
    assumed = [reason("log.assumed_zone")] if asked.tz is None and found.local else []
    return found.table, [*found.told, *assumed]


def dealt(column: str, n: int, kind: pl.DataType | None = None) -> pl.Expr:
    """The number of the shard, from 0, of each order id; the same for ids that are equal as texts.

    `kind`: of a column whose ids may not be texts yet.
    """
    import polars as pl

    ids = pl.col(column)
    if kind is not None and (kind.is_float() or kind.is_decimal() or kind == pl.Binary):
        text = one_kind if kind == pl.Binary else number_text  # bytes that are no text: reading them says so
        return ids.map_batches(text, return_dtype=pl.String, is_elementwise=True).hash(seed=SEED) % n
    return ids.cast(pl.String).hash(seed=SEED) % n
