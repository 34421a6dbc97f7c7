"""Lengths of time as people write them: `8h`, `30m`, `2h30m`, `1d12h`."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHAPE = re.compile(r"(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?:(\d{1,7})h)?(?:(\d{1,8})m)?(?:(\d{1,9})s)?")


def parse_duration(text: str) -> timedelta | None:
    """The length of `text`, or None when it is not one.

    Units w, d, h, m, s in this order, whole numbers; a day is 24 hours and a week seven such days.
    """
    match = _SHAPE.fullmatch(text.strip())
    if not match or not any(match.groups()):
        return None
    seconds = sum(int(n) * size for n, size in zip(match.groups(), UNITS.values(), strict=True) if n)
    return timedelta(seconds=seconds)


def write_duration(length: timedelta) -> str:
    """The shortest text that `parse_duration` reads back; parts of a second are cut off."""
    rest = int(length.total_seconds())
    parts = []
    for unit, size in UNITS.items():
        if unit == "w":
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
