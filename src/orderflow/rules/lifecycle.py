"""The one door to the `transitions` library: it resolves a lifecycle, and its answer becomes a plain table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.model.flow import Lifecycle, Transition

if TYPE_CHECKING:
    from transitions import Machine


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

    machine = Machine(model=None, states=list(lifecycle.stages), initial=lifecycle.initial, auto_transitions=False)
    for index, transition in enumerate(lifecycle.transitions):
        source: Any = "*" if "*" in transition.source else list(transition.source)
        machine.add_transition(transition.trigger, source, transition.dest, conditions=f"way_{index}")
    return machine


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
