"""Which flow a new order takes, of several, when it names none."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from attrs import frozen

from orderflow.model.calendar import ALWAYS
from orderflow.model.events import ORDER_TRACK, Stream
from orderflow.model.frozen import FrozenMap
from orderflow.model.openings import EPOCH
from orderflow.model.order import Money, Order
from orderflow.model.reasons import Place, Reason, reason
from orderflow.model.state import OrderState
from orderflow.rules.compile import Program
from orderflow.rules.fields import promise
from orderflow.rules.scope import Scope


@frozen
class Choice:
    """The flow that was chosen and the reason why; or no flow, and every reason why none."""

    program: Program | None
    reasons: tuple[Reason, ...]


def choose(programs: Iterable[Program], order: Order) -> Choice:
    """The flow of a new order: of those whose `select:` fits, the one with the highest priority.

    - A flow without `select:` is never chosen so. One whose condition is unknown does not fit.
    - No flow: `flow_needed` where none has a `select:`, `flow_tie` where two fit with the same priority, else
      `no_flow_fits` with the terms that are not true of each flow.
    """
    given = tuple(programs)
    ranked = [(program, program.flow.select) for program in given if program.flow.select is not None]
    if not ranked:
        return Choice(None, (reason("flow_needed", known=tuple(program.flow.name for program in given)),))
    fits = [(select.priority, program) for program, select in ranked if _fits(program, order)]
    if not fits:
        names = tuple(program.flow.name for program, _ in ranked)
        unfit = [item for program, _ in ranked for item in _unfit(program, order)]
        return Choice(None, (reason("no_flow_fits", known=names), *unfit))
    highest = max(priority for priority, _ in fits)
    best = [program for priority, program in fits if priority == highest]
    if len(best) > 1:
        names = tuple(program.flow.name for program in best)
        return Choice(None, (reason("flow_tie", _place(best[0]), flows=names, priority=highest),))
    return Choice(best[0], (_why(best[0], highest),))


def _fits(program: Program, order: Order) -> bool:
    return program.select is None or program.select.test(_scope(program, order)) is True


def _why(program: Program, priority: int) -> Reason:
    name, select = program.flow.name, program.select
    if select is None:
        return reason("flow_selected_always", _place(program), flow=name, priority=priority)
    return reason("flow_selected", _place(program), flow=name, priority=priority, term=select.condition.text)


def _unfit(program: Program, order: Order) -> list[Reason]:
    terms = program.select.explain(_scope(program, order)) if program.select else ()
    place = program.place("select.when")
    return [
        reason(
            "flow_unfit",
            place,
            flow=program.flow.name,
            term=term.text,
            values=FrozenMap({name: _shown(value) for name, value in term.values.items()}),
        )
        for term in terms
    ]


def _shown(value: object) -> object:
    return "?" if value is None else str(value) if isinstance(value, Money) else value


def _place(program: Program) -> Place:
    return program.place("select")


def _scope(program: Program, order: Order) -> Scope:
    """The order as a condition sees it before it is placed: there are no tracks, and nothing has happened."""
    promised = attrs.evolve(order, promised_at=promise(order.promised_at, program.zone))
    state = OrderState(
        stream=Stream.order(order.id),
        version=0,
        flow=program.fingerprint,
        order=promised,
        digest=None,
        placed_at=EPOCH,
        recorded_at=EPOCH,
    )
    return Scope(state, ORDER_TRACK, None, EPOCH, ALWAYS)
