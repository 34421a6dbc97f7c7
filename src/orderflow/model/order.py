"""An order as the host hands it in: order, customer, lines, money, and personal values among their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import Any

from attrs import evolve, field, frozen
from attrs.validators import optional

from orderflow.model.errors import InvalidValue
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.reasons import shown

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HALVES = re.compile("[\ud800-\udfff]")
EXACT = Context(prec=250)  # what `to_decimal` lets in adds up in it without rounding
_DIGITS = 100
FIRST_YEAR, LAST_YEAR = 1900, 2199  # the years in which calendars answer


def to_decimal(value: Any, what: str) -> Decimal:
    """A finite `Decimal` from Decimal, int or text. Floats are refused: 0.1 is not a tenth."""
    if isinstance(value, float):
        raise InvalidValue.of("float_refused", what=what, value=repr(value))
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise InvalidValue.of("not_a_number", what=what, value=shown(value))
    try:
        if isinstance(value, str) and not (value.isascii() and "_" not in value):
            raise InvalidOperation
        if isinstance(value, int) and abs(value) >= 10**40:
            raise InvalidOperation
        number = Decimal(value)
    except InvalidOperation:
        raise InvalidValue.of("not_a_number", what=what, value=shown(value)) from None
    if not number.is_finite() or abs(number.adjusted()) > 40 or len(number.as_tuple().digits) > _DIGITS:
        raise InvalidValue.of("not_a_number", what=what, value=shown(value))
    return number


def to_instant(value: Any, what: str) -> datetime:
    """The same instant in UTC. What is naive, out of the years 1900 to 2199, or no datetime, is refused."""
    if not isinstance(value, datetime):
        raise InvalidValue.of("not_an_instant", what=what, value=shown(value))
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidValue.of("naive_datetime", what=what, value=value.isoformat())
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise InvalidValue.of("year_out_of_range", what=what, value=value.isoformat(), first=FIRST_YEAR, last=LAST_YEAR)
    utc = value.astimezone(UTC)
    if type(utc) is datetime:
        return utc
    moment = (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond)
    return datetime(*moment, tzinfo=UTC)  # a subclass, such as a data frame's timestamp, becomes a plain one


def check_id(value: Any, what: str) -> None:
    """Refuse what is no id as a host writes them: printable text, not blank, at most 200 characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or _CONTROL.search(value):
        raise InvalidValue.of("bad_id", what=what, value=shown(value))


def check_text(value: Any, what: str, limit: int = 20_000) -> None:
    """Refuse what is no text of 1 to `limit` characters that can be written as UTF-8."""
    if not isinstance(value, str) or not value.strip() or len(value) > limit or _HALVES.search(value):
        raise InvalidValue.of("bad_text", what=what, limit=limit)


def is_text(instance: Any, attribute: Any, value: Any) -> None:
    """An attrs validator: `check_text`, saying which field of which record."""
    check_text(value, f"{type(instance).__name__}.{attribute.name}")


def is_id(instance: Any, attribute: Any, value: Any) -> None:
    """An attrs validator: `check_id`, saying which field of which record."""
    check_id(value, f"{type(instance).__name__}.{attribute.name}")


def _amount(value: Any) -> Decimal:
    return to_decimal(value, "amount")


def _quantity(value: Any) -> Decimal:
    return to_decimal(value, "line.quantity")


@frozen
class Money:
    """An amount in one currency: `Money("19.90", "CNY")`.

    - `amount`: Decimal, int or text; a float raises `InvalidValue`.
    - `currency`: ISO 4217 code, three capital letters.
    - Amounts are compared as numbers: `Money("1.50", "CNY") == Money("1.5", "CNY")`.
    """

    amount: Decimal = field(converter=_amount)
    currency: str = field()

    @currency.validator
    def _check_currency(self, attribute: Any, value: Any) -> None:
        if not (isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
            raise InvalidValue.of("bad_currency", value=shown(value))

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}"


@frozen(kw_only=True)
class Personal:
    """A personal value with the salt that hides it: the history keeps `digest` only, value and salt stand beside."""

    value: Any
    salt: bytes = field(repr=False)
    digest: str


@frozen(kw_only=True)
class Erased:
    """A personal value that was erased; conditions see it as unknown."""

    digest: str


Scalar = str | bool | int | Decimal | date | datetime | timedelta | Money | Personal | Erased


def to_attributes(values: Mapping[str, Any] | None) -> FrozenMap[Any]:
    """Attributes as plain immutable data.

    Values: text, bool, int, Decimal, date, aware datetime (kept in UTC), timedelta, Money, or lists of these.
    None means absent and is left out. Floats, naive datetimes and other objects raise `InvalidValue`.
    """
    if not values:
        return EMPTY
    if not isinstance(values, Mapping):
        raise InvalidValue.of("bad_attribute", name="attributes", value=shown(values))
    for name in values:
        check_id(name, "attribute name")
    return FrozenMap({name: _scalar(name, value) for name, value in values.items() if value is not None})


def _scalar(name: str, value: Any) -> Any:
    if isinstance(value, float):
        raise InvalidValue.of("float_refused", what=name, value=repr(value))
    if isinstance(value, datetime):
        return to_instant(value, name)
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) >= 10**40):
        return to_decimal(value, name)
    if isinstance(value, str):
        if len(value) > 20_000 or _HALVES.search(value):
            raise InvalidValue.of("bad_attribute", name=name, value=shown(value))
        return str.__str__(value)
    if isinstance(value, Scalar):
        return value
    if isinstance(value, list | tuple):
        return tuple(_scalar(name, item) for item in value)
    raise InvalidValue.of("bad_attribute", name=name, value=shown(value))


