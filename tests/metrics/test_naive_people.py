"""Figures about people and teams against naive definitions in plain Python, on small logs made by Hypothesis."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations, pairwise
from math import sqrt
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.metrics import (
    first_response,
    handover_of_teams,
    ping_pong,
    scorecard,
    sla_attainment,
    touches,
    working_together,
    workload,
)
from orderflow.metrics.log import EventLog

HOUR = 3_600_000_000
ACTORS = (None, "", "张三", "bob", "Ann", "system:shop", "automation:credit", "customer:C-1")
MACHINES = ("system:", "automation:")
Row = tuple[str, str, int, str | None, str | None]

rows = st.lists(
    st.tuples(
        st.sampled_from(["SO-1", "SO-2", "订单-3", "4"]),
        st.sampled_from(["placed", "审核", "a", "done"]),
        st.integers(0, 6).map(lambda hours: hours * HOUR),
        st.sampled_from(ACTORS),
        st.sampled_from([None, "sales", "仓库", "Ops"]),
    ),
    max_size=25,
)
many = settings(max_examples=40, deadline=None)


def log_of(events: list[Row], **more: Any) -> EventLog:
    columns = [list(column) for column in zip(*events, strict=True)] if events else [[]] * 5
    names = ("order", "stage", "at", "actor", "team")
    return EventLog.from_columns(dict(zip(names, columns, strict=True)), done_stages=["done"], **more)


def histories(events: list[Row]) -> list[list[Row]]:
    """The events of each order by time; ties keep the order of arrival. An empty actor is None."""
    found: dict[str, list[Row]] = defaultdict(list)
    for order, stage, at, actor, team in events:
        found[order].append((order, stage, at, actor or None, team))
    return [sorted(history, key=lambda event: event[2]) for history in found.values()]


def is_person(actor: str | None) -> bool:
    return actor is not None and ":" not in actor


def wilson(k: int, n: int) -> tuple[Any, Any, Any]:
    """Share, low and high as in the paper; None of 0."""
    if not n:
        return None, None, None
    z, p = 1.959963984540054, k / n
    middle, width = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return near(p), near((middle - width) / scale), near((middle + width) / scale)


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


def by_count(rows: list[dict[str, Any]], count: str, *keys: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (-row[count], *(row[key] for key in keys)))


marks = st.lists(
    st.tuples(
        st.sampled_from(["SO-1", "订单-3"]),
        st.sampled_from(["order", "shipment:1", "shipment:2"]),
        st.sampled_from(["reply", "交付"]),
        st.sampled_from(
            ["started", "paused", "resumed", "reset", "warned", "met", "breached", "cancelled", "corrected"]
        ),
        st.sampled_from([None, "met"]),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=20,
)


@many
@given(marks)
def test_each_run_of_a_clock_has_one_outcome(given_marks: list[Any]) -> None:
    """A run begins with `started` or `reset`; a breach counts before met, met before cancelled; voided marks do not."""
    columns = [list(column) for column in zip(*given_marks, strict=True)] if given_marks else [[]] * 6
    names = ("order", "track", "sla", "kind", "label", "voided")
    table = dict(zip(names, columns, strict=True))
    clocks: dict[Any, list[list[Any]]] = {}
    for order, track, sla, kind, label, voided in given_marks:
        runs = clocks.setdefault((order, track, sla), [])
        if not runs or (kind in ("started", "reset") and not voided):
            runs.append([])
        if not voided:
            runs[-1].append((kind, label))
    found: dict[Any, Counter[str]] = defaultdict(Counter)
    for (_order, track, sla), runs in clocks.items():
        for place, run in enumerate(runs):
            kinds = {kind for kind, _label in run}
            if "breached" in kinds:
                outcome = "breached"
            elif "met" in kinds or ("corrected", "met") in run:
                outcome = "in_time"
            elif "cancelled" in kinds:
                outcome = "cancelled"
            else:
                outcome = "reset" if place + 1 < len(runs) else "running"
            found[sla, track.split(":")[0]][outcome] += 1
    expected = []
    for (sla, track), counts in sorted(found.items()):
        n = counts["in_time"] + counts["breached"]
        share, low, high = wilson(counts["in_time"], n)
        row = {"sla": sla, "track": track, "runs": counts.total(), "n": n}
        row |= {name: counts[name] for name in ("in_time", "breached", "running", "cancelled", "reset")}
        expected.append(row | {"share": share, "low": low, "high": high})
    assert sla_attainment(log_of([], marks=table), by="track").to_dicts() == expected


@many
@given(rows, st.sampled_from(["actor", "team", "stage"]))
def test_the_first_response_is_by_another(events: list[Row], of: str) -> None:
    """The first later event by another person, another known team, or in another stage; without one, unanswered."""
    place = {"stage": 1, "actor": 3, "team": 4}[of]
    waits = []
    for history in histories(events):
        first = history[0]
        for event in history[1:]:
            if event[place] is not None and event[place] != first[place] and (of != "actor" or is_person(event[3])):
                waits.append((event[2] - first[2]) / 1e6)
                break
    [found] = first_response(log_of(events), of=of).to_dicts()
    assert (found["orders"], found["n"]) == (len(histories(events)), len(waits))
    assert found["unanswered"] == found["orders"] - found["n"]
    assert (found["median"], found["sum"]) == (near(median(waits)), near(sum(waits))) if waits else (None, None)


@many
@given(rows, st.sampled_from(["actor", "team"]))
def test_workload_counts_what_each_has_done_and_what_lies_with_them(events: list[Row], of: str) -> None:
    """Events, different orders, and open orders whose last event is theirs; nobody has no row."""
    place = {"actor": 3, "team": 4}[of]
    done: Counter[str] = Counter()
    orders: dict[str, set[str]] = defaultdict(set)
    lies: Counter[str] = Counter()
    for history in histories(events):
        for event in history:
            if (who := event[place]) is not None:
                done[who] += 1
                orders[who].add(event[0])
        if history[-1][1] != "done" and history[-1][place] is not None:
            lies[history[-1][place]] += 1  # type: ignore[index]  # not None, as was asked
    expected = [{of: who, "events": n, "orders": len(orders[who]), "open": lies[who]} for who, n in done.items()]
    assert workload(log_of(events), of=of).to_dicts() == by_count(expected, "events", of)
    few = workload(log_of(events), of=of, minimum=2).to_dicts()
    assert few == [row for row in by_count(expected, "events", of) if row["orders"] >= 2]


@many
@given(rows)
def test_touches_are_events_by_people(events: list[Row]) -> None:
    """No-touch is an order that only systems and automations handled; what is not known is in neither."""
    past = histories(events)
    touched = sum(any(is_person(event[3]) for event in history) for history in past)
    no_touch = sum(all((event[3] or "").startswith(MACHINES) for event in history) for history in past)
    by_people = sum(is_person(event[3]) for history in past for event in history)
    share, low, high = wilson(no_touch, touched + no_touch)
    [found] = touches(log_of(events)).to_dicts()
    assert found == {
        "orders": len(past),
        "events": len(events),
        "touches": by_people,
        "events_per_order": near(len(events) / len(past)) if past else None,
        "touches_per_order": near(by_people / len(past)) if past else None,
        "touched": touched,
        "no_touch": no_touch,
        "unknown": len(past) - touched - no_touch,
        "share": share,
        "low": low,
        "high": high,
    }


@many
@given(rows, st.sampled_from(["actor", "team"]))
def test_working_together_is_having_events_in_the_same_order(events: list[Row], of: str) -> None:
    """Pairs by name, with the orders of both and their share of the orders of each."""
    place = {"actor": 3, "team": 4}[of]
    teams = [{event[place] for event in history} - {None} for history in histories(events)]
    pairs = Counter(pair for team in teams for pair in combinations(sorted(team), 2))  # type: ignore[type-var]  # no None
    alone = Counter(who for team in teams for who in team)
    expected = [
        {"one": a, "other": b, "orders": n, "share_of_one": near(n / alone[a]), "share_of_other": near(n / alone[b])}
        for (a, b), n in pairs.items()
    ]
    assert working_together(log_of(events), of=of).to_dicts() == by_count(expected, "orders", "one", "other")


@many
@given(rows)
def test_handover_of_teams_is_between_two_different_known_teams(events: list[Row]) -> None:
    """The time between consecutive events of an order by two teams; a missing team takes part in none."""
    waits: dict[Any, list[float]] = defaultdict(list)
    for history in histories(events):
        for before, after in pairwise(history):
            if before[4] and after[4] and before[4] != after[4]:
                waits[before[4], after[4]].append((after[2] - before[2]) / 1e6)
    found = {(row["source"], row["dest"]): row for row in handover_of_teams(log_of(events)).to_dicts()}
    assert list(found) == sorted(waits, key=lambda pair: (-sum(waits[pair]), *pair))
    for pair, values in waits.items():
        assert (found[pair]["n"], found[pair]["median"]) == (len(values), near(median(values)))
        assert (found[pair]["max"], found[pair]["sum"]) == (max(values), near(sum(values)))


@many
@given(rows, st.sampled_from(["actor", "team", "stage"]))
def test_ping_pong_is_going_away_and_straight_back(events: list[Row], of: str) -> None:
    """A, B, A in turns; events in a row by the same one are one turn, and an unknown turn breaks the sequence."""
    place = {"stage": 1, "actor": 3, "team": 4}[of]
    times: dict[Any, list[float]] = defaultdict(list)
    orders: dict[Any, set[str]] = defaultdict(set)
    for history in histories(events):
        turns = [event for n, event in enumerate(history) if n == 0 or event[place] != history[n - 1][place]]
        for a, b, back in zip(turns, turns[1:], turns[2:], strict=False):
            if a[place] is not None and b[place] is not None and a[place] == back[place]:
                times[a[place], b[place]].append((back[2] - b[2]) / 1e6)
                orders[a[place], b[place]].add(a[0])
    expected = [
        {
            "one": a,
            "other": b,
            "count": len(values),
            "orders": len(orders[a, b]),
            "mean": near(sum(values) / len(values)),
            "total": near(sum(values)),
        }
        for (a, b), values in times.items()
    ]
    assert ping_pong(log_of(events), of=of).to_dicts() == by_count(expected, "count", "one", "other")


def naive_scorecard(events: list[Row], promises: dict[str, int]) -> dict[str, dict[str, Any]]:
    """By person: orders, events, the times until they acted, promises kept, orders with rework."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {"orders": {}, "events": 0, "times": [], "timed": set()})
    for history in histories(events):
        order = history[0][0]
        delivered = next((event[2] for event in history if event[1] == "done"), None)
        kept = delivered <= promises[order] if order in promises and delivered is not None else None
        for n, event in enumerate(history):
            if not is_person(event[3]):
                continue
            card = found[str(event[3])]
            card["events"] += 1
            again = event[1] in {before[1] for before in history[:n]}
            card["orders"][order] = (kept, again or card["orders"].get(order, (None, False))[1])
            if n:
                card["times"].append((event[2] - history[n - 1][2]) / 1e6)
                card["timed"].add(order)
    return found


