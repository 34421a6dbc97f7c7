"""The commands about versions of a flow: `orderflow migrate` and `orderflow pilot`. `cli.py` hooks them in.

They work on a storage without the application: there is no directory, so whoever is named exists and nobody has a role;
and no channels, so messages are owed only over those that the flow names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import click

from orderflow.model.errors import StorageError
from orderflow.model.reasons import Language

if TYPE_CHECKING:
    from orderflow.model.actor import Actor
    from orderflow.model.migration import Migrated, MigrationPlan, PlannedOrder
    from orderflow.model.pilots import Pilot
    from orderflow.road import Road

Show = Callable[[str], None]
LONG_WORK = 1_000  # orders: from about this many on a person wants to see how far it is
_SQLITE = "sqlite:///"

_FILE = click.Path(dir_okay=False, path_type=Path)
_storage = click.option("--storage", "url", metavar="URL", required=True, help="Where the orders are, as a Tracker's.")
_tenant = click.option("--tenant", default="main", show_default=True, help="Whose orders.")
_by = click.option("--by", metavar="ID", help="The person who does it, for the history. [system:orderflow]")
_form = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
_lang = click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the output."
)
_share = click.option("--share", metavar="PERCENT", help="Share of the new orders, such as 10%.")
_when = click.option("--when", metavar="CONDITION", help="Only orders for which this is true.")


def add_to(main: click.Group, show: Show) -> None:
    """Hook the commands into the group; `show` prints a text as the terminal can show it."""
    main.command("migrate")(_bound(migrate_command, show))
    group = main.group("pilot", cls=type(main), help="Try a new version on some of the new orders.")(lambda: None)
    for name, function in (
        ("start", start_command),
        ("widen", widen_command),
        ("end", end_command),
        ("list", list_command),
        ("report", report_command),
    ):
        group.command(name)(_bound(function, show))


def _bound(function: Callable[..., None], show: Show) -> Callable[..., None]:
    """A command's function with its way of printing, and all that click reads of it."""
    return update_wrapper(partial(function, show), function)


@click.argument("file", type=_FILE, required=False)
@_storage
@click.option("--map", "mapping", metavar="OLD=NEW", multiple=True, help="What becomes of a stage; again for others.")
@click.option("--clocks", type=click.Choice(["keep", "restart", "rescale"]), default="keep", show_default=True)
@click.option("--orders", metavar="ID,ID", help="Only these. [every open or waiting one]")
@click.option("--apply", "wanted", is_flag=True, help="Do it. Without this the plan is printed, and nothing written.")
@click.option("--revert", metavar="PLAN", help="Take back what this plan did, instead.")
@_by
@_tenant
@_form
@_lang
def migrate_command(
    show: Show,
    file: Path | None,
    url: str,
    mapping: tuple[str, ...],
    clocks: Any,
    orders: str | None,
    wanted: bool,
    revert: str | None,
    by: str | None,
    tenant: str,
    form: str,
    lang: Language,
) -> None:
    """Take running orders to the version of the flow in FILE; by default only say what that means.

    Exit code 1 when orders had to be left as they were.
    """
    if (file is None) == (revert is None):
        raise click.UsageError("name the FILE of the new version, or with --revert the plan that is taken back")
    if revert is not None and (mapping or wanted or clocks != "keep"):
        raise click.UsageError("--revert goes without --map, --clocks and --apply: the history says what to take back")
    from orderflow import migrating

    names = None if orders is None else [item.strip() for item in orders.split(",")]
    plan: MigrationPlan | None = None
    done: Migrated | None = None
    with _opened(url, tenant) as (road, look):
        if file is not None:
            with _bar(1) as progress:  # how many there are is not known before
                plan = migrating.plan(
                    road, file, orders=names, mapping=_pairs(mapping), clocks=clocks, progress=progress
                )
        if plan is not None and wanted:
            with _bar(len(plan.orders)) as progress:
                done = migrating.migrate(road, plan, look, by=_actor(by), progress=progress)
        elif revert is not None:
            done = migrating.revert(road, revert, look, by=_actor(by), orders=names)
    if form == "json":
        show(_json({"plan": plan and _plan_data(plan, lang), "result": done and _result_data(done, lang)}))
    else:
        show("\n".join(item.text(lang) for item in (plan, done) if item is not None) + "\n")
    if done is not None and (done.left or done.conflicts):
        raise click.exceptions.Exit(1)


@click.argument("file", type=_FILE)
@_storage
@click.option("--name", required=True, help="Name of the pilot.")
@_share
@_when
@_by
@_tenant
@_lang
def start_command(
    show: Show,
    file: Path,
    url: str,
    name: str,
    share: str | None,
    when: str | None,
    by: str | None,
    tenant: str,
    lang: Language,
) -> None:
    """Try the version in FILE on a share of the new orders, on those for which a condition is true, or both."""
    from orderflow import piloting

    with _opened(url, tenant) as (road, _):
        pilot = piloting.start(road, file, name=name, share=share, when=when, by=_actor(by))
    show(_pilot_line(pilot, lang))


