"""How the clock of one promise follows a change of the order: it starts, pauses, resumes, is set anew, or ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve

from orderflow.model.calendar import ALWAYS, WorkCalendar
from orderflow.model.clock import NOTHING, Clock, Mark, MarkKind, MarkRef, apply_mark
from orderflow.model.events import ClockMarked
from orderflow.model.flow import OPEN
from orderflow.model.state import OrderState
from orderflow.rules.compile import CompiledSLA, Test
from orderflow.rules.context import NamedCalendar
from orderflow.rules.draft import Draft
from orderflow.rules.scope import Scope, instant_of
from orderflow.rules.terms import Terms, carried, running_mark, terms_of


class Change:
    """What a command changed on one track, seen once for all promises."""

    def __init__(self, draft: Draft, track: str) -> None:
        self.draft = draft
        self.track = track
        self.at = draft.at
        self.state = draft.order
        self.clocks = self.state.clocks
        self.after = draft.scope(track)
        self.now = self.state.tracks[track]
        self.before: Scope | None = None
        self.moved = self.handed_over = False
        if isinstance(draft.before, OrderState) and track in draft.before.tracks:
            self.before = draft.scope(track, draft.before)
            old, new = draft.before.tracks[track], self.now
            self.moved = new.entered_at != old.entered_at or new.stage != old.stage
            self.handed_over = new.owner != old.owner
        self._measured: dict[tuple[str | None, str | None, datetime], timedelta] = {}

    def spent(self, clock: Clock) -> timedelta:
        """What has counted on a clock by the change; clocks that run since one instant are measured once.

        A change that lies before the clock's last mark counts what had counted by then.
        """
        if self.at < clock.moved_at:
            then = clock_at(self.state, self.track, clock.sla, self.at)
            return NOTHING if then is None else then.spent_by(calendar_by(self.draft, then), self.at)
        since = clock.running_since
        if since is None:
            return clock.spent
        key = (clock.calendar, clock.digest, since)
        if key not in self._measured:
            self._measured[key] = clock.spent_by(calendar_by(self.draft, clock), self.at) - clock.spent
        return clock.spent + self._measured[key]


class _Run:
    """The marks that a change makes on one clock, and the clock after those so far."""

    def __init__(self, change: Change, sla: CompiledSLA, clock: Clock | None) -> None:
        self.change = change
        self.sla = sla
        self.marks: list[Mark] = []
        self._found = clock

    def add(self, mark: Mark) -> None:
        self.marks.append(mark)

    @property
    def clock(self) -> Clock | None:
        """The clock after the marks so far; folded when asked for, which is seldom."""
        clock = self._found
        for mark in self.marks:
            clock = apply_mark(clock, mark, self.change.track, self.change.at)
        return clock


def follow(change: Change, sla: CompiledSLA) -> list[Mark]:
    """What the change does to the clock of one promise."""
    clock = change.clocks.get(sla.clock(change.track))
    run = _Run(change, sla, clock)
    if clock is None or clock.ended is not None:
        _start(run, first=clock is None)
    elif (kind := ending(change, sla)) is not None:
        spent = change.spent(clock)
        _take_back(run, clock)
        run.add(Mark(sla=sla.name, kind=kind, spent=spent))
        _start(run, first=False)
    elif _begins_anew(change, sla) or _became(change, sla.reset):
        _reset(run, clock)
    elif clock.paused:
        _resume(run, clock)
    elif _is(sla.pause, change.after) if sla.resume is None else _became(change, sla.pause):
        _pause(run, clock)
    else:
        _renew(run, clock)
    return run.marks


def _begins_anew(change: Change, sla: CompiledSLA) -> bool:
    scope = sla.policy.scope
    return (scope == "stage" and change.moved) or (scope == "owner" and change.handed_over)


def first_start(change: Change, sla: CompiledSLA) -> list[Mark]:
    """The marks that start a clock, whatever was before; none where it may not run now."""
    run = _Run(change, sla, None)
    _start(run, first=True)
    return run.marks


def begin_anew(change: Change, sla: CompiledSLA, clock: Clock) -> list[Mark]:
    """The marks that begin a clock's run anew; one that waits goes on waiting."""
    run = _Run(change, sla, clock)
    _reset(run, clock)
    return run.marks


