"""What `orderflow convert` promises: the same log in another format, what was lost on stderr, useful exit codes."""

from __future__ import annotations

import json
import sqlite3
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
