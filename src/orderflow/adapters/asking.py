"""What a caller may say about a source: names where names are meant, and only what has a meaning for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from orderflow.adapters.files import format_to_read
from orderflow.adapters.frames import is_frame
from orderflow.adapters.queries import is_database
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names
from orderflow.model.reasons import shown


def names_of(parameter: str, values: str | Iterable[str] | None) -> tuple[str, ...]:
    """Several names as a tuple, a lone one too. Raises LogError (`log.not_names`) for what is no text."""
    found = as_names(values)
    if wrong := [value for value in found if not isinstance(value, str)]:
        raise LogError.of("log.not_names", parameter=parameter, value=shown(wrong[0]))
    return found


def stages_of(stages: Mapping[str, str] | str | Iterable[str]) -> Mapping[str, str] | tuple[str, ...]:
    """The columns of stages, or stage -> column. Raises LogError (`log.not_names`) for what is no text."""
    if not isinstance(stages, Mapping):
        return names_of("stages", stages)
    names_of("stages", [*stages, *stages.values()])
    return stages


def need_meaning(source: Any, form: str | None, *, query: Any, object_type: Any, cases: Any) -> None:
    """Raise LogError (`log.without_meaning`) for a query where there is no database, and for a type of object where
    there is no OCEL; what is no source at all, others say."""
    kind = "frame" if is_frame(source) else "database" if is_database(source) else None
    if kind is None and isinstance(source, str | os.PathLike):
        kind = format_to_read(source, form)
    wrong = []
    if kind not in ("database", None) and query is not None and not is_database(cases):
        wrong.append("query=")
    if kind not in ("ocel", None) and object_type is not None:
        wrong.append("object_type=")
    if wrong:
        raise LogError.of("log.without_meaning", names=wrong, kind=kind)
