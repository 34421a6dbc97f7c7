"""Business time in words: the hours, days off and exceptions of a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from orderflow.model.calendar import Combination, WorkCalendar
from orderflow.model.hours import DAY, Recurring, Spans, Timetable
from orderflow.model.reasons import Language
from orderflow.rules.in_words import say

_ALL_DAY: Spans = ((0, DAY),)


def calendar_words(calendar: WorkCalendar, language: Language) -> str:
    """A calendar in sentences."""
    if isinstance(calendar.content, Combination):
        parts = say("half", language).join(calendar_words(part, language) for part in calendar.content.parts)
        return say(f"calendar.{calendar.content.operation}", language, parts=parts)
    joint = " " if language == "en" else ""
    return joint.join(_sentences(calendar.content, language))


def _sentences(table: Timetable, language: Language) -> Iterator[str]:
    yield say("calendar.open", language, days=week_words(table.hours, language), zone=table.timezone)
    if table.country:
        yield say("calendar.country", language, country=table.country)
    if table.holidays:
        yield say("calendar.holidays", language, days=days_words(table.holidays, language))
    if table.makeup is not None:
        yield say("calendar.makeup", language, hours=hours_words(table.makeup, language))
    for item in table.recurring:
        yield recurring_words(item, language)
    for key, dated in (("exceptions", table.exceptions), ("breaks", table.breaks)):
        for hours, days in _by_hours(dated).items():
            said = days_words(days, language)
            yield say(f"calendar.{key}", language, days=said, hours=hours_words(hours, language))


def week_words(week: tuple[Spans, ...], language: Language) -> str:
    """The hours of a week, days with the same hours together: `Monday to Friday 09:00-12:00 and 13:30-18:00`."""
    if set(week) == {_ALL_DAY}:
        return say("calendar.always", language)
    runs: list[tuple[int, int]] = []
    for day, hours in enumerate(week):
        if runs and hours == week[day - 1]:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    said = []
    for first, last in runs:
        if week[first]:
            days = _range("to", say(f"day.{first}", language), say(f"day.{last}", language), language)
            said.append(say("calendar.hours", language, days=days, hours=hours_words(week[first], language)))
    return say("half", language).join(said) or say("calendar.no_week", language)


def hours_words(hours: Spans, language: Language) -> str:
    """The hours of one day; none is `closed`."""
    spans = (f"{_time(opens, language)}–{_time(closes, language)}" for opens, closes in hours)
    return say("hours_and", language).join(spans) or say("closed", language)


def days_words(days: Iterable[date | str], language: Language) -> str:
    """Dates, those that follow each other as `2026-02-16 to 2026-02-20`."""
    runs: list[tuple[date, date]] = []
    for day in sorted(date.fromisoformat(str(item)) for item in days):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return say("comma", language).join(_range("from_to", str(first), str(last), language) for first, last in runs)


def recurring_words(item: Recurring, language: Language) -> str:
    """Hours by an RFC 5545 rule, the rule as it is written."""
    hours = hours_words(item.hours, language)
    return say(
        "calendar.recurring", language, rule=say("quoted", language, text=item.rule), start=item.start, hours=hours
    )


def _by_hours(dated: Mapping[str, Spans]) -> dict[Spans, list[str]]:
    found: dict[Spans, list[str]] = {}
    for day, hours in dated.items():
        found.setdefault(hours, []).append(day)
    return found


def _range(key: str, first: str, last: str, language: Language) -> str:
    return first if first == last else say(key, language, first=first, last=last)


def _time(minutes: int, language: Language) -> str:
    late = minutes > DAY
    minutes -= DAY if late else 0
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return say("next_day", language, time=text) if late else text
