"""What keeps a transition, a move or an amendment from being done: roles, fields and guards, as reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from orderflow.model.frozen import FrozenMap
from orderflow.model.order import Money, plain
from orderflow.model.reasons import Place, Reason, reason
from orderflow.rules.compile import CompiledGuard
from orderflow.rules.draft import Draft
from orderflow.rules.evaluate import Term
from orderflow.rules.scope import read_path

_SHOWN = 60  # of so many lines the quantities are told
_TRACK, _APPROVED = "track('", "approved('"


def role_unmet(draft: Draft, roles: tuple[str, ...], path: str) -> list[Reason]:
    """Why a person without one of these roles may not; systems and automations pass. `path` is that of the roles."""
    actor = draft.command.by
    if not roles or actor.kind in ("system", "automation"):
        return []
    held: tuple[str, ...] = ()
    if actor.kind == "person":
        person = draft.context.person(actor.id)
        held = person.roles if person else ()
    if set(roles) & set(held):
        return []
    return [reason("missing_role", draft.program.place(path), actor=str(actor), roles=roles, held=held)]


def fields_missing(draft: Draft, fields: Iterable[str], path: str, trigger: str) -> list[Reason]:
    """Which of these fields of the order have no value."""
    place = draft.program.place(f"{path}.requires")
    return [
        reason("missing_field", place, field=name, trigger=trigger)
        for name in fields
        if plain(read_path(draft.order, name)) is None
    ]


def guard_unmet(draft: Draft, guard: CompiledGuard | None, track: str, path: str, trigger: str) -> list[Reason]:
    """The terms that keep a guard from being true."""
    if guard is None:
        return []
    scope = draft.scope(track)
    if guard.test(scope) is True:
        return []
    place = draft.program.place(f"{path}.guard")
    return [found for term in guard.explain(scope) for found in _unmet(draft, term, place, trigger)]


def _unmet(draft: Draft, term: Term, place: Place, trigger: str) -> list[Reason]:
    """One term in words: the tracks and approvals that it waits for are named as such."""
    values = FrozenMap({name: _shown(value) for name, value in term.values.items()})
    found = [
        reason("approval_pending", place, approval=_named(name), trigger=trigger)
        for name, value in term.values.items()
        if name.startswith(_APPROVED) and value is not True
    ]
    for name, value in term.values.items():
        if name.startswith(_TRACK):
            params = {"track": _named(name), "stage": "–" if value is None else value, "term": term.text}
            found.append(reason("track_blocks", place, **params, trigger=trigger))
    code = "guard_false" if term.truth is False else "guard_unknown"
    return found or [reason(code, place, term=term.text, values=values, trigger=trigger)]


def _named(call: str) -> str:
    """The name in `track('payment').stage`."""
    return call.split("'")[1]


def _shown(value: object) -> object:
    if isinstance(value, Mapping):  # line -> quantity
        shown = [f"{line}: {quantity}" for line, quantity in islice(value.items(), _SHOWN)]
        return "{" + ", ".join(shown if len(value) <= _SHOWN else [*shown, "…"]) + "}"
    return "?" if value is None else str(value) if isinstance(value, Money) else value
