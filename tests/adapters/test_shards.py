"""Shards of a file give the report of the whole file; sketches, packed values and folders keep their promises."""

from __future__ import annotations

import gzip
import random
import sys
from datetime import UTC
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.sketches import Sketched, error, sketched
from orderflow.metrics import figures, stage_time
from orderflow.metrics.keys import Keys
from orderflow.metrics.packing import pack, unpack
from orderflow.metrics.samples import Samples
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import reason

CALENDAR = WorkCalendar.from_dict({"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-18:00"]}})
WORDS = {"order": "订单号", "stage": "状态", "at": "时间", "actor": "操作人"}


def history(orders: int, seed: int = 1) -> pl.DataFrame:
    """Events in any order with ties, missing actors, local times (some without a time of day) and a region."""
    chance = random.Random(seed)
    rows = []
    for n in range(orders):
        day = chance.randrange(1, 28)
        for step in range(chance.randrange(1, 7)):
            at = (
                f"2026-03-{day:02} {8 + step}:{chance.choice(['00', '30'])}"
                if chance.random() < 0.9
                else f"2026-03-{day:02}"
            )
            stage = chance.choice(["下单", "审核", "发货"])
            rows.append((f"SO-{n}", stage, at, chance.choice(["li", "", "wang"]), str(n % 3), "x"))
    chance.shuffle(rows)
    names = [*WORDS.values(), "case:region", "unused"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.col("操作人").replace("", None))


def promises(orders: int) -> pl.DataFrame:
    """A table of orders: two thirds of them, one that has no event, promises as days, an attribute."""
    ids = [f"SO-{n}" for n in range(orders + 1) if n % 3]
    days = [f"2026-03-{1 + n % 28:02}" for n in range(len(ids))]
    return pl.DataFrame({"订单号": ids, "承诺日期": days, "value": [str(n) for n in range(len(ids))]})


def told(found: of.Report) -> dict[str, Any]:
    """What a report assumed: codes with their counts."""
    return {item.code: item.params.get("count") for item in found.assumptions}


@pytest.mark.parametrize("kind", ["parquet", "folder", "csv", "gb18030", "gzip", "semicolon", "bom", "lazy"])
@pytest.mark.parametrize("n", [1, 5])
def test_shards_give_the_report_of_the_whole(kind: str, n: int, tmp_path: Path) -> None:
    """Every figure and every assumption, from each kind of source, in wall and open time, with a table of orders."""
    frame, cases = history(60), tmp_path / "cases.csv"
    promises(60).write_csv(cases)
    source: Any = tmp_path / "log.csv"
    if kind == "parquet":
        frame.write_parquet(source := tmp_path / "log.parquet")
    elif kind == "folder":
        source = tmp_path / "log"
        (source / "b").mkdir(parents=True)
        frame.head(100).write_parquet(source / "a.parquet")
        frame.slice(100).write_parquet(source / "b" / "c.parquet")
    elif kind == "lazy":
        source = frame.lazy()
    else:
        text = frame.write_csv(separator=";" if kind == "semicolon" else ",")
        content = text.encode("gb18030" if kind == "gb18030" else "utf-8-sig" if kind == "bom" else "utf-8")
        if kind == "gzip":
            source = tmp_path / "log.csv.gz"
        source.write_bytes(gzip.compress(content) if kind == "gzip" else content)
    for options in ({"tz": "Asia/Shanghai"}, {"tz": "Asia/Shanghai", "calendar": CALENDAR}, {}):
        more: dict[str, Any] = {"cases": cases, "promised": "承诺日期", "delivered_stage": "发货", **options}
        expected = of.report(source, **more)
        found = of.report(source, shards=n, **more)
        assert found.to_dict() == expected.to_dict()
        assert told(found) == told(expected)


