"""What can be proved wrong or doubtful in how several flows share the new orders among them: ties and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from attrs import evolve

from orderflow.model.condition import Call, Name, unparse, walk
from orderflow.model.flow import Flow, Select
from orderflow.model.frozen import EMPTY
from orderflow.model.reasons import Place, Problem, problem
from orderflow.rules.check_conditions import at, condition_problems
from orderflow.rules.check_values import (
    NO_CURRENCY,
    Reading,
    World,
    apart,
    cases,
    classes,
    compared,
    may_all_hold,
    read,
    read_parts,
    settled,
)
from orderflow.rules.scope import schema

_KNOWN = ("order.", "customer.", "line.")


def own_select_problems(flow: Flow) -> Iterator[Problem]:
    """What is wrong in the `select:` of one flow: it can only ask what an order brings along."""
    when = flow.select.when if flow.select else None
    if when is None:
        return
    yield from condition_problems(flow, when, "select.when")
    for node in walk(when.tree):
        outside = isinstance(node, Name) and not node.path.startswith(_KNOWN) and node.path in schema(flow)
        if outside or isinstance(node, Call):
            yield problem("select_foreign", at("select.when"), name=unparse(node))


def select_problems(flows: Iterable[Flow]) -> tuple[Problem, ...]:
    """What is wrong or doubtful in how several flows share the new orders that name none.

    - `error`: two flows that some order fits alike, with the same priority. A Tracker refuses to open with them.
    - `warning`: orders that fit none; a flow that is never chosen.
    - `note`: two flows of which that cannot be said, as it hangs on more than comparisons with literals.
    - Empty for fewer than two flows, and for flows without `select:`, which are chosen by name.
    """
    given = tuple(flows)
    chosen = [(flow, flow.select) for flow in given if flow.select is not None]
    if len(given) < 2 or not chosen:
        return ()
    pairs = (pair for one, other in combinations(chosen, 2) for pair in _pair(*one, *other))
    return (*pairs, *_gap([flow for flow, _ in chosen]))


def _pair(one: Flow, mine: Select, other: Flow, its: Select) -> Iterator[Problem]:
    if mine.priority != its.priority:
        (low, high, rank) = (one, other, its) if mine.priority < its.priority else (other, one, mine)
        if rank.when is None:
            place = _place(low)
            yield problem("select_never", place, "warning", flow=low.name, other=high.name, priority=rank.priority)
        return
    parts = (*_parts(one), *_parts(other))
    answer = may_all_hold(parts, _world((one, other), parts))
    if answer == "yes" and one.currency != other.currency and _asks_money(one) and _asks_money(other):
        answer = "unknown"  # a bare number means another amount in each
    place = _place(other)
    if answer == "yes":
        yield problem("select_tie", place, flow=other.name, other=one.name, priority=mine.priority)
    elif answer == "unknown":
        yield problem("select_not_checked", place, "note", flow=other.name, other=one.name, priority=mine.priority)


def _gap(flows: list[Flow]) -> Iterator[Problem]:
    """An order that fits none: unless one flow takes every order, or the flows share all values among them."""
    conditions = [flow.select.when for flow in flows if flow.select is not None]
    asked = [read(item) for item in conditions if item is not None]
    if len(asked) < len(conditions):
        return
    world = evolve(_world(flows, asked), present=_required(flows))
    if not any(_covered(group, world) for group in apart(asked)):
        yield problem("select_gap", _place(flows[0]), "warning", flows=tuple(flow.name for flow in flows))


def _covered(asked: tuple[Reading, ...], world: World) -> bool:
    """Whether one of these conditions holds in every case, whatever their unread parts are."""
    found = cases(asked, world)
    if found is None:
        return False
    return all(any(reading.test(case) is True for reading in asked) for case in found if settled(case, asked))


def _required(flows: Iterable[Flow]) -> frozenset[str]:
    """The fields that every order has, whichever of these flows it takes."""
    fields = [{name for name, field in flow.fields.items() if field.required} for flow in flows]
    return frozenset.intersection(*map(frozenset, fields))


def _parts(flow: Flow) -> tuple[Reading, ...]:
    when = flow.select.when if flow.select else None
    return read_parts(when) if when is not None else ()


def _world(flows: Iterable[Flow], readings: Iterable[Reading]) -> World:
    """An order before it has a flow: what it holds may be whatever any of the flows says that it is."""
    schemas = [schema(flow) for flow in flows]
    pinned = {}
    for name, literals in compared(readings).items():
        kinds = dict.fromkeys(names[name] for names in schemas if name in names)
        pinned[name] = (*(value for kind in kinds for value in classes(kind, literals, NO_CURRENCY)), None)
    return World(names=EMPTY, pinned=pinned)


def _asks_money(flow: Flow) -> bool:
    names = schema(flow)
    when = flow.select.when if flow.select else None
    nodes = walk(when.tree) if when is not None else ()
    return any(isinstance(node, Name) and node.path in names and names[node.path].type == "money" for node in nodes)


def _place(flow: Flow) -> Place:
    known: Place | None = flow.places.get("select")
    return known or Place(path=f"{flow.name}.select")
