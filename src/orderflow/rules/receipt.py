"""What one command led to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import field, frozen

from orderflow.model.commit import Message
from orderflow.model.events import Event
from orderflow.model.reasons import Reason
from orderflow.model.state import OrderState
from orderflow.model.view import View


@frozen
class Failure:
    """A plugin that failed when it was told; the order is not touched by it."""

    plugin: str
    hook: str
    error: str


@frozen(kw_only=True)
class Receipt:
    """What one command led to.

    - `events`: those of this command, settled ones first; of a repeated command, those that it made the first time.
    - `messages`: what is owed to people because of it; delivered later, by `deliver`.
    - `reasons`: how automatic choices were made.
    - `repeated`: the command had been done before; nothing was written now. `preview`: nothing was written at all.
    - `failures`: plugins that raised when they were told; filled after the append.
    """

    state: OrderState
    events: tuple[Event, ...]
    messages: tuple[Message, ...] = ()
    reasons: tuple[Reason, ...] = ()
    repeated: bool = False
    preview: bool = False
    failures: tuple[Failure, ...] = ()
    _look: Callable[[OrderState], View] = field(alias="look", repr=False, eq=False)

    @property
    def order(self) -> str:
        """The order's id."""
        return self.state.order.id

    @property
    def version(self) -> int:
        """The stream's version after the command."""
        return self.state.version

    @property
    def stage(self) -> str:
        """The stage that the order is in now."""
        return self.state.main.stage

    @property
    def owner(self) -> str | None:
        """The person responsible now."""
        return self.state.main.owner

    @property
    def due_at(self) -> datetime | None:
        """The earliest deadline that runs, in UTC; None without one."""
        return self.state.due_at

    @property
    def view(self) -> View:
        """What the host may see of the order as the command left it; computed at each reading."""
        return self._look(self.state)
