"""Which flow a new order takes of several, why, and what can be said about it beforehand."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.model.parse import parse
from orderflow.rules.compile import compile_flow
from orderflow.rules.evaluate import compile_condition
from orderflow.rules.select import choose

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SHOP = of.Actor.system("shop")
FIELDS = """\
  order.channel: {type: choice, of: [web, phone, partner], required: true}
  order.rush: {type: boolean}
  order.weight: {type: number}
  customer.level: {type: choice, of: [A, B, C]}
"""


def flow(name: str, select: str | None = None, more: str = "") -> of.Flow:
    """A small flow with this `select:`, whose condition gets the quotes that YAML wants around lists."""
    select = select and re.sub(r"when: (.*\[.*\])", r'when: "\1"', select)
    chosen = "" if select is None else f"select: {select}\n"
    return read_flow_text(
        f"flow: {name}\n{chosen}currency: CNY\nfields:\n{FIELDS}{more}"
        "lifecycle:\n  initial: a\n  stages: {a: {}, z: {category: done}}\n"
        "  transitions: [{trigger: go, source: a, dest: z}]\n",
        file=f"{name}.yaml",
    )


def tracker(*flows: of.Flow, **more: Any) -> of.Tracker:
    return of.Tracker(flows, clock=lambda: NOW, **more)


def order(id: str = "SO-1", channel: str = "web", total: int | None = 500, **more: Any) -> of.Order:
    attributes = {"channel": channel, **more.pop("attributes", {})}
    return of.Order(id, total=None if total is None else of.Money(total, "CNY"), attributes=attributes, **more)


def codes(flows: list[of.Flow]) -> list[tuple[str, str]]:
    return [(item.code, item.severity) for item in of.select_problems(flows)]


# --- choosing -----------------------------------------------------------------------------------------------------


def test_the_flow_that_fits_with_the_highest_priority_is_taken_and_explained() -> None:
    """The receipt says which flow, with what priority, and by which term; so does the receipt when it is repeated."""
    web = flow("web", "{when: order.channel == 'web' and order.total < 1000, priority: 10}")
    rest = flow("rest", "{}")
    with tracker(web, rest) as subject:
        receipt = subject.place(order(), by=SHOP)
        assert receipt.state.order.flow == "web"
        (why,) = [item for item in receipt.reasons if item.code == "flow_selected"]
        assert dict(why.params) == {
            "flow": "web",
            "priority": 10,
            "term": "order.channel == 'web' and order.total < 1000",
        }
        assert why.place and (why.place.file, why.place.line) == ("web.yaml", 2)
        assert "web" in why.text("zh")
        again = subject.place(order(), by=SHOP)
        assert again.repeated and again.reasons == receipt.reasons
        assert subject.place(order("SO-2", total=5000), by=SHOP).reasons[0].code == "flow_selected_always"
        assert subject.get("SO-2").flow == "rest"


def test_an_order_may_name_its_flow_itself() -> None:
    """Then nothing is chosen, and nothing is explained; a flow without `select:` is taken only so."""
    with tracker(flow("web", "{}"), flow("quiet")) as subject:
        receipt = subject.place(order(flow="quiet"), by=SHOP)
        assert receipt.state.order.flow == "quiet"
        assert not [item for item in receipt.reasons if item.code.startswith("flow_")]
        assert subject.place(order("SO-2"), by=SHOP).state.order.flow == "web"


def test_one_flow_alone_takes_every_order() -> None:
    """Its `select:` is not asked."""
    with tracker(flow("web", "{when: order.channel == 'phone'}")) as subject:
        assert subject.place(order(), by=SHOP).state.order.flow == "web"


def test_without_any_select_the_order_must_say() -> None:
    """As before there was a `select:`."""
    with tracker(flow("one"), flow("two")) as subject:
        with pytest.raises(of.Refused) as caught:
            subject.place(order(), by=SHOP)
        assert [item.code for item in caught.value.reasons] == ["flow_needed"]


def test_when_none_fits_every_unmet_term_is_told() -> None:
    """Of each flow, with the values that were seen; nothing is written."""
    one = flow("one", "{when: order.channel == 'phone' and order.total > 100}")
    two = flow("two", "{when: order.rush or order.weight > 30, priority: 1}")
    with tracker(one, two) as subject:
        with pytest.raises(of.Refused) as caught:
            subject.place(order(), by=SHOP)
        first, *rest = caught.value.reasons
        assert first.code == "no_flow_fits"
        assert [(item.params["flow"], item.params["term"], dict(item.params["values"])) for item in rest] == [
            ("one", "order.channel == 'phone'", {"order.channel": "web"}),
            ("two", "order.rush", {"order.rush": "?"}),
            ("two", "order.weight > 30", {"order.weight": "?"}),
        ]
        assert all(item.text("zh") for item in caught.value.reasons)
        with pytest.raises(of.UnknownOrder):
            subject.get("SO-1")


def test_unknown_does_not_fit() -> None:
    """An order without a total is neither below nor above."""
    flows = [flow("low", "{when: order.total < 1000, priority: 1}"), flow("rest", "{}")]
    with tracker(*flows) as subject:
        assert subject.place(order(total=None), by=SHOP).state.order.flow == "rest"


def test_two_that_fit_alike_are_refused_by_name() -> None:
    """What could not be proved beforehand comes out with the order."""
    one = flow("one", "{when: order.weight * 2 > 10, priority: 5}")
    two = flow("two", "{when: order.rush, priority: 5}")
    assert codes([one, two]) == [("select_not_checked", "note"), ("select_gap", "warning")]
    with tracker(one, two) as subject:
        with pytest.raises(of.Refused) as caught:
            subject.place(order(attributes={"rush": True, "weight": 9}), by=SHOP)
        (why,) = caught.value.reasons
        assert (why.code, why.params["flows"], why.params["priority"]) == ("flow_tie", ("one", "two"), 5)


def test_a_promised_day_is_compared_as_the_instant_that_it_will_be() -> None:
    """A bare date is the end of that day in the flow's zone, in `select:` as after the placing."""
    soon = flow("soon", "{when: order.promised_at is not missing and order.promised_at == order.promised_at}")
    with tracker(soon, flow("rest", "{priority: -1}")) as subject:
        assert subject.place(order(promised_at=date(2026, 3, 9)), by=SHOP).state.order.flow == "soon"
        assert subject.place(order("SO-2"), by=SHOP).state.order.flow == "rest"


