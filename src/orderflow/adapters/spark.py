"""Reports on Apache Spark: the same kernels over partitions of whole orders; the only door to `pyspark`, `pyarrow`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import unquote, urlsplit

from attrs import evolve, frozen

from orderflow.adapters.about import SILENT, About, about_parquet
from orderflow.adapters.given import ROW
from orderflow.adapters.options import PartOptions, Reading, as_said, reading_of
from orderflow.adapters.parts import Columns, columns_of, log_of_rows, read_entries, rows_given
from orderflow.adapters.sketches import note, sketched
from orderflow.metrics.assumptions import summed
from orderflow.metrics.batches import shape_of, without_rows
from orderflow.metrics.codes import need_polars
from orderflow.metrics.figures import Pile, check_stage
from orderflow.metrics.log import EventLog
from orderflow.metrics.merged import MergedReport, figures_of_report, merged_report, to_merge
from orderflow.metrics.packing import pack, unpack
from orderflow.metrics.terms import PLAIN, Terms
from orderflow.model.errors import DefinitionError, LogError, MissingExtraError
from orderflow.model.reasons import Problem, Reason, reason

if TYPE_CHECKING:
    import pyarrow as pa

PLACE = "orderflow_row"  # where a row stood in the source: by this events keep their order after the shuffle
FILE_ROWS = 2**40  # rows that a file may have; places count files in units of this
PARTITION_ROWS = 2**33  # what `monotonically_increasing_id` puts between partitions
TOGETHER = 32  # partitions whose summaries one worker merges
ENTRIES = "part string, packed binary"
WHOLE, WRONG = "whole", "wrong"  # entries that a partition gives beside its summaries


@frozen(kw_only=True)
class Task:
    """What every partition has to know; it travels as bytes."""

    asked: Reading
    columns: Columns
    terms: Terms
    sketch: bool
    rows: int  # places are counted anew after so many


def report_on_spark(
    spark: Any,
    source: Any,
    *,
    partitions: int | None = None,
    sketch: bool = False,
    terms: Terms = PLAIN,
    **reading: Unpack[PartOptions],
) -> MergedReport:
    """The report on a Spark DataFrame, or on Parquet at a path that Spark can read.

    - Each partition makes an EventLog of its orders and summaries of that; only summaries come to the driver, where
      they are merged by twos. Of more than 32 `partitions` the summaries are merged in rounds on the workers first,
      32 at a time. The workers need `orderflow[metrics]`, and `sketch` where sketches are asked for.
    - Ties keep the order of the rows in a file, files in order of their names; in a DataFrame the order in which
      Spark reads its rows. `reading`: as for `read_log`, without `cases`: join such a table in Spark, and name its
      columns with `attributes=` and `promised=`.
    - What Parquet files say about the log (zone, ends) holds where they lie on this machine; else the report says that
      it was not read.
    - Raises LogError as `read_log`, about the wrong rows of all partitions (they count within their file, or the
      partition of the DataFrame); before anything is read for names that there are not; for what the engine refuses
      (`log.engine_failed`). MissingExtraError.
    """
    need_polars()
    _need_spark()
    asked = reading_of("report", reading)
    if asked.cases is not None:
        raise LogError.of("log.no_cases_on_engine")
    if not hasattr(spark, "createDataFrame"):
        raise LogError.of("log.no_engine", kind=type(spark).__name__)
    if partitions is not None and (isinstance(partitions, bool) or not isinstance(partitions, int) or partitions < 1):
        raise LogError.of("log.bad_partitions", value=repr(partitions))
    with _engine_errors():
        return _report(_table(spark, source), asked, terms, partitions, sketch=sketch)


@contextmanager
def _engine_errors() -> Iterator[None]:
    """What the engine says, in a line, in the place of its plans and traces; these are the cause of the error."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        detail = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise LogError.of("log.engine_failed", detail=detail[:500]) from error


def _report(source: Rows, asked: Reading, terms: Terms, partitions: int | None, *, sketch: bool) -> MergedReport:
    table, columns = source.table, columns_of(_empty(source.table), asked)
    named, (asked, told) = asked.ends, as_said(asked, source.about)
    told += [*source.told, *columns.assumptions]
    if asked.promised is not None and columns.promise is None:
        raise LogError.of("log.promise_needs_cases")
    if columns.entries is not None:
        table, columns, entries = _only_entries(table, columns, asked)
        told += entries
    _check(columns, asked, terms)
    task = Task(asked=asked, columns=columns, terms=terms, sketch=sketch, rows=source.rows)
    found = _gathered(table, task, partitions).report(task, f"{source.name} on Spark", told)
    for stage in named:
        check_stage(stage, found.overview.stages)
    return found


