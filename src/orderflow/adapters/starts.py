"""When the work that an event ends was begun, by the life cycle of activities: each start with its completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve

from orderflow.adapters.choosing import choose
from orderflow.adapters.columns import AT, ORDER, STAGE, STARTED, Role, guess, plain
from orderflow.adapters.given import ROW, Given
from orderflow.adapters.longform import COMPLETE, INSTANCE, LIFECYCLE, STARTS, Way
from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    import polars as pl

START = "start"


def with_starts(whole: Given, kept: Given, named: Mapping[Role, str | None], way: Way) -> tuple[Given, list[Reason]]:
    """The rows that enter a stage (`kept` of `whole`) with the time of their start, where the life cycle tells it.

    - Of the same stage in the same order, and with a column `concept:instance` of the same instance, by time (at one
      time in the order of the source): a completion belongs to the earliest start that is still open; first in, first
      out. One that finds none open has no start; a start that nothing completes is left out.
    - As it was where a column with starts was named or is there, and where only completions, or only starts, occur.
    """
    import polars as pl

    column = next((name for name in whole.columns if plain(name) == plain(LIFECYCLE)), None)
    if column is None or kept is whole or named.get(STARTED) or guess(STARTED.names, kept.columns):
        return kept, []
    found, _told, problems = choose(
        whole, {role: named[role] for role in (ORDER, STAGE, AT)}, needed=(ORDER, STAGE, AT)
    )
    if problems:  # whoever reads the table says so
        return kept, []
    kinds = pl.col(column).cast(pl.String).str.strip_chars().str.to_lowercase()
    if not whole.frame.select((kinds == START).any()).item() or not kept.frame.select((kinds == COMPLETE).any()).item():
        return kept, []
    keys = [found["order_id"], found["stage"], *(name for name in whole.columns if plain(name) == plain(INSTANCE))]
    rows = whole.frame.with_columns(kinds.alias("\0kind"), way.times(whole.frame[found["at"]]).micros.alias("\0micros"))
    pairs, starts = _paired(rows.filter(pl.col("\0kind").is_in([START, COMPLETE])), keys, found["at"])
    same = [ROW, found["order_id"]]  # an event of several objects has one number
    frame = kept.frame.join(pairs, on=same, how="left", nulls_equal=True, maintain_order="left")
    told = [reason("log.starts_paired", count=pairs.height, starts=starts)]
    return evolve(kept, frame=frame, defaults=kept.defaults.set(STARTED.parameter, STARTS)), told


def _paired(rows: pl.DataFrame, keys: list[str], at: str) -> tuple[pl.DataFrame, int]:
    """The start of each completion that has one, by its row and order; and how many starts there are.

    A completion that finds no start open is one by which the balance of starts and completions falls to a new low.
    Without these the k-th completion belongs to the k-th start.
    """
    import polars as pl

    # A time that cannot be read stands where its row does: it is told when the times are read.
    placed = pl.col("\0micros").forward_fill().over(keys)
    begins = pl.col("\0kind") == START
    lone = pl.col("\0balance").mul(-1).cum_max().clip(lower_bound=0)
    ordered = (
        rows.with_columns(placed.alias("\0micros"))
        .sort("\0micros", maintain_order=True)
        .with_columns(pl.when(begins).then(1).otherwise(-1).cum_sum().over(keys).alias("\0balance"))
        .with_columns(lone.over(keys).alias("\0lone"))
        .with_columns(pl.col("\0lone").diff().fill_null(pl.col("\0lone")).over(keys).alias("\0more"))
    )
    starts = ordered.filter(begins).with_columns(pl.int_range(pl.len()).over(keys).alias("\0k"))
    ends = ordered.filter(~begins & (pl.col("\0more") == 0)).with_columns(
        pl.int_range(pl.len()).over(keys).alias("\0k")
    )
    begun = starts.select(*keys, "\0k", pl.col(at).alias(STARTS))
    pairs = ends.select(ROW, *keys, "\0k").join(begun, on=[*keys, "\0k"], nulls_equal=True)
    return pairs.select(ROW, keys[0], STARTS), starts.height
