"""From what the caller named (a file, a folder, a database, a frame) to the reader of its format."""

from __future__ import annotations

import os
from typing import Any

from orderflow.adapters.csvfiles import read_csv
from orderflow.adapters.files import format_to_read
from orderflow.adapters.frames import is_frame, read_frame, read_parquet
from orderflow.adapters.given import Asked, Given
from orderflow.adapters.jsonlines import read_jsonl
from orderflow.adapters.ocel import read_ocel
from orderflow.adapters.queries import is_database, read_query
from orderflow.adapters.xes import read_xes
from orderflow.model.errors import LogError


def open_source(source: Any, form: str | None, asked: Asked) -> tuple[Given, Given | None]:
    """The table of events of a source, and its table of orders when the format has one of its own (XES, OCEL).

    Raises LogError for a source of a kind that cannot be read, and what the readers raise.
    """
    if is_frame(source):
        return read_frame(source, asked), None
    if is_database(source):
        return read_query(source, asked), None
    if not isinstance(source, str | os.PathLike):
        raise LogError.of("log.unknown_source", kind=type(source).__name__)
    kind = format_to_read(source, form)
    if kind == "xes":
        return read_xes(source, asked)
    if kind == "ocel":
        return read_ocel(source, asked)
    readers = {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet}
    return readers[kind](source, asked), None
