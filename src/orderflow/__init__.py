"""Follow every order from intake to after-sales. 订单全程跟进。

    import orderflow as of

The public names, and nothing else. Optional libraries are imported when a function that needs them is called.
"""

from orderflow import metrics
from orderflow.adapters.channels import CallableChannel, Channels, LogChannel
from orderflow.adapters.dump import dump_flow
from orderflow.adapters.flow_check import check_flow_file
from orderflow.adapters.flow_schema import flow_schema
from orderflow.adapters.flowfile import load_calendar, load_flow
from orderflow.adapters.report_text import write_report
from orderflow.adapters.reports import report
from orderflow.adapters.shards import read_shards
from orderflow.adapters.tables import read_log, read_table
from orderflow.adapters.templates import template, templates
from orderflow.adapters.write_log import write_log
from orderflow.hookspecs import hookimpl
from orderflow.marking import mark
from orderflow.metrics.compare import Comparison, compare
from orderflow.metrics.folder import Folder
from orderflow.metrics.log import EventLog
from orderflow.metrics.pilots import PilotGroup, PilotReport
from orderflow.metrics.report import Report
from orderflow.model.actor import Actor, Directory, Person
from orderflow.model.calendar import ALWAYS, CalendarHorizonWarning, WorkCalendar
from orderflow.model.canonical import fingerprint
from orderflow.model.commands import (
    Acknowledge,
    Amend,
    Assign,
    Erase,
    FactChanged,
    Fire,
    Jump,
    Link,
    Load,
    Migrate,
    Move,
    Note,
    Observe,
    OpenTrack,
    Place,
    RevertMigration,
    Settle,
)
from orderflow.model.commit import Notification
from orderflow.model.errors import (
    Conflict,
    DefinitionError,
    InvalidValue,
    KeyReused,
    LogError,
    MissingExtraError,
    OrderflowError,
    Refused,
    StorageError,
    UnknownOrder,
)
from orderflow.model.flow import AmendmentRule, Field, Flow, Lifecycle, Select, Stage, Track, Transition
from orderflow.model.migration import Migrated, MigrationPlan, PlannedOrder
from orderflow.model.order import Customer, Line, Money, Order
from orderflow.model.pilots import Pilot
from orderflow.model.policies import SLA, NotifyRule, OwnerRule, Rung, Target, Warn
from orderflow.model.quantities import LineMove, Lines, LineStage
from orderflow.model.reasons import Problem, Reason
from orderflow.model.view import Board, Card, View
from orderflow.plugins import installed_plugins
from orderflow.ports import Failed, Retry, Sent
from orderflow.rules.allowed import allowed_steps
from orderflow.rules.check import problems
from orderflow.rules.check_select import select_problems
from orderflow.rules.describe import describe
from orderflow.rules.diff import Change, diff
from orderflow.rules.draw import draw
from orderflow.rules.interop import from_machine, to_machine
from orderflow.rules.receipt import Receipt
from orderflow.tracker import Tracker, utc_now

__version__ = "0.1.0"

__all__ = [
    "ALWAYS",
    "SLA",
    "Acknowledge",
    "Actor",
    "Amend",
    "AmendmentRule",
    "Assign",
    "Board",
    "CalendarHorizonWarning",
    "CallableChannel",
    "Card",
    "Change",
    "Channels",
    "Comparison",
    "Conflict",
    "Customer",
    "DefinitionError",
    "Directory",
    "Erase",
    "EventLog",
    "FactChanged",
    "Failed",
    "Field",
    "Fire",
    "Flow",
    "Folder",
    "InvalidValue",
    "Jump",
    "KeyReused",
    "Lifecycle",
    "Line",
    "LineMove",
    "LineStage",
    "Lines",
    "Link",
    "Load",
    "LogChannel",
    "LogError",
    "Migrate",
    "Migrated",
    "MigrationPlan",
    "MissingExtraError",
    "Money",
    "Move",
    "Note",
    "Notification",
    "NotifyRule",
    "Observe",
    "OpenTrack",
    "Order",
    "OrderflowError",
    "OwnerRule",
    "Person",
    "Pilot",
    "PilotGroup",
    "PilotReport",
    "Place",
    "PlannedOrder",
    "Problem",
    "Reason",
    "Receipt",
    "Refused",
    "Report",
    "Retry",
    "RevertMigration",
    "Rung",
    "Select",
    "Sent",
    "Settle",
    "Stage",
    "StorageError",
    "Target",
    "Track",
    "Tracker",
    "Transition",
    "UnknownOrder",
    "View",
    "Warn",
    "WorkCalendar",
    "__version__",
    "allowed_steps",
    "check_flow_file",
    "compare",
    "describe",
    "diff",
    "draw",
    "dump_flow",
    "fingerprint",
    "flow_schema",
    "from_machine",
    "hookimpl",
    "installed_plugins",
    "load_calendar",
    "load_flow",
    "mark",
    "metrics",
    "problems",
    "read_log",
    "read_shards",
    "read_table",
    "report",
    "select_problems",
    "template",
    "templates",
    "to_machine",
    "utc_now",
    "write_log",
    "write_report",
]
