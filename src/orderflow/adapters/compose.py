"""Flow files made of several: `extends:` a base, `include:` modules; merged as trees, so every place stays true."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve, frozen

from orderflow.adapters.sources import read_text, template_file, template_text
from orderflow.adapters.yamlnodes import Items, Pairs, Text, Tree, read_tree
from orderflow.model.errors import DefinitionError
from orderflow.model.reasons import Place, Problem, problem, suggest

KEYS = ("extends", "include")
MAX_CHAIN = 10
"""The most files that may lead from one to the next by `extends:` and `include:`."""

_ENDINGS = (".yaml", ".yml", ".json")


def compose(tree: Tree, file: str | None) -> tuple[Tree, tuple[Problem, ...]]:
    """The tree with what it extends and includes merged in, and a note for everything that it overrides or removes.

    - The file stands over its modules, which stand over its base. Mappings merge key by key, what is new comes last;
      all else replaces. `key: null` removes; `key+: [...]` appends to a list.
    - Every part keeps file, line and column of its text; its path is the one in the merged tree.
    - Raises `DefinitionError` for what cannot be read, leads in a circle, or contradicts another module.
    """
    if not isinstance(tree, Pairs) or not any(key.value in KEYS for key, _ in tree.values):
        return tree, ()
    composer = _Composer()
    folder = Path(file).parent if file is not None else None
    whole = composer.whole(tree, _Source(folder, (str(Path(file).resolve()) if file is not None else "",)))
    if composer.problems:
        raise DefinitionError(composer.problems)
    return _placed(whole, ""), tuple(composer.notes)


@frozen
class _Source:
    """A text that is being read: where its relative paths begin (None: nowhere), and what led to it, itself last."""

    folder: Path | None
    chain: tuple[str, ...]


class _Composer:
    """Reads and merges, and gathers problems and notes on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    # --- reading --------------------------------------------------------------------------------------------------

    def whole(self, tree: Pairs, source: _Source) -> Pairs:
        """A file over its modules over its base."""
        own, further = _split(tree)
        found = Pairs((), tree.place)
        if "extends" in further:
            found = self.base(further["extends"], source) or found
        modules = self.modules(further.get("include"), source, set())
        if modules:
            joined = modules[0]
            for module in modules[1:]:
                joined = self.join(joined, module)
            found = self.over(joined, found)
        return self.over(own, found)

    def base(self, value: Tree, source: _Source) -> Pairs | None:
        """What a file extends, itself with what it extends and includes."""
        if not isinstance(value, Text) or not value.value.strip():
            self.problems.append(problem("want_text", value.place))
            return None
        read = self.file(value, source) if _is_path(value.value) else self.template(value, source)
        return None if read is None else self.whole(*read)

    def modules(self, value: Tree | None, source: _Source, seen: set[str]) -> list[Pairs]:
        """The modules that a file includes, and those that they include, each once, in the order of reading."""
        found: list[Pairs] = []
        for item in _items(value):
            if not isinstance(item, Text) or not item.value.strip():
                self.problems.append(problem("want_text", item.place))
                continue
            read = self.file(item, source)
            if read is None or read[1].chain[-1] in seen:
                continue
            tree, inner = read
            seen.add(inner.chain[-1])
            own, further = _split(tree)
            if "extends" in further:
                self.problems.append(problem("module_extends", further["extends"].place))
            found += [*self.modules(further.get("include"), inner, seen), own]
        return found

    def file(self, value: Text, source: _Source) -> tuple[Pairs, _Source] | None:
        """A file that is named by its path from the file that names it."""
        if source.folder is None:
            self.problems.append(problem("no_folder", value.place, name=value.value))
            return None
        path = source.folder / value.value
        try:
            text = read_text(path)
        except DefinitionError as error:
            (found,) = error.problems
            if found.code == "cannot_open":  # the place to look at is where the path is written
                found = problem("cannot_include", value.place, name=str(path), error=found.params["error"])
            self.problems.append(found)
            return None
        return self.read(text, str(path), value, _Source(path.parent, (*source.chain, str(path.resolve()))))

    def template(self, value: Text, source: _Source) -> tuple[Pairs, _Source] | None:
        """A template that ships."""
        try:
            text = template_text(value.value, value.place)
        except DefinitionError as error:
            self.problems += error.problems
            return None
        file = template_file(value.value)
        return self.read(text, file, value, _Source(None, (*source.chain, file)))

    def read(self, text: str, file: str, value: Text, source: _Source) -> tuple[Pairs, _Source] | None:
        """The tree of a text, unless it leads in a circle or too far."""
        *above, last = source.chain
        if last in above:
            self.problems.append(problem("include_circle", value.place, name=file))
            return None
        if len(above) > MAX_CHAIN:
            self.problems.append(problem("include_too_deep", value.place, limit=MAX_CHAIN))
            return None
        try:
            tree = read_tree(text, file)
        except DefinitionError as error:
            self.problems += error.problems
            return None
        if not isinstance(tree, Pairs):
            self.problems.append(problem("want_mapping", tree.place))
            return None
        return tree, source

    # --- merging --------------------------------------------------------------------------------------------------

    def over(self, layer: Pairs, base: Pairs) -> Pairs:
        """A mapping with another one laid over it: the order of the base, then what is new."""
        found = {key.value: (key, value) for key, value in base.values}
        said: dict[str, Place] = {}
        for key, value in layer.values:
            appends = _appends(key, value)
            name = key.value[:-1] if appends else key.value
            if name in said:
                self.problems.append(problem("duplicate_key", key.place, name=name, first=said[name].line))
                continue
            said[name] = key.place
            before = found.get(name)
            if _is_null(value):
                self.remove(key, found)
            elif before is None:
                found[name] = (evolve(key, value=name), _fresh(value))
            elif appends:
                found[name] = (before[0], self.append(key, value, before[1]))
            elif isinstance(before[1], Pairs) and _is_empty(value):
                continue  # nothing behind the key: an empty mapping, which changes nothing
            else:
                found[name] = (key, self.value(value, before[1]))
        return Pairs(tuple(found.values()), layer.place)

    def value(self, value: Tree, base: Tree) -> Tree:
        """What stands at a path that both have."""
        if isinstance(value, Pairs) and isinstance(base, Pairs):
            return self.over(value, base)
        if not _same(value, base):
            self.note("overrides", value.place, base.place)
        return _fresh(value)

    def append(self, key: Text, value: Tree, base: Tree) -> Tree:
        """A list with more at its end; a text alone is a list of one."""
        if isinstance(base, Pairs):
            self.problems.append(problem("append_to_mapping", key.place, name=key.value[:-1], before=_spot(base.place)))
            return base
        return Items((*_items(base), *_items(value)), base.place)

    def remove(self, key: Text, found: dict[str, tuple[Text, Tree]]) -> None:
        """Take away what the base has."""
        if key.value not in found:
            near = suggest(key.value, found)
            self.problems.append(problem("nothing_to_remove", key.place, name=key.value, suggestion=near))
            return
        _, gone = found.pop(key.value)
        self.note("removes", key.place, gone.place)

    def note(self, code: str, place: Place, before: Place) -> None:
        self.notes.append(problem(code, place, severity="note", path=place.path, before=_spot(before)))

    def join(self, one: Pairs, other: Pairs) -> Pairs:
        """Two modules side by side, before anything is merged: they may add to each other, not contradict."""
        found = {key.value: (key, value) for key, value in one.values}
        for key, value in other.values:
            known = found.get(key.value)
            rival = found.get(key.value[:-1] if _appends(key, value) else f"{key.value}+")
            if known is None and rival is not None and (_appends(key, value) or _appends(*rival)):
                self.contradiction(key.place, rival[0].place)
            elif known is None:
                found[key.value] = (key, value)
            elif _appends(key, value) and _appends(*known):
                found[key.value] = (key, Items((*_items(known[1]), *_items(value)), known[1].place))
            elif isinstance(known[1], Pairs) and isinstance(value, Pairs):
                found[key.value] = (known[0], self.join(known[1], value))
            elif not _same(known[1], value):
                self.contradiction(value.place, known[1].place)
        return Pairs(tuple(found.values()), one.place)

    def contradiction(self, place: Place, before: Place) -> None:
        self.problems.append(problem("modules_differ", place, path=place.path.removesuffix("+"), before=_spot(before)))


