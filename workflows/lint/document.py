"""A manifest as the rules see it: any YAML at all, asked without fear for what may not be there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from newsreel.config.settings import Settings

__all__ = ["STATUS_WORDS", "Document", "Node", "references"]

REFERENCE = re.compile(r"\{\{(.*?)\}\}")
DEPENDENCY = re.compile(r"([A-Za-z0-9_-]+)(?:\.([A-Za-z]+))?")
STATUS_WORDS = frozenset(
    ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
)  # argo-workflows, docs/enhanced-depends-logic.md


@dataclass(frozen=True)
class Node:
    """A value somewhere in a document. What is absent, or below something of another kind, has the value None."""

    value: Any
    path: str = ""

    def at(self, *keys: str) -> "Node":
        value = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return Node(value, ".".join(filter(None, [self.path, *keys])))

    @property
    def entries(self) -> list["Node"]:
        """A list's entries, shown by their names where they have one: `spec.templates[check]`."""
        listed = self.value if isinstance(self.value, list) else []
        return [Node(entry, f"{self.path}[{label(entry, index)}]") for index, entry in enumerate(listed)]

    @property
    def text(self) -> str:
        """The value where it is a string, else empty."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def name(self) -> str:
        return self.at("name").text

    @property
    def keys(self) -> list[str]:
        return [str(key) for key in self.value] if isinstance(self.value, dict) else []

    def __bool__(self) -> bool:
        return bool(self.value)

    def strings(self) -> Iterator["Node"]:
        """Every string below, keys aside."""
        if isinstance(self.value, str):
            yield self
        for entry in self.entries:
            yield from entry.strings()
        for key in self.keys:
            yield from self.at(key).strings()


def label(entry: Any, index: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else str(index)


def references(text: str) -> list[str]:
    """What stands between `{{` and `}}`, blanks stripped."""
    return [found.strip() for found in REFERENCE.findall(text)]


@dataclass(frozen=True)
class Document:
    """A WorkflowTemplate, or another kind of manifest: then it has no templates, and at most containers."""

    root: Node
    settings: Settings

    @cached_property
    def templates(self) -> list[Node]:
        return self.root.at("spec", "templates").entries if self.is_workflow else []

    @property
    def is_workflow(self) -> bool:
        return self.root.at("kind").text in ("WorkflowTemplate", "Workflow", "ClusterWorkflowTemplate")

    @cached_property
    def dags(self) -> list[Node]:
        return [template for template in self.templates if template.at("dag")]

    @cached_property
    def leaves(self) -> list[Node]:
        """Templates that become pods."""
        return [template for template in self.templates if not template.at("dag")]

    @cached_property
    def containers(self) -> list[Node]:
        """The containers of every pod this document makes."""
        job = self.root.at("spec", "jobTemplate")
        pod = (job or self.root).at("spec", "template", "spec")
        of_one_pod = [*pod.at("initContainers").entries, *pod.at("containers").entries]
        return [*(leaf.at("container") for leaf in self.leaves), *of_one_pod]

    def template(self, name: str) -> Node | None:
        return next((template for template in self.templates if template.name == name), None)

    def calls(self, template: Node) -> list[Node]:
        """The templates a DAG's tasks name, those that exist."""
        named = (self.template(task.at("template").text) for task in tasks(template))
        return [called for called in named if called]

    def below(self, *names: str) -> list[Node]:
        """The templates of these names and all they lead to, in the document's order."""
        seen: set[str] = set()
        ahead = [template for name in names if (template := self.template(name))]
        while ahead:
            template = ahead.pop()
            if template.name not in seen:
                seen.add(template.name)
                ahead.extend(self.calls(template))
        return [template for template in self.templates if template.name in seen]

    @cached_property
    def daemons(self) -> list[Node]:
        return [leaf for leaf in self.leaves if leaf.at("daemon").value is True]

    @cached_property
    def attempts(self) -> list[Node]:
        """DAGs that Argo tries again on other nodes."""
        return [dag for dag in self.dags if dag.at("retryStrategy", "affinity").at("nodeAntiAffinity").value is not None]

    @cached_property
    def steps(self) -> list[Node]:
        """The leaves that work on a story: all below an attempt but its daemon."""
        below = self.below(*(attempt.name for attempt in self.attempts))
        return [template for template in below if template in self.leaves and template not in self.daemons]


def tasks(dag: Node) -> list[Node]:
    return dag.at("dag", "tasks").entries


def parameters(node: Node) -> list[Node]:
    """Of `inputs`, `outputs` or `arguments`."""
    return node.at("parameters").entries


def dependencies(task: Node) -> list[tuple[str, str]]:
    """Task and status word of each term of `depends`; the word is empty where none is said."""
    return [(found[1], found[2] or "") for found in DEPENDENCY.finditer(task.at("depends").text)]


def awaited(dag: Node, task: Node) -> set[str]:
    """The names of all tasks that have ended when this one starts."""
    by_name = {other.name: other for other in tasks(dag)}
    seen: set[str] = set()
    ahead = [name for name, _ in dependencies(task)]
    while ahead:
        name = ahead.pop()
        if name in by_name and name not in seen:
            seen.add(name)
            ahead.extend(before for before, _ in dependencies(by_name[name]))
    return seen
