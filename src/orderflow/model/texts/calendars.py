"""Texts about calendars and business time."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {}