# --- trees --------------------------------------------------------------------------------------------------------


def _split(tree: Pairs) -> tuple[Pairs, dict[str, Tree]]:
    """What a file says itself, and what it says of other files."""
    own = tuple(pair for pair in tree.values if pair[0].value not in KEYS)
    return evolve(tree, values=own), {key.value: value for key, value in tree.values if key.value in KEYS}


def _is_path(name: str) -> bool:
    """Whether a text names a file and not a template."""
    return "/" in name or "\\" in name or name.startswith(".") or name.lower().endswith(_ENDINGS)


def _is_null(tree: Tree) -> bool:
    return isinstance(tree, Text) and tree.plain and tree.value in ("null", "~")


def _is_empty(tree: Tree) -> bool:
    return isinstance(tree, Text) and tree.plain and not tree.value


def _appends(key: Text, value: Tree) -> bool:
    """Whether `key+` adds to a list. A name such as `A+`, of a stage or field, has a mapping behind it or nothing."""
    listed = isinstance(value, Items) or (isinstance(value, Text) and not _is_null(value) and not _is_empty(value))
    return listed and len(key.value) > 1 and key.value.endswith("+")


def _items(tree: Tree | None) -> tuple[Tree, ...]:
    """A list's parts; a text alone is a list of one, nothing is one of none."""
    if tree is None or _is_empty(tree):
        return ()
    return tree.values if isinstance(tree, Items) else (tree,)


