"""The bytes of files that hold histories: opened, unpacked within limits, and told apart by their names."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orderflow.adapters.given import Progress
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, problem, suggest

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

CHUNK = 1 << 20
GZIP = b"\x1f\x8b"
SQLITE = b"SQLite format 3\0"
# A gzip file may unpack to this many times its size, or to this many bytes. Logs as text shrink 10 to 60 times;
# a bomb about 1,000 times.
MOST_TIMES = 200
ALWAYS_ALLOWED = 256 << 20
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xes": "xes",
    ".json": "ocel",
    ".jsonocel": "ocel",
    ".ocel": "ocel",
}
FORMATS = ("csv", "parquet", "jsonl", "xes", "ocel")
PACKED = ("csv", "jsonl", "xes", "ocel")  # formats that may be packed with gzip


def format_of(path: str | os.PathLike[str], named: str | None = None) -> str:
    """The format of a file: the one that was named, else by its ending (`.gz` aside; a folder is Parquet).

    Raises LogError for an unknown format or ending, and for a path without a name.
    """
    from pathlib import Path

    if not os.fspath(path):  # it would be the folder one is in
        raise LogError.of("log.no_path")
    file = Path(path)
    if named is not None:
        if named not in FORMATS:
            raise LogError.of("log.unknown_format", format=named, known=FORMATS, suggestion=suggest(named, FORMATS))
        return named
    if file.is_dir():
        return "parquet"
    endings = [ending.lower() for ending in file.suffixes]
    if endings[-1:] == [".gz"]:
        endings.pop()
    found = SUFFIXES.get(endings[-1]) if endings else None
    if found is None or (file.suffix.lower() == ".gz" and found not in PACKED):
        raise LogError([problem("log.unknown_ending", Place(file=str(file)), known=FORMATS, endings=sorted(SUFFIXES))])
    return found


def format_to_read(path: str | os.PathLike[str], named: str | None = None) -> str:
    """The format of a file that is there, as `format_of` tells it.

    Where its ending tells nothing, LogError says what it is: not there at all, or a database of SQLite.
    """
    from pathlib import Path

    try:
        return format_of(path, named)
    except LogError:
        if not os.fspath(path) or named is not None:
            raise
        try:
            with Path(path).open("rb") as opened:
                database = opened.read(len(SQLITE)) == SQLITE
        except OSError as error:
            raise _cannot_open(path, error) from None
        if database:
            raise LogError([problem("log.is_sqlite", Place(file=os.fspath(path)))]) from None
        raise


def read_bytes(path: str | os.PathLike[str], progress: Progress | None = None) -> bytes:
    """The whole content of a file, unpacked. Raises LogError as `chunks` does."""
    return b"".join(chunks(path, progress))


def chunks(path: str | os.PathLike[str], progress: Progress | None = None) -> Iterator[bytes]:
    """The content of a file part by part; one that begins as gzip does is unpacked.

    Raises LogError: a file that cannot be opened, a gzip file that is cut off or damaged, or one that unpacks to
    far more than a log would.
    """
    from pathlib import Path

    try:
        with Path(path).open("rb") as opened:
            packed = opened.read(2) == GZIP
            opened.seek(0)
            parts = _parts(opened, Path(path).stat().st_size, progress)
            yield from _unpacked(parts, Path(path)) if packed else parts
    except OSError as error:
        raise _cannot_open(path, error) from None


def _cannot_open(path: str | os.PathLike[str], error: OSError) -> LogError:
    detail = error.strerror or type(error).__name__
    return LogError([problem("log.cannot_open", Place(file=os.fspath(path)), detail=detail)])


def _parts(opened: BinaryIO, size: int, progress: Progress | None) -> Iterator[bytes]:
    while part := opened.read(CHUNK):
        yield part
        if progress is not None and size:
            progress(min(1.0, opened.tell() / size))


def _unpacked(parts: Iterator[bytes], path: Path) -> Iterator[bytes]:
    place = Place(file=str(path))
    limit = max(ALWAYS_ALLOWED, MOST_TIMES * path.stat().st_size)
    total, machine = 0, zlib.decompressobj(wbits=31)
    try:
        for part in parts:
            rest = part
            while rest:
                if machine.eof:  # gzip files may be set one behind the other, with zeros as padding
                    rest = rest.lstrip(b"\0")
                    machine = zlib.decompressobj(wbits=31) if rest else machine
                    continue
                found = machine.decompress(rest, CHUNK)
                total += len(found)
                if total > limit:
                    raise LogError([problem("log.unpacks_too_large", place, times=MOST_TIMES, limit=limit >> 20)])
                yield found
                rest = machine.unused_data if machine.eof else machine.unconsumed_tail
    except zlib.error as error:
        raise LogError([problem("log.broken_gzip", place, detail=str(error))]) from None
    if not machine.eof:
        raise LogError([problem("log.cut_off_gzip", place, bytes=total)])
