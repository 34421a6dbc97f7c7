"""What `orderflow init` promises: a file to begin with, never one lost, and what to do next."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import orderflow as of
from orderflow.adapters.sources import template_text
from orderflow.cli import main


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["init", *map(str, arguments)])


@pytest.mark.parametrize("name", of.templates())
def test_a_copy_is_the_template_with_its_comments(name: str) -> None:
    """Byte for byte, under the name of the template, and sound."""
    done = run("--template", name)
    assert done.exit_code == 0, done.output
    file = Path(f"{name}.yaml")
    assert file.read_bytes() == template_text(name).encode()
    assert of.fingerprint(of.load_flow(file)) == of.fingerprint(of.template(name))
    assert done.stdout == f"{file} is written. Next:\n  orderflow check {file}\n  orderflow diagram {file}\n"


def test_the_path_is_the_one_that_is_given() -> None:
    """A file, or a folder that there is; names with spaces can be copied to the shell; Chinese on request."""
    assert run("mine.yaml", "--template", "sales-order").exit_code == 0
    assert of.load_flow("mine.yaml").name == "sales-order"
    Path("my flows").mkdir()
    done = run("my flows", "--template", "sales-order", "--lang", "zh")
    assert Path("my flows/sales-order.yaml").is_file()
    assert "下一步" in done.stdout
    assert f"orderflow check '{Path('my flows/sales-order.yaml')}'" in done.stdout


def test_a_file_that_exists_is_kept() -> None:
    """Refused with 1 unless `--force` is given; also where it would be extended."""
    Path("sales-order.yaml").write_text("mine", encoding="utf-8")
    for more in ([], ["--extends"]):
        done = run("--template", "sales-order", *more)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "sales-order.yaml: exists already; --force writes over it" in done.stderr
    assert Path("sales-order.yaml").read_text(encoding="utf-8") == "mine"
    assert run("--template", "sales-order", "--force").exit_code == 0
    assert of.load_flow("sales-order.yaml").name == "sales-order"


@pytest.mark.parametrize("name", of.templates())
def test_an_extending_file_is_the_template_until_the_hints_are_used(name: str) -> None:
    """As it is written it adds nothing but its name; with the # taken away every hint works."""
    assert run("ours.yaml", "--template", name, "--extends").exit_code == 0
    file = Path("ours.yaml")
    flow = of.load_flow(file)
    assert flow.name == "ours"
    assert [item.params["path"] for item in flow.notes] == ["flow"]
    text = file.read_text(encoding="utf-8")
    head, hints = text.split("去掉 # 即可使用。\n")
    file.write_text(head + "\n" + re.sub("^# ", "", hints, flags=re.MULTILINE), encoding="utf-8")
    used = of.load_flow(file)
    assert of.problems(used) == ()
    assert used.title["zh"] == "我们的订单" and used.find[-1] == "order.project"
    assert list(used.lifecycle.stages)[-1] == "extra_check"
    assert used.lifecycle.stages[used.lifecycle.initial].owner == of.OwnerRule(team="front-desk")
    assert "placed" not in (used.notify or {})
    assert len(used.notes) > 3


def test_an_extending_file_may_have_any_name() -> None:
    """A name that YAML would take for something else is quoted."""
    assert run("1e3.yaml", "--template", "e-commerce", "--extends").exit_code == 0
    assert of.load_flow("1e3.yaml").name == "1e3"


def test_the_templates_are_listed_with_their_titles() -> None:
    """One line each, in the language that is asked for; nothing is written."""
    assert run("--list").stdout.splitlines() == [
        "e-commerce     Web shop order",
        "make-to-order  Make to order",
        "sales-order    Sales order",
    ]
    assert "按单生产" in run("--list", "--lang", "zh").stdout
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "--list shows the templates"),
        (["--template", "sales-ordr"], 2, "Did you mean 'sales-order'?"),
        (["--template", "../secret"], 2, "there is no template"),
        (["--template", ""], 2, "there is no template"),
        (["none/mine.yaml", "--template", "sales-order"], 2, "cannot be written"),
        (["--template"], 2, "requires an argument"),
        (["a.yaml", "b.yaml", "--template", "sales-order"], 2, "unexpected extra argument"),
        (["--list", "--lang", "fr"], 2, "'fr'"),
    ],
)
def test_bad_input_is_told_and_writes_nothing(arguments: list[str], code: int, words: str) -> None:
    """A message on stderr, nothing on stdout, no file."""
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr
    assert list(Path().iterdir()) == []


def test_what_an_extended_file_does_wrong_is_told_by_check() -> None:
    """`check` names the file in which a problem stands, also when it is another one."""
    Path("part.yaml").write_text("sla: {placed: {target: soon}}\n", encoding="utf-8")
    Path("mine.yaml").write_text("extends: sales-order\ninclude: part.yaml\nnone: null\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "mine.yaml"])
    assert done.exit_code == 1 and done.stdout.startswith("mine.yaml:3:1: error: ")
    Path("mine.yaml").write_text("extends: sales-order\ninclude: part.yaml\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["check", "mine.yaml"])
    assert done.stdout.startswith("part.yaml:1:24: error: 'soon' is no length of time")
    done = CliRunner().invoke(main, ["check", "mine.yaml", "--format", "json"])
    assert '"file": "part.yaml"' in done.stdout
