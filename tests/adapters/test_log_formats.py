"""What each format of a history promises when it is read: the same log wherever it came from, and all assumptions."""

from __future__ import annotations

import builtins
import gzip
import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of

EVENTS = [("A", "下单", "2026-01-05T08:00:00Z", "ann"), ("A", "发货", "2026-01-06T08:00:00Z", None)]
NAMES = ("order_id", "stage", "at", "actor")


def rows(log: of.EventLog) -> list[tuple[Any, ...]]:
    return [
        (row["order"], row["stage"], f"{row['at']:%m-%d %H:%M}", row["actor"]) for row in log.to_polars().to_dicts()
    ]


PLAIN = [("A", "下单", "01-05 08:00", "ann"), ("A", "发货", "01-06 08:00", None)]


def codes(log: of.EventLog) -> list[str]:
    assert all(item.text("en") and item.text("zh") for item in log.assumptions)
    return [item.code for item in log.assumptions]


def told(log: of.EventLog, code: str) -> dict[str, Any]:
    return dict(next(item.params for item in log.assumptions if item.code == code))


def columns() -> dict[str, list[Any]]:
    return {name: list(values) for name, values in zip(NAMES, zip(*EVENTS, strict=True), strict=True)}


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


# Frames, Parquet, JSON lines.


def test_frames_of_any_library_are_read() -> None:
    """polars, eager and lazy; anything with the Arrow PyCapsule interface; columns by name; a log itself."""

    class Capsule:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return pl.DataFrame(columns()).__arrow_c_stream__(requested_schema)

    frame = pl.DataFrame(columns())
    for source in (frame, frame.lazy(), Capsule(), columns()):
        assert rows(of.read_log(source)) == PLAIN
    assert rows(of.read_log(of.read_log(frame))) == PLAIN


def test_times_of_a_frame_keep_their_kind() -> None:
    """Aware moments are instants, naive ones local in `tz`, dates the start of a day; whole ids lose no digit."""
    for at, expected in (
        ([datetime(2026, 1, 5, 8, tzinfo=UTC)], "01-05 08:00"),
        ([datetime(2026, 1, 5, 8)], "01-05 00:00"),  # noqa: DTZ001 - what is read as local
        ([date(2026, 1, 5)], "01-04 16:00"),
    ):
        log = of.read_log({"order_id": [7.0], "stage": ["x"], "at": at}, tz="Asia/Shanghai")
        assert rows(log) == [("7", "x", expected, None)]


def test_parquet_files_and_folders_are_read(tmp_path: Path) -> None:
    """One file, or all below a folder in the order of their names; categories and kinds as they are."""
    frame = pl.DataFrame(columns()).with_columns(pl.col("stage").cast(pl.Categorical))
    (tmp_path / "parts" / "b").mkdir(parents=True)
    frame.head(1).write_parquet(tmp_path / "parts" / "a.parquet")
    frame.tail(1).write_parquet(tmp_path / "parts" / "b" / "b.parquet")
    frame.write_parquet(tmp_path / "whole.parquet")
    assert rows(of.read_log(tmp_path / "whole.parquet")) == rows(of.read_log(tmp_path / "parts")) == PLAIN


def test_json_lines_are_read(tmp_path: Path) -> None:
    """Keys are columns, empty lines nothing; kinds that are mixed become texts; also in GB18030 and packed."""
    lines = [json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) for row in EVENTS]
    path = write(tmp_path / "log.jsonl", "\n\n".join(lines) + "\n")
    assert rows(of.read_log(path)) == PLAIN
    (tmp_path / "cn.ndjson").write_bytes("\n".join(lines).encode("gb18030"))
    assert rows(of.read_log(tmp_path / "cn.ndjson")) == PLAIN
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    assert rows(of.read_log(tmp_path / "log.jsonl.gz")) == PLAIN
    mixed = write(
        tmp_path / "mixed.jsonl",
        '{"order": 1, "status": true, "at": "2026-01-05"}\n{"order": "x", "status": 2, "at": "2026-01-05"}\n',
    )
    assert [row[:2] for row in rows(of.read_log(mixed))] == [("1", "true"), ("x", "2")]


