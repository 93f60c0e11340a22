"""What Prometheus is told of the aligner: how long alignments take, how they end, and how long the line is."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0)
OUTCOMES = ("aligned", "failed", "refused")


class Metrics:
    def __init__(self) -> None:
        self.registry = to = CollectorRegistry()
        self.ended = Counter("newsreel_alignments", "Transcriptions ordered, by how they ended", ["outcome"], registry=to)
        self.seconds = Histogram("newsreel_alignment_seconds", "An alignment's time at work", buckets=SECONDS, registry=to)
        self.line = Gauge("newsreel_alignments_in_line", "Transcriptions that wait or are at work", registry=to)
        for outcome in OUTCOMES:
            # There from the beginning, so that the first one is an increase.
            self.ended.labels(outcome)

    def text(self) -> bytes:
        return generate_latest(self.registry)
