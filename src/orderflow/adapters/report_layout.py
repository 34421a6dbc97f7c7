"""How the text of a report is laid out: columns that align with Chinese names, bars, shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

BARS = "▁▂▃▄▅▆▇█"
WIDEST = 40  # a longer name is cut
JOINERS = "\u200c\u200d"  # of which emoji and some scripts are made; other marks that are not seen can mislead


def sparkline(values: Sequence[float]) -> str:
    """One bar per value, the largest the highest; an empty text for no values."""
    top = max(values, default=0)
    return "".join(BARS[min(int(value / top * len(BARS)), len(BARS) - 1)] if top else BARS[0] for value in values)


def width(text: str) -> int:
    """How many cells of a terminal a text takes: East Asian wide characters two, combining marks none."""
    import unicodedata

    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], left: int = 1, total: int | None = None) -> str:
    """Aligned columns, the first `left` to the left, the others to the right; `total`: rows there are in all."""
    cells = [[cut(shown(cell)) for cell in row] for row in rows]
    widths = [max(width(row[n]) for row in [list(head), *cells]) for n in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = []
        for n, cell in enumerate(row):
            space = " " * (widths[n] - width(cell))
            padded.append(cell + space if n < left else space + cell)
        return "  " + "  ".join(padded).rstrip()

    lines = [line(head), *(line(row) for row in cells)]
    if total is not None and total > len(cells):
        lines.append(f"  … {total - len(cells):,} more")
    return "\n".join(lines)


def shown(cell: Any) -> str:
    """A cell of a table as text."""
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def cut(text: str) -> str:
    """A name as it is shown: what cannot be printed replaced, and no wider than a column may be."""
    text = "".join(char if char.isprintable() or char in JOINERS else "�" for char in text)
    if width(text) <= WIDEST:
        return text
    while width(text) > WIDEST - 1:
        text = text[:-1]
    return text + "…"


def share_of(part: int, whole: int) -> str:
    """A share in percent; a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "–"


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 order`, `2 orders`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
