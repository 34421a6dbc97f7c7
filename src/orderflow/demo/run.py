"""Running the demo: storage, Tracker, channels and simulation, then the screen."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from attrs import define, field

from orderflow.adapters.channels import CallableChannel
from orderflow.demo.screen import Scene, screen
from orderflow.demo.words import say
from orderflow.hookspecs import hookimpl
from orderflow.model.commit import Notification
from orderflow.model.errors import MissingExtraError, OrderflowError
from orderflow.model.events import Event, StageEntered
from orderflow.model.reasons import Language
from orderflow.ports import Channel, Outcome, Retry
from orderflow.rules.receipt import Receipt
from orderflow.simulate import SimulatedClock, sales_scenario, simulate
from orderflow.tracker import Tracker

if TYPE_CHECKING:
    from rich.console import Console

START = datetime(2026, 3, 9, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Monday; 60 days later it is a Friday
CHANNELS = ("wecom", "email", "sms")
FRAGILE, OUTAGE = "wecom", timedelta(hours=6)


def run_demo(
    console: Console,
    *,
    orders: int = 300,
    days: int = 60,
    seed: int = 1,
    storage: str | None = None,
    language: Language = "en",
) -> None:
    """Simulate an order book and print what a host would show: board, late orders, messages, key figures.

    - `storage`: a URL as the Tracker takes it, or the path of a new SQLite file; it is kept. By default a SQLite file
      that is removed afterwards.
    - The same orders, days, seed and language print the same text.
    - Raises `OrderflowError` for less than one order or day, or a storage with orders in it; `StorageError`;
      `MissingExtraError` without rich or polars.
    """
    if orders < 1 or days < 1:
        raise OrderflowError(f"the demo needs at least one order and one day, not {orders} and {days}")
    _need_libraries()
    scenario, clock = sales_scenario(orders / days), SimulatedClock(START)
    host = _Host(clock=clock, down_from=START + timedelta(days=0.6 * days))
    with _opened(storage) as url:
        tracker = Tracker(scenario.flow, storage=url, directory=scenario.directory, plugins=[host], clock=clock)
        with tracker:
            if len(tracker.find(limit=1)):
                raise OrderflowError(f"{storage} holds orders already; the demo needs a new storage")
            with _progress(console, say("progress", language, orders=orders, days=days)) as progress:
                done = simulate(tracker, clock, scenario, orders=orders, days=days, seed=seed, progress=progress)
            scene = Scene(tracker=tracker, scenario=scenario, at=clock(), language=language)
            for part in screen(scene, done, host.sent, host.inconsistent):
                console.print(part)
    if storage is not None:
        console.print(say("kept", language, storage=storage), style="dim", markup=False, highlight=False)


def _need_libraries() -> None:
    for library, extra in (("rich", "cli"), ("polars", "metrics")):
        try:
            import_module(library)
        except ImportError:
            raise MissingExtraError(library, extra) from None


@contextmanager
def _opened(storage: str | None) -> Iterator[str]:
    """The URL of the storage: of a temporary file when none is named."""
    if storage is None:
        with tempfile.TemporaryDirectory(prefix="orderflow-demo-") as folder:
            yield _sqlite(Path(folder) / "orders.db")
    elif storage == "memory:" or "://" in storage:
        yield storage
    elif Path(storage).exists():
        raise OrderflowError(f"{storage} is there already; name a new file")
    else:
        yield _sqlite(Path(storage))


def _sqlite(path: Path) -> str:
    return f"sqlite:///{quote(str(path))}?synchronous=normal"


@contextmanager
def _progress(console: Console, title: str) -> Iterator[Callable[[float], None]]:
    """A progress bar, where a person watches."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda share: progress.update(task, completed=share)


@define(kw_only=True)
class _Host:
    """The plugin of the demo's host: its three channels keep what they get, and one of them fails for some hours."""

    name = "demo"
    clock: SimulatedClock
    down_from: datetime
    sent: list[tuple[str, Notification]] = field(factory=list)
    inconsistent: list[Event] = field(factory=list)

    @hookimpl
    def orderflow_channels(self) -> Iterable[Channel]:
        return [CallableChannel(name, partial(self._send, name)) for name in CHANNELS]

    @hookimpl
    def orderflow_committed(self, receipt: Receipt) -> None:
        bodies = ((event, event.body) for event in receipt.events)
        self.inconsistent += [event for event, body in bodies if isinstance(body, StageEntered) and body.inconsistent]

    def _send(self, channel: str, notification: Notification) -> Outcome | None:
        if channel == FRAGILE and self.down_from <= self.clock() < self.down_from + OUTAGE:
            return Retry(timedelta(hours=1))
        self.sent.append((channel, notification))
        return None
