"""A report on Spark has the same numbers as on a laptop. Skipped where Java 17 or pyspark is missing.

With ORDERFLOW_NEED_SPARK, as in `.ci/run`, missing Java is a failure instead.

One local session, on the loopback address only, serves all tests of this file.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.sketches import error
from orderflow.adapters.spark import merged_entries
from orderflow.metrics import figures
from orderflow.metrics.packing import pack, unpack
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

pl = pytest.importorskip("polars")
CALENDAR = WorkCalendar.from_dict({"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-18:00"]}})


def java() -> int:
    """The version of Java that Spark would start, 0 for none."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if program is None:
        return 0
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    number = told.partition('"')[2].partition('"')[0].partition(".")[0]
    return int(number) if number.isdigit() else 0


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A local session with two threads; its workers are this Python."""
    if java() < 17:
        missing = "Spark 4 needs Java 17 or newer (java -version; JAVA_HOME)"
        pytest.fail(missing) if os.environ.get("ORDERFLOW_NEED_SPARK") else pytest.skip(missing)
    pytest.importorskip("pyspark", reason="needs the extra `spark`")
    from pyspark.sql import SparkSession

    before = dict(os.environ)
    os.environ |= {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "America/New_York",  # must not matter
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of the pipe to the Java process, which Spark keeps open
        builder = SparkSession.builder.master("local[2]").appName("orderflow tests")
        session = builder.config(map=options).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
    os.environ.clear()
    os.environ.update(before)


def history(orders: int, seed: int) -> Any:
    """Events with ties in time, missing actors, local times without offset, a promise and a region."""
    chance = random.Random(seed)
    rows = []
    for n in range(orders):
        at = chance.randrange(0, 500) * 3_600
        for _ in range(chance.randrange(1, 9)):
            rows.append(
                (
                    f"订单-{n}",
                    chance.choice(["placed", "审核", "sent", "done"]),
                    at,
                    chance.choice(["li", "wang", None]),
                )
            )
            at += chance.choice([0, 0, 60, 86_400, 7 * 86_400])
    chance.shuffle(rows)
    order, stage, seconds, actor = zip(*rows, strict=True)
    at = pl.from_epoch(pl.Series(seconds) + 1_700_000_000, time_unit="s").dt.cast_time_unit("us")
    frame = pl.DataFrame({"order": order, "stage": stage, "at": at, "actor": actor})
    promise = pl.col("at").min().over("order").dt.offset_by("5d").alias("promised_at")
    return frame.with_columns(promise, pl.col("order").str.slice(-1).alias("case:region"))


def written(frame: Any, folder: Path) -> Path:
    """The rows in three Parquet files, of which the last is the largest."""
    cuts = [0, frame.height // 5, frame.height // 2, frame.height]
    for n, (first, end) in enumerate(pairwise(cuts)):
        frame.slice(first, end - first).write_parquet(folder / f"part {n}.parquet")
    return folder


def test_a_folder_of_parquet_gives_the_same_report(spark: Any, tmp_path: Path) -> None:
    """Every figure, and what was assumed: ties over files, local times, promises, attributes, open time."""
    folder = written(history(400, seed=1), tmp_path)
    options: dict[str, Any] = {"tz": "Asia/Shanghai", "delivered_stage": "done"}
    found = of.report(folder, engine=spark, **options)
    expected = of.report(folder, **options)
    assert found.to_dict() == expected.to_dict()
    assert {item.code for item in found.assumptions} == {item.code for item in expected.assumptions}
    in_hours = of.report(folder, engine=spark, partitions=3, calendar=CALENDAR, **options)
    assert in_hours.to_dict() == of.report(folder, calendar=CALENDAR, **options).to_dict()


def test_many_partitions_are_merged_in_rounds(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Summaries that are merged on the workers first, two at a time, give the same report."""
    monkeypatch.setattr("orderflow.adapters.spark.TOGETHER", 2)
    folder = written(history(60, seed=5), tmp_path)
    assert of.report(folder, engine=spark, partitions=3).to_dict() == of.report(folder).to_dict()


