"""Admission of requests: what a request must be before a route sees it, how often, and the security headers of every response.

Rejected are hosts that are not ours (DNS rebinding), requests that another site has made a browser send (cross-site request
forgery: Fetch Metadata, Origin, and a content type that no form can have), bodies that are too large, and people who are not
signed in. No cookie is ever set, so none but the ingress's own can be abused.
"""

import json
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster.newsroom.identity import Identity, NotSignedIn
from cluster.newsroom.pictures import MAX_PICTURE_BYTES
from cluster.newsroom.stories import MAX_DOCUMENT_BYTES
from cluster.newsroom.telemetry import Metrics, log

PUBLIC_PATHS: Final = frozenset({"/healthz", "/metrics"})
"""For the kubelet and Prometheus: they contain no story and no person."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
BODY_METHODS: Final = frozenset({"POST", "PUT"})
"""Those of the routes that change something; any other method is answered with 405, whatever its body."""
JSON: Final = "application/json"
DIGITS: Final = re.compile(r"[0-9]{1,12}")
MAX_JSON_BYTES: Final = MAX_DOCUMENT_BYTES + 100_000
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Rejected(Exception):
    def __init__(self, status: HTTPStatus, why: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.why = status, why


@dataclass(frozen=True)
class Guard:
    """ASGI middleware around the whole application."""

    app: ASGIApp
    identity: Identity
    hosts: frozenset[str]
    """As in a browser's address bar, with the port where it is not the scheme's default."""
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began, answer = time.monotonic(), GuardedResponse(send)
        try:
            headers = single_headers(scope)
            self.admit(scope, headers)
            await self.app(scope, limit_body(receive, scope, headers, answer), answer.send)
        except Rejected as fault:
            await answer.refuse(fault)
        finally:
            if answer.refused:
                self.metrics.refused.labels(answer.refused.why).inc()
            self.record(scope, answer.status, time.monotonic() - began)

    def admit(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Raises Rejected. The person is `request.state.person` from here on."""
        if scope["path"] in PUBLIC_PATHS and scope["method"] in SAFE_METHODS:
            return
        if headers.get("host", "").lower() not in self.hosts:
            raise Rejected(HTTPStatus.MISDIRECTED_REQUEST, "host", "this is not the host you asked for")
        require_same_origin(scope, headers)
        try:
            person = self.identity.person(headers)
        except NotSignedIn as fault:
            raise Rejected(HTTPStatus.UNAUTHORIZED, "identity", str(fault)) from fault
        if not person.roles:
            raise Rejected(HTTPStatus.FORBIDDEN, "role", f"{person.email} has no role in this newsroom; ask its administrator")
        scope.setdefault("state", {})["person"] = person

    def record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self.metrics.requests.labels(scope["method"], route, str(status)).inc()
        if not route.endswith("/events"):
            self.metrics.seconds.labels(route).observe(seconds)
        if scope["path"] not in PUBLIC_PATHS:
            person, story = scope.get("state", {}).get("person"), scope.get("path_params", {}).get("identifier")
            who = person.email if person else None
            log(
                "request",
                method=scope["method"],
                path=scope["path"][:200],
                status=status,
                ms=round(seconds * 1000),
                story=story,
                who=who,
            )


class GuardedResponse:
    """The response, with the security headers added."""

    def __init__(self, send: Send) -> None:
        self.pass_on = send
        self.status = 0
        self.refused: Rejected | None = None
        """Set when the body is too large, whatever the application makes of that."""

    async def send(self, message: Message) -> None:
        if self.refused and self.status:
            return
        if self.refused:
            await self.refuse(self.refused)
            return
        await self.say(message)

    async def say(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = {name.lower() for name, _ in message.get("headers", ())}
            more = {**SECURITY_HEADERS, "cache-control": "no-store"}
            added = [(name.encode(), value.encode()) for name, value in more.items() if name.encode() not in given]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await self.pass_on(message)

    async def refuse(self, fault: Rejected) -> None:
        """Once a response has begun it is too late: the connection is aborted, so that no half response is taken for a whole."""
        if self.status and self.refused is fault:
            return
        if self.status:
            raise ConnectionAbortedError(str(fault))
        self.refused = fault
        content = json.dumps({"detail": str(fault)}).encode()
        headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(content)).encode()), (b"connection", b"close")]
        await self.say({"type": "http.response.start", "status": int(fault.status), "headers": headers})
        await self.say({"type": "http.response.body", "body": content})


