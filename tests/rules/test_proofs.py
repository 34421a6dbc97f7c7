"""What proofs are silent about, what they note, and what they make of a directory and of unread parts."""

from __future__ import annotations

from typing import Any

import pytest

import orderflow as of
from orderflow.model.flow import Flow
from orderflow.model.reasons import suggest
from orderflow.rules.check_people import looks_like
from orderflow.rules.check_promises import never_set

FIELDS = {
    "order.count": of.Field(type="number"),
    "order.limit": of.Field(type="money"),
    "order.kind": of.Field(type="choice", of=["new", "old", "odd"], required=True),
    "order.note": of.Field(),
}


def split(*guards: str | None, **more: Any) -> Flow:
    """One trigger that leads from `a` to a stage for each guard, in this order."""
    ways = [of.Transition(trigger="go", source="a", dest=f"s{i}", guard=guard) for i, guard in enumerate(guards)]
    stages = {"a": of.Stage(), **{f"s{i}": of.Stage(category="done") for i in range(len(guards))}}
    extra = [of.Transition(**item) for item in more.pop("extra", [])]
    lifecycle = of.Lifecycle(initial="a", stages=stages, transitions=[*ways, *extra])
    return of.Flow(name="f", currency="CNY", fields=FIELDS, lifecycle=lifecycle, **more)


def codes(flow: Flow, **options: Any) -> list[str]:
    return [item.code for item in of.problems(flow, **options)]


@pytest.mark.parametrize(
    "guards",
    [
        ("order.total < 100", None),
        ("order.total < 100",),
        ("order.total < 100", "order.total < 1000", None),
        ("order.total > 1000", "order.total > 100", None),
        ("order.count <= 9", "order.count >= 10"),
        ("order.total <= 99.99", "order.total >= 100"),
        ("0 <= order.total < 100", "order.total >= 100"),
        ("order.kind == 'new'", "order.kind in ['old', 'odd']"),
        ("order.kind == 'new'", "order.kind != 'new'"),
        ("order.total < order.limit", "order.total >= order.limit"),
        ("actor.id == 'wang'", "actor.id == 'li'"),
        ("order.total > 100", "order.kind == 'new'", None),
        ("order.total < 100 or order.limit * 2 > 7", "order.total < 100 and order.limit * 2 > 7"),
        ("order.total is missing", "order.total is not missing"),
    ],
)
def test_what_is_meant_so_is_no_problem(guards: tuple[str | None, ...]) -> None:
    """Exceptions before the rule, an else, gates, cents, whole numbers, people's own ways: no warning."""
    found = [
        code for code in codes(split(*guards)) if code != "transition_never_taken" or "limit * 2" not in str(guards)
    ]
    assert found == []


def test_other_roles_are_no_rivals() -> None:
    """The same amounts lead elsewhere for other people; and what one requires may shut it for some orders."""
    ways = [
        of.Transition(trigger="go", source="a", dest="b", guard="order.total < 100", roles=["x"]),
        of.Transition(trigger="go", source="a", dest="c", guard="order.total > 50", roles=["y"]),
        of.Transition(trigger="do", source="a", dest="b", guard="order.total < 100", requires=["order.note"]),
        of.Transition(trigger="do", source="a", dest="c", guard="order.total < 100"),
    ]
    stages = {"a": of.Stage(), "b": of.Stage(category="done"), "c": of.Stage(category="done")}
    flow = of.Flow(
        name="f",
        currency="CNY",
        fields=FIELDS,
        lifecycle=of.Lifecycle(initial="a", stages=stages, transitions=ways),
    )
    assert codes(flow) == []


def test_another_trigger_may_take_what_one_leaves() -> None:
    """Amounts that `go` leaves out and `refuse` takes are no gap."""
    guards = ("order.total < 100", "100 <= order.total < 1000")
    assert codes(split(*guards)) == ["guards_leave_gap"]
    refuse = {"trigger": "refuse", "source": "a", "dest": "s0", "guard": "order.total >= 1000"}
    assert codes(split(*guards, extra=[refuse])) == []


def test_a_gap_among_texts_and_for_what_is_missing() -> None:
    """Of a free text, another one; of a field that need not be given, a note."""
    flow = split("order.note == 'x'", "order.note == 'y'")
    assert codes(flow) == ["guards_leave_other"]
    assert "guards_leave_missing" in codes(flow, notes=True)


