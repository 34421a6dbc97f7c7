"""What we show, we run: the code, commands and examples of the documents; and their headings, keys and links."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from click.testing import CliRunner

import orderflow
from orderflow import cli, providers, views
from orderflow.adapters import flowfile
from orderflow.hookspecs import Hooks
from orderflow.metrics.figures import PARTS
from orderflow.model import clock, errors, hours, tokens
from orderflow.model.condition import MAX_DIGITS
from orderflow.model.events import BODIES, Event
from orderflow.model.parse import USAGE
from orderflow.model.policies import TOPICS
from orderflow.model.texts import CATALOGUE, proofs
from orderflow.rules import acting, amending, check_sla, fields, gate, jumping, moving, observing, placing, select
from orderflow.rules.scope import BUILT_IN, LINE_FIELDS

ROOT = Path(__file__).parent.parent
REFUSING = (acting, amending, fields, gate, jumping, moving, observing, placing, select, providers, views)
DOCUMENTS = [ROOT / name for name in ("README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md")]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FENCE = re.compile(r"^```(\w*)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """The fenced blocks of a document: line, language, the word behind it (the name of a file), content."""
    text = read(path)
    for match in FENCE.finditer(text):
        yield text.count("\n", 0, match.start()) + 2, match[1], match[2].strip(), match[3]


def run_python(code: str, where: Path, line: int, names: dict[str, Any]) -> None:
    """Run a block; what it prints is exactly what its `# prints:` comments say, in order."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * (line - 1) + code, str(where), "exec", dont_inherit=True), names)
    shown = re.findall(r"^\s*# prints: ?(.*)$", code, re.MULTILINE)
    assert printed.getvalue().splitlines() == shown, f"{where.name}:{line} prints something else than it shows"


