"""What happened, in the words of a timeline: one line for an event, or one for each clock that it marks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orderflow.model.canonical import write_decimal
from orderflow.model.clock import Mark
from orderflow.model.events import (
    ClockMarked,
    Event,
    ExternalLinked,
    FlowMigrated,
    FlowRegistered,
    NoteAdded,
    OrderAmended,
    OrderPlaced,
    OwnerAssigned,
    PersonalErased,
    QuantityMoved,
    StageEntered,
    StageObserved,
    Triggered,
)
from orderflow.model.frozen import FrozenMap
from orderflow.model.order import plain
from orderflow.model.personal import map_amendment
from orderflow.model.quantities import Transfer
from orderflow.model.reasons import Language, Reason, in_language, reason
from orderflow.model.view import Entry
from orderflow.rules.compile import Program

_BOTH: tuple[Language, ...] = ("en", "zh")


def entries(program: Program, event: Event) -> tuple[Entry, ...]:
    """The timeline's lines for an event: one, or one for each clock that it marks."""
    if isinstance(event.body, ClockMarked):
        return tuple(_entry(event, _marked(program, mark)) for mark in event.body.marks)
    return (_entry(event, _what(program, event)),)


def _entry(event: Event, what: Reason) -> Entry:
    body = event.body
    return Entry(
        version=event.version,
        at=event.occurred_at,
        recorded_at=event.recorded_at,
        type=event.type,
        track=event.track,
        actor=str(event.actor),
        what=what,
        reason=event.reason,
        observed=isinstance(body, StageObserved) or (isinstance(body, StageEntered) and body.observed),
        inconsistent=isinstance(body, StageEntered) and body.inconsistent,
        jump=body.jump if isinstance(body, StageEntered) else None,
    )


def _what(program: Program, event: Event) -> Reason:
    body = event.body
    if isinstance(body, OrderPlaced):
        return reason("did_place", order=body.order.id)
    if isinstance(body, StageEntered):
        return _entered(program, event, body)
    if isinstance(body, StageObserved):
        code = "did_observe_again" if body.stage == body.current else "did_observe_old"
        return reason(
            code if body.outranked is None else "did_observe_outranked",
            above=body.outranked,
            stage=program.titles(body.stage, event.track),
            current=program.titles(body.current, event.track),
            source=event.source,
        )
    if isinstance(body, Triggered):
        return reason("did_trigger", trigger=body.trigger, stage=program.titles(body.stage, event.track))
    if isinstance(body, OwnerAssigned):
        return reason("did_assign", owner=body.owner) if body.owner else reason("did_assign_nobody")
    if isinstance(body, NoteAdded):
        return reason("did_note", text=body.text)
    if isinstance(body, QuantityMoved):
        return _moved(program, body, event.track)
    if isinstance(body, OrderAmended):
        return _amended(body)
    if isinstance(body, ExternalLinked):
        return reason("did_link", system=body.system, id=body.id)
    if isinstance(body, PersonalErased):
        return reason("did_erase", count=len(body.digests))
    if isinstance(body, FlowMigrated):
        moves = tuple(f"{item.previous} → {item.stage}" for item in body.moves if item.previous != item.stage)
        return reason("did_go_back" if body.reverts else "did_migrate", version=body.fingerprint[:12], moves=moves)
    return reason("did_register", fingerprint=body.fingerprint if isinstance(body, FlowRegistered) else "")


def _entered(program: Program, event: Event, body: StageEntered) -> Reason:
    stage = program.titles(body.stage, event.track)
    if body.observed:
        code = "did_observe_against_flow" if body.inconsistent else "did_observe"
        return reason(code, stage=stage, source=event.source)
    if body.jump is not None:
        previous = program.titles(body.previous or "", event.track)
        return reason(f"did_jump_{body.jump}", stage=stage, previous=previous)
    if body.trigger is None:
        return reason("did_begin", stage=stage)
    return reason("did_enter", stage=stage, trigger=body.trigger)


def _moved(program: Program, body: QuantityMoved, track: str) -> Reason:
    """Each transfer as `line: quantity (from → to)`, with the titles of the line stages."""
    lines = program.flow.lines
    rule = lines.moves.get(body.move) if lines is not None and body.move is not None else None
    title = rule.title if rule is not None and rule.title else FrozenMap({"*": body.move or ""})
    said: dict[str, str] = {
        language: ", ".join(_transfer(program, body, item, language) for item in body.transfers) for language in _BOTH
    }
    return reason(f"did_move_{body.cause}", move=title, lines=FrozenMap(said), track=track)


def _transfer(program: Program, body: QuantityMoved, item: Transfer, language: Language) -> str:
    def stage(name: str | None) -> str:
        lines = program.flow.lines
        known = lines.stages.get(name) if lines is not None and name is not None else None
        return in_language(known.title, language, name or "–") if known is not None else name or "–"

    stays = item.source == item.dest or body.cause == "placed"
    way = "" if stays else f" ({stage(item.source)} → {stage(item.dest)})"
    return f"{item.line}: {write_decimal(item.quantity)}{way}"


def _amended(body: OrderAmended) -> Reason:
    """Each change as `path: before -> after`; personal values stand plain here, as in the rest of a View."""
    shown = map_amendment(body, lambda path, value: plain(value))
    said = []
    for item in shown.changes:
        for path in dict.fromkeys((*item.before, *item.after)):
            where = path if item.line is None else f"{item.line} {path}"
            said.append(f"{where}: {_shown(item.before.get(path))} → {_shown(item.after.get(path))}")
    said += [f"+ {line.id} {line.item} × {write_decimal(line.quantity)}" for line in shown.added]
    said += [f"- {line.id} {line.item} × {write_decimal(line.quantity)}" for line in shown.removed]
    return reason("did_amend", changes=tuple(said))


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)


def _marked(program: Program, mark: Mark) -> Reason:
    if mark.kind == "kept" and mark.due_at is None:
        return reason("clock_kept_waiting", sla=program.promise(mark.sla))
    if mark.kind in ("started", "resumed", "reset", "redued", "kept"):
        return reason(f"clock_{mark.kind}", sla=program.promise(mark.sla), due=mark.due_at, zone=str(program.zone))
    if mark.kind == "corrected":
        voided = tuple(item.label or item.kind for item in mark.voided)
        return reason("clock_corrected", sla=program.promise(mark.sla), marks=voided)
    return reason(f"clock_{mark.kind}", sla=program.promise(mark.sla), label=mark.label)
