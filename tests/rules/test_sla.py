"""Time promises: an oracle that walks minutes, and every promise of the engine by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.model.clock import Clock
from orderflow.model.events import ClockMarked

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
SHOP = of.Actor.system("shop")
OFFICE = of.WorkCalendar.from_dict(
    {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}, "holidays": ["2026-03-05"]}
)
MINUTE = timedelta(minutes=1)


class World:
    """A tracker over stages that lead everywhere, its clock, and what was sent."""

    def __init__(self, *, people: tuple[of.Person, ...] = (), plugins: tuple[Any, ...] = (), **sla: of.SLA) -> None:
        self.now = MONDAY
        self.sent: list[of.Notification] = []
        stages = ("new", "work", "wait", "check")
        flow = of.Flow(
            name="sales",
            currency="CNY",
            calendar=OFFICE,
            calendars={"night": of.WorkCalendar.from_dict({"hours": {"mon-sun": ["22:00-06:00"]}})},
            fields={
                "order.priority": of.Field(type="choice", of=["high", "low"]),
                "customer.calendar": of.Field(),
            },
            lifecycle=of.Lifecycle(
                initial="new",
                stages={
                    **{name: of.Stage(calendar="night" if name == "check" else None) for name in stages},
                    "done": of.Stage(category="done"),
                    "cancelled": of.Stage(category="cancelled"),
                },
                transitions=[
                    *(
                        of.Transition(trigger=f"to_{name}", source="*", dest=name)
                        for name in (*stages, "done", "cancelled")
                    ),
                    of.Transition(trigger="ask", source="*", dest=None),
                    of.Transition(trigger="answer", source="*", dest=None),
                ],
            ),
            sla=sla,
        )
        channel = of.CallableChannel("mail", self.sent.append)
        self.tracker = of.Tracker(
            flow,
            clock=lambda: self.now,
            directory=of.Directory([of.Person(id="li"), *people]),
            plugins=[of.Channels(channel), *plugins],
        )

    def place(self, **attributes: Any) -> of.Receipt:
        return self.tracker.place(of.Order("SO-1", attributes=attributes, customer="ACME"), by=SHOP)

    def fire(self, trigger: str, at: datetime | None = None) -> of.Receipt:
        return self.tracker.fire("SO-1", trigger, by=SHOP, at=at)

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)

    def clock(self, name: str = "s") -> Clock:
        return next(clock for clock in self.tracker.get("SO-1").clocks if clock.sla == name)

    def marks(self, name: str = "s") -> list[tuple[str, str | None, datetime]]:
        """(kind, label, instant) of every recorded mark, settled up to now."""
        self.tracker.sweep()
        return [
            (mark.kind, mark.label, event.occurred_at)
            for event in self.tracker.history("SO-1")
            if isinstance(event.body, ClockMarked)
            for mark in event.body.marks
            if mark.sla == name
        ]


def local(day: int, clock: str) -> datetime:
    """An instant in March 2026 by Shanghai's wall clock."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


