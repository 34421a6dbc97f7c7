"""The templates that ship are sound, come back as they are, and carry an order along each of their main paths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.adapters.sources import template_text

MONDAY = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
SHOP = of.Actor.system("shop")
NAMES = ("e-commerce", "make-to-order", "sales-order")


# --- all of them --------------------------------------------------------------------------------------------------


def test_the_templates_are_known_by_name() -> None:
    """`of.templates()` lists them, `of.template` loads one, and an unknown name comes with a suggestion."""
    assert of.templates() == NAMES
    for name in NAMES:
        assert of.template(name).name == name
    with pytest.raises(of.DefinitionError, match="Did you mean 'sales-order'"):
        of.template("sale-order")
    with pytest.raises(of.DefinitionError):
        of.template("../pyproject")


@pytest.mark.parametrize("name", NAMES)
def test_a_template_raises_no_problems(name: str) -> None:
    """Neither errors nor warnings; places say which template."""
    flow = of.template(name)
    assert of.problems(flow) == ()
    assert flow.places["lifecycle"].file == f"template:{name}"


@pytest.mark.parametrize("name", NAMES)
def test_a_template_comes_back_as_it_is(name: str) -> None:
    """Dumped as YAML and JSON it has the same fingerprint; an empty file that extends it is the same flow."""
    flow = of.template(name)
    for form in ("yaml", "json"):
        assert of.fingerprint(read_flow_text(of.dump_flow(flow, format=form))) == of.fingerprint(flow)  # type: ignore[arg-type]  # two words of the type
    assert of.fingerprint(read_flow_text(f"extends: {name}\n")) == of.fingerprint(flow)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_bilingual(name: str) -> None:
    """Everything that people read has a title in English and Chinese, and so have the comments."""
    flow = of.template(name)
    titled: list[tuple[str, Any]] = [("flow", flow), *flow.fields.items(), *flow.sla.items(), *flow.tracks.items()]
    for _, path, lifecycle in flow.lifecycles():
        titled += [(f"{path}.{stage}", item) for stage, item in lifecycle.stages.items()]
        titled += [(f"{path}.{item.trigger}", item) for item in lifecycle.transitions]
    assert [path for path, item in titled if set(item.title) != {"en", "zh"}] == []
    comments = [line for line in template_text(name).splitlines() if line.lstrip().startswith("#")]
    assert any(max(line) > "\u4e00" for line in comments) and any(line.isascii() for line in comments)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_told_and_drawn_in_both_languages(name: str) -> None:
    """Every stage's title is in the words and in the picture."""
    flow = of.template(name)
    for language in ("en", "zh"):
        told = of.describe(flow, language)  # type: ignore[arg-type]  # two words of the type
        drawn = of.draw(flow, format="dot", language=language)  # type: ignore[arg-type]  # the same
        for _, _, lifecycle in flow.lifecycles():
            for stage in lifecycle.stages.values():
                assert stage.title[language] in told
                assert stage.title[language].split()[0] in drawn.replace("\\n", " ")


@pytest.mark.parametrize("name", NAMES)
def test_every_stage_of_a_template_is_owned_watched_and_left(name: str) -> None:
    """On every track: an open stage has an owner and a clock, and a path leads from each stage to an end."""
    flow = of.template(name)
    for track, _, lifecycle in flow.lifecycles():
        watched = {
            stage
            for sla in flow.sla.values()
            if sla.track == track
            for stage in lifecycle.stages
            if f"'{stage}'" in sla.start.text or stage in sla.start.text.split(" or ")
        }
        ends = {stage for stage, item in lifecycle.stages.items() if item.category in ("done", "cancelled")}
        for _ in lifecycle.stages:
            ends |= {source for item in lifecycle.transitions if item.dest in ends for source in item.source}
        assert ends == set(lifecycle.stages)
        for stage, item in lifecycle.stages.items():
            if item.category in ("open", "waiting"):
                assert item.owner is not None, (track, stage)
                assert stage in watched, (track, stage)


# --- a world for an order -----------------------------------------------------------------------------------------


