"""Reports on Apache Spark: the same kernels over partitions of whole orders; the only door to `pyspark`, `pyarrow`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import unquote

from attrs import evolve, frozen

from orderflow.adapters.given import ROW
from orderflow.adapters.options import PartOptions, Reading, reading_of
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
from orderflow.model.errors import LogError, MissingExtraError
from orderflow.model.reasons import Problem, Reason

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
    - Raises LogError as `read_log`, about the wrong rows of all partitions (they count within their file, or the
      partition of the DataFrame); MissingExtraError.
    """
    need_polars()
    _need_spark()
    asked = reading_of("report", reading)
    if asked.cases is not None:
        raise LogError.of("log.no_cases_on_engine")
    table, name, rows = _table(spark, source)
    columns = columns_of(_empty(table), asked)
    told = [*columns.assumptions]
    if columns.entries is not None:
        table, columns, entries = _only_entries(table, columns, asked)
        told += entries
    task = Task(asked=asked, columns=columns, terms=terms, sketch=sketch, rows=rows)
    found = _gathered(table, task, partitions).report(task, f"{name} on Spark", told)
    for stage in asked.ends:
        check_stage(stage, found.overview.stages)
    return found


def _gathered(table: Any, task: Task, partitions: int | None) -> Gathered:
    """The entries of all partitions, merged: where there are many, in rounds on the workers, then here."""
    from pyspark.sql import functions as f

    narrow = table.select(PLACE, *(f.col(f"`{name}`") for name in task.columns.needed))
    order = f.col(f"`{task.columns.order_id}`").cast("string")
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
    frame = pl.DataFrame(rows).sort(PLACE).rename({PLACE: ROW})
    given = rows_given(frame, None, lambda position: position % task.rows + 1)
    try:
        log = log_of_rows(given, task.columns, task.asked, None)
    except LogError as error:
        yield WRONG, pack(error.problems)
        return
    yield WHOLE, pack(without_rows(log))
    for name, figure in figures_of_report(log, task.terms).items():
        summary = figure.summarise(log)
        yield name, pack(sketched(summary) if task.sketch else summary)


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


def _table(spark: Any, source: Any) -> tuple[Any, str, int]:
    """The rows with their places, what they are called, and after how many rows places are counted anew."""
    from pyspark.sql import functions as f

    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "mapInArrow"):
            raise LogError.of("log.not_on_engine", kind=type(source).__name__)
        return source.withColumn(PLACE, f.monotonically_increasing_id()), "a DataFrame", PARTITION_ROWS
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
    return table.drop("_file"), path, FILE_ROWS


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
    from pyspark.sql import functions as f

    kind = f.col(f"`{columns.entries}`").cast("string")
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
