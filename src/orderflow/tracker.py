"""Floor 3: the Tracker, the one service that a host holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from orderflow.model.actor import Actor, Directory, Person, to_actor
from orderflow.model.commands import Acknowledge, Assign, Command, Erase, Fire, Note, Observe, OpenTrack, Place
from orderflow.model.errors import DefinitionError, InvalidValue
from orderflow.model.events import Stream
from orderflow.model.flow import Flow
from orderflow.model.order import Order, check_id
from orderflow.model.reasons import Reason, problem, suggest
from orderflow.tracker_versions import Versioning

if TYPE_CHECKING:
    from orderflow.deliver import Delivered
    from orderflow.metrics.log import EventLog
    from orderflow.model.events import Event
    from orderflow.model.state import OrderState
    from orderflow.model.view import Board, Page, View
    from orderflow.ports import DirectoryPort, Storage
    from orderflow.rules.receipt import Receipt
    from orderflow.sweep import Swept


def utc_now() -> datetime:
    """The wall clock, in UTC. A Tracker's default `clock`."""
    return datetime.now(UTC)


class Tracker(Versioning):
    """Follows orders: takes commands, answers questions, and keeps the host's `sweep` and `deliver` short.

    - `flows`: Flow values (or paths of flow files), one for each kind of order.
    - `storage`: `memory:`, `sqlite:///file.db`, another URL that a plugin knows, or a Storage object.
    - `directory`: who exists: a Directory, a list of Person, or the host's own. Without one, every person id is taken
      as it is, and nobody has a role.
    - `plugins`: everything that acts. `clock`: gives the instant, aware. `tenant`: whose orders these are.
    - Thread-safe. It starts no thread and never sleeps: the host calls `sweep()` and `deliver()`.
    - Use it as a context manager, or call `close()`.

    Raises `DefinitionError` when a flow or plugin is wrong, `StorageError` when the storage cannot be opened.
    """

    def __init__(
        self,
        flows: Sequence[Flow | str | os.PathLike[str]] | Flow | str | os.PathLike[str],
        *,
        storage: str | Storage = "memory:",
        directory: DirectoryPort | Sequence[Person] | None = None,
        plugins: Iterable[Any] = (),
        clock: Callable[[], datetime] = utc_now,
        tenant: str = "main",
    ) -> None:
        # The rest of the house is loaded with the first Tracker: who only reads a log does not pay for it.
        from orderflow.plugins import Plugins
        from orderflow.road import Road
        from orderflow.views import HOST, Views

        registered = Plugins(plugins)
        settings = registered.configure(
            {"flows": flows, "storage": storage, "directory": directory, "clock": clock, "tenant": tenant}
        )
        known = ("clock", "directory", "flows", "storage", "tenant")
        for name in sorted(set(settings) ^ set(known)):
            raise DefinitionError([problem("unknown_setting", name=name, known=known, suggestion=suggest(name, known))])
        if not callable(settings["clock"]):
            raise DefinitionError(
                [problem("wrong_kind", what="clock", kind="callable", value=repr(settings["clock"])[:80])]
            )
        tenant = settings["tenant"]
        check_id(tenant, "tenant")
        values, people = _flows(settings["flows"]), _directory(settings["directory"])
        opened = settings["storage"]
        own = isinstance(opened, str)
        if isinstance(opened, str):
            opened = registered.storage(opened, tenant)
        if getattr(opened, "tenant", None) is None:
            raise DefinitionError([problem("bad_storage", value=repr(opened)[:80])])
        if opened.tenant != tenant:
            raise DefinitionError([problem("other_tenant", storage=opened.tenant, tenant=tenant)])
        try:
            self._road = Road(
                flows=values,
                storage=opened,
                directory=people,
                plugins=registered,
                clock=settings["clock"],
                actor=HOST,
            )
        except BaseException:
            if own:
                opened.close()
            raise
        self._views = Views(self._road)

    # --- commands -------------------------------------------------------------------------------------------------

    def handle(self, command: Command) -> Receipt:
        """Take a command: settle, decide, append, answer, tell.

        Raises `Refused` (`UnknownOrder`, `KeyReused` among them) with every reason, nothing written; `Conflict` when
        `expect` does not hold or a race was lost several times; `StorageError`.
        """
        return self._road.handle(_command(command), self._look)

    def preview(self, command: Command) -> Receipt:
        """The Receipt that a command would give. Raises as `handle` does; nothing is written and nobody is told."""
        return self._road.preview(_command(command), self._look)

    def place(
        self,
        order: Order,
        *,
        by: Actor | str,
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Take in a new order. The same order again repeats the Receipt; other content under its id is `KeyReused`."""
        return self.handle(Place(content=order, by=by, at=at, key=key, reason=reason))

    def fire(
        self,
        order: str,
        trigger: str,
        *,
        by: Actor | str,
        track: str = "order",
        at: datetime | None = None,
        key: str | None = None,
        expect: int | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Pull a trigger.

        - `at`: when it happened; refused in the future and before the last stage entry.
        - `key`: the same command again gives the same Receipt. `expect`: the version that the order must have.
        - `track`: on which strand of the order, such as `payment` or `shipment:2`.
        """
        return self.handle(
            Fire(order=order, trigger=trigger, by=by, track=track, at=at, key=key, expect=expect, reason=reason)
        )

    def open_track(
        self,
        order: str,
        track: str,
        *,
        by: Actor | str,
        id: str | None = None,
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Open one more track of a kind that an order may have many of; `shipment` becomes `shipment:<id>`.

        Without an `id` the tracks of a kind are numbered from 1. `receipt.events[0].track` is its name.
        """
        return self.handle(OpenTrack(order=order, track=track, id=id, by=by, at=at, key=key, reason=reason))

    def observe(
        self,
        order: str,
        stage: str,
        *,
        source: str,
        track: str = "order",
        at: datetime | None = None,
        by: Actor | str | None = None,
        key: str | None = None,
        source_seq: int | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Record what another master system says: the order is in `stage`, whatever the flow allows.

        What the flow does not foresee is marked as an inconsistency. A fact older than the last stage entry is recorded
        and moves nothing. `by` is the system itself when it is not given.
        """
        actor = by if by is not None else Actor.external(source)
        return self.handle(
            Observe(
                order=order,
                stage=stage,
                source=source,
                source_seq=source_seq,
                track=track,
                at=at,
                by=actor,
                key=key,
                reason=reason,
            )
        )

    def assign(
        self,
        order: str,
        to: str | None,
        *,
        by: Actor | str,
        team: str | None = None,
        track: str = "order",
        at: datetime | None = None,
        key: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Make a person responsible, or with `to=None` nobody."""
        return self.handle(Assign(order=order, to=to, team=team, track=track, by=by, at=at, key=key, reason=reason))

    def acknowledge(
        self, order: str, sla: str | None = None, *, by: Actor | str, key: str | None = None, reason: str | None = None
    ) -> Receipt:
        """Say that somebody is on to a breach: the escalation of this promise, or of all, goes no further."""
        return self.handle(Acknowledge(order=order, sla=sla, by=by, key=key, reason=reason))

    def erase(self, order: str, *, by: Actor | str, reason: str | None = None) -> Receipt:
        """Forget the order's personal values, for ever and for every Tracker; the history keeps their salted hashes.

        First the erasure is recorded, then the storage drops values and salts. After a crash in between nobody sees the
        values any more; call it again to drop them.
        """
        receipt = self.handle(Erase(order=order, by=by, reason=reason))
        self._road.storage.erase(Stream.order(order))
        return receipt

    def note(
        self, order: str, text: str, *, by: Actor | str, at: datetime | None = None, key: str | None = None
    ) -> Receipt:
        """Write a note into the order's history."""
        return self.handle(Note(order=order, text=text, by=by, at=at, key=key))

    # --- questions ------------------------------------------------------------------------------------------------

    def get(self, order: str, *, viewer: Actor | str | None = None, as_of: datetime | None = None) -> View:
        """An order as it stands now, or stood at a past instant. Raises `UnknownOrder`."""
        return self._views.get(order, None if viewer is None else to_actor(viewer), as_of)

    def allowed(self, order: str, *, by: Actor | str, track: str = "order") -> tuple[str, ...]:
        """The triggers that `fire` would accept now: exactly those."""
        return self._views.allowed(order, to_actor(by), track)

    def why_not(self, order: str, trigger: str, *, by: Actor | str, track: str = "order") -> tuple[Reason, ...]:
        """Every reason why `fire` would refuse this trigger now; empty when it would accept."""
        return self._views.why_not(order, trigger, to_actor(by), track)

    def history(self, order: str) -> tuple[Event, ...]:
        """Every event of an order, oldest first. Raises `UnknownOrder`."""
        return self._views.history(order)

    def find(
        self,
        *,
        flow: str | None = None,
        stage: str | None = None,
        category: str | None = None,
        owner: str | None = None,
        team: str | None = None,
        customer: str | None = None,
        late: bool | None = None,
        where: Mapping[str, Any] | None = None,
        after: str | None = None,
        limit: int = 100,
        scan: bool = False,
    ) -> Page:
        """A page of the orders for which all that is given holds, in order of their ids.

        - `where`: values of attributes that the flow declares under `find:`, `{"order.region": "east"}`.
        - `late`: a deadline that runs has passed. `after`: the `after` of the page before.
        - What no index can answer (`category` alone, `late=False`) is refused unless `scan=True`.
        """
        return self._views.find(
            flow=flow,
            stage=stage,
            category=category,
            owner=owner,
            team=team,
            customer=customer,
            late=late,
            where=where,
            after=after,
            limit=limit,
            scan=scan,
        )

    def worklist(self, owner: str, *, limit: int = 100) -> Page:
        """The open and waiting orders that a person owns, the most urgent first."""
        return self._views.worklist(owner, limit)

    def unwatched(self, *, after: str | None = None, limit: int = 100) -> Page:
        """A page of the open and waiting orders under no clock at all, in order of their ids."""
        return self._views.unwatched(after, limit)

    def board(self, flow: str | None = None, *, viewer: Actor | str | None = None, cards: int = 20) -> Board:
        """The stages of a flow as columns: how many orders, how many late, and the first `cards` of each open stage.

        As with `get`, a flow without `access:` shows every `viewer` the same.
        """
        if viewer is not None:
            to_actor(viewer)
        return self._views.board(flow, cards)

    def changes(self, after: int | None = None, *, limit: int = 1_000) -> tuple[tuple[Event, ...], int]:
        """Committed events after a cursor, each exactly once, and the cursor to go on from."""
        for name, value, least, most in (("after", after or 0, 0, 2**63 - 1), ("limit", limit, 1, 100_000)):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise InvalidValue.of("not_whole", what=name, value=repr(value)[:80])
        page = self._road.storage.feed(after or 0, limit)
        return page.events, page.cursor

    def log(self) -> EventLog:
        """All orders as an EventLog, for `orderflow.report` and the metrics. Needs the extra `metrics`."""
        return self._views.log()

    # --- what the host calls from time to time --------------------------------------------------------------------

    def sweep(self, *, limit: int = 1_000) -> Swept:
        """Record what time alone has caused: warnings, breaches. Sends nothing."""
        from orderflow.sweep import sweep

        return sweep(self._road, self.handle, limit)

    def deliver(self, *, limit: int = 100) -> Delivered:
        """Send what is owed, at most `limit` messages over each channel. Decides nothing."""
        from orderflow.deliver import deliver

        return deliver(self._road, limit)

    def close(self) -> None:
        """Close the storage."""
        self._road.storage.close()

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self, state: OrderState) -> View:
        return self._views.look(state)


def _command(value: Any) -> Command:
    if not isinstance(value, Command):
        raise InvalidValue.of("not_a_command", value=repr(value)[:80])
    return value


def _directory(value: Any) -> DirectoryPort | None:
    """A directory: one of the host's, a `Directory`, or a list of people."""
    if value is None or all(callable(getattr(value, name, None)) for name in ("person", "with_role", "in_team")):
        found: DirectoryPort | None = value
        return found
    if isinstance(value, list | tuple) and all(isinstance(item, Person) for item in value):
        return Directory(value)
    raise DefinitionError([problem("bad_directory", value=repr(value)[:80])])


def _flows(flows: Sequence[Flow | str | os.PathLike[str]] | Flow | str | os.PathLike[str]) -> list[Flow]:
    """The flows as values; paths are read."""
    from orderflow.adapters.flowfile import load_flow

    if not isinstance(flows, Flow | str | os.PathLike | Sequence):
        raise DefinitionError([problem("wrong_kind", what="flows", kind="Flow", value=repr(flows)[:80])])
    given = [flows] if isinstance(flows, Flow | str | os.PathLike) else list(flows)
    if not given:
        raise DefinitionError([problem("no_flows")])
    return [item if isinstance(item, Flow) else load_flow(item) for item in given]
