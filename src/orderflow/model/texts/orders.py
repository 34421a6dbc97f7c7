"""Texts about orders: refusals, automatic choices, what happened, and what people are told."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    # Values that no command may carry (model/order.py, actor.py, commands.py).
    "float_refused": {
        "en": "{what} is the float {value}, which is not exact; write Decimal('…') or text",
        "zh": "{what} 是浮点数 {value}，不精确；请使用 Decimal('…') 或文本",
    },
    "not_a_number": {
        "en": "{what} is {value}; give a finite number as Decimal, int or text, such as Decimal('19.90')",
        "zh": "{what} 的值是 {value}；请用 Decimal、整数或文本给出有限的数，例如 Decimal('19.90')",
    },
    "not_whole": {
        "en": "{what} is {value}; give a whole number, 0 or more",
        "zh": "{what} 的值是 {value}；请给出不小于 0 的整数",
    },
    "not_positive": {
        "en": "{what} is {value}; give a whole number, 1 or more",
        "zh": "{what} 的值是 {value}；请给出不小于 1 的整数",
    },
    "bad_flag": {
        "en": "{what} is {value}; give True, False or None",
        "zh": "{what} 的值是 {value}；请给出 True、False 或 None",
    },
    "not_a_command": {
        "en": "{value} is no command; give Place, Fire, Observe …",
        "zh": "{value} 不是命令；请给出 Place、Fire、Observe 等",
    },
    "at_before_order": {
        "en": "the time {at} is before the order was placed ({placed})",
        "zh": "时间 {at} 早于下单时间（{placed}）",
    },
    "not_money": {
        "en": "{what} is {value}; give Money(amount, currency)",
        "zh": "{what} 的值是 {value}；请使用 Money(金额, 币种)",
    },
    "bad_currency": {
        "en": "{value} is not an ISO 4217 code; write three capital letters, such as 'CNY'",
        "zh": "{value} 不是 ISO 4217 币种代码；请写三个大写字母，例如 'CNY'",
    },
    "naive_datetime": {
        "en": "{what} is {value}, without a time zone; give an aware datetime, e.g. with tzinfo=ZoneInfo('Asia/Shanghai')",
        "zh": "{what} 的值 {value} 没有时区；请给出带时区的时间，例如 tzinfo=ZoneInfo('Asia/Shanghai')",
    },
    "not_an_instant": {
        "en": "{what} is {value}; give an aware datetime",
        "zh": "{what} 的值是 {value}；请给出带时区的 datetime",
    },
    "year_out_of_range": {
        "en": "{what} is {value}; years go from {first} to {last}",
        "zh": "{what} 的值是 {value}；年份应在 {first} 到 {last} 之间",
    },
    "bad_id": {
        "en": "{what} is {value}; an id is printable text of 1 to 200 characters",
        "zh": "{what} 的值是 {value}；编号必须是 1 到 200 个可打印字符的文本",
    },
    "bad_attribute": {
        "en": "attribute {name!r} is {value}; give text, bool, int, Decimal, date, aware datetime, timedelta, Money, or a list of these",
        "zh": "属性 {name!r} 的值是 {value}；请给出文本、布尔、整数、Decimal、日期、带时区的时间、timedelta、Money 或它们的列表",
    },
    "not_an_order": {
        "en": "{value} is not an Order; give Order(id, customer=…, lines=…)",
        "zh": "{value} 不是 Order；请使用 Order(编号, customer=…, lines=…)",
    },
    "bad_customer": {
        "en": "the customer is {value}; give Customer(id, attributes) or the id as text",
        "zh": "客户的值是 {value}；请给出 Customer(编号, 属性) 或文本编号",
    },
    "bad_line": {
        "en": "{value} is not a Line; give Line(id, item, quantity)",
        "zh": "{value} 不是 Line；请使用 Line(编号, 物料, 数量)",
    },
    "bad_quantity": {
        "en": "line {line}: the quantity is {value}; it must be more than zero",
        "zh": "订单行 {line} 的数量是 {value}；必须大于零",
    },
    "duplicate_line": {"en": "two lines have the id {line!r}", "zh": "有两个订单行的编号都是 {line!r}"},
    "duplicate_person": {"en": "two people have the id {person!r}", "zh": "有两个人员的编号都是 {person!r}"},
    "bad_actor": {
        "en": "there is no kind of actor {value}; there are {known}.",
        "zh": "没有 {value} 这种操作者；可用的有 {known}。",
    },
    "bad_stream": {"en": "{value!r} names no stream; write kind:id", "zh": "{value!r} 不是历史流名；请写成 kind:id"},
    "bad_text": {
        "en": "{what} must be text of 1 to {limit} characters",
        "zh": "{what} 必须是 1 到 {limit} 个字符的文本",
    },
    "not_canonical": {
        "en": "{value} ({type}) cannot be written into a history",
        "zh": "{value}（{type}）不能写入历史",
    },
    # Refusals (rules/).
    "unknown_order": {
        "en": "there is no order {order!r}; place it first",
        "zh": "没有订单 {order!r}；请先下单",
    },
    "unknown_order_then": {
        "en": "there was no order {order!r} at {at}",
        "zh": "在 {at} 时还没有订单 {order!r}",
    },
    "order_id_reused": {
        "en": "order {order!r} is there already, with other content; use another id",
        "zh": "订单 {order!r} 已存在且内容不同；请换一个编号",
    },
    "key_reused": {
        "en": "the key {key!r} was used before on order {order!r}, for another command; use a new key",
        "zh": "键 {key!r} 已在订单 {order!r} 上用于另一条命令；请换一个键",
    },
    "unknown_person": {
        "en": "the directory knows nobody with the id {person!r}",
        "zh": "人员目录中没有编号为 {person!r} 的人",
    },
    "inactive_person": {"en": "{person} is not active", "zh": "{person} 已停用"},
    "unknown_track": {
        "en": "the order has no track {track!r}; it has {known}.",
        "zh": "订单没有分支 {track!r}；现有 {known}。",
    },
    "unknown_track_kind": {
        "en": "no track {track!r} can be opened; there are {known}.",
        "zh": "不能开启分支 {track!r}；可开启的有 {known}。",
    },
    "track_open": {"en": "the order has the track {track!r} already", "zh": "订单已有分支 {track!r}"},
    "unknown_stage": {
        "en": "there is no stage {stage!r}; there are {known}.",
        "zh": "没有节点 {stage!r}；现有 {known}。",
    },
    "unknown_trigger": {
        "en": "there is no trigger {trigger!r}; there are {known}.",
        "zh": "没有操作 {trigger!r}；现有 {known}。",
    },
    "not_from_this_stage": {
        "en": "{trigger!r} is not possible in stage {stage!r}; possible there: {allowed}",
        "zh": "在节点 {stage!r} 不能执行 {trigger!r}；此处可执行：{allowed}",
    },
    "missing_role": {
        "en": "{actor} needs one of the roles {roles}, and has: {held}",
        "zh": "{actor} 需要角色 {roles} 之一，现有角色：{held}",
    },
    "missing_field": {
        "en": "{trigger!r} needs {field}, which is missing",
        "zh": "执行 {trigger!r} 需要 {field}，但它缺失",
    },
    "guard_false": {
        "en": "{trigger!r} needs {term}; seen: {values}",
        "zh": "执行 {trigger!r} 要求 {term}；当前值：{values}",
    },
    "guard_unknown": {
        "en": "{trigger!r} needs {term}, which is unknown; seen: {values}",
        "zh": "执行 {trigger!r} 要求 {term}，但无法判断；当前值：{values}",
    },
    "at_in_future": {
        "en": "the time {at} is later than now ({now}); only what has happened can be recorded",
        "zh": "时间 {at} 晚于现在（{now}）；只能记录已发生的事",
    },
    "at_before_stage": {
        "en": "the time {at} is before stage {stage!r} was entered ({entered}); to record an old fact use observe",
        "zh": "时间 {at} 早于进入节点 {stage!r} 的时间（{entered}）；补记旧事实请用 observe",
    },
    "flow_needed": {"en": "say which flow the order follows: {known}", "zh": "请指明订单的流程：{known}"},
    "unknown_flow": {"en": "there is no flow {flow!r}; there are {known}.", "zh": "没有流程 {flow!r}；现有 {known}。"},
    "required_field": {"en": "{field} is required", "zh": "{field} 是必填字段"},
    "undeclared_field": {
        "en": "{field} is not declared under the flow's fields: {known}; declare it, or leave it out.",
        "zh": "{field} 未在流程的 fields 中声明（已声明 {known}）；请声明或去掉。",
    },
    "wrong_type": {"en": "{field} is {value}, which is no {type}", "zh": "{field} 的值 {value} 不是 {type} 类型"},
    "not_in_vocabulary": {
        "en": "{field} is {value!r}; it can be {known}.",
        "zh": "{field} 的值是 {value!r}；可取值为 {known}。",
    },
    "as_of_in_future": {"en": "{at} lies in the future", "zh": "{at} 在将来"},
    "bad_limit": {
        "en": "the limit is {limit}; it goes from 1 to {most}",
        "zh": "limit 是 {limit}；应在 1 到 {most} 之间",
    },
    "find_needs_scan": {
        "en": "no index answers this; narrow it by stage, owner, team, customer, late=True or where=, or pass scan=True",
        "zh": "没有索引可用；请按 stage、owner、team、customer、late=True 或 where= 缩小范围，或传入 scan=True",
    },
    "not_searchable": {
        "en": "{field!r} is not searchable; the flow's find: declares {known}.",
        "zh": "{field!r} 不可搜索；流程的 find: 声明了 {known}。",
    },
    "unknown_sla": {"en": "there is no promise {sla!r}; there are {known}.", "zh": "没有时效 {sla!r}；现有 {known}。"},
    "nothing_to_acknowledge": {
        "en": "no breached clock of order {order!r} is being escalated; known clocks: {known}",
        "zh": "订单 {order!r} 没有正在升级的超时；现有时效：{known}",
    },
    # How an owner was chosen (rules/owner.py).
    "owner_fixed": {"en": "{person} is responsible for this stage", "zh": "此节点由 {person} 负责"},
    "owner_not_available": {
        "en": "{person} should be responsible, but is not in the directory or not active",
        "zh": "应由 {person} 负责，但该人员不在目录中或已停用",
    },
    "owner_nobody": {"en": "nobody active in {group}", "zh": "{group} 中没有在职人员"},
    "owner_spread": {
        "en": "{person} has the fewest open orders ({load}) of {among} in {group}",
        "zh": "{group} 的 {among} 人中，{person} 的未完订单最少（{load}）",
    },
    "owner_assigned": {"en": "{by} assigned it to {person}", "zh": "{by} 指派给 {person}"},
    "owner_released": {"en": "{by} left it to nobody", "zh": "{by} 取消了责任人"},
    # What happened (rules/access.py).
    "did_place": {"en": "order {order} placed", "zh": "下单 {order}"},
    "did_begin": {"en": "began in {stage}", "zh": "进入“{stage}”"},
    "did_enter": {"en": "{trigger}: entered {stage}", "zh": "{trigger}：进入“{stage}”"},
    "did_observe": {"en": "{source} reported {stage}", "zh": "{source} 报告进入“{stage}”"},
    "did_observe_against_flow": {
        "en": "{source} reported {stage}, which the flow does not foresee",
        "zh": "{source} 报告进入“{stage}”，流程中没有这一步（不一致）",
    },
    "did_observe_again": {"en": "{source} reported {stage} again", "zh": "{source} 再次报告“{stage}”"},
    "did_observe_old": {
        "en": "{source} reported an earlier {stage}; the order stays in {current}",
        "zh": "{source} 补报较早的“{stage}”；订单仍在“{current}”",
    },
    "did_trigger": {"en": "{trigger} in {stage}", "zh": "在“{stage}”执行 {trigger}"},
    "did_assign": {"en": "{owner} became responsible", "zh": "责任人：{owner}"},
    "did_assign_nobody": {"en": "nobody is responsible", "zh": "没有责任人"},
    "did_note": {"en": "note: {text}", "zh": "备注：{text}"},
    "did_erase": {"en": "{count} personal values erased", "zh": "已删除 {count} 项个人信息"},
    "did_register": {"en": "flow version {fingerprint} registered", "zh": "登记流程版本 {fingerprint}"},
    "clock_started": {"en": "{sla}: due {due}", "zh": "时效 {sla}：{due} 到期"},
    "clock_paused": {"en": "{sla}: paused", "zh": "时效 {sla}：暂停计时"},
    "clock_resumed": {"en": "{sla}: goes on, due {due}", "zh": "时效 {sla}：恢复计时，{due} 到期"},
    "clock_reset": {"en": "{sla}: begins anew, due {due}", "zh": "时效 {sla}：重新计时，{due} 到期"},
    "clock_redued": {"en": "{sla}: now due {due}", "zh": "时效 {sla}：到期时间改为 {due}"},
    "clock_escalated": {"en": "{sla}: escalated, step {label}", "zh": "时效 {sla}：升级到第 {label} 级"},
    "clock_acknowledged": {"en": "{sla}: no further escalation ({label})", "zh": "时效 {sla}：停止升级（{label}）"},
    "clock_corrected": {
        "en": "{sla}: a late fact takes back {marks}",
        "zh": "时效 {sla}：根据补报的事实撤销 {marks}",
    },
    "clock_warned": {"en": "{sla}: warning at {label}", "zh": "时效 {sla}：{label} 预警"},
    "clock_met": {"en": "{sla}: reached", "zh": "时效 {sla}：已达成"},
    "clock_breached": {"en": "{sla}: breached", "zh": "时效 {sla}：已超时"},
    "clock_cancelled": {"en": "{sla}: no longer counted", "zh": "时效 {sla}：不再计时"},
    # What people are told (rules/commit.py).
    "told_placed": {"en": "Order {order} was placed.", "zh": "订单 {order} 已下单。"},
    "told_entered": {"en": "Order {order} is now in {stage}.", "zh": "订单 {order} 进入“{stage}”。"},
    "told_assigned": {
        "en": "Order {order} in {stage} is now yours, {owner}.",
        "zh": "{owner}，订单 {order}（{stage}）现由您负责。",
    },
    "told_warned": {
        "en": "Order {order} in {stage} is due {due} ({sla}); responsible: {owner}.",
        "zh": "订单 {order}（{stage}）将于 {due} 到期（{sla}），责任人：{owner}。",
    },
    "told_breached": {
        "en": "Order {order} in {stage} is late: it was due {due} ({sla}); responsible: {owner}.",
        "zh": "订单 {order}（{stage}）已超时：应于 {due} 前完成（{sla}），责任人：{owner}。",
    },
    "told_escalated": {
        "en": "Order {order} in {stage} is still late: it was due {due} ({sla}); responsible: {owner}.",
        "zh": "订单 {order}（{stage}）仍未处理：应于 {due} 前完成（{sla}），责任人：{owner}。",
    },
    "told_inconsistent": {
        "en": "{source} moved order {order} from {previous} to {stage}, which the flow does not foresee.",
        "zh": "{source} 将订单 {order} 从“{previous}”移到“{stage}”，流程中没有这一步。",
    },
}
