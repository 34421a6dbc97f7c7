"""The conventions of business time, one worked case each."""

from __future__ import annotations

import copy
import pickle
import threading
import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderflow.model.calendar import ALWAYS, WorkCalendar
from orderflow.model.errors import DefinitionError, InvalidValue
from orderflow.model.openings import zone_rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def calendar(**spec: Any) -> WorkCalendar:
    return WorkCalendar.from_dict(spec)


def office() -> WorkCalendar:
    """Monday to Friday, 09:00-12:00 and 13:30-18:00 in Shanghai: 7.5 hours a day. 2026-03-02 is a Monday."""
    return calendar(timezone="Asia/Shanghai", hours={"mon-fri": ["09:00-12:00", "13:30-18:00"]})


def march(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def test_elapsed_counts_only_open_time() -> None:
    """From Friday 17:00 to Monday 10:00 two hours are open: the weekend and the nights do not count."""
    assert office().elapsed(march(6, 17), march(9, 10)) == 2 * HOUR
    assert office().elapsed(march(2, 11), march(2, 14)) == 1.5 * HOUR


def test_elapsed_backwards_is_negative() -> None:
    """`elapsed(b, a) == -elapsed(a, b)`."""
    assert office().elapsed(march(9, 10), march(6, 17)) == -2 * HOUR


def test_elapsed_takes_instants_of_any_zone() -> None:
    """The same instants in other zones give the same open time; a second 02:30 in autumn is an hour later."""
    assert office().elapsed(march(2, 9).astimezone(UTC), march(2, 12).astimezone(BERLIN)) == 3 * HOUR
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    assert ALWAYS.elapsed(first, first.replace(fold=1)) == HOUR


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        (march(2, 9), 3, march(2, 12)),  # exactly on a closing time: that one, not 13:30
        (march(2, 10), 6.5, march(2, 18)),
        (march(2, 10), 7.5, march(3, 10)),
        (march(6, 17), 2, march(9, 10)),
        (march(7, 3), 1, march(9, 10)),
        (march(2, 12), 0, march(2, 13, 30)),  # zero: the next open instant, even from a closing time
        (march(2, 9), 0, march(2, 9)),
        (march(2, 8), 0, march(2, 9)),
        (march(9, 10), -2, march(6, 17)),  # negative: subtract
    ],
)
def test_add(start: datetime, hours: float, expected: datetime) -> None:
    """`add` gives the first instant by which the open time has passed, in the zone of its argument."""
    got = office().add(start, hours * HOUR)
    assert got == expected
    assert got.tzinfo is SHANGHAI


@pytest.mark.parametrize(
    ("end", "hours", "expected"),
    [
        (march(2, 12), 3, march(2, 9)),  # exactly on an opening time: that one, not Friday 18:00
        (march(9, 10), 2, march(6, 17)),
        (march(2, 13), 0, march(2, 12)),  # zero: the previous open instant
        (march(2, 10), 0, march(2, 10)),
        (march(6, 17), -2, march(9, 10)),
    ],
)
def test_subtract(end: datetime, hours: float, expected: datetime) -> None:
    """`subtract` gives the last instant from which the open time passes."""
    assert office().subtract(end, hours * HOUR) == expected


def test_openings_are_half_open() -> None:
    """An opening time is open, a closing time is closed."""
    assert office().is_open(march(2, 9))
    assert not office().is_open(march(2, 12))
    assert not office().is_open(march(1, 10))


def test_next_and_previous_open() -> None:
    """An open instant is its own answer; else it is the next opening time and the last closing time."""
    c = office()
    assert c.next_open(march(2, 10)) == c.previous_open(march(2, 10)) == march(2, 10)
    assert c.next_open(march(2, 12)) == march(2, 13, 30)
    assert c.previous_open(march(2, 12)) == march(2, 12)
    assert c.next_open(march(7, 1)) == march(9, 9)
    assert c.previous_open(march(7, 1)) == march(6, 18)


