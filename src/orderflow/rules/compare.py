"""What values in conditions mean to each other: comparing and calculating, where None is unknown and nothing raises.

- Numbers are `Decimal` and `int`, finite; booleans and floats are not numbers.
- Money compares with money of the same currency, and with a bare number when it has the flow's currency.
- Instants are aware datetimes, compared and moved in UTC; a day (`date`) and an instant are different kinds.
- Quantities (a mapping from line to number) are equal when they are so line by line, where a line that is not there
  counts as zero; beside a number they are their total.
- Whatever does not fit is unknown: other types and currencies, naive datetimes, results out of range, division by zero.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow, Subnormal, Underflow
from typing import Any

from orderflow.model.condition import Comparison, Operator, Unit
from orderflow.model.order import Money

Truth = bool | None

MAX_EXPONENT = 1_000
"""Calculated numbers are unknown beyond 10 to this power, and below 10 to minus this power."""
_TRAPS = [DivisionByZero, InvalidOperation, Overflow, Subnormal, Underflow]
_CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN, Emin=-MAX_EXPONENT, Emax=MAX_EXPONENT, traps=_TRAPS)
_MAX_BITS = 3_400  # of an int; a little more than MAX_EXPONENT decimal digits
_MICROSECOND = timedelta(microseconds=1)
_UNITS: dict[Unit, int] = {"days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000}

COMPARE: dict[Comparison, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def plain(value: object) -> Any:
    """A value in the one form of its kind, or None for what no condition can compare or calculate with.

    The forms: bool, str, Decimal, Money, datetime in UTC, date, timedelta, Mapping.
    """
    match value:
        case bool() | timedelta():
            return value
        case str():
            return str.__str__(value)  # of a StrEnum the text, not the member
        case Decimal():
            return value if value.is_finite() else None
        case int():
            return Decimal(int(value)) if value.bit_length() <= _MAX_BITS else None
        case datetime():
            return _utc(value)
        case date() | Money() | Mapping():
            return value
        case _:
            return None


def _utc(value: datetime) -> datetime | None:
    """The instant in UTC: within one zone Python compares and adds wall-clock time, wrong at a clock change."""
    if value.utcoffset() is None:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None


def compare(sign: Comparison, left: object, right: object, currency: str | None) -> Truth:
    """Whether a comparison holds. Only numbers, money, days, instants and durations have an order."""
    a, b = _alike(plain(left), plain(right), currency)
    if a is None or b is None:
        return None
    kind = type(a)
    if kind is not type(b) or (kind in (bool, str, dict) and sign not in ("==", "!=")):
        return None
    return COMPARE[sign](a, b)


def equal_to_any(item: object, candidates: Iterable[object], currency: str | None) -> Truth:
    """Whether a value equals one of several; unknown when it equals none and one of them cannot be compared."""
    if item is None:
        return None
    known = True
    for candidate in candidates:
        answer = compare("==", item, candidate, currency)
        if answer:
            return True
        known = known and answer is not None
    return False if known else None


def _alike(a: Any, b: Any, currency: str | None) -> tuple[Any, Any]:
    """Two plain values as values of one kind, where they have one: amounts of one currency, totals, quantities."""
    if isinstance(a, Mapping) or isinstance(b, Mapping):
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            return _quantities(a), _quantities(b)
        return _number(a), _number(b)
    if isinstance(a, Money):
        if isinstance(b, Money):
            return (a.amount, b.amount) if a.currency == b.currency else (None, None)
        return (a.amount, b) if a.currency == currency else (None, None)
    if isinstance(b, Money):
        return (a, b.amount) if b.currency == currency else (None, None)
    return a, b


def _quantities(lines: Mapping[Any, Any]) -> dict[Any, Decimal] | None:
    numbers = {line: plain(quantity) for line, quantity in lines.items()}
    if not all(isinstance(number, Decimal) for number in numbers.values()):
        return None
    return {line: number for line, number in numbers.items() if number}


def _number(value: Any) -> Any:
    """Quantities as their total; everything else as it is."""
    return total(value.values(), None) if isinstance(value, Mapping) else value


def total(values: Iterable[object], currency: str | None) -> object:
    """The sum of numbers, amounts or durations; 0 of none; unknown when one is unknown or they do not fit together."""
    result: object = None
    for position, value in enumerate(values):
        part = plain(value)
        if not isinstance(part, Decimal | Money | timedelta):
            return None
        result = part if position == 0 else calculate("+", result, part, currency)
        if result is None:
            return None
    return Decimal(0) if result is None else result


def calculate(sign: Operator, left: object, right: object, currency: str | None) -> object:
    """The result of a calculation. Money times or through a number is money, money through money a number; a duration
    moves an instant, and a day if it consists of whole days; two instants or two days differ by a duration."""
    a, b = _number(plain(left)), _number(plain(right))
    try:
        if isinstance(a, Decimal) and isinstance(b, Decimal):
            return _decimal(sign, a, b)
        if isinstance(a, Money) or isinstance(b, Money):
            return _money(sign, a, b, currency)
        if isinstance(a, timedelta) or isinstance(b, timedelta):
            return _with_duration(sign, a, b)
        if sign == "-" and type(a) is type(b) and isinstance(a, date):
            return a - b
    except (ArithmeticError, ValueError):  # out of range, by zero; Decimal's errors are ArithmeticErrors
        return None
    return None


def _decimal(sign: Operator, a: Decimal, b: Decimal) -> Decimal:
    match sign:
        case "+":
            return _CONTEXT.add(a, b)
        case "-":
            return _CONTEXT.subtract(a, b)
        case "*":
            return _CONTEXT.multiply(a, b)
        case "/":
            return _CONTEXT.divide(a, b)


def _money(sign: Operator, a: Any, b: Any, currency: str | None) -> object:
    if sign in ("+", "-") or (isinstance(a, Money) and isinstance(b, Money)):
        left, right = _alike(a, b, currency)
        if sign == "*" or not isinstance(left, Decimal) or not isinstance(right, Decimal):
            return None
        number = _decimal(sign, left, right)
        return number if sign == "/" else Money(number, a.currency if isinstance(a, Money) else b.currency)
    if isinstance(a, Money) and isinstance(b, Decimal):
        return Money(_decimal(sign, a.amount, b), a.currency)
    if isinstance(a, Decimal) and sign == "*":
        return Money(_decimal(sign, a, b.amount), b.currency)
    return None


def _with_duration(sign: Operator, a: Any, b: Any) -> object:
    if isinstance(a, timedelta) and isinstance(b, timedelta):
        if sign == "/":
            return _decimal(sign, Decimal(a // _MICROSECOND), Decimal(b // _MICROSECOND))
        return a + b if sign == "+" else a - b if sign == "-" else None
    if isinstance(a, timedelta) and isinstance(b, Decimal) and sign in ("*", "/"):
        return _microseconds(_decimal(sign, Decimal(a // _MICROSECOND), b))
    if isinstance(a, Decimal) and sign == "*":
        return _microseconds(_decimal(sign, a, Decimal(b // _MICROSECOND)))
    moment, length = (b, a) if isinstance(a, timedelta) and sign == "+" else (a, b)
    if sign not in ("+", "-") or not isinstance(moment, date) or not isinstance(length, timedelta):
        return None
    if not isinstance(moment, datetime) and length % timedelta(days=1):
        return None
    return moment + length if sign == "+" else moment - length


def _microseconds(number: Decimal) -> timedelta | None:
    """A duration of so many microseconds, rounded half to even; None beyond what a timedelta holds."""
    if number and number.adjusted() >= 20:
        return None
    return timedelta(microseconds=int(number.to_integral_value(ROUND_HALF_EVEN)))


def duration(unit: Unit, amount: object) -> timedelta | None:
    """So many days (of 24 hours), hours or minutes."""
    result = calculate("*", amount, timedelta(microseconds=_UNITS[unit]), None)
    return result if isinstance(result, timedelta) else None


def negate(value: object) -> object:
    """Minus a number, an amount or a duration."""
    return calculate("*", value, -1, None)
