"""Write, then tell: what is owed is sent by `deliver`, each channel apart, and again after a failure."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.channels import backoff
from orderflow.adapters.memory import MemoryStorage
from orderflow.adapters.sqlite import SqliteStorage
from orderflow.model.commit import Notification
from orderflow.ports import Channel, Outcome
from orderflow.testing import ChannelContract
from orderflow.testing.opening import together

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOST = of.Actor.system("shop")


class World:
    """A clock that is set by hand, a storage, and Trackers over them."""

    def __init__(self, storage: Any = None, to: Any = "owner", directory: Any = None) -> None:
        self.now = START
        self.storage = storage if storage is not None else MemoryStorage()
        self.directory = directory
        self.flow = of.Flow(
            name="sales",
            lifecycle=of.Lifecycle(
                initial="new",
                stages={"new": of.Stage(owner=of.OwnerRule(person="li")), "done": of.Stage(category="done")},
                transitions=[of.Transition(trigger="finish", source="new", dest="done")],
            ),
            notify={"placed": of.NotifyRule(to=to)},
        )

    def tracker(self, *channels: Channel) -> of.Tracker:
        return of.Tracker(
            [self.flow],
            storage=self.storage,
            clock=lambda: self.now,
            plugins=[of.Channels(*channels)],
            directory=self.directory,
        )

    def place(self, tracker: of.Tracker, *ids: str) -> None:
        for id in ids:
            tracker.place(of.Order(id), by=HOST)


class Recorder:
    """A channel that keeps what it was given, and answers what it is told to."""

    def __init__(self, name: str = "mail", answer: Callable[[], Any] = of.Sent) -> None:
        self.name = name
        self.answer = answer
        self.got: list[Notification] = []

    def send(self, notification: Notification) -> Outcome:
        self.got.append(notification)
        outcome: Outcome = self.answer()
        return outcome

    @property
    def orders(self) -> list[str]:
        return [notification.order for notification in self.got]


def fail() -> Outcome:
    raise ConnectionError("no line")


# --- write, then tell -------------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_deliver() -> None:
    """A command sends nothing; `deliver` sends what it owes, once, and says how many."""
    world, mail = World(), Recorder()
    tracker = world.tracker(mail)
    world.place(tracker, "1")
    assert mail.got == []
    assert tracker.deliver().sent == 1
    assert mail.orders == ["1"]
    assert tracker.deliver().sent == 0
    assert mail.orders == ["1"]


def test_what_did_not_happen_is_told_to_nobody() -> None:
    """Refused, previewed and repeated commands owe nothing."""
    world, mail = World(), Recorder()
    tracker = world.tracker(mail)
    world.place(tracker, "1", "1")
    with pytest.raises(of.Refused):
        tracker.fire("1", "no-such-trigger", by=HOST)
    with pytest.raises(of.Refused):
        tracker.place(of.Order("1", attributes={"other": 1}), by=HOST)
    tracker.preview(of.Place(content=of.Order("2"), by=HOST))
    assert tracker.deliver().sent == 1
    assert mail.orders == ["1"]


def test_a_notification_says_what_and_to_whom() -> None:
    """A channel gets id, topic, order, the ids of people, the instant, and the text in both languages."""
    world, mail = World(), Recorder()
    tracker = world.tracker(mail)
    world.place(tracker, "SO-1")
    tracker.deliver()
    (got,) = mail.got
    assert (got.topic, got.order, got.to, got.at) == ("placed", "SO-1", ("li",), START)
    assert got.text("en") == "Order SO-1 was placed."
    assert got.text("zh") == "订单 SO-1 已下单。"
    assert got.id


def test_the_oldest_is_sent_first_up_to_the_limit() -> None:
    """`limit` bounds what one call sends over each channel; the oldest goes first."""
    world, mail, text = World(), Recorder("mail"), Recorder("sms")
    tracker = world.tracker(mail, text)
    for id in ("c", "a", "b"):
        world.place(tracker, id)
        world.now += MINUTE
    assert tracker.deliver(limit=2).sent == 4
    assert (mail.orders, text.orders) == (["c", "a"], ["c", "a"])
    assert tracker.deliver(limit=2).sent == 2
    assert mail.orders == ["c", "a", "b"]


def test_more_than_a_handful_is_sent_by_one_call() -> None:
    """One call sends everything that is owed up to its limit, each message once, however it claims them."""
    world, mail = World(), Recorder()
    tracker = world.tracker(mail)
    world.place(tracker, *(f"{number}" for number in range(37)))
    assert tracker.deliver(limit=100).sent == 37
    assert len(set(mail.orders)) == len(mail.orders) == 37


def test_a_channel_that_comes_later_owes_nothing_old() -> None:
    """A message is owed over the channels that are registered when it is committed, and no others."""
    world, mail, text = World(), Recorder("mail"), Recorder("sms")
    world.place(world.tracker(mail), "1")
    assert world.tracker(mail, text).deliver().sent == 1
    assert (mail.orders, text.orders) == (["1"], [])


# --- again ------------------------------------------------------------------------------------------------------------


def test_retry_is_tried_again_when_it_says() -> None:
    """After `Retry(after)` the same notification comes again at that time, not before, as often as it says so."""
    world, mail = World(), Recorder(answer=lambda: of.Retry(timedelta(hours=3)))
    tracker = world.tracker(mail)
    world.place(tracker, "1")
    for _ in range(12):
        assert tracker.deliver().retried == 1
        world.now += timedelta(hours=3) - timedelta(microseconds=1)
        assert tracker.deliver().retried == 0
        world.now += timedelta(microseconds=1)
    mail.answer = of.Sent
    assert tracker.deliver().sent == 1
    assert len({got.id for got in mail.got}) == 1
    assert world.storage.buried(10) == ()


@pytest.mark.parametrize("after", [timedelta(0), timedelta(days=-1)])
def test_retry_at_once_is_not_tried_twice_by_one_call(after: timedelta) -> None:
    """`Retry` without a wait comes again with a later call, not over and over in the same one."""
    world, mail = World(), Recorder(answer=lambda: of.Retry(after))
    tracker = world.tracker(mail)
    world.place(tracker, "1")
    assert tracker.deliver().retried == 1
    assert len(mail.got) == 1
    world.now += timedelta(seconds=1)
    tracker.deliver()
    assert len(mail.got) == 2


def test_an_exception_is_tried_again_ever_later_and_then_buried() -> None:
    """After an exception it is tried again 1, 2, 4 … minutes later; after the tenth it is kept with the error."""
    world, mail = World(), Recorder(answer=fail)
    tracker = world.tracker(mail)
    world.place(tracker, "1")
    for attempt in range(1, 10):
        result = tracker.deliver()
        assert (result.retried, result.buried) == (1, 0)
        assert result.failures == {"mail": "ConnectionError: no line"}
        world.now += backoff(attempt) - timedelta(microseconds=1)
        assert tracker.deliver().failures == {}
        world.now += timedelta(microseconds=1)
    assert tracker.deliver().buried == 1
    ((row, reason),) = world.storage.buried(10)
    assert (row.attempts, row.message.order, reason) == (10, "1", "ConnectionError: no line")
    world.now += timedelta(days=99)
    assert tracker.deliver() == type(result)()


def test_backoff_doubles_up_to_six_hours() -> None:
    """1, 2, 4 … minutes after each failed attempt, at most six hours."""
    minutes = [backoff(attempt) / MINUTE for attempt in range(1, 12)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]


def test_failed_is_buried_at_once() -> None:
    """After `Failed(reason)` it is not tried again, and kept among the buried with the reason."""
    world, mail = World(), Recorder(answer=lambda: of.Failed("没有地址"))
    tracker = world.tracker(mail)
    world.place(tracker, "1")
    result = tracker.deliver()
    assert (result.buried, result.failures) == (1, {"mail": "没有地址"})
    assert [reason for _, reason in world.storage.buried(10)] == ["没有地址"]
    world.now += timedelta(days=99)
    assert tracker.deliver().buried == 0
    assert len(mail.got) == 1


@pytest.mark.parametrize("reason", ["half a character: \ud83d", "", "x" * 5_000])
def test_any_reason_can_be_kept(tmp_path: Path, reason: str) -> None:
    """Text that no file can hold, none, or a book of it: the row is buried, and the next channel is served."""
    with closing(SqliteStorage(tmp_path / "orders.db")) as storage:
        world = World(storage)
        good: list[Notification] = []
        first = of.CallableChannel("a", lambda notification: of.Failed(reason))
        tracker = world.tracker(first, of.CallableChannel("b", good.append))
        world.place(tracker, "1")
        done = tracker.deliver()
        assert (done.buried, done.sent, len(good)) == (1, 1, 1)
        ((_, kept),) = storage.buried(10)
        assert 0 < len(kept) <= 1_000


@pytest.mark.parametrize("answer", [None, "ok", True, of.Sent, of.Retry("5m"), of.Failed(None)])  # type: ignore[arg-type]  # on purpose
def test_an_answer_that_is_none_counts_as_an_error(answer: Any) -> None:
    """A channel that answers anything else than an outcome has failed: it is tried again, and the report says so."""
    world, mail, text = World(), Recorder("mail", lambda: answer), Recorder("sms")
    tracker = world.tracker(mail, text)
    world.place(tracker, "1", "2")
    result = tracker.deliver()
    assert (result.sent, result.retried, result.buried) == (2, 2, 0)
    assert "send returned" in result.failures["mail"]


@pytest.mark.parametrize("answer", [fail, lambda: of.Failed("no"), lambda: of.Retry(MINUTE), lambda: 1 / 0])
@pytest.mark.parametrize("names", [("mail", "sms"), ("sms", "mail")])
def test_one_channel_that_fails_holds_up_no_other(answer: Any, names: tuple[str, str]) -> None:
    """Whatever a channel does, the others get everything, whether they come before it or after."""
    world = World()
    channels = {"mail": Recorder("mail", answer), "sms": Recorder("sms")}
    tracker = world.tracker(*(channels[name] for name in names))
    world.place(tracker, "1", "2", "3")
    assert tracker.deliver().sent == 3
    assert sorted(channels["sms"].orders) == ["1", "2", "3"]
    assert len(channels["mail"].got) == 3


# --- crashes ----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The end of the process, as far as a test can have it."""


