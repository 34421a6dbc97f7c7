"""First response: how long an order waits until somebody else takes it up."""

from __future__ import annotations

from attrs import frozen

from orderflow.metrics.choices import Party, need_choice
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_column
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import persons
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import FIGURES, Table, table_of
from orderflow.metrics.sums import Sums, beside
from orderflow.model.calendar import WorkCalendar


@frozen(kw_only=True, eq=False)
class FirstResponseSummary:
    orders: Sums
    waits: Samples


def first_response(log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, of: Party = "actor") -> Table:
    """From the first event of an order to the response (first response time, as service desks and the
    ITIL 4 Service Desk practice measure it: the first reply by a person, not by a machine).

    - `of="actor"`: the response is the first later event by a person other than the actor of the first event; systems,
      automations, customers and other master systems do not respond. An unknown actor is nobody: as the first, every
      person is another; later, no response. `of="team"`: by another known team; `of="stage"`: the first later event in
      another stage.
    - Columns `orders` (with events), `unanswered` (no response yet: censored, no duration), and the eight figures of
      the others; one row, or one per value of `by` (attributes of orders), by key.
    - `calendar`: open time instead of real time. Later means later in the log, so an answer at the same instant counts
      with 0.
    """
    return result(summarise(log, by, calendar, of=of))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, of: Party = "actor"
) -> FirstResponseSummary:
    import polars as pl

    need_choice("of", of, Party)
    need_column(shard, of)
    keys = Keys.of(shard, by)
    events = shard.business(calendar).events.lazy().select("order", "at", of)
    begun = events.unique("order", keep="first", maintain_order=True)
    other = pl.col(of).is_not_null() & pl.col(of).ne_missing(pl.col("first"))
    if of == "actor":
        other &= pl.col("actor").is_in(persons(shard.names["actor"]))
    # Filtered once and not within each order, which takes a third of the time.
    first = begun.select("order", first=of)
    answers = events.join(first, on="order", maintain_order="left").filter(other)
    answers = answers.unique("order", keep="first", maintain_order=True).select("order", answered="at")
    waits = begun.join(answers, on="order", how="left", maintain_order="left")
    rows = keys.onto(waits.select("order", micros=pl.col("answered") - pl.col("at")).collect())
    unanswered = pl.col("micros").is_null().sum()
    return FirstResponseSummary(
        orders=Sums.from_rows(rows, keys, orders=pl.len(), unanswered=unanswered),
        waits=Samples.from_rows(rows.drop_nulls("micros"), keys),
    )


def merge(a: FirstResponseSummary, b: FirstResponseSummary) -> FirstResponseSummary:
    return FirstResponseSummary(orders=a.orders.merge(b.orders), waits=a.waits.merge(b.waits))


def result(summary: FirstResponseSummary) -> Table:
    import polars as pl

    rows = beside(summary.orders.sorted(), summary.waits.figures(), summary.orders.keys)
    return table_of(rows.with_columns(pl.col("n").fill_null(0)), durations=FIGURES)
