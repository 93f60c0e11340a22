"""A picture of a WorkflowTemplate's DAG, from the manifest alone."""

from graphlib import CycleError

import yaml

from steps.errors import BadInput
from workflows.graph.blocks import block_of
from workflows.graph.picture import as_svg
from workflows.lint.document import Document, Node
from workflows.settings import Settings

__all__ = ["draw"]


def draw(manifest: str) -> str:
    """The SVG of a WorkflowTemplate given as YAML. Raises BadInput for anything else, and for arrows in a circle."""
    document = read(manifest)
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


def read(manifest: str) -> Document:
    try:
        documents = [Document(Node(parsed), Settings()) for parsed in yaml.safe_load_all(manifest)]
    except yaml.YAMLError as fault:
        raise BadInput(f"not YAML: {getattr(fault, 'problem', None) or fault}") from fault
    return next((document for document in documents if document.is_workflow), Document(Node(None), Settings()))
