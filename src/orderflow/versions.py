"""Floor 3: the recorded versions of flows, read from their streams and compiled when somebody asks; and new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from orderflow.adapters.codec import read_flow
from orderflow.model.actor import Actor
from orderflow.model.canonical import flow_text
from orderflow.model.errors import Conflict
from orderflow.model.events import Body, Event, FlowRegistered, Stream
from orderflow.model.state import Blank, FlowState, State, fold
from orderflow.ports import Storage
from orderflow.rules.commit import bare_commit
from orderflow.rules.compile import Program, compile_flow
from orderflow.rules.context import NamedCalendar

TRIES = 4
_BATCH = 1_000


class Versions:
    """Every version that the storage knows, by its fingerprint; each is compiled at most once."""

    def __init__(self, storage: Storage, now: Callable[[], datetime]) -> None:
        self._storage = storage
        self._now = now
        self._programs: dict[str, Program] = {}
        self._states: dict[str, State] = {}
        self._searched: set[str] = set()

    def add(self, program: Program) -> None:
        """Remember a program; whether it is recorded is another question."""
        self._programs[program.fingerprint] = program

    def state(self, flow: str) -> State:
        """The stream of a flow now: what is known of it, and its news."""
        stream = Stream.flow(flow)
        known = self._states.get(flow) or Blank(stream=stream)
        state = self._states[flow] = fold(known, self._storage.load(stream, after=known.version))
        return state

    def flows(self) -> Iterator[FlowState]:
        """The streams of all flows that are recorded, in order of their names."""
        after: str | None = None
        while streams := self._storage.streams("flow", after, _BATCH):
            for stream in streams:
                state = self.state(stream.id)
                if isinstance(state, FlowState):
                    yield state
            after = streams[-1].id

    def get(self, fingerprint: str, flow: str | None = None) -> Program | None:
        """The program of a version, or None where none is recorded; `flow` saves looking through all flows."""
        if fingerprint not in self._programs:
            states = (self.state(flow),) if flow is not None else self.flows()
            for state in states:
                if isinstance(state, FlowState) and fingerprint in state.versions:
                    self.add(compile_flow(read_flow(state.versions[fingerprint])))
        return self._programs.get(fingerprint)

    def calendar_with(self, digest: str) -> NamedCalendar | None:
        """The calendar of some version that has this content: an order may come from a version with another one."""
        found = self._calendar(digest)
        if found is None:
            for state in self.flows():
                for fingerprint in set(state.versions) - self._searched:
                    self._searched.add(fingerprint)
                    self.get(fingerprint, state.stream.id)
            found = self._calendar(digest)
        return found

    def _calendar(self, digest: str) -> NamedCalendar | None:
        programs = tuple(self._programs.values())
        return next((item for found in programs for item in found.calendars.values() if item.digest == digest), None)

    def register(self, program: Program, actor: Actor) -> None:
        """Record a version when it is new."""
        body = FlowRegistered(fingerprint=program.fingerprint, text=flow_text(program.flow))

        def make(state: State) -> Body | None:
            known = isinstance(state, FlowState) and program.fingerprint in state.versions
            return None if known else body

        self.record(program.flow.name, make, actor, program.fingerprint)
        self.add(program)

    def record(self, flow: str, make: Callable[[State], Body | None], actor: Actor, version: str | None) -> State:
        """Append what `make` makes of a flow's stream, or nothing where that is None; the state after it.

        Raises what `make` raises, and `Conflict` when a race was lost several times.
        """
        for _ in range(TRIES):
            state = self.state(flow)
            body, now = make(state), self._now()
            if body is None:
                return state
            event = Event(
                tenant=self._storage.tenant,
                stream=state.stream,
                version=state.version + 1,
                actor=actor,
                occurred_at=now,
                recorded_at=now,
                flow=version,
                body=body,
            )
            after = fold(state, [event])
            try:
                self._storage.append(bare_commit(state, after, event))
            except Conflict:
                continue  # another process writes at the same time: look again
            self._states[flow] = after
            return after
        raise Conflict(str(Stream.flow(flow)), None)
