"""Where the Sensor takes what it cannot submit.

POST /not-ours    a message that is none of ours: published to the topic of dead letters, with the reason
POST /held        a good one that the Argo server would not take for as long as the Sensor tried: counted and said, no more,
                  since the reconciler finds its story in storage and submits it
GET /metrics      both, counted

200 is done. 400, 411 and 413 are refusals for good: what was brought is no letter, and will be none the next time. 503 is none:
Pub/Sub is away, or does not let us in until somebody mends that; the letter is to be brought again.

Only the Sensor may call (NetworkPolicy); what it brings was written by strangers all the same.
"""

import base64
import binascii
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, generate_latest

from newsreel.errors import BadInput, NewsreelError, Unavailable
from newsreel.submission.message import subject_of
from newsreel.submission.publisher import Publisher

MOST_BYTES = 2_000_000
"""The EventBus takes 1 MB; what the Sensor makes of it is not much more."""
DIGITS = len(str(MOST_BYTES))
MOST_BYTES_OF_REASON = 1000
"""Of an attribute Pub/Sub takes 1024."""


@dataclass
class Letters:
    publisher: Publisher
    """To the topic of dead letters."""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    not_ours: Counter = field(init=False)
    held: Counter = field(init=False)

    refused: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.not_ours = Counter("newsreel_dead_letters", "Messages that are none of ours", registry=self.registry)
        self.held = Counter("newsreel_held_messages", "Good messages left to the reconciler", registry=self.registry)
        self.refused = Counter("newsreel_refused_letters", "What was brought and is no letter", registry=self.registry)

    def bury(self, event: dict[str, Any]) -> None:
        """Publish a message as it was, with where it came from and what is wrong. Raises BadInput for what is no letter,
        Unavailable for a letter that cannot be kept now."""
        attributes = {name: told(event, name) for name in ("reason", "message", "published")}
        try:
            body = base64.b64decode(told(event, "body"), validate=True)
        except (binascii.Error, ValueError) as fault:
            raise BadInput("body: is not base64") from fault
        # A message without data and attributes is none to Pub/Sub; this one always has its reason.
        try:
            self.publisher.send(body, "", attributes)
        except NewsreelError as fault:
            # A topic that is not there, or not ours to write to: no fault of the letter's.
            raise Unavailable(str(fault)) from fault
        self.not_ours.inc()
        say("dead-letter", **attributes)

    def hold(self, event: dict[str, Any]) -> None:
        name = told(event, "name")[:100]
        self.held.inc()
        say("held", workflow=name, **subject_of(name))


ACTIONS: dict[str, Callable[[Letters, dict[str, Any]], None]] = {"/not-ours": Letters.bury, "/held": Letters.hold}
ASKED_FOR = b"POST /not-ours or /held\n"


def told(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str):
        raise BadInput(f"{name}: is not text")
    return value if name == "body" else value.encode()[:MOST_BYTES_OF_REASON].decode(errors="ignore")


def say(what: str, **known: str | int) -> None:
    print(json.dumps({"action": what} | known), file=sys.stderr, flush=True)


def serve(letters: Letters, port: int) -> ThreadingHTTPServer:
    """A server on all of the pod's addresses; the caller runs it. `port` 0 takes any free one. Raises BadInput."""
    try:
        server = ThreadingHTTPServer(("0.0.0.0", port), type("Answering", (Answering,), {"letters": letters}))  # noqa: S104
    except OSError as fault:
        raise BadInput(f"port {port}: {(fault.strerror or str(fault)).lower()}; choose another with --port") from fault
    server.daemon_threads = True
    return server


class Answering(BaseHTTPRequestHandler):
    letters: Letters
    timeout = 10
    """Seconds for a caller that says nothing."""

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self.answer(HTTPStatus.OK, generate_latest(self.letters.registry), CONTENT_TYPE_LATEST)
        elif self.path in ("/alive", "/ready"):
            self.answer(HTTPStatus.OK, b"ok\n")
        else:
            self.answer(HTTPStatus.METHOD_NOT_ALLOWED if self.path in ACTIONS else HTTPStatus.NOT_FOUND, ASKED_FOR)

    def do_POST(self) -> None:
        action = ACTIONS.get(self.path)
        length = self.headers.get("Content-Length", "")
        if action is None:
            return self.answer(HTTPStatus.NOT_FOUND, ASKED_FOR)
        if not (length.isascii() and length.isdigit()):
            return self.refuse(HTTPStatus.LENGTH_REQUIRED, "say how many bytes follow")
        if len(length) > DIGITS or int(length) > MOST_BYTES:
            return self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MOST_BYTES:,} bytes")
        try:
            event = json.loads(self.rfile.read(int(length)))
            if not isinstance(event, dict):
                raise BadInput("is no JSON object")
            action(self.letters, event)
        except (ValueError, RecursionError):
            return self.refuse(HTTPStatus.BAD_REQUEST, "is no JSON")
        except BadInput as fault:
            return self.refuse(HTTPStatus.BAD_REQUEST, str(fault))
        except NewsreelError as fault:
            return self.answer(HTTPStatus.SERVICE_UNAVAILABLE, f"{fault}\n".encode())
        self.answer(HTTPStatus.OK, b"ok\n")

    def refuse(self, status: HTTPStatus, why: str) -> None:
        """For good: who brings it again hears the same."""
        self.letters.refused.inc()
        say("refused", why=why)
        self.answer(status, f"{why}\n".encode())

    def answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "POST")
        if self.command == "POST" and status >= HTTPStatus.BAD_REQUEST:
            # What was not read must not be taken for the next request.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """`say` tells what matters."""