class Walk:
    """One order on its way: each step says what is done, by whom, and where it leads."""

    def __init__(self, template: str, people: dict[str, tuple[str, str]], order: of.Order) -> None:
        self.now = MONDAY
        directory = of.Directory(
            [
                of.Person(id=id, roles=[role] if role else [], teams=[team] if team else [])
                for id, (role, team) in people.items()
            ]
        )
        self.tracker = of.Tracker(of.template(template), directory=directory, clock=lambda: self.now)
        self.tracker.place(order, by=SHOP)

    def do(self, trigger: str, by: Any, stage: str, owner: str | None = None, track: str = "order") -> None:
        """Fire a trigger an hour later; the track is then in `stage`, and where it is given, owned by `owner`."""
        self.now += timedelta(hours=1)
        self.tracker.fire("SO-1", trigger, by=by, track=track)
        found = self.tracker.get("SO-1").tracks[track]
        assert found.stage == stage
        assert owner is None or found.owner == owner

    def refused(self, trigger: str, by: Any, track: str = "order") -> str:
        """Why a trigger is refused."""
        with pytest.raises(of.Refused) as caught:
            self.tracker.fire("SO-1", trigger, by=by, track=track)
        return str(caught.value)

    def clocks(self, track: str = "order") -> set[str]:
        """The promises whose clocks run on a track."""
        return {clock.sla for clock in self.tracker.get("SO-1").clocks if clock.running and clock.track == track}

    @property
    def category(self) -> str:
        return self.tracker.get("SO-1").category


FACTORY = {
    "xiao": ("sales", ""),
    "gong": ("engineer", ""),
    "ji": ("planner", ""),
    "cai": ("buyer", ""),
    "che": ("operator", "workshop"),
    "jian": ("inspector", ""),
    "cang": ("warehouse", ""),
    "cai-wu": ("finance", ""),
    "fu": ("service", ""),
    "lin": ("manager", ""),
}


def factory(terms: str = "deposit", total: int = 80_000) -> Walk:
    customer = of.Customer("C-1", {"name": "华东机械", "level": "A", "address": "苏州", "phone": "139"})
    return Walk(
        "make-to-order",
        FACTORY,
        of.Order(
            "SO-1",
            customer=customer,
            total=of.Money(total, "CNY"),
            promised_at=MONDAY + timedelta(days=30),
            attributes={"terms": terms, "contract": "HT-26-031"},
            lines=[of.Line("1", "轴套", 200, attributes={"drawing": "D-88", "material": "45#"})],
        ),
    )


SHOPPERS = {
    "ke": ("service", ""),
    "jian": ("picker", "warehouse"),
    "wu": ("logistics", ""),
    "cai": ("finance", ""),
    "lin": ("manager", ""),
}
BUYER = of.Actor.customer("C-7")
GATEWAY = of.Actor.system("gateway")


def shop(member: str = "normal") -> Walk:
    customer = of.Customer("C-7", {"member": member, "name": "王", "phone": "138", "address": "杭州"})
    return Walk(
        "e-commerce",
        SHOPPERS,
        of.Order(
            "SO-1",
            customer=customer,
            total=of.Money(399, "CNY"),
            source="app",
            attributes={"channel": "app", "method": "alipay"},
        ),
    )


# --- make to order ------------------------------------------------------------------------------------------------


def test_an_order_is_made_to_measure() -> None:
    """Intake, review, deposit, shortage, production, rework, inspection, shipping, balance, done: stage by stage."""
    walk = factory()
    assert walk.tracker.get("SO-1").owner == "xiao"
    assert walk.clocks() == {"placed", "delivery"} and walk.clocks("payment") == {"deposit"}
    walk.do("submit", "xiao", "review", "gong")
    assert walk.clocks() == {"review", "delivery"}
    walk.do("approve", "gong", "planning", "ji")
    assert "track('payment').stage" in walk.refused("release", "ji")
    walk.do("receive_deposit", "cai-wu", "deposit_paid", "cai-wu", "payment")
    assert walk.clocks("payment") == {"balance"}
    walk.do("report_shortage", "ji", "shortage", "cai")
    assert walk.category == "waiting" and walk.clocks() == {"shortage", "delivery"}
    walk.do("receive_material", "cai", "planning", "ji")
    walk.do("release", "ji", "production", "che")
    walk.do("expedite", "xiao", "production", "che")
    walk.do("finish", "che", "inspection", "jian")
    walk.do("rework", "jian", "production", "che")
    assert walk.clocks() == {"production", "delivery"}
    walk.do("finish", "che", "inspection", "jian")
    walk.do("pass", "jian", "shipping", "cang")
    walk.do("ship", "cang", "after_sales", "fu")
    assert walk.clocks() == {"after_sales"}
    assert "track('payment').stage" in walk.refused("complete", "fu")
    walk.do("receive_balance", "cai-wu", "paid", track="payment")
    walk.do("complete", "fu", "completed")
    assert walk.category == "done" and walk.clocks() == walk.clocks("payment") == set()
    entered = [event.body.stage for event in walk.tracker.history("SO-1") if event.type == "stage_entered"]
    assert entered.count("production") == 2


