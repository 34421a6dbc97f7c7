"""Running orders go to another version of their flow, and back: planned first, one append an order, nothing lost."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.flowfile import read_flow_text
from orderflow.adapters.memory import MemoryStorage
from orderflow.model.commit import Commit
from orderflow.model.events import Stream

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
SHOP = of.Actor.system("shop")
OLD = """
flow: sales
fields: {order.region: {}, order.size: {type: number}}
lifecycle:
  initial: placed
  stages:
    placed: {owner: li}
    review: {title: {en: Review, zh: 审核}, owner: {role: finance}}
    making: {owner: zhao}
    done: {category: done}
    void: {category: cancelled}
  transitions:
    - {trigger: submit, source: placed, dest: review}
    - {trigger: approve, source: review, dest: making}
    - {trigger: finish, source: making, dest: done}
    - {trigger: cancel, source: [placed, review], dest: void}
sla:
  review: {start: review, target: 8h, warn: [50%]}
  making: {start: making, target: 20h}
"""
NEW = """
flow: sales
fields: {order.region: {}, order.size: {type: number}}
lifecycle:
  initial: placed
  stages:
    placed: {owner: li}
    credit_check: {title: {en: Credit check, zh: 信用审核}, owner: {role: finance}}
    making: {owner: zhao}
    packing: {}
    done: {category: done}
    void: {category: cancelled}
  transitions:
    - {trigger: submit, source: placed, dest: credit_check}
    - {trigger: approve, source: credit_check, dest: making}
    - {trigger: pack, source: making, dest: packing}
    - {trigger: finish, source: packing, dest: done}
    - {trigger: cancel, source: [placed, credit_check], dest: void}
sla:
  review: {start: credit_check, target: 4h, warn: [50%]}
  placed: {start: placed, target: 2h}
