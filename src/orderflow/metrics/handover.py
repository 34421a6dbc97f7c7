"""Handover: who passes work to whom."""

from __future__ import annotations

from typing import Literal

from attrs import evolve

from orderflow.metrics.groups import By, by_step
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import shown
from orderflow.metrics.summary import Counts, Table
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

OWN = ("source", "dest", "count")


def handover(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    between: Literal["actor", "team"] = "actor",
    people: str = "names",
    minimum: int = 1,
) -> Table:
    """The handover-of-work network (van der Aalst, Reijers, Song, Discovering Social Networks from Event
    Logs, Computer Supported Cooperative Work 14, 2005).

    - Columns `source`, `dest`, `count`: consecutive events of an order by two different known actors; by count
      descending, then by names. `between="team"`: by two different known teams.
    - A missing actor takes part in no handover, and nobody is looked for behind it.
    - `by`: attributes of the orders, or the `stage` or `track` of the first of the two events; one row per group and
      pair. A `calendar` changes nothing: nothing is timed here.
    - `people="pseudonyms"` numbers people, `"teams"` is `between="team"`; rows with fewer than `minimum` handovers are
      left out.
    - Raises LogError (`log.no_teams`) for teams of a log that knows none.
    """
    between = "team" if people == "teams" else between
    found = summarise(log, by, calendar, between=between)
    return result(found, people=people if between == "actor" else "teams", minimum=minimum)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    between: Literal["actor", "team"] = "actor",
) -> Counts:
    import polars as pl

    grouped = by_step(shard, by, OWN, ("stage", "track"))
    rows = grouped.rows.select(*grouped.keys, giver="giver", taker="taker")
    if between == "team":
        if "team" not in shard.names:
            raise LogError.of("log.no_teams")
        rows = rows.with_columns(giver=shard.at_steps("team")["team"], taker=shard.at_steps("team", dest=True)["team"])
    passed = rows.lazy().filter(pl.col("giver") != pl.col("taker"))  # a missing actor compares as missing: left out
    people = shard.names[between]
    names = {**grouped.names, "source": people, "dest": people}
    return Counts.of(passed.select(*grouped.keys, source="giver", dest="taker"), names)


def merge(a: Counts, b: Counts) -> Counts:
    return a.merge(b)


def result(summary: Counts, *, people: str = "names", minimum: int = 1) -> Table:
    table = summary.table()
    return evolve(table, frame=shown(table.frame, "source", "dest", count="count", people=people, minimum=minimum))