def test_intervals_are_cut_to_what_was_asked() -> None:
    """`intervals` lists the openings between two instants, cut to them; none backwards."""
    c = office()
    found = [(march(2, 11), march(2, 12)), (march(2, 13, 30), march(2, 18)), (march(3, 9), march(3, 9, 30))]
    assert c.intervals(march(2, 11), march(3, 9, 30)) == found
    assert c.intervals(march(3, 9), march(2, 9)) == []
    assert c.intervals(march(2, 9), march(2, 9)) == []


def test_always_is_wall_time() -> None:
    """The 24/7 calendar: P is the instant itself, and each date is a workday."""
    assert WorkCalendar.always is ALWAYS
    for us in (-(10**15), 0, 1_577_836_800_000_000, 4 * 10**15):
        assert ALWAYS.position(us) == us
        assert ALWAYS.instant(us) == us
    assert ALWAYS.is_workday(date(2026, 3, 1))


@pytest.mark.parametrize(("day", "real_hours"), [(27, 8), (28, 7), (29, 8)])
def test_a_night_in_spring_has_seven_hours(day: int, real_hours: int) -> None:
    """A night shift follows the wall clock: 7 real hours when the clock goes forward (Berlin, 2026-03-29)."""
    c = calendar(timezone="Europe/Berlin", hours={"mon-sun": ["22:00-06:00"]})
    evening = datetime(2026, 3, day, 22, tzinfo=BERLIN)
    assert c.elapsed(evening, evening + timedelta(hours=8)) == real_hours * HOUR  # wall-clock arithmetic on purpose
    assert c.is_workday(date(2026, 3, day))


def test_a_night_in_autumn_has_nine_hours() -> None:
    """A night shift has 9 real hours when the clock goes back (Berlin, 2026-10-25)."""
    c = calendar(timezone="Europe/Berlin", hours={"sat": ["22:00-06:00"]})
    assert c.elapsed(datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)) == 9 * HOUR


@pytest.mark.parametrize(
    ("day", "hours", "opens", "closes"),
    [
        ("2026-03-29", "02:15-04:00", "01:15", "02:00"),  # 02:15 does not exist: 03:15 summer time
        ("2026-03-29", "01:00-02:30", "00:00", "01:30"),  # until 02:30, which becomes 03:30 summer time
        ("2026-10-25", "02:30-04:00", "00:30", "03:00"),  # from the first 02:30
        ("2026-10-25", "01:00-02:30", "23:00", "00:30"),  # until the first 02:30
    ],
)
def test_gaps_and_repeated_times(day: str, hours: str, opens: str, closes: str) -> None:
    """A local time in a gap moves forward by the gap; a repeated one means the first."""
    c = calendar(timezone="Europe/Berlin", exceptions={day: [hours]})
    [(start, end)] = c.intervals(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert (f"{start:%H:%M}", f"{end:%H:%M}") == (opens, closes)


def test_an_interval_that_the_gap_turns_round_is_empty() -> None:
    """02:30-03:15 on a spring night would open at 03:30 and close at 03:15: it is not open at all."""
    c = calendar(timezone="Europe/Berlin", exceptions={"2026-03-29": ["02:30-03:15"], "2026-04-01": ["09:00-10:00"]})
    assert not c.is_workday(date(2026, 3, 29))
    assert c.next_open(datetime(2026, 3, 1, tzinfo=UTC)).date() == date(2026, 4, 1)


def test_a_date_that_the_zone_skipped_has_no_hours() -> None:
    """Apia went from 2011-12-29 straight to 2011-12-31: the Friday between has no hours, the night before goes on."""
    apia = ZoneInfo("Pacific/Apia")
    days = calendar(timezone="Pacific/Apia", hours={"mon-fri": ["09:00-17:00"]})
    assert not days.is_workday(date(2011, 12, 30))
    assert days.count_workdays(date(2011, 12, 26), date(2012, 1, 1)) == 4
    nights = calendar(timezone="Pacific/Apia", hours={"thu": ["22:00-06:00"]})
    evening = datetime(2011, 12, 29, 22, tzinfo=apia)
    assert nights.add(evening, 8 * HOUR) == datetime(2011, 12, 31, 6, tzinfo=apia)


def test_exceptions_beat_holidays_and_holidays_beat_the_week() -> None:
    """A date is decided by its exception, else by a holiday, else by a recurring exception, else by the week."""
    c = calendar(
        hours={"mon-fri": ["09:00-17:00"]},
        holidays=["2026-01-01", "2026-01-02", "2026-01-30"],
        exceptions={"2026-01-02": ["10:00-12:00"], date(2026, 1, 3): ["09:00-10:00"], "2026-01-05": []},
        recurring=[{"rule": "FREQ=MONTHLY;BYDAY=-1FR", "start": "2026-01-01", "hours": ["09:00-12:00"]}],
    )

    def hours_of(month: int, day: int) -> float:
        start = datetime(2026, month, day, tzinfo=UTC)
        return c.elapsed(start, start + timedelta(days=1)) / HOUR

    got = [hours_of(1, day) for day in (1, 2, 3, 5, 6, 30)]
    assert got == [0, 2, 1, 0, 8, 0]
    assert hours_of(2, 27) == 3  # the last Friday of February
    assert hours_of(2, 20) == 8


def test_the_first_recurring_rule_that_matches_decides() -> None:
    """Of two rules for one date, the one written first counts; before its start a rule says nothing."""
    monthly, daily = "FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=DAILY"
    c = calendar(
        recurring=[
            {"rule": monthly, "start": "2026-01-01", "hours": ["09:00-10:00"]},
            {"rule": daily, "start": "2026-01-14", "hours": ["09:00-11:00"]},
        ]
    )
    lengths = [(end - start) / HOUR for start, end in c.intervals(at(2026, 1, 13), at(2026, 1, 17))]
    assert lengths == [2, 1, 2]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc] - year, month, day ...


