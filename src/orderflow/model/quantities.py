"""Where the quantities of order lines stand, and the definitions by which they move: double entry, so none is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from attrs import field, frozen

from orderflow.model.condition import Condition
from orderflow.model.errors import DefinitionError
from orderflow.model.frozen import EMPTY, FrozenMap, as_names
from orderflow.model.order import EXACT
from orderflow.model.policies import to_condition, to_titles
from orderflow.model.reasons import shown
from orderflow.model.validate import NONE, to_map, want, wrong_kind

ORDERED = "ordered"
ZERO = Decimal(0)
Cause = Literal["placed", "amended", "move", "over", "loaded", "unloaded", "released"]


# --- definitions ---


def to_percent(value: Any) -> Decimal:
    """The number of a share such as `5%`. Raises `DefinitionError` for what is no share from 0 to 1,000 percent."""
    text = value.strip().removesuffix("%").strip() if isinstance(value, str) and value.strip().endswith("%") else ""
    if isinstance(value, Decimal) and value.is_finite() and 0 <= value <= 1000:
        return value
    if not (text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdecimal()) or Decimal(text) > 1000:
        raise DefinitionError.of("bad_percent", value=value if isinstance(value, str) else shown(value))
    return Decimal(text)


@frozen(kw_only=True)
class LineStage:
    """Where quantity of a line can stand: open, produced, shipped, delivered …"""

    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))


@frozen(kw_only=True)
class LineMove:
    """How quantity moves between line stages.

    - `source`: the line stages that it is taken from, the first before the others; `dest`: where it goes.
    - `over`: more than there is may move, up to the flow's tolerance; the surplus counts as ordered from then on.
    - `guard`, `roles`: as of a transition.
    """

    source: tuple[str, ...] = field(converter=as_names, validator=want(str))
    dest: str = field(validator=want(str))
    over: bool = False
    guard: Condition | None = field(default=None, converter=to_condition, validator=want(Condition, NONE))
    roles: tuple[str, ...] = field(default=(), converter=as_names, validator=want(str))
    title: FrozenMap[str] = field(default=EMPTY, converter=to_titles, validator=want(str))


def _line_stages(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenMap(value)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise wrong_kind("Lines.stages", value, Mapping)
    return FrozenMap({name: LineStage() for name in value})


@frozen(kw_only=True)
class Lines:
    """The line stages of a flow and the moves between them.

    - `stages`: in their order; a line's quantity begins in the first. `ordered` is no stage: it is the sum of all.
    - `moves`: name -> how quantity moves.
    - `tolerance`: how much more than ordered may be delivered by moves with `over`, as a share of the line: `5%`.
    """

    stages: FrozenMap[LineStage] = field(converter=_line_stages, validator=want(LineStage), metadata={"ordered": True})
    moves: FrozenMap[LineMove] = field(
        default=EMPTY, converter=to_map, validator=want(LineMove), metadata={"ordered": True}
    )
    tolerance: Decimal = field(default=ZERO, converter=to_percent)

    @property
    def first(self) -> str:
        """The line stage in which quantity begins."""
        return next(iter(self.stages), "")


# --- where quantity stands ---


def total(quantities: Iterable[Decimal]) -> Decimal:
    """The sum, exact whatever the thread's decimal context is."""
    found = ZERO
    for quantity in quantities:
        found = EXACT.add(found, quantity)
    return found


@frozen(kw_only=True)
class Transfer:
    """A quantity of one line that went from one lot to another.

    - `source` None: it is new (ordered, added, or delivered over). `dest` None: it was taken off the order.
    - `from_track`, `to_track`: the tracks that carried it before and after; None is none.
    """

    line: str
    quantity: Decimal
    source: str | None = None
    dest: str | None = None
    from_track: str | None = None
    to_track: str | None = None


@frozen(kw_only=True)
class Lot:
    """A quantity of a line in one line stage, carried by one track or by none."""

    stage: str
    quantity: Decimal
    track: str | None = None


@frozen(kw_only=True)
class LineState:
    """Where the quantity of one line stands. What is ordered *is* the sum of the lots, so the two cannot differ.

    `over`: how much of it is more than the order's line says, delivered within the tolerance.
    """

    lots: tuple[Lot, ...] = ()
    over: Decimal = ZERO

    @property
    def ordered(self) -> Decimal:
        """All of it."""
        return total(lot.quantity for lot in self.lots)

    def at(self, stage: str) -> Decimal:
        """What stands in a line stage, whoever carries it; for `ordered`, all of it."""
        return total(lot.quantity for lot in self.lots if stage in (lot.stage, ORDERED))

    def carried(self, track: str | None, stage: str | None = None) -> Decimal:
        """What a track carries (None: what no track does), in one line stage or in all."""
        return total(lot.quantity for lot in self.lots if lot.track == track and stage in (None, lot.stage))

    def after(self, transfer: Transfer, *, over: bool = False) -> LineState:
        """The state after a transfer. Raises `ValueError` when less is there than is taken."""
        lots = {(lot.stage, lot.track): lot.quantity for lot in self.lots}
        if transfer.source is not None:
            key = (transfer.source, transfer.from_track)
            left = EXACT.subtract(lots.pop(key, ZERO), transfer.quantity)
            if left < 0:
                raise ValueError(f"line {transfer.line}: {transfer.quantity} is not in {transfer.source}")
            if left:
                lots[key] = left
        if transfer.dest is not None:
            key = (transfer.dest, transfer.to_track)
            lots[key] = EXACT.add(lots.get(key, ZERO), transfer.quantity)
        found = tuple(Lot(stage=stage, track=track, quantity=quantity) for (stage, track), quantity in lots.items())
        return LineState(lots=found, over=EXACT.add(self.over, transfer.quantity) if over else self.over)

    def absorbed(self, change: Decimal) -> Decimal:
        """How much of a change of the line's quantity was delivered over already; none of one that makes it less."""
        return min(self.over, max(change, ZERO))


def quantities_by_stage(state: LineState) -> FrozenMap[Decimal]:
    """Line stage -> what stands there, whoever carries it; and `ordered`, their sum."""
    found: dict[str, Decimal] = {}
    for lot in state.lots:
        found[lot.stage] = EXACT.add(found.get(lot.stage, ZERO), lot.quantity)
    return FrozenMap({ORDERED: state.ordered, **found})
