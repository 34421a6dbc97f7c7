"""The storage contract, writing: what `append` and `lookup` promise."""

from __future__ import annotations

import pytest
from attrs import evolve

from orderflow.model.commit import Commit, Query
from orderflow.model.errors import Conflict, OrderflowError
from orderflow.model.events import Event, Stream
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Erased
from orderflow.model.reasons import reason
from orderflow.ports import Storage
from orderflow.testing.builders import (
    MINUTE,
    MOMENT,
    START,
    commit,
    event,
    index,
    key,
    message,
    note,
    notes,
    placed,
    secret,
)
from orderflow.testing.opening import Openable, Opening

ONE, TWO, NEW = Stream.order("SO-1"), Stream.order("SO-2"), Stream.order("SO-3")
LEASE = 7 * MINUTE
EVERYTHING = 1_000_000


class AppendingPromises(Openable):
    """`append` writes all of a commit or nothing, and a lost race leaves no trace."""

    # --- expected versions ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("expected", [0, 1, 3])
    def test_another_version_is_a_conflict(self, opening: Opening, expected: int) -> None:
        """An append that expects a version which the stream does not have, lower or higher, raises `Conflict`."""
        storage = opening()
        storage.append(commit(*notes(ONE, 2)))
        with pytest.raises(Conflict) as caught:
            storage.append(commit(note(ONE, expected + 1, "late")))
        assert (caught.value.stream, caught.value.expected) == (str(ONE), expected)
        assert storage.load(ONE) == notes(ONE, 2)

    def test_the_same_commit_again_is_a_conflict(self, opening: Opening) -> None:
        """A commit that was written already is a `Conflict` when it comes again, and is not taken for done."""
        storage = opening()
        written = commit(*notes(ONE, 2), messages=[message("m", "mail")])
        storage.append(written)
        with pytest.raises(Conflict):
            storage.append(written)
        assert storage.load(ONE) == notes(ONE, 2)
        assert len(storage.feed(0, 10).events) == 2

    def test_a_new_stream_begins_at_version_0(self, opening: Opening) -> None:
        """An append to a stream that does not exist expects version 0, and anything else is a `Conflict`."""
        storage = opening()
        with pytest.raises(Conflict):
            storage.append(commit(note(ONE, 2)))
        assert storage.load(ONE) == ()
        storage.append(commit(note(ONE, 1)))
        assert storage.load(ONE) == (note(ONE, 1),)

    def test_a_version_may_be_expected_of_a_stream_that_gets_no_event(self, opening: Opening) -> None:
        """`expects` counts for streams without events too: fulfilled it writes nothing there, else it is `Conflict`."""
        storage = opening()
        storage.append(commit(*notes(ONE, 2)))
        storage.append(commit(note(TWO, 1), expects={ONE: 2, NEW: 0}))
        with pytest.raises(Conflict):
            storage.append(commit(note(TWO, 2), expects={ONE: 1}))
        with pytest.raises(Conflict):
            storage.append(commit(note(TWO, 2), expects={NEW: 1}))
        assert storage.load(TWO) == (note(TWO, 1),)
        assert storage.streams("order", None, 10) == (ONE, TWO)
        assert storage.head(NEW) is None
        storage.append(commit(note(ONE, 3), note(NEW, 1)))
        assert len(storage.load(ONE)) == 3

    # --- a conflict leaves nothing --------------------------------------------------------------------------------

    def test_conflict_leaves_no_event(self, opening: Opening) -> None:
        """After a `Conflict` streams, feed, heads and list of streams are as before."""
        storage = opening()
        _begin(storage)
        head = storage.head(ONE)
        _lose(storage)
        assert storage.load(ONE) == (_first(ONE),)
        assert storage.load(NEW) == ()
        assert storage.feed(0, 100).events == (_first(ONE),)
        assert storage.streams("order", None, 100) == (ONE,)
        assert (storage.head(ONE), storage.head(NEW)) == (head, None)

    def test_conflict_leaves_no_index_row(self, opening: Opening) -> None:
        """After a `Conflict` index rows, tags, counts and loads are as before."""
        storage = opening()
        _begin(storage)
        _lose(storage)
        assert storage.find(Query()) == (index(ONE, 1, stage="first", category="open", owner="a", tags={"t": "1"}),)
        assert storage.find(Query(tags=FrozenMap({"t": "2"}))) == ()
        assert dict(storage.tally(Query())) == {"first": 1}
        assert dict(storage.loads(["a", "b"])) == {"a": 1, "b": 0}

    def test_conflict_leaves_nothing_due(self, opening: Opening) -> None:
        """After a `Conflict` nothing more is due than before."""
        storage = opening()
        _begin(storage)
        _lose(storage)
        assert storage.claim_due(START + 99 * MINUTE, 10, LEASE) == ()

    def test_conflict_keeps_a_lease(self, opening: Opening) -> None:
        """A lost append does not let go of the lease on the stream: it was no new event."""
        storage = opening()
        storage.append(commit(_first(ONE), next_at=START))
        assert storage.claim_due(START, 10, LEASE) == (ONE,)
        _lose(storage)
        assert storage.claim_due(START + MINUTE, 10, LEASE) == ()

    def test_conflict_leaves_no_message(self, opening: Opening) -> None:
        """After a `Conflict` nothing is owed: nobody is told what did not happen."""
        storage = opening()
        _begin(storage)
        _lose(storage)
        assert storage.claim_outbox("mail", START + 99 * MINUTE, 10, LEASE) == ()

    def test_conflict_leaves_no_key(self, opening: Opening) -> None:
        """After a `Conflict` the key is not taken, and can be used by the next append."""
        storage = opening()
        _begin(storage)
        _lose(storage)
        assert storage.lookup(NEW, "k") is None
        storage.append(commit(note(NEW, 1), key=key(NEW, "k")))
        assert storage.lookup(NEW, "k") == key(NEW, "k")

    def test_conflict_leaves_no_personal_value(self, opening: Opening) -> None:
        """After a `Conflict` the personal values of the lost append are not kept anywhere."""
        storage = opening()
        _begin(storage)
        _lose(storage)
        assert storage.erase(NEW) == 0
        storage.append(commit(placed(NEW, attributes={"phone": Erased(digest=secret("110").digest)})))
        assert storage.load(NEW) == (placed(NEW, attributes={"phone": Erased(digest=secret("110").digest)}),)

    # --- several streams ------------------------------------------------------------------------------------------

    def test_a_commit_writes_several_streams(self, opening: Opening) -> None:
        """One commit writes events and rows of several streams, each from its own version on."""
        storage = opening()
        storage.append(commit(*notes(ONE, 2)))
        storage.append(commit(note(TWO, 1), note(ONE, 3), note(TWO, 2), stage="s"))
        assert storage.load(ONE) == notes(ONE, 3)
        assert storage.load(TWO) == notes(TWO, 2)
        assert storage.find(Query()) == (index(ONE, 3, stage="s"), index(TWO, 2, stage="s"))

    @pytest.mark.parametrize("behind", [ONE, TWO, NEW])
    def test_several_streams_are_all_or_nothing(self, opening: Opening, behind: Stream) -> None:
        """When one of several streams has another version, first, second or last, none of them gets anything."""
        storage = opening()
        for stream in (ONE, TWO, NEW):
            storage.append(commit(note(stream, 1), stage="before"))
        storage.append(commit(note(behind, 2), stage="before"))
        before = _picture(storage)
        with pytest.raises(Conflict):
            storage.append(commit(*(note(stream, 2, "lost") for stream in (ONE, TWO, NEW)), stage="after"))
        assert _picture(storage) == before

    def test_a_taken_key_stops_all_streams(self, opening: Opening) -> None:
        """When the key is there already, nothing of the commit is written, in no stream."""
        storage = opening()
        storage.append(commit(note(ONE, 1), key=key(ONE, "k")))
        before = _picture(storage)
        lost = commit(note(TWO, 1), note(ONE, 2), key=key(ONE, "k", digest="d2"), messages=[message("m", "mail")])
        with pytest.raises(Conflict):
            storage.append(lost)
        assert _picture(storage) == before
        assert storage.claim_outbox("mail", START + 99 * MINUTE, 10, LEASE) == ()

    def test_what_fails_in_the_middle_writes_nothing(self, opening: Opening) -> None:
        """A commit of which one part cannot be written is refused whole; nothing that came before the part stays."""
        storage = opening()
        storage.append(commit(note(ONE, 1), stage="before"))
        before = _picture(storage)
        bad = evolve(message("m2", "mail"), what=reason("told_entered", order="SO-1", stage=object()))
        written = commit(
            note(ONE, 2), note(TWO, 1), messages=[message("m1", "mail"), bad], key=key(ONE, "k"), stage="after"
        )
        try:
            storage.append(written)
        except Exception:  # noqa: BLE001 - whatever it raises: what counts is that it did nothing
            assert _picture(storage) == before
            assert storage.lookup(ONE, "k") is None
            assert storage.claim_outbox("mail", START + 99 * MINUTE, 10, LEASE) == ()
        else:
            assert len(storage.claim_outbox("mail", START + 99 * MINUTE, 10, LEASE)) == 2
            assert (len(storage.load(ONE)), len(storage.load(TWO))) == (2, 1)

    @pytest.mark.parametrize("versions", [(2, 4), (2, 2), (3, 2)])
    def test_versions_without_order_are_refused(self, opening: Opening, versions: tuple[int, int]) -> None:
        """A commit whose events leave a gap, or come twice or backwards, raises `StorageError` and writes nothing."""
        storage = opening()
        storage.append(commit(note(ONE, 1)))
        before = _picture(storage)
        wrong = commit(*(note(ONE, version, "wrong") for version in versions), expects={ONE: 1})
        with pytest.raises(OrderflowError):
            storage.append(wrong)
        assert _picture(storage) == before

    def test_an_event_outside_of_expects_is_refused(self, opening: Opening) -> None:
        """A commit with an event of a stream for which it expects no version is an error, and writes nothing."""
        storage = opening()
        before = _picture(storage)
        wrong = Commit(expects={ONE: 0}, events=(note(ONE, 1), note(TWO, 1)), rows=(index(ONE, 1), index(TWO, 1)))
        with pytest.raises(OrderflowError):
            storage.append(wrong)
        assert _picture(storage) == before

    # --- keys -----------------------------------------------------------------------------------------------------

    def test_a_key_is_looked_up(self, opening: Opening) -> None:
        """`lookup` gives the record of a key as it was appended, and None for a key that is not there."""
        storage = opening()
        storage.append(commit(*notes(ONE, 3), key=key(ONE, "clé 键", digest="f" * 64, first=1, last=3)))
        storage.append(commit(note(ONE, 4)))
        assert storage.lookup(ONE, "clé 键") == key(ONE, "clé 键", digest="f" * 64, first=1, last=3)
        assert storage.lookup(ONE, "other") is None
        assert storage.lookup(ONE, "CLÉ 键") is None
        assert storage.lookup(NEW, "clé 键") is None

    def test_a_key_belongs_to_one_stream(self, opening: Opening) -> None:
        """The same key on another stream is another key."""
        storage = opening()
        storage.append(commit(note(ONE, 1), key=key(ONE, "k", digest="d1")))
        assert storage.lookup(TWO, "k") is None
        storage.append(commit(note(TWO, 1), key=key(TWO, "k", digest="d2")))
        assert (storage.lookup(ONE, "k"), storage.lookup(TWO, "k")) == (
            key(ONE, "k", digest="d1"),
            key(TWO, "k", digest="d2"),
        )

    @pytest.mark.parametrize("digest", ["d1", "d2"])
    def test_a_key_that_is_there_is_a_conflict(self, opening: Opening, digest: str) -> None:
        """An append with a key that its stream has already is a `Conflict`, same command or not; the record stays."""
        storage = opening()
        storage.append(commit(note(ONE, 1), key=key(ONE, "k")))
        with pytest.raises(Conflict) as caught:
            storage.append(commit(note(ONE, 2), key=key(ONE, "k", digest=digest, first=2, last=2)))
        assert caught.value.stream == str(ONE)
        assert storage.lookup(ONE, "k") == key(ONE, "k")
        assert storage.load(ONE) == (note(ONE, 1),)


def _first(stream: Stream) -> Event:
    return event(stream, 1, note(stream, 1, "first").body)


def _begin(storage: Storage) -> None:
    """One stream at version 1, with a row."""
    storage.append(commit(_first(ONE), stage="first", category="open", owner="a", tags={"t": "1"}))


def _lose(storage: Storage) -> None:
    """An append that carries everything a commit can carry, and loses: `ONE` is at version 1 already."""
    hidden = placed(NEW, attributes={"phone": secret("110")})
    lost = commit(
        hidden,
        note(ONE, 1, "lost"),
        messages=[message("lost", "mail")],
        key=key(NEW, "k"),
        stage="lost",
        category="open",
        owner="b",
        tags={"t": "2"},
        next_at=START + MOMENT,
        due_at=START,
    )
    with pytest.raises(Conflict):
        storage.append(lost)


def _picture(storage: Storage) -> object:
    """All that can be seen of the streams."""
    streams = storage.streams("order", None, 100)
    return (
        streams,
        [storage.load(stream) for stream in (ONE, TWO, NEW)],
        [storage.head(stream) for stream in (ONE, TWO, NEW)],
        storage.feed(0, EVERYTHING).events,
        storage.find(Query()),
    )
