"""The one reader of Workflows: a `Run` with its steps, progress, phase, node and the reason of its failure.

Used by `newsreel status`, `submit --wait`, the newsroom, `cluster/status` and the controllers. Anybody who may submit a Workflow
may have written what is in it: all text is made printable, and what is no number of ours is none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from newsreel.errors import BadInput
from newsreel.runtime.failure import Failure
from newsreel.runtime.failure_reason import (
    FailedNode,
    FailureReason,
    explain,
    failure_reason,
    printable_line,
    termination_message,
)

FINAL_PHASES = ("Succeeded", "Failed", "Error")
"""The phases of a workflow that is over."""
FAILED_PHASES = ("Failed", "Error")
ANCHOR = "anchor"
"""Holds the node all the time: no step that a story waits for."""
PHASE_LABEL = "workflows.argoproj.io/phase"
"""Argo keeps a workflow's phase in it, so a list of metadata alone has it too."""
STORY_LABEL, REVISION_LABEL, PRIORITY_LABEL = "newsreel/story", "newsreel/revision", "newsreel/priority"
PROFILE_LABEL = "newsreel/profile"
NUMBER_LABEL, ORIGIN_LABEL = "newsreel/run", "newsreel/origin"
CANCELLED_LABEL = "newsreel/cancelled"
"""Set to `true` by the newsroom when an editor ends a run."""
NAME = re.compile(r"(?P<story>[a-z0-9][a-z0-9-]*?)-r(?P<revision>[1-9][0-9]{0,3})(?:-t(?P<number>[1-9][0-9]{0,3}))?")
UNREADABLE_NUMBER = 9999
"""The number of a run whose label holds no number: it counts as tried too often."""
MAX_MESSAGE_CHARACTERS = 300
MAX_DEADLINE_SECONDS = 10**8
"""A deadline beyond it is none."""
GPU = "nvidia.com/gpu"