find: [order.region]
"""
MAPPING = {"review": "credit_check"}
PEOPLE = [
    of.Person(id="li"),
    of.Person(id="wang", roles=["finance"]),
    of.Person(id="zhou", roles=["finance"]),
    of.Person(id="zhao", lead="boss", manager="chief"),
    of.Person(id="boss"),
    of.Person(id="chief"),
    of.Person(id="gone", active=False),
]


def flow(text: str = NEW, **changes: str) -> of.Flow:
    for old, new in changes.items():
        text = text.replace(old, new)
    return read_flow_text(text, file="f.yaml")


class World:
    """A Tracker of the old version with its clock: `new` is just placed, `seen` in review, `made` in making."""

    def __init__(self, text: str = OLD, *, storage: Any = "memory:", orders: bool = True) -> None:
        self.now = MONDAY
        self.sent: list[of.Notification] = []
        self.tracker = self.opened(text, storage=storage)
        if orders:
            for id in ("new", "seen", "made", "over"):
                self.tracker.place(of.Order(id, attributes={"region": "east"}), by=SHOP)
            self.fire("seen", "submit")
            self.fire("made", "submit", "approve")
            self.fire("over", "submit", "approve", "finish")

    def opened(self, text: str, *, storage: Any) -> of.Tracker:
        mail = of.Channels(of.CallableChannel("mail", self.sent.append))
        people = of.Directory(PEOPLE)
        return of.Tracker(flow(text), storage=storage, directory=people, clock=lambda: self.now, plugins=[mail])

    def fire(self, order: str, *triggers: str) -> None:
        for trigger in triggers:
            self.tracker.fire(order, trigger, by=SHOP)

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)

    def migrate(self, text: str = NEW, **more: Any) -> of.Migrated:
        return self.tracker.migrate(self.tracker.plan_migration(flow(text), **{"mapping": MAPPING, **more}), by="boss")

    def clock(self, order: str, sla: str) -> Any:
        return next(item for item in self.tracker.get(order).clocks if item.sla == sla)

    def events(self) -> int:
        return len(self.tracker.changes(limit=100_000)[0])


def marks(world: World, order: str) -> list[tuple[str, str]]:
    """(sla, kind) of the marks since the migration."""
    events = world.tracker.history(order)
    start = max(place for place, event in enumerate(events) if event.type == "flow_migrated")
    found: list[Any] = [event.body for event in events[start:] if event.type == "clock_marked"]
    return [(mark.sla, mark.kind) for body in found for mark in body.marks]


# --- planning -----------------------------------------------------------------------------------------------------


def test_a_plan_classifies_every_running_order_and_writes_nothing() -> None:
    """Open and waiting orders only; not even the new version is recorded."""
    world = World()
    before = world.events()
    plan = world.tracker.plan_migration(flow())
    assert {item.order: item.kind for item in plan.orders} == {
        "new": "unchanged",
        "seen": "needs_mapping",
        "made": "unchanged",
    }
    assert plan.counts == {"unchanged": 2, "moves": 0, "needs_mapping": 1, "impossible": 0}
    mapped = world.tracker.plan_migration(flow(), mapping=MAPPING)
    assert [(item.kind, item.moves) for item in mapped.orders if item.moves] == [
        ("moves", (("order", "review", "credit_check"),))
    ]
    assert (world.events(), mapped.version) == (before, of.fingerprint(flow()))


def test_a_plan_reads_in_both_languages() -> None:
    """Counts first, then each reason with how many orders it keeps, and some of their ids."""
    world = World()
    plan = world.tracker.plan_migration(flow())
    assert str(plan).splitlines()[1:] == [
        "orders: 3; keep their stages: 2, move: 0, need a mapping: 1, impossible: 0",
        "  1 (seen): order: the new version has no stage 'review'; map it to one of placed, credit_check, making, "
        "packing, done, void.",
    ]
    assert "1 个需要映射" in plan.text("zh")
    assert "order：review → credit_check：1 个（seen）" in world.tracker.plan_migration(flow(), mapping=MAPPING).text(
        "zh"
    )


def test_the_id_of_a_plan_is_that_of_what_it_says() -> None:
    """The same version, mapping and clocks give the same id, whichever orders there are."""
    world = World()
    first = world.tracker.plan_migration(flow(), mapping=MAPPING)
    again = world.tracker.plan_migration(flow(), mapping={"order/review": "credit_check"}, orders=["new"])
    assert first.id == again.id
    assert first.id != world.tracker.plan_migration(flow(), mapping=MAPPING, clocks="restart").id
    assert first.id != world.tracker.plan_migration(flow()).id


def test_orders_that_are_asked_for_are_classified_whatever_they_are() -> None:
    """Ended ones too; one that is there already says so, and one that does not exist."""
    world = World()
    world.migrate(orders=["new"])
    plan = world.tracker.plan_migration(flow(), orders=["new", "over", "nobody"])
    assert [(item.order, item.kind, [cause.code for cause in item.reasons]) for item in plan.orders] == [
        ("new", "unchanged", ["migration_already_there"]),
        ("over", "unchanged", []),
        ("nobody", "impossible", ["unknown_order"]),
    ]


def test_the_target_is_a_flow_a_file_or_a_current_flow(tmp_path: Path) -> None:
    """A text is the name of a current flow first, else a path."""
    world = World(storage=(storage := MemoryStorage()))
    file = tmp_path / "new.yaml"
    file.write_text(NEW, encoding="utf-8")
    assert world.tracker.plan_migration(file).version == of.fingerprint(flow())
    assert world.tracker.plan_migration(str(file)).version == of.fingerprint(flow())
    assert world.tracker.plan_migration("sales").orders == ()
    newer = world.opened(NEW, storage=storage)
    assert len(newer.plan_migration("sales").orders) == 3


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"reveiw": "credit_check"}, "mapping_unknown"),
        ({"payment/due": "open"}, "mapping_unknown"),
        ({"review": 3}, "bad_mapping"),
        ("review", "bad_mapping"),
    ],
)
def test_slips_in_a_mapping_are_refused(mapping: Any, code: str) -> None:
    """A stage that no version has is a slip of the pen, not a rule that never applies."""
    with pytest.raises(of.Refused) as refused:
        World().tracker.plan_migration(flow(), mapping=mapping)
    assert [item.code for item in refused.value.reasons] == [code]


def test_wrong_targets_are_refused() -> None:
    """A flow that nobody recorded, a wrong definition, unknown clocks."""
    tracker = World().tracker
    with pytest.raises(of.Refused, match=r"there is no flow 'slaes'.*Did you mean 'sales'"):
        tracker.plan_migration(flow(NEW.replace("flow: sales", "flow: slaes")))
    with pytest.raises(of.DefinitionError):
        tracker.plan_migration(flow(NEW.replace("initial: placed", "initial: plaecd")))
    with pytest.raises(of.InvalidValue, match="keep, restart, rescale"):
        tracker.plan_migration(flow(), clocks="hold")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(of.InvalidValue):
        tracker.plan_migration(3)  # type: ignore[arg-type]  # the point of the test


PAYMENT = """
tracks:
  payment:
    initial: due
    stages: {due: {}, paid: {category: done}}
    transitions: [{trigger: pay, source: due, dest: paid}]
