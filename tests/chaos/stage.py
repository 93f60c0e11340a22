"""The services around the killed programs: Cloud Storage's API, Pub/Sub's emulator, JetStream, a fake Argo."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from google.cloud.pubsub_v1 import SubscriberClient
from google.protobuf.field_mask_pb2 import FieldMask

from cluster.manifests.controllers import DEAD_LETTER_URL
from newsreel.config.model import Events
from newsreel.storage.address import Address
from newsreel.submission.publisher import Publisher
from newsreel.submission.revision_store import RevisionStore
from newsreel.submission.topics import PULLED, STORIES, topic_path
from tests.chaos.argo import Argo
from tests.chaos.campaign import FINALS, ROOM_ON_THE_BUS, emitted
from tests.chaos.campaign import STORIES as SAVED
from tests.chaos.editors import SECRET
from tests.chaos.ends import Receiver, Reports, notices_to
from tests.chaos.faults import Clock, Faults
from tests.chaos.parts import jetstream_program, storage_with
from tests.chaos.programs import Pods, pods
from tests.chaos.relay import EVENTSOURCE, SENSOR, Relay
from tests.chaos.studio import Studio
from tests.chaos.trigger import connected, make_stream, stream_config
from tests.cluster.api_server import kubeconfig
from tests.cluster.pubsub_emulator import PROJECT, emulating, ensured
from tests.servers import cloud_storage, free_port

__all__ = ["BUS", "NEWSROOM", "PROGRAMS", "THE_TRIGGERS", "WITNESS", "Stage", "stage"]

NEWSROOM = "newsroom"
BUS = "bus"
THE_TRIGGERS = (EVENTSOURCE, SENSOR)
PROGRAMS = ("watch-1", "watch-2", "letters", *THE_TRIGGERS)
"""Those beside it."""
MINUTE = timedelta(seconds=0.4)
SECONDS_A_TICK = 0.5
PACE = 1 / 200
SECONDS_TO_ACKNOWLEDGE = 10
"""The least that Pub/Sub knows: after it comes again what a killed EventSource had pulled."""
SECONDS_TO_COME_AGAIN = (1, 5)
"""After the first refusal, and after many."""
WITNESS = "witness"
"""A subscription beside the trigger's: every message that was published, whatever has become of it."""
PATIENCE = ("--every", "0.3", "--patience", "3")


@dataclass
class Stage:
    storage_url: str
    newsroom_url: str
    desk: RevisionStore
    argo: Argo
    studio: Studio
    pods: Pods
    publisher: Publisher
    """Of the topic that the newsroom publishes to: what comes twice, and what is not ours."""
    subscriber: SubscriberClient
    over: threading.Event = field(default_factory=threading.Event)

    def tick(self) -> None:
        """Argo's time goes by."""
        while not self.over.wait(SECONDS_A_TICK):
            self.argo.clock.now = datetime.now(UTC)
            self.argo.pass_by()


@contextmanager
def stage(faults: Faults, folder: Path) -> Iterator[Stage]:
    """All of it, until the block ends; no faults but Argo's are thrown here."""
    with (
        emulating(folder) as pubsub,
        cloud_storage("newsreel-stories", "newsreel-finals") as storage_url,
        patch.dict(os.environ, {"STORAGE_EMULATOR_HOST": storage_url, "PUBSUB_EMULATOR_HOST": pubsub}),
    ):
        calm = Faults(0, often=0)
        desk = RevisionStore(storage_with(calm, [SAVED, FINALS]), Address.parse(SAVED), Address.parse(FINALS))
        studio = Studio(desk, calm, Reports(desk, calm, notices_to(Receiver(calm))))
        argo = Argo(Clock(datetime.now(UTC)), faults, studio.work, minute=MINUTE)
        server = argo.serve()
        argo_url = f"http://127.0.0.1:{server.server_port}"
        publisher, subscriber = Publisher.connect(topic_path(PROJECT, STORIES)), SubscriberClient()
        ensured(publisher, subscriber)
        hurry(subscriber)
        listen(subscriber)
        ports = {name: free_port() for name in (NEWSROOM, BUS, *PROGRAMS)}
        with pods(folder, environment(argo_url, folder)) as running:
            told = relay_over(begin_bus(running, ports[BUS], folder), argo_url, ports, folder)
            begin(running, ports, told)
            here = Stage(storage_url, f"http://127.0.0.1:{ports[NEWSROOM]}", desk, argo, studio, running, publisher, subscriber)
            ticking = threading.Thread(target=here.tick)
            ticking.start()
            try:
                yield here
            finally:
                here.over.set()
                ticking.join()
        subscriber.close()
        server.shutdown()
        server.server_close()