# Databases.


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "erp.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table events (order_id, stage, at, actor)")
        connection.executemany("insert into events values (?, ?, ?, ?)", EVENTS)
    connection.close()
    return path


def test_queries_are_read_from_every_kind_of_connection(database: Path) -> None:
    """A SQLite URL by the standard library; SQLAlchemy's URL, engine, connection; a DB-API connection, left open."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    query = "select * from events where at > '2026-01-05T00:00:00Z'"
    assert rows(of.read_log(f"sqlite:///{database}", query=query)) == PLAIN
    engine = sqlalchemy.create_engine(f"sqlite+pysqlite:///{database}")
    assert rows(of.read_log(f"sqlite+pysqlite:///{database}", query=query)) == PLAIN
    assert rows(of.read_log(engine, query=query)) == PLAIN
    with engine.connect() as open_connection:
        assert rows(of.read_log(open_connection, query=query)) == PLAIN
        assert not open_connection.closed
    engine.dispose()
    connection = sqlite3.connect(database)
    assert rows(of.read_log(connection, query=query)) == PLAIN
    assert connection.execute("select 1").fetchone() == (1,)
    connection.close()


def test_queries_that_fail_say_why(database: Path) -> None:
    """No query, a wrong one, one that changes something, one without rows, no such file."""
    pytest.importorskip("sqlalchemy")
    url = f"sqlite:///{database}"
    for options, code in (
        ({}, "log.needs_query"),
        ({"query": "select nothing"}, "log.query_failed"),
        ({"query": "delete from events"}, "log.query_failed"),
        ({"query": "select * from events where 1 = 2"}, "log.query_without_rows"),
    ):
        with pytest.raises(of.LogError) as caught:
            of.read_log(url, **options)
        assert caught.value.problems[0].code == code
    assert rows(of.read_log(url, query="select * from events")) == PLAIN
    with pytest.raises(of.LogError, match="cannot be opened"):
        of.read_log(f"{url}.none", query="select 1")
    with pytest.raises(of.LogError, match="refuses the query"):
        of.read_log(f"sqlite+pysqlite:///{database}", query="select nothing")


def test_without_sqlalchemy_the_error_has_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite works without; any other URL says what to install."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "sqlalchemy":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(of.MissingExtraError, match=r"pip install 'orderflow\[sql\]'"):
        of.read_log("postgresql://host/db", query="select 1")


# One row per order.

WIDE = """订单号,客户,状态,下单时间,发货时间,预计交期,金额
SO-1,甲,已发货,2026-01-05 08:00,2026-01-07 09:00,2026-01-08,12.50
SO-2,乙,已下单,2026-01-06 08:00,,2026-01-09,7
SO-3,丙,新建,,,,
"""


def test_a_table_with_one_row_per_order_is_recognised(tmp_path: Path) -> None:
    """One event for each stage with a time; the rest are attributes; the guess is told; nobody is lost."""
    log = of.read_log(write(tmp_path / "erp.csv", WIDE))
    assert rows(log) == [
        ("SO-1", "下单", "01-05 08:00", None),
        ("SO-1", "发货", "01-07 09:00", None),
        ("SO-2", "下单", "01-06 08:00", None),
    ]
    assert told(log, "log.guessed_wide")["pairs"] == ["下单='下单时间'", "发货='发货时间'"]
    assert told(log, "log.orders_without_events") == {"count": 1}
    assert log.orders["金额"].to_list() == [12.5, 7.0, None]
    assert set(log.orders.columns) == {"order", "id", "客户", "状态", "预计交期", "金额"}


def test_stages_may_be_named(tmp_path: Path) -> None:
    """By a mapping, or by the columns alone; with a promise in the same table; at one time in the order given."""
    path = write(tmp_path / "erp.csv", WIDE.replace("2026-01-07 09:00", "2026-01-05 08:00"))
    log = of.read_log(
        path, stages={"shipped": "发货时间", "placed": "下单时间"}, promised="预计交期", tz="Asia/Shanghai"
    )
    assert [row[1] for row in rows(log)] == ["shipped", "placed", "placed"]
    assert "log.guessed_wide" not in codes(log)
    assert log.orders["promised_at"].null_count() == 1
    assert of.read_log(path, stages=["发货时间"]).stages == ("发货",)
    with pytest.raises(of.LogError, match=r"no column '发货日'"):
        of.read_log(path, stages={"发货": "发货日"})


@pytest.mark.parametrize(
    "content",
    [
        "order_id,status,at,changed\nA,x,2026-01-05,2026-01-06\nA,y,2026-01-06,2026-01-06\n",
        "order_id,stage,at\nA,x,2026-01-05\nB,y,2026-01-06\n",
        "order_id,stage,at,due_date\nA,x,2026-01-05,2026-02-05\nB,y,2026-01-06,2026-02-05\n",
        "order_id,stage,at,case:since\nA,x,2026-01-05,2026-01-01\nB,y,2026-01-06,2026-01-01\n",
    ],
)
def test_a_table_with_one_row_per_event_is_not_taken_for_a_wide_one(tmp_path: Path, content: str) -> None:
    """Ids that come again, a single column of times, dates that are planned, columns about orders."""
    log = of.read_log(write(tmp_path / "log.csv", content))
    assert "log.guessed_wide" not in codes(log)
    assert len(log) == 2


def test_a_wide_table_in_a_frame_is_read_too() -> None:
    """With typed columns, from any frame."""
    frame = {
        "id": ["A", "B"],
        "order_no": [1, 2],
        "placed_at": [date(2026, 1, 5)] * 2,
        "shipped_at": [None, date(2026, 1, 6)],
    }
    log = of.read_log(frame)
    assert [row[:2] for row in rows(log)] == [("1", "placed"), ("2", "placed"), ("2", "shipped")]
    assert log.orders["cases.id"].to_list() == ["A", "B"]


# What a table of events says about orders; life cycles.


def test_columns_about_orders_become_attributes(tmp_path: Path) -> None:
    """Those with `case:`, or those that are named; the first known value, and what varies is told."""
    content = "order_id,stage,at,case:region,case:n,promised_at\nA,x,2026-01-05,,1,2026-01-09\nA,y,2026-01-06,east,2,\n"
    path = write(tmp_path / "log.csv", content)
    log = of.read_log(path)
    row = log.orders.to_dicts()[0]
    assert (row["region"], row["n"], row["promised_at"] is None) == ("east", 1, False)
    assert told(log, "log.attributes_vary") == {"columns": ["n"]}
    named = of.read_log(path, attributes=["case:n"], promised="promised_at")
    assert set(named.orders.columns) == {"order", "id", "case:n", "promised_at"}
    with pytest.raises(of.LogError, match=r"no column 'case:regoin' for an attribute.*Did you mean 'case:region'"):
        of.read_log(path.with_name("log.csv"), attributes=["case:regoin", "case:n"])


def test_only_complete_events_enter_a_stage_and_the_others_are_counted(tmp_path: Path) -> None:
    """`complete` where it occurs, whatever its case; others on request; all where none is complete."""
    kinds = ["start", "COMPLETE", "schedule", "start", "complete", ""]
    lines = [f"A,s{n},2026-01-0{n + 1},{kind}" for n, kind in enumerate(kinds)]
    path = write(tmp_path / "log.csv", "\n".join(["order_id,stage,at,lifecycle:transition", *lines]))
    log = of.read_log(path)
    assert [row[1] for row in rows(log)] == ["s1", "s4", "s5"]
    assert told(log, "log.lifecycle_left_out") == {"counted": ["complete"], "left_out": {"schedule": 1, "start": 2}}
    assert [row[1] for row in rows(of.read_log(path, lifecycle=["start", "schedule"]))] == ["s0", "s2", "s3", "s5"]
    assert len(of.read_log(path, lifecycle="all")) == 6
    with pytest.raises(of.LogError, match=r"No event has lifecycle:transition 'begin'"):
        of.read_log(path, lifecycle="begin")
    started = write(tmp_path / "s.csv", "order_id,stage,at,lifecycle:transition\nA,x,2026-01-05,start\n")
    assert len(of.read_log(started)) == 1


# XES and OCEL.


def test_xes_keeps_traces_and_types(tmp_path: Path) -> None:
    """Attributes of traces by their types, a trace without events too; what is not kept is told."""
    path = write(
        tmp_path / "log.xes",
        """<log><global scope="event"><string key="org:resource" value="UNKNOWN"/></global>
        <trace><string key="concept:name" value="A"/><int key="n" value="3"/><boolean key="rush" value="false"/>
          <date key="since" value="2026-01-05T08:00:00+08:00"/><float key="total" value="x"/>
          <list key="l"><values><string key="k" value="v"/></values></list>
          <event><string key="concept:name" value="下单"/>
            <date key="time:timestamp" value="2026-01-05T08:00:00Z"/>
            <string key="org:resource" value="ann"><string key="role" value="r"/></string>
            <string key="org:group" value="sales"/><string key="costs" value="1"/></event>
          <event><string key="concept:name" value="发货"/>
            <date key="time:timestamp" value="2026-01-06T08:00:00"/></event>
        </trace><trace><string key="concept:name" value="B"/></trace></log>""",
    )
    log = of.read_log(path)
    assert rows(log) == PLAIN
    assert log.to_polars()["team"].to_list() == ["sales", None]
    assert log.orders.drop("order").to_dicts() == [
        {"id": "A", "n": 3, "rush": False, "since": datetime(2026, 1, 5, tzinfo=UTC), "total": "x"},
        {"id": "B", "n": None, "rush": None, "since": None, "total": None},
    ]
    assert told(log, "log.unused_columns")["columns"] == ["costs"]
    assert told(log, "log.parts_not_kept") == {"count": 3}
    assert told(log, "log.defaults_not_used") == {"lacking": {"org:resource": 1}}
    assert "log.assumed_zone" in codes(log)
    assert of.read_log(path, actor="costs").names["actor"].to_list() == ["1"]


def object_of(name: str, kind: str, *values: tuple[str, str, Any]) -> dict[str, Any]:
    found = [{"name": key, "time": time, "value": value} for key, time, value in values]
    return {"id": name, "type": kind, "attributes": found}


def event_of(name: str, kind: str, time: str, objects: list[str], **attributes: Any) -> dict[str, Any]:
    related = [{"objectId": item, "qualifier": str(n)} for n, item in enumerate(objects)]
    found = [{"name": key, "value": value} for key, value in attributes.items()]
    return {"id": name, "type": kind, "time": time, "attributes": found, "relationships": related}


OCEL: dict[str, Any] = {
    "objectTypes": [
        {"name": "order", "attributes": [{"name": "price", "type": "float"}]},
        {"name": "item", "attributes": []},
    ],
    "eventTypes": [],
    "objects": [
        object_of("A", "order", ("price", "2026-01-07T00:00:00Z", 12), ("price", "1970-01-01T00:00:00Z", 10)),
        object_of("B", "order"),
        object_of("i", "item"),
    ],
    "events": [
        event_of("1", "下单", "2026-01-05T08:00:00Z", ["A", "A", "B"], resource="ann", x=1),
        event_of("2", "发货", "2026-01-06T08:00:00Z", ["A", "unknown"]),
        event_of("3", "pick", "2026-01-06T08:00:00Z", ["i"]),
    ],
}


def test_ocel_is_flattened_to_the_chosen_type_of_object(tmp_path: Path) -> None:
    """Every event once for each of its orders; the last value of an attribute; what flattening does is told."""
    path = write(tmp_path / "log.json", json.dumps(OCEL))
    log = of.read_log(path, object_type="order")
    assert rows(log) == [*PLAIN, ("B", "下单", "01-05 08:00", "ann")]
    assert log.orders["price"].to_list() == [12.0, None]
    counts = {item.code: item.params["count"] for item in log.assumptions if "count" in item.params}
    assert counts == {"log.ocel_elsewhere": 1, "log.ocel_several": 1, "log.ocel_strangers": 1}
    assert told(log, "log.ocel_last_values") == {"columns": ["price"]}
    assert rows(of.read_log(path, object_type="item")) == [("i", "pick", "01-06 08:00", None)]


def test_a_trace_keeps_its_name_whatever_its_attributes_are_called(tmp_path: Path) -> None:
    """An attribute `case:concept:name` is one; keys that occur twice count with the last value, and are told."""
    trace = (
        '<string key="concept:name" value="1"/><string key="case:concept:name" value="zz"/>'
        '<string key="n" value="a"/><string key="n" value="b"/>'
        '<event><string key="concept:name" value="x"/><string key="concept:name" value="y"/>'
        '<date key="time:timestamp" value="2026-01-05T08:00:00Z"/></event>'
    )
    path = write(tmp_path / "log.xes", f"<log><trace>{trace}</trace></log>")
    log = of.read_log(path)
    assert log.orders.drop("order").to_dicts() == [{"id": "1", "cases.case:concept:name": "zz", "n": "b"}]
    assert log.stages == ("y",)
    assert dict(told(log, "log.keys_twice")["counts"]) == {"concept:name": 1, "n": 1}
    assert "log.keys_twice" in codes(log)


def test_only_complete_events_of_ocel_enter_a_stage(tmp_path: Path) -> None:
    """`lifecycle:transition` holds in OCEL as in other formats: starts are paired, by instance, and others counted."""
    entries = [
        ("start", "i1", 8),
        ("start", "i2", 9),
        ("complete", "i2", 10),
        ("complete", "i1", 11),
        ("abort", "i1", 12),
    ]
    events = [
        {
            "id": f"e{n}",
            "type": "pack",
            "time": f"2026-01-05T{hour:02}:00:00Z",
            "attributes": [
                {"name": "lifecycle:transition", "value": kind},
                {"name": "concept:instance", "value": instance},
            ],
            "relationships": [{"objectId": "A"}],
        }
        for n, (kind, instance, hour) in enumerate(entries)
    ]
    data = {"objects": [{"id": "A", "type": "order"}], "events": events}
    log = of.read_log(write(tmp_path / "log.json", json.dumps(data)))
    assert [(row["at"].hour, row["started_at"].hour) for row in log.to_polars().to_dicts()] == [(10, 9), (11, 8)]
    assert dict(told(log, "log.lifecycle_left_out")["left_out"]) == {"abort": 1, "start": 2}
    assert len(of.read_log(tmp_path / "log.json", lifecycle="all")) == 5


def test_a_table_is_read_from_every_format(tmp_path: Path) -> None:
    """Of OCEL the objects of a type, and the error that lists the types; of XES the traces; a format may be said."""
    log = of.EventLog.from_columns({"order": ["A"], "stage": ["x"], "at": [0]}, {"order": ["A"], "n": [7]})
    of.write_log(log, tmp_path / "log", format="xes")
    assert of.read_table(tmp_path / "log", format="xes")["n"].to_list() == [7]
    of.write_log(log, tmp_path / "log.json")
    assert of.read_table(tmp_path / "log.json", object_type="order")["n"].to_list() == [7]
    with pytest.raises(of.LogError) as caught:
        of.read_table(tmp_path / "log.json", object_type="odder")
    assert caught.value.problems[0].code == "log.unknown_object_type"


# Folders of Parquet.


def folder_of_parquet(root: Path) -> None:
    """Two orders in two folders `region=…`, files of several endings, and what a writer left."""
    for n, (name, region) in enumerate({"p.parquet": "n%2Fw", "q.PQ": "__HIVE_DEFAULT_PARTITION__"}.items()):
        part = root / f"region={region}" / "year=2026"
        part.mkdir(parents=True)
        rows = {"order": [f"{n}", f"{n}"], "stage": ["x", "y"], "at": ["2026-01-05", "2026-01-06"]}
        pl.DataFrame(rows).write_parquet(part / name)
    (root / "_temporary").mkdir()
    pl.DataFrame(rows).write_parquet(root / "_temporary" / "p.parquet")
    (root / "_SUCCESS").touch()


def test_a_folder_of_parquet_is_read_with_the_columns_of_its_folders(tmp_path: Path) -> None:
    """`.pq` and `.PARQUET` too; folders `column=value` give columns, which is told; what a writer left is passed over,
    which is told too. In shards the same."""
    folder_of_parquet(tmp_path)
    whole = of.read_log(tmp_path, attributes=["region", "year"])
    assert whole.orders.drop("order").sort("id").to_dicts() == [
        {"id": "0", "region": "n/w", "year": 2026},
        {"id": "1", "region": None, "year": 2026},
    ]
    assert tuple(told(whole, "log.columns_of_folders")["columns"]) == ("region", "year")
    assert tuple(told(whole, "log.files_passed_over")["names"]) == ("_temporary/p.parquet",)
    codes(whole)
    parts = list(of.read_shards(tmp_path, 2, attributes=["region", "year"]))
    assert {"log.columns_of_folders", "log.files_passed_over"} <= {item.code for item in parts[0].assumptions}
    found = pl.concat([part.orders.drop("order") for part in parts]).sort("id")
    assert found.equals(whole.orders.drop("order").sort("id"))
    again = of.report(tmp_path, shards=3, attributes=["region"], by="region")
    assert again.lead_time_by("region").to_dicts() == of.report(whole).lead_time_by("region").to_dicts()


def test_a_column_of_the_files_counts_before_one_of_the_folders(tmp_path: Path) -> None:
    """Where both have it."""
    (tmp_path / "stage=z").mkdir()
    pl.DataFrame({"order": ["A"], "stage": ["x"], "at": ["2026-01-05"]}).write_parquet(
        tmp_path / "stage=z" / "p.parquet"
    )
    assert of.read_log(tmp_path).stages == ("x",)


def test_an_empty_path_is_not_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading and writing refuse it."""
    folder_of_parquet(tmp_path)
    monkeypatch.chdir(tmp_path)
    for work in (
        of.read_log,
        lambda path: list(of.read_shards(path)),
        lambda path: of.write_log(of.read_log("."), path),
    ):
        with pytest.raises(of.LogError) as caught:
            work("")
        assert caught.value.problems[0].code == "log.no_path"


