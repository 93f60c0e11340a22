"""A webhook receiver that fails now and then, and the exit handlers that call it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import standardwebhooks

from cluster.controllers.submitter.notifier import ONCE
from newsreel.notifications.delivery_log import DeliveryLog, deliver
from newsreel.notifications.notifier import Notification, Notifier
from newsreel.submission.revision_store import Outcome, Revision, RevisionStore
from tests.chaos.argo import Workflow
from tests.chaos.faults import Faults

ADDRESS = "https://cms.example.org/ends"
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="


@dataclass
class Receiver:
    """What `newsreel.notifications.notifier` asks of urllib3's pool; answers as a receiver does that keeps the ids of what it
    has heard."""

    faults: Faults
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each notice once, by its id."""
    again: int = 0

    def request(self, method: str, address: str, *, headers: Mapping[str, str], body: bytes, **_: object) -> Any:
        assert (method, urlsplit(address).hostname) == ("POST", "cms.example.org")
        identifier = headers["webhook-id"]
        if self.faults.happens("receiver away", 0.05, identifier):
            return answering(503)
        told = standardwebhooks.Webhook(SECRET).verify(body, dict(headers))
        self.again += identifier in self.heard
        self.heard.setdefault(identifier, told)
        return answering(500 if self.faults.happens("receiver's answer lost", 0.05, identifier) else 204)

    def ids(self) -> dict[tuple[str, str], set[str]]:
        """By the story's address and the notice's type: the ids by which that end was told."""
        ids = defaultdict(set)
        for identifier, notice in self.heard.items():
            ids[notice["data"]["story"], notice["type"]].add(identifier)
        return ids

    def told_of(self) -> dict[str, set[str]]:
        """By the story's address: how it was said to have ended."""
        ends = defaultdict(set)
        for notice in self.heard.values():
            ends[notice["data"]["story"]].add(notice["type"])
        return ends


def answering(status: int) -> Any:
    return SimpleNamespace(status=status, close=lambda: None)


def notices_to(receiver: Receiver) -> Notifier:
    return Notifier(webhook=ADDRESS, secret=SECRET, retry_pauses=ONCE, client=lambda: receiver)


@dataclass
class Reports:
    """The exit handler of each workflow: tells its end unless its pod is lost."""

    desk: RevisionStore
    faults: Faults
    notices: Notifier

    def deliver(self, workflow: Workflow, phase: str) -> None:
        if self.faults.happens("report lost", 0.1, workflow.name):
            return
        story = workflow.parameters["story"]
        notice = Notification(run=workflow.uid, story=story, status=phase, video=None)
        if self.faults.happens("report killed before its note", 0.1, workflow.name):
            list(self.notices.send(notice))
            return
        deliver(notice, self.notices, self.desk.storage, DeliveryLog(self.desk.storage, self.desk.finals))


def untold(outcomes: Mapping[Revision, Outcome], desk: RevisionStore, receiver: Receiver) -> int:
    """Stories whose end nobody was told; one that failed and was made after all is told as both."""
    told = receiver.told_of()
    wanted = {"published": "story.done", "failed": "story.failed"}
    return sum(wanted[outcome] not in told[str(desk.address(revision))] for revision, outcome in outcomes.items())


def told_anew(desk: RevisionStore, receiver: Receiver, failures: Mapping[Revision, int]) -> int:
    """Ends that were told by an id more than there were: one for a video, one for each run that failed or, where none ever was,
    for the story."""
    ids = receiver.ids()
    revisions = {str(desk.address(one)): failures[one] for one in desk.saved()}
    return sum(
        max(0, len(told) - (1 if kind == "story.done" else max(1, revisions[story]))) for (story, kind), told in ids.items()
    )


def mistold(outcomes: Mapping[Revision, Outcome], desk: RevisionStore, receiver: Receiver) -> int:
    """Stories that were told to be done and are not."""
    told = receiver.told_of()
    return sum(outcome == "failed" and "story.done" in told[str(desk.address(one))] for one, outcome in outcomes.items())