def test_the_terms_of_payment_open_and_close_the_ways() -> None:
    """Credit needs no deposit; who pays in advance gets the goods when all is paid."""
    walk = factory("credit")
    for step in (("submit", "xiao", "review"), ("approve", "gong", "planning"), ("release", "ji", "production")):
        walk.do(*step)
    walk = factory("prepaid")
    for step in (("submit", "xiao", "review"), ("approve", "gong", "planning")):
        walk.do(*step)
    walk.do("receive_deposit", "cai-wu", "deposit_paid", track="payment")
    for step in (("release", "ji", "production"), ("finish", "che", "inspection"), ("pass", "jian", "shipping")):
        walk.do(*step)
    assert "track('payment').stage" in walk.refused("ship", "cang")
    walk.do("receive_balance", "cai-wu", "paid", track="payment")
    walk.do("ship", "cang", "after_sales")


def test_a_large_order_needs_the_manager() -> None:
    """Beyond the limit the engineer is refused."""
    walk = factory(total=500_000)
    walk.do("submit", "xiao", "review")
    assert "order.total < 200000" in walk.refused("approve", "gong")
    walk.do("approve", "lin", "planning")


def test_an_order_to_measure_is_cancelled_and_refunded() -> None:
    """It stays with finance, under a clock, until the deposit has gone back."""
    walk = factory()
    walk.do("submit", "xiao", "review")
    walk.do("receive_deposit", "cai-wu", "deposit_paid", track="payment")
    assert "cancelling" in walk.refused("refund", "cai-wu", "payment")
    walk.do("cancel", "xiao", "cancelling", "cai-wu")
    assert walk.clocks() == {"cancelling"} and walk.clocks("payment") == set()
    assert "track('payment').stage" in walk.refused("close", "cai-wu")
    walk.do("refund", "cai-wu", "refunding", "cai-wu", "payment")
    assert walk.clocks("payment") == {"refund"}
    walk.do("refunded", "cai-wu", "closed", track="payment")
    walk.do("close", "cai-wu", "cancelled")
    assert walk.category == "cancelled" and walk.clocks() == walk.clocks("payment") == set()


def test_an_unpaid_order_to_measure_is_closed() -> None:
    """Cancelled before any money came: the deposit is not waited for any longer."""
    walk = factory()
    walk.do("cancel", "lin", "cancelled")
    assert walk.clocks("payment") == set()
    walk.do("close", "cai-wu", "closed", track="payment")


def test_goods_come_back_for_repair() -> None:
    """A return is a track of its own: accepted, received, repaired, settled; a second one is compensated."""
    walk = factory("credit")
    for step in (
        ("submit", "xiao", "review"),
        ("approve", "gong", "planning"),
        ("release", "ji", "production"),
        ("finish", "che", "inspection"),
        ("pass", "jian", "shipping"),
    ):
        walk.do(*step)
    walk.tracker.open_track("SO-1", "return", by=BUYER)
    assert "after_sales" in walk.refused("accept", "fu", "return:1")
    walk.do("ship", "cang", "after_sales")
    assert walk.clocks("return:1") == {"return_answer"}
    walk.do("accept", "fu", "coming", "fu", "return:1")
    walk.do("receive", "cang", "examined", "jian", "return:1")
    walk.do("repair", "jian", "repair", "che", "return:1")
    assert walk.clocks("return:1") == {"return_repair"}
    walk.do("send_repaired", "che", "settled", track="return:1")
    walk.tracker.open_track("SO-1", "return", by="fu")
    walk.do("accept", "fu", "coming", track="return:2")
    walk.do("receive", "cang", "examined", track="return:2")
    walk.do("compensate", "fu", "settled", track="return:2")
    walk.tracker.open_track("SO-1", "return", by="fu")
    walk.do("reject", "fu", "rejected", track="return:3")
    assert all(walk.clocks(f"return:{number}") == set() for number in (1, 2, 3))


