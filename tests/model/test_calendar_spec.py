"""Reading a calendar's spec: every problem at once, with its code, its place and what to do."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from datetime import date, datetime
from typing import Any

import pytest

from orderflow.model import countries
from orderflow.model.calendar import ALWAYS, WorkCalendar
from orderflow.model.errors import DefinitionError, MissingExtraError
from orderflow.model.reasons import Place, Problem
from orderflow.model.texts.calendars import TEXTS

OPEN = {"hours": {"mon-fri": ["09:00-18:00"]}}


def problems(spec: Any, **options: Any) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        WorkCalendar.from_dict(spec, **options)
    return list(caught.value.problems)


def with_rule(rule: Any, start: Any = "2026-01-01") -> dict[str, Any]:
    return {**OPEN, "recurring": [{"rule": rule, "start": start, "hours": []}]}


@pytest.mark.parametrize(
    ("spec", "code", "path", "suggestion"),
    [
        ("always", "form", "", None),
        ({**OPEN, "holiday": []}, "unknown_key", "holiday", "holidays"),
        ({"unoin": [OPEN, OPEN], **OPEN}, "unknown_key", "unoin", "union"),
        ({**OPEN, "timezone": "Asia/Shangai"}, "unknown_timezone", "timezone", "Asia/Shanghai"),
        ({**OPEN, "timezone": "asia/shanghai"}, "unknown_timezone", "timezone", "Asia/Shanghai"),
        ({**OPEN, "timezone": "../etc/passwd"}, "unknown_timezone", "timezone", None),
        ({**OPEN, "timezone": "localtime"}, "unknown_timezone", "timezone", None),
        ({**OPEN, "timezone": 8}, "unknown_timezone", "timezone", None),
        ({}, "never_opens", "", None),
        ({"hours": {"mon": []}, "exceptions": {"2026-01-01": []}}, "never_opens", "", None),
        ({"hours": ["09:00-18:00"]}, "hours_form", "hours", None),
        ({"hours": {"mon": None}}, "spans_form", "hours.mon", None),
        ({"hours": {"mon": ["9 to 5"]}}, "bad_interval", "hours.mon[0]", None),
        ({"hours": {"mon": [540]}}, "bad_interval", "hours.mon[0]", None),
        ({"hours": {"mon-fri": ["09:00-12:00", "12:00-25:00"]}}, "bad_time", "hours.mon-fri[1]", None),
        ({"hours": {"mon": ["09:60-12:00"]}}, "bad_time", "hours.mon[0]", None),
        ({"hours": {"mon": ["24:00-06:00"]}}, "bad_time", "hours.mon[0]", None),
        ({"hours": {"mon": ["00:00-24:01"]}}, "bad_time", "hours.mon[0]", None),
        ({"hours": {"mon": ["09:00-09:00"]}}, "empty_interval", "hours.mon[0]", None),
        ({"hours": {"mon": ["13:30-12:00"]}}, "backwards", "hours.mon[0]", None),
        ({"hours": {"mon": ["09:00-12:00", "11:59-13:00"]}}, "overlap", "hours.mon[1]", None),
        ({"hours": {"mon": ["20:00-06:00"], "tue": ["05:00-07:00"]}}, "overlap_next", "hours.mon", None),
        ({"hours": {"sun": ["20:00-06:00"], "mon": ["05:00-07:00"]}}, "overlap_next", "hours.sun", None),
        ({"hours": {"monday": ["09:00-12:00"]}}, "bad_day", "hours.monday", "mon"),
        ({"hours": {"mon-tue-wed": ["09:00-12:00"]}}, "bad_day", "hours.mon-tue-wed", None),
        ({"hours": {"mon-fri": ["09:00-12:00"], "fri": []}}, "day_twice", "hours.fri", None),
        ({**OPEN, "exceptions": []}, "dated_form", "exceptions", None),
        ({**OPEN, "exceptions": {"2026-02-30": []}}, "bad_date", "exceptions.2026-02-30", None),
        ({**OPEN, "exceptions": {"20260201": []}}, "bad_date", "exceptions.20260201", None),
        ({**OPEN, "breaks": {"mon": ["12:00-13:00"]}}, "bad_date", "breaks.mon", None),
        ({**OPEN, "breaks": {"2026-03-02": ["14:00-13:00"]}}, "backwards", "breaks.2026-03-02[0]", None),
        ({**OPEN, "exceptions": {"2026-02-01": [], date(2026, 2, 1): []}}, "date_twice", "exceptions.2026-02-01", None),
        ({**OPEN, "holidays": 3}, "holidays_form", "holidays", None),
        ({**OPEN, "holidays": ["1 May"]}, "bad_date", "holidays[0]", None),
        ({**OPEN, "holidays": [datetime(2026, 5, 1)]}, "bad_date", "holidays[0]", None),  # noqa: DTZ001 - wrong on purpose
        ({**OPEN, "holidays": False}, "norway", "holidays", None),
        ({**OPEN, "holidays": {"country": False}}, "norway", "holidays.country", None),
        ({**OPEN, "holidays": {"subdivision": "BY"}}, "missing_key", "holidays", None),
        ({**OPEN, "holidays": {"county": "CN"}}, "unknown_key", "holidays.county", "country"),
        ({**OPEN, "recurring": "FREQ=DAILY"}, "recurring_form", "recurring", None),
        ({**OPEN, "recurring": ["FREQ=DAILY"]}, "recurring_form", "recurring[0]", None),
        ({**OPEN, "recurring": [{"rule": "FREQ=DAILY", "hours": []}]}, "missing_key", "recurring[0]", None),
        (with_rule("FREQ=MONTLY"), "rule_frequency", "recurring[0].rule", "MONTHLY"),
        (with_rule("FREQ=HOURLY"), "rule_frequency", "recurring[0].rule", None),
        (with_rule("BYDAY=FR"), "rule_frequency", "recurring[0].rule", None),
        (with_rule("FREQ=DAILY;BYHOUR=9"), "unknown_rule_part", "recurring[0].rule", None),
        (with_rule("FREQ=DAILY;INTERVAL=0"), "bad_rule", "recurring[0].rule", None),
        (with_rule("FREQ=DAILY;INTERVAL=-1"), "bad_rule", "recurring[0].rule", None),
        (with_rule("FREQ=DAILY;BYDAY=MO;BYDAY=TU"), "bad_rule", "recurring[0].rule", None),
        (with_rule("FREQ=DAILY;COUNT=2;UNTIL=20270101"), "bad_rule", "recurring[0].rule", None),
        (with_rule("FREQ=DAILY;UNTIL=20270101T000000Z"), "bad_rule", "recurring[0].rule", None),
        (with_rule("FREQ=MONTHLY;BYDAY=9FR"), "bad_rule", "recurring[0].rule", None),
        (with_rule("FREQ=MONTHLY;BYDAY=XX"), "bad_rule", "recurring[0].rule", None),
        (with_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "rule_never", "recurring[0].rule", None),
        (with_rule("FREQ=DAILY", start="soon"), "bad_date", "recurring[0].start", None),
        ({"union": [OPEN]}, "combination", "union", None),
        ({"union": [OPEN, OPEN], "timezone": "UTC"}, "combination", "union", None),
        ({"difference": [OPEN, {"union": [OPEN, {}]}]}, "never_opens", "difference[1].union[1]", None),
    ],
)
def test_each_problem_has_a_code_a_place_and_sometimes_a_suggestion(
    spec: Any, code: str, path: str, suggestion: str | None
) -> None:
    """One mistake gives exactly one problem, with texts in both languages."""
    [found] = problems(spec)
    assert (found.code, found.place) == (f"calendar.{code}", Place(path=path))
    if suggestion:
        assert found.params["suggestion"] == suggestion
    assert found.text("en")
    assert found.text("zh")


def test_all_problems_come_at_once() -> None:
    """A spec with many mistakes is refused once, with all of them."""
    spec = {
        "timezone": "Mars/Base",
        "hours": {"mon-fri": ["25:00-26:00"], "sunday": []},
        "exceptions": {"2026-13-01": ["18:00-17:00"]},
        "opening": {},
    }
    codes = {problem.code.removeprefix("calendar.") for problem in problems(spec)}
    assert codes == {"unknown_timezone", "bad_time", "bad_day", "bad_date", "backwards", "unknown_key"}


def test_problems_stand_below_the_place_of_the_calendar() -> None:
    """`where` is what the calendar stands in; its file and line are kept, and the path goes on from it."""
    where = Place(file="flow.yaml", line=7, column=3, path="calendar")
    [found] = problems({"hours": {"mon": ["x"]}}, where=where)
    assert str(found.place) == "flow.yaml:7:3 (calendar.hours.mon[0])"
    [whole] = problems({}, where=where)
    assert whole.place == where


def test_a_reader_of_files_gives_the_places() -> None:
    """`place` is asked with the path of keys and indices, dates as text."""
    asked: list[tuple[str | int, ...]] = []

    def place(path: tuple[str | int, ...]) -> Place:
        asked.append(path)
        return Place(line=len(asked))

    found = problems({**OPEN, "exceptions": {date(2026, 2, 14): ["x"]}}, place=place)
    assert asked == [("exceptions", "2026-02-14", 0)]
    assert found[0].place == Place(line=1)


def test_days_can_be_lists_ranges_and_go_round_the_week() -> None:
    """mon, mon-fri, sat,sun, mon-wed,fri and fri-mon name days; capitals and blanks do not matter."""
    got = WorkCalendar.from_dict({"hours": {"Fri-Mon": ["09:00-12:00"], "tue, wed": "10:00-11:00, 12:00-13:00"}})
    assert got.to_dict()["hours"] == {
        "mon": ["09:00-12:00"],
        "tue": ["10:00-11:00", "12:00-13:00"],
        "wed": ["10:00-11:00", "12:00-13:00"],
        "fri": ["09:00-12:00"],
        "sat": ["09:00-12:00"],
        "sun": ["09:00-12:00"],
    }


def test_the_canonical_spec_is_plain_and_reads_back() -> None:
    """`to_dict` is JSON, the same for the same content, without defaults, and gives the calendar back."""
    spec = {
        "timezone": "Asia/Shanghai",
        "hours": {"mon-fri": ["13:30-18:00", "09:00-12:00"], "sat": ["22:00-06:00"]},
        "holidays": {"country": "CN", "dates": [date(2026, 7, 31), "2026-07-30"], "makeup": ["09:00-17:00"]},
        "exceptions": {date(2026, 12, 25): [], "2026-12-24": ["09:00-12:00"]},
        "breaks": {"2026-03-02": ["13:00-14:00"]},
        "recurring": [{"rule": "rrule:byday=-1FR; freq=monthly", "hours": ["09:00-12:00"], "start": date(2026, 1, 1)}],
    }
    made = WorkCalendar.from_dict(spec)
    written = made.to_dict()
    assert WorkCalendar.from_dict(json.loads(json.dumps(written))) == made
    assert written["holidays"] == {
        "country": "CN",
        "dates": ["2026-07-30", "2026-07-31"],
        "makeup": ["09:00-17:00"],
    }
    assert list(written["exceptions"]) == ["2026-12-24", "2026-12-25"]
    assert written["recurring"][0] == {
        "rule": "FREQ=MONTHLY;BYDAY=-1FR",
        "start": "2026-01-01",
        "hours": ["09:00-12:00"],
    }
    assert WorkCalendar.from_dict(ALWAYS.to_dict()) == ALWAYS == WorkCalendar.from_dict({"hours": "always"})


def test_a_country_is_checked_when_the_extra_is_there() -> None:
    """An unknown country or subdivision is a problem with a suggestion; the library's class names are no codes."""
    pytest.importorskip("holidays")
    [code] = problems({**OPEN, "holidays": "cn"})
    assert (code.code, code.params["suggestion"]) == ("calendar.unknown_country", "CN")
    assert problems({**OPEN, "holidays": "China"})[0].code == "calendar.unknown_country"
    [part] = problems({**OPEN, "holidays": {"country": "DE", "subdivision": "Bayrn"}})
    assert (part.code, part.params["suggestion"]) == ("calendar.unknown_subdivision", "Bayern")
    assert part.place == Place(path="holidays.subdivision")
    assert problems({**OPEN, "holidays": {"country": "FR", "subdivision": "ZZ"}})[0].text("zh")


def test_without_the_extra_a_country_is_only_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `holidays` a calendar with a country can be made, compared and written; asking it names the extra."""
    monkeypatch.setattr(countries, "_library", _missing)
    made = WorkCalendar.from_dict({**OPEN, "holidays": {"country": "XX", "subdivision": "Y"}})
    assert WorkCalendar.from_dict(made.to_dict()) == made
    for question in (lambda: made.position(0), lambda: made.known_until, lambda: made.digest):
        with pytest.raises(MissingExtraError, match=r"orderflow\[calendars\]"):
            question()


def _missing() -> Any:
    raise MissingExtraError("holidays", "calendars")


def test_importing_the_calendar_imports_no_heavy_library() -> None:
    """Importing calendars needs neither `holidays` nor polars nor dateutil; they come with the first use."""
    code = "import sys, orderflow.model.calendar; print({'holidays', 'polars', 'dateutil'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_text_has_both_languages_and_the_same_parameters() -> None:
    """English and Chinese texts of a code use parameters of the same names."""
    for code, texts in TEXTS.items():
        names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert list(texts) == ["en", "zh"], code
        assert names[0] == names[1], code
