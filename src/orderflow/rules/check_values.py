"""The values that matter to a condition: finitely many that stand for all, tried with the evaluator itself.

A comparison of a name with literals divides the values of the name into finitely many classes: the words, the numbers,
and what lies between them. One value of each class stands for the class. So what no combination of them satisfies,
nothing satisfies. Parts that are no such comparison are *unread*: they may be true, false or unknown, whatever the
names in them; that can hide a contradiction, and cannot make one up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Context, Decimal
from itertools import pairwise, product
from math import prod
from typing import Any, Literal

from attrs import frozen

from orderflow.model.check import NameType
from orderflow.model.condition import (
    Call,
    Compare,
    Condition,
    Constant,
    Duration,
    In,
    Items,
    Logic,
    Missing,
    Name,
    Node,
    Not,
    unparse,
)
from orderflow.model.frozen import EMPTY
from orderflow.model.order import Money
from orderflow.rules.closures import Test
from orderflow.rules.compare import duration
from orderflow.rules.evaluate import compile_condition

MOST_CASES = 4_096
"""The most combinations of values that are tried for one question; beyond it nothing is said."""

NO_CURRENCY = "XXX"  # ISO 4217's code for none: money compares with numbers as if the flow had stated its currency
_TESTING = "XTS"  # ISO 4217's code for tests: an amount that compares with no number of the flow
_WITHOUT_CENTS = ("JPY", "KRW", "VND", "CLP", "ISK")  # ISO 4217: currencies whose minor unit has no digits
_EXACT = Context(prec=200)
_FREE = (True, False, None)

Case = Mapping[str, Any]
Answer = Literal["yes", "no", "unknown"]


@frozen(kw_only=True)
class Reading:
    """A condition as a question about named values.

    - `literals`: each name or call that it compares, by its text -> the literals that it is compared with.
    - `unread`: the texts of the parts that are no comparison of a name with literals.
    - `test`: the answer for a case, which has a value for each of `literals` and `unread`.
    """

    test: Test
    literals: Mapping[str, frozenset[Any]]
    unread: tuple[str, ...]


@frozen(kw_only=True)
class World:
    """What the names of a condition may be where it is asked.

    - `names`: their types. `currency`: what a bare number means beside money.
    - `pinned`: names and calls whose values are known. `present`: names that have a value, whatever it is.
    """

    names: Mapping[str, NameType]
    currency: str = NO_CURRENCY
    pinned: Mapping[str, tuple[Any, ...]] = EMPTY
    present: frozenset[str] = frozenset()

    def values(self, name: str, literals: Iterable[Any]) -> tuple[Any, ...]:
        """One value of each class that a name's values fall into; None, where it may be missing."""
        found = self.pinned.get(name)
        if found is None:
            possible = classes(self.names.get(name, NameType("any")), literals, self.currency)
            found = (*(value for value in possible if not _below_zero(name, value)), None)
        return tuple(value for value in found if value is not None) if name in self.present else found


def read(condition: Condition, currency: str = NO_CURRENCY) -> Reading:
    """A condition as a question about values."""
    reader = _Reader()
    tree = reader.node(condition.tree)
    test = compile_condition(Condition(tree), lambda name: lambda case: case[name], currency=currency)
    literals = {name: frozenset(found) for name, found in reader.literals.items()}
    return Reading(test=test, literals=literals, unread=tuple(dict.fromkeys(reader.unread)))


def read_parts(condition: Condition, currency: str = NO_CURRENCY) -> tuple[Reading, ...]:
    """The parts of a condition that are joined by `and`: it holds when all of them do."""
    return tuple(read(Condition(node), currency) for node in _conjuncts(condition.tree))


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Logic) and node.operator == "and":
        for operand in node.operands:
            yield from _conjuncts(operand)
    else:
        yield node


def compared(readings: Iterable[Reading]) -> dict[str, set[Any]]:
    """Each name that some conditions compare, with the literals of all of them."""
    together: dict[str, set[Any]] = {}
    for reading in readings:
        for name, literals in reading.literals.items():
            together.setdefault(name, set()).update(literals)
    return together


