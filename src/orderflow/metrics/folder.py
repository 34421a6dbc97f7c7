"""A folder as a mapping from names to bytes: where running totals and the like are kept between processes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

from orderflow.model.errors import LogError

Shelf = MutableMapping[str, bytes]
Place = Shelf | str | os.PathLike[str]
UNFINISHED = ".part"
TRIES = 3  # to write an entry, where another process clears away what it takes for a leftover


def put(beside: Path, target: Path) -> None:
    """Put a file that was written beside in its place, on disk before it counts: a crash leaves the old or the new."""
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(target)
    if os.name == "posix":  # elsewhere a folder cannot be opened, and its names are on disk by themselves
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def shelf_of(place: Place) -> Shelf:
    """The mapping itself, or the folder at a path."""
    return Folder(place) if isinstance(place, str | os.PathLike) else place


def same_place(a: Shelf, b: Shelf) -> bool:
    """Whether both are one mapping, or one folder by whatever path."""
    return a is b or (isinstance(a, Folder) and isinstance(b, Folder) and a.path.resolve() == b.path.resolve())


class Folder(MutableMapping[str, bytes]):
    """The files of a folder by name. The folder is made by the first entry that is written.

    - An entry is written beside and then put in its place, on disk (fsync) before it counts: a crash leaves the old
      one or the new one, never a half.
    - Names are those of files, without a way to another folder (ValueError); reading one that is not there is a
      KeyError, any other trouble of the file system its OSError.
    - Raises LogError (`log.no_folder`) when the path is that of a file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_dir():
            raise LogError.of("log.no_folder", path=str(self.path))

    def __repr__(self) -> str:
        return f"Folder({str(self.path)!r})"

    def __getitem__(self, name: str) -> bytes:
        try:
            return self._file(name).read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, content: bytes) -> None:
        target = self._file(name)
        self.path.mkdir(parents=True, exist_ok=True)
        # each process has its own file beside, so that two that write one entry do not write into one file
        beside = target.with_name(f"{target.name}.{os.getpid()}{UNFINISHED}")
        for left in reversed(range(TRIES)):
            try:
                beside.write_bytes(content)
                put(beside, target)
                return
            except FileNotFoundError:
                if not left:
                    raise
            except OSError:
                beside.unlink(missing_ok=True)
                raise

    def __delitem__(self, name: str) -> None:
        try:
            self._file(name).unlink()
        except FileNotFoundError:
            raise KeyError(name) from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._file(name).is_file()

    def __iter__(self) -> Iterator[str]:
        if not self.path.is_dir():
            return iter(())
        return (item.name for item in sorted(self.path.iterdir()) if item.is_file() and item.suffix != UNFINISHED)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear_unfinished(self, names: re.Pattern[str]) -> None:
        """Remove what a crash left of entries with such names; files with other names are not ours to touch."""
        left = re.compile(rf"(?:{names.pattern})(?:\.\d+)?{re.escape(UNFINISHED)}")
        for file in self.path.glob(f"*{UNFINISHED}"):
            if left.fullmatch(file.name):
                with suppress(OSError):  # who only reads may have no right to, and need not
                    file.unlink()

    def _file(self, name: str) -> Path:
        if name in ("", ".", "..") or name != Path(name).name or name.endswith(UNFINISHED):
            raise ValueError(f"{name!r} is not the name of a file in a folder")
        return self.path / name
