"""One atomic write, and what storage keeps beside the events: index rows, messages, keys, personal values, queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from attrs import frozen

from orderflow.model.events import Event, Stream
from orderflow.model.flow import OPEN
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.order import Personal
from orderflow.model.reasons import Language, Reason


@frozen(kw_only=True)
class IndexRow:
    """What can be searched of a stream, computed by the Tracker; a storage knows no flow.

    `next_at` is the earliest instant at which time alone can change the stream; `due_at` the earliest deadline that
    runs; `clocks` how many clocks have not ended. `tags` are the attributes that the flow declares under `find:`.
    Streams that are no orders have names and versions only.
    """

    stream: Stream
    version: int
    flow: str | None = None
    stage: str | None = None
    category: str | None = None
    owner: str | None = None
    team: str | None = None
    customer: str | None = None
    placed_at: datetime | None = None
    entered_at: datetime | None = None
    due_at: datetime | None = None
    severity: int | None = None
    next_at: datetime | None = None
    clocks: int = 0
    tags: FrozenMap[str] = EMPTY

    def late(self, now: datetime) -> bool:
        """Whether the order is open and a deadline that runs has passed."""
        return self.due_at is not None and self.due_at < now and self.category in OPEN


@frozen(kw_only=True)
class Message:
    """Something owed to somebody because of an event. `id` is the same however often it is computed.

    - `topic`: what happened (`assigned`, `warned`, `breached` …).
    - `to`: `person:<id>`, `role:<name>`, `team:<name>` or `customer:<id>`; people are looked up at delivery.
    - `what`: the text, as a Reason.
    """

    id: str
    kind: Literal["notification", "command", "call"] = "notification"
    topic: str
    order: str
    to: tuple[str, ...]
    what: Reason
    at: datetime
    channels: tuple[str, ...] = ()


@frozen(kw_only=True)
class Notification:
    """A message as a channel gets it: to whom (ids of people, or `customer:<id>`) and what to say.

    `id` stays the same when a delivery is repeated after a crash, so that a channel can tell.
    """

    id: str
    topic: str
    order: str
    to: tuple[str, ...]
    what: Reason
    at: datetime

    def text(self, language: Language = "en") -> str:
        """The message in English or Chinese."""
        return self.what.text(language)


@frozen(kw_only=True)
class OutboxRow:
    """One message owed over one channel, claimed for a while; `token` names the claim, `attempts` counts this one."""

    message: Message
    channel: str
    attempts: int
    token: int


@frozen(kw_only=True)
class KeyRecord:
    """An idempotency key of a stream: the command's digest, and the versions that it made."""

    stream: Stream
    key: str
    digest: str
    first: int
    last: int


@frozen(kw_only=True)
class PersonalValue:
    """A personal value of a stream, kept beside its history."""

    stream: Stream
    value: Personal


@frozen(kw_only=True)
class Commit:
    """One atomic append: all of it or nothing.

    - `expects`: stream -> the version that it must have (0: it must not exist), else `Conflict`.
    - `events`: in order, each stream from its expected version on, without gaps.
    - `rows`: one for each stream that gets events.
    - `messages`: one outbox row is made for each message and channel.
    """

    expects: Mapping[Stream, int]
    events: tuple[Event, ...]
    rows: tuple[IndexRow, ...]
    messages: tuple[Message, ...] = ()
    personal: tuple[PersonalValue, ...] = ()
    key: KeyRecord | None = None


@frozen(kw_only=True)
class Query:
    """What to find among index rows. All that is given must hold; pages are in order of stream ids, after `after`.

    `urgent`: instead the earliest deadlines first, those without a deadline last, then by id; without pages.

    `due_before`: the due instant is earlier, and the category is open or waiting. `unwatched`: every clock has ended,
    and the category is open or waiting.
    """

    kind: str = "order"
    flow: str | None = None
    stage: str | None = None
    category: tuple[str, ...] | None = None
    owner: str | None = None
    team: str | None = None
    customer: str | None = None
    due_before: datetime | None = None
    unwatched: bool = False
    tags: FrozenMap[str] = EMPTY
    urgent: bool = False
    after: str | None = None
    limit: int = 100


@frozen(kw_only=True)
class FeedPage:
    """Committed events in the order of their publication, and the cursor to go on from."""

    events: tuple[Event, ...]
    cursor: int


@frozen(kw_only=True)
class Snapshot:
    """A folded state as bytes of the Tracker's own making; can be thrown away."""

    stream: Stream
    version: int
    data: bytes
