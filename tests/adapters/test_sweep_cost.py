"""A sweep costs what is due, however many orders are open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderflow.adapters.sqlite import SqliteStorage
from orderflow.model.actor import Actor
from orderflow.model.commit import Commit, IndexRow
from orderflow.model.events import Event, NoteAdded, Stream

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
DUE = 50


def filled(path: Path, orders: int) -> SqliteStorage:
    """A storage with open orders of which `DUE` are due, spread over all of them."""
    storage = SqliteStorage(path, synchronous="normal")
    events, rows = [], []
    for number in range(orders):
        stream = Stream.order(f"SO-{number:06}")
        body = NoteAdded(text="x")
        events.append(
            Event(stream=stream, version=1, actor=Actor.system("x"), occurred_at=NOW, recorded_at=NOW, body=body)
        )
        due = number % (orders // DUE) == 0
        at = NOW + timedelta(seconds=-number if due else 60 + number)
        rows.append(IndexRow(stream=stream, version=1, stage="a", category="open", due_at=at, next_at=at, clocks=1))
    expects = {row.stream: 0 for row in rows}
    storage.append(Commit(expects=expects, events=tuple(events), rows=tuple(rows)))
    return storage


def steps(storage: SqliteStorage, limit: int) -> int:
    """How many steps of SQLite's virtual machine a claim takes; everything claimed is free again at once."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    assert storage._connection is not None
    storage._connection.set_progress_handler(step, 1)
    claimed = storage.claim_due(NOW, limit, timedelta())
    storage._connection.set_progress_handler(None, 0)
    assert len(claimed) == min(limit, DUE)
    return count


@pytest.mark.parametrize("limit", [10, 1_000])
def test_a_claim_takes_the_same_steps_among_ten_times_as_many_orders(tmp_path: Path, limit: int) -> None:
    """The same number due: the same work for SQLite, counted in steps of its virtual machine."""
    few, many = filled(tmp_path / "few.db", 500), filled(tmp_path / "many.db", 5_000)
    assert steps(few, limit) == steps(many, limit)
    few.close()
    many.close()


def test_nothing_due_costs_nothing(tmp_path: Path) -> None:
    """A sweep that finds nothing looks at one entry of one index, and writes nothing."""
    storage = filled(tmp_path / "orders.db", 500)
    assert storage._connection is not None
    before = storage._connection.total_changes
    assert storage.claim_due(NOW - timedelta(days=1), 1_000, timedelta(minutes=5)) == ()
    assert storage._connection.total_changes == before
    (plan,) = storage._connection.execute(
        "EXPLAIN QUERY PLAN SELECT kind, id FROM streams WHERE tenant='main' AND claim_at IS NOT NULL AND claim_at<=0 "
        "ORDER BY claim_at LIMIT 1"
    ).fetchall()
    assert "USING COVERING INDEX streams_claim" in plan[3]
    storage.close()
