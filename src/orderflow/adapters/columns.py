"""What a table file does not say about itself: its encoding, its separator, and which column is what."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import Place, Problem, Reason, problem, reason, suggest

SEPARATORS = ",;\t"
SIGNATURES = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"PAR1": "a Parquet file",
}
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@frozen(kw_only=True)
class Role:
    """What a column is for: the parameter that names it, its words, and the names that are recognised.

    `names` are compared without case, blanks and punctuation; the first one that a file has wins.
    """

    parameter: str
    title: FrozenMap[str]
    names: tuple[str, ...]

    @property
    def option(self) -> str:
        """The same parameter on the command line."""
        return "--" + self.parameter.replace("_", "-")


ORDER = Role(
    parameter="order_id",
    title=FrozenMap(en="order id", zh="订单号"),
    names=(
        *("case:concept:name", "order_id", "orderid", "case_id", "caseid", "order_no", "order number", "order"),
        *("case", "sales_order", "so_no", "trace_id", "订单号", "订单编号", "订单ID", "单号", "订单", "案例ID"),
    ),
)
STAGE = Role(
    parameter="stage",
    title=FrozenMap(en="stage", zh="节点"),
    names=(
        *("concept:name", "stage", "status", "activity", "event", "state", "step", "task", "order_status"),
        *("activity_name", "event_name", "event_type", "节点", "状态", "订单状态", "环节", "阶段", "活动", "步骤"),
    ),
)
AT = Role(
    parameter="at",
    title=FrozenMap(en="time", zh="时间"),
    names=(
        *("time:timestamp", "timestamp", "at", "time", "datetime", "occurred_at", "event_time", "date", "changed_at"),
        *("created_at", "updated_at", "时间", "时间戳", "操作时间", "发生时间", "变更时间", "更新时间", "日期"),
    ),
)
ACTOR = Role(
    parameter="actor",
    title=FrozenMap(en="actor", zh="操作人"),
    names=(
        *("org:resource", "actor", "user", "resource", "username", "user_id", "owner", "operator", "employee", "agent"),
        *("changed_by", "操作人", "操作员", "经办人", "处理人", "负责人", "用户", "责任人"),
    ),
)
TEAM = Role(
    parameter="team",
    title=FrozenMap(en="team", zh="部门"),
    names=("org:group", "team", "department", "dept", "group", "部门", "团队", "班组"),
)
TRACK = Role(
    parameter="track",
    title=FrozenMap(en="track", zh="分支"),
    names=("track", "分支"),
)
STARTED = Role(
    parameter="started_at",
    title=FrozenMap(en="start of work", zh="开始时间"),
    names=("start_timestamp", "started_at", "work_started_at", "开始时间", "开工时间", "开始处理时间"),
)
PROMISED = Role(
    parameter="promised",
    title=FrozenMap(en="promise", zh="承诺时间"),
    names=("promised_at", "promised", "promised_date", "promise_date", "承诺时间", "承诺交期", "承诺日期"),
)
TABLES = {"events": FrozenMap(en="events", zh="事件文件"), "cases": FrozenMap(en="cases", zh="订单文件")}


def to_utf8(data: bytes, encoding: str | None, file: str) -> tuple[bytes, str | None]:
    """The content of a file in UTF-8 without a mark, and the encoding if it was guessed (None when it was named,
    or is UTF-8).

    - Named: that, strictly. Not named: UTF-8 or what a byte order mark says; else GB18030, when nearly all
      characters beyond ASCII are then everyday Chinese (GB 2312).
    - Raises LogError: an Excel or Parquet file, an unknown encoding, bytes that do not fit (with line).
    """
    for signature, kind in SIGNATURES.items():
        if data.startswith(signature):
            raise LogError([problem("log.not_csv", Place(file=file), kind=kind)])
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    wanted = encoding or marked or "utf-8"
    try:
        text = data.decode(wanted)
        if codecs.lookup(wanted).name in ("utf-8", "utf-8-sig"):
            return data.removeprefix(codecs.BOM_UTF8), None
        return text.encode(), marked if encoding is None else None
    except LookupError:
        raise LogError([problem("log.unknown_encoding", Place(file=file), encoding=wanted)]) from None
    except UnicodeDecodeError as error:
        if encoding is None and marked is None and _looks_chinese(data):
            return data.decode("gb18030").encode(), "GB18030"
        place = Place(file=file, line=data.count(b"\n", 0, error.start) + 1)
        byte = f"{data[error.start]:02x}"
        raise LogError([problem("log.wrong_encoding", place, encoding=wanted, byte=byte)]) from None
    except UnicodeError:  # an encoding of something else than files, such as punycode
        raise LogError([problem("log.unknown_encoding", Place(file=file), encoding=wanted)]) from None


def _looks_chinese(data: bytes) -> bool:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    beyond = [char for char in text if ord(char) > 127]
    everyday = sum(1 for char in beyond if char.encode("gb2312", "ignore"))
    return everyday >= 0.95 * len(beyond)


def separator(content: bytes) -> str:
    """The separator that is most frequent in the first line outside quotes; a comma when there is none."""
    text = content[:65536].decode("utf-8", "ignore")
    header = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(header.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


def rows(content: bytes, between: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """The rows of CSV in UTF-8 by the standard library, each with the number of the line where it begins.

    - An empty line is a row without fields. With `strict`, raises csv.Error where quotes do not match.
    """
    reader = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=between, strict=strict)
    line = 1
    for row in reader:
        yield line, row
        line = reader.line_num + 1


def find(
    role: Role, named: str | None, columns: Sequence[str], place: Place | None
) -> tuple[str | None, Problem | None]:
    """The column for a role, by its given name or by a guess; a problem when a named one is not there."""
    if named is None:
        return guess(role.names, columns), None
    if named in columns:
        return named, None
    words: dict[str, Any] = {"role": role.title, "columns": list(columns), "suggestion": suggest(named, columns)}
    return None, problem("log.column_not_found", place, column=named, **words)


def guess(names: Sequence[str], columns: Sequence[str]) -> str | None:
    """The first column that has one of these names, the names in order of preference; None when there is none."""
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(plain(column), column)
    return next((known[plain(name)] for name in names if plain(name) in known), None)


def not_guessed(role: Role, columns: Sequence[str], place: Place | None) -> Problem:
    """The problem that no column looks like a role, with what to do."""
    return problem(
        "log.column_not_guessed",
        place,
        role=role.title,
        parameter=role.parameter,
        option=role.option,
        columns=list(columns),
    )


def guessed(columns: Mapping[str, str], table: str) -> Reason:
    """The assumption that columns play roles: parameter -> column."""
    pairs = [f"{parameter}={column!r}" for parameter, column in columns.items()]
    return reason("log.guessed_columns", table=TABLES[table], pairs=pairs)


def plain(name: str) -> str:
    """A name as it is compared: without case, blanks and punctuation."""
    return "".join(char for char in name.casefold() if char.isalnum())
