"""What the commands about flow files print: no options, no streams, only texts. `cli.py` holds the commands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orderflow.model.errors import DefinitionError
from orderflow.model.reasons import Language, Problem

if TYPE_CHECKING:
    from pathlib import Path

UNREADABLE = ("cannot_open", "not_utf8")  # there is no text to be checked
_HEADS = {"error": {"en": "error", "zh": "错误"}, "warning": {"en": "warning", "zh": "警告"}}
_TOTALS = {
    "en": "{file}: {errors} errors, {warnings} warnings",
    "zh": "{file}：{errors} 个错误，{warnings} 个警告",
}


def found_in(file: Path) -> tuple[Problem, ...]:
    """Everything that is wrong or doubtful in a flow file, in its order.

    Raises `DefinitionError` when the file cannot be opened or is no UTF-8. Warnings are looked for once there are no
    errors.
    """
    from orderflow.adapters.flowfile import load_flow
    from orderflow.rules.check import problems

    try:
        found = problems(load_flow(file))
    except DefinitionError as error:
        if any(item.code in UNREADABLE for item in error.problems):
            raise
        found = tuple(item for item in error.problems if isinstance(item, Problem))
    return tuple(sorted(found, key=lambda item: _position(file, item)))


def errors_in(found: Iterable[Problem]) -> int:
    """How many of the problems are errors."""
    return sum(item.severity == "error" for item in found)


def check_text(file: Path, found: tuple[Problem, ...], language: Language) -> str:
    """A line for each problem, as compilers write it (`file:line:column: error: text`), and the totals."""
    lines = [_line(file, item, language) for item in found]
    errors = errors_in(found)
    lines.append(_TOTALS[language].format(file=file, errors=errors, warnings=len(found) - errors))
    return "\n".join(lines) + "\n"


def check_json(file: Path, found: tuple[Problem, ...], language: Language, *, ascii_only: bool) -> str:
    """The same as one JSON object: `file`, `errors`, `warnings`, and `problems` with their places, codes and texts."""
    errors = errors_in(found)
    data = {
        "file": str(file),
        "errors": errors,
        "warnings": len(found) - errors,
        "problems": [_data(file, item, language) for item in found],
    }
    return json.dumps(data, ensure_ascii=ascii_only, indent=2) + "\n"


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


def _position(file: Path, item: Problem) -> tuple[bool, str, int, int]:
    place = item.place
    if place is None:
        return (False, "", 0, 0)
    other = place.file not in (None, str(file))
    return (other, (other and place.file) or "", place.line or 0, place.column or 0)
