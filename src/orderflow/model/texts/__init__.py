"""The words of every reason and problem: stable code -> language -> template. Data only, one file a room."""

from __future__ import annotations

from orderflow.model.texts import (
    big_logs,
    calendars,
    composing,
    conditions,
    figures,
    flows,
    lines,
    log_formats,
    logs,
    orders,
    proofs,
    versions,
)

LANGUAGES = ("en", "zh")

CATALOGUE: dict[str, dict[str, str]] = {
    **orders.TEXTS,
    **lines.TEXTS,
    **flows.TEXTS,
    **composing.TEXTS,
    **conditions.TEXTS,
    **calendars.TEXTS,
    **logs.TEXTS,
    **big_logs.TEXTS,
    **figures.TEXTS,
    **log_formats.TEXTS,
    **proofs.TEXTS,
    **versions.TEXTS,
}

SUGGESTION = {"en": " Did you mean {suggestion!r}?", "zh": "是否想写“{suggestion}”？"}