def test_lines_and_customer_can_be_asked() -> None:
    """Everything that an order brings along."""
    bulk = flow("bulk", "{when: sum(line.quantity for line in lines) >= 100 and customer.level == 'A', priority: 1}")
    with tracker(bulk, flow("rest", "{}")) as subject:
        lines = [of.Line("1", "A-7", 60), of.Line("2", "B-1", 40)]
        placed = subject.place(order(lines=lines, customer=of.Customer("C-1", {"level": "A"})), by=SHOP)
        assert placed.state.order.flow == "bulk"
        assert subject.place(order("SO-2", lines=lines), by=SHOP).state.order.flow == "rest"


def test_a_placed_order_keeps_its_flow_when_another_would_be_chosen_today(tmp_path: Path) -> None:
    """Placed again, it repeats; placed again under the name of another flow, its id is taken."""
    url = f"sqlite:///{tmp_path / 'o.db'}"
    web, rest = flow("web", "{when: order.channel == 'web', priority: 1}"), flow("rest", "{}")
    with tracker(web, rest, storage=url) as subject:
        assert subject.place(order(), by=SHOP, key="k").state.order.flow == "web"
    later = flow("web", "{when: order.channel == 'phone', priority: 1}")
    with tracker(later, rest, storage=url) as subject:
        assert subject.place(order("SO-2"), by=SHOP).state.order.flow == "rest"
        for again in (order(), order(flow="web")):
            receipt = subject.place(again, by=SHOP)
            assert receipt.repeated and receipt.state.order.flow == "web"
        assert subject.place(order(), by=SHOP, key="k").repeated
        for other in (order(flow="rest"), order(channel="phone")):
            with pytest.raises(of.KeyReused):
                subject.place(other, by=SHOP)


