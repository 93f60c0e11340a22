"""Observe the cluster: workflows that have not completed, nodes and their heartbeats."""

from typing import Any

from kubernetes import client

from cluster.controllers.reconciler.types import Node, Observation, Run
from newsreel.argo import runs
from newsreel.argo.client import OURS
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS

UNFINISHED = f"{OURS},workflows.argoproj.io/completed!=true"
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
    """What the policy needs of a Workflow as the API server has it."""
    run = runs.run_of(workflow)
    return Run(
        name=run.name,
        began=run.began,
        node=run.node or None,
        number=run.number,
        origin=run.origin,
        deadline_seconds=run.deadline_seconds,
        shutting_down=run.shutting_down,
        touched=runs.parse_time(run.annotations.get(TOUCHED_ANNOTATION)),
        story=run.story,
        revision=run.revision,
        workflow=workflow,
    )
