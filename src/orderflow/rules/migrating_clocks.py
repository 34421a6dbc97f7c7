"""What becomes of an order's clocks when it goes to another version of its flow: no clock is lost without a mark."""

from __future__ import annotations

from orderflow.model.clock import Clock, Mark
from orderflow.model.commands import Clocks
from orderflow.model.events import ClockMarked
from orderflow.rules.compile import CompiledSLA
from orderflow.rules.draft import Draft
from orderflow.rules.follow import Change, armed, begin_anew, calendar_by, differs, ending, first_start, renewed
from orderflow.rules.terms import Terms, terms_of


class Crossing:
    """The clocks as the old version left them; made before the migration is recorded, used after it.

    - A clock whose promise the new version lacks, or which that would end, is cancelled: a change of rules meets
      nothing.
    - `keep`: where the new version has other terms, the run goes on under those that it has. `restart`: it begins anew.
      `rescale`: the share of the old target that is used counts of the new one.
    - A promise that had ended, and which by the new version should run and by the old one should not, begins.
    """

    def __init__(self, draft: Draft, clocks: Clocks) -> None:
        self._draft, self._how = draft, clocks
        self._old = draft.program
        state, now = draft.order, draft.at
        self._clocks = dict(state.clocks)
        self._spent = {
            name: clock.spent_by(calendar_by(draft, clock), now) for name, clock in state.clocks.items() if clock.active
        }
        self._armed = {name for name, clock in state.clocks.items() if self._is_armed(clock)}

    def _is_armed(self, clock: Clock) -> bool:
        policy = self._old.sla_named(clock.sla)
        return (
            policy is not None
            and clock.track in self._draft.order.tracks
            and armed(policy, self._draft.scope(clock.track))
        )

    def carry_over(self) -> None:
        """Record the marks of every clock that the old version knew: one event for each track."""
        found: dict[str, list[Mark]] = {}
        for name, clock in self._clocks.items():
            found.setdefault(clock.track, []).extend(self._marks(name, clock))
        for track, marks in found.items():
            if marks:
                self._draft.add(ClockMarked(marks=marks), track=track, rule="migration")

    def _marks(self, name: str, clock: Clock) -> list[Mark]:
        sla = self._draft.program.sla_named(clock.sla)
        gone = sla is None or clock.track not in self._draft.order.tracks
        if sla is None or gone or sla.policy.track != clock.track.partition(":")[0]:
            return self._cancelled(name, clock)
        change = Change(self._draft, clock.track)
        if not clock.active:
            return [] if name in self._armed else first_start(change, sla)
        if ending(change, sla) is not None:
            return self._cancelled(name, clock)
        if self._how == "restart":
            return begin_anew(change, sla, clock)
        terms = terms_of(self._draft, sla, change.after, clock)
        if not self._has_other(sla, clock, terms):
            return []
        if self._how == "keep" or terms is None:
            return [] if clock.kept else [Mark(sla=sla.name, kind="kept", due_at=clock.due_at)]
        return self._rescaled(name, sla, clock, terms)

    def _cancelled(self, name: str, clock: Clock) -> list[Mark]:
        return [Mark(sla=clock.sla, kind="cancelled", spent=self._spent[name])] if clock.active else []

    def _has_other(self, sla: CompiledSLA, clock: Clock, terms: Terms | None) -> bool:
        """Whether the new version has other terms for a clock. The instant of a promise is the order's own."""
        old = self._old.sla_named(clock.sla)
        if terms is None or clock.kept:
            return True
        if sla.policy.due is not None and old is not None and old.policy.due == sla.policy.due:
            return False
        return differs(terms, clock) or (terms.named.digest or None) != clock.digest

    def _rescaled(self, name: str, sla: CompiledSLA, clock: Clock, terms: Terms) -> list[Mark]:
        mark = renewed(self._draft, sla, clock, terms, self._draft.at, self._spent[name], carry="used")
        waits = Mark(sla=sla.name, kind="paused", spent=mark.spent)
        return [mark, waits] if clock.paused else [mark]
