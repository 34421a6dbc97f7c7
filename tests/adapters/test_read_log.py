"""What reading a history from CSV promises: guesses that are told, nothing lost, and errors that help."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.adapters.tables import read_log
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError, MissingExtraError

PLAIN = "order_id,stage,at,actor\nA,placed,2026-01-05T08:00:00Z,ann\nA,shipped,2026-01-06T08:00:00Z,\n"


def write(folder: Path, content: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes, cases: str | None = None, **options: Any) -> EventLog:
    second = None if cases is None else write(folder, cases, "cases.csv")
    return read_log(write(folder, content), cases=second, **options)


def rows(log: EventLog) -> list[tuple[Any, ...]]:
    return [(order, stage, f"{at:%m-%d %H:%M}", actor) for order, stage, at, actor in log.to_polars().rows()]


def problems(
    folder: Path, content: str | bytes, cases: str | None = None, **options: Any
) -> list[tuple[str, int | None]]:
    """The code and line of each problem, which all have a text in both languages."""
    with pytest.raises(LogError) as caught:
        read(folder, content, cases, **options)
    found = caught.value.problems
    assert all(problem.text("en") and problem.text("zh") for problem in found)
    return [(problem.code, problem.place.line if problem.place else None) for problem in found]


def codes(log: EventLog) -> list[str]:
    assert all(item.text("en") and item.text("zh") for item in log.assumptions)
    return [item.code for item in log.assumptions]


@pytest.mark.parametrize(
    "header",
    [
        "case:concept:name,concept:name,time:timestamp,org:resource",
        "order_id,status,timestamp,user",
        "订单号,状态,时间,操作人",
        "Order ID,STATUS, Time Stamp ,User",
        "CaseID,Activity,time:timestamp,Resource",
        "order no,Stage,AT,Actor",
    ],
)
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_columns_and_separators_are_guessed_and_told(tmp_path: Path, header: str, between: str) -> None:
    """English, XES and Chinese names, whatever their case, blanks and underscores."""
    content = f"{header}\nA,placed,2026-01-05 08:00:00,ann\n".replace(",", between)
    log = read(tmp_path, content)
    assert rows(log) == [("A", "placed", "01-05 08:00", "ann")]
    assert "log.guessed_columns" in codes(log)
    assert ("log.guessed_separator" in codes(log)) == (between != ",")


def test_named_columns_are_no_guess(tmp_path: Path) -> None:
    """Names win over guesses, and columns that were not used are told."""
    content = "order_id,status,time,ref\nA,placed,2026-01-05T08:00:00Z,R1\n"
    log = read(tmp_path, content, order_id="ref", stage="status", at="time", tz="UTC")
    assert rows(log) == [("R1", "placed", "01-05 08:00", None)]
    assert codes(log) == ["log.no_actor_column", "log.unused_columns"]
    assert "order_id" in log.assumptions[1].text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_chinese_files_are_read_in_their_usual_encodings(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without a mark, GB18030, and what Excel calls Unicode; named or recognised."""
    text = "订单号,状态,时间,操作人\nSO-1,下单,2026-01-05 08:00:00,张三\nSO-1,审核,2026-01-05 09:00:00,李四\n"
    expected = [("SO-1", "下单", "01-05 08:00", "张三"), ("SO-1", "审核", "01-05 09:00", "李四")]
    assert rows(read(tmp_path, text.encode(encoding))) == expected
    assert rows(read(tmp_path, text.encode(encoding), encoding=encoding)) == expected


def test_western_bytes_are_never_taken_for_chinese(tmp_path: Path) -> None:
    """A cp1252 file is refused with the line and what to pass, and read when told."""
    content = "order_id,status,time\nA,placed,2026-01-05\nB,Zürich geprüft,2026-01-05\n".encode("cp1252")
    assert problems(tmp_path, content) == [("log.wrong_encoding", 3)]
    assert problems(tmp_path, content, encoding="klingon") == [("log.unknown_encoding", None)]
    assert read(tmp_path, content, encoding="cp1252").stages == ("placed", "Zürich geprüft")


def test_times_without_an_offset_are_local_in_the_zone(tmp_path: Path) -> None:
    """In `tz` when given; otherwise UTC, which is told; an offset always wins."""
    content = "order_id,status,time\nA,x,2026-01-05 08:00:00\nA,y,2026-01-05T08:00:00Z\n"
    assert [row[2] for row in rows(read(tmp_path, content))] == ["01-05 08:00", "01-05 08:00"]
    assert "log.assumed_zone" in codes(read(tmp_path, content))
    shanghai = read(tmp_path, content, tz="Asia/Shanghai")
    assert [(row[1], row[2]) for row in rows(shanghai)] == [("x", "01-05 00:00"), ("y", "01-05 08:00")]
    assert "log.assumed_zone" not in codes(shanghai)
    assert "log.assumed_zone" not in codes(read(tmp_path, PLAIN))


