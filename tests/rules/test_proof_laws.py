"""The proofs agree with trying out: what is said to be impossible never happens, what is said to be left out is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import orderflow as of
from orderflow.model.condition import Condition
from orderflow.model.parse import parse
from orderflow.rules.check_values import World, cases, may_all_hold, may_hold, read, read_parts
from orderflow.rules.evaluate import compile_condition
from orderflow.rules.scope import schema

FIELDS = {
    "order.n": of.Field(type="number"),
    "order.money": of.Field(type="money"),
    "order.length": of.Field(type="duration"),
    "order.word": of.Field(type="choice", of=["A", "B", "C"]),
    "order.text": of.Field(),
    "order.yes": of.Field(type="boolean"),
    "order.day": of.Field(type="date"),
    "order.at": of.Field(type="instant"),
}
HALVES = [Decimal(number) / 2 for number in range(-4, 14)]
SAMPLES: dict[str, list[Any]] = {
    "order.n": [*HALVES, None],
    "order.money": [*(of.Money(number, "CNY") for number in HALVES), of.Money(3, "EUR"), None],
    "order.length": [*(timedelta(minutes=30 * number) for number in range(-2, 12)), None],
    "order.word": ["A", "B", "C", None],
    "order.text": ["", "x", "y", "z", None],
    "order.yes": [True, False, None],
    "order.day": [None, "a day"],
    "order.at": [None, "an instant"],
}
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
SMALL = st.integers(0, 5)


def compared(name: str) -> st.SearchStrategy[str]:
    """One comparison of a name with literals, as its type allows."""
    missing = st.sampled_from([f"{name} is missing", f"{name} is not missing"])
    if name in ("order.n", "order.money"):
        chain = st.builds(lambda a, b, c, d: f"{a} {b} {name} {c} {d}", SMALL, SIGNS, SIGNS, SMALL)
        among = st.builds(lambda found: f"{name} in {found}", st.lists(SMALL, min_size=1, max_size=3))
        return st.one_of(st.builds(lambda sign, x: f"{name} {sign} {x}", SIGNS, SMALL), chain, among, missing)
    if name == "order.length":
        return st.one_of(st.builds(lambda sign, x: f"{name} {sign} hours({x})", SIGNS, SMALL), missing)
    if name in ("order.word", "order.text"):
        words = st.sampled_from(["A", "B", "C"] if name == "order.word" else ["x", "y"])
        several = st.lists(words, min_size=1, max_size=2)
        equal = st.builds(lambda sign, word: f"{name} {sign} '{word}'", st.sampled_from(["==", "!="]), words)
        among = st.builds(lambda no, found: f"{name} {no}in {found}", st.sampled_from(["", "not "]), several)
        return st.one_of(equal, among, missing)
    if name == "order.yes":
        return st.one_of(st.sampled_from([name, f"not {name}", f"{name} == true", f"{name} != true"]), missing)
    return missing


def guards(*names: str) -> st.SearchStrategy[str]:
    """Conditions made of comparisons of these names, with and, or, not."""
    leaves = st.one_of(*(compared(name) for name in names))
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.builds(lambda a, b: f"({a} and {b})", parts, parts),
            st.builds(lambda a, b: f"({a} or {b})", parts, parts),
            st.builds(lambda a: f"not ({a})", parts),
        ),
        max_leaves=5,
    )


def truth_of(guard: Condition | str) -> Any:
    """A guard as a function of the values of names, made by the evaluator from the text alone."""
    condition = parse(guard) if isinstance(guard, str) else guard
    return compile_condition(condition, lambda name: lambda values: values[name], currency="CNY")


def samples(*names: str) -> Iterator[dict[str, Any]]:
    for values in product(*(SAMPLES[name] for name in names)):
        yield dict(zip(names, values, strict=True))


EMPTY = of.Lifecycle(initial="a", stages=["a"], transitions=[])
WORLD = World(names=schema(of.Flow(name="f", lifecycle=EMPTY, fields=FIELDS)), currency="CNY")
NAMES = st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=2, unique=True)


@settings(max_examples=300)
@given(st.data(), NAMES)
def test_what_can_never_hold_never_holds(data: st.DataObject, names: list[str]) -> None:
    """No sample satisfies a guard of which it is said; and one that may hold does, for a case that was found."""
    guard = data.draw(guards(*names))
    reading, test = read(parse(guard), "CNY"), truth_of(guard)
    assert not reading.unread
    if not may_hold(reading, WORLD):
        assert not [values for values in samples(*names) if test(values) is True]
    else:
        found = cases((reading,), WORLD)
        assert found is not None and any(test({**dict.fromkeys(names), **case}) is True for case in found)


UNREAD = "order.n * 2 > 3"


@settings(max_examples=300)
@given(st.data(), NAMES, st.booleans(), st.sampled_from(["and", "or"]))
def test_what_is_said_of_two_conditions_is_what_trying_finds(
    data: st.DataObject, names: list[str], unread: bool, joined: str
) -> None:
    """`yes`: some sample satisfies both; `no`: none does; `unknown`: only where a part cannot be read."""
    one, other = data.draw(guards(*names)), data.draw(guards(names[0]))
    if unread:
        one = f"({one}) {joined} {UNREAD}"
    parts = [*read_parts(parse(one), "CNY"), *read_parts(parse(other), "CNY")]
    said = may_all_hold(parts, WORLD)
    tests = [truth_of(one), truth_of(other)]
    asked = sorted({*names, "order.n"}) if unread else names
    both = any(all(test(values) is True for test in tests) for values in samples(*asked))
    assert said == ("yes" if both else "no") or (unread and said == "unknown")


def split(guards: list[str | None]) -> of.Flow:
    """A flow in which one trigger leads to as many stages as there are guards, tried in this order."""
    stages = {"a": of.Stage(), **{f"s{index}": of.Stage(category="done") for index in range(len(guards))}}
    ways = [
        of.Transition(trigger="go", source="a", dest=f"s{index}", guard=guard) for index, guard in enumerate(guards)
    ]
    lifecycle = of.Lifecycle(initial="a", stages=stages, transitions=ways)
    return of.Flow(name="f", currency="CNY", fields=FIELDS, lifecycle=lifecycle)


def codes(flow: of.Flow, code: str) -> list[of.Problem]:
    return [item for item in of.problems(flow, notes=True) if item.code == code]


@settings(max_examples=300)
@given(st.data(), NAMES)
def test_what_is_never_taken_is_never_taken(data: st.DataObject, names: list[str]) -> None:
    """Whenever a guard holds behind which a transition is said to be never taken, an earlier one holds too."""
    found = data.draw(st.lists(guards(*names), min_size=2, max_size=3))
    tests = [truth_of(guard) for guard in found]
    for item in codes(split(list(found)), "transition_never_taken"):
        index = int(item.place.path.rpartition("[")[2].rstrip("]")) if item.place else 0
        for values in samples(*names):
            if tests[index](values) is True:
                assert any(test(values) is True for test in tests[:index])


@settings(max_examples=300)
@given(st.data(), st.sampled_from(["order.n", "order.money", "order.word", "order.yes", "order.length"]))
def test_a_gap_is_a_gap(data: st.DataObject, name: str) -> None:
    """The value that is named fits no guard; and where a usual value fits none, a gap is named."""
    found = data.draw(st.lists(guards(name), min_size=2, max_size=3))
    tests = [truth_of(guard) for guard in found]
    told = codes(split(list(found)), "guards_leave_gap")
    for item in told:
        for text in item.params["values"]:
            value = as_value(name, text)
            assert not [test for test in tests if test({name: value}) is True], (found, text)
    whole = [value for value in SAMPLES[name] if value is not None and usual(value)]
    left = [value for value in whole if not any(test({name: value}) is True for test in tests)]
    literals = {item for guard in found for item in read(parse(guard), "CNY").literals[name]}
    if left and (literals or name in ("order.word", "order.yes")) and name != "order.length":
        assert told, (found, left)


def as_value(name: str, text: str) -> Any:
    """What a text of a problem stands for."""
    if name == "order.money":
        return of.Money(text.removesuffix(" CNY").replace(",", ""), "CNY")
    if name == "order.length":
        return timedelta(hours=int(text.removesuffix("h").removesuffix("0s") or 0))
    return Decimal(text) if name == "order.n" else text == "true" if name == "order.yes" else text


def usual(value: Any) -> bool:
    """Whether orders have such a value: whole, not below zero, in the flow's currency."""
    if isinstance(value, of.Money):
        return value.currency == "CNY" and value.amount >= 0 and value.amount % 1 == 0
    return not isinstance(value, Decimal) or (value >= 0 and value % 1 == 0)


