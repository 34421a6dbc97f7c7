"""Texts about histories that are never whole in memory: running totals, shards, engines, sketches."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "log.unknown_figure": {
        "en": "There is no calculator {name!r}. A report has: {known}.",
        "zh": "没有名为 {name!r} 的指标。报告中有：{known}。",
    },
    "log.not_packed": {
        "en": "These bytes were not written by this version of orderflow, or are damaged: {detail}. Write them again.",
        "zh": "这些字节不是由本版本 orderflow 写出的，或已损坏：{detail}。请重新生成。",
    },
    "log.bad_shards": {
        "en": "The number of shards must be a whole number, 1 or more; got {value}.",
        "zh": "{value} 不是分片数：请给出不小于 1 的整数。",
    },
    "log.not_in_shards": {
        "en": "A source of kind {kind} is not read in shards: give a Parquet file or folder, a CSV file, or a LazyFrame.",
        "zh": "类型为 {kind} 的来源不能分片读取：请给出 Parquet 文件或文件夹、CSV 文件，或 LazyFrame。",
    },
    "log.wide_in_parts": {
        "en": "If it has one row per order, name the columns with the times of its stages: stages= (--stages). In shards and "
        "on an engine that is not guessed.",
        "zh": "若每个订单一行，请用 stages=（--stages）指明各节点的时间列；分片或在计算引擎上读取时不会自动猜测。",
    },
    "log.partitions_without_engine": {
        "en": "partitions= is for an engine; give engine=, or shards= for a file on one machine.",
        "zh": "partitions= 只用于计算引擎；请给出 engine=，或在单机上用 shards= 读取文件。",
    },
    "log.engine_and_shards": {
        "en": "An engine deals orders out to partitions=; leave out shards=, or leave out engine=.",
        "zh": "计算引擎按 partitions= 分配订单；请去掉 shards=，或去掉 engine=。",
    },
    "log.not_in_parts": {
        "en": "A source that is read in parts (shards=, engine=) does not take: {names}. It is a Parquet or CSV file, or a table "
        "of the engine.",
        "zh": "分部分读取（shards=、engine=）时不支持：{names}。来源应为 Parquet 或 CSV 文件，或引擎中的表。",
    },
    "log.unknown_quantiles": {
        "en": "quantiles={value!r} is neither 'exact' nor 'sketch'.",
        "zh": "quantiles={value!r} 既不是 'exact' 也不是 'sketch'。",
    },
    "log.mixed_column": {
        "en": "The column {column!r} of the {table} has values of several kinds ({kinds}); make them of one kind.",
        "zh": "{table} 表的列 {column!r} 中混有多种类型的值（{kinds}）；请统一为一种类型。",
    },
    "log.bad_number": {
        "en": "{name}= must be a whole number, {least} or more; got {value}.",
        "zh": "{name}= 应为不小于 {least} 的整数，而不是 {value}。",
    },
    "log.bad_partitions": {
        "en": "The number of partitions must be a whole number, 1 or more; got {value}.",
        "zh": "{value} 不是分区数：请给出不小于 1 的整数。",
    },
    "log.no_engine": {
        "en": "engine= must be a SparkSession, and a {kind} is none: SparkSession.builder.getOrCreate() gives one.",
        "zh": "engine= 应为 SparkSession，而不是 {kind}；可用 SparkSession.builder.getOrCreate() 得到。",
    },
    "log.engine_failed": {
        "en": "The engine could not do this: {detail}",
        "zh": "计算引擎未能完成：{detail}",
    },
    "log.about_not_read": {
        "en": "What the files say of the log itself (its zone, where orders end) was not read, as they are not on this "
        "machine; give tz= (--tz), done_stages= (--done) and cancelled_stages= (--cancelled).",
        "zh": "文件不在本机，未读取其中关于日志本身的说明（时区、终结节点）；请用 tz=（--tz）、done_stages=（--done）、cancelled_stages=（--cancelled）指定。",
    },
    "log.no_cases_on_engine": {
        "en": "On an engine cases= is not read: join that table to the events there, and name its columns with "
        "attributes= and promised=.",
        "zh": "在计算引擎上不读取 cases=：请先在引擎中把订单表与事件连接，再用 attributes= 和 promised= 指定其列。",
    },
    "log.not_on_engine": {
        "en": "Give a Spark DataFrame or the path of Parquet files; a {kind} cannot be read on the engine.",
        "zh": "该引擎只读取 Spark DataFrame 或 Parquet 路径，而不是 {kind}。",
    },
    "log.quantiles_sketched": {
        "en": "Medians and percentiles come from {sketch} sketches (k = {k}): the rank of each is off by at most {error} "
        "of all durations of its group, with 99 % confidence. All other figures are exact.",
        "zh": "中位数和百分位数来自 {sketch} 概要（sketch）（k = {k}）：其秩误差以 99% 的置信度不超过该组全部时长的 {error}。其余数字均精确。",
    },
    "log.other_zone": {
        "en": "This log counts days in {tz}, the others in {expected}; use one tz= (--tz) for all of them.",
        "zh": "此日志按 {tz} 计日，而其他日志按 {expected}：请统一使用同一个 tz=（--tz）。",
    },
    "log.batch_key_reused": {
        "en": "The key {key!r} was used for another batch: give each batch its own key.",
        "zh": "键 {key!r} 已用于另一批数据：每批数据须用各自的键。",
    },
    "log.nothing_saved": {
        "en": "Nothing was saved here: there is no entry {name!r}. Begin with Running() and save it.",
        "zh": "此处没有保存过状态：找不到条目 {name!r}。请先用 Running() 建立并保存。",
    },
    "log.no_folder": {
        "en": "{path} is a file, not a folder: name a folder, or a path where one can be made.",
        "zh": "{path} 是文件而不是文件夹：请指定一个文件夹，或可以新建文件夹的路径。",
    },
    "log.saved_elsewhere": {
        "en": "Another process has saved in {shelf} since this state was loaded, and this one does not have its events. "
        "Load again (Running.load) and add your batches since then: under their keys none counts twice.",
        "zh": "自本状态载入以来，另一个进程已在 {shelf} 中保存，而本状态没有它的事件。"
        "请重新载入（Running.load），再加入此后的各批数据：带键的批次不会重复计数。",
    },
    "log.loaded_before": {
        "en": "Another process has saved in {shelf} since this state was loaded, and {name} is not there any more. "
        "Load again (Running.load).",
        "zh": "自本状态载入以来，另一个进程已在 {shelf} 中保存，{name} 已不在其中。请重新载入（Running.load）。",
    },
    "log.entry_missing": {
        "en": "{name} is missing in {shelf}, and with it events that were saved. "
        "Put it back from a copy (save(place) makes one), or begin anew in another place.",
        "zh": "{shelf} 中缺少 {name}，其中保存的事件也随之缺失。请从副本恢复（save(place) 可制作副本），或在别处重新开始。",
    },
    "log.entry_damaged": {
        "en": "{name} in {shelf} is damaged, or was written by another version of orderflow: {detail}. "
        "Put it back from a copy (save(place) makes one), or begin anew in another place.",
        "zh": "{shelf} 中的 {name} 已损坏，或由其他版本的 orderflow 写成：{detail}。"
        "请从副本恢复（save(place) 可制作副本），或在别处重新开始。",
    },
    "log.not_a_batch": {
        "en": "A {kind} is no batch of events: give an EventLog, a frame, or columns by name (order, stage, at). "
        "A file is read with of.read_log(path).",
        "zh": "{kind} 不是一批事件：请给出 EventLog、数据框，或按名称给出各列（order、stage、at）。文件请用 of.read_log(path) 读取。",
    },
    "log.cannot_mix": {
        "en": "The values of {column!r} are of the kind {kind}, those before of the kind {known}: no column holds both. "
        "Make them of one kind, such as texts, or leave the column out.",
        "zh": "{column!r} 的值是 {kind} 类型，而此前的是 {known} 类型，无法放在同一列中。请统一类型（例如文本），或去掉该列。",
    },
    "log.cannot_keep": {
        "en": "The values of {column!r} are of the kind {kind}, which cannot be kept: make texts or numbers of them, "
        "or leave the column out.",
        "zh": "{column!r} 的值是 {kind} 类型，无法保存：请改成文本或数字，或去掉该列。",
    },
    "log.cannot_widen": {
        "en": "Some values do not fit into the columns of what came before ({detail}): make them of the same kind, or "
        "leave the column out.",
        "zh": "有些值放不进此前数据的列（{detail}）：请改成相同的类型，或去掉该列。",
    },
    "log.wall_not_summed": {
        "en": "This report was summed up in open time; for plain time ask for a second one, without calendar=.",
        "zh": "此报告按工作时间汇总；如需自然时间，请另行生成一份不带 calendar= 的报告。",
    },
    "log.too_many_durations": {
        "en": "{figure} has {count} durations in one group; quantiles are exact up to {limit}. "
        "Ask for approximate ones by name: quantiles='sketch'.",
        "zh": "{figure} 的一个分组中有 {count} 个时长；分位数的精确上限是 {limit} 个。如可接受近似值，请指明 quantiles='sketch'。",
    },
}
