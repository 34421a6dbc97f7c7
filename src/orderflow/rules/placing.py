"""Taking in an order: content held against the flow's fields, personal values hidden, the first stage entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orderflow.model.amending import amended
from orderflow.model.canonical import hide
from orderflow.model.commands import Amend, Command, OpenTrack, Place
from orderflow.model.decision import Decision
from orderflow.model.events import ORDER_TRACK, OrderPlaced
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Erased, Order, map_attributes, map_line, plain
from orderflow.model.pilots import Pilot, percent
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.model.state import Blank, OrderState, fold
from orderflow.rules import sla
from orderflow.rules.amending import add_external, difference
from orderflow.rules.compile import Program
from orderflow.rules.draft import Draft
from orderflow.rules.entering import enter
from orderflow.rules.fields import check_fields, holders, promise, undeclared
from orderflow.rules.moving import begin_lines, check_lines, put_on


def place(draft: Draft, command: Place) -> list[Reason]:
    """Record the order and enter the initial stage."""
    program, flow = draft.program, draft.program.flow
    if wrong := check_fields(program, command.content):
        return wrong
    promised = promise(command.content.promised_at, program.zone)
    reasons = [item for item in (draft.context.chosen, _pilot_chosen(draft.context.pilot)) if item is not None]
    draft.reasons += reasons
    body = OrderPlaced(
        order=attrs.evolve(command.content, flow=flow.name, promised_at=promised), why=reasons[0] if reasons else None
    )
    draft.add(body, rule=draft.context.pilot.rule if draft.context.pilot else None)
    begin(draft, ORDER_TRACK)
    for name, track in flow.tracks.items():
        if not track.many:
            begin(draft, name)
    begin_lines(draft)
    if wrong := add_external(draft, command.external):
        return wrong
    sla.react(draft)
    return []


def _pilot_chosen(pilot: Pilot | None) -> Reason | None:
    """Why an order is in a pilot."""
    if pilot is None:
        return None
    when = pilot.when.text if pilot.when is not None else "–"
    return reason("pilot_chosen", pilot=pilot.name, share=percent(pilot.share), when=when)


def begin(draft: Draft, track: str) -> None:
    """Enter the initial stage of a track, with its owner."""
    enter(draft, track, draft.program.lifecycle(track).lifecycle.initial)


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
    if command.lines is not None and (
        wrong := check_lines(draft, command.lines) or put_on(draft, track, command.lines)
    ):
        return wrong
    sla.react(draft)
    return []


def _next_number(draft: Draft, kind: str) -> int:
    """One more than the highest number of a track of this kind."""
    ids = (name.partition(":")[2] for name in draft.order.tracks if name.startswith(f"{kind}:"))
    return max((int(id) for id in ids if id.isdecimal() and len(id) < 10), default=0) + 1


def again(program: Program, state: OrderState, command: Place, digest: str) -> Decision:
    """The answer when the id is taken: the same content repeats, other content or another system's new id is refused.

    An order that names no flow repeats in the one that it has, whichever would be chosen today.
    """
    same_flow = command.content.flow in (None, state.order.flow)  # the digest has the order's own flow put in
    linked = all(item in state.external for item in command.external.items())  # an id must not be dropped in silence
    if same_flow and linked and state.digest == digest and same_personal(program, placed(state), command.content):
        return Decision(repeated=True)
    return Decision(refused=True, reasons=(reason("order_id_reused", order=command.order),))


def protect(program: Program, command: Command, salt: Callable[[], bytes]) -> Command:
    """The command with every personal value in it hidden behind a fresh salt."""

    def change(path: str, value: Any) -> Any:
        return hide(plain(value), salt()) if value is not None and program.hides(path) else value

    return _map(command, change) if program.personal or program.keeps else command


def without_personal(program: Program, command: Command) -> Command:
    """The command with a fixed mark in place of every personal value, and of an order to be placed its flow named."""
    if isinstance(command, Place):
        command = attrs.evolve(command, content=attrs.evolve(command.content, flow=program.flow.name))
    return _map(command, lambda path, value: "$personal" if value is not None and program.hides(path) else value)


def _map(command: Command, change: Callable[[str, Any], Any]) -> Command:
    """The same command with `change(path, value)` applied to every value in it that may be personal."""
    if isinstance(command, Place):
        return attrs.evolve(command, content=map_attributes(command.content, change))
    if not isinstance(command, Amend):
        return command

    def values(items: Mapping[str, Any], prefix: str = "") -> FrozenMap[Any]:
        return FrozenMap({path: change(prefix + path.removeprefix(prefix), value) for path, value in items.items()})

    return attrs.evolve(
        command,
        changes=values(command.changes),
        lines=FrozenMap({line: values(changes, "line.") for line, changes in command.lines.items()}),
        add=tuple(map_line(line, change) for line in command.add),
    )


def placed(state: OrderState) -> Order:
    """The order as it was placed, before amendments; without the personal values that were erased since."""
    body: Any = state.timeline[0].body
    order: Order = body.order
    return order


def same_amendment(program: Program, state: OrderState, first: int, last: int, command: Amend) -> bool:
    """Whether the amendment that is recorded in the versions `first` to `last` has the personal values of this one."""
    before = fold(Blank(stream=state.stream), state.timeline[: first - 1])
    after = fold(before, state.timeline[first - 1 : last])
    if not isinstance(before, OrderState) or not isinstance(after, OrderState):
        return False
    return same_personal(program, after.order, amended(before.order, difference(before.order, command)))


def same_personal(program: Program, old: Order, new: Order) -> bool:
    """Whether no personal value that is still known differs."""
    for path in (*program.personal, *(undeclared(program, old) if program.keeps else ())):
        kind, _, name = path.partition(".")
        after = {id: plain(attributes.get(name)) for id, attributes in holders(new, kind)}
        for id, attributes in holders(old, kind):
            before = attributes.get(name)
            if not isinstance(before, Erased) and plain(before) != after.get(id):
                return False
    return True
