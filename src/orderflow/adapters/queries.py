"""Results of SQL queries as tables: SQLite by the standard library, all else by SQLAlchemy or a DB-API connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orderflow.adapters.given import Asked, Given, rows_of
from orderflow.adapters.kinds import columns_of
from orderflow.model.errors import LogError, MissingExtraError
from orderflow.model.reasons import Place, problem

SQLITE = "sqlite:///"
# What URLs of files begin with, and no database's.
ELSEWHERE = frozenset(("http", "https", "ftp", "file", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "hdfs", "oss"))


def is_database(source: Any) -> bool:
    """Whether this is the URL of a database, or something that runs queries: an engine, a session, a connection."""
    if isinstance(source, str):
        return "://" in source
    return any(hasattr(source, name) for name in ("execute", "cursor", "dialect"))


def read_query(source: Any, asked: Asked) -> Given:
    """The rows that a query finds, counted from 1.

    - `source`: `sqlite:///file.db` (opened for reading only), any other SQLAlchemy URL, an Engine, Connection or
      Session, or a DB-API connection, such as Django's. What the caller opened is left open.
    - Raises LogError: no query, a file that is not there, a query that fails, no rows. Raises MissingExtraError for
      a URL that needs SQLAlchemy when it is not installed. Errors of a DB-API connection come through as they are.
    """
    import polars as pl

    if isinstance(source, str) and (scheme := source.partition("://")[0].lower()) in ELSEWHERE:
        raise LogError([problem("log.not_a_database", Place(file=source), scheme=scheme)])
    if asked.query is None or (isinstance(asked.query, str) and not asked.query.strip()):
        raise LogError.of("log.needs_query")
    if isinstance(source, str) and source.startswith(SQLITE):
        names, rows = _from_sqlite(source.removeprefix(SQLITE), asked.query)
    elif hasattr(source, "cursor") and not hasattr(source, "dialect"):
        names, rows = _from_cursor(source.cursor(), asked.query)
    else:
        names, rows = _from_sqlalchemy(source, asked.query)
    frame = pl.DataFrame(columns_of(names, rows))
    if not frame.height:
        raise LogError.of("log.query_without_rows")
    return rows_of(frame, asked, None)


Result = tuple[Sequence[str], Iterable[Sequence[Any]]]


def _from_sqlite(file: str, query: str) -> Result:
    import sqlite3
    from contextlib import closing
    from pathlib import Path

    place = Place(file=file)
    if not Path(file).is_file():
        raise LogError([problem("log.cannot_open", place, detail="No such file")])
    try:
        with closing(sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return _from_cursor(connection.cursor(), query)
    except sqlite3.Error as error:
        raise LogError([problem("log.query_failed", place, detail=str(error))]) from None


def _from_cursor(cursor: Any, query: str) -> Result:
    try:
        cursor.execute(query)
        if cursor.description is None:
            raise LogError.of("log.query_without_rows")
        return [item[0] for item in cursor.description], cursor.fetchall()
    finally:
        cursor.close()


def _from_sqlalchemy(source: Any, query: Any) -> Result:
    try:
        import sqlalchemy
    except ImportError as error:
        raise MissingExtraError("SQLAlchemy", "sql") from error
    # A query as text has no parameters here; one that SQLAlchemy made is taken as it is.
    engine, statement = None, sqlalchemy.text(query.replace(":", r"\:")) if isinstance(query, str) else query
    try:
        if isinstance(source, str):
            source = engine = sqlalchemy.create_engine(source)
        if isinstance(source, sqlalchemy.Engine):
            with source.connect() as connection:
                return _from_result(connection.execute(statement))
        return _from_result(source.execute(statement))
    except sqlalchemy.exc.SQLAlchemyError as error:
        detail = str(error.__cause__ or error).splitlines()[0][:300]
        raise LogError.of("log.query_failed", detail=detail) from None
    except ModuleNotFoundError as error:  # the URL names a driver that is not installed
        raise LogError.of("log.no_driver", name=error.name or str(error)) from None
    finally:
        if engine is not None:
            engine.dispose()


def _from_result(result: Any) -> Result:
    if not result.returns_rows:
        raise LogError.of("log.query_without_rows")
    return list(result.keys()), result.fetchall()
