"""What every part of the storage contract begins with: how a storage is opened, and how it is closed again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import ClassVar

import pytest

from orderflow.ports import Storage

PATIENCE = 30.0
"""How many seconds threads may take together before it counts as a deadlock."""
ROUNDS = 100
"""How often a page is asked for at most: a broken storage must not keep a test for ever."""


class Opening:
    """Opens storages at one place, and closes in the end what a test has left open."""

    def __init__(self, factory: Callable[[Path, str], Storage], place: Path) -> None:
        self._factory = factory
        self._place = place
        self._closing = ExitStack()

    def __call__(self, tenant: str = "main") -> Storage:
        """The storage at this place, for a tenant. Called again, it opens the same storage once more."""
        storage = self._factory(self._place, tenant)
        self._closing.callback(storage.close)
        return storage

    def __enter__(self) -> Opening:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()


class Openable:
    """How the storage under test is opened, and what kind it is. A subclass of `StorageContract` says so."""

    durable: ClassVar[bool] = True
    """What was written is still there after `close()` and opening again."""
    shared: ClassVar[bool] = True
    """It can be open several times at once, as when several processes use it."""

    def open(self, place: Path, tenant: str) -> Storage:
        """The storage at a place, for a tenant.

        `place` is an empty directory, another one for each test: files go there, a server uses its path as the name of
        a fresh schema. The same place gives the same storage again, another place one that is empty.
        """
        raise NotImplementedError("override open(self, place, tenant): it returns your storage")

    @pytest.fixture
    def opening(self, tmp_path: Path) -> Iterator[Opening]:
        """Opens the storage under test, at a place of its own."""
        with Opening(self.open, tmp_path) as opening:
            yield opening


def together(count: int, work: Callable[[int], None]) -> None:
    """Run `work(0)`, `work(1)` … at the same time in threads of their own; raise what the first of them raised."""
    barrier = threading.Barrier(count)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), f"still not done after {PATIENCE:.0f} seconds: a deadlock?"
    if errors:
        raise errors[0]
