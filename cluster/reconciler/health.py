"""What a probe is told: GET /alive while rounds go on, GET /ready while the API server answers them; 200 or 503 with the reason.

That the API server is away makes nobody well who is started anew, so it costs only the readiness.
"""

import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Health"]

STUCK = 120.0
"""Seconds after which a round that has not ended never will: no call of it may take more than 20."""
STALE = 60.0
"""Seconds without a sound round after which a story on a lost node may be waiting for us."""


@dataclass
class Health:
    """When a round last ended, and when one last ended well (`time.monotonic`)."""

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
            "/alive": f"no round has ended for {now - self.ended:.0f} s" if now - self.ended > STUCK else None,
            "/ready": "the API server does not answer" if never or now - (self.sound or 0.0) > STALE else None,
        }
        return faults[path]

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
        try:
            fault = self.health.fault(self.path)
            status, said = (HTTPStatus.SERVICE_UNAVAILABLE, fault) if fault else (HTTPStatus.OK, "ok")
        except KeyError:
            status, said = HTTPStatus.NOT_FOUND, "/alive and /ready are all there is"
        body = f"{said}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """A probe every few seconds is no news."""
