"""The versioned definition of how one kind of order is handled: Flow, Lifecycle, Stage, Transition, Field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from attrs import field, frozen

from orderflow.model.calendar import WorkCalendar
from orderflow.model.condition import Condition
from orderflow.model.frozen import EMPTY, FrozenMap, as_names, as_tuple
from orderflow.model.policies import SLA, NotifyRule, OwnerRule, to_condition, to_titles
from orderflow.model.quantities import Lines
from orderflow.model.reasons import Place, Problem
from orderflow.model.validate import NONE, to_map, want, whole, wrong_kind

Category = Literal["open", "waiting", "done", "cancelled"]
OPEN: tuple[Category, ...] = ("open", "waiting")  # the categories of orders that somebody still has to deal with
FieldKind = Literal["text", "number", "money", "boolean", "date", "instant", "duration", "choice"]


@frozen(kw_only=True)
class Field:
    """One attribute of order, line or customer. `of` is the vocabulary of a choice.

    `unit` is what a number counts (`kg`, `m²`); people read it, nothing is converted. `personal` values stand in the
    history as salted hashes only and can be erased.
    """

    type: FieldKind = "text"
    of: tuple[str, ...] = field(default=(), converter=as_names)
    unit: str | None = field(default=None, validator=want(str, NONE))
    required: bool = False
    personal: bool = False
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))


def _owner(value: Any) -> Any:
    return OwnerRule(person=value) if isinstance(value, str) else value


@frozen(kw_only=True)
class Stage:
    """A node of a lifecycle.

    `owner` is a rule, or the id of a person; without one the owner stays who it was. `calendar` names the one by which
    promises with `calendar: stage` count while the order is here. `requires`: fields that must be there before a
    trigger leaves the stage, except for one of category `cancelled`.
    """

    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))
    category: Category = "open"
    owner: OwnerRule | None = field(default=None, converter=_owner, validator=want(OwnerRule, NONE))
    calendar: str | None = None
    requires: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))


@frozen(kw_only=True)
class Transition:
    """One way from stage to stage, as in the `transitions` library.

    - `source`: a stage, several, or `*` for every stage.
    - `dest`: a stage; `=` enters the same stage again; None fires without entering a stage (internal).
    - `guard`: must be true; unknown refuses. `roles`: a person must have one. `requires`: fields that must be there.
    - `moves`: of the flow's `lines:`, with the quantity that the track carries; on other tracks, what no track carries.
    - Of several transitions with the same trigger and source, the first whose conditions hold is taken.
    """

    trigger: str = field(validator=want(str))
    source: tuple[str, ...] = field(converter=as_names, validator=want(str))
    dest: str | None = field(default=None, validator=want(str, NONE))
    guard: Condition | None = field(default=None, converter=to_condition, validator=want(Condition, NONE))
    roles: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    requires: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    moves: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))


def _stages(value: Any) -> Any:
    if isinstance(value, Mapping):
        names: Iterable[Any] = value
    elif isinstance(value, Iterable):
        names, value = value, {name: Stage() for name in value}
    else:
        raise wrong_kind("Lifecycle.stages", value, Mapping)
    for name in names:
        if not isinstance(name, str):
            raise wrong_kind("Lifecycle.stages: a name", name, str)
    return FrozenMap(value)


def _jumps(value: Any) -> Any:
    found: FrozenMap[Any] = to_map(value)
    return FrozenMap({kind: as_names(roles) for kind, roles in (found or EMPTY).items()})


@frozen(kw_only=True)
class Lifecycle:
    """A state machine. `stages` keeps its order: it is the order of the board's columns.

    `jumps`: who may leave the ways of the flow, by kind: `back` to a stage where the track has been, `skip` to one
    further on, `force` to any. Nobody may do what is not named.
    """

    initial: str
    stages: FrozenMap[Stage] = field(converter=_stages, validator=want(Stage), metadata={"ordered": True})
    transitions: tuple[Transition, ...] = field(converter=as_tuple, validator=want(Transition))
    jumps: FrozenMap[tuple[str, ...]] = field(default=EMPTY, converter=_jumps)


@frozen(kw_only=True)
class Track:
    """A further strand of an order, with a lifecycle of its own: a payment, the shipments, the returns.

    An order has one from the beginning. With `many` it has none until one is opened, and then as many as are:
    `shipment:1`, `shipment:2`. Its conditions see its own stage as `stage`, that of others as `track('payment').stage`.

    With `carries_lines` quantity of the lines is loaded onto it and moves with its transitions. `loads`: the line
    stages that it is loaded from; without them, the sources of the first move that its transitions name.
    """

    lifecycle: Lifecycle = field(validator=want(Lifecycle))
    many: bool = False
    carries_lines: bool = False
    loads: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))


@frozen(kw_only=True)
class AmendmentRule:
    """What of an order may be changed after it was placed (变更), when, and by whom.

    - `fields`: `order.total`, `order.promised_at`, `customer.address`, `line.quantity` …; `lines` for adding and
      removing lines; `*` for everything.
    - `guard`, `roles`: as of a transition. `approval`: the name of an approval that it needs.
    """

    fields: tuple[str, ...] = field(converter=as_names, validator=want(str))
    guard: Condition | None = field(default=None, converter=to_condition, validator=want(Condition, NONE))
    roles: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    approval: str | None = field(default=None, validator=want(str, NONE))
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))


@frozen(kw_only=True)
class Select:
    """For which new orders a flow is chosen, where a Tracker has several and the order names none.

    - `when`: a condition about order, customer and lines; without one, every order. Unknown does not fit.
    - `priority`: of the flows that fit, the one with the highest is taken.
    """

    when: Condition | None = field(default=None, converter=to_condition, validator=want(Condition, NONE))
    priority: int = field(default=0, validator=whole)


@frozen(kw_only=True)
class Flow:
    """How one kind of order is handled. Immutable; identified by `orderflow.model.canonical.fingerprint`.

    - `lifecycle` is that of the `order` track; `tracks` are the further ones, by name.
    - `fields`: `order.region`, `customer.level`, `line.batch` -> Field; the schema for conditions and intake.
    - `select`: for which new orders it is chosen; without one only for those that name it, or in a Tracker of one flow.
    - `currency`: what a bare number means beside money in a condition.
    - `undeclared`: what becomes of attributes that `fields` does not declare: `refuse` the order, or `keep` them aside:
      protected like personal ones, seen by no condition.
    - `lines`: line stages and moves; None when quantities are not followed.
    - `amendments`: what may be changed after placing; None: everything, while the order is open.
    - `sources`: other master systems, the most trusted first; `orderflow` among them is what was fired here.
    - `calendar`: business time; None is around the clock. `calendars`: further ones, by name.
    - `notify`: topic -> rule; None tells the owner when assigned, warned and breached.
    - `find`: declared attributes that can be searched; personal ones cannot.
    - `places`: where each path stands in the file that it was read from; no part of the value.
    - `notes`: what that file overrides in those that it extends and includes; no part of the value either.
    """

    name: str
    lifecycle: Lifecycle = field(validator=want(Lifecycle))
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))
    tracks: FrozenMap[Track] = field(default=EMPTY, converter=to_map, validator=want(Track), metadata={"ordered": True})
    select: Select | None = field(default=None, validator=want(Select, NONE))
    currency: str | None = field(default=None, validator=want(str, NONE))
    fields: FrozenMap[Field] = field(default=EMPTY, converter=to_map, validator=want(Field))
    undeclared: Literal["refuse", "keep"] = "refuse"
    lines: Lines | None = field(default=None, validator=want(Lines, NONE))
    amendments: FrozenMap[AmendmentRule] | None = field(
        default=None, converter=to_map, validator=want(AmendmentRule, NONE), metadata={"ordered": True}
    )
    sources: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    calendar: WorkCalendar | None = field(default=None, validator=want(WorkCalendar, NONE))
    calendars: FrozenMap[WorkCalendar] = field(default=EMPTY, converter=to_map, validator=want(WorkCalendar))
    sla: FrozenMap[SLA] = field(default=EMPTY, converter=to_map, validator=want(SLA), metadata={"ordered": True})
    notify: FrozenMap[NotifyRule] | None = field(default=None, converter=to_map, validator=want(NotifyRule, NONE))
    find: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    places: FrozenMap[Place] = field(default=EMPTY, eq=False, repr=False, metadata={"canonical": False})
    notes: tuple[Problem, ...] = field(default=(), eq=False, repr=False, metadata={"canonical": False})

    def lifecycles(self) -> tuple[tuple[str, str, Lifecycle], ...]:
        """Every lifecycle with the name of its track and its path in the flow; that of `order` first."""
        further = ((name, f"tracks.{name}", track.lifecycle) for name, track in self.tracks.items())
        return (("order", "lifecycle", self.lifecycle), *further)
