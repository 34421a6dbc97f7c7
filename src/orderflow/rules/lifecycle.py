"""The one door to the `transitions` library: it resolves a lifecycle, and its answer becomes a plain table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.model.flow import OPEN, Lifecycle, Transition

if TYPE_CHECKING:
    from transitions import Machine

NO_ATTRIBUTE = "\n"  # the Machine forbids a trigger that is named like this attribute: a name that no trigger can have


@frozen(kw_only=True)
class Way:
    """One resolved transition: out of one stage, by one trigger. `dest` is None for an internal transition."""

    trigger: str
    source: str
    dest: str | None
    transition: Transition
    index: int


Table = dict[tuple[str, str], tuple[Way, ...]]


def build_machine(lifecycle: Lifecycle) -> Machine:
    """A `transitions.Machine` with no model, whose transitions are the lifecycle's.

    Each transition has the condition `way_<n>`, n being its place in `lifecycle.transitions`. `auto_transitions` is
    off: the default would add a `to_<stage>` trigger for every stage.
    """
    from transitions import Machine

    machine = Machine(
        model=None,
        states=list(lifecycle.stages),
        initial=lifecycle.initial,
        auto_transitions=False,
        model_attribute=NO_ATTRIBUTE,
    )
    for index, transition in enumerate(lifecycle.transitions):
        add(machine, transition, f"way_{index}")
    return machine


def open_machine(
    lifecycle: Lifecycle,
    *,
    kind: type[Machine] | None,
    condition: Callable[[Transition], Callable[..., bool] | None],
    options: dict[str, Any],
) -> Machine:
    """A Machine with the lifecycle's stages and transitions, each with what `condition` makes of it."""
    from transitions import Machine

    stages = [{"name": name, "final": stage.category not in OPEN} for name, stage in lifecycle.stages.items()]
    machine = (kind or Machine)(states=stages, initial=lifecycle.initial, **options)
    for transition in lifecycle.transitions:
        add(machine, transition, condition(transition))
    return machine


def is_machine(value: Any) -> bool:
    """Whether a value is a `transitions.Machine`, of whatever kind."""
    from transitions import Machine

    return isinstance(value, Machine)


def add(machine: Machine, transition: Transition, condition: Any) -> None:
    """Adds one transition of a lifecycle to a Machine, from each of its sources."""
    source: Any = "*" if "*" in transition.source else list(transition.source)
    machine.add_transition(transition.trigger, source, transition.dest, conditions=condition)


def build_table(lifecycle: Lifecycle) -> Table:
    """(stage, trigger) -> the resolved transitions in the order in which they are tried.

    Wildcards, lists of sources, reflexive (`=`) and internal (None) transitions are resolved by the Machine, once;
    the hot path only looks up.
    """
    table: Table = {}
    for trigger, event in build_machine(lifecycle).events.items():
        for source, found in event.transitions.items():
            ways = []
            for item in found:
                index = int(str(item.conditions[0].func).removeprefix("way_"))
                ways.append(
                    Way(
                        trigger=trigger,
                        source=source,
                        dest=item.dest,
                        transition=lifecycle.transitions[index],
                        index=index,
                    )
                )
            if ways:
                table[source, trigger] = tuple(ways)
    return table
