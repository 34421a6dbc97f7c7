"""The shelf of running totals: two processes on it, what lies there, what is damaged there, what touching it costs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderflow.metrics import EventLog, Running, report, segments, states, totals
from orderflow.metrics.figures import Figure
from orderflow.metrics.folder import Folder
from orderflow.model.errors import LogError


def batch(n: int, orders: int = 1) -> dict[str, list[Any]]:
    """Closed orders of two events each."""
    ids = [f"S{n}-{k}" for k in range(orders) for _ in (0, 1)]
    return {"order": ids, "stage": ["new", "done"] * orders, "at": [n * 1_000 + k for k in range(2 * orders)]}


def whole(numbers: range) -> dict[str, Any]:
    """The report that batches with these numbers have to give."""
    batches = [batch(n) for n in numbers]
    columns = {name: [value for one in batches for value in one[name]] for name in ("order", "stage", "at")}
    return report(EventLog.from_columns(columns, done_stages=["done"])).to_dict()


def code_of(call: Any) -> str:
    with pytest.raises(LogError) as caught:
        call()
    (found,) = caught.value.problems
    assert found.text("en") != found.text("zh")
    return found.code


# --- two processes ------------------------------------------------------------------------------------------------


def test_a_state_that_somebody_else_saved_is_not_saved_over(tmp_path: Path) -> None:
    """Of two that loaded one state the second is refused, and what the first saved is whole; after loading again the
    batch comes in."""
    first = Running(done_stages=["done"], shelf=tmp_path)
    for n in range(9):
        first.add(batch(n))
    first.save()
    a, b = Running.load(tmp_path), Running.load(tmp_path)
    a.add(batch(9), key="a")
    b.add(batch(10), key="b")
    a.save()
    assert code_of(b.save) == "log.saved_elsewhere"
    assert code_of(first.save) == "log.saved_elsewhere"
    a.save()
    assert Running.load(tmp_path).report().to_dict() == whole(range(10))
    again = Running.load(tmp_path)
    assert not again.add(batch(9), key="a")
    assert again.add(batch(10), key="b")
    again.save()
    assert Running.load(tmp_path).report().to_dict() == whole(range(11))


def test_totals_that_begin_anew_do_not_take_the_place_of_a_saved_history(tmp_path: Path) -> None:
    """Running(shelf=...) where load was meant is refused when it saves; a copy by `save(place)` may replace one."""
    old = Running(done_stages=["done"], shelf=tmp_path)
    old.add(batch(0))
    old.save()
    anew = Running(done_stages=["done"], shelf=tmp_path)
    anew.add(batch(1))
    assert code_of(anew.save) == "log.saved_elsewhere"
    assert Running.load(tmp_path).report().to_dict() == whole(range(1))
    copy: dict[str, bytes] = {}
    for n in (1, 2):
        old.add(batch(n))
        old.save(copy)
    old.save(tmp_path)  # its own shelf by another name is no copy
    old.save()
    assert Running.load(copy).report().to_dict() == Running.load(tmp_path).report().to_dict() == whole(range(3))
    assert set(copy) <= set(Folder(tmp_path)) | {name for name in copy if name.startswith("state-")}


def test_a_reader_is_told_to_load_again(tmp_path: Path) -> None:
    """While another process adds and saves, one that only reads answers for its state or says `load again`."""
    feeder = Running(done_stages=["done"], shelf=tmp_path)
    feeder.add(batch(0))
    feeder.save()
    asked, late = Running.load(tmp_path), Running.load(tmp_path)
    assert asked.report().to_dict() == whole(range(1))
    for n in range(1, 20):
        feeder.add(batch(n))
        feeder.save()
    assert asked.report().to_dict() == whole(range(1))
    for call in (late.report, late.log, lambda: late.add(batch(0))):
        assert code_of(call) == "log.loaded_before"
    assert Running.load(tmp_path).report().to_dict() == whole(range(20))


def test_a_state_that_is_replaced_while_it_is_loaded_is_loaded_anew(tmp_path: Path) -> None:
    """A reader never sees half of one state and half of another."""
    feeder = Running(done_stages=["done"], shelf=tmp_path)
    for n in range(7):
        feeder.add(batch(n))
    feeder.save()

    class Slow(Folder):
        left = 3

        def __getitem__(self, name: str) -> bytes:
            self.left -= 1
            if self.left in (0, 1):
                feeder.add(batch(8 - self.left))
                feeder.save()
            return super().__getitem__(name)

    assert Running.load(Slow(tmp_path)).report().to_dict() == whole(range(9))


def test_what_another_process_lays_down_is_never_deleted(tmp_path: Path) -> None:
    """Only entries that were there before a state took its place go; others may belong to the next one."""

    class Busy(Folder):
        def __delitem__(self, name: str) -> None:
            if not others:
                others.append(Running.load(tmp_path))
                others[0].add(batch(50))
            super().__delitem__(name)

    others: list[Running] = []
    feeder = Running(done_stages=["done"], shelf=Busy(tmp_path))
    feeder.add(batch(0))
    feeder.save()
    feeder.add({"order": ["S0-0"], "stage": ["new"], "at": [5_000]})
    feeder.save()
    others[0].save()
    assert len(Running.load(tmp_path)) == 5
    assert len(Running.load(tmp_path).log()) == 5


# --- what lies there ----------------------------------------------------------------------------------------------


def test_files_of_others_are_never_deleted_and_those_of_a_crash_are(tmp_path: Path) -> None:
    """Whatever their names look like; what our own processes left unfinished goes at the next load and save."""
    foreign = ["segment-plan.xlsx", "segment-x.log", "running.txt", "state-of-things", "notes.part", "segment-1.part"]
    left = ["segment-0123456789abcdef0123.log.part", "running.17.part", "state-0123456789abcdef0123.4.part"]
    for name in (*foreign, *left):
        (tmp_path / name).write_text("mine")
    first = Running(done_stages=["done"], shelf=tmp_path)
    first.add(batch(0))
    first.report()
    first.save()
    assert not [name for name in left if (tmp_path / name).exists()]
    (tmp_path / left[0]).write_text("mine")
    Running.load(tmp_path)
    assert not (tmp_path / left[0]).exists()
    assert all((tmp_path / name).read_text() == "mine" for name in foreign)


def test_segments_that_no_state_names_leave_the_shelf(tmp_path: Path) -> None:
    """What a crash left is gone after the next saved state: it may hold what was erased since."""
    first = Running(done_stages=["done"], shelf=tmp_path)
    first.add(batch(0))
    first.save()
    lost = Running.load(tmp_path)
    lost.add(batch(1))
    lost.report()
    again = Running.load(tmp_path)
    again.add(batch(2))
    again.save()
    left = {name for name in Folder(tmp_path) if name.endswith(".log")}
    assert left == {f"{name}.log" for name in again._rest.sizes}  # the only place that knows


def test_loading_makes_no_folder(tmp_path: Path) -> None:
    """A path that is not there stays so; one of a file is told."""
    assert code_of(lambda: Running.load(tmp_path / "slip")) == "log.nothing_saved"
    assert not (tmp_path / "slip").exists()
    (tmp_path / "file").write_text("")
    assert code_of(lambda: Running(shelf=tmp_path / "file")) == "log.no_folder"


def test_figures_that_are_asked_with_ever_new_options_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Summaries of the last figures are kept, on the shelf, in memory and after loading; the others are made again."""
    monkeypatch.setattr(totals, "KEPT", 5)
    monkeypatch.setattr("orderflow.metrics.running.KEPT", 5)
    monkeypatch.setattr(totals, "GROUP", 2)
    kept = Running(done_stages=["done"], shelf=tmp_path)
    for n in range(3):
        kept.add(batch(n))
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(30):
        kept.result("ageing", as_of=begin + timedelta(minutes=n))
    assert len(list(tmp_path.iterdir())) <= 3 * 2 + 3 * 5
    kept.save()
    for n in range(30):
        loaded = Running.load(tmp_path)
        loaded.result("ageing", as_of=begin + timedelta(hours=n))
    loaded.save()
    assert len(list(tmp_path.iterdir())) <= 3 * 2 + 3 * 5 + 2
    assert max(len(loaded._now), len(kept._now), len(kept._rest.totals._nodes)) <= 5  # memory has no public view
    assert kept.report().to_dict() == whole(range(3))


