"""Bare names of stages and triggers in an SLA's conditions: `start: review` is `stage == 'review'`."""

from __future__ import annotations

from collections.abc import Collection

from attrs import evolve

from orderflow.model.condition import Compare, Condition, Constant, Logic, Name, Node, Not


def spell_out(condition: Condition, stages: Collection[str], triggers: Collection[str]) -> Condition:
    """The condition with every bare name of a stage or trigger, where a truth is wanted, as a comparison.

    A name that is both is taken for the stage.
    """
    tree = _spell(condition.tree, stages, triggers)
    return condition if tree is condition.tree else Condition(tree, place=condition.place)


def _spell(node: Node, stages: Collection[str], triggers: Collection[str]) -> Node:
    if isinstance(node, Name):
        if node.path in stages:
            return _equals("stage", node)
        return _equals("trigger", node) if node.path in triggers else node
    if isinstance(node, Not):
        operand = _spell(node.operand, stages, triggers)
        return node if operand is node.operand else evolve(node, operand=operand)
    if isinstance(node, Logic):
        operands = tuple(_spell(item, stages, triggers) for item in node.operands)
        same = all(new is old for new, old in zip(operands, node.operands, strict=True))
        return node if same else evolve(node, operands=operands)
    return node


def _equals(subject: str, name: Name) -> Node:
    return Compare(
        Name(subject, column=name.column), (("==", Constant(name.path, column=name.column)),), column=name.column
    )
