"""Names, people, lengths of time and conditions of a flow, as people say them in English or Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from orderflow.model.check import NameType
from orderflow.model.condition import (
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
    unparse,
)
from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import Flow, Lifecycle
from orderflow.model.policies import OwnerRule
from orderflow.model.quantities import ORDERED
from orderflow.model.reasons import Language, in_language
from orderflow.model.texts import LANGUAGES
from orderflow.model.texts.words import WORDS
from orderflow.rules.names import spell_out
from orderflow.rules.scope import schema

_NEGATED: dict[Comparison, Comparison] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_UNITS = {"days": "d", "hours": "h", "minutes": "m"}


def say(key: str, language: Language, /, **values: Any) -> str:
    """A text of `WORDS` with its values filled in; `ValueError` for a language that there are no words in."""
    if language not in LANGUAGES:
        raise ValueError(f"there are texts in {', '.join(LANGUAGES)}, not in {language!r}")
    return WORDS[key][language].format_map(values)


@frozen
class Words:
    """How one flow is spoken of in one language. `lifecycle` is the one whose stages and triggers are meant.

    - A title stands for its name; a name without one is said as it is written.
    - Conditions are put into words part by part; a part that there are no words for is quoted as it is written.
    """

    flow: Flow
    language: Language = "en"
    lifecycle: Lifecycle = field(kw_only=True)
    types: Mapping[str, NameType] = field(init=False, repr=False)

    @lifecycle.default
    def _own_lifecycle(self) -> Lifecycle:
        return self.flow.lifecycle

    @types.default
    def _types(self) -> Mapping[str, NameType]:
        return schema(self.flow)

    def say(self, key: str, /, **values: Any) -> str:
        """A text of `WORDS` in this language."""
        return say(key, self.language, **values)

    # --- names and people ---

    def title(self, titles: Mapping[str, str], name: str = "") -> str:
        """A title on one line, else the name."""
        return " ".join(in_language(titles, self.language, name).split())

    def stage(self, name: str) -> str:
        """The title of a stage."""
        stage = self.lifecycle.stages.get(name)
        return self.title(stage.title, name) if stage else name

    def trigger(self, name: str) -> str:
        """The title of a trigger: that of the first transition that it pulls and that has one."""
        titled = (item.title for item in self.lifecycle.transitions if item.trigger == name and item.title)
        return self.title(next(titled, {}), name)

    def field(self, path: str) -> str:
        """A built-in field in words, a declared one by its title."""
        if f"name.{path}" in WORDS:
            return self.say(f"name.{path}")
        declared = self.flow.fields.get(path)
        return self.title(declared.title, path) if declared else path

    def line_stage(self, name: str) -> str:
        """The title of a line stage."""
        known = self.flow.lines.stages.get(name) if self.flow.lines is not None else None
        return self.title(known.title, name) if known is not None else name

    def owner(self, rule: OwnerRule) -> str:
        """Who becomes responsible."""
        if rule.role and rule.team:
            return self.say("owner.role_team", name=rule.role, team=rule.team)
        for kind in ("person", "role", "team"):
            if name := getattr(rule, kind):
                return self.say(f"owner.{kind}", name=name)
        return self.say("none")

    def recipient(self, who: str) -> str:
        """Who is told."""
        kind, _, name = who.partition(":")
        if f"who.{kind}" in WORDS and bool(name) == (kind in ("role", "team")):
            return self.say(f"who.{kind}", name=name)
        return who

    def recipients(self, people: Iterable[str]) -> str:
        """All who are told."""
        return self.listed((self.recipient(who) for who in people), "both") or self.say("none")

    def listed(self, items: Iterable[str], last: str = "comma") -> str:
        """Several things: `A, B or C` with `last="or"`."""
        found = list(items)
        return self.joined(last, [self.say("comma").join(found[:-1]), found[-1]] if len(found) > 1 else found)

    def joined(self, key: str, parts: Iterable[str]) -> str:
        """Parts with a word between them; in Chinese with spaces around it where Latin letters or digits touch it."""
        between, text = self.say(key), ""
        spaced = self.language == "zh" and between.isalpha()
        for number, part in enumerate(parts):
            before = " " if spaced and text[-1:].isascii() else ""
            after = " " if spaced and part[:1].isascii() else ""
            text += f"{before}{between}{after}{part}" if number else part
        return text

    def known(self, kind: str, name: str, /, **values: Any) -> str:
        """The words for one of a few names, such as a category; the name where there are none."""
        return self.say(f"{kind}.{name}", **values) if f"{kind}.{name}" in WORDS else name

    def quoted(self, text: str) -> str:
        """A text in quotes."""
        return self.say("quoted", text=" ".join(text.split()))

    def named(self, text: str) -> str:
        """A title within a sentence: in Chinese in quotes, as there are no spaces around it."""
        return self.quoted(text) if self.language == "zh" else text

    def length(self, length: timedelta, *, days: bool = False) -> str:
        """A length of time; in hours unless `days` of 24 hours are meant. Parts of a second are kept."""
        micros = length // timedelta(microseconds=1)
        sizes = {"d": 86_400 if days else 0, "h": 3_600, "m": 60}
        parts, rest = [], micros
        for unit, size in sizes.items():
            count, rest = divmod(rest, size * 1_000_000) if size else (0, rest)
            parts += [self._unit(unit, Decimal(count))] if count else []
        if rest or not parts:
            parts.append(self._unit("s", Decimal(rest) / 1_000_000))
        return " ".join(parts)

    def _unit(self, unit: str, count: Decimal) -> str:
        one, _, many = self.say(f"unit.{unit}", n=format(count.normalize(), ",f")).partition("|")
        return one if count == 1 or not many else many

    # --- conditions ---

    def condition(self, condition: Condition) -> str:
        """A condition as a clause that follows `when`; of an SLA too, where names of stages and triggers stand bare."""
        triggers = tuple(item.trigger for item in self.lifecycle.transitions)
        return self.truth(spell_out(condition, self.lifecycle.stages, triggers).tree)

    def truth(self, node: Node) -> str:
        """A part of a condition that is true or false, as a clause."""
        match node:
            case Logic(operator, operands):
                return self.joined(operator, (self._part(item) for item in operands))
            case Not(operand):
                return self._denied(operand)
            case Compare(first, links):
                lefts = (first, *(right for _, right in links))
                said = [self._link(left, *link) for left, link in zip(lefts, links, strict=False)]
                return self.joined("and", said)
            case In(item, Items(items), negated):
                return self._one_of(item, items, negated)
            case Missing(operand, negated):
                return self.say("not_missing" if negated else "missing", name=self.value(operand))
            case Call("approved", (Constant(name),)):
                return self.say("call.approved", name=name)
            case Fold("any" | "all" as function, element, where) if element is not None:
                return self.say(function, text=self._part(element), where=self._where(where))
            case Name() | Call("fact"):
                return self.say("==", left=self.value(node), right=self.named(self.say("yes")))
            case Constant(value) if isinstance(value, bool):
                return self.say("as_written", text=unparse(node))
        return self.say("as_written", text=unparse(node))

    def _part(self, node: Node) -> str:
        """A part of `and`, `or` and the like, in parentheses where it joins several itself."""
        text = self.truth(node)
        joins = isinstance(node, Logic) or (isinstance(node, Compare) and len(node.links) > 1)
        return self.say("group", text=text) if joins else text

    def _denied(self, node: Node) -> str:
        match node:
            case Compare(first, ((operator, right),)):
                return self._link(first, _NEGATED[operator], right)
            case In(item, Items(items), negated):
                return self._one_of(item, items, not negated)
            case Missing(operand, negated):
                return self.say("missing" if negated else "not_missing", name=self.value(operand))
            case Call("approved", (Constant(name),)):
                return self.say("call.not_approved", name=name)
            case Name() | Call("fact"):
                return self.say("==", left=self.value(node), right=self.named(self.say("no")))
        return self.say("not", text=self._part(node))

    def _link(self, left: Node, operator: Comparison, right: Node) -> str:
        """One comparison; those of the order's stage and of the trigger have words of their own."""
        if operator in ("==", "!=") and isinstance(right, Constant) and self._is_stage(left):
            return self._one_of(left, (right,), operator == "!=")
        timely = "when" if operator not in ("==", "!=") and self._kind(left, right, "instant", "date") else ""
        money = bool(self._kind(left, right, "money"))
        said = [self.value(node, other, money) for node, other in ((left, right), (right, left))]
        return self.say(f"{timely}{operator}", left=said[0], right=self._beside(said[1]))

    def _one_of(self, item: Node, items: tuple[Node, ...], negated: bool) -> str:
        values = [node.value for node in items if isinstance(node, Constant) and isinstance(node.value, str)]
        if len(values) == len(items) and self._is_stage(item):
            name: Callable[[str], str] = self.stage if item == Name("stage") else self.trigger
            said = self.listed((self.named(name(value)) for value in values), "or")
            if item == Name("stage"):
                known = "in_stage" if self.lifecycle == self.flow.lifecycle else "track_in_stage"
                return self.say(f"not_{known}" if negated else known, stages=said)
            return self.say("not_on_trigger" if negated else "on_trigger", triggers=said)
        money = bool(self._kind(item, item, "money"))
        parts = self.listed((self.value(node, item, money) for node in items), "or")
        return self.say("not_in" if negated else "in", left=self.value(item), items=parts)

    def _beside(self, text: str) -> str:
        """A value behind a word: in Chinese with a space before Latin letters and digits."""
        return f" {text}" if self.language == "zh" and text[:1].isascii() else text

    def _is_stage(self, node: Node) -> bool:
        return node in (Name("stage"), Name("trigger"))

    def _kind(self, left: Node, right: Node, *kinds: str) -> bool:
        """Whether one of the two sides has one of these types."""
        return any(self._type(node) in kinds for node in (left, right))

    def _type(self, node: Node) -> str | None:
        match node:
            case Name(path):
                return self.types[path].type if path in self.types else None
            case Negative(part) | Fold("sum", part):
                return self._type(part) if part is not None else None
            case Arithmetic(left, "+" | "-", right):
                return self._type(left) or self._type(right)
        return None

    def value(self, node: Node, other: Node | None = None, money: bool = False) -> str:
        """A part of a condition that has a value. `other` is what it is compared with; of `money`, a bare number has
        the flow's currency."""
        match node:
            case Constant(value):
                return self._constant(value, other, money)
            case Name(path):
                return self.field(path)
            case Call():
                return self._call(node)
            case Duration(unit, amount):
                one, _, many = self.say(f"unit.{_UNITS[unit]}", n=self.value(amount)).partition("|")
                return one if amount == Constant(1) or not many else many
            case Negative(operand):
                return f"-{self.value(operand)}"
            case Arithmetic(left, operator, right):
                return f"{self._operand(left)} {operator} {self._operand(right)}"
            case Fold("len", _, where):
                return self.say("len", where=self._where(where))
            case Fold("sum", element, where) if element is not None:
                return self.say("sum", text=self.value(element), where=self._where(where))
        return self.say("value_as_written", text=unparse(node))

    def _operand(self, node: Node) -> str:
        text = self.value(node)
        return self.say("group", text=text) if isinstance(node, Arithmetic) else text

    def _where(self, node: Node | None) -> str:
        return "" if node is None else self.say("where", text=self.truth(node))

    def _constant(self, value: bool | Decimal | str, other: Node | None, money: bool) -> str:
        if isinstance(value, bool):
            return self.named(self.say("yes" if value else "no"))
        if isinstance(value, Decimal):
            unit = self.flow.currency if money else self._unit_of(other)
            return " ".join((format(value, ",f"), unit)) if unit else format(value, ",f")
        if isinstance(other, Call) and other.attribute == "stage":
            return self.named(self._stage_of(other, value))
        known = isinstance(other, Name) and other.path in self.types and self.types[other.path].type == "choice"
        return self.named(value) if known else self.quoted(value)

    def _unit_of(self, node: Node | None) -> str | None:
        """The unit of a declared number."""
        declared = self.flow.fields.get(node.path) if isinstance(node, Name) else None
        return declared.unit if declared is not None else None

    def _stage_of(self, call: Call, stage: str) -> str:
        """The title of a stage of the track that a call is about."""
        tracks = {name: lifecycle for name, _, lifecycle in self.flow.lifecycles()}
        lifecycle = tracks.get(str(getattr(call.args[0], "value", "")))
        found = lifecycle.stages.get(stage) if lifecycle else None
        return self.title(found.title, stage) if found else stage

    def _call(self, call: Call) -> str:
        name = call.args[0].value if call.args and isinstance(call.args[0], Constant) else ""
        if call.function == "elapsed" and unparse(call) == "elapsed(stage)":
            return self.say("call.elapsed")
        if call.function == "fact" and call.kwargs:
            args = (f"{key} {self.value(value)}" for key, value in call.kwargs)
            return self.say("call.fact_of", name=name, args=self.listed(args))
        if call.function == "track":
            known = "track_stage" if call.attribute == "stage" else "track"
            return self.say(f"call.{known}", name=self._track(str(name)), attribute=call.attribute)
        if call.function == "lines":
            if name == ORDERED:
                return self.say("call.ordered")
            return self.say("call.lines", name=self.line_stage(str(name)))
        if call.function == "fact":
            return self.say("call.fact", name=name)
        return self.say("value_as_written", text=unparse(call))

    def _track(self, name: str) -> str:
        track = self.flow.tracks.get(name)
        return self.title(track.title, name) if track else self.say("order") if name == ORDER_TRACK else name
