"""Scorecards: what can be said about each person or team, with how many orders stand behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from orderflow.metrics.choices import People, Stay, Whom, need_choice
from orderflow.metrics.deliveries import with_kept
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_column, need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import MINIMUM, OTHERS, check_people, persons, pseudonymous
from orderflow.metrics.samples import Samples
from orderflow.metrics.shares import share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, Tally, beside
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    import polars as pl

TIMES = ("median", "median_low", "median_high")
FIGURES = (
    *("people", "orders", "events", "times", *TIMES),
    *("promised", "on_time", "on_time_low", "on_time_high", "rework", "rework_low", "rework_high"),
)


def scorecard(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    of: Whom = "actor",
    stay: Stay = "before",
    delivered_stage: str | None = None,
    people: People = "names",
    minimum: int = MINIMUM,
) -> Table:
    """One row per person or team: how much, how fast, how often on time, how often again; with sample sizes and 95%
    intervals, because a difference of two people is mostly chance.

    - `orders`: different orders with an event of theirs; `events`: these events.
    - `median` of `times` stays: with `stay="before"` the time from the event before in the same order to theirs (how
      long until they acted), with `"after"` from theirs to the next (how long it lay with them: for teams of a
      Tracker's log, which are answerable for the stage entered). `median_low`, `median_high`: the values of rank n/2 ∓
      0.98 √n (+1), rounded (Campbell, Gardner, Calculating confidence intervals for some non-parametric analyses, BMJ
      296, 1988); missing below 6 stays. `calendar`: open time.
    - `on_time`: of their orders with a promise and a delivery (`promised`) the share that kept it (as in `on_time`),
      missing when the log has no promises or nothing says what a delivery is.
    - `rework`: of their orders the share in which an event of theirs entered a stage that the order had been in before.
    - Intervals of shares by Wilson (1927). Orders with several people count for each of them.
    - **One minimum for every figure**: a row with fewer than `minimum` orders is summed up with the others of its key
      as `others` (`people` says how many they are; orders of several of them count for each), and `others` that are one
      alone, or fewer orders than the minimum, are left out. A figure made of fewer than `minimum` orders is
      missing: five visits of one order are one.
    - `people`: `names`; `pseudonyms` (`person 1` …, by row; for this table only); `teams`: the same as `of="team"`.
    - A missing actor is nobody; systems, automations, customers and other master systems are no people. By orders
      descending, then by key, `others` last. `by`: attributes of orders, `stage`.
    """
    need_stages(log, delivered_stage)
    check_people(people, minimum)
    of = "team" if people == "teams" else of
    found = summarise(log, by, calendar, of=of, stay=stay, delivered_stage=delivered_stage)
    return result(found, people=people if of == "actor" else "teams", minimum=minimum)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    of: Whom = "actor",
    stay: Stay = "before",
    delivered_stage: str | None = None,
) -> Tally:
    import polars as pl

    need_choice("of", of, Whom)
    need_choice("stay", stay, Stay)
    need_column(shard, of)
    keys = Keys.of(shard, by, columns=("stage",))
    step = 1 if stay == "before" else -1
    apart = (pl.col("at") - pl.col("at").shift(step)) * step
    events = shard.business(calendar).events.with_columns(
        micros=pl.when(pl.col("order") == pl.col("order").shift(step)).then(apart),
        again=_again(shard),
    )
    rows = keys.onto(events).filter(pl.col(of).is_not_null())
    if of == "actor":
        rows = rows.filter(pl.col("actor").is_in(persons(shard.names["actor"])))
    each = rows.lazy().group_by(*keys.names, of, "order").agg(events=pl.len(), again=pl.col("again").any())
    orders = each.collect()
    orders = with_kept(orders, shard, delivered_stage)
    counts = Sums.from_rows(
        orders,
        keys,
        of,
        people=pl.lit(1, dtype=pl.Int64).first(),
        orders=pl.len(),
        events=pl.col("events").sum(),
        promised=pl.col("kept").is_not_null().sum(),
        kept=pl.col("kept").sum(),
        again=pl.col("again").sum(),
    )
    return Tally(counts=counts, times=Samples.from_rows(rows.drop_nulls("micros"), keys, of, orders=True))


def _again(log: EventLog) -> pl.Series:
    """Whether each event enters a stage that its order, or track of an order, has been in before."""
    import polars as pl

    if "track" in log.events.columns:
        visit = pl.struct("order", "track", "stage")
    else:  # one number for both is told apart in half the time of two columns
        visit = pl.col("order").cast(pl.UInt64) * len(log.stages) + pl.col("stage")
    return log.kept("again", lambda: log.events.select(again=~visit.is_first_distinct())["again"])


def merge(a: Tally, b: Tally) -> Tally:
    import polars as pl

    both = a.merge(b)
    one = both.counts.frame.with_columns(people=pl.lit(1, dtype=pl.Int64))  # the same person, seen in both
    return evolve(both, counts=Sums(keys=both.counts.keys, frame=one))


def result(summary: Tally, *, people: People = "names", minimum: int = MINIMUM) -> Table:
    import polars as pl

    check_people(people, minimum)
    keys = summary.counts.keys
    who = keys[-1]
    counts, times = _grouped(summary, minimum)
    rows = beside(counts.frame, times.median_interval(), keys).with_columns(pl.col("times").fill_null(0))
    rows = rows.with_columns(
        share("kept", "promised", name="on_time", low="on_time_low", high="on_time_high")
        + share("again", "orders", name="rework", low="rework_low", high="rework_high")
    )
    few = {"timed": TIMES, "promised": ("on_time", "on_time_low", "on_time_high")}
    rows = rows.with_columns(
        pl.when(pl.col(size) >= minimum).then(name).alias(name) for size, names in few.items() for name in names
    )
    rows = rows.with_columns(last=pl.col(who).is_null())
    rows = rows.sort(
        *keys[:-1], "last", "orders", who, descending=[*(False for _ in keys[:-1]), False, True, False], nulls_last=True
    )
    if people == "pseudonyms":
        rows = pseudonymous(rows, who)
    rows = rows.with_columns(pl.col(who).fill_null(OTHERS))
    return table_of(rows.select(*keys, *FIGURES), durations=TIMES)


def _grouped(summary: Tally, minimum: int) -> tuple[Sums, Samples]:
    """The summary with small rows put together as others, and without others that would still show somebody.

    The others have no name here: a person may be called `others`, but nobody in a summary has none.
    """
    import polars as pl

    keys = summary.counts.keys
    who = keys[-1]
    small = summary.counts.frame.filter(pl.col("orders") < minimum).select(keys).with_columns(small=True)

    def labelled(frame: pl.DataFrame) -> pl.DataFrame:
        marked = beside(frame, small, keys)
        return marked.with_columns(pl.when(pl.col("small").is_null()).then(who).alias(who)).drop("small")

    counts = Sums(keys=keys, frame=labelled(summary.counts.frame)).added()
    shown = (pl.col("orders") >= minimum) & (pl.col(who).is_not_null() | (pl.col("people") > 1))
    return Sums(keys=keys, frame=counts.frame.filter(shown)), summary.times.relabelled(labelled(summary.times.groups))
