"""Texts about versions of a flow: migrating running orders, and trying a version on some new ones."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # What cannot be asked for (model/commands.py, model/pilots.py, migrating.py, piloting.py).
    "bad_clocks": {
        "en": "clocks is {value}; it can be {known}.",
        "zh": "clocks 是 {value}；可取 {known}。",
    },
    "bad_share": {
        "en": "the share is {value}; give '10%', Decimal('0.1') or a whole number of percent, above 0 and at most 100 %",
        "zh": "比例是 {value}；请写成 '10%'、Decimal('0.1') 或整数百分比，大于 0 且不超过 100%",
    },
    "bad_mapping": {
        "en": "the mapping has {value}; give the names of two stages, such as 'review': 'credit_check' or 'payment/due': 'open'",
        "zh": "映射中有 {value}；请给出两个节点的名称，例如 'review': 'credit_check' 或 'payment/due': 'open'",
    },
    "bad_orders": {
        "en": "{value} are no orders; give their ids, such as ['SO-1', 'SO-2']",
        "zh": "{value} 不是订单列表；请给出订单编号，例如 ['SO-1', 'SO-2']",
    },
    "mapping_unknown": {
        "en": "the mapping names {stage!r}, which no version of {flow} has; there are {known}.",
        "zh": "映射中的 {stage!r} 在流程 {flow} 的任何版本中都不存在；现有 {known}。",
    },
    "not_a_plan": {
        "en": "{value} is no plan; give what plan_migration answered",
        "zh": "{value} 不是迁移方案；请给出 plan_migration 的结果",
    },
    "unknown_plan": {
        "en": "no order was migrated by the plan {plan!r}",
        "zh": "没有订单按方案 {plan!r} 迁移过",
    },
    "unknown_version": {
        "en": "no version {version!r} of a flow is recorded",
        "zh": "没有登记流程版本 {version!r}",
    },
    # Why an order cannot go to a version, or not back (rules/migrating.py).
    "migration_other_flow": {
        "en": "order {order!r} follows the flow {flow!r}, not {wanted!r}",
        "zh": "订单 {order!r} 属于流程 {flow!r}，而不是 {wanted!r}",
    },
    "migration_unmapped": {
        "en": "{track}: the new version has no stage {stage!r}; map it to one of {known}.",
        "zh": "{track}：新版本没有节点 {stage!r}；请映射到 {known} 之一。",
    },
    "migration_no_stage": {
        "en": "{track}: {stage!r} should become {dest!r}, which that version does not have; it has {known}.",
        "zh": "{track}：{stage!r} 应变为 {dest!r}，但该版本没有这个节点；现有 {known}。",
    },
    "migration_moved_on": {
        "en": "{track}: the order has moved on to {stage!r}, which that version does not have; it has {known}.",
        "zh": "{track}：订单已进入 {stage!r}，该版本没有这个节点；现有 {known}。",
    },
    "migration_no_track": {
        "en": "that version has no track {track!r}; it has {known}",
        "zh": "该版本没有分支 {track!r}；现有 {known}",
    },
    "migration_track_number": {
        "en": "the track {track!r} is there once in one version, and as often as it is opened in the other",
        "zh": "分支 {track!r} 在一个版本中只有一个，在另一个版本中可开启多个",
    },
    "migration_no_lines": {
        "en": "that version does not follow the quantities of lines, which this order has",
        "zh": "该版本不跟踪订单行数量，而此订单有行数量记录",
    },
    "migration_no_line_stage": {
        "en": "quantity stands in the line stage {stage!r}, which that version does not have; it has {known}.",
        "zh": "有数量处于行状态 {stage!r}，该版本没有此状态；现有 {known}。",
    },
    "migration_no_carrier": {
        "en": "the track {track!r} carries lines, and in that version it cannot",
        "zh": "分支 {track!r} 载有订单行，但在该版本中不能承载",
    },
    "migration_stuck": {
        "en": "{track}: nothing leads out of the stage {stage!r} in that version; the order would be stuck",
        "zh": "{track}：该版本中没有任何流转离开节点 {stage!r}，订单会卡住",
    },
    "migration_already_there": {
        "en": "the order is on this version already",
        "zh": "订单已在此版本上",
    },
    "migration_not_by_plan": {
        "en": "the order was not migrated by the plan {plan!r}",
        "zh": "订单不是按方案 {plan!r} 迁移的",
    },
    "migrated_since": {
        "en": "the order was migrated again since, by the plan {plan!r}; revert that first",
        "zh": "订单之后又按方案 {plan!r} 迁移；请先撤回该方案",
    },
    # A plan and a result in words (model/migration.py).
    "plan_head": {
        "en": "{flow} to version {version}, clocks: {clocks} (plan {plan})",
        "zh": "流程 {flow} 迁移到版本 {version}，时效：{clocks}（方案 {plan}）",
    },
    "plan_counts": {
        "en": "orders: {orders}; keep their stages: {unchanged}, move: {moves}, need a mapping: {needs_mapping}, impossible: {impossible}",
        "zh": "共 {orders} 个订单：{unchanged} 个节点不变，{moves} 个变更节点，{needs_mapping} 个需要映射，{impossible} 个不可迁移",
    },
    "plan_move": {
        "en": "  {track}: {old} → {new}: {count} ({orders})",
        "zh": "  {track}：{old} → {new}：{count} 个（{orders}）",
    },
    "plan_reason": {
        "en": "  {count} ({orders}): {what}",
        "zh": "  {count} 个（{orders}）：{what}",
    },
    "migrated_counts": {
        "en": "orders done: {done}; there already: {skipped}, left as they are: {left}, in conflict: {conflicts}, not looked at: {waiting}",
        "zh": "已处理 {done} 个订单，{skipped} 个此前已完成，{left} 个保持不变，{conflicts} 个发生冲突，{waiting} 个未处理",
    },
    # What happened (rules/access.py).
    "did_migrate": {
        "en": "went to version {version} of the flow; stages: {moves}",
        "zh": "迁移到流程版本 {version}；节点变更：{moves}",
    },
    "did_go_back": {
        "en": "went back to version {version} of the flow; stages: {moves}",
        "zh": "撤回到流程版本 {version}；节点变更：{moves}",
    },
    "clock_kept": {
        "en": "{sla}: still due {due}, as the version before had it",
        "zh": "时效 {sla}：沿用原版本，仍于 {due} 到期",
    },
    "clock_kept_waiting": {
        "en": "{sla}: still paused, with the target of the version before",
        "zh": "时效 {sla}：仍暂停计时，沿用原版本的目标",
    },
    # Pilots (rules/piloting.py, rules/placing.py, piloting.py).
    "pilot_chosen": {
        "en": "placed by the version of the pilot {pilot!r} (share {share}, condition {when})",
        "zh": "按试点 {pilot!r} 的版本下单（比例 {share}，条件 {when}）",
    },
    "pilot_running": {
        "en": "{pilot}: {flow} {version}, share {share}, condition {when}, since {start}",
        "zh": "{pilot}：流程 {flow} {version}，比例 {share}，条件 {when}，自 {start} 起",
    },
    "pilot_withdrawn": {
        "en": "{pilot}: {flow} {version}, share {share}, condition {when}, from {start} to {end}: withdrawn",
        "zh": "{pilot}：流程 {flow} {version}，比例 {share}，条件 {when}，{start} 至 {end}：已撤回",
    },
    "pilot_adopted": {
        "en": "{pilot}: {flow} {version}, share {share}, condition {when}, from {start} to {end}: adopted",
        "zh": "{pilot}：流程 {flow} {version}，比例 {share}，条件 {when}，{start} 至 {end}：已采用",
    },
    "pilot_content_only": {
        "en": "{name} is not known before an order is placed; a pilot's condition reads order., customer. and line. only",
        "zh": "下单之前无法知道 {name}；试点条件只能使用 order.、customer. 和 line.",
    },
    "pilot_exists": {
        "en": "there is a pilot {pilot!r} already; choose another name",
        "zh": "已有试点 {pilot!r}；请换一个名称",
    },
    "pilot_unknown": {
        "en": "there is no pilot {pilot!r}; there are {known}.",
        "zh": "没有试点 {pilot!r}；现有 {known}。",
    },
    "pilot_ended": {
        "en": "the pilot {pilot!r} ended at {at}",
        "zh": "试点 {pilot!r} 已于 {at} 结束",
    },
    "pilot_for_whom": {
        "en": "say for which orders: share=, when=, or both",
        "zh": "请说明适用于哪些订单：share=、when= 或两者",
    },
    "pilot_same_version": {
        "en": "this is the version that new orders of {flow!r} get anyway",
        "zh": "流程 {flow!r} 的新订单本来就使用这个版本",
    },
    "pilot_narrowed": {
        "en": "the share of {pilot!r} is {share} and cannot become {wanted}: a pilot is only widened, or ended",
        "zh": "试点 {pilot!r} 的比例是 {share}，不能改为 {wanted}；试点只能扩大或结束",
    },
    "pilot_for_all": {
        "en": "the pilot {pilot!r} has no condition, so it cannot be widened by one",
        "zh": "试点 {pilot!r} 没有条件，无法用条件扩大",
    },
    # The comparison of a pilot with the rest (metrics/pilots.py).
    "pilot_report_head": {
        "en": "Pilot {pilot!r} of {flow}, version {version}: orders placed from {start} to {end}",
        "zh": "试点 {pilot!r}（流程 {flow}，版本 {version}）：{start} 至 {end} 下单的订单",
    },
    "pilot_report_group": {
        "en": "{group}: {orders} orders ({ended} ended, {cancelled} cancelled, {open} open); lead time of {ended} ended: median {median}, 90 % {p90}; breached {breached} of {orders}; rework {rework} of {orders}; inconsistent {inconsistent} of {orders}",
        "zh": "{group}：{orders} 个订单（完成 {ended}，取消 {cancelled}，进行中 {open}）；{ended} 个已完成订单的周期：中位数 {median}，90% 分位 {p90}；超时 {breached}/{orders}；返工 {rework}/{orders}；不一致 {inconsistent}/{orders}",
    },
}
