"""Telling others how a story has ended: a Pub/Sub topic, a webhook, both or neither, as the installation says; and the webhook
that who sent the story off has named, where the installation lets them (`newsreel.notifications.webhook_target`).

NEWSREEL_DONE_TOPIC       projects/NAME/topics/stories-done
NEWSREEL_WEBHOOK          https address of the receiver
NEWSREEL_WEBHOOK_SECRET   what its messages are signed with (`newsreel.notifications.notifier`)

A notice is sent at least once: who receives it twice knows it by its `id`, which is also the message's attribute and the header
`webhook-id`. One that cannot be delivered costs nobody a video.

    budget-r3-Succeeded     the video of a saved revision is there: told of it once, whichever of its runs has made or found it
    <run>-Failed, -Error    a run has failed, and another may be tried after it: told of each

A story that was submitted by hand from a place of its own, such as gs://bucket/budget/story.yaml, may have changed since: what is
told of that names the run, also where it is done. `argo retry` goes on with the same run: should it fail once more, that is the
same end.

    {"id": "budget-r3-Succeeded", "type": "story.done" or "story.failed", "timestamp": "2026-05-03T12:00:00+00:00",
     "data": {"run": ..., "story": ..., "status": ..., "video": ..., "why": ...}}

A message over HTTP signed so that its receiver knows who sent it and when: the scheme of Standard Webhooks.

Three headers: `webhook-id`, the same when a message comes twice; `webhook-timestamp`, seconds since 1970; `webhook-signature`,
`v1,` and the HMAC-SHA-256 of id, timestamp and body in base64. Any library of standardwebhooks.com can verify it;
`verify_signature` does.
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

TIMESTAMP_TOLERANCE = 300
"""Seconds by which sender's and receiver's clocks may differ. An older message may be one that somebody has recorded."""
MIN_SECRET_BYTES = 24
"""Bytes of a secret."""


def parse_secret(text: str) -> bytes:
    """A secret from `whsec_` and base64, as receivers are given it. Raises BadInput, which does not repeat it."""
    try:
        secret = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < MIN_SECRET_BYTES:
        raise BadInput(f"webhook secret: must be whsec_ and base64 of at least {MIN_SECRET_BYTES} random bytes")
    return secret


def sign_message(secret: bytes, identifier: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of a message that is sent at this time."""
    signature = f"v1,{signature_digest(secret, identifier, seconds, body)}"
    return {"webhook-id": identifier, "webhook-timestamp": str(seconds), "webhook-signature": signature}


