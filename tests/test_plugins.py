"""Plugins: every hook does what its heading says, nobody's failure is another's, and a slip of the pen is found."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.memory import MemoryStorage
from orderflow.hookspecs import Hooks
from orderflow.model.commit import Commit
from orderflow.model.events import Stream
from orderflow.ports import Channel, Storage

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
HOST = of.Actor.system("shop")
FLOW = of.Flow(
    name="sales",
    lifecycle=of.Lifecycle(
        initial="new",
        stages={"new": of.Stage(owner=of.OwnerRule(person="li")), "done": of.Stage(category="done")},
        transitions=[of.Transition(trigger="finish", source="new", dest="done")],
    ),
)


def tracker(*plugins: Any, **settings: Any) -> of.Tracker:
    return of.Tracker([FLOW], plugins=plugins, **{"clock": lambda: START, **settings})


def silent(name: str) -> Channel:
    return of.CallableChannel(name, lambda notification: None)


class Told:
    """Keeps the receipts that it was told of."""

    def __init__(self) -> None:
        self.receipts: list[of.Receipt] = []

    @of.hookimpl
    def orderflow_committed(self, receipt: of.Receipt) -> None:
        self.receipts.append(receipt)


class Raises:
    """Raises when it is told."""

    @of.hookimpl
    def orderflow_committed(self, receipt: of.Receipt) -> None:
        raise RuntimeError("the CRM is down")


# --- orderflow_storage ------------------------------------------------------------------------------------------------


class Boxes:
    """Provides `box:` storages, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.storage = MemoryStorage("north")

    @of.hookimpl
    def orderflow_storage(self, url: str, tenant: str) -> Storage | None:
        self.asked.append((url, tenant))
        return self.storage if url.startswith("box:") else None


def test_storage_is_provided_by_url_and_tenant() -> None:
    """`orderflow_storage(url, tenant)` is asked with both, and the Tracker writes into what it returns."""
    boxes = Boxes()
    tracker(boxes, storage="box:7", tenant="north").place(of.Order("1"), by=HOST)
    assert boxes.asked == [("box:7", "north")]
    assert boxes.storage.head(Stream.order("1")) is not None


def test_storage_none_leaves_the_url_to_the_next() -> None:
    """A plugin that does not know a URL answers None, and the next one is asked; ours are asked last."""
    first, second = Boxes(), Boxes()
    assert tracker(first, second, storage="memory:").find(stage="new").cards == ()
    assert first.asked == second.asked == [("memory:", "main")]


def test_storage_of_an_unknown_url_says_what_is_known() -> None:
    """A URL that nobody knows is a `StorageError` that names those which orderflow itself knows."""
    with pytest.raises(of.StorageError, match=r"no plugin knows the storage 'cellar:'.*memory: and sqlite:///"):
        tracker(Boxes(), storage="cellar:")


def test_storage_of_another_tenant_is_refused() -> None:
    """A Storage object that was opened for another tenant is a `DefinitionError`: tenants never mix."""
    with pytest.raises(of.DefinitionError, match=r"'north'.*'main'"):
        tracker(storage=MemoryStorage("north"))


# --- orderflow_channels -----------------------------------------------------------------------------------------------


def test_channels_of_all_plugins_are_gathered() -> None:
    """`orderflow_channels()`: what is owed goes over the channels of every plugin."""
    sent: list[str] = []

    class Letters:
        @of.hookimpl
        def orderflow_channels(self) -> Iterable[Channel]:
            yield of.CallableChannel("letter", lambda notification: sent.append("letter"))
            yield of.CallableChannel("fax", lambda notification: sent.append("fax"))

    mail = of.CallableChannel("mail", lambda notification: sent.append("mail"))
    with tracker(of.Channels(mail), Letters()) as t:
        t.place(of.Order("1"), by=HOST)
        assert t.deliver().sent == 3
    assert sorted(sent) == ["fax", "letter", "mail"]


