"""The storage contract, reading: what `load`, `head` and `streams` promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from orderflow.model.canonical import NO_HASH, body_bytes, chain, envelope_bytes
from orderflow.model.commit import Query
from orderflow.model.events import Event, Stream
from orderflow.model.frozen import FrozenMap
from orderflow.testing.builders import (
    MINUTE,
    START,
    commit,
    note,
    notes,
    one_of_each,
)
from orderflow.testing.opening import Openable, Opening

ONE, TWO, NEW = Stream.order("SO-1"), Stream.order("SO-2"), Stream.order("SO-3")
LEASE = 7 * MINUTE
EVERYTHING = 1_000_000


class LoadingPromises(Openable):
    """`load` gives back exactly what was written, `head` is the end of its hash chain."""

    # --- load -----------------------------------------------------------------------------------------------------

    def test_load_of_an_unknown_stream_is_empty(self, opening: Opening) -> None:
        """`load` of a stream that does not exist is an empty tuple."""
        storage = opening()
        storage.append(commit(note(ONE, 1)))
        assert storage.load(TWO) == ()

    def test_load_gives_back_what_was_appended(self, opening: Opening) -> None:
        """Events of every type come back equal, with every kind of value, envelope and body."""
        storage, events = opening(), one_of_each(ONE)
        storage.append(commit(*events))
        for loaded, written in zip(storage.load(ONE), events, strict=True):
            assert loaded == written
            assert body_bytes(loaded) == body_bytes(written)
            assert envelope_bytes(loaded) == envelope_bytes(written)

    def test_load_is_in_order_of_version(self, opening: Opening) -> None:
        """Events come in order of version as a number (9 before 10), however many commits wrote them."""
        storage, events = opening(), notes(ONE, 23)
        storage.append(commit(*events[:5]))
        for item in events[5:12]:
            storage.append(commit(item))
        storage.append(commit(*events[12:]))
        assert storage.load(ONE) == events

    def test_load_gives_versions_above_after(self, opening: Opening) -> None:
        """`load(stream, after)` leaves out versions up to and including `after`."""
        storage, events = opening(), notes(ONE, 12)
        storage.append(commit(*events))
        assert storage.load(ONE, after=0) == events
        assert storage.load(ONE, after=1) == events[1:]
        assert storage.load(ONE, after=9) == events[9:]
        assert storage.load(ONE, after=12) == ()
        assert storage.load(ONE, after=99) == ()

    def test_instants_are_in_utc_to_the_microsecond(self, opening: Opening) -> None:
        """`occurred_at` and `recorded_at` come back as they were, aware, in UTC, to the microsecond."""
        storage = opening()
        late = datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        early = datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
        storage.append(commit(note(ONE, 1, occurred_at=early), note(ONE, 2, occurred_at=late)))
        first, second = storage.load(ONE)
        assert (first.occurred_at, second.occurred_at) == (early, late)
        assert first.recorded_at == START + MINUTE
        assert {item.utcoffset() for item in (first.occurred_at, second.recorded_at)} == {timedelta(0)}

    def test_an_instant_written_in_another_zone_comes_back_in_utc(self, opening: Opening) -> None:
        """An event whose instant carries another offset comes back at the same instant."""
        storage = opening()
        shanghai = START.astimezone(timezone(timedelta(hours=8)))
        storage.append(commit(note(ONE, 1, occurred_at=shanghai)))
        assert storage.load(ONE)[0].occurred_at == START

    def test_ids_are_compared_exactly(self, opening: Opening) -> None:
        """Ids that differ in case, blanks, composed letters or wildcards are different streams."""
        storage = opening()
        ids = [
            "a",
            "A",
            "a ",
            " a",
            "é",
            "e\u0301",
            "a%",
            "a_",
            "a:b",
            "a:",
            "a'b",
            'a"b',
            "订单",
            "\N{PACKAGE}",
            "x" * 200,
        ]
        for id in ids:
            storage.append(commit(note(Stream.order(id), 1), stage="s", tags={"t": id}))
        for id in ids:
            stream = Stream.order(id)
            assert storage.load(stream) == (note(stream, 1),)
            assert [row.stream for row in storage.find(Query(tags=FrozenMap({"t": id})))] == [stream]
        assert [stream.id for stream in storage.streams("order", None, 100)] == sorted(ids)

    def test_streams_of_another_kind_are_others(self, opening: Opening) -> None:
        """`order:1`, `flow:1` and `order:flow:1` have nothing in common."""
        storage = opening()
        streams = [Stream.order("1"), Stream.flow("1"), Stream("order", "flow:1")]
        for stream in streams:
            storage.append(commit(note(stream, 1)))
        for stream in streams:
            assert storage.load(stream) == (note(stream, 1),)

    def test_a_large_event_comes_back_whole(self, opening: Opening) -> None:
        """A body of a megabyte is neither cut nor refused."""
        storage = opening()
        large = note(ONE, 1, "订单" * 170_000)
        storage.append(commit(large))
        assert storage.load(ONE) == (large,)

    # --- heads and lists ------------------------------------------------------------------------------------------

    def test_head_is_the_end_of_the_hash_chain(self, opening: Opening) -> None:
        """`head` is sha256 over previous hash, envelope and body of each event, from 32 zero bytes on."""
        storage, events = opening(), one_of_each(ONE)
        storage.append(commit(*events[:4]))
        assert storage.head(ONE) == _chain(events[:4])
        storage.append(commit(*events[4:]))
        assert storage.head(ONE) == _chain(events)

    def test_head_follows_each_append(self, opening: Opening) -> None:
        """Each stream has its own chain, and each event moves it on; a stream that does not exist has no head."""
        storage = opening()
        assert storage.head(ONE) is None
        for version in range(1, 4):
            storage.append(commit(note(ONE, version), note(TWO, version)))
            assert storage.head(ONE) == _chain(notes(ONE, version))
            assert storage.head(TWO) == _chain(notes(TWO, version))
        assert storage.head(NEW) is None

    def test_streams_are_listed_by_kind(self, opening: Opening) -> None:
        """`streams` lists the streams of one kind only, each once, in order of their ids by code point."""
        storage = opening()
        for id in ("SO-10", "so-1", "SO-2", "订单", "SO-1"):
            storage.append(commit(*notes(Stream.order(id), 2)))
        storage.append(commit(note(Stream.flow("sales"), 1)))
        listed = storage.streams("order", None, 100)
        assert listed == tuple(Stream.order(id) for id in ("SO-1", "SO-10", "SO-2", "so-1", "订单"))
        assert storage.streams("flow", None, 100) == (Stream.flow("sales"),)
        assert storage.streams("pool", None, 100) == ()

    def test_streams_come_in_pages(self, opening: Opening) -> None:
        """`after` leaves out ids up to and including it, whether it exists or not; `limit` bounds a page."""
        storage = opening()
        for number in range(7):
            storage.append(commit(note(Stream.order(f"{number}"), 1)))
        pages, after = [], None
        for _ in range(4):
            page = storage.streams("order", after, 3)
            pages.append([stream.id for stream in page])
            after = page[-1].id if page else after
        assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"], []]
        assert storage.streams("order", "4x", 1) == (Stream.order("5"),)


def _chain(events: tuple[Event, ...]) -> bytes:
    head = NO_HASH
    for item in events:
        head = chain(head, envelope_bytes(item), body_bytes(item))
    return head
