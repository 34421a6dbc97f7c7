"""JSON lines as tables: one object a line, its keys the columns."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from orderflow.adapters.columns import TABLES, to_utf8
from orderflow.adapters.files import read_bytes
from orderflow.adapters.given import LISTED, ROW, SHOWN, Asked, Given
from orderflow.adapters.kinds import column
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, Problem, problem, reason

if TYPE_CHECKING:
    import polars as pl


def read_jsonl(path: str | os.PathLike[str], asked: Asked) -> Given:
    """The table in a file of JSON lines: the columns are all keys that occur; empty lines are left out.

    Raises LogError: what `read_bytes` and `to_utf8` raise, no rows, and lines that are no JSON object (these are
    left out when the caller asked to skip).
    """
    import polars as pl

    file = os.fspath(path)
    content, guessed_encoding = to_utf8(read_bytes(path, asked.progress), asked.encoding, file)
    told = [reason("log.guessed_encoding", encoding=guessed_encoding, table=TABLES[asked.table])]
    wrong: list[Problem] = []
    if not content.strip():
        raise LogError([problem("log.no_rows", Place(file=file))])
    try:
        frame = pl.read_ndjson(content, infer_schema_length=None).with_row_index(ROW)
    except pl.exceptions.PolarsError:  # the standard library knows the line of what is wrong, and mixed kinds
        frame, wrong = _parse_slowly(content, file, skip=asked.errors == "skip")
    return Given(
        table=asked.table,
        file=file,
        frame=frame,
        number=lambda positions: _lines(content, positions),
        assumptions=tuple(told) if guessed_encoding else (),
        skipped=tuple(wrong),
        lost=sum(item.params["count"] for item in wrong),
    )


def _full(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers."""
    return ((n, line) for n, line in enumerate(content.split(b"\n"), 1) if line.strip())


def _lines(content: bytes, positions: Sequence[int]) -> list[int]:
    wanted = set(positions)
    numbers = (n for position, (n, _line) in enumerate(_full(content)) if position in wanted)
    return list(islice(numbers, len(wanted)))


def _parse_slowly(content: bytes, file: str, *, skip: bool) -> tuple[pl.DataFrame, list[Problem]]:
    import polars as pl

    rows: list[dict[str, Any]] = []
    kept, bad, why = [], [], ""
    for position, (number, line) in enumerate(_full(content)):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            found, why = None, why or (error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__)
        if isinstance(found, dict):
            rows.append(found)
            kept.append(position)
        else:
            why = why or "an object was expected"
            bad.append(number)
    wrong = []
    if bad:
        lines = bad[: LISTED if skip else SHOWN]
        wrong = [
            problem("log.broken_json_lines", Place(file=file, line=bad[0]), count=len(bad), lines=lines, detail=why)
        ]
        if not skip:
            raise LogError(wrong)
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: column([row.get(name) for row in rows]) for name in names}
    return pl.DataFrame({ROW: pl.Series(kept, dtype=pl.UInt32), **columns}), wrong
