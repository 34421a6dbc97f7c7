"""A report that is made in parts says what the one on the whole log says: every part, on all terms."""

from __future__ import annotations

import random
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters.sketches import sketched
from orderflow.metrics import EventLog, Running, Table, figures, in_shards
from orderflow.metrics.batches import part
from orderflow.metrics.figures import FURTHER, Figure, Pile
from orderflow.metrics.merged import figures_of_report
from orderflow.metrics.packing import pack, unpack
from orderflow.metrics.terms import Terms
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

QUANTILES = {
    *("median", "p90", "p95", "median_low", "median_high"),
    *("early_median", "late_median", "late_p90"),
}
HOUR = 3_600_000_000
OFFICE = WorkCalendar.from_dict({"timezone": "Europe/Berlin", "hours": {"mon-sun": ["09:00-17:00"]}})
TEAMS = {"Ann": "sales", "bob": "sales", "Cid": "仓库", "Dai": "仓库", "system:shop": None}
ALLOWED = {"order": {(None, "placed"), ("placed", "审核"), ("审核", "done")}}
TERMS: list[dict[str, Any]] = [
    {},
    {"calendar": OFFICE},
    {"delivered_stage": "审核", "allowed": ALLOWED, "by": "region"},
    {"people": "pseudonyms", "minimum": 4, "by": ["region", "level"]},
    {"people": "teams", "minimum": 2},
]


def everything(seed: int = 1, orders: int = 60) -> EventLog:
    """A log with people, teams, starts of work, promises, marks, feedback and lines."""
    some = random.Random(seed)
    ids = [f"SO-{n}" for n in range(orders)]
    events: dict[str, list[Any]] = {"order": [], "stage": [], "at": [], "actor": [], "team": [], "started_at": []}
    for id in ids:
        at = some.randrange(2_000) * HOUR
        for _ in range(some.randrange(1, 8)):
            actor = some.choice(list(TEAMS))
            stage = some.choice(["placed", "审核", "返工", "done", "取消"])
            row = (id, stage, at, actor, TEAMS[actor], at - some.randrange(5) * HOUR)
            for name, value in zip(events, row, strict=True):
                events[name].append(value)
            at += some.randrange(50) * HOUR
    return EventLog.from_columns(
        events,
        {
            "order": ids,
            "region": [some.choice(["east", "华东", None]) for _ in ids],
            "level": [some.choice(["A", "B"]) for _ in ids],
            "promised_at": [some.randrange(2_200) * HOUR for _ in ids],
        },
        tz="Europe/Berlin",
        done_stages=["done"],
        cancelled_stages=["取消"],
        marks={
            "order": [id for id in ids for _ in range(2)],
            "track": ["order"] * 2 * orders,
            "sla": ["reply"] * 2 * orders,
            "kind": [kind for _ in ids for kind in ("started", some.choice(["met", "breached"]))],
        },
        feedback={
            "order": ids,
            "at": [some.randrange(2_100) * HOUR for _ in ids],
            "score": [some.randrange(1, 6) for _ in ids],
            "kind": [some.choice(["csat", "complaint"]) for _ in ids],
        },
        lines={
            "order": ids,
            "line": ["1"] * orders,
            "ordered": [2] * orders,
            "delivered": [some.choice([1, 2]) for _ in ids],
            "at": [some.randrange(2_100) * HOUR for _ in ids],
        },
    )


def said(report: of.Report, by: Any = None) -> dict[str, Any]:
    """Everything that a report says, and why it leaves out what it leaves out."""
    groups = {} if by is None else {"lead_time_by": report.lead_time_by(by).to_dicts()}
    left_out = {name: why.text() for name, why in report.left_out.items()}
    return {**report.to_dict(), "further": report.further_to_dict(), "left_out": left_out, **groups}


def in_memory(log: EventLog, terms: dict[str, Any]) -> dict[str, Any]:
    by = terms.get("by")
    return said(of.report(log, **{name: value for name, value in terms.items() if name != "by"}), by)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: "-".join(terms) or "plain")
def test_shards_say_what_the_whole_says(terms: dict[str, Any]) -> None:
    """All parts, in open time, by pseudonyms and by teams, and lead times by attributes."""
    log = everything()
    found = of.report(log, shards=4, further="all", **terms)
    assert said(found, terms.get("by")) == in_memory(log, terms)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: "-".join(terms) or "plain")
def test_running_totals_say_what_the_whole_says(terms: dict[str, Any]) -> None:
    """The report of totals that ran along, on the same terms."""
    log = everything()
    totals = Running()
    for shard in in_shards(log, 3):
        totals.add(shard)
    assert said(totals.report(further="all", **terms), terms.get("by")) == in_memory(totals.log(), terms)


@pytest.mark.parametrize("name", ["handover", "ping_pong", "workload", "working_together", "scorecard"])
def test_running_totals_of_teams_name_nobody(name: str) -> None:
    """`people="teams"` asks running totals for teams, as it asks the function."""
    log = everything()
    totals = Running()
    totals.add(log)
    found = totals.result(name, people="teams", minimum=2)
    assert found.to_dicts() == getattr(of.metrics, name)(log, people="teams", minimum=2).to_dicts()
    assert not set(TEAMS) & {value for row in found.to_dicts() for value in row.values() if isinstance(value, str)}


