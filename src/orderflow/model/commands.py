"""What can be asked for: imperative requests as values. The Tracker's methods are sugar for these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from attrs import field, frozen
from attrs.validators import optional

from orderflow.model.actor import Actor, to_actor
from orderflow.model.errors import InvalidValue
from orderflow.model.events import ORDER_TRACK, JumpKind
from orderflow.model.frozen import EMPTY, FrozenMap, as_names
from orderflow.model.order import Line, Order, check_id, is_id, is_text, to_attributes, to_decimal, to_instant
from orderflow.model.reasons import shown, suggest


def _instant(value: Any) -> datetime | None:
    return None if value is None else to_instant(value, "at")


def _whole(instance: Any, attribute: Any, value: Any) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63):
        raise InvalidValue.of("not_whole", what=attribute.name, value=shown(value))


def _yes_or_no(instance: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, bool):
        raise InvalidValue.of("bad_flag", what=attribute.name, value=shown(value))


def _ids_of(instance: Any, attribute: Any, value: tuple[Any, ...]) -> None:
    for id in value:
        check_id(id, f"{type(instance).__name__}.{attribute.name}")


_id = optional(is_id)

Clocks = Literal["keep", "restart", "rescale"]


def _names(value: Any) -> FrozenMap[str]:
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for pair in value.items() for item in pair):
        raise InvalidValue.of("bad_mapping", value=repr(value)[:80])
    return FrozenMap(value)


def _known_clocks(instance: Any, attribute: Any, value: Any) -> None:
    known = get_args(Clocks)
    if value not in known:
        raise InvalidValue.of("bad_clocks", value=repr(value)[:80], known=known, suggestion=suggest(str(value), known))


@frozen(kw_only=True)
class Command:
    """What every command has.

    - `by`: who asks; a lone string is a person's id. `reason`: why, in their own words.
    - `at`: when it happened, aware; None means now.
    - `key`: an idempotency key; the same command with the same key gives the same Receipt again.
    - `expect`: the version that the stream must have, else `Conflict`.
    """

    order: str = field(validator=is_id)
    by: Actor = field(converter=to_actor)
    at: datetime | None = field(default=None, converter=_instant)
    key: str | None = field(default=None, validator=optional(is_id))
    expect: int | None = field(default=None, validator=_whole)
    reason: str | None = field(default=None, validator=optional(is_text))


def _quantities(value: Any) -> FrozenMap[Decimal] | None:
    """Line -> a positive quantity."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value:
        raise InvalidValue.of("bad_quantities", value=shown(value))
    found = {}
    for line, quantity in value.items():
        check_id(line, "line")
        found[line] = to_decimal(quantity, f"line {line}: quantity")
        if found[line] <= 0:
            raise InvalidValue.of("bad_quantity", line=line, value=str(found[line]))
    return FrozenMap(found)


def _ids(value: Any) -> FrozenMap[str]:
    """Other systems' names -> their ids."""
    if value is None:
        return EMPTY
    if not isinstance(value, Mapping):
        raise InvalidValue.of("bad_external", value=shown(value))
    for system, id in value.items():
        check_id(system, "system")
        check_id(id, f"the id in {system}")
    return FrozenMap(value)


@frozen(kw_only=True)
class Place(Command):
    """Take in a new order; `external`: the ids under which other systems know it."""

    content: Order = field()
    external: FrozenMap[str] = field(default=EMPTY, converter=_ids)
    order: str = field(init=False)

    @order.default
    def _id(self) -> str:
        if not isinstance(self.content, Order):
            raise InvalidValue.of("not_an_order", value=shown(self.content))
        return self.content.id


@frozen(kw_only=True)
class Fire(Command):
    """Pull a trigger of the lifecycle."""

    trigger: str = field(validator=is_id)
    track: str = field(default=ORDER_TRACK, validator=is_id)


@frozen(kw_only=True)
class OpenTrack(Command):
    """Open a further track of a kind that an order may have many of: `shipment`, as `shipment:<id>`.

    Without an `id` the tracks of a kind are numbered from 1.
    """

    track: str = field(validator=is_id)
    id: str | None = field(default=None, validator=_id)
    lines: FrozenMap[Decimal] | None = field(default=None, converter=_quantities)


@frozen(kw_only=True)
class Move(Command):
    """Move quantity of lines by a move of the flow; without `lines` all that there is in the move's sources.

    On a track that carries lines, what it carries; otherwise what no track carries.
    """

    move: str = field(validator=is_id)
    lines: FrozenMap[Decimal] | None = field(default=None, converter=_quantities)
    track: str = field(default=ORDER_TRACK, validator=is_id)


@frozen(kw_only=True)
class Load(Command):
    """Load quantity of lines onto a track that carries them, or with `unload` take it off again."""

    track: str = field(validator=is_id)
    lines: FrozenMap[Decimal] | None = field(default=None, converter=_quantities)
    unload: bool = field(default=False, validator=_yes_or_no)


