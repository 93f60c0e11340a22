"""HTTP server for what the Sensor cannot submit.

POST /not-ours    a message that is not valid: published to the dead-letter topic, with the reason
POST /held        a valid message that the Argo server has not accepted within the Sensor's retries: only counted and logged,
                  since the submitter finds its story in storage
GET /metrics      both counts

200: done. 400, 411, 413: permanent, do not retry. 503: Pub/Sub is unavailable, or refuses us until a person repairs that; retry.

Only the Sensor may call (NetworkPolicy), but what it sends was written by strangers.
"""

import base64
import binascii
import json
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest
from werkzeug.wrappers import Request, Response

from cluster.controllers.http_server import Routes, metrics, text
from newsreel.errors import BadInput, NewsreelError, Unavailable
from newsreel.submission.message import subject_of
from newsreel.submission.publisher import Publisher

MAX_BODY_BYTES = 2_000_000
"""The EventBus takes 1 MB; the Sensor's requests are not much larger."""
MAX_ATTRIBUTE_BYTES = 1000
"""Pub/Sub limits an attribute to 1024."""


class DeadLetters:
    """Publishes to the dead-letter topic, and counts."""

    def __init__(self, publisher: Publisher, registry: CollectorRegistry | None = None) -> None:
        self.publisher = publisher
        self.registry = to = registry or CollectorRegistry()
        self.published = Counter("newsreel_dead_letters", "Invalid messages published to the dead-letter topic", registry=to)
        self.held = Counter("newsreel_held_messages", "Valid messages left to the submitter", registry=to)
        self.refused = Counter("newsreel_refused_letters", "Requests that are not as the Sensor sends them", registry=to)

    def publish(self, event: dict[str, Any]) -> None:
        """Publish a message unchanged, with its origin and the reason as attributes.

        Raises BadInput for an event that is not as the Sensor sends it, Unavailable if it cannot be published now.
        """
        attributes = {name: text_field(event, name) for name in ("reason", "message", "published")}
        try:
            body = base64.b64decode(text_field(event, "body"), validate=True)
        except (binascii.Error, ValueError) as fault:
            raise BadInput("body: is not base64") from fault
        # Pub/Sub refuses a message without data and attributes; this one always has its reason.
        try:
            self.publisher.send(body, "", attributes)
        except NewsreelError as fault:
            # A missing topic or permission: not the fault of the message.
            raise Unavailable(str(fault)) from fault
        self.published.inc()
        log("dead-letter", **attributes)

    def hold(self, event: dict[str, Any]) -> None:
        """Count and log a message that the submitter will replace. Raises BadInput."""
        name = text_field(event, "name")[:100]
        self.held.inc()
        log("held", workflow=name, **subject_of(name))

    def routes(self) -> Routes:
        return {
            ("POST", "/not-ours"): lambda request: self.respond(request, self.publish),
            ("POST", "/held"): lambda request: self.respond(request, self.hold),
            ("GET", "/metrics"): lambda _: metrics(generate_latest(self.registry)),
            ("GET", "/alive"): lambda _: text("ok"),
            ("GET", "/ready"): lambda _: text("ok"),
        }

    def respond(self, request: Request, handle: Callable[[dict[str, Any]], None]) -> Response:
        if request.content_length is None:
            return self.refuse(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required")
        try:
            event = json.loads(request.get_data())
            if not isinstance(event, dict):
                raise BadInput("is not a JSON object")
            handle(event)
        except (ValueError, RecursionError):
            return self.refuse(HTTPStatus.BAD_REQUEST, "is not JSON")
        except BadInput as fault:
            return self.refuse(HTTPStatus.BAD_REQUEST, str(fault))
        except NewsreelError as fault:
            return text(str(fault), HTTPStatus.SERVICE_UNAVAILABLE)
        return text("ok")

    def refuse(self, status: HTTPStatus, why: str) -> Response:
        """Permanently: the same request gets the same answer."""
        self.refused.inc()
        log("refused", why=why)
        return text(why, status)


def text_field(event: dict[str, Any], name: str) -> str:
    """Raises BadInput."""
    value = event.get(name)
    if not isinstance(value, str):
        raise BadInput(f"{name}: is not text")
    return value if name == "body" else value.encode()[:MAX_ATTRIBUTE_BYTES].decode(errors="ignore")


def log(action: str, **fields: str | int) -> None:
    print(json.dumps({"action": action} | fields), file=sys.stderr, flush=True)
