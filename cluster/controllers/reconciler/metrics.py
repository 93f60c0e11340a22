"""What Prometheus is told of the reconciler: that it looks, and what it had to do."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from cluster.controllers.reconciler.world import Collect, Succeed, Terminate, Touch

ACTIONS = tuple(kind.__name__.lower() for kind in (Succeed, Terminate, Touch, Collect))


class Metrics:
    def __init__(self) -> None:
        self.registry = to = CollectorRegistry()
        self.looked = Gauge("newsreel_reconciler_last_round_timestamp_seconds", "When a round last went well", registry=to)
        self.failed = Counter("newsreel_reconciler_failed_rounds", "Rounds in which the API server refused", registry=to)
        self.done = Counter("newsreel_reconciler_actions", "What was done to a story on its way", ["action"], registry=to)
        for action in ACTIONS:
            # There from the beginning, so that the first one is an increase.
            self.done.labels(action)

    def round(self, sound: bool, now: datetime) -> None:
        if sound:
            self.looked.set(now.timestamp())
        else:
            self.failed.inc()

    def act(self, action: str) -> None:
        self.done.labels(action).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
