"""The submitter as a controller, and its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import get_args

from kubernetes import client
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, generate_latest
from urllib3.exceptions import HTTPError

from cluster.controllers.loop import JsonLog, RoundResult
from cluster.controllers.submitter.act import failure_record, failure_sentence, submit, workflow_for
from cluster.controllers.submitter.notifier import PendingNotifier
from cluster.controllers.submitter.observe import Observation, observe
from cluster.controllers.submitter.policy import PATIENCE, Report, State, Submit, decide
from newsreel.argo.client import error_text
from newsreel.errors import NewsreelError
from newsreel.submission.message import subject_of
from newsreel.submission.revision_store import Revision, RevisionStore

STATES: tuple[State, ...] = get_args(State)
FAULTS = (NewsreelError, client.ApiException, HTTPError, OSError)


class Metrics:
    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.registry = to = registry
        self.stories = Gauge("newsreel_saved_stories", "Saved revisions by state", ["state"], registry=to)
        self.submitted = Counter("newsreel_lost_stories_submitted", "Stories submitted without their message", registry=to)
        self.failed = Counter("newsreel_failed_stories_reported", "Stories that ended without a video", registry=to)
        self.notified = Counter("newsreel_missed_notices_told", "Notifications sent in place of a run", registry=to)
        self.last_round = Gauge("newsreel_watch_last_look_timestamp_seconds", "Last look at storage", registry=to)
        self.queued = Gauge("newsreel_longest_queued_seconds", "Longest wait for a turn or for a node", registry=to)
        self.under_way = Gauge("newsreel_longest_under_way_seconds", "Longest time of an uncompleted story", registry=to)

    def observed(self, seen: Observation) -> None:
        self.queued.set(seen.queued_seconds)
        self.under_way.set(seen.under_way_seconds)
        states = list(seen.states.values())
        for state in STATES:
            self.stories.labels(state).set(states.count(state))


@dataclass(kw_only=True)
class SubmitterController:
    """See `cluster.controllers.loop.Controller`. If `waiting_since` is lost, the new instance only waits as long again."""

    api: client.ApiClient
    namespace: str
    store: RevisionStore
    log: JsonLog = field(default_factory=JsonLog)
    metrics: Metrics = field(default_factory=Metrics)
    patience: timedelta = PATIENCE
    notifier: PendingNotifier | None = None
    """None if no receiver is configured."""
    dry_run: bool = False
    waiting_since: Mapping[Revision, datetime] = field(default_factory=dict)
    faults = FAULTS

    def observe(self, now: datetime) -> Observation:
        seen = observe(self.api, self.namespace, self.store, self.waiting_since, now)
        self.waiting_since = seen.saved.waiting_since
        self.metrics.observed(seen)
        return seen

    def decide(self, seen: Observation, now: datetime) -> list[Submit | Report]:
        return decide(seen.saved, now, self.patience)

    def act(self, plan: list[Submit | Report], seen: Observation, now: datetime) -> bool:
        """A refusal for one story does not stop the others."""
        success = True
        for action in plan:
            try:
                self.perform(action, seen, now)
            except FAULTS as fault:
                self.log_action("wait", action.revision.workflow, error_text(fault))
                success = False
        success = self.notify(seen, now) and success
        self.metrics.last_round.set(now.timestamp())
        return success

    def perform(self, action: Submit | Report, seen: Observation, now: datetime) -> None:
        match action:
            case Submit(revision, why):
                workflow = workflow_for(self.store.order(revision, seen.addresses[revision]), self.store.finals)
                if self.dry_run or submit(self.api, self.namespace, workflow):
                    self.metrics.submitted.inc(0 if self.dry_run else 1)
                    self.log_action("submit", revision.workflow, why)
            case Report(revision, why, last):
                has_message = last is not None and not last.cancelled
                reason = f"{why}: {failure_sentence(self.api, self.namespace, last.name)}" if last and has_message else why
                if self.dry_run or self.store.fail(revision, failure_record(last, reason, now)):
                    self.metrics.failed.inc(0 if self.dry_run else 1)
                    self.log_action("report", revision.workflow, reason)

    def notify(self, seen: Observation, now: datetime) -> bool:
        """After the observation: every run that it shows as completed has sent its own notification by now, if it could."""
        if self.notifier is None:
            return True
        try:
            self.metrics.notified.inc(self.notifier.round(seen.saved, seen.addresses, now, self.dry_run))
        except FAULTS as fault:
            self.log_action("wait", self.namespace, error_text(fault))
            return False
        return True

    def log_action(self, action: str, workflow: str, why: str) -> None:
        self.log(action=action, workflow=workflow, why=why, **subject_of(workflow))

    def skipped(self, why: Exception) -> None:
        self.log_action("wait", self.namespace, error_text(why))

    def ended(self, result: RoundResult, now: datetime) -> None:
        """`act` has updated the metrics."""

    def metrics_text(self) -> bytes:
        return generate_latest(self.metrics.registry)

    def close(self) -> None:
        """Nothing to release."""
