"""Tables with one row per order and one column of times per stage, as ERP systems export them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from orderflow.adapters.choosing import NUMBERS, about_times, bad_times, choose, missing, repeated
from orderflow.adapters.columns import AT, ORDER, PROMISED, STAGE, STARTED, Role, guess, plain
from orderflow.adapters.given import ROW, Given
from orderflow.adapters.kinds import as_texts
from orderflow.adapters.longform import BESIDE, PREFIX, Read, Way, unknown_attributes
from orderflow.metrics.codes import as_text, blank_to_missing
from orderflow.metrics.instants import AMBIGUOUS, read_texts
from orderflow.model.errors import LogError
from orderflow.model.frozen import as_names
from orderflow.model.reasons import Problem, problem, reason, suggest

if TYPE_CHECKING:
    import polars as pl

Stages = Mapping[str, str] | Sequence[str]
MOSTLY = 0.5  # of the values of a column with times can be read when the table has no stage
LOOKED_AT = 50  # values of a column that are looked at to tell whether it holds times
DATED = re.compile(r"\s*\d{1,4}[-/.年]\d{1,2}[-/.月]")
# Endings of names of columns that say "when", taken off to name the stage; and words for what is only planned.
ENDINGS = re.compile(r"(?i)(时间戳|时间|日期|时刻|[\s_]*(date[\s_]*time|timestamp|time|date)|[\s_]+(at|on))$")
OF_EVENTS = frozenset(
    plain(name)
    for name in (
        *("concept:name", "event concept:name", "activity", "activity_name", "activity_en", "event", "event_name"),
        *("活动", "活动名称", "环节", "步骤", "任务名称", "time:timestamp", "event time:timestamp", "timestamp"),
        *("complete_timestamp", "event_time", "occurred_at", "时间戳", "操作时间", "发生时间"),
    )
)  # a table that has both of these kinds has one row per event, however many further times
PLANNED = re.compile(
    r"(?i)承诺|预计|计划|预定|要求|应[到发付完]|截止|期望|约定|promise|due|expect|plan|estimat|schedul|deadline|requir|\beta\b|target"
)


def wide_stages(given: Given, stages: Stages | None, order_id: str | None) -> dict[str, str] | None:
    """The column of each stage when a table has one row per order; None when it has one row per event.

    - As `stages` says: stage -> column, or columns alone, whose names without `时间`, `日期`, `_at`, `_time`, `_date`
      are the stages.
    - Guessed: the ids are all different, and several columns hold times that are not only planned; not those two alone
      between which an event was worked on, and not where an activity and its timestamp are there.
    - Where no column looks like the stage, also when some ids occur twice or some times cannot be read: reading it says
      so then.
    - Raises LogError for stages of which a column is not there, or two have one name.
    """
    if stages is not None:
        return _named(given, stages)
    ids = order_id if order_id in given.columns else guess(ORDER.names, given.columns)
    if ids is None:
        return None
    stage, at = guess(STAGE.names, given.columns), guess(AT.names, given.columns)
    if stage is not None and at is not None and {plain(stage), plain(at)} <= OF_EVENTS:
        return None
    promise = guess(PROMISED.names, given.columns)
    own = [name for name in given.columns if name not in (ids, promise) and not name.startswith(PREFIX)]
    times = [name for name in own if not PLANNED.search(name)]
    times = [name for name in times if _holds_times(given.frame[name], mostly=stage is None)]
    if len(times) < 2:
        return None
    if stage and {*times} <= {guess(role.names, times) for role in (AT, STARTED)}:
        return None
    known = blank_to_missing(as_texts(given, ids)).drop_nulls()
    again = len(known) - known.n_unique()
    # Nothing else than one row per order is possible without a stage: whoever reads it so says what is wrong with it.
    if again and (stage is not None or again > len(known) / 2):
        return None
    return _stage_names(times) if stage is None or at is None or len(known) > 1 else None


def read_wide(
    given: Given,
    stages: Mapping[str, str],
    named: Mapping[Role, str | None],
    *,
    attributes: Sequence[str] | None,
    told: bool,
    way: Way,
) -> Read:
    """The events of a table with one row per order: one for each stage with a time.

    - An empty cell is a stage that was not reached. Stages at one time keep the order of `stages`.
    - All further columns become attributes. An actor, team or track counts for all stages, and only when named.
    - Raises LogError: an order with two rows, rows without id, times that cannot be read; a stage whose column is
      there twice, attributes that are not there, and what has no meaning here (`stage`, `at`, `started_at`).
    """
    import polars as pl

    wanted = {role: name for role, name in named.items() if role == ORDER or (name and role.parameter in BESIDE)}
    columns, assumptions, problems = choose(given, wanted, needed=(ORDER,))
    problems += _not_wide(given, stages, named) + unknown_attributes(given, attributes, given.columns)
    if problems:
        raise LogError([*given.unread, *problems])
    if not told:
        pairs = [f"{stage}={column!r}" for stage, column in stages.items()]
        assumptions.append(reason("log.guessed_wide", pairs=pairs))
    read = {column: way.times(given.frame[column]) for column in stages.values()}
    faults = missing(given, ORDER, columns["order_id"])
    faults += repeated(given, columns["order_id"], way.errors) if way.errors == "raise" else []
    for column, times in read.items():
        faults += bad_times(given, column, times, way.form, empty=False)
    kept = given.without(faults, way.errors)
    # A row that was left out does not make the next one of its order a repetition.
    kept = kept.without(repeated(kept, columns["order_id"], way.errors), way.errors)
    if kept is not given:
        read = {column: way.times(kept.frame[column]) for column in stages.values()}
    beside = {name: as_texts(kept, columns[name]) for name in BESIDE if name in columns}
    ids = as_texts(kept, columns["order_id"])
    base = pl.DataFrame({"order": ids, **beside})
    parts = [
        base.with_columns(pl.lit(stage).alias("stage"), read[name].micros.alias("at")) for stage, name in stages.items()
    ]
    events = pl.concat(parts).filter(pl.col("at").is_not_null())
    for column, times in read.items():
        assumptions += about_times(times, column, way.tz)
    rest = [name for name in kept.columns if name not in (*stages.values(), *columns.values())]
    orders = evolve(kept, frame=kept.frame.select(ROW, columns["order_id"], *rest), skipped=(), lost=0, assumptions=())
    return Read(
        given=kept,
        order_id=columns["order_id"],
        events={name: events[name] for name in events.columns},
        orders=orders,
        orders_id=columns["order_id"],
        assumptions=assumptions,
        local=sum(times.local for times in read.values()),
    )


def _not_wide(given: Given, stages: Mapping[str, str], named: Mapping[Role, str | None]) -> list[Problem]:
    """What is wrong with the columns that were asked for: roles that a table with one row per order does not have, and
    stages whose column is there twice."""
    roles = [role.parameter for role in (STAGE, AT, STARTED) if named.get(role) is not None]
    problems = [problem("log.not_in_wide", given.at(given.head), names=[f"{name}=" for name in roles])] if roles else []
    twice: dict[str, Problem] = {}
    for column in stages.values():
        first = column.rpartition("_duplicated_")[0]
        if first in given.columns or any(name.startswith(f"{column}_duplicated_") for name in given.columns):
            twice[first or column] = problem("log.column_twice", given.at(given.head), column=first or column)
    return [*problems, *twice.values()]


def _named(given: Given, stages: Stages) -> dict[str, str]:
    found = dict(stages) if isinstance(stages, Mapping) else _stage_names(as_names(stages))
    problems = []
    for column in found.values():
        if column not in given.columns:
            words: dict[str, Any] = {"columns": given.columns, "suggestion": suggest(column, given.columns)}
            problems.append(
                problem("log.column_not_found", given.at(given.head), column=column, role=STAGE.title, **words)
            )
    if not found:
        problems.append(problem("log.no_stages_named", given.at(None)))
    if problems:
        raise LogError([*given.unread, *problems])
    return found


def _stage_names(columns: Sequence[str]) -> dict[str, str]:
    """Stage -> column, by the names of the columns; as they are where two would become one."""
    short = [ENDINGS.sub("", name.strip()) or name for name in columns]
    return dict(zip(short if len(set(short)) == len(short) else columns, columns, strict=True))


def _holds_times(series: pl.Series, *, mostly: bool) -> bool:
    """Whether the values of a column are dates or times, as far as the first ones show.

    `mostly`: also when some cannot be read, or all are numbers as Excel and computers write times and the name of the
    column says that they are times.
    """
    import polars as pl

    if series.dtype in (pl.Date, pl.Datetime):
        return True
    texts = series if series.dtype == pl.String else as_text(series.head(LOOKED_AT)) if mostly else None
    if texts is None:
        return False
    sample = blank_to_missing(texts.drop_nulls().head(LOOKED_AT)).drop_nulls()
    if not len(sample):
        return False
    if mostly and ENDINGS.search(series.name) and all(_is_number(value) for value in sample):
        return True
    if series.dtype != pl.String or not any(DATED.match(value) for value in (sample if mostly else sample[:1])):
        return False
    read = read_texts(sample, "UTC").micros.is_not_null() | sample.str.contains(AMBIGUOUS)
    return int(read.sum()) >= len(sample) * (MOSTLY if mostly else 1)


def _is_number(value: str) -> bool:
    return any(re.match(pattern, value) for pattern in NUMBERS)
