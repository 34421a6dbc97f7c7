"""Error rate: how many orders something went wrong with."""

from __future__ import annotations

from collections.abc import Iterable

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_stages, need_table, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names

FIGURES = ("orders", "affected", "occurrences", "share", "low", "high")


def error_rate(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    stages: Stages = None,
    kinds: str | Iterable[str] = ("error",),
) -> Table:
    """The share of orders with at least one error (fraction nonconforming: Montgomery, Introduction to
    Statistical Quality Control, 8th ed., 2019).

    - An error is an event in one of `stages`, or a row of the table `feedback` whose `kind` is one of `kinds`.
    - `orders`: with events; `affected`: those with an error; `occurrences`: errors, several in one order each counted;
      `share` = affected / orders, with its 95% interval `low`, `high` (Wilson 1927).
    - `by`: attributes of orders. One row, or one per key, by key.
    - Raises LogError: a stage that never occurs; neither stages nor a table `feedback`.
    - A `calendar` changes nothing: nothing is timed here.
    """
    need_stages(log, stages)
    return result(summarise(log, by, calendar, stages=stages, kinds=kinds))


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    stages: Stages = None,
    kinds: str | Iterable[str] = ("error",),
) -> Sums:
    import polars as pl

    if stages is None and "feedback" not in shard.more:
        raise LogError.of("log.nothing_to_count", what=" / ".join(as_names(kinds)))
    keys = Keys.of(shard, by)
    there = shard.events.filter(pl.col("stage").is_in(stage_codes(shard, as_names(stages)))).select("order")
    found = [there]
    if "feedback" in shard.more:
        said = [kind.lower() for kind in as_names(kinds)]
        found.append(
            need_table(shard, "feedback", ("kind",))
            .filter(pl.col("kind").str.to_lowercase().is_in(said))
            .select("order")
        )
    wrong = pl.concat(found).group_by("order").agg(occurrences=pl.len())
    rows = shard.spans.select("order").join(wrong, on="order", how="left")
    return Sums.from_rows(
        keys.onto(rows),
        keys,
        orders=pl.len(),
        affected=pl.col("occurrences").is_not_null().sum(),
        occurrences=pl.col("occurrences").sum(),
    )


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    rows = summary.sorted().with_columns(share("affected", "orders"))
    return table_of(rows.select(*summary.keys, *FIGURES))
