"""Texts about histories that are never whole in memory: running totals, shards, engines, sketches."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "log.unknown_figure": {
        "en": "There is no calculator {name!r}. A report has: {known}.",
        "zh": "没有名为 {name!r} 的指标。报告中有：{known}。",
    },
    "log.not_packed": {
        "en": "These bytes were not written by this version of orderflow, or are damaged: {detail}. Make them again.",
        "zh": "这些字节不是由本版本 orderflow 写出的，或已损坏：{detail}。请重新生成。",
    },
    "log.other_zone": {
        "en": "This log counts days in {tz}, the others in {expected}: make all with the same tz=.",
        "zh": "此日志按 {tz} 计日，而其他日志按 {expected}：请统一使用同一个 tz=。",
    },
    "log.batch_key_reused": {
        "en": "The key {key!r} was used for another batch: give each batch its own key.",
        "zh": "键 {key!r} 已用于另一批数据：每批数据须用各自的键。",
    },
    "log.nothing_saved": {
        "en": "Nothing was saved here: there is no entry {name!r}. Begin with Running() and save it.",
        "zh": "此处没有保存过状态：找不到条目 {name!r}。请先用 Running() 建立并保存。",
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
