"""What `orderflow migrate` and `orderflow pilot` promise: a plan by default, useful exit codes, nothing by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import orderflow as of
from orderflow import cli
from orderflow.adapters.flowfile import read_flow_text

OLD = """
flow: sales
fields: {order.branch: {}}
lifecycle:
  initial: placed
  stages: {placed: {}, review: {}, done: {category: done}}
  transitions:
    - {trigger: submit, source: placed, dest: review}
    - {trigger: finish, source: review, dest: done}
"""
NEW = OLD.replace("review", "check")


class Desk:
    """A folder with a storage in which orders run by the old version, and the files of both."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'orders.db'}"
        self.new = folder / "new.yaml"
        self.new.write_text(NEW, encoding="utf-8")
        with self.tracker() as tracker:
            for id in ("SO-1", "SO-2"):
                tracker.place(of.Order(id), by="li")
            tracker.fire("SO-2", "submit", by="li")

    def tracker(self) -> of.Tracker:
        return of.Tracker(read_flow_text(OLD, file="old.yaml"), storage=self.url)

    def run(self, *arguments: Any) -> Result:
        return CliRunner().invoke(cli.main, [*(str(item) for item in arguments), "--storage", self.url])

    def stages(self) -> list[str]:
        with self.tracker() as tracker:
            return [tracker.get(id).stage for id in ("SO-1", "SO-2")]

    def events(self) -> int:
        with self.tracker() as tracker:
            return len(tracker.changes()[0])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_without_apply_the_plan_is_only_printed(desk: Desk) -> None:
    """0, in the language that is asked for; not even the version is recorded."""
    before = desk.events()
    done = desk.run("migrate", desk.new)
    assert done.exit_code == 0, done.output
    assert "orders: 2; keep their stages: 1, move: 0, need a mapping: 1, impossible: 0" in done.stdout
    assert "1 个需要映射" in desk.run("migrate", desk.new, "--lang", "zh").stdout
    assert desk.events() == before


def test_apply_takes_the_orders_to_the_version(desk: Desk) -> None:
    """Plan and result are printed, and the history names who did it; again, there is nothing left to do."""
    done = desk.run("migrate", desk.new, "--map", "review=check", "--apply", "--by", "boss")
    assert (done.exit_code, desk.stages()) == (0, ["placed", "check"])
    assert "order: review → check: 1 (SO-2)" in done.stdout
    assert "orders done: 2;" in done.stdout
    with desk.tracker() as tracker:
        assert str(tracker.history("SO-2")[-1].actor) == "boss"
    again = desk.run("migrate", desk.new, "--map", "review=check", "--apply")
    assert (again.exit_code, "orders done: 0;" in again.stdout) == (0, True)


def test_orders_that_had_to_be_left_make_the_exit_code_1(desk: Desk) -> None:
    """What can go goes; the others are named with their reasons."""
    done = desk.run("migrate", desk.new, "--apply")
    assert (done.exit_code, desk.stages()) == (1, ["placed", "review"])
    assert "left as they are: 1" in done.stdout
    with desk.tracker() as tracker:
        assert tracker.get("SO-1").flow_version != tracker.get("SO-2").flow_version


def test_the_plan_as_json(desk: Desk) -> None:
    """One object with the plan and, when applied, the result."""
    plan = json.loads(desk.run("migrate", desk.new, "--orders", "SO-2, SO-9", "--format", "json").stdout)
    assert plan["result"] is None
    assert plan["plan"]["counts"] == {"unchanged": 0, "moves": 0, "needs_mapping": 1, "impossible": 1}
    assert [item["reasons"][0]["code"] for item in plan["plan"]["orders"]] == ["migration_unmapped", "unknown_order"]
    done = json.loads(desk.run("migrate", desk.new, "--map", "review=check", "--apply", "--format", "json").stdout)
    assert (done["result"]["done"], done["result"]["plan"]) == (2, done["plan"]["id"])


