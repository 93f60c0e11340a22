"""Perform the actions of the policy. Each is idempotent; one that removes nodes or the cluster observes again just before."""

import subprocess
from collections.abc import Callable
from datetime import datetime

from google.api_core.exceptions import Aborted, AlreadyExists, Conflict, FailedPrecondition, NotFound
from google.cloud.container_v1 import (
    CreateClusterRequest,
    NodePoolAutoscaling,
    SetNodePoolAutoscalingRequest,
    SetNodePoolSizeRequest,
)

from cluster.controllers.manager import kube_queries
from cluster.controllers.manager.gke_cluster_spec import cluster_spec
from cluster.controllers.manager.observe import Look, Services, format_fault, look
from cluster.controllers.manager.policy import demand_of
from cluster.controllers.manager.types import (
    Action,
    Cordon,
    CreateCluster,
    DeleteCluster,
    DisableAutoscaling,
    Empty,
    EnableAutoscaling,
    Grow,
    Install,
    Observation,
    Rules,
    Uncordon,
)
from newsreel.errors import Unavailable

INSTALL_TIMEOUT_SECONDS = 1200
NEW_DEMAND = "not done: there is new demand"
BUSY = (FailedPrecondition, Aborted, Conflict)
"""GKE runs one operation at a time: the next round tries again."""


def act(services: Services, action: Action, seen: Look, clock: Callable[[], datetime]) -> str:
    """Perform an action; return its result for the log. Raises what `observe.FAULTS` lists."""
    try:
        return perform(services, action, seen, clock)
    except AlreadyExists:
        return "exists already"
    except NotFound:
        return "deleted already"
    except BUSY as fault:
        return f"not done: {format_fault(fault)}"


def perform(services: Services, action: Action, seen: Look, clock: Callable[[], datetime]) -> str:
    match action:
        case Grow(pool, to):
            return resize(services, pool, to)
        case EnableAutoscaling(pool, least, most):
            bounds = NodePoolAutoscaling(enabled=True, total_min_node_count=least, total_max_node_count=most)
            return autoscale(services, pool, bounds)
        case DisableAutoscaling(pool):
            return autoscale(services, pool, NodePoolAutoscaling(enabled=False))
        case Cordon(_, node) | Uncordon(_, node):
            if seen.api is None:
                return "not done: the cluster does not answer"
            kube_queries.cordon(seen.api, node, closed=isinstance(action, Cordon))
            return "done"
        case Empty(pool, to):
            again = look(services, clock()).seen
            return resize(services, pool, to) if pool_is_idle(again, pool) else NEW_DEMAND
        case CreateCluster():
            return create_cluster(services)
        case Install():
            return install(services)
        case DeleteCluster():
            again = look(services, clock()).seen
            if seen.seen.cluster != "broken" and not nothing_left(again, services):
                return NEW_DEMAND
            services.google.clusters.delete_cluster(name=services.parameters.cluster.path, **services.google.calls)
            return "started"


def pool_path(services: Services, pool: str) -> str:
    return f"{services.parameters.cluster.path}/nodePools/{pool}"


def resize(services: Services, pool: str, to: int) -> str:
    request = SetNodePoolSizeRequest(name=pool_path(services, pool), node_count=to)
    services.google.clusters.set_node_pool_size(request=request, **services.google.calls)
    return "started"


def autoscale(services: Services, pool: str, autoscaling: NodePoolAutoscaling) -> str:
    request = SetNodePoolAutoscalingRequest(name=pool_path(services, pool), autoscaling=autoscaling)
    services.google.clusters.set_node_pool_autoscaling(request=request, **services.google.calls)
    return "started"


def pool_is_idle(seen: Observation, name: str) -> bool:
    """No node of the pool runs a story, and all are cordoned."""
    pool = next((pool for pool in seen.pools or () if pool.name == name), None)
    if pool is None or seen.running is None:
        return False
    return all(node.cordoned and not seen.running.get(node.name) for node in pool.nodes)


def nothing_left(seen: Observation, services: Services) -> bool:
    nodes = [node for pool in seen.pools or () for node in pool.nodes]
    return demand_of(seen, Rules.of(services.parameters)).none and seen.pools is not None and not nodes and seen.finals is True


def create_cluster(services: Services) -> str:
    parameters = services.parameters
    parent = f"projects/{parameters.cluster.project}/locations/{parameters.cluster.location}"
    request = CreateClusterRequest(parent=parent, cluster=cluster_spec(parameters))
    services.google.clusters.create_cluster(request=request, **services.google.calls)
    return "started"


def install(services: Services) -> str:
    """Run the installation's own command, which is idempotent. Raises Unavailable if it fails."""
    command = list(services.parameters.cluster.install)
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired as fault:
        raise Unavailable(f"{' '.join(command)}: timed out after {INSTALL_TIMEOUT_SECONDS // 60} minutes") from fault
    if ended.returncode:
        output = (ended.stderr or ended.stdout).strip().splitlines() or ["no output"]
        raise Unavailable(f"{' '.join(command)}: exited with {ended.returncode}: {output[-1][:200]}")
    return "done"
