"""OCEL 2.0 JSON as a table of events and a table of objects, flattened to one type of object."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import frozen

from orderflow.adapters.about import KEY, read_about
from orderflow.adapters.columns import ACTOR, STARTED, TABLES, TEAM, TRACK, plain, to_utf8
from orderflow.adapters.files import read_bytes
from orderflow.adapters.given import EVENTS, OBJECTS, ROW, Asked, Given
from orderflow.adapters.kinds import column, text
from orderflow.adapters.longform import INSTANCE, LIFECYCLE
from orderflow.metrics.instants import FIRST, read_texts
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import Place, Reason, problem, reason, suggest

if TYPE_CHECKING:
    import polars as pl

ENTRIES = {plain(LIFECYCLE), plain(INSTANCE)}
ID = "ocel:oid"  # the column with the ids; as pm4py calls it, so that an attribute is hardly called so
BESIDE = {plain(name): role.parameter for role in (ACTOR, TEAM, TRACK, STARTED) for name in role.names}

KEPT = BESIDE.keys() | ENTRIES


def read_ocel(path: str | os.PathLike[str], asked: Asked) -> tuple[Given, Given]:
    """The events of an OCEL 2.0 JSON file, once for each object of the type they belong to; and these objects.

    - `object_type` may be left out when there is only one. The type of an event is its stage.
    - Attributes of events that are named as people, teams, tracks or starts of work usually are keep their roles; so do
      `lifecycle:transition` and `concept:instance`.
    - An attribute of an object that changes over time has its last value.
    - Events without an object of the type, and those that count several times, are told.
    - Raises LogError: no JSON, no OCEL 2.0, an object type that is not given or not there (with those that are).
    """
    file = os.fspath(path)
    content, _encoding = to_utf8(read_bytes(path, asked.progress), asked.encoding, file)
    log = _Log(file=file, data=_parsed(content, file), asked=asked)
    kind, guessed = log.chosen()
    objects = [item for item in log.items("objects") if item.get("type") == kind]
    given, told = _events(log, objects, kind)
    values, changing = _values(log, objects, kind)
    if changing:
        told.append(reason("log.ocel_last_values", columns=sorted(changing)))
    return _as_given(log, given, [*guessed, *told]), _as_orders(log, objects, values)


@frozen(kw_only=True, eq=False)
class _Log:
    """The parsed file, with access that says what is wrong with it."""

    file: str
    data: Any
    asked: Asked

    def wrong(self, detail: str) -> LogError:
        return LogError([problem("log.broken_ocel", Place(file=self.file), detail=detail)])

    def items(self, name: str) -> list[dict[str, Any]]:
        """The objects of a list of the file."""
        found = self.data.get(name)
        if not isinstance(found, list):
            raise self.wrong(f"`{name}` is not a list")
        for n, item in enumerate(found, 1):
            if not isinstance(item, dict):
                raise self.wrong(f"{name}: item {n} is not an object")
        return found

    def parts(self, item: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        """The objects of a list within an event or an object; none when it is left out."""
        found = item.get(name) or []
        if isinstance(found, list) and {type(part) for part in found} <= {dict}:
            return found
        raise self.wrong(f"`{name}` of {item.get('id')!r} is not a list of objects")

    def chosen(self) -> tuple[str, list[Reason]]:
        """The type of object whose histories are taken."""
        data = self.data
        if not isinstance(data, dict) or not {"events", "objects"} <= set(data):
            code = "log.ocel_one" if isinstance(data, dict) and "ocel:events" in data else "log.not_ocel"
            raise LogError([problem(code, Place(file=self.file))])
        counts = Counter(text(item.get("type", "")) for item in self.items("objects"))
        wanted = self.asked.object_type
        if wanted is None and len(counts) == 1:
            return next(iter(counts)), [reason("log.guessed_object_type", object_type=next(iter(counts)))]
        if wanted is None or wanted not in counts:
            words: dict[str, Any] = {"types": dict(counts), "suggestion": suggest(wanted or "", counts)}
            code = "log.needs_object_type" if wanted is None else "log.unknown_object_type"
            raise LogError([problem(code, Place(file=self.file), name=wanted, **words)])
        return wanted, []


def _parsed(content: bytes, file: str) -> Any:
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        place = Place(file=file, line=error.lineno, column=error.colno)
        raise LogError([problem("log.broken_json", place, detail=error.msg)]) from None
    except RecursionError:
        raise LogError([problem("log.broken_json", Place(file=file), detail="it is nested too deeply")]) from None
    except ValueError as error:  # a number with thousands of digits
        raise LogError([problem("log.broken_json", Place(file=file), detail=str(error).partition(";")[0])]) from None


def _events(log: _Log, objects: list[dict[str, Any]], kind: str) -> tuple[dict[str, list[Any]], list[Reason]]:
    """The columns of the flattened events, and what is to be told about the flattening."""
    ids = {text(item["id"]) for item in objects if item.get("id") is not None}
    known = {text(item.get("id")) for item in log.items("objects")}
    numbers, orders, stages, times = list[int](), list[str](), list[Any](), list[Any]()
    beside: dict[str, dict[int, Any]] = {}
    unused: Counter[str] = Counter()
    elsewhere = several = strangers = 0
    for n, event in enumerate(log.items("events")):
        related = dict.fromkeys([text(part.get("objectId")) for part in log.parts(event, "relationships")])
        strangers += not known.issuperset(related)
        mine = [name for name in related if name in ids]
        elsewhere += not mine
        several += len(mine) > 1
        for part in log.parts(event, "attributes") if mine else ():
            name = text(part.get("name"))
            if name not in beside and name not in unused and (name in log.asked.columns or plain(name) in KEPT):
                beside[name] = {}
            if name in beside:
                beside[name][n] = part.get("value")
            else:
                unused[name] += 1
        for order in mine:
            numbers.append(n)
            orders.append(order)
            stages.append(event.get("type"))
            times.append(event.get("time"))
    rows: dict[str, list[Any]] = {ROW: numbers, ID: orders, "stage": stages, "at": times}
    rows |= {name: [values.get(n) for n in numbers] for name, values in beside.items()}
    told = []
    if unused:
        told.append(reason("log.unused_columns", columns=sorted(unused), table=TABLES["events"]))
    counts = {"log.ocel_elsewhere": elsewhere, "log.ocel_several": several, "log.ocel_strangers": strangers}
    told += [reason(code, count=count, object_type=kind) for code, count in counts.items() if count]
    return rows, told


def _as_given(log: _Log, rows: dict[str, list[Any]], told: list[Reason]) -> Given:
    import polars as pl

    if not rows[ROW]:
        raise LogError([problem("log.no_rows", Place(file=log.file))])
    positions = pl.Series(rows.pop(ROW), dtype=pl.UInt32)
    texts = {name: [None if value is None else text(value) for value in values] for name, values in rows.items()}
    frame = pl.DataFrame({ROW: positions, **{name: pl.Series(v, dtype=pl.String) for name, v in texts.items()}})
    roles = {"order_id": ID, "stage": "stage", "at": "at"}
    for name in frame.columns:
        if plain(name) in BESIDE:
            roles.setdefault(BESIDE[plain(name)], name)
    about, more = read_about(log.data.get(KEY))
    return Given(
        table="events",
        file=log.file,
        frame=frame,
        number=lambda positions: [position + 1 for position in positions],
        unit=EVENTS,
        assumptions=(*told, *more),
        defaults=FrozenMap(roles),
        about=about,
    )


def _values(log: _Log, objects: list[dict[str, Any]], kind: str) -> tuple[dict[str, pl.Series], set[str]]:
    """The last value of each attribute of each object, and the attributes that change."""
    declared: dict[str, str] = {}
    for item in log.items("objectTypes") if "objectTypes" in log.data else []:
        if item.get("name") == kind:
            declared = {text(part.get("name")): text(part.get("type")) for part in log.parts(item, "attributes")}
    found: list[dict[str, Any]] = []
    changing: set[str] = set()
    for item in objects:
        given: dict[str, list[tuple[Any, Any]]] = {}
        for part in log.parts(item, "attributes"):
            given.setdefault(text(part.get("name")), []).append((part.get("time"), part.get("value")))
        changing |= {name for name, values in given.items() if len(values) > 1}
        found.append({name: _last(values) for name, values in given.items()})
    names = dict.fromkeys([*declared, *(name for item in found for name in item)])
    return {name: _typed([item.get(name) for item in found], declared.get(name)) for name in names}, changing


def _last(values: list[tuple[Any, Any]]) -> Any:
    """The value with the latest time; of several at one time the last in the file."""
    if len(values) == 1:
        return values[0][1]
    import polars as pl

    texts = pl.Series([None if at is None else text(at) for at, _value in values], dtype=pl.String)
    moments = read_texts(texts, "UTC").micros.fill_null(FIRST).to_list()
    return values[max(range(len(values)), key=lambda n: (moments[n], n))][1]


def _typed(values: list[Any], declared: str | None) -> pl.Series:
    """The values as the declared type, when all fit it; else as they are in the file."""
    import polars as pl

    texts = [None if value is None else text(value) for value in values]
    if declared in ("time", "date", "datetime"):
        series = pl.Series(texts, dtype=pl.String)
        micros = read_texts(series, "UTC").micros
        if micros.null_count() == series.null_count():
            return pl.from_epoch(micros, time_unit="us").dt.replace_time_zone("UTC")
    if declared == "string":
        return column(texts)
    if declared == "boolean" and {value for value in texts if value is not None} <= {"true", "false"}:
        return column([None if value is None else value == "true" for value in texts])
    if declared in ("integer", "float"):
        make = int if declared == "integer" else float
        try:
            return column([None if value is None else make(value) for value in texts])
        except ValueError:
            return column(values)
    return column(values)


def _as_orders(log: _Log, objects: list[dict[str, Any]], values: dict[str, pl.Series]) -> Given:
    import polars as pl

    ids = pl.Series([None if item.get("id") is None else text(item["id"]) for item in objects], dtype=pl.String)
    clashing = {name: f"cases.{name}" if name == ID else name for name in values}
    columns = {clashing[name]: series for name, series in values.items()}
    return Given(
        table="cases",
        file=log.file,
        frame=pl.DataFrame({ID: ids, **columns}).with_row_index(ROW),
        number=lambda positions: [position + 1 for position in positions],
        unit=OBJECTS,
    )
