"""The law of writing: what is written is read back the same, except for what the writer tells."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.metrics.instants import FIRST, LAST

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(str.strip)
instants = st.one_of(st.integers(FIRST, LAST), st.sampled_from([0, 1, -1, 1_767_600_000_000_000]))
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": words,
    "whole": st.integers(-(2**63), 2**63 - 1),
    "decimal": st.floats(),
    "yes": st.booleans(),
    "moment": st.datetimes(timezones=st.just(UTC)),
    "day": st.dates(),
}
KINDS = {"text": pl.String, "whole": pl.Int64, "decimal": pl.Float64, "yes": pl.Boolean, "day": pl.Date}
ends = st.none() | st.frozensets(texts, max_size=3)  # also of stages that nobody has entered
counter = itertools.count()


@st.composite
def logs(draw: st.DrawFn) -> of.EventLog:
    """Any log: strange names, ties, missing actors and attributes, promises, orders without events."""
    rows = draw(st.lists(st.tuples(texts, texts, instants, st.none() | texts, st.none() | texts, st.none() | texts)))
    events = dict(
        zip(("order", "stage", "at", "actor", "team", "track"), map(list, zip(*rows, strict=True)), strict=False)
    )
    if rows and draw(st.booleans()):
        events["started_at"] = [draw(st.none() | st.integers(FIRST, when)) for when in events["at"]]
    ids = draw(st.lists(st.sampled_from([row[0] for row in rows]) | texts if rows else texts, unique=True))
    orders: dict[str, Any] = {"order": ids}
    for name in draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True)):
        values = draw(st.lists(st.none() | VALUES[name], min_size=len(ids), max_size=len(ids)))
        dtype = KINDS.get(name, pl.Datetime("us", "UTC"))
        orders[draw(st.sampled_from(["", "客户.", 'a "b", ;']) | st.just("x\n")) + name] = pl.Series(
            values, dtype=dtype
        )
    if draw(st.booleans()):
        orders["promised_at"] = draw(st.lists(st.none() | instants, min_size=len(ids), max_size=len(ids)))
    return of.EventLog.from_columns(
        events or {"order": [], "stage": [], "at": []},
        orders,
        tz=draw(st.sampled_from(["UTC", "UTC", "Asia/Shanghai", "America/St_Johns"])),
        done_stages=draw(ends),
        cancelled_stages=draw(ends),
    )


def events_of(log: of.EventLog) -> list[tuple[Any, ...]]:
    """The events as order, stage, microseconds, actor, team, track, start, by order and time; ties as they are."""
    frame = log.events.join(log.orders.select("order", "id"), on="order", how="left", maintain_order="left")
    columns = [frame["id"].to_list()]
    for name in ("stage", "actor", "team", "track"):
        codes = frame[name].to_list() if name in frame.columns else [None] * frame.height
        columns.append([None if code is None else log.names[name][code] for code in codes])
    columns.insert(2, frame["at"].to_list())
    columns.append(frame["started_at"].to_list() if "started_at" in frame.columns else [None] * frame.height)
    return sorted(zip(*columns, strict=True), key=lambda row: row[0])


def orders_of(log: of.EventLog, kept: set[str]) -> dict[str, dict[str, Any]]:
    """The attributes that are known of each order, and their kinds; only those whose kinds were kept."""
    names = [name for name in log.orders.columns if name not in ("order", "id") and name in kept]
    return {
        row["id"]: {name: repr(row[name]) for name in names if row[name] is not None} for row in log.orders.to_dicts()
    }


def same(log: of.EventLog, path: Path, told: tuple[of.Reason, ...], **options: Any) -> None:
    """The log that was written to `path` is the one that is read from it, apart from what was told."""
    assert all(item.text("en") and item.text("zh") for item in told)
    changed = {name for item in told if item.code == "log.kinds_change" for name in item.params["changes"]}
    lost = next((item.params["count"] for item in told if item.code == "log.orders_not_written"), 0)
    back = of.read_log(path, **options)
    assert all(item.text("en") and item.text("zh") for item in back.assumptions)
    assert events_of(back) == events_of(log)
    kept = set(log.orders.columns) - changed
    before, after = orders_of(log, kept), orders_of(back, kept)
    missing = {name for name in before if name not in after}
    assert len(missing) == lost
    assert {name: values for name, values in before.items() if name not in missing} == after
    about_the_whole(log, back, told)


def about_the_whole(log: of.EventLog, back: of.EventLog, told: tuple[of.Reason, ...]) -> None:
    """The zone and the ends of orders came back, or were told, each of them."""
    lost = {part for item in told if item.code == "log.not_written" for part in item.params["parts"]}
    lost |= {"tz" for item in told if item.code == "log.zone_not_written"}
    nothing = {"tz": "UTC", "done_stages": None, "cancelled_stages": None}
    for name, unknown in nothing.items():
        assert getattr(back, name) == (unknown if name in lost else getattr(log, name))


@pytest.mark.parametrize(
    "ending", ["csv", "csv.gz", "parquet", "jsonl", "xes", "xes.gz", "json", "pm4py.csv", "pm4py.json"]
)
@settings(max_examples=60, deadline=None)
@given(log=logs())
def test_what_is_written_is_read_back(tmp_path_factory: Any, ending: str, log: of.EventLog) -> None:
    """Orders, stages, times and starts to the microsecond, ties, actors, teams, tracks, attributes, promises; in every
    format."""
    path = tmp_path_factory.getbasetemp() / f"law-{next(counter)}.{ending}"
    names: Any = "pm4py" if "pm4py" in ending else "orderflow"
    told = of.write_log(log, path, names=names)
    if len(log):
        same(log, path, told)
    path.unlink()


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
@settings(max_examples=40, deadline=None)
@given(log=logs().filter(len))
def test_a_table_of_orders_beside_holds_every_order(tmp_path_factory: Any, ending: str, log: of.EventLog) -> None:
    """With `cases` nothing is said to be lost, and orders without events come back too."""
    base = tmp_path_factory.getbasetemp() / f"law-{next(counter)}"
    path, cases = base.with_suffix(f".{ending}"), base.with_suffix(f".cases.{ending}")
    told = of.write_log(log, path, cases=cases)
    assert "log.orders_not_written" not in [item.code for item in told]
    if log.orders.height:
        same(log, path, told, cases=cases)


def test_what_only_the_log_holds_is_told(tmp_path: Path) -> None:
    """Marks, done stages, the zone of its days, kinds that change, orders that have no row: each is said."""
    log = of.EventLog.from_columns(
        {"order": ["A"], "stage": ["下单"], "at": [0]},
        {"order": ["A", "B"], "since": [datetime(2026, 1, 5, tzinfo=UTC), None], "code": ["12", None]},
        tz="Asia/Shanghai",
        done_stages=["发货"],
        cancelled_stages=[],
        marks={"order": ["A"], "kind": ["met"]},
    )
    told = {item.code: dict(item.params) for item in of.write_log(log, tmp_path / "log.csv")}
    assert told == {
        "log.orders_not_written": {"count": 1},
        "log.kinds_change": {"changes": {"since": "String", "code": "Int64"}},
        "log.not_written": {"parts": ["marks", "done_stages", "cancelled_stages"]},
        "log.zone_not_written": {"tz": "Asia/Shanghai"},
    }
    held = {item.code: dict(item.params) for item in of.write_log(log, tmp_path / "log.parquet")}
    assert held == {"log.orders_not_written": {"count": 1}, "log.not_written": {"parts": ["marks"]}}


@pytest.mark.parametrize(
    ("ending", "text", "code"),
    [
        ("xes", "a\x01b", "log.cannot_hold"),
        ("csv", "a\x00b", "log.cannot_hold"),
    ],
)
def test_what_a_format_cannot_hold_is_an_error(tmp_path: Path, ending: str, text: str, code: str) -> None:
    """Characters that XML or CSV has no way to write; and the file that was there stays as it was."""
    path = tmp_path / f"log.{ending}"
    path.write_text("before", encoding="utf-8")
    log = of.EventLog.from_columns({"order": ["A"], "stage": [text], "at": [0]})
    with pytest.raises(of.LogError) as caught:
        of.write_log(log, path)
    assert caught.value.problems[0].code == code
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert path.read_text(encoding="utf-8") == "before"


def test_names_that_would_be_taken_for_something_else_are_refused(tmp_path: Path) -> None:
    """An attribute that would become the order's id; an unknown format or ending; unknown names."""
    log = of.EventLog.from_columns({"order": ["A"], "stage": ["x"], "at": [0]}, {"order": ["A"], "concept:name": ["y"]})
    for ending in ("csv", "xes"):
        with pytest.raises(of.LogError, match="would be taken for something else"):
            of.write_log(log, tmp_path / f"log.{ending}")
    for name in ("log.xlsx", "log", "log.parquet.gz"):
        with pytest.raises(of.LogError, match="ending does not say"):
            of.write_log(log, tmp_path / name)
    with pytest.raises(of.LogError, match="Did you mean 'parquet'"):
        of.write_log(log, tmp_path / "log", format="parket")
    with pytest.raises(of.LogError, match="'orderflow' or 'pm4py'"):
        of.write_log(log, tmp_path / "log.csv", names="celonis")  # type: ignore[arg-type]  # what is refused


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "xes", "json"])
def test_the_column_that_a_promise_came_from_may_stay(tmp_path: Path, ending: str) -> None:
    """As `read_log` keeps it beside the promise; the promise itself is what is read as the promise."""
    log = of.EventLog.from_columns(
        {"order": ["A"], "stage": ["x"], "at": [0]}, {"order": ["A"], "承诺日期": ["1970-01-09"], "promised_at": [7]}
    )
    of.write_log(log, tmp_path / f"log.{ending}")
    assert of.read_log(tmp_path / f"log.{ending}").orders.to_dicts() == log.orders.to_dicts()


def test_pm4py_names_are_those_that_pm4py_reads(tmp_path: Path) -> None:
    """The four columns, and the attributes of orders with their prefix."""
    log = of.EventLog.from_columns(
        {"order": ["A"], "stage": ["x"], "at": [0], "actor": ["ann"]}, {"order": ["A"], "region": ["华东"]}
    )
    of.write_log(log, tmp_path / "log.csv", names="pm4py")
    header, row = (tmp_path / "log.csv").read_text("utf-8").splitlines()
    assert header == '"case:concept:name","concept:name","time:timestamp","org:resource","case:region"'
    assert row == "A,x,1970-01-01T00:00:00Z,ann,华东"
