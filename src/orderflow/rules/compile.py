"""Flow -> Program: the tables and closures that the hot path uses, made once for each fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from orderflow.model.amending import LINE_OWN, OWN
from orderflow.model.calendar import ALWAYS, WorkCalendar
from orderflow.model.canonical import fingerprint
from orderflow.model.condition import Call, Condition, Constant, walk
from orderflow.model.errors import DefinitionError
from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import Flow, Lifecycle, Stage
from orderflow.model.frozen import FrozenMap
from orderflow.model.openings import MICROSECOND
from orderflow.model.policies import SLA, Warn
from orderflow.model.reasons import Place
from orderflow.rules.check import errors
from orderflow.rules.check_conditions import in_full
from orderflow.rules.check_sla import WORDS
from orderflow.rules.context import NamedCalendar
from orderflow.rules.evaluate import Term, compile_condition, explain
from orderflow.rules.lifecycle import Table, build_table
from orderflow.rules.scope import Scope, resolve_call, resolve_condition, resolve_line

Test = Callable[[Scope], bool | None]
AMENDABLE = frozenset((*OWN, *LINE_OWN))  # what every order and line has: no attribute


@frozen
class CompiledWarn:
    """A warning: its label, and either a share of the target as a fraction, or a length before the deadline."""

    label: str
    share: tuple[int, int] | None
    before: timedelta

    def after(self, target: timedelta) -> timedelta:
        """The share of a target, to the microsecond."""
        part, whole = self.share or (0, 1)
        return timedelta(0, 0, target // MICROSECOND * part // whole)


@frozen(kw_only=True)
class CompiledSLA:
    """A time promise with its conditions and its table of targets as closures."""

    name: str
    policy: SLA
    start: Test
    stop: Test | None
    pause: Test | None
    resume: Test | None
    reset: Test | None
    cancel: Test | None
    targets: tuple[tuple[Test | None, timedelta], ...]
    warns: tuple[CompiledWarn, ...]

    def clock(self, track: str) -> str:
        """The name of its clock on a track, in a state."""
        return f"{track}/{self.name}"


@frozen(kw_only=True)
class CompiledGuard:
    """A guard: `test` for the decision, `explain` for the terms that keep it from being true."""

    condition: Condition
    currency: str | None
    test: Test

    def explain(self, scope: Scope) -> tuple[Term, ...]:
        """The terms that are not true, with the values that they saw."""
        return explain(
            self.condition,
            scope,
            resolve_condition,
            currency=self.currency,
            resolve_call=resolve_call,
            resolve_line=resolve_line,
        )


@frozen(kw_only=True, eq=False)
class CompiledLifecycle:
    """A lifecycle ready to run; `path` is where it stands in the flow.

    - `table`: (stage, trigger) -> resolved transitions; `triggers_from`: stage -> triggers, in the flow's order.
    - `guards`: place of a transition in the lifecycle -> its guard.
    """

    lifecycle: Lifecycle
    path: str
    table: Table
    triggers: tuple[str, ...]
    triggers_from: dict[str, tuple[str, ...]]
    guards: dict[int, CompiledGuard]

    def titles(self, stage: str) -> FrozenMap[str]:
        """A stage's titles; its name stands for every language where it has none."""
        known: Stage | None = self.lifecycle.stages.get(stage)
        return known.title if known and known.title else FrozenMap({"*": stage})


@frozen(kw_only=True, eq=False)
class Program:
    """A flow ready to run. Nothing stores or compares it.

    - `lifecycles`: kind of track (`order`, `payment`) -> its lifecycle.
    - `calendars`: `flow` and those that the flow names; `calendar` is the first of them.
    - `select`: the condition by which it is chosen for a new order; None where it takes every order, or none.
    - `personal`: paths of the fields whose values are hidden; with `keeps`, those of undeclared attributes are too.
    - `facts`: those that the time promises ask for.
    - `moves`, `amendments`: name -> its guard, where it has one.
    """

    flow: Flow
    fingerprint: str
    lifecycles: dict[str, CompiledLifecycle]
    slas: tuple[CompiledSLA, ...]
    slas_by_track: dict[str, tuple[CompiledSLA, ...]]
    facts: frozenset[str]
    moves: dict[str, CompiledGuard]
    amendments: dict[str, CompiledGuard]
    personal: frozenset[str]
    keeps: bool
    calendar: WorkCalendar
    calendars: dict[str, NamedCalendar]
    zone: ZoneInfo
    select: CompiledGuard | None = None

    def calendar_names(self) -> list[tuple[str, str]]:
        """Every calendar that the flow names: (path, name); the words for the flow's own, owner's … are none."""
        found = [(f"sla.{sla.name}.calendar", sla.policy.calendar) for sla in self.slas]
        for _, where, lifecycle in self.flow.lifecycles():
            stages = lifecycle.stages.items()
            found += [(f"{where}.stages.{name}.calendar", stage.calendar) for name, stage in stages if stage.calendar]
        return [(path, name) for path, name in found if name not in WORDS]

    def hides(self, path: str) -> bool:
        """Whether the values of an attribute are hidden in the history."""
        return path in self.personal or (self.keeps and path not in self.flow.fields and path not in AMENDABLE)

    def sla_named(self, name: str) -> CompiledSLA | None:
        """The promise of this name, or None where this version has none."""
        return next((sla for sla in self.slas if sla.name == name), None)

    def place(self, path: str) -> Place:
        """Where a path of the flow stands in its file, or just the path."""
        return self.flow.places.get(path) or Place(path=path)

    def promise(self, sla: str) -> FrozenMap[str]:
        """A time promise's titles; its name stands for every language where it has none."""
        known = self.flow.sla.get(sla)
        return known.title if known and known.title else FrozenMap({"*": sla})

    def lifecycle(self, track: str) -> CompiledLifecycle:
        """The lifecycle of a track: of `shipment:2` that of `shipment`."""
        return self.lifecycles[track.partition(":")[0]]

    def titles(self, stage: str, track: str = ORDER_TRACK) -> FrozenMap[str]:
        """The titles of a stage of a track."""
        lifecycle = self.lifecycles.get(track.partition(":")[0])  # None: the track is another version's
        return lifecycle.titles(stage) if lifecycle else FrozenMap({"*": stage})


