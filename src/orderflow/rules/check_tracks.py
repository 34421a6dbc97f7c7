"""What can be proved of joins: guards that wait for another track to come where it never comes.

All tracks are followed together: a step is taken when its guard can hold while every track is in some stage that it was
seen to come to. What is never taken so is never taken at all; which stages coincide is left open, so some joins that
never open are not found, and none is found that opens.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from orderflow.model.condition import Condition
from orderflow.model.flow import Flow
from orderflow.model.reasons import Place, Problem, problem
from orderflow.model.tokens import place_at
from orderflow.rules.check_conditions import at
from orderflow.rules.check_study import Step, Strand, Study, track_calls


def join_problems(study: Study) -> Iterator[Problem]:
    """Guards over other tracks that no course of an order opens."""
    stages, declared = reached_together(study), study.declared()
    for strand in study.strands:
        for index, item, steps in strand.checked():
            if item.guard is None or not any(step.source in stages[strand.track] for step in steps):
                continue
            here = [step for step in steps if step.source in stages[strand.track]]
            shut = not any(study.may_pass(strand, step, stages) for step in here)
            if shut and any(study.may_pass(strand, step, declared) for step in here):
                track, awaited = _awaited(study, strand, here[0], item.guard, stages)
                yield problem(
                    "join_never_opens",
                    at(strand.at(index, "guard")),
                    severity="warning",
                    trigger=item.trigger,
                    track=track,
                    stages=awaited,
                )


def reached_together(study: Study) -> dict[str, set[str]]:
    """The stages that each track can come to while the others go their ways; all where its ways are not known."""
    found: dict[str, set[str]] = {}
    for strand in study.strands:
        found[strand.track] = {strand.lifecycle.initial} if strand.graph else set(strand.lifecycle.stages)
    grown = True
    while grown:
        grown = False
        for strand in study.strands:
            seen = found[strand.track]
            for step in strand.steps:
                new = step.source in seen and step.dest is not None and step.dest not in seen
                if new and step.dest and study.may_pass(strand, step, found):
                    seen.add(step.dest)
                    grown = True
    return found


def _awaited(
    study: Study, strand: Strand, step: Step, guard: Condition, stages: dict[str, set[str]]
) -> tuple[str, tuple[str, ...]]:
    """The track that a shut step waits for, and the stages of it that would open it."""
    declared = study.declared()
    kinds = dict.fromkeys(track.partition(":")[0] for _, track in track_calls(guard))
    for kind in kinds:
        open_at = [one for one in declared.get(kind, ()) if study.may_pass(strand, step, {**stages, kind: (one,)})]
        if open_at:
            return kind, tuple(open_at)
    return ", ".join(kinds), ()


def absent_tracks(flow: Flow, condition: Condition, path: str) -> Iterator[Problem]:
    """Tracks of a condition that no order has: a kind alone where there are many, a number where there is one."""
    for call, track in track_calls(condition):
        kind, numbered, _ = track.partition(":")
        many = kind in flow.tracks and flow.tracks[kind].many
        if (kind in flow.tracks or kind == "order") and many != bool(numbered):
            place = evolve(place_at(condition.place, call.column) or Place(), path=path)
            name = f"{kind}:1" if many else kind
            yield problem("track_never_there", place, severity="warning", track=track, name=name)