def _fresh(tree: Tree) -> Tree:
    """A part that the base lacks: a list that would be appended to one stands alone."""
    if not isinstance(tree, Pairs):
        return tree
    parts = ((evolve(key, value=key.value[:-1]) if _appends(key, x) else key, _fresh(x)) for key, x in tree.values)
    return Pairs(tuple(parts), tree.place)


def _same(one: Tree, other: Tree) -> bool:
    """Whether two trees say the same, wherever they stand."""
    if isinstance(one, Text) and isinstance(other, Text):
        return one.value == other.value
    if isinstance(one, Items) and isinstance(other, Items):
        parts = zip(one.values, other.values, strict=False)
        return len(one.values) == len(other.values) and all(_same(mine, its) for mine, its in parts)
    if isinstance(one, Pairs) and isinstance(other, Pairs):
        mine, its = ({key.value: value for key, value in tree.values} for tree in (one, other))
        return mine.keys() == its.keys() and all(_same(mine[name], its[name]) for name in mine)
    return False


def _placed(tree: Tree, path: str) -> Tree:
    """The tree with the paths that its parts have now."""
    place = evolve(tree.place, path=path)
    if isinstance(tree, Text):
        return evolve(tree, place=place)
    if isinstance(tree, Items):
        return Items(tuple(_placed(item, f"{path}[{index}]") for index, item in enumerate(tree.values)), place)
    parts = []
    for key, value in tree.values:
        inner = f"{path}.{key.value}" if path else key.value
        parts.append((evolve(key, place=evolve(key.place, path=inner)), _placed(value, inner)))
    return Pairs(tuple(parts), place)


def _spot(place: Place) -> str:
    """File, line and column of a place, without its path."""
    return str(evolve(place, path=""))