def test_breaks_close_the_wall_clock_whosever_shift_it_is() -> None:
    """A break is cut out of the day, also out of a night shift that began the day before, also overnight."""
    c = calendar(
        hours={"mon-fri": ["22:00-06:00"]},
        breaks={"2026-03-03": ["02:00-02:30"], "2026-03-04": ["23:30-00:30"]},
    )
    found = [(f"{a:%d %H:%M}", f"{b:%d %H:%M}") for a, b in c.intervals(at(2026, 3, 2, 12), at(2026, 3, 5, 12))]
    assert found == [
        ("02 22:00", "03 02:00"),
        ("03 02:30", "03 06:00"),
        ("03 22:00", "04 06:00"),
        ("04 22:00", "04 23:30"),
        ("05 00:30", "05 06:00"),
    ]


def test_overnight_and_24_00() -> None:
    """An overnight interval belongs to the day it starts on; 24:00 and an end of 00:00 are that day's end."""
    c = calendar(hours={"fri": ["22:00-06:00"], "sun": ["18:00-24:00"], "tue": ["18:00-00:00"]})
    assert c.is_workday(date(2026, 3, 6))
    assert not c.is_workday(date(2026, 3, 7))
    assert c.is_open(at(2026, 3, 7, 5, 59))
    assert c.next_open(at(2026, 3, 7, 6)) == at(2026, 3, 8, 18)
    assert c.add(at(2026, 3, 8, 18), 6 * HOUR) == at(2026, 3, 9)
    assert c.add(at(2026, 3, 3, 18), 6 * HOUR) == at(2026, 3, 4)
    assert WorkCalendar.from_dict(c.to_dict()) == c


def test_workdays() -> None:
    """Counting includes both ends; adding counts strictly after or before; zero is the day itself or the next."""
    c = office()
    saturday, monday = date(2026, 3, 7), date(2026, 3, 9)
    assert c.is_workday(monday)
    assert not c.is_workday(saturday)
    assert c.count_workdays(date(2026, 3, 2), monday) == 6
    assert c.count_workdays(monday, saturday) == 0
    assert c.add_workdays(saturday, 0) == c.add_workdays(saturday, 1) == monday
    assert c.add_workdays(monday, 0) == monday
    assert c.add_workdays(monday, 5) == date(2026, 3, 16)
    assert c.add_workdays(monday, -1) == date(2026, 3, 6)