def test_a_plan_is_taken_back(desk: Desk) -> None:
    """By its id; an unknown one is refused: 1."""
    plan = json.loads(desk.run("migrate", desk.new, "--map", "review=check", "--apply", "--format", "json").stdout)
    done = desk.run("migrate", "--revert", plan["plan"]["id"], "--by", "boss")
    assert (done.exit_code, desk.stages()) == (0, ["placed", "review"])
    unknown = desk.run("migrate", "--revert", "0f0f")
    assert (unknown.exit_code, unknown.stderr) == (1, "error: no order was migrated by the plan '0f0f'\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name the FILE"),
        (["new.yaml", "--revert", "ab"], "name the FILE"),
        (["--revert", "ab", "--apply"], "--revert goes without"),
        (["new.yaml", "--map", "review"], "write OLD=NEW"),
        (["new.yaml", "--map", "review=a", "--map", "review=b"], "mapped twice"),
        (["new.yaml", "--clocks", "hold"], "hold"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["wrong.yaml"], "initial"),
        (["new.yaml", "--orders", "SO-1,,"], "an id is printable text"),
    ],
)
def test_wrong_usage_and_input_is_2(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """A message that says what to do, no traceback, nothing written."""
    monkeypatch.chdir(tmp_path)
    Path("wrong.yaml").write_text(NEW.replace("initial: placed", "initial: plcaed"), encoding="utf-8")
    before = desk.events()
    done = desk.run("migrate", *arguments)
    assert (done.exit_code, message in done.stderr) == (2, True), done.output
    assert "Traceback" not in done.output
    assert desk.events() == before


def test_a_storage_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A slip in the path must not leave an empty file behind."""
    file = tmp_path / "new.yaml"
    file.write_text(NEW, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'oders.db'}"
    done = CliRunner().invoke(cli.main, ["migrate", str(file), "--storage", url])
    assert (done.exit_code, "there is no such file" in done.stderr) == (2, True)
    assert not (tmp_path / "oders.db").exists()


def test_refusals_are_1(desk: Desk) -> None:
    """A flow of another name, and a mapping that names a stage which no version has."""
    other = desk.new.with_name("other.yaml")
    other.write_text(NEW.replace("flow: sales", "flow: slaes"), encoding="utf-8")
    refused = desk.run("migrate", other)
    assert (refused.exit_code, "Did you mean 'sales'?" in refused.stderr) == (1, True)
    refused = desk.run("migrate", desk.new, "--map", "reveiw=check")
    assert (refused.exit_code, "Did you mean 'review'?" in refused.stderr) == (1, True)


def test_a_pilot_from_start_to_end(desk: Desk) -> None:
    """Started, seen by a Tracker, widened, compared, listed and ended."""
    started = desk.run("pilot", "start", desk.new, "--name", "north", "--share", "10%", "--when", "order.branch == 'n'")
    assert started.exit_code == 0, started.output
    assert started.stdout.startswith("north: sales ")
    assert "share 10%, condition order.branch == 'n'" in started.stdout
    assert "share 100%" in desk.run("pilot", "widen", "north", "--share", "100%").stdout
    with desk.tracker() as tracker:
        tracker.place(of.Order("SO-3", attributes={"branch": "n"}), by="li")
        assert tracker.history("SO-3")[0].rule == "pilot:north"
    report = desk.run("pilot", "report", "north")
    assert "pilot: 1 orders (0 ended, 0 cancelled, 1 open)" in report.stdout
    assert "试点：1 个订单" in desk.run("pilot", "report", "north", "--lang", "zh").stdout
    assert json.loads(desk.run("pilot", "report", "north", "--format", "json").stdout)["groups"][0]["orders"] == 1
    ended = desk.run("pilot", "end", "north", "--adopt", "--by", "boss")
    assert ended.stdout.endswith(": adopted\n")
    assert "已采用" in desk.run("pilot", "list", "--lang", "zh").stdout
    (listed,) = json.loads(desk.run("pilot", "list", "--flow", "sales", "--format", "json").stdout)
    assert (listed["name"], listed["share"], listed["adopted"]) == ("north", "100%", True)
    assert desk.run("pilot", "list", "--flow", "other").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["start", "new.yaml", "--name", "p"], 1, "share=, when="),
        (["start", "new.yaml", "--name", "p", "--share", "0.1"], 2, "the share is '0.1'"),
        (["start", "new.yaml", "--name", "p", "--when", "order.brnch == 'n'"], 2, "Did you mean"),
        (["start", "new.yaml", "--name", "p", "--when", "order.branch =="], 2, "error"),
        (["start", "new.yaml"], 2, "--name"),
        (["start", "nowhere.yaml", "--name", "p", "--share", "10%"], 2, "nowhere.yaml"),
        (["widen", "p", "--share", "10%"], 1, "there is no pilot 'p'"),
        (["end", "p"], 1, "there is no pilot 'p'"),
        (["report", "p"], 1, "there is no pilot 'p'"),
    ],
)
def test_wrong_pilots_are_refused(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    """1 where something was refused, 2 where the input cannot be used; always with a message."""
    monkeypatch.chdir(tmp_path)
    before = desk.events()
    done = desk.run("pilot", *arguments)
    assert (done.exit_code, message in done.stderr) == (code, True), done.output
    assert desk.events() == before


@pytest.mark.parametrize("command", [("migrate", "FILE"), ("pilot", "list")])
def test_a_storage_that_there_is_not_is_wrong_usage(command: tuple[str, str], desk: Desk) -> None:
    """A URL that nobody knows ends with 2, as a wrong option does: 1 is for orders that were left as they were."""
    arguments = [str(desk.new) if item == "FILE" else item for item in command]
    for url in ("foo://x", "sqlite:///nowhere.db"):
        result = CliRunner().invoke(cli.main, [*arguments, "--storage", url])
        assert (result.exit_code, "'--storage'" in result.stderr) == (2, True)
