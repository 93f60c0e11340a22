"""A round over the saved stories: look at storage and workflows, decide (`policy`), submit what was lost, tell what failed."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from kubernetes import client
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge
from urllib3.exceptions import HTTPError

from cluster.controllers.submitter.notifier import Teller
from cluster.controllers.submitter.policy import (
    LEFT_TO_THEIR_MESSAGE,
    PATIENCE,
    Attempt,
    Report,
    Saved,
    Submit,
    decide_stories,
    state_of,
)
from newsreel.argo.client import OURS, anchors_waiting, list_workflows, refusal
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS
from newsreel.errors import NewsreelError
from newsreel.story.priority import PRIORITY_VALUE
from newsreel.submission.message import Message
from newsreel.submission.revision_store import Failure, Revision, RevisionStore

PHASE = "workflows.argoproj.io/phase"
"""Label in which Argo keeps a workflow's phase; one that waits for its turn is Pending, or has none yet."""
CANCELLED = "newsreel/cancelled"
"""Label that the newsroom gives to what a person has ended."""
SECONDS_A_CALL = 20
STATES = ("published", "failed", "under way", "ended", "superseded", "waiting")
FAULTS = (NewsreelError, client.ApiException, HTTPError, OSError)
Say = Callable[[str, str, str], None]


@dataclass
class Watch:
    """What Prometheus is told."""

    registry: CollectorRegistry = field(default_factory=lambda: REGISTRY)
    stories: Gauge = field(init=False)
    submitted: Counter = field(init=False)
    failed: Counter = field(init=False)
    told: Counter = field(init=False)
    looked: Gauge = field(init=False)
    queued: Gauge = field(init=False)
    under_way: Gauge = field(init=False)

    def __post_init__(self) -> None:
        to = self.registry
        self.stories = Gauge("newsreel_saved_stories", "Saved revisions by what has become of them", ["state"], registry=to)
        self.submitted = Counter("newsreel_lost_stories_submitted", "Stories whose message was lost", registry=to)
        self.failed = Counter("newsreel_failed_stories_reported", "Stories that ended without a video", registry=to)
        self.told = Counter("newsreel_missed_notices_told", "Ends of stories that their runs could not tell", registry=to)
        self.looked = Gauge("newsreel_watch_last_look_timestamp_seconds", "When storage was last looked at", registry=to)
        self.queued = Gauge("newsreel_longest_queued_seconds", "Longest wait for a turn or for a machine", registry=to)
        self.under_way = Gauge("newsreel_longest_under_way_seconds", "Of stories that are not over, the longest", registry=to)


@dataclass
class Rounds:
    """Round after round. What it remembers only makes it wait: a new one knows as much when it has been as patient."""

    api: client.ApiClient
    namespace: str
    desk: RevisionStore
    say: Say
    watch: Watch = field(default_factory=Watch)
    patience: timedelta = PATIENCE
    teller: Teller | None = None
    """Who tells ends that nobody has told; None where nobody is to be told."""
    unheard: dict[Revision, datetime] = field(default_factory=dict)

    def round(self, now: datetime, dry_run: bool = False) -> bool:
        """Look and act; False where storage or the API server did not answer. The next round sees what is left.

        What is refused for one story is no reason to leave the others.
        """
        try:
            seen, where = self.look(now)
        except FAULTS as fault:
            self.say("wait", self.namespace, refusal(fault))
            return False
        sound = True
        for action in decide_stories(seen, now, self.patience):
            try:
                self.act(action, where, now, dry_run)
            except FAULTS as fault:
                self.say("wait", action.revision.workflow, refusal(fault))
                sound = False
        if self.teller and not self.tell(self.teller, seen, where, now, dry_run):
            sound = False
        self.watch.looked.set(now.timestamp())
        return sound

    def look(self, now: datetime) -> tuple[Saved, Mapping[Revision, Any]]:
        """In the order that `Saved` asks for."""
        where = self.desk.saved()
        workflows = list_workflows(self.api, self.namespace)
        attempts = attempts_of(workflows)
        queued = [*begun(workflows, ("", "Pending")), *anchors_waiting(self.api, self.namespace)]
        self.watch.queued.set(longest(queued, now))
        self.watch.under_way.set(longest(begun(workflows, ("", "Pending", "Running")), now))
        seen = Saved(revisions=frozenset(where), attempts=attempts, outcomes=self.desk.outcomes(), unheard=self.unheard)
        states = {revision: state_of(revision, seen) for revision in seen.revisions}
        silent = [revision for revision, state in states.items() if state in LEFT_TO_THEIR_MESSAGE]
        self.unheard = {revision: self.unheard.get(revision, now) for revision in silent}
        counted: list[str] = [*states.values()]
        for state in STATES:
            self.watch.stories.labels(state).set(counted.count(state))
        return Saved(revisions=seen.revisions, attempts=attempts, outcomes=seen.outcomes, unheard=self.unheard), where

    def tell(self, teller: Teller, seen: Saved, where: Mapping[Revision, Any], now: datetime, dry_run: bool) -> bool:
        """After the look: what `seen` has as ended has been told by then, if it was told at all."""
        try:
            self.watch.told.inc(teller.round(seen, where, now, dry_run))
        except FAULTS as fault:
            self.say("wait", self.namespace, refusal(fault))
            return False
        return True

    def act(self, action: Submit | Report, where: Mapping[Revision, Any], now: datetime, dry_run: bool) -> None:
        match action:
            case Submit(revision, why):
                workflow = workflow_for(self.desk.order(revision, where[revision]), self.desk.finals)
                if dry_run or submit(self.api, self.namespace, workflow):
                    self.watch.submitted.inc(0 if dry_run else 1)
                    self.say("submit", revision.workflow, why)
            case Report(revision, why, last):
                asked = last is not None and not last.cancelled
                reason = f"{why}: {message_of(self.api, self.namespace, last.name)}" if last and asked else why
                if dry_run or self.desk.fail(revision, failure_of(last, reason, now)):
                    self.watch.failed.inc(0 if dry_run else 1)
                    self.say("report", revision.workflow, reason)


