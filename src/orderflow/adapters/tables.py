"""Reading order histories: from any source and format to an EventLog, with all that had to be assumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from orderflow.adapters.about import About, used
from orderflow.adapters.asking import Said, need_meaning
from orderflow.adapters.choosing import about_blanks
from orderflow.adapters.columns import ACTOR, AT, ORDER, STAGE, STARTED, TEAM, TRACK, Role
from orderflow.adapters.given import Asked, Errors, Given, Progress, left_out
from orderflow.adapters.kinds import one_kind, recognised
from orderflow.adapters.longform import Read, Way, only_entries, orders_gone, read_long
from orderflow.adapters.opening import open_source
from orderflow.adapters.orders import about_orders, id_column, read_orders, together
from orderflow.adapters.starts import with_starts
from orderflow.adapters.wide import Stages, read_wide, wide_stages
from orderflow.metrics.codes import need_polars
from orderflow.metrics.instants import zone
from orderflow.metrics.keys import need_stages
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    import polars as pl


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
    - Times are ISO 8601 and relatives (`2026/1/5 8:03`), or as `time_format` says (strptime); a date alone starts its
      day, as a promise it ends it. Without an offset: local in `tz`, in a gap later by the gap, of two the first.
    - `done_stages`, `cancelled_stages`: in which an order has ended; they must occur. Where neither they nor `tz` are
      given, it counts what `write_log` said about the log in a Parquet, XES or OCEL file; else nobody knows.
    - `lifecycle`: which `lifecycle:transition` enters a stage; `complete` where it occurs, else all; or `"all"`.
      `object_type`: whose histories to take from OCEL. `started_at`: when the work that an event ends was begun,
      else by the starts of activities, each with its completion.
    - Events that share a time keep the order of the source. An empty actor is missing. Empty lines are skipped.
    - What is wrong raises LogError, all at once, each with lines; with `errors="skip"` such rows are left out.
      What was guessed, assumed, left out or not used is in `log.assumptions`.
    - `progress` is told the share that is read, from 0 to 1. Raises MissingExtraError for a library that is missing.
    """
    need_polars()
    way = _way(tz, time_format, errors)
    named = {ORDER: order_id, STAGE: stage, AT: at, ACTOR: actor, TEAM: team, TRACK: track, STARTED: started_at}
    said = Said.of(done_stages, cancelled_stages, stages, attributes, lifecycle)
    columns = tuple(name for name in (*named.values(), promised, *(said.attributes or ())) if name is not None)
    asked = Asked(
        encoding=encoding, query=query, object_type=object_type, columns=columns, errors=errors, progress=progress
    )
    given, own = _opened(source, format, asked, cases)
    way = way if tz is not None else evolve(way, tz=_zone_of(given.about))
    given, entries = _entries(given, said.lifecycle, named, way)
    read = _read(given, own, named, said.stages, said.attributes, promised, way)
    second = None if cases is None else open_source(cases, None, evolve(asked, table="cases", progress=None))[0]
    log = _log(read, second, promised, way, [*given.assumptions, *entries], tz is None and given.about.tz is None)
    return _ending(log, tz, said.done, said.cancelled, given.about)


def _opened(source: Any, form: str | None, asked: Asked, cases: Any) -> tuple[Given, Given | None]:
    """The tables of a source, of which all that was asked has a meaning."""
    need_meaning(source, form, query=asked.query, object_type=asked.object_type, cases=cases)
    return open_source(source, form, asked)


def read_table(source: Any, *, encoding: str | None = None, query: Any = None) -> pl.DataFrame:
    """A table of any format that `read_log` reads row by row, as a polars frame: for `log.join`.

    Columns of CSV files are numbers where all their values plainly are, else texts. Raises LogError as `read_log`.
    """
    import polars as pl

    need_polars()
    given, _orders = open_source(source, None, Asked(table="cases", encoding=encoding, query=query))
    given = given.without((), "raise")
    kind = recognised if given.texts else one_kind
    return pl.DataFrame({name: kind(given.frame[name]) for name in given.columns})