@pytest.mark.parametrize("shares", [(2,), (1, 1)])
def test_two_channels_of_one_name_are_refused(shares: tuple[int, ...]) -> None:
    """No two channels of a Tracker share a name, from one plugin or from two; the error names it."""
    plugins = [of.Channels(*(silent("mail") for _ in range(share))) for share in shares]
    with pytest.raises(of.DefinitionError, match="two channels have the name 'mail'") as caught:
        tracker(*plugins)
    assert [problem.code for problem in caught.value.problems] == ["channel_twice"]


@pytest.mark.parametrize("thing", ["mail", object(), of.Sent])
def test_what_is_no_channel_is_refused(thing: Any) -> None:
    """What has no name or no `send` is a `DefinitionError` when the Tracker is made, not when something is owed."""
    with pytest.raises(of.DefinitionError, match="is no channel"):
        tracker(of.Channels(thing))


# --- orderflow_committed ----------------------------------------------------------------------------------------------


def test_committed_is_told_after_the_append_in_the_callers_thread() -> None:
    """`orderflow_committed(receipt)` comes when the events can be read already, in the thread of the command."""
    storage = MemoryStorage()
    seen: list[tuple[int, int, bool]] = []

    class Looks:
        @of.hookimpl
        def orderflow_committed(self, receipt: of.Receipt) -> None:
            stored = storage.load(Stream.order(receipt.order))
            mine = threading.current_thread() is threading.main_thread()
            seen.append((len(stored), receipt.version, mine))

    t = tracker(Looks(), storage=storage)
    first = t.place(of.Order("1"), by=HOST)
    second = t.fire("1", "finish", by=HOST)
    assert seen == [(first.version, first.version, True), (second.version, second.version, True)]


def test_committed_gets_what_the_caller_gets() -> None:
    """The receipt of the hook has the events, the messages and the stage that the caller's has."""
    told = Told()
    t = tracker(told, of.Channels(silent("mail")))
    receipt = t.place(of.Order("1"), by=HOST)
    assert told.receipts == [receipt]
    assert [event.type for event in told.receipts[0].events] == [event.type for event in receipt.events]
    assert told.receipts[0].messages
    assert told.receipts[0].view.order == "1"


def test_committed_is_silent_when_nothing_was_written() -> None:
    """Refused, repeated and previewed commands, and commands that change nothing, are told to nobody."""
    told = Told()
    t = tracker(told)
    t.place(of.Order("1"), by=HOST, key="k")
    assert t.place(of.Order("1"), by=HOST, key="k").repeated
    assert t.place(of.Order("1"), by=HOST).repeated
    t.preview(of.Fire(order="1", trigger="finish", by=HOST))
    with pytest.raises(of.Refused):
        t.fire("1", "start", by=HOST)
    t.sweep()
    t.deliver()
    assert len(told.receipts) == 1


def test_committed_is_not_told_of_a_lost_race() -> None:
    """When the append loses, no plugin hears of what did not happen; it hears once of what did."""
    told = Told()

    class Loses(MemoryStorage):
        tries = 0

        def append(self, commit: Commit) -> None:
            self.tries += 1
            if self.tries == 2:
                raise of.Conflict(str(commit.events[0].stream), 0)
            super().append(commit)

    storage = Loses()
    tracker(told, storage=storage).place(of.Order("1"), by=HOST)
    assert storage.tries == 3
    assert len(told.receipts) == 1


def test_a_plugin_that_raises_stops_nobody() -> None:
    """The order is written, the other plugins before and after are told, and `failures` says who raised what."""
    before, after = Told(), Told()
    t = tracker(before, Raises(), after)
    receipt = t.place(of.Order("1"), by=HOST)
    (failure,) = receipt.failures
    assert (failure.plugin, failure.hook) == ("Raises", "orderflow_committed")
    assert failure.error == "RuntimeError: the CRM is down"
    assert len(before.receipts) == len(after.receipts) == 1
    assert t.get("1").stage == "new"
    assert t.fire("1", "finish", by=HOST).stage == "done"