def test_only_summaries_of_this_version_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an upgrade the summaries that lie on the shelf are made anew."""
    monkeypatch.setattr(totals, "GROUP", 2)
    shelf: dict[str, bytes] = {}
    kept = Running(done_stages=["done"], shelf=shelf)
    for n in range(5):
        kept.add(batch(n))
    kept.result("overview")
    kept.save()
    summed: list[int] = []
    summarise = Figure.summarise
    monkeypatch.setattr(Figure, "summarise", lambda self, log: (summed.append(len(log)), summarise(self, log))[1])
    Running.load(shelf).result("overview")
    before, summed[:] = sum(summed), []
    monkeypatch.setattr(totals, "_code", lambda: b"another version")
    Running.load(shelf).result("overview")
    assert (before, sum(summed)) == (2, 10)


# --- what is damaged ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_summaries_that_are_damaged_are_made_anew_and_events_are_told(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A summary can be made again, and the ids of a segment; a segment that is lost or damaged is named, with what to
    do, and so is a state."""
    monkeypatch.setattr(totals, "GROUP", 2)
    kept = Running(done_stages=["done"], shelf=tmp_path)
    for n in range(3):
        kept.add(batch(n))
    kept.report()
    kept.save()

    def harm(names: list[Path]) -> None:
        assert names
        for file in names:
            if damage == "missing":
                file.unlink()
            else:
                file.write_bytes(file.read_bytes()[:40] if damage == "cut" else b"something else")

    expected = "log.entry_missing" if damage == "missing" else "log.entry_damaged"
    files = [file for file in tmp_path.iterdir() if file.name.startswith("segment-")]
    harm([file for file in files if file.suffix not in (".log", ".ids")])
    harm([file for file in files if file.suffix == ".ids"][:1])
    assert Running.load(tmp_path).report().to_dict() == whole(range(3))
    harm([file for file in files if file.suffix == ".log"])
    for call in (lambda: Running.load(tmp_path).log(), lambda: Running.load(tmp_path).result("touches")):
        assert code_of(call) == expected
    harm(list(tmp_path.glob("state-*")))
    assert code_of(lambda: Running.load(tmp_path)) == expected


