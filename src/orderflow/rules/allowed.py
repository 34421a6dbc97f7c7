"""The steps between stages that a flow allows, as plain data for whoever does not know flows."""

from __future__ import annotations

from orderflow.model.flow import Flow, Lifecycle
from orderflow.model.frozen import FrozenMap
from orderflow.rules.lifecycle import build_table

Step = tuple[str | None, str]


def allowed_steps(flow: Flow) -> FrozenMap[frozenset[Step]]:
    """By kind of track (`order` first) the pairs (source, dest) of stages that a transition leads between.

    - (None, stage) is the beginning. Wildcards and reflexive transitions are resolved; internal ones enter no stage.
    - Guards, roles and `requires` are not looked at: a step is allowed when it can be for somebody, sometime.
    - What `of.metrics.conformance(log, of.allowed_steps(flow))` takes.
    """
    return FrozenMap({kind: _steps(lifecycle) for kind, _path, lifecycle in flow.lifecycles()})


def _steps(lifecycle: Lifecycle) -> frozenset[Step]:
    ways = (way for found in build_table(lifecycle).values() for way in found)
    between = {(way.source, way.dest) for way in ways if way.dest is not None}
    return frozenset({(None, lifecycle.initial), *between})
