"""What `orderflow report` promises on the command line: figures on stdout, the rest on stderr, useful exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result

from orderflow import cli
from orderflow.adapters.report_layout import sparkline, table, width
from orderflow.adapters.report_text import duration, to_text, write_report
from orderflow.metrics.figures import FURTHER, PARTS
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import report
from orderflow.model.errors import Conflict, LogError, OrderflowError, Refused
from orderflow.model.texts import CATALOGUE

EVENTS = """订单号,状态,时间,操作人
SO-1,下单,2026-01-05 08:00:00,张三
SO-1,审核,2026-01-05 09:30:00,李四
SO-1,下单,2026-01-06 09:30:00,
SO-1,发货,2026-01-08 09:30:00,仓库
SO-2,下单,2026-03-05 08:00:00,张三
"""
CASES = "订单号,承诺时间\nSO-1,2026-01-08\n"
KEYS = [
    *("orders", "events", "actors", "events_without_actor", "first_event", "last_event", "lead_time", "stages"),
    *("start_stages", "end_stages", "flow_map", "variants", "rework", "handover", "throughput", "stage_time"),
    *("bottlenecks", "on_time", "further", "left_out"),
]


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    log, cases = tmp_path / "订单.csv", tmp_path / "cases.csv"
    log.write_text(EVENTS, encoding="utf-8")
    cases.write_text(CASES, encoding="utf-8")
    return log, cases


def test_json_is_pure_and_has_exactly_the_promised_keys(files: tuple[Path, Path]) -> None:
    """stdout is one JSON object; assumptions are on stderr."""
    log, cases = files
    done = run(
        "report", log, "--cases", cases, "--promised", "承诺时间", "--delivered-stage", "发货", "--format", "json"
    )
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert list(found) == KEYS
    assert found["lead_time"]["max"] == 264600.0
    assert found["on_time"]["rate"] == 1.0
    assert "assumed: Columns of the events, guessed: order_id='订单号'" in done.stderr
    assert list(json.loads(run("report", log, "--format", "json").stdout)) == [key for key in KEYS if key != "on_time"]


def test_text_aligns_chinese_names(files: tuple[Path, Path]) -> None:
    """Every line of a table takes the same number of cells, though Chinese takes two each."""
    done = run("report", files[0], "--tz", "Asia/Shanghai")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("  stage "))
    assert len({width(line) for line in lines[start : start + 4]}) == 1
    assert "1 order (50.0%) entered a stage again, 1 time in all" in done.stdout


def test_a_report_on_some_of_the_orders(tmp_path: Path) -> None:
    """`--where`, `--since` and `--until` choose whole orders; a wrong attribute is a message and exit code 2."""
    rows = ("SO-1,下单,2026-01-05,华东", "SO-2,下单,2026-02-05,华北", "SO-3,下单,2026-03-05,华南")
    (tmp_path / "e.csv").write_text("\n".join(["订单号,状态,时间,case:区域", *rows]), encoding="utf-8")

    def orders(*options: str) -> int:
        done = run("report", tmp_path / "e.csv", "--format", "json", *options)
        found: int = json.loads(done.stdout)["orders"]
        return found

    assert orders("--where", "区域=华东", "--where", "区域=华北") == 2
    assert orders("--since", "2026-02-01") == 2 and orders("--since", "2026-02-01", "--until", "2026-03-01") == 1
    wrong = run("report", tmp_path / "e.csv", "--where", "地区=华东")
    assert (wrong.exit_code, "区域" in wrong.stderr) == (2, True)
    assert run("report", tmp_path / "e.csv", "--where", "区域").exit_code == 2


def test_a_report_in_open_time_and_by_an_attribute(tmp_path: Path) -> None:
    """`--flow` brings the calendar and the stages that end; `--by` adds the lead time of each value."""
    rows = ("SO-1,下单,2026-01-05 08:00,华东", "SO-1,完成,2026-01-06 12:00,华东", "SO-2,下单,2026-01-05 09:00,华北")
    (tmp_path / "e.csv").write_text("\n".join(["订单号,状态,时间,case:区域", *rows]), encoding="utf-8")
    flow = """
