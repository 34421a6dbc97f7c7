"""Business time: a calendar as a value, and the questions it answers about instants, durations and days."""

from __future__ import annotations

import json
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any, ClassVar, Literal

from attrs import Factory, evolve, field, frozen

from orderflow.model import countries
from orderflow.model.errors import DefinitionError, InvalidValue
from orderflow.model.hours import DAY, Path, SpecReader, Timetable, dotted
from orderflow.model.openings import (
    EPOCH,
    MICROSECOND,
    Interval,
    Openings,
    Table,
    TimetableSource,
    intersect,
    merge,
    noon,
    subtract,
    zone_rules,
)
from orderflow.model.reasons import Place, reason

Operation = Literal["union", "intersection", "difference"]
_OPERATIONS: tuple[Operation, ...] = ("union", "intersection", "difference")
_DIGEST_YEARS = (2000, 2050)


class CalendarHorizonWarning(UserWarning):
    """A calendar was asked about days for which there is no official notice yet. Given once by each calendar."""


@frozen(kw_only=True)
class Combination:
    """Several calendars as one: open when any is (union), when all are (intersection), or the first but no other is."""

    operation: Operation
    parts: tuple[WorkCalendar, ...]

    @property
    def timezone(self) -> str:
        """The zone of the first part."""
        return self.parts[0].timezone

    def to_spec(self) -> dict[str, Any]:
        """The canonical spec: plain data."""
        return {self.operation: [part.to_dict() for part in self.parts]}


