"""Flows written as files: the YAML or JSON that a person would write, and that `load_flow` reads back the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import attrs

from orderflow.adapters.flowfile import read_flow_text
from orderflow.adapters.yamlnodes import write_yaml
from orderflow.model.calendar import WorkCalendar
from orderflow.model.canonical import flow_text, to_data, write_decimal
from orderflow.model.condition import Condition, Logic, Name
from orderflow.model.duration import UNITS
from orderflow.model.errors import DefinitionError
from orderflow.model.flow import Field, Flow, Track, Transition
from orderflow.model.hours import DAYS
from orderflow.model.policies import SLA, NotifyRule, OwnerRule, Warn
from orderflow.model.quantities import Lines
from orderflow.model.reasons import Place, problem

Format = Literal["yaml", "json"]
_FIRST = {
    Flow: (
        "name",
        "title",
        "select",
        "currency",
        "fields",
        "calendar",
        "calendars",
        "lifecycle",
        "tracks",
        "lines",
        "amendments",
    ),
    Track: ("title", "many", "carries_lines", "loads", "lifecycle"),
    SLA: ("title",),
}
_TABLES = (
    "fields",
    "calendars",
    "lifecycle",
    "stages",
    "transitions",
    "tracks",
    "lines",
    "moves",
    "amendments",
    "sla",
    "notify",
)
_WHEN = ("start", "stop", "pause", "resume", "reset", "cancel")
_LONE = ("source", "to", "moves", *_WHEN)  # one name needs no list here
_WRITTEN = ((Transition, "dest"), (Field, "type"))  # even when it is the default
_ALWAYS = ["00:00-24:00"]


def dump_flow(flow: Flow, path: str | os.PathLike[str] | None = None, *, format: Format | None = None) -> str:
    """The text of a flow file, also written to `path` (UTF-8) when there is one.

    - `load_flow` reads it back to the same fingerprint. Defaults are left out; comments of a file that the flow was
      read from are lost.
    - `format`: `yaml` or `json`; without it, a path that ends in `.json` means JSON, everything else YAML.
    - Raises `DefinitionError` for what a flow file cannot say (a title in other languages than `en` and `zh`, parts of
      a second), for a flow with errors, and when `path` cannot be written.
    """
    if format is None:
        format = "json" if path is not None and os.fspath(path).lower().endswith(".json") else "yaml"
    data = flow_data(flow)
    text = _json(data) if format == "json" else write_yaml(data, _TABLES)
    again = read_flow_text(text)
    if flow_text(again) != flow_text(flow):
        where, value = next(_differences(to_data(flow, lean=True), to_data(again, lean=True), ""))
        raise DefinitionError([problem("wrong_kind", Place(path=where), what="a flow file", kind="text", value=value)])
    if path is not None:
        _write(path, text)
    return text


def flow_data(flow: Flow) -> dict[str, Any]:
    """The flow in the plain data of its file: dictionaries, lists, texts, numbers, booleans, None; short forms."""
    return {"flow" if key == "name" else key: value for key, value in _record(flow).items()}


def _json(data: Any) -> str:
    """JSON that the YAML reader takes too: what is not printable is escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return (text if text.replace("\n", "").isprintable() else json.dumps(data, indent=2)) + "\n"


def _write(path: str | os.PathLike[str], text: str) -> None:
    from pathlib import Path

    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        place = Place(file=str(path))
        raise DefinitionError([problem("cannot_open", place, error=error.strerror or str(error))]) from None


