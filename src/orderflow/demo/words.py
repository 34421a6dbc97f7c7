"""The demo's own words in English and Chinese, and lengths of time as people say them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orderflow.metrics.show import duration
from orderflow.model.reasons import Language

WORDS: dict[str, tuple[str, str]] = {
    "progress": ("{orders:,} orders over {days:,} days", "{orders:,} 个订单，{days:,} 天"),
    "head": ("{flow}: {orders:,} orders, {start} to {end}", "{flow}：{orders:,} 个订单，{start} 至 {end}"),
    "did": (
        "{total:,} commands, {refused:,} of them refused; {settled:,} warnings and breaches recorded by "
        "{sweeps:,} sweeps; {sent:,} messages sent, {retried:,} tried again",
        "{total:,} 条命令，其中 {refused:,} 条被拒绝；{sweeps:,} 次巡检记录 {settled:,} 次预警和超时；"
        "发送 {sent:,} 条消息，重试 {retried:,} 次",
    ),
    "board": ("Board on {at}", "看板 {at}"),
    "late": ("{late:,} late", "{late:,} 超时"),
    "more": ("… {count:,} more", "… 另有 {count:,} 单"),
    "ended": ("{stage}: {count:,}", "{stage}：{count:,}"),
    "late_title": ("Late orders: {count:,}", "超时订单：{count:,}"),
    "load": ("{owner} has {count:,} open orders", "{owner}手上有 {count:,} 单"),
    "nobody": ("nobody is responsible", "没有责任人"),
    "no_late": ("No order is late.", "没有超时订单。"),
    "order": ("Order", "订单"),
    "customer": ("Customer", "客户"),
    "stage": ("Stage", "节点"),
    "owner": ("Owner", "责任人"),
    "due": ("Due", "应于"),
    "open_hours": ("Open h", "工时"),
    "why": ("Why it is late", "原因"),
    "over": ("{promise}: {late} over; {because}", "{promise}超 {late}；{because}"),
    "delivery": ("Delivery promise", "交货"),
    "minutes": ("{n} working min", "{n} 分钟"),
    "hours": ("{n} working h", "{n} 个工作小时"),
    "days": ("{n} working days", "{n} 个工作日"),
    "told_title": ("Notified: {count:,} messages", "通知：{count:,} 条"),
    "topic": ("Topic", "主题"),
    "channel": ("Channel", "渠道"),
    "to": ("To", "收件人"),
    "message": ("The last message of each topic, in Chinese", "每个主题的最后一条"),
    "placed": ("placed", "下单"),
    "entered": ("entered", "进入节点"),
    "assigned": ("assigned", "指派"),
    "warned": ("warned", "预警"),
    "breached": ("breached", "超时"),
    "inconsistent": ("inconsistent", "不一致"),
    "total": ("total", "合计"),
    "wrong_title": (
        "Inconsistencies: {count:,} reports of other systems against the flow",
        "不一致：其他系统的 {count:,} 次报告与流程不符",
    ),
    "reported": ("Reported", "报告时间"),
    "what": ("What", "内容"),
    "reason": ("Reason given", "说明"),
    "now_in": ("Now in", "现在"),
    "refused_title": ("Refused: {count:,} commands", "拒绝：{count:,} 条命令"),
    "times": ("Times", "次数"),
    "command": ("Command", "命令"),
    "example": ("Why, in one case", "原因（举例）"),
    "figures": ("Key figures", "关键指标"),
    "lead_time": ("Lead time, first to last event", "历时（首个到最后事件）"),
    "median": ("median", "中位数"),
    "p90": ("p90", "P90"),
    "on_time": ("Delivered on time", "准时发货"),
    "on_time_of": ("{share} of {n:,}", "{n:,} 单中 {share}"),
    "rework": ("Rework", "返工"),
    "rework_of": (
        "{share} of the orders entered a stage again; most often {stage}",
        "{share} 的订单重复进入节点；最多的是{stage}",
    ),
    "no_rework": ("none", "无"),
    "finished": ("Finished", "已完成"),
    "finished_of": ("{done:,} of {orders:,}, {cancelled:,} cancelled", "{orders:,} 单中 {done:,}，取消 {cancelled:,}"),
    "time_in": ("Time in each stage, all orders together", "各节点累计停留时间"),
    "entries": ("entries", "次数"),
    "bottleneck": ("◀ bottleneck", "◀ 瓶颈"),
    "waits": ("waits for the customer", "等客户"),
    "kept": ("The histories are kept in {storage}", "历史保存在 {storage}"),
}
_UNITS = ((" d", " 天"), (" h", " 小时"), (" min", " 分钟"), (" s", " 秒"))


def say(key: str, language: Language, **values: Any) -> str:
    """A text of the demo with its values filled in."""
    return WORDS[key][language == "zh"].format_map(values)


def length(value: timedelta | None, language: Language) -> str:
    """A length of real time in its two largest units: `12 d 5 h`, `12 天 5 小时`."""
    text = duration(value)
    if language == "zh":
        for english, chinese in _UNITS:
            text = text.replace(english, chinese)
    return text


def open_length(value: timedelta, day: timedelta, language: Language) -> str:
    """A length of open time in working minutes, hours or days; `day` is the open time of a working day."""
    if value < timedelta(hours=1):
        return say("minutes", language, n=max(1, round(value / timedelta(minutes=1))))
    if value < day:
        return say("hours", language, n=f"{value / timedelta(hours=1):.1f}")
    return say("days", language, n=f"{value / day:.1f}")
