"""A flow as plain data for whoever does not know flows: the steps that it allows, what its stages are called."""

from __future__ import annotations

from orderflow.model.flow import Flow, Lifecycle
from orderflow.model.frozen import FrozenMap
from orderflow.rules.lifecycle import build_table

Step = tuple[str | None, str]


def allowed_steps(flow: Flow) -> FrozenMap[frozenset[Step]]:
    """By kind of track (`order` first) the pairs (source, dest) of stages that a transition leads between.

    - (None, stage) is the beginning. Wildcards and reflexive transitions are resolved; internal ones enter no stage.
    - A stage goes by its name and by its titles, as in a log from elsewhere (`stages_called`).
    - Guards, roles and `requires` are not looked at: a step is allowed when it can be for somebody, sometime.
    - What `of.metrics.conformance(log, of.allowed_steps(flow))` takes.
    """
    return FrozenMap({kind: _steps(lifecycle) for kind, _path, lifecycle in flow.lifecycles()})


def stages_called(lifecycle: Lifecycle) -> dict[str, str]:
    """What a stage may be called in a log from elsewhere -> the stage: its name, and each title in any language that
    is neither another stage's name nor another stage's title."""
    titles: dict[str, set[str]] = {}
    for name, stage in lifecycle.stages.items():
        for title in stage.title.values():
            titles.setdefault(title, set()).add(name)
    alone = {title: next(iter(names)) for title, names in titles.items() if len(names) == 1}
    return alone | {name: name for name in lifecycle.stages}


def _steps(lifecycle: Lifecycle) -> frozenset[Step]:
    ways = (way for found in build_table(lifecycle).values() for way in found)
    between = {(way.source, way.dest) for way in ways if way.dest is not None}
    called: dict[str | None, list[str | None]] = {None: [None]}
    for name, stage in stages_called(lifecycle).items():
        called.setdefault(stage, []).append(name)
    return frozenset(
        (source, dest)
        for begin, end in {(None, lifecycle.initial), *between}
        for source in called[begin]
        for dest in called[end]
        if dest is not None
    )
