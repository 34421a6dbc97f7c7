"""Totals: one summary over all segments for each figure, kept in a tree so that a change costs the way to the root."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import evolve

from orderflow.metrics.batches import conform
from orderflow.metrics.figures import Figure, Pile
from orderflow.metrics.log import EventLog
from orderflow.metrics.packing import pack, unpack
from orderflow.metrics.states import States
from orderflow.model.errors import LogError

GROUP = 25_000  # events that are summed up at once: fewer take as long, about 3 ms for each figure
FAN = 8  # groups, and then nodes, that are merged into one node
KEPT = 100  # figures of which summaries are kept, those that were asked last


class Totals:
    """Segments in groups of about 25,000 events, each summed up as one, and a tree of merged summaries over them.

    - A segment that changes costs, at the next question, its group summed up anew and 7 merges for each level of the
      tree: log8 of the number of groups. No other summary is read or merged again.
    - The group that is still being filled is beside the tree: new segments cost that group summed up anew, no merges.
    - Summaries of the other groups lie on the shelf, those of the tree in memory: one for each level. All of them can
      be made anew, so a shelf that fails or lost one never fails a question.
    - Kept for the last 100 figures that were asked, one with other options being another one.
    """

    def __init__(self, states: States, log_of: Callable[[Sequence[str]], EventLog]) -> None:
        self._states = states
        self._log_of = log_of
        self._groups: list[dict[str, int]] = []  # segment -> events
        self._group_of: dict[str, int] = {}
        self._filling = 0
        self._nodes: dict[str, dict[tuple[int, int], Any]] = {}  # mark -> (level, place) -> summary; last asked last
        self._written: dict[int, tuple[str, set[str]]] = {}  # group -> its name, marks of its summaries on the shelf

    # --- what belongs together ---

    def put(self, segment: str, events: int) -> None:
        """Sum up one more segment."""
        groups = self._groups
        if not groups or (groups[self._filling] and sum(groups[self._filling].values()) + events > GROUP):
            full = self._filling
            self._filling = next((n for n, group in enumerate(groups) if not group), len(groups))
            groups.extend([{}] if self._filling == len(groups) else [])
            self._touch(full)  # now in the tree
        groups[self._filling][segment] = events
        self._group_of[segment] = self._filling
        self._touch(self._filling)

    def drop(self, segment: str, instead: Mapping[str, int] | None = None) -> None:
        """Sum up this segment no more, but in its place those in `instead`, with their events."""
        n = self._group_of.pop(segment)
        group = self._groups[n]
        del group[segment]
        group.update(instead or {})
        self._group_of.update(dict.fromkeys(instead or (), n))
        self._touch(n)
        if n != self._filling and sum(group.values()) < GROUP // 4:
            self._groups[n] = {}  # what is left of it fills others, so that groups do not become many small ones
            for left, events in group.items():
                self.put(left, events)

    # --- what is asked ---

    def of(self, figures: Iterable[Figure], whole: EventLog) -> dict[Figure, list[Any]]:
        """Summaries of each figure to be merged, the largest first, which cover all segments; none without segments.

        - `whole`: the columns that all segments must have for their summaries to merge.
        """
        columns = pack(evolve(whole, assumptions=())) + _code()  # what makes one summary unlike another, and merge not
        marks = {figure: sha256(columns + pack(figure)).hexdigest()[:16] for figure in figures}
        for mark in marks.values():
            self._nodes[mark] = self._nodes.pop(mark, {})
        for mark in list(self._nodes)[: -max(KEPT, len(marks))]:
            self._forget(mark)
        parts = [self._sums(marks, whole, self._depth(), 0), self._sums(marks, whole, 0, self._filling)]
        return {figure: [part[figure] for part in parts if figure in part] for figure in marks}

    def forget_nodes(self) -> None:
        """The columns have changed: what was merged cannot be merged with what comes."""
        for nodes in self._nodes.values():
            nodes.clear()

    def _sums(self, marks: Mapping[Figure, str], whole: EventLog, level: int, place: int) -> dict[Figure, Any]:
        """The summaries of a node of the tree, of which level 0 is the groups."""
        if level == 0 and place != self._filling:
            return self._of_group(place, marks, whole)
        missing = {figure: mark for figure, mark in marks.items() if (level, place) not in self._nodes[mark]}
        if missing and level == 0:
            for figure, summary in self._of_group(place, missing, whole).items():
                self._nodes[missing[figure]][level, place] = summary
        elif missing:
            piles: dict[Figure, Pile] = {}
            last = min(FAN * (place + 1), -(-len(self._groups) // FAN ** (level - 1)))
            children = (n for n in range(FAN * place, last) if (level, n) != (1, self._filling))
            for child in children:
                for figure, summary in self._sums(missing, whole, level - 1, child).items():
                    piles.setdefault(figure, Pile(figure)).add(summary)
            for figure, pile in piles.items():
                self._nodes[missing[figure]][level, place] = pile.total()
        known = {figure: self._nodes[mark].get((level, place)) for figure, mark in marks.items()}
        return {figure: summary for figure, summary in known.items() if summary is not None}

    def _of_group(self, n: int, marks: Mapping[Figure, str], whole: EventLog) -> dict[Figure, Any]:
        """The summaries of a group: from the shelf, or made and laid there."""
        if not self._groups or not self._groups[n]:
            return {}
        name, written = self._name(n), self._marks_of(n)
        found: dict[Figure, Any] = {}
        for figure, mark in marks.items():
            try:
                found[figure] = unpack(self._states.shelf[f"{name}.{mark}"])
            except (KeyError, LogError, OSError):  # not there, or damaged: made anew below
                continue
        missing = {figure: mark for figure, mark in marks.items() if figure not in found}
        log = conform(self._log_of(tuple(self._groups[n])), whole) if missing else whole
        for figure, mark in missing.items():
            found[figure] = figure.summarise(log)
            if n != self._filling:  # one that is being filled will soon be another
                try:
                    self._states.shelf[f"{name}.{mark}"] = pack(found[figure])
                except OSError:  # a full disk: the next one who asks makes it again
                    continue
                written.add(mark)
        return found

    def _marks_of(self, n: int) -> set[str]:
        """The marks of the summaries of a group on the shelf; those of what it was before are deleted."""
        name = self._name(n)
        before, written = self._written.get(n, (name, set[str]()))
        if before != name:
            for mark in written:
                self._states.discard(f"{before}.{mark}")
            written = set()
        self._written[n] = (name, written)
        return written

    def _forget(self, mark: str) -> None:
        del self._nodes[mark]
        for name, written in self._written.values():
            if mark in written:
                written.discard(mark)
                self._states.discard(f"{name}.{mark}")

    def _touch(self, n: int) -> None:
        """What was merged of this group is not so any more."""
        levels = 1 if n == self._filling else self._depth() + 1  # that group is not in the tree
        for nodes in self._nodes.values():
            for level in range(levels):
                nodes.pop((level, n // FAN**level), None)

    def _depth(self) -> int:
        depth = 1
        while FAN**depth < len(self._groups):
            depth += 1
        return depth

    def _name(self, n: int) -> str:
        return f"segment-{sha256(' '.join(sorted(self._groups[n])).encode()).hexdigest()[:20]}"

    # --- from one process to the next ---

    def described(self) -> dict[str, Any]:
        """What `find` needs."""
        return {"groups": [list(group) for group in self._groups], "filling": self._filling, "asked": list(self._nodes)}

    def find(self, described: Mapping[str, Any], sizes: Mapping[str, int], present: Iterable[str]) -> None:
        """Know the groups of a saved state, and the summaries that lie on the shelf."""
        self._groups = [{name: sizes[name] for name in group} for group in described["groups"]]
        self._group_of = {name: n for n, group in enumerate(self._groups) for name in group}
        self._filling = described["filling"]
        self.cached(present)
        for mark in described["asked"]:
            self._nodes[mark] = self._nodes.pop(mark, {})

    def cached(self, present: Iterable[str]) -> set[str]:
        """The entries among those on the shelf that are summaries of the present groups, whoever made them."""
        places = {self._name(n): n for n, group in enumerate(self._groups) if group}
        found = set()
        for entry in present:
            name, _, mark = entry.rpartition(".")
            if name in places:
                found.add(entry)
                self._marks_of(places[name]).add(mark)
                if mark not in self._nodes:  # asked by another process: the first that is forgotten
                    self._nodes = {mark: {}, **self._nodes}
        return found


@cache
def _code() -> bytes:
    """A digest of the code of all calculators: summaries that another version made are not merged with ours."""
    content = sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        content.update(file.read_bytes())
    return content.digest()
