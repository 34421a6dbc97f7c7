"""Embedding in thirty lines: a shop's own orders are placed, moved along by its people, and shown as a board.

python examples/quickstart.py
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orderflow as of

SHOP_ORDERS = [("SO-1", "ACME", "A-7", 2, "300.00"), ("SO-2", "Wang & Co", "B-1", 400, "180.00")]  # the shop's own rows
PEOPLE = [
    of.Person(id="li", roles="sales"),
    of.Person(id="zhao", roles="finance"),
    of.Person(id="wang", roles="warehouse"),
]
now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Shanghai; leave `clock` out for the real time

with of.Tracker(Path(__file__).with_name("sales_order.yaml"), directory=PEOPLE, clock=lambda: now) as tracker:
    for number, buyer, item, count, price in SHOP_ORDERS:
        line = of.Line("1", item, count, price=of.Money(price, "CNY"))
        tracker.place(of.Order(number, customer=buyer, lines=[line]), by=of.Actor.system("shop"))
        receipt = tracker.fire(number, "submit", by="li")
        print(f"{receipt.order}: {receipt.view.title()}, {receipt.owner}, due {receipt.due_at:%H:%M} UTC")
    tracker.fire("SO-1", "approve", by="zhao")
    for reason in tracker.why_not("SO-2", "approve", by="zhao"):
        print(reason.text("zh"))

    now += timedelta(hours=8)
    print(f"{tracker.sweep().events} warnings and breaches while time went by")
    for column in tracker.board().columns:
        cards = [f"{card.order} ({card.owner}{', late' if card.late else ''})" for card in column.cards]
        print(f"{column.titles['zh']}  {column.count}  {', '.join(cards)}".rstrip())
    for entry in tracker.get("SO-2").timeline:
        print(f"{entry.at:%H:%M}  {entry.actor:16}  {entry.text('zh')}")
