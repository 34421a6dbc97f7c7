"""Times: how texts, local times and datetimes become integer microseconds in UTC, and how they come back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from operator import index
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from attrs import frozen

from orderflow.metrics.codes import as_text, within
from orderflow.model.errors import LogError
from orderflow.model.reasons import suggest

if TYPE_CHECKING:
    import polars as pl

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
FOUR_DIGITS = datetime(1000, 1, 1)  # noqa: DTZ001 - compared with local times

# The usual forms, tried on the whole column first because that is fast; whether the result is in UTC already.
FAST = (
    ("%Y-%m-%dT%H:%M:%S%.fZ", True),
    ("%Y-%m-%d %H:%M:%S%.f", False),
    ("%Y-%m-%dT%H:%M:%S%.f", False),
    ("%Y-%m-%dT%H:%M:%S%.f%:z", True),
    ("%Y-%m-%d %H:%M:%S%.f%:z", True),
)
# Every form that is read without being told: ISO 8601 and its everyday relatives, the year always first.
ISO = (
    r"^\s*(?<year>\d{4})[-/.年](?<month>\d{1,2})[-/.月](?<day>\d{1,2})日?"
    r"(?:(?:T|\s*)(?<before>上午|下午)?\s*(?<hour>\d{1,2})[:时](?<minute>\d{2})"
    r"(?:[:分](?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?秒?|分)?\s*(?<after>[AaPp][Mm])?"
    r"\s*(?<zone>Z|z|[+-]\d{2}(?::?\d{2})?)?)?\s*$"
)
BARE_DATE = r"^\s*\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?\s*$"
AMBIGUOUS = r"^\s*\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})\b"


@frozen(kw_only=True, eq=False)
class Times:
    """What was read from a column of texts, row by row.

    - `micros`: Int64, microseconds since 1970 in UTC; missing where the text could not be read.
    - `bare`: whether the text is a date without a time of day.
    - `local`, `shifted`, `repeated`: how many had no offset; of these, how many fell into the gap of a
      change to summer time (moved forward by the gap), and how many happened twice (read as the first).
    """

    micros: pl.Series
    bare: pl.Series
    local: int
    shifted: int
    repeated: int


def zone(tz: str) -> ZoneInfo:
    """The time zone of that name. Raises LogError (`log.unknown_zone`) with the closest known name."""
    if not isinstance(tz, str):
        raise LogError.of("log.unknown_zone", tz=tz)
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):
        raise LogError.of("log.unknown_zone", tz=tz, suggestion=suggest(tz, available_timezones())) from None


def micros(when: datetime) -> int:
    """Microseconds since 1970 in UTC. Raises LogError (`log.naive_time`) for a datetime without an offset."""
    if when.utcoffset() is None:
        raise LogError.of("log.naive_time", value=when.isoformat())
    return (when - EPOCH) // MICROSECOND


def instant(value: int | None) -> datetime | None:
    """The aware datetime in UTC of a number of microseconds; None for None."""
    return None if value is None else EPOCH + value * MICROSECOND


def day_start(day: date, tz: str) -> int:
    """The first microsecond of a day in `tz`; where midnight is skipped, the instant of the change."""
    return micros(datetime(day.year, day.month, day.day, tzinfo=zone(tz)))


def day_end(day: date, tz: str) -> int:
    """The last microsecond of a day in `tz`: one before the next day starts."""
    if day == date.max:  # "never" in many systems, and there is no next day
        return LAST
    return day_start(day + timedelta(days=1), tz) - 1


def column(values: Iterable[Any], tz: str, *, ends_day: bool = False) -> pl.Series:
    """A column of microseconds from integers, aware datetimes, dates, or a polars column of these.

    - A date is the start of its day in `tz`, or its last microsecond with `ends_day`.
    - Raises LogError for a datetime without an offset (`log.naive_time`), and for anything else or an integer
      outside of the years 1 to 9999 (`log.not_an_instant`).
    """
    import polars as pl

    if isinstance(values, pl.Series) and isinstance(values.dtype, pl.Datetime):
        if values.dtype.time_zone is None and values.null_count() < len(values):
            raise LogError.of("log.naive_time", value=str(values.drop_nulls()[0]))
        return values.dt.timestamp("us")
    if isinstance(values, pl.Series) and values.dtype.is_integer():
        found = values.cast(pl.Int64)
    else:
        found = pl.Series([_one(value, tz, ends_day=ends_day) for value in values], dtype=pl.Int64)
    if not (inside := found.is_between(FIRST, LAST)).all():
        raise LogError.of("log.not_an_instant", value=found.filter(~inside)[0], kind="int")
    return found


def _one(value: Any, tz: str, *, ends_day: bool) -> int | None:
    if value is None:
        return None
    if hasattr(value, "__index__"):  # an integer of any library
        return index(value)
    if isinstance(value, datetime):
        return micros(value)
    if isinstance(value, date):
        return day_end(value, tz) if ends_day else day_start(value, tz)
    raise LogError.of("log.not_an_instant", value=str(value), kind=type(value).__name__)


def read_texts(texts: pl.Series, tz: str, *, form: str | None = None, ends_day: bool = False) -> Times:
    """Read a column of texts.

    - Without `form`: ISO 8601 with or without an offset, `Z`, a blank for the `T`, up to nine decimals (cut
      to microseconds), `/`, `.` or 年月日 and 时分秒 between the parts, one-digit parts, 上午 and 下午 before the
      time, AM and PM after it, and dates alone. Each row on its own: forms may be mixed.
    - With `form`, a strptime pattern such as `%d/%m/%Y %H:%M`: only that. `.%f` is the fraction of a second, `%s`
      seconds since 1970 in UTC. Raises LogError (`log.unknown_time_format`) when the pattern does not say the whole
      date, or is not known.
    - A year has four digits, unless the pattern says `%y`.
    - Without an offset a time is local in `tz`: one inside a gap moves forward by the gap, one that happens
      twice is the first. A date alone is the start of its day, or with `ends_day` its last microsecond.
    - Instants outside of the years 1 to 9999 in UTC are missing.
    """
    import polars as pl

    texts = texts.alias("text")
    if form is None:
        local, fixed = _read_iso(texts)
        bare = texts.str.contains(BARE_DATE).fill_null(False)
    else:
        local, fixed = _read_form(texts, form)
        dated = not any(part in form for part in ("%H", "%I", "%T", "%R", "%s", "%X", "%c", "%k", "%l", "%r", "%+"))
        bare = pl.repeat(dated, len(texts), eager=True, dtype=pl.Boolean)
    return _times(local, fixed, bare, tz, ends_day=ends_day)


def read_moments(values: pl.Series, tz: str, *, form: str | None = None, ends_day: bool = False) -> Times:
    """Read a column of a typed table: datetimes with a zone, local datetimes, dates; anything else as `read_texts`."""
    import polars as pl

    none = pl.repeat(None, len(values), eager=True, dtype=pl.Int64)
    if values.dtype in (pl.Date, pl.Datetime):
        values = within(values)
    if values.dtype == pl.Date:
        return _times(values.cast(pl.Datetime("us")), none, values.is_not_null(), tz, ends_day=ends_day)
    if not isinstance(values.dtype, pl.Datetime):
        return read_texts(as_text(values), tz, form=form, ends_day=ends_day)
    timed = pl.repeat(value=False, n=len(values), eager=True, dtype=pl.Boolean)
    if values.dtype.time_zone is None:
        return _times(values.cast(pl.Datetime("us")), none, timed, tz, ends_day=False)
    local = pl.repeat(None, len(values), eager=True, dtype=pl.Datetime("us"))
    return _times(local, values.dt.timestamp("us"), timed, tz, ends_day=False)


def _times(local: pl.Series, fixed: pl.Series, bare: pl.Series, tz: str, *, ends_day: bool) -> Times:
    """Times from local datetimes and microseconds, of which each row has at most one."""
    import polars as pl

    if ends_day:
        frame = pl.DataFrame({"local": local, "bare": bare})
        local = frame.select(pl.when("bare").then(pl.col("local").dt.offset_by("1d")).otherwise("local"))["local"]
    found, shifted, repeated = _to_utc(local, tz)
    frame = pl.DataFrame({"found": found, "fixed": fixed, "bare": bare})
    ended = pl.when(pl.col("bare") & ends_day).then((pl.col("found") - 1).clip(upper_bound=LAST))
    merged = frame.select(pl.coalesce("fixed", ended, "found").alias("micros"))
    known = pl.when(pl.col("micros").is_between(FIRST, LAST)).then("micros")
    return Times(
        micros=merged.select(known)["micros"], bare=bare, local=local.count(), shifted=shifted, repeated=repeated
    )


def local_days(values: pl.Expr, tz: str) -> pl.Expr:
    """The date in `tz` on which each number of microseconds falls."""
    import polars as pl

    return pl.from_epoch(values, time_unit="us").dt.replace_time_zone("UTC").dt.convert_time_zone(tz).dt.date()


def _read_form(texts: pl.Series, form: str) -> tuple[pl.Series, pl.Series]:
    """Local datetimes and microseconds, of which each row has at most one, by a strptime pattern."""
    import polars as pl

    pattern = _pattern(form)
    read = texts.str.strip_chars().str.to_datetime(pattern, strict=False, time_unit="us")
    early = (read.dt.replace_time_zone(None) < FOUR_DIGITS).fill_null(value=False)
    if early.any() and re.search("%[YFGc+]", pattern):  # polars takes 26 for the year 26
        read = read.zip_with(~early | texts.str.contains(r"\d{4}"), pl.Series([None], dtype=read.dtype))
    zoned = isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone is not None
    if zoned or "%s" in form:
        return pl.repeat(None, len(texts), eager=True, dtype=pl.Datetime("us")), read.dt.timestamp("us")
    return read, pl.repeat(None, len(texts), eager=True, dtype=pl.Int64)


def _pattern(form: str) -> str:
    """A strptime pattern as polars reads it. Raises LogError unless polars writes a moment with it and reads the same
    back: the day, and of the time what the pattern says.

    - `.%f` is a fraction, as in Python: polars takes `%f` for a number of nanoseconds, so it is refused elsewhere.
    - `%Z` is refused: polars skips the name of a zone, so the time would be wrong.
    """
    import polars as pl

    pattern = form.replace(".%f", "%.f")
    probe = pl.Series([datetime(2026, 12, 31, 13, 5, 7, 123456, tzinfo=UTC)])
    if "%Z" in form or "%f" in pattern:
        raise LogError.of("log.unknown_time_format", form=form)
    try:
        text = probe.dt.strftime(pattern)
        back = text.str.to_datetime(pattern, strict=False, time_unit="us")
        again = back.dt.replace_time_zone("UTC").dt.strftime(pattern)
        same = back.dt.date()[0] == date(2026, 12, 31) and bool((again == text).all())
    except pl.exceptions.PolarsError:
        same = False
    if not same:
        raise LogError.of("log.unknown_time_format", form=form)
    return pattern


def _read_iso(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Like `_read_form`, by the fast form that fits the first text, then row by row for what that left."""
    import polars as pl

    local = pl.repeat(None, len(texts), eager=True, dtype=pl.Datetime("us"))
    fixed = pl.repeat(None, len(texts), eager=True, dtype=pl.Int64)
    first = texts.drop_nulls().head(1)
    for form, is_utc in FAST:
        if first.str.to_datetime(form, strict=False, time_unit="us").count():
            read = texts.str.to_datetime(form, strict=False, time_unit="us")
            if (early := read.dt.replace_time_zone(None) < FOUR_DIGITS).any():  # polars takes 26 for the year 26
                read = read.zip_with(~early, pl.Series([None], dtype=read.dtype))
            local, fixed = (local, read.dt.timestamp("us")) if is_utc else (read, fixed)
            break
    left = (local.is_null() & fixed.is_null() & texts.is_not_null()).arg_true()
    if len(left):
        slow_local, slow_fixed = _read_parts(texts.gather(left))
        local, fixed = local.scatter(left, slow_local), fixed.scatter(left, slow_fixed)
    return local, fixed


