"""What is SQLite's own: crashes, several processes, files that are not ours, and queries that use their indexes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orderflow.adapters.sqlite import SqliteStorage
from orderflow.adapters.sqlite_schema import APPLICATION_ID, SCHEMA_VERSION
from orderflow.adapters.storages import Storages
from orderflow.model.commit import Query
from orderflow.model.errors import Conflict, StorageError
from orderflow.model.events import NoteAdded, Stream
from orderflow.model.frozen import FrozenMap
from orderflow.testing.builders import MINUTE, START, commit, key, message, note, notes, placed, secret
from orderflow.testing.opening import together

ONE, TWO = Stream.order("SO-1"), Stream.order("SO-2")
LONG = bool(os.environ.get("ORDERFLOW_LONG"))

# Writes commits without end, two streams at a time, and says so on a line after each `append` that has returned.
WRITER = """
    import itertools, sys
    from pathlib import Path
    from orderflow.adapters.sqlite import SqliteStorage
    from orderflow.model.events import Stream
    from orderflow.testing.builders import commit, key, message, note, placed, secret

    storage = SqliteStorage(Path(sys.argv[1]), synchronous=sys.argv[2])
    streams = [Stream.order(f"SO-{number}") for number in range(3)]
    versions = {stream: len(storage.load(stream)) for stream in streams}
    print("ready", flush=True)
    for turn in itertools.count():
        left, right = streams[turn % 3], streams[(turn + 1) % 3]
        a, b = versions[left] + 1, versions[right] + 1
        hidden = placed(left, a, customer={"phone": secret(f"phone {a}", a)})
        storage.append(
            commit(
                hidden,
                note(right, b, "x" * (turn * 37 % 3000)),
                messages=[message(f"{left}/{a}", "mail", "sms"), message(f"{right}/{b}", "mail")],
                key=key(left, f"{a}", first=a, last=a),
                stage="s",
                tags={"version": f"{a}"},
            )
        )
        versions[left], versions[right] = a, b
        print(left, a, right, b, flush=True)
"""

# Tries to write each version of one stream once, and says which ones it was the first to write.
RIVAL = """
    import sys, time
    from pathlib import Path
    from orderflow.adapters.sqlite import SqliteStorage
    from orderflow.model.errors import Conflict
    from orderflow.model.events import Stream
    from orderflow.testing.builders import commit, message, note

    storage, stream = SqliteStorage(Path(sys.argv[1]), synchronous="normal"), Stream.order("SO-1")
    print("ready", flush=True)
    sys.stdin.readline()
    for version in range(1, 41):
        try:
            owed = message(f"{stream}/{version}", "mail")
            storage.append(commit(note(stream, version, sys.argv[2]), messages=[owed], tags={"version": "x"}))
            print(version, flush=True)
        except Conflict:
            while len(storage.load(stream)) < version:
                time.sleep(0.001)
    storage.close()
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as anybody sees it who has sqlite3 and not orderflow."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def check_from_bytes(path: Path) -> dict[str, int]:
    """The version of each stream, after everything in the file was found to fit together, from its bytes alone."""
    versions: dict[str, int] = {}
    heads: dict[str, bytes] = {}
    with raw(path) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = file.execute("SELECT stream, version, envelope, body, hash FROM events ORDER BY position").fetchall()
        owed, keys, digests = set(), set(), set()
        for stream, version, envelope, body, kept in rows:
            assert version == versions.get(stream, 0) + 1
            digest = hashlib.sha256()
            for part in (heads.get(stream, bytes(32)), envelope, body):
                digest.update(len(part).to_bytes(8, "big") + part)
            assert kept == digest.digest()
            head, content = json.loads(envelope), json.loads(body)
            assert (head["stream"], head["version"], head["tenant"]) == (stream, version, "main")
            versions[stream], heads[stream] = version, kept
            owed.add((f"{stream}/{version}", "mail"))
            if head["type"] == "order_placed":
                owed.add((f"{stream}/{version}", "sms"))
                keys.add((stream, f"{version}", version, version))
                digests.add((stream, content["order"]["customer"]["attributes"]["phone"]["$personal"]))
        columns = file.execute("SELECT kind || ':' || id, version, hash FROM streams").fetchall()
        assert {name: (version, hash) for name, version, hash in columns} == {
            name: (versions[name], heads[name]) for name in versions
        }
        assert set(file.execute("SELECT message, channel FROM outbox")) == owed
        assert set(file.execute("SELECT stream, key, first, last FROM keys")) == keys
        assert set(file.execute("SELECT stream, digest FROM personal")) == digests
        tags = file.execute("SELECT 'order:' || id, name FROM tags").fetchall()
        assert sorted(tags) == [(name, "version") for name in sorted(versions)]
    return versions