def test_preview_chooses_as_place_does() -> None:
    """With the same reason; nothing is written."""
    with tracker(flow("web", "{when: order.channel == 'web'}"), flow("rest", "{priority: -1}")) as subject:
        seen = subject.preview(of.Place(content=order(), by=SHOP))
        assert [item.code for item in seen.reasons] == ["flow_selected"]
        assert seen.reasons == subject.place(order(), by=SHOP).reasons


def test_the_choice_is_a_pure_function() -> None:
    """Programs and an order in, a program and its reason out; the order of the programs does not matter."""
    programs = [compile_flow(flow("a", "{when: order.rush, priority: 2}")), compile_flow(flow("b", "{}"))]
    for given_order in (programs, programs[::-1]):
        choice = choose(given_order, order(attributes={"rush": True}))
        assert choice.program is programs[0]
    assert choose(programs, order()).program is programs[1]


# --- in a file ----------------------------------------------------------------------------------------------------


def test_a_select_is_read_written_and_identified() -> None:
    """`select:` is part of the version; left out or empty, with and without a priority, it comes back the same."""
    texts = [None, "{}", "{priority: 3}", "{when: order.rush, priority: -7}", "{when: order.rush}"]
    flows = [flow("f", text) for text in texts]
    assert len({of.fingerprint(item) for item in flows}) == len(texts)
    for item in flows:
        for form in ("yaml", "json"):
            again = read_flow_text(of.dump_flow(item, format=form))  # type: ignore[arg-type]  # two words of the type
            assert again.select == item.select and of.fingerprint(again) == of.fingerprint(item)
    assert flows[3].select == of.Select(when="order.rush", priority=-7)
    (change,) = of.diff(flows[2], flows[3])
    assert change.code == "select_changed"
    assert "priority -7" in change.text() and "-7" in change.text("zh")
    assert "priority -7" in of.describe(flows[3]) and "高于 3 的优先级" in of.describe(flows[2], "zh")


@pytest.mark.parametrize(
    ("select", "code", "words"),
    [
        ("{when: stage == 'a'}", "select_foreign", "stage is not known before an order is placed"),
        ("{when: actor.kind == 'person'}", "select_foreign", "actor.kind"),
        ("{when: track('order').stage == 'a'}", "select_foreign", "track('order').stage"),
        ("{when: owner is missing}", "select_foreign", "owner"),
        ("{when: trigger == 'go'}", "select_foreign", "trigger"),
        ("{when: now > order.promised_at}", "select_foreign", "now"),
        ("{when: elapsed(stage) > hours(1)}", "select_foreign", "elapsed(stage)"),
        ("{when: order.chanel == 'web'}", "condition_unknown_name", "Did you mean 'order.channel'?"),
        ("{when: order.channel == 'wbe'}", "condition_vocabulary", "Did you mean 'web'?"),
        ("{priority: high}", "want_whole", "'high'"),
        ("{priority: 1.5}", "want_whole", "'1.5'"),
        ("{priority: 12345678901}", "want_whole", "whole number"),
        ("{prio: 1}", "unknown_key", "Did you mean 'priority'?"),
        ("[a]", "want_mapping", "f.yaml:2:9"),
    ],
)
def test_a_wrong_select_is_told_where_it_stands(select: str, code: str, words: str) -> None:
    """Only what an order brings along can be asked; the rest is not known yet."""
    with pytest.raises(of.DefinitionError) as caught:
        flow("f", select)
    assert code in [item.code for item in caught.value.problems]
    assert words in str(caught.value) and "f.yaml:2:" in str(caught.value)
    assert all(item.text("zh") for item in caught.value.problems)


