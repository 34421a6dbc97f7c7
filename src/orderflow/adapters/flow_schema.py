"""The JSON Schema of flow files, made from the classes of a flow, so that editors complete and check while one writes.

`python -m orderflow.adapters.flow_schema` writes `templates/flow.schema.json` anew; a test holds it true.
"""

from __future__ import annotations

import types
import typing
from datetime import timedelta
from typing import Any, Literal, get_args, get_origin

import attrs

from orderflow.adapters.compose import KEYS as COMPOSING
from orderflow.adapters.flow_meanings import MEANING
from orderflow.model.calendar import WorkCalendar
from orderflow.model.condition import Condition
from orderflow.model.duration import UNITS
from orderflow.model.flow import AmendmentRule, Field, Flow, Lifecycle, Select, Stage, Track, Transition
from orderflow.model.frozen import FrozenMap
from orderflow.model.hours import DAYS
from orderflow.model.policies import SLA, TOPICS, NotifyRule, OwnerRule, Rung, Target, Warn
from orderflow.model.quantities import LineMove, Lines, LineStage
from orderflow.rules.check_lines import JUMPS

Schema = dict[str, Any]
_KINDS = (
    Field,
    Select,
    Lifecycle,
    Track,
    Stage,
    OwnerRule,
    Transition,
    Lines,
    LineStage,
    LineMove,
    AmendmentRule,
    SLA,
    Target,
    Rung,
    NotifyRule,
)
_EMPTY = (Field, Stage, LineStage)  # nothing behind the name: all defaults
_DIGITS = {"w": 5, "d": 6, "h": 7, "m": 8, "s": 9}
_LENGTH = "(?=[0-9])" + "".join(f"([0-9]{{1,{_DIGITS[unit]}}}{unit})?" for unit in UNITS)
_INTERVAL = r"\s*[0-9]{1,2}:[0-9]{2}\s*-\s*[0-9]{1,2}:[0-9]{2}\s*"
_DAY = r"\s*(" + "|".join("".join(f"[{letter}{letter.upper()}]" for letter in day) for day in DAYS) + r")\s*"


