"""A flow that is written as a file is read back as the same flow, whatever is in it."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.dump import dump_flow, flow_data
from orderflow.adapters.flowfile import read_flow_text
from orderflow.adapters.yamlnodes import scalar, write_yaml
from orderflow.model.calendar import WorkCalendar
from orderflow.model.canonical import fingerprint
from orderflow.model.condition import Compare, Condition, Constant, Name
from orderflow.model.flow import Track

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = sorted(Path(of.__file__).parent.joinpath("templates").glob("*.yaml"))
SMALL = """\
flow: sales-order
title: {en: Sales order, zh: 销售订单}

fields:
  order.region: {type: choice, of: [华东, "no", "1e3"]}
  customer.phone: {type: text, personal: true}

calendar:
  timezone: Asia/Shanghai
  hours: {mon-fri: ["09:00-12:00", "13:30-18:00"], sat: ["09:00-12:00"]}
  holidays: ["2026-01-01", "2026-01-02", "2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20",
      "2026-02-23"]

calendars:
  night: {hours: always}

lifecycle:
  initial: placed
  stages:
    placed: {title: 下单, owner: wang}
    waiting: {}
    completed: {category: done}
  transitions:
    - {trigger: submit, source: placed, dest: waiting, guard: "order.region in ['华东']", requires: [customer.phone]}
    - {trigger: call, source: "*", dest: null}
    - {trigger: again, source: [placed, waiting], dest: "="}
    - trigger: complete
      source: waiting
      dest: completed
      guard: order.total < 50000 and order.promised_at is not missing or actor.id == 'boss'
      roles: [boss]
      title: {en: Complete, zh: 完成}

sla:
  review: {start: [placed, waiting], target: 37h30m, warn: [50%, -30m]}
  delivery:
    title: {en: Delivery, zh: 交期}
    start: placed
    stop: completed
    target: [{target: 2d, when: order.total < 100}, {target: 1h30m}]
    time: wall
    escalate: [{after: 0h, to: lead}, {after: 1d, to: [manager, "role:boss"]}]

notify:
  assigned: owner
  breached: {to: [owner, "role:boss"], channels: [mail]}

