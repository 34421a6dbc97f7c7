"""The plugin that provides the storages that ship, by their URL."""

from __future__ import annotations

from orderflow.hookspecs import hookimpl
from orderflow.model.errors import StorageError
from orderflow.ports import Storage

_SQLITE = "sqlite:///"


class Storages:
    """`memory:` and `sqlite:///path?synchronous=normal&timeout=5`."""

    @hookimpl(trylast=True)
    def orderflow_storage(self, url: str, tenant: str) -> Storage | None:
        if url == "memory:":
            from orderflow.adapters.memory import MemoryStorage

            return MemoryStorage(tenant)
        if url.startswith(_SQLITE):
            return _sqlite(url.removeprefix(_SQLITE), tenant)
        return None


def _sqlite(rest: str, tenant: str) -> Storage:
    from urllib.parse import parse_qsl, unquote

    from orderflow.adapters.sqlite import SqliteStorage

    path, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not path or path == ":memory:":
        raise StorageError("name a file, such as sqlite:///orders.db; for a storage without a file use memory:")
    if unknown := sorted(set(options) - {"synchronous", "timeout"}):
        raise StorageError(f"sqlite knows the options synchronous and timeout, not {', '.join(unknown)}")
    try:
        timeout = float(options.get("timeout", "30"))
    except ValueError:
        raise StorageError(f"timeout is a number of seconds, not {options['timeout']!r}") from None
    return SqliteStorage(unquote(path), tenant, synchronous=options.get("synchronous", "full"), timeout=timeout)
