"""What the saved form of a log promises: it comes back equal, and what is wrong with it is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from orderflow.metrics.flow_map import flow_map
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import report
from orderflow.model.errors import LogError
from orderflow.model.reasons import reason

HOUR = 3_600_000_000


def small(stages: tuple[str, ...] = ("下单", "审核", "下单")) -> EventLog:
    """A log with everything that a log can have: promises, attributes, teams, marks, assumptions, done stages."""
    return EventLog.from_columns(
        {
            "order": ["A"] * len(stages) + ["B"],
            "stage": [*stages, "下单"],
            "at": [n * HOUR for n in range(len(stages) + 1)],
            "actor": [None, *["ann"] * len(stages)],
            "team": ["销售"] * (len(stages) + 1),
        },
        {"order": ["A", "C"], "region": ["华东", None], "level": [1, 2], "promised_at": [HOUR, None]},
        tz="Asia/Shanghai",
        done_stages={"审核"},
        assumptions=[reason("log.guessed_encoding", table={"en": "events", "zh": "事件文件"}, encoding="GB18030")],
        marks={"order": ["A", "Q"], "sla": ["review", "review"]},
    )


def code_of(folder: Path) -> str:
    with pytest.raises(LogError) as caught:
        EventLog.load(folder)
    (found,) = caught.value.problems
    assert found.text("en") != found.text("zh")
    assert found.place is not None and found.place.file
    return found.code


def test_a_saved_log_comes_back_as_it_was(tmp_path: Path) -> None:
    """Tables, names, zone, done stages and assumptions; so every figure is the same."""
    log = small()
    log.save(tmp_path / "a" / "log")
    found = EventLog.load(str(tmp_path / "a" / "log"))
    assert report(found).to_dict() == report(log).to_dict()
    assert found.to_polars().equals(log.to_polars())
    assert found.orders.equals(log.orders)
    assert found.more["marks"].equals(log.more["marks"])
    assert (found.tz, found.done_stages, found.stages) == (log.tz, log.done_stages, log.stages)
    assert [item.text("zh") for item in found.assumptions] == [item.text("zh") for item in log.assumptions]
    assert len(found.where(region="华东")) == len(log.where(region="华东"))


def test_an_empty_log_and_a_part_of_a_log_can_be_saved_too(tmp_path: Path) -> None:
    """Codes with gaps stay as they are; nothing stays nothing."""
    for log in (small().where(id="B"), EventLog.from_columns({"order": [], "stage": [], "at": []})):
        log.save(tmp_path)
        assert report(EventLog.load(tmp_path)).to_dict() == report(log).to_dict()


def test_saving_replaces_and_who_has_loaded_the_old_log_keeps_it(tmp_path: Path) -> None:
    """A log that was loaded from a folder stays as it was when another one is saved there, or it itself."""
    small().save(tmp_path)
    old = EventLog.load(tmp_path)
    small(("下单",)).save(tmp_path)
    assert len(old) == 4
    assert flow_map(old) == flow_map(small())
    assert len(EventLog.load(tmp_path)) == 2
    new = EventLog.load(tmp_path)
    new.save(tmp_path)
    assert EventLog.load(tmp_path).to_polars().equals(new.to_polars())


def test_a_crash_while_saving_leaves_the_log_that_was_there(tmp_path: Path) -> None:
    """Killed before the description is replaced, or after that: the old log or the new one, and no waste in the end."""
    old, new = small(), small(("审核", "下单", "审核", "下单"))
    before = "import os; put = saved.put; saved.put = lambda a, b: os._exit(9) if b.name == {at!r} else put(a, b)"
    after = "import os, pathlib; pathlib.Path.unlink = lambda *_: os._exit(9)"
    write = "EventLog.load({new!r}).save({here!r})"
    new.save(tmp_path / "new")
    names = [file.name for file in (tmp_path / "new").iterdir()]
    assert "log.json" in names
    for crash in (*(before.format(at=name) for name in names), after):
        old.save(tmp_path / "log")
        run = write.format(new=str(tmp_path / "new"), here=str(tmp_path / "log"))
        code = f"from orderflow.metrics import saved; from orderflow.metrics.log import EventLog; {crash}; {run}"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
        found = EventLog.load(tmp_path / "log").to_polars()
        assert found.equals((new if crash is after else old).to_polars())
    old.save(tmp_path / "log")
    assert {file.suffix for file in (tmp_path / "log").iterdir()} == {".arrow", ".json"}
    assert len(list((tmp_path / "log").glob("events-*"))) == 1


def test_a_log_that_is_replaced_while_it_is_loaded_is_loaded_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that went away since the description was read belong to a log that another one has replaced."""
    small().save(tmp_path)
    read_ipc = pl.read_ipc

    def replaced(file: Path) -> pl.DataFrame:
        monkeypatch.undo()
        small(("下单",)).save(tmp_path)
        return read_ipc(file)

    monkeypatch.setattr(pl, "read_ipc", replaced)
    assert len(EventLog.load(tmp_path)) == 2


