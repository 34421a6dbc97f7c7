"""YAML (and so JSON) read with the place of everything, and written as people do: the one door to PyYAML."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.model.errors import DefinitionError
from orderflow.model.reasons import Place, Problem, problem

if TYPE_CHECKING:
    from yaml import Node

MAX_CHARACTERS = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 50


@frozen
class Text:
    """A scalar as it was written; the field that it fills decides its type, not YAML. `plain`: it had no quotes."""

    value: str
    place: Place
    plain: bool


@frozen
class Items:
    """A sequence."""

    values: tuple[Any, ...]
    place: Place


@frozen
class Pairs:
    """A mapping: each key with its place, in order of the file, and its value."""

    values: tuple[tuple[Text, Any], ...]
    place: Place


Tree = Text | Items | Pairs


def read_tree(text: str, file: str | None) -> Tree:
    """The tree of a document.

    Raises `DefinitionError` with file, line and column for what is no YAML, has duplicate or compound keys, anchors,
    tags, several documents, or is too large or too deep.
    """
    import yaml

    if len(text) > MAX_CHARACTERS:
        raise DefinitionError([problem("file_too_large", Place(file=file), limit=MAX_CHARACTERS)])
    # JSON may use tabs between its parts, which YAML forbids; inside its strings a tab is always escaped.
    source = text.replace("\t", " ") if text.lstrip()[:1] in ("{", "[") else text
    try:
        _refuse_aliases(source, file)
        node = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file)
        what = error.problem or error.context or "?"
        bare = what.endswith(("but got '['", "but got '{'"))  # a text goes on with what begins a list in YAML
        code = "not_yaml_unquoted" if bare else "not_yaml"
        raise DefinitionError([problem(code, place, error=what)]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([problem("not_yaml", Place(file=file), error=str(error).splitlines()[0])]) from None
    except RecursionError:
        raise DefinitionError([problem("too_deep", Place(file=file), limit=MAX_DEPTH)]) from None
    if node is None:
        raise DefinitionError([problem("empty_file", Place(file=file))])
    builder = _Builder(file)
    tree = builder.build(node, "", 0)
    if builder.problems:
        raise DefinitionError(builder.problems)
    return tree


def _refuse_aliases(text: str, file: str | None) -> None:
    """Anchors and aliases can make a small file endless, tags ask for types; a flow has no use for them."""
    import yaml

    if not any(sign in text for sign in "&*!"):
        return
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            mark = token.start_mark
            place = Place(file=file, line=mark.line + 1, column=mark.column + 1)
            name = token.value if isinstance(token.value, str) else "".join(part or "" for part in token.value)
            raise DefinitionError([problem("alias", place, name=name)])


class _Builder:
    def __init__(self, file: str | None) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0

    def place(self, node: Node, path: str) -> Place:
        mark = node.start_mark
        return Place(file=self.file, line=mark.line + 1, column=mark.column + 1, path=path)

    def build(self, node: Node, path: str, depth: int) -> Tree:
        import yaml

        self.count += 1
        place = self.place(node, path)
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise DefinitionError([problem("too_deep", place, limit=MAX_DEPTH)])
        if isinstance(node, yaml.ScalarNode):
            return Text(_whole(node.value), place, node.style is None)
        if isinstance(node, yaml.SequenceNode):
            parts = (self.build(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value))
            return Items(tuple(parts), place)
        return self.pairs(node, path, place, depth)

    def pairs(self, node: Node, path: str, place: Place, depth: int) -> Pairs:
        import yaml

        found: dict[str, tuple[Text, Tree]] = {}
        for key, value in node.value:
            where = self.place(key, path)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(problem("compound_key", where))
                continue
            name = _whole(key.value)
            inner = f"{path}.{name}" if path else name
            if name in found:
                first = found[name][0].place
                self.problems.append(problem("duplicate_key", self.place(key, inner), name=name, first=first.line))
                continue
            found[name] = (Text(name, self.place(key, inner), key.style is None), self.build(value, inner, depth + 1))
        return Pairs(tuple(found.values()), place)


def _whole(text: str) -> str:
    """JSON writes characters beyond U+FFFF as two halves; YAML leaves the halves."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# --- writing ---------------------------------------------------------------------------------------------------------

