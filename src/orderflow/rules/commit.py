"""From events to one atomic write: the index row, the next instant, and the messages owed. All pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderflow.model.canonical import write_decimal, write_instant
from orderflow.model.clock import Mark
from orderflow.model.commit import Commit, IndexRow, KeyRecord, Message, PersonalValue
from orderflow.model.events import ClockMarked, Event, FlowMigrated, OrderPlaced, OwnerAssigned, StageEntered, Stream
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Money, plain
from orderflow.model.personal import personal_values
from orderflow.model.policies import DEFAULT_TOPICS, NotifyRule, Rung
from orderflow.model.reasons import Reason, reason
from orderflow.model.state import OrderState, State, fold
from orderflow.rules import sla
from orderflow.rules.compile import Program
from orderflow.rules.scope import read_path


def next_instant(program: Program, state: State) -> datetime | None:
    """The earliest instant at which time alone can change the stream, or None."""
    due = sla.next_due(state)
    return None if due is None else due.at


def index_row(program: Program | None, state: State) -> IndexRow:
    """What can be searched of a stream; of one that is no order, its name and version."""
    if not isinstance(state, OrderState) or program is None:
        return IndexRow(stream=state.stream, version=state.version)
    main = state.main
    tags = {
        name: write_tag(value) for name in program.flow.find if (value := plain(read_path(state, name))) is not None
    }
    tags |= {external_tag(system, id): "" for system, id in state.external}
    return IndexRow(
        stream=state.stream,
        version=state.version,
        flow=program.flow.name,
        stage=main.stage,
        category=main.category,
        owner=main.owner,
        team=main.team,
        customer=state.order.customer.id if state.order.customer else None,
        placed_at=state.placed_at,
        entered_at=main.entered_at,
        due_at=state.due_at,
        next_at=next_instant(program, state),
        clocks=sum(clock.active for clock in state.clocks.values()),
        tags=FrozenMap(tags),
    )


def external_tag(system: str, id: str) -> str:
    """The tag by which an order is found that another system knows under an id."""
    return f"external:{len(system)}:{system}:{id}"  # both may have colons: the length says where the first ends


def write_tag(value: Any) -> str:
    """A searchable value as text; equal values have equal texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return write_decimal(value)
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, Money):
        return f"{write_decimal(value.amount)} {value.currency}"
    return str(value)


def make_commit(
    program: Program, before: State, after: State, events: Sequence[Event], channels: tuple[str, ...], key: str | None
) -> Commit:
    """Everything that one decision writes. `channels` are those that are registered now."""
    return _commit(program, before, after, events, owed(program, before, after, events, channels), key)


def _commit(
    program: Program,
    before: State,
    after: State,
    events: Sequence[Event],
    messages: tuple[Message, ...],
    key: str | None,
) -> Commit:
    stream = before.stream
    digest = events[-1].command_digest
    return Commit(
        expects={stream: before.version},
        events=tuple(events),
        rows=(index_row(program, after),),
        messages=messages,
        personal=tuple(
            PersonalValue(stream=stream, value=value) for event in events for value in personal_values(event)
        ),
        key=KeyRecord(stream=stream, key=key, digest=digest, first=events[0].version, last=events[-1].version)
        if key is not None and digest is not None
        else None,
    )


def crossing_commit(
    old: Program,
    new: Program,
    before: State,
    after: State,
    events: Sequence[Event],
    channels: tuple[str, ...],
    key: str | None,
) -> Commit:
    """The commit of a decision that took the order to another version: what was settled before is owed by the old."""
    at = next(place for place, event in enumerate(events) if isinstance(event.body, FlowMigrated))
    between = fold(before, events[:at])
    messages = (*owed(old, before, between, events[:at], channels), *owed(new, between, after, events[at:], channels))
    return _commit(new, before, after, events, messages, key)


def owed(
    program: Program, before: State, after: State, events: Sequence[Event], channels: tuple[str, ...]
) -> tuple[Message, ...]:
    """The messages that these events owe, in their order; none where there is no channel or nobody to tell.

    A channel that the flow names is owed to even where it is not registered: another process may have it. What is owed
    to the owner goes to the one after the events. Nobody is told what he did himself.
    """
    if not isinstance(after, OrderState):
        return ()
    messages = []
    voided = sla.voided_in(events)
    for event in events:
        for topic, what, mark in _happened(program, event, _Then(before, after, events)):
            rule = _rule(program, topic)
            if mark is not None and (mark.sla, mark.kind, event.occurred_at, mark.label) in voided:
                continue  # a late fact in the same commit says that it never was
            if rule is None:
                continue
            named = channels if rule.channels is None else rule.channels
            over = tuple(name for name in named if name != event.source)  # who said it is not told it
            to = _recipients(_who(program, rule, mark), after, event)
            if over and to:
                messages.append(
                    Message(
                        id=f"{event.tenant}/{event.stream}/{event.version}/{topic}{_which(mark)}",
                        topic=topic,
                        order=after.order.id,
                        to=to,
                        what=what,
                        at=event.occurred_at,
                        channels=over,
                    )
                )
    return tuple(messages)


