"""What writing a log promises about the place it writes to, and about what it is asked for."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of

EVERY = ("csv", "jsonl", "parquet", "xes", "ocel")


def small(**attributes: list[Any]) -> of.EventLog:
    orders = {"order": ["A"], **attributes}
    return of.EventLog.from_columns({"order": ["A"], "stage": ["x"], "at": [0]}, orders)


def code(caught: pytest.ExceptionInfo[of.LogError]) -> str:
    first = caught.value.problems[0]
    assert first.text("en") and first.text("zh")
    return first.code


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    """Also one that leads nowhere yet."""
    (tmp_path / "real.csv").write_text("old")
    for name in ("real.csv", "new.csv"):
        (tmp_path / f"to_{name}").symlink_to(tmp_path / name)
        of.write_log(small(), tmp_path / f"to_{name}")
        assert (tmp_path / f"to_{name}").is_symlink()
        assert len(of.read_log(tmp_path / name)) == 1


def test_a_file_gives_its_permissions_to_the_one_that_replaces_it(tmp_path: Path) -> None:
    """Private stays private, shared stays shared, whatever the mask of the process; a new file has what that allows."""
    before = os.umask(0o027)
    try:
        for mode in (0o600, 0o664):
            path = tmp_path / f"{mode}.csv"
            path.write_text("old")
            path.chmod(mode)
            of.write_log(small(), path)
            assert stat.S_IMODE(path.stat().st_mode) == mode
        of.write_log(small(), tmp_path / "new.csv")
        assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == 0o640
    finally:
        os.umask(before)


@pytest.mark.parametrize("kind", EVERY)
def test_a_pipe_is_written_to_and_stays_a_pipe(kind: str, tmp_path: Path) -> None:
    """In every format: whoever reads it gets the file."""
    of.write_log(small(), tmp_path / "file", format=kind)
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    of.write_log(small(), tmp_path / "pipe", format=kind)
    reader.join()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert got == [(tmp_path / "file").read_bytes()]


def test_a_device_is_written_to_and_a_full_one_is_an_error_of_the_system(tmp_path: Path) -> None:
    """The node stays what it was; the error names the path that was asked for."""
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    for kind in EVERY:
        with pytest.raises(OSError, match="No space left") as caught:
            of.write_log(small(), full, format=kind)
        assert caught.value.filename == str(full)
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_no_file_of_somebody_else_is_touched_on_the_way(tmp_path: Path) -> None:
    """A file that has the name one would write to first is left alone, and nothing is left beside the new one."""
    neighbour = tmp_path / ".log.csv.1.part"
    neighbour.write_text("mine")
    of.write_log(small(), tmp_path / "log.csv")
    assert neighbour.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".log.csv.1.part", "log.csv"]


def test_a_failed_writing_leaves_the_old_file_and_names_the_path(tmp_path: Path) -> None:
    """Nothing is left beside it either; a folder that is not there is told with the path that was asked for."""
    path = tmp_path / "log.xes"
    path.write_text("old")
    with pytest.raises(of.LogError):
        of.write_log(small(name=["\0"]), path)
    assert [item.read_text() for item in tmp_path.iterdir()] == ["old"]
    with pytest.raises(FileNotFoundError) as caught:
        of.write_log(small(), tmp_path / "nowhere" / "log.csv")
    assert caught.value.filename == str(tmp_path / "nowhere" / "log.csv")
    with pytest.raises(IsADirectoryError):
        of.write_log(small(), tmp_path, format="csv")


def test_a_table_of_orders_goes_only_where_it_makes_sense(tmp_path: Path) -> None:
    """Not beside XES or OCEL, which hold the orders, and not over the log itself, by whatever path; nothing is
    written then."""
    (tmp_path / "same").symlink_to(tmp_path)
    for name, cases, expected in (
        ("log.xes", tmp_path / "c.csv", "log.no_cases_beside"),
        ("log.json", tmp_path / "c.csv", "log.no_cases_beside"),
        ("log.csv", tmp_path / "same" / "log.csv", "log.cases_over_log"),
        ("log.csv", tmp_path / "c.xes", "log.unknown_format"),
    ):
        with pytest.raises(of.LogError) as caught:
            of.write_log(small(), tmp_path / name, cases=cases)
        assert code(caught) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["same"]


@pytest.mark.parametrize("kind", EVERY)
def test_progress_of_writing_and_reading_is_told_in_every_format(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shares that never fall, the last one 1; and in the formats that take long some before it."""
    monkeypatch.setattr("orderflow.adapters.table_write.AT_ONCE", 10)
    monkeypatch.setattr("orderflow.adapters.sheet.PER_STEP", 10)
    monkeypatch.setattr("orderflow.adapters.files.CHUNK", 500)
    n = 100
    log = of.EventLog.from_columns({"order": [str(k) for k in range(n)], "stage": ["x"] * n, "at": list(range(n))})
    for work in (
        lambda told: of.write_log(log, tmp_path / "log", format=kind, progress=told),
        lambda told: of.read_log(tmp_path / "log", format=kind, progress=told),
    ):
        shares: list[float] = []
        work(shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert kind == "parquet" or len(shares) > 3


def test_kinds_are_told_of_what_is_written(tmp_path: Path) -> None:
    """An order without events is not written as CSV, so its values do not hide that the others become numbers."""
    log = of.EventLog.from_columns(
        {"order": ["1"], "stage": ["x"], "at": [0]}, {"order": ["1", "2"], "y": ["7", "x"], "z": ["a", "b"]}
    )
    told = {item.code: item.params for item in of.write_log(log, tmp_path / "log.csv")}
    assert told["log.orders_not_written"]["count"] == 1
    assert dict(told["log.kinds_change"]["changes"]) == {"y": "Int64"}
    assert of.read_log(tmp_path / "log.csv").orders["y"].to_list() == [7]


def test_attributes_called_as_a_format_calls_its_ids_come_back(tmp_path: Path) -> None:
    """`order_id` in OCEL; and one called as promises usually are, without times, is refused, not written unreadably."""
    of.write_log(small(order_id=["b"]), tmp_path / "log.json")
    assert of.read_log(tmp_path / "log.json").orders["order_id"].to_list() == ["b"]
    for name in ("log.json", "log.xes", "log.csv"):
        with pytest.raises(of.LogError) as caught:
            of.write_log(small(承诺日期=["soon"]), tmp_path / name)
        assert code(caught) == "log.names_collide"


def test_what_xes_cannot_hold_is_told_or_refused(tmp_path: Path) -> None:
    """A control character in the name of an attribute; an attribute without any value."""
    with pytest.raises(of.LogError) as caught:
        of.write_log(small(**{"a\x01": ["v"]}), tmp_path / "log.xes")
    assert code(caught) == "log.cannot_hold"
    empty = of.EventLog.from_columns(
        {"order": ["A"], "stage": ["x"], "at": [0]}, {"order": ["A"], "e": pl.Series([None], dtype=pl.String)}
    )
    (told,) = of.write_log(empty, tmp_path / "log.xes")
    assert (told.code, tuple(told.params["names"])) == ("log.empty_not_written", ("e",))
    assert told.text("en") and told.text("zh")


def test_a_name_that_pm4py_takes_for_the_old_form_is_told(tmp_path: Path) -> None:
    """`.jsonocel` is OCEL 1.0 to `pm4py.read_ocel`; `.json` is not."""
    (told,) = of.write_log(small(), tmp_path / "log.jsonocel")
    assert told.code == "log.pm4py_takes_for_old"
    assert "pm4py.read_ocel2" in told.text("en") and "pm4py.read_ocel2" in told.text("zh")
    assert of.write_log(small(), tmp_path / "log.json") == ()
