"""YAML (and so JSON) read into plain data with the place of everything: the one door to PyYAML."""

from __future__ import annotations

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
        raise DefinitionError([problem("not_yaml", place, error=error.problem or error.context or "?")]) from None
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
