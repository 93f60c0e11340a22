"""What rules read and yield: a manifest as nodes that never raise for what is missing, and the `rule` decorator.

A rule is a function from a document to its faults; its docstring says why it matters and what to change.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from newsreel.config.settings import Settings

REFERENCE = re.compile(r"\{\{(.*?)\}\}")
DEPENDENCY = re.compile(r"([A-Za-z0-9_-]+)(?:\.([A-Za-z]+))?")
STATUS_WORDS = frozenset(
    ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
)  # argo-workflows, docs/enhanced-depends-logic.md


@dataclass(frozen=True)
class Node:
    """A value in a document, with its path. The value is None where the path leads to nothing."""

    value: Any
    path: str = ""

    def at(self, *keys: str) -> "Node":
        value = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return Node(value, ".".join(filter(None, [self.path, *keys])))

    @property
    def entries(self) -> list["Node"]:
        """Entries of a list, in paths by their names where they have one: `spec.templates[check]`."""
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
        """Every string in this value, keys excluded."""
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
    """Contents of each `{{...}}`, stripped of blanks."""
    return [found.strip() for found in REFERENCE.findall(text)]


@dataclass(frozen=True)
class Document:
    """A WorkflowTemplate, or another kind of manifest, which has no templates and may have containers."""

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
        """Containers of all pods of this document."""
        job = self.root.at("spec", "jobTemplate")
        pod = (job or self.root).at("spec", "template", "spec")
        of_one_pod = [*pod.at("initContainers").entries, *pod.at("containers").entries]
        return [*(leaf.at("container") for leaf in self.leaves), *of_one_pod]

    def template(self, name: str) -> Node | None:
        return next((template for template in self.templates if template.name == name), None)

    def calls(self, template: Node) -> list[Node]:
        """Templates that a DAG's tasks run, missing ones left out."""
        named = (self.template(task.at("template").text) for task in tasks(template))
        return [called for called in named if called]

    def below(self, *names: str) -> list[Node]:
        """Templates of these names and all that they call, directly or not, in the document's order."""
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
        """DAGs that Argo retries on other nodes."""
        return [dag for dag in self.dags if dag.at("retryStrategy", "affinity").at("nodeAntiAffinity").value is not None]

    @cached_property
    def steps(self) -> list[Node]:
        """Leaves that work on a story: all below an attempt, its daemon excluded."""
        below = self.below(*(attempt.name for attempt in self.attempts))
        return [template for template in below if template in self.leaves and template not in self.daemons]


def tasks(dag: Node) -> list[Node]:
    return dag.at("dag", "tasks").entries


def parameters(node: Node) -> list[Node]:
    """Parameters of `inputs`, `outputs` or `arguments`."""
    return node.at("parameters").entries


def dependencies(task: Node) -> list[tuple[str, str]]:
    """Task and status of each term of `depends`; the status is empty where there is none."""
    return [(found[1], found[2] or "") for found in DEPENDENCY.finditer(task.at("depends").text)]


def awaited(dag: Node, task: Node) -> set[str]:
    """Names of all tasks that this one waits for, directly or not."""
    by_name = {other.name: other for other in tasks(dag)}
    seen: set[str] = set()
    ahead = [name for name, _ in dependencies(task)]
    while ahead:
        name = ahead.pop()
        if name in by_name and name not in seen:
            seen.add(name)
            ahead.extend(before for before, _ in dependencies(by_name[name]))
    return seen


Findings = Iterator[tuple[Node, str]]
"""Node and message of each fault."""


@dataclass(frozen=True, order=True)
class Fault:
    place: str
    """File and path in the document."""
    found: str
    """What is wrong."""
    rule: str

    def __str__(self) -> str:
        return f"{self.place}: {self.found} [{self.rule}]"


@dataclass(frozen=True)
class Rule:
    name: str
    """Name of the function: what holds of a manifest without fault."""
    advice: str
    """Why it matters and what to change."""
    find: Callable[[Document], Findings]

    def faults(self, document: Document, source: str) -> Iterator[Fault]:
        for node, found in self.find(document):
            yield Fault(f"{source}: {node.path}", found, self.name)


def rule(find: Callable[[Document], Findings]) -> Rule:
    """Decorate a function as a rule; its docstring is the advice."""
    return Rule(find.__name__, " ".join((find.__doc__ or "").split()), find)
