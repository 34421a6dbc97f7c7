"""How fast the business calendar answers: ratios of alternating runs (A B A B) in one process.

    python tests/benchmarks/bench_calendar.py [--pairs 2000] [--rounds 7] [--rows 1000000]

- `elapsed` against the least that any answer needs: both instants brought to UTC, both found by bisection in the
  same table. Target: at most 1.3 times that.
- `elapsed` against `businesstimedelta` (when installed). Target: at least 100 times as fast.
- `positions`, vectorised. Target: at least 3 million a second.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from orderflow.model.calendar import WorkCalendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SPEC = {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}}
Pairs = list[tuple[datetime, datetime]]


def alternate(rounds: int, first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float, float]:
    """Median seconds of both, and the median of the ratios of neighbouring runs."""
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        begin = time.perf_counter()
        first()
        middle = time.perf_counter()
        second()
        times.append((middle - begin, time.perf_counter() - middle))
    ratios = [a / b for a, b in times]
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times), statistics.median(ratios)


def ours(calendar: WorkCalendar, pairs: Pairs) -> Callable[[], object]:
    return lambda: [calendar.elapsed(a, b) for a, b in pairs]


def bare(calendar: WorkCalendar, pairs: Pairs) -> Callable[[], object]:
    """The zone conversion and the bisection, and nothing else: no check, no answer."""
    edges = calendar.table(0, 2 * 10**15).edges

    def run() -> object:
        found = None
        for a, b in pairs:
            found = (
                bisect_right(edges, (a - EPOCH) // MICROSECOND),
                bisect_right(edges, (b - EPOCH) // MICROSECOND),
            )
        return found

    return run


def plain(calendar: WorkCalendar, pairs: Pairs) -> Callable[[], object]:
    """The same with the conversion that people write, `astimezone(UTC)`, bisecting a list of datetimes."""
    edges = [EPOCH + timedelta(microseconds=us) for us in calendar.table(0, 2 * 10**15).edges]

    def run() -> object:
        found = None
        for a, b in pairs:
            found = bisect_right(edges, a.astimezone(UTC)), bisect_right(edges, b.astimezone(UTC))
        return found

    return run


def peer(pairs: Pairs) -> Callable[[], object] | None:
    try:
        import businesstimedelta
        import pytz
    except ImportError:
        return None
    zone = pytz.timezone("Asia/Shanghai")
    parts = [((9, 0), (12, 0)), ((13, 30), (18, 0))]
    rules = businesstimedelta.Rules(
        [businesstimedelta.WorkDayRule(clock(*a), clock(*b), [0, 1, 2, 3, 4], tz=zone) for a, b in parts]
    )
    return lambda: [rules.difference(a, b) for a, b in pairs]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pairs", type=int, default=2000, help="pairs of instants in a run")
    arguments.add_argument("--rounds", type=int, default=7, help="alternating runs")
    arguments.add_argument("--rows", type=int, default=1_000_000, help="rows of the vectorised run")
    options = arguments.parse_args()

    calendar, rng, zone = WorkCalendar.from_dict(SPEC), random.Random(1), ZoneInfo("Asia/Shanghai")
    pairs: Pairs = []
    for _ in range(options.pairs):
        start = datetime(2024, 1, 1, tzinfo=zone) + timedelta(seconds=rng.randrange(2 * 365 * 86400))
        pairs.append((start, start + timedelta(seconds=rng.randrange(14 * 86400))))
    first = time.perf_counter()
    calendar.elapsed(*pairs[0])
    print(f"first question (builds the table): {(time.perf_counter() - first) * 1e3:.1f} ms")

    run = ours(calendar, pairs)
    for name, other in (("bare convert-and-bisect (integers)", bare), ("astimezone and bisect (datetimes)", plain)):
        us, them, ratio = alternate(options.rounds * 5, run, other(calendar, pairs))
        print(f"elapsed {us / len(pairs) * 1e9:.0f} ns; {name} {them / len(pairs) * 1e9:.0f} ns; ratio {ratio:.2f}")
    few = pairs[: max(1, len(pairs) // 20)]
    if slow := peer(few):
        them, us, ratio = alternate(options.rounds, slow, ours(calendar, few))
        print(
            f"businesstimedelta {them / len(few) * 1e6:.0f} us; elapsed {us / len(few) * 1e9:.0f} ns; {ratio:.0f} times"
        )
    else:
        print("businesstimedelta is not installed (bench extra)")
    vectorised(calendar, options.rows, options.rounds)


def vectorised(calendar: WorkCalendar, rows: int, rounds: int) -> None:
    import polars as pl

    from orderflow.metrics.business import positions

    rng = random.Random(2)
    at = pl.Series("at", [rng.randrange(1_700_000_000_000_000, 1_800_000_000_000_000) for _ in range(rows)])
    for name, series in (("in any order", at), ("sorted", at.sort())):
        seconds, _, _ = alternate(rounds, lambda series=series: positions(series, calendar), lambda: None)  # type: ignore[misc]
        print(f"positions, {rows} rows {name}: {rows / seconds / 1e6:.1f} million/s")


if __name__ == "__main__":
    main()
