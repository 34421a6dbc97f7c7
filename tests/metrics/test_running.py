"""Running totals equal the figures over all events so far, whatever comes, in whatever order."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from attrs import fields, has
from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.metrics import Running, running, segments, totals
from orderflow.metrics.batches import join
from orderflow.metrics.figures import FURTHER, PARTS
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import report
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
ORDERS = [f"SO-{n}" for n in range(8)]
CALENDAR = WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-sun": ["02:00-05:00", "08:00-09:00"]}})
ATTRIBUTES = {"region": [["east", "华东"]], "size": [[1, 2], [2.5], ["XL"]], "promised_at": [[3 * HOUR]]}
Row = tuple[str, str, int, str | None]

row = st.tuples(
    st.sampled_from(ORDERS),
    st.sampled_from(["placed", "审核", "a", "done", "done"]),
    st.integers(-2, 12).map(lambda n: n * HOUR),  # few instants: ties, and events before the first
    st.sampled_from([None, "", "张三", "bob"]),
)
batches = st.lists(st.lists(row, max_size=8), max_size=8)
many = settings(max_examples=40 if os.environ.get("ORDERFLOW_LONG") else 25, deadline=None)


def log_of(rows: list[Row], **more: Any) -> EventLog:
    order, stage, at, actor = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    return EventLog.from_columns({"order": order, "stage": stage, "at": at, "actor": actor}, **more)


def calculators() -> list[str]:
    """The names of all files of figures that have the three functions, and ask for nothing but a log."""
    names = sorted(module.name for module in pkgutil.iter_modules(of.metrics.__path__))
    modules = {name: import_module(f"orderflow.metrics.{name}") for name in names}
    parted = [name for name, module in modules.items() if hasattr(module, "summarise") and hasattr(module, "merge")]
    return [name for name in parted if next(iter(signature(getattr(of.metrics, name)).parameters)) == "log"]


def plain(found: Any) -> Any:
    """A result as plain data, so that two can be compared."""
    if hasattr(found, "to_dicts"):
        return found.to_dicts()
    return {item.name: plain(getattr(found, item.name)) for item in fields(type(found))} if has(type(found)) else found


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments and the room for open orders are so small that a few events fill them."""
    monkeypatch.setattr(segments, "FULL", 3)
    monkeypatch.setattr(segments, "TOGETHER", 3)
    monkeypatch.setattr(totals, "GROUP", 6)
    monkeypatch.setattr(totals, "FAN", 2)
    monkeypatch.setattr(running, "MOST_OPEN", 10)


@many
@given(batches, st.sampled_from([None, {"done"}, {"done", "a"}]), st.booleans())
def test_running_equals_the_whole_after_every_batch(parts: list[list[Row]], done: set[str] | None, asked: bool) -> None:
    """The report equals that over all events in order of arrival: reopened orders, late events, ties, any batches."""
    totals = Running(done_stages=done)
    seen: list[Row] = []
    for rows in parts:
        totals.add(log_of(rows))
        seen += rows
        if asked:
            assert totals.report().to_dict() == report(log_of(seen, done_stages=done)).to_dict()
    assert totals.report().to_dict() == report(log_of(seen, done_stages=done)).to_dict()
    assert len(totals) == len(seen)


@settings(max_examples=12, deadline=None)
@given(batches)
def test_every_further_part_equals_the_whole(parts: list[list[Row]]) -> None:
    """All parts that such a log can answer, and the reasons of the others."""
    totals = Running(done_stages={"done"}, cancelled_stages={"a"})
    for rows in parts:
        totals.add(log_of(rows))
    seen = [item for rows in parts for item in rows]
    found = totals.report(further="all")
    whole = report(log_of(seen, done_stages={"done"}, cancelled_stages={"a"}))
    assert found.further_to_dict() == whole.further_to_dict()
    assert {name: why.code for name, why in found.left_out.items()} == {n: w.code for n, w in whole.left_out.items()}


