"""Running totals equal the figures over all events so far, whatever comes, in whatever order; state is saved and read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.metrics import Running, running, segments
from orderflow.metrics.batches import join
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import report
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
ORDERS = [f"SO-{n}" for n in range(8)]
Row = tuple[str, str, int, str | None]

row = st.tuples(
    st.sampled_from(ORDERS),
    st.sampled_from(["placed", "审核", "a", "done", "done"]),
    st.integers(-2, 12).map(lambda n: n * HOUR),  # few instants: ties, and events before the first
    st.sampled_from([None, "", "张三", "bob"]),
)
batches = st.lists(st.lists(row, max_size=8), max_size=8)


def log_of(rows: list[Row], **more: Any) -> EventLog:
    order, stage, at, actor = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    return EventLog.from_columns({"order": order, "stage": stage, "at": at, "actor": actor}, **more)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments and the room for open orders are so small that a few events fill them."""
    monkeypatch.setattr(segments, "FULL", 6)
    monkeypatch.setattr(segments, "TOGETHER", 3)
    monkeypatch.setattr(running, "MOST_OPEN", 10)


@settings(max_examples=40, deadline=None)
@given(batches, st.sampled_from([None, {"done"}, {"done", "a"}]), st.booleans())
def test_running_equals_the_whole_after_every_batch(parts: list[list[Row]], done: set[str] | None, asked: bool) -> None:
    """The report equals that over all events in order of arrival: reopened orders, late events, ties, any batches."""
    totals = Running(done_stages=done)
    seen: list[Row] = []
    for rows in parts:
        totals.add(log_of(rows))
        seen += rows
        if asked:
            assert totals.report().to_dict() == report(log_of(seen, done_stages=done)).to_dict()
    assert totals.report().to_dict() == report(log_of(seen, done_stages=done)).to_dict()
    assert len(totals) == len(seen)
