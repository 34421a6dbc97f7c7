"""Laws of conditions: compiled closures agree with a naive reading of the tree, and nothing unknown gets known."""

from __future__ import annotations

import decimal
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from orderflow.model.condition import (
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Fold,
    In,
    Items,
    Logic,
    Missing,
    Name,
    Negative,
    Node,
    Not,
)
from orderflow.model.order import Money
from orderflow.model.parse import parse
from orderflow.rules.evaluate import compile_condition, compile_value, explain

Scope = Mapping[str, Any]
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def resolve(name: str) -> Callable[[Any], object]:
    return lambda scope: scope.get(name)


def resolve_call(function: str) -> Callable[[Any, tuple[Any, ...], Mapping[str, Any]], object]:
    return lambda scope, args, kwargs: scope.get((function, *args, *kwargs.items()))


def ask(text: str, scope: Scope | None = None, currency: str | None = "CNY", **names: Any) -> bool | None:
    """What a condition answers for a scope of undotted names."""
    test = compile_condition(parse(text), resolve, resolve_call, currency=currency)
    return test({**(scope or {}), **names})


VALUES = st.sampled_from(
    [
        *(None, True, False, "A", "B", "", 0, 1, -3, 10**30, Decimal("2.50"), Decimal("0.0"), Decimal("1E+999999")),
        *(
            Decimal("NaN"),
            Decimal("-Infinity"),
            1.5,
            float("nan"),
            object(),
            b"A",
            ["A", "B"],
            ("A", None),
            frozenset([1]),
        ),
        *(Money(1, "CNY"), Money("2.5", "CNY"), Money(1, "USD"), date(2026, 3, 1), date(2026, 3, 2)),
        *(NOW, NOW.astimezone(ZoneInfo("Asia/Shanghai")), NOW + timedelta(hours=1), NOW.replace(tzinfo=None)),
        *(timedelta(0), timedelta(days=1), timedelta(hours=5), timedelta.max, datetime.max.replace(tzinfo=UTC)),
        *({"l1": 1, "l2": Decimal(0)}, {"l1": Decimal("1.0")}, {}, {"l1": "x"}),
    ]
)
KEYS = ("a", "b", "c", "d")
SCOPES = st.fixed_dictionaries(
    {
        **dict.fromkeys(KEYS, VALUES),
        "lines": st.one_of(
            st.none(),
            st.just("not lines"),
            st.lists(st.fixed_dictionaries({"line.x": VALUES, "line.y": VALUES}), max_size=3).map(tuple),
        ),
    }
)
KEY_NAMES = st.builds(Name, st.sampled_from(KEYS))
LEAVES = st.one_of(
    KEY_NAMES,
    KEY_NAMES,
    st.builds(Constant, st.sampled_from([True, False, "A", "B", 0, 1, Decimal("2.5"), -3])),
)


COMPARISONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
SHAPES = ["leaf", "not", "negative", "logic", "logic", "arithmetic", "compare", "compare", "in", "fold", "sum", "len"]
LINE_NAMES = st.builds(Name, st.sampled_from(["line.x", "line.y"]))


@st.composite
def trees(draw: st.DrawFn, depth: int = 4, folding: bool = False, shapes: tuple[str, ...] = ("missing",)) -> Node:
    """A tree of at most so many levels, with these shapes beside the usual ones."""
    inner = trees(depth - 1, folding, shapes)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    match draw(st.sampled_from([*SHAPES, *shapes])) if depth else "leaf":
        case "not":
            return Not(draw(inner))
        case "negative":
            return Negative(draw(inner))
        case "logic":
            return Logic(draw(st.sampled_from(["and", "or"])), draw(several))
        case "arithmetic":
            return Arithmetic(draw(inner), draw(st.sampled_from("+-*/")), draw(inner))
        case "compare":
            links = draw(st.lists(st.tuples(COMPARISONS, inner), min_size=1, max_size=2))
            return Compare(draw(inner), tuple(links))
        case "in":
            return In(draw(inner), draw(st.one_of(several.map(Items), KEY_NAMES)), draw(st.booleans()))
        case "missing":
            return Missing(draw(KEY_NAMES), draw(st.booleans()))
        case "fold" | "sum" if not folding:
            of_line = trees(depth - 1, True, shapes)
            function = draw(st.sampled_from(["any", "all", "sum"]))
            return Fold(function, draw(of_line), draw(st.none() | of_line))
        case "len" if not folding:
            return Fold("len", None, draw(st.none() | trees(depth - 1, True, shapes)))
    return draw(st.one_of(LEAVES, LINE_NAMES) if folding else LEAVES)


TREES = trees()


