"""The running instance of a time promise, folded from its recorded marks without knowing any policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from attrs import evolve, field, frozen

from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import StorageError
from orderflow.model.frozen import as_tuple

MOMENT = timedelta(microseconds=1)
NOTHING = timedelta()

MarkKind = Literal[
    "started",
    "paused",
    "resumed",
    "reset",
    "warned",
    "met",
    "breached",
    "escalated",
    "acknowledged",
    "cancelled",
    "redued",
    "corrected",
    "kept",
]


@frozen(kw_only=True)
class WarnAt:
    """An instant at which a clock warns or escalates, with the label that the policy gives it."""

    label: str
    at: datetime


@frozen(kw_only=True)
class MarkRef:
    """A recorded mark, named by kind, instant and label."""

    kind: str
    at: datetime
    label: str | None = None


@frozen(kw_only=True)
class Mark:
    """A recorded instant at which a clock changed.

    - `started`, `resumed`, `reset`, `redued` record what came of the policy: target, due instant, warn instants, the
      name and digest of the calendar (None: real time). Nobody needs policy or calendar to read it later.
    - `paused`, `resumed`, `redued`, `met`, `cancelled` record what was `spent` by then, in the time that counts.
    - `breached` records the instants of the escalation ladder in `warn_at`; `warned` and `escalated` have the `label`.
    - `acknowledged` ends the ladder; its label says why: a `person` did, the order `moved`, the clock `paused`.
    - `corrected` names the marks that a fact reported late has `voided`; they stay recorded, and count no more. When
      the clock had ended, it was met at `ended_at`, with `spent`.
    - `kept`: the order went to another version of its flow, and this run goes on under the terms that it has.
    """

    sla: str
    kind: MarkKind
    due_at: datetime | None = None
    warn_at: tuple[WarnAt, ...] = field(default=(), converter=as_tuple)
    target: timedelta | None = None
    spent: timedelta | None = None
    calendar: str | None = None
    digest: str | None = None
    label: str | None = None
    ended_at: datetime | None = None
    voided: tuple[MarkRef, ...] = field(default=(), converter=as_tuple)


@frozen(kw_only=True)
class Clock:
    """One run of a time promise on one track.

    - `spent`: time that counted up to `running_since`, or in all when it does not run. `target`: what it may take.
    - `running_since`: since when it counts, None when paused or ended. `due_at`: None when paused.
    - `met` after `breached_at` means: reached, but late. A corrected breach leaves `breached_at` None.
    - `warn_at`: warnings still to come, after a breach the rungs, soonest first. `warned`: those that came.
    - `moved_at`: the last mark that set the due instant, or took it away; a breach cannot be earlier.
    - `kept`: it runs under the terms of an older version of the flow, until it ends or begins anew.
    """

    sla: str
    track: str
    started_at: datetime
    due_at: datetime | None
    warn_at: tuple[WarnAt, ...] = ()
    target: timedelta | None = None
    spent: timedelta = NOTHING
    running_since: datetime | None = None
    moved_at: datetime
    calendar: str | None = None
    digest: str | None = None
    warned: tuple[MarkRef, ...] = ()
    breached_at: datetime | None = None
    acknowledged: bool = False
    ended: Literal["met", "cancelled"] | None = None
    ended_at: datetime | None = None
    kept: bool = False

    @property
    def active(self) -> bool:
        """Whether it has not ended: it runs, or is paused."""
        return self.ended is None

    @property
    def running(self) -> bool:
        """Whether time counts now."""
        return self.running_since is not None

    @property
    def paused(self) -> bool:
        """Whether it waits."""
        return self.active and not self.running

    def late(self, now: datetime) -> bool:
        """Whether it runs and its due instant has passed."""
        return self.running and self.due_at is not None and self.due_at < now

    def percent(self) -> float | None:
        """`spent` as a share of the target in percent, without the open piece; None without a target."""
        return self.spent / self.target * 100 if self.target else None

    def next_at(self) -> datetime | None:
        """The earliest instant at which time alone does something to this clock, or None."""
        if self.running_since is None:
            return None
        due = self.due_at + MOMENT if self.breached_at is None and self.due_at is not None else None
        if self.warn_at and (due is None or self.warn_at[0].at <= due):
            due = self.warn_at[0].at
        return None if due is None else max(due, self.moved_at)

    def next_mark(self) -> Mark:
        """What time alone does at `next_at`: a warning, a breach, or a rung of the ladder.

        A warning comes at its instant. A breach comes just after the due instant - who is done at it is in time - and
        is recorded at the due instant, or when that was set later, then.
        """
        late = self.due_at is not None and self.breached_at is None
        if self.warn_at and not (late and self.due_at is not None and self.due_at < self.warn_at[0].at):
            kind: MarkKind = "warned" if self.breached_at is None else "escalated"
            return Mark(sla=self.sla, kind=kind, label=self.warn_at[0].label, due_at=self.due_at)
        return Mark(sla=self.sla, kind="breached", due_at=self.due_at)

    def occurred(self, at: datetime, mark: Mark) -> datetime:
        """When a mark that is made at `at` happened: a breach at the due instant, all else then."""
        return at - MOMENT if mark.kind == "breached" and self.due_at is not None and at > self.moved_at else at

    def spent_by(self, calendar: WorkCalendar | None, at: datetime) -> timedelta:
        """What has counted by an instant, the open piece included; `calendar` None counts real time."""
        if self.running_since is None or at <= self.running_since:
            return self.spent
        return self.spent + measure(calendar, self.running_since, at)

    def extended(self, calendar: WorkCalendar | None, at: datetime) -> Clock:
        """The clock with the open piece up to `at` counted into `spent`; as it is when it does not run, or not yet."""
        if self.running_since is None or at <= self.running_since:
            return self
        return evolve(self, spent=self.spent_by(calendar, at), running_since=at)


def measure(calendar: WorkCalendar | None, start: datetime, end: datetime) -> timedelta:
    """How much time counts between two instants: open time of the calendar, or without one real time."""
    return end - start if calendar is None else calendar.elapsed(start, end)


def apply_mark(clock: Clock | None, mark: Mark, track: str, at: datetime) -> Clock:
    """The clock after one more mark. `started` begins a new run, whatever was before."""
    if mark.kind == "started":
        return _begun(mark, track, at)
    if clock is None:
        raise StorageError(f"the clock {track}/{mark.sla} has the mark {mark.kind!r} before it was started")
    return _ON[mark.kind](clock, mark, at)


def _begun(mark: Mark, track: str, at: datetime) -> Clock:
    return Clock(
        sla=mark.sla,
        track=track,
        started_at=at,
        due_at=mark.due_at,
        warn_at=mark.warn_at,
        target=mark.target,
        spent=mark.spent or NOTHING,
        running_since=at,
        moved_at=at,
        calendar=mark.calendar,
        digest=mark.digest,
    )


def _set(clock: Clock, mark: Mark, at: datetime) -> Clock:
    """The clock with what a mark found anew: due and warn instants, target, calendar, time spent."""
    return evolve(
        clock,
        due_at=mark.due_at,
        warn_at=mark.warn_at,
        target=mark.target,
        spent=mark.spent or NOTHING,
        running_since=at,
        moved_at=at,
        calendar=mark.calendar,
        digest=mark.digest,
    )


def _paused(clock: Clock, mark: Mark, at: datetime) -> Clock:
    return evolve(clock, spent=mark.spent or NOTHING, running_since=None, due_at=None, warn_at=(), moved_at=at)


def _warned(clock: Clock, mark: Mark, at: datetime) -> Clock:
    left = tuple(warn for warn in clock.warn_at if warn.label != mark.label)
    return evolve(clock, warn_at=left, warned=(*clock.warned, MarkRef(kind=mark.kind, at=at, label=mark.label)))


def _ended(clock: Clock, mark: Mark, at: datetime) -> Clock:
    return Clock(  # written out: this is the hot path, and attrs.evolve costs three times as much
        sla=clock.sla,
        track=clock.track,
        started_at=clock.started_at,
        due_at=clock.due_at,
        target=clock.target,
        spent=clock.spent if mark.spent is None else mark.spent,
        moved_at=clock.moved_at,
        calendar=clock.calendar,
        digest=clock.digest,
        warned=clock.warned,
        breached_at=clock.breached_at,
        acknowledged=clock.acknowledged,
        ended="met" if mark.kind == "met" else "cancelled",
        ended_at=at,
    )


def _corrected(clock: Clock, mark: Mark, at: datetime) -> Clock:
    gone = {(item.kind, item.label, item.at) for item in mark.voided}
    no_breach = ("breached", None, clock.breached_at) in gone
    return evolve(
        clock,
        ended="met" if mark.ended_at is not None and clock.ended is not None else clock.ended,
        ended_at=mark.ended_at or clock.ended_at,
        spent=clock.spent if mark.spent is None else mark.spent,
        breached_at=None if no_breach else clock.breached_at,
        acknowledged=clock.acknowledged and not no_breach,
        warn_at=() if no_breach else clock.warn_at,
        warned=tuple(item for item in clock.warned if (item.kind, item.label, item.at) not in gone),
    )


_ON: dict[str, Callable[[Clock, Mark, datetime], Clock]] = {
    "paused": _paused,
    "resumed": _set,
    "redued": lambda clock, mark, at: evolve(_set(clock, mark, at), kept=False),
    "reset": lambda clock, mark, at: _begun(mark, clock.track, at),
    "warned": _warned,
    "escalated": _warned,
    "breached": lambda clock, mark, at: evolve(clock, breached_at=at, acknowledged=False, warn_at=mark.warn_at),
    "acknowledged": lambda clock, mark, at: evolve(clock, acknowledged=True, warn_at=()),
    "met": _ended,
    "cancelled": _ended,
    "corrected": _corrected,
    "kept": lambda clock, mark, at: evolve(clock, kept=True),
}
