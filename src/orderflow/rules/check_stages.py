"""What can be proved of stages: that nothing leads to one, nothing leads out, no end is ahead, nobody owns it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orderflow.model.flow import OPEN
from orderflow.model.reasons import Problem, problem
from orderflow.rules.check_conditions import at
from orderflow.rules.check_study import Strand, Study

Ways = Mapping[str, set[str]]


def stage_problems(study: Study, strand: Strand) -> Iterator[Problem]:
    """Everything doubtful in the stages of a lifecycle. An observation can still move an order anywhere."""
    ways = _ways(strand)
    yield from _unreachable(study, strand)
    yield from _endless(strand, ways)
    yield from _unowned(strand, ways)
    if not any(sla.track == strand.track for sla in study.flow.sla.values()) and not study.is_wrong("sla"):
        yield problem("no_clocks", at(f"{strand.path}.stages"), severity="note", track=strand.track)


def ahead_of(start: Iterable[str], ways: Ways) -> set[str]:
    """The stages from which one begins, and all that ways lead to from there."""
    reached: set[str] = set()
    ahead = list(start)
    while ahead:
        stage = ahead.pop()
        if stage not in reached and stage in ways:
            reached.add(stage)
            ahead += ways[stage]
    return reached


def _ways(strand: Strand) -> dict[str, set[str]]:
    ways: dict[str, set[str]] = {stage: set() for stage in strand.lifecycle.stages}
    for step in strand.steps:
        if step.dest in ways:
            ways[step.source].add(step.dest)
    return ways


def _unreachable(study: Study, strand: Strand) -> Iterator[Problem]:
    """Stages that no path of transitions reaches; one whose guard can never hold is no way."""
    ways: dict[str, set[str]] = {stage: set() for stage in strand.lifecycle.stages}
    stages = study.declared()
    for step in strand.steps:
        if step.dest in ways and study.may_pass(strand, step, stages):
            ways[step.source].add(step.dest)
    reached = ahead_of([strand.lifecycle.initial], ways)
    for name in strand.lifecycle.stages:
        if name not in reached:
            yield problem("unreachable_stage", at(f"{strand.path}.stages.{name}"), severity="warning", stage=name)


def _endless(strand: Strand, ways: Ways) -> Iterator[Problem]:
    """Open stages that nothing leaves, and rounds out of which no path leads to an end."""
    stages, reached = strand.lifecycle.stages, ahead_of([strand.lifecycle.initial], ways)
    still_open = [name for name, stage in stages.items() if name in reached and stage.category in OPEN]
    stuck = {name for name in still_open if not ways[name] - {name}}
    for name in stages:
        if name in stuck:
            yield problem("dead_end", at(f"{strand.path}.stages.{name}"), severity="warning", stage=name)
    ends = {name for name, stage in stages.items() if stage.category not in OPEN}
    if not ends:
        if not stuck:
            yield problem("no_end", at(f"{strand.path}.stages"), severity="note")
        return
    ring = [name for name in still_open if not ahead_of([name], ways) & (ends | stuck)]
    if ring:
        where = at(f"{strand.path}.stages.{ring[0]}")
        yield problem("no_way_to_end", where, severity="warning", stages=tuple(ring))


def _unowned(strand: Strand, ways: Ways) -> Iterator[Problem]:
    """Open stages that some path reaches without passing a stage with an owner rule: without one the owner stays."""
    stages = strand.lifecycle.stages
    without = {name for name, stage in stages.items() if stage.owner is None}
    if len(without) == len(stages):
        if any(stage.category == "open" for stage in stages.values()):
            yield problem("no_owners", at(f"{strand.path}.stages"), severity="note")
        return
    start = [strand.lifecycle.initial] if strand.lifecycle.initial in without else []
    nobodys = ahead_of(start, {name: ways[name] & without for name in without})
    for name, stage in stages.items():
        if name in nobodys and stage.category == "open":
            yield problem("stage_unowned", at(f"{strand.path}.stages.{name}"), severity="warning", stage=name)
