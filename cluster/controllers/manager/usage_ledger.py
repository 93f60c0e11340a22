"""Usage ledger: node seconds, GPU seconds, published bytes and cost of each completed story, summed by day.

What is unknown (for example a node of an unknown pool) is None, never zero. Only what a story itself used is counted; a node's
start and idle time belong to the pool, see `newsreel simulate`.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from kubernetes import client

from cluster.controllers.manager.kube_queries import KUBE_TIMEOUT_SECONDS, WORKFLOW_NAME
from cluster.controllers.manager.types import Account, Ledger, Pool
from newsreel.argo.client import OURS, list_workflows
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS
from newsreel.config.pools import PoolConfig
from newsreel.errors import Conflict
from newsreel.runtime.usage import pool_of_node
from newsreel.storage.address import Address, AllowList
from newsreel.storage.publication import publication_folder, read_publication
from newsreel.storage.store import Storage

COMPLETED = f"{OURS},workflows.argoproj.io/completed=true"
GPU_RESOURCE = "nvidia.com/gpu"
MAX_ENTRIES_PER_ROUND = 200
"""The rest follows in the next rounds: accounting must not delay nodes, and Argo deletes workflows later."""
DAYS_KEPT = 35


def update_ledger(
    ledger: Ledger, api: client.ApiClient, pools: tuple[Pool, ...], parameters: PoolConfig, now: datetime
) -> Ledger:
    """Add the stories that have completed since the last round, each once. Raises what `observe.FAULTS` lists."""
    names = completed_workflows(api, parameters.cluster.namespace)
    uncounted = islice((item for item in names.items() if item[0] not in ledger.counted), MAX_ENTRIES_PER_ROUND)
    known_pools = {node.name: pool.name for pool in pools for node in pool.nodes}
    entries = {uid: entry for uid, name in uncounted if (entry := entry_of(api, name, known_pools, parameters)) is not None}
    return ledger.with_stories(entries, frozenset(names), now.date() - timedelta(days=DAYS_KEPT))


def completed_workflows(api: client.ApiClient, namespace: str) -> dict[str, str]:
    """Name of each story's completed workflow, by UID."""
    found = list_workflows(api, namespace, COMPLETED)
    return {metadata["uid"]: metadata["name"] for metadata in found if WORKFLOW_NAME.fullmatch(metadata["name"])}


def entry_of(
    api: client.ApiClient, name: str, known_pools: Mapping[str, str], parameters: PoolConfig
) -> tuple[date, Account] | None:
    """Day of completion, and usage; None if the workflow is deleted or not as Argo writes it."""
    try:
        workflow = client.CustomObjectsApi(api).get_namespaced_custom_object(
            GROUP, VERSION, parameters.cluster.namespace, WORKFLOWS, name, _request_timeout=KUBE_TIMEOUT_SECONDS
        )
    except client.ApiException as fault:
        if fault.status == 404:
            return None
        raise
    try:
        made = workflow["status"].get("phase") == "Succeeded" and used_a_node(workflow)
        account = account_of(workflow, pools_by_node(workflow, known_pools, parameters), None if made else 0, parameters)
        day = datetime.fromisoformat(workflow["status"]["finishedAt"]).date()
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    return day, account.model_copy(update={"bytes": published_bytes(name, parameters)}) if made else account


def account_of(workflow: dict[str, Any], pools: Mapping[str, str], published: int | None, parameters: PoolConfig) -> Account:
    """Usage of one Workflow as the API server has it; pure.

    `pools` is the pool of each node, by names; `published` the bytes of the video's files, if there is one.
    Raises KeyError and ValueError for an object that is no Workflow.
    """
    prices = {offer.pool: offer.an_hour for offer in parameters.offers}
    reserved = [(pod.get("hostNodeName", ""), seconds_of(pod)) for pod in pods_of(workflow) if is_anchor(pod)]
    hourly = [(prices.get(pools.get(node, "")), seconds) for node, seconds in reserved]
    known = [price * seconds / 3600 for price, seconds in hourly if price is not None]
    return Account(
        node_seconds=sum(seconds for _, seconds in reserved),
        gpu_seconds=float(sum(pod.get("resourcesDuration", {}).get(GPU_RESOURCE, 0) for pod in pods_of(workflow))),
        bytes=published,
        cost=sum(known) if len(known) == len(hourly) else None,
    )


def used_a_node(workflow: dict[str, Any]) -> bool:
    """False for a story that was refused, or whose video existed already."""
    return any(is_anchor(pod) and pod.get("startedAt") for pod in pods_of(workflow))


def pods_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [pod for pod in workflow.get("status", {}).get("nodes", {}).values() if pod.get("type") == "Pod"]


def is_anchor(pod: dict[str, Any]) -> bool:
    return bool(pod.get("templateName") == "anchor")


def seconds_of(pod: dict[str, Any]) -> float:
    """0 for a pod that never ran or is still running."""
    began, ended = pod.get("startedAt"), pod.get("finishedAt")
    if not began or not ended:
        return 0.0
    return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds())


def pools_by_node(workflow: dict[str, Any], known_pools: Mapping[str, str], parameters: PoolConfig) -> dict[str, str]:
    """The pool of each node: by its label or, if the node is gone, by its name."""
    offered = [offer.pool for offer in parameters.offers]
    nodes = {pod.get("hostNodeName", "") for pod in workflow["status"].get("nodes", {}).values()}
    return {node: known_pools.get(node) or pool_of_node(node, offered) or "" for node in nodes}


def published_bytes(name: str, parameters: PoolConfig) -> int | None:
    """Bytes of all published files of a story; None without a valid manifest."""
    named: Any = WORKFLOW_NAME.fullmatch(name)
    finals = Address.parse(parameters.cluster.finals)
    try:
        manifest = read_publication(
            Storage(AllowList(prefixes=(finals,))), publication_folder(finals, named["id"], int(named["revision"]))
        )
    except Conflict:
        return None
    return sum(file.size for file in manifest.files) if manifest else None
