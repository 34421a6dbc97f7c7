"""Floor 3: only time. Settles the streams on which something is due; sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from attrs import field, frozen

from orderflow.model.actor import Actor
from orderflow.model.commands import Settle
from orderflow.road import Road
from orderflow.rules.receipt import Receipt

SWEEP = Actor.automation("sweep")
LEASE = timedelta(minutes=5)


@frozen(kw_only=True)
class Swept:
    """What one sweep did: how many streams were due, how many events it recorded, and what failed, by order."""

    due: int = 0
    events: int = 0
    failures: dict[str, str] = field(factory=dict)


def sweep(road: Road, handle: Callable[[Settle], Receipt], limit: int) -> Swept:
    """Settle at most `limit` due streams, the earliest first.

    A stream that fails is left leased and comes again when its lease ends; the others go on. Several sweeps may run at
    once: none takes what another has leased.
    """
    claimed = road.storage.claim_due(road.now(), limit, LEASE)
    events, failures = 0, {}
    for stream in claimed:
        try:
            events += len(handle(Settle(order=stream.id, by=SWEEP)).events)
        except Exception as error:  # noqa: BLE001 - one stream must not hold up the others; the report says which failed
            failures[stream.id] = f"{type(error).__name__}: {error}"
    return Swept(due=len(claimed), events=events, failures=failures)
