"""The running instance of a time promise, folded from its recorded marks without knowing any policy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from attrs import evolve, frozen

MOMENT = timedelta(microseconds=1)

MarkKind = Literal[
    "started", "paused", "resumed", "reset", "warned", "met", "breached", "cancelled", "redued", "corrected"
]


@frozen(kw_only=True)
class WarnAt:
    """An instant at which a clock warns, with the label of the warning as the policy writes it."""

    label: str
    at: datetime


@frozen(kw_only=True)
class Mark:
    """A recorded instant at which a clock changed.

    A `started`, `resumed` or `reset` mark records what came of the policy: target, due instant, warn instants, the
    name and digest of the calendar. Nobody needs policy or calendar to read it later. A `warned` mark has the `label`.
    """

    sla: str
    kind: MarkKind
    due_at: datetime | None = None
    warn_at: tuple[WarnAt, ...] = ()
    target: timedelta | None = None
    calendar: str | None = None
    digest: str | None = None
    label: str | None = None


@frozen(kw_only=True)
class Clock:
    """One run of a time promise on one track.

    - `ended`: None while it runs; `met` when the goal was reached, `cancelled` when the order was.
    - `met` after `breached_at` means: reached, but late.
    - `warn_at`: the warnings still to come, soonest first.
    """

    sla: str
    track: str
    started_at: datetime
    due_at: datetime | None
    warn_at: tuple[WarnAt, ...] = ()
    target: timedelta | None = None
    calendar: str | None = None
    digest: str | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    ended: Literal["met", "cancelled"] | None = None
    ended_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether time still counts."""
        return self.ended is None

    def late(self, now: datetime) -> bool:
        """Whether it runs and its due instant has passed."""
        return self.running and self.due_at is not None and self.due_at < now

    def next_at(self) -> datetime | None:
        """The earliest instant at which time alone changes this clock, or None.

        A warning comes at its instant. A breach comes just after the due instant: who is done at it is in time.
        """
        if not self.running:
            return None
        waiting = [warn.at for warn in self.warn_at[:1]]
        if self.due_at is not None and self.breached_at is None:
            waiting.append(self.due_at + MOMENT)
        return min(waiting, default=None)


def apply_mark(clock: Clock | None, mark: Mark, track: str, at: datetime) -> Clock:
    """The clock after one more mark. `started` begins a new run, whatever was before."""
    if mark.kind == "started" or clock is None:
        return Clock(
            sla=mark.sla,
            track=track,
            started_at=at,
            due_at=mark.due_at,
            warn_at=mark.warn_at,
            target=mark.target,
            calendar=mark.calendar,
            digest=mark.digest,
        )
    if mark.kind == "warned":
        return evolve(clock, warned_at=at, warn_at=tuple(warn for warn in clock.warn_at if warn.label != mark.label))
    if mark.kind == "breached":
        return evolve(clock, breached_at=at)
    if mark.kind in ("met", "cancelled"):
        return evolve(clock, ended=mark.kind, ended_at=at)
    raise ValueError(f"a clock does not know the mark {mark.kind!r}")
