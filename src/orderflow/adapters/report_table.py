"""A report as tables: one frame for each part, and all of them as one long table for CSV and Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import asdict

from orderflow.metrics.on_time import OnTime
from orderflow.metrics.report import Report
from orderflow.metrics.summary import Table
from orderflow.model.errors import LogError
from orderflow.model.reasons import suggest

if TYPE_CHECKING:
    import polars as pl

LONG = ("part", "key", "figure", "value")
OF_TEXT = ("over", "up_to")  # columns of numbers that say what a row is about, as its texts do


def tables(report: Report, *, by: str | None = None) -> dict[str, pl.DataFrame]:
    """Every part of the report that there is, by name, as a frame; durations are seconds, days are dates.

    With `by`, an attribute of orders, also `lead_time_by`.
    """
    import polars as pl

    seen, flow = report.overview, report.throughput
    found = {
        "overview": pl.DataFrame(
            {"orders": [seen.orders], "events": [seen.events], "actors": [seen.actors]}
            | {"events_without_actor": [seen.events_without_actor]}
        ),
        "lead_time": pl.DataFrame([report.lead_time.to_dict()]),
        "stages": pl.DataFrame(
            [
                (stage, events, seen.start_stages.get(stage, 0), seen.end_stages.get(stage, 0))
                for stage, events in seen.stages.items()
            ],
            schema={"stage": pl.String, "events": pl.Int64, "first": pl.Int64, "last": pl.Int64},
            orient="row",
        ),
        "flow_map": report.flow_map.frame,
        "variants": report.variants.top.frame,
        "rework": pl.DataFrame([{k: v for k, v in asdict(report.rework).items() if k != "by_stage"}]),
        "rework_by_stage": pl.DataFrame(
            list(report.rework.by_stage.items()), schema={"stage": pl.String, "orders": pl.Int64}, orient="row"
        ),
        "handover": report.handover.frame,
        "throughput": pl.DataFrame(
            [(m, flow.started.get(m, 0), flow.finished.get(m, 0)) for m in sorted({*flow.started, *flow.finished})],
            schema={"period": pl.String, "started": pl.Int64, "finished": pl.Int64},
            orient="row",
        ),
        "stage_time": report.stage_time.frame,
        "bottlenecks": report.bottlenecks.by_total.frame,
        "bottlenecks_by_mean": report.bottlenecks.by_mean.frame,
    }
    if report.on_time is not None:
        found["on_time"] = _on_time(report.on_time)
    if by is not None:
        found["lead_time_by"] = report.lead_time_by(by).frame
    for name, part in report.further.items():
        if isinstance(part, Table):
            found[name] = part.frame
        else:
            found |= {name: part.fit.frame, f"{name}_breaks": part.breaks.frame}
    return found


def table_of(report: Report, part: str, *, by: str | None = None) -> pl.DataFrame:
    """One part as a frame that CSV can hold: lists of stages are joined by ` → `.

    Raises LogError (`log.unknown_part`) for one that is not there, with the Reason where the report left it out.
    """
    found = tables(report, by=by)
    if part not in found:
        reason = report.left_out.get(part)
        why = {"en": f"{reason.text()} " if reason else "", "zh": reason.text("zh") if reason else ""}
        raise LogError.of("log.unknown_part", part=part, known=list(found), why=why, suggestion=suggest(part, found))
    return _flat(found[part])


def long_table(report: Report, *, by: str | None = None) -> pl.DataFrame:
    """The whole report as one table: `part`, `key` (what the row is about, joined by ` / `), `figure`, `value`.

    - One row per figure of each row of each part, in their order; values are floats, durations seconds; missing values
      have no row. No two rows are of the same part, key and figure.
    """
    import polars as pl
    import polars.selectors as cs

    pieces = []
    for name, frame in tables(report, by=by).items():
        flat = _flat(frame)
        groups = flat.columns[:1] if name == "lead_time_by" else []  # which may be numbers too
        figures = flat.select(cs.numeric().exclude(*OF_TEXT, *groups)).columns
        keys = [column for column in flat.columns if column not in figures]
        key = pl.concat_str([pl.col(column).cast(pl.String).fill_null("–") for column in keys], separator=" / ")
        rows = flat.select(
            pl.int_range(pl.len()).alias("row"),
            (key if keys else pl.lit("")).alias("key"),
            *(pl.col(column).cast(pl.Float64) for column in figures),
        )
        long = rows.unpivot(index=["row", "key"], variable_name="figure", value_name="value")
        order = pl.col("figure").replace_strict(figures, list(range(len(figures))), return_dtype=pl.Int64)
        long = long.with_columns(order=order).sort("row", "order").drop_nulls("value")
        pieces.append(long.select(pl.lit(name).alias("part"), *LONG[1:]))
    return pl.concat(pieces)


def _on_time(found: OnTime) -> pl.DataFrame:
    """What is known of the promises as one row of numbers: those of `early` and `late` as `early_mean`, `late_p90` …"""
    import polars as pl

    row: dict[str, float | None] = {}
    for name, value in found.to_dict().items():
        if isinstance(value, Mapping):
            row |= {f"{name}_{figure}": amount for figure, amount in value.items()}
        elif name != "rule":
            row[name] = value
    return pl.DataFrame([row], schema=dict.fromkeys(row, pl.Float64))


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    return frame.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(" → ") for name in lists)
