"""Floor 3: every command as a method of the Tracker; sugar for `handle`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orderflow.model.actor import Actor
from orderflow.model.commands import (
    Acknowledge,
    Amend,
    Assign,
    Command,
    Fire,
    Jump,
    Link,
    Load,
    Move,
    Note,
    Observe,
    OpenTrack,
    Place,
)
from orderflow.model.order import Line, Order

if TYPE_CHECKING:
    from orderflow.rules.receipt import Receipt

Quantities = Mapping[str, Decimal | int | str]


class Commands(ABC):
    """The commands as methods.

    Of all of them: `by` asks for it, a lone string is a person's id; `at` is when it happened, aware, now if not given;
    the same command with the same `key` gives the same Receipt again; `reason` is why, in their own words.
    """

    @abstractmethod
    def handle(self, command: Command) -> Receipt:
        """Take a command."""

    def place(
        self,
        order: Order,
        *,
        by: Actor | str,
        external: Mapping[str, str] | None = None,
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Take in a new order. The same order again repeats the Receipt; other content under its id is `KeyReused`.

        `external`: other system -> the id under which it knows the order.
        """
        return self.handle(Place(content=order, external=external, by=by, at=at, key=key, reason=reason))

    def fire(
        self,
        order: str,
        trigger: str,
        *,
        by: Actor | str,
        track: str = "order",
        at: datetime | None = None,
        key: str | None = None,
        expect: int | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Pull a trigger.

        - `at`: when it happened; refused in the future and before the last stage entry.
        - `key`: the same command again gives the same Receipt. `expect`: the version that the order must have.
        - `track`: on which strand of the order, such as `payment` or `shipment:2`.
        """
        return self.handle(
            Fire(order=order, trigger=trigger, by=by, track=track, at=at, key=key, expect=expect, reason=reason)
        )

    def open_track(
        self,
        order: str,
        track: str,
        *,
        by: Actor | str,
        id: str | None = None,
        lines: Quantities | None = None,
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Open one more track of a kind that an order may have many of; `shipment` becomes `shipment:<id>`.

        Without an `id` the tracks of a kind are numbered from 1. `receipt.events[0].track` is its name. `lines`: line
        -> quantity that is loaded onto it, where tracks of this kind carry lines.
        """
        return self.handle(
            OpenTrack(order=order, track=track, id=id, lines=lines, by=by, at=at, key=key, reason=reason)
        )

    def move(
        self,
        order: str,
        move: str,
        lines: Quantities | None = None,
        *,
        by: Actor | str,
        track: str = "order",
        at: datetime | None = None,
        key: str | None = None,
        expect: int | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Move quantity of lines by a move of the flow: `move("SO-1", "ship", {"1": 5}, by=...)`.

        Without `lines`, all that there is. On a `track` that carries lines, what it carries; else what no track does.
        """
        return self.handle(
            Move(order=order, move=move, lines=lines, track=track, by=by, at=at, key=key, expect=expect, reason=reason)
        )

    def load(
        self,
        order: str,
        track: str,
        lines: Quantities | None = None,
        *,
        by: Actor | str,
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Load quantity onto a track that carries lines; without `lines`, all that there is to be loaded."""
        return self.handle(Load(order=order, track=track, lines=lines, by=by, at=at, key=key, reason=reason))

    def unload(
        self,
        order: str,
        track: str,
        lines: Quantities | None = None,
        *,
        by: Actor | str,
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Take quantity off a track that carries it; without `lines`, all."""
        return self.handle(
            Load(order=order, track=track, lines=lines, unload=True, by=by, at=at, key=key, reason=reason)
        )

    def amend(
        self,
        order: str,
        changes: Mapping[str, Any] | None = None,
        *,
        by: Actor | str,
        lines: Mapping[str, Mapping[str, Any]] | None = None,
        add: Iterable[Line] = (),
        remove: Iterable[str] = (),
        at: datetime | None = None,
        key: str | None = None,
        expect: int | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Change what was ordered (变更): `amend("SO-1", {"order.promised_at": day}, lines={"2": {"quantity": 5}})`.

        - `changes`: path -> new value, None takes it away. `lines`: line -> the same by field (`quantity`, `price` …).
        - `add`, `remove`: whole lines, and ids of lines. Refused where the flow's `amendments:` do not allow it.
        """
        return self.handle(
            Amend(
                order=order,
                changes=changes,
                lines=lines,
                add=add,
                remove=remove,
                by=by,
                at=at,
                key=key,
                expect=expect,
                reason=reason,
            )
        )

    def go_back(
        self, order: str, to: str, *, by: Actor | str, reason: str, track: str = "order", **more: Any
    ) -> Receipt:
        """Go back to a stage where the track has been; guards are not asked. Who may is in the flow's `jumps:`."""
        return self.handle(Jump(kind="back", order=order, stage=to, track=track, by=by, reason=reason, **more))

    def skip(self, order: str, to: str, *, by: Actor | str, reason: str, track: str = "order", **more: Any) -> Receipt:
        """Skip to a stage further on; guards are not asked. Who may is in the flow's `jumps:`."""
        return self.handle(Jump(kind="skip", order=order, stage=to, track=track, by=by, reason=reason, **more))

    def force(self, order: str, to: str, *, by: Actor | str, reason: str, track: str = "order", **more: Any) -> Receipt:
        """Force any stage, even out of one that has ended. Who may is in the flow's `jumps:`."""
        return self.handle(Jump(kind="force", order=order, stage=to, track=track, by=by, reason=reason, **more))

    def undo(self, order: str, *, by: Actor | str, reason: str, track: str = "order", **more: Any) -> Receipt:
        """Undo the track's last entry, which was a jump: it goes back to the stage and the owner before it."""
        return self.handle(Jump(kind="undo", order=order, track=track, by=by, reason=reason, **more))

    def link(
        self, order: str, system: str, id: str, *, by: Actor | str, key: str | None = None, reason: str | None = None
    ) -> Receipt:
        """Say under which id another system knows the order; `by_external` finds it by that id."""
        return self.handle(Link(order=order, system=system, id=id, by=by, key=key, reason=reason))

    def observe(
        self,
        order: str,
        stage: str,
        *,
        source: str,
        track: str = "order",
        at: datetime | None = None,
        by: Actor | str | None = None,
        key: str | None = None,
        source_seq: int | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Record what another master system says: the order is in `stage`, whatever the flow allows.

        What the flow does not foresee is marked as an inconsistency. A fact older than the last stage entry is recorded
        and moves nothing. `by` is the system itself when it is not given.
        """
        actor = by if by is not None else Actor.external(source)
        return self.handle(
            Observe(
                order=order,
                stage=stage,
                source=source,
                source_seq=source_seq,
                track=track,
                at=at,
                by=actor,
                key=key,
                reason=reason,
            )
        )

    def assign(
        self,
        order: str,
        to: str | None,
        *,
        by: Actor | str,
        team: str | None = None,
        track: str = "order",
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Make a person responsible, or with `to=None` nobody."""
        return self.handle(Assign(order=order, to=to, team=team, track=track, by=by, at=at, key=key, reason=reason))

    def acknowledge(
        self, order: str, sla: str | None = None, *, by: Actor | str, key: str | None = None, reason: str | None = None
    ) -> Receipt:
        """Say that somebody is on to a breach: the escalation of this promise, or of all, goes no further."""
        return self.handle(Acknowledge(order=order, sla=sla, by=by, key=key, reason=reason))

    def note(
        self, order: str, text: str, *, by: Actor | str, at: datetime | None = None, key: str | None = None
    ) -> Receipt:
        """Write a note into the order's history."""
        return self.handle(Note(order=order, text=text, by=by, at=at, key=key))
