"""Checks of definitions that are written in Python: what belongs where, said as a `DefinitionError`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orderflow.model.errors import DefinitionError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import shown

NONE = type(None)


def want(*kinds: type[Any]) -> Callable[[Any, Any, Any], None]:
    """An attrs validator: every value (of a map or tuple: each in it) is of one of these kinds."""

    def check(instance: Any, attribute: Any, value: Any) -> None:
        values = value.values() if isinstance(value, FrozenMap) else value if isinstance(value, tuple) else (value,)
        for item in values:
            if not isinstance(item, kinds):
                raise wrong_kind(f"{type(instance).__name__}.{attribute.name}", item, *kinds)

    return check


def wrong_kind(what: str, value: Any, *kinds: type[Any]) -> DefinitionError:
    """The error for a value of another kind than belongs there."""
    names = " or ".join(kind.__name__ for kind in kinds if kind is not NONE)
    error: DefinitionError = DefinitionError.of("wrong_kind", what=what, kind=names, value=shown(value))
    return error


def to_map(value: Any) -> Any:
    """A mapping as a `FrozenMap`; None stays."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise wrong_kind("a definition", value, Mapping)
    return FrozenMap(value)


def whole(instance: Any, attribute: Any, value: Any) -> None:
    """An attrs validator: a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_kind(f"{type(instance).__name__}.{attribute.name}", value, int)