def cases(readings: Iterable[Reading], world: World) -> Iterator[Case] | None:
    """Every combination of values that can make a difference to some conditions; None when they are too many."""
    given = tuple(readings)
    values = {name: world.values(name, literals) for name, literals in compared(given).items()}
    values |= dict.fromkeys((text for reading in given for text in reading.unread), _FREE)
    if prod(len(found) for found in values.values()) > MOST_CASES:
        return None
    return (dict(zip(values, combination, strict=True)) for combination in product(*values.values()))


def may_hold(reading: Reading, world: World) -> bool:
    """Whether some case satisfies a condition; True also when there are too many to try."""
    found = cases((reading,), world)
    return found is None or any(reading.test(case) is True for case in found)


def may_all_hold(readings: Iterable[Reading], world: World) -> Answer:
    """Whether some case satisfies all conditions; `unknown` where that hangs on an unread part, or is too much to try.

    Conditions that share no name are tried apart: then each group must have a case of its own.
    """
    answers = {_in_one_case(group, world) for group in apart(readings)}
    return "no" if "no" in answers else "unknown" if "unknown" in answers else "yes"


def _in_one_case(readings: tuple[Reading, ...], world: World) -> Answer:
    found = cases(readings, world)
    if found is None:
        return "unknown"
    fitting = [case for case in found if all(reading.test(case) is True for reading in readings)]
    return "yes" if any(settled(case, readings) for case in fitting) else "unknown" if fitting else "no"


def settled(case: Case, readings: Iterable[Reading]) -> bool:
    """Whether a case leaves every unread part open: what is true then is true whatever those are."""
    return all(case[text] is None for reading in readings for text in reading.unread)


def apart(readings: Iterable[Reading]) -> list[tuple[Reading, ...]]:
    """Conditions in groups, of which no two share a name or an unread part."""
    groups: list[tuple[set[str], tuple[Reading, ...]]] = []
    for reading in readings:
        names, members = {*reading.literals, *reading.unread}, [reading]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, members = names | group[0], [*group[1], *members]
        groups.append((names, tuple(members)))
    return [members for _, members in groups]


# --- the classes of values ----------------------------------------------------------------------------------------


def classes(kind: NameType, literals: Iterable[Any], currency: str) -> tuple[Any, ...]:
    """One value of each class into which literals divide the values of a type, which are there (never None)."""
    if kind.of:
        return kind.of
    if kind.type == "boolean":
        return (True, False)
    found = set(literals)
    numbers = sorted(item for item in found if isinstance(item, Decimal))
    lengths = sorted(item for item in found if isinstance(item, timedelta))
    words = sorted(item for item in found if isinstance(item, str))
    values: list[Any] = [*words, *(item for item in found if isinstance(item, bool))]
    if kind.type == "money":
        values += [*(Money(number, currency) for number in _around(numbers)), Money(Decimal(1), _TESTING)]
    else:
        values += _around(numbers)
    values += _between(lengths)
    ordered = kind.type in ("number", "money", "duration") and (numbers or lengths)
    return tuple(values) if ordered else (*values, another(words))


def _below_zero(name: str, value: Any) -> bool:
    """Whether a value is less than the quantity of lines, or the time in a stage, can be."""
    if name.startswith("lines("):
        return isinstance(value, Decimal) and value < 0
    return name.startswith("elapsed(") and isinstance(value, timedelta) and value < timedelta()


def another(words: Iterable[str]) -> str:
    """A text that is none of these."""
    return "…" + max(words, key=lambda word: (len(word), word), default="")


def _around(numbers: list[Decimal]) -> list[Decimal]:
    """Each number, one of those between each two, one below all and one above all."""
    if not numbers:
        return []
    middle = [_EXACT.divide(_EXACT.add(low, high), Decimal(2)) for low, high in pairwise(numbers)]
    return [*numbers, *middle, _EXACT.subtract(numbers[0], Decimal(1)), _EXACT.add(numbers[-1], Decimal(1))]