"""


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        (OLD, NEW.replace("- {trigger: submit, source: placed, dest: credit_check}", ""), ["migration_stuck"]),
        (OLD + PAYMENT, NEW, ["migration_no_track"]),
        (OLD + PAYMENT, NEW + PAYMENT.replace("initial", "many: true\n    initial"), ["migration_track_number"]),
        (OLD + PAYMENT, NEW + PAYMENT.replace("due", "open"), ["migration_unmapped"]),
        (OLD, NEW.replace("order.region: {}", "order.region: {type: choice, of: [west]}"), ["not_in_vocabulary"]),
        (OLD, NEW.replace("order.region: {}", "order.area: {}").replace("region", "area"), ["undeclared_field"]),
        (OLD, NEW.replace("{type: number}", "{type: number, required: true}"), ["required_field"]),
        (
            OLD + PAYMENT,
            NEW.replace("order.region: {}", "order.region: {type: date}"),
            ["migration_no_track", "wrong_type"],
        ),
    ],
)
def test_every_reason_why_an_order_cannot_go_is_listed(old: str, new: str, codes: list[str]) -> None:
    """Each with its code; applying leaves the order as it is and says the same."""
    if "cancel, source: [placed" in new and codes == ["migration_stuck"]:
        new = new.replace("source: [placed, credit_check]", "source: credit_check")
    world = World(old)
    plan = world.tracker.plan_migration(flow(new), orders=["new"])
    assert [item.code for item in plan.orders[0].reasons] == codes
    assert plan.orders[0].kind == ("needs_mapping" if codes == ["migration_unmapped"] else "impossible")
    result = world.tracker.migrate(plan, by="boss")
    assert (result.done, result.left) == (0, plan.orders)


def test_a_mapping_to_a_stage_that_is_not_there_is_impossible() -> None:
    """The reason names the stages that there are, and what may have been meant."""
    plan = World().tracker.plan_migration(flow(), mapping={"review": "credit_chek"}, orders=["seen"])
    assert plan.orders[0].kind == "impossible"
    assert "Did you mean 'credit_check'?" in str(plan.orders[0].reasons[0])


def test_an_order_of_another_flow_cannot_go() -> None:
    """Orders follow one flow for ever; only its version changes."""
    storage = MemoryStorage()
    both = of.Tracker([flow(OLD), flow(OLD.replace("flow: sales", "flow: repairs"))], storage=storage)
    both.place(of.Order("R-1", flow="repairs"), by=SHOP)
    plan = both.plan_migration(flow(), orders=["R-1"])
    assert [item.code for item in plan.orders[0].reasons] == ["migration_other_flow"]
    assert both.plan_migration(flow()).orders == ()


def test_what_plans_share_is_in_memory_once() -> None:
    """Orders of one kind share their reasons: a plan for very many orders stays small."""
    world = World(orders=False)
    for number in range(1_500):
        world.tracker.place(of.Order(f"N-{number:04}"), by=SHOP)
        world.tracker.fire(f"N-{number:04}", "submit", by=SHOP)
    plan = world.tracker.plan_migration(flow())
    assert plan.counts["needs_mapping"] == 1_500
    assert len({id(item.reasons) for item in plan.orders}) == 1
    assert "1500 (N-0000, N-0001, N-0002, N-0003, N-0004, …)" in str(plan)


# --- applying -----------------------------------------------------------------------------------------------------


def test_orders_go_to_the_new_version() -> None:
    """Version and stage are the new ones at once, in one commit of each order; since when it stands there stays."""
    world = World()
    since = world.tracker.get("seen").since
    world.wait(hours=1)
    assert world.migrate() == of.Migrated(plan=world.tracker.plan_migration(flow(), mapping=MAPPING).id, done=3)
    view = world.tracker.get("seen")
    assert (view.stage, view.title("zh"), view.since, view.allowed) == (
        "credit_check",
        "信用审核",
        since,
        ("approve", "cancel"),
    )
    assert view.flow_version == of.fingerprint(flow())
    assert world.tracker.get("over").flow_version == of.fingerprint(flow(OLD))
    assert [entry.text("zh") for entry in view.timeline if entry.type == "flow_migrated"] == [
        f"迁移到流程版本 {view.flow_version[:12]}；节点变更：review → credit_check"
    ]
    world.fire("seen", "approve")
    world.fire("made", "pack", "finish")


def test_the_owner_stays_where_the_mapped_stage_allows_it() -> None:
    """Whoever has the role keeps the order; else the rule of the mapped stage gives an owner."""
    world = World()
    owner = world.tracker.get("seen").owner
    other = world.tracker.place(of.Order("odd", attributes={}), by=SHOP).order
    world.fire("odd", "submit")
    world.tracker.assign("odd", "li", by=SHOP)
    world.migrate()
    assert owner in ("wang", "zhou")
    assert world.tracker.get("seen").owner == owner
    assert world.tracker.get(other).owner in ("wang", "zhou")
    assert world.tracker.get("made").owner == "zhao"


def test_new_tracks_begin_and_the_index_is_that_of_the_new_version() -> None:
    """A single track that the new version has begins now, with its owner; new `find:` attributes can be searched."""
    world = World(storage=(storage := MemoryStorage()))
    world.wait(hours=1)
    world.migrate(NEW + PAYMENT.replace("due: {}", "due: {owner: boss}"))
    track = world.tracker.get("made").tracks["payment"]
    assert (track.stage, track.owner, track.since) == ("due", "boss", world.now)
    newer = world.opened(NEW, storage=storage)
    assert [card.order for card in newer.find(where={"order.region": "east"})] == ["made", "new", "seen"]
    assert [column.stage for column in newer.board().columns if column.count] == [
        "placed", "credit_check", "making", "done"
    ]  # fmt: skip


def test_other_tracks_move_by_their_own_names() -> None:
    """`payment/due` in the mapping is the stage of every track of that kind."""
    world = World(OLD + PAYMENT)
    new = NEW + PAYMENT.replace("due", "invoice")
    world.migrate(new, mapping={**MAPPING, "payment/due": "invoice"})
    assert {name: track.stage for name, track in world.tracker.get("seen").tracks.items()} == {
        "order": "credit_check",
        "payment": "invoice",
    }


def test_an_ended_order_goes_only_when_it_is_asked_for() -> None:
    """It takes the new version; its clocks stay ended."""
    world = World()
    world.migrate(orders=["over"])
    view = world.tracker.get("over")
    assert (view.flow_version, view.stage) == (of.fingerprint(flow()), "done")
    assert all(clock.ended for clock in view.clocks)


def test_nobody_is_told_of_a_migration() -> None:
    """Only a person who becomes responsible by it hears so, as always."""
    world = World()
    world.tracker.deliver()
    world.sent.clear()
    world.migrate(NEW + PAYMENT.replace("due: {}", "due: {owner: boss}"), orders=["made"])
    world.tracker.deliver()
    assert [(item.topic, item.to) for item in world.sent] == []  # boss migrates, and is not told of his own doing
    world.migrate(NEW, orders=["seen"])
    world.tracker.deliver()
    assert world.sent == []


def test_what_was_due_before_is_settled_by_the_old_version() -> None:
    """A breach and its escalation that a migration finds are the old promise's, and owed by its rules."""
    ladder = "making: {start: making, target: 2h, escalate: [{after: 1h, to: lead}, {after: 2h, to: manager}]}"
    other = ladder.replace("lead", "li").replace("manager", "li").replace("2h,", "90h,")
    world = World(OLD.replace("making: {start: making, target: 20h}", ladder))
    world.tracker.deliver()
    world.sent.clear()
    world.wait(hours=9)
    world.migrate(NEW.replace("placed: {start", other + "\n  placed: {start"), orders=["made"])
    world.tracker.deliver()
    assert [(item.topic, item.to) for item in world.sent] == [
        ("breached", ("zhao",)),
        ("escalated", ("boss",)),
        ("escalated", ("chief",)),
    ]


