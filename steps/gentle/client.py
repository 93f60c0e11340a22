"""gentle's HTTP API from the caller's side: send a recording and its transcript, wait, fetch the alignment.

    POST /transcriptions -> 302 /transcriptions/UID
    GET  .../status.json -> {}, STARTED, ENCODING, TRANSCRIBING, ALIGNING, then OK or ERROR
    GET  .../align.json

This polled form is the default, since it cannot hang: lowerquality's gentle never answers a synchronous call (`?async=false`)
whose work has failed.

A caller sends one recording at a time, so it holds one place in a server's line. Ours answers 503 and Retry-After when the
line is full, and is asked again for as long as an alignment may take. lowerquality's works on ten at once and lets any number
wait, with a status.json that is empty. One whose aligner has died keeps its status for ever: `seconds` ends the wait.

One HTTP call to gentle: bounded in time and size, repeated only where that does no harm, refused in one line.

What is repeated: a connection that cannot be made, since nothing was sent; a GET that was cut off. A POST that was sent is never
sent again on its own: the server may be at work on it, and a second copy would take another place in its line.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, ReadTimeoutError

from newsreel.errors import BadInput, Unavailable
from steps.gentle.alignment import read_alignment

MAX_RESPONSE_BYTES = 64 * 2**20
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
"""A server that works elsewhere (302) answers at once; this long is for one that is short of breath."""
RETRY_STATUSES = (502, 503, 504)
"""A proxy in front of a server that is starting."""

Form = Mapping[str, object]


@dataclass(frozen=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpClient:
    """A server at `address`, such as `http://gentle:8765`."""

    address: str
    tries: int = 10
    """Attempts to connect, ever further apart: 10 are about half a minute."""
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __post_init__(self) -> None:
        if not origin_of(self.address) or urlsplit(self.address).path not in ("", "/") or "@" in self.address:
            raise BadInput(f"GENTLE_URL is {redact_credentials(self.address)}; it must be an address such as http://gentle:8765")

    def get(self, path: str, ends: float) -> HttpResponse:
        """`ends` is the time (time.monotonic) until which the whole reply must be here."""
        again = urllib3.Retry(
            total=self.tries,
            read=2,
            redirect=0,
            status_forcelist=RETRY_STATUSES,
            respect_retry_after_header=False,
            raise_on_status=False,
            backoff_factor=0.2,
            backoff_max=5,
        )
        return self.call("GET", path, None, again, READ_SECONDS, ends)

    def post(self, path: str, form: Form, silence: float, ends: float) -> HttpResponse:
        """`silence` seconds may pass before the first byte of the reply."""
        again = urllib3.Retry(total=self.tries, read=0, status=0, other=0, redirect=0, backoff_factor=0.2, backoff_max=5)
        return self.call("POST", path, form, again, silence, ends)

    def call(self, method: str, path: str, form: Form | None, again: urllib3.Retry, silence: float, ends: float) -> HttpResponse:
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
            return HttpResponse(answer.status, answer.headers, self.body_of(answer, ends))
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
                if size > MAX_RESPONSE_BYTES:
                    raise Unavailable(f"{self.address}: answers with more than {MAX_RESPONSE_BYTES} bytes; check GENTLE_URL")
                if time.monotonic() > ends:
                    raise Unavailable(f"{self.address}: its answer does not end; is the server overloaded?")
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        return b"".join(parts)


def origin_of(address: str) -> str | None:
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


def redact_credentials(address: str) -> str:
    """An address fit for an error: a password in it is not."""
    return ascii(address.rpartition("@")[2] if "@" in address else address)


def escape_line(text: object) -> str:
    """What a server says, fit for a terminal."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return ascii(" ".join(plain.split())[:200])[1:-1]


POLL_SECONDS = (0.05, 1.0)
"""Between two looks at status.json: the first wait and the longest; each is half as long again as the one before."""
BUSY_STATUSES = (429, 503)
MAX_RETRY_AFTER = 30.0
"""Seconds; a server that asks for more is asked again all the same."""
TRANSCRIPTION_PATH = re.compile(r"/transcriptions/[\w-]{1,64}/?")
ALIGNER_HEADER = "Newsreel-Aligner"
INPUT_ERRORS = ("Encoding failed", "No transcript")
"""How lowerquality's gentle begins the errors that the same input will always meet."""


