"""What the demo shows, as renderables for a rich Console: each part reads the Tracker as a host would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import frozen

from orderflow.demo.words import length, open_length, say
from orderflow.model.clock import Clock
from orderflow.model.commit import Notification
from orderflow.model.events import Event, StageEntered
from orderflow.model.policies import TOPICS
from orderflow.model.reasons import Language, in_language
from orderflow.model.view import Column, View
from orderflow.simulate import Refusal, Scenario, Simulated
from orderflow.tracker import Tracker

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from orderflow.metrics.report import Report

CARDS, ROWS, BAR = 4, 10, 15  # how many cards of a stage and rows of a list are shown; cells of the longest bar
DELIVERED = "payment"  # the stage that begins when the goods have left


@frozen(kw_only=True)
class Scene:
    """What every part needs: the Tracker, the people, the instant and the language."""

    tracker: Tracker
    scenario: Scenario
    at: datetime
    language: Language

    def say(self, key: str, **values: Any) -> str:
        return say(key, self.language, **values)

    def stage(self, name: str) -> str:
        stage = self.scenario.flow.lifecycle.stages.get(name)
        return in_language(stage.title, self.language, name) if stage else name

    def person(self, id: str | None) -> str:
        person = self.scenario.directory.person(id) if id else None
        return (person.name if person else None) or id or "–"

    def local(self, at: datetime, pattern: str = "%m-%d %H:%M") -> str:
        return f"{at.astimezone(ZoneInfo(self.scenario.calendar.timezone)):{pattern}}"


def screen(
    scene: Scene, done: Simulated, sent: Sequence[tuple[str, Notification]], inconsistent: Sequence[Event]
) -> Iterator[RenderableType]:
    """Everything that is printed, from top to bottom."""
    yield from head(scene, done)
    yield from board(scene)
    yield from late_orders(scene)
    yield from notified(scene, sent)
    yield from inconsistencies(scene, inconsistent)
    yield from refused(scene, done.refusals)
    yield from figures(scene)


def head(scene: Scene, done: Simulated) -> Iterator[RenderableType]:
    """Which flow, how many orders, and what was done with them."""
    from rich.text import Text

    flow = scene.scenario.flow
    start, end = (scene.local(at, "%Y-%m-%d") for at in (done.start, done.end))
    name, orders = in_language(flow.title, scene.language, flow.name), done.commands.get("place", 0)
    yield Text(scene.say("head", flow=name, orders=orders, start=start, end=end), style="bold")
    counts = {name: getattr(done, name) for name in ("total", "settled", "sweeps", "sent", "retried")}
    yield Text(scene.say("did", refused=len(done.refusals), **counts), style="dim")


# --- the board --------------------------------------------------------------------------------------------------------


def board(scene: Scene) -> Iterator[RenderableType]:
    """The open stages as columns with their first cards, and how many orders have ended."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = scene.tracker.board(cards=CARDS).columns
    shown = [item for item in columns if item.category in ("open", "waiting")]
    yield from _title(scene, "board", at=scene.local(scene.at, "%Y-%m-%d %H:%M"))
    table = Table(box=box.ROUNDED, expand=True, border_style="dim", padding=(0, 1))
    for column in shown:
        table.add_column(_column_head(scene, column), ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_row(*(Text("\n").join(_cards(scene, column)) for column in shown))
    yield table
    ended = [
        scene.say("ended", stage=scene.stage(item.stage), count=item.count) for item in columns if item not in shown
    ]
    yield Text("  " + "   ".join(ended))


def _column_head(scene: Scene, column: Column) -> Text:
    from rich.text import Text

    text = Text(scene.stage(column.stage), style="bold cyan")
    text.append(f"\n{column.count:,}", style="not bold default")
    if column.late:
        text.append(" · ", style="not bold default").append(scene.say("late", late=column.late), style="bold red")
    return text


def _cards(scene: Scene, column: Column) -> Iterator[Text]:
    from rich.text import Text

    for card in column.cards:
        view = scene.tracker.get(card.order)
        due = scene.local(card.due_at, "%m-%d") if card.due_at else ""
        text = Text(f"{'!' if card.late else ' '}{card.order}", style="bold red" if card.late else "bold")
        text.append(f"\n {_name(view)}\n {scene.person(card.owner)} {due}", style="not bold default")
        yield text
    if column.count > len(column.cards):
        yield Text(scene.say("more", count=column.count - len(column.cards)), style="dim")


def _name(view: View) -> str:
    """The customer's name, else its id."""
    customer = view.customer
    return str(customer.attributes.get("name", customer.id)) if customer else "–"


# --- what is late -----------------------------------------------------------------------------------------------------


def late_orders(scene: Scene) -> Iterator[RenderableType]:
    """The orders with a deadline that has passed, the longest first: owner, promise, by how much, and why."""
    from rich.text import Text

    found = sorted(_late(scene), key=lambda item: (-item[2], item[0].order))
    yield from _title(scene, "late_title", count=len(found))
    if not found:
        yield Text("  " + scene.say("no_late"))
        return
    names = ("order", "customer", "stage", "owner", "due", "open_hours", "why")
    table = _table(*(scene.say(name) for name in names), right=(5,), wide=6)
    day = _working_day(scene)
    for view, clock, late in found[:ROWS]:
        promise = scene.say("delivery") if clock.sla == "delivery" else scene.stage(clock.sla)
        words = {"late": open_length(late, day, scene.language), "because": _because(scene, view, clock)}
        table.add_row(
            view.order,
            _name(view),
            scene.stage(view.stage),
            scene.person(view.owner),
            scene.local(clock.due_at or scene.at),
            f"{late / timedelta(hours=1):.1f}",
            scene.say("over", promise=promise, **words),
        )
    yield table
    yield from _rest(scene, len(found) - ROWS)


def _late(scene: Scene) -> Iterator[tuple[View, Clock, timedelta]]:
    """Every late order with the clock that is over for longest, and by how much open time."""
    after, more = None, True
    while more:
        page = scene.tracker.find(late=True, after=after, limit=500)
        for card in page:
            view = scene.tracker.get(card.order)
            late = [(item.due_at, item) for item in view.clocks if item.due_at is not None and item.late(scene.at)]
            if late:
                due, clock = min(late, key=lambda pair: pair[0])
                yield view, clock, scene.scenario.calendar.elapsed(due, scene.at)
        after, more = page.after, page.after is not None


def _working_day(scene: Scene) -> timedelta:
    """The open time of the fullest of the last seven days."""
    days = [scene.at - timedelta(days=n) for n in range(8)]
    pairs = zip(days[1:], days, strict=False)
    return max(scene.scenario.calendar.elapsed(start, end) for start, end in pairs) or timedelta(hours=8)


def _because(scene: Scene, view: View, clock: Clock) -> str:
    """What was noted since the clock started, last; else whose turn it is, and how much else they have to do."""
    notes = [item for item in view.timeline if item.type == "note_added" and item.at >= clock.started_at]
    if notes:
        return str(notes[-1].what.params["text"])
    if view.category == "waiting":
        return scene.say("waits")
    if view.owner is None:
        return scene.say("nobody")
    open_orders = len(scene.tracker.worklist(view.owner, limit=1_000))
    return scene.say("load", owner=scene.person(view.owner), count=open_orders)


# --- what was told, and what went wrong -------------------------------------------------------------------------------


def notified(scene: Scene, sent: Sequence[tuple[str, Notification]]) -> Iterator[RenderableType]:
    """How many messages went out by topic and channel, and the last one of each topic, in Chinese."""
    from rich.text import Text

    counts = Counter((message.topic, channel) for channel, message in sent)
    channels = sorted({channel for channel, _ in sent})
    yield from _title(scene, "told_title", count=len(sent))
    table = _table(scene.say("topic"), *channels, scene.say("total"), right=range(1, len(channels) + 2))
    topics = [topic for topic in TOPICS if any(topic == told for told, _ in counts)]
    for topic in topics:
        row = [counts[topic, channel] for channel in channels]
        table.add_row(scene.say(topic), *(f"{count:,}" if count else "·" for count in row), f"{sum(row):,}")
    yield table
    yield Text()
    samples = _table(scene.say("channel"), scene.say("to"), scene.say("message"), wide=2)
    for topic in topics:
        channel, message = next(item for item in reversed(sent) if item[1].topic == topic)
        samples.add_row(channel, ", ".join(scene.person(who) for who in message.to), message.text("zh"))
    yield samples


def inconsistencies(scene: Scene, events: Sequence[Event]) -> Iterator[RenderableType]:
    """The last reports of other systems that the flow does not foresee."""
    if not events:
        return
    yield from _title(scene, "wrong_title", count=len(events))
    names = ("reported", "order", "what", "reason", "now_in")
    table = _table(*(scene.say(name) for name in names), wide=2)
    for event in events[: -ROWS // 2 - 1 : -1]:
        body = event.body
        if isinstance(body, StageEntered):
            moved = f"{event.source}: {scene.stage(body.previous or '')} → {scene.stage(body.stage)}"
            now = scene.stage(scene.tracker.get(event.stream.id).stage)
            table.add_row(scene.local(event.occurred_at), event.stream.id, moved, event.reason or "", now)
    yield table
    yield from _rest(scene, len(events) - ROWS // 2)


def refused(scene: Scene, refusals: Sequence[Refusal]) -> Iterator[RenderableType]:
    """What people tried and the flow did not allow, by command and reason, with one case of each in words."""
    if not refusals:
        return
    kinds: dict[tuple[str, str], list[Refusal]] = {}
    for item in refusals:
        command = getattr(item.command, "trigger", type(item.command).__name__.lower())
        kinds.setdefault((command, item.reasons[0].code), []).append(item)
    yield from _title(scene, "refused_title", count=len(refusals))
    table = _table(*(scene.say(name) for name in ("times", "command", "example")), right=(0,), wide=2)
    for (command, _), items in sorted(kinds.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        first = items[0]
        table.add_row(f"{len(items):,}", command, f"{first.order}: {first.reasons[0].text(scene.language)}")
    yield table


# --- key figures ------------------------------------------------------------------------------------------------------


def figures(scene: Scene) -> Iterator[RenderableType]:
    """Lead time, on time, rework, and where the time goes: `orderflow.report` on the Tracker's own histories."""
    from rich.table import Table

    from orderflow.metrics.report import report

    log = scene.tracker.log()
    found = report(log, delivered_stage=DELIVERED if DELIVERED in log.stages else None)
    yield from _title(scene, "figures")
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in _facts(scene, found):
        table.add_row(scene.say(name), value)
    yield table
    yield from _time_in_stages(scene, found)


def _facts(scene: Scene, found: Report) -> Iterator[tuple[str, str]]:
    stages = scene.scenario.flow.lifecycle.stages
    ended: Counter[str] = Counter()
    for name, count in found.overview.end_stages.items():
        ended[stages[name].category] += count
    orders = found.overview.orders
    yield "finished", scene.say("finished_of", orders=orders, done=ended["done"], cancelled=ended["cancelled"])
    times = (f"{scene.say(n)} {length(getattr(found.lead_time, n), scene.language)}" for n in ("median", "p90"))
    yield "lead_time", ", ".join(times)
    if found.on_time is not None and found.on_time.rate is not None:
        yield "on_time", scene.say("on_time_of", share=f"{found.on_time.rate:.1%}", n=found.on_time.n)
    again = found.rework
    if again.orders:
        most = scene.stage(max(again.by_stage, key=lambda name: again.by_stage[name]))
        yield "rework", scene.say("rework_of", share=f"{again.orders / orders:.1%}", stage=most)
    else:
        yield "rework", scene.say("no_rework")


def _time_in_stages(scene: Scene, found: Report) -> Iterator[RenderableType]:
    """A bar for each stage; the one that is worked on for longest altogether is the bottleneck."""
    from rich.text import Text

    stages = scene.scenario.flow.lifecycle.stages
    rows = {row["stage"]: row for row in found.stage_time}
    rows = {name: rows[name] for name in stages if name in rows and rows[name]["sum"]}
    if not rows:
        return
    top = max(row["sum"] for row in rows.values())
    worst = max(
        (name for name in rows if stages[name].category == "open"), key=lambda name: rows[name]["sum"], default=""
    )
    yield Text("\n  " + scene.say("time_in"), style="bold")
    table = _table(
        scene.say("stage"),
        scene.say("entries"),
        scene.say("median"),
        scene.say("p90"),
        scene.say("total"),
        "",
        right=(1, 2, 3, 4),
        wide=5,
    )
    for name, row in rows.items():
        bar = Text("█" * max(1, round(BAR * (row["sum"] / top))), style="red" if name == worst else "cyan")
        if name == worst:
            bar.append(" " + scene.say("bottleneck"), style="bold red")
        elif stages[name].category == "waiting":
            bar.append(" " + scene.say("waits"), style="dim")
        times = (length(row[figure], scene.language) for figure in ("median", "p90", "sum"))
        table.add_row(scene.stage(name), f"{row['n']:,}", *times, bar)
    yield table


# --- what all parts share ---------------------------------------------------------------------------------------------


def _title(scene: Scene, key: str, **values: Any) -> Iterator[RenderableType]:
    from rich.rule import Rule
    from rich.text import Text

    yield Text()
    yield Rule(Text(scene.say(key, **values), style="bold"), align="left", style="cyan")


def _table(*heads: str, right: Iterable[int] = (), wide: int | None = None) -> Table:
    """A table without lines; the `wide` column takes the rest of the line and may wrap."""
    from rich.table import Table

    table = Table(box=None, header_style="dim", padding=(0, 1), pad_edge=True, expand=wide is not None)
    for index, head in enumerate(heads):
        justify: Any = "right" if index in tuple(right) else "left"
        table.add_column(head, justify=justify, no_wrap=index != wide, ratio=1 if index == wide else None)
    return table


def _rest(scene: Scene, count: int) -> Iterator[RenderableType]:
    from rich.text import Text

    if count > 0:
        yield Text("  " + scene.say("more", count=count), style="dim")
