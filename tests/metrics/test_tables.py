"""What a Table promises: other libraries' frames, notebooks, groups, and open time beside plain time."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from orderflow import metrics
from orderflow.metrics.log import EventLog
from orderflow.metrics.report import report
from orderflow.metrics.show import duration
from orderflow.model.calendar import WorkCalendar
from orderflow.model.errors import LogError

HOUR = 3_600_000_000
DAY = 24 * HOUR
MONDAY = 4 * DAY  # 1970-01-05


def small() -> EventLog:
    """Two orders over a weekend: from Friday 16:00 to Monday 10:00 and 11:00, in UTC."""
    friday = MONDAY - 3 * DAY + 16 * HOUR
    return EventLog.from_columns(
        {
            "order": ["A", "A", "B", "B", "B"],
            "stage": ["placed", "<b>", "placed", "placed", "<b>"],
            "at": [friday, MONDAY + 10 * HOUR, friday, friday + HOUR, MONDAY + 11 * HOUR],
            "actor": ["ann", "bob", "ann", "ann", None],
            "team": ["sales", "plant", "sales", "plant", None],
        },
        {"order": ["A", "B"], "source": ["web", None], "stages": [1, 2]},
    )


OFFICE = WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}}, name="office")


def test_a_table_becomes_the_frame_of_other_libraries() -> None:
    """pandas and pyarrow get seconds, as polars does; any frame reads it through the Arrow PyCapsule interface."""
    table = metrics.flow_map(small())
    assert pl.DataFrame(table).equals(table.to_polars())
    pytest.importorskip("pyarrow")
    assert table.to_arrow().to_pylist() == table.to_dicts()
    pytest.importorskip("pandas")
    assert table.to_pandas().to_dict("records") == table.to_dicts()


@pytest.mark.parametrize(("method", "library"), [("to_pandas", "pandas"), ("to_arrow", "pyarrow")])
def test_a_library_that_is_missing_is_named_with_the_pip_command(method: str, library: str) -> None:
    """MissingExtraError, and what to install."""
    code = f"""
import sys
sys.modules[{library!r}] = None
import polars as pl, orderflow as of
try:
    of.metrics.Table(frame=pl.DataFrame({{"stage": ["x"]}})).{method}()
except of.MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"this needs {library}; install it with: pip install {library}"


def test_a_notebook_shows_words_and_no_markup_from_the_data() -> None:
    """Durations as people say them; names are escaped; long tables are cut and say so; a report shows its parts."""
    html = metrics.flow_map(small())._repr_html_()
    assert "2 d 18 h" in html
    assert "&lt;b&gt;" in html and "<b>" not in html
    long = metrics.Table(frame=pl.DataFrame({"n": range(30), "seconds": [None] * 30}), durations=("seconds",))
    assert "10 more" in long._repr_html_() and "–" in long._repr_html_()
    shown = report(small())._repr_html_()
    assert "2 orders, 5 events" in shown and "Stage time" in shown and "<b>" not in shown


def test_open_time_counts_only_while_the_calendar_is_open() -> None:
    """Over the weekend from Friday 16:00: plain time has it, open time has not; a report has both as asked."""
    assert [row["max"] for row in metrics.lead_time(small())] == [timedelta(days=2, hours=19)]
    assert [row["max"] for row in metrics.lead_time(small(), calendar=OFFICE)] == [timedelta(hours=3)]
    found = report(small(), calendar=OFFICE)
    assert found.lead_time.max == timedelta(hours=3)
    assert found.wall.lead_time.max == timedelta(days=2, hours=19)
    assert found.to_dict()["calendar"] == "office" and "calendar" not in found.wall.to_dict()