def test_failures_name_each_plugin() -> None:
    """Two plugins of one class that both fail are both in `failures`, under two names; a name of its own is used."""

    class Named(Raises):
        name = "crm"

    receipt = tracker(Raises(), Named(), Raises()).place(of.Order("1"), by=HOST)
    assert sorted(failure.plugin for failure in receipt.failures) == ["Raises", "Raises#2", "crm"]


def test_failures_are_of_this_command_only() -> None:
    """A failure stands in the receipt of the command at which it happened, and in no later one."""

    class Once:
        raised = False

        @of.hookimpl
        def orderflow_committed(self) -> None:
            if not self.raised:
                self.raised = True
                raise OSError("full")

    t = tracker(Once())
    assert len(t.place(of.Order("1"), by=HOST).failures) == 1
    assert t.fire("1", "finish", by=HOST).failures == ()


# --- orderflow_configure ----------------------------------------------------------------------------------------------


def test_configure_sees_and_changes_the_settings() -> None:
    """`orderflow_configure(settings)` sees the Tracker's arguments and may change them before it opens."""
    seen: list[set[str]] = []
    later = datetime(2030, 1, 1, tzinfo=UTC)

    class Settings:
        @of.hookimpl
        def orderflow_configure(self, settings: dict[str, Any]) -> None:
            seen.append(set(settings))
            settings["clock"] = lambda: later
            settings["tenant"] = "north"
            settings["storage"] = "box:"

    boxes = Boxes()
    receipt = tracker(Settings(), boxes).place(of.Order("1"), by=HOST)
    assert seen == [{"flows", "storage", "directory", "facts", "clock", "tenant"}]
    assert receipt.events[0].recorded_at == later
    assert boxes.asked == [("box:", "north")]
    assert receipt.events[0].tenant == "north"


# --- what can be a plugin ---------------------------------------------------------------------------------------------


def test_an_object_a_module_and_a_class_can_be_plugins() -> None:
    """Hooks stand in an object, in a module, or as static methods in a class; all are told."""
    told: list[str] = []
    module = ModuleType("crm_plugin")

    @of.hookimpl
    def orderflow_committed(receipt: of.Receipt) -> None:
        told.append("module")

    module.orderflow_committed = orderflow_committed  # type: ignore[attr-defined]  # as a `def` in the module does

    class AsClass:
        @staticmethod
        @of.hookimpl
        def orderflow_committed(receipt: of.Receipt) -> None:
            told.append("class")

    class AsObject:
        @of.hookimpl
        def orderflow_committed(self, receipt: of.Receipt) -> None:
            told.append("object")

    tracker(module, AsClass, AsObject()).place(of.Order("1"), by=HOST)
    assert sorted(told) == ["class", "module", "object"]


def test_an_implementation_takes_the_arguments_that_it_needs() -> None:
    """A hook may leave out arguments: it gets those that it names."""
    calls: list[str] = []

    class Few:
        @of.hookimpl
        def orderflow_committed(self) -> None:
            calls.append("committed")

        @of.hookimpl
        def orderflow_storage(self, url: str) -> None:
            calls.append(url)

    tracker(Few(), storage="memory:").place(of.Order("1"), by=HOST)
    assert calls == ["memory:", "committed"]


def test_a_module_may_import_what_has_a_name_like_a_hook() -> None:
    """A module or a value in a plugin whose name begins with `orderflow_` is no hook, and is left alone."""
    module = ModuleType("plugin")
    module.orderflow_postgres = ModuleType("orderflow_postgres")  # type: ignore[attr-defined]  # an import
    module.orderflow_url = "postgresql://"  # type: ignore[attr-defined]  # a constant
    told = Told()
    module.orderflow_committed = told.orderflow_committed  # type: ignore[attr-defined]  # a hook
    tracker(module).place(of.Order("1"), by=HOST)
    assert len(told.receipts) == 1


def test_a_hook_may_be_named_by_its_mark() -> None:
    """`@hookimpl(specname=...)` makes a hook of a method with another name."""
    told: list[str] = []

    class Marked:
        @of.hookimpl(specname="orderflow_committed")
        def when_written(self, receipt: of.Receipt) -> None:
            told.append(receipt.order)

    tracker(Marked()).place(of.Order("1"), by=HOST)
    assert told == ["1"]


