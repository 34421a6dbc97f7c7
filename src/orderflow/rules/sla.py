"""Time promises: what time alone has caused, and what a command or an old fact means for the clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from orderflow.model.actor import Actor
from orderflow.model.clock import NOTHING, Clock, Mark
from orderflow.model.events import ClockMarked, Event
from orderflow.model.state import OrderState, State
from orderflow.rules.draft import Draft
from orderflow.rules.follow import Change, calendar_by, clock_at, follow, renewed, wrong_after
from orderflow.rules.terms import rungs_of, running_mark, terms_of

CLOCK = Actor.automation("clock")


@frozen
class Due:
    """What time alone does next to an order: which mark on which track, from when on, and when it happened."""

    at: datetime
    occurred_at: datetime
    track: str
    mark: Mark


def next_due(state: State) -> Due | None:
    """The first thing that time alone will do, or None; reads recorded marks only.

    Of several at one instant: by track, name of the SLA, warning before breach; so the order does not depend on how
    late anybody looks.
    """
    if not isinstance(state, OrderState):
        return None
    first: tuple[datetime, str, str] | None = None
    chosen: Clock | None = None
    for clock in state.clocks.values():
        at = clock.next_at()
        if at is not None and (first is None or (at, clock.track, clock.sla) < first):
            first, chosen = (at, clock.track, clock.sla), clock
    if first is None or chosen is None:
        return None
    mark = chosen.next_mark()
    return Due(first[0], chosen.occurred(first[0], mark), chosen.track, mark)


def settle(draft: Draft) -> None:
    """Record what time alone has caused up to now; the same events whoever comes first, and however late.

    Then, now, clocks whose calendar has another content than the one by which they were set are set anew.
    """
    while (due := next_due(draft.state)) is not None and due.at <= draft.context.now:
        mark = due.mark
        policy = draft.program.sla_named(mark.sla)
        if mark.kind == "breached" and policy is not None:
            clock = draft.order.clocks[policy.clock(due.track)]
            mark = evolve(mark, warn_at=rungs_of(draft, policy, calendar_by(draft, clock), due.occurred_at))
        draft.add(ClockMarked(marks=(mark,)), at=due.occurred_at, track=due.track, actor=CLOCK, rule=f"sla:{mark.sla}")
    if isinstance(draft.state, OrderState) and draft.context.recording:
        _redue(draft)


def _redue(draft: Draft) -> None:
    """Set anew, now, the clocks whose calendar has another content than the one by which they were set."""
    marks: dict[str, list[Mark]] = {}
    for clock in draft.order.clocks.values():
        if clock.running_since is None or clock.calendar is None or clock.kept:
            continue
        named = draft.program.calendars.get(clock.calendar) or draft.context.calendar(clock.calendar)
        if named is None or named.digest == clock.digest:
            continue
        sla = draft.program.sla_named(clock.sla)
        terms = None if sla is None else terms_of(draft, sla, draft.scope(clock.track), clock)
        if sla is not None and terms is not None and terms.named.name == clock.calendar:
            spent = clock.spent_by(calendar_by(draft, clock), draft.context.now)
            mark = renewed(draft, sla, clock, terms, draft.context.now, spent)
            marks.setdefault(clock.track, []).append(mark)
    for track, found in marks.items():
        draft.add(ClockMarked(marks=found), at=draft.context.now, track=track, actor=CLOCK, rule="calendar")


def react(draft: Draft) -> None:
    """Move the clocks after the command's own events: of each track all marks in one event, in the flow's order."""
    for kind, slas in draft.program.slas_by_track.items():
        for track in [name for name in draft.order.tracks if name.partition(":")[0] == kind]:
            change = Change(draft, track)
            _add(draft, track, [mark for sla in slas for mark in follow(change, sla)])


def _add(draft: Draft, track: str, marks: list[Mark]) -> None:
    if marks:
        names = dict.fromkeys(mark.sla for mark in marks)
        draft.add(ClockMarked(marks=marks), track=track, rule="sla:" + ",".join(names))


def go_on(draft: Draft, track: str, since: datetime) -> None:
    """Clocks that ended at an instant, and run again now, go on with the time that had counted by then."""
    if not isinstance(draft.before, OrderState):
        return
    marks = []
    for sla in draft.program.slas_by_track.get(track.partition(":")[0], ()):
        name = sla.clock(track)
        old, clock = draft.before.clocks.get(name), draft.order.clocks.get(name)
        if old is None or old.ended_at != since or clock is None or not clock.running or clock.kept:
            continue
        terms = terms_of(draft, sla, draft.scope(track), clock)
        if terms is not None and old.spent:
            marks.append(running_mark("redued", draft, sla, terms, draft.at, old.spent))
    _add(draft, track, marks)


def correct(draft: Draft, track: str, stage: str, at: datetime) -> None:
    """An old fact has come: the track was in `stage` at `at` already. Take back what clocks wrongly did after it.

    A clock that this stage would have ended did end at `at`, whether it runs still or ended later; breaches, warnings
    and rungs after it are voided. Nothing is removed. Earlier runs of a clock stay as they are.
    """
    state = draft.order
    then = evolve(state, tracks=state.tracks.set(track, evolve(state.tracks[track], stage=stage)))
    scope = draft.scope(track, then)
    marks: list[Mark] = []
    for sla in draft.program.slas_by_track.get(track.partition(":")[0], ()):
        clock = state.clocks.get(sla.clock(track))
        if clock is None or not clock.started_at <= at or (clock.ended_at is not None and clock.ended_at <= at):
            continue
        if (sla.stop(scope) is True) if sla.stop else (sla.start(scope) is False):
            marks += _ended_then(draft, state, clock, at)
    _add(draft, track, marks)


def _ended_then(draft: Draft, state: OrderState, clock: Clock, at: datetime) -> list[Mark]:
    """The marks by which a clock turns out to have been met at `at`; none when that changes no answer."""
    wrong = wrong_after(clock, at)
    before = clock_at(state, clock.track, clock.sla, at)
    spent = NOTHING if before is None else before.spent_by(calendar_by(draft, before), at)
    if clock.active:
        corrected = [Mark(sla=clock.sla, kind="corrected", voided=wrong)] if wrong else []
        return [*corrected, Mark(sla=clock.sla, kind="met", spent=spent)]
    if not wrong and clock.ended == "met":
        return []
    return [Mark(sla=clock.sla, kind="corrected", voided=wrong, ended_at=at, spent=spent, label="met")]


def voided_in(events: Sequence[Event]) -> set[tuple[str, str, datetime, str | None]]:
    """(sla, kind, instant, label) of every mark that these events correct."""
    return {
        (mark.sla, item.kind, item.at, item.label)
        for event in events
        if isinstance(event.body, ClockMarked)
        for mark in event.body.marks
        for item in mark.voided
    }
