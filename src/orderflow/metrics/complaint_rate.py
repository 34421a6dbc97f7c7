"""Complaint rate: how many orders a customer complains about."""

from __future__ import annotations

from collections.abc import Iterable

from orderflow.metrics import error_rate as errors
from orderflow.metrics.groups import By
from orderflow.metrics.keys import need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Stages
from orderflow.metrics.summary import Table
from orderflow.metrics.sums import Sums
from orderflow.model.frozen import as_names


def complaint_rate(
    log: EventLog, by: By = None, *, stages: Stages = None, kinds: str | Iterable[str] = ("complaint",)
) -> Table:
    """The share of orders with at least one complaint (complaints as in ISO 10002:2018, counted by order).

    - A complaint is an event in one of `stages`, or a row of the table `feedback` whose `kind` is one of `kinds`. All
      else as in `error_rate`.
    """
    need_stages(log, as_names(stages))
    return result(summarise(log, by, stages=stages, kinds=kinds))


def summarise(
    shard: EventLog, by: By = None, *, stages: Stages = None, kinds: str | Iterable[str] = ("complaint",)
) -> Sums:
    return errors.summarise(shard, by, stages=stages, kinds=kinds)


def merge(a: Sums, b: Sums) -> Sums:
    return errors.merge(a, b)


def result(summary: Sums) -> Table:
    return errors.result(summary)
