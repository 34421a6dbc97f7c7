"""Flow files: what is read, and every problem at once with its place."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.codec import read_flow
from orderflow.adapters.dump import dump_flow
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.canonical import fingerprint, flow_text

GOOD = """\
flow: sales-order
title: {en: Sales order, zh: 销售订单}
currency: CNY
fields:
  customer.level: {type: choice, of: [A, B, C]}
  customer.phone: {type: text, personal: true}
  order.region:
calendar: {timezone: Asia/Shanghai, hours: {mon-fri: ["09:00-12:00", "13:30-18:00"]}, holidays: [2026-10-01]}
lifecycle:
  initial: placed
  stages:
    placed:    {title: {zh: 下单}, owner: {role: sales}}
    review:    {title: {zh: 审核}, owner: wang}
    completed: {category: done}
    cancelled: {category: cancelled}
  transitions:
    - {trigger: submit,  source: placed, dest: review, requires: [customer.phone]}
    - {trigger: approve, source: review, dest: completed, guard: "order.total < 50000 and customer.level == 'A'"}
    - {trigger: touch,   source: "*",    dest: null}
    - {trigger: again,   source: review, dest: "="}
    - {trigger: cancel,  source: [placed, review], dest: cancelled, roles: finance}
sla:
  review: {start: "stage == 'review'", target: 8h, warn: [50%, -30m]}
notify:
  breached: {to: [owner, "role:finance"], channels: [mail]}
  assigned: owner