@frozen(kw_only=True)
class WorkCalendar:
    """When work is done: a value that says how long something took, and until when it has time.

    Conventions:

    - Instants are aware datetimes (`InvalidValue` otherwise); results are in the time zone of the first argument.
    - Open intervals are half-open: open at the opening time, closed at the closing time.
    - Hours follow the wall clock, so a night shift in spring or autumn has 7 or 9 real hours. A local time that does
      not exist moves forward by the gap; one that exists twice means the first. A date that the zone skipped
      (Apia, 2011-12-30) has no hours.
    - An interval belongs to the day that it starts on, an overnight one too; a break closes that stretch of the
      wall clock, whichever day's shift runs through it. Overlapping openings count once.
    - For a date the first that speaks decides: exceptions, holidays, recurring, make-up working days, week.
    - Landing exactly on a closing time gives the closing time, not the next opening; going back, landing exactly on
      an opening time gives the opening time. Adding zero gives the next open instant, subtracting zero the previous.
    - `elapsed(b, a) == -elapsed(a, b)` and `elapsed(t, add(t, d)) == d`.
    - Answers exist from 1900 to 2199, and no further than 50 years after `known_until`; beyond, and when nothing
      open is found, `DefinitionError`. A calendar with a country needs the `calendars` extra for answers
      (`MissingExtraError`), not to be made, compared or written.

    Equal and hashed by what was declared; not by the name, nor by tables built for speed. Safe between threads.
    """

    content: Timetable | Combination
    name: str = field(default="", eq=False)
    _openings: Openings = field(
        init=False, eq=False, repr=False, default=Factory(lambda self: self._fresh_openings(), takes_self=True)
    )

    always: ClassVar[WorkCalendar]
    """The calendar that is open day and night; its `position` is the instant itself."""

    # --- making, writing, combining ---

    @classmethod
    def from_dict(
        cls,
        spec: Mapping[str, Any],
        *,
        name: str = "",
        where: Place | None = None,
        place: Callable[[Path], Place] | None = None,
    ) -> WorkCalendar:
        """The calendar of a spec in plain data, such as

            {"timezone": "Asia/Shanghai",
             "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"], "sat": ["22:00-06:00"]},
             "holidays": {"country": "CN", "dates": ["2026-07-31"], "makeup": ["09:00-17:00"]},
             "exceptions": {"2026-12-24": ["09:00-12:00"], "2026-12-25": []},
             "breaks": {"2026-03-02": ["13:00-14:00"]},
             "recurring": [{"rule": "FREQ=MONTHLY;BYDAY=-1FR", "start": "2026-01-01", "hours": ["09:00-12:00"]}]}

        or of a combination: `{"union": [spec, spec ...]}`, `intersection`, `difference` (the first without the others).

        - `hours` may be `always`; `holidays` also a list of dates, or a country code. Dates may be `datetime.date`.
        - Raises one `DefinitionError` with all problems; a combination that never opens shows in the first search.
        - Country codes are checked when the `calendars` extra is there.
        - `place` maps a path of keys and indices in the spec to its place in a file; without it, places are dotted
          paths below `where`.
        """
        above = where or Place()
        prefix = f"{above.path}." if above.path else ""
        reader = SpecReader(place or (lambda path: evolve(above, path=(prefix + dotted(path)).rstrip("."))))
        content = _read(reader, (), spec)
        if reader.problems:
            raise DefinitionError(reader.problems)
        return cls(content=content, name=name)

    def to_dict(self) -> dict[str, Any]:
        """The canonical spec in plain data that JSON can hold: `from_dict(c.to_dict()) == c`. Without the name."""
        return self.content.to_spec()

    def __or__(self, other: WorkCalendar) -> WorkCalendar:
        """Open when either is."""
        return self._combined("union", other)

    def __and__(self, other: WorkCalendar) -> WorkCalendar:
        """Open when both are."""
        return self._combined("intersection", other)

    def __sub__(self, other: WorkCalendar) -> WorkCalendar:
        """Open when this one is and the other is not, such as a person's leave."""
        return self._combined("difference", other)

    def named(self, name: str) -> WorkCalendar:
        """The same calendar under another name."""
        return evolve(self, name=name)

    @property
    def timezone(self) -> str:
        """The IANA zone whose days these are; of a combination, that of its first calendar."""
        return self.content.timezone

    @property
    def known_until(self) -> date | None:
        """The last day for which public holidays are known and not guessed; None without a country.

        Years beyond give a `CalendarHorizonWarning`, once.
        """
        return self._openings.source.known_until()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) that names the content: what was declared, and what it stands for in the years 2000 to 2050.

        That is, for every country its known days and `known_until`, for every zone its offsets. So a new notice, a
        corrected holiday or a changed summer time changes the digest; what was asked before does not. Machines that
        compare digests need the same `holidays` and the same time zone data.
        """
        first, last = _DIGEST_YEARS
        tables = list(_timetables(self))
        stated: dict[str, Any] = {"spec": self.to_dict(), "countries": {}}
        for country in {table.country for table in tables if table.country}:
            stated["countries"][str(country)] = countries.stated(country, first, last)
        stated["zones"] = {zone: zone_rules(zone, first, last) for zone in {table.timezone for table in tables}}
        import hashlib  # loads OpenSSL, so not before it is needed

        text = json.dumps(stated, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    # --- instants and durations ---

    def elapsed(self, a: datetime, b: datetime) -> timedelta:
        """The open time from `a` to `b`; negative when `b` is earlier."""
        try:
            since, until = a - EPOCH, b - EPOCH
        except TypeError:
            since, until = _since_epoch(a), _since_epoch(b)  # says which one is wrong
        # P(b) - P(a), written out and in timedeltas: turning them into integers costs as much as all the rest
        edges, shift = self._openings.clock
        i, j, ends = bisect_right(edges, since), bisect_right(edges, until), len(edges)
        if 0 < i < ends and 0 < j < ends:
            start = since - shift[i] if i & 1 else shift[i]
            return (until - shift[j] if j & 1 else shift[j]) - start
        return self._openings.elapsed(since, until)

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The first instant by which so much open time has passed since `start`; with zero, the next open instant."""
        us, length = _us(start), _length(duration)
        if length < 0:
            return self.subtract(start, -duration)
        if length == 0:
            return self.next_open(start)
        goal = self.position(us) + length
        return _like(start, self._openings.search(lambda table: table.earliest(goal), us, later=True))

    def subtract(self, end: datetime, duration: timedelta) -> datetime:
        """The last instant from which so much open time passes until `end`; with zero, the previous open instant."""
        us, length = _us(end), _length(duration)
        if length <= 0:
            return self.add(end, -duration) if length else self.previous_open(end)
        goal = self.position(us) - length
        return _like(end, self._openings.search(lambda table: table.latest(goal), us, later=False))

    def is_open(self, at: datetime) -> bool:
        """Whether this instant lies in an opening: at its opening time yes, at its closing time no."""
        us = _us(at)
        return bool(bisect_right(self.table(us, us).edges, us) & 1)

    def next_open(self, at: datetime) -> datetime:
        """The instant itself when it is open, else the next opening time."""
        us = _us(at)
        return _like(at, self._openings.search(lambda table: table.next_open(us), us, later=True))

    def previous_open(self, at: datetime) -> datetime:
        """The instant itself when it is open, else the last closing time at or before it."""
        us = _us(at)
        return _like(at, self._openings.search(lambda table: table.previous_open(us), us, later=False))

    def intervals(self, a: datetime, b: datetime) -> list[tuple[datetime, datetime]]:
        """The openings between `a` and `b`, cut to them, in order; none when `b` is not later than `a`."""
        return [(_like(a, start), _like(a, end)) for start, end in self._openings.between(_us(a), _us(b))]

    # --- days ---

    def is_workday(self, day: date) -> bool:
        """Whether any open time belongs to this date (of the calendar's zone): an overnight shift to its first day.

        Of a union, whether that is so for any part; of the others, whether any time that the first calendar has on
        this date is left.
        """
        ordinal = _ordinal(day)
        self._openings.reach(noon(ordinal))
        return bool(self._openings.source.on(ordinal))

    def add_workdays(self, day: date, number: int) -> date:
        """The n-th workday after the date, or before it when negative; with 0 the date itself or else the next one."""
        step = -1 if number < 0 else 1
        ordinal, left = _ordinal(day), abs(number)
        if left == 0:
            ordinal, left = ordinal - 1, 1
        while left:
            ordinal += step
            left -= self.is_workday(date.fromordinal(ordinal))
        return date.fromordinal(ordinal)

    def count_workdays(self, first: date, last: date) -> int:
        """How many workdays there are from `first` to `last`, both included; 0 when `last` is earlier."""
        return sum(self.is_workday(date.fromordinal(day)) for day in range(_ordinal(first), _ordinal(last) + 1))

    # --- integers, for those who compute with many instants ---

    def position(self, us: int) -> int:
        """P: the running sum of open time at an instant, both in microseconds; equal to it at 2020-01-01T00:00Z.

        `position(b) - position(a)` is the open time from `a` to `b`, whatever was asked before and in any process.
        """
        table = self._openings.table
        if not table.first <= us < table.last:
            table = self._openings.reach(us)
        i = bisect_right(table.edges, us)
        return us - table.shift[i] if i & 1 else table.shift[i]

    def instant(self, position: int) -> int:
        """The first instant with this `position`, in microseconds: a closing time rather than the next opening."""
        table = self._openings.table
        if (found := table.earliest(position)) is not None:  # the usual case: nothing to grow
            return found
        start = max(table.last - 1, table.first) if (later := position > table.shift[-1]) else table.first
        return self._openings.search(lambda grown: grown.earliest(position), start, later=later)

    def table(self, first: int, last: int) -> Table:
        """The running sum as a table that holds both instants (microseconds), for vectorised look-up."""
        table = self._openings.table
        for us in (first, last):
            if not table.first <= us < table.last:
                table = self._openings.reach(us)
        return table

    # --- inside ---

    def _fresh_openings(self) -> Openings:
        source = TimetableSource(self.content) if isinstance(self.content, Timetable) else _CombinedSource(self.content)
        return Openings(source, self._warn)

    def _combined(self, operation: Operation, other: WorkCalendar) -> WorkCalendar:
        if not isinstance(other, WorkCalendar):
            return NotImplemented
        return WorkCalendar(content=Combination(operation=operation, parts=(self, other)))

    def _warn(self) -> None:
        if isinstance(self.content, Timetable) and self.content.country:  # a combination's parts warn themselves
            known = self.known_until
            text = reason("calendar.horizon", country=str(self.content.country), known_until=str(known)).text()
            # 5: the caller of `elapsed`, or somebody near; the road through the tables is not always equally long
            warnings.warn(f"{self.name}: {text}" if self.name else text, CalendarHorizonWarning, stacklevel=5)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.content, self.name)


