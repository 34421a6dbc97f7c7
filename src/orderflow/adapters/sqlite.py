"""Storage in one SQLite file, the embedded default: `sqlite:///orders.db`. Threads and processes may share it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orderflow.adapters.codec import read_event, read_message, read_open, seal, write_message
from orderflow.adapters.sqlite_schema import (
    ADD_ROW,
    OPEN,
    ROW,
    SET_ROW,
    index_row,
    paging,
    prepare,
    row_values,
    to_us,
    transaction,
    where_of,
)
from orderflow.model.canonical import NO_HASH, to_open_data
from orderflow.model.commit import Commit, FeedPage, IndexRow, KeyRecord, OutboxRow, Query, Snapshot
from orderflow.model.errors import Conflict, StorageError
from orderflow.model.events import Event, Stream
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Personal


class SqliteStorage:
    """A Storage in a SQLite file, in WAL mode, with one connection behind a lock.

    - `synchronous`: `full` (the default) waits for the disk at each commit, so that what was acknowledged survives a
      loss of power; `normal` survives a crash of the process only, and is several times faster.
    - A writer waits up to `timeout` seconds for another process.
    """

    def __init__(
        self, path: str | Path, tenant: str = "main", *, synchronous: str = "full", timeout: float = 30
    ) -> None:
        if synchronous not in ("full", "normal"):
            raise StorageError(f"synchronous is full or normal, not {synchronous!r}")
        self.tenant = tenant
        self.path = Path(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        if not self.path.absolute().parent.is_dir():
            raise StorageError(f"{self.path}: there is no directory {self.path.absolute().parent}; make it first")
        try:
            self._open(synchronous, timeout)
        except BaseException:
            self.close()
            raise

    def _open(self, synchronous: str, timeout: float) -> None:
        with self._trouble():
            self._connection = sqlite3.connect(
                self.path, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            prepare(self._connection, self.path, timeout)
            self._connection.execute(f"PRAGMA synchronous = {synchronous}")

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(f"{self.path}: {error}") from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._trouble():
            if self._connection is None:
                raise StorageError(f"{self.path}: the storage is closed")
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its beginning; any exception undoes it."""
        with self._reading() as connection, transaction(connection, "BEGIN IMMEDIATE"):
            yield connection

    def load(self, stream: Stream, after: int = 0) -> tuple[Event, ...]:
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT envelope, body FROM events WHERE tenant=? AND stream=? AND version>? ORDER BY version",
                (self.tenant, str(stream), after),
            ).fetchall()
            hidden = any(b'"$personal"' in body for _, body in rows)
            personal = self._personal(connection, [stream]) if hidden else {}
        return tuple(read_event(envelope, body, personal.get(str(stream), {})) for envelope, body in rows)

    def _personal(self, connection: sqlite3.Connection, streams: Iterable[Stream]) -> dict[str, dict[str, Personal]]:
        found: dict[str, dict[str, Personal]] = {}
        for name in {str(stream) for stream in streams}:
            rows = connection.execute(
                "SELECT digest, salt, value FROM personal WHERE tenant=? AND stream=?", (self.tenant, name)
            )
            found[name] = {
                digest: Personal(value=read_open(json.loads(value)), salt=salt, digest=digest)
                for digest, salt, value in rows
            }
        return found

    def append(self, commit: Commit) -> None:
        with self._reading() as connection:
            heads = {stream: self._expected(connection, stream, version) for stream, version in commit.expects.items()}
        sealed = []
        at = dict(commit.expects)
        for event in commit.events:
            if event.version != at.get(event.stream, -2) + 1:
                raise StorageError(f"{event.stream}: version {event.version} cannot follow {at.get(event.stream)}")
            at[event.stream] = event.version
            item = seal(heads[event.stream], event)
            heads[event.stream] = item.hash
            sealed.append((self.tenant, str(event.stream), event.version, item.envelope, item.body, item.hash))
        with self._writing() as connection:
            for stream in commit.expects.keys() - {row.stream for row in commit.rows}:
                self._expected(connection, stream, commit.expects[stream])
            for row in commit.rows:
                self._move(connection, row, commit.expects[row.stream], heads[row.stream])
            connection.executemany(
                "INSERT INTO events (tenant, stream, version, envelope, body, hash) VALUES (?,?,?,?,?,?)", sealed
            )
            self._add_beside(connection, commit)

    def _expected(self, connection: sqlite3.Connection, stream: Stream, version: int) -> bytes:
        """The stream's last hash, if it has this version."""
        row = connection.execute(
            "SELECT version, hash FROM streams WHERE tenant=? AND kind=? AND id=?",
            (self.tenant, stream.kind, stream.id),
        ).fetchone()
        if (row[0] if row else 0) != version:
            raise Conflict(str(stream), version)
        return row[1] if row else NO_HASH

    def _move(self, connection: sqlite3.Connection, row: IndexRow, expected: int, head: bytes) -> None:
        """Write the index row on condition that the stream still has the expected version."""
        values = (row.version, head, *row_values(row), self.tenant, row.stream.kind, row.stream.id)
        if expected == 0:
            done = connection.execute(ADD_ROW, values).rowcount
        else:
            done = connection.execute(
                f"UPDATE streams SET {SET_ROW} WHERE tenant=? AND kind=? AND id=? AND version=?", (*values, expected)
            ).rowcount
        if not done:
            raise Conflict(str(row.stream), expected)
        self._put_tags(connection, row, new=expected == 0)

    def _put_tags(self, connection: sqlite3.Connection, row: IndexRow, new: bool) -> None:
        stream = (self.tenant, row.stream.kind, row.stream.id)
        if not new:
            old = connection.execute(
                "SELECT name, value FROM tags WHERE tenant=? AND kind=? AND id=?", stream
            ).fetchall()
            if dict(old) == dict(row.tags):
                return
            connection.execute("DELETE FROM tags WHERE tenant=? AND kind=? AND id=?", stream)
        connection.executemany(
            "INSERT INTO tags (tenant, kind, id, name, value) VALUES (?,?,?,?,?)",
            [(*stream, name, value) for name, value in row.tags.items()],
        )

    def _add_beside(self, connection: sqlite3.Connection, commit: Commit) -> None:
        """Key, personal values and outbox rows of a commit."""
        if commit.key:
            key = commit.key
            done = connection.execute(
                "INSERT INTO keys (tenant, stream, key, digest, first, last) VALUES (?,?,?,?,?,?) "
                "ON CONFLICT DO NOTHING",
                (self.tenant, str(key.stream), key.key, key.digest, key.first, key.last),
            ).rowcount
            if not done:
                raise Conflict(str(key.stream), commit.expects.get(key.stream))
        connection.executemany(
            "INSERT INTO personal (tenant, stream, digest, salt, value) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
            [
                (
                    self.tenant,
                    str(item.stream),
                    item.value.digest,
                    item.value.salt,
                    json.dumps(to_open_data(item.value.value)),
                )
                for item in commit.personal
            ],
        )
        recorded = to_us(max((event.recorded_at for event in commit.events), default=None))
        connection.executemany(
            "INSERT INTO outbox (tenant, message, channel, body, at) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
            [
                (self.tenant, message.id, channel, write_message(message), recorded or to_us(message.at))
                for message in commit.messages
                for channel in message.channels
            ],
        )

    def lookup(self, stream: Stream, key: str) -> KeyRecord | None:
        with self._reading() as connection:
            row = connection.execute(
                "SELECT digest, first, last FROM keys WHERE tenant=? AND stream=? AND key=?",
                (self.tenant, str(stream), key),
            ).fetchone()
        return KeyRecord(stream=stream, key=key, digest=row[0], first=row[1], last=row[2]) if row else None

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        with self._reading() as connection:
            query = (
                "SELECT kind, id FROM streams WHERE tenant=? AND claim_at IS NOT NULL AND claim_at<=? "
                "ORDER BY claim_at LIMIT ?"
            )
            if not connection.execute(query, (self.tenant, to_us(now), 1)).fetchone():
                return ()
        with self._writing() as connection:
            rows = connection.execute(query, (self.tenant, to_us(now), limit)).fetchall()
            connection.executemany(
                "UPDATE streams SET claim_at=? WHERE tenant=? AND kind=? AND id=?",
                [(to_us(now + lease), self.tenant, kind, id) for kind, id in rows],
            )
        return tuple(Stream(kind, id) for kind, id in rows)

    def claim_outbox(self, channel: str, now: datetime, limit: int, lease: timedelta) -> tuple[OutboxRow, ...]:
        query = (
            "SELECT seq, attempts + 1, body FROM outbox WHERE tenant=? AND channel=? AND at<=? AND buried IS NULL "
            "ORDER BY at, seq LIMIT ?"
        )
        with self._reading() as connection:
            if not connection.execute(query, (self.tenant, channel, to_us(now), 1)).fetchone():
                return ()
        with self._writing() as connection:
            rows = connection.execute(query, (self.tenant, channel, to_us(now), limit)).fetchall()
            connection.executemany(
                "UPDATE outbox SET attempts=?, at=? WHERE seq=?",
                [(attempts, to_us(now + lease), seq) for seq, attempts, _ in rows],
            )
        return tuple(
            OutboxRow(message=read_message(body), channel=channel, attempts=attempts, token=attempts)
            for _, attempts, body in rows
        )

    def _change_owed(self, statement: str, row: OutboxRow, *values: Any) -> bool:
        condition = "WHERE tenant=? AND message=? AND channel=? AND attempts=? AND buried IS NULL"
        with self._writing() as connection:
            found = connection.execute(
                f"{statement} {condition}", (*values, self.tenant, row.message.id, row.channel, row.token)
            )
            return found.rowcount > 0

    def ack(self, row: OutboxRow) -> bool:
        return self._change_owed("DELETE FROM outbox", row)

    def retry(self, row: OutboxRow, at: datetime) -> bool:
        return self._change_owed("UPDATE outbox SET at=?", row, to_us(at))

    def bury(self, row: OutboxRow, reason: str) -> bool:
        return self._change_owed("UPDATE outbox SET buried=?", row, reason)

    def buried(self, limit: int) -> tuple[tuple[OutboxRow, str], ...]:
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT body, channel, attempts, buried FROM outbox WHERE tenant=? AND buried IS NOT NULL "
                "ORDER BY seq LIMIT ?",
                (self.tenant, limit),
            ).fetchall()
        return tuple(
            (OutboxRow(message=read_message(body), channel=channel, attempts=attempts, token=attempts), reason)
            for body, channel, attempts, reason in rows
        )

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        where, values = where_of(self.tenant, query)
        with self._reading() as connection:
            rows: list[Any] = []
            for part, order in paging(query):
                sql = f"SELECT {ROW} FROM streams WHERE {where}{part} ORDER BY {order} LIMIT ?"
                more = [query.after] if query.after is not None and not query.urgent else []
                rows += connection.execute(sql, (*values, *more, query.limit - len(rows))).fetchall()
            tags = {row[1]: self._tags(connection, row[0], row[1]) for row in rows}
        return tuple(index_row(row, tags[row[1]]) for row in rows)

    def _tags(self, connection: sqlite3.Connection, kind: str, id: str) -> FrozenMap[str]:
        rows = connection.execute(
            "SELECT name, value FROM tags WHERE tenant=? AND kind=? AND id=?", (self.tenant, kind, id)
        )
        return FrozenMap(dict(rows.fetchall()))

    def tally(self, query: Query) -> Mapping[str, int]:
        where, values = where_of(self.tenant, query)
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT stage, COUNT(*) FROM streams WHERE {where} AND stage IS NOT NULL GROUP BY stage", values
            ).fetchall()
        return dict(rows)

    def loads(self, people: Iterable[str]) -> Mapping[str, int]:
        with self._reading() as connection:
            return {
                person: connection.execute(
                    f"SELECT COUNT(*) FROM streams WHERE tenant=? AND kind='order' AND owner=? AND {OPEN}",
                    (self.tenant, person),
                ).fetchone()[0]
                for person in people
            }

    def feed(self, cursor: int, limit: int) -> FeedPage:
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT position, stream, envelope, body FROM events WHERE position>? AND +tenant=? "
                "ORDER BY position LIMIT ?",  # the + keeps the planner from sorting all events of the tenant
                (cursor, self.tenant, limit),
            ).fetchall()
            personal = self._personal(connection, {Stream.parse(row[1]) for row in rows})
        events = tuple(read_event(envelope, body, personal[stream]) for _, stream, envelope, body in rows)
        return FeedPage(events=events, cursor=rows[-1][0] if rows else cursor)

    def position(self, reader: str) -> int:
        with self._reading() as connection:
            row = connection.execute(
                "SELECT cursor FROM positions WHERE tenant=? AND reader=?", (self.tenant, reader)
            ).fetchone()
        return row[0] if row else 0

    def save_position(self, reader: str, cursor: int) -> None:
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO positions (tenant, reader, cursor) VALUES (?,?,?)",
                (self.tenant, reader, cursor),
            )

    def streams(self, kind: str, after: str | None, limit: int) -> tuple[Stream, ...]:
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT id FROM streams WHERE tenant=? AND kind=? AND id>? ORDER BY id LIMIT ?",
                (self.tenant, kind, after or "", limit),
            ).fetchall()
        return tuple(Stream(kind, id) for (id,) in rows)

    def head(self, stream: Stream) -> bytes | None:
        with self._reading() as connection:
            row = connection.execute(
                "SELECT hash FROM streams WHERE tenant=? AND kind=? AND id=?", (self.tenant, stream.kind, stream.id)
            ).fetchone()
        return row[0] if row else None

    def snapshot(self, stream: Stream) -> Snapshot | None:
        with self._reading() as connection:
            row = connection.execute(
                "SELECT version, data FROM snapshots WHERE tenant=? AND stream=?", (self.tenant, str(stream))
            ).fetchone()
        return Snapshot(stream=stream, version=row[0], data=row[1]) if row else None

    def put_snapshot(self, snapshot: Snapshot) -> None:
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO snapshots (tenant, stream, version, data) VALUES (?,?,?,?) ON CONFLICT (tenant, stream) "
                "DO UPDATE SET version=excluded.version, data=excluded.data WHERE excluded.version>=version",
                (self.tenant, str(snapshot.stream), snapshot.version, snapshot.data),
            )

    def put_index(self, stream: Stream, version: int, row: IndexRow) -> bool:
        with self._writing() as connection:
            head = self.head(stream)
            if head is None:
                return False
            try:
                self._move(connection, row, version, head)
            except Conflict:
                return False
            return True

    def erase(self, stream: Stream, digests: Iterable[str] | None = None) -> int:
        with self._writing() as connection:
            wanted = None if digests is None else set(digests)
            found = connection.execute(
                "SELECT digest FROM personal WHERE tenant=? AND stream=?", (self.tenant, str(stream))
            ).fetchall()
            gone = [digest for (digest,) in found if wanted is None or digest in wanted]
            connection.execute("PRAGMA secure_delete = ON")
            connection.executemany(
                "DELETE FROM personal WHERE tenant=? AND stream=? AND digest=?",
                [(self.tenant, str(stream), digest) for digest in gone],
            )
        with self._reading() as connection:  # the log beside the file holds the old pages until it is cut
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return len(gone)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
