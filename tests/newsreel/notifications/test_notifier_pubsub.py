"""Final notifications to a topic of Google's Pub/Sub emulator, where it is installed."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from google.cloud.pubsub_v1 import SubscriberClient

from newsreel.errors import BadInput, Unavailable
from newsreel.notifications.notifier import RETRY_PAUSES, Notification, Notifier
from newsreel.submission.publisher import Publisher
from newsreel.submission.topics import DONE, topic_path
from steps.__main__ import main
from tests.cluster.pubsub_emulator import PROJECT, connected, emulating, ensured, pull
from tests.servers import free_port

pytestmark = pytest.mark.slow

TOPIC = topic_path(PROJECT, DONE)
KEPT = f"{DONE}-kept"
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
NOTICE = Notification(
    run="uid-1", story="gs://newsreel-stories/budget/r1.json", status="Succeeded", video="gs://f/budget/r1/x.mp4"
)


@pytest.fixture
def subscriber(emulator, monkeypatch):
    with connected(emulator, TOPIC, monkeypatch) as (_, client):
        yield client


def told(subscriber):
    return [(json.loads(message.data), dict(message.attributes)) for message in pull(subscriber, KEPT)]


def test_a_subscription_gets_the_documented_fields(subscriber):
    assert list(Notifier(topic=TOPIC, now=lambda: NOW).send(NOTICE)) == []
    [(content, attributes)] = told(subscriber)
    assert content == {
        "id": "budget-r1-Succeeded",
        "type": "story.done",
        "timestamp": "2026-05-03T12:00:00+00:00",
        "data": {"run": "uid-1", "story": NOTICE.story, "status": "Succeeded", "video": NOTICE.video, "why": None},
    }
    assert attributes == {"id": "budget-r1-Succeeded", "run": "uid-1", "status": "Succeeded"}


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Error"])
def test_each_final_status_is_one_message(newsroom, subscriber, monkeypatch, status):
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{newsroom.folder}")
    monkeypatch.setenv("NEWSREEL_DONE_TOPIC", TOPIC)
    newsroom.publish(newsroom.finished_workspace())
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--run", "uid-2", "--status", status]
    assert main(ended) == 0
    [(content, attributes)] = told(subscriber)
    video = f"{newsroom.finals}/budget/landscape.mp4" if status == "Succeeded" else None
    assert content["type"] == ("story.done" if video else "story.failed")
    assert (content["data"]["run"], content["data"]["story"], content["data"]["video"]) == ("uid-2", newsroom.story, video)
    assert attributes["id"] == content["id"] == f"uid-2-{status}"


def test_publishing_is_retried_until_the_service_is_up(tmp_path, monkeypatch):
    port, waited = free_port(), []
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    with ExitStack() as later, SubscriberClient() as subscriber:

        def pause(seconds):
            waited.append(seconds)
            if len(waited) == 3:
                later.enter_context(emulating(tmp_path, port))
                ensured(Publisher.connect(TOPIC), subscriber)

        assert list(Notifier(topic=TOPIC, sleep=pause).send(NOTICE)) == []
        assert tuple(waited) == RETRY_PAUSES[:3]
        assert len(told(subscriber)) == 1


def test_a_service_that_stays_down_is_unavailable(monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    [fault] = Notifier(topic=TOPIC, sleep=lambda _: None).send(NOTICE)
    assert isinstance(fault, Unavailable) and fault.exit_status == 75
    assert str(fault) == f"notification to 127.0.0.1: it does not answer (NewConnectionError), {len(RETRY_PAUSES)} times"


def test_a_missing_topic_is_refused_at_once(subscriber):
    [fault] = Notifier(topic=topic_path(PROJECT, "none")).send(NOTICE)
    assert isinstance(fault, BadInput) and "127.0.0.1: it answers 404" in str(fault)
