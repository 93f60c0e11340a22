"""Do what was decided. Each action may be done twice; what takes something away is looked at once more, just before."""

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

from cluster.controllers.manager import inside
from cluster.controllers.manager.demand import demand_of
from cluster.controllers.manager.observe import Look, Services, look, short
from cluster.controllers.manager.shape import shape_of
from cluster.controllers.manager.world import (
    Action,
    Close,
    Cordon,
    CreateCluster,
    DeleteCluster,
    Empty,
    Grow,
    Install,
    Open,
    Rules,
    Seen,
    Uncordon,
)
from newsreel.errors import Unavailable

SECONDS_TO_INSTALL = 1200
BUSY = (FailedPrecondition, Aborted, Conflict)
"""GKE does one operation at a time: the next round asks again."""


def act(services: Services, action: Action, seen: Look, clock: Callable[[], datetime]) -> str:
    """Do it, and say what came of it. Raises what `observe.FAULTS` lists."""
    try:
        return done(services, action, seen, clock)
    except AlreadyExists:
        return "was there already"
    except NotFound:
        return "was gone already"
    except BUSY as fault:
        return f"not now: {short(fault)}"


def done(services: Services, action: Action, seen: Look, clock: Callable[[], datetime]) -> str:
    match action:
        case Grow(pool, to):
            return resize(services, pool, to)
        case Open(pool, least, most):
            reach = NodePoolAutoscaling(enabled=True, total_min_node_count=least, total_max_node_count=most)
            return autoscale(services, pool, reach)
        case Close(pool):
            return autoscale(services, pool, NodePoolAutoscaling(enabled=False))
        case Cordon(_, node) | Uncordon(_, node):
            if seen.api is None:
                return "the cluster cannot be asked"
            inside.cordon(seen.api, node, closed=isinstance(action, Cordon))
            return "done"
        case Empty(pool, to):
            again = look(services, clock()).seen
            return resize(services, pool, to) if still_empty(again, pool) else "left alone: something has come meanwhile"
        case CreateCluster():
            return create(services)
        case Install():
            return install(services)
        case DeleteCluster():
            again = look(services, clock()).seen
            if seen.seen.cluster != "broken" and not still_nothing(again, services):
                return "left alone: something has come meanwhile"
            services.google.clusters.delete_cluster(name=services.parameters.cluster.path, **services.google.calls)
            return "begun"


def pool_path(services: Services, pool: str) -> str:
    return f"{services.parameters.cluster.path}/nodePools/{pool}"


def resize(services: Services, pool: str, to: int) -> str:
    request = SetNodePoolSizeRequest(name=pool_path(services, pool), node_count=to)
    services.google.clusters.set_node_pool_size(request=request, **services.google.calls)
    return "begun"


def autoscale(services: Services, pool: str, reach: NodePoolAutoscaling) -> str:
    request = SetNodePoolAutoscalingRequest(name=pool_path(services, pool), autoscaling=reach)
    services.google.clusters.set_node_pool_autoscaling(request=request, **services.google.calls)
    return "begun"


def still_empty(seen: Seen, name: str) -> bool:
    """No story on any node of the pool, and none can begin there."""
    pool = next((pool for pool in seen.pools or () if pool.name == name), None)
    if pool is None or seen.running is None:
        return False
    return all(node.cordoned and not seen.running.get(node.name) for node in pool.nodes)


def still_nothing(seen: Seen, services: Services) -> bool:
    nodes = [node for pool in seen.pools or () for node in pool.nodes]
    return demand_of(seen, Rules.of(services.parameters)).none and seen.pools is not None and not nodes and seen.finals is True


def create(services: Services) -> str:
    parameters = services.parameters
    parent = f"projects/{parameters.cluster.project}/locations/{parameters.cluster.location}"
    request = CreateClusterRequest(parent=parent, cluster=shape_of(parameters))
    services.google.clusters.create_cluster(request=request, **services.google.calls)
    return "begun"


def install(services: Services) -> str:
    """The installation's own command, which may be run twice. Raises Unavailable where it fails."""
    command = list(services.parameters.cluster.install)
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_INSTALL, check=False)
    except subprocess.TimeoutExpired as fault:
        raise Unavailable(f"{' '.join(command)}: not done after {SECONDS_TO_INSTALL // 60} minutes") from fault
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip().splitlines() or ["no word"]
        raise Unavailable(f"{' '.join(command)}: ended with {ended.returncode}: {said[-1][:200]}")
    return "done"
