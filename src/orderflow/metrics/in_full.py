"""In full: how many orders were delivered completely, from the quantities of their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_table
from orderflow.metrics.log import EventLog
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    import polars as pl

FIGURES = ("orders", "in_full", "partly", "nothing", "share", "low", "high")
NEARLY = 1e-9  # a share of what was ordered: quantities are floats here, and 0.1 + 0.2 is not 0.3


def in_full(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """The share of orders whose lines were all delivered completely (SCOR, Perfect Order Fulfillment RL.1.1, its part
    "% of orders delivered in full" RL.2.1).

    - From the table `lines`: one row per delivery, with `order`, `line`, `ordered` (the same in every row of a line;
      the greatest counts), `delivered` and its instant `at`; a line without deliveries has one row with 0 or nothing.
    - An order is `in_full` when for each line the deliveries summed up by time reached what was ordered at some
      instant; what is taken back afterwards does not change that. More than ordered does not help another line. Else it
      is `partly` delivered, or `nothing`. A line of which 0 is ordered is full from the beginning.
    - `orders`: with lines; `share` = in_full / orders, with its 95% interval `low`, `high` (Wilson 1927). Orders that
      are still on their way count as not in full: see `otif`, which waits for the promise.
    - `by`: attributes of orders. Quantities are floats, compared with a tolerance of 1e-9 of what was ordered.
    - Raises LogError (`log.no_table`) for a log without lines.
    - A `calendar` changes nothing: nothing is timed here.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Sums:
    import polars as pl

    keys = Keys.of(shard, by)
    full = pl.col("full").sum()
    partly = (~pl.col("full") & pl.col("some")).sum()
    rows = keys.onto(completed(shard))
    return Sums.from_rows(rows, keys, orders=pl.len(), in_full=full, partly=partly)


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    import polars as pl

    rows = summary.sorted().with_columns(nothing=pl.col("orders") - pl.col("in_full") - pl.col("partly"))
    return table_of(rows.with_columns(share("in_full", "orders")).select(*summary.keys, *FIGURES))


def completed(log: EventLog) -> pl.DataFrame:
    """One row per order with lines: `order`, `full`, `some` (anything was delivered), and `full_at`: the instant by
    which the last line was complete, missing when it is not, or no instant is known."""
    import polars as pl

    table = need_table(log, "lines", ("line", "ordered", "delivered", "at"))
    line, quantity = ["order", "line"], pl.col("delivered").cast(pl.Float64).fill_null(0.0)
    wanted = pl.col("ordered").cast(pl.Float64).fill_null(0.0).max().over(line)
    moves = table.select(*line, "at", quantity.alias("delivered"), wanted.alias("ordered"))
    moves = moves.sort("at", nulls_last=True, maintain_order=True)
    sums = moves.with_columns(so_far=pl.col("delivered").cum_sum().over(line))
    reached = sums.with_columns(reached=pl.col("so_far") >= pl.col("ordered") - NEARLY * pl.col("ordered").abs())
    lines = reached.group_by(line).agg(
        full=pl.col("reached").any(),
        some=(pl.col("so_far") > 0).any(),
        at=pl.col("at").filter(pl.col("reached") & (pl.col("ordered") > 0)).first(),
        owed=pl.col("ordered").first() > 0,
    )
    late = pl.col("owed") & pl.col("at").is_null()
    return lines.group_by("order").agg(
        full=pl.col("full").all(),
        some=pl.col("some").any(),
        full_at=pl.when(pl.col("full").all() & ~late.any()).then(pl.col("at").max()),
    )
