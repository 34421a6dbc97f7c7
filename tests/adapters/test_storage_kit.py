"""The kit itself: storages that are broken in one way each, and the promise by which the contract finds them."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orderflow.adapters.codec import seal, write_message
from orderflow.adapters.memory import MemoryStorage
from orderflow.adapters.sqlite import SqliteStorage
from orderflow.model.canonical import NO_HASH, to_open_data
from orderflow.model.commit import Commit, FeedPage, IndexRow, KeyRecord, OutboxRow, Query, Snapshot
from orderflow.model.errors import Conflict
from orderflow.model.events import Event, Stream
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.ports import Storage
from orderflow.testing import Opening, StorageContract

Made = Callable[[Path, str], Storage]


# --- streams ----------------------------------------------------------------------------------------------------------


class OverwritesOthers(MemoryStorage):
    """Appends whatever the version is."""

    def append(self, commit: Commit) -> None:
        try:
            super().append(commit)
        except Conflict:
            for event in commit.events:
                self._events.setdefault(event.stream, []).append(event)


class ChecksNewStreamsOnly(MemoryStorage):
    """Compares the expected version of new streams only."""

    def append(self, commit: Commit) -> None:
        there = {stream: len(self.load(stream)) for stream, version in commit.expects.items() if version}
        with contextlib.suppress(Conflict):
            super().append(commit)
            return
        if not there:
            raise Conflict("", 0)
        for event in commit.events:
            self._events.setdefault(event.stream, []).append(event)


class ChecksWrittenStreamsOnly(MemoryStorage):
    """Forgets the expected version of a stream that gets no event."""

    def append(self, commit: Commit) -> None:
        written = {event.stream for event in commit.events}
        super().append(
            evolve(commit, expects={stream: version for stream, version in commit.expects.items() if stream in written})
        )


class WritesStreamByStream(MemoryStorage):
    """Writes one stream after the other, and stops at the first that lost."""

    def append(self, commit: Commit) -> None:
        for stream, events in itertools.groupby(commit.events, key=lambda event: event.stream):
            rows = tuple(row for row in commit.rows if row.stream == stream)
            super().append(
                evolve(commit, expects={stream: commit.expects[stream]}, events=tuple(events), rows=rows, key=None)
            )
        if commit.key:
            self._keys[commit.key.stream, commit.key.key] = commit.key


class _WritesOnConflict(MemoryStorage):
    def append(self, commit: Commit) -> None:
        try:
            super().append(commit)
        except Conflict:
            self.leave(commit)
            raise

    def leave(self, commit: Commit) -> None: ...


class LeavesMessages(_WritesOnConflict):
    """Owes the messages of an append that lost."""

    def leave(self, commit: Commit) -> None:
        super().append(Commit(expects={}, events=(), rows=(), messages=commit.messages))


class LeavesRows(_WritesOnConflict):
    """Writes the index rows of an append that lost."""

    def leave(self, commit: Commit) -> None:
        for row in commit.rows:
            self._put_row(evolve(row, next_at=None))


class LeavesLease(_WritesOnConflict):
    """Lets go of the lease when an append lost."""

    def leave(self, commit: Commit) -> None:
        for row in commit.rows:
            if row.stream in self._rows:
                self._claim_from(row.stream, self._rows[row.stream].next_at)


class LeavesKey(_WritesOnConflict):
    """Takes the key of an append that lost."""

    def leave(self, commit: Commit) -> None:
        if commit.key:
            self._keys.setdefault((commit.key.stream, commit.key.key), commit.key)


class LeavesEvents(_WritesOnConflict):
    """Publishes the events of an append that lost."""

    def leave(self, commit: Commit) -> None:
        self._published += commit.events


class LeavesPersonal(SqliteStorage):
    """Keeps the personal values of an append that lost."""

    def append(self, commit: Commit) -> None:
        with self._writing() as connection:
            for item in commit.personal:
                text = json.dumps(to_open_data(item.value.value))
                row = (self.tenant, str(item.stream), item.value.digest, item.value.salt, text)
                connection.execute("INSERT OR IGNORE INTO personal VALUES (?,?,?,?,?)", row)
        super().append(commit)


class EncodesTooLate(MemoryStorage):
    """Writes the events, and only then sees that a message cannot be written."""

    def append(self, commit: Commit) -> None:
        super().append(evolve(commit, messages=()))
        for message in commit.messages:
            write_message(message)
        super().append(Commit(expects={}, events=(), rows=(), messages=commit.messages))


class AllowsGaps(MemoryStorage):
    """Takes events with any version."""

    def append(self, commit: Commit) -> None:
        versions = itertools.count(commit.expects[commit.events[0].stream] + 1)
        if len(commit.expects) == 1 and commit.events:
            commit = evolve(commit, events=tuple(evolve(event, version=next(versions)) for event in commit.events))
        super().append(commit)


class LoadsFromAfterOn(MemoryStorage):
    """Gives the event at `after` too."""

    def load(self, stream: Stream, after: int = 0) -> tuple[Event, ...]:
        return super().load(stream, max(0, after - 1))


class OrdersVersionsAsText(MemoryStorage):
    """Gives version 10 before version 2."""

    def load(self, stream: Stream, after: int = 0) -> tuple[Event, ...]:
        return tuple(sorted(super().load(stream, after), key=lambda event: str(event.version)))


class CutsToMilliseconds(MemoryStorage):
    """Keeps instants to the millisecond only."""

    def load(self, stream: Stream, after: int = 0) -> tuple[Event, ...]:
        def cut(at: datetime) -> datetime:
            return at.replace(microsecond=at.microsecond // 1000 * 1000)

        return tuple(
            evolve(event, occurred_at=cut(event.occurred_at), recorded_at=cut(event.recorded_at))
            for event in super().load(stream, after)
        )


class FoldsCase(MemoryStorage):
    """Takes `so-1` and `SO-1` for the same stream."""

    def load(self, stream: Stream, after: int = 0) -> tuple[Event, ...]:
        return super().load(Stream(stream.kind, stream.id.casefold()), after)


class ForgetsKeys(MemoryStorage):
    """Does not look whether a key is there."""

    def append(self, commit: Commit) -> None:
        super().append(evolve(commit, key=None))
        if commit.key:
            self._keys[commit.key.stream, commit.key.key] = commit.key


class SharesKeys(MemoryStorage):
    """Takes a key of one stream for a key of all."""

    def lookup(self, stream: Stream, key: str) -> KeyRecord | None:
        return next((record for (_, name), record in self._keys.items() if name == key), None)


class BreaksTheChain(MemoryStorage):
    """Hashes the last event without those before it."""

    def head(self, stream: Stream) -> bytes | None:
        events = self.load(stream)
        return seal(NO_HASH, events[-1]).hash if events else None


# --- beside -----------------------------------------------------------------------------------------------------------


class ErasesEverything(MemoryStorage):
    """Does not look at the digests."""

    def erase(self, stream: Stream, digests: Iterable[str] | None = None) -> int:
        return super().erase(stream)


class ErasesNothing(MemoryStorage):
    """Says that it has erased, and has not."""

    def erase(self, stream: Stream, digests: Iterable[str] | None = None) -> int:
        return 2


class ErasesOutsideOfTheFeed(MemoryStorage):
    """Still shows erased values in the feed."""

    def erase(self, stream: Stream, digests: Iterable[str] | None = None) -> int:
        published = list(self._published)
        count = super().erase(stream, digests)
        self._published = published
        return count


class ErasesTheEvent(MemoryStorage):
    """Takes the whole event away with the values."""

    def erase(self, stream: Stream, digests: Iterable[str] | None = None) -> int:
        count = super().erase(stream, digests)
        self._events[stream] = self._events[stream][1:]
        return count


class SkipsInTheFeed(MemoryStorage):
    """Loses the event after each full page."""

    def feed(self, cursor: int, limit: int) -> FeedPage:
        page = super().feed(cursor, limit)
        return evolve(page, cursor=page.cursor + 1) if len(page.events) == limit else page


class RepeatsInTheFeed(MemoryStorage):
    """Gives the last event of a page again."""

    def feed(self, cursor: int, limit: int) -> FeedPage:
        return super().feed(max(0, cursor - 1), limit)


class ReadsTheFeedAway(MemoryStorage):
    """Gives each event to the first reader only."""

    def feed(self, cursor: int, limit: int) -> FeedPage:
        with self._lock:
            page = FeedPage(events=tuple(self._published[:limit]), cursor=cursor + len(self._published[:limit]))
            del self._published[:limit]
            return page


class NumbersTheFeedBeforeTheCommit(MemoryStorage):
    """Gives positions out before the commit, as a SQL sequence does: a late commit is skipped."""

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self._numbers = itertools.count(1)
        self._at: dict[int, Event] = {}

    def append(self, commit: Commit) -> None:
        numbered = [(next(self._numbers), event) for event in commit.events]
        time.sleep(0.002 * (numbered[0][0] % 3))
        super().append(commit)
        with self._lock:
            self._at.update(numbered)

    def feed(self, cursor: int, limit: int) -> FeedPage:
        with self._lock:
            page = sorted(number for number in self._at if number > cursor)[:limit]
            return FeedPage(events=tuple(self._at[number] for number in page), cursor=page[-1] if page else cursor)


class OnlyMovesForward(MemoryStorage):
    """Does not let a reader go back."""

    def save_position(self, reader: str, cursor: int) -> None:
        super().save_position(reader, max(cursor, self.position(reader)))


class TakesOlderSnapshots(MemoryStorage):
    """Keeps the snapshot that was put last, older or not."""

    def put_snapshot(self, snapshot: Snapshot) -> None:
        self._snapshots[snapshot.stream] = snapshot


class ClosesOnce(MemoryStorage):
    """Cannot be closed twice."""

    closed = False

    def close(self) -> None:
        assert not self.closed
        self.closed = True


# --- index ------------------------------------------------------------------------------------------------------------


class IgnoresTags(MemoryStorage):
    """Finds rows whatever their tags are."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        return super().find(evolve(query, tags=EMPTY))


