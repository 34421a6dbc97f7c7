"""Floor 3: the part of a Tracker that is about versions of a flow: migrating orders, and trying a version on some."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orderflow.metrics.pilots import PilotReport
    from orderflow.model.actor import Actor
    from orderflow.model.commands import Clocks
    from orderflow.model.condition import Condition
    from orderflow.model.flow import Flow
    from orderflow.model.migration import Migrated, MigrationPlan
    from orderflow.model.pilots import Pilot
    from orderflow.model.state import OrderState
    from orderflow.model.view import View
    from orderflow.road import Road


class Versioning:
    """What a Tracker does with versions; the work is in `migrating.py` and `piloting.py`."""

    _road: Road
    _look: Callable[[OrderState], View]

    def plan_migration(
        self,
        flow: Flow | str | os.PathLike[str],
        *,
        orders: Iterable[str] | None = None,
        mapping: Mapping[str, str] | None = None,
        clocks: Clocks = "keep",
    ) -> MigrationPlan:
        """What taking running orders to this version means, for each of them. Writes nothing.

        - `flow`: a Flow, the path of a flow file, or the name of a flow of this Tracker: its current version.
        - `orders`: ids; None is every open or waiting order of the flow that is not on the version yet.
        - `mapping`: what becomes of stages, `{"review": "credit_check", "payment/due": "open"}`.
        - `clocks`: `keep`, `restart` or `rescale` those that have not ended.
        - Raises `DefinitionError` when the flow is wrong; `Refused` when no version of it is recorded, or the mapping
          names a stage that no version has.
        """
        from orderflow import migrating

        return migrating.plan(self._road, flow, orders=orders, mapping=mapping, clocks=clocks)

    def migrate(
        self,
        plan: MigrationPlan,
        *,
        by: Actor | str,
        batch: int = 500,
        limit: int | None = None,
        progress: Callable[[int, int], Any] | None = None,
    ) -> Migrated:
        """Take the orders of a plan to its version: each one in one append, decided anew as it is now.

        - Orders that cannot go are left as they are, and reported. Those that are there already are skipped, so after
          a crash the same plan, or one made again, does the rest.
        - `limit`: how many to migrate at most. `progress(looked_at, all)` is called after each `batch`.
        """
        from orderflow import migrating

        return migrating.migrate(self._road, plan, self._look, by=by, batch=batch, limit=limit, progress=progress)

    def revert_migration(
        self, plan: MigrationPlan | str, *, by: Actor | str, orders: Iterable[str] | None = None
    ) -> Migrated:
        """Take orders that a plan migrated back to the version and stages that they had; None is all of them.

        A track that has moved since keeps its stage, which the older version must have. What can't go back is reported.
        """
        from orderflow import migrating

        return migrating.revert(self._road, plan, self._look, by=by, orders=orders)

    def start_pilot(
        self,
        flow: Flow | str | os.PathLike[str],
        *,
        name: str,
        share: Decimal | str | int | None = None,
        when: Condition | str | None = None,
        by: Actor | str,
    ) -> Pilot:
        """Try a version on some of the new orders: a share of those for which a condition is true.

        - `share`: `"10%"`, `Decimal("0.1")`, or percent as a whole number; None is all. `when`: a condition over the
          order's content, `"order.branch == 'shanghai'"`. One of both must be given.
        - Which orders: the same ones however often it is asked, and a greater share keeps all that were in.
        - Of several pilots of a flow, the first started that takes an order has it.
        """
        from orderflow import piloting

        return piloting.start(self._road, flow, name=name, share=share, when=when, by=by)

    def widen_pilot(
        self,
        name: str,
        *,
        share: Decimal | str | int | None = None,
        when: Condition | str | None = None,
        by: Actor | str,
    ) -> Pilot:
        """Try it on more new orders: a greater share, or also those for which `when` is true. It is never narrowed."""
        from orderflow import piloting

        return piloting.widen(self._road, name, share=share, when=when, by=by)

    def end_pilot(self, name: str, *, adopt: bool = False, by: Actor | str) -> Pilot:
        """Let a pilot take no more orders: withdrawn, or recorded as adopted. Its orders stay on their version."""
        from orderflow import piloting

        return piloting.end(self._road, name, adopt=adopt, by=by)

    def pilots(self, flow: str | None = None) -> tuple[Pilot, ...]:
        """Every pilot that there was, of all flows or of one."""
        from orderflow import piloting

        return piloting.pilots(self._road, flow)

    def pilot_report(self, name: str) -> PilotReport:
        """A pilot beside the orders that were placed in the same time and are not in it."""
        from orderflow import piloting

        return piloting.report(self._road, name)
