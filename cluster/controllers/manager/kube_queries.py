"""Queries to the Kubernetes API and to JetStream: nodes, workflows, running stories, pending events."""

import json
import os
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from google.cloud.container_v1 import Cluster as GkeCluster
from kubernetes import client, config
from urllib3 import request

from cluster.controllers.manager.google_cloud import GoogleClients
from cluster.controllers.manager.types import Node
from newsreel.argo.client import OURS, list_workflows
from newsreel.argo.runs import NAME
from newsreel.argo.workflow import GROUP, VERSION
from newsreel.errors import Unavailable
from newsreel.storage.address import Address, AllowList
from newsreel.storage.publication import publication_folder, read_publication
from newsreel.storage.store import Storage

KUBE_TIMEOUT_SECONDS = 20
POOL = "cloud.google.com/gke-nodepool"
DRAINING = "newsreel/draining"
"""Annotation of nodes that the manager has cordoned: it never uncordons another one."""
UNFINISHED = f"{OURS},workflows.argoproj.io/completed!=true"
STORY_PODS = "newsreel/role in (anchor,step),workflows.argoproj.io/workflow"
EVENTBUS, MONITOR = "newsreel/service=eventbus", 8222


def connect_to_cluster(found: GkeCluster, google: GoogleClients) -> client.ApiClient:
    """In the cluster with the pod's service account; outside with Google credentials, refreshed when they have expired."""
    settings = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=settings)
    except config.ConfigException:
        settings = external_configuration(found, google)
    return client.ApiClient(settings)


def external_configuration(found: GkeCluster, google: GoogleClients) -> client.Configuration:
    from google.auth.transport.requests import Request

    settings = client.Configuration()
    by_name = found.control_plane_endpoints_config.dns_endpoint_config
    if by_name.allow_external_traffic and by_name.endpoint:
        # Reachable from anywhere, protected by IAM, with a public certificate; the IP address answers in its own network only.
        settings.host = f"https://{by_name.endpoint}"
    else:
        settings.host = f"https://{found.endpoint}"
        settings.ssl_ca_cert = ca_file(found.master_auth.cluster_ca_certificate)
    if google.credentials is not None:
        if not google.credentials.valid:
            google.credentials.refresh(Request())  # type: ignore[no-untyped-call]
        settings.api_key = {"authorization": f"Bearer {google.credentials.token}"}
    return settings


@cache
def ca_file(encoded: str) -> str:
    """Write the cluster's certificate authority to a file, once: the client takes no text."""
    with NamedTemporaryFile(prefix="newsreel-ca-", suffix=".pem", delete=False) as file:
        file.write(b64decode(encoded))
    return str(Path(file.name))


def nodes_by_pool(api: client.ApiClient) -> dict[str, tuple[Node, ...]]:
    found: dict[str, list[Node]] = defaultdict(list)
    for node in client.CoreV1Api(api).list_node(_request_timeout=KUBE_TIMEOUT_SECONDS).items:
        ours = bool(node.spec.unschedulable) and DRAINING in (node.metadata.annotations or {})
        found[(node.metadata.labels or {}).get(POOL, "")].append(Node(name=node.metadata.name, cordoned=ours))
    return {pool: tuple(nodes) for pool, nodes in found.items()}


def stories_by_node(api: client.ApiClient, namespace: str, nodes: set[str]) -> dict[str, int]:
    """Running stories on each of these nodes, counted by their pods: Argo's own view may be late."""
    pods = client.CoreV1Api(api).list_namespaced_pod(namespace, label_selector=STORY_PODS, _request_timeout=KUBE_TIMEOUT_SECONDS)
    stories: dict[str, set[str]] = {name: set() for name in nodes}
    for pod in pods.items:
        if pod.spec.node_name in stories and pod.status.phase not in ("Succeeded", "Failed"):
            stories[pod.spec.node_name].add(pod.metadata.labels["workflows.argoproj.io/workflow"])
    return {name: len(found) for name, found in stories.items()}


