"""Jumps: going back, skipping and forcing a stage are explicit, by role, marked in the history, and can be undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOP = of.Actor.system("shop")
FLOW = """
flow: sales
lifecycle:
  initial: placed
  stages:
    placed: {title: {en: Placed, zh: 下单}, owner: li}
    review: {title: {en: Review, zh: 审核}, owner: wang}
    shipping: {title: {en: Shipping, zh: 发货}, owner: zhao}
    completed: {category: done}
    cancelled: {category: cancelled}
  transitions:
    - {trigger: submit, source: placed, dest: review}
    - {trigger: approve, source: review, dest: shipping, guard: "order.total < 5"}
    - {trigger: finish, source: shipping, dest: completed}
    - {trigger: cancel, source: "*", dest: cancelled}
  jumps: {back: [lead], skip: [lead], force: boss}
sla:
  review: {start: review, target: 8h, time: wall}
"""
PEOPLE = [
    *(of.Person(id=name) for name in ("li", "wang", "zhao")),
    of.Person(id="lead", roles=("lead",)),
    of.Person(id="boss", roles=("boss",)),
]


class World:
    """A tracker with a clock that goes on by an hour at each look at it."""

    def __init__(self, text: str = FLOW) -> None:
        self.now = START
        self.tracker = of.Tracker(read_flow_text(text, file="f.yaml"), directory=PEOPLE, clock=self.clock)
        self.tracker.place(of.Order("SO-1", total=of.Money(9, "CNY")), by=SHOP)
        self.tracker.fire("SO-1", "submit", by="li")

    def clock(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def test_a_skip_ignores_the_guard_and_is_marked() -> None:
    """Who has the role skips to a later stage; the history says that it was a skip, by whom and why."""
    subject = World().tracker
    assert subject.allowed("SO-1", by="lead") == ("cancel",)
    receipt = subject.skip("SO-1", "shipping", by="lead", reason="paid in advance")
    assert (receipt.stage, receipt.owner) == ("shipping", "zhao")
    entry = next(item for item in receipt.view.timeline if item.jump)
    assert (entry.jump, entry.actor, entry.reason) == ("skip", "lead", "paid in advance")
    assert (entry.text("en"), entry.text("zh")) == ("skipped from Review to Shipping", "从“审核”跳到“发货”")
    assert [clock.ended for clock in receipt.view.clocks] == ["met"], "clocks follow a jump as any entry"


def test_going_back_leads_only_where_it_has_been() -> None:
    """Back is where the track was before; elsewhere is no way back."""
    subject = World().tracker
    with pytest.raises(of.Refused, match="has never been in 'shipping'; it has been in placed, review"):
        subject.go_back("SO-1", "shipping", by="lead", reason="x")
    receipt = subject.go_back("SO-1", "placed", by="lead", reason="wrong address")
    assert (receipt.stage, receipt.owner) == ("placed", "li")


def test_force_opens_even_what_has_ended() -> None:
    """Force goes to any stage; nobody else may."""
    subject = World().tracker
    subject.fire("SO-1", "cancel", by="li")
    with pytest.raises(of.Refused, match=r"f.yaml:16:46 \(lifecycle.jumps.force\).* one of the roles boss"):
        subject.force("SO-1", "review", by="lead", reason="customer wants it after all")
    assert subject.force("SO-1", "review", by="boss", reason="customer wants it after all").stage == "review"


def test_a_jump_is_undone_by_another_event() -> None:
    """Undo goes back to the stage and the owner before the jump; both stay in the history. It is undone once."""
    subject = World().tracker
    subject.assign("SO-1", "li", by="wang")
    subject.skip("SO-1", "shipping", by="lead", reason="x")
    receipt = subject.undo("SO-1", by="lead", reason="was a mistake")
    assert (receipt.stage, receipt.owner) == ("review", "li")
    assert [item.jump for item in receipt.view.timeline if item.jump] == ["skip", "undo"]
    with pytest.raises(of.Refused, match="was no jump"):
        subject.undo("SO-1", by="lead", reason="x")


def test_undoing_a_jump_renews_no_deadline() -> None:
    """A clock that the jump ended goes on with the time that had counted; the time in between does not count."""
    now = [START]
    subject = of.Tracker(read_flow_text(FLOW), directory=PEOPLE, clock=lambda: now[0])
    subject.place(of.Order("SO-1"), by=SHOP)
    subject.fire("SO-1", "submit", by="li")
    now[0] += timedelta(hours=6)
    subject.force("SO-1", "completed", by="boss", reason="wrong order")
    now[0] += timedelta(hours=1)
    view = subject.undo("SO-1", by="boss", reason="x").view
    assert view.due_at == START + timedelta(hours=9) and view.clocks[0].spent == timedelta(hours=6)


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        (lambda t: t.skip("SO-1", "placed", by="lead", reason="x"), ["not_further_on"]),
        (lambda t: t.skip("SO-1", "review", by="lead", reason="x"), ["jump_to_itself"]),
        (lambda t: t.skip("SO-1", "shiping", by="lead", reason="x"), ["unknown_stage"]),
        (lambda t: t.skip("SO-1", "shipping", by="li", reason="x"), ["missing_role"]),
        (lambda t: t.skip("SO-1", "shipping", by="lead", reason=None), ["reason_needed"]),
        (lambda t: t.skip("SO-1", "shipping", by="lead", reason=" "), ["bad_text"]),
        (lambda t: t.undo("SO-1", by="lead", reason="x"), ["nothing_to_undo"]),
        (lambda t: t.skip("SO-1", "shipping", by="lead", reason="x", track="payment"), ["unknown_track"]),
        (lambda t: t.skip("SO-1", "shipping", by="lead", reason="x", at=START - HOUR), ["at_before_order"]),
        (lambda t: t.skip("SO-1", "shipping", by="lead", reason="x", at=START), ["at_before_order"]),
        (lambda t: t.handle(of.Jump(kind="leap", order="SO-1", stage="review", by="lead")), ["bad_jump"]),
        (lambda t: t.handle(of.Jump(kind="force", order="SO-1", by="boss", reason="x")), ["unknown_stage"]),
    ],
)  # fmt: skip
def test_jumps_that_cannot_be_are_refused_with_every_reason(call: Any, codes: list[str]) -> None:
    """Wrong stages, missing roles and missing reasons are refused; nothing is written."""
    subject = World().tracker
    before = subject.history("SO-1")
    with pytest.raises(of.Refused) as refused:
        call(subject)
    assert [why.code for why in refused.value.reasons] == codes
    assert all(why.text("zh") for why in refused.value.reasons)
    assert subject.history("SO-1") == before


def test_what_the_flow_does_not_name_nobody_may() -> None:
    """Without `jumps:` not even the host's own system jumps by accident; the refusal says what would allow it."""
    subject = World(FLOW.replace("  jumps: {back: [lead], skip: [lead], force: boss}\n", "")).tracker
    with pytest.raises(of.Refused, match=r"lifecycle.jumps: \{force: \[role\]\} would"):
        subject.force("SO-1", "shipping", by=SHOP, reason="x")


def test_an_unknown_kind_of_jump_in_a_flow_is_a_problem() -> None:
    """A slip in `jumps:` is found with its line and a suggestion."""
    with pytest.raises(of.DefinitionError, match=r"f.yaml:16:.* there is no jump 'forse'.*Did you mean 'force'"):
        read_flow_text(FLOW.replace("force:", "forse:"), file="f.yaml")
