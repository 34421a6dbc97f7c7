"""The command line. Every command is a thin shell: it reads options, calls the library, prints.

Exit codes: 0 done; 2 wrong usage or wrong input (options, a file or a definition that cannot be used); 1 refused or
failed. Errors are one message on stderr; `--debug`, on the group or on a command, shows the traceback.
`check` answers what is wrong with a file, so errors in it are its figures: on stdout, with 1; 2 is a file that cannot
be read. `diff` is done (0) whether or not there is a difference.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from orderflow.model.errors import (
    DefinitionError,
    InvalidValue,
    LogError,
    MissingExtraError,
    OrderflowError,
)
from orderflow.model.reasons import Language, Reason

try:
    import click
except ImportError:  # the `orderflow` script imports this module: it ends with the pip command, not a traceback
    sys.exit(f"orderflow: {MissingExtraError('click', 'cli')}")

from attrs import fields_dict

from orderflow.cli_logs import FORMATS, LONG_WORK, check_writing, choosing, chosen, read, reading, size_of, write
from orderflow.cli_report import Asked, figures_of, reporting, write_figures

if TYPE_CHECKING:
    from rich.console import Console

    from orderflow.metrics.report import Report

DEBUG = "orderflow.debug"
WRONG_INPUT = (LogError, DefinitionError, InvalidValue)
PIPE_WIDTH = 100  # cells of a line where stdout is no terminal
T = TypeVar("T")


class _Failed(click.ClickException):
    """Something was refused or failed, as its message."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(f"error: {self.message}", err=True)


class _WrongInput(_Failed):
    """A file or a definition cannot be used, as its message."""

    exit_code = 2


