"""Canonical bytes and back: every event, message and flow; the form, rule by rule; bytes that must not drift."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib import resources
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.adapters.codec import read_event, read_flow, read_message, seal, write_message
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.actor import Actor
from orderflow.model.calendar import WorkCalendar
from orderflow.model.canonical import (
    NO_HASH,
    body_bytes,
    canonical,
    chain,
    digest_of,
    envelope_bytes,
    fingerprint,
    flow_text,
    hide,
)
from orderflow.model.clock import Mark, WarnAt
from orderflow.model.commit import Message
from orderflow.model.errors import InvalidValue, StorageError
from orderflow.model.events import (
    BODIES,
    Amended,
    ClockMarked,
    Event,
    ExternalLinked,
    FlowMigrated,
    FlowRegistered,
    JumpKind,
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
from orderflow.model.flow import Field, Flow, Lifecycle, Stage, Transition
from orderflow.model.order import Customer, Erased, Line, Money, Order, Personal
from orderflow.model.parse import parse
from orderflow.model.personal import personal_values
from orderflow.model.policies import SLA, NotifyRule, OwnerRule
from orderflow.model.quantities import Cause, Transfer
from orderflow.model.reasons import Place, Reason
from orderflow.testing.builders import one_of_each

CODEC = settings(max_examples=500 if os.environ.get("ORDERFLOW_LONG") else 30, deadline=None)
UTC_INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
DATES = st.dates(date(1900, 1, 2), date(2199, 12, 30))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
IDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12).filter(str.strip)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda value: abs(value.adjusted()) <= 40 and len(value.as_tuple().digits) <= 100
)
DURATIONS = st.timedeltas()
MONEY = st.builds(Money, DECIMALS, st.sampled_from(["CNY", "EUR", "JPY"]))
PERSONAL = st.builds(
    hide,
    TEXTS | st.booleans() | st.integers() | DECIMALS | UTC_INSTANTS | MONEY | DATES,
    st.binary(min_size=16, max_size=16),
)
PLAIN = TEXTS | st.booleans() | st.integers() | DECIMALS | DATES | UTC_INSTANTS | DURATIONS | MONEY
SCALARS = PLAIN | PERSONAL | st.builds(Erased, digest=st.text("0123456789abcdef", min_size=64, max_size=64))
VALUES = SCALARS | st.lists(PLAIN, max_size=3).map(tuple) | st.tuples(st.lists(PLAIN, max_size=2).map(tuple))
ATTRIBUTES = st.dictionaries(IDS | st.sampled_from(["$decimal", "$personal", "$instant"]), VALUES, max_size=4)
OPTIONAL = st.none() | IDS
LINES = st.lists(
    st.builds(
        Line,
        IDS,
        IDS,
        DECIMALS.filter(lambda value: value > 0),
        OPTIONAL,
        st.none() | MONEY,
        ATTRIBUTES,
    ),
    max_size=2,
    unique_by=lambda line: line.id,
)
ORDERS = st.builds(
    Order,
    IDS,
    OPTIONAL,
    st.none() | st.builds(Customer, IDS, ATTRIBUTES),
    LINES,
    st.none() | MONEY,
    st.none() | UTC_INSTANTS | DATES,
    OPTIONAL,
    ATTRIBUTES,
)
PLACES = st.builds(Place, file=OPTIONAL, line=st.none() | st.integers(0), column=st.none() | st.integers(0), path=TEXTS)
TITLES = st.dictionaries(st.sampled_from(["en", "zh", "*"]), TEXTS, min_size=1)
REASONS = st.builds(
    Reason,
    code=IDS,
    params=st.dictionaries(IDS, PLAIN | st.lists(PLAIN, max_size=3).map(tuple), max_size=3),
    place=st.none() | PLACES,
)
WARNS = st.lists(st.builds(WarnAt, label=TEXTS, at=UTC_INSTANTS), max_size=2).map(tuple)
KINDS = ["started", "paused", "resumed", "reset", "warned", "met", "breached", "cancelled", "redued", "corrected"]
MARK = st.builds(
    Mark,
    sla=TEXTS,
    kind=st.sampled_from(KINDS),
    due_at=st.none() | UTC_INSTANTS,
    warn_at=WARNS,
    target=st.none() | DURATIONS,
    calendar=OPTIONAL,
    digest=OPTIONAL,
    label=OPTIONAL,
)
SHARES = st.none() | st.integers(1, 100).map(lambda share: Decimal(share) / 100)
COHORTS = st.none() | st.sampled_from(["order.region == 'east'", "order.total > 5 or customer.id in ['a']"]).map(parse)
FACTS = st.none() | st.dictionaries(IDS, PLAIN, min_size=1, max_size=2)
BODY: dict[str, st.SearchStrategy[Any]] = {
    "order_placed": st.builds(OrderPlaced, order=ORDERS, why=st.none() | REASONS),
    "stage_entered": st.builds(
        StageEntered,
        stage=TEXTS,
        category=TEXTS,
        previous=OPTIONAL,
        trigger=OPTIONAL,
        observed=st.booleans(),
        inconsistent=st.booleans(),
        jump=st.sampled_from([None, *get_args(JumpKind)]),
        facts=FACTS,
    ),
    "stage_observed": st.builds(StageObserved, stage=TEXTS, current=TEXTS, outranked=OPTIONAL),
    "triggered": st.builds(Triggered, trigger=TEXTS, stage=TEXTS, facts=FACTS),
    "quantity_moved": st.builds(
        QuantityMoved,
        cause=st.sampled_from(get_args(Cause)),
        move=OPTIONAL,
        transfers=st.lists(
            st.builds(
                Transfer,
                line=IDS,
                quantity=DECIMALS,
                source=OPTIONAL,
                dest=OPTIONAL,
                from_track=OPTIONAL,
                to_track=OPTIONAL,
            ),
            max_size=2,
        ),
        facts=FACTS,
    ),
    "order_amended": st.builds(
        OrderAmended,
        changes=st.lists(st.builds(Amended, line=OPTIONAL, before=ATTRIBUTES, after=ATTRIBUTES), max_size=2),
        added=LINES,
        removed=LINES,
        facts=FACTS,
    ),
    "external_linked": st.builds(ExternalLinked, system=IDS, id=IDS),
    "owner_assigned": st.builds(OwnerAssigned, owner=OPTIONAL, team=OPTIONAL, why=REASONS),
    "note_added": st.builds(NoteAdded, text=TEXTS),
    "clock_marked": st.builds(ClockMarked, marks=st.lists(MARK, max_size=2)),
    "personal_erased": st.builds(PersonalErased, digests=st.lists(TEXTS, max_size=2)),
    "flow_registered": st.builds(FlowRegistered, fingerprint=TEXTS, text=TEXTS),
    "flow_migrated": st.builds(
        FlowMigrated,
        previous=TEXTS,
        fingerprint=TEXTS,
        moves=st.lists(st.builds(Moved, track=TEXTS, previous=TEXTS, stage=TEXTS, category=TEXTS), max_size=2),
        dropped=st.lists(TEXTS, max_size=2),
        plan=TEXTS,
        reverts=st.booleans(),
    ),
    "pilot_started": st.builds(PilotStarted, name=TEXTS, fingerprint=TEXTS, share=SHARES, when=COHORTS),
    "pilot_changed": st.builds(PilotChanged, name=TEXTS, share=SHARES, when=COHORTS),
    "pilot_ended": st.builds(PilotEnded, name=TEXTS, adopted=st.booleans()),
}
ACTORS = st.builds(
    Actor,
    kind=st.sampled_from(["person", "automation", "system", "customer", "external"]),
    id=IDS,
    on_behalf_of=st.none() | IDS,
)


def events(body: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        tenant=IDS,
        stream=st.builds(Stream, st.sampled_from(["order", "flow", "pool"]), TEXTS.filter(bool)),
        version=st.integers(1, 2**40),
        track=IDS,
        actor=ACTORS,
        reason=st.none() | TEXTS,
        source=OPTIONAL,
        source_seq=st.none() | st.integers(),
        rule=OPTIONAL,
        key=OPTIONAL,
        command_digest=OPTIONAL,
        occurred_at=UTC_INSTANTS,
        recorded_at=UTC_INSTANTS,
        flow=OPTIONAL,
        body=body,
    )


def known(event: Event) -> dict[str, Personal]:
    return {value.digest: value for value in personal_values(event)}


# --- there and back ---------------------------------------------------------------------------------------------------


def test_every_event_type_is_tried() -> None:
    """Every event type has a strategy here, and one in the builders of the contract kit."""
    assert set(BODY) == set(BODIES)
    assert {event.type for event in one_of_each(Stream.order("1"))} == set(BODIES)


@pytest.mark.parametrize("type_", BODY)
@CODEC
@given(data=st.data())
def test_an_event_comes_back_equal(type_: str, data: st.DataObject) -> None:
    """An event read from its bytes is equal to the one that was written, and has the same bytes again."""
    event = data.draw(events(BODY[type_]))
    sealed = seal(NO_HASH, event)
    again = read_event(sealed.envelope, sealed.body, known(event))
    assert again == event
    assert seal(NO_HASH, again) == sealed


@CODEC
@given(event=events(BODY["order_placed"]))
def test_an_erased_event_has_the_same_bytes(event: Event) -> None:
    """Read without its personal values an event holds `Erased` in their places, and its bytes and hash are the same."""
    sealed = seal(NO_HASH, event)
    erased = read_event(sealed.envelope, sealed.body, {})
    assert personal_values(erased) == ()
    assert seal(NO_HASH, erased) == sealed
    assert read_event(sealed.envelope, sealed.body, known(event)) == event


@CODEC
@given(event=events(BODY["order_placed"]))
def test_no_personal_value_stands_in_the_bytes(event: Event) -> None:
    """A personal value leaves its digest in the bytes, which takes its secret salt to compute, and nothing else."""
    body = seal(NO_HASH, event).body
    for value in personal_values(event):
        assert f'{{"$personal":"{value.digest}"}}'.encode() in body
        assert value.salt.hex().encode() not in body


@CODEC
@given(
    message=st.builds(
        Message,
        id=TEXTS,
        kind=st.sampled_from(["notification", "command", "call"]),
        topic=TEXTS,
        order=IDS,
        to=st.lists(TEXTS, max_size=3).map(tuple),
        what=REASONS,
        at=UTC_INSTANTS,
        channels=st.lists(TEXTS, max_size=3).map(tuple),
    )
)
def test_a_message_comes_back_equal(message: Message) -> None:
    """A message read from its bytes is equal to the one that was written."""
    assert read_message(write_message(message)) == message


# --- the canonical form, rule by rule (DESIGN §7) ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"b": 1, "a": 2, "é": 3, "B": 4}, '{"B":4,"a":2,"b":1,"é":3}'),
        ({"x": [1, 2, {"z": 1, "y": 2}]}, '{"x":[1,2,{"y":2,"z":1}]}'),
        ("订单 \N{PACKAGE} é", '"订单 \N{PACKAGE} é"'),
        ('"\\\n\x00\u2028', '"\\"\\\\\\n\\u0000\u2028"'),
        (True, "true"),
        (10**20, "100000000000000000000"),
        (Decimal("1.50"), '"1.5"'),
        (Decimal("100"), '"100"'),
        (Decimal("1E+3"), '"1000"'),
        (Decimal("1E-7"), '"0.0000001"'),
        (Decimal("-0.00"), '"0"'),
        (Decimal("-12.340"), '"-12.34"'),
        (datetime(2026, 1, 1, tzinfo=UTC), '"2026-01-01T00:00:00.000000Z"'),
        (datetime(2026, 1, 1, 8, 0, 0, 7, tzinfo=timezone(timedelta(hours=8))), '"2026-01-01T00:00:00.000007Z"'),
        (datetime(1, 1, 1, tzinfo=UTC), '"0001-01-01T00:00:00.000000Z"'),
        (date(2026, 2, 28), '"2026-02-28"'),
        (timedelta(hours=8), "28800000000"),
        (timedelta(days=-1, microseconds=1), "-86399999999"),
        (Money("19.90", "CNY"), '{"amount":"19.9","currency":"CNY"}'),
        (Stream.order("a:b"), '"order:a:b"'),
        (Erased(digest="ab"), '{"$personal":"ab"}'),
        (NoteAdded(text="x"), '{"text":"x"}'),
        (Triggered(trigger="t", stage="s"), '{"stage":"s","trigger":"t"}'),
    ],
)
def test_a_value_has_one_form(value: Any, form: str) -> None:
    """UTF-8, sorted keys, no spaces, decimals normalised, instants in UTC with microseconds, durations whole."""
    assert canonical(value) == form.encode()


def test_none_is_left_out() -> None:
    """A field that is None is not written; one that is empty or false is."""
    entered = StageEntered(stage="s", category="open")
    assert canonical(entered) == b'{"category":"open","inconsistent":false,"observed":false,"stage":"s"}'


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("x", '"x"'),
        (1, "1"),
        (False, "false"),
        (Decimal("1.50"), '{"$decimal":"1.5"}'),
        (datetime(2026, 1, 1, tzinfo=UTC), '{"$instant":"2026-01-01T00:00:00.000000Z"}'),
        (date(2026, 1, 1), '{"$date":"2026-01-01"}'),
        (timedelta(seconds=1), '{"$duration":1000000}'),
        (Money(1, "EUR"), '{"$money":{"amount":"1","currency":"EUR"}}'),
        (["a", Decimal(1)], '["a",{"$decimal":"1"}]'),
        (Erased(digest="ab"), '{"$personal":"ab"}'),
    ],
)
def test_a_value_of_an_open_field_tells_its_type(value: Any, form: str) -> None:
    """In an attribute stands, beside the value, what JSON cannot tell apart."""
    body = canonical(Customer("1", {"v": value}))
    assert body == f'{{"attributes":{{"v":{form}}},"id":"1"}}'.encode()


@pytest.mark.parametrize("value", [1.5, float("nan"), {"x": [0.1]}, object(), b"x", {1, 2}, {"x": b""}])
def test_what_has_no_form_is_refused(value: Any) -> None:
    """Floats, bytes, sets and foreign objects are `InvalidValue`: nothing is written by its `repr`."""
    with pytest.raises(InvalidValue, match="cannot be written into a history"):
        canonical(value)


@CODEC
@given(attributes=ATTRIBUTES, data=st.data())
def test_equal_content_has_equal_bytes(attributes: dict[str, Any], data: st.DataObject) -> None:
    """The order in which attributes were given does not show in the bytes."""
    shuffled = dict(data.draw(st.permutations(list(attributes.items()))))
    assert canonical(Customer("1", attributes)) == canonical(Customer("1", shuffled))


@CODEC
@given(one=PLAIN, other=PLAIN)
def test_other_content_has_other_bytes(one: Any, other: Any) -> None:
    """Attributes of another value or type have other bytes: 1, True, "1" and Decimal(1) are four things."""
    same = type(one) is type(other) and one == other
    assert (canonical(Customer("1", {"v": one})) == canonical(Customer("1", {"v": other}))) is same


def test_kinds_of_one_have_different_bytes() -> None:
    """1, True, "1", Decimal(1) and Money(1) as attributes have five forms."""
    values: list[Any] = [1, True, "1", Decimal(1), Money(1, "CNY")]
    assert len({canonical(Customer("1", {"v": value})) for value in values}) == 5


# --- hashes -----------------------------------------------------------------------------------------------------------


@CODEC
@given(previous=st.binary(min_size=32, max_size=32), envelope=st.binary(), body=st.binary())
def test_the_chain_is_sha256_over_lengths_and_parts(previous: bytes, envelope: bytes, body: bytes) -> None:
    """hash = sha256(previous, envelope, body), each preceded by its length in 8 bytes, big end first."""
    parts = b"".join(struct.pack(">Q", len(part)) + part for part in (previous, envelope, body))
    assert chain(previous, envelope, body) == hashlib.sha256(parts).digest()


def test_the_first_previous_hash_is_32_zero_bytes() -> None:
    """The chain of a stream begins with 32 zero bytes."""
    assert bytes(32) == NO_HASH


@CODEC
@given(value=PLAIN, salt=st.binary(min_size=16, max_size=16))
def test_a_personal_digest_is_sha256_over_salt_and_form(value: Any, salt: bytes) -> None:
    """The digest of a personal value is sha256 over the salt and the canonical form of the open value."""
    form = json.dumps(
        json.loads(canonical(Customer("1", {"v": value})))["attributes"]["v"],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    assert hide(value, salt).digest == hashlib.sha256(salt + form.encode()).hexdigest()


FIXED = Event(
    tenant="main",
    stream=Stream.order("SO-1"),
    version=1,
    actor=Actor.person("li", on_behalf_of="wang"),
    reason="电话下单",
    source="web",
    source_seq=7,
    rule="sla:review",
    key="k-1",
    command_digest="cd",
    occurred_at=datetime(2026, 1, 5, 1, 30, tzinfo=UTC),
    recorded_at=datetime(2026, 1, 5, 1, 30, 0, 123456, tzinfo=UTC),
    flow="ff",
    body=OrderPlaced(
        order=Order(
            id="SO-1",
            flow="sales",
            customer=Customer("客户", {"level": "A", "phone": hide("110", bytes(range(16)))}),
            lines=(Line("1", "A-7", Decimal("2.50"), "kg", Money("3.10", "CNY"), {"batch": 7}),),
            total=Money("7.75", "CNY"),
            promised_at=datetime(2026, 1, 8, 15, 59, 59, 999999, tzinfo=UTC),
            source="web",
            attributes={"weight": Decimal("1.50"), "day": date(2026, 1, 6), "list": ["a", True, 1]},
        )
    ),
)


# Written by hand after DESIGN §7, and the hashes with hashlib over them: a history of today must verify for ever.
ENVELOPE = (
    '{"actor":{"id":"li","kind":"person","on_behalf_of":"wang"},"command_digest":"cd","flow":"ff","key":"k-1",'
    '"occurred_at":"2026-01-05T01:30:00.000000Z","reason":"电话下单","recorded_at":"2026-01-05T01:30:00.123456Z",'
    '"rule":"sla:review","schema":1,"source":"web","source_seq":7,"stream":"order:SO-1","tenant":"main",'
    '"track":"order","type":"order_placed","version":1}'
)
CONTENT = (
    '{"order":{"attributes":{"day":{"$date":"2026-01-06"},"list":["a",true,1],"weight":{"$decimal":"1.5"}},'
    '"customer":{"attributes":{"level":"A","phone":{"$personal":'
    '"591e07e4c03dda9bfbe7f1f3c5469ca1bba4159b2dfd80d73c15fabf5c94974d"}},'
    '"id":"客户"},"flow":"sales","id":"SO-1","lines":[{"attributes":{"batch":7},"id":"1","item":"A-7",'
    '"price":{"amount":"3.1","currency":"CNY"},"quantity":"2.5","unit":"kg"}],'
    '"promised_at":"2026-01-08T15:59:59.999999Z","source":"web","total":{"amount":"7.75","currency":"CNY"}}}'
)
HASHES = (
    "337c267a85dd3cd48af47fd496a472506686f944fb970d28372ab5fb68e6120e",
    "cae053a9fddfa4d381c9aeec93a8ab0a8428051244f08a3d3511d457086478cf",
)


def test_the_envelope_does_not_drift() -> None:
    """The bytes of this envelope are these, for ever."""
    assert envelope_bytes(FIXED).decode() == ENVELOPE


def test_the_body_does_not_drift() -> None:
    """The bytes of this body are these, for ever."""
    assert body_bytes(FIXED).decode() == CONTENT


def test_the_hash_does_not_drift() -> None:
    """The hashes of this event at the beginning of its stream, and of one more like it, are these, for ever."""
    first = seal(NO_HASH, FIXED)
    second = seal(first.hash, attrs.evolve(FIXED, version=2))
    assert (first.hash.hex(), second.hash.hex()) == HASHES


def test_what_was_written_then_is_read_today() -> None:
    """The bytes written by hand are read as this event, with its personal value beside."""
    assert read_event(ENVELOPE.encode(), CONTENT.encode(), known(FIXED)) == FIXED


# --- bytes that cannot be read ----------------------------------------------------------------------------------------


def changed(part: bytes, **values: Any) -> bytes:
    return canonical({**json.loads(part), **values})


@pytest.mark.parametrize(
    ("envelope", "said"),
    [
        ({"type": "order_split"}, r"order:SO-1: event type 'order_split'.* newer orderflow; upgrade"),
        ({"schema": 2}, r"event type 'order_placed', schema 2,.* newer orderflow; upgrade"),
        ({"shard": 7}, "cannot be read"),
        ({"version": None}, None),
        ({"occurred_at": "yesterday"}, "cannot be read"),
        ({"actor": {"kind": "robot", "id": "r"}}, "cannot be read"),
        ({"stream": "nothing"}, "cannot be read"),
    ],
)
def test_an_event_of_a_newer_version_says_upgrade(envelope: dict[str, Any], said: str | None) -> None:
    """An unknown type, a newer schema or an unknown field of the envelope raises `StorageError`, with its stream."""
    sealed = seal(NO_HASH, FIXED)
    if said is not None:
        with pytest.raises(StorageError, match=said):
            read_event(changed(sealed.envelope, **envelope), sealed.body, {})


SPOILT: list[Any] = [None, 5, "x", [], {}, True, {"order": 5}, {"order": {"id": "1", "total": {"amount": "x"}}}]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", *(json.dumps(item).encode() for item in SPOILT)])
def test_spoilt_bytes_are_a_storage_error(data: bytes) -> None:
    """Whatever stands in the place of an event, a message or a flow: what is raised is `StorageError`."""
    sealed = seal(NO_HASH, FIXED)
    for envelope, body in ((data, sealed.body), (sealed.envelope, data)):
        with pytest.raises(StorageError):
            read_event(envelope, body, {})
    with pytest.raises(StorageError):
        read_message(data)
    with pytest.raises(StorageError):
        read_flow(data.decode("latin-1"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("tenant", None), ("version", "2"), ("version", True), ("key", 5), ("flow", []), ("occurred_at", "2026-01-05")],
)
def test_an_envelope_with_a_value_of_the_wrong_type_is_a_storage_error(name: str, value: Any) -> None:
    """No field of an envelope is taken on trust: its type is checked, and an instant has its offset."""
    sealed = seal(NO_HASH, FIXED)
    envelope = json.dumps(json.loads(sealed.envelope) | {name: value}).encode()
    with pytest.raises(StorageError, match="cannot be read"):
        read_event(envelope, sealed.body, {})


@pytest.mark.parametrize("number", ["0.5", "1e3", "NaN", "-Infinity"])
def test_bytes_with_a_float_are_a_storage_error(number: str) -> None:
    """Canonical bytes hold no floats, so whatever has one was not written by us."""
    sealed = seal(NO_HASH, FIXED)
    body = sealed.body[:-1] + b',"more":' + number.encode() + b"}"
    with pytest.raises(StorageError, match="no floats"):
        read_event(sealed.envelope, body, {})


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_changed_bytes_are_an_event_or_a_storage_error(data: st.DataObject) -> None:
    """With any value in the bytes replaced by any other, `StorageError`, or an event that is written and read again."""
    event = data.draw(st.sampled_from((*one_of_each(Stream.order("1")), FIXED)))
    sealed = seal(NO_HASH, event)
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from(["1E9999999", "NaN", "-"]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
        max_leaves=4,
    )
    parts = [json.loads(sealed.envelope), json.loads(sealed.body)]
    _replace(parts, data.draw(st.integers(0, 40)), data.draw(junk))
    try:
        read = read_event(json.dumps(parts[0]).encode(), json.dumps(parts[1]).encode(), {})
    except StorageError as error:
        assert str(error)
    else:
        again = seal(NO_HASH, read)
        assert read_event(again.envelope, again.body, {}) == read


def _replace(tree: Any, steps: int, value: Any) -> int:
    """Put a value in the place of the n-th node."""
    nodes = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree))
    for key, node in nodes:
        if steps == 0:
            tree[key] = value
            return -1
        steps -= 1
        if isinstance(node, dict | list):
            steps = _replace(node, steps, value)
            if steps < 0:
                return steps
    return steps


# --- flows ------------------------------------------------------------------------------------------------------------

CALENDARS: list[dict[str, Any]] = [
    {"timezone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}},
    {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}, "holidays": ["2026-10-01"]},
    {"timezone": "Europe/Berlin", "hours": {"mon-sat": ["22:00-06:00"]}},
]
NAMES = st.text("abcdefgh_订", min_size=1, max_size=6)
STAGES = st.builds(
    Stage,
    title=TEXTS | TITLES,
    category=st.sampled_from(["open", "waiting", "done", "cancelled"]),
    owner=st.none() | st.builds(OwnerRule, person=OPTIONAL, role=OPTIONAL, team=OPTIONAL),
)
GUARDS = st.sampled_from(
    [None, "order.total < 50000", "stage == 'review' and order.total is missing", "customer.level in ['A', 'B']"]
)
TRANSITIONS = st.builds(
    Transition,
    trigger=NAMES,
    source=NAMES | st.lists(NAMES, max_size=3),
    dest=st.none() | NAMES | st.just("="),
    guard=GUARDS,
    roles=st.lists(NAMES, max_size=2),
    requires=st.lists(NAMES, max_size=2),
    title=st.none() | TITLES,
)
SLAS = st.builds(
    SLA,
    start=st.just("stage == 'review'"),
    stop=GUARDS,
    target=st.none() | st.sampled_from(["8h", "1d", "90m"]) | DURATIONS,
    due=st.none() | st.just("order.promised_at"),
    time=st.sampled_from(["business", "wall"]),
    warn=st.lists(st.sampled_from(["50%", "80%", "-2h", "-15m"]), max_size=3),
)
FLOWS = st.builds(
    Flow,
    name=NAMES,
    lifecycle=st.builds(
        Lifecycle,
        initial=NAMES,
        stages=st.dictionaries(NAMES, STAGES, min_size=1, max_size=4),
        transitions=st.lists(TRANSITIONS, max_size=3),
    ),
    title=st.none() | TEXTS | TITLES,
    currency=st.none() | st.just("CNY"),
    fields=st.dictionaries(
        NAMES,
        st.builds(
            Field,
            type=st.sampled_from(["text", "number", "choice", "instant"]),
            of=st.lists(TEXTS, max_size=2),
            required=st.booleans(),
            personal=st.booleans(),
            title=st.none() | TITLES,
        ),
        max_size=3,
    ),
    calendar=st.none() | st.sampled_from(CALENDARS).map(WorkCalendar.from_dict),
    sla=st.dictionaries(NAMES, SLAS, max_size=2),
    notify=st.none()
    | st.dictionaries(
        NAMES,
        st.builds(NotifyRule, to=st.lists(NAMES, max_size=2), channels=st.none() | st.lists(NAMES, max_size=2)),
        max_size=2,
    ),
    find=st.lists(NAMES, max_size=2),
)


@CODEC
@given(flow=FLOWS)
def test_a_flow_comes_back_with_its_fingerprint(flow: Flow) -> None:
    """A flow read from its canonical text has the same text, the same fingerprint, and its stages in their order."""
    again = read_flow(flow_text(flow))
    assert flow_text(again) == flow_text(flow)
    assert fingerprint(again) == fingerprint(flow)
    assert list(again.lifecycle.stages) == list(flow.lifecycle.stages)
    assert list(again.sla) == list(flow.sla)
    assert attrs.evolve(again, calendar=None) == attrs.evolve(flow, calendar=None)


def test_the_flow_that_ships_comes_back() -> None:
    """The sales order flow, read from its file, written and read again, keeps its fingerprint; places do not count."""
    text = resources.files("orderflow").joinpath("templates/sales-order.yaml").read_text(encoding="utf-8")
    flow = read_flow_text(text)
    assert fingerprint(read_flow(flow_text(flow))) == fingerprint(flow)
    assert fingerprint(read_flow_text("\n\n" + text, file="elsewhere.yaml")) == fingerprint(flow)


def small(**changes: Any) -> Flow:
    lifecycle = Lifecycle(
        initial="a",
        stages={"b": Stage(), "a": Stage(category="waiting", title={"zh": "甲"})},
        transitions=[Transition(trigger="go", source="a", dest="b", guard="order.total < 5")],
    )
    return Flow(**{"name": "f", "lifecycle": lifecycle, **changes})


def test_the_text_of_a_flow_does_not_drift() -> None:
    """Defaults are left out, ordered maps are lists of pairs: this text and fingerprint stay, for ever."""
    assert flow_text(small()) == (
        '{"lifecycle":{"initial":"a","stages":[["b",{}],["a",{"category":"waiting","title":{"zh":"甲"}}]],'
        '"transitions":[{"dest":"b","guard":"order.total < 5","source":["a"],"trigger":"go"}]},"name":"f"}'
    )
    assert fingerprint(small()) == hashlib.sha256(flow_text(small()).encode()).hexdigest()


def test_what_changes_a_flow_changes_its_fingerprint() -> None:
    """Another order of stages, an empty `notify` and another guard are other flows; what is a default is not."""
    lifecycle = small().lifecycle
    turned = attrs.evolve(lifecycle, stages=dict(reversed(list(lifecycle.stages.items()))))
    flows = [small(), small(lifecycle=turned), small(notify={}), small(find=["order.a"]), small(currency="CNY")]
    assert len({fingerprint(flow) for flow in flows}) == len(flows)
    assert fingerprint(small(sla={}, title=None, fields={})) == fingerprint(small())


def test_digest_of_is_sha256_of_the_canonical_bytes() -> None:
    """`digest_of` is sha256 over the canonical bytes, in hex."""
    assert digest_of({"b": Decimal("1.0"), "a": None}) == hashlib.sha256(b'{"a":null,"b":"1"}').hexdigest()