def run_console(text: str, where: Path, line: int) -> None:
    """Run each `$ orderflow …` line; the lines shown below it are in its output in this order, `…` leaves some out."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        program, *arguments = command.split()
        assert program == "orderflow", f"{where.name}:{line}: only our own command is shown as run: {command}"
        done = CliRunner().invoke(cli.main, arguments)
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        output = iter(done.output.splitlines())
        for expected in shown:
            if expected.strip() not in ("", "…"):
                assert expected.rstrip() in output, f"{where.name}:{line}: not in the output: {expected}\n{done.output}"


def laid_over(old: str, new: str, indent: int = 0) -> str:
    """YAML in blocks with the keys of another one in it: the same keys are replaced, new ones come at the end.

    Where both have lines with keys behind a key, these are laid over each other. A comment goes with what follows it.
    """
    one = rf"(?:[ ]*#.*\n)*[ ]{{{indent}}}([\w\"-]+):.*\n(?:[ ]{{{indent + 1},}}.*\n)*"
    before = {match[1]: match[0] for match in re.finditer(one, old)}
    after = {match[1]: match[0] for match in re.finditer(one, new)}
    for key, text in after.items():
        (head, _, below), (_, _, more) = (part.partition(f"{key}:\n") for part in (before.get(key, ""), text))
        if below and (inner := re.match(r"[ ]+(?=[\w\"-]+:)", more)):
            after[key] = f"{head}{key}:\n{laid_over(below, more, len(inner[0]))}"
    kept = {} if set(before) <= set(after) else before  # where all is new, so is its order
    return "".join((kept | after).values())


def run_tests(file: str) -> None:
    """Run a file of tests that a document shows, as its reader would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", file]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_shows_is_true(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a document run one after the other in a new folder; named ones are files there.

    A `+` behind the name lays the block over the file of that name, as a reader of the tutorial does by hand.
    """
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for line, language, file, content in blocks(document):
        if file:
            file, _, over = file.partition(" ")
            known = Path(file).read_text(encoding="utf-8") if over == "+" else ""
            Path(file).write_text(laid_over(known, content) if over == "+" else content, encoding="utf-8")
            if file.startswith("test_"):
                run_tests(file)
        elif language == "python":
            run_python(content, document, line, names)
        elif language == "console":
            run_console(content, document, line)


def test_every_worked_case_is_true() -> None:
    """Each row of the table in business-time.md is asked, with the calendars of the page, and answered as it says."""
    document = ROOT / "docs" / "business-time.md"
    before, heading, after = read(document).partition("\n| case | asked | answer |\n")
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for line, language, _, content in blocks(document):
            if language == "python" and line < before.count("\n"):
                exec(content, names)
    rows = re.findall(r"^\| (.+) \| `(.+)` \| `(.+)` \|$", after.partition("\n\n")[0], re.MULTILINE)
    assert heading and len(rows) > 30
    asked = {case: (str(eval(question, names)), answer) for case, question, answer in rows}
    assert {case: found for case, (found, answer) in asked.items() if found != answer} == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_runs(example: Path, tmp_path: Path) -> None:
    """Each example ends well, says something, and says the same when it is run again."""
    command = [sys.executable, "-W", "error", "-X", "utf8", str(example)]
    first, second = (
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert first.stdout and first.stdout == second.stdout


def test_every_hook_has_a_heading_with_its_arguments() -> None:
    """The headings of hooks.md are the hooks, each with its exact arguments."""
    headings = re.findall(r"^## `(orderflow_\w+\(.*\))`", read(ROOT / "docs" / "hooks.md"), re.MULTILINE)
    hooks = {name: item for name, item in vars(Hooks).items() if name.startswith("orderflow_")}
    assert headings == [
        f"{name}({', '.join(list(inspect.signature(item).parameters)[1:])})" for name, item in hooks.items()
    ]


def section_of(path: str) -> str:
    """The heading of flow-file.md for a path in a flow file."""
    if path.rpartition(".")[2] == "title":
        return "title"
    for pattern, heading in (
        (r"", "the file"),
        (r"select", "select"),
        (r"lifecycle", "lifecycle"),
        (r"tracks\.\w+", "tracks.NAME"),
        (r"(lifecycle|tracks\.\w+)\.stages\.\w+", "lifecycle.stages.STAGE"),
        (r"(lifecycle|tracks\.\w+)\.stages\.\w+\.owner", "lifecycle.stages.STAGE.owner"),
        (r"(lifecycle|tracks\.\w+)\.transitions\[\d+\]", "lifecycle.transitions[]"),
        (r"fields\.\w+\.\w+", "fields.NAME"),
        (r"lines", "lines"),
        (r"lines\.stages\.\w+", "lines.stages.STAGE"),
        (r"lines\.moves\.\w+", "lines.moves.MOVE"),
        (r"amendments\.\w+", "amendments.NAME"),
        (r"sla\.\w+", "sla.NAME"),
        (r"sla\.\w+\.target\[\d+\]", "sla.NAME.target[]"),
        (r"sla\.\w+\.escalate\[\d+\]", "sla.NAME.escalate[]"),
        (r"notify\.\w+", "notify.TOPIC"),
    ):
        if re.fullmatch(pattern, path):
            return heading
    raise AssertionError(f"the reader knows {path!r}, which this test does not: add a section to flow-file.md")


def test_flow_file_lists_exactly_the_keys_that_the_reader_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of flow-file.md, section by section, are those that the reader accepts while it reads the example."""
    known: dict[str, set[str]] = {}
    mapping, keys = flowfile._Reader.mapping, hours.SpecReader.keys

    def record(self: Any, tree: Any, names: Any, required: Any = ()) -> Any:
        known.setdefault(section_of(tree.place.path), set()).update(names)
        return mapping(self, tree, names, required)

    def record_calendar(self: Any, path: Any, spec: Any, names: Any) -> None:
        known.setdefault(re.sub(r"\.?\[?\d+\]?", "[]", hours.dotted(("calendar", *path))), set()).update(names)
        keys(self, path, spec, names)

    document = ROOT / "docs" / "flow-file.md"
    monkeypatch.setattr(flowfile._Reader, "mapping", record)
    monkeypatch.setattr(hours.SpecReader, "keys", record_calendar)
    for _, _language, file, content in blocks(document):
        if file == "sales_order.yaml":
            flowfile.read_flow_text(content)
    documented = {
        heading: set(re.findall(r"^\| `(\w+)`", body, re.MULTILINE))
        for heading, body in re.findall(
            r"^##+ `?([^\n`]+)`?\n(.*?)(?=^##|\Z)", read(document), re.MULTILINE | re.DOTALL
        )
    }
    assert {heading: keys for heading, keys in documented.items() if keys} == known


