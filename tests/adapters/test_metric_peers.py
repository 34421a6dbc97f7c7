"""Another program agrees on figures: pm4py counts variants, steps and handovers as we do, on the same files.

The peer is in the extra `bench`; without it, or without the data in `../shared/data` (`$ORDERFLOW_DATA`), these tests
are skipped. `make bench` runs them.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Any

import pytest

import orderflow as of

pytestmark = pytest.mark.filterwarnings("ignore")  # the peer's own
DATA = Path(os.environ.get("ORDERFLOW_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture(params=["olist_sample", "northwind"])
def both(request: pytest.FixtureRequest) -> tuple[of.EventLog, Any, Any]:
    """The same events as our log, as the peer's frame, and the peer."""
    path = DATA / request.param / "events.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with contextlib.redirect_stdout(io.StringIO()):  # the peer's greeting
        peer = pytest.importorskip("pm4py")
    pandas = pytest.importorskip("pandas")
    rows = pandas.read_csv(path, parse_dates=["at"]).rename(columns={"actor": "org:resource"})
    rows = rows.sort_values(["at", "seq"], kind="stable")
    frame = peer.format_dataframe(rows, case_id="order_id", activity_key="stage", timestamp_key="at")
    return of.read_log(path), frame, peer


def test_variants_are_those_of_pm4py(both: tuple[of.EventLog, Any, Any]) -> None:
    """Every way, with how many orders went it."""
    log, frame, peer = both
    ours = {tuple(row["stages"]): row["count"] for row in of.metrics.variants(log, top=None)}
    assert ours == {tuple(way): count for way, count in peer.get_variants(frame).items()}


def test_the_flow_map_is_the_directly_follows_graph_of_pm4py(both: tuple[of.EventLog, Any, Any]) -> None:
    """Every pair of stages, with how often the one followed the other, and the mean time between them."""
    log, frame, peer = both
    rows = of.metrics.flow_map(log).to_dicts()
    graph, _starts, _ends = peer.discover_dfg(frame)
    assert {(row["source"], row["dest"]): row["count"] for row in rows} == dict(graph)
    times, _starts, _ends = peer.discover_performance_dfg(frame)
    for row in rows:
        assert row["mean"] == pytest.approx(times[row["source"], row["dest"]]["mean"], abs=1e-3)


def test_handovers_are_those_of_pm4py(both: tuple[of.EventLog, Any, Any]) -> None:
    """Its network has each as a share of all steps, those to oneself too: ours is that without these."""
    log, frame, peer = both
    assert frame["org:resource"].notna().all()  # the peer would look through events without an actor; we do not
    steps = len(frame) - frame["case:concept:name"].nunique()
    network = peer.discover_handover_of_work_network(frame).connections
    theirs = {pair: share * steps for pair, share in network.items() if share and pair[0] != pair[1]}
    ours = {(row["source"], row["dest"]): row["count"] for row in of.metrics.handover(log).to_dicts()}
    assert ours == {pair: pytest.approx(count) for pair, count in theirs.items()}
