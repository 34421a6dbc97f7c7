"""Floor 3: the plugins of one Tracker: registration, calls, isolation. The other half of the door to pluggy."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pluggy
from attrs import evolve

from orderflow.adapters.channels import Channels
from orderflow.adapters.storages import Storages
from orderflow.hookspecs import PREFIX, Hooks
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import DefinitionError, OrderflowError, StorageError
from orderflow.model.reasons import problem, suggest
from orderflow.ports import Channel, Storage
from orderflow.rules.receipt import Failure, Receipt

GROUP = "orderflow"


class Plugins:
    """The plugins of one Tracker. Nothing is global: each Tracker has its own manager."""

    def __init__(self, plugins: Iterable[Any]) -> None:
        self._manager = pluggy.PluginManager(PREFIX)
        self._manager.add_hookspecs(Hooks)
        if not isinstance(plugins, Iterable):
            raise DefinitionError([problem("plugins_no_list", value=repr(plugins)[:80])])
        for plugin in (Storages(), Channels(), *plugins):
            self._register(plugin)
        committed = reversed(self._manager.hook.orderflow_committed.get_hookimpls())  # as pluggy calls them
        self._committed = tuple((item.plugin_name, item.function, tuple(item.argnames)) for item in committed)

    def _register(self, plugin: Any) -> None:
        name = self._name(plugin)
        _check(plugin, name)
        try:
            self._manager.register(plugin, name=name)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise DefinitionError([problem("bad_plugin", plugin=name, error=str(error).strip())]) from error

    def _name(self, plugin: Any) -> str:
        name = getattr(plugin, "name", None) or getattr(plugin, "__name__", None) or type(plugin).__name__
        taken = sum(1 for known, _ in self._manager.list_name_plugin() if known.partition("#")[0] == name)
        return f"{name}#{taken + 1}" if taken else str(name)

    def configure(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings after every plugin has seen them."""
        _call(self._manager, "orderflow_configure", settings=settings)
        return settings

    def storage(self, url: str, tenant: str) -> Storage:
        """The storage for a URL from the first plugin that knows it; entry points are asked last."""
        managers: tuple[Callable[[], pluggy.PluginManager], ...] = (lambda: self._manager, _installed)
        for manager in managers:  # installed packages are loaded only when nobody else knows
            storage: Storage | None = _call(manager(), "orderflow_storage", url=url, tenant=tenant)
            if storage is not None:
                return storage
        known = "memory: and sqlite:///file.db"
        raise StorageError(f"no plugin knows the storage {url!r}; orderflow itself knows {known}")

    def calendar(self, name: str, years: tuple[int, ...]) -> WorkCalendar | None:
        """The calendar of this name from the first plugin that knows it, or None."""
        found: WorkCalendar | None = self._manager.hook.orderflow_calendar(name=name, years=years)
        return found

    def fact(self, name: str, subjects: Mapping[str, Any]) -> Any:
        """The answer of the first plugin that knows the fact, or None."""
        return self._manager.hook.orderflow_facts(name=name, subjects=subjects)

    def channels(self) -> dict[str, Channel]:
        """Every channel by its name. Two of one name are a `DefinitionError`."""
        found: dict[str, Channel] = {}
        for channels in reversed(_call(self._manager, "orderflow_channels")):
            for channel in channels or ():
                if not isinstance(channel, Channel):
                    wrong = f"{channel!r} is no channel; one has a name and a method send(notification)"
                    raise DefinitionError([problem("bad_plugin", plugin="orderflow_channels", error=wrong)])
                if channel.name in found:
                    raise DefinitionError([problem("channel_twice", name=channel.name)])
                found[channel.name] = channel
        return found

    def tell(self, receipt: Receipt) -> Receipt:
        """The receipt with the failures of the plugins that raised when they were told of it."""
        failures: list[Failure] = []
        for name, function, argnames in self._committed:
            try:
                function(*((receipt,) if argnames else ()))
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the order stands, the Receipt says so
                failures.append(Failure(name, "orderflow_committed", f"{type(error).__name__}: {error}"))
        return evolve(receipt, failures=tuple(failures)) if failures else receipt


