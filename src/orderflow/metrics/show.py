"""How figures are shown: durations as people say them, and tables for notebooks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import islice
from typing import Any

ROWS = 20  # how many rows a notebook shows
STAGES = 12  # how many entries of a list
STYLE = "text-align: {}; padding: 0.2em 0.6em; white-space: nowrap"


def duration(value: timedelta | float | None, *, days: bool = True) -> str:
    """A duration as people say it: its two largest units. `12 d 5 h`, `3 h 20 min`, `4 min 10 s`, `0.25 s`.

    Without `days` the largest unit are hours, as for working time, whose days are not of 24 hours: `42 h 30 min`.
    """
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if abs(seconds) < 10:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes_left = divmod(minutes, 60)
    whole_days, hours_left = divmod(hours, 24)
    sign = "-" if seconds < 0 else ""
    if days and whole_days >= 100:
        return f"{sign}{whole_days:,} d"
    if days and whole_days:
        return f"{sign}{whole_days} d {hours_left} h" if hours_left else f"{sign}{whole_days} d"
    if hours >= 100:
        return f"{sign}{hours:,} h"
    if hours:
        return f"{sign}{hours} h {minutes_left} min" if minutes_left else f"{sign}{hours} h"
    if minutes:
        return f"{sign}{minutes} min {rest} s" if rest else f"{sign}{minutes} min"
    return f"{sign}{rest} s"


def html_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    total: int,
    *,
    durations: Collection[str] = (),
    title: str = "",
) -> str:
    """A table for a notebook: the first rows, and how many there are; `durations` names the columns in seconds."""
    shown = list(islice(rows, ROWS))
    styles = [
        STYLE.format("left" if any(isinstance(row[n], str | list) for row in shown) else "right")
        for n in range(len(columns))
    ]
    head = "".join(f'<th style="{style}">{escape(name)}</th>' for name, style in zip(columns, styles, strict=True))
    lines = []
    for row in shown:
        cells = [_cell(value, name in durations) for name, value in zip(columns, row, strict=True)]
        drawn = (f'<td style="{style}">{cell}</td>' for style, cell in zip(styles, cells, strict=True))
        lines.append(f"<tr>{''.join(drawn)}</tr>")
    caption = f'<caption style="{STYLE.format("left")}; font-weight: bold">{escape(title)}</caption>' if title else ""
    more = f"<p>… {total - len(lines):,} more</p>" if total > len(lines) else ""
    body = "".join(lines)
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: Any, is_duration: bool) -> str:
    if value is None:
        return "–"
    if is_duration:
        return escape(duration(value))
    if isinstance(value, list | tuple):
        shown = [str(item) for item in value[:STAGES]]
        return escape(" → ".join([*shown, *([f"… {len(value) - STAGES} more"] if len(value) > STAGES else [])]))
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(value.isoformat(sep=" ") if isinstance(value, datetime) else str(value))
