"""Calendars with public holidays: make-up working days, the horizon of what is known, and independent peers."""

from __future__ import annotations

import random
import warnings
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderflow.model.calendar import CalendarHorizonWarning, WorkCalendar
from orderflow.model.countries import Country, country_year
from orderflow.model.errors import DefinitionError

pytest.importorskip("holidays")

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
WEEK = {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}}


def china(**more: Any) -> WorkCalendar:
    return WorkCalendar.from_dict({**WEEK, "holidays": "CN", **more}, name="china")


def hours_on(calendar: WorkCalendar, day: date) -> float:
    start = datetime.combine(day, time(), SHANGHAI)
    return calendar.elapsed(start, start + timedelta(days=1)) / HOUR


def after_the_horizon(calendar: WorkCalendar) -> datetime:
    assert calendar.known_until is not None
    return datetime.combine(calendar.known_until + timedelta(days=40), time(12), UTC)


def test_make_up_working_days_have_the_hours_of_the_week() -> None:
    """Saturday 2025-02-08 is worked for Spring Festival, with Monday-to-Friday hours; the festival is closed.

    Source: https://www.gov.cn/gongbao/2024/issue_11726/202411/content_6989767.html (the notice for 2025).
    """
    c = china()
    assert hours_on(c, date(2025, 2, 8)) == 7.5
    assert [hours_on(c, date(2025, 1, day)) for day in (25, 26, 27, 28, 31)] == [0, 7.5, 7.5, 0, 0]
    assert [hours_on(c, date(2025, 2, day)) for day in (1, 4, 5, 9)] == [0, 0, 7.5, 0]
    assert c.add_workdays(date(2025, 2, 7), 1) == date(2025, 2, 8)
    assert c.add(datetime(2025, 2, 7, 17, tzinfo=SHANGHAI), 2 * HOUR) == datetime(2025, 2, 8, 10, tzinfo=SHANGHAI)


def test_make_up_working_days_can_be_stated_otherwise() -> None:
    """`makeup` gives their hours, [] keeps them closed, and an exception decides a single one."""
    assert hours_on(china(holidays={"country": "CN", "makeup": ["10:00-14:00"]}), date(2025, 2, 8)) == 4
    assert hours_on(china(holidays={"country": "CN", "makeup": []}), date(2025, 2, 8)) == 0
    assert hours_on(china(exceptions={"2025-02-08": ["09:00-10:00"]}), date(2025, 2, 8)) == 1


def test_make_up_working_days_follow_the_commonest_day() -> None:
    """When Monday to Friday differ, a make-up day has the commonest hours; Saturday's own hours do not count."""
    hours = {"mon-thu": ["09:00-17:00"], "fri": ["09:00-12:00"], "sat": ["10:00-11:00"]}
    assert hours_on(china(hours=hours), date(2025, 2, 8)) == 8
    assert hours_on(china(hours=hours), date(2025, 3, 8)) == 1


def test_listed_dates_beat_make_up_days_and_exceptions_beat_holidays() -> None:
    """A date that the company lists is closed though the country works; an exception opens a public holiday."""
    c = china(
        holidays={"country": "CN", "dates": ["2025-02-08", "2025-07-31"]}, exceptions={"2025-01-29": ["10:00-12:00"]}
    )
    assert [hours_on(c, date(2025, *day)) for day in ((2, 8), (7, 31), (1, 29))] == [0, 0, 2]


def test_beyond_the_last_notice_a_calendar_warns_once() -> None:
    """Up to `known_until` nothing is said; the first question beyond warns, with its name, the second does not."""
    c = china()
    assert c.known_until is not None
    assert (c.known_until.month, c.known_until.day) == (12, 31)
    beyond = after_the_horizon(c)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        last = datetime.combine(c.known_until, time(23, 59), SHANGHAI)
        c.elapsed(datetime(2019, 1, 1, tzinfo=UTC), last)
        assert c.is_workday(c.known_until) in (True, False)
        c.add(last - timedelta(days=60), 8 * HOUR)
    with pytest.warns(CalendarHorizonWarning, match="china: Holidays of CN are known until") as caught:
        c.elapsed(last, beyond)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        c.elapsed(last, beyond + timedelta(days=800))
        c.is_workday(beyond.date())