def test_a_folder_without_a_saved_log_is_refused(tmp_path: Path) -> None:
    """One that is not there, an empty one, one with the JSON of something else, one whose saving did not end."""
    assert code_of(tmp_path / "nothing") == "log.not_saved"
    assert code_of(tmp_path) == "log.not_saved"
    (tmp_path / "log.json").write_text('{"format": "another"}', encoding="utf-8")
    assert code_of(tmp_path) == "log.not_saved"
    small().save(tmp_path)
    (tmp_path / "log.json").unlink()
    assert code_of(tmp_path) == "log.not_saved"


def test_a_log_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """It says which version is known."""
    small().save(tmp_path)
    described = json.loads((tmp_path / "log.json").read_text(encoding="utf-8"))
    (tmp_path / "log.json").write_text(json.dumps(described | {"version": 2}), encoding="utf-8")
    assert code_of(tmp_path) == "log.saved_by_newer"


@pytest.mark.parametrize("damage", ["missing", "cut", "other rows", "other columns", "no table", "json"])
def test_a_damaged_log_is_refused(tmp_path: Path, damage: str) -> None:
    """A table that is missing, cut off, of another length or with other columns; a description without tables."""
    small().save(tmp_path)
    (events,), description = tmp_path.glob("events-*.arrow"), tmp_path / "log.json"
    if damage == "missing":
        events.unlink()
    elif damage == "cut":
        events.write_bytes(events.read_bytes()[:100])
    elif damage == "other rows":
        pl.read_ipc(events.read_bytes()).head(1).write_ipc(events, compression="uncompressed")
    elif damage == "other columns":
        pl.read_ipc(events.read_bytes()).drop("at").write_ipc(events, compression="uncompressed")
    elif damage == "no table":
        described = json.loads(description.read_text(encoding="utf-8"))
        del described["tables"]["orders"]
        description.write_text(json.dumps(described), encoding="utf-8")
    else:
        description.write_text(description.read_text(encoding="utf-8")[:50], encoding="utf-8")
    assert code_of(tmp_path) == "log.saved_damaged"


@pytest.mark.parametrize("damage", ["kind", "code", "stage", "order", "gap", "size", "zone", "version"])
def test_what_cannot_be_a_saved_log_is_refused_at_once(tmp_path: Path, damage: str) -> None:
    """Values of another kind, codes without a name, events out of order, an order that is missing, another size, a zone
    or version that there is not: LogErrors, and none of polars."""
    small().save(tmp_path)
    (events,), description = tmp_path.glob("events-*.arrow"), tmp_path / "log.json"
    table, described = pl.read_ipc(events.read_bytes()), json.loads(description.read_text(encoding="utf-8"))
    changes = {
        "kind": table.with_columns(pl.col("at").cast(pl.Float64)),
        "code": table.with_columns(pl.lit(99, pl.UInt32).alias("order")),
        "stage": table.with_columns(pl.lit(99, pl.UInt32).alias("stage")),
        "order": table.reverse(),
        "gap": table.with_columns(pl.lit(None, pl.UInt32).alias("order")),
    }
    if damage in changes:
        changes[damage].write_ipc(events, compression="uncompressed")
        described["tables"]["events"]["bytes"] = events.stat().st_size  # so that no other check sees it first
    elif damage == "size":
        events.write_bytes(events.read_bytes() + b" ")
    else:
        described |= {"zone": {"tz": "Mars"}, "version": {"version": 0}}[damage]
    description.write_text(json.dumps(described), encoding="utf-8")
    assert code_of(tmp_path) == "log.saved_damaged"


def test_a_value_that_was_changed_is_found_on_request(tmp_path: Path) -> None:
    """One bit of one time: only reading everything can tell, and `verify=True` does."""
    small().save(tmp_path)
    assert len(EventLog.load(tmp_path, verify=True)) == 4
    (events,) = tmp_path.glob("events-*.arrow")
    content = bytearray(events.read_bytes())
    content[content.index((2 * HOUR).to_bytes(8, "little"))] ^= 1
    events.write_bytes(content)
    assert len(EventLog.load(tmp_path)) == 4
    with pytest.raises(LogError) as caught:
        EventLog.load(tmp_path, verify=True)
    assert caught.value.problems[0].code == "log.saved_damaged"


def test_saving_deletes_no_file_of_others(tmp_path: Path) -> None:
    """What only looks like ours stays; what a crash left of ours goes."""
    foreign = ["plan-0123456789abcdef0123.arrow", "plan.arrow.part", "events.arrow"]
    ours = ["names.stage.arrow.part", "log.json.part", "more.marks-0123456789abcdef0123.arrow"]
    for name in (*foreign, *ours):
        (tmp_path / name).write_text("mine")
    small().save(tmp_path)
    assert [name for name in (*foreign, *ours) if (tmp_path / name).exists()] == foreign


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file that stands where the folder should be."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(LogError) as caught:
        small().save(tmp_path / "taken")
    assert caught.value.problems[0].code == "log.cannot_save"