def test_the_workshop_keeps_its_own_hours() -> None:
    """What is made is due by the workshop's calendar, which is open on Saturdays and in the evening."""
    walk = factory("credit")
    walk.now = datetime(2026, 3, 13, 7, 0, tzinfo=UTC)  # Friday, 15:00 in Shanghai
    for step in (("submit", "xiao", "review"), ("approve", "gong", "planning"), ("release", "ji", "production")):
        walk.do(*step)
    walk.do("finish", "che", "inspection")  # 19:00, when the offices are closed
    (inspection,) = [clock for clock in walk.tracker.get("SO-1").clocks if clock.sla == "inspection"]
    assert inspection.due_at == datetime(2026, 3, 14, 3, 0, tzinfo=UTC)  # 5h until midnight, 3h on Saturday


# --- a web shop ---------------------------------------------------------------------------------------------------


def test_an_order_of_a_shop_is_paid_picked_shipped_and_delivered() -> None:
    """With two parcels, one of them in trouble; the customer confirms."""
    walk = shop()
    assert walk.category == "waiting"
    assert walk.clocks() == {"unpaid"} and walk.clocks("payment") == {"payment"}
    assert "track('payment').stage" in walk.refused("pay", GATEWAY)
    walk.do("receive", GATEWAY, "paid", track="payment")
    walk.do("pay", GATEWAY, "paid", "jian")
    assert walk.clocks() == {"accepted", "dispatch"} and walk.clocks("payment") == set()
    walk.do("pick", "jian", "picking", "jian")
    walk.do("out_of_stock", "jian", "paid")
    walk.do("remind", BUYER, "paid")
    walk.do("pick", "jian", "picking")
    for number in (1, 2):
        walk.tracker.open_track("SO-1", "shipment", by="jian")
        assert walk.clocks(f"shipment:{number}") == {"packed"}
        walk.do("hand_over", "jian", "on_the_way", "wu", f"shipment:{number}")
    walk.do("ship", "jian", "shipped", "wu")
    assert walk.clocks() == {"transport"}
    walk.do("deliver", "wu", "delivered", track="shipment:1")
    walk.do("report", "wu", "trouble", "wu", "shipment:2")
    assert walk.clocks("shipment:2") == {"trouble"}
    walk.do("resume", "wu", "on_the_way", track="shipment:2")
    walk.do("deliver", "wu", "delivered", track="shipment:2")
    walk.do("deliver", "wu", "delivered", "ke")
    assert walk.clocks() == {"confirmation"}
    walk.do("confirm", BUYER, "completed")
    assert walk.category == "done"
    assert all(walk.clocks(track) == set() for track in walk.tracker.get("SO-1").tracks)


def test_a_member_is_picked_for_sooner() -> None:
    """The target depends on the membership."""
    dues = []
    for member in ("plus", "normal"):
        walk = shop(member)
        walk.do("receive", GATEWAY, "paid", track="payment")
        walk.do("pay", GATEWAY, "paid")
        walk.do("pick", "jian", "picking")
        dues += [clock.due_at for clock in walk.tracker.get("SO-1").clocks if clock.sla == "picking"]
    assert dues[0] < dues[1]


def test_a_customer_cancels_before_payment_and_service_afterwards() -> None:
    """Unpaid, the payment is closed; paid, it is refunded. A customer cannot cancel what is paid."""
    walk = shop()
    walk.do("cancel", BUYER, "cancelled")
    assert walk.category == "cancelled" and walk.clocks() == walk.clocks("payment") == set()
    walk.do("close", "ke", "closed", track="payment")
    walk = shop()
    walk.do("receive", GATEWAY, "paid", track="payment")
    walk.do("pay", GATEWAY, "paid")
    assert "service" in walk.refused("cancel", BUYER)
    assert "refunding" in walk.refused("refund", "cai", "payment")
    walk.do("cancel", "ke", "refunding", "cai")
    assert walk.clocks() == {"cancellation"}
    walk.do("refund", "ke", "refunding", "cai", "payment")
    assert walk.clocks("payment") == {"refund"}
    walk.do("refunded", "cai", "refunded", track="payment")
    walk.do("close", "cai", "cancelled")
    assert walk.category == "cancelled" and walk.clocks() == walk.clocks("payment") == set()


def test_a_customer_who_has_just_paid_is_refunded() -> None:
    """The money came, and the order has not moved yet: the cancellation refunds it."""
    walk = shop()
    walk.do("receive", GATEWAY, "paid", track="payment")
    walk.do("cancel", BUYER, "refunding", "cai")


