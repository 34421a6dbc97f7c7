"""Floor 3: the one road of every command: load, decide, append, answer, tell. Clock and chance are read here."""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from orderflow.adapters.codec import read_flow
from orderflow.model.actor import Actor
from orderflow.model.commands import Amend, Command, Place, Settle
from orderflow.model.commit import Commit
from orderflow.model.decision import Decision
from orderflow.model.errors import (
    Conflict,
    DefinitionError,
    KeyReused,
    Refused,
    StorageError,
    UnknownOrder,
)
from orderflow.model.events import Event, OrderPlaced, OwnerAssigned, Stream
from orderflow.model.flow import Flow
from orderflow.model.frozen import EMPTY
from orderflow.model.order import Order, to_instant
from orderflow.model.pilots import Pilot
from orderflow.model.reasons import Reason, problem, reason, suggest
from orderflow.model.state import Blank, FlowState, OrderState, State, fold
from orderflow.model.view import View
from orderflow.plugins import Plugins
from orderflow.ports import DirectoryPort, Storage
from orderflow.providers import Providers
from orderflow.rules.check_select import select_problems
from orderflow.rules.commit import crossing_commit, make_commit, owed
from orderflow.rules.compile import Program, compile_flow
from orderflow.rules.context import Context
from orderflow.rules.decide import command_digest
from orderflow.rules.piloting import pilot_for
from orderflow.rules.placing import placed, protect, same_amendment, same_personal
from orderflow.rules.receipt import Receipt
from orderflow.rules.select import choose
from orderflow.versions import Versions

TRIES = 4
CACHED = 10_000

Look = Callable[[OrderState], View]
_log = logging.getLogger("orderflow")
_ERRORS: dict[str, type[Refused]] = {
    "unknown_order": UnknownOrder,
    "order_id_reused": KeyReused,
    "key_reused": KeyReused,
}


@attrs.frozen
class _Chosen:
    """How the program of a new order was chosen: the reason for its flow, and the pilot that takes it, if any."""

    why: Reason | None = None
    pilot: Pilot | None = None


