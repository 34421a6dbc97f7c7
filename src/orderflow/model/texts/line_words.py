"""Words in which lines, moves, amendments and jumps of a flow are described and compared. Data only; no reasons."""

from __future__ import annotations

LINE_WORDS: dict[str, dict[str, str]] = {
    "heading.lines": {"en": "Lines", "zh": "订单行"},
    "heading.amendments": {"en": "Changes to an order", "zh": "订单变更"},
    "lines.stages": {
        "en": "The quantity of a line begins in {first}. It stands in {stages}.",
        "zh": "订单行的数量从“{first}”开始，可处于：{stages}。",
    },
    "lines.tolerance": {
        "en": "Up to {n}% more than ordered may be delivered.",
        "zh": "最多可超量 {n}%。",
    },
    "move.line": {"en": "{title}: from {source} to {dest}", "zh": "{title}：从{source}转到{dest}"},
    "move.over": {"en": "also more than ordered", "zh": "允许超量"},
    "way.moves": {"en": "quantities move: {moves}", "zh": "同时移动数量：{moves}"},
    "track.carries": {
        "en": "It carries quantities of lines, loaded from {stages}.",
        "zh": "承载订单行数量，装载自{stages}。",
    },
    "track.carries_any": {"en": "It carries quantities of lines.", "zh": "承载订单行数量。"},
    "stage.requires": {"en": "{fields} must be filled in before it is left", "zh": "离开前须填写{fields}"},
    "jump.back": {"en": "The role {roles} may go back to an earlier stage.", "zh": "角色 {roles} 可退回之前的节点。"},
    "jump.skip": {"en": "The role {roles} may skip to a later stage.", "zh": "角色 {roles} 可跳到之后的节点。"},
    "jump.force": {"en": "The role {roles} may force any stage.", "zh": "角色 {roles} 可强制到任何节点。"},
    "jump.everybody": {"en": "everybody", "zh": "任何人"},
    "amend.open": {
        "en": "While an order is open, everything in it may be changed.",
        "zh": "订单未结束时，内容均可变更。",
    },
    "amend.none": {"en": "Nothing may be changed after placing.", "zh": "下单后不可变更。"},
    "amend.line": {"en": "{title}: {fields} may be changed", "zh": "{title}：可变更{fields}"},
    "amend.all": {"en": "everything", "zh": "全部内容"},
    "amend.lines": {"en": "the lines themselves", "zh": "订单行的增减"},
    "amend.approval": {"en": "needs the approval {name}", "zh": "须经审批“{name}”"},
    "draw.moves": {"en": "moves: {moves}", "zh": "移动：{moves}"},
    "sources.line": {
        "en": "Where other systems contradict each other, the first of these counts: {names}.",
        "zh": "其他系统的报告互相矛盾时，以排在前面的为准：{names}。",
    },
    "fields.kept": {
        "en": "Data that is not declared is kept aside, protected like personal data.",
        "zh": "未声明的数据另行保存，按个人信息保护。",
    },
    "thing.lines": {"en": "The lines", "zh": "订单行"},
    "thing.line_stage": {"en": "The line stage {name}", "zh": "订单行节点“{name}”"},
    "thing.move": {"en": "The move {name}", "zh": "移动“{name}”"},
    "thing.jump": {"en": "The jump {name}", "zh": "跳转“{name}”"},
    "thing.amendment": {"en": "The amendment {name}", "zh": "变更“{name}”"},
    "what.lines": {"en": "the lines", "zh": "订单行"},
    "what.line_stages": {"en": "the line stages", "zh": "订单行节点"},
    "what.moves": {"en": "the moves", "zh": "移动"},
    "what.tolerance": {"en": "the tolerance", "zh": "超量容差"},
    "what.over": {"en": "whether more than ordered may move", "zh": "是否允许超量"},
    "what.jumps": {"en": "who may", "zh": "可执行者"},
    "what.amendments": {"en": "what may be changed", "zh": "可变更项"},
    "what.approval": {"en": "the approval that it needs", "zh": "所需审批"},
    "what.sources": {"en": "the order of trust between other systems", "zh": "来源优先级"},
    "what.undeclared": {"en": "what becomes of undeclared data", "zh": "未声明数据的处理"},
    "what.carries_lines": {"en": "whether it carries lines", "zh": "是否承载订单行"},
    "what.loads": {"en": "where it is loaded from", "zh": "装载来源"},
}
