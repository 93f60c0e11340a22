"""The newsroom as its Deployment starts it, a process: a story is written over HTTP behind a proxy that signs people in, stored
in a Cloud Storage API, announced by the Pub/Sub emulator, and watched through a Workflow's status as Argo 4 writes it."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import requests
from google.cloud.pubsub_v1 import SubscriberClient
from writing import STORY, picture

from cluster.controllers.submitter.act import workflow_for
from cluster.manifests.newsroom import newsroom
from newsreel.config.model import Newsroom
from newsreel.config.names import NEWSROOM_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.submission.message import Message
from newsreel.submission.publisher import Publisher
from newsreel.submission.topics import STORIES, topic_path
from tests.cluster.api_server import serving
from tests.cluster.pubsub_emulator import PROJECT, emulating, ensured, pull
from tests.servers import free_port

pytestmark = pytest.mark.slow

CHOSEN = Newsroom(
    host="newsroom.example.org",
    topic=topic_path(PROJECT, STORIES),
    writers=("@example.org",),
    publishers=("anna@example.org",),
    proxy_namespace="sign-in",
)
SETTINGS = Settings()
OBJECTS = newsroom(SETTINGS, CHOSEN, "hibari")
SECRET = "a-secret-of-thirty-two-characters-or-more"  # noqa: S105
ANNA = {"host": CHOSEN.host, "x-newsroom-proxy": SECRET, "x-forwarded-email": "anna@example.org", "sec-fetch-site": "same-origin"}
BERT = ANNA | {"x-forwarded-email": "bert@example.org"}


@pytest.fixture
def cluster():
    with serving() as api:
        api.obey(OBJECTS)
        yield api


@pytest.fixture
def topic(tmp_path, monkeypatch):
    with emulating(tmp_path) as host:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", host)
        with SubscriberClient() as subscriber:
            ensured(Publisher.connect(CHOSEN.topic), subscriber)
            yield subscriber


@pytest.fixture
def room(cluster, topic, desk, storage_url, tmp_path):
    """Its address, once it is ready by its own probe."""
    [container] = next(one for one in OBJECTS if one["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"]
    port = free_port()
    instead = {str(container["ports"][0]["containerPort"]): str(port), "python": sys.executable}
    instead |= {SETTINGS.stories: str(desk.stories), SETTINGS.finals: str(desk.finals)}
    told = {one["name"]: one.get("value", SECRET) for one in container["env"]}
    told |= {
        "NEWSREEL_ADDRESSES": f"{desk.stories},{desk.finals}",
        "KUBECONFIG": str(cluster.kubeconfig(tmp_path, NEWSROOM_ACCOUNT)),
    }
    command = [instead.get(word, word) for word in (*container["command"], *container["args"])]
    environment = {**os.environ, **told, "STORAGE_EMULATOR_HOST": storage_url}
    ready = f"http://127.0.0.1:{port}{container['readinessProbe']['httpGet']['path']}"
    with (tmp_path / "said").open("wb") as said, subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process:
        try:
            assert answers(ready), (tmp_path / "said").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
    entries = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
    assert {entry["severity"] for entry in entries} == {"INFO"}, "nothing else went wrong"


def answers(address):
    for _ in range(600):
        try:
            if requests.get(address, timeout=5).status_code == 200:
                return True
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    return False


def written(room):
    """A story that may be sent off: its address and its tag."""
    begun = requests.post(f"{room}/stories", json=STORY, headers=BERT, timeout=20).json()
    here = f"{room}/stories/{begun['id']}"
    kind = {"content-type": "image/png"}
    added = requests.post(f"{here}/pictures", data=picture(), headers=BERT | kind, timeout=20).json()
    begun["document"]["scenes"][0]["picture"]["file"] = added["file"]
    saved = requests.put(here, json=begun["document"], headers=BERT | {"if-match": begun["etag"]}, timeout=20)
    return here, saved.json()["etag"]


def argo(api, message, phase, *steps, **more):
    """The Workflow that the Sensor submits for a message, with a status as Argo 4.0 writes it: its DAG, tries and pods."""
    made = api.objects.setdefault(("newsreel", "workflows", message.workflow), workflow_for(message, "gs://f"))
    made["metadata"]["creationTimestamp"] = "2026-11-22T12:00:00Z"
    nodes = {message.workflow: node(message.workflow, "story", "DAG", phase)}
    for number, (name, state, told) in enumerate(steps):
        retry, pod = f"{message.workflow}-{10 + number}", f"{message.workflow}-{50 + number}"
        nodes[retry] = node(name, name, "Retry", state, boundaryID=message.workflow, children=[pod])
        began = f"2026-11-22T12:00:{number:02d}Z"
        nodes[pod] = node(f"{name}(0)", name, "Pod", state, boundaryID=message.workflow, startedAt=began, **told)
    made["status"] = {"phase": phase, "startedAt": "2026-11-22T12:00:00Z", "nodes": nodes, "progress": "0/1", **more}


def node(name, template, kind, phase, **more):
    scoped = {"templateScope": "namespaced/story", "templateName": template, "phase": phase, "type": kind}
    return {"id": name, "name": name, "displayName": name, "startedAt": "2026-11-22T12:00:00Z"} | scoped | more


@contextmanager
def watched(here):
    """The events of a story as a browser's EventSource has them, one (name, data) after the other."""
    with requests.get(f"{here}/events", headers=BERT, stream=True, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")

        def events():
            name = ""
            for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                kind, _, value = line.partition(": ")
                if kind == "event":
                    name = value
                elif kind == "data":
                    yield name, json.loads(value)

        yield events()


DONE = {"finishedAt": "2026-11-22T12:00:09Z"}


def test_submitted_story_is_watched_until_its_video(room, cluster, topic, desk):
    here, tag = written(room)
    refused = requests.post(f"{here}/run", json={}, headers=BERT | {"if-match": tag}, timeout=20)
    assert refused.status_code == 403, "a writer does not publish"
    sent = requests.post(f"{here}/run", json={"priority": "breaking"}, headers=ANNA | {"if-match": tag}, timeout=20)
    assert (sent.status_code, sent.json()["state"]) == (202, "sent")
    [received] = pull(topic, "argo")
    message = Message.of(received.data, desk.storage.allowed)
    assert (message.workflow, message.priority) == (f"{message.id}-r1", "breaking")
    with watched(here) as events:
        assert next(events)[1]["state"] == "sent"
        argo(cluster, message, "Running", ("check", "Succeeded", DONE), ("pix2pixhd(0:0/1)", "Running", {"progress": "12/40"}))
        name, at = next(events)
        assert (name, at["state"], at["run"]["priority"]) == ("progress", "running", "breaking")
        steps = [(step["name"], step["state"], step["done"], step["total"], step["seconds"]) for step in at["run"]["steps"]]
        assert steps == [("check", "succeeded", 0, 0, 9.0), ("pix2pixhd", "running", 12, 40, 0.0)]
        assert 0 < at["run"]["progress"] < 1
        publish(desk, message)
        argo(cluster, message, "Succeeded", ("check", "Succeeded", DONE), ("publish", "Succeeded", DONE), **DONE)
        *_, (last, at), (over, _) = events
        assert (last, at["state"], over) == ("progress", "succeeded", "over")
        assert (at["run"]["progress"], at["video"]["revision"]) == (1.0, 1)
    video = requests.get(f"{here}/media/landscape.mp4", headers=BERT | {"range": "bytes=2-4"}, timeout=20)
    assert (video.status_code, video.content) == (206, b"deo")


def test_failed_and_cancelled_runs_reach_the_page(room, cluster, topic, desk):
    here, tag = written(room)
    assert requests.post(f"{here}/run", json={}, headers=ANNA | {"if-match": tag}, timeout=20).status_code == 202
    [received] = pull(topic, "argo")
    message = Message.of(received.data, desk.storage.allowed)
    why = "compose: the disk is full; free some (exit 5)"
    argo(cluster, message, "Failed", ("compose", "Failed", DONE | {"message": why}), **DONE)
    with watched(here) as events:
        [(_, at), (over, _)] = events
    assert (at["state"], at["run"]["message"], over) == ("failed", why, "over")
    tag = requests.get(here, headers=BERT, timeout=20).headers["etag"].strip('"')
    assert requests.post(f"{here}/run", json={}, headers=ANNA | {"if-match": tag}, timeout=20).json()["run"]["state"] == "queued"
    again = cluster.workflow(f"{message.workflow}-t2")
    assert again["spec"]["arguments"] == cluster.workflow(message.workflow)["spec"]["arguments"]
    assert requests.post(f"{here}/cancel", json={}, headers=ANNA, timeout=20).json()["state"] == "cancelled"
    assert cluster.workflow(f"{message.workflow}-t2")["spec"]["shutdown"] == "Terminate"


def publish(desk, message):
    """As `steps.publish` does."""
    home, render = desk.finals.child(f"{message.id}/r{message.revision}"), "0" * 16
    desk.storage.create(home.child(f"{render}/landscape.mp4"), b"video", "video/mp4")
    file = {"name": "landscape.mp4", "path": f"{render}/landscape.mp4", "size": 5, "content_type": "video/mp4"}
    digest = "0cab1c9617404faf2b24e221e189ca5945813e14d3f766345b09ca13bbe28ffc"
    origin = {"story_digest": "a", "software_digest": "b", "release": "0.1.0"}
    told = {"id": message.id, "revision": message.revision, "title": "T", "created": "2026-11-22T12:00:00Z", "origin": origin}
    content = json.dumps(told | {"files": [file | {"sha256": digest}]}).encode()
    desk.storage.create(home.child("manifest.json"), content, "application/json")
