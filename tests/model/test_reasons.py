"""Every code has its texts, and every text its parameters."""

from __future__ import annotations

import ast
import string
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import orderflow
from orderflow.model import errors
from orderflow.model.reasons import problem, reason, suggest
from orderflow.model.texts import CATALOGUE, LANGUAGES

ROOT = Path(orderflow.__file__).parent
ERRORS = {name for name, found in vars(errors).items() if isinstance(found, type) and hasattr(found, "of")}


def maker(function: ast.expr) -> str:
    """The name of a called function; `of` counts only on an error class."""
    if isinstance(function, ast.Attribute):
        return function.attr if function.attr != "of" or ast.unparse(function.value) in ERRORS else ""
    return function.id if isinstance(function, ast.Name) and function.id != "of" else ""


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_language_says_the_same(code: str) -> None:
    """A code has a text in each language, and these use the same parameters."""
    texts = CATALOGUE[code]
    assert set(texts) == set(LANGUAGES)
    assert len({frozenset(fields(text)) for text in texts.values()}) == 1
    assert all(max(text) >= "\u4e00" for text in [texts["zh"]]), "the Chinese text is not Chinese"


def test_every_code_in_the_source_has_a_text() -> None:
    """Every literal code that the source gives to `reason`, `problem`, `.of` and their kin is in the catalogue."""
    makers = {"reason", "problem", "of", "wrong", "_unknown", "refuse"}
    missing = []
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and maker(node.func) in makers:
                first = next((item for item in node.args if isinstance(item, ast.Constant)), None)
                if first is not None and isinstance(first.value, str) and first.value not in CATALOGUE:
                    missing.append(f"{path.name}:{node.lineno}: {first.value}")
    assert not missing


def test_a_suggestion_is_added_in_both_languages() -> None:
    """A reason with a suggestion asks whether that was meant."""
    item = reason("unknown_stage", stage="reviw", known=("review",), suggestion=suggest("reviw", ["review"]))
    assert item.text("en") == "there is no stage 'reviw'; there are review. Did you mean 'review'?"
    assert item.text("zh").endswith("是否想写“review”？")


def test_instants_are_shown_in_the_zone_that_the_reason_names() -> None:
    """Instants in parameters are UTC; a `zone` among the parameters says how people read them."""
    due = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
    assert "2026-03-02 10:30 Asia/Shanghai" in reason("clock_started", sla="r", due=due, zone="Asia/Shanghai").text()
    assert "2026-03-02 02:30 UTC" in reason("clock_started", sla="r", due=due).text()


def test_titles_among_the_parameters_follow_the_language() -> None:
    """A mapping from languages to titles is shown in the language of the text."""
    item = reason("told_entered", order="SO-1", stage={"en": "Review", "zh": "审核"})
    assert item.text("en") == "Order SO-1 is now in Review."
    assert item.text("zh") == "订单 SO-1 进入“审核”。"


def test_a_long_list_is_cut_in_texts_and_whole_in_the_data() -> None:
    """An order of ten thousand lines does not make texts of ten thousand names."""
    item = reason("unknown_line", line="x", known=tuple(f"L-{number}" for number in range(10_000)))
    assert item.text().endswith("L-29, … (10000).") and len(item.params["known"]) == 10_000


def test_numbers_are_written_out() -> None:
    """Quantities are read by people: without exponents."""
    item = reason(
        "not_enough", line="1", wanted=Decimal("1e5"), there=Decimal("-2E+1"), stages=("open",), track="order"
    )
    assert item.text() == "line 1: 100000 is wanted, and -20 is there (open; order)"


def test_an_unknown_language_is_refused() -> None:
    """Only the languages that there are."""
    with pytest.raises(ValueError, match="en, zh"):
        problem("no_stages").text("fr")  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    ("wrong", "known", "meant"),
    [
        ("order.R", ["order.u", "order.r"], "order.r"),
        ("feild_42", ["field_24", "field_42"], "field_42"),
        ("reveiw", ["review", "revenue"], "review"),
        ("x", ["review"], None),
    ],
)
def test_the_likeliest_name_is_suggested(wrong: str, known: list[str], meant: str | None) -> None:
    """The same letters in another case come first, then those in another order, then what is alike."""
    assert suggest(wrong, known) == meant
