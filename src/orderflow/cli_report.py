"""How `orderflow report` finds its figures and shows them: its options and what they mean. `cli.py` has the command."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

from orderflow.cli_logs import bar, chosen, read, said
from orderflow.model.errors import LogError
from orderflow.model.reasons import reason

if TYPE_CHECKING:
    from orderflow.metrics.log import EventLog
    from orderflow.metrics.report import Report
    from orderflow.model.calendar import WorkCalendar
    from orderflow.model.flow import Flow

F = TypeVar("F", bound=Callable[..., Any])
MARKED = 200_000  # events up to which a log is held against the promises of a flow unasked: about 20 seconds
_FILE = click.Path(dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option("--delivered-stage", metavar="STAGE", help="Stage whose first event is compared with the promise."),
    click.option(
        "--flow",
        metavar="FILE",
        type=_FILE,
        help="Flow file: durations are open time of its calendar, its stages say what has ended, its transitions what "
        "is allowed, its promises which clocks ran.",
    ),
    click.option(
        "--calendar",
        metavar="FILE",
        type=_FILE,
        help="Durations are open time of this calendar: a file with the calendar block of a flow, or a flow file.",
    ),
    click.option(
        "--mark/--no-mark",
        default=None,
        help=f"Hold the orders against the time promises of the flow. [up to {MARKED:,} events]",
    ),
    click.option("--by", metavar="ATTRIBUTE", help="Also the lead time for each value of an attribute of orders."),
    click.option(
        "--people",
        type=click.Choice(["names", "pseudonyms", "teams"]),
        default="names",
        show_default=True,
        help="How people are named in figures by person.",
    ),
    click.option(
        "--minimum",
        type=click.IntRange(min=1),
        metavar="N",
        help="Orders that a row by person has at least. [1; 5 in scorecards]",
    ),
    click.option(
        "--shards",
        type=click.IntRange(min=1),
        metavar="N",
        help="Read a Parquet or CSV file in N parts, one at a time: for files larger than memory.",
    ),
    click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", "csv", "parquet"]),
        default="text",
        show_default=True,
        help="csv and parquet are one table: part, key, figure, value.",
    ),
    click.option("--part", metavar="NAME", help="With csv and parquet: this part alone, with its own columns."),
    click.option(
        "-o", "--output", metavar="FILE", type=_FILE, help="Write to a file. Needed for parquet. [standard output]"
    ),
)


def reporting(function: F) -> F:
    """The options of `orderflow report`, in their order."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@frozen(kw_only=True)
class Asked:
    """What was asked for, beside how the log is read."""

    delivered_stage: str | None
    where: tuple[str, ...]
    since: str | None
    until: str | None
    flow: Path | None
    calendar: Path | None
    mark: bool | None
    by: str | None
    people: str
    minimum: int | None
    shards: int | None
    form: str
    part: str | None
    output: Path | None

    def check(self, options: dict[str, Any]) -> None:
        """Raise UsageError for what does not go together."""
        if options["promised"] and not (self.delivered_stage or options["done_stages"] or self.flow):
            raise click.UsageError(
                "--promised needs --delivered-stage, --done or --flow: which stage is compared with the promise?"
            )
        if self.part is not None and self.form not in ("csv", "parquet"):
            raise click.UsageError("--part goes with --format csv or parquet; text and JSON have all parts")
        if self.form == "parquet" and self.output is None:
            raise click.UsageError("--format parquet needs --output FILE")
        if self.shards is not None and self.mark:
            raise click.UsageError("--mark needs the whole log: leave out --shards")

    @property
    def further(self) -> tuple[str, ...]:
        """The parts beyond those of every report that are shown."""
        from orderflow.adapters.report_further import SHOWN
        from orderflow.metrics.figures import FURTHER

        if self.form == "text":
            return SHOWN
        return FURTHER if self.part is None else tuple(name for name in FURTHER if name == self.part)


