"""The Report: every figure about a log, each computed when it is read."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from attrs import asdict, frozen

from orderflow.metrics.bottlenecks import Bottlenecks, of_flow_map
from orderflow.metrics.flow_map import flow_map
from orderflow.metrics.handover import handover
from orderflow.metrics.lead_time import lead_time
from orderflow.metrics.log import EventLog
from orderflow.metrics.on_time import OnTime, check, on_time
from orderflow.metrics.overview import Overview, overview
from orderflow.metrics.rework import Rework, rework
from orderflow.metrics.stage_time import stage_time
from orderflow.metrics.summary import Durations, Table
from orderflow.metrics.throughput import Throughput, throughput
from orderflow.metrics.variants import Variants, variants
from orderflow.model.reasons import Reason, reason

PARTS = (
    "overview",
    "lead_time",
    "flow_map",
    "variants",
    "rework",
    "handover",
    "throughput",
    "stage_time",
    "bottlenecks",
    "on_time",
)


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # no slots: `cached_property` keeps what it found in __dict__
class Report:
    """Every figure about one log. Each part (`PARTS`) is computed when it is first read, then kept.

    - The parts are what the functions of the same name in `orderflow.metrics` give.
    - `on_time` is None when the log has no promises, or nothing says which stage is a delivery.
    """

    log: EventLog
    delivered_stage: str | None = None

    @property
    def assumptions(self) -> tuple[Reason, ...]:
        """What was guessed or assumed by the log and by this report."""
        asked = self.delivered_stage is not None or bool(self.log.done_stages)
        if "promised_at" in self.log.orders.columns and not asked:
            return (*self.log.assumptions, reason("log.promises_unused"))
        return self.log.assumptions

    @cached_property
    def overview(self) -> Overview:
        return overview(self.log)

    @cached_property
    def lead_time(self) -> Durations:
        return lead_time(self.log)

    @cached_property
    def flow_map(self) -> Table:
        return flow_map(self.log)

    @cached_property
    def variants(self) -> Variants:
        return variants(self.log)

    @cached_property
    def rework(self) -> Rework:
        return rework(self.log)

    @cached_property
    def handover(self) -> Table:
        return handover(self.log)

    @cached_property
    def throughput(self) -> Throughput:
        return throughput(self.log)

    @cached_property
    def stage_time(self) -> Table:
        return stage_time(self.log)

    @cached_property
    def bottlenecks(self) -> Bottlenecks:
        return of_flow_map(self.flow_map)

    @cached_property
    def on_time(self) -> OnTime | None:
        asked = self.delivered_stage is not None or bool(self.log.done_stages)
        if "promised_at" not in self.log.orders.columns or not asked:
            return None
        return on_time(self.log, delivered_stage=self.delivered_stage)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON: seconds as numbers, instants as UTC ISO texts.

        `on_time` is there only when it could be computed. Mappings and lists are in the order of their part.
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
        return data if self.on_time is None else {**data, "on_time": asdict(self.on_time)}

    def __repr__(self) -> str:
        return f"<Report on {self.log!r}>"


def report(log: EventLog, *, delivered_stage: str | None = None) -> Report:
    """Every figure about a log, computed when it is read.

    - `delivered_stage`: the stage whose first event is compared with the promise; without it, the log's done
      stages. Promises come with the log (`read_log(promised=...)`).
    - Raises LogError at once: a delivered stage that never occurs, or one for a log without promises.
    """
    if delivered_stage is not None:
        check(log, delivered_stage)
    return Report(log=log, delivered_stage=delivered_stage)


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="microseconds").replace("+00:00", "Z")
