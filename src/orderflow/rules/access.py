"""The only maker of Views: what one viewer may see of an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orderflow.model.actor import Actor
from orderflow.model.calendar import WorkCalendar
from orderflow.model.clock import Mark
from orderflow.model.events import (
    ORDER_TRACK,
    ClockMarked,
    Event,
    FlowMigrated,
    FlowRegistered,
    NoteAdded,
    OrderPlaced,
    OwnerAssigned,
    PersonalErased,
    StageEntered,
    StageObserved,
    Triggered,
)
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.order import Order, map_attributes, plain, total_of
from orderflow.model.reasons import Reason, reason
from orderflow.model.state import OrderState, TrackState
from orderflow.model.state import clocks as extended
from orderflow.model.view import Entry, TrackView, View
from orderflow.rules.compile import Program


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
        tracks=FrozenMap({name: _track(program, name, track, allowed) for name, track in state.tracks.items()}),
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


def _track(program: Program, name: str, track: TrackState, allowed: Mapping[str, tuple[str, ...]]) -> TrackView:
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
    )


def visible(order: Order) -> Order:
    """The order with personal values plain; erased ones become None, which leaves them out."""

    def show(path: str, value: Any) -> Any:
        return plain(value)

    return map_attributes(order, show)


def entries(program: Program, event: Event) -> tuple[Entry, ...]:
    """The timeline's lines for an event: one, or one for each clock that it marks."""
    if isinstance(event.body, ClockMarked):
        return tuple(_entry(event, _marked(program, mark)) for mark in event.body.marks)
    return (_entry(event, _what(program, event)),)


def _entry(event: Event, what: Reason) -> Entry:
    body = event.body
    return Entry(
        version=event.version,
        at=event.occurred_at,
        recorded_at=event.recorded_at,
        type=event.type,
        track=event.track,
        actor=str(event.actor),
        what=what,
        reason=event.reason,
        observed=isinstance(body, StageObserved) or (isinstance(body, StageEntered) and body.observed),
        inconsistent=isinstance(body, StageEntered) and body.inconsistent,
    )


def _what(program: Program, event: Event) -> Reason:
    body = event.body
    if isinstance(body, OrderPlaced):
        return reason("did_place", order=body.order.id)
    if isinstance(body, StageEntered):
        return _entered(program, event, body)
    if isinstance(body, StageObserved):
        code = "did_observe_again" if body.stage == body.current else "did_observe_old"
        return reason(
            code,
            stage=program.titles(body.stage, event.track),
            current=program.titles(body.current, event.track),
            source=event.source,
        )
    if isinstance(body, Triggered):
        return reason("did_trigger", trigger=body.trigger, stage=program.titles(body.stage, event.track))
    if isinstance(body, OwnerAssigned):
        return reason("did_assign", owner=body.owner) if body.owner else reason("did_assign_nobody")
    if isinstance(body, NoteAdded):
        return reason("did_note", text=body.text)
    if isinstance(body, PersonalErased):
        return reason("did_erase", count=len(body.digests))
    if isinstance(body, FlowMigrated):
        moves = tuple(f"{item.previous} → {item.stage}" for item in body.moves if item.previous != item.stage)
        return reason("did_go_back" if body.reverts else "did_migrate", version=body.fingerprint[:12], moves=moves)
    return reason("did_register", fingerprint=body.fingerprint if isinstance(body, FlowRegistered) else "")


def _entered(program: Program, event: Event, body: StageEntered) -> Reason:
    stage = program.titles(body.stage, event.track)
    if body.observed:
        code = "did_observe_against_flow" if body.inconsistent else "did_observe"
        return reason(code, stage=stage, source=event.source)
    if body.trigger is None:
        return reason("did_begin", stage=stage)
    return reason("did_enter", stage=stage, trigger=body.trigger)


def _marked(program: Program, mark: Mark) -> Reason:
    if mark.kind == "kept" and mark.due_at is None:
        return reason("clock_kept_waiting", sla=program.promise(mark.sla))
    if mark.kind in ("started", "resumed", "reset", "redued", "kept"):
        return reason(f"clock_{mark.kind}", sla=program.promise(mark.sla), due=mark.due_at, zone=str(program.zone))
    if mark.kind == "corrected":
        voided = tuple(item.label or item.kind for item in mark.voided)
        return reason("clock_corrected", sla=program.promise(mark.sla), marks=voided)
    return reason(f"clock_{mark.kind}", sla=program.promise(mark.sla), label=mark.label)
