"""A flow in plain sentences, for the people whose work it is."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from orderflow.model.flow import Field, Flow, Lifecycle, Select, Stage, Transition
from orderflow.model.policies import SLA, NotifyRule, Rung, Target, Warn
from orderflow.model.reasons import Language
from orderflow.rules.calendar_words import calendar_words
from orderflow.rules.describe_lines import amendments_words, carries_words, jumps_words, lines_words, moves_words
from orderflow.rules.in_words import Words


def describe(flow: Flow, language: Language = "en") -> str:
    """The flow in plain sentences, in English or Chinese, as text of several lines.

    - Stages in their order with who owns them; under each what can be done there, by whom, when, and what must be
      filled in; further tracks likewise; time promises with warnings and escalation; business time; who is told what;
      the data with what is personal.
    - Titles stand for names. Conditions are put into words; what there are no words for is quoted as it is written.
    - The same flow gives the same text. `ValueError` for a language that there are no words in.
    """
    words = Words(flow, language)
    known = "flow.intro" if flow.currency else "flow.intro_bare"
    title = words.title(flow.title, flow.name)
    initial = words.stage(flow.lifecycle.initial)
    parts = [
        [words.say(known, flow=title, initial=initial, currency=flow.currency), *_select(words)],
        [words.say("heading.stages"), *_lifecycle(words)],
    ]
    for name, track in flow.tracks.items():
        own = evolve(words, lifecycle=track.lifecycle)
        heading = words.say("heading.track", name=words.title(track.title, name))
        begins = own.say("track.many" if track.many else "track.one", initial=own.stage(track.lifecycle.initial))
        parts.append([heading, begins, *carries_words(words, track), *_lifecycle(own)])
    if flow.lines is not None:
        parts.append([words.say("heading.lines"), *lines_words(words, flow.lines)])
    if flow.amendments is not None:
        parts.append([words.say("heading.amendments"), *amendments_words(words)])
    parts += [
        [words.say("heading.promises"), *_promises(words)],
        [words.say("heading.calendar"), *_calendars(words)],
        [words.say("heading.notify"), *_notify(words)],
        [words.say("heading.fields"), *_fields(words)],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _select(words: Words) -> Iterator[str]:
    if words.flow.select is not None:
        yield select_words(words, words.flow.select)


def select_words(words: Words, select: Select) -> str:
    """For which new orders the flow is chosen."""
    if select.when is None:
        return words.say("select.always", priority=select.priority)
    return words.say("select.when", when=words.condition(select.when), priority=select.priority)


# --- stages and transitions ---


def _lifecycle(words: Words) -> Iterator[str]:
    lifecycle = words.lifecycle
    if any(item.roles for item in lifecycle.transitions):
        yield words.say("way.systems")
    if _has_choices(lifecycle):
        yield words.say("way.first")
    for number, (name, stage) in enumerate(lifecycle.stages.items(), 1):
        yield words.say("stage.line", n=number, title=words.stage(name), facts=_stage(words, stage))
        ways = [item for item in lifecycle.transitions if name in item.source]
        yield from (f"   - {_way(words, item)}" for item in ways)
        if not ways and stage.category in ("done", "cancelled") and not _everywhere(lifecycle):
            yield f"   - {words.say('way.none')}"
    if everywhere := _everywhere(lifecycle):
        yield words.say("head", text=words.say("stage.any"))
        yield from (f"   - {_way(words, item)}" for item in everywhere)
    yield from jumps_words(words)


def _everywhere(lifecycle: Lifecycle) -> list[Transition]:
    return [item for item in lifecycle.transitions if "*" in item.source]


def _has_choices(lifecycle: Lifecycle) -> bool:
    """Whether there is a stage in which one trigger has more than one transition."""
    seen: set[tuple[str, str]] = set()
    for item in lifecycle.transitions:
        pulls = {(name, item.trigger) for name in (lifecycle.stages if "*" in item.source else item.source)}
        if pulls & seen:
            return True
        seen |= pulls
    return False


def _stage(words: Words, stage: Stage) -> str:
    facts = [words.known("stage", stage.category)]
    if stage.owner is not None:
        facts.append(words.say("stage.owner", owner=words.owner(stage.owner)))
    elif stage.category in ("open", "waiting"):
        facts.append(words.say("stage.keep"))
    if stage.calendar:
        facts.append(words.say("stage.calendar", name=stage.calendar))
    if stage.requires:
        fields = words.listed((words.field(path) for path in stage.requires), "both")
        facts.append(words.say("stage.requires", fields=fields))
    return words.say("clause").join(facts)


def _way(words: Words, item: Transition) -> str:
    title = words.title(item.title, item.trigger)
    if item.dest is None:
        clauses = [words.say("way.inside", title=title)]
    elif item.dest == "=":
        clauses = [words.say("way.again", title=title)]
    else:
        clauses = [words.say("way.to", title=title, dest=words.stage(item.dest))]
    if item.roles:
        clauses.append(words.say("way.roles", roles=words.listed(item.roles, "or")))
    else:
        clauses.append(words.say("way.anybody"))
    if item.guard is not None:
        clauses.append(words.say("way.guard", guard=words.condition(item.guard)))
    if item.requires:
        fields = words.listed((words.field(path) for path in item.requires), "both")
        clauses.append(words.say("way.requires", fields=fields))
    if item.moves:
        clauses.append(words.say("way.moves", moves=moves_words(words, item.moves)))
    return words.say("stop", text=words.say("half").join(clauses))


# --- promises ---


def _promises(words: Words) -> Iterator[str]:
    for name, sla in words.flow.sla.items():
        joint = " " if words.language == "en" else ""
        yield "- " + joint.join(_promise(_of_its_track(words, sla), name, sla))
    if not words.flow.sla:
        yield words.say("sla.none")


def _of_its_track(words: Words, sla: SLA) -> Words:
    """The words of the track that a promise is about."""
    tracks = {name: lifecycle for name, _, lifecycle in words.flow.lifecycles()}
    return evolve(words, lifecycle=tracks.get(sla.track, words.lifecycle))


def _promise(words: Words, name: str, sla: SLA) -> Iterator[str]:
    yield words.say("sla.name", title=words.title(sla.title, name), start=words.condition(sla.start))
    if sla.track in words.flow.tracks:
        track = words.flow.tracks[sla.track]
        yield words.say("sla.track", name=words.title(track.title, sla.track))
    yield from _until(words, sla)
    yield words.say("sla.stop", text=words.condition(sla.stop)) if sla.stop else words.say("sla.no_stop")
    if sla.pause and sla.resume:
        yield words.say("sla.pause_until", text=words.condition(sla.pause), resume=words.condition(sla.resume))
    elif sla.pause:
        yield words.say("sla.pause", text=words.condition(sla.pause))
    for key in ("reset", "cancel"):
        if (condition := getattr(sla, key)) is not None:
            yield words.say(f"sla.{key}", text=words.condition(condition))
    if sla.scope in ("stage", "owner"):
        yield words.say(f"sla.scope_{sla.scope}")
    if sla.carry in ("used", "restart"):
        yield words.say(f"sla.carry_{sla.carry}")
    if sla.calendar in ("stage", "owner", "customer"):
        yield words.say(f"sla.calendar_{sla.calendar}")
    elif sla.calendar != "flow":
        yield words.say("sla.calendar_named", name=sla.calendar)
    if sla.warn:
        warns = words.listed((warn_words(words, item, sla.time) for item in sla.warn), "both")
        yield words.say("sla.warn", warns=warns)
    if sla.escalate:
        yield words.say("sla.escalate", rungs=ladder_words(words, sla.escalate, sla.time))
    if sla.reminders == "working_hours":
        yield words.say("sla.reminders")


def _until(words: Words, sla: SLA) -> Iterator[str]:
    time = words.known("sla", sla.time)
    if sla.due is not None:
        yield words.say("sla.due", due=words.field(sla.due))
    elif len(sla.target) == 1 and sla.target[0].when is None:
        yield words.say("sla.target", target=target_words(words, sla.target, sla.time), time=time)
    elif sla.target:
        yield words.say("sla.table", rows=target_words(words, sla.target, sla.time), time=time)


def target_words(words: Words, rows: tuple[Target, ...], time: str) -> str:
    """A table of targets: `4 hours when …; 8 hours otherwise`. Business time is told in hours, as days differ."""
    said = []
    for row in rows:
        length = words.length(row.target, days=time == "wall")
        if row.when is not None:
            said.append(words.say("sla.row", target=length, when=words.condition(row.when)))
        else:
            said.append(words.say("sla.rest", target=length) if len(rows) > 1 else length)
    return words.say("half").join(said)


def warn_words(words: Words, warn: Warn, time: str) -> str:
    """When a warning comes."""
    if warn.percent is not None:
        return words.say("warn.percent", n=f"{warn.percent.normalize():f}")
    return words.say("warn.before", length=words.length(warn.before, days=time == "wall") if warn.before else "0")


def ladder_words(words: Words, rungs: tuple[Rung, ...], time: str) -> str:
    """Who is told how long after a breach."""
    said = []
    for rung in rungs:
        after = words.length(rung.after, days=time == "wall")
        known = "rung.after" if rung.after else "rung.at_once"
        said.append(words.say(known, after=after, who=words.recipients(rung.to)))
    return words.say("half").join(said)


# --- the rest ---


def _calendars(words: Words) -> Iterator[str]:
    flow = words.flow
    yield calendar_words(flow.calendar, words.language) if flow.calendar else words.say("calendar.none")
    for name, calendar in flow.calendars.items():
        yield words.say("calendar.named", name=name, text=calendar_words(calendar, words.language))


def _notify(words: Words) -> Iterator[str]:
    if words.flow.notify is None:
        yield words.say("notify.default")
        return
    for topic, rule in words.flow.notify.items():
        yield "- " + notify_words(words, topic, rule)
    yield words.say("notify.rest")


def notify_words(words: Words, topic: str, rule: NotifyRule) -> str:
    """Who is told of a topic, by which channels."""
    channels = ""
    if rule.channels is not None:
        names = words.listed(rule.channels, "both")
        channels = words.say("notify.channels", names=names) if names else words.say("notify.no_channel")
    return words.say("notify.rule", topic=words.known("topic", topic), who=words.recipients(rule.to), channels=channels)


def _fields(words: Words) -> Iterator[str]:
    fields = words.flow.fields
    for path, declared in fields.items():
        yield "- " + words.say(
            "field.line", title=words.title(declared.title, path), path=path, facts=_facts(words, declared)
        )
    if not fields:
        yield words.say("fields.none")
    if personal := [words.field(path) for path, declared in fields.items() if declared.personal]:
        yield words.say("fields.personal", names=words.listed(personal, "both"))
    if words.flow.undeclared == "keep":
        yield words.say("fields.kept")
    if words.flow.sources:
        yield words.say("sources.line", names=words.listed(words.flow.sources))
    if words.flow.find:
        yield words.say("fields.find", names=words.listed((words.field(path) for path in words.flow.find), "both"))


def _facts(words: Words, declared: Field) -> str:
    facts = [words.known("field", declared.type, of=words.listed(declared.of, "or"))]
    if declared.unit:
        facts.append(words.say("field.unit", unit=declared.unit))
    facts += [words.say(f"field.{key}") for key in ("required", "personal") if getattr(declared, key)]
    return words.say("clause").join(facts)
