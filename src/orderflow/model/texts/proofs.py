"""Texts about what is proved of a flow before it is used (rules/check_guards.py and its neighbours)."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # Guards.
    "guard_never_holds": {
        "en": "this {trigger!r} is never possible: no order can fulfil {condition}",
        "zh": "此 {trigger!r} 永远无法执行：没有订单能满足 {condition}",
    },
    "transition_ambiguous": {
        "en": "two conditions of {trigger!r} hold at once, as when {name} is {value}: this one and that of transitions[{before}], which is taken; make them exclude each other",
        "zh": "{trigger!r} 有两个条件会同时成立，例如 {name} 为 {value} 时：此条与 transitions[{before}]（将执行后者）；请使两者互斥",
    },
    "guards_leave_gap": {
        "en": "no condition of {trigger!r} holds when {name} is {values}; widen one, or add a transition without a guard",
        "zh": "当 {name} 为 {values} 时，{trigger!r} 没有任何条件成立；请放宽其中一个条件，或添加一条不带 guard 的流转",
    },
    "guards_leave_other": {
        "en": "no condition of {trigger!r} holds when {name} is another text; add a transition without a guard",
        "zh": "当 {name} 为其他文本时，{trigger!r} 没有任何条件成立；请添加一条不带 guard 的流转",
    },
    "guards_leave_missing": {
        "en": "no condition of {trigger!r} holds while {name} is missing, which may be so",
        "zh": "{name} 缺失时（允许缺失），{trigger!r} 没有任何条件成立",
    },
    "not_checked": {
        "en": "not checked whether {trigger!r} can be fired and what it leaves out: {terms}",
        "zh": "未检查 {trigger!r} 能否执行、是否有遗漏：{terms}",
    },
    "gaps_not_checked": {
        "en": "not checked whether {trigger!r} leaves anything out: it goes by several names ({names})",
        "zh": "未检查 {trigger!r} 是否有遗漏：其条件涉及多个名称（{names}）",
    },
    "too_many_cases": {
        "en": "not checked whether {trigger!r} can be fired: the guard has too many combinations of {names}",
        "zh": "未检查 {trigger!r} 能否执行：其条件中 {names} 的组合过多",
    },
    "too_many_ways": {
        "en": "only the first {most} of the {count} transitions of {trigger!r} out of {stage!r} are held against each other",
        "zh": "从 {stage!r} 出发的 {trigger!r} 共有 {count} 条流转，仅前 {most} 条相互比较",
    },
    # Stages.
    "stage_unowned": {
        "en": "nobody is responsible in {stage!r}: an order can get there without passing a stage that has an owner; add owner:",
        "zh": "节点 {stage!r} 无人负责：订单可以不经过任何有责任人的节点到达这里；请添加 owner:",
    },
    "no_way_to_end": {
        "en": "out of {stages} no path leads to an end: such an order is never done or cancelled",
        "zh": "从 {stages} 出发没有流转能到达终点：这样的订单永远不会完成或取消",
    },
    "no_owners": {
        "en": "no stage has an owner: whoever is responsible must be assigned by hand",
        "zh": "所有节点都没有 owner：责任人需手工指派",
    },
    "no_end": {
        "en": "no stage is done or cancelled: such a track never ends",
        "zh": "没有类别为 done 或 cancelled 的节点：此分支永不结束",
    },
    "no_clocks": {
        "en": "there is no promise about the track {track!r}: no stage of it is ever late",
        "zh": "没有关于分支 {track!r} 的时效：其节点永远不会超时",
    },
    # Tracks.
    "join_never_opens": {
        "en": "{trigger!r} waits until the track {track!r} is in {stages}, and no course of an order brings it there before",
        "zh": "{trigger!r} 需等分支 {track!r} 到达 {stages}，但订单无论怎样进行都不会先到那里",
    },
    "track_never_there": {
        "en": "no order has a track {track!r}; write {name!r}",
        "zh": "没有订单会有分支 {track!r}；请写 {name!r}",
    },
    # Fields, promises, calendars.
    "required_not_amendable": {
        "en": "an order may come without {name}, and no amendment can fill it in later; require it, or name it under amendments:",
        "zh": "订单可以不带 {name}，而 amendments: 中没有规则允许之后补填；请设为必填或加入 amendments:",
    },
    "required_never_set": {
        "en": "{trigger!r} requires {name}, and nothing can set it",
        "zh": "{trigger!r} 要求 {name}，但没有任何方式可以填写它",
    },
    "condition_never_holds": {
        "en": "no order can fulfil {condition}",
        "zh": "没有订单能满足 {condition}",
    },
    "calendar_not_here": {
        "en": "there is no calendar {name!r} in this flow, so a plugin must provide it; known are {known}.",
        "zh": "本流程中没有日历 {name!r}，必须由插件提供；已知 {known}。",
    },
    # People.
    "nobody_with_role": {
        "en": "nobody active has the role {name!r}.",
        "zh": "没有在职人员拥有角色 {name!r}。",
    },
    "nobody_in_team": {
        "en": "nobody active is in the team {name!r}.",
        "zh": "团队 {name!r} 中没有在职人员。",
    },
    "nobody_with_id": {
        "en": "there is nobody active with the id {name!r}.",
        "zh": "没有编号为 {name!r} 的在职人员。",
    },
    "role_misspelt": {
        "en": "the role {name!r} stands here only; did you mean {known!r}?",
        "zh": "角色 {name!r} 仅在此处出现；是否想写 {known!r}？",
    },
    "team_misspelt": {
        "en": "the team {name!r} stands here only; did you mean {known!r}?",
        "zh": "团队 {name!r} 仅在此处出现；是否想写 {known!r}？",
    },
}