# --- crashes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("synchronous", ["full", "normal"])
def test_kill_in_mid_write_loses_nothing_acknowledged(tmp_path: Path, synchronous: str) -> None:
    """After kill -9 every append that returned is there, whole; hash chain, index, outbox and keys fit together."""
    path, chance = tmp_path / "orders.db", random.Random(7)
    for _ in range(100 if LONG else 4):
        writer = start(WRITER, str(path), synchronous)
        assert writer.stdout is not None
        with writer:
            first = writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.08))
            writer.send_signal(signal.SIGKILL)
            said = first + writer.stdout.read()
        assert writer.returncode == -signal.SIGKILL
        versions = check_from_bytes(path)
        for line in said.splitlines(keepends=True):
            if line.endswith("\n"):  # a line that the kill cut off says nothing
                left, a, right, b = line.split()
                assert versions[left] >= int(a)
                assert versions[right] >= int(b)
    with closing(SqliteStorage(path)) as storage:
        for stream in storage.streams("order", None, 10):
            assert len(storage.load(stream)) == versions[str(stream)]


def test_an_exception_in_mid_write_leaves_nothing(tmp_path: Path) -> None:
    """An append that runs out of space raises `StorageError`, leaves nothing behind, and the storage goes on."""
    path = tmp_path / "orders.db"
    with closing(SqliteStorage(path)) as storage:
        storage.append(commit(note(ONE, 1)))
        with raw(path) as file:
            (pages,) = file.execute("PRAGMA page_count").fetchone()
        assert storage._connection is not None
        storage._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StorageError, match="full"):
            storage.append(commit(note(ONE, 2, "x" * 100_000), messages=[message("m", "mail")], key=key(ONE, "k")))
        assert storage.load(ONE) == (note(ONE, 1),)
        assert storage.lookup(ONE, "k") is None
        assert storage.claim_outbox("mail", START + 99 * MINUTE, 10, MINUTE) == ()
        storage.append(commit(note(ONE, 2)))
        assert storage.load(ONE) == notes(ONE, 2)


# --- several writers --------------------------------------------------------------------------------------------------


def test_two_processes_write_one_stream(tmp_path: Path) -> None:
    """Of two processes that write the same versions of a stream, one wins each version, the other gets `Conflict`."""
    path = tmp_path / "orders.db"
    SqliteStorage(path).close()
    won: dict[str, list[str]] = {}
    with start(RIVAL, str(path), "left") as left, start(RIVAL, str(path), "right") as right:
        rivals = {"left": left, "right": right}
        for rival in rivals.values():
            assert rival.stdin is not None
            rival.stdin.write("go\n")
            rival.stdin.flush()
        for name, rival in rivals.items():
            assert rival.stdout is not None
            won[name] = rival.stdout.read().split()
    assert [left.returncode, right.returncode] == [0, 0]
    assert sorted(map(int, won["left"] + won["right"])) == list(range(1, 41))
    assert check_from_bytes(path) == {str(ONE): 40}
    with closing(SqliteStorage(path)) as storage:
        for event in storage.load(ONE):
            assert isinstance(event.body, NoteAdded)
            assert str(event.version) in won[event.body.text]
        assert len(storage.claim_outbox("mail", START + 999 * MINUTE, 100, MINUTE)) == 40