def test_ocel_without_a_type_lists_those_that_there_are(tmp_path: Path) -> None:
    """With how many objects each has; a wrong one has a suggestion; a single one is taken and told."""
    path = write(tmp_path / "log.json", json.dumps(OCEL))
    with pytest.raises(of.LogError, match=r"object_type= .*order = 2, item = 1"):
        of.read_log(path)
    with pytest.raises(of.LogError, match=r"no type of object 'orders'.*Did you mean 'order'"):
        of.read_log(path, object_type="orders")
    single = {**OCEL, "objects": OCEL["objects"][:2]}
    assert "log.guessed_object_type" in codes(of.read_log(write(tmp_path / "one.json", json.dumps(single))))


# Rows that are wrong.


def test_rows_that_are_wrong_are_skipped_only_when_asked(tmp_path: Path) -> None:
    """They are counted once each, with the lines of each kind of wrong; the rest is read as if they were not there."""
    content = "order_id,stage,at\nA,x,2026-01-05\n,,soon\nB,y,2026-01-06,z\nB,y,later\nB,y,2026-01-06\n"
    path = write(tmp_path / "log.csv", content)
    with pytest.raises(of.LogError):
        of.read_log(path)
    log = of.read_log(path, errors="skip")
    assert [row[:2] for row in rows(log)] == [("A", "x"), ("B", "y")]
    assert told(log, "log.rows_skipped")["count"] == 3
    lines = {item.code: tuple(item.params["lines"]) for item in log.assumptions if "lines" in item.params}
    assert lines == {"log.long_rows": (4,), "log.missing_in_rows": (3,), "log.times_unreadable": (3, 5)}
    with pytest.raises(of.LogError, match="'raise' or 'skip'"):
        of.read_log(path, errors="ignore")  # type: ignore[arg-type]  # what is refused