@settings(max_examples=25 if os.environ.get("ORDERFLOW_LONG") else 12, deadline=None)
@given(st.lists(st.lists(row, max_size=6), max_size=4), st.data())
def test_any_figure_by_anything_in_open_time(parts: list[list[Row]], data: st.DataObject) -> None:
    """A figure that was never asked before, with its options, equals that of the joined batches: attributes that come
    late or change, promises, columns and tables that only some batches have."""
    logs = []
    for rows in parts:
        who = data.draw(st.lists(st.sampled_from(ORDERS), unique=True, max_size=4))
        orders: dict[str, Any] = {"order": who}
        for name, kinds in ATTRIBUTES.items():
            if values := data.draw(st.sampled_from([[], *kinds])):
                orders[name] = [data.draw(st.sampled_from([None, *values])) for _ in who]
        marks = {"order": who, "kind": ["met"] * len(who)} if who and data.draw(st.booleans()) else None
        logs.append(log_of(rows, orders=orders, marks=marks, done_stages={"done"}))
    totals = Running()
    for log in logs:
        totals.add(log)
    whole = join([EventLog.from_columns({"order": [], "stage": [], "at": []}), *logs])
    for name in set(whole.orders.columns) & {"region", "size"}:
        for calendar in (None, CALENDAR):
            found = totals.result("lead_time", by=name, calendar=calendar)
            assert found.to_dicts() == of.metrics.lead_time(whole, by=name, calendar=calendar).to_dicts()
    assert plain(totals.result("stage_time", by="actor")) == plain(of.metrics.stage_time(whole, by="actor"))
    assert plain(totals.result("variants", top=1)) == plain(of.metrics.variants(whole, top=1))
    assert totals.report(calendar=CALENDAR).to_dict() == report(whole, calendar=CALENDAR).to_dict()
    kinds = [(order, kind) for log in logs if "marks" in log.more for order, kind in marks_of(log)]
    assert sorted(marks_of(totals.log())) == sorted(kinds)


def marks_of(log: EventLog) -> list[tuple[str, str]]:
    ids = dict(log.orders.select("order", "id").iter_rows())
    return (
        [(ids[code], kind) for code, kind in log.more["marks"].select("order", "kind").iter_rows()] if log.more else []
    )


@settings(max_examples=15, deadline=None)
@given(batches, st.integers(0, 7), st.booleans())
def test_what_was_saved_goes_on(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[Row]], cut: int, crash: bool
) -> None:
    """A state on disk that is loaded and goes on gives the same, also when it is an older one after a crash."""
    folder = tmp_path_factory.mktemp("state")
    totals = Running(done_stages={"done"}, shelf=of.Folder(folder))
    seen: list[Row] = []
    totals.save()
    for n, rows in enumerate(parts):
        totals.add(log_of(rows))
        if n == cut:
            totals.report()
            if crash:  # this batch was not saved: what came of it on disk must not count
                totals = Running.load(of.Folder(folder))
                continue
        seen += rows
        if n % 2:
            totals.save()
            totals = Running.load(of.Folder(folder))
        elif crash and n < cut:
            totals.save()
    assert totals.report().to_dict() == report(log_of(seen, done_stages={"done"})).to_dict()
    copy: dict[str, bytes] = {}
    totals.save(copy)
    assert Running.load(copy).report().to_dict() == totals.report().to_dict()


def test_a_saved_folder_holds_only_what_counts(tmp_path: Path) -> None:
    """Segments that were taken apart leave the disk with the next saved state, and not before."""
    totals = Running(done_stages={"done"}, shelf=of.Folder(tmp_path))
    totals.add(log_of([("a", "done", 1, None), ("b", "done", 1, None)]))
    totals.save()
    saved = set(of.Folder(tmp_path))
    totals.add(log_of([("a", "placed", 2, None)]))
    assert saved <= set(of.Folder(tmp_path))
    totals.save()
    assert len([name for name in of.Folder(tmp_path) if name.endswith(".log")]) == 1
    assert Running.load(of.Folder(tmp_path)).log().to_polars().height == 3


