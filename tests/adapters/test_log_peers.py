"""Other programs agree: r4pm reads XES and OCEL as we do, and pm4py reads what we write unchanged.

The peers are in the extra `bench`; without them these tests are skipped. `make bench` runs them.
"""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import orderflow as of

pytestmark = pytest.mark.filterwarnings("ignore")  # the peers' own

XES = """<?xml version="1.0" encoding="UTF-8" ?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="trace"><string key="concept:name" value="__INVALID__"/></global>
  <global scope="event"><string key="org:resource" value="resource"/></global>
  <classifier name="Activity" keys="concept:name"/>
  <string key="concept:name" value="the log"/>
  <trace>
    <string key="concept:name" value="SO-1"/>
    <float key="total" value="12.5"/><int key="lines" value="3"/><boolean key="rush" value="true"/>
    <date key="due" value="2026-01-09T00:00:00.000+08:00"/>
    <event><string key="concept:name" value="下单"/><date key="time:timestamp" value="2026-01-05T08:00:00.123+08:00"/>
      <string key="org:resource" value="李 &amp; &quot;王&quot;"><string key="role" value="sales"/></string></event>
    <event><string key="concept:name" value="发货"/><date key="time:timestamp" value="2026-01-06T08:00:00Z"/></event>
  </trace>
  <trace><string key="concept:name" value="SO-2"/><float key="total" value="-1e3"/>
    <event><string key="concept:name" value="下单"/>
      <date key="time:timestamp" value="2025-12-31T23:59:59.999999+00:00"/>
      <string key="org:resource" value="li"/></event>
  </trace>
</log>
"""


def pm4py() -> Any:
    """The peer, whose greeting is kept from the output."""
    with contextlib.redirect_stdout(io.StringIO()):
        return pytest.importorskip("pm4py")


def events_of(log: of.EventLog) -> list[tuple[Any, ...]]:
    return [(row["order"], row["stage"], row["at"], row["actor"]) for row in log.to_polars().to_dicts()]


def small_log() -> of.EventLog:
    """Names that need escaping, times to the microsecond, a missing actor, attributes of every kind, and what we say
    about the log itself, which must not disturb others."""
    return of.EventLog.from_columns(
        {
            "order": ["SO-1", "SO-1", "SO-2"],
            "stage": ["下单", 'a <b> & "c"', "下单"],
            "at": [1_767_571_200_123_456, 1_767_571_200_123_456, 1_767_600_000_000_000],
            "actor": ["李芳", None, "wang"],
        },
        {
            "order": ["SO-1", "SO-2"],
            "region": ["华东", None],
            "total": [12.5, -3.0],
            "lines": [3, 4],
            "due": [datetime(2026, 1, 9, tzinfo=UTC), None],
        },
        tz="Asia/Shanghai",
        done_stages=["下单"],
    )


def utc(value: Any) -> datetime:
    """A time of a peer's frame, of which some are naive and in UTC, as an aware datetime."""
    found: datetime = value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def person(name: str | None) -> str | None:
    """Whom r4pm names, if it is not the default that XES declares above."""
    return None if name == "resource" else name


def test_r4pm_reads_the_same_events_and_traces_from_xes(tmp_path: Path) -> None:
    """From a file of somebody else, with globals, nested attributes and offsets; and from one that we wrote.

    One difference is meant: r4pm gives an event without a resource the declared default, we leave it missing.
    """
    r4pm = pytest.importorskip("r4pm")
    foreign, ours = tmp_path / "foreign.xes", tmp_path / "ours.xes.gz"
    foreign.write_text(XES, encoding="utf-8")
    of.write_log(small_log(), ours)
    for path in (foreign, ours):
        log = of.read_log(path)
        frame: pl.DataFrame = r4pm.df.import_xes(str(path))[0]
        rows = frame.to_dicts()
        names = ("case:concept:name", "concept:name")
        theirs = [(*(row[n] for n in names), utc(row["time:timestamp"]), person(row["org:resource"])) for row in rows]
        assert events_of(log) == theirs
        for name in ("total", "lines"):
            mine = dict(zip(log.orders["id"], log.orders[name], strict=True))
            assert mine == {row["case:concept:name"]: row[f"case:{name}"] for row in rows}


def test_r4pm_reads_the_same_relations_from_ocel(tmp_path: Path) -> None:
    """Each event of each object, with its type and time; and the attributes of the objects."""
    r4pm = pytest.importorskip("r4pm")
    path = tmp_path / "log.json"
    of.write_log(small_log(), path)
    log, found = of.read_log(path), r4pm.df.import_ocel(str(path))
    rows = found["relations"].to_dicts()
    theirs = [(row["ocel:oid"], row["ocel:activity"], utc(row["ocel:timestamp"])) for row in rows]
    assert [row[:3] for row in events_of(log)] == theirs
    objects = {row["ocel:oid"]: row for row in found["objects"].to_dicts()}
    for row in log.orders.to_dicts():
        assert [row[name] for name in ("region", "total", "lines")] == [
            objects[row["id"]][name] for name in ("region", "total", "lines")
        ]


@pytest.mark.parametrize("ending", ["xes", "xes.gz", "csv"])
def test_pm4py_reads_what_we_write(tmp_path: Path, ending: str) -> None:
    """Orders, stages, times and actors, in pm4py's own columns, without a word about the format."""
    peer, path = pm4py(), tmp_path / f"log.{ending}"
    log = small_log()
    of.write_log(log, path, names="pm4py")
    pandas = pytest.importorskip("pandas")
    frame = peer.format_dataframe(pandas.read_csv(path)) if ending == "csv" else peer.read_xes(str(path))
    rows = frame.to_dict("records")
    theirs = [
        (
            row["case:concept:name"],
            row["concept:name"],
            utc(row["time:timestamp"]),
            text(row["org:resource"]),
        )
        for row in rows
    ]
    assert events_of(log) == theirs
    assert [row["case:total"] for row in rows] == [12.5, 12.5, -3.0]
    assert peer.get_variants(frame) == {("下单", 'a <b> & "c"'): 1, ("下单",): 1}


def test_pm4py_reads_our_ocel(tmp_path: Path) -> None:
    """The events, the objects, and which belongs to which."""
    peer, path = pm4py(), tmp_path / "log.json"
    log = small_log()
    of.write_log(log, path, names="pm4py", object_type="order")
    found = peer.read_ocel2_json(str(path))
    rows = found.relations.to_dict("records")
    theirs = [(row["ocel:oid"], row["ocel:activity"], utc(row["ocel:timestamp"])) for row in rows]
    assert [row[:3] for row in events_of(log)] == theirs
    assert [text(value) for value in found.events["org:resource"]] == [row[3] for row in events_of(log)]
    assert found.objects["total"].to_list() == [12.5, -3.0]


def test_we_read_what_pm4py_writes(tmp_path: Path) -> None:
    """XES, and a frame of pandas, back again."""
    peer = pm4py()
    log = small_log()
    of.write_log(log, tmp_path / "ours.xes")
    frame = peer.read_xes(str(tmp_path / "ours.xes"))
    peer.write_xes(frame, str(tmp_path / "theirs.xes"))
    assert events_of(of.read_log(tmp_path / "theirs.xes")) == events_of(log)
    assert events_of(of.read_log(frame)) == events_of(log)