def test_problems_of_partitions_travel_as_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong rows and too many durations come through the rounds as problems, not as tracebacks of workers."""
    pa = pytest.importorskip("pyarrow", reason="needs the extra `spark`")
    monkeypatch.setattr(figures, "EXACT", 3)
    log = of.read_log(history(20, seed=6))
    summary = pack(figures.Figure.of("lead_time").summarise(log))
    rows = {"part": ["lead_time", "lead_time"], "packed": [summary, summary]}
    found = dict(merged_entries(pa.table(rows), b""))
    assert [item.code for item in unpack(found["wrong"])] == ["log.too_many_durations"]
    again = {"part": ["wrong", "lead_time"], "packed": [found["wrong"], summary]}
    assert unpack(dict(merged_entries(pa.table(again), b""))["wrong"]) == unpack(found["wrong"])


def test_a_dataframe_gives_the_same_report(spark: Any, tmp_path: Path) -> None:
    """A DataFrame with columns of other names, of which some are not needed."""
    frame = history(100, seed=2).rename({"order": "SO", "stage": "step", "at": "when"})
    frame.write_parquet(tmp_path / "log.parquet")
    table = spark.read.parquet(str(tmp_path / "log.parquet"))
    options: dict[str, Any] = {"order_id": "SO", "stage": "step", "at": "when", "tz": "UTC"}
    assert of.report(table, engine=spark, **options).to_dict() == of.report(frame, **options).to_dict()


def test_sketches_are_asked_for_by_name_and_say_their_error(spark: Any, tmp_path: Path) -> None:
    """Counts, sums and ends stay exact, quantiles are near; the report says which sketch and how near."""
    folder = written(history(300, seed=3), tmp_path)
    found, exact = of.report(folder, engine=spark, quantiles="sketch"), of.report(folder)
    for name in ("n", "mean", "sum", "min", "max"):
        assert getattr(found.lead_time, name) == getattr(exact.lead_time, name)
    assert found.handover.to_dicts() == exact.handover.to_dicts()
    assert [item.params["sketch"] for item in found.assumptions if item.code == "log.quantiles_sketched"] == ["KLL"]
    assert error() < 0.001


def test_wrong_rows_are_told_as_on_a_laptop(spark: Any, tmp_path: Path) -> None:
    """A LogError with the problem and the row in its file, not the traceback of a worker."""
    frame = history(50, seed=4).with_columns(stage=pl.when(pl.int_range(pl.len()) != 7).then("stage"))
    frame.write_parquet(tmp_path / "log.parquet")
    with pytest.raises(LogError) as caught:
        of.report(tmp_path / "log.parquet", engine=spark)
    assert [(item.code, item.params["lines"]) for item in caught.value.problems] == [("log.missing_in_rows", [8])]


def test_a_log_of_a_tracker_is_read_as_it_was_written(spark: Any, tmp_path: Path) -> None:
    """Names with dots and backticks, the zone, and where orders end: the file says them, and the report tells so."""
    log = of.EventLog.from_columns(
        {"order": ["A", "A", "B"], "stage": ["placed", "sent", "placed"], "at": [0, 3_600_000_000, 0]},
        {"order": ["A", "B"], "customer.level": ["gold", None], "a`b": ["x", "y"]},
        tz="Asia/Shanghai",
        done_stages="sent",
    )
    of.write_log(log, tmp_path / "own.parquet")
    asked = {"further": ["work_in_progress"], "by": "customer.level"}
    found = of.report(str(tmp_path / "own.parquet"), engine=spark, **asked)
    whole = of.report(log)
    assert found.to_dict() == whole.to_dict()
    assert found.work_in_progress == whole.work_in_progress
    assert found.lead_time_by("customer.level").to_dicts() == whole.lead_time_by("customer.level").to_dicts()
    assert "log.about_used" in [item.code for item in found.assumptions]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"partitions": 0}, "log.bad_partitions"),
        ({"partitions": True}, "log.bad_partitions"),
        ({"partitions": "4"}, "log.bad_partitions"),
        ({"by": "regoin"}, "log.unknown_attribute"),
        ({"attributes": ["regoin"]}, "log.attribute_not_found"),
        ({"promised": "promissed"}, "log.promise_needs_cases"),
        ({"delivered_stage": "sent"}, "log.no_promises"),
        ({"people": "teams"}, "log.no_teams"),
        ({"further": ["workloads"]}, "log.unknown_figure"),
        ({"engine": "spark"}, "log.no_engine"),
        ({"calendar": CALENDAR, "at": "long_ago"}, "calendar.too_far"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_as_on_a_laptop(spark: Any, options: dict[str, Any], code: str) -> None:
    """Before anything is read where that can be; never with a plan or a trace of the engine."""
    rows = [("A", "placed", "2026-03-02T09:00:00Z", "0999-01-01T00:00:00Z")]
    table = spark.createDataFrame(rows, "order string, stage string, at string, long_ago string")
    with pytest.raises(LogError) as caught:
        of.report(table, **{"engine": spark, **options})
    assert [item.code for item in caught.value.problems] == [code]


def test_what_the_engine_refuses_is_told_in_a_line(spark: Any, tmp_path: Path) -> None:
    """A path that is not there."""
    with pytest.raises(LogError) as caught:
        of.report(str(tmp_path / "none"), engine=spark)
    (problem,) = caught.value.problems
    assert problem.code == "log.engine_failed"
    assert "none" in problem.text()
    assert len(problem.text().splitlines()) == 1


def test_a_table_of_orders_is_joined_in_spark(spark: Any, tmp_path: Path) -> None:
    """`cases` is refused on an engine, with what to do instead; so is a source that Spark does not know."""
    for source, options, code in (("x", {"cases": "y.csv"}, "log.no_cases_on_engine"), ([1], {}, "log.not_on_engine")):
        with pytest.raises(LogError) as caught:
            of.report(source, engine=spark, **options)
        assert caught.value.problems[0].code == code


def test_columns_of_folders_and_rows_of_orders_are_read_as_on_a_laptop(spark: Any, tmp_path: Path) -> None:
    """Folders `column=value` give columns; a table with one row per order is read with `stages=`."""
    for n, region in enumerate(("north", "south")):
        part = tmp_path / "long" / f"region={region}"
        part.mkdir(parents=True)
        rows = {"order": [f"{n}", f"{n}"], "stage": ["x", "y"], "at": ["2026-01-05", f"2026-01-0{6 + n}"]}
        pl.DataFrame(rows).write_parquet(part / "part.parquet")
    reading: Any = {"attributes": ["region"], "by": "region"}
    here, there = (
        of.report(tmp_path / "long", shards=1, **reading),
        of.report(tmp_path / "long", engine=spark, **reading),
    )
    assert there.to_dict() == here.to_dict()
    assert there.lead_time_by("region").to_dicts() == here.lead_time_by("region").to_dicts()
    wide = {"id": ["A", "B"], "x_at": ["2026-01-05"] * 2, "y_at": ["2026-01-06", None], "n": [1, 2]}
    pl.DataFrame(wide).write_parquet(tmp_path / "wide.parquet")
    reading = {"order_id": "id", "stages": ["x_at", "y_at"]}
    here = of.report(of.read_log(tmp_path / "wide.parquet", **reading))
    assert of.report(tmp_path / "wide.parquet", engine=spark, partitions=2, **reading).to_dict() == here.to_dict()
