"""Files that appear only when they are complete."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, packed when its name ends in `.gz`; it takes the place of `path` when all went well.

    - Until then it stands beside under a name that no file had. A file that was there gives its permissions on; a link
      stays, and what it leads to is replaced.
    - What is no regular file (a pipe, a device) is written to as it is: nothing takes its place.
    - Raises OSError that names `path`; then nothing is left beside it.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as node, _packed(path, node) as file:
                yield file
            return
        with _beside(target) as plain, _packed(path, plain) as file:
            yield file
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from error


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one place, there or not."""
    return os.path.realpath(one) == os.path.realpath(other)


@contextmanager
def _beside(target: Path) -> Iterator[IO[bytes]]:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    beside, plain = _new(target, 0o666 if mode is None else mode)
    try:
        with plain:
            yield plain
        if mode is not None:
            beside.chmod(mode)  # the mask of the process may have taken some of it
        os.replace(beside, target)  # noqa: PTH105 - one call for both systems, and atomic
    finally:
        beside.unlink(missing_ok=True)


def _new(target: Path, mode: int) -> tuple[Path, IO[bytes]]:
    """A file beside another one, opened; one that is there already, whoever has it, is left alone."""
    for n in count(1):
        beside = target.with_name(f".{target.name[:100]}.{n}.part")
        try:
            number = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), mode)
        except FileExistsError:
            continue
        return beside, os.fdopen(number, "wb")
    raise AssertionError("a count has no end")


@contextmanager
def _packed(path: Path, plain: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix.lower() != ".gz":
        yield plain
        return
    with gzip.GzipFile("", "wb", 6, plain, mtime=0) as packed:
        yield packed  # type: ignore[misc]  # a GzipFile is a binary file, though not an IO by name