def test_a_state_of_another_form_is_told(tmp_path: Path) -> None:
    """An entry `running` that says something else."""
    Running(shelf=tmp_path).save()
    (tmp_path / "running").write_bytes((tmp_path / "running").read_bytes()[:-3])
    assert code_of(lambda: Running.load(tmp_path)) == "log.entry_damaged"


def test_a_full_disk_fails_no_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Summaries are kept where there is room for them; the figures are the same without."""
    monkeypatch.setattr(totals, "GROUP", 2)

    class Full(Folder):
        full = False

        def __setitem__(self, name: str, content: bytes) -> None:
            if self.full:
                raise OSError("no space left")
            super().__setitem__(name, content)

    shelf = Full(tmp_path)
    kept = Running(done_stages=["done"], shelf=shelf)
    for n in range(4):
        kept.add(batch(n))
    kept.save()
    shelf.full = True
    assert kept.report().to_dict() == Running.load(shelf).report().to_dict() == whole(range(4))


def test_a_crash_while_saving_leaves_a_whole_state(tmp_path: Path) -> None:
    """Killed at any write of `add` and `save`: the state saved before is there, or the new one."""
    code = """
import os, sys
from orderflow.metrics import Running, folder
left, put = int(sys.argv[2]), folder.put
def dying(beside, target):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
    put(beside, target)
