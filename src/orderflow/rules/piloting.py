"""Which version a new order gets while a new one is tried: the cohort's condition, and a share by a hash of the id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import attrs

from orderflow.model.canonical import sha256
from orderflow.model.condition import Call, Condition, Logic, Name, unparse, walk
from orderflow.model.errors import DefinitionError
from orderflow.model.events import Stream
from orderflow.model.flow import Flow
from orderflow.model.order import Order
from orderflow.model.parse import parse
from orderflow.model.pilots import Pilot, below
from orderflow.model.reasons import Place, Problem, problem
from orderflow.model.state import OrderState
from orderflow.rules.check_conditions import condition_problems
from orderflow.rules.compile import Program
from orderflow.rules.evaluate import compile_condition
from orderflow.rules.fields import promise
from orderflow.rules.scope import Scope, resolve_call, resolve_condition, resolve_line, schema

_BITS = 256
_CONTENT = ("order.", "customer.", "line.")


def check_cohort(flow: Flow, when: Condition) -> None:
    """Refuse a cohort's condition that does not fit the fields of the flow, or asks for more than the order's content.

    Raises `DefinitionError` with all problems.
    """
    found = [*condition_problems(flow, when, "pilot.when"), *_beyond_content(flow, when)]
    if any(item.severity == "error" for item in found):
        raise DefinitionError(found)


def _beyond_content(flow: Flow, when: Condition) -> Iterator[Problem]:
    """Names that mean something only for an order that is placed already."""
    known = schema(flow)
    for node in walk(when.tree):
        name = unparse(node)
        foreign = isinstance(node, Name) and name in known and not name.startswith(_CONTENT)
        if foreign or isinstance(node, Call):
            yield problem("pilot_content_only", when.place or Place(path="pilot.when"), name=name)


def widened(old: Condition, more: Condition) -> Condition:
    """The condition that is true for whom either is. `DefinitionError` when it gets too long to be read again."""
    return parse(Condition(Logic("or", (old.tree, more.tree))).text)


def in_share(pilot: Pilot, order: str) -> bool:
    """Whether an order is in the share: sha256 of the pilot's name and the order's id, as a fraction, is below it.

    So the same order is always in or always out, and who is in stays in when the share grows.
    """
    digest = sha256(f"{pilot.name}\0{order}".encode()).digest()
    return below(int.from_bytes(digest, "big"), _BITS, pilot.share)


def pilot_for(
    pilots: Iterable[Pilot], order: Order, now: datetime, current: str, version: Callable[[str], Program | None]
) -> tuple[Pilot, Program] | None:
    """The first started of the running pilots that takes a new order, with its version; None without one.

    `current` is the fingerprint of the version that the order gets otherwise; a pilot of that one tries nothing.
    """
    for pilot in pilots:
        if pilot.running and pilot.fingerprint != current and in_share(pilot, order.id):
            program = version(pilot.fingerprint)
            if program is not None and _in_cohort(pilot, program, order, now):
                return pilot, program
    return None


def _in_cohort(pilot: Pilot, program: Program, order: Order, now: datetime) -> bool:
    """Whether the condition is true of an order that is not placed yet; unknown is out."""
    if pilot.when is None:
        return True
    test = compile_condition(
        pilot.when,
        resolve_condition,
        currency=program.flow.currency,
        resolve_call=resolve_call,
        resolve_line=resolve_line,
    )
    state = OrderState(
        stream=Stream.order(order.id),
        version=0,
        flow=program.fingerprint,
        order=attrs.evolve(order, promised_at=promise(order.promised_at, program.zone)),
        digest=None,
        placed_at=now,
        recorded_at=now,
    )
    return test(Scope(state, "order", None, now, program.calendar)) is True