def _rule(program: Program, topic: str) -> NotifyRule | None:
    if program.flow.notify is None:
        return NotifyRule() if topic in DEFAULT_TOPICS else None
    rule: NotifyRule | None = program.flow.notify.get(topic)
    return rule


def _which(mark: Mark | None) -> str:
    """What tells messages of one event apart: the clock, and the step of its ladder."""
    return "" if mark is None else f"/{mark.sla}" + (f"/{mark.label}" if mark.label else "")


def _who(program: Program, rule: NotifyRule, mark: Mark | None) -> tuple[str, ...]:
    """To whom: of an escalation those of its rung, else those of the rule."""
    policy = program.flow.sla.get(mark.sla) if mark is not None and mark.kind == "escalated" else None
    if (
        policy is None
        or mark is None
        or not (mark.label or "").isdecimal()
        or int(mark.label or 0) > len(policy.escalate)
    ):
        return rule.to
    rung: Rung = policy.escalate[int(mark.label or 0) - 1]
    return rung.to


def _recipients(to: tuple[str, ...], state: OrderState, event: Event) -> tuple[str, ...]:
    names: list[str] = []
    owner = state.tracks[event.track].owner
    for who in to:
        if who in ("owner", "lead", "manager"):
            if owner is not None:
                names.append(f"{'person' if who == 'owner' else who}:{owner}")
        elif who == "customer":
            if state.order.customer is not None:
                names.append(f"customer:{state.order.customer.id}")
        else:
            names.append(who if ":" in who else f"person:{who}")
    own = f"person:{event.actor.id}" if event.actor.kind == "person" else None
    return tuple(name for name in dict.fromkeys(names) if name != own)


class _Then:
    """The order as it was right after one of several events; folded only when somebody asks."""

    def __init__(self, before: State, after: OrderState, events: Sequence[Event]) -> None:
        self._before, self._after, self._events = before, after, events

    def at(self, event: Event) -> OrderState:
        if event is self._events[-1]:
            return self._after
        until = self._events.index(event) + 1
        then = fold(self._before, self._events[:until])
        return then if isinstance(then, OrderState) and then.tracks else self._after


def _happened(program: Program, event: Event, then: _Then) -> list[tuple[str, Reason, Mark | None]]:
    """The topics of an event, each with its text, and the mark of a clock that it comes from."""
    order, body = event.stream.id, event.body
    if isinstance(body, OrderPlaced):
        return [("placed", reason("told_placed", order=order), None)]
    if isinstance(body, StageEntered):
        entered = reason("told_entered", order=order, stage=program.titles(body.stage, event.track))
        told: list[tuple[str, Reason, Mark | None]] = [("entered", entered, None)]
        if body.inconsistent:
            previous = program.titles(body.previous or "", event.track)
            stages: dict[str, Any] = {"stage": program.titles(body.stage, event.track), "previous": previous}
            told.append(("inconsistent", reason("told_inconsistent", order=order, source=event.source, **stages), None))
        return told
    if isinstance(body, OwnerAssigned) and body.owner is not None:
        stage = program.titles(then.at(event).tracks[event.track].stage, event.track)
        return [("assigned", reason("told_assigned", order=order, stage=stage, owner=body.owner), None)]
    if isinstance(body, ClockMarked):
        urgent = (mark for mark in body.marks if mark.kind in ("warned", "breached", "escalated"))
        return [(mark.kind, _told(program, event, mark, then.at(event)), mark) for mark in urgent]
    return []


def _told(program: Program, event: Event, mark: Mark, then: OrderState) -> Reason:
    """The text of a warning, a breach or an escalation, as things stood then."""
    track = then.tracks[event.track]
    return reason(
        f"told_{mark.kind}",
        order=then.order.id,
        sla=program.promise(mark.sla),
        stage=program.titles(track.stage, event.track),
        due=mark.due_at or event.occurred_at,
        owner=track.owner or "-",
        zone=str(program.zone),
    )


def bare_commit(before: State, after: State, event: Event) -> Commit:
    """The commit of one event in a stream that is no order's."""
    stream: Stream = before.stream
    return Commit(expects={stream: before.version}, events=(event,), rows=(index_row(None, after),))
