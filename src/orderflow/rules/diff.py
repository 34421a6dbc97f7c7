"""What changed between two versions of a flow, in words.

The comparison goes through the declared fields of the records, whatever they are, so a part that a flow gets later is
compared too; `rules/diff_words.py` says the values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
from attrs import field, frozen

from orderflow.model.calendar import WorkCalendar
from orderflow.model.canonical import fingerprint
from orderflow.model.condition import Condition
from orderflow.model.flow import Flow, Lifecycle, Transition
from orderflow.model.frozen import EMPTY, FrozenMap
from orderflow.model.hours import Timetable
from orderflow.model.policies import OwnerRule
from orderflow.model.quantities import Lines
from orderflow.model.reasons import Language
from orderflow.model.texts import LANGUAGES
from orderflow.rules.diff_words import Where, change_words, thing_words

# Maps whose values are compared one by one -> what one of them is called, in codes and in words.
_THINGS = {
    "fields": "field",
    "stages": "stage",
    "tracks": "track",
    "sla": "sla",
    "calendars": "calendar",
    "notify": "notify",
    "moves": "move",
    "line_stages": "line_stage",
    "jumps": "jump",
    "amendments": "amendment",
}
_LEAVES = (Condition, OwnerRule)  # records that are one value


@frozen(kw_only=True)
class Change:
    """One difference between two versions of a flow.

    - `code` never changes between versions of the library: `<thing>_added`, `<thing>_removed`, `<thing>_<key>_changed`,
      `<key>_changed` for the flow itself, `<things>_reordered`.
    - `path` is where it stands, as in the flow file: in the new flow, of what is gone in the old one.
    - `before` and `after` are the values of the flow; None where there is none.
    """

    code: str
    path: str
    before: Any = None
    after: Any = None
    texts: FrozenMap[str] = field(default=EMPTY, eq=False, repr=False)
    language: Language = field(default="en", eq=False, repr=False)

    def text(self, language: Language | None = None) -> str:
        """The change in a sentence; in the language that was asked for in `diff` unless another is."""
        wanted = language or self.language
        if wanted not in LANGUAGES:
            raise ValueError(f"there are texts in {', '.join(LANGUAGES)}, not in {wanted!r}")
        return self.texts[wanted]

    def __str__(self) -> str:
        return self.text()


def diff(old: Flow, new: Flow, language: Language = "en") -> tuple[Change, ...]:
    """What changed from `old` to `new`, in the order of a flow file.

    - Empty exactly when the fingerprints are equal: two flows that are written differently but mean the same value
      have no difference, and no difference that makes another version is left out.
    - Stages, fields, promises and the like are matched by name, so a renamed one is gone and new. Transitions are
      matched by what they have in common: trigger, source and dest, then trigger and source, then trigger and dest.
    - Every change has its text in both languages; `language` is that of `str(change)`. `ValueError` for another one.
    """
    if language not in LANGUAGES:
        raise ValueError(f"there are texts in {', '.join(LANGUAGES)}, not in {language!r}")
    if fingerprint(old) == fingerprint(new):
        return ()
    where = Where(old=old, new=new)
    found = tuple(_Comparison(language).record(where, "", "flow", old, new))
    return found or (_change(where, "flow_changed", "", "flow", old, new, language),)


def _change(where: Where, code: str, path: str, key: str, before: Any, after: Any, language: Language) -> Change:
    tongues: tuple[Language, ...] = ("en", "zh")
    texts: dict[str, str] = {tongue: change_words(where, code, key, before, after, tongue) for tongue in tongues}
    return Change(code=code, path=path, before=before, after=after, texts=FrozenMap(texts), language=language)


@frozen
class _Comparison:
    """Walks two flows at once; `where` holds the two flows and what the part at hand is called."""

    language: Language

    def change(self, where: Where, code: str, path: str, key: str, before: Any, after: Any) -> Change:
        return _change(where, code, path, key, before, after, self.language)

    def record(self, where: Where, path: str, kind: str, old: Any, new: Any) -> Iterator[Change]:
        """Each declared field that differs; `kind` begins the code."""
        for item in attrs.fields(type(new)):
            if not item.init or not item.metadata.get("canonical", True):
                continue
            before, after = getattr(old, item.name), getattr(new, item.name)
            below = f"{path}.{item.name}".lstrip(".")
            if kind == "flow" and item.name == "name":
                below = "flow"
            yield from self.value(where, below, kind, item, before, after)

    def value(self, where: Where, path: str, kind: str, item: Any, before: Any, after: Any) -> Iterator[Change]:
        """One field of a record: a part that is compared within, or a value that changed."""
        ordered = bool(item.metadata.get("ordered"))
        if isinstance(before, FrozenMap) and isinstance(after, FrozenMap) and item.name in _THINGS:
            key = "line_stages" if kind == "lines" and item.name == "stages" else item.name
            yield from self.map(where, path, key, before, after, ordered)
        elif isinstance(before, Lines) and isinstance(after, Lines):
            yield from self.record(where.within(thing=thing_words("lines", "")), path, "lines", before, after)
        elif isinstance(before, Lifecycle) and isinstance(after, Lifecycle):
            inner = where.within(old_lifecycle=before, new_lifecycle=after)
            yield from self.record(inner, path, "lifecycle", before, after)
        elif item.name == "transitions":
            yield from self.transitions(where, path, before, after)
        elif isinstance(before, WorkCalendar) and isinstance(after, WorkCalendar):
            yield from self.calendar(where.within(thing=thing_words("own_calendar", "")), path, before, after)
        elif before != after:
            prefix = "" if kind in ("flow", "lifecycle") else f"{kind}_"
            yield self.change(where, f"{prefix}{item.name}_changed", path, item.name, before, after)

    def map(
        self, where: Where, path: str, key: str, old: FrozenMap[Any], new: FrozenMap[Any], ordered: bool
    ) -> Iterator[Change]:
        """Values by name: those that are new, gone, or changed within; and their order where it counts."""
        kind = _THINGS[key]
        for name in dict.fromkeys((*new, *old)):
            before, after = old.get(name), new.get(name)
            inner = where.within(thing=where.named(kind, name, before, after))
            below = f"{path}.{name}"
            if before is None:
                yield self.change(inner, f"{kind}_added", below, kind, None, after)
            elif after is None:
                yield self.change(inner, f"{kind}_removed", below, kind, before, None)
            elif isinstance(after, WorkCalendar):
                yield from self.calendar(inner, below, before, after)
            elif attrs.has(type(after)) and type(after) is type(before) and not isinstance(after, _LEAVES):
                yield from self.record(inner, below, kind, before, after)
            elif before != after:
                yield self.change(inner, f"{kind}_changed", below, key, before, after)
        kept_old, kept_new = [x for x in old if x in new], [x for x in new if x in old]
        if ordered and kept_old != kept_new:
            yield self.change(where, f"{key}_reordered", path, key, tuple(kept_old), tuple(kept_new))

    def calendar(self, where: Where, path: str, old: WorkCalendar, new: WorkCalendar) -> Iterator[Change]:
        """A timetable key by key; a combination as a whole."""
        if isinstance(old.content, Timetable) and isinstance(new.content, Timetable):
            yield from self.record(where, path, "calendar", old.content, new.content)
        elif old != new:
            yield self.change(where, "calendar_changed", path, "calendar", old, new)

    def transitions(
        self, where: Where, path: str, old: tuple[Transition, ...], new: tuple[Transition, ...]
    ) -> Iterator[Change]:
        """Transitions that are new, gone or changed, and whether their order changed."""
        pairs = _matched(old, new)
        partner = {after: before for before, after in pairs}
        for index, item in enumerate(new):
            below = f"{path}[{index}]"
            if index in partner:
                before = old[partner[index]]
                yield from self.record(where.within(thing=where.way(item, "new")), below, "transition", before, item)
            else:
                inner = where.within(thing=where.way(item, "new"))
                yield self.change(inner, "transition_added", below, "transition", None, item)
        for index, item in enumerate(old):
            if index not in partner.values():
                inner = where.within(thing=where.way(item, "old"))
                yield self.change(inner, "transition_removed", f"{path}[{index}]", "transition", item, None)
        sequence = [after for _, after in sorted(pairs)]
        if sequence != sorted(sequence):
            kept = tuple(old[before] for before, _ in sorted(pairs)), tuple(new[after] for after in sorted(sequence))
            yield self.change(where, "transitions_reordered", path, "transitions", *kept)


def _matched(old: tuple[Transition, ...], new: tuple[Transition, ...]) -> list[tuple[int, int]]:
    """Pairs (place in the old flow, place in the new one) of what is taken for the same transition."""
    pairs: list[tuple[int, int]] = []
    left, right = list(range(len(old))), list(range(len(new)))
    for keys in (None, ("trigger", "source", "dest"), ("trigger", "source"), ("trigger", "dest"), ("source", "dest")):
        for index in tuple(right):
            twin = next((place for place in left if _same(old[place], new[index], keys)), None)
            if twin is not None:
                pairs.append((twin, index))
                left.remove(twin)
                right.remove(index)
    return pairs


def _same(old: Transition, new: Transition, keys: tuple[str, ...] | None) -> bool:
    if keys == ("source", "dest"):  # another trigger: only when nothing else is different, it may be another transition
        return attrs.evolve(old, trigger=new.trigger) == new
    return old == new if keys is None else all(getattr(old, key) == getattr(new, key) for key in keys)
