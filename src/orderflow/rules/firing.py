"""Firing a trigger: which transition is taken, or every reason why none is."""

from __future__ import annotations

from orderflow.model.commands import Fire
from orderflow.model.events import StageEntered, Triggered
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Money, plain
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.rules import sla
from orderflow.rules.acting import check_entry, check_track
from orderflow.rules.compile import CompiledLifecycle
from orderflow.rules.draft import Draft
from orderflow.rules.lifecycle import Way
from orderflow.rules.owner import assign_by_rule
from orderflow.rules.scope import read_path


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
    return [
        *_role_unmet(draft, lifecycle, way),
        *_fields_missing(draft, lifecycle, way),
        *_guard_unmet(draft, lifecycle, way, track),
    ]


def _no_way(lifecycle: CompiledLifecycle, command: Fire, stage: str) -> Reason:
    known = lifecycle.triggers
    if command.trigger not in known:
        return reason(
            "unknown_trigger", trigger=command.trigger, known=known, suggestion=suggest(command.trigger, known)
        )
    here = lifecycle.triggers_from.get(stage, ())
    return reason("not_from_this_stage", trigger=command.trigger, stage=stage, allowed=here)


def _role_unmet(draft: Draft, lifecycle: CompiledLifecycle, way: Way) -> list[Reason]:
    roles, actor = way.transition.roles, draft.command.by
    if not roles or actor.kind in ("system", "automation"):
        return []
    held: tuple[str, ...] = ()
    if actor.kind == "person":
        person = draft.context.person(actor.id)
        held = person.roles if person else ()
    if set(roles) & set(held):
        return []
    place = draft.program.place(f"{lifecycle.path}.transitions[{way.index}].roles")
    return [reason("missing_role", place, actor=str(actor), roles=roles, held=held)]


def _fields_missing(draft: Draft, lifecycle: CompiledLifecycle, way: Way) -> list[Reason]:
    place = draft.program.place(f"{lifecycle.path}.transitions[{way.index}].requires")
    return [
        reason("missing_field", place, field=name, trigger=way.trigger)
        for name in way.transition.requires
        if plain(read_path(draft.order, name)) is None
    ]


def _guard_unmet(draft: Draft, lifecycle: CompiledLifecycle, way: Way, track: str) -> list[Reason]:
    guard = lifecycle.guards.get(way.index)
    if guard is None:
        return []
    scope = draft.scope(track)
    if guard.test(scope) is True:
        return []
    place = draft.program.place(f"{lifecycle.path}.transitions[{way.index}].guard")
    return [
        reason(
            "guard_false" if term.truth is False else "guard_unknown",
            place,
            term=term.text,
            values=FrozenMap({name: _shown(value) for name, value in term.values.items()}),
            trigger=way.trigger,
        )
        for term in guard.explain(scope)
    ]


def _shown(value: object) -> object:
    return "?" if value is None else str(value) if isinstance(value, Money) else value


def _take(draft: Draft, way: Way, track: str) -> None:
    if way.dest is None:
        draft.add(Triggered(trigger=way.trigger, stage=way.source), track=track)
        sla.react(draft)
        return
    category = draft.program.lifecycle(track).lifecycle.stages[way.dest].category
    body = StageEntered(stage=way.dest, category=category, previous=way.source, trigger=way.trigger)
    draft.add(body, track=track)
    assign_by_rule(draft, track, way.dest)
    sla.react(draft)
