"""What one `fire` costs: in memory and in SQLite, beside plain `transitions` and a bare script that writes the rows.

    python tests/benchmarks/bench_tracking.py [--orders 500] [--rounds 5]

Every round runs all subjects one after the other (A B C … A B C …) and the ratio is taken round by round; the table
shows medians. One `fire` moves an order between two stages, checks a guard, starts or ends an SLA clock, and answers
with a Receipt. The bare script writes exactly the bytes that the library wrote, with the same pragmas, into the same
tables.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from transitions import Machine

import orderflow as of

SHOP = of.Actor.system("shop")
CALENDAR = of.WorkCalendar.from_dict(
    {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}}
)


def make_flow(slas: int = 1) -> of.Flow:
    """Two stages, to and fro, with a guard and some SLAs."""
    return of.Flow(
        name="bench",
        currency="CNY",
        calendar=CALENDAR,
        lifecycle=of.Lifecycle(
            initial="placed",
            stages=["placed", "review"],
            transitions=[
                of.Transition(trigger="submit", source="placed", dest="review", guard="order.total < 50000"),
                of.Transition(trigger="reject", source="review", dest="placed"),
            ],
        ),
        sla={
            f"s{n}": of.SLA(start="stage == 'review'", target=timedelta(hours=8 + n), warn=["50%"]) for n in range(slas)
        },
    )


class Ticking:
    """A clock that moves a millisecond at each reading."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def library(storage: str, orders: int, slas: int = 1) -> Callable[[], int]:
    """Fires every order to and fro through a Tracker; says how many fires."""
    tracker = of.Tracker(make_flow(slas), storage=storage, clock=Ticking())
    ids = [f"SO-{number}" for number in range(orders)]
    for id in ids:
        tracker.place(of.Order(id, total=of.Money(100, "CNY")), by=SHOP)

    def run() -> int:
        for trigger in ("submit", "reject"):
            for id in ids:
                tracker.fire(id, trigger, by=SHOP)
        return 2 * len(ids)

    return run


class Model:
    """An order for `transitions`."""

    def __init__(self) -> None:
        self.total = 100

    def small(self) -> bool:
        return self.total < 50_000


def plain_transitions(orders: int) -> Callable[[], int]:
    """The same moves by a Machine with one model per order: no history, no clock, no storage."""
    models = [Model() for _ in range(orders)]
    machine = Machine(models, states=["placed", "review"], initial="placed", auto_transitions=False)
    machine.add_transition("submit", "placed", "review", conditions="small")
    machine.add_transition("reject", "review", "placed")

    def run() -> int:
        for trigger in ("submit", "reject"):
            for model in models:
                model.trigger(trigger)  # type: ignore[attr-defined]  # the Machine gives it to the model
        return 2 * len(models)

    return run


def bare_sqlite(folder: Path, orders: int, synchronous: str) -> Callable[[], int]:
    """Writes what the library writes - the bytes are copied from a file of its making - with sqlite3 alone."""
    source = folder / f"source-{synchronous}.db"
    fires = library(f"sqlite:///{source}?synchronous=normal", orders)
    fires()
    read = sqlite3.connect(source)
    schema = [
        sql
        for (sql,) in read.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    ]
    events = read.execute(
        "SELECT tenant, stream, version, envelope, body, hash FROM events WHERE stream LIKE 'order:%' ORDER BY position"
    ).fetchall()
    columns = [row[1] for row in read.execute("PRAGMA table_info(streams)")]
    rows = {row[2]: row for row in read.execute(f"SELECT {', '.join(columns)} FROM streams")}
    read.close()
    target = sqlite3.connect(folder / f"bare-{synchronous}.db", isolation_level=None)
    target.execute("PRAGMA journal_mode = WAL")
    target.execute(f"PRAGMA synchronous = {synchronous}")
    for statement in schema:
        target.execute(statement)
    commits: dict[tuple[str, int], list[tuple[object, ...]]] = {}
    for event in events:  # a fire writes a stage entry and a mark: versions 3-4, 5-6 …
        if event[2] > 2:
            commits.setdefault((event[1], (event[2] - 3) // 2), []).append(event)
    ordered = [commits[key] for key in sorted(commits, key=lambda key: (key[1], key[0]))]
    changed = [name for name in columns if name not in ("tenant", "kind", "id")]
    update = f"UPDATE streams SET {', '.join(f'{name}=?' for name in changed)} WHERE tenant=? AND kind=? AND id=?"
    places = {name: number for number, name in enumerate(columns)}
    for row in rows.values():
        target.execute(f"INSERT INTO streams VALUES ({','.join('?' * len(columns))})", row)
    turn = iter(range(1_000_000))

    def run() -> int:
        lift = 1_000 * next(turn)  # the same rows again, as later versions
        for commit in ordered:
            row = rows[str(commit[0][1]).partition(":")[2]]
            target.execute("BEGIN IMMEDIATE")
            target.execute(update, (*(row[places[name]] for name in changed), row[0], row[1], row[2]))
            target.executemany(
                "INSERT INTO events (tenant, stream, version, envelope, body, hash) VALUES (?,?,?,?,?,?)",
                [(*event[:2], event[2] + lift, *event[3:]) for event in commit],  # type: ignore[operator]  # a number
            )
            target.execute("COMMIT")
        return len(ordered)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, orders = Path(name), given.orders
        subjects = {
            "plain transitions, no history": plain_transitions(orders),
            "orderflow, memory:": library("memory:", orders),
            "orderflow, memory:, six SLAs": library("memory:", orders, slas=6),
            "bare sqlite3, synchronous=normal": bare_sqlite(folder, orders, "normal"),
            "orderflow, sqlite, synchronous=normal": library(f"sqlite:///{folder}/n.db?synchronous=normal", orders),
            "bare sqlite3, synchronous=full": bare_sqlite(folder, orders, "full"),
            "orderflow, sqlite, synchronous=full": library(f"sqlite:///{folder}/f.db", orders),
        }
        times: dict[str, list[float]] = {subject: [] for subject in subjects}
        for _ in range(given.rounds):
            for subject, run in subjects.items():
                began = time.perf_counter()
                count = run()
                times[subject].append((time.perf_counter() - began) / count * 1e6)
    for subject, found in times.items():
        print(f"{subject:42} {statistics.median(found):8.1f} us a fire   (min {min(found):.1f}, max {max(found):.1f})")
    for one, other in (
        ("orderflow, memory:", "plain transitions, no history"),
        ("orderflow, memory:, six SLAs", "orderflow, memory:"),
        ("orderflow, sqlite, synchronous=normal", "bare sqlite3, synchronous=normal"),
        ("orderflow, sqlite, synchronous=full", "bare sqlite3, synchronous=full"),
    ):
        ratios = [a / b for a, b in zip(times[one], times[other], strict=True)]
        print(f"{one} / {other}: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
