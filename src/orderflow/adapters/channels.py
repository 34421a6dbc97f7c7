"""Channels that ship: one that writes to a logger, and one that calls a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from orderflow.hookspecs import hookimpl
from orderflow.model.commit import Notification
from orderflow.model.reasons import Language
from orderflow.ports import Channel, Failed, Outcome, Retry, Sent

if TYPE_CHECKING:
    import logging


class LogChannel:
    """Writes each notification to a logger (`orderflow.notifications`) as one line; level 20 is INFO."""

    def __init__(
        self,
        name: str = "log",
        *,
        logger: logging.Logger | None = None,
        level: int = 20,
        language: Language = "en",
    ) -> None:
        self.name = name
        import logging

        self._logger = logger or logging.getLogger("orderflow.notifications")
        self._level = level
        self._language = language

    def send(self, notification: Notification) -> Outcome:
        text = notification.text(self._language)
        self._logger.log(self._level, "%s -> %s: %s", notification.topic, ", ".join(notification.to), text)
        return Sent()


class CallableChannel:
    """Hands each notification to a function.

    What the function returns is the outcome: None or `Sent()`, `Retry(after)`, `Failed(reason)`. What it raises counts
    as `Retry`.
    """

    def __init__(self, name: str, function: Callable[[Notification], Outcome | None]) -> None:
        self.name = name
        self._function = function

    def send(self, notification: Notification) -> Outcome:
        outcome = self._function(notification)
        if outcome is None:
            return Sent()
        if isinstance(outcome, Sent | Retry | Failed):
            return outcome
        raise TypeError(f"channel {self.name!r}: the function returned {outcome!r}, not None, Sent, Retry or Failed")


class Channels:
    """The plugin that hands over channels given as values: `plugins=[orderflow.Channels(LogChannel())]`."""

    def __init__(self, *channels: Channel) -> None:
        self._channels = channels

    @hookimpl
    def orderflow_channels(self) -> Iterable[Channel]:
        return self._channels


def backoff(attempts: int) -> timedelta:
    """How long to wait after the n-th failed attempt: 1, 2, 4 … minutes, at most six hours."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), timedelta(hours=6))
