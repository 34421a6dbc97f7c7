"""The laws of tracking, over random orders: commands, people, clocks and sweeps as Hypothesis makes them."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.memory import MemoryStorage
from orderflow.model.commit import Query
from orderflow.model.events import ClockMarked, Stream
from orderflow.model.state import Blank, OrderState, fold
from orderflow.rules.commit import index_row
from orderflow.rules.compile import compile_flow

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai
STAGES = ("placed", "review", "production", "shipping", "completed", "cancelled")
TRIGGERS = ("submit", "approve", "reject", "touch", "ship", "finish", "cancel", "no-such-trigger")
PEOPLE = ("li", "wang", "zhao", "gone", "nobody-known")

FLOW = of.Flow(
    name="sales",
    currency="CNY",
    calendar=of.WorkCalendar.from_dict(
        {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}, "holidays": ["2026-03-05"]}
    ),
    fields={"order.region": of.Field(type="choice", of=["east", "north"]), "customer.phone": of.Field(personal=True)},
    lifecycle=of.Lifecycle(
        initial="placed",
        stages={
            "placed": of.Stage(owner=of.OwnerRule(role="sales")),
            "review": of.Stage(owner=of.OwnerRule(role="finance")),
            "production": of.Stage(owner=of.OwnerRule(team="plant-1")),
            "shipping": of.Stage(owner=of.OwnerRule(person="zhao")),
            "completed": of.Stage(category="done"),
            "cancelled": of.Stage(category="cancelled"),
        },
        transitions=[
            of.Transition(trigger="submit", source="placed", dest="review", requires=["order.region"]),
            of.Transition(trigger="approve", source="review", dest="production", guard="order.total < 50000"),
            of.Transition(trigger="approve", source="review", dest="production", roles=["finance"]),
            of.Transition(trigger="reject", source=["review", "production"], dest="placed"),
            of.Transition(trigger="touch", source="*", dest=None),
            of.Transition(trigger="ship", source="production", dest="shipping", guard="order.region in ['east']"),
            of.Transition(trigger="finish", source="shipping", dest="completed"),
            of.Transition(trigger="cancel", source=["placed", "review"], dest="cancelled"),
        ],
    ),
    tracks={
        "payment": of.Track(
            lifecycle=of.Lifecycle(
                initial="due",
                stages={"due": of.Stage(owner="wang"), "paid": of.Stage(category="done")},
                transitions=[
                    of.Transition(trigger="pay", source="due", dest="paid", guard="track('order').stage != 'placed'"),
                    of.Transition(trigger="refund", source="paid", dest="due"),
                ],
            )
        ),
        "parcel": of.Track(
            many=True,
            lifecycle=of.Lifecycle(
                initial="packed",
                stages={"packed": of.Stage(), "sent": of.Stage(category="done")},
                transitions=[of.Transition(trigger="send", source="packed", dest="sent")],
            ),
        ),
    },
    sla={
        "pay": of.SLA(
            track="payment", start="due", target="6h", warn=["50%"], pause="track('order').stage == 'review'"
        ),
        "parcel": of.SLA(track="parcel", start="packed", target="2h", time="wall"),
        "review": of.SLA(start="stage == 'review'", target="8h", warn=["50%", "80%", "-1h"]),
        "work": of.SLA(
            start="review or production",
            stop=["shipping", "placed"],
            pause="production",
            reset="touch",
            target=[of.Target(when="order.total > 50000", target="3h"), of.Target(target="6h")],
            warn=["50%"],
            escalate=[of.Rung(after="0h", to="owner"), of.Rung(after="90m", to=["lead", "manager"])],
        ),
        "mine": of.SLA(
            start="stage != 'completed'", stop="completed", scope="owner", target="5h", time="wall", warn=["80%"]
        ),
        "each": of.SLA(
            start="stage != 'completed'",
            stop="completed",
            scope="stage",
            target="7h",
            reminders="working_hours",
            warn=["90%"],
            cancel="stage == 'shipping'",
        ),
        "answer": of.SLA(start="stage == 'placed'", stop="stage != 'placed'", target="2h", time="wall", warn=["50%"]),
        "delivery": of.SLA(
            start="stage != 'completed'",
            stop="stage == 'completed'",
            due="order.promised_at",
            warn=["-1d"],
            time="wall",
        ),
    },
    find=["order.region"],
)
DIRECTORY = of.Directory(
    [
        of.Person(id="li", roles=["sales"]),
        of.Person(id="wang", roles=["finance", "sales"]),
        of.Person(id="zhao", teams=["plant-1"]),
        of.Person(id="gone", roles=["sales", "finance"], active=False),
    ]
)
PROGRAM = compile_flow(FLOW)


class Clock:
    """A clock that moves when it is told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def tracker(storage: Any = "memory:") -> tuple[of.Tracker, Clock]:
    clock = Clock()
    channels = of.Channels(of.CallableChannel("mail", lambda notification: None))
    return of.Tracker(FLOW, storage=storage, directory=DIRECTORY, clock=clock, plugins=[channels]), clock


