"""Satisfaction: what customers say, as CSAT and NPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderflow.metrics.deliveries import lateness
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys, need_stages, need_table
from orderflow.metrics.log import EventLog
from orderflow.metrics.shares import Z, share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names

if TYPE_CHECKING:
    import polars as pl

RANGES = {"csat": (1, 5), "nps": (0, 10)}
COLUMNS = ("stage", "actor", "team", "track")
FIGURES = ("kind", "n", "mean", "positive", "negative", "score", "low", "high")


def satisfaction(
    log: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, delivered_stage: str | None = None
) -> Table:
    """Customer satisfaction and net promoter score, from the table `feedback` (order, at, score, kind).

    - `csat`: scores from 1 to 5; `positive` are 4 and 5, `negative` 1 and 2. `score` = positive / n: the top-two-box
      share (Bendle, Farris, Pfeifer, Reibstein, Marketing Metrics, 4th ed., 2020), `low`, `high`: 95%, Wilson 1927.
    - `nps`: scores from 0 to 10; `positive` are promoters (9, 10), `negative` detractors (0 to 6). `score` = (positive
      - negative) / n, from -1 to 1 (Reichheld, The One Number You Need to Grow, Harvard Business Review, December
      2003). `low`, `high`: ± 1.96 √((p + q - (p - q)²) / n), p and q being the two shares (Wald's interval in Rocks,
      Interval Estimation for the "Net Promoter Score", The American Statistician 70(4), 2016), cut to -1 and 1.
    - `n`: rows with a score; a row without one is a comment, and not counted. Other kinds of feedback are left out here
      (see `complaint_rate`). `mean`: of the scores. One row per kind, by key.
    - `by`: attributes of orders; `stage`, `actor`, `team`: those of the order's last event at or before the feedback
      (missing when there is none); `lateness`: whether the order was `late`, `in time` or `not delivered` by its
      promise (delivery as in `on_time`: the first event in `delivered_stage`, or in a done stage); missing without a
      promise; where orders have an attribute of that name, it is the attribute. With `by="actor"` also `orders`: how
      many different ones have such a score.
    - Raises LogError: no feedback; scores outside of their range.
    - A `calendar` changes nothing: nothing is timed here.
    """
    need_stages(log, delivered_stage)
    return result(summarise(log, by, calendar, delivered_stage=delivered_stage))


def summarise(
    shard: EventLog, by: By = None, calendar: WorkCalendar | None = None, *, delivered_stage: str | None = None
) -> Sums:
    import polars as pl

    table = need_table(shard, "feedback", ("at", "score", "kind"))
    ours = {"lateness"} & {*as_names(by)} - {*shard.orders.columns}
    keys = Keys.of(shard, [name for name in as_names(by) if name not in ours], columns=COLUMNS)
    rows = table.select("order", "at", pl.col("kind").str.to_lowercase(), pl.col("score").cast(pl.Float64))
    rows = rows.filter(pl.col("kind").is_in(list(RANGES)) & pl.col("score").is_not_null())
    _check(rows)
    if keys.columns:
        rows = _with_events(rows, shard, keys.columns)
    if ours:
        late = lateness(shard, delivered_stage)
        rows = rows.join(late, on="order", how="left")
    score, csat = pl.col("score"), pl.col("kind") == "csat"
    positive = pl.when(csat).then(score >= 4).otherwise(score >= 9)
    negative = pl.when(csat).then(score <= 2).otherwise(score <= 6)
    return Sums.from_rows(
        keys.onto(rows),
        keys,
        *ours,
        "kind",
        n=pl.len(),
        total=(score * 1_000_000).round().cast(pl.Int64).sum(),  # whole millionths: sums do not depend on the order
        positive=positive.sum(),
        negative=negative.sum(),
        **({"orders": pl.col("order").n_unique()} if "actor" in keys.names else {}),
    )


def merge(a: Sums, b: Sums) -> Sums:
    return a.merge(b)


def result(summary: Sums) -> Table:
    import polars as pl

    p, q, n = pl.col("positive") / pl.col("n"), pl.col("negative") / pl.col("n"), pl.col("n")
    width = Z * ((p + q - (p - q) ** 2).clip(lower_bound=0) / n).sqrt()
    csat = pl.col("kind") == "csat"
    rows = summary.sorted().with_columns(
        share("positive", "n", name="share", low="share_low", high="share_high"), mean=pl.col("total") / n / 1_000_000
    )
    rows = rows.with_columns(
        score=pl.when(csat).then("share").otherwise(p - q),
        low=pl.when(csat).then("share_low").otherwise((p - q - width).clip(-1, 1)),
        high=pl.when(csat).then("share_high").otherwise((p - q + width).clip(-1, 1)),
    )
    counted = ["orders"] if "orders" in rows.columns else []
    return table_of(rows.select(*summary.keys, "n", *counted, *FIGURES[2:]))


def _check(rows: pl.DataFrame) -> None:
    import polars as pl

    for kind, (low, high) in RANGES.items():
        wrong = rows.filter((pl.col("kind") == kind) & ~pl.col("score").is_between(low, high))["score"]
        if len(wrong):
            values = wrong.head(5).to_list()
            raise LogError.of("log.score_out_of_range", count=len(wrong), kind=kind, low=low, high=high, values=values)


def _with_events(rows: pl.DataFrame, log: EventLog, columns: tuple[str, ...]) -> pl.DataFrame:
    """The rows with these columns of the order's last event at or before them."""
    events = log.events.select("order", "at", *columns).sort("at", maintain_order=True)
    by_time = rows.sort("at", maintain_order=True)
    return by_time.join_asof(events, on="at", by="order", strategy="backward", check_sortedness=False)
