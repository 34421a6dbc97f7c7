"""What people see: views of one order, cards and boards of many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from orderflow.model.clock import Clock
from orderflow.model.events import JumpKind
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.order import Customer, Line, Money
from orderflow.model.reasons import Language, Reason, in_language


@frozen(kw_only=True)
class Entry:
    """One line of an order's timeline.

    `observed` and `inconsistent` mark what another master system said, `jump` who left the ways of the flow on purpose.
    """

    version: int
    at: datetime
    recorded_at: datetime
    type: str
    track: str
    actor: str
    what: Reason
    reason: str | None = None
    observed: bool = False
    inconsistent: bool = False
    jump: JumpKind | None = None

    def text(self, language: Language = "en") -> str:
        """What happened, in words."""
        return self.what.text(language)


@frozen(kw_only=True)
class TrackView:
    """One track of an order: where it stands, whose it is, which triggers would be accepted on it.

    `carries`: line -> the quantity that it carries.
    """

    track: str
    stage: str
    stage_titles: FrozenMap[str] = EMPTY
    category: str
    owner: str | None
    team: str | None
    owner_reason: Reason | None
    since: datetime
    inconsistent: bool
    allowed: tuple[str, ...]
    carries: FrozenMap[Decimal] = EMPTY

    def title(self, language: Language = "en") -> str:
        """The stage's title."""
        return in_language(self.stage_titles, language, self.stage)


@frozen(kw_only=True)
class View:
    """What one viewer may see of an order at one instant.

    - `since`: when the stage was entered. `due_at`: the earliest deadline that runs, None without one.
    - `late`: a deadline that runs has passed. `clocks`: the last run of each time promise.
    - `owner_reason`: how the owner was chosen.
    - `inconsistent`: another master system moved the order against the flow, and it stands there since.
    - `allowed`: the triggers that would be accepted from this viewer (from the host, when there is no viewer).
    - `tracks`: every track by its name; `order` is the one that the fields above are about.
    - `quantities`: line -> line stage -> what stands there, and `ordered`; empty when the flow does not follow it.
    - `external`: other system -> the ids under which it knows the order.
    - `timeline`: everything that happened, oldest first. All instants are in UTC.
    """

    order: str
    flow: str
    flow_version: str
    version: int
    stage: str
    stage_titles: FrozenMap[str] = EMPTY
    category: str
    owner: str | None
    team: str | None
    owner_reason: Reason | None
    since: datetime
    due_at: datetime | None
    late: bool
    inconsistent: bool
    allowed: tuple[str, ...]
    tracks: FrozenMap[TrackView]
    clocks: tuple[Clock, ...]
    timeline: tuple[Entry, ...]
    placed_at: datetime
    promised_at: datetime | None
    customer: Customer | None
    lines: tuple[Line, ...]
    total: Money | None
    source: str | None
    attributes: FrozenMap[object] = EMPTY
    quantities: FrozenMap[FrozenMap[Decimal]] = EMPTY
    external: FrozenMap[tuple[str, ...]] = EMPTY

    def title(self, language: Language = "en") -> str:
        """The stage's title."""
        return in_language(self.stage_titles, language, self.stage)


@frozen(kw_only=True)
class Card:
    """One order on a board or in a list, from its index row."""

    order: str
    flow: str
    stage: str
    category: str
    owner: str | None
    team: str | None
    customer: str | None
    placed_at: datetime
    since: datetime
    due_at: datetime | None
    late: bool
    version: int


@frozen(kw_only=True)
class Page:
    """Some of what was found, in order of ids; `after` is where the next page begins, None at the end."""

    cards: tuple[Card, ...]
    after: str | None = None

    def __iter__(self) -> Iterator[Card]:
        return iter(self.cards)

    def __len__(self) -> int:
        return len(self.cards)


@frozen(kw_only=True)
class Column:
    """One stage of a board: how many orders are in it, how many are late, and the first cards by due instant."""

    stage: str
    titles: FrozenMap[str] = EMPTY
    category: str
    count: int
    late: int
    cards: tuple[Card, ...]


@frozen(kw_only=True)
class Board:
    """All stages of a flow, in its order, with what stands in them."""

    flow: str
    at: datetime
    columns: tuple[Column, ...]