actors = st.one_of(
    st.sampled_from(PEOPLE).map(of.Actor.person),
    st.sampled_from([of.Actor.system("shop"), of.Actor.external("erp"), of.Actor.customer("ACME")]),
)
ids = st.sampled_from(["SO-1", "SO-2"])
backdates = st.one_of(st.none(), st.integers(-300, 60))
orders = st.builds(
    lambda id, region, price, phone, promised: of.Order(
        id,
        customer=of.Customer("ACME", {"phone": phone}),
        lines=[of.Line("1", "A-7", 2, price=of.Money(price, "CNY"))],
        promised_at=promised,
        attributes={"region": region},
    ),
    id=ids,
    region=st.sampled_from(["east", "north", None]),
    price=st.sampled_from([100, 40_000]),
    phone=st.sampled_from(["138", "139"]),
    promised=st.sampled_from([None, date(2026, 3, 4), START + timedelta(hours=30)]),
)
steps = st.one_of(
    st.tuples(st.just("place"), orders),
    st.tuples(st.just("fire"), ids, st.sampled_from(TRIGGERS), actors, backdates, st.sampled_from([None, "k1", "k2"])),
    st.tuples(st.just("fire"), ids, st.sampled_from(TRIGGERS), actors, st.none(), st.none()),
    st.tuples(st.just("observe"), ids, st.sampled_from((*STAGES, "no-such-stage")), backdates),
    st.tuples(st.just("assign"), ids, st.sampled_from((*PEOPLE, None))),
    st.tuples(st.just("note"), ids),
    st.tuples(st.just("open"), ids),
    st.tuples(
        st.just("on"),
        ids,
        st.sampled_from(["payment", "parcel:1", "parcel:2"]),
        st.sampled_from(["pay", "refund", "send"]),
    ),
    st.tuples(st.just("wait"), st.integers(1, 60 * 40)),
)
stories = st.lists(steps, min_size=3, max_size=25).map(lambda story: [("place", of.Order("SO-1")), *story])


def command(step: tuple[Any, ...], now: datetime) -> Any:
    """The command of a step, or None when the step is none."""

    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else now + timedelta(minutes=minutes)

    match step:
        case ("place", order):
            return of.Place(content=order, by=of.Actor.system("shop"))
        case ("fire", id, trigger, by, minutes, key):
            return of.Fire(order=id, trigger=trigger, by=by, at=at(minutes), key=key)
        case ("observe", id, stage, minutes):
            return of.Observe(order=id, stage=stage, source="erp", by=of.Actor.external("erp"), at=at(minutes))
        case ("assign", id, person):
            return of.Assign(order=id, to=person, by="wang")
        case ("open", id):
            return of.OpenTrack(order=id, track="parcel", by="zhao")
        case ("on", id, track, trigger):
            return of.Fire(order=id, track=track, trigger=trigger, by="zhao")
        case ("note", id):
            return of.Note(order=id, text="备注", by="li")
    return None


