"""A log laid out for writing: texts instead of codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.adapters.columns import PROMISED, plain
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError

if TYPE_CHECKING:
    import polars as pl

PER_STEP = 50_000  # orders that are written at once
BESIDE = ("actor", "team", "track")
PROMISES = frozenset(plain(name) for name in PROMISED.names)


@frozen(kw_only=True, eq=False)
class Sheet:
    """A log as it is written.

    - `orders`: one row per order, ascending by code: `order` (the code), `id`, `promised_at` as a moment in UTC when
      there are promises, then the attributes. `attributes` are the names of the columns after `id`.
    - `beside`: which of actor, team and track anybody is known for.
    """

    log: EventLog
    orders: pl.DataFrame
    attributes: tuple[str, ...]
    beside: tuple[str, ...]

    def steps(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, float]]:
        """The orders in parts, each with its events, and the share that is done after it."""
        import polars as pl

        events = self.log.events
        for start in range(0, max(1, self.orders.height), PER_STEP):
            part = self.orders.slice(start, PER_STEP)
            codes = pl.col("order").is_between(part["order"].min(), part["order"].max())
            yield part, events.filter(codes), min(1.0, (start + PER_STEP) / max(1, self.orders.height))


def sheet_of(log: EventLog) -> Sheet:
    """The sheet of a log. A team or a track that nobody has is left out, and so are promises that no order has.

    Raises LogError (`log.names_collide`) for an attribute without times whose name would be read as the promise.
    """
    import polars as pl

    orders = log.orders.sort("order")
    if "promised_at" in orders.columns:
        moments = pl.from_epoch(orders["promised_at"], time_unit="us").dt.replace_time_zone("UTC")
        orders = orders.with_columns(moments.alias("promised_at"))
    else:
        for name in orders.columns:
            kind = orders[name].dtype
            if plain(name) in PROMISES and kind != pl.Date and not isinstance(kind, pl.Datetime):
                raise LogError.of("log.names_collide", name=name, column=name)
    known = [name for name in BESIDE if name in log.names and len(log.names[name])]
    return Sheet(
        log=log,
        orders=orders,
        attributes=tuple(name for name in orders.columns if name not in ("order", "id")),
        beside=tuple(name for name in known if log.events[name].null_count() < len(log)),
    )


def refuse_characters(texts: pl.Series, pattern: str, form: str) -> None:
    """Raise LogError (`log.cannot_hold`) when a text has a character that matches, since the format has no way to
    write it."""
    wrong = texts.filter(texts.str.contains(pattern).fill_null(False))
    if len(wrong):
        character = f"U+{ord(wrong.str.extract(f'({pattern})')[0]):04X}"
        raise LogError.of("log.cannot_hold", format=form, text=wrong[0], character=character)