def count_unfinished(api: client.ApiClient, namespace: str) -> int:
    return len(list_workflows(api, namespace, UNFINISHED))


def is_installed(api: client.ApiClient, namespace: str) -> bool:
    """Whether stories can be submitted: the WorkflowTemplate is applied last."""
    try:
        client.CustomObjectsApi(api).get_namespaced_custom_object(
            GROUP, VERSION, namespace, "workflowtemplates", "story", _request_timeout=KUBE_TIMEOUT_SECONDS
        )
    except client.ApiException as fault:
        if fault.status == 404:
            return False
        raise
    return True


JetStreamReader = Callable[[client.ApiClient, Any], dict[str, Any]]
"""Reads the stream report of an EventBus pod (NATS, "Monitoring", /jsz)."""


def jetstream_reader() -> JetStreamReader:
    """In the cluster the pods are called directly, which needs no RBAC permission and is allowed by a NetworkPolicy."""
    return read_from_pod if "KUBERNETES_SERVICE_HOST" in os.environ else read_through_api_server


def pending_events(api: client.ApiClient, namespace: str, jetstream_reader: JetStreamReader) -> int:
    """Events that are not yet workflows: for each consumer the undelivered and unacknowledged messages, as reported by the server
    with the largest count (NATS, "Monitoring", /jsz)."""
    pods = client.CoreV1Api(api).list_namespaced_pod(namespace, label_selector=EVENTBUS, _request_timeout=KUBE_TIMEOUT_SECONDS)
    counts: dict[str, int] = {}
    for pod in pods.items:
        for name, count in consumer_backlogs(jetstream_reader(api, pod)):
            counts[name] = max(counts.get(name, 0), count)
    if not pods.items:
        raise Unavailable("the EventBus has no pod")
    return sum(counts.values())


def read_from_pod(_: client.ApiClient, pod: Any, port: int = MONITOR) -> dict[str, Any]:
    answer = request("GET", f"http://{pod.status.pod_ip}:{port}/jsz?consumers=true", timeout=KUBE_TIMEOUT_SECONDS, retries=False)
    return parse_report(answer.status, answer.data)


def read_through_api_server(api: client.ApiClient, pod: Any) -> dict[str, Any]:
    path = f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{pod.metadata.name}:{MONITOR}/proxy/jsz"
    call = api.param_serialize("GET", path, query_params=[("consumers", "true")], auth_settings=["BearerToken"])
    answer = api.call_api(*call, _request_timeout=KUBE_TIMEOUT_SECONDS)
    return parse_report(answer.status, answer.read())


def parse_report(status: int, content: bytes) -> dict[str, Any]:
    if status != 200:
        raise Unavailable(f"the EventBus answers {status}")
    return dict(json.loads(content))


def consumer_backlogs(report: dict[str, Any]) -> list[tuple[str, int]]:
    return [
        (f"{stream['name']}/{consumer['name']}", consumer["num_pending"] + consumer["num_ack_pending"])
        for account in report.get("account_details", [])
        for stream in account.get("stream_detail", [])
        for consumer in stream.get("consumer_detail") or []
    ]


def all_published(api: client.ApiClient, namespace: str, finals: str) -> bool:
    """Whether each story whose workflow succeeded has a manifest in the bucket."""
    address = Address.parse(finals)
    storage = Storage(AllowList(prefixes=(address,)))
    done = list_workflows(api, namespace, f"{OURS},workflows.argoproj.io/phase=Succeeded")
    names = [NAME.fullmatch(metadata["name"]) for metadata in done]
    homes = {publication_folder(address, name["story"], int(name["revision"])) for name in names if name}
    return all(read_publication(storage, home) is not None for home in homes)


def cordon(api: client.ApiClient, node: str, closed: bool) -> None:
    change = {"spec": {"unschedulable": closed}, "metadata": {"annotations": {DRAINING: "true" if closed else None}}}
    try:
        client.CoreV1Api(api).patch_node(node, change, _request_timeout=KUBE_TIMEOUT_SECONDS)
    except client.ApiException as fault:
        if fault.status != 404:
            raise
