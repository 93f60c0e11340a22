"""What a probe is told: GET /alive while rounds go on, GET /ready while they end well; 200 or 503 with the reason.

That another service is away makes nobody well who is started anew, so it costs only the readiness. GET /metrics, where there is
something to be counted, is for Prometheus.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(kw_only=True)
class Health:
    """When a round last ended, and when one last ended well (`time.monotonic`)."""

    stuck: float
    """Seconds after which a round that has not ended never will."""
    stale: float
    """Seconds without a sound round after which the program does its work no more."""
    unready: str
    """What that means, for people: `the API server does not answer`."""
    metrics: Callable[[], bytes] | None = None
    """As Prometheus reads them."""
    ended: float = field(default_factory=time.monotonic)
    sound: float | None = None

    def round(self, sound: bool) -> None:
        self.ended = time.monotonic()
        self.sound = self.ended if sound else self.sound

    def fault(self, path: str) -> str | None:
        """What is wrong, None where nothing is. Raises KeyError for a path that nobody answers at."""
        now = time.monotonic()
        never = self.sound is None
        faults = {
            "/alive": f"no round has ended for {now - self.ended:.0f} s" if now - self.ended > self.stuck else None,
            "/ready": self.unready if never or now - (self.sound or 0.0) > self.stale else None,
        }
        return faults[path]

    def answer(self, path: str) -> tuple[HTTPStatus, bytes]:
        if path == "/metrics" and self.metrics:
            return HTTPStatus.OK, self.metrics()
        try:
            fault = self.fault(path)
        except KeyError:
            known = "/alive, /ready and /metrics" if self.metrics else "/alive and /ready"
            return HTTPStatus.NOT_FOUND, f"{known} are all there is\n".encode()
        status = HTTPStatus.SERVICE_UNAVAILABLE if fault else HTTPStatus.OK
        return status, f"{fault or 'ok'}\n".encode()

    def serve(self, port: int) -> ThreadingHTTPServer:
        """Answer on all of the pod's addresses until the process ends; `port` 0 takes any free one. Raises OSError."""
        server = ThreadingHTTPServer(("0.0.0.0", port), type("Answering", (Answering,), {"health": self}))  # noqa: S104  # a probe comes from the node
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
        return server


class Answering(BaseHTTPRequestHandler):
    health: Health
    timeout = 5
    """Seconds for a caller that says nothing."""

    def do_GET(self) -> None:
        status, body = self.health.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """A probe every few seconds is no news."""
