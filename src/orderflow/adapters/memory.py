"""Storage in this process's memory, for tests, scripts and previews: `memory:`. Gone when the process ends."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from attrs import define, evolve

from orderflow.adapters.codec import seal
from orderflow.model.canonical import NO_HASH
from orderflow.model.commit import Commit, FeedPage, IndexRow, KeyRecord, OutboxRow, Query, Snapshot
from orderflow.model.errors import Conflict, StorageError
from orderflow.model.events import Event, Stream
from orderflow.model.flow import OPEN
from orderflow.model.personal import personal_values, with_personal


@define
class _Owed:
    """An outbox row: claimable from `at` on; `buried` is the reason why it was given up."""

    row: OutboxRow
    at: datetime
    buried: str | None = None


class MemoryStorage:
    """A Storage in dictionaries, behind one lock. Events are sealed only when somebody asks for a hash."""

    def __init__(self, tenant: str = "main") -> None:
        self.tenant = tenant
        self._lock = threading.RLock()
        self._events: dict[Stream, list[Event]] = {}
        self._published: list[Event] = []
        self._rows: dict[Stream, IndexRow] = {}
        self._claims: dict[Stream, datetime] = {}
        self._due: list[tuple[datetime, str, Stream]] = []
        self._keys: dict[tuple[Stream, str], KeyRecord] = {}
        self._outbox: dict[tuple[str, str], _Owed] = {}
        self._loads: Counter[str] = Counter()
        self._snapshots: dict[Stream, Snapshot] = {}
        self._positions: dict[str, int] = {}
        self._heads: dict[Stream, list[bytes]] = {}

    def load(self, stream: Stream, after: int = 0) -> tuple[Event, ...]:
        with self._lock:
            return tuple(self._events.get(stream, ())[after:])

    def append(self, commit: Commit) -> None:
        with self._lock:
            for stream, expected in commit.expects.items():
                if len(self._events.get(stream, ())) != expected:
                    raise Conflict(str(stream), expected)
            if commit.key and (commit.key.stream, commit.key.key) in self._keys:
                raise Conflict(str(commit.key.stream), commit.expects.get(commit.key.stream))
            _check_versions(commit)
            for event in commit.events:
                self._events.setdefault(event.stream, []).append(event)
                self._published.append(event)
            for row in commit.rows:
                self._put_row(row)
            if commit.key:
                self._keys[commit.key.stream, commit.key.key] = commit.key
            recorded = max((event.recorded_at for event in commit.events), default=None)
            for message in commit.messages:
                for channel in message.channels:
                    row_ = OutboxRow(message=message, channel=channel, attempts=0, token=0)
                    self._outbox.setdefault((message.id, channel), _Owed(row_, recorded or message.at))

    def _put_row(self, row: IndexRow) -> None:
        old = self._rows.get(row.stream)
        if old is not None and old.owner is not None and _is_load(old):
            self._loads[old.owner] -= 1
        if row.owner is not None and _is_load(row):
            self._loads[row.owner] += 1
        self._rows[row.stream] = row
        self._claim_from(row.stream, row.next_at)

    def _claim_from(self, stream: Stream, at: datetime | None) -> None:
        if at is None:
            self._claims.pop(stream, None)
        else:
            self._claims[stream] = at
            heapq.heappush(self._due, (at, str(stream), stream))

    def lookup(self, stream: Stream, key: str) -> KeyRecord | None:
        with self._lock:
            return self._keys.get((stream, key))

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        claimed: list[Stream] = []
        with self._lock:
            while self._due and self._due[0][0] <= now and len(claimed) < limit:
                at, _, stream = heapq.heappop(self._due)
                if self._claims.get(stream) == at:
                    claimed.append(stream)
                    self._claims[stream] = now + lease
            for stream in claimed:
                self._claim_from(stream, now + lease)
        return tuple(claimed)

    def claim_outbox(self, channel: str, now: datetime, limit: int, lease: timedelta) -> tuple[OutboxRow, ...]:
        with self._lock:
            owed = [
                item
                for item in self._outbox.values()
                if item.row.channel == channel and item.buried is None and item.at <= now
            ]
            owed.sort(key=lambda item: item.at)
            for item in owed[:limit]:
                attempts = item.row.attempts + 1
                item.row = evolve(item.row, attempts=attempts, token=attempts)
                item.at = now + lease
            return tuple(item.row for item in owed[:limit])

    def _claimed(self, row: OutboxRow) -> _Owed | None:
        item = self._outbox.get((row.message.id, row.channel))
        return item if item is not None and item.row.token == row.token and item.buried is None else None

    def ack(self, row: OutboxRow) -> bool:
        with self._lock:
            if self._claimed(row) is None:
                return False
            del self._outbox[row.message.id, row.channel]
            return True

    def retry(self, row: OutboxRow, at: datetime) -> bool:
        with self._lock:
            if (item := self._claimed(row)) is None:
                return False
            item.at = at
            return True

    def bury(self, row: OutboxRow, reason: str) -> bool:
        with self._lock:
            if (item := self._claimed(row)) is None:
                return False
            item.buried = reason
            return True

    def buried(self, limit: int) -> tuple[tuple[OutboxRow, str], ...]:
        with self._lock:
            kept = [(item.row, item.buried) for item in self._outbox.values() if item.buried is not None]
        return tuple(kept[:limit])

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        with self._lock:
            found = [row for row in self._rows.values() if _fits(row, query)]
        if query.urgent:
            latest = datetime.max.replace(tzinfo=UTC)
            return tuple(sorted(found, key=lambda row: (row.due_at or latest, row.stream.id))[: query.limit])
        found.sort(key=lambda row: row.stream.id)
        return tuple(row for row in found if query.after is None or row.stream.id > query.after)[: query.limit]

    def tally(self, query: Query) -> Mapping[str, int]:
        with self._lock:
            return Counter(row.stage for row in self._rows.values() if row.stage is not None and _fits(row, query))

    def loads(self, people: Iterable[str]) -> Mapping[str, int]:
        with self._lock:
            return {person: self._loads[person] for person in people}

    def feed(self, cursor: int, limit: int) -> FeedPage:
        with self._lock:
            events = tuple(self._published[cursor : cursor + limit])
        return FeedPage(events=events, cursor=cursor + len(events))

    def position(self, reader: str) -> int:
        with self._lock:
            return self._positions.get(reader, 0)

    def save_position(self, reader: str, cursor: int) -> None:
        with self._lock:
            self._positions[reader] = cursor

    def streams(self, kind: str, after: str | None, limit: int) -> tuple[Stream, ...]:
        with self._lock:
            found = sorted(stream.id for stream in self._events if stream.kind == kind)
        return tuple(Stream(kind, id) for id in found if after is None or id > after)[:limit]

    def head(self, stream: Stream) -> bytes | None:
        with self._lock:
            hashes = self._heads.setdefault(stream, [])
            for event in self._events.get(stream, ())[len(hashes) :]:
                hashes.append(seal(hashes[-1] if hashes else NO_HASH, event).hash)
            return hashes[-1] if hashes else None

    def snapshot(self, stream: Stream) -> Snapshot | None:
        with self._lock:
            return self._snapshots.get(stream)

    def put_snapshot(self, snapshot: Snapshot) -> None:
        with self._lock:
            old = self._snapshots.get(snapshot.stream)
            if old is None or old.version <= snapshot.version:
                self._snapshots[snapshot.stream] = snapshot

    def put_index(self, stream: Stream, version: int, row: IndexRow) -> bool:
        with self._lock:
            if stream not in self._events or len(self._events[stream]) != version:
                return False
            self._put_row(row)
            return True

    def erase(self, stream: Stream, digests: Iterable[str] | None = None) -> int:
        with self._lock:
            events = self._events.get(stream, [])
            there = {value.digest: value for event in events for value in personal_values(event)}
            gone = set(there) if digests is None else set(there) & set(digests)
            if not gone:
                return 0
            left = {digest: value for digest, value in there.items() if digest not in gone}
            self._events[stream] = [with_personal(event, left) for event in events]
            self._published = [with_personal(item, left) if item.stream == stream else item for item in self._published]
            return len(gone)

    def close(self) -> None:
        pass


def _check_versions(commit: Commit) -> None:
    """Raise `StorageError` when the events of a commit leave gaps: a fault of the caller, never of a race."""
    at = dict(commit.expects)
    for event in commit.events:
        if event.version != at.get(event.stream, -2) + 1:
            raise StorageError(f"{event.stream}: version {event.version} cannot follow {at.get(event.stream)}")
        at[event.stream] = event.version


def _is_load(row: IndexRow) -> bool:
    return row.stream.kind == "order" and row.category in OPEN


def _fits(row: IndexRow, query: Query) -> bool:
    named = ("flow", "stage", "owner", "team", "customer")
    return (
        row.stream.kind == query.kind
        and all(getattr(query, name) in (None, getattr(row, name)) for name in named)
        and (query.category is None or row.category in query.category)
        and (query.due_before is None or row.late(query.due_before))
        and (not query.unwatched or (row.clocks == 0 and row.category in OPEN))
        and all(row.tags.get(name) == value for name, value in query.tags.items())
    )
