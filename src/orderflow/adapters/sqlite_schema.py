"""The tables of a SQLite file, how a file is opened, and the way of index rows and queries into SQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orderflow.model.commit import IndexRow, Query
from orderflow.model.errors import StorageError
from orderflow.model.events import Stream
from orderflow.model.frozen import FrozenMap

SCHEMA_VERSION = 1
APPLICATION_ID = 0x6F664C77
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# Instants are integer microseconds since 1970, UTC. `claim_at` is `next_at`, or the end of a lease.
SCHEMA = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL,
    envelope BLOB NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE (tenant, stream, version));
CREATE TABLE streams (
    tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,
    flow TEXT, stage TEXT, category TEXT, owner TEXT, team TEXT, customer TEXT, placed_at INTEGER, entered_at INTEGER,
    due_at INTEGER, severity INTEGER, next_at INTEGER, clocks INTEGER NOT NULL, claim_at INTEGER,
    PRIMARY KEY (tenant, kind, id)) WITHOUT ROWID;
CREATE INDEX streams_stage ON streams (tenant, kind, stage, id) WHERE stage IS NOT NULL;
CREATE INDEX streams_urgent ON streams (tenant, kind, stage, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX streams_owner ON streams (tenant, kind, owner, category) WHERE owner IS NOT NULL;
CREATE INDEX streams_team ON streams (tenant, kind, team, id) WHERE team IS NOT NULL;
CREATE INDEX streams_customer ON streams (tenant, kind, customer, id) WHERE customer IS NOT NULL;
CREATE INDEX streams_due ON streams (tenant, kind, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX streams_unwatched ON streams (tenant, kind, id)
    WHERE clocks = 0 AND category IN ('open', 'waiting');
CREATE INDEX streams_claim ON streams (tenant, claim_at) WHERE claim_at IS NOT NULL;
CREATE TABLE tags (
    tenant TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, name, value, id)) WITHOUT ROWID;
CREATE INDEX tags_stream ON tags (tenant, kind, id);
CREATE TABLE keys (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, PRIMARY KEY (tenant, stream, key)) WITHOUT ROWID;
CREATE TABLE personal (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, digest TEXT NOT NULL, salt BLOB NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (tenant, stream, digest)) WITHOUT ROWID;
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, message TEXT NOT NULL, channel TEXT NOT NULL,
    body BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL, buried TEXT,
    UNIQUE (tenant, message, channel));
CREATE INDEX outbox_at ON outbox (tenant, channel, at) WHERE buried IS NULL;
CREATE TABLE snapshots (
    tenant TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (tenant, stream)) WITHOUT ROWID;
CREATE TABLE positions (
    tenant TEXT NOT NULL, reader TEXT NOT NULL, cursor INTEGER NOT NULL, PRIMARY KEY (tenant, reader)) WITHOUT ROWID;
"""

# What SQLite's planner is told of the tables, as ANALYZE counts it at 100 000 orders: rows, then rows for each value of
# the first column, the first two … Without it the planner takes (tenant, kind) for selective, and reads every order of
# a tenant in order of ids rather than those of one owner or customer.
STATISTICS = (
    ("events", "sqlite_autoindex_events_1", "1000000 1000000 10 1"),
    ("streams", "streams", "100000 100000 100000 1"),
    ("streams", "streams_stage", "100000 100000 100000 20000 1"),
    ("streams", "streams_urgent", "10000 10000 10000 2000 1 1"),
    ("streams", "streams_owner", "100000 100000 100000 1000 500"),
    ("streams", "streams_team", "100000 100000 100000 20000 1"),
    ("streams", "streams_customer", "100000 100000 100000 100 1"),
    ("streams", "streams_due", "10000 10000 10000 1"),
    ("streams", "streams_unwatched", "10000 10000 10000 1"),
    ("streams", "streams_claim", "10000 10000 1"),
    ("tags", "tags", "100000 100000 100000 50000 1000 1"),
    ("tags", "tags_stream", "100000 100000 100000 1"),
)

