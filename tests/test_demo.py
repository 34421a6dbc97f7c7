"""What `orderflow demo` promises: it shows what a host would show, aligned, the same each time, and cleans up."""

from __future__ import annotations

import re
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len
from rich.console import Console

import orderflow as of
from orderflow import cli
from orderflow.demo import run_demo
from orderflow.demo.run import CHANNELS
from orderflow.demo.words import WORDS, length, open_length
from orderflow.simulate import sales_scenario

HOUR = of.model.duration.parse_duration("1h")


def drawn(width: int = 100, **options: Any) -> str:
    """The demo's text, small, in memory."""
    console = Console(file=StringIO(), width=width)
    run_demo(console, **{"orders": 30, "days": 12, "storage": "memory:", **options})
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, ["demo", *map(str, arguments)])


def test_the_demo_shows_board_late_orders_messages_and_figures() -> None:
    """Every part is there, in English with names as people have them."""
    text = drawn()
    for part in ("Board on", "Production", "Late orders:", "Why it is late", "Notified:", "Key figures", "Lead time"):
        assert part in text
    assert "30 orders" in text and "bottleneck" in text
    assert re.search(r"SO-\d{5}", text) and "已下单" in text
    assert "{" not in text and "None" not in text


def test_the_demo_speaks_chinese() -> None:
    """`language="zh"` has the stages, promises and figures in Chinese."""
    text = drawn(language="zh")
    for part in ("看板", "下单", "审核", "生产", "发货", "收款", "售后", "超时订单", "责任人", "关键指标", "瓶颈"):
        assert part in text
    assert "Board" not in text and "Late" not in text


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_every_line_fits_and_the_board_is_aligned(width: int) -> None:
    """East Asian characters take two cells: no line is wider than the terminal, and the board's edges stand in line."""
    lines = drawn(width, orders=12, days=8).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    framed = [line for line in lines if line[:1] in "╭│├╰" and line]
    edges = {tuple(cell_len(line[:at]) for at, char in enumerate(line) if char in "│┼┬┴├┤╭╮╰╯") for line in framed}
    assert len(edges) == 1 and all(cell_len(line) == width for line in framed)


def test_the_same_seed_draws_the_same_screen() -> None:
    """Nothing on the screen depends on the wall clock or on chance outside of the seed."""
    assert drawn(orders=15, days=6) == drawn(orders=15, days=6)
    assert drawn(orders=15, days=6) != drawn(orders=15, days=6, seed=2)


def test_by_default_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--storage` the histories lie in a SQLite file in a temporary folder that is removed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened: list[str] = []
    tracker = of.Tracker
    monkeypatch.setattr(
        "orderflow.demo.run.Tracker",
        lambda *args, **named: (opened.append(named["storage"]), tracker(*args, **named))[1],
    )
    drawn(orders=4, days=3, storage=None)
    assert opened[0].startswith("sqlite:///") and str(tmp_path) in opened[0]
    assert list(tmp_path.iterdir()) == []


def test_a_named_storage_is_kept_and_not_used_twice(tmp_path: Path) -> None:
    """`--storage FILE` leaves a file that a Tracker opens; the same file again is refused, as a path and as a URL."""
    file = tmp_path / "订单 demo.db"
    first = run("--orders", 6, "--days", 4, "--storage", file)
    assert first.exit_code == 0, first.output
    assert "kept in" in first.output
    scenario = sales_scenario()
    channels = of.Channels(*(of.CallableChannel(name, print) for name in CHANNELS))
    with of.Tracker(
        scenario.flow, storage=f"sqlite:///{file}", directory=scenario.directory, plugins=[channels]
    ) as tracker:
        assert sum(column.count for column in tracker.board().columns) == 6
    for storage in (file, f"sqlite:///{file}"):
        again = run("--orders", 6, "--days", 4, "--storage", storage)
        assert again.exit_code == 1
        assert "Traceback" not in again.output and "already" in again.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--orders", 0), "x>=1"),
        (("--days", "many"), "not a valid integer"),
        (("--lang", "fr"), "fr"),
    ],
)
def test_wrong_options_are_named(arguments: tuple[object, ...], told: str) -> None:
    """A wrong option ends with exit code 2 and a message that names it."""
    result = run(*arguments)
    assert result.exit_code == 2 and told in result.output


def test_a_storage_that_nobody_knows_is_named() -> None:
    """An unknown URL is an error with exit code 1, not a traceback."""
    result = run("--storage", "nowhere://x", "--orders", 1, "--days", 1)
    assert result.exit_code == 1 and "nowhere://x" in result.output


@pytest.mark.parametrize(("orders", "days"), [(0, 5), (5, 0)])
def test_the_function_refuses_what_makes_no_demo(orders: int, days: int) -> None:
    """At least one order and one day."""
    with pytest.raises(of.OrderflowError, match="at least one order"):
        drawn(orders=orders, days=days)


def test_one_order_on_one_day_can_be_drawn() -> None:
    """The smallest demo has no figures that fail for want of numbers."""
    assert "1" in drawn(orders=1, days=1)
    assert "下单" in drawn(orders=1, days=1, language="zh")


def test_lengths_are_said_as_people_say_them() -> None:
    """Open time in working minutes, hours and days of the calendar's length; real time in its two largest units."""
    assert HOUR is not None
    day = 7.5 * HOUR
    assert open_length(HOUR / 60 / 10, day, "en") == "1 working min"
    assert open_length(HOUR / 2, day, "en") == "30 working min"
    assert open_length(3 * HOUR, day, "zh") == "3.0 个工作小时"
    assert open_length(15 * HOUR, day, "en") == "2.0 working days"
    assert length(26 * HOUR, "zh") == "1 天 2 小时" and length(26 * HOUR, "en") == "1 d 2 h"
    assert length(None, "zh") == "–"


def test_every_word_stands_in_both_languages() -> None:
    """The two texts of a key take the same values."""
    for english, chinese in WORDS.values():
        assert set(re.findall(r"{(\w+)", english)) == set(re.findall(r"{(\w+)", chinese))
