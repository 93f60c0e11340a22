"""What Prometheus counts of the newsroom. Labels are routes and states, never a story's or a person's name."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["Metrics"]


@dataclass
class Metrics:
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        registry = self.registry
        self.requests = Counter("newsroom_requests", "Requests answered", ["method", "route", "status"], registry=registry)
        self.seconds = Histogram("newsroom_request_seconds", "Time to answer, streams left out", ["route"], registry=registry)
        self.refused = Counter("newsroom_refused", "Requests refused at the door", ["why"], registry=registry)
        self.saves = Counter("newsroom_saves", "Drafts saved", ["outcome"], registry=registry)
        self.sent = Counter("newsroom_sent", "Revisions sent off", ["outcome"], registry=registry)
        self.product = Counter("newsroom_product_events", "Product events", ["outcome"], registry=registry)
        self.streams = Gauge("newsroom_streams", "Pages that watch a story now", registry=registry)
