"""What `decide` answers: Needs or a Decision, both values."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from orderflow.model.events import Event
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.reasons import Reason
from orderflow.model.state import State


@frozen
class Need:
    """One value that is missing: of a kind (`person`, `role`, `load` …), by its name, and of what it is asked."""

    kind: str
    name: str
    subjects: FrozenMap[Any] = EMPTY


@frozen
class Needs:
    """The values that must be fetched before the decision can be made."""

    missing: tuple[Need, ...]


@frozen(kw_only=True)
class Decision:
    """What a command leads to.

    - `events`: to be appended, in this order, settled ones first; empty when nothing changes.
    - `after`: the state that the events lead to; None when there are none.
    - `refused`: nothing is appended, and `reasons` say why.
    - `repeated`: the same order was placed before with the same content.
    """

    events: tuple[Event, ...] = ()
    after: State | None = None
    reasons: tuple[Reason, ...] = ()
    refused: bool = False
    repeated: bool = False
