"""Floor 3: migrations over one road: planned without writing anything, applied and reverted in one append an order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_args

from attrs import evolve

from orderflow.adapters.codec import read_flow
from orderflow.adapters.flowfile import load_flow
from orderflow.model.actor import Actor, to_actor
from orderflow.model.canonical import flow_text
from orderflow.model.commands import Clocks, Command, Migrate, RevertMigration
from orderflow.model.commit import Query
from orderflow.model.errors import Conflict, InvalidValue, Refused
from orderflow.model.events import ORDER_TRACK, Event, FlowMigrated, Stream
from orderflow.model.flow import OPEN, Flow
from orderflow.model.frozen import FrozenMap, as_names
from orderflow.model.migration import READY, Kind, Migrated, MigrationPlan, PlannedOrder, plan_id
from orderflow.model.order import check_id
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.model.state import Blank, FlowState, OrderState, fold
from orderflow.model.view import View
from orderflow.road import Road
from orderflow.rules.compile import Program
from orderflow.rules.migrating import find_way, find_way_back, kind_of, last_by

Progress = Callable[[int, int], Any]
Look = Callable[[OrderState], View]
_PAGE = 1_000


# --- planning -----------------------------------------------------------------------------------------------------


def plan(
    road: Road,
    flow: Flow | str | os.PathLike[str],
    *,
    orders: Iterable[str] | None = None,
    mapping: Mapping[str, str] | None = None,
    clocks: Clocks = "keep",
    progress: Progress | None = None,
) -> MigrationPlan:
    """What taking orders to a version of their flow means for each of them."""
    target = target_of(road, flow)
    known = recorded(road, target.flow.name)
    wanted = _mapping(road, target, known, mapping or {})
    if clocks not in get_args(Clocks):
        hint = suggest(str(clocks), get_args(Clocks))
        raise InvalidValue.of("bad_clocks", value=repr(clocks)[:80], known=get_args(Clocks), suggestion=hint)
    shared: dict[Any, Any] = {}
    found = []
    for id in _running(road, target.flow.name) if orders is None else _ids(orders):
        item = _planned(road, target, wanted, id)
        if orders is not None or item.from_flow != target.fingerprint:
            found.append(_thin(item, shared))
        if progress is not None and len(found) % _PAGE == 0:
            progress(len(found), 0)
    return MigrationPlan(
        id=plan_id(target.flow.name, target.fingerprint, wanted, clocks),
        flow=target.flow.name,
        version=target.fingerprint,
        mapping=wanted,
        clocks=clocks,
        orders=found,
        definition=flow_text(target.flow),
    )


def target_of(road: Road, flow: Any) -> Program:
    """The program of a Flow, of a flow file, or of a current flow by its name. Records nothing."""
    if isinstance(flow, str) and flow in road.current:
        return road.current[flow]
    if not isinstance(flow, Flow | str | os.PathLike):
        raise InvalidValue.of("bad_id", what="flow", value=repr(flow)[:80])
    return road.compile(flow if isinstance(flow, Flow) else load_flow(flow))


def recorded(road: Road, flow: str) -> FlowState:
    """The versions of a flow that the storage knows; of one that it has never seen there is nothing to do."""
    state = road.versions.state(flow)
    if isinstance(state, FlowState):
        return state
    known = [item.stream.id for item in road.versions.flows()]
    raise Refused.of("unknown_flow", flow=flow, known=known, suggestion=suggest(flow, known))


def _mapping(road: Road, target: Program, known: FlowState, mapping: Mapping[str, str]) -> FrozenMap[str]:
    """The mapping with every stage named as `kind/stage`; one that no version has is a slip, and refused."""
    if not isinstance(mapping, Mapping):
        raise InvalidValue.of("bad_mapping", value=repr(mapping)[:80])
    stages = set()
    for text in (*known.versions.values(), flow_text(target.flow)) if mapping else ():
        for kind, _, lifecycle in read_flow(text).lifecycles():
            stages |= {f"{kind}/{stage}" for stage in lifecycle.stages}
    found = {}
    for old, new in mapping.items():
        if not isinstance(old, str) or not isinstance(new, str):
            raise InvalidValue.of("bad_mapping", value=f"{old!r}: {new!r}"[:80])
        full = old if old in stages else f"{ORDER_TRACK}/{old}"
        if full not in stages:
            names = sorted(name.removeprefix(f"{ORDER_TRACK}/") for name in stages)
            hint = suggest(old, names)
            raise Refused.of("mapping_unknown", stage=old, flow=target.flow.name, known=names, suggestion=hint)
        found[full] = new
    return FrozenMap(found)


def _running(road: Road, flow: str) -> Iterator[str]:
    """The open and waiting orders of a flow, in order of their ids."""
    after: str | None = None
    while rows := road.storage.find(Query(flow=flow, category=OPEN, after=after, limit=_PAGE)):
        yield from (row.stream.id for row in rows)
        after = rows[-1].stream.id


def _ids(orders: Iterable[str]) -> tuple[str, ...]:
    ids = as_names(orders)
    if not isinstance(orders, Iterable):
        raise InvalidValue.of("bad_orders", value=repr(orders)[:80])
    for id in ids:
        check_id(id, "order")
    return tuple(dict.fromkeys(ids))


def read_order(road: Road, id: str) -> OrderState | None:
    """The state of an order, past the cache: going through all orders must not turn out those that are in use."""
    stream = Stream.order(id)
    state = fold(Blank(stream=stream), road.storage.load(stream))
    return state if isinstance(state, OrderState) else None


def _planned(road: Road, target: Program, mapping: Mapping[str, str], id: str) -> PlannedOrder:
    state = read_order(road, id)
    if state is None:
        return PlannedOrder(order=id, kind="impossible", reasons=(reason("unknown_order", order=id),))
    if state.flow == target.fingerprint:
        return _answer(state, "unchanged", reason("migration_already_there"))
    return find_way(target, state, mapping).planned(state)


def _answer(state: OrderState, kind: Kind, *reasons: Reason) -> PlannedOrder:
    return PlannedOrder(order=state.order.id, version=state.version, from_flow=state.flow, kind=kind, reasons=reasons)


def _thin(item: PlannedOrder, shared: dict[Any, Any]) -> PlannedOrder:
    """The same value, with what it has in common with others only once in memory: plans are long."""

    def once(part: Any) -> Any:
        return shared.setdefault(part, part)

    return evolve(item, from_flow=once(item.from_flow), moves=once(item.moves), reasons=once(item.reasons))


# --- applying -----------------------------------------------------------------------------------------------------


def migrate(
    road: Road,
    given: MigrationPlan,
    look: Look,
    *,
    by: Actor | str,
    batch: int = 500,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Migrated:
    """Take the orders of a plan to its version."""
    if not isinstance(given, MigrationPlan):
        raise InvalidValue.of("not_a_plan", value=repr(given)[:80])
    actor = acting(road, by)
    _check_numbers(batch, limit)
    target = road.versions.get(given.version, given.flow) or road.compile(read_flow(given.definition))
    if any(item.kind in READY for item in given.orders):
        road.versions.register(target, actor)

    def command(item: PlannedOrder) -> Command | PlannedOrder | None:
        if item.kind not in READY:
            return item
        if item.from_flow == given.version:
            return None
        return Migrate(
            order=item.order,
            by=actor,
            version=given.version,
            plan=given.id,
            mapping=given.mapping,
            clocks=given.clocks,
        )

    run = _Run(road, look, given.id, limit)
    return run.all(given.orders, command, batch, progress)


def revert(
    road: Road,
    given: MigrationPlan | str,
    look: Look,
    *,
    by: Actor | str,
    orders: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> Migrated:
    """Take the orders that a plan brought to its version back to where they were."""
    id = given.id if isinstance(given, MigrationPlan) else given
    check_id(id, "plan")
    actor = acting(road, by)
    flow = given.flow if isinstance(given, MigrationPlan) else None
    shared: dict[Any, Any] = {}
    wanted = all_orders(road, flow) if orders is None else _ids(orders)
    found = [_thin(item, shared) for order in wanted if _is_of(item := _back(road, id, order)) or orders is not None]
    if not found:
        raise Refused.of("unknown_plan", plan=id)

    def command(item: PlannedOrder) -> Command | PlannedOrder | None:
        return RevertMigration(order=item.order, by=actor, plan=id) if item.kind in READY else item

    return _Run(road, look, id, None).all(found, command, _PAGE, progress)


def all_orders(road: Road, flow: str | None) -> Iterator[str]:
    after: str | None = None
    while rows := road.storage.find(Query(flow=flow, after=after, limit=_PAGE)):
        yield from (row.stream.id for row in rows)
        after = rows[-1].stream.id


def _is_of(item: PlannedOrder) -> bool:
    """Whether the plan that is taken back ever moved the order."""
    return all(cause.code != "migration_not_by_plan" for cause in item.reasons)


def _back(road: Road, plan: str, order: str) -> PlannedOrder:
    """What going back by a plan means for an order."""
    state = read_order(road, order)
    if state is None:
        return PlannedOrder(order=order, kind="impossible", reasons=(reason("unknown_order", order=order),))
    found = last_by(state, plan)
    if not isinstance(found, Event):
        return _answer(state, "unchanged" if found.code == "migration_already_there" else "impossible", found)
    body: Any = found.body
    return find_way_back(road.program(state, body.previous), state, found).planned(state)


class _Run:
    """One way through the orders of a plan, with what came of each."""

    def __init__(self, road: Road, look: Look, plan: str, limit: int | None) -> None:
        self._road, self._look, self._plan, self._limit = road, look, plan, limit
        self._done = self._skipped = self._seen = 0
        self._left: list[PlannedOrder] = []
        self._conflicts: list[str] = []

    def all(
        self,
        orders: Iterable[PlannedOrder],
        command: Callable[[PlannedOrder], Command | PlannedOrder | None],
        batch: int,
        progress: Progress | None,
    ) -> Migrated:
        """Go through them; tell the progress after each batch."""
        items = tuple(orders)
        for number, item in enumerate(items, 1):
            if self._limit is not None and self._done >= self._limit:
                break
            self._seen = number
            self._one(item, command(item))
            if progress is not None and (number % batch == 0 or number == len(items)):
                progress(number, len(items))
        return Migrated(
            plan=self._plan,
            done=self._done,
            skipped=self._skipped,
            left=tuple(self._left),
            conflicts=tuple(self._conflicts),
            waiting=len(items) - self._seen,
        )

    def _one(self, item: PlannedOrder, command: Command | PlannedOrder | None) -> None:
        if isinstance(command, PlannedOrder):
            self._left.append(command)
        elif command is None:
            self._skipped += 1
        else:
            self._give(item, command)

    def _give(self, item: PlannedOrder, command: Command) -> None:
        """Decide anew for one order, as it is now: the plan may be stale."""
        try:
            receipt = self._road.handle(command, self._look)
        except Refused as error:
            self._left.append(_refused(item, error.reasons))
        except Conflict:
            self._conflicts.append(item.order)
        else:
            went = any(isinstance(event.body, FlowMigrated) for event in receipt.events)
            self._done += went
            self._skipped += not went


def _refused(item: PlannedOrder, reasons: tuple[Reason, ...]) -> PlannedOrder:
    return evolve(item, kind=kind_of(reasons), moves=(), reasons=reasons)


def acting(road: Road, by: Actor | str) -> Actor:
    """Whoever asks; somebody whom the directory does not know is refused before the first order, not at each."""
    actor = to_actor(by)
    if actor.kind == "person":
        person = road.providers.person(actor.id)
        if person is None or not person.active:
            raise Refused.of("unknown_person" if person is None else "inactive_person", person=actor.id)
    return actor


def _check_numbers(batch: int, limit: int | None) -> None:
    for name, value in (("batch", batch), ("limit", 1 if limit is None else limit)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InvalidValue.of("not_positive", what=name, value=repr(value)[:80])