def armed(sla: CompiledSLA, scope: Scope) -> bool:
    """Whether a clock may run: its start holds, what is promised is known, and nothing that would end it holds."""
    if _promise_gone(sla, scope):
        return False
    open_ = scope.state.tracks[scope.track].category in OPEN and scope.state.main.category != "cancelled"
    return open_ and sla.start(scope) is True and not _is(sla.stop, scope) and not _is(sla.cancel, scope)


def _start(run: _Run, *, first: bool) -> None:
    """Start a clock where one may run and could not before; the first one as soon as some row of the table fits."""
    change, sla = run.change, run.sla
    if not armed(sla, change.after):
        return
    if not first and not _begins_anew(change, sla) and change.before is not None and armed(sla, change.before):
        return
    terms = terms_of(change.draft, sla, change.after)
    if terms is not None:
        _begin(run, "started", terms, held=False)


def _begin(run: _Run, kind: MarkKind, terms: Terms, *, held: bool) -> None:
    """Begin a run; where the pause holds already, the clock waits from the beginning."""
    run.add(running_mark(kind, run.change.draft, run.sla, terms, run.change.at, NOTHING))
    if held or _is(run.sla.pause, run.change.after):
        run.add(Mark(sla=run.sla.name, kind="paused"))


def ending(change: Change, sla: CompiledSLA) -> MarkKind | None:
    """How the clock ends, or None."""
    category = change.now.category
    if "cancelled" in (category, change.state.main.category) or _is(sla.cancel, change.after):
        return "cancelled"
    clock = change.clocks.get(sla.clock(change.track))
    if clock is not None and not clock.kept and _promise_gone(sla, change.after):
        return "cancelled"
    if _is(sla.stop, change.after) if sla.stop else sla.start(change.after) is False:
        return "met"
    return "cancelled" if category == "done" else None


def _promise_gone(sla: CompiledSLA, scope: Scope) -> bool:
    """Whether the instant by which it is due is not known: there is none yet, or an amendment took it away."""
    return sla.policy.due is not None and instant_of(scope.state, sla.policy.due) is None


def _reset(run: _Run, clock: Clock) -> None:
    """Begin anew; a pause that waits for its `resume` goes on waiting. Where no row fits now, the clock ends."""
    change, sla = run.change, run.sla
    held = clock.paused and sla.resume is not None and not _is(sla.resume, change.after)
    spent, terms = change.spent(clock), terms_of(change.draft, sla, change.after, clock)
    _take_back(run, clock)
    if terms is None:
        run.add(Mark(sla=sla.name, kind="cancelled", spent=spent))
    else:
        _begin(run, "reset", terms, held=held)


def _pause(run: _Run, clock: Clock) -> None:
    spent = run.change.spent(clock)
    _take_back(run, clock)
    _end_ladder(run, "paused")
    run.add(Mark(sla=run.sla.name, kind="paused", spent=spent))


def _resume(run: _Run, clock: Clock) -> None:
    change, sla = run.change, run.sla
    over = _is(sla.resume, change.after) if sla.resume else not _is(sla.pause, change.after)
    terms = (kept_terms if clock.kept else terms_of)(change.draft, sla, change.after, clock) if over else None
    if terms is not None:
        mark = running_mark("resumed", change.draft, sla, terms, change.at, change.spent(clock), _warned(clock))
        run.add(mark if clock.breached_at is None else evolve(mark, warn_at=()))


def _renew(run: _Run, clock: Clock) -> None:
    """Set the clock anew where another target, promise or calendar fits now; a move ends its ladder."""
    change, sla = run.change, run.sla
    terms = None if clock.kept else terms_of(change.draft, sla, change.after, clock)
    changed = terms is not None and differs(terms, clock)
    spent = change.spent(clock) if changed else NOTHING
    if changed:
        _take_back(run, clock)
    elif change.moved:
        _take_back_rungs(run, clock)
    if change.moved:
        _end_ladder(run, "moved")
    if terms is not None and changed and run.clock is not None:
        run.add(renewed(change.draft, sla, run.clock, terms, change.at, spent))


