"""The words and signs of a condition's text, and every limit that is checked before a parser sees it."""

from __future__ import annotations

import keyword
import re
from typing import Any, NoReturn

from attrs import evolve, frozen

from orderflow.model.condition import MAX_DIGITS
from orderflow.model.errors import DefinitionError
from orderflow.model.reasons import Place, Problem, problem

OPERATORS = ("and", "or", "not", "in", "is missing", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/")
MAX_LENGTH = 2_000
"""The most characters of a condition, as written and in normal form."""
MAX_TOKENS = 600
"""The most words and signs, and so the most nodes, of a condition."""
MAX_DEPTH = 30
"""How deep a condition may be nested."""
MAX_PARTS = 4
"""The most parts of a dotted name."""


@frozen
class Where:
    """Makes problems at columns of the text."""

    place: Place | None

    @classmethod
    def of(cls, place: Place | None, text: str) -> Where:
        """For a text that begins at a place. A text of several lines is indented in its file: no columns are added."""
        many = place is not None and place.line is not None and "\n" in text
        return cls(evolve(place, column=None) if place is not None and many else place)

    def problem(self, column: int, code: str, **params: Any) -> Problem:
        """The problem at a column of the text, counted from 1."""
        return problem(code, place_at(self.place, column), column=column, **params)

    def refuse(self, column: int, code: str, **params: Any) -> NoReturn:
        """Raises `DefinitionError` with one problem."""
        raise DefinitionError([self.problem(column, code, **params)])


def place_at(place: Place | None, column: int) -> Place:
    """The place of a column of a text that begins at `place`; a place with a line but no column stays as it is."""
    if place is None:
        return Place(column=column, path="condition")
    if place.column is None:
        return place if place.line is not None else evolve(place, column=column)
    return evolve(place, column=place.column + column - 1)


def short(text: str) -> str:
    """A text cut to 40 characters, for messages."""
    return text if len(text) <= 40 else f"{text[:37]}..."


# --- words and signs ----------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<text>'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*")
      | (?P<number>[0-9][\w.]*)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>===|!==|==|!=|<=|>=|<>|<<|>>|\*\*|//|&&|\|\||:=|->|[-+*/%<>=!&|^~@()\[\],.])""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_SIGNS = {"==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "=", "(", ")", "[", "]", ",", "."}
# fmt: off
_MEANT = {  # what people write who know other languages or keyboards -> what they mean
    "===": "==", "!==": "!=", "<>": "!=", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "~": "not",
    "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "IS": "is", "And": "and", "Or": "or", "Not": "not",
    "‘": "'", "’": "'", "“": '"', "”": '"', "。": ".", "、": ",", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/",
    "null": "missing", "nil": "missing", "none": "missing", "undefined": "missing",
}
# fmt: on
_PARTNER = {")": "(", "]": "["}
_KEYWORDS = {"and", "or", "not", "in", "is", "for", "if", "True", "False", "None"}


@frozen
class Token:
    """One word or sign; `kind` is text, number, word or sign."""

    kind: str
    text: str
    column: int


def read_tokens(text: str, where: Where) -> list[Token]:
    """The words and signs of a text of at most `MAX_LENGTH` characters, found harmless for a parser.

    Raises `DefinitionError` at the first that has no meaning, at brackets without partner, at nesting beyond
    `MAX_DEPTH`, and at what Python would read otherwise than meant.
    """
    tokens = _tokens(text, where)
    _check_brackets(tokens, where)
    _check_neighbours(tokens, where)
    return tokens


def _tokens(text: str, where: Where) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse_character(text[at], at + 1, where)
        token = Token(str(match.lastgroup), match.group(), at + 1)
        at = match.end()
        if token.kind == "space":
            continue
        _CHECKS[token.kind](token, where)
        tokens.append(token)
        if len(tokens) > MAX_TOKENS:
            where.refuse(token.column, "condition_too_many", limit=MAX_TOKENS)
    if not tokens:
        where.refuse(1, "condition_empty")
    return tokens


def _refuse_character(character: str, column: int, where: Where) -> NoReturn:
    if character in "'\"":
        where.refuse(column, "condition_text_open", quote=character)
    import unicodedata

    plain = unicodedata.normalize("NFKC", character)
    suggestion = _MEANT.get(character) or (plain if plain in _SIGNS else None)
    where.refuse(column, "condition_character", character=character, suggestion=suggestion)


def _check_text(token: Token, where: Where) -> None:
    for escape in re.finditer(r"\\.", token.text):
        if escape.group()[1] not in "\\'\"nt":
            where.refuse(token.column + escape.start(), "condition_text_escape", escape=escape.group())
    for offset, character in enumerate(token.text):
        if not character.isprintable() and character != "\u3000":  # the ideographic space, common in Chinese text
            where.refuse(token.column + offset, "condition_character", character=character)


def _check_number(token: Token, where: Where) -> None:
    whole, _, fraction = token.text.partition(".")
    if not _NUMBER.fullmatch(token.text) or len(whole) > MAX_DIGITS or len(fraction) > MAX_DIGITS:
        where.refuse(token.column, "condition_number", number=short(token.text), limit=MAX_DIGITS)


def _check_word(token: Token, where: Where) -> None:
    import unicodedata

    word, plain = token.text, unicodedata.normalize("NFKC", token.text)
    if word in _KEYWORDS:
        return
    if keyword.iskeyword(word):
        where.refuse(token.column, "condition_word", word=short(word))
    if word.startswith("_") or word.endswith("_") or not word.isidentifier() or word != plain:
        suggestion = short(plain) if word != plain else None
        where.refuse(token.column, "condition_name", name=short(word), limit=MAX_PARTS, suggestion=suggestion)


def _check_sign(token: Token, where: Where) -> None:
    if token.text not in _SIGNS:
        where.refuse(
            token.column, "condition_operator", known=OPERATORS, operator=token.text, suggestion=_MEANT.get(token.text)
        )


_CHECKS = {"text": _check_text, "number": _check_number, "word": _check_word, "sign": _check_sign}


def _check_brackets(tokens: list[Token], where: Where) -> None:
    """Brackets are paired, and neither they nor runs of `not` and `-` go deeper than `MAX_DEPTH`."""
    opened: list[Token] = []
    run = 0
    for token in tokens:
        if token.kind == "sign" and token.text in "([":
            opened.append(token)
        if token.kind == "sign" and token.text in ")]" and (not opened or opened.pop().text != _PARTNER[token.text]):
            where.refuse(token.column, "condition_bracket", bracket=token.text)
        if token.text == "," and not opened:
            where.refuse(token.column, "condition_syntax", near=",")
        run = run + 1 if token.text in ("not", "-") else 0
        if max(run, len(opened)) > MAX_DEPTH:
            where.refuse(token.column, "condition_too_deep", limit=MAX_DEPTH)
    if opened:
        where.refuse(opened[-1].column, "condition_bracket", bracket=opened[-1].text)


def _check_neighbours(tokens: list[Token], where: Where) -> None:
    """What is meant otherwise than Python would read it: two texts in a row, a prefix before a quote, `=` for `==`."""
    for index, token in enumerate(tokens):
        last = tokens[index - 1] if index else None
        if token.text == "=" and not _names_argument(tokens[:index]):
            where.refuse(token.column, "condition_operator", known=OPERATORS, operator="=", suggestion="==")
        if token.kind == "word" and token.text in _MEANT and (last is None or last.text != "."):
            where.refuse(token.column, "condition_word", word=token.text, suggestion=_MEANT[token.text])
        if last is None or token.kind != "text":
            continue
        if last.kind == "text":
            where.refuse(token.column, "condition_text_twice")
        if last.kind == "word" and last.text not in _KEYWORDS:
            where.refuse(last.column, "condition_text_prefix", prefix=short(last.text))


def _names_argument(before: list[Token]) -> bool:
    """Whether an equals sign after these tokens can be that of `fact('stock', item=...)`."""
    return len(before) > 2 and before[-1].kind == "word" and before[-2].text == ","
