"""Reasons and problems: why something was refused, chosen or found wrong, as data with text in two languages."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, reduce
from typing import Any, Literal
from zoneinfo import ZoneInfo

from attrs import field, frozen

from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.texts import CATALOGUE, LANGUAGES, SUGGESTION

Language = Literal["en", "zh"]
Severity = Literal["error", "warning", "note"]
_PLACES = 200  # beyond what any quantity or amount has
_MANY = 40  # names among which the closest to a wrong one is sought
_MOST_SHOWN = 30  # of a list, in a text


@frozen(kw_only=True)
class Place:
    """Where something stands in a file that somebody wrote. Lines and columns count from 1."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        parts = (self.file, self.line, self.column if self.line is not None else None)
        spot = ":".join(str(part) for part in parts if part is not None)
        return f"{spot} ({self.path})" if spot and self.path else spot or self.path


class _Words(dict[str, Any]):
    """The words of a text: a parameter that was None, and so left out, is `None` in it, and never an error."""

    def __missing__(self, name: str) -> _Nothing:
        return _NOTHING


class _Nothing:
    """None in a text, whatever its form asks for: a number of digits, a width."""

    def __repr__(self) -> str:
        return "None"

    def __format__(self, spec: str) -> str:
        return "None"


_NOTHING = _Nothing()


@frozen(kw_only=True)
class Reason:
    """One reason: a stable code for programs, parameters as data, and where in the flow it comes from.

    - `code` never changes between versions; `text(language)` may.
    - `params` holds plain values only; a `suggestion` among them adds a "did you mean".
    """

    code: str
    params: FrozenMap[Any] = field(default=EMPTY, converter=FrozenMap)
    place: Place | None = None

    def text(self, language: Language = "en") -> str:
        """The reason in words, in English (`en`) or Chinese (`zh`)."""
        if language not in LANGUAGES:
            raise ValueError(f"there are texts in {', '.join(LANGUAGES)}, not in {language!r}")
        words = {name: _words(value, language, self.params.get("zone")) for name, value in self.params.items()}
        text = CATALOGUE[self.code][language].format_map(_Words(words))
        if self.params.get("suggestion"):
            text += SUGGESTION[language].format_map(words)
        return text

    def __str__(self) -> str:
        return f"{self.place}: {self.text()}" if self.place else self.text()


@frozen(kw_only=True)
class Problem(Reason):
    """Something wrong in a definition or an input file.

    An `error` forbids its use. A `warning` does not: it says what is doubtful. A `note` says what was not looked at.
    """

    severity: Severity = "error"

    def __str__(self) -> str:
        text = self.text() if self.severity == "error" else f"{self.severity}: {self.text()}"
        return f"{self.place}: {text}" if self.place else text


def reason(code: str, /, place: Place | None = None, **params: Any) -> Reason:
    """A `Reason` in one line; parameters that are None are left out."""
    return Reason(code=code, place=place, params={k: v for k, v in params.items() if v is not None})


def problem(code: str, /, place: Place | None = None, severity: Severity = "error", **params: Any) -> Problem:
    """A `Problem` in one line; parameters that are None are left out."""
    return Problem(code=code, place=place, severity=severity, params={k: v for k, v in params.items() if v is not None})


def suggest(wrong: object, known: Iterable[str]) -> str | None:
    """The known name closest to a wrong one, or None when none is close, or what is wrong is no text.

    Of many names, the likeliest are compared.
    """
    if not isinstance(wrong, str):
        return None
    folded = {name.casefold(): name for name in sorted(known, reverse=True)}
    if wrong.casefold() in folded:
        return folded[wrong.casefold()]
    names = _likeliest(wrong, sorted(folded.values()))
    swapped = [name for name in names if sorted(name) == sorted(wrong)]  # two letters in the wrong order
    match = difflib.get_close_matches(wrong, swapped or names, n=1, cutoff=0.0 if swapped else 0.6)
    return match[0] if match else None


def _likeliest(wrong: str, names: list[str]) -> list[str]:
    """Of very many names, those with the letters of the wrong one: comparing each letter by letter takes too long."""
    if len(names) <= _MANY:
        return names
    letters = _letters(wrong)
    likely = heapq.nsmallest(
        _MANY, names, key=lambda name: (letters ^ _letters(name)).bit_count() + abs(len(name) - len(wrong))
    )
    return sorted(likely)


@lru_cache(maxsize=10_000)
def _letters(name: str) -> int:
    """The letters that occur in a name, as bits."""
    return reduce(lambda bits, letter: bits | 1 << (ord(letter) & 63), name, 0)


def shown(value: Any) -> str:
    """A wrong value as an error shows it, in at most 80 characters; one without a text, by its kind."""
    try:
        return "a huge number" if isinstance(value, int) and abs(value) >= 10**80 else repr(value)[:80]
    except Exception:  # noqa: BLE001 - the host's own values may raise anything here, and huge integers have no text
        return f"<{type(value).__name__}>"


def in_language(titles: Mapping[str, str], language: Language, name: str = "") -> str:
    """The title in a language, else the one for every language (`*`), else any, else the name."""
    return titles.get(language) or titles.get("*") or next(iter(titles.values()), name)


def _words(value: Any, language: Language, zone: str | None) -> Any:
    if isinstance(value, Mapping) and value and set(value) <= {"*", *LANGUAGES}:
        return in_language(value, language)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_words(item, language, zone)}" for name, item in value.items())
    if isinstance(value, Mapping | tuple | list) and not value:
        return "–"
    if isinstance(value, tuple | list):
        shown = ", ".join(str(_words(item, language, zone)) for item in value[:_MOST_SHOWN])
        return shown if len(value) <= _MOST_SHOWN else f"{shown}, … ({len(value)})"
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _PLACES:
        return f"{value:f}"  # people read 100000, not 1E+5
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(zone)) if zone else value
        return f"{local:%Y-%m-%d %H:%M} {zone or 'UTC'}"
    return value
