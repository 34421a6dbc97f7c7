"""Shards: a log cut by orders, and the report that is made of the summaries of shards, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from attrs import evolve

from orderflow.metrics.assumptions import summed
from orderflow.metrics.batches import part, shape_of
from orderflow.metrics.figures import Figure, Pile
from orderflow.metrics.log import EventLog
from orderflow.metrics.merged import MergedReport, figures_of_report, merged_report
from orderflow.metrics.terms import PLAIN, Terms
from orderflow.model.errors import LogError
from orderflow.model.reasons import Reason


def in_shards(log: EventLog, n: int) -> Generator[EventLog, None, None]:
    """The log in `n` shards with about as many orders each, none in two; only the first has the log's assumptions.

    - What a calculator makes beside the log (pairs of events, sorted durations) is then small. Files that are larger
      than memory are read in shards by `of.read_shards`.
    - Shards without orders are left out; a log without orders is one shard.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise LogError.of("log.bad_shards", value=repr(n))
    orders = log.orders.height
    for k in range(n):
        first, end = orders * k // n, orders * (k + 1) // n
        if first < end or (not orders and k == 0):
            piece = part(log, log.orders["order"].slice(first, end - first))
            yield evolve(piece, assumptions=log.assumptions if first == 0 else ())


def report_of_shards(
    shards: Iterable[EventLog],
    *,
    source: str,
    terms: Terms = PLAIN,
    reduce: Callable[[Any], Any] | None = None,
    notes: Iterable[Reason] = (),
) -> MergedReport:
    """The report on all shards, of which one at a time is in memory, and the summaries so far.

    - `shards`: at least one, with the same columns and no order in common. `source`: what they are, in words.
    - `terms`: what all figures have in common, and which further parts are summed up too.
    - `reduce`: what is done to each summary before it is merged (sketches).
    """
    whole: EventLog | None = None
    piles: dict[str, tuple[Figure, Pile]] = {}
    assumptions, seen = list[Reason](), set[str]()
    for shard in shards:
        if whole is None:
            whole = shape_of([shard])
            figures = figures_of_report(whole, terms)
            piles = {name: (figure, Pile(figure)) for name, figure in figures.items()}
        assumptions += shard.assumptions
        seen.update(shard.stages)
        for figure, pile in piles.values():
            summary = figure.summarise(shard)
            pile.add(summary if reduce is None else reduce(summary))
    if whole is None:
        raise LogError.of("log.no_rows")
    return merged_report(
        evolve(whole, assumptions=summed(assumptions)),
        {name: pile.total() for name, (_, pile) in piles.items()},
        terms,
        source=source,
        notes=notes,
        seen=seen,
    )
