"""What joining a table to the orders of a log promises: the right rows, and everything that was not used is told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import orderflow as of


def made(ids: list[str], **attributes: Any) -> of.EventLog:
    """A log with one event for each of these orders, and these attributes."""
    events = {"order": ids, "stage": ["a"] * len(ids), "at": [datetime(2026, 1, 5, tzinfo=UTC)] * len(ids)}
    return of.EventLog.from_columns(events, {"order": ids, **attributes}, tz="UTC")


def told(log: of.EventLog) -> dict[str, Any]:
    assert all(item.text("zh") for item in log.assumptions)
    return {item.code: item.params.get("count") for item in log.assumptions}


def test_all_pairs_have_to_be_equal() -> None:
    """A row belongs to an order only where every pair of `on` matches."""
    log = made(["1", "2"], region=["N", "N"], y=[1, 2])
    table = {"region": ["N"], "year": [2], "level": ["A"]}
    found = log.join(table, on={"region": "region", "y": "year"})
    assert found.orders["level"].to_list() == [None, "A"]
    assert told(found) == {"log.join_unmatched": 1}
    again = log.join({"region": ["N"], "y": [2], "level": ["A"]}, on=["region", "y"])
    assert again.orders["level"].to_list() == [None, "A"]


@pytest.mark.parametrize("keys", [["1", "2"], [1, 2], [1.0, 2.0], [1.0, 2.0, None], [Decimal("1.00"), Decimal("2.00")]])
def test_one_number_is_one_key_whatever_its_kind(keys: list[Any]) -> None:
    """A gap makes floats of whole numbers in pandas, and databases give decimals."""
    table = {"order": keys, "level": ["A", "B", "C"][: len(keys)]}
    assert made(["1", "2"]).join(table).orders["level"].to_list() == ["A", "B"]
    with_number = made(["x", "y"], n=[1, 2]).join({"n": keys, "level": table["level"]}, on="n")
    assert with_number.orders["level"].to_list() == ["A", "B"]


def test_texts_with_decimals_match_the_numbers_that_they_are() -> None:
    """A column that was read as numbers in one table and as texts in the other still matches."""
    assert made(["1.0", "1.50"]).join({"order": [1.0, 1.5], "x": ["A", "B"]}).orders["x"].to_list() == ["A", "B"]
    assert made(["1.0"]).join({"order": ["1"], "x": ["A"]}).orders["x"].to_list() == [None]  # texts are texts


def test_rows_of_the_table_that_are_not_used_are_told() -> None:
    """Those that match no order, and those that have nothing to join on."""
    found = made(["1"]).join({"order": ["1", "9", None, " "], "x": [1, 2, 3, 4]})
    assert told(found) == {"log.join_rows_unused": 1, "log.join_rows_without_key": 2}


def test_promises_are_read_as_texts_too() -> None:
    """As `read_table` gives them: a day ends with itself, which is told; what cannot be read is an error."""
    found = made(["1", "2"]).join({"order": ["1", "2"], "promised_at": ["2026-01-05", " "]})
    assert found.orders["promised_at"].to_list() == [1767657599999999, None]
    assert told(found) == {"log.promises_are_days": 1}
    with pytest.raises(of.LogError) as caught:
        made(["1"]).join({"order": ["1", "2"], "promised_at": ["2026-01-05", "soon"]})
    assert (caught.value.problems[0].code, caught.value.problems[0].params["lines"]) == ("log.times_unreadable", [2])


@pytest.mark.parametrize(
    ("table", "on", "code"),
    [
        ({"order": ["1"], "x": [1]}, None, "log.unknown_join_on"),
        ({"order": ["1"], "x": [1]}, {}, "log.unknown_join_on"),
        ({"order": ["1"], "x": [1]}, {"order": None}, "log.unknown_join_on"),
        ({"order": ["1"], "x": [1]}, ["order", "y"], "log.unknown_join"),
        ({"order": ["1"], "x": [1, 2, 3]}, "order", "log.unreadable_frame"),
        (object(), "order", "log.unreadable_frame"),
        ({"order": ["1", "1"], "x": [1, 2]}, "order", "log.join_twice"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_what_to_do(table: Any, on: Any, code: str) -> None:
    """Never an error of polars or Python."""
    with pytest.raises(of.LogError) as caught:
        made(["1"]).join(table, on=on)
    assert caught.value.problems[0].code == code
    assert caught.value.problems[0].text("zh")


def test_a_lazy_frame_is_a_frame() -> None:
    """It is collected, as everywhere else."""
    assert made(["1"]).join(pl.LazyFrame({"order": [1], "x": ["A"]})).orders["x"].to_list() == ["A"]
