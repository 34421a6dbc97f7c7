"""Writing logs as OCEL 2.0 JSON: one object per order, each event related to its order."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from orderflow.adapters.about import KEY, about_text
from orderflow.adapters.given import Progress
from orderflow.adapters.kinds import one_kind
from orderflow.adapters.placing import writing
from orderflow.adapters.sheet import Sheet
from orderflow.adapters.table_write import COLUMNS, ISO
from orderflow.metrics.codes import decode
from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

ALWAYS = "1970-01-01T00:00:00Z"  # how OCEL 2.0 dates values that an object had from the beginning


def write_ocel(sheet: Sheet, path: Path, names: str, object_type: str, progress: Progress | None) -> list[Reason]:
    """Write the log and tell which attributes change their kind. Stages are types of events."""
    ready = {name: _typed(sheet.orders[name]) for name in sheet.attributes}
    kinds = {name: kind for name, (kind, _values, _becomes) in ready.items()}
    titles = {name: COLUMNS[names][name] for name in sheet.beside}
    with writing(path) as file:
        file.write(b'{"objectTypes":')
        _dump(file, [{"name": object_type, "attributes": [{"name": n, "type": kind} for n, kind in kinds.items()]}])
        file.write(b',\n"eventTypes":')
        beside = [{"name": title, "type": "string"} for title in titles.values()]
        if "started_at" in sheet.log.events.columns:
            titles["started_at"] = COLUMNS[names]["started_at"]
            beside.append({"name": titles["started_at"], "type": "time"})
        present = sorted(set(sheet.log.events["stage"].unique().to_list()))
        _dump(file, [{"name": sheet.log.stages[code], "attributes": beside} for code in present])
        file.write(b',\n"objects":[')
        _objects(file, sheet, object_type, {name: values for name, (_kind, values, _becomes) in ready.items()})
        file.write(b'],\n"events":[')
        _events(file, sheet, titles, progress)
        about = about_text(sheet.log)
        file.write(b"]}\n" if about is None else f'],\n"{KEY}":{about}}}\n'.encode())
    changes = {name: becomes for name, (_kind, _values, becomes) in ready.items() if becomes is not None}
    return [reason("log.kinds_change", changes=changes)] if changes else []


def _dump(file: IO[bytes], value: Any) -> None:
    file.write(json.dumps(value, ensure_ascii=False).encode())


def _objects(file: IO[bytes], sheet: Sheet, object_type: str, columns: dict[str, list[Any]]) -> None:
    first = True
    for n, name in enumerate(sheet.orders["id"].to_list()):
        values = [
            {"name": key, "time": ALWAYS, "value": column[n]}
            for key, column in columns.items()
            if column[n] is not None
        ]
        file.write(b"\n" if first else b",\n")
        _dump(file, {"id": name, "type": object_type, "attributes": values, "relationships": []})
        first = False


def _events(file: IO[bytes], sheet: Sheet, titles: dict[str, str], progress: Progress | None) -> None:
    """The events one to a line, built as texts by polars: names are put into JSON once each."""
    import polars as pl

    names = {name: _quoted(sheet.log.names[name]) for name in ("stage", *titles) if name in sheet.log.names}
    number = 0
    for orders, events, share in sheet.steps():
        ids = pl.DataFrame({"order": orders["order"], "id": _quoted(orders["id"])})
        frame = pl.DataFrame(
            {
                "n": range(number, number + events.height),
                "at": pl.from_epoch(events["at"], time_unit="us").dt.strftime(ISO),
                "order": events.select("order").join(ids, on="order", how="left", maintain_order="left")["id"],
                **{name: decode(events[name], texts) for name, texts in names.items()},
            }
        )
        if "started_at" in titles:
            starts = pl.from_epoch(events["started_at"], time_unit="us").dt.strftime(f'"{ISO}"')
            frame = frame.with_columns(starts.alias("started_at"))
        parts = [
            pl.when(pl.col(name).is_not_null()).then(
                pl.concat_str(pl.lit(f'{{"name":{json.dumps(title)},"value":'), name, pl.lit("}"))
            )
            for name, title in titles.items()
        ]
        attributes = pl.concat_str(parts, separator=",", ignore_nulls=True) if parts else pl.lit("")
        line = pl.concat_str(
            pl.lit('{"id":"e'), "n", pl.lit('","type":'), "stage", pl.lit(',"time":"'), "at",
            pl.lit('","attributes":['), attributes, pl.lit('],"relationships":[{"objectId":'), "order",
            pl.lit(',"qualifier":""}]}'),
        )  # fmt: skip
        lines = frame.select(line=line)["line"].to_list()
        if lines:
            file.write((",\n" if number else "\n").encode() + ",\n".join(lines).encode())
        number += events.height
        if progress is not None:
            progress(share)


def _quoted(texts: pl.Series) -> pl.Series:
    import polars as pl

    return pl.Series([json.dumps(text, ensure_ascii=False) for text in texts.to_list()], dtype=pl.String)


def _typed(series: pl.Series) -> tuple[str, list[Any], str | None]:
    """The OCEL type of an attribute, its values as JSON has them, and what it will be read as if that is another."""
    import polars as pl

    kind = series.dtype
    if kind == pl.Boolean:
        return "boolean", series.to_list(), None
    if kind.is_integer():
        return "integer", series.to_list(), None
    if kind.is_float():
        finite = series.is_finite().fill_null(True)
        values = [value if keep else None for value, keep in zip(series.to_list(), finite.to_list(), strict=True)]
        return "float", values, None if finite.all() else "Float64, missing"
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        aware = isinstance(kind, pl.Datetime) and kind.time_zone is not None
        moments = series.dt.convert_time_zone("UTC") if aware else series.cast(pl.Datetime("us"))
        return "time", moments.dt.strftime(ISO).to_list(), None if aware or not series.count() else "Datetime(UTC)"
    if kind == pl.String:
        return "string", series.to_list(), None
    return "string", one_kind(series).cast(pl.String).to_list(), "String" if series.count() else None
