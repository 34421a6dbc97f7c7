"""Reading order histories: from any source and format to an EventLog, with all that had to be assumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from orderflow.adapters.asking import need_meaning
from orderflow.adapters.assembling import Orders, assembled, orders_of
from orderflow.adapters.given import Asked, Errors, Given, Progress, share_of
from orderflow.adapters.kinds import one_kind, recognised
from orderflow.adapters.longform import Read, only_entries, orders_gone, read_long
from orderflow.adapters.opening import open_source
from orderflow.adapters.options import Reading, as_said
from orderflow.adapters.orders import id_column
from orderflow.adapters.starts import with_starts
from orderflow.adapters.wide import Stages, read_wide, wide_stages
from orderflow.metrics.codes import need_polars
from orderflow.metrics.keys import need_stages
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason, problem

if TYPE_CHECKING:
    import polars as pl

# Of the work of reading, roughly: the source is opened and taken apart, its events are read.
OPENED, READ = 0.7, 0.9


def read_log(
    source: Any,
    *,
    format: str | None = None,
    cases: Any = None,
    order_id: str | None = None,
    stage: str | None = None,
    at: str | None = None,
    actor: str | None = None,
    team: str | None = None,
    track: str | None = None,
    started_at: str | None = None,
    promised: str | None = None,
    done_stages: Iterable[str] | None = None,
    cancelled_stages: Iterable[str] | None = None,
    stages: Stages | None = None,
    attributes: str | Sequence[str] | None = None,
    lifecycle: str | Sequence[str] | None = None,
    query: Any = None,
    object_type: str | None = None,
    tz: str | None = None,
    encoding: str | None = None,
    time_format: str | None = None,
    errors: Errors = "raise",
    progress: Progress | None = None,
) -> EventLog:
    """Read a history from a file, a database or a frame, and attributes of orders from a second table.

    - `source`: a path (CSV, Parquet or a folder of it, JSON lines, XES, OCEL 2.0 JSON, by its ending or `format`), the
      URL or a connection of a database, with `query`; a frame with the Arrow PyCapsule interface, or columns by name.
    - One row per event, or with `stages` (stage -> column of its times; or the columns) one per order, which is
      guessed too, as are columns that are not named: by the usual English, XES (pm4py) and Chinese names.
    - `cases`: a table with one row per order; its columns become attributes. So do those columns of the events that
      `attributes` names, else those that begin with `case:`. `promised` names the column with the promised time.
    - Times are ISO 8601 and relatives (`2026/1/5 8:03`); others with `time_format`, a strptime pattern; a date alone
      starts its day, as a promise it ends it. Without an offset they are local in `tz`: one in the gap of a change
      to summer time moves forward by the gap, one that happens twice is the first.
    - `done_stages`, `cancelled_stages`: in which an order has ended; they must occur. Where neither they nor `tz` are
      given, it counts what `write_log` said about the log in a Parquet, XES or OCEL file; else nobody knows.
    - `lifecycle`: which `lifecycle:transition` enters a stage; `complete` where it occurs, else all; or `"all"`.
      `object_type`: whose histories to take from OCEL. `started_at`: when the work that an event ends was begun,
      else by the starts of activities, each with its completion.
    - Events that share a time keep the order of the source. An empty actor is missing. Empty lines are skipped.
    - What is wrong raises LogError, all at once, each with lines; with `errors="skip"` such rows are left out.
      What was guessed, assumed, left out or not used is in `log.assumptions`.
    - `progress` is told about which share is done, up to 1. Raises MissingExtraError for a library that is missing.
    """
    need_polars()
    asked = Reading(
        order_id=order_id, stage=stage, at=at, actor=actor, team=team, track=track, started_at=started_at,
        cases=cases, promised=promised, done_stages=done_stages, cancelled_stages=cancelled_stages, stages=stages,
        attributes=attributes, lifecycle=lifecycle, tz=tz, encoding=encoding, time_format=time_format, errors=errors,
    ).check()  # fmt: skip
    need_meaning(source, format, query=query, object_type=object_type, cases=cases)
    columns = tuple(name for name in (*asked.roles.values(), promised, *(asked.attributes or ())) if name is not None)
    way_in = Asked(encoding=encoding, query=query, object_type=object_type, columns=columns, errors=errors)
    return _read_log(source, format, asked, way_in, progress)


def _read_log(source: Any, form: str | None, asked: Reading, way_in: Asked, progress: Progress | None) -> EventLog:
    """The log that `asked` describes; `way_in`: how the source is opened."""
    tell, named = progress or (lambda _share: None), asked.ends
    given, own = open_source(source, form, evolve(way_in, progress=share_of(progress, OPENED)))
    tell(OPENED)
    asked, said = as_said(asked, given.about)
    given, entries = _entries(given, asked)
    read = _read(given, own, asked)
    tell(READ)
    second = None if asked.cases is None else open_source(asked.cases, None, evolve(way_in, table="cases"))[0]
    tables = _orders(read, second, asked)
    log = assembled(read, tables, asked, [*given.assumptions, *entries])
    if not len(log) and read.given.skipped:
        raise LogError([problem("log.no_rows_left", given.at(None)), *read.given.skipped])
    need_stages(log, named)
    tell(1.0)
    return evolve(log, assumptions=(*log.assumptions, *said))


def read_table(
    source: Any,
    *,
    format: str | None = None,
    encoding: str | None = None,
    query: Any = None,
    object_type: str | None = None,
) -> pl.DataFrame:
    """A table of any source that `read_log` reads, as a polars frame: for `log.join`.

    - Of XES it has the traces, of OCEL the objects of `object_type`, with their attributes; else the rows.
    - Columns of CSV files are numbers where all their values plainly are, else texts. Raises LogError as `read_log`.
    """
    import polars as pl

    need_polars()
    asked = Asked(table="cases", encoding=encoding, query=query, object_type=object_type)
    rows, orders = open_source(source, format, asked)
    given = (rows if orders is None else orders).without((), "raise")
    kind = recognised if given.texts else one_kind
    return pl.DataFrame({name: kind(given.frame[name]) for name in given.columns})


def _entries(given: Given, asked: Reading) -> tuple[Given, list[Reason]]:
    """The rows that enter a stage, with the starts of those that were begun before."""
    kept, told = only_entries(given, asked.lifecycle)
    gone = orders_gone(given, kept, asked.order_id)
    kept, more = with_starts(given, kept, asked.roles, asked.way)
    return kept, [*told, *gone, *more]


def _read(given: Given, own: Given | None, asked: Reading) -> Read:
    """The events of a table, whether it has one row per event or one row per order."""
    long = own is not None or asked.stage is not None or asked.at is not None
    wide = wide_stages(given, asked.stages, asked.order_id) if asked.stages is not None or not long else None
    if wide is not None:
        told = asked.stages is not None
        return read_wide(given, wide, asked.roles, attributes=asked.attributes, told=told, way=asked.way)
    return read_long(given, own, asked.roles, attributes=asked.attributes, promised=asked.promised, way=asked.way)


def _orders(read: Read, second: Given | None, asked: Reading) -> list[Orders]:
    """The tables of orders: that of the source itself, and the one that was given beside it."""
    promised, tables = asked.promised, []
    where = second if second is not None and (promised is None or promised in second.columns) else read.orders
    if promised is not None and where is None:
        if second is None:
            raise LogError.of("log.promise_needs_cases")
        where = second  # which says that it has no such column
    for table in (read.orders, second):
        if table is not None:
            own = table is read.orders
            ids = read.orders_id if own else id_column(table, read.order_id)
            tables.append(orders_of(table, ids, promised if table is where else None, asked, own=own))
    return tables
