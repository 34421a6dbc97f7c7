"""One order in business time: a weekend, a 调休 Saturday, a pause for the customer, a breach, and who takes it up.

python examples/sla_in_business_time.py
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orderflow as of

SHANGHAI = ZoneInfo("Asia/Shanghai")

# The State Council's notice for Spring Festival 2026: off from Sunday 15 to Monday 23 February, and in return work on
# the Saturdays 14 and 28 February. With the extra `calendars`, `"holidays": "CN"` says all this, year after year.
DAY = ["09:00-12:00", "13:30-18:00"]
CALENDAR = of.WorkCalendar.from_dict(
    {
        "timezone": "Asia/Shanghai",
        "hours": {"mon-fri": DAY},
        "holidays": [f"2026-02-{day}" for day in range(15, 24)],
        "exceptions": {"2026-02-14": DAY, "2026-02-28": DAY},
    }
)

FLOW = of.Flow(
    name="sales-order",
    title={"en": "Sales order", "zh": "销售订单"},
    calendar=CALENDAR,
    lifecycle=of.Lifecycle(
        initial="review",
        stages={
            "review": of.Stage(title={"en": "Review", "zh": "审核"}, owner=of.OwnerRule(person="zhao")),
            "waiting": of.Stage(title={"en": "Waiting for the customer", "zh": "等待客户"}, category="waiting"),
            "approved": of.Stage(title={"en": "Approved", "zh": "已通过"}, category="done"),
        },
        transitions=[
            of.Transition(trigger="ask", source="review", dest="waiting"),
            of.Transition(trigger="answer", source="waiting", dest="review"),
            of.Transition(trigger="approve", source="review", dest="approved"),
        ],
    ),
    sla={
        "review": of.SLA(
            title={"en": "Review", "zh": "审核时效"},
            start=["review", "waiting"],
            stop="approved",
            pause="waiting",
            target="48h",  # of work, which is six days and a half
            warn=["50%", "-2h"],
            escalate=[of.Rung(after="1h", to="lead"), of.Rung(after="4h", to="manager")],
        )
    },
)

PEOPLE = of.Directory(
    [of.Person(id="zhao", lead="qian", manager="sun"), of.Person(id="qian"), of.Person(id="sun"), of.Person(id="li")]
)


class World:
    """The time of the story, and a host that sweeps and delivers every hour, as a cron job would."""

    def __init__(self) -> None:
        self.now = at("2026-02-06 16:00")
        self.told: list[of.Notification] = []
        mail = of.CallableChannel("mail", self.told.append)
        self.tracker = of.Tracker(FLOW, directory=PEOPLE, plugins=[of.Channels(mail)], clock=lambda: self.now)

    def wait_until(self, text: str) -> None:
        """Let time go by."""
        while self.now < at(text):
            self.now = min(self.now + timedelta(hours=1), at(text))
            self.tracker.sweep()
            self.tracker.deliver()


def main() -> None:
    """Live through four weeks, and print what was recorded, in both languages."""
    world = World()
    tracker = world.tracker
    tracker.place(of.Order("SO-1", customer="ACME"), by=of.Actor.system("shop"))
    show(world, "Placed on a Friday; the weekend does not count", "周五下单，周末不计时")

    world.wait_until("2026-02-14 10:00")  # the Saturday that is worked in return for the holidays
    tracker.fire("SO-1", "ask", by="zhao", reason="Which address?")
    show(world, "The 调休 Saturday counts; the customer is asked", "调休的周六照常计时；向客户提问")

    world.wait_until("2026-02-27 17:00")  # nine days off, and four of work that the customer took
    tracker.fire("SO-1", "answer", by="li", reason="They called.")
    show(world, "The customer answers two weeks later", "两周后客户答复")

    world.wait_until("2026-03-02 09:15")  # the deadline was on Saturday, which is a workday too
    show(world, "Monday: breached, and the lead was told", "周一：已超时，主管已收到通知")
    tracker.acknowledge("SO-1", by="zhao", reason="I am on it.")

    world.wait_until("2026-03-03 09:30")
    tracker.fire("SO-1", "approve", by="zhao")
    show(world, "Approved on Tuesday, late; the manager was spared", "周二通过，已超时；无需再惊动经理")

    print("\nTimeline, local time / 时间线（当地时间）")
    for entry in tracker.get("SO-1").timeline:
        print(f"  {local(entry.at)}  {entry.actor:16}  {entry.text('en')}  |  {entry.text('zh')}")
    print("\nTold / 已发通知")
    for item in world.told:
        print(f"  {local(item.at)}  {item.topic:9} -> {', '.join(item.to)}  {item.text('zh')}")
    tracker.close()


def at(text: str) -> datetime:
    """An instant from the wall clock in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def local(instant: datetime) -> str:
    """An instant as people in Shanghai write it."""
    here = instant.astimezone(SHANGHAI)
    return f"{here:%m-%d} 周{'一二三四五六日'[here.weekday()]} {here:%H:%M}"


def show(world: World, english: str, chinese: str) -> None:
    """How the clock stands: how much was spent, and when it is due."""
    (clock,) = world.tracker.get("SO-1").clocks
    spent = clock.spent / timedelta(hours=1)
    share = clock.percent() or 0
    if clock.ended:
        state, words = "met, late", "完成，已超时"
    elif clock.paused:
        state, words = "paused", "暂停计时"
    else:
        due = local(clock.due_at or world.now)
        state, words = ("was due ", "应于 ") if clock.breached_at else ("due ", "到期：")
        state, words = state + due, words + due
    print(f"{local(world.now)}  {english} / {chinese}")
    print(f"{'':16}  {spent:g} h, {share:.0f} %, {state} / 已用 {spent:g} 工作小时，{words}")


if __name__ == "__main__":
    main()