def kill() -> Outcome:
    raise Killed


def test_a_crash_after_sending_sends_again_with_the_same_id(tmp_path: Path) -> None:
    """Killed between sending and taking note, the message comes again when the lease has ended, with the same id."""
    path = tmp_path / "orders.db"
    world, mail = World(SqliteStorage(path)), Recorder(answer=kill)
    with closing(world.storage):
        world.place(world.tracker(mail), "1")
        with pytest.raises(Killed):
            world.tracker(mail).deliver()
    world.storage = SqliteStorage(path)
    with closing(world.storage):
        mail.answer = of.Sent
        world.now += 5 * MINUTE - timedelta(microseconds=1)
        assert world.tracker(mail).deliver().sent == 0
        world.now += timedelta(microseconds=1)
        assert world.tracker(mail).deliver().sent == 1
    assert len(mail.got) == 2
    assert mail.got[0] == mail.got[1]


def test_a_crash_before_deliver_loses_no_message(tmp_path: Path) -> None:
    """What was committed is owed by whoever opens the storage next."""
    path = tmp_path / "orders.db"
    world, mail = World(SqliteStorage(path)), Recorder()
    world.place(world.tracker(mail), "1", "2")
    world.storage.close()
    world.storage = SqliteStorage(path)
    with closing(world.storage):
        assert world.tracker(mail).deliver().sent == 2