def _entries(
    given: Given, wanted: str | Sequence[str] | None, named: Mapping[Role, str | None], way: Way
) -> tuple[Given, list[Reason]]:
    """The rows that enter a stage, with the starts of those that were begun before."""
    kept, told = only_entries(given, wanted)
    gone = orders_gone(given, kept, named[ORDER])
    kept, more = with_starts(given, kept, named, way)
    return kept, [*told, *gone, *more]


def _log(
    read: Read, second: Given | None, promised: str | None, way: Way, told: Sequence[Reason], assumed: bool
) -> EventLog:
    """The log of what was read; `told`: what was assumed before, `assumed`: nobody has said in which zone times are."""
    orders, more, local = _orders(read, second, promised, way)
    if assumed and read.local + local:
        more.append(reason("log.assumed_zone"))
    assumptions = [*told, *read.assumptions, *left_out(read.given), *more]
    log = EventLog.from_columns(read.events, orders, tz=way.tz, assumptions=assumptions)
    return evolve(log, assumptions=(*log.assumptions, *about_blanks(log.orders["id"], log.names["stage"])))


def _ending(log: EventLog, tz: str | None, done: tuple[str, ...], cancelled: tuple[str, ...], about: About) -> EventLog:
    """The log with the stages that end an order: those that were named, which must occur, else as the file says."""
    need_stages(log, (*done, *cancelled))
    said = About(tz=tz, done_stages=frozenset(done) or None, cancelled_stages=frozenset(cancelled) or None)
    return evolve(
        log,
        done_stages=said.done_stages or about.done_stages,
        cancelled_stages=said.cancelled_stages or about.cancelled_stages,
        assumptions=(*log.assumptions, *used(about, said)),
    )


def _zone_of(about: About) -> str:
    """The zone that a file names for its log, else UTC. Raises LogError for one that there is not."""
    zone(about.tz or "UTC")
    return about.tz or "UTC"


def _way(tz: str | None, time_format: str | None, errors: Errors) -> Way:
    if errors not in ("raise", "skip"):
        raise LogError.of("log.unknown_errors", value=errors)
    zone(tz or "UTC")
    return Way(tz=tz or "UTC", form=time_format, errors=errors)


def _read(
    given: Given,
    own: Given | None,
    named: Mapping[Role, str | None],
    stages: Stages | None,
    attributes: Sequence[str] | None,
    promised: str | None,
    way: Way,
) -> Read:
    """The events of a table, whether it has one row per event or one row per order."""
    long = own is not None or named[STAGE] is not None or named[AT] is not None
    wide = wide_stages(given, stages, named[ORDER]) if stages is not None or not long else None
    if wide is not None:
        return read_wide(given, wide, named, attributes=attributes, told=stages is not None, way=way)
    return read_long(given, own, named, attributes=attributes, promised=promised, way=way)


def _orders(
    read: Read, second: Given | None, promised: str | None, way: Way
) -> tuple[Mapping[str, pl.Series] | None, list[Reason], int]:
    """The columns of all tables of orders, what was assumed about them, and how many promises had no offset."""
    tables, told, local = [], list[Reason](), 0
    where = second if second is not None and (promised is None or promised in second.columns) else read.orders
    if promised is not None and where is None:
        if second is None:
            raise LogError.of("log.promise_needs_cases")
        where = second  # which says that it has no such column
    for table in (read.orders, second):
        if table is None:
            continue
        ids = read.orders_id if table is read.orders else id_column(table, read.order_id)
        found, kept, assumptions, repaired = read_orders(table, ids, promised if table is where else None, way)
        told += [*table.assumptions, *assumptions, *left_out(kept)]
        told += about_orders(read.events["order"], found["order"], own=table is read.orders)
        tables.append(found)
        local += repaired
    return together(tables), told, local
