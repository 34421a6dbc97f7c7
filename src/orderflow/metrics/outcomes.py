"""How orders ended, or that they are open; and which events and stages say so."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderflow.metrics.business import positions
from orderflow.metrics.choices import Period, need_choice
from orderflow.metrics.instants import local_days
from orderflow.metrics.keys import Stages, stage_codes
from orderflow.metrics.log import EventLog
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names

if TYPE_CHECKING:
    import polars as pl

PERIODS: dict[str, str] = {"day": "1d", "week": "1w", "month": "1mo"}


@frozen(kw_only=True)
class Endings:
    """The stages in which an order has ended. An order whose last event entered none of them is open.

    - Both are what the caller says, else what the log knows (`done_stages`, `cancelled_stages`).
    - Where events have tracks, those of the track `order` and those without a track count.
    """

    done: frozenset[str]
    cancelled: frozenset[str]

    @classmethod
    def of(cls, log: EventLog, done: Stages = None, cancelled: Stages = None) -> Endings:
        """Raises LogError (`log.no_done_stages`) when nothing says how an order ends."""
        known_done = log.done_stages if done is None else frozenset(as_names(done))
        known_cancelled = log.cancelled_stages if cancelled is None else frozenset(as_names(cancelled))
        if known_done is None:
            raise LogError.of("log.no_done_stages")
        return cls(done=known_done, cancelled=(known_cancelled or frozenset()) - known_done)

    def closed(self, log: EventLog) -> pl.Expr:
        """Whether the stage of an event ends its order."""
        import polars as pl

        return pl.col("stage").is_in(stage_codes(log, self.done | self.cancelled))

    def outcomes(self, log: EventLog) -> pl.DataFrame:
        """One row per order with events on its main track: `order`, `first_at`; of the last event `last_at`, `stage`
        and `arrival`; and which it is, as booleans: `open`, `done`, `cancelled`. Kept with the log."""
        return log.kept(("outcomes", self), lambda: self._outcomes(log))

    def _outcomes(self, log: EventLog) -> pl.DataFrame:
        import polars as pl

        ends = log.main.events.group_by("order", maintain_order=True)
        ending = [pl.col(name).last() for name in ("stage", "arrival")]
        last = ends.agg(*ending, first_at=pl.col("at").first(), last_at=pl.col("at").last())
        done = pl.col("stage").is_in(stage_codes(log, self.done))
        cancelled = pl.col("stage").is_in(stage_codes(log, self.cancelled))
        return last.with_columns(open=~(done | cancelled), done=done, cancelled=cancelled)


def as_of_events(log: EventLog, at: int) -> EventLog:
    """The log as it stood at an instant: without later events."""
    import polars as pl

    return evolve(log, events=log.events.filter(pl.col("at") <= at))


def next_in(strand: list[str], *columns: str) -> list[pl.Expr]:
    """The following event's columns as `next_*`, missing for the last event of a strand."""
    import polars as pl

    same = pl.all_horizontal(*(pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in strand))
    return [pl.when(same).then(pl.col(name).shift(-1)).alias(f"next_{name}") for name in columns]


def on_clock(frame: pl.DataFrame, calendar: WorkCalendar | None, *columns: str) -> pl.DataFrame:
    """The frame whose instants are positions of the calendar, so that differences are open time."""
    return frame if calendar is None else frame.with_columns(positions(frame[name], calendar) for name in columns)


def period_of(at: pl.Expr, tz: str, period: Period) -> pl.Expr:
    """The first date of the day, week (from Monday, ISO 8601) or month in which each instant falls in `tz`."""
    need_choice("period", period, Period)
    return local_days(at, tz).dt.truncate(PERIODS[period])


def all_periods(found: pl.Series, period: Period) -> pl.Series:
    """Every period from the first that was found to the last."""
    import polars as pl

    first, last = found.min(), found.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return found.clear()
    return pl.date_range(first, last, PERIODS[period], eager=True).alias(found.name)
