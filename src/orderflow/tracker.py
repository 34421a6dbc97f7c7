"""Floor 3: the Tracker, the one service that a host holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from orderflow.model.actor import Actor, Directory, Person, to_actor
from orderflow.model.commands import Command, Erase, FactChanged
from orderflow.model.errors import DefinitionError, InvalidValue
from orderflow.model.events import Stream
from orderflow.model.flow import Flow
from orderflow.model.frozen import as_names
from orderflow.model.order import check_id
from orderflow.model.reasons import Reason, problem, shown, suggest
from orderflow.sugar import Commands
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


class Tracker(Commands, Versioning):
    """Follows orders: takes commands, answers questions, and keeps the host's `sweep` and `deliver` short.

    - `flows`: Flow values (or paths of flow files), one for each kind of order.
    - `storage`: `memory:`, `sqlite:///file.db`, another URL that a plugin knows, or a Storage object.
    - `directory`: who exists: a Directory, a list of Person, or the host's own. Without one, every person id is taken
      as it is, and nobody has a role.
    - `facts`: name -> a callable that answers `fact('name', item=…)` in conditions; it gets the arguments by name.
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
        facts: Mapping[str, Callable[..., Any]] | None = None,
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
            {
                "flows": flows,
                "storage": storage,
                "directory": directory,
                "facts": facts,
                "clock": clock,
                "tenant": tenant,
            }
        )
        known = ("clock", "directory", "facts", "flows", "storage", "tenant")
        for name in sorted(set(settings) ^ set(known)):
            raise DefinitionError([problem("unknown_setting", name=name, known=known, suggestion=suggest(name, known))])
        if not callable(settings["clock"]):
            raise DefinitionError(
                [problem("wrong_kind", what="clock", kind="callable", value=shown(settings["clock"]))]
            )
        tenant = settings["tenant"]
        check_id(tenant, "tenant")
        values, people = _flows(settings["flows"]), _directory(settings["directory"])
        opened = settings["storage"]
        own = isinstance(opened, str)
        if isinstance(opened, str):
            opened = registered.storage(opened, tenant)
        if getattr(opened, "tenant", None) is None:
            raise DefinitionError([problem("bad_storage", value=shown(opened))])
        if opened.tenant != tenant:
            raise DefinitionError([problem("other_tenant", storage=opened.tenant, tenant=tenant)])
        try:
            self._road = Road(
                flows=values,
                storage=opened,
                directory=people,
                facts=_facts(settings["facts"]),
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
        receipt = self._road.handle(_command(command), self._look)
        if isinstance(command, Erase):  # recorded first: after a crash in between nobody sees the values any more
            self._road.storage.erase(Stream.order(command.order))
        return receipt

    def preview(self, command: Command) -> Receipt:
        """The Receipt that a command would give. Raises as `handle` does; nothing is written and nobody is told."""
        return self._road.preview(_command(command), self._look)

    def erase(self, order: str, *, by: Actor | str, reason: str | None = None) -> Receipt:
        """Forget the order's personal values, for ever and for every Tracker; the history keeps their salted hashes.

        First the erasure is recorded, then the storage drops values and salts. After a crash in between nobody sees the
        values any more; call it again to drop them.
        """
        return self.handle(Erase(order=order, by=by, reason=reason))

    def fact_changed(self, fact: str, *, by: Actor | str, orders: Iterable[str] | None = None) -> int:
        """Say that a fact which conditions ask for has another value now; how many orders' clocks were looked at.

        Without `orders`, all open and waiting ones of the flows whose time promises ask for the fact.
        """
        actor, count = to_actor(by), 0
        for order in self._views.asking(fact) if orders is None else as_names(orders):
            self.handle(FactChanged(order=order, fact=fact, by=actor))
            count += 1
        return count

    # --- questions ------------------------------------------------------------------------------------------------

    def get(self, order: str, *, viewer: Actor | str | None = None, as_of: datetime | None = None) -> View:
        """An order as it stands now, or stood at a past instant. Raises `UnknownOrder`."""
        return self._views.get(order, None if viewer is None else to_actor(viewer), as_of)

    def by_external(self, system: str, id: str, *, viewer: Actor | str | None = None) -> View:
        """The order that another system knows under an id. Raises `UnknownOrder`; `Refused` where several have it."""
        return self._views.by_external(system, id, None if viewer is None else to_actor(viewer))

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
                raise InvalidValue.of("not_whole", what=name, value=shown(value))
        page = self._road.storage.feed(after or 0, limit)
        return page.events, page.cursor

    def log(self, orders: Iterable[str] | None = None) -> EventLog:
        """All orders, or these, as an EventLog, for `orderflow.report` and the metrics. Needs the extra `metrics`."""
        return self._views.log(orders)

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
        raise InvalidValue.of("not_a_command", value=shown(value))
    return value


def _directory(value: Any) -> DirectoryPort | None:
    """A directory: one of the host's, a `Directory`, or a list of people."""
    if value is None or all(callable(getattr(value, name, None)) for name in ("person", "with_role", "in_team")):
        found: DirectoryPort | None = value
        return found
    if isinstance(value, list | tuple) and all(isinstance(item, Person) for item in value):
        return Directory(value)
    raise DefinitionError([problem("bad_directory", value=shown(value))])


def _facts(value: Any) -> Mapping[str, Callable[..., Any]]:
    """Callables by the names of the facts that they answer."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DefinitionError([problem("wrong_kind", what="facts", kind="Mapping", value=shown(value))])
    for name, answer in value.items():
        if not callable(answer):
            raise DefinitionError(
                [problem("wrong_kind", what=f"facts: {name!r}", kind="callable", value=shown(answer))]
            )
    return dict(value)


def _flows(flows: Sequence[Flow | str | os.PathLike[str]] | Flow | str | os.PathLike[str]) -> list[Flow]:
    """The flows as values; paths are read."""
    from orderflow.adapters.flowfile import load_flow

    if not isinstance(flows, Flow | str | os.PathLike | Sequence):
        raise DefinitionError([problem("wrong_kind", what="flows", kind="Flow", value=shown(flows))])
    given = [flows] if isinstance(flows, Flow | str | os.PathLike) else list(flows)
    if not given:
        raise DefinitionError([problem("no_flows")])
    return [item if isinstance(item, Flow) else load_flow(item) for item in given]
