"""Taking in an order: content held against the flow's fields, personal values hidden, the first stage entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from orderflow.model.canonical import hide
from orderflow.model.clock import MOMENT
from orderflow.model.commands import OpenTrack, Place
from orderflow.model.decision import Decision
from orderflow.model.events import ORDER_TRACK, OrderPlaced, StageEntered
from orderflow.model.flow import Field
from orderflow.model.order import Erased, Money, Order, map_attributes, plain
from orderflow.model.pilots import Pilot, percent
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.model.state import OrderState
from orderflow.rules import sla
from orderflow.rules.compile import Program
from orderflow.rules.draft import Draft
from orderflow.rules.owner import assign_by_rule

_KINDS = ("order", "customer", "line")


def place(draft: Draft, command: Place) -> list[Reason]:
    """Record the order and enter the initial stage."""
    program, flow = draft.program, draft.program.flow
    if wrong := check_fields(program, command.content):
        return wrong
    promised = promise(command.content.promised_at, program.zone)
    pilot = draft.context.pilot
    placed = OrderPlaced(order=attrs.evolve(command.content, flow=flow.name, promised_at=promised))
    draft.add(placed, rule=pilot.rule if pilot else None)
    if pilot is not None:
        draft.reasons.append(
            reason("pilot_chosen", pilot=pilot.name, share=percent(pilot.share), when=pilot_when(pilot))
        )
    begin(draft, ORDER_TRACK)
    for name, track in flow.tracks.items():
        if not track.many:
            begin(draft, name)
    sla.react(draft)
    return []


def pilot_when(pilot: Pilot) -> str:
    """The condition of a pilot as text; a dash without one."""
    return pilot.when.text if pilot.when is not None else "–"


def begin(draft: Draft, track: str) -> None:
    """Enter the initial stage of a track, with its owner."""
    lifecycle = draft.program.lifecycle(track).lifecycle
    category = lifecycle.stages[lifecycle.initial].category
    draft.add(StageEntered(stage=lifecycle.initial, category=category), track=track)
    assign_by_rule(draft, track, lifecycle.initial)


def open_track(draft: Draft, command: OpenTrack) -> list[Reason]:
    """Open one more track of a kind."""
    kinds = {name: track for name, track in draft.program.flow.tracks.items() if track.many}
    if command.track not in kinds:
        hint = suggest(command.track, kinds)
        return [reason("unknown_track_kind", track=command.track, known=tuple(kinds), suggestion=hint)]
    track = f"{command.track}:{command.id or _next_number(draft, command.track)}"
    if track in draft.order.tracks:
        return [reason("track_open", track=track)]
    begin(draft, track)
    sla.react(draft)
    return []


def _next_number(draft: Draft, kind: str) -> int:
    """One more than the highest number of a track of this kind."""
    ids = (name.partition(":")[2] for name in draft.order.tracks if name.startswith(f"{kind}:"))
    return max((int(id) for id in ids if id.isdecimal() and len(id) < 10), default=0) + 1


def again(program: Program, state: OrderState, command: Place, digest: str) -> Decision:
    """The answer when the id is taken: the same content repeats, other content is refused."""
    if state.digest == digest and same_personal(program, state.order, command.content):
        return Decision(repeated=True)
    return Decision(refused=True, reasons=(reason("order_id_reused", order=command.order),))


def promise(promised: datetime | date | None, zone: ZoneInfo) -> datetime | None:
    """The instant of a promise: of a bare date, the last microsecond of that day in the zone."""
    if promised is None or isinstance(promised, datetime):
        return promised
    next_day = datetime.combine(promised + timedelta(days=1), time(), tzinfo=zone)
    return next_day.astimezone(ZoneInfo("UTC")) - MOMENT


def protect(program: Program, order: Order, salt: Callable[[], bytes]) -> Order:
    """The order with every personal attribute hidden behind a fresh salt."""
    if not program.personal:
        return order

    def change(path: str, value: Any) -> Any:
        return hide(plain(value), salt()) if path in program.personal else value

    return map_attributes(order, change)


def without_personal(program: Program, order: Order) -> Order:
    """The order, its flow named, with a fixed mark in place of every personal attribute."""
    named = attrs.evolve(order, flow=program.flow.name)
    return map_attributes(named, lambda path, value: "$personal" if path in program.personal else value)


def check_fields(program: Program, order: Order) -> list[Reason]:
    """Why the order's attributes do not fit the flow's `fields:`: one is missing, a value has another type."""
    wrong: list[Reason] = []
    for path, declared in program.flow.fields.items():
        kind, _, name = path.partition(".")
        where = program.place(f"fields.{path}")
        for _, attributes in _owners(order, kind):
            value = plain(attributes.get(name))
            if value is None and declared.required:
                wrong.append(reason("required_field", where, field=path))
            elif value is not None and not fits(declared, value):
                wrong.append(_misfit(path, declared, value, where))
    return [*dict.fromkeys(wrong), *_undeclared(program, order)]


def _undeclared(program: Program, order: Order) -> list[Reason]:
    """Attributes that a flow with `fields:` does not declare: a slip there would leave a personal value unprotected."""
    known = tuple(program.flow.fields)
    if not known:
        return []
    found = (f"{kind}.{name}" for kind in _KINDS for _, attributes in _owners(order, kind) for name in attributes)
    return [
        reason("undeclared_field", program.place("fields"), field=path, known=known, suggestion=suggest(path, known))
        for path in dict.fromkeys(found)
        if path not in program.flow.fields
    ]


def _owners(order: Order, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The (id, attributes) of everything in an order that has fields of a kind: `order`, `customer`, `line`."""
    if kind == "line":
        return [(line.id, line.attributes) for line in order.lines]
    if kind == "customer":
        return [(order.customer.id, order.customer.attributes)] if order.customer else [("", {})]
    return [(order.id, order.attributes)]


def fits(declared: Field, value: Any) -> bool:
    """Whether a value has the declared type."""
    if declared.type == "choice":
        return value in declared.of
    if declared.type == "number":
        return isinstance(value, Decimal | int) and not isinstance(value, bool)
    if declared.type == "date":
        return isinstance(value, date) and not isinstance(value, datetime)
    types: dict[str, type[Any]] = {
        "text": str,
        "money": Money,
        "boolean": bool,
        "instant": datetime,
        "duration": timedelta,
    }
    return isinstance(value, types[declared.type])


def _misfit(path: str, declared: Field, value: Any, where: Any) -> Reason:
    if declared.type == "choice":
        hint = suggest(str(value), declared.of)
        return reason("not_in_vocabulary", where, field=path, value=str(value), known=declared.of, suggestion=hint)
    return reason("wrong_type", where, field=path, type=declared.type, value=repr(value))


def same_personal(program: Program, old: Order, new: Order) -> bool:
    """Whether no personal value that is still known differs."""
    for path in program.personal:
        kind, _, name = path.partition(".")
        after = {id: plain(attributes.get(name)) for id, attributes in _owners(new, kind)}
        for id, attributes in _owners(old, kind):
            before = attributes.get(name)
            if not isinstance(before, Erased) and plain(before) != after.get(id):
                return False
    return True