@pytest.mark.parametrize("ending", ["jsonl", "xes", "json", "parquet"])
def test_every_format_tells_where_the_wrong_rows_are(tmp_path: Path, ending: str) -> None:
    """By line where there are lines, else by the number of the row or event."""
    path = tmp_path / f"log.{ending}"
    good, bad = EVENTS[0][:3], ("A", "发货", "soon")
    if ending == "jsonl":
        write(path, "\n".join(["", *(json.dumps(dict(zip(NAMES, row, strict=False))) for row in (good, bad)), "{oops"]))
        expected = {"log.times_unreadable": (3,), "log.broken_json_lines": (4,)}
    elif ending == "parquet":
        pl.DataFrame([good, bad], schema=NAMES[:3], orient="row").write_parquet(path)
        expected = {"log.times_unreadable": (2,)}
    elif ending == "xes":
        events = "".join(
            f'<event><string key="concept:name" value="{stage}"/>\n<date key="time:timestamp" value="{at}"/></event>\n'
            for _order, stage, at in (good, bad)
        )
        write(path, f'<log>\n<trace><string key="concept:name" value="A"/>\n{events}</trace></log>')
        expected = {"log.times_unreadable": (5,)}
    else:
        events_ = [
            {"id": "e", "type": stage, "time": at, "relationships": [{"objectId": order}]}
            for order, stage, at in (good, bad)
        ]
        write(path, json.dumps({"objects": [{"id": "A", "type": "order"}], "events": events_}))
        expected = {"log.times_unreadable": (2,)}
    log = of.read_log(path, errors="skip")
    assert rows(log) == [("A", "下单", "01-05 08:00", None)]
    lines = {item.code: tuple(item.params["lines"]) for item in log.assumptions if "lines" in item.params}
    assert lines == expected


