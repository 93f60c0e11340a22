"""Client of gentle's HTTP API: send a recording and its transcript, poll, fetch the alignment.

    POST /transcriptions -> 302 /transcriptions/UID
    GET  .../status.json -> {}, STARTED, ENCODING, TRANSCRIBING, ALIGNING, then OK or ERROR
    GET  .../align.json

Polling is the default, since it cannot hang: lowerquality's gentle never answers a synchronous call (`?async=false`) whose work
has failed.

A client sends one recording at a time, so it occupies one place in a server's queue. Our server answers 503 and Retry-After when
the queue is full, and is asked again for as long as an alignment may take. lowerquality's runs ten at once and lets any number
wait, with a status.json that is empty. If its aligner crashes, the status stays forever: `seconds` ends the wait.
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
"""A server that works asynchronously (302) answers at once; this long is for an overloaded one."""
RETRY_STATUSES = (502, 503, 504)
"""From a proxy in front of a server that is starting."""
POLL_SECONDS = (0.05, 1.0)
"""Between two requests of status.json: the first wait and the longest; each is half as long again as the one before."""
BUSY_STATUSES = (429, 503)
MAX_RETRY_AFTER = 30.0
"""Seconds; a server that asks for more is asked again after this."""
TRANSCRIPTION_PATH = re.compile(r"/transcriptions/[\w-]{1,64}/?")
ALIGNER_HEADER = "Newsreel-Aligner"
INPUT_ERRORS = ("Encoding failed", "No transcript")
"""How lowerquality's gentle begins the errors that the same input always causes."""

Form = Mapping[str, object]


