"""The reconciler as a controller, and its metrics."""

from dataclasses import dataclass, field
from datetime import datetime

from kubernetes import client
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from urllib3.exceptions import HTTPError

from cluster.controllers.loop import JsonLog, RoundResult
from cluster.controllers.reconciler.act import act
from cluster.controllers.reconciler.observe import observe
from cluster.controllers.reconciler.policy import decide
from cluster.controllers.reconciler.types import Action, Collect, Observation, Succeed, Terminate, Touch
from newsreel.argo.client import error_text

FAULTS = (client.ApiException, HTTPError, OSError)


def name_of(kind: type[Action]) -> str:
    return kind.__name__.lower()


ACTIONS = tuple(map(name_of, (Succeed, Terminate, Touch, Collect)))


class Metrics:
    def __init__(self) -> None:
        self.registry = to = CollectorRegistry()
        self.last_round = Gauge("newsreel_reconciler_last_round_timestamp_seconds", "Last successful round", registry=to)
        self.failed = Counter("newsreel_reconciler_failed_rounds", "Rounds in which the API server refused a call", registry=to)
        self.actions = Counter("newsreel_reconciler_actions", "Actions on running stories", ["action"], registry=to)
        for name in ACTIONS:
            # Present from the start, so that the first action is an increase.
            self.actions.labels(name)


@dataclass(frozen=True, kw_only=True)
class ReconcilerController:
    """See `cluster.controllers.loop.Controller`."""

    api: client.ApiClient
    namespace: str
    log: JsonLog = field(default_factory=JsonLog)
    metrics: Metrics = field(default_factory=Metrics)
    dry_run: bool = False
    faults = FAULTS

    def observe(self, now: datetime) -> Observation:
        return observe(self.api, self.namespace)

    def decide(self, seen: Observation, now: datetime) -> list[Action]:
        return decide(seen, now)

    def act(self, plan: list[Action], seen: Observation, now: datetime) -> bool:
        """A refusal for one story (a quota, a missing permission) does not stop the others; but its own further actions depend on
        the refused one: a story is not terminated whose successor could not be submitted."""
        refused: set[str] = set()
        for action in plan:
            run, name = action.run, name_of(type(action))
            if run.name in refused:
                continue
            try:
                done = not self.dry_run and act(self.api, self.namespace, action, now)
            except FAULTS as fault:
                refused.add(run.name)
                self.log(action="refused", workflow=run.name, why=f"{name}: {error_text(fault)}", **run.subject)
                continue
            if done:
                self.metrics.actions.labels(name).inc()
            if done or self.dry_run:
                self.log(action=name, workflow=run.name, why=action.why, **run.subject)
        return not refused

    def skipped(self, why: Exception) -> None:
        self.log(action="wait", workflow=self.namespace, why=f"the API server: {error_text(why)}")

    def ended(self, result: RoundResult, now: datetime) -> None:
        if result is RoundResult.DONE:
            self.metrics.last_round.set(now.timestamp())
        else:
            self.metrics.failed.inc()

    def metrics_text(self) -> bytes:
        return generate_latest(self.metrics.registry)

    def close(self) -> None:
        """Nothing to release."""
