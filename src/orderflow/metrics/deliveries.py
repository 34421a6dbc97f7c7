"""When orders were delivered, and whether that was in time: what several figures ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderflow.metrics.keys import need_stages, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError

if TYPE_CHECKING:
    import polars as pl


def can_be_late(log: EventLog, delivered_stage: str | None) -> bool:
    """Whether the log has promises, and something says which stage is a delivery."""
    return "promised_at" in log.orders.columns and (delivered_stage is not None or bool(log.done_stages))


def need_deliveries(log: EventLog, delivered_stage: str | None) -> None:
    """Raise LogError when nobody could be late: no promises (`log.no_promises`), no stage to look for
    (`log.no_delivered_stage`), one that never occurs (`log.unknown_stage`)."""
    delivered_in(log, delivered_stage)
    need_stages(log, delivered_stage)


def delivered_in(log: EventLog, delivered_stage: str | None) -> tuple[str, ...]:
    """The stages of which the first event is a delivery: the one that is named, or else the done stages.

    Raises LogError when the log has no promises, or nothing says which stage is a delivery.
    """
    if "promised_at" not in log.orders.columns:
        raise LogError.of("log.no_promises")
    if not can_be_late(log, delivered_stage):
        raise LogError.of("log.no_delivered_stage")
    return (delivered_stage,) if delivered_stage is not None else tuple(sorted(log.done_stages or ()))


def deliveries(log: EventLog, delivered_stage: str | None) -> pl.DataFrame:
    """One row per order with a delivery and a promise, by code: `order`, `at` (the first delivery), `promised_at`.

    A stage that is named may be that of any track; done stages are those of the order's own track.
    Raises LogError as `delivered_in`.
    """
    import polars as pl

    events = log.main.events if delivered_stage is None else log.events
    there = events.filter(pl.col("stage").is_in(stage_codes(log, delivered_in(log, delivered_stage))))
    first = there.select("order", "at").unique("order", keep="first", maintain_order=True)
    return first.join(_promises(log), on="order", how="inner", maintain_order="left")


def kept_promises(log: EventLog, delivered_stage: str | None) -> pl.DataFrame:
    """One row per order with a promise: `order`, `kept` (delivered at or before it), missing when it was not delivered.

    Kept with the log. Raises LogError as `delivered_in`.
    """
    import polars as pl

    def made() -> pl.DataFrame:
        kept = deliveries(log, delivered_stage).select("order", kept=pl.col("at") <= pl.col("promised_at"))
        return _promises(log).select("order").join(kept, on="order", how="left", maintain_order="left")

    return log.kept(("kept promises", delivered_in(log, delivered_stage)), made)


def with_kept(orders: pl.DataFrame, log: EventLog, delivered_stage: str | None) -> pl.DataFrame:
    """Rows by order with `kept`: whether the promise was kept, missing when nobody knows."""
    import polars as pl

    if can_be_late(log, delivered_stage):
        return orders.join(kept_promises(log, delivered_stage), on="order", how="left")
    return orders.with_columns(kept=pl.lit(None, dtype=pl.Boolean))


def lateness(log: EventLog, delivered_stage: str | None) -> pl.DataFrame:
    """One row per order with a promise: `order`, `lateness` as a word."""
    import polars as pl

    words = pl.when("kept").then(pl.lit("in time")).when(~pl.col("kept")).then(pl.lit("late"))
    return kept_promises(log, delivered_stage).select("order", lateness=words.otherwise(pl.lit("not delivered")))


def _promises(log: EventLog) -> pl.DataFrame:
    import polars as pl

    return log.orders.select("order", pl.col("promised_at").cast(pl.Int64)).drop_nulls()