class _CombinedSource:
    """The openings of a combination, from the tables of its parts."""

    def __init__(self, content: Combination) -> None:
        self._operation = content.operation
        self._parts = [part._openings for part in content.parts]

    def on(self, day: int) -> list[Interval]:
        if self._operation == "union":
            return merge(item for part in self._parts for item in part.source.on(day))
        first = self._parts[0].source.on(day)
        if not first:
            return []
        others = (part.between(first[0][0], first[-1][1]) for part in self._parts[1:])
        return reduce(self._apply, others, first)

    def between(self, first: int, last: int) -> list[Interval]:
        return reduce(self._apply, (part.between(first, last) for part in self._parts))

    def known_until(self) -> date | None:
        return min((known for part in self._parts if (known := part.source.known_until())), default=None)

    def horizon(self) -> int | None:
        return min((us for part in self._parts if (us := part.source.horizon()) is not None), default=None)

    def _apply(self, left: list[Interval], right: list[Interval]) -> list[Interval]:
        if self._operation == "union":
            return merge([*left, *right])
        return intersect(left, right) if self._operation == "intersection" else subtract(left, right)


def _read(reader: SpecReader, path: Path, spec: object) -> Timetable | Combination:
    """What a spec says; an empty timetable, and a problem in the reader, when it says nothing that can be read."""
    if not isinstance(spec, Mapping):
        reader.report(path, "form", value=str(spec))
        return Timetable()
    operation = next((name for name in _OPERATIONS if name in spec), None)
    if operation is None:
        return reader.timetable(path, spec, _OPERATIONS)
    parts = spec[operation]
    if len(spec) > 1 or not isinstance(parts, list | tuple) or len(parts) < 2:
        reader.report((*path, operation), "combination", key=operation)
        return Timetable()
    contents = [_read(reader, (*path, operation, index), part) for index, part in enumerate(parts)]
    return Combination(operation=operation, parts=tuple(WorkCalendar(content=content) for content in contents))


