"""The storage contract, the index: what `find`, `tally`, `loads`, `put_index` and `claim_due` promise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orderflow.model.commit import Query
from orderflow.model.events import Stream
from orderflow.model.frozen import FrozenMap
from orderflow.ports import Storage
from orderflow.testing.builders import MINUTE, MOMENT, START, commit, index, note, notes
from orderflow.testing.opening import Openable, Opening

ONE, TWO, NEW = Stream.order("SO-1"), Stream.order("SO-2"), Stream.order("SO-3")
LEASE = 7 * MINUTE
FULL: dict[str, Any] = {
    "flow": "销售",
    "stage": "审核",
    "category": "open",
    "owner": "li",
    "team": "plant-1",
    "customer": "客户 1",
    "placed_at": START,
    "entered_at": START + MOMENT,
    "due_at": START + MINUTE,
    "severity": 3,
    "clocks": 2,
    "next_at": START + 2 * MINUTE,
    "tags": FrozenMap({"order.region": "华东", "order.weight": "1.5", "customer.note": 'it\'s "x" %_'}),
}


class IndexingPromises(Openable):
    """Index rows are found by what they say, and streams are claimed when time is due on them."""

    # --- find -----------------------------------------------------------------------------------------------------

    def test_find_gives_back_the_whole_row(self, opening: Opening) -> None:
        """An index row comes back equal, with every column and tag, instants in UTC to the microsecond."""
        storage = opening()
        storage.append(commit(note(ONE, 1), **FULL))
        storage.append(commit(note(TWO, 1)))
        assert storage.find(Query()) == (index(ONE, 1, **FULL), index(TWO, 1))
        instants = [storage.find(Query())[0].placed_at, storage.find(Query())[0].due_at]
        assert {item.utcoffset() for item in instants if item} == {timedelta(0)}

    def test_find_gives_the_newest_row(self, opening: Opening) -> None:
        """An append replaces the stream's row: what it said before is no longer found, tags included."""
        storage = opening()
        storage.append(commit(note(ONE, 1), **FULL))
        storage.append(commit(note(ONE, 2), stage="done", tags={"order.region": "华北", "new": "1"}))
        assert storage.find(Query()) == (index(ONE, 2, stage="done", tags={"order.region": "华北", "new": "1"}),)
        assert storage.find(Query(stage="审核")) == ()
        assert storage.find(Query(tags=FrozenMap({"order.region": "华东"}))) == ()
        assert storage.find(Query(tags=FrozenMap({"order.weight": "1.5"}))) == ()
        assert _ids(storage, tags=FrozenMap({"order.region": "华北"})) == ["SO-1"]

    @pytest.mark.parametrize("column", ["flow", "stage", "owner", "team", "customer"])
    def test_find_by_column(self, opening: Opening, column: str) -> None:
        """A column that is given must be equal, exactly; rows without it do not fit."""
        storage = opening()
        lower: dict[str, Any] = {column: "a"}
        upper: dict[str, Any] = {column: "A"}
        storage.append(commit(note(ONE, 1), **lower))
        storage.append(commit(note(TWO, 1), **upper))
        storage.append(commit(note(NEW, 1)))
        assert _ids(storage, **lower) == ["SO-1"]
        assert _ids(storage, **upper) == ["SO-2"]
        assert _ids(storage, **{column: "a%"}) == []
        assert _ids(storage) == ["SO-1", "SO-2", "SO-3"]

    def test_find_by_category(self, opening: Opening) -> None:
        """One of the categories that are given must be the row's; of none there is none."""
        storage = opening()
        for id, category in {"1": "open", "2": "waiting", "3": "done", "4": "cancelled", "5": None}.items():
            storage.append(commit(note(Stream.order(id), 1), category=category))
        assert _ids(storage, category=("open",)) == ["1"]
        assert _ids(storage, category=("open", "done", "cancelled")) == ["1", "3", "4"]
        assert _ids(storage, category=()) == []

    def test_find_by_tags(self, opening: Opening) -> None:
        """Every tag that is given must be there with this value; name and value belong together."""
        storage = opening()
        storage.append(commit(note(ONE, 1), tags={"a": "1", "b": "2"}))
        storage.append(commit(note(TWO, 1), tags={"a": "2", "b": "1"}))
        storage.append(commit(note(NEW, 1), tags={"a": "1"}))
        assert _ids(storage, tags=FrozenMap({"a": "1"})) == ["SO-1", "SO-3"]
        assert _ids(storage, tags=FrozenMap({"a": "1", "b": "2"})) == ["SO-1"]
        assert _ids(storage, tags=FrozenMap({"a": "1", "b": "1"})) == []
        assert _ids(storage, tags=FrozenMap({"c": "1"})) == []

    def test_find_what_is_due(self, opening: Opening) -> None:
        """`due_before` fits open and waiting rows due earlier, be it by a microsecond; no row without a deadline."""
        storage = opening()
        for id, category in {"1": "open", "2": "waiting", "3": "done", "4": "cancelled"}.items():
            storage.append(commit(note(Stream.order(id), 1), category=category, due_at=START))
        storage.append(commit(note(Stream.order("5"), 1), category="open"))
        storage.append(commit(note(Stream.order("6"), 1), category="open", due_at=START + MOMENT))
        assert _ids(storage, due_before=START) == []
        assert _ids(storage, due_before=START + MOMENT) == ["1", "2"]
        assert _ids(storage, due_before=START + 2 * MOMENT) == ["1", "2", "6"]

    def test_find_what_no_clock_watches(self, opening: Opening) -> None:
        """`unwatched` fits open and waiting rows without a clock that runs, in `find` and in `tally`."""
        storage = opening()
        for id, category in {"1": "open", "2": "waiting", "3": "done", "4": "cancelled"}.items():
            storage.append(commit(note(Stream.order(id), 1), category=category, stage="s"))
        storage.append(commit(note(Stream.order("5"), 1), category="open", stage="s", clocks=1))
        assert _ids(storage, unwatched=True) == ["1", "2"]
        assert _tally(storage, unwatched=True) == {"s": 2}
        assert _ids(storage, unwatched=False) == ["1", "2", "3", "4", "5"]
        storage.append(commit(note(Stream.order("1"), 2), category="open", stage="s", clocks=2))
        storage.append(commit(note(Stream.order("5"), 2), category="open", stage="s"))
        assert _ids(storage, unwatched=True, after="1") == ["2", "5"]

    def test_find_needs_all_that_is_given(self, opening: Opening) -> None:
        """What a query says must hold together."""
        storage = opening()
        for number, (stage, owner, region) in enumerate(
            [("s", "a", "x"), ("s", "b", "x"), ("t", "a", "x"), ("s", "a", "y")]
        ):
            row: dict[str, Any] = {"stage": stage, "owner": owner, "category": "open", "due_at": START, "flow": "f"}
            storage.append(commit(note(Stream.order(f"{number}"), 1), **row, tags={"region": region}))
        everything: dict[str, Any] = {"stage": "s", "owner": "a", "category": ("open",), "flow": "f"}
        more: dict[str, Any] = {"due_before": START + MOMENT, "tags": FrozenMap({"region": "x"})}
        assert _ids(storage, **everything, **more) == ["0"]
        assert _ids(storage, **everything) == ["0", "3"]
        assert _ids(storage, **everything, **more, after="0") == []

    def test_find_keeps_kinds_apart(self, opening: Opening) -> None:
        """A query finds streams of its kind only, though another kind has the same ids and tags."""
        storage = opening()
        other = Stream("incident", "SO-1")
        storage.append(commit(note(ONE, 1), stage="s", tags={"t": "order"}))
        storage.append(commit(note(other, 1), stage="s", tags={"t": "incident"}))
        assert storage.find(Query(kind="incident")) == (index(other, 1, stage="s", tags={"t": "incident"}),)
        assert storage.find(Query(stage="s")) == (index(ONE, 1, stage="s", tags={"t": "order"}),)
        assert storage.find(Query(tags=FrozenMap({"t": "incident"}))) == ()
        assert dict(storage.tally(Query())) == {"s": 1}
        assert storage.find(Query(kind="flow")) == ()

    def test_find_is_in_order_of_ids(self, opening: Opening) -> None:
        """Rows come in order of their stream ids, by code point, however they were written."""
        storage = opening()
        ids = ["SO-2", "so-1", "SO-10", "Ä", "订单", "SO-1", "\N{PACKAGE}", "\uff01"]
        for id in ids:
            storage.append(commit(note(Stream.order(id), 1), stage="s"))
        assert _ids(storage, stage="s") == sorted(ids)

    @pytest.mark.parametrize("narrowed", [{}, {"stage": "s"}, {"tags": FrozenMap({"t": "1"})}, {"due_before": START}])
    def test_find_comes_in_pages(self, opening: Opening, narrowed: dict[str, Any]) -> None:
        """`limit` bounds a page, `after` leaves out ids up to and including it: pages give each row exactly once."""
        storage = opening()
        for number in (3, 0, 6, 4, 1, 5, 2):
            row: dict[str, Any] = {"stage": "s", "category": "open", "due_at": START - number * MINUTE - MOMENT}
            storage.append(commit(note(Stream.order(f"{number}"), 1), tags={"t": "1"}, **row))
        pages, after = [], None
        for _ in range(4):
            page = _ids(storage, after=after, limit=3, **narrowed)
            pages.append(page)
            after = page[-1] if page else after
        assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"], []]
        assert _ids(storage, after="2x", limit=1, **narrowed) == ["3"]

    def test_tally_counts_by_stage(self, opening: Opening) -> None:
        """`tally` counts the rows that fit by stage; `after` and `limit` do not matter, rows without stage neither."""
        storage = opening()
        for id, stage, owner in [("1", "s", "a"), ("2", "s", "b"), ("3", "t", "a"), ("4", "t", "a"), ("5", None, "a")]:
            storage.append(commit(note(Stream.order(id), 1), stage=stage, owner=owner, category="open", due_at=START))
        storage.append(commit(note(Stream.order("2"), 2), stage="t", owner="b", category="done", due_at=START))
        assert _tally(storage) == {"s": 1, "t": 3}
        assert _tally(storage, owner="a", after="2", limit=1) == {"s": 1, "t": 2}
        assert _tally(storage, due_before=START + MOMENT) == {"s": 1, "t": 2}
        assert _tally(storage, owner="nobody") == {}

    # --- loads ----------------------------------------------------------------------------------------------------

    def test_loads_count_open_and_waiting_orders(self, opening: Opening) -> None:
        """`loads` counts a person's open and waiting orders; those who own none have 0; nobody else is named."""
        storage = opening()
        rows = [
            ("1", "a", "open"),
            ("2", "a", "waiting"),
            ("3", "a", "done"),
            ("4", "a", "cancelled"),
            ("5", "b", "open"),
        ]
        for id, owner, category in [*rows, ("6", None, "open")]:
            storage.append(commit(note(Stream.order(id), 1), owner=owner, category=category))
        assert dict(storage.loads(["a", "c"])) == {"a": 2, "c": 0}
        assert dict(storage.loads(iter(["b"]))) == {"b": 1}
        assert dict(storage.loads([])) == {}

    def test_loads_follow_each_change(self, opening: Opening) -> None:
        """A change of owner or category moves the load with it."""
        storage = opening()
        storage.append(commit(note(ONE, 1), owner="a", category="open"))
        storage.append(commit(note(ONE, 2), owner="a", category="waiting"))
        assert dict(storage.loads(["a", "b"])) == {"a": 1, "b": 0}
        storage.append(commit(note(ONE, 3), owner="b", category="open"))
        assert dict(storage.loads(["a", "b"])) == {"a": 0, "b": 1}
        storage.append(commit(note(ONE, 4), owner="b", category="done"))
        assert dict(storage.loads(["a", "b"])) == {"a": 0, "b": 0}

    def test_loads_count_orders_only(self, opening: Opening) -> None:
        """A stream of another kind with an owner is no order, and no load."""
        storage = opening()
        storage.append(commit(note(Stream("incident", "1"), 1), owner="a", category="open"))
        assert dict(storage.loads(["a"])) == {"a": 0}

    # --- put_index ------------------------------------------------------------------------------------------------

    def test_put_index_writes_a_row_again(self, opening: Opening) -> None:
        """`put_index` at the stream's version replaces the row with its tags, as if it had been appended so."""
        storage = opening()
        storage.append(commit(*notes(ONE, 2), stage="s", owner="a", category="open", tags={"t": "1", "u": "1"}))
        head = storage.head(ONE)
        new: dict[str, Any] = {"stage": "r", "owner": "b", "category": "open", "tags": {"t": "2"}, "next_at": START}
        assert storage.put_index(ONE, 2, index(ONE, 2, **new)) is True
        assert storage.find(Query()) == (index(ONE, 2, **new),)
        assert storage.find(Query(tags=FrozenMap({"u": "1"}))) == ()
        assert dict(storage.loads(["a", "b"])) == {"a": 0, "b": 1}
        assert storage.claim_due(START, 10, LEASE) == (ONE,)
        assert (storage.head(ONE), storage.load(ONE)) == (head, notes(ONE, 2))
        storage.append(commit(note(ONE, 3)))

    @pytest.mark.parametrize("version", [0, 1, 3])
    def test_put_index_at_another_version_changes_nothing(self, opening: Opening, version: int) -> None:
        """`put_index` at a version that the stream does not have, lower or higher, is False and changes nothing."""
        storage = opening()
        storage.append(commit(*notes(ONE, 2), stage="s", tags={"t": "1"}))
        late = index(ONE, version, stage="late", tags={"t": "2"}, next_at=START)
        assert storage.put_index(ONE, version, late) is False
        assert storage.find(Query()) == (index(ONE, 2, stage="s", tags={"t": "1"}),)
        assert storage.claim_due(START, 10, LEASE) == ()
        storage.append(commit(note(ONE, 3)))

    @pytest.mark.parametrize("version", [0, 1])
    def test_put_index_makes_no_stream(self, opening: Opening, version: int) -> None:
        """`put_index` for a stream that does not exist is False, and nothing is found afterwards."""
        storage = opening()
        assert storage.put_index(ONE, version, index(ONE, version, stage="s")) is False
        assert storage.find(Query()) == ()
        assert storage.streams("order", None, 10) == ()
        storage.append(commit(note(ONE, 1)))

    # --- claim_due ------------------------------------------------------------------------------------------------

    def test_claim_due_gives_what_is_due(self, opening: Opening) -> None:
        """A stream is due at its `next_at`, to the microsecond; one without is never."""
        storage = opening()
        storage.append(commit(note(ONE, 1), next_at=START))
        storage.append(commit(note(TWO, 1)))
        assert storage.claim_due(START - MOMENT, 10, LEASE) == ()
        assert storage.claim_due(START, 10, LEASE) == (ONE,)

    def test_claim_due_takes_the_earliest_first(self, opening: Opening) -> None:
        """Streams come in order of `next_at`, at most `limit`; the others are claimed by the next call."""
        storage = opening()
        for number in (3, 1, 4, 0, 2):
            storage.append(commit(note(Stream.order(f"{9 - number}"), 1), next_at=START + number * MOMENT))
        claimed = [storage.claim_due(START + MINUTE, 2, LEASE) for _ in range(4)]
        assert [[stream.id for stream in page] for page in claimed] == [["9", "8"], ["7", "6"], ["5"], []]

    def test_claim_due_of_every_kind(self, opening: Opening) -> None:
        """Streams of every kind can be due, also with the same id at the same instant."""
        storage = opening()
        kinds = {Stream(kind, "1") for kind in ("order", "incident", "pool")}
        for stream in kinds:
            storage.append(commit(note(stream, 1), next_at=START))
        assert set(storage.claim_due(START, 10, LEASE)) == kinds

    def test_claim_due_leases(self, opening: Opening) -> None:
        """A claimed stream is not claimed again before `now + lease`; then it is, and leased anew."""
        storage = opening()
        storage.append(commit(note(ONE, 1), next_at=START))
        assert storage.claim_due(START + MINUTE, 10, LEASE) == (ONE,)
        assert storage.claim_due(START + MINUTE, 10, LEASE) == ()
        assert storage.claim_due(START + MINUTE + LEASE - MOMENT, 10, LEASE) == ()
        assert storage.claim_due(START + MINUTE + LEASE, 10, LEASE) == (ONE,)
        assert storage.claim_due(START + MINUTE + LEASE, 10, LEASE) == ()

    def test_a_new_event_ends_the_lease(self, opening: Opening) -> None:
        """A new event lets go of the lease: from then on the new `next_at` counts, earlier or later than the lease."""
        storage = opening()
        storage.append(commit(note(ONE, 1), next_at=START))
        assert storage.claim_due(START, 10, LEASE) == (ONE,)
        storage.append(commit(note(ONE, 2), next_at=START + MINUTE))
        assert storage.claim_due(START + MINUTE - MOMENT, 10, LEASE) == ()
        assert storage.claim_due(START + MINUTE, 10, LEASE) == (ONE,)
        storage.append(commit(note(ONE, 3), next_at=START + 60 * MINUTE))
        assert storage.claim_due(START + 60 * MINUTE - MOMENT, 10, LEASE) == ()
        assert storage.claim_due(START + 60 * MINUTE, 10, LEASE) == (ONE,)

    def test_a_new_event_without_next_instant_is_not_due(self, opening: Opening) -> None:
        """A stream whose newest row has no `next_at` is not claimed, leased before or not."""
        storage = opening()
        storage.append(commit(note(ONE, 1), note(TWO, 1), next_at=START))
        storage.append(commit(note(TWO, 2)))
        assert storage.claim_due(START, 10, LEASE) == (ONE,)
        storage.append(commit(note(ONE, 2)))
        assert storage.claim_due(START + 99 * MINUTE, 10, LEASE) == ()

    def test_a_lease_changes_no_row(self, opening: Opening) -> None:
        """A claim changes nothing that `find` or `load` give."""
        storage = opening()
        storage.append(commit(note(ONE, 1), **FULL))
        storage.claim_due(START + 99 * MINUTE, 10, LEASE)
        assert storage.find(Query()) == (index(ONE, 1, **FULL),)
        assert storage.load(ONE) == (note(ONE, 1),)


def _ids(storage: Storage, **query: Any) -> list[str]:
    return [row.stream.id for row in storage.find(Query(**query))]


def _tally(storage: Storage, **query: Any) -> dict[str, int]:
    return {stage: count for stage, count in storage.tally(Query(**query)).items() if count}
