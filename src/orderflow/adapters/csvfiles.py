"""CSV files as tables of texts: every field as it stands there, and the line of each row."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from itertools import dropwhile, islice
from typing import TYPE_CHECKING

from orderflow.adapters.columns import TABLES, rows, separator, to_utf8
from orderflow.adapters.files import read_bytes
from orderflow.adapters.given import LINES, LISTED, ROW, SHOWN, Asked, Given
from orderflow.adapters.kinds import numbered
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, Problem, problem, reason

if TYPE_CHECKING:
    import polars as pl

MAX_COLUMNS = 10_000  # beyond this the separator is wrong, or it is no table


def read_csv(path: str | os.PathLike[str], asked: Asked) -> Given:
    """The table in a CSV file: every field a text, an empty one missing, empty lines left out.

    Raises LogError: what `read_bytes` and `to_utf8` raise, no rows, NUL bytes, a damaged file, rows with more fields
    than the header (these are left out when the caller asked to skip).
    """
    import polars as pl

    file = os.fspath(path)
    content, guessed_encoding = to_utf8(read_bytes(path, asked.progress), asked.encoding, file)
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")  # as old programs end their lines
    _check(content, file)
    between = separator(content)
    title = TABLES[asked.table]
    assumptions = []
    if guessed_encoding:
        assumptions.append(reason("log.guessed_encoding", encoding=guessed_encoding, table=title))
    if between != ",":
        assumptions.append(reason("log.guessed_separator", separator=between, table=title))
    wrong: list[Problem] = []
    skip = asked.errors == "skip"
    try:
        frame = pl.read_csv(content, separator=between, infer_schema=False)
        if any('"' in name for name in frame.columns):  # polars leaves quotes within quotes doubled in the header
            frame.columns = numbered(next(row for _line, row in rows(content, between) if any(row)))
        frame = frame.with_row_index(ROW)
    except pl.exceptions.NoDataError:
        raise LogError([problem("log.no_rows", Place(file=file))]) from None
    except pl.exceptions.PolarsError:  # the standard library reads more, and knows the line of what it cannot read
        frame, wrong = _parse_slowly(content, between, file, skip=skip)
    if frame.width > MAX_COLUMNS:
        raise LogError([problem("log.too_many_columns", Place(file=file, line=1), count=frame.width, most=MAX_COLUMNS)])
    frame = frame.filter(pl.any_horizontal(pl.all().exclude(ROW).is_not_null()))
    if not frame.height and not wrong:
        raise LogError([problem("log.no_rows", Place(file=file))])
    if wrong and not skip and not frame.height:
        raise LogError(wrong)
    return Given(
        table=asked.table,
        file=file,
        frame=frame,
        number=lambda positions: _lines(content, between, positions),
        head=1,
        texts=True,
        assumptions=tuple(assumptions),
        skipped=tuple(wrong) if skip else (),
        lost=sum(item.params["count"] for item in wrong) if skip else 0,
        unread=() if skip else tuple(wrong),
    )


def _check(content: bytes, file: str) -> None:
    nul = content.find(b"\0")
    if nul >= 0:
        line = content.count(b"\n", 0, nul) + 1
        raise LogError([problem("log.nul_byte", Place(file=file, line=line))])


def _lines(content: bytes, between: str, positions: Sequence[int]) -> list[int]:
    """The lines on which the rows at these positions begin."""
    starts = (line for line, _row in dropwhile(_is_empty, rows(content, between)))
    next(starts)  # the header
    wanted = set(positions)
    return list(islice((line for position, line in enumerate(starts) if position in wanted), len(wanted)))


def _parse_slowly(content: bytes, between: str, file: str, *, skip: bool) -> tuple[pl.DataFrame, list[Problem]]:
    import polars as pl

    found = []
    try:
        for line, row in dropwhile(_is_empty, rows(content, between, strict=True)):
            found.append((line, row))
    except csv.Error as error:
        place = Place(file=file, line=found[-1][0] + 1 if found else 1)
        raise LogError([problem("log.broken_csv", place, detail=str(error))]) from None
    header = found[0][1]
    wrong = []
    if long := [line for line, row in found if len(row) > len(header)]:
        lines = long[: LISTED if skip else SHOWN]
        place = Place(file=file, line=long[0])
        wrong = [problem("log.long_rows", place, count=len(long), width=len(header), lines=lines, unit=LINES)]
    kept = [(n, row) for n, (_line, row) in enumerate(found[1:]) if len(row) <= len(header)]
    padded = [[n, *(cell or None for cell in row), *[None] * (len(header) - len(row))] for n, row in kept]
    names = numbered(header)
    schema = {ROW: pl.UInt32, **dict.fromkeys(names, pl.String)}
    return pl.DataFrame(padded, schema=schema, orient="row"), wrong


def _is_empty(row: tuple[int, list[str]]) -> bool:
    return not any(row[1])
