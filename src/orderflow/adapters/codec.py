"""The one door to cattrs: reads back what `model/canonical.py` writes: events, messages and flows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from attrs import frozen

from orderflow.model.actor import Actor
from orderflow.model.calendar import WorkCalendar
from orderflow.model.canonical import body_bytes, canonical, chain, envelope_bytes
from orderflow.model.commit import Message
from orderflow.model.condition import Condition
from orderflow.model.errors import OrderflowError, StorageError
from orderflow.model.events import BODIES, Event, Stream
from orderflow.model.flow import Flow
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Erased, Money, Personal
from orderflow.model.parse import parse
from orderflow.model.personal import with_personal

if TYPE_CHECKING:
    from cattrs import Converter


@frozen
class Sealed:
    """An event as bytes, with its place in the hash chain of its stream."""

    envelope: bytes
    body: bytes
    hash: bytes


def seal(previous: bytes, event: Event) -> Sealed:
    """The bytes of an event and its hash after `previous` (32 zero bytes before the first)."""
    envelope, body = envelope_bytes(event), body_bytes(event)
    return Sealed(envelope, body, chain(previous, envelope, body))


def read_event(envelope: bytes, body: bytes, personal: Mapping[str, Personal]) -> Event:
    """The event of these bytes; personal values that are not in `personal` (digest -> value) are `Erased`.

    Raises `StorageError` for bytes that are no event that this version knows.
    """
    try:
        head = _json(envelope)
        kind, schema = head.pop("type"), head.pop("schema")
        known = BODIES.get(kind)
        if known is None or schema > known.SCHEMA:
            raise StorageError(
                f"{head.get('stream')}: event type {kind!r}, schema {schema}, was written by a newer orderflow; upgrade"
            )
        content = _converter().structure(_json(body), known)
        fields = {name: _READ[name](value) for name, value in head.items()}
        return with_personal(Event(**fields, body=content), personal)
    except StorageError:
        raise
    except Exception as error:
        raise StorageError(f"an event cannot be read: {error!r} in {envelope[:200]!r}") from error


def write_message(message: Message) -> bytes:
    """A message as canonical bytes."""
    return canonical(message)


def read_message(data: bytes) -> Message:
    """The message of these bytes."""
    message: Message = _read(data, Message, "a message")
    return message


def read_flow(text: str) -> Flow:
    """The flow of a canonical text."""
    flow: Flow = _read(text.encode(), Flow, "a flow")
    return flow


def _read(data: bytes, kind: type[Any], what: str) -> Any:
    try:
        return _converter().structure(_json(data), kind)
    except OrderflowError as error:
        raise StorageError(f"{what} cannot be read: {error}") from error
    except Exception as error:
        raise StorageError(f"{what} cannot be read: {error!r} in {data[:200]!r}") from error


def _no_float(number: str) -> Any:
    raise ValueError(f"{number}: canonical bytes hold no floats")


_DECODER = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)


def _json(data: bytes) -> Any:
    return _DECODER.decode(data.decode())


def read_open(value: Any) -> Any:
    """A value of an open field from its self-describing JSON form."""
    if isinstance(value, list):
        return tuple(read_open(item) for item in value)
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        tag, content = next(iter(value.items()))
        if tag in _OPEN:
            return _OPEN[tag](content)
    return FrozenMap({key: read_open(item) for key, item in value.items()})


def _money(value: Any) -> Money:
    return Money(Decimal(value["amount"]), value["currency"])


def _duration(value: int) -> timedelta:
    return timedelta(microseconds=value)


_OPEN: dict[str, Callable[[Any], Any]] = {
    "$decimal": Decimal,
    "$instant": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$duration": _duration,
    "$money": _money,
    "$personal": lambda digest: Erased(digest=digest),
}


def _promise(value: str) -> datetime | date:
    return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)


@cache
def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter(detailed_validation=False)

    def frozen_map(kind: Any) -> Callable[[Any, Any], FrozenMap[Any]]:
        (inner,) = get_args(kind)

        def read(value: Any, _: Any) -> FrozenMap[Any]:
            pairs = value.items() if isinstance(value, dict) else value
            if inner is Any:
                return FrozenMap({key: read_open(item) for key, item in pairs})
            return FrozenMap({key: converter.structure(item, inner) for key, item in pairs})

        return read

    converter.register_structure_hook_factory(lambda kind: getattr(kind, "__origin__", None) is FrozenMap, frozen_map)
    for kind, reader in _READERS.items():
        converter.register_structure_hook(kind, _ignoring_type(reader))
    converter.register_structure_hook_func(lambda kind: kind == datetime | date | None, _optional_promise)
    return converter


def _ignoring_type(reader: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda value, _: reader(value)


def _optional_promise(value: Any, _: Any) -> datetime | date | None:
    return None if value is None else _promise(value)


_READERS: dict[Any, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    timedelta: _duration,
    Decimal: Decimal,
    Stream: Stream.parse,
    Condition: parse,
    WorkCalendar: WorkCalendar.from_dict,
    Money: _money,
}


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no whole number")
    return value


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"{value!r} has no offset from UTC")
    return instant


# A field that is None is not written, so a null in an envelope is damage like any other wrong type.
_READ: dict[str, Callable[[Any], Any]] = {
    "tenant": _text,
    "stream": Stream.parse,
    "version": _whole,
    "track": _text,
    "actor": lambda value: Actor(**value),
    "reason": _text,
    "source": _text,
    "source_seq": _whole,
    "rule": _text,
    "key": _text,
    "command_digest": _text,
    "occurred_at": _instant,
    "recorded_at": _instant,
    "flow": _text,
}
