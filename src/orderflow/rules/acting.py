"""What all commands share - who may act, and when - and the small ones: assign, note, settle."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import zip_longest

from orderflow.model.clock import Mark
from orderflow.model.commands import Acknowledge, Assign, Command, Erase, FactChanged, Note, Settle
from orderflow.model.events import ClockMarked, NoteAdded, OwnerAssigned, PersonalErased
from orderflow.model.personal import personal_values
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.model.state import OrderState
from orderflow.rules import sla
from orderflow.rules.context import Context
from orderflow.rules.draft import Draft

_HINTS = 3


def check_actor(command: Command, context: Context) -> list[Reason]:
    """Why this actor may not act at all: a person whom the directory does not know, or who is not active."""
    if command.by.kind != "person":
        return []
    behalf = command.by.on_behalf_of
    return check_person(context, command.by.id) + (check_person(context, behalf) if behalf is not None else [])


def check_person(context: Context, id: str) -> list[Reason]:
    """Why this person may get nothing to do."""
    person = context.person(id)
    if person is None:
        return [reason("unknown_person", person=id)]
    return [] if person.active else [reason("inactive_person", person=id)]


def check_time(draft: Draft) -> list[Reason]:
    """Why the command's time cannot be: it lies in the future, or before the order."""
    at, now = draft.command.at, draft.context.now
    if at is not None and at > now:
        return [reason("at_in_future", at=at, now=now)]
    if at is not None and isinstance(draft.before, OrderState) and at < draft.before.placed_at:
        return [reason("at_before_order", at=at, placed=draft.before.placed_at)]
    return []


def check_entry(draft: Draft, track: str) -> list[Reason]:
    """Why the command's time cannot be: it lies before the track entered its stage."""
    state = draft.order.tracks[track]
    if draft.at >= state.entered_at:
        return []
    return [reason("at_before_stage", at=draft.at, stage=state.stage, entered=state.entered_at)]


def check_track(draft: Draft, track: str) -> list[Reason]:
    """Why there is no such track."""
    known = tuple(draft.order.tracks)
    if track in known:
        return []
    return [reason("unknown_track", track=track, known=known, suggestion=suggest(track, known))]


def check_known_lines(named: Iterable[str], known: Collection[str]) -> list[Reason]:
    """Why these lines mean nothing: the order has none of that name. The first few get a hint, which is costly."""
    unknown = [line for line in named if line not in known]
    names = tuple(known)
    hints = [suggest(line, names) for line in unknown[:_HINTS]]
    return [
        reason("unknown_line", line=line, known=names, suggestion=hint) for line, hint in zip_longest(unknown, hints)
    ]


def assign(draft: Draft, command: Assign) -> list[Reason]:
    """Make somebody, or nobody, responsible."""
    wrong = check_track(draft, command.track) or check_entry(draft, command.track)
    if command.to is not None:
        wrong += check_person(draft.context, command.to)
    if wrong:
        return wrong
    code = "owner_assigned" if command.to is not None else "owner_released"
    why = reason(code, by=str(command.by), person=command.to)
    team = command.team if command.team is not None else draft.order.tracks[command.track].team
    draft.add(OwnerAssigned(owner=command.to, team=team, why=why), track=command.track)
    sla.react(draft)
    return []


def note(draft: Draft, command: Note) -> list[Reason]:
    """Write a note."""
    draft.add(NoteAdded(text=command.text))
    return []


def acknowledge(draft: Draft, command: Acknowledge) -> list[Reason]:
    """End the escalation of breached clocks."""
    promises = tuple(sla.name for sla in draft.program.slas)
    if command.sla is not None and command.sla not in promises:
        return [reason("unknown_sla", sla=command.sla, known=promises, suggestion=suggest(command.sla, promises))]
    clocks = [clock for clock in draft.order.clocks.values() if command.sla in (None, clock.sla)]
    marks = [
        Mark(sla=clock.sla, kind="acknowledged", label="person")
        for clock in clocks
        if clock.active and clock.breached_at is not None and not clock.acknowledged
    ]
    if not marks:
        known = tuple(clock.sla for clock in draft.order.clocks.values())
        return [reason("nothing_to_acknowledge", order=command.order, known=known)]
    draft.add(ClockMarked(marks=marks))
    return []


def erase(draft: Draft, command: Erase) -> list[Reason]:
    """Record that the personal values are gone; nothing when there are none left."""
    known = (value.digest for event in draft.order.timeline for value in personal_values(event))
    digests = tuple(dict.fromkeys(known))  # those that an amendment replaced too
    if digests:
        draft.add(PersonalErased(digests=digests))
    return []


def fact_changed(draft: Draft, command: FactChanged) -> list[Reason]:
    """Look at the clocks again; what else waits for a fact asks for it when it is done."""
    sla.react(draft)
    return []


def settle(draft: Draft, command: Settle) -> list[Reason]:
    """Nothing beyond what every command does first."""
    return []