def _jump_kind(instance: Any, attribute: Any, value: Any) -> None:
    if value not in get_args(JumpKind):
        raise InvalidValue.of("bad_jump", value=shown(value), known=get_args(JumpKind))


@frozen(kw_only=True)
class Jump(Command):
    """Leave the ways of the flow on purpose: go back, skip ahead, force a stage, or undo the last such jump.

    `stage` is where to; None only for `undo`. A `reason` is needed.
    """

    kind: JumpKind = field(validator=_jump_kind)
    stage: str | None = field(default=None, validator=_id)
    track: str = field(default=ORDER_TRACK, validator=is_id)


def _changes(value: Any) -> FrozenMap[Any]:
    """Path -> a value as attributes have it, or None."""
    values = _mapping(value)
    return FrozenMap({path: to_attributes({path: item}).get(path) for path, item in values.items()})


def _line_changes(value: Any) -> FrozenMap[FrozenMap[Any]]:
    return FrozenMap({line: _changes(changes) for line, changes in _mapping(value).items()})


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return EMPTY
    if not isinstance(value, Mapping):
        raise InvalidValue.of("bad_changes", value=shown(value))
    for name in value:
        check_id(name, "path")
    return value


def _added(value: Any) -> tuple[Line, ...]:
    if isinstance(value, Line):
        return (value,)
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise InvalidValue.of("bad_line", value=shown(value))
    lines = tuple(value)
    for line in lines:
        if not isinstance(line, Line):
            raise InvalidValue.of("bad_line", value=shown(line))
    return lines


@frozen(kw_only=True)
class Amend(Command):
    """Change what was ordered (变更).

    - `changes`: path -> new value, None takes it away: `order.total`, `order.promised_at`, `order.region`,
      `customer.address`.
    - `lines`: line -> the same by field: `quantity`, `price`, `unit`, `item`, or an attribute.
    - `add`, `remove`: whole lines, and ids of lines.
    """

    changes: FrozenMap[Any] = field(default=EMPTY, converter=_changes)
    lines: FrozenMap[FrozenMap[Any]] = field(default=EMPTY, converter=_line_changes)
    add: tuple[Line, ...] = field(default=(), converter=_added)
    remove: tuple[str, ...] = field(default=(), converter=as_names, validator=_ids_of)


@frozen(kw_only=True)
class Link(Command):
    """Say under which id another system knows the order."""

    system: str = field(validator=is_id)
    id: str = field(validator=is_id)


@frozen(kw_only=True)
class FactChanged(Command):
    """A fact that conditions ask for has another value now: look at the clocks again."""

    fact: str = field(validator=is_id)


@frozen(kw_only=True)
class Observe(Command):
    """Record what another master system says: the track is in `stage` since `at`, whatever the flow allows."""

    stage: str = field(validator=is_id)
    source: str = field(validator=is_id)
    source_seq: int | None = field(default=None, validator=_whole)
    track: str = field(default=ORDER_TRACK, validator=is_id)


@frozen(kw_only=True)
class Assign(Command):
    """Make somebody responsible; `to=None` leaves the track to the team, or to nobody."""

    to: str | None = field(validator=_id)
    team: str | None = field(default=None, validator=_id)
    track: str = field(default=ORDER_TRACK, validator=is_id)


@frozen(kw_only=True)
class Acknowledge(Command):
    """Say that somebody is on to a breach: the escalation of this promise, or of all, goes no further."""

    sla: str | None = field(default=None, validator=_id)


@frozen(kw_only=True)
class Erase(Command):
    """Forget the order's personal values."""


@frozen(kw_only=True)
class Note(Command):
    """Write a note into the history."""

    text: str = field(validator=is_text)


@frozen(kw_only=True)
class Migrate(Command):
    """Take the order to another version of its flow, by a plan. It happens now: there is no `at`.

    - `version`: the fingerprint of that version, which must be recorded. `plan`: the id of the plan.
    - `mapping`: `kind/stage` -> the stage of the new version that takes its place.
    - `clocks`: `keep` (each goes on under its terms), `restart` (each begins anew) or `rescale` (the share of the old
      target that is used counts of the new one).
    """

    version: str = field(validator=is_id)
    plan: str = field(validator=is_id)
    mapping: FrozenMap[str] = field(default=EMPTY, converter=_names)
    clocks: Clocks = field(default="keep", validator=_known_clocks)
    at: datetime | None = field(init=False, default=None)


@frozen(kw_only=True)
class RevertMigration(Command):
    """Take the order back to the version from which a plan brought it. It happens now: there is no `at`."""

    plan: str = field(validator=is_id)
    at: datetime | None = field(init=False, default=None)


@frozen(kw_only=True)
class Settle(Command):
    """Record what time alone has caused. A sweep gives this; every other command does it first."""