def test_a_wide_table_skips_orders_that_are_wrong(tmp_path: Path) -> None:
    """An order with two rows keeps its first; one with an unreadable time is left out whole."""
    path = write(tmp_path / "erp.csv", WIDE + "SO-1,甲,x,2026-01-05,,,\nSO-9,丁,x,soon,,,\n")
    with pytest.raises(of.LogError) as caught:
        of.read_log(path, stages=["下单时间", "发货时间"])
    assert [item.code for item in caught.value.problems] == ["log.orders_repeated", "log.times_unreadable"]
    log = of.read_log(path, stages=["下单时间", "发货时间"], errors="skip")
    assert len(log) == 3
    assert told(log, "log.rows_skipped")["count"] == 2


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    """Shares that never fall, the last one 1; reading XES and writing it."""
    log = of.read_log(columns())
    for work in (
        lambda told: of.write_log(log, tmp_path / "log.xes", progress=told),
        lambda told: of.read_log(tmp_path / "log.xes", progress=told),
    ):
        shares: list[float] = []
        work(shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


# Joining.


def test_a_table_is_joined_to_the_orders(tmp_path: Path) -> None:
    """On the order id or any attribute, numbers as texts; orders without a row are counted; promises are instants."""
    log = of.EventLog.from_columns(
        {"order": ["1", "2"], "stage": ["x", "x"], "at": [0, 0]}, {"order": ["1", "2"], "customer": ["甲", "乙"]}
    )
    customers = write(tmp_path / "客户.csv", "客户,level,since\n甲,A,2020\n")
    joined = log.join(of.read_table(customers), on={"customer": "客户"})
    assert joined.orders["level"].to_list() == ["A", None]
    assert joined.orders["since"].to_list() == [2020, None]
    assert told(joined, "log.join_unmatched") == {"count": 1}
    assert len(joined.where(level="A")) == 1
    promised = log.join({"order": [1, 2], "promised_at": [date(1970, 1, 1), None]})
    assert promised.orders["promised_at"].to_list() == [86_400_000_000 - 1, None]
    assert log.orders.columns == ["order", "id", "customer"]


def test_a_table_that_cannot_be_joined_says_why() -> None:
    """No such column on either side, a key twice, an attribute that is there already."""
    log = of.EventLog.from_columns({"order": ["1"], "stage": ["x"], "at": [0]}, {"order": ["1"], "region": ["east"]})
    for table, on, code in (
        ({"order": ["1"]}, "regoin", "log.unknown_join"),
        ({"ordr": ["1"]}, "order", "log.unknown_join"),
        ({"order": ["1", "1"], "a": [1, 2]}, "order", "log.join_twice"),
        ({"order": ["1"], "region": ["west"]}, "order", "log.join_clash"),
    ):
        with pytest.raises(of.LogError) as caught:
            log.join(table, on=on)
        assert caught.value.problems[0].code == code
        assert caught.value.problems[0].text("zh")
