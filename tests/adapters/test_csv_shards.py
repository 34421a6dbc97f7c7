"""A CSV file read in shards says about wrong rows what `read_log` says: the same lines, the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.model.errors import LogError

HEADER = "order,stage,at\n"
GOOD = "1,a,2026-01-01T00:00\n"
WRONG = {
    "too many fields": HEADER + GOOD + "2,b,2026-01-01T00:00,x\n\n3,c,2026-01-02T00:00\n4,d,2026-01-01T00:00,x,y\n",
    "too few fields": HEADER + GOOD + "2,b\n3,c,2026-01-02T00:00\n",
    "fields of several lines": HEADER + '1,"a\r\nb",2026-01-01T00:00\n\n2,b,soon\n3,"c\nc",2026-01-02\n3,c,later\n',
    "no order": HEADER + GOOD + "\n2,b,soon\n3,c,2026-01-02T00:00\n,c,2026-01-02T00:00\n",
    "empty lines before the header": "\n\n" + HEADER + GOOD + "2,b,soon\n",
    "lines of Windows": (HEADER + GOOD + "\n2,b,soon\n").replace("\n", "\r\n"),
    "lines of old programs": (HEADER + GOOD + "\n2,b,soon\n").replace("\n", "\r"),
    "a quote that does not end": HEADER + '1,"a,2026-01-01T00:00\n' + GOOD,
    "a NUL byte": HEADER + GOOD + "1,a\0,2026-01-01T00:00\n",
    "a column twice": "order,stage,at,at\n1,a,2026-01-01T00:00,x\n",
    "all at once": HEADER + GOOD + '2,"b\nb",soon\n2,b,2026-01-01,x\n5,c,later\n,c,2026-01-02\n6,d\n',
}


def told(source: Path, **options: Any) -> list[str]:
    """What is said about the wrong rows of a file: the problems, or what was assumed about them, in any order."""
    try:
        return sorted(repr(item) for item in of.report(source, **options).assumptions)
    except LogError as error:
        return sorted(repr(item) for item in error.problems)


@pytest.mark.parametrize("errors", ["raise", "skip"])
@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("n", [1, 3])
def test_shards_name_the_lines_that_the_whole_names(n: int, kind: str, errors: str, tmp_path: Path) -> None:
    """Whatever is wrong with a file, refused or skipped: equal codes, counts, lines and values."""
    path = tmp_path / "log.csv"
    path.write_bytes(WRONG[kind].encode())
    assert told(path, shards=n, errors=errors) == told(path, errors=errors)


def test_what_is_left_is_the_same_log(tmp_path: Path) -> None:
    """Skipped rows take nothing with them: the figures are those of the whole, quoted names of columns included."""
    path = tmp_path / "log.csv"
    path.write_text(
        '"the ""order""",stage,at\n1,"a ""b"", c",2026-01-01\n1,x,2026-01-02,y\n2,,2026-01-03\n1,c,2026-01-04\n'
    )
    options: dict[str, Any] = {"order_id": 'the "order"', "errors": "skip"}
    found = of.report(path, shards=2, **options)
    assert found.to_dict() == of.report(path, **options).to_dict()
    assert found.overview.events == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_beyond_the_first_megabyte(encoding: str, end: str, tmp_path: Path) -> None:
    """In every encoding, with every end of lines, also where one lies across two parts of the file."""
    path, rows = tmp_path / "log.csv", [f"{n % 9}{'审核' * (n % 7)},上,2026-01-01" for n in range(70_000)]
    rows[1_000] = rows[69_990] = '8,"上",soon'
    path.write_bytes(end.join(["order,stage,at", *rows, ""]).encode(encoding))
    assert path.stat().st_size > 1 << 20
    expected = told(path)
    assert "1002, 69992" in expected[0]
    assert told(path, shards=3) == expected


def test_bytes_that_do_not_fit_are_told_with_their_line(tmp_path: Path) -> None:
    """Also where they come after the part of the file by which its encoding is told."""
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER.encode() + GOOD.encode() * 60_000 + b"1,\xff,2026-01-01\n")
    (found,) = told(path, shards=2, encoding="utf-8")
    assert [found] == told(path, encoding="utf-8")
