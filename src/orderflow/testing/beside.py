"""The storage contract, beside the streams: personal values, the feed and its positions, snapshots, closing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from orderflow.model.canonical import body_bytes
from orderflow.model.commit import Snapshot
from orderflow.model.events import Event, OrderPlaced, Stream
from orderflow.model.order import Customer, Erased, Money
from orderflow.ports import Storage
from orderflow.testing.builders import START, commit, note, notes, one_of_each, placed, secret
from orderflow.testing.opening import ROUNDS, Openable, Opening

ONE, TWO, NEW = Stream.order("SO-1"), Stream.order("SO-2"), Stream.order("SO-3")
PHONE, STREET = secret("110", 1), secret("长安街 1", 2)


class BesidePromises(Openable):
    """Personal values can be erased, the feed gives every event once, positions and snapshots are kept."""

    # --- personal values ------------------------------------------------------------------------------------------

    def test_load_puts_personal_values_back(self, opening: Opening) -> None:
        """`load` gives personal values with value, salt and digest, of every type that an attribute can have."""
        storage = opening()
        values: list[Any] = ["110", True, 7, Decimal("1.50"), START.date(), START, timedelta(hours=1), Money(1, "CNY")]
        values += [("a", 1, Decimal("2.5")), "e\u0301 电话 '\" \N{TELEPHONE RECEIVER}"]
        hidden = {f"v{number}": secret(value, number) for number, value in enumerate(values)}
        storage.append(commit(placed(ONE, customer=hidden, attributes={"plain": "x", **hidden})))
        customer, attributes = _personal_of(storage.load(ONE)[0])
        assert customer == hidden
        assert attributes == {"plain": "x", **hidden}

    def test_load_after_puts_personal_values_back(self, opening: Opening) -> None:
        """Personal values are put back whichever version `load` begins at, and whichever commit wrote them."""
        storage = opening()
        storage.append(commit(placed(ONE, customer={"phone": PHONE})))
        storage.append(commit(note(ONE, 2), placed(ONE, 3, customer={"street": STREET})))
        storage.append(commit(note(ONE, 4)))
        assert _personal_of(storage.load(ONE, after=2)[0])[0] == {"street": STREET}
        assert _personal_of(storage.load(ONE)[0])[0] == {"phone": PHONE}

    def test_erase_takes_values_away(self, opening: Opening) -> None:
        """After `erase` every personal value of the stream is `Erased` wherever it is read; it says how many."""
        storage = opening()
        storage.append(commit(placed(ONE, customer={"phone": PHONE, "street": STREET, "level": "A"})))
        assert storage.erase(ONE) == 2
        gone = {"phone": Erased(digest=PHONE.digest), "street": Erased(digest=STREET.digest), "level": "A"}
        assert _personal_of(storage.load(ONE)[0])[0] == gone
        assert _personal_of(storage.feed(0, 10).events[0])[0] == gone
        assert storage.erase(ONE) == 0

    def test_erase_may_select(self, opening: Opening) -> None:
        """`erase(stream, digests)` takes only these values; digests that are not there do not count."""
        storage = opening()
        storage.append(commit(placed(ONE, customer={"phone": PHONE, "street": STREET})))
        assert storage.erase(ONE, []) == 0
        assert storage.erase(ONE, [STREET.digest, "00", STREET.digest]) == 1
        assert _personal_of(storage.load(ONE)[0])[0] == {"phone": PHONE, "street": Erased(digest=STREET.digest)}
        assert storage.erase(ONE, iter([PHONE.digest, STREET.digest])) == 1

    def test_erase_keeps_the_history(self, opening: Opening) -> None:
        """Erasing changes no byte of an event, no version and no head, and the stream goes on."""
        storage = opening()
        events = (placed(ONE, customer={"phone": PHONE}), note(ONE, 2))
        storage.append(commit(*events))
        head = storage.head(ONE)
        storage.erase(ONE)
        assert storage.head(ONE) == head
        assert [body_bytes(event) for event in storage.load(ONE)] == [body_bytes(event) for event in events]
        storage.append(commit(placed(ONE, 3, customer={"street": STREET})))
        assert _personal_of(storage.load(ONE)[0])[0] == {"phone": Erased(digest=PHONE.digest)}
        assert _personal_of(storage.load(ONE)[2])[0] == {"street": STREET}

    def test_erase_touches_one_stream(self, opening: Opening) -> None:
        """A value with the same digest in another stream stays; a stream that does not exist has nothing to erase."""
        storage = opening()
        storage.append(commit(placed(ONE, customer={"phone": PHONE})))
        storage.append(commit(placed(TWO, customer={"phone": PHONE})))
        assert storage.erase(ONE) == 1
        assert storage.erase(NEW) == 0
        assert _personal_of(storage.load(TWO)[0])[0] == {"phone": PHONE}
        assert storage.streams("order", None, 10) == (ONE, TWO)

    # --- feed -----------------------------------------------------------------------------------------------------

    def test_feed_gives_every_event_once(self, opening: Opening) -> None:
        """Read to its end, the feed gives every event of every stream exactly once, as `load` gives it."""
        storage = opening()
        every = one_of_each(ONE)
        storage.append(commit(*every))
        storage.append(commit(note(Stream.flow("sales"), 1)))
        storage.append(commit(placed(TWO, customer={"phone": PHONE}), note(ONE, len(every) + 1), note(TWO, 2)))
        streams = (ONE, TWO, Stream.flow("sales"))
        _check_feed(storage, read_feed(storage, 100), streams)
        assert len(read_feed(storage, 100)) == len(every) + 4

    def test_feed_comes_in_pages(self, opening: Opening) -> None:
        """`limit` bounds a page, and the cursor of each page goes on where it ended, whatever the size."""
        storage = opening()
        storage.append(commit(*notes(ONE, 3), *notes(TWO, 2)))
        storage.append(commit(note(ONE, 4)))
        for limit in (1, 2, 5, 6, 7):
            assert len(storage.feed(0, limit).events) <= limit
            _check_feed(storage, read_feed(storage, limit), (ONE, TWO))

    def test_feed_can_be_read_again(self, opening: Opening) -> None:
        """From the same cursor come the same events again; reading takes nothing away."""
        storage = opening()
        storage.append(commit(*notes(ONE, 5)))
        page = storage.feed(0, 2)
        rest = storage.feed(page.cursor, 10)
        assert page.events + rest.events == notes(ONE, 5)
        assert storage.feed(page.cursor, 10) == rest
        assert storage.feed(0, 2) == page

    def test_feed_goes_on_from_its_end(self, opening: Opening) -> None:
        """At the end a page is empty and its cursor stays; events that come later follow from there."""
        storage = opening()
        assert storage.feed(0, 10).events == ()
        assert storage.feed(0, 10).cursor == 0
        storage.append(commit(*notes(ONE, 2)))
        end = storage.feed(0, 10).cursor
        assert storage.feed(end, 10).events == ()
        assert storage.feed(end, 10).cursor == end
        storage.append(commit(note(TWO, 1), note(ONE, 3)))
        assert {str(event.stream) for event in storage.feed(end, 10).events} == {str(ONE), str(TWO)}

    def test_position_is_saved_by_reader(self, opening: Opening) -> None:
        """Each named reader has its own cursor: 0 at first, then what it saved last, forward or back."""
        storage = opening()
        assert storage.position("reports") == 0
        storage.save_position("reports", 17)
        storage.save_position("邮件", 2**40)
        assert (storage.position("reports"), storage.position("邮件"), storage.position("x")) == (17, 2**40, 0)
        storage.save_position("reports", 3)
        assert storage.position("reports") == 3

    # --- snapshots ------------------------------------------------------------------------------------------------

    def test_snapshot_is_kept(self, opening: Opening) -> None:
        """`snapshot` gives the one that was put, byte for byte, and None for a stream without."""
        storage = opening()
        storage.append(commit(*notes(ONE, 3)))
        kept = Snapshot(stream=ONE, version=2, data=bytes(range(256)))
        storage.put_snapshot(kept)
        assert storage.snapshot(ONE) == kept
        assert storage.snapshot(TWO) is None

    def test_newer_snapshot_takes_the_place(self, opening: Opening) -> None:
        """A newer snapshot takes the place of an older one, by the version as a number."""
        storage = opening()
        storage.append(commit(*notes(ONE, 12)))
        for version in (2, 9, 10):
            storage.put_snapshot(Snapshot(stream=ONE, version=version, data=b"%d" % version))
            assert storage.snapshot(ONE) == Snapshot(stream=ONE, version=version, data=b"%d" % version)

    def test_older_snapshot_changes_nothing(self, opening: Opening) -> None:
        """An older snapshot than there is changes nothing."""
        storage = opening()
        storage.append(commit(*notes(ONE, 12)))
        newest = Snapshot(stream=ONE, version=10, data=b"ten")
        storage.put_snapshot(newest)
        storage.put_snapshot(Snapshot(stream=ONE, version=9, data=b"nine"))
        assert storage.snapshot(ONE) == newest

    def test_snapshot_changes_no_history(self, opening: Opening) -> None:
        """A snapshot can be thrown away: events, head and feed are the same with and without it."""
        storage = opening()
        storage.append(commit(*notes(ONE, 3)))
        head = storage.head(ONE)
        storage.put_snapshot(Snapshot(stream=ONE, version=2, data=b"x"))
        storage.append(commit(note(ONE, 4)))
        assert storage.load(ONE) == notes(ONE, 4)
        assert storage.head(ONE) != head
        assert len(storage.feed(0, 10).events) == 4

    # --- closing --------------------------------------------------------------------------------------------------

    def test_closing_twice_does_nothing(self, opening: Opening) -> None:
        """`close` can be called again, also when nothing was ever written."""
        storage, unused = opening(), opening("unused")
        storage.append(commit(note(ONE, 1)))
        for item in (storage, storage, unused, unused):
            item.close()


def read_feed(storage: Storage, limit: int) -> list[Event]:
    """The feed from its beginning to its end."""
    events: list[Event] = []
    page = storage.feed(0, limit)
    for _ in range(ROUNDS):
        if not page.events:
            return events
        events += page.events
        page = storage.feed(page.cursor, limit)
    raise AssertionError(f"after {ROUNDS} pages the feed has no end")


def _check_feed(storage: Storage, fed: list[Event], streams: tuple[Stream, ...]) -> None:
    for stream in streams:
        assert tuple(event for event in fed if event.stream == stream) == storage.load(stream)
    assert {event.stream for event in fed} == set(streams)


def _personal_of(event: Event) -> tuple[dict[str, Any], dict[str, Any]]:
    """The attributes of customer and order."""
    assert isinstance(event.body, OrderPlaced)
    customer = event.body.order.customer
    assert isinstance(customer, Customer)
    return dict(customer.attributes), dict(event.body.order.attributes)
