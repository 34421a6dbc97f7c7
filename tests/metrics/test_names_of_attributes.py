"""What an attribute is called makes no difference: no name is taken by a column that a calculator uses inside."""

from __future__ import annotations

import ast
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.metrics import EventLog, in_shards
from orderflow.metrics.figures import FURTHER, PARTS, Figure

HOUR = 3_600_000_000
NEUTRAL = "zz"
SHARED = ("samples", "sums", "keys", "log") if os.environ.get("ORDERFLOW_LONG") else ("samples",)
OPTIONS: dict[str, dict[str, Any]] = {
    "conformance": {"allowed": {(None, "placed"), ("placed", "sent")}},
    "scorecard": {"minimum": 1},
    "conversion": {"stages": ["placed", "done"]},
}


@cache
def log_of(name: str) -> EventLog:
    """Twelve orders with everything that a log can have, and one attribute of that name."""
    ids = [str(n) for n in range(12)]
    rows = [
        (id, stage, (7 * n % 11 + 3 * k) * HOUR, ["li", "wang", "li", None][(n + k) % 4], ["a", "b"][k % 2])
        for n, id in enumerate(ids)
        for k, stage in enumerate(["placed", "sent", "sent", "done"][: 1 + n % 4])
    ]
    order, stage, at, actor, team = (list(column) for column in zip(*rows, strict=True))
    return EventLog.from_columns(
        {"order": order, "stage": stage, "at": at, "actor": actor, "team": team, "started_at": [t - HOUR for t in at]},
        {"order": ids, "promised_at": [20 * HOUR] * 12, name: [["x", "y", None][n % 3] for n in range(12)]},
        done_stages=["done"],
        cancelled_stages=["sent"],
        marks={"order": ids, "track": ["order"] * 12, "sla": ["s"] * 12, "kind": ["met"] * 12},
        feedback={"order": ids, "at": [30 * HOUR] * 12, "score": [4] * 12, "kind": ["csat"] * 12},
        lines={"order": ids, "line": ["1"] * 12, "ordered": [2] * 12, "delivered": [2] * 12, "at": [9 * HOUR] * 12},
    )


def words_of(module: str) -> set[str]:
    """Every word of a file that may be the name of a column: its texts, and the names of arguments."""
    path = Path(of.__file__).parent / "metrics" / f"{module}.py"
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))) if path.exists() else []
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if text.isidentifier()} | {
        node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg
    }


def rows(name: str, by: str, *, parts: int = 1) -> Any:
    """The figure by this attribute, as sorted texts of its rows without the names of the columns."""
    figure = Figure.of(name, {"by": by, **OPTIONS.get(name, {})})
    summaries = [figure.summarise(shard) for shard in in_shards(log_of(by), parts)]
    summary = summaries[0]
    for other in summaries[1:]:
        summary = figure.merge(summary, other)
    found = figure.result(summary)
    tables = [found] if hasattr(found, "to_dicts") else [found.fit, found.breaks]
    return [sorted(str(list(row.values())) for row in table.to_dicts()) for table in tables]


def taken(name: str) -> list[str]:
    """Words that could clash, but for those by which the events themselves are grouped."""
    words = set[str]().union(words_of(name), *(words_of(shared) for shared in SHARED))
    return sorted(words - {"order", "id", "stage", "actor", "team", "track", "promised_at", "source_text"})


GROUPED = [name for name in (*PARTS, *FURTHER) if name != "overview"]


@pytest.mark.parametrize("name", GROUPED)
def test_any_name_gives_the_same_groups(name: str) -> None:
    """Values, order of groups and figures are those of an attribute with a name that nobody uses; merged too."""
    expected = rows(name, NEUTRAL)
    assert len(expected[0]) >= 1
    wrong = []
    for word in taken(name):
        try:
            same = rows(name, word) == expected
        except Exception as error:  # noqa: BLE001 - whatever it is, the name made the difference
            wrong.append(f"{word}: {type(error).__name__}")
        else:
            wrong += [] if same else [word]
    assert wrong == []
    assert rows(name, "group", parts=3) == rows(name, NEUTRAL, parts=3)
