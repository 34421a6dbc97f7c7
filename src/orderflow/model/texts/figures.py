"""Texts about what a figure needs and a log does not have."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "log.no_table": {
        "en": "The log has no table {table!r} (columns {columns}); it has: {known}. "
        "Hand it over with log.with_tables({table}=...).",
        "zh": "日志中没有表 {table!r}（列 {columns}）；现有：{known}。请用 log.with_tables({table}=...) 提供。",
    },
    "log.nobody_named": {
        "en": "The table has no rows by person that are counted (columns: {columns}). Ask the metric with by='actor', or for "
        "teams with by='team'.",
        "zh": "该表没有按人员统计的行（列：{columns}）。请用 by='actor' 计算指标；要按团队统计请用 by='team'。",
    },
    "log.unknown_part": {
        "en": "The report has no part {part!r}. {why}It has: {known}.",
        "zh": "报告中没有 {part!r} 部分。{why}现有：{known}。",
    },
    "log.marks_not_made": {
        "en": "The {events} events were not held against the time promises of the flow, which takes a while: --mark does it.",
        "zh": "未用流程的时效规则核对这 {events} 个事件（耗时较长）；需要时请加 --mark。",
    },
    "log.marks_not_in_shards": {
        "en": "In shards orders are not held against the time promises of the flow; leave out --shards for figures about them.",
        "zh": "分片时不会用流程的时效规则核对订单；如需相关指标，请去掉 --shards。",
    },
    "log.ends_known_once": {
        "en": "Only one of the two logs says which stages finish an order; name them with done_stages= (--done).",
        "zh": "两份日志中只有一份说明订单在哪些节点算完成；请用 done_stages=（--done）指定。",
    },
    "log.no_starts": {
        "en": "Nothing says when work was begun: the events have no 'started_at'. When reading, name its column: started_at= "
        "(--started-at).",
        "zh": "无法得知何时开始处理：事件没有 'started_at'。读取时请用 started_at=（--started-at）指定其列。",
    },
    "log.no_flow": {
        "en": "Nothing says which steps are allowed; give allowed=of.allowed_steps(flow) (--flow).",
        "zh": "没有说明允许哪些流转；请给出 allowed=of.allowed_steps(flow)（--flow）。",
    },
    "log.part_not_summed": {
        "en": "{part} was not summed up with the rest. Ask for it beforehand: further=['{part}'], or further='all'.",
        "zh": "{part} 没有随其余部分一并汇总。请事先指定：further=['{part}'] 或 further='all'。",
    },
    "log.groups_not_summed": {
        "en": "Lead times by {by} were not summed up with the rest. Ask for them beforehand: by={by}.",
        "zh": "没有按 {by} 汇总订单周期。请事先指定：by={by}。",
    },
    "log.not_in_flow": {
        "en": "The flow does not know these of the log: {names}. It has the stages: {known}. Rename them, or pass over their "
        "events with errors='skip'.",
        "zh": "流程中没有日志里的这些节点：{names}。流程的节点：{known}。请改名，或用 errors='skip' 跳过这些事件。",
    },
    "log.not_marked": {
        "en": "Passed over for marks, since the flow does not know them (events): {names}.",
        "zh": "流程中没有以下节点，生成时效标记时已跳过（事件数）：{names}。",
    },
    "log.unfit_values": {
        "en": "Unknown in conditions, since the values do not have the declared type (orders): {names}.",
        "zh": "以下字段的值不符合声明的类型，在条件中视为未知（订单数）：{names}。",
    },
    "log.unknown_choice": {
        "en": "{name} must be one of: {known}; got {value!r}.",
        "zh": "{name}={value!r} 不可用；可选：{known}。",
    },
    "log.no_done_stages": {
        "en": "The log does not say which stages finish an order; name them with done_stages= (--done).",
        "zh": "未说明订单在哪些节点算完成；请用 done_stages=（--done）指定。",
    },
    "log.no_cancelled_stages": {
        "en": "The log does not say which stages cancel an order; name them with cancelled_stages= (--cancelled).",
        "zh": "未说明订单在哪些节点算取消；请用 cancelled_stages=（--cancelled）指定。",
    },
    "log.no_waiting_stages": {
        "en": "Nothing says when work was done: events have no 'started_at'. Name the stages in which orders only wait "
        "with waiting_stages=.",
        "zh": "无法得知何时真正在处理：事件没有 'started_at'。请用 waiting_stages= 指定只是等待的节点。",
    },
    "log.score_out_of_range": {
        "en": "{count} score(s) of kind {kind!r} are not from {low} to {high}, first: {values}.",
        "zh": "有 {count} 个 {kind!r} 评分不在 {low} 到 {high} 之间，例如：{values}。",
    },
    "log.nothing_to_count": {
        "en": "Nothing says what counts as {what}; name stages with stages=, or kinds of feedback with kinds=.",
        "zh": "未说明什么算作 {what}；请用 stages= 指定节点，或用 kinds= 指定反馈类别。",
    },
    "log.few_is_not_a_number": {
        "en": "minimum= (--minimum) must be a whole number, 1 or more; got {value!r}.",
        "zh": "minimum=（--minimum）必须是不小于 1 的整数，而不是 {value!r}。",
    },
}