flow: f
calendar: {timezone: UTC, hours: {mon-sun: ["09:00-17:00"]}}
lifecycle: {initial: 下单, stages: {下单: {}, 完成: {category: done}},
  transitions: [{trigger: finish, source: 下单, dest: 完成}]}
"""
    (tmp_path / "f.yaml").write_text(flow, encoding="utf-8")
    options = ("--flow", tmp_path / "f.yaml", "--by", "区域")
    found = json.loads(run("report", tmp_path / "e.csv", *options, "--format", "json").stdout)
    assert found["lead_time"]["max"] == 11 * 3600 and found["throughput"]["finished"] == {"2026-01": 1}
    assert [(row["区域"], row["n"], row["max"]) for row in found["lead_time_by"]] == [
        ("华东", 1, 39600.0),
        ("华北", 1, 0.0),
    ]
    assert "Lead time by 区域" in run("report", tmp_path / "e.csv", *options).stdout
    assert run("report", tmp_path / "e.csv", "--by", "地区").exit_code == 2
    assert run("report", tmp_path / "e.csv", "--flow", tmp_path / "none.yaml").exit_code == 2


def test_the_same_in_a_process_of_its_own(files: tuple[Path, Path]) -> None:
    """The installed module, a real pipe, and bytes in UTF-8; a reader that stops early is no error."""
    code = "from orderflow.cli import main; main(prog_name='orderflow')"
    command = [sys.executable, "-X", "utf8", "-c", code, "report", str(files[0]), "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(done.stdout.decode("utf-8"))["stages"] == {"下单": 3, "发货": 1, "审核": 1}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read().decode("utf-8")
    process.stderr.close()
    process.wait()
    assert "Traceback" not in told
    assert "Exception" not in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "The file cannot be opened: No such file or directory."),
        (["{log}", "--stage", "state"], "There is no column 'state' for the stage"),
        (["{log}", "--tz", "Mars"], "There is no time zone 'Mars'"),
        (["{log}", "--encoding", "utf-16"], "The file is not utf-16"),
        (["{log}", "--promised", "承诺时间", "--delivered-stage", "发货"], "give cases= too (--cases)"),
        (["{log}", "--cases", "{cases}", "--promised", "承诺时间"], "--promised needs --delivered-stage"),
        (["{log}", "--cases", "{cases}", "--delivered-stage", "发"], "No event is in stage '发'"),
        (["{log}", "--delivered-stage", "发货"], "The log has no promises"),
        (["{log}", "--done", "发"], "No event is in stage '发'"),
        (["{log}", "--format", "xml"], "'xml' is not one of"),
        ([], "Missing argument 'LOG'"),
    ],
)
def test_wrong_input_is_a_message_and_exit_code_2(files: tuple[Path, Path], arguments: list[str], message: str) -> None:
    """No traceback, nothing on stdout."""
    done = run("report", *[argument.format(log=files[0], cases=files[1]) for argument in arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--debug", "report", "none.csv"], ["report", "none.csv", "--debug"]])
def test_debug_shows_the_traceback(arguments: list[str]) -> None:
    """The option is taken by the group and by the command; the error comes through as it was raised."""
    assert isinstance(run(*arguments).exception, LogError)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (LogError.of("log.no_promises"), 2, "error: The log has no promises"),
        (Refused.of("log.no_promises"), 1, "error: The log has no promises"),
        (Conflict("order:A", 3), 1, "error: order:A: somebody else wrote first"),
        (PermissionError(13, "Permission denied", "a.db"), 1, "error: a.db: Permission denied"),
        (ZeroDivisionError("division by zero"), 1, "error: ZeroDivisionError: division by zero (unexpected; --debug"),
    ],
)
def test_every_command_of_the_group_ends_errors_alike(error: Exception, code: int, message: str) -> None:
    """2 for wrong input, 1 for what was refused or failed, always a message only."""

    @click.group(cls=cli._Group)
    def group() -> None: ...

    @group.command("fail")
    def fail() -> None:
        raise error

    done = CliRunner().invoke(group, ["fail"])
    assert done.exit_code == code
    assert done.stderr.startswith(message)


def test_without_click_the_command_says_what_to_install() -> None:
    """One line with the pip command, exit code 1, no traceback."""
    code = "import sys; sys.modules['click'] = None; from orderflow.cli import main"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "orderflow: this needs click; install it with: pip install 'orderflow[cli]'"


def test_a_report_is_written_by_the_ending_of_its_name(tmp_path: Path) -> None:
    """JSON, or text with the assumptions; another ending is refused."""
    found = report(EventLog.from_columns({"order": ["a"], "stage": ["下单"], "at": [0]}))
    write_report(found, tmp_path / "r.json")
    write_report(found, tmp_path / "r.txt")
    left_out = {name: {"code": why.code, "text": why.text()} for name, why in found.left_out.items()}
    expected = {**found.to_dict(), "further": found.further_to_dict(), "left_out": left_out}
    assert json.loads((tmp_path / "r.json").read_text("utf-8")) == expected
    for ending in ("csv", "parquet"):
        write_report(found, tmp_path / f"r.{ending}")
    tables = pl.read_csv(tmp_path / "r.csv"), pl.read_parquet(tmp_path / "r.parquet")
    assert [table.columns for table in tables] == [["part", "key", "figure", "value"]] * 2
    assert tables[0]["value"].to_list() == tables[1]["value"].to_list()
    assert (tmp_path / "r.txt").read_text("utf-8") == to_text(found, assumptions=True)
    write_report(found, tmp_path / "r.md")
    assert (tmp_path / "r.md").read_text("utf-8") == f"```text\n{to_text(found, assumptions=True)}```\n"
    with pytest.raises(OrderflowError, match=r"\.json, \.csv, \.parquet, \.txt or \.md"):
        write_report(found, tmp_path / "r.xlsx")


def test_an_empty_log_has_a_text_too() -> None:
    """Dashes for figures that do not exist; the table that has no rows is left out."""
    text = to_text(report(EventLog.from_columns({"order": [], "stage": [], "at": []})))
    assert text.startswith("0 orders, 0 events, 0 actors\n\nLead time")
    assert "–" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.25, "0.25 s"),
        (59.6, "1 min"),
        (250, "4 min 10 s"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_399.9, "1 d"),
        (1_054_800, "12 d 5 h"),
        (-7_200, "-2 h"),
        (1_000 * 86_400, "1,000 d"),
    ],
)
def test_durations_are_said_in_their_two_largest_units(seconds: float | None, text: str) -> None:
    """Rounded to seconds; long ones to days."""
    assert duration(seconds) == text


def test_bars_and_tables() -> None:
    """A bar per value; wide characters take two cells; long names and long lists are cut and say so."""
    assert sparkline([0, 1, 8]) == "▁▂█"
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == "▁▁"
    assert (width("下单a"), width("e\u0301")) == (5, 1)
    text = table(("名", "n"), [("下单", 1234), ("x" * 50, 2)], total=7)
    assert text.splitlines()[-1] == "  … 5 more"
    assert "1,234" in text
    assert "x" * 39 + "…" in text


def test_done_and_cancelled_stages_are_named_without_a_flow(files: tuple[Path, Path]) -> None:
    """What is finished is counted, and the promise is compared with the first done stage; a wrong name is refused."""
    log, cases = files
    done = run("report", log, "--done", "发货", "--cases", cases, "--promised", "承诺时间", "--format", "json")
    found = json.loads(done.stdout)
    assert found["throughput"]["finished"] == {"2026-01": 1}
    assert (found["on_time"]["n"], found["on_time"]["rate"]) == (1, 1.0)
    assert "No event is in stage '取消'" in run("report", log, "--done", "发货", "--cancelled", "取消").stderr


FLOW = """
flow: sales
calendar: {timezone: UTC, hours: {mon-fri: ["09:00-12:00"]}}
lifecycle:
  initial: placed
  stages:
    placed: {title: {zh: 下单}}
    review: {title: {zh: 审核}}
    sent: {title: {zh: 发货}, category: done}
  transitions:
    - {trigger: submit, source: placed, dest: review}
    - {trigger: send, source: review, dest: sent}
