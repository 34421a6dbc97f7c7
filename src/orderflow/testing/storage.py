"""The contract of `orderflow.ports.Storage`, as one pytest class: every promise of the docstrings is a test method."""

from __future__ import annotations

from orderflow.testing.appending import AppendingPromises
from orderflow.testing.beside import BesidePromises
from orderflow.testing.indexing import IndexingPromises
from orderflow.testing.loading import LoadingPromises
from orderflow.testing.owing import OwingPromises
from orderflow.testing.sharing import OpenPromises, ThreadPromises
from orderflow.testing.tenants import TenantPromises


class StorageContract(
    LoadingPromises,
    AppendingPromises,
    BesidePromises,
    IndexingPromises,
    OwingPromises,
    TenantPromises,
    ThreadPromises,
    OpenPromises,
):
    """What every storage promises. Subclass it, say how yours is opened, and run pytest:

        class TestMyStorage(StorageContract):
            def open(self, place, tenant):
                return MyStorage(place / "orders.bin", tenant)

    - `open(place, tenant)`: `place` is an empty directory, another one for each test; the same place must give the same
      storage again. A server uses a digest of the place as the name of a fresh schema.
    - `durable = False` for a storage that ends with its process: nothing is opened again after `close`.
    - `shared = False` for one that can be open only once at a time. Two tenants are open at once all the same.
    - The storage is closed after each test.
    """