def plain(value: Any) -> Any:
    """What people and conditions see: the value inside a `Personal`, None for an `Erased`, all else as it is."""
    if isinstance(value, Personal):
        return value.value
    return None if isinstance(value, Erased) else value


@frozen
class Customer:
    """Who ordered: the host's id and whatever attributes the flow declares."""

    id: str = field(validator=is_id)
    attributes: FrozenMap[Any] = field(default=EMPTY, converter=to_attributes)


@frozen
class Line:
    """One order line. `price` is the price of one unit; `quantity` is positive, `unit` free text ("pcs", "kg")."""

    id: str = field(validator=is_id)
    item: str = field(validator=is_id)
    quantity: Decimal = field(default=Decimal(1), converter=_quantity)
    unit: str | None = field(default=None, validator=optional(is_id))
    price: Money | None = field(default=None)
    attributes: FrozenMap[Any] = field(default=EMPTY, converter=to_attributes)

    @quantity.validator
    def _check_quantity(self, attribute: Any, value: Decimal) -> None:
        if value <= 0:
            raise InvalidValue.of("bad_quantity", line=self.id, value=str(value))

    @price.validator
    def _check_price(self, attribute: Any, value: Any) -> None:
        if value is not None and not isinstance(value, Money):
            raise InvalidValue.of("not_money", what=f"line {self.id}: price", value=repr(value))


def _lines(value: Any) -> Any:
    if value is None or not isinstance(value, Iterable) or isinstance(value, str | Mapping):
        raise InvalidValue.of("bad_line", value=shown(value))
    return tuple(value)


def _customer(value: Any) -> Any:
    return Customer(value) if isinstance(value, str) else value


def to_promise(value: Any) -> datetime | date | None:
    """A promised instant in UTC, or a promised day as it is; out of the years 1900 to 2199 it is refused."""
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        to_instant(datetime.combine(value, time(), tzinfo=UTC), "promised_at")
        return value
    return to_instant(value, "promised_at")


@frozen
class Order:
    """An order as it is placed.

    - `id`: the host's own; `flow` may be None when the Tracker has one flow.
    - `customer`: a `Customer`, or its id as text.
    - `total`: None means the sum of quantity x price over the lines (see `total_of`).
    - `promised_at`: an aware instant, or a date: the end of that day in the calendar's zone.
    """

    id: str = field(validator=is_id)
    flow: str | None = field(default=None, validator=optional(is_id))
    customer: Customer | None = field(default=None, converter=_customer)
    lines: tuple[Line, ...] = field(default=(), converter=_lines)
    total: Money | None = field(default=None)
    promised_at: datetime | date | None = field(default=None, converter=to_promise)
    source: str | None = field(default=None, validator=optional(is_id))
    attributes: FrozenMap[Any] = field(default=EMPTY, converter=to_attributes)

    @customer.validator
    def _check_customer(self, attribute: Any, value: Any) -> None:
        if value is not None and not isinstance(value, Customer):
            raise InvalidValue.of("bad_customer", value=shown(value))

    @lines.validator
    def _check_lines(self, attribute: Any, value: tuple[Any, ...]) -> None:
        seen: set[str] = set()
        for line in value:
            if not isinstance(line, Line):
                raise InvalidValue.of("bad_line", value=shown(line))
            if line.id in seen:
                raise InvalidValue.of("duplicate_line", line=line.id)
            seen.add(line.id)

    @total.validator
    def _check_total(self, attribute: Any, value: Any) -> None:
        if value is not None and not isinstance(value, Money):
            raise InvalidValue.of("not_money", what="order.total", value=repr(value))


def total_of(order: Order) -> Money | None:
    """The order's total: as given, else the sum of quantity x unit price over its lines.

    None is *unknown*: there are no lines, a price is missing, or the currencies differ.
    """
    if order.total is not None:
        return order.total
    prices = [line.price for line in order.lines]
    currencies = {price.currency if price else None for price in prices}
    if len(currencies) != 1 or None in currencies:
        return None
    with localcontext(EXACT):  # whatever the thread's context is: a replay must give the same
        amount = sum((line.quantity * line.price.amount for line in order.lines if line.price), Decimal(0))
    return Money(amount, prices[0].currency) if prices[0] else None


def map_attributes(order: Order, change: Any) -> Order:
    """The same order with `change(path, value)` applied to every attribute; `path` is like `customer.phone`.

    Lines give `line.<name>`. Order, names and everything else stay.
    """
    customer = order.customer
    return evolve(
        order,
        attributes=_map("order", order.attributes, change),
        customer=customer and evolve(customer, attributes=_map("customer", customer.attributes, change)),
        lines=tuple(map_line(line, change) for line in order.lines),
    )


def map_line(line: Line, change: Any) -> Line:
    """The same line with `change(path, value)` applied to every attribute."""
    return evolve(line, attributes=_map("line", line.attributes, change))


def _map(prefix: str, values: FrozenMap[Any], change: Any) -> FrozenMap[Any]:
    return FrozenMap({name: change(f"{prefix}.{name}", value) for name, value in values.items()})
