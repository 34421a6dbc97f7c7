"""Open time in UTC: the openings of a timetable day by day, their running sum, and the table that grows with use."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, partial
from threading import RLock
from typing import Protocol
from zoneinfo import ZoneInfo

from attrs import field, frozen

from orderflow.model.countries import country_year, known_until
from orderflow.model.errors import DefinitionError
from orderflow.model.hours import DAY, Spans, Timetable, recurrence

Interval = tuple[int, int]
"""An opening, half-open, in integer microseconds since 1970-01-01T00:00Z."""

Clock = tuple[tuple[timedelta, ...], tuple[timedelta, ...]]
"""The `edges` and `shift` of a table, as time since the epoch."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_EPOCH_DAY = EPOCH.toordinal()
_MINUTE = 60_000_000
_DAY_LENGTH = DAY * _MINUTE
_SEARCH_YEARS = 50


def at_midnight(year: int) -> int:
    """The first instant of a year in UTC, in microseconds."""
    return (date(year, 1, 1).toordinal() - _EPOCH_DAY) * _DAY_LENGTH


def noon(day: int) -> int:
    """The middle of a day (an ordinal) in UTC, in microseconds."""
    return (day - _EPOCH_DAY) * _DAY_LENGTH + _DAY_LENGTH // 2


def as_text(us: int) -> str:
    """An instant for messages; one that no datetime can hold stays a number."""
    try:
        return (EPOCH + timedelta(microseconds=us)).isoformat()
    except OverflowError:
        return f"{us} µs"


ANCHOR = at_midnight(2020)
"""Where the running sum equals the instant itself, so that it does not depend on what was asked first."""
EARLIEST, LATEST = at_midnight(1900), at_midnight(2200)
"""No table leaves these bounds: a year 9999 that means "never" must not make a table of eight thousand years."""