def test_the_topics_are_documented() -> None:
    """Each topic of `notify:` stands in flow-file.md."""
    text = read(ROOT / "docs" / "flow-file.md")
    assert [topic for topic in TOPICS if f"`{topic}`" not in text] == []


def test_conditions_lists_every_name_function_and_limit() -> None:
    """conditions.md knows every built-in name, every function, every operator and every limit of the language."""
    text = read(ROOT / "docs" / "conditions.md")
    assert [name for name in (*BUILT_IN, *LINE_FIELDS) if f"`{name}`" not in text] == []
    assert [name for name in USAGE if not re.search(rf"`{name}\(", text)] == []
    assert [sign for sign in tokens.OPERATORS if f"`{sign}`" not in text] == []
    limits = (tokens.MAX_LENGTH, tokens.MAX_TOKENS, tokens.MAX_DEPTH, tokens.MAX_PARTS, MAX_DIGITS)
    assert [limit for limit in limits if f"\n| {limit:,} | " not in text] == []


def test_history_format_lists_every_envelope_field_and_event_type() -> None:
    """history-format.md knows every field of the envelope and every type of event with its fields."""
    text = read(ROOT / "docs" / "history-format.md")
    fields = [name for name in attrs.fields_dict(Event) if name != "body"]
    assert [name for name in (*fields, "type", "schema") if f"`{name}`" not in text] == []
    for kind, body in BODIES.items():
        row = next((line for line in text.splitlines() if line.startswith(f"| `{kind}`")), "")
        assert [name for name in attrs.fields_dict(body) if f"`{name}`" not in row] == [], kind


def test_every_mark_is_documented() -> None:
    """sla.md has a row for each kind of mark and each field of a clock; history-format.md each kind and field."""
    text, form = read(ROOT / "docs" / "sla.md"), read(ROOT / "docs" / "history-format.md")
    table = text.partition("| mark | when | records |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    kinds = get_args(clock.MarkKind)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(kinds)
    fields = text.partition("| field | is |")[2].partition("\n\n")[0]
    assert [name for name in attrs.fields_dict(clock.Clock) if f"`{name}`" not in fields] == []
    marks = form.partition("### Marks")[2].partition("\n## ")[0]
    assert [name for name in (*attrs.fields_dict(clock.Mark), *kinds) if f"`{name}`" not in marks] == []


def test_every_problem_of_a_promise_is_documented() -> None:
    """sla.md has the code of everything that is found beforehand in time promises, and no other."""
    table = read(ROOT / "docs" / "sla.md").partition("| code | | says |")[2].partition("\n\n")[0]
    documented = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)))
    codes = set(re.findall(r'(?:problem|unknown)\("(\w+)"', inspect.getsource(check_sla)))
    words = {f"unknown_{key}" for key in ("time", "scope", "carry", "reminders")}
    assert sorted(documented) == sorted(codes | words | {"unknown_calendar"})


def test_every_proof_is_documented() -> None:
    """flow-tools.md has the code of everything that is proved of a flow, with its severity, and no other."""
    part = read(ROOT / "docs" / "flow-tools.md").partition("### What is proved")[2].partition("\n## ")[0]
    documented = re.findall(
        r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \| (?:error|warning|note)", part, re.MULTILINE))
    )
    base = {"unreachable_stage", "dead_end", "transition_never_taken", "stage_unwatched"}  # told in flows.py
    assert sorted(documented) == sorted({*proofs.TEXTS, *base})


def test_every_error_is_explained() -> None:
    """errors.md has a heading for every error class."""
    classes = [
        name
        for name, item in vars(errors).items()
        if inspect.isclass(item) and issubclass(item, errors.OrderflowError) and not name.startswith("_")
    ]
    headings = re.findall(r"^## `(\w+)`", read(ROOT / "docs" / "errors.md"), re.MULTILINE)
    assert sorted(headings) == sorted(classes)


