"""Time promises: what time alone has caused, and which clocks a change of the order starts and ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderflow.model.actor import Actor
from orderflow.model.clock import Clock, Mark, WarnAt
from orderflow.model.events import ORDER_TRACK, ClockMarked
from orderflow.model.state import OrderState, State
from orderflow.rules.compile import CompiledSLA, Program
from orderflow.rules.draft import Draft
from orderflow.rules.scope import instant_of

CLOCK = Actor.automation("clock")


def due_marks(state: State, now: datetime) -> list[tuple[datetime, str, Mark]]:
    """What time alone has caused up to `now` and nobody has recorded: (instant, track, mark), oldest first.

    A warning is due at its instant, a breach after its instant. Ties go by name of the SLA, warnings first; so the
    order does not depend on how late anybody looks.
    """
    if not isinstance(state, OrderState):
        return []
    found: list[tuple[datetime, str, Mark]] = []
    for clock in state.clocks.values():
        if not clock.running:
            continue
        found += [
            (warn.at, clock.track, Mark(sla=clock.sla, kind="warned", label=warn.label))
            for warn in clock.warn_at
            if warn.at <= now
        ]
        if clock.due_at is not None and clock.breached_at is None and clock.due_at < now:
            found.append((clock.due_at, clock.track, Mark(sla=clock.sla, kind="breached", due_at=clock.due_at)))
    return sorted(
        found, key=lambda item: (item[0], item[1], item[2].sla, item[2].kind == "breached", item[2].label or "")
    )


def settle(draft: Draft) -> None:
    """Record what time alone has caused; the same events whoever comes first, and however late."""
    for at, track, mark in due_marks(draft.state, draft.context.now):
        draft.add(ClockMarked(marks=(mark,)), at=at, track=track, actor=CLOCK, rule=f"sla:{mark.sla}")


def next_instant(state: State) -> datetime | None:
    """The earliest instant at which time alone can change the order, or None; reads recorded marks only."""
    if not isinstance(state, OrderState):
        return None
    return min((at for clock in state.clocks.values() if (at := clock.next_at())), default=None)


def react(draft: Draft) -> None:
    """Start and end clocks after the command's own events: all marks in one event, in the flow's order."""
    marks = [mark for sla in draft.program.slas for mark in _marks(draft, sla)]
    if marks:
        draft.add(ClockMarked(marks=marks), rule="sla:" + ",".join(dict.fromkeys(mark.sla for mark in marks)))


def _marks(draft: Draft, sla: CompiledSLA) -> list[Mark]:
    """What the command does to one clock: ends it, starts it, or both."""
    clock = draft.order.clocks.get(f"{ORDER_TRACK}/{sla.name}")
    running = clock is not None and clock.running
    ended = _end_mark(draft, sla) if running else None
    started = None if running and ended is None else _start_mark(draft, sla)
    return [mark for mark in (ended, started) if mark is not None]


def _end_mark(draft: Draft, sla: CompiledSLA) -> Mark | None:
    category, scope = draft.order.main.category, draft.scope(ORDER_TRACK)
    if category == "cancelled":
        return Mark(sla=sla.name, kind="cancelled")
    if (sla.stop(scope) is True) if sla.stop else (sla.start(scope) is False):
        return Mark(sla=sla.name, kind="met")
    return Mark(sla=sla.name, kind="cancelled") if category == "done" else None


def _start_mark(draft: Draft, sla: CompiledSLA) -> Mark | None:
    state, before = draft.order, draft.before
    if state.main.category in ("done", "cancelled") or sla.start(draft.scope(ORDER_TRACK)) is not True:
        return None
    if isinstance(before, OrderState) and sla.start(draft.scope(ORDER_TRACK, before)) is True:
        return None  # it was true already: this run ended, and only a new beginning starts another
    return start_mark(draft.program, sla, state, draft.at)


def start_mark(program: Program, sla: CompiledSLA, state: OrderState, at: datetime) -> Mark | None:
    """The mark that starts a clock: with due and warn instants, and the calendar by which they were found.

    None when the promise is an instant of the order that is not known.
    """
    calendar, policy = program.calendar, sla.policy
    business = policy.time == "business"
    if policy.due is not None:
        due = instant_of(state, policy.due)
        if due is None:
            return None
        target = calendar.elapsed(at, due) if business else due - at
    else:
        target = policy.target or timedelta()
        due = calendar.add(at, target) if business else at + target
    warns = []
    for warn in policy.warn:
        if warn.percent is not None:
            part = target * int(warn.percent) / 100
            instant = calendar.add(at, part) if business and part >= timedelta() else at + part
        else:
            before = warn.before or timedelta()
            instant = calendar.subtract(due, before) if business else due - before
        warns.append(WarnAt(label=warn.label, at=max(instant, at)))
    return Mark(
        sla=sla.name,
        kind="started",
        due_at=due,
        warn_at=tuple(sorted(warns, key=lambda item: (item.at, item.label))),
        target=target,
        calendar=program.calendar_name if business else None,
        digest=program.calendar_digest if business else None,
    )


def late_clock(state: OrderState, now: datetime) -> Clock | None:
    """The running clock whose due instant passed first, or None when the order is not late."""
    late = [clock for clock in state.clocks.values() if clock.late(now)]
    return min(late, key=lambda clock: (clock.due_at or now, clock.sla), default=None)