# --- sorted lists of intervals -------------------------------------------------------------------------------------


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time as sorted intervals that neither overlap nor touch; empty and reversed ones vanish."""
    merged: list[Interval] = []
    for start, end in sorted(item for item in intervals if item[0] < item[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersect(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """The time that is in both of two merged lists."""
    found: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def subtract(left: list[Interval], right: list[Interval]) -> list[Interval]:
    """The time of one merged list that is not in another."""
    if not left or not right:
        return left
    ends = [left[0][0], *(edge for interval in right for edge in interval), max(left[-1][1], right[-1][1])]
    return intersect(left, merge(zip(ends[::2], ends[1::2], strict=True)))


# --- one timetable, day by day -------------------------------------------------------------------------------------


class Source(Protocol):
    """Where openings come from. Days are proleptic ordinals (`date.toordinal`)."""

    def on(self, day: int) -> list[Interval]:
        """The openings that belong to a day, merged."""

    def between(self, first: int, last: int) -> list[Interval]:
        """All openings, merged and cut to `first <= t < last`."""

    def known_until(self) -> date | None:
        """The last day that is known rather than guessed; None when nothing is guessed."""

    def horizon(self) -> int | None:
        """The instant after the end of that day."""


class TimetableSource:
    """The openings that a timetable declares, brought from the wall clock to UTC.

    - A local time that does not exist moves forward by the gap, one that exists twice is the first of the two
      (`fold=0` of PEP 495).
    - An interval whose opening so moves to or past its closing is empty.
    - A date that a zone skipped altogether (Apia, 2011-12-30) has no hours and no breaks.
    - A break closes its stretch of wall-clock time, whichever day's shift runs through it.
    """

    def __init__(self, timetable: Timetable) -> None:
        self._table = timetable
        self._week_is_empty = not any(timetable.hours)
        self._breaks = {date.fromisoformat(day).toordinal(): spans for day, spans in timetable.breaks.items()}
        self._rules = [(recurrence(item.rule, item.start), item.hours) for item in timetable.recurring]
        self._years: dict[int, dict[int, Spans]] = {}
        self._zone: tzinfo | None = None

    def on(self, day: int) -> list[Interval]:
        spans = self._special_days(date.fromordinal(day).year).get(day)
        if spans is None:
            spans = self._table.hours[(day - 1) % 7]
        shifts = merge(self._resolved(day, spans)) if spans else []
        if shifts and self._breaks:
            # A shift reaches into the next day, over a skipped one even into the day after that.
            breaks = [
                cut for near in range(day - 1, day + 3) for cut in self._resolved(near, self._breaks.get(near, ()))
            ]
            return subtract(shifts, merge(breaks))
        return shifts

    def between(self, first: int, last: int) -> list[Interval]:
        # Zones are less than a day from UTC, and a shift ends less than four days after the midnight of its day.
        since, until = _EPOCH_DAY + first // _DAY_LENGTH - 4, _EPOCH_DAY + last // _DAY_LENGTH + 2
        days: Iterable[int] = range(since, until)
        if self._week_is_empty:
            years = range(date.fromordinal(since).year, date.fromordinal(until).year + 1)
            days = (day for year in years for day in self._special_days(year))
        return merge((max(start, first), min(end, last)) for day in days for start, end in self.on(day))

    def known_until(self) -> date | None:
        return known_until(self._table.country) if self._table.country else None

    def horizon(self) -> int | None:
        known = self.known_until()
        return self._utc(known.toordinal() + 1, 0) if known else None

    def _special_days(self, year: int) -> dict[int, Spans]:
        """The days of a year whose hours are not those of the week; later writes beat earlier ones."""
        days = self._years.get(year)
        if days is not None:
            return days
        days = {}
        table = self._table
        country = country_year(table.country, year) if table.country else None
        if country:
            days.update(dict.fromkeys(country.workdays, table.makeup_hours) if table.makeup_hours else {})
        for dates, spans in reversed(self._rules):
            found = dates.between(datetime(year, 1, 1), datetime(year, 12, 31), inc=True)  # noqa: DTZ001 - days, not instants
            days.update((day.toordinal(), spans) for day in found)
        if country:
            days.update(dict.fromkeys(country.holidays, ()))
        days.update((day.toordinal(), ()) for day in table.holidays if day.year == year)
        dated = ((date.fromisoformat(day), spans) for day, spans in table.exceptions.items())
        days.update((day.toordinal(), spans) for day, spans in dated if day.year == year)
        self._years[year] = days
        return days

    def _resolved(self, day: int, spans: Spans) -> Iterator[Interval]:
        if spans and self._utc(day, 0) < self._utc(day + 1, 0):
            for opens, closes in spans:
                yield self._utc(day, opens), self._utc(day, closes)

    def _utc(self, day: int, minute: int) -> int:
        if self._zone is None:
            self._zone = ZoneInfo(self._table.timezone)
        offset = self._zone.utcoffset(datetime.fromordinal(day) + timedelta(minutes=minute)) or timedelta()
        return (day - _EPOCH_DAY) * _DAY_LENGTH + minute * _MINUTE - offset // MICROSECOND


@cache
def zone_rules(timezone: str, first_year: int, last_year: int) -> tuple[tuple[int, int], ...]:
    """The offsets of a zone over some years: (instant, offset from UTC), both in microseconds, one for each change.

    Exact for zones that change at most once in a day of UTC.
    """
    zone = ZoneInfo(timezone)

    def offset(us: int) -> int:
        return ((EPOCH + timedelta(microseconds=us)).astimezone(zone).utcoffset() or timedelta()) // MICROSECOND

    found = [(at_midnight(first_year), offset(at_midnight(first_year)))]
    for day in range(at_midnight(first_year), at_midnight(last_year + 1), _DAY_LENGTH):
        before, after = found[-1][1], offset(day + _DAY_LENGTH)
        if after != before:
            seconds = range(day, day + _DAY_LENGTH + 1, 1_000_000)
            changed = partial(_differs, offset, before)
            found.append((seconds[bisect_left(seconds, True, key=changed)], after))
    return tuple(found)


def _differs(offset: Callable[[int], int], before: int, us: int) -> bool:
    return offset(us) != before


# --- the running sum -----------------------------------------------------------------------------------------------


@frozen
class Table:
    """The running sum of open time P over `first <= t <= last`, all in microseconds; never changes.

    - `edges`: opening, closing, opening, closing ... of the openings in that stretch, strictly rising.
    - `shift`: one more than edges. With `i = bisect_right(edges, t)`: if `i` is odd, `t` is open and
      `P(t) == t - shift[i]`; else it is closed and `P(t) == shift[i]`.
    """

    first: int
    last: int
    edges: tuple[int, ...]
    shift: tuple[int, ...]
    _levels: tuple[int, ...] = field(init=False, eq=False, repr=False)  # P at `first` and at each closing

    @_levels.default
    def _closed_levels(self) -> tuple[int, ...]:
        return self.shift[::2]

    def position(self, us: int) -> int:
        """P of an instant."""
        i = bisect_right(self.edges, us)
        return us - self.shift[i] if i & 1 else self.shift[i]

    def earliest(self, position: int) -> int | None:
        """The first instant with this P; None when the table does not reach it."""
        k = bisect_left(self._levels, position)
        return position + self.shift[2 * k - 1] if 0 < k < len(self._levels) else None

    def latest(self, position: int) -> int | None:
        """The last instant with this P; None when the table does not reach it."""
        k = bisect_right(self._levels, position)
        return position + self.shift[2 * k - 1] if 0 < k < len(self._levels) else None

    def next_open(self, us: int) -> int | None:
        """The instant when it is open, else the next opening; None when the table does not reach it."""
        i = bisect_right(self.edges, us)
        return us if i & 1 else self.edges[i] if i < len(self.edges) else None

    def previous_open(self, us: int) -> int | None:
        """The instant when it is open, else the last closing; None when the table does not reach it."""
        i = bisect_right(self.edges, us)
        return us if i & 1 else self.edges[i - 1] if i else None

    def intervals(self, first: int, last: int) -> Iterator[Interval]:
        """The openings, cut to `first <= t < last`."""
        begin = bisect_right(self.edges, first) & ~1
        for i in range(begin, len(self.edges), 2):
            start, end = max(self.edges[i], first), min(self.edges[i + 1], last)
            if start >= last:
                return
            if start < end:
                yield start, end

    def in_timedeltas(self) -> Clock:
        """`edges` and `shift` as timedeltas: what scalar questions about datetimes are quickest with."""
        return tuple(timedelta(0, 0, us) for us in self.edges), tuple(timedelta(0, 0, us) for us in self.shift)

    def with_later(self, openings: Iterable[Interval], last: int) -> Table:
        """The table grown to a later end by the openings in between."""
        edges, shift = list(self.edges), list(self.shift)
        for start, end in openings:
            if edges and edges[-1] == start:  # the same opening, cut in two where the table ended
                edges[-1] = end
                shift[-1] += end - start
            else:
                level = shift[-1]
                edges += (start, end)
                shift += (start - level, level + end - start)
        return Table(self.first, last, tuple(edges), tuple(shift))

    def with_earlier(self, openings: list[Interval], first: int) -> Table:
        """The table grown to an earlier beginning by the openings in between."""
        level = self.shift[0] - sum(end - start for start, end in openings)
        before = Table(first, self.first, (), (level,)).with_later(openings, self.first)
        return before.with_later(zip(self.edges[::2], self.edges[1::2], strict=True), self.last)


class Openings:
    """The lazily grown table of one calendar: `table` is replaced, never changed, so readers need no lock.

    - Grows by whole years, from 2020 outwards; up to the horizon of what is known unless asked beyond it.
    - Asked beyond the horizon, it calls `on_horizon`, once, outside of the lock.
    - `DefinitionError` outside of 1900 to 2200 and more than 50 years past what is known.
    """

    __slots__ = ("_clock_of", "_lock", "_on_horizon", "_passed", "clock", "source", "table")

    def __init__(self, source: Source, on_horizon: Callable[[], None]) -> None:
        self.source = source
        self.table = Table(ANCHOR, ANCHOR, (), (ANCHOR,))
        self.clock: Clock = ((), ())
        self._clock_of = self.table
        self._on_horizon = on_horizon
        self._passed = False
        self._lock = RLock()

    def limits(self) -> Interval:
        """The instants that can be asked for: `first <= t < last`."""
        known = self.source.known_until()
        years = LATEST if known is None else min(LATEST, at_midnight(known.year + _SEARCH_YEARS + 1))
        return EARLIEST, years

    def reach(self, us: int) -> Table:
        """A table with `first <= us < last`."""
        first, last = self.limits()
        if not first <= us < last:
            raise DefinitionError.of("calendar.too_far", at=as_text(us), first=as_text(first), last=as_text(last))
        horizon = self.source.horizon()
        known = horizon is None or us < horizon
        with self._lock:
            warn, self._passed = not (known or self._passed), self._passed or not known
            if us >= self.table.last:
                end = min(_year(us, 1), last, horizon if known and horizon is not None else last)
                self.table = self.table.with_later(self.source.between(self.table.last, end), end)
            elif us < self.table.first:
                start = _year(us, 0)
                self.table = self.table.with_earlier(self.source.between(start, self.table.first), start)
            table = self.table
        if warn:
            self._on_horizon()
        return table

    def search(self, find: Callable[[Table], int | None], start: int, *, later: bool) -> int:
        """The first answer of `find` as the table grows from `start` in one direction, by more and more years.

        `DefinitionError` when the bounds are met first.
        """
        first, last = self.limits()
        horizon = self.source.horizon()
        table, step = self.reach(start), 366 * _DAY_LENGTH
        while (found := find(table)) is None:
            if table.last >= last if later else table.first <= first:
                stretch = (start, last) if later else (first, start)
                raise DefinitionError.of("calendar.no_opening", first=as_text(stretch[0]), last=as_text(stretch[1]))
            target = min(table.last + step, last - 1) if later else max(table.first - step, first)
            if horizon is not None and table.last < horizon:  # what is known comes before any guess
                target = min(target, horizon - 1)
            table, step = self.reach(target), 2 * step
        return found

    def elapsed(self, since: timedelta, until: timedelta) -> timedelta:
        """P(until) - P(since), for instants as time since the epoch; renews `clock` when the table has grown."""
        first, last = since // MICROSECOND, until // MICROSECOND
        self.reach(first)
        table = self.reach(last)
        with self._lock:
            if table is not self._clock_of:
                self.clock, self._clock_of = table.in_timedeltas(), table
        return timedelta(0, 0, table.position(last) - table.position(first))

    def between(self, first: int, last: int) -> list[Interval]:
        """All openings cut to `first <= t < last`."""
        if first >= last:
            return []
        self.reach(first)
        return list(self.reach(last - 1).intervals(first, last))


def _year(us: int, later: int) -> int:
    return at_midnight((EPOCH + timedelta(microseconds=us)).year + later)