@dataclass(frozen=True, kw_only=True)
class StepRun:
    """One pod of a run: one try of one step."""

    name: str
    """Of the step, as its template is called."""
    shard: str = ""
    """`1/2`: the first of two parts of the step's work."""
    state: str
    """Argo's phase of the node."""
    node: str = ""
    """The machine."""
    began: datetime | None = None
    ended: datetime | None = None
    message: str = ""
    """What a failed step itself said, else what it waits for."""
    exit_status: int | None = None
    done: int = 0
    total: int = 0
    """Progress, in Argo's unit: hundredths of the whole run for our own steps. 0 where nothing is counted."""
    gpu_seconds: int = 0
    """As Argo counts them: GPUs asked for, times the seconds of the container."""

    @property
    def title(self) -> str:
        return f"{self.name} {self.shard}".rstrip()

    @property
    def seconds(self) -> float:
        """0 for a pod that never ran, or still runs."""
        return max(0.0, (self.ended - self.began).total_seconds()) if self.began and self.ended else 0.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """A Workflow of a story. What was read from a list of metadata alone has no steps."""

    name: str
    uid: str
    """By which the receivers of notifications know it."""
    story: str
    """The story's id; empty for a workflow that was named and labelled by hand."""
    revision: int
    """0 where none is known."""
    priority: str
    origin: str
    """The name of the story's first run: its own, unless it is a successor."""
    number: int
    """1 for the first run of a revision, 2 for its successor and so on."""
    state: str
    """Argo's phase; `Waiting` before Argo has looked at it, `Ending` while it shuts down."""
    progress: str
    """Per cent; empty where nothing is counted yet."""
    began: datetime
    """When it was submitted."""
    ended: datetime | None
    deadline_seconds: int | None
    """How long it may take in all."""
    shutting_down: bool
    cancelled: bool
    """Whether an editor has ended it."""
    failure: FailureReason | None
    """None for a run that has not failed."""
    waits_for: str
    """What Argo says of a run that is not over."""
    steps: tuple[StepRun, ...]
    """The pods, in the order in which they began."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.state in FINAL_PHASES

    @property
    def message(self) -> str:
        """Why it failed, or what it waits for."""
        return self.failure.sentence if self.failure else self.waits_for

    @property
    def exit_status(self) -> int:
        """0, or why it failed, see `newsreel.errors`; 0 for a run that is not over."""
        return self.failure.exit_status if self.failure else 0

    @property
    def current_steps(self) -> tuple[StepRun, ...]:
        """The steps under way, or the one that the run failed of."""
        if self.over:
            failed = [
                step for step in self.steps if self.failure and step.name == self.failure.step and step.state in FAILED_PHASES
            ]
            return tuple(failed[-1:])
        under_way = [step for step in self.steps if step.state in ("Running", "Pending")]
        return tuple(step for step in under_way if step.name != ANCHOR or step.state == "Pending")

    @property
    def newest_tries(self) -> tuple[StepRun, ...]:
        """Each step once: of several tries the newest, in the place of the first."""
        newest = {step.title: step for step in self.steps}
        return tuple(newest.values())

    @property
    def node(self) -> str:
        """The machine of its newest anchor that has one."""
        return next((step.node for step in reversed(self.steps) if step.name == ANCHOR and step.node), "")


def newest_runs(workflows: Iterable[dict[str, Any]]) -> list[Run]:
    """The newest run of each story: those under way first, then by age, the youngest first."""
    latest: dict[str, Run] = {}
    for run in map(run_of, workflows):
        other = latest.get(run.origin)
        if other is None or run.number > other.number:
            latest[run.origin] = run
    return sorted(latest.values(), key=lambda run: (run.over, -run.began.timestamp(), run.name))


def run_of(workflow: dict[str, Any]) -> Run:
    """A Workflow as the API server has it, or `{"metadata": ...}` of one."""
    metadata, spec, status = workflow["metadata"], workflow.get("spec", {}), workflow.get("status", {})
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    name = str(metadata["name"])
    phase = phase_of(workflow)
    named = NAME.fullmatch(name)
    revision = labels.get(REVISION_LABEL) or (named["revision"] if named else "")
    # What was submitted lacks most of the spec: that is the template's, as Argo stored it when the run began.
    limit = spec.get("activeDeadlineSeconds", status.get("storedWorkflowTemplateSpec", {}).get("activeDeadlineSeconds"))
    shutting_down, over = bool(spec.get("shutdown")), phase in FINAL_PHASES
    return Run(
        name=name,
        uid=str(metadata.get("uid") or name),
        story=printable_text(labels.get(STORY_LABEL) or (named["story"] if named else "")),
        revision=int(revision) if re.fullmatch(r"[1-9][0-9]{0,3}", revision) else 0,
        priority=printable_text(labels.get(PRIORITY_LABEL, "")),
        origin=printable_text(labels.get(ORIGIN_LABEL, name)),
        number=run_number(labels.get(NUMBER_LABEL), named["number"] if named else None),
        state=printable_text("Ending" if shutting_down and not over else phase or "Waiting"),
        # What was tried twice is counted twice, and done once.
        progress="100%" if phase == "Succeeded" else percentage(str(status.get("progress", ""))),
        began=parse_time(metadata.get("creationTimestamp")) or datetime.now(UTC),
        ended=parse_time(status.get("finishedAt")),
        deadline_seconds=limit if isinstance(limit, int) and 0 < limit < MAX_DEADLINE_SECONDS else None,
        shutting_down=shutting_down,
        cancelled=labels.get(CANCELLED_LABEL) == "true",
        failure=failure_of(workflow),
        waits_for="" if over else printable_text(status.get("message") or ""),
        steps=tuple(map(step_of, pods_of(workflow))),
        labels=labels,
        annotations=annotations,
    )


def failure_of(workflow: dict[str, Any]) -> FailureReason | None:
    """Why a workflow failed: the sentence and exit status that everybody shows. None for one that has not failed."""
    if phase_of(workflow) not in FAILED_PHASES:
        return None
    labels = workflow["metadata"].get("labels") or {}
    return failure_reason(
        failed_nodes(workflow),
        refusal=refusal_in(workflow),
        run_message=str(workflow.get("status", {}).get("message") or ""),
        cancelled=labels.get(CANCELLED_LABEL) == "true",
    )


def failed_nodes(workflow: dict[str, Any]) -> Iterator[FailedNode]:
    """What Argo gives the exit handler as `{{workflow.failures}}`."""
    for node in nodes_of(workflow):
        if node.get("phase") in FAILED_PHASES:
            of_a_pod = node.get("type") == "Pod"
            yield FailedNode(
                step=template_of(node),
                message=str(node.get("message") or (node["phase"] if of_a_pod else "")),
                exit_status=exit_status_in(node.get("outputs", {}).get("exitCode")),
                ended=str(node.get("finishedAt") or node.get("startedAt") or ""),
            )


def refusal_in(workflow: dict[str, Any]) -> Failure | None:
    """The failure that triage found no other node can heal."""
    for node in nodes_of(workflow):
        for output in node.get("outputs", {}).get("parameters", []):
            if output.get("name") == "refusal":
                with suppress(BadInput):
                    return Failure.decode(str(output.get("value", "")))
    return None


def phase_of(workflow: dict[str, Any]) -> str:
    """Argo's; empty before it has looked at the workflow."""
    labels = workflow["metadata"].get("labels") or {}
    return str(workflow.get("status", {}).get("phase") or ("" if "status" in workflow else labels.get(PHASE_LABEL, "")))