def test_numbers_are_recognised_over_the_whole_file(tmp_path: Path) -> None:
    """An attribute is a number only where it is one in every row of a CSV file, not in those of a shard."""
    frame = history(20).with_columns(pl.col("case:region").replace("2", "west").alias("case:place"))
    frame.write_csv(tmp_path / "log.csv")
    whole = of.read_log(tmp_path / "log.csv").orders.schema
    for log in of.read_shards(tmp_path / "log.csv", 6):
        assert log.orders.schema == whole


def test_only_the_transitions_that_count_enter_a_stage(tmp_path: Path) -> None:
    """Which life cycle counts is told by the whole file, also where a shard has none of that kind."""
    frame = history(30).with_columns(
        pl.Series("lifecycle:transition", ["complete", "start", None], dtype=pl.String).gather(
            pl.Series([n % 3 for n in range(history(30).height)])
        )
    )
    frame.write_parquet(tmp_path / "log.parquet")
    expected, found = of.report(tmp_path / "log.parquet"), of.report(tmp_path / "log.parquet", shards=20)
    assert found.to_dict() == expected.to_dict()
    assert [item.params for item in found.assumptions if item.code == "log.lifecycle_left_out"] == [
        item.params for item in expected.assumptions if item.code == "log.lifecycle_left_out"
    ]


def test_wrong_rows_are_told_with_their_numbers(tmp_path: Path) -> None:
    """In the file, not in the shard; skipped where that is asked, and counted over all shards."""
    wrong = pl.int_range(pl.len()).is_in([4, 90])
    frame = history(40).with_columns(pl.when(wrong).then(pl.lit("soon")).otherwise(pl.col("时间")).alias("时间"))
    frame.write_parquet(tmp_path / "log.parquet")
    with pytest.raises(LogError) as caught:
        list(of.read_shards(tmp_path / "log.parquet", 1))
    assert caught.value.problems[0].params["lines"] == [5, 91]
    found = of.report(tmp_path / "log.parquet", shards=8, errors="skip")
    expected = of.report(tmp_path / "log.parquet", errors="skip")
    assert found.to_dict() == expected.to_dict()
    assert told(found)["log.rows_skipped"] == told(expected)["log.rows_skipped"] == 2


def test_what_cannot_be_read_in_shards_is_refused(tmp_path: Path) -> None:
    """Other formats, no columns, no rows, damaged files, no shards: a LogError that says what to do."""
    (tmp_path / "empty.csv").write_text("order_id,status,timestamp\n", encoding="utf-8")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "log.xes").write_text("<log/>", encoding="utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    for name, n, code in (
        ("empty.csv", 2, "log.no_rows"),
        ("bad.parquet", 2, "log.broken_parquet"),
        ("none.parquet", 2, "log.cannot_open"),
        ("none.csv", 2, "log.cannot_open"),
        ("log.xes", 2, "log.not_in_shards"),
        ("other.csv", 2, "log.column_not_guessed"),
        ("other.csv", 0, "log.bad_shards"),
    ):
        with pytest.raises(LogError) as caught:
            of.report(tmp_path / name, shards=n)
        assert caught.value.problems[0].code == code


@pytest.mark.parametrize("n", [1, 4, 50])
def test_wrong_rows_of_all_shards_are_reported_at_once(n: int, tmp_path: Path) -> None:
    """However the file is cut, the error counts every wrong row and names the first of them, as for the whole file."""
    rows = [("" if i % 5 == 0 else f"SO-{i % 7}", "a", f"bad {i}" if i % 3 == 0 else "2026-01-05") for i in range(30)]
    pl.DataFrame(rows, schema=["order", "status", "at"], orient="row").with_columns(
        pl.col("order").replace("", None)
    ).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(LogError) as whole:
        of.read_log(tmp_path / "log.parquet")
    with pytest.raises(LogError) as found:
        list(of.read_shards(tmp_path / "log.parquet", n))
    for name in ("count", "lines", "values"):
        expected = {item.code: item.params.get(name) for item in whole.value.problems}
        assert {item.code: item.params.get(name) for item in found.value.problems} == expected


