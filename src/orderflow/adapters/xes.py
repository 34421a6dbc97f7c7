"""XES (IEEE 1849-2016), plain or packed, as a table of events and a table of traces. Standard library only, streaming.

Expat is used as it is, not through `xml.etree`: it knows the line of every event, builds no tree, and is told here
to refuse entities, so that no file can make it read another one or grow without end.
"""

from __future__ import annotations

import codecs
import os
from array import array
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from orderflow.adapters.about import KEY, parse_about
from orderflow.adapters.columns import TABLES
from orderflow.adapters.files import chunks
from orderflow.adapters.given import ROW, Asked, Given
from orderflow.adapters.kinds import column
from orderflow.adapters.longform import INSTANCE, STARTS
from orderflow.metrics.instants import read_texts
from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import Place, Reason, problem, reason

if TYPE_CHECKING:
    import polars as pl

NAME, TIME, RESOURCE, GROUP, LIFECYCLE = (
    *("concept:name", "time:timestamp", "org:resource"),
    *("org:group", "lifecycle:transition"),
)
ORDER_COLUMN = "case:concept:name"
KEPT = (NAME, TIME, RESOURCE, GROUP, LIFECYCLE, "track", STARTS, INSTANCE)
SIMPLE = frozenset(("string", "date", "int", "float", "boolean", "id"))
PARTED = frozenset(("list", "container", "values"))
AT_ONCE = 200_000  # events that are held as Python texts before they become columns


def read_xes(path: str | os.PathLike[str], asked: Asked) -> tuple[Given, Given]:
    """The events of an XES file, and its traces with their attributes.

    - Of the attributes of events those with a role are kept, and those that the caller named; of traces all simple
      ones, by their types. Attributes of attributes, lists and containers are counted, not kept.
    - Defaults of global attributes are never taken for values: files put placeholders there.
    - A key that an event or a trace has twice counts with its last value, and is told.
    - Raises LogError: what `chunks` raises, XML that is damaged or cut off (with line), entities, a document type of
      another file, no XES, no events.
    """
    file = os.fspath(path)
    reader = _Reader(file, asked)
    parser = expat.ParserCreate("utf-8" if asked.encoding else None)
    parser.StartElementHandler = reader.root
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.entity
    parser.StartDoctypeDeclHandler = reader.doctype
    reader.parser = parser
    try:
        for part in _decoded(chunks(path, asked.progress), asked.encoding, file):
            parser.Parse(part)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        place = Place(file=file, line=error.lineno)
        raise LogError([problem("log.broken_xml", place, detail=expat.ErrorString(error.code))]) from None
    except (ValueError, LookupError) as error:  # an encoding that Expat, or Python, does not know
        raise LogError([problem("log.xml_encoding", Place(file=file, line=1), detail=str(error))]) from None
    return reader.events(), reader.traces()


def _decoded(parts: Iterator[bytes], encoding: str | None, file: str) -> Iterator[bytes]:
    if encoding is None:
        yield from parts
        return
    try:
        "".encode(encoding)  # what is no encoding of text is refused
        decoder = codecs.getincrementaldecoder(encoding)()
    except (LookupError, TypeError):  # of some there is no decoder that goes on
        raise LogError([problem("log.unknown_encoding", Place(file=file), encoding=encoding)]) from None
    try:
        for part in parts:
            yield decoder.decode(part).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        byte = f"{error.object[error.start]:02x}"
        raise LogError([problem("log.wrong_encoding", Place(file=file), encoding=encoding, byte=byte)]) from None


