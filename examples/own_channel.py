"""A plugin of your own: a channel that sends mails, beside one that fails; the order and the mails do not notice.

python examples/own_channel.py
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import orderflow as of
from orderflow.ports import Channel, Outcome

FLOW = of.Flow(
    name="repairs",
    title={"en": "Repairs", "zh": "维修"},
    lifecycle=of.Lifecycle(
        initial="received",
        stages={
            "received": of.Stage(title={"en": "Received", "zh": "已收件"}, owner=of.OwnerRule(person="li")),
            "returned": of.Stage(title={"en": "Returned", "zh": "已寄回"}, category="done"),
        },
        transitions=[of.Transition(trigger="return", source="received", dest="returned")],
    ),
    sla={"repair": of.SLA(start="stage == 'received'", target="2d", warn=["50%"])},
)

ADDRESSES = {"li": "li@example.com"}


class Mail:
    """A channel: `name`, and `send`, which says what became of it. Here the server is a list."""

    name = "mail"

    def __init__(self) -> None:
        self.outgoing: list[str] = []

    def send(self, notification: of.Notification) -> Outcome:
        addresses = [ADDRESSES[person] for person in notification.to if person in ADDRESSES]
        if not addresses:
            return of.Failed("nobody with an address")
        self.outgoing.append(f"To: {', '.join(addresses)}  {notification.text('en')}")
        return of.Sent()


class Chat:
    """A channel whose server is down at first."""

    name = "chat"

    def __init__(self) -> None:
        self.up = False
        self.said: list[str] = []

    def send(self, notification: of.Notification) -> Outcome:
        if not self.up:
            raise ConnectionError("the chat server does not answer")
        self.said.append(notification.text("zh"))
        return of.Sent()


class MyCompany:
    """The plugin: whatever acts on behalf of a Tracker, given to it with `plugins=[...]`."""

    def __init__(self, *channels: Channel) -> None:
        self.channels = channels

    @of.hookimpl
    def orderflow_channels(self) -> Iterable[Channel]:
        return self.channels

    @of.hookimpl
    def orderflow_committed(self, receipt: of.Receipt) -> None:
        raise RuntimeError("a screen could not be refreshed")


def main() -> None:
    """Place an order, deliver with a broken channel, deliver again when it works."""
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    mail, chat = Mail(), Chat()
    with of.Tracker(FLOW, plugins=[MyCompany(mail, chat)], clock=lambda: now) as tracker:
        receipt = tracker.place(of.Order("R-1"), by=of.Actor.system("counter"))
        print(f"{receipt.order} is {receipt.stage}; plugins that failed: {[item.error for item in receipt.failures]}")

        done = tracker.deliver()
        print(f"sent {done.sent}, to be tried again {done.retried}: {done.failures}")

        chat.up = True
        print(f"at once: sent {tracker.deliver().sent}")
        now += timedelta(minutes=1)
        print(f"a minute later: sent {tracker.deliver().sent}")

        now += timedelta(days=3)
        tracker.sweep()
        done = tracker.deliver()
        print(f"three days later: sent {done.sent}\n")
    print("Mail:", *mail.outgoing, sep="\n  ")
    print("Chat:", *chat.said, sep="\n  ")


if __name__ == "__main__":
    main()
