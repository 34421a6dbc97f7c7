"""Histories larger than memory: a Parquet file or folder, or a CSV file, read as one EventLog after the other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve, frozen

from orderflow.adapters.about import SILENT, About
from orderflow.adapters.columns import TABLES
from orderflow.adapters.csvscan import Plain, as_plain, lines_of, without_long_rows
from orderflow.adapters.files import format_to_read
from orderflow.adapters.given import LINES, ROW, Given, Progress, one_list, skipped_rows
from orderflow.adapters.kinds import DECIMAL, WHOLE
from orderflow.adapters.longform import gone
from orderflow.adapters.options import PartOptions, Reading, as_said, reading_of
from orderflow.adapters.parquet import first_line, parquet_errors, parquet_files
from orderflow.adapters.parts import (
    Columns,
    columns_of,
    dealt,
    log_of_rows,
    read_cases,
    read_entries,
    rows_given,
)
from orderflow.metrics.codes import need_polars
from orderflow.metrics.figures import check_stage
from orderflow.metrics.log import EventLog
from orderflow.model.errors import LogError
from orderflow.model.reasons import Place, Problem, Reason, problem

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


@frozen(kw_only=True, eq=False)
class Scan:
    """A source that is not read yet: its rows with their positions in ROW, what was assumed to read it, and what it
    says about the log.

    - `skipped`: what is told about rows that were left out before the shards are cut.
    - `unread`: what is wrong with rows that could not be read; raised with all else.
    - `number`: from positions to lines of the file, for a file that has lines.
    """

    rows: pl.LazyFrame
    file: str | None
    columns: Columns
    assumptions: tuple[Reason, ...]
    about: About = SILENT
    skipped: tuple[Reason, ...] = ()
    unread: tuple[Problem, ...] = ()
    number: Callable[[Sequence[int]], list[int]] | None = None

    def given(self, rows: pl.DataFrame) -> Given:
        """Some of the rows, read, as a table that readers take."""
        found = rows_given(rows, self.file)
        return found if self.number is None else evolve(found, unit=LINES, head=1, number=self.number)


def read_shards(
    source: Any,
    n: int = 16,
    *,
    format: str | None = None,
    progress: Progress | None = None,
    **reading: Unpack[PartOptions],
) -> Generator[EventLog, None, None]:
    """Read a history in `n` shards, one EventLog after the other: every order is whole in one of them.

    - `source`: a Parquet file, a folder of them, a CSV file (packed or not), told by its ending or `format`; or a
      polars LazyFrame. One row per event, or with `stages` one per order, which is not guessed here.
    - `reading`: `order_id`, `stage`, `at`, `actor`, `team`, `track`, `started_at`, `cases`, `promised`, `done_stages`,
      `cancelled_stages`, `stages`, `attributes`, `lifecycle`, `tz`, `encoding`, `time_format`, `errors`, as for
      `read_log`; `cases` are read whole. TypeError for another one.
    - `progress` is told the share of the shards that were read and worked on, up to 1.
    - Together the shards are what `read_log` reads: the same events, ties and attributes. The first shard has the
      assumptions about the whole source, each those about its own rows. Shards without orders are left out.
    - In memory is one shard, and the cases. Parquet is scanned once for each shard; CSV is first written as Parquet to
      a temporary folder, with the columns that are needed.
    - Raises LogError as `read_log`: at the first shard with wrong rows, about those of all shards that are left, so
      about all of them, since the earlier ones had none. CSV counts lines; Parquet rows, from 1.
    """
    need_polars()
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise LogError.of("log.bad_shards", value=repr(n))
    return _shards(source, n, format, reading_of("read_shards", reading), progress or (lambda _share: None))


def _shards(source: Any, n: int, form: str | None, asked: Reading, tell: Progress) -> Generator[EventLog, None, None]:
    with _scanned(source, form, asked) as scan:
        named, (asked, said) = asked.ends, as_said(asked, scan.about)
        cases, more = read_cases(asked, scan.columns)
        about_all: tuple[Reason, ...] = (*said, *scan.assumptions, *scan.columns.assumptions, *more, *scan.skipped)
        empty, seen, wrong, skipped = True, set[str](), list(scan.unread), list[Problem]()
        kind = scan.rows.collect_schema()[scan.columns.order_id]
        for k in range(n):
            tell(k / n)
            rows = scan.rows.filter(dealt(scan.columns.order_id, n, kind) == k).collect(engine="streaming").sort(ROW)
            mine = None if cases is None else cases.filter(dealt("order", n) == k)
            if not rows.height and (mine is None or not mine.height):
                continue
            empty = False
            try:
                log = log_of_rows(scan.given(rows), scan.columns, asked, mine)
            except LogError as error:
                wrong += error.problems
                continue
            if not wrong:  # after that the other shards are read only to tell what is wrong with them
                yield evolve(log, assumptions=(*about_all, *log.assumptions))
                about_all = ()
            seen.update(log.stages)
            skipped += _skipped(log)
        if wrong:
            raise LogError(one_list(wrong))
        if skipped and not seen:
            raise LogError([problem("log.no_rows_left", _place(scan.file)), *one_list(skipped)])
        if empty:
            raise LogError([problem("log.no_rows", _place(scan.file))])
        for stage in named:
            check_stage(stage, seen)
        tell(1.0)


def _skipped(log: EventLog) -> list[Problem]:
    """What was wrong with rows that were left out: the assumptions that name rows."""
    rows = {"count", "lines"}
    return [problem(item.code, item.place, **item.params) for item in log.assumptions if rows <= item.params.keys()]


@contextmanager
def _scanned(source: Any, form: str | None, asked: Reading) -> Iterator[Scan]:
    """The source, ready to be scanned; what had to be written for that is removed at the end."""
    import polars as pl

    if isinstance(source, pl.LazyFrame | pl.DataFrame):
        yield _narrow(source.lazy(), None, asked, ())
        return
    if not isinstance(source, str | os.PathLike):
        raise LogError.of("log.not_in_shards", kind=type(source).__name__)
    kind = format_to_read(source, form)
    if kind == "parquet":
        files = parquet_files(source)
        with parquet_errors(files.path):
            table = files.scan()
            about, told = files.about()
        yield evolve(_narrow(table, files.path, asked, told), about=about)
    elif kind == "csv":
        with tempfile.TemporaryDirectory(prefix="orderflow-") as folder:
            yield _csv(source, folder, asked)
    else:
        raise LogError.of("log.not_in_shards", kind=kind)


def _narrow(table: pl.LazyFrame, file: str | None, asked: Reading, told: Sequence[Reason]) -> Scan:
    """The columns that are needed and the rows that enter a stage."""
    import polars as pl

    with parquet_errors(file):
        header = table.collect_schema()
        columns = columns_of(table.select(pl.all().exclude(ROW)).collect_schema().to_frame(), asked, file)
        rows = table if ROW in header else table.with_row_index(ROW)
        entries: list[Reason] = []
        if columns.entries is not None:
            kind = pl.col(columns.entries).cast(pl.String)
            kinds = rows.group_by(kind).len().collect(engine="streaming")
            columns, kept, entries = read_entries(columns, dict(kinds.iter_rows()), asked.lifecycle)
            if entries:
                entries += _gone(rows, columns, kind, kept if columns.kept is None else columns.kept)
            rows = rows.filter(_is_one_of(kind, kept))
    return Scan(rows=rows.select(ROW, *columns.needed), file=file, columns=columns, assumptions=(*told, *entries))


def _is_one_of(kind: pl.Expr, kinds: Sequence[str | None]) -> pl.Expr:
    import polars as pl

    return kind.is_in(pl.lit(pl.Series(kinds, dtype=pl.String)).implode(), nulls_equal=True)


def _gone(rows: pl.LazyFrame, columns: Columns, kind: pl.Expr, entering: Sequence[str | None]) -> list[Reason]:
    """How many orders have no event among those that enter a stage."""
    import polars as pl

    order = pl.col(columns.order_id)
    counts = rows.select(whole=order.n_unique(), kept=order.filter(_is_one_of(kind, entering)).n_unique())
    whole, kept = counts.collect(engine="streaming").row(0)
    return gone(whole - kept)


def _csv(path: str | os.PathLike[str], folder: str, asked: Reading) -> Scan:
    """A CSV file, written as Parquet once: texts as they stand there, attributes as numbers where all of them are."""
    from pathlib import Path

    import polars as pl

    file, room = os.fspath(path), Path(folder)
    plain = as_plain(Path(path), room / "plain.csv", asked.encoding)
    wrong: list[Problem] = []
    try:
        try:
            scan = _as_parquet(plain, room / "rows.parquet", asked)
        except pl.exceptions.ComputeError:  # the standard library reads more, and knows the line
            plain, wrong = without_long_rows(plain, room / "fitting.csv", skip=asked.errors == "skip")
            scan = _as_parquet(plain, room / "again.parquet", asked)
    except pl.exceptions.NoDataError:
        raise LogError([problem("log.no_rows", _place(file))]) from None
    except pl.exceptions.PolarsError as error:
        raise LogError([problem("log.broken_csv", _place(file), detail=first_line(error))]) from None
    told = (*plain.told, *scan.assumptions)
    if asked.errors != "skip":
        return evolve(scan, assumptions=told, unread=tuple(wrong), number=lines_of(plain))
    skipped = skipped_rows(TABLES["events"], wrong, sum(item.params["count"] for item in wrong))
    return evolve(scan, assumptions=told, skipped=tuple(skipped), number=lines_of(plain))


def _as_parquet(plain: Plain, written: Path, asked: Reading) -> Scan:
    import polars as pl

    rows = plain.rows()
    columns = columns_of(rows.collect_schema().to_frame(), asked, plain.file, lines=True)
    rows = rows.with_row_index(ROW).filter(pl.any_horizontal(pl.all().exclude(ROW).is_not_null()))
    entries = [name for name in (columns.entries, columns.instance) if name is not None]
    kept = rows.select(ROW, *dict.fromkeys([*columns.needed, *entries]))
    texts = [name for name in columns.attributes if name in columns.needed]
    kept.with_columns(_numbers(kept, texts, columns.order_id)).sink_parquet(written, compression="lz4")
    found = _narrow(pl.scan_parquet(written), plain.file, asked, ())
    # What was guessed of all columns, and which are not used, also of those that were not written.
    return evolve(found, columns=evolve(found.columns, guesses=columns.guesses, unused=columns.unused))


def _numbers(rows: pl.LazyFrame, names: Sequence[str], order_id: str) -> list[pl.Expr]:
    """The columns whose texts are all plainly numbers, as such; as `kinds.recognised` does for a column in memory.

    Texts without anything in them do not count, unless an order has no other: as in `read_log`.
    """
    import polars as pl

    if not names:
        return []
    known = {name: pl.col(name).filter(pl.col(name).str.strip_chars() != "") for name in names}
    tests = [known[name].str.contains(form).all().alias(f"{form}{name}") for name in names for form in (WHOLE, DECIMAL)]
    blank = [(known[name].len() < pl.col(name).count()).alias(f"\0{name}") for name in names]
    counts = [known[name].len().alias(name) for name in names]
    found = rows.select(*tests, *blank, *counts).collect(engine="streaming").row(0, named=True)
    typed = []
    for name in names:
        if not found[name] or not (found[f"{WHOLE}{name}"] or found[f"{DECIMAL}{name}"]):
            continue
        if found[f"\0{name}"]:  # rare, so looked at order by order
            lone = (known[name].len() == 0) & (pl.col(name).count() > 0)
            if rows.group_by(order_id).agg(lone.alias("lone")).select(pl.col("lone").any()).collect().item():
                continue
        kind = pl.Int64 if found[f"{WHOLE}{name}"] else pl.Float64
        typed.append(pl.when(pl.col(name).str.strip_chars() != "").then(name).cast(kind).alias(name))
    return typed


def _place(file: str | None) -> Place | None:
    return None if file is None else Place(file=file)
