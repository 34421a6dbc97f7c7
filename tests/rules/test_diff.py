"""What changed between two versions is said in words: all of it, and nothing where nothing changed."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.condition import Condition
from orderflow.model.frozen import FrozenMap
from orderflow.model.parse import parse
from orderflow.rules.diff import Change, diff

TEMPLATE = files("orderflow").joinpath("templates/sales-order.yaml").read_text(encoding="utf-8")
FLOW = read_flow_text(TEMPLATE)
RICH = attrs.evolve(
    FLOW,
    tracks={"payment": of.Track(lifecycle=FLOW.lifecycle, title="收款")},
    calendars={"night": FLOW.calendar, "both": FLOW.calendar | of.ALWAYS},  # type: ignore[operator]  # it has one
    sla={
        **FLOW.sla,
        "more": of.SLA(
            start="review",
            pause="placed",
            target=[of.Target(target="4h", when="order.total > 5"), of.Target(target="8h")],
            escalate=[of.Rung(after="2h", to="manager"), of.Rung(after="4h", to=["role:boss", "li"])],
        ),
    },
)


def edited(old: str, new: str) -> tuple[Change, ...]:
    """The changes that an edit of the template makes."""
    assert old in TEMPLATE
    return diff(FLOW, read_flow_text(TEMPLATE.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "text"),
    [
        ("flow: sales-order", "flow: so", "name_changed", "flow", "The flow: the name changed from sales-order to so."),
        ("currency: CNY", "currency: EUR", "currency_changed", "currency", None),
        (
            "zh: 生产}, owner",
            "zh: 制造}, owner",
            "stage_title_changed",
            "lifecycle.stages.production.title",
            "The stage Production: the title changed from “en Production” · “zh 生产” to “en Production” · “zh 制造”.",
        ),
        (
            "{team: plant-1}",
            "{team: plant-2}",
            "stage_owner_changed",
            "lifecycle.stages.production.owner",
            "The stage Production: the owner changed from somebody of the team plant-1 to "
            "somebody of the team plant-2.",
        ),
        ("category: waiting", "category: open", "stage_category_changed", "lifecycle.stages.payment.category", None),
        (
            "60000",
            "80000",
            "transition_guard_changed",
            "lifecycle.transitions[1].guard",
            "The transition Approve (Review to Production): the condition changed from “the order total is less than "
            "60,000 CNY or (Customer level is A and the order total is less than 150,000 CNY)” to “the order total is "
            "less than 80,000 CNY or (Customer level is A and the order total is less than 150,000 CNY)”.",
        ),
        (
            "dest: shipping, roles: [plant]",
            "dest: payment, roles: [plant]",
            "transition_dest_changed",
            "lifecycle.transitions[5].dest",
            "The transition Finish (Production to Payment): where it leads changed from Shipping to Payment.",
        ),
        ("sales], requires: [customer.address]", "sales], requires: []", "transition_requires_changed", None, None),
        ("roles: [warehouse]", "roles: []", "transition_roles_changed", None, None),
        (
            "target: 3h",
            "target: 4h",
            "sla_target_changed",
            "sla.placed.target",
            "The promise intake: how long it may take changed from 3 hours to 4 hours.",
        ),
        ("warn: [75%]", "warn: [-1h]", "sla_warn_changed", "sla.placed.warn", None),
        (
            ', "2026-06-19"',
            "",
            "calendar_holidays_changed",
            "calendar.holidays",
            "The calendar: the days off: gone 2026-06-19.",
        ),
        ("Asia/Shanghai", "Asia/Tokyo", "calendar_timezone_changed", "calendar.timezone", None),
        (
            "level: {type: choice, of: [A, B, C], required: true",
            "level: {type: choice, of: [A, B, C]",
            "field_required_changed",
            "fields.customer.level.required",
            "The field Customer level: whether it is required changed from yes to no.",
        ),
        ("placed: {to: [customer], channels: [sms]}", "", "notify_removed", "notify.placed", None),
        ("to: [customer]", "to: [owner]", "notify_to_changed", "notify.placed.to", None),
        ("find: [customer.level, order.region]", "find: [customer.level]", "find_changed", "find", None),
    ],
)  # fmt: skip
def test_an_edit_is_one_change_in_words(old: str, new: str, code: str, path: str | None, text: str | None) -> None:
    """Each of these edits of the template is told once, with a stable code and its place."""
    (change,) = edited(old, new)
    assert change.code == code
    assert path is None or change.path == path
    assert text is None or change.text() == text
    assert change.text("zh") != change.text("en")


def test_added_and_removed_parts_are_told_by_name() -> None:
    """A stage with its transition and promise comes and goes."""
    more = attrs.evolve(
        FLOW,
        lifecycle=attrs.evolve(
            FLOW.lifecycle,
            stages={**FLOW.lifecycle.stages, "check": of.Stage(title={"en": "Check", "zh": "质检"})},
            transitions=[*FLOW.lifecycle.transitions, of.Transition(trigger="look", source="check", dest="shipping")],
        ),
        sla={**FLOW.sla, "check": of.SLA(start="check", target="1h")},
    )
    there, back = diff(FLOW, more), diff(more, FLOW, "zh")
    assert [item.code for item in there] == ["stage_added", "transition_added", "sla_added"]
    assert [str(item) for item in there] == [
        "The stage Check is new.",
        "The transition look (Check to Shipping) is new.",
        "The promise check is new.",
    ]
    assert [item.code for item in back] == ["stage_removed", "transition_removed", "sla_removed"]
    assert [str(item) for item in back] == ["删除节点“质检”。", "删除流转“look”（质检 → 发货）。", "删除时效“check”。"]
    assert there[0].before is None and there[0].after == more.lifecycle.stages["check"]


def test_another_order_is_told_where_it_counts() -> None:
    """The order of stages is that of the board, and of transitions that in which they are tried."""
    stages, ways = FLOW.lifecycle.stages, FLOW.lifecycle.transitions
    turned = attrs.evolve(FLOW.lifecycle, stages=dict(reversed(stages.items())), transitions=ways[::-1])
    assert [item.code for item in diff(FLOW, attrs.evolve(FLOW, lifecycle=turned))] == [
        "stages_reordered",
        "transitions_reordered",
    ]


def test_two_transitions_that_look_alike_keep_apart() -> None:
    """Of the two that approve, the one that was edited is told, and that the other has gone."""
    ways = FLOW.lifecycle.transitions
    second = attrs.evolve(ways[2], roles=("boss",))
    (change,) = diff(
        FLOW, attrs.evolve(FLOW, lifecycle=attrs.evolve(FLOW.lifecycle, transitions=(*ways[:2], second, *ways[3:])))
    )
    assert (change.code, change.path) == ("transition_roles_changed", "lifecycle.transitions[2].roles")
    (change,) = diff(
        FLOW, attrs.evolve(FLOW, lifecycle=attrs.evolve(FLOW.lifecycle, transitions=(*ways[:1], *ways[2:])))
    )
    assert (change.code, change.path) == ("transition_removed", "lifecycle.transitions[1]")


def test_the_same_flow_has_no_difference() -> None:
    """Spaces, comments, positions and the order of fields in the file are no difference."""
    other = "\n# another comment\n" + TEMPLATE.replace("order.total < 60000 or", "order.total  <  60000.0 or")
    assert diff(FLOW, read_flow_text(other, file="x.yaml")) == ()


def test_a_language_that_there_is_not_is_refused() -> None:
    """There are English and Chinese, for the whole and for each change."""
    with pytest.raises(ValueError, match="en, zh"):
        diff(FLOW, FLOW, "fr")  # type: ignore[arg-type]  # wrong on purpose
    (change,) = edited("currency: CNY", "currency: EUR")
    with pytest.raises(ValueError, match="en, zh"):
        change.text("fr")  # type: ignore[arg-type]  # wrong on purpose


OTHERS: dict[str, Any] = {
    "guard": parse("order.total > 1"),
    "pause": parse("review"),
    "stop": parse("review"),
    "dest": "=",
    "currency": "EUR",
    "owner": of.OwnerRule(role="boss"),
    "person": "li",
    "calendar": None,
    "due": "order.promised_at",
    "channels": ("x",),
    "makeup": ((60, 120),),
}


def edit(draw: st.DrawFn, value: Any, name: str) -> Any:
    """The value with one small edit somewhere in it."""
    if value is None:
        return OTHERS.get(name)
    if isinstance(value, bool):
        return not value
    if name == "operation":
        return draw(st.sampled_from(["union", "intersection", "difference"]))
    if isinstance(value, str):
        return draw(st.sampled_from([f"{value}2", "x", "甲"]))
    if isinstance(value, int | Decimal):
        return value + 1
    if isinstance(value, timedelta):
        return value + timedelta(microseconds=draw(st.integers(1, 10**11)))
    if isinstance(value, date):
        return value + timedelta(days=draw(st.integers(1, 9)))
    if isinstance(value, Condition):
        return parse(draw(st.sampled_from([f"not ({value})", "order.total > 7", f"{value} and order.rush"])))
    if isinstance(value, FrozenMap):
        return edit_map(draw, value, name)
    if isinstance(value, tuple):
        return edit_tuple(draw, value, name)
    keys = [item.name for item in attrs.fields(type(value)) if item.init and item.name not in ("places", "column")]
    key = draw(st.sampled_from(keys))
    return attrs.evolve(value, **{key: edit(draw, getattr(value, key), key)})


def edit_map(draw: st.DrawFn, value: FrozenMap[Any], name: str) -> Any:
    pairs = dict(value)
    what = draw(st.sampled_from(["none", "drop", "copy", "turn", "edit", "edit", "edit"]))
    if what == "none" and name == "notify":
        return None
    if what == "turn" or not pairs:
        return FrozenMap(dict(reversed(pairs.items())))
    key = draw(st.sampled_from(list(pairs)))
    if what == "drop":
        return FrozenMap({other: item for other, item in pairs.items() if other != key})
    if what == "copy":
        return FrozenMap({**pairs, ("2031-01-01" if name in ("exceptions", "breaks") else "copy"): pairs[key]})
    return FrozenMap({**pairs, key: edit(draw, pairs[key], key)})


def edit_tuple(draw: st.DrawFn, value: tuple[Any, ...], name: str) -> Any:
    fixed = name == "hours" or any(isinstance(item, int) for item in value)  # a week, and the two ends of a span
    what = draw(st.sampled_from(["edit"] if fixed else ["drop", "copy", "turn", "edit", "edit"]))
    if what == "turn" or not value:
        return value[::-1]
    index = draw(st.integers(0, len(value) - 1))
    if what == "drop":
        return value[:index] + value[index + 1 :]
    if what == "copy":
        return (*value, value[index])
    return (*value[:index], edit(draw, value[index], ""), *value[index + 1 :])


@settings(max_examples=300 if os.environ.get("ORDERFLOW_LONG") else 150, deadline=None)
@given(st.data(), st.integers(1, 3))
def test_every_difference_of_the_fingerprint_is_told(data: st.DataObject, edits: int) -> None:
    """After random small edits: no change exactly when the fingerprint is the same, each with texts, there and back."""
    new: of.Flow = RICH
    for _ in range(edits):
        try:
            new = edit(data.draw, new, "")
        except of.OrderflowError:  # an edit that makes no value, such as a warning with neither share nor time
            assume(False)
    for old, other in ((RICH, new), (new, RICH)):
        found = diff(old, other)
        assert bool(found) == (of.fingerprint(RICH) != of.fingerprint(new))
        for change in found:
            assert change.code and change.text("en") and change.text("zh")
            assert change.code != "flow_changed", "the whole is told only when no part is found"
        assert len({(change.code, change.path) for change in found}) == len(found)
