"""How many orders of a foreign history are played through a flow's rules a second.

Run it with `python tests/benchmarks/bench_mark.py`. The history is made up: four stages, of which some orders skip one.
Two promises, one in working hours and one to a due date; the figure is the best of three rounds.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text

ORDERS = 5_000
FLOW = """
flow: marked
calendar: {timezone: Asia/Shanghai, hours: {mon-fri: ["09:00-12:00", "13:30-18:00"]}}
lifecycle:
  initial: placed
  stages: {placed: {}, approved: {}, sent: {}, delivered: {category: done}}
  transitions:
    - {trigger: approve, source: placed, dest: approved}
    - {trigger: send, source: approved, dest: sent}
    - {trigger: deliver, source: sent, dest: delivered}
sla:
  approval: {start: placed, target: 8h, warn: [50%]}
  delivery: {start: placed, stop: delivered, due: order.promised_at}
"""


def history() -> of.EventLog:
    """Orders of two months, three to four events each."""
    chance = random.Random(1)
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    events: dict[str, list[object]] = {"order": [], "stage": [], "at": []}
    orders: dict[str, list[object]] = {"order": [], "promised_at": []}
    for n in range(ORDERS):
        at = begin + timedelta(minutes=chance.randrange(60 * 24 * 60))
        orders["order"].append(f"SO-{n}")
        orders["promised_at"].append(at + timedelta(days=5))
        for stage in ("placed", "approved", "sent", "delivered"):
            if stage != "approved" or chance.random() < 0.9:
                for column, value in zip(events.values(), (f"SO-{n}", stage, at), strict=True):
                    column.append(value)
            at += timedelta(minutes=chance.randrange(3 * 24 * 60))
    return of.EventLog.from_columns(events, orders)


def main() -> None:
    log, flow = history(), read_flow_text(FLOW)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        of.mark(log, flow)
        best = min(best, time.perf_counter() - start)
    print(f"{ORDERS / best:,.0f} orders a second, {len(log) / best:,.0f} events a second")


if __name__ == "__main__":
    main()
