"""Other systems: ids both ways, sequence numbers, precedence between sources, no echo; facts that the host answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SHOP = of.Actor.system("shop")
FLOW = """
flow: sales
sources: [wms, orderflow, erp]
lifecycle:
  initial: placed
  stages: {placed: {owner: li}, packed: {owner: li}, shipped: {owner: li}, delivered: {category: done}}
  transitions:
    - {trigger: pack, source: placed, dest: packed}
    - {trigger: ship, source: packed, dest: shipped}
    - {trigger: arrive, source: shipped, dest: delivered}
notify: {entered: {to: owner, channels: [erp, mail]}}
"""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def tracker(text: str = FLOW, **more: Any) -> of.Tracker:
    subject = of.Tracker(read_flow_text(text, file="f.yaml"), **more)
    subject.place(of.Order("SO-1"), by=SHOP)
    return subject


# --- ids of other systems ---


def test_an_order_is_found_by_the_id_of_another_system(tmp_path: Path) -> None:
    """An id given at placing or linked later finds the order, in another Tracker too; the View shows all ids."""
    url = f"sqlite:///{tmp_path / 'o.db'}"
    with of.Tracker(read_flow_text(FLOW), storage=url) as subject:
        subject.place(of.Order("SO-1"), by=SHOP, external={"erp": "45001", "web": "45001"})
        subject.link("SO-1", "wms", "W-1", by=SHOP)
        subject.link("SO-1", "wms", "W-2", by=SHOP)
    with of.Tracker(read_flow_text(FLOW), storage=url) as subject:
        for system, id in (("erp", "45001"), ("web", "45001"), ("wms", "W-1"), ("wms", "W-2")):
            assert subject.by_external(system, id).order == "SO-1"
        assert subject.get("SO-1").external == {"erp": ("45001",), "web": ("45001",), "wms": ("W-1", "W-2")}
        with pytest.raises(of.UnknownOrder, match="wms knows no order under '45001' here"):
            subject.by_external("wms", "45001")


def test_an_id_belongs_to_one_order() -> None:
    """A second order with the same id of a system is refused; the same link again changes nothing."""
    subject = tracker()
    subject.link("SO-1", "erp", "45001", by=SHOP)
    assert subject.link("SO-1", "erp", "45001", by=SHOP).events == ()
    with pytest.raises(of.Refused, match="erp knows order 'SO-1' under '45001' already"):
        subject.place(of.Order("SO-2"), by=SHOP, external={"erp": "45001"})
    with pytest.raises(of.UnknownOrder):
        subject.get("SO-2")


def test_an_order_placed_again_loses_no_id() -> None:
    """The same order again repeats with the ids that it has; with another one it is refused, since none is linked."""
    subject = tracker()
    subject.link("SO-1", "erp", "45001", by=SHOP)
    assert subject.place(of.Order("SO-1"), by=SHOP).repeated
    assert subject.place(of.Order("SO-1"), by=SHOP, external={"erp": "45001"}).repeated
    with pytest.raises(of.KeyReused):
        subject.place(of.Order("SO-1"), by=SHOP, external={"erp": "45002"})


def test_colons_in_ids_of_other_systems_mix_nothing_up() -> None:
    """`a:b` with `c` and `a` with `b:c` are two ids."""
    subject = tracker()
    subject.link("SO-1", "a:b", "c", by=SHOP)
    with pytest.raises(of.UnknownOrder):
        subject.by_external("a", "b:c")
    subject.place(of.Order("SO-2"), by=SHOP, external={"a": "b:c"})
    assert (subject.by_external("a:b", "c").order, subject.by_external("a", "b:c").order) == ("SO-1", "SO-2")


@pytest.mark.parametrize("external", [{"": "1"}, {"erp": ""}, {"erp": 5}, "erp", {5: "1"}])
def test_bad_ids_of_other_systems_are_refused(external: Any) -> None:
    """Ids are texts, under the names of systems."""
    with pytest.raises(of.InvalidValue):
        tracker().place(of.Order("SO-2"), by=SHOP, external=external)


# --- what other systems report ---


def test_facts_that_come_out_of_order_move_nothing_back() -> None:
    """With sequence numbers the later fact counts, whenever it comes; both times of the earlier one are kept."""
    clock = Clock()
    subject = tracker(clock=clock)
    clock.now += timedelta(hours=5)
    subject.observe("SO-1", "shipped", source="wms", source_seq=7)
    clock.now += timedelta(hours=1)
    at = START + timedelta(hours=2)
    view = subject.observe("SO-1", "packed", source="wms", source_seq=6, at=at).view
    assert view.stage == "shipped"
    event = subject.history("SO-1")[-1]
    assert (event.type, event.occurred_at, event.recorded_at) == ("stage_observed", at, clock.now)
    clock.now += timedelta(hours=1)
    late = subject.observe("SO-1", "packed", source="wms", source_seq=5)  # without its own time: the number tells
    assert (late.stage, late.events[-1].type) == ("shipped", "stage_observed")
    assert subject.observe("SO-1", "delivered", source="wms", source_seq=8).stage == "delivered"


def test_a_fact_that_is_known_by_its_number_is_not_recorded_again() -> None:
    """The same number with the same stage is a repetition; numbers of another source are its own."""
    subject = tracker()
    subject.observe("SO-1", "packed", source="wms", source_seq=7)
    assert subject.observe("SO-1", "packed", source="wms", source_seq=7).events == ()
    assert subject.observe("SO-1", "shipped", source="erp", source_seq=1).stage == "shipped"


def test_a_less_trusted_source_does_not_contradict_a_more_trusted_one() -> None:
    """Against the flow the ERP cannot move what the WMS or this library put somewhere; the WMS can."""
    subject = tracker()
    subject.observe("SO-1", "shipped", source="wms")
    receipt = subject.observe("SO-1", "placed", source="erp")
    assert receipt.stage == "shipped"
    assert receipt.view.timeline[-1].text("zh") == "erp 报告“placed”；以更可信的 wms 为准，仍在“shipped”"
    assert subject.observe("SO-1", "placed", source="somebody").stage == "shipped", "who is not listed comes last"
    assert subject.observe("SO-1", "delivered", source="erp").stage == "delivered", (
        "the flow foresees it: no contradiction"
    )
    other = tracker()
    other.fire("SO-1", "pack", by="li")
    assert other.observe("SO-1", "placed", source="erp").stage == "packed"
    assert other.observe("SO-1", "placed", source="wms").stage == "placed"


def test_without_precedence_the_last_word_counts() -> None:
    """A flow without `sources:` moves with every report, and marks what it did not foresee."""
    subject = tracker(FLOW.replace("sources: [wms, orderflow, erp]\n", ""))
    subject.observe("SO-1", "shipped", source="wms")
    assert subject.observe("SO-1", "placed", source="erp").view.inconsistent


def test_what_a_system_said_is_not_told_back_to_it() -> None:
    """A report from the ERP owes no message over the channel `erp`; others hear of it."""
    subject = tracker()
    receipt = subject.observe("SO-1", "packed", source="erp")
    assert [message.channels for message in receipt.messages] == [("mail",)]
    assert [message.channels for message in subject.fire("SO-1", "ship", by="wang").messages] == [("erp", "mail")]
    assert subject.observe("SO-1", "shipped", source="erp").messages == (), "what was caused here and comes back"


def test_a_source_twice_is_a_problem() -> None:
    """Precedence names each source once."""
    with pytest.raises(of.DefinitionError, match="'wms' stands here twice"):
        read_flow_text(FLOW.replace("[wms, orderflow, erp]", "[wms, erp, wms]"))


# --- facts ---

STOCK = """
flow: sales
fields: {order.item: {type: text}}
lifecycle:
  initial: placed
  stages: {placed: {owner: li}, shipped: {category: done}}
  transitions:
    - {trigger: ship, source: placed, dest: shipped, guard: "fact('stock', item=order.item) > 0"}
    - {trigger: force, source: placed, dest: shipped, guard: "fact('credit_ok', customer=customer.id, limit=5)"}