folder.put = dying
kept = Running.load(sys.argv[1])
kept.add({"order": ["S0-0", "S9"], "stage": ["done", "done"], "at": [9_000, 9_000]})
kept.report()
kept.save()
"""
    for at in range(1, 12):
        place = tmp_path / str(at)
        kept = Running(done_stages=["done"], shelf=place)
        kept.add(batch(0, orders=3))
        kept.save()
        ended = subprocess.run([sys.executable, "-c", code, place, str(at)], check=False, env=os.environ).returncode
        assert len(Running.load(place).log()) == (6 if ended else 8)
        if not ended:
            break
    assert at > 4


# --- what it costs ------------------------------------------------------------------------------------------------


class Counting(dict[str, bytes]):
    """A shelf that counts the bytes that pass."""

    passed = 0

    def __getitem__(self, name: str) -> bytes:
        self.passed += len(super().__getitem__(name))
        return super().__getitem__(name)

    def __setitem__(self, name: str, content: bytes) -> None:
        self.passed += len(content)
        super().__setitem__(name, content)


def test_an_order_that_comes_back_costs_its_segment_and_a_path_of_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """With four times the history, adding passes the same bytes, and a question sums up as many events and merges one
    more round of the tree."""
    monkeypatch.setattr(segments, "FULL", 100)
    monkeypatch.setattr(totals, "GROUP", 500)
    merged: list[str] = []
    summed: list[int] = []
    merge, summarise = Figure.merge, Figure.summarise
    monkeypatch.setattr(Figure, "merge", lambda self, a, b: (merged.append(""), merge(self, a, b))[1])
    monkeypatch.setattr(Figure, "summarise", lambda self, log: (summed.append(len(log)), summarise(self, log))[1])
    costs = []
    for orders in (4_000, 16_000):  # 16 and 64 groups
        shelf = Counting()
        kept = Running(done_stages=["done"], shelf=shelf)
        kept.add(batch(0, orders=orders))
        kept.result("overview")
        kept.add({"order": ["S0-77"], "stage": ["new"], "at": [10**9]})  # the group that is being filled is another
        kept.result("overview")
        shelf.passed, merged[:], summed[:] = 0, [], []
        kept.add({"order": ["S0-77", "S0-9"], "stage": ["new"] * 2, "at": [10**9] * 2})
        added, shelf.passed = shelf.passed, 0
        kept.result("overview")
        costs.append((added, shelf.passed, len(merged), sum(summed)))
    (added, asked, merges, events), (added4, asked4, merges4, events4) = costs
    assert added4 <= added * 1.1 < 20_000
    assert asked4 <= asked * 1.1 < 60_000
    assert max(merges, merges4) <= 7 * 2 + 2  # and those with the group being filled and the open orders
    assert max(events, events4) <= 500 + 3 + 4
    assert states.STATE not in shelf


def test_new_orders_cost_no_merges_of_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none comes back, a question sums up the group that is being filled, and merges it with what was there."""
    monkeypatch.setattr(segments, "FULL", 100)
    monkeypatch.setattr(totals, "GROUP", 500)
    shelf = Counting()
    kept = Running(done_stages=["done"], shelf=shelf)
    kept.add(batch(0, orders=4_000))
    kept.add(batch(1))
    kept.result("overview")
    merged: list[str] = []
    merge = Figure.merge
    monkeypatch.setattr(Figure, "merge", lambda self, a, b: (merged.append(""), merge(self, a, b))[1])
    shelf.passed = 0
    kept.add(batch(2))
    kept.result("overview")
    assert len(merged) == 2
    assert shelf.passed < 5 * max(len(content) for name, content in shelf.items() if name.endswith(".log"))
    assert kept.result("overview").events == 8_004
