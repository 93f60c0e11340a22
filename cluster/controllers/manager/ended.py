"""The stories that have ended since the last look: each enters its account in the ledger once, whatever happens between."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from kubernetes import client

from cluster.controllers.manager.accounting import Account, Ledger, account_of, held_a_node
from cluster.controllers.manager.inside import NAME, SECONDS_A_CALL
from cluster.controllers.manager.world import Pool
from newsreel.argo.client import OURS, list_workflows
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS
from newsreel.config.model import GkeConfig
from newsreel.config.settings import settings_of
from newsreel.errors import Conflict
from newsreel.runtime.usage import pool_of_node
from newsreel.storage.address import Address, AllowList
from newsreel.storage.publication import publication_folder, read_publication
from newsreel.storage.store import Storage

COMPLETED = f"{OURS},workflows.argoproj.io/completed=true"
MOST_A_ROUND = 200
"""So many are asked for in one round, the rest in the next: accounts must not keep nodes waiting, and Argo collects workflows."""
DAYS_KEPT = 35


def brought_up_to_date(
    ledger: Ledger, api: client.ApiClient, pools: tuple[Pool, ...], parameters: GkeConfig, now: datetime
) -> Ledger:
    """Raises what `observe.FAULTS` lists."""
    names = ended(api, parameters.cluster.namespace)
    left = islice((item for item in names.items() if item[0] not in ledger.counted), MOST_A_ROUND)
    kinds = {node.name: pool.name for pool in pools for node in pool.nodes}
    entries = {uid: entry for uid, name in left if (entry := entry_of(api, name, kinds, parameters)) is not None}
    return ledger.with_stories(entries, frozenset(names), now.date() - timedelta(days=DAYS_KEPT))


def ended(api: client.ApiClient, namespace: str) -> dict[str, str]:
    """Uid and name of each story's workflow that is over."""
    found = list_workflows(api, namespace, COMPLETED)
    return {about["uid"]: about["name"] for about in found if NAME.fullmatch(about["name"])}


def entry_of(api: client.ApiClient, name: str, kinds: Mapping[str, str], parameters: GkeConfig) -> tuple[date, Account] | None:
    """The day it ended, and its account; None where it is gone meanwhile, or is no Workflow as Argo has them."""
    try:
        workflow = client.CustomObjectsApi(api).get_namespaced_custom_object(
            GROUP, VERSION, parameters.cluster.namespace, WORKFLOWS, name, _request_timeout=SECONDS_A_CALL
        )
    except client.ApiException as fault:
        if fault.status == 404:
            return None
        raise
    try:
        made = workflow["status"].get("phase") == "Succeeded" and held_a_node(workflow)
        account = account_of(workflow, pools_in(workflow, kinds, parameters), None if made else 0, parameters)
        day = datetime.fromisoformat(workflow["status"]["finishedAt"]).date()
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    return day, account.model_copy(update={"bytes": size_of_video(name, parameters)}) if made else account


def pools_in(workflow: dict[str, Any], kinds: Mapping[str, str], parameters: GkeConfig) -> dict[str, str]:
    """The pool of each node, by its label or, where the node is gone, by its name."""
    offered = [offer.pool for offer in parameters.node_pools]
    nodes = {pod.get("hostNodeName", "") for pod in workflow["status"].get("nodes", {}).values()}
    return {node: kinds.get(node) or pool_of_node(node, offered) or "" for node in nodes}


def size_of_video(name: str, parameters: GkeConfig) -> int | None:
    """Bytes of all that is published; None where there is no manifest that we understand."""
    named: Any = NAME.fullmatch(name)
    finals = Address.parse(settings_of(parameters).finals)
    try:
        manifest = read_publication(
            Storage(AllowList(prefixes=(finals,))), publication_folder(finals, named["id"], int(named["revision"]))
        )
    except Conflict:
        return None
    return sum(file.size for file in manifest.files) if manifest else None
