"""Look at the cluster: stories that are not over, and the machines there are."""

import re
from datetime import UTC, datetime
from typing import Any

from kubernetes import client

from cluster.controllers.reconciler.world import Node, Run, World
from newsreel.argo.workflow import GROUP, VERSION

OURS = "app.kubernetes.io/part-of=newsreel"
UNFINISHED = f"{OURS},workflows.argoproj.io/completed!=true"
NUMBER, ORIGIN, TOUCHED = "newsreel/run", "newsreel/origin", "newsreel/touched"
LABELS = (NUMBER, ORIGIN, TOUCHED)
HEARTBEATS = "kube-node-lease"
"""The namespace in which each kubelet renews its machine's Lease, every 10 s (Kubernetes, "Leases", node heartbeats)."""
WORKFLOW = "workflows.argoproj.io/workflow"
"""Label: whose pod it is."""
HOLDING = ("Pending", "Running", "Unknown")
"""Phases in which a pod holds something of its machine."""
LOST = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
"""Taints by which Kubernetes keeps pods away from a machine (Kubernetes, "Taints and Tolerations")."""
SECONDS_A_CALL = 20
LONGEST = 10**8
"""Seconds; a deadline beyond it is none."""
UNKNOWN = 9999
"""The number of a run whose label is not one of ours."""


def observe(api: client.ApiClient, namespace: str) -> World:
    """One look. Raises kubernetes' ApiException and urllib3's errors: half a look is none."""
    listed = client.CustomObjectsApi(api).list_namespaced_custom_object(
        GROUP, VERSION, namespace, "workflows", label_selector=UNFINISHED, _request_timeout=SECONDS_A_CALL
    )
    machines = client.CoreV1Api(api).list_node(_request_timeout=SECONDS_A_CALL).items
    leases = client.CoordinationV1Api(api).list_namespaced_lease(HEARTBEATS, _request_timeout=SECONDS_A_CALL).items
    heard = {lease.metadata.name: lease.spec.renew_time for lease in leases}
    nodes = tuple(
        Node(
            name=node.metadata.name,
            heard=heard.get(node.metadata.name) or node.metadata.creation_timestamp,
            shunned=any(taint.key in LOST for taint in (node.spec and node.spec.taints) or []),
        )
        for node in machines
    )
    return World(runs=tuple(map(run_of, listed["items"])), nodes=nodes, stranded=stranded(api, namespace, nodes))


def stranded(api: client.ApiClient, namespace: str, nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """The workflows that still have pods on lost machines: Argo may take one for ended and leave its pods as they are."""
    left = (
        pod.metadata.labels[WORKFLOW]
        for node in nodes
        if node.shunned
        for pod in client.CoreV1Api(api)
        .list_namespaced_pod(
            namespace,
            label_selector=WORKFLOW,
            field_selector=f"spec.nodeName={node.name}",
            _request_timeout=SECONDS_A_CALL,
        )
        .items
        if pod.status.phase in HOLDING
    )
    return tuple(sorted(set(left)))


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
        number=number_of(labels.get(NUMBER)),
        origin=labels.get(ORIGIN, metadata["name"]),
        seconds=limit if isinstance(limit, int) and 0 < limit < LONGEST else None,
        ending=bool(spec.get("shutdown")),
        touched=touched_at(notes.get(TOUCHED)),
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
    newest = max(anchors, key=lambda pod: str(pod.get("startedAt")), default=None)
    return newest["hostNodeName"] if newest else None


def number_of(label: str | None) -> int:
    """Who may submit a story may label it with anything: what is no number of ours has been begun too often already."""
    if label is None:
        return 1
    return int(label) if re.fullmatch(r"[1-9][0-9]{0,3}", label) else UNKNOWN


def touched_at(note: str | None) -> datetime | None:
    try:
        return moment(note) if note else None
    except (ValueError, OverflowError):
        return None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