def test_many_threads_on_one_storage(tmp_path: Path) -> None:
    """Threads that write, read, claim and acknowledge at once leave a file in which everything fits together."""
    path = tmp_path / "orders.db"
    sent: list[str] = []
    with closing(SqliteStorage(path, synchronous="normal")) as storage:

        def work(number: int) -> None:
            own = Stream.order(f"T-{number % 4}")
            for turn in range(40):
                if number < 8:
                    version = len(storage.load(own)) + 1
                    try:
                        storage.append(commit(note(own, version), messages=[message(f"{own}/{version}", "mail")]))
                    except Conflict:
                        continue
                else:
                    sent.extend(
                        row.message.id
                        for row in storage.claim_outbox("mail", START + 999 * MINUTE, 5, MINUTE)
                        if storage.ack(row)
                    )
                    storage.find(Query(limit=3))
                    storage.feed(turn, 10)

        together(12, work)
        while rows := storage.claim_outbox("mail", START + 9_999 * MINUTE, 100, MINUTE):
            sent += [row.message.id for row in rows if storage.ack(row)]
        versions = {str(stream): len(storage.load(stream)) for stream in storage.streams("order", None, 10)}
    assert sorted(sent) == sorted(
        f"{name}/{version}" for name, last in versions.items() for version in range(1, last + 1)
    )
    assert sum(versions.values()) >= 160


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Several that open the same new file at the same time all find it right: one makes the tables, the others wait."""
    for number in range(10):
        path = tmp_path / f"{number}.db"
        together(6, partial(_open_and_close, path))
        with raw(path) as file:
            assert file.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def _open_and_close(path: Path, _: int) -> None:
    SqliteStorage(path).close()


def test_who_waits_too_long_gets_a_storage_error(tmp_path: Path) -> None:
    """A writer waits `timeout` seconds for another; then `StorageError`, nothing is written, and it can try again."""
    path = tmp_path / "orders.db"
    with closing(SqliteStorage(path, timeout=0.05)) as storage, raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            storage.append(commit(note(ONE, 1)))
        assert storage.load(ONE) == ()
        other.execute("ROLLBACK")
        storage.append(commit(note(ONE, 1)))
        assert storage.load(ONE) == (note(ONE, 1),)


def test_a_version_expected_of_an_untouched_stream_is_compared_inside_the_write(tmp_path: Path) -> None:
    """A stream that only has to stay as it is cannot change between the look and the write: somebody loses."""
    path = tmp_path / "orders.db"

    class Late(SqliteStorage):
        """Another writes between this one's first look and its transaction."""

        @contextmanager
        def _writing(self) -> Iterator[sqlite3.Connection]:
            with closing(SqliteStorage(path)) as other:
                other.append(commit(note(ONE, 2)))
            with super()._writing() as connection:
                yield connection

    with closing(SqliteStorage(path)) as storage:
        storage.append(commit(note(ONE, 1)))
    with closing(Late(path)) as storage:
        with pytest.raises(Conflict):
            storage.append(commit(note(TWO, 1), expects={ONE: 1}))
        assert storage.load(TWO) == ()


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A file that a newer orderflow has written raises `StorageError` that says to upgrade."""
    path = tmp_path / "orders.db"
    SqliteStorage(path).close()
    with raw(path) as file:
        file.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StorageError, match=r"orders\.db was written by a newer orderflow .* upgrade"):
        SqliteStorage(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file that is no database raises `StorageError` and keeps its content."""
    path = tmp_path / "orders.csv"
    path.write_bytes(b"order_id,status\n" * 100)
    with pytest.raises(StorageError, match=r"orders\.csv: file is not a database"):
        SqliteStorage(path)
    assert path.read_bytes() == b"order_id,status\n" * 100


