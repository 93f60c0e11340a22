"""What Argo counts for Prometheus of stories and their steps: how long each took, and how it ended.

Labels have few values, all of them ours: no story's name, and of a priority that somebody made up no more than `other`. The
controller puts PREFIX before each name (argo-workflows 4.0, docs/metrics.md, "Custom metrics").
"""

from hera.workflows import Histogram
from hera.workflows.metrics import Label

from newsreel.story.priority import PRIORITY_VALUE

PREFIX = "argo_workflows_"
WORKFLOW_SECONDS, STEP_SECONDS = "newsreel_workflow_seconds", "newsreel_step_seconds"
MINUTE, HOUR = 60.0, 3600.0
KNOWN = " || ".join(f"workflow.parameters.priority == '{priority}'" for priority in PRIORITY_VALUE)
PRIORITY = f"{{{{={KNOWN} ? workflow.parameters.priority : 'other'}}}}"


def workflow_histogram(name: str, profile: str) -> Histogram:
    """From submission to end, including the time in the queue and for a node."""
    said = {"workflow": name, "profile": profile, "priority": PRIORITY, "status": "{{workflow.status}}"}
    return Histogram(
        name=WORKFLOW_SECONDS,
        help="Seconds from submission to end",
        labels=labels(said),
        buckets=[*(minutes * MINUTE for minutes in (1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45)), HOUR, 2 * HOUR, 3 * HOUR],
        value="{{workflow.duration}}",
    )


def step_histogram(name: str) -> Histogram:
    """Each try by itself, including its wait for the node."""
    return Histogram(
        name=STEP_SECONDS,
        help="Seconds that a step took, each try for itself",
        labels=labels({"step": name, "status": "{{status}}"}),
        buckets=[5.0, 10.0, 20.0, 30.0, *(minutes * MINUTE for minutes in (1, 2, 5, 10, 20, 30)), HOUR, 3 * HOUR],
        value="{{duration}}",
    )


def labels(said: dict[str, str]) -> list[Label]:
    return [Label(key=key, value=value) for key, value in said.items()]
