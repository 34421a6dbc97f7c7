"""What an EventLog promises: how it is made from columns, cut, and handed to others."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from orderflow.metrics.instants import instant
from orderflow.metrics.lead_time import lead_time
from orderflow.metrics.log import EventLog
from orderflow.metrics.on_time import on_time
from orderflow.metrics.overview import overview
from orderflow.metrics.report import report
from orderflow.metrics.variants import variants
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

HOUR = 3_600_000_000


def small(**more: object) -> EventLog:
    events = {
        "order": ["A", "B", "A", "C", "A"],
        "stage": ["placed", "placed", "shipped", "placed", "placed"],
        "at": [0, HOUR, HOUR, 2 * HOUR, HOUR],
        "actor": ["ann", None, "", "bob", "ann"],
    }
    orders = {"order": ["C", "A", "Z"], "region": ["华东", "华南", None], "level": [1, 2, 3]}
    return EventLog.from_columns(events, orders, **more)  # type: ignore[arg-type]  # a test passes what it likes


def test_ties_in_time_keep_the_order_of_arrival() -> None:
    """Two events of an order at one instant stay as they came, whatever their stages are called."""
    assert variants(small()).to_dicts()[-1] == {"stages": ["placed", "shipped", "placed"], "count": 1}


def test_times_may_be_integers_or_aware_datetimes_of_any_zone() -> None:
    """Both become microseconds in UTC."""
    nine = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    log = EventLog.from_columns({"order": ["a", "a"], "stage": ["x", "y"], "at": [nine, nine.astimezone(UTC)]})
    assert log.events["at"].to_list() == [1767574800000000] * 2


@pytest.mark.parametrize(
    ("code", "events", "orders"),
    [
        ("log.naive_time", {"order": ["a"], "stage": ["x"], "at": [datetime.fromisoformat("2026-01-05")]}, None),
        ("log.not_an_instant", {"order": ["a"], "stage": ["x"], "at": ["2026-01-05"]}, None),
        ("log.not_an_instant", {"order": ["a"], "stage": ["x"], "at": [10**18]}, None),
        ("log.not_an_instant", {"order": ["a"], "stage": ["x"], "at": pl.Series([-(10**18)])}, None),
        ("log.missing_column", {"order": ["a"], "at": [0]}, None),
        ("log.unequal_columns", {"order": ["a"], "stage": ["x", "y"], "at": [0]}, None),
        ("log.missing_values", {"order": ["a", " "], "stage": ["x", "x"], "at": [0, 0]}, None),
        ("log.missing_values", {"order": ["a", "b"], "stage": ["x", None], "at": [0, 0]}, None),
        ("log.order_twice", {"order": ["a"], "stage": ["x"], "at": [0]}, {"order": ["a", "a"]}),
        ("log.reserved_attribute", {"order": ["a"], "stage": ["x"], "at": [0]}, {"order": ["a"], "id": ["a"]}),
    ],
)
def test_columns_that_make_no_log_are_refused(code: str, events: dict[str, list[object]], orders: object) -> None:
    """Each kind of wrong input has its code, and a text in both languages."""
    with pytest.raises(LogError) as caught:
        EventLog.from_columns(events, orders)  # type: ignore[arg-type]  # a test passes what it likes
    assert [problem.code for problem in caught.value.problems] == [code]
    assert caught.value.problems[0].text("en") != caught.value.problems[0].text("zh")


def test_an_unknown_zone_is_refused_with_a_suggestion() -> None:
    """Asia/Shangai suggests Asia/Shanghai."""
    with pytest.raises(LogError, match="Did you mean 'Asia/Shanghai'"):
        small(tz="Asia/Shangai")


def test_by_cuts_a_log_into_parts_of_which_each_order_is_in_one() -> None:
    """One log for each value, in their order, those without one last; a wrong name is told."""
    parts = small().by("region")
    assert {value: part.orders["id"].to_list() for value, part in parts.items()} == {
        "华东": ["C"],
        "华南": ["A"],
        None: ["B", "Z"],
    }
    assert sum(len(part) for part in parts.values()) == len(small())
    with pytest.raises(LogError, match="regoin"):
        small().by("regoin")


def test_where_selects_whole_orders_by_attribute() -> None:
    """A value, several values, or None for a missing one; a log stays a log."""
    log = small()
    assert len(log.where(region="华东")) == 1
    assert len(log.where(level=[1, 2])) == 4
    assert set(log.where(region=None).orders["id"]) == {"B", "Z"}
    with pytest.raises(LogError, match="Did you mean 'region'"):
        log.where(regoin="华东")


def test_where_compares_values_of_one_kind_and_tells_others() -> None:
    """No values are no orders; 1 and 1.0 are one number; a text is no number, and is told instead of never found."""
    log = small()
    assert len(log.where(level=[])) == len(log.where(region="华中")) == 0
    assert (
        len(log.where(level=2.0)) == len(log.where(level=2)) == len(log.where(level=[2.0, 7, None], region="华南")) == 3
    )
    assert len(log.where(region=["华东", None])) == 2
    for name, value in (("level", "1"), ("region", 1), ("region", object()), ("level", [1, "x"])):
        with pytest.raises(LogError) as caught:
            log.where(**{name: value})
        assert caught.value.problems[0].code == "log.other_kind"


def test_by_is_one_pass_however_many_values_there_are() -> None:
    """Twenty thousand values, each with its events and its rows of further tables."""
    ids = [str(n) for n in range(20_000)]
    log = EventLog.from_columns(
        {"order": ids * 2, "stage": ["x"] * 40_000, "at": range(40_000)},
        {"order": [*ids, "none"], "n": [*range(20_000), 7]},
        marks={"order": ids[:10], "sla": ["s"] * 10},
    )
    parts = log.by("n")
    assert [len(part) for part in parts.values()] == [2] * 20_000
    assert sorted(parts[7].orders["id"]) == ["7", "none"]
    assert [parts[n].more["marks"].height for n in (9, 10)] == [1, 0]
    assert lead_time(parts[7]).to_dicts() == lead_time(log.where(n=7)).to_dicts()


def test_since_and_until_cut_a_log_into_parts_with_no_order_in_common() -> None:
    """Whole orders by their first event, since inclusive and until exclusive; a date is its start in the zone."""
    log = small(tz="Etc/GMT+1")  # one hour behind UTC: 1970-01-01 begins there at 01:00 UTC
    assert set(log.since("1970-01-01").orders["id"]) == {"B", "C"}
    assert set(log.until(date(1970, 1, 1)).orders["id"]) == {"A"}
    assert len(log.until("1970-01-01")) == 3
    assert set(log.since(datetime(1970, 1, 1, 2, tzinfo=UTC)).orders["id"]) == {"C"}
    for wrong in ("1970-01-01T00:00:00", "yesterday"):
        with pytest.raises(LogError):
            log.since(wrong)


def test_a_part_of_a_log_counts_only_what_is_in_it() -> None:
    """Actors and stages of orders that were left out are not counted."""
    found = overview(small().where(region="华东"))
    assert (found.orders, found.actors, dict(found.stages)) == (1, 1, {"placed": 1})


def test_further_tables_go_along_with_their_orders() -> None:
    """A table of marks is cut with the orders, and brings orders that have no events."""
    log = small(marks={"order": ["A", "Q"], "sla": ["review", "review"]})
    assert "Q" in set(log.orders["id"])
    assert log.where(id="A").more["marks"]["sla"].to_list() == ["review"]


def test_other_frames_read_a_log_through_arrow() -> None:
    """Texts and UTC datetimes, in the order of the log; also after it was cut."""
    frame = pl.DataFrame(small().where(id=["A", "C"]))
    assert frame.columns == ["order", "stage", "at", "actor"]
    assert frame["order"].to_list() == ["A", "A", "A", "C"]
    assert frame["at"][1] == datetime(1970, 1, 1, 1, tzinfo=UTC)


def test_a_log_and_a_report_show_what_they_are() -> None:
    """The repr has the amounts and the span."""
    text = "<EventLog: 5 events of 3 orders, 2 stages, 1970-01-01 to 1970-01-01>"
    assert repr(small()) == text
    assert repr(report(small())) == f"<Report on {text}>"
    assert (
        repr(EventLog.from_columns({"order": [], "stage": [], "at": []}))
        == "<EventLog: 0 events of 0 orders, 0 stages>"
    )


def test_sums_beyond_64_bits_stay_exact() -> None:
    """Forty orders of nearly ten thousand years each: more microseconds than an Int64 holds."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    ids = [str(n) for n in range(40)]
    log = EventLog.from_columns({"order": ids * 2, "stage": ["x"] * 80, "at": [first] * 40 + [last] * 40})
    (row,) = lead_time(log)
    assert row["sum"] == 40 * (last - first)
    assert row["mean"] == report(log).lead_time.mean == last - first


