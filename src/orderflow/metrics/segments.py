"""Segments: the events of orders that are at rest, in small packets on a shelf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from orderflow.metrics.batches import join, part, parts, tight
from orderflow.metrics.log import EventLog
from orderflow.metrics.packing import pack
from orderflow.metrics.states import States
from orderflow.metrics.totals import Totals
from orderflow.model.errors import LogError

FULL = 2_500  # events: what an order that comes back has to be taken out of
TOGETHER = 8  # so many segments of one size class become one


class Segments:
    """Whole orders in segments of at most about 2,500 events, each on the shelf as two entries.

    - `segment-NAME.log` and `.ids`. NAME is made of the content, so an entry is never written over with another
      content, and what a crash left is never taken for it.
    - In memory: where each order is (about 120 bytes an order). `totals` has the summaries.
    - Small segments are joined, eight of a size class at a time, so an event is rewritten at most a few times.
    - An order that comes back costs its segment: read, and written again without it.
    - Entries stay until a state is saved that does not name them; without any saved state they go at once.
    """

    def __init__(self, states: States) -> None:
        self._states = states
        self._where: dict[str, str] = {}
        self._small: dict[str, int] = {}  # segments that are to be joined -> their size class
        self._waste: set[str] = set()  # entries that nothing names any more
        self.sizes: dict[str, int] = {}  # segment -> events
        self.totals = Totals(states, self._together)

    def __contains__(self, id: str) -> bool:
        return id in self._where

    def __len__(self) -> int:
        return len(self._where)

    def put(self, log: EventLog) -> None:
        """Lay down orders that are not here yet. Where the shelf fails, none of them is here."""
        laid: dict[str, list[str]] = {}
        try:
            for piece in parts(log, FULL):
                laid[self._lay(piece)] = piece.orders["id"].to_list()
        except BaseException:
            for name, ids in laid.items():
                self._forget(name, ids)
            raise
        for name in laid:
            self.totals.put(name, self.sizes[name])

    def tidy(self) -> None:
        """Join small segments. Where the shelf fails, they stay as they are."""
        while small := self._joinable():
            joined = self._together(small)
            name = self._lay(joined)
            self.totals.drop(small[0], {name: self.sizes[name]})
            for old in small[1:]:
                self.totals.drop(old)
            for old in small:
                self._forget(old, joined.orders["id"].to_list())
        if self._waste and not self._states.saved:  # else the state that was saved may name them, or another process
            for entry in self._waste:
                self._states.discard(entry)
            self._waste.clear()

    def take(self, ids: Iterable[str]) -> list[EventLog]:
        """Take orders out and give what is known about them; only the segments that they are in are touched.

        Where the shelf fails, all of them stay here.
        """
        import polars as pl

        wanted: dict[str, list[str]] = {}
        for id in ids:
            wanted.setdefault(self._where[id], []).append(id)
        taken, laid, before = list[EventLog](), dict[str, tuple[str, list[str]]](), dict[str, list[str]]()
        try:
            for name, members in wanted.items():
                log = self._log(name)
                before[name] = log.orders["id"].to_list()
                chosen = log.orders["id"].is_in(pl.Series(members).implode())
                taken.append(part(log, log.orders["order"].filter(chosen)))
                rest = part(log, log.orders["order"].filter(~chosen))
                if rest.orders.height:
                    laid[name] = self._lay(rest), rest.orders["id"].to_list()
        except BaseException:
            for name, ids in before.items():  # the old segments are all there still: their orders are found again
                self._where.update(dict.fromkeys(ids, name))
            for name, ids in laid.values():
                self._forget(name, ids)
            raise
        for name, ids in before.items():
            new = laid[name][0] if name in laid else None
            self.totals.drop(name, None if new is None else {new: self.sizes[new]})
            self._forget(name, ids)
        return taken

    def logs(self) -> Iterator[EventLog]:
        """The segments, one after the other."""
        return (self._log(name) for name in tuple(self.sizes))

    def needed(self) -> set[str]:
        """The entries that a state with these segments needs."""
        return {f"{name}.{kind}" for name in self.sizes for kind in ("log", "ids")}

    def described(self) -> dict[str, Any]:
        """What `find` needs."""
        return {"sizes": self.sizes, **self.totals.described()}

    def find(self, described: dict[str, Any], present: Iterable[str]) -> None:
        """Know the segments of a saved state, which lie on the shelf already. Raises LogError where one does not."""
        for name, size in described["sizes"].items():
            self._know(name, size, self._ids(name))
        self.totals.find(described, self.sizes, present)

    def _ids(self, name: str) -> list[str]:
        """The ids of the orders of a segment; where their entry is gone or damaged, from its events."""
        try:
            ids: list[str] = self._states.read(f"{name}.ids").to_list()
        except LogError:
            ids = self._log(name).orders["id"].to_list()
        return ids

    def _lay(self, log: EventLog) -> str:
        """Write a segment, then know it: a shelf that fails leaves no trace here."""
        log = tight(log)
        content, ids = pack(log), log.orders["id"]
        name = f"segment-{sha256(content).hexdigest()[:20]}"
        self._waste -= {f"{name}.log", f"{name}.ids"}
        self._states.shelf[f"{name}.log"] = content
        self._states.shelf[f"{name}.ids"] = pack(ids)
        self._know(name, len(log), ids.to_list())
        return name

    def _know(self, name: str, size: int, ids: Iterable[str]) -> None:
        self.sizes[name] = size
        self._where.update(dict.fromkeys(ids, name))
        if size <= FULL // TOGETHER:
            self._small[name] = max(size, 1).bit_length() // 3

    def _forget(self, name: str, ids: Iterable[str]) -> None:
        """Know a segment with these orders no more, nor the orders that are in no other."""
        for id in ids:
            if self._where.get(id) == name:
                del self._where[id]
        del self.sizes[name]
        self._small.pop(name, None)
        self._waste |= {f"{name}.log", f"{name}.ids"}

    def _joinable(self) -> list[str]:
        classes: dict[int, list[str]] = {}
        for name, size_class in self._small.items():
            classes.setdefault(size_class, []).append(name)
        return next((names[:TOGETHER] for names in classes.values() if len(names) >= TOGETHER), [])

    def _log(self, name: str) -> EventLog:
        log: EventLog = self._states.read(f"{name}.log")
        return log

    def _together(self, names: Sequence[str]) -> EventLog:
        return join([self._log(name) for name in names])
