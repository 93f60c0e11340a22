"""Data types of the reconciler: what it observes, and its actions."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

WORKFLOW_NAME = re.compile(r"([a-z0-9][a-z0-9-]*)-r([1-9][0-9]{0,3})(?:-t[1-9][0-9]*)?")
"""Name of a story's workflow (`newsreel.submission.message`), or of a successor (`policy.successor_name`)."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A workflow of a story that has not completed."""

    name: str
    began: datetime
    """Time of submission."""
    node: str | None = None
    """Node of its newest anchor; None before the anchor is scheduled."""
    number: int = 1
    """1 for the first run of a story, 2 for its successor ..."""
    origin: str = ""
    """Name of the first run."""
    deadline_seconds: int | None = None
    """Its own limit of the whole run."""
    shutting_down: bool = False
    """`spec.shutdown` is set."""
    touched: datetime | None = None
    """Time of the last `Touch`."""
    submission: dict[str, Any] = field(default_factory=dict)
    """Its labels, annotations and spec as submitted: what a successor is made of."""

    @property
    def subject(self) -> dict[str, str | int]:
        """`story` and `revision` for the log, from the labels or else the name; empty if neither has them."""
        labels, named = self.submission.get("labels", {}), WORKFLOW_NAME.fullmatch(self.name)
        story, number = named.groups() if named else ("", "")
        story, number = labels.get("newsreel/story", story), labels.get("newsreel/revision", number)
        revision = {"revision": int(number)} if re.fullmatch(r"[1-9][0-9]{0,3}", number) else {}
        return {"story": story} | revision if story else {}


@dataclass(frozen=True, kw_only=True)
class Node:
    name: str
    last_heartbeat: datetime
    """When its kubelet last renewed the node's Lease."""
    tainted: bool = False
    """Kubernetes has tainted it as lost, so that the scheduler uses it no more."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    runs: tuple[Run, ...]
    nodes: tuple[Node, ...]
    stranded: tuple[str, ...] = ()
    """Workflows with pods on tainted nodes, completed workflows included."""

    def node(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.name == name), None)

    def run(self, name: str) -> Run | None:
        return next((run for run in self.runs if run.name == name), None)


@dataclass(frozen=True)
class Succeed:
    """Submit the story again under the successor's name; if it exists already, that is as good."""

    run: Run
    name: str
    why: str


@dataclass(frozen=True)
class Terminate:
    run: Run
    why: str


@dataclass(frozen=True)
class Touch:
    """Annotate the workflow, so that Argo processes it: without events it does so every 20 minutes only."""

    run: Run
    why: str


@dataclass(frozen=True)
class Collect:
    """Delete the pods of a run on a lost node: until then Argo takes them for running."""

    run: Run
    why: str


Action = Succeed | Terminate | Touch | Collect
