"""Ping-pong: work that goes to somebody else and comes back."""

from __future__ import annotations

from orderflow.metrics.choices import Party, People, need_choice
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_column
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import shown
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, passages, timed
from orderflow.model.calendar import WorkCalendar

FIGURES = ("one", "other", "count", "orders", "mean", "total")


def ping_pong(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    of: Party = "actor",
    people: People = "names",
    minimum: int = 1,
) -> Table:
    """How often work goes from one to the other and straight back, A → B → A (the ping-pong behaviour
    between support teams of the BPI Challenge 2013, Volvo IT).

    - `of`: between whom: known actors, known teams, or stages. Several events in a row by the same one are one turn. A
      turn of nobody knows whom breaks the sequence: who stands behind it is not guessed. A → B → A → B counts twice.
      For stages, where events have tracks, turns are those of one track.
    - `one`, `other`: A and B; `count`: how often; `orders`: in how many orders; `mean`, `total`: the time from the
      first event of B to the return, in open time with a `calendar`.
    - By count descending, then by key. `by`: attributes of orders, or `stage`: that in which B begins.
    - `people="pseudonyms"` numbers people; `"teams"` is `of="team"`; rows with fewer than `minimum` orders are
      left out.
    """
    of = "team" if people == "teams" else of
    return result(summarise(log, by, calendar, of=of), people=people if of == "actor" else "teams", minimum=minimum)


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, of: Party = "actor") -> Sums:
    import polars as pl

    need_choice("of", of, Party)
    need_column(shard, of)
    keys = Keys.of(shard, by, columns=() if of == "stage" else ("stage",))
    keys = keys.also(one=of, other=of)
    log = shard.business(calendar)
    events, strand = (log.in_strands, log.strand) if of == "stage" else (log.events, ["order"])
    same = pl.all_horizontal(*(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in strand))
    turns = events.filter(~same | pl.col(of).ne_missing(pl.col(of).shift(1)))
    within = pl.all_horizontal(*(pl.col(name).eq_missing(pl.col(name).shift(-2)) for name in strand))
    following = {"other": pl.col(of).shift(-1), "back": pl.col(of).shift(-2), "from_stage": pl.col("stage").shift(-1)}
    turns = turns.with_columns(
        within=within, one=pl.col(of), micros=pl.col("at").shift(-2) - pl.col("at").shift(-1), **following
    )
    found = turns.filter(pl.col("within") & (pl.col("one") == pl.col("back")) & pl.col("other").is_not_null())
    return passages(keys.onto(found.with_columns(stage="from_stage")), keys, "one", "other")


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums, *, people: People = "names", minimum: int = 1) -> Table:
    rows = timed(summary.ranked("count"))
    rows = shown(rows, "one", "other", count="orders", people=people, minimum=minimum)
    return table_of(rows.select(*summary.keys, *FIGURES[2:]), durations=("mean", "total"))
