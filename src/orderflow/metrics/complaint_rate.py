"""Complaint rate: how many orders a customer complains about; the error rate of another kind of feedback."""

from __future__ import annotations

from collections.abc import Iterable

from orderflow.metrics import error_rate as errors
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.summary import Table
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar


def complaint_rate(
    log: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    stages: Stages = None,
    kinds: str | Iterable[str] = ("complaint",),
) -> Table:
    """The share of orders with at least one complaint (complaints as in ISO 10002:2018, counted by order).

    - A complaint is an event in one of `stages`, or a row of the table `feedback` whose `kind` is one of `kinds`. All
      else as in `error_rate`.
    - A `calendar` changes nothing: nothing is timed here.
    """
    return errors.error_rate(log, by, calendar, stages=stages, kinds=kinds)


def summarise(
    shard: EventLog,
    by: By = None,
    calendar: WorkCalendar | None = None,
    *,
    stages: Stages = None,
    kinds: str | Iterable[str] = ("complaint",),
) -> Sums:
    return errors.summarise(shard, by, calendar, stages=stages, kinds=kinds)


def merge(a: Sums, b: Sums) -> Sums:
    return errors.merge(a, b)


def result(summary: Sums) -> Table:
    return errors.result(summary)
