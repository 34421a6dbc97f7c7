"""Big and hostile flows are read and proved in seconds: nothing in the proofs grows with the square of a flow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.reasons import problem, suggest

FLAGS = {f"order.b{index}": of.Field(type="boolean") for index in range(60)}


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done inside takes no more time of the processor; ten times what it needs here."""
    begun = time.process_time()
    yield
    assert time.process_time() - begun < seconds


def flow(transitions: list[of.Transition], stages: int = 0, **more: object) -> of.Flow:
    names = {f"s{index}": of.Stage() for index in range(stages)}
    life = of.Lifecycle(
        initial="begin",
        stages={"begin": of.Stage(), **names, "end": of.Stage(category="done")},
        transitions=transitions,
    )
    return of.Flow(**{"name": "big", "currency": "CNY", "fields": FLAGS, "lifecycle": life, **more})  # type: ignore[arg-type]  # by name


def test_a_flow_of_300_stages_and_2000_transitions() -> None:
    """It is read from its file and proved, with a promise for each stage that stops and pauses."""
    guards = ("order.total < 500", "order.b1 or not order.b2", "order.total >= 3 and order.total < 10 and order.b3")
    lines = ["flow: big", "currency: CNY", "fields: {order.b1: {type: boolean}, order.b2: {type: boolean},"]
    lines += [" order.b3: {type: boolean}}", "lifecycle:", "  initial: s0", "  stages:"]
    lines += [f"    s{index}: {{owner: {{role: r{index % 7}}}}}" for index in range(299)]
    lines += ["    s299: {category: done}", "  transitions:"]
    lines += [f"    - {{trigger: go, source: s{index}, dest: s{index + 1}}}" for index in range(299)]
    for index in range(1701):
        ends = f"source: s{index * 7 % 299}, dest: s{index * 11 % 300}"
        lines.append(f"    - {{trigger: t{index % 40}, {ends}, guard: {guards[index % 3]}}}")
    lines += ["sla:"]
    lines += [
        f"  p{index}: {{start: s{index}, stop: s299, pause: s{index - 1}, target: 4h}}" for index in range(1, 299)
    ]
    with within(60):
        assert all(item.severity != "error" for item in of.problems(read_flow_text("\n".join(lines))))


def test_transitions_out_of_every_stage() -> None:
    """Each is thought through once, not once for each of 300 stages."""
    ways = [
        of.Transition(trigger=f"t{index % 20}", source="*", dest=f"s{index}", guard=f"order.b{index % 60}")
        for index in range(300)
    ]
    with within(30):
        of.problems(flow(ways, stages=300), notes=True)


def test_one_trigger_with_very_many_ways() -> None:
    """The first 200 are held against each other; a note says so."""
    guards = [f"order.total >= {index} and order.total < {index + 1}" for index in range(600)]
    ways = [of.Transition(trigger="go", source="begin", dest="end", guard=guard) for guard in guards]
    with within(30):
        notes = [item for item in of.problems(flow(ways), notes=True) if item.code == "too_many_ways"]
    assert [note.text() for note in notes] == [
        "only the first 200 of the 600 transitions of 'go' out of 'begin' are held against each other"
    ]


@pytest.mark.parametrize("joined", ["and", "or"])
def test_a_guard_with_many_names_is_not_tried(joined: str) -> None:
    """It is told as not checked, since the rest is promised to be checked."""
    other = {"and": "or", "or": "and"}[joined]
    terms = [f"(order.b{index} {other} not order.b{index * 7 % 60})" for index in range(1, 21)]
    ways = [of.Transition(trigger="go", source="begin", dest="end", guard=f" {joined} ".join(terms))] * 2
    with within(10):
        codes = [item.code for item in of.problems(flow(ways), notes=True)]
    assert "too_many_cases" in codes


def test_very_many_slips_are_told_soon() -> None:
    """Each gets its `did you mean`, and a text shows no more than 30 of what there is."""
    known = [f"order.field_number_{index}" for index in range(3000)]
    with within(30):
        hints = [suggest(f"order.field_numbr_{index}", known) for index in range(0, 3000, 6)]
    assert all(str(hint).startswith("order.field_number_") for hint in hints)
    text = problem("unknown_field", name="order.x", known=known).text()
    assert text.endswith("order.field_number_29, … (3000).")
