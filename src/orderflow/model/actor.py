"""Who acts and who exists: actors, people, teams, and the directory as a value."""

from __future__ import annotations

from typing import Any, Literal, get_args

from attrs import field, frozen
from attrs.validators import optional

from orderflow.model.errors import InvalidValue
from orderflow.model.frozen import as_names, as_tuple
from orderflow.model.order import is_id
from orderflow.model.reasons import shown, suggest

ActorKind = Literal["person", "automation", "system", "customer", "external"]


@frozen(kw_only=True)
class Actor:
    """Who gave a command. `on_behalf_of` is the person whose place a deputy took."""

    kind: ActorKind = field()
    id: str = field(validator=is_id)
    on_behalf_of: str | None = field(default=None, validator=optional(is_id))

    @kind.validator
    def _check_kind(self, attribute: Any, value: Any) -> None:
        kinds = get_args(ActorKind)
        if value not in kinds:
            raise InvalidValue.of("bad_actor", value=shown(value), known=kinds, suggestion=suggest(shown(value), kinds))

    @classmethod
    def person(cls, id: str, *, on_behalf_of: str | None = None) -> Actor:
        """Somebody in the directory."""
        return cls(kind="person", id=id, on_behalf_of=on_behalf_of)

    @classmethod
    def system(cls, id: str) -> Actor:
        """A program of the host: a shop, an import."""
        return cls(kind="system", id=id)

    @classmethod
    def automation(cls, id: str) -> Actor:
        """A rule of the flow."""
        return cls(kind="automation", id=id)

    @classmethod
    def customer(cls, id: str) -> Actor:
        """The customer."""
        return cls(kind="customer", id=id)

    @classmethod
    def external(cls, id: str) -> Actor:
        """Another master system: an ERP, a warehouse."""
        return cls(kind="external", id=id)

    def __str__(self) -> str:
        return self.id if self.kind == "person" else f"{self.kind}:{self.id}"


def to_actor(by: Actor | str) -> Actor:
    """An `Actor` as it is; a lone string is the id of a person."""
    return by if isinstance(by, Actor) else Actor.person(by)


@frozen(kw_only=True)
class Person:
    """Somebody who can act and be responsible. An inactive person keeps the past, and gets nothing new.

    `lead` and `manager` are ids of people, for escalation. `calendar` is the name of the calendar by which they work.
    """

    id: str = field(validator=is_id)
    name: str | None = None
    roles: tuple[str, ...] = field(default=(), converter=as_names)
    teams: tuple[str, ...] = field(default=(), converter=as_names)
    active: bool = True
    email: str | None = None
    lead: str | None = None
    manager: str | None = None
    calendar: str | None = None


@frozen
class Directory:
    """Who exists, as a value: `Directory([Person(id="wang", roles=["finance"]), ...])`.

    It is also the shape of what a host's own directory answers (see `orderflow.ports.DirectoryPort`).
    """

    people: tuple[Person, ...] = field(default=(), converter=as_tuple)
    _by_id: dict[str, Person] = field(init=False, eq=False, repr=False)

    @_by_id.default
    def _index(self) -> dict[str, Person]:
        return {person.id: person for person in self.people}

    @people.validator
    def _check_people(self, attribute: Any, value: tuple[Person, ...]) -> None:
        seen: set[str] = set()
        for person in value:
            if person.id in seen:
                raise InvalidValue.of("duplicate_person", person=person.id)
            seen.add(person.id)

    def person(self, id: str) -> Person | None:
        """The person with this id, or None."""
        return self._by_id.get(id)

    def with_role(self, role: str) -> tuple[Person, ...]:
        """Everybody who has the role."""
        return tuple(person for person in self.people if role in person.roles)

    def in_team(self, team: str) -> tuple[Person, ...]:
        """Everybody in the team."""
        return tuple(person for person in self.people if team in person.teams)
