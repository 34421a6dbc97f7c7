"""What the starts of work promise: read from a column or from the life cycle, written, and used by flow efficiency."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    assert [(item["count"], item["starts"]) for item in told] == [(2, 3)]
    assert "started_at" not in read(tmp_path, "\n".join([HEAD, *lines]) + "\n", lifecycle="all").events.columns


def test_a_completion_without_a_start_takes_none_that_comes_later(tmp_path: Path) -> None:
    """Nor does it shift those after it; newest first, as many exports are, is the same."""
    lines = [
        *("A,x,2026-03-02T09:00Z,complete", "A,x,2026-03-02T10:00Z,start", "A,x,2026-03-02T11:00Z,complete"),
        *("A,x,2026-03-02T12:00Z,complete", "A,x,2026-03-02T13:00Z,start", "A,x,2026-03-02T15:00Z,complete"),
    ]
    for ordered in (lines, lines[::-1]):
        log = read(tmp_path, "\n".join([HEAD, *ordered]) + "\n")
        assert started(log) == [("x", None), ("x", 1), ("x", None), ("x", 4)]
        assert "log.starts_after_end" not in [item.code for item in log.assumptions]


ROWS = st.lists(
    st.tuples(
        st.sampled_from("AB"), st.sampled_from("xy"), st.integers(0, 6), st.sampled_from(["start", "complete"]),
        st.sampled_from([None, "1", "2"]),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip


def pairs_of(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The definition: one queue of open starts for each order, stage and instance."""
    queues: dict[Any, list[int]] = {}
    found = []
    for order, stage, hour, kind, instance in sorted(rows, key=lambda row: row[2]):
        queue = queues.setdefault((order, stage, instance), [])
        if kind == "start":
            queue.append(hour)
        else:
            found.append((order, stage, hour, queue.pop(0) if queue else None))
    return sorted(found, key=str)


@settings(max_examples=80 if os.environ.get("ORDERFLOW_LONG") else 30, deadline=None)
@given(rows=ROWS.filter(lambda rows: {row[3] for row in rows} == {"start", "complete"}))
def test_pairs_are_first_in_first_out(rows: list[tuple[Any, ...]]) -> None:
    """As one queue of open starts for each order, stage and instance, by time and then as in the source; the same from
    shards, of which each knows the starts even if it has none."""
    names = ("order", "stage", "at", "lifecycle:transition", "concept:instance")
    frame = pl.DataFrame([(*row[:2], at(row[2]), *row[3:]) for row in rows], schema=list(names), orient="row")
    shards = list(of.read_shards(frame, 3))
    for logs in ([of.read_log(frame)], shards):
        events = [row for log in logs for row in log.to_polars().select("order", "stage", "at", "started_at").rows()]
        hours = [
            (order, stage, *(None if when is None else (when - START) // timedelta(hours=1) for when in times))
            for order, stage, *times in events
        ]
        assert sorted(hours, key=str) == pairs_of(rows)
    efficiency = of.metrics.flow_efficiency
    assert of.report(frame, shards=3).to_dict() == of.report(frame).to_dict()
    assert efficiency(of.read_log(frame)).to_dicts()[0]["orders"] == sum(
        efficiency(log).to_dicts()[0]["orders"] for log in shards if len(log)
    )


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_shards_say_of_starts_what_the_whole_says(tmp_path: Path, ending: str) -> None:
    """How many were paired, which columns were used and which not, once."""
    names = ("order", "stage", "at", "lifecycle:transition", "concept:instance", "note")
    rows = [(f"S-{n // 4}", "x", at(n), "start" if n % 2 else "complete", "1", "?") for n in range(40)]
    path = tmp_path / f"log.{ending}"
    frame = pl.DataFrame(rows, schema=list(names), orient="row")
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    told = [
        {item.code: dict(item.params) for item in of.report(path, shards=shards, tz="UTC").assumptions}
        for shards in (None, 4)
    ]
    assert told[0] == told[1]
    assert told[0]["log.starts_paired"]["count"] == 10
    assert told[0]["log.unused_columns"]["columns"] == ["note"]


def test_instances_of_an_xes_file_keep_parallel_work_apart(tmp_path: Path) -> None:
    """As in a table: `concept:instance` is kept where it is needed."""
    rows = [(1, "start", 1), (2, "start", 2), (3, "complete", 2), (5, "complete", 1)]
    events = "".join(
        f'<event><string key="concept:name" value="x"/>'
        f'<date key="time:timestamp" value="2026-03-02T{9 + hour}:00:00Z"/>'
        f'<string key="lifecycle:transition" value="{kind}"/><string key="concept:instance" value="{number}"/></event>'
        for hour, kind, number in rows
    ).replace("T9:", "T09:")
    path = tmp_path / "log.xes"
    path.write_text(f'<log><trace><string key="concept:name" value="A"/>{events}</trace></log>', encoding="utf-8")
    log = of.read_log(path)
    assert started(log) == [("x", 2), ("x", 1)]
    assert "log.unused_columns" not in [item.code for item in log.assumptions]


def test_instances_keep_parallel_work_apart(tmp_path: Path) -> None:
    """With `concept:instance` a start belongs to the completion of the same instance, whichever ends first."""
    lines = [
        *("A,check,2026-03-02T09:00Z,start,1", "A,check,2026-03-02T10:00Z,start,2"),
        *("A,check,2026-03-02T11:00Z,complete,2", "A,check,2026-03-02T15:00Z,complete,1"),
    ]
    log = read(tmp_path, "\n".join([HEAD + ",concept:instance", *lines]) + "\n")
    assert started(log) == [("check", 1), ("check", 0)]


@pytest.mark.parametrize("names", ["orderflow", "pm4py"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "xes", "json"])
def test_starts_are_written_and_read_back(tmp_path: Path, ending: str, names: Any) -> None:
    """To the microsecond, where they are known."""
    log = of.EventLog.from_columns(
        {"order": ["A", "A"], "stage": ["审核", "发货"], "at": [at(1), at(3)], "started_at": [None, at(2.5)]}
    )
    path = tmp_path / f"log.{ending}"
    assert of.write_log(log, path, names=names) == ()
    assert started(of.read_log(path)) == [("审核", None), ("发货", 2.5)]


def test_shards_read_the_column_of_starts(tmp_path: Path) -> None:
    """As the whole file does."""
    frame = pl.DataFrame({"order": ["A", "B"], "stage": ["x", "x"], "at": [at(1), at(2)], "started_at": [at(0), None]})
    frame.write_parquet(tmp_path / "log.parquet")
    parts = [row for log in of.read_shards(tmp_path / "log.parquet", 2) for row in started(log)]
    assert sorted(parts, key=str) == [("x", 0), ("x", None)]
