"""What is to be drawn: a box for a container, a frame with boxes in it for a DAG, each with its size and words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from workflows.graph.layout import Arrangement, Edge, Size, arrange
from workflows.lint.document import Document, Node, dependencies, tasks

__all__ = ["HEADING", "PADDING", "Block", "Kind", "block_of"]

Kind = Literal["frame", "system", "node", "gpu"]

PADDING = 18.0
HEADING = 24.0
BOX_HEIGHT = 48.0
LETTER = 6.3
"""About the width of a letter of the smaller text, in pixels: an SVG cannot ask."""
GAP = 30.0


@dataclass(frozen=True, kw_only=True)
class Block:
    title: str
    note: str
    kind: Kind
    size: Size
    axis: float
    """Where arrows come in and go out, in pixels: from the left in a frame that runs downwards, else from the top."""
    badge: str = ""
    many: bool = False
    """Whether several pods may run for it at once."""
    daemon: bool = False
    downwards: bool = False
    inside: Mapping[str, "Block"] = field(default_factory=dict)
    arrangement: Arrangement | None = None
    conditions: Mapping[Edge, str] = field(default_factory=dict)
    """What is written at an arrow inside."""


def block_of(document: Document, template: Node, *, many: bool = False) -> Block:
    """A template and all it leads to. Raises graphlib.CycleError for arrows in a circle, RecursionError for calls in one."""
    return frame(document, template) if template.at("dag") else box(document, template, many=many)


def box(document: Document, template: Node, *, many: bool) -> Block:
    container = template.at("container")
    image = container.at("image").text.rpartition("/")[2]
    stage = template.at("metadata", "annotations", "newsreel/stage").text
    gpus = container.at("resources", "limits", "nvidia.com/gpu").value
    daemon = template in document.daemons
    kind: Kind = "gpu" if gpus else "node" if daemon or template in document.steps else "system"
    badge = (
        "daemon" if daemon else " \u00b7 ".join(filter(None, [f"{gpus} GPU" if gpus else "", "\u00d7 shards" if many else ""]))
    )
    note = " \u00b7 ".join(filter(None, [stage, image]))
    head = 1.3 * len(template.name) + 1.1 * len(badge) + 3
    size = Size(LETTER * max(len(note), head) + 24.0, BOX_HEIGHT)
    return Block(title=template.name, note=note, kind=kind, size=size, axis=BOX_HEIGHT / 2, badge=badge, many=many, daemon=daemon)


def frame(document: Document, template: Node) -> Block:
    """Tasks that are all containers run downwards, beside an inner frame to the right: so the whole stays compact."""
    inside = {
        task.name: block_of(document, called, many=bool(task.at("withParam")))
        for task in tasks(template)
        if (called := document.template(task.at("template").text))
    }
    conditions = {
        (before, task.name): condition(task, status)
        for task in tasks(template)
        for before, status in dependencies(task)
        if before in inside and task.name in inside
    }
    flat = all(block.kind != "frame" for block in inside.values())
    placed = {name: alike(block, inside, flat) for name, block in inside.items()}
    arrangement = arrange(
        {name: block.size for name, block in placed.items()},
        {name: block.axis for name, block in placed.items()},
        list(conditions),
        downwards=flat,
        gap=max(GAP, *(LETTER * len(text) + 16 for text in conditions.values())) if conditions and not flat else GAP,
    )
    note = frame_note(document, template)
    heading = LETTER * (1.3 * len(template.name) + len(note) + 3)
    first = next(iter(placed), None)
    return Block(
        title=template.name,
        note=note,
        kind="frame",
        size=Size(max(arrangement.size.width, heading) + 2 * PADDING, arrangement.size.height + HEADING + 2 * PADDING),
        axis=PADDING + HEADING + (arrangement.corners[first].y + placed[first].size.height / 2 if first else 0.0),
        downwards=flat,
        inside=placed,
        arrangement=arrangement,
        conditions=conditions,
    )


def alike(block: Block, beside: Mapping[str, Block], downwards: bool) -> Block:
    """The boxes of a frame are all as wide as the widest."""
    if block.kind == "frame":
        return block
    widest = max(other.size.width for other in beside.values() if other.kind != "frame")
    return replace(block, size=Size(widest, block.size.height), axis=widest / 2 if downwards else block.size.height / 2)


def frame_note(document: Document, dag: Node) -> str:
    retry = dag.at("retryStrategy")
    if dag in document.attempts:
        limit = retry.at("limit").value
        return f"a node of its own; if it fails there, another{'' if limit == '1' else f', at most {limit} times'}"
    leaves = [leaf for leaf in document.below(dag.name) if leaf in document.leaves]
    if leaves and all(leaf in document.steps for leaf in leaves):
        return "on the anchor's node, in the story's directory"
    return ""


def condition(task: Node, status: str) -> str:
    """`when` as people say it: `{{tasks.check.outputs.parameters.state}} == todo` is `state == todo`."""
    if status in ("Failed", "Errored"):
        return "if one of these fails"
    return re.sub(r"\{\{[^{}]*?([\w-]+)\}\}", r"\1", task.at("when").text)