def _remember(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.meta[DEBUG] = True


def _debug() -> click.Option:
    return click.Option(
        ["--debug"], is_flag=True, expose_value=False, callback=_remember, help="Show the traceback of an error."
    )


class _Command(click.Command):
    """A command that takes `--debug` and ends with a message where it failed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_debug())

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # the border of the program: every error becomes a message
            if ctx.meta.get(DEBUG):
                raise
            raise _as_message(error, ctx.params.get("lang", "en")) from error


class _Group(click.Group):
    """A group whose commands are `_Command`s and which takes `--debug` too."""

    command_class = _Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_debug())


def _as_message(error: Exception, language: Language) -> _Failed:
    if isinstance(error, OrderflowError):
        found: tuple[Reason, ...] = getattr(error, "problems", ()) or getattr(error, "reasons", ())
        lines = (f"{item.place}: {item.text(language)}" if item.place else item.text(language) for item in found)
        return (_WrongInput if isinstance(error, WRONG_INPUT) else _Failed)("\n".join(lines) or str(error))
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return _Failed(f"{named}{error.strerror or error}")
    return _Failed(f"{type(error).__name__}: {error} (unexpected; --debug shows where)")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="orderflow")
def main() -> None:
    """Follow every order from intake to after-sales, and see where the time goes."""


@main.command("report")
@click.argument("log")
@reading
@choosing
@reporting
def report_command(log: str, **options: Any) -> None:
    """Report on an order history: LOG is a file (CSV, Parquet, JSON lines, XES, OCEL 2.0 JSON) or a database's URL.

    Figures go to stdout; guesses and assumptions go to stderr.
    """
    asked = Asked(**{name: options.pop(name) for name in fields_dict(Asked)})
    asked.check(options)
    figures = figures_of(log, asked, options)
    _assumed(figures.assumptions)
    with _steps(shown=size_of(log) > LONG_WORK) as step:
        _compute(figures, asked.further, step)
    click.echo(_printable(write_figures(figures, asked, ascii_only=not _unicode())), nl=False)


@main.command("convert")
@click.argument("log")
@click.argument("out", type=click.Path(path_type=Path))
@reading
@choosing
@click.option("--to", "to", type=FORMATS, help="Format of OUT. [by its ending]")
@click.option("--names", type=click.Choice(["orderflow", "pm4py"]), default="orderflow", show_default=True)
@click.option("--cases-out", metavar="FILE", help="Write attributes into a table of orders of its own.")
@click.option("--write-type", metavar="TYPE", default="order", show_default=True, help="What OCEL calls an order.")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
def convert_command(log: str, out: Path, force: bool, **options: Any) -> None:
    """Read an order history as `report` does and write it to OUT in another format.

    What was assumed and what the format cannot hold goes to stderr.
    """
    writing = {"format": options.pop("to"), "names": options.pop("names"), "object_type": options.pop("write_type")}
    writing["cases"] = options.pop("cases_out")
    choice = {name: options.pop(name) for name in ("where", "since", "until")}
    check_writing(out, writing, force=force)
    history = chosen(read(log, options), **choice)
    _assumed(history.assumptions)
    for item in write(history, out, writing):
        click.echo(_printable(f"note: {item.text()}", err=True), err=True)
    click.echo(_printable(f"{len(history):,} events of {history.spans.height:,} orders written to {out}"))


@main.command("demo")
@click.option("--orders", type=click.IntRange(min=1), default=300, show_default=True, help="How many orders come in.")
@click.option("--days", type=click.IntRange(min=1), default=60, show_default=True, help="Over how many simulated days.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another course of events.")
@click.option("--storage", metavar="URL", help="Path of a new SQLite file, or a storage URL, to keep. [not kept]")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the output."
)
def demo_command(orders: int, days: int, seed: int, storage: str | None, lang: Language) -> None:
    """Follow a simulated order book: board, late orders, messages and key figures."""
    from orderflow.demo import run_demo

    run_demo(_console(), orders=orders, days=days, seed=seed, storage=storage, language=lang)


_FLOW_FILE = click.Path(dir_okay=False, path_type=Path)
_lang = click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the output."
)


@main.command("check")
@click.argument("file", type=_FLOW_FILE)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--people", type=_FLOW_FILE, help="YAML or JSON list of {id, roles, teams}: finds roles nobody has.")
@click.option("--notes", is_flag=True, help="Say too what could not be checked.")
@_lang
def check_command(file: Path, form: str, people: Path | None, notes: bool, lang: Language) -> None:
    """Say what is wrong or doubtful in the flow FILE, with line and column.

    Exit code 0 when there are no errors (warnings are allowed), 1 when there are, 2 when FILE cannot be read.
    """
    from orderflow import cli_flow

    found = cli_flow.found_in(file, people=people, notes=notes)
    if form == "json":
        click.echo(cli_flow.check_json(file, found, lang, ascii_only=not _unicode(), notes=notes), nl=False)
    else:
        click.echo(_printable(cli_flow.check_text(file, found, lang, notes=notes)), nl=False)
    if cli_flow.errors_in(found):
        raise click.exceptions.Exit(1)


@main.command("diagram")
@click.argument("file", type=_FLOW_FILE)
@click.option("--format", "form", type=click.Choice(["mermaid", "dot"]), default="mermaid", show_default=True)
@click.option("--at", metavar="STAGE", help="Mark the stage that an order is in.")
@_lang
def diagram_command(file: Path, form: Any, at: str | None, lang: Language) -> None:
    """Draw the flow FILE as a state diagram: text for Mermaid, or DOT for Graphviz."""
    from orderflow.adapters.flowfile import load_flow
    from orderflow.rules.draw import draw

    click.echo(_printable(draw(load_flow(file), format=form, language=lang, at=at)), nl=False)


@main.command("describe")
@click.argument("file", type=_FLOW_FILE)
@_lang
def describe_command(file: Path, lang: Language) -> None:
    """Tell the flow FILE in plain sentences."""
    from orderflow.adapters.flowfile import load_flow
    from orderflow.rules.describe import describe

    click.echo(_printable(describe(load_flow(file), lang)), nl=False)


@main.command("diff")
@click.argument("old", type=_FLOW_FILE)
@click.argument("new", type=_FLOW_FILE)
@_lang
def diff_command(old: Path, new: Path, lang: Language) -> None:
    """Say in words what changed from the flow file OLD to NEW."""
    from orderflow.adapters.flowfile import load_flow
    from orderflow.rules.diff import diff
    from orderflow.rules.in_words import say

    changes = diff(load_flow(old), load_flow(new), lang)
    click.echo(_printable("\n".join(str(item) for item in changes) or say("diff.same", lang)))


@main.command("init")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--template", "name", metavar="NAME", help="The template to begin with; --list shows them.")
@click.option("--extends", is_flag=True, help="Write a small file that extends the template instead of a copy.")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
@click.option("--list", "listed", is_flag=True, help="List the templates and write nothing.")
@_lang
def init_command(path: Path | None, name: str | None, extends: bool, force: bool, listed: bool, lang: Language) -> None:
    """Begin a flow file at PATH from a template that ships. [NAME.yaml]"""
    from orderflow import cli_init

    if listed:
        click.echo(_printable(cli_init.template_list(lang)), nl=False)
        return
    if name is None:
        raise click.UsageError("which one? give --template NAME; --list shows the templates")
    written = cli_init.init(path, name, extends=extends, force=force)
    click.echo(_printable(cli_init.next_steps(written, lang)), nl=False)


def _console() -> Console:
    """A console on stdout, which takes every character; where nobody watches, lines have a fixed width."""
    try:
        from rich.console import Console
    except ImportError:
        raise MissingExtraError("rich", "cli") from None
    if not _unicode() and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def _compute(figures: Report, further: Iterable[str], step: Callable[[str, Callable[[], Any]], Any]) -> None:
    """Every part that will be shown; the figures keep what they found."""
    from orderflow.metrics.figures import PARTS

    for part in (*PARTS, *further):
        step(part.replace("_", " "), lambda part=part: getattr(figures, part))  # type: ignore[misc]  # binds the name now


def _assumed(assumptions: Iterable[Reason]) -> None:
    for item in assumptions:
        click.echo(_printable(f"assumed: {item.text()}", err=True), err=True)


@contextmanager
def _steps(*, shown: bool) -> Iterator[Callable[[str, Callable[[], T]], T]]:
    """Run steps one after the other, with a progress bar on stderr when the work is long and a person watches."""
    if not shown or not sys.stderr.isatty():
        yield lambda _title, work: work()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def step(title: str, work: Callable[[], T]) -> T:
            task = progress.add_task(title, total=None)
            try:
                return work()
            finally:
                progress.remove_task(task)

        yield step


def _unicode(*, err: bool = False) -> bool:
    """Whether the stream takes every character."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "ascii"
    return encoding.lower().replace("_", "-").startswith(("utf-8", "utf8", "utf-16", "gb18030"))


def _printable(text: str, *, err: bool = False) -> str:
    """The text with what the stream cannot show replaced by question marks."""
    if _unicode(err=err):
        return text
    encoding = (sys.stderr if err else sys.stdout).encoding or "ascii"
    return text.encode(encoding, "replace").decode(encoding)


def _show(text: str) -> None:
    click.echo(_printable(text), nl=False)


from orderflow.cli_versions import add_to  # noqa: E402 - it needs click, which is known to be there only now

add_to(main, _show)
