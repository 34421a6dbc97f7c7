"""What can be proved of promises' conditions, of the calendars that are named, and of fields that are required."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from orderflow.model.condition import Condition
from orderflow.model.flow import Flow
from orderflow.model.policies import SLA
from orderflow.model.reasons import Problem, problem
from orderflow.rules.check_conditions import at, in_full, lifecycle_of, unknown
from orderflow.rules.check_sla import CONDITIONS, WORDS
from orderflow.rules.check_study import Study
from orderflow.rules.check_tracks import absent_tracks
from orderflow.rules.check_values import World, may_hold, read
from orderflow.rules.scope import BUILT_IN, LINE_FIELDS, schema

_NEVER_SET = frozenset({"trigger"})  # known only while a condition is asked, never when a field is required


def promise_problems(study: Study) -> Iterator[Problem]:
    """Conditions of promises that can never hold or look at tracks that never are; calendars that are not there."""
    flow = study.flow
    for name, sla in flow.sla.items():
        if not study.is_wrong(f"sla.{name}.track"):
            for path, condition in _conditions(name, sla):
                if not study.is_wrong(path):
                    yield from _condition(study, in_full(flow, condition, sla.track), path, sla.track)
        if sla.calendar not in (*WORDS, *flow.calendars) and not study.is_wrong("calendars"):
            known = (*WORDS, *flow.calendars)
            yield unknown("calendar_not_here", f"sla.{name}.calendar", sla.calendar, known, severity="warning")
    for _, where, lifecycle in flow.lifecycles():
        for stage, definition in lifecycle.stages.items():
            calendar = definition.calendar
            if calendar is not None and calendar not in flow.calendars and not study.is_wrong("calendars"):
                path = f"{where}.stages.{stage}.calendar"
                yield unknown("calendar_not_here", path, calendar, flow.calendars, severity="warning")


def _conditions(name: str, sla: SLA) -> Iterator[tuple[str, Condition]]:
    for key in CONDITIONS:
        if (condition := getattr(sla, key)) is not None:
            yield f"sla.{name}.{key}", condition
    for index, row in enumerate(sla.target):
        if row.when is not None:
            yield f"sla.{name}.target[{index}].when", row.when


def _condition(study: Study, condition: Condition, path: str, track: str) -> Iterator[Problem]:
    absent = tuple(absent_tracks(study.flow, condition, path))
    yield from absent
    lifecycle = lifecycle_of(study.flow, track)
    triggers = dict.fromkeys(item.trigger for item in lifecycle.transitions)
    pinned: dict[str, tuple[Any, ...]] = {"stage": tuple(lifecycle.stages), "trigger": (*triggers, None)}
    pinned |= study.tracks_in(condition, study.declared())
    world = World(names=schema(study.flow, track), currency=study.currency, pinned=pinned)
    if not absent and not may_hold(read(condition, study.currency), world):
        yield problem("condition_never_holds", at(path), severity="warning", condition=str(condition))


def settable(flow: Flow) -> frozenset[str]:
    """The names that an order can come to have a value for: at its intake, or as it goes on."""
    return (frozenset(flow.fields) | frozenset(BUILT_IN) | frozenset(LINE_FIELDS)) - _NEVER_SET


def never_set(flow: Flow, fields: Collection[str]) -> Iterator[Problem]:
    """Transitions that require what nothing can set: a declared name that is not among the fields that can be."""
    stuck = not_amendable(flow)
    for track, path, lifecycle in flow.lifecycles():
        names = schema(flow, track)
        for index, item in enumerate(lifecycle.transitions):
            for name in item.requires:
                where = at(f"{path}.transitions[{index}].requires")
                if name in names and name not in fields:
                    yield problem("required_never_set", where, severity="warning", name=name, trigger=item.trigger)
                elif name in stuck:
                    yield problem("required_not_amendable", where, severity="warning", name=name)
        for stage, definition in lifecycle.stages.items():
            for name in definition.requires:
                where = at(f"{path}.stages.{stage}.requires")
                if name in names and name not in fields:
                    yield problem("required_never_set", where, severity="warning", name=name, trigger=stage)
                elif name in stuck:
                    yield problem("required_not_amendable", where, severity="warning", name=name)


def not_amendable(flow: Flow) -> frozenset[str]:
    """Declared fields that an order may come without, and that no rule of `amendments:` lets anybody fill in later."""
    if flow.amendments is None:
        return frozenset()
    covered = {path for rule in flow.amendments.values() for path in rule.fields}
    if "*" in covered:
        return frozenset()
    return frozenset(path for path, declared in flow.fields.items() if not declared.required and path not in covered)
