"""Time promises: what time alone has caused, and how a change of the order moves the clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from attrs import evolve, frozen

from orderflow.model.actor import Actor
from orderflow.model.calendar import WorkCalendar
from orderflow.model.clock import NOTHING, Clock, Mark, MarkKind, MarkRef, apply_mark
from orderflow.model.events import ORDER_TRACK, ClockMarked, Event
from orderflow.model.state import OrderState, State
from orderflow.rules.compile import CompiledSLA, Test
from orderflow.rules.draft import Draft
from orderflow.rules.scope import Scope
from orderflow.rules.terms import Terms, carried, rungs_of, running_mark, terms_of

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
            mark = evolve(mark, warn_at=rungs_of(draft, policy, due.occurred_at))
        draft.add(ClockMarked(marks=(mark,)), at=due.occurred_at, track=due.track, actor=CLOCK, rule=f"sla:{mark.sla}")
    if isinstance(draft.state, OrderState) and draft.context.recording:
        _redue(draft)


def _redue(draft: Draft) -> None:
    marks = []
    for clock in draft.order.clocks.values():
        if clock.running_since is None or clock.calendar is None:
            continue
        named = draft.program.calendars.get(clock.calendar) or draft.context.calendar(clock.calendar)
        if named is None or named.digest == clock.digest:
            continue
        sla = draft.program.sla_named(clock.sla)
        terms = None if sla is None else terms_of(draft, sla, draft.scope(ORDER_TRACK))
        if sla is not None and terms is not None and terms.named.name == clock.calendar:
            marks.append(_set_anew(draft, sla, clock, terms, draft.context.now))
    if marks:
        draft.add(ClockMarked(marks=marks), at=draft.context.now, actor=CLOCK, rule="calendar")


def react(draft: Draft) -> None:
    """Move the clocks after the command's own events: all marks in one event, in the flow's order."""
    if not draft.program.slas:
        return
    change = _Change(draft)
    marks = [mark for sla in draft.program.slas for mark in _marks(change, sla)]
    if marks:
        draft.add(ClockMarked(marks=marks), rule="sla:" + ",".join(dict.fromkeys(mark.sla for mark in marks)))


class _Change:
    """What a command changed, seen once for all promises."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.at = draft.at
        self.after = draft.scope(ORDER_TRACK)
        self.before: Scope | None = None
        self.moved = self.handed_over = False
        if isinstance(draft.before, OrderState):
            self.before = draft.scope(ORDER_TRACK, draft.before)
            old, new = draft.before.main, draft.order.main
            self.moved = new.entered_at != old.entered_at or new.stage != old.stage
            self.handed_over = new.owner != old.owner
        self.category = draft.order.main.category
        self.clocks = draft.order.clocks
        self._measured: dict[tuple[str | None, datetime], timedelta] = {}

    def spent(self, clock: Clock) -> timedelta:
        """What has counted on a clock by the change; clocks that run since one instant are measured once."""
        since = clock.running_since
        if since is None:
            return clock.spent
        key = (clock.calendar, since)
        if key not in self._measured:
            self._measured[key] = clock.spent_by(_calendar(self.draft, clock), self.at) - clock.spent
        return clock.spent + self._measured[key]


def _marks(change: _Change, sla: CompiledSLA) -> list[Mark]:
    """What the change does to the clock of one promise."""
    clock = change.clocks.get(sla.clock)
    if clock is None or not clock.active:
        return _start(change, sla)
    ended = _end(change, sla, clock)
    if ended:
        return [*ended, *_start(change, sla)]
    scope = sla.policy.scope
    anew = (scope == "stage" and change.moved) or (scope == "owner" and change.handed_over)
    if anew or _became(change, sla.reset):
        terms = terms_of(change.draft, sla, change.after)
        return [] if terms is None else [*_correction(clock, change.at), *_from_zero("reset", change, sla, terms)]
    if clock.paused:
        return _resume(change, sla, clock)
    if _is(sla.pause, change.after) if sla.resume is None else _became(change, sla.pause):
        spent = change.spent(clock)
        stopped = _ladder_ends(clock, "paused")
        return [*_correction(clock, change.at), *stopped, Mark(sla=sla.name, kind="paused", spent=spent)]
    return [*(_ladder_ends(clock, "moved") if change.moved else []), *_changed_terms(change, sla, clock)]


def _start(change: _Change, sla: CompiledSLA) -> list[Mark]:
    if change.category in ("done", "cancelled") or sla.start(change.after) is not True:
        return []
    if change.before is not None and sla.start(change.before) is True:
        return []  # it was true already: this run ended, and only a new beginning starts another
    terms = terms_of(change.draft, sla, change.after)
    return [] if terms is None else _from_zero("started", change, sla, terms)


def _from_zero(kind: MarkKind, change: _Change, sla: CompiledSLA, terms: Terms) -> list[Mark]:
    """The mark that begins a run; where the pause holds already, the clock waits from the beginning."""
    mark = running_mark(kind, change.draft, sla, terms, change.at, NOTHING)
    return [mark, Mark(sla=sla.name, kind="paused")] if _is(sla.pause, change.after) else [mark]


