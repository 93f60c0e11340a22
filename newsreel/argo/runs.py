"""What became of stories, read from Argo's records. Anybody may have written what is in them: all text is made printable."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newsreel.errors import BadInput
from newsreel.runtime.failure import Failure

ENDS = ("Succeeded", "Failed", "Error")
"""The phases of a workflow that is over."""
ANCHOR = "anchor"
"""Holds the node all the time: no step that a story waits for."""
BESIDE = (ANCHOR, "triage", "refuse", "report")
"""Steps that fail because another has failed: named only where no other has."""
LONGEST = 300
"""Characters of a text."""
FAILED = 1
"""The exit status of a story whose step has told none."""


@dataclass(frozen=True, kw_only=True)
class StepRun:
    """One pod."""

    name: str
    state: str
    node: str
    began: datetime | None
    ended: datetime | None
    message: str
    exit_status: int | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A workflow of a story."""

    name: str
    origin: str
    """The name of the story's first run: its own, unless it is a successor that the reconciler has begun."""
    number: int
    state: str
    progress: str
    """Per cent; empty where nothing is counted yet."""
    began: datetime
    ended: datetime | None
    message: str
    exit_status: int
    """0, or why it failed, see `newsreel.errors`; of a run that is not over 0."""
    steps: tuple[StepRun, ...]

    @property
    def over(self) -> bool:
        return self.state in ENDS

    @property
    def at(self) -> tuple[StepRun, ...]:
        """The steps it is at, or that it failed of."""
        if self.over:
            last = None if self.state == "Succeeded" else failed_of(self.steps)
            return (last,) if last else ()
        under_way = [step for step in self.steps if step.state in ("Running", "Pending")]
        return tuple(step for step in under_way if step.name != ANCHOR or step.state == "Pending")

    @property
    def node(self) -> str:
        """Where its newest anchor is."""
        return next((step.node for step in reversed(self.steps) if step.name == ANCHOR and step.node), "")


def newest_runs(workflows: Iterable[dict[str, Any]]) -> list[Run]:
    """The newest run of each story: those under way first, then by age, the youngest first."""
    latest: dict[str, Run] = {}
    for run in map(run_of, workflows):
        held = latest.get(run.origin)
        if held is None or run.number > held.number:
            latest[run.origin] = run
    return sorted(latest.values(), key=lambda run: (run.over, -run.began.timestamp(), run.name))


def run_of(workflow: dict[str, Any]) -> Run:
    """A Workflow as the API server has it."""
    metadata, status = workflow["metadata"], workflow.get("status", {})
    labels, name = metadata.get("labels", {}), str(metadata["name"])
    nodes = [node for node in status.get("nodes", {}).values() if isinstance(node, dict)]
    state = status.get("phase") or "Waiting"
    steps = steps_of(nodes)
    refusal = refusal_in(nodes) if state in ENDS else None
    # Of a run under way a failed step is history: it is tried again.
    last = failed_of(steps) if state in ENDS else None
    told = f"{refusal.step}: {refusal.message}" if refusal else reason_of(last) or status.get("message") or ""
    exit_status = refusal.exit_status if refusal else last.exit_status if last else None
    number = labels.get("newsreel/run", "1")
    return Run(
        name=name,
        origin=printable_text(labels.get("newsreel/origin", name)),
        number=int(number) if re.fullmatch(r"[1-9][0-9]{0,3}", number) else 1,
        state=printable_text("Ending" if workflow.get("spec", {}).get("shutdown") and state not in ENDS else state),
        # What was tried twice is counted twice, and done once.
        progress="100%" if state == "Succeeded" else per_cent(str(status.get("progress", ""))),
        began=parse_time(metadata.get("creationTimestamp")) or datetime.now(UTC),
        ended=parse_time(status.get("finishedAt")),
        message=printable_text(told if state != "Succeeded" else ""),
        exit_status=(exit_status or FAILED) if state in ENDS[1:] else 0,
        steps=tuple(steps),
    )


def failed_of(steps: Iterable[StepRun]) -> StepRun | None:
    """What a story failed of."""
    failed = [step for step in steps if step.state in ("Failed", "Error") and step.name != ANCHOR]
    return next((step for step in reversed(failed) if step.name not in BESIDE), failed[-1] if failed else None)


def reason_of(step: StepRun | None) -> str:
    """`check: Error (exit code 2)`."""
    return f"{step.name}: {step.message or step.state}" if step else ""


def steps_of(nodes: list[dict[str, Any]]) -> list[StepRun]:
    """The pods, in the order in which they began."""
    pods = [node for node in nodes if node.get("type") == "Pod"]
    return [
        StepRun(
            name=printable_text(node.get("templateName") or node.get("displayName", "")),
            state=printable_text(node.get("phase", "")),
            node=printable_text(node.get("hostNodeName", "")),
            began=parse_time(node.get("startedAt")),
            ended=parse_time(node.get("finishedAt")),
            message=printable_text(node.get("message", "")),
            exit_status=status_in(node.get("outputs", {}).get("exitCode")),
        )
        for node in sorted(pods, key=lambda node: (str(node.get("startedAt")), str(node.get("name"))))
    ]


def refusal_in(nodes: list[dict[str, Any]]) -> Failure | None:
    """What triage has found that no node can make."""
    for node in nodes:
        for output in node.get("outputs", {}).get("parameters", []):
            if output.get("name") == "refusal":
                with suppress(BadInput):
                    return Failure.decode(str(output.get("value", "")))
    return None


def status_in(text: object) -> int | None:
    return int(text) if isinstance(text, str) and re.fullmatch(r"[1-9][0-9]{0,2}", text) and int(text) < 256 else None


def per_cent(progress: str) -> str:
    """`12/40` is `30%`."""
    found = re.fullmatch(r"([0-9]{1,18})/([1-9][0-9]{0,17})", progress)
    return f"{100 * int(found[1]) // int(found[2])}%" if found else ""


def parse_time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def printable_text(text: object) -> str:
    """One line that does nothing to a terminal, and not more of it than anybody reads."""
    line = "".join(sign if sign.isprintable() else " " for sign in " ".join(str(text).split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