def test_every_hook_is_implemented_in_some_test() -> None:
    """No hook is without a test that implements it."""
    texts = [file.read_text(encoding="utf-8") for file in Path(__file__).parent.rglob("test_*.py")]
    for hook in vars(Hooks):
        if hook.startswith("orderflow_"):
            assert any(f"def {hook}(" in text for text in texts), hook


# --- slips of the pen -------------------------------------------------------------------------------------------------


class WrongHook:
    @of.hookimpl
    def orderflow_commited(self, receipt: of.Receipt) -> None: ...


class WrongArgument:
    @of.hookimpl
    def orderflow_committed(self, reciept: of.Receipt) -> None: ...


class ForeignArgument:
    @of.hookimpl
    def orderflow_channels(self, tracker: of.Tracker) -> Iterable[Channel]:
        return ()


class NotMarked:
    def orderflow_committed(self, receipt: of.Receipt) -> None: ...


class OneNotMarked(Told):
    def orderflow_channels(self) -> Iterable[Channel]:
        return ()


class Wrapper:
    @of.hookimpl(wrapper=True)
    def orderflow_committed(self, receipt: of.Receipt) -> Any:
        return (yield)


class WrongName:
    @of.hookimpl(specname="orderflow_comitted")
    def when_written(self, receipt: of.Receipt) -> None: ...


SLIPS: list[tuple[Any, str]] = [
    (WrongHook(), r"WrongHook: there is no hook 'orderflow_commited'\. Did you mean 'orderflow_committed'\?"),
    (WrongName(), r"WrongName: there is no hook 'orderflow_comitted'\. Did you mean 'orderflow_committed'\?"),
    (WrongArgument(), r"orderflow_committed has no argument 'reciept'\. Did you mean 'receipt'\?"),
    (ForeignArgument(), r"ForeignArgument: orderflow_channels has no argument 'tracker'\."),
    (NotMarked(), r"NotMarked: orderflow_committed is not marked with @orderflow\.hookimpl"),
    (OneNotMarked(), r"OneNotMarked: orderflow_channels is not marked with @orderflow\.hookimpl"),
    (object(), r"object implements no hook; mark a method with @orderflow\.hookimpl, one of orderflow_storage"),
    ("crm", r"str implements no hook"),
    (Told, r"Told: it is a class; give an object, such as Told\(\)"),
    (Wrapper(), r"Wrapper: orderflow_committed cannot be a wrapper"),
]


@pytest.mark.parametrize(("plugin", "said"), SLIPS)
def test_a_slip_of_the_pen_is_found(plugin: Any, said: str) -> None:
    """A wrong hook or argument, a hook that is not marked, no hook, a class for an object: each says what to do."""
    with pytest.raises(of.DefinitionError, match=said):
        tracker(plugin)


def test_all_slips_of_a_plugin_are_found_at_once() -> None:
    """A plugin with several mistakes is told all of them."""

    class Several(WrongHook, WrongArgument): ...

    with pytest.raises(of.DefinitionError) as caught:
        tracker(Several())
    assert sorted(problem.code for problem in caught.value.problems) == ["bad_plugin", "unknown_hook"]
    assert all(problem.text("zh").startswith("插件 Several") for problem in caught.value.problems)


def test_the_same_object_twice_is_refused() -> None:
    """One object registered twice would be told twice: it is a `DefinitionError`."""
    told = Told()
    with pytest.raises(of.DefinitionError, match="Told"):
        tracker(told, told)


def test_a_slip_opens_nothing(tmp_path: Path) -> None:
    """When a plugin is refused no storage was opened and no file made."""
    with pytest.raises(of.DefinitionError):
        tracker(WrongHook(), storage=f"sqlite:///{tmp_path}/orders.db")
    assert list(tmp_path.iterdir()) == []