def test_a_promised_date_ends_with_its_day_also_when_that_day_has_25_hours() -> None:
    """2026-10-25 in Berlin ends at 23:00 UTC."""
    log = EventLog.from_columns(
        {"order": ["a"], "stage": ["delivered"], "at": [datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)]},
        {"order": ["a"], "promised_at": [date(2026, 10, 25)]},
        tz="Europe/Berlin",
    )
    assert instant(log.orders["promised_at"][0]) == datetime(2026, 10, 25, 23, tzinfo=UTC) - timedelta(microseconds=1)
    assert on_time(log, delivered_stage="delivered").to_dicts()[0]["rate"] == 1.0


def test_on_time_says_what_it_lacks() -> None:
    """No promises, no delivered stage, an unknown stage: LogError with its own code each; an empty log is n = 0."""
    promised = EventLog.from_columns(
        {"order": ["a"], "stage": ["delivered"], "at": [0]}, {"order": ["a"], "promised_at": [0]}
    )
    for log, stage, code in (
        (small(), "placed", "log.no_promises"),
        (promised, None, "log.no_delivered_stage"),
        (promised, "deliverd", "log.unknown_stage"),
    ):
        with pytest.raises(LogError) as caught:
            on_time(log, delivered_stage=stage)
        assert caught.value.problems[0].code == code
    assert on_time(promised.until("1960-01-01"), delivered_stage="delivered").to_dicts()[0]["rate"] is None
    with pytest.raises(LogError):
        report(promised, delivered_stage="deliverd")


