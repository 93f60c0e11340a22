"""Product events: what people do here, told to those who improve the newsroom. Never what they write.

NEWSROOM_EVENTS            none | log | mixpanel (none): where events go
NEWSROOM_MIXPANEL_TOKEN    of the Mixpanel project
NEWSROOM_MIXPANEL_HOST     api.mixpanel.com; api-eu.mixpanel.com keeps them in the EU

An event has a name and numbers. Who and which story are digests: the same for the same person or story, and no more than that; a
story's name would tell its title. Nobody waits for an event to be told, and one that cannot be told costs nobody anything.
"""

import hashlib
import hmac
import queue
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from logging import WARNING
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from cluster.newsroom.log import log
from cluster.newsroom.metrics import Metrics
from newsreel.errors import BadInput, MissingProgram

if TYPE_CHECKING:
    from mixpanel import Mixpanel

__all__ = ["Event", "LogSink", "MixpanelSink", "Product", "Sink", "product_from"]

MOST_WAITING: Final = 1000
SECONDS_TO_END: Final = 5
SECONDS_A_CALL: Final = 10
EVERYWHERE: Final = "api.mixpanel.com"
DIGITS: Final = 16
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


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
class Product:
    sink: Sink | None = None
    key: bytes = b""
    """What digests are made with, so that the same person is another one elsewhere."""
    metrics: Metrics = field(default_factory=Metrics)
    waiting: "queue.Queue[Event | None]" = field(default_factory=lambda: queue.Queue(MOST_WAITING))
    worker: threading.Thread | None = None

    def tell(self, person: str, name: str, story: str | None = None, /, **numbers: str | int) -> None:
        """Returns at once. `numbers` may be said of anybody's story: a revision, how many scenes, how urgent."""
        if self.sink is None:
            return
        told = {"story": self.digest(story)} if story else {}
        try:
            self.waiting.put_nowait(Event(name, self.digest(person), told | numbers))
        except queue.Full:
            self.metrics.product.labels("dropped").inc()

    def digest(self, text: str) -> str:
        return hmac.new(self.key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:DIGITS]

    def start(self) -> None:
        if self.sink:
            self.worker = threading.Thread(target=self.work, args=(self.sink,), name="product events", daemon=True)
            self.worker.start()

    def stop(self) -> None:
        """What waits is told, as far as that goes quickly."""
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
                log("a product event is not told", level=WARNING, why=type(fault).__name__)


def product_from(environment: Mapping[str, str], metrics: Metrics) -> Product:
    """Raises BadInput that names what is missing or wrong, MissingProgram."""
    match environment.get("NEWSROOM_EVENTS") or "none":
        case "none":
            return Product(metrics=metrics)
        case "log":
            return Product(LogSink(), metrics=metrics)
        case "mixpanel":
            token, host = environment.get("NEWSROOM_MIXPANEL_TOKEN"), environment.get("NEWSROOM_MIXPANEL_HOST")
            if not token:
                raise BadInput("NEWSROOM_MIXPANEL_TOKEN is missing; set it")
            if host and not HOST.fullmatch(host):
                raise BadInput("NEWSROOM_MIXPANEL_HOST must be a host, such as api-eu.mixpanel.com")
            return Product(MixpanelSink.connect(token, host or EVERYWHERE), token.encode(), metrics)
    raise BadInput("NEWSROOM_EVENTS must be none, log or mixpanel")