@pytest.mark.parametrize(
    "pragmas", ["", "PRAGMA user_version = 1", "PRAGMA user_version = 99", "PRAGMA application_id = 7"]
)
def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path, pragmas: str) -> None:
    """A SQLite file of another program raises `StorageError`, whatever its version, and not one byte of it changes."""
    path = tmp_path / "shop.db"
    with raw(path) as file:
        file.execute("CREATE TABLE shop (id INTEGER)")
        file.execute(pragmas)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="something else"):
        SqliteStorage(path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["shop.db"]


def test_an_empty_file_becomes_ours(tmp_path: Path) -> None:
    """An empty file is as good as none; the file says whose it is."""
    path = tmp_path / "orders.db"
    path.touch()
    SqliteStorage(path).close()
    with raw(path) as file:
        assert file.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """A path in a directory that does not exist raises `StorageError` that names it, and makes nothing."""
    with pytest.raises(StorageError, match=r"no directory .*/data; make it first"):
        SqliteStorage(tmp_path / "data" / "orders.db")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    """A path that is a directory raises `StorageError` with the path."""
    with pytest.raises(StorageError, match=f"{tmp_path.name}: unable to open"):
        SqliteStorage(tmp_path)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a place where nobody, not even root, makes a file")
def test_a_read_only_directory_is_a_storage_error() -> None:
    """A place where no file can be made raises `StorageError` with the path."""
    with pytest.raises(StorageError, match=r"/proc/self/orders\.db"):
        SqliteStorage("/proc/self/orders.db")


def test_a_read_only_file_can_be_read_and_not_written(tmp_path: Path) -> None:
    """A connection that may not write raises `StorageError` at `append`, and reads on."""
    with closing(SqliteStorage(tmp_path / "orders.db")) as storage:
        storage.append(commit(note(ONE, 1)))
        assert storage._connection is not None
        storage._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StorageError, match="readonly"):
            storage.append(commit(note(ONE, 2)))
        assert storage.load(ONE) == (note(ONE, 1),)


CALLS: dict[str, Callable[[SqliteStorage], object]] = {
    "load": lambda storage: storage.load(ONE),
    "append": lambda storage: storage.append(commit(note(ONE, 1))),
    "lookup": lambda storage: storage.lookup(ONE, "k"),
    "claim_due": lambda storage: storage.claim_due(START, 1, MINUTE),
    "claim_outbox": lambda storage: storage.claim_outbox("mail", START, 1, MINUTE),
    "find": lambda storage: storage.find(Query()),
    "feed": lambda storage: storage.feed(0, 1),
    "erase": lambda storage: storage.erase(ONE),
    "head": lambda storage: storage.head(ONE),
}


@pytest.mark.parametrize("method", CALLS)
def test_a_closed_storage_says_so(tmp_path: Path, method: str) -> None:
    """Every method of a closed storage raises `StorageError`: closed."""
    storage = SqliteStorage(tmp_path / "orders.db")
    storage.close()
    with pytest.raises(StorageError, match=r"orders\.db: the storage is closed"):
        CALLS[method](storage)


def test_bytes_that_are_no_event_are_a_storage_error(tmp_path: Path) -> None:
    """An event whose bytes were spoilt in the file raises `StorageError` at `load`, not something else."""
    path = tmp_path / "orders.db"
    with closing(SqliteStorage(path)) as storage:
        storage.append(commit(note(ONE, 1)))
        with raw(path) as file:
            file.execute("UPDATE events SET body = ?", (b'{"text":',))
        with pytest.raises(StorageError, match="an event cannot be read"):
            storage.load(ONE)


def test_what_was_erased_is_nowhere_in_the_files(tmp_path: Path) -> None:
    """After `erase` neither the file nor its log holds the bytes of the value, and the others are still there."""
    with closing(SqliteStorage(tmp_path / "orders.db")) as storage:
        for number in range(60):
            hidden = secret(f"PHONE-{number:03}", number)
            storage.append(commit(placed(Stream.order(f"SO-{number}"), customer={"phone": hidden})))
        for number in range(0, 60, 2):
            storage.erase(Stream.order(f"SO-{number}"))
        files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert [number for number in range(60) if f"PHONE-{number:03}".encode() in files] == list(range(1, 60, 2))


# --- URLs -------------------------------------------------------------------------------------------------------------


def test_a_url_names_file_and_options(tmp_path: Path) -> None:
    """`sqlite:///path?synchronous=normal&timeout=2` opens that file so; `%20` in it is a blank."""
    storage = Storages().orderflow_storage(f"sqlite:///{tmp_path}/my%20orders.db?synchronous=normal&timeout=2", "north")
    assert isinstance(storage, SqliteStorage)
    with closing(storage):
        assert (tmp_path / "my orders.db").is_file()
        assert storage.tenant == "north"
        assert storage._connection is not None
        assert storage._connection.execute("PRAGMA synchronous").fetchone() == (1,)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///", "name a file"),
        ("sqlite:///:memory:", "use memory:"),
        ("sqlite:///o.db?synchronus=full", "synchronous and timeout, not synchronus"),
        ("sqlite:///o.db?timeout=soon", "not 'soon'"),
        ("sqlite:///o.db?synchronous=off", "full or normal, not 'off'"),
    ],
)
def test_a_wrong_url_says_what_is_wrong(url: str, said: str) -> None:
    """A URL without a file, or with an option that is not known, raises `StorageError` that says so."""
    with pytest.raises(StorageError, match=said):
        Storages().orderflow_storage(url, "main")


