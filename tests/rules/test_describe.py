"""A flow in plain sentences: everything that it says is said, in both languages, with conditions in words."""

from __future__ import annotations

import string
from importlib.resources import files

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.calendar import WorkCalendar
from orderflow.model.parse import parse
from orderflow.model.policies import TOPICS
from orderflow.model.texts import LANGUAGES
from orderflow.model.texts.words import WORDS
from orderflow.rules.calendar_words import calendar_words
from orderflow.rules.describe import describe
from orderflow.rules.in_words import Words

TEMPLATE = files("orderflow").joinpath("templates/sales-order.yaml").read_text(encoding="utf-8")
STAGES = {"a": of.Stage(title={"en": "Review", "zh": "审核"}), "b": of.Stage(title={"en": "Paid", "zh": "收款"})}


def flow(**more: object) -> of.Flow:
    way = of.Transition(trigger="go", source="a", dest="b", title={"en": "Go on", "zh": "继续"})
    life = of.Lifecycle(initial="a", stages=STAGES, transitions=[way])
    level = of.Field(type="choice", of=["A", "B"], title={"en": "Level", "zh": "等级"})
    rush = of.Field(type="boolean", title={"en": "Rush", "zh": "加急"})
    fields = {"customer.level": level, "order.rush": rush, "order.region": of.Field()}
    return of.Flow(**{"name": "f", "lifecycle": life, "currency": "CNY", "fields": fields, **more})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize("key", sorted(WORDS))
def test_every_language_has_the_same_words(key: str) -> None:
    """Each text stands in each language, with the same values to fill in."""
    used = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in WORDS[key].values()]
    assert set(WORDS[key]) == set(LANGUAGES)
    assert all(names == used[0] for names in used)


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("order.total < 50000", "the order total is less than 50,000 CNY", "订单金额小于 50,000 CNY"),
        ("order.total <= 0.5", "the order total is at most 0.5 CNY", "订单金额不超过 0.5 CNY"),
        ("0 < order.total <= 9", "0 CNY is less than the order total and the order total is at most 9 CNY", None),
        ("customer.level == 'A'", "Level is A", "等级为“A”"),
        ("customer.level != 'A'", "Level is not A", "等级不为“A”"),
        ("not (customer.level == 'A')", "Level is not A", "等级不为“A”"),
        ("customer.level in ['A', 'B']", "Level is one of A or B", "等级为“A”或“B”之一"),
        ("customer.level not in ['A', 'B']", "Level is none of A or B", "等级不是“A”或“B”中的任何一个"),
        ("order.region is missing", "order.region is missing", "order.region未填写"),
        ("order.region is not missing", "order.region is given", "order.region已填写"),
        ("order.rush", "Rush is yes", "加急为“是”"),
        ("not order.rush", "Rush is no", "加急为“否”"),
        ("stage == 'a'", "the order is in Review", "订单处于“审核”"),
        ("stage in ['a', 'b']", "the order is in Review or Paid", "订单处于“审核”或“收款”"),
        ("stage != 'a'", "the order is not in Review", "订单不处于“审核”"),
        ("trigger == 'go'", "somebody does Go on", "执行“继续”"),
        ("approved('credit')", "the approval credit was given", "审批“credit”已通过"),
        ("not approved('credit')", "the approval credit was not given", "审批“credit”未通过"),
        ("elapsed(stage) >= hours(8)", "the time in the stage is at least 8 hours", "在本节点的时间不少于 8 小时"),
        ("now >= order.promised_at", "the present time is not before the promised date", "当前时间不早于承诺日期"),
        ("fact('stock', item='A-7') > 3", "the fact stock (item “A-7”) is more than 3", None),
        ("len(lines) > 2", "the number of lines is more than 2", "行数大于 2"),
        ("any(line.quantity > 9 for line in lines)", "for at least one line the line's quantity is more than 9", None),
        ("order.rush or (order.total < 9 and order.rush)", None, "加急为“是”或（订单金额小于 9 CNY 且加急为“是”）"),
        ("track('order').stage == 'b'", "the stage of the track order is Paid", "分支“订单”的节点为“收款”"),
    ],
)  # fmt: skip
def test_conditions_are_put_into_words(text: str, english: str | None, chinese: str | None) -> None:
    """Comparison, and/or/not, in, missing, money, stages, time, lines and calls have words in both languages."""
    for language, expected in (("en", english), ("zh", chinese)):
        if expected is not None:
            said = Words(flow(), language).condition(parse(text))  # type: ignore[arg-type]  # one of the two
            assert said == expected


