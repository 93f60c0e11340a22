"""HTTP server of the controllers: probes, metrics and dead letters.

waitress and werkzeug, as in the gentle server: pure Python and small in an image; waitress reads a whole request before it takes
a thread, limits its size and closes idle connections, so that a slow or broken client blocks nobody.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST
from waitress.server import create_server
from werkzeug.wrappers import Request, Response

from newsreel.errors import BadInput

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

THREADS = 8
IDLE_SECONDS = 10
"""After which a connection without a request is closed."""
Handler = Callable[[Request], Response]
Routes = Mapping[tuple[str, str], Handler]
"""By method and path."""


class Application:
    """WSGI application of a few fixed paths."""

    def __init__(self, routes: Routes) -> None:
        self.routes = routes

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        return self.respond(request)(environ, start_response)

    def respond(self, request: Request) -> Response:
        handler = self.routes.get((request.method, request.path))
        if handler:
            return handler(request)
        methods = [method for method, path in self.routes if path == request.path]
        if methods:
            answer = text(f"use {' or '.join(methods)}", HTTPStatus.METHOD_NOT_ALLOWED)
            answer.headers["Allow"] = ", ".join(methods)
            return answer
        known = ", ".join(f"{method} {path}" for method, path in self.routes)
        return text(f"not found; there is {known}", HTTPStatus.NOT_FOUND)


def text(line: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(f"{line}\n", status, content_type="text/plain; charset=utf-8")


def metrics(content: bytes) -> Response:
    """In Prometheus' text format."""
    return Response(content, content_type=CONTENT_TYPE_LATEST)


class HttpServer:
    """Serves an application on all addresses of the pod, on a thread of its own."""

    def __init__(self, routes: Routes, port: int, *, max_body_bytes: int = 1024, option: str = "--health-port") -> None:
        """`port` 0 takes any free one; `option` is the one that chooses it. Raises BadInput if the port is taken."""
        try:
            listener = socket.create_server(("0.0.0.0", port))  # noqa: S104  # kubelet and Prometheus call from outside the pod
        except OSError as fault:
            raise BadInput(f"port {port}: {os.strerror(fault.errno or 0).lower()}; choose another with {option}") from fault
        self.port: int = listener.getsockname()[1]
        # Any: the stubs know a server of one socket as one of several, too.
        self.server: Any = create_server(
            Application(routes),
            sockets=[listener],
            threads=THREADS,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=IDLE_SECONDS,
            max_request_body_size=max_body_bytes + 1,
            ident="newsreel",
        )
        self.thread = threading.Thread(target=self.server.run, name="http", daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Finish the requests that have begun and stop."""
        self.server.task_dispatcher.shutdown()
        # Sockets belong to the server's own loop: it closes them itself.
        self.server.trigger.pull_trigger(self._close_sockets)
        self.thread.join(timeout=IDLE_SECONDS)

    def _close_sockets(self) -> None:
        for channel in list(self.server.active_channels.values()):
            channel.handle_write()
            channel.handle_close()
        self.server.close()
