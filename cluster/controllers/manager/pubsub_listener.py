"""Listener on the manager's own Pub/Sub subscription: it knows of a message at once, Cloud Monitoring minutes later.

Only speed depends on it: a message is acknowledged on arrival, and one that was missed is in the other counts later.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from google.cloud.pubsub_v1.subscriber.scheduler import ThreadScheduler
from google.cloud.pubsub_v1.types import FlowControl

from newsreel.errors import Unavailable

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import SubscriberClient
    from google.cloud.pubsub_v1.subscriber.futures import StreamingPullFuture
    from google.cloud.pubsub_v1.subscriber.message import Message


MAX_REMEMBERED = 10_000
"""Messages."""
STOP_TIMEOUT_SECONDS = 5
FLOW_CONTROL = FlowControl(max_duration_per_lease_extension=10)
"""A message sent to a manager that died is sent to the next one after 10 s, the minimum."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class PubSubListener:
    """Streaming pull: Pub/Sub sends each message on arrival (Pub/Sub, "Pull subscriptions", StreamingPull API)."""

    def __init__(
        self,
        client: "SubscriberClient",
        subscription: str,
        on_message: Callable[[], None],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`subscription` is projects/NAME/subscriptions/NAME; `on_message` is called on a thread of the client's."""
        self.client, self.subscription, self.on_message, self.clock = client, subscription, on_message, clock
        self.stream: StreamingPullFuture | None = None
        self.started = clock()
        """Start of the stream."""
        self.published: deque[datetime] = deque(maxlen=MAX_REMEMBERED)
        self.lock = Lock()

    def start(self) -> None:
        """Do nothing if it is running. The client retries transient errors; a stream that ended otherwise is started again."""
        if self.stream is None or self.stream.done():
            self.started = self.clock()
            one_at_a_time = ThreadScheduler(ThreadPoolExecutor(max_workers=1))
            self.stream = self.client.subscribe(
                self.subscription, callback=self.receive, scheduler=one_at_a_time, flow_control=FLOW_CONTROL
            )

    def stop(self) -> None:
        """Leave further messages to another manager."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.cancel()
            wait([stream], timeout=STOP_TIMEOUT_SECONDS)

    def receive(self, message: "Message") -> None:
        with self.lock:
            self.published.append(message.publish_time)
        message.ack()
        self.on_message()

    def count_since(self, moment: datetime) -> int:
        """Number of messages published after `moment`. Raises Unavailable if the stream has ended with an error."""
        if self.stream is not None and self.stream.done() and (fault := self.stream.exception()):
            raise Unavailable(f"{self.subscription}: {type(fault).__name__}: {fault}")
        with self.lock:
            return sum(at > moment for at in self.published)

    def quiet_since(self) -> datetime | None:
        """No message has arrived since then; None while the stream is not running."""
        if self.stream is None or self.stream.done():
            return None
        with self.lock:
            return max([self.started, *self.published])
