"""gentle's HTTP API from the caller's side: send a recording and its transcript, wait, fetch the alignment.

Both forms are spoken. The polled one (302, then status.json until it says OK) is the default, since it cannot hang:
lowerquality's gentle never answers a synchronous call whose job has failed.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from steps.errors import BadInput, Unavailable

__all__ = ["Gentle"]

POLL_SECONDS = (0.05, 1.0)
"""Between two looks at status.json: the first wait and the longest; each is half as long again as the one before."""
ANSWER_BYTES = 64 * 2**20
FINISHED = frozenset({"OK", "ERROR"})


def patience() -> urllib3.Retry:
    """A server that is starting, restarting or full is asked again for about half a minute; Retry-After is respected."""
    return urllib3.Retry(
        total=12,
        read=1,
        redirect=0,
        backoff_factor=0.2,
        backoff_max=5,
        status_forcelist=(502, 503, 504),
        allowed_methods=None,
        raise_on_redirect=False,
        raise_on_status=False,
    )


@dataclass(frozen=True)
class Gentle:
    """A server at an address such as http://gentle:8765. `seconds` is how long a transcription may take."""

    address: str
    seconds: float = 300
    synchronous: bool = False
    retries: urllib3.Retry = field(default_factory=patience)
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __post_init__(self) -> None:
        if not server_of(self.address):
            raise BadInput(f"GENTLE_URL is {self.address!a}; it must be an address such as http://gentle:8765")

    def align(self, audio: bytes, transcript: str) -> bytes:
        """align.json as the server wrote it, for a WAV file and its text. Raises BadInput for what the server refuses,
        Unavailable where it does not answer in time or its work fails."""
        form = {"audio": ("scene.wav", audio, "audio/wav"), "transcript": transcript}
        address = urljoin(self.address, "/transcriptions") + ("?async=false" if self.synchronous else "")
        answer = self.call("POST", address, form)
        if answer.status in (301, 302, 303):
            answer = self.poll(self.told_to_ask(address, answer.headers.get("Location", "")))
        return checked(answer.data, self.address)

    def told_to_ask(self, address: str, location: str) -> str:
        """Where a redirection leads: on this very server, or nowhere."""
        try:
            transcription = urljoin(address, location).rstrip("/") + "/"
        except ValueError:
            transcription = ""
        if server_of(transcription) != server_of(self.address):
            raise Unavailable(f"{self.address}: sends its callers to another server; check GENTLE_URL")
        return transcription

    def poll(self, transcription: str) -> urllib3.BaseHTTPResponse:
        for _ in waits(self.seconds):
            status = status_of(self.call("GET", transcription + "status.json").data, self.address)
            if status.get("status") == "ERROR":
                raise Unavailable(f"{self.address}: the alignment failed: {one_line(status.get('error'))}")
            if status.get("status") == "OK":
                return self.call("GET", transcription + "align.json")
        raise Unavailable(f"{self.address}: no alignment after {self.seconds:.0f} s; is the server overloaded?")

    def call(self, method: str, address: str, form: Mapping[str, object] | None = None) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(connect=5, read=self.seconds if self.synchronous else 30)
        try:
            answer = self.pool.request(
                method,
                address,
                fields=form,  # type: ignore[arg-type]
                timeout=timeout,
                retries=self.retries,
                redirect=False,
            )
        except HTTPError as fault:
            raise Unavailable(
                f"{self.address}: gentle does not answer ({type(fault).__name__}); is the server running?"
            ) from fault
        if answer.status >= 500:
            raise Unavailable(f"{self.address}: {answer.status} {one_line(answer.data)}")
        if answer.status >= 400:
            raise BadInput(f"{self.address}: {answer.status} {one_line(answer.data)}")
        return answer


def server_of(address: str) -> str | None:
    """Host and port of an HTTP address; None for what is none, such as `http://[`.

    >>> server_of("http://gentle:8765/transcriptions")
    'gentle:8765'
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return parts.netloc if parts.scheme in ("http", "https") and parts.hostname else None


def waits(seconds: float) -> Iterator[None]:
    """Yield at ever longer intervals until the time is over."""
    end = time.monotonic() + seconds
    wait, longest = POLL_SECONDS
    while time.monotonic() < end:
        yield
        time.sleep(min(wait, longest))
        wait *= 1.5


def checked(data: bytes, address: str) -> bytes:
    """The bytes, once it is certain that they are an alignment."""
    words = status_of(data, address).get("words", [])
    if not isinstance(words, list) or not all(isinstance(word, dict) and "case" in word for word in words):
        raise Unavailable(f"{address}: answers with something that is no alignment; check GENTLE_URL")
    return data


def status_of(data: bytes, address: str) -> dict[str, object]:
    try:
        answer = json.loads(data)
    except ValueError as fault:
        raise Unavailable(f"{address}: answers with something that is not JSON; check GENTLE_URL") from fault
    if not isinstance(answer, dict):
        raise Unavailable(f"{address}: answers with something that is no alignment; check GENTLE_URL")
    return answer


def one_line(text: object) -> str:
    """What a server says, fit for a terminal."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return ascii(" ".join(plain.split())[:200])[1:-1]
