"""What another master system says: a fact, even where the flow forbids it."""

from __future__ import annotations

from orderflow.model.commands import Observe
from orderflow.model.events import StageEntered, StageObserved
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.rules import sla
from orderflow.rules.acting import check_track
from orderflow.rules.draft import Draft
from orderflow.rules.owner import assign_by_rule


def observe(draft: Draft, command: Observe) -> list[Reason]:
    """Move the track to the observed stage.

    - An old fact (before the last stage entry) and a repeated one (the track is there) are recorded without moving.
    - Where no transition of the flow leads from here to there with its guard true, the entry is marked inconsistent.
    """
    if wrong := check_track(draft, command.track):
        return wrong
    stages = draft.program.lifecycle(command.track).lifecycle.stages
    if command.stage not in stages:
        hint = suggest(command.stage, stages)
        return [reason("unknown_stage", stage=command.stage, known=tuple(stages), suggestion=hint)]
    track = draft.order.tracks[command.track]
    if draft.at < track.entered_at or command.stage == track.stage:
        body = StageObserved(stage=command.stage, current=track.stage)
        draft.add(body, track=command.track, source=command.source, source_seq=command.source_seq)
        sla.correct(draft, command.track, command.stage, draft.at)
        return []
    draft.add(
        StageEntered(
            stage=command.stage,
            category=stages[command.stage].category,
            previous=track.stage,
            observed=True,
            inconsistent=not foreseen(draft, command),
        ),
        track=command.track,
        source=command.source,
        source_seq=command.source_seq,
    )
    assign_by_rule(draft, command.track, command.stage)
    sla.react(draft)
    return []


def foreseen(draft: Draft, command: Observe) -> bool:
    """Whether the flow has a transition from here to the observed stage whose guard is true."""
    here = draft.order.tracks[command.track].stage
    scope = draft.scope(command.track)
    lifecycle = draft.program.lifecycle(command.track)
    for trigger in lifecycle.triggers_from.get(here, ()):
        for way in lifecycle.table[here, trigger]:
            guard = lifecycle.guards.get(way.index)
            if way.dest == command.stage and (guard is None or guard.test(scope) is True):
                return True
    return False
