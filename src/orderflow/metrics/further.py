"""The further parts of a Report: figures that not every log can answer, each None with a Reason where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from attrs import frozen

from orderflow.metrics.ageing import ageing
from orderflow.metrics.cancellation import cancellation
from orderflow.metrics.cohorts import cohorts
from orderflow.metrics.complaint_rate import complaint_rate
from orderflow.metrics.conformance import Conformance, conformance
from orderflow.metrics.conversion import conversion
from orderflow.metrics.error_rate import error_rate
from orderflow.metrics.first_response import first_response
from orderflow.metrics.flow_efficiency import flow_efficiency
from orderflow.metrics.handover_of_teams import handover_of_teams
from orderflow.metrics.in_full import in_full
from orderflow.metrics.log import EventLog
from orderflow.metrics.otif import otif
from orderflow.metrics.people import MINIMUM
from orderflow.metrics.periods import periods
from orderflow.metrics.ping_pong import ping_pong
from orderflow.metrics.queues import queues
from orderflow.metrics.satisfaction import satisfaction
from orderflow.metrics.scorecard import scorecard
from orderflow.metrics.self_loops import self_loops
from orderflow.metrics.sla_attainment import sla_attainment
from orderflow.metrics.summary import Table
from orderflow.metrics.touches import touches
from orderflow.metrics.work_in_progress import work_in_progress
from orderflow.metrics.working_together import working_together
from orderflow.metrics.workload import workload
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason

T = TypeVar("T")
Allowed = Mapping[str, Iterable[tuple[str | None, str]]] | Iterable[tuple[str | None, str]]
FURTHER = (
    *("work_in_progress", "ageing", "queues", "cancellation", "conversion", "conformance", "sla_attainment", "otif"),
    *("in_full", "first_response", "flow_efficiency", "self_loops", "ping_pong", "handover_of_teams", "touches"),
    *("workload", "working_together", "scorecard", "satisfaction", "complaint_rate", "error_rate"),
    *("cohorts", "periods"),
)


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # no slots: `cached_property` keeps what it found in __dict__
class FurtherParts:
    """The parts named in `FURTHER`, each what the function of that name in `orderflow.metrics` gives for the log, with
    the report's calendar and delivered stage; None where the log has not what it needs, and `left_out` says why.

    - `allowed`: the steps that a flow allows, for `conformance` (`of.allowed_steps(flow)`).
    - `people`, `minimum`: how people are named in every figure by person - `names`, `pseudonyms`, `teams` - and how
      many orders such a row has at least. Without a minimum 1, and 5 in scorecards, which judge people.
    """

    log: EventLog
    delivered_stage: str | None = None
    calendar: WorkCalendar | None = None
    allowed: Allowed | None = None
    people: str = "names"
    minimum: int | None = None

    @cached_property
    def work_in_progress(self) -> Table | None:
        return self._known("work_in_progress", lambda: work_in_progress(self.log))

    @cached_property
    def ageing(self) -> Table | None:
        return self._known("ageing", lambda: ageing(self.log, calendar=self.calendar))

    @cached_property
    def queues(self) -> Table | None:
        return self._known("queues", lambda: queues(self.log))

    @cached_property
    def cancellation(self) -> Table | None:
        return self._known("cancellation", lambda: cancellation(self.log))

    @cached_property
    def conversion(self) -> Table | None:
        return self._known("conversion", lambda: conversion(self.log))

    @cached_property
    def conformance(self) -> Conformance | None:
        return self._known("conformance", self._conformance)

    @cached_property
    def sla_attainment(self) -> Table | None:
        return self._known("sla_attainment", lambda: sla_attainment(self.log))

    @cached_property
    def otif(self) -> Table | None:
        return self._known("otif", lambda: otif(self.log))

    @cached_property
    def in_full(self) -> Table | None:
        return self._known("in_full", lambda: in_full(self.log))

    @cached_property
    def first_response(self) -> Table | None:
        return self._known("first_response", lambda: first_response(self.log, calendar=self.calendar))

    @cached_property
    def flow_efficiency(self) -> Table | None:
        return self._known("flow_efficiency", lambda: flow_efficiency(self.log, calendar=self.calendar))

    @cached_property
    def self_loops(self) -> Table | None:
        return self._known("self_loops", lambda: self_loops(self.log))

    @cached_property
    def ping_pong(self) -> Table | None:
        return self._known("ping_pong", lambda: ping_pong(self.log, **self._by_person))

    @cached_property
    def handover_of_teams(self) -> Table | None:
        return self._known("handover_of_teams", lambda: handover_of_teams(self.log, calendar=self.calendar))

    @cached_property
    def touches(self) -> Table | None:
        return self._known("touches", lambda: touches(self.log))

    @cached_property
    def workload(self) -> Table | None:
        return self._known("workload", lambda: workload(self.log, **self._by_person))

    @cached_property
    def working_together(self) -> Table | None:
        return self._known("working_together", lambda: working_together(self.log, **self._by_person))

    @cached_property
    def scorecard(self) -> Table | None:
        judged = self._by_person | {"minimum": MINIMUM if self.minimum is None else self.minimum}
        options = judged | {"calendar": self.calendar, "delivered_stage": self.delivered_stage}
        return self._known("scorecard", lambda: scorecard(self.log, **options))

    @cached_property
    def satisfaction(self) -> Table | None:
        return self._known("satisfaction", lambda: satisfaction(self.log, delivered_stage=self.delivered_stage))

    @cached_property
    def complaint_rate(self) -> Table | None:
        return self._known("complaint_rate", lambda: complaint_rate(self.log))

    @cached_property
    def error_rate(self) -> Table | None:
        return self._known("error_rate", lambda: error_rate(self.log))

    @cached_property
    def cohorts(self) -> Table | None:
        options: dict[str, Any] = {"calendar": self.calendar, "delivered_stage": self.delivered_stage}
        return self._known("cohorts", lambda: cohorts(self.log, **options))

    @cached_property
    def periods(self) -> Table | None:
        options: dict[str, Any] = {"calendar": self.calendar, "delivered_stage": self.delivered_stage}
        return self._known("periods", lambda: periods(self.log, **options))

    @property
    def further(self) -> dict[str, Table | Conformance]:
        """Every further part that the log can answer, by name."""
        found = {
            "work_in_progress": self.work_in_progress,
            "ageing": self.ageing,
            "queues": self.queues,
            "cancellation": self.cancellation,
            "conversion": self.conversion,
            "conformance": self.conformance,
            "sla_attainment": self.sla_attainment,
            "otif": self.otif,
            "in_full": self.in_full,
            "first_response": self.first_response,
            "flow_efficiency": self.flow_efficiency,
            "self_loops": self.self_loops,
            "ping_pong": self.ping_pong,
            "handover_of_teams": self.handover_of_teams,
            "touches": self.touches,
            "workload": self.workload,
            "working_together": self.working_together,
            "scorecard": self.scorecard,
            "satisfaction": self.satisfaction,
            "complaint_rate": self.complaint_rate,
            "error_rate": self.error_rate,
            "cohorts": self.cohorts,
            "periods": self.periods,
        }
        return {name: part for name, part in found.items() if part is not None}

    @property
    def left_out(self) -> Mapping[str, Reason]:
        """Why each further part that is None is None, by its name."""
        _ = self.further  # every part is asked
        return dict(self._reasons)

    def _known(self, part: str, make: Callable[[], T]) -> T | None:
        """What `make` gives, or None where the log cannot answer; anything but a LogError is an error."""
        try:
            return make()
        except LogError as error:
            self._reasons[part] = error.problems[0]
            return None

    def _conformance(self) -> Conformance:
        if self.allowed is None:
            raise LogError.of("log.no_flow")
        return conformance(self.log, self.allowed)

    @property
    def _by_person(self) -> dict[str, Any]:
        return {"people": self.people, "minimum": 1 if self.minimum is None else self.minimum}

    @cached_property
    def _reasons(self) -> dict[str, Reason]:
        return {}
