"""Floor 3: only sending. Takes what is owed out of the outbox, each channel apart from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from attrs import evolve, field, frozen

from orderflow.adapters.channels import backoff
from orderflow.model.commit import Message, Notification, OutboxRow
from orderflow.model.reasons import Reason
from orderflow.ports import Channel, DirectoryPort, Failed, Outcome, Retry, Sent
from orderflow.road import Road

LEASE = timedelta(minutes=5)
ATTEMPTS = 10
SOON, LATE = timedelta(seconds=1), timedelta(days=365)
"""The least and the most that `Retry` may ask for: nothing is sent twice by one delivery, nothing waits for ever."""
CHUNK = 10


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
    - `Retry`: again when the channel says, as often as it says so.
    - An exception: again after 1, 2, 4 … minutes; at the 10th attempt or later the row is buried with the error.
    - A channel that fails holds up no other.
    """
    counts: Counter[str] = Counter()
    failures: dict[str, str] = {}
    for name, channel in road.channels.items():
        for row in _claimed(road, name, limit):
            outcome = _send(channel, row, road.directory)
            if isinstance(outcome, Failed | _Raised):
                failures[name] = outcome.reason
            counts[_settle(road, row, outcome)] += 1
    return Delivered(sent=counts["sent"], retried=counts["retried"], buried=counts["buried"], failures=failures)


def _claimed(road: Road, channel: str, limit: int) -> Iterator[OutboxRow]:
    """At most `limit` rows, claimed few at a time: a slow channel must not outlive the lease of those that wait.

    What may be sent is asked as of the beginning, so that a row which is put back does not come again at once.
    """
    left, began = limit, road.now()
    while left > 0:
        rows = road.storage.claim_outbox(channel, began, min(left, CHUNK), LEASE + (road.now() - began))
        if not rows:
            return
        left -= len(rows)
        yield from rows


def _settle(road: Road, row: OutboxRow, outcome: Outcome | _Raised) -> str:
    """Take note of an outcome, and say what became of the row; one that another delivery took over is `lost`."""
    if isinstance(outcome, Sent):
        return "sent" if road.storage.ack(row) else "lost"
    if isinstance(outcome, Failed) or (isinstance(outcome, _Raised) and row.attempts >= ATTEMPTS):
        return "buried" if road.storage.bury(row, _storable(outcome.reason)) else "lost"
    after = min(max(outcome.after, SOON), LATE) if isinstance(outcome, Retry) else backoff(row.attempts)
    return "retried" if road.storage.retry(row, road.now() + after) else "lost"


def _storable(reason: str) -> str:
    """A reason as a storage can keep it: UTF-8, not empty, not a book."""
    return reason.encode("utf-8", "replace").decode()[:1_000] or "no reason given"


@frozen
class _Raised:
    reason: str


def _send(channel: Channel, row: OutboxRow, directory: DirectoryPort | None) -> Outcome | _Raised:
    try:
        notification = notification_of(row.message, directory)
        if not notification.to:
            return Failed(f"nobody to tell: {', '.join(row.message.to)}")
        outcome = channel.send(notification)
    except Exception as error:  # noqa: BLE001 - a channel may raise anything; the row is tried again, the report says so
        return _Raised(f"{type(error).__name__}: {error}")
    match outcome:
        case Sent() | Retry(after=timedelta()) | Failed(reason=str()):
            return outcome
    return _Raised(f"send returned {outcome!r}, not Sent(), Retry(timedelta) or Failed(text)")


def notification_of(message: Message, directory: DirectoryPort | None) -> Notification:
    """The message with roles and teams as the people who are in them now."""
    to: list[str] = []
    for who in message.to:
        kind, _, name = who.partition(":")
        if kind == "person":
            to.append(name)
        elif kind in ("lead", "manager"):
            person = directory.person(name) if directory is not None else None
            above = getattr(person, kind, None)
            to.append(above or name)  # with nobody above, it comes back to the owner
        elif kind in ("role", "team"):
            if directory is not None:
                group = directory.with_role(name) if kind == "role" else directory.in_team(name)
                to += [person.id for person in group if person.active]
        else:
            to.append(who)
    return Notification(
        id=message.id,
        topic=message.topic,
        order=message.order,
        to=tuple(dict.fromkeys(to)),
        what=_named(message.what, directory),
        at=message.at,
    )


def _named(what: Reason, directory: DirectoryPort | None) -> Reason:
    """The text with the owner's name in place of the id, where the directory has one."""
    owner = what.params.get("owner")
    person = directory.person(owner) if directory is not None and isinstance(owner, str) else None
    return what if person is None or not person.name else evolve(what, params=what.params.set("owner", person.name))
