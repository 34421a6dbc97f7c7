"""What reading promises about values: ids and attributes keep every digit and byte, or it is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of

DAY = "2026-01-05"


class Driver:
    """A DB-API connection whose driver gives these rows, whatever is asked."""

    execute = None

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    def cursor(self) -> Any:
        """A cursor that has the rows."""
        rows = self.rows

        class Cursor:
            description = tuple((name,) for name in ("order_id", "stage", "at", "case:x"))

            def execute(self, _query: str) -> None:
                """Nothing is asked of it."""

            def fetchall(self) -> list[Any]:
                """All rows."""
                return rows

            def close(self) -> None:
                """Nothing is held."""

        return Cursor()


def found(*pairs: tuple[Any, Any], **options: Any) -> of.EventLog:
    """The log of a query that finds these ids and values of an attribute `x`."""
    return of.read_log(Driver([(order, "a", DAY, x) for order, x in pairs]), query="all", **options)


def lines(folder: Path, *texts: str, **options: Any) -> of.EventLog:
    """The log of these ids, as JSON stands for them, with more behind some of them."""
    path = folder / "log.jsonl"
    path.write_text("".join(f'{{"stage": "a", "at": "{DAY}", "order": {text}}}\n' for text in texts))
    return of.read_log(path, **options)


def ids_of(log: of.EventLog) -> list[str]:
    return log.orders["id"].to_list()


def told(log: of.EventLog) -> list[str]:
    assert all(item.text("zh") for item in log.assumptions)
    return [item.code for item in log.assumptions]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([Decimal("90071992547409931"), Decimal("90071992547409932")], ["90071992547409931", "90071992547409932"]),
        ([Decimal("12345678901234567890"), Decimal("2.00")], ["12345678901234567890", "2"]),
        ([Decimal("10.50"), Decimal("1E+5")], ["10.5", "100000"]),
        ([2**70, 5], [str(2**70), "5"]),
        ([2**200, 5], [str(2**200), "5"]),
        ([20260105000000001, 2.0], ["20260105000000001", "2"]),
        ([b"A-1", b"\xe5\x8d\x95"], ["A-1", "单"]),
    ],
)
def test_ids_from_a_database_keep_every_digit(given: list[Any], expected: list[str]) -> None:
    """Whatever kind a driver has for them: no two orders become one, and none loses its id."""
    assert ids_of(found(*((order, None) for order in given))) == expected


def test_ids_that_are_bytes_and_no_text_are_refused_with_their_rows() -> None:
    """Replaced characters would make two orders one; skipping leaves out those rows alone."""
    with pytest.raises(of.LogError) as caught:
        found((b"ok", 1), (b"\x80\x01", 1), (b"\x81\x01", 1))
    (problem,) = caught.value.problems
    assert (problem.code, problem.params["lines"]) == ("log.not_utf8", [2, 3])
    assert problem.text("zh")
    assert ids_of(found((b"ok", 1), (b"\x80\x01", 1), errors="skip")) == ["ok"]


def test_rows_that_are_mappings_are_read_by_name() -> None:
    """As drivers give them that were asked for dictionaries: never are names taken for values."""
    rows = [{"case:x": 1, "order_id": "A", "stage": "a", "at": DAY}]
    assert of.read_log(Driver(rows), query="all").orders.rows() == [(0, "A", 1)]


@pytest.mark.parametrize(
    ("given", "expected", "kind"),
    [
        ([Decimal("1.50"), None], [1.5, None], "Float64"),
        ([Decimal("12345678901234567.89"), Decimal("1.50")], ["12345678901234567.89", "1.50"], "String"),
        ([2**70, 7], [str(2**70), "7"], "String"),
        ([b"\xff", b"a"], ["ff", "61"], "String"),
    ],
)
def test_attributes_keep_every_digit_and_what_changes_is_told(given: list[Any], expected: list[Any], kind: str) -> None:
    """Numbers where numbers hold them, else texts; bytes that are no text by their digits."""
    log = found(*((str(n), value) for n, value in enumerate(given)))
    assert log.orders["x"].to_list() == expected
    assert [item.params["changes"] for item in log.assumptions if item.code == "log.kinds_read"] == [{"x": kind}]


def test_a_frame_reads_as_a_database_does() -> None:
    """Decimals and wide whole numbers of a typed table are read alike, as ids and as attributes."""
    frame = pl.DataFrame(
        {
            "order_id": pl.Series([2**70, 1], dtype=pl.Int128),
            "stage": "a",
            "at": DAY,
            "case:x": pl.Series([Decimal("12345678901234567.89"), Decimal(1)], dtype=pl.Decimal(20, 2)),
        }
    )
    log = of.read_log(frame)
    assert log.orders.rows()[0][1:] == (str(2**70), "12345678901234567.89")
    assert ids_of(of.read_log(frame.with_columns(order_id=pl.Series([1e20, 2.0])))) == ["100000000000000000000", "2"]


def test_whole_numbers_of_csv_beside_decimals_keep_their_digits(tmp_path: Path) -> None:
    """A float would change the longer ones, so such a column stays text; in shards too."""
    path = tmp_path / "log.csv"
    path.write_text(f"order_id,stage,at,case:x\n1,a,{DAY},123456789012345678\n2,a,{DAY},2.5\n")
    assert of.read_log(path).orders["x"].to_list() == ["123456789012345678", "2.5"]
    assert [x for log in of.read_shards(path, 1) for x in log.orders["x"]] == ["123456789012345678", "2.5"]


BIG = "12345678901234567890"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([BIG, "2"], [BIG, "2"]),
        ([f'{BIG}, "case:x": 1', '2, "case:x": {"a": 1}'], [BIG, "2"]),
        (["20260105000000001", "2.0"], ["20260105000000001", "2"]),
        (['"\\ud83d\\ude00"', '"\\\\ud83d"'], ["😀", "\\ud83d"]),
    ],
)
def test_ids_of_json_lines_keep_every_digit(tmp_path: Path, texts: list[str], expected: list[str]) -> None:
    """Whatever stands in other lines: an object, a decimal, or a line that is broken and skipped."""
    assert ids_of(lines(tmp_path, *texts)) == expected
    assert ids_of(lines(tmp_path, *texts, "{", errors="skip")) == expected


@pytest.mark.parametrize(
    "text",
    [
        '1, "order": 2',
        '1, "order": null',
        'null, "order": 1',
        '1, "x": {"a": 1, "a": 2}',
        '"\\ud83d"',
        '1, "\\ud83d": 1',
    ],
)
def test_json_lines_that_say_two_things_are_refused_with_their_line(tmp_path: Path, text: str) -> None:
    """A key twice, or half a character: programs read such lines differently."""
    with pytest.raises(of.LogError) as caught:
        lines(tmp_path, "1", text)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place and problem.place.line) == ("log.broken_json_lines", 2)
    assert ids_of(lines(tmp_path, "1", text, errors="skip")) == ["1"]


def test_objects_in_json_lines_stay_as_they_stand(tmp_path: Path) -> None:
    """No object gets the keys of those in other lines."""
    log = lines(tmp_path, '1, "case:x": {"a": 1}', '2, "case:x": {"b": 2}')
    assert log.orders["x"].to_list() == ['{"a": 1}', '{"b": 2}']


def test_dates_beyond_all_calendars_are_times_that_cannot_be_read() -> None:
    """As databases write "never": told with their row, whatever else polars would do."""
    far = pl.Series([date(2026, 1, 5)], dtype=pl.Date).cast(pl.Int32) + 10**8
    for times in (far.cast(pl.Date), pl.Series([9 * 10**18]).cast(pl.Datetime("ms"))):
        with pytest.raises(of.LogError) as caught:
            of.read_log({"order": ["1"], "stage": ["a"], "at": times})
        assert [problem.code for problem in caught.value.problems] == ["log.times_unreadable"]


@pytest.mark.parametrize("kind", [pl.Float64, pl.Decimal(20, 2), pl.Int128, pl.Binary])
def test_shards_have_the_ids_of_read_log_whatever_their_kind(tmp_path: Path, kind: Any) -> None:
    """And each order the row of its table, in the same shard."""
    numbers = pl.Series([str(n) for n in range(20)])
    ids = numbers.cast(pl.Binary) if kind == pl.Binary else numbers.cast(pl.Int64).cast(kind)
    path = tmp_path / "log.parquet"
    pl.DataFrame({"order_id": ids, "stage": "a", "at": DAY}).write_parquet(path)
    cases = {"order_id": numbers, "x": numbers}
    shards = list(of.read_shards(path, 4, cases=cases))
    pairs = sorted(pair for log in shards for pair in log.orders.select("id", "x").rows())
    assert pairs == sorted((n, n) for n in numbers)
    assert {name for log in shards for name in ids_of(log)} == set(ids_of(of.read_log(path)))


def test_shards_refuse_ids_that_are_bytes_and_no_text(tmp_path: Path) -> None:
    """With their rows, as `read_log` does."""
    path = tmp_path / "log.parquet"
    pl.DataFrame({"order_id": [b"ok", b"\x80"], "stage": "a", "at": DAY}).write_parquet(path)
    for read in (of.read_log, lambda path: list(of.read_shards(path, 3))):
        with pytest.raises(of.LogError) as caught:
            read(path)
        assert [(item.code, item.params["lines"]) for item in caught.value.problems] == [("log.not_utf8", [2])]


def test_a_query_that_sqlalchemy_made_is_run_as_it_is() -> None:
    """Beside texts, `sqlalchemy.text` and `select`."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        query = sqlalchemy.text(f"select 'A' as order_id, 'a' as stage, '{DAY}' as at")
        assert ids_of(of.read_log(connection, query=query)) == ["A"]
