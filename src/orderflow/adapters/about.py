"""What a log is as a whole, beside its rows: the zone of its days, the stages that end an order; as files carry it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    from pathlib import Path

    from orderflow.metrics.log import EventLog

KEY = "orderflow"  # of the metadata of a Parquet file, of an attribute of an XES log, of a member of an OCEL file
HOLDING = frozenset(("parquet", "xes", "ocel"))  # the formats that have a place for it
STAGES = ("done_stages", "cancelled_stages")


@frozen(kw_only=True)
class About:
    """What a file says about the log in it; None is what it does not say."""

    tz: str | None = None
    done_stages: frozenset[str] | None = None
    cancelled_stages: frozenset[str] | None = None


SILENT = About()


def about_json(log: EventLog) -> dict[str, Any]:
    """What there is to say about a log, as JSON holds it; nothing of a log in UTC whose ends nobody knows."""
    said: dict[str, Any] = {"tz": log.tz} if log.tz != "UTC" else {}
    return said | {name: sorted(found) for name in STAGES if (found := getattr(log, name)) is not None}


def about_text(log: EventLog) -> str | None:
    """The same as one line of ASCII, which every format can hold; None when there is nothing to say."""
    said = about_json(log)
    return json.dumps(said) if said else None


def parse_about(said: str | None) -> tuple[About, list[Reason]]:
    """What a file says by such a line, and that it cannot be understood, if so: then it says nothing."""
    if said is None:
        return SILENT, []
    try:
        return read_about(json.loads(said))
    except (ValueError, RecursionError):
        return _not_understood(said)


def read_about(said: Any) -> tuple[About, list[Reason]]:
    """The same from parsed JSON. Members that are not known are a newer version's and passed over."""
    if said is None:
        return SILENT, []
    if not isinstance(said, dict) or not isinstance(said.get("tz"), str | None):
        return _not_understood(said)
    stages = {name: said[name] for name in STAGES if said.get(name) is not None}
    for names in stages.values():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return _not_understood(said)
    return About(tz=said.get("tz") or None, **{name: frozenset(names) for name, names in stages.items()}), []


def about_parquet(files: Iterable[Path]) -> tuple[About, list[Reason]]:
    """What Parquet files say about the log that they are parts of; nothing where they say different things."""
    import polars as pl

    texts = {pl.read_parquet_metadata(file).get(KEY) for file in files}
    if len(texts) > 1:
        return SILENT, [reason("log.about_differs")]
    return parse_about(next(iter(texts), None))


def used(about: About, asked: About) -> list[Reason]:
    """The assumption that what a file says holds, as far as the caller did not say otherwise."""
    pairs = []
    for name in ("tz", *STAGES):
        said = getattr(about, name)
        if said is not None and getattr(asked, name) is None:
            pairs.append(f"{name}={said if isinstance(said, str) else sorted(said)}")
    return [reason("log.about_used", pairs=pairs)] if pairs else []


def _not_understood(said: Any) -> tuple[About, list[Reason]]:
    return SILENT, [reason("log.about_not_understood", said=repr(said)[:80])]
