"""Plans to take orders to another version of their flow, and what came of them, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from attrs import field, frozen

from orderflow.model.canonical import digest_of
from orderflow.model.commands import Clocks
from orderflow.model.frozen import EMPTY, FrozenMap, as_tuple
from orderflow.model.reasons import Language, Reason, reason

Kind = Literal["unchanged", "moves", "needs_mapping", "impossible"]
KINDS: tuple[Kind, ...] = get_args(Kind)
READY: tuple[Kind, ...] = ("unchanged", "moves")
_SHOWN = 5  # ids that a text names of each group of orders; the plan has them all


@frozen(kw_only=True)
class PlannedOrder:
    """What a migration means for one order.

    - `version`: of its stream when it was looked at, 0 where there is no such order. `from_flow`: the fingerprint of
      the version that it is on.
    - `kind`: `unchanged`, its stages stay and only the version changes; `moves`, the mapping changes a stage;
      `needs_mapping`, it stands in a stage that the new version lacks; `impossible`.
    - `moves`: (track, stage now, stage then). `reasons`: everything that is in the way.
    """

    order: str
    version: int = 0
    from_flow: str | None = None
    kind: Kind
    moves: tuple[tuple[str, str, str], ...] = ()
    reasons: tuple[Reason, ...] = ()


@frozen(kw_only=True)
class MigrationPlan:
    """What taking orders to another version of their flow means, for each of them. Nothing was written for it.

    - `id`: the same for the same flow, version, mapping and clocks; so a plan made again goes on with the first one.
    - `version`: the fingerprint of the new version; `definition` its canonical text.
    - `mapping`: `kind/stage` -> stage. `clocks`: what becomes of clocks that have not ended.
    """

    id: str
    flow: str
    version: str
    mapping: FrozenMap[str] = EMPTY
    clocks: Clocks = "keep"
    orders: tuple[PlannedOrder, ...] = field(default=(), converter=as_tuple, repr=False)
    definition: str = field(repr=False)

    @property
    def counts(self) -> dict[Kind, int]:
        """How many orders of each kind; every kind is there."""
        found = Counter(item.kind for item in self.orders)
        return {kind: found[kind] for kind in KINDS}

    def text(self, language: Language = "en") -> str:
        """The plan in words: how many of each kind, then each move and each reason with its orders."""
        head = reason("plan_head", flow=self.flow, version=self.version[:12], plan=self.id, clocks=self.clocks)
        found = self.counts
        counts = reason(
            "plan_counts",
            orders=len(self.orders),
            unchanged=found["unchanged"],
            moves=found["moves"],
            needs_mapping=found["needs_mapping"],
            impossible=found["impossible"],
        )
        return "\n".join(item.text(language) for item in (head, counts, *_groups(self.orders)))

    def __str__(self) -> str:
        return self.text()


@frozen(kw_only=True)
class Migrated:
    """What came of applying a plan, or of reverting it.

    - `done`: orders that went now. `skipped`: they were there already.
    - `left`: orders that stay where they are, as they were found then, with the reasons; a plan may be stale.
    - `conflicts`: orders on which others kept writing; apply the plan again. `waiting`: not looked at, for `limit`.
    """

    plan: str
    done: int = 0
    skipped: int = 0
    left: tuple[PlannedOrder, ...] = ()
    conflicts: tuple[str, ...] = ()
    waiting: int = 0

    def text(self, language: Language = "en") -> str:
        """The result in words."""
        head = reason(
            "migrated_counts",
            done=self.done,
            skipped=self.skipped,
            left=len(self.left),
            conflicts=len(self.conflicts),
            waiting=self.waiting,
        )
        return "\n".join(item.text(language) for item in (head, *_groups(self.left)))

    def __str__(self) -> str:
        return self.text()


def plan_id(flow: str, version: str, mapping: Mapping[str, str], clocks: str) -> str:
    """The digest that names a plan."""
    return digest_of({"flow": flow, "version": version, "mapping": dict(mapping), "clocks": clocks})[:16]


def _groups(orders: Iterable[PlannedOrder]) -> list[Reason]:
    """One line for each move and for each reason: how many orders, and the first of them."""
    groups: dict[Any, list[Any]] = {}
    for item in orders:
        causes: Iterable[Any] = item.reasons if item.kind not in READY else item.moves
        for cause in causes:
            key = (cause.code, cause.text()) if isinstance(cause, Reason) else cause
            group = groups.setdefault(key, [cause, 0, []])
            group[1] += 1
            if len(group[2]) < _SHOWN:
                group[2].append(item.order)
    return [_line(cause, count, names) for cause, count, names in groups.values()]


def _line(cause: Any, count: int, names: list[str]) -> Reason:
    shown = (*names, "…") if count > len(names) else tuple(names)
    if not isinstance(cause, Reason):
        track, old, new = cause
        return reason("plan_move", count=count, track=track, old=old, new=new, orders=shown)
    words = FrozenMap({language: cause.text(language) for language in ("en", "zh")})
    return reason("plan_reason", count=count, what=words, orders=shown)
