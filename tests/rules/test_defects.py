"""Seeded defects: one sound sales flow, broken as people break such files; each is found, in its line, by its code."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from attrs import field, frozen

import orderflow as of

HERE = Path(__file__).parent
SALES = HERE / "sales_flow.yaml"
SOUND = SALES.read_text(encoding="utf-8")
SHIPPED = [
    SALES,
    *sorted(Path(str(files("orderflow"))).glob("templates/**/*.yaml")),
    *sorted((HERE.parent.parent / "examples").glob("**/*.yaml")),
]


@frozen
class Defect:
    """`old` becomes `new`; then `code` is found in the line that has `line` (else: where `new` begins)."""

    name: str
    old: str
    new: str
    code: str
    line: str = field(default="", kw_only=True)
    people: bool = field(default=False, kw_only=True)


APPROVE = "    - {trigger: approve, source: [review, big_review], dest: production, roles: [finance, finance_head]}\n"
REPAIRED = "    - {trigger: repaired, source: rework, dest: production, roles: [plant]}\n"
NEEDS = "guard: order.total < 50000, roles: [sales], requires: [customer.address]"
SPLIT = "dest: big_review, guard: order.total >= 50000"
REST = "    - {trigger: inspect, source: production, dest: shipping, roles: [plant]}"
CLOSE = "guard: track('payment').stage == 'paid', roles: [service]"
PHONE = "guard: order.channel == 'phone'"

DEFECTS = [
    # The file.
    Defect("a key written twice", "currency: CNY\n", "currency: CNY\ncurrency: EUR\n", "duplicate_key", line="EUR"),
    Defect(
        "a stage pasted twice",
        "    shipping:   {owner",
        "    review:     {}\n    shipping:   {owner",
        "duplicate_key",
    ),
    Defect("a key misspelt", "notify:\n", "notifiy:\n", "unknown_key"),
    Defect("a key of a transition misspelt", "guard: order.weight", "gaurd: order.weight", "unknown_key"),
    Defect("no length of time", "target: 7h30m", "target: 7.5 hours", "bad_duration"),
    Defect(
        "no zone", "timezone: Asia/Shanghai, hours: {mon-fri", "timezone: Asia/Shangai, hours: {mon-fri", "calendar."
    ),
    Defect(
        "a bracket too few",
        "roles: [plant]}\n    - {trigger: repaired",
        "roles: [plant}\n    - {trigger: repaired",
        "not_yaml",
    ),
    # Names of stages, fields, triggers.
    Defect("an initial stage that is not there", "initial: placed", "initial: new", "unknown_stage_in_flow"),
    Defect(
        "a dest misspelt",
        "dest: production, roles: [finance",
        "dest: prodution, roles: [finance",
        "unknown_stage_in_flow",
    ),
    Defect("a source misspelt", "source: shipping", "source: shiping", "unknown_stage_in_flow"),
    Defect("a field misspelt in a guard", "order.weight > 100", "order.wieght > 100", "condition_unknown_name"),
    Defect("a required field misspelt", NEEDS, NEEDS.replace("address", "adress"), "unknown_field"),
    Defect("a word that is none of a choice", PHONE, "guard: order.channel == 'telephone'", "condition_vocabulary"),
    Defect("a stage of a track misspelt", CLOSE, CLOSE.replace("'paid'", "'payed'"), "condition_vocabulary"),
    Defect("money compared with a text", "order.total < 50000", "order.total < '50000'", "condition_types"),
    Defect("a search by a field that is not there", "find: [order.region]", "find: [order.regoin]", "unknown_field"),
    Defect("a search by a personal field", "find: [order.region]", "find: [customer.address]", "find_personal"),
    Defect(
        "a promise that begins with no stage",
        "intake:   {start: placed",
        "intake:   {start: plced",
        "condition_unknown_name",
    ),
    # Stages.
    Defect(
        "a stage that nothing leads to",
        "    service:    {category",
        "    packing:    {owner: {role: warehouse}}\n    service:    {category",
        "unreachable_stage",
    ),
    Defect("the way out forgotten", REPAIRED, "", "dead_end", line="rework:     {}"),
    Defect(
        "the wrong dest: back to where it came from",
        "dest: completed",
        "dest: shipping",
        "unreachable_stage",
        line="completed:  {",
    ),
    Defect(
        "a ring without an exit",
        "    rework:     {}\n",
        "    rework:     {}\n    testing:    {}\n",
        "no_way_to_end",
        line="rework:     {}",
    ),
    Defect("the end forgotten", "completed:  {category: done}", "completed:  {}", "dead_end"),
    Defect("a first stage without owner", "placed:     {owner: {role: sales}}", "placed:     {}", "stage_unowned"),
    Defect(
        "a key of an owner misspelt",
        "checking: {owner: {role: finance}}",
        "checking: {owner: {rol: finance}}",
        "unknown_key",
    ),
    Defect(
        "a stage under no clock",
        "intake:   {start: placed",
        "intake:   {start: review",
        "stage_unwatched",
        line="placed:     {",
    ),
    Defect("the clock stops too early", "stop: completed", "stop: production", "stage_unwatched", line="shipping:   {"),
    Defect(
        "a stage of a track under no clock",
        "start: checking, target",
        "start: due, target",
        "stage_unwatched",
        line="checking: {owner",
    ),
    # Guards.
    Defect("limits exchanged", "order.weight > 100", "order.weight > 100 and order.weight < 50", "guard_never_holds"),
    Defect(
        "and for or",
        "order.channel in ['web', 'shop']",
        "order.channel == 'web' and order.channel == 'shop'",
        "guard_never_holds",
    ),
    Defect("a guard about another stage", "order.weight > 100", "stage == 'rework'", "guard_never_holds"),
    Defect(
        "a stage behind a guard that never holds",
        "order.weight > 100",
        "order.weight > 100 and order.weight < 50",
        "unreachable_stage",
        line="rework:     {}",
    ),
    Defect(
        "a guard against what is required",
        "order.total < 50000",
        "customer.address is missing and order.total < 50000",
        "guard_never_holds",
    ),
    Defect("both limits exclusive", SPLIT, SPLIT.replace(">=", ">"), "guards_leave_gap"),
    Defect("limits that do not meet", SPLIT, SPLIT.replace("50000", "80000"), "guards_leave_gap"),
    Defect("a word without a branch", "['web', 'shop']", "['web']", "guards_leave_gap", line=PHONE),
    Defect("both limits inclusive", SPLIT, SPLIT, "transition_ambiguous"),
    Defect("limits that overlap", SPLIT, SPLIT.replace("50000", "30000"), "transition_ambiguous"),
    Defect("a word in two branches", PHONE, "guard: \"order.channel in ['phone', 'shop']\"", "transition_ambiguous"),
    Defect(
        "a line pasted and half changed",
        APPROVE,
        APPROVE + APPROVE.replace("dest: production", "dest: shipping"),
        "transition_never_taken",
        line="dest: shipping, roles: [finance",
    ),
    Defect(
        "the rule before the exception",
        "guard: order.weight > 100, roles",
        "roles",
        "transition_never_taken",
        line=REST,
    ),
    Defect("a guard pasted and left as it was", SPLIT, SPLIT.replace(">=", "<"), "transition_never_taken"),
    Defect(
        "the narrower limit comes second",
        REST,
        REST.replace("roles", "guard: order.weight > 200, roles"),
        "transition_never_taken",
    ),
    # Tracks.
    Defect(
        "a join that waits for a stage nothing reaches",
        "dest: waived, roles",
        "dest: paid, roles",
        "unreachable_stage",
        line="waived:   {",
    ),
    Defect("a join that never opens", CLOSE, CLOSE.replace("'paid'", "'void'"), "join_never_opens"),
    Defect(
        "joins that wait for each other",
        "dest: paid, guard: order.channel",
        "dest: checking, guard: order.channel",
        "join_never_opens",
        line="dest: completed",
    ),
    Defect(
        "a track of many by its kind",
        CLOSE,
        CLOSE.replace("payment", "shipment").replace("'paid'", "'delivered'"),
        "track_never_there",
    ),
    Defect("a track that is not there", CLOSE, CLOSE.replace("payment", "invoice"), "condition_unknown_argument"),
    # Fields, promises, calendars.
    Defect(
        "a required field that nothing sets", NEEDS, NEEDS.replace("customer.address", "trigger"), "required_never_set"
    ),
    Defect(
        "a calendar misspelt", "target: 8h, calendar: warehouse", "target: 8h, calendar: warehuose", "calendar_not_here"
    ),
    Defect(
        "a stage's calendar misspelt",
        "calendar: warehouse}\n    service",
        "calendar: werehouse}\n    service",
        "calendar_not_here",
    ),
    Defect(
        "a promise that never begins",
        "start: [review, big_review]",
        "start: stage == 'review' and stage == 'big_review'",
        "condition_never_holds",
    ),
    Defect(
        "a row that fits nobody",
        "when: order.rush",
        "when: customer.level == 'A' and customer.level == 'B'",
        "condition_never_holds",
    ),
    Defect(
        "a table without a last row",
        "      - {target: 60h}\n",
        "",
        "target_uncovered",
        line="      - {when: customer.level",
    ),
    Defect("rungs of which nobody hears", "  escalated: owner\n", "", "escalation_untold", line="{after: 4h"),
    # People.
    Defect(
        "a role misspelt",
        "roles: [warehouse]}\n    - {trigger: close",
        "roles: [warehuose]}\n    - {trigger: close",
        "role_misspelt",
    ),
    Defect("a role misspelt in a message", "role:sales", "role:slaes", "role_misspelt"),
    Defect(
        "a role that nobody has",
        "dest: waived, roles: [finance_head]",
        "dest: waived, roles: [treasurer]",
        "nobody_with_role",
        people=True,
    ),
    Defect("a team that nobody is in", "{team: plant-1}", "{team: plant-7}", "nobody_in_team", people=True),
    Defect(
        "an owner who has left",
        "{category: waiting, owner: {role: service}}",
        "{category: waiting, owner: old-wang}",
        "nobody_with_id",
        people=True,
    ),
]

EVERYBODY = of.Directory(
    [
        of.Person(id="wang", roles=["sales", "service"], teams=["plant-1"]),
        of.Person(id="li", roles=["finance", "finance_head", "warehouse", "plant"]),
        of.Person(id="old-wang", roles=["treasurer"], teams=["plant-7"], active=False),
    ]
)

MORE = {  # what a defect needs besides its own edit
    "both limits inclusive": ("order.total < 50000", "order.total <= 50000"),
    "a stage under no clock": ("    start: placed\n    stop", "    start: shipping\n    stop"),
    "joins that wait for each other": (
        "source: checking, dest: paid",
        "source: checking, dest: paid, guard: track('order').stage == 'completed'",
    ),
    "a ring without an exit": (
        REPAIRED,
        "    - {trigger: test, source: rework, dest: testing}\n    - {trigger: back, source: testing, dest: rework}\n",
    ),
    "a join that never opens": ("waived:   {category: cancelled}", "void:     {category: cancelled}"),
}


def broken(defect: Defect) -> tuple[str, int]:
    """The text with the defect in it, and the line in which it is to be found."""
    assert SOUND.count(defect.old) == 1, defect.old
    text = SOUND.replace(defect.old, defect.new)
    start = SOUND.index(defect.old)
    if defect.name in MORE:
        old, new = MORE[defect.name]
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    if defect.name == "a join that never opens":
        text = text.replace("dest: waived", "dest: paid")
    if defect.line:
        assert text.count(defect.line) == 1, defect.line
        start = text.index(defect.line)
    return text, text.count("\n", 0, start) + 1


@pytest.mark.parametrize("defect", DEFECTS, ids=[item.name for item in DEFECTS])
def test_a_seeded_defect_is_found_in_its_line(defect: Defect, tmp_path: Path) -> None:
    """The code is there, in the line at fault, with a path or column, and with texts in both languages."""
    text, line = broken(defect)
    file = tmp_path / "sales.yaml"
    file.write_text(text, encoding="utf-8")
    found = of.check_flow_file(file, directory=EVERYBODY if defect.people else None)
    spots = [(item.code, item.place.line) for item in found if item.place]
    if defect.code.endswith("."):
        spots = [(code[: len(defect.code)], number) for code, number in spots]
    assert (defect.code, line) in spots, "\n".join(map(str, found))
    assert all(item.text("en") and item.text("zh") for item in found)
    assert all(item.place and item.place.file == str(file) and item.place.column for item in found)


@pytest.mark.parametrize("defect", DEFECTS, ids=[item.name for item in DEFECTS])
def test_one_slip_is_no_flood(defect: Defect, tmp_path: Path) -> None:
    """What follows from a defect is not told as so many more: at most three problems come of one edit."""
    file = tmp_path / "sales.yaml"
    file.write_text(broken(defect)[0], encoding="utf-8")
    found = of.check_flow_file(file, directory=EVERYBODY if defect.people else None)
    assert len(found) <= 3, "\n".join(map(str, found))


def test_there_are_as_many_defects_as_promised() -> None:
    """The corpus has at least 44 defects, each with a name of its own."""
    assert len({item.name for item in DEFECTS}) == len(DEFECTS) >= 44


@pytest.mark.parametrize("file", SHIPPED, ids=[path.name for path in SHIPPED])
def test_what_ships_is_sound(file: Path) -> None:
    """The flow that the defects are seeded in, every template and every example: no errors, no warnings."""
    assert of.check_flow_file(file) == ()


def test_the_sound_flow_knows_its_people() -> None:
    """With a directory, too, there is nothing to find."""
    assert of.check_flow_file(SALES, directory=EVERYBODY) == ()
