"""The saved form of a log: a folder with its tables, coded and sorted as in memory, and a JSON that describes them.

With `folder` the one file of this floor that touches files, so that a log can be saved and loaded where it stands.
Tables are uncompressed Arrow IPC, which is mapped into memory instead of read: loading costs next to nothing, and what
no figure asks for is never read from the disk. The name of a table's file says its content, so that no file is ever
written over: the description names the files, and replacing it is what makes a log the saved one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orderflow.metrics.folder import UNFINISHED, put
from orderflow.metrics.instants import zone
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap, freeze
from orderflow.model.reasons import Place, Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

FORMAT = "orderflow-log"
VERSION = 1
DESCRIPTION = "log.json"
OTHER = "more."  # what further tables' names begin with, and those of texts
NAMES = "names."
CODED = ("order", "stage", "actor", "track", "team")  # columns of codes: numbers that others look up
# files that `write` makes and may delete, those that a crash left included
WRITTEN = re.compile(r"(events|orders|names\..+|more\..+)(-[0-9a-f]{20}\.arrow|\.arrow\.part)|log\.json\.part")


def write(
    folder: str | Path,
    *,
    events: pl.DataFrame,
    orders: pl.DataFrame,
    names: Mapping[str, pl.Series],
    more: Mapping[str, pl.DataFrame],
    tz: str,
    done_stages: frozenset[str] | None,
    cancelled_stages: frozenset[str] | None,
    assumptions: Sequence[Reason],
) -> None:
    """Write the parts of a log to a folder, which is made when it is not there; an older log in it is replaced.

    - A crash at any instant leaves the log that was saved before, or the new one, and at most files that nothing
      names; the next `write` removes them. Who has loaded the older log keeps it. One process writes at a time.
    - Raises LogError (`log.cannot_save`) when files cannot be written.
    """
    target = Path(folder)
    tables = {"events": events, "orders": orders}
    tables |= {NAMES + name: texts.alias("text").to_frame() for name, texts in names.items()}
    tables |= {OTHER + name: table for name, table in more.items()}
    described = {
        "format": FORMAT,
        "version": VERSION,
        "tz": tz,
        "done_stages": None if done_stages is None else sorted(done_stages),
        "cancelled_stages": None if cancelled_stages is None else sorted(cancelled_stages),
        "assumptions": [{"code": item.code, "params": item.params} for item in assumptions],
    }
    try:
        target.mkdir(parents=True, exist_ok=True)
        files = {name: _written(target, name, table) for name, table in tables.items()}
        described["tables"] = {
            name: {"file": files[name], "bytes": (target / files[name]).stat().st_size, **_shape(table)}
            for name, table in tables.items()
        }
        text = json.dumps(described, ensure_ascii=False, indent=2, default=_plain)
        beside = target / (DESCRIPTION + UNFINISHED)
        beside.write_text(text + "\n", encoding="utf-8")
        put(beside, target / DESCRIPTION)
        for file in target.iterdir():
            if WRITTEN.fullmatch(file.name) and file.name not in files.values():
                file.unlink()
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise LogError([problem("log.cannot_save", Place(file=str(target)), detail=detail)]) from None


def _written(folder: Path, name: str, table: pl.DataFrame) -> str:
    """Write a table, and name its file by what is in it."""
    beside = folder / f"{name}.arrow{UNFINISHED}"
    table.rechunk().write_ipc(beside, compression="uncompressed")
    found = f"{name}-{_digest(beside)}.arrow"
    put(beside, folder / found)
    return found


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()[:20]


def _shape(table: pl.DataFrame) -> dict[str, Any]:
    return {"rows": table.height, "columns": {name: str(dtype) for name, dtype in table.schema.items()}}


def read(folder: str | Path, *, verify: bool = False) -> dict[str, Any]:
    """What an EventLog is made of, from a folder that `write` has filled.

    - `verify`: every file is read, and its digest compared with its name.
    - Raises LogError: no saved log there (`log.not_saved`), one of a newer version (`log.saved_by_newer`), a table that
      is missing or is not as it was described, or whose codes or order cannot be (`log.saved_damaged`).
    """
    import polars as pl

    target = Path(folder)
    described = _described(target)
    try:
        tables = {name: _table(target, stated, verify) for name, stated in described["tables"].items()}
    except LogError:
        if _described(target) != described:  # another log was saved here meanwhile, and its files are others
            return read(target, verify=verify)
        raise
    try:
        _check(target, tables, described["tz"])
        done, cancelled = described["done_stages"], described.get("cancelled_stages")
        return {
            "events": tables.pop("events").with_columns(pl.col("order").set_sorted()),
            "orders": tables.pop("orders"),
            "names": _named(tables, NAMES, lambda table: table["text"]),
            "more": _named(tables, OTHER, lambda table: table),
            "tz": described["tz"],
            "done_stages": None if done is None else frozenset(done),
            "cancelled_stages": None if cancelled is None else frozenset(cancelled),
            "assumptions": tuple(_reason(item) for item in described["assumptions"]),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(target / DESCRIPTION, f"{error}") from None


def _described(folder: Path) -> dict[str, Any]:
    file = folder / DESCRIPTION
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise LogError([problem("log.not_saved", Place(file=str(folder)))]) from None
    except json.JSONDecodeError as error:
        raise _damaged(file, str(error)) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise LogError([problem("log.not_saved", Place(file=str(folder)))])
    if not isinstance(found.get("version"), int) or found["version"] < 1 or not isinstance(found.get("tables"), dict):
        raise _damaged(file, "version, tables")
    if found["version"] > VERSION:
        place = Place(file=str(file))
        raise LogError([problem("log.saved_by_newer", place, version=found["version"], known=VERSION)])
    return found


def _table(folder: Path, stated: Mapping[str, Any], verify: bool) -> pl.DataFrame:
    import polars as pl

    file = folder / str(stated.get("file"))
    try:
        table = pl.read_ipc(file)
        found = {"file": file.name, "bytes": file.stat().st_size, **_shape(table)}
        digest = _digest(file) if verify else None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _damaged(file, str(error).partition("\n")[0]) from None
    if found != stated:
        raise _damaged(file, ", ".join(f"{name}: {found[name]}" for name in found if found[name] != stated.get(name)))
    if digest is not None and f"-{digest}." not in file.name:
        raise _damaged(file, f"sha256 {digest}…")
    return table


def _check(folder: Path, tables: Mapping[str, pl.DataFrame], tz: str) -> None:
    """Raise LogError where codes are missing or have no name, events are not in the order that figures rely on, or
    there is no such zone."""
    import polars as pl

    orders, events = tables["orders"]["order"].max(), tables["events"]
    names = {name: tables[NAMES + name].height for name in CODED if NAMES + name in tables}
    for table, frame in tables.items():
        if not table.startswith(NAMES):
            _check_codes(folder / table, frame["order"], 0 if orders is None else int(orders) + 1)  # type: ignore[arg-type]  # max of a UInt32 column
            if frame["order"].null_count():
                raise _damaged(folder / table, "order: null")
    for name in (name for name in CODED if name in events.columns and name != "order"):
        _check_codes(folder / "events", events[name], names[name])
    if events["at"].dtype != pl.Int64 or not events["order"].is_sorted():
        raise _damaged(folder / "events", "order, at")
    try:
        zone(tz)
    except LogError as error:
        raise _damaged(folder / DESCRIPTION, str(error)) from None


def _check_codes(file: Path, codes: pl.Series, known: int) -> None:
    import polars as pl

    top = codes.max()
    if codes.dtype != pl.UInt32 or (top is not None and int(top) >= known):  # type: ignore[arg-type]  # as above
        raise _damaged(file, f"{codes.name}: {codes.dtype}, {top!r} >= {known}")


def _named(tables: Mapping[str, pl.DataFrame], prefix: str, made: Callable[[pl.DataFrame], Any]) -> FrozenMap[Any]:
    found = {name.removeprefix(prefix): table for name, table in tables.items() if name.startswith(prefix)}
    return FrozenMap({name: made(table) for name, table in found.items()})


def _reason(item: Mapping[str, Any]) -> Reason:
    return reason(item["code"], **freeze(item["params"]))


def _plain(value: Any) -> Any:
    """A value of a reason as JSON can hold it."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def _damaged(file: Path, detail: str) -> LogError:
    return LogError([problem("log.saved_damaged", Place(file=str(file)), detail=detail)])
