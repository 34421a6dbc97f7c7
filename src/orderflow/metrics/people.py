"""People in figures: who is a person, how people are named, and the size below which nobody is shown."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any, get_args

from attrs import evolve

from orderflow.metrics.choices import People, need_choice
from orderflow.model.actor import ActorKind
from orderflow.model.errors import LogError

if TYPE_CHECKING:
    import polars as pl

    from orderflow.metrics.summary import Table

MINIMUM = 5  # orders: a usual rule for figures about people, as of k-anonymity and of statistical offices
OTHERS = "others"
SCORED = {"people", "times", "rework"}  # columns of a scorecard, whose rows may be of several people
_KINDS = tuple(f"{kind}:" for kind in get_args(ActorKind) if kind != "person")
_MACHINES = ("automation:", "system:")


def persons(names: pl.Series) -> list[int]:
    """The codes of actors that are people of the house: no system, automation, customer or other master system.

    Logs of a Tracker write those as `system:shop`; in a foreign log, every other name is a person.
    """
    return _without(names, _KINDS)


def machines(names: pl.Series) -> list[int]:
    """The codes of actors that are programs: `system:shop`, `automation:credit`."""
    kept = set(_without(names, _MACHINES))
    return [code for code in range(len(names)) if code not in kept]


def check_people(people: str, minimum: int) -> None:
    """Raise LogError for a way of naming people, or a minimum, that there is not."""
    need_choice("people", people, People)
    if not isinstance(minimum, int) or minimum < 1:
        raise LogError.of("log.few_is_not_a_number", value=minimum)


def of_whom(options: Mapping[str, Any], takes: Container[str]) -> dict[str, Any]:
    """The options of a figure by person that say whom it is about: asked for teams, in either way, it is of teams.

    - `takes`: the option that says so is called `between` or `of`.
    """
    name = "between" if "between" in takes else "of"
    teams = options.get("people") == "teams"
    whom = "team" if teams else options.get(name, "actor")
    return {name: whom, "people": options.get("people", "names") if whom == "actor" else "teams"}


def shown(frame: pl.DataFrame, *columns: str, count: str, people: str, minimum: int) -> pl.DataFrame:
    """The rows with at least `minimum` in the column `count`, and their people named as asked."""
    import polars as pl

    check_people(people, minimum)
    kept = frame.filter(pl.col(count) >= minimum)
    return pseudonymous(kept, *columns) if people == "pseudonyms" else kept


def by_person(table: Table, *, people: People = "names", minimum: int = MINIMUM) -> Table:
    """A table with figures by person, fit to be shown: for any metric with `by="actor"`.

    - Rows of fewer than `minimum` orders are left out.
    - `people="pseudonyms"`: `person 1`, `person 2` … in the column `actor`, by row, for this table only. `source` and
      `dest`, `one` and `other` may be stages: `handover`, `working_together`, `ping_pong` take `people=` themselves.
    - Raises LogError for a table that names no people, or counts no orders; and for `people="teams"`: ask the metric
      for teams (`by="team"`, `between="team"`, `of="team"`).
    """
    import polars as pl

    check_people(people, minimum)
    columns = table.frame.columns
    if "actor" not in columns or "orders" not in columns or people == "teams":
        raise LogError.of("log.nobody_named", columns=columns)
    rows = table.frame
    if not {*columns} >= SCORED:
        return evolve(table, frame=shown(rows, "actor", count="orders", people=people, minimum=minimum))
    # In a scorecard a row of several people is named already, and is nobody's.
    alone = pl.when(pl.col("people") == 1).then("actor")
    rows = shown(rows.with_columns(actor=alone), "actor", count="orders", people=people, minimum=minimum)
    return evolve(table, frame=rows.with_columns(pl.col("actor").fill_null(OTHERS)))


def pseudonymous(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The rows with `person 1`, `person 2` … for names, numbered as they come; the same name has the same number.

    Systems, automations and others that are no people keep their names. The numbers hold for this table alone: nothing
    that could be tried out, as with a hash, leads back to a name.
    """
    import polars as pl

    rows = pl.concat([frame[name].alias("name") for name in columns]) if len(columns) > 1 else frame[columns[0]]
    names = rows.drop_nulls().unique(maintain_order=True)
    names = names.filter(pl.Series([not name.startswith(_KINDS) for name in names], dtype=pl.Boolean))
    words = pl.Series([f"person {number + 1}" for number in range(len(names))], dtype=pl.String)
    return frame.with_columns(pl.col(name).replace(names, words) for name in columns)


def _without(names: pl.Series, prefixes: tuple[str, ...]) -> list[int]:
    return [code for code, name in enumerate(names.to_list()) if not (name or "").startswith(prefixes)]
