"""What a table file does not say about itself: its encoding, its separator, and which column is what."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from attrs import frozen

from orderflow.model.errors import LogError
from orderflow.model.frozen import FrozenMap
from orderflow.model.reasons import Place, Problem, Reason, problem, reason, suggest

SEPARATORS = ",;\t|"
LOOKED_AT = 20  # rows by which the separator is told
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
        *("case", "sales_order", "so_no", "trace_id", "_case_key", "process_instance_id", "proc_inst_id_"),
        *("opportunity_id", "vbeln", "ebeln", "aufnr"),  # Celonis, Camunda, Salesforce, SAP
        *(
            "订单号",
            "订单编号",
            "订单ID",
            "单号",
            "订单",
            "案例ID",
            "单据编号",
            "单据号",
            "主订单编号",
            "流程实例ID",
            "工单号",
        ),
    ),
)
# What was done comes before the state that it led to: a log with both has one row for each activity.
STAGE = Role(
    parameter="stage",
    title=FrozenMap(en="stage", zh="节点"),
    names=(
        *("concept:name", "event concept:name", "stage", "activity", "activity_name", "activity_en", "act_name_"),
        *("event_name", "status", "event", "state", "step", "task", "task_name", "order_status", "event_type"),
        *(
            "stage_name",
            "new_status",
            "new_value",
            "节点",
            "节点名称",
            "活动",
            "活动名称",
            "环节",
            "任务名称",
            "流程节点",
        ),
        *("状态", "订单状态", "变更后状态", "单据状态", "阶段", "步骤", "操作类型"),
    ),
)
AT = Role(
    parameter="at",
    title=FrozenMap(en="time", zh="时间"),
    names=(
        *("time:timestamp", "event time:timestamp", "timestamp", "complete_timestamp", "end_timestamp", "at", "time"),
        *("datetime", "occurred_at", "event_time", "date", "changed_at", "completed_at", "end_time", "end_time_"),
        *("created_at", "updated_at", "created_date", "last_modified_date", "时间", "时间戳", "操作时间", "发生时间"),
        *("变更时间", "更新时间", "完成时间", "结束时间", "处理时间", "日期"),
    ),
)
ACTOR = Role(
    parameter="actor",
    title=FrozenMap(en="actor", zh="操作人"),
    names=(
        *("org:resource", "event org:resource", "actor", "user", "resource", "username", "user_id", "owner"),
        *("operator", "employee", "agent", "changed_by", "assignee", "assignee_", "event user", "created_by_id"),
        *("操作人", "操作员", "经办人", "处理人", "负责人", "用户", "责任人", "办理人", "审批人", "执行人"),
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
    names=(
        *("start_timestamp", "started_at", "work_started_at", "start_time", "start_time_"),
        *("开始时间", "开工时间", "开始处理时间"),
    ),
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

    - A byte order mark wins, over a name too. Named: that, strictly. Not named: UTF-8; else GB18030, when nearly all
      characters beyond ASCII are then everyday Chinese (GB 2312); also when only then a header is a known one.
    - Raises LogError: an Excel or Parquet file, an unknown encoding, bytes that do not fit (with line).
    """
    for signature, kind in SIGNATURES.items():
        if data.startswith(signature):
            raise LogError([problem("log.not_csv", Place(file=file), kind=kind)])
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    wanted = marked or encoding or "utf-8"
    try:
        text = data.decode(wanted)
        if encoding is not None:
            codecs.lookup(encoding)
        if codecs.lookup(wanted).name not in ("utf-8", "utf-8-sig"):
            return text.encode(), None if encoding and codecs.lookup(encoding) == codecs.lookup(wanted) else marked
        if marked is None and encoding is None and _known_in_chinese(data):
            return data.decode("gb18030").encode(), "GB18030"
        over = (
            marked is not None and encoding is not None and codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig")
        )
        return data.removeprefix(codecs.BOM_UTF8), "UTF-8" if over else None
    except UnicodeDecodeError as error:
        if encoding is None and marked is None and _looks_chinese(data):
            return data.decode("gb18030").encode(), "GB18030"
        place = Place(file=file, line=data.count(b"\n", 0, error.start) + 1)
        byte = f"{data[error.start]:02x}"
        raise LogError([problem("log.wrong_encoding", place, encoding=wanted, byte=byte)]) from None
    except (LookupError, UnicodeError):  # there is none, or it is one of something else than files, such as punycode
        raise LogError([problem("log.unknown_encoding", Place(file=file), encoding=encoding)]) from None


def _known_in_chinese(data: bytes) -> bool:
    """Whether a header is the name of a role in GB18030, and as UTF-8, in which it can be read too, has no Chinese."""
    header = data[: data.find(b"\n") + 1 or len(data)]
    if header.isascii() or any(ord(char) > 0x2E80 for char in header.decode()):
        return False
    try:
        cells = "".join(char if char.isalnum() else " " for char in header.decode("gb18030")).split()
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    known = {name for role in (ORDER, STAGE, AT, ACTOR, TEAM, STARTED, PROMISED) for name in role.names}
    return any(cell in known and not cell.isascii() for cell in cells)


def _looks_chinese(data: bytes) -> bool:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    beyond = [char for char in text if ord(char) > 127]
    everyday = sum(1 for char in beyond if char.encode("gb2312", "ignore"))
    # A lone character within a word of Latin letters was two letters with accents: Chinese does not stand so alone.
    within = len(re.findall(r"(?<=[A-Za-z])[^\x00-\x7f](?=[a-z])", text))
    return everyday >= 0.95 * len(beyond) and within < len(beyond)


def separator(content: bytes) -> str:
    """The separator by which the first rows have the same number of fields; a comma when there is none.

    Of several: the one whose fields have no other separator at their ends (programs put a tab behind each field, so
    that Excel takes none for a number), then the one with more fields.
    """
    text = content[:65536].decode("utf-8", "ignore")
    if len(content) > 65536:
        text = text.rpartition("\n")[0] or text
    found = {between: _fields(text, between) for between in SEPARATORS}

    def fitness(between: str) -> tuple[bool, bool, int, int]:
        header, *others = found[between] or [[]]
        alike = sum(len(row) == len(header) for row in others)
        ends = sum(name.strip()[:1] in SEPARATORS or name.strip()[-1:] in SEPARATORS for name in header if name.strip())
        return len(header) > 1, alike >= 0.8 * len(others), -ends, len(header)

    return max(SEPARATORS, key=fitness)


def _fields(text: str, between: str) -> list[list[str]]:
    """The first rows that are not empty, as far as they can be read with this separator."""
    found: list[list[str]] = []
    with suppress(csv.Error):  # a field that is too long
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=between):
            found += [row] if any(row) else []
            if len(found) > LOOKED_AT:
                break
    return found


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
