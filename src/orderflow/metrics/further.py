"""The further parts of a Report: figures that not every log can answer, each None with a Reason where it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import frozen

from orderflow.metrics.conformance import Conformance
from orderflow.metrics.figures import FURTHER, function_of
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Table
from orderflow.metrics.terms import PLAIN, Terms
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # no slots: `cached_property` keeps what it found in __dict__
class FurtherParts:
    """The parts named in `FURTHER`, each what the function of that name in `orderflow.metrics` gives for the log, on
    the report's terms; None where the log has not what it needs, and `left_out` says why."""

    log: EventLog
    terms: Terms = PLAIN

    @property
    def calendar(self) -> WorkCalendar | None:
        """The calendar whose open time all durations are; None where they are plain time."""
        return self.terms.calendar

    @property
    def delivered_stage(self) -> str | None:
        """The stage whose first event is compared with the promise; None: the done stages of the log."""
        return self.terms.delivered_stage

    @property
    def work_in_progress(self) -> Table | None:
        return self._part("work_in_progress")  # type: ignore[no-any-return]

    @property
    def ageing(self) -> Table | None:
        return self._part("ageing")  # type: ignore[no-any-return]

    @property
    def queues(self) -> Table | None:
        return self._part("queues")  # type: ignore[no-any-return]

    @property
    def cancellation(self) -> Table | None:
        return self._part("cancellation")  # type: ignore[no-any-return]

    @property
    def conversion(self) -> Table | None:
        return self._part("conversion")  # type: ignore[no-any-return]

    @property
    def conformance(self) -> Conformance | None:
        return self._part("conformance")  # type: ignore[no-any-return]

    @property
    def sla_attainment(self) -> Table | None:
        return self._part("sla_attainment")  # type: ignore[no-any-return]

    @property
    def otif(self) -> Table | None:
        return self._part("otif")  # type: ignore[no-any-return]

    @property
    def in_full(self) -> Table | None:
        return self._part("in_full")  # type: ignore[no-any-return]

    @property
    def first_response(self) -> Table | None:
        return self._part("first_response")  # type: ignore[no-any-return]

    @property
    def flow_efficiency(self) -> Table | None:
        return self._part("flow_efficiency")  # type: ignore[no-any-return]

    @property
    def self_loops(self) -> Table | None:
        return self._part("self_loops")  # type: ignore[no-any-return]

    @property
    def ping_pong(self) -> Table | None:
        return self._part("ping_pong")  # type: ignore[no-any-return]

    @property
    def handover_of_teams(self) -> Table | None:
        return self._part("handover_of_teams")  # type: ignore[no-any-return]

    @property
    def touches(self) -> Table | None:
        return self._part("touches")  # type: ignore[no-any-return]

    @property
    def workload(self) -> Table | None:
        return self._part("workload")  # type: ignore[no-any-return]

    @property
    def working_together(self) -> Table | None:
        return self._part("working_together")  # type: ignore[no-any-return]

    @property
    def scorecard(self) -> Table | None:
        return self._part("scorecard")  # type: ignore[no-any-return]

    @property
    def satisfaction(self) -> Table | None:
        return self._part("satisfaction")  # type: ignore[no-any-return]

    @property
    def complaint_rate(self) -> Table | None:
        return self._part("complaint_rate")  # type: ignore[no-any-return]

    @property
    def error_rate(self) -> Table | None:
        return self._part("error_rate")  # type: ignore[no-any-return]

    @property
    def cohorts(self) -> Table | None:
        return self._part("cohorts")  # type: ignore[no-any-return]

    @property
    def periods(self) -> Table | None:
        return self._part("periods")  # type: ignore[no-any-return]

    @property
    def further(self) -> dict[str, Table | Conformance]:
        """Every further part that the log can answer, by name."""
        found = {name: self._part(name) for name in FURTHER}
        return {name: part for name, part in found.items() if part is not None}

    @property
    def left_out(self) -> Mapping[str, Reason]:
        """Why each further part that is None is None, by its name."""
        _ = self.further  # every part is asked
        return dict(self._reasons)

    def _part(self, name: str) -> Any:
        """The part, computed when it is first read, or None where the log cannot answer; anything but a LogError is an
        error."""
        if name not in self._found:
            try:
                self._found[name] = self._computed(name)
            except LogError as error:
                self._found[name] = None
                self._reasons[name] = error.problems[0]
        return self._found[name]

    def _computed(self, name: str) -> Any:
        return function_of(name)(self.log, **self.terms.options(name))

    @cached_property
    def _found(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _reasons(self) -> dict[str, Reason]:
        return {}
