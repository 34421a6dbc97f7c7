"""A report as text that people like to read, and as JSON; and writing either to a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from orderflow.adapters.report_further import conformance, promises_and_progress
from orderflow.adapters.report_layout import counted, cut, share_of, sparkline, table
from orderflow.adapters.report_table import long_table
from orderflow.metrics.instants import zone
from orderflow.metrics.report import Report
from orderflow.metrics.show import duration
from orderflow.model.errors import OrderflowError

ROWS = 15  # how many rows of a long list are shown


def to_json(report: Report, *, ascii_only: bool = False, by: str | None = None) -> str:
    """The report as JSON text: one line per figure or row, ending with a line feed; keys as `Report.to_dict`,
    `further`: the further parts that the log can answer, and `left_out`: why it cannot answer the others.

    With `by`, an attribute of orders, also `lead_time_by`: the lead time of each of its values.
    """

    line = json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False).encode

    def block(value: Any, indent: str) -> str:
        inner = indent + "  "
        if isinstance(value, list) and value:
            return "[\n" + ",\n".join(inner + line(item) for item in value) + f"\n{indent}]"
        if isinstance(value, dict) and any(isinstance(item, dict | list) for item in value.values()):
            items = [f"{inner}{line(key)}: {block(item, inner)}" for key, item in value.items()]
            return "{\n" + ",\n".join(items) + f"\n{indent}}}"
        return line(value)

    grouped = {} if by is None else {"lead_time_by": report.lead_time_by(by).to_dicts()}
    left_out = {name: {"code": why.code, "text": why.text()} for name, why in report.left_out.items()}
    whole = {**report.to_dict(), **grouped, "further": report.further_to_dict(), "left_out": left_out}
    return block(whole, "") + "\n"


def write_report(report: Report, path: str | os.PathLike[str]) -> None:
    """Write a report to a file by the ending of its name: `.json`; text as `.txt` or `.md`; `.csv` or `.parquet`, one
    table with the columns part, key, figure and value. Texts are UTF-8.

    - Raises OrderflowError for another ending; OSError when the file cannot be written.
    """
    from pathlib import Path

    target = Path(path)
    if target.suffix.lower() == ".json":
        content = to_json(report)
    elif target.suffix.lower() == ".csv":
        content = long_table(report).write_csv()
    elif target.suffix.lower() == ".parquet":
        with target.open("wb") as file:
            long_table(report).write_parquet(file)
        return
    elif target.suffix.lower() in (".txt", ".md"):
        content = to_text(report, assumptions=True)
        if target.suffix.lower() == ".md":  # as it stands: its columns align
            content = f"```text\n{content}```\n"
    else:
        raise OrderflowError(f"{target.name}: a report is written as .json, .csv, .parquet, .txt or .md")
    target.write_text(content, encoding="utf-8")


def to_text(report: Report, *, assumptions: bool = False, by: str | None = None) -> str:
    """The report as text: tables, durations as people say them, sparklines; ends with a line feed.

    - Columns align in a terminal also with Chinese names, which are two cells wide.
    - Long lists are cut to their first rows and say how many there are; JSON has everything.
    - `assumptions`: whether to begin with what was guessed or assumed. `by`: an attribute of orders; the lead time of
      each of its values is told too.
    """
    parts = [_head(report)]
    if assumptions and report.assumptions:
        parts.append("Assumed\n" + "\n".join(f"  - {item.text()}" for item in report.assumptions))
    parts += [
        _lead_time(report),
        "" if by is None else _lead_time_by(report, by),
        _on_time(report),
        *promises_and_progress(report),
        _throughput(report),
        _stages(report),
        _steps(report),
    ]
    parts += [_variants(report), _rework(report), conformance(report), _handover(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _time(report: Report, value: timedelta | None) -> str:
    """A duration; of working time in hours."""
    return duration(value, days=report.calendar is None)


def _head(report: Report) -> str:
    seen = report.overview
    lines = [f"{counted(seen.orders, 'order')}, {counted(seen.events, 'event')}, {counted(seen.actors, 'actor')}"]
    if seen.events_without_actor:
        share = share_of(seen.events_without_actor, seen.events)
        lines.append(f"{counted(seen.events_without_actor, 'event')} ({share}) without a known actor")
    if seen.first_event and seen.last_event:
        there = zone(report.log.tz)
        first, last = seen.first_event.astimezone(there), seen.last_event.astimezone(there)
        lines.append(f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} ({report.log.tz})")
    return "\n".join(lines)


def _lead_time(report: Report) -> str:
    found = report.lead_time
    names = ("mean", "median", "p90", "p95", "min", "max")
    row = [_time(report, getattr(found, name)) for name in names]
    named = "" if report.calendar is None or not report.calendar.name else f" (calendar {report.calendar.name})"
    time = "" if report.calendar is None else f", in working hours{named}"
    return f"Lead time, first to last event of an order{time}\n" + table(names, [row], left=0)


def _lead_time_by(report: Report, by: str) -> str:
    table_of_groups = report.lead_time_by(by)
    group = table_of_groups.frame.columns[0]  # `order.n`, where the attribute is called as a figure is
    found = list(table_of_groups)
    shown = sorted(found, key=lambda row: -row["n"])[: 2 * ROWS]
    names = ("median", "mean", "p90", "max")
    rows = [
        ("–" if row[group] is None else row[group], row["n"], *(_time(report, row[name]) for name in names))
        for row in shown
    ]
    return f"Lead time by {by}\n" + table((by, "orders", *names), rows, total=len(found))


def _on_time(report: Report) -> str:
    found = report.on_time
    if found is None:
        return ""
    late = found.n - found.on_time
    by_day = "–" if found.by_day_rate is None else f"{found.by_day_rate:.1%}"
    kept = f"{share_of(found.on_time, found.n)} of {found.n:,} delivered orders; {late:,} late; {by_day} by day"
    return "\n  ".join(["On time", kept, *found.rule.split("; ")])


def _throughput(report: Report) -> str:
    started, finished = report.throughput.started, report.throughput.finished
    months = _months([*started, *finished])
    if not months:
        return ""
    lines = [f"Throughput by month, {months[0]} to {months[-1]} ({report.log.tz})"]
    for title, counts in (("started ", started), ("finished", finished)):
        values = [counts.get(month, 0) for month in months]
        peak = max(values)
        top = f"{sum(values):,} in all, most in {months[values.index(peak)]} ({peak:,})" if peak else "none"
        lines.append(f"  {title}  {sparkline(values)}  {top}")
    return "\n".join(lines)


def _months(seen: Sequence[str]) -> list[str]:
    """All months from the first to the last, with those in between in which nothing happened."""
    if not seen:
        return []
    first, last = (int(text[:-3]) * 12 + int(text[-2:]) - 1 for text in (min(seen), max(seen)))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1)]


def _stages(report: Report) -> str:
    times = {row["stage"]: row for row in report.stage_time}
    rows = []
    for stage, events in list(report.overview.stages.items())[: 2 * ROWS]:
        time: Mapping[str, Any] = times.get(stage, {})
        starts = report.overview.start_stages.get(stage, 0)
        ends = report.overview.end_stages.get(stage, 0)
        rows.append(
            (stage, events, starts, ends, *(_time(report, time.get(name)) for name in ("median", "mean", "p90")))
        )
    head = ("stage", "events", "first", "last", "median", "mean", "p90")
    title = "Stages, and the time until the next event\n"
    return title + table(head, rows, total=len(report.overview.stages)) if rows else ""


def _steps(report: Report) -> str:
    def rows(steps: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        return [
            (
                step["source"],
                "→",
                step["dest"],
                step["count"],
                *(_time(report, step[n]) for n in ("median", "mean", "total")),
            )
            for step in steps
        ]

    if not len(report.flow_map):
        return ""
    head = ("from", "", "to", "count", "median", "mean", "total")
    some = rows(row for _n, row in zip(range(ROWS), report.flow_map, strict=False))
    lines = ["Flow", table(head, some, left=3, total=len(report.flow_map))]
    lines += ["", "Bottlenecks by total time", table(head, rows(list(report.bottlenecks.by_total)[:5]), left=3)]
    if len(report.bottlenecks.by_mean):
        lines += ["", "Bottlenecks by mean time (at least 20 times)"]
        lines.append(table(head, rows(list(report.bottlenecks.by_mean)[:5]), left=3))
    return "\n".join(lines)


def _variants(report: Report) -> str:
    if not report.variants.count:
        return ""
    lines = [f"Variants: {report.variants.count:,}"]
    for row in report.variants.top.to_dicts()[:10]:
        share = share_of(row["count"], report.overview.orders)
        stages = (
            row["stages"] if len(row["stages"]) <= 12 else [*row["stages"][:11], f"… {len(row['stages']) - 11} more"]
        )
        lines.append(f"  {row['count']:>7,}  {share:>6}  " + " → ".join(cut(stage) for stage in stages))
    if report.variants.count > 10:
        lines.append(f"  … {report.variants.count - 10:,} more")
    return "\n".join(lines)


def _rework(report: Report) -> str:
    found = report.rework
    share = share_of(found.orders, report.overview.orders)
    if not found.orders:
        return "Rework: none, no order entered a stage twice"
    again = counted(found.events, "time")
    title = f"Rework: {counted(found.orders, 'order')} ({share}) entered a stage again, {again} in all\n"
    return title + table(("stage", "orders"), list(found.by_stage.items())[:ROWS], total=len(found.by_stage))


def _handover(report: Report) -> str:
    if not len(report.handover):
        return ""
    rows = [(row["source"], "→", row["dest"], row["count"]) for row in report.handover.to_polars().head(10).to_dicts()]
    return "Handover of work\n" + table(("from", "", "to", "count"), rows, left=3, total=len(report.handover))
