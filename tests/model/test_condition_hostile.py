"""Hostile conditions: refused fast, with a clear error, and never with another exception."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.model.errors import DefinitionError
from orderflow.model.parse import parse

HOSTILE = {
    "huge power": "9 ** 9 ** 9 ** 9 > 1",
    "long text": "x == '" + "a" * 100_000_000 + "'",
    "repeated text": "'a' * 99999999999999999999999999999999 == x",
    "20,000 terms": " or ".join(["order.total > 1"] * 20_000),
    "many short terms": "+".join("1" * 900),
    "many list items": "x in [" + ",".join("1" * 900) + "]",
    "deep parentheses": "(" * 900 + "x" + ")" * 900,
    "deep lists": "x in " + "[" * 900 + "1" + "]" * 900,
    "unclosed brackets": "(" * 1999,
    "unclosed calls": "a(" * 999,
    "run of not": "not " * 450 + "x",
    "run of minus": "-" * 1900 + "1 > x",
    "left-deep sum": "+".join(["1"] * 290) + " > x",
    "long attribute chain": "a" + ".b" * 290,
    "run of calls": "f" + "()" * 190,
    "run of subscripts": "f" + "[0]" * 190,
    "giant number": "9" * 1900 + " > x",
    "giant fraction": "0." + "9" * 1900 + " > x",
    "giant exponent": "1e999999999 > x",
    "hexadecimal": "0x" + "f" * 1000 + " > x",
    "dunder": "().__class__.__bases__[0].__subclasses__()",
    "dunder name": "__import__('os').system('true')",
    "hidden attribute": "order._state",
    "lambda": "(lambda: 1)()",
    "walrus": "(x := 5) > 1",
    "f-string": "f'{x}' == 'a'",
    "bytes": "b'x' == x",
    "starred": "fact(*x)",
    "double starred": "fact('x', **y)",
    "conditional": "1 if x else 2",
    "list comprehension": "[x for x in y]",
    "nested comprehension": "any(a for a in lines for b in lines for c in lines)",
    "nested fold": "any(any(line.a for line in lines) for line in lines)",
    "two filters": "any(line.a for line in lines if line.b if line.c)",
    "async": "any(line.a async for line in lines)",
    "generator outside": "(line.a for line in lines)",
    "dictionary": "{'a': 1}",
    "subscript": "order['total'] > 1",
    "slice": "order[::] > 1",
    "method": "order.total.as_tuple() == 1",
    "method of text": "'{0.__class__}'.format(x) == 'a'",
    "bit operations": "1 << 99999999999 > x",
    "matrix": "a @ b",
    "modulo": "'%9999999999d' % 1 == x",
    "floor division": "a // b > 1",
    "null byte": "x\0 == 1",
    "null byte in text": "x == '\0'",
    "surrogate": "x == '\ud800'",
    "direction marks": "x == 'a\u202eb'",
    "line continuation": "a \\\n or b",
    "comment": "a # or b",
    "statement": "import os",
    "two statements": "a; b",
    "ellipsis": "...",
    "closing our bracket": "a) or (b",
}


def _refused(text: str) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_at_once(name: str) -> None:
    """Each is refused with a problem that has a column and short words, long before it could cost anything."""
    text = HOSTILE[name]
    start = time.process_time()
    error = _refused(text)
    assert time.process_time() - start < 0.25  # of the processor; milliseconds in truth
    assert all(1 <= problem.params["column"] <= len(text) + 1 for problem in error.problems)
    assert len(str(error)) < 1_000


def _at_depth(depth: int, action: Callable[[], None]) -> None:
    if depth:
        _at_depth(depth - 1, action)
    else:
        action()


def test_an_almost_exhausted_stack_gives_an_error_and_no_crash() -> None:
    """Whoever parses deep inside a recursion gets a result, a DefinitionError or Python's own RecursionError."""
    frame, used = sys._getframe(), 0
    while frame is not None:
        frame, used = frame.f_back, used + 1
    outcomes: set[str] = set()

    def attempt() -> None:
        try:
            parse("not (a + (b - (c * (d / (e + (f - 1)))))) > 2")
            outcomes.add("parsed")
        except (DefinitionError, RecursionError) as error:
            outcomes.add(type(error).__name__)

    for left in range(20, 200, 12):
        _at_depth(sys.getrecursionlimit() - used - left, attempt)
    assert "parsed" in outcomes


WORDS = """
order.total stage a.b x now missing true None lines line.price any( all( sum( len( fact('x' track('p').stage
elapsed(stage) days(3) for line in lines if not and or in is == != < <= > >= = + - * / ** ( ) [ ] , . ' "
'A' 'it\\'s' 1 0 2.50 1e5 7days _a __b__ lambda : := { } # \\ ; ! & （ “ 中
"""
PIECES = st.sampled_from([*WORDS.split(), "\n", "\t", "\0", "\ud800"])


@given(st.lists(PIECES, max_size=25), st.sampled_from(["", " "]))
def test_any_row_of_words_is_a_condition_or_a_definition_error(pieces: list[str], between: str) -> None:
    """Text is read or refused with words in both languages; nothing else happens, not even a warning."""
    _read_or_refuse(between.join(pieces))


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_definition_error(text: str) -> None:
    """The same for arbitrary characters."""
    _read_or_refuse(text)


def _read_or_refuse(text: str) -> None:
    try:
        condition = parse(text)
    except DefinitionError as error:
        for problem in error.problems:
            assert problem.text("en") and problem.text("zh")
            assert 1 <= problem.params["column"] <= max(len(text), 1)
    else:
        assert parse(condition.text) == condition


def test_conditions_at_the_limits_are_accepted() -> None:
    """The limits leave room for what people write: a hundred words in a list, thirty terms, some nesting."""
    assert parse("x in [" + ", ".join(f"'{n:08d}'" for n in range(100)) + "]")
    assert parse(" or ".join(f"order.total > {n}" for n in range(60)))
    assert parse("(" * 25 + "x" + ")" * 25)
    assert parse("x == '" + "长" * 1_900 + "'")
    assert parse("+".join(["1"] * 25) + " > x")
