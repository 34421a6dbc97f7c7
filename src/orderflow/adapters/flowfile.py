"""Flow files: YAML or JSON in, a checked `Flow` out, or every problem at once with its line and column."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve

from orderflow.adapters.compose import KEYS, compose
from orderflow.adapters.sources import read_text
from orderflow.adapters.treereader import TreeReader, or_empty
from orderflow.adapters.yamlnodes import Items, Pairs, Text, Tree, read_tree
from orderflow.model.calendar import WorkCalendar
from orderflow.model.condition import Constant, unparse
from orderflow.model.errors import DefinitionError
from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import AmendmentRule, Field, Flow, Lifecycle, Select, Stage, Track, Transition
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.policies import SLA, NotifyRule, OwnerRule, Rung, Target
from orderflow.model.quantities import LineMove, Lines, LineStage
from orderflow.model.reasons import Place, Problem, problem
from orderflow.rules.check import errors as errors_of


def load_flow(path: str | os.PathLike[str]) -> Flow:
    """The flow in a YAML or JSON file (UTF-8).

    Raises `DefinitionError` with every problem found, each with `file:line:column`, its path, and what to do.
    """
    return read_flow_text(read_text(path), file=str(path))


def load_calendar(path: str | os.PathLike[str]) -> WorkCalendar:
    """The calendar in a YAML or JSON file (UTF-8): of a flow, or of a file with the `calendar:` block of one.

    Raises `DefinitionError` with every problem, as `load_flow`; for a flow that has no calendar (`calendar_not_there`).
    """
    text, file = read_text(path), str(path)
    tree = read_tree(text, file)
    if isinstance(tree, Pairs) and any(key.value in ("flow", "extends") for key, _ in tree.values):
        found = read_flow_text(text, file=file).calendar
        if found is None:
            raise DefinitionError([problem("calendar_not_there", tree.place)])
        return found
    reader = _Reader()
    parts = reader.mapping(tree, ("calendar",), required=("calendar",))
    calendar = reader.calendar(parts["calendar"]) if "calendar" in parts else None
    if calendar is None or reader.problems:
        raise DefinitionError(reader.problems)
    return calendar


def read_flow_text(text: str, *, file: str | None = None) -> Flow:
    """The flow in a text. Raises as `load_flow` does."""
    flow, found = read_as_far(text, file=file)
    if flow is None:
        raise DefinitionError(found)
    if found := [*found, *errors_of(flow)]:
        raise DefinitionError(in_order(found, file))
    return flow


def read_as_far(text: str, *, file: str | None = None) -> tuple[Flow | None, list[Problem]]:
    """The flow in a text as far as it can be read, and what is wrong with the rest.

    Raises `DefinitionError` when the text is no tree, or what it extends or includes cannot be put together.
    """
    tree, notes = compose(read_tree(text, file), file)
    reader = _Reader()
    flow = reader.flow(tree)
    return evolve(flow, notes=notes) if flow is not None and notes else flow, reader.problems


def in_order(found: Iterable[Problem], file: str | None) -> list[Problem]:
    """Problems by position: those of the file itself first, then those of the files that it is made of."""

    def position(item: Problem) -> tuple[bool, str, int, int]:
        place = item.place or Place(file=file)
        return (place.file != file, place.file or "", place.line or 0, place.column or 0)

    return sorted(found, key=position)


class _Reader(TreeReader):
    """The parts of a flow. `odd_names`: track -> names that conditions of its promises may be, see `_odd_names`."""

    odd_names: Mapping[str, Mapping[str, str]] = EMPTY

    def flow(self, tree: Tree) -> Flow | None:
        parts = self.mapping(tree, _FLOW_KEYS, required=("flow", "lifecycle"))
        lifecycle = self.lifecycle(parts["lifecycle"]) if "lifecycle" in parts else None
        tracks = self.named(parts.get("tracks"), self.track)
        self.odd_names = {name: _odd_names(track.lifecycle) for name, track in tracks.items()}
        self.odd_names[ORDER_TRACK] = _odd_names(lifecycle) if lifecycle is not None else {}
        values: dict[str, Any] = {
            "name": self.text(parts.get("flow")),
            "lifecycle": lifecycle,
            "title": self.titles(parts.get("title")),
            "tracks": tracks,
            "select": self.select(parts["select"]) if "select" in parts else None,
            "currency": self.text(parts.get("currency")),
            "fields": self.named(parts.get("fields"), self.field),
            "undeclared": self.text(parts.get("undeclared"), "refuse"),
            "lines": self.lines(parts["lines"]) if "lines" in parts else None,
            "amendments": self.named(parts["amendments"], self.amendment) if "amendments" in parts else None,
            "sources": self.texts(parts.get("sources")),
            "calendar": self.calendar(parts["calendar"]) if "calendar" in parts else None,
            "calendars": self.named(parts.get("calendars"), self.calendar),
            "sla": self.named(parts.get("sla"), self.sla),
            "notify": self.named(parts["notify"], self.notify) if "notify" in parts else None,
            "find": self.texts(parts.get("find")),
        }
        if values["name"] is None or lifecycle is None:
            return None
        return Flow(**values, places=FrozenMap(self.places))

    def select(self, tree: Tree) -> Select:
        parts = self.mapping(or_empty(tree), ("when", "priority"))
        return Select(when=self.condition(parts.get("when")), priority=self.whole(parts.get("priority")))

    def track(self, tree: Tree) -> Track | None:
        """A further track: the keys of a lifecycle, and its own."""
        lifecycle = self.lifecycle(tree, "many", "carries_lines", "loads", "title")
        own = {key.value: value for key, value in tree.values} if isinstance(tree, Pairs) else {}
        if lifecycle is None:
            return None
        return Track(
            lifecycle=lifecycle,
            many=self.boolean(own.get("many")),
            carries_lines=self.boolean(own.get("carries_lines")),
            loads=self.texts(own.get("loads")),
            title=self.titles(own.get("title")),
        )

    def lifecycle(self, tree: Tree, *more: str) -> Lifecycle | None:
        keys = ("initial", "stages", "transitions")
        parts = self.mapping(tree, (*keys, "jumps", *more), required=keys)
        initial = self.text(parts.get("initial"))
        stages = self.named(parts.get("stages"), self.stage)
        found = [self.transition(item) for item in self.items(parts.get("transitions"))]
        if initial is None:
            return None
        return Lifecycle(
            initial=initial,
            stages=stages,
            transitions=[item for item in found if item is not None],
            jumps=self.named(parts.get("jumps"), self.texts),
        )

    def stage(self, tree: Tree) -> Stage:
        parts = self.mapping(tree, ("title", "category", "owner", "calendar", "requires"))
        return Stage(
            title=self.titles(parts.get("title")),
            category=self.text(parts.get("category"), "open"),
            owner=self.owner(parts["owner"]) if "owner" in parts else None,
            calendar=self.text(parts.get("calendar")),
            requires=self.texts(parts.get("requires")),
        )

    def owner(self, tree: Tree) -> OwnerRule:
        if isinstance(tree, Text):
            return OwnerRule(person=self.text(tree))
        parts = self.mapping(tree, ("person", "role", "team", "pick"))
        return OwnerRule(
            person=self.text(parts.get("person")),
            role=self.text(parts.get("role")),
            team=self.text(parts.get("team")),
            pick=self.text(parts.get("pick"), "spread"),
        )

    def transition(self, tree: Tree) -> Transition | None:
        keys = ("trigger", "source", "dest", "guard", "roles", "requires", "moves", "title")
        parts = self.mapping(tree, keys, required=("trigger", "source", "dest"))
        trigger, source = self.text(parts.get("trigger")), self.texts(parts.get("source"))
        if trigger is None:
            return None
        return Transition(
            trigger=trigger,
            source=source,
            dest=self.optional_text(parts.get("dest")),
            guard=self.condition(parts.get("guard")),
            roles=self.texts(parts.get("roles")),
            requires=self.texts(parts.get("requires")),
            moves=self.texts(parts.get("moves")),
            title=self.titles(parts.get("title")),
        )

    def lines(self, tree: Tree) -> Lines:
        parts = self.mapping(tree, ("stages", "moves", "tolerance"), required=("stages",))
        stages = parts.get("stages")
        listed = isinstance(stages, Items)
        return Lines(
            stages=self.texts(stages) if listed else self.named(stages, self.line_stage),
            moves=self.named(parts.get("moves"), self.line_move),
            tolerance=self.percent(parts.get("tolerance")),
        )

    def line_stage(self, tree: Tree) -> LineStage:
        return LineStage(title=self.titles(self.mapping(tree, ("title",)).get("title")))

    def line_move(self, tree: Tree) -> LineMove | None:
        keys = ("source", "dest", "over", "guard", "roles", "title")
        parts = self.mapping(tree, keys, required=("source", "dest"))
        dest = self.text(parts.get("dest"))
        if dest is None:
            return None
        return LineMove(
            source=self.texts(parts.get("source")),
            dest=dest,
            over=self.boolean(parts.get("over")),
            guard=self.condition(parts.get("guard")),
            roles=self.texts(parts.get("roles")),
            title=self.titles(parts.get("title")),
        )

    def amendment(self, tree: Tree) -> AmendmentRule:
        parts = self.mapping(tree, ("fields", "guard", "roles", "approval", "title"), required=("fields",))
        return AmendmentRule(
            fields=self.texts(parts.get("fields")),
            guard=self.condition(parts.get("guard")),
            roles=self.texts(parts.get("roles")),
            approval=self.text(parts.get("approval")),
            title=self.titles(parts.get("title")),
        )

    def field(self, tree: Tree) -> Field:
        parts = self.mapping(tree, ("type", "of", "unit", "required", "personal", "title"))
        return Field(
            type=self.text(parts.get("type"), "text"),
            of=self.texts(parts.get("of")),
            unit=self.text(parts.get("unit")),
            required=self.boolean(parts.get("required")),
            personal=self.boolean(parts.get("personal")),
            title=self.titles(parts.get("title")),
        )

    def sla(self, tree: Tree) -> SLA | None:
        parts = self.mapping(tree, _SLA_KEYS, required=("start",))
        values: dict[str, Any] = {key: self.text(parts.get(key), default) for key, default in _WORDS.items()}
        odd = self.odd_names.get(values["track"], EMPTY)
        start = self.condition(parts.get("start"), odd)
        target = self.targets(parts.get("target"))
        warns = [self.warn(item) for item in self.items(parts.get("warn"))]
        rungs = [self.rung(item) for item in self.items(parts.get("escalate"))]
        if start is None or (not target and "target" in parts):
            return None  # it is said already what is wrong
        values |= {key: self.condition(parts.get(key), odd) for key in _CONDITIONS}
        return SLA(
            start=start,
            target=target,
            due=self.text(parts.get("due")),
            **values,
            warn=[item for item in warns if item is not None],
            escalate=[item for item in rungs if item is not None],
            title=self.titles(parts.get("title")),
        )

    def targets(self, tree: Tree | None) -> tuple[Target, ...]:
        """One duration, or a table: `[{when: …, target: 4h}, {target: 8h}]`; empty when something in it is wrong."""
        if not isinstance(tree, Items):
            length = self.duration(tree)
            return () if length is None else (Target(target=length),)
        rows = []
        for item in self.items(tree):
            parts = self.mapping(item, ("when", "target"), required=("target",))
            length, when = self.duration(parts.get("target")), self.condition(parts.get("when"))
            if length is None or (when is None and "when" in parts):
                return ()
            rows.append(Target(target=length, when=when))
        return tuple(rows)

    def rung(self, tree: Tree) -> Rung | None:
        parts = self.mapping(tree, ("after", "to"), required=("after", "to"))
        after = self.duration(parts.get("after"))
        return None if after is None else Rung(after=after, to=self.texts(parts.get("to")))

    def notify(self, tree: Tree) -> NotifyRule:
        if not isinstance(tree, Pairs):
            return NotifyRule(to=self.texts(tree))
        parts = self.mapping(tree, ("to", "channels"))
        return NotifyRule(
            to=self.texts(parts["to"]) if "to" in parts else ("owner",),
            channels=self.texts(parts["channels"]) if "channels" in parts else None,
        )

    def calendar(self, tree: Tree) -> WorkCalendar | None:
        places: dict[str, Place] = {}
        spec = _plain(tree, places)
        if not isinstance(spec, dict):
            self.wrong("want_mapping", tree)
            return None

        def place(path: tuple[str | int, ...]) -> Place:
            name = tree.place.path + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
            near = name
            while near not in places and near:
                near = near[: max(near.rfind("."), near.rfind("["), 0)]
            known = places.get(near, tree.place)
            return Place(file=known.file, line=known.line, column=known.column, path=name)

        try:
            return WorkCalendar.from_dict(spec, place=place)
        except DefinitionError as error:
            self.problems += error.problems
            return None


def _odd_names(lifecycle: Lifecycle) -> dict[str, str]:
    """Stages and triggers that cannot stand alone in an expression (`In Review`), and what is meant by each."""
    triggers = ((item.trigger, "trigger") for item in lifecycle.transitions)
    stages = ((name, "stage") for name in lifecycle.stages)
    return {
        name: f"{kind} == {unparse(Constant(name))}"
        for name, kind in (*triggers, *stages)
        if not all(part.isidentifier() for part in name.split("."))
    }


def _plain(tree: Tree, places: dict[str, Place]) -> Any:
    """The tree as dictionaries, lists and texts, with the place of each path."""
    places[tree.place.path] = tree.place
    if isinstance(tree, Text):
        return tree.value
    if isinstance(tree, Items):
        return [_plain(item, places) for item in tree.values]
    return {key.value: _plain(value, places) for key, value in tree.values}


_FLOW_KEYS = (
    *KEYS,  # for what is said of other keys: these two are dealt with before
    "flow",
    "title",
    "select",
    "currency",
    "fields",
    "calendar",
    "calendars",
    "lifecycle",
    "tracks",
    "sla",
    "notify",
    "find",
    "undeclared",
    "lines",
    "amendments",
    "sources",
)
_CONDITIONS = ("stop", "pause", "resume", "reset", "cancel")
_WORDS = {
    "time": "business",
    "calendar": "flow",
    "track": "order",
    "scope": "order",
    "carry": "all",
    "reminders": "always",
}
_SLA_KEYS = ("start", *_CONDITIONS, "target", "due", *_WORDS, "warn", "escalate", "title")
