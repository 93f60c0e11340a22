"""What was published over Pub/Sub: messages of stories, and dead letters."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from google.api_core.exceptions import DeadlineExceeded, ServiceUnavailable

from newsreel.submission.message import Message
from tests.chaos.campaign import NOT_OURS
from tests.chaos.relay import GIVEN_UP, SENSOR
from tests.chaos.stage import WITNESS, Stage
from tests.cluster.pubsub_emulator import PROJECT

__all__ = ["Heard"]

GRAVE = "stories-dead-kept"


@dataclass
class Heard:
    """So far; each message once however often it came."""

    here: Stage
    published: dict[str, bytes] = field(default_factory=dict)
    """On the topic of stories, by Pub/Sub's own number."""
    buried: dict[str, bytes] = field(default_factory=dict)
    """Dead letters, by the number that the message had in its life."""

    def listen(self) -> None:
        for one in self.pulled(WITNESS):
            self.published[one.message_id] = one.data
        for one in self.pulled(GRAVE):
            self.buried[one.attributes.get("message", one.message_id)] = one.data

    def pulled(self, subscription: str) -> Iterator:
        path = f"projects/{PROJECT}/subscriptions/{subscription}"
        with suppress(DeadlineExceeded, ServiceUnavailable):
            answer = self.here.subscriber.pull(subscription=path, max_messages=100, timeout=5, return_immediately=True)
            yield from (one.message for one in answer.received_messages)
            if answer.received_messages:
                receipts = [one.ack_id for one in answer.received_messages]
                self.here.subscriber.acknowledge(subscription=path, ack_ids=receipts)

    @property
    def announced(self) -> Counter[str]:
        """Good messages, by the workflow that each asks for."""
        allowed = self.here.desk.storage.allowed
        return Counter(Message.of(one, allowed).workflow for one in self.published.values() if one not in NOT_OURS)

    @property
    def vanished(self) -> int:
        """Good messages that Argo has not heard of, and that no Sensor has given up, which says so."""
        given_up = Counter(self.here.pods.said(SENSOR, GIVEN_UP))
        return (self.announced - self.here.argo.asked - given_up).total()

    @property
    def good_dead(self) -> int:
        return sum(content not in NOT_OURS for content in self.buried.values())
