"""The words of every reason and problem: stable code -> language -> template. Data only, one file a room."""

from __future__ import annotations

from orderflow.model.texts import calendars, conditions, flows, logs, orders, versions

LANGUAGES = ("en", "zh")

CATALOGUE: dict[str, dict[str, str]] = {
    **orders.TEXTS,
    **flows.TEXTS,
    **conditions.TEXTS,
    **calendars.TEXTS,
    **logs.TEXTS,
    **versions.TEXTS,
}

SUGGESTION = {"en": " Did you mean {suggestion!r}?", "zh": "是否想写“{suggestion}”？"}
