"""Bottlenecks: the steps between stages where most time goes, altogether and each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.choices import Rank, need_choice
from orderflow.metrics.flow_map import DURATIONS, steps_of
from orderflow.metrics.flow_map import merge as merge_steps
from orderflow.metrics.flow_map import summarise as summarise_steps
from orderflow.metrics.groups import By
from orderflow.metrics.log import EventLog
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import first_of_each
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    import polars as pl

TOP = 10
ENOUGH = 20  # a mean of fewer steps says little


@frozen(kw_only=True)
class Bottlenecks:
    """Rows of the flow map: `by_total` where most time goes altogether, `by_mean` where each time takes long."""

    by_total: Table
    by_mean: Table


def bottlenecks(
    log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, rank: Rank = "total", top: int | None = TOP
) -> Table:
    """The steps that cost most time (performance view of the directly-follows graph: van der Aalst,
    Process Mining, 2nd ed., 2016, ch. 9).

    - Columns as in `flow_map`, and `share`: the part of the lead time of all orders (of the group) that this step
      takes, from 0 to 1. All steps together are the whole; None where no time passed at all.
    - `rank="total"`: by total time descending, then by names. `rank="mean"`: by mean time descending, then by
      names; only steps that occurred at least 20 times.
    - `by`, `calendar`: as in `flow_map`. `top`: how many rows, for each group; None for all.
    """
    return result(summarise(log, by, calendar), rank=rank, top=top)


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Samples:
    return summarise_steps(shard, by, calendar)


def merge(a: Samples, b: Samples) -> Samples:
    return merge_steps(a, b)


def result(summary: Samples, *, rank: Rank = "total", top: int | None = TOP) -> Table:
    return of_steps(steps_of(summary), rank=rank, top=top)


def of_steps(steps: pl.DataFrame, *, rank: Rank = "total", top: int | None = TOP) -> Table:
    """The same from the rows of a flow map."""
    import polars as pl

    need_choice("rank", rank, Rank)
    by = steps.columns[: steps.columns.index("source")]
    whole = pl.col("total").sum().over(by) if by else pl.col("total").sum()
    steps = steps.with_columns(share=pl.when(whole > 0).then(pl.col("total") / whole))
    if rank == "mean":
        steps = steps.filter(pl.col("count") >= ENOUGH)
    keys = [*by, rank, "source", "dest"]
    rows = steps.sort(keys, descending=[name == rank for name in keys], nulls_last=True)
    return table_of(first_of_each(rows, by, top), durations=DURATIONS)


def both(flow_map: Table) -> Bottlenecks:
    """The ten steps by total and the ten by mean, of a flow map that is not grouped."""
    return Bottlenecks(by_total=of_steps(flow_map.frame), by_mean=of_steps(flow_map.frame, rank="mean"))
