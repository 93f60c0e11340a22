"""Runs on a cluster: kept beside the story, asked for by a message, watched as Argo Workflows.

What is kept and could not be published is found by the watch over saved stories, and submitted
(`cluster.controllers.submitter.controller`).
A revision's first workflow is `budget-r3`; a later one, begun by the reconciler or because a person tried again, `budget-r3-t2`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from kubernetes import client
from urllib3.exceptions import HTTPError

from cluster.newsroom.runs import Run, State, StepState, progress_of
from newsreel.argo.client import SECONDS_A_CALL
from newsreel.argo.runs import failure_of
from newsreel.argo.workflow import GROUP, VERSION, build_successor
from newsreel.errors import BadInput, NewsreelError, Unavailable
from newsreel.story.priority import PRIORITIES, Priority
from newsreel.submission.message import Message
from newsreel.submission.revision_store import Revision, RevisionStore

__all__ = ["KubernetesRuns", "run_from"]

Workflow = dict[str, Any]
MOST_RUNS = 12
STATES: Final[Mapping[str, State]] = {"Running": "running", "Succeeded": "succeeded", "Failed": "failed", "Error": "failed"}
STEP_STATES: Final = {
    "Pending": "waiting", "Running": "running", "Succeeded": "succeeded", "Failed": "failed", "Error": "failed",
    "Skipped": "skipped", "Omitted": "skipped", "Daemoned": "running",
}  # fmt: skip
OF_NO_INTEREST: Final = ("anchor", "triage", "refuse", "report", "gentle-server")


@dataclass(frozen=True)
class KubernetesRuns:
    """`cluster.newsroom.runs.Runs` over the API server's Workflows."""

    api: client.ApiClient
    namespace: str
    publish: Callable[[Message], object]
    """Says that a story is ready (`newsreel.submission.publisher`)."""
    desk: RevisionStore

    def keep(self, identifier: str, revision: int, priority: Priority | None) -> Priority:
        wanted = Revision(identifier, revision)
        message = self.desk.message(wanted, priority or self.desk.order(wanted, self.desk.address(wanted)).priority)
        self.desk.save_order(message)
        return message.priority

    def submit(self, identifier: str, revision: int, priority: Priority) -> None:
        """By message the first time; a later message would meet the workflow of that name, so we make the next one here.

        By message too where the cluster does not answer, which is raised all the same: a message that meets its workflow does no
        harm, and a story without one waits for the watch's patience.
        """
        message = self.desk.message(Revision(identifier, revision), priority)
        try:
            last = self.newest(identifier, revision)
        except NewsreelError:
            self.publish(message)
            raise
        if last is None:
            self.publish(message)
        elif state_of(last) in ("failed", "cancelled"):
            with told(), unless(HTTPStatus.CONFLICT):
                self.create(build_successor(last, f"{identifier}-r{revision}-t{number_in(last) + 1}"))

    def status(self, identifier: str, revision: int) -> Run | None:
        last = self.newest(identifier, revision)
        return run_from(last, identifier, revision) if last else self.remembered(identifier, revision)

    def remembered(self, identifier: str, revision: int) -> Run | None:
        """A failure outlives its workflow, which the cluster collects after a while."""
        try:
            told = self.desk.failure(Revision(identifier, revision))
        except BadInput:
            return None
        if told is None:
            return None
        return Run(id=identifier, revision=revision, state="failed", message=told.why, submitted=told.time, ended=told.time)

    def cancel(self, identifier: str, revision: int) -> None:
        last = self.newest(identifier, revision)
        if last is None:
            raise Unavailable("its workflow has not begun yet; cancel it in a moment")
        if state_of(last) in ("queued", "running"):
            change = {"metadata": {"labels": {"newsreel/cancelled": "true"}}, "spec": {"shutdown": "Terminate"}}
            with told(), unless(HTTPStatus.NOT_FOUND):
                self.workflows().patch_namespaced_custom_object(
                    GROUP, VERSION, self.namespace, "workflows", last["metadata"]["name"], change, _request_timeout=SECONDS_A_CALL
                )

    def newest(self, identifier: str, revision: int) -> Workflow | None:
        """By name, one call each: there are rarely two."""
        found = None
        for number in range(1, MOST_RUNS):
            name = f"{identifier}-r{revision}" + (f"-t{number}" if number > 1 else "")
            one = self.find(name)
            if one is None and number > 1:
                break
            found = one or found
        return found

    def find(self, name: str) -> Workflow | None:
        with told():
            try:
                found: Workflow = self.workflows().get_namespaced_custom_object(
                    GROUP, VERSION, self.namespace, "workflows", name, _request_timeout=SECONDS_A_CALL
                )
            except client.ApiException as fault:
                if fault.status == HTTPStatus.NOT_FOUND:
                    return None
                raise
        return found

    def create(self, workflow: Workflow) -> None:
        self.workflows().create_namespaced_custom_object(
            GROUP, VERSION, self.namespace, "workflows", workflow, _request_timeout=SECONDS_A_CALL
        )

    def workflows(self) -> client.CustomObjectsApi:
        return client.CustomObjectsApi(self.api)


