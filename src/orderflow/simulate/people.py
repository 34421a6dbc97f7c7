"""The people of a simulation and the orders as they see them: queues, absences, and when work is done."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from attrs import define, field

from orderflow.model.calendar import WorkCalendar
from orderflow.simulate.scenario import Scenario, Staff

AWAY = (1, 1, 2, 3, 5)  # working days of an absence
DAY = timedelta(days=1)


@define(eq=False)
class Case:
    """An order as the people see it. `turn` counts stage entries: what was planned for an earlier one is void.

    `phase`: it waits for something else, lies in its owner's queue, or is in hand.
    """

    order: str
    stage: str = ""
    category: str = "open"
    owner: str | None = None
    turn: int = 0
    phase: Literal["waiting", "queued", "worked"] = "waiting"
    delayed: bool = False
    escalated: bool = False


@define(eq=False)
class Worker:
    """A person at work: the queue of (order, turn), whether something is in hand, and when they are away."""

    staff: Staff
    calendar: WorkCalendar
    away: list[tuple[datetime, datetime]] = field(factory=list)
    queue: deque[tuple[Case, int]] = field(factory=deque)
    busy: bool = False

    @property
    def id(self) -> str:
        return self.staff.id

    def has(self, role: str) -> bool:
        return role in self.staff.person.roles

    def close_to(self, other: Worker) -> bool:
        """Whether another person shares a role or a team with this one."""
        mine, theirs = self.staff.person, other.staff.person
        return other is not self and not (
            set(mine.roles).isdisjoint(theirs.roles) and set(mine.teams).isdisjoint(theirs.teams)
        )

    def owns(self, case: Case, turn: int) -> bool:
        """Whether an entry of the queue still stands: the same turn, still queued, and still this person's."""
        return case.turn == turn and case.phase == "queued" and case.owner == self.id

    def absent(self, at: datetime) -> bool:
        return any(start <= at < end for start, end in self.away)

    def present_from(self, at: datetime) -> datetime:
        """The first instant from `at` on when the person is at work."""
        begins = self.calendar.next_open(at)
        for start, end in self.away:
            if start <= begins < end:
                begins = self.calendar.next_open(end)
        return begins

    def done(self, at: datetime, takes: timedelta) -> datetime:
        """When work that begins now is done, absences left out."""
        done = self.calendar.add(at, takes)
        for start, end in self.away:
            if at < start < done:
                at, takes = end, self.calendar.elapsed(start, done)
                done = self.calendar.add(at, takes)
        return done


def least_busy(workers: Iterable[Worker], at: datetime) -> Worker | None:
    """Who is there and has the shortest queue; of equals, the first. When nobody is there, of all."""
    everybody = list(workers)
    present = [item for item in everybody if not item.absent(at)] or everybody
    return min(present, key=lambda item: len(item.queue) + item.busy, default=None)


def draw_absences(scenario: Scenario, random: Random, start: datetime, days: int) -> dict[str, Worker]:
    """Everybody at work by id, each with the drawn days away; an absence begins on a working day."""
    calendar = scenario.calendar
    zone = ZoneInfo(calendar.timezone)
    first = start.astimezone(zone).date()
    workdays = [day for n in range(days + 1) if calendar.is_workday(day := first + n * DAY)]
    workers = {item.id: Worker(item, calendar) for item in scenario.staff}
    for worker in workers.values():
        back = first
        for day in workdays:
            if day >= back and random.random() < worker.staff.absence:
                back = calendar.add_workdays(day, random.choice(AWAY))
                worker.away.append((_midnight(day, zone), _midnight(back, zone)))
    return workers


def draw_arrivals(scenario: Scenario, random: Random, start: datetime, orders: int, days: int) -> list[datetime]:
    """The instants at which orders come in, by the rhythm of weekdays, hours and weeks, the earliest first."""
    calendar, rhythm = scenario.calendar, scenario.rhythm
    zone = ZoneInfo(calendar.timezone)

    def weight(hour: int) -> float:
        local = (start + timedelta(hours=hour)).astimezone(zone)
        weekday = local.weekday()
        weekday = min(weekday, 4) if calendar.is_workday(local.date()) else max(weekday, 5)
        return rhythm.weekdays[weekday] * rhythm.hours[local.hour] * rhythm.weeks[hour // 168 % len(rhythm.weeks)]

    hours = range(days * 24)
    drawn = random.choices(hours, [weight(hour) for hour in hours], k=orders) if orders else []
    return sorted(start + timedelta(hours=hour, seconds=random.randrange(3600)) for hour in drawn)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
