"""A WorkflowTemplate's DAG as a Mermaid flowchart, from the manifest alone; GitHub and mkdocs-material render it.

Source of the syntax: Mermaid, "Flowcharts - Basic Syntax".
"""

import re
from collections.abc import Iterable
from typing import Any

from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from workflows.lint.document import Document, Node, awaited, dependencies, tasks

STYLES = """\
  classDef system fill:#eef1f5,stroke:#8c959f,color:#1f2328
  classDef node fill:#def4ee,stroke:#1a7f64,color:#1f2328
  classDef gpu fill:#ffeccc,stroke:#bf6a02,color:#1f2328
"""
"""Containers of the system pool, of the story's node, and of its GPU; readable in a light and in a dark theme."""
RESERVED = ("end", "graph", "flowchart", "subgraph", "direction", "style", "class", "classDef", "linkStyle", "click", "default")
"""Words of Mermaid's grammar, which cannot be identifiers."""
CYCLE = "the DAG has a cycle, so it cannot be drawn; `newsreel lint` names it"


def flowchart(documents: Iterable[Any]) -> str:
    """Mermaid text of the WorkflowTemplate among a manifest's documents. Raises BadInput where there is none, and for a cycle."""
    seen = [Document(Node(document), Settings()) for document in documents]
    for document in seen:
        spec = document.root.at("spec")
        if entry := document.template(spec.at("entrypoint").text):
            chart = Flowchart(document)
            try:
                root = chart.add(entry)
                if at_exit := document.template(spec.at("onExit").text):
                    chart.add_edge(root, chart.add(at_exit), "-.->", "at the end, whatever the result")
            except RecursionError as fault:
                raise BadInput("the DAG is nested too deeply to be drawn") from fault
            return "\n".join(["flowchart TB", *chart.lines]) + "\n" + STYLES
    raise BadInput("the manifest has no WorkflowTemplate with an entrypoint; `newsreel emit` makes one")


class Flowchart:
    """Statements of a flowchart; each task becomes a box or, where its template is a DAG, a subgraph."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.lines: list[str] = []
        self.identifiers = set(RESERVED)

    def add(self, template: Node, *, many: bool = False, callers: tuple[str, ...] = ()) -> str:
        """Draw a template and all it leads to; return its identifier. `many`: several pods may run for it at once."""
        if template.name in callers:
            raise BadInput(CYCLE)
        callers = (*callers, template.name)
        identifier = self.new_identifier(template.name)
        indent = "  " * len(callers)
        if not template.at("dag"):
            self.lines.append(f"{indent}{identifier}{box(self.document, template, many)}")
            return identifier
        self.lines.append(f'{indent}subgraph {identifier}["{escaped(title(self.document, template))}"]')
        drawn = {
            task.name: self.add(called, many=bool(task.at("withParam")), callers=callers)
            for task in tasks(template)
            if (called := self.document.template(task.at("template").text))
        }
        for task in tasks(template):
            if task.name in awaited(template, task):
                raise BadInput(CYCLE)
            for before, statuses in statuses_by_task(task).items():
                if before in drawn and task.name in drawn:
                    self.add_edge(drawn[before], drawn[task.name], "-->", condition(task, statuses), indent + "  ")
        self.lines.append(f"{indent}end")
        return identifier

    def add_edge(self, start: str, end: str, arrow: str, label: str, indent: str = "  ") -> None:
        self.lines.append(f"{indent}{start} {arrow}" + (f'|"{escaped(label)}"|' if label else "") + f" {end}")

    def new_identifier(self, name: str) -> str:
        word = re.sub(r"[^A-Za-z0-9]", "_", name)
        candidates = (word, *(f"{word}_{number}" for number in range(2, len(self.identifiers) + 3)))
        identifier = next(candidate for candidate in candidates if candidate not in self.identifiers)
        self.identifiers.add(identifier)
        return identifier


def box(document: Document, template: Node, many: bool) -> str:
    """A container: its name, stage, image and GPUs; a daemon has round ends, what runs in shards double sides."""
    container = template.at("container")
    gpus = container.at("resources", "limits", "nvidia.com/gpu").value
    daemon = template in document.daemons
    kind = "gpu" if gpus else "node" if daemon or template in document.steps else "system"
    stage = template.at("metadata", "annotations", "newsreel/stage").text
    extra = [f"{gpus} GPU" if gpus else "", "in shards" if many else "", "daemon" if daemon else ""]
    notes = " · ".join(filter(None, [stage, container.at("image").text.rpartition("/")[2], *extra]))
    opened, closed = ("([", "])") if daemon else ("[[", "]]") if many else ("[", "]")
    return f'{opened}"<b>{escaped(template.name)}</b><br/>{escaped(notes)}"{closed}:::{kind}'


def title(document: Document, dag: Node) -> str:
    if dag in document.attempts:
        limit = dag.at("retryStrategy", "limit").value
        return f"{dag.name}: on a node of its own, on another if that is lost" + (
            "" if limit == "1" else f", {limit} times at most"
        )
    leaves = [leaf for leaf in document.below(dag.name) if leaf in document.leaves]
    on_the_node = leaves and all(leaf in document.steps for leaf in leaves)
    return f"{dag.name}: on the anchor's node, in the story's directory" if on_the_node else dag.name


def statuses_by_task(task: Node) -> dict[str, set[str]]:
    """The tasks that `depends` names, each with the statuses it waits for: one arrow a task."""
    found: dict[str, set[str]] = {}
    for before, status in dependencies(task):
        found.setdefault(before, set()).add(status)
    return found


def condition(task: Node, statuses: set[str]) -> str:
    """`when` without its braces: `{{tasks.check.outputs.parameters.state}} == todo` is `state == todo`."""
    if statuses & {"Failed", "Errored"}:
        return "if one of these fails"
    return re.sub(r"\{\{[^{}]*?([\w-]+)\}\}", r"\1", task.at("when").text)


def escaped(text: str) -> str:
    """Text for a quoted label: what Mermaid or HTML could read as more than text becomes a character code."""
    return re.sub(r"[^\w .,:·/='!()-]", lambda found: f"#{ord(found[0])};", text)
