"""Floor 3: what the host provides beside storage - people, loads, calendars - fetched for a decision that lacks it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from orderflow.model.actor import Person
from orderflow.model.calendar import WorkCalendar
from orderflow.model.clock import Clock
from orderflow.model.commands import Command
from orderflow.model.commit import Query
from orderflow.model.decision import Decision, Needs
from orderflow.model.errors import OrderflowError, Refused
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.order import to_attributes
from orderflow.model.state import State
from orderflow.plugins import Plugins
from orderflow.ports import DirectoryPort, Storage
from orderflow.rules.commit import external_tag
from orderflow.rules.compile import Program
from orderflow.rules.context import Context, NamedCalendar
from orderflow.rules.decide import decide
from orderflow.versions import Versions

CACHED = 1_000
ROUNDS = 8
_FIELDS = {
    "person": "people",
    "role": "roles",
    "team": "teams",
    "load": "loads",
    "calendar": "calendars",
    "digest": "digests",
    "program": "programs",
    "fact": "facts",
    "external": "externals",
}
_log = logging.getLogger("orderflow")


class Providers:
    """Asks the host. One that fails, or answers nonsense, gives no answer: it is logged, and the decision goes on."""

    def __init__(
        self,
        storage: Storage,
        directory: DirectoryPort | None,
        plugins: Plugins,
        versions: Versions,
        facts: Mapping[str, Callable[..., Any]] = EMPTY,
    ) -> None:
        self._storage = storage
        self._versions = versions
        self._directory = directory
        self._plugins = plugins
        self._facts = facts
        self._calendars: dict[tuple[str, date], NamedCalendar | None] = {}
        self._contents: dict[str, NamedCalendar] = {}

    def decide(self, program: Program, state: State, command: Command, context: Context) -> Decision:
        """The decision on a command, with what it needs fetched, in at most 8 rounds."""
        for _ in range(ROUNDS):
            answer = decide(program, state, command, context)
            if isinstance(answer, Decision):
                return answer
            context = self.fetch(context, answer)
        raise OrderflowError(f"{state.stream}: a decision still lacked values after {ROUNDS} rounds")

    def fetch(self, context: Context, needs: Needs) -> Context:
        """The context with what was missing."""
        found: dict[str, dict[Any, Any]] = {field: {} for field in _FIELDS.values()}
        loads = [need.name for need in needs.missing if need.kind == "load"]
        found["loads"] |= self._storage.loads(loads) if loads else {}
        for need in needs.missing:
            if need.kind == "calendar":
                found["calendars"][need.name] = self.calendar(need.name, context.now)
            elif need.kind == "digest":
                found["digests"][need.name] = self._contents.get(need.name) or self._versions.calendar_with(need.name)
            elif need.kind == "program":
                found["programs"][need.name] = self._versions.get(need.name)
            elif need.kind == "fact":
                found["facts"][need.name, need.subjects] = self.fact(need.name, need.subjects)
            elif need.kind == "external":
                system = need.subjects["system"]
                found["externals"][system, need.name] = self.external(system, need.name)
            elif need.kind == "person":
                found["people"][need.name] = self.person(need.name)
            elif need.kind != "load":
                found[_FIELDS[need.kind]][need.name] = self._group(need.kind, need.name)
        merged: dict[str, Any] = {field: {**getattr(context, field), **more} for field, more in found.items() if more}
        return attrs.evolve(context, **merged)

    def person(self, id: str) -> Person | None:
        """The person with this id; without a directory everybody exists."""
        if self._directory is None:
            return Person(id=id)
        try:
            answer = self._directory.person(id)
            if answer is None or isinstance(answer, Person):
                return answer
            raise TypeError(f"person({id!r}) answered {answer!r}, not a Person or None")
        except Exception:  # noqa: BLE001 - the host's code may raise anything; it is logged with its trace
            _log.exception("the directory failed on person %r; decided without it", id)
            return None

    def fact(self, name: str, subjects: Mapping[str, Any]) -> Any:
        """What the host, or a plugin, answers to a question of a condition; None where nobody knows."""
        try:
            known = self._facts.get(name)
            answer = self._plugins.fact(name, subjects) if known is None else known(**subjects)
            return to_attributes({name: answer}).get(name)  # the kinds of values that conditions and events take
        except Exception:  # noqa: BLE001 - the host's code may raise anything; it is logged with its trace
            _log.exception("the fact %r about %r was not answered; decided without it", name, dict(subjects))
            return None

    def external(self, system: str, id: str) -> str | None:
        """The order that another system knows under an id, or None. Raises `Refused` where there are several."""
        rows = self._storage.find(Query(tags=FrozenMap({external_tag(system, id): ""}), limit=2))
        if len(rows) > 1:
            raise Refused.of("external_ambiguous", system=system, id=id, orders=tuple(row.stream.id for row in rows))
        return rows[0].stream.id if rows else None

    def _group(self, kind: str, name: str) -> tuple[Person, ...]:
        """Everybody with a role or in a team; without a directory nobody."""
        if self._directory is None:
            return ()
        try:
            found = tuple(self._directory.with_role(name) if kind == "role" else self._directory.in_team(name))
            if all(isinstance(person, Person) for person in found):
                return found
            raise TypeError(f"{kind} {name!r} was answered with {found!r}, not with people")
        except Exception:  # noqa: BLE001 - the host's code may raise anything; it is logged with its trace
            _log.exception("the directory failed on %s %r; decided without it", kind, name)
            return ()

    def calendar(self, name: str, now: datetime) -> NamedCalendar | None:
        """The calendar that a plugin provides under a name, asked for once a day of the clock; None when none does."""
        key = (name, now.date())
        if key not in self._calendars:
            try:
                found = self._plugins.calendar(name, tuple(range(now.year - 1, now.year + 3)))
                if found is not None and not isinstance(found, WorkCalendar):
                    raise TypeError(f"the calendar {name!r} was answered with {found!r}, not with a WorkCalendar")
            except Exception:  # noqa: BLE001 - a plugin may raise anything; it is logged with its trace
                _log.exception("no plugin gave the calendar %r; decided without it", name)
                return None
            if len(self._calendars) > CACHED:
                self._calendars.clear()
                self._contents.clear()
            named = None if found is None else NamedCalendar(name, found, found.digest)
            self._calendars[key] = named
            if named is not None:
                self._contents[named.digest] = named
        return self._calendars[key]

    def calendars(self, program: Program, clocks: tuple[Clock, ...], now: datetime) -> dict[str, WorkCalendar]:
        """The calendars by which clocks count, by the recorded names; the recorded content where it is still known."""
        found = {name: item.calendar for name, item in program.calendars.items()}
        for clock in clocks:
            if clock.calendar is not None and clock.calendar not in found:
                named = self._contents.get(clock.digest or "") or self.calendar(clock.calendar, now)
                if named is not None:
                    found[clock.calendar] = named.calendar
            if clock.kept and clock.digest is not None:
                kept = self._contents.get(clock.digest) or self._versions.calendar_with(clock.digest)
                if kept is not None:
                    found[clock.digest] = kept.calendar
        return found
