"""Moving quantities of lines: by a move of the flow, onto tracks that carry them, and off again. None is ever lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from orderflow.model.commands import Load, Move, Observe
from orderflow.model.events import QuantityMoved
from orderflow.model.flow import OPEN
from orderflow.model.order import EXACT
from orderflow.model.quantities import ZERO, Lines, LineState, Transfer, total
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.model.state import OrderState
from orderflow.rules import sla
from orderflow.rules.acting import check_known_lines, check_track
from orderflow.rules.draft import Draft
from orderflow.rules.gate import guard_unmet, role_unmet

Wanted = Mapping[str, Decimal]


@frozen
class Planned:
    """What one move comes to: the transfers of what there is, and those of a surplus within the tolerance."""

    name: str
    transfers: tuple[Transfer, ...]
    over: tuple[Transfer, ...]


def begin_lines(draft: Draft) -> None:
    """Put the ordered quantity of every line into the first line stage."""
    lines = draft.program.flow.lines
    if lines is not None and draft.order.order.lines:
        content = draft.order.order.lines
        transfers = [Transfer(line=line.id, quantity=line.quantity, dest=lines.first) for line in content]
        draft.add(QuantityMoved(cause="placed", transfers=transfers))


def catch_up(draft: Draft) -> None:
    """Make the quantities those of the order, which was amended while its flow did not follow them."""
    first = _lines_of(draft).first
    changes = behind(draft.order).items()
    transfers = [change_of(line, change, first) for line, change in changes if change]
    if transfers:
        draft.add(QuantityMoved(cause="amended", transfers=transfers))


def behind(state: OrderState) -> dict[str, Decimal]:
    """Line -> by how much what is ordered of it is more, or less, than what stands somewhere."""
    ordered = {line.id: line.quantity for line in state.order.lines}
    found = {}
    for line in (*ordered, *(name for name in state.quantities if name not in ordered)):
        stands = state.quantities.get(line, LineState())
        wanted = EXACT.add(ordered[line], stands.over) if line in ordered else ZERO
        found[line] = EXACT.subtract(wanted, stands.ordered)
    return found


def change_of(line: str, change: Decimal, first: str) -> Transfer:
    """A change of what is ordered of a line, as a transfer into or out of the first line stage."""
    if change > 0:
        return Transfer(line=line, quantity=change, dest=first)
    return Transfer(line=line, quantity=-change, source=first)


def move(draft: Draft, command: Move) -> list[Reason]:
    """Move quantity, of the lines that the command names or of all."""
    wrong = check_track(draft, command.track) or check_lines(draft, command.lines) or _ended(draft, command.track)
    if wrong:
        return wrong
    planned, unmet = plan(draft, (command.move,), command.track, command.lines)
    if unmet:
        return unmet
    if not any(item.transfers or item.over for item in planned):
        sources = _lines_of(draft).moves[command.move].source
        return [reason("nothing_to_move", move=command.move, stages=sources, track=command.track)]
    carry_out(draft, planned, command.track)
    sla.react(draft)
    return []


def load(draft: Draft, command: Load) -> list[Reason]:
    """Load quantity onto a track that carries lines, or take it off."""
    if wrong := check_track(draft, command.track) or check_lines(draft, command.lines):
        return wrong
    if wrong := put_on(draft, command.track, command.lines, off=command.unload):
        return wrong
    sla.react(draft)
    return []


def put_on(draft: Draft, track: str, wanted: Wanted | None, *, off: bool = False) -> list[Reason]:
    """Load quantity onto a track from the line stages that it loads from; everything there is, if nothing is named."""
    kind = draft.program.flow.tracks.get(track.partition(":")[0])
    if kind is None or not kind.carries_lines:
        return [reason("track_carries_no_lines", track=track)]
    if wrong := _ended(draft, track):
        return wrong
    stages = tuple(_lines_of(draft).stages) if off else loads_from(draft, track)
    carrier = track if off else None
    transfers: list[Transfer] = []
    unmet: list[Reason] = []
    for line, state, quantity in _each(draft, wanted):
        there = total(state.carried(carrier, stage) for stage in stages)
        if quantity is not None and quantity > there:
            track_name = carrier or "order"
            unmet.append(reason("not_enough", line=line, wanted=quantity, there=there, stages=stages, track=track_name))
            continue
        taken = _take(line, state, stages, carrier, there if quantity is None else quantity)
        between: dict[str, Any] = {"from_track": carrier, "to_track": None if off else track}
        transfers += [
            Transfer(line=line, quantity=amount, source=stage, dest=stage, **between) for stage, amount in taken
        ]
    if not unmet and not transfers:
        return [reason("nothing_to_load", track=track, stages=stages)]
    if not unmet:
        draft.add(QuantityMoved(cause="unloaded" if off else "loaded", transfers=transfers), track=track)
    return unmet


def _ended(draft: Draft, track: str) -> list[Reason]:
    """Why a track that carries lines has none to move any more."""
    if _carrier(draft, track) is None or draft.order.tracks[track].category in OPEN:
        return []
    return [reason("track_ended", track=track, stage=draft.order.tracks[track].stage)]


def loads_from(draft: Draft, track: str) -> tuple[str, ...]:
    """The line stages from which a track is loaded."""
    kind = draft.program.flow.tracks[track.partition(":")[0]]
    if kind.loads:
        return kind.loads
    names = (name for item in kind.lifecycle.transitions for name in item.moves)
    moves = _lines_of(draft).moves
    return next((moves[name].source for name in names), (_lines_of(draft).first,))


def plan(draft: Draft, names: Iterable[str], track: str, wanted: Wanted | None) -> tuple[list[Planned], list[Reason]]:
    """What moves one after the other come to, and every reason against them. Records nothing."""
    states = dict(draft.order.quantities)
    planned: list[Planned] = []
    unmet: list[Reason] = []
    for name in names:
        found = _plan_one(draft, name, track, wanted, states)
        if isinstance(found, Planned):
            planned.append(found)
            for item in found.transfers:
                states[item.line] = states[item.line].after(item)
            for item in found.over:
                states[item.line] = states[item.line].after(item, over=True)
        else:
            unmet += found
    return planned, unmet


def carry_out(draft: Draft, planned: Iterable[Planned], track: str) -> None:
    """Record planned moves."""
    for item in planned:
        if item.transfers:
            body = QuantityMoved(cause="move", move=item.name, transfers=item.transfers)
            draft.add(body, track=track, rule=f"move:{item.name}")
        if item.over:
            body = QuantityMoved(cause="over", move=item.name, transfers=item.over)
            draft.add(body, track=track, rule=f"move:{item.name}")


def transition_moves(draft: Draft, names: tuple[str, ...], track: str) -> tuple[list[Planned], list[Reason]]:
    """The moves of a transition. A track that should carry lines and carries none cannot do them."""
    if not names or not draft.order.quantities:
        return [], []
    if _carrier(draft, track) and not any(state.carried(track) for state in draft.order.quantities.values()):
        return [], [reason("nothing_carried", track=track, move=names[0])]
    return plan(draft, names, track, None)


def _plan_one(
    draft: Draft, name: str, track: str, wanted: Wanted | None, states: Mapping[str, LineState]
) -> Planned | list[Reason]:
    lines = draft.program.flow.lines
    if lines is None:
        return [reason("no_lines_in_flow", flow=draft.program.flow.name)]
    if name not in lines.moves:
        hint = suggest(name, lines.moves)
        return [reason("unknown_move", move=name, known=tuple(lines.moves), suggestion=hint)]
    rule, path, carrier = lines.moves[name], f"lines.moves.{name}", _carrier(draft, track)
    observed = isinstance(draft.command, Observe)  # another system says that it has happened: nobody's role is asked
    unmet = [] if observed else role_unmet(draft, rule.roles, f"{path}.roles")
    unmet += guard_unmet(draft, draft.program.moves.get(name), track, path, name)
    transfers: list[Transfer] = []
    over: list[Transfer] = []
    for line, state, quantity in _each(draft, wanted, states):
        there = total(state.carried(carrier, stage) for stage in rule.source)
        amount = there if quantity is None else quantity
        surplus = EXACT.subtract(amount, there) if amount > there else ZERO
        if surplus and (wrong := _too_much(draft, name, line, state, amount, there, track)):
            unmet.append(wrong)
            continue
        for stage, part in _take(line, state, rule.source, carrier, min(amount, there)):
            more = {"source": stage, "dest": rule.dest, "from_track": carrier, "to_track": carrier}
            transfers.append(Transfer(line=line, quantity=part, **more))
        if surplus:
            over.append(Transfer(line=line, quantity=surplus, dest=rule.dest, to_track=carrier))
    return unmet or Planned(name, tuple(transfers), tuple(over))


def _too_much(
    draft: Draft, name: str, line: str, state: LineState, amount: Decimal, there: Decimal, track: str
) -> Reason | None:
    """Why more than there is may not move: the move or the tolerance forbids it, or there is more to be loaded."""
    lines = _lines_of(draft)
    rule = lines.moves[name]
    carrier = _carrier(draft, track)
    left = ZERO if carrier is None else total(state.carried(None, stage) for stage in rule.source)
    if not rule.over or not lines.tolerance or left:  # what is left is to be loaded before there is a surplus
        params = {"line": line, "wanted": amount, "there": there, "stages": rule.source, "track": track}
        return reason("not_enough", draft.program.place(f"lines.moves.{name}"), **params)
    contract = EXACT.subtract(state.ordered, state.over)
    most = EXACT.subtract(EXACT.divide(EXACT.multiply(contract, lines.tolerance), Decimal(100)), state.over)
    most = max(most, ZERO)
    if EXACT.subtract(amount, there) <= most:
        return None
    place = draft.program.place("lines.tolerance")
    return reason("over_tolerance", place, line=line, wanted=amount, there=there, tolerance=lines.tolerance, most=most)


def _take(
    line: str, state: LineState, stages: Iterable[str], carrier: str | None, amount: Decimal
) -> list[tuple[str, Decimal]]:
    """From which line stages an amount is taken: the first before the others."""
    found = []
    for stage in stages:
        part = min(amount, state.carried(carrier, stage))
        if part > 0:
            found.append((stage, part))
            amount = EXACT.subtract(amount, part)
    return found


def _each(
    draft: Draft, wanted: Wanted | None, states: Mapping[str, LineState] | None = None
) -> list[tuple[str, LineState, Decimal | None]]:
    """(line, where it stands, the quantity that is wanted of it; None for all there is)."""
    known = draft.order.quantities if states is None else states
    if wanted is None:
        return [(line, state, None) for line, state in known.items()]
    return [(line, known.get(line, LineState()), quantity) for line, quantity in wanted.items()]


def check_lines(draft: Draft, wanted: Wanted | None) -> list[Reason]:
    """Why quantity of these lines cannot be moved: the flow does not follow it, or the order has no such line."""
    if draft.program.flow.lines is None:
        return [reason("no_lines_in_flow", flow=draft.program.flow.name)]
    return check_known_lines(wanted or (), draft.order.quantities)


def _carrier(draft: Draft, track: str) -> str | None:
    """The track itself where it carries lines; None where what no track carries is meant."""
    kind = draft.program.flow.tracks.get(track.partition(":")[0])
    return track if kind is not None and kind.carries_lines else None


def _lines_of(draft: Draft) -> Lines:
    lines = draft.program.flow.lines
    if lines is None:
        raise TypeError(f"{draft.program.flow.name} has no lines")  # asked before by every caller
    return lines
