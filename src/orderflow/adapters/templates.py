"""The flows that ship as templates: ready to run, to be read, copied and extended."""

from __future__ import annotations

from orderflow.adapters.flowfile import read_flow_text
from orderflow.adapters.sources import template_file, template_names, template_text
from orderflow.model.flow import Flow


def templates() -> tuple[str, ...]:
    """The names of the templates that ship, sorted."""
    return template_names()


def template(name: str) -> Flow:
    """The flow of a template that ships, such as `sales-order`.

    Raises `DefinitionError` for an unknown name, with a suggestion.
    """
    return read_flow_text(template_text(name), file=template_file(name))
