"""Texts about order histories that are read."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # Files that cannot be read.
    "log.cannot_open": {
        "en": "The file cannot be opened: {detail}.",
        "zh": "无法打开文件：{detail}。",
    },
    "log.not_csv": {
        "en": "This is {kind}, not a CSV file. Export it as CSV (UTF-8) first.",
        "zh": "这是 {kind}，不是 CSV 文件。请先导出为 CSV（UTF-8）。",
    },
    "log.broken_csv": {
        "en": "The CSV file is damaged here: {detail}. Check the quotes and separators of this line.",
        "zh": "CSV 文件在此处损坏：{detail}。请检查这一行的引号和分隔符。",
    },
    "log.long_rows": {
        "en": "{count} row(s) have more fields than the header's {width}, first in {unit} {lines}. "
        "A field that contains the separator needs quotes.",
        "zh": "有 {count} 行的字段多于表头的 {width} 个，最先出现在第 {lines} {unit}。字段中若含分隔符，须加引号。",
    },
    "log.unknown_encoding": {
        "en": "There is no encoding {encoding!r}. Use for example encoding='utf-8' or 'gb18030' (--encoding gb18030).",
        "zh": "没有名为 {encoding!r} 的编码。可用 encoding='utf-8' 或 'gb18030'（--encoding gb18030）。",
    },
    "log.wrong_encoding": {
        "en": "The file is not {encoding}: byte 0x{byte} does not fit. Say which encoding it has: "
        "encoding='gb18030' for Chinese Windows, 'cp1252' for Western (--encoding gb18030).",
        "zh": "文件不是 {encoding} 编码：字节 0x{byte} 不符合。请指明编码：中文 Windows 用 encoding='gb18030'，"
        "西欧用 'cp1252'（--encoding gb18030）。",
    },
    "log.no_rows": {
        "en": "There are no rows: nothing to report on.",
        "zh": "没有数据行，无可统计。",
    },
    "log.no_rows_left": {
        "en": "No row is left: all are wrong, and were to be skipped.",
        "zh": "没有剩下任何行：所有行都有误，并已按要求跳过。",
    },
    # Columns.
    "log.column_not_found": {
        "en": "There is no column {column!r} for the {role}. The columns are: {columns}.",
        "zh": "没有列 {column!r}（用作{role}）。现有的列：{columns}。",
    },
    "log.column_not_guessed": {
        "en": "No column looks like the {role}; name it with {parameter}= ({option}). The columns are: {columns}.",
        "zh": "找不到像“{role}”的列；请用 {parameter}=（{option}）指定。现有的列：{columns}。",
    },
    "log.column_twice": {
        "en": "There are several columns named {column!r}; rename all but one.",
        "zh": "有多个名为 {column!r} 的列；请只保留一个，其余改名。",
    },
    "log.cases_without_order_id": {
        "en": "No column looks like the order id; it must be named as in the events ({expected!r}) or in a usual way. "
        "The columns are: {columns}.",
        "zh": "找不到订单号列；列名须与事件文件中的相同（{expected!r}）或为常用名称。现有的列：{columns}。",
    },
    "log.promise_needs_cases": {
        "en": "The events have no such column with promises; they may be in a table of orders: give cases= too (--cases).",
        "zh": "事件文件中没有该承诺时间列；它可能在订单文件中：请用 cases=（--cases）指定。",
    },
    # Values.
    "log.missing_in_rows": {
        "en": "{count} row(s) have no {role} (column {column!r}), first in {unit} {lines}.",
        "zh": "有 {count} 行缺少{role}（列 {column!r}），最先出现在第 {lines} {unit}。",
    },
    "log.times_unreadable": {
        "en": "{count} time(s) in column {column!r} cannot be read, first in {unit} {lines}: {values}. "
        "Times look like 2026-01-05T08:03:00, with or without an offset; for another form give "
        "time_format= (--time-format), for example '%d/%m/%Y %H:%M'.",
        "zh": "列 {column!r} 中有 {count} 个时间无法识别，最先出现在第 {lines} {unit}：{values}。"
        "时间应形如 2026-01-05T08:03:00，可带或不带时区偏移；其他格式请用 time_format=（--time-format）指定，"
        "例如 '%d/%m/%Y %H:%M'。",
    },
    "log.times_are_numbers": {
        "en": "{count} time(s) in column {column!r} are numbers, first in {unit} {lines}: {values}. {likely}",
        "zh": "列 {column!r} 中有 {count} 个时间是数字，最先出现在第 {lines} {unit}：{values}。{likely}",
    },
    "log.times_ambiguous": {
        "en": "{count} time(s) in column {column!r} may mean day/month or month/day, first in {unit} {lines}: "
        "{values}. Say which with time_format= (--time-format), for example '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'; "
        "%y is a year of two digits.",
        "zh": "列 {column!r} 中有 {count} 个时间分不清日/月还是月/日，最先出现在第 {lines} {unit}：{values}。"
        "请用 time_format=（--time-format）指明，例如 '%d/%m/%Y %H:%M' 或 '%m/%d/%Y %H:%M'；两位数的年份写作 %y。",
    },
    "log.times_do_not_fit": {
        "en": "{count} time(s) in column {column!r} do not fit the time format {form!r}, first in {unit} {lines}: "
        "{values}.",
        "zh": "列 {column!r} 中有 {count} 个时间不符合格式 {form!r}，最先出现在第 {lines} {unit}：{values}。",
    },
    "log.unknown_time_format": {
        "en": "The time format {form!r} cannot be used; write day, month and year as for strptime, for example "
        "'%d/%m/%Y %H:%M', a fraction of a second as '.%f' (names of zones, %Z, cannot be read).",
        "zh": "时间格式 {form!r} 不可用；请按 strptime 写明年、月、日，例如 '%d/%m/%Y %H:%M'，秒的小数部分写作 '.%f'（不支持时区名称 %Z）。",
    },
    "log.orders_repeated": {
        "en": "{repeated} order(s) have more than one row, first {orders} in {unit} {lines}. "
        "One row per order is needed.",
        "zh": "有 {repeated} 个订单出现多行，最先为第 {lines} {unit}的 {orders}。每个订单只能有一行。",
    },
    "log.unknown_zone": {
        "en": "There is no time zone {tz!r}; use a name such as 'UTC' or 'Asia/Shanghai'.",
        "zh": "没有名为 {tz!r} 的时区；请使用 'UTC'、'Asia/Shanghai' 这样的名称。",
    },
    # Logs made from columns, and what is asked of a log.
    "log.naive_time": {
        "en": "The time {value} has no offset; give an aware datetime (with tzinfo).",
        "zh": "时间 {value} 没有时区；请使用带 tzinfo 的 datetime。",
    },
    "log.not_an_instant": {
        "en": "{value!r} ({kind}) is not a time; give an aware datetime, or microseconds since 1970 in UTC as an integer.",
        "zh": "{value!r}（{kind}）不是时间；请给出带 tzinfo 的 datetime，或自 1970 年起的 UTC 微秒整数。",
    },
    "log.missing_column": {
        "en": "Table {table!r} needs a column {column!r}; it has: {columns}.",
        "zh": "表 {table!r} 需要列 {column!r}；现有：{columns}。",
    },
    "log.unequal_columns": {
        "en": "The columns of table {table!r} differ in length: {lengths}.",
        "zh": "表 {table!r} 的各列长度不同：{lengths}。",
    },
    "log.missing_values": {
        "en": "Table {table!r} has {count} row(s) without {column!r}, first row(s) {rows}.",
        "zh": "表 {table!r} 有 {count} 行缺少 {column!r}，最先为第 {rows} 行。",
    },
    "log.order_twice": {
        "en": "Order {order!r} is given twice in the table 'orders'.",
        "zh": "订单 {order!r} 在表 'orders' 中出现了两次。",
    },
    "log.reserved_attribute": {
        "en": "An attribute of orders cannot be named {name!r}: the log uses that name itself.",
        "zh": "订单属性不能命名为 {name!r}：该名称由日志自身使用。",
    },
    "log.unknown_attribute": {
        "en": "Orders have no attribute {name!r}; they have: {known}. A column of the events that is about the whole "
        "order becomes one by attributes=[...] (--attribute).",
        "zh": "订单没有属性 {name!r}；现有：{known}。事件表中描述整张订单的列，可用 attributes=[...]（--attribute）作为属性读入。",
    },
    "log.other_kind": {
        "en": "The attribute {name!r} holds values of the type {kind}, and {value} cannot be compared with these.",
        "zh": "属性 {name!r} 的值是 {kind} 类型，无法与 {value} 比较。",
    },
    "log.not_of_orders": {
        "en": "{name!r} is a column of the events: one order has several, so this figure has no groups by it. "
        "The attributes of the orders are: {known}.",
        "zh": "{name!r} 是事件的列：一个订单会有多个值，因此这项指标不能按它分组。订单的属性有：{known}。",
    },
    "log.no_teams": {
        "en": "The log has no teams. When reading it, name the column with the team or department: team= (--team).",
        "zh": "日志中没有部门信息。读取时请用 team=（--team）指明部门所在的列。",
    },
    "log.cannot_save": {
        "en": "The log cannot be saved in this folder: {detail}.",
        "zh": "无法将日志保存到此文件夹：{detail}。",
    },
    "log.not_saved": {
        "en": "There is no saved log in this folder (log.json is missing, or the saving was not finished). "
        "log.save(folder) writes one; read_log reads files of other forms.",
        "zh": "此文件夹中没有已保存的日志（缺少 log.json，或保存未完成）。用 log.save(folder) 保存；其他格式的文件请用 read_log 读取。",
    },
    "log.saved_by_newer": {
        "en": "The log was saved in version {version} of the form; this orderflow knows {known}. Upgrade orderflow, "
        "or save the log again from its source.",
        "zh": "该日志以第 {version} 版格式保存，当前 orderflow 只支持到第 {known} 版。请升级 orderflow，或从数据源重新保存。",
    },
    "log.saved_damaged": {
        "en": "The saved log is damaged: this file is missing or is not as it was saved ({detail}). Save the log again.",
        "zh": "已保存的日志损坏：此文件缺失，或与保存时不一致（{detail}）。请重新保存日志。",
    },
    "log.unreadable_moment": {
        "en": "{value!r} is not a date or time; write 2026-01-31 or 2026-01-31T08:00:00+08:00.",
        "zh": "{value!r} 不是日期或时间；请写成 2026-01-31 或 2026-01-31T08:00:00+08:00。",
    },
    "log.unknown_stage": {
        "en": "No event is in stage {stage!r}; the stages are: {known}.",
        "zh": "没有处于节点 {stage!r} 的事件；现有节点：{known}。",
    },
    "log.no_promises": {
        "en": "The log has no promises; name their column with promised= (--promised).",
        "zh": "日志中没有承诺时间；请用 promised=（--promised）指定其列。",
    },
    "log.no_delivered_stage": {
        "en": "Nothing says which stage is a delivery; name it with delivered_stage= (--delivered-stage).",
        "zh": "未说明哪个节点表示交付；请用 delivered_stage=（--delivered-stage）指定。",
    },
    # Guesses and assumptions.
    "log.guessed_columns": {
        "en": "Columns of the {table}, guessed: {pairs}.",
        "zh": "{table}的列（猜测）：{pairs}。",
    },
    "log.no_actor_column": {
        "en": "No column looks like the actor; nobody is known (name it with actor=, --actor).",
        "zh": "找不到操作人列，因此操作人未知（用 actor=、--actor 指定）。",
    },
    "log.starts_paired": {
        "en": "Starts of activities are paired with their completions: {count} of {starts}.",
        "zh": "活动的开始与完成已配对：共 {starts} 个开始，其中 {count} 个已配对。",
    },
    "log.starts_after_end": {
        "en": "{count} event(s) began, by {column!r}, after they ended: their start is treated as unknown.",
        "zh": "按 {column!r} 列，{count} 个事件的开始晚于结束：视为开始时间未知。",
    },
    "log.unused_columns": {
        "en": "Not used of the {table}: {columns}.",
        "zh": "{table}中未使用的列：{columns}。",
    },
    "log.guessed_encoding": {
        "en": "The {table} are read as {encoding}.",
        "zh": "{table}按 {encoding} 编码读取。",
    },
    "log.guessed_separator": {
        "en": "The fields of the {table} are separated by {separator!r}.",
        "zh": "{table}的字段分隔符为 {separator!r}。",
    },
    "log.assumed_zone": {
        "en": "Times without an offset are in UTC (say otherwise with tz=, --tz).",
        "zh": "不带时区偏移的时间按 UTC 理解（可用 tz=、--tz 指定）。",
    },
    "log.times_in_gap": {
        "en": "{count} time(s) in column {column!r} do not exist in {tz} (change to summer time): "
        "moved forward by the gap.",
        "zh": "列 {column!r} 中有 {count} 个时间在 {tz} 不存在（夏令时开始），已向后顺延。",
    },
    "log.times_repeated": {
        "en": "{count} time(s) in column {column!r} happen twice in {tz} (end of summer time): read as the first.",
        "zh": "列 {column!r} 中有 {count} 个时间在 {tz} 出现两次（夏令时结束），取第一次。",
    },
    "log.dates_only": {
        "en": "{count} time(s) in column {column!r} are dates alone: read as the start of their day in {tz}.",
        "zh": "列 {column!r} 中有 {count} 个只有日期的时间，按 {tz} 当日开始理解。",
    },
    "log.promises_are_days": {
        "en": "{count} promise(s) are dates alone: each ends with its day in {tz}.",
        "zh": "有 {count} 个承诺只有日期，按 {tz} 当日结束理解。",
    },
    "log.promises_at_midnight": {
        "en": "All {count} promises are at midnight and are compared as instants; if days are meant, read by_day_rate.",
        "zh": "全部 {count} 个承诺都在零点，按时刻比较；若实为日期，请看 by_day_rate。",
    },
    "log.orders_without_events": {
        "en": "{count} order(s) have no event: not counted.",
        "zh": "有 {count} 个订单没有事件，不计入统计。",
    },
    "log.orders_without_case": {
        "en": "{count} order(s) with events have no row in the cases: counted, without attributes.",
        "zh": "有 {count} 个有事件的订单不在订单文件中，计入统计但没有属性。",
    },
    "log.promises_unused": {
        "en": "There are promises, but nothing says which stage is a delivery (delivered_stage=, --delivered-stage): "
        "on time is left out.",
        "zh": "有承诺时间，但未说明哪个节点表示交付（delivered_stage=、--delivered-stage），因此不统计准时率。",
    },
}
