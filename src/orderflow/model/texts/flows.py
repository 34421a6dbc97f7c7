"""Texts about flow files, flow definitions, and what a Tracker is set up with."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # The file (adapters/yamlnodes.py, adapters/flowfile.py).
    "cannot_open": {"en": "cannot be opened: {error}", "zh": "无法打开：{error}"},
    "not_utf8": {
        "en": "not UTF-8 (byte {byte}); save the file as UTF-8",
        "zh": "不是 UTF-8 编码（第 {byte} 字节）；请另存为 UTF-8",
    },
    "file_too_large": {"en": "more than {limit} characters", "zh": "超过 {limit} 个字符"},
    "not_yaml_unquoted": {
        "en": "not readable as YAML: {error}; a text that has [ ] {{ }} , : or # in it needs quotes here",
        "zh": "不是可读的 YAML：{error}；此处含有 [ ] {{ }} , : # 的文本需要加引号",
    },
    "not_yaml": {"en": "not readable as YAML: {error}", "zh": "不是可读的 YAML：{error}"},
    "too_deep": {
        "en": "nested more than {limit} levels deep, or too many parts",
        "zh": "嵌套超过 {limit} 层，或内容过多",
    },
    "empty_file": {
        "en": "the file is empty; a flow needs flow: and lifecycle:",
        "zh": "文件为空；流程需要 flow: 和 lifecycle:",
    },
    "alias": {
        "en": "anchors, aliases and tags ({name}) are not allowed; write it out",
        "zh": "不允许使用锚点、别名和标签（{name}）；请写全",
    },
    "duplicate_key": {
        "en": "{name!r} stands here already, in line {first}; remove one",
        "zh": "{name!r} 已在第 {first} 行出现；请删除一个",
    },
    "compound_key": {"en": "a key must be a text", "zh": "键必须是文本"},
    "unknown_key": {
        "en": "there is no key {name!r} here; there are {known}.",
        "zh": "这里没有键 {name!r}；可用的有 {known}。",
    },
    "missing_key": {"en": "the key {name!r} is missing", "zh": "缺少键 {name!r}"},
    "want_mapping": {"en": "a mapping (key: value) is expected", "zh": "此处应为映射（键: 值）"},
    "want_list": {"en": "a list is expected", "zh": "此处应为列表"},
    "want_text": {"en": "a text is expected", "zh": "此处应为文本"},
    "want_boolean": {
        "en": "true or false is expected, not {value!r}",
        "zh": "此处应为 true 或 false，而不是 {value!r}",
    },
    "bad_duration": {
        "en": "{value!r} is no length of time; write such as 8h, 30m, 2h30m, 1d",
        "zh": "{value!r} 不是时长；请写成 8h、30m、2h30m、1d 等",
    },
    "bad_warn": {
        "en": "{value!r} says no instant; write a share of the target (80%) or a time before the deadline (-2h)",
        "zh": "{value!r} 不是预警时刻；请写目标的百分比（80%）或到期前的时长（-2h）",
    },
    # The flow (rules/check.py).
    "bad_name": {
        "en": "{name} is no name; use 1 to 100 printable characters, and not * or = alone",
        "zh": "{name} 不是名称；请用 1 到 100 个可打印字符，且不能只是 * 或 =",
    },
    "bad_flow_currency": {
        "en": "{value!r} is not an ISO 4217 code, such as CNY",
        "zh": "{value!r} 不是 ISO 4217 币种代码（例如 CNY）",
    },
    "bad_field_name": {
        "en": "{name!r} is no field; fields begin with order., customer. or line.",
        "zh": "{name!r} 不是字段名；字段以 order.、customer. 或 line. 开头",
    },
    "built_in_field": {
        "en": "{name} is built in and needs no declaration; remove it",
        "zh": "{name} 是内置字段，无需声明；请删除",
    },
    "unknown_type": {
        "en": "there is no type {name!r}; there are {known}.",
        "zh": "没有类型 {name!r}；可用的有 {known}。",
    },
    "choice_without_vocabulary": {
        "en": "{name} is a choice; list its values under of:",
        "zh": "{name} 是选项字段；请在 of: 下列出取值",
    },
    "vocabulary_without_choice": {
        "en": "{name} has values under of: but is no choice; write type: choice",
        "zh": "{name} 在 of: 下有取值但不是选项；请写 type: choice",
    },
    "unit_without_number": {
        "en": "{name} has a unit: but is no number; write type: number",
        "zh": "{name} 有 unit: 但不是数字；请写 type: number",
    },
    "wrong_kind": {"en": "{what} holds {kind} values, not {value}", "zh": "{what} 应为 {kind}，而不是 {value}"},
    "currency_needed": {
        "en": "money is compared with a bare number here, and the flow has no currency:, so the answer is unknown; state currency:",
        "zh": "这里将金额与纯数字比较，但流程没有 currency:，结果无法判断；请写明 currency:",
    },
    "bad_track_name": {
        "en": "{name!r} is no name for a track; use letters, digits, _ and -, and not order, which every order has",
        "zh": "{name!r} 不能作为分支名称；请用字母、数字、_ 和 -，且不能是每个订单都有的 order",
    },
    "no_stages": {"en": "a lifecycle needs at least one stage", "zh": "生命周期至少需要一个节点"},
    "unknown_stage_in_flow": {
        "en": "there is no stage {name!r}; there are {known}.",
        "zh": "没有节点 {name!r}；现有 {known}。",
    },
    "unknown_category": {
        "en": "there is no category {name!r}; there are {known}.",
        "zh": "没有类别 {name!r}；可用的有 {known}。",
    },
    "unknown_pick": {
        "en": "there is no way to pick {name!r}; there is {known}.",
        "zh": "没有分派方式 {name!r}；可用的有 {known}。",
    },
    "owner_ambiguous": {
        "en": "an owner is a person, or somebody of a role or team; not both",
        "zh": "责任人可以是指定人员，或某角色/团队的成员；不能两者都写",
    },
    "owner_empty": {"en": "say who: person, role or team", "zh": "请指明 person、role 或 team"},
    "no_source": {"en": "transition {trigger!r} has no source", "zh": "流转 {trigger!r} 没有来源节点"},
    "unknown_field": {
        "en": "there is no field {name!r}; there are {known}.",
        "zh": "没有字段 {name!r}；现有 {known}。",
    },
    "transition_never_taken": {
        "en": "this {trigger!r} is never taken: transitions[{before}] comes first, and is possible whenever this one is",
        "zh": "此 {trigger!r} 永远不会执行：transitions[{before}] 排在前面，且只要此条可行它就可行",
    },
    "unreachable_stage": {"en": "no path of transitions leads to {stage!r}", "zh": "没有流转能到达节点 {stage!r}"},
    "dead_end": {
        "en": "nothing leads out of {stage!r}, and it is neither done nor cancelled",
        "zh": "节点 {stage!r} 没有出口，且类别不是 done 或 cancelled",
    },
    "time_in_sla_condition": {
        "en": "the conditions of {sla!r} cannot look at the time; its target does",
        "zh": "时效 {sla!r} 的条件不能使用时间；时间由 target 决定",
    },
    "target_or_due": {"en": "{sla!r} needs either target: or due:", "zh": "{sla!r} 需要 target: 或 due: 之一"},
    "target_not_positive": {"en": "the target of {sla!r} must be more than zero", "zh": "{sla!r} 的 target 必须大于零"},
    "unknown_due": {
        "en": "{name!r} is no instant of the order; there are {known}.",
        "zh": "{name!r} 不是订单的时间字段；可用的有 {known}。",
    },
    "unknown_time": {
        "en": "there is no time {name!r}; there are {known}.",
        "zh": "没有计时方式 {name!r}；可用的有 {known}。",
    },
    "unknown_sla_track": {
        "en": "there is no track {name!r}; there are {known}.",
        "zh": "没有分支 {name!r}；现有 {known}。",
    },
    "unknown_scope": {
        "en": "there is no scope {name!r}; there are {known}.",
        "zh": "没有范围 {name!r}；可用的有 {known}。",
    },
    "unknown_carry": {
        "en": "there is no carry {name!r}; there are {known}.",
        "zh": "没有结转方式 {name!r}；可用的有 {known}。",
    },
    "unknown_reminders": {
        "en": "there is no reminders {name!r}; there are {known}.",
        "zh": "没有提醒方式 {name!r}；可用的有 {known}。",
    },
    "calendar_not_there": {
        "en": "the flow has no calendar: give it one under calendar:, or name a file with a calendar.",
        "zh": "该流程没有日历：请在 calendar: 下写明，或指定一个含日历的文件。",
    },
    "unknown_calendar": {
        "en": "there is no calendar {name!r}: neither under calendars: nor from a plugin; known are {known}.",
        "zh": "没有日历 {name!r}：calendars: 中没有，插件也未提供；已知 {known}。",
    },
    "customer_calendar_undeclared": {
        "en": "{sla!r} counts by the customer's calendar; declare the field customer.calendar (text: its name)",
        "zh": "时效 {sla!r} 按客户日历计时；请声明字段 customer.calendar（文本：日历名称）",
    },
    "target_too_long": {
        "en": "the target of {sla!r} is more than a hundred years",
        "zh": "{sla!r} 的 target 超过一百年",
    },
    "target_row_unreachable": {
        "en": "this row of {sla!r} is never reached: row {row} fits all that would come here",
        "zh": "时效 {sla!r} 的这一行永远不会用到：第 {row} 行已匹配",
    },
    "target_uncovered": {
        "en": "an order that no row of {sla!r} fits has no clock; end the table with a row without when:",
        "zh": "没有任何一行匹配的订单不会计时（{sla!r}）；请在表尾加一行不带 when: 的目标",
    },
    "start_needs_stop": {
        "en": "{sla!r} starts with a trigger, which holds for a moment only; add stop:",
        "zh": "时效 {sla!r} 由操作触发开始，而操作只在瞬间成立；请添加 stop:",
    },
    "calendar_name_taken": {
        "en": "{name!r} has a meaning of its own in calendar:; give this calendar another name",
        "zh": "{name!r} 在 calendar: 中另有含义；请给此日历换一个名称",
    },
    "elapsed_of_stage_only": {
        "en": "{term} cannot be answered; there is elapsed(stage)",
        "zh": "{term} 无法计算；可用的是 elapsed(stage)",
    },
    "pause_never_resumed": {
        "en": "nothing resumes {sla!r} once it is paused; add resume:",
        "zh": "时效 {sla!r} 暂停后无法恢复；请添加 resume:",
    },
    "resume_without_pause": {"en": "{sla!r} has resume: but no pause:", "zh": "时效 {sla!r} 有 resume: 但没有 pause:"},
    "rung_before_breach": {
        "en": "a rung comes after the breach; write such as 0h or 4h",
        "zh": "升级在超时之后；请写 0h、4h 等",
    },
    "rung_to_nobody": {
        "en": "say to whom: owner, lead, manager, role:<name>, team:<name> or a person",
        "zh": "请指明升级给谁：owner、lead、manager、role:<名称>、team:<名称> 或人员",
    },
    "stage_target_too_long": {
        "en": "{sla!r} allows one stage more time than {order_sla!r} allows the order",
        "zh": "时效 {sla!r} 给单个节点的时间超过了 {order_sla!r} 给整个订单的时间",
    },
    "escalation_untold": {
        "en": "{sla!r} escalates, but notify: has no escalated:, so nobody hears of it",
        "zh": "时效 {sla!r} 会升级，但 notify: 中没有 escalated:，不会通知任何人",
    },
    "stage_unwatched": {
        "en": "no clock can run in the open stage {stage!r}",
        "zh": "开放节点 {stage!r} 没有任何时效计时",
    },
    "warn_out_of_range": {
        "en": "{value} is not between 1% and 100%, or not before the deadline",
        "zh": "{value} 不在 1% 到 100% 之间，或不在到期之前",
    },
    "warn_before_start": {
        "en": "{value} lies before the clock starts; it warns at once",
        "zh": "{value} 早于计时开始；会立即预警",
    },
    "unknown_topic": {
        "en": "nothing is told under {name!r}; there are {known}.",
        "zh": "没有通知主题 {name!r}；可用的有 {known}。",
    },
    "bad_recipient": {
        "en": "{name!r} is nobody; write owner, customer, role:<name>, team:<name> or the id of a person",
        "zh": "{name!r} 不是收件人；请写 owner、customer、role:<名称>、team:<名称> 或人员编号",
    },
    "find_personal": {"en": "{name} is personal and cannot be searched", "zh": "{name} 是个人信息，不能搜索"},
    "find_line": {
        "en": "{name}: only fields of order and customer can be searched",
        "zh": "{name}：只能搜索订单和客户的字段",
    },
    # Machines of the `transitions` library (rules/interop.py).
    "machine_nested": {
        "en": "a {kind} has nested or parallel states, a lifecycle has not; make each part a lifecycle of its own",
        "zh": "{kind} 含有嵌套或并行状态，生命周期不支持；请为每个并行部分单独定义生命周期",
    },
    "machine_condition": {
        "en": "{word}: {name} is Python code; say the same as an expression: guards={{{name!r}: '…'}}",
        "zh": "{word}：{name} 是 Python 代码，流程无法保存；请用表达式说明：guards={{{name!r}: '…'}}",
    },
    "machine_callback": {
        "en": "{word}: {name} has no place in a lifecycle (hooks, notify: and sla: have); drop=True leaves it out",
        "zh": "{word}：{name} 在生命周期中没有对应；请改用钩子、notify: 和 sla:，并用 drop=True 将其略去",
    },
    "machine_state_name": {
        "en": "a stage cannot be named {name!r}, which has a meaning of its own in transitions; rename the state",
        "zh": "节点不能命名为 {name!r}，它在流转中另有含义；请给该状态改名",
    },
    "machine_not_asked": {
        "en": "{trigger!r} needs {condition}; say whether it is so with to_machine(…, holds=…)",
        "zh": "{trigger!r} 需要 {condition}；请用 to_machine(…, holds=…) 说明是否满足",
    },
    # A Tracker's set-up (tracker.py, road.py, plugins.py).
    "no_flows": {"en": "a Tracker needs at least one flow", "zh": "Tracker 至少需要一个流程"},
    "flow_twice": {"en": "two flows have the name {name!r}", "zh": "有两个流程都叫 {name!r}"},
    "unknown_setting": {
        "en": "orderflow_configure may change the settings {known}; {name!r} was added or taken away.",
        "zh": "orderflow_configure 只能修改设置 {known}；{name!r} 被添加或删除。",
    },
    "other_tenant": {
        "en": "the storage was opened for tenant {storage!r}, the Tracker is for {tenant!r}",
        "zh": "存储属于租户 {storage!r}，而 Tracker 属于 {tenant!r}",
    },
    "plugins_no_list": {
        "en": "plugins= is a list of plugins, not {value}",
        "zh": "plugins= 应为插件列表，而不是 {value}",
    },
    "bad_directory": {
        "en": "directory= is {value}; give a Directory, a list of Person, or an object with person, with_role and in_team",
        "zh": "directory= 的值是 {value}；请给出 Directory、Person 列表，或带有 person、with_role、in_team 的对象",
    },
    "bad_storage": {
        "en": "storage= is {value}; give a URL or a Storage opened for a tenant",
        "zh": "storage= 的值是 {value}；请给出 URL 或为租户打开的 Storage",
    },
    "bad_plugin": {"en": "plugin {plugin}: {error}", "zh": "插件 {plugin}：{error}"},
    "unknown_hook": {"en": "plugin {plugin}: there is no hook {hook!r}.", "zh": "插件 {plugin}：没有钩子 {hook!r}。"},
    "plugin_without_hooks": {
        "en": "plugin {plugin} implements no hook; mark a method with @orderflow.hookimpl, one of {known}",
        "zh": "插件 {plugin} 没有实现任何钩子；请用 @orderflow.hookimpl 标记方法，可用的有 {known}",
    },
    "channel_twice": {
        "en": "two channels have the name {name!r}; give one another name",
        "zh": "有两个渠道都叫 {name!r}；请改名",
    },
}
