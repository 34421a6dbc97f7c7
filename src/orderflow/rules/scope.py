"""What a condition can see: the names of a flow with their types, and how each is read from an order's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from attrs import frozen

from orderflow.model.actor import Actor
from orderflow.model.calendar import ALWAYS, WorkCalendar
from orderflow.model.check import NameType, Type
from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import FieldKind, Flow
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import plain, total_of
from orderflow.model.quantities import ORDERED
from orderflow.model.state import OrderState

Getter = Callable[["Scope"], Any]

ACTOR_KINDS = ("person", "automation", "system", "customer", "external")


@frozen
class Scope:
    """One reading of the world for conditions: the order, the track that is asked about, who acts, whom to ask."""

    state: OrderState
    track: str
    actor: Actor | None
    now: datetime
    calendar: WorkCalendar
    trigger: str | None = None
    ask: Callable[[str, Mapping[str, Any]], Any] | None = None

    def fact(self, name: str, subjects: Mapping[str, Any]) -> Any:
        """What the host answers to a question; None, which is *unknown*, where nobody can be asked."""
        return None if self.ask is None else self.ask(name, subjects)

    def approved(self, approval: str) -> bool | None:
        """Whether an approval of the order has been given. No history records one yet, so this is not known."""
        return None


def _total(scope: Scope) -> Any:
    return total_of(scope.state.order)


def _currency(scope: Scope) -> Any:
    total = total_of(scope.state.order)
    return total.currency if total else None


def _customer_id(scope: Scope) -> Any:
    customer = scope.state.order.customer
    return customer.id if customer else None


def _stage(scope: Scope) -> Any:
    track = scope.state.tracks.get(scope.track)
    return track.stage if track else None


def _owner(scope: Scope) -> Any:
    track = scope.state.tracks.get(scope.track)
    return track.owner if track else None


BUILT_IN: dict[str, tuple[Type, Getter]] = {
    "order.id": ("text", lambda scope: scope.state.order.id),
    "order.total": ("money", _total),
    "order.currency": ("text", _currency),
    "order.promised_at": ("instant", lambda scope: scope.state.order.promised_at),
    "order.source": ("text", lambda scope: scope.state.order.source),
    "customer.id": ("text", _customer_id),
    "owner": ("text", _owner),
    "stage": ("choice", _stage),
    "actor.id": ("text", lambda scope: scope.actor.id if scope.actor else None),
    "actor.kind": ("choice", lambda scope: scope.actor.kind if scope.actor else None),
    "now": ("instant", lambda scope: scope.now),
    "trigger": ("choice", lambda scope: scope.trigger),
}

LINE_FIELDS: dict[str, Type] = {
    "line.id": "text",
    "line.item": "text",
    "line.quantity": "number",
    "line.unit": "text",
    "line.price": "money",
}


def schema(flow: Flow, track: str = ORDER_TRACK) -> dict[str, NameType]:
    """Every name that conditions on a track of the flow may use, with its type."""
    lifecycles = {name: lifecycle for name, _, lifecycle in flow.lifecycles()}
    own = lifecycles[track]
    names = {name: NameType(kind) for name, (kind, _) in BUILT_IN.items()}
    names["stage"] = NameType("choice", tuple(own.stages))
    names["trigger"] = NameType("choice", tuple(dict.fromkeys(item.trigger for item in own.transitions)))
    names |= {f"track('{name}').stage": NameType("choice", tuple(item.stages)) for name, item in lifecycles.items()}
    names["actor.kind"] = NameType("choice", ACTOR_KINDS)
    names |= {name: NameType(kind) for name, kind in LINE_FIELDS.items()}
    kinds = get_args(FieldKind)
    for name, field in flow.fields.items():
        names[name] = NameType(field.type, field.of) if field.type in kinds else NameType("any")
    return names


def resolve(name: str) -> Getter:
    """How a dotted name is read from a `Scope`; absent and erased values give None, which is *unknown*."""
    if name in BUILT_IN:
        return BUILT_IN[name][1]
    root, _, rest = name.partition(".")
    if root == "order":
        return lambda scope: plain(scope.state.order.attributes.get(rest))
    if root == "customer":

        def read(scope: Scope) -> Any:
            customer = scope.state.order.customer
            return plain(customer.attributes.get(rest)) if customer else None

        return read
    raise KeyError(name)


def resolve_condition(name: str) -> Getter:
    """As `resolve`, and `lines`, which conditions go through with `any`, `all`, `sum` and `len`."""
    return (lambda scope: scope.state.order.lines) if name == "lines" else resolve(name)


def resolve_line(name: str) -> Callable[[Any], Any]:
    """How a name such as `line.price` is read from one line."""
    rest = name.removeprefix("line.")
    return lambda line: _line_value(line, rest)


def resolve_call(function: str) -> Callable[[Scope, tuple[Any, ...], Any], Any]:
    """How a call in a condition is answered: `track('order').stage`, `elapsed(stage)`, `lines('open')` …"""
    if function == "track.stage":
        return _stage_of
    if function == "elapsed":
        return _elapsed
    if function == "lines":
        return _lines_in
    if function == "fact":
        return lambda scope, args, kwargs: scope.fact(args[0], kwargs)
    if function == "approved":
        return lambda scope, args, kwargs: scope.approved(args[0])
    raise KeyError(function)


def _lines_in(scope: Scope, args: tuple[Any, ...], kwargs: Any) -> Any:
    """Line -> the quantity that stands in a line stage; for `ordered`, all of it."""
    state = scope.state
    if not state.quantities and args == (ORDERED,):
        return FrozenMap({line.id: line.quantity for line in state.order.lines})
    return FrozenMap({line: standing.at(args[0]) for line, standing in state.quantities.items()})


def _stage_of(scope: Scope, args: tuple[Any, ...], kwargs: Any) -> Any:
    track = scope.state.tracks.get(args[0])
    return track.stage if track else None


def _elapsed(scope: Scope, args: tuple[Any, ...], kwargs: Any) -> Any:
    """How long the track has been in its stage, in the open time of the flow's calendar."""
    track = scope.state.tracks.get(scope.track)
    return scope.calendar.elapsed(track.entered_at, scope.now) if track and args == ("stage",) else None


def read_path(state: OrderState, name: str) -> Any:
    """The value of a field of an order by its dotted name; of `line.x`, None where any line lacks it."""
    root, _, rest = name.partition(".")
    if root == "line":
        values = [_line_value(line, rest) for line in state.order.lines]
        return None if None in values or not values else tuple(values)
    return resolve(name)(Scope(state, ORDER_TRACK, _NOBODY, state.recorded_at, ALWAYS))


def _line_value(line: Any, name: str) -> Any:
    return getattr(line, name) if f"line.{name}" in LINE_FIELDS else plain(line.attributes.get(name))


def instant_of(state: OrderState, name: str) -> datetime | None:
    """The instant in a field, or None when it is absent or no instant."""
    value = read_path(state, name)
    return value if isinstance(value, datetime) else None


_NOBODY = Actor.system("orderflow")
