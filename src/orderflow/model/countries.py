"""The one door to the optional `holidays` library: public holidays and make-up working days, year by year.

What is relied on, tried with `holidays` 0.109 (its class attributes are those that its own country files declare):

- an object made for one year holds all holidays of that year; `weekend_workdays` also holds those of other years;
- `special_public_holidays` maps a year to its notices; one of more than three numbers is a day off that was moved
  from another day, which is then a make-up working day (调休);
- asking for years outside `start_year .. end_year` warns, so it is not done;
- names are taken in English where there are any, since the default follows the environment.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.model.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType

    from holidays import HolidayBase

# Every release that the extra allows is from this year or later: a date before it that is still called estimated
# is history, and no notice will come.
_FIRST_ESTIMATE = 2025
_CODE = re.compile(r"[A-Z]{2,3}")


@frozen(kw_only=True)
class Country:
    """A country whose public holidays are taken: ISO 3166-1 code and, for some, a subdivision (`DE`, `BY`)."""

    code: str
    subdivision: str | None = None

    def __str__(self) -> str:
        return f"{self.code}-{self.subdivision}" if self.subdivision else self.code


@frozen
class CountryYear:
    """The days of one year that differ from the week, as proleptic ordinals (`date.toordinal`)."""

    holidays: frozenset[int] = frozenset()
    workdays: frozenset[int] = frozenset()


def is_installed() -> bool:
    """Whether the extra is there, so that a country code can be checked."""
    try:
        _library()
    except MissingExtraError:
        return False
    return True


def unknown_part(country: Country) -> tuple[str, str, list[str]] | None:
    """What the library does not know, if anything: ("country" or "subdivision", the wrong text, the known ones).

    Only ISO codes of two or three capitals are codes; the library itself would also take the name of a class.
    """
    codes = _library().list_supported_countries()
    if not _CODE.fullmatch(country.code) or country.code not in codes:
        return "country", country.code, list(codes)
    if country.subdivision is None:
        return None
    entity = _library().country_holidays(country.code)
    known = [*entity.subdivisions, *entity.get_subdivision_aliases()]
    aliases = {alias for names in entity.get_subdivision_aliases().values() for alias in names}
    if country.subdivision in known or country.subdivision in aliases:
        return None
    return "subdivision", country.subdivision, sorted({*known, *aliases})


@cache
def country_year(country: Country, year: int) -> CountryYear:
    """Public holidays and make-up working days of one year; empty for years that the library does not cover."""
    entity = _entity(country, year)
    if entity is None:
        return CountryYear()
    workdays = getattr(entity, "weekend_workdays", ())
    return CountryYear(
        frozenset(day.toordinal() for day in entity if day.year == year),
        frozenset(day.toordinal() for day in workdays if day.year == year),
    )


@cache
def known_until(country: Country) -> date:
    """The last day for which the library has more than a guess: always a 31 December.

    The earliest of: the year of the last notice that moves working days (countries that publish such notices),
    the year before the first one whose dates the library itself calls estimated, and the last year that it covers.
    """
    entity = _library().country_holidays(country.code, subdiv=country.subdivision)
    years = [entity.end_year, _last_certain_year(country, entity.end_year)]
    if getattr(entity, "has_substituted_holidays", False):
        notices = getattr(entity, "special_public_holidays", {})
        years += [max((year for year, days in notices.items() if _moves_a_day(days)), default=entity.end_year)]
    return date(min(years), 12, 31)


def stated(country: Country, first: int, last: int) -> dict[str, object]:
    """All that the library says of a country from one year to another, as plain data: for digests."""
    years = [country_year(country, year) for year in range(first, last + 1)]
    return {
        "known_until": known_until(country).isoformat(),
        "holidays": sorted(day for year in years for day in year.holidays),
        "workdays": sorted(day for year in years for day in year.workdays),
    }


def _last_certain_year(country: Country, end: int) -> int:
    for year in range(_FIRST_ESTIMATE, end + 1):
        entity = _entity(country, year)
        if entity is None:
            continue
        labels = [getattr(entity, name, None) for name in ("estimated_label", "observed_estimated_label")]
        endings = tuple(entity.tr(label).replace("%s", "").strip() for label in labels if label)
        if endings and any(ending in name for name in entity.values() for ending in endings):
            return year - 1
    return end


def _moves_a_day(days: tuple[object, ...]) -> bool:
    notices = days if days and isinstance(days[0], tuple) else (days,)
    return any(isinstance(notice, tuple) and len(notice) > 3 for notice in notices)


def _entity(country: Country, year: int) -> HolidayBase | None:
    kind = type(_library().country_holidays(country.code))
    if not kind.start_year <= year <= kind.end_year:
        return None
    language = "en_US" if "en_US" in kind.supported_languages else None
    made: HolidayBase = _library().country_holidays(
        country.code, subdiv=country.subdivision, years=year, language=language, expand=False
    )
    return made


@cache
def _library() -> ModuleType:
    try:
        import holidays
    except ImportError:
        raise MissingExtraError("holidays", "calendars") from None
    return holidays
