"""Texts about the formats of order histories: files, frames, databases, XES, OCEL."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # What is to be read, and as what.
    "log.unknown_source": {
        "en": "A {kind} cannot be read as a log. Give a path, a frame (polars, pandas, pyarrow), columns by name, or a database with query=; of a Tracker, tracker.log() is the log.",
        "zh": "无法把 {kind} 读作日志。请给出路径、数据框（polars、pandas、pyarrow）、按列名给出的列，或带 query= 的数据库；Tracker 的日志用 tracker.log()。",
    },
    "log.unknown_format": {
        "en": "There is no format {format!r}; there are: {known}.",
        "zh": "没有格式 {format!r}；可用：{known}。",
    },
    "log.unknown_ending": {
        "en": "The ending does not say which format it is ({endings}; .gz behind it for all but Parquet). Say it with format= (--from, --to): {known}.",
        "zh": "文件扩展名无法说明格式（{endings}；除 Parquet 外可再加 .gz）。请用 format=（--from、--to）指定：{known}。",
    },
    "log.unknown_errors": {
        "en": "errors= is 'raise' or 'skip', not {value!r}.",
        "zh": "errors= 只能是 'raise' 或 'skip'，不能是 {value!r}。",
    },
    "log.not_names": {
        "en": "{parameter}= takes names, as texts; it cannot be {value}.",
        "zh": "{parameter}= 需要文本形式的名称，不能是 {value}。",
    },
    "log.without_meaning": {
        "en": "{names} means nothing for this source ({kind}); leave it out.",
        "zh": "{names} 对此来源（{kind}）没有意义；请去掉。",
    },
    "log.not_in_wide": {
        "en": "{names} means nothing for a table with one row per order, whose columns are the stages; leave it out.",
        "zh": "{names} 对每个订单一行、以列为节点的表没有意义；请去掉。",
    },
    "log.unknown_names": {
        "en": "names= is 'orderflow' or 'pm4py', not {value!r}.",
        "zh": "names= 只能是 'orderflow' 或 'pm4py'，不能是 {value!r}。",
    },
    "log.unreadable_frame": {
        "en": "The {kind} cannot be read as a frame: {detail}.",
        "zh": "无法把 {kind} 读作数据框：{detail}。",
    },
    "log.not_texts": {
        "en": "Column {column!r} is of the kind {kind}, which is not a name; name another column.",
        "zh": "列 {column!r} 的类型为 {kind}，不能作为名称；请指定其他列。",
    },
    "log.blanks_around": {
        "en": "{count} different value(s) of the {role} have blanks around them and are others than without: {values}. Trim them in the source if they should be the same.",
        "zh": "有 {count} 个不同的{role}首尾带空白，与不带空白的视为不同：{values}。若应相同，请在来源中去除空白。",
    },
    "log.numbers_with_commas": {
        "en": "These look like numbers with commas, as decimal or between thousands, and stay texts: {columns}. Export them with a decimal point and nothing between thousands.",
        "zh": "以下列像是用逗号作小数点或千位分隔的数字，仍按文本保留：{columns}。请以小数点、不带千位分隔符的形式导出。",
    },
    "log.not_utf8": {
        "en": "{count} value(s) in column {column!r} are bytes that are not text, first in {unit} {lines}: {values}. Turn them into text in the source (for example hex(id) in the query).",
        "zh": "列 {column!r} 中有 {count} 个值是无法读作文本的字节，最先出现在第 {lines} {unit}：{values}。请在来源中转为文本（例如在查询中用 hex(id)）。",
    },
    "log.kinds_read": {
        "en": "Columns of the {table} whose kind a log does not have are read as another: {changes}.",
        "zh": "{table}中日志没有的类型按其他类型读取：{changes}。",
    },
    # Packed and damaged files.
    "log.broken_gzip": {
        "en": "The gzip file is damaged: {detail}. Copy or download it again.",
        "zh": "gzip 文件已损坏：{detail}。请重新复制或下载。",
    },
    "log.cut_off_gzip": {
        "en": "The gzip file ends too early (after {bytes:,} unpacked bytes): the copy is not complete. Copy or download it again.",
        "zh": "gzip 文件不完整（解压 {bytes:,} 字节后中断）。请重新复制或下载。",
    },
    "log.unpacks_too_large": {
        "en": "The gzip file unpacks to more than {limit:,} MiB, over {times} times its size, as no log does. If it is meant so, unpack it yourself and read the file.",
        "zh": "gzip 文件解压后超过 {limit:,} MiB，是其大小的 {times} 倍以上，不像日志。若确实如此，请自行解压后再读取。",
    },
    "log.nul_byte": {
        "en": "There is a NUL byte here, which no text has: the file is damaged, or it is UTF-16 without a mark (encoding='utf-16-le', --encoding utf-16-le).",
        "zh": "此处有 NUL 字节，文本中不应出现：文件已损坏，或是没有标记的 UTF-16（encoding='utf-16-le'，--encoding utf-16-le）。",
    },
    "log.too_many_columns": {
        "en": "The file has {count:,} columns; up to {most:,} are read. Is it a table with one row per event or order?",
        "zh": "文件有 {count:,} 列，最多读取 {most:,} 列。它是每个事件或每个订单一行的表吗？",
    },
    "log.broken_json_lines": {
        "en": "{count} line(s) cannot be read as a JSON object ({detail}), first line(s) {lines}. JSON lines have one object a line, each key once.",
        "zh": "有 {count} 行无法读作 JSON 对象（{detail}），最先为第 {lines} 行。JSON lines 每行一个对象，每个键只出现一次。",
    },
    "log.broken_json": {
        "en": "The JSON is damaged here: {detail}. If every line is an object of its own, say format='jsonl' (--from jsonl).",
        "zh": "JSON 在此处损坏：{detail}。若每行各为一个对象，请用 format='jsonl'（--from jsonl）。",
    },
    "log.broken_parquet": {
        "en": "This cannot be read as Parquet: {detail}.",
        "zh": "无法按 Parquet 读取：{detail}。",
    },
    "log.no_parquet_in_folder": {
        "en": "There is no .parquet or .pq file in this folder.",
        "zh": "该文件夹中没有 .parquet 或 .pq 文件。",
    },
    "log.columns_of_folders": {
        "en": "Columns that the names of folders give (column=value): {columns}.",
        "zh": "由文件夹名（列=值）得到的列：{columns}。",
    },
    "log.files_passed_over": {
        "en": "{count} Parquet file(s) are passed over, since a name beginning with _ or . marks what a writer left: {names}.",
        "zh": "跳过了 {count} 个 Parquet 文件（以 _ 或 . 开头的名称表示写入程序的残留）：{names}。",
    },
    "log.no_path": {
        "en": "The path is empty; name a file or a folder.",
        "zh": "路径为空；请给出文件或文件夹。",
    },
    "log.is_sqlite": {
        "en": "This is an SQLite database. The one of a Tracker gives its history by of.report(tracker.log()); of another, say "
        "what to read: sqlite:///FILE with query= (--query).",
        "zh": "这是 SQLite 数据库。Tracker 自己的数据库请用 of.report(tracker.log())；其他数据库请用 sqlite:///文件 并以 query=（--query）说明读取什么。",
    },
    # Databases.
    "log.needs_query": {
        "en": "Say what to read from the database with query= (--query), for example 'select * from order_events'.",
        "zh": "请用 query=（--query）说明从数据库读取什么，例如 'select * from order_events'。",
    },
    "log.not_a_database": {
        "en": "Files are not read over {scheme}://. Give a path, or a frame that another library reads from there "
        "(pl.scan_parquet, pl.read_csv).",
        "zh": "不能通过 {scheme}:// 读取文件。请给出路径，或用其他库（pl.scan_parquet、pl.read_csv）读成数据框后再传入。",
    },
    "log.no_driver": {
        "en": "The driver of this database is not installed: pip install {name}.",
        "zh": "未安装该数据库的驱动：pip install {name}。",
    },
    "log.query_failed": {
        "en": "The database refuses the query: {detail}.",
        "zh": "数据库拒绝了该查询：{detail}。",
    },
    "log.query_without_rows": {
        "en": "The query finds no rows: nothing to report on.",
        "zh": "查询没有返回任何行，无可统计。",
    },
    # Rows, columns and stages.
    "log.rows_skipped": {
        "en": "Of the {table}, {count} row(s) are left out, as was asked for:",
        "zh": "按要求跳过了{table}中的 {count} 行：",
    },
    "log.promises_not_known": {
        "en": "{count} promise(s) cannot be read and are taken as not known, as was asked for:",
        "zh": "按要求，有 {count} 个无法识别的承诺时间视为未知：",
    },
    "log.attribute_not_found": {
        "en": "There is no column {column!r} for an attribute. The columns are: {columns}.",
        "zh": "没有列 {column!r} 可作为属性。现有的列：{columns}。",
    },
    "log.attributes_vary": {
        "en": "Differ within an order, the first value counts: {columns}.",
        "zh": "在同一订单内不一致、取第一个值的列：{columns}。",
    },
    "log.guessed_wide": {
        "en": "Read as one row per order, with a column of times for each stage (stages=, --stages): {pairs}.",
        "zh": "按每个订单一行、每个节点一列时间读取（stages=，--stages）：{pairs}。",
    },
    "log.no_stages_named": {
        "en": "stages= names no column; give at least one, as stage -> column.",
        "zh": "stages= 没有指定任何列；请至少给出一个“节点 -> 列”。",
    },
    "log.lifecycle_left_out": {
        "en": "Only events with lifecycle:transition {counted} enter a stage; left out: {left_out} (lifecycle=, --lifecycle).",
        "zh": "只有 lifecycle:transition 为 {counted} 的事件算作进入节点；未计入：{left_out}（lifecycle=，--lifecycle）。",
    },
    "log.unknown_lifecycle": {
        "en": "No event has lifecycle:transition {name!r}; there are: {known}.",
        "zh": "没有 lifecycle:transition 为 {name!r} 的事件；现有：{known}。",
    },
    "log.no_lifecycle": {
        "en": "There is no column 'lifecycle:transition' in which {names} could stand; leave lifecycle= (--lifecycle) out.",
        "zh": "没有可含 {names} 的列 'lifecycle:transition'；请去掉 lifecycle=（--lifecycle）。",
    },
    "log.lifecycle_orders_gone": {
        "en": "{count} order(s) have only events that do not enter a stage: they are not in the log (lifecycle='all', --lifecycle all, takes them in).",
        "zh": "有 {count} 个订单只有不算作进入节点的事件，不在日志中（lifecycle='all'、--lifecycle all 可将其计入）。",
    },
    # XES.
    "log.broken_xml": {
        "en": "The XML is damaged or cut off here: {detail}.",
        "zh": "XML 在此处损坏或中断：{detail}。",
    },
    "log.xml_encoding": {
        "en": "The encoding that the XML declares cannot be used ({detail}); say it with encoding= (--encoding).",
        "zh": "XML 声明的编码无法使用（{detail}）；请用 encoding=（--encoding）指定。",
    },
    "log.xml_entity": {
        "en": "The XML declares an entity, {name!r}. A log needs none, and they can harm; remove the declaration.",
        "zh": "XML 声明了实体 {name!r}。日志不需要实体，且可能有害；请删除该声明。",
    },
    "log.xml_doctype": {
        "en": "The XML names a document type in another file, {name!r}, which is not read: its entities would vanish. "
        "Remove the DOCTYPE.",
        "zh": "XML 引用了另一文件中的文档类型 {name!r}，该文件不会被读取，其中的实体会丢失。请删除 DOCTYPE。",
    },
    "log.keys_twice": {
        "en": "Attributes that an event or a trace has more than once, the last value counts (how often): {counts}.",
        "zh": "同一事件或轨迹中重复出现的属性，取最后一个值（次数）：{counts}。",
    },
    "log.not_xes": {
        "en": "This is not XES: the first element is {root!r}, not 'log'.",
        "zh": "这不是 XES：第一个元素是 {root!r}，而不是 'log'。",
    },
    "log.parts_not_kept": {
        "en": "{count} attribute(s) within attributes, lists or containers are not kept.",
        "zh": "有 {count} 个嵌套在属性、列表或容器中的属性未保留。",
    },
    "log.defaults_not_used": {
        "en": "The file declares defaults for attributes that events lack; they stay missing: {lacking}.",
        "zh": "文件为部分事件缺少的属性声明了默认值，但仍视为缺失：{lacking}。",
    },
    # OCEL.
    "log.not_ocel": {
        "en": "This JSON is not OCEL 2.0: it needs 'events' and 'objects'. If every line is an object of its own, say format='jsonl' (--from jsonl).",
        "zh": "该 JSON 不是 OCEL 2.0：需要 'events' 和 'objects'。若每行各为一个对象，请用 format='jsonl'（--from jsonl）。",
    },
    "log.ocel_one": {
        "en": "This is OCEL 1.0; convert it to OCEL 2.0 first (pm4py does).",
        "zh": "这是 OCEL 1.0；请先转换为 OCEL 2.0（pm4py 可以）。",
    },
    "log.broken_ocel": {
        "en": "This is not built as OCEL 2.0 says: {detail}.",
        "zh": "结构不符合 OCEL 2.0：{detail}。",
    },
    "log.needs_object_type": {
        "en": "Whose histories? Choose a type of object with object_type= (--object-type); there are, with how many objects: {types}.",
        "zh": "取哪类对象的历史？请用 object_type=（--object-type）选择；现有类型及对象数：{types}。",
    },
    "log.unknown_object_type": {
        "en": "There is no type of object {name!r}; there are, with how many objects: {types}.",
        "zh": "没有对象类型 {name!r}；现有类型及对象数：{types}。",
    },
    "log.guessed_object_type": {
        "en": "The only type of object is {object_type!r}: its histories are read.",
        "zh": "唯一的对象类型是 {object_type!r}，读取其历史。",
    },
    "log.ocel_elsewhere": {
        "en": "{count} event(s) belong to no {object_type!r}: not counted.",
        "zh": "有 {count} 个事件不属于任何 {object_type!r}，不计入。",
    },
    "log.ocel_several": {
        "en": "{count} event(s) belong to several {object_type!r}: each counts once for each of them.",
        "zh": "有 {count} 个事件属于多个 {object_type!r}，对其中每一个各计一次。",
    },
    "log.ocel_strangers": {
        "en": "{count} event(s) name objects that the file does not have.",
        "zh": "有 {count} 个事件引用了文件中不存在的对象。",
    },
    "log.ocel_last_values": {
        "en": "Attributes that change over time, the last value counts: {columns}.",
        "zh": "随时间变化、取最后一个值的属性：{columns}。",
    },
    # Writing.
    "log.names_collide": {
        "en": "The attribute {name!r} cannot be written: its column {column!r} would be taken for something else. Rename it.",
        "zh": "属性 {name!r} 无法写出：其列 {column!r} 会被误认为其他内容。请改名。",
    },
    "log.cannot_hold": {
        "en": "{format} cannot hold the character {character} in {text!r}. Remove it, or write another format.",
        "zh": "{format} 无法保存 {text!r} 中的字符 {character}。请删除该字符，或改用其他格式。",
    },
    "log.not_written": {
        "en": "Not written, this format has no place for it: {parts}. log.save(folder) keeps everything.",
        "zh": "该格式无处存放、未写出的内容：{parts}。log.save(文件夹) 可保存全部内容。",
    },
    "log.empty_not_written": {
        "en": "Not written, since no order has a value and XES cannot hold an attribute without values: {names}.",
        "zh": "以下属性没有任何订单有值，XES 无法保存没有值的属性，因此未写出：{names}。",
    },
    "log.no_cases_beside": {
        "en": "cases= (--cases-out) writes a table of orders beside a table of events ({known}); {format} holds the orders "
        "with their attributes itself. Leave it out.",
        "zh": "cases=（--cases-out）在事件表（{known}）之外另写一张订单表；{format} 本身已包含订单及其属性，请去掉该选项。",
    },
    "log.cases_over_log": {
        "en": "The table of orders (cases=, --cases-out) would be written over the log itself; give it a file of its own.",
        "zh": "订单表（cases=，--cases-out）会覆盖日志文件本身；请为它指定另一个文件。",
    },
    "log.pm4py_takes_for_old": {
        "en": "pm4py.read_ocel takes a file named {ending} for OCEL 1.0 and cannot read it; pm4py.read_ocel2 can.",
        "zh": "pm4py.read_ocel 会把 {ending} 文件当作 OCEL 1.0，无法读取；请用 pm4py.read_ocel2。",
    },
    "log.about_used": {
        "en": "The file says about the log: {pairs}.",
        "zh": "文件对日志的说明：{pairs}。",
    },
    "log.about_not_understood": {
        "en": "What the file says about the log under 'orderflow' cannot be understood and is not used: {said}.",
        "zh": "文件中 'orderflow' 处对日志的说明无法理解，未予采用：{said}。",
    },
    "log.about_differs": {
        "en": "The Parquet files say different things about the log; none of it is used (tz=, done_stages=, cancelled_stages=; --tz, --done, --cancelled).",
        "zh": "各 Parquet 文件对日志的说明不一致，均未采用（tz=、done_stages=、cancelled_stages=；--tz、--done、--cancelled）。",
    },
    "log.orders_not_written": {
        "en": "{count} order(s) without an event are not written (cases= writes a table of orders beside).",
        "zh": "有 {count} 个没有事件的订单未写出（cases= 可另写一张订单表）。",
    },
    "log.zone_not_written": {
        "en": "Times are written in UTC; read them with tz={tz!r} (--tz {tz}) for the same days.",
        "zh": "时间按 UTC 写出；读取时请用 tz={tz!r}（--tz {tz}），以得到相同的日期。",
    },
    "log.kinds_change": {
        "en": "This format has no such kinds of values; they will be read as: {changes}.",
        "zh": "该格式没有这些值类型，读取时将成为：{changes}。",
    },
    # Joining.
    "log.unknown_join": {
        "en": "{where} has no {name!r} to join on; it has: {known}.",
        "zh": "{where}中没有可用于连接的 {name!r}；现有：{known}。",
    },
    "log.unknown_join_on": {
        "en": "on= is 'order', an attribute, several in a list, or a mapping of attribute to column; it cannot be {value}.",
        "zh": "on= 可以是 'order'、一个属性、属性列表，或“属性 -> 列”的映射；不能是 {value}。",
    },
    "log.join_rows_unused": {
        "en": "{count} row(s) of the joined table belong to no order: not used.",
        "zh": "所连接的表中有 {count} 行不属于任何订单，未使用。",
    },
    "log.join_rows_without_key": {
        "en": "{count} row(s) of the joined table have nothing to join on: not used.",
        "zh": "所连接的表中有 {count} 行的连接键为空，未使用。",
    },
    "log.join_twice": {
        "en": "The table has {count} key(s) more than once, first {keys}. One row per key is needed.",
        "zh": "表中有 {count} 个键出现多次，最先为 {keys}。每个键只能有一行。",
    },
    "log.join_clash": {
        "en": "Orders have an attribute {name!r} already; rename that of the table, or leave it out.",
        "zh": "订单已有属性 {name!r}；请将表中的列改名或去掉。",
    },
    "log.join_unmatched": {
        "en": "{count} order(s) have no row in the joined table.",
        "zh": "有 {count} 个订单在所连接的表中没有对应行。",
    },
}
