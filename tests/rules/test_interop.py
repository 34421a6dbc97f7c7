"""What users of `transitions` know holds here too, and what cannot be carried over is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transitions import Machine, MachineError, State
from transitions.extensions import GraphMachine, HierarchicalMachine, LockedMachine
from transitions.extensions.states import Tags, Timeout, add_state_features

from orderflow.model.condition import Condition
from orderflow.model.errors import DefinitionError
from orderflow.model.flow import Flow, Lifecycle, Stage, Transition
from orderflow.model.policies import OwnerRule
from orderflow.rules.check import problems
from orderflow.rules.evaluate import compile_condition
from orderflow.rules.interop import from_machine, to_machine
from orderflow.rules.lifecycle import build_table

STAGES = ("a", "b", "c", "d")
TRIGGERS = ("go", "back", "jump")
NAMES = {"p": "order.p", "q": "order.q"}


class Model:
    """What a Machine moves; `p` and `q` are its conditions."""

    state = ""

    def __init__(self, p: bool = True, q: bool = True) -> None:
        self.values = {"order.p": p, "order.q": q}

    def p(self) -> bool:
        return self.values["order.p"]

    def q(self) -> bool:
        return self.values["order.q"]


def true(condition: Condition | None, values: dict[str, bool]) -> bool:
    """Whether a guard holds when the order has these values."""

    def getter(name: str) -> Callable[[Any], Any]:
        return lambda scope: scope[name]

    def caller(name: str) -> Callable[[Any, tuple[Any, ...], Any], Any]:
        return lambda scope, args, kwargs: None

    return condition is None or compile_condition(condition, getter, caller, currency=None)(values) is True


def fire(lifecycle: Lifecycle, sequence: list[str], values: dict[str, bool]) -> list[str | None]:
    """After each trigger the stage, or None when it was refused; by our table."""
    table, stage, seen = build_table(lifecycle), lifecycle.initial, []
    for trigger in sequence:
        ways = table.get((stage, trigger), ())
        way = next((way for way in ways if true(way.transition.guard, values)), None)
        stage = stage if way is None or way.dest is None else way.dest
        seen.append(None if way is None else stage)
    return seen


def drive(model: Any, sequence: list[str]) -> list[str | None]:
    """The same by the Machine."""
    seen = []
    for trigger in sequence:
        try:
            moved = model.trigger(trigger)
        except (MachineError, AttributeError):
            moved = False
        seen.append(model.state if moved else None)
    return seen


def machine(*transitions: dict[str, Any], states: Any = STAGES[:3], **options: Any) -> Machine:
    """A small Machine without a model."""
    options = {"initial": "a", "auto_transitions": False, **options}
    return Machine(model=None, states=list(states), transitions=list(transitions), **options)


def lifecycle(*transitions: Transition) -> Lifecycle:
    return Lifecycle(initial="a", stages=["a", "b", "c"], transitions=transitions)


def refused(made: Any, **options: Any) -> list[str]:
    """What is said about a Machine that cannot be carried over; in Chinese too."""
    with pytest.raises(DefinitionError) as caught:
        from_machine(made, **options)
    assert all(item.text("zh") for item in caught.value.problems)
    return str(caught.value).splitlines()


# --- both ways round ----------------------------------------------------------------------------------------------

sources = st.one_of(st.just("*"), st.lists(st.sampled_from(STAGES), min_size=1, max_size=3, unique=True))
dests = st.sampled_from((*STAGES, "=", None))
guards = st.sampled_from((None, "order.p", "not order.q", "order.p and not order.q", "order.p or order.q"))
ours = st.builds(Transition, trigger=st.sampled_from(TRIGGERS), source=sources, dest=dests, guard=guards)
theirs = st.fixed_dictionaries(
    {"trigger": st.sampled_from(TRIGGERS), "source": sources, "dest": dests},
    optional={"conditions": st.sampled_from(["p", ["p", "q"]]), "unless": st.sampled_from(["q", ["p", "q"]])},
)
sequences = st.lists(st.sampled_from(TRIGGERS), max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.lists(ours, max_size=8), sequences, st.booleans(), st.booleans())
def test_a_machine_made_of_a_lifecycle_accepts_the_same_sequences(
    transitions: list[Transition], sequence: list[str], p: bool, q: bool
) -> None:
    """Table, Machine, and the lifecycle that is made of the Machine again: the same stages, trigger by trigger."""
    values = {"order.p": p, "order.q": q}
    here = Lifecycle(initial="a", stages=STAGES, transitions=transitions)
    model = Model(p, q)
    made = to_machine(here, model=model, holds=lambda item: true(item.guard, values))
    expected = fire(here, sequence, values)
    assert drive(model, sequence) == expected
    assert fire(from_machine(made), sequence, values) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(theirs, max_size=8), sequences, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_lifecycle_made_of_a_machine_accepts_the_same_sequences(
    transitions: list[dict[str, Any]], sequence: list[str], p: bool, q: bool, auto: bool, ordered: bool
) -> None:
    """Whatever the Machine: conditions, unless, wildcards, ordered transitions; no transition of it is an error."""
    model = Model(p, q)
    made = Machine(
        model,
        states=list(STAGES),
        initial="a",
        transitions=[dict(item) for item in transitions],
        auto_transitions=auto,
        ordered_transitions=ordered,
    )
    found = from_machine(made, guards=NAMES)
    sequence = [word for trigger in sequence for word in (trigger, "next_state")]
    assert fire(found, sequence, model.values) == drive(model, sequence)
    assert not [trigger for _, trigger in build_table(found) if trigger.startswith("to_")]
    flow = Flow(name="f", lifecycle=found)
    assert "transition_never_taken" not in {item.code for item in problems(flow)}


# --- behaviours by name -------------------------------------------------------------------------------------------


def test_guard() -> None:
    """`conditions`: all must hold; the host gives the expression for each name or callable."""

    def is_paid() -> bool:
        return True

    made = machine({"trigger": "go", "source": "a", "dest": "b", "conditions": ["p", is_paid]})
    found = from_machine(made, guards={"p": "order.p or order.q", is_paid: "order.paid"})
    assert str(found.transitions[0].guard) == "(order.p or order.q) and order.paid"
    by_name = from_machine(made, guards={"p": "order.p", "is_paid": "order.paid"})
    assert str(by_name.transitions[0].guard) == "order.p and order.paid"


def test_unless() -> None:
    """`unless`: none may hold."""
    made = machine({"trigger": "go", "source": "a", "dest": "b", "unless": ["p", "q"]})
    found = from_machine(made, guards={"p": "order.p", "q": "order.q or order.r"})
    assert str(found.transitions[0].guard) == "not order.p and not (order.q or order.r)"


def test_reflexive() -> None:
    """`=` enters the same stage again, from each source."""
    made = machine({"trigger": "redo", "source": ["a", "b"], "dest": "="})
    assert from_machine(made).transitions == (Transition(trigger="redo", source=["a", "b"], dest="="),)
    model = Model()
    to_machine(lifecycle(Transition(trigger="redo", source="*", dest="=")), model=model)
    assert drive(model, ["redo"]) == ["a"]


def test_internal() -> None:
    """A `dest` of None fires without entering a stage."""
    made = machine({"trigger": "call", "source": "a", "dest": None})
    assert from_machine(made).transitions == (Transition(trigger="call", source="a", dest=None),)
    model = Model()
    to_machine(lifecycle(Transition(trigger="call", source="a", dest=None)), model=model)
    assert drive(model, ["call", "call"]) == ["a", "a"]


def test_wildcard() -> None:
    """`*` is every stage, the destination too; read back, it is `*` again."""
    here = lifecycle(Transition(trigger="reset", source="*", dest="a"))
    assert fire(here, ["reset"], {}) == ["a"]
    assert from_machine(to_machine(here)) == here


def test_ordered() -> None:
    """`add_ordered_transitions` goes through the states in their order and around."""
    made = machine()
    made.add_ordered_transitions()
    assert fire(from_machine(made), ["next_state"] * 4, {}) == ["b", "c", "a", "b"]


def test_several_transitions_of_one_trigger_are_tried_in_order() -> None:
    """The first whose conditions hold is taken; what stands behind one without conditions never is, and is left out."""
    made = machine(
        {"trigger": "go", "source": "a", "dest": "b", "conditions": "p"},
        {"trigger": "go", "source": "a", "dest": "c"},
        {"trigger": "go", "source": "a", "dest": "a"},
    )
    found = from_machine(made, guards=NAMES)
    assert [item.dest for item in found.transitions] == ["b", "c"]
    assert fire(found, ["go"], {"order.p": True}) == ["b"]
    assert fire(found, ["go"], {"order.p": False}) == ["c"]


def test_invalid_trigger() -> None:
    """A trigger that is not possible here is refused; a Machine raises, unless it ignores invalid triggers."""
    here = lifecycle(Transition(trigger="go", source="a", dest="b"))
    assert fire(here, ["back", "go", "go"], {}) == [None, "b", None]
    model, lenient = Model(), Model()
    to_machine(here, model=model)
    with pytest.raises(MachineError):
        for _ in range(2):
            model.trigger("go")  # type: ignore[attr-defined]  # the Machine gives it to the model
    made = to_machine(here, model=lenient, ignore_invalid_triggers=True)
    assert drive(lenient, ["go", "go"]) == ["b", None]
    assert from_machine(made) == here


def test_auto_transitions() -> None:
    """`to_<state>` is added by nobody: neither when a Machine is made, nor when one that has them is read."""
    here = lifecycle(Transition(trigger="go", source="a", dest="b"))
    assert set(to_machine(here).events) == {"go"}
    assert "to_c" in to_machine(here, auto_transitions=True).events
    assert from_machine(to_machine(here, auto_transitions=True)) == here
    written = machine({"trigger": "to_b", "source": "a", "dest": "b"})
    assert [item.trigger for item in from_machine(written).transitions] == ["to_b"]
    renamed = machine(auto_transitions=True, model_attribute="status")
    assert from_machine(renamed).transitions == ()


def test_final() -> None:
    """A final state becomes a stage that is done; done and cancelled stages become final states."""
    made = machine(states=["a", State("b", final=True)])
    assert [stage.category for stage in from_machine(made).stages.values()] == ["open", "done"]
    here = Lifecycle(initial="a", stages={"a": Stage(), "b": Stage(category="cancelled")}, transitions=[])
    assert [state.final for state in to_machine(here).states.values()] == [False, True]


def test_queued() -> None:
    """A queued Machine has the same lifecycle, though its triggers answer True even when they are refused."""
    made = machine({"trigger": "go", "source": "a", "dest": "b"}, queued=True, send_event=True, name="orders")
    assert from_machine(made) == lifecycle(Transition(trigger="go", source="a", dest="b"))


# --- what else is carried over ------------------------------------------------------------------------------------


def test_a_lifecycle_comes_back_with_its_guards_roles_and_requirements() -> None:
    """Machine and back: conditions of any kind are those that were written; owners and titles are given again."""
    review = Transition(
        trigger="go",
        source="a",
        dest="b",
        guard="order.total < 5",
        roles=["boss"],
        requires=["order.region"],
        title="Go",
    )
    here = Lifecycle(
        initial="a",
        stages={"a": Stage(owner=OwnerRule(role="sales")), "b": Stage(category="done")},
        transitions=[review],
    )
    assert from_machine(to_machine(here), stages=here.stages) == here


def test_holds_is_asked_with_the_arguments_of_the_trigger() -> None:
    """`holds` gets the transition, and what was passed along; a transition without conditions asks nobody."""
    here = lifecycle(
        Transition(trigger="go", source="a", dest="b", roles=["boss"]), Transition(trigger="on", source="b", dest="c")
    )
    asked: list[Any] = []
    model: Any = Model()

    def holds(transition: Transition, who: str) -> bool:
        asked.append((transition.trigger, who))
        return who in transition.roles

    to_machine(here, model=model, holds=holds)
    assert (model.go("clerk"), model.go("boss"), model.on("anybody")) == (False, True, True)
    assert asked == [("go", "clerk"), ("go", "boss")]


def test_without_holds_a_condition_cannot_be_answered() -> None:
    """Nothing is taken for true: the Machine can be looked at, and says what it needs when it is fired."""
    model = Model()
    to_machine(lifecycle(Transition(trigger="go", source="a", dest="b", guard="order.total < 5")), model=model)
    with pytest.raises(DefinitionError, match=r"'go' needs order\.total < 5; say whether it is so with to_machine"):
        model.trigger("go")  # type: ignore[attr-defined]  # the Machine gives it to the model


def test_other_kinds_of_machines() -> None:
    """A flat Machine of another class is made and read like any other; `"self"` makes it its own model."""
    here = lifecycle(Transition(trigger="go", source="a", dest="b"))
    made = to_machine(here, kind=LockedMachine, model="self")
    assert isinstance(made, LockedMachine)
    assert drive(made, ["go"]) == ["b"]
    assert from_machine(made) == here


def test_the_trigger_may_have_any_name() -> None:
    """`state` is no trigger for a Machine whose model keeps its state there; a lifecycle has no such attribute."""
    here = lifecycle(Transition(trigger="state", source="a", dest="b"))
    assert fire(here, ["state"], {}) == ["b"]
    with pytest.raises(ValueError, match="model attribute"):
        to_machine(here)
    assert from_machine(to_machine(here, model_attribute="stage")) == here


# --- what is refused ----------------------------------------------------------------------------------------------


def test_everything_that_cannot_be_carried_over_is_listed() -> None:
    """Conditions without an expression and callbacks, all at once, with their places; `drop` leaves out callbacks."""
    made = machine(
        {"trigger": "go", "source": "a", "dest": "b", "conditions": "p", "after": "mail"},
        {"trigger": "back", "source": "b", "dest": "a", "unless": lambda: True},
        states=["a", State("b", on_enter=[print]), "c"],
        prepare_event="log",
    )
    told = refused(made)
    assert len(told) == 5
    assert told[0] == "go: a: conditions: p is Python code; say the same as an expression: guards={'p': '…'}"
    assert "unless: <lambda> is Python code" in told[1]
    assert told[2].startswith("machine: prepare_event: log has no place in a lifecycle")
    assert "b: on_enter: print" in told[3]
    assert "go: a: after: mail" in told[4]
    assert len(refused(made, drop=True)) == 2
    assert len(from_machine(made, drop=True, guards={"p": "order.p", "<lambda>": "order.q"}).transitions) == 2


def test_timeouts_and_tags_are_reported() -> None:
    """What extensions add to states is not lost in silence."""

    @add_state_features(Timeout, Tags)
    class Richer(Machine):
        pass

    states: Any = ["a", {"name": "b", "timeout": 5, "on_timeout": "late", "tags": ["slow"]}]
    made = Richer(model=None, states=states, initial="a", auto_transitions=False)
    assert [line.split(" has no place")[0] for line in refused(made)] == [
        "b: timeout: 5",
        "b: on_timeout: late",
        "b: tags: slow",
    ]
    assert list(from_machine(made, drop=True).stages) == ["a", "b"]


def test_nested_machines_are_refused() -> None:
    """Nested and parallel states are no lifecycle; what to do is said."""
    made = HierarchicalMachine(states=["a", {"name": "b", "children": ["c"]}], initial="a")
    (told,) = refused(made)
    assert told.startswith("machine: a HierarchicalMachine has nested")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (machine({"trigger": "go", "source": "a", "dest": "e"}), "go: a: there is no stage 'e'; there are a, b, c"),
        (machine({"trigger": "go", "source": "aa", "dest": "b"}), "Did you mean 'a'?"),
        (machine(states=["a", "*"]), "cannot be named '*'"),
        (machine(initial=None), "the key 'initial' is missing"),
        ("a Machine", "from_machine holds Machine values, not 'a Machine'"),
    ],
)
def test_machines_that_are_no_lifecycle_are_refused(made: Any, words: str) -> None:
    """Unknown states, reserved names, no beginning, no Machine."""
    assert words in "\n".join(refused(made))


def test_wrong_arguments_are_refused() -> None:
    """An expression that is none, and stages that the Machine does not have."""
    made = machine({"trigger": "go", "source": "a", "dest": "b", "conditions": "p"})
    assert refused(made, guards={"p": "order.p ="})[0].startswith("guards['p']: ")
    assert "stages['d']: there is no stage 'd'" in refused(made, guards=NAMES, stages={"d": Stage()})[0]


def test_a_diagram_shows_guards_and_roles() -> None:
    """The Machine of `transitions.extensions` that draws needs no `holds`; conditions have names to be shown."""
    here = lifecycle(Transition(trigger="go", source="a", dest="b", guard="order.total < 5", roles=["boss"]))
    drawn: Any = to_machine(here, kind=GraphMachine, model="self", graph_engine="mermaid", show_conditions=True)
    assert "a --> b: go [order.total < 5; boss]" in drawn.get_graph().draw(None)
    assert from_machine(drawn) == here
