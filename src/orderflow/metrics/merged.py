"""Reports in parts: the figures that they need, and the report that is made of summaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from orderflow.metrics.batches import without_rows
from orderflow.metrics.figures import PARTS, Figure, check_stage
from orderflow.metrics.groups import By
from orderflow.metrics.keys import need_column
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import Report
from orderflow.metrics.summary import Table
from orderflow.metrics.terms import PLAIN, Terms, as_groups
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import Reason

GROUPS = "lead_time_by"  # the summary of lead times by `terms.by`
MADE_OF = {"bottlenecks": "flow_map"}  # parts of a report that it makes from another part


def figures_of_report(whole: EventLog, terms: Terms = PLAIN) -> dict[str, Figure]:
    """The figures that a report needs, by the name of its part; those that the log cannot answer are left out.

    - `whole`: a log with the columns of the whole one; its events do not matter.
    - Raises LogError: a delivered stage where there are no promises (`log.no_promises`), teams of a log that knows
      none, an attribute to group by that there is not.
    """
    whole = without_rows(whole)
    promised = "promised_at" in whole.orders.columns
    if terms.delivered_stage is not None and not promised:
        raise LogError.of("log.no_promises")
    if terms.people == "teams":
        need_column(whole, "team")
    without = {*MADE_OF} if promised and (terms.delivered_stage or whole.done_stages) else {*MADE_OF, "on_time"}
    figures = {name: terms.figure(name) for name in PARTS if name not in without}
    if terms.by is not None:
        figures[GROUPS] = Figure.of("lead_time", {"by": terms.by, "calendar": terms.calendar})
        figures[GROUPS].check(whole)
    return figures | {name: terms.figure(name) for name in terms.further if _why_not(name, whole, terms) is None}


def to_merge(part: str) -> Figure:
    """The figure that merges summaries of this part, whatever its options are."""
    return Figure.of("lead_time" if part == GROUPS else part)


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # no slots, as in Report
class MergedReport(Report):
    """A Report made of merged summaries. Its `log` has the columns of the whole, but no events.

    - `source` says in words what was read; `notes` what was assumed on the way, beside what the log assumes.
    - Of `FURTHER` there is what was asked for beforehand (`terms.further`), and lead times by `terms.by` alone.
    - `wall` cannot be made from summaries of open time: ask for a second report, without the calendar.
    """

    source: str
    notes: tuple[Reason, ...] = ()

    @property
    def wall(self) -> Report:
        if self.calendar is not None:
            raise LogError.of("log.wall_not_summed")
        return self

    @property
    def assumptions(self) -> tuple[Reason, ...]:
        return (*super().assumptions, *self.notes)

    def lead_time_by(self, by: By) -> Table:
        if as_groups(by) != self.terms.by:
            raise LogError.of("log.groups_not_summed", by=repr(by))
        found: Table = to_merge(GROUPS).result(self.summaries[GROUPS])
        return found

    def _computed(self, name: str) -> Any:
        if name in self.summaries:
            return self.terms.figure(name).result(self.summaries[name])
        if name not in self.terms.further:
            raise LogError.of("log.part_not_summed", part=name)
        raise _why_not(name, self.log, self.terms) or LogError.of("log.part_not_summed", part=name)

    def __repr__(self) -> str:
        return f"<Report on {self.source}: {self.overview.events} events of {self.overview.orders} orders>"


def merged_report(
    whole: EventLog,
    summaries: Mapping[str, Any],
    terms: Terms = PLAIN,
    *,
    source: str,
    notes: Iterable[Reason] = (),
    seen: Iterable[str] | None = None,
) -> MergedReport:
    """The report of summaries by the name of their part.

    - `seen`: the stages that the logs know which were summed up; without it, those that occurred.
    - Raises LogError (`log.unknown_stage`) for a delivered stage that never occurs in a log with events.
    """
    found = MergedReport(log=whole, terms=terms, summaries=FrozenMap(summaries), source=source, notes=tuple(notes))
    check_stage(terms.delivered_stage, found.overview.stages if seen is None else seen)
    return found


def _why_not(part: str, whole: EventLog, terms: Terms) -> LogError | None:
    """Why a log with these columns cannot answer a further part; None where it can."""
    try:
        terms.figure(part).check(whole)
    except LogError as error:
        return error
    return None
