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
    """Neither errors nor warnings, and nothing that could not be checked; places say which template."""
    flow = of.template(name)
    assert of.problems(flow, notes=True) == ()
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
    titled += (flow.amendments or {}).items()
    if flow.lines is not None:
        titled += [*flow.lines.stages.items(), *flow.lines.moves.items()]
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

    def open(self, kind: str, by: Any, lines: dict[str, int] | None = None) -> str:
        """Open a track of a kind, loaded with quantities; returns its name."""
        track = self.tracker.open_track("SO-1", kind, by=by, lines=lines).events[0].track
        assert track is not None
        return track

    def standing(self, line: str = "1") -> dict[str, int]:
        """Where the quantity of a line stands."""
        return {stage: int(number) for stage, number in self.tracker.get("SO-1").quantities[line].items()}

    def codes(self, call: Any, *args: Any, **more: Any) -> list[str]:
        """The reasons for which a command is refused, as codes."""
        with pytest.raises(of.Refused) as caught:
            call("SO-1", *args, **more)
        return [item.code for item in caught.value.reasons]

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


SHOES = (of.Line("1", "鞋", 2, attributes={"colour": "黑"}), of.Line("2", "袜", 3))


def shop(member: str = "normal", lines: tuple[of.Line, ...] = SHOES) -> Walk:
    customer = of.Customer("C-7", {"member": member, "name": "王", "phone": "138", "address": "杭州"})
    return Walk(
        "e-commerce",
        SHOPPERS,
        of.Order(
            "SO-1",
            customer=customer,
            total=of.Money(399, "CNY"),
            source="app",
            attributes={"channel": "app", "method": "alipay", "utm": "spring"},
            lines=lines,
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
    assert walk.standing() == {"ordered": 200, "produced": 200}
    walk.do("ship", "cang", "after_sales", "fu")
    assert walk.clocks() == {"after_sales"}
    assert "payment" in walk.refused("complete", "fu")
    walk.do("receive_balance", "cai-wu", "paid", track="payment")
    assert "lines('shipped') == 0" in walk.refused("complete", "fu")
    walk.do("deliver", "fu", "after_sales")
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


def sold() -> Walk:
    """An order on credit that was made, sent and signed for."""
    walk = factory("credit")
    for step in (
        ("submit", "xiao", "review"),
        ("approve", "gong", "planning"),
        ("release", "ji", "production"),
        ("finish", "che", "inspection"),
        ("pass", "jian", "shipping"),
        ("ship", "cang", "after_sales"),
        ("deliver", "fu", "after_sales"),
    ):
        walk.do(*step)
    return walk


def test_goods_come_back_for_repair() -> None:
    """A return is a track of its own, with what it carries: repaired, compensated, refused; each stands where it is."""
    walk = sold()
    assert walk.open("return", BUYER, {"1": 10}) == "return:1"
    assert walk.clocks("return:1") == {"return_answer"}
    walk.do("accept", "fu", "coming", "fu", "return:1")
    walk.do("receive", "cang", "examined", "jian", "return:1")
    assert walk.standing() == {"ordered": 200, "delivered": 190, "returned": 10}
    walk.do("repair", "jian", "repair", "che", "return:1")
    assert walk.clocks("return:1") == {"return_repair"}
    walk.do("send_repaired", "che", "settled", track="return:1")
    assert walk.standing() == {"ordered": 200, "delivered": 200}
    for last, by, end, back in (("compensate", "fu", "settled", 5), ("refuse", "jian", "rejected", 0)):
        track = walk.open("return", "fu", {"1": 5})
        walk.do("accept", "fu", "coming", track=track)
        walk.do("receive", "cang", "examined", track=track)
        walk.do(last, by, end, track=track)
        assert walk.standing().get("returned", 0) == 5, back
    walk.open("return", "fu")
    walk.do("reject", "fu", "rejected", track="return:4")
    assert all(walk.clocks(f"return:{number}") == set() for number in (1, 2, 3, 4))


def test_nothing_comes_back_that_was_not_delivered() -> None:
    """A return is loaded from what has been delivered."""
    walk = factory("credit")
    assert walk.codes(walk.tracker.open_track, "return", by="fu", lines={"1": 1}) == ["not_enough"]


def test_an_exchange_is_made_again() -> None:
    """What came back is owed again; the order is not done until it is made and delivered."""
    walk = sold()
    track = walk.open("return", BUYER, {"1": 20})
    walk.do("accept", "fu", "coming", track=track)
    walk.do("receive", "cang", "examined", track=track)
    walk.do("exchange", "fu", "settled", track=track)
    assert walk.standing() == {"ordered": 200, "open": 20, "delivered": 180}
    walk.do("receive_all", "cai-wu", "paid", track="payment")
    assert "lines('open') == 0" in walk.refused("complete", "fu")
    for step in (
        ("make_rest", "fu", "planning"),
        ("release", "ji", "production"),
        ("finish", "che", "inspection"),
        ("pass", "jian", "shipping"),
        ("ship", "cang", "after_sales"),
        ("deliver", "fu", "after_sales"),
        ("complete", "fu", "completed"),
    ):
        walk.do(*step)
    assert walk.standing() == {"ordered": 200, "delivered": 200}


def test_a_part_is_made_and_shipped_before_the_rest() -> None:
    """The operator reports a part; scrap is closed short by sales, and then nothing is owed any more."""
    walk = factory("credit")
    for step in (("submit", "xiao", "review"), ("approve", "gong", "planning")):
        walk.do(*step)
    assert walk.codes(walk.tracker.move, "produce", {"1": 120}, by="che") == ["guard_false"]
    walk.do("release", "ji", "production")
    assert "lines('produced') > 0" in walk.refused("finish_part", "che")
    walk.tracker.move("SO-1", "produce", {"1": 120}, by="che")
    walk.do("finish_part", "che", "inspection")
    walk.tracker.move("SO-1", "scrap", {"1": 4}, by="jian")
    walk.do("pass", "jian", "shipping")
    walk.do("ship", "cang", "after_sales")
    assert walk.standing() == {"ordered": 200, "open": 80, "shipped": 116, "scrapped": 4}
    walk.tracker.move("SO-1", "deliver", {"1": 100}, by="fu")
    walk.do("make_rest", "xiao", "planning")
    assert walk.codes(walk.tracker.move, "short_close", by="fu") == ["missing_role"]
    walk.tracker.move("SO-1", "short_close", {"1": 80}, by="xiao")
    assert walk.standing() == {"ordered": 200, "shipped": 16, "delivered": 100, "scrapped": 4, "cancelled": 80}


def test_a_little_more_may_be_made() -> None:
    """Up to five percent over, which counts as ordered from then on; beyond it is refused with what is left."""
    walk = factory("credit")
    for step in (("submit", "xiao", "review"), ("approve", "gong", "planning"), ("release", "ji", "production")):
        walk.do(*step)
    assert walk.codes(walk.tracker.move, "produce", {"1": 211}, by="che") == ["over_tolerance"]
    walk.tracker.move("SO-1", "produce", {"1": 206}, by="che")
    assert walk.standing() == {"ordered": 206, "produced": 206}
    walk.do("finish", "che", "inspection")


def test_an_order_to_measure_is_changed_by_whom_it_concerns() -> None:
    """Sales until it is planned, the manager afterwards; the promise by planning; nothing once it is sent."""
    walk = factory("credit")
    amend = walk.tracker.amend
    amend("SO-1", lines={"1": {"quantity": 220}}, add=[of.Line("2", "端盖", 10)], by="xiao", reason="客户加单")
    assert walk.standing() == {"ordered": 220, "open": 220} and walk.standing("2") == {"ordered": 10, "open": 10}
    walk.do("submit", "xiao", "review")
    walk.do("approve", "gong", "planning")
    assert "missing_role" in walk.codes(amend, lines={"1": {"quantity": 100}}, by="xiao")
    amend("SO-1", lines={"1": {"line.drawing": "D-89"}}, by="gong")
    amend("SO-1", remove=["2"], by="lin")
    amend("SO-1", {"order.promised_at": MONDAY + timedelta(days=40)}, by="ji")
    assert walk.codes(amend, {"order.terms": "prepaid"}, by="lin") == ["amendment_not_foreseen"]
    walk = sold()
    assert walk.codes(walk.tracker.amend, {"customer.address": "无锡"}, by="xiao") == ["guard_false"]


def test_an_order_to_measure_is_led_past_its_ways_and_back() -> None:
    """Planning sends it back, the manager skips and forces, each with a reason; a slip is undone."""
    walk = factory("credit")
    for step in (("submit", "xiao", "review"), ("approve", "gong", "planning"), ("release", "ji", "production")):
        walk.do(*step)
    assert walk.codes(walk.tracker.go_back, "review", by="xiao", reason="r") == ["missing_role"]
    assert walk.tracker.go_back("SO-1", "review", by="ji", reason="图纸有误").stage == "review"
    assert walk.tracker.skip("SO-1", "shipping", by="lin", reason="库存现货").stage == "shipping"
    assert walk.tracker.undo("SO-1", by="lin", reason="看错订单").stage == "review"
    assert walk.clocks() == {"review", "delivery"} and walk.tracker.get("SO-1").owner == "gong"


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
    for number, lines in ((1, {"1": 2, "2": 1}), (2, {"2": 2})):
        assert walk.open("shipment", "jian", lines) == f"shipment:{number}"
        assert walk.clocks(f"shipment:{number}") == {"packed"}
        assert "lines('open') == 0" in walk.refused("ship", "jian")
        walk.do("hand_over", "jian", "on_the_way", "wu", f"shipment:{number}")
    assert walk.standing("2") == {"ordered": 3, "shipped": 3}
    walk.do("ship", "jian", "shipped", "wu")
    assert walk.clocks() == {"transport"}
    walk.do("deliver", "wu", "delivered", track="shipment:1")
    assert walk.standing("2") == {"ordered": 3, "shipped": 2, "delivered": 1}
    assert "lines('shipped') == 0" in walk.refused("confirm", BUYER)
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


def picking(**more: Any) -> Walk:
    walk = shop(**more)
    walk.do("receive", GATEWAY, "paid", track="payment")
    walk.do("pay", GATEWAY, "paid")
    walk.do("pick", "jian", "picking")
    return walk


def delivered() -> Walk:
    walk = picking()
    track = walk.open("shipment", "jian", {"1": 2, "2": 3})
    walk.do("hand_over", "jian", "on_the_way", track=track)
    walk.do("ship", "jian", "shipped")
    walk.do("deliver", "wu", "delivered", track=track)
    walk.do("deliver", "wu", "delivered")
    return walk


def test_goods_are_sent_back_and_refunded() -> None:
    """Requested by the customer, approved, received, accepted, refunded; each step with its owner and clock."""
    walk = delivered()
    walk.open("return", BUYER, {"1": 1})
    assert walk.clocks("return:1") == {"return_answer"}
    walk.do("approve", "ke", "approved", "ke", "return:1")
    walk.do("receive", "jian", "received", "jian", "return:1")
    assert walk.standing() == {"ordered": 2, "delivered": 1, "returned": 1}
    assert walk.clocks("return:1") == {"return_check"}
    walk.do("accept", "jian", "refunding", "cai", "return:1")
    assert walk.clocks("return:1") == {"return_refund"}
    walk.do("refund", "cai", "refunded", track="return:1")
    walk.do("confirm", of.Actor.automation("after-ten-days"), "completed")
    assert walk.codes(walk.tracker.open_track, "return", by=BUYER, lines={"1": 2}) == ["not_enough"]
    walk.open("return", BUYER, {"1": 1})
    walk.do("reject", "ke", "rejected", track="return:2")
    walk.open("return", BUYER, {"2": 3})
    walk.do("withdraw", BUYER, "withdrawn", track="return:3")


def test_goods_are_exchanged_or_sent_back_as_they_came() -> None:
    """An exchange is owed again, so the order is shipped again before it is completed; what is refused goes back."""
    walk = delivered()
    for number, last, by, end in ((1, "exchange", "ke", "exchanged"), (2, "refuse", "jian", "rejected")):
        track = walk.open("return", BUYER, {str(number): 1})
        walk.do("approve", "ke", "approved", track=track)
        walk.do("receive", "jian", "received", track=track)
        walk.do(last, by, end, track=track)
    assert walk.standing() == {"ordered": 2, "open": 1, "delivered": 1}
    assert walk.standing("2") == {"ordered": 3, "delivered": 3}
    assert "lines('open') == 0" in walk.refused("confirm", BUYER)
    walk.do("ship_again", "ke", "picking", "jian")
    track = walk.open("shipment", "jian", {"1": 1})
    walk.do("hand_over", "jian", "on_the_way", track=track)
    walk.do("ship", "jian", "shipped")
    walk.do("deliver", "wu", "delivered", track=track)
    walk.do("confirm", BUYER, "completed")


def test_nothing_is_sent_back_before_it_has_arrived() -> None:
    """The return waits for the order."""
    walk = shop()
    walk.tracker.open_track("SO-1", "return", by=BUYER)
    assert "delivered" in walk.refused("approve", "ke", "return:1")


def test_a_lost_parcel_is_shipped_again() -> None:
    """The order goes back to picking; the lost parcel is written off, another one takes what was in it."""
    walk = picking()
    walk.open("shipment", "jian", {"1": 2, "2": 3})
    walk.do("hand_over", "jian", "on_the_way", track="shipment:1")
    walk.do("ship", "jian", "shipped")
    assert "lines('open') > 0" in walk.refused("ship_again", "wu")
    walk.do("report", "wu", "trouble", track="shipment:1")
    walk.do("write_off", "wu", "lost", track="shipment:1")
    assert walk.standing() == {"ordered": 2, "open": 2}
    walk.do("ship_again", "wu", "picking", "jian")
    assert walk.clocks() == {"picking", "dispatch"} and walk.clocks("shipment:1") == set()
    walk.open("shipment", "jian", {"1": 2, "2": 3})
    walk.do("hand_over", "jian", "on_the_way", track="shipment:2")
    walk.do("ship", "jian", "shipped")


def test_what_is_out_of_stock_is_closed_short() -> None:
    """A parcel is unpacked, service gives up what there is not, and the rest makes the order complete."""
    walk = picking()
    walk.open("shipment", "jian", {"1": 2, "2": 3})
    assert walk.codes(walk.tracker.move, "short_close", {"2": 1}, by="ke") == ["not_enough"]
    walk.do("unpack", "jian", "unpacked", track="shipment:1")
    walk.tracker.move("SO-1", "short_close", {"2": 1}, by="ke")
    walk.open("shipment", "jian", {"1": 2, "2": 2})
    walk.do("hand_over", "jian", "on_the_way", track="shipment:2")
    walk.do("ship", "jian", "shipped")
    assert walk.codes(walk.tracker.move, "deliver", {"1": 3}, track="shipment:2", by="wu") == ["not_enough"]
    walk.do("deliver", "wu", "delivered", track="shipment:2")
    walk.do("confirm", BUYER, "completed")
    assert walk.standing("2") == {"ordered": 3, "delivered": 2, "cancelled": 1}


def test_a_cancelled_order_owes_nothing() -> None:
    """What was open is closed with it; while something is on the road it cannot be cancelled."""
    walk = shop()
    walk.do("cancel", BUYER, "cancelled")
    assert walk.standing() == {"ordered": 2, "cancelled": 2}
    walk = picking()
    track = walk.open("shipment", "jian", {"1": 2})
    walk.do("hand_over", "jian", "on_the_way", track=track)
    assert "lines('shipped') == 0" in walk.refused("cancel", "ke")


def test_an_order_without_lines_needs_no_parcels() -> None:
    """A shop that sends no lines follows the stages alone."""
    walk = picking(lines=())
    walk.do("ship", "jian", "shipped")
    walk.do("deliver", "wu", "delivered")
    walk.do("confirm", BUYER, "completed")


def test_the_address_is_changed_until_it_is_packed() -> None:
    """By the customer until it is picked, by service until the first parcel is gone; lines until they are paid."""
    walk = shop()
    amend = walk.tracker.amend
    amend("SO-1", lines={"2": {"quantity": 4}}, by="ke")
    assert walk.standing("2") == {"ordered": 4, "open": 4}
    walk.do("receive", GATEWAY, "paid", track="payment")
    walk.do("pay", GATEWAY, "paid")
    assert "guard_false" in walk.codes(amend, lines={"2": {"quantity": 3}}, by="ke")
    amend("SO-1", {"customer.address": "宁波"}, by=BUYER)
    amend("SO-1", lines={"1": {"line.colour": "白"}}, by=BUYER)
    walk.do("pick", "jian", "picking")
    assert "missing_role" in walk.codes(amend, {"customer.address": "温州"}, by=BUYER)
    amend("SO-1", {"customer.address": "温州"}, by="ke")
    track = walk.open("shipment", "jian", {"1": 2})
    walk.do("hand_over", "jian", "on_the_way", track=track)
    assert "guard_false" in walk.codes(amend, {"customer.address": "金华"}, by="ke")
    assert walk.codes(amend, {"order.channel": "web"}, by="ke") == ["amendment_not_foreseen"]


def test_a_shop_trusts_its_warehouse() -> None:
    """What the warehouse says moves a parcel with its lines; what the shop says against it does not."""
    walk = picking()
    track = walk.open("shipment", "jian", {"1": 2})
    walk.tracker.observe("SO-1", "on_the_way", source="wms", track=track)
    assert walk.standing() == {"ordered": 2, "shipped": 2}
    walk.tracker.observe("SO-1", "unpacked", source="shop", track=track)
    assert walk.tracker.get("SO-1").tracks[track].stage == "on_the_way"


def test_a_slip_of_the_shop_is_taken_back() -> None:
    """Service sends it back, only the manager forces, and undoing leads to where it was, with its owner."""
    walk = delivered()
    assert walk.tracker.go_back("SO-1", "shipped", by="ke", reason="误操作").stage == "shipped"
    assert walk.codes(walk.tracker.force, "cancelled", by="ke", reason="r") == ["missing_role"]
    assert walk.tracker.force("SO-1", "cancelled", by="lin", reason="欺诈订单").stage == "cancelled"
    assert walk.clocks() == set()
    assert walk.tracker.undo("SO-1", by="lin", reason="误判").stage == "shipped"
    assert walk.tracker.get("SO-1").owner == "wu" and walk.clocks() == {"transport"}


# --- sales order --------------------------------------------------------------------------------------------------


TRADERS = {
    "li": ("sales", ""),
    "he": ("sales_head", ""),
    "wang": ("finance", ""),
    "zhou": ("finance_head", ""),
    "zhao": ("plant", "plant-1"),
    "sun": ("warehouse", ""),
    "qian": ("service", ""),
    "lin": ("manager", ""),
}


def sales() -> Walk:
    customer = of.Customer("C-1", {"name": "N", "level": "B", "address": "上海"})
    lines = [of.Line("1", "A-7", 10)]
    order = of.Order(
        "SO-1", customer=customer, total=of.Money(5_000, "CNY"), promised_at=MONDAY + timedelta(days=5), lines=lines
    )
    return Walk("sales-order", TRADERS, order)


def test_a_sales_order_goes_from_intake_to_the_end() -> None:
    """With rework in the plant and a repair in after-sales; and another one is cancelled."""
    walk = sales()
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
    walk = sales()
    walk.do("cancel", "li", "cancelled")
    assert walk.category == "cancelled" and walk.clocks() == set()


def test_a_sales_order_is_changed_by_sales_and_later_by_their_head() -> None:
    """Lines and prices by sales before production, then by the head; the address until it is shipped."""
    walk = sales()
    amend = walk.tracker.amend
    amend("SO-1", {"order.total": of.Money(6_000, "CNY")}, lines={"1": {"quantity": 12}}, by="li")
    walk.do("submit", "li", "review")
    walk.do("approve", "wang", "production")
    assert "missing_role" in walk.codes(amend, lines={"1": {"quantity": 9}}, by="li")
    amend("SO-1", {"order.promised_at": MONDAY + timedelta(days=9)}, lines={"1": {"quantity": 9}}, by="he")
    assert walk.clocks() == {"production", "delivery"}
    amend("SO-1", {"customer.address": "南京"}, by="qian")
    assert walk.codes(amend, {"customer.level": "A"}, by="he") == ["amendment_not_foreseen"]
    walk.do("finish", "zhao", "shipping")
    assert walk.codes(amend, {"customer.address": "合肥"}, by="qian") == ["guard_false"]
    walk.do("ship", "sun", "payment")
    assert "guard_false" in walk.codes(amend, lines={"1": {"quantity": 8}}, by="he")


def test_nothing_is_sent_off_without_an_address() -> None:
    """The stage asks for it again: an amendment may have taken it out since the order was submitted."""
    walk = sales()
    for step in (("submit", "li", "review"), ("approve", "wang", "production")):
        walk.do(*step)
    walk.tracker.amend("SO-1", {"customer.address": None}, by="he")
    walk.do("finish", "zhao", "shipping")
    assert walk.codes(walk.tracker.fire, "ship", by="sun") == ["missing_field"]


def test_heads_send_a_sales_order_back_and_the_manager_forces_it() -> None:
    """By role and with a reason; an undone jump leaves the order where and whose it was."""
    walk = sales()
    for step in (("submit", "li", "review"), ("approve", "wang", "production")):
        walk.do(*step)
    assert walk.codes(walk.tracker.go_back, "review", by="wang", reason="r") == ["missing_role"]
    assert walk.codes(walk.tracker.skip, "shipping", by="lin", reason="r") == ["jump_not_foreseen"]
    assert walk.tracker.go_back("SO-1", "review", by="zhou", reason="信用重审").stage == "review"
    assert walk.tracker.undo("SO-1", by="zhou", reason="已核实").stage == "production"
    assert walk.tracker.get("SO-1").owner == "zhao"
    assert walk.tracker.force("SO-1", "completed", by="lin", reason="客户自提").stage == "completed"
    assert walk.clocks() == set()
