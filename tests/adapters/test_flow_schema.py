"""The JSON Schema of flow files is the one that ships, and says what `load_flow` says about the shape of a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.dump import dump_flow
from orderflow.adapters.flow_meanings import MEANING
from orderflow.adapters.flow_schema import flow_schema, schema_text
from orderflow.adapters.flowfile import read_flow_text
from orderflow.adapters.yamlnodes import Items, Text, Tree, read_tree
from orderflow.model import hours
from orderflow.model.duration import parse_duration
from orderflow.model.policies import to_warn

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = Path(of.__file__).parent / "templates"
SCHEMA = flow_schema()
FENCE = re.compile(r"^```yaml([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


# --- a reader of YAML 1.2 and a validator, as far as the schema uses them -----------------------------------------


def as_json(tree: Tree) -> Any:
    """A file as editors see it: YAML 1.2, in which `no` and dates are texts."""
    if isinstance(tree, Items):
        return [as_json(item) for item in tree.values]
    if not isinstance(tree, Text):
        return {key.value: as_json(value) for key, value in tree.values}
    if tree.plain and tree.value in ("", "~", "null"):
        return None
    if tree.plain and tree.value in ("true", "false"):
        return tree.value == "true"
    if tree.plain and re.fullmatch(r"[-+]?[0-9]+", tree.value):
        return int(tree.value)
    return tree.value


KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "null": type(None),
    "integer": int,
    "boolean": bool,
    "number": (int, float),
}
KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "examples", "type", "enum", "pattern", "maxLength"}
KNOWN |= {"properties", "required", "additionalProperties", "propertyNames", "minProperties", "items", "minItems"}
KNOWN |= {"anyOf", "oneOf", "if", "then", "else"}


def wrong(value: Any, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Everything that a schema of draft 2020-12 says against a value."""
    assert schema.keys() <= KNOWN, "this validator does not know everything that the schema uses"
    if "$ref" in schema:
        yield from wrong(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], path)
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, KINDS[name]) for name in names) or (
            isinstance(value, bool) and "boolean" not in names
        ):
            yield f"{path}: {value!r} is no {names}"
            return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{path}: {value!r} does not look right"
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        yield f"{path}: {value!r} is too long"
    if "if" in schema:
        yield from wrong(value, schema["else" if list(wrong(value, schema["if"], path)) else "then"], path)
    for word, right in (("anyOf", lambda count: count > 0), ("oneOf", lambda count: count == 1)):
        if word in schema and not right(sum(not list(wrong(value, part, path)) for part in schema[word])):
            yield f"{path}: {word} does not hold"
    if isinstance(value, list):
        yield from (f"{path}: too short" for _ in range(schema.get("minItems", 0) - len(value)))
        for index, item in enumerate(value):
            yield from wrong(item, schema.get("items", {}), f"{path}[{index}]")
    if isinstance(value, dict):
        yield from wrong_parts(value, schema, path)


