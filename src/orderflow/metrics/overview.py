"""Overview: how much there is in a log: orders, events, actors, stages, and when."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from orderflow.metrics.instants import instant
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.sums import Sums
from orderflow.model.frozen import FrozenMap


@frozen(kw_only=True)
class Overview:
    """What is in a log. Instants are aware datetimes in UTC, None without events.

    `stages` counts events, `start_stages` and `end_stages` count orders by their first and last event
    (where events have tracks: of the track `order`); all three by count descending, then by name.
    """

    orders: int
    events: int
    actors: int
    events_without_actor: int
    first_event: datetime | None
    last_event: datetime | None
    stages: FrozenMap[int]
    start_stages: FrozenMap[int]
    end_stages: FrozenMap[int]


@frozen(kw_only=True, eq=False)
class OverviewSummary:
    orders: int
    events: int
    by_actor: Sums
    first: int | None
    last: int | None
    stages: Sums
    start_stages: Sums
    end_stages: Sums


def overview(log: EventLog) -> Overview:
    """How much there is in a log.

    - One value about the whole log: it is not grouped, and a calendar would change nothing.
    - `orders` have at least one event; `actors` are the different known ones; a missing actor is nobody.
    """
    return result(summarise(log))


def summarise(shard: EventLog) -> OverviewSummary:
    import polars as pl

    keys = Keys.of(shard, None)

    def counted(rows: pl.DataFrame, name: str, column: str) -> Sums:
        return Sums.from_rows(rows.select(pl.col(column).alias(name)), keys, name, count=pl.len())

    return OverviewSummary(
        orders=shard.spans.height,
        events=len(shard),
        by_actor=counted(shard.events, "actor", "actor"),
        first=shard.events["at"].min(),  # type: ignore[arg-type]  # min of an Int64 column
        last=shard.events["at"].max(),  # type: ignore[arg-type]  # max of an Int64 column
        stages=counted(shard.events, "stage", "stage"),
        start_stages=counted(shard.main.spans, "stage", "first_stage"),
        end_stages=counted(shard.main.spans, "stage", "last_stage"),
    )


def merge(a: OverviewSummary, b: OverviewSummary) -> OverviewSummary:
    return OverviewSummary(
        orders=a.orders + b.orders,
        events=a.events + b.events,
        by_actor=a.by_actor.merge(b.by_actor),
        first=min((at for at in (a.first, b.first) if at is not None), default=None),
        last=max((at for at in (a.last, b.last) if at is not None), default=None),
        stages=a.stages.merge(b.stages),
        start_stages=a.start_stages.merge(b.start_stages),
        end_stages=a.end_stages.merge(b.end_stages),
    )


def result(summary: OverviewSummary) -> Overview:
    actors = summary.by_actor.frame
    known = actors.drop_nulls("actor")
    return Overview(
        orders=summary.orders,
        events=summary.events,
        actors=known.height,
        events_without_actor=summary.events - int(known["count"].sum()),
        first_event=instant(summary.first),
        last_event=instant(summary.last),
        stages=_mapping(summary.stages),
        start_stages=_mapping(summary.start_stages),
        end_stages=_mapping(summary.end_stages),
    )


def _mapping(counts: Sums) -> FrozenMap[int]:
    """How often each stage occurred, by count descending, then by name."""
    rows = counts.ranked("count")
    return FrozenMap(dict(zip(rows["stage"].to_list(), rows["count"].to_list(), strict=True)))