# --- query plans ------------------------------------------------------------------------------------------------------

PLANS: dict[str, tuple[Callable[[SqliteStorage], object], str]] = {
    "load": (lambda storage: storage.load(ONE, 1), "sqlite_autoindex_events_1 (tenant=? AND stream=? AND version>?)"),
    "lookup": (lambda storage: storage.lookup(ONE, "k"), "keys USING PRIMARY KEY (tenant=? AND stream=? AND key=?)"),
    "claim_due": (lambda storage: storage.claim_due(START, 9, MINUTE), "streams_claim (tenant=? AND claim_at>? AND"),
    "claim_outbox": (
        lambda storage: storage.claim_outbox("mail", START + 99 * MINUTE, 9, MINUTE),
        "outbox_at (tenant=? AND channel=? AND at<?)",
    ),
    "feed": (lambda storage: storage.feed(3, 9), "events USING INTEGER PRIMARY KEY (rowid>?)"),
    "streams": (
        lambda storage: storage.streams("order", "a", 9),
        "streams USING PRIMARY KEY (tenant=? AND kind=? AND id>?)",
    ),
    "loads": (lambda storage: storage.loads(["a"]), "streams_owner (tenant=? AND kind=? AND owner=? AND category=?)"),
    "stage": (lambda storage: storage.find(Query(stage="s")), "streams_stage (tenant=? AND kind=? AND stage=?)"),
    "stage, next page": (
        lambda storage: storage.find(Query(stage="s", after="a")),
        "streams_stage (tenant=? AND kind=? AND stage=? AND id>?)",
    ),
    "owner": (lambda storage: storage.find(Query(owner="a")), "streams_owner (tenant=? AND kind=? AND owner=?)"),
    "worklist": (
        lambda storage: storage.find(Query(owner="a", category=("open", "waiting"))),
        "streams_owner (tenant=? AND kind=? AND owner=? AND category=?)",
    ),
    "team": (lambda storage: storage.find(Query(team="t")), "streams_team (tenant=? AND kind=? AND team=?)"),
    "customer": (
        lambda storage: storage.find(Query(customer="c")),
        "streams_customer (tenant=? AND kind=? AND customer=?)",
    ),
    "late": (
        lambda storage: storage.find(Query(due_before=START)),
        "streams_due (tenant=? AND kind=? AND due_at>? AND",
    ),
    "tags": (
        lambda storage: storage.find(Query(tags=FrozenMap({"t": "1"}))),
        "tags USING PRIMARY KEY (tenant=? AND kind=? AND name=? AND value=?)",
    ),
    "unwatched": (
        lambda storage: storage.find(Query(unwatched=True, after="a")),
        "streams_unwatched (tenant=? AND kind=? AND id>?)",
    ),
    "late by stage": (lambda storage: storage.tally(Query(due_before=START)), "streams_due (tenant=? AND kind=? AND"),
}


@pytest.mark.parametrize("question", PLANS)
def test_questions_use_their_index(tmp_path: Path, question: str) -> None:
    """Each question that has an index uses it, on all its columns, from the first row on and without ANALYZE."""
    ask, index = PLANS[question]
    with closing(SqliteStorage(tmp_path / "orders.db")) as storage:
        storage.append(commit(*notes(ONE, 4), next_at=START, stage="s", messages=[message("m", "mail")]))
        asked: list[str] = []
        assert storage._connection is not None
        storage._connection.set_trace_callback(asked.append)
        ask(storage)
        storage._connection.set_trace_callback(None)
        plans = [_plan(storage._connection, statement) for statement in asked if statement.startswith("SELECT")]
        assert index in plans[0], plans
        assert not any("SCAN" in plan for plan in plans)


def _plan(connection: sqlite3.Connection, statement: str) -> str:
    rows: list[Any] = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    return "; ".join(row[3] for row in rows)