def test_quantities_of_lines_are_compared_as_numbers() -> None:
    """What lines come to can be too much and too little at once as little as any number; nothing is left unchecked."""
    flow = split("lines('ordered') > 5 and lines('ordered') < 3", "lines('ordered') == 0", "lines('ordered') < 1")
    assert set(codes(flow)) == {"guard_never_holds", "unreachable_stage"}
    assert "not_checked" not in codes(flow, notes=True)
    assert codes(split("lines('ordered') < 9", "lines('ordered') == 0")) == ["transition_never_taken"]


def test_a_gap_of_money_without_cents() -> None:
    """In yen there is nothing between 99 and 100, in yuan there is."""
    flow = split("order.total <= 99", "order.total >= 100")
    [gap] = of.problems(flow)
    assert gap.params["values"] == ("99.01 CNY",)
    yen = of.Flow(name="f", currency="JPY", lifecycle=flow.lifecycle, fields=FIELDS)
    assert of.problems(yen) == ()


def test_what_is_not_checked_is_said_on_request() -> None:
    """Parts beyond comparisons with literals, and guards by several names, are notes; a note begins with `note:`."""
    flow = split("order.total < order.limit", "order.count < 5 and order.kind == 'new'", "order.count < 4")
    assert codes(flow) == []
    notes = {item.code: item for item in of.problems(flow, notes=True)}
    assert set(notes) == {"not_checked", "no_owners", "no_clocks"}
    assert str(notes["not_checked"]).startswith("lifecycle.transitions[0].guard: note: not checked")
    assert notes["not_checked"].params["terms"] == ("order.total < order.limit",)
    assert "gaps_not_checked" in codes(split("order.count < 5 and order.kind == 'new'", "order.count < 4"), notes=True)


def test_too_many_cases_are_not_tried() -> None:
    """A guard with more combinations than are tried is not judged, and takes no time."""
    terms = [f"order.count != {i} and order.total != {i} and order.limit != {i}" for i in range(25)]
    flow = split(" and ".join([*terms, "order.count == 3"]), None)
    assert "guard_never_holds" not in codes(flow)


@pytest.mark.parametrize(
    ("name", "other", "alike"),
    [
        ("warehuose", "warehouse", True),
        ("Finance", "finance", True),
        ("finances", "finance", True),
        ("plant-1", "plant-2", False),
        ("clerk_a", "clerk_b", False),
        ("clerk", "clerk_b", False),
        ("finance", "finance_head", False),
        ("华东大区销售经理", "华南大区销售经理", False),
        ("销售经理", "销售理经", True),
        ("sales", "sales", False),
    ],
)
def test_names_that_look_alike(name: str, other: str, alike: bool) -> None:
    """Slips of the hand are told from names that are numbered or differ in a word."""
    assert looks_like(name, other) is alike


def test_a_directory_may_be_the_hosts_own() -> None:
    """Whatever answers as a Directory does is asked; it need not list its people."""

    class Own:
        def person(self, id: str) -> of.Person | None:
            return of.Person(id=id) if id == "li" else None

        def with_role(self, role: str) -> tuple[of.Person, ...]:
            return (of.Person(id="li"),) if role == "finance" else ()

        def in_team(self, team: str) -> tuple[of.Person, ...]:
            return ()

    flow = split(
        None,
        notify={
            "breached": of.NotifyRule(to=["owner", "lead", "li", "wang", "role:finance", "role:finanse", "team:x"])
        },
    )
    found = of.problems(flow, directory=Own())
    assert [(item.code, item.params["name"]) for item in found] == [
        ("nobody_with_id", "wang"),
        ("nobody_with_role", "finanse"),
        ("nobody_in_team", "x"),
    ]
    assert found[1].params["suggestion"] == "finance" == suggest("finanse", ["finance"])


def test_which_fields_can_be_set_is_given() -> None:
    """`never_set` names what is required and not among the fields that can come to have a value."""
    flow = of.Flow(
        name="f",
        fields=FIELDS,
        lifecycle=of.Lifecycle(
            initial="a",
            stages=["a"],
            transitions=[of.Transition(trigger="go", source="a", dest="=", requires=["order.note", "order.count"])],
        ),
    )
    assert [item.params["name"] for item in never_set(flow, {"order.note"})] == ["order.count"]


def test_the_stage_of_a_track_is_no_field() -> None:
    """It is asked in a guard; as a required field it is an error, as it could not be answered when fired."""
    lifecycle = of.Lifecycle(
        initial="a",
        stages=["a"],
        transitions=[of.Transition(trigger="go", source="a", dest="=", requires=["track('order').stage"])],
    )
    assert [item.code for item in of.problems(of.Flow(name="f", lifecycle=lifecycle))][:1] == ["unknown_field"]