def test_a_change_to_summer_time_is_told(tmp_path: Path) -> None:
    """Times in the gap and times that happen twice are counted in the assumptions."""
    content = "order_id,status,time\nA,x,2026-03-29 02:30:00\nA,y,2026-10-25 02:30:00\n"
    log = read(tmp_path, content, tz="Europe/Berlin")
    assert {"log.times_in_gap", "log.times_repeated"} <= set(codes(log))


def test_events_that_share_a_time_keep_the_order_of_the_file(tmp_path: Path) -> None:
    """Also when the orders are mixed in the file and their names sort the other way."""
    lines = [f"{order},{stage},2026-01-05" for stage in "zxy" for order in "BA"]
    log = read(tmp_path, "order_id,status,date\n" + "\n".join(lines))
    assert [row[:2] for row in rows(log)] == [("B", "z"), ("B", "x"), ("B", "y"), ("A", "z"), ("A", "x"), ("A", "y")]


def test_ids_and_stages_stay_texts_as_they_are(tmp_path: Path) -> None:
    """Leading zeros, quotes, line feeds and separators inside quotes, an id that looks like a number."""
    content = 'order_id,status,time\n007,"a ""b"", c",2026-01-05\n7,"two\nlines",2026-01-05\n1e3,x,2026-01-05\n'
    assert [row[:2] for row in rows(read(tmp_path, content))] == [
        ("007", 'a "b", c'),
        ("7", "two\nlines"),
        ("1e3", "x"),
    ]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)] * 3))
)
def test_every_text_that_csv_can_hold_comes_back(tmp_path_factory: Any, texts: list[tuple[str, str, str]]) -> None:
    """What Python's csv module writes is read unchanged, nothing lost."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["order_id", "stage", "at", "actor"])
    writer.writerow(["first", "first", "2026-01-05", "first"])
    writer.writerows([order, stage, "2026-01-05", actor] for order, stage, actor in texts)
    log = read(tmp_path_factory.mktemp("csv"), out.getvalue())
    found = sorted((row[0], row[1], row[3]) for row in rows(log))
    assert found == sorted([("first", "first", "first"), *texts])


def test_problems_come_all_at_once_with_their_lines(tmp_path: Path) -> None:
    """Missing ids and stages, ambiguous and unreadable times; lines are counted over quoted line feeds."""
    content = 'order_id,status,time\nA,x,01/02/2026\n"B\n2",,2026-02-30\n\n ,y,soon\n'
    assert problems(tmp_path, content) == [
        ("log.missing_in_rows", 6),
        ("log.missing_in_rows", 3),
        ("log.times_ambiguous", 2),
        ("log.times_unreadable", 3),
    ]
    with pytest.raises(LogError, match=r"2 time\(s\) .* line\(s\) 3, 6: '2026-02-30', 'soon'"):
        read(tmp_path, content)
    with pytest.raises(LogError, match=r"1 row\(s\) have no time \(column 'time'\), first in line\(s\) 3"):
        read(tmp_path, "order_id,status,time\nA,x,2026-01-05\nA,y,\n")
    told = "order_id,status,time\nA,x,01/02/2026\n"
    assert [row[2] for row in rows(read(tmp_path, told, time_format="%d/%m/%Y"))] == ["02-01 00:00"]
    assert problems(tmp_path, told, time_format="%d.%m.%Y") == [("log.times_do_not_fit", 2)]
    for form in ("%Q", "%d", "%H:%M", "%Y-%m-%d %H", "%d/%m/%Y %H:%M %Z"):
        assert problems(tmp_path, told, time_format=form) == [("log.unknown_time_format", None)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [("log.no_rows", None)]),
        ("order_id,status,time\n", [("log.no_rows", None)]),
        ("order_id,status,time\n\n,,\n", [("log.no_rows", None)]),
        ("a,b\n1,2\n", [("log.column_not_guessed", 1)] * 3),
        ("order_id,status\nA,x\n", [("log.column_not_guessed", 1)]),
        ("order_id,order_id,status,time\nA,B,x,2026-01-05\n", [("log.column_twice", 1)]),
        ("order_id,status,time\nA,x,2026-01-05\nB,y,2026-01-05,z\n", [("log.long_rows", 3)]),
        ('order_id,status,time\nA,"x,2026-01-05\nB,y,2026-01-05\n', [("log.broken_csv", 2)]),
        (b"PK\x03\x04 and so on", [("log.not_csv", None)]),
        (b"order_id,status,time\nA,\xff,2026-01-05\n", [("log.wrong_encoding", 2)]),
    ],
)
def test_files_that_are_no_history_are_refused(tmp_path: Path, content: str | bytes, expected: list[Any]) -> None:
    """Empty, without rows, without columns, damaged, of another kind: each with its code and line."""
    assert problems(tmp_path, content) == expected


def test_a_named_column_that_is_missing_has_a_suggestion(tmp_path: Path) -> None:
    """And all columns are listed."""
    with pytest.raises(LogError, match=r"The columns are: order_id, stage, at, actor. Did you mean 'stage'\?"):
        read(tmp_path, PLAIN, stage="stages")


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    """A missing file; a folder, which is Parquet, says that it has none."""
    for path, code in ((tmp_path / "none.csv", "log.cannot_open"), (tmp_path, "log.no_parquet_in_folder")):
        with pytest.raises(LogError) as caught:
            read_log(path)
        assert caught.value.problems[0].code == code


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_are_those_of_the_file(tmp_path: Path, end: str) -> None:
    """Whatever ends the lines; empty ones before the header and between the rows count."""
    content = "\n\norder_id,status,time\nA,x,2026-01-05\n\nA,y,soon\n".replace("\n", end)
    assert problems(tmp_path, content) == [("log.times_unreadable", 6)]


def test_quotes_that_polars_refuses_are_read_by_the_standard_library(tmp_path: Path) -> None:
    """A lone quote inside a field is a character, and short rows lack their last fields."""
    log = read(tmp_path, 'order_id,status,time,user\nA,5" pipe,2026-01-05,ann\nB,x,2026-01-06\n')
    assert rows(log) == [("A", '5" pipe', "01-05 00:00", "ann"), ("B", "x", "01-06 00:00", None)]


def test_case_attributes_keep_their_kind(tmp_path: Path) -> None:
    """Whole and decimal numbers are numbers; texts, leading zeros and mixed columns stay texts."""
    cases = "order_id,pieces,value,postcode,region,id\nA,3,10.5,01001,华东,9\nB,,2,20000,,\n"
    orders = read(tmp_path, PLAIN, cases).orders
    found = {name: orders[name].to_list() for name in orders.columns if name != "order"}
    assert found["pieces"] == [3, None]
    assert found["value"] == [10.5, 2.0]
    assert found["postcode"] == ["01001", "20000"]
    assert found["region"] == ["华东", None]
    assert (found["id"], found["cases.id"]) == (["A", "B"], [9, None])


def test_orders_without_events_and_without_a_case_are_kept_and_counted(tmp_path: Path) -> None:
    """Neither is dropped silently."""
    events = PLAIN + "B,placed,2026-01-07T08:00:00Z,\n"
    log = read(tmp_path, events, "order_id,region\nA,x\nC,y\nD,y\n")
    assert set(log.orders["id"]) == {"A", "B", "C", "D"}
    told = {item.code: item.params["count"] for item in log.assumptions if "count" in item.params}
    assert told == {"log.orders_without_events": 2, "log.orders_without_case": 1}


def test_promises_are_instants_or_days(tmp_path: Path) -> None:
    """A bare date ends with its day in the zone, a time at midnight is an instant (and is told); none is none."""
    log = read(tmp_path, PLAIN, "order_id,due\nA,2026-01-05\nB,\n", promised="due", tz="Asia/Shanghai")
    assert log.orders["promised_at"].to_list() == [1767628799999999, None]
    assert log.orders["due"].to_list() == ["2026-01-05", None]
    assert "log.promises_are_days" in codes(log)
    midnight = read(tmp_path, PLAIN, "order_id,promised_at\nA,2026-01-05 00:00:00\n")  # guessed by its name
    assert midnight.orders["promised_at"].to_list() == [1767571200000000]
    assert "log.promises_at_midnight" in codes(midnight)


def test_cases_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    """Repeated orders, no order id, unreadable promises, a missing promise column, promises without cases."""
    assert problems(tmp_path, PLAIN, "order_id,a\nA,1\nB,2\nA,3\n,4\n") == [
        ("log.missing_in_rows", 5),
        ("log.orders_repeated", 2),
    ]
    assert problems(tmp_path, PLAIN, "x,y\nA,1\n") == [("log.cases_without_order_id", 1)]
    assert problems(tmp_path, PLAIN, "order_id,due\nA,soon\n", promised="due") == [("log.times_unreadable", 2)]
    assert problems(tmp_path, PLAIN, "order_id,due\nA,2026-01-05\n", promised="dew") == [("log.column_not_found", 1)]
    assert problems(tmp_path, PLAIN, promised="due") == [("log.promise_needs_cases", None)]


def test_without_polars_the_error_has_the_pip_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing extra is a MissingExtraError, also an ImportError."""
    real = builtins.__import__

    def without_polars(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "polars":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_polars)
    with pytest.raises(MissingExtraError, match=r"pip install 'orderflow\[metrics\]'"):
        read(tmp_path, PLAIN)


def test_the_caller_says_which_stages_end_an_order(tmp_path: Path) -> None:
    """Then figures that ask for it answer; one name alone is one stage; a stage that never occurs is refused."""
    log = read(tmp_path, PLAIN, done_stages="shipped", cancelled_stages=["placed"])
    assert (log.done_stages, log.cancelled_stages) == ({"shipped"}, {"placed"})
    assert read(tmp_path, PLAIN).done_stages is None
    assert problems(tmp_path, PLAIN, done_stages=["shiped"]) == [("log.unknown_stage", None)]
    assert problems(tmp_path, PLAIN, cancelled_stages="void") == [("log.unknown_stage", None)]
