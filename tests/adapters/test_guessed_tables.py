"""What is guessed of a table, and told: its separator, its encoding, which column is what, and what looks odd in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.columns import separator

DAY = "2026-01-05 08:00:00"


def read(folder: Path, content: str | bytes, **options: Any) -> of.EventLog:
    path = folder / "log.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return of.read_log(path, **options)


def told(log: of.EventLog) -> dict[str, Any]:
    assert all(item.text("en") and item.text("zh") for item in log.assumptions)
    return {item.code: item.params for item in log.assumptions}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a\t,b\t,c\t\n1\t,2\t,3\t\n", ","),
        ("a\t,b\t,c\t,d\t\n1\t,2\t,3\t,\t\n", ","),
        ("a;b;c\n1,5;2,5;3\n1;2,5;3,5\n", ";"),
        ("a, with more;b\n1;2\n3;4\n", ";"),
        ("a|b|c\n1|x,y|2\n", "|"),
        ("a,b\n1,x|y|z\n", ","),
        ("a\tb\n1,5\t2\n", "\t"),
        ('"a;b;c;d",e\n1,2\n', ","),
        ("a\n1\n", ","),
        ("", ","),
    ],
)
def test_the_separator_is_the_one_that_all_rows_have(content: str, expected: str) -> None:
    """Not the one that is most frequent in the header: some programs put a tab behind each field."""
    assert separator(content.encode()) == expected


def test_an_export_with_tabs_behind_its_fields_is_read(tmp_path: Path) -> None:
    """As shops on Taobao and JD get them, one row per order; ids that have them are told."""
    content = f"订单号\t,下单时间\t,付款确认时间\t,出库时间\t\n1\t,{DAY}\t,{DAY}\t,{DAY}\t\n2\t,{DAY}\t,{DAY}\t,\t\n"
    log = read(tmp_path, content)
    assert (len(log), log.stages) == (5, ("下单", "付款确认", "出库"))
    assert told(log)["log.blanks_around"]["values"] == ["'1\\t'", "'2\\t'"]


def test_ids_with_blanks_around_them_are_told(tmp_path: Path) -> None:
    """They stay other orders than those without, since nobody knows; in shards too."""
    log = read(tmp_path, f"order_id,stage,at\n1,a,{DAY}\n 1,a,{DAY}\n1 ,a,{DAY}\n")
    assert told(log)["log.blanks_around"]["count"] == 2
    (shard,) = of.read_shards(tmp_path / "log.csv", 1)
    assert told(shard)["log.blanks_around"]["count"] == 2


def test_chinese_headers_decide_for_gb18030_where_the_bytes_are_utf8_too(tmp_path: Path) -> None:
    """`状态` in GB18030 happens to be valid UTF-8, of letters that nobody has in a header."""
    log = read(tmp_path, f"order_id,状态,at\n1,x,{DAY}\n".encode("gb18030"))
    assert (log.stages, told(log)["log.guessed_encoding"]["encoding"]) == (("x",), "GB18030")
    latin = read(tmp_path, f"order_id,status,at,größe\n1,x,{DAY},5\n")
    assert "log.guessed_encoding" not in told(latin)


def test_western_letters_within_words_are_not_chinese(tmp_path: Path) -> None:
    """`größe` in Latin-1 is refused, and not read as two letters, a Chinese character and one more."""
    with pytest.raises(of.LogError, match="not utf-8"):
        read(tmp_path, f"order_id,status,at,größe\n1,x,{DAY},5\n".encode("latin-1"))


def test_a_byte_order_mark_wins_over_a_name(tmp_path: Path) -> None:
    """And that is told; in shards too."""
    content = f"order_id,stage,at\n1,下单,{DAY}\n".encode("utf-8-sig")
    (shard,) = of.read_shards(_written(tmp_path, content), 1, encoding="gbk")
    for log in (read(tmp_path, content, encoding="gbk"), shard):
        assert (log.stages, told(log)["log.guessed_encoding"]["encoding"]) == (("下单",), "UTF-8")
    assert "log.guessed_encoding" not in told(read(tmp_path, content, encoding="utf-8"))


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "shards.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "header",
    [
        "单据编号,单据状态,变更时间",
        "单据号,变更后状态,操作时间",
        "流程实例ID,任务名称,结束时间",
        "_CASE_KEY,ACTIVITY_EN,EVENTTIME",
        "Case ID,Activity,Complete Timestamp",
        "case concept:name,event concept:name,event time:timestamp",
        "VBELN,STATUS,CHANGED_AT",
        "OpportunityId,StageName,CreatedDate",
        "PROC_INST_ID_,ACT_NAME_,END_TIME_",
    ],
)
def test_headers_of_common_systems_are_recognised(tmp_path: Path, header: str) -> None:
    """Kingdee and Yonyou, workflow engines, Celonis, Disco, the BPI Challenge, SAP, Salesforce, Camunda."""
    log = read(tmp_path, f"{header}\n1,a,{DAY}\n1,b,{DAY}\n")
    assert log.to_polars().select("order", "stage").rows() == [("1", "a"), ("1", "b")]


def test_an_activity_is_preferred_to_a_status(tmp_path: Path) -> None:
    """A log with both has one row for each activity."""
    assert read(tmp_path, f"order_id,status,activity,at\n1,open,paid,{DAY}\n").stages == ("paid",)
    assert read(tmp_path, f"订单号,状态,活动,时间\n1,open,paid,{DAY}\n").stages == ("paid",)


@pytest.mark.parametrize(
    ("values", "looks"),
    [
        (["1.234,50", "10"], True),
        (["1,234.50", "12"], True),
        (["12,5"], True),
        (["12.5"], False),
        (["1,2,3"], False),
        (["1,5", "x"], False),
    ],
)
def test_numbers_with_commas_are_told(tmp_path: Path, values: list[str], looks: bool) -> None:
    """They stay texts, whether the comma stands before the decimals or between thousands."""
    rows = "".join(f'{n},a,{DAY},"{value}"\n' for n, value in enumerate(values))
    assert ("log.numbers_with_commas" in told(read(tmp_path, "order_id,stage,at,case:x\n" + rows))) == looks


def test_repeated_columns_are_called_alike_however_they_are_read(tmp_path: Path) -> None:
    """By polars or, where rows are wrong, by the standard library."""
    content = f"order_id,stage,at,x,x,y,x\n1,a,{DAY},1,2,3,4\n"
    unused = told(read(tmp_path, content))["log.unused_columns"]["columns"]
    slow = read(tmp_path, content + "1,a,x,x,x,x,x,x,x\n", errors="skip")
    assert told(slow)["log.unused_columns"]["columns"] == unused == ["x", "x_duplicated_0", "y", "x_duplicated_1"]


def test_shards_say_that_they_read_one_row_per_event(tmp_path: Path) -> None:
    """Where no column looks like the stage, since `read_log` may read the same file."""
    path = _written(tmp_path, f"order_id,a_at,b_at\n1,{DAY},{DAY}\n".encode())
    with pytest.raises(of.LogError) as caught:
        list(of.read_shards(path))
    assert "log.wide_in_parts" in [problem.code for problem in caught.value.problems]
