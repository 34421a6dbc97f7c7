"""Taking a running order to another version of its flow, and back: what it means, every reason against it, the events.

Settled is by the old version, as before every command. From the `FlowMigrated` on, everything is the new version's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from orderflow.model.commands import Clocks, Migrate, RevertMigration
from orderflow.model.events import ORDER_TRACK, Event, FlowMigrated, Moved, StageEntered
from orderflow.model.flow import OPEN
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.migration import Kind, PlannedOrder
from orderflow.model.order import Erased, Order, map_attributes
from orderflow.model.quantities import LineState
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.model.state import OrderState
from orderflow.rules import sla
from orderflow.rules.compile import CompiledLifecycle, Program
from orderflow.rules.draft import Draft
from orderflow.rules.entering import release
from orderflow.rules.fields import check_fields
from orderflow.rules.migrating_clocks import Crossing
from orderflow.rules.moving import begin_lines, behind, catch_up
from orderflow.rules.owner import assign_by_rule, may_own
from orderflow.rules.placing import begin


@frozen(kw_only=True)
class Way:
    """How an order can go to a version: the stage of each track there, tracks left behind, what is against it."""

    stages: FrozenMap[str] = EMPTY
    dropped: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    def moves(self, state: OrderState) -> tuple[tuple[str, str, str], ...]:
        """(track, stage now, stage then) of the tracks whose stage changes."""
        found = ((track, state.tracks[track].stage, stage) for track, stage in self.stages.items())
        return tuple(item for item in found if item[1] != item[2])

    def planned(self, state: OrderState) -> PlannedOrder:
        """The answer for one order."""
        moves = self.moves(state)
        return PlannedOrder(
            order=state.order.id,
            version=state.version,
            from_flow=state.flow,
            kind=kind_of(self.reasons, bool(moves)),
            moves=() if self.reasons else moves,
            reasons=self.reasons,
        )


def kind_of(reasons: Iterable[Reason], moves: bool = False) -> Kind:
    """The kind of an order with these reasons against it; `moves`, where there are none."""
    codes = {item.code for item in reasons}
    if not codes:
        return "moves" if moves else "unchanged"
    return "needs_mapping" if codes == {"migration_unmapped"} else "impossible"


def find_way(target: Program, state: OrderState, mapping: Mapping[str, str]) -> Way:
    """How an order goes to the version `target`. `mapping`: `kind/stage` -> the stage there."""
    if state.order.flow != target.flow.name:
        wrong = reason("migration_other_flow", order=state.order.id, flow=state.order.flow, wanted=target.flow.name)
        return Way(reasons=(wrong,))
    stages, reasons = {}, []
    for track, here in state.tracks.items():
        kind = track.partition(":")[0]
        mapped = mapping.get(f"{kind}/{here.stage}")
        stages[track] = mapped or here.stage
        missing = "migration_unmapped" if mapped is None else "migration_no_stage"
        reasons += _against(target, track, here.stage, stages[track], missing)
    reasons += [*_against_lines(target, state), *_misfits(target, state.order)]
    return Way(stages=FrozenMap(stages), reasons=tuple(reasons))


def find_way_back(target: Program, state: OrderState, migration: Event) -> Way:
    """How an order goes back to the version `target` from which a migration brought it.

    A track that has not moved since goes back to the stage that it had, even where it was stuck in it; of another one
    the stage must be in that version. A track that the migration began, and which that version lacks, is dropped if
    it has not moved.
    """
    body: Any = migration.body
    since = [event for event in state.timeline if event.version > migration.version]
    begun = {event.track for event in since if _began(event, migration)}
    entered = [event.track for event in since if isinstance(event.body, StageEntered)]
    went = {move.track: move for move in body.moves}
    stages, reasons, dropped = {}, [], []
    for track, here in state.tracks.items():
        single = track in target.flow.tracks and not target.flow.tracks[track].many
        if track in begun and not single and entered.count(track) == 1 and track not in _carriers(state):
            dropped.append(track)
            continue
        back = went.get(track) if track not in entered else None
        stages[track] = back.previous if back else here.stage
        wrong = _against(target, track, here.stage, stages[track], "migration_moved_on")
        reasons += [item for item in wrong if item.code != "migration_stuck" or track in entered]
    if target.flow.lines is not None:  # a version that follows no quantities leaves them where they stand
        reasons += _against_lines(target, state)
    reasons += _misfits(target, state.order)
    return Way(stages=FrozenMap(stages), dropped=tuple(dropped), reasons=tuple(reasons))


def _began(event: Event, migration: Event) -> bool:
    """Whether a migration itself began the track."""
    first = isinstance(event.body, StageEntered) and event.body.previous is None
    return first and event.command_digest == migration.command_digest and event.recorded_at == migration.recorded_at


def _against(target: Program, track: str, here: str, there: str, missing: str) -> list[Reason]:
    """Why a track cannot be in that stage of the version; `missing` is the code where it has no such stage."""
    kind, _, number = track.partition(":")
    lifecycle = target.lifecycles.get(kind)
    if lifecycle is None:
        return [reason("migration_no_track", track=track, known=tuple(target.lifecycles))]
    if kind != ORDER_TRACK and target.flow.tracks[kind].many != bool(number):
        return [reason("migration_track_number", track=track)]
    known = tuple(lifecycle.lifecycle.stages)
    if there not in known:
        return [reason(missing, track=track, stage=here, dest=there, known=known, suggestion=suggest(there, known))]
    if _is_stuck(lifecycle, there):
        place = target.place(f"{lifecycle.path}.stages.{there}")
        return [reason("migration_stuck", place, track=track, stage=there)]
    return []


def _carriers(state: OrderState) -> set[str]:
    """The tracks that carry quantity of lines."""
    return {lot.track for line in state.quantities.values() for lot in line.lots if lot.track is not None}


def _against_lines(target: Program, state: OrderState) -> list[Reason]:
    """Why quantities of the order cannot stand in that version as they do: none may be lost."""
    lines = target.flow.lines
    if not state.quantities:
        return []
    if lines is None:
        return [reason("migration_no_lines")]
    known, standing = tuple(lines.stages), {lot.stage for line in state.quantities.values() for lot in line.lots}
    found = [
        reason("migration_no_line_stage", stage=stage, known=known, suggestion=suggest(stage, known))
        for stage in sorted(standing - set(known))
    ]
    for track in sorted(_carriers(state)):
        kind = target.flow.tracks.get(track.partition(":")[0])
        if kind is not None and not kind.carries_lines:
            found.append(reason("migration_no_carrier", track=track))
    for line, change in behind(state).items():  # amended while a version did not follow quantities
        there = state.quantities.get(line, LineState()).carried(None, lines.first)
        if -change > there:
            stages = (lines.first,)
            found.append(reason("not_enough", line=line, wanted=-change, there=there, stages=stages, track=ORDER_TRACK))
    return found


def _is_stuck(lifecycle: CompiledLifecycle, stage: str) -> bool:
    """Whether somebody has still to deal with a stage, and no transition leaves it."""
    if lifecycle.lifecycle.stages[stage].category not in OPEN:
        return False
    ways = (way for trigger in lifecycle.triggers_from[stage] for way in lifecycle.table[stage, trigger])
    return all(way.dest in (None, stage) for way in ways)


def _misfits(target: Program, order: Order) -> list[Reason]:
    """Attributes that do not fit the version's fields; one that was erased had a value, and is not missing."""
    erased: set[str] = set()

    def look(path: str, value: Any) -> Any:
        if isinstance(value, Erased):
            erased.add(path)
        return value

    map_attributes(order, look)
    found = check_fields(target, order)
    return [item for item in found if item.code != "required_field" or item.params["field"] not in erased]


