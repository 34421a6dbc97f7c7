"""A four-term condition, asked a few hundred thousand times, beside the same question to other expression libraries.

Run it with `python tests/benchmarks/bench_conditions.py`. Of simpleeval, cel-python and rule-engine it measures those
that are installed. Every library reads the expression beforehand and is asked for an order that makes all four terms be
looked at. All are measured in turn, several times over in one process; a figure is the best round.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import timeit
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from orderflow.model.order import Money
from orderflow.model.parse import parse
from orderflow.rules.evaluate import compile_condition

TEXT = "order.total >= 50000 and customer.level in ['A', 'B'] and order.region == 'east' and not order.express"
PLAIN = "total >= 50000 and level in ['A', 'B'] and region == 'east' and not express"
CEL = "total >= 50000 && level in ['A', 'B'] && region == 'east' && !express"
VALUES = {"total": 61200, "level": "A", "region": "east", "express": False}

Ask = Callable[[], object]


@frozen
class Customer:
    """A customer as the tracker sees one: attributes in a mapping."""

    attributes: Mapping[str, Any]


@frozen
class Order:
    """An order as the tracker sees one."""

    total: Money
    customer: Customer | None
    attributes: Mapping[str, Any]


@frozen
class Scope:
    """What is built once per decision."""

    order: Order


def resolve(name: str) -> Callable[[Any], object]:
    """Getters as the tracker has them: fields of an order, attributes of order and customer."""
    root, _, rest = name.partition(".")
    if name == "order.total":
        return lambda scope: scope.order.total
    if root == "order":
        return lambda scope: scope.order.attributes.get(rest)

    def of_customer(scope: Any) -> object:
        customer = scope.order.customer
        return customer.attributes.get(rest) if customer is not None else None

    return of_customer


def orderflow() -> Ask:
    """The condition over an order value, with money and dotted names."""
    test = compile_condition(parse(TEXT), resolve, currency="CNY")
    attributes = {"region": "east", "express": False}
    scope = Scope(Order(Money(Decimal(61200), "CNY"), Customer({"level": "A"}), attributes))
    return lambda: test(scope)


def orderflow_with_scope() -> Ask:
    """The same, and the scope is built anew for each question."""
    test = compile_condition(parse(TEXT), resolve, currency="CNY")
    attributes = {"region": "east", "express": False}
    order = Order(Money(Decimal(61200), "CNY"), Customer({"level": "A"}), attributes)
    return lambda: test(Scope(order))


def python() -> Ask:
    """The same question written in Python, over the same order: what no evaluator can undercut."""
    attributes = {"region": "east", "express": False}
    order = Order(Money(Decimal(61200), "CNY"), Customer({"level": "A"}), attributes)

    def ask() -> bool:
        customer = order.customer
        return (
            order.total.amount >= 50000
            and customer is not None
            and customer.attributes.get("level") in ("A", "B")
            and order.attributes.get("region") == "east"
            and not order.attributes.get("express")
        )

    return ask


def simpleeval() -> Ask:
    """simpleeval, parsed beforehand, plain names."""
    import simpleeval

    evaluator = simpleeval.EvalWithCompoundTypes(names=dict(VALUES))
    parsed = evaluator.parse(PLAIN)
    return lambda: evaluator.eval(PLAIN, previously_parsed=parsed)


def cel_python() -> Ask:
    """cel-python, compiled beforehand, values converted beforehand."""
    import celpy

    environment = celpy.Environment()
    program = environment.program(environment.compile(CEL))
    values = celpy.json_to_cel(VALUES)
    return lambda: program.evaluate(values)


def rule_engine() -> Ask:
    """rule-engine, compiled beforehand, plain names."""
    import rule_engine

    rule = rule_engine.Rule(PLAIN)
    return lambda: rule.matches(VALUES)


LIBRARIES: dict[str, tuple[Callable[[], Ask], str | None]] = {
    "orderflow": (orderflow, None),
    "orderflow, new scope": (orderflow_with_scope, None),
    "plain Python": (python, None),
    "simpleeval": (simpleeval, "simpleeval"),
    "rule-engine": (rule_engine, "rule-engine"),
    "cel-python": (cel_python, "cel-python"),
}


def main() -> None:
    """Prints microseconds per question and how many times longer than orderflow it took, best of several rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    asks: dict[str, Ask] = {}
    for name, (make, package) in LIBRARIES.items():
        try:
            asks[name if package is None else f"{name} {importlib.metadata.version(package)}"] = make()
        except ImportError:
            print(f"{name}: not installed, left out", file=sys.stderr)
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, ask in asks.items():
            assert ask(), f"{name} must answer yes"
            number = max(1, int(0.1 / max(timeit.timeit(ask, number=20) / 20, 1e-9)))
            best[name] = min(best.get(name, 1e9), timeit.timeit(ask, number=number) / number * 1e6)
    print(f"Python {sys.version.split()[0]}: {TEXT}")
    for name, micros in best.items():
        print(f"{name:24} {micros:10.2f} µs {micros / best['orderflow']:8.1f} x")
    texts = timeit.repeat(lambda: parse(TEXT), number=200, repeat=rounds)
    print(f"{'reading the text':24} {min(texts) / 200 * 1e6:10.2f} µs")


if __name__ == "__main__":
    main()
