"""Figures about what customers got and said against naive definitions in plain Python, on small logs."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.metrics import complaint_rate, error_rate, in_full, otif, satisfaction
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
Z = 1.959963984540054
ORDERS = ("SO-1", "订单-2", "3")
many = settings(max_examples=40, deadline=None)

hours = st.integers(0, 60).map(lambda number: number * HOUR)
events = st.lists(
    st.tuples(
        st.sampled_from(ORDERS), st.sampled_from(["a", "返工", "done"]), hours, st.sampled_from([None, "仓库", "Ops"])
    ),
    max_size=12,
)
said = st.lists(
    st.tuples(
        st.sampled_from((*ORDERS, "4")),
        hours,
        st.one_of(st.none(), st.integers(1, 5)),
        st.sampled_from(["csat", "NPS", "complaint", "Error"]),
    ),
    max_size=12,
)
moves = st.lists(
    st.tuples(
        st.sampled_from(ORDERS),
        st.sampled_from(["1", "2"]),
        st.sampled_from([None, 0.0, 0.1, 0.2, 0.3, -0.1]),
        st.one_of(st.none(), hours),
    ),
    max_size=12,
)
promises = st.dictionaries(st.sampled_from((*ORDERS, "4")), hours)


def log_of(events: list[Any], promised: dict[str, int] | None = None, **more: Any) -> EventLog:
    columns = [list(column) for column in zip(*events, strict=True)] if events else [[]] * 4
    table = dict(zip(("order", "stage", "at", "team"), columns, strict=True))
    orders = {"order": list(promised or {}), "promised_at": list((promised or {}).values())}
    return EventLog.from_columns(table, orders if promised is not None else None, done_stages=["done"], **more)


def table(rows: list[Any], *names: str) -> dict[str, Any]:
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * len(names)
    return dict(zip(names, columns, strict=True))


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


@many
@given(events, said, promises)
def test_satisfaction_is_csat_and_nps(events: list[Any], said: list[Any], promised: dict[str, int]) -> None:
    """Top two of five; promoters minus detractors; by the team of the last event before, and by lateness."""
    found: dict[Any, list[int]] = defaultdict(list)
    for order, at, score, kind in said:
        if score is None or kind.lower() not in ("csat", "nps"):
            continue
        past = sorted((event for event in events if event[0] == order), key=lambda event: event[2])
        before = [event for event in past if event[2] <= at]
        delivered = next((event[2] for event in past if event[1] == "done"), None)
        late = None
        if order in promised:
            late = "not delivered" if delivered is None else "late" if delivered > promised[order] else "in time"
        found[before[-1][3] if before else None, late, kind.lower()].append(score)
    log = log_of(events, promised, feedback=table(said, "order", "at", "score", "kind"))
    rows = satisfaction(log, by=["team", "lateness"]).to_dicts()
    keys = [(row["team"], row["lateness"], row["kind"]) for row in rows]
    assert keys == sorted(found, key=lambda key: [(item is None, item or "") for item in key])
    for row, key in zip(rows, keys, strict=True):
        scores, n = found[key], len(found[key])
        p = sum(score >= (4 if key[2] == "csat" else 9) for score in scores) / n
        q = sum(score <= (2 if key[2] == "csat" else 6) for score in scores) / n
        assert (row["n"], row["mean"]) == (n, near(sum(scores) / n))
        assert row["score"] == near(p if key[2] == "csat" else p - q)
        if key[2] == "nps":
            m = n + 3
            p, q = (p * n + 0.75) / m, (q * n + 0.75) / m
            width = Z * sqrt((p + q - (p - q) ** 2) / m)
            assert (row["low"], row["high"]) == (near(max(p - q - width, -1)), near(min(p - q + width, 1)))
            assert row["low"] < row["high"]


@many
@given(events, said)
def test_errors_and_complaints_are_stages_or_feedback_so_named(events: list[Any], said: list[Any]) -> None:
    """Orders with at least one of them, of all orders with events; several in one order each count as occurrences."""
    log = log_of(events, feedback=table(said, "order", "at", "score", "kind"))
    orders = {event[0] for event in events}
    stages = ["返工"] if any(event[1] == "返工" for event in events) else []
    wrong = [event[0] for event in events if event[1] in stages]
    for calculator, kind, found in (
        (error_rate, "Error", wrong + [row[0] for row in said if row[3] == "Error" and row[0] in orders]),
        (complaint_rate, "complaint", [row[0] for row in said if row[3] == "complaint" and row[0] in orders]),
    ):
        [row] = calculator(log, stages=stages if kind == "Error" else None).to_dicts()
        assert (row["orders"], row["affected"], row["occurrences"]) == (len(orders), len(set(found)), len(found))
        assert row["share"] == (near(len(set(found)) / len(orders)) if orders else None)


def naive_completion(moves: list[Any]) -> dict[str, tuple[bool, bool, int | None]]:
    """By order: whether it is complete, whether anything was delivered, and when the last line was complete."""
    lines: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for order, line, quantity, at in moves:
        lines[order][line].append((quantity or 0.0, at))
    found = {}
    for order, of in lines.items():
        full, some, instants = True, False, []
        for rows in of.values():
            so_far, reached = 0.0, []
            for quantity, at in sorted(rows, key=lambda row: (row[1] is None, row[1] or 0)):
                so_far += quantity
                some = some or so_far > 0
                if so_far >= 0.3 - 1e-9:
                    reached.append(at)
            full = full and bool(reached)
            instants += reached[:1]
        known = full and None not in instants
        found[order] = (full, some, max(instants) if known else None)
    return found


@many
@given(moves)
def test_in_full_is_that_every_line_was_once_delivered_completely(moves: list[Any]) -> None:
    """Every line here is ordered with 0.3, and delivered in parts; 0.1 + 0.2 is enough, in floats too."""
    rows = [(order, line, 0.3, quantity, at) for order, line, quantity, at in moves]
    log = log_of([], lines=table(rows, "order", "line", "ordered", "delivered", "at"))
    expected = naive_completion(moves).values()
    [found] = in_full(log).to_dicts()
    full = sum(item[0] for item in expected)
    partly = sum(item[1] and not item[0] for item in expected)
    assert (found["orders"], found["in_full"], found["partly"]) == (len(expected), full, partly)
    assert found["nothing"] == len(expected) - full - partly


@many
@given(events, moves, promises, st.one_of(st.none(), st.integers(0, 60)))
def test_otif_waits_for_the_promise(
    events: list[Any], moves: list[Any], promised: dict[str, int], as_of: int | None
) -> None:
    """Complete by the promise, late, short when the promise is past; what is still to come is pending."""
    rows = [(order, line, 0.3, quantity, at) for order, line, quantity, at in moves]
    log = log_of(events, promised, lines=table(rows, "order", "line", "ordered", "delivered", "at"))
    instants = [event[2] for event in events] + [move[3] for move in moves if move[3] is not None]
    now = max(instants, default=None) if as_of is None else as_of * HOUR
    found = dict.fromkeys(("otif", "late", "short", "pending"), 0)
    days = 0
    for order, (full, _some, at) in naive_completion(moves).items():
        if order not in promised:
            continue
        past = now is not None and promised[order] < now
        in_time = at is not None and at <= promised[order]
        found["otif" if in_time else "late" if full else "short" if past else "pending"] += 1
        days += at is not None and at // (24 * HOUR) <= promised[order] // (24 * HOUR)
    instant = None if as_of is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=as_of)
    [row] = otif(log, as_of=instant).to_dicts()
    assert {name: row[name] for name in found} == found
    n = found["otif"] + found["late"] + found["short"]
    assert (row["n"], row["share"]) == (n, near(found["otif"] / n) if n else None)
    assert row["by_day_share"] == (near(days / n) if n else None)


def test_scores_outside_of_their_range_are_refused() -> None:
    """A CSAT of 9 is no CSAT: the mistake is told, not averaged."""
    log = log_of([], feedback={"order": ["1"], "at": [0], "score": [9], "kind": ["csat"]})
    with pytest.raises(LogError) as caught:
        satisfaction(log)
    assert caught.value.problems[0].code == "log.score_out_of_range"


def test_quantities_of_one_line_do_not_fill_another() -> None:
    """Twice as much of the first line, and nothing of the second: partly."""
    lines = {"order": ["1", "1"], "line": ["a", "b"], "ordered": [1, 1], "delivered": [2, 0], "at": [0, None]}
    [row] = in_full(log_of([], lines=lines)).to_dicts()
    assert (row["in_full"], row["partly"]) == (0, 1)


def test_of_an_unknown_quantity_nothing_is_enough() -> None:
    """A line of which nobody knows how much was ordered is not in full: what is missing is no zero."""
    log = log_of(
        [("A", "done", 5, None), ("B", "done", 5, None)],
        lines={"order": ["A", "B"], "line": ["1", "1"], "ordered": [None, 2], "delivered": [3, 2], "at": [4, 4]},
    )
    [row] = in_full(log).to_dicts()
    assert (row["orders"], row["in_full"], row["partly"]) == (2, 1, 1)
