"""States: what was saved last on a shelf, and the rules by which two processes on one shelf do each other no harm."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Any

from orderflow.metrics.folder import Folder, Shelf
from orderflow.metrics.packing import pack, unpack
from orderflow.model.errors import LogError

STATE = "running"  # the entry that says which state counts: small, so that it is asked often
OURS = re.compile(r"running|state-[0-9a-f]{20}|segment-[0-9a-f]{20}\.(?:log|ids|[0-9a-f]{16})")


class States:
    """The states on a shelf, of which the entry `running` names the one that counts, with its generation.

    - A state can be replaced only by who loaded or saved it: then no state is lost that somebody else has saved.
    - Entries are deleted only after the new state is in its place, and only those that were there before it was:
      what another process lays down on the new state is never among them. Files with other names are never touched.
    - Entries are named by their content, and never written over with another one.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._ours: set[bytes | None] = {None}  # what `running` may say when nobody else has saved

    @property
    def place(self) -> str:
        """Where this is, for messages."""
        return str(self.shelf.path) if isinstance(self.shelf, Folder) else type(self.shelf).__name__

    @property
    def saved(self) -> bool:
        """Whether there is a state on the shelf, whoever saved it."""
        return STATE in self.shelf

    def moved(self) -> bool:
        """Whether somebody else has saved here since this state was loaded or saved."""
        return self._pointer() not in self._ours

    def adopt(self) -> None:
        """Take what is there as our own, whatever it is: it may be replaced."""
        self._ours = {self._pointer()}

    def clear_unfinished(self) -> None:
        """Remove what crashes left of entries that were being written."""
        if isinstance(self.shelf, Folder):
            self.shelf.clear_unfinished(OURS)

    def load(self) -> dict[str, Any]:
        """The state that counts. Raises LogError (`log.nothing_saved`, `log.entry_missing`, `log.entry_damaged`)."""
        self.adopt()
        (pointer,) = self._ours
        if pointer is None:
            raise LogError.of("log.nothing_saved", name=STATE)
        try:
            name, _ = self._named(pointer)
            state: dict[str, Any] = self.read(name)
        except LogError:
            if not self.moved():
                raise
            return self.load()  # replaced between the two reads
        return state

    def save(self, state: dict[str, Any], needed: set[str], cached: Iterable[str], present: set[str]) -> None:
        """Make this the state that counts, then delete what it does not name.

        - `needed`: the entries that it names; `cached`: further ones to be kept; `present`: all that were there before.
        - Raises LogError and changes nothing: somebody else has saved meanwhile (`log.saved_elsewhere`), an entry that
          the state needs is gone (`log.entry_missing`).
        """
        if self.moved():
            raise LogError.of("log.saved_elsewhere", shelf=self.place)
        if missing := needed - present:
            raise self.lost(min(missing))
        content, before = pack(state), self._pointer()
        name = f"state-{sha256(content).hexdigest()[:20]}"
        self.shelf[name] = content
        pointer = pack([name, 1 + (0 if before is None else self._named(before)[1])])
        if self.moved():
            raise LogError.of("log.saved_elsewhere", shelf=self.place)
        self._ours.add(pointer)  # counts as ours also where the shelf fails after it was put in its place
        self.shelf[STATE] = pointer
        self._ours = {pointer}
        for entry in present - needed - {*cached, name, STATE}:
            if OURS.fullmatch(entry):
                self.discard(entry)

    def copy(self, entries: Iterable[str], shelf: Shelf) -> set[str]:
        """Copy entries to another shelf; what is there then. Raises LogError where one is not here (`lost`)."""
        for entry in set(entries) - set(shelf):
            try:
                shelf[entry] = self.shelf[entry]
            except KeyError:
                raise self.lost(entry) from None
        return set(shelf)

    def read(self, entry: str) -> Any:
        """What was packed into an entry.

        Raises LogError that says what to do: the entry is not there (`log.entry_missing`; `log.loaded_before` when
        another process has saved meanwhile), or cannot be read (`log.entry_damaged`).
        """
        try:
            return unpack(self.shelf[entry])
        except KeyError:
            raise self.lost(entry) from None
        except LogError as error:
            detail = error.problems[0].params.get("detail", "")
            raise LogError.of("log.entry_damaged", name=entry, shelf=self.place, detail=detail) from None

    def lost(self, entry: str) -> LogError:
        """The error for an entry that is not there."""
        code = "log.loaded_before" if self.moved() else "log.entry_missing"
        error: LogError = LogError.of(code, name=entry, shelf=self.place)
        return error

    def discard(self, entry: str) -> None:
        """Delete an entry. One that cannot be deleted now, goes with a later state: the shelf is right all the same."""
        with suppress(KeyError, OSError):
            del self.shelf[entry]

    def _pointer(self) -> bytes | None:
        return self.shelf.get(STATE)

    def _named(self, pointer: bytes) -> tuple[str, int]:
        """The entry with the state, and its generation."""
        try:
            name, generation = unpack(pointer)
            return str(name), int(generation)
        except (LogError, ValueError, TypeError) as error:
            raise LogError.of("log.entry_damaged", name=STATE, shelf=self.place, detail=str(error)) from None