def test_a_channel_slower_than_the_lease_sends_twice_and_is_told_once() -> None:
    """Who was overtaken while sending does not count the message as sent; whoever claimed it last does."""
    world, fast = World(), Recorder()
    overtaker = world.tracker(fast)

    def overtaken() -> Outcome:
        world.now += 6 * MINUTE
        assert overtaker.deliver().sent == 1
        return of.Sent()

    slow = world.tracker(Recorder(answer=overtaken))
    world.place(slow, "1")
    assert slow.deliver().sent == 0
    assert fast.orders == ["1"]


def test_many_deliveries_at_once_send_each_message_once() -> None:
    """Several threads that deliver at once share what is owed: no message goes out twice."""
    world, mail = World(), Recorder()
    tracker = world.tracker(mail)
    world.place(tracker, *(f"{number}" for number in range(40)))
    counts: list[int] = []
    together(4, lambda number: counts.append(tracker.deliver().sent))
    assert sum(counts) == 40
    assert sorted(mail.orders) == sorted(f"{number}" for number in range(40))


# --- to whom ----------------------------------------------------------------------------------------------------------


class People:
    """A directory whose people change."""

    def __init__(self, *people: of.Person) -> None:
        self.people = list(people)

    def person(self, id: str) -> of.Person | None:
        return next((person for person in self.people if person.id == id), None)

    def with_role(self, role: str) -> tuple[of.Person, ...]:
        return tuple(person for person in self.people if role in person.roles)

    def in_team(self, team: str) -> tuple[of.Person, ...]:
        return tuple(person for person in self.people if team in person.teams)


