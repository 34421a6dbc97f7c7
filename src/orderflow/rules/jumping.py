"""Jumps: going back, skipping and forcing a stage. Explicit, by role, marked as such, and undone by another event."""

from __future__ import annotations

from orderflow.model.commands import Jump
from orderflow.model.events import Event, OwnerAssigned, StageEntered
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.rules import sla
from orderflow.rules.acting import check_entry, check_track
from orderflow.rules.compile import CompiledLifecycle
from orderflow.rules.draft import Draft
from orderflow.rules.entering import enter, release
from orderflow.rules.gate import role_unmet


def jump(draft: Draft, command: Jump) -> list[Reason]:
    """Enter a stage outside the ways of the flow; guards and required fields are not asked."""
    if wrong := check_track(draft, command.track) or check_entry(draft, command.track):
        return wrong
    last = _last_entry(draft, command.track)
    if command.kind == "undo":
        return _undo(draft, command, last)
    lifecycle = draft.program.lifecycle(command.track)
    stages, here = lifecycle.lifecycle.stages, draft.order.tracks[command.track].stage
    if command.stage is None or command.stage not in stages:
        hint = suggest(command.stage or "", stages)
        return [reason("unknown_stage", stage=command.stage or "-", known=tuple(stages), suggestion=hint)]
    wrong = _not_permitted(draft, lifecycle, command.kind) + _no_reason(command)
    if command.stage == here:
        wrong.append(reason("jump_to_itself", stage=here))
    elif command.kind == "back" and command.stage not in _been(draft, command.track):
        wrong.append(reason("never_been_there", stage=command.stage, been=_been(draft, command.track)))
    elif command.kind == "skip" and command.stage not in ahead(lifecycle, here):
        wrong.append(reason("not_further_on", stage=command.stage, here=here, ahead=ahead(lifecycle, here)))
    if not wrong:
        _go(draft, command, command.stage, here)
    return wrong


def _undo(draft: Draft, command: Jump, last: Event | None) -> list[Reason]:
    """Back to where the track was before its last entry, which was a jump; its owner and its clocks come back too."""
    body = last.body if last is not None else None
    if not isinstance(body, StageEntered) or body.jump in (None, "undo") or body.previous is None:
        return [reason("nothing_to_undo", track=command.track)]
    lifecycle = draft.program.lifecycle(command.track)
    if wrong := _not_permitted(draft, lifecycle, body.jump or "force") + _no_reason(command):
        return wrong
    stages = lifecycle.lifecycle.stages
    if body.previous not in stages:  # the order has gone to another version of its flow since
        return [reason("unknown_stage", stage=body.previous, known=tuple(stages))]
    owner = _owner_before(draft, command.track, last)
    _go(draft, command, body.previous, draft.order.tracks[command.track].stage)
    if owner is not None and owner.owner != draft.order.tracks[command.track].owner:
        draft.add(owner, track=command.track)
        sla.react(draft)
    if last is not None:
        sla.go_on(draft, command.track, last.occurred_at)
    return []


def _go(draft: Draft, command: Jump, stage: str, here: str) -> None:
    enter(draft, command.track, stage, previous=here, jump=command.kind)
    release(draft, command.track)
    sla.react(draft)


def _not_permitted(draft: Draft, lifecycle: CompiledLifecycle, kind: str) -> list[Reason]:
    """Why this actor may not jump: nobody may, or only people with a role. Systems pass where some people may."""
    jumps = lifecycle.lifecycle.jumps
    path = f"{lifecycle.path}.jumps"
    if kind not in jumps:
        return [reason("jump_not_foreseen", draft.program.place(path), kind=kind, path=path)]
    return role_unmet(draft, jumps[kind], f"{path}.{kind}")


def _no_reason(command: Jump) -> list[Reason]:
    return [] if command.reason else [reason("reason_needed", kind=command.kind)]


def _last_entry(draft: Draft, track: str) -> Event | None:
    """The event by which a track came into its stage."""
    entries = (event for event in reversed(draft.order.timeline) if event.track == track)
    return next((event for event in entries if isinstance(event.body, StageEntered)), None)


def _been(draft: Draft, track: str) -> tuple[str, ...]:
    """The stages that a track has been in, the first first."""
    entries = (event.body for event in draft.order.timeline if event.track == track)
    return tuple(dict.fromkeys(body.stage for body in entries if isinstance(body, StageEntered)))


def _owner_before(draft: Draft, track: str, entry: Event | None) -> OwnerAssigned | None:
    """The owner that a track had before it entered its stage."""
    owner = None
    for event in draft.order.timeline:
        if event is entry:
            break
        if event.track == track and isinstance(event.body, OwnerAssigned):
            owner = event.body
    return owner


def ahead(lifecycle: CompiledLifecycle, stage: str) -> tuple[str, ...]:
    """The stages that transitions lead to from a stage, near ones first, whatever their conditions."""
    found: dict[str, None] = {}
    border = [stage]
    while border:
        here = border.pop(0)
        for trigger in lifecycle.triggers_from.get(here, ()):
            for way in lifecycle.table[here, trigger]:
                if way.dest is not None and way.dest not in found:
                    found[way.dest] = None
                    border.append(way.dest)
    return tuple(found)