# --- clocks -------------------------------------------------------------------------------------------------------


def test_a_kept_clock_keeps_its_deadline_whatever_happens_next() -> None:
    """`keep`: due instant and time spent stay, at the migration and at every later command and sweep."""
    world = World()
    before = world.clock("seen", "review")
    world.wait(hours=2)
    world.migrate()
    assert marks(world, "seen") == [("review", "kept")]
    world.wait(hours=1)
    world.tracker.assign("seen", "wang", by=SHOP)
    world.tracker.sweep()
    after = world.clock("seen", "review")
    assert (after.due_at, after.started_at, after.target) == (before.due_at, before.started_at, timedelta(hours=8))
    assert after.spent == timedelta(hours=3)


def test_a_clock_whose_terms_stay_gets_no_mark() -> None:
    """What the new version promises alike is the new version's from then on."""
    world = World()
    world.migrate(NEW.replace("target: 4h", "target: 8h"))
    assert marks(world, "seen") == []
    assert not world.clock("seen", "review").kept


def test_a_kept_clock_goes_by_the_calendar_that_it_has() -> None:
    """Another calendar in the new version changes neither its deadline nor what has counted."""
    hours = "calendar: {{timezone: Asia/Shanghai, hours: {{mon-sun: ['{}']}}}}\n"
    storage = MemoryStorage()
    world = World(hours.format("09:00-17:00") + OLD, storage=storage)
    due = world.clock("seen", "review").due_at
    assert due == MONDAY + timedelta(hours=8)
    world.wait(hours=2)
    world.migrate(hours.format("09:00-10:00") + NEW)
    world.wait(hours=2)
    assert world.clock("seen", "review").spent == timedelta(hours=4)
    fresh = world.opened(hours.format("09:00-10:00") + NEW, storage=storage)
    fresh.sweep()
    fresh.fire("seen", "approve", by=SHOP)
    clock = next(item for item in fresh.get("seen").clocks if item.sla == "review")
    assert (clock.due_at, clock.ended, clock.spent) == (due, "met", timedelta(hours=4))


def test_a_kept_clock_that_waits_goes_on_with_its_target() -> None:
    """Paused before the migration, resumed after it: what was left of the old target is left."""
    wait = "category: waiting"
    old = OLD.replace("making: {owner: zhao}", f"making: {{owner: zhao}}\n    asked: {{{wait}}}").replace(
        "review: {start: review,", "review: {start: [review, asked], pause: asked,"
    )
    new = NEW.replace("making: {owner: zhao}", f"making: {{owner: zhao}}\n    asked: {{{wait}}}").replace(
        "review: {start: credit_check,", "review: {start: [credit_check, asked], pause: asked,"
    )
    ask = "- {trigger: ask, source: %s, dest: asked}\n    - {trigger: answer, source: asked, dest: %s}\n    "
    ask += "- {trigger: finish"
    world = World(old.replace("- {trigger: finish", ask % ("review", "review")))
    world.wait(hours=3)
    world.fire("seen", "ask")
    world.wait(hours=5)
    world.migrate(new.replace("- {trigger: finish", ask % ("credit_check", "credit_check")))
    assert marks(world, "seen") == [("review", "kept")]
    assert (
        world.tracker.get("seen").timeline[-1].text() == "review: still paused, with the target of the version before"
    )
    world.wait(hours=1)
    world.fire("seen", "answer")
    assert world.clock("seen", "review").due_at == world.now + timedelta(hours=5)


def test_restart_begins_anew_under_the_new_terms() -> None:
    """`restart`: the new target from now on, nothing spent."""
    world = World()
    world.wait(hours=2)
    world.migrate(clocks="restart")
    clock = world.clock("seen", "review")
    assert marks(world, "seen") == [("review", "reset")]
    assert (clock.due_at, clock.spent) == (world.now + timedelta(hours=4), timedelta())


def test_rescale_carries_the_share_that_is_used() -> None:
    """`rescale`: two of eight hours are a quarter, so one of four hours is used, and three are left."""
    world = World()
    world.wait(hours=2)
    world.migrate(clocks="rescale")
    clock = world.clock("seen", "review")
    assert marks(world, "seen") == [("review", "redued")]
    assert (clock.due_at, clock.spent) == (world.now + timedelta(hours=3), timedelta(hours=1))


