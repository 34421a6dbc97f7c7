"""The closures that conditions are made of: a few shapes, each as short as it can be. None is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from orderflow.model.condition import Comparison
from orderflow.model.order import Money
from orderflow.rules.compare import COMPARE, Truth, compare, equal_to_any

Getter = Callable[[Any], object]
Test = Callable[[Any], Truth]
Caller = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], object]


def from_outside(call: Caller) -> Caller:
    """The same call for a scope that is a pair of scope and line."""
    return lambda pair, args, kwargs: call(pair[0], args, kwargs)


def all_of(tests: tuple[Test, ...]) -> Test:
    """Kleene's `and`: False if one is False, else unknown if one is unknown."""

    def every(scope: Any) -> Truth:
        answer: Truth = True
        for test in tests:
            truth = test(scope)
            if truth is False:
                return False
            if truth is None:
                answer = None
        return answer

    return every


def any_of(tests: tuple[Test, ...]) -> Test:
    """Kleene's `or`: True if one is True, else unknown if one is unknown."""

    def some(scope: Any) -> Truth:
        answer: Truth = False
        for test in tests:
            truth = test(scope)
            if truth is True:
                return True
            if truth is None:
                answer = None
        return answer

    return some


def opposite(test: Test) -> Test:
    """Kleene's `not`."""

    def negation(scope: Any) -> Truth:
        truth = test(scope)
        return None if truth is None else not truth

    return negation


def as_truth(get: Getter) -> Test:
    """A value as a truth; what is no boolean is unknown."""

    def boolean(scope: Any) -> Truth:
        value = get(scope)
        return value if value is True or value is False else None

    return boolean


def is_missing(get: Getter, negated: bool) -> Test:
    """Whether there is no value (or, negated, whether there is one): always known."""
    if negated:
        return lambda scope: get(scope) is not None
    return lambda scope: get(scope) is None


def chained(first: Getter, links: tuple[tuple[Comparison, Getter], ...], currency: str | None) -> Test:
    """A chain of comparisons: False if one link is False, else unknown if one is unknown."""

    def chain(scope: Any) -> Truth:
        left = first(scope)
        answer: Truth = True
        for sign, get in links:
            right = get(scope)
            truth = compare(sign, left, right, currency)
            if truth is False:
                return False
            if truth is None:
                answer = None
            left = right
        return answer

    return chain


def compared_with(get: Getter, sign: Comparison, constant: bool | Decimal | str, currency: str | None) -> Test:
    """A comparison with a literal. Values of the usual types go the short way, all others through `compare`."""
    holds = COMPARE[sign]
    kind = type(constant)
    if kind is not Decimal and sign not in ("==", "!="):
        return lambda scope: None

    def of_word(scope: Any) -> Truth:
        value = get(scope)
        return holds(value, constant) if type(value) is kind else compare(sign, value, constant, currency)

    def of_number(scope: Any) -> Truth:
        value = get(scope)
        if type(value) is Money and value.currency == currency:
            return holds(value.amount, constant)
        if type(value) is Decimal and value.is_finite():
            return holds(value, constant)
        return compare(sign, value, constant, currency)

    return of_number if kind is Decimal else of_word


def text_among(get: Getter, words: frozenset[str]) -> Test:
    """Whether a value is one of several texts."""

    def among(scope: Any) -> Truth:
        value = get(scope)
        return value in words if type(value) is str else equal_to_any(value, words, None)

    return among
