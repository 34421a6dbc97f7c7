"""How a change between two flows is said: what it is about, and the value before and after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from attrs import evolve, frozen

from orderflow.model.calendar import WorkCalendar
from orderflow.model.canonical import to_data
from orderflow.model.condition import Condition
from orderflow.model.flow import Flow, Lifecycle, Transition
from orderflow.model.hours import Recurring
from orderflow.model.policies import OwnerRule, Rung, Target, Warn
from orderflow.model.reasons import Language
from orderflow.model.texts.words import WORDS
from orderflow.rules.calendar_words import calendar_words, hours_words, recurring_words, week_words
from orderflow.rules.describe import ladder_words, notify_words, select_words, target_words, warn_words
from orderflow.rules.in_words import Words, say

Texts = dict[str, str]
_LONG = 3  # from so many items on, a list is told by what was added to it and taken from it


def thing_words(kind: str, name: str) -> Texts:
    """What a part of a flow is called: `The stage Review`."""
    key = f"thing.{kind}" if f"thing.{kind}" in WORDS else "thing.other"
    return {tongue: say(key, tongue, kind=kind, name=name) for tongue in ("en", "zh")}


@frozen(kw_only=True)
class Where:
    """The two flows, and the part of them that is compared."""

    old: Flow
    new: Flow
    old_lifecycle: Lifecycle | None = None
    new_lifecycle: Lifecycle | None = None
    track: Texts | None = None
    thing: Texts | None = None

    def within(self, **parts: Any) -> Where:
        """The same flows, with another part at hand."""
        return evolve(self, **parts)

    def words(self, side: Literal["old", "new"], language: Language) -> Words:
        """The words of one of the flows, and of the lifecycle at hand."""
        flow, lifecycle = (self.old, self.old_lifecycle) if side == "old" else (self.new, self.new_lifecycle)
        return Words(flow, language, lifecycle=lifecycle or flow.lifecycle)

    def named(self, kind: str, name: str, before: Any, after: Any) -> Texts:
        """What one of several is called, by its newest title."""
        side: Literal["old", "new"] = "old" if after is None else "new"
        titles = getattr(before if after is None else after, "title", {})
        texts = {}
        for tongue in ("en", "zh"):
            words = self.words(side, tongue)
            title = words.known("topic", name) if kind == "notify" else words.title(titles, name)
            texts[tongue] = thing_words(kind, title)[tongue]
        return texts

    def way(self, item: Transition, side: Literal["old", "new"]) -> Texts:
        """What a transition is called: its title, with where it begins and leads."""
        texts = {}
        for tongue in ("en", "zh"):
            words = self.words(side, tongue)
            name = words.say(
                "diff.way",
                title=words.title(item.title, item.trigger),
                sources=words.listed((_stage(words, name) for name in item.source), "or"),
                dest=_dest(words, item.dest),
            )
            texts[tongue] = thing_words("transition", name)[tongue]
        return texts


def change_words(where: Where, code: str, key: str, before: Any, after: Any, language: Language) -> str:
    """One change as a sentence."""
    thing = (where.thing or thing_words("flow", ""))[language]
    if code.endswith("_added"):
        return say("diff.added", language, thing=thing)
    if code.endswith("_removed"):
        return say("diff.removed", language, thing=thing)
    what = say(f"what.{key}", language) if f"what.{key}" in WORDS else key
    sides = [_said(where, side, key, value, language) for side, value in (("old", before), ("new", after))]
    if sides[0] == sides[1]:  # the words do not tell them apart, the data does
        sides = [str(to_data(value)) for value in (before, after)]
    if code.endswith("_reordered"):
        return say("diff.reordered", language, what=what, before=sides[0], after=sides[1])
    if changes := _listed(where, key, before, after, language):
        return say("diff.listed", language, thing=thing, what=what, changes=changes)
    return say("diff.changed", language, thing=thing, what=what, before=sides[0], after=sides[1])


def _listed(where: Where, key: str, before: Any, after: Any, language: Language) -> str:
    """What was added to a long list, or to dates with their hours, and what was taken from it; else nothing."""
    if isinstance(before, Mapping) and isinstance(after, Mapping) and key in ("exceptions", "breaks"):
        changed = [x for x in after if x in before and after[x] != before[x]]
    elif isinstance(before, tuple) and isinstance(after, tuple) and key in ("holidays", "find", "of"):
        changed = []
        if set(before) == set(after) or max(len(before), len(after)) < _LONG:
            return ""
    else:
        return ""
    words = where.words("new", language)
    parts = []
    for kind, items in (
        ("plus", [x for x in after if x not in before]),
        ("minus", [x for x in before if x not in after]),
        ("other", changed),
    ):
        said = [words.field(x) if key == "find" else str(x) for x in items]
        if isinstance(after, Mapping) and kind != "minus":
            said = [f"{x} {hours_words(after[x], language)}" for x in items]
        if said:
            parts.append(say(f"diff.{kind}", language, items=words.listed(said)))
    return say("half", language).join(parts)


def _stage(words: Words, name: str) -> str:
    return words.say("diff.any_stage") if name == "*" else words.stage(name)


def _dest(words: Words, dest: str | None) -> str:
    if dest is None:
        return words.say("diff.no_stage")
    return words.say("diff.same_stage") if dest == "=" else words.stage(dest)


def _said(where: Where, side: Any, key: str, value: Any, language: Language) -> str:
    """A value of a flow in words, by the field that it fills."""
    words = where.words(side, language)
    if key == "dest":
        return _dest(words, value)
    if key == "notify":
        return _notify(words, value)
    if value is None:
        return words.say("channels.all" if key == "channels" else "none")
    if key == "select":
        return words.quoted(select_words(words, value))
    if isinstance(value, tuple) and key in _TUPLES:
        return _TUPLES[key](words, value) or words.say("none")
    if key in ("stages", "initial", "source"):
        return words.listed(_stage(words, name) for name in ((value,) if isinstance(value, str) else value))
    if key in ("find", "requires"):
        return words.listed(words.field(path) for path in value) or words.say("none")
    if key == "title":
        return " · ".join(words.quoted(f"{tongue} {text}".removeprefix("* ")) for tongue, text in value.items()) or (
            words.say("none")
        )
    return _plain(words, key, value)


def _notify(words: Words, value: Any) -> str:
    if value is None:
        return words.quoted(words.say("notify.default"))
    said = (notify_words(words, topic, rule) for topic, rule in value.items())
    return words.quoted(" ".join(said)) if value else words.say("none")


def _plain(words: Words, key: str, value: Any) -> str:
    if isinstance(value, bool):
        return words.say("yes" if value else "no")
    if isinstance(value, Condition):
        return words.quoted(words.condition(value))
    if isinstance(value, OwnerRule):
        return words.owner(value)
    if isinstance(value, WorkCalendar):
        return words.quoted(calendar_words(value, words.language))
    if key == "due":
        return words.field(value)
    if isinstance(value, str):
        known = {"category": f"stage.{value}", "time": f"sla.{value}"}.get(key, "")
        return words.say(known) if known in WORDS else value
    if isinstance(value, tuple):
        return words.listed(str(item) for item in value) or words.say("none")
    return str(value) if isinstance(value, date) or not isinstance(value, Mapping) else str(to_data(value))


def _targets(words: Words, rows: tuple[Target, ...]) -> str:
    return target_words(words, rows, "business")


def _warns(words: Words, warns: tuple[Warn, ...]) -> str:
    return words.listed((warn_words(words, item, "business") for item in warns), "both")


def _ladder(words: Words, rungs: tuple[Rung, ...]) -> str:
    return ladder_words(words, rungs, "business")


def _recurring(words: Words, items: tuple[Recurring, ...]) -> str:
    return " ".join(recurring_words(item, words.language) for item in items)


_TUPLES: dict[str, Any] = {
    "target": _targets,
    "warn": _warns,
    "escalate": _ladder,
    "recurring": _recurring,
    "to": lambda words, people: words.recipients(people),
    "roles": lambda words, roles: words.listed(roles, "or") or words.say("diff.everybody"),
    "hours": lambda words, week: week_words(week, words.language),
    "makeup": lambda words, hours: hours_words(hours, words.language),
    "transitions": lambda words, items: words.listed(words.title(item.title, item.trigger) for item in items),
}