def delivered() -> Walk:
    walk = shop()
    walk.do("receive", GATEWAY, "paid", track="payment")
    for trigger, by, stage in (
        ("pay", GATEWAY, "paid"),
        ("pick", "jian", "picking"),
        ("ship", "jian", "shipped"),
        ("deliver", "wu", "delivered"),
    ):
        walk.do(trigger, by, stage)
    return walk


def test_goods_are_sent_back_and_refunded() -> None:
    """Requested by the customer, approved, received, accepted, refunded; each step with its owner and clock."""
    walk = delivered()
    walk.tracker.open_track("SO-1", "return", by=BUYER)
    assert walk.clocks("return:1") == {"return_answer"}
    walk.do("approve", "ke", "approved", "ke", "return:1")
    walk.do("receive", "jian", "received", "jian", "return:1")
    assert walk.clocks("return:1") == {"return_check"}
    walk.do("accept", "jian", "refunding", "cai", "return:1")
    assert walk.clocks("return:1") == {"return_refund"}
    walk.do("refund", "cai", "refunded", track="return:1")
    walk.do("confirm", of.Actor.automation("after-ten-days"), "completed")
    walk.tracker.open_track("SO-1", "return", by=BUYER)
    walk.do("reject", "ke", "rejected", track="return:2")
    walk.tracker.open_track("SO-1", "return", by=BUYER)
    walk.do("withdraw", BUYER, "withdrawn", track="return:3")


def test_nothing_is_sent_back_before_it_has_arrived() -> None:
    """The return waits for the order."""
    walk = shop()
    walk.tracker.open_track("SO-1", "return", by=BUYER)
    assert "delivered" in walk.refused("approve", "ke", "return:1")


def test_a_lost_parcel_is_shipped_again() -> None:
    """The order goes back to picking; the lost parcel is written off, another one takes its way."""
    walk = shop()
    walk.do("receive", GATEWAY, "paid", track="payment")
    walk.do("pay", GATEWAY, "paid")
    walk.do("pick", "jian", "picking")
    walk.tracker.open_track("SO-1", "shipment", by="jian")
    walk.do("hand_over", "jian", "on_the_way", track="shipment:1")
    walk.do("ship", "jian", "shipped")
    walk.do("report", "wu", "trouble", track="shipment:1")
    walk.do("write_off", "wu", "lost", track="shipment:1")
    walk.do("ship_again", "wu", "picking", "jian")
    assert walk.clocks() == {"picking", "dispatch"} and walk.clocks("shipment:1") == set()
    walk.tracker.open_track("SO-1", "shipment", by="jian")
    walk.do("hand_over", "jian", "on_the_way", track="shipment:2")
    walk.do("ship", "jian", "shipped")


# --- sales order --------------------------------------------------------------------------------------------------


def test_a_sales_order_goes_from_intake_to_the_end() -> None:
    """With rework in the plant and a repair in after-sales; and another one is cancelled."""
    people = {
        "li": ("sales", ""),
        "wang": ("finance", ""),
        "zhao": ("plant", "plant-1"),
        "sun": ("warehouse", ""),
        "qian": ("service", ""),
    }
    customer = of.Customer("C-1", {"name": "N", "level": "B", "address": "上海"})
    order = of.Order("SO-1", customer=customer, total=of.Money(5_000, "CNY"))
    walk = Walk("sales-order", people, order)
    walk.do("submit", "li", "review", "wang")
    walk.do("send_back", "wang", "placed", "li")
    walk.do("submit", "li", "review")
    walk.do("approve", "wang", "production", "zhao")
    walk.do("redo", "zhao", "production", "zhao")
    walk.do("finish", "zhao", "shipping", "sun")
    walk.do("ship", "sun", "payment", "wang")
    walk.do("pay", "wang", "after_sales", "qian")
    walk.do("take_back", "qian", "production", "zhao")
    for trigger, by, stage in (
        ("finish", "zhao", "shipping"),
        ("ship", "sun", "payment"),
        ("pay", "wang", "after_sales"),
    ):
        walk.do(trigger, by, stage)
    walk.do("complete", "qian", "completed")
    assert walk.category == "done" and walk.clocks() == set()
    walk = Walk("sales-order", people, order)
    walk.do("cancel", "li", "cancelled")
    assert walk.category == "cancelled" and walk.clocks() == set()
