"""Working together: who works on the same orders."""

from __future__ import annotations

from attrs import frozen

from orderflow.metrics.choices import People, Whom, need_choice
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_column
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import shown
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums, beside
from orderflow.model.calendar import WorkCalendar

FIGURES = ("one", "other", "orders", "share_of_one", "share_of_other")


@frozen(kw_only=True, eq=False)
class TogetherSummary:
    pairs: Sums
    alone: Sums


def working_together(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    of: Whom = "actor",
    people: People = "names",
    minimum: int = 1,
) -> Table:
    """Pairs of actors (or teams) that have events in the same order (the working-together metric: van der Aalst,
    Reijers, Song, Discovering Social Networks from Event Logs, CSCW 14, 2005: joint cases divided by the
    cases of the one, a figure for each direction).

    - `one`, `other`: two different known actors, `one` first by name; `orders`: orders with both; `share_of_one`:
      these as a share of all orders of `one`, `share_of_other` likewise. Distance and order of events do not matter.
    - By orders descending, then by key. `by`: attributes of orders; shares then are within the same key.
    - `people="pseudonyms"` numbers people; `"teams"` is `of="team"`; pairs with fewer than `minimum` orders are
      left out.
    - A `calendar` changes nothing: nothing is timed here.
    """
    of = "team" if people == "teams" else of
    return result(summarise(log, by, calendar, of=of), people=people if of == "actor" else "teams", minimum=minimum)


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, of: Whom = "actor"
) -> TogetherSummary:
    import polars as pl

    need_choice("of", of, Whom)
    need_column(shard, of)
    keys = Keys.of(shard, by).also(one=of, other=of)
    by_name = shard.names[of].rank("ordinal")  # names are distinct, so this is their order as texts
    one = shard.events.lazy().select("order", who=of).drop_nulls().unique().collect()
    one = one.with_columns(by_name.gather(one["who"]).alias("rank"))
    pairs = one.lazy().join(one.lazy(), on="order").filter(pl.col("rank") < pl.col("rank_right"))
    rows = keys.onto(pairs.collect())
    orders = pl.len()
    rows = rows.select(*keys.names, one="who", other="who_right")
    each = keys.onto(one).select(*keys.names, one="who")
    return TogetherSummary(
        pairs=Sums.from_rows(rows, keys, "one", "other", orders=orders),
        alone=Sums.from_rows(each, keys, "one", all=orders),
    )


def merge(a: TogetherSummary, b: TogetherSummary) -> TogetherSummary:
    return TogetherSummary(pairs=a.pairs.merge(b.pairs), alone=a.alone.merge(b.alone))


def result(summary: TogetherSummary, *, people: People = "names", minimum: int = 1) -> Table:
    import polars as pl

    rows = summary.pairs.ranked("orders")
    alone = summary.alone
    rows = beside(rows, alone.frame.rename({"all": "of_one"}), alone.keys)
    rows = beside(rows, alone.frame.rename({"one": "other", "all": "of_other"}), (*alone.keys[:-1], "other"))
    rows = rows.with_columns(
        share_of_one=pl.col("orders") / pl.col("of_one"), share_of_other=pl.col("orders") / pl.col("of_other")
    )
    rows = shown(rows, "one", "other", count="orders", people=people, minimum=minimum)
    return table_of(rows.select(*summary.pairs.keys, *FIGURES[2:]))
