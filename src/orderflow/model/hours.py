"""What one calendar declares, and its spec: days, hours and dates read from plain data, checked, and written back."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from orderflow.model import countries
from orderflow.model.countries import Country
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.reasons import Place, Problem, problem, suggest

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset

Spans = tuple[tuple[int, int], ...]
"""Hours of one day, sorted: (opens, closes) in minutes of the wall clock since its midnight; above 1440: next day."""
Path = tuple[str | int, ...]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
NIGHT = 16 * 60
"""The longest overnight interval, in minutes: beyond it, the two ends were swapped far more often than meant."""
_TIMES = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})\s*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KEYS = ("timezone", "hours", "holidays", "exceptions", "breaks", "recurring")
_BY_PARTS = ("BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER")
_RULE_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *_BY_PARTS)
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# Zones that mean "as this machine is set", or count leap seconds: not the same everywhere.
_LOCAL_ZONES = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*")


@frozen(kw_only=True)
class Recurring:
    """Hours for the dates of an RFC 5545 rule, counted from `start`, in place of those of the week."""

    rule: str
    start: date
    hours: Spans


@frozen(kw_only=True)
class Timetable:
    """What one calendar declares. For a date, the first of these that speaks about it decides:

    1. `exceptions`: the hours of that date, whatever else it is;
    2. `holidays` (listed dates) and the public holidays of `country`: closed;
    3. `recurring`, in the order written;
    4. make-up working days of `country`: `makeup`, or else the commonest hours of Monday to Friday;
    5. `hours`: Monday first, seven of them.

    Afterwards `breaks` are cut out. Keys of `exceptions` and `breaks` are ISO dates.
    """

    timezone: str = "UTC"
    hours: tuple[Spans, ...] = ((),) * 7
    holidays: tuple[date, ...] = ()
    country: Country | None = None
    makeup: Spans | None = None
    exceptions: FrozenMap[Spans] = field(default=EMPTY)
    breaks: FrozenMap[Spans] = field(default=EMPTY)
    recurring: tuple[Recurring, ...] = ()

    @property
    def makeup_hours(self) -> Spans:
        """The hours of a make-up working day; of equally common ones, those of the earliest weekday."""
        if self.makeup is not None:
            return self.makeup
        working = [spans for spans in self.hours[:5] if spans]
        return max(working, key=working.count, default=())

    def can_open(self) -> bool:
        """Whether any rule gives open hours at all; holidays and breaks are not looked at."""
        dated = [*self.exceptions.values(), *(item.hours for item in self.recurring)]
        return any([*self.hours, *dated, self.makeup if self.country else ()])

    def to_spec(self) -> dict[str, Any]:
        """The canonical spec: plain data, defaults left out, days and dates in order."""
        holidays: dict[str, Any] = {}
        if self.country:
            holidays["country"] = self.country.code
            if self.country.subdivision:
                holidays["subdivision"] = self.country.subdivision
        if self.holidays:
            holidays["dates"] = [day.isoformat() for day in self.holidays]
        if self.makeup is not None:
            holidays["makeup"] = _written(self.makeup)
        spec = {
            "hours": {name: _written(spans) for name, spans in zip(DAYS, self.hours, strict=True) if spans},
            "holidays": holidays,
            "exceptions": {day: _written(self.exceptions[day]) for day in sorted(self.exceptions)},
            "breaks": {day: _written(self.breaks[day]) for day in sorted(self.breaks)},
            "recurring": [
                {"rule": item.rule, "start": item.start.isoformat(), "hours": _written(item.hours)}
                for item in self.recurring
            ],
        }
        return {"timezone": self.timezone, **{key: value for key, value in spec.items() if value}}


def recurrence(rule: str, start: date) -> rrule | rruleset:
    """The dates of a rule from `start` on, as midnights without a zone. A rule without an end stops in 2200."""
    from dateutil.rrule import rrulestr

    bounded = rule if "UNTIL=" in rule or "COUNT=" in rule else f"{rule};UNTIL=22000101"
    return rrulestr(bounded, dtstart=datetime.combine(start, time()), cache=True)


class SpecReader:
    """Reads specs and collects what is wrong with them in `problems`; what cannot be read counts as not written.

    `place` says where a path of keys and indices stands (a flow file knows line and column).
    """

    def __init__(self, place: Callable[[Path], Place]) -> None:
        self.problems: list[Problem] = []
        self._place = place

    def report(self, path: Path, code: str, **params: Any) -> None:
        """Notes one problem at a path of the spec."""
        self.problems.append(problem(f"calendar.{code}", place=self._place(path), **params))

    def keys(self, path: Path, spec: Mapping[Any, Any], known: Collection[str]) -> None:
        """Reports every key that is not known."""
        for key in spec:
            if key not in known:
                self.report((*path, str(key)), "unknown_key", key=str(key), suggestion=suggest(str(key), known))

    def timetable(self, path: Path, spec: Mapping[Any, Any], more_keys: Collection[str] = ()) -> Timetable:
        """The timetable of a spec that is not a combination."""
        found = len(self.problems)
        self.keys(path, spec, (*_KEYS, *more_keys))
        holidays, country, makeup = self._holidays((*path, "holidays"), spec.get("holidays", ()))
        made = Timetable(
            timezone=self._timezone((*path, "timezone"), spec.get("timezone", "UTC")),
            hours=self._week((*path, "hours"), spec.get("hours", {})),
            holidays=holidays,
            country=country,
            makeup=makeup,
            exceptions=self._dated((*path, "exceptions"), spec.get("exceptions", {})),
            breaks=self._dated((*path, "breaks"), spec.get("breaks", {})),
            recurring=self._recurring((*path, "recurring"), spec.get("recurring", ())),
        )
        if len(self.problems) == found and not made.can_open():
            self.report(path, "never_opens")
        return made

    def _timezone(self, path: Path, value: Any) -> str:
        if isinstance(value, str) and not _LOCAL_ZONES.fullmatch(value):
            try:
                return zoneinfo.ZoneInfo(value).key
            except (LookupError, ValueError, OSError):  # unknown name, impossible name, a folder of names
                pass
        known = zoneinfo.available_timezones()
        self.report(path, "unknown_timezone", timezone=str(value), suggestion=suggest(str(value), known))
        return "UTC"

    def _week(self, path: Path, value: Any) -> tuple[Spans, ...]:
        if value == "always":
            return (((0, DAY),),) * 7
        week: dict[int, tuple[Path, Spans]] = {}
        for key, hours in self._pairs(path, value, "hours_form"):
            at = (*path, str(key))
            spans = self.spans(at, hours)
            for day in self._days(at, key):
                if day in week:
                    self.report(at, "day_twice", day=DAYS[day])
                else:
                    week[day] = (at, spans)
        for day, (at, spans) in week.items():
            after = week.get((day + 1) % 7, (at, ()))[1]
            if spans and after and spans[-1][1] - DAY > after[0][0]:
                self.report(
                    at,
                    "overlap_next",
                    day=DAYS[day],
                    first=_text(spans[-1]),
                    next=DAYS[(day + 1) % 7],
                    second=_text(after[0]),
                )
        return tuple(week[day][1] if day in week else () for day in range(7))

    def _days(self, path: Path, key: Any) -> list[int]:
        found: list[int] = []
        for part in str(key).lower().split(","):
            ends = [name.strip() for name in part.split("-")]
            wrong = next((name for name in ends if name not in DAYS), None)
            if wrong is not None or len(ends) > 2:
                self.report(path, "bad_day", day=str(key), suggestion=suggest(wrong or "", DAYS))
                continue
            first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
            found += [day % 7 for day in range(first, last + 1 + (7 if last < first else 0))]
        return found

    def spans(self, path: Path, value: Any) -> Spans:
        """Hours of one day: a list of texts such as "09:00-12:00"; a lone text may hold several, with commas."""
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, Sequence):
            self.report(path, "spans_form", value=str(value))
            return ()
        read = [(span, index) for index, item in enumerate(items) if (span := self._span((*path, index), item))]
        read.sort()
        for (before, _), (after, index) in pairwise(read):
            if after[0] < before[1]:
                self.report((*path, index), "overlap", first=_text(before), second=_text(after))
        return tuple(span for span, _ in read)

    def _span(self, path: Path, value: Any) -> tuple[int, int] | None:
        match = _TIMES.fullmatch(value) if isinstance(value, str) else None
        if not match:
            self.report(path, "bad_interval", text=str(value))
            return None
        hour, minute, to_hour, to_minute = (int(part) for part in match.groups())
        opens, closes = hour * 60 + minute, to_hour * 60 + to_minute
        if opens >= DAY or closes > DAY or max(minute, to_minute) > 59:
            self.report(path, "bad_time", text=value)
        elif opens == closes:
            self.report(path, "empty_interval", text=value)
        elif closes > opens:
            return opens, closes
        elif closes + DAY - opens > NIGHT:
            self.report(path, "backwards", text=value, hours=NIGHT // 60)
        else:
            return opens, closes + DAY
        return None

    def _holidays(self, path: Path, value: Any) -> tuple[tuple[date, ...], Country | None, Spans | None]:
        if isinstance(value, str):
            return (), self._country(path, value, None), None
        if isinstance(value, Mapping):
            self.keys(path, value, ("country", "subdivision", "dates", "makeup"))
            country = None
            if "country" in value:
                country = self._country((*path, "country"), value["country"], value.get("subdivision"))
            elif "subdivision" in value:
                self.report(path, "missing_key", key="country")
            makeup = self.spans((*path, "makeup"), value["makeup"]) if "makeup" in value else None
            return self._dates((*path, "dates"), value.get("dates", ())), country, makeup
        return self._dates(path, value), None, None

    def _country(self, path: Path, code: Any, subdivision: Any) -> Country | None:
        if code is False:  # YAML 1.1 reads the bare word NO as false
            self.report(path, "norway")
            return None
        country = Country(code=str(code), subdivision=None if subdivision is None else str(subdivision))
        if countries.is_installed() and (unknown := countries.unknown_part(country)):
            kind, wrong, known = unknown
            at = (*path[:-1], kind) if path[-1] == "country" else path
            self.report(at, f"unknown_{kind}", name=wrong, country=country.code, suggestion=suggest(wrong, known))
            return None
        return country

    def _dates(self, path: Path, value: Any) -> tuple[date, ...]:
        if value is False:
            self.report(path, "norway")
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.report(path, "holidays_form", value=str(value))
            return ()
        read = [self._date((*path, index), item) for index, item in enumerate(value)]
        return tuple(sorted({day for day in read if day}))

    def _date(self, path: Path, value: Any) -> date | None:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # such as 30 February: reported below
        self.report(path, "bad_date", value=str(value))
        return None

    def _dated(self, path: Path, value: Any) -> FrozenMap[Spans]:
        found: dict[str, Spans] = {}
        for key, hours in self._pairs(path, value, "dated_form"):
            at = (*path, str(key))
            spans, day = self.spans(at, hours), self._date(at, key)
            if day and day.isoformat() in found:
                self.report(at, "date_twice", date=day.isoformat())
            elif day:
                found[day.isoformat()] = spans
        return FrozenMap(found)

    def _recurring(self, path: Path, value: Any) -> tuple[Recurring, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.report(path, "recurring_form", value=str(value))
            return ()
        read = [self._recurrence((*path, index), item) for index, item in enumerate(value)]
        return tuple(item for item in read if item)

    def _recurrence(self, path: Path, value: Any) -> Recurring | None:
        needed = ("rule", "start", "hours")
        if not isinstance(value, Mapping):
            self.report(path, "recurring_form", value=str(value))
            return None
        self.keys(path, value, needed)
        missing = [key for key in needed if key not in value]
        for key in missing:
            self.report(path, "missing_key", key=key)
        if missing:
            return None
        start, hours = self._date((*path, "start"), value["start"]), self.spans((*path, "hours"), value["hours"])
        rule = self._rule((*path, "rule"), value["rule"], start) if start else None
        return Recurring(rule=rule, start=start, hours=hours) if rule and start else None

    def _rule(self, path: Path, value: Any, start: date) -> str | None:
        """The rule in capitals, parts in order; None, with a problem, when it is not one or never happens."""
        text = str(value).upper().replace(" ", "").removeprefix("RRULE:").strip(";")
        parts = dict(part.partition("=")[::2] for part in text.split(";"))
        if wrong := next((name for name in parts if name not in _RULE_PARTS), None):
            self.report(path, "unknown_rule_part", part=wrong, suggestion=suggest(wrong, _RULE_PARTS))
            return None
        frequency = parts.get("FREQ", "")
        if frequency not in _FREQUENCIES:
            self.report(path, "rule_frequency", frequency=frequency, suggestion=suggest(frequency, _FREQUENCIES))
            return None
        # dateutil loops for ever on an interval of 0, and only warns about COUNT with UNTIL, which RFC 5545 forbids
        interval_is_right = re.fullmatch("[1-9][0-9]{0,3}", parts.get("INTERVAL", "1"))
        if not interval_is_right or {"COUNT", "UNTIL"} <= parts.keys() or len(parts) <= text.count(";"):
            self.report(path, "bad_rule", rule=str(value))
            return None
        rule = ";".join(f"{name}={parts[name]}" for name in _RULE_PARTS if name in parts)
        try:
            if next(iter(recurrence(rule, start)), None) is None:
                self.report(path, "rule_never", rule=str(value), start=start.isoformat())
                return None
        except (ValueError, TypeError, LookupError):  # what dateutil was seen to raise on rules it cannot follow
            self.report(path, "bad_rule", rule=str(value))
            return None
        return rule

    def _pairs(self, path: Path, value: Any, code: str) -> Iterator[tuple[Any, Any]]:
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            self.report(path, code, value=str(value))


def dotted(path: Path) -> str:
    """A path as people write it: `hours.mon-fri[1]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _text(span: tuple[int, int]) -> str:
    opens, closes = span
    closes = closes - DAY if closes > DAY else closes
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def _written(spans: Spans) -> list[str]:
    return [_text(span) for span in spans]
