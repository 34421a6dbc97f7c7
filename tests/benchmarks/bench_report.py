"""How long a report takes: reading, each figure, and the whole command, on a large made-up log and on real data.

    .venv/bin/python tests/benchmarks/bench_report.py [--orders 250000]

The log is shaped like purchase-to-pay: 40 stages, about 6.4 events an order, 400 people, loops; seeded.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from orderflow.adapters.report_text import to_json
from orderflow.adapters.tables import read_log
from orderflow.metrics.report import PARTS, report

T = TypeVar("T")
OLIST = Path(__file__).parents[3] / "shared" / "data" / "olist_sample"


def make(path: Path, orders: int, seed: int = 7) -> int:
    """Write a log to a CSV file, its events mixed over the orders by time; return how many events."""
    chance = random.Random(seed)
    stages = [f"stage {n:02}" for n in range(40)]
    people = [f"person-{n}" for n in range(400)]
    rows = []
    for n in range(orders):
        at, stage = chance.randrange(1_700_000_000, 1_760_000_000), 0
        for _ in range(chance.choices(range(1, 14), [2, 3, 6, 10, 16, 18, 16, 12, 8, 5, 2, 1, 1])[0]):
            rows.append((at, f"PO-{n:07}", stages[stage], chance.choice(people) if chance.random() < 0.9 else ""))
            at += int(chance.expovariate(1 / 90_000))
            stage = max(0, min(39, stage + chance.choices([1, 2, 5, 0, -2], [70, 12, 8, 4, 6])[0]))
    rows.sort()
    with path.open("w", encoding="utf-8") as file:
        file.write("order_id,status,timestamp,user\n")
        for at, order, stage_name, person in rows:
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
            file.write(f"{order},{stage_name},{moment}Z,{person}\n")
    return len(rows)


def timed(title: str, work: Callable[[], T]) -> T:
    start = time.perf_counter()
    found = work()
    print(f"  {title:<28}{time.perf_counter() - start:8.3f} s")
    return found


def command(*arguments: str) -> None:
    code = "from orderflow.cli import main; main(prog_name='orderflow')"
    subprocess.run(
        [sys.executable, "-c", code, "report", *arguments, "--format", "json"], check=True, capture_output=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=250_000)
    orders = parser.parse_args().orders
    if OLIST.is_dir():
        print("olist_sample, the whole command")
        options = ["--cases", str(OLIST / "cases.csv"), "--promised", "promised_at", "--delivered-stage", "delivered"]
        for turn in ("first run", "second run"):
            timed(turn, lambda: command(str(OLIST / "events.csv"), *options))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        events = make(path, orders)
        print(f"{orders:,} orders, {events:,} events, {path.stat().st_size / 1e6:.0f} MB of CSV")
        log = timed("read_log", lambda: read_log(path))
        figures = report(log)
        timed("consecutive events (shared)", lambda: log.steps)
        for part in PARTS:
            timed(part, lambda part=part: getattr(figures, part))  # type: ignore[misc]  # binds the name now
        timed("to_json", lambda: to_json(figures))
        timed("the whole command", lambda: command(str(path)))
        print(f"  peak memory, here {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
