"""What can be proved wrong or doubtful in the time promises of a flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from orderflow.model.condition import Compare, Condition, Constant, Name, instants, walk
from orderflow.model.flow import Flow, Lifecycle
from orderflow.model.policies import SLA
from orderflow.model.reasons import Problem, problem
from orderflow.rules.check_conditions import at, condition_problems, in_full, lifecycle_of, unknown
from orderflow.rules.evaluate import compile_condition
from orderflow.rules.scope import schema

WORDS = ("flow", "stage", "owner", "customer")  # what `calendar:` of a promise may say besides a name
LONGEST = timedelta(days=36_525)  # a hundred years: what lies further is a slip, and calendars end in 2199
CONDITIONS = ("start", "stop", "pause", "resume", "reset", "cancel")


def sla_problems(flow: Flow) -> Iterator[Problem]:
    """Everything that is wrong (`error`) or doubtful (`warning`) in the flow's promises."""
    for name in flow.calendars:
        if name in WORDS:
            yield problem("calendar_name_taken", at(f"calendars.{name}"), name=name)
    kinds = [name for name, _, _ in flow.lifecycles()]
    for name, sla in flow.sla.items():
        where = f"sla.{name}"
        if sla.track not in kinds:
            yield unknown("unknown_sla_track", f"{where}.track", sla.track, kinds)
            continue
        for key in CONDITIONS:
            if (condition := getattr(sla, key)) is not None:
                yield from _condition(flow, name, in_full(flow, condition, sla.track), f"{where}.{key}", sla.track)
        if sla.stop is None and _names_trigger(in_full(flow, sla.start, sla.track)):
            yield problem("start_needs_stop", at(f"{where}.start"), sla=name)
        yield from _promise(flow, name, sla, where)
        yield from _table(flow, name, sla, where)
        yield from _pause(flow, name, sla, where)
        yield from _warnings(sla, where)
        yield from _ladder(sla, where)
    yield from _misfits(flow)
    yield from _untold(flow)


def _condition(flow: Flow, name: str, condition: Condition, path: str, track: str) -> Iterator[Problem]:
    yield from condition_problems(flow, condition, path, track)
    if instants(condition):
        yield problem("time_in_sla_condition", at(path), sla=name)


def _promise(flow: Flow, name: str, sla: SLA, where: str) -> Iterator[Problem]:
    if bool(sla.target) == (sla.due is not None):
        yield problem("target_or_due", at(where), sla=name)
    if sla.due is not None:
        known = [path for path, kind in schema(flow).items() if kind.type == "instant" and path != "now"]
        if sla.due not in known:
            yield unknown("unknown_due", f"{where}.due", sla.due, known)
    for key, words in (
        ("time", ("business", "wall")),
        ("scope", ("order", "track", "stage", "owner")),
        ("carry", ("all", "used", "restart")),
        ("reminders", ("always", "working_hours")),
    ):
        value = getattr(sla, key)
        if value not in words:
            yield unknown(f"unknown_{key}", f"{where}.{key}", value, words)
    if sla.calendar == "customer" and "customer.calendar" not in flow.fields:
        yield problem("customer_calendar_undeclared", at(f"{where}.calendar"), sla=name)


def _table(flow: Flow, name: str, sla: SLA, where: str) -> Iterator[Problem]:
    """Rows behind one that fits every order are never reached; without such a row some orders may be left out."""
    seen: dict[str, int] = {}
    for index, row in enumerate(sla.target):
        path = f"{where}.target" if len(sla.target) == 1 else f"{where}.target[{index}]"
        if row.target <= timedelta():
            yield problem("target_not_positive", at(path), sla=name)
        if row.target > LONGEST:
            yield problem("target_too_long", at(path), sla=name)
        if row.when is not None:
            yield from _condition(flow, name, row.when, f"{path}.when", sla.track)
        text = row.when.text if row.when is not None else "true"
        if "true" in seen or text in seen:
            yield problem("target_row_unreachable", at(path), sla=name, row=seen.get("true", seen.get(text, 0)) + 1)
        seen.setdefault(text, index)
    if sla.target and "true" not in seen and not _covers(flow, sla):
        yield problem("target_uncovered", at(f"{where}.target"), sla=name, severity="warning")


def _covers(flow: Flow, sla: SLA) -> bool:
    """Whether the rows compare one required choice with every word of its vocabulary."""
    words: dict[str, set[object]] = {}
    for row in sla.target:
        tree = row.when.tree if row.when is not None else None
        if isinstance(tree, Compare) and isinstance(tree.first, Name) and len(tree.links) == 1:
            (operator, right) = tree.links[0]
            if operator == "==" and isinstance(right, Constant):
                words.setdefault(tree.first.path, set()).add(right.value)
    fields = flow.fields
    return any(
        name in fields and fields[name].required and seen >= set(fields[name].of) for name, seen in words.items()
    )


def _pause(flow: Flow, name: str, sla: SLA, where: str) -> Iterator[Problem]:
    """A trigger holds for a moment only: what it pauses needs something that resumes it."""
    if sla.resume is not None and sla.pause is None:
        yield problem("resume_without_pause", at(f"{where}.resume"), sla=name)
    if sla.pause is None or sla.resume is not None:
        return
    condition = in_full(flow, sla.pause, sla.track)
    if _names_trigger(condition):
        yield problem("pause_never_resumed", at(f"{where}.pause"), sla=name)
        return
    test, lifecycle = _at_stage(condition, sla.track), lifecycle_of(flow, sla.track)
    stuck = [stage for stage in lifecycle.stages if test(stage) is True and not _leaves(lifecycle, stage, test)]
    if stuck:
        yield problem("pause_never_resumed", at(f"{where}.pause"), sla=name)


