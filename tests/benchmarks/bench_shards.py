"""Files larger than memory: time and peak memory of a report in shards, by one scan a shard or by one pass to disk.

    .venv/bin/python tests/benchmarks/bench_shards.py [--scale 1] [--shards 16] [--spark]

`--scale 10` is 2.5 million orders with 16.5 million events (40 stages, seeded, see p2p.py), which takes a minute to
make. Each subject runs in a process of its own, so that its peak is its own. `--spark` adds a local session.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from p2p import made

DEALT = 'pl.col("order_id").hash(seed=5) % n'
SUBJECTS = {
    "whole": "of.report(path).to_dict()",
    "shards": "of.report(path, shards=n).to_dict()",
    "shards, sketches": 'of.report(path, shards=n, quantiles="sketch").to_dict()',
    "shards, from CSV": "of.report(path.with_suffix('.csv'), shards=n).to_dict()",
    "dealing: a scan each": f"""
for k in range(n):
    pl.scan_parquet(path).filter({DEALT} == k).collect(engine="streaming")
""",
    "dealing: a pass to disk": f"""
with tempfile.TemporaryDirectory() as folder:
    dealt = pl.scan_parquet(path).with_columns(k={DEALT})
    dealt.sink_parquet(pl.PartitionBy(folder, key="k", include_key=False), compression="lz4", mkdir=True)
    for part in sorted(Path(folder).iterdir()):
        pl.read_parquet(part / "*.parquet")
""",
}
SPARK = """
import os
os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
from pyspark.sql import SparkSession
options = {"spark.driver.memory": "4g", "spark.driver.maxResultSize": "4g", "spark.driver.host": "127.0.0.1"}
spark = SparkSession.builder.master("local[2]").config(map=options | {"spark.ui.enabled": "false"}).getOrCreate()
of.report(path, engine=spark, partitions=n)  # the first wakes the workers
start = time.perf_counter()
of.report(path, engine=spark, partitions=n).to_dict()
"""
PROGRAM = """
import sys, tempfile, time
from pathlib import Path
import polars as pl
import orderflow as of
path, n = Path(sys.argv[1]), int(sys.argv[2])
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]  # ru_maxrss would be the parent's too
print(f"{{seconds:.2f}} {{int(peak) // 1024}}")
"""


def run(code: str, path: Path, shards: int) -> tuple[float, int]:
    """Seconds and peak memory (MB) of some code in a process of its own, the imports left out of the time."""
    program = [sys.executable, "-c", PROGRAM.format(code=code), str(path), str(shards)]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), int(peak)


def running(path: Path) -> None:
    """What a batch costs when many orders are known: the last 1,000 events of a year, after all the others."""
    import polars as pl

    import orderflow as of
    from orderflow.metrics import Running
    from orderflow.metrics.report import report

    frame = pl.read_parquet(path).sort("timestamp", maintain_order=True)
    last = frame.tail(1_000)
    totals = Running(closed_stages=["stage 15"])

    def timed(title: str, work: Any) -> Any:
        start = time.perf_counter()
        found = work()
        print(f"  {title:<44}{time.perf_counter() - start:8.3f} s")
        return found

    timed(
        f"Running: {frame.height - 1_000:,} events", lambda: totals.add(of.read_log(frame.head(frame.height - 1_000)))
    )
    timed("Running: the first report", lambda: totals.report().to_dict())
    timed("Running: 1,000 events more", lambda: totals.add(of.read_log(last)))
    found = timed("Running: the report again", lambda: totals.report().to_dict())
    whole = of.read_log(frame)
    expected = timed("the report on the whole log", lambda: report(whole).to_dict())
    print("  equal" if found == expected else "  NOT EQUAL")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=1, help="times 250,000 orders")
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--data", type=Path, help="folder where made-up histories are kept")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path, text = made(chosen.data or Path(temporary), chosen.scale)
        subjects = dict(SUBJECTS)
        if not text.exists():
            del subjects["shards, from CSV"]
        if chosen.spark:
            subjects["Spark, local[2]"] = SPARK
        print(
            f"{chosen.scale * 250_000:,} orders, {path.stat().st_size / 1e6:.0f} MB of Parquet, {chosen.shards} shards"
        )
        for title, code in subjects.items():
            seconds, peak = run(code, path, chosen.shards)
            print(f"  {title:<44}{seconds:8.2f} s{peak:8,} MB")
        if chosen.scale == 1:
            running(path)


if __name__ == "__main__":
    main()
