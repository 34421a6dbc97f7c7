"""Workload: how much each person or team has done, and how much lies with them now."""

from __future__ import annotations

from orderflow.metrics.choices import People, Whom, need_choice
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, Stages, need_column, need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings
from orderflow.metrics.people import shown
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar

FIGURES = ("events", "orders", "open")


def workload(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    of: Whom = "actor",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
    people: People = "names",
    minimum: int = 1,
) -> Table:
    """Events and orders by actor or team (workload as counted from events: van der Aalst, Process Mining, 2nd ed.,
    2016, ch. 9, on the organisational perspective).

    - `events`: all of theirs; `orders`: different orders that they touched; `open`: orders that are open at the end of
      the log and whose last event is theirs, missing when nothing says how an order ends (see `work_in_progress`).
    - One row per known actor or team, by events descending, then by key; a missing actor is nobody, and has no row.
      So the events of all rows can be fewer than those of the log, and orders with several people count for each.
    - `by`: attributes of orders, or `stage`, `track`.
    - `people="pseudonyms"` numbers people; `"teams"` is `of="team"`; rows with fewer than `minimum` orders are
      left out.
    - A `calendar` changes nothing: nothing is timed here.
    """
    need_stages(log, ends=(done_stages, cancelled_stages))
    of = "team" if people == "teams" else of
    summary = summarise(log, by, calendar, of=of, done_stages=done_stages, cancelled_stages=cancelled_stages)
    return result(summary, people=people if of == "actor" else "teams", minimum=minimum)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    of: Whom = "actor",
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
) -> Sums:
    import polars as pl

    need_choice("of", of, Whom)
    need_column(shard, of)
    keys = Keys.of(shard, by, columns=("stage", "track"))
    rows = keys.onto(shard.events).filter(pl.col(of).is_not_null())
    numbers = {"events": pl.len(), "orders": pl.col("order").n_unique()}
    if done_stages is not None or shard.done_stages is not None:
        outcomes = Endings.of(shard, done_stages, cancelled_stages).outcomes(shard)
        last = outcomes.filter("open")["arrival"]
        numbers["open"] = pl.col("arrival").is_in(last.implode()).sum()
    return Sums.from_rows(rows, keys, of, **numbers)


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums, *, people: People = "names", minimum: int = 1) -> Table:
    import polars as pl

    rows = summary.ranked("events")
    rows = shown(rows, summary.keys[-1], count="orders", people=people, minimum=minimum)
    if "open" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, dtype=pl.Int64).alias("open"))
    return table_of(rows.select(*summary.keys, *FIGURES))
