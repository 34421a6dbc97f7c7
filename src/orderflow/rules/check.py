"""What can be proved wrong in a flow before it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from attrs import evolve

from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import Category, FieldKind, Flow, Lifecycle, Transition
from orderflow.model.policies import TOPICS, OwnerRule
from orderflow.model.reasons import Place, Problem, problem
from orderflow.rules.check_conditions import at, condition_problems, unknown
from orderflow.rules.check_guards import guard_problems
from orderflow.rules.check_lines import amendment_problems, line_problems
from orderflow.rules.check_people import People, people_problems
from orderflow.rules.check_promises import never_set, promise_problems, settable
from orderflow.rules.check_select import own_select_problems
from orderflow.rules.check_sla import is_recipient, sla_problems, unwatched
from orderflow.rules.check_stages import stage_problems
from orderflow.rules.check_study import study
from orderflow.rules.check_tracks import absent_tracks, join_problems
from orderflow.rules.scope import BUILT_IN, LINE_FIELDS, schema

_FINDABLE = tuple(name for name in BUILT_IN if name.startswith(("order.", "customer.")) or name in ("stage", "owner"))
_ROOTS = ("order", "customer", "line")


def problems(flow: Flow, *, directory: People | None = None, notes: bool = False) -> tuple[Problem, ...]:
    """Everything that is wrong (`error`) or doubtful (`warning`) in a flow, each with its place.

    An error forbids the flow's use. Empty means that nothing was found. What a proof says is a warning; it looks only
    at what has no errors.

    - `directory`: an `orderflow.Directory`, or what answers like one: roles, teams and people are looked up in it.
      Without it, those that stand once and look like another one misspelt are doubtful.
    - `notes`: with what could not be checked, and what a flow does without.
    """
    return all_problems(flow, directory=directory, notes=notes)


def errors(flow: Flow) -> tuple[Problem, ...]:
    """The errors among the problems of a flow, without the proofs."""
    return tuple(_located(flow, item) for item in _definition(flow) if item.severity == "error")


def all_problems(
    flow: Flow, *, known: Iterable[Problem] = (), directory: People | None = None, notes: bool = False
) -> tuple[Problem, ...]:
    """As `problems`, for a flow some of whose parts could not be read: `known` is what is wrong with these."""
    found = list(_definition(flow))
    found += proofs(flow, [*known, *found], directory)
    found += flow.notes
    return tuple(_located(flow, item) for item in found if notes or item.severity != "note")


def proofs(flow: Flow, known: Iterable[Problem], directory: People | None = None) -> Iterator[Problem]:
    """What can be proved doubtful in a flow, beyond its known errors; and notes."""
    about = study(flow, known)
    for strand in about.strands:
        if strand.graph:
            yield from stage_problems(about, strand)
        yield from guard_problems(about, strand)
        for index, item, _ in strand.checked():
            if item.guard is not None:
                yield from absent_tracks(flow, item.guard, strand.at(index, "guard"))
    yield from join_problems(about)
    yield from never_set(flow, settable(flow))
    yield from promise_problems(about)
    if not about.is_wrong("sla") and all(strand.graph or not strand.lifecycle.transitions for strand in about.strands):
        yield from unwatched(flow)
    yield from people_problems(flow, directory)


def _definition(flow: Flow) -> Iterator[Problem]:
    """What is wrong with the parts of a flow, one by one."""
    yield from _names(flow)
    yield from _fields(flow)
    yield from own_select_problems(flow)
    for part in flow.lifecycles():
        yield from _lifecycle(flow, *part)
    yield from sla_problems(flow)
    yield from line_problems(flow)
    yield from amendment_problems(flow)
    yield from _notify(flow)
    yield from _find(flow)


def _located(flow: Flow, item: Problem) -> Problem:
    """The problem with line and column, where the flow came from a file and the problem has only a path."""
    if item.place is None or item.place.line is not None:
        return item
    path = item.place.path
    while path and path not in flow.places:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    known: Place | None = flow.places.get(path)
    return evolve(item, place=evolve(known, path=item.place.path)) if known else item


def _names(flow: Flow) -> Iterator[Problem]:
    named = [("flow", flow.name)]
    for _, path, lifecycle in flow.lifecycles():
        named += [(f"{path}.stages.{name}", name) for name in lifecycle.stages]
    for path, name in named:
        usual = isinstance(name, str) and name.strip() and name.isprintable() and len(name) <= 100
        if not usual or name in ("*", "="):
            yield problem("bad_name", at(path), name=repr(name)[:80])
    for name in flow.tracks:
        if not name.replace("-", "_").isidentifier() or name == ORDER_TRACK:
            yield problem("bad_track_name", at(f"tracks.{name}"), name=name)
    currency = flow.currency
    if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        yield problem("bad_flow_currency", at("currency"), value=currency)


def _fields(flow: Flow) -> Iterator[Problem]:
    for path, declared in flow.fields.items():
        root, _, name = path.partition(".")
        where = f"fields.{path}"
        if root not in _ROOTS or not name:
            yield unknown("bad_field_name", where, path, [f"{root}.…" for root in _ROOTS])
        elif path in BUILT_IN or path in LINE_FIELDS:
            yield problem("built_in_field", at(where), name=path)
        if declared.type not in get_args(FieldKind):
            yield unknown("unknown_type", f"{where}.type", declared.type, get_args(FieldKind))
        if declared.type == "choice" and not declared.of:
            yield problem("choice_without_vocabulary", at(where), name=path)
        if declared.type != "choice" and declared.of:
            yield problem("vocabulary_without_choice", at(f"{where}.of"), name=path)
        if declared.type != "number" and declared.unit is not None:
            yield problem("unit_without_number", at(f"{where}.unit"), name=path)


def _lifecycle(flow: Flow, track: str, path: str, lifecycle: Lifecycle) -> Iterator[Problem]:
    yield from _stages(lifecycle, path)
    yield from _transitions(flow, track, path, lifecycle)
    yield from _shadowed(lifecycle, path)


def _stages(lifecycle: Lifecycle, path: str) -> Iterator[Problem]:
    if not lifecycle.stages:
        yield problem("no_stages", at(f"{path}.stages"))
    elif lifecycle.initial not in lifecycle.stages:
        yield unknown("unknown_stage_in_flow", f"{path}.initial", lifecycle.initial, lifecycle.stages)
    for name, stage in lifecycle.stages.items():
        where = f"{path}.stages.{name}"
        if stage.category not in get_args(Category):
            yield unknown("unknown_category", f"{where}.category", stage.category, get_args(Category))
        if stage.owner is not None:
            yield from _owner(stage.owner, f"{where}.owner")


def _owner(rule: OwnerRule, where: str) -> Iterator[Problem]:
    if rule.pick != "spread":
        yield unknown("unknown_pick", f"{where}.pick", rule.pick, ["spread"])
    if rule.person and (rule.role or rule.team):
        yield problem("owner_ambiguous", at(where))
    if not (rule.person or rule.role or rule.team):
        yield problem("owner_empty", at(where))


def _transitions(flow: Flow, track: str, path: str, lifecycle: Lifecycle) -> Iterator[Problem]:
    stages = lifecycle.stages
    names = schema(flow, track)
    for index, item in enumerate(lifecycle.transitions):
        where = f"{path}.transitions[{index}]"
        if not item.trigger or not item.trigger.isprintable():
            yield problem("bad_name", at(f"{where}.trigger"), name=repr(item.trigger))
        for source in item.source:
            if source != "*" and source not in stages:
                yield unknown("unknown_stage_in_flow", f"{where}.source", source, stages)
        if not item.source:
            yield problem("no_source", at(f"{where}.source"), trigger=item.trigger)
        if item.dest not in (None, "=") and item.dest not in stages:
            yield unknown("unknown_stage_in_flow", f"{where}.dest", str(item.dest), stages)
        for required in item.requires:
            if required not in names or "(" in required:  # the stage of a track is asked in guards
                yield unknown("unknown_field", f"{where}.requires", required, names)
        if item.guard is not None:
            yield from condition_problems(flow, item.guard, f"{where}.guard", track, names)


def _shadowed(lifecycle: Lifecycle, path: str) -> Iterator[Problem]:
    """A transition behind one without any condition, for the same trigger and source, can never be taken."""
    open_ways: dict[tuple[str, str], int] = {}
    for index, item in enumerate(lifecycle.transitions):
        sources = tuple(lifecycle.stages) if "*" in item.source else item.source
        hidden = {open_ways[source, item.trigger] for source in sources if (source, item.trigger) in open_ways}
        if hidden and all((source, item.trigger) in open_ways for source in sources):
            where = f"{path}.transitions[{index}]"
            yield problem("transition_never_taken", at(where), trigger=item.trigger, before=min(hidden))
        if _unconditional(item):
            for source in sources:
                open_ways.setdefault((source, item.trigger), index)


def _unconditional(item: Transition) -> bool:
    return item.guard is None and not item.roles and not item.requires


def _notify(flow: Flow) -> Iterator[Problem]:
    for topic, rule in (flow.notify or {}).items():
        if topic not in TOPICS:
            yield unknown("unknown_topic", f"notify.{topic}", topic, TOPICS)
        for who in rule.to:
            if not is_recipient(who):
                yield problem("bad_recipient", at(f"notify.{topic}.to"), name=who)


def _find(flow: Flow) -> Iterator[Problem]:
    fields: Mapping[str, Any] = flow.fields
    for index, name in enumerate(flow.find):
        where = f"find[{index}]"
        if name in fields and fields[name].personal:
            yield problem("find_personal", at(where), name=name)
        elif name.startswith("line."):
            yield problem("find_line", at(where), name=name)
        elif name not in fields and name not in _FINDABLE:
            yield unknown("unknown_field", where, name, [*fields, *_FINDABLE])
