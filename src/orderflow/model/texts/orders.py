"""Texts about commands on orders: refusals and automatic choices."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {}
