"""Floor 1: figures over whole histories. May import `orderflow.model` and polars; does not know `orderflow.rules`."""

from orderflow.metrics.bottlenecks import Bottlenecks, bottlenecks
from orderflow.metrics.flow_map import flow_map
from orderflow.metrics.handover import handover
from orderflow.metrics.lead_time import lead_time
from orderflow.metrics.log import EventLog
from orderflow.metrics.on_time import OnTime, on_time
from orderflow.metrics.overview import Overview, overview
from orderflow.metrics.report import Report, report
from orderflow.metrics.rework import Rework, rework
from orderflow.metrics.running import Running
from orderflow.metrics.shards import in_shards
from orderflow.metrics.stage_time import stage_time
from orderflow.metrics.summary import Durations, Table
from orderflow.metrics.throughput import Throughput, throughput
from orderflow.metrics.variants import Variants, variants

__all__ = [
    "Bottlenecks",
    "Durations",
    "EventLog",
    "OnTime",
    "Overview",
    "Report",
    "Rework",
    "Running",
    "Table",
    "Throughput",
    "Variants",
    "bottlenecks",
    "flow_map",
    "handover",
    "in_shards",
    "lead_time",
    "on_time",
    "overview",
    "report",
    "rework",
    "stage_time",
    "throughput",
    "variants",
]
