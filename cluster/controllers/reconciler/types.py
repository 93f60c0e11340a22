"""Data types of the reconciler: what it observes, and its actions."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from newsreel.argo.runs import NAME


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
    story: str = ""
    revision: int = 0
    workflow: dict[str, Any] = field(default_factory=dict)
    """As the API server has it: what a successor is made of."""

    @property
    def subject(self) -> dict[str, str | int]:
        """`story` and `revision` for the log, from the labels or else the name; empty if neither has them."""
        named = NAME.fullmatch(self.name)
        story, revision = (
            self.story or (named["story"] if named else ""),
            self.revision or (int(named["revision"]) if named else 0),
        )
        return {"story": story} | ({"revision": revision} if revision else {}) if story else {}


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
