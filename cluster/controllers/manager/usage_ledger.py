"""Usage ledger: node seconds, GPU seconds, published bytes and cost of each completed story, summed by day.

What is unknown (for example a node of an unknown pool) is None, never zero. Only what a story itself used is counted; a node's
start and idle time belong to the pool, see `newsreel simulate`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import islice

from kubernetes import client

from cluster.controllers.manager.kube_queries import KUBE_TIMEOUT_SECONDS
from cluster.controllers.manager.types import Account, Ledger, Pool
from newsreel.argo.client import OURS, list_workflows
from newsreel.argo.runs import ANCHOR, NAME, Run, StepRun, run_of
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS
from newsreel.config.model import GkeConfig
from newsreel.config.settings import settings_of
from newsreel.errors import Conflict
from newsreel.runtime.usage import pool_of_node
from newsreel.storage.address import Address, AllowList
from newsreel.storage.publication import publication_folder, read_publication
from newsreel.storage.store import Storage

COMPLETED = f"{OURS},workflows.argoproj.io/completed=true"
MAX_ENTRIES_PER_ROUND = 200
"""The rest follows in the next rounds: accounting must not delay nodes, and Argo deletes workflows later."""
DAYS_KEPT = 35


def update_ledger(ledger: Ledger, api: client.ApiClient, pools: tuple[Pool, ...], parameters: GkeConfig, now: datetime) -> Ledger:
    """Add the stories that have completed since the last round, each once. Raises what `observe.FAULTS` lists."""
    names = completed_workflows(api, parameters.cluster.namespace)
    uncounted = islice((item for item in names.items() if item[0] not in ledger.counted), MAX_ENTRIES_PER_ROUND)
    known_pools = {node.name: pool.name for pool in pools for node in pool.nodes}
    entries = {uid: entry for uid, name in uncounted if (entry := entry_of(api, name, known_pools, parameters)) is not None}
    return ledger.with_stories(entries, frozenset(names), now.date() - timedelta(days=DAYS_KEPT))


def completed_workflows(api: client.ApiClient, namespace: str) -> dict[str, str]:
    """Name of each story's completed workflow, by UID."""
    found = list_workflows(api, namespace, COMPLETED)
    return {metadata["uid"]: metadata["name"] for metadata in found if NAME.fullmatch(metadata["name"])}


def entry_of(
    api: client.ApiClient, name: str, known_pools: Mapping[str, str], parameters: GkeConfig
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
        run = run_of(workflow)
    except (KeyError, ValueError, TypeError, AttributeError):
        # Whoever may submit a workflow may have written anything into it.
        return None
    if run.ended is None:
        return None
    made = run.state == "Succeeded" and used_a_node(run.steps)
    published = published_bytes(run, parameters) if made else 0
    return run.ended.date(), account_of(run.steps, pools_by_node(run.steps, known_pools, parameters), published, parameters)


def account_of(steps: Iterable[StepRun], pools: Mapping[str, str], published: int | None, parameters: GkeConfig) -> Account:
    """Usage of one run; pure. `pools` is the pool of each node, by names; `published` the bytes of its video's files, if any."""
    steps = tuple(steps)
    prices = {offer.pool: offer.an_hour for offer in parameters.node_pools}
    reserved = [(step.node, step.seconds) for step in steps if step.name == ANCHOR]
    hourly = [(prices.get(pools.get(node, "")), seconds) for node, seconds in reserved]
    known = [price * seconds / 3600 for price, seconds in hourly if price is not None]
    return Account(
        node_seconds=sum(seconds for _, seconds in reserved),
        gpu_seconds=float(sum(step.gpu_seconds for step in steps)),
        bytes=published,
        cost=sum(known) if len(known) == len(hourly) else None,
    )


def used_a_node(steps: Iterable[StepRun]) -> bool:
    """False for a story that was refused, or whose video existed already."""
    return any(step.name == ANCHOR and step.began for step in steps)


def pools_by_node(steps: Iterable[StepRun], known_pools: Mapping[str, str], parameters: GkeConfig) -> dict[str, str]:
    """The pool of each node: by its label or, if the node is gone, by its name."""
    offered = [offer.pool for offer in parameters.node_pools]
    return {step.node: known_pools.get(step.node) or pool_of_node(step.node, offered) or "" for step in steps}


def published_bytes(run: Run, parameters: GkeConfig) -> int | None:
    """Bytes of all published files of a story; None without a valid manifest."""
    finals = Address.parse(settings_of(parameters).finals)
    storage = Storage(AllowList(prefixes=(finals,)))
    try:
        manifest = read_publication(storage, publication_folder(finals, run.story, run.revision))
    except Conflict:
        return None
    return sum(file.size for file in manifest.files) if manifest else None