def flow_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a flow file: what `load_flow` takes, short forms included.

    - It knows the shape of a file: keys, kinds of values, fixed words. What names mean - stages, fields, conditions -
      is checked by `load_flow`.
    - A file with `extends:` or `include:` is a `FlowPart`, in which nothing is required; and so is a module.
    """
    whole = {**_BASICS, **_calendar(), **{_key(kind): _object(kind) for kind in (Flow, *_KINDS)}}
    parts = {_part_key(name): part_of(whole[name], whole) for name in whole if name not in _WHOLE_ONLY}
    parts["FlowPart"]["properties"] = {**_composing(), **parts["FlowPart"]["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:orderflow:flow",
        "title": "An orderflow flow file",
        "type": "object",
        "properties": {**_composing(), **{key: _said(item) for key, item in whole["Flow"]["properties"].items()}},
        "if": {"anyOf": [{"required": [key]} for key in COMPOSING]},
        "then": _ref("FlowPart"),
        "else": _ref("Flow"),
        "$defs": {**whole, **parts},
    }


def schema_text() -> str:
    """The schema as the text that ships."""
    import json

    return json.dumps(flow_schema(), ensure_ascii=False, indent=2) + "\n"


# --- from the classes ---------------------------------------------------------------------------------------------


def _object(kind: type[Any]) -> Schema:
    """The mapping that stands for a record."""
    hints = typing.get_type_hints(kind)
    properties: Schema = {}
    required = []
    for item in attrs.fields(kind):
        if not item.metadata.get("canonical", True):
            continue
        name = "flow" if (kind, item.name) == (Flow, "name") else item.name
        if (kind, name) == (Track, "lifecycle"):  # its keys stand among those of the track
            inner = _object(Lifecycle)
            properties |= inner["properties"]
            required += inner["required"]
            continue
        known = _SPECIAL.get((kind, name))
        text = MEANING.get(f"{_key(kind)}.{name}") or MEANING.get(name)
        properties[name] = {**(known if known is not None else _value(name, hints[item.name]))}
        if text:
            properties[name]["description"] = text
        if item.default is attrs.NOTHING or (kind, name) == (Transition, "dest"):
            required.append(name)
    more = {"required": required} if required else {}
    return {"type": "object", "properties": properties, **more, "additionalProperties": False, **_RULES.get(kind, {})}


def _value(name: str, hint: Any) -> Schema:
    """What may stand for a field, by its type."""
    if name == "title":
        return _ref("title")
    if get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = [item for item in get_args(hint) if item is not type(None)]
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return _ref("names") if inner is str else {"type": "array", "items": _value(name, inner)}
    if get_origin(hint) is FrozenMap:
        return _map(get_args(hint)[0])
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    return _ref(_key(hint))


def _map(inner: Any) -> Schema:
    """A mapping from free names to values of one kind."""
    value = _value("", inner)
    part = {"anyOf": [value, {"type": "null"}]} if inner in _EMPTY else value
    return {"type": ["object", "null"], "additionalProperties": part}


def _key(kind: type[Any]) -> str:
    return kind.__name__


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _any(*parts: Schema) -> Schema:
    return {"anyOf": list(parts)}


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$"}


def _list(part: Schema) -> Schema:
    return {"type": "array", "items": part}


_BASICS: dict[str, Schema] = {
    # A key decides what its value means, so `no` and `1e3` are texts where a text is wanted, whatever YAML thinks.
    "text": {"type": ["string", "number", "boolean"], "pattern": r"\S"},
    "names": _any(_ref("text"), _list(_ref("text"))),
    "title": _any(
        _ref("text"),
        {"type": "object", "properties": {"en": _ref("text"), "zh": _ref("text")}, "additionalProperties": False},
    ),
    "duration": {**_text(rf"\s*{_LENGTH}\s*"), "examples": ["30m", "8h", "1d12h"]},
    "warn": {**_text(rf"\s*([0-9]+\s*%|-\s*{_LENGTH})\s*"), "examples": ["80%", "-2h"]},
    "condition": _any(_ref("text"), {**_list(_ref("text")), "minItems": 1}),
}
_SIMPLE: dict[Any, Schema] = {
    str: _ref("text"),
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Condition: _ref("condition"),
    timedelta: _ref("duration"),
    Warn: _ref("warn"),
    WorkCalendar: _ref("calendar"),
}
_SPECIAL: dict[tuple[type[Any], str], Schema] = {
    (Flow, "select"): _any(_ref("Select"), {"type": "null"}),
    (Flow, "currency"): _text("[A-Z]{3}"),
    (Flow, "fields"): {
        **_map(Field),
        "propertyNames": {"pattern": r"^(order|customer|line)\.[\s\S]+$"},
    },
    (Flow, "notify"): {
        "type": ["object", "null"],
        "properties": {topic: _any(_ref("names"), _ref("NotifyRule"), {"type": "null"}) for topic in TOPICS},
        "additionalProperties": False,
    },
    (Lifecycle, "stages"): {
        **_map(Stage),
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": r"\S", "maxLength": 100},
    },
    (Lifecycle, "jumps"): {
        "type": ["object", "null"],
        "properties": {kind: _ref("names") for kind in JUMPS},
        "additionalProperties": False,
    },
    (Lines, "stages"): _any(
        {**_list(_ref("text")), "minItems": 1}, {**_map(LineStage), "type": "object", "minProperties": 1}
    ),
    (Lines, "tolerance"): {**_text(r"\s*[0-9]+(\.[0-9]+)?\s*%\s*"), "examples": ["5%"]},
    (Stage, "owner"): _any(_ref("text"), _ref("OwnerRule")),
    (Transition, "dest"): _any(_ref("text"), {"type": "null"}),
    (SLA, "target"): _any(_ref("duration"), {**_list(_ref("Target")), "minItems": 1}),
}
_RULES: dict[type[Any], Schema] = {
    SLA: {"oneOf": [{"required": ["target"]}, {"required": ["due"]}]},
    OwnerRule: {"anyOf": [{"required": [key]} for key in ("person", "role", "team")]},
}


# --- files that are merged with others ----------------------------------------------------------------------------

_WHOLE_ONLY = ("text", "names", "duration", "warn", "condition", "hours", "Transition", "Target", "Rung")
"""What replaces as a whole: values without parts, and the items of lists."""


def part_of(schema: Schema, whole: Schema) -> Schema:
    """The same in a file that is laid over another: nothing is required, null removes, `key+` appends to a list."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return schema if name in _WHOLE_ONLY else {**schema, **_ref(_part_key(name))}
    kept = {key: item for key, item in schema.items() if key not in ("required", "oneOf", "minProperties")}
    if any("required" in item for item in kept.get("anyOf", ())):
        del kept["anyOf"]
    if "anyOf" in kept:
        kept["anyOf"] = [part_of(item, whole) for item in kept["anyOf"]]
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = _or_null(part_of(kept["additionalProperties"], whole))
    if "properties" in kept:
        found: Schema = {}
        for name, item in kept["properties"].items():
            found[name] = {**_or_null(part_of(_unsaid(item), whole)), **_said(item)}
            if _is_list(item, whole):
                found[f"{name}+"] = {**item, "description": f"added to the list that {name}: has already"}
        kept["properties"] = found
    return kept


