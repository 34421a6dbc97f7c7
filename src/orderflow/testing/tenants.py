"""The storage contract, tenants: each method sees and changes what belongs to one tenant only."""

from __future__ import annotations

from orderflow.model.commit import Query, Snapshot
from orderflow.model.events import Stream
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
    placed,
    secret,
)
from orderflow.testing.opening import Openable, Opening

ONE, TWO = Stream.order("SO-1"), Stream.order("SO-2")
LEASE = 7 * MINUTE
LATER = START + 60 * MINUTE
THREADS = 4


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
