"""What the options of reading promise: the same everywhere, told when they are wrong or have no effect."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import fields

import orderflow as of
from orderflow.adapters.options import PartOptions, Reading, ReadOptions

LOG = "order_id,stage,at,case:region\nA,x,2026-01-05,N\nA,y,2026-01-06,N\nB,x,2026-01-05,S\n"
WIDE = "订单号,客户,下单时间,审核时间,承诺交期,数量\n" + "".join(
    f"SO-{n},c{n % 3},2026-03-{1 + n % 9:02} 09:00,{(n % 4 and f'2026-03-{2 + n % 9:02} 10:30') or ''},2026-03-10,{n}\n"
    for n in range(60)
)


def code(caught: pytest.ExceptionInfo[of.LogError]) -> list[str]:
    assert all(item.text("en") and item.text("zh") for item in caught.value.problems)
    return [item.code for item in caught.value.problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "log.csv"
    found.write_text(LOG, encoding="utf-8")
    return found


def test_the_typed_options_are_those_of_read_log() -> None:
    """Each option of `read_log` is one of `report`; those of sources in parts are the fields of what reads them."""
    assert list(ReadOptions.__annotations__.keys() ^ signature(of.read_log).parameters.keys()) == ["source"]
    assert set(PartOptions.__annotations__) == {item.name for item in fields(Reading)}


def test_a_misspelt_option_is_told_in_the_name_of_the_function(path: Path) -> None:
    """With the one that was probably meant, before anything is read."""
    wrong: Any = {"oder_id": "x"}
    for name, call in (
        ("report", lambda: of.report("nowhere.csv", **wrong)),
        ("report", lambda: of.report("nowhere.csv", shards=2, **wrong)),
        ("read_shards", lambda: of.read_shards("nowhere.csv", **wrong)),
    ):
        with pytest.raises(TypeError, match=rf"^{name}\(\) got an unexpected .*'oder_id'. Did you mean 'order_id'\?$"):
            call()


def test_what_has_no_effect_is_refused(path: Path) -> None:
    """Parts and attributes that there are not, also of a log in memory; options of parts that nothing is cut into."""
    log = of.read_log(path)
    wrong: Any
    for source in (log, path):
        for wrong, expected in (
            ({"further": ["nonsense"]}, "log.unknown_figure"),
            ({"by": "nonsense"}, "log.unknown_attribute"),
            ({"partitions": 7}, "log.partitions_without_engine"),
            ({"engine": object(), "shards": 2}, "log.engine_and_shards"),
        ):
            with pytest.raises(of.LogError) as caught:
                of.report(source, **wrong)
            assert code(caught) == [expected]
    for wrong in ({"query": "q"}, {"object_type": "t"}):
        with pytest.raises(of.LogError) as caught:
            of.report(path, shards=2, **wrong)
        assert code(caught) == ["log.not_in_parts"]
    assert of.report(log, by="region", further=["workload"]).overview.orders == 2
    with pytest.raises(TypeError, match=r"already been read: stage, tz have no effect$"):
        of.report(log, tz="UTC", stage="x")


def test_a_lone_name_is_one_name(path: Path) -> None:
    """For attributes and for stages, not a list of its letters."""
    assert of.read_log(path, attributes="case:region").orders["case:region"].to_list() == ["N", "S"]
    assert of.report(path, shards=2, attributes="case:region").overview.orders == 2
    wide = {"order": ["A"], "at": ["2026-01-05"]}
    assert of.read_log(wide, stages="at").stages == ("at",)


def test_shards_take_the_format_and_tell_how_far_they_are(tmp_path: Path) -> None:
    """The share of the shards that are done, which never falls, up to 1; also through `report`."""
    path = tmp_path / "log"
    path.write_text(LOG, encoding="utf-8")
    shares: list[float] = []
    assert sum(map(len, of.read_shards(path, 4, format="csv", progress=shares.append))) == 3
    assert shares == [0.0, 0.25, 0.5, 0.75, 1.0]
    shares.clear()
    assert of.report(path, shards=2, format="csv", progress=shares.append).overview.events == 3
    assert shares == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("kind", ["csv", "parquet", "frame"])
@pytest.mark.parametrize("cases", [False, True])
def test_shards_read_one_row_per_order_when_the_stages_are_named(kind: str, cases: bool, tmp_path: Path) -> None:
    """The same figures, attributes and promises as the whole; each order in one shard."""
    source: Any = tmp_path / f"wide.{kind}"
    if kind == "csv":
        source.write_text(WIDE, encoding="utf-8")
    else:
        frame = pl.read_csv(WIDE.encode())
        frame.write_parquet(tmp_path / "wide.parquet")
        source = frame.lazy() if kind == "frame" else source
    reading: Any = {
        "stages": {"placed": "下单时间", "checked": "审核时间"},
        "tz": "Asia/Shanghai",
        "done_stages": "checked",
    }
    if cases:
        reading["cases"] = {"订单号": [f"SO-{n}" for n in range(60)], "level": ["A", "B"] * 30}
    whole = of.read_log(source, **reading)
    for n in (1, 5):
        parts = list(of.read_shards(source, n, **reading))
        assert [item.code for item in parts[0].assumptions if item.code == "log.promises_are_days"]
        rows = pl.concat([part.orders.drop("order") for part in parts], how="vertical").sort("id")
        assert rows.equals(whole.orders.drop("order").sort("id"))
        assert of.report(source, shards=n, **reading).to_dict() == of.report(whole).to_dict()


def test_wide_rows_that_are_wrong_are_told_in_shards_as_in_the_whole(tmp_path: Path) -> None:
    """An order with two rows, a time that cannot be read; and without stages= what to do."""
    path = tmp_path / "wide.csv"
    path.write_text("id,a_at,b_at\n1,2026-01-01,2026-01-02\n2,soon,\n1,2026-01-01,\n", encoding="utf-8")
    reading: Any = {"order_id": "id", "stages": ["a_at", "b_at"]}
    for read in (of.read_log, lambda path, **reading: list(of.read_shards(path, 3, **reading))):
        with pytest.raises(of.LogError) as caught:
            read(path, **reading)
        assert sorted(code(caught)) == ["log.orders_repeated", "log.times_unreadable"]
    with pytest.raises(of.LogError) as caught:
        list(of.read_shards(path, 3, order_id="id"))
    assert code(caught)[-1] == "log.wide_in_parts"


def test_a_log_of_which_all_rows_were_skipped_is_an_error(tmp_path: Path) -> None:
    """As a file without rows is; with what is wrong with the rows, in shards too."""
    path = tmp_path / "log.csv"
    path.write_text("order_id,stage,at\nA,x,soon\n,x,2026-01-05\n", encoding="utf-8")
    for read in (of.read_log, lambda path, **reading: list(of.read_shards(path, 3, **reading))):
        with pytest.raises(of.LogError) as caught:
            read(path, errors="skip")
        assert code(caught)[0] == "log.no_rows_left"
        assert sorted(code(caught)[1:]) == ["log.missing_in_rows", "log.times_unreadable"]
