"""Writing logs as tables: CSV, Parquet and JSON lines, one row per event, or one per order beside."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Container, Iterator, Mapping
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from orderflow.adapters.about import KEY
from orderflow.adapters.columns import ACTOR, AT, ORDER, STAGE, STARTED, TEAM, TRACK, plain
from orderflow.adapters.given import Progress
from orderflow.adapters.kinds import DECIMAL, LARGEST, WHOLE, one_kind
from orderflow.adapters.longform import PREFIX
from orderflow.adapters.parquet import first_line
from orderflow.adapters.sheet import Sheet, refuse_characters
from orderflow.metrics.codes import decode
from orderflow.model.errors import LogError

if TYPE_CHECKING:
    import polars as pl

    from orderflow.metrics.log import EventLog

COLUMNS = {
    "orderflow": {
        "order": "order_id",
        "stage": "stage",
        "at": "at",
        "actor": "actor",
        "team": "team",
        "track": "track",
        "started_at": "started_at",
    },
    "pm4py": {
        "order": "case:concept:name",
        "stage": "concept:name",
        "at": "time:timestamp",
        "actor": "org:resource",
        "team": "org:group",
        "track": "track",
        "started_at": "start_timestamp",
    },
}
IDS = frozenset(plain(name) for name in ORDER.names)  # what a table of orders is searched for
TAKEN = frozenset(plain(name) for role in (ORDER, STAGE, AT, ACTOR, TEAM, TRACK, STARTED) for name in role.names)
ISO = "%Y-%m-%dT%H:%M:%S%.fZ"
MOST_DIGITS = 10**18  # whole numbers in CSV are read as numbers up to here
AT_ONCE = 200_000  # rows that are written before it is told how far it is
Write = Callable[["pl.DataFrame", IO[bytes], str | None, Progress | None], None]  # table, where to, about the log
Adapted = Callable[["pl.Series"], tuple["pl.Series", str | None]]


def events_frame(
    sheet: Sheet, names: str, adapted: Adapted, *, with_orders: bool
) -> tuple[pl.DataFrame, dict[str, str]]:
    """One row per event, with what is known of its order when `with_orders`; and attributes whose kind will change."""
    import polars as pl

    log, titles = sheet.log, COLUMNS[names]
    orders = sheet.orders.join(log.events.select("order"), on="order", how="semi", maintain_order="left")
    positions = _positions(log, orders)
    columns = {titles["order"]: orders["id"].gather(positions)}
    columns[titles["stage"]] = decode(log.events["stage"], log.names["stage"])
    columns[titles["at"]] = pl.from_epoch(log.events["at"], time_unit="us").dt.replace_time_zone("UTC")
    columns |= {titles[name]: decode(log.events[name], log.names[name]) for name in sheet.beside}
    if "started_at" in log.events.columns:
        columns[titles["started_at"]] = pl.from_epoch(log.events["started_at"], time_unit="us").dt.replace_time_zone(
            "UTC"
        )
    for column in columns.values():
        adapted(column) if column.dtype == pl.String else None
    changes: dict[str, str] = {}
    if with_orders:
        ready, changes = _adapted(sheet, orders, adapted, PREFIX, TAKEN)  # kinds are told by what is written
        columns |= {name: column.gather(positions) for name, column in ready.items()}
    return pl.DataFrame(columns), changes


def cases_frame(sheet: Sheet, names: str, adapted: Adapted) -> tuple[pl.DataFrame, dict[str, str]]:
    """One row per order; and attributes whose kind will change."""
    import polars as pl

    ready, changes = _adapted(sheet, sheet.orders, adapted, "", IDS)
    return pl.DataFrame({COLUMNS[names]["order"]: sheet.orders["id"], **ready}), changes


def _positions(log: EventLog, orders: pl.DataFrame) -> pl.Series:
    """The row of the order of each event."""
    import polars as pl

    rows = orders.select("order").with_row_index("\0position")
    return (
        log.events.select("order")
        .join(rows, on="order", how="left", maintain_order="left")["\0position"]
        .cast(pl.UInt32)
    )


def _adapted(
    sheet: Sheet, orders: pl.DataFrame, adapted: Adapted, prefix: str, taken: Container[str]
) -> tuple[dict[str, pl.Series], dict[str, str]]:
    """The columns of the orders as the format holds them, by their names there; and whose kinds will change to what.

    Raises LogError (`log.names_collide`) for one whose name is `taken` for something else.
    """
    ready, changes = {}, {}
    for name in sheet.attributes:
        column = prefix + name
        if plain(column) in taken:
            raise LogError.of("log.names_collide", name=name, column=column)
        ready[column], becomes = adapted(orders[name])
        if becomes is not None and name != "promised_at":
            changes[name] = becomes
    return ready, changes


def for_parquet(series: pl.Series) -> tuple[pl.Series, str | None]:
    """Parquet holds every kind that a log has."""
    return series, None


def for_csv(series: pl.Series) -> tuple[pl.Series, str | None]:
    """A column for CSV, and as what it will be read when that is not what it is: only texts and numbers are told."""
    import polars as pl

    kind = series.dtype
    if kind == pl.String:
        refuse_characters(series, r"\x00", "CSV")
        known = series.drop_nulls()
        numbers = len(known) > 0 and bool(known.str.contains(DECIMAL).all())
        whole = numbers and bool(known.str.contains(WHOLE).all())
        return series, ("Int64" if whole else "Float64") if numbers else None
    if kind.is_integer():
        return series, None if _largest(series) < MOST_DIGITS else "String"
    if kind.is_float():
        finite = bool(series.is_finite().all())
        return pl.Series([_written(value) for value in series.to_list()], dtype=pl.String), None if finite else "String"
    if isinstance(kind, pl.Datetime):
        return stamped(series), "String"
    if kind in (pl.Boolean, pl.Date):
        return series, "String" if series.count() else None
    return _as_other(series, for_csv)


def for_jsonl(series: pl.Series) -> tuple[pl.Series, str | None]:
    """A column for JSON lines, and as what it will be read when that is not what it is: JSON has no moments."""
    import polars as pl

    kind = series.dtype
    if kind in (pl.String, pl.Boolean):
        return series, None
    if kind.is_integer():
        return series, None if _largest(series) <= LARGEST else "String"
    if kind.is_float():
        finite = series.is_finite() | series.is_null()
        return series.to_frame("x").select(pl.when(finite).then("x"))["x"], None if finite.all() else "Float64, missing"
    if isinstance(kind, pl.Datetime):
        return stamped(series), "String"
    if kind == pl.Date:
        return series.cast(pl.String), "String" if series.count() else None
    return _as_other(series, for_jsonl)


def stamped(moments: pl.Series) -> pl.Series:
    """Moments as ISO 8601 texts of one width, since pandas takes the first one for the form of all: in UTC with a `Z`
    where they have a zone, with as many decimals as the finest needs."""
    kind: Any = moments.dtype  # a Datetime
    finest = moments.dt.nanosecond()
    decimals = "" if not (finest > 0).any() else "%.6f" if not (finest % 1000 > 0).any() else "%.9f"
    local = moments.dt.convert_time_zone("UTC") if kind.time_zone else moments
    return local.dt.strftime(f"%Y-%m-%dT%H:%M:%S{decimals}{'Z' if kind.time_zone else ''}")


def _largest(whole: pl.Series) -> int:
    """The largest size of whole numbers of any width."""
    least: Any = whole.min()
    most: Any = whole.max()
    return 0 if least is None else max(abs(least), abs(most))


def _as_other(series: pl.Series, adapted: Adapted) -> tuple[pl.Series, str | None]:
    """A column of a kind that is not written as it is: as the kind that is nearest, or as text."""
    import polars as pl

    found = series.dt.strftime("%H:%M:%S%.f") if series.dtype == pl.Time else one_kind(series)
    if found.dtype == series.dtype:
        return found.cast(pl.String), "String" if series.count() else None
    written, becomes = adapted(found)
    return written, (becomes or str(found.dtype)) if series.count() else None


def _written(value: float | None) -> str | None:
    """A number with all its digits and a point, so that it is read as the same float."""
    if value is None:
        return None
    digits = format(Decimal(repr(value)), "f") if value == value and abs(value) != float("inf") else str(value)
    return digits if "." in digits or not digits.lstrip("-").isdigit() else f"{digits}.0"


def _write_csv(frame: pl.DataFrame, file: IO[bytes], _about: str | None, progress: Progress | None) -> None:
    header = io.StringIO()
    csv.writer(header, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(frame.columns)
    file.write(header.getvalue().encode())
    for rows in _in_steps(_stamped(frame), progress):
        rows.write_csv(file, include_header=False)


def _write_jsonl(frame: pl.DataFrame, file: IO[bytes], _about: str | None, progress: Progress | None) -> None:
    for rows in _in_steps(_stamped(frame), progress):
        rows.write_ndjson(file)


def _stamped(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return frame.with_columns(stamped(column) for column in frame.select(pl.selectors.datetime()))


def _write_parquet(frame: pl.DataFrame, file: IO[bytes], about: str | None, _progress: Progress | None) -> None:
    import polars as pl

    try:
        frame.write_parquet(file, metadata=None if about is None else {KEY: about})  # quick, and in one go
    except pl.exceptions.ComputeError as error:  # how polars tells that a disk is full
        raise OSError(first_line(error)) from error


def _in_steps(frame: pl.DataFrame, progress: Progress | None) -> Iterator[pl.DataFrame]:
    """The rows part by part; what is told is the share of those that were taken."""
    done = 0
    for rows in frame.iter_slices(AT_ONCE):
        yield rows
        done += rows.height
        if progress is not None:
            progress(done / frame.height)


WRITERS: Mapping[str, tuple[Write, Adapted]] = {
    "csv": (_write_csv, for_csv),
    "jsonl": (_write_jsonl, for_jsonl),
    "parquet": (_write_parquet, for_parquet),
}
