"""What can be proved wrong in the parts of a flow about lines, amendments, jumps, sources and what orders hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from orderflow.model.amending import LINE_OWN, OWN
from orderflow.model.events import JumpKind
from orderflow.model.flow import Flow, Lifecycle, Track
from orderflow.model.quantities import ORDERED, Lines
from orderflow.model.reasons import Problem, problem
from orderflow.rules.check_conditions import at, condition_problems, unknown
from orderflow.rules.scope import schema

UNDECLARED = ("refuse", "keep")
JUMPS = tuple(kind for kind in get_args(JumpKind) if kind != "undo")


def line_problems(flow: Flow) -> Iterator[Problem]:
    """What is wrong in `lines:`, and wherever moves and carried lines are named."""
    if flow.lines is not None:
        yield from _lines(flow, flow.lines)
    for _, path, lifecycle in flow.lifecycles():
        yield from _named_moves(flow, path, lifecycle)
        yield from _lifecycle(flow, path, lifecycle)
    for name, track in flow.tracks.items():
        yield from _track(flow, name, track)


def _lines(flow: Flow, lines: Lines) -> Iterator[Problem]:
    if not lines.stages:
        yield problem("no_line_stages", at("lines.stages"))
    for name in lines.stages:
        if name == ORDERED:
            yield problem("reserved_line_stage", at(f"lines.stages.{name}"), name=name)
        elif not name.strip() or not name.isprintable() or len(name) > 100:
            yield problem("bad_name", at(f"lines.stages.{name}"), name=repr(name)[:80])
    for name, move in lines.moves.items():
        path = f"lines.moves.{name}"
        for stage in (*move.source, move.dest):
            if stage not in lines.stages:
                yield unknown("unknown_line_stage", path, stage, lines.stages)
        if not move.source:
            yield problem("no_source", at(path), trigger=name)
        if move.dest in move.source:
            yield problem("move_nowhere", at(path), name=name)
        if move.over and not lines.tolerance:
            yield problem("over_without_tolerance", at(path), severity="warning", name=name)
        if move.guard is not None:
            yield from condition_problems(flow, move.guard, f"{path}.guard")
    if lines.tolerance and not any(move.over for move in lines.moves.values()):
        yield problem("tolerance_without_over", at("lines.tolerance"), severity="warning")


def _named_moves(flow: Flow, path: str, lifecycle: Lifecycle) -> Iterator[Problem]:
    for index, item in enumerate(lifecycle.transitions):
        where = f"{path}.transitions[{index}].moves"
        if item.moves and flow.lines is None:
            yield problem("moves_without_lines", at(where))
            continue
        for name in item.moves:
            if flow.lines is not None and name not in flow.lines.moves:
                yield unknown("unknown_move_in_flow", where, name, flow.lines.moves)


def _lifecycle(flow: Flow, path: str, lifecycle: Lifecycle) -> Iterator[Problem]:
    for kind in lifecycle.jumps:
        if kind not in JUMPS:
            yield unknown("unknown_jump", f"{path}.jumps.{kind}", kind, JUMPS)
    names = schema(flow)
    for stage, definition in lifecycle.stages.items():
        for required in definition.requires:
            if required not in names:
                yield unknown("unknown_field", f"{path}.stages.{stage}.requires", required, names)


def _track(flow: Flow, name: str, track: Track) -> Iterator[Problem]:
    path = f"tracks.{name}"
    if track.carries_lines and flow.lines is None:
        yield problem("carries_without_lines", at(f"{path}.carries_lines"), track=name)
    if track.loads and not track.carries_lines:
        yield problem("loads_without_carries", at(f"{path}.loads"), track=name)
    for stage in track.loads if flow.lines is not None else ():
        if stage not in (flow.lines.stages if flow.lines else ()):
            yield unknown("unknown_line_stage", f"{path}.loads", stage, flow.lines.stages if flow.lines else ())


def amendment_problems(flow: Flow) -> Iterator[Problem]:
    """What is wrong in `amendments:`, `sources:` and `undeclared:`."""
    known = dict.fromkeys(["*", "lines", *OWN, *LINE_OWN, *flow.fields])
    names = schema(flow)
    for name, rule in (flow.amendments or {}).items():
        path = f"amendments.{name}"
        if not rule.fields:
            yield problem("no_amendable", at(path), name=name)
        for field in rule.fields:
            if field not in known:
                yield unknown("unknown_amendable", f"{path}.fields", field, known)
        if rule.guard is not None:
            yield from condition_problems(flow, rule.guard, f"{path}.guard", names=names)
        if rule.approval is not None:
            yield problem("approval_later", at(f"{path}.approval"), severity="warning", name=rule.approval)
    for index, name in enumerate(flow.sources):
        if name in flow.sources[:index]:
            yield problem("source_twice", at(f"sources[{index}]"), name=name)
    if flow.undeclared not in UNDECLARED:
        yield unknown("unknown_undeclared", "undeclared", flow.undeclared, UNDECLARED)
    elif flow.undeclared == "keep" and not flow.fields:
        yield problem("undeclared_without_fields", at("undeclared"), severity="warning")
