"""Amendments: a change of what was ordered, as a difference that the flow allows; and ids of other systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import attrs

from orderflow.model.amending import amended, value_at, value_of_line
from orderflow.model.commands import Amend, Link
from orderflow.model.errors import InvalidValue
from orderflow.model.events import Amended, ExternalLinked, OrderAmended, QuantityMoved
from orderflow.model.flow import OPEN, AmendmentRule
from orderflow.model.order import EXACT, Line, Order, plain, to_decimal, to_promise
from orderflow.model.quantities import LineState, Transfer
from orderflow.model.reasons import Reason, reason
from orderflow.rules import sla
from orderflow.rules.acting import check_known_lines
from orderflow.rules.draft import Draft
from orderflow.rules.fields import check_fields, promise
from orderflow.rules.gate import guard_unmet, role_unmet
from orderflow.rules.moving import change_of

_LINES = "lines"


def amend(draft: Draft, command: Amend) -> list[Reason]:
    """Record what changes; refused when the flow does not allow it, or the changed order would not fit the flow."""
    order = draft.order.order
    if wrong := _unknown(order, command):
        return wrong
    try:
        body = difference(order, _with_instant(draft, command))
        after = amended(order, body)
    except InvalidValue as error:
        return list(error.reasons)
    changed = _paths(body)
    if not changed:
        return []
    rules, wrong = _allowed(draft, changed)
    before = check_fields(draft.program, order)
    wrong += [item for item in check_fields(draft.program, after) if item not in before]
    transfers, short = _transfers(draft, body)
    if wrong + short:
        return wrong + short
    draft.add(body, rule=",".join(f"amendment:{name}" for name in rules) or None)
    if transfers:
        draft.add(QuantityMoved(cause="amended", transfers=transfers))
    sla.react(draft)
    return []


def link(draft: Draft, command: Link) -> list[Reason]:
    """Record the id under which another system knows the order; one that it has already changes nothing."""
    return add_external(draft, {command.system: command.id})


def add_external(draft: Draft, external: Mapping[str, str]) -> list[Reason]:
    """Record ids of other systems. Refused where another order has one of them."""
    wrong = []
    for system, id in external.items():
        other = draft.context.external(system, id)
        if other is not None and other != draft.order.order.id:
            wrong.append(reason("external_taken", system=system, id=id, order=other))
    for system, id in external.items() if not wrong else ():
        if (system, id) not in draft.order.external:
            draft.add(ExternalLinked(system=system, id=id))
    return wrong


# --- the difference ---


def _unknown(order: Order, command: Amend) -> list[Reason]:
    """Names in the command that mean nothing: paths, lines."""
    known = dict.fromkeys(line.id for line in order.lines)
    wrong = check_known_lines([*command.lines, *command.remove], known)
    both = set(command.lines) & set(command.remove)
    wrong += [reason("line_changed_and_removed", line=id) for id in sorted(both)]
    added = Counter(line.id for line in command.add)
    wrong += [reason("duplicate_line", line=id) for id, count in added.items() if id in known or count > 1]
    for path in command.changes:
        kind, _, name = path.partition(".")
        if (
            kind not in ("order", "customer")
            or not name
            or path in ("order.id", "order.currency", "order.source", "customer.id")
        ):
            wrong.append(reason("not_amendable", path=path))
        elif kind == "customer" and order.customer is None:
            wrong.append(reason("no_customer", path=path))
    wrong += [
        reason("not_amendable", path=f"line.{name}")
        for changes in command.lines.values()
        for name in changes
        if name in ("id", "line.id")
    ]
    return wrong


def _with_instant(draft: Draft, command: Amend) -> Amend:
    """A promised day becomes the instant at its end, as at the placing."""
    promised = command.changes.get("order.promised_at")
    if not isinstance(promised, date):
        return command
    instant = promise(to_promise(promised), draft.program.zone)
    return attrs.evolve(command, changes=command.changes.set("order.promised_at", instant))


def difference(order: Order, command: Amend) -> OrderAmended:
    """What the command changes, and nothing that stays as it is."""
    changes = [_one(order, None, command.changes)]
    lines = {line.id: line for line in order.lines}
    for id, values in command.lines.items():
        by_path = {f"line.{name.removeprefix('line.')}": value for name, value in values.items()}
        changes.append(_one(order, lines[id], by_path))
    gone = set(command.remove)
    return OrderAmended(
        changes=[item for item in changes if item.before or item.after],
        added=command.add,
        removed=[line for line in order.lines if line.id in gone],
    )


def _one(order: Order, line: Line | None, values: Mapping[str, Any]) -> Amended:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for path, value in values.items():
        old = value_at(order, path) if line is None else value_of_line(line, path)
        new = value
        if path == "line.quantity" and isinstance(new, int | str):
            new = to_decimal(new, path)
        if plain(old) == plain(new):
            continue
        before |= {} if old is None else {path: old}
        after |= {} if new is None else {path: new}
    return Amended(line=None if line is None else line.id, before=before, after=after)


def _paths(body: OrderAmended) -> tuple[str, ...]:
    """Every path that an amendment touches; `lines` where lines come or go."""
    found = [path for item in body.changes for path in (*item.before, *item.after)]
    return tuple(dict.fromkeys([*found, *([_LINES] if body.added or body.removed else [])]))


# --- whether it may be ---


def _allowed(draft: Draft, paths: Iterable[str]) -> tuple[list[str], list[Reason]]:
    """The rules of the flow by which these paths may be changed, and every reason why one may not."""
    rules = draft.program.flow.amendments
    if rules is None:
        if draft.order.main.category in OPEN:
            return [], []
        return [], [reason("order_ended", stage=draft.order.main.stage)]
    used: dict[str, None] = {}
    wrong: dict[Reason, None] = {}
    for path in paths:
        covering = {name: rule for name, rule in rules.items() if path in rule.fields or "*" in rule.fields}
        if not covering:
            wrong[reason("amendment_not_foreseen", draft.program.place("amendments"), path=path)] = None
            continue
        unmet = {name: _unmet(draft, name, rule) for name, rule in covering.items()}
        free = [name for name, found in unmet.items() if not found]
        if free:
            used[free[0]] = None
        else:
            wrong |= dict.fromkeys(item for found in unmet.values() for item in found)
    return list(used), list(wrong)


def _unmet(draft: Draft, name: str, rule: AmendmentRule) -> list[Reason]:
    path = f"amendments.{name}"
    found = role_unmet(draft, rule.roles, f"{path}.roles")
    found += guard_unmet(draft, draft.program.amendments.get(name), "order", path, name)
    if rule.approval is not None and not approved(draft, rule.approval):
        place = draft.program.place(f"{path}.approval")
        found.append(reason("approval_pending", place, approval=rule.approval, trigger=name))
    return found


def approved(draft: Draft, approval: str) -> bool:
    """Whether an approval of the order has been given: read from its scope, where conditions read it too."""
    return draft.scope("order").approved(approval) is True


# --- quantities ---


def _transfers(draft: Draft, body: OrderAmended) -> tuple[list[Transfer], list[Reason]]:
    """What an amendment does to quantities that the flow follows: all of it in the first line stage.

    - What was delivered over counts towards a greater quantity.
    - Refused where less stands there than is taken off; what is further on is closed, returned or moved back first.
    """
    lines = draft.program.flow.lines
    if lines is None:
        return [], []
    transfers = [Transfer(line=line.id, quantity=line.quantity, dest=lines.first) for line in body.added]
    wrong = []
    for line, change in _changes(draft, body):
        there = draft.order.quantities.get(line, LineState()).carried(None, lines.first)
        if -change > there:
            params = {"line": line, "wanted": -change, "there": there, "stages": (lines.first,)}
            wrong.append(reason("not_enough", draft.program.place("lines"), **params, track="order"))
        elif change:
            transfers.append(change_of(line, change, lines.first))
    return transfers, wrong


def _changes(draft: Draft, body: OrderAmended) -> Iterator[tuple[str, Decimal]]:
    """(line, by how much what is ordered of it changes), of lines that were there before."""
    for item in body.changes:
        if item.line is not None and "line.quantity" in item.after:
            change = EXACT.subtract(item.after["line.quantity"], item.before["line.quantity"])
            yield item.line, EXACT.subtract(change, draft.order.quantities.get(item.line, LineState()).absorbed(change))
    for line in body.removed:  # all of it, also what was delivered over and came back
        yield line.id, -draft.order.quantities.get(line.id, LineState()).ordered