def kept_terms(draft: Draft, sla: CompiledSLA, scope: Scope, clock: Clock) -> Terms:
    """The terms that a clock keeps from an older version of the flow: its own target, calendar and digest."""
    calendar = calendar_by(draft, clock)
    named = NamedCalendar(clock.calendar or "", calendar or ALWAYS, clock.digest or "")
    return Terms(named, clock.target, None)


def differs(terms: Terms, clock: Clock) -> bool:
    """Whether these are other terms than those by which a clock was set."""
    same = terms.target == clock.target if terms.due is None else terms.due == clock.due_at
    return not same or (terms.named.name or None) != clock.calendar


def renewed(draft: Draft, sla: CompiledSLA, clock: Clock, terms: Terms, at: datetime, spent: timedelta,
            carry: str | None = None) -> Mark:  # fmt: skip
    """The mark that sets a running clock anew from `at` on, with what counts of the time spent (as `carry` says)."""
    changed = terms.due is None and terms.target != clock.target
    carry = carry or sla.policy.carry
    if changed and carry == "restart":
        return running_mark("reset", draft, sla, terms, at, NOTHING)
    kept = carried(carry, clock, spent, terms.target) if changed else spent
    mark = running_mark("redued", draft, sla, terms, at, kept, _warned(clock))
    return mark if clock.breached_at is None else evolve(mark, warn_at=clock.warn_at)  # the ladder goes on


def _warned(clock: Clock) -> frozenset[str]:
    return frozenset(item.label or "" for item in clock.warned)


def wrong_after(clock: Clock, at: datetime) -> tuple[MarkRef, ...]:
    """The recorded warnings, breach and rungs that cannot have been when the clock stopped at `at`.

    Who is done at the due instant is in time; so a breach at `at` itself is wrong, and with it every rung.
    """
    breach = clock.breached_at is not None and clock.breached_at >= at
    wrong = [item for item in clock.warned if item.at > at or (breach and item.kind == "escalated")]
    if breach and clock.breached_at is not None:
        wrong.append(MarkRef(kind="breached", at=clock.breached_at))
    return tuple(wrong)


def _take_back(run: _Run, clock: Clock) -> None:
    if wrong := wrong_after(clock, run.change.at):
        run.add(Mark(sla=clock.sla, kind="corrected", voided=wrong))


def _take_back_rungs(run: _Run, clock: Clock) -> None:
    """Rungs that came after the order had moved."""
    if clock.breached_at is not None and clock.breached_at <= run.change.at:
        wrong = tuple(item for item in clock.warned if item.kind == "escalated" and item.at > run.change.at)
        if wrong:
            run.add(Mark(sla=clock.sla, kind="corrected", voided=wrong))


def _end_ladder(run: _Run, why: str) -> None:
    """End an escalation that was under way; a breach that comes only later has its own."""
    clock = run.clock
    if clock is not None and clock.breached_at is not None and clock.breached_at <= run.change.at and clock.warn_at:
        run.add(Mark(sla=clock.sla, kind="acknowledged", label=why))


def calendar_by(draft: Draft, clock: Clock) -> WorkCalendar | None:
    """The calendar by which a clock has counted so far, None for real time.

    That is the one with the recorded digest, where it is still known; else the one that has the name now.
    """
    if clock.calendar is None:
        return None
    named = draft.program.calendars.get(clock.calendar)
    if named is None or named.digest != clock.digest:
        known = draft.context.calendar_with(clock.digest) if clock.digest is not None else None
        named = known or named or draft.context.calendar(clock.calendar)
    return (named or draft.program.calendars["flow"]).calendar


def clock_at(state: OrderState, track: str, sla: str, at: datetime) -> Clock | None:
    """The clock as its marks up to an instant make it; None before the first."""
    clock: Clock | None = None
    for event in state.timeline:
        if isinstance(event.body, ClockMarked) and event.track == track and event.occurred_at <= at:
            for mark in event.body.marks:
                if mark.sla == sla:
                    clock = apply_mark(clock, mark, event.track, event.occurred_at)
    return clock


def _is(test: Test | None, scope: Scope) -> bool:
    return test is not None and test(scope) is True


def _became(change: Change, test: Test | None) -> bool:
    """Whether a condition is true now and was not before."""
    return _is(test, change.after) and (change.before is None or not _is(test, change.before))
