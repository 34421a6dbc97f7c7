"""What `orderflow check`, `diagram`, `describe` and `diff` promise: answers on stdout, useful exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderflow import cli

TEMPLATE = files("orderflow").joinpath("templates/sales-order.yaml").read_text(encoding="utf-8")


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    file = tmp_path / "flow.yaml"
    file.write_text(TEMPLATE, encoding="utf-8")
    return file


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    file = tmp_path / "wrong.yaml"
    text = TEMPLATE.replace("initial: placed", "initial: plcaed").replace(
        "timezone: Asia/Shanghai", "timezone: Asia/Shangai"
    )
    file.write_text(text, encoding="utf-8")
    return file


def test_check_is_silent_about_nothing_but_the_totals(flow: Path) -> None:
    """A flow without problems: 0, and one line."""
    done = run("check", flow)
    assert (done.exit_code, done.stdout) == (0, f"{flow}: 0 errors, 0 warnings\n")


def test_check_says_where_each_error_is(wrong: Path) -> None:
    """Errors: 1, each with file, line, column and path, in the order of the file."""
    done = run("check", wrong)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[-1] == f"{wrong}: {len(lines) - 1} errors, 0 warnings"
    place = TEMPLATE[: TEMPLATE.index("Asia/Shanghai")].splitlines()
    assert lines[0].startswith(f"{wrong}:{len(place)}:{len(place[-1]) + 1}: error: ")
    assert any("initial" in line and "Did you mean 'placed'?" in line for line in lines)
    assert done.stderr == ""


def test_warnings_leave_the_exit_code_alone(flow: Path) -> None:
    """A stage that nothing reaches is a warning: 0."""
    more = "    lonely: {category: done}\n  transitions:\n"
    flow.write_text(TEMPLATE.replace("  transitions:\n", more), encoding="utf-8")
    done = run("check", flow, "--lang", "zh")
    assert done.exit_code == 0
    assert ": 警告: " in done.stdout and "lifecycle.stages.lonely" in done.stdout
    assert done.stdout.endswith("0 个错误，1 个警告\n")


def test_check_as_json_is_one_object(wrong: Path) -> None:
    """`--format json` gives totals, and each problem with code, severity, line, column, path and text."""
    done = run("check", wrong, "--format", "json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert list(found) == ["file", "errors", "warnings", "problems"]
    assert found["errors"] == len(found["problems"]) > 0
    assert set(found["problems"][0]) == {"severity", "code", "line", "column", "path", "text"}


def test_warnings_are_shown_beside_errors(flow: Path) -> None:
    """An error in one place hides no warning in another; and what follows from the error is not told again."""
    text = TEMPLATE.replace("order.total < 60000", "order.totl < 60000").replace("target: 3h", "target: 3 h", 1)
    flow.write_text(
        text.replace("after_sales: {title", "lonely: {category: done}\n    after_sales: {title", 1), "utf-8"
    )
    done = run("check", flow)
    assert done.exit_code == 1
    assert [line.partition(": ")[2].partition(": ")[0] for line in done.stdout.splitlines()[:-1]] == [
        "warning",
        "error",
        "error",
    ]
    assert done.stdout.endswith("2 errors, 1 warnings\n")


def test_notes_are_shown_when_asked_for(flow: Path) -> None:
    """`--notes` says what was not checked, and counts it, in both formats and languages; else nothing of it."""
    flow.write_text(TEMPLATE.replace("order.total < 60000", "order.total * 2 < 120000"), encoding="utf-8")
    assert run("check", flow).stdout == f"{flow}: 0 errors, 0 warnings\n"
    done = run("check", flow, "--notes")
    assert done.exit_code == 0
    assert ": note: not checked whether 'approve'" in done.stdout
    assert done.stdout.endswith("0 errors, 0 warnings, 1 notes\n")
    assert run("check", flow, "--notes", "--lang", "zh").stdout.endswith("0 个警告，1 个提示\n")
    found = json.loads(run("check", flow, "--notes", "--format", "json").stdout)
    assert (found["notes"], found["problems"][0]["severity"]) == (1, "note")


def test_people_are_looked_up_in_a_file(flow: Path, tmp_path: Path) -> None:
    """`--people` finds roles, teams and people that nobody has or is; a wrong file of people is wrong input."""
    people = tmp_path / "people.yaml"
    roles = "sales, finance, finance_head, warehouse, service, plant"
    people.write_text(f"- {{id: wang, roles: [{roles}], teams: plant-1}}\n- {{id: li, roles: [manager]}}\n", "utf-8")
    assert run("check", flow, "--people", people).stdout == f"{flow}: 0 errors, 0 warnings\n"
    people.write_text('[{"id": "li", "roles": ["manager"], "active": false}]', encoding="utf-8")
    done = run("check", flow, "--people", people)
    assert done.exit_code == 0
    assert "nobody active has the role 'manager'" in done.stdout
    assert "nobody active is in the team 'plant-1'" in done.stdout
    for text, says in (
        ("id: li", "a list is expected"),
        ("[li]", "a mapping (key: value) is expected"),
        ("- {id: li, role: [x]}", "there is no key 'role' here"),
        ("- {roles: [x]}", "the key 'id' is missing"),
        ("- {id: li, active: maybe}", "true or false is expected"),
        ("- {id: li}\n- {id: li}", "li"),
        ("- {id: [li]}", "a text is expected"),
    ):
        people.write_text(text, encoding="utf-8")
        done = run("check", flow, "--people", people)
        assert (done.exit_code, done.stdout) == (2, ""), text
        assert says in done.stderr and "people.yaml:1" in done.stderr, done.stderr


@pytest.mark.parametrize("command", ["check", "diagram", "describe"])
def test_a_file_that_cannot_be_read_is_wrong_input(command: str, tmp_path: Path) -> None:
    """No such file, and one that is no UTF-8: 2, with a message on stderr."""
    done = run(command, tmp_path / "none.yaml")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "none.yaml: cannot be opened" in done.stderr
    (tmp_path / "gbk.yaml").write_bytes("flow: 销售".encode("gb18030"))
    done = run(command, tmp_path / "gbk.yaml")
    assert done.exit_code == 2
    assert "not UTF-8" in done.stderr


@pytest.mark.parametrize("command", ["diagram", "describe", "diff"])
def test_a_wrong_flow_is_wrong_input_for_the_others(command: str, wrong: Path) -> None:
    """Who wants a picture, words or differences of a flow with errors is told of them: 2."""
    done = run(command, wrong, *([wrong] if command == "diff" else []))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "wrong.yaml:" in done.stderr


@pytest.mark.parametrize("command", ["describe", "diagram"])
def test_errors_are_told_in_the_language_that_is_asked_for(command: str, wrong: Path) -> None:
    """Who asks for Chinese gets the errors in Chinese too, with their places."""
    result = run(command, wrong, "--lang", "zh")
    assert result.exit_code == 2
    assert "(lifecycle.initial): 没有节点 'plcaed'" in result.stderr
    assert "there is" not in result.stderr


def test_diagram_draws_in_both_formats(flow: Path) -> None:
    """Mermaid unless told otherwise; `--at` marks a stage, and one that there is not is wrong input."""
    assert "stateDiagram-v2" in run("diagram", flow).stdout
    done = run("diagram", flow, "--format", "dot", "--at", "review", "--lang", "zh")
    assert done.stdout.startswith("digraph flow {")
    assert "▶ 审核" in done.stdout
    done = run("diagram", flow, "--at", "reviw")
    assert done.exit_code == 2
    assert "Did you mean 'review'?" in done.stderr


def test_describe_speaks_both_languages(flow: Path) -> None:
    """English unless told otherwise."""
    assert run("describe", flow).stdout.startswith("This is how Sales order is handled.")
    assert run("describe", flow, "--lang", "zh").stdout.startswith("本文说明“销售订单”的办理方式。")


def test_diff_says_what_changed(flow: Path, tmp_path: Path) -> None:
    """A line for each change; a line that there is none; 0 in both cases."""
    new = tmp_path / "new.yaml"
    new.write_text(TEMPLATE.replace("target: 3h", "target: 4h"), encoding="utf-8")
    done = run("diff", flow, new)
    assert done.exit_code == 0
    assert done.stdout == "The promise intake: how long it may take changed from 3 hours to 4 hours.\n"
    assert run("diff", flow, new, "--lang", "zh").stdout == "时效“下单时限”：限时由 3 小时 改为 4 小时。\n"
    assert run("diff", flow, flow).stdout == "No difference.\n"


def test_a_stream_that_takes_only_ascii_is_no_error(flow: Path) -> None:
    """What a terminal cannot show becomes question marks; JSON escapes it."""
    code = "from orderflow.cli import main; main()"
    for arguments in (["describe", str(flow)], ["diagram", str(flow)], ["check", str(flow), "--format", "json"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            env={"PYTHONIOENCODING": "ascii", "PATH": ""},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        done.stdout.decode("ascii")
