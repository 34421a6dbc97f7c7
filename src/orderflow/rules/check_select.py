"""What can be proved wrong or doubtful in how several flows share the new orders among them: ties and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from orderflow.model.condition import Call, Name, unparse, walk
from orderflow.model.flow import Flow, Select
from orderflow.model.reasons import Place, Problem, problem
from orderflow.rules.check_conditions import at, condition_problems
from orderflow.rules.scope import schema
from orderflow.rules.spans import Alternative, alternatives, overlap

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
    - `note`: two flows of which that cannot be said, as their conditions are more than comparisons with literals.
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
    answer = overlap(_alternatives(one), _alternatives(other))
    if answer == "yes" and one.currency != other.currency and _asks_money(one) and _asks_money(other):
        answer = "unknown"  # a bare number means another amount in each
    place = _place(other)
    if answer == "yes":
        yield problem("select_tie", place, flow=other.name, other=one.name, priority=mine.priority)
    elif answer == "unknown":
        yield problem("select_not_checked", place, "note", flow=other.name, other=one.name, priority=mine.priority)


def _gap(flows: list[Flow]) -> Iterator[Problem]:
    """An order that fits none: unless one flow takes every order, or the flows share a vocabulary among them."""
    if any(flow.select is not None and flow.select.when is None for flow in flows) or _covered(flows):
        return
    yield problem("select_gap", _place(flows[0]), "warning", flows=tuple(flow.name for flow in flows))


def _covered(flows: list[Flow]) -> bool:
    """Whether the flows ask for the values of one required choice (or yes and no), and leave none out."""
    found: dict[str, set[object]] = {}
    for flow in flows:
        for item in _alternatives(flow):
            if item.exact and len(item.spans) == 1:
                ((name, span),) = item.spans.items()
                found.setdefault(name, set()).update(span.values() or ())
    return any(_required(flows, name) and _vocabulary(flows, name) <= values for name, values in found.items())


def _required(flows: list[Flow], name: str) -> bool:
    return all(name in flow.fields and flow.fields[name].required for flow in flows) and bool(_vocabulary(flows, name))


def _vocabulary(flows: list[Flow], name: str) -> set[object]:
    """Every value that a name can have in any of the flows; empty where they cannot be counted."""
    kinds = [flow.fields[name] for flow in flows]
    if all(kind.type == "boolean" for kind in kinds):
        return {("bool", True), ("bool", False)}
    if all(kind.type == "choice" for kind in kinds):
        return {("str", word) for kind in kinds for word in kind.of}
    return set()


def _alternatives(flow: Flow) -> tuple[Alternative, ...]:
    return alternatives(flow.select.when if flow.select else None, schema(flow))


def _asks_money(flow: Flow) -> bool:
    names = schema(flow)
    when = flow.select.when if flow.select else None
    nodes = walk(when.tree) if when is not None else ()
    return any(isinstance(node, Name) and node.path in names and names[node.path].type == "money" for node in nodes)


def _place(flow: Flow) -> Place:
    known: Place | None = flow.places.get("select")
    return known or Place(path=f"{flow.name}.select")
