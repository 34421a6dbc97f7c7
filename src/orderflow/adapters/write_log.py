"""Writing order histories: an EventLog to files that other programs read, and this one reads back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from orderflow.adapters.about import HOLDING, STAGES, about_text
from orderflow.adapters.files import format_of
from orderflow.adapters.given import Progress
from orderflow.adapters.ocel_write import write_ocel
from orderflow.adapters.placing import same_file, writing
from orderflow.adapters.sheet import Sheet, sheet_of
from orderflow.adapters.table_write import WRITERS, cases_frame, events_frame
from orderflow.adapters.xes_write import write_xes
from orderflow.metrics.codes import need_polars
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, Reason, problem, reason

if TYPE_CHECKING:
    from pathlib import Path

    from orderflow.metrics.log import EventLog

Names = Literal["orderflow", "pm4py"]
OLD = ".jsonocel"  # the ending of OCEL 1.0 in JSON: `pm4py.read_ocel` goes by it


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
    - An existing file is replaced when the new one is complete, and gives its permissions on; a link stays. A pipe or
      a device is written to. `progress` is told the share that is written.
    - Raises LogError: an unknown format, `cases` with XES or OCEL, which hold the orders themselves, or at the place
      of the log; an attribute whose column would be taken for something else, characters that the format cannot
      hold. Raises OSError when the file cannot be written.
    """
    from pathlib import Path

    need_polars()
    if names not in ("orderflow", "pm4py"):
        raise LogError.of("log.unknown_names", value=names)
    kind, second = formats_to_write(path, format, cases)
    sheet = sheet_of(log)
    told: list[Reason] = []
    if kind == "xes":
        told += write_xes(sheet, Path(path), progress)
    elif kind == "ocel":
        told += write_ocel(sheet, Path(path), names, object_type, progress)
        told += _for_pm4py(Path(path))
    else:
        beside = None if cases is None or second is None else (Path(cases), second)
        told += _write_tables(sheet, kind, Path(path), names, beside, progress)
    if progress is not None:
        progress(1.0)
    return (*told, *_left_behind(log, kind))


def formats_to_write(
    path: str | os.PathLike[str], format: str | None = None, cases: str | os.PathLike[str] | None = None
) -> tuple[str, str | None]:
    """The format of a log, and of the table of orders beside it when there is one.

    Raises LogError before anything is read or written: a format that there is not, a table of orders beside a format
    that holds the orders itself, or at the place of the log.
    """
    from pathlib import Path

    kind = format_of(path, format)
    if cases is None:
        return kind, None
    if kind not in WRITERS:
        raise LogError.of("log.no_cases_beside", format=kind, known=sorted(WRITERS))
    second = format_of(cases)
    if second not in WRITERS:
        raise LogError.of("log.unknown_format", format=second, known=sorted(WRITERS))
    if same_file(Path(path), Path(cases)):
        raise LogError([problem("log.cases_over_log", Place(file=os.fspath(cases)))])
    return kind, second


def _write_tables(
    sheet: Sheet, kind: str, path: Path, names: Names, beside: tuple[Path, str] | None, progress: Progress | None
) -> list[Reason]:
    told = []
    if beside is None and (without := sheet.orders.height - sheet.log.spans.height):
        told.append(reason("log.orders_not_written", count=without))
    write, adapted = WRITERS[kind]
    frame, changes = events_frame(sheet, names, adapted, with_orders=beside is None)
    if beside is not None:
        cases, second = beside
        write_second, adapted_second = WRITERS[second]
        table, changes = cases_frame(sheet, names, adapted_second)
        with writing(cases) as file:
            write_second(table, file, None, None)
    with writing(path) as file:
        write(frame, file, about_text(sheet.log), progress)
    return [*told, *([reason("log.kinds_change", changes=changes)] if changes else [])]


def _for_pm4py(path: Path) -> list[Reason]:
    """That pm4py takes a file of this name for one of OCEL 1.0, if it does."""
    return [reason("log.pm4py_takes_for_old", ending=OLD)] if path.name.lower().endswith(OLD) else []


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
