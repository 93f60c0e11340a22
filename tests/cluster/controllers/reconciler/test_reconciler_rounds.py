"""Rounds of the reconciler against an API server that enforces its role."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from kubernetes import client

from cluster.controllers.loop import JsonLog
from cluster.controllers.reconciler.controller import ReconcilerController
from cluster.controllers.reconciler.policy import MAX_RUNS
from cluster.manifests.emit import installation
from newsreel.config.settings import Settings
from tests.cluster.api_server import serving
from tests.cluster.controllers.rounds import run_round
from tests.servers import free_port

ACCOUNTS = installation(Settings())["10-accounts.yaml"]
ME = "newsreel-reconciler"
OURS = {"app.kubernetes.io/part-of": "newsreel"}
SPEC = {"workflowTemplateRef": {"name": "story"}, "arguments": {"parameters": [{"name": "story", "value": "gs://b/x.json#7"}]}}


@pytest.fixture
def server():
    with serving() as server:
        server.obey(ACCOUNTS)
        yield server


@pytest.fixture
def api(server):
    configuration = client.Configuration(host=f"http://127.0.0.1:{server.port}")
    configuration.api_key = {"authorization": f"Bearer {ME}"}
    configuration.retries = 0
    return client.ApiClient(configuration)


def reconcile(api, dry_run=False):
    controller = ReconcilerController(api=api, namespace="newsreel", log=JsonLog(dry_run=dry_run), dry_run=dry_run)
    return run_round(controller)


def ago(seconds):
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def add_node(server, name, heard):
    server.put("nodes", name, namespace="")
    server.put("leases", name, namespace="kube-node-lease", spec={"renewTime": ago(heard)})


def add_story(server, name="budget-r1", node="gpu-1", labels=None, spec=None, notes=None, began=60):
    anchor = {"templateName": "anchor", "hostNodeName": node, "startedAt": "2026-05-03T12:00:00Z", "type": "Pod"}
    return server.put(
        "workflows",
        name,
        metadata={
            "labels": {**OURS, "newsreel/story": "budget", **(labels or {})},
            "annotations": {"workflows.argoproj.io/title": "The budget", "kubectl.kubernetes.io/x": "y", **(notes or {})},
            "creationTimestamp": ago(began)[:19] + "Z",
        },
        spec={**SPEC, **(spec or {})},
        status={"phase": "Running", "nodes": {"a": anchor} if node else {}},
    )


def told(capsys):
    return [(line["action"], line["workflow"]) for line in map(json.loads, capsys.readouterr().out.splitlines())]


def test_a_lost_nodes_story_is_submitted_again_then_terminated(server, api, capsys):
    add_node(server, "gpu-1", heard=40)
    add_story(server)
    assert reconcile(api)
    successor = server.workflow("budget-r1-t2")
    assert successor["spec"] == SPEC
    assert successor["metadata"]["labels"] == {
        **OURS, "newsreel/story": "budget", "newsreel/run": "2", "newsreel/origin": "budget-r1",
    }  # fmt: skip
    assert successor["metadata"]["annotations"] == {"workflows.argoproj.io/title": "The budget"}
    assert server.workflow("budget-r1")["spec"]["shutdown"] == "Terminate"
    assert told(capsys) == [("succeed", "budget-r1"), ("terminate", "budget-r1")]


def test_each_log_line_names_story_and_revision(server, api, capsys):
    add_story(server, "by-hand", labels={"newsreel/revision": "7"})
    lost = {"nodeName": "gpu-2", "containers": [{"name": "main"}]}
    for name in ("library-r2", "library-r12-t2", "no-story"):
        pod = {"labels": {"workflows.argoproj.io/workflow": name}}
        server.put("pods", name, metadata=pod, spec=lost, status={"phase": "Running"})
    shunned = {"taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}]}
    server.put("nodes", "gpu-2", namespace="", spec=shunned)
    server.put("leases", "gpu-2", namespace="kube-node-lease", spec={"renewTime": ago(90)})
    assert reconcile(api)
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    assert {(line["action"], line["workflow"], line.get("story"), line.get("revision")) for line in lines} == {
        ("succeed", "by-hand", "budget", 7),
        ("terminate", "by-hand", "budget", 7),
        ("collect", "library-r2", "library", 2),
        ("collect", "library-r12-t2", "library", 12),
        ("collect", "no-story", None, None),
    }


def test_running_and_waiting_stories_are_left_alone(server, api, capsys):
    add_node(server, "gpu-1", heard=3)
    add_story(server)
    add_story(server, "library-r1", node=None)
    before = json.dumps(list(server.objects.values()))
    assert reconcile(api)
    assert json.dumps(list(server.objects.values())) == before
    assert told(capsys) == []


def test_a_second_round_deletes_pods_and_submits_nothing(server, api):
    add_story(server)
    pod = {"labels": {"workflows.argoproj.io/workflow": "budget-r1"}}
    for name, phase in (("one", "Running"), ("two", "Succeeded"), ("three", "Pending")):
        server.put("pods", name, metadata=pod, status={"phase": phase})
    server.put(
        "pods", "others", metadata={"labels": {"workflows.argoproj.io/workflow": "library-r1"}}, status={"phase": "Running"}
    )
    for _ in range(3):
        assert reconcile(api)
    assert sorted(server.names("workflows")) == ["budget-r1", "budget-r1-t2"]
    assert server.names("pods") == ["two", "others"]


def test_two_reconcilers_at_once_make_one_successor(server, api, capsys):
    """The second one finds the name taken and says nothing of it."""
    add_story(server)
    server.put("workflows", "budget-r1-t2", metadata={"labels": OURS}, spec=SPEC)
    assert reconcile(api)
    assert told(capsys) == [("terminate", "budget-r1")]


def test_a_dry_run_does_nothing(server, api, capsys):
    add_story(server)
    assert reconcile(api, dry_run=True)
    assert server.names("workflows") == ["budget-r1"]
    assert told(capsys) == [("succeed", "budget-r1"), ("terminate", "budget-r1")]


def test_an_overdue_story_is_touched(server, api):
    add_node(server, "gpu-1", heard=1)
    add_story(server, began=3700, spec={"activeDeadlineSeconds": 3600})
    assert reconcile(api)
    assert "newsreel/touched" in server.workflow("budget-r1")["metadata"]["annotations"]


@pytest.mark.parametrize(
    "hostile",
    [
        {"labels": {"newsreel/run": "two"}},
        {"labels": {"newsreel/run": "-1"}},
        {"notes": {"newsreel/touched": "yesterday"}},
        {"notes": {"newsreel/touched": "0001-01-01T00:00:00+14:00"}},
        {"spec": {"activeDeadlineSeconds": "{{inputs.parameters.x}}"}},
        {"spec": {"activeDeadlineSeconds": 10**30}},
        {"spec": {"activeDeadlineSeconds": -1}},
    ],
)
def test_hostile_fields_of_one_story_do_not_affect_another(server, api, hostile):
    add_node(server, "gpu-2", heard=1)
    add_story(server, "a-r1", node="gpu-2", began=9000, **hostile)
    add_story(server, "budget-r1", node="gpu-1")
    assert reconcile(api)
    assert "budget-r1-t2" in server.names("workflows")


def test_an_invalid_run_number_has_no_successor(server, api):
    add_story(server, labels={"newsreel/run": "x" * 60})
    assert reconcile(api)
    assert server.names("workflows") == ["budget-r1"]
    assert server.workflow("budget-r1")["spec"]["shutdown"] == "Terminate"
    assert MAX_RUNS < 9999


def test_a_refused_successor_stops_only_its_own_story(server, api, capsys):
    add_story(server, "a-r1")
    add_story(server, "budget-r1")
    refuse_one = server.do

    def do(verb, where, name, sub, query, body):
        if verb == "create" and body["metadata"]["name"].startswith("a-"):
            return 403, {"kind": "Status", "message": "exceeded quota", "code": 403}
        return refuse_one(verb, where, name, sub, query, body)

    server.do = do
    assert not reconcile(api)
    assert "shutdown" not in server.workflow("a-r1")["spec"]
    assert server.workflow("budget-r1")["spec"]["shutdown"] == "Terminate"
    assert told(capsys) == [("refused", "a-r1"), ("succeed", "budget-r1"), ("terminate", "budget-r1")]


def test_an_unavailable_api_server_costs_a_round(server, api, capsys):
    add_story(server)
    server.down = True
    assert not reconcile(api)
    server.down = False
    assert reconcile(api)
    assert told(capsys)[0] == ("wait", "newsreel")


def test_the_role_has_exactly_the_permissions_used(server, api, capsys):
    add_node(server, "gpu-2", heard=1)
    add_story(server)
    server.put("pods", "one", metadata={"labels": {"workflows.argoproj.io/workflow": "budget-r1"}}, status={"phase": "Running"})
    for _ in range(2):
        assert reconcile(api)
    assert server.used == server.rights[ME]
    assert "refused" not in {action for action, _ in told(capsys)}


def status_of(url):
    return requests.get(url, timeout=5).status_code


def await_status(url, status):
    """A first round must have ended."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends and status_of(url) != status:
        time.sleep(0.05)
    return status_of(url) == status


@pytest.mark.slow
def test_the_process_answers_probes_and_stops_on_sigterm(server, tmp_path):
    add_node(server, "gpu-1", heard=40)
    add_story(server)
    port = free_port()
    command = [sys.executable, "-m", "cluster.controllers.reconciler", "--every", "0.2", "--health-port", str(port)]
    environment = {**os.environ, "KUBECONFIG": str(server.kubeconfig(tmp_path, ME))}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert json.loads(process.stdout.readline())["action"] == "succeed"
            assert await_status(f"http://127.0.0.1:{port}/ready", 200)
            assert [status_of(f"http://127.0.0.1:{port}{path}") for path in ("/alive", "/x")] == [200, 404]
            counted = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
            assert 'newsreel_reconciler_actions_total{action="succeed"} 1.0' in counted
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_without_a_cluster_the_message_says_what_to_set(tmp_path):
    environment = {**os.environ, "KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "cluster.controllers.reconciler", "--once"], env=environment, capture_output=True, text=True
    )
    advice = "set KUBECONFIG, or run `gcloud container clusters get-credentials`"
    told = f"reconciler: no cluster: no configuration found; {advice} (exit 2)\n"
    assert (done.returncode, done.stderr) == (2, told)
