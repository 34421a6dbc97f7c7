"""Embedding in about thirty lines: a shop's own orders are placed, moved along, and shown as a board.

python examples/quickstart.py
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orderflow as of

SHOP_ORDERS: list[dict[str, Any]] = [  # as they come out of the shop's own database
    {"no": "SO-1", "buyer": "ACME", "region": "east", "items": [("A-7", 2, Decimal("300.00"))]},
    {"no": "SO-2", "buyer": "Wang & Co", "region": "south", "items": [("B-1", 400, Decimal("180.00"))]},
    {"no": "SO-3", "buyer": "ACME", "region": "east", "items": [("A-7", 1, Decimal("300.00"))]},
]

FLOW = of.Flow(
    name="sales-order",
    currency="CNY",
    fields={"order.region": of.Field()},
    calendar=of.WorkCalendar.from_dict(
        {"timezone": "Asia/Shanghai", "hours": {"mon-fri": ["09:00-12:00", "13:30-18:00"]}}
    ),
    lifecycle=of.Lifecycle(
        initial="placed",
        stages={
            "placed": of.Stage(title={"zh": "下单"}, owner=of.OwnerRule(role="sales")),
            "review": of.Stage(title={"zh": "审核"}, owner=of.OwnerRule(role="finance")),
            "shipping": of.Stage(title={"zh": "发货"}, owner=of.OwnerRule(role="warehouse")),
            "completed": of.Stage(title={"zh": "完成"}, category="done"),
        },
        transitions=[
            of.Transition(trigger="submit", source="placed", dest="review"),
            of.Transition(
                trigger="approve", source="review", dest="shipping", guard="order.total < 50000", roles=["finance"]
            ),
            of.Transition(trigger="deliver", source="shipping", dest="completed"),
        ],
    ),
    sla={"review": of.SLA(start="stage == 'review'", target="4h", warn=["50%"])},
)

PEOPLE = of.Directory(
    [
        of.Person(id="li", roles=["sales"]),
        of.Person(id="zhao", roles=["finance"]),
        of.Person(id="wang", roles=["warehouse"]),
    ]
)


def to_order(row: dict[str, Any]) -> of.Order:
    """The shop's order as orderflow takes it."""
    items = enumerate(row["items"], start=1)
    lines = [of.Line(str(n), item, count, "pcs", of.Money(price, "CNY")) for n, (item, count, price) in items]
    return of.Order(row["no"], customer=row["buyer"], lines=lines, attributes={"region": row["region"]})


def main() -> None:
    """Place, fire, wait, look."""
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai; leave `clock` out for the real time
    with of.Tracker(FLOW, storage="memory:", directory=PEOPLE, clock=lambda: now) as tracker:
        for row in SHOP_ORDERS:
            tracker.place(to_order(row), by=of.Actor.system("shop"))
            receipt = tracker.fire(row["no"], "submit", by="li")
            print(f"{receipt.order}: {receipt.stage}, {receipt.owner}, due {receipt.due_at:%H:%M} UTC")
        tracker.fire("SO-1", "approve", by="zhao")
        for reason in tracker.why_not("SO-2", "approve", by="zhao"):
            print(f"SO-2: {reason.text('zh')}")

        now += timedelta(hours=8)
        print(f"\n{tracker.sweep().events} warnings and breaches while time went by\n")
        for column in tracker.board().columns:
            cards = [f"{card.order} ({card.owner}{', late' if card.late else ''})" for card in column.cards]
            print(f"{column.titles['zh']}  {column.count}  {', '.join(cards)}".rstrip())
        print("\nSO-1:")
        for entry in tracker.get("SO-1").timeline:
            print(f"  {entry.at:%H:%M}  {entry.actor:12}  {entry.text('zh')}")


if __name__ == "__main__":
    main()