sla: {review: {start: review, target: 1h}}
"""


def found_in(*arguments: Any) -> dict[str, Any]:
    done = run("report", *arguments, "--format", "json")
    assert done.exit_code == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_calendar_file_makes_durations_open_time(tmp_path: Path) -> None:
    """`--calendar` counts the open time of a file with a calendar block alone, or of a flow; it wins over `--flow`."""
    log, calendar, flow = tmp_path / "log.csv", tmp_path / "calendar.yaml", tmp_path / "flow.yaml"
    log.write_text("order,stage,at\n1,placed,2026-01-05 08:00:00\n1,sent,2026-01-06 10:00:00\n", encoding="utf-8")
    calendar.write_text('calendar: {timezone: UTC, hours: {mon-fri: ["09:00-18:00"]}}\n', encoding="utf-8")
    flow.write_text(FLOW, encoding="utf-8")
    assert found_in(log)["lead_time"]["median"] == 26 * 3600
    assert found_in(log, "--calendar", calendar)["lead_time"]["median"] == 10 * 3600
    assert found_in(log, "--calendar", flow)["lead_time"]["median"] == 4 * 3600
    assert found_in(log, "--flow", flow)["lead_time"]["median"] == 4 * 3600
    both = found_in(log, "--flow", flow, "--calendar", calendar)
    assert both["lead_time"]["median"] == 10 * 3600
    assert both["throughput"]["finished"] == {"2026-01": 1}


@pytest.mark.parametrize(
    "text",
    ["calendar: {hours: {someday: []}}\n", "hours: {}\n", "- 1\n", "", FLOW.replace("calendar:", "currency: CNY #")],
)
def test_a_wrong_calendar_file_is_wrong_input(tmp_path: Path, files: tuple[Path, Path], text: str) -> None:
    """A file that holds no calendar, or a flow without one, ends with its name, a message and exit code 2."""
    calendar = tmp_path / "calendar.yaml"
    calendar.write_text(text, encoding="utf-8")
    result = run("report", files[0], "--calendar", calendar)
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert "calendar.yaml" in result.stderr
    assert "Traceback" not in result.stderr
    assert "none.yaml" in run("report", files[0], "--calendar", tmp_path / "none.yaml").stderr


def test_a_flow_tells_promises_ways_and_ends(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """Stages are found by their Chinese titles: what is kept, in progress, and against the flow; text has them too."""
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW, encoding="utf-8")
    found = found_in(files[0], "--flow", flow)["further"]
    assert [(row["sla"], row["runs"], row["breached"]) for row in found["sla_attainment"]] == [("review", 1, 1)]
    assert found["work_in_progress"][-1]["open"] == 1
    assert [(row["steps"], row["allowed"]) for row in found["conformance"]["fit"]] == [(5, 3)]
    assert [(row["source"], row["dest"]) for row in found["conformance"]["breaks"]] == [
        ("下单", "发货"),
        ("审核", "下单"),
    ]
    in_shards = found_in(files[0], "--flow", flow, "--shards", "2")["further"]
    assert in_shards["conformance"] == found["conformance"]
    assert "sla_attainment" not in found_in(files[0], "--flow", flow, "--no-mark")["further"]
    text = run("report", files[0], "--flow", flow).stdout
    assert "Time promises\n  promise" in text
    assert "Open orders, as of the last event" in text
    assert "In progress, 2026-01-05 to 2026-03-05" in text


def test_csv_and_parquet_are_one_table_or_a_part(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """Part, key, figure and value of everything; with `--part` the columns of that part, names in Chinese whole."""
    whole = run("report", files[0], "--format", "csv")
    assert whole.exit_code == 0
    table = pl.read_csv(whole.stdout.encode())
    assert table.columns == ["part", "key", "figure", "value"]
    assert table.filter(part="stage_time", key="下单", figure="n")["value"].to_list() == [2.0]
    assert table.filter(part="overview", figure="orders")["value"].to_list() == [2.0]
    part = pl.read_csv(run("report", files[0], "--format", "csv", "--part", "variants").stdout.encode())
    assert part.rows() == [("下单", 1), ("下单 → 审核 → 下单 → 发货", 1)]
    out = tmp_path / "r.parquet"
    assert run("report", files[0], "--format", "parquet", "--output", out).stdout == ""
    assert pl.read_parquet(out).equals(table.with_columns(pl.col("key").fill_null("")))


@pytest.mark.parametrize("promise", ["2026-01-08", "2026-01-09", "2025-12-31", ""])
def test_the_one_table_has_each_figure_once_whoever_is_late(
    tmp_path: Path, files: tuple[Path, Path], promise: str
) -> None:
    """Nobody early, nobody late, no promise at all; groups that are numbers; a part alone says the same."""
    files[1].write_text(f"订单号,承诺时间,等级,n\nSO-1,{promise},1,x\nSO-2,,2,y\n", encoding="utf-8")
    given = ("report", files[0], "--cases", files[1], "--promised", "承诺时间", "--done", "发货")
    asked = (*given, "--by", "等级", "--format", "csv")
    table = pl.read_csv(run(*asked).stdout.encode(), schema_overrides={"key": pl.String})
    assert not table.select("part", "key", "figure").is_duplicated().any()
    assert table.filter(part="lead_time_by", figure="n").select("key", "value").rows() == [("1", 1.0), ("2", 1.0)]
    assert table.filter(part="ageing", figure="orders").height >= 1
    on_time = {row["figure"]: row["value"] for row in table.filter(part="on_time").iter_rows(named=True)}
    assert on_time["n"] == (1.0 if promise else 0.0)
    assert on_time["early_n"] + on_time["late_n"] == on_time["n"]
    alone = pl.read_csv(run(*asked, "--part", "on_time").stdout.encode())
    assert {name: value for name, value in alone.row(0, named=True).items() if value is not None} == on_time
    text = run(*given, "--by", "n").stdout
    assert "Lead time by n\n  n  orders" in text
    assert "\n  x       1" in text


@pytest.mark.parametrize(
    "form",
    [
        ("--format", "json", "--attribute", "地区", "--by", "地区"),
        ("--since", "2026-02-01"),
        ("--format", "csv", "--part", "workload"),
        ("--format", "csv", "--people", "pseudonyms"),
    ],
    ids=" ".join,
)
def test_shards_tell_the_same(tmp_path: Path, form: tuple[str, ...]) -> None:
    """`--shards` reads part by part; all parts are there, as text, JSON and tables, with the same choice and groups."""
    header, *rows = EVENTS.splitlines()
    log = tmp_path / "订单.csv"
    regions = (f"{row},{'华东' if 'SO-1' in row else '华南'}" for row in rows)
    log.write_text("\n".join([f"{header},地区", *regions]), encoding="utf-8")
    whole = run("report", log, *form)
    assert whole.exit_code == 0
    assert run("report", log, *form, "--shards", 3).stdout == whole.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "parquet"], "--format parquet needs --output"),
        (["--part", "variants"], "--part goes with"),
        (["--format", "csv", "--part", "variant"], "Did you mean 'variants'"),
        (["--format", "csv", "--part", "otif"], "no table 'lines'"),
        (["--shards", "2", "--by", "x"], "no attribute"),
        (["--shards", "2", "--people", "teams"], "has no teams"),
        (["--shards", "2", "--query", "a"], "--query cannot be given"),
        (["--shards", "0"], "--shards"),
        (["--minimum", "0"], "--minimum"),
        (["--people", "teams"], "has no teams"),
        (["--format", "csv", "--output", "/nowhere/at/all.csv"], "/nowhere"),
    ],
)
def test_what_does_not_go_together_is_told(files: tuple[Path, Path], arguments: list[str], message: str) -> None:
    """A message, no traceback, nothing on stdout."""
    done = run("report", files[0], *arguments)
    assert done.exit_code != 0
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_people_are_named_as_asked(files: tuple[Path, Path]) -> None:
    """Pseudonyms in every figure by person, and a minimum for all of them."""
    found = found_in(files[0], "--people", "pseudonyms")
    assert {name for row in found["handover"] for name in (row["source"], row["dest"])} == {"person 1", "person 2"}
    assert all(row["actor"].startswith("person ") for row in found["further"]["workload"])
    few = found_in(files[0], "--minimum", "2")
    assert few["handover"] == []
    assert [row["actor"] for row in few["further"]["workload"]] == ["张三"]


def test_the_bar_covers_shards_and_every_part_that_is_shown(
    tmp_path: Path, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards tell their share; of a whole log each part is a step, the further ones too; nothing is computed after."""
    steps: list[str] = []
    shares: list[float] = []

    @contextmanager
    def stepping(**_: Any) -> Iterator[Any]:
        yield lambda title, work: (steps.append(title), work())[1]

    @contextmanager
    def telling(_title: str, **_: Any) -> Iterator[Any]:
        yield shares.append

    monkeypatch.setattr(cli, "_steps", stepping)
    monkeypatch.setattr("orderflow.cli_report.bar", telling)
    assert run("report", files[0], "--shards", "4", "--format", "json").exit_code == 0
    assert shares == [0.0, 0.25, 0.5, 0.75, 1.0]
    steps.clear()
    assert run("report", files[0], "--format", "json").exit_code == 0
    assert steps == [name.replace("_", " ") for name in (*PARTS, *FURTHER)]


