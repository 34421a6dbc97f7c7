"""Floor 3: a history from elsewhere, held against the time promises of a flow: `mark` gives it a table of marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from orderflow.model.errors import LogError
from orderflow.model.reasons import suggest

if TYPE_CHECKING:
    from orderflow.metrics.log import EventLog
    from orderflow.model.flow import Flow


def in_terms_of(log: EventLog, flow: Flow) -> EventLog:
    """The log with the stages in which an order of this flow has ended, where the log does not say it itself.

    A stage of the log is the one of the flow with the same name, else the one with that title in any language.
    """
    from orderflow.rules.allowed import stages_called  # the rules are loaded when somebody asks, as with a Tracker

    stages, called = flow.lifecycle.stages, stages_called(flow.lifecycle)
    ends = {
        category: frozenset(name for name, stage in called.items() if stages[stage].category == category)
        for category in ("done", "cancelled")
    }
    return evolve(
        log,
        done_stages=log.done_stages or ends["done"],
        cancelled_stages=log.cancelled_stages or ends["cancelled"],
    )


def mark(
    log: EventLog,
    flow: Flow,
    *,
    until: datetime | None = None,
    errors: Literal["raise", "skip"] = "raise",
    plugins: Sequence[Any] = (),
    progress: Callable[[float], None] | None = None,
) -> EventLog:
    """The log with a table `marks`: what the clocks of a flow's time promises would have done in this history.

    - Each order is played through the flow's own rules, as a Tracker does what `observe` tells it: it begins in its
      first stage, enters the others at their instants, and time goes on to `until` (the last event of the log). So
      targets, calendars, pauses, warnings and resets are those of the flow, and `of.metrics.sla_attainment` answers.
    - A stage of the log is the one of the flow with the same name, else the one with that title in any language. One
      that the flow does not know raises LogError (`log.not_in_flow`), as does a track; with `errors="skip"` such events
      are passed over, and the assumptions say which.
    - Attributes of the orders that the flow declares, customer, total and promise go into conditions and due dates;
      values that do not fit the declared type are unknown, and the assumptions count them. Facts, people and whoever
      was answerable are not in a log: conditions on them are unknown. An event in the stage where the track is already
      changes nothing.
    - `plugins`: for calendars that the flow names and does not hold. `progress` is told the share that is done.
    - Marks that the log had are replaced; ends of orders are told by the flow where the log does not say them.
    - Raises DefinitionError for a flow that does not compile, Refused for an event outside of what its calendar
      answers for.
    """
    from orderflow.metrics.histories import marks_of
    from orderflow.replay import Replay, at

    if errors not in ("raise", "skip"):
        raise LogError.of("log.unknown_errors", value=errors)
    replay = Replay.of(log, flow, tuple(plugins))
    if replay.unknown and errors == "raise":
        known = sorted(flow.lifecycle.stages)
        names = list(replay.unknown)
        raise LogError.of("log.not_in_flow", names=names, known=known, suggestion=suggest(names[0], known))
    last = log.events["at"].max()
    end = until or (None if last is None else at(last))  # type: ignore[arg-type]  # max of an Int64 column
    marks: dict[str, list[Any]] = marks_of(())
    for states, done in replay.states(end):
        for column, values in marks_of(states).items():
            marks[column].extend(values)
        if progress is not None:
            progress(done)
    told = (*log.assumptions, *replay.assumptions())
    return evolve(in_terms_of(log, flow).with_tables(marks=marks), assumptions=told)