def test_what_has_no_words_is_quoted() -> None:
    """A part that there are no words for stands as it is written, the rest in words."""
    said = Words(flow()).condition(parse("order.rush and order.region in fact('regions')"))
    assert said == "Rush is yes and the condition “order.region in fact('regions')” holds"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_is_described_in_full(language: str) -> None:
    """Every title of a stage, transition, promise and field, every role, team, channel and date stands in the text."""
    found = read_flow_text(TEMPLATE)
    text = describe(found, language)  # type: ignore[arg-type]  # one of the two
    titled = [
        *found.lifecycle.stages.values(),
        *found.lifecycle.transitions,
        *found.sla.values(),
        *found.fields.values(),
    ]
    wanted = [item.title[language] for item in titled]
    wanted += [role for item in found.lifecycle.transitions for role in item.roles]
    wanted += ["plant-1", "wecom", "sms", "email", "Asia/Shanghai", "2026-02-16", "60,000 CNY", "manager", "75%"]
    assert [word for word in wanted if word not in text] == []
    assert "{" not in text


def test_a_description_reads_like_this() -> None:
    """A small flow, in whole."""
    text = describe(
        read_flow_text("""
flow: f
lifecycle:
  initial: a
  stages: {a: {owner: li, title: {en: Review}}, b: {category: done, title: {en: Paid}}}
  transitions: [{trigger: go, source: a, dest: b, roles: [sales], guard: order.total > 5}]
sla: {a: {start: a, target: 4h, warn: [50%], escalate: [{after: 2h, to: manager}]}}
""")
    )
    assert text.split("\n\n")[:3] == [
        "This is how f is handled. An order begins in Review.",
        "Stages\n"
        "Systems and automations need no role.\n"
        "1. Review: to be worked on, the owner is li.\n"
        "   - go leads to Paid; needs the role sales; only when the order total is more than 5.\n"
        "2. Paid: done.\n"
        "   - Nothing leads on from here.",
        "Time promises\n"
        "- a: the clock starts when the order is in Review. It may take 4 hours of business time. "
        "It is met when that is no longer so. There is a warning when 50% of it is used up. "
        "When it is late: after 2 hours the owner's manager.",
    ]


def test_a_track_is_described_with_its_own_stages() -> None:
    """A track has a chapter, and its promise speaks of its stages."""
    life = of.Lifecycle(initial="open", stages={"open": of.Stage(title="待收")}, transitions=[])
    sla = of.SLA(start="open", target="3d", time="wall", track="payment")
    text = describe(flow(tracks={"payment": of.Track(lifecycle=life, title="收款")}, sla={"pay": sla}), "zh")
    assert "分支：收款\n每个订单有一个，从“待收”开始。\n1. 待收：" in text
    assert "- pay：当分支处于“待收”时开始计时。针对分支“收款”。限时 3 天（自然时间）。" in text


def test_line_stages_are_told_by_their_titles() -> None:
    """A quantity in a condition is named by the title of its line stage; all of it is what was ordered."""
    lines = of.Lines(stages={"open": of.LineStage(title={"en": "Not shipped", "zh": "未发"})})
    asked = parse("lines('open') < lines('ordered')")
    assert (
        Words(flow(lines=lines), "en").condition(asked) == "the quantity Not shipped is less than the ordered quantity"
    )
    assert Words(flow(lines=lines), "zh").condition(asked) == "“未发”的数量小于订购的数量"