def test_a_select_in_python_is_checked() -> None:
    """A priority is a whole number."""
    with pytest.raises(of.DefinitionError, match=r"Select.priority"):
        of.Select(priority="high")  # type: ignore[arg-type]  # the point of the test


# --- beforehand ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("{}", "{}", "select_tie"),
        ("{}", "{when: order.rush}", "select_tie"),
        ("{when: order.rush}", "{when: order.channel == 'web'}", "select_tie"),
        ("{when: order.rush}", "{when: not order.rush}", None),
        ("{when: order.channel == 'web'}", "{when: order.channel in ['phone', 'partner']}", None),
        ("{when: order.channel == 'web'}", "{when: order.channel in ['phone', 'web']}", "select_tie"),
        ("{when: order.channel != 'web'}", "{when: order.channel not in ['phone', 'partner']}", None),
        ("{when: order.total < 1000}", "{when: order.total >= 1000}", None),
        ("{when: order.total <= 1000}", "{when: order.total >= 1000}", "select_tie"),
        ("{when: order.total <= 1000}", "{when: 1000 < order.total}", None),
        ("{when: 0 < order.total < 10}", "{when: order.total == 10 or order.total == 0}", None),
        ("{when: order.total < 10 and order.rush}", "{when: order.total > 5 and not order.rush}", None),
        ("{when: order.weight is missing}", "{when: order.weight > 3}", None),
        ("{when: order.weight is missing}", "{when: order.weight is not missing}", None),
        ("{when: order.weight * 2 > 3}", "{when: order.weight > 3}", "select_not_checked"),
        ("{when: order.weight * 2 > 3 and order.rush}", "{when: not order.rush}", None),
        ("{when: order.rush, priority: 1}", "{when: order.rush}", None),
        ("{when: order.rush}", None, None),
    ],
)
def test_two_flows_of_one_priority_are_held_against_each_other(one: str, other: str | None, found: str | None) -> None:
    """What provably overlaps is an error, what provably does not is none, the rest is a note."""
    flows = [flow("one", one), flow("other", other), flow("rest", "{priority: -9}")]
    told = [item for item in of.select_problems(flows) if item.code in ("select_tie", "select_not_checked")]
    assert [item.code for item in told] == ([found] if found else [])
    for item in told:
        assert item.severity == ("error" if found == "select_tie" else "note")
        assert item.place and item.place.file == "other.yaml" and item.text("zh")
    if found == "select_tie":
        with pytest.raises(of.DefinitionError, match="both with priority 0"):
            tracker(*flows)
    else:
        tracker(*flows).close()


@pytest.mark.parametrize(
    ("selects", "gap"),
    [
        (["{when: order.rush}", "{priority: -1}"], False),
        (["{when: order.channel == 'web'}", "{when: order.channel in ['phone', 'partner']}"], False),
        (["{when: order.channel == 'web'}", "{when: order.channel != 'web'}"], False),
        (["{when: order.channel == 'web'}", "{when: order.channel == 'phone'}"], True),
        (["{when: order.channel == 'web' and order.rush}", "{when: order.channel != 'web'}"], True),
        (["{when: customer.level in ['A', 'B']}", "{when: customer.level == 'C'}"], True),
        (["{when: order.rush}", "{when: not order.rush}"], True),
        (["{when: order.total < 5}", "{when: order.total >= 5}"], True),
        (["{when: order.rush}", None], True),
        ([None, None], False),
    ],
)
def test_orders_that_fit_none_are_warned_of(selects: list[str | None], gap: bool) -> None:
    """Unless one flow takes every order, or the flows share the words of one required choice among them."""
    flows = [flow(f"f{n}", select) for n, select in enumerate(selects)]
    assert (("select_gap", "warning") in codes(flows)) is gap
    tracker(*flows).close()