def test_a_report_leaves_on_time_out_when_nothing_says_what_a_delivery_is() -> None:
    """... and says so among its assumptions."""
    log = EventLog.from_columns({"order": ["a"], "stage": ["x"], "at": [0]}, {"order": ["a"], "promised_at": [0]})
    assert "on_time" not in report(log).to_dict()
    assert [item.code for item in report(log).assumptions] == ["log.promises_unused"]
    assert report(log, delivered_stage="x").to_dict()["on_time"]["rate"] == 1.0


def test_tables_give_timedeltas_in_python_and_seconds_as_data() -> None:
    """The same figure both ways."""
    steps = report(small()).flow_map
    assert [row["mean"] for row in steps] == [timedelta(hours=1), timedelta(0)]
    assert steps.to_polars()["mean"].to_list() == [3600.0, 0.0]
    assert steps == report(small()).flow_map
    assert "2 rows" in repr(steps)


@pytest.mark.parametrize("when", [5, None, 1.5, "soon", "2026-13-01"])
def test_what_is_no_moment_is_an_error_that_says_how_to_write_one(when: object) -> None:
    """`since` and `until` refuse values of any other kind with the same reason, never with a bare AttributeError."""
    log = EventLog.from_columns({"order": ["a"], "stage": ["x"], "at": [1]})
    for cut in (log.since, log.until):
        with pytest.raises(LogError) as caught:
            cut(when)  # type: ignore[arg-type]  # the point of the test
        assert caught.value.problems[0].code == "log.unreadable_moment"


@pytest.mark.parametrize("track", [None, "order"])
def test_a_log_is_gone_when_nobody_has_it(track: str | None) -> None:
    """Whatever was computed of it: shards would pile up in memory until cycles are looked for."""
    tracks = {} if track is None else {"track": [track] * 4}
    log = EventLog.from_columns(
        {"order": ["a", "a", "b", "b"], "stage": ["x", "y", "x", "x"], "at": range(4), "actor": ["li"] * 4, **tracks},
        {"order": ["a", "b"], "region": ["e", None], "promised_at": [1, 2]},
        done_stages="y",
    )
    gc.collect()
    gc.disable()
    try:
        for calendar in (None, WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-sun": ["00:00-12:00"]}})):
            found = report(log, calendar=calendar)
            assert found.to_dict()
            assert found.further
        assert len(lead_time(log, by="region")) == 2
        there = weakref.ref(log)
        del log, found
        assert there() is None
    finally:
        gc.enable()
