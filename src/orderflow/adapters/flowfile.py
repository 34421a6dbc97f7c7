"""Flow files: YAML or JSON in, a checked `Flow` out, or every problem at once with its line and column."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve

from orderflow.adapters.compose import KEYS, compose
from orderflow.adapters.sources import read_text
from orderflow.adapters.yamlnodes import Items, Pairs, Text, Tree, read_tree
from orderflow.model.calendar import WorkCalendar
from orderflow.model.condition import Condition
from orderflow.model.duration import parse_duration
from orderflow.model.errors import DefinitionError
from orderflow.model.flow import Field, Flow, Lifecycle, Select, Stage, Track, Transition
from orderflow.model.frozen import FrozenMap
from orderflow.model.parse import parse
from orderflow.model.policies import SLA, NotifyRule, OwnerRule, Rung, Target, Warn, to_warn
from orderflow.model.reasons import Place, Problem, problem, suggest
from orderflow.rules.check import problems as problems_of

LANGUAGE_TAGS = ("en", "zh")


def load_flow(path: str | os.PathLike[str]) -> Flow:
    """The flow in a YAML or JSON file (UTF-8).

    Raises `DefinitionError` with every problem found, each with `file:line:column`, its path, and what to do.
    """
    text = read_text(path)
    return read_flow_text(text, file=str(path))


def read_flow_text(text: str, *, file: str | None = None) -> Flow:
    """The flow in a text. Raises as `load_flow` does."""
    tree, notes = compose(read_tree(text, file), file)
    reader = _Reader()
    flow = reader.flow(tree)
    if flow is None:
        raise DefinitionError(reader.problems)
    found = [*reader.problems, *(item for item in problems_of(flow) if item.severity == "error")]
    if found:
        raise DefinitionError(sorted(found, key=lambda item: _in_file(item, file)))
    return evolve(flow, notes=notes) if notes else flow


def _in_file(item: Problem, file: str | None) -> tuple[bool, str, int, int]:
    """The order of problems: those of the file itself first, then those of the files that it is made of."""
    place = item.place or Place(file=file)
    return (place.file != file, place.file or "", place.line or 0, place.column or 0)


class _Reader:
    """Turns the tree into values field by field, and goes on after each problem."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.places: dict[str, Place] = {}

    # --- the parts of a flow --------------------------------------------------------------------------------------

    def flow(self, tree: Tree) -> Flow | None:
        parts = self.mapping(tree, _FLOW_KEYS, required=("flow", "lifecycle"))
        lifecycle = self.lifecycle(parts["lifecycle"]) if "lifecycle" in parts else None
        values: dict[str, Any] = {
            "name": self.text(parts.get("flow")),
            "lifecycle": lifecycle,
            "title": self.titles(parts.get("title")),
            "tracks": self.named(parts.get("tracks"), self.track),
            "select": self.select(parts["select"]) if "select" in parts else None,
            "currency": self.text(parts.get("currency")),
            "fields": self.named(parts.get("fields"), self.field),
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
        parts = self.mapping(_or_empty(tree), ("when", "priority"))
        return Select(when=self.condition(parts.get("when")), priority=self.whole(parts.get("priority")))

    def track(self, tree: Tree) -> Track | None:
        """A further track: the keys of a lifecycle, and its own."""
        lifecycle = self.lifecycle(tree, "many", "title")
        own = {key.value: value for key, value in tree.values} if isinstance(tree, Pairs) else {}
        if lifecycle is None:
            return None
        return Track(lifecycle=lifecycle, many=self.boolean(own.get("many")), title=self.titles(own.get("title")))

    def lifecycle(self, tree: Tree, *more: str) -> Lifecycle | None:
        keys = ("initial", "stages", "transitions")
        parts = self.mapping(tree, (*keys, *more), required=keys)
        initial = self.text(parts.get("initial"))
        stages = self.named(parts.get("stages"), self.stage)
        found = [self.transition(item) for item in self.items(parts.get("transitions"))]
        if initial is None:
            return None
        return Lifecycle(initial=initial, stages=stages, transitions=[item for item in found if item is not None])

    def stage(self, tree: Tree) -> Stage:
        parts = self.mapping(tree, ("title", "category", "owner", "calendar"))
        return Stage(
            title=self.titles(parts.get("title")),
            category=self.text(parts.get("category"), "open"),
            owner=self.owner(parts["owner"]) if "owner" in parts else None,
            calendar=self.text(parts.get("calendar")),
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
        keys = ("trigger", "source", "dest", "guard", "roles", "requires", "title")
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
            title=self.titles(parts.get("title")),
        )

    def field(self, tree: Tree) -> Field:
        parts = self.mapping(tree, ("type", "of", "required", "personal", "title"))
        return Field(
            type=self.text(parts.get("type"), "text"),
            of=self.texts(parts.get("of")),
            required=self.boolean(parts.get("required")),
            personal=self.boolean(parts.get("personal")),
            title=self.titles(parts.get("title")),
        )

    def sla(self, tree: Tree) -> SLA | None:
        parts = self.mapping(tree, _SLA_KEYS, required=("start",))
        start = self.condition(parts.get("start"))
        target = self.targets(parts.get("target"))
        warns = [self.warn(item) for item in self.items(parts.get("warn"))]
        rungs = [self.rung(item) for item in self.items(parts.get("escalate"))]
        if start is None or (not target and "target" in parts):
            return None  # it is said already what is wrong
        values: dict[str, Any] = {key: self.text(parts.get(key), default) for key, default in _WORDS.items()}
        values |= {key: self.condition(parts.get(key)) for key in _CONDITIONS}
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

    # --- scalars and containers -----------------------------------------------------------------------------------

    def wrong(self, code: str, tree: Tree, **params: Any) -> None:
        self.problems.append(problem(code, tree.place, **params))

    def mapping(self, tree: Tree, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Tree]:
        """The values of a mapping by key; unknown and missing keys are problems."""
        self.places[tree.place.path] = tree.place
        if not isinstance(tree, Pairs):
            self.wrong("want_mapping", tree)
            return {}
        names = tuple(known)
        found: dict[str, Tree] = {}
        for key, value in tree.values:
            self.places[value.place.path] = value.place
            if key.value in names:
                found[key.value] = value
            else:
                self.wrong("unknown_key", key, name=key.value, known=names, suggestion=suggest(key.value, names))
        for name in required:
            if name not in found:
                self.wrong("missing_key", tree, name=name)
        return found

    def named(self, tree: Tree | None, read: Callable[[Tree], Any]) -> FrozenMap[Any]:
        """A mapping from free names to values of one kind."""
        if tree is None:
            return FrozenMap()
        if isinstance(tree, Text) and not tree.value and tree.plain:
            return FrozenMap()
        if not isinstance(tree, Pairs):
            self.wrong("want_mapping", tree)
            return FrozenMap()
        found = {}
        for key, value in tree.values:
            self.places[value.place.path] = value.place
            item = read(_or_empty(value))
            if item is not None:
                found[key.value] = item
        return FrozenMap(found)

    def items(self, tree: Tree | None) -> tuple[Tree, ...]:
        if tree is None:
            return ()
        if not isinstance(tree, Items):
            self.wrong("want_list", tree)
            return ()
        for item in tree.values:
            self.places[item.place.path] = item.place
        return tree.values

    def text(self, tree: Tree | None, default: str | None = None) -> Any:
        if tree is None:
            return default
        self.places[tree.place.path] = tree.place
        if not isinstance(tree, Text) or not tree.value.strip():
            self.wrong("want_text", tree)
            return default
        return tree.value

    def optional_text(self, tree: Tree | None) -> str | None:
        """A text, or null: the `dest` of an internal transition."""
        if isinstance(tree, Text) and tree.plain and tree.value in ("null", "~", ""):
            return None
        text: str | None = self.text(tree)
        return text

    def texts(self, tree: Tree | None) -> tuple[str, ...]:
        """A list of texts, or one text alone."""
        if isinstance(tree, Text):
            text = self.text(tree)
            return () if text is None else (text,)
        found = [self.text(item) for item in self.items(tree)]
        return tuple(item for item in found if item is not None)

    def titles(self, tree: Tree | None) -> FrozenMap[str]:
        if tree is None:
            return FrozenMap()
        if isinstance(tree, Text):
            text = self.text(tree)
            return FrozenMap() if text is None else FrozenMap({"*": text})
        parts = self.mapping(tree, LANGUAGE_TAGS)
        found = {language: self.text(value) for language, value in parts.items()}
        return FrozenMap({language: value for language, value in found.items() if value is not None})

    def boolean(self, tree: Tree | None) -> bool:
        if tree is None:
            return False
        if isinstance(tree, Text) and tree.value.lower() in ("true", "false"):
            return tree.value.lower() == "true"
        self.wrong("want_boolean", tree, value=tree.value if isinstance(tree, Text) else "…")
        return False

    def whole(self, tree: Tree | None) -> int:
        if tree is None:
            return 0
        if isinstance(tree, Text) and re.fullmatch(r"[-+]?[0-9]{1,9}", tree.value):
            return int(tree.value)
        self.wrong("want_whole", tree, value=tree.value[:80] if isinstance(tree, Text) else "…")
        return 0

    def duration(self, tree: Tree | None) -> Any:
        if tree is None:
            return None
        length = parse_duration(tree.value) if isinstance(tree, Text) else None
        if length is None:
            self.wrong("bad_duration", tree, value=tree.value if isinstance(tree, Text) else "…")
        return length

    def warn(self, tree: Tree) -> Warn | None:
        text = self.text(tree)
        try:
            return None if text is None else to_warn(text)
        except DefinitionError:
            self.wrong("bad_warn", tree, value=text)
            return None

    def condition(self, tree: Tree | None) -> Condition | None:
        """An expression; or a list of names of stages and triggers, one of which must hold."""
        if isinstance(tree, Items) and tree.values:
            found = [self.condition(item) for item in self.items(tree)]
            texts = [item.text for item in found if item is not None]
            return parse(" or ".join(texts), place=tree.place) if len(texts) == len(found) else None
        text = self.text(tree)
        if text is None or not isinstance(tree, Text):
            return None
        place = tree.place
        column = (place.column or 1) + (0 if tree.plain else 1)  # the text begins after its opening quote
        try:
            return parse(text, place=Place(file=place.file, line=place.line, column=column, path=place.path))
        except DefinitionError as error:
            self.problems += error.problems
            return None


def _or_empty(tree: Tree) -> Tree:
    """`stage:` with nothing behind it is an empty mapping."""
    if isinstance(tree, Text) and tree.plain and tree.value in ("", "null", "~"):
        return Pairs((), tree.place)
    return tree


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
