"""What no file may do, however it was made: hang, crash, read another file, or be misread in silence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import orderflow as of
from orderflow.adapters import files

CSV = b"order_id,stage,at\nA,x,2026-01-05T08:00:00Z\n"
XES = (
    b'<log><trace><string key="concept:name" value="A"/><event><string key="concept:name" value="x"/>'
    b'<date key="time:timestamp" value="2026-01-05T08:00:00Z"/></event></trace></log>'
)


def packed(content: bytes) -> bytes:
    """The content as gzip, the same whenever it is packed."""
    return gzip.compress(content, mtime=0)


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
MIXED = CSV + "B,下单,2026-01-05\n".encode() + "C,下单,2026-01-05\n".encode("gb18030")
MANY = b",".join(b"c%d" % n for n in range(20_000)) + b"\n" + b"1," * 19_999 + b"1\n"
OCEL = {"objects": [{"id": "A", "type": "o"}], "events": []}


def name_of(value: Any) -> str:
    """The name of a file or the code of a problem, to call a case by."""
    return str(value[0]) if isinstance(value, tuple) else value if isinstance(value, str) else ""


def problem_of(path: Path, **options: Any) -> tuple[str, int | None]:
    """The code and line of the first problem, which has a text in both languages and names the file."""
    with pytest.raises(of.LogError) as caught:
        of.read_log(path, **options)
    first = caught.value.problems[0]
    assert first.text("en") and first.text("zh")
    assert first.place is None or first.place.file == str(path)
    return first.code, first.place.line if first.place else None


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("log.csv", b"", ("log.no_rows", None)),
        ("log.csv", b"\xef\xbb\xbf", ("log.no_rows", None)),
        ("log.csv", b"order_id,stage,at\nA,x\0,2026-01-05\n", ("log.nul_byte", 2)),
        ("log.csv", CSV.decode().encode("utf-16-le"), ("log.nul_byte", 1)),
        ("log.csv", MIXED, ("log.wrong_encoding", 4)),
        ("log.csv", b"stage,order_id,stage,at\nx,A,y,2026-01-05\n", ("log.column_twice", 1)),
        ("log.csv", MANY, ("log.too_many_columns", 1)),
        ("log.csv", b"order_id,stage,at\nA,x,99999-01-01\n", ("log.times_unreadable", 2)),
        ("log.csv", b"order_id,stage,at\nA,x," + b"9" * 5000 + b"\n", ("log.times_unreadable", 2)),
        ("log.csv.gz", packed(CSV * 1000)[:-30], ("log.cut_off_gzip", None)),
        ("log.csv.gz", packed(CSV)[:12] + b"\xff\xff\xff" + packed(CSV)[15:], ("log.broken_gzip", None)),
        ("log.jsonl", b"", ("log.no_rows", None)),
        ("log.jsonl", b"[1, 2]\n", ("log.broken_json_lines", 1)),
        ("log.jsonl", b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}\n", ("log.broken_json_lines", 1)),
        ("log.jsonl", b'{"a": 1}\n{"a": 1' + b"0" * 5000 + b"}\nx\n", ("log.broken_json_lines", 2)),
        ("log.parquet", b"PAR1 and nothing else", ("log.broken_parquet", None)),
        ("log.parquet", b"", ("log.broken_parquet", None)),
        ("log.xes", b"", ("log.broken_xml", 1)),
        ("log.xes", b"<log>\n<trace>\n", ("log.broken_xml", 3)),
        ("log.xes", b"<log>\n<trace><event></trace></log>", ("log.broken_xml", 2)),
        ("log.xes", b"<log></log>", ("log.no_rows", None)),
        ("log.xes", b"\n<html><body/></html>", ("log.not_xes", 2)),
        ("log.xes", b"<!DOCTYPE log [\n<!ENTITY x SYSTEM '/etc/passwd'>]>\n<log>&x;</log>", ("log.xml_entity", 2)),
        ("log.xes", b"<!DOCTYPE log [<!ENTITY l0 'lol'>" + LAUGHS + b"]><log>&l9;</log>", ("log.xml_entity", 1)),
        ("log.xes", b"<!DOCTYPE log [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x'>%p;]><log/>", ("log.xml_entity", 1)),
        ("log.xes", b'<?xml version="1.0" encoding="gb18030"?>\n<log/>', ("log.xml_encoding", 1)),
        ("log.xes", b'<?xml version="1.0" encoding="bogus"?>\n<log/>', ("log.xml_encoding", 1)),
        ("log.xes", b"<!DOCTYPE log\nSYSTEM 'log.dtd'>\n<log>&y;</log>", ("log.xml_doctype", 2)),
        ("log.xes", b"<!DOCTYPE log PUBLIC '-//x' 'http://127.0.0.1:9/x'>\n<log/>", ("log.xml_doctype", 1)),
        ("log.xes", b"<!DOCTYPE log []>\n<log>&y;</log>", ("log.broken_xml", 2)),
        ("log.xes", b"<log>\n<trace>\0</trace></log>", ("log.broken_xml", 2)),
        ("log.xes", b"<log>" + b"<list>" * 100_000, ("log.broken_xml", 1)),
        ("log.xes.gz", packed(XES)[:-9], ("log.cut_off_gzip", None)),
        ("log.json", b"", ("log.broken_json", 1)),
        ("log.json", b'{"a":\n}', ("log.broken_json", 2)),
        ("log.json", b"[" * 200_000, ("log.broken_json", None)),
        ("log.json", b'{"a": 1' + b"0" * 5000 + b"}", ("log.broken_json", None)),
        ("log.json", b'{"a": 1}', ("log.not_ocel", None)),
        ("log.json", b"[]", ("log.not_ocel", None)),
        ("log.json", b'{"ocel:events": {}}', ("log.ocel_one", None)),
        ("log.json", json.dumps({**OCEL, "events": {}}).encode(), ("log.broken_ocel", None)),
        ("log.json", json.dumps({**OCEL, "events": [1]}).encode(), ("log.broken_ocel", None)),
        ("log.json", json.dumps({**OCEL, "events": [{"relationships": "A"}]}).encode(), ("log.broken_ocel", None)),
        ("log.json", json.dumps(OCEL).encode(), ("log.no_rows", None)),
        ("log.xlsx", b"PK\x03\x04", ("log.unknown_ending", None)),
    ],
    ids=name_of,
)  # fmt: skip
def test_every_bad_file_is_an_error_that_says_where(
    tmp_path: Path, name: str, content: bytes, expected: tuple[str, int | None]
) -> None:
    """With the line where there is one; nothing hangs, nothing else is read, nothing but LogError is raised."""
    path = tmp_path / name
    path.write_bytes(content)
    assert problem_of(path) == expected


def test_a_gzip_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to far more than a log would; one that is merely repetitive is read."""
    monkeypatch.setattr(files, "ALWAYS_ALLOWED", 1 << 20)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(packed(b"\0" * (64 << 20)))
    assert problem_of(bomb) == ("log.unpacks_too_large", None)
    bomb.rename(tmp_path / "bomb.xes.gz")
    assert problem_of(tmp_path / "bomb.xes.gz")[0] in ("log.unpacks_too_large", "log.broken_xml")
    dull = tmp_path / "dull.csv.gz"
    dull.write_bytes(packed(CSV + b"A,x,2026-01-05T08:00:00Z\n" * 20_000))
    assert len(of.read_log(dull)) == 20_001


