"""A flow as the proofs see it: its transitions one by one, their guards read, and what is known where each is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from attrs import field, frozen

from orderflow.model.check import NameType
from orderflow.model.condition import Call, Condition, Constant, unparse, walk
from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import Flow, Lifecycle, Transition
from orderflow.model.frozen import EMPTY
from orderflow.model.reasons import Problem
from orderflow.rules.check_values import NO_CURRENCY, Reading, World, may_hold, read
from orderflow.rules.scope import schema

_WITH_ROLES = ("person", "automation", "system")  # the kinds of actors that pass where a role is needed

Stages = Mapping[str, Iterable[str]]
K = TypeVar("K")


@frozen(kw_only=True)
class Step:
    """One transition out of one stage. `dest` is the stage that is entered, None where none is."""

    index: int
    source: str
    dest: str | None
    transition: Transition


@frozen(kw_only=True)
class Strand:
    """One lifecycle of a flow: the name of its track, its path, and what there is to prove about it.

    - `graph`: whether stages and ways are as somebody meant them; False where an error hides one of them, and where
      another system alone says how the track moves.
    - `guards`: index of a transition -> its guard, read; those with errors are not among them.
    - `broken`: indices of transitions with errors of their own, about which nothing is said.
    - `steps`: every transition out of every stage; `steps_of`: those of a transition, by its index; `out_of`: by stage.
    """

    track: str
    path: str
    lifecycle: Lifecycle
    names: Mapping[str, NameType]
    graph: bool
    broken: frozenset[int]
    guards: Mapping[int, Reading]
    steps: tuple[Step, ...]
    steps_of: Mapping[int, tuple[Step, ...]]
    out_of: Mapping[str, tuple[Step, ...]]

    def at(self, index: int, key: str = "") -> str:
        """The path of a transition, or of one of its keys."""
        return f"{self.path}.transitions[{index}]" + (f".{key}" if key else "")

    def guard(self, step: Step) -> Reading | None:
        """The guard of a step; None where it has none, or one that cannot be read."""
        return self.guards.get(step.index)

    def checked(self) -> Iterator[tuple[int, Transition, tuple[Step, ...]]]:
        """The transitions about which something can be said, with their steps."""
        for index, item in enumerate(self.lifecycle.transitions):
            if index not in self.broken:
                yield index, item, self.steps_of.get(index, ())


@frozen(kw_only=True)
class Study:
    """What the proofs of a flow share.

    - `wrong`: the paths of its errors, about which nothing more is said.
    - `answers`: what was found of guards already. A transition out of every stage asks the same again and again.
    """

    flow: Flow
    strands: tuple[Strand, ...]
    wrong: tuple[str, ...]
    answers: dict[Any, bool] = field(factory=dict, eq=False, repr=False)

    @property
    def currency(self) -> str:
        return self.flow.currency or NO_CURRENCY

    def is_wrong(self, path: str) -> bool:
        """Whether there is an error at a path, below it, or in what it is a part of."""
        return any(_within(path, item) or _within(item, path) for item in self.wrong)

    def declared(self) -> dict[str, tuple[str, ...]]:
        """Every stage of every track."""
        return {strand.track: tuple(strand.lifecycle.stages) for strand in self.strands}

    def world(self, strand: Strand, step: Step, stages: Stages) -> World:
        """What is known when a step is tried, while the tracks can be in certain stages."""
        item = step.transition
        pinned: dict[str, tuple[Any, ...]] = {"stage": (step.source,), "trigger": (item.trigger, None)}
        if item.roles:
            pinned["actor.kind"] = _WITH_ROLES
        if item.guard is not None:
            pinned |= self.tracks_in(item.guard, stages, {strand.track: step.source})
        return World(
            names=strand.names, currency=self.currency, pinned=pinned, present=frozenset(item.requires) - {"stage"}
        )

    def tracks_in(
        self, condition: Condition, stages: Stages, own: Mapping[str, str] = EMPTY
    ) -> dict[str, tuple[Any, ...]]:
        """The values of each `track(…).stage` of a condition, while the tracks can be in certain stages."""
        found: dict[str, tuple[Any, ...]] = {}
        for call, track in track_calls(condition):
            kind = track.partition(":")[0]
            if track in own and self.is_one(track):
                found[unparse(call)] = (own[track],)
            elif kind in stages:
                found[unparse(call)] = (*stages[kind], None)
        return found

    def is_one(self, track: str) -> bool:
        """Whether every order has exactly one track of this name."""
        return track == "order" or (track in self.flow.tracks and not self.flow.tracks[track].many)

    def may_pass(self, strand: Strand, step: Step, stages: Stages) -> bool:
        """Whether the guard of a step can hold; True where it cannot be read."""
        reading = strand.guard(step)
        if reading is None:
            return True
        world = self.world(strand, step, stages)
        known = tuple((name, frozenset(found)) for name, found in world.pinned.items() if name in reading.literals)
        question = (strand.track, step.index, known)
        if question not in self.answers:
            self.answers[question] = may_hold(reading, world)
        return self.answers[question]


def track_calls(condition: Condition) -> Iterator[tuple[Call, str]]:
    """Each `track(…).stage` of a condition, with the track that it names."""
    for node in walk(condition.tree):
        if isinstance(node, Call) and node.attribute == "stage" and isinstance(node.args[0], Constant):
            yield node, str(node.args[0].value)


def study(flow: Flow, errors: Iterable[Problem]) -> Study:
    """The flow prepared for the proofs. What has errors is left out of them: one slip gives one problem."""
    wrong = tuple(dict.fromkeys(item.place.path if item.place else "" for item in errors if item.severity == "error"))
    strands = (_strand(flow, *part, wrong) for part in flow.lifecycles())
    return Study(flow=flow, strands=tuple(strands), wrong=wrong)


def _strand(flow: Flow, track: str, path: str, lifecycle: Lifecycle, wrong: tuple[str, ...]) -> Strand:
    own = [item for item in wrong if _within(path, item)]
    broken = set()
    graph = track == ORDER_TRACK or bool(lifecycle.transitions)  # a further track without any is only observed
    for item in own:
        index, key = _part(item.removeprefix(path))
        if index is None:
            graph = False
        elif key in ("", "trigger", "source", "dest"):  # a transition may be lost, and the others moved up
            graph = False
            broken |= set(range(index, len(lifecycle.transitions)))
        else:
            broken.add(index)
    currency = flow.currency or NO_CURRENCY
    steps = tuple(_steps(lifecycle))
    return Strand(
        track=track,
        path=path,
        lifecycle=lifecycle,
        names=schema(flow, track),
        graph=graph,
        broken=frozenset(broken),
        guards={
            index: read(item.guard, currency)
            for index, item in enumerate(lifecycle.transitions)
            if item.guard is not None and index not in broken
        },
        steps=steps,
        steps_of=_grouped(steps, lambda step: step.index),
        out_of=_grouped(steps, lambda step: step.source),
    )


def _grouped(steps: tuple[Step, ...], key: Callable[[Step], K]) -> dict[K, tuple[Step, ...]]:
    groups: dict[K, list[Step]] = {}
    for step in steps:
        groups.setdefault(key(step), []).append(step)
    return {name: tuple(group) for name, group in groups.items()}


def _part(path: str) -> tuple[int | None, str]:
    """Index and key of `.transitions[3].guard`; no index for what is no part of a single transition."""
    head, bracket, rest = path.partition("[")
    number, _, key = rest.partition("]")
    if head != ".transitions" or not bracket or not number.isdecimal():
        return None, ""
    return int(number), key.lstrip(".").partition("[")[0]


def _steps(lifecycle: Lifecycle) -> Iterator[Step]:
    for index, item in enumerate(lifecycle.transitions):
        sources = lifecycle.stages if "*" in item.source else dict.fromkeys(item.source)
        for source in sources:
            if source in lifecycle.stages:
                dest = source if item.dest == "=" else item.dest
                yield Step(index=index, source=source, dest=dest, transition=item)


def _within(whole: str, part: str) -> bool:
    """Whether a path is another one, or lies below it."""
    return part == whole or (part.startswith(whole) and part[len(whole) :][:1] in (".", "[")) or not whole
