"""The further parts of a report as text: those that people ask for first, where the log can answer them."""

from __future__ import annotations

from orderflow.adapters.report_layout import counted, share_of, sparkline, table
from orderflow.metrics.report import Report
from orderflow.metrics.show import duration

SHOWN = ("sla_attainment", "work_in_progress", "ageing", "cancellation", "conformance")  # the parts that are read here
WIDTH = 60  # bars of a sparkline at most
ROWS = 10  # of a list


def promises_and_progress(report: Report) -> list[str]:
    """The time promises that were kept, what is in progress and how old it is, and what was cancelled."""
    return [_promises(report), _in_progress(report), _ageing(report), _cancelled(report)]


def conformance(report: Report) -> str:
    """How far the steps are those of the flow, and those that break it most often."""
    found = report.conformance
    if found is None or not len(found.fit):
        return ""
    fit = found.fit.to_dicts()[0]
    steps, orders = share_of(fit["allowed"], fit["steps"]), share_of(fit["fitting"], fit["orders"])
    kept = f"Conformance: {steps} of {counted(fit['steps'], 'step')} are those of the flow"
    lines = [f"{kept}; {orders} of orders conform fully"]
    rows = [(row["source"] or "(begins)", "→", row["dest"], row["count"], row["orders"]) for row in found.breaks]
    if rows:
        lines.append(table(("from", "", "to", "count", "orders"), rows[:ROWS], left=3, total=len(rows)))
    return "\n".join(lines)


def _promises(report: Report) -> str:
    found = report.sla_attainment
    if found is None or not len(found):
        return ""
    rows = [
        (
            row["sla"],
            share_of(row["in_time"], row["n"]),
            row["in_time"],
            row["breached"],
            row["running"],
            row["cancelled"],
        )
        for row in found
    ]
    head = ("promise", "kept", "in time", "breached", "running", "cancelled")
    return "Time promises\n" + table(head, rows[: 2 * ROWS], total=len(rows))


def _in_progress(report: Report) -> str:
    """Open orders at the end of days; where there are more days than fit, at the end of every n-th."""
    found = report.work_in_progress
    if found is None or not len(found):
        return ""
    rows = found.to_dicts()
    counts, step = [row["open"] for row in rows], -(-len(rows) // WIDTH)
    bars = sparkline(counts[::-1][::step][::-1])
    peak = max(rows, key=lambda row: row["open"])
    return (
        f"In progress, {rows[0]['period']} to {rows[-1]['period']}\n"
        f"  open      {bars}  {counts[-1]:,} at the end, most on {peak['period']} ({peak['open']:,})"
    )


def _ageing(report: Report) -> str:
    found = report.ageing
    if found is None or not len(found):
        return ""
    open_orders: dict[str, list[float]] = {}
    for row in found.to_dicts():
        count, oldest, longest = open_orders.setdefault(row["stage"], [0, 0.0, 0.0])
        open_orders[row["stage"]] = [
            count + row["orders"],
            max(oldest, row["oldest"]),
            max(longest, row["longest_in_stage"]),
        ]
    days = report.calendar is None  # working time is told in hours
    rows = [
        (stage, int(n), duration(old, days=days), duration(here, days=days))
        for stage, (n, old, here) in open_orders.items()
    ]
    rows.sort(key=lambda row: -row[1])
    head = ("open in stage", "orders", "oldest", "longest there")
    return "Open orders, as of the last event\n" + table(head, rows[:ROWS], total=len(rows))


def _cancelled(report: Report) -> str:
    found = report.cancellation
    if found is None or not len(found) or not report.log.cancelled_stages:
        return ""
    row = found.to_dicts()[0]
    share = share_of(row["cancelled"], row["orders"])
    return f"Cancelled: {row['cancelled']:,} of {counted(row['orders'], 'order')} ({share})"
