"""Failed Workflows as Argo 4 writes them, each with the sentence and exit status that everybody is to show."""

import json
from dataclasses import dataclass, field
from typing import Any

from newsreel.runtime.failure import Failure


def pod(
    step: str, message: str, exit_code: str | None = None, minute: int = 5, phase: str = "Failed", **more: Any
) -> dict[str, Any]:
    node = {
        "type": "Pod",
        "name": f"budget-r1.{step}",
        "displayName": f"{step}(0)",
        "templateName": step,
        "phase": phase,
        "message": message,
        "startedAt": "2026-05-03T12:00:00Z",
        "finishedAt": f"2026-05-03T12:{minute:02}:00Z",
    }
    return node | ({"outputs": {"exitCode": exit_code}} if exit_code else {})


def parent(step: str, message: str, kind: str = "DAG", minute: int = 6) -> dict[str, Any]:
    return pod(step, message, minute=minute) | {"type": kind, "displayName": step}


@dataclass(frozen=True)
class Case:
    nodes: tuple[dict[str, Any], ...]
    sentence: str
    exit_status: int
    message: str = ""
    """Of the whole workflow."""
    labels: dict[str, str] = field(default_factory=dict)
    phase: str = "Failed"

    @property
    def workflow(self) -> dict[str, Any]:
        labels = {"newsreel/story": "budget", "newsreel/revision": "1", "app.kubernetes.io/part-of": "newsreel"}
        return {
            "metadata": {
                "name": "budget-r1",
                "uid": "uid-1",
                "creationTimestamp": "2026-05-03T11:59:00Z",
                "labels": labels | self.labels,
            },
            "spec": {"arguments": {"parameters": [{"name": "story", "value": "gs://newsreel-stories/budget/r1.json"}]}},
            "status": {
                "phase": self.phase,
                "message": self.message,
                "finishedAt": "2026-05-03T12:10:00Z",
                "nodes": {str(number): node for number, node in enumerate(self.nodes)},
            },
        }

    @property
    def failures(self) -> str:
        """`{{workflow.failures}}` as the exit handler gets it (argo-workflows 4.0, operator.go): JSON, quoted once more."""
        names = ("displayName", "message", "templateName", "phase", "finishedAt")
        failed = [{name: node[name] for name in names} for node in self.nodes if node["phase"] in ("Failed", "Error")]
        return json.dumps(json.dumps(failed))


REFUSAL = Failure(step="init-story", exit_status=2, message="pictures/a.png: is no picture that can be read")
WRONG_PRESENTER = 'Error (exit code 2): check: story.yaml:4: "presenter": \u202e is no presenter\nchoose maya'
CHILD = "child 'budget-r1-1163' failed"
CASES = {
    "a defect on two nodes, as Argo 4.0.5 listed it": Case(
        nodes=(
            pod("hibari", "main: Error (exit code 70): hibari: a defect of newsreel; its log tells more", "70", minute=5),
            parent("hibari", "retryStrategy.expression evaluated to false", "Retry", minute=6),
            pod("triage", "main: Error (exit code 1)", "1", minute=7),
            parent("triage", "retryStrategy.expression evaluated to false", "Retry", minute=8),
            parent("attempt", "No more retries left", "Retry", minute=9),
        ),
        sentence="hibari: a defect of newsreel; its log tells more",
        exit_status=70,
    ),
    "refusal by triage": Case(
        nodes=(
            pod("init-story", "main: Error (exit code 2): init-story: pictures/a.png: is no picture that can be read", "2", 3),
            parent("work", CHILD),
            pod("triage", "", minute=7, phase="Succeeded")
            | {"outputs": {"parameters": [{"name": "refusal", "value": REFUSAL.encode()}]}},
            pod("refuse", "main: Error (exit code 2): init-story: pictures/a.png: is no picture that can be read", "2", 9),
            parent("story", CHILD, minute=9),
        ),
        sentence="init-story: pictures/a.png: is no picture that can be read",
        exit_status=2,
        message=CHILD,
    ),
    "a failed pod's message": Case(
        nodes=(
            pod("check", WRONG_PRESENTER, "2"),
            parent(
                "check", 'Error (exit code 2): check: story.yaml:4: "presenter": \u202e is no presenter\nchoose maya', "Retry"
            ),
        ),
        sentence='check: story.yaml:4: "presenter": is no presenter choose maya',
        exit_status=2,
        message=CHILD,
    ),
    "a failed pod without a message": Case(
        nodes=(pod("compose", "main: Error (exit code 5)", "5"), pod("anchor", "main: Error (exit code 143)", "143", 6)),
        sentence="compose: Error (exit code 5)",
        exit_status=5,
    ),
    "a step's deadline": Case(
        nodes=(
            pod("pix2pixhd", "Pod was active on the node longer than the specified deadline", "143"),
            parent("pix2pixhd", "No more retries left", "Retry"),
        ),
        sentence="pix2pixhd: took longer than its deadline",
        exit_status=143,
        message=CHILD,
    ),
    "the workflow's deadline": Case(
        nodes=(pod("compose", "Step exceeded its deadline"), parent("story", "Step exceeded its deadline")),
        sentence="compose: took longer than its deadline",
        exit_status=1,
        message="Step exceeded its deadline",
    ),
    "stopped": Case(
        nodes=(
            pod("hibari", "main: Error (exit code 75): hibari: try again", "75", 2),
            pod("compose", "workflow shutdown with strategy:  Stop"),
        ),
        sentence="the run was stopped",
        exit_status=1,
        message="Stopped with strategy 'Stop'",
    ),
    "terminated": Case(
        nodes=(pod("compose", "workflow shutdown with strategy:  Terminate", "143"),),
        sentence="the run was terminated",
        exit_status=143,
        message="Stopped with strategy 'Terminate'",
    ),
    "out of memory": Case(
        nodes=(pod("pix2pixhd", "main: OOMKilled (exit code 137)", "137"),),
        sentence="pix2pixhd: ran out of memory (OOMKilled)",
        exit_status=137,
    ),
    "an image that cannot be pulled": Case(
        nodes=(pod("dlib", 'ImagePullBackOff: Back-off pulling image "newsreel/dlib:0.1.0"', phase="Error"),),
        sentence='dlib: its image cannot be pulled: Back-off pulling image "newsreel/dlib:0.1.0"',
        exit_status=1,
        phase="Error",
    ),
    "a lost node": Case(
        nodes=(
            pod("compose", "pod deleted", phase="Error"),
            parent("compose", "pod deleted", "Retry"),
            pod("triage", "", minute=7),
        ),
        sentence="compose: its pod is gone: the node was lost",
        exit_status=1,
        phase="Error",
    ),
    "only the exit handler's own failure": Case(
        nodes=(pod("report", "main: Error (exit code 70): report: a defect of newsreel", "70"),),
        sentence="report: a defect of newsreel",
        exit_status=70,
    ),
    "no node at all": Case(nodes=(), sentence="no reason given", exit_status=1, phase="Error"),
}