sla:
  ship: {start: placed, pause: "fact('stock', item=order.item) == 0", target: 8h, time: wall}
"""


def test_a_callable_answers_what_an_expression_cannot_say() -> None:
    """A registered callable gets the arguments by name; its answer decides, is asked once, and stands in the event."""
    stock: dict[str, Any] = {"A-7": 3}
    asked: list[str] = []

    def answer(item: str) -> Any:
        asked.append(item)
        return stock.get(item)

    subject = tracker(STOCK, facts={"stock": answer})
    subject.place(of.Order("SO-2", attributes={"item": "A-7"}), by=SHOP)
    asked.clear()
    receipt = subject.fire("SO-2", "ship", by="li")
    assert asked == ["A-7"]
    assert receipt.events[0].body.facts == {"fact('stock', item='A-7')": 3}  # type: ignore[union-attr]


def test_an_unknown_fact_refuses_and_says_so() -> None:
    """Without an answer, with an error, or with nonsense, the fact is unknown: a guard refuses, a clock runs on."""

    def broken(item: str) -> Any:
        raise RuntimeError("no connection")

    for facts in ({}, {"stock": broken}, {"stock": lambda item: object()}, {"stock": lambda item: 0.5}):
        subject = of.Tracker(read_flow_text(STOCK), facts=facts)
        subject.place(of.Order("SO-2", attributes={"item": "A-7"}), by=SHOP)
        (why,) = subject.why_not("SO-2", "ship", by="li")
        assert (why.code, why.params["values"]) == ("guard_unknown", {"fact('stock', item=order.item)": "?"})
        assert subject.get("SO-2").clocks[0].running


def test_the_host_says_when_a_fact_has_changed() -> None:
    """`fact_changed` looks at the clocks of the open orders whose promises ask for it: pauses begin and end."""
    clock = Clock()
    stock = {"A-7": Decimal(0)}
    subject = tracker(STOCK, facts={"stock": lambda item: stock.get(item)}, clock=clock)
    subject.place(of.Order("SO-2", attributes={"item": "A-7"}), by=SHOP)
    assert subject.get("SO-2").clocks[0].paused
    clock.now += timedelta(hours=3)
    stock["A-7"] = Decimal(5)
    assert subject.get("SO-2").clocks[0].paused, "nobody has said so yet"
    assert subject.fact_changed("stock", by=SHOP) == 2
    (found,) = subject.get("SO-2").clocks
    assert found.running and found.due_at == START + timedelta(hours=11)
    marked = [event for event in subject.history("SO-2") if event.type == "clock_marked"]
    assert marked[-1].body.facts == {"fact('stock', item='A-7')": 5}  # type: ignore[union-attr]
    assert subject.fact_changed("weather", by=SHOP) == 0
    assert subject.fact_changed("stock", by=SHOP, orders=["SO-2"]) == 1


def test_a_plugin_provides_facts() -> None:
    """The hook `orderflow_facts` answers for what no callable is registered for."""

    class Stock:
        @of.hookimpl
        def orderflow_facts(self, name: str, subjects: Any) -> Any:
            return 7 if (name, dict(subjects)) == ("stock", {"item": "A-7"}) else None

    subject = of.Tracker(read_flow_text(STOCK), plugins=[Stock()])
    subject.place(of.Order("SO-2", attributes={"item": "A-7"}), by=SHOP)
    assert subject.allowed("SO-2", by="li") == ("ship",)


@pytest.mark.parametrize("facts", [{"stock": 5}, ["stock"]])
def test_facts_are_callables_by_name(facts: Any) -> None:
    """What is no mapping of callables is refused when the Tracker opens."""
    with pytest.raises(of.DefinitionError):
        of.Tracker(read_flow_text(STOCK), facts=facts)