def _check(columns: Columns, asked: Reading, terms: Terms) -> None:
    """Raise here, and before anything is read, what these columns and terms would make every partition raise."""
    import polars as pl

    none = pl.DataFrame(schema={ROW: pl.UInt32, **dict.fromkeys(columns.needed, pl.String)})
    figures_of_report(log_of_rows(rows_given(none, None), columns, asked, None), terms)


def _gathered(table: Any, task: Task, partitions: int | None) -> Gathered:
    """The entries of all partitions, merged: where there are many, in rounds on the workers, then here."""
    from pyspark.sql import functions as f

    needed = task.columns.needed
    # Under plain names: `mapInArrow` takes the dot in `customer.level` for a field of a column `customer`.
    narrow = table.select(PLACE, *(_column(name).alias(f"c{n}") for n, name in enumerate(needed)))
    order = f.col(f"c{needed.index(task.columns.order_id)}").cast("string")
    dealt = narrow.repartition(order) if partitions is None else narrow.repartition(partitions, order)
    with warnings.catch_warnings():
        # No pandas is used here, but Spark looks at its version, and says that it does not know all of pandas 3 yet.
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        found = dealt.mapInArrow(_kernel(partition_entries, pack(task)), ENTRIES)
        while partitions is not None and partitions > TOGETHER:
            partitions = -(-partitions // TOGETHER)
            found = found.repartition(partitions).mapInArrow(_kernel(merged_entries, b""), ENTRIES)
        rows = found.collect()
    gathered = Gathered()
    while rows:
        row = rows.pop()
        gathered.add(row["part"], unpack(bytes(row["packed"])))
    return gathered


def _kernel(
    work: Callable[[Any, bytes], Iterable[tuple[str, bytes]]], packed: bytes
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What runs on each partition: its rows as one table, the entries that `work` makes of them as batches."""

    def kernel(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        rows = [batch for batch in batches if batch.num_rows]
        if rows:
            for part, content in work(pa.Table.from_batches(rows), packed):
                yield pa.RecordBatch.from_pydict({"part": [part], "packed": [content]})

    return kernel


def partition_entries(rows: Any, packed: bytes) -> Iterator[tuple[str, bytes]]:
    """The entries of one partition, packed; `rows`: a table that speaks Arrow, `packed`: the Task.

    Wrong rows are an entry too (`wrong`), since an error would come to the driver as the text of a traceback.
    """
    import polars as pl

    task: Task = unpack(packed)
    names = {f"c{n}": name for n, name in enumerate(task.columns.needed)}
    frame = pl.DataFrame(rows).sort(PLACE).rename({PLACE: ROW, **names})
    given = rows_given(frame, None, lambda position: position % task.rows + 1)
    try:
        log = log_of_rows(given, task.columns, task.asked, None)
        entries = [(WHOLE, pack(without_rows(log)))]
        for name, figure in figures_of_report(log, task.terms).items():
            summary = figure.summarise(log)
            entries.append((name, pack(sketched(summary) if task.sketch else summary)))
    except (LogError, DefinitionError) as error:  # wrong rows; a time outside of what the calendar answers for
        yield WRONG, pack(error.problems)
        return
    yield from entries


def merged_entries(rows: Any, _: bytes) -> Iterator[tuple[str, bytes]]:
    """The entries of several partitions as those of one."""
    gathered = Gathered()
    for row in rows.to_pylist():
        gathered.add(row["part"], unpack(row["packed"]))
    return gathered.entries()


class Gathered:
    """Entries of partitions, merged as they come: summaries by twos, columns, and problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.piles: dict[str, Pile] = {}
        self.whole: EventLog | None = None

    def add(self, part: str, content: Any) -> None:
        """Take one more entry. More durations than are kept exactly become a problem."""
        if part == WHOLE:
            self.whole = content if self.whole is None else shape_of([self.whole, content])
        elif part == WRONG:
            self.problems += content
        elif not self.problems:
            try:
                self.piles.setdefault(part, Pile(to_merge(part))).add(content)
            except LogError as error:
                self.problems += error.problems

    def entries(self) -> Iterator[tuple[str, bytes]]:
        """The same as entries again, packed."""
        if self.whole is not None:
            yield WHOLE, pack(self.whole)
        totals: dict[str, Any] = {}
        if not self.problems:
            try:
                totals = {part: pile.total() for part, pile in self.piles.items()}
            except LogError as error:
                self.problems += error.problems
        if self.problems:
            totals = {WRONG: tuple(self.problems)}
        for part, total in totals.items():
            yield part, pack(total)

    def report(self, task: Task, source: str, told: Iterable[Reason]) -> MergedReport:
        """The report of all entries. Raises LogError with the problems of all partitions."""
        if self.problems:
            raise LogError(self.problems)
        if self.whole is None:
            raise LogError.of("log.no_rows")
        return merged_report(
            evolve(self.whole, assumptions=summed((*told, *self.whole.assumptions))),
            {part: pile.total() for part, pile in self.piles.items()},
            task.terms,
            source=source,
            notes=[note()] if task.sketch else [],
        )


@frozen(kw_only=True, eq=False)
class Rows:
    """The rows of a source with their places, what they are called, after how many rows places are counted anew, and
    what the files say about the log."""

    table: Any
    name: str
    rows: int
    about: About = SILENT
    told: tuple[Reason, ...] = ()


def _table(spark: Any, source: Any) -> Rows:
    from pyspark.sql import functions as f

    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "mapInArrow"):
            raise LogError.of("log.not_on_engine", kind=type(source).__name__)
        table = source.withColumn(PLACE, f.monotonically_increasing_id())
        return Rows(table=table, name="a DataFrame", rows=PARTITION_ROWS)
    path = os.fspath(source)
    table, files = _files(spark.read.option("recursiveFileLookup", "true").parquet(path))
    if any("=" in folder for file in files for folder in _below(path, file)):  # Spark finds these columns its own way
        table, files = _files(spark.read.parquet(path))
    if len(files) > 1:
        places = spark.createDataFrame(
            [(file, n * FILE_ROWS) for n, file in enumerate(files)], "_file string, _first long"
        )
        table = (
            table.join(f.broadcast(places), "_file").withColumn(PLACE, f.col("_first") + f.col(PLACE)).drop("_first")
        )
    about, told = _about(files)
    return Rows(table=table.drop("_file"), name=path, rows=FILE_ROWS, about=about, told=tuple(told))


def _about(files: list[str]) -> tuple[About, list[Reason]]:
    """What the files say about the log, where they are on this machine; the driver does not read those elsewhere."""
    from pathlib import Path

    local = [Path(unquote(urlsplit(file).path)) for file in files if urlsplit(file).scheme in ("", "file")]
    return about_parquet(local) if len(local) == len(files) else (SILENT, [reason("log.about_not_read")])


def _column(name: str) -> Any:
    """The column with exactly this name."""
    from pyspark.sql import functions as f

    quoted = name.replace("`", "``")
    return f.col(f"`{quoted}`")


def _files(read: Any) -> tuple[Any, list[str]]:
    """The rows with their files and their places in these, and the files in the order of their names."""
    from pyspark.sql import functions as f

    table = read.select("*", f.col("_metadata.file_path").alias("_file"), f.col("_metadata.row_index").alias(PLACE))
    found = (row[0] for row in table.select("_file").distinct().collect())
    return table, sorted(found, key=lambda uri: unquote(uri).split("/"))


def _below(path: str, file: str) -> list[str]:
    """The folders between a source and one of its files, which is a URI."""
    root = path.partition("://")[2] or path
    return unquote(file).rpartition(root.rstrip("/"))[2].split("/")[:-1]


def _only_entries(table: Any, columns: Columns, asked: Reading) -> tuple[Any, Columns, list[Reason]]:
    """The rows that enter a stage, by the life cycle of an activity, and the starts that are paired with them."""

    kind = _column(str(columns.entries)).cast("string")
    counts = {row[0]: row[1] for row in table.groupBy(kind.alias("kind")).count().collect()}
    columns, kept, told = read_entries(columns, counts, asked.lifecycle)
    known = kind.isin([name for name in kept if name is not None])
    return table.filter(known | kind.isNull() if None in kept else known), columns, told


def _empty(table: Any) -> Any:
    """A frame without rows that has the columns of a Spark DataFrame."""
    import polars as pl

    return pl.DataFrame(schema=dict.fromkeys((name for name in table.columns if name != PLACE), pl.String))


def _need_spark() -> None:
    try:
        import pyarrow  # noqa: F401 - only asked whether it is there
        import pyspark  # noqa: F401 - only asked whether it is there
    except ImportError as missing:
        raise MissingExtraError("pyspark and pyarrow", "spark") from missing