# --- nothing is global ------------------------------------------------------------------------------------------------


def test_nothing_is_shared_between_trackers() -> None:
    """A plugin of one Tracker hears, provides and sends nothing for another."""
    told, other = Told(), Told()
    first = tracker(told, of.Channels(silent("mail")))
    second = tracker(other, of.Channels(silent("mail")))
    third = tracker()
    first.place(of.Order("1"), by=HOST)
    third.place(of.Order("3"), by=HOST)
    assert [receipt.order for receipt in told.receipts] == ["1"]
    assert other.receipts == []
    assert (second.deliver().sent, third.deliver().sent, first.deliver().sent) == (0, 0, 1)


def test_one_plugin_may_serve_two_trackers() -> None:
    """The same object may be a plugin of two Trackers, and hears of both."""
    told = Told()
    for id in ("1", "2"):
        tracker(told).place(of.Order(id), by=HOST)
    assert [receipt.order for receipt in told.receipts] == ["1", "2"]


# --- installed packages -----------------------------------------------------------------------------------------------

PACKAGE = """
import orderflow as of
from orderflow.adapters.memory import MemoryStorage

opened, told, sent = [], [], []

@of.hookimpl
def orderflow_storage(url, tenant):
    if url == "{name}:":
        opened.append(tenant)
        return MemoryStorage(tenant)

@of.hookimpl
def orderflow_channels():
    return [of.CallableChannel("{name}", lambda notification: sent.append(notification.order))]

@of.hookimpl
def orderflow_committed(receipt):
    told.append(receipt.order)

@of.hookimpl
def orderflow_configure(settings):
    told.append("configured")
"""


def install(place: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str) -> None:
    """Put a package with an entry point on the path, as pip does."""
    (place / f"{name}.py").write_text(source, encoding="utf-8")
    info = place / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[orderflow]\n{name} = {name}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(place)
    monkeypatch.delitem(sys.modules, name, raising=False)


def test_an_installed_package_provides_a_storage_by_url_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed package opens its URL; its channels, its `committed` and its `configure` stay silent."""
    install(tmp_path, monkeypatch, "fakebox", PACKAGE.format(name="fakebox"))
    with tracker(storage="fakebox:", tenant="north") as t:
        t.place(of.Order("1"), by=HOST)
        assert t.deliver().sent == 0
    package = sys.modules["fakebox"]
    assert (package.opened, package.told, package.sent) == (["north"], [], [])


def test_installed_plugins_act_when_they_are_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `plugins=installed_plugins()` an installed package sends, is told and configures like any other plugin."""
    install(tmp_path, monkeypatch, "fakemail", PACKAGE.format(name="fakemail"))
    with tracker(*of.installed_plugins()) as t:
        t.place(of.Order("1"), by=HOST)
        assert t.deliver().sent == 1
    package = sys.modules["fakemail"]
    assert (package.told, package.sent) == (["configured", "1"], ["1"])


def test_a_given_plugin_is_asked_before_an_installed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL that a given plugin knows does not even load installed packages."""
    install(tmp_path, monkeypatch, "faketwo", "raise RuntimeError('must not be loaded')")
    boxes = Boxes()
    tracker(boxes, storage="box:", tenant="north")
    tracker(storage="memory:")
    assert boxes.asked == [("box:", "north")]
    assert "faketwo" not in sys.modules


def test_an_installed_package_that_is_broken_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that cannot be imported is a `DefinitionError` with its error where packages are asked for."""
    install(tmp_path, monkeypatch, "fakebroken", "raise RuntimeError('no licence')")
    with pytest.raises(of.DefinitionError, match="RuntimeError: no licence"):
        of.installed_plugins()
    with pytest.raises(of.DefinitionError, match="RuntimeError: no licence"):
        tracker(storage="cellar:")


def test_orderflow_itself_leaves_the_contract_kit_out() -> None:
    """`import orderflow` loads neither the contract kit nor pytest, which a host need not have."""
    code = "import sys, orderflow; print([name for name in ('pytest', 'orderflow.testing') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
