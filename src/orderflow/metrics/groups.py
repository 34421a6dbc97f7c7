"""Groups: the attributes of orders that `by=` names, as codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orderflow.metrics.attributes import attribute
from orderflow.metrics.codes import encode_values
from orderflow.model.errors import LogError

if TYPE_CHECKING:
    import polars as pl

    from orderflow.metrics.log import EventLog

By = str | Sequence[str] | None
OF_EVENTS = ("stage", "actor", "team", "track")


def attribute_codes(log: EventLog, name: str) -> tuple[pl.Series, pl.Series]:
    """For each code of an order the code of the value that it has, and the values.

    - Raises LogError: a name that is no attribute (`log.unknown_attribute`), a column of the events that says nothing
      about a whole order (`log.not_of_orders`).
    """
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
