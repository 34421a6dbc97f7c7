"""A walk minute by minute as the oracle: every clock change 2000-2037 of a dozen awkward zones, and random weeks.

`make test` walks a sample; with ORDERFLOW_LONG=1 (`make torture`) every change, with several calendars for each zone.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderflow.model.calendar import WorkCalendar

LONG = os.environ.get("ORDERFLOW_LONG") == "1"
DAY = 1440
ZONES = [
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Casablanca",  # changes around Ramadan
    "Europe/Dublin",  # negative summer time in winter
    "Pacific/Apia",  # skipped 2011-12-30
    "America/Santiago",  # changes at midnight
    "Asia/Gaza",  # changes almost every year's rule
    "Antarctica/Troll",  # two hours
    "America/St_Johns",  # changed at 00:01 until 2011
    "Asia/Tehran",
    "America/Caracas",  # moved by half an hour, twice
    "Asia/Pyongyang",
    "Europe/Istanbul",
    "America/Asuncion",
    "Asia/Kathmandu",
]
Spans = list[tuple[int, int]]


def clock_changes(zone: ZoneInfo) -> list[date]:
    """The UTC days in which the offset changes, 2000-2037, by looking at each midnight."""
    found, day = [], datetime(2000, 1, 1, tzinfo=UTC)
    before = day.astimezone(zone).utcoffset()
    while day.year < 2038:
        after = (day + timedelta(days=1)).astimezone(zone).utcoffset()
        if after != before:
            found.append(day.date())
        before, day = after, day + timedelta(days=1)
    return found


class Walk:
    """The open minutes of six days, from what the clock on the wall shows in each minute of UTC."""

    def __init__(self, zone: ZoneInfo, around: date) -> None:
        self.start = datetime(around.year, around.month, around.day, tzinfo=UTC) - timedelta(days=4)
        self.shown: list[int] = []  # minutes of the wall clock since 0001-01-01, for each minute of UTC
        for k in range(9 * DAY):
            wall = (self.start + timedelta(minutes=k)).astimezone(zone)
            self.shown.append(wall.toordinal() * DAY + wall.hour * 60 + wall.minute)
        self.first: dict[int, int] = {}  # wall-clock minute -> the first UTC minute that shows it
        for k, shown in enumerate(self.shown):
            self.first.setdefault(shown, k)
        for k, (before, after) in enumerate(zip(self.shown, self.shown[1:], strict=False)):
            for missing in range(before + 1, after):  # a gap: forward by its length
                self.first.setdefault(missing, k + 1 + missing - before - 1)
        self.dates = {shown // DAY for shown in self.shown}

    def minutes(self, spans_of: dict[int, Spans]) -> set[int]:
        """The UTC minutes within these hours, by ordinal of their date; a date that no minute shows has none."""
        found: set[int] = set()
        for day, spans in spans_of.items():
            for opens, closes in spans if day in self.dates else []:
                start, end = self.first.get(day * DAY + opens), self.first.get(day * DAY + closes)
                if start is not None and end is not None:
                    found.update(range(start, end))
        return found


def random_hours(rng: random.Random) -> Spans:
    """Up to three intervals of a day, with ends on odd minutes around the hours at which clocks change; or a night."""
    if rng.random() < 0.3:
        return [(rng.randrange(18 * 60, 24 * 60), DAY + rng.randrange(1, 6 * 60))]
    points = sorted(rng.sample([*range(6 * 60), *range(6 * 60, DAY + 1, 15)], 2 * rng.randrange(0, 4)))
    return list(zip(points[::2], points[1::2], strict=True))


def written(spans: Spans) -> list[str]:
    def text(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return [f"{text(a)}-{text(b - DAY if b > DAY else b)}" for a, b in spans]


def random_calendar(rng: random.Random, zone: str, changes: list[date]) -> tuple[WorkCalendar, Any]:
    """A calendar and, independently, the hours and the breaks of a date in it."""
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    week = [random_hours(rng) for _ in names]
    for k, spans in enumerate(week):  # nights must not run into the next morning: a problem in the week
        following = week[(k + 1) % 7]
        if spans and following and spans[-1][1] - DAY > following[0][0]:
            week[k] = spans[:-1]
    near = [day + timedelta(days=rng.randrange(-1, 3)) for day in changes]
    exceptions = {day: random_hours(rng) for day in near if rng.random() < 0.5}
    breaks = {day: random_hours(rng) for day in near if rng.random() < 0.3}
    holidays = {day for day in near if rng.random() < 0.1}
    calendar = WorkCalendar.from_dict(
        {
            "timezone": zone,
            "hours": {**{name: written(spans) for name, spans in zip(names, week, strict=True)}},
            "holidays": sorted(holidays),
            "exceptions": {**{day: written(spans) for day, spans in exceptions.items()}, "2040-01-01": ["09:00-10:00"]},
            "breaks": {day: written(spans) for day, spans in breaks.items()},
        }
    )

    def declared(day: date) -> tuple[Spans, Spans]:
        hours = exceptions.get(day, [] if day in holidays else week[day.weekday()])
        return hours, breaks.get(day, [])

    return calendar, declared


@pytest.mark.parametrize("name", ZONES)
def test_a_walk_minute_by_minute_agrees(name: str) -> None:
    """Around clock changes, openings, elapsed, add and is_open are what a walk over the minutes finds."""
    zone, rng = ZoneInfo(name), random.Random(name)
    changes = clock_changes(zone)
    ordinary = [date(2000 + 3 * k, 1 + k, 3 + 2 * k) for k in range(12)]
    for _ in range(6 if LONG else 1):
        calendar, declared = random_calendar(rng, name, changes)
        for around in [*changes, *ordinary] if LONG else rng.sample([*changes, *ordinary], 10):
            check(rng, calendar, declared, Walk(zone, around))


def check(rng: random.Random, calendar: WorkCalendar, declared: Any, walk: Walk) -> None:
    days = {day: declared(date.fromordinal(day)) for day in walk.dates}
    hours = walk.minutes({day: spans for day, (spans, _) in days.items()})
    is_open = hours - walk.minutes({day: spans for day, (_, spans) in days.items()})
    inside = range(3 * DAY, 6 * DAY)  # away from the ends, where shifts of days before and after are missing
    at = [walk.start + timedelta(minutes=k) for k in range(len(walk.shown))]

    found: set[int] = set()
    for start, end in calendar.intervals(at[inside[0]], at[inside[-1] + 1]):
        found.update(range((start - walk.start) // timedelta(minutes=1), (end - walk.start) // timedelta(minutes=1)))
    assert found == is_open & set(inside), (walk.start, calendar.to_dict())

    for _ in range(10):
        a, b = sorted(rng.sample(inside, 2))
        minutes = sorted(is_open & set(range(a, b)))
        assert calendar.elapsed(at[a], at[b]) == timedelta(minutes=len(minutes))
        assert calendar.is_open(at[a]) == (a in is_open)
        if minutes:
            assert calendar.add(at[a], timedelta(minutes=len(minutes))) == at[minutes[-1] + 1]
            assert calendar.subtract(at[b], timedelta(minutes=len(minutes))) == at[minutes[0]]
            assert calendar.next_open(at[a]) == at[minutes[0]]
            assert calendar.previous_open(at[b]) == at[b if b in is_open else minutes[-1] + 1]
