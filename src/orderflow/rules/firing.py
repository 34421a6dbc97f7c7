"""Firing a trigger: which transition is taken, or every reason why none is."""

from __future__ import annotations

from orderflow.model.commands import Fire
from orderflow.model.events import Triggered
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.rules import sla
from orderflow.rules.acting import check_entry, check_track
from orderflow.rules.compile import CompiledLifecycle
from orderflow.rules.draft import Draft
from orderflow.rules.entering import enter, release
from orderflow.rules.gate import fields_missing, guard_unmet, role_unmet
from orderflow.rules.lifecycle import Way
from orderflow.rules.moving import carry_out, transition_moves


def fire(draft: Draft, command: Fire) -> list[Reason]:
    """Take the first transition whose conditions hold."""
    if wrong := check_track(draft, command.track) or check_entry(draft, command.track):
        return wrong
    track = draft.order.tracks[command.track]
    lifecycle = draft.program.lifecycle(command.track)
    ways = lifecycle.table.get((track.stage, command.trigger), ())
    if not ways:
        return [_no_way(lifecycle, command, track.stage)]
    unmet: list[Reason] = []
    for way in ways:
        found = unmet_of(draft, way, command.track)
        if not found:
            _take(draft, way, command.track)
            return []
        unmet += [item for item in found if item not in unmet]
    return unmet


def unmet_of(draft: Draft, way: Way, track: str) -> list[Reason]:
    """Every reason why this transition cannot be taken now."""
    lifecycle = draft.program.lifecycle(track)
    path, item = f"{lifecycle.path}.transitions[{way.index}]", way.transition
    return [
        *role_unmet(draft, item.roles, f"{path}.roles"),
        *fields_missing(draft, item.requires, path, way.trigger),
        *_not_left(draft, lifecycle, way),
        *guard_unmet(draft, lifecycle.guards.get(way.index), track, path, way.trigger),
        *transition_moves(draft, item.moves, track)[1],
    ]


def _not_left(draft: Draft, lifecycle: CompiledLifecycle, way: Way) -> list[Reason]:
    """Fields that must be there before the stage is left; a cancellation asks for none."""
    stages = lifecycle.lifecycle.stages
    if way.dest is None or way.dest == way.source or stages[way.dest].category == "cancelled":
        return []
    fields = [name for name in stages[way.source].requires if name not in way.transition.requires]
    return fields_missing(draft, fields, f"{lifecycle.path}.stages.{way.source}", way.trigger)


def _no_way(lifecycle: CompiledLifecycle, command: Fire, stage: str) -> Reason:
    known = lifecycle.triggers
    if command.trigger not in known:
        return reason(
            "unknown_trigger", trigger=command.trigger, known=known, suggestion=suggest(command.trigger, known)
        )
    here = lifecycle.triggers_from.get(stage, ())
    return reason("not_from_this_stage", trigger=command.trigger, stage=stage, allowed=here)


def _take(draft: Draft, way: Way, track: str) -> None:
    moves, _ = transition_moves(draft, way.transition.moves, track)
    if way.dest is None:
        draft.add(Triggered(trigger=way.trigger, stage=way.source), track=track)
        carry_out(draft, moves, track)
    else:
        enter(draft, track, way.dest, previous=way.source, trigger=way.trigger)
        carry_out(draft, moves, track)
        release(draft, track)
    sla.react(draft)