def play(subject: of.Tracker, clock: Clock, story: list[tuple[Any, ...]], sweep_every: int = 0) -> None:
    """Tell a story to a tracker; what is refused is refused."""
    for number, step in enumerate(story):
        if step[0] == "wait":
            clock.now += timedelta(minutes=step[1])
        else:
            with contextlib.suppress(of.Refused):
                subject.handle(command(step, clock.now))
        if sweep_every and number % sweep_every == 0:
            subject.sweep()


def stored(subject: of.Tracker) -> dict[str, OrderState]:
    """Every order, folded from what the storage holds."""
    storage = subject._road.storage
    found = {}
    for stream in storage.streams("order", None, 100):
        state = fold(Blank(stream=stream), storage.load(stream))
        assert isinstance(state, OrderState)
        found[stream.id] = state
    return found


def everything(subject: of.Tracker) -> Any:
    """All that a storage holds: events, index rows, keys and outbox."""
    storage = subject._road.storage
    assert isinstance(storage, MemoryStorage)
    events = storage.feed(0, 10_000).events
    return events, storage.find(Query(limit=1_000)), dict(storage._keys), {k: v.row for k, v in storage._outbox.items()}


slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(stories)
def test_replay_equals_live(story: list[tuple[Any, ...]]) -> None:
    """The state that a Receipt shows is the state that the stored events fold to."""
    subject, clock = tracker()
    for step in story:
        if step[0] == "wait":
            clock.now += timedelta(minutes=step[1])
            continue
        try:
            receipt = subject.handle(command(step, clock.now))
        except of.Refused:
            continue
        if not receipt.repeated:
            assert receipt.state == stored(subject)[receipt.order]


@slow
@given(stories)
def test_a_refused_command_leaves_no_trace(story: list[tuple[Any, ...]]) -> None:
    """After a refusal, events, index, keys and outbox are what they were, even where time had something to record."""
    subject, clock = tracker()
    for step in story:
        if step[0] == "wait":
            clock.now += timedelta(minutes=step[1])
            continue
        before = everything(subject)
        try:
            subject.handle(command(step, clock.now))
        except of.Refused as refusal:
            assert refusal.reasons
            assert all(item.text("en") and item.text("zh") for item in refusal.reasons)
            assert everything(subject) == before


@slow
@given(stories, actors)
def test_allowed_is_exactly_what_fire_accepts(story: list[tuple[Any, ...]], by: of.Actor) -> None:
    """`allowed` lists a trigger exactly when `fire` accepts it; otherwise `why_not` gives what `fire` raises."""
    subject, clock = tracker()
    play(subject, clock, story)
    allowed = subject.allowed("SO-1", by=by)
    for trigger in TRIGGERS:
        reasons = subject.why_not("SO-1", trigger, by=by)
        assert (trigger in allowed) == (reasons == ())
        try:
            subject.preview(of.Fire(order="SO-1", trigger=trigger, by=by))
        except of.Refused as refusal:
            assert trigger not in allowed
            assert refusal.reasons == reasons
        else:
            assert trigger in allowed


def marks(subject: of.Tracker) -> dict[str, list[Any]]:
    return {
        id: [
            (event.track, mark, event.occurred_at)
            for event in state.timeline
            if isinstance(event.body, ClockMarked)
            for mark in event.body.marks
        ]
        for id, state in stored(subject).items()
    }


@slow
@given(stories, st.integers(1, 5))
def test_a_late_sweep_records_the_same_marks_as_a_punctual_one(story: list[tuple[Any, ...]], every: int) -> None:
    """Whether the host sweeps after each step, sometimes or once at the end: same marks, same instants, same order."""
    punctual, clock_1 = tracker()
    now_and_then, clock_2 = tracker()
    late, clock_3 = tracker()
    story = [*story, ("wait", 60 * 24 * 10)]
    play(punctual, clock_1, story, sweep_every=1)
    play(now_and_then, clock_2, story, sweep_every=every)
    play(late, clock_3, story)
    for subject in (punctual, now_and_then, late):
        subject.sweep()
    assert marks(punctual) == marks(now_and_then) == marks(late)


def settles(subject: of.Tracker, state: OrderState, at: datetime) -> bool:
    """Whether settling at an instant would record anything."""
    return subject._road.settled(state, of.Settle(order=state.order.id, by=of.Actor.system("test")), at) != state


