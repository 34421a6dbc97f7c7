"""Figures: a calculator with its options, and summaries of it that are piled up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from inspect import signature
from typing import Any, Protocol

from attrs import field, fields, frozen, has

from orderflow.metrics.keys import check_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.people import of_whom
from orderflow.metrics.samples import Samples
from orderflow.model.errors import LogError
from orderflow.model.frozen import EMPTY, FrozenMap, freeze
from orderflow.model.reasons import suggest

PARTS = (
    "overview",
    "lead_time",
    "flow_map",
    "variants",
    "rework",
    "handover",
    "throughput",
    "stage_time",
    "bottlenecks",
    "on_time",
)
FURTHER = (
    *("work_in_progress", "ageing", "queues", "cancellation", "conversion", "conformance", "sla_attainment", "otif"),
    *("in_full", "first_response", "flow_efficiency", "self_loops", "ping_pong", "handover_of_teams", "touches"),
    *("workload", "working_together", "scorecard", "satisfaction", "complaint_rate", "error_rate"),
    *("cohorts", "periods"),
)
NAMING_STAGES = ("delivered_stage", "stages", "waiting_stages")  # options that do
NAMING_ENDS = ("done_stages", "cancelled_stages")  # and those that name stages in which orders end
EXACT = 50_000_000  # durations of one group that are kept and sorted; above that, sketches, and only by name


class Calculator(Protocol):
    """A file of `orderflow.metrics`. For shards with no order in common `result(merge(a, b))` is that of the whole."""

    @property
    def summarise(self) -> Callable[..., Any]: ...
    @property
    def merge(self) -> Callable[[Any, Any], Any]: ...
    @property
    def result(self) -> Callable[..., Any]: ...


@frozen(kw_only=True)
class Figure:
    """One figure to be computed in parts: the name of a calculator, options of its `summarise` and of its `result`."""

    calculator: str
    options: FrozenMap[Any] = field(default=EMPTY, converter=freeze)
    shown: FrozenMap[Any] = field(default=EMPTY, converter=freeze)

    @classmethod
    def of(cls, calculator: str, options: Mapping[str, Any] | None = None) -> Figure:
        """The figure with these options of the public function: `Figure.of("variants", {"top": 5})`.

        - Raises LogError (`log.unknown_figure`) for a name that is no calculator; TypeError for an unknown option.
        """
        module = calculator_of(calculator)
        takes, shows = (set(signature(rule).parameters) for rule in (module.summarise, module.result))
        given = {name: value for name, value in (options or {}).items() if value is not None}
        if unknown := set(given) - takes - shows:
            raise TypeError(f"{calculator} takes no {', '.join(sorted(unknown))}")
        if "people" in shows:
            given |= of_whom(given, takes)
        shown = {name: value for name, value in given.items() if name in shows}
        return cls(
            calculator=calculator,
            options={name: value for name, value in given.items() if name in takes},
            shown=shown,
        )

    @property
    def kept(self) -> Figure:
        """The same without what concerns its result only: what summaries are kept by."""
        return Figure(calculator=self.calculator, options=self.options)

    def check(self, whole: EventLog) -> None:
        """Raise what the public function raises when a log with these columns cannot answer the question.

        What rows would tell - whether the stages that are named occur - is asked by `check_seen`.
        """
        function_of(self.calculator)(whole, **{**self.options, **self.shown})

    def check_seen(self, stages: Iterable[str]) -> None:
        """Raise what the public function raises for stages that its options name, where these ones have occurred."""
        given = {**self.options, **self.shown}
        named, ends = ([given.get(option) for option in options] for options in (NAMING_STAGES, NAMING_ENDS))
        check_stages(stages, *named, ends=ends)

    def summarise(self, shard: EventLog) -> Any:
        return calculator_of(self.calculator).summarise(shard, **self.options)

    def merge(self, a: Any, b: Any) -> Any:
        return calculator_of(self.calculator).merge(a, b)

    def result(self, summary: Any) -> Any:
        return calculator_of(self.calculator).result(summary, **self.shown)


class Pile:
    """Summaries of one figure, merged as they come like the rounds of a tournament: equals meet equals.

    - Of n summaries at most log2(n) + 1 are kept at any time, and each value is copied about log2(n) times.
    """

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._rounds: list[tuple[int, Any]] = []

    def add(self, summary: Any) -> None:
        """Put one more on the pile. Raises LogError when a group has more durations than are kept exactly."""
        round_ = 0
        while self._rounds and self._rounds[-1][0] == round_:
            summary = self._figure.merge(self._rounds.pop()[1], summary)
            check_size(self._figure, summary)
            round_ += 1
        self._rounds.append((round_, summary))

    def total(self) -> Any:
        """The one summary of all that were added, of which there must be one at least; the pile is empty then."""
        total = self._rounds.pop()[1]
        while self._rounds:
            total = self._figure.merge(self._rounds.pop()[1], total)
            check_size(self._figure, total)
        return total


def check_stage(stage: str | None, seen: Iterable[str]) -> None:
    """Raise LogError (`log.unknown_stage`) for a stage that is none of those that occurred, if any did."""
    check_stages(seen, stage)


def with_samples(summary: Any, change: Callable[[Samples], Samples]) -> Any:
    """The summary with other samples in the place of those that it holds, at any depth."""
    if isinstance(summary, Samples):
        return change(summary)
    if isinstance(summary, FrozenMap):
        return FrozenMap({name: with_samples(item, change) for name, item in summary.items()})
    if isinstance(summary, tuple):
        return tuple(with_samples(item, change) for item in summary)
    if has(type(summary)):
        held = {item.alias: getattr(summary, item.name) for item in fields(type(summary)) if item.init}
        return type(summary)(**{name: with_samples(item, change) for name, item in held.items()})
    return summary


def samples_in(summary: Any) -> Iterable[Samples]:
    """The samples that a summary holds, at any depth."""
    if isinstance(summary, Samples):
        yield summary
    elif has(type(summary)):
        for item in fields(type(summary)):
            yield from samples_in(getattr(summary, item.name))
    elif isinstance(summary, FrozenMap | tuple):
        for value in summary.values() if isinstance(summary, FrozenMap) else summary:
            yield from samples_in(value)


def check_size(figure: Figure, summary: Any) -> None:
    """Raise LogError (`log.too_many_durations`) when one group has more durations than are kept exactly."""
    for samples in samples_in(summary):
        values = samples.values
        if values.height > EXACT and "micros" in values.columns:
            most = values["group"].value_counts()["count"].max()
            if isinstance(most, int) and most > EXACT:
                raise LogError.of("log.too_many_durations", figure=figure.calculator, count=most, limit=EXACT)


def function_of(calculator: str) -> Callable[..., Any]:
    """The public function of that name in `orderflow.metrics`."""
    found: Callable[..., Any] = getattr(calculator_of(calculator), calculator)
    return found


def calculator_of(name: str) -> Calculator:
    """The file of that name in `orderflow.metrics`. Raises LogError (`log.unknown_figure`)."""
    if name not in PARTS and name not in FURTHER:
        raise unknown_figure(name, (*PARTS, *FURTHER))
    module: Any = import_module(f"orderflow.metrics.{name}")
    return module  # type: ignore[no-any-return]  # a test holds that each of these files has the three functions


def unknown_figure(name: str, known: Sequence[str]) -> LogError:
    """The error for a name that is none of those known."""
    error: LogError = LogError.of("log.unknown_figure", name=name, known=list(known), suggestion=suggest(name, known))
    return error