def test_a_flow_below_one_that_takes_all_is_never_chosen() -> None:
    """A warning at the flow that nobody gets to."""
    flows = [flow("all", "{priority: 2}"), flow("rush", "{when: order.rush, priority: 1}")]
    (found,) = of.select_problems(flows)
    assert (found.code, found.severity, found.params["flow"]) == ("select_never", "warning", "rush")


def test_money_of_two_currencies_is_not_compared() -> None:
    """The same number means other amounts, so that it overlaps is not proved."""
    yuan, euro = (flow(name, "{when: order.total > 5}") for name in ("yuan", "euro"))
    flows = [yuan, read_flow_text(of.dump_flow(euro).replace("CNY", "EUR")), flow("rest", "{priority: -9}")]
    assert codes(flows) == [("select_not_checked", "note")]


def test_one_flow_alone_has_no_problems_of_sharing() -> None:
    """There is nothing to choose."""
    assert of.select_problems([flow("web", "{when: order.rush}")]) == ()
    assert of.select_problems([]) == ()


def test_a_word_that_only_one_of_two_flows_knows_is_tried_in_both() -> None:
    """An order brings what it brings: before it has a flow, the words of each are words that it can have."""
    wide = flow("wide", "{when: order.channel not in ['web', 'phone']}")
    narrow = read_flow_text(of.dump_flow(flow("narrow", "{when: order.channel != 'web'}")).replace(", partner", ""))
    assert narrow.fields["order.channel"].of == ("web", "phone")
    assert ("select_tie", "error") in codes([wide, narrow])
    (why,) = choose([compile_flow(wide), compile_flow(narrow)], order(channel="partner")).reasons
    assert why.code == "flow_tie"


def test_conditions_over_many_fields_are_held_against_each_other_field_by_field() -> None:
    """What shares no field is tried apart, so the number of terms is no limit."""
    fields = "".join(f"  order.f{n}: {{type: choice, of: [a, b, c, d]}}\n" for n in range(12))
    terms = " and ".join(f"order.f{n} == 'a'" for n in range(12))
    one, other = (
        flow(name, f"{{when: {terms} and order.weight {sign} 5}}", fields) for name, sign in (("x", "<"), ("y", ">"))
    )
    assert codes([one, other]) == [("select_gap", "warning")]
    assert ("select_tie", "error") in codes([one, flow("z", f"{{when: {terms}}}", fields)])


NAMES = {
    "order.c": of.Field(type="choice", of=["a", "b"]),
    "order.r": of.Field(type="boolean"),
    "order.n": of.Field(type="number"),
}
terms = st.sampled_from(
    ["order.c == 'a'", "order.c != 'a'", "order.c in ['a', 'b']", "order.r", "not order.r", "order.c is missing"]
    + [f"order.n {sign} {number}" for sign in ("<", "<=", "==", "!=", ">", ">=") for number in (0, 1)]
)
conditions = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda x: f"({x[0]}) {x[1]} ({x[2]})"),
    ),
    max_leaves=5,
)


@given(one=conditions, other=conditions)
def test_what_is_said_of_two_flows_is_what_trying_finds(one: str, other: str) -> None:
    """Over every value that can make a difference: a tie is an order that fits both, a gap one that fits neither."""
    lifecycle = of.Lifecycle(initial="a", stages=["a"], transitions=[])
    flows = [
        of.Flow(name=name, fields=NAMES, lifecycle=lifecycle, select=of.Select(when=text))
        for name, text in (("one", one), ("other", other))
    ]
    numbers = (None, *map(Decimal, ("-1", "0", "0.5", "1", "2")))
    orders = [
        {"order.c": c, "order.r": r, "order.n": n}
        for c in (None, "a", "b")
        for r in (None, True, False)
        for n in numbers
    ]
    tests = [
        compile_condition(parse(text), lambda name: lambda values: values[name], currency=None) for text in (one, other)
    ]
    fits = [[test(values) is True for test in tests] for values in orders]
    expected = [("select_tie", "error")] if any(map(all, fits)) else []
    assert codes(flows) == expected + ([("select_gap", "warning")] if not all(map(any, fits)) else [])
