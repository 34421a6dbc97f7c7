"""Personal values inside orders and events: which there are, putting them back, and leaving them erased."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from orderflow.model.events import Event, OrderPlaced
from orderflow.model.order import Erased, Order, Personal, map_attributes


def personal_of(order: Order) -> tuple[Personal, ...]:
    """The personal values of an order that are still known, in the order of its content."""
    found: list[Personal] = []

    def collect(path: str, value: Any) -> Any:
        if isinstance(value, Personal):
            found.append(value)
        return value

    map_attributes(order, collect)
    return tuple(found)


def personal_values(event: Event) -> tuple[Personal, ...]:
    """The personal values that an event carries, in the order of its content."""
    return personal_of(event.body.order) if isinstance(event.body, OrderPlaced) else ()


def without_personal(order: Order, digests: Collection[str]) -> Order:
    """The order with these personal values erased."""

    def erase(path: str, value: Any) -> Any:
        return Erased(digest=value.digest) if isinstance(value, Personal) and value.digest in digests else value

    return map_attributes(order, erase)


def forget_personal(event: Event, digests: Collection[str]) -> Event:
    """The event with these personal values erased."""
    if not isinstance(event.body, OrderPlaced):
        return event
    return attrs.evolve(event, body=attrs.evolve(event.body, order=without_personal(event.body.order, digests)))


def with_personal(event: Event, values: Mapping[str, Personal]) -> Event:
    """The event with each personal value looked up by its digest; what is not there is `Erased`."""

    def look_up(path: str, value: Any) -> Any:
        if isinstance(value, Personal | Erased):
            return values.get(value.digest) or Erased(digest=value.digest)
        return value

    if not isinstance(event.body, OrderPlaced):
        return event
    order = map_attributes(event.body.order, look_up)
    return event if order == event.body.order else attrs.evolve(event, body=attrs.evolve(event.body, order=order))
