"""What a file that carries its log's zone and ends of orders promises to whoever reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of
from orderflow.adapters.shards import read_shards

SAID: dict[str, Any] = {"tz": "Asia/Shanghai", "done_stages": ["发货"], "cancelled_stages": ["取消"]}
ENDINGS = ["parquet", "xes", "xes.gz", "json"]


def small_log() -> of.EventLog:
    return of.EventLog.from_columns(
        {"order": ["A", "A", "B"], "stage": ["下单", "发货", "下单"], "at": [0, 1, 2]}, **SAID
    )


def about(log: of.EventLog) -> dict[str, Any]:
    ends = {name: getattr(log, name) for name in ("done_stages", "cancelled_stages")}
    return {"tz": log.tz, **{name: None if found is None else sorted(found) for name, found in ends.items()}}


def codes(log: of.EventLog) -> list[str]:
    assert all(item.text("en") and item.text("zh") for item in log.assumptions)
    return [item.code for item in log.assumptions if item.code.startswith("log.about")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_the_file_says_counts_and_is_told(tmp_path: Path, ending: str) -> None:
    """Zone and ends as in the log that was written, though nobody has entered one of the stages; nothing is left to
    tell when writing."""
    path = tmp_path / f"log.{ending}"
    assert of.write_log(small_log(), path) == ()
    back = of.read_log(path)
    assert about(back) == SAID
    assert codes(back) == ["log.about_used"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_the_caller_says_counts_more(tmp_path: Path, ending: str) -> None:
    """Each of the three by itself; what is told is only what was taken from the file."""
    path = tmp_path / f"log.{ending}"
    of.write_log(small_log(), path)
    back = of.read_log(path, tz="Europe/Berlin", done_stages=["下单"])
    assert about(back) == {"tz": "Europe/Berlin", "done_stages": ["下单"], "cancelled_stages": ["取消"]}
    assert back.assumptions[-1].params["pairs"] == ["cancelled_stages=['取消']"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_log_that_has_nothing_to_say_says_nothing(tmp_path: Path, ending: str) -> None:
    """A file for other programs has nothing of ours in it then."""
    path = tmp_path / f"log.{ending}"
    of.write_log(of.EventLog.from_columns({"order": ["A"], "stage": ["x"], "at": [0]}), path)
    back = of.read_log(path)
    assert about(back) == {"tz": "UTC", "done_stages": None, "cancelled_stages": None}
    assert codes(back) == []
    assert ending == "xes.gz" or b"orderflow" not in path.read_bytes()


@pytest.mark.parametrize(
    "said",
    ["no JSON", "[]", "7", '{"tz": 7}', '{"done_stages": "发货"}', '{"cancelled_stages": [1]}', "[" * 100_000],
)
def test_what_cannot_be_understood_is_told_and_not_used(tmp_path: Path, said: str) -> None:
    """A line under our name that somebody else has written, or damaged, costs no order."""
    path = tmp_path / "log.parquet"
    small_log().to_polars().write_parquet(path, metadata={"orderflow": said})
    back = of.read_log(path)
    assert about(back)["tz"] == "UTC"
    assert codes(back) == ["log.about_not_understood"]
    assert len(back) == 3


def test_what_a_newer_version_adds_is_passed_over(tmp_path: Path) -> None:
    """Members that this version does not know."""
    path = tmp_path / "log.parquet"
    small_log().to_polars().write_parquet(path, metadata={"orderflow": json.dumps({**SAID, "more": {}})})
    assert about(of.read_log(path)) == SAID


@pytest.mark.parametrize("tz", ["Mars/Base", "../../etc/passwd", ""])
def test_a_zone_that_there_is_not_is_an_error_unless_another_is_said(tmp_path: Path, tz: str) -> None:
    """As a zone that the caller names; an empty one is none."""
    path = tmp_path / "log.parquet"
    small_log().to_polars().write_parquet(path, metadata={"orderflow": json.dumps({"tz": tz})})
    assert of.read_log(path, tz="Asia/Tokyo").tz == "Asia/Tokyo"
    if not tz:
        assert of.read_log(path).tz == "UTC"
    else:
        with pytest.raises(of.LogError) as caught:
            of.read_log(path)
        assert caught.value.problems[0].code == "log.unknown_zone"


def test_the_files_of_a_folder_must_agree(tmp_path: Path) -> None:
    """What all say counts; where one says something else, or nothing, none is believed, and that is told."""
    of.write_log(small_log(), tmp_path / "a.parquet")
    of.write_log(small_log(), tmp_path / "b.parquet")
    assert about(of.read_log(tmp_path)) == SAID
    frame = pl.read_parquet(tmp_path / "a.parquet")
    frame.write_parquet(tmp_path / "c.parquet")
    back = of.read_log(tmp_path)
    assert about(back)["done_stages"] is None
    assert codes(back) == ["log.about_differs"]


def test_shards_know_what_the_whole_knows(tmp_path: Path) -> None:
    """Zone and ends in each of them, told once; what the caller says counts more, and must occur."""
    path = tmp_path / "log.parquet"
    of.write_log(small_log(), path)
    shards = list(read_shards(path, 4))
    assert [about(shard) for shard in shards] == [SAID] * len(shards)
    assert [code for shard in shards for code in codes(shard)] == ["log.about_used"]
    assert {shard.tz for shard in read_shards(path, 4, tz="Asia/Tokyo")} == {"Asia/Tokyo"}
    with pytest.raises(of.LogError):
        list(read_shards(path, 4, done_stages=["nowhere"]))


def test_figures_by_the_ends_are_those_of_the_log_that_was_written(tmp_path: Path) -> None:
    """What counts what is done or open needs no further word."""
    log = small_log()
    of.write_log(log, tmp_path / "log.parquet")
    back = of.read_log(tmp_path / "log.parquet")
    assert of.metrics.work_in_progress(back).to_dicts() == of.metrics.work_in_progress(log).to_dicts()
    assert of.metrics.throughput(back).to_dicts() == of.metrics.throughput(log).to_dicts()