def run_from(workflow: Workflow, identifier: str, revision: int) -> Run:
    """What the page shows of a Workflow."""
    status = workflow.get("status", {})
    state, steps = state_of(workflow), tuple(steps_of(status.get("nodes", {})))
    failure = failure_of(workflow)
    message = failure.sentence if failure else status.get("message", "")
    return Run(
        id=identifier,
        revision=revision,
        priority=priority_of(workflow),
        state=state,
        message=message if state in ("failed", "queued") else "",
        submitted=moment(workflow["metadata"]["creationTimestamp"]),
        ended=moment(status["finishedAt"]) if status.get("finishedAt") else None,
        steps=steps,
        progress=1.0 if state == "succeeded" else progress_of(steps),
    )


def state_of(workflow: Workflow) -> State:
    if workflow["metadata"].get("labels", {}).get("newsreel/cancelled") == "true":
        return "cancelled"
    return STATES.get(workflow.get("status", {}).get("phase", ""), "queued")


def priority_of(workflow: Workflow) -> Priority:
    said = workflow["metadata"].get("labels", {}).get("newsreel/priority")
    return next((one for one in PRIORITIES if one == said), "normal")


def number_in(workflow: Workflow) -> int:
    """`budget-r3-t2` is the second."""
    _, _, number = str(workflow["metadata"]["name"]).rpartition("-t")
    return int(number) if number.isdigit() else 1


def steps_of(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[StepState]:
    """The pods in the order in which they began; of several tries of one step the newest."""
    newest: dict[str, Mapping[str, Any]] = {}
    for node in sorted(nodes.values(), key=lambda node: str(node.get("startedAt"))):
        if node.get("type") == "Pod" and node.get("templateName") not in OF_NO_INTEREST:
            newest[step_name(node)] = node
    for node in newest.values():
        done, _, total = str(node.get("progress", "")).partition("/")
        state = STEP_STATES.get(str(node.get("phase")), "waiting")
        over = state != "running" and node.get("startedAt") and node.get("finishedAt")
        yield StepState.model_validate(
            {
                "name": re.sub(r"\(\d+:(\d+)/(\d+)\)$", shard, step_name(node)),
                "state": state,
                "done": int(done) if done.isdigit() else 0,
                "total": int(total) if total.isdigit() else 0,
                "seconds": (moment(node["finishedAt"]) - moment(node["startedAt"])).total_seconds() if over else 0.0,
                "message": str(node.get("message", ""))[:500] if state == "failed" else "",
            }
        )


def shard(found: re.Match[str]) -> str:
    """`0/2` is the first of two; one alone needs no number."""
    return "" if found[2] == "1" else f" {int(found[1]) + 1}/{found[2]}"


def step_name(node: Mapping[str, Any]) -> str:
    """`pix2pixhd(1:1/2)(0)`, a try, is `pix2pixhd(1:1/2)`."""
    return re.sub(r"\(\d+\)$", "", str(node.get("displayName", "")))


@contextmanager
def told() -> Iterator[None]:
    """The API server's errors as ours."""
    try:
        yield
    except client.ApiException as fault:
        if fault.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED):
            raise BadInput(
                "the cluster does not let the newsroom look at workflows; give its account the role (`newsreel apply`)"
            ) from fault
        raise Unavailable(f"the cluster cannot answer now ({fault.status})") from fault
    except (HTTPError, OSError) as fault:
        raise Unavailable(f"the cluster does not answer ({type(fault).__name__})") from fault


@contextmanager
def unless(expected: HTTPStatus) -> Iterator[None]:
    try:
        yield
    except client.ApiException as fault:
        if fault.status != expected:
            raise


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