def _read_parts(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Like `_read_iso`, by a regular expression; an impossible date (30 February) is missing in both."""
    import polars as pl

    def padded(part: str, width: int = 2) -> pl.Expr:
        return pl.col(part).fill_null("").str.zfill(width)

    moment = pl.concat_str(
        padded("year"), padded("month"), padded("day"), padded("hour24"), padded("minute"), padded("second")
    ).str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="us")
    parts = (
        texts.str.extract_groups(ISO)
        .struct.unnest()
        .with_columns(hour24=_of_24())
        .with_columns(
            moment=pl.when(pl.col("year").is_not_null()).then(moment)
            + pl.duration(
                microseconds=pl.col("fraction").fill_null("").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
            ),
            sign=pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1),
            hours=pl.col("zone").str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0),
            minutes=pl.col("zone").str.extract(r"^...:?(\d{2})$").cast(pl.Int64).fill_null(0),
        )
    )
    offset = (pl.col("hours") * 60 + pl.col("minutes")) * pl.col("sign") * 60_000_000
    in_range = (pl.col("hours") < 24) & (pl.col("minutes") < 60)
    return (
        parts.select(pl.when(pl.col("zone").is_null()).then("moment"))["moment"],
        parts.select(
            fixed=pl.when(pl.col("zone").is_not_null() & in_range).then(pl.col("moment").dt.timestamp("us") - offset)
        )["fixed"],
    )


def _of_24() -> pl.Expr:
    """The hour of the day as text, by its half where that is said; hours that the half has not give no time (`?`).

    12 at the beginning of a half is its zero. People write 下午 before hours above 12 too, but not PM after them.
    """
    import polars as pl

    hour, half = pl.col("hour").cast(pl.Int64), pl.coalesce("before", pl.col("after").str.to_lowercase())
    later = half.is_in(["下午", "pm"])
    found = hour % 12 + 12 * later.cast(pl.Int64)
    return (
        pl.when(half.is_null() | ((half == "下午") & hour.is_between(13, 23)))
        .then("hour")
        .when(hour.is_between(1, 12))
        .then(found.cast(pl.String))
        .otherwise(pl.when(hour.is_not_null()).then(pl.lit("?")))
    )


def _to_utc(local: pl.Series, tz: str) -> tuple[pl.Series, int, int]:
    """Microseconds of local datetimes, how many were in a gap, and how many happened twice."""
    import polars as pl

    if tz == "UTC" or not local.count():
        return local.dt.timestamp("us"), 0, 0
    found = local.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null").dt.timestamp("us")
    latest = local.dt.replace_time_zone(tz, ambiguous="latest", non_existent="null").dt.timestamp("us")
    gaps = (found.is_null() & local.is_not_null()).arg_true()
    if len(gaps):
        there = zone(tz)  # zoneinfo reads a time in a gap with the offset before it, which moves it forward by the gap
        moved = [micros(value.replace(tzinfo=there)) for value in local.gather(gaps)]
        found = found.scatter(gaps, pl.Series(moved, dtype=pl.Int64))
    return found, len(gaps), int((found != latest).sum())
