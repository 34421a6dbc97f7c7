"""What CSV and JSON lines promise about kinds: every kind of attribute is written, and others read the times."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of

WIDTHS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
DAY = datetime(2026, 1, 5, tzinfo=UTC)


def made(*times: datetime, **attributes: Any) -> of.EventLog:
    """A log with one order for each time, and these attributes."""
    ids = [str(n) for n in range(len(times))]
    events = {"order": ids, "stage": ["a"] * len(ids), "at": list(times)}
    return of.EventLog.from_columns(events, {"order": ids, **attributes}, tz="UTC")


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize("width", WIDTHS)
def test_whole_numbers_of_any_width_are_written(tmp_path: Path, ending: str, width: type[pl.DataType]) -> None:
    """As pandas, Spark and databases have them; they are read back as the same numbers."""
    log = made(DAY, DAY, DAY, x=pl.Series([1, 127, None], dtype=width))
    assert of.write_log(log, tmp_path / f"log.{ending}") == ()
    assert of.read_log(tmp_path / f"log.{ending}").orders["x"].to_list() == [1, 127, None]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pl.Series([2**64 - 1], dtype=pl.UInt64), "String", "18446744073709551615"),
        ([Decimal("1.50")], "Float64", 1.5),
        ([Decimal("12345678901234567.89")], "String", "12345678901234567.89"),
        ([time(8, 0, 0, 5)], "String", "08:00:00.000005"),
        ([timedelta(minutes=1)], "Float64", 60.0),
        ([DAY.replace(tzinfo=None, microsecond=5)], "String", "2026-01-05T00:00:00.000005"),
        (pl.Series(["a"], dtype=pl.Categorical), "String", "a"),
    ],
)
def test_kinds_that_change_are_told_and_keep_their_digits(
    tmp_path: Path, ending: str, values: Any, kind: str, expected: Any
) -> None:
    """What the result says is what reading finds."""
    told = of.write_log(made(DAY, x=values), tmp_path / f"log.{ending}")
    assert [item.params["changes"] for item in told] == [{"x": kind}]
    assert of.read_log(tmp_path / f"log.{ending}").orders["x"].to_list() == [expected]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_times_of_a_column_have_one_width(tmp_path: Path, ending: str) -> None:
    """Pandas takes the form of the first for all: so all have six decimals where one needs them, else none has."""
    fine = DAY.replace(microsecond=123_456)
    for times, expected in (((DAY, fine), {27}), ((DAY, DAY), {20})):
        path = tmp_path / f"log.{ending}"
        of.write_log(made(*times, m=list(times)), path)
        with path.open() as file:
            rows = list(csv.DictReader(file)) if ending == "csv" else [json.loads(line) for line in file]
        assert {len(row[name]) for row in rows for name in ("at", "case:m")} == expected
        assert of.read_log(path).events["at"].to_list() == made(*times).events["at"].to_list()