def test_promises_that_are_gone_are_cancelled_and_new_ones_begin() -> None:
    """No clock is lost silently, and none is forgotten: both stand in the history."""
    world = World()
    world.migrate()
    assert marks(world, "made") == [("making", "cancelled")]
    assert marks(world, "new") == [("placed", "started")]
    assert world.clock("new", "placed").due_at == MONDAY + timedelta(hours=2)


def test_a_promise_that_the_new_version_would_end_is_cancelled_not_met() -> None:
    """A change of rules meets nothing: `met` would flatter the figures."""
    world = World()
    world.migrate(NEW.replace("start: credit_check", "start: packing"))
    assert marks(world, "seen") == [("review", "cancelled")]


# --- lines and jumps ----------------------------------------------------------------------------------------------

LINES = """
lines:
  stages: [open, packed, shipped]
  moves: {pack: {source: open, dest: packed}, ship: {source: packed, dest: shipped}}
"""
PARCEL = """
tracks:
  parcel:
    many: true
    carries_lines: true
    loads: [packed]
    initial: loading
    stages: {loading: {}, gone: {category: done}}
    transitions: [{trigger: send, source: loading, dest: gone, moves: ship}]
"""


def packed_world(text: str) -> World:
    """One order of two lines, of which 3 pieces are packed."""
    world = World(text, orders=False)
    world.tracker.place(of.Order("L-1", lines=[of.Line("1", "A", 5), of.Line("2", "B", 2)]), by=SHOP)
    world.tracker.move("L-1", "pack", {"1": 3}, by=SHOP)
    return world


def test_quantities_stay_where_they_stand() -> None:
    """A version with the same line stages takes them over; none is lost, and they move on by its moves."""
    world = packed_world(OLD + LINES)
    before = world.tracker.get("L-1").quantities
    plan = world.tracker.plan_migration(flow(NEW + LINES))
    assert world.tracker.migrate(plan, by="boss").done == 1
    assert world.tracker.get("L-1").quantities == before
    world.tracker.move("L-1", "ship", {"1": 3}, by=SHOP)
    assert world.tracker.revert_migration(plan, by="boss").done == 1


def test_clocks_of_a_track_that_goes_settle_before_it_goes() -> None:
    """A promise that broke on a track of the new version is told when the order goes back to the one without it."""
    promise = (
        PAYMENT.replace("due: {}", "due: {owner: boss}") + "sla:\n  pay: {start: due, target: 2h, track: payment}\n"
    )
    world = World(orders=False)
    world.tracker.place(of.Order("P-1", attributes={"region": "east"}), by=SHOP)
    plan = world.tracker.plan_migration(flow(NEW.split("sla:")[0] + "find: [order.region]\n" + promise))
    assert world.tracker.migrate(plan, by="boss").done == 1
    world.wait(hours=9)
    assert world.tracker.revert_migration(plan, by="boss").done == 1
    world.tracker.deliver()
    assert "payment" not in world.tracker.get("P-1").tracks
    assert [(item.topic, item.to) for item in world.sent if item.topic == "breached"] == [("breached", ("boss",))]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NEW, "migration_no_lines"),
        (NEW + LINES.replace("packed", "boxed"), "migration_no_line_stage"),
    ],
)
def test_quantities_are_never_lost(new: str, code: str) -> None:
    """A version in which they could not stand is impossible for the order."""
    plan = packed_world(OLD + LINES).tracker.plan_migration(flow(new))
    assert [item.code for item in plan.orders[0].reasons] == [code]


def test_a_track_that_carries_lines_must_be_able_to() -> None:
    """What a parcel carries cannot go to a version in which parcels carry nothing."""
    world = packed_world(OLD + LINES + PARCEL)
    world.tracker.open_track("L-1", "parcel", by=SHOP)
    world.tracker.load("L-1", "parcel:1", by=SHOP)
    bare = PARCEL.replace("    carries_lines: true\n    loads: [packed]\n", "").replace(", moves: ship", "")
    plan = world.tracker.plan_migration(flow(NEW + LINES + bare))
    assert [item.code for item in plan.orders[0].reasons] == ["migration_no_carrier"]
    assert world.migrate(NEW + LINES + PARCEL, mapping={}).done == 1


def test_lines_begin_with_a_version_that_follows_them() -> None:
    """All that was ordered stands in the first line stage; going back leaves it there, and nobody asks."""
    world = World(orders=False)
    world.tracker.place(of.Order("L-1", lines=[of.Line("1", "A", 5)]), by=SHOP)
    plan = world.tracker.plan_migration(flow(NEW + LINES))
    world.tracker.migrate(plan, by="boss")
    assert dict(world.tracker.get("L-1").quantities["1"]) == {"ordered": 5, "open": 5}
    assert world.tracker.revert_migration(plan, by="boss").done == 1
    assert world.tracker.migrate(plan, by="boss").done == 1


def test_quantities_follow_what_was_amended_while_nobody_followed_them() -> None:
    """Amended under a version without lines, an order comes back with the quantities of its lines as they are now."""
    world = World(orders=False)
    lines = [of.Line("1", "A", 5), of.Line("2", "B", 2)]
    world.tracker.place(of.Order("L-1", lines=lines), by=SHOP)
    plan = world.tracker.plan_migration(flow(NEW + LINES))
    world.tracker.migrate(plan, by="boss")
    world.tracker.move("L-1", "pack", {"1": 3}, by=SHOP)
    world.tracker.revert_migration(plan, by="boss")
    world.tracker.amend("L-1", lines={"1": {"quantity": 4}}, add=[of.Line("3", "C", 7)], remove=["2"], by=SHOP)
    assert world.tracker.migrate(plan, by="boss").done == 1
    found = {line: dict(stages) for line, stages in world.tracker.get("L-1").quantities.items()}
    assert found == {"1": {"ordered": 4, "open": 1, "packed": 3}, "3": {"ordered": 7, "open": 7}}


