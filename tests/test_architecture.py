"""The house keeps its floors: who may import what, one door per library, no clock or chance below the shell."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import orderflow

ROOT = Path(orderflow.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# What each floor may import from outside, at any depth of a file.
OUTSIDE = {
    "model": {"attr", "attrs", "dateutil", "holidays"},  # holidays: a pure computation, behind the extra `calendars`
    "rules": {"attr", "attrs", "transitions"},
    "metrics": {"attr", "attrs", "polars"},
    "adapters": {"attr", "attrs", "cattrs", "yaml", "polars", "sqlalchemy", "pyspark", "pyarrow", "datasketches"},
}
# Each optional or heavy library is imported in these files and nowhere else.
DOORS = {
    "transitions": {"rules/lifecycle.py"},
    "cattrs": {"adapters/codec.py"},
    "yaml": {"adapters/yamlnodes.py"},
    "pluggy": {"hookspecs.py", "plugins.py"},
    "sqlite3": {"adapters/sqlite.py", "adapters/sqlite_schema.py", "adapters/queries.py"},
    "sqlalchemy": {"adapters/queries.py"},
    "holidays": {"model/countries.py"},
    "pyspark": {"adapters/spark.py"},
    "pyarrow": {"adapters/spark.py"},
    "datasketches": {"adapters/sketches.py"},
}
IMPURE = {
    "time",
    "random",
    "secrets",
    "uuid",
    "os",
    "sys",
    "socket",
    "subprocess",
    "sqlite3",
    "pathlib",
    "logging",
    "io",
}
# A saved log is loaded where logs stand, running totals where they run: these files may name files, and read and write
# nothing but the folder of a log or of totals. Kept summaries are marked with the code that made them, which is read.
ALLOWED = {"metrics/saved.py": {"pathlib"}, "metrics/folder.py": {"pathlib", "os"}, "metrics/totals.py": {"pathlib"}}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """What is written in a file, parsed once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Every module that a file imports, wherever in it, type-only imports aside."""
    tree = tree_of(path)
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or "", node


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_pure_floors_import_nothing_impure(path: Path) -> None:
    """Model, rules and metrics import no clock, chance, file or process; each floor only the libraries it may."""
    floor = name_of(path).split("/")[0]
    if floor not in OUTSIDE:
        return
    import sys

    for module, _ in imports(path):
        top = module.partition(".")[0]
        if top == "orderflow":
            continue
        if top in sys.stdlib_module_names:
            allowed = ALLOWED.get(name_of(path), set())
            assert floor == "adapters" or top not in IMPURE - allowed, f"{name_of(path)} imports {module}"
        else:
            assert top in OUTSIDE[floor], f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("library", sorted(DOORS))
def test_every_library_has_one_door(library: str) -> None:
    """A library with a door is imported there and nowhere else."""
    found = {name_of(path) for path in FILES for module, _ in imports(path) if module.partition(".")[0] == library}
    assert found == DOORS[library]


@pytest.mark.parametrize(
    "path", [path for path in FILES if name_of(path).split("/")[0] in ("model", "rules", "metrics")], ids=name_of
)
def test_no_clock_below_the_shell(path: Path) -> None:
    """Nobody below the shell calls `now`, `today`, `utcnow`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in ("now", "today", "utcnow"), f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_are_small_and_say_what_they_are(path: Path) -> None:
    """A module has a docstring, no `__getattr__`, at most 400 lines, and functions of at most 60."""
    text, tree = path.read_text(encoding="utf-8"), tree_of(path)
    assert ast.get_docstring(tree)
    assert text.count("\n") <= 400
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.name != "__getattr__"
            assert (node.end_lineno or 0) - node.lineno <= 60, f"{path}:{node.lineno}: {node.name}"


def test_no_import_ring() -> None:
    """No module imports, over any number of others, itself: not even inside functions or for types only."""
    names = {"orderflow." + name_of(path)[:-3].replace("/", ".").removesuffix(".__init__"): path for path in FILES}
    edges: dict[str, set[str]] = {}
    for name, path in names.items():
        tree = tree_of(path)
        found: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orderflow"):
                found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
        edges[name] = {item for item in found if item in names and item != name and not name.startswith(item + ".")}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above, name))
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, (*above, name))
            done.add(name)

    for name in sorted(edges):
        visit(name, ())