moves = st.lists(
    st.tuples(st.integers(1, 900), st.sampled_from(["to_new", "to_work", "to_wait", "to_check", "to_done"])),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(moves, st.integers(1, 20), st.booleans(), st.booleans())
def test_a_clock_is_what_a_walk_over_minutes_counts(
    story: list[tuple[int, str]], hours: int, business: bool, sweeps: bool
) -> None:
    """Spent time, breach and end are those of a walk that asks each minute: running, and open?

    Runs while work, wait or check; pauses in wait; met when new or done comes.
    """
    world = World(
        s=of.SLA(
            start=["work", "wait", "check"],
            pause="wait",
            target=timedelta(hours=hours),
            time="business" if business else "wall",
        )
    )
    world.place()
    stage, spent, breached, ends = "new", timedelta(), None, []
    target = timedelta(hours=hours)
    for minutes, trigger in story:
        for _ in range(minutes):
            if stage in ("work", "check"):
                if spent >= target and breached is None:
                    breached = world.now  # the target was used up, and time goes on: in a break too
                if not business or OFFICE.is_open(world.now):
                    spent += MINUTE
            world.now += MINUTE
        if sweeps:
            world.tracker.sweep()
        if world.tracker.get("SO-1").category == "done":
            break
        before, stage = stage, trigger.removeprefix("to_")
        world.fire(trigger)
        counts = ("work", "wait", "check")
        if before in counts and stage not in counts:
            ends.append((spent, breached))
        if before not in counts and stage in counts:
            spent, breached = timedelta(), None
    found = list(world.tracker.get("SO-1").clocks)
    if not found:
        assert not ends
        assert stage in ("new", "done")
        return
    (clock,) = found
    if stage in ("work", "wait", "check"):
        assert clock.active
        assert clock.paused == (stage == "wait")
        assert clock.spent == spent
        world.tracker.sweep()
        assert (world.clock().breached_at is None) == (breached is None)
    else:
        assert (clock.spent, clock.ended) == (ends[-1][0], "met")
        assert (clock.breached_at is None) == (ends[-1][1] is None)
    if clock.breached_at is not None and breached is not None and business:
        # the breach is the instant at which the target was used up; the walk sees the next open minute
        assert OFFICE.elapsed(clock.breached_at, breached) == timedelta()


def test_stages_triggers_and_lists_name_conditions() -> None:
    """`work` is a stage, `ask` a trigger, a list any of them; an expression is one too."""
    world = World(
        by_stage=of.SLA(start="work", target="1h"),
        by_list=of.SLA(start=["work", "check"], target="1h"),
        by_trigger=of.SLA(start="ask", stop="answer", target="1h"),
        by_words=of.SLA(start="stage == 'check' and order.priority == 'high'", target="1h"),
    )
    world.place(priority="high")
    assert world.tracker.get("SO-1").clocks == ()
    world.fire("ask")
    world.fire("to_work")
    assert {clock.sla: clock.ended for clock in world.tracker.get("SO-1").clocks} == {
        "by_stage": None,
        "by_list": None,
        "by_trigger": None,
    }
    world.fire("to_check")
    world.fire("answer")
    assert {clock.sla: clock.ended for clock in world.tracker.get("SO-1").clocks} == {
        "by_stage": "met",
        "by_list": None,
        "by_trigger": "met",
        "by_words": None,
    }


def test_pauses_add_up_in_business_time() -> None:
    """8 h from Monday 09:00; paused 10:00 to Tuesday 10:00 and 11:00 to 14:00: due on Wednesday at 11:00."""
    world = World(s=of.SLA(start="work or wait", pause="wait", target="8h", warn=["50%"]))
    world.place()
    world.fire("to_work")
    for trigger, at in (("to_wait", local(2, "10:00")), ("to_work", local(3, "10:00")), ("to_wait", local(3, "11:00"))):
        world.now = at
        world.fire(trigger)
    assert (world.clock().paused, world.clock().due_at, world.clock().spent) == (True, None, timedelta(hours=2))
    world.now = local(3, "14:00")
    # 6 h are left: 4 h on Tuesday until 18:00, 2 h on Wednesday
    assert world.fire("to_work").due_at == local(4, "11:00")
    assert world.marks()[-1] == ("resumed", None, local(3, "14:00"))


def test_a_paused_clock_cannot_breach() -> None:
    """However long it waits, nothing happens; resumed, it has what was left."""
    world = World(s=of.SLA(start="work or wait", pause="wait", target="2h", time="wall", warn=["50%"]))
    world.place()
    world.fire("to_work")
    world.wait(minutes=30)
    world.fire("to_wait")
    world.wait(days=30)
    assert [kind for kind, _, _ in world.marks()] == ["started", "paused"]
    assert world.fire("to_work").due_at == world.now + timedelta(minutes=90)


def test_a_trigger_pauses_until_another_resumes() -> None:
    """`pause: ask, resume: answer` holds over stages in between."""
    world = World(
        s=of.SLA(start="stage != 'done'", stop="done", pause="ask", resume="answer", target="9h", time="wall")
    )
    world.place()
    world.fire("ask")
    world.wait(hours=5)
    world.fire("to_work")
    assert world.clock().paused
    world.fire("answer")
    assert world.clock().running
    assert world.clock().due_at == world.now + timedelta(hours=9)


def test_reset_begins_anew_and_cancel_ends() -> None:
    """`reset` forgets what was spent and any breach; `cancel` ends without an answer."""
    world = World(s=of.SLA(start="work", reset="ask", cancel="answer", target="1h", time="wall"))
    world.place()
    world.fire("to_work")
    world.wait(hours=2)
    assert world.marks()[-1][0] == "breached"
    world.fire("ask")
    assert (world.clock().breached_at, world.clock().due_at) == (None, world.now + timedelta(hours=1))
    world.fire("answer")
    assert world.clock().ended == "cancelled"


def test_scope_stage_and_owner_begin_anew() -> None:
    """A promise per stage starts again with each stage, one per owner with each owner."""
    world = World(
        s=of.SLA(start="stage != 'done'", stop="done", scope="stage", target="1h", time="wall"),
        o=of.SLA(start="stage != 'done'", stop="done", scope="owner", target="1h", time="wall"),
    )
    world.place()
    world.wait(minutes=20)
    world.fire("to_work")
    assert world.clock("s").due_at == world.now + timedelta(hours=1)
    assert world.clock("o").due_at == world.now + timedelta(minutes=40)
    world.wait(minutes=20)
    world.tracker.assign("SO-1", "li", by=SHOP)
    assert world.clock("o").due_at == world.now + timedelta(hours=1)
    assert world.clock("s").due_at == world.now + timedelta(minutes=40)


@pytest.mark.parametrize(("priority", "due"), [("high", local(2, "11:00")), ("low", local(2, "18:00")), (None, None)])
def test_targets_are_a_table(priority: str | None, due: datetime | None) -> None:
    """The first row that is true counts; an order that no row fits has no clock, and is unwatched."""
    table = [
        of.Target(when="order.priority == 'high'", target="2h"),
        of.Target(when="order.priority == 'low'", target="7h30m"),
    ]
    world = World(s=of.SLA(start="new", target=table))
    world.place(**({"priority": priority} if priority else {}))
    assert world.tracker.get("SO-1").due_at == due
    assert len(world.tracker.unwatched()) == (due is None)


@pytest.mark.parametrize(("carry", "left"), [("all", 1.0), ("used", 1.5), ("restart", 3.0)])
def test_a_target_that_changes_midway_carries_as_stated(carry: Any, left: float) -> None:
    """After 2 of 4 hours another row fits, with 3 hours: what was spent counts in full, by its share, or not."""
    table = [of.Target(when="stage == 'work'", target="4h"), of.Target(target="3h")]
    world = World(s=of.SLA(start="stage != 'done'", stop="done", target=table, time="wall", carry=carry))
    world.place()
    world.fire("to_work", None)
    world.wait(hours=2)
    before = world.clock().spent
    world.fire("to_check")
    kinds = [kind for kind, _, _ in world.marks()]
    assert before == timedelta(hours=2)
    assert kinds[-1] == ("reset" if carry == "restart" else "redued")
    assert world.clock().due_at == world.now + timedelta(hours=left)


def test_a_new_target_that_is_used_up_already_breaches_now_not_before() -> None:
    """A policy cannot be broken before it came in: the breach is at the change, not where it would have been due."""
    table = [of.Target(when="stage == 'work'", target="8h"), of.Target(target="1h")]
    world = World(s=of.SLA(start="stage != 'done'", stop="done", target=table, time="wall"))
    world.place()
    world.fire("to_work")
    world.wait(hours=3)
    changed = world.now
    world.fire("to_check")
    world.wait(hours=1)
    assert world.marks()[-1] == ("breached", None, changed)


def test_each_promise_counts_by_its_calendar() -> None:
    """The flow's, the stage's, the owner's, the customer's, a named one: the recorded name says which."""
    night = of.Person(id="owl", calendar="night")
    world = World(
        people=(night,),
        flow=of.SLA(start="stage != 'done'", stop="done", target="1h"),
        named=of.SLA(start="stage != 'done'", stop="done", target="1h", calendar="night"),
        stage=of.SLA(start="stage != 'done'", stop="done", target="1h", calendar="stage"),
        owner=of.SLA(start="stage != 'done'", stop="done", target="1h", calendar="owner"),
        customer=of.SLA(start="stage != 'done'", stop="done", target="1h", calendar="customer"),
    )
    customer = of.Customer("ACME", {"calendar": "night"})
    world.tracker.place(of.Order("SO-1", customer=customer), by=SHOP)
    named = {clock.sla: clock.calendar for clock in world.tracker.get("SO-1").clocks}
    assert named == {"flow": "flow", "named": "night", "stage": "flow", "owner": "flow", "customer": "night"}
    world.fire("to_check")
    world.tracker.assign("SO-1", "owl", by=SHOP)
    named = {clock.sla: clock.calendar for clock in world.tracker.get("SO-1").clocks}
    assert named == {"flow": "flow", "named": "night", "stage": "night", "owner": "night", "customer": "night"}
    assert world.clock("owner").due_at == MONDAY + timedelta(hours=1)  # 01:00 in UTC is within the night shift


def test_a_plugins_calendar_that_changes_sets_running_clocks_anew() -> None:
    """At the next settle after the content changed; what was recorded before stays as it was."""

    class Host:
        hours = "09:00-17:00"

        @of.hookimpl
        def orderflow_calendar(self, name: str, years: tuple[int, ...]) -> of.WorkCalendar | None:
            assert 2026 in years
            return of.WorkCalendar.from_dict({"hours": {"mon-sun": [self.hours]}}) if name == "plant" else None

    host = Host()
    world = World(plugins=(host,), s=of.SLA(start="work", target="10h", calendar="plant"))
    world.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    world.place()
    assert world.fire("to_work").due_at == datetime(2026, 3, 3, 11, 0, tzinfo=UTC)
    host.hours = "12:00-17:00"
    world.now = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    world.tracker.note("SO-1", "another day", by=SHOP)
    kinds = [kind for kind, _, _ in world.marks()]
    assert kinds == ["started", "redued"]
    assert world.clock().due_at is not None
    assert world.clock().due_at > datetime(2026, 3, 3, 11, 0, tzinfo=UTC)  # type: ignore[operator]  # just seen


def test_a_flow_that_names_a_calendar_that_nobody_has_is_refused() -> None:
    """When the Tracker opens, with a suggestion."""
    with pytest.raises(of.DefinitionError, match="Did you mean 'night'"):
        World(s=of.SLA(start="work", target="1h", calendar="nigth"))


def test_the_ladder_climbs_until_the_order_moves() -> None:
    """Each rung a while after the breach, in business time; owner, lead, manager are looked up at delivery."""
    people = (of.Person(id="wang", lead="zhou", manager="boss"), of.Person(id="zhou"), of.Person(id="boss"))
    rungs = [
        of.Rung(after="0h", to="owner"),
        of.Rung(after="2h", to="lead"),
        of.Rung(after="8h", to=["lead", "manager"]),
    ]
    world = World(people=people, s=of.SLA(start="work", target="1h", escalate=rungs))
    world.place()
    world.tracker.assign("SO-1", "wang", by=SHOP)
    world.fire("to_work")
    world.now = local(3, "17:00")
    assert world.marks() == [
        ("started", None, MONDAY),
        ("breached", None, local(2, "10:00")),
        ("escalated", "1", local(2, "10:00")),
        ("escalated", "2", local(2, "13:30") - timedelta(minutes=90)),
        ("escalated", "3", local(3, "10:30")),
    ]
    world.tracker.deliver()
    told = [(item.topic, item.to) for item in world.sent if item.topic == "escalated"]
    assert told == [("escalated", ("wang",)), ("escalated", ("zhou",)), ("escalated", ("zhou", "boss"))]


@pytest.mark.parametrize("how", ["acknowledge", "move", "pause"])
def test_the_ladder_stops(how: str) -> None:
    """When somebody acknowledges, when the order moves, when the clock pauses."""
    world = World(
        s=of.SLA(
            start="work or check",
            pause="ask",
            resume="answer",
            target="1h",
            time="wall",
            escalate=[of.Rung(after="1h", to="owner")],
        )
    )
    world.place()
    world.fire("to_work")
    world.wait(minutes=90)
    if how == "acknowledge":
        world.tracker.acknowledge("SO-1", by="li")
        with pytest.raises(of.Refused) as caught:
            world.tracker.acknowledge("SO-1", by="li")
        assert caught.value.reasons[0].code == "nothing_to_acknowledge"
    else:
        world.fire("to_check" if how == "move" else "ask")
    world.wait(days=9)
    assert "escalated" not in [kind for kind, _, _ in world.marks()]
    assert "acknowledged" in [kind for kind, _, _ in world.marks()]


def test_reminders_keep_to_working_hours() -> None:
    """A warning that falls into the night comes at the next opening."""
    sla = of.SLA(start="new", target="20h", time="wall", warn=["50%"], reminders="working_hours")
    world = World(s=sla)
    world.place()
    world.wait(days=2)
    assert world.marks()[1] == ("warned", "50%", local(3, "09:00")) or world.marks()[1][0] == "breached"
    assert ("warned", "50%", local(2, "19:00")) not in world.marks()


def test_a_fact_reported_late_corrects_a_breach() -> None:
    """Due at 13:00, breached, and told at 19:00 that it was done at 11:00: the breach is taken back, on record."""
    world = World(s=of.SLA(start="work", target="4h", time="wall", warn=["90%"]))
    world.place()
    world.fire("to_work")
    world.wait(hours=10)
    world.tracker.sweep()
    world.fire("to_check", at=MONDAY + timedelta(hours=2))
    kinds = [kind for kind, _, _ in world.marks()]
    assert kinds == ["started", "warned", "breached", "corrected", "met"]
    clock = world.clock()
    assert (clock.breached_at, clock.ended_at, clock.spent) == (None, MONDAY + timedelta(hours=2), timedelta(hours=2))


def test_a_breach_that_is_corrected_in_the_same_commit_is_not_told() -> None:
    """Without a sweep in between, breach and correction are recorded together, and nobody hears of the breach."""
    world = World(s=of.SLA(start="work", target="4h", time="wall"))
    world.place()
    world.tracker.assign("SO-1", "li", by=SHOP)
    world.fire("to_work")
    world.wait(hours=10)
    receipt = world.fire("to_check", at=MONDAY + timedelta(hours=2))
    assert [mark[0] for mark in world.marks()] == ["started", "breached", "corrected", "met"]
    assert receipt.messages == ()


def test_an_observation_of_the_past_corrects_a_breach_too() -> None:
    """The order was moved late; another system says when it really was: before the deadline."""
    world = World(s=of.SLA(start="work", target="4h", time="wall"))
    world.place()
    world.fire("to_work")
    world.wait(hours=10)
    world.fire("to_check")
    assert world.clock().breached_at is not None
    world.tracker.observe("SO-1", "check", source="wms", at=MONDAY + timedelta(hours=3))
    clock = world.clock()
    assert (clock.breached_at, clock.ended_at, clock.spent) == (None, MONDAY + timedelta(hours=3), timedelta(hours=3))


def test_the_promise_of_the_order_is_a_due_instant() -> None:
    """`due: order.promised_at` breaches at the promise, and percent warnings are shares of the way to it."""
    world = World(
        s=of.SLA(start="stage != 'done'", stop="done", due="order.promised_at", time="wall", warn=["50%", "-1h"])
    )
    promised = MONDAY + timedelta(hours=10)
    world.tracker.place(of.Order("SO-1", promised_at=promised), by=SHOP)
    world.wait(days=1)
    assert world.marks() == [
        ("started", None, MONDAY),
        ("warned", "50%", MONDAY + timedelta(hours=5)),
        ("warned", "-1h", MONDAY + timedelta(hours=9)),
        ("breached", None, promised),
    ]


def test_percent_and_spent_are_of_now() -> None:
    """A View's clocks count the open piece up to the moment of looking, and `as_of` up to that."""
    world = World(s=of.SLA(start="new", target="4h"))
    world.place()
    world.wait(hours=2)
    assert (world.clock().spent, world.clock().percent()) == (timedelta(hours=2), 50.0)
    (clock,) = world.tracker.get("SO-1", as_of=MONDAY + timedelta(hours=1)).clocks
    assert clock.percent() == 25.0


@pytest.mark.parametrize(
    ("sla", "code"),
    [
        (of.SLA(start="work", target="1h", pause="ask"), "pause_never_resumed"),
        (of.SLA(start="work", target="1h", resume="ask"), "resume_without_pause"),
        (of.SLA(start="work", target="1h", warn=["120%"]), "warn_out_of_range"),
        (of.SLA(start="work", target="1h", stop="now > order.promised_at"), "time_in_sla_condition"),
        (of.SLA(start="wrok", target="1h"), "condition_unknown_name"),
        (of.SLA(start="work", target=[of.Target(target="1h"), of.Target(target="2h")]), "target_row_unreachable"),
        (of.SLA(start="work", target=[of.Target(when="order.priority == 'high'", target="2h")]), "target_uncovered"),
        (of.SLA(start="work", target="1h", escalate=[of.Rung(after="1h", to="rolle:x")]), "bad_recipient"),
        (of.SLA(start="work", target="1h", escalate=[of.Rung(after="1h", to=[])]), "rung_to_nobody"),
        (of.SLA(start="work", target="1h", scope="team"), "unknown_scope"),  # type: ignore[arg-type]  # the point
        (of.SLA(start="work", target="1h", carry="al"), "unknown_carry"),  # type: ignore[arg-type]  # the point
    ],
)
def test_what_is_wrong_in_a_promise_is_found(sla: of.SLA, code: str) -> None:
    """Each has its code, a place, and texts in both languages."""
    flow = of.Flow(
        name="f",
        fields={"order.priority": of.Field(type="choice", of=["high", "low"])},
        lifecycle=of.Lifecycle(
            initial="new",
            stages=["new", "work"],
            transitions=[
                of.Transition(trigger="ask", source="new", dest="work"),
                of.Transition(trigger="back", source="work", dest="new"),
            ],
        ),
        sla={"s": sla},
    )
    found = {item.code: item for item in of.problems(flow)}
    assert code in found, found
    assert found[code].text("zh")
    assert str(found[code].place).startswith("sla.s")


def test_a_stage_promise_longer_than_the_orders_is_doubtful() -> None:
    """It cannot help to keep the longer one; and no clock watches the stage before."""
    flow = of.Flow(
        name="f",
        lifecycle=of.Lifecycle(
            initial="new",
            stages={"new": of.Stage(), "work": of.Stage(), "done": of.Stage(category="done")},
            transitions=[
                of.Transition(trigger="go", source="new", dest="work"),
                of.Transition(trigger="end", source="work", dest="done"),
            ],
        ),
        sla={"all": of.SLA(start="work", stop="done", target="8h"), "work": of.SLA(start="work", target="9h")},
    )
    assert [item.code for item in of.problems(flow)] == ["stage_target_too_long", "stage_unwatched"]


def test_a_late_reset_takes_back_what_came_after_it() -> None:
    """A stage entered before the deadline, and told after the breach: the breach is corrected, and the clock anew."""
    world = World(s=of.SLA(start="stage != 'done'", stop="done", scope="stage", target="1h", time="wall"))
    world.place()
    world.wait(hours=2)
    world.tracker.sweep()
    world.fire("to_work", at=MONDAY + timedelta(minutes=30))
    assert [kind for kind, _, _ in world.marks()] == ["started", "breached", "corrected", "reset", "breached"]
    assert world.clock().breached_at == MONDAY + timedelta(minutes=90)


def test_a_message_tells_of_its_own_instant() -> None:
    """Recorded late, after the order has moved on, a warning names the stage and the deadline of its instant."""
    world = World(s=of.SLA(start="work or check", target="4h", time="wall", warn=["50%"]))
    world.place()
    world.tracker.assign("SO-1", "li", by=SHOP)
    world.fire("to_work")
    world.wait(hours=3)
    (message,) = world.fire("to_check").messages
    assert message.what.text() == "Order SO-1 in work is due 2026-03-02 05:00 UTC (s); responsible: li.".replace(
        "05:00 UTC", "13:00 Asia/Shanghai"
    )


def test_restart_after_a_breach_is_a_new_run() -> None:
    """With `carry: restart` another row begins anew: it warns, and it can breach again."""
    table = [of.Target(when="stage == 'new'", target="1h"), of.Target(target="4h")]
    world = World(
        s=of.SLA(start="stage != 'done'", stop="done", target=table, time="wall", carry="restart", warn=["50%"])
    )
    world.place()
    world.wait(hours=2)
    world.fire("to_work")
    world.wait(hours=9)
    kinds = [kind for kind, _, _ in world.marks()]
    assert kinds == ["started", "warned", "breached", "reset", "warned", "breached"]


class Plant:
    """A plugin with one calendar, open at all hours until it is changed."""

    def __init__(self) -> None:
        self.hours = "00:00-24:00"

    @of.hookimpl
    def orderflow_calendar(self, name: str) -> of.WorkCalendar | None:
        return of.WorkCalendar.from_dict({"hours": {"mon-sun": [self.hours]}}) if name == "plant" else None


def test_a_view_counts_by_the_plugins_calendar() -> None:
    """`spent` and `percent()` of a clock are in the promise's own time, whoever provides the calendar."""
    world = World(plugins=(Plant(),), s=of.SLA(start="new", target="20h", calendar="plant"))
    world.place()
    world.wait(hours=14)
    assert (world.clock().spent, world.clock().percent()) == (timedelta(hours=14), 70.0)


def test_looking_at_the_past_sets_no_clock_anew() -> None:
    """A calendar that changed since does not change what `as_of` shows, nor what counted before it came in."""
    plant = Plant()
    world = World(plugins=(plant,), s=of.SLA(start="new", target="20h", calendar="plant"))
    due = world.place().due_at
    world.wait(hours=6)
    plant.hours = "08:00-09:00"
    world.wait(days=1)
    assert world.tracker.get("SO-1", as_of=MONDAY + timedelta(hours=6)).due_at == due
    world.tracker.note("SO-1", "settles", by=SHOP)
    assert world.clock().breached_at == due


def test_what_counted_before_a_new_calendar_stays() -> None:
    """At the change of a calendar the time spent is that of the old one, as long as this process has seen it."""
    plant = Plant()
    world = World(plugins=(plant,), s=of.SLA(start="new", target="40h", calendar="plant"))
    world.place()
    world.wait(hours=24)
    plant.hours = "08:00-09:00"
    world.tracker.note("SO-1", "settles", by=SHOP)
    assert [kind for kind, _, _ in world.marks()] == ["started", "redued"]
    assert world.clock().spent == timedelta(hours=24)


def test_a_second_breach_can_be_acknowledged() -> None:
    """A breach that was taken back takes its acknowledgement with it."""
    ladder = [of.Rung(after="1h", to="owner")]
    world = World(
        s=of.SLA(start="work or check", pause="ask", resume="answer", target="2h", time="wall", escalate=ladder)
    )
    world.place()
    world.fire("to_work")
    world.wait(hours=3)
    world.tracker.acknowledge("SO-1", by="li")
    world.fire("ask", at=MONDAY + timedelta(hours=1))
    world.fire("answer")
    world.wait(hours=2)
    world.tracker.acknowledge("SO-1", by="li")
    assert [kind for kind, _, _ in world.marks()].count("acknowledged") == 2


def test_with_a_resume_a_pause_begins_once() -> None:
    """Resumed while its condition still holds, the clock runs on until the pause becomes true again."""
    world = World(
        s=of.SLA(start="stage != 'done'", stop="done", pause="wait", resume="answer", target="9h", time="wall")
    )
    world.place()
    world.fire("to_wait")
    assert world.clock().paused
    world.fire("answer")
    world.tracker.assign("SO-1", "li", by=SHOP)
    assert world.clock().running
    world.fire("to_work")
    world.fire("to_wait")
    assert world.clock().paused


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"sla": {"s": of.SLA(start="ask", target="1h")}}, "start_needs_stop"),
        ({"calendars": {"owner": OFFICE}}, "calendar_name_taken"),
    ],
)
def test_what_cannot_work_is_found(parts: dict[str, Any], code: str) -> None:
    """A promise that a trigger starts and nothing stops, a calendar whose name means something else."""
    lifecycle = of.Lifecycle(
        initial="new", stages=["new", "work"], transitions=[of.Transition(trigger="ask", source="new", dest="work")]
    )
    assert code in {item.code for item in of.problems(of.Flow(name="f", lifecycle=lifecycle, **parts))}


