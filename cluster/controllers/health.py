"""Health of a control loop, for probes: GET /alive while rounds end, GET /ready while they succeed; 200, or 503 and the reason.

That another service is unavailable makes a program unready, not dead: restarting it would not help.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from werkzeug.wrappers import Response

from cluster.controllers.http_server import Routes, metrics, text


@dataclass(kw_only=True)
class Health:
    """Time at which a round last ended, and last succeeded (`time.monotonic`)."""

    stuck: float
    """Seconds after which a running round is taken for stuck."""
    stale: float
    """Seconds without a successful round after which the program is unready."""
    unready: str
    """Reason, for people: `the API server does not answer`."""
    ended: float = field(default_factory=time.monotonic)
    succeeded: float | None = None

    def round_ended(self, success: bool) -> None:
        self.ended = time.monotonic()
        self.succeeded = self.ended if success else self.succeeded

    def liveness_fault(self) -> str | None:
        age = time.monotonic() - self.ended
        return f"no round has ended for {age:.0f} s" if age > self.stuck else None

    def readiness_fault(self) -> str | None:
        stale = self.succeeded is None or time.monotonic() - self.succeeded > self.stale
        return self.unready if stale else None

    def routes(self, read_metrics: Callable[[], bytes]) -> Routes:
        return {
            ("GET", "/alive"): lambda _: probe_response(self.liveness_fault()),
            ("GET", "/ready"): lambda _: probe_response(self.readiness_fault()),
            ("GET", "/metrics"): lambda _: metrics(read_metrics()),
        }


def probe_response(fault: str | None) -> Response:
    return text(fault, HTTPStatus.SERVICE_UNAVAILABLE) if fault else text("ok")