def _differences(one: Any, other: Any, path: str) -> Iterator[tuple[str, str]]:
    """Where two canonical data differ, with what the first has there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from _differences(one.get(key), other.get(key), f"{path}.{key}".removeprefix("."))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, its) in enumerate(zip(one, other, strict=True)):
            yield from _differences(mine, its, f"{path}[{index}]")
    elif one != other:
        yield path, repr(one)[:80]


# --- values -------------------------------------------------------------------------------------------------------


def _record(value: Any) -> dict[str, Any]:
    """A record by its fields, in the order of the documents; those that have their default are left out."""
    kind = type(value)
    fields = attrs.fields_dict(kind)
    first = _FIRST.get(kind, ())
    found = {}
    for name in (*first, *(name for name in fields if name not in first)):
        item, default = getattr(value, name), fields[name].default
        if not fields[name].metadata.get("canonical", True):
            continue
        if default is not attrs.NOTHING and item == default and (kind, name) not in _WRITTEN:
            continue
        form: Any = _names(item) if name in _WHEN else _form(item)
        if name in _LONE and isinstance(form, list) and len(form) == 1:
            form = form[0]
        if name == "tolerance":
            form = f"{write_decimal(item)}%"
        if name == "stages" and kind is Lines and not any(form.values()):
            form = list(form)  # their names are enough
        if name == "title" and form.keys() == {"*"}:
            form = form["*"]
        if name == "target" and isinstance(form, list) and len(form) == 1 and form[0].keys() == {"target"}:
            form = form[0]["target"]
        found[name] = form
    return found


def _form(value: Any) -> Any:
    """A value as it stands in a file."""
    if isinstance(value, Condition):
        return value.text
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, WorkCalendar):
        return _calendar(value.to_dict())
    if isinstance(value, Warn):
        return f"{write_decimal(value.percent)}%" if value.percent is not None else f"-{_duration(value.before)}"
    if isinstance(value, OwnerRule | NotifyRule):
        return _short(_record(value), value)
    if isinstance(value, Track):
        own = {key: item for key, item in _record(value).items() if key != "lifecycle"}
        return {**own, **_record(value.lifecycle)}
    if attrs.has(type(value)):
        return _record(value)
    if isinstance(value, Mapping):
        return {str(key): _form(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_form(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)  # of a text enum its value
    return value if value is None or isinstance(value, bool | int) else str(value)


def _short(data: dict[str, Any], value: Any) -> Any:
    """A person alone for an owner, recipients alone for a topic."""
    if isinstance(value, OwnerRule) and data.keys() == {"person"}:
        return data["person"]
    if isinstance(value, NotifyRule) and value.channels is None and value.to:
        return data.get("to", "owner")
    return {"to": "owner", **data} if isinstance(value, NotifyRule) else data


def _names(condition: Condition) -> str | list[str]:
    """The text of a *when*; `[placed, review]` for one that is only names, of which one must hold."""
    tree = condition.tree
    if isinstance(tree, Logic) and tree.operator == "or" and all(isinstance(item, Name) for item in tree.operands):
        return condition.text.split(" or ")
    return condition.text


def _duration(length: timedelta | None) -> str:
    """Such as `2d`, `37h30m`; parts of a second are written, so that they are refused and not lost."""
    rest = length or timedelta()
    if rest < timedelta() or rest.microseconds:
        return f"{rest.total_seconds()}s"
    if rest.days and not rest.seconds:
        return f"{rest.days}d"
    parts = []
    for unit in ("h", "m", "s"):
        count, rest = divmod(rest, timedelta(seconds=UNITS[unit]))
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0h"


def _calendar(spec: Mapping[str, Any]) -> Any:
    """The spec of a calendar in short forms: `mon-fri` for days of the same hours, `always`, a country alone."""
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if key == "hours":
            always = len(value) == len(DAYS) and all(hours == _ALWAYS for hours in value.values())
            found[key] = "always" if always else _week(value)
        elif key == "holidays" and value.keys() in ({"country"}, {"dates"}):
            (found[key],) = value.values()
        elif key in ("union", "intersection", "difference"):
            found[key] = [_calendar(part) for part in value]
        elif key != "timezone" or value != "UTC" or len(spec) == 1:
            found[key] = value
    return found


def _week(hours: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    runs: list[tuple[list[str], Sequence[str]]] = []
    for day in DAYS:
        if day not in hours:
            continue
        if runs and runs[-1][1] == hours[day] and DAYS.index(runs[-1][0][-1]) == DAYS.index(day) - 1:
            runs[-1][0].append(day)
        else:
            runs.append(([day], hours[day]))
    return {days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}": spans for days, spans in runs}
