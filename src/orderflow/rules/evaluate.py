"""From a condition's tree to a closure that answers yes, no or unknown, and the explanation of an answer.

The logic is Kleene's: None is *unknown*, and an answer is unknown unless the known operands decide it. What values mean
to each other is in `rules/compare.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from attrs import field, frozen

from orderflow.model.condition import (
    FLIPPED,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Condition,
    Constant,
    Duration,
    Fold,
    In,
    Items,
    Logic,
    Missing,
    Name,
    Negative,
    Node,
    Not,
    Unit,
    children,
    unparse,
)
from orderflow.model.frozen import FrozenMap
from orderflow.rules.closures import (
    Caller,
    Getter,
    Test,
    all_of,
    any_of,
    as_truth,
    chained,
    compared_with,
    from_outside,
    is_missing,
    opposite,
    text_among,
)
from orderflow.rules.compare import Truth, calculate, compare, duration, equal_to_any, negate, total

Resolve = Callable[[str], Getter]
ResolveCall = Callable[[str], Caller]
T = TypeVar("T")

_LISTS = (tuple, list, set, frozenset)


def compile_condition(
    condition: Condition,
    resolve: Resolve,
    resolve_call: ResolveCall | None = None,
    *,
    currency: str | None,
    resolve_line: Resolve | None = None,
) -> Test:
    """The condition as a closure over a scope of the caller: True, False, or None for unknown.

    - `resolve(name)` is asked while compiling and gives a getter from scope to value: None for absent and for erased.
      `lines` gives a tuple or list of lines; `now`, if it occurs, an aware datetime.
    - `resolve_call(function)` does so for calls: a function of (scope, args, kwargs). Numbers among them are `Decimal`.
      The functions are `fact`, `lines`, `approved`; `track.stage` for `track(...).stage`; and `elapsed`, whose argument
      is the text of what it measures (`stage`, `track('payment').stage`) and whose result is a timedelta.
      A call with an argument that is unknown is unknown, and not made. Needed only if the condition has calls.
    - `resolve_line("line.price")` gives a getter from one element of `lines`; `resolve` if not given. Only inside
      `any`, `all`, `sum` and `len`: elsewhere `line.price` is a name of the scope.
    - `currency`: what a bare number beside money means; None: unknown.
    - Values: text, booleans, Decimal, int, Money, dates, aware datetimes, timedeltas, lists and tuples of them, and for
      `lines(...)` a mapping from line to number. Anything else is unknown. Only what getters raise comes out.
    """
    return _Compiler(resolve, currency, resolve_call, resolve_line).test(condition.tree)


def compile_value(
    node: Node,
    resolve: Resolve,
    resolve_call: ResolveCall | None = None,
    *,
    currency: str | None,
    resolve_line: Resolve | None = None,
) -> Getter:
    """A part of a condition, such as the `threshold` of a `TimeTerm`, as a closure that gives its value or None."""
    return _Compiler(resolve, currency, resolve_call, resolve_line).value(node)


@frozen(kw_only=True)
class Term:
    """One term of a condition and what became of it: text, truth, and the values of the names and calls in it."""

    text: str
    truth: Truth
    values: FrozenMap[Any] = field(converter=FrozenMap)


def explain(
    condition: Condition,
    scope: Any,
    resolve: Resolve,
    resolve_call: ResolveCall | None = None,
    *,
    currency: str | None,
    resolve_line: Resolve | None = None,
) -> tuple[Term, ...]:
    """The terms that keep a condition from being true, in the order of the text, with the values that they saw.

    - Of an `and` those parts that are not true, of an `or` all; each of them again so. Anything else is one term.
    - So the result of a true `and` is empty.
    - `values` has what the scope was asked for: `order.total`, `fact('stock')`, not the names of single lines.
    - The other parameters are those of `compile_condition`.
    """
    compiler = _Compiler(resolve, currency, resolve_call, resolve_line)
    return tuple(_terms(condition.tree, scope, compiler))


def _terms(node: Node, scope: Any, compiler: _Compiler) -> Iterator[Term]:
    if isinstance(node, Logic):
        for operand in node.operands:
            if node.operator == "or" or compiler.test(operand)(scope) is not True:
                yield from _terms(operand, scope, compiler)
    else:
        values: dict[str, Any] = {unparse(source): compiler.value(source)(scope) for source in _sources(node)}
        yield Term(text=unparse(node), truth=compiler.test(node)(scope), values=values)


def _sources(node: Node) -> Iterator[Name | Call]:
    """The names and calls whose values a term sees, except those that depend on a single line."""
    if isinstance(node, Name | Call):
        yield node
        return
    for child in children(node):
        for source in _sources(child):
            if not (isinstance(node, Fold) and _of_line(source)):
                yield source


def _of_line(node: Node) -> bool:
    return any(_of_line(child) for child in children(node)) or (
        isinstance(node, Name) and node.path.startswith("line.")
    )


class _Compiler:
    """Makes closures of nodes. Inside a fold their scope is a pair: the caller's scope, and the line at hand."""

    def __init__(
        self, resolve: Resolve, currency: str | None, resolve_call: ResolveCall | None, resolve_line: Resolve | None
    ) -> None:
        self.resolve = resolve
        self.resolve_call = resolve_call
        self.resolve_line = resolve_line or resolve
        self.currency = currency
        self.folding = False

    def test(self, node: Node) -> Test:
        """The closure of a node as a yes, no or unknown; what is no boolean is unknown."""
        match node:
            case Logic(operator, operands):
                tests = tuple(self.test(operand) for operand in operands)
                return all_of(tests) if operator == "and" else any_of(tests)
            case Not(operand):
                return opposite(self.test(operand))
            case Compare(first, links):
                return self.compare(first, links)
            case In(item, container, negated):
                found = self.contained(item, container)
                return opposite(found) if negated else found
            case Missing(operand, negated):
                return is_missing(self.value(operand), negated)
            case Fold("any" | "all"):
                return self.decide(node)
            case _:
                return as_truth(self.value(node))

    def value(self, node: Node) -> Getter:
        """The closure of a node as a value; None is unknown."""
        currency = self.currency
        match node:
            case Constant(constant):
                return lambda scope: constant
            case Name(path):
                return self.name(path)
            case Call():
                return self.call(node)
            case Duration(unit, amount):
                return self.duration(unit, amount)
            case Negative(operand):
                inner = self.value(operand)
                return lambda scope: negate(inner(scope))
            case Arithmetic(first, sign, second):
                left, right = self.value(first), self.value(second)
                return lambda scope: calculate(sign, left(scope), right(scope), currency)
            case Items(items):
                getters = tuple(self.value(item) for item in items)
                return lambda scope: tuple(get(scope) for get in getters)
            case Fold("sum" | "len"):
                return self.count(node)
            case _:
                return self.test(node)

    def name(self, path: str) -> Getter:
        if not self.folding:
            return self.resolve(path)
        if path.startswith("line."):
            of_line = self.resolve_line(path)
            return lambda pair: of_line(pair[1])
        of_scope = self.resolve(path)
        return lambda pair: of_scope(pair[0])

    def call(self, node: Call) -> Getter:
        if self.resolve_call is None:
            raise TypeError(f"the condition calls {unparse(node)}: pass resolve_call")
        call = self.resolve_call(f"{node.function}.{node.attribute}" if node.attribute else node.function)
        call = from_outside(call) if self.folding else call
        args = tuple(arg.value if isinstance(arg, Constant) else unparse(arg) for arg in node.args)
        fixed = FrozenMap({key: value.value for key, value in node.kwargs if isinstance(value, Constant)})
        moving = tuple((key, self.name(value.path)) for key, value in node.kwargs if isinstance(value, Name))
        if not moving:
            return lambda scope: call(scope, args, fixed)

        def call_with_values(scope: Any) -> object:
            found = {key: get(scope) for key, get in moving}
            if None in found.values():
                return None
            return call(scope, args, FrozenMap({**fixed, **found}))

        return call_with_values

    def duration(self, unit: Unit, amount: Node) -> Getter:
        if isinstance(amount, Constant):
            length = duration(unit, amount.value)
            return lambda scope: length
        get = self.value(amount)
        return lambda scope: duration(unit, get(scope))

    def compare(self, first: Node, links: tuple[tuple[Comparison, Node], ...]) -> Test:
        (sign, second), *more = links
        if more:
            return chained(self.value(first), tuple((sign, self.value(node)) for sign, node in links), self.currency)
        if isinstance(first, Constant):
            first, sign, second = second, FLIPPED[sign], first
        if isinstance(second, Constant):
            return compared_with(self.value(first), sign, second.value, self.currency)
        left, right, currency = self.value(first), self.value(second), self.currency
        return lambda scope: compare(sign, left(scope), right(scope), currency)

    def contained(self, item: Node, container: Items | Name | Call) -> Test:
        get, currency = self.value(item), self.currency
        if isinstance(container, Items):
            words = [
                node.value for node in container.items if isinstance(node, Constant) and isinstance(node.value, str)
            ]
            if len(words) == len(container.items):
                return text_among(get, frozenset(words))
        candidates = self.value(container)

        def among(scope: Any) -> Truth:
            values = candidates(scope)
            return equal_to_any(get(scope), values, currency) if isinstance(values, _LISTS) else None

        return among

    def decide(self, node: Fold) -> Test:
        """`any` and `all`: with a filter, any line that fits it and the element, all lines that do not fit it or do."""
        element, where = node.element, node.where
        if element is None:
            raise TypeError(f"{node.function} needs an element")
        if where is not None and node.function == "any":
            element = Logic("and", (where, element))
        elif where is not None:
            element = Logic("or", (Not(where), element))
        lines = self.lines()
        test = self.inside(self.test, element)
        settled = node.function == "any"

        def decide(scope: Any) -> Truth:
            found = lines(scope)
            if not isinstance(found, _LISTS):
                return None
            answers = {test((scope, line)) for line in found}
            return settled if settled in answers else None if None in answers else not settled

        return decide

    def count(self, node: Fold) -> Getter:
        """`sum` and `len`: unknown if for any line it is unknown whether it counts, or with how much."""
        lines, currency = self.lines(), self.currency
        where = self.inside(self.test, node.where or Constant(True))
        element = self.inside(self.value, node.element or Constant(1))

        def count(scope: Any) -> object:
            found = lines(scope)
            if not isinstance(found, _LISTS):
                return None
            pairs = [(pair, where(pair)) for pair in ((scope, line) for line in found)]
            if any(counts is None for _, counts in pairs):
                return None
            return total((element(pair) for pair, counts in pairs if counts), currency)

        return count

    def lines(self) -> Getter:
        return self.resolve("lines")

    def inside(self, make: Callable[[Node], T], node: Node) -> T:
        """What `make` makes of a node that stands inside a fold."""
        self.folding = True
        made = make(node)
        self.folding = False
        return made
