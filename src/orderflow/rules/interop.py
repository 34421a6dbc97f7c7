"""To and from the `transitions` library: a lifecycle as a Machine, and a Machine as a lifecycle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from orderflow.model.condition import Condition
from orderflow.model.errors import DefinitionError
from orderflow.model.flow import Lifecycle, Stage, Transition
from orderflow.model.frozen import EMPTY
from orderflow.model.parse import parse
from orderflow.model.reasons import Place, Problem, problem, suggest
from orderflow.rules.lifecycle import is_machine, open_machine

if TYPE_CHECKING:
    from transitions import Machine

Holds = Callable[..., bool]
_OF_MACHINE = (
    "prepare_event",
    "before_state_change",
    "after_state_change",
    "finalize_event",
    "on_exception",
    "on_final",
)
_OF_STATE = ("on_enter", "on_exit", "timeout", "on_timeout", "tags")
_OF_TRANSITION = ("prepare", "before", "after")


def to_machine(
    lifecycle: Lifecycle,
    *,
    model: Any = None,
    holds: Holds | None = None,
    kind: type[Machine] | None = None,
    **options: Any,
) -> Machine:
    """A `transitions.Machine` that has the lifecycle's stages and transitions and accepts the same sequences.

    - `model`: what the Machine moves: an object, a list of them, or `"self"`; None for no model.
    - `holds(transition, *args, **kwargs)` says whether guard, roles and `requires` of a transition are met; the
      arguments are those of the trigger. Without it, a transition that has any of these raises `DefinitionError` when
      it is tried; a diagram does not try.
    - `kind`: another class of Machine, such as `transitions.extensions.GraphMachine`.
    - `options` go to the Machine. `auto_transitions` is off unless given: no `to_<stage>` that nobody wrote.
    - Stages of the categories `done` and `cancelled` are final. Owners, titles and calendars stay behind.
    """
    options = {"auto_transitions": False, **options, "model": model}
    return open_machine(lifecycle, kind=kind, condition=lambda item: _asked(item, holds), options=options)


def from_machine(
    machine: Machine,
    *,
    guards: Mapping[Any, str | Condition] = EMPTY,
    stages: Mapping[str, Stage] = EMPTY,
    drop: bool = False,
) -> Lifecycle:
    """The lifecycle of a `transitions.Machine`; both accept the same sequences of triggers.

    - `guards`: for each of the Machine's conditions - by its name, or by the callable - the expression that says the
      same; those of `unless` become `not (…)`. Python cannot become an expression by itself.
    - `stages`: owner, title, category and calendar of stages by name; the others are open, final ones are done.
    - `drop=True` leaves out callbacks, timeouts and tags, which a lifecycle does not have.
    - Left out: the `to_<state>` triggers that `auto_transitions` added, and transitions behind one without conditions,
      which the Machine does not take either.
    - A Machine that was made by `to_machine` gives its guards, roles and `requires` back.

    Raises `DefinitionError` with everything that cannot be carried over: nested states, conditions without an
    expression, callbacks (unless dropped), names and stages that are none.
    """
    if not is_machine(machine):
        raise DefinitionError.of("wrong_kind", what="from_machine", kind="Machine", value=repr(machine)[:80])
    if any(kind.__name__ == "HierarchicalMachine" for kind in type(machine).__mro__):
        raise DefinitionError([problem("machine_nested", Place(path="machine"), kind=type(machine).__name__)])
    reader = _Reader(machine, guards)
    transitions = [item for trigger in machine.events for item in reader.transitions(trigger)]
    found = [*reader.problems, *_of_states(machine, stages), *(() if drop else _callbacks(machine))]
    if found:
        raise DefinitionError(found)
    return Lifecycle(
        initial=str(machine.initial),
        stages={name: _stage(state, stages.get(name)) for name, state in machine.states.items()},
        transitions=transitions,
    )


# --- to a Machine -------------------------------------------------------------------------------------------------


class _Asked:
    """The condition of one transition in a Machine; its name is what diagrams show."""

    def __init__(self, transition: Transition, holds: Holds | None) -> None:
        self.transition = transition
        self.holds = holds
        parts = (*transition.roles, *transition.requires)
        self.__name__ = "; ".join(([transition.guard.text] if transition.guard else []) + list(parts))

    def __call__(self, *args: Any, **kwargs: Any) -> bool:
        if self.holds is None:
            trigger = self.transition.trigger
            raise DefinitionError(
                [problem("machine_not_asked", Place(path=trigger), trigger=trigger, condition=self.__name__)]
            )
        return bool(self.holds(self.transition, *args, **kwargs))


def _asked(transition: Transition, holds: Holds | None) -> _Asked | None:
    conditional = transition.guard is not None or transition.roles or transition.requires
    return _Asked(transition, holds) if conditional else None


# --- from a Machine -----------------------------------------------------------------------------------------------


@frozen
class _Group:
    """Transitions of one trigger that differ in their source only: where in the order they are tried, and the rest."""

    rank: int
    dest: str | None
    what: Transition


class _Reader:
    """Reads the transitions of a Machine and gathers problems."""

    def __init__(self, machine: Machine, guards: Mapping[Any, str | Condition]) -> None:
        self.machine = machine
        self.guards = guards
        self.problems: list[Problem] = []

    def transitions(self, trigger: str) -> Iterator[Transition]:
        """The transitions of one trigger; sources with the same way are put together."""
        groups: dict[_Group, list[str]] = {}
        for source, found in self.machine.events[trigger].transitions.items():
            for rank, (dest, what) in enumerate(self.ways(trigger, source, found)):
                groups.setdefault(_Group(rank, dest, what), []).append(source)
        loops: dict[_Group, list[str]] = {}
        for group, sources in list(groups.items()):
            if sources == [group.dest]:
                loops.setdefault(evolve(group, dest="="), []).extend(groups.pop(group))
        for group, sources in sorted([*groups.items(), *loops.items()], key=lambda item: item[0].rank):
            everywhere = len(sources) > 1 and set(sources) == set(self.machine.states)
            yield evolve(group.what, source="*" if everywhere else tuple(sources), dest=group.dest)

    def ways(self, trigger: str, source: str, found: list[Any]) -> Iterator[tuple[str | None, Transition]]:
        """Where each transition leads, in the order tried, up to the first that has no conditions."""
        path = f"{trigger}: {source}"
        known = tuple(self.machine.states)
        for item in found:
            if self.is_automatic(trigger, item):
                continue
            for name in (source, item.dest):
                if name is not None and name not in known:
                    near = suggest(str(name), known)
                    code = "unknown_stage_in_flow"
                    self.problems.append(problem(code, Place(path=path), name=name, known=known, suggestion=near))
            what = self.what(trigger, item.conditions, path)
            yield item.dest, what
            if not item.conditions:
                return

    def is_automatic(self, trigger: str, item: Any) -> bool:
        """Whether `auto_transitions` made it: `to_<dest>` without anything else."""
        attribute = self.machine.model_attribute
        name = f"to_{item.dest}" if attribute == "state" else f"to_{attribute}_{item.dest}"
        plain = not item.conditions and not any(getattr(item, key) for key in _OF_TRANSITION)
        return bool(self.machine.auto_transitions) and trigger == name and plain

    def what(self, trigger: str, conditions: list[Any], path: str) -> Transition:
        """A transition of that trigger with what the conditions ask for; its source and dest follow later."""
        own = Transition(trigger=trigger, source=())
        texts = []
        for item in conditions:
            if isinstance(item.func, _Asked) and item.target:
                asked = item.func.transition
                own = evolve(own, roles=asked.roles, requires=asked.requires, title=asked.title)
                texts += [asked.guard.text] if asked.guard else []
            elif (text := self.expression(item, path)) is not None:
                texts.append(text if item.target else f"not ({text})")
        try:
            guard = parse(" and ".join(f"({text})" for text in texts)) if texts else None
        except DefinitionError as error:
            self.problems += error.problems
            return own
        return evolve(own, guard=guard)

    def expression(self, condition: Any, path: str) -> str | None:
        """What the host says that a condition means."""
        name = condition.func if isinstance(condition.func, str) else _name(condition.func)
        given = _given(self.guards, condition.func)
        given = _given(self.guards, name) if given is None else given
        if given is None:
            word = "conditions" if condition.target else "unless"
            self.problems.append(problem("machine_condition", Place(path=path), name=name, word=word))
            return None
        try:
            return (given if isinstance(given, Condition) else parse(given)).text
        except DefinitionError as error:
            self.problems += [evolve(item, place=Place(path=f"guards[{name!r}]")) for item in error.problems]
            return None


def _given(guards: Mapping[Any, str | Condition], key: Any) -> str | Condition | None:
    try:
        return guards.get(key)
    except TypeError:  # a callable that cannot be hashed
        return None


def _name(func: Any) -> str:
    return str(getattr(func, "__name__", None) or repr(func))


def _stage(state: Any, given: Stage | None) -> Stage:
    return given if given is not None else Stage(category="done" if state.final else "open")


def _of_states(machine: Machine, stages: Mapping[str, Stage]) -> Iterator[Problem]:
    known = tuple(machine.states)
    for name in stages:
        if name not in known:
            where = Place(path=f"stages[{name!r}]")
            yield problem("unknown_stage_in_flow", where, name=name, known=known, suggestion=suggest(name, known))
    for name in known:
        if name in ("*", "="):
            yield problem("machine_state_name", Place(path="states"), name=name)
    if machine.initial is None:
        yield problem("missing_key", Place(path="machine"), name="initial")


def _callbacks(machine: Machine) -> Iterator[Problem]:
    """Everything that a Machine does or knows and a lifecycle does not."""
    for path, owner, names in _owners(machine):
        for word in names:
            found = getattr(owner, word, None)
            for item in found if isinstance(found, list | tuple) else [found] if found else []:
                name = item if isinstance(item, str) else _name(item)
                yield problem("machine_callback", Place(path=path), word=word, name=name)


def _owners(machine: Machine) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    yield "machine", machine, _OF_MACHINE
    for name, state in machine.states.items():
        yield name, state, _OF_STATE
    for trigger, event in machine.events.items():
        for source, found in event.transitions.items():
            for item in found:
                yield f"{trigger}: {source}", item, _OF_TRANSITION
