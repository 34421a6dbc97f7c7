"""What a simulation needs and gives: the simulated clock, and the account of what was done."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from orderflow.model.commands import Command
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import to_instant
from orderflow.model.reasons import Reason


class SimulatedClock:
    """A clock that stands still until it is told to go on. Give it to the Tracker: `Tracker(..., clock=clock)`."""

    def __init__(self, start: datetime) -> None:
        self._now = to_instant(start, "start")

    def __call__(self) -> datetime:
        return self._now

    def advance_to(self, at: datetime) -> None:
        """Go on to an instant. A clock never goes back: an earlier one is a ValueError."""
        if at < self._now:
            raise ValueError(f"the clock shows {self._now.isoformat()} and cannot go back to {at.isoformat()}")
        self._now = at


@frozen(kw_only=True)
class Refusal:
    """A command that the Tracker refused, as happens when people try what the flow forbids."""

    order: str
    at: datetime
    command: Command
    reasons: tuple[Reason, ...]


@frozen(kw_only=True)
class Simulated:
    """What a simulation did.

    - `commands`: accepted commands by kind (`place`, `fire`, `observe`, `assign`, `note`). `refusals`: the others.
    - `settled`: events recorded by sweeps. `sent`, `retried`, `buried`: what became of the messages.
    - `start`, `end`: the simulated instants. `sweeps`: how often the host called `sweep` and `deliver`.
    """

    start: datetime
    end: datetime
    commands: FrozenMap[int]
    refusals: tuple[Refusal, ...]
    sweeps: int
    settled: int
    sent: int
    retried: int
    buried: int

    @property
    def total(self) -> int:
        """How many commands were given, refused ones included."""
        return sum(self.commands.values()) + len(self.refusals)
