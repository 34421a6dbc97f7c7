"""Floor 1½: the hooks by which a host or plugin joins in. One half of the door to pluggy; `plugins.py` is the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from orderflow.model.calendar import WorkCalendar
    from orderflow.ports import Channel, Storage
    from orderflow.rules.receipt import Receipt

PREFIX = "orderflow"

hookspec = pluggy.HookspecMarker(PREFIX)
hookimpl = pluggy.HookimplMarker(PREFIX)


class Hooks:
    """What can be implemented with `@orderflow.hookimpl`, in a class, an object or a module.

    *Provide* hooks give something, *tell* hooks are told something. An implementation takes the arguments that it
    needs, by name; another name is an error at registration.
    """

    @hookspec(firstresult=True)
    def orderflow_storage(self, url: str, tenant: str) -> Storage | None:
        """Provide the storage for a URL, opened for one tenant. None leaves the URL to the next plugin."""

    @hookspec(firstresult=True)
    def orderflow_calendar(self, name: str, years: tuple[int, ...]) -> WorkCalendar | None:
        """Provide the calendar of this name, right for these years at least. None leaves the name to the next plugin.

        It is asked again each day (of the Tracker's clock, in UTC). When the content has changed, clocks that run are
        set anew.
        """

    @hookspec(firstresult=True)
    def orderflow_facts(self, name: str, subjects: Mapping[str, Any]) -> Any:
        """Provide the answer to `fact('stock', item=...)` in a condition: text, bool, number, money, a time, a list.

        `subjects`: the values of the named arguments, `{"item": "A-7"}`. None leaves the name to the next plugin; when
        nobody answers, the fact is unknown. A decision asks each question once; the answer is recorded in its event.
        """

    @hookspec
    def orderflow_channels(self) -> Iterable[Channel]:
        """Provide channels; those of all plugins are gathered."""
        return ()

    @hookspec
    def orderflow_committed(self, receipt: Receipt) -> None:
        """Be told of a commit, after it, in the caller's thread. What is raised lands in `receipt.failures`."""

    @hookspec
    def orderflow_configure(self, settings: dict[str, Any]) -> None:
        """See and change a Tracker's settings before it opens; the keys are the arguments of `Tracker`."""
