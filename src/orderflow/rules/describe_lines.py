"""Lines, moves, amendments and jumps of a flow in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orderflow.model.flow import AmendmentRule, Track
from orderflow.model.quantities import LineMove, Lines
from orderflow.rules.in_words import Words


def lines_words(words: Words, lines: Lines) -> Iterator[str]:
    """Where quantity stands and how it moves."""
    stages = words.listed((words.line_stage(name) for name in lines.stages), "comma")
    yield words.say("lines.stages", first=words.line_stage(lines.first), stages=stages)
    for name, move in lines.moves.items():
        yield "- " + words.say("stop", text=words.say("half").join(_move(words, name, move)))
    if lines.tolerance:
        yield words.say("lines.tolerance", n=f"{lines.tolerance.normalize():f}")


def _move(words: Words, name: str, move: LineMove) -> Iterator[str]:
    source = words.listed((words.quoted(words.line_stage(item)) for item in move.source), "or")
    dest = words.quoted(words.line_stage(move.dest))
    yield words.say("move.line", title=words.title(move.title, name), source=source, dest=dest)
    if move.over:
        yield words.say("move.over")
    if move.roles:
        yield words.say("way.roles", roles=words.listed(move.roles, "or"))
    if move.guard is not None:
        yield words.say("way.guard", guard=words.condition(move.guard))


def moves_words(words: Words, names: Iterable[str]) -> str:
    """The titles of moves."""
    known = words.flow.lines.moves if words.flow.lines is not None else {}
    return words.listed((words.title(known[name].title, name) if name in known else name for name in names), "both")


def carries_words(words: Words, track: Track) -> Iterator[str]:
    """What a track carries."""
    if track.carries_lines and track.loads:
        yield words.say("track.carries", stages=words.listed((words.line_stage(name) for name in track.loads), "or"))
    elif track.carries_lines:
        yield words.say("track.carries_any")


def jumps_words(words: Words) -> Iterator[str]:
    """Who may leave the ways of the lifecycle at hand."""
    for kind, roles in words.lifecycle.jumps.items():
        yield words.say(f"jump.{kind}", roles=words.listed(roles, "or") or words.say("jump.everybody"))


def amendments_words(words: Words) -> Iterator[str]:
    """What may be changed after the placing."""
    rules = words.flow.amendments
    if rules is None:
        yield words.say("amend.open")
        return
    for name, rule in rules.items():
        yield "- " + words.say("stop", text=words.say("half").join(_amendment(words, name, rule)))
    if not rules:
        yield words.say("amend.none")


def _amendment(words: Words, name: str, rule: AmendmentRule) -> Iterator[str]:
    special = {"*": "amend.all", "lines": "amend.lines"}
    said = (words.say(special[path]) if path in special else words.field(path) for path in rule.fields)
    yield words.say("amend.line", title=words.title(rule.title, name), fields=words.listed(said, "both"))
    if rule.roles:
        yield words.say("way.roles", roles=words.listed(rule.roles, "or"))
    if rule.guard is not None:
        yield words.say("way.guard", guard=words.condition(rule.guard))
    if rule.approval is not None:
        yield words.say("amend.approval", name=rule.approval)