def _end(change: _Change, sla: CompiledSLA, clock: Clock) -> list[Mark]:
    """The marks that end a clock; before them, what a late fact corrects."""
    if change.category == "cancelled" or _is(sla.cancel, change.after):
        kind: MarkKind = "cancelled"
    elif (sla.stop(change.after) is True) if sla.stop else (sla.start(change.after) is False):
        kind = "met"
    elif change.category == "done":
        kind = "cancelled"
    else:
        return []
    spent = change.spent(clock)
    return [*_correction(clock, change.at), Mark(sla=sla.name, kind=kind, spent=spent)]


def _resume(change: _Change, sla: CompiledSLA, clock: Clock) -> list[Mark]:
    over = _is(sla.resume, change.after) if sla.resume else not _is(sla.pause, change.after)
    terms = terms_of(change.draft, sla, change.after) if over else None
    if terms is None:
        return []
    warned = frozenset(item.label or "" for item in clock.warned)
    return [running_mark("resumed", change.draft, sla, terms, change.at, clock.spent, warned)]


def _changed_terms(change: _Change, sla: CompiledSLA, clock: Clock) -> list[Mark]:
    """The clock set anew where another target, promise or calendar fits now."""
    terms = terms_of(change.draft, sla, change.after)
    if terms is None:
        return []
    same_promise = terms.target == clock.target if terms.due is None else terms.due == clock.due_at
    if same_promise and (terms.named.name or None) == clock.calendar:
        return []
    return [_set_anew(change.draft, sla, clock, terms, change.at)]


def _set_anew(draft: Draft, sla: CompiledSLA, clock: Clock, terms: Terms, at: datetime) -> Mark:
    spent = clock.spent_by(_calendar(draft, clock), at)
    changed = terms.due is None and terms.target != clock.target
    if changed and sla.policy.carry == "restart":
        return running_mark("reset", draft, sla, terms, at, NOTHING)
    kept = carried(sla.policy.carry, clock, spent, terms.target) if changed else spent
    warned = frozenset(item.label or "" for item in clock.warned)
    mark = running_mark("redued", draft, sla, terms, at, kept, warned)
    return mark if clock.breached_at is None else evolve(mark, warn_at=clock.warn_at)  # the ladder goes on


def _calendar(draft: Draft, clock: Clock) -> WorkCalendar | None:
    """The calendar by which a clock has counted so far, None for real time.

    That is the one with the recorded digest, where it is still known; else the one that has the name now.
    """
    if clock.calendar is None:
        return None
    named = draft.program.calendars.get(clock.calendar) or draft.context.calendar(clock.calendar)
    if named is not None and named.digest != clock.digest and clock.digest is not None:
        named = draft.context.calendar_with(clock.digest) or named
    return (named or draft.program.calendars["flow"]).calendar


def _correction(clock: Clock, at: datetime) -> list[Mark]:
    """The recorded marks that cannot have been, now that the clock is known to have stopped at `at`."""
    wrong = [item for item in clock.warned if item.at > at]
    if clock.breached_at is not None and clock.breached_at > at:
        wrong.append(MarkRef(kind="breached", at=clock.breached_at))
    return [Mark(sla=clock.sla, kind="corrected", voided=wrong)] if wrong else []


def _ladder_ends(clock: Clock, why: str) -> list[Mark]:
    if clock.breached_at is None or not clock.warn_at:
        return []
    return [Mark(sla=clock.sla, kind="acknowledged", label=why)]


def _is(test: Test | None, scope: Scope) -> bool:
    return test is not None and test(scope) is True


def _became(change: _Change, test: Test | None) -> bool:
    """Whether a condition is true now and was not before."""
    return _is(test, change.after) and (change.before is None or not _is(test, change.before))


def correct(draft: Draft, stage: str, at: datetime) -> None:
    """An old fact has come: the order was in `stage` at `at` already. Take back what clocks wrongly did after it.

    A clock that ended later, and that this stage would have ended, ended at `at`; breaches and warnings after it are
    voided. Nothing is removed.
    """
    state = draft.order
    then = evolve(state, tracks=state.tracks.set(ORDER_TRACK, evolve(state.main, stage=stage)))
    scope = draft.scope(ORDER_TRACK, then)
    marks = []
    for sla in draft.program.slas:
        clock = state.clocks.get(sla.clock)
        if clock is None or clock.ended_at is None or not clock.started_at <= at < clock.ended_at:
            continue
        ends = sla.stop(scope) is True if sla.stop else sla.start(scope) is False
        for mark in _correction(clock, at) if ends else []:
            spent = _clock_at(state, sla.name, at).spent_by(_calendar(draft, clock), at)
            marks.append(evolve(mark, ended_at=at, spent=spent))
    if marks:
        draft.add(ClockMarked(marks=marks), rule="sla:" + ",".join(mark.sla for mark in marks))


def _clock_at(state: OrderState, sla: str, at: datetime) -> Clock:
    """The clock as its marks up to an instant make it."""
    clock: Clock | None = None
    for event in state.timeline:
        if isinstance(event.body, ClockMarked) and event.occurred_at <= at:
            for mark in event.body.marks:
                if mark.sla == sla:
                    clock = apply_mark(clock, mark, event.track, event.occurred_at)
    if clock is None:
        raise ValueError(f"{state.stream}: the clock {sla} had no mark by {at}")
    return clock


def voided_in(events: Sequence[Event]) -> set[tuple[str, str, datetime, str | None]]:
    """(sla, kind, instant, label) of every mark that these events correct."""
    return {
        (mark.sla, item.kind, item.at, item.label)
        for event in events
        if isinstance(event.body, ClockMarked)
        for mark in event.body.marks
        for item in mark.voided
    }
