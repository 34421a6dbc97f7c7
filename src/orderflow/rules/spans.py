"""What values a condition leaves to each name, for comparisons of one name with literals; the rest is left open.

A condition is taken apart into alternatives, each a set of demands that all must hold. Of two alternatives it can then
be said whether some order fits both, none does, or that it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Literal

from attrs import evolve, field, frozen

from orderflow.model.check import NameType
from orderflow.model.condition import (
    FLIPPED,
    Compare,
    Comparison,
    Condition,
    Constant,
    In,
    Items,
    Logic,
    Missing,
    Name,
    Node,
    Not,
)
from orderflow.model.frozen import EMPTY, FrozenMap

Answer = Literal["yes", "no", "unknown"]
MAX_ALTERNATIVES = 64
"""The most alternatives of a condition that are looked at."""

ABSENT = "absent"
"""Stands for a value that is not there. It is no literal: those are pairs of their type and value."""

_OPPOSITE: dict[Comparison, Comparison] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def _literal(value: object) -> object:
    """A literal that is equal to none of another type: true is not 1."""
    return (type(value).__name__, value)


@frozen(kw_only=True)
class Span:
    """The values that are left to one name.

    - `among`: these at most; None for any. `without`: not these.
    - `low`, `high`: bounds of numbers and money, with whether the bound itself belongs to it.
    """

    among: frozenset[object] | None = None
    without: frozenset[object] = frozenset()
    low: tuple[Decimal, bool] | None = None
    high: tuple[Decimal, bool] | None = None

    def both(self, other: Span) -> Span:
        """The values that are left by both."""
        sets = [item.among for item in (self, other) if item.among is not None]
        return Span(
            among=frozenset.intersection(*sets) if sets else None,
            without=self.without | other.without,
            low=max(filter(None, (self.low, other.low)), key=lambda end: (end[0], not end[1]), default=None),
            high=min(filter(None, (self.high, other.high)), key=lambda end: (end[0], end[1]), default=None),
        )

    def values(self) -> frozenset[object] | None:
        """The values where they can be counted, else None."""
        if self.among is None:
            return None
        return frozenset(value for value in self.among if value not in self.without and self._within(value))

    def empty(self) -> bool:
        """Whether no value is left."""
        if self.among is not None:
            return not self.values()
        if self.low is None or self.high is None or self.low[0] < self.high[0]:
            return False
        point = self.low[0] == self.high[0] and self.low[1] and self.high[1]
        return not point or _literal(self.low[0]) in self.without

    def _within(self, value: object) -> bool:
        if self.low is None and self.high is None:
            return True
        number = value[1] if isinstance(value, tuple) else None
        if not isinstance(number, Decimal):
            return False
        above = self.low is None or number > self.low[0] or (self.low[1] and number == self.low[0])
        return above and (self.high is None or number < self.high[0] or (self.high[1] and number == self.high[0]))


def _to_map(spans: Mapping[str, Span]) -> FrozenMap[Span]:
    return FrozenMap(spans)


@frozen(kw_only=True)
class Alternative:
    """Demands that all must hold: the span of each name. `exact`: there are no further ones that were left open."""

    spans: FrozenMap[Span] = field(default=EMPTY, converter=_to_map)
    exact: bool = True

    def both(self, other: Alternative) -> Alternative:
        """The demands of both."""
        spans = dict(self.spans)
        for name, span in other.spans.items():
            spans[name] = spans[name].both(span) if name in spans else span
        return Alternative(spans=spans, exact=self.exact and other.exact)

    def fits(self) -> Answer:
        """Whether there can be an order that meets all demands."""
        if any(span.empty() for span in self.spans.values()):
            return "no"
        return "yes" if self.exact else "unknown"


_OPEN = Alternative(exact=False)


def alternatives(condition: Condition | None, names: Mapping[str, NameType]) -> tuple[Alternative, ...]:
    """The alternatives of a condition, of which one must hold; without a condition, one that demands nothing."""
    if condition is None:
        return (Alternative(),)
    found = tuple(_of(condition.tree, False, names))
    return found if len(found) <= MAX_ALTERNATIVES else (_OPEN,)


def overlap(one: tuple[Alternative, ...], other: tuple[Alternative, ...]) -> Answer:
    """Whether some order fits both conditions."""
    answers = {mine.both(its).fits() for mine in one for its in other}
    return "yes" if "yes" in answers else "unknown" if "unknown" in answers else "no"


def _of(node: Node, negated: bool, names: Mapping[str, NameType]) -> Iterator[Alternative]:
    """The alternatives of a node, or of its opposite."""
    match node:
        case Not(operand):
            yield from _of(operand, not negated, names)
        case Logic(operator, operands):
            parts = [tuple(_of(operand, negated, names)) for operand in operands]
            if (operator == "or") != negated:
                yield from (item for part in parts for item in part)
                return
            yield from _all(parts)
        case Constant(bool() as value):
            if value != negated:
                yield Alternative()
        case Compare(first, links) if len(links) > 1 and not negated:
            ends = [first, *(item for _, item in links)]
            pairs = zip(ends, links, strict=False)
            yield from _all([tuple(_of(Compare(left, (link,)), False, names)) for left, link in pairs])
        case _:
            yield _term(node, negated, names) or _OPEN


def _all(parts: list[tuple[Alternative, ...]]) -> Iterator[Alternative]:
    """One alternative of each part together, in every combination; open where these are too many."""
    count = 1
    for part in parts:
        count *= len(part)
    if count > MAX_ALTERNATIVES:
        yield _OPEN
        return
    for combination in product(*parts):
        found = Alternative()
        for item in combination:
            found = found.both(item)
        yield found


def _term(node: Node, negated: bool, names: Mapping[str, NameType]) -> Alternative | None:
    """One comparison of a name with literals; None for anything else."""
    match node:
        case Name(path):
            found = (path, Span(among=frozenset({_literal(not negated)})))
        case Missing(Name(path), reverse):
            gone = frozenset({ABSENT})
            found = (path, Span(among=gone) if reverse == negated else Span(without=gone))
        case In(Name(path), Items(items), reverse) if all(isinstance(item, Constant) for item in items):
            words = frozenset(_literal(item.value) for item in items if isinstance(item, Constant))
            found = (path, Span(among=words) if reverse == negated else Span(without=words | {ABSENT}))
        case Compare(Name(path), ((sign, Constant(value)),)):
            found = (path, _span(_OPPOSITE[sign] if negated else sign, value))
        case Compare(Constant(value), ((sign, Name(path)),)):
            turned = FLIPPED[sign]
            found = (path, _span(_OPPOSITE[turned] if negated else turned, value))
        case _:
            return None
    path, span = found
    return Alternative(spans={path: _known(span, names.get(path))})


def _span(sign: Comparison, value: bool | Decimal | str) -> Span:
    """What a comparison leaves; never a value that is not there, of which nothing is true."""
    if sign == "==":
        return Span(among=frozenset({_literal(value)}))
    if sign == "!=" or not isinstance(value, Decimal):
        return Span(without=frozenset({_literal(value), ABSENT}) if sign == "!=" else frozenset({ABSENT}))
    end = (value, sign in ("<=", ">="))
    return Span(low=end if sign in (">", ">=") else None, high=end if sign in ("<", "<=") else None)


def _known(span: Span, kind: NameType | None) -> Span:
    """The span of a name whose values can be counted: a choice, a boolean."""
    if span.among is not None or kind is None:
        return span
    words = kind.of if kind.type == "choice" else (True, False) if kind.type == "boolean" else ()
    return evolve(span, among=frozenset({_literal(word) for word in words} | {ABSENT})) if words else span
