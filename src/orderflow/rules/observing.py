"""What another master system says: a fact, even where the flow forbids it."""

from __future__ import annotations

from orderflow.model.commands import Observe
from orderflow.model.events import Event, StageEntered, StageObserved
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.rules import sla
from orderflow.rules.acting import check_track
from orderflow.rules.draft import Draft
from orderflow.rules.entering import enter, release
from orderflow.rules.lifecycle import Way
from orderflow.rules.moving import carry_out, transition_moves

OWN = "orderflow"  # among a flow's `sources`: what was fired here


def observe(draft: Draft, command: Observe) -> list[Reason]:
    """Move the track to the observed stage.

    - Recorded without moving: an old fact (before the last stage entry, or with a lower sequence number than one that
      the source gave before), a repeated one (the track is there), and one against the flow from a source that is less
      trusted than the one that put the track where it is. Known already, by its sequence number: nothing is recorded.
    - Where no transition of the flow leads from here to there with its guard true, the entry is marked inconsistent.
      Where one does, quantities move with it as far as they can.
    """
    if wrong := check_track(draft, command.track):
        return wrong
    stages = draft.program.lifecycle(command.track).lifecycle.stages
    if command.stage not in stages:
        hint = suggest(command.stage, stages)
        return [reason("unknown_stage", stage=command.stage, known=tuple(stages), suggestion=hint)]
    said = _said_before(draft, command)
    if any(event.source_seq == command.source_seq and _stage(event) == command.stage for event in said):
        return []
    track = draft.order.tracks[command.track]
    way = foreseen(draft, command)
    above = None if way is not None else _outranked_by(draft, command)
    if said or draft.at < track.entered_at or command.stage == track.stage or above:
        body = StageObserved(stage=command.stage, current=track.stage, outranked=above)
        draft.add(body, track=command.track, source=command.source, source_seq=command.source_seq)
        if above is None:
            sla.correct(draft, command.track, command.stage, draft.at)
        return []
    enter(
        draft,
        command.track,
        command.stage,
        source=command.source,
        source_seq=command.source_seq,
        previous=track.stage,
        observed=True,
        inconsistent=way is None,
    )
    if way is not None:
        carry_out(draft, transition_moves(draft, way.transition.moves, command.track)[0], command.track)
    release(draft, command.track)
    sla.react(draft)
    return []


def foreseen(draft: Draft, command: Observe) -> Way | None:
    """The transition of the flow that leads from here to the observed stage with its guard true, or None."""
    here = draft.order.tracks[command.track].stage
    scope = draft.scope(command.track)
    lifecycle = draft.program.lifecycle(command.track)
    for trigger in lifecycle.triggers_from.get(here, ()):
        for way in lifecycle.table[here, trigger]:
            guard = lifecycle.guards.get(way.index)
            if way.dest == command.stage and (guard is None or guard.test(scope) is True):
                return way
    return None


def _said_before(draft: Draft, command: Observe) -> list[Event]:
    """What the source has said of the track with sequence numbers from this one on; nothing if it does not number."""
    if command.source_seq is None:
        return []
    return [
        event
        for event in draft.order.timeline
        if event.track == command.track
        and event.source == command.source
        and event.source_seq is not None
        and event.source_seq >= command.source_seq
    ]


def _stage(event: Event) -> str | None:
    return event.body.stage if isinstance(event.body, StageEntered | StageObserved) else None


def _outranked_by(draft: Draft, command: Observe) -> str | None:
    """The more trusted source that put the track into its stage, or None. Sources that are not listed come last."""
    sources = draft.program.flow.sources
    entries = (event for event in reversed(draft.order.timeline) if event.track == command.track)
    last = next((event for event in entries if isinstance(event.body, StageEntered)), None)
    current = (last.source or OWN) if last is not None else OWN
    if current not in sources or command.source == current:
        return None
    rank = sources.index(command.source) if command.source in sources else len(sources)
    return current if sources.index(current) < rank else None
