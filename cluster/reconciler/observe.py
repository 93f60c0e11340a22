"""Look at the cluster: stories that are not over, and the machines there are."""

from datetime import UTC, datetime
from typing import Any

from kubernetes import client

from cluster.reconciler.world import Node, Run, World

__all__ = ["GROUP", "LABELS", "OURS", "VERSION", "observe", "run_of"]

GROUP, VERSION = "argoproj.io", "v1alpha1"
OURS = "app.kubernetes.io/part-of=newsreel"
UNFINISHED = f"{OURS},workflows.argoproj.io/completed!=true"
NUMBER, ORIGIN, TOUCHED = "newsreel/run", "newsreel/origin", "newsreel/touched"
LABELS = (NUMBER, ORIGIN, TOUCHED)
HEARTBEATS = "kube-node-lease"
"""The namespace in which each kubelet renews its machine's Lease, every 10 s (Kubernetes, "Leases", node heartbeats)."""
SECONDS_A_CALL = 20


def observe(api: client.ApiClient, namespace: str) -> World:
    """One look. Raises kubernetes' ApiException and urllib3's errors: half a look is none."""
    listed = client.CustomObjectsApi(api).list_namespaced_custom_object(
        GROUP, VERSION, namespace, "workflows", label_selector=UNFINISHED, _request_timeout=SECONDS_A_CALL
    )
    machines = client.CoreV1Api(api).list_node(_request_timeout=SECONDS_A_CALL).items
    leases = client.CoordinationV1Api(api).list_namespaced_lease(HEARTBEATS, _request_timeout=SECONDS_A_CALL).items
    heard = {lease.metadata.name: lease.spec.renew_time for lease in leases}
    nodes = (
        Node(name=node.metadata.name, heard=heard.get(node.metadata.name) or node.metadata.creation_timestamp)
        for node in machines
    )
    return World(runs=tuple(map(run_of, listed["items"])), nodes=tuple(nodes))


def run_of(workflow: dict[str, Any]) -> Run:
    """A Workflow as the API server has it."""
    metadata, spec, status = workflow["metadata"], workflow["spec"], workflow.get("status", {})
    labels, notes = metadata.get("labels", {}), metadata.get("annotations", {})
    # What was submitted lacks most of the spec: that is the template's, as Argo stored it when the run began.
    limit = spec.get("activeDeadlineSeconds", status.get("storedWorkflowTemplateSpec", {}).get("activeDeadlineSeconds"))
    return Run(
        name=metadata["name"],
        began=moment(metadata["creationTimestamp"]),
        node=anchored_to(status),
        number=int(labels.get(NUMBER, "1")),
        origin=labels.get(ORIGIN, metadata["name"]),
        seconds=int(limit) if limit is not None else None,
        ending=bool(spec.get("shutdown")),
        touched=moment(notes[TOUCHED]) if TOUCHED in notes else None,
        submission={
            "labels": {name: value for name, value in labels.items() if name.startswith("newsreel/") and name not in LABELS},
            "annotations": {name: value for name, value in notes.items() if name.startswith("workflows.argoproj.io/")},
            "spec": {name: value for name, value in spec.items() if name != "shutdown"},
        },
    )


def anchored_to(status: dict[str, Any]) -> str | None:
    """The machine of the newest anchor that has one."""
    pods = status.get("nodes", {}).values()
    anchors = [pod for pod in pods if pod.get("templateName") == "anchor" and pod.get("hostNodeName")]
    newest = max(anchors, key=lambda pod: pod["startedAt"], default=None)
    return newest["hostNodeName"] if newest else None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
