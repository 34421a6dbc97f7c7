"""The versioned definition of how one kind of order is handled: Flow, Lifecycle, Stage, Transition, Field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import field, frozen

from orderflow.model.calendar import WorkCalendar
from orderflow.model.condition import Condition
from orderflow.model.errors import DefinitionError
from orderflow.model.frozen import EMPTY, FrozenMap, as_names, as_tuple
from orderflow.model.policies import SLA, NotifyRule, OwnerRule, to_condition, to_titles
from orderflow.model.reasons import Place

Category = Literal["open", "waiting", "done", "cancelled"]
OPEN: tuple[Category, ...] = ("open", "waiting")  # the categories of orders that somebody still has to deal with
FieldKind = Literal["text", "number", "money", "boolean", "date", "instant", "duration", "choice"]


def want(*kinds: type[Any]) -> Callable[[Any, Any, Any], None]:
    """An attrs validator: a `DefinitionError` that says what belongs there, for a definition written in Python."""

    def check(instance: Any, attribute: Any, value: Any) -> None:
        values = value.values() if isinstance(value, FrozenMap) else value if isinstance(value, tuple) else (value,)
        for item in values:
            if not isinstance(item, kinds):
                names = " or ".join(kind.__name__ for kind in kinds if kind is not type(None))
                where = f"{type(instance).__name__}.{attribute.name}"
                raise DefinitionError.of("wrong_kind", what=where, kind=names, value=repr(item)[:80])

    return check


@frozen(kw_only=True)
class Field:
    """One attribute of order, line or customer. `of` is the vocabulary of a choice.

    `personal` values stand in the history as salted hashes only and can be erased.
    """

    type: FieldKind = "text"
    of: tuple[str, ...] = field(default=(), converter=as_names)
    required: bool = False
    personal: bool = False
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles)


def _owner(value: Any) -> Any:
    return OwnerRule(person=value) if isinstance(value, str) else value


@frozen(kw_only=True)
class Stage:
    """A node of a lifecycle.

    `owner` is a rule, or the id of a person; without one the owner stays who it was. `calendar` names the one by which
    promises with `calendar: stage` count while the order is here.
    """

    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles)
    category: Category = "open"
    owner: OwnerRule | None = field(default=None, converter=_owner, validator=want(OwnerRule, type(None)))
    calendar: str | None = None


@frozen(kw_only=True)
class Transition:
    """One way from stage to stage, as in the `transitions` library.

    - `source`: a stage, several, or `*` for every stage.
    - `dest`: a stage; `=` enters the same stage again; None fires without entering a stage (internal).
    - `guard`: must be true; unknown refuses. `roles`: a person must have one. `requires`: fields that must be there.
    - Of several transitions with the same trigger and source, the first whose conditions hold is taken.
    """

    trigger: str
    source: tuple[str, ...] = field(converter=as_names)
    dest: str | None = None
    guard: Condition | None = field(default=None, converter=to_condition)
    roles: tuple[str, ...] = field(default=(), converter=as_names)
    requires: tuple[str, ...] = field(default=(), converter=as_names)
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles)


def _stages(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenMap(value)
    return FrozenMap({name: Stage() for name in value})


@frozen(kw_only=True)
class Lifecycle:
    """A state machine. `stages` keeps its order: it is the order of the board's columns."""

    initial: str
    stages: FrozenMap[Stage] = field(converter=_stages, validator=want(Stage), metadata={"ordered": True})
    transitions: tuple[Transition, ...] = field(converter=as_tuple, validator=want(Transition))


@frozen(kw_only=True)
class Track:
    """A further strand of an order, with a lifecycle of its own: a payment, the shipments, the returns.

    An order has one from the beginning. With `many` it has none until one is opened, and then as many as are:
    `shipment:1`, `shipment:2`. Its conditions see its own stage as `stage`, that of others as `track('payment').stage`.
    """

    lifecycle: Lifecycle = field(validator=want(Lifecycle))
    many: bool = False
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles)


def _map(value: Any) -> Any:
    return value if value is None else FrozenMap(value)


@frozen(kw_only=True)
class Flow:
    """How one kind of order is handled. Immutable; identified by `orderflow.model.canonical.fingerprint`.

    - `lifecycle` is that of the `order` track; `tracks` are the further ones, by name.
    - `fields`: `order.region`, `customer.level`, `line.batch` -> Field; the schema for conditions and intake.
    - `currency`: what a bare number means beside money in a condition.
    - `calendar`: business time; None is around the clock. `calendars`: further ones, by name.
    - `notify`: topic -> rule; None tells the owner when assigned, warned and breached.
    - `find`: declared attributes that can be searched; personal ones cannot.
    - `places`: where each path stands in the file that it was read from; no part of the value.
    """

    name: str
    lifecycle: Lifecycle = field(validator=want(Lifecycle))
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles)
    tracks: FrozenMap[Track] = field(default=EMPTY, converter=_map, validator=want(Track), metadata={"ordered": True})
    currency: str | None = None
    fields: FrozenMap[Field] = field(default=EMPTY, converter=_map, validator=want(Field))
    calendar: WorkCalendar | None = field(default=None, validator=want(WorkCalendar, type(None)))
    calendars: FrozenMap[WorkCalendar] = field(default=EMPTY, converter=_map, validator=want(WorkCalendar))
    sla: FrozenMap[SLA] = field(default=EMPTY, converter=_map, validator=want(SLA), metadata={"ordered": True})
    notify: FrozenMap[NotifyRule] | None = field(default=None, converter=_map, validator=want(NotifyRule, type(None)))
    find: tuple[str, ...] = field(default=(), converter=as_names)
    places: FrozenMap[Place] = field(default=EMPTY, eq=False, repr=False, metadata={"canonical": False})

    def lifecycles(self) -> tuple[tuple[str, str, Lifecycle], ...]:
        """Every lifecycle with the name of its track and its path in the flow; that of `order` first."""
        further = ((name, f"tracks.{name}", track.lifecycle) for name, track in self.tracks.items())
        return (("order", "lifecycle", self.lifecycle), *further)
