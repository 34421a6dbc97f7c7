"""Floor 1½: what a host or plugin must provide. The docstrings are the specification; the contract kit checks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from attrs import frozen

from orderflow.model.actor import Person
from orderflow.model.commit import (
    Commit,
    FeedPage,
    IndexRow,
    KeyRecord,
    Notification,
    OutboxRow,
    Query,
    Snapshot,
)
from orderflow.model.events import Event, Stream


class Storage(Protocol):
    """Where streams live, for one tenant: every key and every query begins with it.

    - Thread-safe. Every method either does all that it says or raises and does nothing.
    - Instants given and returned are aware and in UTC, to the microsecond.
    - Trouble with the medium raises `StorageError`; a lost race `Conflict`. Nothing else is raised on purpose.
    """

    tenant: str

    def load(self, stream: Stream, after: int = 0) -> tuple[Event, ...]:
        """The events of a stream with versions above `after`, in order of version; empty when there are none.

        Personal values are put back, or are `Erased`.
        """

    def append(self, commit: Commit) -> None:
        """Write a commit: events, index rows, tags, outbox rows, personal values and key, all or nothing.

        - When a stream does not have its expected version: `Conflict`, nothing written.
        - Events outside of `expects`, or with gaps in their versions, are a fault of the caller: `StorageError`.
        - When the key is there already: `Conflict`, nothing written (the caller looks it up and repeats the Receipt).
        - A return is a promise: what was written survives a crash of the process.
        """

    def lookup(self, stream: Stream, key: str) -> KeyRecord | None:
        """What a key of this stream stands for, or None."""

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        """At most `limit` streams with `next_at` at or before `now`, the earliest first, leased until `now + lease`.

        A leased stream is not claimed again until the lease ends (at its end it may be), or the stream gets a new event
        or a new index row.
        """

    def claim_outbox(self, channel: str, now: datetime, limit: int, lease: timedelta) -> tuple[OutboxRow, ...]:
        """At most `limit` rows owed over a channel that may be sent at `now`, oldest first, leased until `now + lease`.

        Each claim counts as an attempt. A row whose lease ended may be claimed again.
        """

    def ack(self, row: OutboxRow) -> bool:
        """The row was sent: it is gone. False, and nothing changes, when somebody else has claimed it since."""

    def retry(self, row: OutboxRow, at: datetime) -> bool:
        """The row may be claimed again from `at` on. False when somebody else has claimed it since."""

    def bury(self, row: OutboxRow, reason: str) -> bool:
        """The row is given up and kept with the reason. False when somebody else has claimed it since."""

    def buried(self, limit: int) -> tuple[tuple[OutboxRow, str], ...]:
        """Rows that were given up, oldest first, each with the reason."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        """The index rows that fit, in order of stream ids by code points, after `query.after`, at most `query.limit`.

        With `query.urgent` the earliest `due_at` first, those without one last, then by id.
        """

    def tally(self, query: Query) -> Mapping[str, int]:
        """How many index rows fit, by stage; `after` and `limit` do not matter."""

    def loads(self, people: Iterable[str]) -> Mapping[str, int]:
        """How many open or waiting orders each of these people owns; 0 for those who own none."""

    def feed(self, cursor: int, limit: int) -> FeedPage:
        """Committed events after a cursor (0: from the beginning), at most `limit`, and the cursor to go on from.

        Every committed event comes exactly once, each stream in version order; nothing is skipped, however late a
        transaction commits.
        """

    def position(self, reader: str) -> int:
        """The cursor that a named reader of the feed has saved; 0 when it has not."""

    def save_position(self, reader: str, cursor: int) -> None:
        """Save the cursor of a named reader, durably."""

    def streams(self, kind: str, after: str | None, limit: int) -> tuple[Stream, ...]:
        """Streams of a kind in order of their ids, after an id, at most `limit`."""

    def head(self, stream: Stream) -> bytes | None:
        """The hash of the last event of a stream (32 bytes), or None when there is no such stream."""

    def snapshot(self, stream: Stream) -> Snapshot | None:
        """The newest snapshot of a stream, or None."""

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of an older one; an older one than there is changes nothing."""

    def put_index(self, stream: Stream, version: int, row: IndexRow) -> bool:
        """Write a computed index row again, with its tags; False, and nothing changes, at another version or stream."""

    def erase(self, stream: Stream, digests: Iterable[str] | None = None) -> int:
        """Erase personal values of a stream (None: all) with their salts; how many there were. The history stays."""

    def close(self) -> None:
        """Let go of files and connections. Closing twice does nothing."""


class DirectoryPort(Protocol):
    """Who exists. `orderflow.Directory` is one, as a value; a host with its own users writes another."""

    def person(self, id: str) -> Person | None:
        """The person with this id, or None."""

    def with_role(self, role: str) -> tuple[Person, ...]:
        """Everybody who has the role."""

    def in_team(self, team: str) -> tuple[Person, ...]:
        """Everybody in the team."""


@frozen
class Sent:
    """The channel has taken the notification over."""


@frozen
class Retry:
    """The channel cannot take it now; try again after a while."""

    after: timedelta


@frozen
class Failed:
    """The channel will never take it, for this reason; it is kept among the buried."""

    reason: str


Outcome = Sent | Retry | Failed


@runtime_checkable
class Channel(Protocol):
    """A way to send notifications.

    - `name` is what a flow's `notify:` says; no two channels of a Tracker share one.
    - `send` may be called again with the same `notification.id` after a crash. An exception counts as `Retry`.
    """

    name: str

    def send(self, notification: Notification) -> Outcome:
        """Send it, or say why not."""
