"""A picture of a WorkflowTemplate's DAG, from the manifest alone."""

from collections.abc import Iterable
from graphlib import CycleError
from typing import Any

from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from workflows.graph.blocks import block_of
from workflows.graph.picture import as_svg
from workflows.lint.document import Document, Node

__all__ = ["draw"]


def draw(documents: Iterable[Any]) -> str:
    """The SVG of the WorkflowTemplate among a manifest's documents. Raises BadInput where there is none, and for arrows in a
    circle."""
    document = workflow_in(documents)
    spec = document.root.at("spec")
    entry = document.template(spec.at("entrypoint").text)
    if not entry:
        raise BadInput("the manifest has no WorkflowTemplate with an entrypoint; `newsreel emit` makes one")
    try:
        main = block_of(document, entry)
    except (CycleError, RecursionError) as fault:
        raise BadInput("the DAG has a cycle, so it cannot be drawn; `newsreel lint` names it") from fault
    at_exit = document.template(spec.at("onExit").text)
    return as_svg(main, block_of(document, at_exit) if at_exit else None)


def workflow_in(documents: Iterable[Any]) -> Document:
    seen = [Document(Node(document), Settings()) for document in documents]
    return next((document for document in seen if document.is_workflow), Document(Node(None), Settings()))