def test_elapsed_asks_for_the_stage_only() -> None:
    """`elapsed(stage)` counts business time in a guard; anything else inside it is a problem."""
    transitions = [of.Transition(trigger="go", source="new", dest="work", guard="elapsed(stage) >= hours(2)")]
    flow = of.Flow(
        name="f",
        calendar=OFFICE,
        lifecycle=of.Lifecycle(initial="new", stages=["new", "work"], transitions=transitions),
    )
    now = [MONDAY]
    tracker = of.Tracker(flow, clock=lambda: now[0])
    tracker.place(of.Order("A"), by=SHOP)
    now[0] = local(2, "10:59")
    assert tracker.allowed("A", by=SHOP) == ()
    now[0] = local(2, "11:00")
    assert tracker.allowed("A", by=SHOP) == ("go",)
    wrong = of.Transition(trigger="go", source="new", dest="work", guard="elapsed(order.promised_at) >= hours(2)")
    lifecycle = of.Lifecycle(initial="new", stages=["new", "work"], transitions=[wrong])
    assert "elapsed_of_stage_only" in {item.code for item in of.problems(of.Flow(name="f", lifecycle=lifecycle))}


# --- when providers fail, facts come late, tables have gaps -----------------------------------------------------------


def test_a_calendar_that_cannot_be_had_changes_no_running_clock() -> None:
    """While the plugin fails, a clock keeps its calendar and what it has counted."""
    plant = Plant()
    plant.hours = "09:00-17:00"
    world = World(plugins=(plant,), s=of.SLA(start="new", target="12h", calendar="plant"))
    world.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    due = world.place().due_at
    plant.hours = "broken"
    world.wait(days=1)
    world.tracker.note("SO-1", "x", by=SHOP)
    world.fire("ask")
    assert [kind for kind, _, _ in world.marks()] == ["started"]
    assert (world.clock().due_at, world.clock().spent) == (due, timedelta(hours=8))