@dataclass(frozen=True)
class GentleClient:
    """`seconds` is how long a transcription may take, its wait in the server's line included."""

    wire: HttpClient
    seconds: float = 300
    synchronous: bool = False

    @classmethod
    def at(cls, address: str) -> "GentleClient":
        """The server at an address such as http://gentle:8765. Raises BadInput for what is no address."""
        return cls(HttpClient(address))

    @property
    def name(self) -> str:
        return self.wire.address

    def aligner(self) -> str | None:
        """Who aligns there: `newsreel` for our own server; None for one that does not say, as lowerquality's."""
        return self.wire.get("/", time.monotonic() + READ_SECONDS).headers.get(ALIGNER_HEADER)

    def align(self, audio: bytes, transcript: str) -> bytes:
        """align.json as the server wrote it, for a WAV file and its text. Raises BadInput for what the server refuses,
        Unavailable where it does not answer in time or its work fails."""
        ends = time.monotonic() + self.seconds
        reply = self.order(audio, transcript, ends)
        if reply.status in (301, 302, 303):
            reply = self.follow(self.told_to_ask(reply.headers.get("Location", "")), ends)
        if reply.status != 200:
            raise Unavailable(f"{self.name}: answers {reply.status} where an alignment was due; check GENTLE_URL")
        read_alignment(reply.body, self.name)
        return reply.body

    def order(self, audio: bytes, transcript: str, ends: float) -> HttpResponse:
        """Send the recording, again and again while the server is full."""
        form = {"audio": ("scene.wav", audio, "audio/wav"), "transcript": transcript}
        path = "/transcriptions" + ("?async=false" if self.synchronous else "")
        for wait in poll_delays():
            reply = self.wire.post(path, form, self.seconds if self.synchronous else READ_SECONDS, ends)
            if reply.status not in BUSY_STATUSES:
                break
            wait = min(retry_after(reply), MAX_RETRY_AFTER) or wait
            if time.monotonic() + wait > ends:
                break
            time.sleep(wait)
        if reply.status >= 500 or reply.status in BUSY_STATUSES:
            raise Unavailable(f"{self.name}: {reply.status} {escape_line(reply.body)}")
        if reply.status == 413:
            raise BadInput(
                f"{self.name}: a recording of {len(audio)} bytes is more than this server takes; make the scene shorter"
            )
        if reply.status >= 400:
            raise BadInput(f"{self.name}: {reply.status} {escape_line(reply.body)}")
        return reply

    def told_to_ask(self, location: str) -> str:
        """The path a redirection leads to: a transcription of this very server, or nowhere."""
        try:
            address = urljoin(self.name, location)
        except ValueError:
            address = ""
        if origin_of(address) != origin_of(self.name):
            raise Unavailable(f"{self.name}: sends its callers to another server; check GENTLE_URL")
        path = urlsplit(address).path
        if not TRANSCRIPTION_PATH.fullmatch(path):
            raise Unavailable(
                f"{self.name}: sends its callers to {escape_line(path)}, which is no transcription; check GENTLE_URL"
            )
        return path.rstrip("/")

    def follow(self, transcription: str, ends: float) -> HttpResponse:
        """Ask how far it is until it says, or is out of time."""
        begun = False
        for wait in poll_delays():
            reply = self.wire.get(f"{transcription}/status.json", ends)
            status = parse_status(reply, self.name) if reply.status == 200 else {}
            if status.get("status") == "ERROR":
                raise self.failed(escape_line(status.get("error")))
            forgotten = reply.status == 404 or (begun and not status)
            if status.get("status") == "OK" or forgotten:
                result = self.wire.get(f"{transcription}/align.json", ends)
                if result.status == 404:
                    raise Unavailable(f"{self.name}: has forgotten the transcription; was the server started again?")
                return result
            if reply.status >= 400:
                raise Unavailable(f"{self.name}: {reply.status} {escape_line(reply.body)}")
            begun = begun or bool(status)
            if time.monotonic() + wait > ends:
                break
            time.sleep(wait)
        raise Unavailable(f"{self.name}: no alignment after {self.seconds:.0f} s; is the server overloaded?")

    def failed(self, error: str) -> BadInput | Unavailable:
        kind = BadInput if error.startswith(INPUT_ERRORS) else Unavailable
        return kind(f"{self.name}: the alignment failed: {error}")


def poll_delays() -> Iterator[float]:
    """Seconds to wait, ever longer, without end."""
    wait, longest = POLL_SECONDS
    while True:
        yield min(wait, longest)
        wait = min(wait * 1.5, longest)


def retry_after(reply: HttpResponse) -> float:
    """Retry-After in seconds; 0 where it is missing, or a date (none of the servers sends one)."""
    text = reply.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def parse_status(reply: HttpResponse, sender: str) -> dict[str, object]:
    try:
        answer = json.loads(reply.body)
    except ValueError as fault:
        raise Unavailable(f"{sender}: answers with something that is not JSON; check GENTLE_URL") from fault
    if not isinstance(answer, dict):
        raise Unavailable(f"{sender}: answers with something that is no status; check GENTLE_URL")
    return answer
