"""The Pub/Sub emulator of the gcloud CLI, where it is installed, with our topics in it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from google.cloud.pubsub_v1 import SubscriberClient

from newsreel.errors import Unavailable
from newsreel.submission.publisher import Publisher
from newsreel.submission.topics import ensure
from tests.servers import free_port, running

PROGRAM = "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
PROJECT = "p"


@contextmanager
def emulating(folder: Path, port: int | None = None) -> Iterator[str]:
    """Its host and port, by default a free one, for PUBSUB_EMULATOR_HOST. What it leaves lying about is left in the folder."""
    program = emulator_program()
    if program is None:
        pytest.skip("no Pub/Sub emulator here: gcloud components install pubsub-emulator")
    port = port or free_port()
    with running([program, "--host=127.0.0.1", f"--port={port}"], port, folder):
        yield f"127.0.0.1:{port}"


@contextmanager
def connected(host: str, topic: str, patch: pytest.MonkeyPatch) -> Iterator[tuple[Publisher, SubscriberClient]]:
    """Who publishes to the topic and who hears, once all that is declared is there; the variable is `patch`'s to take back."""
    patch.setenv("PUBSUB_EMULATOR_HOST", host)
    publisher, subscriber = Publisher.connect(topic), SubscriberClient()
    ensured(publisher, subscriber)
    yield publisher, subscriber
    subscriber.close()


def emulator_program() -> str | None:
    homes = [Path(found).resolve().parents[1] for found in [shutil.which("gcloud")] if found]
    homes.append(Path("/usr/lib/google-cloud-sdk"))
    return next((str(home / PROGRAM) for home in homes if (home / PROGRAM).exists() and shutil.which("java")), None)


def ensured(publisher: Publisher, subscriber: SubscriberClient) -> list[str]:
    for _ in range(600):
        try:
            return ensure(PROJECT, publisher.client, subscriber)
        except Unavailable:
            time.sleep(0.1)
    raise TimeoutError("the emulator does not answer")


def pull(subscriber: SubscriberClient, name: str) -> list:
    path = f"projects/{PROJECT}/subscriptions/{name}"
    received = []
    for _ in range(400):
        answer = subscriber.pull(subscription=path, max_messages=10, timeout=5, return_immediately=True)
        received += [one.message for one in answer.received_messages]
        if received:
            subscriber.acknowledge(subscription=path, ack_ids=[one.ack_id for one in answer.received_messages])
            return received
        time.sleep(0.05)
    return received
