"""A flow changes while its orders run: compared, piloted on 30 % of the new orders, then the running ones migrated.

python examples/change_the_flow_while_orders_run.py
"""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orderflow as of

SHOP = of.Actor.system("shop")


def version(stages: dict[str, of.Stage], steps: list[tuple[str, str, str]], review: str, target: str) -> of.Flow:
    """A version of the flow: its stages, (trigger, source, dest), and how long the review in a stage may take."""
    return of.Flow(
        name="sales-order",
        lifecycle=of.Lifecycle(
            initial="placed",
            stages=stages,
            transitions=[of.Transition(trigger=trigger, source=source, dest=dest) for trigger, source, dest in steps],
        ),
        sla={"review": of.SLA(start=review, target=target), "all": of.SLA(start="stage != 'done'", target="72h")},
    )


PLACED = of.Stage(title={"en": "Placed", "zh": "下单"}, owner="li")
DONE = of.Stage(title={"en": "Done", "zh": "完成"}, category="done")

OLD = version(
    {
        "placed": PLACED,
        "review": of.Stage(title={"en": "Review", "zh": "审核"}, owner="zhao"),
        "packing": of.Stage(title={"en": "Packing", "zh": "打包"}),
        "done": DONE,
    },
    [("submit", "placed", "review"), ("approve", "review", "packing"), ("ship", "packing", "done")],
    review="review",
    target="48h",
)
NEW = version(  # the review is a credit check now, and packing is gone: approved orders are shipped
    {
        "placed": PLACED,
        "credit_check": of.Stage(title={"en": "Credit check", "zh": "信用审核"}, owner="qian"),
        "shipping": of.Stage(title={"en": "Shipping", "zh": "发货"}),
        "done": DONE,
    },
    [("submit", "placed", "credit_check"), ("approve", "credit_check", "shipping"), ("ship", "shipping", "done")],
    review="credit_check",
    target="24h",
)


class World:
    """The time of the story, and a Tracker over a file, opened with the old version."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        self.tracker = of.Tracker(OLD, storage=f"sqlite:///{folder / 'orders.db'}", clock=lambda: self.now)

    def work(self, *orders: str, hours: float, until: str = "done") -> None:
        """Everybody works on these orders, step by step, until they are in a stage."""
        for order in orders:
            while self.tracker.get(order).stage != until:
                self.now += timedelta(hours=hours)
                self.tracker.fire(order, self.tracker.allowed(order, by=SHOP)[0], by=SHOP)


def main() -> None:
    """Change the flow, and print each step."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            story(world)
        finally:
            world.tracker.close()


def story(world: World) -> None:
    """The whole way, from the first version to orders on the second."""
    tracker = world.tracker
    head("1. Orders run by version 1", "第一版流程上的订单")
    for number in range(1, 4):
        tracker.place(of.Order(f"OLD-{number}"), by=SHOP)
    world.work("OLD-2", hours=1, until="review")
    world.work("OLD-3", hours=1, until="packing")
    stages(tracker)

    head("2. What version 2 changes", "第二版改了什么")
    for change in of.diff(OLD, NEW):
        print(f"  {change.text('en')} | {change.text('zh')}")

    head("3. A pilot: 30 % of the new orders", "试点：30% 的新订单")
    tracker.start_pilot(NEW, name="credit-check", share="30%", by="boss")
    orders = [f"SO-{number:02}" for number in range(1, 21)]
    taken = []
    for number, order in enumerate(orders):
        tracker.place(of.Order(order), by=SHOP)
        tried = tracker.history(order)[0].rule == "pilot:credit-check"
        taken += [order] if tried else []
        world.work(order, hours=(0.25 if tried else 0.5) + number % 3 / 4)  # the short way is a quicker one
    print(f"  {len(taken)} of {len(orders)}: {', '.join(taken)}")
    report = tracker.pilot_report("credit-check")
    print(indented(report.text("en")))
    print(indented(report.text("zh")))
    print(f"  {tracker.end_pilot('credit-check', adopt=True, by='boss').text('zh')}")

    head("4. A plan for the orders that still run", "为进行中的订单做迁移方案")
    print(indented(tracker.plan_migration(NEW).text("en")))
    plan = tracker.plan_migration(NEW, mapping={"review": "credit_check", "packing": "shipping"}, clocks="rescale")
    print(indented(plan.text("en")))

    head("5. Applied, one append an order", "执行迁移，每个订单一次写入")
    print(indented(tracker.migrate(plan, by="boss").text("en")))
    stages(tracker)
    for entry in tracker.get("OLD-2").timeline[-4:]:
        print(f"  OLD-2  {entry.text('en')} | {entry.text('zh')}")

    head("6. One order goes back", "撤回一个订单")
    print(indented(tracker.revert_migration(plan.id, by="boss", orders=["OLD-3"]).text("en")))
    stages(tracker)
    world.work("OLD-1", "OLD-2", "OLD-3", hours=1)
    print("  all three are done, each by its own version / 三个订单均按各自版本完成")


def stages(tracker: of.Tracker) -> None:
    """Where the first orders stand, and by which version."""
    for order in ("OLD-1", "OLD-2", "OLD-3"):
        view = tracker.get(order)
        name = "1" if view.flow_version == of.fingerprint(OLD) else "2"
        print(f"  {order}  version {name}  {view.title('en'):12}  {view.title('zh')}")


def head(english: str, chinese: str) -> None:
    """The title of a step."""
    print(f"\n{english} / {chinese}")


def indented(text: str) -> str:
    """The lines of a text, set in."""
    return "\n".join(f"  {line}" for line in text.splitlines())


if __name__ == "__main__":
    main()
