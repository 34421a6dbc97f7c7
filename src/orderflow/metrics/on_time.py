"""On time: how many orders were delivered by the promised instant, and by the promised day."""

from __future__ import annotations

from attrs import frozen

from orderflow.metrics.instants import local_days
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.reasons import suggest


@frozen(kw_only=True)
class OnTime:
    """Of `n` orders with a delivery and a promise `on_time` kept it; `rule` says in words what was compared.

    `rate` and `by_day_rate` are shares from 0 to 1, None when n is 0.
    """

    n: int
    on_time: int
    rate: float | None
    by_day_rate: float | None
    rule: str


@frozen(kw_only=True)
class OnTimeSummary:
    n: int
    on_time: int
    by_day: int
    rule: str


def on_time(log: EventLog, *, delivered_stage: str | None = None) -> OnTime:
    """Deliveries at or before the promise (delivery to commit, SCOR RL.2.2, without the quantities).

    - A delivery is the first event in `delivered_stage`; without it, the first in any of `log.done_stages`.
    - `n`: orders with both; an order that was promised but not delivered yet does not count.
    - `on_time`, `rate`: by instant, at or before. `by_day_rate`: the day of the delivery is not after the day
      of the promise, days in `log.tz`.
    - Raises LogError: no promises in the log, no stage to look for, a stage that never occurs.
    """
    check(log, delivered_stage)
    return result(summarise(log, delivered_stage=delivered_stage))


def check(log: EventLog, delivered_stage: str | None) -> None:
    """Raise LogError when the question cannot be answered; a log without events answers it with n = 0."""
    if "promised_at" not in log.orders.columns:
        raise LogError.of("log.no_promises")
    if delivered_stage is None and not log.done_stages:
        raise LogError.of("log.no_delivered_stage")
    if delivered_stage is not None and len(log) and delivered_stage not in log.stages:
        known = sorted(log.stages)
        raise LogError.of(
            "log.unknown_stage", stage=delivered_stage, known=known[:20], suggestion=suggest(delivered_stage, known)
        )


def summarise(shard: EventLog, *, delivered_stage: str | None = None) -> OnTimeSummary:
    import polars as pl

    wanted = [delivered_stage] if delivered_stage is not None else sorted(shard.done_stages or ())
    codes = [code for code, name in enumerate(shard.stages) if name in wanted]
    delivered = shard.events.filter(pl.col("stage").is_in(codes)).group_by("order").agg(pl.col("at").min())
    promised = shard.orders.select("order", "promised_at").drop_nulls()
    both = delivered.join(promised, on="order", how="inner")
    days = [local_days(pl.col(name), shard.tz) for name in ("at", "promised_at")]
    kept = both.select(
        on_time=pl.col("at") <= pl.col("promised_at"),
        by_day=days[0] <= days[1],
    )
    names = " or ".join(repr(name) for name in wanted)
    return OnTimeSummary(
        n=both.height,
        on_time=int(kept["on_time"].sum()),
        by_day=int(kept["by_day"].sum()),
        rule=f"the first event in {names} is at or before the promise, among orders with both; "
        f"by_day_rate compares the days in {shard.tz}; a promise that is a bare date ends with its day",
    )


def merge(a: OnTimeSummary, b: OnTimeSummary) -> OnTimeSummary:
    return OnTimeSummary(n=a.n + b.n, on_time=a.on_time + b.on_time, by_day=a.by_day + b.by_day, rule=a.rule)


def result(summary: OnTimeSummary) -> OnTime:
    n = summary.n
    return OnTime(
        n=n,
        on_time=summary.on_time,
        rate=summary.on_time / n if n else None,
        by_day_rate=summary.by_day / n if n else None,
        rule=summary.rule,
    )
