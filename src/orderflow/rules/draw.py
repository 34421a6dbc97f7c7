"""Pictures of a flow: a state diagram as text for Mermaid or Graphviz, in which every text is escaped."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from attrs import evolve, field, frozen

from orderflow.model.errors import InvalidValue
from orderflow.model.events import ORDER_TRACK
from orderflow.model.flow import Flow, Lifecycle, Transition
from orderflow.model.reasons import Language, suggest
from orderflow.model.view import View
from orderflow.rules.describe_lines import moves_words
from orderflow.rules.in_words import Words

DrawFormat = Literal["mermaid", "dot"]
WIDTH = 32  # columns of a label before it goes on in the next line; a Chinese character takes two
COLOURS = {  # category -> (fill, line); read on white and, as dark text on a light fill, on black too
    "open": ("#e8f1fb", "#3b6ea5"),
    "waiting": ("#fdf3d8", "#b07d12"),
    "done": ("#e3f4e5", "#3d8b47"),
    "cancelled": ("#eeeeee", "#777777"),
    "any": ("#ffffff", "#999999"),
}
TEXT = "#1a1a1a"
HERE = "#c62828"
FONTS = "Helvetica,Noto Sans CJK SC,Microsoft YaHei,PingFang SC,sans-serif"


@frozen(kw_only=True)
class Box:
    """A stage in the picture, or what stands for every stage."""

    key: str
    lines: tuple[str, ...]
    category: str
    here: bool = False


@frozen(kw_only=True)
class Arrow:
    """A way from box to box."""

    source: str
    dest: str
    lines: tuple[str, ...]


@frozen(kw_only=True)
class Picture:
    """One lifecycle as boxes and arrows; `begins` is the key of its first stage, `ends` those of its last ones."""

    key: str
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    begins: str
    ends: tuple[str, ...]


def draw(flow: Flow, *, format: DrawFormat = "mermaid", language: Language = "en", at: str | View | None = None) -> str:
    """The flow as a state diagram, as text: Mermaid (`stateDiagram-v2`) or DOT for Graphviz.

    - A stage shows its title, its category unless that is `open`, and the role, team or person that owns it; a
      transition its title, who may pull it, its guard in words, and what it requires.
    - `at` marks where an order stands: the name of a stage of the track `order`, or a View, which marks the stages of
      all its tracks. `InvalidValue` when there is no such stage; one of a View that the flow lacks is left out.
    - A transition out of `*` begins in a box that stands for every stage; one that enters no stage (internal) stands
      inside its box.
    - Further tracks are drawn as groups of their own. Texts are escaped: no title can change the picture.
    - `ValueError` for a format or language that there is none of.
    """
    writers: dict[str, Callable[[str, tuple[Picture, ...]], Iterator[str]]] = {"mermaid": _mermaid, "dot": _dot}
    if format not in writers:
        raise ValueError(f"there are the formats {', '.join(writers)}, not {format!r}")
    stages = flow.lifecycle.stages
    if isinstance(at, str) and at not in stages:
        raise InvalidValue.of("unknown_stage", stage=at, known=tuple(stages), suggestion=suggest(at, stages))
    words = Words(flow, language)
    pictures = [_Painter(words, "s", flow.lifecycle, _standing(at, ORDER_TRACK)).picture("")]
    for number, (name, track) in enumerate(flow.tracks.items(), 1):
        own = evolve(words, lifecycle=track.lifecycle)
        pictures.append(
            _Painter(own, f"t{number}s", track.lifecycle, _standing(at, name)).picture(words.title(track.title, name))
        )
    return "\n".join(writers[format](words.title(flow.title, flow.name), tuple(pictures))) + "\n"


def _standing(at: str | View | None, kind: str) -> frozenset[str]:
    """The stages of a kind of track that are marked."""
    if isinstance(at, View):
        return frozenset(track.stage for name, track in at.tracks.items() if name.partition(":")[0] == kind)
    return frozenset([at] if at is not None and kind == ORDER_TRACK else [])


@frozen
class _Painter:
    """Makes the boxes and arrows of one lifecycle."""

    words: Words
    prefix: str
    lifecycle: Lifecycle
    at: frozenset[str]
    keys: dict[str, str] = field(init=False)

    @keys.default
    def _keys(self) -> dict[str, str]:
        """Stage -> key, `*` too where it is used; names that are no stages have a box, so that a mistake is seen."""
        known = dict.fromkeys((*self.lifecycle.stages, self.lifecycle.initial))
        for item in self.lifecycle.transitions:
            known |= dict.fromkeys(item.source)
            known |= dict.fromkeys([item.dest] if item.dest not in (None, "=") else [])
        return {name: f"{self.prefix}{number}" for number, name in enumerate(known)}

    def picture(self, title: str) -> Picture:
        ends = [name for name, stage in self.lifecycle.stages.items() if stage.category in ("done", "cancelled")]
        return Picture(
            key=self.prefix,
            title=title,
            boxes=tuple(self._box(name) for name in self.keys),
            arrows=tuple(arrow for item in self.lifecycle.transitions for arrow in self._arrows(item)),
            begins=self.keys[self.lifecycle.initial],
            ends=tuple(self.keys[name] for name in ends),
        )

    def _box(self, name: str) -> Box:
        stage = self.lifecycle.stages.get(name)
        inside = [item for item in self.lifecycle.transitions if item.dest is None and name in item.source]
        more = [f"↻ {line}" for item in inside for line in self._label(item)[:1]]
        if name == "*":
            title = self.words.say("draw.any")
            return Box(key=self.keys[name], lines=(title, *more), category="any")
        here = name in self.at
        facts = [] if stage is None or stage.category == "open" else [self.words.known("draw", stage.category)]
        facts = [fact for fact in facts if fact.casefold() != self.words.stage(name).casefold()]
        if stage is not None and stage.owner is not None:
            facts.append(stage.owner.person or " · ".join(x for x in (stage.owner.role, stage.owner.team) if x))
        title = ("▶ " if here else "") + self.words.stage(name)
        lines = (*_wrapped(title), *_wrapped(" · ".join(facts)), *more)
        return Box(key=self.keys[name], lines=lines, category=stage.category if stage else "any", here=here)

    def _arrows(self, item: Transition) -> Iterator[Arrow]:
        if item.dest is not None:
            for source in dict.fromkeys(item.source):
                dest = source if item.dest == "=" else item.dest
                yield Arrow(source=self.keys[source], dest=self.keys[dest], lines=self._label(item))

    def _label(self, item: Transition) -> tuple[str, ...]:
        words = self.words
        found = [words.title(item.title, item.trigger)]
        if item.roles:
            found.append(words.say("draw.roles", roles=words.listed(item.roles, "or")))
        if item.guard is not None:
            found.append(words.say("draw.guard", text=words.condition(item.guard)))
        if item.requires:
            found.append(words.say("draw.requires", fields=words.listed(words.field(x) for x in item.requires)))
        if item.moves:
            found.append(words.say("draw.moves", moves=moves_words(words, item.moves)))
        return tuple(line for text in found for line in _wrapped(text))


def _wrapped(text: str, width: int = WIDTH) -> Iterator[str]:
    """The lines of a text: broken at spaces, and between Chinese characters but not before punctuation."""
    line, used = "", 0
    for piece in re.findall(r"[⺀-鿿가-힣豈-﫿](?:[，。；：、）”？！]+)?|[^\s⺀-鿿가-힣豈-﫿]+|\s+", text):
        size = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in piece)
        if used + size > width and line.strip() and not piece.isspace():
            yield line.strip()
            line, used = "", 0
        line, used = line + piece, used + size
    if line.strip():
        yield line.strip()


# --- Mermaid (https://mermaid.js.org/syntax/stateDiagram.html) ---

_PLAIN = re.compile(r"[^\W_]|[ ,()/▶↻·，。：；、“”（）]")
# Its lexer looks for these words anywhere in a line, also inside texts.
_KEYWORDS = re.compile(r"(?<=direction)\s|(?<=www)\.", re.IGNORECASE)


def _mermaid_text(lines: Iterable[str]) -> str:
    """Lines of a label. All but letters, digits and harmless signs become `#35;`, Mermaid's own entities."""
    return "<br/>".join(_KEYWORDS.sub(_entities, _entities(line)) for line in lines) or "#32;"


