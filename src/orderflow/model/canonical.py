"""The one place that writes bytes: canonical JSON for event bodies, envelopes, commands and flows, and their hashes.

- UTF-8, sorted keys, no spaces, no floats. Decimals are normalised strings, instants `2026-01-01T00:00:00.000000Z`,
  dates `2026-01-01`, durations integer microseconds, money `{"amount","currency"}`.
- None is left out; the text of a flow leaves out defaults too, and writes ordered maps as lists of pairs.
- Where a record's field is open (an attribute, a reason's parameter), what JSON cannot tell apart stands in an object
  of one key that begins with `$`: `{"$decimal": "1.5"}`, `$instant`, `$date`, `$duration`, `$money`.
- A personal value stands as `{"$personal": "<sha256 of salt and value>"}`, wherever it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import attrs

from orderflow.model.calendar import WorkCalendar
from orderflow.model.condition import Condition
from orderflow.model.errors import InvalidValue
from orderflow.model.events import Event, Stream
from orderflow.model.flow import Flow
from orderflow.model.order import Erased, Money, Personal
from orderflow.model.reasons import shown

if TYPE_CHECKING:
    import hashlib

NO_HASH = bytes(32)
_PLAIN = frozenset({str, int, bool})
_ENVELOPE = tuple(name for name in attrs.fields_dict(Event) if name not in ("body", "stream"))
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """The canonical JSON bytes of a record, or of plain data."""
    return _encode(to_data(value)).encode()


def envelope_bytes(event: Event) -> bytes:
    """The canonical bytes of everything about an event but its body."""
    data: dict[str, Any] = {"stream": str(event.stream), "type": event.type, "schema": event.schema}
    for name in _ENVELOPE:
        value = getattr(event, name)
        if value is not None:
            data[name] = value if type(value) in _PLAIN else to_data(value)
    return _encode(data).encode()


def body_bytes(event: Event) -> bytes:
    """The canonical bytes of an event's body."""
    return canonical(event.body)


def sha256(data: bytes = b"") -> hashlib._Hash:
    """hashlib's sha256; imported when first used, as it loads OpenSSL."""
    import hashlib

    return hashlib.sha256(data)


def chain(previous: bytes, envelope: bytes, body: bytes) -> bytes:
    """The hash of an event: sha256 over previous hash, envelope and body, each preceded by its length in 8 bytes."""
    digest = sha256()
    for part in (previous, envelope, body):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def flow_text(flow: Flow) -> str:
    """The canonical text of a flow: defaults left out, so that a new version of the library keeps it."""
    return _encode(to_data(flow, lean=True))


def fingerprint(flow: Flow) -> str:
    """What identifies a version of a flow: sha256 of its canonical text, in hex."""
    return sha256(flow_text(flow).encode()).hexdigest()


def digest_of(value: Any) -> str:
    """sha256 of a value's canonical bytes, in hex."""
    return sha256(canonical(value)).hexdigest()


def hide(value: Any, salt: bytes) -> Personal:
    """A personal value with its salted hash: sha256 over the salt and the value's canonical bytes."""
    return Personal(value=value, salt=salt, digest=sha256(salt + _encode(to_open_data(value)).encode()).hexdigest())


def to_data(value: Any, lean: bool = False) -> Any:
    """A record as JSON data, by its declared fields; see the module for the forms. `lean` leaves out defaults too."""
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    if attrs.has(type(value)):
        return _record(value, lean)
    if isinstance(value, Mapping):
        return {str(key): to_data(item, lean) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_data(item, lean) for item in value]
    for kind in (bool, int, str, datetime, date, timedelta, Decimal):  # subclasses, such as members of a text enum
        if isinstance(value, kind):
            return str.__str__(value) if kind is str else _WRITERS[kind](value)
    raise InvalidValue.of("not_canonical", value=shown(value), type=type(value).__name__)


def to_open_data(value: Any) -> Any:
    """A value of an open field as JSON data that tells its own type."""
    tag = _TAGS.get(type(value))
    if tag is not None:
        return {tag: to_data(value)}
    if isinstance(value, Mapping):
        return {str(key): to_open_data(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_open_data(item) for item in value]
    return to_data(value)


def write_decimal(value: Decimal) -> str:
    """The normalised text of a number: no exponent, no trailing zeros, no negative zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def write_instant(value: datetime) -> str:
    """`2026-01-01T00:00:00.000000Z`."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def write_duration(value: timedelta) -> int:
    """Whole microseconds."""
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


_PLANS: dict[type[Any], tuple[tuple[str, Any, bool, bool], ...]] = {}


def _plan(kind: type[Any]) -> tuple[tuple[str, Any, bool, bool], ...]:
    """Of each field of a record: name, default, whether its map is ordered, whether its values are open."""
    known = _PLANS.get(kind)
    if known is None:
        known = _PLANS[kind] = tuple(
            (item.name, item.default, bool(item.metadata.get("ordered")), "Any" in str(item.type))
            for item in attrs.fields(kind)
            if item.init and item.metadata.get("canonical", True)
        )
    return known


def _record(value: Any, lean: bool) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, default, ordered, open_ in _plan(type(value)):
        item = getattr(value, name)
        if item is None or (lean and default is not attrs.NOTHING and item == default):
            continue
        if type(item) in _PLAIN:  # the usual case, taken first
            data[name] = item
        elif ordered:
            data[name] = [[key, to_data(part, lean)] for key, part in item.items()]
        else:
            data[name] = to_open_data(item) if open_ else to_data(item, lean)
    return data


def _money(value: Money) -> dict[str, str]:
    return {"amount": write_decimal(value.amount), "currency": value.currency}


def _same(value: Any) -> Any:
    return value


_WRITERS: dict[type[Any], Callable[[Any], Any]] = {
    str: _same,
    int: _same,
    bool: _same,
    type(None): _same,
    Decimal: write_decimal,
    datetime: write_instant,
    date: date.isoformat,
    timedelta: write_duration,
    Money: _money,
    Personal: lambda value: {"$personal": value.digest},
    Erased: lambda value: {"$personal": value.digest},
    Stream: str,
    Condition: lambda value: value.text,
    WorkCalendar: lambda value: value.to_dict(),
}

_TAGS: dict[type[Any], str] = {
    Decimal: "$decimal",
    datetime: "$instant",
    date: "$date",
    timedelta: "$duration",
    Money: "$money",
}
