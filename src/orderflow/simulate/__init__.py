"""Floor 4: the simulator: people, customers and other systems that drive a real Tracker through simulated time.

    from orderflow.simulate import SimulatedClock, sales_scenario, simulate

Used by the demo, the tests and the benchmarks. May import everything below; the demo and the command line import it.
"""

from orderflow.simulate.engine import simulate
from orderflow.simulate.plain import plain_scenario
from orderflow.simulate.results import Refusal, Simulated, SimulatedClock
from orderflow.simulate.sales import sales_flow, sales_scenario
from orderflow.simulate.scenario import (
    Delay,
    Escalation,
    Interruption,
    Length,
    Outcome,
    Rhythm,
    Scenario,
    Staff,
    Work,
)

__all__ = [
    "Delay",
    "Escalation",
    "Interruption",
    "Length",
    "Outcome",
    "Refusal",
    "Rhythm",
    "Scenario",
    "Simulated",
    "SimulatedClock",
    "Staff",
    "Work",
    "plain_scenario",
    "sales_flow",
    "sales_scenario",
    "simulate",
]
