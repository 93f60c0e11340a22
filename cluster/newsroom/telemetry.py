"""What the newsroom records of itself: log, Prometheus metrics, audit entries and product events.

The log is one JSON object a line on standard output, as Cloud Logging reads it, with the story's id where there is one; at a
terminal it is plain lines. Metrics' labels are routes and states, never a story's or a person's name.

The audit has an entry for each change of a story: who, what, when. In a folder a line of audit.jsonl, flushed to disk before the
response; in a bucket an object of its own, which a retention policy protects. Entries are added and never changed.

Product events say what people do in the newsroom, for those who improve it, and never what they write.

NEWSROOM_EVENTS            none | log | mixpanel (none): where events go
NEWSROOM_MIXPANEL_TOKEN    of the Mixpanel project
NEWSROOM_MIXPANEL_HOST     api.mixpanel.com; api-eu.mixpanel.com stores them in the EU

An event has a name and numbers. Person and story are digests, since a story's id would reveal its title. No request waits for an
event to be sent, and one that cannot be sent is dropped.
"""

import hashlib
import hmac
import json
import logging
import os
import queue
import re
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging import WARNING
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from newsreel.errors import BadInput, MissingProgram
from newsreel.runtime.failure_reason import printable_line
from newsreel.runtime.log import JsonFormatter
from newsreel.storage.address import Address
from newsreel.storage.store import Storage

LOG: Final = logging.getLogger("newsroom")


def configure_logging() -> None:
    """For the process: our own entries, and uvicorn's except one for each request, which the guard writes with more fields."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(PlainFormatter() if sys.stdout.isatty() else JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").disabled = True


class PlainFormatter(logging.Formatter):
    """For a terminal: `12:00:00 INFO request method=GET path=/stories`."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{datetime.fromtimestamp(record.created):%H:%M:%S} {record.levelname} {record.getMessage()}"
        fields = [f"{name}={printable_line(value)}" for name, value in getattr(record, "fields", {}).items()]
        trace = [self.formatException(record.exc_info)] if record.exc_info else []
        return "\n".join([" ".join([line, *fields]), *trace])


def log(message: str, *, level: int = logging.INFO, **fields: object) -> None:
    """`log("saved", story="budget", who="anna@example.org")`."""
    LOG.log(level, message, extra={"fields": {name: value for name, value in fields.items() if value not in (None, "")}})


@dataclass
class Metrics:
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        registry = self.registry
        self.requests = Counter("newsroom_requests", "Requests answered", ["method", "route", "status"], registry=registry)
        self.seconds = Histogram("newsroom_request_seconds", "Time to answer, streams left out", ["route"], registry=registry)
        self.refused = Counter("newsroom_refused", "Requests rejected by the guard", ["why"], registry=registry)
        self.saves = Counter("newsroom_saves", "Drafts saved", ["outcome"], registry=registry)
        self.sent = Counter("newsroom_sent", "Revisions submitted", ["outcome"], registry=registry)
        self.product = Counter("newsroom_product_events", "Product events", ["outcome"], registry=registry)
        self.streams = Gauge("newsroom_streams", "Pages that watch a story now", registry=registry)


@dataclass(frozen=True)
class Audit:
    home: Address
    storage: Storage

    def add(self, who: str, what: str, story: str, **more: str | int) -> None:
        """Raises what `Storage.create` raises: a change that cannot be recorded is not made."""
        now = datetime.now(UTC)
        entry = {"time": now.isoformat(timespec="milliseconds"), "who": who, "what": what, "story": story} | more
        if self.home.scheme == "file":
            self.append(json.dumps(entry))
        else:
            name = f"{now:%Y/%m/%d}/{now:%H%M%S%f}-{uuid4().hex[:8]}.json"
            self.storage.create(self.home.child(name), json.dumps(entry).encode(), "application/json")

    def append(self, line: str) -> None:
        """One write of a whole line, so lines of several writers do not mix (open(2), O_APPEND)."""
        self.storage.allowed.require(self.home)
        self.home.file.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.home.file / "audit.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


if TYPE_CHECKING:
    from mixpanel import Mixpanel