@many
@given(rows, st.dictionaries(st.sampled_from(["SO-1", "SO-2", "4"]), st.integers(0, 6).map(lambda h: h * HOUR)))
def test_a_scorecard_is_made_of_the_orders_of_each(events: list[Row], promises: dict[str, int]) -> None:
    """Median time until they acted, share of promises kept, share of orders with rework, each with its interval."""
    log = log_of(events, orders={"order": list(promises), "promised_at": list(promises.values())})
    expected = naive_scorecard(events, promises)
    found = {row["actor"]: row for row in scorecard(log, minimum=1).to_dicts()}
    assert list(found) == sorted(expected, key=lambda who: (-len(expected[who]["orders"]), who))
    for who, card in expected.items():
        row, kept = found[who], [kept for kept, _again in card["orders"].values() if kept is not None]
        again = [again for _kept, again in card["orders"].values()]
        assert (row["orders"], row["events"], row["people"]) == (len(card["orders"]), card["events"], 1)
        assert (row["times"], row["promised"]) == (len(card["times"]), len(kept))
        assert row["median"] == (near(median(card["times"])) if card["times"] else None)
        assert (row["on_time"], row["on_time_low"], row["on_time_high"]) == wilson(sum(kept), len(kept))
        assert (row["rework"], row["rework_low"], row["rework_high"]) == wilson(sum(again), len(again))


