"""From the newsroom to Argo, each part a real one but Argo itself: whatever breaks on the way, what was sent off is made once."""

import json
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from google.cloud.pubsub_v1 import SubscriberClient
from kubernetes import client
from prometheus_client import CollectorRegistry
from writing import BROWSER, HOST, STORY, picture

from cluster.controllers.submitter.controller import Metrics, SubmitterController
from cluster.controllers.submitter.policy import PATIENCE
from cluster.newsroom.app import application
from cluster.newsroom.identity import SingleUser
from cluster.newsroom.kubernetes_runs import KubernetesRuns
from cluster.newsroom.media import Media
from cluster.newsroom.stories import Repository
from cluster.newsroom.telemetry import Audit
from cluster.newsroom.wiring import Newsroom
from newsreel.argo.client import Cluster
from newsreel.submission.message import Message
from newsreel.submission.publisher import Publisher
from newsreel.submission.topics import STORIES, topic_path
from tests.chaos.argo import Argo, Workflow
from tests.chaos.faults import Clock, Faults
from tests.cluster.controllers.rounds import run_round
from tests.cluster.pubsub_emulator import emulating, ensured, pull

pytestmark = pytest.mark.slow

NOBODY = "127.0.0.1:9"
"""The discard port: nothing listens there."""
SECONDS = 1


@pytest.fixture
def argo():
    return Argo(Clock(), Faults(0, often=0), lambda workflow: "Succeeded")


@pytest.fixture
def cluster(argo):
    server = argo.serve()
    configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_address[1]}")
    configuration.retries = False
    yield client.ApiClient(configuration)
    server.shutdown()
    server.server_close()


@pytest.fixture
def newsroom(desk, cluster, tmp_path, monkeypatch):
    """As `wiring.cluster_newsroom` makes it, its messages for the host that is given."""

    def opened(host):
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", host)
        publisher = Publisher.connect(topic_path("p", STORIES), SECONDS)
        room = Newsroom(
            repository=Repository(desk.stories, desk.storage),
            runs=KubernetesRuns(Cluster(cluster, "newsreel"), publisher.publish, desk),
            media=Media(desk.finals, desk.storage, tmp_path / "cache"),
            audit=Audit(desk.stories.child("_audit"), desk.storage),
            identity=SingleUser(),
            hosts=frozenset({HOST}),
        )
        return TestClient(application(room), base_url=f"http://{HOST}", headers=BROWSER), publisher

    return opened


def sent_off(browser, priority):
    story = browser.post("/stories", json=STORY).json()
    here = f"/stories/{story['id']}"
    added = browser.post(f"{here}/pictures", content=picture(), headers={"content-type": "image/png"}).json()
    story["document"]["scenes"][0]["picture"]["file"] = added["file"]
    story = browser.put(here, json=story["document"], headers={"if-match": story["etag"]}).json()
    return browser.post(f"{here}/run", json={"priority": priority}, headers={"if-match": story["etag"]})


def test_submitter_makes_what_pubsub_did_not_take(newsroom, desk, argo, cluster):
    browser, _ = newsroom(NOBODY)
    answer = sent_off(browser, "breaking")
    assert (answer.status_code, answer.json()["state"]) == (202, "sent")
    again = {"if-match": answer.json()["etag"]}
    assert browser.post(f"/stories/{answer.json()['id']}/run", json={}, headers=again).status_code == 503, "nobody hears it still"
    assert argo.workflows == {}
    rounds = SubmitterController(api=cluster, namespace="newsreel", store=desk, metrics=Metrics(CollectorRegistry()))
    assert run_round(rounds, argo.clock.now)
    argo.clock.now += PATIENCE + timedelta(seconds=1)
    assert run_round(rounds, argo.clock.now)
    [workflow] = argo.workflows.values()
    identifier = answer.json()["id"]
    assert (workflow.name, workflow.priority) == (f"{identifier}-r1", 1000)
    assert workflow.parameters["priority"] == "breaking"
    assert workflow.parameters["story"] == str(desk.stories.child(f"{identifier}/r1.json"))


def test_the_saved_order_equals_the_pubsub_message(newsroom, desk, tmp_path):
    with emulating(tmp_path) as host:
        browser, publisher = newsroom(host)
        subscriber = SubscriberClient()
        ensured(publisher, subscriber)
        identifier = sent_off(browser, "breaking").json()["id"]
        [message] = pull(subscriber, "argo")
        subscriber.close()
    said = Message.of(message.data, desk.storage.allowed)
    [(revision, story)] = desk.saved().items()
    assert said == desk.order(revision, story) == Message(story=str(story), id=identifier, revision=1, priority="breaking")


def test_failure_outlives_its_deleted_workflow(newsroom, desk, argo, cluster, tmp_path):
    browser, _ = newsroom(NOBODY)
    sent = sent_off(browser, "normal").json()
    here = f"/stories/{sent['id']}"
    argo.create(Workflow(f"{sent['id']}-r1", {"app.kubernetes.io/part-of": "newsreel"}, {}, 0, phase="Failed"))
    rounds = SubmitterController(api=cluster, namespace="newsreel", store=desk, metrics=Metrics(CollectorRegistry()))
    assert run_round(rounds, argo.clock.now)
    argo.workflows.clear()
    at = browser.get(here).json()
    assert (at["state"], "ended as Failed" in at["run"]["message"]) == ("failed", True)
    with emulating(tmp_path) as host:
        again, publisher = newsroom(host)
        subscriber = SubscriberClient()
        ensured(publisher, subscriber)
        assert again.post(f"{here}/run", json={}, headers={"if-match": sent["etag"]}).status_code == 202
        assert len(pull(subscriber, "argo")) == 1
        subscriber.close()


def test_resubmitted_revision_is_one_workflow(newsroom, desk, argo, cluster):
    browser, _ = newsroom(NOBODY)
    sent = sent_off(browser, "normal").json()
    again = {"url": f"/stories/{sent['id']}/run", "headers": {"if-match": sent["etag"]}}
    assert browser.post(**again, json={"priority": "normal"}).status_code == 503, "kept, and still nobody could be told"
    refused = browser.post(**again, json={"priority": "breaking"})
    assert (refused.status_code, "submitted as normal" in refused.json()["detail"]) == (409, True)
    assert browser.post(**again, json={}).status_code == 503, "who says nothing of it leaves it as it is"
    assert [desk.order(*one).priority for one in desk.saved().items()] == ["normal"]


def test_audit_is_an_object_for_each_change(newsroom, desk):
    browser, _ = newsroom(NOBODY)
    identifier = sent_off(browser, "breaking").json()["id"]
    home = desk.stories.child("_audit")
    names = desk.storage.names(home)
    entries = [json.loads(desk.storage.read(home.child(name), at_most=4000)) for name in names]
    entries.sort(key=lambda entry: entry["time"])
    assert [entry["what"] for entry in entries] == ["begin", "add picture", "save", "send off"]
    assert {(entry["who"], entry["story"]) for entry in entries} == {("you@this.machine", identifier)}
    assert (entries[-1]["revision"], entries[-1]["priority"]) == (1, "breaking")
    for entry in entries:
        assert any(name.startswith(f"{datetime.fromisoformat(entry['time']):%Y/%m/%d/%H%M%S}") for name in names)