class Road:
    """Storage, programs, providers and a bounded cache of states, and the way of a command through them."""

    def __init__(
        self,
        *,
        flows: Sequence[Flow],
        storage: Storage,
        directory: DirectoryPort | None,
        plugins: Plugins,
        facts: Mapping[str, Callable[..., Any]] = EMPTY,
        clock: Callable[[], datetime],
        actor: Actor,
    ) -> None:
        self.storage = storage
        self.directory = directory
        self.plugins = plugins
        self.versions = Versions(storage, self.now)
        self.providers = Providers(storage, directory, plugins, self.versions, facts)
        self.channels = plugins.channels()
        self._channel_names = tuple(self.channels)
        self._clock = clock
        self._lock = threading.Lock()
        self._states: OrderedDict[Stream, State] = OrderedDict()
        self.current: dict[str, Program] = {}
        if wrong := [item for item in select_problems(flows) if item.severity == "error"]:
            raise DefinitionError(wrong)
        for flow in flows:
            self._open(flow, actor)

    def now(self) -> datetime:
        """The instant of the clock, in UTC."""
        return to_instant(self._clock(), "clock")

    # --- flows ----------------------------------------------------------------------------------------------------

    def _open(self, flow: Flow, actor: Actor) -> None:
        """Compile a flow, and record its version when it is new."""
        program = self.compile(flow)
        self._mention_channels(program)
        if flow.name in self.current:
            raise DefinitionError([problem("flow_twice", name=flow.name)])
        self.current[flow.name] = program
        self.versions.register(program, actor)

    def compile(self, flow: Flow) -> Program:
        """The program of a flow; raises `DefinitionError`, also for a calendar that nobody has. Records nothing."""
        program = compile_flow(flow)
        self._check_calendars(program)
        return program

    def _check_calendars(self, program: Program) -> None:
        """Refuse a flow that names a calendar which neither it nor a plugin has."""
        known = tuple(program.calendars)
        for path, name in program.calendar_names():
            if name not in program.calendars and self.providers.calendar(name, self.now()) is None:
                where = program.place(path)
                hint = suggest(name, known)
                raise DefinitionError([problem("unknown_calendar", where, name=name, known=known, suggestion=hint)])

    def _mention_channels(self, program: Program) -> None:
        """Say in the log which channels the flow names that are not registered here: another process may send them."""
        named = {name for rule in (program.flow.notify or {}).values() for name in rule.channels or ()}
        for name in sorted(named - set(self.channels)):
            _log.warning("flow %r: the channel %r is not registered here", program.flow.name, name)

    def program(self, state: OrderState, version: str | None = None) -> Program:
        """The program that an order is pinned to, or of another version of its flow."""
        flow, wanted = state.order.flow or "", version or state.flow
        program = self.versions.get(wanted, flow)
        if program is None:
            stream = Stream.flow(flow)
            raise StorageError(f"{state.stream} is pinned to version {wanted} of {stream}, which is not recorded")
        return program

    def older_stages(self) -> set[str]:
        """The stages of every version of the current flows."""
        found: set[str] = set()
        for name in self.current:
            known = fold(Blank(stream=Stream.flow(name)), self.storage.load(Stream.flow(name)))
            for text in known.versions.values() if isinstance(known, FlowState) else ():
                found |= set(read_flow(text).lifecycle.stages)
        return found

    def program_for(self, flow: str | None) -> Program:
        """The current program of a flow; None is allowed where there is one."""
        names = tuple(self.current)
        if flow is None and len(names) == 1:
            return self.current[names[0]]
        if flow is None:
            raise Refused.of("flow_needed", known=names)
        if flow not in self.current:
            raise Refused.of("unknown_flow", flow=flow, known=names, suggestion=suggest(flow, names))
        return self.current[flow]

    def _choose(self, order: Order) -> tuple[Program, _Chosen]:
        """The program of a new order: of the flow that it names or that is chosen, and there maybe a pilot's."""
        program, why = self._choose_flow(order)
        known = self.versions.state(program.flow.name)
        pilots = known.pilots.values() if isinstance(known, FlowState) else ()
        found = pilot_for(pilots, order, self.now(), program.fingerprint, self.versions.get) if pilots else None
        return (found[1], _Chosen(why, found[0])) if found else (program, _Chosen(why))

    def _choose_flow(self, order: Order) -> tuple[Program, Reason | None]:
        """The current program of a flow; where the order names none and there are several, with the reason for it."""
        if order.flow is not None or len(self.current) < 2:
            return self.program_for(order.flow), None
        choice = choose(self.current.values(), order)
        if choice.program is None:
            raise Refused(choice.reasons)
        return choice.program, choice.reasons[0]

    # --- states ---------------------------------------------------------------------------------------------------

    def state(self, stream: Stream) -> State:
        """The stored state now: the cached one, brought up to the stored version."""
        with self._lock:
            cached = self._states.get(stream)
        state = cached or Blank(stream=stream)
        fresh = fold(state, self.storage.load(stream, after=state.version))
        if fresh is not cached and fresh.version:
            self._keep(fresh)
        return fresh

    def order(self, id: str) -> OrderState:
        """The state of an order. Raises `UnknownOrder`."""
        state = self.state(Stream.order(id))
        if not isinstance(state, OrderState):
            raise UnknownOrder([reason("unknown_order", order=id)])
        return state

    def _keep(self, state: State) -> None:
        with self._lock:
            self._states[state.stream] = state
            self._states.move_to_end(state.stream)
            if len(self._states) > CACHED:
                self._states.popitem(last=False)

    def forget(self, stream: Stream) -> None:
        """Drop a stream from the cache."""
        with self._lock:
            self._states.pop(stream, None)

    # --- commands -------------------------------------------------------------------------------------------------

    def handle(self, command: Command, look: Look) -> Receipt:
        """Take a command to its end: one append, then tell.

        Raises `Refused` (nothing written), `Conflict` when a race was lost several times or `expect` does not hold, and
        `StorageError`.
        """
        for left in reversed(range(TRIES)):
            program, command, state, chosen = self._start(command)
            if repeated := self._repeated(program, command, state, look):
                return repeated
            decision = self._decide(program, state, command, chosen)
            after = decision.after
            if after is None:
                return self._unchanged(state, decision, look)
            commit = self._commit(program, state, after, decision.events, command.key)
            try:
                self.storage.append(commit)
            except Conflict:
                self.forget(command_stream(command))
                if command.expect is not None or not left:
                    raise
                continue
            self._keep(after)
            receipt = self._answer(after, decision.events, decision, look)
            return self.plugins.tell(attrs.evolve(receipt, messages=commit.messages))
        raise AssertionError("the last try either returns or raises")

    def preview(self, command: Command, look: Look) -> Receipt:
        """The Receipt that a command would give; nothing is written and nobody is told."""
        program, command, state, chosen = self._start(command)
        if repeated := self._repeated(program, command, state, look):
            return attrs.evolve(repeated, preview=True)
        decision = self._decide(program, state, command, chosen)
        after = decision.after
        if after is None:
            return attrs.evolve(self._unchanged(state, decision, look), preview=True)
        receipt = self._answer(after, decision.events, decision, look)
        commit = self._commit(program, state, after, decision.events, command.key)
        return attrs.evolve(receipt, preview=True, messages=commit.messages)

    def reasons_against(self, state: OrderState, command: Command) -> tuple[Reason, ...]:
        """Why a command would be refused in this state; empty when it would be accepted."""
        decision = self._ask(self.program(state), state, command, self.now())
        return decision.reasons if decision.refused else ()

    def settled(self, state: OrderState, command: Command, now: datetime) -> OrderState:
        """The state as it is at `now`, with what time alone has caused, whether it is recorded or not."""
        after = self._ask(self.program(state), state, command, now, recording=False).after
        return after if isinstance(after, OrderState) else state

    def _commit(
        self, program: Program, before: State, after: State, events: Sequence[Event], key: str | None
    ) -> Commit:
        """What a decision writes; where it took the order to another version, row and later messages are that one's."""
        if isinstance(after, OrderState) and after.flow != program.fingerprint:
            target = self.program(after)
            return crossing_commit(program, target, before, after, events, self._channel_names, key)
        return make_commit(program, before, after, events, self._channel_names, key)

    def _start(self, command: Command) -> tuple[Program, Command, State, _Chosen]:
        state, chosen = self.state(command_stream(command)), _Chosen()
        if isinstance(state, OrderState):  # an order that is placed again is compared by the version that placed it
            program = self.program(state, state.timeline[0].flow if isinstance(command, Place) else None)
        elif isinstance(command, Place):
            program, chosen = self._choose(command.content)
        else:
            raise UnknownOrder([reason("unknown_order", order=command.order)])
        command = protect(program, command, lambda: os.urandom(16))
        other = command.expect is not None and command.expect != state.version
        if other and not self._key_known(command):
            raise Conflict(str(state.stream), command.expect)
        return program, command, state, chosen

    def _key_known(self, command: Command) -> bool:
        return command.key is not None and self.storage.lookup(command_stream(command), command.key) is not None

    def _repeated(self, program: Program, command: Command, state: State, look: Look) -> Receipt | None:
        """The first Receipt of a command that was given before under the same key."""
        if command.key is None or not state.version:
            return None
        known = self.storage.lookup(state.stream, command.key)
        if known is None:
            return None
        other = known.digest != command_digest(program, command)
        if isinstance(command, Place) and isinstance(state, OrderState):
            other = other or not same_personal(program, placed(state), command.content)
        if isinstance(command, Amend) and isinstance(state, OrderState) and not other:
            other = not same_amendment(program, state, known.first, known.last, command)
        if other:
            raise KeyReused([reason("key_reused", key=command.key, order=command.order)])
        events = self.storage.load(state.stream)[: known.last]
        return self._again(events, known.first, look)

    def _unchanged(self, state: State, decision: Decision, look: Look) -> Receipt:
        """The Receipt of a command that appends nothing; of an order placed again, the first one, as it was then."""
        if decision.repeated and isinstance(state, OrderState):
            first = [event for event in state.timeline if event.command_digest == state.digest]
            return self._again(first, 1, look)
        return self._answer(state, (), decision, look)

    def _again(self, events: Sequence[Event], first: int, look: Look) -> Receipt:
        """The Receipt that the events from version `first` on gave, as it was then."""
        before = fold(Blank(stream=events[0].stream), events[: first - 1])
        after, own = fold(before, events[first - 1 :]), tuple(events[first - 1 :])
        whys = (event.body.why for event in own if isinstance(event.body, OrderPlaced | OwnerAssigned))
        why = tuple(item for item in whys if item is not None)
        receipt = self._answer(after, own, Decision(repeated=True, reasons=why), look)
        program = self.program(receipt.state)  # that of then: the order may have gone to another version since
        return attrs.evolve(receipt, messages=owed(program, before, after, own, self._channel_names))

    def _answer(self, state: State, events: tuple[Event, ...], decision: Decision, look: Look) -> Receipt:
        if not isinstance(state, OrderState):
            raise StorageError(f"{state.stream} is not the stream of an order")
        return Receipt(
            state=state,
            events=events,
            reasons=decision.reasons,
            repeated=decision.repeated,
            look=look,
        )

    def _decide(self, program: Program, state: State, command: Command, chosen: _Chosen) -> Decision:
        decision = self._ask(program, state, command, self.now(), chosen=chosen)
        if decision.refused:
            error = next((_ERRORS[item.code] for item in decision.reasons if item.code in _ERRORS), Refused)
            raise error(decision.reasons)
        return decision

    def _ask(
        self,
        program: Program,
        state: State,
        command: Command,
        now: datetime,
        *,
        recording: bool = True,
        chosen: _Chosen | None = None,
    ) -> Decision:
        """Ask for a decision as of `now`."""
        if isinstance(state, OrderState):
            now = max(now, state.recorded_at)  # within a stream time does not go back, whatever clocks do
        by = command.by  # whoever asks is looked up at once: it saves a round
        people = {by.id: self.providers.person(by.id)} if by.kind == "person" else EMPTY
        digest = None if isinstance(command, Settle) else command_digest(program, command)
        tenant, chosen = self.storage.tenant, chosen or _Chosen()
        context = Context(
            now=now,
            tenant=tenant,
            people=people,
            digest=digest,
            recording=recording,
            chosen=chosen.why,
            pilot=chosen.pilot,
        )
        return self.providers.decide(program, state, command, context)


def command_stream(command: Command) -> Stream:
    """The stream that a command is about."""
    return Stream.order(command.order)
