"""The one decision: program, state, command and context in; events or reasons out. Pure; it never raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from orderflow.model.canonical import digest_of
from orderflow.model.commands import (
    Acknowledge,
    Amend,
    Assign,
    Command,
    Erase,
    FactChanged,
    Fire,
    Jump,
    Link,
    Load,
    Migrate,
    Move,
    Note,
    Observe,
    OpenTrack,
    Place,
    RevertMigration,
    Settle,
)
from orderflow.model.decision import Decision, Needs
from orderflow.model.errors import DefinitionError
from orderflow.model.reasons import Reason, reason
from orderflow.model.state import Blank, OrderState, State
from orderflow.rules import acting, amending, firing, jumping, migrating, moving, observing, placing, sla
from orderflow.rules.compile import Program
from orderflow.rules.context import Context, Missing
from orderflow.rules.draft import Draft

Handler = Callable[[Draft, Any], list[Reason]]

_HANDLERS: dict[type[Command], Handler] = {
    Place: placing.place,
    OpenTrack: placing.open_track,
    Fire: firing.fire,
    Move: moving.move,
    Load: moving.load,
    Amend: amending.amend,
    Link: amending.link,
    Jump: jumping.jump,
    Observe: observing.observe,
    FactChanged: acting.fact_changed,
    Assign: acting.assign,
    Note: acting.note,
    Erase: acting.erase,
    Acknowledge: acting.acknowledge,
    Migrate: migrating.migrate,
    RevertMigration: migrating.revert,
    Settle: acting.settle,
}


_COMMON = frozenset(attrs.fields_dict(Command))


def decide(program: Program, state: State, command: Command, context: Context) -> Decision | Needs:
    """What the command leads to.

    - Time is settled first: events that time alone caused come before the command's own, in the same answer.
    - A refused command has no events, not even settled ones.
    - `Needs` names values that are missing from the context; call again with them.
    - A deadline beyond what the calendar knows refuses, with the calendar's reasons.
    """
    try:
        return _decide(program, state, command, context)
    except Missing as missing:
        return Needs(missing.needs)
    except DefinitionError as error:  # a calendar was asked beyond what it knows
        return Decision(refused=True, reasons=error.problems)


def command_digest(program: Program, command: Command) -> str:
    """sha256 of what was asked for, key and expected version aside.

    Of a placing only the content counts, not who gave the command and when. Personal values are left out: a hash that
    outlives them must not give them away.
    """
    data: dict[str, Any] = {"type": type(command).__name__, "order": command.order}
    command = placing.without_personal(program, command)
    if isinstance(command, Place):
        data["content"] = command.content
    else:
        data |= {"by": command.by, "at": command.at, "reason": command.reason}
        data |= {name: getattr(command, name) for name in attrs.fields_dict(type(command)) if name not in _COMMON}
    return digest_of(data)


def _decide(program: Program, state: State, command: Command, context: Context) -> Decision:
    if isinstance(command, Place):
        if isinstance(state, OrderState):
            return placing.again(program, state, command, context.digest or command_digest(program, command))
    elif isinstance(state, Blank):
        return Decision(refused=True, reasons=(reason("unknown_order", order=command.order),))
    if wrong := acting.check_actor(command, context):
        return Decision(refused=True, reasons=tuple(wrong))
    digest = None if isinstance(command, Settle) else context.digest or command_digest(program, command)
    draft = Draft(program, state, command, context, digest)
    sla.settle(draft)
    if wrong := acting.check_time(draft) or _HANDLERS[type(command)](draft, command):
        return Decision(refused=True, reasons=tuple(wrong))
    after = draft.state if draft.events else None
    return Decision(events=tuple(draft.events), after=after, reasons=tuple(draft.reasons))