def test_a_combination_is_known_as_far_as_its_parts() -> None:
    """The horizon of a combination is the nearest of its parts, and the part gives the warning."""
    leave = WorkCalendar.from_dict({"exceptions": {"2026-03-02": ["00:00-24:00"]}})
    c = china() - leave
    assert c.known_until == china().known_until
    assert (leave | leave).known_until is None
    with pytest.warns(CalendarHorizonWarning) as caught:
        c.next_open(after_the_horizon(c))
    assert len(caught) == 1


def test_no_answer_more_than_fifty_years_past_what_is_known() -> None:
    """Far beyond the last notice a question is a `DefinitionError`, not a guess."""
    c = china()
    assert c.known_until is not None
    with pytest.raises(DefinitionError, match="outside"):
        c.is_open(datetime(c.known_until.year + 51, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("country", "why"),
    [("US", "rules only"), ("IN", "dates that the library calls estimated"), ("TW", "notices of moved days")],
)
def test_the_horizon_has_three_reasons(country: str, why: str) -> None:
    """Rules reach to the end of the library, estimates to the year before the first, notices to the last."""
    known = WorkCalendar.from_dict({**WEEK, "holidays": country}).known_until
    assert known is not None
    assert (known.year >= 2090) == (why == "rules only")


def test_a_subdivision_has_its_own_holidays() -> None:
    """Corpus Christi is a holiday in Bavaria and not in Berlin."""
    day = date(2026, 6, 4)
    states = [WorkCalendar.from_dict({**WEEK, "holidays": {"country": "DE", "subdivision": s}}) for s in ("BY", "BE")]
    assert [c.is_workday(day) for c in states] == [False, True]


def test_a_changed_holiday_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest names what the country code stands for: with one day corrected it is another."""
    c = china()
    before = c.digest
    with pytest.warns(CalendarHorizonWarning):
        c.is_workday(after_the_horizon(c).date())
    assert c.digest == before

    def corrected(country: Country, year: int) -> Any:
        known = country_year(country, year)
        return type(known)(known.holidays - {date(2025, 1, 1).toordinal()}, known.workdays)

    monkeypatch.setattr("orderflow.model.countries.country_year", corrected)
    assert china().digest != before


def test_every_day_agrees_with_chinesecalendar() -> None:
    """The workdays of 2004 to 2026 are those of an independent list, `chinesecalendar`.

    One day differs: Saturday 2005-12-31, which the notice for 2006 moved to 2006-01-03, and which `chinesecalendar`
    1.11.0 leaves out. Source: 国务院办公厅关于2006年部分节假日安排的通知, as cited by `holidays/countries/china.py`.
    """
    peer = pytest.importorskip("chinese_calendar")
    c = china()
    assert c.known_until is not None
    last = min(date(2026, 12, 31), c.known_until)  # an older `holidays` does not know the latest notices
    days = [date.fromordinal(k) for k in range(date(2004, 1, 1).toordinal(), last.toordinal() + 1)]
    assert [day for day in days if c.is_workday(day) != peer.is_workday(day)] == [date(2005, 12, 31)]


def test_elapsed_agrees_with_businesstimedelta_where_it_is_right() -> None:
    """For day shifts with a lunch break, `businesstimedelta` finds the same open time.

    It is asked about whole seconds and no overnight shifts: it drops fractions, and loses a shift that it starts in.
    """
    peer = pytest.importorskip("businesstimedelta")
    pytz = pytest.importorskip("pytz")
    zone, rng = "America/New_York", random.Random(7)
    c = WorkCalendar.from_dict({"timezone": zone, "hours": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}})
    shifts = peer.WorkDayRule(time(9), time(18), [0, 1, 2, 3, 4], tz=pytz.timezone(zone))
    rules = peer.Rules([shifts, peer.LunchTimeRule(time(12), time(13), [0, 1, 2, 3, 4], tz=pytz.timezone(zone))])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for _ in range(150):
        a = start + timedelta(seconds=rng.randrange(700 * 86400))
        b = a + timedelta(seconds=rng.randrange(20 * 86400))
        assert c.elapsed(a, b) == rules.difference(a, b).timedelta