def test_a_calendar_in_words() -> None:
    """Days with the same hours stand together; nights, exceptions, breaks, rules and combinations are said."""
    night = WorkCalendar.from_dict(
        {
            "timezone": "UTC",
            "hours": {"mon-tue": ["22:00-06:00"], "sun": ["09:00-12:00"]},
            "exceptions": {"2026-01-01": [], "2026-01-02": []},
            "breaks": {"2026-03-02": ["23:00-24:00"]},
            "recurring": [{"rule": "FREQ=MONTHLY;BYDAY=-1FR", "start": "2026-01-01", "hours": ["09:00-10:00"]}],
        }
    )
    text = calendar_words(night, "en")
    assert "Open Monday to Tuesday 22:00–06:00 the next day; Sunday 09:00–12:00, in the time of UTC." in text
    assert "On 2026-01-01 to 2026-01-02 closed." in text
    assert "Interrupted on 2026-03-02 23:00–24:00." in text
    assert "“FREQ=MONTHLY;BYDAY=-1FR”, from 2026-01-01 on, 09:00–10:00" in text
    assert calendar_words(night | of.ALWAYS, "zh").startswith("任一日历开放时即开放：工作时间：周一至周二")
    assert "day and night" in calendar_words(of.ALWAYS, "en")


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_words(topic: str) -> None:
    """Whatever people are told of is said in words."""
    text = describe(flow(notify={topic: of.NotifyRule(to=["owner", "role:boss", "li"], channels=[])}))
    assert (
        f"- When {WORDS[f'topic.{topic}']['en']}: a message to the owner, everybody with the role boss and li" in text
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", [item.name for item in attrs.fields(of.SLA) if item.name not in ("start", "title")])
def test_every_key_of_a_promise_is_told(field: str, language: str) -> None:
    """A promise with another value of a key is described in other words."""
    values = {
        "target": "9h", "due": "order.promised_at", "time": "wall", "calendar": "owner", "scope": "stage",
        "carry": "used", "warn": ["-2h"], "reminders": "working_hours", "escalate": [of.Rung(after="0h", to="li")],
        "track": "t", "resume": "b",
    }  # fmt: skip
    base = {"start": "a", "target": "4h"} | ({"pause": "a"} if field == "resume" else {})
    more = base | {field: values.get(field, "b")} | ({"target": ()} if field == "due" else {})
    track = of.Track(lifecycle=of.Lifecycle(initial="a", stages=["a"], transitions=[]))
    texts = [describe(flow(sla={"s": of.SLA(**sla)}, tracks={"t": track}), language) for sla in (base, more)]  # type: ignore[arg-type]  # by name
    assert texts[0] != texts[1]


TRUTHS = ["order.total < 5", "order.rush", "stage == 'a'", "order.region in ['x', 'y']", "len(lines) > 1"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TRUTHS), st.sampled_from(["and", "or"]), st.booleans(), st.sampled_from(LANGUAGES))
def test_different_conditions_have_different_words(text: str, operator: str, negated: bool, language: str) -> None:
    """A condition and its denial, an `and` and an `or`, are never said alike."""
    words = Words(flow(), language)  # type: ignore[arg-type]  # one of the two
    other = "not order.rush" if text != "order.rush" else "order.total > 1"
    first = f"{text} {operator} {other}"
    second = f"not ({first})" if negated else f"{text} {'or' if operator == 'and' else 'and'} {other}"
    assert words.condition(parse(first)) != words.condition(parse(second))


def test_another_language_is_refused() -> None:
    """There are English and Chinese."""
    with pytest.raises(ValueError, match="en, zh"):
        describe(flow(), "fr")  # type: ignore[arg-type]  # wrong on purpose
