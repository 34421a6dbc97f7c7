"""What happened: the event envelope and the bodies of all events, past tense, with stable names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from attrs import field, frozen
from attrs.converters import optional

from orderflow.model.actor import Actor
from orderflow.model.clock import Mark
from orderflow.model.condition import Condition
from orderflow.model.errors import InvalidValue
from orderflow.model.frozen import FrozenMap, as_tuple
from orderflow.model.order import Line, Order
from orderflow.model.quantities import Cause, Transfer
from orderflow.model.reasons import Reason

ORDER_TRACK = "order"
JumpKind = Literal["back", "skip", "force", "undo"]


def _values(values: Mapping[str, Any]) -> FrozenMap[Any]:
    return FrozenMap(values)


@frozen
class Stream:
    """The name of an append-only list of events; its text is `kind:id`, split at the first colon."""

    kind: str
    id: str

    def __attrs_post_init__(self) -> None:
        if not self.kind or ":" in self.kind or not self.id:
            raise InvalidValue.of("bad_stream", value=f"{self.kind}:{self.id}")

    @classmethod
    def parse(cls, text: str) -> Stream:
        """The stream with this text."""
        kind, _, id = text.partition(":")
        return cls(kind, id)

    @classmethod
    def order(cls, id: str) -> Stream:
        """The stream of an order."""
        return cls("order", id)

    @classmethod
    def flow(cls, name: str) -> Stream:
        """The stream of a flow's versions."""
        return cls("flow", name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@frozen(kw_only=True)
class OrderPlaced:
    """The order came in. `order.promised_at` is an instant here, whatever was handed in.

    `why`: by which rule its flow was chosen of several; None where the order named it, or there was one.
    """

    TYPE: ClassVar[str] = "order_placed"
    SCHEMA: ClassVar[int] = 1
    order: Order
    why: Reason | None = None


@frozen(kw_only=True)
class StageEntered:
    """A track entered a stage; `trigger` is None for the initial stage, for jumps, and for what was only observed.

    `observed`: another master system said so. `inconsistent`: the flow has no such transition. `jump`: somebody left
    the ways of the flow on purpose. `facts`: what the host answered when the conditions asked.
    """

    TYPE: ClassVar[str] = "stage_entered"
    SCHEMA: ClassVar[int] = 1
    stage: str
    category: str
    previous: str | None = None
    trigger: str | None = None
    observed: bool = False
    inconsistent: bool = False
    jump: JumpKind | None = None
    facts: FrozenMap[Any] | None = field(default=None, converter=optional(_values))


@frozen(kw_only=True)
class StageObserved:
    """Another master system reported a stage, and the track did not move.

    It was there already, the fact is old, or `outranked` names a more trusted source that put the track where it is.
    """

    TYPE: ClassVar[str] = "stage_observed"
    SCHEMA: ClassVar[int] = 1
    stage: str
    current: str
    outranked: str | None = None


@frozen(kw_only=True)
class Triggered:
    """An internal transition fired: no stage was left or entered."""

    TYPE: ClassVar[str] = "triggered"
    SCHEMA: ClassVar[int] = 1
    trigger: str
    stage: str
    facts: FrozenMap[Any] | None = field(default=None, converter=optional(_values))


@frozen(kw_only=True)
class QuantityMoved:
    """Quantities of lines went from lot to lot, all from one cause; `move` is that of the flow, if it was one."""

    TYPE: ClassVar[str] = "quantity_moved"
    SCHEMA: ClassVar[int] = 1
    cause: Cause
    move: str | None = None
    transfers: tuple[Transfer, ...] = field(converter=as_tuple)
    facts: FrozenMap[Any] | None = field(default=None, converter=optional(_values))


@frozen(kw_only=True)
class Amended:
    """What changed on the order and its customer, or on one line: path -> value; what is absent is not there."""

    line: str | None = None
    before: FrozenMap[Any] = field(converter=_values)
    after: FrozenMap[Any] = field(converter=_values)


@frozen(kw_only=True)
class OrderAmended:
    """The order's content was changed: the difference, with whole lines where lines came or went."""

    TYPE: ClassVar[str] = "order_amended"
    SCHEMA: ClassVar[int] = 1
    changes: tuple[Amended, ...] = field(default=(), converter=as_tuple)
    added: tuple[Line, ...] = field(default=(), converter=as_tuple)
    removed: tuple[Line, ...] = field(default=(), converter=as_tuple)
    facts: FrozenMap[Any] | None = field(default=None, converter=optional(_values))


@frozen(kw_only=True)
class ExternalLinked:
    """The order is known to another system under an id of that system."""

    TYPE: ClassVar[str] = "external_linked"
    SCHEMA: ClassVar[int] = 1
    system: str
    id: str


@frozen(kw_only=True)
class OwnerAssigned:
    """Somebody, or nobody, became responsible; `why` says how the choice was made."""

    TYPE: ClassVar[str] = "owner_assigned"
    SCHEMA: ClassVar[int] = 1
    owner: str | None = None
    team: str | None = None
    why: Reason


@frozen(kw_only=True)
class NoteAdded:
    """Somebody wrote a note."""

    TYPE: ClassVar[str] = "note_added"
    SCHEMA: ClassVar[int] = 1
    text: str


@frozen(kw_only=True)
class ClockMarked:
    """Clocks of a track changed, all at the event's instant and from one cause."""

    TYPE: ClassVar[str] = "clock_marked"
    SCHEMA: ClassVar[int] = 1
    marks: tuple[Mark, ...] = field(converter=as_tuple)
    facts: FrozenMap[Any] | None = field(default=None, converter=optional(_values))


@frozen(kw_only=True)
class PersonalErased:
    """Personal values of the order were erased. `digests` name them; values and salts are gone from the storage."""

    TYPE: ClassVar[str] = "personal_erased"
    SCHEMA: ClassVar[int] = 1
    digests: tuple[str, ...] = field(converter=as_tuple)


@frozen(kw_only=True)
class FlowRegistered:
    """A version of a flow was seen for the first time; `text` is its canonical text."""

    TYPE: ClassVar[str] = "flow_registered"
    SCHEMA: ClassVar[int] = 1
    fingerprint: str
    text: str


@frozen(kw_only=True)
class Moved:
    """A track that stands in another stage of another version: from `previous` to `stage`, which has this category.

    The two stages are the same where only the category differs.
    """

    track: str
    previous: str
    stage: str
    category: str


@frozen(kw_only=True)
class FlowMigrated:
    """The order went from one version of its flow to another, by a plan; `reverts`: back to where it came from.

    - `moves`: the tracks whose stage, or its category, is another now. All others stay as they are.
    - `dropped`: tracks that the plan had begun, and which the version gone back to does not have.
    """

    TYPE: ClassVar[str] = "flow_migrated"
    SCHEMA: ClassVar[int] = 1
    previous: str
    fingerprint: str
    moves: tuple[Moved, ...] = field(default=(), converter=as_tuple)
    dropped: tuple[str, ...] = field(default=(), converter=as_tuple)
    plan: str
    reverts: bool = False


@frozen(kw_only=True)
class PilotStarted:
    """A version of the flow is tried on a share of the new orders (None: on all) for which `when` is true."""

    TYPE: ClassVar[str] = "pilot_started"
    SCHEMA: ClassVar[int] = 1
    name: str
    fingerprint: str
    share: Decimal | None = None
    when: Condition | None = None


@frozen(kw_only=True)
class PilotChanged:
    """A pilot was widened: its share and its condition from here on."""

    TYPE: ClassVar[str] = "pilot_changed"
    SCHEMA: ClassVar[int] = 1
    name: str
    share: Decimal | None = None
    when: Condition | None = None


@frozen(kw_only=True)
class PilotEnded:
    """A pilot takes no more orders: withdrawn, or `adopted` for all."""

    TYPE: ClassVar[str] = "pilot_ended"
    SCHEMA: ClassVar[int] = 1
    name: str
    adopted: bool = False


Body = (
    OrderPlaced
    | StageEntered
    | StageObserved
    | Triggered
    | QuantityMoved
    | OrderAmended
    | ExternalLinked
    | OwnerAssigned
    | NoteAdded
    | ClockMarked
    | PersonalErased
    | FlowRegistered
    | FlowMigrated
    | PilotStarted
    | PilotChanged
    | PilotEnded
)

BODIES: dict[str, type[Any]] = {
    body.TYPE: body
    for body in (
        OrderPlaced,
        StageEntered,
        StageObserved,
        Triggered,
        QuantityMoved,
        OrderAmended,
        ExternalLinked,
        OwnerAssigned,
        NoteAdded,
        ClockMarked,
        PersonalErased,
        FlowRegistered,
        FlowMigrated,
        PilotStarted,
        PilotChanged,
        PilotEnded,
    )
}


@frozen(kw_only=True)
class Event:
    """A recorded fact: envelope and body.

    - `stream` and `version` (from 1) name its place; `type` and `schema` name the body's shape, not its class.
    - `occurred_at`: when it happened in the world; `recorded_at`: when it was stored. Both aware, in UTC.
    - `actor`: who gave the command; `rule`: the rule of the flow that made the event, where one did.
    - `reason`: why, in the words of whoever acted. `source`, `source_seq`: the other master system that said so.
    - `flow`: fingerprint of the version of the flow that decided.
    - `key`, `command_digest`: the command that it came from.
    """

    tenant: str = "main"
    stream: Stream
    version: int
    track: str = ORDER_TRACK
    actor: Actor
    reason: str | None = None
    source: str | None = None
    source_seq: int | None = None
    rule: str | None = None
    key: str | None = None
    command_digest: str | None = None
    occurred_at: datetime
    recorded_at: datetime
    flow: str | None = None
    body: Body = field()

    @property
    def type(self) -> str:
        """The body's stable name."""
        return self.body.TYPE

    @property
    def schema(self) -> int:
        """The version of the body's shape."""
        return self.body.SCHEMA