def wrong_parts(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    """The same about the keys and parts of a mapping."""
    yield from (f"{path}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    if len(value) < schema.get("minProperties", 0):
        yield f"{path}: is empty"
    for name, item in value.items():
        yield from wrong(name, schema.get("propertyNames", {}), f"{path}.{name}")
        part = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
        if part is False:
            yield f"{path}: there is no key {name}"
        elif part is not True:
            yield from wrong(item, part, f"{path}.{name}")


def told(text: str) -> list[str]:
    return list(wrong(as_json(read_tree(text, None)), SCHEMA))


# --- true ---------------------------------------------------------------------------------------------------------


def test_the_schema_that_ships_is_made_from_the_classes() -> None:
    """Who changes a class runs `python -m orderflow.adapters.flow_schema`."""
    assert (TEMPLATES / "flow.schema.json").read_text(encoding="utf-8") == schema_text()


def shown() -> dict[str, str]:
    """Every flow file that is shown or shipped."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.glob("*.yaml"))}
    for document in sorted((ROOT / "docs").glob("*.md")):
        for name, text in FENCE.findall(document.read_text(encoding="utf-8")):
            if text.startswith("flow:") and "broken" not in name:
                found[f"{document.name}:{name.strip()}"] = text
    return found


@pytest.mark.parametrize("name", shown())
def test_every_flow_file_that_is_shown_is_valid(name: str) -> None:
    """Templates and documents, as they are written and as they are dumped, in YAML and in JSON."""
    text = shown()[name]
    assert told(text) == []
    flow = read_flow_text(text)
    assert told(dump_flow(flow)) == []
    assert list(wrong(json.loads(dump_flow(flow, format="json")), SCHEMA)) == []


def test_every_key_is_in_the_documents_and_no_other() -> None:
    """flow-file.md and the schema list the same keys, section by section."""
    text = (ROOT / "docs" / "flow-file.md").read_text(encoding="utf-8")
    documented = {
        heading: set(re.findall(r"^\| `(\w+)`", body, re.MULTILINE))
        for heading, body in re.findall(r"^##+ `?([^\n`]+)`?\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    }
    kinds = {
        "select": "Select",
        "fields.NAME": "Field",
        "lifecycle": "Lifecycle",
        "lifecycle.stages.STAGE": "Stage",
        "lifecycle.stages.STAGE.owner": "OwnerRule",
        "lifecycle.transitions[]": "Transition",
        "tracks.NAME": "Track",
        "lines": "Lines",
        "lines.stages.STAGE": "LineStage",
        "lines.moves.MOVE": "LineMove",
        "amendments.NAME": "AmendmentRule",
        "sla.NAME": "SLA",
        "sla.NAME.target[]": "Target",
        "sla.NAME.escalate[]": "Rung",
        "notify.TOPIC": "NotifyRule",
        "calendar": "calendar",
    }
    parts = {heading: SCHEMA["$defs"][kind] for heading, kind in kinds.items()} | {"the file": SCHEMA}
    parts["title"] = SCHEMA["$defs"]["title"]["anyOf"][1]
    calendar = SCHEMA["$defs"]["calendar"]["properties"]
    parts["calendar.holidays"] = calendar["holidays"]["anyOf"][2]
    parts["calendar.recurring[]"] = calendar["recurring"]["items"]
    found = {heading: set(part["properties"]) for heading, part in parts.items()}
    assert {heading: keys for heading, keys in documented.items() if keys} == found
    assert set(hours._KEYS) < set(calendar)


def test_every_key_is_explained() -> None:
    """Editors show a sentence for each key; none is left over."""
    used = set()
    for kind, part in {"Flow": SCHEMA, **SCHEMA["$defs"]}.items():
        for name, item in part.get("properties", {}).items():
            assert item.get("description"), f"{kind}.{name}"
            used |= {f"{kind}.{name}", name}
    assert set(MEANING) <= used


SMALL = """\
flow: f
lifecycle:
  initial: a
  stages: {a: {}, b: {category: done}}
  transitions: [{trigger: go, source: a, dest: b}]
fields: {order.x: {type: choice, of: [no, 1, true]}}
calendar: {hours: {mon-fri: "09:00-12:00, 13:00-18:00"}}
sla: {a: {start: a, target: 8h}}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("flow: f\n", ""),
        ("flow: f", "flow: [f]"),
        ("flow: f", "flow: f\nflows: g"),
        ("flow: f", "flow: f\ncurrency: yuan"),
        ("flow: f", "flow: f\nselect: {priority: high}"),
        ("flow: f", "flow: f\nselect: {whem: order.id == '1'}"),
        ("flow: f", "flow: f\nfind+: [order.id]"),
        ("flow: f", "flow: f\ntitle: {fr: f}"),
        ("flow: f", "flow: f\nfind: {a: b}"),
        ("flow: f", "flow: f\nnotify: {breeched: owner}"),
        ("flow: f", "flow: f\nnotify: {breached: {who: owner}}"),
        ("flow: f", "flow: f\ntracks: {p: {lifecycle: {}}}"),
        ("flow: f", "flow: f\ntracks: {p: }"),
        ("  initial: a\n", ""),
        ("stages: {a: {}, b: {category: done}}", "stages: [a, b]"),
        ("stages: {a: {}, b: {category: done}}", "stages: {}"),
        ("category: done", "category: finished"),
        ("category: done", "categry: done"),
        ("a: {},", "a: {owner: {}},"),
        ("a: {},", "a: {owner: {role: r, pick: round_robin}},"),
        ("a: {},", "a: {owner: [x]},"),
        (", dest: b", ""),
        ("source: a", "source: {a: b}"),
        ("[{trigger: go, source: a, dest: b}]", "{go: {source: a, dest: b}}"),
        ("order.x", "x"),
        ("type: choice", "type: choise"),
        ("type: choice", "type: choice, required: perhaps"),
        ("mon-fri", "mo-fr"),
        ('"09:00-12:00, 13:00-18:00"', "nine to five"),
        ("calendar: {", "calendar: {holidays: {dates: [tomorrow]}, "),
        ("calendar: {hours", "calendar: {times"),
        ("target: 8h", "target: eight"),
        ("target: 8h", "target: 8"),
        ("target: 8h", "target: [{when: x}]"),
        ("target: 8h", "target: {target: 8h}"),
        ("target: 8h", "warn: [50%]"),
        ("target: 8h", "target: 8h, due: order.promised_at"),
        ("target: 8h", "target: 8h, time: busines"),
        ("target: 8h", "target: 8h, warn: 50%"),
        ("target: 8h", "target: 8h, warn: [half]"),
        ("target: 8h", "target: 8h, escalate: [{to: lead}]"),
        ("start: a, ", ""),
        ("start: a", "start: []"),
    ],
)
def test_a_file_that_is_refused_for_its_shape_is_invalid(old: str, new: str) -> None:
    """The schema and `load_flow` agree: the file is right, and with this mistake it is wrong for both."""
    assert told(SMALL) == [] and read_flow_text(SMALL)
    assert SMALL.count(old) == 1
    text = SMALL.replace(old, new)
    assert told(text) != []
    with pytest.raises(of.DefinitionError):
        read_flow_text(text)


