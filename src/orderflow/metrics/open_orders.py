"""Open orders: their events order by order, so that one is found, grown and taken out at the cost of its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import Factory, define

from orderflow.metrics.batches import conform, in_kinds
from orderflow.metrics.log import EventLog

if TYPE_CHECKING:
    import polars as pl

TEXTS = ("stage", "actor", "track", "team")
COLUMNS = ("at", *TEXTS, "started_at")
Row = tuple[int, str, str | None, str | None, str | None, int | None]  # as COLUMNS


@define
class Held:
    """What is known about one order: rows of events in order of arrival, attributes, rows of further tables."""

    events: list[Row] = Factory(list)
    attributes: dict[str, Any] = Factory(dict)
    more: dict[str, list[dict[str, Any]]] = Factory(dict)
    last: Row | None = None

    def add(self, row: Row) -> None:
        self.events.append(row)
        if self.last is None or row[0] >= self.last[0]:  # of equal times the one that came last
            self.last = row


class OpenOrders:
    """The orders that may still go on, the one that was touched longest ago first.

    - Costs about 250 bytes an event and 500 an order.
    """

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self.events = 0

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, id: str) -> bool:
        return id in self._held

    def put(self, log: EventLog, whole: EventLog) -> list[str]:
        """Add what a log says to what is known about its orders; their ids, which now stand last.

        - `whole`: columns that are of texts there have to be so here too.
        """
        ids: list[str] = log.orders["id"].to_list()
        by_code = dict(zip(log.orders["order"].to_list(), ids, strict=True))
        for id in ids:
            self._held.setdefault(id, Held())
        self.touch(ids)
        columns = [_values(log, name) for name in COLUMNS]
        orders = (by_code[code] for code in log.events["order"].to_list())
        for id, event in zip(orders, zip(*columns, strict=True), strict=True):
            self._held[id].add(event)
        for row in in_kinds(log.orders, whole.orders).drop("order").iter_rows(named=True):
            known = self._held[row.pop("id")].attributes
            known.update({name: value for name, value in row.items() if value is not None})
        for name, table in log.more.items():
            for row in in_kinds(table, whole.more.get(name, table)).iter_rows(named=True):
                self._held[by_code[row.pop("order")]].more.setdefault(name, []).append(row)
        self.events += len(log)
        return ids

    def widen(self, before: EventLog, whole: EventLog) -> None:
        """Make texts of what is held in columns that become texts: `before` has the types that they had."""
        attributes = [held.attributes for held in self._held.values()]
        _in_texts(attributes, before.orders, whole.orders)
        for name, table in before.more.items():
            rows = [row for held in self._held.values() for row in held.more.get(name, ())]
            _in_texts(rows, table, whole.more[name])

    def ids(self) -> list[str]:
        """All orders, the one touched longest ago first."""
        return list(self._held)

    def touch(self, ids: Iterable[str]) -> None:
        """Put these orders last, in this order."""
        for id in ids:
            self._held[id] = self._held.pop(id)

    def ended_in(self, stages: frozenset[str], ids: Iterable[str]) -> list[str]:
        """Those of the orders whose last event is in one of the stages."""
        lasts = ((id, self._held[id].last) for id in ids)
        return [id for id, last in lasts if last is not None and last[1] in stages]

    def oldest(self, events: int) -> list[str]:
        """The orders touched longest ago that have this many events together; an order without events counts one."""
        found, left = [], events
        for id, held in self._held.items():
            if left <= 0:
                break
            found.append(id)
            left -= len(held.events) or 1
        return found

    def drop(self, ids: Iterable[str]) -> None:
        """Forget these orders; those that are not here are passed over."""
        for id in ids:
            held = self._held.pop(id, None)
            self.events -= len(held.events) if held else 0

    def log(self, whole: EventLog, ids: Iterable[str] | None = None) -> EventLog:
        """These orders, or all, as a log with the columns of `whole`, in this order."""
        import polars as pl

        chosen = self._held if ids is None else {id: self._held[id] for id in ids}
        orders = [id for id, held in chosen.items() for _ in held.events]
        rows = (row for held in chosen.values() for row in held.events)
        columns = zip(*rows, strict=True) if orders else ((),) * len(COLUMNS)
        events: dict[str, Any] = {"order": orders}
        for name, values in zip(COLUMNS, columns, strict=True):
            if name in whole.events.columns:
                events[name] = pl.Series(values, dtype=pl.String if name in TEXTS else pl.Int64)
        more: dict[str, Any] = {name: _more(chosen, name, table) for name, table in whole.more.items()}
        made = EventLog.from_columns(events, _attributes(chosen, whole), tz=whole.tz, **more)
        return conform(made, whole)


def _values(log: EventLog, name: str) -> list[Any]:
    """A column of the events, of texts with equal ones being one object; missing where the log does not have it."""
    if name not in log.events.columns:
        return [None] * len(log)
    if name not in log.names:
        return log.events[name].to_list()
    names = log.names[name].to_list()
    return [None if code is None else names[code] for code in log.events[name].to_list()]


def _attributes(chosen: Mapping[str, Held], whole: EventLog) -> dict[str, Any]:
    rows = [held.attributes for held in chosen.values()]
    wanted = {name: dtype for name, dtype in whole.orders.schema.items() if name not in ("order", "id")}
    return {"order": list(chosen), **{name: _column(rows, name, dtype) for name, dtype in wanted.items()}}


def _more(chosen: Mapping[str, Held], name: str, table: pl.DataFrame) -> dict[str, Any] | None:
    found = [(id, row) for id, held in chosen.items() for row in held.more.get(name, ())]
    if not found:
        return None
    rows = [row for _, row in found]
    columns = {key: _column(rows, key, dtype) for key, dtype in table.schema.items() if key != "order"}
    return {"order": [id for id, _ in found], **columns}


def _in_texts(rows: list[dict[str, Any]], before: pl.DataFrame, whole: pl.DataFrame) -> None:
    import polars as pl

    for name, dtype in before.schema.items():
        if whole.schema[name] == pl.String and dtype not in (pl.String, pl.Null):
            known = [row for row in rows if row.get(name) is not None]
            table = _column(known, name, dtype).to_frame()
            for row, text in zip(known, in_kinds(table, whole)[name].to_list(), strict=True):
                row[name] = _exact(row[name]) or text


def _exact(value: Any) -> str | None:
    """The text of a whole number or a decimal: in a column of broken numbers these would lose digits."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if type(value) is int else None


def _column(rows: list[dict[str, Any]], name: str, dtype: pl.DataType) -> pl.Series:
    import polars as pl

    return pl.Series(name, [row.get(name) for row in rows], dtype=dtype, strict=False)