@pytest.mark.parametrize("shards", [(), ("--shards", "2")])
@pytest.mark.parametrize("name", ["操作人", "actor", "谁"])
def test_groups_by_a_column_of_the_events_are_told_as_that(name: str, shards: tuple[str, ...], tmp_path: Path) -> None:
    """By its role, a usual name, or the one that an option names; another name is an attribute that is missing."""
    log = tmp_path / "log.csv"
    log.write_text(EVENTS.replace("操作人", name), encoding="utf-8")
    done = run("report", log, "--actor", name, "--by", name, *shards)
    assert (done.exit_code, f"{name!r} is a column of the events: one order has several" in done.stderr) == (2, True)
    assert "have no attribute 'region'" in run("report", log, "--by", "region", *shards).stderr


def test_what_a_user_of_the_command_line_reads_names_the_options() -> None:
    """Every message that names one of these parameters names its option too, in both languages."""
    options = {
        "done_stages=": "--done",
        "cancelled_stages=": "--cancelled",
        "started_at=": "--started-at",
        "team=": "--team",
        "tz=": "--tz",
        "minimum=": "--minimum",
        "object_type=": "--object-type",
    }
    for code, texts in CATALOGUE.items():
        if code.startswith("log."):
            for parameter, option in options.items():
                for text in texts.values():
                    assert not re.search(rf"(?<![\w-]){parameter}", text) or option in text, (code, text)


def test_open_time_is_called_working_hours_of_a_calendar_with_a_name(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """A calendar without a name of its own is called as its flow; one from a file alone has none."""
    calendar = "calendar: {timezone: UTC, hours: {mon-fri: ['09:00-18:00']}}\n"
    (tmp_path / "flow.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "calendar.yaml").write_text(calendar, encoding="utf-8")
    text = run("report", files[0], "--flow", tmp_path / "flow.yaml").stdout
    assert "of an order, in working hours (calendar sales)\n" in text
    assert "of an order, in working hours\n" in run("report", files[0], "--calendar", tmp_path / "calendar.yaml").stdout


def test_shards_with_a_flow_say_that_no_promises_are_looked_at(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """The figures about time promises need the whole log; without a flow there is nothing to say. The calendar of a
    flow is called as the flow, and what conforms is said in plain words."""
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW, encoding="utf-8")
    for shards, expected in ((("--shards", "2"), True), ((), False)):
        done = run("report", files[0], "--flow", flow, *shards)
        assert done.exit_code == 0, done.output
        assert ("not held against the time promises" in done.stderr) is expected
        assert "of orders conform fully" in done.stdout
    assert "in shards" not in run("report", files[0], "--shards", "2").stderr.lower()
