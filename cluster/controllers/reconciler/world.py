"""What the reconciler knows in one round, and what it may do about it: plain data."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

NAMED = re.compile(r"([a-z0-9][a-z0-9-]*)-r([1-9][0-9]{0,3})(?:-t[1-9][0-9]*)?")
"""A story's workflow (`newsreel.submission.message`), or a successor (`policy.successor_name`)."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A workflow of a story that is not over yet."""

    name: str
    began: datetime
    """When it was submitted."""
    node: str | None = None
    """Where its newest anchor is; None before it has one."""
    number: int = 1
    """1 for the first run of a story, 2 for its successor ..."""
    origin: str = ""
    """The name of the first run."""
    seconds: int | None = None
    """How long it may take in all, as its own deadline says."""
    ending: bool = False
    """Whether somebody has told it to stop."""
    touched: datetime | None = None
    """When we last made Argo look at it."""
    submission: dict[str, Any] = field(default_factory=dict)
    """Its spec and labels as they were submitted: what a successor is made of."""

    @property
    def subject(self) -> dict[str, str | int]:
        """`story` and `revision` for a line of the log: as its labels have them, else its name; nothing where neither does."""
        labels, named = self.submission.get("labels", {}), NAMED.fullmatch(self.name)
        story, number = named.groups() if named else ("", "")
        story, number = labels.get("newsreel/story", story), labels.get("newsreel/revision", number)
        revision = {"revision": int(number)} if re.fullmatch(r"[1-9][0-9]{0,3}", number) else {}
        return {"story": story} | revision if story else {}


@dataclass(frozen=True, kw_only=True)
class Node:
    name: str
    heard: datetime
    """When its kubelet last said that it is there."""
    shunned: bool = False
    """Whether the scheduler has been told that it is lost, and puts nothing there."""


@dataclass(frozen=True, kw_only=True)
class World:
    runs: tuple[Run, ...]
    nodes: tuple[Node, ...]
    stranded: tuple[str, ...] = ()
    """Workflows with pods on machines that the scheduler shuns, those that are over included."""

    def node(self, name: str) -> Node | None:
        return next((node for node in self.nodes if node.name == name), None)

    def run(self, name: str) -> Run | None:
        return next((run for run in self.runs if run.name == name), None)


@dataclass(frozen=True)
class Succeed:
    """Submit a story again under the successor's name; that it is there already is as good."""

    run: Run
    name: str
    why: str


@dataclass(frozen=True)
class Terminate:
    run: Run
    why: str


@dataclass(frozen=True)
class Touch:
    """Make Argo look at a workflow: without events it does so every 20 minutes only."""

    run: Run
    why: str


@dataclass(frozen=True)
class Collect:
    """Remove the pods of an ended run that no machine runs any more: until then Argo takes it for running."""

    run: Run
    why: str


Action = Succeed | Terminate | Touch | Collect
