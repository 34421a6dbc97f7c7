"""Lead time: from the first event of an order to its last."""

from __future__ import annotations

from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.samples import Samples
from orderflow.metrics.summary import Table
from orderflow.model.calendar import WorkCalendar


def lead_time(log: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Table:
    """How long orders take: last minus first event of each order (throughput time of a case in van der
    Aalst, Process Mining, 2nd ed., 2016, ch. 9).

    - Columns `n`, `mean`, `median`, `p90`, `p95`, `min`, `max`, `sum`; one row, or with `by` (attributes of the
      orders) one for each group, by n descending, then by name.
    - One value per order that has events, where events have tracks those of the track `order`; an order with one event
      counts with 0.
    - Open orders count up to their last event so far: the figures are about what was seen.
    - `calendar`: open time instead of time. No events and no `by`: n is 0 and the figures are None.
    """
    return result(summarise(log, by, calendar))


def summarise(shard: EventLog, by: By = None, calendar: WorkCalendar | None = None) -> Samples:
    import polars as pl

    keys = Keys.of(shard, by)
    spans = shard.business(calendar).main.spans
    return Samples.from_rows(keys.onto(spans.select("order", micros=pl.col("last_at") - pl.col("first_at"))), keys)


def merge(a: Samples, b: Samples) -> Samples:
    return a.merge(b)


def result(summary: Samples) -> Table:
    return summary.table()
