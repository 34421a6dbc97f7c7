"""Writing order histories: an EventLog to files that other programs read, and this one reads back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from orderflow.adapters.about import HOLDING, STAGES, about_text
from orderflow.adapters.files import format_of
from orderflow.adapters.given import Progress
from orderflow.adapters.ocel_write import write_ocel
from orderflow.adapters.sheet import Sheet, sheet_of, writing
from orderflow.adapters.table_write import WRITERS, cases_frame, events_frame
from orderflow.adapters.xes_write import write_xes
from orderflow.metrics.codes import need_polars
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    from pathlib import Path

    from orderflow.metrics.log import EventLog

Names = Literal["orderflow", "pm4py"]


def write_log(
    log: EventLog,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    names: Names = "orderflow",
    cases: str | os.PathLike[str] | None = None,
    object_type: str = "order",
    progress: Progress | None = None,
) -> tuple[Reason, ...]:
    """Write a log as CSV, Parquet, JSON lines, XES or OCEL 2.0 JSON, and tell what the format could not hold.

    - The format is told by the ending or by `format`; with `.gz` behind it the file is packed (not Parquet).
    - CSV, Parquet and JSON lines have one row per event. What is known of whole orders stands in columns that begin
      with `case:`, on each row; or, with `cases`, in a table of orders of its own, which also holds orders without
      events. `names="pm4py"` gives the columns the names by which pm4py and XES know them.
    - OCEL has one object per order, of the type `object_type`.
    - Times are in UTC, to the microsecond. `read_log` reads back the same orders, stages, times, actors, teams,
      tracks and attributes, except for what the result tells. Parquet, XES and OCEL also hold the zone of the log and
      the stages that end an order; further tables such as marks only `log.save(folder)` holds.
    - An existing file is replaced when the new one is complete. `progress` is told the share that is written.
    - Raises LogError: an unknown format, an attribute whose column would be taken for something else, characters
      that the format cannot hold. Raises OSError when the file cannot be written.
    """
    from pathlib import Path

    need_polars()
    if names not in ("orderflow", "pm4py"):
        raise LogError.of("log.unknown_names", value=names)
    kind = format_of(path, format)
    sheet = sheet_of(log)
    told: list[Reason] = []
    if kind == "xes":
        told += write_xes(sheet, Path(path), progress)
    elif kind == "ocel":
        told += write_ocel(sheet, Path(path), names, object_type, progress)
    else:
        told += _write_tables(sheet, kind, Path(path), names, None if cases is None else Path(cases))
    if progress is not None:
        progress(1.0)
    return (*told, *_left_behind(log, kind))


def _write_tables(sheet: Sheet, kind: str, path: Path, names: Names, cases: Path | None) -> list[Reason]:
    told = []
    if cases is None and (without := sheet.orders.height - sheet.log.spans.height):
        told.append(reason("log.orders_not_written", count=without))
    write: Any
    write, adapted = WRITERS[kind]
    frame, changes = events_frame(sheet, names, adapted, with_orders=cases is None)
    if cases is not None:
        second_kind = format_of(cases)
        if second_kind not in WRITERS:
            raise LogError.of("log.unknown_format", format=second_kind, known=sorted(WRITERS))
        write_second, adapted_second = WRITERS[second_kind]
        table, changes = cases_frame(sheet, names, adapted_second)
        with writing(cases) as file:
            write_second(table, file, None)
    with writing(path) as file:
        write(frame, file, about_text(sheet.log))
    return [*told, *([reason("log.kinds_change", changes=changes)] if changes else [])]


def _left_behind(log: EventLog, kind: str) -> list[Reason]:
    """What the format has no place for: further tables; and in tables of texts which stages end an order, and the
    zone of the days."""
    parts = list(log.more)
    if kind not in HOLDING:
        parts += [name for name in STAGES if getattr(log, name) is not None]
    told = [reason("log.not_written", parts=parts)] if parts else []
    if log.tz != "UTC" and kind not in HOLDING:
        told.append(reason("log.zone_not_written", tz=log.tz))
    return told
