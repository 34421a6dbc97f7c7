"""Floor 3: the orders of a log, played through the rules of a flow as a Tracker plays what it observes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import evolve, field, frozen

from orderflow.adapters.memory import MemoryStorage
from orderflow.metrics.instants import EPOCH, MICROSECOND
from orderflow.metrics.log import EventLog
from orderflow.model.actor import Actor
from orderflow.model.commands import Command, Observe, OpenTrack, Place, Settle
from orderflow.model.errors import Refused
from orderflow.model.events import ORDER_TRACK, Stream
from orderflow.model.flow import Field, Flow
from orderflow.model.order import Customer, Money, Order
from orderflow.model.reasons import Reason, reason
from orderflow.model.state import Blank, OrderState, State
from orderflow.plugins import Plugins
from orderflow.providers import Providers
from orderflow.rules.allowed import stages_called
from orderflow.rules.compile import Program, compile_flow
from orderflow.rules.context import Context
from orderflow.rules.fields import fits
from orderflow.versions import Versions

BY = Actor.system("history")
DIGEST = "history"  # of every command: nobody repeats one, so none is worth a hash
BATCH = 1_000  # orders whose states are in memory at once
BUILT_IN = ("id", "total", "currency", "promised_at", "source")  # of an order: they need no field


@frozen(kw_only=True, eq=False)
class Replay:
    """How the orders of one log are played through one flow.

    - `names`: kind of track -> what a stage is called in a log -> the stage. `unknown`: what of the log the flow does
      not know, with the number of events. `unfit`: values that are not of their declared type, counted.
    """

    log: EventLog
    flow: Flow
    names: Mapping[str, Mapping[str, str]]
    unknown: Mapping[str, int]
    providers: Providers
    programs: dict[str, Program] = field(factory=dict)
    unfit: dict[str, int] = field(factory=dict)

    @classmethod
    def of(cls, log: EventLog, flow: Flow, plugins: tuple[Any, ...]) -> Replay:
        """Ready to play; the flow asks for nothing that a log need not have, and hides nothing."""
        fields = {path: evolve(item, required=False, personal=False) for path, item in flow.fields.items()}
        free = evolve(flow, fields=fields)
        lifecycles = {ORDER_TRACK: flow.lifecycle, **{name: track.lifecycle for name, track in flow.tracks.items()}}
        names = {kind: stages_called(lifecycle) for kind, lifecycle in lifecycles.items()}
        storage = MemoryStorage()
        known = Plugins(plugins)
        providers = Providers(storage, None, known, Versions(storage, _never))
        return cls(log=log, flow=free, names=names, unknown=_unknown(log, names), providers=providers)

    def states(self, until: datetime | None) -> Iterator[tuple[list[OrderState], float]]:
        """The orders as they were at the end, some at a time, and the share of events that is done."""
        batch: list[OrderState] = []
        done = 0
        attributes = {row["order"]: row for row in self.log.orders.iter_rows(named=True)}
        for code, events in self._orders():
            done += len(events)
            state = self._play(self._order(attributes[code]), events, until)
            if isinstance(state, OrderState):
                batch.append(state)
            if len(batch) == BATCH:
                yield batch, done / len(self.log)
                batch = []
        yield batch, 1.0

    def assumptions(self) -> list[Reason]:
        """What was passed over, and values that do not fit."""
        told = []
        if self.unknown:
            told.append(reason("log.not_marked", names=[f"{name} ({n})" for name, n in self.unknown.items()]))
        if self.unfit:
            told.append(reason("log.unfit_values", names=[f"{name} ({n})" for name, n in sorted(self.unfit.items())]))
        return told

    def _orders(self) -> Iterator[tuple[int, list[tuple[datetime, str, str]]]]:
        """Each order's code and its events that the flow knows: instant, track, stage of the flow."""
        stages = self.log.stages
        track = self.log.names["track"].to_list() if "track" in self.log.names else []
        columns = ["order", "at", "stage", *(["track"] if track else [])]
        now, events = None, list[tuple[datetime, str, str]]()
        for order, when, stage, *rest in self.log.events.select(columns).iter_rows():
            if order != now and now is not None:
                yield now, events
                events = []
            now = order
            name = track[rest[0]] if rest and rest[0] is not None else ORDER_TRACK
            known = self.names.get(_kind(name), {}).get(stages[stage])
            if known is not None:
                events.append((at(when), name, known))
        if now is not None:
            yield now, events

    def _play(self, order: Order, events: list[tuple[datetime, str, str]], until: datetime | None) -> State:
        """One order from its first event to the end."""
        state: State = Blank(stream=Stream.order(order.id))
        if not events:
            return state
        first = next((stage for _, track, stage in events if track == ORDER_TRACK), self.flow.lifecycle.initial)
        program = self._program(first)
        state = self._step(program, state, Place(by=BY, content=order), events[0][0])
        for when, track, stage in events:
            if isinstance(state, OrderState) and track not in state.tracks:
                kind, _, number = track.partition(":")
                state = self._step(
                    program, state, OpenTrack(by=BY, order=order.id, track=kind, id=number or None), when
                )
            state = self._step(
                program, state, Observe(by=BY, order=order.id, stage=stage, source="log", track=track), when
            )
        if until is not None and until > events[-1][0]:
            state = self._step(program, state, Settle(by=BY, order=order.id), until)
        return state

    def _step(self, program: Program, state: State, command: Command, now: datetime) -> State:
        decision = self.providers.decide(program, state, command, Context(now=now, digest=DIGEST))
        if decision.refused:
            raise Refused(decision.reasons)
        return state if decision.after is None else decision.after

    def _program(self, first: str) -> Program:
        """The flow, with the stage as its first in which an order of the log begins."""
        if first not in self.programs:
            lifecycle = evolve(self.flow.lifecycle, initial=first)
            self.programs[first] = compile_flow(evolve(self.flow, lifecycle=lifecycle))
        return self.programs[first]

    def _order(self, row: Mapping[str, Any]) -> Order:
        """An order with what the log knows of it and the flow asks for."""
        given = {name: value for name, value in row.items() if value is not None}
        own, customers = dict[str, Any](), dict[str, Any]()
        for path, declared in self.flow.fields.items():
            kind, _, name = path.partition(".")
            value = given.get(path) if kind == "customer" or path in given else given.get(name)
            if kind == "line" or value is None or (kind == "order" and name in BUILT_IN):
                continue
            fit = _fitting(declared, value, self.flow.currency)
            if fit is None:
                self.unfit[path] = self.unfit.get(path, 0) + 1
            else:
                (own if kind == "order" else customers)[name] = fit
        customer = None
        if "customer" in given or customers:
            customer = Customer(id=str(given.get("customer", row["id"])), attributes=customers)
        promised = given.get("promised_at")
        return Order(
            id=row["id"],
            flow=self.flow.name,
            customer=customer,
            total=_money(given.get("total"), given.get("currency") or self.flow.currency),
            promised_at=None if promised is None else at(promised),
            source=None if given.get("source") is None else str(given["source"]),
            attributes=own,
        )


