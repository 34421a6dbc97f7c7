"""What happens to the orders of one flow, as data: who works, how long things take, and what comes of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random

from attrs import field, frozen

from orderflow.model.actor import Actor, Directory, Person
from orderflow.model.calendar import ALWAYS, WorkCalendar
from orderflow.model.errors import DefinitionError
from orderflow.model.flow import Flow
from orderflow.model.frozen import FrozenMap, as_tuple
from orderflow.model.order import Order
from orderflow.model.policies import to_duration
from orderflow.model.reasons import Place, Problem, problem, suggest

OrderMaker = Callable[[Random, int, datetime], Order]
"""Makes the n-th order (from 1) at an instant, with ids of its own; all chance comes from the Random."""

SECOND = timedelta(seconds=1)
SIMULATOR = Actor.system("simulator")
PLANNER = Actor.system("planner")


@frozen
class Length:
    """A length of time that varies: log-normal about its median. `Length("25m", 0.5)`.

    `sigma` 0 is always the median; with 0.5, two of three lie between 0.6 and 1.6 times the median.
    """

    median: timedelta = field(converter=to_duration)
    sigma: float = 0.5

    def draw(self, random: Random, speed: float = 1.0) -> timedelta:
        """One such length at a speed, in whole seconds, at least one."""
        factor = random.lognormvariate(0.0, self.sigma) if self.sigma else 1.0
        return max(SECOND, math.floor(self.median.total_seconds() * factor / speed) * SECOND)


@frozen(kw_only=True)
class Outcome:
    """What may come of the work in a stage, with its weight among the others.

    A `trigger` that whoever works pulls, or a `stage` that another master system, `source`, reports, or both. The
    report comes after `lag` and is about the instant at which the work ended.
    """

    weight: float = 1.0
    trigger: str | None = None
    stage: str | None = None
    source: str = "erp"
    lag: Length | None = None
    reason: str | None = None


@frozen(kw_only=True)
class Delay:
    """Something that now and then holds up an order: its owner notes it, puts the order aside, goes on with others."""

    chance: float
    length: Length
    note: str


@frozen(kw_only=True)
class Escalation:
    """To whose role an order is given when its owner's trigger is refused, and what the owner says then."""

    role: str
    reason: str


@frozen(kw_only=True)
class Work:
    """What is done in a stage.

    - `wait`: real time before anything can be done, such as until the customer pays.
    - `takes`: the owner's working time at speed 1; people do one thing at a time, in the order in which it came.
    - Without `takes` nobody works: `by` pulls the trigger as soon as the wait is over and the calendar is open.
    - When a trigger is refused: `escalate` once, then `otherwise`, else the same again on the next day.
    """

    outcomes: tuple[Outcome, ...] = field(converter=as_tuple)
    takes: Length | None = None
    wait: Length | None = None
    by: Actor = SIMULATOR
    delays: tuple[Delay, ...] = field(default=(), converter=as_tuple)
    escalate: Escalation | None = None
    otherwise: Outcome | None = None


@frozen(kw_only=True)
class Interruption:
    """Something that comes from outside, `after` the order was placed: somebody of a role pulls a trigger for it.

    When that is refused because the order has gone on, the same person notes the reason and `refused`.
    """

    trigger: str
    role: str
    chance: float
    after: Length
    reasons: tuple[str, ...] = field(converter=as_tuple)
    refused: str


@frozen(kw_only=True)
class Staff:
    """A person at work. `speed` 2 takes half the time; `absence` is the chance, each working day, that one begins.

    An absence lasts one to five working days. Orders go on being assigned to who is away, as in life.
    """

    person: Person
    speed: float = 1.0
    absence: float = 0.01

    @property
    def id(self) -> str:
        """The person's id."""
        return self.person.id


@frozen(kw_only=True)
class Rhythm:
    """When orders come in, as weights: by weekday from Monday, by hour of the day, and by week, in a cycle.

    A holiday counts as a Sunday at most, a make-up working day as a Friday.
    """

    weekdays: tuple[float, ...] = (1.2, 1.1, 1.0, 1.0, 0.9, 0.25, 0.2)
    hours: tuple[float, ...] = (
        *(0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.2, 0.5, 1.2, 2.5, 3.0, 2.6),
        *(1.2, 1.6, 2.6, 2.8, 2.5, 1.8, 0.8, 0.6, 0.7, 0.6, 0.4, 0.2),
    )
    weeks: tuple[float, ...] = (0.8, 1.0, 0.9, 1.4, 1.2, 0.7, 0.9, 1.4, 1.8)


def _works(value: Mapping[str, Work]) -> FrozenMap[Work]:
    return FrozenMap(value)


@frozen(kw_only=True)
class Scenario:
    """Everything that a simulation needs beside its Tracker.

    - `work`: stage -> what is done there; nothing happens in a stage without it.
    - `order`: makes the orders. `interruptions`: what comes from outside.
    - `planner`: who hands over the orders of absent people, the share `hand_over` of them.
    - Raises `DefinitionError` with everything that does not fit the flow: unknown stages and triggers.
    """

    flow: Flow
    staff: tuple[Staff, ...] = field(converter=as_tuple)
    work: FrozenMap[Work] = field(converter=_works)
    order: OrderMaker
    interruptions: tuple[Interruption, ...] = field(default=(), converter=as_tuple)
    rhythm: Rhythm = Rhythm()
    planner: Actor = PLANNER
    hand_over: float = 0.6
    hand_over_reason: str = "{name} is away"
    more_people: tuple[Person, ...] = field(default=(), converter=as_tuple)

    def __attrs_post_init__(self) -> None:
        if found := [*_misfits(self)]:
            raise DefinitionError(found)

    @property
    def directory(self) -> Directory:
        """Everybody in the scenario, for the Tracker."""
        return Directory([*(item.person for item in self.staff), *self.more_people])

    @property
    def calendar(self) -> WorkCalendar:
        """The calendar in which people work: the flow's, else around the clock."""
        return self.flow.calendar or ALWAYS


def _misfits(scenario: Scenario) -> Iterator[Problem]:
    stages = scenario.flow.lifecycle.stages
    for stage, work in scenario.work.items():
        where = f"work.{stage}"
        if stage not in stages:
            yield _unknown_stage(where, stage, stages)
        outcomes = [*work.outcomes, *([work.otherwise] if work.otherwise else [])]
        for outcome in outcomes:
            if outcome.stage is not None and outcome.stage not in stages:
                yield _unknown_stage(where, outcome.stage, stages)
            if outcome.trigger is not None:
                yield from _unknown_trigger(where, scenario, outcome.trigger)
    for index, item in enumerate(scenario.interruptions):
        yield from _unknown_trigger(f"interruptions[{index}]", scenario, item.trigger)


def _unknown_stage(where: str, name: str, stages: Iterable[str]) -> Problem:
    known = tuple(stages)
    return problem("unknown_stage_in_flow", Place(path=where), name=name, known=known, suggestion=suggest(name, known))


def _unknown_trigger(where: str, scenario: Scenario, name: str) -> Iterator[Problem]:
    known = tuple(dict.fromkeys(item.trigger for item in scenario.flow.lifecycle.transitions))
    if name not in known:
        yield problem("unknown_trigger", Place(path=where), trigger=name, known=known, suggestion=suggest(name, known))
