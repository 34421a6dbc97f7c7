"""Intervals and comparisons: against published numbers, by hand, and the same for the same seed."""

from __future__ import annotations

import sys
from typing import Any

import polars as pl
import pytest

import orderflow as of
from orderflow.metrics.compare import newcombe, resampled
from orderflow.metrics.shares import share, wilson
from orderflow.model.errors import LogError

HOUR = 3_600_000_000


def log_of(waits: list[float], *, late: int = 0, prefix: str = "") -> of.EventLog:
    """Orders that are placed and done after so many hours; the first `late` of them break their promise."""
    ids = [f"{prefix}{n}" for n in range(len(waits))]
    ends = [int(wait * HOUR) for wait in waits]
    events = {"order": ids * 2, "stage": ["placed"] * len(ids) + ["done"] * len(ids), "at": [0] * len(ids) + ends}
    promised = [end - (n < late) for n, end in enumerate(ends)]
    return of.EventLog.from_columns(events, {"order": ids, "promised_at": promised}, done_stages=["done"])


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998, table I,
    # method 3 (score, without continuity correction)
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_as_published(part: int, whole: int, low: float, high: float) -> None:
    """For numbers and for columns."""
    row = pl.DataFrame({"k": [part], "n": [whole]}).select(share("k", "n")).row(0)
    assert (round(row[1], 4), round(row[2], 4)) == (low, high)
    assert wilson(part, whole) == pytest.approx(row)


@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    # Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17, 1998,
    # table II, method 10 (score, without continuity correction)
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_newcombe_is_as_published(a: int, m: int, b: int, n: int, low: float, high: float) -> None:
    """The difference of two shares, later minus earlier."""
    found = newcombe(b, n, a, m)
    assert found["difference"] == pytest.approx(a / m - b / n)
    assert (round(found["low"] or 0, 4), round(found["high"] or 0, 4)) == (low, high)


def test_the_same_seed_gives_the_same_interval() -> None:
    """And another seed another one, near it; the order in which orders come changes nothing."""
    before, after = log_of([n**1.5 for n in range(40)]), log_of([n**1.6 for n in range(40)])
    first = of.compare(before, after, seed=7).times
    assert first == of.compare(before, after, seed=7).times
    assert first != of.compare(before, after, seed=8).times
    assert first == of.compare(log_of([n**1.5 for n in reversed(range(40))]), after, seed=7).times


def test_a_clear_difference_is_outside_of_chance_and_none_is_not() -> None:
    """Median, share on time, and intervals that hold or leave out 0; durations as timedeltas in Python."""
    before = log_of([float(n) for n in range(10, 60)], late=40)
    after = log_of([float(n) for n in range(110, 160)], late=5)
    found = of.compare(before, after)
    [lead, stage] = found.times.to_dicts()
    assert (lead["figure"], stage["stage"]) == ("lead_time", "placed")
    assert (lead["before"], lead["after"], lead["difference"]) == (34.5 * 3600, 134.5 * 3600, 100 * 3600)
    assert 85 * 3600 < lead["low"] < lead["difference"] < lead["high"] < 115 * 3600
    shares = {row["figure"]: row for row in found.shares.to_dicts()}
    assert (shares["on_time"]["before"], shares["on_time"]["after"]) == (0.2, 0.9)
    assert shares["on_time"]["low"] > 0
    assert shares["rework"]["low"] < 0 < shares["rework"]["high"]
    [same, _stage] = of.compare(before, before, seed=3).times.to_dicts()
    assert same["low"] < 0 < same["high"]


def test_parts_of_a_comparison_merge() -> None:
    """Summaries of shards, merged, compare as the whole does."""

    module: Any = sys.modules["orderflow.metrics.compare"]
    one, other, after = log_of([1, 2, 3]), log_of([4, 5, 6, 7], late=2, prefix="x"), log_of([3, 4, 5], prefix="y")
    events = {name: pl.concat([one.to_polars(), other.to_polars()])[name] for name in ("order", "stage", "at")}
    promised = [log.orders.select("id", "promised_at") for log in (one, other)]
    orders = pl.concat(promised).rename({"id": "order"}).to_dict()
    whole = of.EventLog.from_columns(events, orders, done_stages=["done"])
    merged = module.merge(module.summarise(other), module.summarise(one))
    found = module.result(merged, module.summarise(after), seed=1)
    expected = of.compare(whole, after, seed=1)
    assert found.times == expected.times
    assert found.shares == expected.shares


def test_medians_of_many_values_are_drawn_by_rank() -> None:
    """Just below and above the number from which ranks are drawn, the intervals are the same up to chance."""
    spreads = []
    for n in (1999, 2000):
        drawn = resampled(pl.Series(range(n), dtype=pl.Int64), 1, 1000)
        spreads.append((drawn.quantile(0.025), drawn.quantile(0.975)))
    for one, other in zip(*spreads, strict=True):
        assert abs(one - other) < 12  # the standard error of such a quantile is about 2 ranks


def test_nothing_is_compared_with_nothing() -> None:
    """Logs without orders give rows without a difference."""
    empty = of.EventLog.from_columns({"order": [], "stage": [], "at": []}, done_stages=["done"])
    [row] = of.compare(empty, log_of([1])).times.to_dicts()
    assert (row["n_before"], row["after"], row["difference"], row["low"]) == (0, 3600.0, None, None)


def test_logs_that_know_different_things_are_not_compared() -> None:
    """Lead times of done orders beside those of all would be no comparison; promises that nobody knows have no row."""
    columns = {"order": ["a", "a"], "stage": ["x", "y"], "at": [0, 5]}
    plain, ended = of.EventLog.from_columns(columns), of.EventLog.from_columns(columns, done_stages=["y"])
    with pytest.raises(LogError) as caught:
        of.compare(plain, ended)
    assert caught.value.problems[0].code == "log.ends_known_once"
    assert [row["figure"] for row in of.compare(plain, plain).shares] == ["rework"]
    assert len(of.compare(plain, ended, done_stages=["y"]).times) == 2
