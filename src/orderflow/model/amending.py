"""Changing what was ordered: which parts of an order have which path, and an order with a recorded difference in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from orderflow.model.events import Amended, OrderAmended
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Customer, Line, Order

OWN = ("order.total", "order.promised_at")
LINE_OWN = ("line.item", "line.quantity", "line.unit", "line.price")


def value_at(order: Order, path: str) -> Any:
    """What stands at a path of an order or its customer; None where nothing does."""
    kind, _, name = path.partition(".")
    if path in OWN:
        return getattr(order, name)
    if kind == "customer":
        return order.customer.attributes.get(name) if order.customer else None
    return order.attributes.get(name)


def value_of_line(line: Line, path: str) -> Any:
    """What stands at a path of a line; None where nothing does."""
    name = path.partition(".")[2]
    return getattr(line, name) if path in LINE_OWN else line.attributes.get(name)


def amended(order: Order, body: OrderAmended) -> Order:
    """The order after an amendment. Raises `InvalidValue` when a new value cannot stand where it should."""
    for change in body.changes:
        if change.line is None:
            order = _order(order, change)
    by_line = {change.line: change for change in body.changes}
    gone = {line.id for line in body.removed}
    kept = (line for line in order.lines if line.id not in gone)
    lines = tuple(_line(line, by_line[line.id]) if line.id in by_line else line for line in kept)
    return evolve(order, lines=(*lines, *body.added))


def _order(order: Order, change: Amended) -> Order:
    paths = dict.fromkeys((*change.before, *change.after))
    own = {path.partition(".")[2]: change.after.get(path) for path in paths if path in OWN}
    changed = evolve(order, **own, attributes=_after(order.attributes, "order", change, OWN))
    if any(path.startswith("customer.") for path in paths) and order.customer is not None:
        attributes = _after(order.customer.attributes, "customer", change, ())
        changed = evolve(changed, customer=Customer(order.customer.id, attributes))
    return changed


def _line(line: Line, change: Amended) -> Line:
    paths = dict.fromkeys((*change.before, *change.after))
    own = {path.partition(".")[2]: change.after.get(path) for path in paths if path in LINE_OWN}
    return evolve(line, **own, attributes=_after(line.attributes, "line", change, LINE_OWN))


def _after(values: Mapping[str, Any], kind: str, change: Amended, own: tuple[str, ...]) -> FrozenMap[Any]:
    """Attributes with a change in them; what has no value after it is left out."""
    found = dict(values)
    for path in (*change.before, *change.after):
        prefix, _, name = path.partition(".")
        if prefix == kind and path not in own:
            found[name] = change.after.get(path)
    return FrozenMap({name: value for name, value in found.items() if value is not None})