def nodes_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in workflow.get("status", {}).get("nodes", {}).values() if isinstance(node, dict)]


def pods_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    pods = [node for node in nodes_of(workflow) if node.get("type") == "Pod"]
    return sorted(pods, key=lambda node: (str(node.get("startedAt")), str(node.get("name"))))


def step_of(node: dict[str, Any]) -> StepRun:
    state, message = str(node.get("phase", "")), str(node.get("message", ""))
    name = printable_text(template_of(node))
    if state in FAILED_PHASES:
        message = explain((termination_message(message) or message).removeprefix(f"{name}: "))
    done, _, total = str(node.get("progress", "")).partition("/")
    gpu_seconds = node.get("resourcesDuration", {}).get(GPU, 0)
    return StepRun(
        name=name,
        shard=shard_in(str(node.get("displayName", ""))),
        state=printable_text(state),
        node=printable_text(node.get("hostNodeName", "")),
        began=parse_time(node.get("startedAt")),
        ended=parse_time(node.get("finishedAt")),
        message=printable_text(message),
        exit_status=exit_status_in(node.get("outputs", {}).get("exitCode")),
        done=int(done) if is_count(done) else 0,
        total=int(total) if is_count(total) else 0,
        gpu_seconds=gpu_seconds if isinstance(gpu_seconds, int) else 0,
    )


def template_of(node: dict[str, Any]) -> str:
    return str(node.get("templateName") or node.get("displayName", "")).partition("(")[0]


def shard_in(display_name: str) -> str:
    """`1/2` for `pix2pixhd(0:0/2)(0)`, the first try of the first of two parts; empty for a step that is not spread.

    >>> shard_in("pix2pixhd(1:1/2)(0)")
    '2/2'
    """
    found = re.search(r"\(\d{1,4}:(\d{1,4})/(\d{1,4})\)(?:\(\d+\))?$", display_name, re.ASCII)
    return f"{int(found[1]) + 1}/{found[2]}" if found and found[2] != "1" else ""


def run_number(label: str | None, in_name: str | None) -> int:
    """By the label, else by the name: `budget-r3-t2` is the second."""
    number = label or in_name or "1"
    return int(number) if re.fullmatch(r"[1-9][0-9]{0,3}", number) else UNREADABLE_NUMBER


def exit_status_in(text: object) -> int | None:
    return int(text) if isinstance(text, str) and re.fullmatch(r"[1-9][0-9]{0,2}", text) and int(text) < 256 else None


def is_count(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,18}", text))


def percentage(progress: str) -> str:
    """`12/40` is `30%`."""
    found = re.fullmatch(r"([0-9]{1,18})/([1-9][0-9]{0,17})", progress)
    return f"{100 * int(found[1]) // int(found[2])}%" if found else ""


def parse_time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def printable_text(text: object) -> str:
    return printable_line(text, MAX_MESSAGE_CHARACTERS)