WIDTH = 118
"""The most columns of a line that is made of several parts; a text alone is never broken."""

# What may stand without quotes: begins with a letter, or is a length of time or a share, and has no sign of YAML in it.
_PLAIN = re.compile(r"[^\W\d_][\w .()<>='+*/@%;-]*|-?(?:[0-9]+[wdhms])+|[0-9]+%")
# What some reader of YAML 1.1 or 1.2 takes for something other than a text.
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity", "none"}
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_NUMBER = re.compile(r"[-+]?[0-9.][0-9._]*(?:[eE][-+]?[0-9]+)?")


def write_yaml(data: Mapping[str, Any], tables: Collection[str] = ()) -> str:
    """A document from dictionaries, lists, texts, whole numbers, booleans and None.

    - Every text is read back as it was, as a text, by readers of YAML 1.1, of YAML 1.2 and of flow files.
    - What fits on a line stands on one; below keys in `tables`, each part has lines of its own.
    - A blank line goes before and after each part of several lines.
    """
    parts = ["\n".join(_entry(key, value, 0, tables)) for key, value in data.items()]
    lines = parts[:1]
    for before, part in pairwise(parts):
        lines += ["", part] if "\n" in before + part else [part]
    return "\n".join(lines) + "\n"


def scalar(value: Any) -> str:
    """One value without parts: a text with the quotes that it needs, a whole number, `true`, `false` or `null`."""
    if value is None or isinstance(value, bool | int):
        return "null" if value is None else str(value).lower()
    plain = value.isprintable() and _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    if plain and not value.endswith(" ") and not _NUMBER.fullmatch(value):
        return str(value)
    return '"' + "".join(_character(sign) for sign in value) + '"'


def _character(sign: str) -> str:
    """A character between double quotes; what is not printable is escaped (the ideographic space is harmless)."""
    if sign in '"\\':
        return "\\" + sign
    if sign.isprintable() or sign == "\u3000":
        return sign
    return _ESCAPES.get(sign) or (f"\\u{ord(sign):04x}" if sign < "\U00010000" else f"\\U{ord(sign):08x}")


def one_line(value: Any) -> str:
    """Data on one line: `{a: [b, c]}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(one_line(item) for item in value) + "]"
    return scalar(value)


def _entry(key: str, value: Any, indent: int, tables: Collection[str]) -> Iterator[str]:
    """The lines of a key and its value."""
    head = " " * indent + scalar(str(key)) + ":"
    line = f"{head} {one_line(value)}"
    table = key in tables or (isinstance(value, Mapping) and any(name in tables for name in value))
    if not isinstance(value, Mapping | list | tuple) or not value or (not table and len(line) <= WIDTH):
        yield line
    elif isinstance(value, Mapping):
        yield head
        for name, item in value.items():
            yield from _entry(name, item, indent + 2, tables)
    elif any(isinstance(item, Mapping) for item in value):
        yield head
        for item in value:
            yield from _item(item, indent + 2, tables)
    else:
        yield from _filled(head, value, indent + 4)


def _item(value: Any, indent: int, tables: Collection[str]) -> Iterator[str]:
    """The lines of one mapping in a list."""
    line = " " * indent + "- " + one_line(value)
    if not isinstance(value, Mapping) or not value or len(line) <= WIDTH:
        yield line
        return
    lines = [line for name, item in value.items() for line in _entry(name, item, indent + 2, tables)]
    yield " " * indent + "- " + lines[0].lstrip(" ")
    yield from lines[1:]


def _filled(head: str, values: Any, indent: int) -> Iterator[str]:
    """A long list of texts, as many on each line as fit."""
    line = f"{head} ["
    for index, value in enumerate(values):
        text = one_line(value) + ("]" if index == len(values) - 1 else ",")
        if index and len(line) + len(text) + 1 > WIDTH:
            yield line
            line = " " * indent + text
        else:
            line += ("" if not index else " ") + text
    yield line