def failure_of(last: Attempt | None, why: str, now: datetime) -> Failure:
    """What is kept of it: the run's own end, so that it is told by one id also when nobody knows the run any more."""
    failure = Failure(why=why, time=now.replace(microsecond=0))
    return failure.model_copy(update={"run": last.uid, "status": last.failed_as}) if last else failure


def workflow_for(message: Message, finals: object) -> dict[str, Any]:
    """The same workflow as the Sensor submits for the message (`cluster.manifests.events`)."""
    part_of, _, newsreel = OURS.partition("=")
    labels = {"story": message.id, "revision": str(message.revision), "priority": message.priority}
    parameters = {"story": message.story, "finals": str(finals), "priority": message.priority}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {
            "name": message.workflow,
            "labels": {part_of: newsreel} | {f"newsreel/{name}": value for name, value in labels.items()},
        },
        "spec": {
            "workflowTemplateRef": {"name": "story"},
            "priority": PRIORITY_VALUE[message.priority],
            "arguments": {"parameters": [{"name": name, "value": value} for name, value in parameters.items()]},
        },
    }


def submit(api: client.ApiClient, namespace: str, workflow: dict[str, Any]) -> bool:
    """Create it; False where it is there already. Raises ApiException for any other refusal."""
    try:
        client.CustomObjectsApi(api).create_namespaced_custom_object(
            GROUP, VERSION, namespace, WORKFLOWS, workflow, _request_timeout=SECONDS_A_CALL
        )
    except client.ApiException as fault:
        if fault.status != HTTPStatus.CONFLICT:
            raise
        return False
    return True


def begun(workflows: list[dict[str, Any]], phases: tuple[str, ...]) -> list[datetime]:
    """When the workflows in these phases were submitted."""
    return [
        datetime.fromisoformat(metadata["creationTimestamp"])
        for metadata in workflows
        if (metadata.get("labels") or {}).get(PHASE, "") in phases
    ]


def longest(moments: list[datetime], now: datetime) -> float:
    """Seconds since the oldest; 0 where there is none."""
    return max(((now - one).total_seconds() for one in moments), default=0.0)


def attempts_of(workflows: list[dict[str, Any]]) -> dict[Revision, tuple[Attempt, ...]]:
    """Workflows by the revision they are of, in the order in which they were submitted: a message's, a successor's, or what a
    person has resubmitted. All of them have the labels; one made by hand may have no more than the name."""
    found: dict[Revision, list[Attempt]] = defaultdict(list)
    for metadata in sorted(workflows, key=lambda one: (one["creationTimestamp"], one["name"])):
        labels = metadata.get("labels") or {}
        identifier, _, number = str(metadata["name"]).rpartition("-r")
        identifier, number = labels.get("newsreel/story", identifier), labels.get("newsreel/revision", number)
        if identifier and number.isascii() and number.isdigit():
            attempts = found[Revision(identifier, int(number))]
            attempts.append(
                Attempt(
                    name=metadata["name"],
                    number=len(attempts) + 1,
                    phase=labels.get(PHASE, ""),
                    uid=str(metadata.get("uid") or metadata["name"]),
                    cancelled=labels.get(CANCELLED) == "true",
                )
            )
    return {revision: tuple(attempts) for revision, attempts in found.items()}


def message_of(api: client.ApiClient, namespace: str, name: str) -> str:
    """What Argo says of a workflow's end, in one line."""
    try:
        workflow = client.CustomObjectsApi(api).get_namespaced_custom_object(
            GROUP, VERSION, namespace, WORKFLOWS, name, _request_timeout=SECONDS_A_CALL
        )
    except client.ApiException as fault:
        if fault.status != HTTPStatus.NOT_FOUND:
            raise
        return "it is gone meanwhile"
    return " ".join(str(workflow.get("status", {}).get("message") or "no reason given").split())[:500]
