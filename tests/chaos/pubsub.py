"""Pub/Sub as it may be at its worst: what is acknowledged may come again, in any order, and answers are lost.

It keeps what it promises: what it has said it has is delivered until it is acknowledged, or has been refused so often that it is
a dead letter. The order of keys it does not keep: nothing of ours may need it.
"""

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from google.api_core.exceptions import ServiceUnavailable

from newsreel.submission.topics import SUBSCRIPTIONS
from tests.chaos.faults import Clock, Faults

ARGO = next(one for one in SUBSCRIPTIONS if one.name == "argo")


@dataclass
class Delivery:
    number: int
    content: bytes
    attributes: dict[str, str]
    due: datetime
    refusals: int = 0
    handed_out: bool = False

    @property
    def story(self) -> str:
        """Whose message it is; of one that is not ours, its own number."""
        return self.attributes.get("id", str(self.number))


@dataclass
class Topic:
    """The part of google.cloud.pubsub_v1.PublisherClient that we use, and the other end of it."""

    clock: Clock
    faults: Faults
    waiting: list[Delivery] = field(default_factory=list)
    dead: list[Delivery] = field(default_factory=list)
    published: int = 0
    newest_out: int = 0
    """The highest number that has been handed out."""

    def publish(self, topic: str, content: bytes, ordering_key: str = "", timeout: float = 0, **attributes: str) -> Future[str]:
        answer: Future[str] = Future()
        if self.faults.happens("publish refused", 0.05, ordering_key):
            answer.set_exception(ServiceUnavailable("chaos"))
            return answer
        self.published += 1
        delay = timedelta(seconds=self.faults.dice("delay", ordering_key).uniform(0, 90))
        self.waiting.append(Delivery(self.published, content, attributes, self.clock.now + delay))
        if self.faults.happens("publish answer lost", 0.05, ordering_key):
            answer.set_exception(ServiceUnavailable("chaos"))
        else:
            answer.set_result(str(self.published))
        return answer

    def resume_publish(self, topic: str, ordering_key: str) -> None:
        """There is nothing to resume: no key is ever held back here."""

    def pull(self, at_most: int) -> list[Delivery]:
        due = [one for one in self.waiting if one.due <= self.clock.now]
        self.faults.dice("order").shuffle(due)
        for one in due[:at_most]:
            self.faults.counted["reordered"] += not one.handed_out and 0 < one.number < self.newest_out
            self.newest_out, one.handed_out = max(self.newest_out, one.number), True
        return due[:at_most]

    def acknowledge(self, one: Delivery) -> None:
        if self.faults.happens("acknowledgement lost", 0.05, one.story):
            one.due = self.clock.now + timedelta(seconds=ARGO.seconds_to_answer)
            return
        self.waiting.remove(one)
        if self.faults.happens("delivered again", 0.05, one.story):
            again = timedelta(seconds=self.faults.dice("again", one.story).choice([5, 600, 7200]))
            self.waiting.append(Delivery(one.number, one.content, one.attributes, self.clock.now + again, handed_out=True))

    def refuse(self, one: Delivery) -> None:
        one.refusals += 1
        if one.refusals >= ARGO.most_attempts:
            self.waiting.remove(one)
            self.dead.append(one)
        one.due = self.clock.now + min(ARGO.longest_wait, ARGO.shortest_wait * 2 ** min(one.refusals, 10))
