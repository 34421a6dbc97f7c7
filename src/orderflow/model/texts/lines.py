"""Texts about lines and moves, amendments, jumps, other systems and facts."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # Values that no command may carry (model/commands.py).
    "bad_quantities": {
        "en": "{value} names no quantities; give a mapping from line to quantity, such as {{'1': 5}}",
        "zh": "{value} 不是数量；请给出从订单行到数量的映射，例如 {{'1': 5}}",
    },
    "bad_external": {
        "en": "{value} names no ids of other systems; give a mapping from system to id, such as {{'erp': '45001'}}",
        "zh": "{value} 不是外部编号；请给出从系统到编号的映射，例如 {{'erp': '45001'}}",
    },
    "bad_changes": {
        "en": "{value} are no changes; give a mapping from path to new value, such as {{'order.region': '华东'}}",
        "zh": "{value} 不是变更；请给出从路径到新值的映射，例如 {{'order.region': '华东'}}",
    },
    "bad_jump": {"en": "there is no jump {value}; there are {known}.", "zh": "没有跳转 {value}；可用的有 {known}。"},
    # Definitions (rules/check_lines.py).
    "bad_percent": {
        "en": "{value!r} is no share; write such as 5%, from 0% to 1000%",
        "zh": "{value!r} 不是百分比；请写成 5% 等，范围 0% 到 1000%",
    },
    "no_line_stages": {"en": "there are no line stages", "zh": "没有订单行节点"},
    "reserved_line_stage": {
        "en": "{name!r} is no line stage: it is the sum of all; use another name",
        "zh": "{name!r} 不能作为订单行节点：它表示全部之和；请换一个名称",
    },
    "unknown_line_stage": {
        "en": "there is no line stage {name!r}; there are {known}.",
        "zh": "没有订单行节点 {name!r}；现有 {known}。",
    },
    "unknown_move_in_flow": {
        "en": "there is no move {name!r}; there are {known}.",
        "zh": "没有移动 {name!r}；现有 {known}。",
    },
    "move_nowhere": {
        "en": "the move {name!r} leads to where it comes from",
        "zh": "移动 {name!r} 的去向就是来源",
    },
    "over_without_tolerance": {
        "en": "the move {name!r} may deliver more than ordered, but the tolerance is 0%; set tolerance:",
        "zh": "移动 {name!r} 允许超量，但 tolerance 为 0%；请设置 tolerance:",
    },
    "tolerance_without_over": {
        "en": "no move has over: true, so the tolerance is never used",
        "zh": "没有任何移动设置 over: true，tolerance 不会被用到",
    },
    "moves_without_lines": {
        "en": "moves need lines: in the flow",
        "zh": "使用 moves 需要流程中有 lines:",
    },
    "carries_without_lines": {
        "en": "the track {track!r} carries lines, but the flow has no lines:",
        "zh": "分支 {track!r} 承载订单行，但流程没有 lines:",
    },
    "loads_without_carries": {
        "en": "the track {track!r} has loads:, but not carries_lines: true",
        "zh": "分支 {track!r} 有 loads:，但没有 carries_lines: true",
    },
    "unknown_jump": {"en": "there is no jump {name!r}; there are {known}.", "zh": "没有跳转 {name!r}；现有 {known}。"},
    "unknown_amendable": {
        "en": "{name!r} cannot be amended; there are {known}.",
        "zh": "{name!r} 不能变更；可变更的有 {known}。",
    },
    "no_amendable": {"en": "the amendment {name!r} names no fields", "zh": "变更 {name!r} 没有指明字段"},
    "approval_later": {
        "en": "no approval {name!r} can be given yet: what waits for it stays refused",
        "zh": "目前还无法给出审批 {name!r}：等待它的操作会一直被拒绝",
    },
    "undeclared_without_fields": {
        "en": "undeclared: keep has no meaning without fields:",
        "zh": "没有 fields: 时 undeclared: keep 没有意义",
    },
    "source_twice": {"en": "the source {name!r} stands here twice", "zh": "来源 {name!r} 重复"},
    "unknown_undeclared": {"en": "there is no {name!r}; there are {known}.", "zh": "没有 {name!r}；可用的有 {known}。"},
    # Refusals (rules/gate.py, moving.py, amending.py, jumping.py).
    "track_blocks": {
        "en": "{trigger!r} waits for the track {track!r}, which is in {stage}: {term}",
        "zh": "{trigger!r} 等待分支 {track!r}（当前 {stage}）：{term}",
    },
    "approval_pending": {
        "en": "{trigger!r} waits for the approval {approval!r}",
        "zh": "{trigger!r} 等待审批 {approval!r}",
    },
    "no_lines_in_flow": {
        "en": "the flow {flow!r} does not follow quantities of lines; add lines: to it",
        "zh": "流程 {flow!r} 不跟踪订单行数量；请在流程中加入 lines:",
    },
    "unknown_move": {"en": "there is no move {move!r}; there are {known}.", "zh": "没有移动 {move!r}；现有 {known}。"},
    "unknown_line": {
        "en": "the order has no line {line!r}; it has {known}.",
        "zh": "订单没有行 {line!r}；现有 {known}。",
    },
    "not_enough": {
        "en": "line {line}: {wanted} is wanted, and {there} is there ({stages}; {track})",
        "zh": "订单行 {line}：需要 {wanted}，现有 {there}（{stages}；{track}）",
    },
    "over_tolerance": {
        "en": "line {line}: {wanted} is wanted and {there} is there; of {tolerance}% over, {most} is left",
        "zh": "订单行 {line}：需要 {wanted}，现有 {there}；超量容差 {tolerance}% 还剩 {most}",
    },
    "nothing_to_move": {
        "en": "nothing of {track!r} stands in {stages}, so {move!r} has nothing to move",
        "zh": "{track!r} 在 {stages} 没有数量，{move!r} 无可移动",
    },
    "nothing_to_load": {
        "en": "there is nothing in {stages} to be loaded onto or off {track!r}",
        "zh": "{stages} 中没有可装载到 {track!r} 或从中卸下的数量",
    },
    "nothing_carried": {
        "en": "the track {track!r} carries nothing that {move!r} could move; load it first",
        "zh": "分支 {track!r} 没有承载数量，{move!r} 无可移动；请先装载",
    },
    "track_carries_no_lines": {
        "en": "the track {track!r} carries no lines; only those with carries_lines: true do",
        "zh": "分支 {track!r} 不承载订单行；需要 carries_lines: true",
    },
    "track_ended": {
        "en": "the track {track!r} has ended in {stage}; it takes no quantity any more",
        "zh": "分支 {track!r} 已在 {stage} 结束，不能再装卸或移动数量",
    },
    "not_amendable": {"en": "{path!r} cannot be amended", "zh": "{path!r} 不能变更"},
    "no_customer": {"en": "{path!r}: the order has no customer", "zh": "{path!r}：订单没有客户"},
    "line_changed_and_removed": {
        "en": "line {line} is changed and removed at once",
        "zh": "订单行 {line} 同时被修改和删除",
    },
    "amendment_not_foreseen": {
        "en": "the flow allows nobody to change {path}; amendments: does not name it",
        "zh": "流程不允许变更 {path}；amendments: 中没有它",
    },
    "order_ended": {
        "en": "the order has ended in {stage}; amendments: can allow changes after that",
        "zh": "订单已在 {stage} 结束；如需之后变更，请在 amendments: 中允许",
    },
    "jump_not_foreseen": {
        "en": "the flow allows nobody to do this ({kind}); {path}: {{{kind}: [role]}} would",
        "zh": "流程不允许任何人执行此跳转（{kind}）；可在 {path}: {{{kind}: [角色]}} 中允许",
    },
    "reason_needed": {"en": "a jump ({kind}) needs a reason", "zh": "跳转（{kind}）需要填写原因"},
    "jump_to_itself": {"en": "the track is in {stage!r} already", "zh": "分支已在 {stage!r}"},
    "never_been_there": {
        "en": "the track has never been in {stage!r}; it has been in {been}",
        "zh": "分支从未到过 {stage!r}；到过 {been}",
    },
    "not_further_on": {
        "en": "{stage!r} is not further on from {here!r}; further on are {ahead}",
        "zh": "{stage!r} 不在 {here!r} 之后；之后的有 {ahead}",
    },
    "nothing_to_undo": {
        "en": "the last entry of {track!r} was no jump, so there is nothing to undo",
        "zh": "{track!r} 最近一次进入节点不是跳转，没有可撤销的",
    },
    "external_taken": {
        "en": "{system} knows order {order!r} under {id!r} already",
        "zh": "{system} 的编号 {id!r} 已属于订单 {order!r}",
    },
    "external_ambiguous": {
        "en": "{system} knows several orders under {id!r}: {orders}",
        "zh": "{system} 的编号 {id!r} 对应多个订单：{orders}",
    },
    "unknown_external": {
        "en": "{system} knows no order under {id!r} here; link it first",
        "zh": "没有 {system} 编号为 {id!r} 的订单；请先关联",
    },
    # What happened (rules/access.py).
    "did_move_placed": {"en": "ordered {lines}", "zh": "订购 {lines}"},
    "did_move_amended": {"en": "quantity changed: {lines}", "zh": "数量变更：{lines}"},
    "did_move_move": {"en": "{move}: {lines}", "zh": "{move}：{lines}"},
    "did_move_over": {"en": "{move}, more than ordered: {lines}", "zh": "{move}（超量）：{lines}"},
    "did_move_loaded": {"en": "loaded onto {track}: {lines}", "zh": "装载到 {track}：{lines}"},
    "did_move_unloaded": {"en": "taken off {track}: {lines}", "zh": "从 {track} 卸下：{lines}"},
    "did_move_released": {"en": "{track} ended and let go of {lines}", "zh": "{track} 结束，释放 {lines}"},
    "did_amend": {"en": "changed: {changes}", "zh": "变更：{changes}"},
    "did_link": {"en": "{system} knows it as {id}", "zh": "{system} 编号：{id}"},
    "did_jump_back": {"en": "went back from {previous} to {stage}", "zh": "从“{previous}”退回“{stage}”"},
    "did_jump_skip": {"en": "skipped from {previous} to {stage}", "zh": "从“{previous}”跳到“{stage}”"},
    "did_jump_force": {"en": "forced from {previous} to {stage}", "zh": "从“{previous}”强制到“{stage}”"},
    "did_jump_undo": {"en": "undone: from {previous} again to {stage}", "zh": "撤销：从“{previous}”回到“{stage}”"},
    "did_observe_outranked": {
        "en": "{source} reported {stage}; {above}, which is trusted more, has it in {current}",
        "zh": "{source} 报告“{stage}”；以更可信的 {above} 为准，仍在“{current}”",
    },
}