PARTS = [
    "extends: sales-order\n",
    "extends: ./base.yaml\ninclude: [a.yaml, b.yaml]\nflow: mine\n",
    "include: a.yaml\nlifecycle: {stages: {a: null, b: , c: {owner: null}}}\n",
    "include: a.yaml\nlifecycle: {transitions+: [{trigger: go, source: a, dest: null}]}\n",
    "extends: x\ncurrency: null\nfind+: order.id\nfields: {order.a: null, order.b: {of+: [x], title: {en: null}}}\n",
    "extends: x\nsla: {a: {warn+: [80%], target: null, due: order.promised_at, escalate+: [{after: 1h, to: lead}]}}\n",
    "extends: x\nselect: {priority: 3}\nnotify: {placed: null, warned: {to+: owner}}\n",
    "extends: x\ncalendar: {hours: {sat: null}, holidays+: [2026-01-01], exceptions: {2026-01-04: null}}\n",
    "extends: x\ntracks: {a: null, b: {initial: c, transitions+: []}}\n",
]


@pytest.mark.parametrize("text", PARTS)
def test_a_file_that_is_laid_over_another_is_valid(text: str) -> None:
    """Nothing is required in it, null removes, and `+` appends; without `extends:` or `include:` it is no flow."""
    assert told(text) == []
    alone = "\n".join(line for line in text.splitlines() if not line.startswith(("extends", "include")))
    assert told(alone or "{}") != []
    assert list(wrong(as_json(read_tree(alone or "{}", None)), SCHEMA["$defs"]["FlowPart"])) == []


@pytest.mark.parametrize(
    "text",
    [
        "extends: [a]\n",
        "include: {a: b}\n",
        "extends: x\ncurency: CNY\n",
        "extends: x\ncurrency: yuan\n",
        "extends: x\nlifecycle: {stages: {a: {categry: done}}}\n",
        "extends: x\nlifecycle: {transitions+: [{trigger: go}]}\n",
        "extends: x\nlifecycle: {transitions+: [{trigger: go, source: a, dest: b}], stages+: []}\n",
        "extends: x\nsla+: []\n",
    ],
)
def test_a_part_with_a_mistake_is_invalid(text: str) -> None:
    """Keys and values are held against the same words as those of a whole flow."""
    assert told(text) != []


pieces = st.lists(
    st.one_of(st.sampled_from(["1", "20", "w", "d", "h", "m", "s", "%", "-", " ", ".", "8h"])), max_size=6
)


@given(pieces.map("".join))
def test_lengths_of_time_and_warnings_have_the_form_that_is_read(text: str) -> None:
    """The patterns of the schema take exactly what the library takes."""

    def is_read(words: str) -> bool:
        try:
            return bool(to_warn(words))
        except of.DefinitionError:
            return False

    assert (not list(wrong(text, SCHEMA["$defs"]["duration"]))) == (parse_duration(text) is not None)
    assert (not list(wrong(text, SCHEMA["$defs"]["warn"]))) == is_read(text)
