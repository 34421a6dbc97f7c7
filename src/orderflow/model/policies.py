"""Time promises and owner rules, as a flow states them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from attrs import field, frozen
from attrs.converters import optional

from orderflow.model.condition import Condition
from orderflow.model.duration import parse_duration, write_duration
from orderflow.model.errors import DefinitionError
from orderflow.model.frozen import EMPTY, FrozenMap, as_names, as_tuple
from orderflow.model.parse import parse
from orderflow.model.validate import NONE, want


def to_titles(value: Any) -> Any:
    """Titles by language; a plain text stands for every language, under `*`."""
    if value is None:
        return EMPTY
    return FrozenMap(value) if isinstance(value, Mapping) else FrozenMap({"*": value})


def to_condition(value: Any) -> Any:
    """A `Condition` from its text; None and a `Condition` stay."""
    return parse(value) if isinstance(value, str) else value


def to_duration(value: Any) -> Any:
    """A timedelta from text such as `8h`; None and a timedelta stay."""
    if isinstance(value, str):
        length = parse_duration(value)
        if length is None:
            raise DefinitionError.of("bad_duration", value=value)
        return length
    return value


def _percent(value: Any) -> Any:
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
        raise DefinitionError.of("bad_warn", value=repr(value))
    return Decimal(value)


@frozen(kw_only=True)
class Warn:
    """When to warn: after a share of the target (`percent`), or a while before the deadline (`before`)."""

    percent: Decimal | None = field(default=None, converter=_percent)
    before: timedelta | None = field(default=None, converter=to_duration)

    def __attrs_post_init__(self) -> None:
        if (self.percent is None) == (self.before is None):
            raise DefinitionError.of("bad_warn", value=repr((self.percent, self.before)))

    @property
    def label(self) -> str:
        """As it is written: `80%` or `-2h`."""
        return f"{self.percent}%" if self.percent is not None else f"-{write_duration(self.before or timedelta())}"


def to_warn(value: Any) -> Any:
    """A `Warn` from `80%` or `-2h`; a `Warn` stays."""
    if isinstance(value, Warn):
        return value
    if not isinstance(value, str):
        raise DefinitionError.of("bad_warn", value=repr(value))
    text = value.strip()
    if text.endswith("%") and text[:-1].strip().isdecimal():
        return Warn(percent=Decimal(text[:-1].strip()))
    before = parse_duration(text[1:]) if text.startswith("-") else None
    if before is None:
        raise DefinitionError.of("bad_warn", value=value)
    return Warn(before=before)


def _warns(values: str | Warn | Iterable[Any]) -> tuple[Any, ...]:
    return tuple(to_warn(value) for value in ((values,) if isinstance(values, str | Warn) else values))


@frozen(kw_only=True)
class Target:
    """One row of a table of targets: how long it may take when `when` is true; without a `when` it fits every order."""

    target: timedelta = field(converter=to_duration, validator=want(timedelta))
    when: Condition | None = field(default=None, converter=to_condition, validator=want(Condition, NONE))


def _targets(value: Any) -> Any:
    """Rows of a table from one duration, or from several rows."""
    if value is None:
        return ()
    rows = value if isinstance(value, list | tuple) else (value,)
    return tuple(Target(target=row) if isinstance(row, str | timedelta) else row for row in rows)


@frozen(kw_only=True)
class Rung:
    """One step of an escalation ladder: who is told, how long after the breach, in the promise's time."""

    after: timedelta = field(converter=to_duration, validator=want(timedelta))
    to: tuple[str, ...] = field(converter=as_names, validator=want(str))


def _stage_or_names(value: Any) -> Any:
    """A condition from text; several names become `[a, b]`, which the flow resolves to stages or triggers."""
    if isinstance(value, list | tuple):
        value = " or ".join(value)
    return to_condition(value)


@frozen(kw_only=True)
class SLA:
    """A time promise.

    Six conditions move its clock. Each is an expression, or the name of a stage (true while the order is in it) or of a
    trigger (true when it fires), or several names.

    - `start`: the clock starts when this becomes true. `stop`: it is met. Without a `stop` it is met when `start` is no
      longer true. `cancel`: it ends without an answer, as it does when the order is cancelled, or done without `stop`.
    - `pause`: time does not count while this is true, or until `resume` becomes true. `reset`: it begins anew.
    - Unknown is not true: an unknown pause or stop lets the clock run on.

    What is promised:

    - `target`: a length, or a table of them (`Target`): the first row whose `when` is true; an order that no row fits
      has no clock. In the calendar's open time (`time: business`) or in real time (`wall`).
    - or `due`: the name of an instant of the order (`order.promised_at`).
    - `calendar`: `flow`; `owner`, `customer` or `stage` (theirs, else the flow's); or the name of one under the flow's
      `calendars:`, or of one that a plugin provides.
    - `track`: on which strand of the order; of a kind of which there are many, each has a clock of its own. Stages and
      triggers without further words are those of the track.
    - `scope`: `track` is one run from start to stop (also written `order`); `stage` begins anew with each stage
      entered, `owner` with each owner.
    - `carry`: when another row of the table fits midway: `all`, the time spent counts in full; `used`, its share of the
      old target counts; `restart`, none counts.

    Who hears of it:

    - `warn`: instants before the deadline. `reminders: working_hours` moves those at night to the next opening.
    - `escalate`: rungs after a breach, until somebody acknowledges, the order moves, or the clock pauses.
    """

    start: Condition = field(converter=_stage_or_names, validator=want(Condition))
    stop: Condition | None = field(default=None, converter=_stage_or_names, validator=want(Condition, NONE))
    pause: Condition | None = field(default=None, converter=_stage_or_names, validator=want(Condition, NONE))
    resume: Condition | None = field(default=None, converter=_stage_or_names, validator=want(Condition, NONE))
    reset: Condition | None = field(default=None, converter=_stage_or_names, validator=want(Condition, NONE))
    cancel: Condition | None = field(default=None, converter=_stage_or_names, validator=want(Condition, NONE))
    target: tuple[Target, ...] = field(default=(), converter=_targets, validator=want(Target))
    due: str | None = field(default=None, validator=want(str, NONE))
    time: Literal["business", "wall"] = "business"
    calendar: str = "flow"
    track: str = "order"
    scope: Literal["order", "track", "stage", "owner"] = "order"
    carry: Literal["all", "used", "restart"] = "all"
    warn: tuple[Warn, ...] = field(default=(), converter=_warns)
    reminders: Literal["always", "working_hours"] = "always"
    escalate: tuple[Rung, ...] = field(default=(), converter=as_tuple, validator=want(Rung))
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))


@frozen(kw_only=True)
class OwnerRule:
    """Who becomes responsible when a stage is entered: one person, or somebody of a role or a team.

    `pick: spread` takes the person with the fewest open orders; a tie is broken by a hash of order and person.
    """

    person: str | None = None
    role: str | None = None
    team: str | None = None
    pick: Literal["spread"] = "spread"


@frozen(kw_only=True)
class NotifyRule:
    """Who is told when something happens, over which channels; without `channels`, over all that are registered.

    `to`: `owner`, `customer`, `role:<name>`, `team:<name>` or the id of a person.
    """

    to: tuple[str, ...] = field(default=("owner",), converter=as_names)
    channels: tuple[str, ...] | None = field(default=None, converter=optional(as_names))


TOPICS = ("placed", "entered", "assigned", "warned", "breached", "escalated", "inconsistent")
DEFAULT_TOPICS = ("assigned", "warned", "breached", "escalated")