def verify_signature(secret: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """For receivers; headers by their names in lower case. Raises BadInput for a message that is not the sender's, or not new."""
    identifier, told = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (told.isascii() and told.isdigit() and len(told) <= 12):
        raise BadInput("webhook: has no timestamp")
    if abs(now - int(told)) > TIMESTAMP_TOLERANCE:
        raise BadInput(f"webhook: is not from the last {TIMESTAMP_TOLERANCE} seconds")
    wanted = f"v1,{signature_digest(secret, identifier, int(told), body)}".encode()
    given = headers.get("webhook-signature", "").split(" ")
    # Each is compared in full, whatever the ones before: how long it takes tells nothing.
    if not sum(hmac.compare_digest(wanted, one.encode(errors="surrogatepass")) for one in given):
        raise BadInput("webhook: is not signed with the secret")


def signature_digest(secret: bytes, identifier: str, seconds: int, body: bytes) -> str:
    told = b".".join([identifier.encode(errors="surrogatepass"), str(seconds).encode(), body])
    return base64.b64encode(hmac.new(secret, told, hashlib.sha256).digest()).decode()


RETRY_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each try."""
TIMEOUT_SECONDS = 10.0
SUCCEEDED = "Succeeded"
REVISION_ADDRESS = re.compile(r"/(?P<id>[a-z0-9-]{1,40})/r(?P<revision>[1-9][0-9]{0,3})\.(?:json|yaml)(?:#[0-9]+)?$")
"""Where newsroom and `newsreel submit` save a revision (`newsreel.submission.revision_store`)."""
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which another try may do better."""


@dataclass(frozen=True, kw_only=True)
class Notification:
    run: str
    """The workflow's uid; the name that it would have had, `budget-r3`, where there was none or nobody knows it any more."""
    story: str
    """Address of its document."""
    status: str
    """Argo's: Succeeded, Failed or Error."""
    video: str | None
    """Address, None where there is none."""
    why: str | None = None
    """Of a failure, in one line, where somebody has looked; None where the workflow itself tells."""

    @property
    def id(self) -> str:
        """The same for whoever tells this end, and however often: what all know who may tell it."""
        revision = revision_of_address(self.story) if self.status == SUCCEEDED else None
        return f"{revision or self.run}-{self.status}"

    def content(self, now: datetime) -> bytes:
        kind = "story.done" if self.status == SUCCEEDED else "story.failed"
        data = {"run": self.run, "story": self.story, "status": self.status, "video": self.video, "why": self.why}
        whole = {"id": self.id, "type": kind, "timestamp": now.isoformat(timespec="seconds"), "data": data}
        return json.dumps(whole).encode()


def revision_of_address(story: str) -> str | None:
    """`budget-r3` for gs://newsreel-stories/budget/r3.json, which is never changed; None for a story that may be.

    >>> revision_of_address("gs://newsreel-stories/budget/r3.json#17")
    'budget-r3'
    """
    found = REVISION_ADDRESS.search(story)
    return f"{found['id']}-r{found['revision']}" if found else None


Send = Callable[[str, bytes, Mapping[str, str]], int]
"""POST to an address; the status. Raises OSError, or urllib3's HTTPError, where there is no answer."""


@dataclass(frozen=True, kw_only=True)
class Notifier:
    topic: str | None = None
    webhook: str | None = None
    story_webhook: str | None = None
    """The story's own webhook."""
    secret: str = field(default="", repr=False)
    retry_pauses: tuple[float, ...] = RETRY_PAUSES
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    client: Callable[[], Any] = lambda: create_http_client()
    """A `urllib3.PoolManager`, or what is one to us."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Notifier":
        return cls(
            topic=environment.get("NEWSREEL_DONE_TOPIC"),
            webhook=environment.get("NEWSREEL_WEBHOOK"),
            secret=environment.get("NEWSREEL_WEBHOOK_SECRET", ""),
        )

    def require_configured(self, *, for_others: bool) -> None:
        """Before there is anything to tell: whom it names, and others that who sends a story off may name, can be called. Raises
        BadInput."""
        if self.webhook:
            require_https(self.webhook)
        if self.webhook or for_others:
            parse_secret(self.secret)

    def send(self, notice: Notification) -> Iterator[NewsreelError]:
        """Tell all who are to be told; what went wrong, which keeps none of the others from being told."""
        for channel, told in (
            (self.topic, self.publish),
            (self.webhook, self.call_webhook),
            (self.story_webhook, self.call_webhook),
        ):
            try:
                if channel:
                    told(channel, notice)
            except NewsreelError as fault:
                yield fault

    def publish(self, topic: str, notice: Notification) -> None:
        """Raises BadInput, MissingProgram, Unavailable."""
        data = base64.b64encode(notice.content(self.now())).decode()
        attributes = {"id": notice.id, "run": notice.run, "status": notice.status}
        body = json.dumps({"messages": [{"data": data, "attributes": attributes}]}).encode()
        emulator = os.environ.get("PUBSUB_EMULATOR_HOST")
        host = f"http://{emulator}" if emulator else "https://pubsub.googleapis.com"
        send = unauthenticated_sender(self.client()) if emulator else authorized_sender(self.client())
        self.post(f"{host}/v1/{topic}:publish", lambda: {"content-type": "application/json"}, body, send)

    def call_webhook(self, address: str, notice: Notification) -> None:
        """Raises BadInput, Unavailable."""
        require_https(address)
        secret, body = parse_secret(self.secret), notice.content(self.now())

        def headers() -> dict[str, str]:
            # Anew for each try: a signature is good for five minutes.
            signed = sign_message(secret, notice.id, int(self.now().timestamp()), body)
            return {"content-type": "application/json", "user-agent": "newsreel"} | signed

        self.post(address, headers, body, unauthenticated_sender(self.client()))

    def post(self, address: str, headers: Callable[[], Mapping[str, str]], body: bytes, send: Send) -> None:
        """Try until it is taken, or refused for good. Raises BadInput, Unavailable."""
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
                raise BadInput(f"notice to {where}: it {fault}; look at its address and secret")
        raise Unavailable(
            f"notice to {where}: it {fault}{f', {len(self.retry_pauses)} times' if len(self.retry_pauses) > 1 else ''}"
        )


def require_https(webhook: str) -> None:
    split = urlsplit(webhook)
    if split.scheme != "https" or not split.hostname or split.username is not None:
        raise BadInput("webhook: must be an https address without a user's name")


def create_http_client() -> Any:
    """A client that trusts the usual authorities. Raises MissingProgram."""
    try:
        import urllib3
    except ImportError as fault:
        raise MissingProgram("notices need urllib3: pip install 'newsreel[gcs]'") from fault
    return urllib3.PoolManager()


def authorized_sender(http: Any) -> Send:
    """Over the same client, with the account's token in each request. Raises BadInput, MissingProgram."""
    try:
        from google.auth import default
        from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
        from google.auth.transport.urllib3 import AuthorizedHttp
    except ImportError as fault:
        raise MissingProgram("notices need google-auth: pip install 'newsreel[gcs]'") from fault
    try:
        credentials, _ = default(scopes=["https://www.googleapis.com/auth/pubsub"])
    except DefaultCredentialsError as fault:
        raise BadInput("Pub/Sub: no credentials; run `gcloud auth application-default login`") from fault
    send = unauthenticated_sender(AuthorizedHttp(credentials, http=http))  # type: ignore[no-untyped-call]

    def signed_in(address: str, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            return send(address, body, headers)
        except GoogleAuthError as fault:
            raise ConnectionError("Google's sign-in does not answer") from fault

    return signed_in


def unauthenticated_sender(http: Any) -> Send:
    """No redirects, so that an answer cannot send us elsewhere; and nothing of it is read but the status."""

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
