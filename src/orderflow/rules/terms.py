"""What a promise comes to for one order now: its calendar, its target, its due and warn instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import frozen

from orderflow.model.actor import Person
from orderflow.model.calendar import ALWAYS, WorkCalendar
from orderflow.model.clock import NOTHING, Clock, Mark, MarkKind, WarnAt, measure
from orderflow.model.order import plain
from orderflow.rules.compile import CompiledSLA
from orderflow.rules.context import NamedCalendar
from orderflow.rules.draft import Draft
from orderflow.rules.scope import Scope, instant_of

_REAL_TIME = NamedCalendar("", ALWAYS, "")


@frozen
class Terms:
    """A promise as it stands: its calendar (no name: real time), and either a target or a due instant."""

    named: NamedCalendar
    target: timedelta | None
    due: datetime | None

    @property
    def calendar(self) -> WorkCalendar | None:
        """The calendar, None for real time."""
        return self.named.calendar if self.named.name else None


def terms_of(draft: Draft, sla: CompiledSLA, scope: Scope, clock: Clock | None = None) -> Terms | None:
    """The terms of a promise now; None when no row of the table fits, or the promised instant is not known.

    `clock` is the one that runs, if any: where nobody can say by which calendar it should count, it keeps its own.
    """
    named = calendar_of(draft, sla, scope, clock)
    if sla.policy.due is not None:
        due = instant_of(scope.state, sla.policy.due)
        return None if due is None else Terms(named, None, due)
    for when, target in sla.targets:
        if when is None or when(scope) is True:
            return Terms(named, target, None)
    return None


def calendar_of(draft: Draft, sla: CompiledSLA, scope: Scope, clock: Clock | None) -> NamedCalendar:
    """The calendar by which a promise counts now.

    Where a provider fails, a running clock keeps the calendar that it has. A new one counts by the flow's for the time
    being, under the name that was asked for and without a digest; so it is set anew when the provider is back.
    """
    if sla.policy.time == "wall":
        return _REAL_TIME
    flow = draft.program.calendars["flow"]
    known, name = _calendar_name(draft, sla.policy.calendar, scope)
    if known and (name is None or name == "flow"):
        return flow
    found = (draft.program.calendars.get(name) or draft.context.calendar(name)) if name is not None else None
    if found is not None:
        return found
    if clock is not None and clock.calendar is not None:
        content = draft.context.calendar_with(clock.digest) if clock.digest is not None else None
        return NamedCalendar(clock.calendar, (content or flow).calendar, clock.digest or "")
    return flow if name is None else NamedCalendar(name, flow.calendar, "")


def _calendar_name(draft: Draft, of: str, scope: Scope) -> tuple[bool, str | None]:
    """Whether it is known which calendar counts, and its name; no name means the flow's."""
    main = scope.state.tracks[scope.track]
    if of == "stage":
        stage = draft.program.lifecycle(scope.track).lifecycle.stages.get(main.stage)
        return True, stage.calendar if stage else None
    if of == "owner":
        person: Person | None = draft.context.person(main.owner) if main.owner is not None else None
        return person is not None or main.owner is None, person.calendar if person else None
    if of == "customer":
        customer = scope.state.order.customer
        name = plain(customer.attributes.get("calendar")) if customer else None
        return True, name if isinstance(name, str) else None
    return True, of


def running_mark(kind: MarkKind, draft: Draft, sla: CompiledSLA, terms: Terms, at: datetime, spent: timedelta,
                 warned: frozenset[str] = frozenset()) -> Mark:  # fmt: skip
    """The mark of a clock that runs from `at` on with `spent` behind it: due, warnings still to come, calendar.

    Warnings in `warned` are not given again. What should have come already comes at `at`.
    """
    calendar = terms.calendar
    ahead = draft.ahead(calendar, at)
    target = terms.target
    if target is None:
        due = terms.due or at
        target = spent + max(measure(calendar, at, due), NOTHING)
    else:
        due = ahead(target - spent)
    warns = []
    for warn in sla.warns:
        if warn.label in warned:
            continue
        if warn.share is not None:
            instant = ahead(warn.after(target) - spent)
        else:
            instant = max(backward(calendar, due, warn.before), at)
        warns.append(WarnAt(label=warn.label, at=_polite(draft, sla, instant)))
    if len(warns) > 1:
        warns.sort(key=lambda item: (item.at, item.label))
    return Mark(
        sla=sla.name,
        kind=kind,
        due_at=due,
        warn_at=warns,
        target=target,
        spent=spent or None,
        calendar=terms.named.name or None,
        digest=terms.named.digest or None,
    )


def backward(calendar: WorkCalendar | None, at: datetime, length: timedelta) -> datetime:
    """The instant, in UTC, from which `length` counts until `at`."""
    return at - length if calendar is None else calendar.subtract(at, length).astimezone(UTC)


def _polite(draft: Draft, sla: CompiledSLA, at: datetime) -> datetime:
    """The instant, or when reminders keep to working hours, the flow's next opening."""
    if sla.policy.reminders == "always":
        return at
    return draft.program.calendar.next_open(at).astimezone(UTC)


def rungs_of(draft: Draft, sla: CompiledSLA, calendar: WorkCalendar | None, at: datetime) -> tuple[WarnAt, ...]:
    """The escalation ladder of a breach, in the time of its clock: the n-th rung has the label n."""
    if not sla.policy.escalate:
        return ()
    ahead = draft.ahead(calendar, at)
    found = [
        WarnAt(label=str(number), at=_polite(draft, sla, ahead(rung.after)))
        for number, rung in enumerate(sla.policy.escalate, 1)
    ]
    return tuple(sorted(found, key=lambda item: (item.at, int(item.label))))


def carried(carry: str, clock: Clock, spent: timedelta, target: timedelta | None) -> timedelta:
    """How much counts when another target comes in midway: all of it, the same share of the new target, or nothing."""
    if carry == "restart":
        return NOTHING
    if carry == "used" and clock.target and target is not None:
        return target * (spent / clock.target)
    return spent
