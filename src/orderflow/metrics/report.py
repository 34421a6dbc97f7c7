"""The Report: every figure about a log, each computed when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from attrs import asdict, evolve, frozen

from orderflow.metrics.bottlenecks import Bottlenecks, both
from orderflow.metrics.conformance import Conformance
from orderflow.metrics.deliveries import need_deliveries
from orderflow.metrics.flow_map import result as flow_map_of
from orderflow.metrics.flow_map import summarise as summarise_flow_map
from orderflow.metrics.further import FurtherParts
from orderflow.metrics.groups import By
from orderflow.metrics.keys import need_column
from orderflow.metrics.lead_time import lead_time
from orderflow.metrics.lead_time import summarise as summarise_lead_time
from orderflow.metrics.log import EventLog
from orderflow.metrics.on_time import OnTime
from orderflow.metrics.on_time import described as on_time_of
from orderflow.metrics.on_time import summarise as summarise_on_time
from orderflow.metrics.overview import Overview
from orderflow.metrics.overview import result as overview_of
from orderflow.metrics.overview import summarise as summarise_overview
from orderflow.metrics.rework import Rework
from orderflow.metrics.rework import described as rework_of
from orderflow.metrics.rework import summarise as summarise_rework
from orderflow.metrics.show import html_table
from orderflow.metrics.stage_time import result as stage_time_of
from orderflow.metrics.stage_time import summarise as summarise_stage_time
from orderflow.metrics.summary import Durations, Table
from orderflow.metrics.terms import Allowed, Terms
from orderflow.metrics.throughput import Throughput
from orderflow.metrics.throughput import described as throughput_of
from orderflow.metrics.throughput import summarise as summarise_throughput
from orderflow.metrics.variants import Variants
from orderflow.metrics.variants import described as variants_of
from orderflow.metrics.variants import summarise as summarise_variants
from orderflow.model.calendar import WorkCalendar
from orderflow.model.frozen import EMPTY
from orderflow.model.reasons import Reason, reason


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # no slots: `cached_property` keeps what it found in __dict__
class Report(FurtherParts):
    """Every figure about one log. Each part (`PARTS`) is computed when it is first read, then kept.

    - Beside `PARTS` there are those of `FURTHER`, which not every log can answer (`FurtherParts`).
    - The parts come from the same summaries as the functions of the same name in `orderflow.metrics`.
    - With a `calendar` every duration is open time; `wall` is the same report in plain time.
    - `on_time` is None when the log has no promises, or nothing says which stage is a delivery.
    - `summaries`: summaries by part that were made elsewhere, of shards; they are used instead of the log's.
    """

    summaries: Mapping[str, Any] = EMPTY

    @cached_property
    def wall(self) -> Report:
        """The same report in plain time, without the calendar."""
        return self if self.calendar is None else evolve(self, terms=evolve(self.terms, calendar=None))

    @property
    def assumptions(self) -> tuple[Reason, ...]:
        """What was guessed or assumed by the log and by this report."""
        if "promised_at" in self.log.orders.columns and not self._asked:
            return (*self.log.assumptions, reason("log.promises_unused"))
        return self.log.assumptions

    @cached_property
    def overview(self) -> Overview:
        """How much there is: orders, events, people, stages, the first and the last event."""
        return overview_of(self._given("overview") or summarise_overview(self.log))

    @cached_property
    def lead_time(self) -> Durations:
        """From the first to the last event of each order: eight figures."""
        summary = self._given("lead_time") or summarise_lead_time(self.log, calendar=self.calendar)
        return summary.durations()

    @cached_property
    def flow_map(self) -> Table:
        """Which stage follows which, how often, and after how long."""
        return flow_map_of(self._given("flow_map") or summarise_flow_map(self.log, calendar=self.calendar))

    @cached_property
    def variants(self) -> Variants:
        """The different sequences of stages: how many, and the most frequent."""
        return variants_of(self._given("variants") or summarise_variants(self.log))

    @cached_property
    def rework(self) -> Rework:
        """Stages that orders enter again."""
        return rework_of(self._given("rework") or summarise_rework(self.log))

    @cached_property
    def handover(self) -> Table:
        """Who passes work to whom."""
        figure = self.terms.figure("handover")
        found: Table = figure.result(self._given("handover") or figure.summarise(self.log))
        return found

    @cached_property
    def throughput(self) -> Throughput:
        """Orders started and finished in each month."""
        return throughput_of(self._given("throughput") or summarise_throughput(self.log))

    @cached_property
    def stage_time(self) -> Table:
        """How long orders stay in each stage."""
        return stage_time_of(self._given("stage_time") or summarise_stage_time(self.log, calendar=self.calendar))

    @cached_property
    def bottlenecks(self) -> Bottlenecks:
        """The steps that take most time, altogether and each time."""
        return both(self.flow_map)

    @cached_property
    def on_time(self) -> OnTime | None:
        """Which promises were kept; None without promises, or where nothing says which stage is a delivery."""
        if "promised_at" not in self.log.orders.columns or not self._asked:
            return None
        need_deliveries(self.log, self.delivered_stage)
        given = self._given("on_time")
        return on_time_of(
            given or summarise_on_time(self.log, calendar=self.calendar, delivered_stage=self.delivered_stage)
        )

    def lead_time_by(self, by: By) -> Table:
        """The lead time of each value of an attribute of orders, as `of.metrics.lead_time(log, by=...)`."""
        return lead_time(self.log, by=by, calendar=self.calendar)

    def to_dict(self) -> dict[str, Any]:
        """The ten parts (`PARTS`) as plain data for JSON: seconds as numbers, instants as UTC ISO texts. What
        `further_to_dict` gives stands in JSON beside them, under `further`.

        `on_time` is there only when it could be computed, `calendar` (its name) only when durations are open time.
        Mappings and lists are in the order of their part.
        """
        amount = self.overview
        data = {
            "orders": amount.orders,
            "events": amount.events,
            "actors": amount.actors,
            "events_without_actor": amount.events_without_actor,
            "first_event": _iso(amount.first_event),
            "last_event": _iso(amount.last_event),
            "lead_time": self.lead_time.to_dict(),
            "stages": dict(amount.stages),
            "start_stages": dict(amount.start_stages),
            "end_stages": dict(amount.end_stages),
            "flow_map": self.flow_map.to_dicts(),
            "variants": {"count": self.variants.count, "top": self.variants.top.to_dicts()},
            "rework": {**asdict(self.rework), "by_stage": dict(self.rework.by_stage)},
            "handover": self.handover.to_dicts(),
            "throughput": {
                "started": dict(self.throughput.started),
                "finished": dict(self.throughput.finished),
            },
            "stage_time": {row.pop("stage"): row for row in self.stage_time.to_dicts()},
            "bottlenecks": {
                "by_total": self.bottlenecks.by_total.to_dicts(),
                "by_mean": self.bottlenecks.by_mean.to_dicts(),
            },
        }
        if self.on_time is not None:
            data["on_time"] = self.on_time.to_dict()
        return data if self.calendar is None else {"calendar": self.calendar.name, **data}

    def further_to_dict(self) -> dict[str, Any]:
        """The further parts that the log can answer as plain data for JSON, each a list of rows; days are ISO texts."""
        return {name: _plain(part) for name, part in self.further.items()}

    def __repr__(self) -> str:
        return f"<Report on {self.log!r}>"

    def _repr_html_(self) -> str:
        lead = {name: value for name, value in self.lead_time.to_dict().items() if name != "n"}
        parts = [html_table(list(lead), [list(lead.values())], 1, durations=lead, title="Lead time")]
        if self.on_time is not None:
            kept = {name: getattr(self.on_time, name) for name in ("n", "on_time", "rate", "by_day_rate")}
            parts.append(html_table(list(kept), [list(kept.values())], 1, title="On time"))
        for title, found in (
            ("Stage time", self.stage_time),
            ("Bottlenecks", self.bottlenecks.by_total),
            ("Flow map", self.flow_map),
            (f"Variants, {self.variants.count:,} in all", self.variants.top),
        ):
            rows = found.frame.iter_rows()
            parts.append(html_table(found.frame.columns, rows, len(found), durations=found.durations, title=title))
        seen = self.overview
        return f"<p>{seen.orders:,} orders, {seen.events:,} events, {seen.actors:,} actors</p>" + "".join(parts)

    @property
    def _asked(self) -> bool:
        return self.delivered_stage is not None or bool(self.log.done_stages)

    def _given(self, part: str) -> Any:
        return self.summaries.get(part)


def report(
    log: EventLog,
    *,
    calendar: WorkCalendar | None = None,
    delivered_stage: str | None = None,
    allowed: Allowed | None = None,
    people: str = "names",
    minimum: int | None = None,
) -> Report:
    """Every figure about a log, computed when it is read.

    - `calendar`: durations are open time of this calendar; `report.wall` has them in plain time.
    - `delivered_stage`: the stage whose first event is compared with the promise; without it, the log's done
      stages. Promises come with the log (`read_log(promised=...)`).
    - `allowed`: the steps that a flow allows (`of.allowed_steps(flow)`), for `report.conformance`.
    - `people`: `names`, `pseudonyms` or `teams` in every figure by person; `minimum`: how many orders each
      such row has at least; by default 1, and 5 in scorecards.
    - Raises LogError at once: a delivered stage that never occurs, or one for a log without promises; teams that the
      log does not know; an unknown way to name people.
    """
    if delivered_stage is not None:
        need_deliveries(log, delivered_stage)
    terms = Terms(calendar=calendar, delivered_stage=delivered_stage, allowed=allowed, people=people, minimum=minimum)
    if people == "teams":
        need_column(log, "team")
    return Report(log=log, terms=terms)


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _plain(part: Table | Conformance) -> Any:
    """The rows for JSON: days as ISO texts."""
    import polars as pl
    import polars.selectors as cs

    if isinstance(part, Conformance):
        return {"fit": _plain(part.fit), "breaks": _plain(part.breaks)}
    return part.frame.with_columns(cs.date().cast(pl.String)).to_dicts()