def compile_flow(flow: Flow) -> Program:
    """The program of a flow.

    Raises `DefinitionError` with every error that `problems` finds; warnings do not stop it. Raises
    `MissingExtraError` when the calendar needs public holidays and the extra `calendars` is not installed.
    """
    if wrong := errors(flow):
        raise DefinitionError(wrong)

    def test(condition: Condition) -> Test:
        return compile_condition(
            condition,
            resolve_condition,
            currency=flow.currency,
            resolve_call=resolve_call,
            resolve_line=resolve_line,
        )

    def guard(condition: Condition) -> CompiledGuard:
        return CompiledGuard(condition=condition, currency=flow.currency, test=test(condition))

    when = flow.select.when if flow.select else None
    calendar = flow.calendar or ALWAYS
    # The digests are found now: a calendar that needs a missing extra says so here, not at the first deadline.
    calendars = {"flow": calendar, **flow.calendars}
    slas = tuple(_compile_sla(name, sla, flow, test) for name, sla in flow.sla.items())
    return Program(
        flow=flow,
        fingerprint=fingerprint(flow),
        lifecycles={name: _compile_lifecycle(lifecycle, path, guard) for name, path, lifecycle in flow.lifecycles()},
        slas=slas,
        slas_by_track={
            kind: tuple(sla for sla in slas if sla.policy.track == kind)
            for kind in dict.fromkeys(sla.policy.track for sla in slas)
        },
        facts=frozenset(_facts_of(flow)),
        moves={
            name: guard(item.guard) for name, item in (flow.lines.moves if flow.lines else {}).items() if item.guard
        },
        amendments={name: guard(item.guard) for name, item in (flow.amendments or {}).items() if item.guard},
        keeps=flow.undeclared == "keep" and bool(flow.fields),
        personal=frozenset(path for path, declared in flow.fields.items() if declared.personal),
        calendar=calendar,
        calendars={name: NamedCalendar(name, item, item.digest) for name, item in calendars.items()},
        zone=ZoneInfo(flow.calendar.timezone if flow.calendar else "UTC"),
        select=CompiledGuard(condition=when, currency=flow.currency, test=test(when)) if when else None,
    )


def _facts_of(flow: Flow) -> Iterator[str]:
    """The names of the facts that the conditions of the time promises ask for."""
    for sla in flow.sla.values():
        conditions = (
            sla.start,
            sla.stop,
            sla.pause,
            sla.resume,
            sla.reset,
            sla.cancel,
            *(row.when for row in sla.target),
        )
        for condition in conditions:
            for node in walk(condition.tree) if condition is not None else ():
                if isinstance(node, Call) and node.function == "fact" and isinstance(node.args[0], Constant):
                    yield str(node.args[0].value)


def _compile_lifecycle(
    lifecycle: Lifecycle, path: str, guard: Callable[[Condition], CompiledGuard]
) -> CompiledLifecycle:
    table, transitions = build_table(lifecycle), lifecycle.transitions
    triggers = tuple(dict.fromkeys(item.trigger for item in transitions))
    return CompiledLifecycle(
        lifecycle=lifecycle,
        path=path,
        table=table,
        triggers=triggers,
        triggers_from={
            stage: tuple(trigger for trigger in triggers if (stage, trigger) in table) for stage in lifecycle.stages
        },
        guards={index: guard(item.guard) for index, item in enumerate(transitions) if item.guard is not None},
    )


def _compile_sla(name: str, sla: SLA, flow: Flow, test: Callable[[Condition], Test]) -> CompiledSLA:
    def optional(condition: Condition | None) -> Test | None:
        return None if condition is None else test(in_full(flow, condition, sla.track))

    return CompiledSLA(
        name=name,
        policy=sla,
        start=test(in_full(flow, sla.start, sla.track)),
        stop=optional(sla.stop),
        pause=optional(sla.pause),
        resume=optional(sla.resume),
        reset=optional(sla.reset),
        cancel=optional(sla.cancel),
        targets=tuple((optional(row.when), row.target) for row in sla.target),
        warns=tuple(_compile_warn(warn) for warn in sla.warn),
    )


def _compile_warn(warn: Warn) -> CompiledWarn:
    if warn.percent is None:
        return CompiledWarn(warn.label, None, warn.before or timedelta())
    part, whole = (warn.percent / 100).as_integer_ratio()
    return CompiledWarn(warn.label, (part, whole), timedelta())
