"""What a caller may say about a source: names where names are meant, and only what has a meaning for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from orderflow.adapters.files import format_of
from orderflow.adapters.frames import is_frame
from orderflow.adapters.queries import is_database
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names
from orderflow.model.reasons import shown

Names = str | Iterable[str] | None


@frozen(kw_only=True)
class Said:
    """The names that a caller gave, each where several may be given; None where none were.

    `stages`: the columns of stages, or stage -> column. `lifecycle` may be `all`.
    """

    done: tuple[str, ...]
    cancelled: tuple[str, ...]
    stages: Mapping[str, str] | tuple[str, ...] | None
    attributes: tuple[str, ...] | None
    lifecycle: str | tuple[str, ...] | None

    @classmethod
    def of(cls, done: Names, cancelled: Names, stages: Any, attributes: Names, lifecycle: Names) -> Said:
        """The names, a lone one too. Raises LogError (`log.not_names`) for what is no text."""
        if isinstance(stages, Mapping):
            _names("stages", [*stages, *stages.values()])
        elif stages is not None:
            stages = _names("stages", stages)
        return cls(
            done=_names("done_stages", done),
            cancelled=_names("cancelled_stages", cancelled),
            stages=stages,
            attributes=None if attributes is None else _names("attributes", attributes),
            lifecycle=None if lifecycle is None else "all" if lifecycle == "all" else _names("lifecycle", lifecycle),
        )


def _names(parameter: str, values: Names) -> tuple[str, ...]:
    found = as_names(values)
    if wrong := [value for value in found if not isinstance(value, str)]:
        raise LogError.of("log.not_names", parameter=parameter, value=shown(wrong[0]))
    return found


def need_meaning(source: Any, form: str | None, *, query: Any, object_type: Any, cases: Any) -> None:
    """Raise LogError (`log.without_meaning`) for a query where there is no database, and for a type of object where
    there is no OCEL; what is no source at all, others say."""
    kind = "frame" if is_frame(source) else "database" if is_database(source) else None
    if kind is None and isinstance(source, str | os.PathLike):
        kind = format_of(source, form)
    wrong = []
    if kind not in ("database", None) and query is not None and not is_database(cases):
        wrong.append("query=")
    if kind not in ("ocel", None) and object_type is not None:
        wrong.append("object_type=")
    if wrong:
        raise LogError.of("log.without_meaning", names=wrong, kind=kind)
