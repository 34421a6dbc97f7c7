"""Everything that is wrong or doubtful in a flow file, errors and warnings together; and files that list people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orderflow.adapters.flowfile import in_order, read_as_far
from orderflow.adapters.sources import read_text
from orderflow.adapters.yamlnodes import Items, Pairs, Text, Tree, read_tree
from orderflow.model.actor import Directory, Person
from orderflow.model.errors import DefinitionError, InvalidValue
from orderflow.model.reasons import Problem, problem, suggest
from orderflow.rules.check import all_problems

if TYPE_CHECKING:
    from orderflow.rules.check_people import People

_LISTS = ("roles", "teams")
_KEYS = ("id", "name", *_LISTS, "active", "email", "lead", "manager", "calendar")


def check_flow_file(
    path: str | os.PathLike[str], *, directory: People | None = None, notes: bool = False
) -> tuple[Problem, ...]:
    """All problems of a flow file, by position: what cannot be read, what is wrong, and what is doubtful.

    - Where something cannot be read, the rest is checked as far as it does not depend on that.
    - `directory` and `notes` are those of `problems`.
    - Raises `DefinitionError` only when the file cannot be opened or is no UTF-8.
    """
    text, file = read_text(path), str(path)
    try:
        flow, found = read_as_far(text, file=file)
    except DefinitionError as error:
        return tuple(in_order(error.problems, file))
    if flow is not None:
        found = [*found, *all_problems(flow, known=found, directory=directory, notes=notes)]
    return tuple(in_order(found, file))


def read_people(path: str | os.PathLike[str]) -> Directory:
    """The people in a YAML or JSON file: a list of `{id, roles, teams, active …}`, as the fields of `Person`.

    Raises `DefinitionError` with every problem found, each with its place.
    """
    tree = read_tree(read_text(path), str(path))
    found: list[Problem] = []
    people = [person for item in _items(tree, found) if (person := _person(item, found)) is not None]
    if found:
        raise DefinitionError(found)
    try:
        return Directory(people)
    except InvalidValue as error:
        raise DefinitionError([problem(item.code, tree.place, **item.params) for item in error.reasons]) from None


def _items(tree: Tree, found: list[Problem]) -> Iterator[Tree]:
    if isinstance(tree, Items):
        yield from tree.values
    else:
        found.append(problem("want_list", tree.place))


def _person(tree: Tree, found: list[Problem]) -> Person | None:
    if not isinstance(tree, Pairs):
        found.append(problem("want_mapping", tree.place))
        return None
    values: dict[str, Any] = {}
    for key, value in tree.values:
        if key.value not in _KEYS:
            hint = suggest(key.value, _KEYS)
            found.append(problem("unknown_key", key.place, name=key.value, known=_KEYS, suggestion=hint))
        elif key.value in _LISTS:
            values[key.value] = tuple(_text(item, found) for item in _several(value))
        elif key.value == "active":
            values["active"] = _boolean(value, found)
        else:
            values[key.value] = _text(value, found)
    if "id" not in values:
        found.append(problem("missing_key", tree.place, name="id"))
        return None
    return Person(**values) if values["id"].strip() else None


def _several(tree: Tree) -> tuple[Tree, ...]:
    """The parts of a list; a text alone is a list of one."""
    return tree.values if isinstance(tree, Items) else (tree,)


def _text(tree: Tree, found: list[Problem]) -> str:
    if isinstance(tree, Text) and tree.value.strip():
        return tree.value
    found.append(problem("want_text", tree.place))
    return ""


def _boolean(tree: Tree, found: list[Problem]) -> bool:
    value = tree.value.lower() if isinstance(tree, Text) else "…"
    if value not in ("true", "false"):
        found.append(problem("want_boolean", tree.place, value=value))
    return value == "true"