find: [order.region]
"""


def refused(text: str) -> list[str]:
    """The problems of a text, as they are shown."""
    with pytest.raises(of.DefinitionError) as caught:
        read_flow_text(text, file="f.yaml")
    for item in caught.value.problems:
        assert item.place is not None
        assert item.place.line is not None, item
        assert item.text("zh")
    return str(caught.value).splitlines()


def test_a_flow_file_is_read_into_values(tmp_path: Path) -> None:
    """Every key of the file arrives as the value that it stands for."""
    path = tmp_path / "flow.yaml"
    path.write_text(GOOD, encoding="utf-8")
    flow = of.load_flow(path)
    assert (flow.name, flow.currency, flow.title["zh"]) == ("sales-order", "CNY", "销售订单")
    assert flow.fields["customer.level"].of == ("A", "B", "C")
    assert flow.fields["order.region"] == of.Field()
    assert list(flow.lifecycle.stages) == ["placed", "review", "completed", "cancelled"]
    assert flow.lifecycle.stages["review"].owner == of.OwnerRule(person="wang")
    approve, touch, again, cancel = flow.lifecycle.transitions[1:]
    assert str(approve.guard) == "order.total < 50000 and customer.level == 'A'"
    assert (touch.dest, again.dest, cancel.source) == (None, "=", ("placed", "review"))
    assert cancel.roles == ("finance",)
    assert [row.target for row in flow.sla["review"].target] == [timedelta(hours=8)]
    assert [warn.label for warn in flow.sla["review"].warn] == ["50%", "-30m"]
    assert flow.notify is not None
    assert flow.notify["breached"] == of.NotifyRule(to=["owner", "role:finance"], channels=["mail"])
    assert [item.code for item in of.problems(flow)] == ["stage_unwatched"]  # no promise covers `placed`


def test_json_is_read_too(tmp_path: Path) -> None:
    """The same flow in JSON - tabs, escapes and halves of characters included - has the same fingerprint."""
    import yaml

    data = yaml.safe_load(GOOD.replace("holidays: [2026-10-01]", "holidays: ['2026-10-01']"))
    data["title"]["zh"] = "销售订单"
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(data, ensure_ascii=True, indent="\t"), encoding="utf-8")
    assert of.fingerprint(of.load_flow(path)) == fingerprint(read_flow_text(GOOD))
    data["title"]["en"] = "😀"
    assert read_flow_text(json.dumps(data)).title["en"] == "😀"


def test_the_canonical_text_reads_back_to_the_same_flow() -> None:
    """Text, flow, text: the same fingerprint, and the same value."""
    flow = read_flow_text(GOOD)
    again = read_flow(flow_text(flow))
    assert again == flow
    assert fingerprint(again) == fingerprint(flow)


def test_a_fingerprint_is_the_meaning_not_the_spelling() -> None:
    """Comments, quotes, spaces and written-out defaults change nothing; another target does."""
    spelled = (
        GOOD.replace("target: 8h", "target: 480m")
        .replace("flow:", "# 销售\nflow:")
        .replace("{role: sales}", "{role: sales, pick: spread}")
    )
    spelled = spelled.replace("order.total < 50000 and", "(order.total   < 50000) and")
    assert fingerprint(read_flow_text(spelled)) == fingerprint(read_flow_text(GOOD))
    assert fingerprint(read_flow_text(GOOD.replace("8h", "9h"))) != fingerprint(read_flow_text(GOOD))


def test_the_fingerprint_does_not_drift() -> None:
    """A released version of the library keeps the fingerprints of flows that are stored."""
    flow = of.Flow(
        name="tiny",
        lifecycle=of.Lifecycle(
            initial="a",
            stages={"a": of.Stage(title="一"), "b": of.Stage(category="done")},
            transitions=[of.Transition(trigger="go", source="a", dest="b", guard="order.total < 5")],
        ),
        sla={"a": of.SLA(start="stage == 'a'", target="8h", warn=["50%"])},
    )
    assert flow_text(flow) == (
        '{"lifecycle":{"initial":"a","stages":[["a",{"title":{"*":"一"}}],["b",{"category":"done"}]],'
        '"transitions":[{"dest":"b","guard":"order.total < 5","source":["a"],"trigger":"go"}]},"name":"tiny",'
        '"sla":[["a",{"start":"stage == \'a\'","target":[{"target":28800000000}],"warn":[{"percent":"50"}]}]]}'
    )
    assert fingerprint(flow) == hashlib.sha256(flow_text(flow).encode()).hexdigest()


def test_all_problems_come_at_once_with_their_places() -> None:
    """One reading names every mistake: file, line, column, path, and what was meant."""
    text = (
        GOOD.replace("initial: placed", "initial: plcaed")
        .replace("dest: review, requires", "dest: reviw, requires")
        .replace("customer.level == 'A'", "custmer.level == 'A'")
        .replace("target: 8h", "target: eight")
        .replace("category: done", "categry: done")
        .replace("find: [order.region]", "find: [customer.phone]")
    )
    found = refused(text)
    assert len(found) == 6
    joined = "\n".join(found)
    assert "f.yaml:10:12 (lifecycle.initial): there is no stage 'plcaed'" in joined
    assert "Did you mean 'placed'?" in joined
    assert "Did you mean 'review'?" in joined
    assert "Did you mean 'customer.level'?" in joined
    assert "f.yaml:14:17 (lifecycle.stages.completed.categry): there is no key 'categry' here" in joined
    assert "(sla.review.target): 'eight' is no length of time" in joined
    assert "customer.phone is personal and cannot be searched" in joined


def test_a_problem_in_a_condition_points_into_the_condition() -> None:
    """The column is that of the word in the file, not of the condition's beginning."""
    line = next(number for number, text in enumerate(GOOD.splitlines(), 1) if "50000" in text)
    (found,) = refused(GOOD.replace("order.total <", "order.totl <"))
    column = GOOD.splitlines()[line - 1].index("order.total") + 1
    assert found.startswith(f"f.yaml:{line}:{column} (lifecycle.transitions[1].guard)")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("flow: sales-order\n", "", "the key 'flow' is missing"),
        ("currency: CNY", "currency: CNY\ncurrency: EUR", "'currency' stands here already, in line 3"),
        ("currency: CNY", "currency: [", "not readable as YAML"),
        ("currency: CNY", "currency: &a CNY\ntrigger: *a", "anchors, aliases and tags"),
        ("currency: CNY", "currency: yuan", "not an ISO 4217 code"),
        ("currency: CNY", "{a: b}: 1", "a key must be a text"),
        ("type: choice", "type: choise", "Did you mean 'choice'?"),
        ("of: [A, B, C]", "of: []", "is a choice; list its values"),
        ("personal: true", "personal: perhaps", "true or false is expected"),
        ("order.region:", "region:", "fields begin with order."),
        ("order.region:", "order.total:", "is built in"),
        ("title: {zh: 下单}", "title: {cn: 下单}", "there is no key 'cn'"),
        ("owner: wang", "owner: {}", "say who"),
        ("owner: wang", "owner: {person: a, role: b}", "not both"),
        ("owner: wang", "owner: {role: b, pick: round_robin}", "there is no way to pick 'round_robin'"),
        ("source: placed, dest", "source: [], dest", "has no source"),
        ("trigger: again,   source: review", "trigger: again,   source: reveiw", "Did you mean 'review'?"),
        ("requires: [customer.phone]", "requires: [customer.fone]", "Did you mean 'customer.phone'?"),
        ("target: 8h", "target: 0h", "must be more than zero"),
        ("target: 8h", "target: 8h, due: order.promised_at", "either target: or due:"),
        ("target: 8h", "due: order.promised", "Did you mean 'order.promised_at'?"),
        ("target: 8h", "target: 8h, time: busines", "Did you mean 'business'?"),
        ("50%", "150%", "is not between 1% and 100%"),
        ("50%", "half", "says no instant"),
        ("breached: {to", "breeched: {to", "Did you mean 'breached'?"),
        ("role:finance", "rolle:finance", "is nobody"),
        ("start: \"stage == 'review'\"", "start: \"stage == 'reviw'\"", "Did you mean 'review'?"),
        ("start: \"stage == 'review'\"", 'start: "now > order.promised_at"', "cannot look at the time"),
        ("find: [order.region]", "find: {order.region: 1}", "a list is expected"),
        ("timezone: Asia/Shanghai", "timezone: Asia/Shangai", "calendar.timezone"),
        ("09:00-12:00", "25:00-26:00", "calendar.hours.mon-fri[0]"),
        ("lifecycle:\n", "lifecycle: none\nother:\n", "a mapping (key: value) is expected"),
    ],
)
def test_each_mistake_is_told_where_it_is(old: str, new: str, words: str) -> None:
    """Every wrong key, name, value and shape has its own words."""
    assert old in GOOD
    assert any(words in line for line in refused(GOOD.replace(old, new, 1))), refused(GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "a: " * 2_000, "{a: " * 500, "\x00", "- a\n" * 60_000, "x" * 1_000_001]
)
def test_hostile_files_are_refused(text: str) -> None:
    """Too deep, too many, not text: a DefinitionError and no crash."""
    with pytest.raises(of.DefinitionError):
        read_flow_text(text)


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    """A missing file, a folder, an empty file and one that is not UTF-8."""
    cases: list[tuple[Any, str]] = [(tmp_path / "none.yaml", "cannot be opened"), (tmp_path, "cannot be opened")]
    empty, wrong = tmp_path / "empty.yaml", tmp_path / "gb.yaml"
    empty.write_text("")
    wrong.write_bytes("flow: 销售".encode("gb18030"))
    cases += [(empty, "the file is empty"), (wrong, "not UTF-8")]
    for path, words in cases:
        with pytest.raises(of.DefinitionError, match=words):
            of.load_flow(path)


