"""Publishing, against the Pub/Sub emulator of the gcloud CLI where it is installed; and what a person is told when it fails."""

from concurrent.futures import Future

import pytest
from google.api_core import exceptions as api

from newsreel.errors import BadInput, Unavailable
from newsreel.submission.message import Message
from newsreel.submission.publisher import Publisher
from newsreel.submission.topics import DEAD, STORIES, SUBSCRIPTIONS, TOPICS, ensure, gcloud_lines, topic_path
from tests.cluster.pubsub_emulator import pull

MESSAGE = Message(story="gs://newsreel-stories/budget/r1.json", id="budget", revision=1)


def test_topics_and_subscriptions_are_created_once(clients):
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


def test_topics_that_cannot_be_made_now_are_no_defect(monkeypatch):
    from google.cloud.pubsub_v1 import SubscriberClient

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    away = Publisher.connect(topic_path("p", STORIES))
    monkeypatch.setattr(away.client, "create_topic", refusing(api.ServiceUnavailable("away")))
    with pytest.raises(Unavailable, match="projects/p/topics/stories: Pub/Sub does not answer"):
        ensure("p", away.client, SubscriberClient())
    monkeypatch.setattr(away.client, "create_topic", refusing(api.PermissionDenied("no")))
    with pytest.raises(BadInput, match="projects/p/topics/stories: Pub/Sub refuses it"):
        ensure("p", away.client, SubscriberClient())


def refusing(fault):
    def call(**_):
        raise fault

    return call


def test_a_missing_topic_is_reported(clients):
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
def test_a_permanent_error_is_reported_as_such(fault):
    with pytest.raises(BadInput, match=r"stories-dead: Pub/Sub refuses it"):
        Publisher(Failing(fault), topic_path("p", DEAD), 1).publish(MESSAGE)


def test_the_lines_for_a_persons_hands_make_the_same():
    lines = list(gcloud_lines("news"))
    assert [line for line in lines if "topics create" in line] == [
        f"gcloud pubsub topics create {topic} --project=news" for topic in TOPICS
    ]
    [argo] = [line for line in lines if "subscriptions create argo " in line]
    assert "--dead-letter-topic=stories-dead --max-delivery-attempts=100" in argo and "--enable-message-ordering" in argo
