"""The seven classics (lead time, stage time, flow map, variants, rework, handover, throughput by week) on a large log.

    .venv-bench/bin/python tests/benchmarks/bench_metrics.py [--rounds 5] [--scale 10] [--cache FOLDER]

Each subject runs in a process of its own, in turn (A B A B …), so that its peak memory can be read; ratios are taken
round by round, to polars by hand. Peers that are not installed are left out. `--scale 10` asks the engines only.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import p2p
import seven

SAVE = "save"
ENGINES = ("polars", "orderflow", "orderflow-saved", "orderflow-open", "duckdb")
PEERS = ("pandas", "pm4py")
TITLES = {
    "polars": "polars by hand",
    "orderflow": "orderflow, from Parquet",
    "orderflow-saved": "orderflow, saved log",
    "orderflow-open": "orderflow, saved, open time",
    "duckdb": "DuckDB",
    "pandas": "pandas",
    "pm4py": "pm4py (five of the seven)",
}


def log_of(parquet: Path) -> object:
    import orderflow

    return orderflow.read_log(parquet)


def classics(log: object, *, open_time: bool = False) -> dict[str, float]:
    from orderflow import metrics
    from orderflow.model.calendar import WorkCalendar

    asked: dict[str, object] = {}
    if open_time:
        hours = {"mon-fri": ["09:00-12:00", "13:30-18:00"], "sat": ["09:00-12:00"]}
        asked["calendar"] = WorkCalendar.from_dict({"timezone": "Asia/Shanghai", "hours": hours})
    lead = metrics.lead_time(log, **asked).to_polars()  # type: ignore[arg-type]  # a benchmark
    stage_time = metrics.stage_time(log, **asked).to_polars()  # type: ignore[arg-type]
    flow = metrics.flow_map(log, **asked).to_polars()  # type: ignore[arg-type]
    ways = metrics.variants(log, **asked, top=None).to_polars()  # type: ignore[arg-type]
    again = metrics.rework(log, **asked).to_dicts()[0]  # type: ignore[arg-type]
    passed = metrics.handover(log, **asked).to_polars()  # type: ignore[arg-type]
    weeks = metrics.throughput(log, **asked, period="week").to_polars()  # type: ignore[arg-type]
    return seven.told(
        lead_n=lead["n"][0],
        lead_median=lead["median"][0],
        busiest_stage_median=stage_time["median"][0],
        pairs=flow.height,
        steps=flow["count"].sum(),
        variants=ways.height,
        reworked=again["orders"],
        repeats=again["events"],
        handovers=passed["count"].sum(),
        givers_takers=passed.height,
        weeks=(weeks["started"] > 0).sum() + (weeks["finished"] > 0).sum(),
    )


def subject(name: str, parquet: Path) -> Callable[[], dict[str, float]]:
    if name == "orderflow":
        return lambda: classics(log_of(parquet))
    if name.startswith("orderflow-"):
        from orderflow.metrics import EventLog

        folder = parquet.with_suffix(".log")
        return lambda: classics(EventLog.load(folder), open_time=name == "orderflow-open")
    return lambda: getattr(seven, name)(parquet)  # type: ignore[no-any-return]


def run(name: str, parquet: Path) -> None:
    """In a process of its own: the seconds that it took, the peak of memory in MB, and what was found."""
    for module in ("polars", "orderflow.adapters.tables") if name.startswith("orderflow") else (name,):
        importlib.import_module(module)
    work = subject(name, parquet)
    start, busy = time.perf_counter(), time.process_time()
    found = work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "found": found}))


def asked(name: str, parquet: Path) -> dict[str, object] | None:
    command = [sys.executable, __file__, "--run", name, "--parquet", str(parquet)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1]
        if "ModuleNotFoundError" in last:
            return None
        raise SystemExit(f"{name}: {done.stderr}")
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def compare(names: tuple[str, ...], parquet: Path, rounds: int) -> None:
    runs: dict[str, list[dict[str, object]]] = {}
    for _ in range(rounds):
        for name in names:
            if (found := asked(name, parquet)) is not None:
                runs.setdefault(name, []).append(found)
    wanted = runs["polars"][0]["found"]
    for name, found in runs.items():
        if name != "orderflow-open":
            for key, value in found[0]["found"].items():  # type: ignore[attr-defined]
                assert abs(value - wanted[key]) <= 1e-6 * abs(value), (name, key, value, wanted[key])  # type: ignore[index]
    print(f"  {'subject':<30}{'median s':>10}{'fastest':>9}{'ratio':>8}{'CPU s':>8}{'ratio':>8}{'MB':>7}{'ratio':>8}")
    for name, found in runs.items():
        seconds, cpu, peak = (ratios(found, runs["polars"], key) for key in ("seconds", "cpu", "peak"))
        fastest = min(run["seconds"] for run in found)  # type: ignore[type-var]
        wall = f"{seconds[0]:10.2f}{fastest:9.2f}{seconds[1]:8.2f}"
        print(f"  {TITLES[name]:<30}{wall}{cpu[0]:8.2f}{cpu[1]:8.2f}{peak[0]:7.0f}{peak[1]:8.2f}")
    if "pm4py" in runs and "orderflow" in runs:
        times = [ratios(runs["pm4py"], runs["orderflow"], key)[1] for key in ("seconds", "cpu")]
        print(f"  pm4py takes {times[0]:.0f} times as long as orderflow from Parquet, and {times[1]:.0f} times the CPU")


def ratios(mine: list[dict[str, object]], theirs: list[dict[str, object]], key: str) -> tuple[float, float]:
    """The median of a figure, and that of its ratio to another subject, round by round."""
    pairs = [(float(a[key]), float(b[key])) for a, b in zip(mine, theirs, strict=True)]  # type: ignore[arg-type]
    return statistics.median(a for a, _b in pairs), statistics.median(a / b for a, b in pairs)


def commands(text: Path, rounds: int) -> None:
    """`orderflow report` on the CSV file, the start of Python included, beside polars that reads it and the kernel."""
    code = "from orderflow.cli import main; main(prog_name='orderflow')"
    ratios, seconds, theirs = [], [], []
    for _ in range(rounds):
        found = asked("polars", text)
        assert found is not None
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, "report", str(text)], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
        theirs.append(found["seconds"])
        ratios.append(seconds[-1] / theirs[-1])  # type: ignore[operator]
    print(f"  polars reading the CSV, and the kernel: {statistics.median(theirs):.2f} s")  # type: ignore[type-var]
    whole, ratio = statistics.median(seconds), statistics.median(ratios)
    print(f"  orderflow report, everything included: {whole:.2f} s, {ratio:.2f} times")


def save(parquet: Path) -> None:
    folder = parquet.with_suffix(".log")
    log = log_of(parquet)
    start = time.perf_counter()
    log.save(folder)  # type: ignore[attr-defined]
    seconds = time.perf_counter() - start
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    print(f"  saved in {seconds:.1f} s, {size:.0f} MB; the Parquet file has {parquet.stat().st_size / 1e6:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "orderflow-bench")
    parser.add_argument("--only", nargs="*", help="these subjects")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--parquet", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        save(options.parquet) if options.run == SAVE else run(options.run, options.parquet)
        return
    parquet, text = p2p.made(options.cache, options.scale)
    print(f"{options.scale * p2p.ORDERS:,} orders, {parquet.stat().st_size / 1e6:.0f} MB of Parquet", flush=True)
    subprocess.run([sys.executable, __file__, "--run", SAVE, "--parquet", str(parquet)], check=True)
    names = tuple(options.only or (ENGINES if options.scale > 1 else (*ENGINES, *PEERS)))
    compare(names, parquet, options.rounds)
    if options.scale == 1 and not options.only:
        commands(text, options.rounds)


if __name__ == "__main__":
    main()
