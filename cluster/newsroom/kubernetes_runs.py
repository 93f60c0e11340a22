"""Runs on a cluster: stored beside the story, announced by a message, watched as Argo Workflows.

A revision that is stored and could not be announced is found and submitted by the submitter (`cluster.controllers.submitter`).
Its first workflow is `budget-r3`; a later one, begun by the reconciler or because an editor tried again, `budget-r3-t2`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.newsroom.runs import Run, State, StepState, is_shown, progress_of
from newsreel.argo.client import Cluster
from newsreel.argo.runs import CANCELLED_LABEL, PROFILE_LABEL, StepRun, run_of
from newsreel.argo.workflow import build_successor, workflow_name
from newsreel.errors import BadInput, NewsreelError, Unavailable
from newsreel.story.priority import PRIORITIES, Priority
from newsreel.submission.message import Message
from newsreel.submission.revision_store import Revision, RevisionStore

Workflow = dict[str, Any]
MAX_RUNS = 12
STATES: Final[Mapping[str, State]] = {
    "Running": "running", "Ending": "running", "Succeeded": "succeeded", "Failed": "failed", "Error": "failed",
}  # fmt: skip
STEP_STATES: Final = {
    "Pending": "waiting", "Running": "running", "Succeeded": "succeeded", "Failed": "failed", "Error": "failed",
    "Skipped": "skipped", "Omitted": "skipped", "Daemoned": "running",
}  # fmt: skip


@dataclass(frozen=True)
class KubernetesRuns:
    """`cluster.newsroom.runs.Runs` over the API server's Workflows."""

    cluster: Cluster
    publish: Callable[[Message], object]
    """Announces a story (`newsreel.submission.publisher`)."""
    revisions: RevisionStore

    def reserve(self, identifier: str, revision: int, priority: Priority | None) -> Priority:
        wanted = Revision(identifier, revision)
        message = self.revisions.message(
            wanted, priority or self.revisions.order(wanted, self.revisions.address(wanted)).priority
        )
        self.revisions.save_order(message)
        return message.priority

    def submit(self, identifier: str, revision: int, priority: Priority) -> None:
        """By message the first time; a later message would meet the workflow of that name, so the next one is created here.

        Where the cluster does not answer the message is published all the same, and the error raised: a message that meets its
        workflow does no harm, and a story without one waits for the submitter's next round.
        """
        message = self.revisions.message(Revision(identifier, revision), priority)
        try:
            last = self.newest(identifier, revision)
        except NewsreelError:
            self.publish(message)
            raise
        if last is None:
            self.publish(message)
        elif state_of(last) in ("failed", "cancelled"):
            name = workflow_name(identifier, revision, run_of(last).number + 1)
            self.cluster.create_workflow(build_successor(last, name))

    def status(self, identifier: str, revision: int) -> Run | None:
        last = self.newest(identifier, revision)
        return run_from(last, identifier, revision) if last else self.stored_failure(identifier, revision)

    def stored_failure(self, identifier: str, revision: int) -> Run | None:
        """A failure outlives its workflow, which Argo deletes after a while."""
        try:
            failure = self.revisions.failure(Revision(identifier, revision))
        except BadInput:
            return None
        if failure is None:
            return None
        when = failure.time
        return Run(id=identifier, revision=revision, state="failed", message=failure.why, submitted=when, ended=when)

    def cancel(self, identifier: str, revision: int) -> None:
        last = self.newest(identifier, revision)
        if last is None:
            raise Unavailable("its workflow has not begun yet; cancel it in a moment")
        if state_of(last) in ("queued", "running"):
            change = {"metadata": {"labels": {CANCELLED_LABEL: "true"}}, "spec": {"shutdown": "Terminate"}}
            self.cluster.patch_workflow(last["metadata"]["name"], change)

    def newest(self, identifier: str, revision: int) -> Workflow | None:
        """By name, one call each: there are rarely two."""
        newest = None
        for number in range(1, MAX_RUNS):
            found = self.cluster.find_workflow(workflow_name(identifier, revision, number))
            if found is None and number > 1:
                break
            newest = found or newest
        return newest


def run_from(workflow: Workflow, identifier: str, revision: int) -> Run:
    """What the page shows of a Workflow."""
    run, state = run_of(workflow), state_of(workflow)
    steps = tuple(step_from(step) for step in run.newest_tries if is_shown(step.name))
    return Run(
        id=identifier,
        revision=revision,
        priority=next((priority for priority in PRIORITIES if priority == run.priority), "normal"),
        state=state,
        message=run.message if state in ("failed", "queued") else "",
        submitted=run.began,
        ended=run.ended,
        steps=steps,
        progress=1.0 if state == "succeeded" else progress_of(steps, run.labels.get(PROFILE_LABEL, "")),
    )


def state_of(workflow: Workflow) -> State:
    run = run_of(workflow)
    return "cancelled" if run.cancelled else STATES.get(run.state, "queued")


def step_from(step: StepRun) -> StepState:
    state = STEP_STATES.get(step.state, "waiting")
    return StepState.model_validate(
        {
            "name": step.title,
            "state": state,
            "done": step.done,
            "total": step.total,
            "seconds": step.seconds if state != "running" else 0.0,
            "message": step.message if state == "failed" else "",
        }
    )
