"""A pilot beside the rest: the same figures over two groups of orders, with the standard library only.

- `ended` are orders in a stage of category `done`; their lead time is from placing to entering that stage.
- Quantiles interpolate linearly between the two nearest values. They are None where nothing ended.
- A breach counts unless a fact reported late has taken it back. Rework: a track entered a stage a second time.
- The number of orders stands beside every figure: a difference between a few is chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from orderflow.model.duration import write_duration
from orderflow.model.events import ClockMarked, StageEntered
from orderflow.model.flow import OPEN
from orderflow.model.pilots import Pilot
from orderflow.model.reasons import Language, reason
from orderflow.model.state import OrderState

_NAMES = {"pilot": {"en": "pilot", "zh": "试点"}, "rest": {"en": "rest", "zh": "其余"}}


@frozen(kw_only=True)
class PilotGroup:
    """The figures of one group. `breached`, `rework`, `inconsistent` are numbers of orders; shares are of `orders`."""

    orders: int = 0
    ended: int = 0
    cancelled: int = 0
    open: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None
    breached: int = 0
    rework: int = 0
    inconsistent: int = 0

    def share(self, number: int) -> float | None:
        """A number of orders as a share of all; None where there are none."""
        return number / self.orders if self.orders else None


@frozen(kw_only=True)
class PilotReport:
    """A pilot and the orders of the same flow that were placed while it took orders, and are not in it."""

    pilot: Pilot
    until: datetime
    inside: PilotGroup
    rest: PilotGroup

    def to_dicts(self) -> list[dict[str, Any]]:
        """One row for each group; lead times in seconds."""
        return [_row("pilot", self.inside), _row("rest", self.rest)]

    def text(self, language: Language = "en") -> str:
        """The comparison in words, with the size of each sample."""
        pilot = self.pilot
        names: dict[str, Any] = {"pilot": pilot.name, "flow": pilot.flow, "version": pilot.fingerprint[:12]}
        head = reason("pilot_report_head", start=pilot.started_at, end=self.until, **names)
        groups = (_words("pilot", self.inside), _words("rest", self.rest))
        return "\n".join(item.text(language) for item in (head, *groups))

    def __str__(self) -> str:
        return self.text()


def compare(pilot: Pilot, states: Iterable[OrderState], until: datetime) -> PilotReport:
    """The report of a pilot over the histories of its flow.

    Its orders are those that its rule placed, whatever the clocks of several machines say; of the rest, those that
    came before it began or after `until` are left out.
    """
    groups: dict[bool, list[_Sample]] = {True: [], False: []}
    for state in states:
        first = state.timeline[0]
        inside = first.rule == pilot.rule
        if state.order.flow == pilot.flow and (inside or pilot.started_at <= first.recorded_at <= until):
            groups[inside].append(_sample(state))
    return PilotReport(pilot=pilot, until=until, inside=_group(groups[True]), rest=_group(groups[False]))


@frozen
class _Sample:
    """What counts of one order."""

    category: str
    lead: timedelta | None
    breached: bool
    rework: bool
    inconsistent: bool


def _sample(state: OrderState) -> _Sample:
    entered = [(event.track, event.body) for event in state.timeline if isinstance(event.body, StageEntered)]
    visits = [(track, body.stage) for track, body in entered]
    return _Sample(
        category=state.main.category,
        lead=state.main.entered_at - state.placed_at if state.main.category == "done" else None,
        breached=_was_breached(state),
        rework=len(visits) != len(set(visits)),
        inconsistent=any(body.inconsistent for _, body in entered),
    )


def _was_breached(state: OrderState) -> bool:
    breaches, voided = set(), set()
    for event in state.timeline:
        for mark in event.body.marks if isinstance(event.body, ClockMarked) else ():
            if mark.kind == "breached":
                breaches.add((event.track, mark.sla, event.occurred_at))
            voided |= {(event.track, mark.sla, item.at) for item in mark.voided if item.kind == "breached"}
    return bool(breaches - voided)


def _group(samples: Sequence[_Sample]) -> PilotGroup:
    leads = sorted(item.lead for item in samples if item.lead is not None)
    return PilotGroup(
        orders=len(samples),
        ended=len(leads),
        cancelled=sum(item.category == "cancelled" for item in samples),
        open=sum(item.category in OPEN for item in samples),
        median=quantile(leads, 1, 2),
        p90=quantile(leads, 9, 10),
        breached=sum(item.breached for item in samples),
        rework=sum(item.rework for item in samples),
        inconsistent=sum(item.inconsistent for item in samples),
    )


def quantile(values: Sequence[timedelta], part: int, of: int) -> timedelta | None:
    """The quantile part/of of sorted values, interpolated linearly, to the microsecond; None of nothing."""
    if not values:
        return None
    place, rest = divmod((len(values) - 1) * part, of)
    low, high = values[place], values[min(place + 1, len(values) - 1)]
    return low + (high - low) * rest / of


def _row(name: str, group: PilotGroup) -> dict[str, Any]:
    return {
        "group": name,
        "orders": group.orders,
        "ended": group.ended,
        "cancelled": group.cancelled,
        "open": group.open,
        "median_seconds": None if group.median is None else group.median.total_seconds(),
        "p90_seconds": None if group.p90 is None else group.p90.total_seconds(),
        "breached": group.breached,
        "breached_share": group.share(group.breached),
        "rework": group.rework,
        "rework_share": group.share(group.rework),
        "inconsistent": group.inconsistent,
    }


def _words(name: str, group: PilotGroup) -> Any:
    numbers: dict[str, Any] = {
        "orders": group.orders,
        "ended": group.ended,
        "cancelled": group.cancelled,
        "open": group.open,
        "breached": group.breached,
        "rework": group.rework,
        "inconsistent": group.inconsistent,
        "median": "–" if group.median is None else write_duration(group.median),
        "p90": "–" if group.p90 is None else write_duration(group.p90),
    }
    return reason("pilot_report_group", group=_NAMES[name], **numbers)
