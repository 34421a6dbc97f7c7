"""Time promises and owner rules, as a flow states them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from attrs import field, frozen
from attrs.converters import optional

from orderflow.model.condition import Condition
from orderflow.model.duration import parse_duration, write_duration
from orderflow.model.errors import DefinitionError
from orderflow.model.frozen import as_names
from orderflow.model.parse import parse


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


@frozen(kw_only=True)
class Warn:
    """When to warn: after a share of the target (`percent`), or a while before the deadline (`before`)."""

    percent: Decimal | None = None
    before: timedelta | None = None

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
class SLA:
    """A time promise.

    - Its clock starts when `start` becomes true. It is met when `stop` becomes true or, without a `stop`, when `start`
      is no longer true; it is cancelled when the order is.
    - Either `target`, a length in the calendar's open time (`time: business`) or in real time (`time: wall`),
      or `due`, the name of an instant of the order (`order.promised_at`).
    - `warn`: instants before the deadline at which the owner is warned.
    """

    start: Condition = field(converter=to_condition)
    stop: Condition | None = field(default=None, converter=to_condition)
    target: timedelta | None = field(default=None, converter=to_duration)
    due: str | None = None
    time: Literal["business", "wall"] = "business"
    warn: tuple[Warn, ...] = field(default=(), converter=_warns)


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


TOPICS = ("placed", "entered", "assigned", "warned", "breached", "inconsistent")
DEFAULT_TOPICS = ("assigned", "warned", "breached")