def test_old_versions_stay_usable() -> None:
    """What is proved beyond the errors there always were is a warning, so that stored versions still compile."""
    flow = split("order.total > 5 and order.total < 3", "order.total < 5", "order.total < 4")
    assert {item.severity for item in of.problems(flow)} == {"warning"}
    assert of.Tracker(flow, clock=of.utc_now)


def test_an_amount_in_another_currency_compares_with_nothing() -> None:
    """So it is left to a later guard, although the earlier one seems to leave nothing."""
    flow = split("order.total < 5 or order.total >= 5", "order.total is not missing")
    assert codes(flow) == []
    assert codes(split("order.count < 5 or order.count >= 5", "order.count is not missing")) == [
        "transition_never_taken"
    ]


def test_tracks_that_wait_for_each_other_in_turn_do_open() -> None:
    """Order and payment go one step each, four times: no join is shut, though each waits for the other's last step."""

    def waits(track: str, *stages: str | None) -> of.Lifecycle:
        ways = [
            of.Transition(
                trigger=f"t{index}",
                source=f"s{index}",
                dest=f"s{index + 1}",
                guard=stage and f"track('{track}').stage == '{stage}'",
            )
            for index, stage in enumerate(stages)
        ]
        names = {f"s{index}": of.Stage() for index in range(len(stages))}
        return of.Lifecycle(
            initial="s0", stages={**names, f"s{len(stages)}": of.Stage(category="done")}, transitions=ways
        )

    payment = of.Track(lifecycle=waits("order", "s1", "s2", "s3"))
    flow = of.Flow(name="f", lifecycle=waits("payment", None, "s1", "s2", "s3"), tracks={"payment": payment})
    assert codes(flow) == []
    late = of.Track(lifecycle=waits("order", "s1", "s3", "s3"))
    flow = of.Flow(name="f", lifecycle=waits("payment", None, "s1", "s2", "s3"), tracks={"payment": late})
    assert codes(flow) == ["join_never_opens", "join_never_opens"]


def test_a_track_that_is_only_observed_is_not_judged() -> None:
    """Without transitions another system moves it: its stages are reached, and joins over them open."""
    seen = of.Track(lifecycle=of.Lifecycle(initial="due", stages=["due", "paid"], transitions=[]))
    assert codes(split("track('payment').stage == 'paid'", tracks={"payment": seen})) == []


@pytest.mark.parametrize("guard", ["lines('open') < 0", "elapsed(stage) < hours(0)"])
def test_what_is_never_below_zero(guard: str) -> None:
    """No quantity of lines and no time in a stage is less than nothing; an amount of money may be."""
    lines = of.Lines(stages=["open", "sent"], moves={"send": of.LineMove(source="open", dest="sent")})
    assert "guard_never_holds" in codes(split(guard, lines=lines))
    assert "guard_never_holds" not in codes(split("order.total < 0"))


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("workshop", "workshp", True),
        ("workshp", "workshop", True),
        ("support-emea", "support-apac", False),
        ("agent", "agents", False),
        ("shop", "sho", False),
        ("north", "south", False),
        ("车间一班", "车间班", False),
    ],
)
def test_two_names_that_stand_once(first: str, second: str, told: bool) -> None:
    """The later one is doubtful where it is the first with a letter within too few or too many."""
    stages = {
        "a": of.Stage(owner=of.OwnerRule(team=first)),
        "b": of.Stage(owner=of.OwnerRule(team=second)),
        "c": of.Stage(category="done"),
    }
    ways = [of.Transition(trigger="go", source=a, dest=b) for a, b in (("a", "b"), ("b", "c"))]
    flow = of.Flow(name="f", lifecycle=of.Lifecycle(initial="a", stages=stages, transitions=ways))
    found = [(item.code, item.params["name"]) for item in of.problems(flow)]
    assert found == ([("team_misspelt", second)] if told else [])


@pytest.mark.parametrize("name", ["now", "trigger", "actor.id", "actor.kind"])
def test_what_no_order_has_cannot_be_searched(name: str) -> None:
    """`find:` takes what an order keeps; what is known only while a condition is asked would never be found."""
    assert codes(split(None, find=[name])) == ["unknown_field"]
    assert codes(split(None, find=["order.total", "customer.id", "stage", "owner", "order.note"])) == []


def test_a_stage_that_requires_what_nothing_can_set() -> None:
    """It could never be left; so it is doubtful, as in a transition."""
    stages = {"a": of.Stage(requires=["trigger"]), "b": of.Stage(category="done")}
    way = of.Transition(trigger="go", source="a", dest="b")
    flow = of.Flow(name="f", lifecycle=of.Lifecycle(initial="a", stages=stages, transitions=[way]))
    assert codes(flow) == ["required_never_set"]
