"""What `orderflow convert` promises: the same log in another format, what was lost on stderr, useful exit codes."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import orderflow as of
from orderflow import cli

EVENTS = """order_id,stage,at,actor,case:region
SO-1,下单,2026-01-05T08:00:00Z,张三,华东
SO-1,发货,2026-01-08T09:30:00Z,,华东
SO-2,下单,2026-03-05T08:00:00Z,张三,华南
"""
WIDE = "订单号,下单时间,发货时间\nSO-1,2026-01-05,2026-01-06\nSO-2,2026-01-05,\n"


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return path


def test_a_log_goes_round_through_every_format(log: Path, tmp_path: Path) -> None:
    """CSV to XES to Parquet to OCEL to JSON lines to CSV, and the report is the same at both ends."""
    last = log
    for name in ("1.xes.gz", "2.parquet", "3.json", "4.jsonl", "5.csv"):
        done = run("convert", last, tmp_path / name)
        assert (done.exit_code, done.stdout) == (0, f"3 events of 2 orders written to {tmp_path / name}\n"), done.output
        last = tmp_path / name
    first, second = (json.loads(run("report", path, "--format", "json").stdout) for path in (log, last))
    assert first == second
    assert of.read_log(last).orders["region"].to_list() == ["华东", "华南"]


def test_names_formats_and_kinds_can_be_said(log: Path, tmp_path: Path) -> None:
    """pm4py's columns; formats that no ending tells; what cannot be held is a note on stderr."""
    done = run(
        "convert", log, tmp_path / "out", "--from", "csv", "--to", "csv", "--names", "pm4py", "--tz", "Asia/Shanghai"
    )
    assert done.exit_code == 0
    assert (tmp_path / "out").read_text("utf-8").startswith('"case:concept:name","concept:name","time:timestamp"')
    assert "note: Times are written in UTC; read them with tz='Asia/Shanghai'" in done.stderr
    assert run("convert", log, tmp_path / "o.csv", "--cases-out", tmp_path / "c.csv").exit_code == 0
    assert (tmp_path / "c.csv").read_text("utf-8").splitlines()[1] == "SO-1,华东"


def test_report_and_convert_read_every_source(log: Path, tmp_path: Path) -> None:
    """A wide table, with and without naming its stages; OCEL by type of object; a database; rows that are skipped."""
    wide = tmp_path / "wide.csv"
    wide.write_text(WIDE, encoding="utf-8")
    assert json.loads(run("report", wide, "--format", "json").stdout)["stages"] == {"下单": 2, "发货": 1}
    named = run("report", wide, "--stages", "placed=下单时间", "--stages", "shipped=发货时间", "--format", "json")
    assert json.loads(named.stdout)["stages"] == {"placed": 2, "shipped": 1}
    assert run("convert", log, tmp_path / "log.json", "--write-type", "order").exit_code == 0
    assert run("report", tmp_path / "log.json", "--object-type", "order").exit_code == 0
    with sqlite3.connect(tmp_path / "erp.db") as connection:
        connection.execute("create table e (order_id, stage, at)")
        connection.execute("insert into e values ('A', 'x', '2026-01-05')")
    connection.close()
    done = run("report", f"sqlite:///{tmp_path}/erp.db", "--query", "select * from e", "--format", "json")
    assert json.loads(done.stdout)["events"] == 1
    log.write_text(EVENTS + "SO-3,x,soon,,\n", encoding="utf-8")
    done = run("report", log, "--errors", "skip", "--format", "json")
    assert json.loads(done.stdout)["events"] == 3
    assert "assumed: Of the events, 1 row(s) are left out" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.csv", "{out}"], 2, "The file cannot be opened"),
        (["{log}", "out.xlsx"], 2, "The ending does not say which format it is"),
        (["{log}", "{log}"], 1, "exists already; --force writes over it"),
        (["{log}", "{out}", "--names", "celonis"], 2, "'celonis' is not one of"),
        (["sqlite:///none.db", "{out}"], 2, "Say what to read from the database"),
        (["{log}", "no-such-folder/out.csv"], 1, "No such file or directory"),
    ],
)
def test_wrong_input_is_a_message(log: Path, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    """Exit code 2 for what is wrong, 1 for what is refused or fails; nothing on stdout, nothing written."""
    out = tmp_path / "out.csv"
    done = run("convert", *[argument.format(log=log, out=out) for argument in arguments])
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr
    assert not out.exists()


def test_some_of_the_orders_are_converted(log: Path, tmp_path: Path) -> None:
    """By an attribute and by when they begin, as for a report."""
    for arguments, orders in (
        (("--where", "region=华东"), ["SO-1"]),
        (("--since", "2026-02-01"), ["SO-2"]),
        (("--until", "2026-02-01"), ["SO-1"]),
    ):
        done = run("convert", log, tmp_path / "some.parquet", "--force", *arguments)
        assert done.exit_code == 0, done.output
        assert f"events of {len(orders)} orders written" in done.stdout
        assert of.read_table(tmp_path / "some.parquet")["order_id"].unique().to_list() == orders


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv", "out.docx"], "The ending does not say"),
        (["nowhere.csv", "out.xes", "--cases-out", "c.csv"], "--cases-out"),
        (["nowhere.csv", "out.csv", "--cases-out", "./out.csv"], "over the log itself"),
        (["nowhere", "out.csv"], "nowhere: The file cannot be opened: No such file"),
        (["", "out.csv"], "The path is empty"),
        (["https://example.org/log.csv", "out.csv"], "Files are not read over https://"),
        (["s3://bucket/log.parquet", "out.csv"], "Files are not read over s3://"),
        (["nowhere.csv", "nodir/out.csv"], "nowhere.csv"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_read(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ending of OUT, a table of orders at a wrong place; and sources that are no files or databases say so."""
    monkeypatch.chdir(tmp_path)
    done = run("convert", *arguments)
    assert (done.exit_code, message in done.stderr) == (2, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_needs_no_force(log: Path, tmp_path: Path) -> None:
    """Nothing in it is written over; a file, and a folder, is refused without `--force`."""
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    assert run("convert", log, tmp_path / "pipe", "--to", "csv").exit_code == 0
    reader.join()
    assert got[0].startswith(b'"order_id"')
    assert "--force writes over it" in run("convert", log, tmp_path, "--to", "csv").stderr


def test_a_database_of_sqlite_says_how_it_is_read(tmp_path: Path) -> None:
    """A file of SQLite under any name: a Tracker's own, or another."""
    path = tmp_path / "orders.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (x)")
    connection.close()
    done = run("report", path)
    assert done.exit_code == 2
    assert "of.report(tracker.log())" in done.stderr
    assert "sqlite:///" in done.stderr


def test_a_database_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that the database refuses the query."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    done = run("report", "postgresql+psycopg://localhost/x", "--query", "select 1")
    assert done.exit_code == 2
    assert "pip install psycopg" in done.stderr
