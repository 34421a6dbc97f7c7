"""Floor 3: starting, widening, ending and comparing pilots over one road. The flow's stream is their only memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orderflow.metrics.pilots import PilotReport, compare
from orderflow.migrating import acting, all_orders, read_order, recorded, target_of
from orderflow.model.actor import Actor
from orderflow.model.condition import Condition
from orderflow.model.errors import InvalidValue, Refused
from orderflow.model.events import Body, PilotChanged, PilotEnded, PilotStarted
from orderflow.model.order import check_id
from orderflow.model.parse import parse
from orderflow.model.pilots import Pilot, percent, to_share
from orderflow.model.policies import to_condition
from orderflow.model.reasons import suggest
from orderflow.model.state import FlowState, OrderState, State
from orderflow.model.validate import wrong_kind
from orderflow.road import Road
from orderflow.rules.compile import Program
from orderflow.rules.piloting import check_cohort, widened


def start(road: Road, flow: Any, *, name: str, share: Any, when: Condition | str | None, by: Actor | str) -> Pilot:
    """Try a version on some of the new orders."""
    check_id(name, "pilot")
    actor, part = acting(road, by), to_share(share)
    target = target_of(road, flow)
    recorded(road, target.flow.name)
    current = road.current.get(target.flow.name)
    if current is not None and current.fingerprint == target.fingerprint:
        raise Refused.of("pilot_same_version", flow=target.flow.name)
    cohort = _cohort(target, when)
    if part is None and cohort is None:
        raise Refused.of("pilot_for_whom")
    if any(pilot.name == name for pilot in pilots(road)):
        raise Refused.of("pilot_exists", pilot=name)
    road.versions.register(target, actor)
    body = PilotStarted(name=name, fingerprint=target.fingerprint, share=part, when=cohort)

    def make(state: State) -> Body:
        if _of(state, name) is not None:
            raise Refused.of("pilot_exists", pilot=name)
        return body

    return _recorded(road, target.flow.name, make, name, actor, target.fingerprint)


def widen(road: Road, name: str, *, share: Any, when: Condition | str | None, by: Actor | str) -> Pilot:
    """Try it on more: a greater share, or also on orders for which another condition is true."""
    known = find(road, name)
    actor, part = acting(road, by), to_share(share)
    more = _cohort(road.versions.get(known.fingerprint, known.flow), when)
    if part is None and more is None:
        raise Refused.of("pilot_for_whom")

    def make(state: State) -> Body:
        pilot = _running(state, name)
        if part is not None and (pilot.share is None or part < pilot.share):
            raise Refused.of("pilot_narrowed", pilot=name, share=percent(pilot.share), wanted=percent(part))
        if more is not None and pilot.when is None:
            raise Refused.of("pilot_for_all", pilot=name)
        cohort = pilot.when if more is None or pilot.when is None else widened(pilot.when, more)
        return PilotChanged(name=name, share=pilot.share if part is None else part, when=cohort)

    return _recorded(road, known.flow, make, name, actor, known.fingerprint)


def end(road: Road, name: str, *, adopt: bool, by: Actor | str) -> Pilot:
    """Let it take no more orders; those that it has stay on their version."""
    known = find(road, name)
    if not isinstance(adopt, bool):
        raise InvalidValue.of("bad_flag", what="adopt", value=repr(adopt)[:80])
    actor = acting(road, by)

    def make(state: State) -> Body:
        return PilotEnded(name=_running(state, name).name, adopted=adopt)

    return _recorded(road, known.flow, make, name, actor, known.fingerprint)


def pilots(road: Road, flow: str | None = None) -> tuple[Pilot, ...]:
    """Every pilot that there was, of all flows or of one; of each flow the first started first."""
    if flow is not None:
        check_id(flow, "flow")
    return tuple(
        pilot for state in road.versions.flows() if flow in (None, state.stream.id) for pilot in state.pilots.values()
    )


def find(road: Road, name: str) -> Pilot:
    """The pilot of this name."""
    check_id(name, "pilot")
    known = {pilot.name: pilot for pilot in pilots(road)}
    if name not in known:
        raise Refused.of("pilot_unknown", pilot=name, known=tuple(known), suggestion=suggest(name, known))
    return known[name]


def report(road: Road, name: str) -> PilotReport:
    """A pilot beside the orders that were placed in the same time and are not in it."""
    pilot = find(road, name)
    return compare(pilot, _states(road, pilot.flow), pilot.ended_at or road.now())


def _states(road: Road, flow: str) -> Iterator[OrderState]:
    for id in all_orders(road, flow):
        state = read_order(road, id)
        if state is not None:
            yield state


def _cohort(target: Program | None, when: Any) -> Condition | None:
    """The condition of a cohort, held against the fields of the version that is tried."""
    if when is None or target is None:
        return None
    condition = to_condition(when)
    if not isinstance(condition, Condition):
        raise wrong_kind("when", when, Condition)
    check_cohort(target.flow, condition)
    return parse(condition.text)  # as it will be read back: a tree that was made by hand may be too large for that


def _of(state: State, name: str) -> Pilot | None:
    return state.pilots.get(name) if isinstance(state, FlowState) else None


def _running(state: State, name: str) -> Pilot:
    """The pilot as the stream has it now: another process may have ended it meanwhile."""
    pilot = _of(state, name)
    if pilot is None:
        raise Refused.of("pilot_unknown", pilot=name, known=())
    if pilot.ended_at is not None:
        raise Refused.of("pilot_ended", pilot=name, at=pilot.ended_at)
    return pilot


def _recorded(road: Road, flow: str, make: Any, name: str, actor: Actor, version: str) -> Pilot:
    pilot = _of(road.versions.record(flow, make, actor, version), name)
    if pilot is None:
        raise Refused.of("pilot_unknown", pilot=name, known=())
    return pilot
