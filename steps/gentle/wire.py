"""One HTTP call to gentle: bounded in time and size, repeated only where that does no harm, refused in one line.

What is repeated: a connection that cannot be made, since nothing was sent; a GET that was cut off. A POST that was sent is never
sent again on its own: the server may be at work on it, and a second copy would take another place in its line.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from newsreel.errors import BadInput, Unavailable

__all__ = ["Reply", "Wire", "one_line", "server_of"]

ANSWER_BYTES = 64 * 2**20
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
"""A server that works elsewhere (302) answers at once; this long is for one that is short of breath."""
PASSING = (502, 503, 504)
"""A proxy in front of a server that is starting."""

Form = Mapping[str, object]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Wire:
    """A server at `address`, such as `http://gentle:8765`."""

    address: str
    tries: int = 10
    """Attempts to connect, ever further apart: 10 are about half a minute."""
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __post_init__(self) -> None:
        if not server_of(self.address) or urlsplit(self.address).path not in ("", "/") or "@" in self.address:
            raise BadInput(f"GENTLE_URL is {shown(self.address)}; it must be an address such as http://gentle:8765")

    def get(self, path: str, ends: float) -> Reply:
        """`ends` is the time (time.monotonic) until which the whole reply must be here."""
        again = urllib3.Retry(
            total=self.tries,
            read=2,
            redirect=0,
            status_forcelist=PASSING,
            respect_retry_after_header=False,
            raise_on_status=False,
            backoff_factor=0.2,
            backoff_max=5,
        )
        return self.call("GET", path, None, again, READ_SECONDS, ends)

    def post(self, path: str, form: Form, silence: float, ends: float) -> Reply:
        """`silence` seconds may pass before the first byte of the reply."""
        again = urllib3.Retry(total=self.tries, read=0, status=0, other=0, redirect=0, backoff_factor=0.2, backoff_max=5)
        return self.call("POST", path, form, again, silence, ends)

    def call(self, method: str, path: str, form: Form | None, again: urllib3.Retry, silence: float, ends: float) -> Reply:
        left = max(min(silence, ends - time.monotonic()), 0.05)
        try:
            answer = self.pool.request(
                method,
                self.address.rstrip("/") + path,
                fields=form,  # type: ignore[arg-type]
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=left),
                retries=again,
                redirect=False,
                preload_content=False,
            )
            return Reply(answer.status, answer.headers, self.body_of(answer, ends))
        except HTTPError as fault:
            reason = getattr(fault, "reason", None) or fault
            if isinstance(reason, ReadTimeoutError):
                raise Unavailable(f"{self.address}: gentle took the call and does not answer; did its work fail?") from fault
            raise Unavailable(
                f"{self.address}: gentle does not answer ({type(reason).__name__}); is the server running?"
            ) from fault

    def body_of(self, answer: urllib3.BaseHTTPResponse, ends: float) -> bytes:
        """The whole body. Raises Unavailable for one without end, in length or in time."""
        parts, size = [], 0
        try:
            while part := answer.read1(2**20, decode_content=False):
                parts.append(part)
                size += len(part)
                if size > ANSWER_BYTES:
                    raise Unavailable(f"{self.address}: answers with more than {ANSWER_BYTES} bytes; check GENTLE_URL")
                if time.monotonic() > ends:
                    raise Unavailable(f"{self.address}: its answer does not end; is the server overloaded?")
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        return b"".join(parts)


def server_of(address: str) -> str | None:
    """Scheme, host and port of an HTTP address; None for what is none, such as `http://[`.

    >>> server_of("http://gentle:8765/transcriptions")
    'http://gentle:8765'
    """
    try:
        parts = urlsplit(address)
        number = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return f"{parts.scheme}://{parts.hostname}" + (f":{number}" if number is not None else "")


def shown(address: str) -> str:
    """An address fit for an error: a password in it is not."""
    return ascii(address.rpartition("@")[2] if "@" in address else address)


def one_line(text: object) -> str:
    """What a server says, fit for a terminal."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return ascii(" ".join(plain.split())[:200])[1:-1]