find: [order.region]
"""


def test_a_file_is_written_as_a_person_would_write_it() -> None:
    """Order of keys, short forms, quotes, and lengths of time."""
    flow = read_flow_text(SMALL)
    assert dump_flow(flow) == SMALL


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_the_templates_come_back(path: Path) -> None:
    """Each template that ships: YAML, JSON, and to the same text again."""
    flow = of.load_flow(path)
    for form in ("yaml", "json"):
        again = read_flow_text(dump_flow(flow, format=form))  # type: ignore[arg-type]  # one of the two
        assert fingerprint(again) == fingerprint(flow)
        assert dump_flow(again) == dump_flow(flow)


def test_the_example_of_the_documents_comes_back() -> None:
    """flow-file.md has a flow in which every part occurs."""
    document = (ROOT / "docs" / "flow-file.md").read_text(encoding="utf-8")
    shown = re.search(r"```yaml sales_order.yaml\n(.*?)```", document, re.DOTALL)
    assert shown
    flow = read_flow_text(shown[1])
    assert fingerprint(read_flow_text(dump_flow(flow))) == fingerprint(flow)


def test_a_path_is_written(tmp_path: Path) -> None:
    """In UTF-8, as JSON when the name says so; the text is what is given back."""
    flow = read_flow_text(SMALL)
    for name in ("flow.yaml", "flow.json"):
        path = tmp_path / name
        assert path.write_text(dump_flow(flow, path), encoding="utf-8")
        assert fingerprint(of.load_flow(path)) == fingerprint(flow)
    assert json.loads((tmp_path / "flow.json").read_text(encoding="utf-8")) == flow_data(flow)
    with pytest.raises(of.DefinitionError, match="cannot be opened"):
        dump_flow(flow, tmp_path)


# --- whatever is in it --------------------------------------------------------------------------------------------

HOSTILE = (
    *("null", "yes", "No", "on", "~", "true", "1e3", "0x1f", "0o14", "1_000", "12:30", "2026-01-01", ".inf", "NaN"),
    *("=", "*", "<<", "- a", "a: b", "a #b", "#a", "{a}", "[a", "a]", "a, b", "&a", "!a", "|", ">", "%a", "@a", "`a`"),
    *("'", '"', "it's", "\\", "\\n", " a", "a ", "a  b", "?", "? a", ":", "a:", ": a", "---", "...", "50%", "8h", "😀"),
    *("下单", "\u3000下", "a\u00a0b", "8h ", "-30m", "a'", "x\u2028y", "\ufeffx", "e\u0301", "_", "None", "+1", "1."),
)
letters = st.characters(exclude_categories=["Cs"])
texts = st.one_of(st.sampled_from(HOSTILE), st.text(letters, min_size=1, max_size=12)).filter(str.strip)
PRINTABLE = [text for text in HOSTILE if text.isprintable() and text not in ("*", "=")]
written = st.characters(categories=["L", "N", "P", "S"], exclude_characters="*=")
names = st.one_of(st.sampled_from(PRINTABLE), st.text(written, min_size=1, max_size=8))
people = st.one_of(
    st.sampled_from([text for text in PRINTABLE if ":" not in text]), st.text("a 'no-1", max_size=5).map("x{}".format)
)
several = st.lists(names, max_size=3, unique=True)
titles = st.one_of(st.just({}), texts, st.dictionaries(st.sampled_from(["en", "zh"]), texts, min_size=1))
lengths = st.integers(0, 10**8).map(lambda seconds: timedelta(seconds=seconds + 1))
conditions = st.one_of(
    st.sampled_from(["order.total < 5 or order.rush", "actor.id in ['a', 'b, c']", "order.rush"]),
    names.map(lambda text: Condition(Compare(Name("order.note"), (("==", Constant(text)),)))),
)
guards = st.one_of(st.none(), conditions)
owners = st.one_of(
    st.none(),
    names.map(lambda person: of.OwnerRule(person=person)),
    st.builds(of.OwnerRule, role=names, team=st.one_of(st.none(), names)),
)
stages = st.builds(
    of.Stage,
    title=titles,
    owner=owners,
    category=st.sampled_from(["open", "waiting", "done", "cancelled"]),
    calendar=st.one_of(st.none(), names),
)
recipients = st.lists(
    st.one_of(people, names.map(lambda name: f"role:{name}")),
    min_size=1,
    max_size=3,
)
rules = st.builds(of.NotifyRule, to=recipients, channels=st.one_of(st.none(), several))
hours = st.sampled_from([["09:00-12:00", "13:30-18:00"], ["22:00-24:00"], ["00:00-24:00"]])
calendars = st.one_of(
    st.just(of.ALWAYS),
    st.builds(
        lambda week, zone, days: WorkCalendar.from_dict({"hours": week, "timezone": zone, "holidays": days}),
        st.dictionaries(st.sampled_from(["mon", "tue", "wed", "fri", "sun"]), hours, min_size=1),
        st.sampled_from(["UTC", "Asia/Shanghai"]),
        st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=40),
    ),
)
slas = st.builds(
    of.SLA,
    start=st.one_of(conditions, st.just("order.rush or order.total < 1"), st.just(["order.rush", "order.other"])),
    stop=guards,
    target=st.one_of(
        lengths,
        st.builds(
            lambda one, other: [of.Target(target=one, when="order.rush"), of.Target(target=other)], lengths, lengths
        ),
    ),
    time=st.sampled_from(["business", "wall"]),
    warn=st.lists(st.builds(of.Warn, percent=st.integers(1, 100)), max_size=3),
    escalate=st.lists(st.builds(of.Rung, after=lengths, to=recipients), max_size=2),
    title=titles,
)
FIELDS = {"order.rush": "boolean", "order.other": "boolean", "order.note": "text"}


@st.composite
def flows(draw: st.DrawFn) -> of.Flow:
    """Flows without errors, with the names and texts that files get wrong."""
    found = draw(st.dictionaries(names, stages, min_size=1, max_size=4))
    here = st.sampled_from(list(found))
    transitions = st.builds(
        of.Transition,
        trigger=names,
        source=st.one_of(st.just("*"), st.lists(here, min_size=1, max_size=3)),
        dest=st.one_of(here, st.sampled_from(["=", None])),
        guard=guards,
        roles=several,
        requires=st.lists(st.sampled_from(list(FIELDS)), max_size=2),
        title=titles,
    )
    lifecycle = of.Lifecycle(
        initial=draw(here),
        stages=found,
        transitions=draw(st.lists(transitions, max_size=4, unique_by=lambda item: item.trigger)),
    )
    words, found_title = draw(st.lists(names, min_size=1, max_size=3)), draw(titles)
    taken = ("flow", "stage", "owner", "customer")
    return of.Flow(
        name=draw(names),
        title=draw(titles),
        currency="CNY",
        lifecycle=lifecycle,
        fields={
            **{name: of.Field(type=kind) for name, kind in FIELDS.items()},  # type: ignore[arg-type]  # a FieldKind
            "customer.word": of.Field(type="choice", of=words, required=draw(st.booleans()), title=draw(titles)),
        },
        calendar=draw(st.one_of(st.none(), calendars)),
        calendars=draw(
            st.dictionaries(names.map(lambda name: f"{name}1" if name in taken else name), calendars, max_size=2)
        ),
        sla=draw(st.dictionaries(st.one_of(st.just("*"), texts), slas, max_size=2)),
        tracks=draw(st.sampled_from([{}, {"payment": Track(lifecycle=lifecycle, many=True, title=found_title)}])),
        notify=draw(st.one_of(st.none(), st.dictionaries(st.sampled_from(["assigned", "breached"]), rules))),
        find=draw(st.sampled_from([[], ["customer.word"], ["order.rush", "order.note"]])),
    )


@settings(max_examples=150, deadline=None)
@given(flows())
def test_any_flow_comes_back_with_the_same_fingerprint(flow: of.Flow) -> None:
    """Words of YAML, quotes, spaces, signs, any script: in YAML and in JSON."""
    for form in ("yaml", "json"):
        text = dump_flow(flow, format=form)  # type: ignore[arg-type]  # one of the two
        again = read_flow_text(text)
        assert fingerprint(again) == fingerprint(flow)
        assert again == flow
    assert yaml.safe_load(dump_flow(flow)) == flow_data(flow)  # another reader of YAML gets the same texts, as texts


@settings(max_examples=500, deadline=None)
@given(st.one_of(texts, st.text(letters)))
@example("\x7f\x85\U000e0001")
def test_every_text_is_a_text_to_every_reader(text: str) -> None:
    """Alone, as a key and in a list: PyYAML, with its own guesses, reads a text, and the same one."""
    data = {"alone": text, text: [text, {"in": text}]}
    assert yaml.safe_load(write_yaml(data)) == data
    assert yaml.safe_load(write_yaml({"table": data}, ["table"])) == {"table": data}
    assert "\n" not in scalar(text)


@settings(max_examples=100, deadline=None)
@given(st.lists(names, min_size=20, max_size=40))
def test_long_lists_are_broken_between_their_parts(values: list[str]) -> None:
    """As many on a line as fit; nothing is lost where a line ends."""
    text = write_yaml({"holidays": values})
    assert yaml.safe_load(text) == {"holidays": values}


@pytest.mark.parametrize(
    "spec",
    [
        {"hours": "always"},
        {"hours": "always", "timezone": "Asia/Shanghai"},
        {"hours": {"mon-sun": ["09:00-12:00"]}, "holidays": "NO"},
        {"hours": {"mon,wed-fri": ["22:00-06:00"]}, "holidays": {"country": "DE", "subdivision": "BY"}},
        {"hours": {"mon": ["09:00-12:00"]}, "holidays": {"country": "CN", "makeup": []}},
        {
            "hours": {"mon": ["09:00-12:00"]},
            "exceptions": {"2026-01-01": []},
            "breaks": {"2026-01-02": ["09:00-10:00"]},
        },
        {"recurring": [{"rule": "FREQ=MONTHLY;BYDAY=-1FR", "start": "2026-01-01", "hours": ["09:00-12:00"]}]},
        {"difference": [{"hours": "always"}, {"union": [{"hours": "always"}, {"hours": {"fri": ["09:00-12:00"]}}]}]},
    ],
)
def test_every_form_of_calendar_comes_back(spec: dict[str, Any]) -> None:
    """Hours, holidays, exceptions, breaks, rules and combinations, in their short forms."""
    flow = of.Flow(
        name="f",
        lifecycle=of.Lifecycle(initial="a", stages=["a"], transitions=[]),
        calendar=WorkCalendar.from_dict(spec),
    )
    assert read_flow_text(dump_flow(flow)) == flow


# --- what a file cannot say ---------------------------------------------------------------------------------------


def flow_with(**values: Any) -> of.Flow:
    lifecycle = of.Lifecycle(initial="a", stages={"a": of.Stage()}, transitions=[])
    return of.Flow(**{"name": "f", "lifecycle": lifecycle, **values})


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (flow_with(title={"fr": "Commande"}), "(title.fr): there is no key 'fr' here; there are en, zh"),
        (flow_with(title={"en": "Order", "*": "Order"}), "there is no key '*' here"),
        (flow_with(title=" "), "(title): a text is expected"),
        (flow_with(title="\ud800"), "title.*: a flow file holds text values, not '\\ud800'"),
        (flow_with(name=5), "name: a flow file holds text values, not 5"),
        (flow_with(sla={"s": of.SLA(start="a", target=timedelta(seconds=1.5))}), "'1.5s' is no length of time"),
        (
            flow_with(sla={"s": of.SLA(start="a", target="1h", warn=[of.Warn(percent=Decimal("12.5"))])}),
            "'12.5%' says no instant",
        ),
        (flow_with(currency="yuan"), "(currency): 'yuan' is not an ISO 4217 code"),
    ],
)
def test_what_a_file_cannot_say_is_refused(flow: of.Flow, words: str, tmp_path: Path) -> None:
    """Nothing is lost in silence, and no file is written."""
    with pytest.raises(of.DefinitionError) as caught:
        dump_flow(flow, tmp_path / "flow.yaml")
    assert words in str(caught.value)
    assert not list(tmp_path.iterdir())