def installed_plugins() -> tuple[Any, ...]:
    """Every plugin that installed packages offer under the entry-point group `orderflow`.

    Without this, installed packages only provide storages by their URL: installing one must never mail a customer.
    """
    return tuple(plugin for _, plugin in _installed().list_name_plugin())


def _installed() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PREFIX)
    manager.add_hookspecs(Hooks)
    try:
        manager.load_setuptools_entrypoints(GROUP)
    except Exception as error:
        text = f"an installed package cannot be loaded: {type(error).__name__}: {error}"
        raise DefinitionError([problem("bad_plugin", plugin=f"entry points {GROUP!r}", error=text)]) from error
    return manager


def _check(plugin: Any, name: str) -> None:
    """Refuse a plugin that has a hook which does not exist or is written wrongly, or none at all: slips of the pen."""
    known = {hook: inspect.signature(spec) for hook, spec in vars(Hooks).items() if hook.startswith(PREFIX)}
    hooks = list(_hooks(plugin))
    problems = []
    for hook, method in hooks:
        if hook not in known:
            problems.append(problem("unknown_hook", plugin=name, hook=hook, suggestion=suggest(hook, known)))
        elif slip := _slip(plugin, name, hook, method, set(known[hook].parameters)):
            problems.append(problem("bad_plugin", plugin=name, error=slip[0], suggestion=slip[1]))
    if not hooks:
        problems.append(problem("plugin_without_hooks", plugin=name, known=tuple(known)))
    if problems:
        raise DefinitionError(problems)


def _slip(plugin: Any, name: str, hook: str, method: Any, known: set[str]) -> tuple[str, str | None] | None:
    """What is wrong with a hook's implementation, and what may have been meant; None when nothing is."""
    options = getattr(method, f"{PREFIX}_impl", None)
    arguments = list(inspect.signature(method).parameters)
    if options is None:
        return f"{hook} is not marked with @orderflow.hookimpl", None
    if inspect.isclass(plugin) and arguments[:1] == ["self"]:
        return f"it is a class; give an object, such as {name}()", None
    if hook == "orderflow_committed" and (options["wrapper"] or options["hookwrapper"]):
        return f"{hook} cannot be a wrapper: each plugin is told apart from the others", None
    wrong = next((item for item in arguments if item not in known), None)
    return None if wrong is None else (f"{hook} has no argument {wrong!r}.", suggest(wrong, known - {"self"}))


def _hooks(plugin: Any) -> Iterator[tuple[str, Any]]:
    """The functions of a plugin that are hooks, by their mark or their name; each with the name of its hook."""
    for name in dir(plugin):
        method = getattr(plugin, name, None)
        options = getattr(method, f"{PREFIX}_impl", None)
        if inspect.isroutine(method) and (name.startswith(f"{PREFIX}_") or isinstance(options, dict)):
            yield (options or {}).get("specname") or name, method


def _call(manager: pluggy.PluginManager, hook: str, **arguments: Any) -> Any:
    """Call a hook while a Tracker opens; what a plugin raises there is a `DefinitionError` that names who can have.

    Errors of orderflow itself, such as a `StorageError`, are passed on.
    """
    caller = getattr(manager.hook, hook)
    try:
        return caller(**arguments)
    except OrderflowError:
        raise
    except Exception as error:
        names = [item.plugin_name for item in caller.get_hookimpls() if item.plugin_name not in _OWN]
        said = f"{hook} raised {type(error).__name__}: {error}"
        raise DefinitionError([problem("bad_plugin", plugin=", ".join(names), error=said)]) from error


_OWN = (Storages.__name__, Channels.__name__)
