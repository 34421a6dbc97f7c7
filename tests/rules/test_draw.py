"""Pictures show what the flow says, and no text in a flow can change a picture."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.rules.draw import draw

FLOW = """
flow: sales
title: {en: Sales order, zh: 销售订单}
currency: CNY
lifecycle:
  initial: placed
  stages:
    placed: {title: {en: Placed, zh: 下单}, owner: {role: sales}}
    paid: {title: {en: Payment, zh: 收款}, category: waiting}
    completed: {title: {zh: 完成}, category: done}
    cancelled: {category: cancelled}
  transitions:
    - {trigger: pay, source: placed, dest: paid, roles: [sales, boss], requires: [order.promised_at],
       guard: order.total < 50000, title: {en: Pay, zh: 付款}}
    - {trigger: finish, source: paid, dest: completed}
    - {trigger: remind, source: paid, dest: "="}
    - {trigger: note, source: paid, dest: null}
    - {trigger: cancel, source: "*", dest: cancelled}
"""
HOSTILE = (
    'a"b',
    "a\\",
    "x\\N\\n",
    "a;b",
    "a:b",
    "#35;",
    "&lt;&amp;",
    "<b>x</b>",
    "end note",
    "direction TB",
    "[[fork]]",
    "<<choice>>",
    "%%{init: {}}%%",
    "--> s0",
    "}",
    "{",
    "*a* _b_ `c`",
    "1. a",
    "www.a.b",
    "ﬂ°°35¶ß",
    "a\nb",
    "[*]",
    "style x:a#b;",
)


def lines(flow: of.Flow, **options: object) -> list[str]:
    return [line.strip() for line in draw(flow, **options).splitlines()]  # type: ignore[arg-type]  # given by name


def one(title: str) -> of.Flow:
    """A flow in which a text stands wherever there may be one."""
    way = of.Transition(trigger="go", source="a", dest="b", title=title, roles=[title])
    life = of.Lifecycle(
        initial="a",
        stages={"a": of.Stage(title=title, owner=of.OwnerRule(role=title)), "b": of.Stage()},
        transitions=[way],
    )
    return of.Flow(name="f", title=title, lifecycle=life)


def test_mermaid_shows_stages_categories_owners_guards_and_roles() -> None:
    """A box says title, category and owner; an arrow title, roles, guard and what is required."""
    found = lines(read_flow_text(FLOW))
    assert found[:4] == ["---", 'title: "Sales order"', "---", "stateDiagram-v2"]
    assert 'state "Placed<br/>sales" as s0' in found
    assert 'state "Payment<br/>waiting<br/>↻ note" as s1' in found
    assert "[*] --> s0" in found
    arrow = "Pay<br/>by sales or boss<br/>if the order total is less than<br/>50,000 CNY<br/>needs the promised date"
    assert f"s0 --> s1 : {arrow}" in found
    assert "s2 --> [*]" in found
    assert "s3 --> [*]" in found
    assert "class s1 waitingStage" in found


def test_a_picture_is_chinese_when_asked() -> None:
    """Titles and words are in the language; what has no title there keeps its name."""
    found = lines(read_flow_text(FLOW), language="zh")
    assert 'state "收款<br/>等待<br/>↻ note" as s1' in found
    assert any("角色：sales 或 boss" in line and "条件：订单金额小于 50,000 CNY" in line for line in found)
    assert any('label="销售订单"' in line for line in lines(read_flow_text(FLOW), language="zh", format="dot"))


def test_dot_has_a_node_for_each_stage_and_an_edge_for_each_way() -> None:
    """The same picture in DOT."""
    found = lines(read_flow_text(FLOW), format="dot")
    assert found[0] == "digraph flow {" and found[-1] == "}"
    assert any(line.startswith('s1 [label="Payment\\nwaiting\\n↻ note"') for line in found)
    assert 's1 -> s2 [label="finish"]' in found
    assert "s_begin -> s0" in found
    assert any(line.startswith("s3 [") and line.endswith("peripheries=2]") for line in found)


def test_reflexive_internal_and_wildcard_transitions_are_drawn() -> None:
    """`=` is a loop, an internal transition stands in its box, `*` is a box for every stage."""
    found = lines(read_flow_text(FLOW))
    assert "s1 --> s1 : remind" in found
    assert not any("note" in line and "-->" in line for line in found)
    assert 'state "any stage" as s4' in found
    assert "s4 --> s3 : cancel" in found


@pytest.mark.parametrize("form", ["mermaid", "dot"])
def test_the_stage_that_an_order_is_in_is_marked(form: str) -> None:
    """`at` marks one box, in both formats; without it none is."""
    flow = read_flow_text(FLOW)
    assert "▶ Payment" in draw(flow, format=form, at="paid")  # type: ignore[arg-type]  # one of the two
    assert draw(flow, format=form, at="paid").count("▶") == 1  # type: ignore[arg-type]  # likewise
    assert "▶" not in draw(flow, format=form)  # type: ignore[arg-type]  # likewise


def test_what_there_is_not_is_refused() -> None:
    """An unknown stage is an `InvalidValue` that suggests one; an unknown format or language a `ValueError`."""
    flow = read_flow_text(FLOW)
    with pytest.raises(of.InvalidValue, match="Did you mean 'paid'"):
        draw(flow, at="piad")
    with pytest.raises(ValueError, match="mermaid, dot"):
        draw(flow, format="svg")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="en, zh"):
        draw(flow, language="fr")  # type: ignore[arg-type]  # wrong on purpose


def test_a_track_is_a_group_of_its_own() -> None:
    """Further tracks are composite states in Mermaid and clusters in DOT, with keys of their own."""
    life = of.Lifecycle(initial="a", stages=["a"], transitions=[])
    flow = of.Flow(name="f", lifecycle=life, tracks={"payment": of.Track(lifecycle=life, title="收款")})
    assert 'state "收款" as t1s {' in lines(flow)
    assert 'state "a" as t1s0' in lines(flow)
    assert "subgraph cluster_t1s {" in lines(flow, format="dot")


MERMAID = (
    r'---|title: ".*"|stateDiagram-v2|state "(?P<box>[^"]*)" as s\d'
    r"|\[\*\] --> s\d|s\d --> (\[\*\]|s\d)( : (?P<way>.*))?"
    r"|classDef \w+ [\w#:,. -]+|class [s\d,]+ \w+"
)
SAFE = re.compile(r"(?:[^\W_]|[ ,()/▶↻·，。：；、“”（）]|#\d+;|<br/>)*")


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)))
def test_no_text_can_change_a_mermaid_picture(text: str) -> None:
    """Whatever a title is, the lines keep their forms, and texts hold letters, harmless signs and entities only."""
    found = lines(one(text))
    plain = [re.sub(r": .*|<br/>.*\"", "", line) for line in lines(one("x"))]
    assert len(found) == len(plain)
    for line in found:
        match = re.fullmatch(MERMAID, line)
        assert match, line
        assert SAFE.fullmatch(match["box"] or match["way"] or ""), line
        if not line.startswith("title:"):
            assert not re.search(r"direction\s+(TB|BT|LR|RL)|www\.", line, re.IGNORECASE), line


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)))
def test_no_text_can_change_a_dot_picture(text: str) -> None:
    """Whatever a title is, quotes, escapes and entities in it are written out, and the picture keeps its lines."""
    shape = re.compile(r'"(?:[^"\\\n]|\\[\\"n])*"')
    found = draw(one(text), format="dot").split("\n")
    assert len(found) == len(draw(one("x"), format="dot").split("\n"))
    rest = [shape.sub('""', line) for line in found]
    assert rest == [shape.sub('""', line) for line in draw(one("x"), format="dot").split("\n")]
    for line in found:
        for label in re.findall(r"label=(\"(?:[^\"\\]|\\.)*\")", line):
            assert "&" not in label.replace("&amp;", "")


@pytest.mark.parametrize("text", ["a;b: #35; <b>", "x & y", "100%", "订单（甲）：1"])
def test_an_escaped_text_reads_as_it_was(text: str) -> None:
    """What Mermaid makes of the entities is the text again."""
    box = next(line for line in lines(one(text)) if line.startswith("state "))
    shown = html.unescape(re.sub(r"#(\d+);", r"&#\1;", box.split('"')[1]).replace("<br/>", " "))
    assert shown == f"{text} {text}"


def test_a_view_marks_where_its_order_stands() -> None:
    """Every track of a View is marked in its own group, in both formats; a stage that the flow lacks is left out."""
    lifecycle = of.Lifecycle(
        initial="a",
        stages={"a": of.Stage(), "b": of.Stage(category="done")},
        transitions=[of.Transition(trigger="go", source="a", dest="b", moves="ship")],
    )
    ship = of.LineMove(source="open", dest="gone", title={"zh": "发货"})
    lines = of.Lines(stages=["open", "gone"], moves={"ship": ship})
    tracks = {"parcel": of.Track(lifecycle=lifecycle, many=True)}
    flow = of.Flow(name="f", lifecycle=lifecycle, tracks=tracks, lines=lines)
    tracker = of.Tracker(flow)
    tracker.place(of.Order("1"), by="li")
    for _ in range(2):
        tracker.open_track("1", "parcel", by="li")
    tracker.fire("1", "go", by="li", track="parcel:2")
    view = tracker.get("1")
    assert "class s0,t1s0,t1s1 here" in of.draw(flow, at=view)
    assert of.draw(flow, at=view, format="dot").count("penwidth=4") == 3
    assert "class s0 here" in of.draw(flow, at="a") and "移动：发货" in of.draw(flow, language="zh")
    other = of.Flow(name="g", lifecycle=of.Lifecycle(initial="x", stages=["x"], transitions=[]))
    assert "here" not in of.draw(other, at=view)