@pytest.mark.parametrize("content", ["", "order,status,at\n"])
def test_a_csv_file_without_rows_is_called_that(content: str, tmp_path: Path) -> None:
    """An empty file, or one with a header alone, has no rows; it is not called damaged."""
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(LogError) as caught:
        list(of.read_shards(tmp_path / "log.csv", 3))
    assert [item.code for item in caught.value.problems] == ["log.no_rows"]


@pytest.mark.parametrize("n", [1, 3, 1000])
def test_a_log_in_memory_is_cut_by_orders(n: int) -> None:
    """Every order is in one shard, and the report is that of the log."""
    log = of.read_log(history(30), tz="UTC")
    parts = list(of.metrics.in_shards(log, n))
    assert len(parts) == min(n, 30)
    assert sorted(id for part in parts for id in part.orders["id"]) == sorted(log.orders["id"])
    assert of.report(log, shards=n).to_dict() == of.report(log).to_dict()
    assert told(of.report(log, shards=n)) == told(of.report(log))


def test_too_many_durations_of_a_group_ask_for_sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit (50 million) a merge is refused, and the message says how to ask for sketches by name."""
    monkeypatch.setattr(figures, "EXACT", 20)
    frame = history(40)
    with pytest.raises(LogError, match="quantiles='sketch'"):
        of.report(frame, shards=4)
    found = of.report(frame, shards=4, quantiles="sketch")
    assert found.lead_time.n == 40
    assert "log.quantiles_sketched" in told(found)
    with pytest.raises(LogError) as caught:
        of.report(frame, quantiles="guess")  # type: ignore[arg-type]  # the point of the test
    assert caught.value.problems[0].code == "log.unknown_quantiles"


def test_sketches_are_within_their_error() -> None:
    """Number, sum, mean and ends are exact; the rank of each quantile is off by at most the error that is stated."""
    chance = random.Random(3)
    values = [int(chance.expovariate(1 / 3e9)) for _ in range(60_000)]
    keys = Keys.of(of.EventLog.from_columns({"order": ["1"] * 2, "stage": ["a", "b"], "at": [0, 1]}), None)
    parts = [
        Samples.from_rows(
            pl.DataFrame(
                {"stage": [n % 2 for n in range(len(part))], "micros": part}, schema_overrides={"stage": pl.UInt32}
            ),
            keys,
            "stage",
        )
        for part in (values[:20_000], values[20_000:50_000], values[50_000:])
    ]
    merged = sketched(parts[0])
    for part in parts[1:]:
        merged = merged.merge(sketched(part))
    whole = parts[0].merge(parts[1]).merge(parts[2])
    assert isinstance(merged, Sketched)
    near, exact = merged.micros().sort("stage"), whole.micros().sort("stage")
    assert near.select("stage", "n", "mean", "min", "max", "sum").equals(
        exact.select("stage", "n", "mean", "min", "max", "sum")
    )
    for code, row in enumerate(near.iter_rows(named=True)):
        group = sorted(
            value for part in (values[:20_000], values[20_000:50_000], values[50_000:]) for value in part[code::2]
        )
        for name, share in (("median", 0.5), ("p90", 0.9), ("p95", 0.95)):
            below = sum(value <= row[name] for value in group) / len(group)
            assert abs(below - share) <= 2 * error()


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.timedeltas()
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(), inner).map(FrozenMap)
        | st.dictionaries(st.text(), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(PLAIN)
def test_what_is_packed_comes_back(value: Any) -> None:
    """Values of any shape, equal and of the same kind; equal values give equal bytes."""
    back = unpack(pack(value))
    assert back == value
    assert type(back) is type(value)
    assert pack(back) == pack(value)


def test_logs_summaries_and_calendars_are_packed() -> None:
    """What crosses the border of a process: a log with everything, summaries with 128-bit sums, calendars, reasons."""
    log = of.EventLog.from_columns(
        {"order": ["a", "b"], "stage": ["x", "y"], "at": [1, 2], "team": ["t", None]},
        {"order": ["a"], "promised_at": [3], "region": ["华东"]},
        done_stages={"y", "x", "z"},
        assumptions=[reason("log.assumed_zone")],
        marks={"order": ["a"], "kind": ["met"]},
    )
    back = unpack(pack(log))
    assert of.report(back).to_dict() == of.report(log).to_dict()
    assert back.orders.equals(log.orders)
    assert (back.more["marks"].equals(log.more["marks"]), back.assumptions) == (True, log.assumptions)
    module = sys.modules[stage_time.__module__]
    assert module.result(unpack(pack(module.summarise(log)))).to_dicts() == stage_time(log).to_dicts()
    assert unpack(pack(CALENDAR)) == CALENDAR


def test_only_values_of_orderflow_are_unpacked() -> None:
    """Bytes of others, cut ones, and names of other classes are a LogError: nothing else is ever constructed."""
    good = pack(reason("log.assumed_zone"))
    other = good.replace(b"orderflow.model.reasons:Reason", b"subprocess.tests.reasons:Popen")
    function = good.replace(b"orderflow.model.reasons:Reason", b"orderflow.model.reasons:reason")
    for data in (b"", b"PK", good[:-3], good + b"x", other, function):
        with pytest.raises(LogError) as caught:
            unpack(data)
        assert caught.value.problems[0].code == "log.not_packed"
    with pytest.raises(TypeError, match="object"):
        pack(object())


def test_a_folder_is_a_mapping(tmp_path: Path) -> None:
    """Entries are files, whole or not there; no name leads elsewhere."""
    folder = of.Folder(tmp_path / "new")
    folder["a.log"], folder["b"] = b"1", b"2"
    folder["b"] = b"3"
    assert (dict(folder), "b" in folder, "c" in folder) == ({"a.log": b"1", "b": b"3"}, True, False)
    del folder["a.log"]
    assert list(of.Folder(tmp_path / "new")) == ["b"]
    for name in ("c", "../c"):
        with pytest.raises((KeyError, ValueError)):
            folder[name]
    with pytest.raises(KeyError):
        del folder["c"]
    for name in ("", "a/b", "..", "x.part"):
        with pytest.raises(ValueError, match="name of a file"):
            folder[name] = b""


def test_stages_that_end_an_order_are_told_to_every_shard(tmp_path: Path) -> None:
    """Finished orders are those of the whole; a stage that is in no shard is refused, one that is in some is not."""
    path = tmp_path / "log.parquet"
    history(20).write_parquet(path)
    ends = {"done_stages": ["发货"], "cancelled_stages": "下单"}
    whole = of.report(path, **ends).throughput.finished
    assert sum(whole.values()) > 0
    assert of.report(path, shards=7, **ends).throughput.finished == whole
    with pytest.raises(LogError, match="发货了"):
        list(of.read_shards(path, 3, done_stages="发货了"))


def test_columns_that_vary_are_told_once_of_all_shards(tmp_path: Path) -> None:
    """Which columns differ within an order, in one line, whichever shards they were seen in."""
    rows = [
        f"{n},{stage},2026-01-0{day},{n if day == 1 else n + 1},x"
        for n in range(8)
        for day, stage in ((1, "a"), (2, "b"))
    ]
    rows += ["z,a,2026-01-01,9,x", "z,b,2026-01-02,9,y"]
    path = tmp_path / "log.csv"
    path.write_text("order,stage,at,case:amount,case:region\n" + "\n".join(rows) + "\n", encoding="utf-8")
    whole, parts = of.report(path), of.report(path, shards=5)
    told = [[item for item in found.assumptions if item.code == "log.attributes_vary"] for found in (whole, parts)]
    assert [len(items) for items in told] == [1, 1]
    assert sorted(told[0][0].params["columns"]) == sorted(told[1][0].params["columns"]) == ["amount", "region"]
