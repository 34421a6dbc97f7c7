"""The EventLog: many order histories as tables of integer codes and microseconds, which every calculator reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from orderflow.metrics.codes import blank_to_missing, decode, distinct, encode, need_polars
from orderflow.metrics.instants import column, day_start, instant, micros, zone
from orderflow.metrics.joining import joined
from orderflow.model.errors import LogError
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.reasons import Reason, suggest

if TYPE_CHECKING:
    import polars as pl

Columns = Mapping[str, Any]
NAMED: tuple[str, ...] = ("stage", "actor", "track", "team")


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # no slots: `cached_property` keeps what it found in __dict__
class EventLog:
    """Many order histories as tables; never changed after it was made.

    - `events`: one row per stage entered, sorted by order, time, arrival. Columns `order`, `stage`, `actor`
      and, when known, `track`, `team` (UInt32 codes, missing stays missing), `at` (Int64, microseconds since
      1970 in UTC), `arrival` (UInt32, the row it came from: ties in time keep this order).
    - `orders`: one row per order, with or without events. Columns `order` (the code), `id` (the host's text),
      `promised_at` when there are promises (Int64 microseconds), and the attributes.
    - `names`: for `stage`, `actor`, `track`, `team` the text of each code.
    - `more`: further tables by name (`marks`, `approvals` …), with `order` as a code.
    - `tz`: the zone in which days are counted. `done_stages`: the stages in which an order is finished, when
      a flow says so. `assumptions`: what was guessed or assumed when the log was made.
    - `len(log)` is the number of events. Frames that read the Arrow PyCapsule interface can read a log.
    """

    events: pl.DataFrame
    orders: pl.DataFrame
    names: FrozenMap[pl.Series]
    more: FrozenMap[pl.DataFrame] = EMPTY
    tz: str = "UTC"
    assumptions: tuple[Reason, ...] = ()
    done_stages: frozenset[str] | None = None

    @classmethod
    def from_columns(
        cls,
        events: Columns,
        orders: Columns | None = None,
        *,
        tz: str = "UTC",
        done_stages: Iterable[str] | None = None,
        assumptions: Iterable[Reason] = (),
        **more: Columns | None,
    ) -> EventLog:
        """A log from columns: lists or polars columns of one length.

        - `events`: `order`, `stage` (texts), `at` (aware datetimes, or integers: microseconds since 1970 in
          UTC), and optionally `actor`, `track`, `team` (texts; None, empty or blank is missing).
        - `orders`: `order`, `promised_at` (as `at`; a date is the end of that day in `tz`), any attributes.
        - `more`: further tables, each with an `order` column: `marks={...}`.
        - Raises LogError for a missing column, an event without order or stage, an order given twice, columns
          of unequal length, a naive datetime, an unknown zone.
        """
        need_polars()
        zone(tz)
        table = _events_table(events, tz)
        attributes = _orders_table(orders or {"order": []}, tz)
        extra = {name: _frame(name, columns, ("order",)) for name, columns in more.items() if columns is not None}
        ids = _union(table["order"], attributes["order"], *(frame["order"] for frame in extra.values()))
        named = [name for name in NAMED if name in table.columns]
        names = FrozenMap({name: distinct(table[name]) for name in named})
        coded = table.with_columns(
            encode(table["order"], ids).alias("order"),
            *(encode(table[name], texts).alias(name) for name, texts in names.items()),
        )
        return cls(
            events=coded.with_row_index("arrival")
            .select(*table.columns, "arrival")
            .sort("order", "at", maintain_order=True),
            orders=_all_orders(ids, attributes),
            names=names,
            more=FrozenMap({k: v.with_columns(encode(v["order"], ids).alias("order")) for k, v in extra.items()}),
            tz=tz,
            done_stages=None if done_stages is None else frozenset(done_stages),
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

    @cached_property
    def steps(self) -> pl.DataFrame:
        """One row per pair of consecutive events of an order: `source`, `dest` (stages), `giver`, `taker`
        (actors), `micros` (time between them). An order with n events has n - 1 steps."""
        import polars as pl

        following = pl.all().shift(-1)
        return (
            self.events.lazy()
            .select("order", "stage", "actor", "at")
            .with_columns(following.name.prefix("next_"))
            .filter(pl.col("order") == pl.col("next_order"))
            .select(
                source="stage",
                dest="next_stage",
                giver="actor",
                taker="next_actor",
                micros=pl.col("next_at") - pl.col("at"),
            )
            .collect()
        )

    def where(self, **attributes: Any) -> EventLog:
        """The orders whose attributes have these values, whole: `log.where(region="华东", level=["A", "B"])`.

        - A list, tuple or set means any of its values; None means that the attribute is missing.
        - Raises LogError (`log.unknown_attribute`) for a name that is no attribute of the orders.
        """
        import polars as pl

        known = [name for name in self.orders.columns if name != "order"]
        chosen = pl.lit(value=True)
        for name, value in attributes.items():
            if name not in known:
                raise LogError.of("log.unknown_attribute", name=name, known=known, suggestion=suggest(name, known))
            values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
            chosen = chosen & pl.any_horizontal(*(pl.col(name).eq_missing(pl.lit(item)) for item in values))
        return self._only(self.orders.filter(chosen)["order"])

    def since(self, when: str | date | datetime) -> EventLog:
        """The orders whose first event is at or after `when`, whole.

        - `when`: an aware datetime, or a date (also as ISO text), which means its start in the log's zone.
        - With `until` this cuts a log into parts with no order in common; orders without events are in none.
        """
        return self._only(self.spans.filter(self.spans["first_at"] >= _moment(when, self.tz))["order"])

    def until(self, when: str | date | datetime) -> EventLog:
        """The orders whose first event is before `when`, whole; `when` as in `since`."""
        return self._only(self.spans.filter(self.spans["first_at"] < _moment(when, self.tz))["order"])

    def join(self, table: Any, on: str | Mapping[str, str] = "order") -> EventLog:
        """The log with the columns of a table as further attributes of its orders.

        - `table`: any frame with the Arrow PyCapsule interface, columns by name, or `of.read_table(path)`.
        - `on`: what has to be equal, compared as texts: `"order"`, the order id; the name of an attribute, the same
          in both; or `{"customer": "客户"}`, the attribute and the column of the table.
        - An order without a row has missing values; how many is in the assumptions.
        - Raises LogError: no such column, a key twice in the table, an attribute that the orders have already.
        """
        orders, told = joined(self.orders, table, on, self.tz)
        return evolve(self, orders=orders, assumptions=(*self.assumptions, *told))

    def to_polars(self) -> pl.DataFrame:
        """The events as a frame with texts and UTC datetimes, sorted as in the log."""
        import polars as pl

        texts = [decode(self.events[name], names) for name, names in self.names.items()]
        ids = decode(self.events["order"], _by_code(self.orders))
        times = pl.from_epoch(self.events["at"], time_unit="us").dt.replace_time_zone("UTC")
        return self.events.with_columns(ids, times, *texts).drop("arrival")

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


def _moment(when: str | date | datetime, tz: str) -> int:
    if isinstance(when, str):
        try:
            when = date.fromisoformat(when) if len(when) <= 10 else datetime.fromisoformat(when)
        except ValueError:
            raise LogError.of("log.unreadable_moment", value=when) from None
    return micros(when) if isinstance(when, datetime) else day_start(when, tz)


def _by_code(orders: pl.DataFrame) -> pl.Series:
    """The ids of the orders at the positions of their codes; positions that were filtered out are missing."""
    import polars as pl

    top = orders["order"].max()
    codes = pl.DataFrame({"order": range(0 if top is None else int(top) + 1)}, schema={"order": pl.UInt32})  # type: ignore[arg-type]  # max of a UInt32 column
    return codes.join(orders.select("order", "id"), on="order", how="left", maintain_order="left")["id"]


def _frame(table: str, columns: Columns, required: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    for name in required:
        if name not in columns:
            raise LogError.of("log.missing_column", table=table, column=name, columns=list(columns))
    if len(lengths := {name: len(values) for name, values in columns.items()}) and len(set(lengths.values())) > 1:
        raise LogError.of("log.unequal_columns", table=table, lengths=[f"{k} {v}" for k, v in lengths.items()])
    frame = pl.DataFrame(dict(columns))
    frame = frame.with_columns(blank_to_missing(frame["order"].cast(pl.String)))
    _require(frame, table, "order")
    return frame


def _require(frame: pl.DataFrame, table: str, name: str) -> None:
    if frame[name].null_count():
        rows = (frame[name].is_null().arg_true() + 1).to_list()
        raise LogError.of("log.missing_values", table=table, column=name, count=len(rows), rows=rows[:5])


def _events_table(events: Columns, tz: str) -> pl.DataFrame:
    """The events with texts and microseconds; columns `order`, `stage`, `at`, `actor`, and `track`, `team` if given."""
    import polars as pl

    optional = [name for name in ("actor", "track", "team") if events.get(name) is not None]
    given = {name: events[name] for name in ("order", "stage", "at", *optional) if name in events}
    if "at" in given:
        given["at"] = column(given["at"], tz)
    frame = _frame("events", given, ("order", "stage", "at"))
    if "actor" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("actor"))
    texts = [name for name in NAMED if name in frame.columns]
    frame = frame.with_columns(blank_to_missing(frame[name].cast(pl.String)) for name in texts)
    for name in ("stage", "at"):
        _require(frame, "events", name)
    return frame


def _orders_table(orders: Columns, tz: str) -> pl.DataFrame:
    given = dict(orders)
    if given.get("promised_at") is not None:
        given["promised_at"] = column(given["promised_at"], tz, ends_day=True)
    frame = _frame("orders", given, ("order",))
    if len(twice := frame["order"].filter(frame["order"].is_duplicated())):
        raise LogError.of("log.order_twice", order=twice[0])
    if "id" in frame.columns:
        raise LogError.of("log.reserved_attribute", name="id")
    return frame


def _union(*columns: pl.Series) -> pl.Series:
    import polars as pl

    return distinct(pl.concat([item.alias("order") for item in columns]))


def _all_orders(ids: pl.Series, attributes: pl.DataFrame) -> pl.DataFrame:
    """One row per order by code: `order`, `id`, then the attributes, missing for orders that have none."""
    everyone = ids.alias("id").to_frame().with_row_index("order")
    return everyone.join(attributes, left_on="id", right_on="order", how="left", maintain_order="left")
