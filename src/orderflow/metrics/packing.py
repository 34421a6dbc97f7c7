"""Packing: a summary, a log or any other value of figures as bytes, so that it crosses the border of a process."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from attrs import fields, has

from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

MAGIC = b"orderflow-pack-1\n"
OURS = ("orderflow.model.", "orderflow.metrics.", "orderflow.adapters.")  # where values are; the rest is never imported
PLAIN = (bool, int, float, str)
TEXTS: dict[type, tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    timedelta: ("micros", lambda value: str(value // timedelta(microseconds=1)), lambda text: _micros(text)),
    Decimal: ("decimal", str, Decimal),
}
GROUPS: dict[type, str] = {tuple: "tuple", list: "list", frozenset: "frozenset", set: "set"}
MAPS: dict[type, str] = {FrozenMap: "map", dict: "dict"}


def pack(value: Any) -> bytes:
    """The value as bytes that `unpack` reads: one line of magic, the length of a JSON tree, the tree, the blobs.

    - Equal values of one make give equal bytes, in every process.
    - Takes orderflow's attrs values, polars frames and series (as Arrow IPC), bytes, numbers, texts, None,
      instants, days, durations, Decimals, calendars, and tuples, lists, sets, dicts and FrozenMaps of all these.
    - Raises TypeError for anything else: it is not guessed how to write it.
    """
    blobs: list[bytes] = []
    tree = json.dumps(_down(value, blobs), ensure_ascii=False, separators=(",", ":")).encode()
    sizes = json.dumps([len(tree), *(len(blob) for blob in blobs)]).encode()
    return b"".join([MAGIC, sizes, b"\n", tree, *blobs])


def unpack(data: bytes) -> Any:
    """The value that was packed. No code runs but the constructors of orderflow's own values (unlike pickle).

    - Raises LogError (`log.not_packed`) for bytes that `pack` of this version did not write, or that were cut.
    """
    import polars as pl

    if not data.startswith(MAGIC):
        raise LogError.of("log.not_packed", detail="the first line is another")
    try:
        start = data.index(b"\n", len(MAGIC))
        size, *sizes = json.loads(data[len(MAGIC) : start])
        view = memoryview(data)[start + 1 :]
        blobs, end = [], size
        for length in sizes:
            blobs.append(view[end : end + length])
            end += length
        if end != len(view):
            raise ValueError(f"{len(view)} bytes where {end} were announced")
        return _up(json.loads(bytes(view[:size])), blobs)
    except (ValueError, KeyError, TypeError, AttributeError, ImportError, pl.exceptions.PolarsError) as error:
        raise LogError.of("log.not_packed", detail=str(error)) from error


def _down(value: Any, blobs: list[bytes]) -> Any:
    """The value as JSON: plain values as they are, everything else as a pair of a kind and its content."""
    import polars as pl

    kind = type(value)
    if value is None or kind in PLAIN:
        return value
    if kind in TEXTS:
        name, write, _ = TEXTS[kind]
        return [name, write(value)]
    if kind in GROUPS:
        items = value if kind in (tuple, list) else sorted(value, key=repr)  # a set has another order in each process
        return [GROUPS[kind], [_down(item, blobs) for item in items]]
    if kind in MAPS:
        return [MAPS[kind], [[_down(key, blobs), _down(item, blobs)] for key, item in value.items()]]
    if kind is bytes:
        return ["bytes", _blob(value, blobs)]
    if kind is WorkCalendar:
        return ["calendar", [value.name, value.to_dict()]]
    if kind is pl.DataFrame:
        return ["frame", _blob(_arrow(value), blobs)]
    if kind is pl.Series:
        return ["series", _blob(_arrow(value.to_frame()), blobs)]
    if has(kind) and f"{kind.__module__}.".startswith(OURS):
        content = {field.alias: _down(getattr(value, field.name), blobs) for field in fields(kind) if field.init}
        return [f"{kind.__module__}:{kind.__qualname__}", content]
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} cannot be packed")


def _up(tree: Any, blobs: list[memoryview]) -> Any:
    if not isinstance(tree, list):
        return tree
    kind, content = tree
    if ":" in kind:
        return _class(kind)(**{name: _up(item, blobs) for name, item in content.items()})
    for name, _, read in TEXTS.values():
        if kind == name:
            return read(content)
    for group, name in GROUPS.items():
        if kind == name:
            return group(_up(item, blobs) for item in content)
    for mapping, name in MAPS.items():
        if kind == name:
            return mapping({_up(key, blobs): _up(item, blobs) for key, item in content})
    if kind == "calendar":
        return WorkCalendar.from_dict(content[1], name=content[0])
    if kind == "bytes":
        return bytes(blobs[content])
    frame = _frame(blobs[content])
    return frame if kind == "frame" else frame.to_series()


def _class(name: str) -> type[Any]:
    """The attrs class of orderflow with this name; nothing else is ever looked up."""
    module, _, path = name.partition(":")
    if not f"{module}.".startswith(OURS):
        raise ValueError(f"{name} is no value of orderflow")
    found = getattr(import_module(module), path)
    if not isinstance(found, type) or not has(found):
        raise ValueError(f"{name} is no value of orderflow")
    return found


def _blob(data: bytes, blobs: list[bytes]) -> int:
    blobs.append(data)
    return len(blobs) - 1


def _arrow(frame: pl.DataFrame) -> bytes:
    return frame.write_ipc(None, compression="lz4").getvalue()


def _frame(data: memoryview) -> pl.DataFrame:
    import polars as pl

    return pl.read_ipc(bytes(data))


def _micros(text: str) -> timedelta:
    return timedelta(microseconds=int(text))
