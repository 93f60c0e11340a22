"""Stories as they are announced: the manager's own subscription of their topic says at once what Cloud Monitoring says minutes
later, and a cluster only seconds later.

Nothing rests on it: a message is acknowledged as it comes, and what nobody heard is counted by the other sources, later.
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


MOST = 10_000
"""Messages that are remembered."""
SECONDS_TO_CLOSE = 5
LENT = FlowControl(max_duration_per_lease_extension=10)
"""What was sent to a manager that is gone is sent to the next after so many seconds, the fewest there may be."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Announcements:
    """By streaming pull: Pub/Sub sends a message as it comes (Pub/Sub, "Pull subscriptions", StreamingPull API)."""

    def __init__(
        self, client: "SubscriberClient", subscription: str, ring: Callable[[], None], clock: Callable[[], datetime] = utc_now
    ) -> None:
        """`subscription` is projects/NAME/subscriptions/NAME; `ring` is called for each message, on a thread of the client's."""
        self.client, self.subscription, self.ring, self.clock = client, subscription, ring, clock
        self.stream: StreamingPullFuture | None = None
        self.begun = clock()
        """When the stream was."""
        self.came: deque[datetime] = deque(maxlen=MOST)
        self.lock = Lock()

    def listen(self) -> None:
        """Unless it does already. The client mends what fails in passing; what ended for another reason is begun anew."""
        if self.stream is None or self.stream.done():
            self.begun = self.clock()
            one_at_a_time = ThreadScheduler(ThreadPoolExecutor(max_workers=1))
            self.stream = self.client.subscribe(
                self.subscription, callback=self.heard, scheduler=one_at_a_time, flow_control=LENT
            )

    def close(self) -> None:
        """What comes now is another manager's to hear."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.cancel()
            wait([stream], timeout=SECONDS_TO_CLOSE)

    def heard(self, message: "Message") -> None:
        with self.lock:
            self.came.append(message.publish_time)
        message.ack()
        self.ring()

    def since(self, moment: datetime) -> int:
        """Messages that were published after it. Raises Unavailable where nobody has listened."""
        if self.stream is not None and self.stream.done() and (fault := self.stream.exception()):
            raise Unavailable(f"{self.subscription}: {type(fault).__name__}: {fault}")
        with self.lock:
            return sum(at > moment for at in self.came)

    def quiet_since(self) -> datetime | None:
        """No message has come since then; None where nobody listens."""
        if self.stream is None or self.stream.done():
            return None
        with self.lock:
            return max([self.begun, *self.came])
