"""The contract of `orderflow.ports.Channel`, as one pytest class."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from orderflow.model.commit import Notification
from orderflow.ports import Channel, Failed, Outcome, Retry, Sent
from orderflow.testing.builders import START, message
from orderflow.testing.opening import together


class ChannelContract:
    """What every channel promises. Subclass it, and say how yours is made; it should send to a stand-in, not to people:

    class TestMyChannel(ChannelContract):
        def channel(self):
            return MyChannel(connect=FakeServer())
    """

    def channel(self) -> Channel:
        """The channel under test, a new one for each test."""
        raise NotImplementedError("override channel(self): it returns your channel")

    def test_a_channel_has_a_name(self) -> None:
        """A channel has `name`, text without blanks around it, and `send`; the name stays what it is."""
        channel = self.channel()
        assert isinstance(channel, Channel)
        assert isinstance(channel.name, str)
        assert channel.name == channel.name.strip() != ""
        name = channel.name
        channel.send(_notification())
        assert channel.name == name

    def test_send_says_what_came_of_it(self) -> None:
        """`send` returns `Sent()`, `Retry(after)` with a length of time, or `Failed(reason)` with a text."""
        _check(self.channel().send(_notification()))

    def test_send_takes_every_text_and_recipient(self) -> None:
        """Any text, one recipient, many, customers or nobody: `send` gives an outcome, and raises for none of them."""
        channel = self.channel()
        for to in (("li",), ("li", "王五"), ("customer:客户 1",), ()):
            _check(channel.send(evolve(_notification(), to=to)))
        odd = message("odd", "any").what
        strange = {**odd.params, "order": "订单 \N{PACKAGE} <b>&amp;</b> %s {x} \n"}
        _check(channel.send(evolve(_notification(), what=evolve(odd, params=strange))))

    def test_send_may_be_called_again(self) -> None:
        """The same notification may come again, with the same id, after a crash: `send` takes it, or says it has."""
        channel = self.channel()
        for _ in range(2):
            _check(channel.send(_notification()))

    def test_send_may_be_called_from_threads(self) -> None:
        """Several threads may deliver at once over the same channel."""
        channel = self.channel()
        together(4, lambda number: _check(channel.send(evolve(_notification(), id=f"{number}"))))


def _notification() -> Notification:
    owed = message("main/order:SO-1/1/entered", "any")
    return Notification(id=owed.id, topic=owed.topic, order=owed.order, to=("li",), what=owed.what, at=START)


def _check(outcome: Outcome) -> None:
    assert isinstance(outcome, Sent | Retry | Failed)
    if isinstance(outcome, Retry):
        assert isinstance(outcome.after, timedelta)
        assert outcome.after >= timedelta(0)
    if isinstance(outcome, Failed):
        assert isinstance(outcome.reason, str)
        assert outcome.reason
