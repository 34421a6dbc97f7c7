"""The storage contract, who shares a storage: tenants, threads, several openings, and those who come after a close."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from orderflow.model.commit import FeedPage, OutboxRow, Query, Snapshot
from orderflow.model.errors import Conflict
from orderflow.model.events import Event, Stream
from orderflow.model.order import Erased
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
LEASE = 5 * MINUTE
LATER = START + 60 * MINUTE
THREADS = 4
Feed = Callable[[int, int], FeedPage]


class TenantPromises(Openable):
    """A storage is opened for one tenant, and never sees what belongs to another."""

    def test_a_storage_says_its_tenant(self, opening: Opening) -> None:
        """`tenant` is the one that the storage was opened for."""
        assert opening().tenant == "main"
        assert opening("north").tenant == "north"

    def test_tenants_have_their_own_streams(self, opening: Opening) -> None:
        """The same stream of two tenants has two histories, versions, heads and feeds."""
        north, south = opening("north"), opening("south")
        north.append(commit(*notes(ONE, 2, tenant="north")))
        assert (south.load(ONE), south.head(ONE), south.streams("order", None, 10)) == ((), None, ())
        assert south.feed(0, 10).events == ()
        south.append(commit(note(ONE, 1, "south", tenant="south")))
        assert north.load(ONE) == notes(ONE, 2, tenant="north")
        assert south.load(ONE) == (note(ONE, 1, "south", tenant="south"),)
        assert [event.tenant for event in read_feed(north, 1)] == ["north", "north"]
        assert [event.tenant for event in read_feed(south, 1)] == ["south"]
        assert north.head(ONE) != south.head(ONE)

    def test_tenants_have_their_own_index(self, opening: Opening) -> None:
        """`find`, `tally`, `loads` and `put_index` see and change one tenant's rows and tags."""
        north, south = opening("north"), opening("south")
        north.append(commit(note(ONE, 1, tenant="north"), stage="n", owner="a", category="open", tags={"t": "n"}))
        assert (south.find(Query()), dict(south.tally(Query())), dict(south.loads(["a"]))) == ((), {}, {"a": 0})
        assert south.put_index(ONE, 1, index(ONE, 1, stage="x")) is False
        south.append(commit(note(ONE, 1, tenant="south"), stage="s", owner="a", category="open", tags={"t": "s"}))
        assert south.put_index(ONE, 1, index(ONE, 1, stage="s2", tags={"t": "s2"})) is True
        assert north.find(Query()) == (index(ONE, 1, stage="n", owner="a", category="open", tags={"t": "n"}),)
        assert south.find(Query()) == (index(ONE, 1, stage="s2", tags={"t": "s2"}),)
        assert dict(north.tally(Query())) == {"n": 1}
        assert dict(north.loads(["a"])) == {"a": 1}

    def test_tenants_have_their_own_due_streams(self, opening: Opening) -> None:
        """What is due for one tenant is not claimed by another, and a lease of one is none of the other."""
        north, south = opening("north"), opening("south")
        north.append(commit(note(ONE, 1, tenant="north"), next_at=START))
        assert south.claim_due(LATER, 10, LEASE) == ()
        south.append(commit(note(ONE, 1, tenant="south"), next_at=START))
        assert south.claim_due(LATER, 10, LEASE) == (ONE,)
        assert north.claim_due(LATER, 10, LEASE) == (ONE,)

    def test_tenants_have_their_own_outbox(self, opening: Opening) -> None:
        """Messages of one tenant are not claimed, acknowledged, retried or buried by another, though ids are equal."""
        north, south = opening("north"), opening("south")
        north.append(commit(note(ONE, 1, tenant="north"), messages=[message("m", "mail")]))
        assert south.claim_outbox("mail", LATER, 10, LEASE) == ()
        (row,) = north.claim_outbox("mail", LATER, 10, LEASE)
        assert (south.ack(row), south.retry(row, START), south.bury(row, "no")) == (False, False, False)
        assert north.claim_outbox("mail", LATER, 10, LEASE) == ()
        south.append(commit(note(ONE, 1, tenant="south"), messages=[message("m", "mail")]))
        (other,) = south.claim_outbox("mail", LATER, 10, LEASE)
        assert south.bury(other, "no") is True
        assert north.buried(10) == ()
        assert north.ack(row) is True
        assert len(south.buried(10)) == 1

    def test_tenants_have_their_own_keys(self, opening: Opening) -> None:
        """A key of one tenant's stream is free in the same stream of another."""
        north, south = opening("north"), opening("south")
        north.append(commit(note(ONE, 1, tenant="north"), key=key(ONE, "k", digest="n")))
        assert south.lookup(ONE, "k") is None
        south.append(commit(note(ONE, 1, tenant="south"), key=key(ONE, "k", digest="s")))
        assert north.lookup(ONE, "k") == key(ONE, "k", digest="n")
        assert south.lookup(ONE, "k") == key(ONE, "k", digest="s")

    def test_tenants_have_their_own_personal_values(self, opening: Opening) -> None:
        """Erasing for one tenant leaves the other's values, though stream and digest are the same."""
        north, south = opening("north"), opening("south")
        phone = secret("110")
        for storage in (north, south):
            storage.append(commit(placed(ONE, attributes={"phone": phone}, tenant=storage.tenant)))
        assert south.erase(ONE) == 1
        assert north.load(ONE) == (placed(ONE, attributes={"phone": phone}, tenant="north"),)
        gone = Erased(digest=phone.digest)
        assert south.load(ONE) == (placed(ONE, attributes={"phone": gone}, tenant="south"),)

    def test_tenants_have_their_own_positions_and_snapshots(self, opening: Opening) -> None:
        """Positions of readers and snapshots are each tenant's own."""
        north, south = opening("north"), opening("south")
        for storage in (north, south):
            storage.append(commit(note(ONE, 1, tenant=storage.tenant)))
        north.save_position("reports", 7)
        north.put_snapshot(Snapshot(stream=ONE, version=1, data=b"n"))
        assert (south.position("reports"), south.snapshot(ONE)) == (0, None)
        south.save_position("reports", 1)
        south.put_snapshot(Snapshot(stream=ONE, version=1, data=b"s"))
        assert (north.position("reports"), north.snapshot(ONE)) == (7, Snapshot(stream=ONE, version=1, data=b"n"))


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
                    while len(storage.load(ONE)) < version:
                        time.sleep(0)

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
        total, seen = THREADS * 8 * 2, list[Event]()

        def work(number: int) -> None:
            if number == THREADS:
                _follow(storage.feed, total, seen)
                return
            left, right = Stream.order(f"L-{number}"), Stream.order(f"R-{number}")
            for version in range(1, 9):
                storage.append(commit(note(left, version), note(right, version)))

        together(THREADS + 1, work)
        for stream in {event.stream for event in seen}:
            assert [event.version for event in seen if event.stream == stream] == list(range(1, 9))
        assert len(seen) == total

    def test_a_message_is_claimed_by_one(self, opening: Opening) -> None:
        """Threads that claim from the outbox at once share the rows between them: none is claimed twice."""
        storage = opening()
        ids = [f"{number:02}" for number in range(20)]
        storage.append(commit(note(ONE, 1), messages=[message(id, "mail") for id in ids]))
        claimed: list[OutboxRow] = []

        def claim(number: int) -> None:
            while rows := storage.claim_outbox("mail", LATER, 3, LEASE):
                claimed.extend(rows)

        together(THREADS, claim)
        assert sorted(row.message.id for row in claimed) == ids

    def test_a_due_stream_is_claimed_by_one(self, opening: Opening) -> None:
        """Threads that claim what is due at once share the streams between them: none is claimed twice."""
        storage = opening()
        streams = [Stream.order(f"{number:02}") for number in range(20)]
        storage.append(commit(*(note(stream, 1) for stream in streams), next_at=START))
        claimed: list[Stream] = []

        def claim(number: int) -> None:
            while due := storage.claim_due(LATER, 3, LEASE):
                claimed.extend(due)

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
        total, seen = THREADS * 6, list[Event]()
        storages = [opening() for _ in range(THREADS + 1)]

        def work(number: int) -> None:
            if number == THREADS:
                _follow(storages[number].feed, total, seen)
                return
            for version in range(1, 7):
                storages[number].append(commit(note(Stream.order(f"P-{number}"), version)))

        together(THREADS + 1, work)
        assert Counter(seen) == Counter(
            event for number in range(THREADS) for event in notes(Stream.order(f"P-{number}"), 6)
        )
        for number in range(THREADS):
            versions = [event.version for event in seen if event.stream.id == f"P-{number}"]
            assert versions == list(range(1, 7))

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


def _follow(feed: Feed, total: int, seen: list[Event]) -> None:
    """Read a feed until there are as many events as are expected, or nothing has come for a long time."""
    cursor, deadline = 0, time.monotonic() + PATIENCE / 2
    while len(seen) < total and time.monotonic() < deadline:
        page = feed(cursor, 3)
        seen += page.events
        cursor = page.cursor
    seen += feed(cursor, 1_000).events
