"""How commands read and write logs: the options that say what is what in a file. `cli.py` holds the commands."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orderflow.model.errors import LogError, Refused
from orderflow.model.reasons import Place, reason

if TYPE_CHECKING:
    from orderflow.metrics.log import EventLog
    from orderflow.model.reasons import Reason

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = click.Choice(["csv", "parquet", "jsonl", "xes", "ocel"])
LONG_WORK = 60_000_000  # bytes: from about this size on a log takes more than a few seconds
AFTER = 2.0  # seconds of work after which a person wants to see how far it is

_READING = (
    click.option("--from", "format", type=FORMATS, help="Format of LOG. [by its ending; a folder is Parquet]"),
    click.option("--cases", metavar="FILE", help="Table with one row per order, in any such format: attributes."),
    click.option("--promised", metavar="COLUMN", help="Column with the promised time; a bare date is a day."),
    click.option(
        "--done",
        "done_stages",
        metavar="STAGE",
        multiple=True,
        help="Stage in which an order is finished; again for others.",
    ),
    click.option(
        "--cancelled",
        "cancelled_stages",
        metavar="STAGE",
        multiple=True,
        help="Stage in which an order is cancelled; again for others.",
    ),
    click.option("--tz", metavar="ZONE", help="Zone of times without an offset, and of days. [UTC]"),
    click.option("--order-id", metavar="COLUMN", help="Column with the order id. [guessed]"),
    click.option("--stage", metavar="COLUMN", help="Column with the stage. [guessed]"),
    click.option("--at", metavar="COLUMN", help="Column with the time. [guessed]"),
    click.option("--actor", metavar="COLUMN", help="Column with the person or system. [guessed]"),
    click.option("--team", metavar="COLUMN", help="Column with the team or department. [guessed]"),
    click.option("--track", metavar="COLUMN", help="Column with the track. [guessed]"),
    click.option(
        "--started-at", metavar="COLUMN", help="Column with the start of the work that an event ends. [guessed]"
    ),
    click.option(
        "--stages",
        metavar="STAGE=COLUMN",
        multiple=True,
        help="In a table with one row per order, the column with the times of a stage; again for others. [guessed]",
    ),
    click.option(
        "--attribute",
        "attributes",
        metavar="COLUMN",
        multiple=True,
        help="Column of the events that is about the whole order; again for others. [those with case:]",
    ),
    click.option(
        "--lifecycle",
        metavar="NAME",
        multiple=True,
        help="Which lifecycle:transition enters a stage, or all. [complete]",
    ),
    click.option("--object-type", metavar="TYPE", help="Type of object whose histories to take from OCEL."),
    click.option("--query", metavar="SQL", help="What to read when LOG is the URL of a database."),
    click.option("--encoding", help="Encoding of the files, such as gb18030. [UTF-8; Chinese is recognised]"),
    click.option(
        "--time-format", metavar="PATTERN", help="How times are written, such as '%d/%m/%Y %H:%M'. [ISO 8601]"
    ),
    click.option(
        "--errors",
        type=click.Choice(["raise", "skip"]),
        default="raise",
        show_default=True,
        help="What to do with rows that are wrong.",
    ),
)


_CHOOSING = (
    click.option(
        "--where",
        metavar="ATTRIBUTE=VALUE",
        multiple=True,
        help="Only orders with this value; the same attribute again: or with that one.",
    ),
    click.option("--since", metavar="WHEN", help="Only orders that begin at or after a date or time (ISO 8601)."),
    click.option("--until", metavar="WHEN", help="Only orders that begin before it."),
)


def choosing(function: F) -> F:
    """The options that say which orders of a log are meant."""
    for option in reversed(_CHOOSING):
        function = option(function)
    return function


def chosen(log: EventLog, where: tuple[str, ...], since: str | None, until: str | None) -> EventLog:
    """The orders of a log that the options choose. Values are compared as they are written in the log."""
    from orderflow.metrics.attributes import attribute

    wanted: dict[str, list[str]] = {}
    for pair in where:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.UsageError(f"--where {pair}: write ATTRIBUTE=VALUE")
        wanted.setdefault(name, []).append(value)
    for name, values in wanted.items():
        known = attribute(log.orders, name).unique().to_list()
        log = log.where(**{name: [item for item in known if str(item) in values]})
    log = log if since is None else log.since(since)
    return log if until is None else log.until(until)


def reading(function: F) -> F:
    """The options of everything that reads a log, in their order."""
    for option in reversed(_READING):
        function = option(function)
    return function


def read(source: str, options: dict[str, Any]) -> EventLog:
    """The log that the options describe, with a bar while it takes long."""
    from orderflow.adapters.tables import read_log

    given = said(options)
    with bar("reading", shown=size_of(source) > LONG_WORK) as progress:
        return read_log(source, progress=progress, **given)


def said(options: dict[str, Any]) -> dict[str, Any]:
    """The options of `reading` that were given, as `read_log` takes them."""
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if "stages" in given:
        given["stages"] = _stages(given["stages"])
    if given.get("lifecycle") == ("all",):
        given["lifecycle"] = "all"
    if given.get("errors") == "raise":
        del given["errors"]
    return given


def check_writing(out: Path, options: dict[str, Any], *, force: bool) -> None:
    """Raise, before anything is read, for what cannot be written so, and for a file that would be written over."""
    from orderflow.adapters.write_log import formats_to_write

    formats_to_write(out, options["format"], options["cases"])
    for path in (out, *([Path(options["cases"])] if options["cases"] else [])):
        if (path.is_file() or path.is_dir()) and not force:  # nothing is lost in a pipe or a device
            raise Refused([reason("file_exists", Place(file=str(path)))])


def write(log: EventLog, path: Path, options: dict[str, Any]) -> tuple[Reason, ...]:
    """Write the log and tell what the format could not hold, with a bar while it takes long."""
    from orderflow.adapters.write_log import write_log

    with bar("writing", shown=False) as progress:
        return write_log(log, path, progress=progress, **options)


def size_of(source: str) -> int:
    """The bytes of a file, or of the Parquet files of a folder; 0 for what is neither, since reading it gives the
    message."""
    from orderflow.adapters.parquet import parquet_files

    try:
        path = Path(source)
        return sum(file.stat().st_size for file in (parquet_files(path).files if path.is_dir() else (path,)))
    except (OSError, ValueError, LogError):
        return 0


def _stages(pairs: tuple[str, ...]) -> dict[str, str] | list[str]:
    """Stage -> column; or the columns alone, when no pair names a stage."""
    if not any("=" in pair for pair in pairs):
        return list(pairs)
    return {stage: column or stage for stage, _sign, column in (pair.partition("=") for pair in pairs)}


@contextmanager
def bar(title: str, *, shown: bool) -> Iterator[Callable[[float], None] | None]:
    """What to tell the share that is done, for a bar on stderr where a person watches: at once with `shown`, as long
    as nothing was told without a share; else when there is something to tell and the work takes long."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task, began = bar.add_task(title, total=None), time.monotonic()
    if shown:
        bar.start()

    def told(share: float) -> None:
        if not bar.live.is_started and time.monotonic() - began > AFTER:
            bar.start()
        bar.update(task, total=1.0, completed=share)

    try:
        yield told
    finally:
        bar.stop()
