"""A decision in the making: the events so far and the state that they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from orderflow.model.actor import Actor
from orderflow.model.calendar import WorkCalendar
from orderflow.model.commands import Command, FactChanged, Fire
from orderflow.model.events import ORDER_TRACK, Body, Event
from orderflow.model.frozen import FrozenMap
from orderflow.model.openings import EPOCH, MICROSECOND
from orderflow.model.order import Money, plain
from orderflow.model.reasons import Reason
from orderflow.model.state import OrderState, State, evolve
from orderflow.rules.compile import Program
from orderflow.rules.context import Context
from orderflow.rules.scope import Scope


class Draft:
    """Collects the events of one decision; lives only inside `decide`.

    `before` is the state that the command found, `state` what it is after the events so far.
    """

    def __init__(self, program: Program, state: State, command: Command, context: Context, digest: str | None) -> None:
        self.program = program
        self.before = state
        self.state = state
        self.command = command
        self.context = context
        self.digest = digest
        self.events: list[Event] = []
        self.reasons: list[Reason] = []
        self._asked: dict[str, Any] = {}
        self._ahead: dict[tuple[int, datetime], Callable[[timedelta], datetime]] = {}

    @property
    def order(self) -> OrderState:
        """The state, where it must be an order's."""
        if not isinstance(self.state, OrderState):
            raise TypeError(f"{self.state.stream} is not an order yet")
        return self.state

    @property
    def at(self) -> datetime:
        """When the command's fact happened: as it says, else now - or, with clocks apart, the last stage entry."""
        if self.command.at is not None:
            return self.command.at
        if isinstance(self.before, OrderState) and self.before.tracks:
            return max(self.context.now, self.before.main.entered_at)
        return self.context.now

    def scope(self, track: str, state: OrderState | None = None) -> Scope:
        """What conditions see now, or saw in an earlier state."""
        trigger = self.command.trigger if isinstance(self.command, Fire) and state is None else None
        calendar = self.program.calendar
        actor = self.command.by if state is None else None  # who acted before is not known
        # Nor is what the host would have answered before a fact changed; otherwise it would have been the same.
        ask = None if state is not None and isinstance(self.command, FactChanged) else self.fact
        return Scope(state or self.order, track, actor, self.context.now, calendar, trigger, ask)

    def fact(self, name: str, subjects: Mapping[str, Any]) -> Any:
        """What the host answers to a question of a condition. The next event that can, records it."""
        about = FrozenMap({key: plain(value) for key, value in subjects.items()})
        answer = self.context.fact(name, about)
        self._asked[call_text(name, about)] = answer
        return answer

    def ahead(self, calendar: WorkCalendar | None, at: datetime) -> Callable[[timedelta], datetime]:
        """A function from a length to the instant, in UTC, when so much has counted since `at` (at once: none or less).

        It gives what `calendar.add` gives, without its way through time zones; made once for each instant and calendar.
        """
        key = (id(calendar), at)
        known = self._ahead.get(key)
        if known is None:
            known = self._ahead[key] = _ahead(calendar, at)
        return known

    def add(
        self,
        body: Body,
        *,
        at: datetime | None = None,
        track: str = ORDER_TRACK,
        actor: Actor | None = None,
        rule: str | None = None,
        source: str | None = None,
        source_seq: int | None = None,
    ) -> None:
        """One more event. With an `actor` it is what a rule did by itself, else what the command did."""
        own = actor is None
        if self._asked and hasattr(body, "facts"):
            body = attrs.evolve(body, facts=FrozenMap(self._asked))  # type: ignore[arg-type]  # those that have the field
            self._asked = {}
        event = Event(
            tenant=self.context.tenant,
            stream=self.state.stream,
            version=self.state.version + 1,
            track=track,
            actor=actor or self.command.by,
            reason=self.command.reason if own else None,
            source=source,
            source_seq=source_seq,
            rule=rule,
            key=self.command.key if own else None,
            command_digest=self.digest if own else None,
            occurred_at=at or self.at,
            recorded_at=self.context.now,
            flow=self.state.flow if isinstance(self.state, OrderState) else self.program.fingerprint,
            body=body,
        )
        self.state = evolve(self.state, event)
        self.events.append(event)


def call_text(name: str, subjects: Mapping[str, Any]) -> str:
    """A question as conditions write it, with the values in place of the names: `fact('stock', item='A-7')`."""
    said = "".join(
        f", {key}={str(value) if isinstance(value, Decimal | Money) else value!r}" for key, value in subjects.items()
    )
    return f"fact({name!r}{said})"


def _ahead(calendar: WorkCalendar | None, at: datetime) -> Callable[[timedelta], datetime]:
    if calendar is None:
        return lambda length: at + max(length, timedelta())
    start, instant = calendar.position((at - EPOCH) // MICROSECOND), calendar.instant

    def ahead(length: timedelta) -> datetime:
        us = length // MICROSECOND
        return EPOCH + timedelta(0, 0, instant(start + us)) if us > 0 else at

    return ahead