class _Reader:
    """What Expat calls while it reads: it keeps the events as columns and the attributes of the traces."""

    def __init__(self, file: str, asked: Asked) -> None:
        self.file, self.asked = file, asked
        self.parser: Any = None
        self.keys = tuple(dict.fromkeys((*KEPT, *asked.columns)))
        self.kept = frozenset(self.keys)
        self.names: list[str | None] = []  # of the traces, by position
        self.own: str | None = None  # what our writer says about the log
        self.about: dict[str, dict[int, tuple[str, str]]] = {}  # attribute of traces -> trace -> type and value
        self.trace_lines = array("L")
        self.rows: list[tuple[int | None, dict[str, str]]] = []
        self.lines = array("L")
        self.parts: list[pl.DataFrame] = []
        self.unused: Counter[str] = Counter()
        self.twice: Counter[str] = Counter()
        self.parted = 0
        self.declared: dict[str, str] = {}
        self.event: dict[str, str] | None = None
        self.trace: int | None = None
        self.inside = 0  # how deep within an attribute, or within something that is not read
        self.scope: str | None = None

    def root(self, name: str, _attributes: dict[str, str]) -> None:
        """The first element, which must be `log`."""
        if name != "log":
            raise LogError([problem("log.not_xes", Place(file=self.file, line=self.line), root=name)])
        self.parser.StartElementHandler = self.start

    def entity(self, name: str, *_rest: Any) -> None:
        """A declaration of an entity: refused, whatever it stands for."""
        raise LogError([problem("log.xml_entity", Place(file=self.file, line=self.line), name=name)])

    def doctype(self, _name: str, system: str | None, public: str | None, _internal: int) -> None:
        """A document type: one that stands in another file is refused, since its entities would vanish."""
        if system or public:
            raise LogError([problem("log.xml_doctype", Place(file=self.file, line=self.line), name=system or public)])

    @property
    def line(self) -> int:
        return int(self.parser.CurrentLineNumber)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins. Attributes of events come first: they are most of a file."""
        if self.inside:
            self.inside += 1
            self.parted += name in SIMPLE
        elif name in SIMPLE:
            self.inside = 1
            try:
                key, value = attributes["key"], attributes["value"]
            except KeyError:
                return
            if self.event is None:
                self.of_other(name, key, value)
            elif key in self.kept:
                if key in self.event:
                    self.twice[key] += 1
                self.event[key] = value
            else:
                self.unused[key] += 1
        elif name == "event":
            self.event = {}
            self.lines.append(self.line)
        else:
            self.larger(name, attributes)

    def larger(self, name: str, attributes: dict[str, str]) -> None:
        """An element that is neither an event nor a simple attribute begins."""
        if name == "trace":
            self.trace = len(self.names)
            self.names.append(None)
            self.trace_lines.append(self.line)
        elif name == "global":
            self.scope = attributes.get("scope", "event")
        else:
            self.inside = 1
            self.parted += name in PARTED

    def of_other(self, kind: str, key: str, value: str) -> None:
        """A simple attribute of a trace, or a declared one; of those of the log itself ours alone is kept."""
        if self.trace is None:
            if self.scope == "event":
                self.declared[key] = value
            elif self.scope is None and key == KEY:
                self.own = value
        elif key == NAME:
            self.twice[key] += self.names[self.trace] is not None
            self.names[self.trace] = value
        else:
            values = self.about.setdefault(key, {})
            self.twice[key] += self.trace in values
            values[self.trace] = (kind, value)

    def end(self, name: str) -> None:
        """An element ends."""
        if self.inside:
            self.inside -= 1
        elif name == "event":
            if self.event is not None:
                self.rows.append((self.trace, self.event))
            self.event = None
            if len(self.rows) == AT_ONCE:
                self.flush()
        elif name == "trace":
            self.trace = None
        elif name == "global":
            self.scope = None

    def flush(self) -> None:
        """Turn the events that are held into columns; keys that did not occur get none."""
        import polars as pl

        found = {key: [event.get(key) for _trace, event in self.rows] for key in self.keys}
        columns = {key: pl.Series(values, dtype=pl.String) for key, values in found.items()}
        traces = pl.Series([trace for trace, _event in self.rows], dtype=pl.UInt32)
        self.parts.append(pl.DataFrame({"\0trace": traces, **columns}))
        self.rows = []

    def events(self) -> Given:
        """The table of events. Raises LogError when there is none."""
        import polars as pl

        self.flush()
        whole = pl.concat(self.parts)
        if not whole.height:
            raise LogError([problem("log.no_rows", Place(file=self.file))])
        ids = pl.Series(self.names, dtype=pl.String).gather(whole["\0trace"]).alias(ORDER_COLUMN)
        present = [key for key in self.keys if whole[key].null_count() < whole.height or key in (NAME, TIME)]
        frame = whole.select(ids, *present).with_row_index(ROW)
        roles = {
            "order_id": ORDER_COLUMN,
            "stage": NAME,
            "at": TIME,
            "actor": RESOURCE,
            "team": GROUP,
            "track": "track",
        }
        lines = self.lines
        about, more = parse_about(self.own)
        return Given(
            table="events",
            file=self.file,
            frame=frame,
            number=lambda positions: [lines[position] for position in positions],
            assumptions=(*self.told(frame), *more),
            defaults=FrozenMap({role: key for role, key in roles.items() if key in frame.columns}),
            about=about,
        )

    def told(self, events: pl.DataFrame) -> list[Reason]:
        """What of the file is not in the tables."""
        found = []
        if self.unused:
            found.append(reason("log.unused_columns", columns=sorted(self.unused), table=TABLES["events"]))
        if twice := {key: count for key, count in sorted(self.twice.items()) if count}:
            found.append(reason("log.keys_twice", counts=twice))
        if self.parted:
            found.append(reason("log.parts_not_kept", count=self.parted))
        lacking = {key: events[key].null_count() for key in self.declared if key in events.columns}
        if lacking := {key: count for key, count in lacking.items() if count}:
            found.append(reason("log.defaults_not_used", lacking=lacking))
        return found

    def traces(self) -> Given:
        """The table of traces: their ids and attributes."""
        import polars as pl

        count = len(self.names)
        found = {
            f"cases.{key}" if key == ORDER_COLUMN else key: _typed([values.get(n) for n in range(count)])
            for key, values in self.about.items()
        }
        ids = pl.Series(self.names, dtype=pl.String)
        lines = self.trace_lines
        return Given(
            table="cases",
            file=self.file,
            frame=pl.DataFrame({ORDER_COLUMN: ids, **found}).with_row_index(ROW),
            number=lambda positions: [lines[position] for position in positions],
        )


def _typed(cells: list[tuple[str, str] | None]) -> pl.Series:
    """The values of an attribute of traces: of its type when all have the same and fit it, else texts."""
    import polars as pl

    kinds = {cell[0] for cell in cells if cell is not None}
    values = [None if cell is None else cell[1] for cell in cells]
    texts = pl.Series(values, dtype=pl.String)
    if kinds == {"date"}:
        micros = read_texts(texts, "UTC").micros
        found = pl.from_epoch(micros, time_unit="us").dt.replace_time_zone("UTC")
    elif kinds == {"int"} or kinds == {"float"}:
        make = int if kinds == {"int"} else float
        try:
            return column([None if value is None else make(value) for value in values])
        except ValueError:
            return texts
    elif kinds == {"boolean"}:
        found = texts.str.to_lowercase().replace_strict(
            {"true": True, "1": True, "false": False, "0": False}, default=None, return_dtype=pl.Boolean
        )
    else:
        return texts
    return found if found.null_count() == texts.null_count() else texts
