"""Assumptions of parts as assumptions of the whole: counts added, numbers of rows together, everything else once."""

from __future__ import annotations

from collections.abc import Iterable

from orderflow.model.reasons import Reason, reason

ADDED = ("count", "lost", "repeated", "starts")  # parameters that add up over the parts
LISTS = {"lines": 100, "values": 5, "orders": 5}  # parameters that are put together, and how many are kept


def summed(assumptions: Iterable[Reason]) -> tuple[Reason, ...]:
    """The assumptions of all parts as those of the whole, in the order in which each came first."""
    found: dict[tuple[str, str, str], Reason] = {}
    for item in assumptions:
        fixed = {name: value for name, value in sorted(item.params.items()) if name not in (*ADDED, *LISTS)}
        key = (item.code, str(item.place and item.place.file), repr(fixed))
        found[key] = _added(found[key], item) if key in found else item
    return tuple(found.values())


def _added(a: Reason, b: Reason) -> Reason:
    params = {**a.params}
    for name in ADDED:
        if name in params:
            params[name] += b.params.get(name, 0)
    for name, most in LISTS.items():
        if name in params:
            params[name] = [*params[name], *b.params.get(name, ())][:most]
    return reason(a.code, a.place, **params)
