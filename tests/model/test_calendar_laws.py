"""The laws of business time, over random calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orderflow.metrics.business import positions
from orderflow.model.calendar import WorkCalendar

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca"]
MINUTE = timedelta(minutes=1)
# Two years with summer-time changes, inside of what every table reaches at once.
INSTANTS = st.datetimes(datetime(2021, 1, 1), datetime(2022, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
DURATIONS = st.timedeltas(timedelta(0), timedelta(days=30))
LAWS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def days(draw: st.DrawFn) -> list[str]:
    """Hours of a day: none, some between 06:00 and 22:00, or a night that touches neither neighbour."""
    kind = draw(st.sampled_from(["closed", "open", "open", "night"]))
    if kind == "night":
        return ["22:00-06:00"]
    points = sorted(draw(st.sets(st.integers(6 * 12, 22 * 12), min_size=2, max_size=6))) if kind == "open" else []
    return [f"{text(a * 5)}-{text(b * 5)}" for a, b in zip(points[::2], points[1::2], strict=False)]


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    dates = st.dates(datetime(2021, 1, 1).date(), datetime(2022, 12, 31).date()).map(str)  # noqa: DTZ001
    return {
        "timezone": draw(st.sampled_from(ZONES)),
        "hours": {
            "mon": ["09:00-17:00"],
            **draw(st.dictionaries(st.sampled_from(["tue", "wed", "sat", "sun"]), days())),
        },
        "holidays": draw(st.lists(dates, max_size=3)),
        "exceptions": draw(st.dictionaries(dates, days(), max_size=3)),
        "breaks": draw(st.dictionaries(dates, st.just(["12:00-13:00", "23:00-01:00"]), max_size=3)),
    }


CALENDARS = st.shared(specs().map(WorkCalendar.from_dict), key="calendar")


@LAWS
@given(CALENDARS, INSTANTS, INSTANTS, INSTANTS)
def test_elapsed_adds_up(c: WorkCalendar, x: datetime, y: datetime, z: datetime) -> None:
    """elapsed(x, y) + elapsed(y, z) == elapsed(x, z), whatever the order; elapsed(y, x) == -elapsed(x, y)."""
    assert c.elapsed(x, y) + c.elapsed(y, z) == c.elapsed(x, z)
    assert c.elapsed(y, x) == -c.elapsed(x, y)
    assert c.elapsed(x, x) == timedelta(0)


@LAWS
@given(CALENDARS, INSTANTS, INSTANTS)
def test_open_time_never_runs_backwards_nor_faster_than_time(c: WorkCalendar, x: datetime, y: datetime) -> None:
    """For x <= y: 0 <= elapsed(x, y) <= y - x."""
    x, y = min(x, y), max(x, y)
    assert timedelta(0) <= c.elapsed(x, y) <= y - x


@LAWS
@given(CALENDARS, INSTANTS, DURATIONS)
def test_adding_and_subtracting_take_exactly_the_duration(c: WorkCalendar, t: datetime, d: timedelta) -> None:
    """elapsed(t, add(t, d)) == d and elapsed(subtract(t, d), t) == d; both land on open time or on its edge."""
    later, earlier = c.add(t, d), c.subtract(t, d)
    assert c.elapsed(t, later) == d
    assert c.elapsed(earlier, t) == d
    assert c.is_open(later) if d == timedelta(0) else c.is_open(later - timedelta.resolution)
    assert c.is_open(earlier) or (d == timedelta(0) and c.previous_open(t) == earlier)


@LAWS
@given(CALENDARS, INSTANTS, DURATIONS)
def test_add_is_the_first_such_instant_and_subtract_the_last(c: WorkCalendar, t: datetime, d: timedelta) -> None:
    """A microsecond before add(t, d), or after subtract(t, d), less than d has passed."""
    assume(d > timedelta(0))
    assert c.elapsed(t, c.add(t, d) - timedelta.resolution) < d
    assert c.elapsed(c.subtract(t, d) + timedelta.resolution, t) < d


@LAWS
@given(CALENDARS, INSTANTS, INSTANTS)
def test_intervals_are_the_open_time(c: WorkCalendar, x: datetime, y: datetime) -> None:
    """The intervals between two instants are apart, in order, open inside, and as long together as elapsed says."""
    x, y = min(x, y), max(x, y)
    found = c.intervals(x, y)
    edges = [edge for interval in found for edge in interval]
    assert edges == sorted(set(edges))
    assert sum((b - a for a, b in found), timedelta(0)) == c.elapsed(x, y)
    for a, b in found[:20]:
        assert c.is_open(a)
        assert c.is_open(b - timedelta.resolution)
        assert b == y or not c.is_open(b)


@LAWS
@given(CALENDARS, INSTANTS)
def test_position_and_instant_are_inverse(c: WorkCalendar, t: datetime) -> None:
    """position(instant(p)) == p, and instant(position(t)) is the first instant that is as far as t."""
    us = (t - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta.resolution
    p = c.position(us)
    first = c.instant(p)
    assert c.position(first) == p
    assert first <= us
    assert c.position(first - 1) == p - 1


@settings(LAWS, max_examples=25)
@given(specs(), specs(), st.dates(datetime(2021, 1, 1).date(), datetime(2022, 12, 1).date()))  # noqa: DTZ001
def test_combinations_agree_with_sets_of_minutes(left: Any, right: Any, day: Any) -> None:
    """Union, intersection and difference are those of the sets of open minutes, over five days around any date."""
    a, b = WorkCalendar.from_dict(left), WorkCalendar.from_dict(right)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = [start + k * MINUTE for k in range(5 * 1440)]

    def open_minutes(c: WorkCalendar) -> set[datetime]:
        return {m for m in minutes if c.is_open(m)}

    in_a, in_b = open_minutes(a), open_minutes(b)
    assert open_minutes(a | b) == in_a | in_b
    assert open_minutes(a & b) == in_a & in_b
    assert open_minutes(a - b) == in_a - in_b


@LAWS
@given(CALENDARS, INSTANTS, st.integers(-40, 40).filter(bool))
def test_adding_workdays_counts_them(c: WorkCalendar, t: datetime, n: int) -> None:
    """Between a date (excluded) and add_workdays(date, n) there are n workdays, the last of them the result."""
    day, one = t.date(), timedelta(days=1)
    landed = c.add_workdays(day, n)
    first, last = (day + one, landed) if n > 0 else (landed, day - one)
    assert c.is_workday(landed)
    assert c.count_workdays(first, last) == abs(n)


@LAWS
@given(CALENDARS)
def test_what_is_written_reads_back(c: WorkCalendar) -> None:
    """from_dict(to_dict()) gives an equal calendar with an equal hash and digest."""
    again = WorkCalendar.from_dict(c.to_dict())
    assert (again, hash(again), again.digest) == (c, hash(c), c.digest)


@settings(LAWS, max_examples=30)
@given(CALENDARS, st.lists(st.none() | st.integers(1_300_000_000_000_000, 1_800_000_000_000_000), max_size=50))
def test_the_vectorised_position_is_the_scalar_one(c: WorkCalendar, instants: list[int | None]) -> None:
    """`positions` equals `position` for every instant, keeps name and order, and leaves the missing missing."""
    got = positions(pl.Series("at", instants, dtype=pl.Int64), c)
    assert (got.name, got.dtype) == ("at", pl.Int64)
    assert got.to_list() == [None if us is None else c.position(us) for us in instants]


def test_columns_that_are_no_integers_are_refused() -> None:
    """A Datetime column may count in other units than microseconds: a `TypeError` that says what to do."""
    always = WorkCalendar.always
    with pytest.raises(TypeError, match="epoch"):
        positions(pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]), always)
    assert positions(pl.Series("at", [None, None]), always).to_list() == [None, None]