def test_a_batch_under_its_key_counts_once() -> None:
    """The same batch again changes nothing; another one under the same key is refused; without keys all count."""
    totals, batch = Running(), log_of([("a", "placed", 1, "li")], orders={"order": ["a"], "region": ["east"]})
    assert totals.add(batch, key="2026-03-02")
    assert not totals.add(
        log_of([("a", "placed", 1, "li")], orders={"order": ["a"], "region": ["east"]}), key="2026-03-02"
    )
    with pytest.raises(LogError, match="2026-03-02"):
        totals.add(log_of([("a", "placed", 2, "li")]), key="2026-03-02")
    assert len(totals) == 1
    totals.add(batch)
    assert len(totals) == 2


class Counting(dict[str, bytes]):
    """A shelf that counts what is read from it."""

    reads = 0

    def __getitem__(self, name: str) -> bytes:
        self.reads += 1
        return super().__getitem__(name)


@pytest.mark.parametrize("before", [20, 200])
def test_adding_costs_the_orders_that_it_touches(before: int) -> None:
    """However many orders are at rest: a new order reads nothing of them, one that comes back only its segment."""
    shelf = Counting()
    totals = Running(done_stages={"done"}, shelf=shelf)
    for n in range(before):
        totals.add(log_of([(f"old-{n}", "placed", n, None), (f"old-{n}", "done", n + 1, None)]))
    totals.report()
    shelf.reads = 0
    totals.add(log_of([("new", "placed", 5, None)]))
    assert shelf.reads == 0
    totals.add(log_of([("old-3", "placed", 5, None)]))
    assert shelf.reads <= 4


