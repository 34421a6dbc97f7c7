"""A dashboard over running totals: figures week by week while orders come in, without reading the past again.

python examples/running_dashboard.py

A simulated order book drives a Tracker. Every week the dashboard follows the Tracker's feed, which gives it only what
is new, shows its figures, and saves its state in a folder; half-way it starts anew from there, as after a restart.
"""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orderflow as of
from orderflow.metrics import Running
from orderflow.simulate import SimulatedClock, sales_scenario, simulate

START = datetime(2026, 3, 9, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
WEEKS, ORDERS = 8, 160
WEEK = timedelta(days=7)


class Dashboard:
    """Follows a Tracker, week by week."""

    def __init__(self, tracker: of.Tracker, clock: SimulatedClock, folder: Path) -> None:
        self.tracker, self.clock, self.folder = tracker, clock, folder
        self.running = Running(shelf=folder)
        self.next = START + WEEK

    def tick(self, _share: float = 0.0) -> None:
        """Called by the simulation about every hour, as a host would from cron; does something once a week."""
        if self.clock() < self.next:
            return
        self.next += WEEK
        if self.next == START + (WEEKS // 2 + 1) * WEEK:
            self.running = Running.load(self.folder)  # another process goes on
        new = self.running.follow(self.tracker)
        print(self.line(new))
        self.running.save()

    def line(self, new: int) -> str:
        """The figures of all orders so far, as one row of the table."""
        report = self.running.report()
        lead, kept, done = report.lead_time, report.on_time, report.throughput.finished
        on_time = "–" if kept is None or kept.rate is None else f"{kept.rate:.0%}"
        slowest = next(iter(report.bottlenecks.by_total), {"source": "–", "dest": "–"})
        return (
            f"{self.clock():%m-%d}{new:>8,}{report.overview.orders:>8,}{sum(done.values()):>6,}"
            f"{days(lead.median):>10}{days(lead.p90):>8}{on_time:>9}"
            f"   {slowest['source']} → {slowest['dest']}"
        )


def days(value: timedelta | None) -> str:
    """A duration in days."""
    return "–" if value is None else f"{value / timedelta(days=1):.1f} d"


def main() -> None:
    """Simulate eight weeks, show each; at the end compare with the report on the whole history."""
    clock, scenario = SimulatedClock(START), sales_scenario(ORDERS / (WEEKS * 7))
    with tempfile.TemporaryDirectory() as place:
        quiet = of.Channels(*(of.CallableChannel(name, lambda _message: None) for name in ("email", "sms", "wecom")))
        tracker = of.Tracker(flows=[scenario.flow], directory=scenario.directory, clock=clock, plugins=[quiet])
        dashboard = Dashboard(tracker, clock, Path(place) / "totals")
        print("until  events  orders  done    median     p90  on time   most time goes into")
        simulate(tracker, clock, scenario, orders=ORDERS, days=WEEKS * 7, seed=3, progress=dashboard.tick)
        dashboard.tick()
        dashboard.running.follow(tracker)
        whole = of.report(tracker.log())
        print(f"\n{dashboard.running}")
        print("equal to the report on the whole history:", dashboard.running.report().to_dict() == whole.to_dict())


if __name__ == "__main__":
    main()