ROW = (
    "kind, id, version, flow, stage, category, owner, team, customer, placed_at, entered_at, due_at, severity, "
    "next_at, clocks"
)
SET_ROW = (
    "version=?, hash=?, flow=?, stage=?, category=?, owner=?, team=?, customer=?, placed_at=?, entered_at=?, "
    "due_at=?, severity=?, next_at=?, clocks=?, claim_at=?"
)
ADD_ROW = (
    "INSERT INTO streams (version, hash, flow, stage, category, owner, team, customer, placed_at, entered_at, due_at, "
    "severity, next_at, clocks, claim_at, tenant, kind, id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
    "ON CONFLICT DO NOTHING"
)
OPEN = "category IN ('open', 'waiting')"  # orderflow.model.flow.OPEN


def prepare(connection: sqlite3.Connection, path: Path, timeout: float) -> None:
    """Make a new file ours, or see that it is: `StorageError` for another's file, which is left as it is."""
    with transaction(connection, "BEGIN"):
        _check(connection, path)
    until = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:  # SQLite itself does not wait here when others open the file too
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)
    with transaction(connection, "BEGIN IMMEDIATE"):
        if _check(connection, path) == 0:
            for statement in SCHEMA.split(";\n"):
                connection.execute(statement)
            connection.execute("ANALYZE")
            connection.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?,?,?)", STATISTICS)
            connection.execute("ANALYZE sqlite_master")  # this connection reads them too
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _check(connection: sqlite3.Connection, path: Path) -> int:
    """The schema version of the file, 0 when it is empty."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    used = application or version or connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    if used and application != APPLICATION_ID:
        raise StorageError(f"{path} is a SQLite file of something else; name another file")
    if version > SCHEMA_VERSION:
        raise StorageError(f"{path} was written by a newer orderflow (schema {version}); upgrade orderflow")
    return int(version)


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """A transaction that any exception undoes."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def to_us(value: datetime | None) -> int | None:
    """Microseconds since 1970, or None."""
    return None if value is None else (value - EPOCH) // MICROSECOND


def from_us(value: int | None) -> datetime | None:
    """The instant in UTC of microseconds since 1970, or None."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


def row_values(row: IndexRow) -> tuple[Any, ...]:
    """The values of `SET_ROW` after version and hash."""
    next_at = to_us(row.next_at)
    names = (row.flow, row.stage, row.category, row.owner, row.team, row.customer)
    instants = (to_us(row.placed_at), to_us(row.entered_at), to_us(row.due_at))
    return (*names, *instants, row.severity, next_at, row.clocks, next_at)


def index_row(row: tuple[Any, ...], tags: FrozenMap[str]) -> IndexRow:
    """The index row of the columns `ROW`."""
    values = dict(zip((name.strip() for name in ROW.split(",")), row, strict=True))
    stream = Stream(values.pop("kind"), values.pop("id"))
    for name in ("placed_at", "entered_at", "due_at", "next_at"):
        values[name] = from_us(values[name])
    return IndexRow(stream=stream, tags=tags, **values)


def paging(query: Query) -> tuple[tuple[str, str], ...]:
    """The conditions and orders by which a page is read, one part after the other; `?` is `query.after`."""
    if query.urgent:  # in two parts, so that each follows an index
        return ((" AND due_at IS NOT NULL", "due_at, id"), (" AND due_at IS NULL", "id"))
    return ((" AND id>?" if query.after is not None else "", "id"),)


def where_of(tenant: str, query: Query) -> tuple[str, list[Any]]:
    """The SQL condition of a query, and its values."""
    parts = ["tenant=?", "kind=?"]
    values: list[Any] = [tenant, query.kind]
    for name in ("flow", "stage", "owner", "team", "customer"):
        if (value := getattr(query, name)) is not None:
            parts.append(f"{name}=?")
            values.append(value)
    if query.category is not None:
        parts.append(f"category IN ({','.join('?' * len(query.category))})")
        values += query.category
    if query.due_before is not None:
        parts.append(f"due_at IS NOT NULL AND due_at<? AND {OPEN}")
        values.append(to_us(query.due_before))
    if query.unwatched:
        parts.append(f"clocks=0 AND {OPEN}")
    for name, value in query.tags.items():
        parts.append("id IN (SELECT id FROM tags WHERE tenant=? AND kind=? AND name=? AND value=?)")
        values += [tenant, query.kind, name, value]
    return " AND ".join(parts), values
