"""Definitions written in Python: what belongs nowhere is a `DefinitionError` that says where, never a raw error."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import orderflow as of


def lifecycle(**transition: Any) -> of.Lifecycle:
    """Two stages and one way between them, with something changed."""
    way = of.Transition(**{"trigger": "go", "source": "a", "dest": "b", **transition})
    return of.Lifecycle(initial="a", stages={"a": of.Stage(), "b": of.Stage(category="done")}, transitions=[way])


def flow(**parts: Any) -> of.Flow:
    return of.Flow(name="f", lifecycle=lifecycle(), **parts)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: lifecycle(trigger=5), "Transition.trigger"),
        (lambda: lifecycle(guard=5), "Transition.guard"),
        (lambda: lifecycle(guard=lambda: True), "Transition.guard"),
        (lambda: lifecycle(roles=5), "Transition.roles"),
        (lambda: lifecycle(source=[5]), "Transition.source"),
        (lambda: lifecycle(dest=5), "Transition.dest"),
        (lambda: lifecycle(requires=[None]), "Transition.requires"),
        (lambda: of.Lifecycle(initial="a", stages={5: of.Stage()}, transitions=[]), "Lifecycle.stages"),  # type: ignore[dict-item]  # the point
        (lambda: of.Lifecycle(initial="a", stages=5, transitions=[]), "Lifecycle.stages"),
        (lambda: of.Lifecycle(initial="a", stages={"a": {}}, transitions=[]), "Lifecycle.stages"),
        (lambda: of.Lifecycle(initial="a", stages=["a"], transitions=["go"]), "Lifecycle.transitions"),
        (lambda: of.Flow(name="f", lifecycle=None), "Flow.lifecycle"),  # type: ignore[arg-type]  # the point
        (lambda: flow(currency=5), "Flow.currency"),
        (lambda: flow(find=[5]), "Flow.find"),
        (lambda: flow(title=5), "Flow.title"),
        (lambda: flow(notify=["x"]), "Mapping"),
        (lambda: flow(notify={"breached": "owner"}), "Flow.notify"),
        (lambda: flow(sla={"s": {"start": "a"}}), "Flow.sla"),
        (lambda: flow(calendar={"hours": "always"}), "Flow.calendar"),
        (lambda: of.SLA(start=None, target="1h"), "SLA.start"),
        (lambda: of.SLA(start="a", target=5), "SLA.target"),
        (lambda: of.SLA(start="a", target="1h", stop=5), "SLA.stop"),
        (lambda: of.SLA(start="a", target="1h", escalate="x"), "SLA.escalate"),
        (lambda: of.SLA(start="a", target="1h", warn=[0.5]), "0.5"),
        (lambda: of.Warn(), "None"),
        (lambda: of.Rung(after=5, to="owner"), "Rung.after"),
        (lambda: of.Tracker(flow(), clock=5), "clock"),  # type: ignore[arg-type]  # the point
        (lambda: of.Tracker(5), "flows"),  # type: ignore[arg-type]  # the point
        (lambda: of.Tracker(flow(), storage=5), "storage"),  # type: ignore[arg-type]  # the point
        (lambda: of.Tracker(flow(), directory=["li"]), "directory"),  # type: ignore[list-item]  # the point
    ],
)
def test_what_does_not_belong_is_told(make: Any, words: str) -> None:
    """Each says what is wrong and where, in both languages."""
    with pytest.raises(of.DefinitionError) as caught:
        make()
    assert words in str(caught.value)
    assert all(item.text("zh") for item in caught.value.problems)


def test_several_targets_may_be_written_as_texts() -> None:
    """A list of durations is a table like any other; what comes behind a row that fits everything is a problem."""
    sla = of.SLA(start="a", target=["1h", timedelta(hours=2)])
    assert sla.target == (of.Target(target="1h"), of.Target(target="2h"))
    assert "target_row_unreachable" in {item.code for item in of.problems(flow(sla={"s": sla}))}


def test_a_target_beyond_all_calendars_is_found_before_use() -> None:
    """A hundred years and more are a slip."""
    found = of.problems(flow(sla={"s": of.SLA(start="a", target=timedelta.max, time="wall")}))
    assert "target_too_long" in {item.code for item in found}


@pytest.mark.parametrize("hook", ["orderflow_channels", "orderflow_configure", "orderflow_storage"])
def test_a_plugin_that_raises_while_a_tracker_opens_is_named(hook: str) -> None:
    """The Tracker does not open, and the error says which plugin, in which hook, and what it raised."""

    def boom(self: Any) -> None:
        raise RuntimeError("boom")

    plugin = type("Broken", (), {hook: of.hookimpl(boom)})()
    with pytest.raises(of.DefinitionError, match=f"Broken: {hook} raised RuntimeError: boom"):
        of.Tracker(flow(), plugins=[plugin])
