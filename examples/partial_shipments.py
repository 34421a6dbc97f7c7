"""One order, three shipments: partial delivery, a little too much, a return, an exchange, and a short close.

python examples/partial_shipments.py
"""

from datetime import UTC, datetime
from pathlib import Path

import orderflow as of

WAREHOUSE = of.Person(id="wang", roles=("warehouse",))
SALES = of.Person(id="li", roles=("sales",))
now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def show(tracker: of.Tracker, what: str) -> None:
    print(f"\n{what}")
    for line, stages in tracker.get("SO-1").quantities.items():
        print(f"  line {line}: " + ", ".join(f"{stage} {quantity}" for stage, quantity in stages.items()))


with of.Tracker(
    Path(__file__).with_name("partial_shipments.yaml"), directory=[WAREHOUSE, SALES], clock=lambda: now
) as tracker:
    lines = [of.Line("1", "A-7 cup", 100), of.Line("2", "B-2 plate", 40)]
    tracker.place(of.Order("SO-1", customer="ACME", lines=lines), by=of.Actor.system("shop"), external={"erp": "45001"})
    show(tracker, "ordered 下单")

    first = tracker.open_track("SO-1", "shipment", lines={"1": 60}, by="wang").events[0].track
    tracker.fire("SO-1", "send", track=first, by="wang")
    tracker.fire("SO-1", "arrive", track=first, by="wang")
    show(tracker, f"60 cups have arrived with {first} 部分发货")

    for reason in tracker.why_not("SO-1", "complete", by="li"):
        print(f"  not complete: {reason.text()}\n  {reason.text('zh')}")

    tracker.move("SO-1", "ship", {"1": 42}, by="wang")  # two more than are left: within the tolerance of 5 %
    tracker.move("SO-1", "deliver", by="wang")
    show(tracker, "42 more cups: two more than ordered, which the tolerance allows 超量")
    try:
        tracker.move("SO-1", "ship", {"1": 4}, by="wang")
    except of.Refused as refused:
        print(f"  refused: {refused.reasons[0].text()}")

    back = tracker.open_track("SO-1", "return", lines={"1": 5}, by="li").events[0].track
    tracker.fire("SO-1", "receive", track=back, by="wang")
    show(tracker, "five cups came back 退货")
    tracker.move("SO-1", "exchange", {"1": 5}, by="li")
    tracker.move("SO-1", "ship", {"1": 5}, by="wang")
    tracker.move("SO-1", "deliver", by="wang")
    show(tracker, "and were exchanged 换货")

    tracker.amend("SO-1", lines={"2": {"quantity": 30}}, by="li", reason="customer needs fewer plates")
    tracker.move("SO-1", "short_close", {"2": 30}, by="li", reason="plates are out of stock")
    show(tracker, "the plates were cut to 30 and closed 变更、短缺关闭")

    receipt = tracker.fire("SO-1", "complete", by="li")
    print(f"\n{receipt.order} (ERP {', '.join(receipt.view.external['erp'])}): {receipt.view.title('zh')}\n")
    for entry in receipt.view.timeline:
        if entry.type in ("quantity_moved", "order_amended"):
            print(f"  {entry.actor:12} {entry.text('zh')}")
