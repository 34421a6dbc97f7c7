"""The one storage contract, run over every storage that ships; and broken storages, each of which it must find."""

from __future__ import annotations

from pathlib import Path

from orderflow.adapters.memory import MemoryStorage
from orderflow.adapters.sqlite import SqliteStorage
from orderflow.ports import Storage
from orderflow.testing import StorageContract


class TestMemory(StorageContract):
    durable = False
    shared = False

    def open(self, place: Path, tenant: str) -> Storage:
        return MemoryStorage(tenant)


class TestSqlite(StorageContract):
    def open(self, place: Path, tenant: str) -> Storage:
        return SqliteStorage(place / "orders.db", tenant)