def test_a_role_is_who_has_it_at_delivery() -> None:
    """Roles and teams are looked up when the message is sent: who came since is told, who left or rests is not."""
    people = People(of.Person(id="li", roles=["sales"]), of.Person(id="old", roles=["sales"]))
    world, mail = World(to=["role:sales", "team:desk", "owner"], directory=people), Recorder()
    tracker = world.tracker(mail)
    world.place(tracker, "1")
    people.people = [
        of.Person(id="li", roles=["sales"], teams=["desk"]),
        of.Person(id="new", roles=["sales"]),
        of.Person(id="rests", roles=["sales"], active=False),
        of.Person(id="desk", teams=["desk"]),
    ]
    tracker.deliver()
    assert mail.got[0].to == ("li", "new", "desk")


def test_a_directory_that_fails_is_tried_again() -> None:
    """When the directory fails at delivery the message is not lost: it is tried again like after any error."""
    people = People(of.Person(id="li", roles=["sales"]))
    world, mail = World(to="role:sales", directory=people), Recorder()
    tracker = world.tracker(mail)
    world.place(tracker, "1")
    whole, people.people = people.people, None  # type: ignore[assignment]  # broken on purpose
    assert tracker.deliver().retried == 1
    people.people = whole
    world.now += MINUTE
    assert tracker.deliver().sent == 1
    assert mail.got[0].to == ("li",)


def test_a_customer_stays_a_customer() -> None:
    """A customer is nobody in the directory: a channel gets `customer:<id>`."""
    world, mail = World(to="customer"), Recorder()
    tracker = world.tracker(mail)
    tracker.place(of.Order("1", customer="C-7"), by=HOST)
    tracker.deliver()
    assert mail.got[0].to == ("customer:C-7",)


# --- the channels that ship -------------------------------------------------------------------------------------------


class TestLogChannel(ChannelContract):
    def channel(self) -> Channel:
        return of.LogChannel()


class TestCallableChannel(ChannelContract):
    def channel(self) -> Channel:
        return of.CallableChannel("mail", lambda notification: None)


def test_the_log_channel_writes_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """`LogChannel` writes topic, recipients and text to `orderflow.notifications`, at its level, in its language."""
    world = World()
    tracker = world.tracker(of.LogChannel(level=logging.WARNING, language="zh"))
    world.place(tracker, "SO-1")
    tracker.deliver()
    assert caplog.record_tuples == [("orderflow.notifications", logging.WARNING, "placed -> li: 订单 SO-1 已下单。")]


def test_the_callable_channel_passes_outcomes_on() -> None:
    """`CallableChannel`: None is `Sent`, an outcome is itself, anything else a `TypeError` that names the channel."""
    world = World()
    world.place(world.tracker(keep := Recorder()), "1")
    world.tracker(keep).deliver()
    (notification,) = keep.got
    answers: list[Any] = [None, of.Sent(), of.Retry(MINUTE), of.Failed("no")]
    channel = of.CallableChannel("sms", lambda _: answers.pop(0))
    outcomes = [channel.send(notification) for _ in range(4)]
    assert outcomes == [of.Sent(), of.Sent(), of.Retry(MINUTE), of.Failed("no")]
    with pytest.raises(TypeError, match=r"channel 'sms'.*'ok'"):
        of.CallableChannel("sms", lambda _: "ok").send(notification)  # type: ignore[arg-type,return-value]  # on purpose


def test_the_channel_contract_finds_a_broken_channel() -> None:
    """The contract fails channels that have no name, answer nothing, keep no text, or cannot take a message twice."""

    class Nameless:
        def send(self, notification: Notification) -> Outcome:
            return of.Sent()

    class Silent:
        name = "silent"

        def send(self, notification: Notification) -> Outcome:
            return None  # type: ignore[return-value]  # on purpose

    class Formats(Silent):
        def send(self, notification: Notification) -> Outcome:
            notification.text().encode("ascii")
            return of.Sent()

    class Once(Silent):
        def __init__(self) -> None:
            self.seen: set[str] = set()

        def send(self, notification: Notification) -> Outcome:
            assert notification.id not in self.seen
            self.seen.add(notification.id)
            return of.Sent()

    broken: list[tuple[Callable[[], Any], str]] = [
        (Nameless, "test_a_channel_has_a_name"),
        (Silent, "test_send_says_what_came_of_it"),
        (Formats, "test_send_takes_every_text_and_recipient"),
        (Once, "test_send_may_be_called_again"),
    ]
    for make, promise in broken:
        contract = ChannelContract()
        contract.channel = make  # type: ignore[method-assign]  # the shortest subclass
        with pytest.raises((AssertionError, UnicodeError)):
            getattr(contract, promise)()
