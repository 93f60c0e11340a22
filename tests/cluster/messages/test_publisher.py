"""Publishing, against the Pub/Sub emulator of the gcloud CLI where it is installed; and what a person is told when it fails."""

import shutil
import time
from concurrent.futures import Future
from pathlib import Path

import pytest
from google.api_core import exceptions as api

from cluster.messages.message import Message
from cluster.messages.publisher import Publisher
from cluster.messages.topics import DEAD, STORIES, SUBSCRIPTIONS, TOPICS, ensure, gcloud_lines, topic_path
from steps.errors import BadInput, Unavailable
from tests.chaos.parts import free_port, running

MESSAGE = Message(story="gs://newsreel-stories/budget/r1.json", id="budget", revision=1)
PROGRAM = "platform/pubsub-emulator/bin/cloud-pubsub-emulator"


def emulator_program():
    homes = [Path(found).resolve().parents[1] for found in [shutil.which("gcloud")] if found]
    homes.append(Path("/usr/lib/google-cloud-sdk"))
    return next((str(home / PROGRAM) for home in homes if (home / PROGRAM).exists() and shutil.which("java")), None)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    program = emulator_program()
    if program is None:
        pytest.skip("no Pub/Sub emulator here: gcloud components install pubsub-emulator")
    port = free_port()
    with running([program, "--host=127.0.0.1", f"--port={port}"], port, tmp_path_factory.mktemp("emulator")):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def clients(emulator, monkeypatch):
    from google.cloud.pubsub_v1 import SubscriberClient

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator)
    publisher, subscriber = Publisher.connect(topic_path("p", STORIES)), SubscriberClient()
    ensured(publisher, subscriber)
    yield publisher, subscriber
    subscriber.close()


def ensured(publisher, subscriber):
    for _ in range(600):
        try:
            return ensure("p", publisher.client, subscriber)
        except (api.ServiceUnavailable, api.RetryError):
            time.sleep(0.1)
    raise TimeoutError("the emulator does not answer")


def pull(subscriber, name):
    path = f"projects/p/subscriptions/{name}"
    received = []
    for _ in range(400):
        answer = subscriber.pull(subscription=path, max_messages=10, timeout=5, return_immediately=True)
        received += [one.message for one in answer.received_messages]
        if received:
            subscriber.acknowledge(subscription=path, ack_ids=[one.ack_id for one in answer.received_messages])
            return received
        time.sleep(0.05)
    return received


def test_topics_and_subscriptions_are_made_once_as_they_are_declared(clients):
    publisher, subscriber = clients
    assert ensure("p", publisher.client, subscriber) == []
    for one in SUBSCRIPTIONS:
        made = subscriber.get_subscription(subscription=f"projects/p/subscriptions/{one.name}")
        assert made.topic == topic_path("p", one.topic)
        assert made.enable_message_ordering == one.ordered
        assert made.dead_letter_policy.dead_letter_topic == (topic_path("p", one.dead_letters) if one.dead_letters else "")


def test_what_is_published_arrives_with_its_key_and_attributes(clients):
    publisher, subscriber = clients
    publisher.publish(MESSAGE)
    [message] = pull(subscriber, "argo")
    assert (message.data, message.ordering_key) == (MESSAGE.content(), "budget")
    assert dict(message.attributes) == {"id": "budget", "revision": "1"}


def test_a_topic_that_is_not_there_is_told(clients):
    publisher, _ = clients
    with pytest.raises(BadInput, match="projects/p/topics/none"):
        Publisher(publisher.client, topic_path("p", "none")).publish(MESSAGE)


class Failing:
    def __init__(self, *faults):
        self.faults, self.resumed = list(faults), []

    def publish(self, topic, content, ordering_key, timeout, **attributes):
        answer = Future()
        if self.faults:
            answer.set_exception(self.faults.pop(0))
        else:
            answer.set_result("1")
        return answer

    def resume_publish(self, topic, ordering_key):
        self.resumed.append(ordering_key)


@pytest.mark.parametrize(
    "fault", [api.ServiceUnavailable("x"), api.DeadlineExceeded("x"), api.RetryError("x", None), TimeoutError()]
)
def test_after_an_outage_the_same_story_can_be_published(fault):
    client = Failing(fault)
    publisher = Publisher(client, topic_path("p", STORIES), 1)
    with pytest.raises(Unavailable):
        publisher.publish(MESSAGE)
    assert client.resumed == ["budget"]
    assert publisher.publish(MESSAGE) == "1"


@pytest.mark.parametrize("fault", [api.PermissionDenied("x"), api.NotFound("x"), api.InvalidArgument("x")])
def test_what_will_never_work_is_told_as_such(fault):
    with pytest.raises(BadInput, match=r"stories-dead: Pub/Sub refuses it"):
        Publisher(Failing(fault), topic_path("p", DEAD), 1).publish(MESSAGE)


def test_the_lines_for_a_persons_hands_make_the_same():
    lines = list(gcloud_lines("news"))
    assert [line for line in lines if "topics create" in line] == [
        f"gcloud pubsub topics create {topic} --project=news" for topic in TOPICS
    ]
    [argo] = [line for line in lines if "subscriptions create argo " in line]
    assert "--dead-letter-topic=stories-dead --max-delivery-attempts=100" in argo and "--enable-message-ordering" in argo
