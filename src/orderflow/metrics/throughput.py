"""Throughput: how many orders start and finish in each month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Counts
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl


@frozen(kw_only=True)
class Throughput:
    """Orders by month (`YYYY-MM`), earliest first; a month in which nothing happened is not there."""

    started: FrozenMap[int]
    finished: FrozenMap[int]


@frozen(kw_only=True, eq=False)
class ThroughputSummary:
    started: Counts
    finished: Counts


def throughput(log: EventLog) -> Throughput:
    """Orders started and finished by month, in UTC.

    - `started`: the month of the first event. `finished`: the month of the last event of orders that ended in
      a done stage; of all orders when the log knows no done stages (`log.done_stages` is None).
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> ThroughputSummary:
    ended = shard.spans
    if shard.done_stages is not None:
        ended = ended.filter(decode(ended["last_stage"], shard.names["stage"]).is_in(list(shard.done_stages)))
    return ThroughputSummary(started=_by_month(shard.spans["first_at"]), finished=_by_month(ended["last_at"]))


def merge(a: ThroughputSummary, b: ThroughputSummary) -> ThroughputSummary:
    return ThroughputSummary(started=a.started.merge(b.started), finished=a.finished.merge(b.finished))


def result(summary: ThroughputSummary) -> Throughput:
    def ordered(counts: Counts) -> FrozenMap[int]:
        return FrozenMap(dict(sorted(counts.mapping().items())))

    return Throughput(started=ordered(summary.started), finished=ordered(summary.finished))


def _by_month(at: pl.Series) -> Counts:
    import polars as pl

    return Counts.of(at.to_frame().select(pl.from_epoch(at, time_unit="us").dt.strftime("%Y-%m").alias("month")))
