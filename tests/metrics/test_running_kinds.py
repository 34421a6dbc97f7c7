"""What running totals take: frames, columns of any kind with one text for each value, and nothing that spoils them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of
from orderflow.metrics import EventLog, Running
from orderflow.metrics.batches import join
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
NAIVE = datetime(2026, 1, 1, 7)  # noqa: DTZ001 - attributes may be naive, and are then another kind


def log_of(values: Any, name: str) -> EventLog:
    """One order for each value of the attribute `x`."""
    ids = [f"{name}{n}" for n in range(len(values))]
    return EventLog.from_columns(
        {"order": ids, "stage": ["new"] * len(ids), "at": [HOUR] * len(ids)}, {"order": ids, "x": values}
    )


MIXED: dict[str, list[Any]] = {
    "day, then instant": [[date(2026, 1, 1)], [datetime(2026, 1, 1, tzinfo=UTC)]],
    "naive, then aware": [[NAIVE], [NAIVE.replace(tzinfo=UTC)]],
    "text, then instant": [["x"], [datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))]],
    "milliseconds": [pl.Series([NAIVE], dtype=pl.Datetime("ms")), ["x"]],
    "yes, then number": [[True, False], [1, 2], [0.5]],
    "decimals": [[Decimal("1.50")], [2], ["2"]],
    "whole, broken, text": [[1, 2**60 + 1], [2.5, 1.0], ["1"]],
    "large, then text": [[1e300, 1e15, 0.1], ["x"]],
    "time of day": [[time(1, 2)], ["x"]],
}


@pytest.mark.parametrize("kind", MIXED)
def test_a_value_has_one_text_wherever_its_order_is(kind: str) -> None:
    """Open, at rest, or opened again: groups by an attribute of mixed kinds are those of the joined batches."""
    logs = [log_of(values, f"{n}-") for n, values in enumerate(MIXED[kind])]
    expected = of.metrics.lead_time(join(logs), by="x").to_dicts()
    for closed in ("new", "never"):
        for again in (False, True):
            totals = Running(closed_stages=closed)
            for log in logs:
                totals.add(log)
            if again:
                totals.replace(totals.log())
            assert totals.result("lead_time", by="x").to_dicts() == expected


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ([["a", "b"]], ["z"], "log.cannot_mix"),
        (["z"], [["a", "b"]], "log.cannot_mix"),
        ([["a"]], [[1]], "log.cannot_mix"),
        ([{"a": 1}], [{"b": 1}], "log.cannot_mix"),
        ([b"\xff"], ["z"], "log.cannot_mix"),
        ([timedelta(1)], ["z"], "log.cannot_mix"),
        ([1], [2**63 + 1], "log.cannot_widen"),
        ([1], pl.Series([object()], dtype=pl.Object), "log.cannot_keep"),
    ],
)
def test_a_batch_that_could_never_be_counted_is_refused(first: Any, second: Any, code: str) -> None:
    """Nothing has changed then: figures and later batches go on as before."""
    for closed in ("new", "never"):
        totals = Running(closed_stages=closed)
        totals.add(log_of(first, "a"))
        with pytest.raises(LogError) as caught:
            totals.add(log_of(second, "b"), key="k")
        (found,) = caught.value.problems
        assert found.code == code
        assert found.text("en") != found.text("zh")
        assert totals.add(log_of(first, "c"), key="k")
        assert len(totals.log()) == totals.report().overview.events == 2


def test_any_frame_is_a_batch_and_a_path_is_told() -> None:
    """Columns, a polars frame, whatever speaks Arrow; a path gets the call that reads it."""
    columns = {"order": ["a", "b"], "stage": ["new", "new"], "at": [0, HOUR]}

    class Foreign:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return pl.DataFrame(columns).__arrow_c_stream__(requested_schema)

    found = [Running(), Running(), Running()]
    for totals, batch in zip(found, (columns, pl.DataFrame(columns), Foreign()), strict=True):
        assert totals.add(batch, key="k")
        assert not totals.add(columns, key="k")
        assert totals.report().to_dict() == found[0].report().to_dict()
    for slip in ("log.csv", Path("log.csv"), [1, 2], None):
        with pytest.raises(LogError, match="read_log"):
            Running().add(slip)
