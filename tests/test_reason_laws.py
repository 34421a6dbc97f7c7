"""Laws of reasons: `allowed` lists exactly what `fire` accepts, and making the reasons untrue makes it accept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
BOSS = of.Person(id="boss", roles=("boss", "clerk"))
NOBODY = of.Person(id="nobody")
FIELDS = {
    "order.amount": of.Field(type="number"),
    "order.kind": of.Field(type="choice", of=["a", "b"]),
    "order.rush": of.Field(type="boolean"),
    "order.note": of.Field(),
    "customer.level": of.Field(type="choice", of=["A", "B"]),
}


def amend(**changes: Any) -> Callable[[of.Tracker], object]:
    """A remedy: the order gets other values."""
    paths = {name.replace("__", "."): value for name, value in changes.items()}
    return lambda tracker: tracker.amend("SO-1", paths, by=of.Actor.system("test"))


# Each term of a guard on a name of its own, with what makes it true.
TERMS: dict[str, Callable[[of.Tracker], object]] = {
    "order.amount >= 5": amend(order__amount=7),
    "order.kind == 'b'": amend(order__kind="b"),
    "order.rush": amend(order__rush=True),
    "not order.rush": amend(order__rush=False),
    "order.note is not missing": amend(order__note="x"),
    "customer.level in ['A']": amend(customer__level="A"),
    "len(lines) >= 2": lambda tracker: tracker.amend("SO-1", add=[of.Line("9", "Z")], by=of.Actor.system("test")),
    "track('payment').stage == 'paid'": lambda tracker: tracker.fire(
        "SO-1", "pay", track="payment", by=of.Actor.system("test")
    ),
    "lines('shipped') >= 1": lambda tracker: tracker.move("SO-1", "ship", {"1": 1}, by=of.Actor.system("test")),
}
NEEDED: dict[str, Callable[[of.Tracker], object]] = {
    "order.note": TERMS["order.note is not missing"],
    "order.amount": amend(order__amount=7),
    "customer.level": amend(customer__level="A"),
}


@st.composite
def guards(draw: st.DrawFn) -> str | None:
    """A guard of one to four terms, joined by and and or; no name occurs twice."""
    found = draw(st.lists(st.sampled_from(sorted(TERMS)), max_size=4, unique_by=lambda term: term.replace("not ", "")))
    if not found:
        return None
    text = found[0]
    for term in found[1:]:
        text = f"({text}) {draw(st.sampled_from(['and', 'or']))} {term}"
    return text


TRANSITIONS = st.lists(
    st.builds(
        of.Transition,
        trigger=st.sampled_from(["go", "run"]),
        source=st.just("open"),
        dest=st.sampled_from(["next", "=", None]),
        guard=guards(),
        roles=st.sampled_from([(), ("boss",), ("clerk",)]),
        requires=st.lists(st.sampled_from(sorted(NEEDED)), max_size=2, unique=True),
    ),
    min_size=1,
    max_size=3,
)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.integers(0, 9),
        "kind": st.sampled_from("ab"),
        "rush": st.booleans(),
        "note": st.just("n"),
    },
)


@st.composite
def worlds(draw: st.DrawFn) -> of.Tracker:
    """A Tracker with one order in a small flow of random transitions."""
    flow = of.Flow(
        name="f",
        fields=FIELDS,
        lifecycle=of.Lifecycle(
            initial="open",
            stages={
                "open": of.Stage(requires=draw(st.sampled_from([(), ("order.note",)]))),
                "next": of.Stage(category="done"),
            },
            transitions=draw(TRANSITIONS),
        ),
        tracks={
            "payment": of.Track(
                lifecycle=of.Lifecycle(
                    initial="due",
                    stages={"due": of.Stage(), "paid": of.Stage(category="done")},
                    transitions=[of.Transition(trigger="pay", source="due", dest="paid")],
                )
            )
        },
        lines=of.Lines(stages=["open", "shipped"], moves={"ship": of.LineMove(source="open", dest="shipped")}),
    )
    errors = [item for item in of.problems(flow) if item.severity == "error"]
    if errors:  # a transition behind one without any condition
        flow = attrs.evolve(flow, lifecycle=attrs.evolve(flow.lifecycle, transitions=flow.lifecycle.transitions[:1]))
    tracker = of.Tracker(flow, directory=[BOSS, NOBODY], clock=lambda: NOW)
    level = draw(st.sampled_from([{}, {"level": "A"}, {"level": "B"}]))
    order = of.Order(
        "SO-1", customer=of.Customer("C", level), lines=[of.Line("1", "A", 5)], attributes=draw(ATTRIBUTES)
    )
    tracker.place(order, by=of.Actor.system("test"))
    return tracker


@settings(max_examples=150, deadline=None)
@given(worlds(), st.sampled_from(["boss", "nobody"]))
def test_allowed_lists_exactly_what_fire_accepts(tracker: of.Tracker, who: str) -> None:
    """For every trigger: it is in `allowed` when `why_not` is empty, and then `fire` accepts it, and only then."""
    for trigger in ("go", "run"):
        before = tracker.history("SO-1")
        allowed = trigger in tracker.allowed("SO-1", by=who)
        assert allowed == (not tracker.why_not("SO-1", trigger, by=who))
        try:
            tracker.preview(of.Fire(order="SO-1", trigger=trigger, by=who))
            assert allowed
        except of.Refused as refused:
            assert not allowed and refused.reasons == tracker.why_not("SO-1", trigger, by=who)
        assert tracker.history("SO-1") == before, "questions leave no trace"


@settings(max_examples=150, deadline=None)
@given(worlds(), st.data())
def test_making_the_reasons_untrue_makes_fire_accept(tracker: of.Tracker, data: st.DataObject) -> None:
    """Who does what each reason asks for - another actor, a value, a payment, a shipment - is let through."""
    triggers = tracker.get("SO-1").tracks["order"].allowed or tuple(
        {item.trigger for item in tracker._road.current["f"].flow.lifecycle.transitions}
    )
    trigger = data.draw(st.sampled_from(sorted(triggers)))
    reasons = tracker.why_not("SO-1", trigger, by="nobody")
    who = "boss" if any(why.code == "missing_role" for why in reasons) else "nobody"
    remedies: dict[str, Callable[[of.Tracker], object]] = {}
    for why in reasons:
        assert why.place is not None and why.text("en") and why.text("zh")
        if why.code == "missing_field":
            remedies[f"{why.params['field']} is not missing"] = NEEDED[why.params["field"]]
        elif why.code != "missing_role":
            assert why.code in ("guard_false", "guard_unknown", "track_blocks")
            remedies[why.params["term"]] = TERMS[why.params["term"]]
    if {"order.rush", "not order.rush"} <= remedies.keys():
        return  # two transitions that exclude each other: both cannot be made true
    for remedy in remedies.values():
        remedy(tracker)
    assert tracker.why_not("SO-1", trigger, by=who) == ()
    assert tracker.fire("SO-1", trigger, by=who).events
