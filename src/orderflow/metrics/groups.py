"""Groups: what `by=` names (an attribute of the orders, a column of the events) as codes beside a calculator's rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.attributes import attribute
from orderflow.metrics.codes import encode_values
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names

if TYPE_CHECKING:
    import polars as pl

    from orderflow.metrics.log import EventLog

By = str | Sequence[str] | None
STEPS = {"actor": "giver", "stage": "source"}  # the names of columns of events in a table of steps
OF_EVENTS = ("stage", "actor", "team", "track")


@frozen(kw_only=True, eq=False)
class Grouped:
    """Rows with one more column of codes for each name of `by`, called as in the result.

    - `keys`: these columns. A name that the calculator's result has already gets `order.` before it.
    - `names`: for each the values that the codes stand for; an order without the attribute has no code.
    """

    rows: pl.DataFrame
    keys: tuple[str, ...]
    names: Mapping[str, pl.Series]


def by_order(log: EventLog, rows: pl.DataFrame, by: By, own: Collection[str] = ()) -> Grouped:
    """Group rows that have an `order` by attributes of the orders; `own`: the columns of the result itself.

    - Raises LogError: a name that is no attribute (`log.unknown_attribute`), a column of the events that says
      nothing about a whole order (`log.not_of_orders`).
    """
    return _grouped(log, rows, by, own, {})


def by_step(log: EventLog, by: By, own: Collection[str] = (), within: Collection[str] = OF_EVENTS) -> Grouped:
    """The steps of a log (`EventLog.steps`) by attributes of the orders, or by the `actor`, `team`, `track` or `stage`
    of the event that begins the step; `within`: which of these are meant."""
    steps = log.steps
    wanted = [name for name in as_names(by) if name in within and name not in STEPS and name in log.names]
    if wanted:
        steps = steps.hstack(log.at_steps(*wanted))
    there = {name: STEPS.get(name, name) for name in within if name in log.names}
    return _grouped(log, steps, by, own, there)


def by_event(log: EventLog, by: By, own: Collection[str] = (), within: Collection[str] = OF_EVENTS) -> Grouped:
    """The events of a log by attributes of the orders, or by their own columns; `within`: which of these are meant."""
    return _grouped(log, log.events, by, own, {name: name for name in within if name in log.names})


def check(log: EventLog, by: By, within: Collection[str] = ()) -> None:
    """Raise LogError unless each name is an attribute of the orders, or one of `within` that the log has."""
    for name in as_names(by):
        if name not in within or name not in log.names:
            attribute_codes(log, name)


def _grouped(log: EventLog, rows: pl.DataFrame, by: By, own: Collection[str], there: Mapping[str, str]) -> Grouped:
    names, columns = {}, []
    for name in dict.fromkeys(as_names(by)):
        key = f"order.{name}" if name in own else name
        if name in there:
            codes, known = rows[there[name]], log.names[name]
        else:
            by_code, known = attribute_codes(log, name)
            codes = by_code.gather(rows["order"])
        columns.append(codes.alias(key))
        names[key] = known
    left = rows.drop([key for key in names if key in rows.columns])
    return Grouped(rows=left.hstack(columns), keys=tuple(names), names=names)


def attribute_codes(log: EventLog, name: str) -> tuple[pl.Series, pl.Series]:
    """For each code of an order the code of the value that it has, and the values. Raises LogError as `by_order`."""
    if name not in log.orders.columns and name in OF_EVENTS and name in log.names:
        known = [column for column in log.orders.columns if column != "order"]
        raise LogError.of("log.not_of_orders", name=name, known=known)
    attribute(log.orders, name)
    return log.kept(("by", name), lambda: _by_code(log, name))


def _by_code(log: EventLog, name: str) -> tuple[pl.Series, pl.Series]:
    import polars as pl

    codes, values = encode_values(log.orders[name])
    order = log.orders["order"]
    top = order.max()
    if not isinstance(top, int) or (top + 1 == len(order) and order.is_sorted()):
        return codes, values
    everyone = pl.DataFrame({"order": pl.int_range(0, top + 1, dtype=pl.UInt32, eager=True)})
    chosen = pl.DataFrame({"order": order, "code": codes})
    return everyone.join(chosen, on="order", how="left", maintain_order="left")["code"], values