def _names_trigger(condition: Condition) -> bool:
    return any(isinstance(node, Name) and node.path == "trigger" for node in walk(condition.tree))


def _leaves(lifecycle: Lifecycle, stage: str, test: Callable[[str], bool | None]) -> bool:
    """Whether some path of transitions leads from a stage to one where a condition does not hold."""
    seen, ahead, ways = set(), [stage], _ways(lifecycle)
    while ahead:
        here = ahead.pop()
        if here in seen:
            continue
        if test(here) is not True:
            return True
        seen.add(here)
        ahead += ways[here]
    return False


def _ways(lifecycle: Lifecycle) -> dict[str, set[str]]:
    """Each stage -> the stages that its transitions lead to."""
    ways: dict[str, set[str]] = {name: set() for name in lifecycle.stages}
    for item in lifecycle.transitions:
        for source in ways if "*" in item.source else item.source:
            if source in ways and item.dest in ways:
                ways[source].add(item.dest)
    return ways


def _warnings(sla: SLA, where: str) -> Iterator[Problem]:
    shortest = min((row.target for row in sla.target), default=None)
    for index, warn in enumerate(sla.warn):
        if warn.percent is not None and not 0 < warn.percent <= 100:
            yield problem("warn_out_of_range", at(f"{where}.warn[{index}]"), value=warn.label)
        if warn.before is not None and warn.before <= timedelta():
            yield problem("warn_out_of_range", at(f"{where}.warn[{index}]"), value=warn.label)
        elif warn.before is not None and shortest is not None and warn.before >= shortest:
            yield problem("warn_before_start", at(f"{where}.warn[{index}]"), value=warn.label, severity="warning")


def _ladder(sla: SLA, where: str) -> Iterator[Problem]:
    for index, rung in enumerate(sla.escalate):
        path = f"{where}.escalate[{index}]"
        if not timedelta() <= rung.after <= LONGEST:
            yield problem("rung_before_breach", at(f"{path}.after"))
        if not rung.to:
            yield problem("rung_to_nobody", at(f"{path}.to"))
        for who in rung.to:
            if not is_recipient(who):
                yield problem("bad_recipient", at(f"{path}.to"), name=who)


def is_recipient(who: str) -> bool:
    """Whether a text names somebody who can be told: a word, `role:<name>`, `team:<name>`, or a person's id."""
    kind, colon, name = who.partition(":")
    return not colon or (kind in ("role", "team", "person", "customer") and bool(name))


def _misfits(flow: Flow) -> Iterator[Problem]:
    """A promise for one stage that is longer than one which covers that stage and others cannot help to keep it."""
    covers = {name: _stages_of(flow, sla) for name, sla in flow.sla.items()}
    for name, sla in flow.sla.items():
        for other, longer in flow.sla.items():
            inside = covers[name] < covers[other] or (covers[name] == covers[other] and longer.stop is not None)
            part = len(covers[name]) == 1 and inside and sla.track == longer.track
            if not (part and sla.target and longer.target and sla.stop is None):
                continue
            same = sla.time == longer.time and sla.calendar == longer.calendar and longer.scope in ("order", "track")
            if same and min(row.target for row in sla.target) > max(row.target for row in longer.target):
                where = at(f"sla.{name}.target")
                yield problem("stage_target_too_long", where, sla=name, order_sla=other, severity="warning")


def _untold(flow: Flow) -> Iterator[Problem]:
    """Ladders of which nobody hears, because `notify:` leaves `escalated` out."""
    if flow.notify is None or "escalated" in flow.notify:
        return
    for name, sla in flow.sla.items():
        if sla.escalate:
            yield problem("escalation_untold", at(f"sla.{name}.escalate"), sla=name, severity="warning")


def unwatched(flow: Flow) -> Iterator[Problem]:
    """Open stages in which no clock can run, on tracks that have promises; who waits need not hurry."""
    for track, path, lifecycle in flow.lifecycles():
        own = [sla for sla in flow.sla.values() if sla.track == track]
        watched = {stage for sla in own for stage in _stages_of(flow, sla)}
        for name, stage in lifecycle.stages.items():
            if own and stage.category == "open" and name not in watched:
                yield problem("stage_unwatched", at(f"{path}.stages.{name}"), stage=name, severity="warning")


def _stages_of(flow: Flow, sla: SLA) -> set[str]:
    """The stages of its track in which a promise's clock may run, as far as stages and transitions tell."""
    lifecycle = lifecycle_of(flow, sla.track)
    start = _at_stage(in_full(flow, sla.start, sla.track), sla.track)
    found = {name for name in lifecycle.stages if start(name) is not False}
    if sla.stop is None:
        return found
    stop, ahead = _at_stage(in_full(flow, sla.stop, sla.track), sla.track), list(found)
    found, ways = set(), _ways(lifecycle)
    while ahead:
        here = ahead.pop()
        if here not in found and stop(here) is not True:
            found.add(here)
            ahead += ways[here]
    return found


def _at_stage(condition: Condition, track: str) -> Callable[[str], bool | None]:
    """What a condition says when only the stage is known; None where more would have to be."""

    def resolve(name: str) -> Callable[[Any], Any]:
        return (lambda stage: stage) if name == "stage" else (lambda stage: None)

    def resolve_call(function: str) -> Callable[[Any, tuple[Any, ...], Any], Any]:
        own = function == "track.stage"
        return lambda stage, args, kwargs: stage if own and args == (track,) else None

    test = compile_condition(condition, resolve, resolve_call, currency=None)
    return lambda stage: test(stage)
