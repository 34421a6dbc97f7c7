"""Texts about flow files and flow definitions."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {}
