"""What EventSource and Sensor do with the documents that `newsreel emit` writes, as argo-events 1.9 does it; JetStream is real.

Sources: pkg/eventsources/sources/gcppubsub/start.go, pkg/eventbus/jetstream/sensor/trigger_conn.go, pkg/sensors/listener.go,
pkg/sensors/dependencies/{transform,filter}.go, pkg/sensors/triggers/params.go.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import jq
import nats
import requests
import yaml
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy, DiscardPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import APIError

from tests.chaos.faults import Clock, Faults, Killed

SUBJECT = "default.pubsub.story"
SECONDS_TO_TAKE = 3
"""After which the bus is away for its EventSource."""
SECONDS_TO_ACKNOWLEDGE = 0.4
"""After which JetStream delivers again what a killed Sensor had; 30 in earnest."""


class Subscribed(Protocol):
    """The other end of a topic: `pubsub.Topic`'s, or a real one's."""

    def pull(self, at_most: int) -> Sequence[Any]: ...

    def acknowledge(self, one: Any) -> None: ...

    def refuse(self, one: Any) -> None: ...


@dataclass
class EventSource:
    """Pulls, puts on the bus, acknowledges: in this order."""

    topic: Subscribed
    bus: JetStreamContext
    faults: Faults

    async def round(self, at_most: int) -> None:
        for delivery in self.topic.pull(at_most):
            event = {
                "id": str(delivery.number),
                "body": base64.b64encode(delivery.content).decode(),
                "attributes": delivery.attributes,
                "publishTime": str(delivery.due),
            }
            try:
                self.faults.kill("EventSource", 0.01, delivery.story)
                await self.bus.publish(SUBJECT, json.dumps(event).encode(), timeout=SECONDS_TO_TAKE)
                self.faults.kill("EventSource", 0.01, delivery.story)
            except nats.errors.Error as fault:
                # A stream that is full refuses what is new rather than forget what is old.
                self.faults.counted["bus full" if isinstance(fault, APIError) else "bus away"] += 1
                self.topic.refuse(delivery)
            except Killed:
                return
            else:
                self.topic.acknowledge(delivery)


@dataclass
class Sensor:
    document: dict[str, Any]
    bus: JetStreamContext
    clock: Clock
    faults: Faults
    hosts: dict[str, str]
    """Where the URLs' hosts are to be found here."""
    gives_up: Callable[[str], None] = lambda workflow: None
    """Told of a good message that Argo would not take."""
    places: dict[str, JetStreamContext.PullSubscription] = field(default_factory=dict)
    programs: dict[str, Any] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)

    async def listen(self) -> None:
        """As the Sensor does when it begins: a place in the stream for each trigger, from now on."""
        for trigger in self.triggers:
            await self.place(trigger)

    @property
    def triggers(self) -> list[dict[str, Any]]:
        return self.document["spec"]["triggers"]

    async def place(self, trigger: dict[str, Any]) -> JetStreamContext.PullSubscription:
        config = ConsumerConfig(deliver_policy=DeliverPolicy.NEW, ack_wait=SECONDS_TO_ACKNOWLEDGE, max_ack_pending=2000)
        return await self.bus.pull_subscribe(SUBJECT, f"stories-{trigger['template']['name']}", config=config)

    async def round(self, at_most: int) -> None:
        """Each trigger for itself, until nothing comes; one that is killed leaves the rest to the next."""
        for trigger in self.triggers:
            name = trigger["template"]["name"]
            if name not in self.places:
                self.places[name] = await self.place(trigger)
            place = self.places[name]
            there = await place.consumer_info()
            if not there.num_pending and not there.num_ack_pending:
                continue
            try:
                messages = await place.fetch(at_most, timeout=0.05)
            except TimeoutError:
                continue
            try:
                for message in messages:
                    event = json.loads(message.data)
                    self.faults.kill("Sensor", 0.01, f"{name}/{event['id']}")
                    self.process(trigger, event)
                    self.faults.kill("Sensor", 0.01, f"{name}/{event['id']}")
                    await message.ack()
            except Killed:
                del self.places[name]

    def process(self, trigger: dict[str, Any], event: dict[str, Any]) -> None:
        wanted = trigger["template"]["conditions"]
        [dependency] = [one for one in self.document["spec"]["dependencies"] if one["name"] == wanted]
        seen = self.transformed(dependency["transform"]["jq"], event)
        if not all(passes(one, seen) for one in dependency["filters"]["data"]):
            return
        if not self.tried(trigger, seen) and "dlqTrigger" in trigger:
            self.gives_up(at(seen, "submitOptions.name"))
            self.tried(trigger["dlqTrigger"], seen)

    def transformed(self, program: str, event: dict[str, Any]) -> dict[str, Any]:
        compiled = self.programs.setdefault(program, jq.compile(program))
        return dict(compiled.input(event).first())

    def tried(self, trigger: dict[str, Any], event: dict[str, Any]) -> bool:
        retry = trigger["retryStrategy"]
        seconds = float(retry["duration"].removesuffix("s"))
        for _ in range(retry["steps"]):
            if self.call(trigger["template"]["http"], event) in trigger["policy"]["status"]["allow"]:
                return True
            self.clock.pass_by(seconds)
            seconds *= float(retry["factor"])
        self.faults.counted[f"trigger {trigger['template']['name']} given up"] += 1
        return False

    def call(self, http: dict[str, Any], event: dict[str, Any]) -> int:
        url = re.sub(r"^https?://[^/]+", lambda found: self.hosts[found[0]], http["url"])
        try:
            return self.session.post(url, data=json.dumps(payload(http["payload"], event)), timeout=5).status_code
        except requests.ConnectionError:
            return 0


def passes(rule: dict[str, Any], event: dict[str, Any]) -> bool:
    value = at(event, rule["path"])
    return isinstance(value, str) and any(re.search(pattern, value) for pattern in rule["value"])


def payload(parameters: list[dict[str, Any]], event: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for parameter in parameters:
        source = parameter["src"]
        value = at(event, source["dataKey"]) if "dataKey" in source else source["value"]
        # What is no single value stays one only where the document says so.
        body[parameter["dest"]] = value if isinstance(value, str) or source.get("useRawData") else json.dumps(value)
    return body


def at(event: dict[str, Any], path: str) -> Any:
    value: Any = event
    for key in path.split("."):
        value = value[key]
    return value


async def make_stream(bus: JetStreamContext, wanted: dict[str, Any], most: int) -> None:
    """As the controller makes it of the EventBus' `streamConfig`; one server of it, and room for `most` messages."""
    config = StreamConfig(
        name="default",
        subjects=["default.*.*"],
        retention=[RetentionPolicy.LIMITS, RetentionPolicy.INTEREST, RetentionPolicy.WORK_QUEUE][wanted["retention"]],
        discard=[DiscardPolicy.OLD, DiscardPolicy.NEW][wanted["discard"]],
        max_msgs=min(most, wanted["maxMsgs"]),
    )
    await bus.add_stream(config)


def stream_config(eventbus: dict[str, Any]) -> dict[str, Any]:
    return yaml.safe_load(eventbus["spec"]["jetstream"]["streamConfig"])


async def connected(url: str) -> Client:
    return await nats.connect(url, ping_interval=3600)