def migrate(draft: Draft, command: Migrate) -> list[Reason]:
    """Go to another version; nothing where the order is on it already."""
    target: Program | None = draft.context.program(command.version)
    if target is None:
        return [reason("unknown_version", version=command.version[:12])]
    if draft.order.flow == target.fingerprint:
        return []
    way = find_way(target, draft.order, command.mapping)
    if not way.reasons:
        _cross(draft, target, way, command.plan, command.clocks)
    return list(way.reasons)


def revert(draft: Draft, command: RevertMigration) -> list[Reason]:
    """Go back to the version from which a plan brought the order; nothing where it went back already."""
    found = last_by(draft.order, command.plan)
    if not isinstance(found, Event):
        return [] if found.code == "migration_already_there" else [found]
    body: Any = found.body
    target: Program | None = draft.context.program(body.previous)
    if target is None:
        return [reason("unknown_version", version=body.previous[:12])]
    way = find_way_back(target, draft.order, found)
    if not way.reasons:
        _cross(draft, target, way, command.plan, "keep", reverts=True)
    return list(way.reasons)


def last_by(state: OrderState, plan: str) -> Event | Reason:
    """The migration by a plan that can be taken back, as it is the last that stands; else the reason why there is none.

    Each event that went back took away the last one that stood before it.
    """
    known: set[str] = set()
    standing: list[tuple[str, Event]] = []
    for event in state.timeline:
        if isinstance(event.body, FlowMigrated):
            known.add(event.body.plan)
            if event.body.reverts:
                standing.pop()
            else:
                standing.append((event.body.plan, event))
    if plan not in known:
        return reason("migration_not_by_plan", plan=plan)
    if plan not in [name for name, _ in standing]:
        return reason("migration_already_there")
    last, event = standing[-1]
    return event if last == plan else reason("migrated_since", plan=last)


def _cross(draft: Draft, target: Program, way: Way, plan: str, clocks: Clocks, *, reverts: bool = False) -> None:
    """The events of going to another version: the migration, owners of mapped stages, new tracks, clocks."""
    crossing = Crossing(draft, clocks)
    state = draft.order
    moved = tuple(track for track, _, _ in way.moves(state))
    draft.add(
        FlowMigrated(
            previous=state.flow,
            fingerprint=target.fingerprint,
            moves=_recorded(target, state, way.stages),
            dropped=way.dropped,
            plan=plan,
            reverts=reverts,
        )
    )
    draft.program = target
    for track in moved:
        _own(draft, track)
        release(draft, track)
    draft.before = draft.state  # clocks hold what is now against this: the crossing itself moved nobody on
    crossing.carry_over()
    for name, kind in target.flow.tracks.items():
        if not kind.many and name not in draft.order.tracks:
            begin(draft, name)
    if not draft.order.quantities:
        begin_lines(draft)
    elif target.flow.lines is not None:
        catch_up(draft)
    sla.react(draft)


def _recorded(target: Program, state: OrderState, stages: Mapping[str, str]) -> list[Moved]:
    """The tracks whose stage or category is another in the version."""
    moves = []
    for track, stage in stages.items():
        here, category = state.tracks[track], target.lifecycle(track).lifecycle.stages[stage].category
        if (here.stage, here.category) != (stage, category):
            moves.append(Moved(track=track, previous=here.stage, stage=stage, category=category))
    return moves


def _own(draft: Draft, track: str) -> None:
    """Who answers for a mapped stage: whoever does now, where the stage's rule allows it, else whom the rule gives."""
    here = draft.order.tracks[track]
    rule = draft.program.lifecycle(track).lifecycle.stages[here.stage].owner
    if here.category in OPEN and rule is not None and not may_own(draft, rule, here.owner):
        assign_by_rule(draft, track, here.stage)
