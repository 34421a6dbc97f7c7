"""Floor 3: the reading side: views, boards, lists, histories and logs, all through one `Road`. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any, get_args

from attrs import evolve

from orderflow.model.actor import Actor
from orderflow.model.commands import Fire, Settle
from orderflow.model.commit import IndexRow, Query
from orderflow.model.errors import InvalidValue, Refused, UnknownOrder
from orderflow.model.events import Event, Stream
from orderflow.model.flow import OPEN, Category
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import check_id, to_instant
from orderflow.model.reasons import Reason, reason, shown, suggest
from orderflow.model.state import Blank, OrderState, fold
from orderflow.model.view import Board, Card, Column, Page, View
from orderflow.road import Road
from orderflow.rules.access import project
from orderflow.rules.commit import write_tag

if TYPE_CHECKING:
    from orderflow.metrics.log import EventLog

HOST = Actor.system("host")
_BATCH = 1_000
_LIMIT = 1_000
CATEGORIES = get_args(Category)


class Views:
    """The questions that a Tracker answers, over one road."""

    def __init__(self, road: Road) -> None:
        self._road = road

    def look(self, state: OrderState, viewer: Actor | None = None, now: datetime | None = None) -> View:
        """The View of a state, with what time has caused, recorded or not, and the triggers the viewer may pull."""
        at = now or self._road.now()
        allowed = {track: _accepted(self._road, state, viewer or HOST, track) for track in state.tracks}
        program = self._road.program(state)
        calendars = self._road.providers.calendars(program, tuple(state.clocks.values()), at)
        settled = self._road.settled(state, Settle(order=state.order.id, by=HOST), at)
        older = {event.flow for event in state.timeline if event.flow} - {state.flow}
        versions = {version: self._road.program(state, version) for version in older}
        return evolve(project(program, settled, viewer, at, allowed, calendars, versions), version=state.version)

    def get(self, id: str, viewer: Actor | None, as_of: datetime | None) -> View:
        """The View of an order now; or as it was known at a past instant, with what time had caused by then."""
        if as_of is None:
            return self.look(self._road.order(id), viewer)
        at = to_instant(as_of, "as_of")
        if at > self._road.now():
            raise Refused.of("as_of_in_future", at=at)
        stream = Stream.order(id)
        events = self._road.storage.load(stream)
        known = fold(Blank(stream=stream), takewhile(lambda event: event.recorded_at <= at, events))
        if not isinstance(known, OrderState):
            raise UnknownOrder([reason("unknown_order_then", order=id, at=at)])
        return self.look(known, viewer, at)

    def by_external(self, system: str, id: str, viewer: Actor | None) -> View:
        """The View of the order that another system knows under an id."""
        check_id(system, "system")
        check_id(id, "id")
        order = self._road.providers.external(system, id)
        if order is None:
            raise UnknownOrder([reason("unknown_external", system=system, id=id)])
        return self.get(order, viewer, None)

    def asking(self, fact: str) -> Iterator[str]:
        """The open and waiting orders of the current flows whose time promises ask for a fact."""
        check_id(fact, "fact")
        for name, program in self._road.current.items():
            if fact not in program.facts:
                continue
            for category in OPEN:
                after: str | None = None
                while rows := self._road.storage.find(
                    Query(flow=name, category=(category,), after=after, limit=_BATCH)
                ):
                    yield from (row.stream.id for row in rows)
                    after = rows[-1].stream.id

    def allowed(self, id: str, by: Actor, track: str) -> tuple[str, ...]:
        """The triggers that `fire` would accept now from this actor on a track, in the order of the flow."""
        check_id(track, "track")
        return _accepted(self._road, self._road.order(id), by, track)

    def why_not(self, id: str, trigger: str, by: Actor, track: str) -> tuple[Reason, ...]:
        """Every reason why `fire` would refuse this trigger now; empty when it would accept."""
        return self._road.reasons_against(self._road.order(id), Fire(order=id, trigger=trigger, by=by, track=track))

    def find(
        self,
        *,
        flow: str | None = None,
        stage: str | None = None,
        category: str | None = None,
        owner: str | None = None,
        team: str | None = None,
        customer: str | None = None,
        late: bool | None = None,
        where: Mapping[str, Any] | None = None,
        after: str | None = None,
        limit: int = 100,
        scan: bool = False,
    ) -> Page:
        """One page of the orders for which all that is given holds, in order of their ids."""
        _check_limit(limit)
        _check_texts(flow=flow, stage=stage, category=category, owner=owner, team=team, customer=customer, after=after)
        if late not in (None, True, False):
            raise InvalidValue.of("bad_flag", what="late", value=repr(late))
        if category is not None and category not in CATEGORIES:
            hint = suggest(category, CATEGORIES)
            raise Refused.of("unknown_category", name=category, known=CATEGORIES, suggestion=hint)
        narrowed = (stage, owner, team, customer, late or None, where or None)
        unindexed = late is False or (category is not None and all(item is None for item in narrowed))
        if unindexed and not scan:
            raise Refused.of("find_needs_scan")
        _check_names(self._road, flow, stage)
        now = self._road.now()
        query = Query(
            flow=flow,
            stage=stage,
            category=None if category is None else (category,),
            owner=owner,
            team=team,
            customer=customer,
            due_before=now if late else None,
            tags=_tags(self._road, where or {}),
            after=after,
            limit=limit + 1,
        )
        rows = _not_late(self._road, query, now, limit) if late is False else self._road.storage.find(query)
        cards = tuple(card(row, now) for row in rows[:limit])
        return Page(cards=cards, after=cards[-1].order if len(rows) > limit else None)

    def unwatched(self, after: str | None, limit: int) -> Page:
        """One page of the open and waiting orders on which no clock runs or waits."""
        _check_limit(limit)
        rows = self._road.storage.find(Query(unwatched=True, after=after, limit=limit + 1))
        now = self._road.now()
        cards = tuple(card(row, now) for row in rows[:limit])
        return Page(cards=cards, after=cards[-1].order if len(rows) > limit else None)

    def worklist(self, owner: str, limit: int) -> Page:
        """The open orders that a person owns: those with a deadline first, the earliest before the later."""
        _check_limit(limit)
        check_id(owner, "owner")
        now = self._road.now()
        rows = self._road.storage.find(Query(owner=owner, category=OPEN, urgent=True, limit=limit))
        return Page(cards=tuple(card(row, now) for row in rows))

    def board(self, flow: str | None, cards: int) -> Board:
        """The stages of a flow with what stands in them; of each open stage the first `cards` by due instant.

        Stages of older versions in which orders still stand come last.
        """
        _check_texts(flow=flow)
        program = self._road.program_for(flow)
        now, name = self._road.now(), program.flow.name
        counts = self._road.storage.tally(Query(flow=name))
        late = self._road.storage.tally(Query(flow=name, due_before=now))
        stages = program.flow.lifecycle.stages
        columns = []
        for stage in [*stages, *sorted(set(counts) - set(stages))]:
            rows = self._road.storage.find(Query(flow=name, stage=stage, urgent=True, limit=max(cards, 1)))
            category = stages[stage].category if stage in stages else rows[0].category or "" if rows else ""
            columns.append(
                Column(
                    stage=stage,
                    titles=program.titles(stage),
                    category=category,
                    count=counts.get(stage, 0),
                    late=late.get(stage, 0),
                    cards=tuple(card(row, now) for row in rows[:cards]) if category in OPEN else (),
                )
            )
        return Board(flow=name, at=now, columns=tuple(columns))

    def history(self, id: str) -> tuple[Event, ...]:
        """Every event of an order, oldest first. Raises `UnknownOrder`."""
        return self._road.order(id).timeline

    def log(self, orders: Iterable[str] | None = None) -> EventLog:
        """All orders, or these, as an EventLog; days are counted in the zone of a lone flow's calendar, else in UTC."""
        from orderflow.metrics.histories import log_of

        programs = tuple(self._road.current.values())
        ends: dict[str, set[str]] = {"done": set(), "cancelled": set()}
        for program in programs:
            for name, stage in program.flow.lifecycle.stages.items():
                ends.get(stage.category, set()).add(name)
        tz = str(programs[0].zone) if len(programs) == 1 else "UTC"
        states = _orders(self._road) if orders is None else (self._road.order(id) for id in orders)
        return log_of(states, tz=tz, done_stages=ends["done"], cancelled_stages=ends["cancelled"])


