"""Tables with one row per event: their events, and what they say about whole orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from orderflow.adapters.choosing import about_times, bad_times, choose, missing
from orderflow.adapters.columns import AT, ORDER, PROMISED, STAGE, Role, guess, plain
from orderflow.adapters.given import ROW, Errors, Fault, Given
from orderflow.adapters.kinds import as_texts
from orderflow.metrics.codes import as_text
from orderflow.metrics.instants import Times, read_moments
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names
from orderflow.model.reasons import Problem, Reason, problem, reason, suggest

if TYPE_CHECKING:
    import polars as pl

PREFIX = "case:"  # as pm4py marks a column that is about the whole order
LIFECYCLE = "lifecycle:transition"
COMPLETE = "complete"
INSTANCE = "concept:instance"
STARTS = "start_timestamp"  # as pm4py calls it: the column with the starts that were paired here
IDS = "\0order"  # the column with the ids in a table of orders that was made here
BESIDE = ("actor", "team", "track")


@frozen(kw_only=True, eq=False)
class Read:
    """What became of a table: its columns for an EventLog, and its rows without those that were skipped.

    - `events`: columns for `EventLog.from_columns`; `order_id` is the column of the table that the ids came from.
    - `orders`: a table with one row per order, when the source says something about whole orders; `orders_id` is the
      column with the ids in it.
    - `local`: how many times had no offset.
    """

    given: Given
    order_id: str
    events: Mapping[str, pl.Series]
    orders: Given | None
    orders_id: str
    assumptions: Sequence[Reason]
    local: int


@frozen(kw_only=True)
class Way:
    """How times are read and what happens to rows that are wrong, the same for every table of a log."""

    tz: str
    form: str | None
    errors: Errors

    def times(self, values: pl.Series, *, ends_day: bool = False) -> Times:
        """The instants in a column."""
        return read_moments(values, self.tz, form=self.form, ends_day=ends_day)


def read_long(
    given: Given,
    orders: Given | None,
    named: Mapping[Role, str | None],
    *,
    attributes: Sequence[str] | None,
    promised: str | None,
    way: Way,
) -> Read:
    """The events of a table with one row per event.

    - `orders`: what the source has beside the events about whole orders. Else the columns that begin with `case:`
      and the promise say it. So do the columns that `attributes` names: the first known value of an order counts.
    - Raises LogError: missing columns, rows without id, stage or time that can be read.
    """
    columns, assumptions, problems = choose(given, named, needed=(ORDER, STAGE, AT))
    about, unknown = _about_orders(given, orders, columns, attributes, promised)
    problems += unknown
    if problems:
        raise LogError([*given.unread, *problems])
    times = way.times(given.frame[columns["at"]])
    faults = missing(given, ORDER, columns["order_id"]) + missing(given, STAGE, columns["stage"])
    faults += bad_times(given, columns["at"], times, way.form)
    faults += bad_starts(given, columns, way)
    kept = given.without(faults, way.errors)
    if kept is not given:
        times = way.times(kept.frame[columns["at"]])
    events = {"order": as_texts(kept, columns["order_id"]), "stage": as_texts(kept, columns["stage"])}
    events |= {"at": times.micros} | {name: as_texts(kept, columns[name]) for name in BESIDE if name in columns}
    started, more = _starts(kept, columns, times, way)
    events |= started
    used = {*columns.values(), *about.values(), LIFECYCLE}
    if given.defaults.get("started_at") == STARTS:  # starts were paired, by instance where there is one
        used |= {name for name in kept.columns if plain(name) == plain(INSTANCE)}
    if unused := [name for name in kept.columns if name not in used]:
        assumptions.append(reason("log.unused_columns", columns=unused, table=given.title))
    assumptions += [*about_times(times, columns["at"], way.tz), *more]
    if about:
        found, varying = _first_known(kept, columns["order_id"], about)
        orders = found if orders is None else _with_attributes(orders, columns["order_id"], found.frame.drop(ROW))
        if varying:
            assumptions.append(reason("log.attributes_vary", columns=varying))
    return Read(
        given=kept,
        order_id=columns["order_id"],
        events=events,
        orders=orders,
        orders_id=IDS if orders is not None and IDS in orders.frame.columns else columns["order_id"],
        assumptions=assumptions,
        local=times.local,
    )


def bad_starts(given: Given, columns: Mapping[str, str], way: Way) -> list[Fault]:
    """The rows whose start of work cannot be read; an empty one is not known."""
    column = columns.get("started_at")
    return [] if column is None else bad_times(given, column, way.times(given.frame[column]), way.form, empty=False)


def _starts(
    given: Given, columns: Mapping[str, str], ends: Times, way: Way
) -> tuple[dict[str, pl.Series], list[Reason]]:
    """When work was begun, as a column of the events; a start that comes after its end is not known, and told."""
    import polars as pl

    column = columns.get("started_at")
    if column is None:
        return {}, []
    starts = way.times(given.frame[column])
    later = (starts.micros > ends.micros).fill_null(value=False)
    told = about_times(starts, column, way.tz)
    if later.any():
        told.append(reason("log.starts_after_end", count=int(later.sum()), column=column))
    known = pl.DataFrame({"at": starts.micros, "later": later}).select(pl.when(~pl.col("later")).then("at"))
    return {"started_at": known["at"]}, told


def only_entries(given: Given, wanted: str | Sequence[str] | None) -> tuple[Given, list[Reason]]:
    """The rows that enter a stage, by the life cycle of an activity, and how many of what kind were left out.

    - Without a column `lifecycle:transition` all rows. `wanted` names the transitions that count, or `all`; not
      given, `complete` does where it occurs, else all do. Case does not matter; a row without one counts.
    - Raises LogError (`log.unknown_lifecycle`) for a transition that does not occur, (`log.no_lifecycle`)
      where there is no such column.
    """
    column = next((name for name in given.columns if plain(name) == plain(LIFECYCLE)), None)
    if column is None:
        need_lifecycle(wanted)
    if column is None or wanted == "all":
        return given, []
    kinds = as_text(given.frame[column]).str.strip_chars().str.to_lowercase()
    found: dict[str, int] = dict(kinds.filter(kinds != "").alias("kind").value_counts().iter_rows())
    names = [wanted] if isinstance(wanted, str) else list(wanted or [COMPLETE])
    for name in names if wanted is not None else ():
        if name.lower() not in found:
            known = sorted(found)
            raise LogError.of("log.unknown_lifecycle", name=name, known=known, suggestion=suggest(name, known))
    counted = {name.lower() for name in names}
    out = {name: count for name, count in sorted(found.items()) if name not in counted}
    if not out or not counted & set(found):
        return given, []
    keep = kinds.is_null() | (kinds == "") | kinds.is_in(sorted(counted))
    told = reason("log.lifecycle_left_out", counted=sorted(counted), left_out=out)
    return evolve(given, frame=given.frame.filter(keep)), [told]


def orders_gone(whole: Given, kept: Given, order_id: str | None) -> list[Reason]:
    """How many orders have no event among those that enter a stage (`kept` of `whole`)."""
    wanted = order_id or whole.defaults.get(ORDER.parameter)
    column = wanted if wanted in whole.columns else guess(ORDER.names, whole.columns)
    if kept is whole or column is None:
        return []
    return gone(whole.frame[column].n_unique() - kept.frame[column].n_unique())


def gone(count: int) -> list[Reason]:
    """That so many orders are left out whole, if any are."""
    return [reason("log.lifecycle_orders_gone", count=count)] if count else []


def need_lifecycle(wanted: str | Sequence[str] | None) -> None:
    """Raise LogError (`log.no_lifecycle`) where transitions are asked for and there is no column with them."""
    if wanted is not None and wanted != "all":
        raise LogError.of("log.no_lifecycle", names=as_names(wanted))


def unknown_attributes(given: Given, attributes: Sequence[str] | None, known: Sequence[str]) -> list[Problem]:
    """The problems that these attributes are asked for and there is no such column."""
    problems = []
    for name in attributes or ():
        if name not in known:
            words: dict[str, Any] = {"columns": known, "suggestion": suggest(name, known)}
            problems.append(problem("log.attribute_not_found", given.at(given.head), column=name, **words))
    return problems


def _about_orders(
    given: Given,
    orders: Given | None,
    columns: Mapping[str, str],
    attributes: Sequence[str] | None,
    promised: str | None,
) -> tuple[dict[str, str], list[Problem]]:
    """The columns that are about whole orders, by the name of the attribute; and names that are no column.

    Of a source that has a table of orders of its own only those that were named and that this table does not have.
    """
    own = [] if orders is None else [name for name in orders.columns if name != columns.get("order_id")]
    problems = unknown_attributes(given, attributes, [*given.columns, *own])
    about = {name: name for name in attributes or () if name in given.columns and name not in own}
    if orders is not None:
        return about, problems
    if attributes is None:
        taken = set(columns.values())
        prefixed = [name for name in given.columns if name.startswith(PREFIX) and name not in taken]
        about = {name.removeprefix(PREFIX): name for name in prefixed}
    promise = promised or guess(PROMISED.names, given.columns)
    if promise in given.columns:
        about[promise] = promise
    return about, problems


def _first_known(given: Given, order_id: str, about: Mapping[str, str]) -> tuple[Given, list[str]]:
    """One row per order with the first known value of each column, and the columns that vary within an order.

    A text without anything in it counts only where an order has no other.
    """
    import polars as pl

    frame = given.frame.select(ROW).with_columns(as_texts(given, order_id).alias(IDS))
    named, vary = [], []
    for n, (name, column) in enumerate(about.items()):
        series = given.frame[column]
        series = as_text(series) if series.dtype == pl.Object else series
        compared = as_text(series) if series.dtype.is_nested() else series
        frame = frame.with_columns(series.alias(f"value {n}"), compared.alias(f"compared {n}"))
        first, value = pl.col(f"value {n}").drop_nulls().first(), pl.col(f"compared {n}")
        if series.dtype == pl.String and series.str.contains(r"^(\s|$)").any():
            value = value.filter(value.str.strip_chars() != "")
            first = pl.coalesce(value.first(), first)
        differs = value.min() != value.max()
        if series.dtype.is_float():  # NaN is neither the least nor the greatest
            differs |= value.is_nan().any() & value.is_not_nan().any()
        named.append(first.alias(name))
        vary.append(differs.alias(f"\0vary {n}"))
    found = frame.group_by(IDS, maintain_order=True).agg(pl.col(ROW).first(), *named, *vary)
    varying = [name for n, name in enumerate(about) if found[f"\0vary {n}"].any()]
    orders = found.select(ROW, IDS, *about)
    return evolve(given, frame=orders, skipped=(), lost=0, assumptions=()), varying


def _with_attributes(orders: Given, order_id: str, found: pl.DataFrame) -> Given:
    """The table of orders of a source with attributes that stand at its events (in `found`, by IDS)."""
    frame = orders.frame.with_columns(as_texts(orders, order_id).alias(IDS))
    return evolve(orders, frame=frame.join(found, on=IDS, how="left", maintain_order="left").drop(IDS))
