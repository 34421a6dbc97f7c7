"""A plain scenario for any flow: who may pull its triggers does so, mostly forwards; for tests and first looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from orderflow.model.actor import Person
from orderflow.model.flow import Field, Flow, Transition
from orderflow.model.order import Customer, Line, Money, Order
from orderflow.model.policies import OwnerRule
from orderflow.simulate.scenario import Length, OrderMaker, Outcome, Scenario, Staff, Work

TAKES = Length("45m", 0.6)
HEADS = 2  # people in a role or team


def plain_scenario(flow: Flow) -> Scenario:
    """A scenario derived from the flow alone.

    - Two people in each role or team that owns a stage, with every role that the ways out of that stage ask for; a
      fixed owner is one person. What has no owner rule is done by a system.
    - A stage's first trigger is pulled eight times as often as the others; what cancels, seldom.
    - Orders have one line, and a value of the right type in every field that is declared.
    - Orders whose guards stay false wait and are tried again on the next day.
    """
    work = {}
    for stage, definition in flow.lifecycle.stages.items():
        ways = list(_ways(flow, stage))
        if definition.category in ("open", "waiting") and ways:
            outcomes = [Outcome(trigger=way.trigger, weight=_weight(flow, n, way)) for n, way in enumerate(ways)]
            owned = definition.owner is not None
            work[stage] = Work(outcomes=outcomes, takes=TAKES if owned else None, wait=None if owned else TAKES)
    return Scenario(flow=flow, staff=[Staff(person=person) for person in _people(flow)], work=work, order=_maker(flow))


def _ways(flow: Flow, stage: str) -> Iterator[Transition]:
    """The ways out of a stage, one for each trigger."""
    seen: set[str] = set()
    for way in flow.lifecycle.transitions:
        if (stage in way.source or "*" in way.source) and way.trigger not in seen:
            seen.add(way.trigger)
            yield way


def _weight(flow: Flow, n: int, way: Transition) -> float:
    dest = flow.lifecycle.stages.get(way.dest or "")
    if dest is not None and dest.category == "cancelled":
        return 0.5
    return 8.0 if n == 0 else 1.0


def _people(flow: Flow) -> Iterator[Person]:
    needed: dict[tuple[str, str], tuple[OwnerRule, set[str]]] = {}
    for stage, definition in flow.lifecycle.stages.items():
        rule = definition.owner
        if rule is not None:
            kind = "person" if rule.person else "role" if rule.role else "team"
            group = needed.setdefault((kind, str(rule.person or rule.role or rule.team)), (rule, set()))
            group[1].update(role for way in _ways(flow, stage) for role in way.roles)
    for (kind, name), (rule, roles) in needed.items():
        ids = [name] if kind == "person" else [f"{name}-{n}" for n in range(1, HEADS + 1)]
        for id in ids:
            held = sorted({*roles, rule.role} - {None}) if rule.role else sorted(roles)
            yield Person(id=id, roles=held, teams=[rule.team] if rule.team else [])


def _maker(flow: Flow) -> OrderMaker:
    currency = flow.currency or "CNY"

    def make(random: Random, number: int, at: datetime) -> Order:
        values = {path: _value(declared, random, at, currency) for path, declared in flow.fields.items()}

        def of(root: str) -> dict[str, Any]:
            return {path.partition(".")[2]: value for path, value in values.items() if path.startswith(f"{root}.")}

        price = Money(Decimal(random.randint(100, 100_000)) / 100, currency)
        return Order(
            f"{flow.name}-{number}",
            flow=flow.name,
            customer=Customer(f"customer-{random.randint(1, 20)}", of("customer")),
            lines=[
                Line("1", f"item-{random.randint(1, 9)}", random.randint(1, 20), price=price, attributes=of("line"))
            ],
            promised_at=at + timedelta(days=random.randint(3, 15)),
            source="shop",
            attributes=of("order"),
        )

    return make


def _value(declared: Field, random: Random, at: datetime, currency: str) -> Any:
    """Some value of the declared type."""
    number = random.randint(1, 1000)
    values = {
        "text": f"text {number}",
        "number": Decimal(number),
        "money": Money(number, currency),
        "boolean": number % 2 == 0,
        "date": at.date(),
        "instant": at,
        "duration": timedelta(minutes=number),
    }
    return random.choice(declared.of) if declared.type == "choice" else values[declared.type]
