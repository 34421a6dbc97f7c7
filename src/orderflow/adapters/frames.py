"""Frames of any library that speaks the Arrow PyCapsule interface, and Parquet, as tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from orderflow.adapters.given import Asked, Given, rows_of
from orderflow.adapters.parquet import first_line, parquet_errors, parquet_files
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, problem


def is_frame(source: Any) -> bool:
    """Whether this is a frame that can be read, or columns by name."""
    return isinstance(source, Mapping) or any(
        hasattr(source, name) for name in ("__arrow_c_stream__", "collect_schema")
    )


def read_frame(source: Any, asked: Asked) -> Given:
    """The table in a frame (polars, pandas, pyarrow, duckdb …), or in a mapping of names to columns.

    Rows are counted from 1. Raises LogError (`log.no_rows`, `log.unreadable_frame`).
    """
    import polars as pl

    try:
        frame = source.collect() if isinstance(source, pl.LazyFrame) else pl.DataFrame(source)
    except (pl.exceptions.PolarsError, TypeError, ValueError, ImportError) as error:
        kind = type(source).__name__
        raise LogError.of("log.unreadable_frame", kind=kind, detail=first_line(error)) from error
    if not frame.height:
        raise LogError.of("log.no_rows")
    return rows_of(frame, asked, None)


def read_parquet(path: str | os.PathLike[str], asked: Asked) -> Given:
    """The table in a Parquet file, or in all Parquet files below a folder, in the order of their names; folders named
    `column=value` give a column.

    Rows are counted from 1 over all files. Raises LogError: a path that cannot be opened, a file that is no Parquet
    or is damaged, files whose columns differ, no rows.
    """
    found = parquet_files(path)
    with parquet_errors(found.path):
        frame = found.scan().collect()
        about, told = found.about()
    if not frame.height:
        raise LogError([problem("log.no_rows", Place(file=found.path))])
    return evolve(rows_of(frame, asked, found.path, assumptions=told), about=about)
