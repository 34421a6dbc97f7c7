"""Terms: what the figures of a report have in common, and the options of each part that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any, Literal

from attrs import field, frozen

from orderflow.metrics.figures import FURTHER, Figure, function_of, unknown_figure
from orderflow.metrics.groups import By
from orderflow.metrics.people import check_people
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap

Allowed = Mapping[str, Iterable[tuple[str | None, str]]] | Iterable[tuple[str | None, str]]
Further = Iterable[str] | Literal["all"]


def _names(further: Further) -> tuple[str, ...]:
    names = FURTHER if further == "all" else (further,) if isinstance(further, str) else tuple(further)
    if unknown := [name for name in names if name not in FURTHER]:
        raise unknown_figure(unknown[0], FURTHER)
    return tuple(dict.fromkeys(names))


def as_groups(by: By) -> tuple[str, ...] | None:
    """What to group by as names of attributes."""
    return None if by is None else (by,) if isinstance(by, str) else tuple(by)


def _steps(allowed: Allowed | None) -> Any:
    """The same pairs as immutable data."""
    if allowed is None:
        return None
    if isinstance(allowed, Mapping):
        return FrozenMap({kind: frozenset(map(tuple, steps)) for kind, steps in allowed.items()})
    return frozenset(map(tuple, allowed))


@frozen(kw_only=True)
class Terms:
    """What all figures of a report have in common.

    - `calendar`: every duration is open time of it. `delivered_stage`: what is compared with the promise.
    - `allowed`: the steps that a flow allows, for `conformance` (`of.allowed_steps(flow)`).
    - `people`, `minimum`: how people are named in every figure by person - `names`, `pseudonyms`, `teams` - and how
      many orders such a row has at least. Without a minimum 1, and 5 in scorecards, which judge people.
    - `further`, `by`: the parts of `FURTHER` and the groups of lead times that are summed up where a report is made in
      parts; a report on a log that is in memory computes what is asked.
    - Raises LogError for a part, or a way to name people, that there is not.
    """

    calendar: WorkCalendar | None = None
    delivered_stage: str | None = None
    allowed: Any = field(default=None, converter=_steps)
    people: str = "names"
    minimum: int | None = None
    further: tuple[str, ...] = field(default=(), converter=_names)
    by: tuple[str, ...] | None = field(default=None, converter=as_groups)

    def __attrs_post_init__(self) -> None:
        check_people(self.people, 1 if self.minimum is None else self.minimum)

    def options(self, part: str) -> dict[str, Any]:
        """The options that the function `of.metrics.<part>` gets: those of these terms that it takes.

        Raises LogError (`log.no_flow`) for conformance with a flow that was not given.
        """
        if part == "conformance" and self.allowed is None:
            raise LogError.of("log.no_flow")
        given = {
            "calendar": self.calendar,
            "delivered_stage": self.delivered_stage,
            "allowed": self.allowed,
            "people": self.people,
            "minimum": self.minimum,
        }
        takes = signature(function_of(part)).parameters
        return {name: value for name, value in given.items() if value is not None and name in takes}

    def figure(self, part: str) -> Figure:
        """The part as a figure that can be computed in parts. Raises LogError as `options`."""
        return Figure.of(part, self.options(part))


PLAIN = Terms()