def _between(lengths: list[timedelta]) -> list[timedelta]:
    """Each length, one of those between each two, one below all and one above all, as far as there are such."""
    if not lengths:
        return []
    least = timedelta.resolution
    middle = [low + (high - low) // 2 for low, high in pairwise(lengths) if high - low > least]
    ends = [lengths[0] - least] if lengths[0] > timedelta.min else []
    return [*lengths, *middle, *ends, *([lengths[-1] + least] if lengths[-1] < timedelta.max else [])]


def usual_values(kind: NameType, literals: Iterable[Any], currency: str) -> tuple[Any, ...]:
    """Values as people write them, as examples: those on the grid of the literals, amounts not below zero.

    So `<= 9` and `>= 10` leave nothing out, nor `<= 99.99` and `>= 100` of money, where the one in between is no value
    that an order has.
    """
    if kind.of or kind.type == "boolean":
        return classes(kind, (), currency)
    found = set(literals)
    numbers = sorted(item for item in found if isinstance(item, Decimal))
    if kind.type in ("number", "money") and numbers:
        step = _step(numbers, kind.type == "money", currency)
        near = (number for point in numbers for number in _near(point, step))
        usual = sorted({number for number in near if number >= min(Decimal(0), numbers[0])})
        return tuple(Money(number, currency) for number in usual) if kind.type == "money" else tuple(usual)
    words = [item for item in found if isinstance(item, str)]
    if kind.type == "text" and words:
        return (*sorted(words), another(words))
    return tuple(sorted(item for item in found if isinstance(item, timedelta)))


def _near(point: Decimal, step: Decimal) -> tuple[Decimal, ...]:
    return _EXACT.subtract(point, step), point, _EXACT.add(point, step)


def _step(numbers: list[Decimal], money: bool, currency: str) -> Decimal:
    digits = max(max(0, -int(number.as_tuple().exponent)) for number in numbers)
    if money and currency not in _WITHOUT_CENTS:
        digits = max(digits, 2)
    return Decimal(1).scaleb(-digits)


# --- reading ------------------------------------------------------------------------------------------------------


class _Reader:
    """Rewrites a tree so that each comparison is one of a name with literals, and everything else a name of its own."""

    def __init__(self) -> None:
        self.literals: dict[str, set[Any]] = {}
        self.unread: list[str] = []

    def node(self, node: Node) -> Node:
        match node:
            case Logic(operator, operands):
                return Logic(operator, tuple(self.node(operand) for operand in operands))
            case Not(operand):
                return Not(self.node(operand))
            case Constant():
                return node
            case Name(path):
                self.literals.setdefault(path, set())
                return node
            case Missing(operand, negated) if (name := subject(operand)) is not None:
                self.literals.setdefault(name, set())
                return Missing(Name(name), negated)
            case Compare(first, links):
                return self.compare(node, first, links)
            case In(item, Items(items), negated) if (name := subject(item)) is not None and all(map(_literal, items)):
                self.literals.setdefault(name, set()).update(_value(part) for part in items)
                return In(Name(name), Items(items), negated)
        return self.free(node)

    def compare(self, node: Node, first: Node, links: tuple[tuple[Any, Node], ...]) -> Node:
        """A comparison all of whose links have a literal on one side at least; a chain may have several names."""
        parts = (first, *(part for _, part in links))
        readable = all(_literal(part) or subject(part) is not None for part in parts)
        if not readable or not all(_literal(left) or _literal(right) for left, right in pairwise(parts)):
            return self.free(node)
        for left, right in pairwise(parts):
            for one, other in ((left, right), (right, left)):
                name = subject(one)
                if name is not None:
                    self.literals.setdefault(name, set()).update([_value(other)] if _literal(other) else [])
        renamed = [Name(name) if (name := subject(part)) is not None else part for part in parts]
        return Compare(renamed[0], tuple((sign, part) for (sign, _), part in zip(links, renamed[1:], strict=True)))

    def free(self, node: Node) -> Node:
        self.unread.append(unparse(node))
        return Name(unparse(node))


def subject(node: Node) -> str | None:
    """The text of what is compared: a name, the stage of a track, how long the stage has lasted, what lines come to."""
    if isinstance(node, Name):
        return node.path
    if isinstance(node, Call) and (node.attribute == "stage" or node.function in ("elapsed", "lines")):
        return unparse(node)
    return None


def _literal(node: Node) -> bool:
    return isinstance(node, Constant) or (isinstance(node, Duration) and _value(node) is not None)


def _value(node: Node) -> Any:
    if isinstance(node, Duration):
        return duration(node.unit, node.amount.value) if isinstance(node.amount, Constant) else None
    return node.value if isinstance(node, Constant) else None
