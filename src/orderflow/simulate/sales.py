"""The order book that ships: a machine builder's sales orders, with its people, customers, habits and mishaps."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from attrs import frozen

from orderflow.adapters.flowfile import load_flow
from orderflow.model.actor import Actor, Person
from orderflow.model.calendar import ALWAYS
from orderflow.model.flow import Flow
from orderflow.model.order import Customer, Line, Money, Order
from orderflow.simulate.scenario import (
    Delay,
    Escalation,
    Interruption,
    Length,
    Outcome,
    Scenario,
    Staff,
    Work,
)

FLOW_FILE = Path(__file__).parent.parent / "templates" / "sales-order.yaml"
USUAL = 5.0  # orders a day for which the people below are enough, only just


@cache
def sales_flow() -> Flow:
    """The flow of the demo, from the file that ships: `orderflow/templates/sales-order.yaml`."""
    return load_flow(FLOW_FILE)


def sales_scenario(per_day: float = USUAL) -> Scenario:
    """A sales department, a plant, a warehouse and a service desk for about `per_day` new orders a calendar day.

    There are as many people as that needs, so that the plant is the bottleneck at any size.
    """
    manager = Person(id="lin", name="林总", roles=["manager"], email="lin@example.com")
    return Scenario(
        flow=sales_flow(),
        staff=_staff(per_day / USUAL),
        work=WORK,
        order=_order,
        interruptions=(CANCELLED,),
        planner=Actor.person(manager.id),
        hand_over_reason="{name}请假，转交同事",
        more_people=(manager,),
    )


# --- people: id, name, role, team, speed; enough for five orders a day ------------------------------------------------

_PEOPLE = (
    ("li-na", "李娜", "sales", "sales", 1.0),
    ("zhang-wei", "张伟", "sales", "sales", 0.8),
    ("chen-jie", "陈杰", "sales", "sales", 1.2),
    ("wang-fang", "王芳", "finance", "finance", 1.0),
    ("liu-yang", "刘洋", "finance", "finance", 0.7),
    ("zhao-min", "赵敏", "finance_head", "finance", 1.0),
    ("sun-qiang", "孙强", "plant", "plant-1", 1.1),
    ("zhou-tao", "周涛", "plant", "plant-1", 1.0),
    ("wu-gang", "吴刚", "plant", "plant-1", 0.9),
    ("zheng-bo", "郑波", "plant", "plant-1", 1.0),
    ("feng-lei", "冯磊", "plant", "plant-1", 0.8),
    ("xu-jing", "徐静", "warehouse", "warehouse", 1.0),
    ("ma-chao", "马超", "warehouse", "warehouse", 0.9),
    ("huang-li", "黄丽", "service", "service", 1.0),
)


def _staff(scale: float) -> list[Staff]:
    """Each role with as many people as the scale needs, at least one: those above, then numbered ones."""
    roles: dict[str, list[tuple[str, str, str, str, float]]] = {}
    for row in _PEOPLE:
        roles.setdefault(row[2], []).append(row)
    found = []
    for role, rows in roles.items():
        for n in range(max(1, round(len(rows) * scale))):
            id, name, _, team, speed = rows[n % len(rows)]
            number = n // len(rows) + 1
            suffix = f"-{number}" if number > 1 else ""
            person = Person(
                id=id + suffix, name=name + suffix, roles=[role], teams=[team], email=f"{id}{suffix}@example.com"
            )
            found.append(Staff(person=person, speed=speed, absence=0.012))
    return found


# --- what happens in each stage ---------------------------------------------------------------------------------------

WORK: dict[str, Work] = {
    "placed": Work(
        takes=Length("25m", 0.6),
        outcomes=[Outcome(trigger="submit")],
        delays=[
            Delay(chance=0.06, length=Length("16h", 0.7), note="等客户确认图纸"),
            Delay(chance=0.03, length=Length("26h", 0.6), note="价格有疑问，等销售经理回复"),
        ],
        otherwise=Outcome(trigger="cancel", reason="缺收货地址，联系不上客户"),
    ),
    "review": Work(
        takes=Length("30m", 0.6),
        outcomes=[
            Outcome(weight=90, trigger="approve"),
            Outcome(weight=8, trigger="send_back", reason="合同与报价不一致，退回修改"),
            Outcome(weight=1, stage="production", source="erp", reason="ERP 中已下达生产"),
            Outcome(weight=1, stage="shipping", source="erp", reason="ERP 单据状态错误"),
        ],
        delays=[Delay(chance=0.07, length=Length("20h", 0.8), note="等客户补充开票资料")],
        escalate=Escalation(role="finance_head", reason="超出信用额度，请财务主管审批"),
        otherwise=Outcome(trigger="send_back", reason="超出信用额度，请销售与客户协商分批"),
    ),
    "production": Work(
        takes=Length("236m", 0.55),
        outcomes=[
            Outcome(weight=91, trigger="finish"),
            Outcome(weight=7, trigger="redo", reason="质检不合格，返工"),
            Outcome(weight=2, stage="payment", source="wms", reason="WMS 已出库，但未做完工入库"),
        ],
        delays=[
            Delay(chance=0.05, length=Length("40h", 0.6), note="缺料，等供应商到货"),
            Delay(chance=0.03, length=Length("24h", 0.5), note="设备故障，等维修"),
        ],
    ),
    "shipping": Work(
        takes=Length("45m", 0.5),
        outcomes=[
            Outcome(weight=30, trigger="ship"),
            Outcome(weight=15, trigger="ship", stage="payment", source="wms", lag=Length("2h", 0.7)),
            Outcome(weight=54, stage="payment", source="wms", lag=Length("2h", 0.7)),
            Outcome(weight=1, stage="after_sales", source="erp", reason="ERP 误报已收款"),
        ],
        delays=[Delay(chance=0.08, length=Length("18h", 0.7), note="物流爆仓，等车")],
    ),
    "payment": Work(
        wait=Length("170h", 0.75),
        outcomes=[Outcome(trigger="pay")],
        by=Actor.system("bank"),
    ),
    "after_sales": Work(
        wait=Length("48h", 0.4),
        takes=Length("20m", 0.5),
        outcomes=[
            Outcome(weight=94, trigger="complete"),
            Outcome(weight=6, trigger="take_back", reason="客户反馈质量问题，退货返修"),
        ],
        delays=[Delay(chance=0.1, length=Length("50h", 0.6), note="电话无人接听，改日回访")],
    ),
}

CANCELLED = Interruption(
    trigger="cancel",
    role="sales",
    chance=0.05,
    after=Length("8h", 1.2),
    reasons=["客户取消项目", "客户改向同行采购", "客户重复下单"],
    refused="已过审核，不能取消",
)

# --- customers and what they order ------------------------------------------------------------------------------------


@frozen
class _Buyer:
    """A customer with what an order copies; `weight`: how often they order."""

    customer: Customer
    region: str
    weight: int


_REGIONS = {
    "华东": ("上海", "苏州", "杭州", "宁波"),
    "华南": ("深圳", "广州", "东莞"),
    "华北": ("北京", "天津", "青岛"),
    "华中": ("武汉", "长沙"),
    "西南": ("成都", "重庆"),
}
_TRADES = ("恒达机械", "瑞丰电子", "中科自控")
_LEVELS = "ABBCC"
_ITEMS = (  # item, unit, price of one in yuan, most of them in a line
    ("伺服电机 750W", "台", 1280, 20),
    ("减速机 PLF60", "台", 960, 20),
    ("控制柜 XL-21", "套", 8600, 3),
    ("导轨滑块 HGH20", "套", 420, 30),
    ("传感器 M12", "只", 85, 100),
    ("输送带模组", "米", 610, 24),
    ("触摸屏 10寸", "台", 2350, 6),
    ("气缸 SC63", "只", 240, 40),
    ("机器人夹爪", "套", 12800, 2),
    ("码垛工作站", "套", 46000, 1),
)
_SOURCES = ("web", "wechat", "sales")


@cache
def _buyers() -> tuple[tuple[_Buyer, ...], tuple[int, ...]]:
    """The customers, and the running sums of their weights: a few order often, many seldom."""
    cities = [(region, city) for region, names in _REGIONS.items() for city in names]
    buyers = []
    for number, (region, city, trade) in enumerate((r, c, t) for t in _TRADES for r, c in cities):
        attributes = {
            "name": f"{city}{trade}",
            "level": _LEVELS[number % len(_LEVELS)],
            "phone": f"000-0000-{number:04}",
            "address": None if number == 31 else f"{city}市示例路 {number + 1} 号",
        }
        weight = 60 // (number % len(cities) + 2) + (12 if attributes["level"] == "A" else 2)
        buyers.append(_Buyer(Customer(f"C-{number + 1:03}", attributes), region, weight))
    return tuple(buyers), tuple(accumulate(buyer.weight for buyer in buyers))


def _order(random: Random, number: int, at: datetime) -> Order:
    """An order of a few lines; rush orders are promised sooner, and now and then no date is promised at all."""
    buyers, weights = _buyers()
    buyer = random.choices(buyers, cum_weights=weights)[0]
    rush = random.random() < 0.12
    calendar = sales_flow().calendar or ALWAYS
    day = at.astimezone(ZoneInfo(calendar.timezone)).date()
    promised = calendar.add_workdays(day, random.randint(3, 5) if rush else random.randint(5, 11))
    lines = [_line(random, n) for n in range(1, random.choice((1, 1, 2, 2, 3, 4, 5)) + 1)]
    return Order(
        f"SO-{number:05}",
        flow=sales_flow().name,
        customer=buyer.customer,
        lines=lines,
        promised_at=promised if random.random() < 0.96 else None,
        source=random.choices(_SOURCES, (5, 3, 2))[0],
        attributes={"region": buyer.region, "rush": True if rush else None},
    )


def _line(random: Random, number: int) -> Line:
    item, unit, price, most = random.choice(_ITEMS)
    discount = Decimal(random.choice((100, 100, 98, 95, 90))) / 100
    amount = (price * discount).quantize(Decimal("0.01"))
    return Line(str(number), item, random.randint(1, most), unit=unit, price=Money(amount, "CNY"))
