"""Notifications of how a story ended, to a Pub/Sub topic, to the installation's webhook and to the story's own webhook.

NEWSREEL_DONE_TOPIC       projects/NAME/topics/stories-done
NEWSREEL_WEBHOOK          https address of the installation's receiver
NEWSREEL_WEBHOOK_SECRET   the secret that webhook messages are signed with

Delivery is at least once: a receiver recognises a repeated message by its `id`, which is also the Pub/Sub attribute `id` and the
header `webhook-id`. A notification that cannot be delivered never fails a story.

    {"id": "budget-r3-Succeeded", "type": "story.done" or "story.failed", "timestamp": "2026-05-03T12:00:00+00:00",
     "data": {"run": ..., "story": ..., "status": ..., "video": ..., "why": ...}}

    budget-r3-Succeeded     the video of a saved revision is published, whichever of its runs made or found it
    <run>-Failed, -Error    a run has failed; each failed run of a revision has an id of its own

A story submitted from an address that may change, such as gs://bucket/budget/story.yaml, has the run in its id also when it
succeeds. `argo retry` continues the same run, so a second failure has the same id.

Webhook messages are signed as Standard Webhooks says (standardwebhooks.com): header `webhook-id`; `webhook-timestamp`, seconds
since 1970; `webhook-signature`, `v1,` and the HMAC-SHA-256 of id, timestamp and body in base64. Receivers verify with any library
listed there.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from newsreel.errors import BadInput, MissingProgram, NewsreelError, Unavailable
from newsreel.google_errors import translate_missing_credentials

MIN_SECRET_BYTES = 24
RETRY_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each attempt."""
TIMEOUT_SECONDS = 10.0
SUCCEEDED = "Succeeded"
REVISION_ADDRESS = re.compile(r"/(?P<id>[a-z0-9-]{1,40})/r(?P<revision>[1-9][0-9]{0,3})\.(?:json|yaml)(?:#[0-9]+)?$")
"""The address of a saved revision, which never changes (`newsreel.submission.revision_store`)."""
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which another attempt may succeed."""


def parse_secret(text: str) -> bytes:
    """The bytes of a secret written as `whsec_` and base64. Raises BadInput, which does not show the secret."""
    try:
        secret = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < MIN_SECRET_BYTES:
        raise BadInput(f"webhook secret: must be whsec_ and base64 of at least {MIN_SECRET_BYTES} random bytes")
    return secret


def sign_message(secret: bytes, identifier: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of a message sent at this time, in seconds since 1970."""
    signed = b".".join([identifier.encode(errors="surrogatepass"), str(seconds).encode(), body])
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": identifier, "webhook-timestamp": str(seconds), "webhook-signature": f"v1,{digest}"}


@dataclass(frozen=True, kw_only=True)
class Notification:
    """How one run of a story ended."""

    run: str
    """The workflow's uid; the workflow's name, `budget-r3`, where there was no workflow or its uid is not known any more."""
    story: str
    """Address of the story's document."""
    status: str
    """Argo's phase: Succeeded, Failed or Error."""
    video: str | None
    """Address of the video, None where there is none."""
    why: str | None = None
    """The reason of a failure in one line; None where it has to be looked up in the workflow."""

    @property
    def id(self) -> str:
        """The same for every sender of this notification, made of what each of them knows."""
        revision = revision_of_address(self.story) if self.status == SUCCEEDED else None
        return f"{revision or self.run}-{self.status}"

    def content(self, now: datetime) -> bytes:
        kind = "story.done" if self.status == SUCCEEDED else "story.failed"
        data = {"run": self.run, "story": self.story, "status": self.status, "video": self.video, "why": self.why}
        whole = {"id": self.id, "type": kind, "timestamp": now.isoformat(timespec="seconds"), "data": data}
        return json.dumps(whole).encode()


def revision_of_address(story: str) -> str | None:
    """`budget-r3` for gs://newsreel-stories/budget/r3.json, which never changes; None for any other address.

    >>> revision_of_address("gs://newsreel-stories/budget/r3.json#17")
    'budget-r3'
    """
    found = REVISION_ADDRESS.search(story)
    return f"{found['id']}-r{found['revision']}" if found else None


