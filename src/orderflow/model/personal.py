"""Personal values inside orders and events: which there are, putting them back, and leaving them erased."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import attrs

from orderflow.model.events import Amended, Event, OrderAmended, OrderPlaced
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Erased, Line, Order, Personal, map_attributes, map_line

Change = Callable[[str, Any], Any]


def personal_of(order: Order) -> tuple[Personal, ...]:
    """The personal values of an order that are still known, in the order of its content."""
    found: list[Personal] = []
    map_attributes(order, _collect(found))
    return tuple(found)


def personal_values(event: Event) -> tuple[Personal, ...]:
    """The personal values that an event carries, in the order of its content."""
    found: list[Personal] = []
    _map(event, _collect(found))
    return tuple(found)


def without_personal(order: Order, digests: Collection[str]) -> Order:
    """The order with these personal values erased."""
    return map_attributes(order, _erase(digests))


def forget_personal(event: Event, digests: Collection[str]) -> Event:
    """The event with these personal values erased."""
    return _map(event, _erase(digests))


def with_personal(event: Event, values: Mapping[str, Personal]) -> Event:
    """The event with each personal value looked up by its digest; what is not there is `Erased`."""

    def look_up(path: str, value: Any) -> Any:
        if isinstance(value, Personal | Erased):
            return values.get(value.digest) or Erased(digest=value.digest)
        return value

    return _map(event, look_up)


def _collect(found: list[Personal]) -> Change:
    def collect(path: str, value: Any) -> Any:
        if isinstance(value, Personal):
            found.append(value)
        return value

    return collect


def _erase(digests: Collection[str]) -> Change:
    def erase(path: str, value: Any) -> Any:
        return Erased(digest=value.digest) if isinstance(value, Personal) and value.digest in digests else value

    return erase


def _map(event: Event, change: Change) -> Event:
    """The event with `change(path, value)` applied to every value that may be personal; the same where none changes."""
    body = event.body
    if isinstance(body, OrderPlaced):
        order = map_attributes(body.order, change)
        return event if order == body.order else attrs.evolve(event, body=attrs.evolve(body, order=order))
    if isinstance(body, OrderAmended):
        mapped = map_amendment(body, change)
        return event if mapped == body else attrs.evolve(event, body=mapped)
    return event


def map_amendment(body: OrderAmended, change: Change) -> OrderAmended:
    """The same amendment with `change(path, value)` applied to every value before and after."""

    def values(items: FrozenMap[Any]) -> FrozenMap[Any]:
        return FrozenMap({path: change(path, value) for path, value in items.items()})

    def lines(items: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(map_line(line, change) for line in items)

    changes = tuple(
        Amended(line=item.line, before=values(item.before), after=values(item.after)) for item in body.changes
    )
    return attrs.evolve(body, changes=changes, added=lines(body.added), removed=lines(body.removed))
