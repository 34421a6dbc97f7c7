"""Reading order histories from files: the only door to polars beside `orderflow.metrics`."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from itertools import dropwhile, islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.adapters.columns import (
    ACTOR,
    AT,
    ORDER,
    PROMISED,
    STAGE,
    TABLES,
    TEAM,
    Role,
    find,
    guess,
    guessed,
    not_guessed,
    rows,
    separator,
    to_utf8,
)
from orderflow.metrics.codes import blank_to_missing, need_polars
from orderflow.metrics.instants import AMBIGUOUS, Times, read_texts, zone
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, Problem, Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

ROW = "\0row"  # the position of a row in its file, counted from 0 without the header; no file has such a column
SHOWN = 5  # how many lines and values a problem names
RESERVED = ("order", "id", "promised_at")  # the log's own columns of its table of orders
WHOLE = r"^-?(0|[1-9]\d{0,17})$"
DECIMAL = r"^-?(0|[1-9]\d*)(\.\d+)?$"


def read_log(
    path: str | os.PathLike[str],
    *,
    cases: str | os.PathLike[str] | None = None,
    order_id: str | None = None,
    stage: str | None = None,
    at: str | None = None,
    actor: str | None = None,
    team: str | None = None,
    promised: str | None = None,
    tz: str | None = None,
    encoding: str | None = None,
    time_format: str | None = None,
) -> EventLog:
    """Read a history from a CSV file with one row per event, and attributes of orders from a second one.

    - Columns that are not named are guessed by the usual English, XES (pm4py) and Chinese names; separators are
      comma, semicolon or tab; UTF-8 or, recognised by its Chinese, GB18030. Guesses are in `log.assumptions`.
    - `cases`: one row per order. Its columns become attributes (numbers as numbers, anything else as text);
      `promised` names the column with the promised time, of which a bare date means the end of that day.
    - Times: ISO 8601 and relatives (`2026/1/5 8:03`); others with `time_format`, a strptime pattern. Without an
      offset they are local in `tz` (UTC when not given, which is an assumption): one in the gap of a change to
      summer time moves forward by the gap, one that happens twice is the first.
    - Events that share a time keep the order of the file. An empty actor is missing. Empty lines are skipped.
      Orders with events but no case, and the reverse, are kept and counted in the assumptions.
    - Raises LogError with all problems of a file at once, each with lines: a file that is no CSV, a wrong
      encoding, no rows, missing columns, rows without order id or stage, unreadable or ambiguous times, an
      order with two case rows. Raises MissingExtraError without polars.
    """
    need_polars()
    days = tz or "UTC"
    zone(days)
    if promised is not None and cases is None:
        raise LogError.of("log.promise_needs_cases")
    source = _open(path, "events", encoding)
    named = {ORDER: order_id, STAGE: stage, AT: at, ACTOR: actor, TEAM: team}
    columns, assumptions = _choose(source, named, needed=(ORDER, STAGE, AT))
    events, times = _events(source, columns, days, time_format)
    assumptions += _about_times(times, columns["at"], days)
    local = times.local
    orders: dict[str, pl.Series] | None = None
    if cases is not None:
        second = _open(cases, "cases", encoding)
        orders, more, local_promises = _cases(second, columns["order_id"], promised, days, time_format)
        assumptions += more + _about_orders(events["order"], orders["order"])
        local += local_promises
    if tz is None and local:
        assumptions.append(reason("log.assumed_zone"))
    return EventLog.from_columns(events, orders, tz=days, assumptions=assumptions)


@frozen(kw_only=True, eq=False)
class _Source:
    """A table file as it was read: every field a text, an empty one missing, empty lines left out."""

    table: str
    file: str
    content: bytes
    between: str
    frame: pl.DataFrame
    assumptions: tuple[Reason, ...]

    @property
    def columns(self) -> list[str]:
        return [name for name in self.frame.columns if name != ROW]

    def lines(self, where: pl.Series) -> list[int]:
        """The line numbers of the first few rows for which `where` is true."""
        wanted = self.frame.filter(where)[ROW].head(SHOWN).to_list()
        starts = (line for line, _row in dropwhile(_is_empty, rows(self.content, self.between)))
        next(starts)  # the header
        return list(islice((line for position, line in enumerate(starts) if position in wanted), len(wanted)))

    def place(self, lines: Sequence[int]) -> Place:
        return Place(file=self.file, line=lines[0] if lines else None)


def _open(path: str | os.PathLike[str], table: str, encoding: str | None) -> _Source:
    from pathlib import Path

    file = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise LogError([problem("log.cannot_open", Place(file=file), detail=detail)]) from None
    content, guessed_encoding = to_utf8(data, encoding, file)
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")  # as old programs end their lines
    between = separator(content)
    assumptions = []
    if guessed_encoding:
        assumptions.append(reason("log.guessed_encoding", encoding=guessed_encoding, table=TABLES[table]))
    if between != ",":
        assumptions.append(reason("log.guessed_separator", separator=between, table=TABLES[table]))
    frame = _parse(content, between, file)
    if not frame.height:
        raise LogError([problem("log.no_rows", Place(file=file))])
    return _Source(
        table=table, file=file, content=content, between=between, frame=frame, assumptions=tuple(assumptions)
    )


def _parse(content: bytes, between: str, file: str) -> pl.DataFrame:
    """The rows as texts, with their position; rows in which every field is empty are left out."""
    import polars as pl

    try:
        frame = pl.read_csv(content, separator=between, infer_schema=False)
    except pl.exceptions.NoDataError:
        raise LogError([problem("log.no_rows", Place(file=file))]) from None
    except pl.exceptions.PolarsError:  # the standard library reads more, and knows the line of what it cannot read
        frame = _parse_slowly(content, between, file)
    return frame.with_row_index(ROW).filter(pl.any_horizontal(pl.all().exclude(ROW).is_not_null()))


def _parse_slowly(content: bytes, between: str, file: str) -> pl.DataFrame:
    import polars as pl

    line, found = 0, []
    try:
        for line, row in dropwhile(_is_empty, rows(content, between, strict=True)):
            found.append((line, row))
    except csv.Error as error:
        place = Place(file=file, line=found[-1][0] + 1 if found else 1)
        raise LogError([problem("log.broken_csv", place, detail=str(error))]) from None
    header = found[0][1]
    if long := [line for line, row in found if len(row) > len(header)]:
        place = Place(file=file, line=long[0])
        raise LogError([problem("log.long_rows", place, count=len(long), width=len(header), lines=long[:SHOWN])])
    padded = [[cell or None for cell in row] + [None] * (len(header) - len(row)) for _line, row in found[1:]]
    names = [name if name not in header[:n] else f"{name}_duplicated_{n}" for n, name in enumerate(header)]
    return pl.DataFrame(padded, schema=dict.fromkeys(names, pl.String), orient="row")


def _is_empty(row: tuple[int, list[str]]) -> bool:
    return not any(row[1])


def _choose(
    source: _Source, named: Mapping[Role, str | None], needed: Sequence[Role]
) -> tuple[dict[str, str], list[Reason]]:
    """The column of each role by parameter name, and what had to be guessed for that."""
    columns, guesses, problems = {}, {}, []
    for role, name in named.items():
        column, wrong = find(role, name, source.columns, source.file)
        if wrong is not None:
            problems.append(wrong)
        elif column is not None:
            columns[role.parameter] = column
            guesses.update({} if name else {role.parameter: column})
            if any(other.startswith(f"{column}_duplicated_") for other in source.columns):
                problems.append(problem("log.column_twice", Place(file=source.file, line=1), column=column))
        elif role in needed:
            problems.append(not_guessed(role, source.columns, source.file))
    if problems:
        raise LogError(problems)
    assumptions = [*source.assumptions, *([guessed(guesses, source.table)] if guesses else [])]
    if ACTOR in named and "actor" not in columns:
        assumptions.append(reason("log.no_actor_column"))
    if source.table == "events" and (unused := [name for name in source.columns if name not in columns.values()]):
        assumptions.append(reason("log.unused_columns", columns=unused, table=TABLES[source.table]))
    return columns, assumptions


def _events(
    source: _Source, columns: Mapping[str, str], tz: str, form: str | None
) -> tuple[dict[str, pl.Series], Times]:
    frame = source.frame
    problems = _missing(source, ORDER, columns["order_id"]) + _missing(source, STAGE, columns["stage"])
    times = read_texts(frame[columns["at"]], tz, form=form)
    problems += _bad_times(source, columns["at"], times.micros.is_null(), form)
    if problems:
        raise LogError(problems)
    events = {"order": frame[columns["order_id"]], "stage": frame[columns["stage"]], "at": times.micros}
    return events | {name: frame[columns[name]] for name in ("actor", "team") if name in columns}, times


def _missing(source: _Source, role: Role, column: str) -> list[Problem]:
    missing = blank_to_missing(source.frame[column]).is_null()
    if not missing.any():
        return []
    lines = source.lines(missing)
    words: dict[str, Any] = {"role": role.title, "column": column, "count": int(missing.sum()), "lines": lines}
    return [problem("log.missing_in_rows", source.place(lines), **words)]


def _bad_times(source: _Source, column: str, bad: pl.Series, form: str | None) -> list[Problem]:
    ambiguous = bad & source.frame[column].str.contains(AMBIGUOUS).fill_null(False)
    codes = {"log.times_ambiguous": ambiguous, "log.times_unreadable": bad & ~ambiguous}
    problems = []
    for code, where in codes.items() if form is None else [("log.times_do_not_fit", bad)]:
        if where.any():
            values = source.frame[column].filter(where).fill_null("")
            lines, shown = source.lines(where), [repr(value) for value in values.head(SHOWN)]
            words: dict[str, Any] = {"count": len(values), "column": column, "lines": lines, "values": shown}
            problems.append(problem(code, source.place(lines), form=form, **words))
    return problems


def _cases(
    source: _Source, order_column: str, promised: str | None, tz: str, form: str | None
) -> tuple[dict[str, pl.Series], list[Reason], int]:
    """The columns of the orders, what was assumed, and how many promises had no offset."""
    frame = source.frame
    own = order_column if order_column in source.columns else guess(ORDER.names, source.columns)
    if own is None:
        place = Place(file=source.file, line=1)
        raise LogError([problem("log.cases_without_order_id", place, expected=order_column, columns=source.columns)])
    columns, assumptions = _choose(source, {PROMISED: promised}, needed=())
    _check_cases(source, own)
    orders = {"order": frame[own]}
    for name in source.columns:
        if name != own:
            orders[f"cases.{name}" if name in RESERVED else name] = _typed(frame[name])
    if "promised" not in columns:
        return orders, assumptions, 0
    column = columns["promised"]
    texts = blank_to_missing(frame[column])
    times = read_texts(texts, tz, form=form, ends_day=True)
    bad = times.micros.is_null() & texts.is_not_null()
    if form is not None and bad.any():  # the pattern was meant for the events
        times = read_texts(texts, tz, ends_day=True)
        bad = times.micros.is_null() & texts.is_not_null()
    if problems := _bad_times(source, column, bad, None):
        raise LogError(problems)
    if column == "promised_at":
        del orders["cases.promised_at"]
    return orders | {"promised_at": times.micros}, assumptions + _about_promises(times, column, tz), times.local


def _check_cases(source: _Source, column: str) -> None:
    ids = blank_to_missing(source.frame[column])
    problems = _missing(source, ORDER, column)
    if (again := ids.is_duplicated() & ids.is_not_null()).any():
        lines, repeated = source.lines(again), ids.filter(again).unique(maintain_order=True)
        words: dict[str, Any] = {"count": len(repeated), "orders": repeated.head(SHOWN).to_list(), "lines": lines}
        problems.append(problem("log.orders_repeated", source.place(lines), **words))
    if problems:
        raise LogError(problems)


def _typed(texts: pl.Series) -> pl.Series:
    """A column as Int64 or Float64 when all its texts are plainly numbers (no leading zeros), else as it is."""
    import polars as pl

    known = texts.drop_nulls()
    if len(known) and known.str.contains(WHOLE).all():
        return texts.cast(pl.Int64)
    if len(known) and known.str.contains(DECIMAL).all():
        return texts.cast(pl.Float64)
    return texts


def _about_times(times: Times, column: str, tz: str) -> list[Reason]:
    found = []
    if dates := int(times.bare.sum()):
        found.append(reason("log.dates_only", count=dates, column=column, tz=tz))
    if times.shifted:
        found.append(reason("log.times_in_gap", count=times.shifted, column=column, tz=tz))
    if times.repeated:
        found.append(reason("log.times_repeated", count=times.repeated, column=column, tz=tz))
    return found


def _about_promises(times: Times, column: str, tz: str) -> list[Reason]:
    import polars as pl

    known = times.micros.drop_nulls()
    bare = int((times.bare & times.micros.is_not_null()).sum())
    if bare:
        return [reason("log.promises_are_days", count=bare, tz=tz)]
    local = pl.from_epoch(known, time_unit="us").dt.replace_time_zone("UTC").dt.convert_time_zone(tz).dt.time()
    if len(known) and (local.dt.hour() + local.dt.minute() + local.dt.second() == 0).all():
        return [reason("log.promises_at_midnight", count=len(known))]
    return []


def _about_orders(with_events: pl.Series, with_case: pl.Series) -> list[Reason]:
    events, cases = with_events.unique(), with_case.unique()
    known = int(cases.is_in(events.implode()).sum())
    counts = {"log.orders_without_events": len(cases) - known, "log.orders_without_case": len(events) - known}
    return [reason(code, count=count) for code, count in counts.items() if count]