def test_positions_in_open_time_are_computed_once_for_each_calendar() -> None:
    """The log keeps them, also for an equal calendar; without a calendar it is the log itself."""
    log = small()
    again = WorkCalendar.from_dict({"timezone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}})
    assert log.business(OFFICE) is log.business(again)
    assert log.business(None) is log


def test_a_group_whose_name_a_figure_has_already_is_called_by_its_table() -> None:
    """An attribute `source` beside the flow map's own: `order.source`; where there is no clash the plain name."""
    assert metrics.flow_map(small(), by="source").to_polars().columns[:3] == ["order.source", "source", "dest"]
    assert metrics.variants(small(), by="stages").to_polars().columns == ["order.stages", "stages", "count"]
    assert metrics.lead_time(small(), by="source").to_dicts()[0]["source"] == "web"


def test_what_a_figure_cannot_be_grouped_by_is_refused() -> None:
    """A column of events for figures of whole orders, and a name that is neither, with the closest one."""
    with pytest.raises(LogError) as caught:
        metrics.lead_time(small(), by="actor")
    assert caught.value.problems[0].code == "log.not_of_orders"
    with pytest.raises(LogError, match="Did you mean 'source'"):
        metrics.stage_time(small(), by="sorce")


def test_work_passes_between_teams_too() -> None:
    """By the teams of the two events; a missing team takes part in none; without teams it is refused."""
    passed = metrics.handover(small(), between="team").to_dicts()
    assert passed == [{"source": "sales", "dest": "plant", "count": 2}]
    assert metrics.stage_time(small(), by="team").to_dicts()[0]["team"] == "sales"
    alone = EventLog.from_columns({"order": ["A"], "stage": ["x"], "at": [0]})
    with pytest.raises(LogError) as caught:
        metrics.handover(alone, between="team")
    assert caught.value.problems[0].code == "log.no_teams"


def test_groups_survive_a_part_of_a_log() -> None:
    """Where codes of orders have gaps, each order still has its own attribute."""
    found = metrics.lead_time(small().where(id="B"), by=["id", "source"]).to_dicts()
    assert [(row["id"], row["source"], row["n"]) for row in found] == [("B", None, 1)]


def test_many_groups_need_no_more_room_than_they_have() -> None:
    """Five attributes with two thousand values each: more combinations than a number counts, and all are right."""
    ids = [f"O-{n}" for n in range(2_000)]
    log = EventLog.from_columns(
        {"order": ids * 2, "stage": ["x", "y"] * 2_000, "at": [0] * 2_000 + list(range(2_000))},
        {"order": ids, **{f"a{k}": [f"{k}:{n}" for n in range(2_000)] for k in range(6)}},
    )
    found = metrics.lead_time(log, by=[f"a{k}" for k in range(6)]).to_polars()
    assert found.height == 2_000
    longest = found.row(by_predicate=pl.col("max") == 0.001999, named=True)
    assert (longest["a0"], longest["a5"]) == ("0:1999", "5:1999")
    narrow = metrics.lead_time(log, by=["a0", "a1", "a2", "a3"]).to_polars()
    assert narrow["sum"].sum() == pytest.approx(found["sum"].sum())


def test_a_frame_that_was_taken_out_is_ones_own() -> None:
    """Writing into it changes no report."""
    table = metrics.stage_time(EventLog.from_columns({"order": ["A", "A"], "stage": ["a", "b"], "at": [0, 1]}))
    table.to_polars()[0, "n"] = 99
    assert table.to_dicts()[0]["n"] == 1


@pytest.mark.parametrize(
    ("values", "kept"),
    [([100, 99.5], [100.0, 99.5]), ([Decimal("1.5"), 2], [1.5, 2.0]), (["x", 2], None), ([2**70, 1], [2.0**70, 1.0])],
    ids=str,
)
def test_columns_of_mixed_numbers_are_floats_and_other_mixtures_are_told(
    values: list[Any], kept: list[Any] | None
) -> None:
    """Never an error of the library beneath."""
    events = {"order": ["A", "B"], "stage": ["a", "a"], "at": [0, 1]}
    if kept is None:
        with pytest.raises(LogError) as caught:
            EventLog.from_columns(events, {"order": ["A", "B"], "amount": values})
        assert caught.value.problems[0].code == "log.mixed_column"
    else:
        assert EventLog.from_columns(events, {"order": ["A", "B"], "amount": values}).orders["amount"].to_list() == kept


def test_what_is_made_of_tables_shows_them_in_a_notebook() -> None:
    """A comparison, conformance, and the promises of a report."""
    log = EventLog.from_columns(
        {"order": ["A", "A"], "stage": ["下单", "<done>"], "at": [0, HOUR]},
        {"order": ["A"], "promised_at": [HOUR]},
        done_stages="<done>",
    )
    compared = metrics.compare(log, log)._repr_html_()
    judged = metrics.conformance(log, {("下单", "完成")})._repr_html_()
    shown = report(log)._repr_html_()
    assert (compared.count("<table>"), judged.count("<table>")) == (2, 2)
    assert "On time" in shown
    assert all("&lt;done&gt;" in html for html in (judged, shown))
    assert all("<done>" not in html for html in (compared, judged, shown))


def test_working_time_is_said_in_hours() -> None:
    """A working day has no 24 hours, so days are not counted; plain time has days."""
    for hours, plain, working in (
        (42.5, "1 d 18 h", "42 h 30 min"),
        (24, "1 d", "24 h"),
        (1234, "51 d 10 h", "1,234 h"),
    ):
        value = timedelta(hours=hours)
        assert (duration(value), duration(value, days=False)) == (plain, working)
    assert duration(timedelta(minutes=-90), days=False) == "-1 h 30 min"
