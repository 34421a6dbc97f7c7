"""When orders were delivered, and whether that was in time: what several figures ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderflow.metrics.keys import stage_codes
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError

if TYPE_CHECKING:
    import polars as pl


def can_be_late(log: EventLog, delivered_stage: str | None) -> bool:
    """Whether the log has promises, and something says which stage is a delivery."""
    return "promised_at" in log.orders.columns and (delivered_stage is not None or bool(log.done_stages))


def kept_promises(log: EventLog, delivered_stage: str | None) -> pl.DataFrame:
    """One row per order with a promise: `order`, `kept`, missing when it was not delivered.

    A delivery is the first event in `delivered_stage`, or without it in a done stage; at the promise is in time.
    Raises LogError when the log has no promises, or nothing says which stage is a delivery.
    """
    import polars as pl

    if "promised_at" not in log.orders.columns:
        raise LogError.of("log.no_promises")
    if delivered_stage is None and not log.done_stages:
        raise LogError.of("log.no_delivered_stage")
    stages = [delivered_stage] if delivered_stage is not None else log.done_stages or ()
    there = log.events.filter(pl.col("stage").is_in(stage_codes(log, stages)))
    delivered = there.group_by("order").agg(delivered_at=pl.col("at").min())
    promised = log.orders.select("order", pl.col("promised_at").cast(pl.Int64)).drop_nulls()
    both = promised.join(delivered, on="order", how="left")
    return both.select("order", kept=pl.col("delivered_at") <= pl.col("promised_at"))


def lateness(log: EventLog, delivered_stage: str | None) -> pl.DataFrame:
    """One row per order with a promise: `order`, `lateness` as a word."""
    import polars as pl

    words = pl.when("kept").then(pl.lit("in time")).when(~pl.col("kept")).then(pl.lit("late"))
    return kept_promises(log, delivered_stage).select("order", lateness=words.otherwise(pl.lit("not delivered")))
