"""Running: figures that are kept up to date while events come in, and always equal those over all events so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from attrs import evolve

from orderflow.metrics.batches import NOTHING, conform, in_texts, join, part, same_shape, shape_of
from orderflow.metrics.figures import NAMING_ENDS, NAMING_STAGES, Figure
from orderflow.metrics.folder import Place, same_place, shelf_of
from orderflow.metrics.groups import By
from orderflow.metrics.log import EventLog
from orderflow.metrics.merged import MergedReport, figures_of_report, merged_report
from orderflow.metrics.open_orders import OpenOrders
from orderflow.metrics.segments import Segments
from orderflow.metrics.states import States
from orderflow.metrics.terms import Allowed, Further, Terms
from orderflow.metrics.totals import KEPT
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names

MOST_OPEN = 200_000  # events of open orders that are held one by one; beyond, those not touched for long are at rest
PAGE = 10_000  # events that are asked of a tracker at a time


class Source(Protocol):
    """What `follow` needs of a Tracker."""

    def changes(self, after: int | None = None, *, limit: int = 1_000) -> tuple[Sequence[Any], int]: ...
    def log(self, orders: Iterable[str] | None = None) -> EventLog: ...


class Running:
    """Figures over all events so far, without keeping them all in memory or reading them all again.

    - The law: `running.result(name, **options)` equals what the function of that name gives for the log of all events
      that were added, in the order in which they were added (`join` of the batches); always, reopened orders included.
    - Adding a batch costs the events of the orders that it touches, and for each order at rest that gets another
      event one segment (at most about 2,500 events), which is read and written again without it.
    - An order is at rest when its last event is in one of `closed_stages` (by default the done and the cancelled ones,
      its own and those that the batches know), or when 200,000 events of other orders came after it was last touched.
      Any choice gives the same figures; it only decides what adding costs.
    - `done_stages` and `cancelled_stages` are added to those that the batches know; `tz`, when it is not given, is that
      of the first batch.
    - A question costs the open orders, its own result, and for each segment that changed since it was last asked the
      25,000 events around it, summed up anew, and a few merges (7 log8 of the number of such groups).
    - `shelf`: where what is at rest lies, a mapping of names to bytes; a dict in memory, or a folder (its path, or
      `of.Folder`).
      In memory stay the open orders, about 120 bytes an order and 200 a key, and for each of the last 100 figures
      asked its summary, once for each level of merges (two up to 1.6 million events, three up to 12 million).
    - One process writes to a shelf, any number read. A process that saves over what another one has saved meanwhile
      is refused; one that reads may have to load again. Not safe between threads.
    """

    def __init__(
        self,
        *,
        done_stages: Iterable[str] | None = None,
        cancelled_stages: Iterable[str] | None = None,
        closed_stages: Iterable[str] | None = None,
        tz: str | None = None,
        shelf: Place | None = None,
    ) -> None:
        self._states = States({} if shelf is None else shelf_of(shelf))
        self._whole = EventLog.from_columns(
            NOTHING, tz=tz or "UTC", done_stages=done_stages, cancelled_stages=cancelled_stages
        )
        self._zone_open = tz is None  # the first batch says in which zone days are counted
        self._closed_stages = None if closed_stages is None else frozenset(as_names(closed_stages))
        self._open = OpenOrders()
        self._rest = Segments(self._states)
        self._keys: dict[str, str] = {}
        self._now: dict[Figure, Any] = {}  # summaries of the open orders, until the next event
        self.cursor = 0
        """How far `follow` has read."""

    def __len__(self) -> int:
        """How many events there are so far."""
        return self._open.events + sum(self._rest.sizes.values())

    def __repr__(self) -> str:
        return f"<Running: {len(self)} events, {len(self._open)} orders open, {len(self._rest)} at rest>"

    # --- what comes in ---

    def add(self, batch: EventLog | Mapping[str, Any] | Any, *, key: str | None = None) -> bool:
        """Add a batch of events: a log, or a frame or columns as for `EventLog.from_columns`. Whether it was new.

        - Orders may be new, open or closed; events may be older than what is known. Ties keep the order of arrival.
        - With `key`, the same batch under the same key again changes nothing (False); another one is refused.
          Without a key every batch counts: nothing else tells a repeated batch from events that are alike.
        - Raises LogError and changes nothing: what is no batch (`log.not_a_batch`: a path is read with `of.read_log`),
          a key used for another one (`log.batch_key_reused`), another zone, values of an attribute that cannot be in
          one column with those before (`log.cannot_mix`: lists and texts), or in none (`log.cannot_keep`).
        - Where the shelf fails (a full disk), its error comes through; no event is lost or counts twice, and the batch
          can be added again under its key.
        """
        log = batch if isinstance(batch, EventLog) else EventLog.from_columns(_columns(batch), tz=self._whole.tz)
        whole = self._widened(log)
        if key is not None:
            digest = _digest(log)
            if known := self._keys.get(key):
                if known == digest:
                    return False
                raise LogError.of("log.batch_key_reused", key=key)
        self._widen(whole)
        ids = self._take_in(log)
        if key is not None:
            self._keys[key] = digest
        self._lay_down(ids)
        return True

    def replace(self, log: EventLog, *, orders: Iterable[str] = ()) -> None:
        """Put what a log says about its orders in the place of all that was known about them.

        - `orders`: further ones that it was asked for; of those that it does not have, nothing is known any more.
        - Where the shelf fails, as `add`.
        """
        self._widen(self._widened(log))
        self._lay_down(self._take_in(log, anew=[*orders, *log.orders["id"].to_list()]))

    def follow(self, tracker: Source) -> int:
        """Take in what a Tracker has committed since the last time; how many events that were.

        - Each order that changed is read once and replaced as a whole, so what was amended, erased or corrected counts
          as in `tracker.log()`. `cursor` says how far was read; it is saved with the rest.
        """
        count = 0
        while True:
            events, cursor = tracker.changes(self.cursor, limit=PAGE)
            ids = dict.fromkeys(event.stream.id for event in events if event.stream.kind == "order")
            if ids:
                self.replace(tracker.log(orders=ids), orders=ids)
            count += len(events)
            if cursor == self.cursor:
                return count
            self.cursor = cursor

    # --- what is asked ---

    def result(self, calculator: str, **options: Any) -> Any:
        """The figure that `of.metrics.<calculator>(log, **options)` gives so far, or what it raises."""
        figure = Figure.of(calculator, options)
        if any(name in (*NAMING_STAGES, *NAMING_ENDS) for name in options):  # before all else, as the functions do
            figure.check_seen(self.result("overview").stages)
        figure.check(self._whole)
        return figure.result(self._totals([figure])[figure])

    def report(
        self,
        *,
        calendar: WorkCalendar | None = None,
        delivered_stage: str | None = None,
        allowed: Allowed | None = None,
        people: str = "names",
        minimum: int | None = None,
        further: Further = (),
        by: By = None,
    ) -> MergedReport:
        """The Report on all events so far; options as for `of.report` in shards."""
        terms = Terms(
            calendar=calendar,
            delivered_stage=delivered_stage,
            allowed=allowed,
            people=people,
            minimum=minimum,
            further=further,
            by=by,
        )
        figures = figures_of_report(self._whole, terms)
        totals = self._totals(list(figures.values()))
        return merged_report(
            self._whole,
            {name: totals[figure] for name, figure in figures.items()},
            terms,
            source="running totals",
        )

    def log(self) -> EventLog:
        """All events so far as one log: for what is not a figure, and for tests. Costs all of them."""
        return join([self._whole, *self._rest.logs(), self._open.log(self._whole)])

    # --- from one process to the next ---

    def save(self, place: Place | None = None) -> None:
        """Save the state on its shelf, or a copy of everything in another place: `running.save("state")`.

        - Costs the open orders; what is at rest lies on the shelf already. A crash leaves the state saved before.
        - A copy takes the place of what was saved there before.
        - Raises LogError and changes nothing: another process has saved on the shelf since this state was loaded
          (`log.saved_elsewhere`), or what the state needs is gone (`log.entry_missing`).
        """
        states, needed = self._states, self._rest.needed()
        states.clear_unfinished()
        present = set(states.shelf)
        cached = self._rest.totals.cached(present)
        if place is not None and not same_place(target := shelf_of(place), states.shelf):
            present = states.copy(needed | cached, target)
            states = States(target)
            states.adopt()
        state = {
            "whole": self._whole,
            "zone_open": self._zone_open,
            "closed_stages": self._closed_stages,
            "open": self._open.log(self._whole),
            "ids": self._open.ids(),
            "segments": self._rest.described(),
            "keys": self._keys,
            "cursor": self.cursor,
        }
        states.save(state, needed, cached, present)

    @classmethod
    def load(cls, place: Place) -> Running:
        """The state saved last in this place, which it goes on using.

        - Raises LogError: nothing is saved there (`log.nothing_saved`), a part of it is gone (`log.entry_missing`) or
          damaged (`log.entry_damaged`). Summaries that are gone or damaged are made anew.
        """
        running = cls(shelf=place)
        states = running._states
        states.clear_unfinished()
        state = states.load()
        try:
            running._closed_stages = state["closed_stages"]
            running._whole, running._zone_open = state["whole"], state["zone_open"]
            running._open.put(state["open"], running._whole)
            running._open.touch(state["ids"])
            running._rest.find(state["segments"], states.shelf)
            running._keys = state["keys"]
            running.cursor = state["cursor"]
        except LogError:
            if not states.moved():
                raise
            return cls.load(place)  # saved anew while it was being read
        return running

    # --- inside ---

    def _widened(self, log: EventLog) -> EventLog:
        """The columns of all batches and this one. Raises LogError for what cannot be in one column."""
        import polars as pl

        before = evolve(self._whole, tz=log.tz) if self._zone_open else self._whole
        whole = shape_of([before, log])
        try:
            conform(log, whole)
        except pl.exceptions.PolarsError as error:  # values that do not fit: large numbers, bytes that are no text
            raise LogError.of("log.cannot_widen", detail=str(error).partition("\n")[0]) from None
        return whole

    def _widen(self, whole: EventLog) -> None:
        if not same_shape(whole, self._whole):
            self._rest.totals.forget_nodes()
            self._open.widen(self._whole, whole)
        self._whole, self._zone_open = whole, False

    def _take_in(self, log: EventLog, anew: Sequence[str] = ()) -> list[str]:
        """Put the events of a batch among the open orders, which ids they are; all of them, or none.

        `anew`: orders of which nothing counts that was known before.
        """
        self._now.clear()
        touched = dict.fromkeys([*log.orders["id"].to_list(), *anew])
        for known in self._rest.take(id for id in touched if id in self._rest):
            self._open.put(known, self._whole)
        if len(log) > MOST_OPEN:
            log = self._lay_new(log)
        self._open.drop(anew)
        return self._open.put(log, self._whole)

    def _lay_down(self, ids: Sequence[str]) -> None:
        """Lay down those of these orders that have ended, and the oldest where too many are open."""
        ended = (self._whole.done_stages or frozenset()) | (self._whole.cancelled_stages or frozenset())
        self._settle(self._open.ended_in(ended if self._closed_stages is None else self._closed_stages, ids))
        if self._open.events > MOST_OPEN:
            self._settle(self._open.oldest(self._open.events - MOST_OPEN * 3 // 4))
        self._rest.tidy()

    def _lay_new(self, log: EventLog) -> EventLog:
        """Lay orders of a large batch that are new down at once; the rest of the batch."""
        import polars as pl

        known = pl.Series([id in self._open for id in log.orders["id"].to_list()], dtype=pl.Boolean)
        self._rest.put(part(log, log.orders["order"].filter(~known)))
        return part(log, log.orders["order"].filter(known))

    def _settle(self, ids: Sequence[str]) -> None:
        if ids:
            self._rest.put(self._open.log(self._whole, ids))
            self._open.drop(ids)

    def _totals(self, figures: Sequence[Figure]) -> dict[Figure, Any]:
        asked = {figure: figure.kept for figure in figures}
        missing = [kept for kept in asked.values() if kept not in self._now]
        if missing:
            open_orders = self._open.log(self._whole)
            self._now.update({kept: kept.summarise(open_orders) for kept in missing})
        rest = self._rest.totals.of(asked.values(), self._whole)
        found = {}
        for figure, kept in asked.items():
            found[figure] = self._now[kept]
            for summary in reversed(rest[kept]):
                found[figure] = kept.merge(summary, found[figure])
        if len(self._now) > KEPT:
            self._now = {kept: self._now[kept] for kept in asked.values()}
        return found


def _columns(batch: Any) -> Mapping[str, Any]:
    """A batch as columns by name. Raises LogError (`log.not_a_batch`)."""
    import polars as pl

    if isinstance(batch, Mapping):
        return batch
    if not hasattr(batch, "__arrow_c_stream__"):
        raise LogError.of("log.not_a_batch", kind=type(batch).__name__)
    columns: Mapping[str, Any] = pl.DataFrame(batch).to_dict(as_series=True)
    return columns


def _digest(log: EventLog) -> str:
    """A digest of what a batch says, whatever codes it uses."""
    import polars as pl

    content = sha256()
    for name, table in sorted(in_texts(log).items()):
        readable = table.with_columns(pl.col(pl.Binary).bin.encode("hex"))  # JSON has no bytes
        content.update(f"{name}\n{readable.write_ndjson()}".encode())
    return content.hexdigest()
