"""What an order holds, against the flow's `fields:`; and what a promised day means as an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from orderflow.model.clock import MOMENT
from orderflow.model.flow import Field
from orderflow.model.order import Money, Order, plain
from orderflow.model.reasons import Reason, reason, suggest
from orderflow.rules.compile import Program

_KINDS = ("order", "customer", "line")


def promise(promised: datetime | date | None, zone: ZoneInfo) -> datetime | None:
    """The instant of a promise: of a bare date, the last microsecond of that day in the zone."""
    if promised is None or isinstance(promised, datetime):
        return promised
    next_day = datetime.combine(promised + timedelta(days=1), time(), tzinfo=zone)
    return next_day.astimezone(ZoneInfo("UTC")) - MOMENT


def check_fields(program: Program, order: Order) -> list[Reason]:
    """Why the order's attributes do not fit the flow's `fields:`: one is missing, a value has another type."""
    wrong: list[Reason] = []
    for path, declared in program.flow.fields.items():
        kind, _, name = path.partition(".")
        where = program.place(f"fields.{path}")
        for _, attributes in holders(order, kind):
            value = plain(attributes.get(name))
            if value is None and declared.required:
                wrong.append(reason("required_field", where, field=path))
            elif value is not None and not fits(declared, value):
                wrong.append(_misfit(path, declared, value, where))
    return [*dict.fromkeys(wrong), *_not_declared(program, order)]


def _not_declared(program: Program, order: Order) -> list[Reason]:
    """Attributes that a flow with `fields:` does not declare: a slip there would leave a personal value unprotected."""
    known = tuple(program.flow.fields)
    if not known or program.flow.undeclared == "keep":
        return []
    return [
        reason("undeclared_field", program.place("fields"), field=path, known=known, suggestion=suggest(path, known))
        for path in undeclared(program, order)
    ]


def undeclared(program: Program, order: Order) -> tuple[str, ...]:
    """The paths of the attributes of an order that the flow does not declare."""
    found = (f"{kind}.{name}" for kind in _KINDS for _, attributes in holders(order, kind) for name in attributes)
    return tuple(path for path in dict.fromkeys(found) if path not in program.flow.fields)


def holders(order: Order, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The (id, attributes) of everything in an order that has fields of a kind: `order`, `customer`, `line`."""
    if kind == "line":
        return [(line.id, line.attributes) for line in order.lines]
    if kind == "customer":
        return [(order.customer.id, order.customer.attributes)] if order.customer else [("", {})]
    return [(order.id, order.attributes)]


def fits(declared: Field, value: Any) -> bool:
    """Whether a value has the declared type."""
    if declared.type == "choice":
        return value in declared.of
    if declared.type == "number":
        return isinstance(value, Decimal | int) and not isinstance(value, bool)
    if declared.type == "date":
        return isinstance(value, date) and not isinstance(value, datetime)
    types: dict[str, type[Any]] = {
        "text": str,
        "money": Money,
        "boolean": bool,
        "instant": datetime,
        "duration": timedelta,
    }
    return isinstance(value, types[declared.type])


def _misfit(path: str, declared: Field, value: Any, where: Any) -> Reason:
    if declared.type == "choice":
        hint = suggest(str(value), declared.of)
        return reason("not_in_vocabulary", where, field=path, value=str(value), known=declared.of, suggestion=hint)
    return reason("wrong_type", where, field=path, type=declared.type, value=repr(value))
