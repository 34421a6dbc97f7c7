"""The storage contract, who shares a storage: threads, several openings at once, and those who come after a close."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from orderflow.model.commit import FeedPage, OutboxRow, Query
from orderflow.model.errors import Conflict
from orderflow.model.events import Event, Stream
from orderflow.model.order import Erased
from orderflow.ports import Storage
from orderflow.testing.beside import read_feed
from orderflow.testing.builders import (
    MINUTE,
    START,
    commit,
    index,
    key,
    message,
    note,
    notes,
    one_of_each,
    placed,
    secret,
)
from orderflow.testing.opening import PATIENCE, Openable, Opening, together

ONE, TWO = Stream.order("SO-1"), Stream.order("SO-2")
LEASE = 7 * MINUTE
LATER = START + 60 * MINUTE
THREADS = 4


class ThreadPromises(Openable):
    """One storage may be used by many threads at once."""

    def test_one_of_many_writers_wins(self, opening: Opening) -> None:
        """Of threads that append the same version at once exactly one returns; the others get `Conflict`."""
        storage = opening()
        wins: Counter[int] = Counter()

        def write(number: int) -> None:
            for version in range(1, 6):
                try:
                    storage.append(commit(note(ONE, version, f"by {number}")))
                    wins[version] += 1
                except Conflict:
                    _wait(storage, version)

        together(THREADS, write)
        assert wins == Counter(range(1, 6))
        assert [event.version for event in storage.load(ONE)] == [1, 2, 3, 4, 5]

    def test_nothing_is_lost_between_threads(self, opening: Opening) -> None:
        """Every append that returned is in the history, and every history is whole, in stream, index and feed."""
        storage = opening()

        def write(number: int) -> None:
            own = Stream.order(f"T-{number}")
            for version in range(1, 9):
                storage.append(commit(note(own, version), stage="s", messages=[message(f"{own}/{version}", "mail")]))

        together(THREADS, write)
        for number in range(THREADS):
            assert storage.load(Stream.order(f"T-{number}")) == notes(Stream.order(f"T-{number}"), 8)
        assert [row.version for row in storage.find(Query())] == [8] * THREADS
        assert len(storage.claim_outbox("mail", LATER, 100, LEASE)) == 8 * THREADS
        assert len(read_feed(storage, 5)) == 8 * THREADS

    def test_the_feed_skips_nothing_under_writers(self, opening: Opening) -> None:
        """A reader that follows while others write gets every event exactly once, each stream in version order."""
        storage = opening()
        follower = _Follower(storage.feed, THREADS, THREADS * 8 * 2)
        pairs = [(Stream.order(f"L-{number}"), Stream.order(f"R-{number}")) for number in range(THREADS)]

        def work(number: int) -> None:
            if number == THREADS:
                follower.follow()
                return
            left, right = pairs[number]
            with follower.writer():
                for version in range(1, 9):
                    storage.append(commit(note(left, version), note(right, version)))

        together(THREADS + 1, work)
        for stream in (stream for pair in pairs for stream in pair):
            assert tuple(event for event in follower.seen if event.stream == stream) == notes(stream, 8)
        assert len(follower.seen) == THREADS * 8 * 2

    def test_a_commit_is_seen_whole(self, opening: Opening) -> None:
        """Who sees one part of a commit sees all of it: the other streams, the index rows and the key."""
        storage = opening()
        halves: list[str] = []
        writing = threading.Event()

        def look() -> None:
            one, two = len(storage.load(ONE)), len(storage.load(TWO))
            row = max((row.version for row in storage.find(Query())), default=0)
            if two < one or row < one or (one and storage.lookup(TWO, f"{one}") is None):
                halves.append(f"SO-1 had {one} events, and after that SO-2 {two}, the index {row}")

        def work(number: int) -> None:
            if number:
                while not writing.wait(0.000_5):
                    look()
                return
            try:
                for version in range(1, 9):
                    storage.append(commit(note(ONE, version), note(TWO, version), key=key(TWO, f"{version}")))
            finally:
                writing.set()

        together(3, work)
        assert halves == []

    def test_a_message_is_claimed_by_one(self, opening: Opening) -> None:
        """Threads that claim from the outbox at once share the rows between them: none is claimed twice."""
        storage = opening()
        ids = [f"{number:02}" for number in range(20)]
        storage.append(commit(note(ONE, 1), messages=[message(id, "mail") for id in ids]))
        claimed: list[OutboxRow] = []

        def claim(number: int) -> None:
            for _ in ids:
                claimed.extend(storage.claim_outbox("mail", LATER, 3, LEASE))

        together(THREADS, claim)
        assert sorted(row.message.id for row in claimed) == ids

    def test_a_due_stream_is_claimed_by_one(self, opening: Opening) -> None:
        """Threads that claim what is due at once share the streams between them: none is claimed twice."""
        storage = opening()
        streams = [Stream.order(f"{number:02}") for number in range(20)]
        storage.append(commit(*(note(stream, 1) for stream in streams), next_at=START))
        claimed: list[Stream] = []

        def claim(number: int) -> None:
            for _ in streams:
                claimed.extend(storage.claim_due(LATER, 3, LEASE))

        together(THREADS, claim)
        assert sorted(claimed, key=str) == streams

    def test_one_of_many_acknowledgements_counts(self, opening: Opening) -> None:
        """Of threads that acknowledge the same claim at once exactly one is told True."""
        storage = opening()
        storage.append(commit(note(ONE, 1), messages=[message("m", "mail")]))
        (row,) = storage.claim_outbox("mail", LATER, 1, LEASE)
        answers: list[bool] = []
        together(THREADS, lambda number: answers.append(storage.ack(row)))
        assert sorted(answers) == [False] * (THREADS - 1) + [True]


class OpenPromises(Openable):
    """What was acknowledged is seen by whoever opens the storage as well (`shared`) or later (`durable`)."""

    @pytest.fixture
    def _is_shared(self) -> None:
        if not self.shared:
            pytest.skip("shared = False: this storage is open once at a time")

    @pytest.fixture
    def _is_durable(self) -> None:
        if not self.durable:
            pytest.skip("durable = False: this storage ends with its process")

    @pytest.mark.usefixtures("_is_shared")
    def test_an_append_is_seen_by_others_at_once(self, opening: Opening) -> None:
        """When `append` has returned, another opening of the storage sees all of it; nothing waits for `close`."""
        first, second = opening(), opening()
        first.append(commit(note(ONE, 1), stage="s", key=key(ONE, "k"), messages=[message("m", "mail")]))
        assert second.load(ONE) == first.load(ONE) == (note(ONE, 1),)
        assert second.find(Query(stage="s")) == (index(ONE, 1, stage="s"),)
        assert second.lookup(ONE, "k") == key(ONE, "k")
        assert second.head(ONE) == first.head(ONE)
        assert second.feed(0, 10).events == (note(ONE, 1),)
        assert len(second.claim_outbox("mail", LATER, 10, LEASE)) == 1

    @pytest.mark.usefixtures("_is_shared")
    def test_one_of_two_openings_wins(self, opening: Opening) -> None:
        """Of two openings that expect the same version one writes, and the other gets `Conflict`."""
        first, second = opening(), opening()
        first.append(commit(note(ONE, 1)))
        second.append(commit(note(ONE, 2, "second")))
        with pytest.raises(Conflict):
            first.append(commit(note(ONE, 2, "first")))
        assert [event.version for event in first.load(ONE)] == [1, 2]
        first.append(commit(note(ONE, 3)))
        assert second.load(ONE) == first.load(ONE)

    @pytest.mark.usefixtures("_is_shared")
    def test_leases_hold_between_openings(self, opening: Opening) -> None:
        """What one opening has claimed no other claims, and only the last claim can acknowledge."""
        first, second = opening(), opening()
        first.append(commit(note(ONE, 1), next_at=START, messages=[message("m", "mail")]))
        assert first.claim_due(LATER, 10, LEASE) == (ONE,)
        assert second.claim_due(LATER, 10, LEASE) == ()
        (old,) = first.claim_outbox("mail", LATER, 10, LEASE)
        assert second.claim_outbox("mail", LATER, 10, LEASE) == ()
        (new,) = second.claim_outbox("mail", LATER + LEASE, 10, LEASE)
        assert (first.ack(old), second.ack(new)) == (False, True)

    @pytest.mark.usefixtures("_is_shared")
    def test_openings_write_at_once(self, opening: Opening) -> None:
        """Several openings that write at once, one of them following the feed, lose and skip nothing."""
        storages = [opening() for _ in range(THREADS + 1)]
        streams = [Stream.order(f"P-{number}") for number in range(THREADS)]
        follower = _Follower(storages[-1].feed, THREADS, THREADS * 6)

        def work(number: int) -> None:
            if number == THREADS:
                follower.follow()
                return
            with follower.writer():
                for version in range(1, 7):
                    storages[number].append(commit(note(streams[number], version)))

        together(THREADS + 1, work)
        for stream in streams:
            assert tuple(event for event in follower.seen if event.stream == stream) == notes(stream, 6)
        assert len(follower.seen) == THREADS * 6

    @pytest.mark.usefixtures("_is_durable")
    def test_streams_outlive_a_close(self, opening: Opening) -> None:
        """Events, heads, rows, tags, keys and feed are the same when the storage is opened again, and it goes on."""
        storage, events = opening(), one_of_each(ONE)
        storage.append(commit(*events, stage="s", due_at=START, tags={"t": "1"}, key=key(ONE, "k", last=len(events))))
        head, page = storage.head(ONE), storage.feed(0, 4)
        storage.close()
        again = opening()
        assert (again.load(ONE), again.head(ONE), again.feed(0, 4)) == (events, head, page)
        assert len(again.feed(page.cursor, 100).events) == len(events) - 4
        assert again.find(Query(stage="s")) == (index(ONE, len(events), stage="s", due_at=START, tags={"t": "1"}),)
        assert again.lookup(ONE, "k") == key(ONE, "k", last=len(events))
        with pytest.raises(Conflict):
            again.append(commit(note(ONE, 1)))
        again.append(commit(note(ONE, len(events) + 1)))
        assert again.feed(again.feed(0, len(events)).cursor, 10).events == (note(ONE, len(events) + 1),)

    @pytest.mark.usefixtures("_is_durable")
    def test_what_is_owed_outlives_a_close(self, opening: Opening) -> None:
        """Messages, their attempts, leases and claims, and what was buried, are the same when it is opened again."""
        storage = opening()
        owed = [message(id, "mail") for id in ("new", "claimed", "buried")]
        for version, item in enumerate(owed, 1):
            storage.append(commit(note(ONE, version), messages=[item]))
        rows = {row.message.id: row for row in storage.claim_outbox("mail", LATER, 10, LEASE)}
        storage.retry(rows["new"], LATER)
        storage.bury(rows["buried"], "no")
        storage.close()
        again = opening()
        (row,) = again.claim_outbox("mail", LATER, 10, LEASE)
        assert (row.message, row.attempts) == (owed[0], 2)
        assert again.buried(10) == ((rows["buried"], "no"),)
        assert again.ack(rows["claimed"]) is True
        assert again.ack(rows["new"]) is False
        assert [row.attempts for row in again.claim_outbox("mail", LATER + LEASE, 10, LEASE)] == [3]

    @pytest.mark.usefixtures("_is_durable")
    def test_what_is_due_outlives_a_close(self, opening: Opening) -> None:
        """Streams that are due, and leases on them, are the same when the storage is opened again."""
        storage = opening()
        storage.append(commit(note(ONE, 1), next_at=START))
        assert storage.claim_due(START, 1, LEASE) == (ONE,)
        storage.append(commit(note(TWO, 1), next_at=START))
        storage.close()
        again = opening()
        assert again.claim_due(START, 10, LEASE) == (TWO,)
        assert set(again.claim_due(START + LEASE, 10, LEASE)) == {ONE, TWO}

    @pytest.mark.usefixtures("_is_durable")
    def test_what_stands_beside_outlives_a_close(self, opening: Opening) -> None:
        """Positions, personal values and what was erased are the same when it is opened again."""
        storage = opening()
        phone, street = secret("110", 1), secret("1 Road", 2)
        storage.append(commit(placed(ONE, customer={"phone": phone, "street": street})))
        storage.erase(ONE, [street.digest])
        storage.save_position("reports", 5)
        storage.close()
        again = opening()
        assert again.load(ONE) == (placed(ONE, customer={"phone": phone, "street": Erased(digest=street.digest)}),)
        assert again.position("reports") == 5


def _wait(storage: Storage, version: int) -> None:
    """Wait until the stream `ONE` has a version that another thread writes."""
    deadline = time.monotonic() + PATIENCE / 2
    while len(storage.load(ONE)) < version:
        assert time.monotonic() < deadline, "what another thread has written is not to be seen"
        time.sleep(0.000_5)


class _Follower:
    """Reads a feed while others write, until they have ended and a page is empty."""

    def __init__(self, feed: Callable[[int, int], FeedPage], writers: int, expected: int) -> None:
        self._feed = feed
        self._writing = threading.Semaphore(0)
        self._writers = writers
        self._expected = expected
        self.seen: list[Event] = []

    @contextmanager
    def writer(self) -> Iterator[None]:
        """What a writer does inside is followed."""
        try:
            yield
        finally:
            self._writing.release()

    def follow(self) -> None:
        """Read to the end; or to one event more than there are, of a feed that repeats itself."""
        cursor = ended = 0
        while len(self.seen) <= self._expected:
            while ended < self._writers and self._writing.acquire(blocking=False):
                ended += 1
            page = self._feed(cursor, 3)
            self.seen += page.events
            cursor = page.cursor
            if not page.events:
                if ended == self._writers:
                    return
                time.sleep(0.000_5)
