"""Floor 3: only sending. Takes what is owed out of the outbox, each channel apart from the others."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import field, frozen

from orderflow.adapters.channels import backoff
from orderflow.model.commit import Message, Notification, OutboxRow
from orderflow.ports import Channel, DirectoryPort, Failed, Outcome, Retry, Sent
from orderflow.road import Road

LEASE = timedelta(minutes=5)
ATTEMPTS = 10


@frozen(kw_only=True)
class Delivered:
    """What one delivery did: rows sent, to be tried again, given up; and the errors met, by channel."""

    sent: int = 0
    retried: int = 0
    buried: int = 0
    failures: dict[str, str] = field(factory=dict)


def deliver(road: Road, limit: int) -> Delivered:
    """Send at most `limit` rows over each channel.

    - A row is gone only after the channel has taken it: after a crash it comes again, with the same `notification.id`.
    - `Retry`, or an exception: again after a while (1, 2, 4 … minutes); after 10 attempts it is buried with the reason.
    - A channel that fails holds up no other.
    """
    sent = retried = buried = 0
    failures: dict[str, str] = {}
    for name, channel in road.channels.items():
        for row in road.storage.claim_outbox(name, road.now(), limit, LEASE):
            outcome = _send(channel, row, road.directory)
            if isinstance(outcome, Sent):
                sent += road.storage.ack(row)
                continue
            reason = outcome.reason if isinstance(outcome, Failed | _Raised) else "the channel asked to try again"
            if not isinstance(outcome, Sent | Retry):
                failures[name] = reason
            if isinstance(outcome, Failed) or row.attempts >= ATTEMPTS:
                buried += road.storage.bury(row, reason)
            else:
                retried += road.storage.retry(row, _again(road.now(), outcome, row.attempts))
    return Delivered(sent=sent, retried=retried, buried=buried, failures=failures)


@frozen
class _Raised:
    reason: str


def _send(channel: Channel, row: OutboxRow, directory: DirectoryPort | None) -> Outcome | _Raised:
    try:
        outcome = channel.send(notification_of(row.message, directory))
    except Exception as error:  # noqa: BLE001 - a channel may raise anything; the row is tried again, the report says so
        return _Raised(f"{type(error).__name__}: {error}")
    if isinstance(outcome, Sent | Retry | Failed):
        return outcome
    return _Raised(f"send returned {outcome!r}, not Sent, Retry or Failed")


def _again(now: datetime, outcome: Outcome | _Raised, attempts: int) -> datetime:
    return now + (outcome.after if isinstance(outcome, Retry) else backoff(attempts))


def notification_of(message: Message, directory: DirectoryPort | None) -> Notification:
    """The message with roles and teams as the people who are in them now."""
    to: list[str] = []
    for who in message.to:
        kind, _, name = who.partition(":")
        if kind == "person":
            to.append(name)
        elif kind in ("role", "team") and directory is not None:
            group = directory.with_role(name) if kind == "role" else directory.in_team(name)
            to += [person.id for person in group if person.active]
        else:
            to.append(who)
    return Notification(
        id=message.id,
        topic=message.topic,
        order=message.order,
        to=tuple(dict.fromkeys(to)),
        what=message.what,
        at=message.at,
    )