@slow
@given(stories, st.integers(0, 60 * 24 * 5))
def test_next_at_is_the_next_settle_that_does_something(story: list[tuple[Any, ...]], minutes: int) -> None:
    """Before `next_at` settling does nothing; from `next_at` on it does something."""
    subject, clock = tracker()
    play(subject, clock, story)
    for state in stored(subject).values():
        next_at = index_row(PROGRAM, state).next_at
        later = clock.now + timedelta(minutes=minutes)
        assert settles(subject, state, later) == (next_at is not None and next_at <= later)
        if next_at is not None:
            assert settles(subject, state, next_at)
        if next_at is not None and next_at > state.recorded_at:
            assert not settles(subject, state, next_at - timedelta(microseconds=1))


@slow
@given(stories)
def test_a_preview_is_what_handle_then_does(story: list[tuple[Any, ...]]) -> None:
    """`preview` gives the state, the events and the messages of the command, and writes nothing."""
    subject, clock = tracker()
    for step in story:
        if step[0] == "wait":
            clock.now += timedelta(minutes=step[1])
            continue
        asked = command(step, clock.now)
        before = everything(subject)
        try:
            expected = subject.preview(asked)
        except of.Refused as refusal:
            with pytest.raises(type(refusal)):
                subject.handle(asked)
            continue
        assert everything(subject) == before
        receipt = subject.handle(asked)
        if not isinstance(asked, of.Place):  # salts are drawn anew
            assert (receipt.state, receipt.events, receipt.messages) == (
                expected.state,
                expected.events,
                expected.messages,
            )


@settings(max_examples=15, deadline=None)
@given(stories)
def test_memory_and_sqlite_hold_the_same(story: list[tuple[Any, ...]]) -> None:
    """The same story gives the same events, rows and owed messages in both storages."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        first, clock_1 = tracker()
        second, clock_2 = tracker(f"sqlite:///{folder}/orders.db?synchronous=normal")
        with second:
            story = [step for step in story if not (step[0] == "place" and step[1].customer)]  # salts differ
            play(first, clock_1, story, sweep_every=2)
            play(second, clock_2, story, sweep_every=2)
            one, two = first._road.storage, second._road.storage
            assert one.feed(0, 1_000).events == two.feed(0, 1_000).events
            assert one.find(Query(limit=1_000)) == two.find(Query(limit=1_000))
            assert one.tally(Query()) == two.tally(Query())
            assert one.loads(PEOPLE) == two.loads(PEOPLE)
            lease = timedelta(minutes=1)
            assert {row.message for row in one.claim_outbox("mail", clock_1.now, 1_000, lease)} == {
                row.message for row in two.claim_outbox("mail", clock_2.now, 1_000, lease)
            }
            for stream in one.streams("order", None, 100):
                assert one.head(stream) == two.head(stream)


@slow
@given(stories)
def test_the_past_does_not_change(story: list[tuple[Any, ...]]) -> None:
    """`get(as_of=t)` says later what `get` said at t, marks that nobody had recorded yet included."""
    subject, clock = tracker()
    seen: dict[datetime, Any] = {}
    for step in story:
        play(subject, clock, [step])
        clock.now += timedelta(microseconds=1)
        view = subject.get("SO-1")
        seen[clock.now] = (view.stage, view.owner, view.due_at, view.late, view.since, view.inconsistent)
        clock.now += timedelta(microseconds=1)  # what is recorded at an instant is known at it
    clock.now += timedelta(days=30)
    subject.sweep()
    for at, expected in seen.items():
        view = subject.get("SO-1", as_of=at)
        assert (view.stage, view.owner, view.due_at, view.late, view.since, view.inconsistent) == expected


def test_every_stream_kind_that_a_tracker_writes_is_known() -> None:
    """A Tracker writes streams of orders and of flows, and nothing else."""
    subject, _ = tracker()
    subject.place(of.Order("SO-1"), by=of.Actor.system("shop"))
    kinds = {event.stream for event in subject._road.storage.feed(0, 100).events}
    assert kinds == {Stream.flow("sales"), Stream.order("SO-1")}