@dataclass(frozen=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpClient:
    """HTTP requests to one server, bounded in time and size; errors are one line.

    Retried are a connection that cannot be made, since nothing was sent, and a GET that was cut off. A POST that was sent is
    never sent again: the server may be working on it, and a second copy would take another place in its queue.
    """

    address: str
    """Such as `http://gentle:8765`."""
    tries: int = 10
    """Attempts to connect, with growing intervals: 10 are about half a minute."""
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __post_init__(self) -> None:
        if not origin_of(self.address) or urlsplit(self.address).path not in ("", "/") or "@" in self.address:
            raise BadInput(f"GENTLE_URL is {redact_credentials(self.address)}; it must be an address such as http://gentle:8765")

    def get(self, path: str, deadline: float) -> HttpResponse:
        """`deadline` (time.monotonic) is for the whole response."""
        retries = urllib3.Retry(
            total=self.tries,
            read=2,
            redirect=0,
            status_forcelist=RETRY_STATUSES,
            respect_retry_after_header=False,
            raise_on_status=False,
            backoff_factor=0.2,
            backoff_max=5,
        )
        return self.request("GET", path, None, retries, READ_SECONDS, deadline)

    def post(self, path: str, form: Form, read_timeout: float, deadline: float) -> HttpResponse:
        """`read_timeout` is in seconds until the first byte of the response."""
        retries = urllib3.Retry(total=self.tries, read=0, status=0, other=0, redirect=0, backoff_factor=0.2, backoff_max=5)
        return self.request("POST", path, form, retries, read_timeout, deadline)

    def request(
        self, method: str, path: str, form: Form | None, retries: urllib3.Retry, read_timeout: float, deadline: float
    ) -> HttpResponse:
        left = max(min(read_timeout, deadline - time.monotonic()), 0.05)
        try:
            response = self.pool.request(
                method,
                self.address.rstrip("/") + path,
                fields=form,  # type: ignore[arg-type]
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=left),
                retries=retries,
                redirect=False,
                preload_content=False,
            )
            return HttpResponse(response.status, response.headers, self.read_body(response, deadline))
        except HTTPError as fault:
            reason = getattr(fault, "reason", None) or fault
            if isinstance(reason, ReadTimeoutError):
                raise Unavailable(f"{self.address}: gentle took the call and does not answer; did its work fail?") from fault
            raise Unavailable(
                f"{self.address}: gentle does not answer ({type(reason).__name__}); is the server running?"
            ) from fault

    def read_body(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """The whole body. Raises Unavailable for one that is too long or too slow."""
        parts, size = [], 0
        try:
            while part := response.read1(2**20, decode_content=False):
                parts.append(part)
                size += len(part)
                if size > MAX_RESPONSE_BYTES:
                    raise Unavailable(f"{self.address}: answers with more than {MAX_RESPONSE_BYTES} bytes; check GENTLE_URL")
                if time.monotonic() > deadline:
                    raise Unavailable(f"{self.address}: its answer does not end; is the server overloaded?")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return b"".join(parts)


@dataclass(frozen=True)
class GentleClient:
    """`seconds` is how long a transcription may take, including its wait in the server's queue."""

    http: HttpClient
    seconds: float = 300
    synchronous: bool = False

    @classmethod
    def at(cls, address: str) -> "GentleClient":
        """The client of the server at an address such as http://gentle:8765. Raises BadInput for what is no address."""
        return cls(HttpClient(address))

    @property
    def address(self) -> str:
        return self.http.address

    def aligner(self) -> str | None:
        """The server's aligner: `newsreel` for our own server; None for one that does not say, such as lowerquality's."""
        return self.http.get("/", time.monotonic() + READ_SECONDS).headers.get(ALIGNER_HEADER)

    def align(self, audio: bytes, transcript: str) -> bytes:
        """align.json as the server wrote it, for a WAV file and its text.

        Raises BadInput for what the server refuses, Unavailable where it does not answer in time or its work fails.
        """
        deadline = time.monotonic() + self.seconds
        response = self.submit(audio, transcript, deadline)
        if response.status in (301, 302, 303):
            response = self.poll(self.transcription_path(response.headers.get("Location", "")), deadline)
        if response.status != 200:
            raise Unavailable(f"{self.address}: answers {response.status} where an alignment was due; check GENTLE_URL")
        read_alignment(response.body, self.address)
        return response.body

    def submit(self, audio: bytes, transcript: str, deadline: float) -> HttpResponse:
        """Send the recording, again and again while the server is busy."""
        form = {"audio": ("scene.wav", audio, "audio/wav"), "transcript": transcript}
        path = "/transcriptions" + ("?async=false" if self.synchronous else "")
        for wait in poll_delays():
            response = self.http.post(path, form, self.seconds if self.synchronous else READ_SECONDS, deadline)
            if response.status not in BUSY_STATUSES:
                break
            wait = min(retry_after(response), MAX_RETRY_AFTER) or wait
            if time.monotonic() + wait > deadline:
                break
            time.sleep(wait)
        if response.status >= 500 or response.status in BUSY_STATUSES:
            raise Unavailable(f"{self.address}: {response.status} {escape_line(response.body)}")
        if response.status == 413:
            raise BadInput(
                f"{self.address}: a recording of {len(audio)} bytes is more than this server takes; make the scene shorter"
            )
        if response.status >= 400:
            raise BadInput(f"{self.address}: {response.status} {escape_line(response.body)}")
        return response

    def transcription_path(self, location: str) -> str:
        """The path of a redirection. Raises Unavailable unless it is a transcription of the same server."""
        try:
            target = urljoin(self.address, location)
        except ValueError:
            target = ""
        if origin_of(target) != origin_of(self.address):
            raise Unavailable(f"{self.address}: redirects to another server; check GENTLE_URL")
        path = urlsplit(target).path
        if not TRANSCRIPTION_PATH.fullmatch(path):
            raise Unavailable(f"{self.address}: redirects to {escape_line(path)}, which is no transcription; check GENTLE_URL")
        return path.rstrip("/")

    def poll(self, transcription: str, deadline: float) -> HttpResponse:
        """Request the status until it is final, then the alignment."""
        begun = False
        for wait in poll_delays():
            response = self.http.get(f"{transcription}/status.json", deadline)
            status = parse_status(response, self.address) if response.status == 200 else {}
            if status.get("status") == "ERROR":
                raise self.alignment_error(escape_line(status.get("error")))
            forgotten = response.status == 404 or (begun and not status)
            if status.get("status") == "OK" or forgotten:
                result = self.http.get(f"{transcription}/align.json", deadline)
                if result.status == 404:
                    raise Unavailable(f"{self.address}: has forgotten the transcription; was the server restarted?")
                return result
            if response.status >= 400:
                raise Unavailable(f"{self.address}: {response.status} {escape_line(response.body)}")
            begun = begun or bool(status)
            if time.monotonic() + wait > deadline:
                break
            time.sleep(wait)
        raise Unavailable(f"{self.address}: no alignment after {self.seconds:.0f} s; is the server overloaded?")

    def alignment_error(self, error: str) -> BadInput | Unavailable:
        kind = BadInput if error.startswith(INPUT_ERRORS) else Unavailable
        return kind(f"{self.address}: the alignment failed: {error}")


def poll_delays() -> Iterator[float]:
    """Seconds to wait, growing to a maximum, without end."""
    wait, longest = POLL_SECONDS
    while True:
        yield min(wait, longest)
        wait = min(wait * 1.5, longest)


def retry_after(response: HttpResponse) -> float:
    """Retry-After in seconds; 0 where it is missing, or a date (none of the servers sends one)."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def parse_status(response: HttpResponse, sender: str) -> dict[str, object]:
    try:
        status = json.loads(response.body)
    except ValueError as fault:
        raise Unavailable(f"{sender}: answers with something that is not JSON; check GENTLE_URL") from fault
    if not isinstance(status, dict):
        raise Unavailable(f"{sender}: answers with something that is no status; check GENTLE_URL")
    return status


def origin_of(address: str) -> str | None:
    """Scheme, host and port of an HTTP address; None for what is none, such as `http://[`.

    >>> origin_of("http://gentle:8765/transcriptions")
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
    """An address without a password, for an error message."""
    return ascii(address.rpartition("@")[2] if "@" in address else address)


def escape_line(text: object) -> str:
    """A server's text as one line of printable ASCII."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return ascii(" ".join(plain.split())[:200])[1:-1]
