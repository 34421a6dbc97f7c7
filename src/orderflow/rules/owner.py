"""Who becomes responsible when a stage is entered, and the reason why."""

from __future__ import annotations

from orderflow.model.actor import Person
from orderflow.model.canonical import sha256
from orderflow.model.events import OwnerAssigned
from orderflow.model.policies import OwnerRule
from orderflow.model.reasons import reason
from orderflow.rules.draft import Draft


def assign_by_rule(draft: Draft, track: str, stage: str) -> None:
    """Record the owner that the stage's rule gives; without a rule the owner stays who it was."""
    rule = draft.program.lifecycle(track).lifecycle.stages[stage].owner
    if rule is None:
        return
    body = _fixed(draft, rule.person) if rule.person else _picked(draft, rule)
    draft.reasons.append(body.why)
    draft.add(body, track=track, rule=f"owner:{stage}")


def may_own(draft: Draft, rule: OwnerRule, owner: str | None) -> bool:
    """Whether a rule would allow this owner: the person whom it names, or somebody active of its role and team."""
    person = draft.context.person(owner) if owner is not None else None
    if person is None or not person.active:
        return False
    if rule.person:
        return person.id == rule.person
    return (not rule.role or rule.role in person.roles) and (not rule.team or rule.team in person.teams)


def _fixed(draft: Draft, id: str) -> OwnerAssigned:
    person = draft.context.person(id)
    if person is None or not person.active:
        return OwnerAssigned(owner=None, why=reason("owner_not_available", person=id))
    return OwnerAssigned(owner=id, why=reason("owner_fixed", person=id))


def _picked(draft: Draft, rule: OwnerRule) -> OwnerAssigned:
    group = draft.context.with_role(rule.role) if rule.role else draft.context.in_team(rule.team or "")
    if rule.role and rule.team:
        group = tuple(person for person in group if rule.team in person.teams)
    candidates = tuple(person for person in group if person.active)
    name = rule.role or rule.team
    if not candidates:
        return OwnerAssigned(owner=None, team=rule.team, why=reason("owner_nobody", group=name))
    person, load = spread(candidates, draft.context.loads_of(candidates), draft.state.stream.id)
    why = reason("owner_spread", person=person.id, group=name, load=load, among=len(candidates))
    return OwnerAssigned(owner=person.id, team=rule.team, why=why)


def spread(candidates: tuple[Person, ...], loads: dict[str, int], order: str) -> tuple[Person, int]:
    """The candidate with the fewest open orders, and that number; a tie goes by a hash of order and person."""

    def rank(person: Person) -> tuple[int, bytes]:
        return loads[person.id], sha256(f"{order}\0{person.id}".encode()).digest()

    chosen = min(candidates, key=rank)
    return chosen, loads[chosen.id]