def test_a_leave_is_a_difference() -> None:
    """A person's calendar is the office's without the leave; a day of leave is no workday, half a day still is."""
    leave = calendar(
        timezone="Asia/Shanghai", exceptions={"2026-03-03": ["00:00-24:00"], "2026-03-04": ["00:00-12:00"]}
    )
    person = office() - leave
    assert person.timezone == "Asia/Shanghai"
    assert not person.is_workday(date(2026, 3, 3))
    assert person.is_workday(date(2026, 3, 4))
    assert person.add(march(2, 17), 2 * HOUR) == march(4, 14, 30)


def test_union_and_intersection() -> None:
    """A union is open when any part is, an intersection when all are; both can be nested and written back."""
    shanghai, berlin = office(), calendar(timezone="Europe/Berlin", hours={"mon-fri": ["08:00-16:00"]})
    both, either = shanghai & berlin, shanghai | berlin
    # Berlin opens at 15:00 Shanghai time in winter: 3 hours in common
    assert both.elapsed(march(2, 0), march(3, 0)) == 3 * HOUR
    assert either.elapsed(march(2, 0), march(3, 0)) == (7.5 + 8 - 3) * HOUR
    assert WorkCalendar.from_dict((either - both).to_dict()) == either - both
    assert both.is_workday(date(2026, 3, 2))
    assert not (both & calendar(hours={"sat": ["09:00-10:00"]})).is_workday(date(2026, 3, 2))
    assert (both | calendar(hours={"sat": ["09:00-10:00"]})).is_workday(date(2026, 3, 7))


def test_equal_by_content() -> None:
    """Two calendars are equal when they declare the same, however it was written, called or used."""
    other = WorkCalendar.from_dict(
        {
            "hours": {"fri": ["13:30-18:00", "9:00-12:00"], "mon,tue-thu": ["09:00-12:00", "13:30-18:00"], "sun": []},
            "timezone": "Asia/Shanghai",
            "holidays": [],
        },
        name="office",
    )
    c = office()
    c.elapsed(march(2, 0), march(9, 0))
    assert c == other
    assert hash(c) == hash(other)
    assert c.digest == other.digest
    assert c != calendar(timezone="Asia/Shanghai", hours={"mon-fri": ["09:00-12:00"]})
    assert other.named("shop").name == "shop"
    assert c != "office"


def test_values_can_be_pickled_and_copied() -> None:
    """A used calendar survives pickling and copying, with its name, and answers the same."""
    c = (office() - calendar(exceptions={"2026-03-03": ["00:00-24:00"]})).named("with leave")
    c.elapsed(march(2, 0), march(9, 0))
    for again in (pickle.loads(pickle.dumps(c)), copy.deepcopy(c), copy.copy(c)):
        assert again == c
        assert again.name == "with leave"
        assert again.elapsed(march(2, 0), march(9, 0)) == c.elapsed(march(2, 0), march(9, 0))


def test_positions_do_not_depend_on_what_was_asked_first() -> None:
    """P is the same in every process: it equals the instant at 2020-01-01T00:00Z, whichever way the table grew."""
    years = [int(at(year, 7, 1, 12).timestamp()) * 10**6 for year in (1995, 2005, 2020, 2026, 2040)]
    forward, backward = office(), office()
    assert [forward.position(us) for us in years] == [backward.position(us) for us in reversed(years)][::-1]
    assert forward.position(1_577_836_800_000_000) == 1_577_836_800_000_000
    assert forward.table(years[0], years[-1]) == backward.table(years[0], years[-1])


def test_the_digest_names_the_content_only() -> None:
    """The digest changes with a holiday and not with use or name; a combination has its own."""
    c = office()
    before = c.digest
    c.elapsed(at(2031, 1, 1), at(2010, 1, 1))
    assert c.named("x").digest == before
    closed = calendar(**{**c.to_dict(), "holidays": ["2026-05-01"]})
    assert closed.digest != before
    assert len({before, closed.digest, (c | closed).digest, (c & closed).digest, (closed | c).digest}) == 5