@click.argument("name")
@_storage
@_share
@_when
@_by
@_tenant
@_lang
def widen_command(
    show: Show,
    name: str,
    url: str,
    share: str | None,
    when: str | None,
    by: str | None,
    tenant: str,
    lang: Language,
) -> None:
    """Let the pilot NAME take more new orders: a greater share, or also those for which --when is true."""
    from orderflow import piloting

    with _opened(url, tenant) as (road, _):
        pilot = piloting.widen(road, name, share=share, when=when, by=_actor(by))
    show(_pilot_line(pilot, lang))


@click.argument("name")
@_storage
@click.option("--adopt", is_flag=True, help="Record that its version is to be everybody's.")
@_by
@_tenant
@_lang
def end_command(show: Show, name: str, url: str, adopt: bool, by: str | None, tenant: str, lang: Language) -> None:
    """Let the pilot NAME take no more orders. Those that it has stay on their version."""
    from orderflow import piloting

    with _opened(url, tenant) as (road, _):
        pilot = piloting.end(road, name, adopt=adopt, by=_actor(by))
    show(_pilot_line(pilot, lang))


@_storage
@click.option("--flow", help="Only of this flow.")
@_tenant
@_form
@_lang
def list_command(show: Show, url: str, flow: str | None, tenant: str, form: str, lang: Language) -> None:
    """List every pilot that there was."""
    from orderflow import piloting

    with _opened(url, tenant) as (road, _):
        found = piloting.pilots(road, flow)
    if form == "json":
        show(_json([_pilot_data(pilot) for pilot in found]))
    else:
        show("".join(_pilot_line(pilot, lang) for pilot in found))


@click.argument("name")
@_storage
@_tenant
@_form
@_lang
def report_command(show: Show, name: str, url: str, tenant: str, form: str, lang: Language) -> None:
    """Compare the orders of the pilot NAME with the others that were placed in the same time."""
    from orderflow import piloting

    with _opened(url, tenant) as (road, _):
        found = piloting.report(road, name)
    show(
        _json({"pilot": _pilot_data(found.pilot), "groups": found.to_dicts()})
        if form == "json"
        else found.text(lang) + "\n"
    )


@contextmanager
def _opened(url: str, tenant: str) -> Iterator[tuple[Road, Any]]:
    """A road over a storage, with no flow of its own: opening it records nothing."""
    from orderflow.model.actor import Actor
    from orderflow.plugins import Plugins
    from orderflow.road import Road
    from orderflow.tracker import utc_now
    from orderflow.views import Views

    if url.startswith(_SQLITE) and not Path(unquote(url.removeprefix(_SQLITE).partition("?")[0])).is_file():
        raise click.BadParameter(f"{url}: there is no such file", param_hint="'--storage'")
    plugins = Plugins(())
    try:
        storage = plugins.storage(url, tenant)
    except StorageError as error:
        raise click.BadParameter(str(error), param_hint="'--storage'") from error
    try:
        actor = Actor.system("orderflow")
        road = Road(flows=(), storage=storage, directory=None, plugins=plugins, clock=utc_now, actor=actor)
        yield road, Views(road).look
    finally:
        storage.close()


def _actor(by: str | None) -> Actor:
    from orderflow.model.actor import Actor

    return Actor.system("orderflow") if by is None else Actor.person(by)


def _pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in mapping:
        old, sign, new = (part.strip() for part in item.partition("="))
        if not (old and sign and new):
            raise click.BadParameter(f"{item!r}: write OLD=NEW, such as review=credit_check", param_hint="'--map'")
        if found.setdefault(old, new) != new:
            raise click.BadParameter(f"{old!r} is mapped twice", param_hint="'--map'")
    return found


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on stderr, when the work is long and a person watches."""
    if not sys.stderr.isatty() or 1 < total < LONG_WORK:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total if total > 1 else None)
        yield lambda done, _all: progress.update(task, completed=done)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=True, indent=2) + "\n"


def _plan_data(plan: MigrationPlan, language: Language) -> dict[str, Any]:
    return {
        "id": plan.id,
        "flow": plan.flow,
        "version": plan.version,
        "mapping": dict(plan.mapping),
        "clocks": plan.clocks,
        "counts": plan.counts,
        "orders": [_order_data(item, language) for item in plan.orders],
    }


def _result_data(done: Migrated, language: Language) -> dict[str, Any]:
    return {
        "plan": done.plan,
        "done": done.done,
        "skipped": done.skipped,
        "left": [_order_data(item, language) for item in done.left],
        "conflicts": list(done.conflicts),
        "waiting": done.waiting,
    }


def _order_data(item: PlannedOrder, language: Language) -> dict[str, Any]:
    return {
        "order": item.order,
        "from": item.from_flow,
        "kind": item.kind,
        "moves": [list(move) for move in item.moves],
        "reasons": [{"code": cause.code, "text": cause.text(language)} for cause in item.reasons],
    }


def _pilot_data(pilot: Pilot) -> dict[str, Any]:
    from orderflow.model.pilots import percent

    return {
        "name": pilot.name,
        "flow": pilot.flow,
        "version": pilot.fingerprint,
        "share": percent(pilot.share),
        "when": pilot.when and pilot.when.text,
        "started_at": pilot.started_at.isoformat(),
        "ended_at": pilot.ended_at and pilot.ended_at.isoformat(),
        "adopted": pilot.adopted,
    }


def _pilot_line(pilot: Pilot, language: Language) -> str:
    return pilot.text(language) + "\n"
