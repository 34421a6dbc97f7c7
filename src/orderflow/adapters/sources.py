"""Where the text of flow files comes from: files of the host, and the templates that ship."""

from __future__ import annotations

import os

from orderflow.model.errors import DefinitionError
from orderflow.model.reasons import Place, problem, suggest


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises `DefinitionError` when it cannot be opened or is not UTF-8.
    """
    from pathlib import Path

    where = Place(file=os.fspath(path))
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DefinitionError([problem("cannot_open", where, error=error.strerror or str(error))]) from None
    except UnicodeDecodeError as error:
        raise DefinitionError([problem("not_utf8", where, byte=error.start)]) from None


def template_names() -> tuple[str, ...]:
    """The names of the templates that ship, sorted."""
    from importlib.resources import files

    found = (item.name for item in files("orderflow").joinpath("templates").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


def template_text(name: str, place: Place | None = None) -> str:
    """The text of a template that ships.

    `place` is where its name was written. Raises `DefinitionError` for an unknown name, with a suggestion.
    """
    from importlib.resources import files

    known = template_names()
    if name not in known:
        hint = suggest(name, known) if isinstance(name, str) else None
        raise DefinitionError([problem("unknown_template", place, name=str(name)[:80], known=known, suggestion=hint)])
    return files("orderflow").joinpath("templates", f"{name}.yaml").read_text(encoding="utf-8")


def template_file(name: str) -> str:
    """How places call a template, which has no path of the host's: `template:sales-order`."""
    return f"template:{name}"