def test_what_is_packed_already_was_not_amended_away() -> None:
    """Where less is ordered now than stands beyond the first line stage, the order cannot go, and says why."""
    world = World(orders=False)
    world.tracker.place(of.Order("L-1", lines=[of.Line("1", "A", 5)]), by=SHOP)
    plan = world.tracker.plan_migration(flow(NEW + LINES))
    world.tracker.migrate(plan, by="boss")
    world.tracker.move("L-1", "pack", {"1": 3}, by=SHOP)
    world.tracker.revert_migration(plan, by="boss")
    world.tracker.amend("L-1", lines={"1": {"quantity": 2}}, by=SHOP)
    (left,) = world.tracker.migrate(plan, by="boss").left
    assert (left.kind, [why.code for why in left.reasons]) == ("impossible", ["not_enough"])


def test_a_jump_from_an_older_version_is_undone_only_where_that_can_be() -> None:
    """The stage from which somebody jumped may be gone: that is a refusal with a reason."""
    jumps = "  jumps: {force: [], skip: [], back: []}\n"
    world = World(OLD.replace("sla:\n", jumps + "sla:\n"), orders=False)
    world.tracker.place(of.Order("J-1"), by=SHOP)
    world.tracker.fire("J-1", "submit", by=SHOP)
    world.tracker.force("J-1", "making", by=SHOP, reason="hurry")
    world.migrate(NEW.replace("sla:\n", jumps + "sla:\n"))
    with pytest.raises(of.Refused, match="there is no stage 'review'"):
        world.tracker.undo("J-1", by=SHOP, reason="wrong")


# --- going on, again, and back ------------------------------------------------------------------------------------


class Failing(MemoryStorage):
    """A storage whose n-th append of a migration fails, as a power cut would."""

    left = 10**9

    def append(self, commit: Commit) -> None:
        if any(event.type == "flow_migrated" for event in commit.events):
            self.left -= 1
            if self.left < 0:
                raise of.StorageError("no more power")
        super().append(commit)


@pytest.mark.parametrize("same_plan", [True, False])
def test_after_a_crash_the_rest_is_done(same_plan: bool) -> None:
    """Applying the same plan again, or one made again, does what is left, once."""
    storage = Failing()
    world = World(storage=storage)
    plan = world.tracker.plan_migration(flow(), mapping=MAPPING)
    storage.left = 2
    with pytest.raises(of.StorageError):
        world.tracker.migrate(plan, by="boss")
    storage.left = 10**9
    again = plan if same_plan else world.tracker.plan_migration(flow(), mapping=MAPPING)
    result = world.tracker.migrate(again, by="boss")
    assert (again.id, result.done, result.skipped) == (plan.id, 1, 2 if same_plan else 0)
    events = [event for id in ("new", "seen", "made") for event in world.tracker.history(id)]
    assert sum(event.type == "flow_migrated" for event in events) == 3
    assert world.tracker.migrate(plan, by="boss").done == 0


KILLED = """
import sys
from orderflow.adapters.flowfile import read_flow_text
import orderflow as of
old, new, path = sys.argv[1:]
tracker = of.Tracker(read_flow_text(old, file="old"), storage=path)
plan = tracker.plan_migration(read_flow_text(new, file="new"))
print("ready", flush=True)
tracker.migrate(plan, by="boss", batch=1, progress=lambda done, all: print(done, flush=True))
"""


