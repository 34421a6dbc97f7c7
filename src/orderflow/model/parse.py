"""From text to a condition: first the words and signs with every limit, then Python's own parser, then our tree.

The first pass (`model/tokens.py`) sees only what a regular expression sees, so hostile text is refused before any
parser runs on it. What is left is a short, shallow expression, read with `ast` (which runs nothing) and translated node
by node.
"""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from typing import Any, Literal, cast

from orderflow.model.condition import (
    UNITS,
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
    Operator,
    is_clock,
    time_term,
    walk,
)
from orderflow.model.errors import DefinitionError
from orderflow.model.reasons import Place, Problem, suggest
from orderflow.model.tokens import MAX_DEPTH, MAX_LENGTH, MAX_PARTS, Token, Where, read_tokens, short

USAGE = {
    "track": "track('payment').stage",
    "fact": "fact('stock', item='A-7')",
    "lines": "lines('delivered')",
    "approved": "approved('credit')",
    "elapsed": "elapsed(stage) or elapsed(track('payment').stage)",
    "days": "days(3)",
    "hours": "hours(8)",
    "minutes": "minutes(30)",
    "any": "any(line.price > 100 for line in lines)",
    "all": "all(line.price > 100 for line in lines)",
    "sum": "sum(line.quantity for line in lines)",
    "len": "len(lines) or len(line for line in lines if line.price > 100)",
}
"""Every function of the language, with an example of its use."""


def parse(text: str, *, place: Place | None = None) -> Condition:
    """The condition that a text says.

    - `place`: where the first character of the text stands in its file. Problems add their column to its column; if it
      has a line but no column, or the text has several lines, they keep it as it is. Their parameter `column` counts
      the characters of the text from 1.
    - Raises `DefinitionError` with everything that is wrong with the form of the text. What its names mean, and whether
      their types fit, is asked by `model/check.py`.
    - Refuses text beyond `MAX_LENGTH`, `MAX_TOKENS` or `MAX_DEPTH` within milliseconds.
    """
    if not isinstance(text, str):
        Where(place).refuse(1, "condition_not_text", kind=type(text).__name__)
    if len(text) > MAX_LENGTH:
        Where(place).refuse(1, "condition_too_long", length=len(text), limit=MAX_LENGTH)
    where = Where.of(place, text)
    tokens = read_tokens(text, where)
    builder = _Builder(text, tokens, where)
    tree = builder.build(_python_tree(text, tokens, where), 1)
    problems = builder.problems or [where.problem(node.column, "condition_time") for node in _loose_clocks(tree)]
    if problems:
        raise DefinitionError(problems)
    condition = Condition(tree, place=where.place)
    if len(condition.text) > MAX_LENGTH:
        where.refuse(1, "condition_too_long", length=len(condition.text), limit=MAX_LENGTH)
    return condition


def _python_tree(text: str, tokens: list[Token], where: Where) -> ast.expr:
    """Python's tree of a text whose words and signs were found harmless. The one door to `ast`."""
    # In brackets, leading spaces do no harm; on one line, columns count from its start.
    line = "(" + re.sub(r"[\t\r\n]", " ", text) + ")"
    try:
        return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        at = (error.offset or 2) - 1
        near = next((token for token in tokens if token.column + len(token.text) > at), None)
        if near is None:
            where.refuse(tokens[-1].column, "condition_ends")
        where.refuse(near.column, "condition_syntax", near=short(near.text))
    except (RecursionError, MemoryError, ValueError):  # the limits above should not let it come to this
        where.refuse(1, "condition_too_deep", limit=MAX_DEPTH)


_COMPARE: dict[type[ast.cmpop], Comparison] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_CALCULATE: dict[type[ast.operator], Operator] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_FOLDS = ("any", "all", "sum", "len")
_RESERVED = {"now", "missing", "true", "false", "lines"}


