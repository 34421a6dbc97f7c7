"""Personal values inside events: which ones an event carries, and putting values back or leaving them erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orderflow.model.events import Event, OrderPlaced
from orderflow.model.order import Erased, Personal, map_attributes


def personal_values(event: Event) -> tuple[Personal, ...]:
    """The personal values that an event carries, in the order of its content."""
    found: list[Personal] = []

    def collect(path: str, value: Any) -> Any:
        if isinstance(value, Personal):
            found.append(value)
        return value

    if isinstance(event.body, OrderPlaced):
        map_attributes(event.body.order, collect)
    return tuple(found)


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