def test_a_clock_that_starts_during_an_outage_heals() -> None:
    """It counts by the flow's calendar for the time being, and is set anew when the plugin is back."""
    plant = Plant()
    world = World(plugins=(plant,), s=of.SLA(start="work", target="12h", calendar="plant"))
    world.place()
    world.wait(days=1)
    plant.hours = "broken"
    assert world.fire("to_work").due_at == local(4, "15:00")
    plant.hours = "00:00-24:00"
    world.wait(hours=1)
    world.tracker.note("SO-1", "settles", by=SHOP)
    assert [kind for kind, _, _ in world.marks()] == ["started", "redued"]
    assert world.clock().calendar == "plant"


def test_a_move_ends_the_ladder_even_where_the_target_changes() -> None:
    """Acknowledged by the move, the old rungs do not come back with the new deadline."""
    table = [of.Target(when="stage == 'work'", target="8h"), of.Target(target="4h")]
    sla = of.SLA(start="new or work", target=table, time="wall", escalate=[of.Rung(after="1h", to="li")])
    world = World(s=sla)
    world.place()
    world.wait(hours=4.5)
    world.fire("to_work")
    world.wait(hours=9)
    assert "escalated" not in [kind for kind, _, _ in world.marks()]


def test_a_run_that_no_row_fits_ends() -> None:
    """With a clock for each stage and no row for this one, the clock of the last stage is over, not running on."""
    sla = of.SLA(
        start="stage != 'done'",
        stop="done",
        scope="stage",
        target=[of.Target(when="stage == 'new'", target="4h")],
        time="wall",
    )
    world = World(s=sla)
    world.place()
    world.wait(hours=1)
    world.fire("to_wait")
    world.wait(days=1)
    assert [kind for kind, _, _ in world.marks()] == ["started", "cancelled"]
    world.fire("to_new")
    assert world.clock().running


