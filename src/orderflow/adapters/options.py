"""What callers say about a source: the options of everything that reads one, and how they meet what a file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from attrs import evolve, field, fields, frozen
from attrs.converters import optional

from orderflow.adapters.about import About, used
from orderflow.adapters.asking import names_of, stages_of
from orderflow.adapters.columns import ACTOR, AT, ORDER, STAGE, STARTED, TEAM, TRACK, Role
from orderflow.adapters.given import Errors, Progress
from orderflow.adapters.longform import Way
from orderflow.adapters.wide import Stages
from orderflow.metrics.instants import zone
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap, as_names
from orderflow.model.reasons import Reason, suggest


class PartOptions(TypedDict, total=False):
    """The options of a source that is read in parts, as `read_log` takes them."""

    order_id: str | None
    stage: str | None
    at: str | None
    actor: str | None
    team: str | None
    track: str | None
    started_at: str | None
    cases: Any
    promised: str | None
    done_stages: str | Iterable[str] | None
    cancelled_stages: str | Iterable[str] | None
    stages: Stages | None
    attributes: str | Sequence[str] | None
    lifecycle: str | Sequence[str] | None
    tz: str | None
    encoding: str | None
    time_format: str | None
    errors: Errors


class ReadOptions(PartOptions, total=False):
    """The options of `read_log`, all of them."""

    format: str | None
    query: Any
    object_type: str | None
    progress: Progress | None


def _done(values: str | Iterable[str]) -> tuple[str, ...]:
    return names_of("done_stages", values)


def _cancelled(values: str | Iterable[str]) -> tuple[str, ...]:
    return names_of("cancelled_stages", values)


def _attributes(values: str | Iterable[str]) -> tuple[str, ...]:
    return names_of("attributes", values)


def _stages(stages: Stages | str) -> Mapping[str, str] | tuple[str, ...]:
    found = stages_of(stages)
    return FrozenMap(found) if isinstance(found, Mapping) else found


def _lifecycle(wanted: str | Sequence[str]) -> str | tuple[str, ...]:
    return "all" if wanted == "all" else names_of("lifecycle", wanted)


@frozen(kw_only=True)
class Reading:
    """What the caller said about a source; the names are those of `read_log`. A lone name is one, not its letters."""

    order_id: str | None = None
    stage: str | None = None
    at: str | None = None
    actor: str | None = None
    team: str | None = None
    track: str | None = None
    started_at: str | None = None
    cases: Any = None
    promised: str | None = None
    done_stages: tuple[str, ...] | None = field(default=None, converter=optional(_done))
    cancelled_stages: tuple[str, ...] | None = field(default=None, converter=optional(_cancelled))
    stages: Mapping[str, str] | tuple[str, ...] | None = field(default=None, converter=optional(_stages))
    attributes: tuple[str, ...] | None = field(default=None, converter=optional(_attributes))
    lifecycle: str | tuple[str, ...] | None = field(default=None, converter=optional(_lifecycle))
    tz: str | None = None
    encoding: str | None = None
    time_format: str | None = None
    errors: Errors = "raise"

    def check(self) -> Reading:
        """The same. Raises LogError for a zone that there is not, or another way to treat wrong rows."""
        if self.errors not in ("raise", "skip"):
            raise LogError.of("log.unknown_errors", value=self.errors)
        zone(self.tz or "UTC")
        return self

    @property
    def roles(self) -> dict[Role, str | None]:
        """The column of each role, None where it was not named."""
        named = (self.order_id, self.stage, self.at, self.actor, self.team, self.track, self.started_at)
        return dict(zip((ORDER, STAGE, AT, ACTOR, TEAM, TRACK, STARTED), named, strict=True))

    @property
    def ends(self) -> tuple[str, ...]:
        """All stages that are said to end an order."""
        return (*as_names(self.done_stages), *as_names(self.cancelled_stages))

    @property
    def way(self) -> Way:
        """How times are read and what happens to wrong rows."""
        return Way(tz=self.tz or "UTC", form=self.time_format, errors=self.errors)


def reading_of(function: str, options: Mapping[str, Any]) -> Reading:
    """The options that were handed to a public function, called `function`.

    Raises TypeError, in the name of that function, for one that it does not take; and as `Reading.check`.
    """
    known = [item.name for item in fields(Reading)]
    check_names(function, options, known)
    return Reading(**options).check()


def check_names(function: str, options: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError, as Python does, for an option that is not known; with the one that was probably meant."""
    names = list(known)
    for name in options:
        if name not in names:
            close = suggest(name, names)
            hint = "" if close is None else f". Did you mean {close!r}?"
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}{hint}")


def as_said(asked: Reading, about: About) -> tuple[Reading, list[Reason]]:
    """How a source is to be read: as the caller said, else as the file itself says; and what was taken from there.

    Raises LogError for a zone that there is not.
    """
    zone(asked.tz or about.tz or "UTC")
    said = About(
        tz=asked.tz,
        done_stages=frozenset(as_names(asked.done_stages)) or None,
        cancelled_stages=frozenset(as_names(asked.cancelled_stages)) or None,
    )
    found = evolve(
        asked,
        tz=asked.tz or about.tz,
        done_stages=said.done_stages or about.done_stages,
        cancelled_stages=said.cancelled_stages or about.cancelled_stages,
    )
    return found, used(about, said)
