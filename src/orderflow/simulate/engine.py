"""The discrete-event loop: drives a Tracker through a scenario on a clock of its own, with chance from one seed."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random

from orderflow.model.actor import Actor
from orderflow.model.commands import Assign, Command, Fire, Note, Observe, Place
from orderflow.model.errors import OrderflowError, Refused
from orderflow.model.events import StageEntered
from orderflow.model.frozen import FrozenMap
from orderflow.rules.receipt import Receipt
from orderflow.simulate.people import DAY, Case, Worker, draw_absences, draw_arrivals, least_busy
from orderflow.simulate.results import Refusal, Simulated, SimulatedClock
from orderflow.simulate.scenario import Delay, Interruption, Length, Outcome, Scenario, Work
from orderflow.tracker import Tracker

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
ONE_MINUTE = Length(MINUTE, 0)
BATCH = 1_000


def simulate(
    tracker: Tracker,
    clock: SimulatedClock,
    scenario: Scenario,
    *,
    orders: int = 300,
    days: int = 60,
    seed: int = 1,
    every: timedelta = HOUR,
    progress: Callable[[float], None] | None = None,
) -> Simulated:
    """Let people, customers and other systems work on new orders from now (the clock's) on, for some days.

    - `tracker`: holds the scenario's flow, `scenario.directory`, and this `clock`. New orders only: no id of the
      scenario may be there already.
    - `orders`: how many come in, spread over the days by the scenario's rhythm. What is open at the end stays open.
    - `every`: how often the host calls `sweep` and `deliver`, in simulated time.
    - `progress`: is told the share of simulated time that has passed, from 0 to 1, about as often.
    - The same scenario, orders, days and seed make the same histories, whatever the storage; only the salts of personal
      values are the Tracker's own. The wall clock is never read.

    Raises `OrderflowError` when an order was there before, `StorageError` as the Tracker does, ValueError for less than
    0 orders or 1 day.
    """
    if orders < 0 or days < 1:
        raise ValueError(f"orders must be 0 or more and days 1 or more, not {orders} and {days}")
    run = _Run(tracker, clock, scenario, Random(seed), days)
    run.plan(orders, days, every, progress or (lambda share: None))
    return run.go()


class _Run:
    """One simulation: the agenda (a heap of instants and actions), the people, and what was counted."""

    def __init__(self, tracker: Tracker, clock: SimulatedClock, scenario: Scenario, random: Random, days: int) -> None:
        self._tracker = tracker
        self._clock = clock
        self._scenario = scenario
        self._random = random
        self._calendar = scenario.calendar
        self._start, self._end = clock(), clock() + days * DAY
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._planned = count()
        self._workers = draw_absences(scenario, random, self._start, days)
        self._categories = {name: stage.category for name, stage in scenario.flow.lifecycle.stages.items()}
        self._reports: Counter[str] = Counter()
        self._commands: Counter[str] = Counter()
        self._refusals: list[Refusal] = []
        self._host: Counter[str] = Counter()

    def plan(self, orders: int, days: int, every: timedelta, progress: Callable[[float], None]) -> None:
        """Put on the agenda what is known from the start: arrivals, the mornings of absences, the host's calls."""
        arrivals = draw_arrivals(self._scenario, self._random, self._start, orders, days)
        for number, at in enumerate(arrivals, start=1):
            self._at(at, partial(self._arrive, number))
        for worker in self._workers.values():
            for start, _ in worker.away:
                morning = self._calendar.next_open(start) + 15 * MINUTE
                if morning >= self._start:
                    self._at(morning, partial(self._hand_over, worker))
        self._at(min(self._start + every, self._end), partial(self._tick, every, progress))

    def go(self) -> Simulated:
        """Everything on the agenda, in order of time, then of planning, until the end."""
        agenda, end = self._agenda, self._end
        while agenda and agenda[0][0] <= end:
            at, _, action = heapq.heappop(agenda)
            self._clock.advance_to(at)
            action()
        self._clock.advance_to(end)
        names = ("sweeps", "settled", "sent", "retried", "buried")
        return Simulated(
            start=self._start,
            end=end,
            commands=FrozenMap(self._commands),
            refusals=tuple(self._refusals),
            **{name: self._host[name] for name in names},
        )

    def _at(self, when: datetime, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._planned), action))

    def _open_after(self, length: timedelta) -> datetime:
        """The first instant of office hours after so much real time."""
        return self._calendar.next_open(self._clock() + length)

    # --- what the host does ---------------------------------------------------------------------------------------

    def _tick(self, every: timedelta, progress: Callable[[float], None]) -> None:
        """Sweep and deliver as a host does, regularly and once more at the end."""
        self._sweep_and_deliver()
        progress((self._clock() - self._start) / (self._end - self._start))
        if self._clock() < self._end:
            self._at(min(self._clock() + every, self._end), partial(self._tick, every, progress))

    def _sweep_and_deliver(self) -> None:
        self._host["sweeps"] += 1
        due = sent = BATCH
        while due >= BATCH:
            swept = self._tracker.sweep(limit=BATCH)
            due = swept.due
            self._host["settled"] += swept.events
        while sent >= BATCH:
            delivered = self._tracker.deliver(limit=BATCH)
            sent = delivered.sent
            for name in ("sent", "retried", "buried"):
                self._host[name] += getattr(delivered, name)

    # --- commands -------------------------------------------------------------------------------------------------

    def _handle(self, command: Command) -> Receipt | None:
        """Give a command; None when it was refused."""
        try:
            receipt = self._tracker.handle(command)
        except Refused as error:
            refusal = Refusal(order=command.order, at=self._clock(), command=command, reasons=error.reasons)
            self._refusals.append(refusal)
            return None
        self._commands[type(command).__name__.lower()] += 1
        return receipt

    def _arrive(self, number: int) -> None:
        order = self._scenario.order(self._random, number, self._clock())
        receipt = self._handle(Place(content=order, by=Actor.system(order.source or "shop")))
        if receipt is None or receipt.repeated:
            raise OrderflowError(f"order {order.id!r} is not new: a simulation needs a storage without its orders")
        case = Case(order.id)
        for item in self._scenario.interruptions:
            if self._random.random() < item.chance:
                self._at(self._open_after(item.after.draw(self._random)), partial(self._interrupt, case, item))
        self._follow(case, receipt)

    def _follow(self, case: Case, receipt: Receipt) -> None:
        """Go on with an order as its Receipt says: in a new stage, or with a new owner in the old one."""
        case.owner = receipt.owner
        if not any(isinstance(event.body, StageEntered) for event in receipt.events):
            if case.phase != "waiting":
                self._queue(case)
            return
        case.stage, case.turn = receipt.stage, case.turn + 1
        case.phase, case.delayed, case.escalated = "waiting", False, False
        case.category = self._categories[case.stage]
        work = self._scenario.work.get(case.stage)
        if work is None:
            return
        if work.wait is None and work.takes is not None:
            self._queue(case)
        else:
            at = self._open_after(work.wait.draw(self._random) if work.wait else MINUTE)
            self._at(at, partial(self._begin, case, case.turn, work))

    def _begin(self, case: Case, turn: int, work: Work) -> None:
        """The wait is over: the order goes into its owner's queue, or what nobody works on comes about."""
        if case.turn != turn or case.phase != "waiting":
            return
        if work.takes is None:
            self._conclude(case, work, work.by)
        else:
            self._queue(case)

    def _conclude(self, case: Case, work: Work, by: Actor) -> None:
        """Draw what comes of the work, and do it, or let the other system report it."""
        turn, case.phase = case.turn, "waiting"
        weights = [item.weight for item in work.outcomes]
        outcome = self._random.choices(work.outcomes, weights)[0]
        receipt = self._fire(case, outcome, by) if outcome.trigger is not None else None
        if outcome.stage is not None and (receipt is not None or outcome.trigger is None):
            lag = outcome.lag.draw(self._random) if outcome.lag else timedelta()
            self._at(self._clock() + lag, partial(self._report, case, turn, work, outcome, self._clock()))
        if outcome.trigger is None:
            return
        if receipt is None:
            self._refused(case, work, by)
        if case.turn == turn and case.phase == "waiting":  # refused without a way out, or an internal transition
            self._at(self._open_after(DAY), partial(self._begin, case, turn, work))

    def _fire(self, case: Case, outcome: Outcome, by: Actor) -> Receipt | None:
        receipt = self._handle(Fire(order=case.order, trigger=outcome.trigger or "", by=by, reason=outcome.reason))
        if receipt is not None:
            self._follow(case, receipt)
        return receipt

    def _refused(self, case: Case, work: Work, by: Actor) -> None:
        """Give the order to somebody who may, once; else do what is left to do."""
        if work.escalate and not case.escalated:
            role = work.escalate.role
            to = least_busy((item for item in self._workers.values() if item.has(role)), self._clock())
            case.escalated = True
            if to is not None:
                self._assign(case, to, by, work.escalate.reason)
                return
        if work.otherwise is not None:
            self._fire(case, work.otherwise, by)

    def _assign(self, case: Case, to: Worker, by: Actor, reason: str | None = None) -> None:
        receipt = self._handle(Assign(order=case.order, to=to.id, by=by, reason=reason))
        if receipt is not None:
            case.phase = "queued"
            self._follow(case, receipt)

    def _report(self, case: Case, turn: int, work: Work, outcome: Outcome, at: datetime) -> None:
        """Another system says where the order is, and since when."""
        self._reports[outcome.source] += 1
        command = Observe(
            order=case.order,
            stage=outcome.stage or "",
            source=outcome.source,
            source_seq=self._reports[outcome.source],
            at=at,
            by=Actor.external(outcome.source),
            reason=outcome.reason,
        )
        receipt = self._handle(command)
        if receipt is not None:
            self._follow(case, receipt)
        if case.turn == turn:  # it moved nothing: somebody has to go on
            self._at(self._open_after(HOUR), partial(self._begin, case, turn, work))

    def _interrupt(self, case: Case, item: Interruption) -> None:
        """Somebody pulls a trigger because of what came from outside, or notes that it is too late."""
        people = [one for one in self._workers.values() if one.has(item.role)]
        present = [one for one in people if not one.absent(self._clock())] or people
        if not present or case.category in ("done", "cancelled"):
            return
        by = Actor.person(self._random.choice(present).id)
        reason = self._random.choice(item.reasons)
        if self._fire(case, Outcome(trigger=item.trigger, reason=reason), by) is None:
            self._handle(Note(order=case.order, text=f"{reason} – {item.refused}", by=by))

    # --- people ---------------------------------------------------------------------------------------------------

    def _queue(self, case: Case) -> None:
        """Put the order into its owner's queue. What has no owner waits until somebody is made responsible."""
        case.phase = "queued"
        worker = self._workers.get(case.owner or "")
        if worker is not None:
            worker.queue.append((case, case.turn))
            if not worker.busy:
                self._pick(worker)

    def _pick(self, worker: Worker) -> None:
        """Take up the next order in the queue; at once when the person is there, else when they come."""
        now = self._clock()
        while worker.queue:
            case, turn = worker.queue[0]
            if not worker.owns(case, turn):
                worker.queue.popleft()
                continue
            begins = worker.present_from(now)
            if begins > now:
                worker.busy = True
                self._at(begins, partial(self._next, worker))
                return
            worker.queue.popleft()
            work = self._scenario.work[case.stage]
            if (delay := self._held_up(case, work)) is not None:
                self._put_aside(worker, case, work, delay)
                continue
            worker.busy, case.phase = True, "worked"
            takes = (work.takes or ONE_MINUTE).draw(self._random, worker.staff.speed)
            self._at(worker.done(now, takes), partial(self._finish, worker, case, turn, work))
            return

    def _next(self, worker: Worker) -> None:
        worker.busy = False
        self._pick(worker)

    def _finish(self, worker: Worker, case: Case, turn: int, work: Work) -> None:
        if case.turn == turn and case.phase == "worked" and case.owner == worker.id:
            self._conclude(case, work, Actor.person(worker.id))
        self._next(worker)

    def _held_up(self, case: Case, work: Work) -> Delay | None:
        """What holds up the order now, if anything; at most once in a stage."""
        if case.delayed:
            return None
        return next((item for item in work.delays if self._random.random() < item.chance), None)

    def _put_aside(self, worker: Worker, case: Case, work: Work, delay: Delay) -> None:
        case.delayed, case.phase = True, "waiting"
        self._handle(Note(order=case.order, text=delay.note, by=Actor.person(worker.id)))
        self._at(self._open_after(delay.length.draw(self._random)), partial(self._begin, case, case.turn, work))

    def _hand_over(self, worker: Worker) -> None:
        """Give a part of what waits for an absent person to present colleagues of the same role or team."""
        colleagues = [item for item in self._workers.values() if item.close_to(worker)]
        name = worker.staff.person.name or worker.id
        reason = self._scenario.hand_over_reason.format(name=name)
        for case, turn in tuple(worker.queue):
            if worker.owns(case, turn) and self._random.random() < self._scenario.hand_over:
                to = least_busy(colleagues, self._clock())
                if to is not None:
                    self._assign(case, to, self._scenario.planner, reason)