def test_a_question_sums_up_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second report summarises the open orders, and of those at rest only the groups of the touched segments."""
    totals = Running(done_stages={"done"})
    for n in range(60):
        totals.add(log_of([(f"old-{n}", "placed", n, None), (f"old-{n}", "done", n + 1, None)]))
    totals.result("lead_time")
    sizes: list[int] = []
    summarise = of.metrics.figures.Figure.summarise  # type: ignore[attr-defined]  # a module, which is not announced
    monkeypatch.setattr(
        of.metrics.figures.Figure,  # type: ignore[attr-defined]  # as above
        "summarise",
        lambda self, shard: (sizes.append(len(shard)), summarise(self, shard))[1],
    )
    totals.add(log_of([("old-3", "placed", 200, None)]))
    totals.result("lead_time")
    assert sum(sizes) <= 3 + 6


def test_every_calculator_is_a_part_that_can_be_asked_for() -> None:
    """Each file with the three functions, and no other name."""
    assert sorted(calculators()) == sorted((*PARTS, *FURTHER))


@pytest.mark.parametrize("name", calculators())
def test_every_calculator_runs(name: str) -> None:
    """Each figure, also one that is written after this test, equals that of the whole; or is refused as there."""
    rows = [
        ("a", "placed", 1, "li"),
        ("b", "placed", 2, "li"),
        ("a", "sent", 9 * HOUR, None),
        ("b", "done", HOUR, "wang"),
    ]
    orders = {"order": ["a", "b"], "promised_at": [HOUR, None], "region": ["east", None], "flow": ["f", "f"]}
    totals = Running()
    for rest in (rows[:2], rows[2:], [("b", "placed", 2 * HOUR, None), ("c", "done", HOUR, None)]):
        totals.add(log_of(rest, orders=orders, done_stages={"done"}))
    options = {"conformance": {"allowed": [("placed", "done")]}}.get(name, {})
    try:
        expected = getattr(of.metrics, name)(totals.log(), **options)
    except LogError as error:
        with pytest.raises(LogError) as caught:
            totals.result(name, **options)
        assert caught.value.problems == error.problems
    else:
        assert plain(totals.result(name, **options)) == plain(expected)


def test_days_are_counted_in_one_zone() -> None:
    """The first batch says which, unless it was given; a batch of another zone is refused and changes nothing."""
    totals = Running()
    totals.add(log_of([("a", "placed", 1, None)], tz="Asia/Shanghai"))
    with pytest.raises(LogError, match="Asia/Shanghai"):
        totals.add(log_of([("b", "placed", 1, None)], tz="UTC"))
    assert len(totals) == 1
    with pytest.raises(LogError, match="UTC"):
        Running(tz="UTC").add(log_of([("a", "placed", 1, None)], tz="Asia/Shanghai"))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("conversion", {"stages": ["placed", "dnoe"]}),
        ("error_rate", {"stages": "dnoe"}),
        ("flow_efficiency", {"waiting_stages": ["dnoe"]}),
        ("work_in_progress", {"done_stages": {"dnoe"}}),
        ("cancellation", {"cancelled_stages": ("dnoe",)}),
        ("scorecard", {"delivered_stage": "dnoe"}),
    ],
)
def test_a_stage_that_never_occurs_is_told_as_by_the_function(name: str, options: dict[str, Any]) -> None:
    """A misspelt stage is an error with a suggestion, whatever option names it; without events nothing is misspelt."""
    totals = Running(done_stages="done")
    totals.add(log_of([("a", "placed", 1, "li"), ("a", "done", HOUR, "li")], done_stages="done"))
    for ask in (totals.result, lambda name, **given: getattr(of.metrics, name)(totals.log(), **given)):
        with pytest.raises(LogError, match="Did you mean 'done'"):
            ask(name, **options)
        with pytest.raises(LogError, match="Did you mean 'done'"):  # before what else is wrong
            ask(name, **options, by="nothing")
    assert len(Running(done_stages="done").result(name, **options)) in (0, 1, 2)


def test_one_stage_may_be_given_as_a_lone_text() -> None:
    """`done_stages="完成"` is one stage, not two characters; so is a closed one."""
    totals = Running(done_stages="完成", closed_stages="完成")
    totals.add(log_of([("a", "完成", 1, None), ("b", "placed", 1, None)]))
    assert repr(totals) == "<Running: 2 events, 1 orders open, 1 at rest>"
    assert dict(totals.report().throughput.finished) == {"1970-01": 1}
    assert log_of([], done_stages="完成", cancelled_stages="取消").done_stages == frozenset({"完成"})


def test_what_is_no_figure_is_refused() -> None:
    """A name that is no calculator gets a hint, an unknown option is an error of the program; so is an empty shelf."""
    with pytest.raises(LogError, match="Did you mean 'lead_time'"):
        Running().result("lead_tme")
    for name in ("compare", "running", "os"):  # files that are no calculators, and what is no file of figures
        with pytest.raises(LogError) as unknown:
            Running().result(name)
        assert unknown.value.problems[0].code == "log.unknown_figure"
    with pytest.raises(TypeError, match="colour"):
        Running().result("lead_time", colour="red")
    with pytest.raises(LogError) as caught:
        Running.load({})
    assert caught.value.problems[0].code == "log.nothing_saved"
    with pytest.raises(LogError) as caught:
        Running().add(log_of([("a", "x", 1, None)])) and Running().report(delivered_stage="x")
    assert caught.value.problems[0].code == "log.no_promises"


# --- a Tracker's feed ---------------------------------------------------------------------------------------------

FLOW = of.Flow(
    name="repairs",
    lifecycle=of.Lifecycle(
        initial="received",
        stages={"received": of.Stage(), "mended": of.Stage(), "returned": of.Stage(category="done")},
        transitions=[
            of.Transition(trigger="mend", source="received", dest="mended"),
            of.Transition(trigger="return", source="mended", dest="returned"),
            of.Transition(trigger="complain", source="returned", dest="received"),
        ],
    ),
    fields={"order.region": of.Field(type="text")},
    sla={"repair": of.SLA(start="stage == 'received'", target="2d")},
)


@pytest.fixture
def tracker() -> Iterator[of.Tracker]:
    moments = iter(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=n) for n in range(10_000))
    with of.Tracker(FLOW, clock=lambda: next(moments)) as found:
        yield found


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("pmrcn"), st.integers(0, 4)), max_size=25))
def test_running_follows_a_tracker(steps: list[tuple[str, int]]) -> None:
    """The report and the marks equal those of the Tracker's whole log, whatever happened, reopened orders included."""
    moments = iter(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=n) for n in range(10_000))
    triggers = {"m": "mend", "r": "return", "c": "complain"}
    with of.Tracker(FLOW, clock=lambda: next(moments)) as tracker:
        totals = Running()
        for step, (what, n) in enumerate(steps):
            try:
                if what == "p":
                    tracker.place(of.Order(f"R-{n}", attributes={"region": "east"}), by="li")
                elif what == "n":
                    tracker.note(f"R-{n}", "looked at", by="li")
                else:
                    tracker.fire(f"R-{n}", triggers[what], by="wang")
            except of.Refused:
                continue
            if step % 3 == 0:
                totals.follow(tracker)
        totals.follow(tracker)
        whole = tracker.log()
        assert totals.report().to_dict() == report(whole).to_dict()
        assert sorted(totals.log().more) == sorted(whole.more)
        assert totals.follow(tracker) == 0


