"""Parallel tracks: strands of one order with lifecycles of their own, in one stream."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.codec import read_flow
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.canonical import flow_text
from orderflow.model.state import Blank, fold

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SHOP = of.Actor.system("shop")
FLOW = """
flow: sales
lifecycle:
  initial: placed
  stages: {placed: {owner: li}, shipping: {owner: zhao}, completed: {category: done}}
  transitions:
    - {trigger: ship, source: placed, dest: shipping, guard: "track('payment').stage == 'paid'"}
    - {trigger: finish, source: shipping, dest: completed, guard: "track('shipment:1').stage == 'delivered'"}
tracks:
  payment:
    title: {zh: 收款}
    initial: due
    stages: {due: {title: {zh: 待付款}, owner: wang}, paid: {category: done}}
    transitions:
      - {trigger: pay, source: due, dest: paid, guard: "stage == 'due' and track('order').stage == 'placed'"}
  shipment:
    many: true
    initial: packed
    stages: {packed: {}, on_road: {}, delivered: {category: done}}
    transitions:
      - {trigger: send, source: packed, dest: on_road}
      - {trigger: deliver, source: on_road, dest: delivered}
"""


def tracker(text: str = FLOW, **more: Any) -> of.Tracker:
    subject = of.Tracker(read_flow_text(text, file="f.yaml"), clock=lambda: NOW, **more)
    subject.place(of.Order("SO-1"), by=SHOP)
    return subject


def test_a_single_track_is_there_from_the_beginning() -> None:
    """Placing enters the first stage of `order` and of each single track, each with its owner."""
    view = tracker().get("SO-1")
    assert {name: (track.stage, track.owner) for name, track in view.tracks.items()} == {
        "order": ("placed", "li"),
        "payment": ("due", "wang"),
    }
    assert view.tracks["payment"].title("zh") == "待付款"
    assert (view.stage, view.owner, view.allowed) == ("placed", "li", ())
    assert view.tracks["payment"].allowed == ("pay",)


def test_guards_join_tracks() -> None:
    """The order waits for the payment, and the payment's own guard sees its own stage and the order's."""
    subject = tracker()
    with pytest.raises(of.Refused, match="'ship' waits for the track 'payment', which is in due"):
        subject.fire("SO-1", "ship", by="li")
    assert subject.fire("SO-1", "pay", by="wang", track="payment").stage == "placed"
    assert subject.fire("SO-1", "ship", by="li").stage == "shipping"
    assert [event.track for event in subject.history("SO-1") if event.type == "stage_entered"] == [
        "order",
        "payment",
        "payment",
        "order",
    ]


def test_tracks_of_which_there_are_many_are_opened() -> None:
    """They are numbered from 1, or have the id that is given; each moves by itself."""
    subject = tracker()
    names = [subject.open_track("SO-1", "shipment", by="zhao").events[0].track for _ in range(2)]
    assert names == ["shipment:1", "shipment:2"]
    assert subject.open_track("SO-1", "shipment", by="zhao", id="SF-77").events[0].track == "shipment:SF-77"
    subject.fire("SO-1", "send", by="zhao", track="shipment:2")
    subject.observe("SO-1", "delivered", source="wms", track="shipment:1")
    view = subject.get("SO-1")
    assert {name: view.tracks[name].stage for name in names} == {"shipment:1": "delivered", "shipment:2": "on_road"}
    assert view.tracks["shipment:1"].inconsistent
    assert not view.inconsistent
    subject.assign("SO-1", "li", by="zhao", track="shipment:2")
    assert subject.get("SO-1").tracks["shipment:2"].owner == "li"
    assert subject.get("SO-1").owner == "li"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda t: t.open_track("SO-1", "shipmnt", by=SHOP), "unknown_track_kind"),
        (lambda t: t.open_track("SO-1", "payment", by=SHOP), "unknown_track_kind"),
        (lambda t: t.open_track("SO-1", "shipment", by=SHOP, id="1"), "track_open"),
        (lambda t: t.fire("SO-1", "pay", by=SHOP), "unknown_trigger"),
        (lambda t: t.fire("SO-1", "send", by=SHOP, track="shipment:9"), "unknown_track"),
        (lambda t: t.fire("SO-1", "deliver", by=SHOP, track="shipment:1"), "not_from_this_stage"),
        (lambda t: t.observe("SO-1", "placed", source="erp", track="payment"), "unknown_stage"),
    ],
)
def test_what_a_track_refuses(ask: Any, code: str) -> None:
    """Each has its code, and texts in both languages."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", by=SHOP)
    with pytest.raises(of.Refused) as caught:
        ask(subject)
    (found,) = caught.value.reasons
    assert found.code == code
    assert found.text("zh")


