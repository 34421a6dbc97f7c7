"""The EventLog: many order histories as tables of integer codes and microseconds, which every calculator reads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, fields, frozen

from orderflow.metrics.attributes import among, attribute, cut
from orderflow.metrics.business import positions
from orderflow.metrics.codes import decode, encode, need_polars
from orderflow.metrics.frames import Columns, all_orders, coded_events, further_table, orders_table, union
from orderflow.metrics.instants import day_start, instant, micros, zone
from orderflow.metrics.joining import On, joined
from orderflow.metrics.saved import read, write
from orderflow.model.errors import LogError
from orderflow.model.frozen import EMPTY, FrozenMap, as_names
from orderflow.model.reasons import Reason

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from orderflow.model.calendar import WorkCalendar

T = TypeVar("T")
MAIN = "order"  # the track that every tracked order has


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # no slots: `cached_property` keeps what it found in __dict__
class EventLog:
    """Many order histories as tables; never changed after it was made.

    - `events`: one row per stage entered, sorted by order, time, arrival. Columns `order`, `stage`, `actor`
      and, when known, `track`, `team` (UInt32 codes, missing stays missing), `at` (Int64, microseconds since
      1970 in UTC), `arrival` (UInt32, the row it came from: ties in time keep this order), and when known
      `started_at` (as `at`; when the work that the event ends was begun).
    - `orders`: one row per order, with or without events. Columns `order` (the code), `id` (the host's text),
      `promised_at` when there are promises (Int64 microseconds), and the attributes.
    - `names`: for `stage`, `actor`, `track`, `team` the text of each code.
    - `more`: further tables by name (`marks`, `approvals` …), with `order` as a code.
    - `tz`: the zone in which days are counted. `done_stages`: the stages in which an order is finished, when
      a flow says so; `cancelled_stages`: those in which it is called off. `assumptions`: what was guessed or
      assumed when the log was made.
    - `len(log)` is the number of events. Frames that read the Arrow PyCapsule interface can read a log.
    """

    events: pl.DataFrame
    orders: pl.DataFrame
    names: FrozenMap[pl.Series]
    more: FrozenMap[pl.DataFrame] = EMPTY
    tz: str = "UTC"
    assumptions: tuple[Reason, ...] = ()
    done_stages: frozenset[str] | None = None
    cancelled_stages: frozenset[str] | None = None

    @classmethod
    def from_columns(
        cls,
        events: Columns,
        orders: Columns | None = None,
        *,
        tz: str = "UTC",
        done_stages: Iterable[str] | None = None,
        cancelled_stages: Iterable[str] | None = None,
        assumptions: Iterable[Reason] = (),
        **more: Columns | None,
    ) -> EventLog:
        """A log from columns: lists or polars columns of one length.

        - `events`: `order`, `stage` (texts), `at` (aware datetimes, or integers: microseconds since 1970 in
          UTC), and optionally `actor`, `track`, `team` (texts; None, empty or blank is missing) and `started_at`:
          when the work that the event ends was begun.
        - `orders`: `order`, `promised_at` (as `at`; a date is the end of that day in `tz`), any attributes.
        - `done_stages`, `cancelled_stages`: one name or several.
        - `more`: further tables, each with an `order` column: `marks={...}`; their columns `at` and `*_at` are as `at`.
        - Raises LogError for a missing column, an event without order or stage, an order given twice, columns
          of unequal length, a naive datetime, an unknown zone.
        """
        need_polars()
        zone(tz)
        coded = coded_events(events, tz)
        attributes = orders_table(orders or {"order": []}, tz)
        extra = {name: further_table(name, given, tz) for name, given in more.items() if given is not None}
        ids = coded.ids
        if attributes.height or extra:
            ids = union(ids, attributes["order"], *(frame["order"] for frame in extra.values()))
        return cls(
            events=coded.events,
            orders=all_orders(ids, attributes),
            names=coded.names,
            more=FrozenMap({k: v.with_columns(encode(v["order"], ids).alias("order")) for k, v in extra.items()}),
            tz=tz,
            done_stages=None if done_stages is None else frozenset(as_names(done_stages)),
            cancelled_stages=None if cancelled_stages is None else frozenset(as_names(cancelled_stages)),
            assumptions=tuple(assumptions),
        )

    def __len__(self) -> int:
        return self.events.height

    def __repr__(self) -> str:
        first, last = self.events["at"].min(), self.events["at"].max()
        span = "" if first is None else f", {instant(first):%Y-%m-%d} to {instant(last):%Y-%m-%d}"  # type: ignore[arg-type]  # min of an Int64 column
        further = "".join(f", {name}" for name in self.more)
        return f"<EventLog: {len(self)} events of {self.spans.height} orders, {len(self.stages)} stages{span}{further}>"

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of all stages, in the order of their codes."""
        return tuple(self.names["stage"].to_list())

    @cached_property
    def spans(self) -> pl.DataFrame:
        """One row per order that has events: `order`, `first_at`, `first_stage`, `last_at`, `last_stage`."""
        import polars as pl

        starts = pl.col("order").ne_missing(pl.col("order").shift(1))
        ends = pl.col("order").ne_missing(pl.col("order").shift(-1))
        first = self.events.filter(starts).select("order", first_at="at", first_stage="stage")
        return first.hstack(self.events.filter(ends).select(last_at="at", last_stage="stage"))

    @property
    def main(self) -> EventLog:
        """The log without the events of further tracks: these say where an order as a whole is.

        - Of the track `order`, or of no track; the log itself where events have no tracks (which is not kept with the
          log: one that holds itself stays in memory until cycles are looked for).
        """
        return self if "track" not in self.events.columns else self.kept("main", self._of_main)

    def _of_main(self) -> EventLog:
        import polars as pl

        return evolve(self, events=self.events.filter(pl.col("track").is_null() | pl.col("track").is_in(self._main)))

    @cached_property
    def in_strands(self) -> pl.DataFrame:
        """The events, those of one strand together, in the order of the log: a strand is an order, or one of its
        tracks. Where events have tracks there is a column `strand` (the track; no track is `order`)."""
        import polars as pl

        if "track" not in self.events.columns:
            return self.events
        strand = pl.col("track") if not self._main else pl.col("track").fill_null(self._main[0])
        return self.events.with_columns(strand=strand).sort("order", "strand", maintain_order=True)

    @property
    def strand(self) -> list[str]:
        """The columns of `in_strands` that tell strands apart."""
        return ["order", "strand"] if "track" in self.events.columns else ["order"]

    @property
    def _main(self) -> list[int]:
        """The code of the track `order`, if it occurs."""
        return [code for code, name in enumerate(self.names["track"]) if name == MAIN]

    @cached_property
    def steps(self) -> pl.DataFrame:
        """One row per pair of consecutive events of a strand: `order`, `source`, `dest` (stages), `giver`, `taker`
        (actors), `micros` (time between them). A strand with n events has n - 1 steps."""
        import polars as pl

        following = pl.all().shift(-1)
        return (
            self.in_strands.lazy()
            .select(*self.strand, "stage", "actor", "at")
            .with_columns(following.name.prefix("next_"))
            .filter(_same(self.strand, "next_"))
            .select(
                "order",
                source="stage",
                dest="next_stage",
                giver="actor",
                taker="next_actor",
                micros=pl.col("next_at") - pl.col("at"),
            )
            .collect()
        )

    def at_steps(self, *columns: str, dest: bool = False) -> pl.DataFrame:
        """Further columns of the events that begin the steps (`dest`: that end them), row by row as in `steps`."""
        import polars as pl

        other = pl.col(self.strand).shift(1 if dest else -1).name.prefix("next_")
        events = self.in_strands.lazy().with_columns(other)
        return events.filter(_same(self.strand, "next_")).select(columns).collect()

    @cached_property
    def ways(self) -> pl.DataFrame:
        """The different sequences of stages: `stages` (a list of codes) and `count`, how many orders went so."""
        import polars as pl

        each = self.events.lazy().group_by("order").agg(stages="stage")
        return each.group_by("stages").agg(pl.len().cast(pl.Int64).alias("count")).collect()

    def business(self, calendar: WorkCalendar | None) -> EventLog:
        """The same log with the running sum of open time in place of instants: then every duration is open time.

        - `at` and `promised_at` hold P, the calendar's `position`: differences are open time, instants they are not.
        - Computed once for each calendar and kept with the log. None is the log itself.
        - Raises DefinitionError when an event lies outside of what the calendar answers for.
        """
        if calendar is None:
            return self
        return self.kept(("business", calendar), lambda: self._business(calendar))

    def _business(self, calendar: WorkCalendar) -> EventLog:
        instants = [name for name in ("at", "started_at") if name in self.events.columns]
        events = self.events.with_columns(positions(self.events[name], calendar) for name in instants)
        orders = self.orders
        if "promised_at" in orders.columns:
            orders = orders.with_columns(positions(orders["promised_at"], calendar))
        return evolve(self, events=events, orders=orders)

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for each key and kept with the log: for what several calculators share."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    @cached_property
    def _made(self) -> dict[Hashable, Any]:
        return {}

    def where(self, **attributes: Any) -> EventLog:
        """The orders whose attributes have these values, whole: `log.where(region="华东", level=["A", "B"])`.

        - A list, tuple or set means any of its values; None means that the attribute is missing.
        - Raises LogError for a name that is no attribute of the orders (`log.unknown_attribute`), and for a value that
          cannot be compared with those of the attribute (`log.other_kind`): a text with numbers.
        """
        orders = self.orders
        for name, value in attributes.items():
            values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
            orders = orders.filter(among(attribute(orders, name), values))
        return self._only(orders["order"])

    def by(self, name: str) -> dict[Any, EventLog]:
        """The log cut by an attribute of its orders: value -> the orders that have it, whole; None, those without.

        - The values in their order. Every order is in one of the parts, also one without events.
        - Raises LogError (`log.unknown_attribute`) as `where`.
        """
        values = attribute(self.orders, name).alias("value")
        known = values.unique().sort(nulls_last=True)
        places = known.to_frame().with_row_index("place")
        place = self.orders.select("order", values).join(places, on="value", how="left", nulls_equal=True)
        orders, events = cut(self.orders, place, len(known)), cut(self.events, place, len(known))
        more = {table: cut(rows, place, len(known)) for table, rows in self.more.items()}
        return {
            value: evolve(
                self,
                orders=orders[n],
                events=events[n],
                more=FrozenMap({table: pieces[n] for table, pieces in more.items()}),
            )
            for n, value in enumerate(known.to_list())
        }

    def since(self, when: str | date | datetime) -> EventLog:
        """The orders whose first event is at or after `when`, whole.

        - `when`: an aware datetime, or a date (also as ISO text), which means its start in the log's zone.
        - With `until` this cuts a log into parts with no order in common; orders without events are in none.
        """
        return self._only(self.spans.filter(self.spans["first_at"] >= _moment(when, self.tz))["order"])

    def until(self, when: str | date | datetime) -> EventLog:
        """The orders whose first event is before `when`, whole; `when` as in `since`."""
        return self._only(self.spans.filter(self.spans["first_at"] < _moment(when, self.tz))["order"])

    def save(self, folder: str | Path) -> None:
        """Write the log to a folder: coded and sorted, so that `EventLog.load` has it back at once.

        - A folder that is not there is made; a log that was saved in it is replaced.
        - Raises LogError (`log.cannot_save`) when files cannot be written.
        """
        write(folder, **{field.name: getattr(self, field.name) for field in fields(EventLog)})

    @classmethod
    def load(cls, folder: str | Path, *, verify: bool = False) -> EventLog:
        """The log that was saved in a folder.

        - Tables are mapped into memory, not read: what no figure asks for stays on the disk. Sizes, kinds, codes and
          the order of events are checked; other values (times, attributes) with `verify`, which reads everything.
        - Raises LogError: no saved log there (`log.not_saved`), one of a newer version (`log.saved_by_newer`), a
          table that is missing or, as far as it is checked, changed (`log.saved_damaged`)."""
        need_polars()
        return cls(**read(folder, verify=verify))

    def join(self, table: Any, on: On = "order") -> EventLog:
        """The log with the columns of a table as further attributes of its orders.

        - `table`: any frame with the Arrow PyCapsule interface, columns by name, or `of.read_table(path)`.
        - `on`: what has to be equal, compared as texts (7, 7.0 and "7" are one): `"order"`, the order id; the name of
          an attribute, the same in both, or several; or `{"customer": "客户"}`, attributes and columns of the table.
        - An order without a row has missing values. How many these are, and how many rows of the table belong to no
          order, is in the assumptions. A column `promised_at` holds promises, as texts too.
        - Raises LogError: no such column, a key twice in the table, an attribute that the orders have already.
        """
        orders, told = joined(self.orders, table, on, self.tz)
        return evolve(self, orders=orders, assumptions=(*self.assumptions, *told))

    def with_tables(self, **tables: Any) -> EventLog:
        """The log with further tables beside its events: `log.with_tables(feedback={...}, lines=frame)`.

        - Columns by name, or any frame with the Arrow PyCapsule interface; with a column `order`, and `at` and `*_at`
          as in `from_columns`. A table that is there already is replaced; None takes it away.
        - Orders that the log did not know come in, without events.
        - Raises LogError as `from_columns`.
        """
        import polars as pl

        given = {name: _columns(table) for name, table in tables.items() if table is not None}
        frames = {name: further_table(name, columns, self.tz) for name, columns in given.items()}
        kept = {name: table for name, table in self.more.items() if name not in tables}
        known = self.orders["id"]
        new = union(*(frame["order"] for frame in frames.values()), known.clear())
        new = new.filter(~new.is_in(known.implode())).alias("id")
        first = _by_code(self.orders).len()
        codes = pl.int_range(first, first + len(new), dtype=pl.UInt32, eager=True).alias("order")
        orders = pl.concat([self.orders, pl.DataFrame([codes, new])], how="diagonal")
        for name, frame in frames.items():
            kept[name] = frame.with_columns(orders["order"].gather(encode(frame["order"], orders["id"])))
        return evolve(self, orders=orders, more=FrozenMap(kept))

    def to_polars(self) -> pl.DataFrame:
        """The events as a frame with texts and UTC datetimes, sorted as in the log."""
        import polars as pl

        texts = [decode(self.events[name], names) for name, names in self.names.items()]
        ids = decode(self.events["order"], _by_code(self.orders))
        instants = [name for name in ("at", "started_at") if name in self.events.columns]
        times = [pl.from_epoch(name, time_unit="us").dt.replace_time_zone("UTC") for name in instants]
        return self.events.with_columns(ids, *times, *texts).drop("arrival")

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_polars().__arrow_c_stream__(requested_schema)

    def _only(self, orders: pl.Series) -> EventLog:
        import polars as pl

        chosen = pl.col("order").is_in(orders.implode())
        return evolve(
            self,
            events=self.events.filter(chosen),
            orders=self.orders.filter(chosen),
            more=FrozenMap({name: table.filter(chosen) for name, table in self.more.items()}),
        )


def _same(names: Sequence[str], prefix: str) -> pl.Expr:
    """Whether these columns have the values of those of the same names with the prefix."""
    import polars as pl

    first, *others = names
    same = pl.col(first) == pl.col(prefix + first)
    for name in others:
        same = same & pl.col(name).eq_missing(pl.col(prefix + name))
    return same


def _columns(table: Any) -> Columns:
    """A table as columns by name."""
    import polars as pl

    return table if isinstance(table, Mapping) else pl.DataFrame(table).to_dict(as_series=True)


def _moment(when: str | date | datetime, tz: str) -> int:
    if isinstance(when, str):
        try:
            when = date.fromisoformat(when) if len(when) <= 10 else datetime.fromisoformat(when)
        except ValueError:
            raise LogError.of("log.unreadable_moment", value=when) from None
    if not isinstance(when, date):
        raise LogError.of("log.unreadable_moment", value=when)
    return micros(when) if isinstance(when, datetime) else day_start(when, tz)


def _by_code(orders: pl.DataFrame) -> pl.Series:
    """The ids of the orders at the positions of their codes; positions that were filtered out are missing."""
    import polars as pl

    top = orders["order"].max()
    codes = pl.DataFrame({"order": range(0 if top is None else int(top) + 1)}, schema={"order": pl.UInt32})  # type: ignore[arg-type]  # max of a UInt32 column
    return codes.join(orders.select("order", "id"), on="order", how="left", maintain_order="left")["id"]