def test_a_pause_that_waits_for_its_resume_outlives_a_reset() -> None:
    """Handed over while it waits, the new run waits too."""
    sla = of.SLA(
        start="stage != 'done'", stop="done", pause="ask", resume="answer", scope="owner", target="8h", time="wall"
    )
    world = World(s=sla)
    world.place()
    world.fire("ask")
    world.wait(hours=1)
    world.tracker.assign("SO-1", "li", by=SHOP)
    assert world.clock().paused
    world.fire("answer")
    assert world.clock().due_at == world.now + timedelta(hours=8)


def test_done_at_the_due_instant_is_in_time_when_reported_late_too() -> None:
    """Live or an hour later: who is done at the due instant has not breached."""
    world = World(s=of.SLA(start="new", target="2h", time="wall"))
    world.place()
    world.wait(hours=3)
    world.fire("to_work", at=MONDAY + timedelta(hours=2))
    assert (world.clock().breached_at, world.clock().ended) == (None, "met")


def test_a_late_fact_that_lengthens_the_target_corrects_the_breach() -> None:
    """Moved before the breach into a stage with more time: breach and rung are taken back, and nobody is told."""
    table = [of.Target(when="stage == 'work'", target="8h"), of.Target(target="2h")]
    sla = of.SLA(start="new or work", target=table, time="wall", escalate=[of.Rung(after="1h", to="li")])
    world = World(s=sla)
    world.place()
    world.wait(hours=5)
    receipt = world.fire("to_work", at=MONDAY + timedelta(hours=1))
    assert (world.clock().breached_at, world.clock().due_at) == (None, MONDAY + timedelta(hours=8))
    assert receipt.messages == ()


