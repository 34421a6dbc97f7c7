"""Running totals in trouble: a shelf that fails at any touch, and orders that are no longer in the tracker's log."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from orderflow.metrics import EventLog, Running, report, running, segments


class Failing(dict[str, bytes]):
    """A shelf that fails at one touch - read, written or deleted -, and works again afterwards."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def touch(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError("the disk is gone")

    def __getitem__(self, name: str) -> bytes:
        self.touch()
        return super().__getitem__(name)

    def __setitem__(self, name: str, content: bytes) -> None:
        self.touch()
        super().__setitem__(name, content)

    def __delitem__(self, name: str) -> None:
        self.touch()
        super().__delitem__(name)


BATCHES: list[dict[str, Any]] = [
    {"order": ["a", "a", "b"], "stage": ["x", "y", "x"], "at": [0, 1, 2]},
    {"order": [f"c{n}" for n in range(9)], "stage": ["y"] * 9, "at": list(range(9))},
    {"order": ["a", "b", "c1"], "stage": ["x", "y", "x"], "at": [7, 8, 9]},
    {"order": ["d", "e", "a", "c5"], "stage": ["y", "y", "y", "y"], "at": [1, 2, 10, 11]},
]


@pytest.mark.parametrize("at", range(1, 90, 2))
def test_no_touch_of_the_shelf_that_fails_loses_an_event(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads and deletions too: after the batch was added again under its key, all events count, once each."""
    monkeypatch.setattr(segments, "FULL", 4)
    monkeypatch.setattr(segments, "TOGETHER", 2)
    monkeypatch.setattr(running, "MOST_OPEN", 6)
    totals = Running(done_stages=["y"], shelf=Failing(at))
    for n, batch in enumerate(BATCHES):
        try:
            totals.add(batch, key=str(n))
        except OSError:
            totals.add(batch, key=str(n))
    columns = {name: [value for batch in BATCHES for value in batch[name]] for name in ("order", "stage", "at")}
    whole = EventLog.from_columns(columns, done_stages=["y"])
    assert len(totals) == len(whole)
    try:
        found = totals.report()
    except OSError:
        found = totals.report()
    assert found.to_dict() == report(whole).to_dict()


@pytest.mark.parametrize("at", range(1, 30))
def test_what_is_not_replaced_is_still_known(at: int) -> None:
    """An order counts as before or as after, also where the shelf fails while it is replaced."""
    shelf = Failing(0)
    totals = Running(done_stages=["y"], shelf=shelf)
    totals.add({"order": ["a", "a", "b", "c"], "stage": ["x", "y", "y", "x"], "at": [0, 1, 2, 3]})
    new = EventLog.from_columns({"order": ["a", "c"], "stage": ["y", "x"], "at": [5, 5]})
    shelf.left = at
    try:
        totals.replace(new)
    except OSError:
        assert len(totals) in (4, 3)
        totals.replace(new)
    assert len(totals) == 3


def test_an_order_that_left_the_log_is_forgotten() -> None:
    """An order in the news that the tracker's log does not have any more counts no more, open or at rest."""
    first = EventLog.from_columns({"order": ["a", "b", "c"], "stage": ["x", "y", "x"], "at": [0, 1, 2]})
    later = EventLog.from_columns({"order": [], "stage": [], "at": []})

    class Source:
        def changes(self, after: int | None = None, *, limit: int = 1_000) -> tuple[list[Any], int]:
            news, cursor = [("abc", 1), ("bc", 2), ("", 2)][after or 0]
            return [SimpleNamespace(stream=SimpleNamespace(kind="order", id=id)) for id in news], cursor

        def log(self, orders: Any = None) -> EventLog:
            return first if "a" in orders else later

    totals = Running(done_stages=["y"])
    totals.follow(Source())
    assert totals.log().orders["id"].to_list() == ["a"]
