"""What the starts of work promise: read from a column or from the life cycle, written, and used by flow efficiency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of
from orderflow.model.errors import LogError

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEAD = "case:concept:name,concept:name,time:timestamp,lifecycle:transition"


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def started(log: of.EventLog) -> list[tuple[str, float | None]]:
    """The stage of each event and the hours after START at which its work began."""
    rows = log.to_polars().select("stage", "started_at").rows()
    return [(stage, None if when is None else (when - START) / timedelta(hours=1)) for stage, when in rows]


def read(folder: Path, text: str, **options: Any) -> of.EventLog:
    path = folder / "log.csv"
    path.write_text(text, encoding="utf-8")
    return of.read_log(path, tz="UTC", **options)


@pytest.mark.parametrize("column", ["start_timestamp", "started_at", "开始时间"])
def test_a_column_of_starts_is_recognised(tmp_path: Path, column: str) -> None:
    """Empty ones are not known; flow efficiency is work over lead time: two hours of ten."""
    text = f"order,stage,at,{column}\nA,in,2026-03-02T09:00Z,\nA,out,2026-03-02T19:00Z,2026-03-02T17:00Z\n"
    log = read(tmp_path, text)
    assert started(log) == [("in", None), ("out", 8)]
    assert of.metrics.flow_efficiency(log).to_dicts()[0]["share"] == pytest.approx(0.2)


def test_a_named_column_of_starts_must_be_there_and_readable(tmp_path: Path) -> None:
    """A wrong name is an error; so is a start that is no time, with its line; skipped when that was asked."""
    text = "order,stage,at,begun\nA,in,2026-03-02T09:00Z,soon\nA,out,2026-03-02T19:00Z,2026-03-02T17:00Z\n"
    with pytest.raises(LogError, match="began"):
        read(tmp_path, text, started_at="began")
    with pytest.raises(LogError) as caught:
        read(tmp_path, text, started_at="begun")
    assert (caught.value.problems[0].code, caught.value.problems[0].params["lines"]) == ("log.times_unreadable", [2])
    log = read(tmp_path, text, started_at="begun", errors="skip")
    assert started(log) == [("out", 8)]
    assert "log.rows_skipped" in [item.code for item in log.assumptions]


def test_a_start_after_its_end_is_not_known_and_told(tmp_path: Path) -> None:
    """The event stays; how many there are is in the assumptions, in both languages."""
    log = read(tmp_path, "order,stage,at,started_at\nA,in,2026-03-02T09:00Z,2026-03-02T10:00Z\n")
    assert started(log) == [("in", None)]
    told = [item for item in log.assumptions if item.code == "log.starts_after_end"]
    assert told[0].params["count"] == 1
    assert all(told[0].text(language) for language in ("en", "zh"))


def test_the_life_cycle_pairs_each_start_with_its_completion(tmp_path: Path) -> None:
    """Per stage of an order: the second start belongs to the second completion; one that is alone has none."""
    lines = [
        *("A,check,2026-03-02T09:00Z,start", "A,check,2026-03-02T10:00Z,complete"),
        *("A,pack,2026-03-02T10:30Z,complete", "A,check,2026-03-02T11:00Z,START"),
        *("B,check,2026-03-02T11:30Z,start", "A,check,2026-03-02T12:00Z,Complete"),
    ]
    log = read(tmp_path, "\n".join([HEAD, *lines]) + "\n")
    assert started(log) == [("check", 0), ("pack", None), ("check", 2)]
    told = [item.params for item in log.assumptions if item.code == "log.starts_paired"]
    assert [(item["pairs"], item["starts"]) for item in told] == [(2, 3)]
    assert "started_at" not in read(tmp_path, "\n".join([HEAD, *lines]) + "\n", lifecycle="all").events.columns


def test_instances_keep_parallel_work_apart(tmp_path: Path) -> None:
    """With `concept:instance` a start belongs to the completion of the same instance, whichever ends first."""
    lines = [
        *("A,check,2026-03-02T09:00Z,start,1", "A,check,2026-03-02T10:00Z,start,2"),
        *("A,check,2026-03-02T11:00Z,complete,2", "A,check,2026-03-02T15:00Z,complete,1"),
    ]
    log = read(tmp_path, "\n".join([HEAD + ",concept:instance", *lines]) + "\n")
    assert started(log) == [("check", 1), ("check", 0)]


@pytest.mark.parametrize("names", ["orderflow", "pm4py"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "xes"])
def test_starts_are_written_and_read_back(tmp_path: Path, ending: str, names: Any) -> None:
    """To the microsecond, where they are known; a format without a place for them says so."""
    log = of.EventLog.from_columns(
        {"order": ["A", "A"], "stage": ["审核", "发货"], "at": [at(1), at(3)], "started_at": [None, at(2.5)]}
    )
    path = tmp_path / f"log.{ending}"
    assert of.write_log(log, path, names=names) == ()
    assert started(of.read_log(path)) == [("审核", None), ("发货", 2.5)]
    told = of.write_log(log, tmp_path / "log.ocel.json", format="ocel")
    assert told[0].params["parts"] == ["started_at"]


def test_shards_read_the_column_of_starts(tmp_path: Path) -> None:
    """As the whole file does."""
    frame = pl.DataFrame({"order": ["A", "B"], "stage": ["x", "x"], "at": [at(1), at(2)], "started_at": [at(0), None]})
    frame.write_parquet(tmp_path / "log.parquet")
    parts = [row for log in of.read_shards(tmp_path / "log.parquet", 2) for row in started(log)]
    assert sorted(parts, key=str) == [("x", 0), ("x", None)]
