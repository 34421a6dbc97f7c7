"""Segments: the events of orders that are at rest, in packets on a shelf, each with its own summaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from attrs import evolve

from orderflow.metrics.batches import conform, join, part, parts
from orderflow.metrics.figures import Figure, Pile
from orderflow.metrics.folder import Shelf
from orderflow.metrics.log import EventLog
from orderflow.metrics.packing import pack, unpack

FULL = 50_000  # events: what an order that comes back has to be taken out of, and what is then summed up anew
TOGETHER = 8  # so many segments of one size class become one


class Segments:
    """Whole orders in segments of at most about 50,000 events, each on the shelf as three kinds of entries.

    - `segment-NAME.log`, `.ids`, and one entry for each figure that was asked for: its summary. NAME is made of the
      content, so an entry is never written over with another content, and what a crash left is never taken for it.
    - In memory: one summary for each figure, and where each order is (about 120 bytes an order).
    - Small segments are joined, eight of a size class at a time, so an event is rewritten at most a few times.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._where: dict[str, str] = {}
        self._entries: dict[str, set[str]] = {}  # segment -> the names of its entries on the shelf
        self.sizes: dict[str, int] = {}  # segment -> events
        self._totals: dict[Figure, tuple[frozenset[str], Any]] = {}
        self._saved: frozenset[str] = frozenset()  # entries that a saved state names
        self._waste: set[str] = set()  # entries that nothing names any more, to be deleted

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

    def tidy(self) -> None:
        """Join small segments. Where the shelf fails, they stay as they are."""
        while small := self._joinable():
            joined = join([self._log(name) for name in small])
            self._lay(joined)
            for name in small:
                self._drop(name, joined.orders["id"].to_list())
        self._clean()

    def take(self, ids: Iterable[str]) -> list[EventLog]:
        """Take orders out and give what is known about them; only the segments that they are in are touched.

        Where the shelf fails, all of them stay here.
        """
        import polars as pl

        wanted: dict[str, list[str]] = {}
        for id in ids:
            wanted.setdefault(self._where[id], []).append(id)
        taken, laid, before = list[EventLog](), dict[str, list[str]](), dict[str, list[str]]()
        try:
            for name, members in wanted.items():
                log = self._log(name)
                before[name] = log.orders["id"].to_list()
                chosen = log.orders["id"].is_in(pl.Series(members).implode())
                taken.append(part(log, log.orders["order"].filter(chosen)))
                rest = part(log, log.orders["order"].filter(~chosen))
                if rest.orders.height:
                    laid[self._lay(rest)] = rest.orders["id"].to_list()
        except BaseException:
            for name, ids in before.items():  # the old segments are all there still: their orders are found again
                self._where.update(dict.fromkeys(ids, name))
            for name, ids in laid.items():
                self._forget(name, ids)
            raise
        for name, ids in before.items():
            self._drop(name, ids)
        return taken

    def logs(self) -> Iterator[EventLog]:
        """The segments, one after the other."""
        return (self._log(name) for name in tuple(self.sizes))

    def totals(self, figures: Sequence[Figure], whole: EventLog) -> dict[Figure, Any]:
        """One summary for each figure over all segments; computed only for segments that changed. None without any.

        - `whole`: the columns that all segments must have for their summaries to merge.
        """
        columns = pack(evolve(whole, assumptions=()))  # of what a summary has to be made to merge with others
        marks = {figure: sha256(columns + pack(figure)).hexdigest()[:16] for figure in figures}
        live = frozenset(self.sizes)
        new = {figure: live - self._known(figure, live)[0] for figure in figures}
        for name in frozenset[str]().union(*new.values()):
            self._summarise(name, {f: mark for f, mark in marks.items() if name in new[f]}, whole)
        for figure in figures:
            if new[figure]:
                self._totals[figure] = (live, self._merged(figure, marks[figure], sorted(new[figure]), live))
        return {figure: self._known(figure, live)[1] for figure in figures}

    def forget_totals(self) -> None:
        """The columns have changed: what was summed up cannot be merged with what comes."""
        self._totals.clear()

    def saved(self) -> None:
        """The state that names the present segments is saved: what only an earlier one named can go."""
        self._saved = self._live()
        for entry in [name for name in self._shelf if name.startswith("segment-") and name not in self._saved]:
            del self._shelf[entry]
        self._waste.clear()

    def copy_to(self, shelf: Shelf) -> None:
        """Write every segment to another shelf too."""
        for entry in sorted(self._live()):
            shelf[entry] = self._shelf[entry]

    def find(self, sizes: dict[str, int]) -> None:
        """Know the segments that lie on the shelf already: their names and numbers of events."""
        self.sizes = dict(sizes)
        self._entries = {name: set() for name in sizes}
        for entry in self._shelf:
            if (name := entry.rpartition(".")[0]) in sizes:
                self._entries[name].add(entry)
        for name in sizes:
            self._where.update(dict.fromkeys(unpack(self._shelf[f"{name}.ids"]).to_list(), name))
        self._saved = self._live()

    def _live(self) -> frozenset[str]:
        return frozenset[str]().union(*self._entries.values())

    def _known(self, figure: Figure, live: frozenset[str]) -> tuple[frozenset[str], Any]:
        """What the total covers; nothing when a segment that it covers is gone, as summaries do not subtract."""
        covered, total = self._totals.get(figure, (frozenset[str](), None))
        return (covered, total) if covered <= live else (frozenset(), None)

    def _merged(self, figure: Figure, mark: str, names: Iterable[str], live: frozenset[str]) -> Any:
        pile = Pile(figure)
        for name in names:
            pile.add(unpack(self._shelf[f"{name}.{mark}"]))
        _, before = self._known(figure, live)
        return pile.total() if before is None else figure.merge(before, pile.total())

    def _summarise(self, name: str, marks: dict[Figure, str], whole: EventLog) -> None:
        missing = {f: mark for f, mark in marks.items() if f"{name}.{mark}" not in self._entries[name]}
        if missing:
            log = conform(self._log(name), whole)
            for figure, mark in missing.items():
                self._write(name, mark, figure.summarise(log))

    def _lay(self, log: EventLog) -> str:
        """Write a segment, then know it: a shelf that fails leaves no trace here."""
        content, ids = pack(log), log.orders["id"]
        name = f"segment-{sha256(content).hexdigest()[:20]}"
        self._waste -= {f"{name}.log", f"{name}.ids"}
        self._shelf[f"{name}.log"] = content
        self._shelf[f"{name}.ids"] = pack(ids)
        self._entries[name] = {f"{name}.log", f"{name}.ids"}
        self.sizes[name] = len(log)
        self._where.update(dict.fromkeys(ids.to_list(), name))
        return name

    def _drop(self, name: str, ids: Iterable[str]) -> None:
        """Forget a segment. Entries that a saved state names stay on the shelf until the next state is saved."""
        self._waste |= self._forget(name, ids) - self._saved

    def _clean(self) -> None:
        """Delete what nothing names any more: once all is known anew, as a shelf may fail here too."""
        for entry in tuple(self._waste):
            if entry in self._shelf:
                del self._shelf[entry]
            self._waste.discard(entry)

    def _forget(self, name: str, ids: Iterable[str]) -> set[str]:
        """Know a segment with these orders no more, nor the orders that are in no other; its entries on the shelf."""
        for id in ids:
            if self._where.get(id) == name:
                del self._where[id]
        del self.sizes[name]
        return self._entries.pop(name)

    def _joinable(self) -> list[str]:
        classes: dict[int, list[str]] = {}
        for name, size in self.sizes.items():
            if size <= FULL // TOGETHER:
                classes.setdefault(max(size, 1).bit_length() // 3, []).append(name)
        return next((names[:TOGETHER] for names in classes.values() if len(names) >= TOGETHER), [])

    def _log(self, name: str) -> EventLog:
        log: EventLog = unpack(self._shelf[f"{name}.log"])
        return log

    def _write(self, name: str, kind: str, value: Any) -> None:
        self._waste.discard(f"{name}.{kind}")
        self._shelf[f"{name}.{kind}"] = pack(value)
        self._entries[name].add(f"{name}.{kind}")
