"""What a sweep costs when few of many open orders are due: with 1,000 due among 100,000 and among 1,000,000.

    python tests/benchmarks/bench_sweep.py [--orders 100000 1000000] [--due 1000]

The orders are written through the storage port: one commit each, with a note instead of a whole order's history, and
an index row as the Tracker would compute it. Then the claim is timed, several times, with leases that end at once. The
steps of SQLite's virtual machine are counted beside, for they do not depend on the computer.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orderflow.adapters.sqlite import SqliteStorage
from orderflow.model.actor import Actor
from orderflow.model.commit import Commit, IndexRow
from orderflow.model.events import Event, NoteAdded, Stream

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def seed(storage: SqliteStorage, orders: int, due: int) -> None:
    """Open orders, of which `due` are due now and the others within the year."""
    every = max(orders // due, 1)
    for number in range(orders):
        stream = Stream.order(f"SO-{number:08}")
        event = Event(
            stream=stream,
            version=1,
            actor=Actor.system("seed"),
            occurred_at=NOW,
            recorded_at=NOW,
            body=NoteAdded(text="seed"),
        )
        is_due = number % every == 0 and number // every < due
        at = NOW - timedelta(seconds=number) if is_due else NOW + timedelta(seconds=60 + number % 30_000_000)
        row = IndexRow(
            stream=stream,
            version=1,
            flow="sales",
            stage=f"s{number % 6}",
            category="open",
            owner=f"p{number % 40}",
            customer=f"c{number % 5_000}",
            placed_at=NOW,
            entered_at=NOW,
            due_at=at,
            next_at=at,
            clocks=1,
        )
        storage.append(Commit(expects={stream: 0}, events=(event,), rows=(row,)))


def claim_steps(storage: SqliteStorage, limit: int) -> int:
    """How many steps of SQLite's virtual machine one claim takes."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    assert storage._connection is not None
    storage._connection.set_progress_handler(count, 1)
    storage.claim_due(NOW, limit, timedelta())
    storage._connection.set_progress_handler(None, 0)
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--due", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storages = {}
        for orders in given.orders:
            began = time.perf_counter()
            storages[orders] = SqliteStorage(Path(folder) / f"{orders}.db", synchronous="normal")
            seed(storages[orders], orders, given.due)
            print(f"{orders:>9,} open orders written in {time.perf_counter() - began:.1f} s")
        times: dict[int, list[float]] = {orders: [] for orders in storages}
        for _ in range(15):
            for orders, storage in storages.items():
                began = time.perf_counter()
                claimed = storage.claim_due(NOW, given.due, timedelta())
                times[orders].append(time.perf_counter() - began)
                assert len(claimed) == given.due
        for orders, storage in storages.items():
            median = statistics.median(times[orders]) * 1e3
            steps = claim_steps(storage, given.due)
            print(f"{orders:>9,}: claiming {given.due:,} due takes {median:.2f} ms, {steps:,} steps")
            storage.close()


if __name__ == "__main__":
    main()
