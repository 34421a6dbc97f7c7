"""Texts about order histories that are read."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {}
