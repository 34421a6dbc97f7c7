"""Parquet files and folders of them: which files belong to a history, and what their folders say about the rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from attrs import frozen

from orderflow.adapters.about import About, about_parquet
from orderflow.adapters.kinds import recognised
from orderflow.model.errors import LogError
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.reasons import Place, Reason, problem, reason

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

ENDINGS = (".parquet", ".pq")
NOTHING = "__HIVE_DEFAULT_PARTITION__"  # how Hive and Spark name the folder of rows without a value


@frozen(kw_only=True, eq=False)
class Files:
    """The Parquet files of a history.

    - `path`: the file or folder that was asked for. `files`: in the order of their names.
    - `columns`: the values that folders named `column=value` give the rows of each file.
    """

    path: str
    files: tuple[Path, ...]
    columns: FrozenMap[tuple[str | None, ...]] = EMPTY
    passed_over: tuple[str, ...] = ()

    def scan(self) -> pl.LazyFrame:
        """All rows, in order; columns of folders are behind those of the files, which count where both have one."""
        import polars as pl

        if not self.columns:
            return pl.scan_parquet(list(self.files))
        values = {name: recognised(pl.Series(name, texts, dtype=pl.String)) for name, texts in self.columns.items()}
        parts = []
        for n, file in enumerate(self.files):
            rows = pl.scan_parquet(file)
            own = rows.collect_schema()
            added = [pl.lit(v[n], dtype=v.dtype).alias(name) for name, v in values.items() if name not in own]
            parts.append(rows.with_columns(added))
        return pl.concat(parts)

    def about(self) -> tuple[About, list[Reason]]:
        """What the files say about the log, and what is to be told of the folders."""
        about, told = about_parquet(self.files)
        if self.columns:
            told = [*told, reason("log.columns_of_folders", columns=list(self.columns))]
        if self.passed_over:
            told = [*told, reason("log.files_passed_over", count=len(self.passed_over), names=self.passed_over)]
        return about, told


def parquet_files(path: str | os.PathLike[str]) -> Files:
    """A Parquet file, or all below a folder (`.parquet`, `.pq`, in any case) in the order of their names.

    Names that begin with `_` or `.` are not of the history, as for Spark and Hive: they are what a writer left
    (`_temporary`). Raises LogError for a folder without such files.
    """
    from pathlib import Path

    root = Path(path)
    if not root.is_dir():
        return Files(path=os.fspath(path), files=(root,))
    found = sorted(file for file in root.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    files = [file for file in found if not any(map(_is_hidden, file.relative_to(root).parts))]
    if not files:
        raise LogError([problem("log.no_parquet_in_folder", Place(file=os.fspath(path)))])
    pairs = [dict(_pair(part) for part in file.relative_to(root).parts[:-1] if "=" in part) for file in files]
    names = dict.fromkeys(name for pair in pairs for name in pair)
    return Files(
        path=os.fspath(path),
        files=tuple(files),
        columns=FrozenMap({name: tuple(pair.get(name) for pair in pairs) for name in names}),
        passed_over=tuple(os.fspath(file.relative_to(root)) for file in found if file not in set(files)),
    )


@contextmanager
def parquet_errors(file: str | None) -> Iterator[None]:
    """Errors of the system and of polars as LogErrors that name the file."""
    import polars as pl

    place = None if file is None else Place(file=file)
    try:
        yield
    except OSError as error:
        detail = error.strerror or first_line(error)
        raise LogError([problem("log.cannot_open", place, detail=detail)]) from None
    except pl.exceptions.PolarsError as error:
        raise LogError([problem("log.broken_parquet", place, detail=first_line(error))]) from None


def first_line(error: Exception) -> str:
    """What an error says first, in at most 200 characters."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def _pair(folder: str) -> tuple[str, str | None]:
    name, _sign, value = folder.partition("=")
    return unquote(name), None if value == NOTHING else unquote(value)
