"""The only maker of Views: what one viewer may see of an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orderflow.model.actor import Actor
from orderflow.model.calendar import WorkCalendar
from orderflow.model.events import (
    ORDER_TRACK,
)
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.order import Order, map_attributes, plain, total_of
from orderflow.model.quantities import quantities_by_stage
from orderflow.model.state import OrderState
from orderflow.model.state import clocks as extended
from orderflow.model.view import TrackView, View
from orderflow.rules.compile import Program
from orderflow.rules.timeline import entries


def project(
    program: Program,
    state: OrderState,
    viewer: Actor | None,
    now: datetime,
    allowed: Mapping[str, tuple[str, ...]],
    calendars: Mapping[str, WorkCalendar] = EMPTY,
    versions: Mapping[str, Program] = EMPTY,
) -> View:
    """The View of an order at `now`.

    - `viewer` None is the host itself. A flow without `access:` shows everybody the same.
    - `allowed` are the triggers that were found to be accepted, by track; `calendars` those that the marks name.
    - `versions`: fingerprint -> the older versions that the order was on; what happened then is told in their words.
    - Personal values stand plain, erased ones are left out.
    """
    main, order = state.main, visible(state.order)
    return View(
        order=order.id,
        flow=program.flow.name,
        flow_version=state.flow,
        version=state.version,
        stage=main.stage,
        stage_titles=program.titles(main.stage),
        category=main.category,
        owner=main.owner,
        team=main.team,
        owner_reason=main.why,
        since=main.entered_at,
        due_at=state.due_at,
        late=any(clock.late(now) for clock in state.clocks.values()),
        inconsistent=main.inconsistent,
        allowed=allowed.get(ORDER_TRACK, ()),
        tracks=FrozenMap({name: _track(program, state, name, allowed) for name in state.tracks}),
        quantities=FrozenMap({line: quantities_by_stage(standing) for line, standing in state.quantities.items()}),
        external=_external(state),
        clocks=extended(state, calendars, now),
        timeline=tuple(
            line for event in state.timeline for line in entries(versions.get(event.flow or "", program), event)
        ),
        placed_at=state.placed_at,
        promised_at=order.promised_at if isinstance(order.promised_at, datetime) else None,
        customer=order.customer,
        lines=order.lines,
        total=total_of(order),
        source=order.source,
        attributes=order.attributes,
    )


def _external(state: OrderState) -> FrozenMap[tuple[str, ...]]:
    systems = dict.fromkeys(system for system, _ in state.external)
    return FrozenMap({system: tuple(id for name, id in state.external if name == system) for system in systems})


def _track(program: Program, state: OrderState, name: str, allowed: Mapping[str, tuple[str, ...]]) -> TrackView:
    track = state.tracks[name]
    carried = {line: standing.carried(name) for line, standing in state.quantities.items()}
    return TrackView(
        track=name,
        stage=track.stage,
        stage_titles=program.titles(track.stage, name),
        category=track.category,
        owner=track.owner,
        team=track.team,
        owner_reason=track.why,
        since=track.entered_at,
        inconsistent=track.inconsistent,
        allowed=allowed.get(name, ()),
        carries=FrozenMap({line: quantity for line, quantity in carried.items() if quantity}),
    )


def visible(order: Order) -> Order:
    """The order with personal values plain; erased ones become None, which leaves them out."""

    def show(path: str, value: Any) -> Any:
        return plain(value)

    return map_attributes(order, show)
