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
    the report's terms; None where the log lacks what it needs, and `left_out` says why."""

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
        """Open orders at the end of each day."""
        return self._table("work_in_progress")

    @property
    def ageing(self) -> Table | None:
        """Open orders by stage and age."""
        return self._table("ageing")

    @property
    def queues(self) -> Table | None:
        """Where orders arrive faster than they leave, by stage and week."""
        return self._table("queues")

    @property
    def cancellation(self) -> Table | None:
        """The share of orders that were cancelled."""
        return self._table("cancellation")

    @property
    def conversion(self) -> Table | None:
        """The share of orders that reach each stage."""
        return self._table("conversion")

    @property
    def conformance(self) -> Conformance | None:
        """Which steps leave those that a flow allows, where, and how often."""
        found: Conformance | None = self._part("conformance")
        return found

    @property
    def sla_attainment(self) -> Table | None:
        """Of the runs of each time promise the share that was met in time."""
        return self._table("sla_attainment")

    @property
    def otif(self) -> Table | None:
        """The share of promised orders that were delivered on time and in full."""
        return self._table("otif")

    @property
    def in_full(self) -> Table | None:
        """The share of orders whose lines were all delivered completely."""
        return self._table("in_full")

    @property
    def first_response(self) -> Table | None:
        """How long orders wait until another person takes them up."""
        return self._table("first_response")

    @property
    def flow_efficiency(self) -> Table | None:
        """The share of an order's time in which somebody works on it."""
        return self._table("flow_efficiency")

    @property
    def self_loops(self) -> Table | None:
        """Stages that follow themselves at once."""
        return self._table("self_loops")

    @property
    def ping_pong(self) -> Table | None:
        """Work that goes to somebody else and straight back."""
        return self._table("ping_pong")

    @property
    def handover_of_teams(self) -> Table | None:
        """How long work lies where it passes from one team to another."""
        return self._table("handover_of_teams")

    @property
    def touches(self) -> Table | None:
        """How often people handle an order, and how many orders go through without."""
        return self._table("touches")

    @property
    def workload(self) -> Table | None:
        """Events, orders and open orders of each person."""
        return self._table("workload")

    @property
    def working_together(self) -> Table | None:
        """Pairs of people with events in the same orders."""
        return self._table("working_together")

    @property
    def scorecard(self) -> Table | None:
        """One row per person: how much, how fast, how often on time, with sample sizes and intervals."""
        return self._table("scorecard")

    @property
    def satisfaction(self) -> Table | None:
        """What customers answered: CSAT and NPS."""
        return self._table("satisfaction")

    @property
    def complaint_rate(self) -> Table | None:
        """The share of orders with a complaint."""
        return self._table("complaint_rate")

    @property
    def error_rate(self) -> Table | None:
        """The share of orders in which something went wrong."""
        return self._table("error_rate")

    @property
    def cohorts(self) -> Table | None:
        """Orders by the month in which they came in, and what has become of them."""
        return self._table("cohorts")

    @property
    def periods(self) -> Table | None:
        """Orders that came in, were done and were cancelled in each month."""
        return self._table("periods")

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

    def _table(self, name: str) -> Table | None:
        found: Table | None = self._part(name)
        return found

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
