"""A message over HTTP signed so that its receiver knows who sent it and when: the scheme of Standard Webhooks.

Three headers: `webhook-id`, the same when a message comes twice; `webhook-timestamp`, seconds since 1970; `webhook-signature`,
`v1,` and the HMAC-SHA-256 of id, timestamp and body in base64. Any library of standardwebhooks.com can verify it; `verify` does.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from steps.errors import BadInput

__all__ = ["TOLERANCE", "secret_of", "sign", "verify"]

TOLERANCE = 300
"""Seconds by which sender's and receiver's clocks may differ. An older message may be one that somebody has recorded."""
SHORTEST = 24
"""Bytes of a secret."""


def secret_of(text: str) -> bytes:
    """A secret from `whsec_` and base64, as receivers are given it. Raises BadInput, which does not repeat it."""
    try:
        secret = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < SHORTEST:
        raise BadInput(f"webhook secret: must be whsec_ and base64 of at least {SHORTEST} random bytes")
    return secret


def sign(secret: bytes, identifier: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of a message that is sent at this time."""
    signature = f"v1,{digest(secret, identifier, seconds, body)}"
    return {"webhook-id": identifier, "webhook-timestamp": str(seconds), "webhook-signature": signature}


def verify(secret: bytes, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """For receivers; headers by their names in lower case. Raises BadInput for a message that is not the sender's, or not new."""
    identifier, told = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (told.isascii() and told.isdigit() and len(told) <= 12):
        raise BadInput("webhook: has no timestamp")
    if abs(now - int(told)) > TOLERANCE:
        raise BadInput(f"webhook: is not from the last {TOLERANCE} seconds")
    wanted = f"v1,{digest(secret, identifier, int(told), body)}".encode()
    given = headers.get("webhook-signature", "").split(" ")
    # Each is compared in full, whatever the ones before: how long it takes tells nothing.
    if not sum(hmac.compare_digest(wanted, one.encode(errors="surrogatepass")) for one in given):
        raise BadInput("webhook: is not signed with the secret")


def digest(secret: bytes, identifier: str, seconds: int, body: bytes) -> str:
    told = b".".join([identifier.encode(errors="surrogatepass"), str(seconds).encode(), body])
    return base64.b64encode(hmac.new(secret, told, hashlib.sha256).digest()).decode()
