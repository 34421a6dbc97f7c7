"""Which column of a table is what: the ones that were named, those that a format lays down, else guesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from orderflow.adapters.columns import ACTOR, AT, ORDER, PROMISED, STAGE, Role, find, guessed, not_guessed
from orderflow.adapters.given import SHOWN, Errors, Fault, Given, fault
from orderflow.adapters.kinds import as_texts, not_utf8
from orderflow.metrics.codes import as_text, blank_to_missing
from orderflow.metrics.instants import AMBIGUOUS, Times
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import Problem, Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

# Numbers in the place of times: what they probably are, and what to do.
NUMBERS = {
    r"^[2-6]\d{4}(\.\d+)?$": FrozenMap(
        en="They look like dates of Excel: give these cells a format of dates before exporting.",
        zh="看起来是 Excel 的日期序列值：请先把这些单元格设为日期格式再导出。",
    ),
    r"^[12]\d{9}(\.0+)?$": FrozenMap(
        en="They look like seconds since 1970: say time_format='%s' (--time-format).",
        zh="看起来是自 1970 年起的秒数：请用 time_format='%s'（--time-format）。",
    ),
    r"^[12]\d{12}(\.0+)?$": FrozenMap(
        en="They look like milliseconds since 1970: divide them by 1000 and say time_format='%s' (--time-format).",
        zh="看起来是自 1970 年起的毫秒数：请除以 1000，再用 time_format='%s'（--time-format）。",
    ),
    r"^(19|20)\d{6}$": FrozenMap(
        en="They look like days: say time_format='%Y%m%d' (--time-format).",
        zh="看起来是日期：请用 time_format='%Y%m%d'（--time-format）。",
    ),
    r"^(19|20)\d{12}$": FrozenMap(
        en="They look like days and times: say time_format='%Y%m%d%H%M%S' (--time-format).",
        zh="看起来是日期和时间：请用 time_format='%Y%m%d%H%M%S'（--time-format）。",
    ),
}


def choose(
    given: Given, named: Mapping[Role, str | None], needed: Sequence[Role]
) -> tuple[dict[str, str], list[Reason], list[Problem]]:
    """The column of each role by parameter name, what had to be guessed for that, and what is wrong."""
    columns, guesses, problems = {}, {}, list[Problem]()
    for role, name in named.items():
        wanted = name or given.defaults.get(role.parameter)
        column, wrong = find(role, wanted, given.columns, given.at(given.head))
        if wrong is not None:
            problems.append(wrong)
        elif column is not None:
            columns[role.parameter] = column
            guesses.update({} if wanted else {role.parameter: column})
            if any(other.startswith(f"{column}_duplicated_") for other in given.columns):
                problems.append(problem("log.column_twice", given.at(given.head), column=column))
        elif role in needed:
            problems.append(not_guessed(role, given.columns, given.at(given.head)))
    assumptions = [guessed(guesses, given.table)] if guesses else []
    if ACTOR in named and "actor" not in columns and not problems:
        assumptions.append(reason("log.no_actor_column"))
    return columns, assumptions, problems


def promise_column(given: Given, named: str | None) -> tuple[str | None, list[Reason]]:
    """The column with the promise, if there is one, and whether it is a guess. Raises LogError when a named one is
    not there."""
    columns, assumptions, problems = choose(given, {PROMISED: named}, needed=())
    if problems:
        raise LogError(problems)
    return columns.get("promised"), assumptions


def missing(given: Given, role: Role, column: str) -> list[Fault]:
    """The rows that have nothing in a column that must have something, or bytes that are no text."""
    import polars as pl

    if given.frame[column].dtype == pl.Binary:
        absent, told = given.frame[column].is_null(), not_utf8(given, column)
    else:
        absent, told = blank_to_missing(as_texts(given, column)).is_null(), []
    return [*told, *fault("log.missing_in_rows", absent, role=role.title, column=column)]


def repeated(given: Given, column: str, errors: Errors) -> list[Fault]:
    """The rows whose id another row has too; when they are to be skipped, those after the first."""
    ids = blank_to_missing(as_texts(given, column))
    again = ids.is_duplicated() & ids.is_not_null()
    if not again.any():
        return []
    orders = ids.filter(again).unique(maintain_order=True)
    wrong = again if errors == "raise" else again & ~ids.is_first_distinct()
    return fault("log.orders_repeated", wrong, orders=orders.head(SHOWN).to_list(), repeated=len(orders))


def bad_times(given: Given, column: str, times: Times, form: str | None, *, empty: bool = True) -> list[Fault]:
    """The rows whose time cannot be read; with `empty`, also those that have none."""
    bad = times.micros.is_null()
    if not bad.any():
        return []
    texts = as_text(given.frame[column])
    absent = bad & blank_to_missing(texts).is_null()
    bad &= ~absent
    told = fault("log.missing_in_rows", absent, role=AT.title, column=column) if empty else []
    if form is not None:
        return [*told, *fault("log.times_do_not_fit", bad, column, column=column, form=form)]
    ambiguous = bad & texts.str.contains(AMBIGUOUS).fill_null(False)
    told += fault("log.times_ambiguous", ambiguous, column, column=column)
    bad &= ~ambiguous
    for pattern, likely in NUMBERS.items():
        numbers = bad & texts.str.contains(pattern).fill_null(False)
        told += fault("log.times_are_numbers", numbers, column, column=column, likely=likely)
        bad &= ~numbers
    return [*told, *fault("log.times_unreadable", bad, column, column=column)]


def about_times(times: Times, column: str, tz: str) -> list[Reason]:
    """What had to be assumed to read a column of times."""
    found = []
    if dates := int(times.bare.sum()):
        found.append(reason("log.dates_only", count=dates, column=column, tz=tz))
    if times.shifted:
        found.append(reason("log.times_in_gap", count=times.shifted, column=column, tz=tz))
    if times.repeated:
        found.append(reason("log.times_repeated", count=times.repeated, column=column, tz=tz))
    return found


def about_blanks(ids: pl.Series, stages: pl.Series) -> list[Reason]:
    """How many different ids and stages have blanks around them, with which they are others than without; they stay
    as they stand, since a system may tell them apart."""
    found = []
    for role, texts in ((ORDER, ids), (STAGE, stages)):
        around = texts.filter(texts.str.strip_chars() != texts)
        if len(around):
            values = [repr(value) for value in around.head(SHOWN)]
            found.append(reason("log.blanks_around", role=role.title, count=len(around), values=values))
    return found
