"""Observe the cluster: workflows that have not completed, nodes and their heartbeats."""

import re
from datetime import UTC, datetime
from typing import Any

from kubernetes import client

from cluster.controllers.reconciler.types import Node, Observation, Run
from newsreel.argo.client import OURS
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS

UNFINISHED = f"{OURS},workflows.argoproj.io/completed!=true"
NUMBER_LABEL, ORIGIN_LABEL = "newsreel/run", "newsreel/origin"
TOUCHED_ANNOTATION = "newsreel/touched"
LEASE_NAMESPACE = "kube-node-lease"
"""Each kubelet renews its node's Lease here, every 10 s (Kubernetes, "Leases", node heartbeats)."""
WORKFLOW_LABEL = "workflows.argoproj.io/workflow"
"""Of a pod: the workflow it belongs to."""
UNFINISHED_PHASES = ("Pending", "Running", "Unknown")
"""Phases of a pod that occupies resources of its node."""
LOST_TAINTS = ("node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready")
"""Taints of a lost node (Kubernetes, "Taints and Tolerations")."""
SECONDS_A_CALL = 20
MAX_DEADLINE_SECONDS = 10**8
"""A longer deadline counts as none."""
UNREADABLE_NUMBER = 9999
"""Run number for a label that is not a valid one."""


def observe(api: client.ApiClient, namespace: str) -> Observation:
    """Raises kubernetes' ApiException and urllib3's errors: a partial observation is not used."""
    workflows = client.CustomObjectsApi(api).list_namespaced_custom_object(
        GROUP, VERSION, namespace, WORKFLOWS, label_selector=UNFINISHED, _request_timeout=SECONDS_A_CALL
    )
    listed = client.CoreV1Api(api).list_node(_request_timeout=SECONDS_A_CALL).items
    leases = client.CoordinationV1Api(api).list_namespaced_lease(LEASE_NAMESPACE, _request_timeout=SECONDS_A_CALL).items
    renewed = {lease.metadata.name: lease.spec.renew_time for lease in leases}
    nodes = tuple(
        Node(
            name=node.metadata.name,
            last_heartbeat=renewed.get(node.metadata.name) or node.metadata.creation_timestamp,
            tainted=any(taint.key in LOST_TAINTS for taint in (node.spec and node.spec.taints) or []),
        )
        for node in listed
    )
    return Observation(runs=tuple(map(run_of, workflows["items"])), nodes=nodes, stranded=find_stranded(api, namespace, nodes))


def find_stranded(api: client.ApiClient, namespace: str, nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """Workflows with unfinished pods on tainted nodes: Argo may call one completed and leave its pods."""
    left = (
        pod.metadata.labels[WORKFLOW_LABEL]
        for node in nodes
        if node.tainted
        for pod in client.CoreV1Api(api)
        .list_namespaced_pod(
            namespace,
            label_selector=WORKFLOW_LABEL,
            field_selector=f"spec.nodeName={node.name}",
            _request_timeout=SECONDS_A_CALL,
        )
        .items
        if pod.status.phase in UNFINISHED_PHASES
    )
    return tuple(sorted(set(left)))


def run_of(workflow: dict[str, Any]) -> Run:
    """A Workflow as the API server has it. Labels and annotations may have been written by anyone."""
    metadata, spec, status = workflow["metadata"], workflow["spec"], workflow.get("status", {})
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    # A submitted spec lacks most fields: they are in the template, which Argo stores when the run begins.
    limit = spec.get("activeDeadlineSeconds", status.get("storedWorkflowTemplateSpec", {}).get("activeDeadlineSeconds"))
    own = (NUMBER_LABEL, ORIGIN_LABEL, TOUCHED_ANNOTATION)
    return Run(
        name=metadata["name"],
        began=moment(metadata["creationTimestamp"]),
        node=node_of_anchor(status),
        number=run_number(labels.get(NUMBER_LABEL)),
        origin=labels.get(ORIGIN_LABEL, metadata["name"]),
        deadline_seconds=limit if isinstance(limit, int) and 0 < limit < MAX_DEADLINE_SECONDS else None,
        shutting_down=bool(spec.get("shutdown")),
        touched=touched_at(annotations.get(TOUCHED_ANNOTATION)),
        submission={
            "labels": {name: value for name, value in labels.items() if name.startswith("newsreel/") and name not in own},
            "annotations": {name: value for name, value in annotations.items() if name.startswith("workflows.argoproj.io/")},
            "spec": {name: value for name, value in spec.items() if name != "shutdown"},
        },
    )


def node_of_anchor(status: dict[str, Any]) -> str | None:
    """Node of the newest anchor that is scheduled."""
    pods = status.get("nodes", {}).values()
    anchors = [pod for pod in pods if pod.get("templateName") == "anchor" and pod.get("hostNodeName")]
    newest = max(anchors, key=lambda pod: str(pod.get("startedAt")), default=None)
    return newest["hostNodeName"] if newest else None


def run_number(label: str | None) -> int:
    """An invalid label counts as too many runs."""
    if label is None:
        return 1
    return int(label) if re.fullmatch(r"[1-9][0-9]{0,3}", label) else UNREADABLE_NUMBER


def touched_at(annotation: str | None) -> datetime | None:
    try:
        return moment(annotation) if annotation else None
    except (ValueError, OverflowError):
        return None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
