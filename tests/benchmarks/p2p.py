"""A made-up history shaped like purchase-to-pay: 40 stages, about 6.4 events an order, loops, people; seeded.

    from p2p import made            # made(folder, scale=1) -> the Parquet and the CSV file, written once

The shape is that of the log of BPI Challenge 2019 (251,734 purchase items, 1.6 million events, 42 activities, 12,000
variants, 600 resources), of which nothing is copied: https://doi.org/10.4121/uuid:d06aff4b-79f0-45e6-8ec8-e19730c248f1
"""

from __future__ import annotations

import random
from pathlib import Path

ORDERS = 250_000
STAGES = tuple(f"stage {n:02}" for n in range(40))
PEOPLE = tuple(f"person-{n}" for n in range(600))
ROADS = (  # kinds of purchase: how frequent, and their usual course
    (52, (0, 1, 4, 8, 11, 15)),
    (15, (0, 1, 2, 4, 8, 11, 12, 15)),
    (20, (0, 4, 8, 15)),
    (6, (0, 1, 5, 6, 8, 8, 9, 11, 11, 15)),
    (7, (3, 4, 7, 10, 14, 13)),
)
FIRST, LAST = 1_700_000_000, 1_760_000_000  # seconds since 1970: November 2023 to October 2025
MEAN_WAIT = 90_000


def course(chance: random.Random) -> list[int]:
    """The stages of one order: the usual course of its kind, with a detour, a skip, a repetition or a way back."""
    road = chance.choices(ROADS, [share for share, _road in ROADS])[0][1]
    found: list[int] = []
    for stage in road:
        lot = chance.random()
        if lot < 0.04 and found:  # left out
            continue
        found.append(stage)
        if lot > 0.96:  # something rare comes between
            found.append(16 + min(int(chance.expovariate(0.22)), 23))
        elif lot > 0.925:  # again, at once
            found.append(stage)
        elif lot > 0.90 and len(found) > 2:  # back by one, and forward again
            found += [found[-2], stage]
    return found


def part(first: int, orders: int, seed: int) -> dict[str, list[object]]:
    """The events of some orders, mixed by time as in an export: order_id, status, timestamp (microseconds), user."""
    chance = random.Random(seed)
    rows = []
    for n in range(first, first + orders):
        at, group = chance.randrange(FIRST, LAST), chance.randrange(0, 600, 6)
        for stage in course(chance):
            person = None if chance.random() < 0.1 else PEOPLE[group + chance.randrange(6)]
            rows.append((at, f"PO-{n:08}", STAGES[stage], person))
            at += int(chance.expovariate(1 / MEAN_WAIT))
    rows.sort(key=lambda row: row[0])
    at, order, stage, person = zip(*rows, strict=True)
    return {
        "order_id": list(order),
        "status": list(stage),
        "timestamp": [moment * 1_000_000 for moment in at],
        "user": list(person),
    }


def made(folder: Path, scale: int = 1) -> tuple[Path, Path]:
    """The same history as Parquet and as CSV in this folder, `scale` times 250,000 orders; kept for the next time."""
    import polars as pl

    folder.mkdir(parents=True, exist_ok=True)
    parquet, text = folder / f"p2p-{scale}.parquet", folder / f"p2p-{scale}.csv"
    if not parquet.exists() or (scale == 1 and not text.exists()):
        pieces = []
        for n in range(scale):
            frame = pl.DataFrame(part(n * ORDERS, ORDERS, seed=7 + n))
            at = pl.from_epoch("timestamp", time_unit="us").dt.replace_time_zone("UTC")
            pieces.append(folder / f"piece-{n}.parquet")
            frame.with_columns(at.alias("timestamp")).write_parquet(pieces[-1])
        pl.scan_parquet(pieces).sink_parquet(parquet.with_suffix(".new"))
        if scale == 1:
            moments = pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
            pl.scan_parquet(pieces).with_columns(moments).sink_csv(text)
        parquet.with_suffix(".new").rename(parquet)
        for piece in pieces:
            piece.unlink()
    return parquet, text
