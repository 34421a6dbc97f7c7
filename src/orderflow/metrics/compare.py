"""Compare: what is different between two logs, and how much of it may be chance."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

from attrs import frozen

from orderflow.metrics.cohorts import orders_of
from orderflow.metrics.deliveries import can_be_late
from orderflow.metrics.keys import Keys, Stages, need_stages
from orderflow.metrics.log import EventLog
from orderflow.metrics.outcomes import Endings, next_in
from orderflow.metrics.rework import summarise as summarise_rework
from orderflow.metrics.samples import Samples
from orderflow.metrics.shares import wilson
from orderflow.metrics.summary import SECOND, Table, table_of
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap

if TYPE_CHECKING:
    import polars as pl

FEW = 6  # values on a side below which resampling says little: of one it would say that it is certain
MANY = 2_000  # from here on the rank of a resampled median is as good as normal
LEAD = "lead_time"


@frozen(kw_only=True)
class Comparison:
    """Differences after - before: medians of durations (`times`) and shares of orders (`shares`)."""

    times: Table
    shares: Table

    def _repr_html_(self) -> str:
        return self.times._repr_html_() + self.shares._repr_html_()


@frozen(kw_only=True, eq=False)
class CompareSummary:
    """Lead times and stage times, and (part, whole) of each share."""

    lead: Samples
    stages: Samples
    shares: FrozenMap[tuple[int, int]]


def compare(
    before: EventLog,
    after: EventLog,
    calendar: WorkCalendar | None = None,
    *,
    seed: int = 0,
    resamples: int = 1000,
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
    delivered_stage: str | None = None,
) -> Comparison:
    """Two logs side by side - before and after a change, two plants, two halves of a year - with 95% intervals of the
    differences. An interval without 0 is more than chance; among twenty figures one is outside by chance alone.

    - `times`: `figure` (`lead_time` of the orders that are done - of all when nothing says which are -, and
      `stage_time`, from an event to the next of the order), `stage`, `n_before`, `n_after`, the medians `before`,
      `after`, `difference`, and its interval `low`, `high` by the percentile bootstrap (Efron, Tibshirani, An
      Introduction to the Bootstrap, 1993): 2.5% and 97.5% of the differences of the medians of `resamples`
      resamples of each; missing where a side has fewer than 6 values. The same `seed` gives the same interval; there is
      no other chance in it. From 2,000 values on, the rank of a resampled median is taken from its normal
      approximation, n/2 ± √n/2. Stages that are left in both logs, by name.
    - `shares`: `done`, `cancelled` (of all orders; when they are known), `rework` (orders that enter a stage again),
      `on_time` (of those with a promise and a delivery, when both logs know): `n_before`, `n_after`, `before`, `after`,
      `difference`, `low`, `high` by Newcombe (Interval estimation for the difference between independent proportions,
      Statistics in Medicine 17, 1998, pp. 873-890, method 10).
    - Raises LogError for a `seed` below 0 or no `resamples`, and when only one of the logs says which stages are done:
      lead times would be of different orders.
    - Orders are taken to be independent; the two logs to have none in common. `calendar`: open time.
    """
    for name, value, least in (("seed", seed, 0), ("resamples", resamples, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise LogError.of("log.bad_number", name=name, value=repr(value), least=least)
    for log in (before, after):
        need_stages(log, delivered_stage, ends=(done_stages, cancelled_stages))
    options = {"done_stages": done_stages, "cancelled_stages": cancelled_stages, "delivered_stage": delivered_stage}
    return result(
        summarise(before, calendar, **options),  # type: ignore[arg-type]  # three options of two kinds
        summarise(after, calendar, **options),  # type: ignore[arg-type]  # as above
        seed=seed,
        resamples=resamples,
    )


def summarise(
    shard: EventLog,
    calendar: WorkCalendar | None = None,
    *,
    done_stages: Stages = None,
    cancelled_stages: Stages = None,
    delivered_stage: str | None = None,
) -> CompareSummary:
    import polars as pl

    keys = Keys.of(shard, None)
    known = done_stages is not None or shard.done_stages is not None
    ends = Endings.of(shard, done_stages if known else (), cancelled_stages)
    orders = keys.onto(orders_of(shard, calendar, ends, delivered_stage))
    lead = orders.filter("done") if known else orders
    log = shard.business(calendar)
    events = log.in_strands.with_columns(next_in(log.strand, "at"))
    stays = keys.onto(events.with_columns(micros=pl.col("next_at") - pl.col("at")).drop_nulls("micros"))
    again = summarise_rework(shard).whole.frame.row(0, named=True)
    everyone = orders.height
    shares = {"rework": (again["orders"], again["n"])}
    if known:
        shares["done"] = (int(orders["done"].sum()), everyone)
    if cancelled_stages is not None or shard.cancelled_stages is not None:
        shares["cancelled"] = (int(orders["cancelled"].sum()), everyone)
    if can_be_late(shard, delivered_stage):
        shares["on_time"] = (int(orders["kept"].sum() or 0), int(orders["kept"].count()))
    return CompareSummary(
        lead=Samples.from_rows(lead, keys), stages=Samples.from_rows(stays, keys, "stage"), shares=FrozenMap(shares)
    )


def merge(a: CompareSummary, b: CompareSummary) -> CompareSummary:
    def added(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int]:
        return tuple(x + y for x, y in zip(one or (0, 0), other or (0, 0), strict=True))  # type: ignore[return-value]  # two

    names = {**a.shares, **b.shares}
    shares = FrozenMap({name: added(a.shares.get(name), b.shares.get(name)) for name in names})
    return CompareSummary(lead=a.lead.merge(b.lead), stages=a.stages.merge(b.stages), shares=shares)


def result(before: CompareSummary, after: CompareSummary, *, seed: int = 0, resamples: int = 1000) -> Comparison:
    import polars as pl

    if ("done" in before.shares) != ("done" in after.shares):
        raise LogError.of("log.ends_known_once")
    pairs = [(LEAD, None, _values(before.lead, None), _values(after.lead, None))]
    both = set(before.stages.groups["stage"]) & set(after.stages.groups["stage"])
    for stage in sorted(both):
        pairs.append(("stage_time", stage, _values(before.stages, stage), _values(after.stages, stage)))
    found = [
        {"figure": figure, "stage": stage, **_medians(one, other, seed + 2 * place, resamples)}
        for place, (figure, stage, one, other) in enumerate(pairs)
    ]
    columns = ["figure", "stage", "n_before", "n_after", "before", "after", "difference", "low", "high"]
    schema = {
        name: pl.String if name in columns[:2] else pl.Int64 if name[:2] == "n_" else pl.Float64 for name in columns
    }
    times = pl.DataFrame(found, schema=schema)
    shares = [
        {"figure": name, **newcombe(*before.shares[name], *after.shares[name])}
        for name in ("done", "cancelled", "rework", "on_time")
        if name in before.shares and name in after.shares
    ]
    schema.pop("stage")
    return Comparison(
        times=table_of(times, durations=("before", "after", "difference", "low", "high")),
        shares=table_of(pl.DataFrame(shares, schema=schema)),
    )


def newcombe(part: int, whole: int, later: int, of: int) -> dict[str, float | int | None]:
    """Two shares, their difference and its interval: √ of summed squares of the Wilson distances (Newcombe 1998)."""
    one, other = wilson(part, whole), wilson(later, of)
    sizes: dict[str, float | int | None] = {"n_before": whole, "n_after": of}
    if one is None or other is None:
        shares = {"before": one and one[0], "after": other and other[0]}
        return {**sizes, **shares, "difference": None, "low": None, "high": None}
    (p, low_p, high_p), (q, low_q, high_q) = one, other
    difference = q - p
    down, up = ((q - low_q) ** 2 + (high_p - p) ** 2) ** 0.5, ((high_q - q) ** 2 + (p - low_p) ** 2) ** 0.5
    return {
        **sizes,
        "before": p,
        "after": q,
        "difference": difference,
        "low": difference - down,
        "high": difference + up,
    }


def _values(spread: Samples, stage: str | None) -> pl.Series:
    """The durations of a stage, or all, sorted: so the order of merging does not change what is drawn."""
    import polars as pl

    if stage is None:
        return spread.values["micros"].sort()
    group = spread.groups.filter(pl.col("stage") == stage)["group"]
    return spread.values.filter(pl.col("group").is_in(group.implode()))["micros"].sort()


def _medians(one: pl.Series, other: pl.Series, seed: int, resamples: int) -> dict[str, float | int | None]:
    sizes: dict[str, float | int | None] = {"n_before": len(one), "n_after": len(other)}
    medians = {"before": _seconds(one.median()), "after": _seconds(other.median())}
    found: dict[str, float | int | None] = {**sizes, **medians, "difference": None, "low": None, "high": None}
    if len(one) and len(other):
        found["difference"] = _seconds(other.median() - one.median())  # type: ignore[operator]  # of Int64 columns
    if min(len(one), len(other)) >= FEW:
        drawn = resampled(other, seed + 1, resamples) - resampled(one, seed, resamples)
        found["low"], found["high"] = (_seconds(drawn.quantile(end, "linear")) for end in (0.025, 0.975))
    return found


def resampled(values: pl.Series, seed: int, resamples: int) -> pl.Series:
    """The medians of that many resamples (with replacement, of the same size) of sorted values."""
    import polars as pl

    n = len(values)
    if n < MANY:
        drawn = values.sample(n * resamples, with_replacement=True, seed=seed)
        return drawn.reshape((resamples, n)).arr.median()
    normal = NormalDist(0.5, 0.5 / (n + 2) ** 0.5)
    ranks = [min(int(n * normal.inv_cdf((draw + 0.5) / resamples)), n - 1) for draw in range(resamples)]
    return values.gather(pl.Series(ranks, dtype=pl.UInt32).shuffle(seed)).cast(pl.Float64)


def _seconds(micros: object) -> float | None:
    return None if micros is None else float(micros) / SECOND  # type: ignore[arg-type]  # a number of a polars column