def hurry(subscriber: SubscriberClient) -> None:
    shortest, longest = map(timedelta, (0, 0), SECONDS_TO_COME_AGAIN)
    wanted = {
        "name": f"projects/{PROJECT}/subscriptions/{PULLED}",
        "ack_deadline_seconds": SECONDS_TO_ACKNOWLEDGE,
        "retry_policy": {"minimum_backoff": shortest, "maximum_backoff": longest},
    }
    mask = FieldMask(paths=["ack_deadline_seconds", "retry_policy"])
    subscriber.update_subscription(request={"subscription": wanted, "update_mask": mask})


def listen(subscriber: SubscriberClient) -> None:
    wanted = {"name": f"projects/{PROJECT}/subscriptions/{WITNESS}", "topic": topic_path(PROJECT, STORIES)}
    subscriber.create_subscription(request=wanted)


def begin_bus(running: Pods, port: int, folder: Path) -> str:
    """A NATS server that keeps on disk what it has said it has; its address."""
    health = free_port()
    running.begin(BUS, f"http://127.0.0.1:{health}/healthz", *jetstream_program(port, folder / BUS), "-m", str(health))
    running.await_ready(BUS)
    return f"nats://127.0.0.1:{port}"


def relay_over(bus_url: str, argo_url: str, ports: Mapping[str, int], folder: Path) -> Path:
    """The bus as the controller makes it, and what the relay is told, in a file."""
    eventbus, sensor = emitted()

    async def prepare() -> None:
        connection = await connected(bus_url)
        await make_stream(connection.jetstream(), stream_config(eventbus), ROOM_ON_THE_BUS)
        await connection.close()

    asyncio.run(prepare())
    told = Relay(
        subscription=f"projects/{PROJECT}/subscriptions/{PULLED}",
        bus=bus_url,
        sensor=sensor,
        hosts={Events().argo_server: argo_url, DEAD_LETTER_URL: f"http://127.0.0.1:{ports['letters']}"},
        ports={name: ports[name] for name in THE_TRIGGERS},
        pace=PACE,
    )
    path = folder / "relay.json"
    path.write_text(told.model_dump_json())
    return path


def environment(argo_url: str, folder: Path) -> dict[str, str]:
    """As the pods have it."""
    return {
        **os.environ,
        "KUBECONFIG": str(kubeconfig(argo_url, folder, "chaos")),
        "NEWSREEL_ADDRESSES": f"{SAVED},{FINALS}",
        "NEWSROOM_SIGN_IN": "proxy",
        "NEWSROOM_PROXY_SECRET": SECRET,
        "NEWSROOM_PUBLISHERS": "@example.org",
        "PYTHONUNBUFFERED": "1",
    }


def begin(running: Pods, ports: Mapping[str, int], told: Path) -> None:
    buckets = ("--stories", SAVED, "--finals", FINALS)
    here = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    topic = ("--topic", topic_path(PROJECT, STORIES), "--hosts", here[NEWSROOM])
    port = {name: str(port) for name, port in ports.items()}
    ready = {name: f"http://{where}/{'healthz' if name == NEWSROOM else 'ready'}" for name, where in here.items()}

    def python(name: str, *words: str) -> None:
        running.begin(name, ready[name], sys.executable, "-m", *words)

    python(NEWSROOM, "cluster.newsroom", "--port", port[NEWSROOM], *buckets, *topic)
    python("letters", "cluster.controllers.submitter", "dead-letters", "--project", PROJECT, "--port", port["letters"])
    python(SENSOR, "tests.chaos.relay", str(told), SENSOR)
    # As `newsreel apply` does it: what nobody has a place for in the stream is not kept there.
    running.await_ready(SENSOR)
    python(EVENTSOURCE, "tests.chaos.relay", str(told), EVENTSOURCE)
    for name in ("watch-1", "watch-2"):
        python(name, "cluster.controllers.submitter", "watch", *buckets, *PATIENCE, "--health-port", port[name])