def test_late_moves_and_the_ladder() -> None:
    """A rung that came after the order had moved is taken back; a move before the breach does not end its ladder."""
    sla = of.SLA(start="new or work", target="2h", time="wall", escalate=[of.Rung(after="1h", to="li")])
    after = World(s=sla)
    after.place()
    after.wait(hours=5)
    after.fire("to_work", at=MONDAY + timedelta(hours=2, minutes=30))
    assert [kind for kind, _, _ in after.marks()] == ["started", "breached", "escalated", "corrected"]
    before = World(s=sla)
    before.place()
    before.wait(hours=2, minutes=30)
    before.tracker.sweep()
    before.fire("to_work", at=MONDAY + timedelta(hours=1))
    before.wait(hours=5)
    assert "escalated" in [kind for kind, _, _ in before.marks()]


def test_rungs_are_in_the_time_of_their_clock() -> None:
    """However late the sweep: the ladder follows the calendar by which the clock was set."""
    instants = []
    for late in (False, True):
        plant = Plant()
        rungs = [of.Rung(after="1h", to="li"), of.Rung(after="9h", to="li")]
        world = World(plugins=(plant,), s=of.SLA(start="new", target="2h", calendar="plant", escalate=rungs))
        world.place()
        world.wait(hours=2, minutes=1)
        if not late:
            world.tracker.sweep()
        plant.hours = "08:00-09:00"
        world.wait(days=2)
        instants.append([mark for mark in world.marks() if mark[0] == "escalated"])
    assert (
        instants[0]
        == instants[1]
        == [
            ("escalated", "1", MONDAY + timedelta(hours=3)),
            ("escalated", "2", MONDAY + timedelta(hours=11)),
        ]
    )