MAX_WAITING_EVENTS: Final = 1000
SECONDS_TO_END: Final = 5
SECONDS_A_CALL: Final = 10
MIXPANEL_DEFAULT_HOST: Final = "api.mixpanel.com"
DIGEST_DIGITS: Final = 16
MIXPANEL_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


class Event(NamedTuple):
    name: str
    """What was done: `story sent off`."""
    person: str
    """A digest."""
    properties: Mapping[str, str | int]


class Sink(Protocol):
    """Where events go. Called by one thread. Any error costs this event alone."""

    def send(self, event: Event) -> None: ...


class LogSink:
    """A line in our own log."""

    def send(self, event: Event) -> None:
        log("product event", event=event.name, person=event.person, properties=dict(event.properties))


@dataclass(frozen=True)
class MixpanelSink:
    client: "Mixpanel"

    @classmethod
    def connect(cls, token: str, host: str) -> "MixpanelSink":
        """Mixpanel's own library, which tries again by itself (mixpanel-python, `Consumer`). Raises MissingProgram."""
        try:
            from mixpanel import Consumer, Mixpanel
        except ImportError as fault:
            raise MissingProgram("product events for Mixpanel need its library: pip install 'newsreel[mixpanel]'") from fault
        return cls(Mixpanel(token, Consumer(api_host=host, request_timeout=SECONDS_A_CALL, retry_limit=2)))

    def send(self, event: Event) -> None:
        self.client.track(event.person, event.name, dict(event.properties))


@dataclass
class ProductEvents:
    sink: Sink | None = None
    key: bytes = b""
    """Key of the digests, so that they differ between installations."""
    metrics: Metrics = field(default_factory=Metrics)
    waiting: "queue.Queue[Event | None]" = field(default_factory=lambda: queue.Queue(MAX_WAITING_EVENTS))
    worker: threading.Thread | None = None

    def track(self, person: str, name: str, story: str | None = None, /, **numbers: str | int) -> None:
        """Returns at once. `numbers` must reveal nothing of a story: a revision, the count of scenes, a priority."""
        if self.sink is None:
            return
        subject = {"story": self.digest(story)} if story else {}
        try:
            self.waiting.put_nowait(Event(name, self.digest(person), subject | numbers))
        except queue.Full:
            self.metrics.product.labels("dropped").inc()

    def digest(self, text: str) -> str:
        return hmac.new(self.key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:DIGEST_DIGITS]

    def start(self) -> None:
        if self.sink:
            self.worker = threading.Thread(target=self.work, args=(self.sink,), name="product events", daemon=True)
            self.worker.start()

    def stop(self) -> None:
        """Waits up to SECONDS_TO_END for events to be sent."""
        if self.worker:
            with suppress(queue.Full):
                self.waiting.put_nowait(None)
            self.worker.join(SECONDS_TO_END)

    def work(self, sink: Sink) -> None:
        while (event := self.waiting.get()) is not None:
            try:
                sink.send(event)
                self.metrics.product.labels("told").inc()
            except Exception as fault:
                self.metrics.product.labels("failed").inc()
                log("a product event was not sent", level=WARNING, why=type(fault).__name__)


def product_events_from(environment: Mapping[str, str], metrics: Metrics) -> ProductEvents:
    """Raises BadInput that names what is missing or wrong, MissingProgram."""
    match environment.get("NEWSROOM_EVENTS") or "none":
        case "none":
            return ProductEvents(metrics=metrics)
        case "log":
            return ProductEvents(LogSink(), metrics=metrics)
        case "mixpanel":
            token, host = environment.get("NEWSROOM_MIXPANEL_TOKEN"), environment.get("NEWSROOM_MIXPANEL_HOST")
            if not token:
                raise BadInput("NEWSROOM_MIXPANEL_TOKEN is missing; set it")
            if host and not MIXPANEL_HOST.fullmatch(host):
                raise BadInput("NEWSROOM_MIXPANEL_HOST must be a host, such as api-eu.mixpanel.com")
            return ProductEvents(MixpanelSink.connect(token, host or MIXPANEL_DEFAULT_HOST), token.encode(), metrics)
    raise BadInput("NEWSROOM_EVENTS must be none, log or mixpanel")
