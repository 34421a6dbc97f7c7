"""Small builders of events, commits and messages for the contracts: the same arguments give the same values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from orderflow.model.actor import Actor
from orderflow.model.canonical import hide
from orderflow.model.clock import Mark, WarnAt
from orderflow.model.commit import Commit, IndexRow, KeyRecord, Message, PersonalValue
from orderflow.model.events import (
    Amended,
    ClockMarked,
    Event,
    ExternalLinked,
    FlowMigrated,
    FlowRegistered,
    Moved,
    NoteAdded,
    OrderAmended,
    OrderPlaced,
    OwnerAssigned,
    PersonalErased,
    PilotChanged,
    PilotEnded,
    PilotStarted,
    QuantityMoved,
    StageEntered,
    StageObserved,
    Stream,
    Triggered,
)
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Customer, Line, Money, Order, Personal
from orderflow.model.parse import parse
from orderflow.model.personal import personal_values
from orderflow.model.quantities import Transfer
from orderflow.model.reasons import Place, reason

START = datetime(2026, 1, 5, 1, 30, 0, 123_456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
ACTOR = Actor.person("wang")
FACT = "fact('stock', item='A-7')"
ANSWER: FrozenMap[Any] = FrozenMap({FACT: Decimal("1.5")})


def event(stream: Stream, version: int, body: Any, *, tenant: str = "main", **envelope: Any) -> Event:
    """An event with this body, recorded `version` minutes after `START`."""
    at = START + version * MINUTE
    values = {"actor": ACTOR, "occurred_at": at, "recorded_at": at, **envelope}
    return Event(tenant=tenant, stream=stream, version=version, body=body, **values)


def note(stream: Stream, version: int, text: str | None = None, *, tenant: str = "main", **envelope: Any) -> Event:
    """A note; its text says where it stands unless another is given."""
    return event(stream, version, NoteAdded(text=text or f"{stream} {version}"), tenant=tenant, **envelope)


def notes(stream: Stream, count: int, *, after: int = 0, tenant: str = "main") -> tuple[Event, ...]:
    """Notes with the versions that follow `after`."""
    return tuple(note(stream, version, tenant=tenant) for version in range(after + 1, after + count + 1))


def placed(
    stream: Stream,
    version: int = 1,
    *,
    customer: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
    tenant: str = "main",
) -> Event:
    """An order that came in, with these attributes of the order and of its customer."""
    order = Order(id=stream.id, flow="sales", customer=Customer("C-1", customer), attributes=attributes)
    return event(stream, version, OrderPlaced(order=order), tenant=tenant)


def full_order(id: str) -> Order:
    """An order with every field, and with an attribute of every type that an attribute can have."""
    day = date(2026, 2, 28)
    every = {
        "text": '华东 ‘é’ \N{GRINNING FACE} \\ " \n',
        "flag": True,
        "count": 10**20,
        "weight": Decimal("0.10"),
        "day": day,
        "instant": START,
        "length": timedelta(days=-1, microseconds=1),
        "price": Money("19.90", "CNY"),
        "list": ("a", 1, Decimal("1.5"), Money(1, "EUR"), (day,)),
        "$decimal": "1.5",
    }
    return Order(
        id=id,
        flow="sales",
        customer=Customer("客户 1", {"level": "A"}),
        lines=(Line("1", "A-7", Decimal("2.50"), "kg", Money("3.10", "CNY"), {"batch": 7}), Line("2", "B")),
        total=Money("7.75", "CNY"),
        promised_at=START + timedelta(days=3),
        source="web",
        attributes=every,
    )


def one_of_each(stream: Stream, *, tenant: str = "main") -> tuple[Event, ...]:
    """One event of every type, with every kind of value that an event can carry, in one stream."""
    why = reason("owner_spread", Place(file="f.yaml", line=3, column=1, path="x"), person="li", load=2, among=3)
    mark = Mark(
        sla="review",
        kind="started",
        due_at=START + 8 * MINUTE,
        warn_at=(WarnAt(label="50%", at=START + 4 * MINUTE),),
        target=timedelta(hours=8),
        calendar="Asia/Shanghai",
        digest="0f",
    )
    bodies: tuple[Any, ...] = (
        OrderPlaced(order=full_order(stream.id)),
        StageEntered(
            stage="审核", category="open", previous="placed", trigger="submit", observed=True, inconsistent=True
        ),
        StageObserved(stage="placed", current="审核"),
        Triggered(trigger="remind", stage="审核", facts=ANSWER),
        QuantityMoved(cause="move", move="ship", transfers=[Transfer(line="1", quantity=Decimal(1), source="open")]),
        OrderAmended(
            changes=[Amended(line="1", before={"line.quantity": Decimal(1)}, after={"line.quantity": Decimal("2.50")})],
            added=[Line("2", "B-1", 3)],
            removed=[Line("3", "C-1", 1)],
        ),
        ExternalLinked(system="erp", id="45001"),
        OwnerAssigned(owner="li", team="plant-1", why=why),
        OwnerAssigned(why=why),
        NoteAdded(text="一\u2028二\x00"),
        ClockMarked(marks=[mark]),
        PersonalErased(digests=["ab"]),
        FlowRegistered(fingerprint="ab", text='{"name":"sales"}'),
        FlowMigrated(
            previous="ab",
            fingerprint="cd",
            moves=[Moved(track="order", previous="审核", stage="credit", category="open")],
            dropped=["quality"],
            plan="0f",
            reverts=True,
        ),
        PilotStarted(name="north", fingerprint="cd", share=Decimal("0.1"), when=parse("order.region == 'north'")),
        PilotChanged(name="north", share=Decimal("0.3")),
        PilotEnded(name="north", adopted=True),
    )
    envelope: dict[str, Any] = {
        "actor": Actor.person("li", on_behalf_of="wang"),
        "reason": "because",
        "source": "wms",
        "source_seq": 17,
        "rule": "sla:review",
        "key": "k-1",
        "command_digest": "cd",
        "flow": "ff",
    }
    return tuple(
        event(stream, version, body, tenant=tenant, **(envelope if version % 2 else {}))
        for version, body in enumerate(bodies, 1)
    )


def secret(value: Any, number: int = 1) -> Personal:
    """A personal value; another `number` gives another salt, and so another digest."""
    return hide(value, hashlib.sha256(str(number).encode()).digest()[:16])


def message(id: str, *channels: str) -> Message:
    """A message that is owed over these channels."""
    what = reason("told_entered", order="SO-1", stage={"zh": "审核", "en": "review"}, weight=Decimal("1.5"), at=START)
    return Message(
        id=id, topic="entered", order="SO-1", to=("person:li", "role:sales"), what=what, at=START, channels=channels
    )


def key(stream: Stream, name: str, *, digest: str = "d1", first: int = 1, last: int = 1) -> KeyRecord:
    """The record of an idempotency key."""
    return KeyRecord(stream=stream, key=name, digest=digest, first=first, last=last)


def index(stream: Stream, version: int, **columns: Any) -> IndexRow:
    """The index row of a stream at a version, with these columns; `tags` may be any mapping."""
    return IndexRow(stream=stream, version=version, **{**columns, "tags": FrozenMap(columns.get("tags", {}))})


def commit(
    *events: Event,
    expects: Mapping[Stream, int] | None = None,
    messages: Iterable[Message] = (),
    key: KeyRecord | None = None,
    **columns: Any,
) -> Commit:
    """A commit of these events, with what belongs to it.

    - `expects`: the versions before the first event of each stream, and what is given beside or instead.
    - One index row a stream, at its last version; `columns` are those of every row.
    - The personal values are those that the events carry.
    """
    before: dict[Stream, int] = {}
    last: dict[Stream, int] = {}
    for item in events:
        before.setdefault(item.stream, item.version - 1)
        last[item.stream] = item.version
    return Commit(
        expects={**before, **(expects or {})},
        events=events,
        rows=tuple(index(stream, version, **columns) for stream, version in last.items()),
        messages=tuple(messages),
        personal=tuple(
            PersonalValue(stream=item.stream, value=value) for item in events for value in personal_values(item)
        ),
        key=key,
    )
