"""Assumptions of parts as assumptions of the whole: counts added, numbers of rows together, everything else once."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from orderflow.model.reasons import Reason, reason

ADDED = ("count", "lost", "repeated", "starts")  # parameters that add up over the parts
UNITED = ("columns",)  # parameters that are put together, each value once
LISTS = {"lines": 100, "values": 5, "orders": 5}  # parameters that are put together, and how many are kept


def summed(assumptions: Iterable[Reason]) -> tuple[Reason, ...]:
    """The assumptions of all parts as those of the whole, in the order in which each came first."""
    found: dict[tuple[str, str, str], Reason] = {}
    for item in assumptions:
        fixed = {name: value for name, value in sorted(item.params.items()) if name not in (*ADDED, *UNITED, *LISTS)}
        key = (item.code, str(item.place and item.place.file), repr(fixed))
        found[key] = _added(found[key], item) if key in found else item
    return tuple(found.values())


def _added(a: Reason, b: Reason) -> Reason:
    params = {**a.params}
    for name in ADDED:
        if name in params:
            params[name] += b.params.get(name, 0)
    for name in UNITED:
        if name in params:
            params[name] = list(dict.fromkeys([*params[name], *b.params.get(name, ())]))
    for name, most in LISTS.items():
        if name in params:
            params[name] = [*params[name], *b.params.get(name, ())][:most]
    if "lines" not in params:
        return reason(a.code, a.place, **params)
    rows = sorted((line, n, place) for n, item in enumerate((a, b)) for place, line in enumerate(_lines(item)))
    params["lines"] = [line for line, _n, _place in rows[: LISTS["lines"]]]
    if "values" in params:  # those of the first lines of each, so also of the first of both
        first = rows[: LISTS["values"]]
        params["values"] = [(a, b)[n].params["values"][place] for _line, n, place in first]
    at = a.place
    if at is not None and at.line is not None and params["lines"]:
        at = evolve(at, line=params["lines"][0])
    return reason(a.code, at, **params)


def _lines(item: Reason) -> list[int]:
    return list(item.params.get("lines", ()))
