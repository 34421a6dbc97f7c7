"""Texts about flow files that are made of several, templates, and the choice of a new order's flow."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # extends: and include: (adapters/compose.py, adapters/sources.py).
    "unknown_template": {
        "en": "there is no template {name!r}; there are {known}. A path begins with ./ or ends in .yaml.",
        "zh": "没有模板 {name!r}；现有 {known}。路径请以 ./ 开头或以 .yaml 结尾。",
    },
    "cannot_include": {"en": "{name} cannot be opened: {error}", "zh": "无法打开 {name}：{error}"},
    "no_folder": {
        "en": "{name!r} is a path from the file that names it, and this text is in no file; load it from a file",
        "zh": "{name!r} 是相对于所在文件的路径，而此文本不在文件中；请从文件加载",
    },
    "module_extends": {
        "en": "a module cannot extend anything; write extends: in the file that includes it",
        "zh": "模块不能使用 extends:；请写在包含它的文件中",
    },
    "include_circle": {
        "en": "{name} leads back to itself; take one extends: or include: away",
        "zh": "{name} 又引用回自身；请去掉其中一处 extends: 或 include:",
    },
    "include_too_deep": {
        "en": "more than {limit} files lead from one to the next",
        "zh": "逐级引用的文件超过 {limit} 个",
    },
    "modules_differ": {
        "en": "this module and another one, at {before}, say different things about {path}; keep one, or say it in the file that includes them",
        "zh": "此模块与另一模块（{before}）对 {path} 的说法不同；请只保留一处，或写在包含它们的文件中",
    },
    "append_to_mapping": {
        "en": "what stands at {before} is no list; a mapping is merged without the +: {name}:",
        "zh": "{before} 处不是列表；映射会自动合并，不需要 +：{name}:",
    },
    "nothing_to_remove": {
        "en": "null removes what the base has, and it has no {name!r}; write {{}} for one with all defaults.",
        "zh": "null 用于删除被继承的内容，但其中没有 {name!r}；如需全部默认值请写 {{}}。",
    },
    "overrides": {"en": "{path} replaces what stands at {before}", "zh": "{path} 替换了 {before} 处的内容"},
    "removes": {"en": "{path} is removed, which stands at {before}", "zh": "删除了 {path}（原在 {before}）"},
    # select: (rules/check_select.py, rules/select.py).
    "want_whole": {"en": "a whole number is expected, not {value!r}", "zh": "此处应为整数，而不是 {value!r}"},
    "select_foreign": {
        "en": "{name} is not known before an order is placed; select: can ask about order, customer and lines",
        "zh": "下单之前还没有 {name}；select: 只能使用订单、客户和订单行的字段",
    },
    "select_tie": {
        "en": "orders can fit this flow and {other!r} alike, both with priority {priority}; give one a higher priority:",
        "zh": "订单可能同时符合本流程和 {other!r}，且优先级都是 {priority}；请提高其中一个的 priority:",
    },
    "select_not_checked": {
        "en": "whether an order can fit this flow and {other!r} alike, both with priority {priority}, is not checked",
        "zh": "未检查订单是否可能同时符合本流程和 {other!r}（优先级都是 {priority}）",
    },
    "select_gap": {
        "en": "an order that fits none of {flows} has no flow; add one with select: {{}} and a low priority",
        "zh": "不符合 {flows} 中任何一个的订单没有流程可用；请添加一个 select: {{}} 且优先级最低的流程",
    },
    "select_never": {
        "en": "this flow is never chosen: {other!r} takes every order, with priority {priority}",
        "zh": "本流程永远不会被选中：{other!r} 以优先级 {priority} 接收所有订单",
    },
    "flow_selected": {
        "en": "flow {flow} was chosen with priority {priority}, because {term}",
        "zh": "按优先级 {priority} 选择了流程 {flow}，因为 {term}",
    },
    "flow_selected_always": {
        "en": "flow {flow} was chosen with priority {priority}; it takes every order",
        "zh": "按优先级 {priority} 选择了流程 {flow}，它接收所有订单",
    },
    "flow_tie": {
        "en": "the flows {flows} fit alike, with priority {priority}; name one in the order, or give one a higher priority:",
        "zh": "流程 {flows} 都符合，优先级同为 {priority}；请在订单中指明流程，或提高其中一个的 priority:",
    },
    "no_flow_fits": {
        "en": "no flow fits this order, of {known}; name one in the order, or add a flow with select: {{}}",
        "zh": "{known} 中没有符合此订单的流程；请在订单中指明流程，或添加一个 select: {{}} 的流程",
    },
    "flow_unfit": {
        "en": "flow {flow} does not fit: {term}; seen: {values}",
        "zh": "流程 {flow} 不符合：{term}；实际：{values}",
    },
    # orderflow init (cli_init.py).
    "file_exists": {
        "en": "exists already; --force writes over it",
        "zh": "已经存在；使用 --force 覆盖",
    },
    "cannot_write": {"en": "cannot be written: {error}", "zh": "无法写入：{error}"},
}
