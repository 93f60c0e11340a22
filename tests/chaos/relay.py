"""`python -m tests.chaos.relay FILE eventsource|sensor`: one of both (`trigger`) as a process, on its side of JetStream.

They may be killed at any moment: what the EventSource had pulled and not acknowledged comes again from Pub/Sub, what the Sensor
had fetched and not acknowledged from the bus. The file is `Relay` as JSON.
"""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from google.api_core.exceptions import DeadlineExceeded, ServiceUnavailable
from google.cloud.pubsub_v1 import SubscriberClient
from pydantic import BaseModel

from cluster.controllers.health import Health
from cluster.controllers.http_server import HttpServer
from tests.chaos.faults import Clock, Faults
from tests.chaos.trigger import EventSource, Sensor, connected

__all__ = ["EVENTSOURCE", "GIVEN_UP", "PULLED", "SENSOR", "Relay"]

EVENTSOURCE, SENSOR = "eventsource", "sensor"
PULLED, GIVEN_UP = "pulled: ", "given up: "
"""What they say, before whose message it is about."""
AT_ONCE = 20
SECONDS_A_LOOK = 0.05
SECONDS_A_CALL = 10


class Relay(BaseModel):
    """What it is told."""

    subscription: str
    """`projects/<project>/subscriptions/<name>`, at PUBSUB_EMULATOR_HOST."""
    bus: str
    sensor: dict[str, Any]
    """As it is emitted."""
    hosts: dict[str, str]
    """Where the hosts of the Sensor's URLs are to be found here."""
    ports: dict[str, int]
    """Where each answers GET /ready, as `cluster.controllers.health`."""
    pace: float
    """Seconds that a second of the Sensor's patience is long here."""


@dataclass
class Pulled:
    """As `pubsub.Delivery`."""

    number: str
    content: bytes
    attributes: dict[str, str]
    due: datetime
    receipt: str

    @property
    def story(self) -> str:
        return self.attributes.get("id", self.number)


@dataclass
class Subscription:
    """The other end of a topic, as `pubsub.Topic` has it."""

    path: str
    client: SubscriberClient = field(default_factory=SubscriberClient)

    def pull(self, at_most: int) -> list[Pulled]:
        try:
            answer = self.client.pull(
                subscription=self.path, max_messages=at_most, return_immediately=True, timeout=SECONDS_A_CALL
            )
        except (DeadlineExceeded, ServiceUnavailable):
            return []
        found = [pulled(one) for one in answer.received_messages]
        for one in found:
            if "id" in one.attributes:
                print(f"{PULLED}{one.story}", flush=True)
        return found

    def acknowledge(self, one: Pulled) -> None:
        self.client.acknowledge(subscription=self.path, ack_ids=[one.receipt], timeout=SECONDS_A_CALL)

    def refuse(self, one: Pulled) -> None:
        self.client.modify_ack_deadline(
            subscription=self.path, ack_ids=[one.receipt], ack_deadline_seconds=0, timeout=SECONDS_A_CALL
        )


def pulled(one: Any) -> Pulled:
    message = one.message
    return Pulled(message.message_id, message.data, dict(message.attributes), message.publish_time, one.ack_id)


@dataclass
class Paced(Clock):
    """Real time, of which a patient Sensor need not have quite so much."""

    pace: float = 1.0

    def pass_by(self, seconds: float) -> None:
        time.sleep(seconds * self.pace)


async def relay(told: Relay, name: str) -> None:
    connection = await connected(told.bus)
    bus, nothing = connection.jetstream(), Faults(0, often=0)
    health = Health(stuck=SECONDS_A_CALL, stale=SECONDS_A_CALL, unready="no round has ended")
    HttpServer(health.routes(lambda: b""), told.ports[name])
    if name == EVENTSOURCE:
        program: EventSource | Sensor = EventSource(Subscription(told.subscription), bus, nothing)
    else:
        program = Sensor(told.sensor, bus, Paced(pace=told.pace), nothing, told.hosts, give_up)
        await program.listen()
    while True:
        await program.round(AT_ONCE)
        health.round_ended(success=True)
        await asyncio.sleep(SECONDS_A_LOOK)


def give_up(whose: str) -> None:
    print(f"{GIVEN_UP}{whose}", flush=True)


if __name__ == "__main__":
    asyncio.run(relay(Relay.model_validate_json(Path(sys.argv[1]).read_bytes()), sys.argv[2]))
