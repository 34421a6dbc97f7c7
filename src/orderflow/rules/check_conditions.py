"""What can be proved wrong in one condition of a flow, and how problems are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve

from orderflow.model.check import NameType, check
from orderflow.model.condition import Call, Condition, Constant, Name, unparse, walk
from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import Flow, Lifecycle
from orderflow.model.quantities import ORDERED
from orderflow.model.reasons import Place, Problem, problem, suggest
from orderflow.rules.names import spell_out
from orderflow.rules.scope import schema


def at(path: str) -> Place:
    return Place(path=path)


def unknown(code: str, path: str, name: str, known: Iterable[str], **params: Any) -> Problem:
    names = tuple(known)
    return problem(code, at(path), name=name, known=names, suggestion=suggest(str(name), names), **params)


def lifecycle_of(flow: Flow, track: str) -> Lifecycle:
    """The lifecycle of a kind of track; that of the order itself where there is no such track."""
    return next((lifecycle for name, _, lifecycle in flow.lifecycles() if name == track), flow.lifecycle)


def in_full(flow: Flow, condition: Condition, track: str) -> Condition:
    """An SLA's condition with bare names of stages and triggers of its track spelled out."""
    lifecycle = lifecycle_of(flow, track)
    triggers = {item.trigger for item in lifecycle.transitions}
    return spell_out(condition, lifecycle.stages, triggers)


def condition_problems(
    flow: Flow,
    condition: Condition,
    path: str,
    track: str = ORDER_TRACK,
    names: Mapping[str, NameType] | None = None,
) -> Iterator[Problem]:
    """What is wrong in a condition on a track that stands at a path of the flow; `names` if its schema is at hand."""
    names = schema(flow, track) if names is None else names
    stages = flow.lines.stages if flow.lines else ()
    functions = {"track": (ORDER_TRACK, *flow.tracks), "lines": (ORDERED, *stages), "fact": None, "approved": None}
    for item in check(condition, names, functions):
        yield evolve(item, place=evolve(item.place or Place(), path=path))
    for node in walk(condition.tree):
        if isinstance(node, Call) and node.function == "elapsed" and unparse(node) != "elapsed(stage)":
            yield problem("elapsed_of_stage_only", evolve(condition.place or Place(), path=path), term=unparse(node))
        if isinstance(node, Call) and node.function == "approved" and isinstance(node.args[0], Constant):
            yield problem("approval_later", at(path), severity="warning", name=str(node.args[0].value))
    money = any(isinstance(node, Name) and _is_money(names.get(node.path)) for node in walk(condition.tree))
    number = any(isinstance(node, Constant) and isinstance(node.value, Decimal) for node in walk(condition.tree))
    if flow.currency is None and money and number:
        yield problem("currency_needed", at(path), severity="warning")


def _is_money(kind: NameType | None) -> bool:
    return kind is not None and kind.type == "money"