@many
@given(rows, st.integers(1, 4))
def test_one_minimum_holds_for_every_figure_of_a_scorecard(events: list[Row], minimum: int) -> None:
    """Small rows are summed up, unless that would still show somebody; a figure of fewer orders is missing."""
    cards = naive_scorecard(events, {})
    small = {who: card for who, card in cards.items() if len(card["orders"]) < minimum}
    found = {row["actor"]: row for row in scorecard(log_of(events), minimum=minimum).to_dicts()}
    together = sum(len(card["orders"]) for card in small.values())
    assert ("others" in found) == (len(small) > 1 and together >= minimum)
    assert set(found) - {"others"} == set(cards) - set(small)
    if "others" in found:
        assert list(found)[-1] == "others"
        assert (found["others"]["orders"], found["others"]["people"]) == (together, len(small))
        assert found["others"]["times"] == sum(len(card["times"]) for card in small.values())
    for who, row in found.items():
        of_whom = small.values() if who == "others" else [cards[who]]
        assert row["orders"] >= minimum
        assert (row["median"] is None) == (sum(len(card["timed"]) for card in of_whom) < minimum)


@many
@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_the_interval_of_a_median_is_made_of_ranks(hours: list[int]) -> None:
    """The values of rank n/2 - 0.98 √n and 1 + n/2 + 0.98 √n, rounded (Campbell and Gardner, 1988)."""
    events = [
        row
        for n, wait in enumerate(hours)
        for row in ((f"{n}", "a", 0, None, None), (f"{n}", "b", wait * HOUR, "Ann", None))
    ]
    [row] = scorecard(log_of(events), minimum=1).to_dicts()
    n, values = len(hours), sorted(hours)
    low, high = n / 2 - 1.959963984540054 / 2 * sqrt(n), 1 + n / 2 + 1.959963984540054 / 2 * sqrt(n)
    if n < 6:
        assert (row["median_low"], row["median_high"]) == (None, None)
    else:
        assert row["median_low"] == values[int(low + 0.5) - 1] * 3600
        assert row["median_high"] == values[int(high + 0.5) - 1] * 3600


def test_pseudonyms_hide_names_and_tell_people_apart() -> None:
    """The same person has the same number in a table; names are nowhere in it."""
    events: list[Row] = [("1", "a", n * HOUR, who, None) for n, who in enumerate(["bob", "Ann", "bob", "Ann", "bob"])]
    found = ping_pong(log_of(events), people="pseudonyms").to_dicts()
    assert [(row["one"], row["other"], row["count"]) for row in found] == [
        ("person 1", "person 2", 2),
        ("person 2", "person 1", 1),
    ]
    assert "bob" not in str(scorecard(log_of(events), minimum=1, people="pseudonyms").to_dicts())
    assert [row["team"] for row in scorecard(log_of([(*events[0][:4], "仓库")]), minimum=1, people="teams")] == ["仓库"]
