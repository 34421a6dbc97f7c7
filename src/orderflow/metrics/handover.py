"""Handover: who passes work to whom."""

from __future__ import annotations

from orderflow.metrics.choices import People, Whom, need_choice
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_column
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import shown
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar


def handover(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    between: Whom = "actor",
    people: People = "names",
    minimum: int = 1,
) -> Table:
    """The handover-of-work network (van der Aalst, Reijers, Song, Discovering Social Networks from Event
    Logs, Computer Supported Cooperative Work 14, 2005).

    - Columns `source`, `dest`, `count`: consecutive events of an order by two different known actors; by count
      descending, then by names. `between="team"`: by two different known teams.
    - A missing actor takes part in no handover, and nobody is looked for behind it.
    - `by`: attributes of the orders, or the `stage` or `track` of the first of the two events; one row per group and
      pair. A `calendar` changes nothing: nothing is timed here.
    - `people="pseudonyms"` numbers people, `"teams"` is `between="team"`; rows of fewer than `minimum` orders are left
      out.
    - Raises LogError (`log.no_teams`) for teams of a log that knows none.
    """
    between = "team" if people == "teams" else between
    found = summarise(log, by, calendar, between=between, minimum=minimum)
    return result(found, people=people if between == "actor" else "teams", minimum=minimum)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    between: Whom = "actor",
    minimum: int = 1,
) -> Sums:
    """How often each passed work to each; with a minimum above 1 also in how many orders."""
    import polars as pl

    need_choice("between", between, Whom)
    need_column(shard, between)
    keys = Keys.of(shard, by, columns=("stage", "track")).also(source=between, dest=between)
    rows = keys.onto_steps(shard).select(*keys.names, "order", source="giver", dest="taker")
    if between == "team":
        rows = rows.with_columns(source=shard.at_steps("team")["team"], dest=shard.at_steps("team", dest=True)["team"])
    passed = rows.filter(pl.col("source") != pl.col("dest"))  # a missing actor compares as missing: left out
    amounts = {"count": pl.len()} | ({"orders": pl.col("order").n_unique()} if minimum > 1 else {})
    return Sums.from_rows(passed, keys, "source", "dest", **amounts)


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums, *, people: People = "names", minimum: int = 1) -> Table:
    rows = summary.ranked("count")
    count = "orders" if minimum > 1 else "count"
    rows = shown(rows, "source", "dest", count=count, people=people, minimum=minimum)
    return table_of(rows.select(*summary.keys, "count"))
