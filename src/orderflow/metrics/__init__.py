"""Floor 1: figures over whole histories. May import `orderflow.model` and polars; does not know `orderflow.rules`."""

from orderflow.metrics.ageing import ageing
from orderflow.metrics.bottlenecks import Bottlenecks, bottlenecks
from orderflow.metrics.cancellation import cancellation
from orderflow.metrics.cohorts import cohorts
from orderflow.metrics.compare import Comparison, compare
from orderflow.metrics.complaint_rate import complaint_rate
from orderflow.metrics.conformance import Conformance, conformance
from orderflow.metrics.conversion import conversion
from orderflow.metrics.error_rate import error_rate
from orderflow.metrics.first_response import first_response
from orderflow.metrics.flow_efficiency import flow_efficiency
from orderflow.metrics.flow_map import flow_map
from orderflow.metrics.handover import handover
from orderflow.metrics.handover_of_teams import handover_of_teams
from orderflow.metrics.in_full import in_full
from orderflow.metrics.lead_time import lead_time
from orderflow.metrics.log import EventLog
from orderflow.metrics.on_time import OnTime, on_time
from orderflow.metrics.otif import otif
from orderflow.metrics.overview import Overview, overview
from orderflow.metrics.people import by_person
from orderflow.metrics.periods import periods
from orderflow.metrics.ping_pong import ping_pong
from orderflow.metrics.queues import queues
from orderflow.metrics.report import Report, report
from orderflow.metrics.rework import Rework, rework
from orderflow.metrics.running import Running
from orderflow.metrics.satisfaction import satisfaction
from orderflow.metrics.scorecard import scorecard
from orderflow.metrics.self_loops import self_loops
from orderflow.metrics.shards import in_shards
from orderflow.metrics.sla_attainment import sla_attainment
from orderflow.metrics.stage_time import stage_time
from orderflow.metrics.summary import Durations, Table
from orderflow.metrics.throughput import Throughput, throughput
from orderflow.metrics.touches import touches
from orderflow.metrics.variants import Variants, variants
from orderflow.metrics.work_in_progress import work_in_progress
from orderflow.metrics.working_together import working_together
from orderflow.metrics.workload import workload

__all__ = [
    "Bottlenecks",
    "Comparison",
    "Conformance",
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
    "ageing",
    "bottlenecks",
    "by_person",
    "cancellation",
    "cohorts",
    "compare",
    "complaint_rate",
    "conformance",
    "conversion",
    "error_rate",
    "first_response",
    "flow_efficiency",
    "flow_map",
    "handover",
    "handover_of_teams",
    "in_full",
    "in_shards",
    "lead_time",
    "on_time",
    "otif",
    "overview",
    "periods",
    "ping_pong",
    "queues",
    "report",
    "rework",
    "satisfaction",
    "scorecard",
    "self_loops",
    "sla_attainment",
    "stage_time",
    "throughput",
    "touches",
    "variants",
    "work_in_progress",
    "working_together",
    "workload",
]
