"""Folded orders -> EventLog: what a Tracker's own histories look like as tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from orderflow.metrics.instants import micros
from orderflow.metrics.log import EventLog
from orderflow.model.events import ORDER_TRACK, ClockMarked, Event, OwnerAssigned, QuantityMoved, StageEntered
from orderflow.model.order import Money, plain, total_of
from orderflow.model.state import OrderState

DELIVERED, CANCELLED = "delivered", "cancelled"  # line stages that have a meaning for figures, by their names
_LINES = ("order", "line", "ordered", "delivered", "at")
_MARKS = ("order", "track", "sla", "kind", "at", "due_at", "label", "voided")


def log_of(
    states: Iterable[OrderState], *, tz: str, done_stages: Iterable[str], cancelled_stages: Iterable[str] = ()
) -> EventLog:
    """The EventLog of these orders.

    - `events`: one row per stage entered, with the actor (`wang`, `system:shop`) and the team answerable by then.
    - `orders`: flow, customer, source, total and currency, promised_at, and the attributes of order and customer
      (`region`, `customer.level`). Erased values are missing. Money is split into amount and currency.
    - `marks`: one row per mark of a clock: order, track, sla, kind, at, due_at (microseconds in UTC), label, and
      `voided`: a fact reported late has shown that this mark should not have been.
    - `lines`, where a flow follows quantities: order, line, ordered (without what was cancelled), and for each move
      into the line stage `delivered` - or, with a minus, out of it - `delivered` and `at`; a line without any has a row
      too.
    """
    events: dict[str, list[Any]] = {name: [] for name in ("order", "stage", "at", "actor", "track", "team")}
    lines: dict[str, list[Any]] = {name: [] for name in _LINES}
    rows: list[dict[str, Any]] = []
    done, cancelled = set(done_stages), set(cancelled_stages)  # and those of older versions of a flow
    states = list(states)
    marks = marks_of(states)
    for state in states:
        rows.append(_attributes(state))
        teams = _Teams(events["team"])
        _add_lines(lines, state)
        for event in state.timeline:
            body = event.body
            if isinstance(body, StageEntered):
                if event.track == ORDER_TRACK and body.category in ("done", "cancelled"):
                    (done if body.category == "done" else cancelled).add(body.stage)
                team = teams.entered(event)
                _append(events, (state.order.id, body.stage, event.occurred_at, str(event.actor), event.track, team))
            elif isinstance(body, OwnerAssigned):
                teams.assigned(event, body.team)
    names = list(dict.fromkeys(name for row in rows for name in row))
    orders = {name: _column(name, [row.get(name) for row in rows]) for name in names} if rows else None
    return EventLog.from_columns(
        events,
        orders,
        tz=tz,
        done_stages=done,
        cancelled_stages=cancelled,
        marks=marks if marks["order"] else None,
        lines=lines if lines["order"] else None,
    )


def marks_of(states: Iterable[OrderState]) -> dict[str, list[Any]]:
    """The columns of the table `marks` of these orders, as `log_of` describes it."""
    marks: dict[str, list[Any]] = {name: [] for name in _MARKS}
    for state in states:
        voided = _voided(state)
        for event in state.timeline:
            for mark in event.body.marks if isinstance(event.body, ClockMarked) else ():
                due = mark.due_at or state.clocks[f"{event.track}/{mark.sla}"].due_at
                at, due_us = micros(event.occurred_at), None if due is None else micros(due)
                wrong = (event.track, mark.sla, mark.kind, event.occurred_at, mark.label) in voided
                _append(marks, (state.order.id, event.track, mark.sla, mark.kind, at, due_us, mark.label, wrong))
    return marks


class _Teams:
    """The team answerable for each stage that one order entered: that of the same moment, else the one before."""

    def __init__(self, column: list[Any]) -> None:
        self._column = column
        self._now: dict[str, str | None] = {}
        self._last: dict[str, tuple[int, Any]] = {}

    def entered(self, event: Event) -> str | None:
        self._last[event.track] = (len(self._column), (event.occurred_at, event.recorded_at))
        return self._now.get(event.track)

    def assigned(self, event: Event, team: str | None) -> None:
        self._now[event.track] = team
        row, moment = self._last.get(event.track, (-1, None))
        if moment == (event.occurred_at, event.recorded_at):
            self._column[row] = team


def _add_lines(lines: dict[str, list[Any]], state: OrderState) -> None:
    for line, quantities in state.quantities.items():
        ordered = float(quantities.ordered - quantities.at(CANCELLED))
        moves = [
            (state.order.id, line, ordered, float(item.quantity if item.dest == DELIVERED else -item.quantity), event)
            for event in state.timeline
            if isinstance(event.body, QuantityMoved)
            for item in event.body.transfers
            if item.line == line and (item.dest == DELIVERED) != (item.source == DELIVERED)
        ]
        for *row, event in moves:
            _append(lines, (*row, micros(event.occurred_at)))
        if not moves:
            _append(lines, (state.order.id, line, ordered, 0.0, None))


def _voided(state: OrderState) -> set[tuple[str, str, str, datetime, str | None]]:
    """(track, sla, kind, instant, label) of every mark that a later one corrects."""
    return {
        (event.track, mark.sla, item.kind, item.at, item.label)
        for event in state.timeline
        if isinstance(event.body, ClockMarked)
        for mark in event.body.marks
        for item in mark.voided
    }


def _append(table: dict[str, list[Any]], row: tuple[Any, ...]) -> None:
    for column, value in zip(table.values(), row, strict=True):
        column.append(value)


def _attributes(state: OrderState) -> dict[str, Any]:
    order, total = state.order, total_of(state.order)
    row: dict[str, Any] = {
        "order": order.id,
        "flow": order.flow,
        "customer": order.customer.id if order.customer else None,
        "source": order.source,
        "total": float(total.amount) if total else None,
        "currency": total.currency if total else None,
        "promised_at": order.promised_at,
    }
    for prefix, attributes in (
        ("", order.attributes),
        ("customer.", order.customer.attributes if order.customer else {}),
    ):
        for name, value in attributes.items():
            column = prefix + name
            row["order." + name if column in row or column == "id" else column] = _cell(plain(value))
    return row


def _column(name: str, values: list[Any]) -> list[Any]:
    """A column that polars can hold: when its values are of several types, numbers become floats, all else text."""
    types = {type(value) for value in values if value is not None}
    if len(types) < 2 or name == "promised_at":
        return values
    if types <= {int, float}:
        return [None if value is None else float(value) for value in values]
    return [None if value is None else str(value) for value in values]


def _cell(value: Any) -> Any:
    """A value that a column can hold: numbers as floats (figures, not books), moments as text."""
    if isinstance(value, Money):
        return float(value.amount)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return value