def kind(value: Any) -> str | None:
    """The kind of a value in conditions, None for what no condition knows."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number" if Decimal(value).is_finite() else None
    if isinstance(value, datetime):
        return "instant" if value.tzinfo else None
    kinds = ((str, "text"), (Money, "money"), (date, "day"), (timedelta, "duration"), (dict, "quantities"))
    return next((name for type_, name in kinds if isinstance(value, type_)), None)


def in_kind(value: Any, wanted: str) -> Any:
    """A value as one of another kind where the language says so: CNY as a number, quantities as their total."""
    if wanted == "number" and kind(value) == "money":
        return value.amount if value.currency == "CNY" else None
    if wanted == "number" and kind(value) == "quantities":
        return sum(map(Decimal, value.values())) if all(kind(item) == "number" for item in value.values()) else None
    return value if kind(value) == wanted else None


def naive_compare(sign: str, left: Any, right: Any) -> bool | None:
    kinds = {kind(left), kind(right)}
    if kinds == {"money"}:
        left, right = (left.amount, right.amount) if left.currency == right.currency else (None, None)
    elif kinds == {"quantities"}:
        if any(kind(item) != "number" for quantities in (left, right) for item in quantities.values()):
            return None
        same = all(left.get(key, 0) == right.get(key, 0) for key in {*left, *right})
        return {"==": same, "!=": not same}.get(sign)
    elif "number" in kinds:
        left, right = in_kind(left, "number"), in_kind(right, "number")
    elif len(kinds) > 1 or (kinds & {"text", "boolean"} and sign not in ("==", "!=")):
        return None
    if kind(left) is None or kind(right) is None:
        return None
    functions = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt}
    return bool(functions.get(sign, operator.ge)(left, right))


# Out of range is unknown, not infinite and not zero.
BOUNDED = decimal.Context(prec=50, Emax=1_000, Emin=-1_000)
BOUNDED.traps[decimal.Underflow] = BOUNDED.traps[decimal.Subnormal] = True


def naive_calculate(sign: str, left: Any, right: Any) -> Any:
    functions = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
    calculate = functions[sign]
    left, right = (in_kind(v, "number") if kind(v) == "quantities" else v for v in (left, right))
    kinds = (kind(left), kind(right))
    try:
        with decimal.localcontext(BOUNDED):
            if "money" in kinds and sign in "+-":
                code = left.currency if kinds[0] == "money" else right.currency
                if kinds != ("money", "money") and (code != "CNY" or "number" not in kinds):
                    return None
                if kinds == ("money", "money") and left.currency != right.currency:
                    return None
                amounts = [v.amount if isinstance(v, Money) else v for v in (left, right)]
                return Money(calculate(*map(Decimal, amounts)), code)
            if kinds == ("money", "money"):
                same = sign == "/" and left.currency == right.currency
                return left.amount / right.amount if same else None
            if kinds == ("money", "number") or (kinds == ("number", "money") and sign == "*"):
                money, number = (left, right) if kinds[0] == "money" else (right, left)
                return Money(calculate(money.amount, Decimal(number)), money.currency)
            if kinds == ("number", "number"):
                return calculate(Decimal(left), Decimal(right))
            if kinds == ("duration", "duration") and sign == "/":
                return Decimal(left // timedelta.resolution) / Decimal(right // timedelta.resolution)
            if kinds == ("duration", "number") and sign in "*/":
                return timedelta(microseconds=round(calculate(Decimal(left // timedelta.resolution), Decimal(right))))
            if kinds == ("number", "duration") and sign == "*":
                return timedelta(microseconds=round(Decimal(left) * (right // timedelta.resolution)))
            if kinds in (("day", "duration"), ("duration", "day")) and timedelta(0) not in (left, right):
                whole = (left if kinds[0] == "duration" else right) % timedelta(days=1) == timedelta(0)
                if not whole:
                    return None
            known = [("duration", "duration"), ("instant", "duration"), ("day", "duration")]
            moved = sign == "+" and kinds in (("duration", "instant"), ("duration", "day"))
            apart = sign == "-" and kinds in (("instant", "instant"), ("day", "day"))
            return calculate(left, right) if (sign in "+-" and kinds in known) or moved or apart else None
    except (ArithmeticError, ValueError, OverflowError):
        return None


def naive(node: Node, scope: Scope) -> Any:
    """What a node says, read word by word; None is unknown."""
    match node:
        case Constant(value):
            return value
        case Name(path):
            return scope.get(path)
        case Negative(operand):
            return naive_calculate("*", naive(operand, scope), -1)
        case Arithmetic(left, sign, right):
            return naive_calculate(sign, naive(left, scope), naive(right, scope))
        case Missing(operand, negated):
            return (naive(operand, scope) is None) != negated
        case Not(operand):
            return {True: False, False: True}.get(truth(operand, scope))
        case Logic(joined, operands):
            return kleene(joined, [truth(operand, scope) for operand in operands])
        case Compare(first, links):
            values = [naive(item, scope) for item in (first, *(item for _, item in links))]
            signs = [sign for sign, _ in links]
            return kleene("and", [naive_compare(s, a, b) for s, a, b in zip(signs, values, values[1:], strict=False)])
        case In(item, container, negated):
            wanted = naive(item, scope)
            found = (
                [naive(x, scope) for x in container.items] if isinstance(container, Items) else naive(container, scope)
            )
            if wanted is None or not isinstance(found, list | tuple | frozenset):
                return None
            answer = kleene("or", [naive_compare("==", wanted, candidate) for candidate in found])
            return answer if not negated or answer is None else not answer
        case Fold(function, element, where):
            return naive_fold(function, element, where, scope)
    raise AssertionError(node)


def naive_fold(function: str, element: Node | None, where: Node | None, scope: Scope) -> Any:
    if not isinstance(scope["lines"], tuple):
        return None
    scopes = [{**scope, **line} for line in scope["lines"]]
    kept = [True if where is None else truth(where, one) for one in scopes]
    if function in ("any", "all"):
        truths = [truth(element, one) for one in scopes]
        if function == "any":
            return kleene("or", [kleene("and", [a, b]) for a, b in zip(kept, truths, strict=True)])
        return kleene(
            "and", [kleene("or", [None if a is None else not a, b]) for a, b in zip(kept, truths, strict=True)]
        )
    if None in kept:
        return None
    values = [1 if element is None else naive(element, one) for one, keep in zip(scopes, kept, strict=True) if keep]
    result: Any = values[0] if values else 0
    if any(kind(value) not in ("number", "money", "duration") for value in values):
        return None
    for value in values[1:]:
        result = naive_calculate("+", result, value)
    return result


def truth(node: Node, scope: Scope) -> bool | None:
    value = naive(node, scope)
    return value if isinstance(value, bool) else None


def kleene(joined: str, truths: list[bool | None]) -> bool | None:
    decides = joined == "or"
    return decides if decides in truths else None if None in truths else not decides


@given(TREES, SCOPES)
def test_the_closure_answers_as_the_naive_reading_does(tree: Node, scope: Scope) -> None:
    """For every tree and scope, closures and a word-by-word reading agree, and neither raises."""
    answer = compile_condition(Condition(tree), resolve, currency="CNY")(scope)
    assert answer is truth(tree, scope)


@given(
    VALUES, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), VALUES, st.sampled_from([True, "A", 1, Decimal("2.5")])
)
def test_a_comparison_answers_as_the_naive_reading_does(left: Any, sign: str, right: Any, word: Any) -> None:
    """So do single comparisons of all kinds of values with each other, with literals, and in lists."""
    scope = {"a": left, "b": right, "lines": None}
    for node in (
        Compare(Name("a"), ((sign, Name("b")),)),  # type: ignore[arg-type]  # one of the six
        Compare(Name("a"), ((sign, Constant(word)),)),  # type: ignore[arg-type]  # one of the six
        Compare(Constant(word), ((sign, Name("a")),)),  # type: ignore[arg-type]  # one of the six
        In(Name("a"), Items((Constant("A"), Constant("B")))),
        In(Name("a"), Items((Constant("A"), Constant(word), Name("b"))), negated=True),
        In(Name("a"), Name("b")),
    ):
        assert compile_condition(Condition(node), resolve, currency="CNY")(scope) is truth(node, scope), node


@given(VALUES, st.sampled_from("+-*/"), VALUES)
def test_a_calculation_gives_what_the_naive_reading_gives(left: Any, sign: Any, right: Any) -> None:
    """So do single calculations of all kinds of values."""
    node = Arithmetic(Name("a"), sign, Name("b"))
    result = compile_value(node, resolve, currency="CNY")({"a": left, "b": right})
    expected = naive_calculate(sign, left, right)
    assert result == expected and kind(result) == kind(expected)


@given(trees(shapes=()), SCOPES)
def test_knowing_less_never_gives_another_answer(tree: Node, scope: dict[str, Any]) -> None:
    """Without `is missing`, taking a value away may make an answer unknown; it never makes it another known one."""
    test = compile_condition(Condition(tree), resolve, currency="CNY")
    answer = test(scope)
    for name in KEYS:
        assert test({**scope, name: None}) in (None, answer)


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_sums_and_products_are_exact(a: int, b: int, places: int) -> None:
    """Amounts add and multiply without rounding, whatever the caller's decimal context."""
    x, y = Decimal(a).scaleb(-places), Decimal(b).scaleb(-places)
    with decimal.localcontext(prec=3):
        assert ask("a + b == c", a=x, b=y, c=_scaled(a + b, places)) is True
        assert ask("a * b == c", a=x, b=y, c=_scaled(a * b, 2 * places)) is True


def _scaled(number: int, places: int) -> Decimal:
    return Decimal((number < 0, tuple(map(int, str(abs(number)))), -places))


@given(TREES, SCOPES)
def test_an_explanation_is_empty_only_for_what_is_true(tree: Node, scope: Scope) -> None:
    """A condition that does not hold has at least one term, and one of its terms does not hold."""
    condition = Condition(tree)
    terms = explain(condition, scope, resolve, currency="CNY")
    if compile_condition(condition, resolve, currency="CNY")(scope) is not True:
        assert any(term.truth is not True for term in terms)
