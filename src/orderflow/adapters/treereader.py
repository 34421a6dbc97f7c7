"""Values out of a tree of YAML: scalars typed by the field that they fill, containers, and all problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orderflow.adapters.yamlnodes import Items, Pairs, Text, Tree
from orderflow.model.condition import Condition
from orderflow.model.duration import parse_duration
from orderflow.model.errors import DefinitionError
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.parse import parse
from orderflow.model.policies import Warn, to_warn
from orderflow.model.quantities import ZERO, to_percent
from orderflow.model.reasons import Place, Problem, problem, suggest

LANGUAGE_TAGS = ("en", "zh")


class TreeReader:
    """Turns a tree into values field by field, and goes on after each problem."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.places: dict[str, Place] = {}

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
            item = read(or_empty(value))
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

    def percent(self, tree: Tree | None) -> Any:
        """A share such as `5%`; none where there is nothing, or nothing readable."""
        text = self.text(tree)
        if text is None or tree is None:
            return ZERO
        try:
            return to_percent(text)
        except DefinitionError:
            self.wrong("bad_percent", tree, value=text)
            return ZERO

    def warn(self, tree: Tree) -> Warn | None:
        text = self.text(tree)
        try:
            return None if text is None else to_warn(text)
        except DefinitionError:
            self.wrong("bad_warn", tree, value=text)
            return None

    def condition(self, tree: Tree | None, named: Mapping[str, str] = EMPTY) -> Condition | None:
        """An expression; or a list of names of stages and triggers, one of which must hold.

        `named`: names that are no words of the language (`In Review`) -> the expressions that they stand for.
        """
        if isinstance(tree, Items) and tree.values:
            found = [self.condition(item, named) for item in self.items(tree)]
            texts = [item.text for item in found if item is not None]
            return parse(" or ".join(texts), place=tree.place) if len(texts) == len(found) else None
        text = self.text(tree)
        if text is None or not isinstance(tree, Text):
            return None
        place = tree.place
        column = (place.column or 1) + (0 if tree.plain else 1)  # the text begins after its opening quote
        try:
            text = named.get(text, text)
            return parse(text, place=Place(file=place.file, line=place.line, column=column, path=place.path))
        except DefinitionError as error:
            self.problems += error.problems
            return None


def or_empty(tree: Tree) -> Tree:
    """`stage:` with nothing behind it is an empty mapping."""
    if isinstance(tree, Text) and tree.plain and tree.value in ("", "null", "~"):
        return Pairs((), tree.place)
    return tree