def test_a_killed_process_leaves_whole_orders_behind(tmp_path: Path) -> None:
    """kill -9 in the middle: every order is wholly on one version or the other, and another process does the rest."""
    if not hasattr(signal, "SIGKILL"):
        pytest.skip("this system has no SIGKILL")
    path = f"sqlite:///{tmp_path / 'orders.db'}"
    with of.Tracker(flow(OLD), storage=path) as tracker:
        for number in range(40):
            tracker.place(of.Order(f"SO-{number}"), by=SHOP)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, OLD, NEW, path],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(of.__file__).parent.parent)},
    )
    assert process.stdout is not None
    while process.stdout.readline().strip() not in ("5", ""):
        time.sleep(0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with of.Tracker(flow(OLD), storage=path) as tracker:
        done = sum(tracker.get(f"SO-{n}").flow_version == of.fingerprint(flow()) for n in range(40))
        assert done >= 5
        result = tracker.migrate(tracker.plan_migration(flow()), by="boss")
        assert (result.done, result.left) == (40 - done, ())
        kinds = [event.type for n in range(40) for event in tracker.history(f"SO-{n}")]
        assert kinds.count("flow_migrated") == 40


def test_a_stale_plan_is_decided_anew() -> None:
    """What happened since planning counts: an order that has moved on goes as it is now, or is left with the reason."""
    world = World()
    plan = world.tracker.plan_migration(flow())  # no mapping: `new` keeps its stage
    world.fire("new", "submit")
    world.fire("made", "finish")
    result = world.tracker.migrate(plan, by="boss")
    assert [(item.order, item.kind) for item in result.left] == [("new", "needs_mapping"), ("seen", "needs_mapping")]
    assert world.tracker.get("made").flow_version == of.fingerprint(flow())
    assert world.tracker.get("new").flow_version == of.fingerprint(flow(OLD))


def test_a_plan_can_be_applied_elsewhere() -> None:
    """It carries its version: another Tracker, which never saw the new flow, applies it from a pickle."""
    world = World(storage=(storage := MemoryStorage()))
    plan = pickle.loads(pickle.dumps(world.tracker.plan_migration(flow(), mapping=MAPPING)))
    assert world.opened(OLD, storage=storage).migrate(plan, by="boss").done == 3


def test_limit_and_progress() -> None:
    """At most `limit` orders go; the progress is told after each batch, and at the end."""
    world = World()
    plan = world.tracker.plan_migration(flow(), mapping=MAPPING)
    told: list[tuple[int, int]] = []
    first = world.tracker.migrate(plan, by="boss", limit=1)
    assert (first.done, first.waiting) == (1, 2)
    rest = world.tracker.migrate(plan, by="boss", batch=2, progress=lambda done, all: told.append((done, all)))
    assert (rest.done, rest.skipped, told) == (2, 1, [(2, 3), (3, 3)])
    for wrong in ({"limit": 0}, {"batch": 0}, {"limit": True}):
        with pytest.raises(of.InvalidValue, match="1 or more"):
            world.tracker.migrate(plan, by="boss", **wrong)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(of.InvalidValue, match="5 are no orders"):
        world.tracker.plan_migration(flow(), mapping=MAPPING, orders=5)  # type: ignore[arg-type]  # the same


class Racing(MemoryStorage):
    """A storage in which somebody else always writes to one order first."""

    def append(self, commit: Commit) -> None:
        if any(event.type == "flow_migrated" and event.stream.id == "seen" for event in commit.events):
            raise of.Conflict("order:seen", commit.expects[Stream.order("seen")])
        super().append(commit)


def test_conflicts_are_reported_and_the_others_go_on() -> None:
    """Who keeps writing to an order holds up nothing but that order."""
    result = World(storage=Racing()).migrate()
    assert (result.done, result.conflicts) == (2, ("seen",))
    assert "in conflict: 1" in str(result)


@pytest.mark.parametrize(("by", "code"), [("nobody", "unknown_person"), ("gone", "inactive_person")])
def test_who_may_not_act_is_refused_before_the_first_order(by: str, code: str) -> None:
    """Once, and nothing is written."""
    world = World()
    plan = world.tracker.plan_migration(flow(), mapping=MAPPING)
    before = world.events()
    with pytest.raises(of.Refused) as refused:
        world.tracker.migrate(plan, by=by)
    assert [item.code for item in refused.value.reasons] == [code]
    assert world.events() == before


def test_what_is_no_plan_is_refused() -> None:
    """`migrate` takes what `plan_migration` gave."""
    with pytest.raises(of.InvalidValue, match="no plan"):
        World().tracker.migrate("a plan", by="boss")  # type: ignore[arg-type]  # the point of the test


def test_a_migration_is_taken_back() -> None:
    """Version and stages are what they were; the history tells both ways."""
    world = World()
    plan = world.tracker.plan_migration(flow(), mapping=MAPPING)
    world.tracker.migrate(plan, by="boss")
    world.wait(hours=1)
    assert world.tracker.revert_migration(plan.id, by="boss", orders=["seen"]).done == 1
    assert world.tracker.get("made").flow_version == plan.version
    assert world.tracker.revert_migration(plan, by="boss") == of.Migrated(plan=plan.id, done=2, skipped=1)
    view = world.tracker.get("seen")
    assert (view.stage, view.flow_version, view.allowed) == (
        "review",
        of.fingerprint(flow(OLD)),
        ("approve", "cancel"),
    )
    assert [e.text() for e in view.timeline if e.type == "flow_migrated"][-1].endswith("credit_check → review")
    assert world.clock("seen", "review").due_at == MONDAY + timedelta(hours=8)
    assert world.tracker.migrate(plan, by="boss").done == 3  # asked for again, they go again


def test_what_has_moved_since_goes_back_as_it_stands() -> None:
    """A stage that the old version has stays; into one that it lacks the order cannot be taken back."""
    world = World()
    plan = world.tracker.plan_migration(flow(), mapping=MAPPING)
    world.tracker.migrate(plan, by="boss")
    world.fire("seen", "approve")
    world.fire("made", "pack")
    result = world.tracker.revert_migration(plan, by="boss")
    assert (result.done, [(item.order, item.kind) for item in result.left]) == (2, [("made", "impossible")])
    assert "the order has moved on to 'packing'" in str(result)
    assert world.tracker.get("seen").stage == "making"


def test_a_track_that_the_migration_began_is_dropped_with_it() -> None:
    """Unless it has moved: then the order stays. Its clocks are cancelled, its history stays readable."""
    world = World()
    new = NEW + PAYMENT.replace("due: {}", "due: {owner: boss}") + "  "
    new = new.replace("sla:\n", "sla:\n  pay: {track: payment, start: due, target: 5h}\n")
    plan = world.tracker.plan_migration(flow(new), mapping=MAPPING)
    world.tracker.migrate(plan, by="boss")
    world.tracker.fire("made", "pay", by=SHOP, track="payment")
    result = world.tracker.revert_migration(plan, by="boss")
    assert [(item.order, [cause.code for cause in item.reasons]) for item in result.left] == [
        ("made", ["migration_no_track"])
    ]
    view = world.tracker.get("seen")
    assert list(view.tracks) == ["order"]
    assert [clock.ended for clock in view.clocks if clock.sla == "pay"] == ["cancelled"]
    assert any(entry.text() == "began in due" for entry in view.timeline)


def test_only_the_last_migration_is_taken_back() -> None:
    """Versions go back in the order in which they came."""
    world = World()
    first = world.tracker.plan_migration(flow(), mapping=MAPPING)
    world.tracker.migrate(first, by="boss")
    second = world.tracker.plan_migration(flow(NEW.replace("4h", "5h")))
    world.tracker.migrate(second, by="boss")
    result = world.tracker.revert_migration(first, by="boss")
    assert {cause.code for item in result.left for cause in item.reasons} == {"migrated_since"}
    world.tracker.revert_migration(second, by="boss")
    assert world.tracker.get("seen").flow_version == first.version
    assert world.tracker.revert_migration(first, by="boss").done == 3
    assert (world.tracker.get("seen").stage, world.tracker.get("seen").flow_version) == (
        "review",
        of.fingerprint(flow(OLD)),
    )
    assert world.tracker.revert_migration(second, by="boss").skipped == 3


def test_an_unknown_plan_cannot_be_taken_back() -> None:
    """Neither for all orders nor for one."""
    world = World()
    with pytest.raises(of.Refused, match="no order was migrated by the plan"):
        world.tracker.revert_migration("0f0f", by="boss")
    result = world.tracker.revert_migration("0f0f", by="boss", orders=["new"])
    assert [cause.code for item in result.left for cause in item.reasons] == ["migration_not_by_plan"]


# --- histories ----------------------------------------------------------------------------------------------------


def test_the_past_is_read_by_the_version_of_then() -> None:
    """`as_of` before the migration shows the old stage, title and what was allowed."""
    world = World()
    then = world.now
    world.wait(hours=1)
    world.migrate()
    view = world.tracker.get("seen", as_of=then)
    assert (view.stage, view.title("zh"), view.flow_version) == ("review", "审核", of.fingerprint(flow(OLD)))


def test_what_happened_is_told_in_the_words_of_its_version() -> None:
    """Titles of stages that the new version lacks are still those that people knew."""
    world = World()
    world.migrate()
    world.fire("seen", "approve")
    told = [entry.text("zh") for entry in world.tracker.get("seen").timeline if entry.type == "stage_entered"]
    assert told[1:] == ["submit：进入“审核”", "approve：进入“making”"]


def test_an_order_placed_again_after_its_migration_repeats(tmp_path: Path) -> None:
    """It is compared by the version that placed it, though other fields are personal now; and from the file alone."""
    path = f"sqlite:///{tmp_path / 'orders.db'}"
    old = OLD.replace("order.region: {}", "order.region: {}, customer.phone: {personal: true}")
    new = NEW.replace("order.region: {}", "order.region: {personal: true}, customer.phone: {}")
    order = of.Order("SO-1", customer=of.Customer("ACME", {"phone": "138"}), attributes={"region": "east"})
    world = World(old, storage=path, orders=False)
    world.tracker.place(order, by=SHOP)
    world.migrate(new.replace("find: [order.region]", ""), mapping={})
    world.tracker.close()
    with of.Tracker(flow(new.replace("find: [order.region]", "")), storage=path) as fresh:
        assert fresh.place(order, by=SHOP).repeated
        assert fresh.get("SO-1").customer == order.customer


def test_an_erased_value_is_not_a_missing_one() -> None:
    """A required field that was filled and erased does not hold an order back."""
    text = OLD.replace("order.region: {}", "order.region: {personal: true, required: true}")
    world = World(text)
    world.tracker.erase("new", by=SHOP)
    plan = world.tracker.plan_migration(flow(text.replace("8h", "9h")), orders=["new"])
    assert plan.orders[0].kind == "unchanged"


def test_the_commands_can_be_given_one_by_one() -> None:
    """`Migrate` and `RevertMigration` are commands like others: previewed, repeated by key, refused with reasons."""
    world = World()
    plan = world.tracker.plan_migration(flow(), mapping=MAPPING)
    command = of.Migrate(order="seen", by="boss", version=plan.version, plan=plan.id, mapping=plan.mapping, key="k-1")
    with pytest.raises(of.Refused, match="no version"):
        world.tracker.handle(command)
    world.tracker.migrate(plan, by="boss", limit=1)  # records the version
    preview = world.tracker.preview(command)
    assert (preview.stage, world.tracker.get("seen").stage) == ("credit_check", "review")
    first = world.tracker.handle(command)
    assert world.tracker.handle(command).repeated
    assert first.events[0].type == "flow_migrated"
    with pytest.raises(of.Refused, match="not migrated by the plan"):
        world.tracker.handle(of.RevertMigration(order="over", by="boss", plan=plan.id))
    with pytest.raises(TypeError):
        of.Migrate(order="seen", by="boss", version="x", plan="y", at=MONDAY)  # type: ignore[call-arg]  # the point
