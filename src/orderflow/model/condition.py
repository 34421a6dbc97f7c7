"""Conditions as values: the typed tree of a guard or rule, its normal text, and what it reads.

A condition is text in a flow file and a tree here. `model/parse.py` makes the tree from the text, `model/check.py`
holds it against the declared names, `rules/evaluate.py` turns it into closures. Nothing is ever run as Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

from orderflow.model.reasons import Place

Comparison = Literal["==", "!=", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*", "/"]
Unit = Literal["days", "hours", "minutes"]

COMPARISONS: tuple[Comparison, ...] = ("==", "!=", "<", "<=", ">", ">=")
UNITS: tuple[Unit, ...] = ("days", "hours", "minutes")
MAX_DIGITS = 30
"""The most digits of a number, before and after the point each."""

FLIPPED: dict[Comparison, Comparison] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The comparison that says the same with its sides exchanged."""


def _constant(value: bool | int | Decimal | str) -> bool | Decimal | str:
    """A literal in its one form: whole numbers become Decimal, trailing zeros go."""
    if isinstance(value, bool | str):
        return value
    if not isinstance(value, int | Decimal):
        raise TypeError(f"a condition holds text, numbers (int, Decimal) and booleans, not {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() >= MAX_DIGITS or int(number.as_tuple().exponent) < -MAX_DIGITS:
        raise ValueError(f"a number in a condition has at most {MAX_DIGITS} digits before and after the point")
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text) if number else Decimal(0)


@frozen
class _Node:
    """What all nodes share: where they stood in the text that was read. Equality does not look at it."""

    column: int = field(default=1, kw_only=True, eq=False, repr=False)


# Nodes are positional, unlike other records: a tree then reads as its text does.


@frozen
class Constant(_Node):
    """A literal: text, a number (always Decimal, never float) or a boolean. True and 1 are not equal."""

    value: bool | Decimal | str = field(converter=_constant, eq=lambda value: (type(value), value))


@frozen
class Name(_Node):
    """A dotted name: `order.total`, `stage`, `now`; inside `Fold` also `line.price` of the line at hand."""

    path: str


@frozen
class Call(_Node):
    """`fact('stock', item='A-7')`, `lines('open')`, `approved('credit')`, `elapsed(stage)`, `track('payment').stage`.

    - `args` has one element: text for the four that go by a name; for `elapsed` the name or track that it measures.
    - `kwargs` (only of `fact`) is sorted by name; its values are constants and names.
    - `attribute` is what is asked of a track; empty for the others.
    """

    function: str
    args: tuple[Constant | Name | Call, ...]
    kwargs: tuple[tuple[str, Constant | Name], ...] = ()
    attribute: str = ""


@frozen
class Duration(_Node):
    """`days(3)`, `hours(8)`, `minutes(30)`: a length of time; a day has 24 hours."""

    unit: Unit
    amount: Node


@frozen
class Negative(_Node):
    """`-x`. A minus before a number that is not zero is part of the `Constant`."""

    operand: Node


@frozen
class Arithmetic(_Node):
    """`left + right` and so on."""

    left: Node
    operator: Operator
    right: Node


@frozen
class Compare(_Node):
    """`first < second`, and chains such as `0 < order.total <= 500`: every link must hold."""

    first: Node
    links: tuple[tuple[Comparison, Node], ...]


@frozen
class Items(_Node):
    """The list on the right of `in`; never empty."""

    items: tuple[Node, ...]


@frozen
class In(_Node):
    """`item in container` or `item not in container`."""

    item: Node
    container: Items | Name | Call
    negated: bool = False


@frozen
class Missing(_Node):
    """`operand is missing` or `operand is not missing`: the one question about a value that is always known."""

    operand: Name | Call
    negated: bool = False


@frozen
class Not(_Node):
    """`not operand`."""

    operand: Node