def _unknown(log: EventLog, names: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """The stages (`stage`, or `track/stage`) of the log that the flow does not know, and how many events have them."""
    import polars as pl

    columns = ["stage", *(["track"] if "track" in log.names else [])]
    counts = (
        log.events.group_by(columns).agg(pl.len()).sort("len", *columns, descending=[True, *(False for _ in columns)])
    )
    tracks = log.names["track"].to_list() if "track" in log.names else []
    found: dict[str, int] = {}
    for stage, *rest in counts.iter_rows():
        track = tracks[rest[0]] if len(rest) > 1 and rest[0] is not None else ORDER_TRACK
        if log.stages[stage] not in names.get(_kind(track), {}):
            name = log.stages[stage] if track == ORDER_TRACK else f"{_kind(track)}/{log.stages[stage]}"
            found[name] = found.get(name, 0) + rest[-1]
    return found


def at(micros: int) -> datetime:
    """An instant of a log, in UTC."""
    return EPOCH + micros * MICROSECOND


def _kind(track: str) -> str:
    return track.partition(":")[0]


def _fitting(declared: Field, value: Any, currency: str | None) -> Any:
    """A value of a log as the declared type, or None where it is none."""
    try:
        found = _converted(declared, value, currency)
    except (ValueError, InvalidOperation, TypeError):
        return None
    return found if found is not None and fits(declared, found) else None


def _converted(declared: Field, value: Any, currency: str | None) -> Any:
    if declared.type in ("text", "choice"):
        return str(value)
    if declared.type == "number":
        return Decimal(str(value))
    if declared.type == "money":
        return _money(value, currency)
    if declared.type == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    if declared.type == "date":
        return date.fromisoformat(value) if isinstance(value, str) else value
    if declared.type == "instant":
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    if declared.type == "duration" and isinstance(value, int | float):
        return timedelta(seconds=value)
    return value


def _money(amount: Any, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money(Decimal(str(amount)), currency)


def _never() -> datetime:
    raise AssertionError("a replay records no version of a flow, so nobody asks for the time")