Send = Callable[[str, bytes, Mapping[str, str]], int]
"""Sends a POST with these headers; returns the HTTP status. Raises OSError or urllib3's HTTPError where there is no answer."""


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """Sends notifications to the targets of the installation and of one story."""

    topic: str | None = None
    webhook: str | None = None
    story_webhook: str | None = None
    """The story's own webhook."""
    secret: str = field(default="", repr=False)
    retry_pauses: tuple[float, ...] = RETRY_PAUSES
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    client: Callable[[], Any] = lambda: create_http_client()
    """Creates a `urllib3.PoolManager` or a stand-in for one."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Notifier":
        return cls(
            topic=environment.get("NEWSREEL_DONE_TOPIC"),
            webhook=environment.get("NEWSREEL_WEBHOOK"),
            secret=environment.get("NEWSREEL_WEBHOOK_SECRET", ""),
        )

    def require_configured(self, *, for_others: bool) -> None:
        """Check the configuration before any work. `for_others`: stories may name webhooks too, so a secret is needed. Raises
        BadInput."""
        if self.webhook:
            require_https(self.webhook)
        if self.webhook or for_others:
            parse_secret(self.secret)

    def send(self, notification: Notification) -> Iterator[NewsreelError]:
        """Send to all targets. Yields an error for each that failed; the others are sent to all the same."""
        for target, send in (
            (self.topic, self.publish),
            (self.webhook, self.call_webhook),
            (self.story_webhook, self.call_webhook),
        ):
            try:
                if target:
                    send(target, notification)
            except NewsreelError as fault:
                yield fault

    def publish(self, topic: str, notification: Notification) -> None:
        """Raises BadInput, MissingProgram, Unavailable."""
        data = base64.b64encode(notification.content(self.now())).decode()
        attributes = {"id": notification.id, "run": notification.run, "status": notification.status}
        body = json.dumps({"messages": [{"data": data, "attributes": attributes}]}).encode()
        emulator = os.environ.get("PUBSUB_EMULATOR_HOST")
        host = f"http://{emulator}" if emulator else "https://pubsub.googleapis.com"
        send = unauthenticated_sender(self.client()) if emulator else authorized_sender(self.client())
        self.post(f"{host}/v1/{topic}:publish", lambda: {"content-type": "application/json"}, body, send)

    def call_webhook(self, address: str, notification: Notification) -> None:
        """Raises BadInput, Unavailable."""
        require_https(address)
        secret, body = parse_secret(self.secret), notification.content(self.now())

        def headers() -> dict[str, str]:
            # Signed anew for each attempt: receivers accept a timestamp for five minutes.
            signed = sign_message(secret, notification.id, int(self.now().timestamp()), body)
            return {"content-type": "application/json", "user-agent": "newsreel"} | signed

        self.post(address, headers, body, unauthenticated_sender(self.client()))

    def post(self, address: str, headers: Callable[[], Mapping[str, str]], body: bytes, send: Send) -> None:
        """Send until the receiver accepts it or refuses it permanently. Raises BadInput, Unavailable.

        Not urllib3's Retry: that sends the same headers again, and their timestamp would grow too old for receivers.
        """
        from urllib3.exceptions import HTTPError

        where, fault = urlsplit(address).hostname, ""
        for pause in self.retry_pauses:
            self.sleep(pause)
            try:
                status = send(address, body, headers())
            except (HTTPError, OSError) as found:
                fault = f"does not answer ({type(found).__name__})"
                continue
            if 200 <= status < 300:
                return
            fault = f"answers {status}"
            if status not in TRANSIENT_STATUSES:
                raise BadInput(f"notification to {where}: it {fault}; check its address and secret")
        raise Unavailable(
            f"notification to {where}: it {fault}{f', {len(self.retry_pauses)} times' if len(self.retry_pauses) > 1 else ''}"
        )


def require_https(webhook: str) -> None:
    split = urlsplit(webhook)
    if split.scheme != "https" or not split.hostname or split.username is not None:
        raise BadInput("webhook: must be an https address without a user name")


def create_http_client() -> Any:
    """An HTTP client with the default certificate authorities. Raises MissingProgram."""
    try:
        import urllib3
    except ImportError as fault:
        raise MissingProgram("notifications need urllib3: pip install 'newsreel[gcs]'") from fault
    return urllib3.PoolManager()


def authorized_sender(http: Any) -> Send:
    """Requests with the access token of the pod's Google service account. Raises BadInput, MissingProgram."""
    try:
        from google.auth import default
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.urllib3 import AuthorizedHttp
    except ImportError as fault:
        raise MissingProgram("notifications need google-auth: pip install 'newsreel[gcs]'") from fault
    with translate_missing_credentials("Pub/Sub"):
        credentials, _ = default(scopes=["https://www.googleapis.com/auth/pubsub"])
    send = unauthenticated_sender(AuthorizedHttp(credentials, http=http))  # type: ignore[no-untyped-call]

    def send_authorized(address: str, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            return send(address, body, headers)
        except GoogleAuthError as fault:
            raise ConnectionError("Google's sign-in does not answer") from fault

    return send_authorized


def unauthenticated_sender(http: Any) -> Send:
    """Requests without redirects, which could lead to internal addresses; of an answer only the status is read."""

    def send(address: str, body: bytes, headers: Mapping[str, str]) -> int:
        answer = http.request(
            "POST",
            address,
            body=body,
            headers=dict(headers),
            timeout=TIMEOUT_SECONDS,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        answer.close()
        return int(answer.status)

    return send
