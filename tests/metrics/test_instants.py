"""How texts become instants: every form that is read, every one that is not, and daylight saving time."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.metrics.instants import instant, read_texts
from orderflow.model.errors import LogError

FIVE = datetime(2026, 1, 5, 8, 3, tzinfo=UTC)
NAIVE = datetime.fromisoformat("2026-06-01")  # the zone comes with the text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T08:03:00Z", FIVE),
        ("2026-01-05T08:03:00.000000Z", FIVE),
        ("2026-01-05 08:03:00", FIVE),
        ("2026-01-05 08:03:00.250", FIVE.replace(microsecond=250_000)),
        ("2026-01-05 08:03:00,5", FIVE.replace(microsecond=500_000)),
        ("2026-01-05T08:03:00.123456789", FIVE.replace(microsecond=123_456)),
        ("2026-01-05T08:03", FIVE),
        ("2026-01-05T16:03:00+08:00", FIVE),
        ("2026-01-05 16:03:00+0800", FIVE),
        ("2026-01-05 16:03:00.000+08", FIVE),
        ("2026-01-05T03:33:00-04:30", FIVE),
        ("2026/1/5 8:03", FIVE),
        ("2026/01/05 08:03:00", FIVE),
        ("2026.01.05 8:03:00", FIVE),
        (" 2026-1-5  8:03 ", FIVE),
        ("2026年1月5日 8:03", FIVE),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026/1/5", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026年1月5日", datetime(2026, 1, 5, tzinfo=UTC)),
        ("01/02/2026", None),
        ("2026-02-30", None),
        ("2026-13-01 00:00", None),
        ("2026-01-05 25:00", None),
        ("2026-01-05 24:00:00", None),
        ("2026-01-05T08:03:00+25:00", None),
        ("2026/1/5 上午 8:03:00", FIVE),
        ("2026/1/5 上午8:03", FIVE),
        ("2026年1月5日 下午08:03:00", FIVE.replace(hour=20)),
        ("2026/1/5 下午 20:03", FIVE.replace(hour=20)),
        ("2026/1/5 上午 12:03", FIVE.replace(hour=0)),
        ("2026/1/5 下午 12:03", FIVE.replace(hour=12)),
        ("2026-01-05 8:03 PM", FIVE.replace(hour=20)),
        ("2026-01-05 12:03:00 am", FIVE.replace(hour=0)),
        ("2026年1月5日 8时03分", FIVE),
        ("2026年1月5日8时03分00秒", FIVE),
        ("2026/1/5 上午 13:03", None),
        ("2026/1/5 下午 24:03", None),
        ("2026-01-05 20:03 PM", None),
        ("2026-01-05 00:03 AM", None),
        ("20260105", None),
        ("9999-12-31T23:59:59-08:00", None),
        ("0001-01-01T00:00:00+08:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("first", ["2026-01-05T08:03:00.000000Z", "2026-01-05 08:03:00", "x", None])
def test_a_text_means_the_same_in_any_company(text: str | None, expected: datetime | None, first: str | None) -> None:
    """Whatever stands above it in the column, a text is read alike: the fast way changes nothing."""
    found = read_texts(pl.Series([first, text], dtype=pl.String), "UTC")
    assert instant(found.micros[1]) == expected


@settings(max_examples=60, deadline=None)
@given(st.datetimes(NAIVE.replace(1), NAIVE.replace(9998)), st.integers(-23, 23))
def test_every_iso_time_comes_back(moment: datetime, hours: int) -> None:
    """What `datetime.isoformat` writes is read as the same instant, naive in UTC or with an offset."""
    texts = [moment.isoformat(), moment.isoformat(" "), f"{moment.isoformat()}{hours:+03}:00"]
    found = read_texts(pl.Series(texts), "UTC").micros.to_list()
    expected = (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    assert found[0] == found[1] == found[2] + hours * 3_600_000_000
    assert found[0] / 1e6 == pytest.approx(expected)


@pytest.mark.parametrize("form", ["{} ", "{}"])  # the slow way and the fast way
def test_local_times_around_a_change_of_the_clock(form: str) -> None:
    """In the gap a time moves forward by the gap; what happens twice is the first; both are counted."""
    texts = [form.format(text) for text in ("2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-07-01 12:00:00")]
    found = read_texts(pl.Series(texts), "Europe/Berlin")
    assert [f"{instant(at):%m-%dT%H:%M}" for at in found.micros] == ["03-29T01:30", "10-25T00:30", "07-01T10:00"]
    assert (found.local, found.shifted, found.repeated) == (3, 1, 1)


def test_a_pattern_reads_what_is_ambiguous() -> None:
    """Day first or month first, as told; what does not fit is missing; an offset in the pattern counts."""
    texts = pl.Series(["01/02/2026 08:00", "2026-02-01 08:00"])
    assert instant(read_texts(texts, "UTC", form="%d/%m/%Y %H:%M").micros[0]) == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert instant(read_texts(texts, "UTC", form="%m/%d/%Y %H:%M").micros[0]) == datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert read_texts(texts, "UTC", form="%d/%m/%Y %H:%M").micros[1] is None
    offset = read_texts(pl.Series(["01.02.2026 08:00 +0800"]), "UTC", form="%d.%m.%Y %H:%M %z")
    assert instant(offset.micros[0]) == datetime(2026, 2, 1, 0, tzinfo=UTC)


def test_a_bare_date_can_end_its_day() -> None:
    """The last microsecond of the day in the zone; a time of day at midnight stays an instant."""
    texts = pl.Series(["2026-03-29", "2026-03-29 00:00:00", "2026-03-29T00:00:00Z", "31.12.2026"])
    found = read_texts(texts, "Europe/Berlin", ends_day=True)
    assert [found.bare[n] for n in range(4)] == [True, False, False, False]
    assert instant(found.micros[0]) == datetime(2026, 3, 29, 21, 59, 59, 999_999, tzinfo=UTC)
    assert instant(found.micros[1]) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert instant(found.micros[2]) == datetime(2026, 3, 29, tzinfo=UTC)
    never = read_texts(pl.Series(["9999-12-31"]), "America/New_York", ends_day=True)
    assert instant(never.micros[0]) == datetime.max.replace(tzinfo=UTC)
    told = read_texts(texts, "UTC", form="%d.%m.%Y", ends_day=True)
    assert instant(told.micros[3]) == datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def test_a_pattern_reads_fractions_as_python_does() -> None:
    """`.%f` is the fraction of a second, whatever its width; a bare `%f`, which polars takes otherwise, is refused."""
    texts = pl.Series(["2026-01-05 08:00:00.5", "2026-01-05 08:00:00.25", "2026-01-05 08:00:00.123456"])
    read = read_texts(texts, "UTC", form="%Y-%m-%d %H:%M:%S.%f").micros
    assert (read - read.min()).to_list() == [376_544, 126_544, 0]
    with pytest.raises(LogError, match="fraction"):
        read_texts(texts, "UTC", form="%Y-%m-%d %H:%M:%S %f")


def test_a_year_of_two_digits_is_none_of_the_first_century() -> None:
    """Not even below a time with all its digits, nor with `%Y`; `%y` reads it."""
    texts = pl.Series(["2026-01-05 08:00:00", "26-01-05 08:00:00", "226-01-05 08:00:00"])
    assert read_texts(texts, "UTC").micros.is_null().to_list() == [False, True, True]
    assert read_texts(texts[1:], "UTC").micros.is_null().all()
    assert read_texts(texts, "UTC", form="%Y-%m-%d %H:%M:%S").micros.is_null().to_list() == [False, True, True]
    assert instant(read_texts(texts[1:], "UTC", form="%y-%m-%d %H:%M:%S").micros[0]) == FIVE.replace(minute=0)
    assert instant(read_texts(pl.Series(["0026-01-05 08:03:00"]), "UTC").micros[0]) == FIVE.replace(year=26)


def test_seconds_since_1970_are_instants() -> None:
    """`%s` does not depend on the zone of the log, since it counts from an instant."""
    read = read_texts(pl.Series(["1767600180"]), "Asia/Shanghai", form="%s")
    assert instant(read.micros[0]) == datetime(2026, 1, 5, 8, 3, tzinfo=UTC)
    assert read.local == 0
