"""Stage time: how long orders stay in each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderflow.metrics.choices import Visit, need_choice
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import Table
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

if TYPE_CHECKING:
    import polars as pl

WITHIN = ("actor", "team", "track")


def stage_time(log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, of: Visit = "stay") -> Table:
    """How long orders stay in each stage: from an event to the next event of the same order (sojourn time in
    van der Aalst, Process Mining, 2nd ed., 2016, ch. 9); or the waiting and the working in it.

    - Columns `stage`, `n`, `mean`, `median`, `p90`, `p95`, `min`, `max`, `sum`; one row per stage that was
      left at least once, by n descending, then by name. With `by="actor"` also `orders`: how many different ones.
    - Every visit counts, so a stage that an order enters twice gives two values. The last event of an order
      gives none: nobody knows yet how long it lasts (censored).
    - `of="working"`: from `started_at` to `at` of each event that has it, in the stage of that event.
      `of="waiting"`: from the event before in the same order to that start; 0 where work began before it.
    - `by`: attributes of the orders, or the `actor`, `team` or `track` of the event that entered the stage (with
      working and waiting: of the event that ended the work); one row per group and stage. `calendar`: open time.
    - Raises LogError (`log.no_starts`) for working or waiting in a log whose events have no `started_at`.
    """
    return result(summarise(log, by, calendar, of=of))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, of: Visit = "stay") -> Samples:
    need_choice("of", of, Visit)
    keys = Keys.of(shard, by, columns=WITHIN)
    timed = shard.business(calendar)
    if of == "stay":
        rows = keys.onto_steps(timed).rename({"source": "stage"})
    else:
        rows = keys.onto(timed.events.with_columns(_work(timed, of)).drop_nulls("micros"))
    # By actor, orders say which people are few or many: see by_person.
    return Samples.from_rows(rows, keys, "stage", orders="actor" in keys.names)


def _work(log: EventLog, of: Visit) -> pl.Series:
    """The working time of each event, or the waiting time before it; missing where it is not known."""
    import polars as pl

    if "started_at" not in log.events.columns:
        raise LogError.of("log.no_starts")
    before = pl.when(pl.col("order") == pl.col("order").shift(1)).then(pl.col("at").shift(1))
    micros = pl.col("at") - pl.col("started_at") if of == "working" else pl.col("started_at") - before
    clipped = pl.when(micros < 0).then(0).otherwise(micros)
    return log.events.select(micros=clipped)["micros"]


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    return summary.table()