def _accepted(road: Road, state: OrderState, by: Actor, track: str) -> tuple[str, ...]:
    """The triggers that would be accepted on a track; none on one that the order has not."""
    if track not in state.tracks:
        return ()
    triggers = road.program(state).lifecycle(track).triggers_from.get(state.tracks[track].stage, ())
    commands = [Fire(order=state.order.id, trigger=trigger, by=by, track=track) for trigger in triggers]
    return tuple(command.trigger for command in commands if not road.reasons_against(state, command))


def _check_limit(limit: int) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _LIMIT:
        raise Refused.of("bad_limit", limit=repr(limit), most=_LIMIT)


def _check_texts(**values: str | None) -> None:
    for name, value in values.items():
        if value is not None:
            check_id(value, name)


def _not_late(road: Road, query: Query, now: datetime, limit: int) -> tuple[IndexRow, ...]:
    """The orders that are not late, found by going through those that fit otherwise."""
    found: list[IndexRow] = []
    after = query.after
    while len(found) <= limit:
        rows = road.storage.find(evolve(query, after=after))
        found += [row for row in rows if not card(row, now).late]
        if len(rows) < query.limit:
            break
        after = rows[-1].stream.id
    return tuple(found)


def _check_names(road: Road, flow: str | None, stage: str | None) -> None:
    """Refuse names that no current flow knows: a slip of the pen must not look like an empty list."""
    if flow is not None:
        road.program_for(flow)
    known = {name for program in road.current.values() for name in program.flow.lifecycle.stages}
    if stage is not None and stage not in known:
        known |= road.older_stages()
    if stage is not None and stage not in known:
        raise Refused.of("unknown_stage", stage=stage, known=sorted(known), suggestion=suggest(stage, known))


def _tags(road: Road, where: Mapping[str, Any]) -> FrozenMap[str]:
    if not isinstance(where, Mapping):
        raise InvalidValue.of("bad_attribute", name="where", value=shown(where))
    known = {name for program in road.current.values() for name in program.flow.find}
    for name in where:
        check_id(name, "where")
        if name not in known:
            raise Refused.of("not_searchable", field=name, known=sorted(known), suggestion=suggest(name, known))
    return FrozenMap({name: write_tag(value) for name, value in where.items()})


def card(row: IndexRow, now: datetime) -> Card:
    """The card of an order's index row at an instant."""
    return Card(
        order=row.stream.id,
        flow=row.flow or "",
        stage=row.stage or "",
        category=row.category or "",
        owner=row.owner,
        team=row.team,
        customer=row.customer,
        placed_at=row.placed_at or now,
        since=row.entered_at or now,
        due_at=row.due_at,
        late=row.late(now),
        version=row.version,
    )


def _orders(road: Road) -> Iterator[OrderState]:
    """The state of every order, in order of ids."""
    after: str | None = None
    while streams := road.storage.streams("order", after, _BATCH):
        for stream in streams:
            state = fold(Blank(stream=stream), road.storage.load(stream))
            if isinstance(state, OrderState):
                yield state
        after = streams[-1].id
