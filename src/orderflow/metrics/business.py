"""Business time as a column: the running sum of a calendar's open time, for many instants at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from orderflow.model.calendar import WorkCalendar


def positions(instants: pl.Series, calendar: WorkCalendar) -> pl.Series:
    """P of each instant: `calendar.position`, vectorised. The difference of two is the open time between them.

    - In: integers, microseconds since 1970-01-01T00:00Z. Out: Int64 microseconds, same length, order and name.
    - `TypeError` for anything but integers: a Datetime column may count in other units (use `.dt.epoch("us")`).
    - A missing instant has a missing position.
    - `DefinitionError` when any instant lies outside of what the calendar answers for (see `WorkCalendar`).
    - In a lazy query: `expression.map_batches(lambda s: positions(s, calendar), return_dtype=pl.Int64)`.
    """
    import polars as pl

    if not instants.dtype.is_integer() and instants.dtype != pl.Null:
        raise TypeError(f"positions takes integers (microseconds), not {instants.dtype}; see .dt.epoch('us')")
    at = instants.cast(pl.Int64)
    first, last = at.min(), at.max()
    if not isinstance(first, int) or not isinstance(last, int):  # empty, or all missing
        return at
    table = calendar.table(first, last)
    edges = pl.Series(table.edges, dtype=pl.Int64)
    index = edges.search_sorted(at, side="right")
    shift = pl.Series(table.shift, dtype=pl.Int64).gather(index)
    # An odd index is inside an opening (see Table): there P goes on with the time, elsewhere it stands still.
    frame = pl.DataFrame({"at": at, "shift": shift, "index": index})
    is_open = pl.col("index") % 2 == 1
    found = pl.when(is_open).then(pl.col("at") - pl.col("shift")).otherwise(pl.col("shift"))
    found = pl.when(pl.col("at").is_not_null()).then(found)
    return frame.select(found.alias(instants.name)).to_series()