@settings(max_examples=300)
@given(st.data(), st.sampled_from(["order.n", "order.money", "order.word", "order.text"]))
def test_rivals_really_are(data: st.DataObject, name: str) -> None:
    """The value that is named fits both guards, and each of them fits some value that the other does not."""
    found = data.draw(st.lists(guards(name), min_size=2, max_size=2))
    one, other = (truth_of(guard) for guard in found)
    for item in codes(split(list(found)), "transition_ambiguous"):
        value = {name: as_value(name, item.params["value"])}
        assert one(value) is other(value) is True, found
        truths = {(one(values) is True, other(values) is True) for values in samples(name)}
        assert {(True, False), (False, True)} <= truths, found


# --- tracks that go together --------------------------------------------------------------------------------------

STAGES = ("a", "b", "c")
WAITS = st.one_of(
    st.none(),
    st.builds(
        lambda track, sign, stage: f"track('{track}').stage {sign} '{stage}'",
        st.sampled_from(["order", "payment"]),
        st.sampled_from(["==", "!="]),
        st.sampled_from(STAGES),
    ),
)
WAYS = st.lists(st.tuples(st.sampled_from(STAGES), st.sampled_from(STAGES), WAITS), max_size=4)


@settings(max_examples=300)
@given(WAYS, WAYS)
def test_what_is_shut_was_never_open(order: list[Any], payment: list[Any]) -> None:
    """No order that goes every way it can opens a join of which it is said, or comes to a stage that none reaches."""
    ways = {"order": order, "payment": payment}
    made = {
        name: of.Lifecycle(
            initial="a",
            stages=STAGES,
            transitions=[
                of.Transition(trigger=f"t{index}", source=source, dest=dest, guard=guard)
                for index, (source, dest, guard) in enumerate(found)
            ],
        )
        for name, found in ways.items()
    }
    flow = of.Flow(name="f", lifecycle=made["order"], tracks={"payment": of.Track(lifecycle=made["payment"])})
    taken, seen = everywhere(ways)
    paths = {"order": "lifecycle", "payment": "tracks.payment"}
    told = {(item.code, item.place.path) for item in of.problems(flow) if item.place}
    for track, index in taken:
        path = f"{paths[track]}.transitions[{index}]"
        assert not {("join_never_opens", f"{path}.guard"), ("guard_never_holds", f"{path}.guard")} & told
        assert ("transition_never_taken", path) not in told
    for track, stage in seen:
        assert ("unreachable_stage", f"{paths[track]}.stages.{stage}") not in told


def everywhere(ways: dict[str, list[Any]]) -> tuple[set[tuple[str, int]], set[tuple[str, str]]]:
    """Every transition that can be taken and every stage that can be come to, found by going everywhere."""
    taken, seen = set(), set()
    ahead, been = [{"order": "a", "payment": "a"}], []
    while ahead:
        here = ahead.pop()
        if here in been:
            continue
        been.append(here)
        seen |= set(here.items())
        for track, found in ways.items():
            for index, (source, dest, guard) in enumerate(found):
                if source == here[track] and (guard is None or holds(guard, here)):
                    taken.add((track, index))
                    ahead.append({**here, track: dest})
    return taken, seen


def holds(guard: str, stages: dict[str, str]) -> bool:
    """Whether a guard over tracks holds while they are in these stages."""
    test = compile_condition(
        parse(guard),
        lambda name: lambda scope: None,
        lambda function: lambda scope, args, kwargs: scope[args[0]],
        currency=None,
    )
    return test(stages) is True
