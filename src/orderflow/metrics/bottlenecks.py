"""Bottlenecks: the steps between stages where most time goes, altogether and each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.flow_map import DURATIONS
from orderflow.metrics.flow_map import merge as merge_steps
from orderflow.metrics.flow_map import result as steps_result
from orderflow.metrics.flow_map import summarise as summarise_steps
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Samples, Table

if TYPE_CHECKING:
    import polars as pl

TOP = 10
ENOUGH = 20  # a mean of fewer steps says little


@frozen(kw_only=True)
class Bottlenecks:
    """Rows of the flow map: `by_total` where most time goes altogether, `by_mean` where each time takes long."""

    by_total: Table
    by_mean: Table


def bottlenecks(log: EventLog) -> Bottlenecks:
    """The 10 steps that cost most time (performance view of the directly-follows graph: van der Aalst,
    Process Mining, 2nd ed., 2016, ch. 9).

    - Rows as in `flow_map`. `by_total`: by total time descending, then by names.
    - `by_mean`: by mean time descending, then by names; only steps that occurred at least 20 times.
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> Samples:
    return summarise_steps(shard)


def merge(a: Samples, b: Samples) -> Samples:
    return merge_steps(a, b)


def result(summary: Samples) -> Bottlenecks:
    return of_flow_map(steps_result(summary))


def of_flow_map(flow_map: Table) -> Bottlenecks:
    """The same from a flow map that is there already."""
    steps = flow_map.frame
    often = steps.filter(steps["count"] >= ENOUGH)
    return Bottlenecks(by_total=_top(steps, "total"), by_mean=_top(often, "mean"))


def _top(steps: pl.DataFrame, figure: str) -> Table:
    rows = steps.sort(figure, "source", "dest", descending=[True, False, False]).head(TOP)
    return Table(frame=rows, durations=DURATIONS)
