"""Whether a condition means something: its names are declared, its types fit together, its result is yes or no."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args

from attrs import field, frozen, validators

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
    unparse,
)
from orderflow.model.frozen import EMPTY, as_tuple
from orderflow.model.reasons import Problem, problem, suggest
from orderflow.model.tokens import place_at, short

Type = Literal[
    "text", "number", "money", "boolean", "date", "instant", "duration", "choice", "list", "quantities", "any"
]
TYPES: tuple[Type, ...] = get_args(Type)

_ORDERED = ("number", "money", "date", "instant", "duration", "any")
_CALCULATED: dict[tuple[str, str, str], Type] = {
    **{("number", operator, "number"): "number" for operator in "+-*/"},
    **{("duration", operator, "duration"): "duration" for operator in "+-"},
    **{pair: "money" for operator in "+-" for pair in (("money", operator, "money"), ("money", operator, "number"))},
    **{("number", operator, "money"): "money" for operator in "+-*"},
    **{(scaled, operator, "number"): scaled for scaled in ("money", "duration") for operator in "*/"},
    **{(moment, operator, "duration"): moment for moment in ("instant", "date") for operator in "+-"},
    **{("duration", "+", moment): moment for moment in ("instant", "date")},
    **{(moment, "-", moment): "duration" for moment in ("instant", "date")},
    **{(same, "/", same): "number" for same in ("money", "duration")},
    ("number", "*", "duration"): "duration",
}


@frozen
class NameType:
    """What kind of value a name has, and for a choice, a list or text with a vocabulary, which words there are.

    - `type`: `text`, `number`, `money` (a bare number beside it means the flow's currency), `boolean`, `date` (a day),
      `instant`, `duration`, `choice` (text out of `of`), `list` (of texts), `quantities` (line -> number), `any`.
    - An empty `of` allows every text.
    """

    type: Type = field(validator=validators.in_(TYPES))
    of: tuple[str, ...] = field(default=(), converter=as_tuple)


ANY = NameType("any")
_BOOLEAN = NameType("boolean")
_TRACK = {"stage": NameType("text")}
_CALLS = {"fact": ANY, "approved": _BOOLEAN, "lines": NameType("quantities"), "elapsed": NameType("duration")}


def check(
    condition: Condition,
    names: Mapping[str, NameType],
    functions: Mapping[str, Collection[str] | None] = EMPTY,
    *,
    line: bool = False,
) -> tuple[Problem, ...]:
    """Everything that is wrong with what a condition says, in the order of its text; empty when it is sound.

    - `names`: every name that may occur, such as `order.total` or `line.price`; `now`, which is an instant, need not be
      given. A call may have its own entry under its own text, without keywords: `track('payment').stage`,
      `fact('stock')`; otherwise the stage of a track is text, and a fact is anything.
    - `functions`: for `track`, `fact`, `lines` and `approved` the names that they accept, None for any. One that is not
      given cannot be used here. `track('shipment:2')` is accepted where `shipment` is.
    - `line`: whether the condition is asked about one line, so that `line.item` means something outside `any(...)` too.
    - Problems carry `column` and a suggestion where something similar is declared.
    """
    checker = _Checker(condition, {"now": NameType("instant"), **names}, functions, line)
    checker.want(condition.tree, "boolean")
    return tuple(checker.problems)


class _Checker:
    """Goes through a tree once, says the type of every node and gathers problems. What is wrong has the type `any`."""

    def __init__(
        self,
        condition: Condition,
        names: Mapping[str, NameType],
        functions: Mapping[str, Collection[str] | None],
        line: bool,
    ) -> None:
        self.place = condition.place
        self.names = names
        self.functions = functions
        self.line = line
        self.problems: list[Problem] = []

    def wrong(self, node: Node, code: str, **params: Any) -> NameType:
        place = place_at(self.place, node.column)
        self.problems.append(problem(code, place, column=node.column, **params))
        return ANY

    def want(self, node: Node, *types: Type) -> NameType:
        """The type of a node, which must be one of these; `any` if it is none of them."""
        found = self.type(node)
        if found.type not in (*types, "any"):
            return self.wrong(node, "condition_type", text=_say(node), type=found.type, wanted=types[0])
        return found

    def type(self, node: Node) -> NameType:
        match node:
            case Constant(value):
                return NameType(
                    "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
                )
            case Name(path):
                return self.name(node, path)
            case Call():
                return self.call(node)
            case Duration(_, amount):
                self.want(amount, "number")
                return NameType("duration")
            case Negative(operand):
                found = self.want(operand, "number", "money", "duration")
                return NameType(found.type)
            case Arithmetic():
                return self.arithmetic(node)
            case Fold():
                return self.fold(node)
            case Items(items):
                for item in items:
                    self.type(item)
                return NameType("list")
            case _:
                self.truth(node)
                return _BOOLEAN

    def truth(self, node: Compare | In | Missing | Not | Logic) -> None:
        match node:
            case Compare(first, links):
                self.compare(first, links)
            case In(item, container, _):
                self.contained(item, container)
            case Missing(operand, _):
                self.type(operand)
            case Not(operand):
                self.want(operand, "boolean")
            case Logic(_, operands):
                for operand in operands:
                    self.want(operand, "boolean")

    def name(self, node: Node, path: str) -> NameType:
        if path in self.names:
            if path.startswith("line.") and not self.line:
                self.wrong(node, "condition_line", name=path)
            return self.names[path]
        return self.wrong(node, "condition_unknown_name", name=short(path), suggestion=suggest(path, self.names))

    def beside(self, node: Node, other: NameType) -> NameType:
        """The type of what is compared with a value of another type: a word of a choice may lack its quotes."""
        if isinstance(node, Name) and node.path in other.of and node.path not in self.names:
            return self.wrong(node, "condition_unknown_name", name=node.path, suggestion=unparse(Constant(node.path)))
        return self.type(node)

    def call(self, node: Call) -> NameType:
        (argument,) = node.args
        for _, value in node.kwargs:
            self.type(value)
        if node.function == "elapsed":
            self.type(argument)
            return _CALLS["elapsed"]
        if node.function not in self.functions:
            return self.wrong(node, "condition_unknown_function", function=node.function)
        word = str(argument.value) if isinstance(argument, Constant) else ""
        self.argument(node, argument, word)
        text = unparse(Call(node.function, node.args, (), node.attribute))
        if text in self.names:
            return self.names[text]
        if not node.attribute:
            return _CALLS[node.function]
        if node.attribute in _TRACK:
            return _TRACK[node.attribute]
        near = suggest(text, [*self.names, *(unparse(Call("track", node.args, (), known)) for known in _TRACK)])
        return self.wrong(node, "condition_unknown_name", name=short(text), suggestion=near)

    def argument(self, node: Call, argument: Node, word: str) -> None:
        known = self.functions[node.function]
        kind = word.partition(":")[0] if node.function == "track" else word
        if known is not None and word not in known and kind not in known:
            near = suggest(kind, known)
            params = {"function": node.function, "name": short(word), "suggestion": near}
            self.wrong(argument, "condition_unknown_argument", **params)

    def compare(self, first: Node, links: tuple[tuple[str, Node], ...]) -> None:
        left, left_type = first, self.type(first)
        for operator, right in links:
            right_type = self.beside(right, left_type)
            if not _comparable(left_type.type, right_type.type):
                types = {"left_type": left_type.type, "right_type": right_type.type}
                self.wrong(right, "condition_types", left=_say(left), right=_say(right), **types)
            elif operator not in ("==", "!="):
                self.ordered(operator, left, left_type.type, right_type.type)
            else:
                self.vocabulary(left, left_type, right)
                self.vocabulary(right, right_type, left)
            left, left_type = right, right_type

    def ordered(self, operator: str, node: Node, left: str, right: str) -> None:
        """Some values have no order; quantities have one as a total, beside a number, but not among themselves."""
        unordered = left if left not in _ORDERED else right
        if unordered not in _ORDERED and (unordered != "quantities" or left == right):
            self.wrong(node, "condition_order", operator=operator, text=_say(node), type=unordered)

    def contained(self, item: Node, container: Node) -> None:
        item_type = self.type(item)
        if not isinstance(container, Items):
            listed = self.want(container, "list")
            if not _comparable(item_type.type, "text"):
                types = {"left_type": item_type.type, "right_type": listed.type}
                self.wrong(item, "condition_types", left=_say(item), right=_say(container), **types)
            self.vocabulary(container, listed, item)
            return
        for candidate in container.items:
            found = self.beside(candidate, item_type)
            if not _comparable(item_type.type, found.type):
                types = {"left_type": item_type.type, "right_type": found.type}
                self.wrong(candidate, "condition_types", left=_say(item), right=_say(candidate), **types)
            else:
                self.vocabulary(item, item_type, candidate)

    def vocabulary(self, node: Node, found: NameType, word: Node) -> None:
        """A literal that is compared with a name is one of the name's words."""
        if found.of and isinstance(word, Constant) and isinstance(word.value, str) and word.value not in found.of:
            near = suggest(word.value, found.of)
            params = {"name": _say(node), "value": short(word.value), "known": found.of, "suggestion": near}
            self.wrong(word, "condition_vocabulary", **params)

    def arithmetic(self, node: Arithmetic) -> NameType:
        left, right = self.type(node.left).type, self.type(node.right).type
        if node.operator == "/" and node.right == Constant(0):
            return self.wrong(node, "condition_zero", text=_say(node))
        totals = tuple("number" if found == "quantities" else found for found in (left, right))
        result = _CALCULATED.get((totals[0], node.operator, totals[1]))
        if result is not None:
            return NameType(result)
        if "any" in totals and {*totals} <= {*_ORDERED}:
            return ANY
        params = {"left": _say(node.left), "left_type": left, "right": _say(node.right), "right_type": right}
        return self.wrong(node, "condition_arithmetic", operator=node.operator, **params)

    def fold(self, node: Fold) -> NameType:
        outside, self.line = self.line, True
        found = self.element(node)
        if node.where is not None:
            self.want(node.where, "boolean")
        self.line = outside
        return NameType(found.type)

    def element(self, node: Fold) -> NameType:
        if node.element is None:
            return NameType("number")
        if node.function == "sum":
            return self.want(node.element, "number", "money", "duration")
        return self.want(node.element, "boolean")


def _comparable(left: str, right: str) -> bool:
    """Whether values of two types can ever be compared; what is true of the one kind is never equal to the other."""
    kinds = {"choice": "text", "money": "number", "quantities": "number"}
    left, right = kinds.get(left, left), kinds.get(right, right)
    return "any" in (left, right) or (left == right and left != "list")


def _say(node: Node) -> str:
    return short(unparse(node))
