"""The table of the hot path says the same as the `transitions` library, whatever the lifecycle."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from transitions import Machine, MachineError

from orderflow.model.flow import Lifecycle, Stage, Transition
from orderflow.rules.lifecycle import build_table

STAGES = ("a", "b", "c", "d")
TRIGGERS = ("go", "back", "jump")

transitions = st.builds(
    lambda trigger, source, dest, held: (Transition(trigger=trigger, source=source, dest=dest), held),
    trigger=st.sampled_from(TRIGGERS),
    source=st.one_of(st.just("*"), st.lists(st.sampled_from(STAGES), min_size=1, max_size=3, unique=True)),
    dest=st.sampled_from((*STAGES, "=", None)),
    held=st.booleans(),
)


class Model:
    """What a Machine moves, with one condition for each transition."""

    def __init__(self, holds: list[bool]) -> None:
        for index, held in enumerate(holds):
            setattr(self, f"way_{index}", lambda held=held: held)


@settings(max_examples=200, deadline=None)
@given(st.lists(transitions, max_size=8), st.lists(st.sampled_from(TRIGGERS), max_size=12))
def test_table_and_machine_accept_the_same_sequences(found: list[tuple[Transition, bool]], sequence: list[str]) -> None:
    """Wildcard, reflexive, internal and conditional transitions lead where the Machine goes, trigger by trigger."""
    lifecycle = Lifecycle(
        initial="a", stages={name: Stage() for name in STAGES}, transitions=[item for item, _ in found]
    )
    table = build_table(lifecycle)
    holds = [held for _, held in found]
    model = Model(holds)
    machine = Machine(model, states=list(STAGES), initial="a", auto_transitions=False)
    for index, (item, _) in enumerate(found):
        source = "*" if "*" in item.source else list(item.source)
        machine.add_transition(item.trigger, source, item.dest, conditions=f"way_{index}")
    stage = "a"
    for trigger in sequence:
        way = next((way for way in table.get((stage, trigger), ()) if holds[way.index]), None)
        try:
            moved = bool(model.trigger(trigger))  # type: ignore[attr-defined]  # the Machine gives it to the model
        except (MachineError, AttributeError):
            moved = False
        assert moved == (way is not None)
        if way is not None and way.dest is not None:
            stage = way.dest
        assert model.state == stage  # type: ignore[attr-defined]  # likewise


def test_no_transition_that_nobody_wrote() -> None:
    """The library's default would add a `to_<stage>` trigger for every stage; the table has none."""
    lifecycle = Lifecycle(initial="a", stages=["a", "b"], transitions=[Transition(trigger="go", source="a", dest="b")])
    assert set(build_table(lifecycle)) == {("a", "go")}