def test_scalars_have_the_type_of_their_field() -> None:
    """YAML's own guesses do not matter: `no`, `1e3` and `2026-01-01` are the texts that they look like."""
    flow = read_flow_text(GOOD.replace("of: [A, B, C]", "of: [no, 1e3, 2026-01-01]").replace("== 'A'", "== 'no'"))
    assert flow.fields["customer.level"].of == ("no", "1e3", "2026-01-01")


def test_promises_name_stages_with_spaces() -> None:
    """A stage or trigger whose name is no word of conditions can be named like any other, alone and in lists."""
    text = """\
flow: f
lifecycle:
  initial: In Review
  stages: {In Review: {}, HR-Check: {}, Waiting on Customer: {category: waiting}, Done: {category: done}}
  transitions:
    - {trigger: Go on, source: [In Review, Waiting on Customer], dest: HR-Check}
    - {trigger: ask, source: HR-Check, dest: Waiting on Customer}
    - {trigger: end, source: HR-Check, dest: Done}
tracks:
  extra: {initial: A B, stages: {A B: {}, C: {category: done}}, transitions: [{trigger: x, source: A B, dest: C}]}
sla:
  all: {start: [In Review, HR-Check], stop: Done, pause: Waiting on Customer, reset: Go on, target: 2d}
  other: {start: A B, track: extra, target: 2d}
"""
    flow = read_flow_text(text)
    sla = flow.sla["all"]
    assert [str(item) for item in (sla.start, sla.pause, sla.reset, flow.sla["other"].start)] == [
        "stage == 'In Review' or stage == 'HR-Check'",
        "stage == 'Waiting on Customer'",
        "trigger == 'Go on'",
        "stage == 'A B'",
    ]
    assert of.problems(flow) == ()
    assert of.fingerprint(read_flow_text(dump_flow(flow))) == of.fingerprint(flow)


def test_a_guard_that_lacks_its_quotes() -> None:
    """YAML ends a bare text at a bracket; who did not know is told what to do."""
    text = GOOD.replace("flow: sales-order", "flow: sales-order\nselect: {when: order.region in ['east']}")
    with pytest.raises(of.DefinitionError, match=r"^2:\d+: not readable as YAML: .* needs quotes here$"):
        read_flow_text(text)
