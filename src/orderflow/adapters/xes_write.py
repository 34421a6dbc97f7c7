"""Writing logs as XES (IEEE 1849-2016): one trace per order, its events with the standard extensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from orderflow.adapters.about import KEY, about_text
from orderflow.adapters.given import Progress
from orderflow.adapters.kinds import one_kind
from orderflow.adapters.longform import STARTS  # XES has a start of its own only as another event
from orderflow.adapters.placing import writing
from orderflow.adapters.sheet import Sheet, refuse_characters
from orderflow.adapters.xes import GROUP, LIFECYCLE, NAME, RESOURCE, TIME
from orderflow.metrics.codes import decode
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason, reason

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

# What XML 1.0 has no way to write, not even as a reference.
FORBIDDEN = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"
ENTITIES = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
\t<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
\t<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
\t<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
\t<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
\t<classifier name="Activity" keys="concept:name"/>
"""
KEYS = {"actor": RESOURCE, "team": GROUP, "track": "track"}
Lines = Callable[[Any], str]


def write_xes(sheet: Sheet, path: Path, progress: Progress | None) -> list[Reason]:
    """Write the log and tell which attributes change their kind.

    An attribute that no order has a value of is told too: XES has no place for it. Raises LogError for characters that
    XML cannot hold, and for an attribute that would be taken for something else.
    """
    import polars as pl

    if NAME in sheet.attributes:
        raise LogError.of("log.names_collide", name=NAME, column=NAME)
    refuse_characters(pl.Series(sheet.attributes, dtype=pl.String), FORBIDDEN, "XES")
    heads, changes = _heads(sheet)
    names = {name: _escaped(sheet.log.names[name]) for name in ("stage", *sheet.beside)}
    with writing(path) as file:
        file.write(HEAD.encode())
        if (about := about_text(sheet.log)) is not None:
            file.write(f'\t<string key="{KEY}" value={_attribute(about)}/>\n'.encode())
        start = 0
        for orders, events, share in sheet.steps():
            bodies = _bodies(events, names)
            found = orders.select("order").join(bodies, on="order", how="left", maintain_order="left")["body"]
            parts = zip(heads[start : start + orders.height], found.to_list(), strict=True)
            file.write("".join(f"\t<trace>\n{head}{body or ''}\t</trace>\n" for head, body in parts).encode())
            start += orders.height
            if progress is not None:
                progress(share)
        file.write(b"</log>\n")
    told = [reason("log.kinds_change", changes=changes)] if changes else []
    empty = [name for name in sheet.attributes if not sheet.orders[name].count() and name != "promised_at"]
    return [*told, *([reason("log.empty_not_written", names=empty)] if empty else [])]


def _bodies(events: pl.DataFrame, names: dict[str, pl.Series]) -> pl.DataFrame:
    """The events of each order as one text, by the code of the order."""
    import polars as pl

    times = pl.from_epoch(events["at"], time_unit="us").dt.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00")
    frame = pl.DataFrame({"order": events["order"], "at": times, "stage": decode(events["stage"], names["stage"])})
    beside = []
    for name in (name for name in names if name != "stage"):
        frame = frame.with_columns(decode(events[name], names[name]).alias(name))
        text = pl.format(f'\t\t\t<string key="{KEYS[name]}" value={{}}/>\n', pl.col(name))
        beside.append(pl.when(pl.col(name).is_not_null()).then(text).otherwise(pl.lit("")))
    if "started_at" in events.columns:
        starts = pl.from_epoch(events["started_at"], time_unit="us").dt.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00")
        frame = frame.with_columns(starts.alias("started_at"))
        text = pl.format(f'\t\t\t<date key="{STARTS}" value="{{}}"/>\n', "started_at")
        beside.append(pl.when(pl.col("started_at").is_not_null()).then(text).otherwise(pl.lit("")))
    body = pl.concat_str(
        pl.format(f'\t\t<event>\n\t\t\t<string key="{NAME}" value={{}}/>\n', "stage"),
        pl.format(f'\t\t\t<date key="{TIME}" value="{{}}"/>\n', "at"),
        *beside,
        pl.lit(f'\t\t\t<string key="{LIFECYCLE}" value="complete"/>\n\t\t</event>\n'),
    )
    return frame.select("order", body=body).group_by("order", maintain_order=True).agg(pl.col("body").str.join(""))


def _heads(sheet: Sheet) -> tuple[list[str], dict[str, str]]:
    """The id and the attributes of each order as texts, and the attributes that change their kind."""
    parts = [[f'\t\t<string key="{NAME}" value={text}/>\n' for text in _escaped(sheet.orders["id"]).to_list()]]
    changes = {}
    for name in sheet.attributes:
        tag, texts, becomes = _typed(sheet.orders[name])
        if becomes is not None and texts.count():
            changes[name] = becomes
        key = _attribute(name)
        values = _escaped(texts).to_list()
        parts.append(["" if text is None else f"\t\t<{tag} key={key} value={text}/>\n" for text in values])
    return ["".join(row) for row in zip(*parts, strict=True)], changes


def _typed(series: pl.Series) -> tuple[str, pl.Series, str | None]:
    """The XES type of an attribute, its values as texts, and what it will be read as when that is something else."""
    import polars as pl

    kind = series.dtype
    if kind == pl.Boolean or kind.is_integer():
        return ("boolean" if kind == pl.Boolean else "int"), series.cast(pl.String), None
    if kind.is_float():
        words = [None if value is None else repr(value).replace("inf", "INF").replace("nan", "NaN") for value in series]
        return "float", pl.Series(words, dtype=pl.String), None
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        aware = isinstance(kind, pl.Datetime) and kind.time_zone is not None
        moments = series.dt.convert_time_zone("UTC") if aware else series.cast(pl.Datetime("us"))
        texts = moments.dt.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00")
        return "date", texts, None if aware else "Datetime(UTC)"
    if kind == pl.String:
        return "string", series, None
    return "string", one_kind(series).cast(pl.String), "String"


def _escaped(texts: pl.Series) -> pl.Series:
    """The texts as values of XML attributes, quotes included. Raises LogError where XML has no way to write one."""
    import polars as pl

    refuse_characters(texts, FORBIDDEN, "XES")
    values = [None if text is None else _attribute(text) for text in texts.to_list()]
    return pl.Series(texts.name, values, dtype=pl.String)


def _attribute(text: str) -> str:
    return quoteattr(text, ENTITIES)
