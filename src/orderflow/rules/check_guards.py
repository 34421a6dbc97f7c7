"""What can be proved of guards: that one never holds, is never asked, has a rival, or leaves some value out.

All are warnings. What is said of several transitions is about those with the same trigger out of the same stage.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from orderflow.model.duration import write_duration
from orderflow.model.order import Money
from orderflow.model.reasons import Problem, problem
from orderflow.rules.check_conditions import at
from orderflow.rules.check_study import Step, Strand, Study
from orderflow.rules.check_values import NO_CURRENCY, Reading, World, another, cases, usual_values

MOST_WAYS = 200
"""The most ways of one trigger out of one stage that are held against each other; of more nothing is said."""

Group = tuple[Step, ...]


def guard_problems(study: Study, strand: Strand) -> Iterator[Problem]:
    """Everything doubtful in the guards of a lifecycle, and notes on what was not looked at."""
    never = set(_never(study, strand))
    for index in sorted(never):
        item = strand.lifecycle.transitions[index]
        yield problem(
            "guard_never_holds",
            at(strand.at(index, "guard")),
            severity="warning",
            trigger=item.trigger,
            condition=str(item.guard),
        )
    yield from _never_taken(study, strand, never)
    told: set[tuple[Any, ...]] = set()
    distinct = _distinct(strand)
    for found in (
        *(item for group in distinct for item in _rivals(study, strand, group)),
        *(item for group in _groups(strand) for item in _gaps(study, strand, group)),
    ):
        key = (found.code, found.place)
        if key not in told:  # out of another source it is the same slip
            told.add(key)
            yield found
    yield from _unread(study, strand, distinct)


def _never(study: Study, strand: Strand) -> Iterator[int]:
    """The transitions whose guard holds in no case, out of none of their sources."""
    stages = study.declared()
    for index, _, steps in strand.checked():
        if steps and not any(study.may_pass(strand, step, stages) for step in steps):
            yield index


def _groups(strand: Strand) -> Iterator[Group]:
    """The steps of one trigger out of one stage, in the order in which they are tried; none of them with an error."""
    groups: dict[tuple[str, str], list[Step]] = {}
    for step in strand.steps:
        groups.setdefault((step.source, step.transition.trigger), []).append(step)
    for group in groups.values():
        if not any(step.index in strand.broken for step in group):
            yield tuple(group)


def _distinct(strand: Strand) -> tuple[Group, ...]:
    """The groups without those that are the same out of another stage, as of transitions out of every stage."""
    here = {"stage", f"track('{strand.track}').stage"}
    found: dict[tuple[Any, ...], Group] = {}
    for group in _groups(strand):
        guards = [guard for guard in map(strand.guard, group) if guard is not None]
        local = any(here & set(guard.literals) for guard in guards) or any(
            step.transition.dest == "=" for step in group
        )
        shape = (*(step.index for step in group), group[0].source if local else None)
        found.setdefault(shape, group)
    return tuple(found.values())


# --- never taken --------------------------------------------------------------------------------------------------


def _never_taken(study: Study, strand: Strand, never: set[int]) -> Iterator[Problem]:
    """Transitions that are never reached: whenever their guard holds, that of an earlier one does."""
    hidden: dict[int, list[int | None]] = {}
    for group in _distinct(strand):
        for position, step in enumerate(group):
            behind = _hidden_by(study, strand, step, group[:position]) if position < MOST_WAYS else None
            hidden.setdefault(step.index, []).append(behind)
    plain = _plain_ways(strand)
    for index, ways in hidden.items():
        found = [item for item in ways if item is not None]
        told = all(plain.get((step.source, step.transition.trigger), index) < index for step in strand.steps_of[index])
        if index not in never and len(found) == len(ways) and not told:
            trigger = strand.lifecycle.transitions[index].trigger
            where = at(strand.at(index))
            yield problem("transition_never_taken", where, severity="warning", trigger=trigger, before=min(found))


def _hidden_by(study: Study, strand: Strand, step: Step, earlier: Group) -> int | None:
    """The first of the earlier steps that leave nothing to a later one; None where something is left."""
    rivals = [item for item in earlier if _lets_pass(item, step)]
    guards = [item for item in (strand.guard(rival) for rival in rivals) if item is not None]
    if len(guards) < len(rivals):
        return min(rival.index for rival in rivals if strand.guard(rival) is None)
    own = strand.guard(step)
    found = cases((*guards, own) if own else guards, study.world(strand, step, study.declared()))
    if not rivals or found is None:
        return None
    for case in found:
        if (own is None or own.test(case) is True) and not any(guard.test(case) is True for guard in guards):
            return None
    return rivals[0].index


def _lets_pass(earlier: Step, later: Step) -> bool:
    """Whether everybody who may take the later step, with the fields that it needs, may take the earlier one."""
    one, other = earlier.transition, later.transition
    roles = not one.roles or (bool(other.roles) and set(other.roles) <= set(one.roles))
    return roles and set(one.requires) <= set(other.requires)


def _plain_ways(strand: Strand) -> dict[tuple[str, str], int]:
    """The first transition without any condition, by stage and trigger: what it hides is an error already."""
    found: dict[tuple[str, str], int] = {}
    for step in strand.steps:
        item = step.transition
        if item.guard is None and not item.roles and not item.requires:
            found.setdefault((step.source, item.trigger), step.index)
    return found


# --- rivals and gaps: comparisons of one name with literals -------------------------------------------------------


def _rivals(study: Study, strand: Strand, group: Group) -> Iterator[Problem]:
    """Two ways to different stages for the same people, where some values fit both, and others only one or the other.

    Where one fits all that the other does, the order of the two says which is the exception and which the rule.
    """
    for one, other in combinations(group[:MOST_WAYS], 2):
        same = one.transition.roles == other.transition.roles and one.transition.requires == other.transition.requires
        if one.dest == other.dest or not same:
            continue
        name, guards = _of_one_name(strand, (one, other))
        if name is None or name == "stage":
            continue
        values = _usual(study, strand, name, guards)
        truths = [tuple(guard.test({name: value}) is True for guard in guards) for value in values]
        if {(True, True), (True, False), (False, True)} <= set(truths):
            yield problem(
                "transition_ambiguous",
                at(strand.at(other.index, "guard")),
                severity="warning",
                trigger=other.transition.trigger,
                before=one.index,
                name=name,
                value=_shown(values[truths.index((True, True))]),
            )


def _gaps(study: Study, strand: Strand, group: Group) -> Iterator[Problem]:
    """Ways that share the values of one field of order or customer among several stages, and leave some out.

    A single way with a guard is a gate, which may be shut.
    """
    name, guards = _of_one_name(strand, group) if len(group) <= MOST_WAYS else (None, ())
    if name is None or not name.startswith(("order.", "customer.")) or len({step.dest for step in group}) < 2:
        return
    covered = [*guards, *_elsewhere(strand, group, name)]
    values = _usual(study, strand, name, guards)
    left = [value for value in values if not any(guard.test({name: value}) is True for guard in covered)]
    params = {"trigger": group[0].transition.trigger, "name": name}
    where = at(strand.at(group[-1].index, "guard"))
    kind = strand.names[name]
    if left and kind.type == "text" and left[-1] == another(_words(name, guards)):
        yield problem("guards_leave_other", where, severity="warning", **params)
    elif left:
        shown = tuple(_shown(value) for value in left) if kind.of else (_shown(left[0]),)
        yield problem("guards_leave_gap", where, severity="warning", values=shown, **params)
    field = study.flow.fields.get(name)
    missing = World(names={}, pinned={name: (None,)})
    if field is not None and not field.required and _all_false(covered, missing):
        yield problem("guards_leave_missing", where, severity="note", **params)


def _of_one_name(strand: Strand, group: Group) -> tuple[str | None, tuple[Reading, ...]]:
    """The one name that all these guards compare with literals, and the guards; no name if they do otherwise."""
    found = [strand.guard(step) for step in group]
    guards = tuple(guard for guard in found if guard is not None)
    names = {name for guard in guards for name in guard.literals}
    whole = len(guards) == len(found) > 1 and not any(guard.unread for guard in guards)
    each = all(guard.literals for guard in guards)
    return (names.pop() if whole and each and len(names) == 1 else None), guards


def _elsewhere(strand: Strand, group: Group, name: str) -> Iterator[Reading]:
    """What other triggers out of the same stage ask of the same name: they may take what these leave."""
    source, trigger = group[0].source, group[0].transition.trigger
    for step in strand.out_of[source]:
        guard = strand.guard(step)
        if guard and step.transition.trigger != trigger and set(guard.literals) == {name}:
            yield guard


def _usual(study: Study, strand: Strand, name: str, guards: tuple[Reading, ...]) -> tuple[Any, ...]:
    literals = {value for guard in guards for value in guard.literals[name]}
    return usual_values(strand.names[name], literals, study.currency) if name in strand.names else ()


def _words(name: str, guards: tuple[Reading, ...]) -> list[str]:
    return [value for guard in guards for value in guard.literals[name] if isinstance(value, str)]


def _all_false(guards: list[Reading], world: World) -> bool:
    return all(guard.test(case) is not True for guard in guards for case in cases((guard,), world) or ())


def _shown(value: Any) -> str | bool:
    """A value as it is written in a text."""
    if isinstance(value, Money):
        return str(value) if value.currency != NO_CURRENCY else format(value.amount, "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, timedelta):
        return write_duration(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- notes --------------------------------------------------------------------------------------------------------


def _unread(study: Study, strand: Strand, groups: tuple[Group, ...]) -> Iterator[Problem]:
    """What is more than comparisons of names with literals, or more than is tried; ways that go by several names."""
    stages = study.declared()
    for index, item, steps in strand.checked():
        reading = strand.guards.get(index)
        where = at(strand.at(index, "guard"))
        if reading is not None and reading.unread:
            yield problem("not_checked", where, severity="note", trigger=item.trigger, terms=reading.unread)
        elif reading is not None and steps and cases((reading,), study.world(strand, steps[0], stages)) is None:
            asked = tuple(sorted(reading.literals))
            yield problem("too_many_cases", where, severity="note", trigger=item.trigger, names=asked)
    told: set[int] = set()
    for group in groups:
        if len(group) > MOST_WAYS:
            yield _too_many(strand, group)
            continue
        guards = [strand.guard(step) for step in group]
        names = dict.fromkeys(name for guard in guards if guard for name in guard.literals)
        split = len({step.dest for step in group}) > 1 and all(guard and not guard.unread for guard in guards)
        if split and len(names) > 1 and group[-1].index not in told:
            told.add(group[-1].index)
            where = at(strand.at(group[-1].index, "guard"))
            params = {"trigger": group[0].transition.trigger, "names": tuple(names)}
            yield problem("gaps_not_checked", where, severity="note", **params)


def _too_many(strand: Strand, group: Group) -> Problem:
    return problem(
        "too_many_ways",
        at(strand.at(group[MOST_WAYS].index)),
        severity="note",
        trigger=group[0].transition.trigger,
        stage=group[0].source,
        count=len(group),
        most=MOST_WAYS,
    )
