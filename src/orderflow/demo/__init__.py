"""Floor 4: `orderflow demo`: a simulated order book in a real Tracker, and what a host would show of it.

    from orderflow.demo import run_demo

May import everything below; only the command line imports it.
"""

from orderflow.demo.run import run_demo

__all__ = ["run_demo"]
