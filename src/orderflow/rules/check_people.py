"""Whether those whom a flow names are there: roles, teams and people, by a directory or by comparison in the flow."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol

from attrs import frozen

from orderflow.model.actor import Person
from orderflow.model.flow import Flow
from orderflow.model.reasons import Problem, problem, suggest
from orderflow.rules.check_conditions import at
from orderflow.rules.check_sla import is_recipient

_WORDS = ("owner", "lead", "manager", "customer")  # recipients that are nobody's id
_ALIKE = 0.85  # difflib's ratio from which on two names are taken for one
_LONG = 5  # letters of a name from which on one that is missing is a slip
_CODES = {"role": "nobody_with_role", "team": "nobody_in_team", "person": "nobody_with_id"}

Kind = Literal["role", "team", "person"]


class People(Protocol):
    """Who can be asked: an `orderflow.Directory`, or whatever answers as it does."""

    def person(self, id: str) -> Person | None:
        """The person with this id, or None."""

    def with_role(self, role: str) -> tuple[Person, ...]:
        """Everybody who has the role."""

    def in_team(self, team: str) -> tuple[Person, ...]:
        """Everybody in the team."""


@frozen
class Mention:
    """One place of a flow that names a role, a team or a person."""

    kind: Kind
    name: str
    path: str


def people_problems(flow: Flow, directory: People | None) -> Iterator[Problem]:
    """Roles, teams and people that the directory does not know; without one, roles and teams that look misspelt."""
    found = tuple(mentions(flow))
    if directory is None:
        yield from _misspelt(found)
        return
    for item in found:
        if not any(person.active for person in _who(directory, item)):
            known = _known(directory, found, item.kind)
            hint = suggest(item.name, known - {item.name})
            yield problem(_CODES[item.kind], at(item.path), severity="warning", name=item.name, suggestion=hint)


def mentions(flow: Flow) -> Iterator[Mention]:
    """Everywhere that a flow names somebody, in its order."""
    for _, path, lifecycle in flow.lifecycles():
        for name, stage in lifecycle.stages.items():
            if stage.owner is not None:
                owner, where = stage.owner, f"{path}.stages.{name}.owner"
                pairs: tuple[tuple[Kind, str | None], ...] = (
                    ("role", owner.role),
                    ("team", owner.team),
                    ("person", owner.person),
                )
                yield from (Mention(kind, who, f"{where}.{kind}") for kind, who in pairs if who)
        for index, item in enumerate(lifecycle.transitions):
            yield from (Mention("role", role, f"{path}.transitions[{index}].roles") for role in item.roles)
    for name, sla in flow.sla.items():
        for index, rung in enumerate(sla.escalate):
            yield from _recipients(rung.to, f"sla.{name}.escalate[{index}].to")
    for topic, rule in (flow.notify or {}).items():
        yield from _recipients(rule.to, f"notify.{topic}.to")


def _recipients(to: Iterable[str], path: str) -> Iterator[Mention]:
    for who in to:
        kind, colon, name = who.partition(":")
        if not colon and who not in _WORDS:
            yield Mention("person", who, path)
        elif colon and is_recipient(who) and kind in ("role", "team", "person"):
            yield Mention("role" if kind == "role" else "team" if kind == "team" else "person", name, path)


def _who(directory: People, item: Mention) -> Iterable[Person]:
    if item.kind == "role":
        return directory.with_role(item.name)
    if item.kind == "team":
        return directory.in_team(item.name)
    person = directory.person(item.name)
    return () if person is None else (person,)


def _known(directory: People, found: Iterable[Mention], kind: Kind) -> set[str]:
    """What might have been meant: all that the directory lists, and what the flow names rightly elsewhere."""
    listed: Any = getattr(directory, "people", ())  # a host's own directory need not list anybody
    known = {item.name for item in found if item.kind == kind and any(_who(directory, item))}
    for person in listed:
        known |= {person.id} if kind == "person" else set(person.roles if kind == "role" else person.teams)
    return known


# --- without a directory ------------------------------------------------------------------------------------------


def _misspelt(found: tuple[Mention, ...]) -> Iterator[Problem]:
    """Names that stand once in the flow and are almost another one, which stands there more often.

    Of two that both stand once, the later one is told, where it is the other with one letter too few or too many.
    """
    counts = Counter((item.kind, item.name) for item in found)
    once: dict[Kind, list[str]] = {}
    for item in found:
        if counts[item.kind, item.name] > 1 or item.kind == "person":
            continue
        others = [name for (kind, name), count in counts.items() if kind == item.kind and count > 1]
        near = [name for name in others if looks_like(item.name, name)]
        near += [name for name in once.setdefault(item.kind, []) if _one_letter(item.name, name)]
        once[item.kind].append(item.name)
        if near:
            code = "role_misspelt" if item.kind == "role" else "team_misspelt"
            yield problem(code, at(item.path), severity="warning", name=item.name, known=near[0])


def looks_like(name: str, other: str) -> bool:
    """Whether a name looks like another one misspelt.

    Names that differ in digits or in their last part (`plant-1`, `clerk_b`) are meant so; beyond ASCII, where one sign
    is a word (华东, 华南), only signs in the wrong order count.
    """
    if name == other:
        return False
    if name.casefold() == other.casefold():
        return True
    if re.sub(r"\d+", "0", name) == re.sub(r"\d+", "0", other) or (_parts(name) or name) == _parts(other):
        return False
    if len(name) > 3 and sorted(name) == sorted(other):
        return True
    return name.isascii() and other.isascii() and difflib.SequenceMatcher(None, name, other).ratio() >= _ALIKE


def _one_letter(name: str, other: str) -> bool:
    """Whether two long names are the same but for a letter that one of them lacks within."""
    short, long = sorted((name, other), key=len)
    if len(short) < _LONG or len(long) != len(short) + 1 or not (long.isascii() and looks_like(name, other)):
        return False
    return any(long[:at] + long[at + 1 :] == short for at in range(1, len(short)))


def _parts(name: str) -> list[str] | None:
    """What stands before the last part of a name whose last part is short; None for a name of one part."""
    parts = re.split(r"[-_ .]", name)
    return parts[:-1] if len(parts) > 1 and len(parts[-1]) <= 2 else None
