"""What the commands about flow files print: no options, no streams, only texts. `cli.py` holds the commands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orderflow.model.reasons import Language, Problem

if TYPE_CHECKING:
    from pathlib import Path

_HEADS = {
    "error": {"en": "error", "zh": "错误"},
    "warning": {"en": "warning", "zh": "警告"},
    "note": {"en": "note", "zh": "提示"},
}
_TOTALS = {
    "en": "{file}: {errors} errors, {warnings} warnings",
    "zh": "{file}：{errors} 个错误，{warnings} 个警告",
}
_NOTES = {"en": ", {notes} notes", "zh": "，{notes} 个提示"}


def found_in(file: Path, *, people: Path | None = None, notes: bool = False) -> tuple[Problem, ...]:
    """Everything that is wrong or doubtful in a flow file, in its order; with `people`, a file that lists who exists.

    Raises `DefinitionError` when a file cannot be opened or is no UTF-8, and for what is wrong in that of the people.
    """
    from orderflow.adapters.flow_check import check_flow_file, read_people

    return check_flow_file(file, directory=read_people(people) if people else None, notes=notes)


def errors_in(found: Iterable[Problem]) -> int:
    """How many of the problems are errors."""
    return sum(item.severity == "error" for item in found)


def check_text(file: Path, found: tuple[Problem, ...], language: Language, *, notes: bool = False) -> str:
    """A line for each problem, as compilers write it (`file:line:column: error: text`), and the totals."""
    lines = [_line(file, item, language) for item in found]
    totals = _TOTALS[language] + (_NOTES[language] if notes else "")
    lines.append(totals.format(file=file, **_totals(found)))
    return "\n".join(lines) + "\n"


def check_json(
    file: Path, found: tuple[Problem, ...], language: Language, *, ascii_only: bool, notes: bool = False
) -> str:
    """The same as one JSON object: `file`, `errors`, `warnings`, and `problems` with their places, codes and texts."""
    data = {
        "file": str(file),
        **{name: count for name, count in _totals(found).items() if notes or name != "notes"},
        "problems": [_data(file, item, language) for item in found],
    }
    return json.dumps(data, ensure_ascii=ascii_only, indent=2) + "\n"


def _totals(found: Iterable[Problem]) -> dict[str, int]:
    counts = Counter(item.severity for item in found)
    return {"errors": counts["error"], "warnings": counts["warning"], "notes": counts["note"]}


def _line(file: Path, item: Problem, language: Language) -> str:
    place = item.place
    parts = [(place and place.file) or str(file)]  # what a file extends or includes has places of its own
    parts += [str(x) for x in (place.line, place.column) if x is not None] if place else []
    path = f" ({place.path})" if place and place.path else ""
    return f"{':'.join(parts)}: {_HEADS[item.severity][language]}: {item.text(language)}{path}"


def _data(file: Path, item: Problem, language: Language) -> dict[str, Any]:
    place = item.place
    other = {"file": place.file} if place and place.file not in (None, str(file)) else {}
    return {
        **other,
        "severity": item.severity,
        "code": item.code,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "path": place.path if place else "",
        "text": item.text(language),
    }
