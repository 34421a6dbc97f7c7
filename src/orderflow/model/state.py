"""What a stream's events add up to: the frozen states, and `evolve`, which folds one event in without any policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs
from attrs import frozen

from orderflow.model.amending import amended
from orderflow.model.calendar import WorkCalendar
from orderflow.model.clock import Clock, apply_mark
from orderflow.model.errors import StorageError
from orderflow.model.events import (
    ORDER_TRACK,
    ClockMarked,
    Event,
    ExternalLinked,
    FlowMigrated,
    FlowRegistered,
    NoteAdded,
    OrderAmended,
    OrderPlaced,
    OwnerAssigned,
    PersonalErased,
    PilotChanged,
    PilotEnded,
    PilotStarted,
    QuantityMoved,
    StageEntered,
    StageObserved,
    Stream,
    Triggered,
)
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.order import EXACT, Order
from orderflow.model.personal import forget_personal, without_personal
from orderflow.model.pilots import Pilot
from orderflow.model.quantities import LineState
from orderflow.model.reasons import Reason


@frozen(kw_only=True)
class Blank:
    """A stream before its first event."""

    stream: Stream
    version: int = 0


@frozen(kw_only=True)
class TrackState:
    """Where one strand of an order stands. `inconsistent`: it was moved against the flow by another master system."""

    stage: str
    category: str
    entered_at: datetime
    owner: str | None = None
    team: str | None = None
    why: Reason | None = None
    inconsistent: bool = False


@frozen(kw_only=True)
class OrderState:
    """An order, folded from `order:<id>`.

    - `flow`: fingerprint of the version that it is pinned to.
    - `digest`: of the command that placed it, by which the same id with other content is told.
    - `clocks`: the last run of every time promise, by `track/sla`.
    - `quantities`: where the quantity of each line stands, by line; empty when the flow does not follow it.
    - `external`: (system, id) under which other systems know the order, oldest first.
    - `timeline`: every event so far, oldest first.
    """

    stream: Stream
    version: int
    flow: str
    order: Order
    digest: str | None
    placed_at: datetime
    recorded_at: datetime
    tracks: FrozenMap[TrackState] = EMPTY
    clocks: FrozenMap[Clock] = EMPTY
    quantities: FrozenMap[LineState] = EMPTY
    external: tuple[tuple[str, str], ...] = ()
    timeline: tuple[Event, ...] = ()

    @property
    def main(self) -> TrackState:
        """The `order` track."""
        return self.tracks[ORDER_TRACK]

    @property
    def due_at(self) -> datetime | None:
        """The earliest deadline that runs, or None."""
        due = [clock.due_at for clock in self.clocks.values() if clock.running and clock.due_at is not None]
        return min(due, default=None)


@frozen(kw_only=True)
class FlowState:
    """The versions of a flow, folded from `flow:<name>`: fingerprint -> canonical text, oldest first.

    `pilots`: every pilot that there was, by its name, the first started first.
    """

    stream: Stream
    version: int
    versions: FrozenMap[str] = EMPTY
    pilots: FrozenMap[Pilot] = EMPTY


State = Blank | OrderState | FlowState
Parts = tuple[FrozenMap[TrackState], FrozenMap[Clock]]


def evolve(state: State, event: Event) -> State:
    """The state after one more event.

    Raises `StorageError` when the event does not follow: another stream, a gap, a first event that begins nothing.
    """
    if event.stream != state.stream or event.version != state.version + 1:
        raise StorageError(f"{state.stream}: version {event.version} of {event.stream} cannot follow {state.version}")
    if (of_flow := _OF_FLOW.get(type(event.body))) is not None:
        return of_flow(state, event, event.body)
    if isinstance(event.body, OrderPlaced):
        return _placed(state, event, event.body)
    if not isinstance(state, OrderState):
        raise StorageError(f"{state.stream}: {event.type!r} at version {event.version} belongs to no order")
    change = _CHANGES.get(type(event.body))
    if change is not None:
        state = change(state, event.body)
    tracks, clocks = _ON[type(event.body)](state, event, event.body)
    return OrderState(  # written out: this is the hot path, and attrs.evolve costs three times as much
        stream=state.stream,
        version=event.version,
        flow=event.body.fingerprint if type(event.body) is FlowMigrated else state.flow,
        order=state.order,
        digest=state.digest,
        placed_at=state.placed_at,
        recorded_at=event.recorded_at,
        tracks=tracks,
        clocks=clocks,
        quantities=state.quantities,
        external=state.external,
        timeline=(*state.timeline, event),
    )


def clocks(state: OrderState, calendars: Mapping[str, WorkCalendar], at: datetime) -> tuple[Clock, ...]:
    """The clocks of an order with the open piece up to `at` counted into `spent`.

    `calendars`: by the names that the marks recorded, or the digests of those that are kept from an older version; one
    that is not among them counts by `flow`, else real time.
    """
    found = []
    for clock in state.clocks.values():
        name = clock.calendar
        calendar = calendars.get(clock.digest or "") or calendars.get(name or "") or calendars.get("flow")
        found.append(clock.extended(None if name is None else calendar, at))
    return tuple(found)


def fold(state: State, events: Iterable[Event]) -> State:
    """The state after several events."""
    for event in events:
        state = evolve(state, event)
    return state


def _registered(state: State, event: Event, body: FlowRegistered) -> FlowState:
    if not isinstance(state, FlowState):
        state = FlowState(stream=state.stream, version=0)
    return attrs.evolve(state, version=event.version, versions=state.versions.set(body.fingerprint, body.text))


def _piloted(state: State, event: Event, body: PilotStarted) -> FlowState:
    if not isinstance(state, FlowState) or body.name in state.pilots or body.fingerprint not in state.versions:
        raise StorageError(f"{state.stream}: the pilot {body.name!r} cannot start at version {event.version}")
    pilot = Pilot(
        name=body.name,
        flow=state.stream.id,
        fingerprint=body.fingerprint,
        share=body.share,
        when=body.when,
        started_at=event.recorded_at,
    )
    return attrs.evolve(state, version=event.version, pilots=state.pilots.set(body.name, pilot))


def _pilot_went_on(state: State, event: Event, body: PilotChanged | PilotEnded) -> FlowState:
    if not isinstance(state, FlowState) or body.name not in state.pilots:
        raise StorageError(f"{state.stream}: {event.type!r} at version {event.version} of a pilot that never started")
    pilot = state.pilots[body.name]
    if isinstance(body, PilotChanged):
        pilot = attrs.evolve(pilot, share=body.share, when=body.when)
    else:
        pilot = attrs.evolve(pilot, ended_at=event.recorded_at, adopted=body.adopted)
    return attrs.evolve(state, version=event.version, pilots=state.pilots.set(body.name, pilot))


def _placed(state: State, event: Event, body: OrderPlaced) -> OrderState:
    if not isinstance(state, Blank) or event.flow is None:
        raise StorageError(f"{state.stream}: an order is placed once, by a flow (version {event.version})")
    return OrderState(
        stream=state.stream,
        version=event.version,
        flow=event.flow,
        order=body.order,
        digest=event.command_digest,
        placed_at=event.occurred_at,
        recorded_at=event.recorded_at,
        timeline=(event,),
    )


def _entered(state: OrderState, event: Event, body: StageEntered) -> Parts:
    before = state.tracks.get(event.track)
    track = TrackState(
        stage=body.stage,
        category=body.category,
        entered_at=event.occurred_at,
        owner=before.owner if before else None,
        team=before.team if before else None,
        why=before.why if before else None,
        inconsistent=body.inconsistent,
    )
    return state.tracks.set(event.track, track), state.clocks


def _assigned(state: OrderState, event: Event, body: OwnerAssigned) -> Parts:
    track = attrs.evolve(state.tracks[event.track], owner=body.owner, team=body.team, why=body.why)
    return state.tracks.set(event.track, track), state.clocks


def _marked(state: OrderState, event: Event, body: ClockMarked) -> Parts:
    clocks = dict(state.clocks)
    for mark in body.marks:
        name = f"{event.track}/{mark.sla}"
        clocks[name] = apply_mark(clocks.get(name), mark, event.track, event.occurred_at)
    return state.tracks, FrozenMap(clocks)


def _migrated(state: OrderState, event: Event, body: FlowMigrated) -> Parts:
    """Stages and categories of another version. `entered_at` stays: the order has been in this step since then."""
    tracks = {name: track for name, track in state.tracks.items() if name not in body.dropped}
    for move in body.moves:
        tracks[move.track] = attrs.evolve(tracks[move.track], stage=move.stage, category=move.category)
    return FrozenMap(tracks), state.clocks


def _erased(state: OrderState, body: PersonalErased) -> OrderState:
    """The order, and the history that it carries, without the erased values."""
    gone = set(body.digests)
    order = without_personal(state.order, gone)
    timeline = tuple(forget_personal(event, gone) for event in state.timeline)
    return attrs.evolve(state, order=order, timeline=timeline)


def _moved(state: OrderState, body: QuantityMoved) -> OrderState:
    lines = dict(state.quantities)
    for item in body.transfers:
        try:
            lines[item.line] = lines.get(item.line, LineState()).after(item, over=body.cause == "over")
        except ValueError as error:
            raise StorageError(f"{state.stream}: {error}") from error
        if not lines[item.line].lots:
            del lines[item.line]
    return attrs.evolve(state, quantities=FrozenMap(lines))


def _amended(state: OrderState, body: OrderAmended) -> OrderState:
    """The order with the change in it; what was delivered over counts towards a greater quantity of its line."""
    lines = dict(state.quantities)
    for item in body.changes:
        if item.line in lines and "line.quantity" in item.after:
            change = EXACT.subtract(item.after["line.quantity"], item.before["line.quantity"])
            stands = lines[item.line]
            lines[item.line] = attrs.evolve(stands, over=EXACT.subtract(stands.over, stands.absorbed(change)))
    return attrs.evolve(state, order=amended(state.order, body), quantities=FrozenMap(lines))


def _linked(state: OrderState, body: ExternalLinked) -> OrderState:
    return attrs.evolve(state, external=(*state.external, (body.system, body.id)))


def _recorded_only(state: OrderState, event: Event, body: Any) -> Parts:
    return state.tracks, state.clocks


_ON: dict[type[Any], Callable[[OrderState, Event, Any], Parts]] = {
    StageEntered: _entered,
    StageObserved: _recorded_only,
    Triggered: _recorded_only,
    OwnerAssigned: _assigned,
    NoteAdded: _recorded_only,
    ClockMarked: _marked,
    PersonalErased: _recorded_only,
    FlowMigrated: _migrated,
    QuantityMoved: _recorded_only,
    OrderAmended: _recorded_only,
    ExternalLinked: _recorded_only,
}
# What changes more of an order than its tracks and clocks.
_CHANGES: dict[type[Any], Callable[[OrderState, Any], OrderState]] = {
    PersonalErased: _erased,
    QuantityMoved: _moved,
    OrderAmended: _amended,
    ExternalLinked: _linked,
}
_OF_FLOW: dict[type[Any], Callable[[State, Event, Any], FlowState]] = {
    FlowRegistered: _registered,
    PilotStarted: _piloted,
    PilotChanged: _pilot_went_on,
    PilotEnded: _pilot_went_on,
}