def single_headers(scope: Scope) -> dict[str, str]:
    """By lower-case name. Raises Rejected for a repeated header that must be unique."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1")
        if key in found and key not in ("accept", "accept-encoding", "accept-language", "cookie", "forwarded", "via"):
            raise Rejected(HTTPStatus.BAD_REQUEST, "headers", f"the header {key[:40]!a} came twice")
        found[key] = value.decode("latin-1")
    return found


def require_same_origin(scope: Scope, headers: Mapping[str, str]) -> None:
    """Raises Rejected for a request that another site has made a browser send."""
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode", "")
    reading = scope["method"] in SAFE_METHODS
    followed_a_link = reading and mode == "navigate" and headers.get("sec-fetch-dest") == "document"
    if site not in ("same-origin", "none") and not followed_a_link:
        raise Rejected(HTTPStatus.FORBIDDEN, "cross-site", "the request was sent by another site")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise Rejected(HTTPStatus.FORBIDDEN, "cross-site", "the request was sent by another site")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if scope["method"] in BODY_METHODS and kind != JSON and not kind.startswith("image/"):
        raise Rejected(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content-type", f"send {JSON}, or a picture as image/...")


def limit_body(receive: Receive, scope: Scope, headers: Mapping[str, str], answer: GuardedResponse) -> Receive:
    """The body, up to the limit of its route, whatever content type and length are declared. Raises Rejected."""
    is_picture = headers.get("content-type", "").lower().startswith("image/") and scope["path"].endswith("/pictures")
    most, came = MAX_PICTURE_BYTES if is_picture else MAX_JSON_BYTES, 0
    declared = headers.get("content-length", "0")
    if not DIGITS.fullmatch(declared) or int(declared) > most:
        raise too_large(most)

    async def counted() -> Any:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            answer.refused = answer.refused or too_large(most)
            raise answer.refused
        return message

    return counted


def too_large(most: int) -> Rejected:
    return Rejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "size", f"too large: at most {most:,} bytes")


class TooManyRequests(Exception):
    """Rejected for now; to be repeated after `seconds`."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class RateLimiter:
    """Admits `at_once` calls, queues `waiting` more and rejects the rest, and each person's calls beyond `a_minute`."""

    def __init__(self, *, at_once: int, waiting: int, a_minute: int) -> None:
        self.slots = threading.BoundedSemaphore(at_once + waiting)
        self.work = threading.BoundedSemaphore(at_once)
        self.a_minute = a_minute
        self.calls: dict[str, deque[float]] = {}
        self.lock = threading.Lock()

    @contextmanager
    def admit(self, person: str) -> Iterator[None]:
        """Raises TooManyRequests."""
        self.count_call(person)
        if not self.slots.acquire(blocking=False):
            raise TooManyRequests("too many requests of this kind right now; try again in a moment", 2)
        try:
            with self.work:
                yield
        finally:
            self.slots.release()

    def count_call(self, person: str) -> None:
        now = time.monotonic()
        with self.lock:
            self.forget_old_calls(now)
            times = self.calls.setdefault(person, deque())
            if len(times) >= self.a_minute:
                raise TooManyRequests(
                    f"at most {self.a_minute} a minute; try again in a moment", max(1, round(60 - (now - times[0])))
                )
            times.append(now)

    def forget_old_calls(self, now: float) -> None:
        for person, times in [*self.calls.items()]:
            while times and now - times[0] > 60:
                times.popleft()
            if not times:
                del self.calls[person]