class TakesOneTag(MemoryStorage):
    """Looks at one tag of several."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        return super().find(evolve(query, tags=FrozenMap(dict(list(query.tags.items())[:1]))))


class FindsClosedAsDue(MemoryStorage):
    """Takes what is done for late."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        found = super().find(evolve(query, due_before=None))
        before = query.due_before
        return tuple(row for row in found if before is None or (row.due_at and row.due_at < before))


class FindsDueAtTheInstant(MemoryStorage):
    """Takes what is due at the instant for due before."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        before = query.due_before
        return super().find(evolve(query, due_before=before and before + timedelta(microseconds=1)))


class FindsWatchedToo(MemoryStorage):
    """Does not look at the clocks."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        return super().find(evolve(query, unwatched=False))


class PagesFromAfterOn(MemoryStorage):
    """Begins a page with the last row of the page before."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        found = super().find(evolve(query, after=None, limit=1_000))
        return tuple(row for row in found if query.after is None or row.stream.id >= query.after)[: query.limit]


class FindsInOrderOfWriting(MemoryStorage):
    """Gives rows as they were written."""

    def find(self, query: Query) -> tuple[IndexRow, ...]:
        found = set(super().find(query))
        return tuple(row for row in self._rows.values() if row in found)


class TalliesAPage(MemoryStorage):
    """Counts one page only."""

    def tally(self, query: Query) -> dict[str, int]:
        stages = [row.stage for row in self.find(query) if row.stage]
        return {stage: stages.count(stage) for stage in stages}


class CountsClosedAsLoad(MemoryStorage):
    """Counts orders that are done."""

    def loads(self, people: Iterable[str]) -> dict[str, int]:
        owners = [row.owner for row in self._rows.values()]
        return {person: owners.count(person) for person in people}


class LeavesOutTheIdle(MemoryStorage):
    """Does not name those who own nothing."""

    def loads(self, people: Iterable[str]) -> dict[str, int]:
        return {person: count for person, count in super().loads(people).items() if count}


class PutsAnyIndex(MemoryStorage):
    """Writes a computed row whatever the version is."""

    def put_index(self, stream: Stream, version: int, row: IndexRow) -> bool:
        return super().put_index(stream, len(self.load(stream)), row)


class ForgetsTheLease(MemoryStorage):
    """Gives what is due to everybody."""

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        return super().claim_due(now, limit, timedelta(0))


class KeepsTheLease(MemoryStorage):
    """Holds the lease though there is a new event."""

    def append(self, commit: Commit) -> None:
        leases = {row.stream: self._claims.get(row.stream) for row in commit.rows}
        super().append(commit)
        for row in commit.rows:
            before = leases[row.stream]
            if before is not None and row.next_at is not None and before > row.next_at:
                self._claim_from(row.stream, before)


class ClaimsTheLatestFirst(MemoryStorage):
    """Gives what is due in another order."""

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        return super().claim_due(now, limit, lease)[::-1]


class ClaimsMoreThanTheLimit(MemoryStorage):
    """Does not look at the limit."""

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        return super().claim_due(now, 1_000, lease)


# --- outbox -----------------------------------------------------------------------------------------------------------


class OwesOverOneChannel(MemoryStorage):
    """Makes one row for a message, whatever its channels."""

    def append(self, commit: Commit) -> None:
        one = tuple(evolve(message, channels=message.channels[:1]) for message in commit.messages)
        super().append(evolve(commit, messages=one))


class LeasesNoRow(MemoryStorage):
    """Gives the same row to everybody."""

    def claim_outbox(self, channel: str, now: datetime, limit: int, lease: timedelta) -> tuple[OutboxRow, ...]:
        return super().claim_outbox(channel, now, limit, timedelta(0))


class CountsNoAttempt(MemoryStorage):
    """Leaves `attempts` at one."""

    def claim_outbox(self, channel: str, now: datetime, limit: int, lease: timedelta) -> tuple[OutboxRow, ...]:
        return tuple(evolve(row, attempts=1) for row in super().claim_outbox(channel, now, limit, lease))


class AsksForNoToken(MemoryStorage):
    """Takes the word of whoever claimed once."""

    def _claimed(self, row: OutboxRow) -> Any:
        return self._outbox.get((row.message.id, row.channel))


class RetriesAtOnce(MemoryStorage):
    """Does not wait until the instant of the retry."""

    def retry(self, row: OutboxRow, at: datetime) -> bool:
        return super().retry(row, at - timedelta(minutes=1))


class ForgetsTheBuried(MemoryStorage):
    """Throws away what was given up."""

    def bury(self, row: OutboxRow, reason: str) -> bool:
        return self.ack(row)


class RaisesTheBuried(MemoryStorage):
    """Owes again what was given up, when it is written once more."""

    def append(self, commit: Commit) -> None:
        super().append(commit)
        for item in self._outbox.values():
            item.buried = None


class OwesTwice(MemoryStorage):
    """Owes a message again though its id is owed already."""

    def append(self, commit: Commit) -> None:
        for message in commit.messages:
            for channel in message.channels:
                self._outbox.pop((message.id, channel), None)
        super().append(commit)


# --- sharing ----------------------------------------------------------------------------------------------------------


class ChecksThenWrites(MemoryStorage):
    """Looks at the version first, and writes later, without a lock between."""

    def append(self, commit: Commit) -> None:
        for stream, version in commit.expects.items():
            if len(self.load(stream)) != version:
                raise Conflict(str(stream), version)
        time.sleep(0.002)
        for event in commit.events:
            self._events.setdefault(event.stream, []).append(event)


class ShowsHalves(MemoryStorage):
    """Writes one event after the other, for everybody to see."""

    def append(self, commit: Commit) -> None:
        for event in commit.events:
            time.sleep(0.001)
            super().append(
                Commit(
                    expects={event.stream: event.version - 1},
                    events=(event,),
                    rows=tuple(row for row in commit.rows if row.stream == event.stream),
                    key=commit.key if event == commit.events[-1] else None,
                )
            )


class TakesItForDone(MemoryStorage):
    """Does not mind a commit that is there already."""

    def append(self, commit: Commit) -> None:
        if not set(commit.events) <= set(self._published):
            super().append(commit)


class LeasesForFiveMinutes(MemoryStorage):
    """Does not ask how long a lease is."""

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        return super().claim_due(now, limit, timedelta(minutes=5))

    def claim_outbox(self, channel: str, now: datetime, limit: int, lease: timedelta) -> tuple[OutboxRow, ...]:
        return super().claim_outbox(channel, now, limit, timedelta(minutes=5))


class ClaimsWithoutLock(MemoryStorage):
    """Reads what is owed or due, and marks it later."""

    def claim_outbox(self, channel: str, now: datetime, limit: int, lease: timedelta) -> tuple[OutboxRow, ...]:
        found = [item for item in self._outbox.values() if item.at <= now][:limit]
        time.sleep(0.002)
        for item in found:
            item.at = now + lease
        return tuple(item.row for item in found)

    def claim_due(self, now: datetime, limit: int, lease: timedelta) -> tuple[Stream, ...]:
        found = [stream for stream, at in self._claims.items() if at <= now][:limit]
        time.sleep(0.002)
        for stream in found:
            self._claims[stream] = now + lease
        return tuple(found)


class AcknowledgesWithoutLock(MemoryStorage):
    """Looks first, and deletes later."""

    def ack(self, row: OutboxRow) -> bool:
        there = self._claimed(row) is not None
        time.sleep(0.002)
        self._outbox.pop((row.message.id, row.channel), None)
        return there


class Deadlocks(MemoryStorage):
    """Holds its lock for ever when a second thread comes."""

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self._gate = threading.Lock()

    def ack(self, row: OutboxRow) -> bool:
        if not self._gate.acquire(timeout=0.2):
            raise TimeoutError("deadlock")
        return super().ack(row)


class WritesWhenClosed(SqliteStorage):
    """Keeps in memory what it was given, until it is closed."""

    def __init__(self, path: Path, tenant: str) -> None:
        super().__init__(path, tenant)
        self._kept: list[Commit] = []

    def append(self, commit: Commit) -> None:
        self._kept.append(commit)

    def close(self) -> None:
        for commit in self._kept:
            super().append(commit)
        self._kept.clear()
        super().close()


class LosesWhenClosed(SqliteStorage):
    """Loses what is owed, due, placed and pinned when it is closed."""

    def close(self) -> None:
        if self._connection is not None:
            with self._writing() as connection:
                for table in ("outbox", "keys", "positions", "personal"):
                    connection.execute(f"DELETE FROM {table}")
                connection.execute("UPDATE streams SET claim_at = NULL")
        super().close()


def leaking(attribute: str) -> Made:
    """A storage in memory that shares one of its tables between tenants."""
    shared: dict[Path, Any] = {}

    def make(place: Path, tenant: str) -> Storage:
        storage = MemoryStorage(tenant)
        setattr(storage, attribute, shared.setdefault(place, getattr(storage, attribute)))
        return storage

    return make


def forgetful() -> Made:
    """A storage that begins a new file each time it is opened."""
    numbers = itertools.count()
    return lambda place, tenant: SqliteStorage(place / f"{next(numbers)}.db", tenant)


BROKEN: list[tuple[type[Any] | Made, str]] = [
    (OverwritesOthers, "test_another_version_is_a_conflict"),
    (OverwritesOthers, "test_a_new_stream_begins_at_version_0"),
    (ChecksNewStreamsOnly, "test_another_version_is_a_conflict"),
    (ChecksWrittenStreamsOnly, "test_a_version_may_be_expected_of_a_stream_that_gets_no_event"),
    (WritesStreamByStream, "test_several_streams_are_all_or_nothing"),
    (WritesStreamByStream, "test_a_taken_key_stops_all_streams"),
    (LeavesMessages, "test_conflict_leaves_no_message"),
    (LeavesRows, "test_conflict_leaves_no_index_row"),
    (LeavesLease, "test_conflict_keeps_a_lease"),
    (LeavesKey, "test_conflict_leaves_no_key"),
    (LeavesEvents, "test_conflict_leaves_no_event"),
    (LeavesPersonal, "test_conflict_leaves_no_personal_value"),
    (EncodesTooLate, "test_what_fails_in_the_middle_writes_nothing"),
    (AllowsGaps, "test_versions_without_order_are_refused"),
    (LoadsFromAfterOn, "test_load_gives_versions_above_after"),
    (OrdersVersionsAsText, "test_load_is_in_order_of_version"),
    (CutsToMilliseconds, "test_instants_are_in_utc_to_the_microsecond"),
    (FoldsCase, "test_ids_are_compared_exactly"),
    (ForgetsKeys, "test_a_key_that_is_there_is_a_conflict"),
    (SharesKeys, "test_a_key_belongs_to_one_stream"),
    (BreaksTheChain, "test_head_is_the_end_of_the_hash_chain"),
    (ErasesEverything, "test_erase_may_select"),
    (ErasesNothing, "test_erase_takes_values_away"),
    (ErasesOutsideOfTheFeed, "test_erase_takes_values_away"),
    (ErasesTheEvent, "test_erase_keeps_the_history"),
    (SkipsInTheFeed, "test_feed_comes_in_pages"),
    (RepeatsInTheFeed, "test_feed_goes_on_from_its_end"),
    (ReadsTheFeedAway, "test_feed_can_be_read_again"),
    (NumbersTheFeedBeforeTheCommit, "test_the_feed_skips_nothing_under_writers"),
    (OnlyMovesForward, "test_position_is_saved_by_reader"),
    (TakesOlderSnapshots, "test_older_snapshot_changes_nothing"),
    (ClosesOnce, "test_closing_twice_does_nothing"),
    (IgnoresTags, "test_find_by_tags"),
    (TakesOneTag, "test_find_by_tags"),
    (FindsClosedAsDue, "test_find_what_is_due"),
    (FindsDueAtTheInstant, "test_find_what_is_due"),
    (FindsWatchedToo, "test_find_what_no_clock_watches"),
    (PagesFromAfterOn, "test_find_comes_in_pages"),
    (FindsInOrderOfWriting, "test_find_is_in_order_of_ids"),
    (TalliesAPage, "test_tally_counts_by_stage"),
    (CountsClosedAsLoad, "test_loads_count_open_and_waiting_orders"),
    (LeavesOutTheIdle, "test_loads_count_open_and_waiting_orders"),
    (PutsAnyIndex, "test_put_index_at_another_version_changes_nothing"),
    (ForgetsTheLease, "test_claim_due_leases"),
    (KeepsTheLease, "test_a_new_event_ends_the_lease"),
    (ClaimsTheLatestFirst, "test_claim_due_takes_the_earliest_first"),
    (ClaimsMoreThanTheLimit, "test_claim_due_takes_the_earliest_first"),
    (OwesOverOneChannel, "test_a_message_is_owed_over_each_of_its_channels"),
    (LeasesNoRow, "test_a_claim_is_a_lease"),
    (CountsNoAttempt, "test_each_claim_is_an_attempt"),
    (AsksForNoToken, "test_ack_with_an_old_token_is_false"),
    (AsksForNoToken, "test_retry_with_an_old_token_is_false"),
    (AsksForNoToken, "test_bury_with_an_old_token_is_false"),
    (RetriesAtOnce, "test_a_row_to_retry_waits_until_then"),
    (ForgetsTheBuried, "test_a_buried_row_is_kept_with_its_reason"),
    (RaisesTheBuried, "test_a_new_message_leaves_old_claims"),
    (OwesTwice, "test_a_new_message_leaves_old_claims"),
    (ChecksThenWrites, "test_one_of_many_writers_wins"),
    (ShowsHalves, "test_a_commit_is_seen_whole"),
    (TakesItForDone, "test_the_same_commit_again_is_a_conflict"),
    (LeasesForFiveMinutes, "test_claim_due_leases"),
    (LeasesForFiveMinutes, "test_a_claim_is_a_lease"),
    (ClaimsWithoutLock, "test_a_message_is_claimed_by_one"),
    (ClaimsWithoutLock, "test_a_due_stream_is_claimed_by_one"),
    (AcknowledgesWithoutLock, "test_one_of_many_acknowledgements_counts"),
    (Deadlocks, "test_one_of_many_acknowledgements_counts"),
    (WritesWhenClosed, "test_an_append_is_seen_by_others_at_once"),
    (WritesWhenClosed, "test_one_of_two_openings_wins"),
    (LosesWhenClosed, "test_streams_outlive_a_close"),
    (LosesWhenClosed, "test_what_is_owed_outlives_a_close"),
    (LosesWhenClosed, "test_what_is_due_outlives_a_close"),
    (LosesWhenClosed, "test_what_stands_beside_outlives_a_close"),
    (forgetful(), "test_streams_outlive_a_close"),
    (forgetful(), "test_leases_hold_between_openings"),
    (leaking("_events"), "test_tenants_have_their_own_streams"),
    (leaking("_published"), "test_tenants_have_their_own_streams"),
    (leaking("_rows"), "test_tenants_have_their_own_index"),
    (leaking("_loads"), "test_tenants_have_their_own_index"),
    (leaking("_due"), "test_tenants_have_their_own_due_streams"),
    (leaking("_claims"), "test_tenants_have_their_own_due_streams"),
    (leaking("_outbox"), "test_tenants_have_their_own_outbox"),
    (leaking("_keys"), "test_tenants_have_their_own_keys"),
    (leaking("_events"), "test_tenants_have_their_own_personal_values"),
    (leaking("_positions"), "test_tenants_have_their_own_positions_and_snapshots"),
    (leaking("_snapshots"), "test_tenants_have_their_own_positions_and_snapshots"),
]


def _factory(broken: type[Any] | Made) -> Made:
    if not isinstance(broken, type):
        return broken
    make: Callable[..., Storage] = broken
    if issubclass(broken, MemoryStorage):
        return lambda place, tenant: make(tenant)
    return lambda place, tenant: make(place / "orders.db", tenant)


def _runs(name: str) -> Iterator[dict[str, Any]]:
    """The arguments of each run of a test method: one for each set of its parameters."""
    marks = [mark for mark in getattr(getattr(StorageContract, name), "pytestmark", ()) if mark.name == "parametrize"]
    choices = [[{mark.args[0]: value} for value in mark.args[1]] for mark in marks]
    for chosen in itertools.product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def finds(make: Made, name: str, place: Path) -> bool:
    """Whether a test method of the contract fails on a storage, for one set of its parameters at least."""
    for number, arguments in enumerate(_runs(name)):
        room = place / str(number)
        room.mkdir()
        try:
            with Opening(make, room) as opening:
                getattr(StorageContract(), name)(opening, **arguments)
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever a broken storage leads to is a finding
            return True
    return False


def _title(case: object) -> str | None:
    return case.__name__ if isinstance(case, type) else None


@pytest.mark.parametrize(("broken", "promise"), BROKEN, ids=_title)
def test_the_kit_finds_what_is_broken(broken: type[Any] | Made, promise: str, tmp_path: Path) -> None:
    """Each broken storage fails the test of the promise that it breaks, and a right one passes the same test."""
    right = tmp_path / "right"
    right.mkdir()
    assert not finds(lambda place, tenant: SqliteStorage(place / "orders.db", tenant), promise, right)
    assert finds(_factory(broken), promise, tmp_path)


def test_every_promise_is_a_test_with_one_sentence() -> None:
    """Every method of the contract says what it promises in a docstring, and names are not used twice."""
    methods = [
        (base, name)
        for base in StorageContract.__mro__
        for name, member in vars(base).items()
        if name.startswith("test_") and inspect.isfunction(member)
    ]
    assert len(methods) > 80
    assert len({name for _, name in methods}) == len(methods)
    for base, name in methods:
        text = inspect.getdoc(getattr(base, name)) or ""
        assert text.endswith(".") and "\n" not in text, name


def test_the_kit_asks_for_a_factory(tmp_path: Path) -> None:
    """A contract without `open` says what to write."""
    with pytest.raises(NotImplementedError, match="override open"):
        StorageContract().open(tmp_path, "main")