def _is_list(schema: Schema, whole: Schema) -> bool:
    """Whether a list may stand here."""
    if "$ref" in schema:
        return _is_list(whole[schema["$ref"].rpartition("/")[2]], whole)
    return schema.get("type") == "array" or any(_is_list(item, whole) for item in schema.get("anyOf", ()))


def _or_null(schema: Schema) -> Schema:
    return _any(*schema["anyOf"], {"type": "null"}) if schema.keys() == {"anyOf"} else _any(schema, {"type": "null"})


def _said(schema: Schema) -> Schema:
    return {key: item for key, item in schema.items() if key == "description"}


def _unsaid(schema: Schema) -> Schema:
    return {key: item for key, item in schema.items() if key != "description"}


def _part_key(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}Part"


def _composing() -> Schema:
    """The keys that say what a file is made of."""
    kinds = {"extends": _ref("text"), "include": _ref("names")}
    return {key: {**kinds[key], "description": MEANING[f"FlowPart.{key}"]} for key in COMPOSING}


# --- the calendar, whose spec has no class ------------------------------------------------------------------------


def _calendar() -> dict[str, Schema]:
    """The parts of a calendar as `SpecReader` reads them."""
    spans = _any(_text(f"{_INTERVAL}(,{_INTERVAL})*"), _list(_text(_INTERVAL)))
    day = _text("[0-9]{4}-[0-9]{2}-[0-9]{2}")
    dates = {"type": "object", "propertyNames": {"pattern": day["pattern"]}, "additionalProperties": _ref("hours")}
    week = {
        "type": "object",
        "propertyNames": {"pattern": f"^{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)*$"},
        "additionalProperties": _ref("hours"),
    }
    holidays = _closed(
        {"country": _ref("text"), "subdivision": _ref("text"), "dates": _list(day)}, makeup=_ref("hours")
    )
    recurring = _closed({"rule": _ref("text"), "start": day, "hours": _ref("hours")})
    keys = {
        "timezone": _ref("text"),
        "hours": _any({"enum": ["always"]}, week),
        "holidays": _any(_text("[A-Za-z]{2,3}"), _list(day), holidays),
        "exceptions": dates,
        "breaks": dates,
        "recurring": _list({**recurring, "required": ["rule", "start", "hours"]}),
    }
    combined = {key: {**_list(_ref("calendar")), "minItems": 2} for key in ("union", "intersection", "difference")}
    described = {key: {**value, "description": MEANING[f"calendar.{key}"]} for key, value in (keys | combined).items()}
    return {"hours": spans, "calendar": _closed(described)}


def _closed(properties: Schema, **more: Schema) -> Schema:
    return {"type": "object", "properties": {**properties, **more}, "additionalProperties": False}


if __name__ == "__main__":
    from pathlib import Path

    target = Path(__file__).parent.parent / "templates" / "flow.schema.json"
    target.write_text(schema_text(), encoding="utf-8", newline="\n")
