"""gentle's HTTP API from the caller's side: send a recording and its transcript, wait, fetch the alignment.

    POST /transcriptions -> 302 /transcriptions/UID
    GET  .../status.json -> {}, STARTED, ENCODING, TRANSCRIBING, ALIGNING, then OK or ERROR
    GET  .../align.json

This polled form is the default, since it cannot hang: lowerquality's gentle never answers a synchronous call (`?async=false`)
whose work has failed.

A caller sends one recording at a time, so it holds one place in a server's line. Ours answers 503 and Retry-After when the
line is full, and is asked again for as long as an alignment may take. lowerquality's works on ten at once and lets any number
wait, with a status.json that is empty. One whose aligner has died keeps its status for ever: `seconds` ends the wait.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from newsreel.errors import BadInput, Unavailable
from steps.gentle.alignment import read_alignment
from steps.gentle.wire import READ_SECONDS, Reply, Wire, one_line, server_of

__all__ = ["Gentle"]

POLL_SECONDS = (0.05, 1.0)
"""Between two looks at status.json: the first wait and the longest; each is half as long again as the one before."""
FULL = (429, 503)
LONGEST_RETRY_AFTER = 30.0
"""Seconds; a server that asks for more is asked again all the same."""
TRANSCRIPTION = re.compile(r"/transcriptions/[\w-]{1,64}/?")
ALIGNER_HEADER = "Newsreel-Aligner"
BLAMES_THE_INPUT = ("Encoding failed", "No transcript")
"""How lowerquality's gentle begins the errors that the same input will always meet."""


@dataclass(frozen=True)
class Gentle:
    """`seconds` is how long a transcription may take, its wait in the server's line included."""

    wire: Wire
    seconds: float = 300
    synchronous: bool = False

    @classmethod
    def at(cls, address: str) -> "Gentle":
        """The server at an address such as http://gentle:8765. Raises BadInput for what is no address."""
        return cls(Wire(address))

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

    def order(self, audio: bytes, transcript: str, ends: float) -> Reply:
        """Send the recording, again and again while the server is full."""
        form = {"audio": ("scene.wav", audio, "audio/wav"), "transcript": transcript}
        path = "/transcriptions" + ("?async=false" if self.synchronous else "")
        for wait in waits():
            reply = self.wire.post(path, form, self.seconds if self.synchronous else READ_SECONDS, ends)
            if reply.status not in FULL:
                break
            wait = min(asked_to_wait(reply), LONGEST_RETRY_AFTER) or wait
            if time.monotonic() + wait > ends:
                break
            time.sleep(wait)
        if reply.status >= 500 or reply.status in FULL:
            raise Unavailable(f"{self.name}: {reply.status} {one_line(reply.body)}")
        if reply.status == 413:
            raise BadInput(
                f"{self.name}: a recording of {len(audio)} bytes is more than this server takes; make the scene shorter"
            )
        if reply.status >= 400:
            raise BadInput(f"{self.name}: {reply.status} {one_line(reply.body)}")
        return reply

    def told_to_ask(self, location: str) -> str:
        """The path a redirection leads to: a transcription of this very server, or nowhere."""
        try:
            address = urljoin(self.name, location)
        except ValueError:
            address = ""
        if server_of(address) != server_of(self.name):
            raise Unavailable(f"{self.name}: sends its callers to another server; check GENTLE_URL")
        path = urlsplit(address).path
        if not TRANSCRIPTION.fullmatch(path):
            raise Unavailable(f"{self.name}: sends its callers to {one_line(path)}, which is no transcription; check GENTLE_URL")
        return path.rstrip("/")

    def follow(self, transcription: str, ends: float) -> Reply:
        """Ask how far it is until it says, or is out of time."""
        begun = False
        for wait in waits():
            reply = self.wire.get(f"{transcription}/status.json", ends)
            status = status_of(reply, self.name) if reply.status == 200 else {}
            if status.get("status") == "ERROR":
                raise self.failed(one_line(status.get("error")))
            forgotten = reply.status == 404 or (begun and not status)
            if status.get("status") == "OK" or forgotten:
                result = self.wire.get(f"{transcription}/align.json", ends)
                if result.status == 404:
                    raise Unavailable(f"{self.name}: has forgotten the transcription; was the server started again?")
                return result
            if reply.status >= 400:
                raise Unavailable(f"{self.name}: {reply.status} {one_line(reply.body)}")
            begun = begun or bool(status)
            if time.monotonic() + wait > ends:
                break
            time.sleep(wait)
        raise Unavailable(f"{self.name}: no alignment after {self.seconds:.0f} s; is the server overloaded?")

    def failed(self, error: str) -> BadInput | Unavailable:
        kind = BadInput if error.startswith(BLAMES_THE_INPUT) else Unavailable
        return kind(f"{self.name}: the alignment failed: {error}")


def waits() -> Iterator[float]:
    """Seconds to wait, ever longer, without end."""
    wait, longest = POLL_SECONDS
    while True:
        yield min(wait, longest)
        wait = min(wait * 1.5, longest)


def asked_to_wait(reply: Reply) -> float:
    """Retry-After in seconds; 0 where it is missing, or a date (none of the servers sends one)."""
    text = reply.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def status_of(reply: Reply, sender: str) -> dict[str, object]:
    try:
        answer = json.loads(reply.body)
    except ValueError as fault:
        raise Unavailable(f"{sender}: answers with something that is not JSON; check GENTLE_URL") from fault
    if not isinstance(answer, dict):
        raise Unavailable(f"{sender}: answers with something that is no status; check GENTLE_URL")
    return answer