def test_packed_parts_set_one_behind_the_other_are_one_file(tmp_path: Path) -> None:
    """As `cat a.gz b.gz` makes them, with zeros as padding at the end."""
    path = tmp_path / "log.csv.gz"
    path.write_bytes(packed(CSV) + packed(b"B,y,2026-01-05\n") + b"\0" * 512)
    assert len(of.read_log(path)) == 2


def test_four_thousand_columns_are_read(tmp_path: Path) -> None:
    """Long and wide; what is not used is told."""
    names = [f"c{n}" for n in range(4_000)]
    path = tmp_path / "log.csv"
    path.write_text(f"order_id,stage,at,{','.join(names)}\nA,x,2026-01-05,{','.join('1' * 4_000)}\n", encoding="utf-8")
    log = of.read_log(path)
    assert len(log) == 1
    unused = next(item for item in log.assumptions if item.code == "log.unused_columns")
    assert len(unused.params["columns"]) == 4_000


def test_numbers_that_are_too_large_lose_nothing(tmp_path: Path) -> None:
    """Twenty digits stay the text that they are; JSON's are floats only when no whole number holds them."""
    long = "12345678901234567890"
    path = tmp_path / "log.csv"
    path.write_text(f"order_id,stage,at,case:ean,case:n\nA,x,2026-01-05,{long},1\n", encoding="utf-8")
    assert of.read_log(path).orders.select("ean", "n").rows() == [(long, 1)]
    lines = tmp_path / "log.jsonl"
    lines.write_text(f'{{"order_id": {long}, "stage": "x", "at": "2026-01-05"}}\n', encoding="utf-8")
    assert of.read_log(lines).orders["id"].to_list() == [long]


def test_a_xes_file_in_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    """GB18030, which the XML parser does not know by itself."""
    path = tmp_path / "log.xes"
    path.write_bytes(XES.decode().replace('value="x"', 'value="下单"').encode("gb18030"))
    assert of.read_log(path, encoding="gb18030").stages == ("下单",)


@pytest.mark.parametrize("encoding", ["bogus", "base64", "rot13", "idna"])
def test_an_encoding_of_no_text_is_refused_for_xes(encoding: str, tmp_path: Path) -> None:
    """One that there is not, and what Python has under such names beside encodings of text."""
    path = tmp_path / "log.xes"
    path.write_bytes(XES.replace(b'"A"', '"Ä"'.encode()))
    assert problem_of(path, encoding=encoding)[0] in ("log.unknown_encoding", "log.wrong_encoding")


def test_what_is_no_source_at_all_is_said(tmp_path: Path) -> None:
    """Numbers, lists, bytes."""
    for source in (7, [1, 2], b"order_id,stage,at\n"):
        with pytest.raises(of.LogError, match="cannot be read as a log"):
            of.read_log(source)
