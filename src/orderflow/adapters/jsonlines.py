"""JSON lines as tables: one object a line, its keys the columns."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from orderflow.adapters.columns import TABLES, to_utf8
from orderflow.adapters.files import read_bytes
from orderflow.adapters.given import LISTED, ROW, SHOWN, Asked, Given
from orderflow.adapters.kinds import EXACT, column
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, Problem, problem, reason

if TYPE_CHECKING:
    import polars as pl

NULLS = (b'":null', b'": null', b'" :null', b'" : null')


def read_jsonl(path: str | os.PathLike[str], asked: Asked) -> Given:
    """The table in a file of JSON lines: the columns are all keys that occur; empty lines are left out.

    - Numbers keep all their digits; a column with lists or objects holds them as they stand.
    - Raises LogError: what `read_bytes` and `to_utf8` raise, no rows, and lines that are no JSON object, that have a
      key twice or half a character (these are left out when the caller asked to skip).
    """
    import polars as pl

    file = os.fspath(path)
    content, guessed_encoding = to_utf8(read_bytes(path, asked.progress), asked.encoding, file)
    told = [reason("log.guessed_encoding", encoding=guessed_encoding, table=TABLES[asked.table])]
    wrong: list[Problem] = []
    skip = asked.errors == "skip"
    if not content.strip():
        raise LogError([problem("log.no_rows", Place(file=file))])
    try:
        frame = pl.read_ndjson(content, infer_schema_length=None)
    except pl.exceptions.PolarsError:  # the standard library knows the line of what is wrong, and mixed kinds
        frame = None
    if frame is None or _doubtful(frame, content):
        frame, wrong = _parse_slowly(content, file, skip=skip)
    else:
        frame = frame.with_row_index(ROW)
    if wrong and not skip and not frame.height:
        raise LogError(wrong)
    return Given(
        table=asked.table,
        file=file,
        frame=frame,
        number=lambda positions: _lines(content, positions),
        assumptions=tuple(told) if guessed_encoding else (),
        skipped=tuple(wrong) if skip else (),
        lost=sum(item.params["count"] for item in wrong) if skip else 0,
        unread=() if skip else tuple(wrong),
    )


def _doubtful(frame: pl.DataFrame, content: bytes) -> bool:
    """Whether polars may have read something else than what stands there.

    It takes the first of two values of a key, a NUL for half a character (a lone surrogate), the nearest float for
    whole numbers beside decimals, and all keys of a column for each object.
    """
    if any(kind.is_nested() for kind in frame.dtypes):
        return True
    if b"\\" in content and b"\\ud" in content.lower():
        return True
    if any((frame[name].abs() >= EXACT).any() for name, kind in frame.schema.items() if kind.is_float()):
        return True
    # Each value has one key before it; a text that looks like a key makes the count too large, which costs only time.
    keys = content.count(b'":') + content.count(b'" :')
    values = frame.height * frame.width - sum(frame.null_count().row(0))
    nulls = sum(content.count(form) for form in NULLS) if b"null" in content else 0
    return bool(keys != values + nulls or (nulls and _key_twice(frame.columns, content)))


def _key_twice(names: Sequence[str], content: bytes) -> bool:
    """Whether a line with a null may have a key twice: of these the count of values says nothing."""
    import polars as pl

    lines = pl.Series([content.decode()]).str.split("\n").explode()
    lines = lines.filter(lines.str.contains(r'"\s?:\s?null'))
    forms = [rf"{re.escape(json.dumps(name, ensure_ascii=False))}\s*:" for name in names]
    return any((lines.str.count_matches(form) > 1).any() for form in forms)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these keys and values. Raises ValueError for a key that occurs twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} occurs twice")
    return found


def _parsed(line: bytes) -> Any:
    """What a line says. Raises ValueError for what is no JSON, for a key twice and for half a character."""
    found = json.loads(line, object_pairs_hook=_once)
    if b"\\ud" in line.lower():
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("half a character (a lone surrogate)") from None
    return found


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
            found = _parsed(line)
        except (ValueError, RecursionError) as error:
            found, why = None, why or _why(error)
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
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: column([row.get(name) for row in rows]) for name in names}
    return pl.DataFrame({ROW: pl.Series(kept, dtype=pl.UInt32), **columns}), wrong


def _why(error: Exception) -> str:
    """What is wrong with a line, in the words of the standard library."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error).partition(";")[0]
