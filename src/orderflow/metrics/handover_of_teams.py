"""Handover of teams: where work passes from one department to another, and how long it lies between them."""

from __future__ import annotations

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_column
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import next_in
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import Table
from orderflow.model.calendar import WorkCalendar


def handover_of_teams(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """How often work passes between two teams, and the wait at the handover (信息断层; the handover-of-work network of
    van der Aalst, Reijers, Song, CSCW 14, 2005, between organisational units; waiting time at handoffs: Dumas et al.,
    Fundamentals of Business Process Management, 2nd ed., 2018).

    - Columns `source`, `dest`, `n` and the figures of the time from the last event of the one team to the first of the
      other: consecutive events of an order - and where events have tracks, of the same track - by two different known
      teams. By sum descending, then by key.
    - A missing team takes part in no handover, and nobody is looked for behind it.
    - `by`: attributes of orders, or `stage`: the stage in which the other team takes over. `calendar`: open time.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Samples:
    import polars as pl

    need_column(shard, "team")
    keys = Keys.of(shard, by, columns=("stage",))
    log = shard.business(calendar)
    steps = log.in_strands.with_columns(next_in(log.strand, "at", "team", "stage"))
    passed = steps.filter(pl.col("team") != pl.col("next_team"))  # a missing team compares as missing: left out
    rows = passed.select(
        "order", stage="next_stage", source="team", dest="next_team", micros=pl.col("next_at") - pl.col("at")
    )
    return Samples.from_rows(keys.onto(rows), keys.also(source="team", dest="team"), "source", "dest")


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    return summary.table("sum")