def figures_of(source: str, asked: Asked, options: dict[str, Any]) -> Report:
    """The report that was asked for; of shards it is summed up here, else its parts are computed when they are read."""
    from orderflow.metrics.keys import Keys
    from orderflow.metrics.report import report
    from orderflow.metrics.shards import report_of_shards
    from orderflow.metrics.terms import Terms
    from orderflow.rules.allowed import allowed_steps

    flow, calendar = _flow(asked)
    common: dict[str, Any] = {
        "calendar": calendar,
        "delivered_stage": asked.delivered_stage,
        "allowed": None if flow is None else allowed_steps(flow),
        "people": asked.people,
        "minimum": asked.minimum,
    }
    with _told_by(asked.by, options):
        if asked.shards is not None:
            terms = Terms(further=asked.further, by=asked.by, **common)
            notes = [reason("log.marks_not_in_shards")] if flow is not None and flow.sla else []
            with closing(_shards(source, asked, options, flow)) as parts:
                return report_of_shards(parts, source=source, terms=terms, notes=notes)
        log = _chosen(read(source, options), asked)
        if flow is not None:
            log = _held_against(log, flow, asked.mark)
        Keys.of(log, asked.by)  # an attribute that there is not is told before any figure
        return report(log, **common)


@contextmanager
def _told_by(by: str | None, options: dict[str, Any]) -> Iterator[None]:
    """A column of the events in the place of an attribute is told as that, also by its name in the file."""
    from orderflow.adapters.columns import ACTOR, AT, STAGE, STARTED, TEAM, TRACK, plain

    try:
        yield
    except LogError as error:
        first = error.problems[0]
        roles = (STAGE, AT, ACTOR, TEAM, TRACK, STARTED)
        usual = {plain(name) for role in roles for name in role.names}
        named = {options[role.parameter] for role in roles}
        if by is None or first.code != "log.unknown_attribute" or first.params["name"] != by:
            raise
        if by not in named and plain(by) not in usual:
            raise
        raise LogError.of("log.not_of_orders", name=by, known=first.params["known"]) from None


def write_figures(figures: Report, asked: Asked, *, ascii_only: bool) -> str:
    """The report in the form that was asked for, as text for stdout; an empty one when it went to a file."""
    from orderflow.adapters.report_table import long_table, table_of
    from orderflow.adapters.report_text import to_json, to_text

    if asked.form == "json":
        return _out(to_json(figures, ascii_only=ascii_only, by=asked.by), asked.output)
    if asked.form == "text":
        return _out(to_text(figures, by=asked.by), asked.output)
    table = long_table(figures, by=asked.by) if asked.part is None else table_of(figures, asked.part, by=asked.by)
    if asked.output is None or asked.form == "csv":
        return _out(table.write_csv(), asked.output)
    with asked.output.open("wb") as file:
        table.write_parquet(file)
    return ""


def _out(text: str, path: Path | None) -> str:
    if path is None:
        return text
    path.write_text(text, encoding="utf-8")
    return ""


def _flow(asked: Asked) -> tuple[Flow | None, WorkCalendar | None]:
    from orderflow.adapters.flowfile import load_calendar, load_flow

    flow = None if asked.flow is None else load_flow(asked.flow)
    if asked.calendar is not None:
        return flow, load_calendar(asked.calendar)
    if flow is None or flow.calendar is None:
        return flow, None
    return flow, flow.calendar if flow.calendar.name else flow.calendar.named(flow.name)


def _chosen(log: EventLog, asked: Asked) -> EventLog:
    return chosen(log, asked.where, asked.since, asked.until)


def _shards(source: str, asked: Asked, options: dict[str, Any], flow: Flow | None) -> Generator[EventLog, None, None]:
    """The shards of a file, as far as they were asked for."""
    from orderflow.adapters.options import PartOptions
    from orderflow.adapters.shards import read_shards
    from orderflow.marking import in_terms_of

    given = said(options)
    if wrong := sorted(given.keys() - PartOptions.__annotations__.keys() - {"format"}):
        names = ", ".join("--" + name.replace("_", "-") for name in wrong)
        raise click.UsageError(f"--shards reads Parquet and CSV; {names} cannot be given")
    with bar("shards", shown=True) as progress:
        for log in read_shards(source, asked.shards or 1, progress=progress, **given):
            part = _chosen(log, asked)
            yield part if flow is None else in_terms_of(part, flow)


def _held_against(log: EventLog, flow: Flow, wanted: bool | None) -> EventLog:
    """The log in the terms of a flow, and with the marks of its promises where that was asked for or is quick."""
    from attrs import evolve

    from orderflow.marking import in_terms_of, mark

    if not flow.sla or wanted is False:
        return in_terms_of(log, flow)
    if wanted is None and len(log) > MARKED:
        told = (*log.assumptions, reason("log.marks_not_made", events=len(log)))
        return evolve(in_terms_of(log, flow), assumptions=told)
    with bar("promises", shown=False) as progress:
        return mark(log, flow, errors="skip", progress=progress)
