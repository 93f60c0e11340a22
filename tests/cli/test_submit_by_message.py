"""`newsreel submit` by message, against Google's Pub/Sub emulator: what the newsroom publishes, and no cluster is asked."""

import sys
from functools import partial
from types import SimpleNamespace

import pytest

from cli import runs as waiting
from cluster.controllers.submitter.act import workflow_for
from newsreel.storage.address import Address, AllowList
from newsreel.submission.message import Message
from newsreel.submission.revision_store import Revision
from newsreel.submission.topics import STORIES, topic_path
from tests.cluster.pubsub_emulator import PROJECT, connected, pull

TOPIC = topic_path(PROJECT, STORIES)
NOBODY = "127.0.0.1:9"
"""Where nothing listens."""
NO_TOPIC = "is no topic; name one as projects/PROJECT/topics/stories, or say --direct (exit 2)\n"


@pytest.fixture
def subscriber(emulator, monkeypatch):
    """Who hears what is published; the topic is the shell's."""
    monkeypatch.setenv("PUBSUB_PROJECT_ID", PROJECT)
    with connected(emulator, TOPIC, monkeypatch) as (_, client):
        yield client


def test_story_is_announced_without_a_cluster(desk, saved, subscriber):
    said = desk.submit("--priority", "breaking", NEWSREEL_TOPIC=TOPIC, KUBECONFIG="/nowhere")
    assert said == (0, "budget-r1: announced; `newsreel status budget-r1` shows its progress\n", "")
    [message] = pull(subscriber, "argo")
    revision, story = Revision("budget", 1), Address.parse(f"{desk.environment['NEWSREEL_STORIES']}/budget/r1.json")
    assert Message.of(message.data, saved.storage.allowed) == saved.order(revision, story)
    assert (saved.order(revision, story).priority, message.ordering_key) == ("breaking", "budget")
    assert desk.server.names("workflows") == []


def test_the_same_story_twice_is_the_same_message_twice(desk, subscriber):
    for _ in range(2):
        assert desk.submit("--topic", TOPIC)[0] == 0
        [message] = pull(subscriber, "argo")
        assert b'"revision":1' in message.data


def test_direct_ignores_the_topic_of_the_environment(desk):
    status, said, _ = desk.submit("--direct", NEWSREEL_TOPIC=TOPIC, PUBSUB_EMULATOR_HOST=NOBODY)
    assert (status, said) == (0, "budget-r1: submitted; `newsreel status budget-r1` shows its progress\n")
    assert desk.server.names("workflows") == ["budget-r1"]


@pytest.fixture
def meanwhile(monkeypatch):
    """What happens between two looks of who waits, one thing after the other."""

    def happens(*things):
        left = iter(things)
        monkeypatch.setattr(waiting, "time", SimpleNamespace(sleep=lambda _: next(left)()))

    return happens


def submit_what_is_heard(desk, subscriber, phase):
    """As the Sensor does."""
    [heard] = pull(subscriber, "argo")
    made = workflow_for(
        Message.of(heard.data, AllowList(prefixes=(Address.parse(desk.bucket),))), desk.environment["NEWSREEL_FINALS"]
    )
    desk.server.put("workflows", made["metadata"]["name"], metadata=made["metadata"], spec=made["spec"], status={"phase": phase})


def test_waiting_begins_before_there_is_a_run(desk, subscriber, meanwhile):
    meanwhile(lambda: None, partial(submit_what_is_heard, desk, subscriber, "Succeeded"))
    status, said, told = desk.submit("--topic", TOPIC, "--wait")
    assert (status, said.splitlines()[-1]) == (0, f"{desk.bucket}/finals/budget/r1")
    assert told == "budget-r1: announced, not submitted yet\n"


def test_wait_ends_when_the_run_is_removed(desk, subscriber, meanwhile):
    meanwhile(partial(submit_what_is_heard, desk, subscriber, "Running"), desk.server.objects.clear)
    status, _, told = desk.submit("--topic", TOPIC, "--wait")
    assert (status, told.splitlines()[1:]) == (
        3,
        ["budget-r1: Running", "budget-r1: was removed from the cluster while it was waited for (exit 3)"],
    )


def test_missing_topic_is_reported_with_the_storys_state(desk, stored, subscriber):
    status, _, told = desk.submit("--topic", topic_path(PROJECT, "none"))
    assert (status, told.count("\n")) == (2, 1)
    assert told.startswith("projects/p/topics/none: Pub/Sub refuses it")
    assert "budget-r1 is saved, and the submitter submits it (exit 2)" in told
    assert "stories/budget/r1.order.json" in stored()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--topic", "stories"), f"stories: {NO_TOPIC}"),
        (("--topic", "projects/-/topics/stories"), f"projects/-/topics/stories: {NO_TOPIC}"),
        (("--topic", "projects/p/topics/goog-1"), f"projects/p/topics/goog-1: {NO_TOPIC}"),
        (
            ("--topic", TOPIC, "--to", "gs://elsewhere"),
            "--to: a message cannot say where a video goes; leave it out, or say --direct (exit 2)\n",
        ),
    ],
)
def test_options_a_message_cannot_carry_are_refused(desk, stored, options, told):
    assert desk.submit(*options) == (2, "", told)
    assert stored() == {}


def test_missing_package_is_named_before_saving(desk, stored, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.cloud.pubsub_v1", None)
    told = "Pub/Sub needs google-cloud-pubsub: pip install 'newsreel[messages]' (exit 4)\n"
    assert desk.submit("--topic", TOPIC) == (4, "", told)
    assert stored() == {}
