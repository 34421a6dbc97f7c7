"""What `decide` may know besides the state: values that the shell fetched, and a way to ask for those it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from orderflow.model.actor import Person
from orderflow.model.calendar import WorkCalendar
from orderflow.model.decision import Need
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.pilots import Pilot
from orderflow.model.reasons import Reason


@frozen
class NamedCalendar:
    """A calendar under the name by which it is recorded, with the digest of its content."""

    name: str
    calendar: WorkCalendar
    digest: str


class Missing(Exception):
    """Raised inside a decision when values are missing; `decide` turns it into `Needs`. Never leaves `rules`."""

    def __init__(self, *needs: Need) -> None:
        self.needs = needs


@frozen(kw_only=True)
class Context:
    """The values of one decision.

    - `now`: the instant at which it is made. `tenant`: whose storage it goes to.
    - `people`: id -> Person, or None where the directory knows nobody of that id.
    - `calendars`: name -> calendar, or None where nobody provides it.
    - `digests`: digest -> an older content of a calendar, or None where it is not known any more.
    - `recording`: False when somebody only looks: what time did is found, and nothing is set anew.
    - `facts`: (name, subjects) -> the host's answer, or None where nobody answers.
    - `externals`: (system, id) -> the order that has this id there, or None.
    - `chosen`: why the flow of a new order was chosen, where it was.
    - `digest`: of the command, when the caller has it already.
    - `roles`, `teams`: name -> everybody who has or is in it. `loads`: id -> number of open orders owned.
    - `programs`: fingerprint -> another version's Program, or None where no such version is recorded.
    - `pilot`: the pilot through which an order that is placed gets its version, if any.
    """

    now: datetime
    tenant: str = "main"
    people: Mapping[str, Person | None] = EMPTY
    roles: Mapping[str, tuple[Person, ...]] = EMPTY
    teams: Mapping[str, tuple[Person, ...]] = EMPTY
    loads: Mapping[str, int] = EMPTY
    calendars: Mapping[str, NamedCalendar | None] = EMPTY
    digests: Mapping[str, NamedCalendar | None] = EMPTY
    facts: Mapping[tuple[str, FrozenMap[Any]], Any] = field(factory=dict)
    externals: Mapping[tuple[str, str], str | None] = field(factory=dict)
    chosen: Reason | None = None
    programs: Mapping[str, Any] = EMPTY
    pilot: Pilot | None = None
    digest: str | None = None
    recording: bool = True

    def person(self, id: str) -> Person | None:
        """The person with this id, or None when there is none."""
        found: Person | None = _get(self.people, "person", id)
        return found

    def with_role(self, role: str) -> tuple[Person, ...]:
        """Everybody who has the role."""
        found: tuple[Person, ...] = _get(self.roles, "role", role)
        return found

    def in_team(self, team: str) -> tuple[Person, ...]:
        """Everybody in the team."""
        found: tuple[Person, ...] = _get(self.teams, "team", team)
        return found

    def calendar(self, name: str) -> NamedCalendar | None:
        """The calendar that the host provides under this name, or None."""
        found: NamedCalendar | None = _get(self.calendars, "calendar", name)
        return found

    def calendar_with(self, digest: str) -> NamedCalendar | None:
        """The calendar that had this content, or None when it is not known any more."""
        found: NamedCalendar | None = _get(self.digests, "digest", digest)
        return found

    def program(self, fingerprint: str) -> Any:
        """The Program of a version, or None; `rules/compile.py`, which has the type, stands above this file."""
        return _get(self.programs, "program", fingerprint)

    def fact(self, name: str, subjects: FrozenMap[Any]) -> Any:
        """What the host answers to a question about these subjects; None is *unknown*."""
        if (name, subjects) not in self.facts:
            raise Missing(Need("fact", name, subjects))
        return self.facts[name, subjects]

    def external(self, system: str, id: str) -> str | None:
        """The order that is known to a system under this id, or None."""
        if (system, id) not in self.externals:
            raise Missing(Need("external", id, FrozenMap(system=system)))
        return self.externals[system, id]

    def loads_of(self, people: tuple[Person, ...]) -> dict[str, int]:
        """How many open orders each of them owns."""
        missing = [Need("load", person.id) for person in people if person.id not in self.loads]
        if missing:
            raise Missing(*missing)
        return {person.id: self.loads[person.id] for person in people}


def _get(values: Mapping[str, Any], kind: str, name: str) -> Any:
    try:
        return values[name]
    except KeyError:
        raise Missing(Need(kind, name)) from None
