"""What reading promises about what the caller said and what is left out: it has its effect, or it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

import orderflow as of

LONG = "order_id,stage,at\n1,a,2026-01-05\n"
WIDE = "order_id,a_at,b_at,region\n1,2026-01-05 08:00,2026-01-05 09:00,N\n2,2026-01-05 08:00,2026-01-05 09:00,S\n"


def read(folder: Path, content: str, **options: Any) -> of.EventLog:
    path = folder / "log.csv"
    path.write_text(content)
    return of.read_log(path, **options)


def wrong(folder: Path, content: str, **options: Any) -> list[tuple[str, int | None]]:
    """The code and line of each problem, which all have a text in both languages."""
    with pytest.raises(of.LogError) as caught:
        read(folder, content, **options)
    assert all(problem.text("en") and problem.text("zh") for problem in caught.value.problems)
    return [(problem.code, problem.place.line if problem.place else None) for problem in caught.value.problems]


def told(log: of.EventLog) -> list[str]:
    assert all(item.text("en") and item.text("zh") for item in log.assumptions)
    return [item.code for item in log.assumptions]


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        (LONG, {"attributes": ["zzz"]}, "log.attribute_not_found"),
        (LONG, {"attributes": "zzz"}, "log.attribute_not_found"),
        (WIDE, {"attributes": ["zzz"]}, "log.attribute_not_found"),
        (WIDE, {"started_at": "a_at"}, "log.not_in_wide"),
        (WIDE, {"stages": ["a_at"], "at": "b_at"}, "log.not_in_wide"),
        (LONG, {"lifecycle": "start"}, "log.no_lifecycle"),
        (LONG, {"query": "select 1"}, "log.without_meaning"),
        (LONG, {"object_type": "order"}, "log.without_meaning"),
        (LONG, {"errors": None}, "log.unknown_errors"),
        (LONG, {"tz": ZoneInfo("UTC")}, "log.unknown_zone"),
        (LONG, {"done_stages": [None]}, "log.not_names"),
        (LONG, {"stages": {"a": None}}, "log.not_names"),
        (LONG, {"encoding": "punycode"}, "log.unknown_encoding"),
        (LONG, {"encoding": "base64"}, "log.unknown_encoding"),
    ],
)
def test_what_has_no_effect_is_an_error(tmp_path: Path, content: str, options: dict[str, Any], code: str) -> None:
    """Names that are not there, options that mean nothing for the source, and what is no name."""
    assert [found for found, _line in wrong(tmp_path, content, **options)] == [code]


def test_one_name_is_a_list_of_one(tmp_path: Path) -> None:
    """Where several are meant, a lone text is not taken apart into letters."""
    assert read(tmp_path, WIDE, stages="a_at").stages == ("a",)
    assert read(tmp_path, LONG, attributes="stage").orders["stage"].to_list() == ["a"]
    path = tmp_path / "log.csv"
    assert [log.orders["stage"].to_list() for log in of.read_shards(path, 1, attributes="stage")] == [["a"]]


def test_columns_of_events_become_attributes_in_xes_too(tmp_path: Path) -> None:
    """Those that are named and that the traces do not have; what neither has is an error."""
    path = tmp_path / "log.xes"
    of.write_log(read(tmp_path, "order_id,stage,at,case:region\n1,a,2026-01-05,N\n"), path)
    path.write_text(path.read_text().replace("</event>", '<int key="cost" value="5"/></event>'))
    log = of.read_log(path, attributes=["cost", "region"])
    assert log.orders.select("region", "cost").rows() == [("N", "5")]
    with pytest.raises(of.LogError, match="'zzz'"):
        of.read_log(path, attributes=["zzz"])


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "xes", "json"])
def test_attributes_may_have_the_names_that_reading_uses(tmp_path: Path, ending: str) -> None:
    """`row` comes back as it was written, in every format."""
    log = read(tmp_path, "order_id,stage,at,case:row,case:order\n1,a,2026-01-05,7,8\n1,b,2026-01-06,9,8\n")
    assert log.orders.select("row", "cases.order").rows() == [(7, 8)]
    of.write_log(log, tmp_path / f"back.{ending}")
    assert of.read_log(tmp_path / f"back.{ending}").orders["row"].to_list() == [7]


def test_a_blank_value_is_no_known_one(tmp_path: Path) -> None:
    """The first known value of an order counts, of promises too; in shards as in `read_log`."""
    content = "order_id,stage,at,case:x,promised_at\n1,a,2026-01-01,  ,  \n1,b,2026-01-02,5,2026-01-09\n"
    logs = [read(tmp_path, content), *of.read_shards(tmp_path / "log.csv", 1)]
    assert [log.orders["x"].to_list() for log in logs] == [[5], [5]]
    assert [log.orders["promised_at"].null_count() for log in logs] == [0, 0]
    content = "order_id,stage,at,case:x\n1,a,2026-01-01,  \n1,b,2026-01-02,5\n2,a,2026-01-02,  \n"
    logs = [read(tmp_path, content), *of.read_shards(tmp_path / "log.csv", 1)]
    assert [log.orders["x"].to_list() for log in logs] == [["5", "  "]] * 2  # an order that has nothing else keeps it


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}], [1.0, float("nan")], ["x", "y"]])
def test_what_varies_within_an_order_is_told_for_every_kind(values: list[Any]) -> None:
    """Lists, structures and numbers beside NaN too."""
    log = of.read_log({"order": ["1", "1"], "stage": ["a", "b"], "at": ["2026-01-05"] * 2, "case:x": values})
    assert "log.attributes_vary" in told(log)


def test_a_promise_that_cannot_be_read_costs_the_order_nothing_else(tmp_path: Path) -> None:
    """When wrong rows are skipped, the promise alone is not known, which is told."""
    content = "order_id,stage,at,case:x,promised_at\n1,a,2026-01-01,5,soon\n2,a,2026-01-01,6,2026-01-09\n"
    assert wrong(tmp_path, content) == [("log.times_unreadable", 2)]
    log = read(tmp_path, content, errors="skip")
    assert log.orders["x"].to_list() == [5, 6]
    assert log.orders["promised_at"].null_count() == 1
    assert "log.promises_not_known" in told(log)
    assert "log.rows_skipped" not in told(log)


def test_orders_that_the_life_cycle_leaves_out_whole_are_told(tmp_path: Path) -> None:
    """In shards too; blanks around a transition do not matter."""
    content = "order_id,stage,at,lifecycle:transition\n1,a,2026-01-01,start\n2,a,2026-01-01, Complete \n"
    for log in (read(tmp_path, content), *of.read_shards(tmp_path / "log.csv", 1)):
        assert log.orders["id"].to_list() == ["2"]
        assert [item.params["count"] for item in log.assumptions if item.code == "log.lifecycle_orders_gone"] == [1]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["1,2026-01-05 08:00,2026-01-05 09:00"] * 2, [("log.orders_repeated", 2)]),
        (["1,2026-01-05 08:00,2026-01-05 09:00", "2,soon,2026-01-05 09:00"], [("log.times_unreadable", 3)]),
        (["1,46027.4,46027.5"], [("log.times_are_numbers", 2), ("log.times_are_numbers", 2)]),
    ],
)
def test_a_wide_table_with_a_wrong_row_is_told_what_is_wrong(
    tmp_path: Path, rows: list[str], expected: list[tuple[str, int]]
) -> None:
    """With its line: never that no column looks like the stage."""
    assert wrong(tmp_path, "\n".join(["order_id,placed_at,paid_at", *rows]) + "\n")[: len(expected)] == expected


def test_a_wide_table_keeps_the_good_row_of_an_order(tmp_path: Path) -> None:
    """A row that is left out does not make the next one of its order a repetition."""
    content = "order_id,a_at,b_at\n1,soon,2026-01-05 09:00\n1,2026-01-05 08:00,2026-01-05 09:00\n"
    log = read(tmp_path, content, stages=["a_at", "b_at"], errors="skip")
    assert (len(log), "log.rows_skipped" in told(log)) == (2, True)


@pytest.mark.parametrize("options", [{}, {"stages": ["a_at"]}])
def test_a_stage_cannot_have_two_columns(tmp_path: Path, options: dict[str, Any]) -> None:
    """A header that occurs again is an error, as in a table with one row per event."""
    content = "order_id,a_at,a_at\n1,2026-01-05 08:00,2026-01-05 09:00\n"
    assert wrong(tmp_path, content, **options) == [("log.column_twice", 1)]


def test_an_activity_with_its_timestamp_is_an_event(tmp_path: Path) -> None:
    """However many further times stand beside it, and also where each order has one event."""
    rows = "1,x,2026-01-05 08:00,2026-01-05,2026-01-06\n2,x,2026-01-05 08:00,2026-01-05,2026-01-06\n"
    assert read(tmp_path, "order_id,activity,timestamp,extra_date,more_date\n" + rows).stages == ("x",)


@pytest.mark.parametrize(
    ("act", "shown"),
    [
        (lambda log: of.write_log(log, "log.csv", names=None), "not None"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda log: log.since(None), "None is not a date"),
        (lambda log: log.by(None), "no attribute None"),
    ],
)
def test_none_is_told_as_none(act: Any, shown: str) -> None:
    """An error about None has a text in both languages."""
    with pytest.raises(of.LogError, match=shown) as caught:
        act(of.read_log({"order": ["1"], "stage": ["a"], "at": ["2026-01-05"]}))
    assert "None" in caught.value.problems[0].text("zh")


def test_kinds_that_are_no_names_are_told_as_such() -> None:
    """Objects and durations as ids; as attributes, objects are texts."""
    day = ["2026-01-05"]
    for ids in (pl.Series([object()], dtype=pl.Object), pl.Series([5], dtype=pl.Duration("us"))):
        with pytest.raises(of.LogError, match="not a name"):
            of.read_log({"order": ids, "stage": ["a"], "at": day})
    log = of.read_log({"order": ["1"], "stage": ["a"], "at": day, "case:o": pl.Series([Path("x")], dtype=pl.Object)})
    assert log.orders["o"].to_list() == ["x"]


def test_rows_with_too_many_fields_hide_no_other_problem(tmp_path: Path) -> None:
    """All that is wrong is told at once; in shards too, and of JSON lines."""
    content = f"{LONG}2,a,2026-01-05,x\n3,a,soon\n,a,2026-01-05\n"
    expected = [("log.long_rows", 3), ("log.missing_in_rows", 5), ("log.times_unreadable", 4)]
    assert wrong(tmp_path, content) == expected
    with pytest.raises(of.LogError) as caught:
        list(of.read_shards(tmp_path / "log.csv", 2))
    assert sorted(problem.code for problem in caught.value.problems) == sorted(code for code, _line in expected)
    path = tmp_path / "log.jsonl"
    path.write_text('{\n{"order": 1, "stage": "a", "at": "soon"}\n')
    with pytest.raises(of.LogError) as caught:
        of.read_log(path)
    assert [problem.code for problem in caught.value.problems] == ["log.broken_json_lines", "log.times_unreadable"]
    with pytest.raises(of.LogError):
        of.read_table(path)