def test_a_fact_before_the_last_mark_counts_what_had_counted_then() -> None:
    """Paused 10:00 to 11:00, and told at noon that it was done at 09:30: half an hour was spent."""
    world = World(s=of.SLA(start="new", stop="work", pause="ask", resume="answer", target="8h", time="wall"))
    world.place()
    world.wait(hours=1)
    world.fire("ask")
    world.wait(hours=1)
    world.fire("answer")
    world.wait(hours=1)
    world.fire("to_work", at=MONDAY + timedelta(minutes=30))
    assert (world.clock().spent, world.clock().ended) == (timedelta(minutes=30), "met")


def test_an_old_observation_ends_a_clock_that_runs() -> None:
    """The order went another way, and was in the stage that stops the clock before: it was met then."""
    world = World(s=of.SLA(start="new", stop="work", target="2h", time="wall"))
    world.place()
    world.wait(hours=5)
    world.tracker.observe("SO-1", "check", source="wms")
    world.tracker.observe("SO-1", "work", source="wms", at=MONDAY + timedelta(hours=1))
    clock = world.clock()
    assert (clock.breached_at, clock.ended, clock.spent) == (None, "met", timedelta(hours=1))


@pytest.mark.parametrize("key", ["stop", "cancel"])
def test_what_ends_a_clock_keeps_it_from_starting(key: str) -> None:
    """Where `stop` or `cancel` holds already, no clock starts."""
    world = World(s=of.SLA(start="new", target="4h", time="wall", **{key: "order.priority == 'low'"}))
    world.place(priority="low")
    assert world.tracker.get("SO-1").clocks == ()


def test_a_clock_starts_when_a_row_comes_to_fit_and_when_an_order_is_reopened() -> None:
    """Not only when `start` becomes true: also when it could not start before, and after the stop is left again."""
    world = World(
        gap=of.SLA(start=["new", "work"], target=[of.Target(when="stage == 'work'", target="4h")]),
        whole=of.SLA(start="stage != 'cancelled'", stop="done", target="9h"),
    )
    world.place()
    world.fire("to_work")
    assert world.clock("gap").running
    world.fire("to_done")
    assert world.clock("whole").ended == "met"
    world.fire("to_work")
    assert world.clock("whole").running
