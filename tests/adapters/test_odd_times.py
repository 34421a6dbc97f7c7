"""What is said of times that are no times: what they look like, and what to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of


def wrong(values: Any, **options: Any) -> tuple[str, str]:
    """The code and the text of the only problem of one event whose time is this."""
    with pytest.raises(of.LogError) as caught:
        of.read_log({"order": ["1"], "stage": ["a"], "at": values}, **options)
    (problem,) = caught.value.problems
    assert problem.text("zh")
    return problem.code, problem.text()


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (46027, "Excel"),
        ("46027.333", "Excel"),
        ("1767600180", "time_format='%s'"),
        (1767600180000, "divide them by 1000"),
        ("20260105", "time_format='%Y%m%d'"),
        ("20260105080300", "time_format='%Y%m%d%H%M%S'"),
    ],
)
def test_numbers_in_the_place_of_times_are_told_with_what_they_look_like(value: Any, hint: str) -> None:
    """Serial numbers of Excel, seconds and milliseconds since 1970, and days without anything between the parts."""
    code, text = wrong([value])
    assert code == "log.times_are_numbers"
    assert hint in text


def test_a_year_of_two_digits_is_told_as_ambiguous(tmp_path: Path) -> None:
    """Whether it stands in the first row or below a time with all its digits."""
    for rows in ("1,a,26-01-05 08:00:00\n", "1,a,2026-01-05 08:00:00\n1,a,26-01-05 08:00:00\n"):
        path = tmp_path / "log.csv"
        path.write_text("order_id,stage,at\n" + rows)
        with pytest.raises(of.LogError) as caught:
            of.read_log(path)
        assert [problem.code for problem in caught.value.problems] == ["log.times_ambiguous"]


@pytest.mark.parametrize(
    "values", [pl.Series([timedelta(seconds=5)]), pl.Series([[5]]), pl.Series([object()], dtype=pl.Object)]
)
def test_kinds_that_are_no_times_are_told_as_such(values: pl.Series) -> None:
    """Durations, lists and objects are times that cannot be read, with the row: never an error of polars."""
    assert wrong(values)[0] == "log.times_unreadable"