def test_every_reason_for_a_refusal_is_listed() -> None:
    """tracking.md has each code with which a command or question can be refused, but for those of wrong values."""
    table = read(ROOT / "docs" / "tracking.md").partition("| code | says |")[2].partition("\n\n")[0]
    documented = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE))))
    raised = re.compile(r'(?:\breason|Refused\.of)\(\s*"(\w+)"')
    codes = {code for module in REFUSING for code in raised.findall(inspect.getsource(module))}
    aside = {code for code in codes if code.startswith(("owner_", "flow_selected"))} | {"bad_limit", "pilot_chosen"}
    assert codes - aside - documented == set()
    assert [code for code in documented if code not in CATALOGUE] == []


def test_every_figure_and_option_of_a_report_is_documented() -> None:
    """reporting.md has a heading for every part of a report, and every option of the command."""
    text = read(ROOT / "docs" / "reporting.md")
    assert [part for part in PARTS if f"### `{part}`" not in text] == []
    options = [option for item in cli.report_command.params for option in item.opts if option.startswith("--")]
    assert [option for option in options if f"`{option}" not in text] == []


def test_every_metric_has_a_heading_and_an_example() -> None:
    """metrics.md has a heading for every calculator, with an example below it that calls it."""
    parts = re.split(r"^### `(\w+)`$", read(ROOT / "docs" / "metrics.md"), flags=re.MULTILINE)[1:]
    shown = dict(zip(parts[::2], parts[1::2], strict=True))
    calculators = {name for name in orderflow.metrics.__all__ if name[0].islower()} - {"report", "compare", "in_shards"}
    assert sorted(shown) == sorted(calculators)
    assert [name for name, part in shown.items() if f"metrics.{name}(" not in part] == []


def test_every_option_of_a_metric_is_under_its_heading() -> None:
    """Beside `by` and `calendar`, which all have, and `people` and `minimum`, which `by_person` explains."""
    parts = re.split(r"^### `(\w+)`$", read(ROOT / "docs" / "metrics.md"), flags=re.MULTILINE)[1:]
    common = {"log", "by", "calendar", "table", "people", "minimum"}
    missing = []
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        options = set(inspect.signature(getattr(orderflow.metrics, name)).parameters) - common
        missing += [f"{name}: {option}" for option in sorted(options) if not re.search(rf"\b{option}\b", part)]
    assert missing == []


def test_what_is_shown_of_orderflow_without_being_run_can_be_imported() -> None:
    """Blocks that need a cluster are not run; what they import of orderflow is there all the same."""
    shown = [content for path in DOCUMENTS for _, kind, _, content in blocks(path) if kind == "text"]
    lines = [line for block in shown for line in block.splitlines() if re.match(r"(from|import) orderflow", line)]
    assert len(lines) > 3
    for line in lines:
        exec(line, {})


def test_every_public_name_is_in_the_documents() -> None:
    """Nothing public is left unmentioned, and the list of public names has them all."""
    listed = read(ROOT / "docs" / "index.md").partition("## Every public name")[2]
    assert [name for name in orderflow.__all__ if f"`{name}`" not in listed and f"`of.{name}`" not in listed] == []


def anchors(document: Path) -> set[str]:
    """The anchors that the headings of a document get."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", read(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every link to a file or heading of the project resolves."""
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", read(document))):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = (document.parent / file).resolve() if file else document
        assert path.exists(), f"{document.name}: {target}"
        assert not anchor or anchor in anchors(path), f"{document.name}: {target}"


def test_the_documents_name_no_paths_of_a_machine() -> None:
    """A document is about the project, not about the machine that it was written on."""
    foreign = re.compile(rf"{re.escape(str(ROOT))}|/home/|/tmp/|{os.sep}Users{os.sep}".replace("\\", "\\\\"))
    assert [path.name for path in (*DOCUMENTS, *EXAMPLES) if foreign.search(read(path))] == []
