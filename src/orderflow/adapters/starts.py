"""When the work that an event ends was begun, by the life cycle of activities: each start with its completion."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from orderflow.adapters.choosing import choose
from orderflow.adapters.columns import AT, ORDER, STAGE, STARTED, Role, guess, plain
from orderflow.adapters.given import ROW, Given
from orderflow.adapters.longform import COMPLETE, LIFECYCLE
from orderflow.model.reasons import Reason, reason

START = "start"
COLUMN = "start_timestamp"  # as pm4py calls it
INSTANCE = "concept:instance"


def with_starts(whole: Given, kept: Given, named: Mapping[Role, str | None]) -> tuple[Given, list[Reason]]:
    """The rows that enter a stage (`kept` of `whole`) with the time of their start, where the life cycle tells it.

    - The k-th completion of a stage in an order, in the order of the source, belongs to its k-th start; with a column
      `concept:instance` within each instance. A completion without a start has none.
    - As it was where a column with starts was named or is there, and where only completions, or only starts, occur.
    """
    import polars as pl

    column = next((name for name in whole.columns if plain(name) == plain(LIFECYCLE)), None)
    there = named.get(STARTED) or guess(STARTED.names, kept.columns)
    if column is None or there is not None or kept is whole:
        return kept, []
    found, _told, problems = choose(
        whole, {role: named[role] for role in (ORDER, STAGE, AT)}, needed=(ORDER, STAGE, AT)
    )
    if problems:  # whoever reads the table says so
        return kept, []
    keys = [found["order_id"], found["stage"], *(name for name in whole.columns if plain(name) == plain(INSTANCE))]

    def numbered(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
        mine = rows.filter(pl.col(column).cast(pl.String).str.to_lowercase() == kind)
        return mine.with_columns(pl.int_range(pl.len()).over(keys).alias("\0k"))

    starts = numbered(whole.frame, START).select(*keys, "\0k", pl.col(found["at"]).alias(COLUMN))
    ends = numbered(kept.frame, COMPLETE).select(*keys, "\0k", ROW)
    if not starts.height or not ends.height:
        return kept, []
    pairs = ends.join(starts, on=[*keys, "\0k"], nulls_equal=True).select(ROW, COLUMN)
    frame = kept.frame.join(pairs, on=ROW, how="left", maintain_order="left")
    return evolve(kept, frame=frame), [reason("log.starts_paired", pairs=pairs.height, starts=starts.height)]
