"""The report on anything that holds a history: a log, a file, shards of a file, a table on an engine."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any, Literal, Unpack, cast

from orderflow.adapters.options import PartOptions, ReadOptions, check_names
from orderflow.adapters.shards import read_shards
from orderflow.adapters.sketches import note, sketched
from orderflow.adapters.spark import report_on_spark
from orderflow.adapters.tables import read_log
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import Report
from orderflow.metrics.report import report as report_on_log
from orderflow.metrics.shards import in_shards, report_of_shards
from orderflow.metrics.terms import Allowed, Further, Terms
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

Quantiles = Literal["exact", "sketch"]
FOR_SHARDS = {"format", "progress"}  # what `read_shards` takes beside the options of its source


def report(
    source: Any,
    *,
    calendar: WorkCalendar | None = None,
    delivered_stage: str | None = None,
    allowed: Allowed | None = None,
    people: str = "names",
    minimum: int | None = None,
    shards: int | None = None,
    engine: Any = None,
    partitions: int | None = None,
    quantiles: Quantiles = "exact",
    further: Further = (),
    by: By = None,
    **reading: Unpack[ReadOptions],
) -> Report:
    """Every figure about a history, computed when it is read; in parts when that is asked.

    - `source`: an EventLog, or what `read_log` reads, with its options (`order_id=`, `tz=`, `cases=` …) as `reading`.
    - `calendar`: durations are open time of this calendar; `report.wall` has them in plain time.
    - `delivered_stage`: the stage whose first event is compared with the promise; without it, the log's done
      stages. Promises come with the log (`read_log(promised=...)`).
    - `allowed`: the steps that a flow allows (`of.allowed_steps(flow)`), for `report.conformance`.
    - `people`: `names`, `pseudonyms` or `teams` in every figure by person; `minimum`: how many orders each
      such row has at least; by default 1, and 5 in scorecards.
    - `shards`: read and sum up this many parts of whole orders, one after the other: for files larger than memory
      (Parquet, CSV), see `read_shards`. The numbers are the same.
    - `engine`: a SparkSession. The source is then a Spark DataFrame or the path of Parquet that Spark can read; orders
      are dealt out to `partitions` (as many as Spark has by default), summed up there, and merged here. The numbers
      are the same. Needs the extra `spark`.
    - `quantiles="sketch"`: medians and percentiles come from sketches, in little memory and with an error that
      `report.assumptions` states; all else stays exact. Needs the extra `sketch`. Without it at most 50 million
      durations of one group are merged.
    - `further`, `by`: which further parts of the report (`["workload", "ageing"]`, or `"all"`) and lead times by which
      attributes are summed up too: in shards and on an engine nothing can be asked of the events afterwards. A log in
      memory needs neither.
    - Raises LogError at once: a delivered stage that never occurs, or one for a log without promises; a further part
      or an attribute that there is not; `partitions` without `engine`, or `engine` with `shards`, and options that
      these do not take; and as `read_log`. TypeError for an option that there is not.
    """
    _check_parts(source, quantiles, shards, engine, partitions, reading)
    shown: dict[str, Any] = {"allowed": allowed, "people": people, "minimum": minimum}
    common = {"calendar": calendar, "delivered_stage": delivered_stage, **shown}
    terms, sketch = Terms(further=further, by=by, **common), quantiles == "sketch"
    if shards is None and engine is None and not sketch:
        log = _log(source, reading)
        Keys.of(log, terms.by)  # an attribute that there is not is told at once
        return report_on_log(log, **common)
    if engine is not None:
        return report_on_spark(engine, source, partitions=partitions, sketch=sketch, terms=terms, **_in_parts(reading))
    if shards is None or isinstance(source, EventLog):
        parts = in_shards(_log(source, reading), 1 if shards is None else shards)
    else:
        form, progress = reading.get("format"), reading.get("progress")
        parts = read_shards(source, shards, format=form, progress=progress, **_in_parts(reading))
    reduced: dict[str, Any] = {"reduce": sketched, "notes": [note()]} if sketch else {}
    with closing(parts):  # where a part cannot be summed up, temporary files go at once
        return report_of_shards(parts, source=_name(source), terms=terms, **reduced)


def _check_parts(
    source: Any, quantiles: str, shards: int | None, engine: Any, partitions: int | None, reading: ReadOptions
) -> None:
    """Raise for what does not go together, before anything is read."""
    check_names("report", reading, ReadOptions.__annotations__)
    if quantiles not in ("exact", "sketch"):
        raise LogError.of("log.unknown_quantiles", value=quantiles)
    if engine is None and partitions is not None:
        raise LogError.of("log.partitions_without_engine")
    if engine is not None and shards is not None:
        raise LogError.of("log.engine_and_shards")
    if engine is not None or (shards is not None and not isinstance(source, EventLog)):
        parts = PartOptions.__annotations__.keys() | (FOR_SHARDS if engine is None else set())
        if wrong := [name for name in reading if name not in parts]:
            raise LogError.of("log.not_in_parts", names=wrong)


def _in_parts(reading: ReadOptions) -> PartOptions:
    """The options without those that only a source that is read whole has, or `read_shards` by name."""
    return cast(  # a TypedDict without some keys is one of those that are left
        PartOptions, {name: value for name, value in reading.items() if name in PartOptions.__annotations__}
    )


def _log(source: Any, reading: ReadOptions) -> EventLog:
    if not isinstance(source, EventLog):
        return read_log(source, **reading)
    if reading:
        names = ", ".join(sorted(reading))
        raise TypeError(f"the log has already been read: {names} {'has' if len(reading) == 1 else 'have'} no effect")
    return source


def _name(source: Any) -> str:
    if isinstance(source, EventLog):
        return repr(source)
    return os.fspath(source) if isinstance(source, str | os.PathLike) else f"a {type(source).__name__}"