def test_allowed_is_what_fire_accepts_on_every_track() -> None:
    """On each track, `allowed` lists exactly the triggers that `preview` accepts."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", by=SHOP)
    triggers = ("ship", "finish", "pay", "send", "deliver")
    for track in ("order", "payment", "shipment:1", "shipment:2"):
        accepted = []
        for trigger in triggers:
            try:
                subject.preview(of.Fire(order="SO-1", trigger=trigger, by=SHOP, track=track))
            except of.Refused as refused:
                assert subject.why_not("SO-1", trigger, by=SHOP, track=track) == refused.reasons
            else:
                accepted.append(trigger)
        assert subject.allowed("SO-1", by=SHOP, track=track) == tuple(accepted)


def test_a_replay_says_the_same_of_every_track() -> None:
    """Folding the stored events gives the state with all tracks."""
    subject = tracker()
    subject.open_track("SO-1", "shipment", by=SHOP)
    receipt = subject.fire("SO-1", "send", by=SHOP, track="shipment:1")
    stream = receipt.state.stream
    assert fold(Blank(stream=stream), subject._road.storage.load(stream)) == receipt.state


def test_a_flow_without_tracks_keeps_its_fingerprint() -> None:
    """Tracks are left out of the canonical text where there are none; with them it reads back the same."""
    flow = read_flow_text(FLOW)
    assert read_flow(flow_text(flow)) == flow
    assert "tracks" not in flow_text(
        read_flow_text(
            FLOW.partition("tracks:")[0]
            .replace("track('payment').stage == 'paid'", "true")
            .replace("track('shipment:1').stage == 'delivered'", "true")
        )
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  payment:\n", "  order:\n", "is no name for a track"),
        ("initial: due", "initial: do", "f.yaml:12:14 (tracks.payment.initial): there is no stage 'do'"),
        ("dest: paid", "dest: payed", "Did you mean 'paid'?"),
        ("stage == 'due' and", "stage == 'placed' and", "tracks.payment.transitions[0].guard"),
        ("track('payment').stage == 'paid'", "track('payment').stage == 'payed'", "Did you mean 'paid'?"),
        ("track('payment').stage == 'paid'", "track('paymnt').stage == 'paid'", "Did you mean 'payment'?"),
        ("many: true", "meny: true", "Did you mean 'many'?"),
        ("many: true", "many: perhaps", "true or false"),
    ],
)
def test_a_mistake_in_a_track_is_told_where_it_is(old: str, new: str, words: str) -> None:
    """Tracks are checked like the order's own lifecycle, with their own paths."""
    assert old in FLOW
    with pytest.raises(of.DefinitionError) as caught:
        read_flow_text(FLOW.replace(old, new, 1), file="f.yaml")
    assert words in str(caught.value)


def test_every_track_has_its_own_clocks() -> None:
    """A promise about a kind of track runs once for each: started, breached and met by itself."""
    now = [NOW]
    text = (
        FLOW
        + """
sla:
  pay: {track: payment, start: due, target: 2h, time: wall, warn: [50%]}
  carry: {track: shipment, start: [packed, on_road], stop: delivered, scope: stage, target: 3h, time: wall}
  order: {start: placed, target: 9h, time: wall}
"""
    )
    sent: list[of.Notification] = []
    subject = of.Tracker(
        read_flow_text(text), clock=lambda: now[0], plugins=[of.Channels(of.CallableChannel("mail", sent.append))]
    )
    subject.place(of.Order("SO-1"), by=SHOP)
    subject.open_track("SO-1", "shipment", by=SHOP)
    now[0] = NOW.replace(hour=2)
    subject.open_track("SO-1", "shipment", by=SHOP)
    now[0] = NOW.replace(hour=3, minute=30)
    subject.fire("SO-1", "send", by=SHOP, track="shipment:1")
    subject.sweep()
    clocks = {(clock.track, clock.sla): clock for clock in subject.get("SO-1").clocks}
    assert set(clocks) == {("order", "order"), ("payment", "pay"), ("shipment:1", "carry"), ("shipment:2", "carry")}
    assert clocks["payment", "pay"].breached_at == NOW.replace(hour=3)
    assert clocks["shipment:1", "carry"].due_at == NOW.replace(hour=6, minute=30)
    assert clocks["shipment:2", "carry"].due_at == NOW.replace(hour=5)
    subject.deliver()
    told = {(item.topic, item.to) for item in sent if item.topic in ("warned", "breached")}
    assert told == {("warned", ("wang",)), ("breached", ("wang",))}
    subject.fire("SO-1", "pay", by=SHOP, track="payment")
    ended = {clock.track: clock.ended for clock in subject.get("SO-1").clocks}
    assert ended == {"order": None, "payment": "met", "shipment:1": None, "shipment:2": None}


def test_a_promise_names_a_track_that_there_is() -> None:
    """An unknown kind of track is told with a suggestion, and bare names are those of its track."""
    with pytest.raises(of.DefinitionError, match="Did you mean 'payment'"):
        read_flow_text(FLOW + "sla: {pay: {track: paymnt, start: due, target: 2h}}")
    with pytest.raises(of.DefinitionError, match=r"sla\.pay\.start"):
        read_flow_text(FLOW + "sla: {pay: {track: payment, start: placed, target: 2h}}")
