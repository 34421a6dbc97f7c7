"""Commands refuse what no command can carry with words, whatever the host hands in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import orderflow as of
from orderflow.model.reasons import shown

HUGE = 10**5_000  # has no text: Python refuses to write integers of more than 4,300 digits


class Silent:
    """A value of a host whose text cannot be had."""

    def __repr__(self) -> str:
        raise RuntimeError("not connected")


COMMANDS: dict[str, Callable[[Any], Any]] = {
    "lines of a move": lambda value: of.Move(order="SO-1", move="ship", lines=value, by="li"),
    "move": lambda value: of.Move(order="SO-1", move=value, by="li"),
    "lines of a loading": lambda value: of.Load(order="SO-1", track="shipment:1", lines=value, by="li"),
    "unload": lambda value: of.Load(order="SO-1", track="shipment:1", unload=value, by="li"),
    "changes": lambda value: of.Amend(order="SO-1", changes=value, by="li"),
    "changes of lines": lambda value: of.Amend(order="SO-1", lines=value, by="li"),
    "added lines": lambda value: of.Amend(order="SO-1", add=value, by="li"),
    "removed lines": lambda value: of.Amend(order="SO-1", remove=[value], by="li"),
    "kind of a jump": lambda value: of.Jump(order="SO-1", kind=value, by="li"),
    "expected version": lambda value: of.Move(order="SO-1", move="ship", expect=value, by="li"),
    "instant": lambda value: of.Move(order="SO-1", move="ship", at=value, by="li"),
    "number of a source": lambda value: of.Observe(order="SO-1", stage="x", source="wms", source_seq=value, by="li"),
}
WRONG = [[HUGE], {"1": {"quantity": [Silent()]}}, Silent(), "\ud800", [None], {None: 1}, 1.5, Decimal("NaN")]


@pytest.mark.parametrize("what", COMMANDS)
def test_a_command_refuses_wrong_values_with_a_short_text(what: str) -> None:
    """Not even a value that has no text itself brings down more than the command, and no text is as long as a value."""
    for value in [*WRONG, "x" * 1_000_000]:
        with pytest.raises(of.InvalidValue) as caught:
            COMMANDS[what](value)
        for language in ("en", "zh"):
            assert all(0 < len(reason.text(language)) < 500 for reason in caught.value.reasons), value


def test_a_wrong_value_is_shown_in_short() -> None:
    """At most 80 characters; what has no text is shown by its kind."""
    assert [shown(value) for value in ("x", HUGE, [HUGE], Silent())] == ["'x'", "a huge number", "<list>", "<Silent>"]
    assert len(shown("x" * 1_000)) == 80


def test_questions_refuse_wrong_names_with_words() -> None:
    """A track, a fact and a name to search by that are no texts are refused; a lone order is one order."""
    stages = {"open": of.Stage(), "closed": of.Stage(category="done")}
    ways = [of.Transition(trigger="close", source="open", dest="closed")]
    tracker = of.Tracker(of.Flow(name="f", lifecycle=of.Lifecycle(initial="open", stages=stages, transitions=ways)))
    tracker.place(of.Order("SO-1"), by="li")
    wrong: Any = []
    with pytest.raises(of.InvalidValue):
        tracker.allowed("SO-1", by="li", track=wrong)
    with pytest.raises(of.InvalidValue):
        tracker.fact_changed(wrong, by="li")
    with pytest.raises(of.InvalidValue):
        tracker.find(where={wrong or None: 1})  # type: ignore[dict-item]  # on purpose
    assert tracker.fact_changed("stock", by="li", orders="SO-1") == 1