def test_what_a_log_cannot_answer_is_left_out_with_its_reason() -> None:
    """Of shards too: asked for and not answerable is another reason than not asked for."""
    log = EventLog.from_columns({"order": ["A", "B"], "stage": ["a", "b"], "at": [0, 1]})
    assert of.report(log, shards=2, further="all").left_out == of.report(log).left_out
    found = of.report(log, shards=2, further=["touches", "sla_attainment"])
    assert set(found.further) == {"touches"} & set(of.report(log).further)
    assert found.left_out["sla_attainment"].code == "log.no_table"
    assert found.left_out["queues"].code == "log.part_not_summed"
    assert "further=['queues']" in found.left_out["queues"].text()


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"further": ["workloads"]}, "log.unknown_figure"),
        ({"further": "everything"}, "log.unknown_figure"),
        ({"by": "regoin"}, "log.unknown_attribute"),
        ({"minimum": 0}, "log.few_is_not_a_number"),
        ({"people": "initials"}, "log.unknown_choice"),
        ({"delivered_stage": "delivred"}, "log.unknown_stage"),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms: dict[str, Any], code: str) -> None:
    """A part, an attribute, a stage that is not there, by the code of its problem, before or after reading."""
    with pytest.raises(LogError) as caught:
        of.report(everything(), shards=2, **terms)
    assert caught.value.problems[0].code == code


def test_other_groups_than_those_summed_up_are_refused() -> None:
    """Nothing can be asked of events that are gone."""
    found = of.report(everything(), shards=2, by="region")
    assert found.lead_time_by(["region"]).to_dicts() == found.lead_time_by("region").to_dicts()
    with pytest.raises(LogError) as caught:
        found.lead_time_by("level")
    assert caught.value.problems[0].code == "log.groups_not_summed"


def test_plain_time_names_people_as_the_report_does() -> None:
    """`wall` keeps all terms but the calendar, whatever other report was asked of the same log before."""
    log = everything()
    names = of.report(log, calendar=OFFICE)
    hidden = of.report(log, calendar=OFFICE, people="pseudonyms", minimum=3)
    assert names.wall.workload == of.metrics.workload(log)
    assert hidden.wall.workload == of.metrics.workload(log, people="pseudonyms", minimum=3)


def test_every_further_part_is_one_that_a_report_has() -> None:
    """The names that can be asked for are those of the report's attributes."""
    found = of.report(everything(), allowed=ALLOWED)
    assert [name for name in FURTHER if getattr(found, name) is None] == []
    assert sorted(found.further) == sorted(FURTHER)


def figures_that_time() -> dict[str, Figure]:
    """The figures with a median or other quantile in their result."""
    asked = figures_of_report(everything(), Terms(further="all", allowed=ALLOWED))
    results = {name: figure.result(figure.summarise(everything())) for name, figure in asked.items()}
    return {
        n: asked[n] for n, found in results.items() if isinstance(found, Table) and QUANTILES & {*found.frame.columns}
    }


def test_every_figure_that_times_keeps_durations_in_one_way() -> None:
    """Ten figures have quantiles; the durations of each are counted, and sketched where that is asked for."""
    assert set(figures_that_time()) == {
        *("lead_time", "flow_map", "stage_time", "on_time", "first_response", "flow_efficiency", "handover_of_teams"),
        *("scorecard", "cohorts", "periods"),
    }


@pytest.mark.parametrize("name", sorted(figures_that_time()))
def test_too_many_durations_are_refused_in_every_figure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a merge is refused; sketches hold no duration, merge, and say the same of so few."""
    figure = figures_that_time()[name]
    parts = [figure.summarise(part) for part in halves()]
    exact = figure.merge(*parts)
    monkeypatch.setattr(figures, "EXACT", 3)
    pile = Pile(figure)
    pile.add(parts[0])
    with pytest.raises(LogError) as caught:
        pile.add(parts[1])
    assert caught.value.problems[0].code == "log.too_many_durations"
    small = figure.merge(*(sketched(part) for part in parts))
    figures.check_size(figure, small)
    held = list(figures.samples_in(small))
    assert held
    assert not any("micros" in samples.values.columns for samples in held)
    assert pack(unpack(pack(small))) == pack(small)
    near, far = figure.result(small).to_dicts(), figure.result(exact).to_dicts()
    assert [{k: v for k, v in row.items() if k not in QUANTILES} for row in near] == [
        {k: pytest.approx(v) if isinstance(v, float) else v for k, v in row.items() if k not in QUANTILES}
        for row in far
    ]


def halves() -> list[EventLog]:
    """The same log in two parts with no order in common."""
    log = everything()
    return [part(log, log.orders["order"].filter(log.orders["order"] % 2 == n)) for n in (0, 1)]


def test_sketches_know_how_many_orders_a_person_had() -> None:
    """Stage times and steps by actor have `orders` with sketches too, as `by_person` needs them."""
    for name in ("stage_time", "flow_map"):
        figure = Figure.of(name, {"by": "actor"})
        exact = figure.result(figure.summarise(everything())).to_polars()
        found = figure.result(figure.merge(*(sketched(figure.summarise(part)) for part in halves()))).to_polars()
        keys = ["actor", *(column for column in ("stage", "source", "dest") if column in exact.columns)]
        assert found.select(*keys, "orders").sort(keys).equals(exact.select(*keys, "orders").sort(keys))