@pytest.mark.parametrize("wrong", [datetime(2026, 3, 2, 9), date(2026, 3, 2), "2026-03-02", None])  # noqa: DTZ001 - naive on purpose
def test_what_is_not_an_instant_is_refused(wrong: Any) -> None:
    """Naive datetimes, dates and other things are `InvalidValue`, in every question about instants."""
    c, right = office(), march(2, 9)
    questions = [
        lambda: c.elapsed(wrong, right),
        lambda: c.elapsed(right, wrong),
        lambda: c.add(wrong, HOUR),
        lambda: c.subtract(wrong, HOUR),
        lambda: c.is_open(wrong),
        lambda: c.next_open(wrong),
        lambda: c.previous_open(wrong),
        lambda: c.intervals(right, wrong),
    ]
    for question in questions:
        with pytest.raises(InvalidValue, match="time zone"):
            question()


def test_what_is_not_a_day_or_a_duration_is_refused() -> None:
    """A datetime is not a day, and a number is not a duration."""
    c: Any = office()
    with pytest.raises(InvalidValue, match="date is needed"):
        c.is_workday(march(2, 9))
    with pytest.raises(InvalidValue, match="timedelta"):
        c.add(march(2, 9), 8)


def test_a_calendar_that_stops_opening_ends_the_search() -> None:
    """A search that finds nothing is a `DefinitionError` with the stretch that was searched, not an endless loop."""
    once = calendar(exceptions={"2026-03-02": ["09:00-10:00"]})
    assert once.next_open(at(2026, 1, 1)) == at(2026, 3, 2, 9)
    for question in (
        lambda: once.next_open(at(2026, 3, 3)),
        lambda: once.add(at(2026, 3, 2), 2 * HOUR),
        lambda: once.subtract(at(2026, 3, 3), 2 * HOUR),
        lambda: once.previous_open(at(2026, 3, 2)),
        lambda: once.add_workdays(date(2026, 3, 2), 1),
        lambda: (office() - office()).next_open(at(2026, 3, 3)),
    ):
        with pytest.raises(DefinitionError) as caught:
            question()
        assert caught.value.problems[0].code in {"calendar.no_opening", "calendar.too_far"}


def test_instants_beyond_the_bounds_are_refused() -> None:
    """A year 9999 that means "never" does not build eight thousand years of openings."""
    with pytest.raises(DefinitionError, match="9999"):
        office().elapsed(march(2, 9), at(9999, 12, 31))
    with pytest.raises(DefinitionError, match="1899"):
        office().is_open(at(1899, 12, 31))
    with pytest.raises(DefinitionError, match="µs"):
        office().position(10**30)


def test_many_threads_can_ask_one_calendar() -> None:
    """While the table grows in one thread, all others get the same answers as a calendar of their own."""
    shared, expected = office() | calendar(hours={"sat": ["10:00-12:00"]}), {}
    years = list(range(1990, 2060, 5))
    alone = pickle.loads(pickle.dumps(shared))
    for year in years:
        expected[year] = alone.elapsed(at(year, 1, 1), at(year + 1, 1, 1))
    wrong: list[int] = []

    def ask(order: list[int]) -> None:
        wrong.extend(y for y in order if shared.elapsed(at(y, 1, 1), at(y + 1, 1, 1)) != expected[y])

    threads = [threading.Thread(target=ask, args=(years[k:] + years[:k],)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_rules_of_a_zone_are_exact() -> None:
    """What the digest says of a zone are its changes to the second: Berlin 2026, both at 01:00 UTC."""
    hour = 3_600_000_000
    changes = [int(at(2026, *parts).timestamp()) * 10**6 for parts in ((1, 1), (3, 29, 1), (10, 25, 1))]
    assert zone_rules("Europe/Berlin", 2026, 2026) == tuple(zip(changes, (hour, 2 * hour, hour), strict=True))


def test_without_a_country_nothing_is_unknown() -> None:
    """A calendar without a country has no horizon and never warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert office().known_until is None
        assert office().elapsed(at(2026, 1, 1), at(2150, 1, 1)) > timedelta(days=9000)
