"""Runs on a cluster: by message first, by name afterwards, shown as Argo has them."""

from http import HTTPStatus

import pytest
from kubernetes import client

from cluster.newsroom.kubernetes_runs import KubernetesRuns, run_from
from newsreel.argo.client import Cluster
from newsreel.errors import BadInput, Unavailable
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.submission.message import Message
from newsreel.submission.revision_store import RevisionStore

STORIES, FINALS = Address.parse("gs://newsreel-stories"), Address.parse("gs://newsreel-finals")


class Bare(RevisionStore):
    """A desk on which nothing lies."""

    def failure(self, revision):
        return None


DESK = Bare(Storage(AllowList(prefixes=(STORIES, FINALS))), STORIES, FINALS)


def pod(name, phase, template=None, began="2026-05-01T10:00:00Z", **more):
    one = {
        "displayName": name,
        "type": "Pod",
        "templateName": template or name.partition("(")[0],
        "phase": phase,
        "startedAt": began,
    }
    return one | more


def workflow(name="budget-r1", phase="Running", *pods, labels=None, message=""):
    return {
        "metadata": {"name": name, "creationTimestamp": "2026-05-01T09:59:00Z", "labels": labels or {}},
        "spec": {
            "workflowTemplateRef": {"name": "story"},
            "arguments": {"parameters": [{"name": "story", "value": "gs://a/b.json"}]},
        },
        "status": {"phase": phase, "message": message, "nodes": {str(number): one for number, one in enumerate(pods)}},
    }


class Workflows:
    """The API server's workflows, as far as the newsroom asks for them."""

    def __init__(self, *workflows):
        self.workflows = {one["metadata"]["name"]: one for one in workflows}
        self.published, self.created, self.patched = [], [], []
        self.status = None

    def get_namespaced_custom_object(self, group, version, namespace, plural, name, **_):
        if self.status:
            raise client.ApiException(status=self.status)
        if name not in self.workflows:
            raise client.ApiException(status=HTTPStatus.NOT_FOUND)
        return self.workflows[name]

    def create_namespaced_custom_object(self, group, version, namespace, plural, body, **_):
        if body["metadata"]["name"] in self.workflows:
            raise client.ApiException(status=HTTPStatus.CONFLICT)
        self.created.append(body)

    def patch_namespaced_custom_object(self, group, version, namespace, plural, name, change, **_):
        self.patched.append((name, change))


@pytest.fixture
def of(monkeypatch):
    def runs(*workflows):
        cluster = Workflows(*workflows)
        monkeypatch.setattr(client, "CustomObjectsApi", lambda api: cluster)
        return KubernetesRuns(Cluster(None, "newsreel"), cluster.published.append, DESK), cluster

    return runs


def test_revision_is_announced_by_a_valid_message(of):
    runs, cluster = of()
    runs.submit("budget", 3, "breaking")
    [message] = cluster.published
    assert message == Message(story="gs://newsreel-stories/budget/r3.json", id="budget", revision=3, priority="breaking")
    assert message.workflow == "budget-r3"


@pytest.mark.parametrize(("status", "kind"), [(HTTPStatus.SERVICE_UNAVAILABLE, Unavailable), (HTTPStatus.FORBIDDEN, BadInput)])
def test_story_is_announced_while_cluster_is_down(of, status, kind):
    runs, cluster = of()
    cluster.status = status
    with pytest.raises(kind):
        runs.submit("budget", 3, "breaking")
    [message] = cluster.published
    assert (message.workflow, message.priority) == ("budget-r3", "breaking")


@pytest.mark.parametrize("phase", ["", "Pending", "Running", "Succeeded"])
def test_what_is_under_way_or_done_is_left_alone(of, phase):
    runs, cluster = of(workflow("budget-r1", phase))
    runs.submit("budget", 1, "normal")
    assert (cluster.published, cluster.created) == ([], [])


def test_failed_run_is_retried_under_the_next_name(of):
    runs, cluster = of(workflow("budget-r1", "Failed"), workflow("budget-r1-t2", "Error"))
    runs.submit("budget", 1, "normal")
    [created] = cluster.created
    assert created["metadata"]["name"] == "budget-r1-t3"
    assert created["spec"]["arguments"]["parameters"][0]["value"] == "gs://a/b.json"
    assert cluster.published == []


def test_newest_run_is_shown_and_cancelled(of):
    runs, cluster = of(workflow("budget-r1", "Failed"), workflow("budget-r1-t2", "Running"))
    assert runs.status("budget", 1).state == "running"
    runs.cancel("budget", 1)
    [(name, change)] = cluster.patched
    assert (name, change["spec"]) == ("budget-r1-t2", {"shutdown": "Terminate"})
    assert runs.status("budget", 2) is None


def test_run_without_workflow_cannot_be_cancelled_yet(of):
    runs, cluster = of()
    with pytest.raises(Unavailable, match="cancel it in a moment"):
        runs.cancel("budget", 1)
    assert cluster.patched == []


def test_how_urgent_a_run_is_says_its_workflow(of):
    runs, _ = of(workflow("budget-r1", "Running", labels={"newsreel/priority": "breaking"}), workflow("budget-r2", "Running"))
    assert (runs.status("budget", 1).priority, runs.status("budget", 2).priority) == ("breaking", "normal")


def test_unavailable_and_forbidden_cluster_differ(of):
    runs, cluster = of()
    for status, kind in ((HTTPStatus.SERVICE_UNAVAILABLE, Unavailable), (HTTPStatus.FORBIDDEN, BadInput)):
        cluster.status = status
        with pytest.raises(kind):
            runs.status("budget", 1)


def test_pods_are_steps_in_order_with_newest_try():
    run = run_from(
        workflow(
            "budget-r1",
            "Running",
            pod("compose(0)", "Pending", began="2026-05-01T10:09:00Z"),
            pod("check(0)", "Succeeded", finishedAt="2026-05-01T10:00:06Z"),
            pod("anchor", "Running", began="2026-05-01T10:01:00Z"),
            pod("pix2pixhd(0:0/2)(0)", "Failed", began="2026-05-01T10:02:00Z", message="OOMKilled"),
            pod("pix2pixhd(0:0/2)(1)", "Running", began="2026-05-01T10:03:00Z", progress="40/100"),
            pod("pix2pixhd(1:1/2)(0)", "Running", began="2026-05-01T10:03:01Z", progress="nonsense"),
        ),
        "budget",
        1,
    )
    assert [(step.name, step.state, step.done, step.total, step.seconds) for step in run.steps] == [
        ("check", "succeeded", 0, 0, 6.0),
        ("pix2pixhd 1/2", "running", 40, 100, 0.0),
        ("pix2pixhd 2/2", "running", 0, 0, 0.0),
        ("compose", "waiting", 0, 0, 0.0),
    ]


def test_a_failure_shows_the_failed_steps_message():
    failed = workflow(
        "budget-r1", "Failed", pod("compose(0)", "Failed", finishedAt="2026-05-01T10:01:00Z", message="the disk is full")
    )
    assert run_from(failed, "budget", 1).message == "compose: the disk is full"
    cancelled = workflow("budget-r1", "Failed", labels={"newsreel/cancelled": "true"})
    assert run_from(cancelled, "budget", 1).state == "cancelled"