def test_following_reads_only_what_is_new(tracker: of.Tracker) -> None:
    """The orders in the news are read, no others; the cursor is saved with the rest."""
    for n in range(5):
        tracker.place(of.Order(f"R-{n}"), by="li")
    totals = Running()
    assert totals.follow(tracker) > 0
    asked: list[list[str]] = []

    class Watched:
        changes = staticmethod(tracker.changes)

        def log(self, orders: Any = None) -> EventLog:
            asked.append(list(orders))
            return tracker.log(orders)

    shelf: dict[str, bytes] = {}
    totals.save(shelf)
    tracker.fire("R-3", "mend", by="wang")
    loaded = Running.load(shelf)
    loaded.follow(Watched())
    assert asked == [["R-3"]]
    assert loaded.report().to_dict() == report(tracker.log()).to_dict()


class Failing(dict[str, bytes]):
    """A shelf that fails at one write, as a full disk does, and works again afterwards."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def __setitem__(self, name: str, content: bytes) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError("no space left")
        super().__setitem__(name, content)


@pytest.mark.parametrize("at", range(1, 40))
def test_a_shelf_that_fails_loses_nothing_and_counts_nothing_twice(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write fails: after the batch was added again under its key, the figures are those of all events."""
    monkeypatch.setattr(segments, "FULL", 4)
    monkeypatch.setattr(segments, "TOGETHER", 2)
    monkeypatch.setattr(running, "MOST_OPEN", 6)
    batches = [
        {"order": ["a", "a", "b"], "stage": ["x", "y", "x"], "at": [0, 1, 2]},
        {"order": [f"c{n}" for n in range(9)], "stage": ["y"] * 9, "at": list(range(9))},
        {"order": ["a", "b", "c1"], "stage": ["x", "y", "x"], "at": [7, 8, 9]},
        {"order": ["d", "e", "a"], "stage": ["y", "y", "y"], "at": [1, 2, 10]},
    ]
    totals = Running(done_stages=["y"], shelf=Failing(at))
    for n, batch in enumerate(batches):
        try:
            totals.add(batch, key=str(n))
        except OSError:
            totals.add(batch, key=str(n))
    columns: dict[str, list[Any]] = {name: [v for b in batches for v in b[name]] for name in ("order", "stage", "at")}
    whole = EventLog.from_columns(columns, done_stages=["y"])
    assert len(totals) == len(whole)
    try:
        found = totals.report().to_dict()
    except OSError:
        found = totals.report().to_dict()
    assert found == report(whole).to_dict()
