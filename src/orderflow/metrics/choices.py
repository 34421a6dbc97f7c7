"""The few words that an option may be: each list stands here once, as a type and as what is checked when it runs."""

from __future__ import annotations

from typing import Any, Literal, get_args

from orderflow.model.errors import LogError
from orderflow.model.reasons import suggest

People = Literal["names", "pseudonyms", "teams"]  # how people are named
Whom = Literal["actor", "team"]  # whom a figure is about
Party = Literal["actor", "team", "stage"]  # between what work goes
Stay = Literal["before", "after"]  # which time is that of an event
Visit = Literal["stay", "waiting", "working"]  # what is timed of a visit to a stage
Period = Literal["day", "week", "month"]
Rank = Literal["total", "mean"]


def need_choice(name: str, value: object, choices: Any) -> None:
    """Raise LogError (`log.unknown_choice`) for an option that is none of `choices`, one of the types above."""
    known = get_args(choices)
    if value not in known:
        raise LogError.of(
            "log.unknown_choice", name=name, value=value, known=list(known), suggestion=suggest(str(value), known)
        )
