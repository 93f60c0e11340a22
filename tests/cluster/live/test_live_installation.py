"""The installation as it is emitted, on a real API server: accepted, and what it forbids is refused in words."""

import copy

import pytest
from kubernetes import client

from newsreel.config.names import STEP_ACCOUNT

REFUSED = {
    "the node's files": (
        {"volumes": [{"name": "v", "hostPath": {"path": "/etc"}}]},
        "of the node's disk a pod may mount its story's directory",
    ),
    "all stories": (
        {"volumes": [{"name": "v", "hostPath": {"path": "{root}"}}]},
        "of the node's disk a pod may mount its story's directory",
    ),
    "beside the stories": (
        {"volumes": [{"name": "v", "hostPath": {"path": "{root}-other/x"}}]},
        "of the node's disk a pod may mount its story's directory",
    ),
    "inside a story": (
        {"volumes": [{"name": "v", "hostPath": {"path": "{root}/story/speech"}}]},
        "a story's directory lies directly below the directory of stories",
    ),
    "out of the stories": (
        {"volumes": [{"name": "v", "hostPath": {"path": "{root}/.."}}]},
        "must not contain '..'",
    ),
    "the node's network": ({"hostNetwork": True}, "the node's network, processes and IPC are not for pods"),
    "the node's processes": ({"hostPID": True}, "the node's network, processes and IPC are not for pods"),
    "root by the pod": (
        {"securityContext": {"runAsUser": 0}, "containers": [{"runAsUser": None}]},
        "only the anchor is root",
    ),
    "root": ({"containers": [{"runAsUser": 0}]}, "only the anchor is root"),
    "privileges": (
        {"containers": [{"privileged": True, "allowPrivilegeEscalation": True}]},
        "set securityContext.allowPrivilegeEscalation to false in every container",
    ),
    "privileges later": (
        {"containers": [{"allowPrivilegeEscalation": None}]},
        "set securityContext.allowPrivilegeEscalation to false in every container",
    ),
    "capabilities": ({"containers": [{"capabilities": None}]}, "every container drops ALL capabilities"),
    "a capability back": (
        {"containers": [{"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}]},
        "only the anchor is given capabilities back",
    ),
}
SECURITY = {
    "runAsUser": 65532,
    "runAsNonRoot": None,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}


def pod(cluster, change):
    """A pod that keeps to all rules, but for the change."""
    change = copy.deepcopy(change)
    for volume in change.get("volumes", []):
        volume["hostPath"]["path"] = volume["hostPath"]["path"].format(root=cluster.place.settings.ssd_root)
    security = SECURITY | change.pop("containers", [{}])[0]
    container = {"name": "main", "image": "x", "securityContext": {k: v for k, v in security.items() if v is not None}}
    account = {"serviceAccountName": STEP_ACCOUNT}
    return {"metadata": {"generateName": "tried-"}, "spec": {"containers": [container], **account, **change}}


def create(cluster, document):
    return cluster.core.create_namespaced_pod(cluster.namespace, document, dry_run="All")


def test_the_api_server_accepts_all_that_is_emitted(cluster):
    for document in cluster.place.documents():
        cluster.apply(document, dry_run=True)


def test_a_pod_that_keeps_to_the_rules_is_accepted(cluster):
    create(cluster, pod(cluster, {}))
    create(cluster, pod(cluster, {"volumes": [{"name": "v", "hostPath": {"path": "{root}/a-story"}}]}))


@pytest.mark.parametrize("what", REFUSED)
def test_a_pod_that_wants_more_of_the_node_is_refused_in_words(cluster, what):
    change, words = REFUSED[what]
    with pytest.raises(client.ApiException) as refusal:
        create(cluster, pod(cluster, change))
    assert refusal.value.status == 422
    assert words in refusal.value.body


def test_an_init_container_is_held_to_the_same(cluster):
    document = pod(cluster, {})
    document["spec"]["initContainers"] = [{"name": "first", "image": "x", "securityContext": {"privileged": True}}]
    with pytest.raises(client.ApiException) as refusal:
        create(cluster, document)
    assert "allowPrivilegeEscalation" in refusal.value.body


def test_a_workflow_that_is_no_reference_is_refused(cluster, name):
    container = {"image": f"{cluster.place.settings.image_prefix}/core:0.1.0", "command": ["true"]}
    cluster.create(
        {"metadata": {"name": name}, "spec": {"entrypoint": "own", "templates": [{"name": "own", "container": container}]}}
    )
    record = cluster.over(name, 60)
    assert record.phase == "Error"
    assert "workflowTemplateRef" in record.message
    assert record.pods == []


def test_a_reference_that_changes_what_it_refers_to_is_refused(cluster, name, story):
    spec = {"workflowTemplateRef": {"name": "story"}, "podSpecPatch": '{"hostNetwork": true}', "arguments": parameters(story)}
    cluster.create({"metadata": {"name": name}, "spec": spec})
    record = cluster.over(name, 60)
    assert record.phase == "Error"
    assert "PodSpecPatch" in record.message
    assert record.pods == []


def test_the_same_name_is_submitted_once(cluster, name, story):
    cluster.submit(name, **story)
    with pytest.raises(client.ApiException) as refusal:
        cluster.submit(name, **story)
    assert refusal.value.status == 409


def parameters(story):
    return {"parameters": [{"name": key, "value": value} for key, value in story.items()]}
