"""Conformance: which steps leave the ways of a flow, where, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.codes import decode
from orderflow.metrics.groups import By
from orderflow.metrics.keys import Keys
from orderflow.metrics.log import MAIN, EventLog
from orderflow.metrics.shares import quotient, share
from orderflow.metrics.summary import Table, table_of
from orderflow.metrics.sums import Sums
from orderflow.model.calendar import WorkCalendar

if TYPE_CHECKING:
    import polars as pl

Steps = Iterable[tuple[str | None, str]]
FIGURES = ("steps", "allowed", "fitness", "orders", "fitting", "share", "low", "high")
BREAKS = ("track", "source", "dest", "count", "orders")


@frozen(kw_only=True)
class Conformance:
    """How well a log follows a flow (`fit`: one row per key), and every step that does not (`breaks`)."""

    fit: Table
    breaks: Table

    def _repr_html_(self) -> str:
        return self.fit._repr_html_() + self.breaks._repr_html_()


@frozen(kw_only=True, eq=False)
class ConformanceSummary:
    fit: Sums
    breaks: Sums


def conformance(
    log: EventLog, allowed: Mapping[str, Steps] | Steps, by: By = None, calendar: WorkCalendar | None = None
) -> Conformance:
    """How far the steps of a log are those that a flow allows (the naive fitness of van der Aalst, Process Mining,
    2nd ed., 2016, ch. 8: the share of cases that can be replayed wholly; and the same share of steps, as in its
    comparison of footprints).

    - `allowed`: pairs (source, dest) of stages, or such pairs by the kind of track; `of.allowed_steps(flow)` makes them
      from a flow. A pair (None, stage) allows to begin there; without any, beginnings are not judged.
    - A step is an event and the one before it in the same order and, where events have tracks, in the same track. The
      kind of the track `shipment:1` is `shipment`, no track is `order`. Tracks of other kinds are not judged.
    - `fit`: `steps`, `allowed`, `fitness` = allowed / steps (missing without steps); `orders` (with an event that is
      judged), `fitting` (no step breaks the flow), `share` = fitting / orders with its 95% interval `low`, `high`.
    - `breaks`: `track` (kind), `source` (missing: a beginning), `dest`, `count`, `orders`; by count descending, then by
      key.
    - An order need not have ended, so what is missing at its end breaks nothing. Guards and roles are not judged.
    - `by`: attributes of orders. `breaks` are by key too; `by=["actor"]` and `["team"]` of the breaking event go for
      `breaks`, and count orders for each in `fit`.
    - A `calendar` changes nothing: nothing is timed here.
    """
    return result(summarise(log, allowed, by, calendar))


def summarise(
    shard: EventLog, allowed: Mapping[str, Steps] | Steps, by: By = None, calendar: WorkCalendar | None = None
) -> ConformanceSummary:
    import polars as pl

    keys = Keys.of(shard, by, columns=("actor", "team"))
    keys = keys.also(source="stage", dest="stage")
    ways = {kind: set(pairs) for kind, pairs in _by_kind(allowed).items()}
    events = shard.in_strands
    same = pl.all_horizontal(*(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in shard.strand))
    steps = events.with_columns(_kinds(events, shard)).with_columns(
        source=pl.when(same).then(pl.col("stage").shift(1)), dest="stage", begins=~same
    )
    judged = [kind for kind, pairs in ways.items() if any(source is None for source, _ in pairs)]
    steps = steps.filter(pl.col("kind").is_in(list(ways)))
    table = _table(shard, ways).with_columns(ok=True)
    steps = steps.join(table, on=["kind", "source", "dest"], how="left", nulls_equal=True, maintain_order="left")
    steps = steps.with_columns(
        ok=pl.col("ok").fill_null(value=False) | (pl.col("begins") & ~pl.col("kind").is_in(judged)),
        counts=~pl.col("begins") | pl.col("kind").is_in(judged),
    )
    rows = keys.onto(steps)
    orders = rows.group_by(*keys.names, "order").agg(
        steps=pl.col("counts").sum(),
        allowed=(pl.col("counts") & pl.col("ok")).sum(),
        fits=pl.col("ok").all(),
    )
    fit = Sums.from_rows(
        orders,
        keys,
        steps=pl.col("steps").sum(),
        allowed=pl.col("allowed").sum(),
        orders=pl.len(),
        fitting=pl.col("fits").sum(),
    )
    breaks = Sums.from_rows(
        rows.filter(~pl.col("ok")).drop("track", strict=False).rename({"kind": "track"}),
        keys,
        *("track", "source", "dest"),
        count=pl.len(),
        orders=pl.col("order").n_unique(),
    )
    return ConformanceSummary(fit=fit, breaks=breaks)


def merge(a: ConformanceSummary, b: ConformanceSummary) -> ConformanceSummary:
    return ConformanceSummary(fit=a.fit.merge(b.fit), breaks=a.breaks.merge(b.breaks))


def result(summary: ConformanceSummary) -> Conformance:
    import polars as pl

    fitness = pl.when(pl.col("steps") > 0).then(quotient(pl.col("allowed"), pl.col("steps")))
    fit = summary.fit.sorted().with_columns(share("fitting", "orders")).with_columns(fitness=fitness)
    breaks = summary.breaks.ranked("count")
    return Conformance(
        fit=table_of(fit.select(*summary.fit.keys, *FIGURES)),
        breaks=table_of(breaks.select(*summary.breaks.keys, *BREAKS[3:])),
    )


def _by_kind(allowed: Mapping[str, Steps] | Steps) -> Mapping[str, Steps]:
    return allowed if isinstance(allowed, Mapping) else {MAIN: allowed}


def _kinds(events: pl.DataFrame, log: EventLog) -> pl.Expr:
    """The kind of the track of each event."""
    import polars as pl

    if "track" not in events.columns:
        return pl.lit(MAIN).alias("kind")
    kinds = decode(events["track"], log.names["track"].str.split(":").list.first())
    return pl.lit(kinds).fill_null(MAIN).alias("kind")


def _table(log: EventLog, ways: Mapping[str, set[tuple[str | None, str]]]) -> pl.DataFrame:
    """The allowed steps with codes of stages; those with a stage that never occurs are left out."""
    import polars as pl

    codes: dict[str | None, int | None] = {name: code for code, name in enumerate(log.stages)}
    codes[None] = None
    found = [
        (kind, codes[source], codes[dest])
        for kind, pairs in ways.items()
        for source, dest in pairs
        if source in codes and dest in codes
    ]
    schema = {"kind": pl.String, "source": pl.UInt32, "dest": pl.UInt32}
    return pl.DataFrame(found, schema=schema, orient="row")