@frozen
class Logic(_Node):
    """Two or more operands joined by `and`, or by `or`."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]


@frozen
class Fold(_Node):
    """`any(element for line in lines if where)`, also `all`, `sum` and `len`; `len` has no element."""

    function: Literal["any", "all", "sum", "len"]
    element: Node | None
    where: Node | None = None


Node = (
    Constant | Name | Call | Duration | Negative | Arithmetic | Compare | Items | In | Missing | Not | Logic | Fold
)  # fmt: skip


@frozen
class Condition:
    """A condition: its tree, and its text in normal form.

    - Two conditions are equal when their texts are; spaces, redundant parentheses and the kind of quotes do not matter.
    - `parse(condition.text) == condition`.
    - `place` is where the text began in its file; equality does not look at it.
    """

    tree: Node = field(eq=False)
    place: Place | None = field(default=None, kw_only=True, eq=False, repr=False)
    text: str = field(init=False)

    @text.default
    def _text(self) -> str:
        return unparse(self.tree)

    def __str__(self) -> str:
        return self.text


# --- text ---------------------------------------------------------------------------------------------------------

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _ATOM = range(1, 9)
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t"})


def unparse(node: Node) -> str:
    """The normal text of a tree: single quotes, one space around operators, no parentheses that change nothing."""
    match node:
        case Constant(value):
            return _constant_text(value)
        case Name(path):
            return path
        case Call(function, args, kwargs, attribute):
            inner = [unparse(arg) for arg in args] + [f"{key}={unparse(value)}" for key, value in kwargs]
            return f"{function}({', '.join(inner)})" + (f".{attribute}" if attribute else "")
        case Duration(unit, amount):
            return f"{unit}({unparse(amount)})"
        case Negative(operand):
            return f"-{_within(operand, _SIGN)}"
        case Arithmetic(left, operator, right):
            level = _level(node)
            return f"{_within(left, level)} {operator} {_within(right, level + 1)}"
        case Compare(first, links):
            rest = "".join(f" {operator} {_within(item, _SUM)}" for operator, item in links)
            return _within(first, _SUM) + rest
        case Items(items):
            return f"[{', '.join(unparse(item) for item in items)}]"
        case In(item, container, negated):
            return f"{_within(item, _SUM)} {'not in' if negated else 'in'} {unparse(container)}"
        case Missing(operand, negated):
            return f"{unparse(operand)} {'is not missing' if negated else 'is missing'}"
        case Not(operand):
            return f"not {_within(operand, _NOT)}"
        case Logic(operator, operands):
            return f" {operator} ".join(_within(item, _level(node)) for item in operands)
        case Fold():
            return _fold_text(node)


def _within(node: Node, level: int) -> str:
    """The text of a part, in parentheses where it binds less tightly than its surroundings."""
    return unparse(node) if _level(node) >= level else f"({unparse(node)})"


def _level(node: Node) -> int:
    """How tightly a node binds, as in Python."""
    match node:
        case Logic(operator, _):
            return _OR if operator == "or" else _AND
        case Not():
            return _NOT
        case Compare() | In() | Missing():
            return _COMPARE
        case Arithmetic(_, operator, _):
            return _SUM if operator in "+-" else _PRODUCT
        case Negative():
            return _SIGN
        case Constant(value):
            return _SIGN if isinstance(value, Decimal) and value < 0 else _ATOM
        case _:
            return _ATOM


def _constant_text(value: bool | Decimal | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return f"'{value.translate(_ESCAPES)}'"


def _fold_text(node: Fold) -> str:
    if node.element is None and node.where is None:
        return f"{node.function}(lines)"
    element = "line" if node.element is None else unparse(node.element)
    where = "" if node.where is None else f" if {unparse(node.where)}"
    return f"{node.function}({element} for line in lines{where})"


# --- what a condition reads ---------------------------------------------------------------------------------------


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below a node, in the order of the text."""
    match node:
        case Constant() | Name():
            return ()
        case Call(_, args, kwargs, _):
            return (*args, *(value for _, value in kwargs))
        case Duration(_, part) | Negative(part) | Missing(part, _) | Not(part):
            return (part,)
        case Arithmetic(left, _, right):
            return (left, right)
        case Compare(first, links):
            return (first, *(item for _, item in links))
        case In(item, container, _):
            return (item, container)
        case Items(items) | Logic(_, items):
            return items
        case Fold(_, element, where):
            return tuple(part for part in (element, where) if part is not None)


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in the order of the text."""
    yield node
    for child in children(node):
        yield from walk(child)


@frozen(kw_only=True)
class Reads:
    """What a condition reads: dotted names (also `lines`, when it looks at lines), and calls as they stand in the tree.

    A call whose arguments are all `Constant` is known before any order is; one with a `Name` depends on the order.
    """

    names: frozenset[str]
    calls: frozenset[Call]


def names(condition: Condition) -> Reads:
    """The names and calls that a condition reads, those inside `any`, `all`, `sum` and `len` too."""
    nodes = tuple(walk(condition.tree))
    found = {node.path for node in nodes if isinstance(node, Name)}
    if any(isinstance(node, Fold) for node in nodes):
        found.add("lines")
    return Reads(names=frozenset(found), calls=frozenset(node for node in nodes if isinstance(node, Call)))


@frozen(kw_only=True)
class TimeTerm:
    """A comparison that the passing of time alone can change, once: when the clock reaches the threshold.

    - `clock` is the name `now` (the threshold is then an instant) or the call `elapsed(X)` (then a duration).
    - `threshold` does not depend on time; it stays the same until another event comes.
    - `after`: the term changes not at the threshold but right after it, one microsecond later (`>` and `<=`).
    """

    clock: Name | Call
    threshold: Node
    after: bool


def time_term(node: Node) -> TimeTerm | None:
    """The time term that a node is, or None: one of <, <=, >, >= between a clock and something without a clock."""
    if not isinstance(node, Compare) or len(node.links) != 1:
        return None
    (operator, right), left = node.links[0], node.first
    if operator in ("==", "!="):
        return None
    if is_clock(right):
        left, operator, right = right, FLIPPED[operator], left
    if not isinstance(left, Name | Call) or not is_clock(left) or any(is_clock(part) for part in walk(right)):
        return None
    return TimeTerm(clock=left, threshold=right, after=operator in (">", "<="))


def is_clock(node: Node) -> bool:
    """Whether a node is a reading of time: `now` or `elapsed(X)`."""
    return node == Name("now") or (isinstance(node, Call) and node.function == "elapsed")


def instants(condition: Condition) -> tuple[TimeTerm, ...]:
    """Every time term of a condition, in the order of the text; empty when time alone cannot change it."""
    terms = (time_term(node) for node in walk(condition.tree))
    return tuple(term for term in terms if term is not None)
