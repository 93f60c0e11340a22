"""The door: what every request must be before any of our code sees it, and what every answer says to the browser.

Refused are hosts that are not ours (DNS rebinding), requests that another site has made a browser send (cross-site request
forgery: Fetch Metadata, Origin and a content type that no form can have), bodies that are too large, and people nobody vouches
for. No cookie is ever set, so there is none to be ridden on but the ingress's own.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster.newsroom import documents, pictures
from cluster.newsroom.identity import Identity, NotSignedIn
from cluster.newsroom.log import log
from cluster.newsroom.metrics import Metrics

__all__ = ["Guard"]

OPEN_TO_ALL: Final = frozenset({"/healthz", "/metrics"})
"""For the kubelet and for Prometheus: they tell of no story and no person."""
READING: Final = frozenset({"GET", "HEAD"})
JSON: Final = "application/json"
DIGITS: Final = re.compile(r"[0-9]{1,12}")
MOST_BYTES_OF_JSON: Final = documents.MOST_BYTES + 100_000
PROMISES: Final[Mapping[str, str]] = {
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


class Refused(Exception):
    def __init__(self, status: HTTPStatus, why: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.why = status, why


@dataclass(frozen=True)
class Guard:
    """ASGI middleware round the whole application."""

    app: ASGIApp
    identity: Identity
    hosts: frozenset[str]
    """As a browser's address bar has them, with the port where it is not the scheme's own."""
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began, answer = time.monotonic(), Answer(send)
        try:
            headers = headers_of(scope)
            self.admit(scope, headers)
            await self.app(scope, limited(receive, scope, headers, answer), answer.send)
        except Refused as fault:
            await answer.refuse(fault)
        finally:
            if answer.refused:
                self.metrics.refused.labels(answer.refused.why).inc()
            self.tell(scope, answer.status, time.monotonic() - began)

    def admit(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Raises Refused. Who asks is found as `request.state.person` from here on."""
        if scope["path"] in OPEN_TO_ALL and scope["method"] in READING:
            return
        if headers.get("host", "").lower() not in self.hosts:
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "host", "this is not the host you asked for")
        require_own_page(scope, headers)
        try:
            person = self.identity.person(headers)
        except NotSignedIn as fault:
            raise Refused(HTTPStatus.UNAUTHORIZED, "identity", str(fault)) from fault
        if not person.roles:
            raise Refused(HTTPStatus.FORBIDDEN, "role", f"{person.email} has no role in this newsroom; ask who runs it")
        scope.setdefault("state", {})["person"] = person

    def tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self.metrics.requests.labels(scope["method"], route, str(status)).inc()
        if not route.endswith("/events"):
            self.metrics.seconds.labels(route).observe(seconds)
        if scope["path"] not in OPEN_TO_ALL:
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


class Answer:
    """What is sent back, with our promises in it."""

    def __init__(self, send: Send) -> None:
        self.pass_on = send
        self.status = 0
        self.refused: Refused | None = None
        """What the body turned out to be, whatever the application makes of that."""

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
            more = {**PROMISES, "cache-control": "no-store"}
            added = [(name.encode(), value.encode()) for name, value in more.items() if name.encode() not in given]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await self.pass_on(message)

    async def refuse(self, fault: Refused) -> None:
        """Too late for an answer once one has begun: then the connection ends, and nobody takes half of it for the whole."""
        if self.status and self.refused is fault:
            return
        if self.status:
            raise ConnectionAbortedError(str(fault))
        self.refused = fault
        content = json.dumps({"detail": str(fault)}).encode()
        headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(content)).encode()), (b"connection", b"close")]
        await self.say({"type": "http.response.start", "status": int(fault.status), "headers": headers})
        await self.say({"type": "http.response.body", "body": content})


def headers_of(scope: Scope) -> dict[str, str]:
    """By lower-case name. Raises Refused for one that comes twice where only one of them can be believed."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1")
        if key in found and key not in ("accept", "accept-encoding", "accept-language", "cookie", "forwarded", "via"):
            raise Refused(HTTPStatus.BAD_REQUEST, "headers", f"the header {key[:40]!a} came twice")
        found[key] = value.decode("latin-1")
    return found


def require_own_page(scope: Scope, headers: Mapping[str, str]) -> None:
    """Raises Refused for what another site has made a browser send."""
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode", "")
    reading = scope["method"] in READING
    followed_a_link = reading and mode == "navigate" and headers.get("sec-fetch-dest") == "document"
    if site not in ("same-origin", "none") and not followed_a_link:
        raise Refused(HTTPStatus.FORBIDDEN, "cross-site", "another site has sent this")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise Refused(HTTPStatus.FORBIDDEN, "cross-site", "another site has sent this")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not reading and kind != JSON and not kind.startswith("image/"):
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content-type", f"send {JSON}, or a picture as image/...")


def limited(receive: Receive, scope: Scope, headers: Mapping[str, str], answer: Answer) -> Receive:
    """The body, up to what is taken there, whatever its kind and length are said to be. Raises Refused."""
    is_picture = headers.get("content-type", "").lower().startswith("image/") and scope["path"].endswith("/pictures")
    most, came = pictures.MOST_BYTES if is_picture else MOST_BYTES_OF_JSON, 0
    told = headers.get("content-length", "0")
    if not DIGITS.fullmatch(told) or int(told) > most:
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


def too_large(most: int) -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "size", f"too large: at most {most:,} bytes")