def _timetables(calendar: WorkCalendar) -> Iterator[Timetable]:
    if isinstance(calendar.content, Timetable):
        yield calendar.content
    else:
        for part in calendar.content.parts:
            yield from _timetables(part)


def _restored(content: Timetable | Combination, name: str) -> WorkCalendar:
    return WorkCalendar(content=content, name=name)


def _since_epoch(at: datetime) -> timedelta:
    try:
        return at - EPOCH
    except TypeError:
        raise InvalidValue.of("calendar.naive", value=repr(at)) from None


def _us(at: datetime) -> int:
    return _since_epoch(at) // MICROSECOND


def _length(duration: timedelta) -> int:
    if not isinstance(duration, timedelta):
        raise InvalidValue.of("calendar.not_a_duration", value=repr(duration))
    return duration // MICROSECOND


def _ordinal(day: date) -> int:
    if isinstance(day, datetime) or not isinstance(day, date):
        raise InvalidValue.of("calendar.not_a_date", value=repr(day))
    return day.toordinal()


def _like(example: datetime, us: int) -> datetime:
    found = EPOCH + timedelta(0, 0, us)
    return found if example.tzinfo is UTC else found.astimezone(example.tzinfo)


ALWAYS = WorkCalendar(content=Timetable(hours=(((0, DAY),),) * 7), name="always")
WorkCalendar.always = ALWAYS