def _entities(found: str | re.Match[str]) -> str:
    if isinstance(found, re.Match):
        return f"#{ord(found[0])};"
    return "".join(sign if _PLAIN.fullmatch(sign) else f"#{ord(sign)};" for sign in found)


def _mermaid(title: str, pictures: tuple[Picture, ...]) -> Iterator[str]:
    yield from ("---", f"title: {json.dumps(title, ensure_ascii=False)}", "---", "stateDiagram-v2")
    for picture in pictures:
        lines = _mermaid_lifecycle(picture)
        if not picture.title:
            yield from (f"    {line}" for line in lines)
            continue
        yield f'    state "{_mermaid_text([picture.title])}" as {picture.key} {{'
        yield from (f"        {line}" for line in lines)
        yield "    }"
    for category, (fill, stroke) in COLOURS.items():
        keys = [box.key for picture in pictures for box in picture.boxes if box.category == category]
        if keys:
            dashed = ",stroke-dasharray:4 3" if category == "any" else ""
            yield f"    classDef {category}Stage fill:{fill},stroke:{stroke},color:{TEXT}{dashed}"
            yield f"    class {','.join(keys)} {category}Stage"
    here = [box.key for picture in pictures for box in picture.boxes if box.here]
    if here:
        yield f"    classDef here stroke:{HERE},stroke-width:4px,font-weight:bold"
        yield f"    class {','.join(here)} here"


