"""The seven classics by other means: polars by hand, DuckDB, pandas, pm4py. Each answers from the same Parquet file.

Every function gives the same few numbers (see `told`), so that a run shows that all mean the same. Ties in time keep
the order of the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

QUANTILES = (0.5, 0.9, 0.95)


def told(**numbers: float) -> dict[str, float]:
    """What is compared: lead_n, lead_median (s), busiest_stage_median (s), pairs, steps, variants, reworked, repeats,
    handovers, givers_takers, weeks."""
    return {name: float(value) for name, value in numbers.items()}


def polars(path: Path) -> dict[str, float]:
    """Integer codes, one sort, shifts: what somebody who knows polars well writes in half an hour. Reads CSV too."""
    import polars as pl

    def code(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Categorical).to_physical()

    rows = pl.scan_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, try_parse_dates=True).lazy()
    events = (
        rows.select(
            order=code("order_id"), stage=code("status"), actor=code("user"), at=pl.col("timestamp").to_physical()
        )
        .collect()
        .sort("order", "at", maintain_order=True)
    )
    steps = (
        events.lazy()
        .with_columns(pl.all().shift(-1).name.prefix("next_"))
        .filter(pl.col("order") == pl.col("next_order"))
        .select("stage", "actor", "next_stage", "next_actor", time=pl.col("next_at") - pl.col("at"))
        .collect()
    )

    def figures(name: str) -> list[pl.Expr]:
        time = pl.col(name)
        quantiles = [time.quantile(q, "linear").alias(f"q{q}") for q in QUANTILES]
        return [
            pl.len(),
            time.sum().alias("sum"),
            time.mean().alias("mean"),
            time.min(),
            time.max().alias("max"),
            *quantiles,
        ]

    spans = events.group_by("order").agg(first=pl.col("at").min(), last=pl.col("at").max())
    lead = spans.with_columns(time=pl.col("last") - pl.col("first")).select(figures("time"))
    stage_time = steps.group_by("stage").agg(figures("time")).sort("len", descending=True)
    pair = [
        pl.len(),
        pl.col("time").sum(),
        pl.col("time").mean().alias("mean"),
        pl.col("time").median().alias("median"),
    ]
    flow = steps.group_by("stage", "next_stage").agg(pair).sort("len", descending=True)
    ways = events.group_by("order").agg("stage").group_by("stage").len().sort("len", descending=True)
    visits = events.group_by("order", "stage").len().filter(pl.col("len") > 1)
    passed = steps.filter(pl.col("actor") != pl.col("next_actor")).group_by("actor", "next_actor").len()

    def weeks(name: str) -> pl.DataFrame:
        return spans.group_by(pl.from_epoch(name, time_unit="us").dt.truncate("1w")).len()

    started, finished = weeks("first"), weeks("last")
    return told(
        lead_n=lead["len"][0],
        lead_median=lead["q0.5"][0] / 1e6,
        busiest_stage_median=stage_time["q0.5"][0] / 1e6,
        pairs=flow.height,
        steps=flow["len"].sum(),
        variants=ways.height,
        reworked=visits["order"].n_unique(),
        repeats=visits["len"].sum() - visits.height,
        handovers=passed["len"].sum(),
        givers_takers=passed.height,
        weeks=started.height + finished.height,
    )


def duckdb(path: Path) -> dict[str, float]:
    """SQL as its manual would have it: one sorted table with the next event beside each, then aggregates."""
    import duckdb as db

    con = db.connect()
    con.execute(f"""
        create temp table steps as select order_id, status, "user", timestamp as ts,
            lead(status) over w next_status, lead("user") over w next_user, lead(timestamp) over w next_at
        from read_parquet('{path}', file_row_number=true)
        window w as (partition by order_id order by timestamp, file_row_number)""")
    con.execute(
        "create temp table spans as select order_id, min(ts) as first, max(ts) as last from steps group by order_id"
    )
    time = "epoch_us(next_at) - epoch_us(ts)"
    quantiles = f"quantile_cont({time}, [0.5, 0.9, 0.95])"
    figures = f"count(*) n, sum({time}), avg({time}), min({time}), max({time}), {quantiles} q"
    moved = "from steps where next_at is not null"
    lead = con.execute(
        "select count(*), quantile_cont(epoch_us(last) - epoch_us(first), [0.5, 0.9, 0.95]), "
        "avg(last - first), max(last - first) from spans"
    ).fetchone()
    stage_time = con.execute(f"select status, {figures} {moved} group by status order by n desc").fetchall()
    flow = con.execute(
        f"select status, next_status, count(*) n, sum({time}), avg({time}), median({time}) {moved} "
        "group by status, next_status order by n desc"
    ).fetchall()
    columns = "order_id, status, timestamp as ts, file_row_number as rn"
    rows = f"select {columns} from read_parquet('{path}', file_row_number=true)"
    ways = con.execute(
        f"select way, count(*) n from (select list(status order by ts, rn) way from ({rows}) group by order_id) "
        "group by way order by n desc"
    ).fetchall()
    again = con.execute(
        "select count(distinct order_id), sum(n) - count(*) from "
        "(select order_id, status, count(*) n from steps group by order_id, status having count(*) > 1)"
    ).fetchone()
    passed = con.execute(
        'select "user", next_user, count(*) n from steps where next_at is not null and "user" <> next_user '
        'group by "user", next_user'
    ).fetchall()
    weeks = con.execute(
        "select count(distinct date_trunc('week', first at time zone 'UTC')) "
        "+ count(distinct date_trunc('week', last at time zone 'UTC')) from spans"
    ).fetchone()
    assert lead is not None and again is not None and weeks is not None
    return told(
        lead_n=lead[0],
        lead_median=lead[1][0] / 1e6,
        busiest_stage_median=stage_time[0][6][0] / 1e6,
        pairs=len(flow),
        steps=sum(row[2] for row in flow),
        variants=len(ways),
        reworked=again[0],
        repeats=again[1],
        handovers=sum(row[2] for row in passed),
        givers_takers=len(passed),
        weeks=weeks[0],
    )


def pandas(path: Path) -> dict[str, float]:
    """A sorted frame, shifts and groupby."""
    import pandas as pd

    events = pd.read_parquet(path)
    for name in ("order_id", "status", "user"):
        events[name] = events[name].astype("category")
    events = events.sort_values(["order_id", "timestamp"], kind="stable").reset_index(drop=True)
    following = events.shift(-1)
    same = events["order_id"].cat.codes.eq(events["order_id"].cat.codes.shift(-1))
    steps = pd.DataFrame(
        {
            "stage": events["status"][same],
            "next_stage": following["status"][same],
            "actor": events["user"][same],
            "next_actor": following["user"][same],
            "time": (following["timestamp"] - events["timestamp"])[same].dt.total_seconds(),
        }
    )
    at = events.groupby("order_id", observed=True)["timestamp"]
    first, last = at.min(), at.max()
    lead = (last - first).dt.total_seconds()
    lead_figures = lead.quantile(list(QUANTILES)), lead.mean(), lead.max()
    by_stage = steps.groupby("stage", observed=True)["time"]
    stage_time = by_stage.agg(["size", "sum", "mean", "min", "max"]).join(by_stage.quantile(list(QUANTILES)).unstack())
    flow = steps.groupby(["stage", "next_stage"], observed=True)["time"].agg(["size", "sum", "mean", "median"])
    ways = events.groupby("order_id", observed=True)["status"].agg(tuple).value_counts()
    visits = events.groupby(["order_id", "status"], observed=True).size()
    visits = visits[visits > 1]
    known = steps[steps["actor"].notna() & steps["next_actor"].notna()]
    passed = known[known["actor"].astype(object) != known["next_actor"].astype(object)]
    pairs = passed.groupby(["actor", "next_actor"], observed=True).size()
    weeks = [moment.dt.tz_localize(None).dt.to_period("W").value_counts() for moment in (first, last)]
    return told(
        lead_n=len(lead),
        lead_median=lead_figures[0][0.5],
        busiest_stage_median=stage_time.sort_values("size")[0.5].iloc[-1],
        pairs=len(flow),
        steps=flow["size"].sum(),
        variants=len(ways),
        reworked=visits.index.get_level_values(0).nunique(),
        repeats=visits.sum() - len(visits),
        handovers=pairs.sum(),
        givers_takers=len(pairs),
        weeks=sum(len(found) for found in weeks),
    )


def pm4py(path: Path) -> dict[str, float]:
    """Its documented functions, one for each question; what it has none for (stage time, weeks) is left out."""
    import pandas as pd
    import pm4py as pm
    from pm4py.algo.organizational_mining.sna.variants.pandas import handover

    names: dict[str, Any] = {"case_id": "order_id", "activity_key": "status", "timestamp_key": "timestamp"}
    log = pm.format_dataframe(pd.read_parquet(path), **names).rename(columns={"user": "org:resource"})
    lead = pd.Series(pm.get_all_case_durations(log))
    dfg, _starts, _ends = pm.discover_dfg(log)
    performance, _starts, _ends = pm.discover_performance_dfg(log)
    ways = pm.get_variants(log)
    again = pm.get_rework_cases_per_activity(log)
    handover.apply(log.fillna({"org:resource": "?"}))  # it refuses missing ones
    assert len(performance) == len(dfg) and again
    return told(
        lead_n=len(lead),
        lead_median=lead.median(),
        pairs=len(dfg),
        steps=sum(dfg.values()),
        variants=len(ways),
    )