class _Builder:
    """Translates Python's tree into ours and gathers problems; what is wrong becomes a stand-in, the rest goes on."""

    def __init__(self, text: str, tokens: list[Token], where: Where) -> None:
        self.where = where
        self.problems: list[Problem] = []
        self.line = "(" + text + ")"
        self.bytes = None if text.isascii() else self.line.encode()
        self.numbers = {token.column: token.text for token in tokens if token.kind == "number"}
        self.folding = False

    def column(self, node: ast.expr | ast.keyword, at: int | None = None) -> int:
        """The column in the text; `ast` counts bytes of UTF-8 and knows of our opening bracket."""
        offset = node.col_offset if at is None else at
        return offset if self.bytes is None else len(self.bytes[:offset].decode())

    def source(self, node: ast.expr) -> str:
        return short(self.line[self.column(node) : self.column(node, node.end_col_offset)])

    def wrong(self, node: ast.expr, code: str, **params: Any) -> Name:
        self.problems.append(self.where.problem(self.column(node), code, **params))
        return Name("?", column=self.column(node))

    def usage(self, node: ast.expr, function: str) -> Name:
        return self.wrong(node, "condition_usage", text=self.source(node), usage=USAGE[function])

    def build(self, node: ast.expr, depth: int) -> Node:
        """Our node for Python's; `depth` counts from 1."""
        column = self.column(node)
        if depth > MAX_DEPTH:
            self.where.refuse(column, "condition_too_deep", limit=MAX_DEPTH)
        match node:
            case ast.BoolOp(op, values):
                return self.logic("and" if isinstance(op, ast.And) else "or", values, depth, column)
            case ast.UnaryOp(ast.Not(), operand):
                return Not(self.build(operand, depth + 1), column=column)
            case ast.UnaryOp(ast.USub(), operand):
                return self.negative(operand, depth, column)
            case ast.BinOp(left, op, right) if type(op) in _CALCULATE:
                operator = _CALCULATE[type(op)]
                return Arithmetic(self.build(left, depth + 1), operator, self.build(right, depth + 1), column=column)
            case ast.Compare():
                return self.compare(node, depth, column)
            case ast.Constant(value) if value is None:
                return self.wrong(node, "condition_missing")
            case ast.Constant(bool() | str() as value):
                return Constant(value, column=column)
            case ast.Constant() if column in self.numbers:
                return Constant(Decimal(self.numbers[column]), column=column)
            case ast.Name() | ast.Attribute():
                return self.name(node, depth, column)
            case ast.Call():
                return self.call(node, depth, column)
            case _:
                return self.wrong(node, "condition_foreign", text=self.source(node))

    def logic(self, operator: Literal["and", "or"], values: list[ast.expr], depth: int, column: int) -> Logic:
        operands: list[Node] = []
        for value in values:
            part = self.build(value, depth + 1)
            same = isinstance(part, Logic) and part.operator == operator
            operands.extend(part.operands if isinstance(part, Logic) and same else (part,))
        return Logic(operator, tuple(operands), column=column)

    def negative(self, operand: ast.expr, depth: int, column: int) -> Node:
        part = self.build(operand, depth + 1)
        number = part.value if isinstance(operand, ast.Constant) and isinstance(part, Constant) else None
        if isinstance(number, Decimal) and number:
            return Constant(number.copy_negate(), column=column)
        return Negative(part, column=column)

    def name(self, node: ast.Name | ast.Attribute, depth: int, column: int) -> Node:
        parts: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            parts.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Call) and len(parts) == 1:
            return self.call(base, depth, column, parts[0])
        if not isinstance(base, ast.Name):
            return self.wrong(node, "condition_foreign", text=self.source(node))
        parts.insert(0, base.id)
        return self.plain_name(node, parts, column)

    def plain_name(self, node: ast.expr, parts: list[str], column: int) -> Node:
        path, root = ".".join(parts), parts[0]
        if path in ("true", "false"):
            return Constant(path == "true", column=column)
        if path == "missing":
            return self.wrong(node, "condition_missing")
        if path == "lines":
            return self.usage(node, "len")
        if len(parts) > MAX_PARTS or (root in _RESERVED and len(parts) > 1):
            return self.wrong(node, "condition_name", name=short(path), limit=MAX_PARTS)
        return Name(path, column=column)

    def compare(self, node: ast.Compare, depth: int, column: int) -> Node:
        special = any(type(op) not in _COMPARE for op in node.ops)
        if special and len(node.ops) > 1:
            return self.wrong(node, "condition_chain")
        op, right = node.ops[0], node.comparators[0]
        if isinstance(op, ast.Is | ast.IsNot):
            return self.missing(node.left, right, isinstance(op, ast.IsNot), depth, column)
        first = self.build(node.left, depth + 1)
        if special:
            return In(first, self.container(right, depth + 1), isinstance(op, ast.NotIn), column=column)
        links = zip(node.ops, node.comparators, strict=True)
        return Compare(first, tuple((_COMPARE[type(op)], self.build(x, depth + 1)) for op, x in links), column=column)

    def missing(self, left: ast.expr, right: ast.expr, negated: bool, depth: int, column: int) -> Node:
        match right:
            case ast.Name("missing") | ast.Constant(None):
                operand = self.build(left, depth + 1)
                if isinstance(operand, Name | Call):
                    return Missing(operand, negated, column=column)
                return self.wrong(left, "condition_missing")
            case _:
                return self.wrong(right, "condition_is")

    def container(self, node: ast.expr, depth: int) -> Items | Name | Call:
        match node:
            case ast.List(elts) | ast.Tuple(elts) if elts:
                return Items(tuple(self.build(item, depth + 1) for item in elts), column=self.column(node))
            case ast.Name() | ast.Attribute() | ast.Call():
                found = self.build(node, depth)
                return found if isinstance(found, Name | Call) else self.wrong(node, "condition_list")
            case _:
                return self.wrong(node, "condition_list")

    def call(self, node: ast.Call, depth: int, column: int, attribute: str = "") -> Node:
        if not isinstance(node.func, ast.Name):
            return self.wrong(node, "condition_foreign", text=self.source(node))
        function = node.func.id
        if function not in USAGE:
            known, near = tuple(USAGE), suggest(function, USAGE)
            return self.wrong(node, "condition_function", function=short(function), known=known, suggestion=near)
        if bool(attribute) != (function == "track"):
            return self.usage(node, function)
        if function in _FOLDS:
            return self.fold(node, function, depth, column)
        keys = [item.arg for item in node.keywords]
        if len(node.args) != 1 or None in keys or len(set(keys)) < len(keys) or (keys and function != "fact"):
            return self.usage(node, function)
        argument = self.build(node.args[0], depth + 1)
        if function in UNITS:
            return Duration(function, argument, column=column)
        if function == "elapsed" and isinstance(argument, Name | Call) and _can_elapse(argument):
            return Call(function, (argument,), column=column)
        if function == "elapsed" or not isinstance(argument, Constant) or not isinstance(argument.value, str):
            return self.usage(node, function)
        kwargs: list[tuple[str, Constant | Name]] = []
        for item in node.keywords:
            value = self.build(item.value, depth + 1)
            if not isinstance(value, Constant | Name):
                return self.usage(node, function)
            kwargs.append((str(item.arg), value))
        return Call(function, (argument,), tuple(sorted(kwargs)), attribute, column=column)

    def fold(self, node: ast.Call, function: str, depth: int, column: int) -> Node:
        argument = node.args[0] if len(node.args) == 1 and not node.keywords else None
        match argument:
            case ast.Name("lines") if function == "len":
                return Fold("len", None, column=column)
            case ast.GeneratorExp(elt, [ast.comprehension(ast.Name("line"), ast.Name("lines"), conditions, 0)]) if (
                not self.folding and len(conditions) < 2
            ):
                self.folding = True
                where = self.build(conditions[0], depth + 1) if conditions else None
                element = None if function == "len" else self.build(elt, depth + 1)
                self.folding = False
                if element is not None or (isinstance(elt, ast.Name) and elt.id == "line"):
                    return Fold(cast("Any", function), element, where, column=column)
        return self.usage(node, function)


def _can_elapse(node: Name | Call) -> bool:
    """Whether `elapsed` can measure it: a name other than `now`, or a stage of a track."""
    return node.function == "track" if isinstance(node, Call) else node.path != "now"


def _loose_clocks(tree: Node) -> list[Node]:
    """Readings of time that stand where no instant can be computed."""
    placed = {id(term.clock) for term in (time_term(node) for node in walk(tree)) if term is not None}
    folded = {id(part) for fold in walk(tree) if isinstance(fold, Fold) for part in walk(fold)}
    return [node for node in walk(tree) if is_clock(node) and (id(node) not in placed or id(node) in folded)]
