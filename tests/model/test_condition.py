"""Conditions as text and tree: what can be written, its normal form, what it reads, and when time changes it."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.model.condition import (
    Arithmetic,
    Call,
    Compare,
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
    TimeTerm,
    children,
    instants,
    names,
    walk,
)
from orderflow.model.errors import DefinitionError
from orderflow.model.parse import parse
from orderflow.model.reasons import Place

# --- random trees in the form that `parse` gives them ---------------------------------------------------------------

TEXTS = st.text(alphabet="aB0 '\"\\\n\t\u3000中é#{}%", max_size=6)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
CONSTANTS = st.builds(Constant, st.one_of(st.booleans(), TEXTS, NUMBERS, st.integers(-(10**29), 10**29)))
NAMES = st.builds(Name, st.sampled_from(["stage", "order.total", "customer.a.b.c", "order.区域", "line.price"]))
KWARGS = st.dictionaries(st.sampled_from(["item", "place", "at_least"]), st.one_of(CONSTANTS, NAMES), max_size=2)
CALLS = st.one_of(
    st.builds(lambda f, name: Call(f, (Constant(name),)), st.sampled_from(["lines", "approved"]), TEXTS),
    st.builds(lambda name, kwargs: Call("fact", (Constant(name),), tuple(sorted(kwargs.items()))), TEXTS, KWARGS),
    st.builds(lambda name: Call("track", (Constant(name),), (), "stage"), TEXTS),
)
ELAPSED = st.just(Call("elapsed", (Name("stage"),)))


def _negative(node: Node) -> Node:
    folds = isinstance(node, Constant) and isinstance(node.value, Decimal) and node.value > 0
    return Constant(-node.value) if folds else Negative(node)


def _logic(operator: str, operands: list[Node]) -> Node:
    flat: list[Node] = []
    for node in operands:
        flat.extend(node.operands if isinstance(node, Logic) and node.operator == operator else [node])
    return Logic(operator, tuple(flat))


COMPARISONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
SHAPES = st.sampled_from(
    ["leaf", "not", "negative", "logic", "arithmetic", "compare", "in", "missing", "duration", "fold", "len"]
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 4, folding: bool = False) -> Node:
    """A tree of at most so many levels; folds do not stand in folds."""
    inner = trees(depth - 1, folding)
    shape = draw(SHAPES) if depth else "leaf"
    match shape:
        case "not":
            return Not(draw(inner))
        case "negative":
            return _negative(draw(inner))
        case "logic":
            return _logic(draw(st.sampled_from(["and", "or"])), draw(st.lists(inner, min_size=2, max_size=3)))
        case "arithmetic":
            return Arithmetic(draw(inner), draw(st.sampled_from("+-*/")), draw(inner))
        case "compare":
            links = draw(st.lists(st.tuples(COMPARISONS, inner), min_size=1, max_size=2))
            return Compare(draw(inner), tuple(links))
        case "in":
            items = st.lists(inner, min_size=1, max_size=3).map(lambda found: Items(tuple(found)))
            return In(draw(inner), draw(st.one_of(NAMES, CALLS, items)), draw(st.booleans()))
        case "missing":
            return Missing(draw(st.one_of(NAMES, CALLS)), draw(st.booleans()))
        case "duration":
            return Duration(draw(st.sampled_from(["days", "hours", "minutes"])), draw(inner))
        case "fold" if not folding:
            of_line = trees(depth - 1, True)
            return Fold(draw(st.sampled_from(["any", "all", "sum"])), draw(of_line), draw(st.none() | of_line))
        case "len" if not folding:
            return Fold("len", None, draw(st.none() | trees(depth - 1, True)))
    return draw(st.one_of(CONSTANTS, NAMES, CALLS))


TREES = trees()


@given(TREES)
def test_the_normal_text_reads_back_as_the_same_condition(tree: Node) -> None:
    """`parse(condition.text) == condition`, tree for tree, whatever the condition."""
    condition = Condition(tree)
    again = parse(condition.text)
    assert again == condition and hash(again) == hash(condition)
    assert again.tree == tree


@given(TREES, st.data())
def test_spaces_and_parentheses_do_not_matter(tree: Node, data: st.DataObject) -> None:
    """A condition in parentheses, on several lines or with more spaces is the same condition."""
    text = Condition(tree).text
    space = data.draw(st.sampled_from(["", " ", "  ", "\n", "\t"]))
    assert parse(f"{space}(({space}{text}{space}){space}){space}") == Condition(tree)


@given(TREES)
def test_conditions_can_be_pickled_and_walked(tree: Node) -> None:
    """A condition survives pickling, and `walk` visits every node once, parents first."""
    assert pickle.loads(pickle.dumps(Condition(tree))) == Condition(tree)
    assert sum(1 for _ in walk(tree)) == 1 + sum(sum(1 for _ in walk(child)) for child in children(tree))


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("(order.total)<50000", "order.total < 50000"),
        ('customer.level in ("A", "B")', "customer.level in ['A', 'B']"),
        ("a and (b and c) or (d)", "a and b and c or d"),
        ("a and (b or c)", "a and (b or c)"),
        ("not (a == b)", "not a == b"),
        ("(not a) == b", "(not a) == b"),
        ("a - (b - c) - d", "a - (b - c) - d"),
        ("(a * b) + c", "a * b + c"),
        ("a * (b + c)", "a * (b + c)"),
        ("-(5) < - x", "-5 < -x"),
        ("-(a + b) < 0", "-(a + b) < 0"),
        ("x == 1.50", "x == 1.5"),
        ("x == 100.00", "x == 100"),
        ("x is None", "x is missing"),
        ("not x is missing", "not x is missing"),
        ("x is not missing", "x is not missing"),
        ("True == false", "true == false"),
        ('"it\'s" == x', "'it\\'s' == x"),
        ("fact('stock', item='A-7', at='W1') > 0", "fact('stock', at='W1', item='A-7') > 0"),
        ("1 < x <= 5", "1 < x <= 5"),
        ("(1 < x) == y", "(1 < x) == y"),
        ("len(line for line in lines) > 2", "len(lines) > 2"),
        ("any((line.price > 100) for line in lines if (line.item == 'A'))", None),
    ],
)
def test_the_normal_form_by_name(written: str, normal: str | None) -> None:
    """What people write becomes the form with single quotes, single spaces and only needed parentheses."""
    condition = parse(written)
    assert condition.text == (normal or "any(line.price > 100 for line in lines if line.item == 'A')")
    assert str(condition) == condition.text


def test_numbers_are_exact() -> None:
    """A number in a condition is a Decimal with every digit that was written, never a float."""
    tree = parse("x == 0.1000000000000000000000000001").tree
    assert tree == Compare(Name("x"), (("==", Constant(Decimal("0.1000000000000000000000000001"))),))
    assert parse("x == 123456789012345678901234567890.5").text == "x == 123456789012345678901234567890.5"


def test_one_and_true_and_the_text_one_are_three_literals() -> None:
    """Literals of different kinds are never equal, though Python says that 1 == True."""
    assert len({Constant(1), Constant(Decimal("1.0")), Constant(True), Constant("1")}) == 3


@pytest.mark.parametrize("value", [1.5, None, b"x", Decimal("NaN"), Decimal("1e999999"), 10**40, Decimal("1e-999999")])
def test_a_tree_holds_no_other_literals(value: object) -> None:
    """Floats, bytes, None and numbers out of bounds cannot be put into a tree by hand either."""
    with pytest.raises((TypeError, ValueError)):
        Constant(value)  # type: ignore[arg-type]  # that is the point


def test_names_and_calls_that_a_condition_reads() -> None:
    """`names` lists dotted names and calls, `lines` when it looks at lines, each once."""
    reads = names(
        parse("order.total > 5 and order.total < fact('limit', of=customer.id) and any(line.a for line in lines)")
    )
    assert reads.names == {"order.total", "customer.id", "line.a", "lines"}
    assert reads.calls == {Call("fact", (Constant("limit"),), (("of", Name("customer.id")),))}
    assert names(parse("elapsed(track('payment').stage) > days(1)")).calls == {
        Call("elapsed", (Call("track", (Constant("payment"),), (), "stage"),)),
        Call("track", (Constant("payment"),), (), "stage"),
    }


def test_the_instants_at_which_time_alone_changes_a_condition() -> None:
    """Every clock comes with the threshold at which the condition may change, and whether it changes right after it."""
    condition = parse("elapsed(stage) >= hours(8) or not order.promised_at - days(2) < now or order.total > 5")
    stage, now = instants(condition)
    assert stage == TimeTerm(
        clock=Call("elapsed", (Name("stage"),)), threshold=Duration("hours", Constant(8)), after=False
    )
    promised = Arithmetic(Name("order.promised_at"), "-", Duration("days", Constant(2)))
    assert now == TimeTerm(clock=Name("now"), threshold=promised, after=True)
    assert instants(parse("order.total > 5")) == ()


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_the_side_of_the_clock_does_not_matter(sign: str) -> None:
    """`now >= t` and `t <= now` are the same time term."""
    flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[sign]
    assert instants(parse(f"now {sign} order.t")) == instants(parse(f"order.t {flipped} now"))


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "now == order.t",
        "now - order.t > days(3)",
        "order.a < now < order.b",
        "elapsed(stage) > elapsed(track('payment').stage)",
        "now is missing",
        "now in [order.t]",
        "elapsed(stage) + hours(1) > hours(8)",
        "any(now >= line.t for line in lines)",
        "fact('x', at=now) > 1",
        "days(elapsed(stage)) > days(1)",
    ],
)
def test_time_stands_only_where_an_instant_can_be_computed(text: str) -> None:
    """A clock anywhere else than in one <, <=, > or >= against something without a clock is refused."""
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    assert {problem.code for problem in caught.value.problems} == {"condition_time"}


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "column", "suggestion"),
    [
        ("", "condition_empty", 1, None),
        ("order.total = 5", "condition_operator", 13, "=="),
        ("(stage = 'x')", "condition_operator", 8, "=="),
        ("a && b", "condition_operator", 3, "and"),
        ("a <> b", "condition_operator", 3, "!="),
        ("a ** b", "condition_operator", 3, None),
        ("a AND b", "condition_word", 3, "and"),
        ("a == null", "condition_word", 6, "missing"),
        ("a.class == 1", "condition_word", 3, None),
        ("a > （b）", "condition_character", 5, "("),
        ("a == “x”", "condition_character", 6, '"'),
        ("a == 'x", "condition_text_open", 6, None),
        ("a in ['x' 'y']", "condition_text_twice", 11, None),
        ("a == r'x'", "condition_text_prefix", 6, None),
        ("a == 'x\\d'", "condition_text_escape", 8, None),
        ("a == 1e5", "condition_number", 6, None),
        ("a.__class__", "condition_name", 3, None),
        ("ｏrder.total", "condition_name", 1, "order"),
        ("a.b.c.d.e", "condition_name", 1, None),
        ("(a", "condition_bracket", 1, None),
        ("a]", "condition_bracket", 2, None),
        ("a or", "condition_ends", 3, None),
        ("a < < b", "condition_syntax", 5, None),
        ("a, b", "condition_syntax", 2, None),
        ("a[0] == 1", "condition_foreign", 1, None),
        ("'中文' == x.a and f(1)", "condition_function", 17, None),
        ("sun(line.a for line in lines) > 1", "condition_function", 1, "sum"),
        ("track('payment') == 'paid'", "condition_usage", 1, None),
        ("fact(name)", "condition_usage", 1, None),
        ("a == missing", "condition_missing", 6, None),
        ("a in ['x', None]", "condition_missing", 12, None),
        ("1 is missing", "condition_missing", 1, None),
        ("a is true", "condition_is", 6, None),
        ("a in ('x')", "condition_list", 7, None),
        ("a in []", "condition_list", 6, None),
        ("a == b in ['x']", "condition_chain", 1, None),
    ],
)
def test_a_refusal_says_what_and_where(text: str, code: str, column: int, suggestion: str | None) -> None:
    """Every refusal has a stable code, the column, a suggestion if one is obvious, and words in both languages."""
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert (problem.code, problem.params["column"], problem.params.get("suggestion")) == (code, column, suggestion)
    assert problem.text("en") and problem.text("zh")


def test_all_problems_at_once() -> None:
    """Problems of form are told together, each with its column."""
    with pytest.raises(DefinitionError) as caught:
        parse("a[0] == 1 and b is true or foo(1)")
    assert [(item.code, item.params["column"]) for item in caught.value.problems] == [
        ("condition_foreign", 1),
        ("condition_is", 20),
        ("condition_function", 28),
    ]


def test_the_place_in_the_file() -> None:
    """The column of a problem counts from the place of the text; in a text of several lines only the line is known."""

    def place_of(text: str, place: Place | None) -> Place | None:
        with pytest.raises(DefinitionError) as caught:
            parse(text, place=place)
        return caught.value.problems[0].place

    start = Place(file="flow.yaml", line=7, column=20, path="transitions[0].guard")
    assert str(place_of("a && b", start)) == "flow.yaml:7:22 (transitions[0].guard)"
    assert str(place_of("a\n&& b", start)) == "flow.yaml:7 (transitions[0].guard)"
    assert place_of("a && b", Place(path="guard")) == Place(column=3, path="guard")
    assert place_of("a && b", None) == Place(column=3, path="condition")


@pytest.mark.parametrize("value", [None, 5, True, b"a", ["a"]])
def test_only_text_is_a_condition(value: object) -> None:
    """A number or list where a condition should stand is a problem, not a crash."""
    with pytest.raises(DefinitionError) as caught:
        parse(value)  # type: ignore[arg-type]  # that is the point
    assert caught.value.problems[0].code == "condition_not_text"