def _mermaid_lifecycle(picture: Picture) -> Iterator[str]:
    for box in picture.boxes:
        yield f'state "{_mermaid_text(box.lines)}" as {box.key}'
    yield f"[*] --> {picture.begins}"
    for arrow in picture.arrows:
        yield f"{arrow.source} --> {arrow.dest} : {_mermaid_text(arrow.lines)}"
    for key in picture.ends:
        yield f"{key} --> [*]"


# --- DOT (https://graphviz.org/doc/info/lang.html) ---


def _dot_text(lines: Iterable[str]) -> str:
    r"""Lines of a label in quotes. `\` begins an escape and `&` an entity (`&lt;`) in labels: both are written out."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join("".join(x if x.isprintable() else "�" for x in line) for line in escaped) + '"'


def _dot(title: str, pictures: tuple[Picture, ...]) -> Iterator[str]:
    yield "digraph flow {"
    yield f'    graph [label={_dot_text([title])}, labelloc=t, fontsize=16, fontname="{FONTS}"]'
    yield f'    node [shape=box, style="rounded,filled", fontname="{FONTS}", fontsize=12, fontcolor="{TEXT}"]'
    yield f'    edge [fontname="{FONTS}", fontsize=10]'
    for picture in pictures:
        lines = _dot_lifecycle(picture)
        if not picture.title:
            yield from (f"    {line}" for line in lines)
            continue
        yield f"    subgraph cluster_{picture.key} {{"
        yield f"        label={_dot_text([picture.title])}"
        yield from (f"        {line}" for line in lines)
        yield "    }"
    yield "}"


def _dot_lifecycle(picture: Picture) -> Iterator[str]:
    yield f'{picture.key}_begin [shape=circle, label="", width=0.15, style=filled, fillcolor="{TEXT}"]'
    for box in picture.boxes:
        fill, line = COLOURS.get(box.category, COLOURS["any"])
        shape = f"label={_dot_text(box.lines)}"
        style = f', style="{"rounded,filled,dashed" if box.category == "any" else "rounded,filled"}"'
        ends = ", peripheries=2" if box.key in picture.ends else ""
        edge = f', color="{HERE}", penwidth=4' if box.here else f', color="{line}"'
        yield f'{box.key} [{shape}{style}, fillcolor="{fill}"{edge}{ends}]'
    yield f"{picture.key}_begin -> {picture.begins}"
    for arrow in picture.arrows:
        yield f"{arrow.source} -> {arrow.dest} [label={_dot_text(arrow.lines)}]"
