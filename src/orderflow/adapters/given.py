"""A table as it was given: what every reader of a format hands over, before anybody says which column is what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, field, frozen

from orderflow.adapters.about import SILENT, About
from orderflow.adapters.columns import TABLES
from orderflow.metrics.codes import as_text
from orderflow.model.errors import LogError
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.reasons import Place, Problem, Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

ROW = "\0row"  # the position of a row in what was given, counted from 0 without a header; no column is called so
SHOWN = 5  # how many lines and values a problem names
LONGEST = 80  # characters of a value that a problem shows
LISTED = 100  # how many numbers of skipped rows an assumption lists
LINES = FrozenMap(en="line(s)", zh="行")
ROWS = FrozenMap(en="row(s)", zh="条")
EVENTS = FrozenMap(en="event(s)", zh="个事件")
OBJECTS = FrozenMap(en="object(s)", zh="个对象")

Errors = Literal["raise", "skip"]
Progress = Callable[[float], None]


@frozen(kw_only=True)
class Asked:
    """What the caller said about a source: how to read it, beside where it is.

    `columns` are the columns or keys that were named, so that a reader keeps them. `progress` is told the share
    that is done, from 0 to 1.
    """

    table: str = "events"
    encoding: str | None = None
    query: Any = None
    object_type: str | None = None
    columns: tuple[str, ...] = ()
    errors: Errors = "raise"
    progress: Progress | None = None


@frozen(kw_only=True, eq=False)
class Given:
    """A table as it was read; missing fields are null.

    - `texts`: every column is text, as in a CSV file: numbers among attributes are still to be recognised.
    - `number`: from positions (values of ROW, ascending) to what a person counts by: the numbers of lines in the
      file, of rows in a result, of events. `unit` is the word for that; `head`, the line that names the columns.
    - `skipped`, `lost`: what was wrong with the rows that were left out, when the caller asked for that, and how
      many they were.
    - `unread`: what is wrong with rows that are not in the table since they could not be read; raised with all else.
    - `defaults`: columns whose role the format itself lays down; using them is no guess.
    - `about`: what the file says about the log in it.
    """

    table: str
    file: str | None
    frame: pl.DataFrame
    number: Callable[[Sequence[int]], list[int]]
    unit: FrozenMap[str] = LINES
    head: int | None = None
    texts: bool = False
    assumptions: tuple[Reason, ...] = ()
    skipped: tuple[Problem, ...] = ()
    lost: int = 0
    unread: tuple[Problem, ...] = ()
    defaults: FrozenMap[str] = EMPTY
    about: About = SILENT

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in their order."""
        return [name for name in self.frame.columns if name != ROW]

    @property
    def title(self) -> FrozenMap[str]:
        """What the table is called in texts."""
        return TABLES[self.table]

    def at(self, line: int | None) -> Place | None:
        """A place in the file; none when there is no file."""
        if self.file is None:
            return None
        return Place(file=self.file, line=line if self.unit is LINES else None)

    def without(self, faults: Sequence[Fault], errors: Errors) -> Given:
        """The table without the rows that are wrong.

        Raises LogError with all of them, unless the caller asked to skip: then they are in `skipped`.
        """
        if errors == "raise" and (faults or self.unread):
            raise LogError([*self.unread, *(fault.problem(self) for fault in faults)])
        if not faults:
            return self
        kept = self.frame.filter(~reduce(or_, (fault.rows for fault in faults)))
        told = tuple(fault.problem(self, shown=LISTED) for fault in faults)
        lost = self.lost + self.frame.height - kept.height
        return evolve(self, frame=kept, skipped=(*self.skipped, *told), lost=lost)


@frozen(kw_only=True, eq=False)
class Fault:
    """Rows that are wrong in one way: which (a Boolean for each row of the table), and the problem's parameters."""

    code: str
    rows: pl.Series
    words: FrozenMap[Any] = field(converter=FrozenMap)
    column: str | None = None  # its first values are shown

    def problem(self, given: Given, shown: int = SHOWN) -> Problem:
        """The problem, with the numbers of the first rows."""
        wrong = given.frame.filter(self.rows)
        lines = given.number(wrong[ROW].head(shown).to_list())
        words: dict[str, Any] = {**self.words, "count": wrong.height, "unit": given.unit, "lines": lines}
        if self.column is not None:
            first = wrong[self.column].head(SHOWN)
            words["values"] = [_shown(value) for value in (as_text(first) if first.dtype.is_temporal() else first)]
        return problem(self.code, given.at(lines[0]), **words)


def share_of(progress: Progress | None, end: float) -> Progress | None:
    """What to tell the share of a part of the work that is done, where that part ends at a share of the whole."""
    return None if progress is None else lambda share: progress(share * end)


def fault(code: str, rows: pl.Series, column: str | None = None, /, **words: Any) -> list[Fault]:
    """The fault as a list of one, or none when no row has it."""
    known = {name: value for name, value in words.items() if value is not None}
    return [Fault(code=code, rows=rows, words=known, column=column)] if rows.any() else []


def rows_of(
    frame: pl.DataFrame, asked: Asked, file: str | None, *, first: int = 1, assumptions: Sequence[Reason] = ()
) -> Given:
    """A table whose rows are counted from `first`: a Parquet file, a result of a query, a frame."""
    return Given(
        table=asked.table,
        file=file,
        frame=frame.with_row_index(ROW),
        number=lambda positions: [position + first for position in positions],
        unit=ROWS,
        assumptions=tuple(assumptions),
    )


def left_out(given: Given) -> list[Reason]:
    """The assumptions about the rows that were skipped: how many, and what is wrong with which."""
    return skipped_rows(given.title, given.skipped, given.lost)


def skipped_rows(title: FrozenMap[str], skipped: Sequence[Problem], lost: int) -> list[Reason]:
    """The assumptions about rows of a table, called `title`, that were skipped; none where nothing is wrong."""
    if not skipped:
        return []
    told = [reason(item.code, item.place, **item.params) for item in skipped]
    return [reason("log.rows_skipped", table=title, count=lost), *told]


def one_list(problems: Sequence[Problem]) -> list[Problem]:
    """The problems of parts of one table as those of the whole: what is wrong in one way is one problem.

    Counts are added up; the rows that are named are the first of all parts, with their values.
    """
    alike: dict[str, list[Problem]] = {}
    for item in problems:
        same = {name: value for name, value in item.params.items() if name not in ("count", "lines", "values")}
        file = item.place and item.place.file  # its line is that of the first of these rows
        alike.setdefault(repr((item.code, file, sorted(same.items()))), []).append(item)
    return [_one(items) for items in alike.values()]


def _one(items: Sequence[Problem]) -> Problem:
    first = items[0]
    if len(items) == 1 or not {"count", "lines"} <= set(first.params):
        return first
    named = sorted((line, place, n) for n, item in enumerate(items) for place, line in enumerate(item.params["lines"]))[
        :SHOWN
    ]
    words: dict[str, Any] = {**first.params, "count": sum(item.params["count"] for item in items)}
    words["lines"] = [line for line, _place, _n in named]
    if "values" in words:
        words["values"] = [items[n].params["values"][place] for _line, place, n in named]
    place = first.place
    if place is not None and place.line is not None:
        place = evolve(place, line=words["lines"][0])
    return problem(first.code, place, **words)


def _shown(value: Any) -> str:
    text = repr("" if value is None else value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
