"""CSV files larger than memory: made plain for polars to scan, without rows that do not fit, and the lines of rows."""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from orderflow.adapters.columns import TABLES, separator, to_utf8
from orderflow.adapters.files import chunks
from orderflow.adapters.given import LINES, LISTED, ROW, SHOWN
from orderflow.adapters.kinds import numbered
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, Problem, Reason, problem, reason

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

HEAD = 1 << 20  # bytes of a file by which its encoding, line ends and separator are told
BREAKS = r"\r\n|\r|\n"


@frozen(kw_only=True)
class Plain:
    """A CSV file in UTF-8 as polars scans it.

    - `path`: the file itself, or a copy. `file`: the one that was asked for.
    - `names`: its columns; `first`: the line in `file` on which the first row after them begins.
    - `told`: what was guessed.
    """

    path: Path
    file: str
    between: str
    names: tuple[str, ...]
    first: int
    told: tuple[Reason, ...] = ()

    def rows(self) -> pl.LazyFrame:
        """All rows, every field a text."""
        import polars as pl

        rows = pl.scan_csv(self.path, separator=self.between, infer_schema=False)
        found = rows.collect_schema().names()
        renamed = len(found) == len(self.names) and any('"' in name for name in found)
        # polars leaves quotes within quotes doubled in the header
        return rows.rename(dict(zip(found, self.names, strict=True))) if renamed else rows


def as_plain(path: Path, copy: Path, encoding: str | None) -> Plain:
    """The file as polars can scan it, or a copy that is written for that, and what was guessed.

    Raises LogError, as `read_csv`: what `chunks` and `to_utf8` raise, NUL bytes.
    """
    file = os.fspath(path)
    head = _beginning(path)
    content, guessed = to_utf8(_whole_lines(head, encoding) if len(head) >= HEAD else head, encoding, file)
    old = b"\n" not in content  # lines end as old programs end them
    if old:
        content = content.replace(b"\r", b"\n")
    between = separator(content)
    told = [reason("log.guessed_encoding", encoding=guessed, table=TABLES["events"])] if guessed else []
    if between != ",":
        told.append(reason("log.guessed_separator", separator=between, table=TABLES["events"]))
    named = guessed or encoding or "utf-8"  # a mark wins over a name
    used = codecs.lookup(named).name
    texts = _texts(path, used, named)
    with path.open("rb") as opened:
        as_it_is = used == "utf-8" and not old and opened.read(len(head)) == head
    if as_it_is and not head.startswith(codecs.BOM_UTF8):
        for _ in texts:  # only looked through
            pass
        copy = path
    else:
        with copy.open("w", encoding="utf-8", newline="") as target:
            target.writelines(text.replace("\r", "\n") if old else text for text in texts)
    names, first = _header(copy, between)
    return Plain(path=copy, file=file, between=between, names=names, first=first, told=tuple(told))


def without_long_rows(plain: Plain, copy: Path, *, skip: bool) -> tuple[Plain, list[Problem]]:
    """A copy with empty lines in the place of rows that have more fields than the header, and what is wrong with them.

    Slow: for a file that polars refuses. `skip`: these rows are to be left out. Raises LogError: a damaged file.
    """
    count, lines = 0, list[int]()
    with copy.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, delimiter=plain.between, lineterminator="\n")
        for line, row in _rows(plain):
            if len(row) > len(plain.names):
                count += 1
                lines += [line] if len(lines) < LISTED else []
                row = []
            writer.writerow(row)
    if not count:
        return evolve(plain, path=copy), []
    place, width = Place(file=plain.file, line=lines[0]), len(plain.names)
    shown = lines[: LISTED if skip else SHOWN]
    return evolve(plain, path=copy), [
        problem("log.long_rows", place, count=count, width=width, lines=shown, unit=LINES)
    ]


def lines_of(plain: Plain) -> Callable[[Sequence[int]], list[int]]:
    """From positions of rows to the lines on which they begin. Reads the file once, when first asked."""
    breaks: list[pl.DataFrame] = []

    def number(positions: Sequence[int]) -> list[int]:
        import polars as pl

        if not breaks:
            within = pl.sum_horizontal(pl.all().str.count_matches(BREAKS).fill_null(0)).cast(pl.Int64)
            counted = plain.rows().select(within.alias("breaks")).with_row_index(ROW).filter(pl.col("breaks") > 0)
            breaks.append(counted.collect(engine="streaming").sort(ROW))
        before = breaks[0].select(pl.col(ROW).cast(pl.Int64) + 1, pl.col("breaks").cum_sum())
        wanted = pl.DataFrame({ROW: pl.Series(positions, dtype=pl.Int64)})
        found = wanted.join_asof(before, on=ROW, strategy="backward", check_sortedness=False)
        return (found[ROW] + found["breaks"].fill_null(0) + plain.first).to_list()

    return number


def _beginning(path: Path) -> bytes:
    head = b""
    for chunk in chunks(path):
        head += chunk
        if len(head) >= HEAD:
            break
    return head


def _whole_lines(head: bytes, encoding: str | None) -> bytes:
    """The beginning up to the end of a line, so that no character is cut; of two bytes each in UTF-16."""
    cut = max(head.rfind(b"\n"), head.rfind(b"\r")) + 1
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or "16" in (encoding or "")
    return head[: cut + cut % 2] if wide else head[:cut]


def _texts(path: Path, used: str, named: str) -> Iterator[str]:
    """The file decoded part by part. Raises LogError, with the line: bytes that do not fit, NUL bytes."""
    decoder, line = codecs.getincrementaldecoder("utf-8-sig" if used == "utf-8" else used)(), 1
    file = os.fspath(path)
    for chunk, last in _with_end(path):
        try:
            text = decoder.decode(chunk, last)
        except UnicodeDecodeError as error:
            place = Place(file=file, line=line + error.object.count(b"\n", 0, error.start))
            byte = f"{error.object[error.start]:02x}"
            raise LogError([problem("log.wrong_encoding", place, encoding=named, byte=byte)]) from None
        if (nul := text.find("\0")) >= 0:
            raise LogError([problem("log.nul_byte", Place(file=file, line=line + text.count("\n", 0, nul)))])
        line += text.count("\n")
        yield text


def _with_end(path: Path) -> Iterator[tuple[bytes, bool]]:
    for chunk in chunks(path):
        yield chunk, False
    yield b"", True


def _rows(plain: Plain) -> Iterator[tuple[int, list[str]]]:
    """The header and the rows after it by the standard library, each with the line where it begins; strict."""
    line, begun = 1, False
    with plain.path.open(encoding="utf-8", newline="") as opened:
        reader = csv.reader(opened, delimiter=plain.between, strict=True)
        try:
            for row in reader:
                begun = begun or any(row)
                if begun:
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise LogError([problem("log.broken_csv", Place(file=plain.file, line=line), detail=str(error))]) from None


def _header(path: Path, between: str) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and the line after them; no names in a file without text."""
    with path.open(encoding="utf-8", newline="") as opened:
        reader = csv.reader(opened, delimiter=between)
        header = next((row for row in reader if any(row)), [])
        return tuple(numbered(header)), reader.line_num + 1
